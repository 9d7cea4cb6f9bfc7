/*
 * test_int128.c - 128-bit arithmetic: edges by hand, everything else by its algebra, and where
 * the compiler has __int128, against that.
 */
#include "base/int128.h"
#include "base/text.h"
#include "test.h"

static uint64_t seed_state;

static uint64_t random_bits(void) {
    seed_state ^= seed_state << 13;
    seed_state ^= seed_state >> 7;
    seed_state ^= seed_state << 17;
    return seed_state * UINT64_C(0x2545f4914f6cdd1d);
}

static tni_i128 make(int64_t high, uint64_t low) {
    tni_i128 v;
    v.low = low;
    v.high = high;
    return v;
}

/* Values of every magnitude, with the edges often among them. */
static tni_i128 random_value(void) {
    uint64_t kind = random_bits();
    uint32_t shift = (uint32_t)(kind >> 8) % 64;
    tni_i128 v = make((int64_t)random_bits(), random_bits());
    switch (kind % 8) {
    case 0: return tni_i128_from_i64((int64_t)v.low >> shift);
    case 1: return make((int64_t)((uint64_t)v.high >> shift), v.low);
    case 2: return make(v.high >> shift, v.low);
    case 3: return make(INT64_MIN, v.low >> shift);
    case 4: return make(INT64_MAX, ~(v.low >> shift));
    case 5: return tni_i128_from_i64((int64_t)(kind >> 40) % 5 - 2);
    default: return v;
    }
}

static const char *show(tni_i128 v) {
    static char text[4][48];
    static unsigned which;
    which = (which + 1) % 4;
    (void)tni_print_i128(v, text[which]);
    return text[which];
}

static const tni_i128 least = {0, INT64_MIN};
static const tni_i128 most = {UINT64_MAX, INT64_MAX};

static void test_overflow_is_reported_at_both_ends(void) {
    tni_i128 r, one = tni_i128_from_i64(1), minus = tni_i128_from_i64(-1);
    TNI_CHECK(!tni_i128_add(most, one, &r));
    TNI_CHECK(!tni_i128_subtract(least, one, &r));
    TNI_CHECK(!tni_i128_negate(least, &r));
    TNI_CHECK(tni_i128_negate(most, &r) && tni_i128_add(r, minus, &r) && tni_i128_equal(r, least));
    TNI_CHECK(!tni_i128_multiply(least, minus, &r));
    TNI_CHECK(!tni_i128_divide(least, minus, &r, NULL));
    TNI_CHECK(!tni_i128_divide(one, tni_i128_from_i64(0), &r, NULL));
    TNI_CHECK(tni_i128_multiply(make(INT64_C(1) << 62, 0), tni_i128_from_i64(-2), &r));
    TNI_CHECK(tni_i128_equal(r, least));
    TNI_CHECK(!tni_i128_multiply(make(INT64_C(1) << 62, 0), tni_i128_from_i64(2), &r));
    TNI_CHECK(!tni_i128_multiply(make(1, 0), make(1, 0), &r));
    TNI_CHECK(!tni_i128_multiply(most, tni_i128_from_i64(2), &r));
}

static void test_accumulate_carries(void) {
    tni_i128 sum = tni_i128_from_i64(-1);
    tni_i128_accumulate(&sum, 1);
    TNI_CHECK(tni_i128_equal(sum, tni_i128_from_i64(0)));
    tni_i128_accumulate(&sum, INT64_MIN);
    tni_i128_accumulate(&sum, INT64_MIN);
    TNI_CHECK_TEXT(show(sum), "-18446744073709551616");
    TNI_CHECK(!tni_i128_fits_i64(sum));
}

/* a == q b + r with |r| < |b| and r's sign that of a: this pins division down. */
static void test_division_by_its_definition(void) {
    int i;
    for (i = 0; i < 200000; i++) {
        tni_i128 a = random_value(), b = random_value(), q, r, back;
        bool zero = (b.low | (uint64_t)b.high) == 0;
        bool good = tni_i128_divide(a, b, &q, &r);
        bool overflow = tni_i128_equal(a, least) && tni_i128_equal(b, tni_i128_from_i64(-1));
        if (good != (!zero && !overflow)) {
            TNI_CHECK(good == (!zero && !overflow));
            return;
        }
        if (!good) {
            continue;
        }
        if (!(tni_i128_multiply(q, b, &back) && tni_i128_add(back, r, &back) &&
              tni_i128_equal(back, a)) ||
            (tni_i128_compare(r, tni_i128_from_i64(0)) != 0 && (r.high < 0) != (a.high < 0)) ||
            (b.high >= 0 && r.high >= 0 && tni_i128_compare(r, b) >= 0)) {
            printf("%s / %s = %s rest %s\n", show(a), show(b), show(q), show(r));
            TNI_CHECK(!"division");
            return;
        }
    }
    TNI_CHECK(i == 200000);
}

#if defined(__SIZEOF_INT128__)
__extension__ typedef __int128 native;
__extension__ typedef unsigned __int128 unsigned_native;

static native native_of(tni_i128 v) {
    return (native)(((unsigned_native)(uint64_t)v.high << 64) | v.low);
}

static bool same(tni_i128 v, native n) {
    return v.low == (uint64_t)(unsigned_native)n &&
           (uint64_t)v.high == (uint64_t)((unsigned_native)n >> 64);
}

static void test_the_compiler_agrees(void) {
    int i;
    bool good = true;
    for (i = 0; i < 200000 && good; i++) {
        tni_i128 a = random_value(), b = random_value(), r, q;
        native x = native_of(a), y = native_of(b), z;
        bool overflow = __builtin_add_overflow(x, y, &z);
        good = tni_i128_add(a, b, &r) == !overflow && (overflow || same(r, z));
        overflow = __builtin_sub_overflow(x, y, &z);
        good = good && tni_i128_subtract(a, b, &r) == !overflow && (overflow || same(r, z));
        overflow = __builtin_mul_overflow(x, y, &z);
        good = good && tni_i128_multiply(a, b, &r) == !overflow && (overflow || same(r, z));
        good = good && tni_i128_compare(a, b) == (x < y ? -1 : x > y);
        if (y != 0 && y != -1) {
            good = good && tni_i128_divide(a, b, &q, &r) && same(q, x / y) && same(r, x % y);
        }
        good = good && tni_i128_to_double(a) == (double)x;
        if (!good) {
            printf("%s and %s\n", show(a), show(b));
        }
    }
    TNI_CHECK(good);
}
#else
static void test_the_compiler_agrees(void) {
    TNI_SKIP("no __int128 here");
}
#endif

static void test_wide_products_and_quotients(void) {
    uint64_t high, low, rest;
    int i;
    bool good = true;
    low = tni_multiply_wide(UINT64_MAX, UINT64_MAX, &high);
    TNI_CHECK_EQ_UINT(low, 1);
    TNI_CHECK_EQ_UINT(high, UINT64_MAX - 1);
    for (i = 0; i < 100000 && good; i++) {
        uint64_t a = random_bits() >> (random_bits() % 64), b = random_bits() >> (i % 64);
        if (b == 0) {
            continue;
        }
        rest = random_bits() % b;
        low = tni_multiply_wide(a, b, &high);
        low += rest;
        high += low < rest ? 1u : 0u;
        {
            uint64_t left, q = tni_divide_wide(high, low, b, &left);
            good = q == a && left == rest;
        }
    }
    TNI_CHECK(good);
}

static void test_doubles_round_once(void) {
    tni_i128 v;
    TNI_CHECK_EQ_DOUBLE(tni_i128_to_double(most), 0x1p127);
    TNI_CHECK_EQ_DOUBLE(tni_i128_to_double(least), -0x1p127);
    /* 2^64 (2^53 + 1) and a bit: to the even neighbour, then above the tie */
    TNI_CHECK_EQ_DOUBLE(tni_i128_to_double(make((INT64_C(1) << 53) + 1, 0)), 0x1p117);
    TNI_CHECK_EQ_DOUBLE(tni_i128_to_double(make((INT64_C(1) << 53) + 1, 1)), 0x1.0000000000001p117);
    TNI_CHECK(!tni_i128_from_double(0x1p127, &v));
    TNI_CHECK(tni_i128_from_double(-0x1p127, &v) && tni_i128_equal(v, least));
    TNI_CHECK(!tni_i128_from_double(strtod("nan", NULL), &v));
    TNI_CHECK(tni_i128_from_double(0.5, &v) && v.low == 0);
    TNI_CHECK(tni_i128_from_double(1.5, &v) && v.low == 2);
    TNI_CHECK(tni_i128_from_double(2.5, &v) && v.low == 2);
    TNI_CHECK(tni_i128_from_double(-0.5000001, &v) && tni_i128_equal(v, tni_i128_from_i64(-1)));
    TNI_CHECK(tni_i128_from_double(1e-300, &v) && v.low == 0);
    TNI_CHECK(tni_i128_from_double(1e30, &v));
    TNI_CHECK_TEXT(show(v), "1000000000000000019884624838656");
}

static void test_rescaling_rounds_half_away(void) {
    tni_i128 v;
    int k;
    TNI_CHECK(tni_i128_rescale(tni_i128_from_i64(25), 1, 0, &v) && v.low == 3);
    TNI_CHECK(tni_i128_rescale(tni_i128_from_i64(24), 1, 0, &v) && v.low == 2);
    TNI_CHECK(tni_i128_rescale(tni_i128_from_i64(-25), 1, 0, &v) && (int64_t)v.low == -3);
    TNI_CHECK(tni_i128_rescale(tni_i128_from_i64(7), 0, 37, &v));
    TNI_CHECK(!tni_i128_rescale(tni_i128_from_i64(2), 0, 38, &v));
    TNI_CHECK(tni_i128_rescale(tni_i128_from_i64(1), 0, 38, &v));
    TNI_CHECK(tni_i128_rescale(most, 38, 0, &v) && v.low == 2);
    TNI_CHECK(tni_i128_rescale(least, 38, 0, &v) && (int64_t)v.low == -2);
    TNI_CHECK(tni_i128_rescale(most, 60, 0, &v) && v.low == 0);
    TNI_CHECK(!tni_i128_rescale(tni_i128_from_i64(1), 0, 60, &v));
    TNI_CHECK(tni_i128_rescale(tni_i128_from_i64(0), 0, 60, &v) && v.low == 0);
    for (k = 0; k <= 38; k++) {
        char text[48];
        memset(text, '0', sizeof text);
        text[0] = '1';
        text[k + 1] = '\0';
        TNI_CHECK_TEXT(show(tni_i128_power10((uint8_t)k)), text);
    }
}

int main(int argc, char **argv) {
    seed_state = argc > 1 ? strtoull(argv[1], NULL, 10) : UINT64_C(88172645463325252);
    printf("seed %llu (repeat: test_int128 SEED)\n", (unsigned long long)seed_state);
    test_overflow_is_reported_at_both_ends();
    test_accumulate_carries();
    test_division_by_its_definition();
    test_the_compiler_agrees();
    test_wide_products_and_quotients();
    test_doubles_round_once();
    test_rescaling_rounds_half_away();
    return tni_test_report();
}
