/*
 * strftime.c - timestamps by format: strftime and strptime.
 *
 * Codes (as DuckDB): a A w u d b h B m y Y G V H I M S p f g n z Z j U W c x X T %, and with '-'
 * (no leading zero) d m y H I M S j. Formatting walks the format once. Scanning fills a set of
 * fields and joins them at the end: year, then month and day, else the day of the year, else a
 * week number and weekday; missing parts are those of 1900-01-01 00:00:00. Numbers may be
 * shorter than their width; blanks in the format match any run of blanks.
 *
 * Uses: number.h, datetime.h.
 */
#include "base/datetime.h"
#include "base/number.h"

static const char *const tni_month_names[12] = {"January",   "February", "March",    "April",
                                                "May",       "June",     "July",     "August",
                                                "September", "October",  "November", "December"};
static const char *const tni_day_names[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                             "Thursday", "Friday", "Saturday"};

/* What the composite codes stand for; NULL for the others. */
static const char *tni_format_expand(char code) {
    switch (code) {
    case 'c': return "%Y-%m-%d %H:%M:%S";
    case 'x': return "%Y-%m-%d";
    case 'X':
    case 'T': return "%H:%M:%S";
    default: return NULL;
    }
}

/* Read the code after a '%'. *bare is set for the '-' forms. */
static trueno_status tni_format_code(const char **p, const char *end, char *code, bool *bare,
                                     tni_error *error) {
    const char *codes = "aAwudbhBmyYGVHIMSpfgnzZjUWcxXT%";
    *bare = false;
    if (*p < end && **p == '-' && end - *p > 1) {
        *bare = true;
        codes = "dmyHIMSj";
        (*p)++;
    }
    if (*p == end) {
        return tni_fail(error, TRUENO_ERROR_INVALID, "format ends with a lone '%%'");
    }
    *code = *(*p)++;
    if (*code == '\0' || strchr(codes, *code) == NULL) {
        return tni_fail(error, TRUENO_ERROR_INVALID,
                        "unrecognized format code for strftime/strptime: %%%s%c", *bare ? "-" : "",
                        *code);
    }
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------------- formatting --- */

typedef struct tni_format_fields {
    int32_t days;
    int32_t year, month, day;
    int32_t day_of_year; /* 0-based */
    int32_t weekday;     /* 0 = Sunday */
    int32_t hour, minute, second, microsecond;
} tni_format_fields;

static int32_t tni_weekday(int32_t days) {
    int64_t v = ((int64_t)days + 4) % 7; /* 1970-01-01 was a Thursday */
    return (int32_t)(v < 0 ? v + 7 : v);
}

static int32_t tni_year_start(int32_t year) {
    int32_t days;
    (void)tni_days_from_civil(year, 1, 1, &days);
    return days;
}

/* The ISO year of a date and the number of its week, 1 .. 53. */
static int32_t tni_iso_week(int32_t days, int32_t *iso_year) {
    int32_t thursday = days - (tni_weekday(days) + 6) % 7 + 3, month, day;
    tni_civil_from_days(thursday, iso_year, &month, &day);
    return (thursday - tni_year_start(*iso_year)) / 7 + 1;
}

static void tni_format_split(int64_t us, tni_format_fields *out) {
    int64_t days = us / TNI_US_PER_DAY, rest = us % TNI_US_PER_DAY;
    if (rest < 0) {
        rest += TNI_US_PER_DAY;
        days--;
    }
    out->days = (int32_t)days;
    tni_civil_from_days(out->days, &out->year, &out->month, &out->day);
    out->day_of_year = out->days - tni_year_start(out->year);
    out->weekday = tni_weekday(out->days);
    out->microsecond = (int32_t)(rest % 1000000);
    rest /= 1000000;
    out->second = (int32_t)(rest % 60);
    out->minute = (int32_t)(rest / 60 % 60);
    out->hour = (int32_t)(rest / 3600);
}

/* At least `width` digits. */
static void tni_strftime_number(tni_text *out, int32_t value, uint32_t width) {
    char digits[24];
    uint32_t magnitude = value < 0 ? 0 - (uint32_t)value : (uint32_t)value;
    uint32_t count = TNI_MAX(tni_digits_count(magnitude), width);
    digits[0] = '-';
    tni_digits_put(magnitude, count, digits + 1);
    tni_text_append(out, value < 0 ? digits : digits + 1, count + (value < 0 ? 1u : 0u));
}

static void tni_format_year(tni_text *out, int32_t year) {
    tni_strftime_number(out, year, year < 0 ? 1 : 4);
}

static void tni_format_names(tni_text *out, char code, const tni_format_fields *f) {
    if (code == 'p') {
        tni_text_add(out, f->hour < 12 ? "AM" : "PM");
    } else if (code == 'a') {
        tni_text_append(out, tni_day_names[f->weekday], 3);
    } else if (code == 'A') {
        tni_text_add(out, tni_day_names[f->weekday]);
    } else if (code == 'B') {
        tni_text_add(out, tni_month_names[f->month - 1]);
    } else {
        tni_text_append(out, tni_month_names[f->month - 1], 3);
    }
}

static void tni_strftime_field(tni_text *out, char code, bool bare, const tni_format_fields *f) {
    uint32_t two = bare ? 1 : 2;
    int32_t year;
    switch (code) {
    case 'Y': tni_format_year(out, f->year); break;
    case 'y': tni_strftime_number(out, (f->year < 0 ? -f->year : f->year) % 100, two); break;
    case 'm': tni_strftime_number(out, f->month, two); break;
    case 'd': tni_strftime_number(out, f->day, two); break;
    case 'H': tni_strftime_number(out, f->hour, two); break;
    case 'I': tni_strftime_number(out, (f->hour + 11) % 12 + 1, two); break;
    case 'M': tni_strftime_number(out, f->minute, two); break;
    case 'S': tni_strftime_number(out, f->second, two); break;
    case 'f': tni_strftime_number(out, f->microsecond, 6); break;
    case 'g': tni_strftime_number(out, f->microsecond / 1000, 3); break;
    case 'n': tni_strftime_number(out, f->microsecond * 1000, 9); break;
    case 'j': tni_strftime_number(out, f->day_of_year + 1, bare ? 1 : 3); break;
    case 'w': tni_strftime_number(out, f->weekday, 1); break;
    case 'u': tni_strftime_number(out, (f->weekday + 6) % 7 + 1, 1); break;
    case 'U': tni_strftime_number(out, (f->day_of_year + 7 - f->weekday) / 7, 2); break;
    case 'W': tni_strftime_number(out, (f->day_of_year + 7 - (f->weekday + 6) % 7) / 7, 2); break;
    case 'V': tni_strftime_number(out, tni_iso_week(f->days, &year), 2); break;
    case 'G':
        (void)tni_iso_week(f->days, &year);
        tni_format_year(out, year);
        break;
    case 'z': tni_text_add(out, "+00"); break;
    case 'Z': break; /* a TIMESTAMP has no zone */
    case '%': tni_text_char(out, '%'); break;
    default: tni_format_names(out, code, f);
    }
}

static trueno_status tni_format_walk(const char *p, const char *end, const tni_format_fields *f,
                                     tni_text *out, tni_error *error) {
    while (p < end) {
        const char *percent = (const char *)memchr(p, '%', (size_t)(end - p)), *expansion;
        char code;
        bool bare;
        if (percent == NULL) {
            percent = end;
        }
        tni_text_append(out, p, (size_t)(percent - p));
        if (percent == end) {
            break;
        }
        p = percent + 1;
        TNI_TRY(tni_format_code(&p, end, &code, &bare, error));
        expansion = tni_format_expand(code);
        if (expansion != NULL) {
            /* expansions hold plain codes only: one level deep */
            TNI_TRY(tni_format_walk(expansion, expansion + strlen(expansion), f, out, error));
        } else {
            tni_strftime_field(out, code, bare, f);
        }
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_format_timestamp(int64_t us, const char *format, size_t length,
                                          tni_text *out, tni_error *error) {
    tni_format_fields fields;
    if (us == INT64_MAX || us <= -INT64_MAX) {
        tni_text_add(out, us < 0 ? "-infinity" : "infinity");
    } else {
        tni_format_split(us, &fields);
        TNI_TRY(tni_format_walk(format, format + length, &fields, out, error));
    }
    return out->failed ? tni_fail_memory(error, out->length) : TRUENO_OK;
}

/* ------------------------------------------------------------------------------- scanning --- */

/* Which fields the text gave; others keep their defaults. */
#define TNI_SCAN_MONTH 1u
#define TNI_SCAN_DAY 2u
#define TNI_SCAN_DAY_OF_YEAR 4u
#define TNI_SCAN_SUNDAY_WEEK 8u
#define TNI_SCAN_MONDAY_WEEK 16u
#define TNI_SCAN_ISO_WEEK 32u
#define TNI_SCAN_WEEKDAY 64u

typedef struct tni_scan_fields {
    uint32_t given;
    int32_t year, month, day, day_of_year, week, weekday;
    int32_t hour, minute, second, microsecond;
    int32_t half;   /* 0 none, 1 AM, 2 PM */
    int32_t offset; /* seconds east of UTC */
} tni_scan_fields;

/* A number of 1 to `width` digits within a range. */
static bool tni_scan_number(const char **p, const char *end, uint32_t width, int32_t least,
                            int32_t most, int32_t *out) {
    const char *start = *p;
    int32_t value = 0;
    while (*p < end && (uint32_t)(*p - start) < width && tni_is_digit(**p)) {
        value = value * 10 + (*(*p)++ - '0');
    }
    *out = value;
    return *p > start && value >= least && value <= most;
}

/* Up to `width` digits of a fraction, as microseconds. */
static bool tni_scan_fraction(const char **p, const char *end, uint32_t width, int32_t *out) {
    const char *start = *p;
    bool good = tni_scan_number(p, end, width, 0, INT32_MAX, out);
    int64_t count;
    for (count = *p - start; count > 6; count--) {
        *out /= 10;
    }
    for (; count < 6; count++) {
        *out *= 10;
    }
    return good;
}

/* One of `count` names, or of their first three letters; *out is its index. */
static bool tni_scan_name(const char **p, const char *end, const char *const *names, int32_t count,
                          bool brief, int32_t *out) {
    int32_t i;
    for (i = 0; i < count; i++) {
        size_t length = brief ? 3 : strlen(names[i]);
        if ((size_t)(end - *p) >= length && tni_name_equal_n(*p, length, names[i], length)) {
            *p += length;
            *out = i;
            return true;
        }
    }
    return false;
}

/* (+|-)HH[[:]MM[[:]SS]] */
static bool tni_scan_offset(const char **p, const char *end, int32_t *out) {
    bool negative = *p < end && **p == '-';
    int32_t part, total, unit;
    if (*p == end || (**p != '+' && **p != '-')) {
        return false;
    }
    (*p)++;
    if (!tni_scan_number(p, end, 2, 0, 99, &part)) {
        return false;
    }
    total = part * 3600;
    for (unit = 60; unit >= 1; unit /= 60) {
        const char *next = *p + (*p < end && **p == ':' ? 1 : 0);
        if (next == end || !tni_is_digit(*next)) {
            break;
        }
        *p = next;
        if (!tni_scan_number(p, end, 2, 0, 59, &part)) {
            return false;
        }
        total += part * unit;
    }
    *out = negative ? -total : total;
    return true;
}

static bool tni_scan_zone(const char **p, const char *end) {
    static const char *const zones[4] = {"Etc/UTC", "UTC", "GMT", "Z"};
    int32_t which;
    return tni_scan_name(p, end, zones, 4, false, &which);
}

static bool tni_scan_week(tni_scan_fields *f, const char **p, const char *end, uint32_t kind) {
    f->given &= ~(TNI_SCAN_SUNDAY_WEEK | TNI_SCAN_MONDAY_WEEK | TNI_SCAN_ISO_WEEK);
    f->given |= kind;
    return tni_scan_number(p, end, 2, kind == TNI_SCAN_ISO_WEEK ? 1 : 0, 53, &f->week);
}

static bool tni_scan_date_field(char code, const char **p, const char *end, tni_scan_fields *f) {
    switch (code) {
    case 'Y':
    case 'G': return tni_scan_number(p, end, 4, 0, 9999, &f->year);
    case 'y':
        if (!tni_scan_number(p, end, 2, 0, 99, &f->year)) {
            return false;
        }
        f->year += f->year >= 69 ? 1900 : 2000;
        return true;
    case 'm': f->given |= TNI_SCAN_MONTH; return tni_scan_number(p, end, 2, 1, 12, &f->month);
    case 'd': f->given |= TNI_SCAN_DAY; return tni_scan_number(p, end, 2, 1, 31, &f->day);
    case 'j':
        f->given |= TNI_SCAN_DAY_OF_YEAR;
        return tni_scan_number(p, end, 3, 1, 366, &f->day_of_year);
    case 'U': return tni_scan_week(f, p, end, TNI_SCAN_SUNDAY_WEEK);
    case 'W': return tni_scan_week(f, p, end, TNI_SCAN_MONDAY_WEEK);
    case 'V': return tni_scan_week(f, p, end, TNI_SCAN_ISO_WEEK);
    case 'w':
    case 'u':
        f->given |= TNI_SCAN_WEEKDAY;
        if (!tni_scan_number(p, end, 1, code == 'u', code == 'u' ? 7 : 6, &f->weekday)) {
            return false;
        }
        f->weekday %= 7;
        return true;
    case 'a':
    case 'A':
        f->given |= TNI_SCAN_WEEKDAY;
        return tni_scan_name(p, end, tni_day_names, 7, code == 'a', &f->weekday);
    default: /* b h B */
        f->given |= TNI_SCAN_MONTH;
        if (!tni_scan_name(p, end, tni_month_names, 12, code != 'B', &f->month)) {
            return false;
        }
        f->month++;
        return true;
    }
}

static bool tni_scan_field(char code, const char **p, const char *end, tni_scan_fields *f) {
    static const char *const halves[2] = {"AM", "PM"};
    switch (code) {
    case 'H': return tni_scan_number(p, end, 2, 0, 23, &f->hour);
    case 'I': return tni_scan_number(p, end, 2, 1, 12, &f->hour);
    case 'M': return tni_scan_number(p, end, 2, 0, 59, &f->minute);
    case 'S': return tni_scan_number(p, end, 2, 0, 59, &f->second);
    case 'f': return tni_scan_fraction(p, end, 6, &f->microsecond);
    case 'g': return tni_scan_fraction(p, end, 3, &f->microsecond);
    case 'n': return tni_scan_fraction(p, end, 9, &f->microsecond);
    case 'p':
        if (!tni_scan_name(p, end, halves, 2, false, &f->half)) {
            return false;
        }
        f->half++;
        return true;
    case 'z': return tni_scan_offset(p, end, &f->offset);
    case 'Z': return tni_scan_zone(p, end);
    case '%': return *p < end && *(*p)++ == '%';
    default: return tni_scan_date_field(code, p, end, f);
    }
}

static bool tni_scan_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A character of the format that stands for itself. */
static bool tni_scan_literal(char c, const char **p, const char *end) {
    if (!tni_scan_blank(c)) {
        return *p < end && *(*p)++ == c;
    }
    /* a run of blanks in the format has been cut to its last one */
    if (*p == end || !tni_scan_blank(**p)) {
        return false;
    }
    while (*p < end && tni_scan_blank(**p)) {
        (*p)++;
    }
    return true;
}

/* Goes on through the format after a mismatch, so that a bad code is always an error. */
static trueno_status tni_scan_walk(const char *format, const char *format_end, const char **p,
                                   const char *end, tni_scan_fields *f, bool *matched,
                                   tni_error *error) {
    while (format < format_end) {
        const char *expansion;
        char code = *format++;
        bool bare;
        if (code != '%') {
            bool run = tni_scan_blank(code) && format < format_end && tni_scan_blank(*format);
            *matched = *matched && (run || tni_scan_literal(code, p, end));
            continue;
        }
        TNI_TRY(tni_format_code(&format, format_end, &code, &bare, error));
        expansion = tni_format_expand(code);
        if (expansion != NULL) {
            TNI_TRY(
                tni_scan_walk(expansion, expansion + strlen(expansion), p, end, f, matched, error));
        } else {
            *matched = *matched && tni_scan_field(code, p, end, f);
        }
    }
    return TRUENO_OK;
}

/* The day from whatever date fields there were. */
static bool tni_scan_days(const tni_scan_fields *f, int32_t *days) {
    int32_t first = tni_year_start(f->year), monday_based = (f->weekday + 6) % 7;
    bool calendar = (f->given & (TNI_SCAN_MONTH | TNI_SCAN_DAY)) != 0;
    if (calendar) {
        return tni_days_from_civil(f->year, f->month, f->day, days);
    }
    *days = first;
    if (f->given & TNI_SCAN_DAY_OF_YEAR) {
        *days = first + f->day_of_year - 1;
    } else if (f->given & TNI_SCAN_ISO_WEEK) {
        int32_t fourth = first + 3; /* always in week 1 */
        *days = fourth - (tni_weekday(fourth) + 6) % 7 + 7 * (f->week - 1) +
                ((f->given & TNI_SCAN_WEEKDAY) ? monday_based : 0);
    } else if (f->given & TNI_SCAN_SUNDAY_WEEK) {
        /* week 1 starts with the year's first Sunday */
        *days = first + (7 - tni_weekday(first)) % 7 + 7 * (f->week - 1) +
                ((f->given & TNI_SCAN_WEEKDAY) ? f->weekday : 0);
    } else if (f->given & TNI_SCAN_MONDAY_WEEK) {
        *days = first + (8 - tni_weekday(first)) % 7 + 7 * (f->week - 1) +
                ((f->given & TNI_SCAN_WEEKDAY) ? monday_based : 0);
    }
    return true;
}

static bool tni_scan_join(const tni_scan_fields *f, int64_t *out_us) {
    int32_t days, hour = f->hour;
    int64_t seconds;
    *out_us = 0;
    if ((f->half != 0 && hour > 12) || !tni_scan_days(f, &days)) {
        return false;
    }
    if (f->half == 1 && hour == 12) {
        hour = 0;
    } else if (f->half == 2 && hour != 12) {
        hour += 12;
    }
    seconds = ((int64_t)hour * 60 + f->minute) * 60 + f->second - f->offset;
    *out_us = days * TNI_US_PER_DAY + seconds * TNI_US_PER_SECOND + f->microsecond;
    return true;
}

/* infinity, -infinity and epoch are read whatever the format. */
static bool tni_scan_word(const char *text, size_t length, int64_t *out_us) {
    char first;
    tni_trim_blanks(&text, &length);
    first = length > 1 ? text[text[0] == '-' ? 1 : 0] : '\0';
    return (first == 'i' || first == 'I' || first == 'e' || first == 'E') &&
           tni_parse_timestamp(text, length, out_us, NULL);
}

TNI_FN trueno_status tni_scan_timestamp(const char *text, size_t length, const char *format,
                                        size_t format_length, int64_t *out_us, bool *matched,
                                        tni_error *error) {
    tni_scan_fields fields;
    const char *p = text, *end = text + length;
    bool good = true;
    *out_us = 0;
    *matched = false;
    memset(&fields, 0, sizeof fields);
    fields.year = 1900;
    fields.month = 1;
    fields.day = 1;
    while (p < end && tni_scan_blank(*p)) {
        p++;
    }
    TNI_TRY(tni_scan_walk(format, format + format_length, &p, end, &fields, &good, error));
    while (p < end && tni_scan_blank(*p)) {
        p++;
    }
    *matched =
        (good && p == end && tni_scan_join(&fields, out_us)) || tni_scan_word(text, length, out_us);
    return TRUENO_OK;
}

#undef TNI_SCAN_MONTH
#undef TNI_SCAN_DAY
#undef TNI_SCAN_DAY_OF_YEAR
#undef TNI_SCAN_SUNDAY_WEEK
#undef TNI_SCAN_MONDAY_WEEK
#undef TNI_SCAN_ISO_WEEK
#undef TNI_SCAN_WEEKDAY
