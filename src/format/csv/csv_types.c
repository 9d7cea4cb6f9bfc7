/*
 * csv_types.c - which types a column's sample allows.
 *
 * Every value gives the set of types it could be; a column's candidates are the intersection, so
 * the order of rows does not matter. The rules keep text that a number would lose: leading
 * zeros, a plus sign, words for NULL. A day and a month are told apart only by proof: some value
 * above 12 in the whole sample; without it the column stays text.
 *
 * Uses: csv_sniff.h, datetime, number.
 */
#include "format/csv/csv_sniff.h"

#include "base/number.h"

static bool tni_csv_word_is(const char *text, size_t length, const char *word) {
    return tni_name_equal_n(text, length, word, strlen(word));
}

/* true/false, t/f, yes/no; not y/n, on/off, 0/1 */
static bool tni_csv_is_bool_word(const char *text, size_t length) {
    static const char *const words[] = {"true", "false", "t", "f", "yes", "no"};
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(words); i++) {
        if (tni_csv_word_is(text, length, words[i])) {
            return true;
        }
    }
    return false;
}

static bool tni_csv_is_special_number(const char *text, size_t length) {
    static const char *const words[] = {"inf", "infinity", "nan"};
    size_t i;
    if (length > 0 && text[0] == '-') {
        text++;
        length--;
    }
    for (i = 0; i < TNI_COUNT_OF(words); i++) {
        if (tni_csv_word_is(text, length, words[i])) {
            return true;
        }
    }
    return false;
}

/* [-]digits[.digits][e..] without superfluous zeros. */
static uint32_t tni_csv_number_kinds(const char *text, size_t length) {
    size_t at = length > 0 && text[0] == '-' ? 1 : 0, digits = at;
    int64_t narrow;
    tni_i128 wide;
    double value;
    while (at < length && tni_is_digit(text[at])) {
        at++;
    }
    if (at - digits > 1 && text[digits] == '0') {
        return 0;
    }
    if (at == length) {
        if (at == digits) {
            return 0;
        }
        if (tni_parse_i64(text, length, &narrow)) {
            return TNI_CSV_KIND_INT | TNI_CSV_KIND_HUGE | TNI_CSV_KIND_DOUBLE;
        }
        return tni_parse_i128(text, length, &wide) ? TNI_CSV_KIND_HUGE | TNI_CSV_KIND_DOUBLE
                                                   : TNI_CSV_KIND_DOUBLE;
    }
    if (text[at] != '.' && text[at] != 'e' && text[at] != 'E') {
        return 0;
    }
    for (; at < length; at++) {
        char c = text[at];
        if (!tni_is_digit(c) && c != '.' && c != 'e' && c != 'E' && c != '-' && c != '+') {
            return 0;
        }
    }
    return tni_parse_double(text, length, &value) ? TNI_CSV_KIND_DOUBLE | TNI_CSV_SEEN_REAL : 0;
}

static uint32_t tni_csv_date_kinds(const char *text, size_t length) {
    int32_t days;
    uint32_t kinds = 0;
    if (tni_csv_parse_date(text, length, TNI_CSV_DATE_YMD, &days)) {
        return TNI_CSV_KIND_YMD;
    }
    if (tni_csv_parse_date(text, length, TNI_CSV_DATE_DMY, &days)) {
        kinds |= TNI_CSV_KIND_DMY;
    }
    if (tni_csv_parse_date(text, length, TNI_CSV_DATE_MDY, &days)) {
        kinds |= TNI_CSV_KIND_MDY;
    }
    return kinds;
}

static uint32_t tni_csv_clock_kinds(const tni_csv_sampling *sampling, const char *text,
                                    size_t length, tni_text *scratch) {
    int64_t us;
    bool zone = false;
    tni_csv_format format = TNI_ZERO;
    const char *colon = (const char *)memchr(text, ':', length);
    if (colon == NULL) {
        return 0;
    }
    if (colon - text <= 2) {
        return tni_parse_time(text, length, &us) ? TNI_CSV_KIND_TIME : 0;
    }
    if (tni_parse_timestamp(text, length, &us, &zone)) {
        return zone ? TNI_CSV_KIND_TSTZ : TNI_CSV_KIND_TS | TNI_CSV_KIND_TSTZ;
    }
    format.type = tni_type_make(TRUENO_TYPE_TIMESTAMP);
    return tni_csv_cast(sampling->rules, &format, (const uint8_t *)text, length, scratch, &us)
               ? TNI_CSV_KIND_TS
               : 0;
}

static uint32_t tni_csv_given_kinds(const tni_csv_sampling *sampling, const char *text,
                                    size_t length) {
    uint32_t kinds = 0;
    int64_t us;
    bool matched = false;
    if (sampling->date_format != NULL &&
        tni_scan_timestamp(text, length, sampling->date_format, strlen(sampling->date_format),
                           &us, &matched, NULL) == TRUENO_OK &&
        matched) {
        kinds |= TNI_CSV_KIND_YMD;
    }
    matched = false;
    if (sampling->timestamp_format != NULL &&
        tni_scan_timestamp(text, length, sampling->timestamp_format,
                           strlen(sampling->timestamp_format), &us, &matched, NULL) ==
            TRUENO_OK &&
        matched) {
        kinds |= TNI_CSV_KIND_TS;
    }
    return kinds;
}

TNI_FN uint32_t tni_csv_kinds_of(const tni_csv_sampling *sampling, const uint8_t *cell,
                                 size_t size, tni_text *scratch) {
    const char *text = (const char *)cell, *number;
    size_t length = size, number_length;
    uint32_t kinds;
    tni_trim_blanks(&text, &length);
    if (length == 0 || length > 64) {
        return 0;
    }
    kinds = tni_csv_given_kinds(sampling, text, length);
    if (!tni_is_digit(text[0]) && text[0] != '-' && text[0] != '.' &&
        text[0] != sampling->rules->decimal_separator) {
        if (tni_csv_is_bool_word(text, size == length ? length : 0)) {
            return kinds | TNI_CSV_KIND_BOOL;
        }
        return kinds | (tni_csv_is_special_number(text, length) ? TNI_CSV_KIND_DOUBLE : 0);
    }
    if (tni_csv_plain_number(sampling->rules, (const uint8_t *)text, length, scratch, &number,
                             &number_length)) {
        uint32_t found = tni_csv_number_kinds(number, number_length);
        if (found != 0) {
            return kinds | found | TNI_CSV_SEEN_NUMBER;
        }
    }
    if (text[0] == '-') {
        return kinds | (tni_csv_is_special_number(text, length) ? TNI_CSV_KIND_DOUBLE : 0);
    }
    if (sampling->date_format == NULL) {
        kinds |= tni_csv_date_kinds(text, length);
    }
    if (sampling->timestamp_format == NULL) {
        kinds |= tni_csv_clock_kinds(sampling, text, length, scratch);
    }
    return kinds;
}

TNI_FN void tni_csv_column_add(tni_csv_column_sample *column, uint32_t kinds) {
    column->possible = column->values == 0 ? kinds & TNI_CSV_KINDS : column->possible & kinds;
    column->seen |= kinds & ~TNI_CSV_KINDS;
    column->values++;
}

TNI_FN void tni_csv_column_type(const tni_csv_sampling *sampling,
                                const tni_csv_column_sample *column, tni_csv_format *out) {
    uint32_t possible = column->possible;
    bool number = (column->seen & TNI_CSV_SEEN_NUMBER) != 0;
    out->type = tni_type_make(TRUENO_TYPE_VARCHAR);
    out->date_order = TNI_CSV_DATE_YMD;
    out->date_format = NULL;
    if (column->values == 0) {
        return;
    }
    if (possible & TNI_CSV_KIND_BOOL) {
        out->type = tni_type_make(TRUENO_TYPE_BOOLEAN);
    } else if (possible & TNI_CSV_KIND_INT) {
        out->type = tni_type_make(TRUENO_TYPE_BIGINT);
    } else if (possible & TNI_CSV_KIND_HUGE) {
        out->type = tni_type_make(TRUENO_TYPE_HUGEINT);
    } else if ((possible & TNI_CSV_KIND_DOUBLE) && number) {
        out->type = tni_type_make(TRUENO_TYPE_DOUBLE);
    } else if (possible & TNI_CSV_KIND_TIME) {
        out->type = tni_type_make(TRUENO_TYPE_TIME);
    } else if (possible & TNI_CSV_KIND_YMD) {
        out->type = tni_type_make(TRUENO_TYPE_DATE);
        out->date_format = sampling->date_format;
    } else if ((possible & TNI_CSV_KIND_DATES) == TNI_CSV_KIND_DMY) {
        out->type = tni_type_make(TRUENO_TYPE_DATE);
        out->date_order = TNI_CSV_DATE_DMY;
    } else if ((possible & TNI_CSV_KIND_DATES) == TNI_CSV_KIND_MDY) {
        out->type = tni_type_make(TRUENO_TYPE_DATE);
        out->date_order = TNI_CSV_DATE_MDY;
    } else if (possible & TNI_CSV_KIND_TS) {
        out->type = tni_type_make(TRUENO_TYPE_TIMESTAMP);
        out->date_format = sampling->timestamp_format;
    } else if (possible & TNI_CSV_KIND_TSTZ) {
        out->type = tni_type_make(TRUENO_TYPE_TIMESTAMP_TZ);
    }
}

/* Whether a value of these kinds is a value of the column's type: not so for a header's names. */
TNI_FN bool tni_csv_kinds_match(const tni_csv_format *format, uint32_t kinds) {
    switch (format->type.id) {
    case TRUENO_TYPE_BOOLEAN: return (kinds & TNI_CSV_KIND_BOOL) != 0;
    case TRUENO_TYPE_BIGINT: return (kinds & TNI_CSV_KIND_INT) != 0;
    case TRUENO_TYPE_HUGEINT: return (kinds & TNI_CSV_KIND_HUGE) != 0;
    case TRUENO_TYPE_DOUBLE: return (kinds & TNI_CSV_KIND_DOUBLE) != 0;
    case TRUENO_TYPE_TIME: return (kinds & TNI_CSV_KIND_TIME) != 0;
    case TRUENO_TYPE_DATE: return (kinds & TNI_CSV_KIND_DATES) != 0;
    case TRUENO_TYPE_TIMESTAMP: return (kinds & TNI_CSV_KIND_TS) != 0;
    case TRUENO_TYPE_TIMESTAMP_TZ: return (kinds & TNI_CSV_KIND_TSTZ) != 0;
    default: return true;
    }
}
