/*
 * int128.c - 128-bit arithmetic on two 64-bit limbs.
 *
 * The same text serves every target: signed operations work on magnitudes (an unsigned pair, so
 * that -2^127 has one) and put the sign back at the end. The only primitive a compiler with
 * __int128 replaces is the wide product in the header. Division is Knuth's algorithm D with two
 * 32-bit digits (TAOCP 4.3.1), as laid out in Hacker's Delight, 9-4 and 9-5.
 *
 * Uses: core.h, bits.h.
 */
#include "base/int128.h"

#include "base/bits.h"

typedef struct tni_magnitude {
    uint64_t low;
    uint64_t high;
} tni_magnitude;

static tni_magnitude tni_i128_magnitude(tni_i128 v) {
    tni_magnitude m;
    m.low = v.low;
    m.high = (uint64_t)v.high;
    if (v.high < 0) {
        m.low = 0 - m.low;
        m.high = ~m.high + (m.low == 0 ? 1u : 0u);
    }
    return m;
}

/* Signed value of a magnitude; false when it does not fit. */
static bool tni_i128_signed(tni_magnitude m, bool negative, tni_i128 *out) {
    const uint64_t top = UINT64_C(1) << 63;
    out->low = 0;
    out->high = 0;
    if (m.high >= top && !(negative && m.high == top && m.low == 0)) {
        return false;
    }
    if (negative) {
        m.low = 0 - m.low;
        m.high = ~m.high + (m.low == 0 ? 1u : 0u);
    }
    out->low = m.low;
    out->high = (int64_t)m.high;
    return true;
}

TNI_FN uint64_t tni_divide_wide(uint64_t high, uint64_t low, uint64_t divisor,
                                uint64_t *remainder) {
    const uint64_t base = UINT64_C(1) << 32;
    uint32_t shift;
    uint64_t d1, d0, n32, n10, n1, n0, q1, q0, rest;
    TNI_ASSERT(high < divisor);
    if (high == 0) {
        *remainder = low % divisor;
        return low / divisor;
    }
    shift = tni_clz64(divisor);
    divisor <<= shift;
    d1 = divisor >> 32;
    d0 = divisor & 0xffffffffu;
    n32 = shift ? (high << shift) | (low >> (64 - shift)) : high;
    n10 = low << shift;
    n1 = n10 >> 32;
    n0 = n10 & 0xffffffffu;
    q1 = n32 / d1;
    rest = n32 - q1 * d1;
    while (q1 >= base || q1 * d0 > base * rest + n1) {
        q1--;
        rest += d1;
        if (rest >= base) {
            break;
        }
    }
    n32 = n32 * base + n1 - q1 * divisor;
    q0 = n32 / d1;
    rest = n32 - q0 * d1;
    while (q0 >= base || q0 * d0 > base * rest + n0) {
        q0--;
        rest += d1;
        if (rest >= base) {
            break;
        }
    }
    *remainder = (n32 * base + n0 - q0 * divisor) >> shift;
    return q1 * base + q0;
}

/* b != 0 */
static tni_magnitude tni_magnitude_divide(tni_magnitude a, tni_magnitude b, tni_magnitude *rest) {
    tni_magnitude q;
    uint64_t unused, estimate, product_high;
    uint32_t shift;
    if (b.high == 0) {
        q.high = a.high / b.low;
        q.low = tni_divide_wide(a.high % b.low, a.low, b.low, &rest->low);
        rest->high = 0;
        return q;
    }
    /* b has a high limb: the quotient is one limb, and an estimate from b's top 64 bits is at
     * most one too large after this scaling */
    shift = tni_clz64(b.high);
    estimate =
        tni_divide_wide(a.high >> 1, (a.high << 63) | (a.low >> 1),
                        shift ? (b.high << shift) | (b.low >> (64 - shift)) : b.high, &unused);
    estimate >>= 63 - shift;
    estimate -= estimate != 0;
    q.low = estimate;
    q.high = 0;
    rest->low = tni_multiply_wide(estimate, b.low, &product_high);
    product_high += estimate * b.high;
    rest->high = a.high - product_high - (a.low < rest->low ? 1u : 0u);
    rest->low = a.low - rest->low;
    if (rest->high > b.high || (rest->high == b.high && rest->low >= b.low)) {
        rest->high = rest->high - b.high - (rest->low < b.low ? 1u : 0u);
        rest->low -= b.low;
        q.low++;
    }
    return q;
}

TNI_FN bool tni_i128_add(tni_i128 a, tni_i128 b, tni_i128 *out) {
    uint64_t low = a.low + b.low;
    uint64_t high = (uint64_t)a.high + (uint64_t)b.high + (low < a.low ? 1u : 0u);
    out->low = low;
    out->high = (int64_t)high;
    return (int64_t)(((uint64_t)a.high ^ high) & ((uint64_t)b.high ^ high)) >= 0;
}

TNI_FN bool tni_i128_subtract(tni_i128 a, tni_i128 b, tni_i128 *out) {
    uint64_t low = a.low - b.low;
    uint64_t high = (uint64_t)a.high - (uint64_t)b.high - (a.low < b.low ? 1u : 0u);
    out->low = low;
    out->high = (int64_t)high;
    return (int64_t)(((uint64_t)a.high ^ (uint64_t)b.high) & ((uint64_t)a.high ^ high)) >= 0;
}

TNI_FN bool tni_i128_multiply(tni_i128 a, tni_i128 b, tni_i128 *out) {
    bool negative = (a.high ^ b.high) < 0;
    tni_magnitude x = tni_i128_magnitude(a);
    tni_magnitude y = tni_i128_magnitude(b);
    tni_magnitude product;
    uint64_t cross_high = 0, cross = 0;
    out->low = 0;
    out->high = 0;
    if (x.high != 0 && y.high != 0) {
        return false;
    }
    if ((x.high | y.high) != 0) {
        cross = x.high != 0 ? tni_multiply_wide(x.high, y.low, &cross_high)
                            : tni_multiply_wide(y.high, x.low, &cross_high);
    }
    product.low = tni_multiply_wide(x.low, y.low, &product.high);
    product.high += cross;
    if (cross_high != 0 || product.high < cross) {
        return false;
    }
    return tni_i128_signed(product, negative, out);
}

TNI_FN bool tni_i128_divide(tni_i128 a, tni_i128 b, tni_i128 *quotient, tni_i128 *remainder) {
    tni_magnitude rest = TNI_ZERO, q;
    bool fits;
    if ((b.low | (uint64_t)b.high) == 0) {
        *quotient = b;
        if (remainder != NULL) {
            *remainder = b;
        }
        return false;
    }
    q = tni_magnitude_divide(tni_i128_magnitude(a), tni_i128_magnitude(b), &rest);
    fits = tni_i128_signed(q, (a.high ^ b.high) < 0, quotient);
    if (remainder != NULL) {
        (void)tni_i128_signed(rest, a.high < 0, remainder);
    }
    return fits;
}

TNI_FN bool tni_i128_negate(tni_i128 a, tni_i128 *out) {
    return tni_i128_subtract(tni_i128_from_i64(0), a, out);
}

TNI_FN double tni_i128_to_double(tni_i128 v) {
    tni_magnitude m = tni_i128_magnitude(v);
    uint64_t top = m.low, bits;
    uint32_t shift;
    double scale, result;
    if (m.high == 0) {
        result = (double)m.low;
        return v.high < 0 ? -result : result;
    }
    /* the top 64 bits with everything below folded into the last one round like all 128 do */
    shift = tni_clz64(m.high);
    top = shift ? (m.high << shift) | (m.low >> (64 - shift)) : m.high;
    top |= (m.low << shift) != 0 ? 1u : 0u;
    bits = (uint64_t)(1023 + 64 - shift) << 52;
    memcpy(&scale, &bits, sizeof scale);
    result = (double)top * scale;
    return v.high < 0 ? -result : result;
}

TNI_FN bool tni_i128_from_double(double v, tni_i128 *out) {
    uint64_t bits, mantissa;
    int exponent;
    tni_magnitude m;
    memcpy(&bits, &v, sizeof bits);
    exponent = (int)((bits >> 52) & 0x7ff) - 1075;
    mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | (UINT64_C(1) << 52);
    out->low = 0;
    out->high = 0;
    if (exponent > 127 - 52) {
        return false; /* infinity and NaN too */
    }
    m.high = 0;
    if (exponent < -53) {
        m.low = 0;
    } else if (exponent < 0) {
        uint32_t drop = (uint32_t)-exponent;
        uint64_t half = UINT64_C(1) << (drop - 1), rest = mantissa & tni_low_bits(drop);
        m.low = mantissa >> drop;
        m.low += rest > half || (rest == half && (m.low & 1)) ? 1u : 0u;
    } else if (exponent < 64) {
        m.low = mantissa << exponent;
        m.high = exponent == 0 ? 0 : mantissa >> (64 - exponent);
    } else {
        m.low = 0;
        m.high = mantissa << (exponent - 64);
    }
    return tni_i128_signed(m, (bits >> 63) != 0, out);
}

/* 10^19 .. 10^38 as high, low */
static const uint64_t tni_i128_powers[20][2] = {
    {UINT64_C(0x0), UINT64_C(0x8ac7230489e80000)},
    {UINT64_C(0x5), UINT64_C(0x6bc75e2d63100000)},
    {UINT64_C(0x36), UINT64_C(0x35c9adc5dea00000)},
    {UINT64_C(0x21e), UINT64_C(0x19e0c9bab2400000)},
    {UINT64_C(0x152d), UINT64_C(0x02c7e14af6800000)},
    {UINT64_C(0xd3c2), UINT64_C(0x1bcecceda1000000)},
    {UINT64_C(0x84595), UINT64_C(0x161401484a000000)},
    {UINT64_C(0x52b7d2), UINT64_C(0xdcc80cd2e4000000)},
    {UINT64_C(0x33b2e3c), UINT64_C(0x9fd0803ce8000000)},
    {UINT64_C(0x204fce5e), UINT64_C(0x3e25026110000000)},
    {UINT64_C(0x1431e0fae), UINT64_C(0x6d7217caa0000000)},
    {UINT64_C(0xc9f2c9cd0), UINT64_C(0x4674edea40000000)},
    {UINT64_C(0x7e37be2022), UINT64_C(0xc0914b2680000000)},
    {UINT64_C(0x4ee2d6d415b), UINT64_C(0x85acef8100000000)},
    {UINT64_C(0x314dc6448d93), UINT64_C(0x38c15b0a00000000)},
    {UINT64_C(0x1ed09bead87c0), UINT64_C(0x378d8e6400000000)},
    {UINT64_C(0x13426172c74d82), UINT64_C(0x2b878fe800000000)},
    {UINT64_C(0xc097ce7bc90715), UINT64_C(0xb34b9f1000000000)},
    {UINT64_C(0x785ee10d5da46d9), UINT64_C(0x00f436a000000000)},
    {UINT64_C(0x4b3b4ca85a86c47a), UINT64_C(0x098a224000000000)},
};

TNI_FN tni_i128 tni_i128_power10(uint8_t exponent) {
    tni_i128 r;
    uint64_t v = 1;
    TNI_ASSERT(exponent <= 38);
    if (exponent >= 19) {
        r.high = (int64_t)tni_i128_powers[exponent - 19][0];
        r.low = tni_i128_powers[exponent - 19][1];
        return r;
    }
    while (exponent >= 8) {
        v *= 100000000;
        exponent = (uint8_t)(exponent - 8);
    }
    while (exponent > 0) {
        v *= 10;
        exponent--;
    }
    return tni_i128_from_u64(v);
}

TNI_FN bool tni_i128_rescale(tni_i128 v, int from, int to, tni_i128 *out) {
    int delta = to - from;
    tni_magnitude divisor, rest = TNI_ZERO, q, twice;
    tni_i128 power;
    if (delta == 0 || (v.low | (uint64_t)v.high) == 0) {
        *out = v;
        return true;
    }
    *out = tni_i128_from_i64(0);
    if (delta > 38) {
        return false;
    }
    if (delta < -39) {
        return true; /* |v| < 1.8e38: less than half of 10^40 */
    }
    if (delta > 0) {
        return tni_i128_multiply(v, tni_i128_power10((uint8_t)delta), out);
    }
    if (delta == -39) {
        /* 10^39 / 2 > 2^127: always rounds to zero */
        return true;
    }
    power = tni_i128_power10((uint8_t)-delta);
    divisor.low = power.low;
    divisor.high = (uint64_t)power.high;
    q = tni_magnitude_divide(tni_i128_magnitude(v), divisor, &rest);
    twice.low = rest.low << 1;
    twice.high = (rest.high << 1) | (rest.low >> 63);
    if (twice.high > divisor.high || (twice.high == divisor.high && twice.low >= divisor.low)) {
        q.low++;
        q.high += q.low == 0 ? 1u : 0u;
    }
    return tni_i128_signed(q, v.high < 0, out);
}
