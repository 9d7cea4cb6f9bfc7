/*
 * test_kernels.c - every vector kernel, in every row this processor has, against plain loops.
 *
 * Lengths around the block sizes, inputs at odd addresses, masks of all sorts, extremes and
 * special floats; results are compared bit for bit, and nothing may be written past the end.
 * `test_kernels bench` prints gigabytes of input per second instead.
 */
#include "base/hash.h"
#include "base/math.h"
#include "simd/kernels.h"
#include "test.h"

#include <float.h>

#define ROWS 65536u
#define CANARY 0xA5

static const size_t lengths[] = {0, 1, 7, 63, 64, 65, 2047, 2048, 4095, 4096, 4097, 65535, 65536};
static uint64_t seed = 88172645463325252u;

/* Inputs with room to start at an odd byte, and outputs with a canary behind. */
static uint8_t raw_a[ROWS * 8 + 64], raw_b[ROWS * 8 + 64];
static uint8_t out_bytes[ROWS * 8 + 64], want_bytes[ROWS * 8 + 64];
static uint64_t mask_words[ROWS / 64 + 1], out_words[ROWS / 64 + 2], want_words[ROWS / 64 + 2];
static uint16_t positions[ROWS + 8], out_positions[ROWS + 64];
static uint64_t counts[65536], want_counts[65536];

static uint64_t next_random(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * UINT64_C(0x2545F4914F6CDD1D);
}

/* Values read and written through memcpy: inputs may lie at any address. */
#define ACCESS(name, type)                                                                         \
    static TNI_UNUSED type get_##name(const void *p, size_t i) {                                   \
        type v;                                                                                    \
        memcpy(&v, (const uint8_t *)p + i * sizeof v, sizeof v);                                   \
        return v;                                                                                  \
    }                                                                                              \
    static TNI_UNUSED void put_##name(void *p, size_t i, type v) {                                 \
        memcpy((uint8_t *)p + i * sizeof v, &v, sizeof v);                                         \
    }
ACCESS(u8, uint8_t)
ACCESS(u16, uint16_t)
ACCESS(u32, uint32_t)
ACCESS(u64, uint64_t)
ACCESS(i8, int8_t)
ACCESS(i16, int16_t)
ACCESS(i32, int32_t)
ACCESS(i64, int64_t)
ACCESS(f32, float)
ACCESS(f64, double)

static double inf64(void) {
    double v;
    uint64_t bits = UINT64_C(0x7ff0000000000000);
    memcpy(&v, &bits, 8);
    return v;
}

static double nan64(bool negative) {
    double v;
    uint64_t bits = UINT64_C(0x7ff8000000000001) | (uint64_t)negative << 63;
    memcpy(&v, &bits, 8);
    return v;
}

static double special(size_t i) {
    switch (i % 11) {
    case 0: return 0.0;
    case 1: return -0.0;
    case 2: return inf64();
    case 3: return -inf64();
    case 4: return nan64(false);
    case 5: return nan64(true);
    case 6: return 1.0;
    case 7: return -1.0;
    case 8: return DBL_MAX;
    case 9: return -DBL_MIN / 4;
    default: return 0.1;
    }
}

/* kinds: 0 random bits, 1 few small values, 2 extremes, 3 specials and zeros only */
static void fill_integers(uint8_t *to, size_t width, int kind) {
    size_t i;
    for (i = 0; i < ROWS; i++) {
        uint64_t v = next_random();
        if (kind == 1) {
            v = v % 5 - 2;
        } else if (kind == 2) {
            v = (v & 1 ? UINT64_MAX >> 1 : UINT64_C(1) << 63) >> (64 - 8 * width);
            v = v + next_random() % 3 - 1;
        }
        memcpy(to + i * width, &v, width); /* little endian or not: any bytes do */
    }
}

static double some_double(int kind) {
    uint64_t r = next_random();
    if (kind == 3 || (kind == 2 && r % 4 == 0)) {
        return special((size_t)(r >> 20));
    }
    return ((double)(int64_t)r) * (kind == 1 ? 1e-19 : 1e-3) * (double)(1 + (r & 7));
}

static void fill_floats(uint8_t *to, int kind, bool wide) {
    size_t i;
    for (i = 0; i < ROWS; i++) {
        double v = some_double(kind);
        if (wide) {
            put_f64(to, i, v);
        } else {
            put_f32(to, i, v > 3e38 ? (v > DBL_MAX ? (float)v : 3e38f) : (float)v);
        }
    }
}

/* 0: NULL, 1: none, 2: all, 3: random, 4: sparse */
static const uint64_t *make_mask(int kind, size_t n) {
    size_t i;
    if (kind == 0) {
        return NULL;
    }
    memset(mask_words, 0, sizeof mask_words);
    for (i = 0; i < n; i++) {
        if (kind == 2 || (kind == 3 && (next_random() >> 40) % 3) ||
            (kind == 4 && next_random() % 97 == 0)) {
            tni_bit_set(mask_words, i);
        }
    }
    return mask_words;
}

static bool selected(const uint64_t *mask, size_t i) {
    return !mask || tni_bit_get(mask, i);
}

static const tni_kernels *k; /* the row under test */

static void failed(const char *name, size_t n, size_t offset, int a, int b) {
    char text[200];
    (void)snprintf(text, sizeof text, "%s %s: n %lu, offset %lu, case %d/%d", k->name, name,
                   (unsigned long)n, (unsigned long)offset, a, b);
    (void)tni_test_check(false, __FILE__, __LINE__, text);
}

static void expect(bool ok, const char *name, size_t n, size_t offset, int a, int b) {
    if (ok) {
        tni_test_passed++;
    } else {
        failed(name, n, offset, a, b);
    }
}

static void clear_words(size_t n) {
    memset(out_words, CANARY, (tni_bitmap_words(n) + 1) * 8);
    memset(want_words, 0, (tni_bitmap_words(n) + 1) * 8);
    memset(want_words + tni_bitmap_words(n), CANARY, 8);
}

static bool words_agree(size_t n) {
    return memcmp(out_words, want_words, (tni_bitmap_words(n) + 1) * 8) == 0;
}

static void clear_out(size_t bytes) {
    memset(out_bytes, CANARY, bytes + 32);
    memset(want_bytes, CANARY, bytes + 32);
}

static bool out_agrees(size_t bytes) {
    return memcmp(out_bytes, want_bytes, bytes + 32) == 0;
}

/* ---- comparisons ---- */

#define TEST_RANGE(name, type)                                                                     \
    static void test_range_##name(size_t n, size_t offset, int kind) {                             \
        int round;                                                                                 \
        fill_integers(raw_a + offset, sizeof(type), kind);                                         \
        for (round = 0; round < 3; round++) {                                                      \
            type low = get_##name(raw_a + offset, next_random() % ROWS);                           \
            type high = get_##name(raw_a + offset, next_random() % ROWS);                          \
            size_t i;                                                                              \
            if (round == 0 && high < low) { /* the last round may be an empty range */             \
                type swap = low;                                                                   \
                low = high;                                                                        \
                high = swap;                                                                       \
            } else if (round == 1) {                                                               \
                high = low;                                                                        \
            }                                                                                      \
            clear_words(n);                                                                        \
            for (i = 0; i < n; i++) {                                                              \
                type v = get_##name(raw_a + offset, i);                                            \
                if (low <= v && v <= high) {                                                       \
                    tni_bit_set(want_words, i);                                                    \
                }                                                                                  \
            }                                                                                      \
            k->range_##name((const type *)(const void *)(raw_a + offset), n, low, high,            \
                            out_words);                                                            \
            expect(words_agree(n), "range_" #name, n, offset, kind, round);                        \
        }                                                                                          \
    }
TEST_RANGE(u8, uint8_t)
TEST_RANGE(u16, uint16_t)
TEST_RANGE(u32, uint32_t)
TEST_RANGE(u64, uint64_t)
TEST_RANGE(i8, int8_t)
TEST_RANGE(i16, int16_t)
TEST_RANGE(i32, int32_t)
TEST_RANGE(i64, int64_t)

#define TEST_RANGE_FLOAT(name, type, wide)                                                         \
    static void test_range_##name(size_t n, size_t offset, int kind) {                             \
        int round;                                                                                 \
        fill_floats(raw_a + offset, kind, wide);                                                   \
        for (round = 0; round < 8; round++) {                                                      \
            type low = (type)(round & 3 ? some_double(1) : special(next_random() % 11));           \
            type high = (type)(round & 3 ? (double)low + 0.2 : inf64());                           \
            size_t i;                                                                              \
            if (kind == 3 && round == 5) {                                                         \
                low = (type)-0.0;                                                                  \
                high = (type)0.0;                                                                  \
            }                                                                                      \
            clear_words(n);                                                                        \
            for (i = 0; i < n; i++) {                                                              \
                type v = get_##name(raw_a + offset, i);                                            \
                bool above = round & 1 ? v > low : v >= low;                                       \
                bool below = round & 2 ? v < high : v <= high;                                     \
                if ((above && below) || (v != v && (round & 4))) {                                 \
                    tni_bit_set(want_words, i);                                                    \
                }                                                                                  \
            }                                                                                      \
            k->range_##name((const type *)(const void *)(raw_a + offset), n, low, high, round,     \
                            out_words);                                                            \
            expect(words_agree(n), "range_" #name, n, offset, kind, round);                        \
        }                                                                                          \
    }
TEST_RANGE_FLOAT(f32, float, false)
TEST_RANGE_FLOAT(f64, double, true)

#define ORDER_INTEGER(x, y) ((x) < (y) ? -1 : (x) > (y))
#define ORDER_FLOAT(x, y)                                                                          \
    ((x) != (x) ? ((y) != (y) ? 0 : 1) : (y) != (y) ? -1 : ORDER_INTEGER(x, y))
#define TEST_COMPARE(name, type, order, fill)                                                      \
    static void test_compare_##name(size_t n, size_t offset, int kind) {                           \
        int op;                                                                                    \
        size_t i;                                                                                  \
        fill;                                                                                      \
        for (i = 0; i < n; i += 3) {                                                               \
            put_##name(raw_b + offset, i, get_##name(raw_a + offset, i));                          \
        }                                                                                          \
        for (op = 0; op < 3; op++) {                                                               \
            clear_words(n);                                                                        \
            for (i = 0; i < n; i++) {                                                              \
                type x = get_##name(raw_a + offset, i), y = get_##name(raw_b + offset, i);         \
                int c = order(x, y);                                                               \
                if (op == 0 ? c == 0 : op == 1 ? c < 0 : c <= 0) {                                 \
                    tni_bit_set(want_words, i);                                                    \
                }                                                                                  \
            }                                                                                      \
            k->compare_##name((const type *)(const void *)(raw_a + offset),                        \
                              (const type *)(const void *)(raw_b + offset), n, op, out_words);     \
            expect(words_agree(n), "compare_" #name, n, offset, kind, op);                         \
        }                                                                                          \
    }
#define FILL_TWO(width)                                                                            \
    fill_integers(raw_a + offset, width, kind);                                                    \
    fill_integers(raw_b + offset, width, kind)
#define FILL_TWO_FLOATS                                                                            \
    fill_floats(raw_a + offset, kind, true);                                                       \
    fill_floats(raw_b + offset, kind, true)
TEST_COMPARE(i32, int32_t, ORDER_INTEGER, FILL_TWO(4))
TEST_COMPARE(i64, int64_t, ORDER_INTEGER, FILL_TWO(8))
TEST_COMPARE(f64, double, ORDER_FLOAT, FILL_TWO_FLOATS)

/* ---- masks, gathers, widening ---- */

static void test_masks(size_t n, size_t offset, int kind) {
    const uint64_t *mask = make_mask(kind ? kind : 3, n);
    uint32_t count = 0, got;
    size_t i;
    clear_out(n);
    for (i = 0; i < n; i++) {
        want_bytes[i] = tni_bit_get(mask, i);
    }
    k->mask_to_bytes(mask, n, out_bytes);
    expect(out_agrees(n), "mask_to_bytes", n, offset, kind, 0);
    for (i = 0; i < n; i++) {
        raw_a[offset + i] = tni_bit_get(mask, i) ? (uint8_t)(1 + next_random() % 255) : 0;
    }
    clear_words(n);
    memcpy(want_words, mask, tni_bitmap_words(n) * 8);
    k->bytes_to_mask(raw_a + offset, n, out_words);
    expect(words_agree(n), "bytes_to_mask", n, offset, kind, 0);
    memset(out_positions, CANARY, sizeof out_positions);
    for (i = 0; i < n; i++) {
        if (tni_bit_get(mask, i)) {
            positions[count++] = (uint16_t)i;
        }
    }
    got = k->mask_positions(mask, n, out_positions);
    expect(got == count && memcmp(out_positions, positions, count * 2) == 0 &&
               out_positions[n] == CANARY * 257,
           "mask_positions", n, offset, kind, 0);
}

#define TEST_GATHER(bits)                                                                          \
    static void test_gather_##bits(size_t n, size_t offset, int kind) {                            \
        size_t i;                                                                                  \
        fill_integers(raw_a + offset, bits / 8, 0);                                                \
        clear_out(n * bits / 8);                                                                   \
        for (i = 0; i < n; i++) {                                                                  \
            positions[i] = (uint16_t)next_random();                                                \
            put_u##bits(want_bytes, i, get_u##bits(raw_a + offset, positions[i]));                 \
        }                                                                                          \
        k->gather_##bits((const uint##bits##_t *)(const void *)(raw_a + offset), positions, n,     \
                         (uint##bits##_t *)(void *)out_bytes);                                     \
        expect(out_agrees(n * bits / 8), "gather_" #bits, n, offset, kind, 0);                     \
    }
TEST_GATHER(8)
TEST_GATHER(16)
TEST_GATHER(32)
TEST_GATHER(64)

#define TEST_WIDEN(from, to, wrap)                                                                 \
    static void test_widen_u##from##_i##to(size_t n, size_t offset, int kind) {                    \
        int##to##_t base = (int##to##_t)next_random();                                             \
        size_t i;                                                                                  \
        fill_integers(raw_a + offset, from / 8, kind);                                             \
        clear_out(n * to / 8);                                                                     \
        for (i = 0; i < n; i++) {                                                                  \
            put_i##to(want_bytes, i, (int##to##_t)((wrap)base + get_u##from(raw_a + offset, i)));  \
        }                                                                                          \
        k->widen_u##from##_i##to((const uint##from##_t *)(const void *)(raw_a + offset), n, base,  \
                                 (int##to##_t *)(void *)out_bytes);                                \
        expect(out_agrees(n * to / 8), "widen_u" #from "_i" #to, n, offset, kind, 0);              \
    }
TEST_WIDEN(8, 32, uint32_t)
TEST_WIDEN(16, 32, uint32_t)
TEST_WIDEN(8, 64, uint64_t)
TEST_WIDEN(16, 64, uint64_t)
TEST_WIDEN(32, 64, uint64_t)

#define TEST_TO_DOUBLE(name, type, fill)                                                           \
    static void test_widen_##name##_f64(size_t n, size_t offset, int kind) {                       \
        size_t i;                                                                                  \
        fill;                                                                                      \
        clear_out(n * 8);                                                                          \
        for (i = 0; i < n; i++) {                                                                  \
            put_f64(want_bytes, i, (double)get_##name(raw_a + offset, i));                         \
        }                                                                                          \
        k->widen_##name##_f64((const type *)(const void *)(raw_a + offset), n,                     \
                              (double *)(void *)out_bytes);                                        \
        expect(out_agrees(n * 8), "widen_" #name "_f64", n, offset, kind, 0);                      \
    }
TEST_TO_DOUBLE(i32, int32_t, fill_integers(raw_a + offset, 4, kind))
TEST_TO_DOUBLE(i64, int64_t, fill_integers(raw_a + offset, 8, kind))
TEST_TO_DOUBLE(f32, float, fill_floats(raw_a + offset, kind, false))

/* ---- sums, bounds ---- */

#define TEST_SUM(name, type)                                                                       \
    static void test_sum_##name(size_t n, size_t offset, int kind) {                               \
        int m;                                                                                     \
        fill_integers(raw_a + offset, sizeof(type), kind);                                         \
        for (m = 0; m < 5; m++) {                                                                  \
            const uint64_t *mask = make_mask(m, n);                                                \
            int64_t sum = 0;                                                                       \
            size_t i;                                                                              \
            for (i = 0; i < n; i++) {                                                              \
                sum += selected(mask, i) ? (int64_t)get_##name(raw_a + offset, i) : 0;             \
            }                                                                                      \
            expect(k->sum_##name((const type *)(const void *)(raw_a + offset), n, mask) == sum,    \
                   "sum_" #name, n, offset, kind, m);                                              \
        }                                                                                          \
    }
TEST_SUM(u8, uint8_t)
TEST_SUM(u16, uint16_t)
TEST_SUM(u32, uint32_t)
TEST_SUM(i32, int32_t)

static void test_sum_i64(size_t n, size_t offset, int kind) {
    int m;
    fill_integers(raw_a + offset, 8, kind);
    for (m = 0; m < 5; m++) {
        const uint64_t *mask = make_mask(m, n);
        tni_i128 sum = tni_i128_from_i64(0);
        size_t i;
        for (i = 0; i < n; i++) {
            if (selected(mask, i)) {
                tni_i128_accumulate(&sum, get_i64(raw_a + offset, i));
            }
        }
        expect(tni_i128_equal(
                   k->sum_i64((const int64_t *)(const void *)(raw_a + offset), n, mask), sum),
               "sum_i64", n, offset, kind, m);
    }
}

static bool same_doubles(const double *a, const double *b, size_t n) {
    size_t i;
    for (i = 0; i < n; i++) {
        if (memcmp(&a[i], &b[i], 8) != 0 && !(a[i] != a[i] && b[i] != b[i])) {
            return false;
        }
    }
    return true;
}

/* Lanes start as -0.0: only a row that counts may change that. */
#define TEST_LANES(name, type, wide)                                                               \
    static void test_lanes_##name(size_t n, size_t offset, int kind) {                             \
        int m;                                                                                     \
        fill_floats(raw_a + offset, kind, wide);                                                   \
        for (m = 0; m < 5; m++) {                                                                  \
            const uint64_t *mask = make_mask(m, n);                                                \
            double lanes[65], want[65];                                                            \
            size_t i;                                                                              \
            for (i = 0; i < 65; i++) {                                                             \
                lanes[i] = want[i] = i % 3 ? -0.0 : 1.5;                                           \
            }                                                                                      \
            for (i = 0; i < n; i++) {                                                              \
                if (selected(mask, i)) {                                                           \
                    want[i % 64] += (double)get_##name(raw_a + offset, i);                         \
                }                                                                                  \
            }                                                                                      \
            k->lanes_##name((const type *)(const void *)(raw_a + offset), n, mask, lanes);         \
            expect(same_doubles(lanes, want, 65), "lanes_" #name, n, offset, kind, m);             \
            for (i = 32; i > 0; i /= 2) {                                                          \
                size_t j;                                                                          \
                for (j = 0; j < i; j++) {                                                          \
                    want[j] = want[j] + want[j + i];                                               \
                }                                                                                  \
            }                                                                                      \
            lanes[0] = tni_sum_fold(lanes);                                                        \
            expect(same_doubles(lanes, want, 1), "sum_fold", n, offset, kind, m);                  \
        }                                                                                          \
    }
TEST_LANES(f32, float, false)
TEST_LANES(f64, double, true)

/* Bounds of all kinds with every combination of flags; lanes that -0.0 must leave alone. */
#define TEST_LANES_RANGE(name, type, wide)                                                         \
    static void test_lanes_range_##name(size_t n, size_t offset, int kind) {                       \
        int round;                                                                                 \
        fill_floats(raw_a + offset, kind, wide);                                                   \
        for (round = 0; round < 16; round++) {                                                     \
            type low = (type)(round & 3 ? some_double(1) : special(next_random() % 11));           \
            type high = (type)(round & 8 ? inf64() : (double)low + 0.2);                           \
            double lanes[65], want[65];                                                            \
            uint32_t kept, want_kept = 0;                                                          \
            size_t i;                                                                              \
            low = round == 11 ? (type)-inf64() : low;                                              \
            for (i = 0; i < 65; i++) {                                                             \
                lanes[i] = want[i] = i % 3 ? -0.0 : 1.5;                                           \
            }                                                                                      \
            for (i = 0; i < n; i++) {                                                              \
                type v = get_##name(raw_a + offset, i);                                            \
                bool above = round & 1 ? v > low : v >= low;                                       \
                bool below = round & 2 ? v < high : v <= high;                                     \
                if ((above && below) || (v != v && (round & 4))) {                                 \
                    want[i % 64] += (double)v;                                                     \
                    want_kept++;                                                                   \
                }                                                                                  \
            }                                                                                      \
            kept = k->lanes_range_##name((const type *)(const void *)(raw_a + offset), n, low,     \
                                         high, round & 7, lanes);                                  \
            expect(kept == want_kept && same_doubles(lanes, want, 65), "lanes_range_" #name, n,    \
                   offset, kind, round);                                                           \
        }                                                                                          \
    }
TEST_LANES_RANGE(f32, float, false)
TEST_LANES_RANGE(f64, double, true)

#define TEST_MIN_MAX(name, type, before, fill)                                                     \
    static void test_min_max_##name(size_t n, size_t offset, int kind) {                           \
        int m;                                                                                     \
        fill;                                                                                      \
        for (m = 0; m < 5; m++) {                                                                  \
            const uint64_t *mask = make_mask(m, n);                                                \
            type want_low = 0, want_high = 0, low, high;                                           \
            bool any = false, got;                                                                 \
            size_t i;                                                                              \
            for (i = 0; i < n; i++) {                                                              \
                type v = get_##name(raw_a + offset, i);                                            \
                if (selected(mask, i)) {                                                           \
                    want_low = !any || before(v, want_low) ? v : want_low;                         \
                    want_high = !any || before(want_high, v) ? v : want_high;                      \
                    any = true;                                                                    \
                }                                                                                  \
            }                                                                                      \
            got = k->min_max_##name((const type *)(const void *)(raw_a + offset), n, mask, &low,   \
                                    &high);                                                        \
            expect(got == any && (memcmp(&low, &want_low, sizeof low) == 0 || low != low) &&       \
                       (memcmp(&high, &want_high, sizeof low) == 0 || high != high) &&             \
                       (low != low) == (want_low != want_low) &&                                   \
                       (high != high) == (want_high != want_high),                                 \
                   "min_max_" #name, n, offset, kind, m);                                          \
        }                                                                                          \
    }
/* NaN last, -0.0 before 0.0 */
static bool float_before(double x, double y) {
    uint64_t a, b;
    memcpy(&a, &x, 8);
    memcpy(&b, &y, 8);
    if (x != x || y != y) {
        return x == x && y != y;
    }
    return x < y || (x == y && a >> 63 > b >> 63);
}
#define INTEGER_BEFORE(x, y) ((x) < (y))
#define FILL_ONE(width) fill_integers(raw_a + offset, width, kind)
TEST_MIN_MAX(u8, uint8_t, INTEGER_BEFORE, FILL_ONE(1))
TEST_MIN_MAX(u16, uint16_t, INTEGER_BEFORE, FILL_ONE(2))
TEST_MIN_MAX(u32, uint32_t, INTEGER_BEFORE, FILL_ONE(4))
TEST_MIN_MAX(i32, int32_t, INTEGER_BEFORE, FILL_ONE(4))
TEST_MIN_MAX(i64, int64_t, INTEGER_BEFORE, FILL_ONE(8))
TEST_MIN_MAX(f32, float, float_before, fill_floats(raw_a + offset, kind, false))
TEST_MIN_MAX(f64, double, float_before, fill_floats(raw_a + offset, kind, true))

static void test_canonical_nan(void) {
    double v[3], low = 0, high = 0;
    float w[2], flow = 0, fhigh = 0;
    uint64_t bits;
    uint32_t bits32;
    v[0] = nan64(true);
    v[1] = 1;
    v[2] = nan64(false);
    (void)k->min_max_f64(v, 3, NULL, &low, &high);
    memcpy(&bits, &high, 8);
    TNI_CHECK(bits == UINT64_C(0x7ff8000000000000) && low == 1);
    w[0] = (float)nan64(true);
    w[1] = -2;
    (void)k->min_max_f32(w, 2, NULL, &flow, &fhigh);
    memcpy(&bits32, &fhigh, 4);
    TNI_CHECK(bits32 == 0x7fc00000u && flow == -2);
}

/* ---- hashing and arithmetic ---- */

#define TEST_HASH(bits)                                                                            \
    static void test_hash_u##bits(size_t n, size_t offset, int kind) {                             \
        size_t i;                                                                                  \
        fill_integers(raw_a + offset, bits / 8, kind);                                             \
        clear_out(n * 8);                                                                          \
        for (i = 0; i < n; i++) {                                                                  \
            put_u64(want_bytes, i, tni_hash_u64(get_u##bits(raw_a + offset, i)));                  \
        }                                                                                          \
        k->hash_u##bits((const uint##bits##_t *)(const void *)(raw_a + offset), n,                 \
                        (uint64_t *)(void *)out_bytes);                                            \
        expect(out_agrees(n * 8), "hash_u" #bits, n, offset, kind, 0);                             \
    }
TEST_HASH(8)
TEST_HASH(16)
TEST_HASH(32)
TEST_HASH(64)

static void test_hash_mix(size_t n, size_t offset, int kind) {
    size_t i;
    fill_integers(raw_a, 8, kind);
    clear_out(n * 8);
    for (i = 0; i < n; i++) {
        uint64_t h = next_random();
        put_u64(out_bytes, i, h);
        put_u64(want_bytes, i, tni_hash_combine(h, get_u64(raw_a, i)));
    }
    k->hash_mix((const uint64_t *)(const void *)raw_a, n, (uint64_t *)(void *)out_bytes);
    expect(out_agrees(n * 8), "hash_mix", n, offset, kind, 0);
}

/* In place in the last round; the wanted result is what 128 bits say, cut to the type. */
#define TEST_CHECKED(name, type, any, sign, operation)                                             \
    static void test_##name(size_t n, size_t offset, int kind) {                                   \
        int m;                                                                                     \
        for (m = 0; m < 6; m++) {                                                                  \
            const uint64_t *mask = make_mask(m == 5 ? 3 : m, n);                                   \
            bool fits = true, got;                                                                 \
            size_t i;                                                                              \
            const type *a = (const type *)(const void *)(m == 5 ? out_bytes : raw_a + offset);     \
            fill_integers(raw_a + offset, sizeof(type), kind);                                     \
            fill_integers(raw_b + offset, sizeof(type), m == 4 ? 1 : kind);                        \
            clear_out(n * sizeof(type));                                                           \
            for (i = 0; i < n; i++) {                                                              \
                type x = get_##any(raw_a + offset, i), y = get_##any(raw_b + offset, i);           \
                tni_i128 wide = operation(x, y);                                                   \
                put_##any(want_bytes, i, (type)wide.low);                                          \
                if (selected(mask, i) &&                                                           \
                    !tni_i128_equal(wide, tni_i128_from_i64((int64_t)(type)wide.low))) {           \
                    fits = false;                                                                  \
                }                                                                                  \
            }                                                                                      \
            if (m == 5) {                                                                          \
                memcpy(out_bytes, raw_a + offset, n * sizeof(type));                               \
            }                                                                                      \
            got = k->name(a, (const type *)(const void *)(raw_b + offset), n, mask,                \
                          (type *)(void *)out_bytes);                                              \
            expect(got == fits && out_agrees(n * sizeof(type)), #name, n, offset, kind, m);        \
        }                                                                                          \
    }
static tni_i128 wide_add(int64_t x, int64_t y) {
    tni_i128 sum = tni_i128_from_i64(x);
    tni_i128_accumulate(&sum, y);
    return sum;
}
static tni_i128 wide_subtract(int64_t x, int64_t y) {
    tni_i128 difference;
    (void)tni_i128_subtract(tni_i128_from_i64(x), tni_i128_from_i64(y), &difference);
    return difference;
}
static tni_i128 wide_multiply(int64_t x, int64_t y) {
    return tni_i128_from_i64(x * y); /* of 32-bit factors */
}
TEST_CHECKED(add_i32, int32_t, i32, 1, wide_add)
TEST_CHECKED(sub_i32, int32_t, i32, 1, wide_subtract)
TEST_CHECKED(mul_i32, int32_t, i32, 1, wide_multiply)
TEST_CHECKED(add_i64, int64_t, i64, 1, wide_add)
TEST_CHECKED(sub_i64, int64_t, i64, 1, wide_subtract)

#define TEST_DOUBLE(name, operation)                                                               \
    static void test_##name##_f64(size_t n, size_t offset, int kind) {                             \
        size_t i;                                                                                  \
        fill_floats(raw_a + offset, kind, true);                                                   \
        fill_floats(raw_b + offset, kind, true);                                                   \
        clear_out(n * 8);                                                                          \
        for (i = 0; i < n; i++) {                                                                  \
            double x = get_f64(raw_a + offset, i), y = get_f64(raw_b + offset, i);                 \
            put_f64(want_bytes, i, x operation y);                                                 \
        }                                                                                          \
        k->name##_f64((const double *)(const void *)(raw_a + offset),                              \
                      (const double *)(const void *)(raw_b + offset), n,                           \
                      (double *)(void *)out_bytes);                                                \
        expect(same_doubles((const double *)(const void *)out_bytes,                               \
                            (const double *)(const void *)want_bytes, n) &&                        \
                   out_bytes[n * 8] == CANARY,                                                     \
               #name "_f64", n, offset, kind, 0);                                                  \
    }
TEST_DOUBLE(add, +)
TEST_DOUBLE(sub, -)
TEST_DOUBLE(mul, *)

/* ---- histograms, Parquet, CSV ---- */

#define TEST_COUNT(name, type)                                                                     \
    static void test_count_##name(size_t n, size_t offset, int kind) {                             \
        int m;                                                                                     \
        fill_integers(raw_a + offset, sizeof(type), kind);                                         \
        for (m = 0; m < 5; m++) {                                                                  \
            const uint64_t *mask = make_mask(m, n);                                                \
            size_t i, size = ((size_t)1 << (8 * sizeof(type))) * 8;                                \
            memset(counts, m, size);                                                               \
            memset(want_counts, m, size);                                                          \
            for (i = 0; i < n; i++) {                                                              \
                want_counts[get_##name(raw_a + offset, i)] += selected(mask, i);                   \
            }                                                                                      \
            k->count_##name((const type *)(const void *)(raw_a + offset), n, mask, counts);        \
            expect(memcmp(counts, want_counts, size) == 0, "count_" #name, n, offset, kind, m);    \
        }                                                                                          \
    }
TEST_COUNT(u8, uint8_t)
TEST_COUNT(u16, uint16_t)

static void test_unpack(size_t n, size_t offset) {
    uint32_t width, b;
    for (width = 0; width <= 32; width++) {
        size_t i, size = (n * width + 7) / 8;
        /* exactly as many readable bytes as promised, so that a sanitizer sees one more */
        uint8_t *packed = (uint8_t *)malloc(offset + size + 8);
        clear_out(n * 4);
        for (i = 0; i < offset + size + 8; i++) {
            packed[i] = (uint8_t)(next_random() >> 32);
        }
        for (i = 0; i < n; i++) {
            uint32_t v = 0;
            for (b = 0; b < width; b++) {
                size_t bit = i * width + b;
                v |= (uint32_t)((packed[offset + bit / 8] >> (bit % 8)) & 1) << b;
            }
            put_u32(want_bytes, i, v);
        }
        k->unpack_u32(packed + offset, n, width, (uint32_t *)(void *)out_bytes);
        expect(out_agrees(n * 4), "unpack_u32", n, offset, (int)width, 0);
        free(packed);
    }
}

static void test_csv_index(size_t n, size_t offset) {
    static uint64_t got[3][ROWS / 64 + 1], want[3][ROWS / 64 + 1];
    static const char letters[] = ",\"\n\rab;\xff\x80 \t";
    size_t i, blocks = n / 64;
    uint8_t *text = (uint8_t *)malloc(offset + blocks * 64 + 1);
    memset(got, CANARY, sizeof got);
    memset(want, CANARY, sizeof want);
    memset(want[0], 0, blocks * 8);
    memset(want[1], 0, blocks * 8);
    memset(want[2], 0, blocks * 8);
    for (i = 0; i < blocks * 64; i++) {
        uint8_t c = (uint8_t)letters[next_random() % (sizeof letters - 1)];
        text[offset + i] = c;
        want[0][i / 64] |= (uint64_t)(c == ',') << (i % 64);
        want[1][i / 64] |= (uint64_t)(c == '"') << (i % 64);
        want[2][i / 64] |= (uint64_t)(c == '\n' || c == '\r') << (i % 64);
    }
    k->csv_index(text + offset, blocks, ',', '"', got[0], got[1], got[2]);
    expect(memcmp(got, want, sizeof got) == 0, "csv_index", n, offset, 0, 0);
    free(text);
}

static void test_ascii(size_t n, size_t offset) {
    size_t at = n ? next_random() % n : 0;
    memset(raw_a, 0x80, n + offset + 2);
    memset(raw_a + offset, 0x7f, n);
    expect(k->ascii_all(raw_a + offset, n), "ascii_all", n, offset, 0, 0);
    if (n) {
        raw_a[offset + at] = 0xc3;
        expect(!k->ascii_all(raw_a + offset, n), "ascii_all", n, offset, 1, 0);
    }
}

/* ---- the lot ---- */

#define ALL_KINDS(X)                                                                               \
    X(range_u8) X(range_u16) X(range_u32) X(range_u64) X(range_i8) X(range_i16) X(range_i32)       \
    X(range_i64) X(compare_i32) X(compare_i64) X(gather_8) X(gather_16) X(gather_32) X(gather_64)  \
    X(widen_u8_i32) X(widen_u16_i32) X(widen_u8_i64) X(widen_u16_i64) X(widen_u32_i64)             \
    X(widen_i32_f64) X(widen_i64_f64) X(sum_u8) X(sum_u16) X(sum_u32) X(sum_i32) X(sum_i64)        \
    X(min_max_u8) X(min_max_u16) X(min_max_u32) X(min_max_i32) X(min_max_i64) X(hash_u8)           \
    X(hash_u16) X(hash_u32) X(hash_u64) X(hash_mix) X(add_i32) X(sub_i32) X(mul_i32) X(add_i64)    \
    X(sub_i64) X(count_u8) X(count_u16)
#define FLOAT_KINDS(X)                                                                             \
    X(range_f32) X(range_f64) X(compare_f64) X(widen_f32_f64) X(lanes_f32) X(lanes_f64)            \
    X(lanes_range_f32) X(lanes_range_f64) X(min_max_f32) X(min_max_f64) X(add_f64) X(sub_f64)      \
    X(mul_f64)

static void test_length(size_t n, size_t offset, int kind) {
#define RUN(name) test_##name(n, offset, kind);
    if (kind < 3) {
        ALL_KINDS(RUN)
    }
    FLOAT_KINDS(RUN)
#undef RUN
    test_masks(n, offset, kind);
    test_masks(n, offset, 4);
    test_csv_index(n, offset);
    test_ascii(n, offset);
    if (kind == 0) {
        test_unpack(n, offset);
    }
}

static void test_row(const tni_kernels *row) {
    size_t i;
    int kind;
    k = row;
    test_canonical_nan();
    for (i = 0; i < TNI_COUNT_OF(lengths); i++) {
        for (kind = 0; kind < 4; kind++) {
            bool all = lengths[i] < 3000 || (int)(i % 4) == kind;
            if (all) {
                test_length(lengths[i], 0, kind);
            }
            if (lengths[i] < 3000) {
                test_length(lengths[i], 3, kind);
            }
        }
    }
}

static void test_picking(void) {
    trueno_backend backend;
    TNI_CHECK(tni_kernels_pick(TRUENO_BACKEND_SCALAR) != NULL);
    TNI_CHECK_TEXT(tni_kernels_pick(TRUENO_BACKEND_SCALAR)->name, "scalar");
    TNI_CHECK(tni_kernels_pick(TRUENO_BACKEND_SIMD) != NULL);
    TNI_CHECK(tni_kernels_pick(TRUENO_BACKEND_GPU) == tni_kernels_pick(TRUENO_BACKEND_SIMD));
    TNI_CHECK(tni_backend_by_name("AVX2", &backend) && backend == TRUENO_BACKEND_AVX2);
    TNI_CHECK(tni_backend_by_name("sse", &backend) && backend == TRUENO_BACKEND_SSE);
    TNI_CHECK(!tni_backend_by_name("mmx", &backend));
}

/* ---- benchmark ---- */

#include "base/platform.h"

static double timed(void (*work)(void), double bytes) {
    int64_t best = INT64_MAX, start, spent;
    int round, i;
    for (round = 0; round < 12; round++) {
        start = tni_clock_nanoseconds();
        for (i = 0; i < 8; i++) {
            work();
        }
        spent = tni_clock_nanoseconds() - start;
        best = spent < best ? spent : best;
    }
    return bytes * 8 / (double)best;
}

#define BENCH_ROWS 16384u
static volatile int64_t sink;
static double bench_lanes[64];
static const uint64_t *bench_mask;
#define A(type) ((const type *)(const void *)raw_a)
#define B(type) ((const type *)(const void *)raw_b)
#define O(type) ((type *)(void *)out_bytes)
#define BENCH(X)                                                                                   \
    X(range_u8, 1, k->range_u8(A(uint8_t), BENCH_ROWS, 10, 99, out_words))                         \
    X(range_u16, 2, k->range_u16(A(uint16_t), BENCH_ROWS, 10, 9999, out_words))                    \
    X(range_i32, 4, k->range_i32(A(int32_t), BENCH_ROWS, -10, 99999, out_words))                   \
    X(range_i64, 8, k->range_i64(A(int64_t), BENCH_ROWS, -10, 99999, out_words))                   \
    X(range_f32, 4, k->range_f32(A(float), BENCH_ROWS, 1, 2, 1, out_words))                        \
    X(range_f64, 8, k->range_f64(A(double), BENCH_ROWS, 1, 2, 1, out_words))                       \
    X(compare_i32, 8, k->compare_i32(A(int32_t), B(int32_t), BENCH_ROWS, 1, out_words))            \
    X(compare_i64, 16, k->compare_i64(A(int64_t), B(int64_t), BENCH_ROWS, 1, out_words))           \
    X(compare_f64, 16, k->compare_f64(A(double), B(double), BENCH_ROWS, 1, out_words))             \
    X(bytes_to_mask, 1, k->bytes_to_mask(raw_a, BENCH_ROWS, out_words))                            \
    X(mask_to_bytes, 1, k->mask_to_bytes(mask_words, BENCH_ROWS, out_bytes))                       \
    X(mask_positions, 1, k->mask_positions(mask_words, BENCH_ROWS, out_positions))                 \
    X(gather_8, 1, k->gather_8(raw_a, positions, BENCH_ROWS, out_bytes))                           \
    X(gather_32, 4, k->gather_32(A(uint32_t), positions, BENCH_ROWS, O(uint32_t)))                 \
    X(gather_64, 8, k->gather_64(A(uint64_t), positions, BENCH_ROWS, O(uint64_t)))                 \
    X(widen_u8_i32, 1, k->widen_u8_i32(raw_a, BENCH_ROWS, 7, O(int32_t)))                          \
    X(widen_u8_i64, 1, k->widen_u8_i64(raw_a, BENCH_ROWS, 7, O(int64_t)))                          \
    X(widen_u16_i64, 2, k->widen_u16_i64(A(uint16_t), BENCH_ROWS, 7, O(int64_t)))                  \
    X(widen_i64_f64, 8, k->widen_i64_f64(A(int64_t), BENCH_ROWS, O(double)))                       \
    X(widen_f32_f64, 4, k->widen_f32_f64(A(float), BENCH_ROWS, O(double)))                         \
    X(sum_u8, 1, sink = k->sum_u8(raw_a, BENCH_ROWS, NULL))                                        \
    X(sum_u8_masked, 1, sink = k->sum_u8(raw_a, BENCH_ROWS, bench_mask))                           \
    X(sum_u16, 2, sink = k->sum_u16(A(uint16_t), BENCH_ROWS, NULL))                                \
    X(sum_u16_masked, 2, sink = k->sum_u16(A(uint16_t), BENCH_ROWS, bench_mask))                   \
    X(sum_i32, 4, sink = k->sum_i32(A(int32_t), BENCH_ROWS, NULL))                                 \
    X(sum_i32_masked, 4, sink = k->sum_i32(A(int32_t), BENCH_ROWS, bench_mask))                    \
    X(sum_i64, 8, sink = k->sum_i64(A(int64_t), BENCH_ROWS, NULL).high)                            \
    X(sum_i64_masked, 8, sink = k->sum_i64(A(int64_t), BENCH_ROWS, bench_mask).high)               \
    X(lanes_f32, 4, k->lanes_f32(A(float), BENCH_ROWS, NULL, bench_lanes))                         \
    X(lanes_f32_masked, 4, k->lanes_f32(A(float), BENCH_ROWS, bench_mask, bench_lanes))            \
    X(lanes_range_f32, 4, k->lanes_range_f32(A(float), BENCH_ROWS, 1, (float)inf64(), 5,          \
                                             bench_lanes))                                         \
    X(lanes_range_f64, 8, k->lanes_range_f64(A(double), BENCH_ROWS, 1, 2, 1, bench_lanes))         \
    X(lanes_f64, 8, k->lanes_f64(A(double), BENCH_ROWS, NULL, bench_lanes))                        \
    X(lanes_f64_masked, 8, k->lanes_f64(A(double), BENCH_ROWS, bench_mask, bench_lanes))           \
    X(min_max_u8, 1, k->min_max_u8(raw_a, BENCH_ROWS, NULL, out_bytes, out_bytes + 8))             \
    X(min_max_i32, 4, k->min_max_i32(A(int32_t), BENCH_ROWS, NULL, O(int32_t), O(int32_t) + 1))    \
    X(min_max_i32_masked, 4,                                                                       \
      k->min_max_i32(A(int32_t), BENCH_ROWS, bench_mask, O(int32_t), O(int32_t) + 1))              \
    X(min_max_i64, 8, k->min_max_i64(A(int64_t), BENCH_ROWS, NULL, O(int64_t), O(int64_t) + 1))    \
    X(min_max_f64, 8, k->min_max_f64(A(double), BENCH_ROWS, NULL, O(double), O(double) + 1))       \
    X(min_max_f32, 4, k->min_max_f32(A(float), BENCH_ROWS, NULL, O(float), O(float) + 1))          \
    X(hash_u8, 1, k->hash_u8(raw_a, BENCH_ROWS, O(uint64_t)))                                      \
    X(hash_u64, 8, k->hash_u64(A(uint64_t), BENCH_ROWS, O(uint64_t)))                              \
    X(hash_mix, 8, k->hash_mix(A(uint64_t), BENCH_ROWS, O(uint64_t)))                              \
    X(add_i32, 8, (void)k->add_i32(B(int32_t), B(int32_t), BENCH_ROWS, NULL, O(int32_t)))          \
    X(mul_i32, 8, (void)k->mul_i32(B(int32_t), B(int32_t), BENCH_ROWS, NULL, O(int32_t)))          \
    X(add_i64, 16, (void)k->add_i64(B(int64_t), B(int64_t), BENCH_ROWS, NULL, O(int64_t)))         \
    X(mul_f64, 16, k->mul_f64(A(double), B(double), BENCH_ROWS, O(double)))                        \
    X(count_u8, 1, k->count_u8(raw_a, BENCH_ROWS, NULL, counts))                                   \
    X(count_u8_same, 1, k->count_u8(raw_b, BENCH_ROWS, NULL, counts))                              \
    X(count_u8_masked, 1, k->count_u8(raw_a, BENCH_ROWS, bench_mask, counts))                      \
    X(count_u16, 2, k->count_u16(A(uint16_t), BENCH_ROWS, NULL, counts))                           \
    X(count_u16_same, 2, k->count_u16(B(uint16_t), BENCH_ROWS, NULL, counts))                      \
    X(unpack_1, .125, k->unpack_u32(raw_a, BENCH_ROWS, 1, O(uint32_t)))                            \
    X(unpack_7, .875, k->unpack_u32(raw_a, BENCH_ROWS, 7, O(uint32_t)))                            \
    X(unpack_8, 1, k->unpack_u32(raw_a, BENCH_ROWS, 8, O(uint32_t)))                               \
    X(unpack_10, 1.25, k->unpack_u32(raw_a, BENCH_ROWS, 10, O(uint32_t)))                          \
    X(unpack_20, 2.5, k->unpack_u32(raw_a, BENCH_ROWS, 20, O(uint32_t)))                           \
    X(unpack_27, 3.375, k->unpack_u32(raw_a, BENCH_ROWS, 27, O(uint32_t)))                         \
    X(csv_index, 1, k->csv_index(raw_a, BENCH_ROWS / 64, ',', '"', out_words, want_words,          \
                                 counts))                                                          \
    X(ascii_all, 1, sink = k->ascii_all(raw_b, BENCH_ROWS))

#define BENCH_FUNCTION(name, bytes, call)                                                          \
    static void bench_##name(void) {                                                               \
        call;                                                                                      \
    }
BENCH(BENCH_FUNCTION)

static const struct {
    const char *name;
    double bytes; /* of input per row */
    void (*work)(void);
} benches[] = {
#define BENCH_ROW(name, bytes, call) {#name, bytes, bench_##name},
    BENCH(BENCH_ROW)
};

/* The target: 100 million floats, in blocks of 4,096 rows, on two threads. */
#define STREAM_ROWS 100000000u
static float *stream;
static void stream_half(void *argument) {
    size_t i, first = argument ? STREAM_ROWS / 2 : 0, end = first + STREAM_ROWS / 2;
    double lanes[64], sum = 0;
    for (i = first; i < end; i += TNI_SUM_BLOCK) {
        memset(lanes, 0, sizeof lanes);
        k->lanes_f32(stream + i, TNI_MIN(end - i, TNI_SUM_BLOCK), NULL, lanes);
        sum += tni_sum_fold(lanes);
    }
    sink = (int64_t)sum;
}

static void bench_stream(void) {
    int64_t best = INT64_MAX, start;
    int round;
    for (round = 0; round < 5; round++) {
        tni_thread *thread;
        start = tni_clock_nanoseconds();
        thread = tni_thread_start(stream_half, stream);
        stream_half(NULL);
        tni_thread_join(thread);
        best = TNI_MIN(best, tni_clock_nanoseconds() - start);
    }
    printf("sum of 100 M floats, two threads, %-8s %6.2f ms, %.1f GB/s\n", k->name,
           (double)best / 1e6, 4.0 * STREAM_ROWS / (double)best);
}

static int bench(const tni_kernels *const *rows, size_t count, const char *only) {
    size_t b, r;
    fill_integers(raw_a, 8, 0);
    memset(raw_b, 1, sizeof raw_b);
    bench_mask = make_mask(3, BENCH_ROWS);
    for (b = 0; b < BENCH_ROWS; b++) {
        positions[b] = (uint16_t)(b + next_random() % 3);
    }
    printf("%-20s", "GB/s of input");
    for (r = 0; r < count; r++) {
        printf("%9s", rows[r]->name);
    }
    printf("\n");
    for (b = 0; b < TNI_COUNT_OF(benches); b++) {
        if (only && !strstr(benches[b].name, only)) {
            continue;
        }
        printf("%-20s", benches[b].name);
        for (r = 0; r < count; r++) {
            k = rows[r];
            printf("%9.2f", timed(benches[b].work, benches[b].bytes * BENCH_ROWS));
        }
        printf("\n");
    }
    if (only && strcmp(only, "stream") != 0) {
        return 0;
    }
    stream = (float *)malloc((size_t)STREAM_ROWS * 4);
    for (b = 0; stream && b < STREAM_ROWS; b++) {
        stream[b] = (float)(b & 1023);
    }
    for (r = 0; stream && r < count; r++) {
        k = rows[r];
        bench_stream();
    }
    free(stream);
    return 0;
}

int main(int argc, char **argv) {
    static const trueno_backend backends[] = {TRUENO_BACKEND_SCALAR, TRUENO_BACKEND_SSE,
                                              TRUENO_BACKEND_AVX2, TRUENO_BACKEND_AVX512,
                                              TRUENO_BACKEND_NEON};
    const tni_kernels *rows[TNI_COUNT_OF(backends)];
    size_t i, count = 0;
    for (i = 0; i < TNI_COUNT_OF(backends); i++) {
        rows[count] = tni_kernels_pick(backends[i]);
        count += rows[count] != NULL;
    }
    if (argc > 1 && strcmp(argv[1], "bench") == 0) {
        return bench(rows, count, argc > 2 ? argv[2] : NULL);
    }
    test_picking();
    for (i = 0; i < count; i++) {
        test_row(rows[i]);
    }
    return tni_test_report();
}
