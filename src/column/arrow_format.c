/*
 * arrow_format.c - Arrow format strings, and arrays checked against them.
 */
#include "column/arrow.h"

/* -------------------------------------------------------------------------------- formats --- */

typedef struct tni_arrow_simple {
    char format[4];
    uint8_t kind;
    uint8_t type;
    uint8_t width;
    int64_t multiply, divide;
} tni_arrow_simple;

/* Every format without parameters. TIMESTAMPs are apart: they end in a time zone. */
static const tni_arrow_simple tni_arrow_simple_formats[] = {
    {"n", TNI_ARROW_NULL, TRUENO_TYPE_NULL, 0, 0, 0},
    {"b", TNI_ARROW_BITS, TRUENO_TYPE_BOOLEAN, 0, 0, 0},
    {"c", TNI_ARROW_SAME, TRUENO_TYPE_TINYINT, 1, 0, 0},
    {"C", TNI_ARROW_SAME, TRUENO_TYPE_UTINYINT, 1, 0, 0},
    {"s", TNI_ARROW_SAME, TRUENO_TYPE_SMALLINT, 2, 0, 0},
    {"S", TNI_ARROW_SAME, TRUENO_TYPE_USMALLINT, 2, 0, 0},
    {"i", TNI_ARROW_SAME, TRUENO_TYPE_INTEGER, 4, 0, 0},
    {"I", TNI_ARROW_SAME, TRUENO_TYPE_UINTEGER, 4, 0, 0},
    {"l", TNI_ARROW_SAME, TRUENO_TYPE_BIGINT, 8, 0, 0},
    {"L", TNI_ARROW_SAME, TRUENO_TYPE_UBIGINT, 8, 0, 0},
    {"e", TNI_ARROW_HALF, TRUENO_TYPE_FLOAT, 2, 0, 0},
    {"f", TNI_ARROW_SAME, TRUENO_TYPE_FLOAT, 4, 0, 0},
    {"g", TNI_ARROW_SAME, TRUENO_TYPE_DOUBLE, 8, 0, 0},
    {"u", TNI_ARROW_OFFSETS32, TRUENO_TYPE_VARCHAR, 4, 0, 0},
    {"U", TNI_ARROW_OFFSETS64, TRUENO_TYPE_VARCHAR, 8, 0, 0},
    {"vu", TNI_ARROW_VIEWS, TRUENO_TYPE_VARCHAR, 16, 0, 0},
    {"z", TNI_ARROW_OFFSETS32, TRUENO_TYPE_BLOB, 4, 0, 0},
    {"Z", TNI_ARROW_OFFSETS64, TRUENO_TYPE_BLOB, 8, 0, 0},
    {"vz", TNI_ARROW_VIEWS, TRUENO_TYPE_BLOB, 16, 0, 0},
    {"tdD", TNI_ARROW_SAME, TRUENO_TYPE_DATE, 4, 0, 0},
    {"tdm", TNI_ARROW_DAYS_MS, TRUENO_TYPE_DATE, 8, 0, 0},
    {"tts", TNI_ARROW_SCALED, TRUENO_TYPE_TIME, 4, 1000000, 1},
    {"ttm", TNI_ARROW_SCALED, TRUENO_TYPE_TIME, 4, 1000, 1},
    {"ttu", TNI_ARROW_SAME, TRUENO_TYPE_TIME, 8, 0, 0},
    {"ttn", TNI_ARROW_SCALED, TRUENO_TYPE_TIME, 8, 1, 1000},
    {"tDs", TNI_ARROW_DURATION, TRUENO_TYPE_INTERVAL, 8, 1000000, 1},
    {"tDm", TNI_ARROW_DURATION, TRUENO_TYPE_INTERVAL, 8, 1000, 1},
    {"tDu", TNI_ARROW_DURATION, TRUENO_TYPE_INTERVAL, 8, 1, 1},
    {"tDn", TNI_ARROW_DURATION, TRUENO_TYPE_INTERVAL, 8, 1, 1000},
    {"tiM", TNI_ARROW_MONTHS, TRUENO_TYPE_INTERVAL, 4, 0, 0},
    {"tiD", TNI_ARROW_DAYS_TIME, TRUENO_TYPE_INTERVAL, 8, 0, 0},
    {"tin", TNI_ARROW_MONTHS_DAYS, TRUENO_TYPE_INTERVAL, 16, 0, 0},
};

static bool tni_arrow_starts(const char *format, const char *prefix) {
    return strncmp(format, prefix, strlen(prefix)) == 0;
}

/* For the message: what a format we do not read is called. */
static const char *tni_arrow_family(const char *format) {
    static const char *const families[][2] = {
        {"+l", "list"},
        {"+L", "large_list"},
        {"+vl", "list_view"},
        {"+vL", "list_view"},
        {"+w:", "fixed_size_list"},
        {"+s", "struct"},
        {"+m", "map"},
        {"+ud:", "dense union"},
        {"+us:", "sparse union"},
        {"+r", "run-end encoded"},
        {"d:", "decimal of this width"},
    };
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(families); i++) {
        if (tni_arrow_starts(format, families[i][0])) {
            return families[i][1];
        }
    }
    return "unknown type";
}

static trueno_status tni_arrow_refuse(const char *format, const char *column, tni_error *error) {
    return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                    "column \"%s\": Arrow %s (format \"%.40s\") is not supported", column,
                    tni_arrow_family(format), format);
}

/* A decimal number at *at, which moves past it; at most `limit`. */
static bool tni_arrow_number(const char **at, uint32_t limit, uint32_t *out) {
    const char *p = *at;
    uint32_t value = 0;
    if (*p < '0' || *p > '9') {
        return false;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint32_t)(*p - '0');
        if (value > limit) {
            return false;
        }
    }
    *at = p;
    *out = value;
    return true;
}

/* d:precision,scale[,bits] */
static bool tni_arrow_decimal(const char *format, tni_arrow_format *out) {
    const char *at = format + 2;
    uint32_t precision, scale, bits = 128;
    bool same;
    if (!tni_arrow_number(&at, 38, &precision) || *at++ != ',' ||
        !tni_arrow_number(&at, 38, &scale)) {
        return false;
    }
    if (*at == ',') {
        at++;
        if (!tni_arrow_number(&at, 256, &bits)) {
            return false;
        }
    }
    if (*at || precision < 1 || scale > precision || (bits != 32 && bits != 64 && bits != 128)) {
        return false;
    }
    out->type = tni_type_decimal((uint8_t)precision, (uint8_t)scale);
    out->width = bits / 8;
    same = out->width == tni_type_width(out->type);
    out->kind = same ? TNI_ARROW_SAME : TNI_ARROW_DECIMAL;
    return true;
}

/* tsU:zone, U one of s m u n */
static bool tni_arrow_timestamp(const char *format, tni_arrow_format *out) {
    static const trueno_type plain[] = {TRUENO_TYPE_TIMESTAMP_S, TRUENO_TYPE_TIMESTAMP_MS,
                                        TRUENO_TYPE_TIMESTAMP, TRUENO_TYPE_TIMESTAMP_NS};
    static const int64_t multiply[] = {1000000, 1000, 1, 1};
    static const char units[] = "smun";
    const char *unit = strchr(units, format[2]);
    size_t u;
    if (!format[2] || !unit || format[3] != ':') {
        return false;
    }
    u = (size_t)(unit - units);
    out->kind = TNI_ARROW_SAME;
    out->width = 8;
    out->type = tni_type_make(plain[u]);
    if (format[4]) {
        out->type = tni_type_make(TRUENO_TYPE_TIMESTAMP_TZ);
        out->multiply = multiply[u];
        out->divide = u == 3 ? 1000 : 1;
        out->kind = u == 2 ? TNI_ARROW_SAME : TNI_ARROW_SCALED;
    }
    return true;
}

TNI_FN trueno_status tni_arrow_parse_format(const char *format, const char *column,
                                            tni_arrow_format *out, tni_error *error) {
    size_t i;
    memset(out, 0, sizeof *out);
    if (!format) {
        return tni_fail(error, TRUENO_ERROR_INVALID, "column \"%s\": Arrow format is NULL", column);
    }
    for (i = 0; i < TNI_COUNT_OF(tni_arrow_simple_formats); i++) {
        const tni_arrow_simple *simple = &tni_arrow_simple_formats[i];
        if (strcmp(format, simple->format) == 0) {
            out->kind = (tni_arrow_kind)simple->kind;
            out->type = tni_type_make((trueno_type)simple->type);
            out->width = simple->width;
            out->multiply = simple->multiply;
            out->divide = simple->divide;
            return TRUENO_OK;
        }
    }
    if (tni_arrow_starts(format, "d:") && tni_arrow_decimal(format, out)) {
        return TRUENO_OK;
    }
    if (tni_arrow_starts(format, "ts") && tni_arrow_timestamp(format, out)) {
        return TRUENO_OK;
    }
    if (tni_arrow_starts(format, "w:")) {
        const char *at = format + 2;
        out->kind = TNI_ARROW_FIXED_BYTES;
        out->type = tni_type_make(TRUENO_TYPE_BLOB);
        if (tni_arrow_number(&at, INT32_MAX / 10, &out->width) && !*at) {
            return TRUENO_OK;
        }
    }
    return tni_arrow_refuse(format, column, error);
}

TNI_FN bool tni_arrow_parse_index(const char *format, int *width) {
    static const char names[] = "csilCSIL";
    static const int widths[] = {-1, -2, -4, -8, 1, 2, 4, 8};
    const char *found = format && format[0] && !format[1] ? strchr(names, format[0]) : NULL;
    if (found) {
        *width = widths[found - names];
    }
    return found != NULL;
}

/* --------------------------------------------------------------------------------- arrays --- */

static int64_t tni_arrow_buffers_wanted(const tni_arrow_format *format) {
    switch (format->kind) {
    case TNI_ARROW_NULL: return 0;
    case TNI_ARROW_OFFSETS32:
    case TNI_ARROW_OFFSETS64:
    case TNI_ARROW_VIEWS: return 3;
    default: return 2;
    }
}

static trueno_status tni_arrow_bad(const char *column, const char *what, tni_error *error) {
    return tni_fail(error, TRUENO_ERROR_INVALID, "column \"%s\": Arrow array %s", column, what);
}

static trueno_status tni_arrow_view_validity(const struct ArrowArray *array, const char *column,
                                             tni_arrow_view *out, tni_error *error) {
    if (array->null_count == 0 || !array->length) {
        return TRUENO_OK;
    }
    out->validity = (const uint8_t *)array->buffers[0];
    if (!out->validity && array->null_count > 0) {
        return tni_arrow_bad(column, "has NULLs and no validity buffer", error);
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_arrow_view_array(const struct ArrowArray *array,
                                          const tni_arrow_format *format, const char *column,
                                          int64_t parent_offset, int64_t length,
                                          tni_arrow_view *out, tni_error *error) {
    int64_t wanted = tni_arrow_buffers_wanted(format);
    memset(out, 0, sizeof *out);
    if (!array || array->offset < 0 || array->length < 0 || array->null_count < -1 ||
        parent_offset < 0 || length < 0 || length > array->length ||
        parent_offset > array->length - length || array->offset > INT64_MAX / 32 - array->length) {
        return tni_arrow_bad(column, "has an impossible length or offset", error);
    }
    out->start = array->offset + parent_offset;
    out->length = length;
    if (format->kind == TNI_ARROW_NULL) {
        return TRUENO_OK;
    }
    if (array->n_buffers < wanted || !array->buffers ||
        (format->kind != TNI_ARROW_VIEWS && array->n_buffers != wanted)) {
        return tni_arrow_bad(column, "has the wrong number of buffers", error);
    }
    TNI_TRY(tni_arrow_view_validity(array, column, out, error));
    out->data = (const uint8_t *)array->buffers[1];
    if (!out->data && length && format->width + (format->kind == TNI_ARROW_BITS)) {
        return tni_arrow_bad(column, "has a NULL data buffer", error);
    }
    if (format->kind == TNI_ARROW_VIEWS) {
        out->variadic_count = array->n_buffers - 3;
        out->variadic = (const void *const *)array->buffers + 2;
        out->variadic_sizes = (const uint8_t *)array->buffers[array->n_buffers - 1];
        if (out->variadic_count && !out->variadic_sizes) {
            return tni_arrow_bad(column, "has views and no buffer sizes", error);
        }
    } else if (wanted == 3) {
        out->heap = (const uint8_t *)array->buffers[2];
    }
    return TRUENO_OK;
}

TNI_FN void tni_arrow_copy_bits(const uint8_t *bits, uint64_t from, size_t count, uint64_t *out) {
    size_t done = 0;
    if (!bits) {
        tni_bitmap_fill(out, count, true);
        return;
    }
    while (done < count) {
        size_t n = TNI_MIN(count - done, (size_t)64), k;
        const uint8_t *byte = bits + ((from + done) >> 3);
        uint32_t shift = (uint32_t)((from + done) & 7);
        size_t bytes = (shift + n + 7) / 8; /* up to 9 */
        uint64_t word = 0;
        for (k = 0; k < bytes && k < 8; k++) {
            word |= (uint64_t)byte[k] << (8 * k);
        }
        word >>= shift;
        if (bytes == 9) {
            word |= (uint64_t)byte[8] << (64 - shift);
        }
        out[done / 64] = word & tni_low_bits((uint32_t)n);
        done += n;
    }
}
