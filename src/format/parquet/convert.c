/*
 * convert.c - stored values to SQL values: see convert.h for the contract.
 *
 * Plain loops over arrays, one per pair of widths, so that the compiler can vectorise them. What
 * cannot be represented (a time beyond 64 bits, a decimal too large) is an error, never a wrap.
 */
#include "format/parquet/convert.h"

#include "codec/codec.h"

#if defined(__GNUC__) && !defined(__clang__)
#define TNI_PARQUET_LOOP __attribute__((optimize("O3")))
#else
#define TNI_PARQUET_LOOP
#endif

static int32_t tni_parquet_load_i32(const uint8_t *p) {
    return (int32_t)tni_load_le32(p);
}

static int64_t tni_parquet_load_i64(const uint8_t *p) {
    return (int64_t)tni_load_le64(p);
}

TNI_PARQUET_LOOP
static void tni_parquet_to_i8(const uint8_t *in, size_t n, uint8_t *out) {
    size_t i;
    for (i = 0; i < n; i++) {
        out[i] = in[4 * i];
    }
}

TNI_PARQUET_LOOP
static void tni_parquet_to_i16(const uint8_t *in, size_t n, uint16_t *out) {
    size_t i;
    for (i = 0; i < n; i++) {
        out[i] = (uint16_t)tni_load_le32(in + 4 * i);
    }
}

TNI_PARQUET_LOOP
static void tni_parquet_to_i64(const uint8_t *in, size_t n, int64_t *out) {
    size_t i;
    for (i = 0; i < n; i++) {
        out[i] = tni_parquet_load_i32(in + 4 * i);
    }
}

/* Milliseconds to microseconds. */
static const char *tni_parquet_times_1000(const uint8_t *in, uint32_t width, size_t n,
                                          int64_t *out) {
    size_t i;
    for (i = 0; i < n; i++) {
        int64_t v =
            width == 4 ? tni_parquet_load_i32(in + 4 * i) : tni_parquet_load_i64(in + 8 * i);
        if (v > INT64_MAX / 1000 || v < INT64_MIN / 1000) {
            return "a time in milliseconds is out of the range of microseconds";
        }
        out[i] = v * 1000;
    }
    return NULL;
}

static int64_t tni_parquet_floor_1000(int64_t v) {
    return v / 1000 - (v % 1000 < 0);
}

static void tni_parquet_divided_1000(const uint8_t *in, size_t n, int64_t *out) {
    size_t i;
    for (i = 0; i < n; i++) {
        out[i] = tni_parquet_floor_1000(tni_parquet_load_i64(in + 8 * i));
    }
}

static void tni_parquet_to_i128(const uint8_t *in, uint32_t width, size_t n, tni_i128 *out) {
    size_t i;
    for (i = 0; i < n; i++) {
        out[i] = tni_i128_from_i64(width == 4 ? tni_parquet_load_i32(in + 4 * i)
                                              : tni_parquet_load_i64(in + 8 * i));
    }
}

/* INT96: nanoseconds of the day, then the Julian day number. Spark computes the latter with
 * wrap-around for years beyond 285,000: undoing it the same way gives its values back. */
static const char *tni_parquet_int96(const uint8_t *in, size_t n, int64_t *out) {
    const int64_t most = INT64_MAX / TNI_US_PER_DAY - 1;
    const uint64_t epoch = UINT64_C(2440588) * (uint64_t)TNI_US_PER_DAY;
    size_t i;
    for (i = 0; i < n; i++, in += 12) {
        int64_t day = tni_parquet_load_i32(in + 8);
        int64_t us = tni_parquet_floor_1000(tni_parquet_load_i64(in));
        if (day > most || day < -most) {
            return "an INT96 timestamp is out of range";
        }
        out[i] = (int64_t)((uint64_t)(day * TNI_US_PER_DAY) + (uint64_t)us - epoch);
    }
    return NULL;
}

/* A big-endian two's complement number; false beyond 128 bits. */
static bool tni_parquet_big_endian(const uint8_t *in, size_t size, tni_i128 *out) {
    uint64_t sign = size && in[0] & 0x80 ? UINT64_MAX : 0, high = sign, low = sign;
    while (size > 16) {
        if (*in != (uint8_t)sign) {
            return false;
        }
        in++;
        size--;
        if (size == 16 && (((uint64_t)in[0] ^ sign) & 0x80)) {
            return false;
        }
    }
    for (; size; size--) {
        high = high << 8 | low >> 56;
        low = low << 8 | *in++;
    }
    out->low = low;
    out->high = (int64_t)high;
    return true;
}

static const char tni_parquet_decimal_reason[] = "a DECIMAL value is out of the range of its type";

static const char *tni_parquet_decimal(const uint8_t *in, size_t size, bool is_small, size_t at,
                                       void *out) {
    tni_i128 v;
    if (!tni_parquet_big_endian(in, size, &v) || (is_small && !tni_i128_fits_i64(v))) {
        return tni_parquet_decimal_reason;
    }
    if (is_small) {
        ((int64_t *)out)[at] = (int64_t)v.low;
    } else {
        ((tni_i128 *)out)[at] = v;
    }
    return NULL;
}

TNI_FN const char *tni_parquet_convert_bytes(const tni_parquet_leaf *leaf, const tni_string *in,
                                             size_t n, void *out) {
    bool is_small = leaf->convert == TNI_PARQUET_BYTES_TO_I64;
    const char *reason = NULL;
    size_t i;
    for (i = 0; i < n && !reason; i++) {
        reason = tni_parquet_decimal(tni_string_data(&in[i]), in[i].length, is_small, i, out);
    }
    return reason;
}

/* IEEE 754 half to single: the exponent is re-biased, subnormals are normalised. */
static uint32_t tni_parquet_half(uint32_t half) {
    uint32_t sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31u, mantissa = half & 0x3ffu;
    if (exponent == 31) {
        return sign | 0x7f800000u | mantissa << 13;
    }
    if (exponent == 0) {
        if (mantissa == 0) {
            return sign;
        }
        exponent = 1;
        while (!(mantissa & 0x400u)) {
            mantissa <<= 1;
            exponent--;
        }
        mantissa &= 0x3ffu;
    }
    return sign | (exponent + 112u) << 23 | mantissa << 13;
}

static void tni_parquet_halves(const uint8_t *in, size_t n, uint32_t *out) {
    size_t i;
    for (i = 0; i < n; i++) {
        out[i] = tni_parquet_half(tni_load_le16(in + 2 * i));
    }
}

/* INTERVAL: months, days, milliseconds, each an unsigned 32-bit number. */
static void tni_parquet_intervals(const uint8_t *in, size_t n, tni_interval *out) {
    size_t i;
    for (i = 0; i < n; i++, in += 12) {
        out[i].months = (int32_t)tni_load_le32(in);
        out[i].days = (int32_t)tni_load_le32(in + 4);
        out[i].microseconds = (int64_t)tni_load_le32(in + 8) * 1000;
    }
}

static void tni_parquet_uuids(const uint8_t *in, size_t n, tni_string *out, uint8_t *heap) {
    static const char digits[17] = "0123456789abcdef";
    size_t i, k;
    for (i = 0; i < n; i++, in += 16, heap += TNI_PARQUET_UUID_TEXT) {
        uint8_t *to = heap;
        for (k = 0; k < 16; k++) {
            if (k == 4 || k == 6 || k == 8 || k == 10) {
                *to++ = '-';
            }
            *to++ = (uint8_t)digits[in[k] >> 4];
            *to++ = (uint8_t)digits[in[k] & 15];
        }
        out[i] = tni_string_make(heap, TNI_PARQUET_UUID_TEXT);
    }
}

TNI_FN const char *tni_parquet_convert_fixed(const tni_parquet_leaf *leaf, const uint8_t *stored,
                                             size_t n, void *out, uint8_t *heap) {
    uint32_t width = leaf->stored_width;
    const char *reason = NULL;
    size_t i;
    switch ((tni_parquet_convert)leaf->convert) {
    case TNI_PARQUET_TO_SAME:
        if (n) {
            memcpy(out, stored, n * width);
        }
        break;
    case TNI_PARQUET_TO_I8: tni_parquet_to_i8(stored, n, (uint8_t *)out); break;
    case TNI_PARQUET_TO_I16: tni_parquet_to_i16(stored, n, (uint16_t *)out); break;
    case TNI_PARQUET_TO_I64: tni_parquet_to_i64(stored, n, (int64_t *)out); break;
    case TNI_PARQUET_TO_I64_TIMES:
        reason = tni_parquet_times_1000(stored, width, n, (int64_t *)out);
        break;
    case TNI_PARQUET_TO_I64_DIVIDED: tni_parquet_divided_1000(stored, n, (int64_t *)out); break;
    case TNI_PARQUET_TO_I128: tni_parquet_to_i128(stored, width, n, (tni_i128 *)out); break;
    case TNI_PARQUET_INT96_TO_TIMESTAMP:
        reason = tni_parquet_int96(stored, n, (int64_t *)out);
        break;
    case TNI_PARQUET_BYTES_TO_I64:
    case TNI_PARQUET_BYTES_TO_I128:
        for (i = 0; i < n && !reason; i++) {
            reason = tni_parquet_decimal(stored + i * width, width,
                                         leaf->convert == TNI_PARQUET_BYTES_TO_I64, i, out);
        }
        break;
    case TNI_PARQUET_HALF_TO_FLOAT: tni_parquet_halves(stored, n, (uint32_t *)out); break;
    case TNI_PARQUET_TO_INTERVAL: tni_parquet_intervals(stored, n, (tni_interval *)out); break;
    case TNI_PARQUET_TO_UUID_TEXT: tni_parquet_uuids(stored, n, (tni_string *)out, heap); break;
    case TNI_PARQUET_TO_STRING:
        for (i = 0; i < n; i++) {
            ((tni_string *)out)[i] = tni_string_make(stored + i * width, width);
        }
        break;
    }
    return reason;
}

/* ---- gather, expand ---- */

#define TNI_PARQUET_GATHER(name, value, code)                                                      \
    static void name(const value *values, const code *codes, size_t n, value *out) {               \
        size_t i;                                                                                  \
        for (i = 0; i + 4 <= n; i += 4) {                                                          \
            value a = values[codes[i]], b = values[codes[i + 1]];                                  \
            value c = values[codes[i + 2]], d = values[codes[i + 3]];                              \
            out[i] = a;                                                                            \
            out[i + 1] = b;                                                                        \
            out[i + 2] = c;                                                                        \
            out[i + 3] = d;                                                                        \
        }                                                                                          \
        for (; i < n; i++) {                                                                       \
            out[i] = values[codes[i]];                                                             \
        }                                                                                          \
    }
#define TNI_PARQUET_GATHERS(bits, value)                                                           \
    TNI_PARQUET_GATHER(tni_parquet_gather_##bits##_8, value, uint8_t)                              \
    TNI_PARQUET_GATHER(tni_parquet_gather_##bits##_16, value, uint16_t)                            \
    TNI_PARQUET_GATHER(tni_parquet_gather_##bits##_32, value, uint32_t)                            \
    static void tni_parquet_gather_##bits(const void *values, const void *codes,                   \
                                          uint32_t code_width, size_t n, void *out) {              \
        if (code_width == 1) {                                                                     \
            tni_parquet_gather_##bits##_8((const value *)values, (const uint8_t *)codes, n,        \
                                          (value *)out);                                           \
        } else if (code_width == 2) {                                                              \
            tni_parquet_gather_##bits##_16((const value *)values, (const uint16_t *)codes, n,      \
                                           (value *)out);                                          \
        } else {                                                                                   \
            tni_parquet_gather_##bits##_32((const value *)values, (const uint32_t *)codes, n,      \
                                           (value *)out);                                          \
        }                                                                                          \
    }

TNI_PARQUET_GATHERS(8, uint8_t)
TNI_PARQUET_GATHERS(16, uint16_t)
TNI_PARQUET_GATHERS(32, uint32_t)
TNI_PARQUET_GATHERS(64, uint64_t)
TNI_PARQUET_GATHERS(128, tni_i128)

TNI_FN void tni_parquet_gather(const void *values, uint32_t width, const void *codes,
                               uint32_t code_width, size_t n, void *out) {
    switch (width) {
    case 1: tni_parquet_gather_8(values, codes, code_width, n, out); break;
    case 2: tni_parquet_gather_16(values, codes, code_width, n, out); break;
    case 4: tni_parquet_gather_32(values, codes, code_width, n, out); break;
    case 8: tni_parquet_gather_64(values, codes, code_width, n, out); break;
    default: tni_parquet_gather_128(values, codes, code_width, n, out); break;
    }
}

/* A word of 64 rows at a time: full and empty words are block moves, mixed ones branch-free. */
#define TNI_PARQUET_EXPAND(name, type, keep)                                                       \
    static void name(const type *dense, const uint64_t *validity, size_t rows, type *out) {        \
        size_t first, i;                                                                           \
        for (first = 0; first < rows; first += 64, out += 64) {                                    \
            uint64_t word = validity[first / 64];                                                  \
            size_t count = TNI_MIN((size_t)64, rows - first);                                      \
            if (word == tni_low_bits((uint32_t)count)) {                                           \
                memcpy(out, dense, count * sizeof *out);                                           \
                dense += count;                                                                    \
            } else if (word == 0) {                                                                \
                memset(out, 0, count * sizeof *out);                                               \
            } else {                                                                               \
                for (i = 0; i < count; i++, word >>= 1) {                                          \
                    keep                                                                           \
                    dense += word & 1;                                                             \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }
#define TNI_PARQUET_KEEP(type) out[i] = (type)(*dense & (type)(0 - (word & 1)));

TNI_PARQUET_EXPAND(tni_parquet_expand_8, uint8_t, TNI_PARQUET_KEEP(uint8_t))
TNI_PARQUET_EXPAND(tni_parquet_expand_16, uint16_t, TNI_PARQUET_KEEP(uint16_t))
TNI_PARQUET_EXPAND(tni_parquet_expand_32, uint32_t, TNI_PARQUET_KEEP(uint32_t))
TNI_PARQUET_EXPAND(tni_parquet_expand_64, uint64_t, TNI_PARQUET_KEEP(uint64_t))
TNI_PARQUET_EXPAND(tni_parquet_expand_128, tni_i128, {
    uint64_t tni_mask = 0 - (word & 1);
    out[i].low = dense->low & tni_mask;
    out[i].high = (int64_t)((uint64_t)dense->high & tni_mask);
})

TNI_FN void tni_parquet_expand(const void *dense, uint32_t width, const uint64_t *validity,
                               size_t rows, void *out) {
    switch (width) {
    case 1: tni_parquet_expand_8((const uint8_t *)dense, validity, rows, (uint8_t *)out); break;
    case 2: tni_parquet_expand_16((const uint16_t *)dense, validity, rows, (uint16_t *)out); break;
    case 4: tni_parquet_expand_32((const uint32_t *)dense, validity, rows, (uint32_t *)out); break;
    case 8: tni_parquet_expand_64((const uint64_t *)dense, validity, rows, (uint64_t *)out); break;
    default:
        tni_parquet_expand_128((const tni_i128 *)dense, validity, rows, (tni_i128 *)out);
        break;
    }
}

/* ---- integers: range and narrow codes ---- */

#define TNI_PARQUET_RANGE(name, value)                                                             \
    TNI_PARQUET_LOOP                                                                               \
    static void name(const void *values, size_t n, int64_t *low, int64_t *high) {                  \
        const value *v = (const value *)values;                                                    \
        value a = v[0], b = v[0];                                                                  \
        size_t i;                                                                                  \
        for (i = 1; i < n; i++) {                                                                  \
            a = v[i] < a ? v[i] : a;                                                               \
            b = v[i] > b ? v[i] : b;                                                               \
        }                                                                                          \
        *low = (int64_t)a;                                                                         \
        *high = (int64_t)b;                                                                        \
    }
TNI_PARQUET_RANGE(tni_parquet_range_i8, int8_t)
TNI_PARQUET_RANGE(tni_parquet_range_u8, uint8_t)
TNI_PARQUET_RANGE(tni_parquet_range_i16, int16_t)
TNI_PARQUET_RANGE(tni_parquet_range_u16, uint16_t)
TNI_PARQUET_RANGE(tni_parquet_range_u64, uint64_t)

TNI_FN void tni_parquet_range(const tni_kernels *kernels, tni_physical physical, const void *values,
                              size_t n, int64_t *low, int64_t *high) {
    int32_t a = 0, b = 0;
    uint32_t c = 0, d = 0;
    switch (physical) {
    case TNI_PHYSICAL_BOOL:
    case TNI_PHYSICAL_U8: tni_parquet_range_u8(values, n, low, high); break;
    case TNI_PHYSICAL_I8: tni_parquet_range_i8(values, n, low, high); break;
    case TNI_PHYSICAL_I16: tni_parquet_range_i16(values, n, low, high); break;
    case TNI_PHYSICAL_U16: tni_parquet_range_u16(values, n, low, high); break;
    case TNI_PHYSICAL_I32:
        (void)kernels->min_max_i32((const int32_t *)values, n, NULL, &a, &b);
        *low = a;
        *high = b;
        break;
    case TNI_PHYSICAL_U32:
        (void)kernels->min_max_u32((const uint32_t *)values, n, NULL, &c, &d);
        *low = c;
        *high = d;
        break;
    case TNI_PHYSICAL_I64:
        (void)kernels->min_max_i64((const int64_t *)values, n, NULL, low, high);
        break;
    default: tni_parquet_range_u64(values, n, low, high); break;
    }
}

#define TNI_PARQUET_NARROW(name, value, code)                                                      \
    TNI_PARQUET_LOOP                                                                               \
    static void name(const value *in, size_t n, value base, code *out) {                           \
        size_t i;                                                                                  \
        for (i = 0; i < n; i++) {                                                                  \
            out[i] = (code)(in[i] - base);                                                         \
        }                                                                                          \
    }
TNI_PARQUET_NARROW(tni_parquet_narrow_32_8, uint32_t, uint8_t)
TNI_PARQUET_NARROW(tni_parquet_narrow_32_16, uint32_t, uint16_t)
TNI_PARQUET_NARROW(tni_parquet_narrow_64_8, uint64_t, uint8_t)
TNI_PARQUET_NARROW(tni_parquet_narrow_64_16, uint64_t, uint16_t)

TNI_FN void tni_parquet_narrow(tni_physical physical, const void *values, size_t n, int64_t base,
                               uint32_t code_width, void *out) {
    bool is_small = physical == TNI_PHYSICAL_I32 || physical == TNI_PHYSICAL_U32;
    if (is_small && code_width == 1) {
        tni_parquet_narrow_32_8((const uint32_t *)values, n, (uint32_t)base, (uint8_t *)out);
    } else if (is_small) {
        tni_parquet_narrow_32_16((const uint32_t *)values, n, (uint32_t)base, (uint16_t *)out);
    } else if (code_width == 1) {
        tni_parquet_narrow_64_8((const uint64_t *)values, n, (uint64_t)base, (uint8_t *)out);
    } else {
        tni_parquet_narrow_64_16((const uint64_t *)values, n, (uint64_t)base, (uint16_t *)out);
    }
}

TNI_FN bool tni_parquet_codes_valid(const tni_kernels *kernels, const void *codes,
                                    uint32_t code_width, size_t n, uint32_t count) {
    uint32_t low = 0, high = 0;
    uint16_t low16 = 0, high16 = 0;
    uint8_t low8 = 0, high8 = 0;
    if (n == 0) {
        return true;
    }
    if (code_width == 1) {
        if (count > UINT8_MAX) {
            return true;
        }
        (void)kernels->min_max_u8((const uint8_t *)codes, n, NULL, &low8, &high8);
        high = high8;
    } else if (code_width == 2) {
        if (count > UINT16_MAX) {
            return true;
        }
        (void)kernels->min_max_u16((const uint16_t *)codes, n, NULL, &low16, &high16);
        high = high16;
    } else {
        (void)kernels->min_max_u32((const uint32_t *)codes, n, NULL, &low, &high);
    }
    return high < count;
}

#undef TNI_PARQUET_LOOP
#undef TNI_PARQUET_GATHER
#undef TNI_PARQUET_GATHERS
#undef TNI_PARQUET_EXPAND
#undef TNI_PARQUET_KEEP
#undef TNI_PARQUET_NARROW
#undef TNI_PARQUET_RANGE
