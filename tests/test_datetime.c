/*
 * test_datetime.c - the calendar, date and time texts, intervals, strftime and strptime. The
 * expected texts are DuckDB's.
 */
#include "base/datetime.h"
#include "test.h"

static uint64_t seed_state;

static uint64_t random_bits(void) {
    seed_state ^= seed_state << 13;
    seed_state ^= seed_state >> 7;
    seed_state ^= seed_state << 17;
    return seed_state * UINT64_C(0x2545f4914f6cdd1d);
}

static tni_interval interval_of(int32_t months, int32_t days, int64_t us) {
    tni_interval v;
    v.months = months;
    v.days = days;
    v.microseconds = us;
    return v;
}

/* ---- text in, text out ---- */

static const char *date(const char *text) {
    static char out[32];
    int32_t days;
    return tni_parse_date(text, strlen(text), &days) ? (tni_print_date(days, out), out) : "no";
}

static const char *time_of_day(const char *text) {
    static char out[32];
    int64_t us;
    return tni_parse_time(text, strlen(text), &us) ? (tni_print_time(us, out), out) : "no";
}

static const char *timestamp(const char *text) {
    static char out[48];
    int64_t us;
    return tni_parse_timestamp(text, strlen(text), &us, NULL) ? (tni_print_timestamp(us, out), out)
                                                              : "no";
}

static const char *timestamp_ns(const char *text) {
    static char out[48];
    int64_t ns;
    return tni_parse_timestamp_ns(text, strlen(text), &ns, NULL)
               ? (tni_print_timestamp_ns(ns, out), out)
               : "no";
}

static const char *interval(const char *text) {
    static char out[96];
    tni_interval v;
    return tni_parse_interval(text, strlen(text), &v) ? (tni_print_interval(v, out), out) : "no";
}

static int64_t us_of(const char *text) {
    int64_t us;
    TNI_CHECK(tni_parse_timestamp(text, strlen(text), &us, NULL));
    return us;
}

/* ---- calendar ---- */

static void test_days_follow_each_other(void) {
    int32_t year = -400, month = 1, day = 1, days, first, y, m, d, wrong = 0;
    TNI_CHECK(tni_days_from_civil(year, month, day, &first));
    for (days = first; year < 2500; days++) {
        static const int lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        int32_t back;
        tni_civil_from_days(days, &y, &m, &d);
        wrong += y != year || m != month || d != day;
        wrong += !tni_days_from_civil(year, month, day, &back) || back != days;
        if (++day > lengths[month - 1] + (month == 2 && leap)) {
            wrong += tni_days_from_civil(year, month, day, &back);
            day = 1;
            if (++month > 12) {
                month = 1;
                year++;
            }
        }
    }
    TNI_CHECK_EQ_INT(wrong, 0);
    TNI_CHECK(tni_days_from_civil(1970, 1, 1, &days) && days == 0);
    TNI_CHECK(tni_days_from_civil(2000, 3, 1, &days) && days == 11017);
}

static void test_all_of_int32_converts(void) {
    int32_t y, m, d, days, i, wrong = 0;
    for (i = 0; i < 200000; i++) {
        int32_t v = (int32_t)(uint32_t)random_bits();
        tni_civil_from_days(v, &y, &m, &d);
        wrong += !tni_days_from_civil(y, m, d, &days) || days != v;
    }
    TNI_CHECK_EQ_INT(wrong, 0);
    TNI_CHECK_TEXT(date("5881580-07-10"), "5881580-07-10");
    TNI_CHECK_TEXT(date("5881580-07-11"), "no");
    TNI_CHECK_TEXT(date("5877642-06-25 (BC)"), "5877642-06-25 (BC)");
    TNI_CHECK_TEXT(date("5877642-06-23 (BC)"), "no");
    TNI_CHECK(!tni_days_from_civil(INT64_MAX, 1, 1, &days) && days == 0);
    TNI_CHECK(!tni_days_from_civil(INT64_MIN, 1, 1, &days));
    TNI_CHECK(!tni_days_from_civil(2024, 0, 1, &days) && !tni_days_from_civil(2024, 1, 0, &days));
}

static void test_months_clamp_the_day(void) {
    int32_t from, out;
    char text[32];
    TNI_CHECK(tni_days_from_civil(2024, 1, 31, &from));
    TNI_CHECK(tni_date_add_months(from, 1, &out));
    (void)tni_print_date(out, text);
    TNI_CHECK_TEXT(text, "2024-02-29");
    TNI_CHECK(tni_date_add_months(from, -2, &out));
    (void)tni_print_date(out, text);
    TNI_CHECK_TEXT(text, "2023-11-30");
    TNI_CHECK(tni_date_add_months(from, -13 - 2024 * 12, &out));
    (void)tni_print_date(out, text);
    TNI_CHECK_TEXT(text, "0003-12-31 (BC)");
    TNI_CHECK(!tni_date_add_months(from, INT32_MAX, &out));
    TNI_CHECK(tni_date_add_months(INT32_MAX, 1, &out) && out == INT32_MAX);
}

static void test_timestamps_add_intervals(void) {
    char text[48];
    int64_t us;
    TNI_CHECK(tni_timestamp_add(us_of("2024-01-31 10:00:00"), interval_of(1, 1, -3600000000), &us));
    (void)tni_print_timestamp(us, text);
    TNI_CHECK_TEXT(text, "2024-03-01 09:00:00");
    TNI_CHECK(tni_timestamp_add(us_of("1970-01-01"), interval_of(0, 0, -1), &us) && us == -1);
    TNI_CHECK(!tni_timestamp_add(us_of("294247-01-01"), interval_of(0, 10, 0), &us));
    TNI_CHECK(!tni_timestamp_add(us_of("294247-01-01"), interval_of(0, 0, INT64_MAX), &us));
    TNI_CHECK(!tni_timestamp_add(us_of("1970-01-01"), interval_of(0, INT32_MIN, 0), &us));
    TNI_CHECK(!tni_timestamp_add(us_of("1970-01-01"), interval_of(INT32_MIN, 0, 0), &us));
    TNI_CHECK(tni_timestamp_add(INT64_MAX, interval_of(0, -1, 0), &us) && us == INT64_MAX);
}

/* ---- dates and times ---- */

static void test_dates(void) {
    static const char *const bad[] = {"2024.01.31",  "2024-01/31",       "2024-01-31x",
                                      "2024-02-30",  "20240131",         "2024-01",
                                      "2024-13-01",  "2024-001-01",      "+2024-01-01",
                                      "2024-01-311", "2024-01-31bc",     "",
                                      "-",           "2024-01-",         "0000-01-01 (BC)",
                                      "2024-00-10",  "99999999999-01-01"};
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(bad); i++) {
        TNI_CHECK_TEXT(date(bad[i]), "no");
    }
    TNI_CHECK_TEXT(date("2024-01-31"), "2024-01-31");
    TNI_CHECK_TEXT(date("2024-1-3"), "2024-01-03");
    TNI_CHECK_TEXT(date("2024/01/31"), "2024-01-31");
    TNI_CHECK_TEXT(date("2024 01 31"), "2024-01-31");
    TNI_CHECK_TEXT(date("24-01-31"), "0024-01-31");
    TNI_CHECK_TEXT(date("10000-01-01"), "10000-01-01");
    TNI_CHECK_TEXT(date("-0001-01-01"), "0002-01-01 (BC)");
    TNI_CHECK_TEXT(date("0044-03-15 (BC)"), "0044-03-15 (BC)");
    TNI_CHECK_TEXT(date(" 2024-01-31 "), "2024-01-31");
    TNI_CHECK_TEXT(date("epoch"), "1970-01-01");
    TNI_CHECK_TEXT(date("INFINITY"), "infinity");
    TNI_CHECK_TEXT(date("-infinity"), "-infinity");
    TNI_CHECK_TEXT(date("inf"), "infinity");
}

static void test_times(void) {
    static const char *const bad[] = {"23:59:60", "12:60:00", "12", "123:00:00", "12:34:56x",
                                      "12:",      "12:34:",   "",   "24:00:01",  "-1:00:00"};
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(bad); i++) {
        TNI_CHECK_TEXT(time_of_day(bad[i]), "no");
    }
    TNI_CHECK_TEXT(time_of_day("12:34:56"), "12:34:56");
    TNI_CHECK_TEXT(time_of_day("12:34"), "12:34:00");
    TNI_CHECK_TEXT(time_of_day("1:2:3"), "01:02:03");
    TNI_CHECK_TEXT(time_of_day(" 12:34:56.5 "), "12:34:56.5");
    TNI_CHECK_TEXT(time_of_day("12:34:56.1234567"), "12:34:56.123456");
    TNI_CHECK_TEXT(time_of_day("00:00:00.000001"), "00:00:00.000001");
    TNI_CHECK_TEXT(time_of_day("24:00:00"), "24:00:00");
}

static void test_timestamps(void) {
    static const char *const bad[] = {"2024-01-31T",
                                      "2024-01-31 12",
                                      "2024-01-31 12:34:56 (BC)",
                                      "2024-01-31t12:34:56",
                                      "2024-01-31 12:34:56z",
                                      "2024-01-31 12:34:56.123abc",
                                      "2024-01-31Z",
                                      "2024-01-31 12:34:56+1",
                                      "2024-01-31 12:34:56+01:3",
                                      "2024-01-31 12:34:56 Europe/Paris",
                                      "294247-01-10 04:00:54.775807",
                                      "2024-01-31 12:34:60",
                                      "2024-02-30 12:34:56",
                                      "2024-01-3112:34:56",
                                      ""};
    bool zone = false;
    int64_t us;
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(bad); i++) {
        TNI_CHECK_TEXT(timestamp(bad[i]), "no");
    }
    TNI_CHECK_TEXT(timestamp("2024-01-31"), "2024-01-31 00:00:00");
    TNI_CHECK_TEXT(timestamp("2024-01-31 12:34"), "2024-01-31 12:34:00");
    TNI_CHECK_TEXT(timestamp("2024-01-31T12:34:56Z"), "2024-01-31 12:34:56");
    TNI_CHECK_TEXT(timestamp("2024-01-31 12:34:56"), "2024-01-31 12:34:56");
    TNI_CHECK_TEXT(timestamp("2024-01-31T12:34:56.1234567"), "2024-01-31 12:34:56.123456");
    TNI_CHECK_TEXT(timestamp("2024-01-31 12:34:56+01:30"), "2024-01-31 11:04:56");
    TNI_CHECK_TEXT(timestamp("2024-01-31 12:34:56-0130"), "2024-01-31 14:04:56");
    TNI_CHECK_TEXT(timestamp("2024-01-31 12:34:56.5+00:00:30"), "2024-01-31 12:34:26.5");
    TNI_CHECK_TEXT(timestamp("2024-01-31 00:30:00+01"), "2024-01-30 23:30:00");
    TNI_CHECK_TEXT(timestamp("2024-01-31 12:34:56 UTC"), "2024-01-31 12:34:56");
    TNI_CHECK_TEXT(timestamp("2024-01-31 24:00:00"), "2024-02-01 00:00:00");
    TNI_CHECK_TEXT(timestamp("2024-1-1  1:2:3"), "2024-01-01 01:02:03");
    TNI_CHECK_TEXT(timestamp("1969-12-31 23:59:59.999999"), "1969-12-31 23:59:59.999999");
    TNI_CHECK_TEXT(timestamp("0044-03-15 (BC) 12:00:00"), "0044-03-15 (BC) 12:00:00");
    TNI_CHECK_TEXT(timestamp("290309-12-22 (BC) 00:00:00"), "290309-12-22 (BC) 00:00:00");
    TNI_CHECK_TEXT(timestamp("294247-01-10 04:00:54.775806"), "294247-01-10 04:00:54.775806");
    TNI_CHECK_TEXT(timestamp("epoch"), "1970-01-01 00:00:00");
    TNI_CHECK_TEXT(timestamp("infinity"), "infinity");
    TNI_CHECK_TEXT(timestamp("-infinity"), "-infinity");
    TNI_CHECK_TEXT(timestamp_ns("2024-01-31 12:34:56.123456789"), "2024-01-31 12:34:56.123456789");
    TNI_CHECK_TEXT(timestamp_ns("2024-01-31 12:34:56.1"), "2024-01-31 12:34:56.1");
    TNI_CHECK_TEXT(timestamp_ns("1969-12-31 23:59:59.999999999"), "1969-12-31 23:59:59.999999999");
    TNI_CHECK_TEXT(timestamp_ns("2262-04-11 23:47:16.854775806"), "2262-04-11 23:47:16.854775806");
    TNI_CHECK_TEXT(timestamp_ns("2262-04-11 23:47:16.854775807"), "no");
    TNI_CHECK_TEXT(timestamp_ns("2300-01-01"), "no");
    TNI_CHECK(tni_parse_timestamp("2024-01-31 12:34:56+01", 22, &us, &zone) && zone);
    TNI_CHECK(tni_parse_timestamp("2024-01-31 12:34:56", 19, &us, &zone) && !zone);
    TNI_CHECK(tni_parse_timestamp_local("2024-01-31 12:34:56+01", 22, &us));
    TNI_CHECK(us == us_of("2024-01-31 12:34:56"));
    TNI_CHECK(!tni_parse_timestamp_local("2024-01-31 12:34:56+1", 21, &us) && us == 0);
}

static void test_timestamps_come_back(void) {
    int i;
    char out[48];
    int64_t back;
    for (i = 0; i < 50000; i++) {
        int64_t v = (int64_t)(random_bits() >> (random_bits() % 40));
        v = i % 2 ? v % INT64_C(9223372022400000000) : -(v % INT64_C(9223372022400000000));
        (void)tni_print_timestamp(v, out);
        if (!tni_parse_timestamp(out, strlen(out), &back, NULL) || back != v) {
            TNI_CHECK_TEXT(out, "");
            return;
        }
        (void)tni_print_timestamp_ns(v, out);
        if (!tni_parse_timestamp_ns(out, strlen(out), &back, NULL) || back != v) {
            TNI_CHECK_TEXT(out, "");
            return;
        }
    }
    TNI_CHECK(i == 50000);
    (void)tni_print_timestamp(INT64_MIN, out);
    TNI_CHECK_TEXT(out, "-infinity");
    (void)tni_print_timestamp_ns(INT64_MIN + 2, out);
    TNI_CHECK_TEXT(out, "1677-09-21 00:12:43.145224194");
}

/* ---- intervals ---- */

static void test_interval_texts(void) {
    /* text, what it prints as */
    static const char *const good[][2] = {{"1 year 2 days 03:04:05", "1 year 2 days 03:04:05"},
                                          {"1 year 14 months", "2 years 2 months"},
                                          {"-1 day", "-1 day"},
                                          {"1 day -02:03:04", "1 day -02:03:04"},
                                          {"10:00", "10:00:00"},
                                          {"1.5 days", "1 day 12:00:00"},
                                          {"1.5 months", "1 month 15 days"},
                                          {"1.5 years", "1 year 6 months"},
                                          {"1.05 years", "1 year 1 month"},
                                          {"0.333 months", "9 days 23:45:36"},
                                          {"1.0001 weeks", "7 days 00:01:00.48"},
                                          {"1.7 quarter", "5 months 3 days"},
                                          {"0.011 quarter", "1 day"},
                                          {"1.999999999 hours", "01:59:59.999996"},
                                          {"1.123456789 s", "00:00:01.123457"},
                                          {"1.5 us", "00:00:00.000001"},
                                          {"2 weeks", "14 days"},
                                          {"1 millennium", "1000 years"},
                                          {"1 century 1 decade", "110 years"},
                                          {"1 quarter", "3 months"},
                                          {"1 ms", "00:00:00.001"},
                                          {"100 microseconds", "00:00:00.0001"},
                                          {"1 m", "00:01:00"},
                                          {"1 mon", "1 month"},
                                          {"1day2hours", "1 day 02:00:00"},
                                          {"5", "00:00:05"},
                                          {"-5.5", "-00:00:05.5"},
                                          {"@ 1 day", "1 day"},
                                          {"1 day ago", "-1 day"},
                                          {"1 year -1 day ago", "-1 year 1 day"},
                                          {"0 days", "00:00:00"},
                                          {"25:00:00", "25:00:00"},
                                          {"-00:00:01", "-00:00:01"},
                                          {"-1 year -1 day -00:00:01", "-1 year -1 day -00:00:01"},
                                          {"01:02:03.456789", "01:02:03.456789"},
                                          {"1 DAY", "1 day"},
                                          {" 1\tday \n", "1 day"},
                                          {"2147483647 days", "2147483647 days"},
                                          {"-2147483648 days", "-2147483648 days"},
                                          {"99999999999 s", "27777777:46:39"},
                                          {"1:", "01:00:00"}};
    static const char *const bad[] = {"",
                                      "@",
                                      "ago",
                                      "1 foo",
                                      "- 1 day",
                                      "+1 day",
                                      ".5 day",
                                      "1e3 days",
                                      "1_000 days",
                                      "1,000 days",
                                      "1 day 10",
                                      "1 year, 2 days",
                                      "1:60",
                                      "1:2:60",
                                      "1::2",
                                      "9999999999 days",
                                      "1 day 1 ago",
                                      "9223372036855 s",
                                      "300000000 years",
                                      "2 days ago 3 hours",
                                      "1 dayago",
                                      "P1D",
                                      "-2147483648 days ago",
                                      "99999999999999999999 days"};
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(good); i++) {
        TNI_CHECK_TEXT(interval(good[i][0]), good[i][1]);
    }
    for (i = 0; i < TNI_COUNT_OF(bad); i++) {
        TNI_CHECK_TEXT(interval(bad[i]), "no");
    }
}

static void test_interval_prints(void) {
    char out[96];
    (void)tni_print_interval(interval_of(-13, 0, 0), out);
    TNI_CHECK_TEXT(out, "-1 year -1 month");
    (void)tni_print_interval(interval_of(0, 0, INT64_MIN), out);
    TNI_CHECK_TEXT(out, "-2562047788:00:54.775808");
    (void)tni_print_interval(interval_of(INT32_MIN, INT32_MIN, INT64_MIN), out);
    TNI_CHECK_TEXT(out, "-178956970 years -8 months -2147483648 days -2562047788:00:54.775808");
}

/* ---- formats ---- */

static const char *format(const char *when, const char *pattern) {
    static char out[1000];
    tni_memory memory;
    tni_text text;
    tni_error error;
    trueno_status status;
    tni_memory_init(&memory, NULL, 0);
    tni_text_init(&text, &memory);
    tni_error_clear(&error);
    status = tni_format_timestamp(us_of(when), pattern, strlen(pattern), &text, &error);
    (void)snprintf(out, sizeof out, "%s",
                   status != TRUENO_OK ? error.message
                   : text.data != NULL ? text.data
                                       : "");
    tni_text_free(&text);
    return out;
}

static void test_formatting(void) {
    const char *when = "2024-03-05 07:08:09.012345";
    TNI_CHECK_TEXT(format(when, "%Y-%m-%d %H:%M:%S.%f"), when);
    TNI_CHECK_TEXT(format(when, "%a %A %b %B %h"), "Tue Tuesday Mar March Mar");
    TNI_CHECK_TEXT(format(when, "%y %j %U %W %V %G %u %w"), "24 065 09 10 10 2024 2 2");
    TNI_CHECK_TEXT(format(when, "%I %p %g %n %z|%Z|%%"), "07 AM 012 012345000 +00||%");
    TNI_CHECK_TEXT(format(when, "%-d/%-m/%-y %-H:%-M:%-S %-I %-j"), "5/3/24 7:8:9 7 65");
    TNI_CHECK_TEXT(format(when, "%c|%x|%X|%T"), "2024-03-05 07:08:09|2024-03-05|07:08:09|07:08:09");
    TNI_CHECK_TEXT(format("2024-03-05 00:00:00", "%I %p"), "12 AM");
    TNI_CHECK_TEXT(format("2024-03-05 15:00:00", "%I %p"), "03 PM");
    TNI_CHECK_TEXT(format("0044-03-15 (BC) 00:00:00", "%Y|%y|%G|%x"), "-43|43|-43|-43-03-15");
    TNI_CHECK_TEXT(format("12345-03-15 00:00:00", "%Y"), "12345");
    TNI_CHECK_TEXT(format("infinity", "%Y"), "infinity");
    TNI_CHECK_TEXT(format("2021-01-03", "%U %W %V %G %u %w %j"), "01 00 53 2020 7 0 003");
    TNI_CHECK_TEXT(format("2024-12-30", "%U %W %V %G %u %w %j"), "52 53 01 2025 1 1 365");
    TNI_CHECK_TEXT(format(when, "plain"), "plain");
    TNI_CHECK_TEXT(format(when, "x%q"), "unrecognized format code for strftime/strptime: %q");
    TNI_CHECK_TEXT(format(when, "%-Y"), "unrecognized format code for strftime/strptime: %-Y");
    TNI_CHECK_TEXT(format(when, "%"), "format ends with a lone '%'");
}

static const char *scan(const char *text, const char *pattern) {
    static char out[1000];
    int64_t us;
    bool matched;
    tni_error error;
    tni_error_clear(&error);
    if (tni_scan_timestamp(text, strlen(text), pattern, strlen(pattern), &us, &matched, &error) !=
        TRUENO_OK) {
        (void)snprintf(out, sizeof out, "%s", error.message);
        return out;
    }
    return matched ? (tni_print_timestamp(us, out), out) : "no";
}

static void test_scanning(void) {
    /* text, format, result */
    static const char *const cases[][3] = {
        {"2024-03-05", "%Y-%m-%d", "2024-03-05 00:00:00"},
        {" 2024-3-5 ", "%Y-%m-%d", "2024-03-05 00:00:00"},
        {"2024-03-05 x", "%Y-%m-%d", "no"},
        {"20240305", "%Y%m%d", "2024-03-05 00:00:00"},
        {"68", "%y", "2068-01-01 00:00:00"},
        {"69", "%y", "1969-01-01 00:00:00"},
        {"5", "%d", "1900-01-05 00:00:00"},
        {"11 PM", "%I %p", "1900-01-01 23:00:00"},
        {"12 AM", "%I %p", "1900-01-01 00:00:00"},
        {"12 pm", "%I %p", "1900-01-01 12:00:00"},
        {"13", "%I", "no"},
        {"13 PM", "%H %p", "no"},
        {"10:11:12.1", "%H:%M:%S.%f", "1900-01-01 10:11:12.1"},
        {".5", ".%g", "1900-01-01 00:00:00.5"},
        {".123456789", ".%n", "1900-01-01 00:00:00.123456"},
        {".", ".%f", "no"},
        {"MARCH 5 2024", "%B %d %Y", "2024-03-05 00:00:00"},
        {"Tue 5 Mar 2024", "%a %d %b %Y", "2024-03-05 00:00:00"},
        {"2024-065", "%Y-%j", "2024-03-05 00:00:00"},
        {"2023-366", "%Y-%j", "2024-01-01 00:00:00"},
        {"2024-10-1", "%Y-%U-%w", "2024-03-11 00:00:00"},
        {"2024-10-1", "%Y-%W-%u", "2024-03-04 00:00:00"},
        {"2024-53-7", "%G-%V-%u", "2025-01-05 00:00:00"},
        {"2024-06", "%Y-%U", "2024-02-11 00:00:00"},
        {"2024-03-05 10:00:00-01:30", "%Y-%m-%d %H:%M:%S%z", "2024-03-05 11:30:00"},
        {"2024-03-05 10:00:00 UTC", "%Y-%m-%d %H:%M:%S %Z", "2024-03-05 10:00:00"},
        {"2024-03-05 10:00:00", "%c", "2024-03-05 10:00:00"},
        {"2024  03", "%Y %m", "2024-03-01 00:00:00"},
        {"2024 03", "%Y  %m", "2024-03-01 00:00:00"},
        {"7 ", "%d ", "1900-01-07 00:00:00"},
        {"7", "%d ", "no"},
        {"2024-02-30", "%Y-%m-%d", "no"},
        {"24:00", "%H:%M", "no"},
        {"%", "%%", "1900-01-01 00:00:00"},
        {"", "%Y", "no"},
        {"-43-01-01", "%Y-%m-%d", "no"},
        {"infinity", "%Y", "infinity"},
        {"epoch", "%Y", "1970-01-01 00:00:00"},
        {"x", "%Y %q", "unrecognized format code for strftime/strptime: %q"}};
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(cases); i++) {
        if (!TNI_CHECK_TEXT(scan(cases[i][0], cases[i][1]), cases[i][2])) {
            printf("    strptime('%s', '%s')\n", cases[i][0], cases[i][1]);
        }
    }
}

/* Any bytes at all: no reader may fail to stop, and what it takes must print. */
static void test_noise_is_harmless(void) {
    static const char alphabet[] = "0123456789-:.+ TZ()BCagoday%YmdHMSfzjUp'\xff";
    int i;
    for (i = 0; i < 100000; i++) {
        char text[40], pattern[20];
        size_t length = random_bits() % sizeof text, n;
        for (n = 0; n < sizeof text; n++) {
            text[n] = alphabet[random_bits() % (sizeof alphabet - 1)];
        }
        for (n = 0; n < sizeof pattern - 1; n++) {
            pattern[n] = n % 2 ? alphabet[random_bits() % (sizeof alphabet - 1)] : '%';
        }
        text[length < sizeof text ? length : sizeof text - 1] = '\0';
        pattern[sizeof pattern - 1] = '\0';
        (void)date(text);
        (void)time_of_day(text);
        (void)timestamp(text);
        (void)timestamp_ns(text);
        (void)interval(text);
        (void)scan(text, pattern);
    }
    TNI_CHECK(i == 100000);
}

int main(int argc, char **argv) {
    seed_state = argc > 1 ? strtoull(argv[1], NULL, 10) : UINT64_C(88172645463325252);
    printf("seed %llu (repeat: test_datetime SEED)\n", (unsigned long long)seed_state);
    test_days_follow_each_other();
    test_all_of_int32_converts();
    test_months_clamp_the_day();
    test_timestamps_add_intervals();
    test_dates();
    test_times();
    test_timestamps();
    test_timestamps_come_back();
    test_interval_texts();
    test_interval_prints();
    test_formatting();
    test_scanning();
    test_noise_is_harmless();
    return tni_test_report();
}
