/*
 * scalar_date_make.c - making dates, times and intervals: from fields, counts and text, from the
 * clock; ages, buckets, zones. The table with these functions is in scalar_date.c.
 *
 * Uses: base/, column/type.h, plan/function.h.
 */
#include "plan/scalar_internal.h"

/* --------------------------------------------------------------------------------- binding --- */

TNI_FN trueno_status tni_bind_make(tni_bind_call *call, tni_error *error) {
    (void)error;
    call->result = tni_type_make(tni_name_equal(call->name, "make_timestamp_ns")
                                     ? TRUENO_TYPE_TIMESTAMP_NS
                                     : TRUENO_TYPE_TIMESTAMP_TZ);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_bind_now(tni_bind_call *call, tni_error *error) {
    (void)error;
    call->result = tni_type_make(TRUENO_TYPE_TIMESTAMP_TZ);
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------------- from fields --- */

#define TNI_MAKE_INTEGER(argument)                                                                 \
    ((const int64_t *)tni_scalar_data(call, argument))[i * tni_scalar_step(call, argument)]

TNI_FN trueno_status tni_eval_make_date(tni_call *call) {
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        int64_t year = TNI_MAKE_INTEGER(0), month = TNI_MAKE_INTEGER(1), day = TNI_MAKE_INTEGER(2);
        if (month < 1 || month > 12 || day < 1 || day > 31 ||
            !tni_days_from_civil(year, (int)month, (int)day, &((int32_t *)call->out)[i])) {
            return tni_fail(call->error, TRUENO_ERROR_CONVERSION,
                            "there is no date %lld-%lld-%lld", (long long)year, (long long)month,
                            (long long)day);
        }
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_make_date_days(tni_call *call) {
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        int64_t days = TNI_MAKE_INTEGER(0);
        if (days < -INT32_MAX || days > INT32_MAX) {
            return tni_fail(call->error, TRUENO_ERROR_CONVERSION, "day %lld is out of range",
                            (long long)days);
        }
        ((int32_t *)call->out)[i] = (int32_t)days;
    }
    return TRUENO_OK;
}

/* hour:minute:seconds as microseconds; 24:00:00 is the end of the day. */
static bool tni_make_clock(int64_t hour, int64_t minute, double seconds, int64_t *out) {
    double whole = tni_floor(seconds);
    int64_t us;
    *out = 0;
    if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || !(seconds >= 0 && seconds < 60)) {
        return false;
    }
    us = (int64_t)whole * TNI_US_PER_SECOND + (int64_t)tni_round((seconds - whole) * 1e6);
    *out = (hour * 60 + minute) * 60 * TNI_US_PER_SECOND + us;
    return *out <= TNI_US_PER_DAY;
}

static trueno_status tni_make_clock_fail(tni_call *call, int64_t hour, int64_t minute,
                                         double seconds) {
    char text[32];
    (void)tni_print_double(seconds, text);
    return tni_fail(call->error, TRUENO_ERROR_CONVERSION, "there is no time %lld:%lld:%s",
                    (long long)hour, (long long)minute, text);
}

TNI_FN trueno_status tni_eval_make_time(tni_call *call) {
    const double *seconds = (const double *)tni_scalar_data(call, 2);
    size_t step = tni_scalar_step(call, 2);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        int64_t hour = TNI_MAKE_INTEGER(0), minute = TNI_MAKE_INTEGER(1);
        if (!tni_make_clock(hour, minute, seconds[i * step], &((int64_t *)call->out)[i])) {
            return tni_make_clock_fail(call, hour, minute, seconds[i * step]);
        }
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_make_timestamp(tni_call *call) {
    const double *seconds = (const double *)tni_scalar_data(call, 5);
    size_t step = tni_scalar_step(call, 5);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        int64_t year = TNI_MAKE_INTEGER(0), month = TNI_MAKE_INTEGER(1), day = TNI_MAKE_INTEGER(2);
        int64_t hour = TNI_MAKE_INTEGER(3), minute = TNI_MAKE_INTEGER(4), clock;
        int32_t days;
        if (month < 1 || month > 12 || day < 1 || day > 31 || year > 294247 || year < -290308 ||
            !tni_days_from_civil(year, (int)month, (int)day, &days)) {
            return tni_fail(call->error, TRUENO_ERROR_CONVERSION,
                            "there is no timestamp on %lld-%lld-%lld", (long long)year,
                            (long long)month, (long long)day);
        }
        if (!tni_make_clock(hour, minute, seconds[i * step], &clock)) {
            return tni_make_clock_fail(call, hour, minute, seconds[i * step]);
        }
        if (days > 106751990 || days < -106751990) {
            return tni_fail(call->error, TRUENO_ERROR_CONVERSION,
                            "the timestamp is out of range");
        }
        ((int64_t *)call->out)[i] = days * TNI_US_PER_DAY + clock;
    }
    return TRUENO_OK;
}

/* Counts of a unit since 1970 that are the value, up to a factor. */
static trueno_status tni_make_scaled(tni_call *call, int64_t factor) {
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        int64_t v = TNI_MAKE_INTEGER(0);
        if (v > INT64_MAX / factor || v < -(INT64_MAX / factor)) {
            return tni_fail(call->error, TRUENO_ERROR_CONVERSION,
                            "the timestamp %lld is out of range", (long long)v);
        }
        ((int64_t *)call->out)[i] = v * factor;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_make_timestamp_us(tni_call *call) {
    return tni_make_scaled(call, 1);
}
TNI_FN trueno_status tni_eval_make_timestamp_ns(tni_call *call) {
    return tni_make_scaled(call, 1);
}
TNI_FN trueno_status tni_eval_make_timestamp_ms(tni_call *call) {
    return tni_make_scaled(call, 1000);
}
TNI_FN trueno_status tni_eval_epoch_ms_in(tni_call *call) {
    return tni_make_scaled(call, 1000);
}

TNI_FN trueno_status tni_eval_to_timestamp(tni_call *call) {
    const double *in = (const double *)tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        double us = tni_round_even(in[i * step] * 1e6);
        if (!(us > -9.2e18 && us < 9.2e18)) {
            return tni_fail(call->error, TRUENO_ERROR_CONVERSION,
                            "the epoch seconds are out of the range of a TIMESTAMP");
        }
        ((int64_t *)call->out)[i] = (int64_t)us;
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------- intervals --- */

typedef struct tni_interval_unit {
    const char *name;
    int32_t months, days;
    int64_t microseconds;
} tni_interval_unit;

static const tni_interval_unit tni_interval_units[] = {
    {"to_millennia", 12000, 0, 0},
    {"to_centuries", 1200, 0, 0},
    {"to_decades", 120, 0, 0},
    {"to_years", 12, 0, 0},
    {"to_quarters", 3, 0, 0},
    {"to_months", 1, 0, 0},
    {"to_weeks", 0, 7, 0},
    {"to_days", 0, 1, 0},
    {"to_hours", 0, 0, INT64_C(3600000000)},
    {"to_minutes", 0, 0, INT64_C(60000000)},
    {"to_seconds", 0, 0, INT64_C(1000000)},
    {"to_milliseconds", 0, 0, INT64_C(1000)},
    {"to_microseconds", 0, 0, INT64_C(1)},
};

TNI_FN trueno_status tni_bind_interval_unit(tni_bind_call *call, tni_error *error) {
    size_t i;
    call->result = tni_type_make(TRUENO_TYPE_INTERVAL);
    for (i = 0; i < TNI_COUNT_OF(tni_interval_units); i++) {
        if (tni_name_equal(call->name, tni_interval_units[i].name)) {
            call->bound = &tni_interval_units[i];
            return TRUENO_OK;
        }
    }
    return tni_fail_at(error, TRUENO_ERROR_INTERNAL, call->position, "%s has no unit",
                       call->name);
}

static trueno_status tni_interval_too_large(tni_call *call) {
    return tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE, "the value in %s is out of the range "
                    "of an INTERVAL", ((const tni_interval_unit *)call->bound)->name);
}

TNI_FN trueno_status tni_eval_to_interval(tni_call *call) {
    const tni_interval_unit *unit = (const tni_interval_unit *)call->bound;
    int64_t factor = unit->months + unit->days + unit->microseconds;
    int64_t limit = (unit->microseconds ? INT64_MAX : (int64_t)INT32_MAX) / factor;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        tni_interval *out = &((tni_interval *)call->out)[i];
        int64_t n = TNI_MAKE_INTEGER(0);
        if (n > limit || n < -limit) {
            return tni_interval_too_large(call);
        }
        out->months = (int32_t)(unit->months ? n * unit->months : 0);
        out->days = (int32_t)(unit->days ? n * unit->days : 0);
        out->microseconds = unit->microseconds ? n * unit->microseconds : 0;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_to_interval_real(tni_call *call) {
    const tni_interval_unit *unit = (const tni_interval_unit *)call->bound;
    const double *in = (const double *)tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        double us = tni_round_even(in[i * step] * (double)unit->microseconds);
        if (!(us > -9.2e18 && us < 9.2e18)) {
            return tni_interval_too_large(call);
        }
        ((tni_interval *)call->out)[i].microseconds = (int64_t)us;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_normalized(tni_call *call) {
    const tni_interval *in = (const tni_interval *)tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        tni_interval v = in[i * step];
        int64_t days = v.days + v.microseconds / TNI_US_PER_DAY, months;
        int64_t rest = v.microseconds % TNI_US_PER_DAY;
        tni_interval *out = &((tni_interval *)call->out)[i];
        if ((days > 0 && rest < 0) || (days < 0 && rest > 0)) { /* one sign for both */
            rest += days > 0 ? TNI_US_PER_DAY : -TNI_US_PER_DAY;
            days += days > 0 ? -1 : 1;
        }
        months = v.months + days / 30;
        if (months > INT32_MAX || months < INT32_MIN) {
            return tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE,
                            "the interval is out of range when normalized");
        }
        out->months = (int32_t)months;
        out->days = (int32_t)(days % 30);
        out->microseconds = rest;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_date_add(tni_call *call) {
    const int64_t *in = (const int64_t *)tni_scalar_data(call, 0);
    const tni_interval *by = (const tni_interval *)tni_scalar_data(call, 1);
    size_t step = tni_scalar_step(call, 0), step_by = tni_scalar_step(call, 1);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        int64_t us = in[i * step];
        if (tni_timestamp_is_infinite(us)) {
            ((int64_t *)call->out)[i] = us;
        } else if (!tni_timestamp_add(us, by[i * step_by], &((int64_t *)call->out)[i])) {
            return tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE,
                            "date plus interval is out of the range of a TIMESTAMP");
        }
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------------- age --- */

static int32_t tni_age_month_days(int32_t year, int32_t month) {
    int32_t first, next;
    bool good = tni_days_from_civil(year, month, 1, &first) &&
                tni_days_from_civil(month == 12 ? (int64_t)year + 1 : year,
                                    month == 12 ? 1 : month + 1, 1, &next);
    return good ? next - first : 31;
}

/* Fields of `later` minus fields of `earlier`, borrowing the days of the earlier month. */
static tni_interval tni_age_between(int64_t later, int64_t earlier) {
    int32_t y1, m1, d1, y2, m2, d2;
    int64_t t1, t2, us;
    tni_interval out;
    tni_civil_from_days(tni_date_of(earlier, &t1), &y1, &m1, &d1);
    tni_civil_from_days(tni_date_of(later, &t2), &y2, &m2, &d2);
    us = t2 - t1;
    out.days = d2 - d1;
    out.months = (y2 - y1) * 12 + (m2 - m1);
    if (us < 0) {
        us += TNI_US_PER_DAY;
        out.days--;
    }
    while (out.days < 0) {
        out.days += tni_age_month_days(y1, m1);
        out.months--;
    }
    out.microseconds = us;
    return out;
}

TNI_FN trueno_status tni_eval_age(tni_call *call) {
    bool two = call->count > 1;
    const int64_t *a = (const int64_t *)tni_scalar_data(call, 0);
    const int64_t *b = (const int64_t *)tni_scalar_data(call, two ? 1 : 0);
    size_t step_a = tni_scalar_step(call, 0), step_b = tni_scalar_step(call, two ? 1 : 0);
    int64_t today, rest;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    today = tni_date_of(call->settings->now, &rest) * TNI_US_PER_DAY;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        int64_t x = two ? a[i * step_a] : today, y = b[i * step_b];
        tni_interval *out = &((tni_interval *)call->out)[i];
        if (tni_timestamp_is_infinite(x) || tni_timestamp_is_infinite(y)) {
            tni_bit_clear(call->validity, i);
            continue;
        }
        *out = x >= y ? tni_age_between(x, y) : tni_age_between(y, x);
        if (x < y) {
            out->months = -out->months;
            out->days = -out->days;
            out->microseconds = -out->microseconds;
        }
    }
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------------- buckets --- */

#define TNI_BUCKET_ORIGIN INT64_C(946857600000000) /* Monday 2000-01-03 */

TNI_FN trueno_status tni_bind_time_bucket(tni_bind_call *call, tni_error *error) {
    bool date = call->types[1].id == TRUENO_TYPE_DATE;
    TNI_TRY(tni_bind_moment(call, 1, error));
    call->result = date ? tni_type_make(TRUENO_TYPE_DATE) : call->types[1];
    if (call->count > 2 && call->types[2].id != TRUENO_TYPE_INTERVAL) {
        TNI_TRY(tni_bind_moment(call, 2, error));
    }
    return TRUENO_OK;
}

static int64_t tni_bucket_floor(int64_t v, int64_t width) {
    int64_t rest = v % width;
    return rest < 0 ? v - rest - width : v - rest;
}

/* Months of a year count from 1970-01. */
static int64_t tni_bucket_month(int64_t us) {
    int32_t year, month, day;
    int64_t rest;
    tni_civil_from_days(tni_date_of(us, &rest), &year, &month, &day);
    return ((int64_t)year - 1970) * 12 + month - 1;
}

/* us down to a bucket that begins at `origin` plus a multiple of `width`. */
static bool tni_bucket(tni_interval width, int64_t us, int64_t origin, int64_t *out) {
    int64_t size = width.days * TNI_US_PER_DAY + width.microseconds, month;
    int32_t days;
    if (width.months > 0) {
        int64_t first = tni_bucket_month(origin), year;
        month = tni_bucket_floor(tni_bucket_month(us) - first, width.months) + first;
        year = tni_bucket_floor(month, 12) / 12;
        if (!tni_days_from_civil(1970 + year, (int)(month - year * 12) + 1, 1, &days) ||
            days < -106751990) {
            return false;
        }
        *out = days * TNI_US_PER_DAY;
        return true;
    }
    if ((origin > 0 && us < INT64_MIN + origin) || (origin < 0 && us > INT64_MAX + origin)) {
        return false;
    }
    us = us - origin;
    if (us < INT64_MIN + size) {
        return false;
    }
    *out = tni_bucket_floor(us, size) + origin;
    return true;
}

static trueno_status tni_bucket_check(tni_call *call, tni_interval width) {
    if (width.months != 0 && (width.days != 0 || width.microseconds != 0)) {
        return tni_fail(call->error, TRUENO_ERROR_UNSUPPORTED,
                        "the width of a time_bucket is months or days and time, not both");
    }
    if (width.months < 0 || width.days > 50000000 || width.days < -50000000 ||
        width.microseconds > INT64_MAX / 4 || width.microseconds < -INT64_MAX / 4 ||
        (width.months == 0 && width.days * TNI_US_PER_DAY + width.microseconds <= 0)) {
        return tni_fail(call->error, TRUENO_ERROR_INVALID,
                        "the width of a time_bucket must be greater than 0");
    }
    return TRUENO_OK;
}

/* One row; the third argument moves the buckets by an interval or names where one begins. */
static bool tni_bucket_row(const tni_call *call, uint32_t i, tni_interval width, int64_t us,
                           int64_t *out) {
    int64_t origin = width.months > 0 ? INT64_C(946684800000000) : TNI_BUCKET_ORIGIN;
    const void *third = call->count > 2 ? tni_scalar_data(call, 2) : NULL;
    size_t at = call->count > 2 ? i * tni_scalar_step(call, 2) : 0;
    if (third != NULL && call->arguments[2].type.id == TRUENO_TYPE_INTERVAL) {
        tni_interval by = ((const tni_interval *)third)[at], back;
        if (by.months == INT32_MIN || by.days == INT32_MIN || by.microseconds == INT64_MIN) {
            return false;
        }
        back.months = -by.months;
        back.days = -by.days;
        back.microseconds = -by.microseconds;
        return tni_timestamp_add(us, back, &us) && tni_bucket(width, us, origin, &us) &&
               tni_timestamp_add(us, by, out);
    }
    if (third != NULL) {
        origin = ((const int64_t *)third)[at];
        if (tni_timestamp_is_infinite(origin)) {
            return false;
        }
    }
    return tni_bucket(width, us, origin, out);
}

TNI_FN trueno_status tni_eval_time_bucket(tni_call *call) {
    const tni_interval *widths = (const tni_interval *)tni_scalar_data(call, 0);
    const int64_t *in = (const int64_t *)tni_scalar_data(call, 1);
    size_t step_width = tni_scalar_step(call, 0), step = tni_scalar_step(call, 1);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        tni_interval width = widths[i * step_width];
        int64_t us = in[i * step], rest;
        TNI_TRY(tni_bucket_check(call, width));
        if (!tni_timestamp_is_infinite(us) && !tni_bucket_row(call, i, width, us, &us)) {
            return tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE,
                            "the bucket is out of the range of a TIMESTAMP");
        }
        if (call->type.id != TRUENO_TYPE_DATE) {
            ((int64_t *)call->out)[i] = us;
        } else if (tni_timestamp_is_infinite(us)) {
            ((int32_t *)call->out)[i] = us < 0 ? -INT32_MAX : INT32_MAX;
        } else {
            ((int32_t *)call->out)[i] = tni_date_of(us, &rest);
        }
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------ clock, zone --- */

TNI_FN trueno_status tni_eval_now(tni_call *call) {
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        ((int64_t *)call->out)[i] = call->settings->now;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_today(tni_call *call) {
    int64_t rest;
    int32_t days = tni_date_of(call->settings->now, &rest);
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        ((int32_t *)call->out)[i] = days;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_clock(tni_call *call) {
    int64_t rest;
    uint32_t i;
    (void)tni_date_of(call->settings->now, &rest);
    for (i = 0; i < call->rows; i++) {
        ((int64_t *)call->out)[i] = rest;
    }
    return TRUENO_OK;
}

/* A moment gains a zone or loses it. Zones other than UTC are refused: there is no zone table. */
TNI_FN trueno_status tni_bind_timezone(tni_bind_call *call, tni_error *error) {
    bool zoned = call->types[1].id == TRUENO_TYPE_TIMESTAMP_TZ;
    TNI_TRY(tni_bind_moment(call, 1, error));
    call->result = tni_type_make(zoned ? TRUENO_TYPE_TIMESTAMP : TRUENO_TYPE_TIMESTAMP_TZ);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_timezone(tni_call *call) {
    static const char *const zones[] = {"UTC", "GMT", "Z", "Etc/UTC", "Etc/GMT", "UCT", "Zulu"};
    tni_scalar_strings names = tni_scalar_strings_of(call, 0);
    const int64_t *in = (const int64_t *)tni_scalar_data(call, 1);
    size_t step = tni_scalar_step(call, 1), k;
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *name = &names.data[i * names.step];
        const char *text = (const char *)tni_string_data(name);
        for (k = 0; k < TNI_COUNT_OF(zones); k++) {
            if (tni_name_equal_n(text, name->length, zones[k], strlen(zones[k]))) {
                break;
            }
        }
        if (k == TNI_COUNT_OF(zones)) {
            return tni_fail(call->error, TRUENO_ERROR_UNSUPPORTED,
                            "time zone \"%.*s\" is not supported: UTC alone is",
                            (int)TNI_MIN(name->length, 60u), text);
        }
        ((int64_t *)call->out)[i] = in[i * step];
    }
    return TRUENO_OK;
}

/* -------------------------------------------------------------------------- text and format --- */

/* strftime(date, format), or the other way round. */
TNI_FN trueno_status tni_bind_strftime(tni_bind_call *call, tni_error *error) {
    uint32_t format = call->types[0].id == TRUENO_TYPE_VARCHAR &&
                              call->types[1].id != TRUENO_TYPE_VARCHAR &&
                              call->types[1].id != TRUENO_TYPE_NULL
                          ? 0
                          : 1;
    const tni_string *text = tni_scalar_constant_text(call, format);
    tni_text out;
    trueno_status status;
    call->result = tni_type_make(TRUENO_TYPE_VARCHAR);
    if (call->types[format].id != TRUENO_TYPE_VARCHAR &&
        call->types[format].id != TRUENO_TYPE_NULL) {
        return tni_scalar_no_match(call, format, "VARCHAR", error);
    }
    call->types[format] = tni_type_make(TRUENO_TYPE_VARCHAR);
    TNI_TRY(tni_bind_moment(call, 1 - format, error));
    if (text == NULL) {
        return TRUENO_OK;
    }
    tni_text_init(&out, call->env->memory);
    status = tni_format_timestamp(0, (const char *)tni_string_data(text), text->length, &out,
                                  error);
    tni_text_free(&out);
    return status;
}

TNI_FN trueno_status tni_eval_strftime(tni_call *call) {
    uint32_t format = call->arguments[0].type.id == TRUENO_TYPE_VARCHAR ? 0 : 1;
    tni_scalar_strings formats = tni_scalar_strings_of(call, format);
    const int64_t *in = (const int64_t *)tni_scalar_data(call, 1 - format);
    size_t step = tni_scalar_step(call, 1 - format);
    tni_rows rows = tni_rows_of(call);
    trueno_status status = TRUENO_OK;
    tni_text text;
    char word[48];
    uint32_t i;
    tni_text_init(&text, call->env->memory);
    tni_scalar_clear(call);
    while (status == TRUENO_OK && tni_rows_next(&rows, &i)) {
        const tni_string *f = &formats.data[i * formats.step];
        int64_t us = in[i * step];
        if (tni_timestamp_is_infinite(us)) {
            status = tni_scalar_put(call, i, word, tni_print_timestamp(us, word));
            continue;
        }
        tni_text_clear(&text);
        status = tni_format_timestamp(us, (const char *)tni_string_data(f), f->length, &text,
                                      call->error);
        if (status == TRUENO_OK && text.failed) {
            status = tni_scalar_text_failed(call, &text);
        }
        if (status == TRUENO_OK) {
            status = tni_scalar_put(call, i, text.data, text.length);
        }
    }
    tni_text_free(&text);
    return status;
}

/* A format with an offset or zone gives moments with one. */
TNI_FN trueno_status tni_bind_strptime(tni_bind_call *call, tni_error *error) {
    const tni_string *format = tni_scalar_constant_text(call, 1);
    bool zoned = false, matched;
    const uint8_t *data;
    int64_t us;
    uint32_t i;
    call->result = tni_type_make(TRUENO_TYPE_TIMESTAMP);
    if (format == NULL) {
        return TRUENO_OK;
    }
    data = tni_string_data(format);
    for (i = 0; i + 1 < format->length; i++) {
        if (data[i] == '%') {
            i++;
            zoned = zoned || data[i] == 'z' || data[i] == 'Z';
        }
    }
    if (zoned) {
        call->result = tni_type_make(TRUENO_TYPE_TIMESTAMP_TZ);
    }
    return tni_scan_timestamp("", 0, (const char *)data, format->length, &us, &matched, error);
}

static trueno_status tni_strptime_rows(tni_call *call, bool strict) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0), f = tni_scalar_strings_of(call, 1);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step], *format = &f.data[i * f.step];
        bool matched;
        int64_t us;
        TNI_TRY(tni_scan_timestamp((const char *)tni_string_data(text), text->length,
                                   (const char *)tni_string_data(format), format->length, &us,
                                   &matched, call->error));
        if (matched) {
            ((int64_t *)call->out)[i] = us;
        } else if (!strict) {
            tni_bit_clear(call->validity, i);
        } else {
            return tni_fail(call->error, TRUENO_ERROR_CONVERSION,
                            "\"%.*s\" does not have the form \"%.*s\"; try_strptime gives NULL",
                            (int)TNI_MIN(text->length, 60u), (const char *)tni_string_data(text),
                            (int)TNI_MIN(format->length, 60u),
                            (const char *)tni_string_data(format));
        }
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_strptime(tni_call *call) {
    return tni_strptime_rows(call, true);
}
TNI_FN trueno_status tni_eval_try_strptime(tni_call *call) {
    return tni_strptime_rows(call, false);
}

#undef TNI_MAKE_INTEGER
#undef TNI_BUCKET_ORIGIN
