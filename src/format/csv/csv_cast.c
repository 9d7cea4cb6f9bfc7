/*
 * csv_cast.c - one field's text to one value, in full generality.
 *
 * The slow, complete path: NULL words, decimal commas, thousands separators, date forms, every
 * type. csv_convert.c tries its fast forms first and comes here for the rest; detection and
 * ignore_errors ask the same functions, so all agree on what fits.
 *
 * Uses: csv_parts.h, datetime, text, number.
 */
#include "format/csv/csv_parts.h"

#include "base/number.h"

/* ----------------------------------------------------------------------------- NULL words --- */

static bool tni_csv_is_numeric_start(char c) {
    return tni_is_digit(c) || c == '-' || c == '+' || c == '.';
}

TNI_FN void tni_csv_rules_make(const tni_csv_options *options, tni_csv_rules *out) {
    static const char *const only_empty[1] = {""};
    uint32_t i;
    memset(out, 0, sizeof *out);
    out->null_strings = options->null_set ? options->null_strings : only_empty;
    out->null_count = options->null_set ? options->null_count : 1;
    out->quoted_never_null = options->quoted_never_null;
    out->decimal_separator = options->decimal_separator ? options->decimal_separator : '.';
    out->thousands = options->thousands;
    out->fast = out->decimal_separator == '.' && out->thousands == 0;
    for (i = 0; i < out->null_count; i++) {
        char c = out->null_strings[i][0];
        out->empty_is_null = out->empty_is_null || c == '\0';
        out->fast = out->fast && !tni_csv_is_numeric_start(c);
    }
    out->only_empty = out->empty_is_null && out->null_count == 1;
}

TNI_FN bool tni_csv_is_null(const tni_csv_rules *rules, const tni_csv_format *format,
                            const tni_csv_cell *cell) {
    uint32_t i;
    if (cell->missing) {
        return true;
    }
    if (cell->quoted && rules->quoted_never_null) {
        return false;
    }
    if (cell->length == 0) {
        /* no other type has an empty value */
        return format->type.id != TRUENO_TYPE_VARCHAR ||
               (rules->empty_is_null && !format->not_null);
    }
    if (rules->only_empty || format->not_null) {
        return false;
    }
    for (i = 0; i < rules->null_count; i++) {
        const char *word = rules->null_strings[i];
        if (strlen(word) == cell->length && memcmp(word, cell->data, cell->length) == 0) {
            return true;
        }
    }
    return false;
}

/* -------------------------------------------------------------------------------- numbers --- */

TNI_FN bool tni_csv_plain_number(const tni_csv_rules *rules, const uint8_t *text, size_t length,
                                 tni_text *scratch, const char **out, size_t *out_length) {
    bool fraction = false;
    size_t i;
    *out = (const char *)text;
    *out_length = length;
    if (rules->decimal_separator == '.' && rules->thousands == 0) {
        return true;
    }
    tni_text_clear(scratch);
    for (i = 0; i < length; i++) {
        char c = (char)text[i];
        if (c == rules->decimal_separator) {
            fraction = true;
            tni_text_char(scratch, '.');
        } else if (c == '.' || c == rules->thousands) {
            if (c != rules->thousands || fraction || i == 0) {
                return false;
            }
        } else {
            tni_text_char(scratch, c);
        }
    }
    *out = scratch->data;
    *out_length = scratch->length;
    return !scratch->failed && scratch->length > 0;
}

static bool tni_csv_cast_i128(const char *text, size_t length, tni_i128 *out) {
    return tni_parse_i128(text, length, out) || tni_parse_decimal(text, length, 38, 0, out);
}

static bool tni_csv_cast_integer(trueno_type id, const char *text, size_t length, void *out) {
    /* bits and signedness, TINYINT to UBIGINT */
    static const uint8_t widths[] = {8, 16, 32, 64, 8, 16, 32, 64};
    uint32_t kind = (uint32_t)id - (uint32_t)TRUENO_TYPE_TINYINT, bits = widths[kind];
    tni_i128 value;
    uint64_t low;
    if (!tni_csv_cast_i128(text, length, &value)) {
        return false;
    }
    low = value.low;
    if (kind >= 4) {
        if (value.high != 0 || (bits < 64 && low >> bits != 0)) {
            return false;
        }
    } else {
        int64_t limit = bits == 64 ? INT64_MAX : ((int64_t)1 << (bits - 1)) - 1;
        if (!tni_i128_fits_i64(value) || (int64_t)low > limit || (int64_t)low < -limit - 1) {
            return false;
        }
    }
    switch (bits) {
    case 8: {
        uint8_t v = (uint8_t)low;
        memcpy(out, &v, 1);
        return true;
    }
    case 16: {
        uint16_t v = (uint16_t)low;
        memcpy(out, &v, 2);
        return true;
    }
    case 32: {
        uint32_t v = (uint32_t)low;
        memcpy(out, &v, 4);
        return true;
    }
    default: memcpy(out, &low, 8); return true;
    }
}

static bool tni_csv_cast_decimal(tni_type type, const char *text, size_t length, void *out) {
    tni_i128 value;
    if (!tni_parse_decimal(text, length, type.precision, type.scale, &value)) {
        return false;
    }
    if (type.precision <= 18) {
        int64_t narrow = (int64_t)value.low;
        memcpy(out, &narrow, sizeof narrow);
    } else {
        memcpy(out, &value, sizeof value);
    }
    return true;
}

/* ----------------------------------------------------------------------- dates and times --- */

/* Digits at *at, at most `most`; false when there are none. */
static bool tni_csv_date_part(const char *text, size_t length, size_t *at, size_t most,
                              int *out, size_t *digits) {
    size_t from = *at;
    int value = 0;
    while (*at < length && *at - from < most && tni_is_digit(text[*at])) {
        value = value * 10 + (text[*at] - '0');
        (*at)++;
    }
    *out = value;
    *digits = *at - from;
    return *at > from;
}

TNI_FN bool tni_csv_parse_date(const char *text, size_t length, uint8_t order, int32_t *out) {
    int part[3];
    size_t at = 0, i, digits[3];
    char separator = '\0';
    size_t year = order == TNI_CSV_DATE_YMD ? 0 : 2;
    tni_trim_blanks(&text, &length);
    for (i = 0; i < 3; i++) {
        if (i > 0) {
            char c = at < length ? text[at] : '\0';
            if ((c != '-' && c != '/' && c != '.') || (i == 2 && c != separator)) {
                return false;
            }
            separator = c;
            at++;
        }
        if (!tni_csv_date_part(text, length, &at, i == year ? 4 : 2, &part[i], &digits[i])) {
            return false;
        }
    }
    if (at != length || digits[year] != 4) {
        return false;
    }
    if (order == TNI_CSV_DATE_YMD) {
        return tni_days_from_civil(part[0], part[1], part[2], out);
    }
    return order == TNI_CSV_DATE_DMY ? tni_days_from_civil(part[2], part[1], part[0], out)
                                     : tni_days_from_civil(part[2], part[0], part[1], out);
}

static bool tni_csv_scan_format(const tni_csv_format *format, const char *text, size_t length,
                                int64_t *out) {
    bool matched = false;
    return tni_scan_timestamp(text, length, format->date_format, strlen(format->date_format), out,
                              &matched, NULL) == TRUENO_OK &&
           matched;
}

static bool tni_csv_cast_date(const tni_csv_format *format, const char *text, size_t length,
                              void *out) {
    int32_t days = 0;
    if (format->date_format != NULL) {
        int64_t us, remainder;
        if (!tni_csv_scan_format(format, text, length, &us)) {
            return false;
        }
        remainder = us % TNI_US_PER_DAY;
        days = (int32_t)((us - remainder) / TNI_US_PER_DAY - (remainder < 0));
    } else if (!tni_csv_parse_date(text, length, format->date_order, &days) &&
               (format->date_order != TNI_CSV_DATE_YMD || !tni_parse_date(text, length, &days))) {
        return false;
    }
    memcpy(out, &days, sizeof days);
    return true;
}

static int64_t tni_csv_floor_divide(int64_t v, int64_t by) {
    int64_t q = v / by;
    return q - (v % by < 0);
}

/* A timestamp whose date has '/' or '.': ISO otherwise. */
static bool tni_csv_parse_timestamp(const char *text, size_t length, int64_t *us) {
    char copy[64];
    size_t i;
    if (tni_parse_timestamp(text, length, us, NULL)) {
        return true;
    }
    tni_trim_blanks(&text, &length);
    if (length >= sizeof copy || length < 8) {
        return false;
    }
    for (i = 0; i < length; i++) {
        copy[i] = i < 8 && (text[i] == '/' || text[i] == '.') ? '-' : text[i];
    }
    return tni_parse_timestamp(copy, length, us, NULL);
}

static bool tni_csv_cast_timestamp(const tni_csv_format *format, const char *text, size_t length,
                                   void *out) {
    int64_t v;
    if (format->date_format != NULL) {
        if (!tni_csv_scan_format(format, text, length, &v)) {
            return false;
        }
        if (format->type.id == TRUENO_TYPE_TIMESTAMP_NS) {
            if (v > INT64_MAX / 1000 || v < INT64_MIN / 1000) {
                return false;
            }
            v *= 1000;
        }
    } else if (format->type.id == TRUENO_TYPE_TIMESTAMP_NS) {
        if (!tni_parse_timestamp_ns(text, length, &v, NULL)) {
            return false;
        }
    } else if (!tni_csv_parse_timestamp(text, length, &v)) {
        return false;
    }
    if (v != INT64_MAX && v != -INT64_MAX) { /* the infinities have no unit */
        if (format->type.id == TRUENO_TYPE_TIMESTAMP_S) {
            v = tni_csv_floor_divide(v, 1000000);
        } else if (format->type.id == TRUENO_TYPE_TIMESTAMP_MS) {
            v = tni_csv_floor_divide(v, 1000);
        }
    }
    memcpy(out, &v, sizeof v);
    return true;
}

/* ------------------------------------------------------------------------------ every type --- */

TNI_FN bool tni_csv_cast(const tni_csv_rules *rules, const tni_csv_format *format,
                         const uint8_t *cell, size_t length, tni_text *scratch, void *out) {
    const char *text = (const char *)cell;
    trueno_type id = (trueno_type)format->type.id;
    if (tni_type_is_numeric(format->type) &&
        !tni_csv_plain_number(rules, cell, length, scratch, &text, &length)) {
        return false;
    }
    switch (id) {
    case TRUENO_TYPE_BOOLEAN: {
        bool v;
        uint8_t byte;
        if (!tni_parse_bool(text, length, &v)) {
            return false;
        }
        byte = v ? 1 : 0;
        memcpy(out, &byte, 1);
        return true;
    }
    case TRUENO_TYPE_HUGEINT: {
        tni_i128 v;
        if (!tni_csv_cast_i128(text, length, &v)) {
            return false;
        }
        memcpy(out, &v, sizeof v);
        return true;
    }
    case TRUENO_TYPE_FLOAT: {
        float v;
        if (!tni_parse_float(text, length, &v)) {
            return false;
        }
        memcpy(out, &v, sizeof v);
        return true;
    }
    case TRUENO_TYPE_DOUBLE: {
        double v;
        if (!tni_parse_double(text, length, &v)) {
            return false;
        }
        memcpy(out, &v, sizeof v);
        return true;
    }
    case TRUENO_TYPE_DECIMAL: return tni_csv_cast_decimal(format->type, text, length, out);
    case TRUENO_TYPE_DATE: return tni_csv_cast_date(format, text, length, out);
    case TRUENO_TYPE_TIME: {
        int64_t v;
        if (!tni_parse_time(text, length, &v)) {
            return false;
        }
        memcpy(out, &v, sizeof v);
        return true;
    }
    case TRUENO_TYPE_TIMESTAMP_S:
    case TRUENO_TYPE_TIMESTAMP_MS:
    case TRUENO_TYPE_TIMESTAMP:
    case TRUENO_TYPE_TIMESTAMP_NS:
    case TRUENO_TYPE_TIMESTAMP_TZ: return tni_csv_cast_timestamp(format, text, length, out);
    case TRUENO_TYPE_INTERVAL: {
        tni_interval v;
        if (!tni_parse_interval(text, length, &v)) {
            return false;
        }
        memcpy(out, &v, sizeof v);
        return true;
    }
    default:
        if (id >= TRUENO_TYPE_TINYINT && id <= TRUENO_TYPE_UBIGINT) {
            return tni_csv_cast_integer(id, text, length, out);
        }
        return false;
    }
}

/* ------------------------------------------------------------------------------- type names --- */

TNI_FN bool tni_csv_type_parse(const char *name, tni_type *out) {
    size_t length = strlen(name), word = 0;
    const char *text = name;
    uint32_t number[2] = {18, 3}, count = 0;
    tni_trim_blanks(&text, &length);
    while (word < length && text[word] != '(') {
        word++;
    }
    if (word == length) {
        return tni_type_by_name(text, length, out);
    }
    if (text[length - 1] != ')') {
        return false;
    }
    {
        size_t at = word + 1, name_length = word;
        while (at < length - 1) {
            uint32_t v = 0;
            size_t from;
            while (text[at] == ' ' || text[at] == ',') {
                at++;
            }
            from = at;
            while (tni_is_digit(text[at]) && at - from < 3) {
                v = v * 10 + (uint32_t)(text[at++] - '0');
            }
            if (at == from || count == 2) {
                return false;
            }
            number[count++] = v;
            while (text[at] == ' ') {
                at++;
            }
        }
        tni_trim_blanks(&text, &name_length);
        if (!tni_type_by_name(text, name_length, out)) {
            return false;
        }
    }
    if (out->id == TRUENO_TYPE_VARCHAR) { /* VARCHAR(10) has no length limit */
        return count == 1;
    }
    if (count == 1) {
        number[1] = 0;
    }
    if (out->id != TRUENO_TYPE_DECIMAL || count == 0 || number[0] < 1 || number[0] > 38 ||
        number[1] > number[0]) {
        return false;
    }
    *out = tni_type_decimal((uint8_t)number[0], (uint8_t)number[1]);
    return true;
}
