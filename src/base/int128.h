/*
 * int128.h - 128-bit signed integers for DECIMAL beyond 18 digits and for integer sums.
 *
 * Two 64-bit limbs, so 32-bit and Windows builds work; where the compiler has __int128 the
 * inline functions use it. Every operation that can overflow says so: no wrap reaches a result.
 */
#ifndef TNI_BASE_INT128_H
#define TNI_BASE_INT128_H

#include "base/core.h"

typedef struct tni_i128 {
    uint64_t low;
    int64_t high;
} tni_i128;

TNI_INLINE tni_i128 tni_i128_from_i64(int64_t v) {
    tni_i128 r;
    r.low = (uint64_t)v;
    r.high = v < 0 ? -1 : 0;
    return r;
}

TNI_INLINE tni_i128 tni_i128_from_u64(uint64_t v) {
    tni_i128 r;
    r.low = v;
    r.high = 0;
    return r;
}

TNI_INLINE bool tni_i128_equal(tni_i128 a, tni_i128 b) {
    return a.low == b.low && a.high == b.high;
}

TNI_INLINE int tni_i128_compare(tni_i128 a, tni_i128 b) {
    if (a.high != b.high) {
        return a.high < b.high ? -1 : 1;
    }
    return a.low < b.low ? -1 : a.low > b.low;
}

/* Wrapping addition of a 64-bit value: for sums whose row count bounds them (< 2^63 rows). */
TNI_INLINE void tni_i128_accumulate(tni_i128 *sum, int64_t v) {
    uint64_t low = sum->low + (uint64_t)v;
    sum->high += (v < 0 ? -1 : 0) + (low < sum->low ? 1 : 0);
    sum->low = low;
}

TNI_INLINE bool tni_i128_fits_i64(tni_i128 v) {
    return v.high == ((int64_t)v.low < 0 ? -1 : 0);
}

/* Full 128-bit product; returns the low half. */
TNI_INLINE uint64_t tni_multiply_wide(uint64_t a, uint64_t b, uint64_t *high) {
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 tni_wide;
    tni_wide product = (tni_wide)a * b;
    *high = (uint64_t)(product >> 64);
    return (uint64_t)product;
#else
    uint64_t a0 = a & 0xffffffffu, a1 = a >> 32, b0 = b & 0xffffffffu, b1 = b >> 32;
    uint64_t p00 = a0 * b0, p01 = a0 * b1, p10 = a1 * b0;
    uint64_t middle = (p00 >> 32) + (p01 & 0xffffffffu) + (p10 & 0xffffffffu);
    *high = a1 * b1 + (p01 >> 32) + (p10 >> 32) + (middle >> 32);
    return (middle << 32) | (p00 & 0xffffffffu);
#endif
}

/* Quotient of high:low by a divisor greater than `high`. */
TNI_FN uint64_t tni_divide_wide(uint64_t high, uint64_t low, uint64_t divisor,
                                uint64_t *remainder);

TNI_FN bool tni_i128_add(tni_i128 a, tni_i128 b, tni_i128 *out); /* false on overflow */
TNI_FN bool tni_i128_subtract(tni_i128 a, tni_i128 b, tni_i128 *out);
TNI_FN bool tni_i128_multiply(tni_i128 a, tni_i128 b, tni_i128 *out);
/* Truncating division; false when b is 0 or the result overflows. remainder may be NULL. */
TNI_FN bool tni_i128_divide(tni_i128 a, tni_i128 b, tni_i128 *quotient, tni_i128 *remainder);
TNI_FN bool tni_i128_negate(tni_i128 a, tni_i128 *out);
TNI_FN double tni_i128_to_double(tni_i128 v); /* correctly rounded */
/* Nearest integer, ties to even; false when NaN or out of range. */
TNI_FN bool tni_i128_from_double(double v, tni_i128 *out);
TNI_FN tni_i128 tni_i128_power10(uint8_t exponent); /* 10^exponent, exponent <= 38 */
/* v * 10^(to - from), rounding half away from zero when scaling down; false on overflow. */
TNI_FN bool tni_i128_rescale(tni_i128 v, int from, int to, tni_i128 *out);

#endif
