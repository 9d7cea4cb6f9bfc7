/*
 * double_parse.c - correctly rounded text to floating point.
 *
 * Three steps, each falling through to the next. Up to 19 digits w and a small power of ten are
 * exact in double arithmetic (Clinger). Else the product of w and a 128-bit power of ten decides
 * (D. Lemire, "Number Parsing at a Gigabyte per Second", 2021). What is left, long digit strings
 * on a rounding boundary, compares the text with the midpoint of two neighbours in exact integer
 * arithmetic. Both widths share the code through a small description of the format.
 *
 * Uses: number.h, bits.h.
 */
#include "base/number.h"

#include "base/bits.h"

#include <float.h>

typedef struct tni_binary_format {
    int fraction_bits;
    int bias;
    int even_low, even_high; /* powers of ten for which a tie can be exact */
} tni_binary_format;

static const tni_binary_format tni_binary64 = {52, 1023, -4, 23};
static const tni_binary_format tni_binary32 = {23, 127, -17, 10};

static uint64_t tni_binary_infinity(const tni_binary_format *format) {
    return (uint64_t)(2 * format->bias + 1) << format->fraction_bits;
}

/* ----------------------------------------------------------------------------- 128 bits --- */

/* Bits of the value nearest to w * 10^q. False when the product cannot tell. */
static bool tni_parse_product(uint64_t w, int64_t q, const tni_binary_format *format,
                              uint64_t *out) {
    uint64_t power_high, power_low, high, low, mantissa;
    uint32_t lead, upper, shift;
    int exponent, bits = format->fraction_bits;
    *out = 0;
    if (w == 0 || q < -342) {
        return true;
    }
    if (q > 308) {
        *out = tni_binary_infinity(format);
        return true;
    }
    lead = tni_clz64(w);
    w <<= lead;
    tni_power10_bits((int)q, &power_high, &power_low);
    if (q < 0 && q >= -27) {
        power_low++; /* these reciprocals must lie above, so that exact quotients show */
        power_high += power_low == 0 ? 1u : 0u;
    }
    low = tni_multiply_wide(w, power_high, &high);
    if ((~high & tni_low_bits((uint32_t)(61 - bits))) == 0) {
        uint64_t carry;
        (void)tni_multiply_wide(w, power_low, &carry);
        low += carry;
        high += low < carry ? 1u : 0u;
    }
    if (low == UINT64_MAX && (q < -27 || q > 55)) {
        return false;
    }
    upper = (uint32_t)(high >> 63);
    shift = upper + (uint32_t)(61 - bits);
    mantissa = high >> shift;
    exponent = tni_floor_log2_power10((int)q) + 63 + (int)upper - (int)lead + format->bias;
    if (exponent <= 0) {
        if (exponent <= -63) {
            return true;
        }
        mantissa >>= 1 - exponent;
        *out = (mantissa + (mantissa & 1)) >> 1; /* a carry makes the smallest normal number */
        return true;
    }
    if (low <= 1 && q >= format->even_low && q <= format->even_high && (mantissa & 3) == 1 &&
        mantissa << shift == high) {
        mantissa--; /* exactly between two, the lower one even */
    }
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    /* adding lets a carry out of the mantissa raise the exponent */
    *out = ((uint64_t)(exponent - 1) << bits) + mantissa;
    *out = TNI_MIN(*out, tni_binary_infinity(format));
    return true;
}

/* -------------------------------------------------------------------------------- exact --- */

#define TNI_BIG_LIMBS 128

typedef struct tni_big {
    uint32_t limbs[TNI_BIG_LIMBS];
    uint32_t count;
} tni_big;

static void tni_big_multiply_add(tni_big *v, uint32_t factor, uint32_t addend) {
    uint64_t carry = addend;
    uint32_t i;
    for (i = 0; i < v->count; i++) {
        carry += (uint64_t)v->limbs[i] * factor;
        v->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0 && v->count < TNI_BIG_LIMBS) {
        v->limbs[v->count++] = (uint32_t)carry;
    }
}

static void tni_big_power5(tni_big *v, uint32_t exponent) {
    for (; exponent >= 13; exponent -= 13) {
        tni_big_multiply_add(v, 1220703125u, 0); /* 5^13 */
    }
    for (; exponent > 0; exponent--) {
        tni_big_multiply_add(v, 5, 0);
    }
}

static void tni_big_shift(tni_big *v, uint32_t bits) {
    uint32_t words = bits / 32, i;
    tni_big_multiply_add(v, 1u << (bits % 32), 0);
    if (v->count == 0 || words == 0) {
        return;
    }
    words = TNI_MIN(words, TNI_BIG_LIMBS - v->count);
    for (i = v->count; i-- > 0;) {
        v->limbs[i + words] = v->limbs[i];
    }
    memset(v->limbs, 0, words * sizeof v->limbs[0]);
    v->count += words;
}

static int tni_big_compare(const tni_big *a, const tni_big *b) {
    uint32_t i;
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (i = a->count; i-- > 0;) {
        if (a->limbs[i] != b->limbs[i]) {
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
        }
    }
    return 0;
}

/* 767 digits tell any double from any midpoint; a nonzero digit stands for those dropped. */
#define TNI_BIG_DIGITS 768

/* The text's digits as an integer; returns how many were taken. */
static int tni_big_set_text(tni_big *v, const tni_decimal_text *shape) {
    const char *p;
    int count = 0;
    v->count = 0;
    for (p = shape->first; p < shape->end && count < TNI_BIG_DIGITS; p++) {
        if (tni_is_digit(*p)) {
            tni_big_multiply_add(v, 10, (uint32_t)(*p - '0'));
            count++;
        }
    }
    for (; p < shape->end; p++) {
        if (*p >= '1' && *p <= '9') {
            tni_big_multiply_add(v, 10, 1);
            return count + 1;
        }
    }
    return count;
}

/* Compare the text (digits * 10^exponent) with the midpoint of `bits` and its successor. */
static int tni_compare_midpoint(const tni_big *digits, int exponent, uint64_t bits,
                                const tni_binary_format *format) {
    tni_big left = *digits, right;
    uint64_t mantissa = bits & tni_low_bits((uint32_t)format->fraction_bits);
    int biased = (int)(bits >> format->fraction_bits), power;
    if (biased != 0) {
        mantissa |= UINT64_C(1) << format->fraction_bits;
    }
    mantissa = 2 * mantissa + 1;
    power = TNI_MAX(biased, 1) - format->bias - format->fraction_bits - 1;
    right.limbs[0] = (uint32_t)mantissa;
    right.limbs[1] = (uint32_t)(mantissa >> 32);
    right.count = right.limbs[1] != 0 ? 2 : 1;
    tni_big_power5(exponent < 0 ? &right : &left, (uint32_t)(exponent < 0 ? -exponent : exponent));
    /* both sides were divided by 2^exponent */
    power -= exponent;
    tni_big_shift(power < 0 ? &left : &right, (uint32_t)(power < 0 ? -power : power));
    return tni_big_compare(&left, &right);
}

/* Move `bits`, a guess that is off by little, to the value nearest to the text. */
static uint64_t tni_parse_exact(const tni_decimal_text *shape, uint64_t bits,
                                const tni_binary_format *format) {
    tni_big digits;
    int exponent = (int)shape->whole - tni_big_set_text(&digits, shape);
    bits = TNI_MIN(bits, tni_binary_infinity(format));
    while (bits < tni_binary_infinity(format)) {
        int order = tni_compare_midpoint(&digits, exponent, bits, format);
        if (order < 0 || (order == 0 && (bits & 1) == 0)) {
            break;
        }
        bits++;
    }
    while (bits > 0) {
        int order = tni_compare_midpoint(&digits, exponent, bits - 1, format);
        if (order > 0 || (order == 0 && (bits & 1) == 0)) {
            break;
        }
        bits--;
    }
    return bits;
}

/* Any number of digits. */
static uint64_t tni_parse_long(const tni_decimal_text *shape, const tni_binary_format *format) {
    const char *p;
    uint64_t w = 0, bits, above;
    int64_t count = 0;
    bool more = false;
    if (shape->first == shape->end || shape->whole < -400) {
        return 0;
    }
    if (shape->whole > 400) {
        return tni_binary_infinity(format);
    }
    for (p = shape->first; p < shape->end; p++) {
        if (!tni_is_digit(*p)) {
            continue;
        }
        if (count < 19) {
            w = w * 10 + (uint64_t)(*p - '0');
            count++;
        } else {
            more = more || *p != '0';
        }
    }
    if (tni_parse_product(w, shape->whole - count, format, &bits) &&
        (!more ||
         (tni_parse_product(w + 1, shape->whole - count, format, &above) && bits == above))) {
        return bits;
    }
    return tni_parse_exact(shape, bits, format);
}

#undef TNI_BIG_DIGITS
#undef TNI_BIG_LIMBS

/* ------------------------------------------------------------------------------- scanning --- */

/* Digits at *p into *w, eight at a time; how many. The caller refuses counts over 19. */
static int64_t tni_parse_run(const char **p, const char *end, uint64_t *w) {
    const char *start = *p, *c = start;
    uint32_t chunk;
    while (end - c >= 8 && tni_parse_digits8(c, &chunk)) {
        *w = *w * 100000000 + chunk;
        c += 8;
    }
    while (c < end && tni_is_digit(*c)) {
        *w = *w * 10 + (uint64_t)(*c++ - '0');
    }
    *p = c;
    return c - start;
}

/* The common form: at most 19 digits, no underscores. False sends the text the long way. */
static bool tni_parse_short(const char *p, const char *end, uint64_t *w, int64_t *q) {
    int64_t whole, fraction = 0, exponent = 0;
    *w = 0;
    whole = tni_parse_run(&p, end, w);
    if (p < end && *p == '.') {
        p++;
        fraction = tni_parse_run(&p, end, w);
    }
    if (whole + fraction == 0 || whole + fraction > 19) {
        return false;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        bool negative = false;
        const char *digits;
        p++;
        if (p < end && (*p == '-' || *p == '+')) {
            negative = *p++ == '-';
        }
        for (digits = p; p < end && p - digits < 8 && tni_is_digit(*p); p++) {
            exponent = exponent * 10 + (*p - '0');
        }
        if (p == digits) {
            return false;
        }
        exponent = negative ? -exponent : exponent;
    }
    *q = exponent - fraction;
    return p == end;
}

/* inf, infinity, nan in any case, after the sign */
static bool tni_parse_special(const char *p, size_t length, const tni_binary_format *format,
                              uint64_t *bits) {
    *bits = tni_binary_infinity(format);
    if (tni_name_equal_n(p, length, "inf", 3) || tni_name_equal_n(p, length, "infinity", 8)) {
        return true;
    }
    *bits |= UINT64_C(1) << (format->fraction_bits - 1);
    return tni_name_equal_n(p, length, "nan", 3);
}

#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD == 0
static const double tni_exact_powers[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                            1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                            1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* One operation on exact operands rounds correctly. */
static bool tni_parse_small(uint64_t w, int64_t q, uint64_t *bits) {
    double v = (double)w;
    if (w > (UINT64_C(1) << 53) || q < -22 || q > 22) {
        return false;
    }
    v = q < 0 ? v / tni_exact_powers[-q] : v * tni_exact_powers[q];
    memcpy(bits, &v, sizeof v);
    return true;
}
#else
static bool tni_parse_small(uint64_t w, int64_t q, uint64_t *bits) {
    (void)w; /* wider registers would round twice */
    (void)q;
    (void)bits;
    return false;
}
#endif

/* Bits of the text's value without its sign. */
static bool tni_parse_bits(const char *text, size_t length, const tni_binary_format *format,
                           uint64_t *bits, bool *negative) {
    const char *end, *p;
    uint64_t w;
    int64_t q;
    tni_decimal_text shape;
    tni_trim_blanks(&text, &length);
    p = text;
    end = text + length;
    *negative = false;
    *bits = 0;
    if (length > 0 && (*p == '-' || *p == '+')) {
        *negative = *p++ == '-';
    }
    if (tni_parse_short(p, end, &w, &q) &&
        ((format->fraction_bits == 52 && tni_parse_small(w, q, bits)) ||
         tni_parse_product(w, q, format, bits))) {
        return true;
    }
    if (tni_decimal_scan(text, end, &shape)) {
        *bits = tni_parse_long(&shape, format);
        return true;
    }
    return tni_parse_special(p, (size_t)(end - p), format, bits);
}

TNI_FN bool tni_parse_double(const char *text, size_t length, double *out) {
    uint64_t bits;
    bool negative, good = tni_parse_bits(text, length, &tni_binary64, &bits, &negative);
    bits = good ? bits | ((uint64_t)negative << 63) : 0;
    memcpy(out, &bits, sizeof *out);
    return good;
}

TNI_FN bool tni_parse_float(const char *text, size_t length, float *out) {
    uint64_t bits;
    uint32_t narrow;
    bool negative, good = tni_parse_bits(text, length, &tni_binary32, &bits, &negative);
    narrow = good ? (uint32_t)bits | ((uint32_t)negative << 31) : 0;
    memcpy(out, &narrow, sizeof *out);
    return good;
}
