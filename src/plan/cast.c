/*
 * cast.c - every conversion between types: CAST, TRY_CAST, implicit casts, constants.
 *
 * Numbers meet in the middle: a source row becomes an exact 128-bit integer with a scale, or a
 * double; the target takes it with its own rounding and range rules (decimals round half away
 * from zero, doubles half to even, as DuckDB). Pairs that matter for speed have plain loops.
 * A failing row raises when `strict` and the row is active, else becomes NULL.
 *
 * Uses: base/, column/type.h, plan/function.h.
 */
#include "base/number.h"
#include "plan/function.h"

/* One row on its way: exact (value * 10^-scale) or floating. */
typedef struct tni_cast_number {
    bool is_double;
    int scale;
    tni_i128 exact;
    double number;
} tni_cast_number;

typedef struct tni_cast_state {
    tni_call *call;
    tni_type from, to;
    uint32_t from_width, to_width;
    tni_text text; /* scratch for printing */
} tni_cast_state;

/* ------------------------------------------------------------------------- reading --- */

static void tni_cast_read(tni_type type, const void *data, tni_cast_number *out) {
    out->is_double = false;
    out->scale = type.id == TRUENO_TYPE_DECIMAL ? type.scale : 0;
    out->number = 0;
    switch (tni_type_physical(type)) {
    case TNI_PHYSICAL_BOOL:
    case TNI_PHYSICAL_U8: out->exact = tni_i128_from_i64(*(const uint8_t *)data); break;
    case TNI_PHYSICAL_I8: out->exact = tni_i128_from_i64(*(const int8_t *)data); break;
    case TNI_PHYSICAL_I16: out->exact = tni_i128_from_i64(*(const int16_t *)data); break;
    case TNI_PHYSICAL_U16: out->exact = tni_i128_from_i64(*(const uint16_t *)data); break;
    case TNI_PHYSICAL_I32: out->exact = tni_i128_from_i64(*(const int32_t *)data); break;
    case TNI_PHYSICAL_U32: out->exact = tni_i128_from_i64(*(const uint32_t *)data); break;
    case TNI_PHYSICAL_I64: out->exact = tni_i128_from_i64(*(const int64_t *)data); break;
    case TNI_PHYSICAL_U64: out->exact = tni_i128_from_u64(*(const uint64_t *)data); break;
    case TNI_PHYSICAL_I128: memcpy(&out->exact, data, sizeof out->exact); break;
    case TNI_PHYSICAL_F32:
        out->is_double = true;
        out->number = (double)*(const float *)data;
        break;
    default:
        out->is_double = true;
        memcpy(&out->number, data, sizeof out->number);
    }
}

/* 10^0 .. 10^22 are exact doubles. */
static double tni_cast_power10(int exponent) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    return exponent <= 22 ? powers[exponent] : 1e22 * powers[exponent - 22];
}

static double tni_cast_to_double(const tni_cast_number *n) {
    if (n->is_double) {
        return n->number;
    }
    return n->scale == 0 ? tni_i128_to_double(n->exact)
                         : tni_i128_to_double(n->exact) / tni_cast_power10(n->scale);
}

/* ------------------------------------------------------------------------- writing --- */

static void tni_integer_bounds(tni_physical physical, tni_i128 *low, tni_i128 *high) {
    uint32_t bits = tni_physical_width(physical) * 8;
    if (physical >= TNI_PHYSICAL_U8 && physical <= TNI_PHYSICAL_U64) {
        *low = tni_i128_from_i64(0);
        *high = tni_i128_from_u64(tni_low_bits(bits));
    } else {
        *low = tni_i128_from_i64((int64_t)(~UINT64_C(0) << (bits - 1)));
        *high = tni_i128_from_u64(tni_low_bits(bits - 1));
    }
}

static void tni_cast_store_integer(tni_physical physical, tni_i128 v, void *out) {
    switch (tni_physical_width(physical)) {
    case 1: {
        uint8_t x = (uint8_t)v.low;
        memcpy(out, &x, 1);
        break;
    }
    case 2: {
        uint16_t x = (uint16_t)v.low;
        memcpy(out, &x, 2);
        break;
    }
    case 4: {
        uint32_t x = (uint32_t)v.low;
        memcpy(out, &x, 4);
        break;
    }
    case 8: memcpy(out, &v.low, 8); break;
    default: memcpy(out, &v, 16);
    }
}

/* To an integer or DECIMAL type; false when it does not fit. */
static bool tni_cast_write_exact(tni_type to, const tni_cast_number *n, void *out) {
    tni_physical physical = tni_type_physical(to);
    tni_i128 v, low, high;
    if (n->is_double) {
        if (to.id == TRUENO_TYPE_DECIMAL) {
            if (!tni_i128_from_double(tni_round(n->number * tni_cast_power10(to.scale)), &v)) {
                return false;
            }
        } else if (!tni_i128_from_double(n->number, &v)) {
            return false;
        }
    } else {
        int scale = to.id == TRUENO_TYPE_DECIMAL ? to.scale : 0;
        v = n->exact;
        if (scale != n->scale && !tni_i128_rescale(v, n->scale, scale, &v)) {
            return false;
        }
    }
    if (to.id == TRUENO_TYPE_DECIMAL) {
        high = tni_i128_power10(to.precision);
        (void)tni_i128_negate(high, &low);
        if (tni_i128_compare(v, low) <= 0 || tni_i128_compare(v, high) >= 0) {
            return false;
        }
    } else if (physical != TNI_PHYSICAL_I128) {
        tni_integer_bounds(physical, &low, &high);
        if (tni_i128_compare(v, low) < 0 || tni_i128_compare(v, high) > 0) {
            return false;
        }
    }
    tni_cast_store_integer(physical, v, out);
    return true;
}

static bool tni_cast_write_number(tni_type to, const tni_cast_number *n, void *out) {
    if (to.id == TRUENO_TYPE_DOUBLE) {
        double v = tni_cast_to_double(n);
        memcpy(out, &v, sizeof v);
        return true;
    }
    if (to.id == TRUENO_TYPE_FLOAT) {
        double wide = tni_cast_to_double(n);
        float v = (float)wide;
        memcpy(out, &v, sizeof v);
        return !tni_is_finite(wide) || tni_is_finite((double)v);
    }
    if (to.id == TRUENO_TYPE_BOOLEAN) {
        *(uint8_t *)out =
            n->is_double ? n->number != 0.0 : (n->exact.low | (uint64_t)n->exact.high) != 0;
        return true;
    }
    return tni_cast_write_exact(to, n, out);
}

/* ------------------------------------------------------------------ dates and times --- */

static int64_t tni_floor_divide(int64_t a, int64_t b) { /* b > 0 */
    return a / b - (a % b < 0 ? 1 : 0);
}

/* Units a second has in a timestamp type. */
static int64_t tni_timestamp_units(tni_type type) {
    switch (type.id) {
    case TRUENO_TYPE_TIMESTAMP_S: return 1;
    case TRUENO_TYPE_TIMESTAMP_MS: return 1000;
    case TRUENO_TYPE_TIMESTAMP_NS: return INT64_C(1000000000);
    default: return TNI_US_PER_SECOND;
    }
}

static bool tni_cast_scale_i64(int64_t v, int64_t from, int64_t to, int64_t *out) {
    tni_i128 wide;
    if (from == to || v == INT64_MAX || v == -INT64_MAX) { /* infinities keep their meaning */
        *out = v;
        return true;
    }
    if (to < from) { /* to the nearest, half away from zero */
        int64_t per = from / to, rest = v % per;
        *out = v / per + (rest >= per / 2) - (-rest >= per / 2);
        return true;
    }
    (void)tni_i128_multiply(tni_i128_from_i64(v), tni_i128_from_i64(to / from), &wide);
    *out = (int64_t)wide.low;
    return tni_i128_fits_i64(wide);
}

static bool tni_cast_temporal(tni_type from, tni_type to, const void *in, void *out) {
    int64_t value;
    int32_t days;
    if (from.id == TRUENO_TYPE_DATE) {
        memcpy(&days, in, sizeof days);
        if (days == INT32_MAX || days == -INT32_MAX) {
            value = days < 0 ? -INT64_MAX : INT64_MAX;
            memcpy(out, &value, sizeof value);
            return true;
        }
        if (!tni_cast_scale_i64((int64_t)days * 86400, 1, tni_timestamp_units(to), &value)) {
            return false;
        }
        memcpy(out, &value, sizeof value);
        return true;
    }
    memcpy(&value, in, sizeof value);
    if (to.id == TRUENO_TYPE_DATE) {
        if (value == INT64_MAX || value == -INT64_MAX) {
            days = value < 0 ? -INT32_MAX : INT32_MAX;
        } else {
            days = (int32_t)tni_floor_divide(value, tni_timestamp_units(from) * 86400);
        }
        memcpy(out, &days, sizeof days);
        return true;
    }
    if (to.id == TRUENO_TYPE_TIME) {
        int64_t day = tni_timestamp_units(from) * 86400;
        if (value == INT64_MAX || value <= -INT64_MAX) {
            return false; /* no time of day */
        }
        value %= day;
        value += value < 0 ? day : 0;
        (void)tni_cast_scale_i64(value, tni_timestamp_units(from), TNI_US_PER_SECOND, &value);
        memcpy(out, &value, sizeof value);
        return true;
    }
    if (!tni_cast_scale_i64(value, tni_timestamp_units(from), tni_timestamp_units(to), &value)) {
        return false;
    }
    memcpy(out, &value, sizeof value);
    return true;
}

/* --------------------------------------------------------------------------- text in --- */

static int tni_cast_hex(uint8_t c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* 0x1F and 0b101, of up to 127 bits. */
static bool tni_cast_text_radix(const char *text, size_t length, tni_i128 *out) {
    uint32_t shift;
    tni_trim_blanks(&text, &length);
    if (length < 3 || text[0] != '0' || ((text[1] | 32) != 'x' && (text[1] | 32) != 'b')) {
        return false;
    }
    shift = (text[1] | 32) == 'x' ? 4 : 1;
    *out = tni_i128_from_i64(0);
    for (text += 2, length -= 2; length > 0; text++, length--) {
        int digit = tni_cast_hex((uint8_t)*text);
        if (digit < 0 || digit >> shift != 0 || (uint64_t)out->high >> (63 - shift) != 0) {
            return false;
        }
        out->high = (int64_t)((uint64_t)out->high << shift | out->low >> (64 - shift));
        out->low = out->low << shift | (uint64_t)digit;
    }
    return true;
}

/* '1.5' and '1e3' are integers after rounding, as DuckDB reads them. */
static bool tni_cast_text_number(tni_type to, const char *text, size_t length, void *out) {
    tni_cast_number n;
    memset(&n, 0, sizeof n);
    if (tni_parse_i128(text, length, &n.exact)) {
        return tni_cast_write_exact(to, &n, out);
    }
    if (to.id != TRUENO_TYPE_DECIMAL && tni_parse_decimal(text, length, 38, 0, &n.exact)) {
        return tni_cast_write_exact(to, &n, out);
    }
    if (to.id != TRUENO_TYPE_DECIMAL && tni_cast_text_radix(text, length, &n.exact)) {
        return tni_cast_write_exact(to, &n, out);
    }
    n.is_double = true;
    return tni_parse_double(text, length, &n.number) && tni_cast_write_exact(to, &n, out);
}

/* 'a\x00b' -> bytes. */
static bool tni_cast_text_blob(tni_cast_state *state, const tni_string *in, void *out) {
    const uint8_t *d = tni_string_data(in);
    uint8_t *bytes = (uint8_t *)tni_arena_bytes(state->call->heap, (size_t)in->length + 1);
    tni_string result;
    size_t i, n = 0;
    if (bytes == NULL) {
        state->text.failed = true;
        return false;
    }
    for (i = 0; i < in->length; i++) {
        if (d[i] != '\\') {
            bytes[n++] = d[i];
        } else if (in->length - i >= 4 && (d[i + 1] == 'x' || d[i + 1] == 'X') &&
                   tni_cast_hex(d[i + 2]) >= 0 && tni_cast_hex(d[i + 3]) >= 0) {
            bytes[n++] = (uint8_t)(tni_cast_hex(d[i + 2]) * 16 + tni_cast_hex(d[i + 3]));
            i += 3;
        } else {
            return false;
        }
    }
    result = tni_string_make(bytes, n);
    memcpy(out, &result, sizeof result);
    return true;
}

static bool tni_cast_text_timestamp(tni_type to, const char *text, size_t length, void *out) {
    int64_t value;
    bool zone = false;
    if (to.id == TRUENO_TYPE_TIMESTAMP_NS) {
        if (!tni_parse_timestamp_ns(text, length, &value, &zone)) {
            return false;
        }
    } else if (!(to.id == TRUENO_TYPE_TIMESTAMP_TZ
                     ? tni_parse_timestamp(text, length, &value, &zone)
                     : tni_parse_timestamp_local(text, length, &value)) ||
               !tni_cast_scale_i64(value, TNI_US_PER_SECOND, tni_timestamp_units(to), &value)) {
        return false;
    }
    memcpy(out, &value, sizeof value);
    return true;
}

static bool tni_cast_from_text(tni_cast_state *state, const tni_string *in, void *out) {
    const char *text = (const char *)tni_string_data(in);
    size_t length = in->length;
    tni_type to = state->to;
    switch (to.id) {
    case TRUENO_TYPE_BOOLEAN: {
        bool v;
        if (!tni_parse_bool(text, length, &v)) {
            return false;
        }
        *(uint8_t *)out = v ? 1 : 0;
        return true;
    }
    case TRUENO_TYPE_BIGINT:
        if (tni_parse_i64(text, length, (int64_t *)out)) {
            return true;
        }
        return tni_cast_text_number(to, text, length, out);
    case TRUENO_TYPE_FLOAT: return tni_parse_float(text, length, (float *)out);
    case TRUENO_TYPE_DOUBLE: return tni_parse_double(text, length, (double *)out);
    case TRUENO_TYPE_DECIMAL: {
        tni_i128 v;
        if (!tni_parse_decimal(text, length, to.precision, to.scale, &v)) {
            return tni_cast_text_number(to, text, length, out);
        }
        tni_cast_store_integer(tni_type_physical(to), v, out);
        return true;
    }
    case TRUENO_TYPE_DATE:
        if (!tni_parse_date(text, length, (int32_t *)out)) {
            int64_t us; /* '2024-01-31 00:00:00' is a date too */
            tni_type timestamp = tni_type_make(TRUENO_TYPE_TIMESTAMP);
            return tni_parse_timestamp(text, length, &us, NULL) &&
                   tni_cast_temporal(timestamp, to, &us, out);
        }
        return true;
    case TRUENO_TYPE_TIME:
        if (!tni_parse_time(text, length, (int64_t *)out)) {
            int64_t us; /* of '2024-01-31 12:30:00' the time */
            tni_type timestamp = tni_type_make(TRUENO_TYPE_TIMESTAMP);
            return tni_parse_timestamp_local(text, length, &us) &&
                   tni_cast_temporal(timestamp, to, &us, out);
        }
        return true;
    case TRUENO_TYPE_INTERVAL: return tni_parse_interval(text, length, (tni_interval *)out);
    case TRUENO_TYPE_BLOB: return tni_cast_text_blob(state, in, out);
    default:
        if (tni_type_is_timestamp(to)) {
            return tni_cast_text_timestamp(to, text, length, out);
        }
        return tni_cast_text_number(to, text, length, out);
    }
}

/* -------------------------------------------------------------------------- text out --- */

static bool tni_cast_to_text(tni_cast_state *state, const void *in, void *out) {
    tni_string result;
    uint8_t *bytes;
    tni_text_clear(&state->text);
    tni_type_print_value(state->from, in, &state->text);
    if (state->text.failed) {
        return false;
    }
    bytes = (uint8_t *)tni_arena_bytes(state->call->heap, state->text.length + 1);
    if (bytes == NULL) {
        state->text.failed = true;
        return false;
    }
    memcpy(bytes, state->text.data, state->text.length);
    result = tni_string_make(bytes, state->text.length);
    memcpy(out, &result, sizeof result);
    return true;
}

/* --------------------------------------------------------------------------- one row --- */

static bool tni_type_is_temporal(tni_type t) {
    return t.id == TRUENO_TYPE_DATE || tni_type_is_timestamp(t);
}

static bool tni_type_is_number(tni_type t) {
    return tni_type_is_numeric(t) || t.id == TRUENO_TYPE_BOOLEAN;
}

TNI_FN bool tni_cast_supported(tni_type from, tni_type to) {
    if (tni_type_equal(from, to) || from.id == TRUENO_TYPE_NULL || from.id == TRUENO_TYPE_VARCHAR ||
        to.id == TRUENO_TYPE_VARCHAR) {
        return to.id != TRUENO_TYPE_NULL || from.id == TRUENO_TYPE_NULL;
    }
    if (tni_type_is_number(from) && tni_type_is_number(to)) {
        return true;
    }
    return tni_type_is_temporal(from) &&
           (tni_type_is_temporal(to) ||
            (to.id == TRUENO_TYPE_TIME && from.id != TRUENO_TYPE_DATE));
}

static bool tni_cast_row(tni_cast_state *state, const void *in, void *out) {
    if (tni_type_is_number(state->from) && tni_type_is_number(state->to)) {
        tni_cast_number n;
        tni_cast_read(state->from, in, &n);
        return tni_cast_write_number(state->to, &n, out);
    }
    if (state->from.id == TRUENO_TYPE_VARCHAR) {
        tni_string s;
        memcpy(&s, in, sizeof s);
        return tni_cast_from_text(state, &s, out);
    }
    if (state->to.id == TRUENO_TYPE_VARCHAR) {
        return tni_cast_to_text(state, in, out);
    }
    return tni_cast_temporal(state->from, state->to, in, out);
}

static trueno_status tni_cast_failure(tni_cast_state *state, const void *in) {
    tni_text text;
    char to[40];
    char from[40];
    trueno_status status;
    if (state->text.failed) {
        return tni_memory_fail(state->call->env->memory, 64, state->call->error);
    }
    (void)tni_type_print(state->to, to);
    (void)tni_type_print(state->from, from);
    tni_text_init(&text, state->call->env->memory);
    tni_type_print_value(state->from, in, &text);
    if (state->from.id == TRUENO_TYPE_VARCHAR) {
        status = tni_fail(state->call->error, TRUENO_ERROR_CONVERSION,
                          "could not convert string '%.*s' to %s",
                          (int)TNI_MIN(text.length, (size_t)200),
                          text.data == NULL ? "" : text.data, to);
    } else {
        status = tni_fail(state->call->error, TRUENO_ERROR_CONVERSION,
                          "%s value %.*s is out of range for %s", from,
                          (int)TNI_MIN(text.length, (size_t)200),
                          text.data == NULL ? "" : text.data, to);
    }
    tni_text_free(&text);
    return status;
}

/* ------------------------------------------------------------------------ fast pairs --- */

#define TNI_CAST_LOOP(FROM, TO, EXPRESSION)                                                        \
    do {                                                                                           \
        const FROM *v = (const FROM *)in->data;                                                    \
        TO *o = (TO *)call->out;                                                                   \
        for (i = 0; i < rows; i++) {                                                               \
            o[i] = (TO)(EXPRESSION);                                                               \
        }                                                                                          \
        return true;                                                                               \
    } while (0)

/* Conversions that cannot fail, as plain loops over all rows. */
static bool tni_cast_fast(tni_call *call, tni_type from, tni_type to) {
    const tni_vector *in = &call->arguments[0];
    uint32_t rows = in->form == TNI_FORM_CONSTANT ? 1 : call->rows;
    tni_physical a = tni_type_physical(from), b = tni_type_physical(to);
    uint32_t i;
    if (to.id == TRUENO_TYPE_DECIMAL || from.id == TRUENO_TYPE_BOOLEAN ||
        to.id == TRUENO_TYPE_BOOLEAN || !tni_type_is_numeric(from) || !tni_type_is_numeric(to)) {
        return false;
    }
    if (b == TNI_PHYSICAL_F64) {
        double power = from.id == TRUENO_TYPE_DECIMAL ? tni_cast_power10(from.scale) : 1.0;
        switch (a) {
        case TNI_PHYSICAL_I8: TNI_CAST_LOOP(int8_t, double, v[i]);
        case TNI_PHYSICAL_I16: TNI_CAST_LOOP(int16_t, double, v[i]);
        case TNI_PHYSICAL_I32: TNI_CAST_LOOP(int32_t, double, v[i]);
        case TNI_PHYSICAL_I64: TNI_CAST_LOOP(int64_t, double, (double)v[i] / power);
        case TNI_PHYSICAL_U8: TNI_CAST_LOOP(uint8_t, double, v[i]);
        case TNI_PHYSICAL_U16: TNI_CAST_LOOP(uint16_t, double, v[i]);
        case TNI_PHYSICAL_U32: TNI_CAST_LOOP(uint32_t, double, v[i]);
        case TNI_PHYSICAL_F32: TNI_CAST_LOOP(float, double, v[i]);
        default: return false;
        }
    }
    if (from.id == TRUENO_TYPE_DECIMAL) {
        return false;
    }
    if (b == TNI_PHYSICAL_I64) {
        switch (a) {
        case TNI_PHYSICAL_I8: TNI_CAST_LOOP(int8_t, int64_t, v[i]);
        case TNI_PHYSICAL_I16: TNI_CAST_LOOP(int16_t, int64_t, v[i]);
        case TNI_PHYSICAL_I32: TNI_CAST_LOOP(int32_t, int64_t, v[i]);
        case TNI_PHYSICAL_U8: TNI_CAST_LOOP(uint8_t, int64_t, v[i]);
        case TNI_PHYSICAL_U16: TNI_CAST_LOOP(uint16_t, int64_t, v[i]);
        case TNI_PHYSICAL_U32: TNI_CAST_LOOP(uint32_t, int64_t, v[i]);
        default: return false;
        }
    }
    if (b == TNI_PHYSICAL_I32) {
        switch (a) {
        case TNI_PHYSICAL_I8: TNI_CAST_LOOP(int8_t, int32_t, v[i]);
        case TNI_PHYSICAL_I16: TNI_CAST_LOOP(int16_t, int32_t, v[i]);
        case TNI_PHYSICAL_U8: TNI_CAST_LOOP(uint8_t, int32_t, v[i]);
        case TNI_PHYSICAL_U16: TNI_CAST_LOOP(uint16_t, int32_t, v[i]);
        default: return false;
        }
    }
    return false;
}

#undef TNI_CAST_LOOP

/* -------------------------------------------------------------------------- vectors --- */

TNI_FN trueno_status tni_cast_vector(tni_call *call, bool strict) {
    const tni_vector *in = &call->arguments[0];
    tni_cast_state state;
    uint8_t *out = (uint8_t *)call->out;
    uint32_t i;
    trueno_status status = TRUENO_OK;
    memset(&state, 0, sizeof state);
    state.call = call;
    state.from = in->type;
    state.to = call->type;
    state.from_width = tni_type_width(state.from);
    state.to_width = tni_type_width(state.to);
    if (state.from.id == TRUENO_TYPE_NULL) {
        memset(out, 0, (size_t)call->rows * state.to_width);
        tni_bitmap_fill(call->validity, call->rows, false);
        return TRUENO_OK;
    }
    if (in->form == TNI_FORM_FLAT || call->rows == 1) {
        if (tni_cast_fast(call, state.from, state.to)) {
            return TRUENO_OK;
        }
        if (state.from_width == state.to_width && tni_type_equal(state.from, state.to)) {
            memcpy(out, in->data, (size_t)call->rows * state.to_width);
            return TRUENO_OK;
        }
    }
    tni_text_init(&state.text, call->env->memory);
    for (i = 0; i < call->rows && status == TRUENO_OK; i++) {
        const uint8_t *source = (const uint8_t *)in->data +
                                (in->form == TNI_FORM_CONSTANT ? 0 : (size_t)i * state.from_width);
        uint8_t *target = out + (size_t)i * state.to_width;
        if (!tni_bit_get(call->validity, i)) {
            memset(target, 0, state.to_width);
        } else if (!tni_cast_row(&state, source, target)) {
            bool active = call->active == NULL || tni_bit_get(call->active, i);
            if ((strict && active) || state.text.failed) {
                status = tni_cast_failure(&state, source);
            }
            memset(target, 0, state.to_width);
            tni_bit_clear(call->validity, i);
        }
    }
    tni_text_free(&state.text);
    return status;
}

TNI_FN trueno_status tni_cast_value(const tni_env *env, tni_arena *arena, const tni_value *in,
                                    tni_type type, tni_value *out, tni_error *error) {
    tni_call call;
    tni_vector argument;
    uint64_t storage[2];
    uint64_t result[2];
    uint64_t validity = 1;
    *out = tni_value_null(type);
    if (in->is_null || in->type.id == TRUENO_TYPE_NULL) {
        return TRUENO_OK;
    }
    if (tni_type_equal(in->type, type)) {
        *out = *in;
        return TRUENO_OK;
    }
    if (!tni_cast_supported(in->type, type)) {
        char from[40];
        char to[40];
        (void)tni_type_print(in->type, from);
        (void)tni_type_print(type, to);
        return tni_fail(error, TRUENO_ERROR_BINDER, "%s cannot be cast to %s", from, to);
    }
    memset(&call, 0, sizeof call);
    memset(result, 0, sizeof result);
    argument = tni_vector_constant(in, storage);
    call.env = env;
    call.error = error;
    call.rows = 1;
    call.count = 1;
    call.arguments = &argument;
    call.type = type;
    call.out = result;
    call.validity = &validity;
    call.heap = arena;
    TNI_TRY(tni_cast_vector(&call, true));
    if (validity & 1) {
        *out = tni_value_load(type, result);
    }
    return TRUENO_OK;
}
