/*
 * datetime.c - civil calendar, dates, times and timestamps to text and back.
 *
 * Calendar conversion shifts the epoch by a multiple of 400 years so that everything is
 * unsigned, counts years from March and replaces divisions by multiply-shift pairs (C. Neri, L.
 * Schneider, "Euclidean affine functions and their application to calendar algorithms", 2022).
 *
 * Text forms are DuckDB's: 2024-01-31, 0044-03-15 (BC), 12:00:00[.ffffff], and for timestamps
 * both with a blank between. A timestamp text becomes days, nanoseconds of the day and a zone
 * offset first; the unit is applied last, with overflow checks. Zones are numeric offsets, Z,
 * UTC and GMT; names of places are not understood.
 *
 * Uses: number.h.
 */
#include "base/datetime.h"

#include "base/number.h"

/* 400-year cycles added so that int32 days are never negative, and their days */
#define TNI_CYCLES UINT64_C(14700)
#define TNI_CYCLE_DAYS UINT64_C(146097)
/* days from 0000-03-01 to 1970-01-01 after the shift */
#define TNI_EPOCH_SHIFT (UINT64_C(719468) + TNI_CYCLES * TNI_CYCLE_DAYS)

#define TNI_DATE_INFINITY INT32_MAX
#define TNI_TIMESTAMP_INFINITY INT64_MAX
/* whole days whose microseconds (nanoseconds) fit int64 with any time of day before the end */
#define TNI_TIMESTAMP_DAYS INT64_C(106751991)
#define TNI_TIMESTAMP_NS_DAYS INT64_C(106751)

/* ------------------------------------------------------------------------------- calendar --- */

static int tni_month_days(int64_t year, int month) {
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month == 2) {
        return leap ? 29 : 28;
    }
    return 30 | (month ^ (month >> 3));
}

TNI_FN bool tni_days_from_civil(int64_t year, int month, int day, int32_t *out) {
    uint64_t shifted, century, early, days;
    int64_t result;
    *out = 0;
    if (year < -5877700 || year > 5881600 || month < 1 || month > 12 || day < 1 ||
        day > tni_month_days(year, month)) {
        return false;
    }
    early = month <= 2 ? 1u : 0u;
    shifted = (uint64_t)(year + (int64_t)(400 * TNI_CYCLES)) - early;
    century = shifted / 100;
    days = 1461 * shifted / 4 - century + century / 4;
    days += (979 * ((uint64_t)month + 12 * early) - 2919) / 32 + (uint64_t)day - 1;
    result = (int64_t)days - (int64_t)TNI_EPOCH_SHIFT;
    if (result <= -TNI_DATE_INFINITY || result >= TNI_DATE_INFINITY) {
        return false;
    }
    *out = (int32_t)result;
    return true;
}

TNI_FN void tni_civil_from_days(int32_t days, int32_t *year, int32_t *month, int32_t *day) {
    uint64_t n = (uint64_t)((int64_t)days + (int64_t)TNI_EPOCH_SHIFT);
    uint64_t century = (4 * n + 3) / TNI_CYCLE_DAYS;
    uint64_t quarter = ((4 * n + 3) % TNI_CYCLE_DAYS) | 3;
    uint64_t product = 2939745 * quarter; /* 2^32 / 1461 */
    uint32_t of_century = (uint32_t)(product >> 32);
    uint32_t of_year = (uint32_t)product / 2939745 / 4;
    uint32_t scaled = 2141 * of_year + 197913;
    int32_t next = of_year >= 306;
    *year = (int32_t)((int64_t)(100 * century + of_century) - (int64_t)(400 * TNI_CYCLES)) + next;
    *month = (int32_t)(scaled >> 16) - 12 * next;
    *day = (int32_t)((scaled & 0xffff) / 2141) + 1;
}

static bool tni_date_is_infinite(int32_t days) {
    return days == TNI_DATE_INFINITY || days <= -TNI_DATE_INFINITY;
}

static bool tni_datetime_us_is_infinite(int64_t v) {
    return v == TNI_TIMESTAMP_INFINITY || v <= -TNI_TIMESTAMP_INFINITY;
}

TNI_FN bool tni_date_add_months(int32_t days, int32_t months, int32_t *out) {
    int32_t year, month, day, last;
    int64_t total, to_year;
    if (tni_date_is_infinite(days) || months == 0) {
        *out = days;
        return true;
    }
    tni_civil_from_days(days, &year, &month, &day);
    total = (int64_t)year * 12 + (month - 1) + months;
    to_year = total >= 0 ? total / 12 : -((11 - total) / 12);
    month = (int32_t)(total - to_year * 12) + 1;
    last = tni_month_days(to_year, month);
    return tni_days_from_civil(to_year, month, TNI_MIN(day, last), out);
}

static bool tni_add_checked(int64_t a, int64_t b, int64_t *out) {
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) {
        *out = 0;
        return false;
    }
    *out = a + b;
    return true;
}

/* Split `v` into whole days, rounding down, and the rest. */
static int64_t tni_split_days(int64_t v, int64_t per_day, int64_t *rest) {
    int64_t days = v / per_day;
    *rest = v - days * per_day;
    if (*rest < 0) {
        *rest += per_day;
        days--;
    }
    return days;
}

/* days * per_day + rest where only the sum has to fit. */
static bool tni_timestamp_join(int64_t days, int64_t rest, int64_t per_day, int64_t limit,
                               int64_t *out) {
    int64_t extra = tni_split_days(rest, per_day, &rest);
    days += extra;
    *out = 0;
    if (days < -limit - 1 || days > limit) {
        return false;
    }
    if (days < 0) {
        days++;
        rest -= per_day;
    }
    return tni_add_checked(days * per_day, rest, out) && !tni_datetime_us_is_infinite(*out);
}

TNI_FN bool tni_timestamp_add(int64_t us, tni_interval interval, int64_t *out) {
    int64_t rest, days;
    int32_t shifted;
    *out = us;
    if (tni_datetime_us_is_infinite(us)) {
        return true;
    }
    days = tni_split_days(us, TNI_US_PER_DAY, &rest);
    if (interval.months != 0) {
        if (!tni_date_add_months((int32_t)days, interval.months, &shifted)) {
            return false;
        }
        days = shifted;
    }
    return tni_timestamp_join(days + interval.days, rest, TNI_US_PER_DAY, TNI_TIMESTAMP_DAYS,
                              out) &&
           tni_add_checked(*out, interval.microseconds, out) && !tni_datetime_us_is_infinite(*out);
}

/* -------------------------------------------------------------------------------- parsing --- */

/* A cursor over text; every reader leaves it untouched when it fails. */
typedef struct tni_date_cursor {
    const char *p;
    const char *end;
} tni_date_cursor;

/* Up to `most` digits; how many there were. */
static uint32_t tni_date_cursor_digits(tni_date_cursor *c, uint32_t most, int64_t *out) {
    uint32_t count = 0;
    int64_t value = 0;
    while (count < most && c->p < c->end && tni_is_digit(*c->p)) {
        value = value * 10 + (*c->p++ - '0');
        count++;
    }
    *out = value;
    return count;
}

static bool tni_date_cursor_char(tni_date_cursor *c, char expected) {
    if (c->p < c->end && *c->p == expected) {
        c->p++;
        return true;
    }
    return false;
}

static void tni_date_cursor_blanks(tni_date_cursor *c) {
    while (c->p < c->end && (*c->p == ' ' || (*c->p >= '\t' && *c->p <= '\r'))) {
        c->p++;
    }
}

/* A word in any case. */
static bool tni_date_cursor_word(tni_date_cursor *c, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(c->end - c->p) < length || !tni_name_equal_n(c->p, length, word, length)) {
        return false;
    }
    c->p += length;
    return true;
}

/* [-]Y..-M[M]-D[D][ (BC)], also with '/', '\' or ' ' twice as the separator */
static bool tni_date_cursor_date(tni_date_cursor *c, int32_t *out) {
    tni_date_cursor at = *c, after;
    bool negative = tni_date_cursor_char(&at, '-');
    int64_t year, month, day;
    char separator;
    *out = 0;
    if (tni_date_cursor_digits(&at, 8, &year) == 0 || at.p == at.end) {
        return false;
    }
    separator = *at.p++;
    if (separator != '-' && separator != '/' && separator != ' ' && separator != '\\') {
        return false;
    }
    if (tni_date_cursor_digits(&at, 2, &month) == 0 || !tni_date_cursor_char(&at, separator) ||
        tni_date_cursor_digits(&at, 2, &day) == 0 || (at.p < at.end && tni_is_digit(*at.p))) {
        return false;
    }
    year = negative ? -year : year;
    after = at;
    tni_date_cursor_blanks(&after);
    if (tni_date_cursor_word(&after, "(bc)")) {
        if (negative || year == 0) {
            return false;
        }
        year = 1 - year;
        at = after;
    }
    *c = at;
    return tni_days_from_civil(year, (int)month, (int)day, out);
}

/* Fraction digits after the point as nanoseconds; digits past the ninth are dropped. */
static int64_t tni_date_cursor_fraction(tni_date_cursor *c) {
    int64_t value;
    uint32_t count = tni_date_cursor_digits(c, 9, &value);
    for (; count < 9; count++) {
        value *= 10;
    }
    while (c->p < c->end && tni_is_digit(*c->p)) {
        c->p++;
    }
    return value;
}

/* H[H]:M[M][:S[S][.f..]], to 24:00:00 */
static bool tni_date_cursor_time(tni_date_cursor *c, int64_t *out_ns) {
    tni_date_cursor at = *c;
    int64_t hour, minute, second = 0, fraction = 0;
    *out_ns = 0;
    if (tni_date_cursor_digits(&at, 2, &hour) == 0 || !tni_date_cursor_char(&at, ':') ||
        tni_date_cursor_digits(&at, 2, &minute) == 0) {
        return false;
    }
    if (tni_date_cursor_char(&at, ':')) {
        if (tni_date_cursor_digits(&at, 2, &second) == 0) {
            return false;
        }
        if (tni_date_cursor_char(&at, '.')) {
            fraction = tni_date_cursor_fraction(&at);
        }
    }
    if (minute > 59 || second > 59 || hour > 24 ||
        (hour == 24 && (minute | second | fraction) != 0)) {
        return false;
    }
    *c = at;
    *out_ns = ((hour * 60 + minute) * 60 + second) * 1000000000 + fraction;
    return true;
}

/* Z, UTC, GMT, or (+|-)HH[[:]MM[[:]SS]]; no zone at all is fine and leaves *has alone. */
static bool tni_date_cursor_zone(tni_date_cursor *c, int64_t *out_seconds, bool *has) {
    static const struct {
        char name[4];
        int64_t hours;
    } zones[] = {{"utc", 0}, {"gmt", 0}, {"est", -5}, {"mst", -7}, {"hst", -10}};
    tni_date_cursor at = *c;
    bool negative;
    int64_t part, seconds, unit;
    size_t i;
    *out_seconds = 0;
    tni_date_cursor_blanks(&at);
    if (at.p == at.end) {
        *c = at;
        return true;
    }
    *has = true;
    if (tni_date_cursor_char(&at, 'Z')) {
        *c = at;
        return true;
    }
    for (i = 0; i < TNI_COUNT_OF(zones); i++) {
        if (tni_date_cursor_word(&at, zones[i].name)) {
            *out_seconds = zones[i].hours * 3600;
            *c = at;
            return true;
        }
    }
    negative = tni_date_cursor_char(&at, '-');
    if ((!negative && !tni_date_cursor_char(&at, '+')) ||
        tni_date_cursor_digits(&at, 2, &part) != 2) {
        return false;
    }
    seconds = part * 3600;
    for (unit = 60; unit >= 1 && at.p < at.end; unit /= 60) {
        (void)tni_date_cursor_char(&at, ':');
        if (tni_date_cursor_digits(&at, 2, &part) != 2 || part > 59) {
            return false;
        }
        seconds += part * unit;
    }
    *out_seconds = negative ? -seconds : seconds;
    *c = at;
    return true;
}

static bool tni_parse_infinity(const char *text, size_t length, bool *negative) {
    *negative = length > 0 && *text == '-';
    if (*negative) {
        text++;
        length--;
    }
    return tni_name_equal_n(text, length, "infinity", 8) ||
           tni_name_equal_n(text, length, "inf", 3);
}

/* Fixed fields, eight characters a step: xor with the pattern leaves digits as 0 .. 9 and
 * separators as 0, one addition carries everything else into the bytes' top bits. *pairs gets
 * ten times each byte plus the next: two-digit numbers at the bytes where they begin. */
static bool tni_parse_pattern(const char *p, const char *pattern, uint64_t limits,
                              uint64_t *pairs) {
    uint64_t v = tni_load_text8(p) ^ tni_load_text8(pattern);
    *pairs = v * 10 + (v >> 8);
    return ((v | (v + limits)) & UINT64_C(0x8080808080808080)) == 0;
}

static uint32_t tni_pair_at(uint64_t pairs, uint32_t byte) {
    return (uint32_t)(pairs >> (8 * byte)) & 0xff;
}

/* YYYY-MM-DD */
static bool tni_parse_date_fixed(const char *p, int32_t *out) {
    uint64_t pairs;
    uint32_t tens = (uint32_t)(uint8_t)p[8] - '0', ones = (uint32_t)(uint8_t)p[9] - '0';
    return tni_parse_pattern(p, "0000-00-", UINT64_C(0x7f76767f76767676), &pairs) && tens < 10 &&
           ones < 10 &&
           tni_days_from_civil(tni_pair_at(pairs, 0) * 100 + tni_pair_at(pairs, 2),
                               (int)tni_pair_at(pairs, 5), (int)(tens * 10 + ones), out);
}

TNI_FN bool tni_parse_date(const char *text, size_t length, int32_t *out) {
    tni_date_cursor c;
    bool negative;
    if (length == 10 && tni_parse_date_fixed(text, out)) {
        return true;
    }
    tni_trim_blanks(&text, &length);
    c.p = text;
    c.end = text + length;
    if (tni_date_cursor_date(&c, out)) {
        return c.p == c.end;
    }
    if (tni_parse_infinity(text, length, &negative)) {
        *out = negative ? -TNI_DATE_INFINITY : TNI_DATE_INFINITY;
        return true;
    }
    return tni_name_equal_n(text, length, "epoch", 5);
}

TNI_FN bool tni_parse_time(const char *text, size_t length, int64_t *out_us) {
    tni_date_cursor c;
    int64_t ns;
    bool good;
    tni_trim_blanks(&text, &length);
    c.p = text;
    c.end = text + length;
    good = tni_date_cursor_time(&c, &ns) && c.p == c.end;
    *out_us = good ? ns / 1000 : 0;
    return good;
}

/* A timestamp's parts before a unit is chosen. */
typedef struct tni_timestamp_parts {
    int64_t days;
    int64_t ns;     /* since midnight, as written */
    int64_t offset; /* seconds east of UTC */
    int infinity;   /* -1, 0, 1 */
    bool has_zone;
} tni_timestamp_parts;

static bool tni_parse_timestamp_parts(const char *text, size_t length, tni_timestamp_parts *out) {
    tni_date_cursor c;
    int32_t days;
    bool negative;
    memset(out, 0, sizeof *out);
    tni_trim_blanks(&text, &length);
    c.p = text;
    c.end = text + length;
    if (!tni_date_cursor_date(&c, &days)) {
        if (tni_parse_infinity(text, length, &negative)) {
            out->infinity = negative ? -1 : 1;
            return true;
        }
        return tni_name_equal_n(text, length, "epoch", 5);
    }
    out->days = days;
    if (c.p == c.end) {
        return true;
    }
    if (*c.p == ' ') {
        tni_date_cursor_blanks(&c);
    } else if (!tni_date_cursor_char(&c, 'T')) {
        return false;
    }
    return tni_date_cursor_time(&c, &out->ns) &&
           tni_date_cursor_zone(&c, &out->offset, &out->has_zone) && c.p == c.end;
}

static bool tni_timestamp_finish(const tni_timestamp_parts *parts, bool nanoseconds, int64_t *out) {
    int64_t unit = nanoseconds ? 1000000000 : 1000000;
    if (parts->infinity != 0) {
        *out = parts->infinity < 0 ? -TNI_TIMESTAMP_INFINITY : TNI_TIMESTAMP_INFINITY;
        return true;
    }
    return tni_timestamp_join(
        parts->days, (nanoseconds ? parts->ns : parts->ns / 1000) - parts->offset * unit,
        86400 * unit, nanoseconds ? TNI_TIMESTAMP_NS_DAYS : TNI_TIMESTAMP_DAYS, out);
}

/* YYYY-MM-DD(T| )HH:MM:SS[.f..] with every character in its place: what files mostly hold. */
static bool tni_parse_timestamp_fixed(const char *p, size_t length, int64_t *out_us) {
    uint64_t pairs;
    uint32_t hour, minute, second, i;
    int32_t days;
    int64_t fraction = 0;
    if (length < 19 || length > 26 || !tni_parse_date_fixed(p, &days) ||
        (p[10] != ' ' && p[10] != 'T') ||
        !tni_parse_pattern(p + 11, "00:00:00", UINT64_C(0x76767f76767f7676), &pairs)) {
        return false;
    }
    hour = tni_pair_at(pairs, 0);
    minute = tni_pair_at(pairs, 3);
    second = tni_pair_at(pairs, 6);
    if (hour > 23 || minute > 59 || second > 59 || length == 20) {
        return false;
    }
    if (length > 19) {
        if (p[19] != '.') {
            return false;
        }
        for (i = 20; i < 26; i++) {
            uint32_t digit = i < length ? (uint32_t)(uint8_t)p[i] - '0' : 0;
            if (digit > 9) {
                return false;
            }
            fraction = fraction * 10 + digit;
        }
    }
    *out_us =
        days * TNI_US_PER_DAY + ((hour * 60 + minute) * 60 + second) * TNI_US_PER_SECOND + fraction;
    return true;
}

TNI_FN bool tni_parse_timestamp(const char *text, size_t length, int64_t *out_us, bool *has_zone) {
    tni_timestamp_parts parts;
    bool good;
    *out_us = 0;
    if (has_zone != NULL) {
        *has_zone = false;
    }
    if (tni_parse_timestamp_fixed(text, length, out_us)) {
        return true;
    }
    good = tni_parse_timestamp_parts(text, length, &parts);
    if (has_zone != NULL) {
        *has_zone = parts.has_zone;
    }
    return good && tni_timestamp_finish(&parts, false, out_us);
}

TNI_FN bool tni_parse_timestamp_ns(const char *text, size_t length, int64_t *out_ns,
                                   bool *has_zone) {
    tni_timestamp_parts parts;
    bool good = tni_parse_timestamp_parts(text, length, &parts);
    *out_ns = 0;
    if (has_zone != NULL) {
        *has_zone = parts.has_zone;
    }
    return good && tni_timestamp_finish(&parts, true, out_ns);
}

TNI_FN bool tni_parse_timestamp_local(const char *text, size_t length, int64_t *out_us) {
    tni_timestamp_parts parts;
    *out_us = 0;
    if (tni_parse_timestamp_fixed(text, length, out_us)) {
        return true;
    }
    if (!tni_parse_timestamp_parts(text, length, &parts)) {
        return false;
    }
    parts.offset = 0;
    return tni_timestamp_finish(&parts, false, out_us);
}

/* ------------------------------------------------------------------------------- printing --- */

static size_t tni_print_infinity(bool negative, char *out) {
    memcpy(out, negative ? "-infinity" : "infinity", negative ? 10 : 9);
    return negative ? 9 : 8;
}

/* The date without a NUL; *bc tells that " (BC)" belongs behind it. */
static size_t tni_put_date(int32_t days, char *out) {
    int32_t year, month, day;
    uint32_t shown, width;
    bool bc;
    tni_civil_from_days(days, &year, &month, &day);
    bc = year <= 0;
    shown = (uint32_t)(bc ? 1 - year : year);
    width = TNI_MAX(tni_digits_count(shown), 4u);
    tni_digits_put(shown, width, out);
    out[width] = '-';
    tni_put_two((uint32_t)month, out + width + 1);
    out[width + 3] = '-';
    tni_put_two((uint32_t)day, out + width + 4);
    if (bc) {
        memcpy(out + width + 6, " (BC)", 5);
    }
    return width + (bc ? 11u : 6u);
}

/* HH:MM:SS and the fraction of `digits` digits without its trailing zeros. */
static size_t tni_put_time(int64_t seconds, uint64_t fraction, uint32_t digits, char *out) {
    uint32_t s = (uint32_t)seconds; /* at most one day */
    size_t n = 8;
    tni_put_two(s / 3600, out);
    out[2] = ':';
    tni_put_two(s / 60 % 60, out + 3);
    out[5] = ':';
    tni_put_two(s % 60, out + 6);
    if (fraction != 0) {
        out[n] = '.';
        tni_digits_put(fraction, digits, out + n + 1);
        n += 1 + digits;
        while (out[n - 1] == '0') {
            n--;
        }
    }
    return n;
}

TNI_FN size_t tni_print_date(int32_t days, char out[32]) {
    size_t n;
    if (tni_date_is_infinite(days)) {
        return tni_print_infinity(days < 0, out);
    }
    n = tni_put_date(days, out);
    out[n] = '\0';
    return n;
}

TNI_FN size_t tni_print_time(int64_t us, char out[32]) {
    size_t n;
    if (us != TNI_US_PER_DAY) {
        (void)tni_split_days(us, TNI_US_PER_DAY, &us);
    }
    n = tni_put_time(us / TNI_US_PER_SECOND, (uint64_t)(us % TNI_US_PER_SECOND), 6, out);
    out[n] = '\0';
    return n;
}

static size_t tni_print_timestamp_unit(int64_t v, int64_t per_second, uint32_t digits, char *out) {
    int64_t rest, days;
    size_t n;
    if (tni_datetime_us_is_infinite(v)) {
        return tni_print_infinity(v < 0, out);
    }
    days = tni_split_days(v, 86400 * per_second, &rest);
    n = tni_put_date((int32_t)days, out);
    out[n++] = ' ';
    n += tni_put_time(rest / per_second, (uint64_t)(rest % per_second), digits, out + n);
    out[n] = '\0';
    return n;
}

TNI_FN size_t tni_print_timestamp(int64_t us, char out[48]) {
    return tni_print_timestamp_unit(us, TNI_US_PER_SECOND, 6, out);
}

TNI_FN size_t tni_print_timestamp_ns(int64_t ns, char out[48]) {
    return tni_print_timestamp_unit(ns, INT64_C(1000000000), 9, out);
}

#undef TNI_CYCLES
#undef TNI_CYCLE_DAYS
#undef TNI_EPOCH_SHIFT
#undef TNI_DATE_INFINITY
#undef TNI_TIMESTAMP_INFINITY
#undef TNI_TIMESTAMP_DAYS
#undef TNI_TIMESTAMP_NS_DAYS
