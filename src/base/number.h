/*
 * number.h - what the number printers and parsers share: digit pairs, blanks, SWAR digits.
 */
#ifndef TNI_BASE_NUMBER_H
#define TNI_BASE_NUMBER_H

#include "base/text.h"

TNI_FN uint32_t tni_digits_count(uint64_t value); /* decimal digits, 1 for 0 */
/* The low `count` digits of `value` at `out`, zero padded. */
TNI_FN void tni_digits_put(uint64_t value, uint32_t count, char *out);
/* Narrow *text, *length to what lies between blanks (space, \t \n \v \f \r). */
TNI_FN void tni_trim_blanks(const char **text, size_t *length);

/* floor(10^exponent / 2^n) with n such that the result has 128 bits, -351 <= exponent <= 350. */
TNI_FN void tni_power10_bits(int exponent, uint64_t *high, uint64_t *low);

/* floor(log2(10^exponent)) and floor(log10(2^exponent)) for |exponent| < 1233. */
TNI_INLINE int tni_floor_log2_power10(int exponent) {
    return (int)((((int64_t)exponent * 1741647 + (INT64_C(1) << 40)) >> 19) - (INT64_C(1) << 21));
}

/* The shape of a decimal text: where its digits are and what power the first one has. Single
 * underscores and one point may stand between the digits. */
typedef struct tni_decimal_text {
    const char *first; /* first significant digit (or the end when there is none) */
    const char *end;   /* past the last mantissa character */
    int64_t whole;     /* the value is 0.d1d2d3... * 10^whole */
    bool negative;
} tni_decimal_text;

/* [+-] digits . digits [e[+-]digits], nothing else; exponents are clamped to 8 digits. */
TNI_FN bool tni_decimal_scan(const char *p, const char *end, tni_decimal_text *out);

TNI_INLINE bool tni_is_digit(char c) {
    return (unsigned char)(c - '0') < 10;
}

/* Eight bytes, the first in the low bits on every machine. */
TNI_INLINE uint64_t tni_load_text8(const char *p) {
    uint64_t v;
    memcpy(&v, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

TNI_INLINE void tni_put_two(uint32_t value, char *out) { /* value < 100 */
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
}

/* True when the 8 bytes at `p` are all digits; then their value is stored. One load, three
 * multiplications: digits are paired, then the pairs, then the fours. */
TNI_INLINE bool tni_parse_digits8(const char *p, uint32_t *value) {
    uint64_t v = tni_load_text8(p);
    if (((v & UINT64_C(0xf0f0f0f0f0f0f0f0)) |
         (((v + UINT64_C(0x0606060606060606)) & UINT64_C(0xf0f0f0f0f0f0f0f0)) >> 4)) !=
        UINT64_C(0x3333333333333333)) {
        return false;
    }
    v -= UINT64_C(0x3030303030303030);
    v = v * 10 + (v >> 8);
    *value =
        (uint32_t)((((v & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064)) +
                    (((v >> 16) & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001))) >>
                   32);
    return true;
}

#endif
