/*
 * scalar_operator.c - the arithmetic and bit operators: + - * / // % & | xor << >> ~ and minus.
 *
 * `bind` decides the types the way DuckDB does (integers keep their width and overflow is an
 * error, '/' gives DOUBLE, decimals widen exactly, dates and intervals have their own rules);
 * `eval` switches once per vector on the physical type into plain loops. Division by zero:
 * '/' gives inf or nan, '//' and '%' give NULL (DuckDB 2.0: an error, unless told otherwise).
 *
 * Uses: base/, column/type.h, plan/function.h.
 */
#include "plan/function.h"

/* ---------------------------------------------------------------------------- binding --- */

static trueno_status tni_operator_no_match(const tni_bind_call *call, tni_error *error) {
    char left[40];
    char right[40];
    (void)tni_type_print(call->types[0], left);
    if (call->count == 1) {
        return tni_fail_at(error, TRUENO_ERROR_BINDER, call->position,
                           "no operator \"%s\" for the type %s", call->name, left);
    }
    (void)tni_type_print(call->types[1], right);
    return tni_fail_at(error, TRUENO_ERROR_BINDER, call->position,
                       "no operator \"%s\" for the types %s and %s (add an explicit CAST)",
                       call->name, left, right);
}

static trueno_status tni_bind_as(tni_bind_call *call, tni_type left, tni_type right,
                                 tni_type result) {
    call->types[0] = left;
    call->types[1] = right;
    call->result = result;
    return TRUENO_OK;
}

/* A decimal wide enough for an argument's integer type; itself for a decimal. */
static tni_type tni_decimal_for(const tni_bind_call *call, uint32_t argument) {
    tni_type t = call->types[argument];
    uint8_t digits = 38;
    if (t.id == TRUENO_TYPE_DECIMAL) {
        return t;
    }
    switch (t.id) {
    case TRUENO_TYPE_TINYINT:
    case TRUENO_TYPE_UTINYINT: digits = 3; break;
    case TRUENO_TYPE_SMALLINT:
    case TRUENO_TYPE_USMALLINT: digits = 5; break;
    case TRUENO_TYPE_INTEGER:
    case TRUENO_TYPE_UINTEGER: digits = 10; break;
    case TRUENO_TYPE_BIGINT: digits = 19; break;
    case TRUENO_TYPE_UBIGINT: digits = 20; break;
    default: break;
    }
    return tni_type_decimal(digits, 0);
}

static trueno_status tni_bind_decimal_add(tni_bind_call *call) {
    tni_type a = tni_decimal_for(call, 0);
    tni_type b = tni_decimal_for(call, 1);
    uint8_t scale = TNI_MAX(a.scale, b.scale);
    uint32_t whole = TNI_MAX((uint32_t)a.precision - a.scale, (uint32_t)b.precision - b.scale);
    uint32_t width = whole + scale + 1;
    tni_type type;
    if (width > 18 && a.precision <= 18 && b.precision <= 18) {
        width = 18; /* stays in 64 bits, with an overflow check */
    }
    type = tni_type_decimal((uint8_t)TNI_MIN(width, 38u), scale);
    return tni_bind_as(call, type, type, type);
}

static trueno_status tni_bind_decimal_multiply(tni_bind_call *call, tni_error *error) {
    tni_type a = tni_decimal_for(call, 0);
    tni_type b = tni_decimal_for(call, 1);
    uint32_t scale = (uint32_t)a.scale + b.scale;
    uint32_t width = (uint32_t)a.precision + b.precision;
    bool wide;
    if (scale > 38) {
        return tni_fail_at(error, TRUENO_ERROR_OUT_OF_RANGE, call->position,
                           "the product needs DECIMAL scale %u, the most is 38: cast one side to "
                           "a smaller scale or to DOUBLE",
                           scale);
    }
    if (width > 18 && a.precision <= 18 && b.precision <= 18 && scale < 18) {
        width = 18;
    }
    width = TNI_MIN(TNI_MAX(width, scale), 38u);
    wide = width > 18;
    /* both factors in the result's physical class, at their own scales */
    return tni_bind_as(call,
                       tni_type_decimal(wide ? TNI_MAX(a.precision, 19) : a.precision, a.scale),
                       tni_type_decimal(wide ? TNI_MAX(b.precision, 19) : b.precision, b.scale),
                       tni_type_decimal((uint8_t)width, (uint8_t)scale));
}

static bool tni_is_temporal(tni_type t) {
    return t.id == TRUENO_TYPE_DATE || tni_type_is_timestamp(t);
}

/* DATE, TIME, TIMESTAMP and INTERVAL; false when the pair has no meaning. */
static bool tni_bind_temporal(tni_bind_call *call, bool subtract) {
    tni_type a = call->types[0], b = call->types[1];
    tni_type date = tni_type_make(TRUENO_TYPE_DATE);
    tni_type timestamp = tni_type_make(TRUENO_TYPE_TIMESTAMP);
    tni_type interval = tni_type_make(TRUENO_TYPE_INTERVAL);
    tni_type integer = tni_type_make(TRUENO_TYPE_INTEGER);
    tni_type moment = a.id == TRUENO_TYPE_TIMESTAMP_TZ || b.id == TRUENO_TYPE_TIMESTAMP_TZ
                          ? tni_type_make(TRUENO_TYPE_TIMESTAMP_TZ)
                          : timestamp;
    if (a.id == TRUENO_TYPE_INTERVAL && b.id == TRUENO_TYPE_INTERVAL) {
        return tni_bind_as(call, interval, interval, interval) == TRUENO_OK;
    }
    if (a.id == TRUENO_TYPE_DATE && tni_type_is_integer(b)) {
        return tni_bind_as(call, date, integer, date) == TRUENO_OK;
    }
    if (!subtract && b.id == TRUENO_TYPE_DATE && tni_type_is_integer(a)) {
        return tni_bind_as(call, integer, date, date) == TRUENO_OK;
    }
    if (subtract && a.id == TRUENO_TYPE_DATE && b.id == TRUENO_TYPE_DATE) {
        return tni_bind_as(call, date, date, tni_type_make(TRUENO_TYPE_BIGINT)) == TRUENO_OK;
    }
    if (subtract && tni_is_temporal(a) && tni_is_temporal(b)) {
        return tni_bind_as(call, moment, moment, interval) == TRUENO_OK;
    }
    if (tni_is_temporal(a) && b.id == TRUENO_TYPE_INTERVAL) {
        return tni_bind_as(call, moment, interval, moment) == TRUENO_OK;
    }
    if (!subtract && a.id == TRUENO_TYPE_INTERVAL && tni_is_temporal(b)) {
        return tni_bind_as(call, interval, moment, moment) == TRUENO_OK;
    }
    if (a.id == TRUENO_TYPE_TIME && b.id == TRUENO_TYPE_INTERVAL) {
        return tni_bind_as(call, a, interval, a) == TRUENO_OK;
    }
    if (!subtract && a.id == TRUENO_TYPE_INTERVAL && b.id == TRUENO_TYPE_TIME) {
        return tni_bind_as(call, interval, b, b) == TRUENO_OK;
    }
    if (!subtract && ((a.id == TRUENO_TYPE_DATE && b.id == TRUENO_TYPE_TIME) ||
                      (a.id == TRUENO_TYPE_TIME && b.id == TRUENO_TYPE_DATE))) {
        return tni_bind_as(call, a, b, timestamp) == TRUENO_OK;
    }
    return false;
}

static bool tni_is_interval_or_time(tni_type t) {
    return t.id == TRUENO_TYPE_INTERVAL || t.id == TRUENO_TYPE_TIME || tni_is_temporal(t);
}

/* NULL literals take the other side's type. */
static void tni_bind_nulls(tni_bind_call *call) {
    if (call->count == 2 && call->types[0].id == TRUENO_TYPE_NULL) {
        call->types[0] = call->types[1].id == TRUENO_TYPE_NULL ? tni_type_make(TRUENO_TYPE_INTEGER)
                                                               : call->types[1];
    }
    if (call->count == 2 && call->types[1].id == TRUENO_TYPE_NULL) {
        call->types[1] = call->types[0];
    }
}

/* A numeric literal in quotes meets a number as that number's type. */
static void tni_bind_quoted(tni_bind_call *call) {
    uint32_t i;
    for (i = 0; call->count == 2 && i < 2; i++) {
        if (call->types[i].id == TRUENO_TYPE_VARCHAR && call->constants[i] != NULL &&
            tni_type_is_numeric(call->types[1 - i])) {
            call->types[i] = call->types[1 - i];
        }
    }
}

/* The type two numbers are calculated in. Integers of which neither type holds both go to BIGINT,
 * not to the next wider one as in a comparison: their results want the room. */
static bool tni_operator_common(const tni_bind_call *call, tni_type *out) {
    const tni_type a = call->types[0], b = call->types[1];
    if (!tni_type_is_numeric(a) || !tni_type_is_numeric(b) || !tni_type_common(a, b, out)) {
        return false;
    }
    if (tni_type_is_integer(*out) && out->id != a.id && out->id != b.id &&
        out->id != TRUENO_TYPE_HUGEINT) {
        *out = tni_type_make(TRUENO_TYPE_BIGINT);
    }
    return true;
}

static trueno_status tni_operator_bind_arithmetic(tni_bind_call *call, tni_error *error) {
    bool multiply = call->name[0] == '*', subtract = call->name[0] == '-';
    tni_type type;
    tni_bind_nulls(call);
    tni_bind_quoted(call);
    if (tni_is_interval_or_time(call->types[0]) || tni_is_interval_or_time(call->types[1])) {
        tni_type interval = tni_type_make(TRUENO_TYPE_INTERVAL);
        tni_type bigint = tni_type_make(TRUENO_TYPE_BIGINT);
        tni_type real = tni_type_make(TRUENO_TYPE_DOUBLE);
        if (multiply && call->types[0].id == TRUENO_TYPE_INTERVAL &&
            tni_type_is_numeric(call->types[1])) {
            return tni_bind_as(call, interval,
                               tni_type_is_integer(call->types[1]) ? bigint : real, interval);
        }
        if (multiply && call->types[1].id == TRUENO_TYPE_INTERVAL &&
            tni_type_is_numeric(call->types[0])) {
            return tni_bind_as(call, tni_type_is_integer(call->types[0]) ? bigint : real,
                               interval, interval);
        }
        if (multiply || !tni_bind_temporal(call, subtract)) {
            return tni_operator_no_match(call, error);
        }
        return TRUENO_OK;
    }
    if (!tni_operator_common(call, &type)) {
        return tni_operator_no_match(call, error);
    }
    if (type.id == TRUENO_TYPE_DECIMAL) {
        return multiply ? tni_bind_decimal_multiply(call, error) : tni_bind_decimal_add(call);
    }
    return tni_bind_as(call, type, type, type);
}

static trueno_status tni_bind_divide(tni_bind_call *call, tni_error *error) {
    tni_type type;
    tni_bind_nulls(call);
    tni_bind_quoted(call);
    if (call->types[0].id == TRUENO_TYPE_INTERVAL && tni_type_is_numeric(call->types[1])) {
        call->types[1] = tni_type_make(TRUENO_TYPE_DOUBLE);
        call->result = call->types[0];
        return TRUENO_OK;
    }
    if (!tni_operator_common(call, &type)) {
        return tni_operator_no_match(call, error);
    }
    if (type.id != TRUENO_TYPE_FLOAT &&
        !(call->settings->integer_division && tni_type_is_integer(type))) {
        type = tni_type_make(TRUENO_TYPE_DOUBLE);
    }
    return tni_bind_as(call, type, type, type);
}

static trueno_status tni_bind_modulo(tni_bind_call *call, tni_error *error) {
    tni_type type;
    tni_bind_nulls(call);
    tni_bind_quoted(call);
    if (!tni_operator_common(call, &type)) {
        return tni_operator_no_match(call, error);
    }
    return tni_bind_as(call, type, type, type);
}

/* Integers only: // & | xor << >> */
static trueno_status tni_bind_integers(tni_bind_call *call, tni_error *error) {
    tni_type type;
    tni_bind_nulls(call);
    tni_bind_quoted(call);
    if (call->name[0] == '/' && tni_operator_common(call, &type)) {
        if (type.id == TRUENO_TYPE_DECIMAL) {
            type = tni_type_make(TRUENO_TYPE_DOUBLE);
        }
        return tni_bind_as(call, type, type, type);
    }
    if (!tni_type_is_integer(call->types[0]) || !tni_type_is_integer(call->types[1]) ||
        !tni_operator_common(call, &type)) {
        return tni_operator_no_match(call, error);
    }
    return tni_bind_as(call, type, type, type);
}

static trueno_status tni_bind_negate(tni_bind_call *call, tni_error *error) {
    tni_type t = call->types[0];
    if (t.id == TRUENO_TYPE_NULL) {
        call->types[0] = t = tni_type_make(TRUENO_TYPE_INTEGER);
    }
    if (t.id >= TRUENO_TYPE_UTINYINT && t.id <= TRUENO_TYPE_UBIGINT) {
        static const trueno_type wider[] = {TRUENO_TYPE_SMALLINT, TRUENO_TYPE_INTEGER,
                                            TRUENO_TYPE_BIGINT, TRUENO_TYPE_HUGEINT};
        call->types[0] = t = tni_type_make(wider[t.id - TRUENO_TYPE_UTINYINT]);
    }
    if (!tni_type_is_numeric(t) && t.id != TRUENO_TYPE_INTERVAL) {
        return tni_operator_no_match(call, error);
    }
    call->result = t;
    return TRUENO_OK;
}

static trueno_status tni_bind_plus_sign(tni_bind_call *call, tni_error *error) {
    (void)error;
    call->result = call->types[0];
    return TRUENO_OK;
}

static trueno_status tni_bind_complement(tni_bind_call *call, tni_error *error) {
    if (!tni_type_is_integer(call->types[0])) {
        return tni_operator_no_match(call, error);
    }
    call->result = call->types[0];
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------ failing rows --- */

/* Does row i count: active and not NULL? */
static bool tni_row_counts(const tni_call *call, uint32_t i) {
    return tni_bit_get(call->validity, i) && (call->active == NULL || tni_bit_get(call->active, i));
}

static trueno_status tni_overflow(tni_call *call, const char *what, uint32_t row) {
    tni_text text;
    char type[40];
    trueno_status status;
    uint32_t a;
    (void)tni_type_print(call->type, type);
    tni_text_init(&text, call->env->memory);
    for (a = 0; a < call->count; a++) {
        const tni_vector *v = &call->arguments[a];
        uint32_t width = tni_type_width(v->type);
        if (a > 0) {
            tni_text_add(&text, ", ");
        }
        tni_type_print_value(v->type,
                             (const uint8_t *)v->data +
                                 (v->form == TNI_FORM_CONSTANT ? 0 : (size_t)row * width),
                             &text);
    }
    status = tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE, "overflow in %s of %s (%s)", what,
                      type, text.data == NULL ? "" : text.data);
    tni_text_free(&text);
    return status;
}

/* ---------------------------------------------------------------------- binary loops --- */

/*
 * o[i] = a op b for every row, in the three constant shapes; BAD is or-ed and only then rows are
 * examined one by one. x and y are the operands.
 */
#define TNI_BINARY_SHAPE(T, X, Y, BODY)                                                            \
    for (i = 0; i < n; i++) {                                                                      \
        T x = X, y = Y;                                                                            \
        BODY                                                                                       \
    }
#define TNI_BINARY(T, BODY)                                                                        \
    do {                                                                                           \
        const T *a = (const T *)call->arguments[0].data;                                           \
        const T *b = (const T *)call->arguments[1].data;                                           \
        T *o = (T *)call->out;                                                                     \
        uint32_t i, n = call->rows;                                                                \
        bool ca = call->arguments[0].form == TNI_FORM_CONSTANT;                                    \
        bool cb = call->arguments[1].form == TNI_FORM_CONSTANT;                                    \
        if (ca && cb) {                                                                            \
            TNI_BINARY_SHAPE(T, a[0], b[0], BODY)                                                  \
        } else if (cb) {                                                                           \
            T c = b[0];                                                                            \
            TNI_BINARY_SHAPE(T, a[i], c, BODY)                                                     \
        } else if (ca) {                                                                           \
            T c = a[0];                                                                            \
            TNI_BINARY_SHAPE(T, c, b[i], BODY)                                                     \
        } else {                                                                                   \
            TNI_BINARY_SHAPE(T, a[i], b[i], BODY)                                                  \
        }                                                                                          \
    } while (0)

/* Checked arithmetic of types up to 32 bits in a wider integer. */
#define TNI_NARROW_CHECKED(T, WIDE, OP)                                                            \
    TNI_BINARY(T, WIDE r = (WIDE)x OP(WIDE) y; o[i] = (T)r; bad |= (WIDE)o[i] != r;)

/* After a loop that saw a bad row: is one of them real? `TEST` uses x and y. */
#define TNI_FIND_BAD(T, TEST, WHAT)                                                                \
    do {                                                                                           \
        const T *a = (const T *)call->arguments[0].data;                                           \
        const T *b = (const T *)call->arguments[1].data;                                           \
        size_t sa = call->arguments[0].form != TNI_FORM_CONSTANT;                                  \
        size_t sb = call->arguments[1].form != TNI_FORM_CONSTANT;                                  \
        uint32_t i;                                                                                \
        for (i = 0; i < call->rows; i++) {                                                         \
            T x = a[i * sa], y = b[i * sb];                                                        \
            if ((TEST) && tni_row_counts(call, i)) {                                               \
                return tni_overflow(call, WHAT, i);                                                \
            }                                                                                      \
        }                                                                                          \
    } while (0)

TNI_INLINE bool tni_add_i64_checked(int64_t x, int64_t y, int64_t *out) {
    uint64_t r = (uint64_t)x + (uint64_t)y;
    *out = (int64_t)r;
    return (int64_t)(((uint64_t)x ^ r) & ((uint64_t)y ^ r)) < 0;
}

TNI_INLINE bool tni_sub_i64_checked(int64_t x, int64_t y, int64_t *out) {
    uint64_t r = (uint64_t)x - (uint64_t)y;
    *out = (int64_t)r;
    return (int64_t)(((uint64_t)x ^ (uint64_t)y) & ((uint64_t)x ^ r)) < 0;
}

TNI_INLINE bool tni_mul_i64_checked(int64_t x, int64_t y, int64_t *out) {
#if defined(__GNUC__)
    return __builtin_mul_overflow(x, y, out);
#else
    tni_i128 r;
    bool fits = tni_i128_multiply(tni_i128_from_i64(x), tni_i128_from_i64(y), &r);
    *out = (int64_t)r.low;
    return !fits || !tni_i128_fits_i64(r);
#endif
}

TNI_INLINE bool tni_mul_u64_checked(uint64_t x, uint64_t y, uint64_t *out) {
    *out = x * y;
    return x != 0 && *out / x != y;
}

/* DECIMAL(18, s) arithmetic must also stay below 10^18. */
static bool tni_decimal_fits(tni_type type, int64_t v) {
    int64_t limit = (int64_t)tni_i128_power10(type.precision).low;
    return v < limit && v > -limit;
}

static trueno_status tni_decimal_check(tni_call *call, const char *what) {
    const int64_t *o = (const int64_t *)call->out;
    int64_t limit = (int64_t)tni_i128_power10(call->type.precision).low;
    bool bad = false;
    uint32_t i;
    if (call->type.id != TRUENO_TYPE_DECIMAL) {
        return TRUENO_OK;
    }
    for (i = 0; i < call->rows; i++) {
        bad |= o[i] >= limit || o[i] <= -limit;
    }
    for (i = 0; bad && i < call->rows; i++) {
        if (!tni_decimal_fits(call->type, o[i]) && tni_row_counts(call, i)) {
            return tni_overflow(call, what, i);
        }
    }
    return TRUENO_OK;
}

/* 128-bit arithmetic, row by row. */
static trueno_status tni_huge_arithmetic(tni_call *call, char op, const char *what) {
    const tni_i128 *a = (const tni_i128 *)call->arguments[0].data;
    const tni_i128 *b = (const tni_i128 *)call->arguments[1].data;
    size_t sa = call->arguments[0].form != TNI_FORM_CONSTANT;
    size_t sb = call->arguments[1].form != TNI_FORM_CONSTANT;
    tni_i128 *o = (tni_i128 *)call->out;
    tni_i128 limit = tni_i128_power10(call->type.id == TRUENO_TYPE_DECIMAL ? call->type.precision
                                                                           : 38);
    tni_i128 minus;
    uint32_t i;
    (void)tni_i128_negate(limit, &minus);
    for (i = 0; i < call->rows; i++) {
        bool fine = op == '+'   ? tni_i128_add(a[i * sa], b[i * sb], &o[i])
                    : op == '-' ? tni_i128_subtract(a[i * sa], b[i * sb], &o[i])
                                : tni_i128_multiply(a[i * sa], b[i * sb], &o[i]);
        if (call->type.id == TRUENO_TYPE_DECIMAL) {
            fine = fine && tni_i128_compare(o[i], limit) < 0 && tni_i128_compare(o[i], minus) > 0;
        }
        if (!fine && tni_row_counts(call, i)) {
            return tni_overflow(call, what, i);
        }
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------- dates, intervals --- */

static bool tni_interval_sum(tni_interval a, tni_interval b, int sign, tni_interval *out) {
    int64_t months = (int64_t)a.months + sign * (int64_t)b.months;
    int64_t days = (int64_t)a.days + sign * (int64_t)b.days;
    bool bad = sign > 0 ? tni_add_i64_checked(a.microseconds, b.microseconds, &out->microseconds)
                        : tni_sub_i64_checked(a.microseconds, b.microseconds, &out->microseconds);
    out->months = (int32_t)months;
    out->days = (int32_t)days;
    return !bad && out->months == months && out->days == days;
}

static tni_interval tni_interval_negated(tni_interval v) {
    v.months = (int32_t)(0 - (uint32_t)v.months);
    v.days = (int32_t)(0 - (uint32_t)v.days);
    v.microseconds = (int64_t)(0 - (uint64_t)v.microseconds);
    return v;
}

/* One row of temporal + and -; types say which rule. False on overflow. */
static bool tni_temporal_row(const tni_call *call, const void *x, const void *y, int sign,
                             void *out) {
    trueno_type a = (trueno_type)call->arguments[0].type.id;
    trueno_type b = (trueno_type)call->arguments[1].type.id;
    int64_t us = 0, other = 0;
    tni_interval interval;
    if (a == TRUENO_TYPE_INTERVAL && b == TRUENO_TYPE_INTERVAL) {
        return tni_interval_sum(*(const tni_interval *)x, *(const tni_interval *)y, sign,
                                (tni_interval *)out);
    }
    if (a == TRUENO_TYPE_INTEGER || a == TRUENO_TYPE_INTERVAL ||
        (a == TRUENO_TYPE_TIME && b == TRUENO_TYPE_DATE)) { /* n + date, interval + moment */
        const void *swap = x;
        x = y;
        y = swap;
        b = a;
        a = (trueno_type)call->arguments[1].type.id;
    }
    if (a == TRUENO_TYPE_DATE) {
        int32_t days = *(const int32_t *)x;
        int64_t result;
        if (b == TRUENO_TYPE_DATE) {
            *(int64_t *)out = (int64_t)days - *(const int32_t *)y;
            return true;
        }
        if (b == TRUENO_TYPE_TIME) {
            *(int64_t *)out = (int64_t)days * TNI_US_PER_DAY + *(const int64_t *)y;
            return days < 106751990 && days > -106751990;
        }
        if (days == INT32_MAX || days == -INT32_MAX) {
            *(int32_t *)out = days;
            return true;
        }
        result = (int64_t)days + sign * (int64_t) * (const int32_t *)y;
        *(int32_t *)out = (int32_t)result;
        return result < INT32_MAX && result > -INT32_MAX; /* those are the infinities */
    }
    us = *(const int64_t *)x;
    if (b == TRUENO_TYPE_INTERVAL) {
        interval = *(const tni_interval *)y;
        if (sign < 0) {
            interval = tni_interval_negated(interval);
        }
        if (a == TRUENO_TYPE_TIME) {
            us = (us + interval.microseconds % TNI_US_PER_DAY) % TNI_US_PER_DAY;
            *(int64_t *)out = us < 0 ? us + TNI_US_PER_DAY : us;
            return true;
        }
        return tni_timestamp_add(us, interval, (int64_t *)out);
    }
    other = *(const int64_t *)y;
    if (us == INT64_MAX || us == -INT64_MAX || other == INT64_MAX || other == -INT64_MAX ||
        tni_sub_i64_checked(us, other, &us)) {
        return false;
    }
    interval.months = 0;
    interval.days = (int32_t)(us / TNI_US_PER_DAY);
    interval.microseconds = us % TNI_US_PER_DAY;
    *(tni_interval *)out = interval;
    return true;
}

static bool tni_interval_field(double v, double limit) {
    return v > -limit && v < limit; /* NaN is not */
}

/* months, days and microseconds times (or through) a number. What is left of a month becomes days,
 * 30 of them, what is left of a day becomes time, as in PostgreSQL. */
static bool tni_interval_scale(tni_interval v, double factor, bool divide, tni_interval *out) {
    double months = divide ? v.months / factor : v.months * factor;
    double days = divide ? v.days / factor : v.days * factor;
    double time = (double)v.microseconds, rest, seconds;
    double whole_months = tni_trunc(months), whole_days = tni_trunc(days);
    time = divide ? time / factor : time * factor;
    rest = tni_round_even((months - whole_months) * 30 * 1e6) / 1e6;
    seconds = tni_round_even((days - whole_days + rest - tni_trunc(rest)) * 86400 * 1e6) / 1e6;
    whole_days += tni_trunc(rest);
    if (seconds >= 86400 || seconds <= -86400) {
        whole_days += tni_trunc(seconds / 86400);
        seconds -= tni_trunc(seconds / 86400) * 86400;
    }
    time = tni_round_even(time + seconds * 1e6);
    if (!tni_interval_field(whole_months, 2147483648.0) ||
        !tni_interval_field(whole_days, 2147483648.0) ||
        !tni_interval_field(time, 9223372036854775808.0)) {
        return false;
    }
    out->months = (int32_t)whole_months;
    out->days = (int32_t)whole_days;
    out->microseconds = (int64_t)time;
    return true;
}

static bool tni_temporal_scale(const tni_call *call, const void *x, const void *y, void *out) {
    bool left = call->arguments[0].type.id == TRUENO_TYPE_INTERVAL;
    tni_interval v = *(const tni_interval *)(left ? x : y);
    bool real = call->arguments[left ? 1 : 0].type.id == TRUENO_TYPE_DOUBLE;
    int64_t factor = real ? 0 : *(const int64_t *)(left ? y : x);
    tni_interval *o = (tni_interval *)out;
    int64_t months, days;
    bool bad;
    if (real) {
        return tni_interval_scale(v, *(const double *)(left ? y : x), false, o);
    }
    bad = tni_mul_i64_checked(v.months, factor, &months);
    bad |= tni_mul_i64_checked(v.days, factor, &days);
    bad |= tni_mul_i64_checked(v.microseconds, factor, &o->microseconds);
    o->months = (int32_t)months;
    o->days = (int32_t)days;
    return !bad && o->months == months && o->days == days;
}

static trueno_status tni_temporal(tni_call *call, char op, const char *what) {
    uint32_t wa = tni_type_width(call->arguments[0].type);
    uint32_t wb = tni_type_width(call->arguments[1].type);
    uint32_t wo = tni_type_width(call->type);
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        const uint8_t *x = (const uint8_t *)call->arguments[0].data;
        const uint8_t *y = (const uint8_t *)call->arguments[1].data;
        uint8_t *o = (uint8_t *)call->out + (size_t)i * wo;
        bool fine;
        x += call->arguments[0].form == TNI_FORM_CONSTANT ? 0 : (size_t)i * wa;
        y += call->arguments[1].form == TNI_FORM_CONSTANT ? 0 : (size_t)i * wb;
        memset(o, 0, wo);
        if (!tni_bit_get(call->validity, i)) {
            continue;
        }
        fine = op == '*' ? tni_temporal_scale(call, x, y, o)
                         : tni_temporal_row(call, x, y, op == '+' ? 1 : -1, o);
        if (!fine && tni_row_counts(call, i)) {
            return tni_overflow(call, what, i);
        }
    }
    return TRUENO_OK;
}

static bool tni_call_is_temporal(const tni_call *call) {
    return tni_is_interval_or_time(call->arguments[0].type) ||
           tni_is_interval_or_time(call->arguments[1].type);
}

/* --------------------------------------------------------------------------- + - * --- */

static trueno_status tni_eval_add(tni_call *call) {
    bool bad = false;
    if (tni_call_is_temporal(call)) {
        return tni_temporal(call, '+', "addition");
    }
    switch (tni_type_physical(call->type)) {
    case TNI_PHYSICAL_I8: TNI_NARROW_CHECKED(int8_t, int32_t, +); break;
    case TNI_PHYSICAL_I16: TNI_NARROW_CHECKED(int16_t, int32_t, +); break;
    case TNI_PHYSICAL_I32: TNI_NARROW_CHECKED(int32_t, int64_t, +); break;
    case TNI_PHYSICAL_U8: TNI_NARROW_CHECKED(uint8_t, int32_t, +); break;
    case TNI_PHYSICAL_U16: TNI_NARROW_CHECKED(uint16_t, int32_t, +); break;
    case TNI_PHYSICAL_U32: TNI_NARROW_CHECKED(uint32_t, int64_t, +); break;
    case TNI_PHYSICAL_I64: TNI_BINARY(int64_t, bad |= tni_add_i64_checked(x, y, &o[i]);); break;
    case TNI_PHYSICAL_U64: TNI_BINARY(uint64_t, o[i] = x + y; bad |= o[i] < x;); break;
    case TNI_PHYSICAL_I128: return tni_huge_arithmetic(call, '+', "addition");
    case TNI_PHYSICAL_F32: TNI_BINARY(float, o[i] = x + y;); break;
    default: TNI_BINARY(double, o[i] = x + y;);
    }
    if (bad) {
        int64_t wide;
        switch (tni_type_physical(call->type)) {
        case TNI_PHYSICAL_I8: TNI_FIND_BAD(int8_t, x + y != (int8_t)(x + y), "addition"); break;
        case TNI_PHYSICAL_I16: TNI_FIND_BAD(int16_t, x + y != (int16_t)(x + y), "addition"); break;
        case TNI_PHYSICAL_I32:
            TNI_FIND_BAD(int32_t, (int64_t)x + y != (int32_t)((int64_t)x + y), "addition");
            break;
        case TNI_PHYSICAL_U8: TNI_FIND_BAD(uint8_t, x + y > 255, "addition"); break;
        case TNI_PHYSICAL_U16: TNI_FIND_BAD(uint16_t, x + y > 65535, "addition"); break;
        case TNI_PHYSICAL_U32: TNI_FIND_BAD(uint32_t, x + y < x, "addition"); break;
        case TNI_PHYSICAL_U64: TNI_FIND_BAD(uint64_t, x + y < x, "addition"); break;
        default: TNI_FIND_BAD(int64_t, tni_add_i64_checked(x, y, &wide), "addition");
        }
    }
    return tni_type_physical(call->type) == TNI_PHYSICAL_I64 ? tni_decimal_check(call, "addition")
                                                             : TRUENO_OK;
}

static trueno_status tni_eval_subtract(tni_call *call) {
    bool bad = false;
    if (tni_call_is_temporal(call)) {
        return tni_temporal(call, '-', "subtraction");
    }
    switch (tni_type_physical(call->type)) {
    case TNI_PHYSICAL_I8: TNI_NARROW_CHECKED(int8_t, int32_t, -); break;
    case TNI_PHYSICAL_I16: TNI_NARROW_CHECKED(int16_t, int32_t, -); break;
    case TNI_PHYSICAL_I32: TNI_NARROW_CHECKED(int32_t, int64_t, -); break;
    case TNI_PHYSICAL_U8: TNI_NARROW_CHECKED(uint8_t, int32_t, -); break;
    case TNI_PHYSICAL_U16: TNI_NARROW_CHECKED(uint16_t, int32_t, -); break;
    case TNI_PHYSICAL_U32: TNI_NARROW_CHECKED(uint32_t, int64_t, -); break;
    case TNI_PHYSICAL_I64: TNI_BINARY(int64_t, bad |= tni_sub_i64_checked(x, y, &o[i]);); break;
    case TNI_PHYSICAL_U64: TNI_BINARY(uint64_t, o[i] = x - y; bad |= x < y;); break;
    case TNI_PHYSICAL_I128: return tni_huge_arithmetic(call, '-', "subtraction");
    case TNI_PHYSICAL_F32: TNI_BINARY(float, o[i] = x - y;); break;
    default: TNI_BINARY(double, o[i] = x - y;);
    }
    if (bad) {
        int64_t wide;
        switch (tni_type_physical(call->type)) {
        case TNI_PHYSICAL_I8: TNI_FIND_BAD(int8_t, x - y != (int8_t)(x - y), "subtraction"); break;
        case TNI_PHYSICAL_I16:
            TNI_FIND_BAD(int16_t, x - y != (int16_t)(x - y), "subtraction");
            break;
        case TNI_PHYSICAL_I32:
            TNI_FIND_BAD(int32_t, (int64_t)x - y != (int32_t)((int64_t)x - y), "subtraction");
            break;
        case TNI_PHYSICAL_U8: TNI_FIND_BAD(uint8_t, x < y, "subtraction"); break;
        case TNI_PHYSICAL_U16: TNI_FIND_BAD(uint16_t, x < y, "subtraction"); break;
        case TNI_PHYSICAL_U32: TNI_FIND_BAD(uint32_t, x < y, "subtraction"); break;
        case TNI_PHYSICAL_U64: TNI_FIND_BAD(uint64_t, x < y, "subtraction"); break;
        default: TNI_FIND_BAD(int64_t, tni_sub_i64_checked(x, y, &wide), "subtraction");
        }
    }
    return tni_type_physical(call->type) == TNI_PHYSICAL_I64
               ? tni_decimal_check(call, "subtraction")
               : TRUENO_OK;
}

static trueno_status tni_eval_multiply(tni_call *call) {
    bool bad = false;
    int64_t wide;
    uint64_t natural;
    if (tni_call_is_temporal(call)) {
        return tni_temporal(call, '*', "multiplication");
    }
    switch (tni_type_physical(call->type)) {
    case TNI_PHYSICAL_I8: TNI_NARROW_CHECKED(int8_t, int32_t, *); break;
    case TNI_PHYSICAL_I16: TNI_NARROW_CHECKED(int16_t, int32_t, *); break;
    case TNI_PHYSICAL_I32: TNI_NARROW_CHECKED(int32_t, int64_t, *); break;
    case TNI_PHYSICAL_U8: TNI_NARROW_CHECKED(uint8_t, int32_t, *); break;
    case TNI_PHYSICAL_U16: TNI_NARROW_CHECKED(uint16_t, int64_t, *); break;
    case TNI_PHYSICAL_U32: TNI_NARROW_CHECKED(uint32_t, uint64_t, *); break;
    case TNI_PHYSICAL_I64: TNI_BINARY(int64_t, bad |= tni_mul_i64_checked(x, y, &o[i]);); break;
    case TNI_PHYSICAL_U64: TNI_BINARY(uint64_t, bad |= tni_mul_u64_checked(x, y, &o[i]);); break;
    case TNI_PHYSICAL_I128: return tni_huge_arithmetic(call, '*', "multiplication");
    case TNI_PHYSICAL_F32: TNI_BINARY(float, o[i] = x * y;); break;
    default: TNI_BINARY(double, o[i] = x * y;);
    }
    if (bad) {
        switch (tni_type_physical(call->type)) {
        case TNI_PHYSICAL_I8:
            TNI_FIND_BAD(int8_t, x * y != (int8_t)(x * y), "multiplication");
            break;
        case TNI_PHYSICAL_I16:
            TNI_FIND_BAD(int16_t, x * y != (int16_t)(x * y), "multiplication");
            break;
        case TNI_PHYSICAL_I32:
            TNI_FIND_BAD(int32_t, (int64_t)x * y != (int32_t)((int64_t)x * y), "multiplication");
            break;
        case TNI_PHYSICAL_U8: TNI_FIND_BAD(uint8_t, x * y > 255, "multiplication"); break;
        case TNI_PHYSICAL_U16:
            TNI_FIND_BAD(uint16_t, (int64_t)x * y > 65535, "multiplication");
            break;
        case TNI_PHYSICAL_U32:
            TNI_FIND_BAD(uint32_t, (uint64_t)x * y > UINT32_MAX, "multiplication");
            break;
        case TNI_PHYSICAL_U64:
            TNI_FIND_BAD(uint64_t, tni_mul_u64_checked(x, y, &natural), "multiplication");
            break;
        default: TNI_FIND_BAD(int64_t, tni_mul_i64_checked(x, y, &wide), "multiplication");
        }
    }
    return tni_type_physical(call->type) == TNI_PHYSICAL_I64
               ? tni_decimal_check(call, "multiplication")
               : TRUENO_OK;
}

/* --------------------------------------------------------------------------- / // % --- */

/* Integer division and remainder; a zero divisor gives NULL, MIN / -1 is an overflow. */
#define TNI_INTEGER_DIVIDE(T, SIGNED_MIN, EXPRESSION)                                              \
    do {                                                                                           \
        const T *a = (const T *)call->arguments[0].data;                                           \
        const T *b = (const T *)call->arguments[1].data;                                           \
        size_t sa = call->arguments[0].form != TNI_FORM_CONSTANT;                                  \
        size_t sb = call->arguments[1].form != TNI_FORM_CONSTANT;                                  \
        T *o = (T *)call->out;                                                                     \
        uint32_t i;                                                                                \
        for (i = 0; i < call->rows; i++) {                                                         \
            T x = a[i * sa], y = b[i * sb];                                                        \
            o[i] = 0;                                                                              \
            if (y == 0) {                                                                          \
                tni_bit_clear(call->validity, i);                                                  \
            } else if ((SIGNED_MIN) && y == (T)-1) {                                               \
                if (!modulo) {                                                                     \
                    if (tni_row_counts(call, i)) {                                                 \
                        return tni_overflow(call, "division", i);                                  \
                    }                                                                              \
                }                                                                                  \
            } else {                                                                               \
                o[i] = (T)(EXPRESSION);                                                            \
            }                                                                                      \
        }                                                                                          \
        return TRUENO_OK;                                                                          \
    } while (0)
#define TNI_DIVIDE_OR_MODULO(T, SIGNED_MIN)                                                        \
    TNI_INTEGER_DIVIDE(T, SIGNED_MIN, modulo ? x % y : x / y)

static trueno_status tni_huge_divide(tni_call *call, bool modulo) {
    const tni_i128 *a = (const tni_i128 *)call->arguments[0].data;
    const tni_i128 *b = (const tni_i128 *)call->arguments[1].data;
    size_t sa = call->arguments[0].form != TNI_FORM_CONSTANT;
    size_t sb = call->arguments[1].form != TNI_FORM_CONSTANT;
    tni_i128 *o = (tni_i128 *)call->out;
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        tni_i128 quotient, remainder;
        if (tni_i128_divide(a[i * sa], b[i * sb], &quotient, &remainder)) {
            o[i] = modulo ? remainder : quotient;
            continue;
        }
        o[i] = tni_i128_from_i64(0);
        if ((b[i * sb].low | (uint64_t)b[i * sb].high) == 0) {
            tni_bit_clear(call->validity, i);
        } else if (!modulo && tni_row_counts(call, i)) {
            return tni_overflow(call, "division", i);
        }
    }
    return TRUENO_OK;
}

/* Remainder with the sign of x, exact by repeated scaling (no libm). */
TNI_FN double tni_double_modulo(double x, double y) {
    double m = y < 0 ? -y : y, r = x < 0 ? -x : x;
    if (y == 0 || !tni_is_finite(x) || y != y) {
        return tni_nan();
    }
    if (!tni_is_finite(y)) {
        return x;
    }
    while (r >= m) {
        double step = m;
        while (step <= r / 2) {
            step += step;
        }
        r -= step;
    }
    return x < 0 ? -r : r;
}

/* '//' by zero is NULL. */
static void tni_float_zero_divisors(tni_call *call) {
    const tni_vector *b = &call->arguments[1];
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        size_t at = b->form == TNI_FORM_CONSTANT ? 0 : i;
        bool zero = call->type.id == TRUENO_TYPE_FLOAT ? ((const float *)b->data)[at] == 0.0f
                                                       : ((const double *)b->data)[at] == 0.0;
        if (zero) {
            tni_bit_clear(call->validity, i);
        }
    }
}

/* '//' of floats is '/' but for zero divisors, as in DuckDB. */
static trueno_status tni_float_divide(tni_call *call, bool modulo, bool whole) {
    if (call->type.id == TRUENO_TYPE_FLOAT) {
        TNI_BINARY(float, double q = modulo ? tni_double_modulo((double)x, (double)y) : 0.0;
                   o[i] = modulo ? (float)q : x / y;);
    } else if (modulo) {
        TNI_BINARY(double, o[i] = tni_double_modulo(x, y););
    } else {
        TNI_BINARY(double, o[i] = x / y;);
    }
    if (whole && !modulo) {
        tni_float_zero_divisors(call);
    }
    return TRUENO_OK;
}

static trueno_status tni_divide(tni_call *call, bool modulo, bool whole) {
    switch (tni_type_physical(call->type)) {
    case TNI_PHYSICAL_I8: TNI_DIVIDE_OR_MODULO(int8_t, x == INT8_MIN);
    case TNI_PHYSICAL_I16: TNI_DIVIDE_OR_MODULO(int16_t, x == INT16_MIN);
    case TNI_PHYSICAL_I32: TNI_DIVIDE_OR_MODULO(int32_t, x == INT32_MIN);
    case TNI_PHYSICAL_I64: TNI_DIVIDE_OR_MODULO(int64_t, x == INT64_MIN);
    case TNI_PHYSICAL_U8: TNI_DIVIDE_OR_MODULO(uint8_t, false);
    case TNI_PHYSICAL_U16: TNI_DIVIDE_OR_MODULO(uint16_t, false);
    case TNI_PHYSICAL_U32: TNI_DIVIDE_OR_MODULO(uint32_t, false);
    case TNI_PHYSICAL_U64: TNI_DIVIDE_OR_MODULO(uint64_t, false);
    case TNI_PHYSICAL_I128: return tni_huge_divide(call, modulo);
    default: return tni_float_divide(call, modulo, whole);
    }
}

static trueno_status tni_interval_divide(tni_call *call) {
    const tni_interval *a = (const tni_interval *)call->arguments[0].data;
    const double *b = (const double *)call->arguments[1].data;
    size_t sa = call->arguments[0].form != TNI_FORM_CONSTANT;
    size_t sb = call->arguments[1].form != TNI_FORM_CONSTANT;
    tni_interval *o = (tni_interval *)call->out;
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        memset(&o[i], 0, sizeof o[i]);
        if (!tni_bit_get(call->validity, i)) {
            continue;
        }
        if (b[i * sb] == 0.0) {
            tni_bit_clear(call->validity, i);
        } else if (!tni_interval_scale(a[i * sa], b[i * sb], true, &o[i]) &&
                   tni_row_counts(call, i)) {
            return tni_overflow(call, "division", i);
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_divide(tni_call *call) {
    return call->type.id == TRUENO_TYPE_INTERVAL ? tni_interval_divide(call)
                                                 : tni_divide(call, false, false);
}

static trueno_status tni_eval_integer_divide(tni_call *call) {
    return tni_divide(call, false, true);
}

static trueno_status tni_eval_modulo(tni_call *call) {
    return tni_divide(call, true, false);
}

/* --------------------------------------------------------------------- unary and bits --- */

#define TNI_NEGATE(T, MIN)                                                                         \
    do {                                                                                           \
        const T *a = (const T *)call->arguments[0].data;                                           \
        size_t sa = call->arguments[0].form != TNI_FORM_CONSTANT;                                  \
        T *o = (T *)call->out;                                                                     \
        for (i = 0; i < call->rows; i++) {                                                         \
            T x = a[i * sa];                                                                       \
            if (x == (MIN) && tni_row_counts(call, i)) {                                           \
                return tni_overflow(call, "negation", i);                                          \
            }                                                                                      \
            o[i] = x == (MIN) ? x : (T)-x;                                                         \
        }                                                                                          \
        return TRUENO_OK;                                                                          \
    } while (0)

static trueno_status tni_eval_negate(tni_call *call) {
    const uint8_t *in = (const uint8_t *)call->arguments[0].data;
    size_t stride = call->arguments[0].form != TNI_FORM_CONSTANT;
    uint32_t i;
    switch (tni_type_physical(call->type)) {
    case TNI_PHYSICAL_I8: TNI_NEGATE(int8_t, INT8_MIN);
    case TNI_PHYSICAL_I16: TNI_NEGATE(int16_t, INT16_MIN);
    case TNI_PHYSICAL_I32: TNI_NEGATE(int32_t, INT32_MIN);
    case TNI_PHYSICAL_I64: TNI_NEGATE(int64_t, INT64_MIN);
    case TNI_PHYSICAL_F32:
        for (i = 0; i < call->rows; i++) {
            ((float *)call->out)[i] = -((const float *)call->arguments[0].data)[i * stride];
        }
        return TRUENO_OK;
    case TNI_PHYSICAL_F64:
        for (i = 0; i < call->rows; i++) {
            ((double *)call->out)[i] = -((const double *)call->arguments[0].data)[i * stride];
        }
        return TRUENO_OK;
    case TNI_PHYSICAL_INTERVAL:
        for (i = 0; i < call->rows; i++) {
            tni_interval v;
            memcpy(&v, in + i * stride * sizeof v, sizeof v);
            ((tni_interval *)call->out)[i] = tni_interval_negated(v);
        }
        return TRUENO_OK;
    default:
        for (i = 0; i < call->rows; i++) {
            tni_i128 v;
            memcpy(&v, in + i * stride * sizeof v, sizeof v);
            if (!tni_i128_negate(v, &((tni_i128 *)call->out)[i]) && tni_row_counts(call, i)) {
                return tni_overflow(call, "negation", i);
            }
        }
        return TRUENO_OK;
    }
}

static trueno_status tni_eval_plus_sign(tni_call *call) {
    uint32_t i, width = tni_type_width(call->type);
    const uint8_t *in = (const uint8_t *)call->arguments[0].data;
    for (i = 0; i < call->rows; i++) {
        memcpy((uint8_t *)call->out + (size_t)i * width,
               in + (call->arguments[0].form == TNI_FORM_CONSTANT ? 0 : (size_t)i * width), width);
    }
    return TRUENO_OK;
}

/* Bits of integers of any width through 64-bit patterns; HUGEINT limb by limb. */
static uint64_t tni_bits_read(const tni_vector *v, uint32_t row, uint32_t width, uint32_t limb) {
    const uint8_t *p = (const uint8_t *)v->data +
                       (v->form == TNI_FORM_CONSTANT ? 0 : (size_t)row * width) + (size_t)limb * 8;
    uint64_t r = 0;
    if (width >= 8) {
        memcpy(&r, p, 8);
    } else if (width == 4) {
        uint32_t x;
        memcpy(&x, p, 4);
        r = x;
    } else if (width == 2) {
        uint16_t x;
        memcpy(&x, p, 2);
        r = x;
    } else {
        r = *p;
    }
    return r;
}

static void tni_bits_write(void *out, uint32_t row, uint32_t width, uint32_t limb, uint64_t v) {
    uint8_t *p = (uint8_t *)out + (size_t)row * width + (size_t)limb * 8;
    uint32_t x4 = (uint32_t)v;
    uint16_t x2 = (uint16_t)v;
    switch (width) {
    case 1: *p = (uint8_t)v; break;
    case 2: memcpy(p, &x2, 2); break;
    case 4: memcpy(p, &x4, 4); break;
    default: memcpy(p, &v, 8);
    }
}

static trueno_status tni_eval_bits_of(tni_call *call, char op) {
    uint32_t width = tni_type_width(call->type), limbs = width == 16 ? 2 : 1;
    uint32_t i, limb;
    for (i = 0; i < call->rows; i++) {
        for (limb = 0; limb < limbs; limb++) {
            uint64_t x = tni_bits_read(&call->arguments[0], i, width, limb);
            uint64_t y = op == '~' ? 0 : tni_bits_read(&call->arguments[1], i, width, limb);
            uint64_t r = op == '&' ? x & y : op == '|' ? x | y : op == '^' ? x ^ y : ~x;
            tni_bits_write(call->out, i, width, limb, r);
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_and_bits(tni_call *call) {
    return tni_eval_bits_of(call, '&');
}
static trueno_status tni_eval_or_bits(tni_call *call) {
    return tni_eval_bits_of(call, '|');
}
static trueno_status tni_eval_xor_bits(tni_call *call) {
    return tni_eval_bits_of(call, '^');
}
static trueno_status tni_eval_complement(tni_call *call) {
    return tni_eval_bits_of(call, '~');
}

/* Sign-extended value of any integer up to 64 bits. */
static int64_t tni_shift_read(const tni_vector *v, uint32_t row) {
    uint32_t width = tni_type_width(v->type);
    uint64_t bits = tni_bits_read(v, row, width, 0);
    tni_physical p = tni_type_physical(v->type);
    if (p >= TNI_PHYSICAL_I8 && p <= TNI_PHYSICAL_I32) {
        uint64_t sign = UINT64_C(1) << (width * 8 - 1);
        bits = (bits ^ sign) - sign;
    }
    return (int64_t)bits;
}

static trueno_status tni_shift_refuse(tni_call *call, bool by) {
    return tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE,
                    by ? "cannot shift by a negative number"
                       : "cannot left-shift a negative number");
}

/* HUGEINT, bit by bit of the distance: overflow is that of the doublings. */
static trueno_status tni_eval_shift_huge(tni_call *call, bool left) {
    const tni_i128 *x = (const tni_i128 *)call->arguments[0].data;
    const tni_i128 *y = (const tni_i128 *)call->arguments[1].data;
    size_t sx = call->arguments[0].form != TNI_FORM_CONSTANT;
    size_t sy = call->arguments[1].form != TNI_FORM_CONSTANT;
    tni_i128 *o = (tni_i128 *)call->out;
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        tni_i128 v = x == NULL ? tni_i128_from_i64(0) : x[i * sx];
        tni_i128 by = y == NULL ? tni_i128_from_i64(0) : y[i * sy];
        bool fine = true;
        uint64_t n;
        if (!tni_bit_get(call->validity, i)) {
            memset(&o[i], 0, sizeof o[i]);
            continue;
        }
        if (tni_row_counts(call, i) && (by.high < 0 || (left && v.high < 0))) {
            return tni_shift_refuse(call, by.high < 0);
        }
        n = by.high != 0 || by.low > 127 ? 127 : by.low;
        for (; !left && n > 0; n--) {
            uint64_t top = (uint64_t)v.high;
            v.low = v.low >> 1 | top << 63;
            v.high = (int64_t)(top >> 1 | (top & UINT64_C(1) << 63));
        }
        for (; left && fine && n > 0; n--) {
            fine = tni_i128_add(v, v, &v);
        }
        if (!fine && tni_row_counts(call, i)) {
            return tni_overflow(call, "left shift", i);
        }
        o[i] = v;
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_shift(tni_call *call, bool left) {
    uint32_t width = tni_type_width(call->type), i;
    tni_physical physical = tni_type_physical(call->type);
    bool is_signed = physical >= TNI_PHYSICAL_I8 && physical <= TNI_PHYSICAL_I64;
    uint32_t room = width * 8 - (is_signed ? 1 : 0);
    if (width == 16) {
        return tni_eval_shift_huge(call, left);
    }
    for (i = 0; i < call->rows; i++) {
        int64_t x = tni_shift_read(&call->arguments[0], i);
        int64_t by = tni_shift_read(&call->arguments[1], i);
        bool minus = is_signed && x < 0, back = is_signed && by < 0;
        uint64_t bits = (uint64_t)x, n = TNI_MIN((uint64_t)by, UINT64_C(64));
        if (tni_row_counts(call, i)) {
            if (back || (left && minus)) {
                return tni_shift_refuse(call, back);
            }
            if (left && n > 0 && bits != 0 && (n >= room || bits >> (room - n) != 0)) {
                return tni_overflow(call, "left shift", i);
            }
        }
        if (left) {
            bits = n >= 64 ? 0 : bits << n;
        } else {
            uint64_t fill = minus ? ~UINT64_C(0) : 0;
            bits = n >= 64 ? fill : n == 0 ? bits : bits >> n | fill << (64 - n);
        }
        tni_bits_write(call->out, i, width, 0, bits);
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_shift_left(tni_call *call) {
    return tni_eval_shift(call, true);
}
static trueno_status tni_eval_shift_right(tni_call *call) {
    return tni_eval_shift(call, false);
}

/* ----------------------------------------------------------------------------- table --- */

#define TNI_OPERATOR(name, pattern, bind, eval, device, signature, doc)                            \
    {name, pattern, NULL, bind, eval, TNI_FUNCTION_HIDDEN, device, signature, doc}

static const tni_function tni_operator_table[] = {
    TNI_OPERATOR("+", "aa", tni_operator_bind_arithmetic, tni_eval_add, TNI_DEVICE_ADD, "(a, b)",
                 "Sum"),
    TNI_OPERATOR("-", "aa", tni_operator_bind_arithmetic, tni_eval_subtract, TNI_DEVICE_SUBTRACT,
                 "(a, b)", "Difference"),
    TNI_OPERATOR("*", "aa", tni_operator_bind_arithmetic, tni_eval_multiply, TNI_DEVICE_MULTIPLY,
                 "(a, b)", "Product"),
    TNI_OPERATOR("/", "aa", tni_bind_divide, tni_eval_divide, TNI_DEVICE_DIVIDE, "(a, b)",
                 "Quotient, a DOUBLE"),
    TNI_OPERATOR("//", "aa", tni_bind_integers, tni_eval_integer_divide, TNI_DEVICE_INTEGER_DIVIDE,
                 "(a, b)", "Integer quotient; NULL for a zero divisor"),
    TNI_OPERATOR("%", "aa", tni_bind_modulo, tni_eval_modulo, TNI_DEVICE_MODULO, "(a, b)",
                 "Remainder with the sign of a; NULL for a zero divisor, NaN of floats"),
    TNI_OPERATOR("negate", "a", tni_bind_negate, tni_eval_negate, TNI_DEVICE_NEGATE, "(a)",
                 "Minus a"),
    TNI_OPERATOR("identity", "a", tni_bind_plus_sign, tni_eval_plus_sign, TNI_DEVICE_NONE, "(a)",
                 "Plus a"),
    TNI_OPERATOR("&", "aa", tni_bind_integers, tni_eval_and_bits, TNI_DEVICE_BIT_AND, "(a, b)",
                 "Bitwise and"),
    TNI_OPERATOR("|", "aa", tni_bind_integers, tni_eval_or_bits, TNI_DEVICE_BIT_OR, "(a, b)",
                 "Bitwise or"),
    {"xor", "aa", NULL, tni_bind_integers, tni_eval_xor_bits, 0, TNI_DEVICE_BIT_XOR, "(a, b)",
     "Bitwise exclusive or"},
    TNI_OPERATOR("~", "a", tni_bind_complement, tni_eval_complement, TNI_DEVICE_BIT_NOT, "(a)",
                 "Bitwise complement"),
    TNI_OPERATOR("<<", "aa", tni_bind_integers, tni_eval_shift_left, TNI_DEVICE_SHIFT_LEFT,
                 "(a, b)", "Left shift"),
    TNI_OPERATOR(">>", "aa", tni_bind_integers, tni_eval_shift_right, TNI_DEVICE_SHIFT_RIGHT,
                 "(a, b)", "Right shift"),
    {"add", "aa", NULL, tni_operator_bind_arithmetic, tni_eval_add, 0, TNI_DEVICE_ADD, "(a, b)",
     "a + b"},
    {"subtract", "aa", NULL, tni_operator_bind_arithmetic, tni_eval_subtract, 0,
     TNI_DEVICE_SUBTRACT, "(a, b)", "a - b"},
    {"multiply", "aa", NULL, tni_operator_bind_arithmetic, tni_eval_multiply, 0,
     TNI_DEVICE_MULTIPLY, "(a, b)", "a * b"},
    {"divide", "aa", NULL, tni_bind_integers, tni_eval_integer_divide, 0, TNI_DEVICE_INTEGER_DIVIDE,
     "(a, b)", "a // b"},
    {"mod", "aa", NULL, tni_bind_modulo, tni_eval_modulo, 0, TNI_DEVICE_MODULO, "(a, b)", "a % b"},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

#undef TNI_OPERATOR
#undef TNI_BINARY
#undef TNI_BINARY_SHAPE
#undef TNI_NARROW_CHECKED
#undef TNI_FIND_BAD
#undef TNI_INTEGER_DIVIDE
#undef TNI_DIVIDE_OR_MODULO
#undef TNI_NEGATE

TNI_FN const tni_function *tni_functions_operator(void) {
    return tni_operator_table;
}
