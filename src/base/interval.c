/*
 * interval.c - INTERVAL to text and back.
 *
 * Grammar: ["@"] { number unit | [-]H..:MM[:SS[.f..]] } ["ago"], and a bare number is seconds.
 * A fraction of a unit moves to the next smaller parts: of months to days of which a month has
 * 30, of days and weeks to microseconds, of years and more to months.
 *
 * Uses: number.h.
 */
#include "base/datetime.h"
#include "base/number.h"

#define TNI_NANO INT64_C(1000000000)

/* How a unit counts: one field takes `size` per unit. */
typedef enum tni_duration_field {
    TNI_DURATION_MONTHS,
    TNI_DURATION_DAYS,
    TNI_DURATION_MICROSECONDS
} tni_duration_field;

typedef struct tni_duration_unit {
    const char *names; /* blank-separated, blank at the end */
    int64_t size;
    tni_duration_field field;
} tni_duration_unit;

static const tni_duration_unit tni_duration_units[] = {
    {"day days d dayofmonth ", 1, TNI_DURATION_DAYS},
    {"month months mon mons ", 1, TNI_DURATION_MONTHS},
    {"year years y yr yrs ", 12, TNI_DURATION_MONTHS},
    {"hour hours h hr hrs ", INT64_C(3600000000), TNI_DURATION_MICROSECONDS},
    {"minute minutes m min mins ", 60000000, TNI_DURATION_MICROSECONDS},
    {"second seconds s sec secs ", 1000000, TNI_DURATION_MICROSECONDS},
    {"millisecond milliseconds ms msec msecs msecond mseconds ", 1000, TNI_DURATION_MICROSECONDS},
    {"microsecond microseconds us usec usecs usecond useconds ", 1, TNI_DURATION_MICROSECONDS},
    {"week weeks w weekofyear ", 7, TNI_DURATION_DAYS},
    {"quarter quarters ", 3, TNI_DURATION_MONTHS},
    {"decade decades dec decs ", 120, TNI_DURATION_MONTHS},
    {"century centuries cent c ", 1200, TNI_DURATION_MONTHS},
    {"millennium millennia millenniums millenium mil mils ", 12000, TNI_DURATION_MONTHS},
};

static const tni_duration_unit *tni_duration_find(const char *word, size_t length) {
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(tni_duration_units); i++) {
        const char *name = tni_duration_units[i].names, *blank;
        for (; (blank = strchr(name, ' ')) != NULL; name = blank + 1) {
            if (tni_name_equal_n(word, length, name, (size_t)(blank - name))) {
                return &tni_duration_units[i];
            }
        }
    }
    return NULL;
}

/* Totals while parsing; range of the fields is checked at the end. */
typedef struct tni_duration_sum {
    int64_t months, days, microseconds;
} tni_duration_sum;

static bool tni_duration_add(int64_t *total, int64_t value, int64_t size) {
    tni_i128 product, sum;
    bool good = tni_i128_multiply(tni_i128_from_i64(value), tni_i128_from_i64(size), &product) &&
                tni_i128_add(product, tni_i128_from_i64(*total), &sum) && tni_i128_fits_i64(sum);
    if (good) {
        *total = (int64_t)sum.low;
    }
    return good;
}

/* nano / 10^9 * size, to the nearest, ties to even; nano below 10^9, size below 2^37 */
static int64_t tni_duration_part(int64_t nano, int64_t size) {
    uint64_t high, rest;
    uint64_t low = tni_multiply_wide((uint64_t)nano, (uint64_t)size, &high);
    uint64_t quotient = tni_divide_wide(high, low, (uint64_t)TNI_NANO, &rest);
    bool up =
        rest * 2 > (uint64_t)TNI_NANO || (rest * 2 == (uint64_t)TNI_NANO && (quotient & 1) != 0);
    return (int64_t)(quotient + (up ? 1u : 0u));
}

/* Add sign * (whole + nano / 10^9) units. */
static bool tni_duration_apply(tni_duration_sum *sum, const tni_duration_unit *unit, bool negative,
                               int64_t whole, int64_t nano) {
    int64_t sign = negative ? -1 : 1, days = 0, us = 0, months = 0;
    if (unit->field == TNI_DURATION_MICROSECONDS) {
        us = tni_duration_part(nano, unit->size);
    } else if (unit->field == TNI_DURATION_DAYS) {
        days = nano * unit->size / TNI_NANO;
        us = tni_duration_part(nano * unit->size % TNI_NANO, TNI_US_PER_DAY);
    } else if (unit->size >= 12) {
        months = tni_duration_part(nano, unit->size);
    } else {
        int64_t of_month = nano * unit->size % TNI_NANO * 30;
        months = nano * unit->size / TNI_NANO;
        if (unit->size == 1) {
            days = of_month / TNI_NANO;
            us = tni_duration_part(of_month % TNI_NANO, TNI_US_PER_DAY);
        } else {
            days = tni_duration_part(of_month / 30, 30);
        }
    }
    return tni_duration_add(unit->field == TNI_DURATION_MONTHS ? &sum->months
                            : unit->field == TNI_DURATION_DAYS ? &sum->days
                                                               : &sum->microseconds,
                            whole * sign, unit->size) &&
           tni_duration_add(&sum->months, months, sign) &&
           tni_duration_add(&sum->days, days, sign) &&
           tni_duration_add(&sum->microseconds, us, sign);
}

/* Digits to int64; false when there are none or too many. */
static bool tni_duration_number(const char **p, const char *end, int64_t *out) {
    const char *start = *p, *c = start;
    while (c < end && tni_is_digit(*c)) {
        c++;
    }
    *p = c;
    return c > start && tni_parse_i64(start, (size_t)(c - start), out);
}

/* Digits after a point as billionths; the tenth and later ones are dropped. */
static int64_t tni_duration_fraction(const char **p, const char *end) {
    int64_t value = 0, unit = TNI_NANO;
    for (; *p < end && tni_is_digit(**p); (*p)++) {
        unit /= 10;
        value += (**p - '0') * unit;
    }
    return value;
}

/* The rest of H:M[:S[.f]] after its first colon */
static bool tni_duration_clock(const char **p, const char *end, int64_t hours, bool negative,
                               tni_duration_sum *sum) {
    int64_t minutes = 0, seconds = 0, us = 0, sign = negative ? -1 : 1;
    if (*p < end && tni_is_digit(**p) && !tni_duration_number(p, end, &minutes)) {
        return false;
    }
    if (*p < end && **p == ':') {
        if (!tni_is_digit((*p)[-1])) {
            return false;
        }
        (*p)++;
        if (!tni_duration_number(p, end, &seconds)) {
            return false;
        }
        if (*p < end && **p == '.') {
            (*p)++;
            us = tni_duration_fraction(p, end) / 1000;
        }
    }
    if (minutes > 59 || seconds > 59) {
        return false;
    }
    return tni_duration_add(&sum->microseconds, hours * sign, INT64_C(3600000000)) &&
           tni_duration_add(&sum->microseconds, (minutes * 60 + seconds) * TNI_US_PER_SECOND + us,
                            sign);
}

static void tni_duration_blanks(const char **p, const char *end) {
    while (*p < end && (**p == ' ' || (**p >= '\t' && **p <= '\r'))) {
        (*p)++;
    }
}

static bool tni_duration_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* One "number unit" or clock time. `alone`: nothing came before, so the unit may be missing. */
static bool tni_duration_term(const char **p, const char *end, bool alone, tni_duration_sum *sum) {
    static const tni_duration_unit seconds = {"second ", 1000000, TNI_DURATION_MICROSECONDS};
    const tni_duration_unit *unit = &seconds;
    bool negative = **p == '-';
    int64_t whole, nano = 0;
    const char *word;
    *p += negative ? 1 : 0;
    if (!tni_duration_number(p, end, &whole)) {
        return false;
    }
    if (*p < end && **p == ':') {
        (*p)++;
        return tni_duration_clock(p, end, whole, negative, sum);
    }
    if (*p < end && **p == '.') {
        (*p)++;
        nano = tni_duration_fraction(p, end);
    }
    tni_duration_blanks(p, end);
    if (*p < end || !alone) {
        for (word = *p; *p < end && tni_duration_letter(**p);) {
            (*p)++;
        }
        unit = tni_duration_find(word, (size_t)(*p - word));
    }
    return unit != NULL && tni_duration_apply(sum, unit, negative, whole, nano);
}

static bool tni_duration_narrow(const tni_duration_sum *sum, bool ago, tni_interval *out) {
    if (ago && sum->microseconds == INT64_MIN) {
        return false;
    }
    if (sum->months > INT32_MAX || sum->months < INT32_MIN + (ago ? 1 : 0) ||
        sum->days > INT32_MAX || sum->days < INT32_MIN + (ago ? 1 : 0)) {
        return false;
    }
    out->months = (int32_t)(ago ? -sum->months : sum->months);
    out->days = (int32_t)(ago ? -sum->days : sum->days);
    out->microseconds = ago ? -sum->microseconds : sum->microseconds;
    return true;
}

TNI_FN bool tni_parse_interval(const char *text, size_t length, tni_interval *out) {
    const char *p = text, *end;
    tni_duration_sum sum = TNI_ZERO;
    bool alone = true;
    memset(out, 0, sizeof *out);
    tni_trim_blanks(&p, &length);
    end = p + length;
    if (p < end && *p == '@') {
        p++;
        tni_duration_blanks(&p, end);
    }
    while (p < end) {
        if (!alone && tni_name_equal_n(p, (size_t)(end - p), "ago", 3)) {
            return tni_duration_narrow(&sum, true, out);
        }
        if (!tni_duration_term(&p, end, alone, &sum)) {
            return false;
        }
        alone = false;
        tni_duration_blanks(&p, end);
    }
    return !alone && tni_duration_narrow(&sum, false, out);
}

/* ------------------------------------------------------------------------------- printing --- */

/* " 2 days", without the blank at the start of the text */
static size_t tni_duration_put(char *out, size_t n, int32_t value, const char *unit) {
    size_t length = strlen(unit);
    if (value == 0) {
        return n;
    }
    if (n > 0) {
        out[n++] = ' ';
    }
    n += tni_print_i64(value, out + n);
    out[n++] = ' ';
    memcpy(out + n, unit, length);
    n += length;
    if (value != 1 && value != -1) {
        out[n++] = 's';
    }
    return n;
}

static size_t tni_duration_put_clock(char *out, size_t n, int64_t us) {
    uint64_t v = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
    uint64_t hours = v / UINT64_C(3600000000), fraction = v % 1000000;
    uint32_t width = TNI_MAX(tni_digits_count(hours), 2u);
    if (n > 0) {
        out[n++] = ' ';
    }
    if (us < 0) {
        out[n++] = '-';
    }
    tni_digits_put(hours, width, out + n);
    n += width;
    out[n] = ':';
    tni_digits_put(v / 60000000 % 60, 2, out + n + 1);
    out[n + 3] = ':';
    tni_digits_put(v / 1000000 % 60, 2, out + n + 4);
    n += 6;
    if (fraction != 0) {
        out[n] = '.';
        tni_digits_put(fraction, 6, out + n + 1);
        n += 7;
        while (out[n - 1] == '0') {
            n--;
        }
    }
    return n;
}

TNI_FN size_t tni_print_interval(tni_interval interval, char out[96]) {
    size_t n = tni_duration_put(out, 0, interval.months / 12, "year");
    n = tni_duration_put(out, n, interval.months % 12, "month");
    n = tni_duration_put(out, n, interval.days, "day");
    if (interval.microseconds != 0 || n == 0) {
        n = tni_duration_put_clock(out, n, interval.microseconds);
    }
    out[n] = '\0';
    return n;
}

#undef TNI_NANO
