/*
 * number.c - integers and decimals to text and back.
 *
 * Printing writes two digits at a time from a table, after counting digits so that they land in
 * place. Parsing eats eight digits a step while they last. A decimal is parsed as a run of
 * digits with a point position: only the digits that reach the target scale are accumulated,
 * the next one decides the rounding (half away from zero).
 *
 * Grammar: blanks, sign, digits (single underscores between digits allowed), and for decimals a
 * point and an exponent. Uses: int128.h, bits.h.
 */
#include "base/number.h"

#include "base/bits.h"

/* ------------------------------------------------------------------------------- printing --- */

static const char tni_number_pairs[201] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546"
    "4748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293"
    "949596979899";

/* powers[n] = 10^n: a value has more than n digits when it is not below powers[n] */
static const uint64_t tni_number_powers[20] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000),
};

TNI_FN uint32_t tni_digits_count(uint64_t value) {
    /* log10 from log2 (1233 / 4096 approximates log10 2), then one comparison */
    uint32_t guess = ((64 - tni_clz64(value | 1)) * 1233) >> 12;
    return guess + 1 - ((value | 1) < tni_number_powers[guess] ? 1u : 0u);
}

TNI_FN void tni_digits_put(uint64_t value, uint32_t count, char *out) {
    uint32_t low;
    while (value > UINT32_MAX && count >= 2) {
        uint64_t rest = value / 100;
        count -= 2;
        memcpy(out + count, tni_number_pairs + 2 * (value - rest * 100), 2);
        value = rest;
    }
    low = (uint32_t)value; /* 32-bit divisions are cheaper, where 64 bits are two registers most */
    while (count >= 2) {
        uint32_t rest = low / 100;
        count -= 2;
        memcpy(out + count, tni_number_pairs + 2 * (low - rest * 100), 2);
        low = rest;
    }
    if (count > 0) {
        out[0] = (char)('0' + low % 10);
    }
}

TNI_FN size_t tni_print_u64(uint64_t value, char out[24]) {
    uint32_t count = tni_digits_count(value);
    tni_digits_put(value, count, out);
    out[count] = '\0';
    return count;
}

TNI_FN size_t tni_print_i64(int64_t value, char out[24]) {
    size_t sign = value < 0;
    out[0] = '-';
    return sign + tni_print_u64(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, out + sign);
}

/* Digits of an unsigned pair, up to 39, without a NUL; the count. */
static uint32_t tni_print_wide(uint64_t high, uint64_t low, char *out) {
    const uint64_t unit = UINT64_C(10000000000000000000); /* 10^19 */
    uint64_t parts[3];
    uint32_t count;
    if (high == 0) {
        count = tni_digits_count(low);
        tni_digits_put(low, count, out);
        return count;
    }
    TNI_ASSERT(high < unit); /* magnitudes of signed values end at 2^127 */
    parts[2] = tni_divide_wide(high, low, unit, &parts[0]);
    parts[1] = parts[2] % unit;
    parts[2] /= unit;
    if (parts[2] != 0) {
        out[0] = (char)('0' + parts[2]);
        tni_digits_put(parts[1], 19, out + 1);
        tni_digits_put(parts[0], 19, out + 20);
        return 39;
    }
    count = tni_digits_count(parts[1]);
    tni_digits_put(parts[1], count, out);
    tni_digits_put(parts[0], 19, out + count);
    return count + 19;
}

static uint32_t tni_print_magnitude(tni_i128 value, char *out) {
    uint64_t high = (uint64_t)value.high, low = value.low;
    if (value.high < 0) {
        low = 0 - low;
        high = ~high + (low == 0 ? 1u : 0u);
    }
    return tni_print_wide(high, low, out);
}

TNI_FN size_t tni_print_i128(tni_i128 value, char out[48]) {
    size_t length = 0;
    if (value.high < 0) {
        out[length++] = '-';
    }
    length += tni_print_magnitude(value, out + length);
    out[length] = '\0';
    return length;
}

TNI_FN size_t tni_print_decimal(tni_i128 value, uint8_t scale, char out[48]) {
    char digits[40];
    size_t count = tni_print_magnitude(value, digits), length = 0;
    TNI_ASSERT(scale <= 38);
    if (value.high < 0) {
        out[length++] = '-';
    }
    if (count <= scale) {
        out[length++] = '0';
    } else {
        memcpy(out + length, digits, count - scale);
        length += count - scale;
    }
    if (scale > 0) {
        size_t given = TNI_MIN(count, (size_t)scale);
        out[length++] = '.';
        memset(out + length, '0', scale - given);
        memcpy(out + length + (scale - given), digits + (count - given), given);
        length += scale;
    }
    out[length] = '\0';
    return length;
}

/* -------------------------------------------------------------------------------- parsing --- */

static bool tni_is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

TNI_FN void tni_trim_blanks(const char **text, size_t *length) {
    const char *p = *text;
    size_t n = *length;
    while (n > 0 && tni_is_blank(p[0])) {
        p++;
        n--;
    }
    while (n > 0 && tni_is_blank(p[n - 1])) {
        n--;
    }
    *text = p;
    *length = n;
}

/* One digit or one underscore between digits: *p advances to the digit. */
static bool tni_next_digit(const char **p, const char *end) {
    const char *c = *p;
    if (c < end && tni_is_digit(*c)) {
        return true;
    }
    if (end - c >= 2 && c[0] == '_' && tni_is_digit(c[1]) && tni_is_digit(c[-1])) {
        *p = c + 1;
        return true;
    }
    return false;
}

/* Unsigned digits to the end of the text; false when malformed or over 64 bits. */
static bool tni_parse_unsigned(const char *p, const char *end, uint64_t *out) {
    uint64_t value = 0;
    uint32_t chunk;
    if (p == end || !tni_is_digit(*p)) {
        return false;
    }
    while (end - p >= 8 && value <= UINT64_C(99999999999) && tni_parse_digits8(p, &chunk)) {
        value = value * 100000000 + chunk;
        p += 8;
    }
    while (p < end) {
        uint64_t digit;
        if (!tni_next_digit(&p, end)) {
            return false;
        }
        digit = (uint64_t)(*p++ - '0');
        if (value > UINT64_MAX / 10 || value * 10 > UINT64_MAX - digit) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

TNI_FN bool tni_parse_u64(const char *text, size_t length, uint64_t *out) {
    const char *end;
    bool negative = false;
    *out = 0;
    tni_trim_blanks(&text, &length);
    end = text + length;
    if (length > 0 && (*text == '-' || *text == '+')) {
        negative = *text++ == '-';
    }
    if (!tni_parse_unsigned(text, end, out) || (negative && *out != 0)) {
        *out = 0;
        return false;
    }
    return true;
}

TNI_FN bool tni_parse_i64(const char *text, size_t length, int64_t *out) {
    const char *end;
    bool negative = false;
    uint64_t value;
    *out = 0;
    if (length > 0 && !tni_is_digit(*text)) {
        tni_trim_blanks(&text, &length);
    }
    while (length > 0 && tni_is_blank(text[length - 1])) {
        length--;
    }
    end = text + length;
    if (length > 0 && (*text == '-' || *text == '+')) {
        negative = *text++ == '-';
    }
    if (!tni_parse_unsigned(text, end, &value) ||
        value > (uint64_t)INT64_MAX + (negative ? 1u : 0u)) {
        return false;
    }
    *out = (int64_t)(negative ? 0 - value : value);
    return true;
}

/* value * 10^digits + chunk as an unsigned pair below 2^127; false beyond. */
static bool tni_wide_append(uint64_t *high, uint64_t *low, uint64_t factor, uint64_t chunk) {
    uint64_t carry, top_high;
    uint64_t bottom = tni_multiply_wide(*low, factor, &carry);
    uint64_t top = tni_multiply_wide(*high, factor, &top_high);
    if (top_high != 0 || top > UINT64_MAX - carry) {
        return false;
    }
    top += carry;
    bottom += chunk;
    if (bottom < chunk && ++top == 0) {
        return false;
    }
    *high = top;
    *low = bottom;
    return true;
}

TNI_FN bool tni_parse_i128(const char *text, size_t length, tni_i128 *out) {
    const char *end;
    bool negative = false;
    uint64_t high = 0, low = 0;
    const uint64_t top = UINT64_C(1) << 63;
    out->low = 0;
    out->high = 0;
    tni_trim_blanks(&text, &length);
    end = text + length;
    if (length > 0 && (*text == '-' || *text == '+')) {
        negative = *text++ == '-';
    }
    if (text == end || !tni_is_digit(*text)) {
        return false;
    }
    while (text < end) {
        uint64_t chunk = 0;
        uint32_t count = 0;
        while (text < end && count < 18) {
            if (!tni_next_digit(&text, end)) {
                return false;
            }
            chunk = chunk * 10 + (uint64_t)(*text++ - '0');
            count++;
        }
        if (!tni_wide_append(&high, &low, tni_number_powers[count], chunk)) {
            return false;
        }
    }
    if (high >= top && !(negative && high == top && low == 0)) {
        return false;
    }
    if (negative) {
        low = 0 - low;
        high = ~high + (low == 0 ? 1u : 0u);
    }
    out->low = low;
    out->high = (int64_t)high;
    return true;
}

TNI_FN bool tni_decimal_scan(const char *p, const char *end, tni_decimal_text *out) {
    bool any = false, point = false, negative_exponent = false, digit = false;
    int64_t exponent = 0;
    out->negative = false;
    out->first = NULL;
    out->whole = 0;
    if (p < end && (*p == '-' || *p == '+')) {
        out->negative = *p++ == '-';
    }
    for (; p < end; p++) {
        if (tni_is_digit(*p)) {
            any = true;
            if (out->first == NULL && *p != '0') {
                out->first = p;
            }
            out->whole += (out->first != NULL && !point) ? 1 : 0;
            out->whole -= (out->first == NULL && point) ? 1 : 0;
        } else if (*p == '.' && !point) {
            point = true;
        } else if (!(*p == '_' && any && tni_is_digit(p[-1]) && end - p > 1 &&
                     tni_is_digit(p[1]))) {
            break;
        }
    }
    out->end = p;
    if (out->first == NULL) {
        out->first = p;
    }
    if (!any) {
        return false;
    }
    if (p == end) {
        return true;
    }
    if (*p != 'e' && *p != 'E') {
        return false;
    }
    p++;
    if (p < end && (*p == '-' || *p == '+')) {
        negative_exponent = *p++ == '-';
    }
    for (; p < end && tni_is_digit(*p); p++) {
        digit = true;
        exponent = TNI_MIN(exponent * 10 + (*p - '0'), INT64_C(100000000));
    }
    out->whole += negative_exponent ? -exponent : exponent;
    return digit && p == end;
}

TNI_FN bool tni_parse_decimal(const char *text, size_t length, uint8_t precision, uint8_t scale,
                              tni_i128 *out) {
    tni_decimal_text shape;
    uint64_t high = 0, low = 0, chunk = 0;
    uint32_t count = 0;
    int64_t wanted;
    bool round_up = false;
    const char *p;
    tni_i128 limit;
    out->low = 0;
    out->high = 0;
    tni_trim_blanks(&text, &length);
    if (!tni_decimal_scan(text, text + length, &shape)) {
        return false;
    }
    if (shape.first == shape.end) {
        return true;
    }
    wanted = shape.whole + scale;
    if (wanted > precision) {
        return false;
    }
    /* at most 38 steps: each takes a digit, or a zero past the written ones */
    for (p = shape.first; wanted >= 0;) {
        uint64_t digit = 0;
        while (p < shape.end && !tni_is_digit(*p)) {
            p++;
        }
        if (p < shape.end) {
            digit = (uint64_t)(*p++ - '0');
        }
        if (wanted-- == 0) {
            round_up = digit >= 5;
            break;
        }
        chunk = chunk * 10 + digit;
        if (++count == 19) {
            (void)tni_wide_append(&high, &low, tni_number_powers[19], chunk);
            chunk = 0;
            count = 0;
        }
    }
    (void)tni_wide_append(&high, &low, tni_number_powers[count], chunk);
    low += round_up ? 1u : 0u;
    high += round_up && low == 0 ? 1u : 0u;
    limit = tni_i128_power10(precision);
    if (high > (uint64_t)limit.high || (high == (uint64_t)limit.high && low >= limit.low)) {
        return false;
    }
    if (shape.negative) {
        low = 0 - low;
        high = ~high + (low == 0 ? 1u : 0u);
    }
    out->low = low;
    out->high = (int64_t)high;
    return true;
}
