/*
 * datetime.h - the proleptic Gregorian calendar: days, microseconds, intervals, text.
 *
 * DATE is int32 days since 1970-01-01; TIME int64 microseconds since midnight; TIMESTAMP int64
 * in its own unit (s, ms, us, ns) since 1970-01-01 UTC. INT32/INT64 extremes print as infinity
 * and -infinity. Civil conversion follows Howard Hinnant's days_from_civil.
 */
#ifndef TNI_BASE_DATETIME_H
#define TNI_BASE_DATETIME_H

#include "base/text.h"

typedef struct tni_interval {
    int32_t months;
    int32_t days;
    int64_t microseconds;
} tni_interval;

#define TNI_US_PER_SECOND INT64_C(1000000)
#define TNI_US_PER_DAY INT64_C(86400000000)

TNI_FN bool tni_days_from_civil(int64_t year, int month, int day, int32_t *out); /* validates */
TNI_FN void tni_civil_from_days(int32_t days, int32_t *year, int32_t *month, int32_t *day);
TNI_FN bool tni_date_add_months(int32_t days, int32_t months, int32_t *out); /* clamps the day */
TNI_FN bool tni_timestamp_add(int64_t us, tni_interval interval, int64_t *out);

TNI_FN bool tni_parse_date(const char *text, size_t length, int32_t *out); /* YYYY-MM-DD */
TNI_FN bool tni_parse_time(const char *text, size_t length, int64_t *out_us); /* HH:MM[:SS[.f]] */
/* Date, date and time ('T' or blank), optional zone (Z, +HH[:MM]); the zone is applied, so the
 * result is UTC. has_zone may be NULL. */
TNI_FN bool tni_parse_timestamp(const char *text, size_t length, int64_t *out_us, bool *has_zone);
/* The same in nanoseconds (up to nine fraction digits; false outside the range of int64). */
TNI_FN bool tni_parse_timestamp_ns(const char *text, size_t length, int64_t *out_ns,
                                   bool *has_zone);
/* The clock reading as written: a zone is checked and dropped (what a cast to TIMESTAMP wants). */
TNI_FN bool tni_parse_timestamp_local(const char *text, size_t length, int64_t *out_us);
TNI_FN bool tni_parse_interval(const char *text, size_t length, tni_interval *out);

TNI_FN size_t tni_print_date(int32_t days, char out[32]);
TNI_FN size_t tni_print_time(int64_t us, char out[32]);
TNI_FN size_t tni_print_timestamp(int64_t us, char out[48]);    /* 2024-01-31 12:00:00[.ffffff] */
TNI_FN size_t tni_print_timestamp_ns(int64_t ns, char out[48]);
TNI_FN size_t tni_print_interval(tni_interval interval, char out[96]); /* 1 year 2 days 03:04:05 */

/* strftime/strptime with the usual codes (%Y %m %d %H %M %S %f %y %b %B %a %A %p %I %j %Z ...). */
TNI_FN trueno_status tni_format_timestamp(int64_t us, const char *format, size_t length,
                                          tni_text *out, tni_error *error);
/* *matched tells whether the text had that form; an unknown code is an error. */
TNI_FN trueno_status tni_scan_timestamp(const char *text, size_t length, const char *format,
                                        size_t format_length, int64_t *out_us, bool *matched,
                                        tni_error *error);

#endif
