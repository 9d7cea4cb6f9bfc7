/*
 * test_type.c - type names, and values stored, loaded, compared and printed.
 */
#include "column/type.h"
#include "test.h"

static tni_memory memory;

static void test_names_read_back(void) {
    for (uint32_t id = 0; id < TRUENO_TYPE_COUNT; id++) {
        tni_type type = id == TRUENO_TYPE_DECIMAL ? tni_type_decimal(18, 3)
                                                  : tni_type_make((trueno_type)id);
        char name[40];
        size_t length = tni_type_print(type, name);
        tni_type back;
        TNI_CHECK_EQ_UINT(length, strlen(name));
        TNI_CHECK(length <= 31);
        if (id != TRUENO_TYPE_DECIMAL) {
            TNI_CHECK(tni_type_by_name(name, length, &back) && tni_type_equal(back, type));
        }
    }
}

static void test_aliases(void) {
    static const struct {
        const char *name;
        trueno_type id;
    } cases[] = {
        {"int", TRUENO_TYPE_INTEGER},        {"INT4", TRUENO_TYPE_INTEGER},
        {"Int8", TRUENO_TYPE_BIGINT},        {"text", TRUENO_TYPE_VARCHAR},
        {"string", TRUENO_TYPE_VARCHAR},     {"real", TRUENO_TYPE_FLOAT},
        {"float8", TRUENO_TYPE_DOUBLE},      {"bool", TRUENO_TYPE_BOOLEAN},
        {"bytea", TRUENO_TYPE_BLOB},         {"timestamptz", TRUENO_TYPE_TIMESTAMP_TZ},
        {"datetime", TRUENO_TYPE_TIMESTAMP}, {"uint8", TRUENO_TYPE_UTINYINT},
        {"numeric", TRUENO_TYPE_DECIMAL},    {"decimal", TRUENO_TYPE_DECIMAL},
    };
    tni_type type;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        TNI_CHECK(tni_type_by_name(cases[i].name, strlen(cases[i].name), &type));
        TNI_CHECK_EQ_INT(type.id, cases[i].id);
    }
    TNI_CHECK(!tni_type_by_name("integer ", 8, &type));
    TNI_CHECK(!tni_type_by_name("", 0, &type));
    TNI_CHECK(!tni_type_by_name("intege", 6, &type));
    TNI_CHECK(tni_type_by_name("numeric", 7, &type) && type.precision == 18 && type.scale == 3);
}

static void test_decimal_names(void) {
    char name[40];
    tni_type_print(tni_type_decimal(38, 0), name);
    TNI_CHECK_TEXT(name, "DECIMAL(38,0)");
    tni_type_print(tni_type_decimal(5, 2), name);
    TNI_CHECK_TEXT(name, "DECIMAL(5,2)");
}

static void test_physical_classes(void) {
    TNI_CHECK_EQ_INT(tni_type_physical(tni_type_decimal(18, 2)), TNI_PHYSICAL_I64);
    TNI_CHECK_EQ_INT(tni_type_physical(tni_type_decimal(19, 2)), TNI_PHYSICAL_I128);
    TNI_CHECK_EQ_INT(tni_type_physical(tni_type_make(TRUENO_TYPE_DATE)), TNI_PHYSICAL_I32);
    TNI_CHECK_EQ_INT(tni_type_physical(tni_type_make(TRUENO_TYPE_NULL)), TNI_PHYSICAL_BOOL);
    TNI_CHECK_EQ_UINT(tni_type_width(tni_type_make(TRUENO_TYPE_VARCHAR)), sizeof(tni_string));
    TNI_CHECK_EQ_UINT(tni_type_width(tni_type_make(TRUENO_TYPE_INTERVAL)), sizeof(tni_interval));
    TNI_CHECK_EQ_UINT(tni_type_width(tni_type_make(TRUENO_TYPE_HUGEINT)), sizeof(tni_i128));
    TNI_CHECK_EQ_UINT(tni_type_width(tni_type_make(TRUENO_TYPE_BOOLEAN)), 1);
}

/* Every type: i64 values survive store and load, and print as expected. */
static void test_values_round_trip(void) {
    for (uint32_t id = 1; id < TRUENO_TYPE_COUNT; id++) {
        tni_type type = id == TRUENO_TYPE_DECIMAL ? tni_type_decimal(20, 1)
                                                  : tni_type_make((trueno_type)id);
        tni_value value = tni_value_i64(type, 1), back;
        uint8_t bytes[16];
        if (tni_type_is_string(type)) {
            value = tni_value_string(type, tni_string_c("a text of more than twelve bytes"));
        } else if (id == TRUENO_TYPE_INTERVAL) {
            value.as.interval.months = 1;
            value.as.interval.days = -2;
            value.as.interval.microseconds = 3;
        }
        memset(bytes, 0xee, sizeof bytes);
        tni_value_store(&value, bytes);
        for (uint32_t i = tni_type_width(type); i < sizeof bytes; i++) {
            TNI_CHECK_EQ_UINT(bytes[i], 0xee);
        }
        back = tni_value_load(type, bytes);
        TNI_CHECK(!back.is_null && tni_type_equal(back.type, type));
        TNI_CHECK_EQ_INT(tni_value_compare(&value, &back), 0);
    }
}

static void check_print(tni_value value, const char *wanted) {
    tni_text text, direct;
    uint8_t bytes[16];
    tni_text_init(&text, &memory);
    tni_text_init(&direct, &memory);
    tni_value_print(&value, &text);
    TNI_CHECK_TEXT(text.data, wanted);
    if (!value.is_null) {
        tni_value_store(&value, bytes);
        tni_type_print_value(value.type, bytes, &direct);
        TNI_CHECK_TEXT(direct.data, wanted);
    }
    tni_text_free(&text);
    tni_text_free(&direct);
}

static tni_value i64(trueno_type id, int64_t v) {
    return tni_value_i64(tni_type_make(id), v);
}

static void test_printing(void) {
    tni_value value = tni_value_null(tni_type_make(TRUENO_TYPE_INTEGER));
    check_print(value, "NULL");
    check_print(i64(TRUENO_TYPE_BOOLEAN, 1), "true");
    check_print(i64(TRUENO_TYPE_BOOLEAN, 0), "false");
    check_print(i64(TRUENO_TYPE_TINYINT, -128), "-128");
    check_print(i64(TRUENO_TYPE_BIGINT, INT64_MIN), "-9223372036854775808");
    check_print(i64(TRUENO_TYPE_UBIGINT, -1), "18446744073709551615");
    check_print(i64(TRUENO_TYPE_HUGEINT, -5), "-5");
    check_print(i64(TRUENO_TYPE_DOUBLE, 3), "3.0");
    check_print(tni_value_double(tni_type_make(TRUENO_TYPE_FLOAT), (double)0.1f), "0.1");
    check_print(tni_value_double(tni_type_make(TRUENO_TYPE_DOUBLE), 0.1), "0.1");
    check_print(tni_value_i64(tni_type_decimal(10, 2), -150), "-1.50");
    check_print(tni_value_i64(tni_type_decimal(38, 3), 5), "0.005");
    check_print(i64(TRUENO_TYPE_DATE, 0), "1970-01-01");
    check_print(i64(TRUENO_TYPE_TIME, INT64_C(3723000001)), "01:02:03.000001");
    check_print(i64(TRUENO_TYPE_TIMESTAMP, INT64_C(1500000)), "1970-01-01 00:00:01.5");
    check_print(i64(TRUENO_TYPE_TIMESTAMP_S, -1), "1969-12-31 23:59:59");
    check_print(i64(TRUENO_TYPE_TIMESTAMP_MS, 1), "1970-01-01 00:00:00.001");
    check_print(i64(TRUENO_TYPE_TIMESTAMP_NS, 1), "1970-01-01 00:00:00.000000001");
    check_print(i64(TRUENO_TYPE_TIMESTAMP_TZ, 0), "1970-01-01 00:00:00+00");
    check_print(i64(TRUENO_TYPE_TIMESTAMP_S, INT64_MAX), "infinity");
    check_print(i64(TRUENO_TYPE_TIMESTAMP_TZ, INT64_MIN), "-infinity");
    check_print(i64(TRUENO_TYPE_TIMESTAMP_S, INT64_MAX - 1), "9223372036854775806");
    value = i64(TRUENO_TYPE_INTERVAL, 0);
    value.as.interval.months = 14;
    value.as.interval.days = 3;
    value.as.interval.microseconds = 4000000;
    check_print(value, "1 year 2 months 3 days 00:00:04");
    check_print(tni_value_string(tni_type_make(TRUENO_TYPE_VARCHAR), tni_string_c("it's \"x\"")),
                "it's \"x\"");
    check_print(tni_value_string(tni_type_make(TRUENO_TYPE_BLOB),
                                 tni_string_make("a\0\xff\\'z", 6)),
                "a\\x00\\xFF\\x5C\\x27z");
}

static void check_order(tni_value low, tni_value high) {
    TNI_CHECK(tni_value_compare(&low, &high) < 0);
    TNI_CHECK(tni_value_compare(&high, &low) > 0);
    TNI_CHECK_EQ_INT(tni_value_compare(&low, &low), 0);
    TNI_CHECK_EQ_INT(tni_value_compare(&high, &high), 0);
}

static void check_equal(tni_value a, tni_value b) {
    TNI_CHECK_EQ_INT(tni_value_compare(&a, &b), 0);
    TNI_CHECK_EQ_INT(tni_value_compare(&b, &a), 0);
}

static tni_value text(const char *c_string) {
    return tni_value_string(tni_type_make(TRUENO_TYPE_VARCHAR), tni_string_c(c_string));
}

static tni_value interval(int32_t months, int32_t days, int64_t microseconds) {
    tni_value value = i64(TRUENO_TYPE_INTERVAL, 0);
    value.as.interval.months = months;
    value.as.interval.days = days;
    value.as.interval.microseconds = microseconds;
    return value;
}

static void test_order(void) {
    tni_type number = tni_type_make(TRUENO_TYPE_DOUBLE);
    double zero = 0.0, nan, infinity = 1e308 * 10;
    nan = infinity - infinity;
    check_order(i64(TRUENO_TYPE_INTEGER, -1), i64(TRUENO_TYPE_INTEGER, 1));
    check_order(i64(TRUENO_TYPE_UBIGINT, 1), i64(TRUENO_TYPE_UBIGINT, -1));
    check_order(i64(TRUENO_TYPE_HUGEINT, -1), i64(TRUENO_TYPE_HUGEINT, 1));
    check_order(i64(TRUENO_TYPE_BOOLEAN, 0), i64(TRUENO_TYPE_BOOLEAN, 1));
    check_order(tni_value_double(number, infinity), tni_value_double(number, nan));
    check_order(tni_value_double(number, -infinity), tni_value_double(number, -1.0));
    check_equal(tni_value_double(number, nan), tni_value_double(number, -nan));
    check_equal(tni_value_double(number, -zero), tni_value_double(number, zero));
    check_order(text("Z"), text("a"));
    check_order(text("a"), text("aa"));
    check_order(text("a"), text("\xc3\xa4"));
    check_equal(interval(1, 0, 0), interval(0, 30, 0));
    check_equal(interval(0, 1, 0), interval(0, 0, TNI_US_PER_DAY));
    check_equal(interval(0, 1, -1), interval(0, 0, TNI_US_PER_DAY - 1));
    check_order(interval(0, 0, -1), interval(0, 0, 0));
    check_order(interval(INT32_MIN, INT32_MIN, INT64_MIN),
                interval(INT32_MAX, INT32_MAX, INT64_MAX));
}

int main(void) {
    tni_memory_init(&memory, NULL, UINT64_C(1) << 30);
    test_names_read_back();
    test_aliases();
    test_decimal_names();
    test_physical_classes();
    test_values_round_trip();
    test_printing();
    test_order();
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    return tni_test_report();
}
