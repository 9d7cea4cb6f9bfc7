/*
 * scalar_date.c - parts of dates and times, truncation, differences; the table of all date
 * functions.
 *
 * Everything works on a day number and the microseconds into that day. The unit ("part") is
 * nearly always a constant: it is looked up once while binding, and the parts asked for most have
 * loops of their own. Infinite dates have no parts: NULL. Moments with a time zone are UTC.
 *
 * Uses: base/, column/type.h, plan/function.h.
 */
#include "plan/scalar_internal.h"

#define TNI_DATE_US_SECOND INT64_C(1000000)
#define TNI_DATE_US_MINUTE INT64_C(60000000)
#define TNI_DATE_US_HOUR INT64_C(3600000000)

/* ----------------------------------------------------------------------------------- names --- */

typedef struct tni_date_part_name {
    const char *name;
    tni_date_part part;
} tni_date_part_name;

static const tni_date_part_name tni_date_part_names[] = {
    {"year", TNI_PART_YEAR},
    {"years", TNI_PART_YEAR},
    {"y", TNI_PART_YEAR},
    {"yr", TNI_PART_YEAR},
    {"yrs", TNI_PART_YEAR},
    {"month", TNI_PART_MONTH},
    {"months", TNI_PART_MONTH},
    {"mon", TNI_PART_MONTH},
    {"mons", TNI_PART_MONTH},
    {"day", TNI_PART_DAY},
    {"days", TNI_PART_DAY},
    {"d", TNI_PART_DAY},
    {"dayofmonth", TNI_PART_DAY},
    {"hour", TNI_PART_HOUR},
    {"hours", TNI_PART_HOUR},
    {"h", TNI_PART_HOUR},
    {"hr", TNI_PART_HOUR},
    {"hrs", TNI_PART_HOUR},
    {"minute", TNI_PART_MINUTE},
    {"minutes", TNI_PART_MINUTE},
    {"m", TNI_PART_MINUTE},
    {"min", TNI_PART_MINUTE},
    {"mins", TNI_PART_MINUTE},
    {"second", TNI_PART_SECOND},
    {"seconds", TNI_PART_SECOND},
    {"s", TNI_PART_SECOND},
    {"sec", TNI_PART_SECOND},
    {"secs", TNI_PART_SECOND},
    {"millisecond", TNI_PART_MILLISECOND},
    {"milliseconds", TNI_PART_MILLISECOND},
    {"ms", TNI_PART_MILLISECOND},
    {"msec", TNI_PART_MILLISECOND},
    {"msecs", TNI_PART_MILLISECOND},
    {"microsecond", TNI_PART_MICROSECOND},
    {"microseconds", TNI_PART_MICROSECOND},
    {"us", TNI_PART_MICROSECOND},
    {"usec", TNI_PART_MICROSECOND},
    {"usecs", TNI_PART_MICROSECOND},
    {"nanosecond", TNI_PART_NANOSECOND},
    {"nanoseconds", TNI_PART_NANOSECOND},
    {"ns", TNI_PART_NANOSECOND},
    {"week", TNI_PART_WEEK},
    {"weeks", TNI_PART_WEEK},
    {"w", TNI_PART_WEEK},
    {"weekofyear", TNI_PART_WEEK},
    {"quarter", TNI_PART_QUARTER},
    {"quarters", TNI_PART_QUARTER},
    {"decade", TNI_PART_DECADE},
    {"decades", TNI_PART_DECADE},
    {"dec", TNI_PART_DECADE},
    {"century", TNI_PART_CENTURY},
    {"centuries", TNI_PART_CENTURY},
    {"cent", TNI_PART_CENTURY},
    {"c", TNI_PART_CENTURY},
    {"millennium", TNI_PART_MILLENNIUM},
    {"millennia", TNI_PART_MILLENNIUM},
    {"mil", TNI_PART_MILLENNIUM},
    {"isoyear", TNI_PART_ISO_YEAR},
    {"yearweek", TNI_PART_YEAR_WEEK},
    {"dow", TNI_PART_WEEKDAY},
    {"dayofweek", TNI_PART_WEEKDAY},
    {"weekday", TNI_PART_WEEKDAY},
    {"isodow", TNI_PART_ISO_WEEKDAY},
    {"doy", TNI_PART_DAY_OF_YEAR},
    {"dayofyear", TNI_PART_DAY_OF_YEAR},
    {"era", TNI_PART_ERA},
    {"epoch", TNI_PART_EPOCH},
    {"julian", TNI_PART_JULIAN},
    {"timezone", TNI_PART_TIMEZONE},
    {"timezone_hour", TNI_PART_TIMEZONE},
    {"timezone_minute", TNI_PART_TIMEZONE},
};

TNI_FN bool tni_date_part_by_name(const char *name, size_t length, tni_date_part *out) {
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(tni_date_part_names); i++) {
        const char *known = tni_date_part_names[i].name;
        if (tni_name_equal_n(name, length, known, strlen(known))) {
            *out = tni_date_part_names[i].part;
            return true;
        }
    }
    return false;
}

static trueno_status tni_date_part_unknown(const char *name, size_t length, tni_error *error) {
    return tni_fail(error, TRUENO_ERROR_CONVERSION,
                    "\"%.*s\" is no part of a date (year, month, day, hour, minute, second, "
                    "quarter, week, dow, doy, epoch ...)",
                    (int)TNI_MIN(length, 60), name);
}

static trueno_status tni_date_part_of_text(const tni_string *text, tni_date_part *out,
                                           tni_error *error) {
    const char *name = (const char *)tni_string_data(text);
    *out = TNI_PART_MICROSECOND;
    return tni_date_part_by_name(name, text->length, out)
               ? TRUENO_OK
               : tni_date_part_unknown(name, text->length, error);
}

/* The same while binding: the failure has the place of the call. */
static trueno_status tni_date_part_bound(const tni_bind_call *call, const tni_string *text,
                                         tni_date_part *out, tni_error *error) {
    trueno_status status = tni_date_part_of_text(text, out, error);
    if (status != TRUENO_OK && error != NULL) {
        error->position = call->position;
    }
    return status;
}

/* ---------------------------------------------------------------------------- single parts --- */

TNI_INLINE int32_t tni_date_weekday(int32_t days) { /* 0 = Monday */
    int64_t v = ((int64_t)days + 3) % 7;
    return (int32_t)(v < 0 ? v + 7 : v);
}

/*
 * Civil date of a day that is a TIMESTAMP's (within 106,751,992 days of 1970), inline: the loops
 * below live from it. Neri and Schneider's method, as in base/datetime.c; the epoch is moved by
 * 2,000 cycles of 400 years so that all is unsigned and below 2^32.
 */
TNI_FORCE_INLINE void tni_date_civil(int32_t days, int32_t *year, int32_t *month, int32_t *day) {
    uint32_t n = 4 * ((uint32_t)days + 292913468u) + 3;
    uint32_t century = n / 146097, n2 = n % 146097 | 3;
    uint64_t product = UINT64_C(2939745) * n2;
    uint32_t of_year = (uint32_t)product / 2939745 / 4;
    uint32_t n3 = 2141 * of_year + 197913, late = of_year >= 306 ? 1 : 0;
    *year = (int32_t)(100 * century + (uint32_t)(product >> 32) + late) - 800000;
    *month = (int32_t)((n3 >> 16) - 12 * late);
    *day = (int32_t)((n3 & 0xffff) / 2141 + 1);
}

TNI_INLINE bool tni_date_in_range(int32_t days) {
    return (uint32_t)days + 106751992u <= 2u * 106751992u;
}

TNI_INLINE int32_t tni_date_year_start(int32_t year) {
    int32_t days;
    return tni_days_from_civil(year, 1, 1, &days) ? days : 0;
}

/* ISO 8601: the year of the week's Thursday, weeks from 1. */
static int32_t tni_date_iso_week(int32_t days, int32_t *iso_year) {
    int64_t thursday = (int64_t)days - tni_date_weekday(days) + 3; /* days may be infinite */
    int32_t month, day;
    tni_civil_from_days((int32_t)thursday, iso_year, &month, &day);
    return (int32_t)((thursday - tni_date_year_start(*iso_year)) / 7 + 1);
}

TNI_INLINE int32_t tni_date_ceiling(int32_t year, int32_t unit) { /* years are in groups from 1 */
    return year > 0 ? (year - 1) / unit + 1 : year / unit - 1;
}

/* A part of day `days`, `us` microseconds in; not EPOCH and JULIAN, which are no whole numbers.
 * `in_range`: the day is one a TIMESTAMP can have. */
TNI_FORCE_INLINE int64_t tni_date_part_at(tni_date_part part, int32_t days, int64_t us,
                                          bool in_range) {
    int32_t year, month, day, week;
    switch (part) {
    case TNI_PART_MICROSECOND: return us % TNI_DATE_US_MINUTE;
    case TNI_PART_MILLISECOND: return us % TNI_DATE_US_MINUTE / 1000;
    case TNI_PART_NANOSECOND: return us % TNI_DATE_US_MINUTE * 1000;
    case TNI_PART_SECOND: return us % TNI_DATE_US_MINUTE / TNI_DATE_US_SECOND;
    case TNI_PART_MINUTE: return us % TNI_DATE_US_HOUR / TNI_DATE_US_MINUTE;
    case TNI_PART_HOUR: return us / TNI_DATE_US_HOUR;
    case TNI_PART_WEEKDAY: return (tni_date_weekday(days) + 1) % 7;
    case TNI_PART_ISO_WEEKDAY: return tni_date_weekday(days) + 1;
    case TNI_PART_WEEK: return tni_date_iso_week(days, &year);
    case TNI_PART_ISO_YEAR: (void)tni_date_iso_week(days, &year); return year;
    case TNI_PART_YEAR_WEEK:
        week = tni_date_iso_week(days, &year);
        return (int64_t)year * 100 + (year > 0 ? week : -week);
    case TNI_PART_TIMEZONE: return 0;
    default: break;
    }
    if (in_range) {
        tni_date_civil(days, &year, &month, &day);
    } else {
        tni_civil_from_days(days, &year, &month, &day);
    }
    switch (part) {
    case TNI_PART_DAY: return day;
    case TNI_PART_MONTH: return month;
    case TNI_PART_QUARTER: return (month - 1) / 3 + 1;
    case TNI_PART_DECADE: return year / 10;
    case TNI_PART_CENTURY: return tni_date_ceiling(year, 100);
    case TNI_PART_MILLENNIUM: return tni_date_ceiling(year, 1000);
    case TNI_PART_DAY_OF_YEAR: return (int64_t)days - tni_date_year_start(year) + 1;
    case TNI_PART_ERA: return year > 0;
    default: return year;
    }
}

static int64_t tni_date_part_value(tni_date_part part, int32_t days, int64_t us) {
    return tni_date_part_at(part, days, us, false);
}

static double tni_date_part_real(tni_date_part part, int32_t days, int64_t us) {
    if (part == TNI_PART_JULIAN) {
        return (double)days + 2440588.0 + (double)us / (double)TNI_US_PER_DAY;
    }
    if (part == TNI_PART_EPOCH) {
        us = (int64_t)((uint64_t)days * (uint64_t)TNI_US_PER_DAY + (uint64_t)us);
        return (double)us / 1e6; /* one rounding */
    }
    return (double)tni_date_part_value(part, days, us);
}

/* Parts of an interval; false for those it does not have. */
static bool tni_interval_part(tni_date_part part, tni_interval v, int64_t *out) {
    int64_t us = v.microseconds;
    switch (part) {
    case TNI_PART_MICROSECOND: *out = us % TNI_DATE_US_MINUTE; return true;
    case TNI_PART_MILLISECOND: *out = us % TNI_DATE_US_MINUTE / 1000; return true;
    case TNI_PART_NANOSECOND: *out = us % TNI_DATE_US_MINUTE * 1000; return true;
    case TNI_PART_SECOND: *out = us % TNI_DATE_US_MINUTE / TNI_DATE_US_SECOND; return true;
    case TNI_PART_MINUTE: *out = us % TNI_DATE_US_HOUR / TNI_DATE_US_MINUTE; return true;
    case TNI_PART_HOUR: *out = us / TNI_DATE_US_HOUR; return true;
    case TNI_PART_DAY: *out = v.days; return true;
    case TNI_PART_MONTH: *out = v.months % 12; return true;
    case TNI_PART_QUARTER: *out = v.months % 12 / 3 + 1; return true;
    case TNI_PART_YEAR: *out = v.months / 12; return true;
    case TNI_PART_DECADE: *out = v.months / 120; return true;
    case TNI_PART_CENTURY: *out = v.months / 1200; return true;
    case TNI_PART_MILLENNIUM: *out = v.months / 12000; return true;
    default: *out = 0; return false;
    }
}

/* Every month has 30 days. */
static int64_t tni_interval_us(tni_interval v) {
    int64_t seconds = (int64_t)v.months * 30 * 86400 + (int64_t)v.days * 86400;
    return (int64_t)((uint64_t)seconds * 1000000u + (uint64_t)v.microseconds);
}

/* A year has 365.25 days, what is left of one months of 30. */
static int64_t tni_interval_epoch_us(tni_interval v) {
    int64_t seconds = (int64_t)(v.months / 12) * 31557600 +
                      (int64_t)(v.months % 12) * 30 * 86400 + (int64_t)v.days * 86400;
    return (int64_t)((uint64_t)seconds * 1000000u + (uint64_t)v.microseconds);
}

/* --------------------------------------------------------------------------------- binding --- */

TNI_FN trueno_status tni_bind_moment(tni_bind_call *call, uint32_t argument, tni_error *error) {
    tni_type t = call->types[argument];
    if (t.id == TRUENO_TYPE_TIMESTAMP_TZ) {
        return TRUENO_OK;
    }
    if (t.id == TRUENO_TYPE_DATE || tni_type_is_timestamp(t) || t.id == TRUENO_TYPE_NULL ||
        (t.id == TRUENO_TYPE_VARCHAR && call->literals && call->literals[argument])) {
        call->types[argument] = tni_type_make(TRUENO_TYPE_TIMESTAMP);
        return TRUENO_OK;
    }
    return tni_scalar_no_match(call, argument, "DATE or TIMESTAMP", error);
}

static bool tni_part_is_real(tni_date_part part) {
    return part == TNI_PART_EPOCH || part == TNI_PART_JULIAN;
}

static bool tni_part_of_time(tni_date_part part) {
    return part <= TNI_PART_HOUR || part == TNI_PART_EPOCH || part == TNI_PART_NANOSECOND ||
           part == TNI_PART_TIMEZONE;
}

static bool tni_part_of_interval(tni_date_part part) {
    tni_interval zero;
    int64_t value;
    memset(&zero, 0, sizeof zero);
    return part == TNI_PART_EPOCH || tni_interval_part(part, zero, &value);
}

/* The value a part is taken of, and whether it has such a part (part_known). */
static trueno_status tni_bind_part_value(tni_bind_call *call, uint32_t argument,
                                         const tni_date_part *part, tni_error *error) {
    tni_type t = call->types[argument];
    char text[40];
    bool fits = true;
    if (t.id == TRUENO_TYPE_TIME) {
        fits = part == NULL || tni_part_of_time(*part);
    } else if (t.id == TRUENO_TYPE_INTERVAL) {
        fits = part == NULL || tni_part_of_interval(*part);
    } else if (t.id != TRUENO_TYPE_DATE) {
        return tni_bind_moment(call, argument, error);
    }
    (void)tni_type_print(t, text);
    return fits ? TRUENO_OK
                : tni_fail_at(error, TRUENO_ERROR_BINDER, call->position,
                              "%s has no such part (%s)", text, call->name);
}

static trueno_status tni_bind_store_part(tni_bind_call *call, tni_date_part part,
                                         tni_error *error) {
    tni_date_part *bound = (tni_date_part *)tni_arena_alloc(call->arena, sizeof *bound);
    if (bound == NULL) {
        return tni_memory_fail(call->arena->memory, sizeof *bound, error);
    }
    *bound = part;
    call->bound = bound;
    return TRUENO_OK;
}

/* year(x), dayofweek(x) ...: the name is the part. */
static trueno_status tni_bind_part_named(tni_bind_call *call, tni_error *error) {
    tni_date_part part = TNI_PART_YEAR;
    (void)tni_date_part_by_name(call->name, strlen(call->name), &part);
    call->result = tni_type_make(tni_part_is_real(part) ? TRUENO_TYPE_DOUBLE : TRUENO_TYPE_BIGINT);
    TNI_TRY(tni_bind_part_value(call, 0, &part, error));
    return tni_bind_store_part(call, part, error);
}

/* date_part(part, x): BIGINT or DOUBLE when the part is known now, else DOUBLE. */
static trueno_status tni_bind_part(tni_bind_call *call, tni_error *error) {
    const tni_string *name = tni_scalar_constant_text(call, 0);
    tni_date_part part = TNI_PART_YEAR;
    if (name == NULL) {
        call->result = tni_type_make(TRUENO_TYPE_DOUBLE);
        return tni_bind_part_value(call, 1, NULL, error);
    }
    TNI_TRY(tni_date_part_bound(call, name, &part, error));
    call->result = tni_type_make(tni_part_is_real(part) ? TRUENO_TYPE_DOUBLE : TRUENO_TYPE_BIGINT);
    TNI_TRY(tni_bind_part_value(call, 1, &part, error));
    return tni_bind_store_part(call, part, error);
}

/* ---------------------------------------------------------------------------- parts by row --- */

/* Rows with an infinite value become NULL. */
static void tni_date_drop_infinite(tni_call *call, uint32_t argument) {
    size_t step = tni_scalar_step(call, argument);
    uint32_t i;
    if (call->arguments[argument].type.id == TRUENO_TYPE_DATE) {
        const int32_t *days = (const int32_t *)tni_scalar_data(call, argument);
        for (i = 0; i < call->rows; i++) {
            if (days[i * step] == INT32_MAX || days[i * step] == -INT32_MAX) {
                tni_bit_clear(call->validity, i);
            }
        }
    } else {
        const int64_t *us = (const int64_t *)tni_scalar_data(call, argument);
        for (i = 0; i < call->rows; i++) {
            if (tni_timestamp_is_infinite(us[i * step])) {
                tni_bit_clear(call->validity, i);
            }
        }
    }
}

#define TNI_DATE_LOOP(PART)                                                                        \
    for (i = 0; i < rows; i++) {                                                                   \
        int64_t us;                                                                                \
        int32_t days = tni_date_of(in[i * step], &us);                                             \
        out[i] = tni_date_part_at(PART, days, us, true);                                           \
    }

static void tni_date_parts_of_moments(tni_date_part part, const int64_t *in, size_t step,
                                      uint32_t rows, int64_t *out) {
    uint32_t i;
    switch (part) {
    case TNI_PART_YEAR: TNI_DATE_LOOP(TNI_PART_YEAR) break;
    case TNI_PART_MONTH: TNI_DATE_LOOP(TNI_PART_MONTH) break;
    case TNI_PART_DAY: TNI_DATE_LOOP(TNI_PART_DAY) break;
    case TNI_PART_HOUR: TNI_DATE_LOOP(TNI_PART_HOUR) break;
    case TNI_PART_MINUTE: TNI_DATE_LOOP(TNI_PART_MINUTE) break;
    case TNI_PART_SECOND: TNI_DATE_LOOP(TNI_PART_SECOND) break;
    default: TNI_DATE_LOOP(part)
    }
}

#define TNI_DATE_DAY_LOOP(PART, IN_RANGE)                                                          \
    for (i = 0; i < rows; i++) {                                                                   \
        out[i] = tni_date_part_at(PART, in[i * step], 0, IN_RANGE);                                \
    }

static void tni_date_parts_of_days(tni_date_part part, const int32_t *in, size_t step,
                                   uint32_t rows, int64_t *out) {
    bool in_range = true;
    uint32_t i;
    for (i = 0; i < rows; i++) {
        in_range &= tni_date_in_range(in[i * step]);
    }
    if (!in_range) {
        TNI_DATE_DAY_LOOP(part, false)
        return;
    }
    switch (part) {
    case TNI_PART_YEAR: TNI_DATE_DAY_LOOP(TNI_PART_YEAR, true) break;
    case TNI_PART_MONTH: TNI_DATE_DAY_LOOP(TNI_PART_MONTH, true) break;
    case TNI_PART_DAY: TNI_DATE_DAY_LOOP(TNI_PART_DAY, true) break;
    default: TNI_DATE_DAY_LOOP(part, true)
    }
}

/* The part of one row, whatever the type; false when there is none (infinite). */
static bool tni_date_part_row(const tni_call *call, uint32_t argument, uint32_t row,
                              tni_date_part part, double *out) {
    const tni_vector *v = &call->arguments[argument];
    const void *data = tni_scalar_data(call, argument);
    size_t at = row * tni_scalar_step(call, argument);
    int64_t us = 0, value;
    int32_t days = 0;
    *out = 0;
    if (v->type.id == TRUENO_TYPE_INTERVAL) {
        tni_interval interval = ((const tni_interval *)data)[at];
        (void)tni_interval_part(part, interval, &value);
        *out = part == TNI_PART_EPOCH ? (double)tni_interval_epoch_us(interval) / 1e6
                                      : (double)value;
        return true;
    }
    if (v->type.id == TRUENO_TYPE_DATE) {
        days = ((const int32_t *)data)[at];
        if (days == INT32_MAX || days == -INT32_MAX) {
            return false;
        }
        if (part == TNI_PART_EPOCH) { /* dates go further than microseconds do */
            *out = (double)days * 86400.0;
            return true;
        }
    } else {
        us = ((const int64_t *)data)[at];
        if (v->type.id != TRUENO_TYPE_TIME) {
            if (tni_timestamp_is_infinite(us)) {
                return false;
            }
            days = tni_date_of(us, &us);
        }
    }
    *out = tni_date_part_real(part, days, us);
    return true;
}

static trueno_status tni_eval_part_real(tni_call *call, tni_date_part part) {
    double *out = (double *)call->out;
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        if (!tni_date_part_row(call, call->count - 1, i, part, &out[i])) {
            tni_bit_clear(call->validity, i);
        }
    }
    return TRUENO_OK;
}

/* The part differs from row to row. */
static trueno_status tni_eval_part_by_row(tni_call *call) {
    tni_scalar_strings names = tni_scalar_strings_of(call, 0);
    tni_type type = call->arguments[1].type;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *name = &names.data[i * names.step];
        tni_date_part part;
        TNI_TRY(tni_date_part_of_text(name, &part, call->error));
        if ((type.id == TRUENO_TYPE_TIME && !tni_part_of_time(part)) ||
            (type.id == TRUENO_TYPE_INTERVAL && !tni_part_of_interval(part))) {
            return tni_fail(call->error, TRUENO_ERROR_CONVERSION,
                            "a TIME or INTERVAL has no part \"%.*s\"",
                            (int)TNI_MIN(name->length, 60u), (const char *)tni_string_data(name));
        }
        if (!tni_date_part_row(call, 1, i, part, &((double *)call->out)[i])) {
            tni_bit_clear(call->validity, i);
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_part(tni_call *call) {
    uint32_t value = call->count - 1, i;
    const void *in = tni_scalar_data(call, value);
    size_t step = tni_scalar_step(call, value);
    int64_t *out = (int64_t *)call->out;
    tni_date_part part;
    if (call->bound == NULL) {
        return tni_eval_part_by_row(call);
    }
    part = *(const tni_date_part *)call->bound;
    if (tni_part_is_real(part)) {
        return tni_eval_part_real(call, part);
    }
    switch (call->arguments[value].type.id) {
    case TRUENO_TYPE_DATE:
        tni_date_parts_of_days(part, (const int32_t *)in, step, call->rows, out);
        break;
    case TRUENO_TYPE_TIME:
        for (i = 0; i < call->rows; i++) {
            out[i] = tni_date_part_value(part, 0, ((const int64_t *)in)[i * step]);
        }
        return TRUENO_OK;
    case TRUENO_TYPE_INTERVAL:
        for (i = 0; i < call->rows; i++) {
            (void)tni_interval_part(part, ((const tni_interval *)in)[i * step], &out[i]);
        }
        return TRUENO_OK;
    default: tni_date_parts_of_moments(part, (const int64_t *)in, step, call->rows, out);
    }
    tni_date_drop_infinite(call, value);
    return TRUENO_OK;
}

/* Half away from zero. */
TNI_INLINE int64_t tni_epoch_round(int64_t value, int64_t unit) {
    int64_t whole = value / unit, rest = value % unit;
    return whole + (rest >= (unit + 1) / 2) - (-rest >= (unit + 1) / 2);
}

/* epoch_ms, epoch_us, epoch_ns of a moment, a TIME or an INTERVAL. */
static trueno_status tni_epoch_units(tni_call *call, int64_t multiply, int64_t divide) {
    tni_type type = call->arguments[0].type;
    const void *in = tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0);
    int64_t *out = (int64_t *)call->out;
    uint32_t i;
    bool nanoseconds = type.id == TRUENO_TYPE_TIMESTAMP_NS;
    bool moment = tni_type_is_timestamp(type); /* rounds, durations lose the rest, as in DuckDB */
    for (i = 0; i < call->rows; i++) {
        int64_t us = type.id == TRUENO_TYPE_INTERVAL
                         ? tni_interval_us(((const tni_interval *)in)[i * step])
                         : ((const int64_t *)in)[i * step];
        int64_t scaled = (int64_t)((uint64_t)us * (uint64_t)multiply);
        if (nanoseconds) {
            out[i] = us;
            continue;
        }
        if (multiply > 1 && (us > INT64_MAX / multiply || us < INT64_MIN / multiply) &&
            tni_scalar_counts(call, i) && !tni_timestamp_is_infinite(us)) {
            return tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE,
                            "the moment is out of the range of nanoseconds");
        }
        out[i] = moment ? tni_epoch_round(scaled, divide) : scaled / divide;
    }
    if (tni_type_is_timestamp(type)) {
        tni_date_drop_infinite(call, 0);
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_epoch_ms(tni_call *call) {
    return tni_epoch_units(call, 1, 1000);
}
static trueno_status tni_eval_epoch_us(tni_call *call) {
    return tni_epoch_units(call, 1, 1);
}
static trueno_status tni_eval_epoch_ns(tni_call *call) {
    return tni_epoch_units(call, 1000, 1);
}

static trueno_status tni_bind_epoch(tni_bind_call *call, tni_error *error) {
    tni_type t = call->types[0];
    call->result = tni_type_make(TRUENO_TYPE_BIGINT);
    if (t.id == TRUENO_TYPE_TIME || t.id == TRUENO_TYPE_INTERVAL ||
        (t.id == TRUENO_TYPE_TIMESTAMP_NS && tni_name_equal(call->name, "epoch_ns"))) {
        return TRUENO_OK;
    }
    return tni_bind_moment(call, 0, error);
}

/* ------------------------------------------------------------------------------ truncation --- */

/* The first day of the unit that a TIMESTAMP's day lies in. */
TNI_FORCE_INLINE int64_t tni_date_trunc_days(tni_date_part part, int32_t days) {
    int32_t year, month, day, out;
    switch (part) {
    case TNI_PART_WEEK:
    case TNI_PART_YEAR_WEEK: return (int64_t)days - tni_date_weekday(days);
    case TNI_PART_ISO_YEAR:
        (void)tni_date_iso_week(days, &year);
        out = tni_date_year_start(year) + 3; /* 4 January is always in week 1 */
        return out - tni_date_weekday(out);
    default: break;
    }
    tni_date_civil(days, &year, &month, &day);
    switch (part) {
    case TNI_PART_MONTH: return (int64_t)days - day + 1;
    case TNI_PART_QUARTER: month = (month - 1) / 3 * 3 + 1; break;
    case TNI_PART_YEAR: month = 1; break;
    case TNI_PART_DECADE: year = year / 10 * 10, month = 1; break;
    case TNI_PART_CENTURY: year = year / 100 * 100, month = 1; break;
    case TNI_PART_MILLENNIUM: year = year / 1000 * 1000, month = 1; break;
    default: return days; /* DAY, and what has no unit of its own */
    }
    return tni_days_from_civil(year, month, 1, &out) ? out : days;
}

/* us down to a multiple of `unit`; wraps for what is no moment. */
#define TNI_DATE_FLOOR(us, unit)                                                                   \
    ((int64_t)((uint64_t)(us) - (uint64_t)((us) % (unit)) -                                        \
               ((us) % (unit) < 0 ? (uint64_t)(unit) : 0u)))

TNI_FORCE_INLINE int64_t tni_date_trunc(tni_date_part part, int64_t us) {
    int64_t rest, days;
    switch (part) {
    case TNI_PART_MICROSECOND:
    case TNI_PART_NANOSECOND: return us;
    case TNI_PART_MILLISECOND: return TNI_DATE_FLOOR(us, 1000);
    case TNI_PART_SECOND:
    case TNI_PART_EPOCH: return TNI_DATE_FLOOR(us, TNI_DATE_US_SECOND);
    case TNI_PART_MINUTE: return TNI_DATE_FLOOR(us, TNI_DATE_US_MINUTE);
    case TNI_PART_HOUR: return TNI_DATE_FLOOR(us, TNI_DATE_US_HOUR);
    default:
        days = tni_date_trunc_days(part, tni_date_of(us, &rest));
        return (int64_t)((uint64_t)days * (uint64_t)TNI_US_PER_DAY);
    }
}

static tni_interval tni_interval_trunc(tni_date_part part, tni_interval v) {
    int32_t months = 0;
    switch (part) {
    case TNI_PART_MILLENNIUM: months = 12000; break;
    case TNI_PART_CENTURY: months = 1200; break;
    case TNI_PART_DECADE: months = 120; break;
    case TNI_PART_YEAR:
    case TNI_PART_ISO_YEAR: months = 12; break;
    case TNI_PART_QUARTER: months = 3; break;
    case TNI_PART_MONTH: months = 1; break;
    case TNI_PART_WEEK:
    case TNI_PART_YEAR_WEEK: v.days -= v.days % 7; break;
    case TNI_PART_HOUR: v.microseconds -= v.microseconds % TNI_DATE_US_HOUR; return v;
    case TNI_PART_MINUTE: v.microseconds -= v.microseconds % TNI_DATE_US_MINUTE; return v;
    case TNI_PART_SECOND:
    case TNI_PART_EPOCH: v.microseconds -= v.microseconds % TNI_DATE_US_SECOND; return v;
    case TNI_PART_MILLISECOND: v.microseconds -= v.microseconds % 1000; return v;
    case TNI_PART_MICROSECOND:
    case TNI_PART_NANOSECOND: return v;
    default: break;
    }
    v.microseconds = 0;
    if (months > 0) {
        v.days = 0;
        v.months -= v.months % months;
    }
    return v;
}

#define TNI_DATE_TRUNC_LOOP(PART)                                                                  \
    for (i = 0; i < call->rows; i++) {                                                             \
        int64_t us = in[i * step];                                                                 \
        out[i] = tni_timestamp_is_infinite(us) ? us : tni_date_trunc(PART, us);                    \
    }

static void tni_date_trunc_rows(tni_call *call, tni_date_part part) {
    const int64_t *in = (const int64_t *)tni_scalar_data(call, 1);
    size_t step = tni_scalar_step(call, 1);
    int64_t *out = (int64_t *)call->out;
    uint32_t i;
    switch (part) { /* a constant unit folds the switch inside and its divisions */
    case TNI_PART_MINUTE:
        for (i = 0; i < call->rows; i++) {
            int64_t us = in[i * step];
            out[i] = tni_timestamp_is_infinite(us) ? us : TNI_DATE_FLOOR(us, TNI_DATE_US_MINUTE);
        }
        break;
    case TNI_PART_HOUR:
        for (i = 0; i < call->rows; i++) {
            int64_t us = in[i * step];
            out[i] = tni_timestamp_is_infinite(us) ? us : TNI_DATE_FLOOR(us, TNI_DATE_US_HOUR);
        }
        break;
    case TNI_PART_DAY:
        for (i = 0; i < call->rows; i++) {
            int64_t us = in[i * step];
            out[i] = tni_timestamp_is_infinite(us) ? us : TNI_DATE_FLOOR(us, TNI_US_PER_DAY);
        }
        break;
    case TNI_PART_MONTH: TNI_DATE_TRUNC_LOOP(TNI_PART_MONTH) break;
    case TNI_PART_WEEK: TNI_DATE_TRUNC_LOOP(TNI_PART_WEEK) break;
    default: TNI_DATE_TRUNC_LOOP(part)
    }
}

static trueno_status tni_eval_trunc_part(tni_call *call) {
    tni_scalar_strings names = tni_scalar_strings_of(call, 0);
    size_t step = tni_scalar_step(call, 1);
    bool interval = call->type.id == TRUENO_TYPE_INTERVAL;
    const void *in = tni_scalar_data(call, 1);
    tni_rows rows = tni_rows_of(call);
    tni_date_part part = TNI_PART_DAY;
    uint32_t i;
    if (call->bound != NULL && !interval) {
        tni_date_trunc_rows(call, *(const tni_date_part *)call->bound);
        return TRUENO_OK;
    }
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        if (call->bound != NULL) {
            part = *(const tni_date_part *)call->bound;
        } else {
            TNI_TRY(tni_date_part_of_text(&names.data[i * names.step], &part, call->error));
        }
        if (interval) {
            ((tni_interval *)call->out)[i] =
                tni_interval_trunc(part, ((const tni_interval *)in)[i * step]);
        } else {
            int64_t us = ((const int64_t *)in)[i * step];
            ((int64_t *)call->out)[i] =
                tni_timestamp_is_infinite(us) ? us : tni_date_trunc(part, us);
        }
    }
    return TRUENO_OK;
}

/* date_trunc(part, x): an INTERVAL stays one, the rest become TIMESTAMP (a zone stays). */
/* An era and a time zone's offset are parts, but no units of time. */
static trueno_status tni_bind_unit(const tni_bind_call *call, tni_date_part part,
                                   tni_error *error) {
    return part != TNI_PART_ERA && part != TNI_PART_TIMEZONE
               ? TRUENO_OK
               : tni_fail_at(error, TRUENO_ERROR_BINDER, call->position,
                             "%s does not take that part: it is no unit of time", call->name);
}

static trueno_status tni_bind_trunc_part(tni_bind_call *call, tni_error *error) {
    const tni_string *name = tni_scalar_constant_text(call, 0);
    tni_date_part part;
    if (call->types[1].id != TRUENO_TYPE_INTERVAL) {
        TNI_TRY(tni_bind_moment(call, 1, error));
    }
    call->result = call->types[1];
    if (name == NULL) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_date_part_bound(call, name, &part, error));
    TNI_TRY(tni_bind_unit(call, part, error));
    return tni_bind_store_part(call, part, error);
}

/* ----------------------------------------------------------------------------- differences --- */

static int64_t tni_date_floor_divide(int64_t a, int64_t b) { /* b > 0 */
    return a / b - (a % b < 0 ? 1 : 0);
}

static int64_t tni_date_unit_us(tni_date_part part) {
    switch (part) {
    case TNI_PART_MICROSECOND: return 1;
    case TNI_PART_MILLISECOND: return 1000;
    case TNI_PART_SECOND:
    case TNI_PART_EPOCH: return TNI_DATE_US_SECOND;
    case TNI_PART_MINUTE: return TNI_DATE_US_MINUTE;
    case TNI_PART_HOUR: return TNI_DATE_US_HOUR;
    default: return 0;
    }
}

/* On which unit of a line of units a day lies: date_diff counts the borders between two. */
static int64_t tni_date_ordinal(tni_date_part part, int32_t days) {
    int32_t year, month, day;
    switch (part) {
    case TNI_PART_ISO_YEAR: (void)tni_date_iso_week(days, &year); return year;
    case TNI_PART_MONTH:
    case TNI_PART_QUARTER:
    case TNI_PART_YEAR:
    case TNI_PART_DECADE:
    case TNI_PART_CENTURY:
    case TNI_PART_MILLENNIUM: break;
    default: return days;
    }
    tni_civil_from_days(days, &year, &month, &day);
    switch (part) {
    case TNI_PART_MONTH: return (int64_t)year * 12 + month;
    case TNI_PART_QUARTER: return tni_date_floor_divide((int64_t)year * 12 + month - 1, 3);
    case TNI_PART_DECADE: return year / 10;
    case TNI_PART_CENTURY: return year / 100;
    case TNI_PART_MILLENNIUM: return year / 1000;
    default: return year;
    }
}

/* Borders of `part` between two moments. */
static int64_t tni_date_difference(tni_date_part part, int64_t from, int64_t to) {
    int64_t unit = tni_date_unit_us(part), rest, borders;
    if (unit == 1) {
        return (int64_t)((uint64_t)to - (uint64_t)from);
    }
    if (unit > 0) {
        return tni_date_floor_divide(to, unit) - tni_date_floor_divide(from, unit);
    }
    borders = tni_date_ordinal(part, tni_date_of(to, &rest)) -
              tni_date_ordinal(part, tni_date_of(from, &rest));
    /* weeks are seven days, wherever they begin, as DuckDB counts */
    return part == TNI_PART_WEEK || part == TNI_PART_YEAR_WEEK ? borders / 7 : borders;
}

static int32_t tni_date_month_days(int32_t year, int32_t month) {
    static const int8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Whole months from one moment to a later one; the last day of a short month counts as the day
 * the longer one would have had. */
static int64_t tni_date_whole_months(int64_t from, int64_t to) {
    int32_t y1, m1, d1, y2, m2, d2;
    int64_t t1, t2, months;
    tni_civil_from_days(tni_date_of(from, &t1), &y1, &m1, &d1);
    tni_civil_from_days(tni_date_of(to, &t2), &y2, &m2, &d2);
    if (d2 == tni_date_month_days(y2, m2)) {
        d1 = TNI_MIN(d1, d2);
    }
    months = ((int64_t)y2 - y1) * 12 + m2 - m1;
    return d2 < d1 || (d2 == d1 && t2 < t1) ? months - 1 : months;
}

/* Whole units of `part` from one moment to another. */
static int64_t tni_date_whole(tni_date_part part, int64_t from, int64_t to) {
    int64_t unit = tni_date_unit_us(part), months;
    if (part == TNI_PART_WEEK || part == TNI_PART_YEAR_WEEK) {
        unit = 7 * TNI_US_PER_DAY;
    }
    switch (part) {
    case TNI_PART_MONTH: months = 1; break;
    case TNI_PART_QUARTER: months = 3; break;
    case TNI_PART_YEAR:
    case TNI_PART_ISO_YEAR: months = 12; break;
    case TNI_PART_DECADE: months = 120; break;
    case TNI_PART_CENTURY: months = 1200; break;
    case TNI_PART_MILLENNIUM: months = 12000; break;
    default: months = 0;
    }
    if (months == 0) {
        return (int64_t)((uint64_t)to - (uint64_t)from) / (unit > 0 ? unit : TNI_US_PER_DAY);
    }
    return (from <= to ? tni_date_whole_months(from, to) : -tni_date_whole_months(to, from)) /
           months;
}

/* date_diff(part, a, b) and date_sub(part, a, b): TIME with TIME, else moments. */
static trueno_status tni_bind_difference(tni_bind_call *call, tni_error *error) {
    const tni_string *name = tni_scalar_constant_text(call, 0);
    tni_date_part part;
    call->result = tni_type_make(TRUENO_TYPE_BIGINT);
    if (call->types[1].id == TRUENO_TYPE_TIME && call->types[2].id == TRUENO_TYPE_TIME) {
        if (name != NULL) {
            TNI_TRY(tni_date_part_bound(call, name, &part, error));
            if (tni_date_unit_us(part) == 0) {
                return tni_fail_at(error, TRUENO_ERROR_BINDER, call->position,
                                   "two TIMEs have no difference in that unit");
            }
        }
    } else {
        TNI_TRY(tni_bind_moment(call, 1, error));
        TNI_TRY(tni_bind_moment(call, 2, error));
        if (call->types[1].id != call->types[2].id) {
            call->types[1] = call->types[2] = tni_type_make(TRUENO_TYPE_TIMESTAMP_TZ);
        }
    }
    if (name == NULL) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_date_part_bound(call, name, &part, error));
    TNI_TRY(tni_bind_unit(call, part, error));
    return tni_bind_store_part(call, part, error);
}

static trueno_status tni_difference_rows(tni_call *call, bool whole) {
    tni_scalar_strings names = tni_scalar_strings_of(call, 0);
    const int64_t *a = (const int64_t *)tni_scalar_data(call, 1);
    const int64_t *b = (const int64_t *)tni_scalar_data(call, 2);
    size_t step_a = tni_scalar_step(call, 1), step_b = tni_scalar_step(call, 2);
    tni_rows rows = tni_rows_of(call);
    tni_date_part part = TNI_PART_DAY;
    uint32_t i;
    if (call->bound != NULL) {
        part = *(const tni_date_part *)call->bound;
    }
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        int64_t from = a[i * step_a], to = b[i * step_b];
        if (call->bound == NULL) {
            TNI_TRY(tni_date_part_of_text(&names.data[i * names.step], &part, call->error));
        }
        if (tni_timestamp_is_infinite(from) || tni_timestamp_is_infinite(to)) {
            tni_bit_clear(call->validity, i);
            continue;
        }
        ((int64_t *)call->out)[i] =
            whole ? tni_date_whole(part, from, to) : tni_date_difference(part, from, to);
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_date_diff(tni_call *call) {
    return tni_difference_rows(call, false);
}
static trueno_status tni_eval_date_sub(tni_call *call) {
    return tni_difference_rows(call, true);
}

/* ---------------------------------------------------------------------------- names, ends --- */

static const char *const tni_date_months[12] = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
static const char *const tni_date_weekdays[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                 "Thursday", "Friday", "Saturday"};

static trueno_status tni_date_name_rows(tni_call *call, bool month) {
    const int64_t *in = (const int64_t *)tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        int64_t us = in[i * step], rest;
        int32_t days = tni_date_of(us, &rest);
        if (tni_timestamp_is_infinite(us)) {
            tni_bit_clear(call->validity, i);
            continue;
        }
        ((tni_string *)call->out)[i] = tni_string_c(
            month ? tni_date_months[tni_date_part_value(TNI_PART_MONTH, days, 0) - 1]
                  : tni_date_weekdays[tni_date_part_value(TNI_PART_WEEKDAY, days, 0)]);
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_day_name(tni_call *call) {
    return tni_date_name_rows(call, false);
}
static trueno_status tni_eval_month_name(tni_call *call) {
    return tni_date_name_rows(call, true);
}

static trueno_status tni_last_day_rows(tni_call *call, bool count) {
    const int64_t *in = (const int64_t *)tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        int64_t us = in[i * step], rest;
        int32_t days = tni_date_of(us, &rest), year, month, day;
        if (tni_timestamp_is_infinite(us)) {
            tni_bit_clear(call->validity, i);
            continue;
        }
        tni_civil_from_days(days, &year, &month, &day);
        if (count) {
            ((int64_t *)call->out)[i] = tni_date_month_days(year, month);
        } else {
            ((int32_t *)call->out)[i] = days - day + tni_date_month_days(year, month);
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_last_day(tni_call *call) {
    return tni_last_day_rows(call, false);
}
static trueno_status tni_eval_days_in_month(tni_call *call) {
    return tni_last_day_rows(call, true);
}

static trueno_status tni_bind_date_result(tni_bind_call *call, tni_error *error) {
    call->result = tni_type_make(TRUENO_TYPE_DATE);
    return tni_bind_moment(call, 0, error);
}

static trueno_status tni_bind_days_result(tni_bind_call *call, tni_error *error) {
    call->result = tni_type_make(TRUENO_TYPE_BIGINT);
    return tni_bind_moment(call, 0, error);
}

static trueno_status tni_bind_text_result(tni_bind_call *call, tni_error *error) {
    call->result = tni_type_make(TRUENO_TYPE_VARCHAR);
    return tni_bind_moment(call, 0, error);
}

/* ---------------------------------------------------------------------------------- table --- */

#define TNI_DATE_PART(name, doc)                                                                   \
    TNI_SCALAR_ON(name, "a", NULL, tni_bind_part_named, tni_eval_part, 0, TNI_DEVICE_DATE_PART,    \
                  "(date)", doc)
#define TNI_DATE_ROW(name, pattern, result, bind, eval, signature, doc)                            \
    TNI_SCALAR(name, pattern, result, bind, eval, 0, signature, doc)

static const tni_function tni_date_table[] = {
    TNI_DATE_PART("year", "The year"),
    TNI_DATE_PART("month", "The month, 1 to 12"),
    TNI_DATE_PART("day", "The day of the month"),
    TNI_DATE_PART("dayofmonth", "The day of the month"),
    TNI_DATE_PART("hour", "The hour, 0 to 23"),
    TNI_DATE_PART("minute", "The minute, 0 to 59"),
    TNI_DATE_PART("second", "The second, 0 to 59"),
    TNI_DATE_PART("millisecond", "Milliseconds into the minute"),
    TNI_DATE_PART("milliseconds", "Milliseconds into the minute"),
    TNI_DATE_PART("microsecond", "Microseconds into the minute"),
    TNI_DATE_PART("microseconds", "Microseconds into the minute"),
    TNI_DATE_PART("nanosecond", "Nanoseconds into the minute"),
    TNI_DATE_PART("quarter", "The quarter of the year, 1 to 4"),
    TNI_DATE_PART("week", "The ISO week of the year"),
    TNI_DATE_PART("weekofyear", "The ISO week of the year"),
    TNI_DATE_PART("yearweek", "ISO year * 100 + ISO week"),
    TNI_DATE_PART("isoyear", "The year the ISO week belongs to"),
    TNI_DATE_PART("dow", "The weekday, 0 = Sunday"),
    TNI_DATE_PART("dayofweek", "The weekday, 0 = Sunday"),
    TNI_DATE_PART("weekday", "The weekday, 0 = Sunday"),
    TNI_DATE_PART("isodow", "The weekday, 1 = Monday to 7 = Sunday"),
    TNI_DATE_PART("doy", "The day of the year, from 1"),
    TNI_DATE_PART("dayofyear", "The day of the year, from 1"),
    TNI_DATE_PART("decade", "year / 10"),
    TNI_DATE_PART("century", "The century, 21 from 2001 on"),
    TNI_DATE_PART("millennium", "The millennium, 3 from 2001 on"),
    TNI_DATE_PART("era", "1, or 0 before Christ"),
    TNI_DATE_PART("epoch", "Seconds since 1970-01-01, a DOUBLE"),
    TNI_DATE_PART("julian", "The Julian day number, a DOUBLE"),
    TNI_DATE_ROW("epoch_ms", "i", "t", NULL, tni_eval_epoch_ms_in, "(milliseconds)",
                 "The moment that long after 1970-01-01"),
    TNI_DATE_ROW("epoch_ms", "a", NULL, tni_bind_epoch, tni_eval_epoch_ms, "(timestamp)",
                 "Milliseconds since 1970-01-01"),
    TNI_DATE_ROW("epoch_us", "a", NULL, tni_bind_epoch, tni_eval_epoch_us, "(timestamp)",
                 "Microseconds since 1970-01-01"),
    TNI_DATE_ROW("epoch_ns", "a", NULL, tni_bind_epoch, tni_eval_epoch_ns, "(timestamp)",
                 "Nanoseconds since 1970-01-01"),
    TNI_SCALAR_ON("date_part", "sa", NULL, tni_bind_part, tni_eval_part, 0, TNI_DEVICE_DATE_PART,
                  "(part, date)",
                  "A part of a date, time or interval; extract(part FROM date) is the same"),
    TNI_SCALAR_ON("datepart", "sa", NULL, tni_bind_part, tni_eval_part, 0, TNI_DEVICE_DATE_PART,
                  "(part, date)", "The same as date_part"),
    TNI_SCALAR_ON("date_trunc", "sa", NULL, tni_bind_trunc_part, tni_eval_trunc_part, 0,
                  TNI_DEVICE_DATE_TRUNC, "(part, date)",
                  "Down to the beginning of the month, hour ..."),
    TNI_SCALAR_ON("datetrunc", "sa", NULL, tni_bind_trunc_part, tni_eval_trunc_part, 0,
                  TNI_DEVICE_DATE_TRUNC, "(part, date)", "The same as date_trunc"),
    TNI_DATE_ROW("date_diff", "saa", NULL, tni_bind_difference, tni_eval_date_diff,
                 "(part, from, to)", "Borders of the part crossed from one to the other"),
    TNI_DATE_ROW("datediff", "saa", NULL, tni_bind_difference, tni_eval_date_diff,
                 "(part, from, to)", "The same as date_diff"),
    TNI_DATE_ROW("date_sub", "saa", NULL, tni_bind_difference, tni_eval_date_sub,
                 "(part, from, to)", "Whole parts from one to the other"),
    TNI_DATE_ROW("datesub", "saa", NULL, tni_bind_difference, tni_eval_date_sub, "(part, from, to)",
                 "The same as date_sub"),
    TNI_SCALAR_ON("date_add", "tI", "t", NULL, tni_eval_date_add, 0, TNI_DEVICE_ADD,
                  "(date, interval)", "date + interval"),
    TNI_DATE_ROW("dayname", "a", NULL, tni_bind_text_result, tni_eval_day_name, "(date)",
                 "The English name of the weekday"),
    TNI_DATE_ROW("monthname", "a", NULL, tni_bind_text_result, tni_eval_month_name, "(date)",
                 "The English name of the month"),
    TNI_DATE_ROW("days_in_month", "a", NULL, tni_bind_days_result, tni_eval_days_in_month, "(date)",
                 "Days of the date's month"),
    TNI_DATE_ROW("last_day", "a", NULL, tni_bind_date_result, tni_eval_last_day, "(date)",
                 "The last day of the month"),
    TNI_DATE_ROW("age", "tt", "I", NULL, tni_eval_age, "(later, earlier)",
                 "Years, months, days and time between two moments"),
    TNI_DATE_ROW("age", "t", "I", NULL, tni_eval_age, "(timestamp)", "The age at midnight today"),
    TNI_DATE_ROW("time_bucket", "Ia?a", NULL, tni_bind_time_bucket, tni_eval_time_bucket,
                 "(width, date[, offset])", "Down to a multiple of the width"),
    TNI_DATE_ROW("make_date", "iii", "D", NULL, tni_eval_make_date, "(year, month, day)",
                 "The date of that day"),
    TNI_DATE_ROW("make_date", "i", "D", NULL, tni_eval_make_date_days, "(days)",
                 "The date that many days after 1970-01-01"),
    TNI_DATE_ROW("make_time", "iid", "T", NULL, tni_eval_make_time, "(hour, minute, seconds)",
                 "The time of day"),
    TNI_DATE_ROW("make_timestamp", "iiiiid", "t", NULL, tni_eval_make_timestamp,
                 "(year, month, day, hour, minute, seconds)", "The moment"),
    TNI_DATE_ROW("make_timestamp", "i", "t", NULL, tni_eval_make_timestamp_us, "(microseconds)",
                 "The moment that long after 1970-01-01"),
    TNI_DATE_ROW("make_timestamp_ms", "i", "t", NULL, tni_eval_make_timestamp_ms, "(milliseconds)",
                 "The moment that long after 1970-01-01"),
    TNI_DATE_ROW("make_timestamp_ns", "i", NULL, tni_bind_make, tni_eval_make_timestamp_ns,
                 "(nanoseconds)", "The moment that long after 1970-01-01"),
    TNI_DATE_ROW("make_timestamptz", "iiiiid", NULL, tni_bind_make, tni_eval_make_timestamp,
                 "(year, month, day, hour, minute, seconds)", "The moment, in UTC"),
    TNI_DATE_ROW("make_timestamptz", "i", NULL, tni_bind_make, tni_eval_make_timestamp_us,
                 "(microseconds)", "The moment that long after 1970-01-01"),
    TNI_DATE_ROW("strftime", "aa", NULL, tni_bind_strftime, tni_eval_strftime, "(date, format)",
                 "The moment as text: %Y-%m-%d %H:%M:%S ..."),
    TNI_DATE_ROW("strptime", "ss", NULL, tni_bind_strptime, tni_eval_strptime, "(text, format)",
                 "The moment a text means; other texts are an error"),
    TNI_DATE_ROW("try_strptime", "ss", NULL, tni_bind_strptime, tni_eval_try_strptime,
                 "(text, format)", "The moment a text means; NULL for other texts"),
    TNI_DATE_ROW("to_timestamp", "d", NULL, tni_bind_make, tni_eval_to_timestamp, "(seconds)",
                 "The moment that long after 1970-01-01"),
#define TNI_DATE_UNIT(name, doc)                                                                   \
    TNI_DATE_ROW(name, "i", NULL, tni_bind_interval_unit, tni_eval_to_interval, "(count)", doc)
    TNI_DATE_UNIT("to_millennia", "An INTERVAL of that many thousand years"),
    TNI_DATE_UNIT("to_centuries", "An INTERVAL of that many hundred years"),
    TNI_DATE_UNIT("to_decades", "An INTERVAL of that many times ten years"),
    TNI_DATE_UNIT("to_years", "An INTERVAL of that many years"),
    TNI_DATE_UNIT("to_quarters", "An INTERVAL of that many quarters"),
    TNI_DATE_UNIT("to_months", "An INTERVAL of that many months"),
    TNI_DATE_UNIT("to_weeks", "An INTERVAL of that many weeks"),
    TNI_DATE_UNIT("to_days", "An INTERVAL of that many days"),
    TNI_DATE_UNIT("to_hours", "An INTERVAL of that many hours"),
    TNI_DATE_UNIT("to_minutes", "An INTERVAL of that many minutes"),
    TNI_DATE_UNIT("to_microseconds", "An INTERVAL of that many microseconds"),
#undef TNI_DATE_UNIT
    TNI_DATE_ROW("to_seconds", "d", NULL, tni_bind_interval_unit, tni_eval_to_interval_real,
                 "(count)", "An INTERVAL of that many seconds"),
    TNI_DATE_ROW("to_milliseconds", "d", NULL, tni_bind_interval_unit, tni_eval_to_interval_real,
                 "(count)", "An INTERVAL of that many milliseconds"),
    TNI_DATE_ROW("normalized_interval", "I", "I", NULL, tni_eval_normalized, "(interval)",
                 "24 hours as a day, 30 days as a month"),
    TNI_DATE_ROW("now", "", NULL, tni_bind_now, tni_eval_now, "()", "When the query began"),
    TNI_DATE_ROW("get_current_timestamp", "", NULL, tni_bind_now, tni_eval_now, "()",
                 "When the query began"),
    TNI_DATE_ROW("current_timestamp", "", NULL, tni_bind_now, tni_eval_now, "()",
                 "When the query began"),
    TNI_DATE_ROW("transaction_timestamp", "", NULL, tni_bind_now, tni_eval_now, "()",
                 "When the query began"),
    TNI_DATE_ROW("current_localtimestamp", "", "t", NULL, tni_eval_now, "()",
                 "When the query began, in UTC"),
    TNI_DATE_ROW("localtimestamp", "", "t", NULL, tni_eval_now, "()",
                 "When the query began, in UTC"),
    TNI_DATE_ROW("current_date", "", "D", NULL, tni_eval_today, "()", "Today, in UTC"),
    TNI_DATE_ROW("today", "", "D", NULL, tni_eval_today, "()", "Today, in UTC"),
    TNI_DATE_ROW("current_time", "", "T", NULL, tni_eval_clock, "()",
                 "The time when the query began, in UTC"),
    TNI_DATE_ROW("get_current_time", "", "T", NULL, tni_eval_clock, "()",
                 "The time when the query began, in UTC"),
    TNI_DATE_ROW("current_localtime", "", "T", NULL, tni_eval_clock, "()",
                 "The time when the query began, in UTC"),
    TNI_DATE_ROW("localtime", "", "T", NULL, tni_eval_clock, "()",
                 "The time when the query began, in UTC"),
    TNI_DATE_ROW("timezone", "sa", NULL, tni_bind_timezone, tni_eval_timezone, "(zone, timestamp)",
                 "AT TIME ZONE; UTC alone is known"),
    TNI_SCALAR_END,
};

#undef TNI_DATE_PART
#undef TNI_DATE_ROW
#undef TNI_DATE_US_SECOND
#undef TNI_DATE_US_MINUTE
#undef TNI_DATE_US_HOUR
#undef TNI_DATE_LOOP
#undef TNI_DATE_DAY_LOOP
#undef TNI_DATE_FLOOR
#undef TNI_DATE_TRUNC_LOOP

TNI_FN const tni_function *tni_functions_date(void) {
    return tni_date_table;
}
