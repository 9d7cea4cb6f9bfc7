/*
 * double.c - floating point to text.
 *
 * Shortest output follows Schubfach (R. Giulietti, "The Schubfach way to render doubles", 2020):
 * scale the value and both ends of its rounding interval by a power of ten held to 128 bits,
 * round to odd, and pick the shortest decimal inside. Fixed output is exact: an integer product
 * where 128 bits hold it, base 10^9 long arithmetic elsewhere.
 *
 * The powers come from a table with every 27th power at 192 bits; the ones between are one
 * multiplication by 5^j away. All 702 results were checked against exact arithmetic.
 *
 * Layout of the text (as DuckDB): exponents -4 .. 15 print in full with at least ".0", others as
 * d.ddde+XX; inf, -inf, nan. Uses: number.h, bits.h.
 */
#include "base/number.h"

#include "base/bits.h"

#include <float.h>

/* ------------------------------------------------------------------------- powers of ten --- */

/* 10^(27 i - 351), normalised to 192 bits, rounded down */
static const uint64_t tni_power10_bases[26][3] = {
    {UINT64_C(0x8049a4ac0c5811ae), UINT64_C(0x205b896d777d6278), UINT64_C(0xac261e9f5141430b)},
    {UINT64_C(0xcf42894a5dce35ea), UINT64_C(0x52064cac828675b9), UINT64_C(0x475f2b7d7df1ad7a)},
    {UINT64_C(0xa76c582338ed2621), UINT64_C(0xaf2af2b80af6f24e), UINT64_C(0x657c8f4d43323a36)},
    {UINT64_C(0x873e4f75e2224e68), UINT64_C(0x5a7744a6e804a291), UINT64_C(0xcc35eddfcf0996d7)},
    {UINT64_C(0xda7f5bf590966848), UINT64_C(0xaf39a475506a899e), UINT64_C(0xa30294cc2934e662)},
    {UINT64_C(0xb080392cc4349dec), UINT64_C(0xbd8d794d96aacfb3), UINT64_C(0xfe13a5c86af64418)},
    {UINT64_C(0x8e938662882af53e), UINT64_C(0x547eb47b7282ee9c), UINT64_C(0x41b0230e1421487d)},
    {UINT64_C(0xe65829b3046b0afa), UINT64_C(0x0cb4a5a3112a5112), UINT64_C(0xa3b561b1cb208396)},
    {UINT64_C(0xba121a4650e4ddeb), UINT64_C(0x92f34d62616ce413), UINT64_C(0x21a0183e10583cd3)},
    {UINT64_C(0x964e858c91ba2655), UINT64_C(0x3a6a07f8d510f86f), UINT64_C(0xe9082f25e9c5e9ec)},
    {UINT64_C(0xf2d56790ab41c2a2), UINT64_C(0xfae27299423fb9c3), UINT64_C(0x3695dad7e8858901)},
    {UINT64_C(0xc428d05aa4751e4c), UINT64_C(0xaa97e14c3c26b886), UINT64_C(0x96842dc95323f5a8)},
    {UINT64_C(0x9e74d1b791e07e48), UINT64_C(0x775ea264cf55347d), UINT64_C(0xca49f1c05120c9c7)},
    {UINT64_C(0x8000000000000000), UINT64_C(0x0000000000000000), UINT64_C(0x0000000000000000)},
    {UINT64_C(0xcecb8f27f4200f3a), UINT64_C(0x0000000000000000), UINT64_C(0x0000000000000000)},
    {UINT64_C(0xa70c3c40a64e6c51), UINT64_C(0x999090b65f67d924), UINT64_C(0x0000000000000000)},
    {UINT64_C(0x86f0ac99b4e8dafd), UINT64_C(0x69a028bb3ded71a3), UINT64_C(0xdf9f915627c04e28)},
    {UINT64_C(0xda01ee641a708de9), UINT64_C(0xe80e6f4820cc9495), UINT64_C(0xd74baad03bc1d8d3)},
    {UINT64_C(0xb01ae745b101e9e4), UINT64_C(0x5ec05dcff72e7f8f), UINT64_C(0xc04c79ffe324301f)},
    {UINT64_C(0x8e41ade9fbebc27d), UINT64_C(0x14588f13be847307), UINT64_C(0x23bd6a2059c002f5)},
    {UINT64_C(0xe5d3ef282a242e81), UINT64_C(0x8f1668c8a86da5fa), UINT64_C(0xf0b5ccf5176ecc7c)},
    {UINT64_C(0xb9a74a0637ce2ee1), UINT64_C(0x6d953e2bd7173692), UINT64_C(0x88efb0037ac08bde)},
    {UINT64_C(0x95f83d0a1fb69cd9), UINT64_C(0x4abdaf101564f98e), UINT64_C(0x0d5a4af7b3a98e47)},
    {UINT64_C(0xf24a01a73cf2dccf), UINT64_C(0xbc633b39673c8cec), UINT64_C(0x3d9c44cd2f36917c)},
    {UINT64_C(0xc3b8358109e84f07), UINT64_C(0x0a862f80ec4700c8), UINT64_C(0x02606ea01029dc37)},
    {UINT64_C(0x9e19db92b4e31ba9), UINT64_C(0x6c07a2c26a8346d1), UINT64_C(0x4944d9f52cd0dec2)},
};

static const uint64_t tni_power5[27] = {
    UINT64_C(1),
    UINT64_C(5),
    UINT64_C(25),
    UINT64_C(125),
    UINT64_C(625),
    UINT64_C(3125),
    UINT64_C(15625),
    UINT64_C(78125),
    UINT64_C(390625),
    UINT64_C(1953125),
    UINT64_C(9765625),
    UINT64_C(48828125),
    UINT64_C(244140625),
    UINT64_C(1220703125),
    UINT64_C(6103515625),
    UINT64_C(30517578125),
    UINT64_C(152587890625),
    UINT64_C(762939453125),
    UINT64_C(3814697265625),
    UINT64_C(19073486328125),
    UINT64_C(95367431640625),
    UINT64_C(476837158203125),
    UINT64_C(2384185791015625),
    UINT64_C(11920928955078125),
    UINT64_C(59604644775390625),
    UINT64_C(298023223876953125),
    UINT64_C(1490116119384765625),
};

/* a:b << shift, the high word; shift < 64 */
static uint64_t tni_double_funnel(uint64_t a, uint64_t b, uint32_t shift) {
    return shift == 0 ? a : (a << shift) | (b >> (64 - shift));
}

TNI_FN void tni_power10_bits(int exponent, uint64_t *high, uint64_t *low) {
    uint32_t index = (uint32_t)(exponent + 351) / 27, step = (uint32_t)(exponent + 351) % 27;
    const uint64_t *base = tni_power10_bases[index];
    uint64_t factor = tni_power5[step], carry1, carry2, top, middle, bottom;
    uint32_t shift;
    TNI_ASSERT(exponent >= -351 && exponent <= 350);
    if (step == 0) {
        *high = base[0];
        *low = base[1];
        return;
    }
    (void)tni_multiply_wide(base[2], factor, &carry1);
    bottom = tni_multiply_wide(base[1], factor, &carry2) + carry1;
    carry2 += bottom < carry1 ? 1u : 0u;
    middle = tni_multiply_wide(base[0], factor, &top) + carry2;
    top += middle < carry2 ? 1u : 0u;
    shift = tni_clz64(top);
    *high = tni_double_funnel(top, middle, shift);
    *low = tni_double_funnel(middle, bottom, shift);
}

/* ------------------------------------------------------------------------ shortest digits --- */

typedef struct tni_decimal_float {
    uint64_t digits;
    int exponent; /* value = digits * 10^exponent */
} tni_decimal_float;

/* Scaled value and interval ends, all times 4, rounded to odd. */
typedef struct tni_rounding_interval {
    uint64_t low, value, high;
    int exponent;
} tni_rounding_interval;

/* Shortest decimal in the interval; the nearer one when two are as short. */
static tni_decimal_float tni_interval_shortest(const tni_rounding_interval *i) {
    tni_decimal_float r;
    uint64_t s = i->value / 4, middle;
    bool down, up;
    if (s >= 10) {
        uint64_t tens = s / 10;
        down = i->low <= 40 * tens;
        up = 40 * tens + 40 <= i->high;
        if (down != up) {
            r.digits = tens + (up ? 1u : 0u);
            r.exponent = i->exponent + 1;
            return r;
        }
    }
    r.exponent = i->exponent;
    down = i->low <= 4 * s;
    up = 4 * s + 4 <= i->high;
    if (down != up) {
        r.digits = s + (up ? 1u : 0u);
        return r;
    }
    middle = 4 * s + 2;
    r.digits = s + (i->value > middle || (i->value == middle && (s & 1)) ? 1u : 0u);
    return r;
}

/* floor(power * factor / 2^128) with the lowest bit set when bits were dropped. */
static uint64_t tni_round_to_odd(uint64_t high, uint64_t low, uint64_t factor) {
    uint64_t carry, top, rest;
    (void)tni_multiply_wide(low, factor, &carry);
    rest = tni_multiply_wide(high, factor, &top) + carry;
    top += rest < carry ? 1u : 0u;
    return top | (rest > 1 ? 1u : 0u);
}

static uint64_t tni_round_to_odd_float(uint64_t power, uint64_t factor) {
    uint64_t top, rest = tni_multiply_wide(power, factor, &top);
    return (top & 0xffffffffu) | ((rest >> 32) > 1 ? 1u : 0u);
}

/* floor(log10(2^q)), or of 3/4 2^q when the interval's lower half is the narrow one */
static int tni_shortest_exponent(int q, bool narrow) {
    int64_t scaled = (int64_t)q * 1262611 - (narrow ? 524031 : 0);
    return (int)(((scaled + (INT64_C(1) << 40)) >> 22) - (INT64_C(1) << 18));
}

/* value = c * 2^q, c > 0; `narrow`: c is a power of two whose lower neighbour is half as far */
static tni_decimal_float tni_shortest(uint64_t c, int q, bool narrow, bool is_float) {
    tni_rounding_interval interval;
    uint64_t high, low, odd = c & 1;
    uint32_t shift;
    int k = tni_shortest_exponent(q, narrow);
    interval.exponent = k;
    tni_power10_bits(-k, &high, &low);
    shift = (uint32_t)(q + tni_floor_log2_power10(-k) + 1);
    if (is_float) {
        high += -k < 0 || -k > 27 ? 1u : 0u; /* powers up to 10^27 are exact in 64 bits */
        interval.low = tni_round_to_odd_float(high, (4 * c - (narrow ? 1u : 2u)) << shift);
        interval.value = tni_round_to_odd_float(high, (4 * c) << shift);
        interval.high = tni_round_to_odd_float(high, (4 * c + 2) << shift);
    } else {
        low += -k < 0 || -k > 55 ? 1u : 0u; /* and up to 10^55 in 128 */
        high += low == 0 && (-k < 0 || -k > 55) ? 1u : 0u;
        interval.low = tni_round_to_odd(high, low, (4 * c - (narrow ? 1u : 2u)) << shift);
        interval.value = tni_round_to_odd(high, low, (4 * c) << shift);
        interval.high = tni_round_to_odd(high, low, (4 * c + 2) << shift);
    }
    /* the ends themselves round to an even c only */
    interval.low += odd;
    interval.high -= odd;
    return tni_interval_shortest(&interval);
}

static tni_decimal_float tni_decimal_trim(tni_decimal_float v) {
    while (v.digits % 100000000 == 0) {
        v.digits /= 100000000;
        v.exponent += 8;
    }
    if (v.digits % 10000 == 0) { /* at most seven zeros are left */
        v.digits /= 10000;
        v.exponent += 4;
    }
    while (v.digits % 10 == 0) {
        v.digits /= 10;
        v.exponent++;
    }
    return v;
}

static tni_decimal_float tni_float_digits(uint64_t fraction, int biased, int fraction_bits) {
    tni_decimal_float r;
    uint64_t c = fraction;
    int bias = (fraction_bits == 52 ? 1023 : 127) + fraction_bits, q = 1 - bias;
    if (biased != 0) {
        c |= UINT64_C(1) << fraction_bits;
        q = biased - bias;
    }
    if (q <= 0 && q > -fraction_bits - 1 && (c & tni_low_bits((uint32_t)-q)) == 0) {
        r.digits = c >> -q; /* an integer below 2^53: its own digits are the shortest */
        r.exponent = 0;
        return tni_decimal_trim(r);
    }
    return tni_decimal_trim(tni_shortest(c, q, fraction == 0 && biased > 1, fraction_bits == 23));
}

/* ------------------------------------------------------------------------------- layout --- */

static size_t tni_print_scientific(const char *digits, size_t count, int exponent, char *out) {
    size_t n = 0;
    uint32_t magnitude = (uint32_t)(exponent < 0 ? -exponent : exponent), width;
    out[n++] = digits[0];
    if (count > 1) {
        out[n++] = '.';
        memcpy(out + n, digits + 1, count - 1);
        n += count - 1;
    }
    out[n++] = 'e';
    out[n++] = exponent < 0 ? '-' : '+';
    width = magnitude >= 100 ? 3 : 2;
    tni_digits_put(magnitude, width, out + n);
    return n + width;
}

static size_t tni_print_decimal_float(tni_decimal_float v, char *out) {
    char digits[24];
    size_t count = tni_digits_count(v.digits), n, whole;
    int exponent = v.exponent + (int)count - 1;
    if (exponent < -4 || exponent >= 16) {
        tni_digits_put(v.digits, (uint32_t)count, digits);
        return tni_print_scientific(digits, count, exponent, out);
    }
    if (exponent < 0) {
        size_t zeros = (size_t)(-exponent - 1);
        memcpy(out, "0.000", 5);
        tni_digits_put(v.digits, (uint32_t)count, out + 2 + zeros);
        return 2 + zeros + count;
    }
    whole = (size_t)exponent + 1;
    tni_digits_put(v.digits, (uint32_t)count, out);
    if (count <= whole) {
        memset(out + count, '0', whole - count);
        memcpy(out + whole, ".0", 2);
        return whole + 2;
    }
    for (n = count; n > whole; n--) {
        out[n] = out[n - 1];
    }
    out[whole] = '.';
    return count + 1;
}

#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD == 0
/* At most four decimals and 15 digits, as money and measurements have: a decimal of 15 digits
 * that reads back is the only one, and the division reads it as a parser would. */
static bool tni_double_is_short(double value, tni_decimal_float *out) {
    double scaled = value * 1e4;
    if (!(scaled < 1e15)) {
        return false;
    }
    out->digits = (uint64_t)(scaled + 0.5);
    out->exponent = -4;
    return out->digits != 0 && (double)out->digits / 1e4 == value;
}
#else
static bool tni_double_is_short(double value, tni_decimal_float *out) {
    (void)value; /* wider registers would round twice */
    (void)out;
    return false;
}
#endif

static size_t tni_print_bits(bool negative, uint64_t fraction, int biased, int fraction_bits,
                             char *out) {
    size_t n = 0;
    int top = fraction_bits == 52 ? 0x7ff : 0xff;
    if (biased == top && fraction != 0) {
        memcpy(out, "nan", 4);
        return 3;
    }
    if (negative) {
        out[n++] = '-';
    }
    if (biased == top) {
        memcpy(out + n, "inf", 3);
        n += 3;
    } else if (biased == 0 && fraction == 0) {
        memcpy(out + n, "0.0", 3);
        n += 3;
    } else {
        n += tni_print_decimal_float(tni_float_digits(fraction, biased, fraction_bits), out + n);
    }
    out[n] = '\0';
    return n;
}

TNI_FN size_t tni_print_double(double value, char out[32]) {
    tni_decimal_float brief;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (tni_double_is_short(value < 0 ? -value : value, &brief)) {
        size_t n = value < 0;
        out[0] = '-';
        n += tni_print_decimal_float(tni_decimal_trim(brief), out + n);
        out[n] = '\0';
        return n;
    }
    return tni_print_bits((bits >> 63) != 0, bits & tni_low_bits(52), (int)(bits >> 52) & 0x7ff, 52,
                          out);
}

TNI_FN size_t tni_print_float(float value, char out[32]) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return tni_print_bits((bits >> 31) != 0, bits & 0x7fffffu, (int)(bits >> 23) & 0xff, 23, out);
}

/* ------------------------------------------------------------------------- fixed digits --- */

/* Where the characters of a fixed number go: counted all, stored while there is room. */
typedef struct tni_fixed_sink {
    char *out;
    size_t size;
    size_t length;
} tni_fixed_sink;

static void tni_fixed_emit(tni_fixed_sink *sink, const char *text, size_t length) {
    size_t i;
    for (i = 0; i < length; i++, sink->length++) {
        if (sink->length + 1 < sink->size) {
            sink->out[sink->length] = text[i];
        }
    }
}

#define TNI_FIXED_LIMBS 130 /* base 10^9: 35 limbs hold 2^1024, 121 the digits of 2^-1074 */
#define TNI_FIXED_UNIT 1000000000u

/* Base 10^9 number with a point after limb `point`: limbs[0] is the least significant. */
typedef struct tni_fixed {
    uint32_t limbs[TNI_FIXED_LIMBS];
    uint32_t count;
} tni_fixed;

static void tni_fixed_scale(tni_fixed *v, uint32_t factor) {
    uint64_t carry = 0;
    uint32_t i;
    for (i = 0; i < v->count; i++) {
        carry += (uint64_t)v->limbs[i] * factor;
        v->limbs[i] = (uint32_t)(carry % TNI_FIXED_UNIT);
        carry /= TNI_FIXED_UNIT;
    }
    if (carry != 0) {
        v->limbs[v->count++] = (uint32_t)carry;
    }
}

/* Add 10^position (in digits); the sum gains at most one limb. */
static void tni_fixed_add_unit(tni_fixed *v, uint32_t position) {
    uint32_t i = position / 9, unit = (uint32_t)tni_power5[position % 9] << (position % 9);
    while (v->count <= i) {
        v->limbs[v->count++] = 0;
    }
    for (;; i++, unit = 1) {
        if (i == v->count) {
            v->limbs[v->count++] = 0;
        }
        v->limbs[i] += unit;
        if (v->limbs[i] < TNI_FIXED_UNIT) {
            return;
        }
        v->limbs[i] -= TNI_FIXED_UNIT;
    }
}

static uint32_t tni_fixed_digit(const tni_fixed *v, uint32_t position) {
    uint32_t i = position / 9;
    if (i >= v->count) {
        return 0;
    }
    return v->limbs[i] / ((uint32_t)tni_power5[position % 9] << (position % 9)) % 10;
}

static bool tni_fixed_any_below(const tni_fixed *v, uint32_t position) {
    uint32_t i = position / 9, j;
    for (j = 0; j < i && j < v->count; j++) {
        if (v->limbs[j] != 0) {
            return true;
        }
    }
    return i < v->count &&
           v->limbs[i] % ((uint32_t)tni_power5[position % 9] << (position % 9)) != 0;
}

/* The value as an integer times 10^-scale: c * 2^q is c * 5^-q * 10^q for negative q. Returns
 * the scale. */
static uint32_t tni_fixed_set(tni_fixed *v, uint64_t c, int q) {
    uint32_t left = (uint32_t)(q < 0 ? -q : q);
    v->count = 0;
    while (c != 0) {
        v->limbs[v->count++] = (uint32_t)(c % TNI_FIXED_UNIT);
        c /= TNI_FIXED_UNIT;
    }
    while (left > 0) {
        uint32_t step = TNI_MIN(left, 12u); /* 5^12 is below the base: one limb of carry */
        tni_fixed_scale(v, q < 0 ? (uint32_t)tni_power5[step] : 1u << step);
        left -= step;
    }
    return q < 0 ? (uint32_t)-q : 0;
}

static void tni_fixed_digits(tni_fixed_sink *sink, uint64_t c, int q, uint32_t digits) {
    tni_fixed v;
    uint32_t scale = tni_fixed_set(&v, c, q), position, first;
    if (scale > digits) {
        /* the digit after the last one printed decides; a tie goes to even */
        uint32_t cut = scale - digits, next = tni_fixed_digit(&v, cut - 1);
        if (next > 5 ||
            (next == 5 && (tni_fixed_any_below(&v, cut - 1) || (tni_fixed_digit(&v, cut) & 1)))) {
            tni_fixed_add_unit(&v, cut);
        }
    }
    first = TNI_MAX(v.count * 9, scale + 1);
    while (first > scale + 1 && tni_fixed_digit(&v, first - 1) == 0) {
        first--;
    }
    for (position = first; position-- > 0 && position + digits >= scale;) {
        char c_digit = (char)('0' + tni_fixed_digit(&v, position));
        if (position + 1 == scale) {
            tni_fixed_emit(sink, ".", 1);
        }
        tni_fixed_emit(sink, &c_digit, 1);
    }
    if (digits > 0 && scale == 0) {
        tni_fixed_emit(sink, ".", 1);
    }
    for (position = scale; position < digits; position++) {
        tni_fixed_emit(sink, "0", 1);
    }
}

/* Like snprintf's "%.*f": the full length comes back even when `size` cut the text. */
TNI_FN size_t tni_print_fixed(double value, int digits, char *out, size_t size) {
    tni_fixed_sink sink;
    uint64_t bits, c;
    int biased;
    memcpy(&bits, &value, sizeof bits);
    c = bits & tni_low_bits(52);
    biased = (int)(bits >> 52) & 0x7ff;
    sink.out = out;
    sink.size = size;
    sink.length = 0;
    if ((bits >> 63) != 0 && !(biased == 0x7ff && c != 0)) {
        tni_fixed_emit(&sink, "-", 1);
    }
    if (biased == 0x7ff) {
        tni_fixed_emit(&sink, c != 0 ? "nan" : "inf", 3);
    } else {
        c |= biased != 0 ? UINT64_C(1) << 52 : 0;
        tni_fixed_digits(&sink, c, TNI_MAX(biased, 1) - 1075, (uint32_t)TNI_MAX(digits, 0));
    }
    if (size > 0) {
        out[TNI_MIN(sink.length, size - 1)] = '\0';
    }
    return sink.length;
}

#undef TNI_FIXED_LIMBS
#undef TNI_FIXED_UNIT
