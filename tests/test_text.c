/*
 * test_text.c - strings, UTF-8, names, and numbers to text and back; hashing of bytes.
 *
 * The expected texts are DuckDB's. Random values are checked against the C library: strtod reads
 * back what we print, and prints with fewer digits must not read back.
 */
#include "base/hash.h"
#include "base/text.h"
#include "test.h"

static uint64_t seed_state;

static uint64_t random_bits(void) {
    seed_state ^= seed_state << 13;
    seed_state ^= seed_state >> 7;
    seed_state ^= seed_state << 17;
    return seed_state * UINT64_C(0x2545f4914f6cdd1d);
}

/* ---- strings ---- */

static tni_string string_of(const char *text) {
    return tni_string_c(text);
}

static int sign(int v) {
    return v < 0 ? -1 : v > 0;
}

static void test_strings_order_bytewise(void) {
    static const char *const sorted[] = {"",
                                         "a",
                                         "aa",
                                         "aaaa",
                                         "aaaaa",
                                         "aaaab",
                                         "aaab",
                                         "abcdefghi",
                                         "abcdefghijklm",
                                         "abcdefghijkl",
                                         "abcdefghijklmno",
                                         "b",
                                         "\x7f",
                                         "\xc3\xa9"};
    size_t i, j;
    for (i = 0; i < TNI_COUNT_OF(sorted); i++) {
        for (j = 0; j < TNI_COUNT_OF(sorted); j++) {
            tni_string a = string_of(sorted[i]), b = string_of(sorted[j]);
            TNI_CHECK_EQ_INT(sign(tni_string_compare(&a, &b)), sign(strcmp(sorted[i], sorted[j])));
            TNI_CHECK(tni_string_equal(&a, &b) == (strcmp(sorted[i], sorted[j]) == 0));
        }
    }
    {
        tni_string a = tni_string_make("a\0b", 3), b = tni_string_make("a", 1);
        TNI_CHECK(tni_string_compare(&a, &b) > 0 && !tni_string_equal(&a, &b));
    }
}

static void test_text_grows_and_fails_once(void) {
    tni_memory memory;
    tni_text text;
    int i;
    tni_memory_init(&memory, NULL, 50000);
    tni_text_init(&text, &memory);
    for (i = 0; i < 1000; i++) {
        tni_text_format(&text, "%d,", i % 10);
    }
    TNI_CHECK_EQ_UINT(text.length, 2000);
    TNI_CHECK_EQ_UINT(strlen(text.data), 2000);
    tni_text_clear(&text);
    TNI_CHECK_TEXT(text.data, "");
    tni_text_format(&text, "%400s|", "x");
    tni_text_char(&text, '!');
    tni_text_add(&text, "end");
    TNI_CHECK_EQ_UINT(text.length, 405);
    TNI_CHECK_TEXT(text.data + 399, "x|!end");
    for (i = 0; i < 1000; i++) {
        tni_text_append(&text, "0123456789012345678901234567890123456789012345678901234567890123",
                        64);
    }
    TNI_CHECK(text.failed);
    tni_text_free(&text);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
}

/* ---- UTF-8 ---- */

static bool valid(const char *text) {
    return tni_utf8_valid(text, strlen(text));
}

static void test_only_well_formed_utf8_is_valid(void) {
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc3",
                                      "\xc3(",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xe2\x82",
                                      "\xe2(\x82",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xf0\x9f\x98",
                                      "\xff"};
    size_t i, pad;
    char text[80];
    TNI_CHECK(valid("") && valid("plain") && valid("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
    TNI_CHECK(valid("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\xc2\x80\xe0\xa0\x80"));
    for (i = 0; i < TNI_COUNT_OF(bad); i++) {
        for (pad = 0; pad < 40; pad++) {
            memset(text, 'a', sizeof text);
            memcpy(text + pad, bad[i], strlen(bad[i]));
            TNI_CHECK(!tni_utf8_valid(text, pad + strlen(bad[i])));
            TNI_CHECK(!tni_utf8_valid(text, 64));
        }
    }
}

static void test_codepoints_survive_encoding(void) {
    uint32_t c, wrong = 0;
    for (c = 0; c < 0x110000; c += c < 0x3000 ? 1 : 13) {
        uint8_t bytes[4];
        size_t length = tni_utf8_put(c, bytes), at = 0;
        bool surrogate = c >= 0xd800 && c < 0xe000;
        uint32_t back = tni_utf8_next(bytes, length, &at);
        wrong += !(back == (surrogate ? 0xfffdu : c) && at == length &&
                   tni_utf8_valid(bytes, length) && tni_utf8_length(bytes, length) == 1);
    }
    TNI_CHECK_EQ_UINT(wrong, 0);
    {
        size_t at = 0;
        const uint8_t bad[3] = {0xe2, 0x82, 'x'};
        TNI_CHECK_EQ_UINT(tni_utf8_next(bad, 3, &at), 0xfffd);
        TNI_CHECK_EQ_UINT(at, 1);
    }
    TNI_CHECK_EQ_UINT(tni_utf8_length((const uint8_t *)"na\xc3\xafve \xe2\x82\xac 12345678", 19),
                      16);
}

static void test_widths_and_case(void) {
    TNI_CHECK_EQ_UINT(tni_utf8_width('a'), 1);
    TNI_CHECK_EQ_UINT(tni_utf8_width(0xe9), 1);
    TNI_CHECK_EQ_UINT(tni_utf8_width(0x301), 0);  /* combining acute */
    TNI_CHECK_EQ_UINT(tni_utf8_width(0x200b), 0); /* zero width space */
    TNI_CHECK_EQ_UINT(tni_utf8_width(0x4e2d), 2);
    TNI_CHECK_EQ_UINT(tni_utf8_width(0xac00), 2);
    TNI_CHECK_EQ_UINT(tni_utf8_width(0xff21), 2);
    TNI_CHECK_EQ_UINT(tni_utf8_width(0xff71), 1); /* half width katakana */
    TNI_CHECK_EQ_UINT(tni_utf8_width(0x1f600), 2);
    TNI_CHECK_EQ_UINT(tni_utf8_width(0x20000), 2);
    TNI_CHECK_EQ_UINT(tni_utf8_width('\n'), 0);
    TNI_CHECK_EQ_UINT(tni_utf8_upper('z'), 'Z');
    TNI_CHECK_EQ_UINT(tni_utf8_upper(0xe9), 0xc9);
    TNI_CHECK_EQ_UINT(tni_utf8_upper(0xff), 0x178);
    TNI_CHECK_EQ_UINT(tni_utf8_upper(0x101), 0x100);
    TNI_CHECK_EQ_UINT(tni_utf8_upper(0x3c3), 0x3a3);
    TNI_CHECK_EQ_UINT(tni_utf8_upper(0x3c2), 0x3a3); /* final sigma */
    TNI_CHECK_EQ_UINT(tni_utf8_lower(0x3a3), 0x3c3);
    TNI_CHECK_EQ_UINT(tni_utf8_upper(0x44f), 0x42f);
    TNI_CHECK_EQ_UINT(tni_utf8_lower(0x401), 0x451);
    TNI_CHECK_EQ_UINT(tni_utf8_lower(0x130), 'i');
    TNI_CHECK_EQ_UINT(tni_utf8_upper(0xdf), 0x1e9e);
    TNI_CHECK_EQ_UINT(tni_utf8_lower(0x1e9e), 0xdf);
    TNI_CHECK_EQ_UINT(tni_utf8_upper(0x10428), 0x10400);
    TNI_CHECK_EQ_UINT(tni_utf8_upper(0x4e2d), 0x4e2d);
    TNI_CHECK_EQ_UINT(tni_utf8_lower(0xd7), 0xd7); /* multiplication sign */
    {
        uint32_t c, wrong = 0;
        for (c = 0; c < 0x110000; c++) {
            /* a lower case letter's upper case never changes again */
            wrong += tni_utf8_upper(tni_utf8_upper(c)) != tni_utf8_upper(c);
            wrong += tni_utf8_lower(tni_utf8_lower(c)) != tni_utf8_lower(c);
        }
        TNI_CHECK_EQ_UINT(wrong, 0);
    }
}

/* ---- names ---- */

static void test_names_ignore_ascii_case(void) {
    TNI_CHECK(tni_name_equal("Value_1", "vALUE_1"));
    TNI_CHECK(!tni_name_equal("value", "values"));
    TNI_CHECK(!tni_name_equal("[", "{"));
    TNI_CHECK(tni_name_equal_n("abX", 2, "ABY", 2));
    TNI_CHECK_EQ_UINT(tni_edit_distance("category", "catgory", 3), 1);
    TNI_CHECK_EQ_UINT(tni_edit_distance("kitten", "SITTING", 9), 3);
    TNI_CHECK_EQ_UINT(tni_edit_distance("", "abc", 9), 3);
    TNI_CHECK_EQ_UINT(tni_edit_distance("same", "same", 3), 0);
    TNI_CHECK_EQ_UINT(tni_edit_distance("abcdef", "uvwxyz", 3), 3);
    TNI_CHECK_EQ_UINT(tni_edit_distance("a", "abcdefgh", 4), 4);
}

static void test_booleans(void) {
    bool v = false;
    TNI_CHECK(tni_parse_bool("TRUE", 4, &v) && v);
    TNI_CHECK(tni_parse_bool(" y ", 3, &v) && v);
    TNI_CHECK(tni_parse_bool("0", 1, &v) && !v);
    TNI_CHECK(tni_parse_bool("No", 2, &v) && !v);
    TNI_CHECK(!tni_parse_bool("2", 1, &v) && !tni_parse_bool("", 0, &v));
    TNI_CHECK(!tni_parse_bool("on", 2, &v));
}

/* ---- integers and decimals ---- */

static void test_integers_print_and_parse(void) {
    static const char *const texts[] = {"0",
                                        "9",
                                        "10",
                                        "-1",
                                        "99999999",
                                        "100000000",
                                        "4294967295",
                                        "4294967296",
                                        "9223372036854775807",
                                        "-9223372036854775808"};
    char out[48];
    int64_t v;
    uint64_t u;
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(texts); i++) {
        TNI_CHECK(tni_parse_i64(texts[i], strlen(texts[i]), &v));
        TNI_CHECK_EQ_UINT(tni_print_i64(v, out), strlen(texts[i]));
        TNI_CHECK_TEXT(out, texts[i]);
    }
    TNI_CHECK(tni_parse_u64("18446744073709551615", 20, &u) && u == UINT64_MAX);
    TNI_CHECK(tni_parse_u64("-0", 2, &u) && u == 0);
    TNI_CHECK(!tni_parse_u64("-1", 2, &u));
    TNI_CHECK(!tni_parse_u64("18446744073709551616", 20, &u));
    TNI_CHECK_EQ_UINT(tni_print_u64(UINT64_MAX, out), 20);
    for (i = 0; i < 100000; i++) {
        int64_t wanted = (int64_t)(random_bits()) >> (random_bits() % 64);
        char libc[32];
        (void)snprintf(libc, sizeof libc, "%lld", (long long)wanted);
        (void)tni_print_i64(wanted, out);
        if (strcmp(out, libc) != 0 || !tni_parse_i64(out, strlen(out), &v) || v != wanted) {
            TNI_CHECK_TEXT(out, libc);
            break;
        }
    }
}

static void test_integer_texts(void) {
    static const char *const bad[] = {"",
                                      " ",
                                      "-",
                                      "+",
                                      "1.5",
                                      "1e3",
                                      "12x",
                                      "1 2",
                                      "--1",
                                      "0x10",
                                      "_1",
                                      "1_",
                                      "1__0",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999999"};
    int64_t v;
    tni_i128 w;
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(bad); i++) {
        v = 7;
        if (!TNI_CHECK(!tni_parse_i64(bad[i], strlen(bad[i]), &v) && v == 0)) {
            printf("    \"%s\"\n", bad[i]);
        }
        if (i < 13) {
            TNI_CHECK(!tni_parse_i128(bad[i], strlen(bad[i]), &w));
        }
    }
    TNI_CHECK(tni_parse_i64(" \t+0012\n", 8, &v) && v == 12);
    TNI_CHECK(tni_parse_i64("1_000_000", 9, &v) && v == 1000000);
    TNI_CHECK(tni_parse_i64("12345678_9", 10, &v) && v == 123456789);
    TNI_CHECK(tni_parse_i64("00000000000000000000000000000001", 32, &v) && v == 1);
}

static void test_wide_integers(void) {
    static const char *const texts[] = {"0",
                                        "-1",
                                        "9999999999999999999",
                                        "10000000000000000000",
                                        "18446744073709551616",
                                        "99999999999999999999999999999999999999",
                                        "100000000000000000000000000000000000000",
                                        "170141183460469231731687303715884105727",
                                        "-170141183460469231731687303715884105728"};
    char out[48];
    tni_i128 v;
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(texts); i++) {
        TNI_CHECK(tni_parse_i128(texts[i], strlen(texts[i]), &v));
        TNI_CHECK_EQ_UINT(tni_print_i128(v, out), strlen(texts[i]));
        TNI_CHECK_TEXT(out, texts[i]);
    }
    TNI_CHECK(!tni_parse_i128("170141183460469231731687303715884105728", 39, &v));
    TNI_CHECK(!tni_parse_i128("999999999999999999999999999999999999999999", 42, &v));
}

static const char *decimal(const char *text, uint8_t precision, uint8_t scale) {
    static char out[48];
    tni_i128 v;
    if (!tni_parse_decimal(text, strlen(text), precision, scale, &v)) {
        return "no";
    }
    (void)tni_print_decimal(v, scale, out);
    return out;
}

static void test_decimals(void) {
    TNI_CHECK_TEXT(decimal("1.5", 10, 1), "1.5");
    TNI_CHECK_TEXT(decimal("-1.25", 10, 1), "-1.3");
    TNI_CHECK_TEXT(decimal("1.24999", 10, 1), "1.2");
    TNI_CHECK_TEXT(decimal("-0.05", 10, 1), "-0.1");
    TNI_CHECK_TEXT(decimal("-0.04", 10, 1), "0.0");
    TNI_CHECK_TEXT(decimal(".5", 3, 3), "0.500");
    TNI_CHECK_TEXT(decimal("5.", 3, 0), "5");
    TNI_CHECK_TEXT(decimal("1e5", 10, 1), "100000.0");
    TNI_CHECK_TEXT(decimal("12.5e-1", 10, 2), "1.25");
    TNI_CHECK_TEXT(decimal("1e-400", 10, 2), "0.00");
    TNI_CHECK_TEXT(decimal("0e999999999999", 10, 2), "0.00");
    TNI_CHECK_TEXT(decimal("1_000.5", 10, 1), "1000.5");
    TNI_CHECK_TEXT(decimal("  000012.340  ", 6, 2), "12.34");
    TNI_CHECK_TEXT(decimal("0.000000000000000000000000000000000000019", 38, 38),
                   "0.00000000000000000000000000000000000002");
    TNI_CHECK_TEXT(decimal("99999999999999999999999999999999999999", 38, 0),
                   "99999999999999999999999999999999999999");
    TNI_CHECK_TEXT(decimal("99999999999999999999999999999999999999.5", 38, 0), "no");
    TNI_CHECK_TEXT(decimal("-1234567890123456789.01234567890123456789", 38, 18),
                   "-1234567890123456789.012345678901234568");
    TNI_CHECK_TEXT(decimal("99.95", 3, 1), "no");
    TNI_CHECK_TEXT(decimal("99.94", 3, 1), "99.9");
    TNI_CHECK_TEXT(decimal("1000", 3, 0), "no");
    TNI_CHECK_TEXT(decimal("1e400", 38, 0), "no");
    TNI_CHECK_TEXT(decimal("", 3, 0), "no");
    TNI_CHECK_TEXT(decimal(".", 3, 0), "no");
    TNI_CHECK_TEXT(decimal("1e", 3, 0), "no");
    TNI_CHECK_TEXT(decimal("1.2.3", 3, 0), "no");
    TNI_CHECK_TEXT(decimal("1,5", 3, 0), "no");
    TNI_CHECK_TEXT(decimal("0x10", 3, 0), "no");
}

/* ---- doubles ---- */

static const char *print_double(double v) {
    static char out[32];
    size_t length = tni_print_double(v, out);
    TNI_CHECK_EQ_UINT(length, strlen(out));
    return out;
}

static const char *print_float(float v) {
    static char out[32];
    size_t length = tni_print_float(v, out);
    TNI_CHECK_EQ_UINT(length, strlen(out));
    return out;
}

static void test_doubles_print_as_duckdb(void) {
    TNI_CHECK_TEXT(print_double(3.0), "3.0");
    TNI_CHECK_TEXT(print_double(0.1), "0.1");
    TNI_CHECK_TEXT(print_double(0.1 + 0.2), "0.30000000000000004");
    TNI_CHECK_TEXT(print_double(-0.0), "-0.0");
    TNI_CHECK_TEXT(print_double(1e15), "1000000000000000.0");
    TNI_CHECK_TEXT(print_double(1e16), "1e+16");
    TNI_CHECK_TEXT(print_double(123456789012345680.0), "1.2345678901234568e+17");
    TNI_CHECK_TEXT(print_double(9007199254740993.0), "9007199254740992.0");
    TNI_CHECK_TEXT(print_double(1e-4), "0.0001");
    TNI_CHECK_TEXT(print_double(1e-5), "1e-05");
    TNI_CHECK_TEXT(print_double(1.5e-7), "1.5e-07");
    TNI_CHECK_TEXT(print_double(0.00012345), "0.00012345");
    TNI_CHECK_TEXT(print_double(123456.789), "123456.789");
    TNI_CHECK_TEXT(print_double(5e-324), "5e-324");
    TNI_CHECK_TEXT(print_double(2.2250738585072014e-308), "2.2250738585072014e-308");
    TNI_CHECK_TEXT(print_double(1.7976931348623157e308), "1.7976931348623157e+308");
    TNI_CHECK_TEXT(print_double(9.5367431640625e-07), "9.5367431640625e-07");
    TNI_CHECK_TEXT(print_double(2e23), "2e+23");
    TNI_CHECK_TEXT(print_double(9e23), "9e+23"); /* both have a tie for a neighbour */
    TNI_CHECK_TEXT(print_double(strtod("-inf", NULL)), "-inf");
    TNI_CHECK_TEXT(print_double(strtod("nan", NULL)), "nan");
    TNI_CHECK_TEXT(print_float(0.1f), "0.1");
    TNI_CHECK_TEXT(print_float(16777216.0f), "16777216.0");
    TNI_CHECK_TEXT(print_float(123456.789f), "123456.79");
    TNI_CHECK_TEXT(print_float(1.2345678e16f), "1.2345678e+16");
    TNI_CHECK_TEXT(print_float(9007199254740993.0f), "9007199000000000.0");
    TNI_CHECK_TEXT(print_float(1e-45f), "1e-45");
    TNI_CHECK_TEXT(print_float(3.4028235e38f), "3.4028235e+38");
}

/* Significant digits of a printed number, without leading and trailing zeros. */
static int digits_of(const char *text) {
    int count = 0, zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text >= '1' && *text <= '9') {
            count += zeros + 1;
            zeros = 0;
        } else if (*text == '0' && count > 0) {
            zeros++;
        }
    }
    return count > 0 ? count : 1;
}

static double random_double(int kind) {
    uint64_t bits = random_bits();
    double v;
    switch (kind % 6) {
    case 0: return (double)(int64_t)(bits >> (bits & 63));
    case 1: return (double)(bits % 100000000) / 100.0;
    case 2: return (double)(bits >> 40) * 1e-9;
    case 3: /* near a power of two, where the rounding interval is lopsided */
        bits = (bits & UINT64_C(0x7ff0000000000000)) + bits % 3 - 1;
        break;
    case 4: /* subnormal */ bits &= (UINT64_C(1) << (bits >> 58)) - 1; break;
    default: break;
    }
    memcpy(&v, &bits, sizeof v);
    return v - v == 0 ? v : 1.0;
}

static bool shortest_double(double v) {
    char out[32], fewer[40], closest[40];
    int count;
    double back;
    (void)tni_print_double(v, out);
    count = digits_of(out);
    if (strtod(out, NULL) != v || !tni_parse_double(out, strlen(out), &back) || back != v) {
        return false;
    }
    /* the C library rounds v itself to that many digits: nothing is nearer */
    (void)snprintf(closest, sizeof closest, "%.*e", count - 1, v);
    if (strtod(closest, NULL) == v && strtod(closest, NULL) != strtod(out, NULL)) {
        return false;
    }
    (void)snprintf(fewer, sizeof fewer, "%.*e", count - 2, v);
    return count < 2 || strtod(fewer, NULL) != v;
}

static bool shortest_float(float v) {
    char out[32], fewer[40];
    int count;
    float back;
    (void)tni_print_float(v, out);
    count = digits_of(out);
    (void)snprintf(fewer, sizeof fewer, "%.*e", count - 2, (double)v);
    return strtof(out, NULL) == v && tni_parse_float(out, strlen(out), &back) && back == v &&
           (count < 2 || strtof(fewer, NULL) != v);
}

static void test_printed_doubles_are_shortest(void) {
    int i;
    for (i = 0; i < 150000; i++) {
        double v = random_double(i);
        uint32_t bits = (uint32_t)random_bits();
        float f;
        memcpy(&f, &bits, sizeof f);
        if (!shortest_double(v) || (f - f == 0 && !shortest_float(f)) ||
            (v > -1e38 && v < 1e38 && !shortest_float((float)v))) {
            printf("%.17g or %.9g\n", v, (double)f);
            TNI_CHECK(!"shortest digits");
            return;
        }
    }
    TNI_CHECK(i == 150000);
}

static bool reads_like_strtod(const char *text) {
    double d;
    float f;
    bool good = tni_parse_double(text, strlen(text), &d) && d == strtod(text, NULL) &&
                tni_parse_float(text, strlen(text), &f) && f == strtof(text, NULL);
    if (!good) {
        printf("%.900s\n", text);
    }
    return good;
}

static void test_parsing_rounds_correctly(void) {
    static const char *const hard[] = {"2.2250738585072011e-308",
                                       "2.2250738585072012e-308",
                                       "9007199254740993",
                                       "9007199254740993.00000000000000000000000000000000000001",
                                       "1e23",
                                       "8.5e22",
                                       "4.9406564584124654e-324",
                                       "2.4703282292062327e-324",
                                       "2.4703282292062328e-324",
                                       "1.7976931348623158e308",
                                       "1.7976931348623159e308",
                                       "1e400",
                                       "1e-400",
                                       "123456789012345678901234567890",
                                       "0.000000000000000000000000000000000000000000001",
                                       "6.631236846766476e-316",
                                       "3.2378839133029012895883524125015321748630094389041e-316",
                                       "5.3169120365053e-312",
                                       "1.00000005960464477539062499999999999999999",
                                       "16777217",
                                       "1.4012984643e-45",
                                       "7.006492321624085e-46",
                                       "7.006492321624086e-46",
                                       "3.4028236e38",
                                       "0e99999999999999999999",
                                       "1e-99999999999999999999",
                                       "1e99999999999999999999"};
    char text[1400];
    int i;
    bool good = true;
    for (i = 0; i < (int)TNI_COUNT_OF(hard); i++) {
        TNI_CHECK(reads_like_strtod(hard[i]));
    }
    for (i = 0; i < 100000 && good; i++) {
        double v = random_double(i);
        (void)snprintf(text, sizeof text, "%.*e", (int)(random_bits() % 25), v);
        good = reads_like_strtod(text);
    }
    TNI_CHECK(good);
    /* exact decimal expansions of a value, of the midpoint above it, and of a hair more */
    for (i = 0; i < 300 && good; i++) {
        double v = random_double(i);
        uint64_t bits;
        double next;
        memcpy(&bits, &v, sizeof bits);
        bits++;
        memcpy(&next, &bits, sizeof next);
        if (next - next != 0) {
            continue;
        }
        (void)snprintf(text, sizeof text, "%.1080Lf", ((long double)v + (long double)next) / 2);
        good = reads_like_strtod(text);
        (void)strcat(text, "1");
        good = good && reads_like_strtod(text);
        (void)snprintf(text, sizeof text, "%.1100f", v);
        good = good && reads_like_strtod(text);
    }
    TNI_CHECK(good);
}

static void test_double_texts(void) {
    static const char *const bad[] = {"",    " ",   ".",    "1e",    "1e+", "e5",   "1.5f",
                                      "1,5", "--5", "1__0", "_1",    "1_",  "0x10", "nanx",
                                      "in",  "+-1", "1..2", "1e5.0", "1 2", "1e5x"};
    double v;
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(bad); i++) {
        if (!TNI_CHECK(!tni_parse_double(bad[i], strlen(bad[i]), &v))) {
            printf("    \"%s\"\n", bad[i]);
        }
    }
    TNI_CHECK(tni_parse_double("\t 5.\n", 5, &v) && v == 5.0);
    TNI_CHECK(tni_parse_double("+.5e+3", 6, &v) && v == 500.0);
    TNI_CHECK(tni_parse_double("1_000.2_5", 9, &v) && v == 1000.25);
    TNI_CHECK(tni_parse_double("-0", 2, &v));
    TNI_CHECK_EQ_DOUBLE(v, -0.0);
    TNI_CHECK(tni_parse_double("-InFinity", 9, &v) && v < -1.7e308);
    TNI_CHECK(tni_parse_double("NaN", 3, &v) && v != v);
}

static void test_fixed_digits_are_exact(void) {
    char ours[1600], libc[1600];
    int i;
    TNI_CHECK_EQ_UINT(tni_print_fixed(2.5, 0, ours, sizeof ours), 1);
    TNI_CHECK_TEXT(ours, "2");
    (void)tni_print_fixed(0.125, 2, ours, sizeof ours);
    TNI_CHECK_TEXT(ours, "0.12");
    TNI_CHECK_EQ_UINT(tni_print_fixed(1234.5, 3, ours, 4), 8);
    TNI_CHECK_TEXT(ours, "123");
    TNI_CHECK_EQ_UINT(tni_print_fixed(1.0, 3, NULL, 0), 5);
    for (i = 0; i < 20000; i++) {
        double v = random_double(i);
        int digits = (int)(random_bits() % (i % 100 == 0 ? 1100 : 20));
        int length = snprintf(libc, sizeof libc, "%.*f", digits, v);
        if (tni_print_fixed(v, digits, ours, sizeof ours) != (size_t)length ||
            strcmp(ours, libc) != 0) {
            TNI_CHECK_TEXT(ours, libc);
            return;
        }
    }
    TNI_CHECK(i == 20000);
}

/* ---- hashing ---- */

static void test_hashes_tell_bytes_and_lengths_apart(void) {
    uint8_t data[300];
    uint64_t seen[256];
    size_t length, i, clashes = 0, flips = 0, same = 0;
    memset(data, 0, sizeof data);
    for (length = 0; length < 256; length++) {
        seen[length] = tni_hash_bytes(data, length);
        for (i = 0; i < length; i++) {
            clashes += seen[i] == seen[length];
        }
    }
    TNI_CHECK_EQ_UINT(clashes, 0); /* runs of zeros differ by their length alone */
    for (i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)random_bits();
    }
    for (length = 1; length < 256; length++) {
        uint64_t before = tni_hash_bytes(data, length);
        for (i = 0; i < length; i++) {
            data[i] ^= 1;
            flips++;
            same += tni_hash_bytes(data, length) == before;
            data[i] ^= 1;
        }
        same += tni_hash_bytes(memmove(data + 1, data, length), length) != before;
        (void)memmove(data, data + 1, length);
    }
    TNI_CHECK(flips > 30000 && same == 0);
}

/* The value is part of no format, but it must be the same on every machine. */
static void test_hash_values_are_fixed(void) {
    const char *text = "the quick brown fox jumps over the lazy dog, and then the dog sleeps on";
    TNI_CHECK_EQ_UINT(tni_hash_bytes(text, 0), UINT64_C(0x42bc986dc5eec4d3));
    TNI_CHECK_EQ_UINT(tni_hash_bytes(text, 3), UINT64_C(0xf566b48ad7a81492));
    TNI_CHECK_EQ_UINT(tni_hash_bytes(text, 7), UINT64_C(0x9e1c46845f6acdb8));
    TNI_CHECK_EQ_UINT(tni_hash_bytes(text, 16), UINT64_C(0x7252d372f9a24e6f));
    TNI_CHECK_EQ_UINT(tni_hash_bytes(text, 40), UINT64_C(0x572a42ffdf4311fd));
    TNI_CHECK_EQ_UINT(tni_hash_bytes(text, 71), UINT64_C(0x1686a5212909308e));
}

int main(int argc, char **argv) {
    seed_state = argc > 1 ? strtoull(argv[1], NULL, 10) : UINT64_C(88172645463325252);
    printf("seed %llu (repeat: test_text SEED)\n", (unsigned long long)seed_state);
    test_strings_order_bytewise();
    test_text_grows_and_fails_once();
    test_only_well_formed_utf8_is_valid();
    test_codepoints_survive_encoding();
    test_widths_and_case();
    test_names_ignore_ascii_case();
    test_booleans();
    test_integers_print_and_parse();
    test_integer_texts();
    test_wide_integers();
    test_decimals();
    test_doubles_print_as_duckdb();
    test_printed_doubles_are_shortest();
    test_parsing_rounds_correctly();
    test_double_texts();
    test_fixed_digits_are_exact();
    test_hashes_tell_bytes_and_lengths_apart();
    test_hash_values_are_fixed();
    return tni_test_report();
}
