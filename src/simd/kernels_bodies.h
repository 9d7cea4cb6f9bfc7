/*
 * kernels_bodies.h - the kernels' bodies in portable C, forced inline into a stub per row.
 *
 * The model: loops the compiler can vectorise under the stub's target attribute. Where bitmaps
 * are involved, loops read or write a flag byte (0 or 0xff) per row instead, and two helpers
 * turn mask words into flags and back; only they know the processor. Comparisons work on blocks
 * of 64 rows, the last one copied to a padded array, so that each loop exists once.
 *
 * The first argument of a body is its row's level, a constant.
 *
 * Inputs may lie anywhere in memory (a Parquet page is a byte stream): they are read through
 * the tni_any_* types, which assume no alignment.
 */
#ifndef TNI_SIMD_KERNELS_BODIES_H
#define TNI_SIMD_KERNELS_BODIES_H

#include "base/hash.h"
#include "simd/kernels.h"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define TNI_SIMD_X86 1
#include <immintrin.h>
/* MinGW's gcc does not align the stack for spilled 32-byte registers (gcc bug 54412). */
#if !defined(_WIN32) || defined(__clang__)
#define TNI_SIMD_AVX 1
#endif
#elif defined(__aarch64__) && defined(__ARM_NEON) && (defined(__GNUC__) || defined(__clang__)) &&  \
    !defined(__AARCH64EB__)
#define TNI_SIMD_NEON 1
#include <arm_neon.h>
#endif

#if defined(__GNUC__) || defined(__clang__)
#define TNI_ANYWHERE(type) type __attribute__((aligned(1), may_alias))
#else
#define TNI_ANYWHERE(type) type
#endif
typedef TNI_ANYWHERE(uint8_t) tni_any_u8;
typedef TNI_ANYWHERE(uint16_t) tni_any_u16;
typedef TNI_ANYWHERE(uint32_t) tni_any_u32;
typedef TNI_ANYWHERE(uint64_t) tni_any_u64;
typedef TNI_ANYWHERE(int32_t) tni_any_i32;
typedef TNI_ANYWHERE(int64_t) tni_any_i64;
typedef TNI_ANYWHERE(float) tni_any_f32;
typedef TNI_ANYWHERE(double) tni_any_f64;

/* Before an element-wise loop whose output may be its input: iterations do not meet. clang warns
 * where it then finds no vectors to use. */
#if defined(__clang__) && !defined(TNI_SIMD_X86) && !defined(TNI_SIMD_NEON)
#define TNI_EACH_ALONE
#elif defined(__clang__)
#define TNI_EACH_ALONE _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define TNI_EACH_ALONE _Pragma("GCC ivdep")
#else
#define TNI_EACH_ALONE
#endif

/* What the row of a stub may use: a constant in every stub, so that `if (level ...)` is free. */
#define TNI_LEVEL_SCALAR 0
#define TNI_LEVEL_BASE 1 /* SSE2 or NEON */
#define TNI_LEVEL_AVX2 2
#define TNI_LEVEL_AVX512 3

#if defined(TNI_SIMD_AVX)
static void tni_avx2_expand(const uint64_t *words, size_t count, uint8_t *flags);
static void tni_avx512_expand(const uint64_t *words, size_t count, uint8_t *flags);
#endif

/* ---- blocks of rows ---- */

/* flags[j] = bit j of `words` ? 0xff : 0, for `count` words. A row with wider registers than the
 * baseline has its own function, called once for many rows: what it stores has left the store
 * buffer by the time the loop reads it back. */
TNI_FORCE_INLINE void tni_block_expand(int level, const uint64_t *words, size_t count,
                                       uint8_t *flags) {
    size_t w, j;
#if defined(TNI_SIMD_AVX)
    if (level == TNI_LEVEL_AVX512) {
        tni_avx512_expand(words, count, flags);
        return;
    }
    if (level == TNI_LEVEL_AVX2) {
        tni_avx2_expand(words, count, flags);
        return;
    }
#endif
#if defined(TNI_SIMD_X86)
    if (level) {
        const __m128i bits = _mm_set1_epi64x((int64_t)UINT64_C(0x8040201008040201));
        for (j = 0; j < count * 4; j++, flags += 16) {
            uint64_t word = words[j / 4] >> (16 * (j % 4));
            __m128i x = _mm_set_epi64x((int64_t)((word >> 8 & 255) * UINT64_C(0x0101010101010101)),
                                       (int64_t)((word & 255) * UINT64_C(0x0101010101010101)));
            x = _mm_cmpeq_epi8(_mm_and_si128(x, bits), bits);
            _mm_storeu_si128((__m128i *)(void *)flags, x);
        }
        return;
    }
#elif defined(TNI_SIMD_NEON)
    if (level) {
        const uint8x8_t bits = vcreate_u8(UINT64_C(0x8040201008040201));
        for (j = 0; j < count * 8; j++, flags += 8) {
            vst1_u8(flags, vtst_u8(vdup_n_u8((uint8_t)(words[j / 8] >> (8 * (j % 8)))), bits));
        }
        return;
    }
#endif
    (void)level;
    for (w = 0; w < count; w++) {
        for (j = 0; j < 64; j++) {
            *flags++ = (uint8_t)(0u - (uint32_t)((words[w] >> j) & 1));
        }
    }
}

/* How many rows masked loops take at a time, and their flags: rows [i, i + result). */
#define TNI_BLOCK_ROWS 512u
TNI_FORCE_INLINE size_t tni_block_flags(int level, const uint64_t *mask, size_t i, size_t n,
                                        uint8_t *flags) {
    size_t rows = n - i < TNI_BLOCK_ROWS ? n - i : TNI_BLOCK_ROWS;
    tni_block_expand(level, mask + i / 64, tni_bitmap_words(rows), flags);
    return rows;
}

/* Bit j = high bit of flags[j]. */
TNI_FORCE_INLINE uint64_t tni_block_collect(int level, const uint8_t *flags) {
    uint64_t word = 0;
    uint32_t j;
#if defined(TNI_SIMD_X86)
    if (level) {
        for (j = 0; j < 4; j++) {
            __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(flags + 16 * j));
            word |= (uint64_t)(uint32_t)_mm_movemask_epi8(x) << (16 * j);
        }
        return word;
    }
#elif defined(TNI_SIMD_NEON)
    if (level) {
        const uint8x16_t bits = vreinterpretq_u8_u64(vdupq_n_u64(UINT64_C(0x8040201008040201)));
        uint8x16_t a = vandq_u8(vcltzq_s8(vreinterpretq_s8_u8(vld1q_u8(flags))), bits);
        uint8x16_t b = vandq_u8(vcltzq_s8(vreinterpretq_s8_u8(vld1q_u8(flags + 16))), bits);
        uint8x16_t c = vandq_u8(vcltzq_s8(vreinterpretq_s8_u8(vld1q_u8(flags + 32))), bits);
        uint8x16_t d = vandq_u8(vcltzq_s8(vreinterpretq_s8_u8(vld1q_u8(flags + 48))), bits);
        a = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
        a = vpaddq_u8(a, a);
        return vgetq_lane_u64(vreinterpretq_u64_u8(a), 0);
    }
#endif
    (void)level;
    for (j = 0; j < 64; j++) {
        word |= (uint64_t)(flags[j] >> 7) << j;
    }
    return word;
}

/* The mask word of rows i .. i + 63, cut to the rows there are. */
TNI_FORCE_INLINE uint64_t tni_block_word(const uint64_t *mask, size_t i, size_t n) {
    uint64_t word = mask ? mask[i / 64] : ~UINT64_C(0);
    return n - i >= 64 ? word : word & tni_low_bits((uint32_t)(n - i));
}

/* Where the 64 values from `v + i` may be read: in place, or in `tail`, zero padded. */
#define TNI_BLOCK_SOURCE(any, type)                                                                \
    TNI_FORCE_INLINE const tni_any_##any *tni_block_##any(const type *v, size_t i, size_t n,       \
                                                          type *tail) {                            \
        if (n - i >= 64) {                                                                         \
            return (const tni_any_##any *)(v + i);                                                 \
        }                                                                                          \
        memset(tail, 0, 64 * sizeof *tail);                                                        \
        memcpy(tail, v + i, (n - i) * sizeof *tail);                                               \
        return (const tni_any_##any *)tail;                                                        \
    }
TNI_BLOCK_SOURCE(u8, uint8_t)
TNI_BLOCK_SOURCE(u16, uint16_t)
TNI_BLOCK_SOURCE(u32, uint32_t)
TNI_BLOCK_SOURCE(u64, uint64_t)
TNI_BLOCK_SOURCE(i32, int32_t)
TNI_BLOCK_SOURCE(i64, int64_t)
TNI_BLOCK_SOURCE(f32, float)
TNI_BLOCK_SOURCE(f64, double)

/* The first selected row, n when there is none. */
TNI_FORCE_INLINE size_t tni_block_first(const uint64_t *mask, size_t n) {
    size_t i;
    for (i = 0; mask && i < n; i += 64) {
        uint64_t word = tni_block_word(mask, i, n);
        if (word) {
            return i + tni_ctz64(word);
        }
    }
    return mask ? n : 0;
}

/* ---- comparisons ---- */

/* low <= v <= high is one unsigned comparison, v - low <= high - low, for signed values too: the
 * range kernels of kernels.h are these. */
#define TNI_KERNELS_SPANS(K)                                                                       \
    K(void, span_u8, (const uint8_t *v, size_t n, uint8_t low, uint8_t span, uint64_t *out),       \
      (v, n, low, span, out))                                                                      \
    K(void, span_u16, (const uint16_t *v, size_t n, uint16_t low, uint16_t span, uint64_t *out),   \
      (v, n, low, span, out))                                                                      \
    K(void, span_u32, (const uint32_t *v, size_t n, uint32_t low, uint32_t span, uint64_t *out),   \
      (v, n, low, span, out))                                                                      \
    K(void, span_u64, (const uint64_t *v, size_t n, uint64_t low, uint64_t span, uint64_t *out),   \
      (v, n, low, span, out))
#define TNI_SPAN_BODY(name, type)                                                                  \
    TNI_FORCE_INLINE void tni_span_##name##_body(int level, const type *v, size_t n, type low,     \
                                                 type span, uint64_t *out) {                       \
        type tail[64];                                                                             \
        uint8_t flags[64];                                                                         \
        size_t i, j;                                                                               \
        for (i = 0; i < n; i += 64) {                                                              \
            const tni_any_##name *p = tni_block_##name(v, i, n, tail);                             \
            for (j = 0; j < 64; j++) {                                                             \
                flags[j] = (type)(p[j] - low) <= span ? 255 : 0;                                   \
            }                                                                                      \
            out[i / 64] = tni_block_collect(level, flags) & tni_block_word(NULL, i, n);            \
        }                                                                                          \
    }
TNI_SPAN_BODY(u8, uint8_t)
TNI_SPAN_BODY(u16, uint16_t)
TNI_SPAN_BODY(u32, uint32_t)
TNI_SPAN_BODY(u64, uint64_t)

/* The next float towards infinity or its opposite: turns an exclusive bound into an inclusive
 * one. Past infinity comes NaN, which compares false with everything: no row is left. */
TNI_FORCE_INLINE double tni_range_step_f64(double v, bool up) {
    int64_t bits;
    if (v != v) {
        return v;
    }
    v = v + 0.0; /* -0.0 becomes 0.0 */
    memcpy(&bits, &v, 8);
    if (bits == 0 && !up) {
        bits = INT64_MIN + 1;
    } else {
        bits += (bits < 0) == up ? -1 : 1;
    }
    memcpy(&v, &bits, 8);
    return v;
}

TNI_FORCE_INLINE float tni_range_step_f32(float v, bool up) {
    int32_t bits;
    if (v != v) {
        return v;
    }
    v = v + 0.0f;
    memcpy(&bits, &v, 4);
    if (bits == 0 && !up) {
        bits = INT32_MIN + 1;
    } else {
        bits += (bits < 0) == up ? -1 : 1;
    }
    memcpy(&v, &bits, 4);
    return v;
}

#define TNI_RANGE_FLOAT_BODY(name, type)                                                           \
    TNI_FORCE_INLINE void tni_range_##name##_body(int level, const type *v, size_t n, type low,    \
                                                  type high, int options, uint64_t *out) {         \
        type tail[64];                                                                             \
        uint8_t flags[64];                                                                         \
        const int nan = (options & 4) != 0;                                                        \
        size_t i, j;                                                                               \
        low = options & 1 ? tni_range_step_##name(low, true) : low;                                \
        high = options & 2 ? tni_range_step_##name(high, false) : high;                            \
        for (i = 0; i < n; i += 64) {                                                              \
            const tni_any_##name *p = tni_block_##name(v, i, n, tail);                             \
            for (j = 0; j < 64; j++) {                                                             \
                int hit = ((p[j] >= low) & (p[j] <= high)) | ((p[j] != p[j]) & nan);               \
                flags[j] = (uint8_t)-hit;                                                          \
            }                                                                                      \
            out[i / 64] = tni_block_collect(level, flags) & tni_block_word(NULL, i, n);            \
        }                                                                                          \
    }
TNI_RANGE_FLOAT_BODY(f32, float)
TNI_RANGE_FLOAT_BODY(f64, double)

/* Three operators from two: a <= b is not (b < a), NaN being the greatest and equal to itself. */
#define TNI_COMPARE_BODY(name, type, equal, less)                                                  \
    TNI_FORCE_INLINE void tni_compare_##name##_body(int level, const type *a, const type *b,       \
                                                    size_t n, int op, uint64_t *out) {             \
        type tail_a[64], tail_b[64];                                                               \
        uint8_t flags[64];                                                                         \
        uint64_t flip = op == 2 ? ~UINT64_C(0) : 0;                                                \
        size_t i, j;                                                                               \
        if (op == 2) {                                                                             \
            const type *swap = a;                                                                  \
            a = b;                                                                                 \
            b = swap;                                                                              \
        }                                                                                          \
        for (i = 0; i < n; i += 64) {                                                              \
            const tni_any_##name *p = tni_block_##name(a, i, n, tail_a);                           \
            const tni_any_##name *q = tni_block_##name(b, i, n, tail_b);                           \
            if (op == 0) {                                                                         \
                for (j = 0; j < 64; j++) {                                                         \
                    flags[j] = equal(p[j], q[j]) ? 255 : 0;                                        \
                }                                                                                  \
            } else {                                                                               \
                for (j = 0; j < 64; j++) {                                                         \
                    flags[j] = less(p[j], q[j]) ? 255 : 0;                                         \
                }                                                                                  \
            }                                                                                      \
            out[i / 64] = (tni_block_collect(level, flags) ^ flip) & tni_block_word(NULL, i, n);   \
        }                                                                                          \
    }
#define TNI_EQUAL_INTEGER(x, y) ((x) == (y))
#define TNI_LESS_INTEGER(x, y) ((x) < (y))
#define TNI_EQUAL_FLOAT(x, y) (((x) == (y)) | (((x) != (x)) & ((y) != (y))))
#define TNI_LESS_FLOAT(x, y) (((x) < (y)) | (((x) == (x)) & ((y) != (y))))
TNI_COMPARE_BODY(i32, int32_t, TNI_EQUAL_INTEGER, TNI_LESS_INTEGER)
TNI_COMPARE_BODY(i64, int64_t, TNI_EQUAL_INTEGER, TNI_LESS_INTEGER)
TNI_COMPARE_BODY(f64, double, TNI_EQUAL_FLOAT, TNI_LESS_FLOAT)

/* ---- masks ---- */

TNI_FORCE_INLINE void tni_bytes_to_mask_body(int level, const uint8_t *v, size_t n, uint64_t *out) {
    uint8_t tail[64], flags[64];
    size_t i, j;
    for (i = 0; i < n; i += 64) {
        const tni_any_u8 *p = tni_block_u8(v, i, n, tail);
        for (j = 0; j < 64; j++) {
            flags[j] = p[j] ? 255 : 0;
        }
        out[i / 64] = tni_block_collect(level, flags);
    }
}

TNI_FORCE_INLINE void tni_mask_to_bytes_body(int level, const uint64_t *mask, size_t n,
                                             uint8_t *out) {
    uint8_t flags[TNI_BLOCK_ROWS];
    size_t i, j, rows;
    for (i = 0; i < n; i += rows) {
        rows = tni_block_flags(level, mask, i, n, flags);
        for (j = 0; j < rows; j++) {
            out[i + j] = flags[j] & 1;
        }
    }
}

/* Row numbers of the set bits of one word, one at a time. */
TNI_FORCE_INLINE uint32_t tni_positions_of_word(uint64_t word, uint32_t base, uint16_t *out,
                                                uint32_t count) {
    for (; word; word &= word - 1) {
        out[count++] = (uint16_t)(base + tni_ctz64(word));
    }
    return count;
}

/* Where the set bits of a nibble are, then padding. */
static const uint16_t tni_positions_nibble[16][4] = {
    {0, 0, 0, 0}, {0, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}, {2, 0, 0, 0}, {0, 2, 0, 0},
    {1, 2, 0, 0}, {0, 1, 2, 0}, {3, 0, 0, 0}, {0, 3, 0, 0}, {1, 3, 0, 0}, {0, 1, 3, 0},
    {2, 3, 0, 0}, {0, 2, 3, 0}, {1, 2, 3, 0}, {0, 1, 2, 3},
};

/* Four rows a step, without branches: the four slots written always fit, because no more rows
 * were found than passed. Sparse words go bit by bit. */
TNI_FORCE_INLINE uint32_t tni_mask_positions_body(int level, const uint64_t *mask, size_t n,
                                                  uint16_t *out) {
    uint32_t count = 0, i;
    (void)level;
    for (i = 0; i < (uint32_t)n; i += 64) {
        uint64_t word = mask[i / 64], step;
        uint32_t j;
        if ((uint32_t)n - i < 64 || tni_popcount64(word) <= 8) {
            count = tni_positions_of_word(tni_block_word(mask, i, n), i, out, count);
            continue;
        }
        for (j = 0; j < 64; j += 4, word >>= 4) {
            memcpy(&step, tni_positions_nibble[word & 15], 8);
            step += (i + j) * UINT64_C(0x0001000100010001);
            memcpy(out + count, &step, 8);
            count += tni_popcount64(word & 15);
        }
    }
    return count;
}

/* ---- gather, widen ---- */

#define TNI_GATHER_BODY(bits)                                                                      \
    TNI_FORCE_INLINE void tni_gather_##bits##_body(int level, const uint##bits##_t *v,             \
                                                   const uint16_t *positions, size_t n,            \
                                                   uint##bits##_t *out) {                          \
        const tni_any_u##bits *p = (const tni_any_u##bits *)v;                                     \
        size_t i;                                                                                  \
        (void)level;                                                                               \
        for (i = 0; i + 4 <= n; i += 4) {                                                          \
            uint##bits##_t a = p[positions[i]], b = p[positions[i + 1]];                           \
            uint##bits##_t c = p[positions[i + 2]], d = p[positions[i + 3]];                       \
            out[i] = a;                                                                            \
            out[i + 1] = b;                                                                        \
            out[i + 2] = c;                                                                        \
            out[i + 3] = d;                                                                        \
        }                                                                                          \
        for (; i < n; i++) {                                                                       \
            out[i] = p[positions[i]];                                                              \
        }                                                                                          \
    }
TNI_GATHER_BODY(8)
TNI_GATHER_BODY(16)
TNI_GATHER_BODY(32)
TNI_GATHER_BODY(64)

/* base + code wraps like the subtraction that made the code. */
#define TNI_WIDEN_BODY(from, to, wrap)                                                             \
    TNI_FORCE_INLINE void tni_widen_u##from##_i##to##_body(int level, const uint##from##_t *v,     \
                                                           size_t n, int##to##_t base,             \
                                                           int##to##_t *out) {                     \
        const tni_any_u##from *p = (const tni_any_u##from *)v;                                     \
        size_t i;                                                                                  \
        (void)level;                                                                               \
        TNI_EACH_ALONE                                                                             \
        for (i = 0; i < n; i++) {                                                                  \
            out[i] = (int##to##_t)((wrap)base + p[i]);                                             \
        }                                                                                          \
    }
TNI_WIDEN_BODY(8, 32, uint32_t)
TNI_WIDEN_BODY(16, 32, uint32_t)
TNI_WIDEN_BODY(8, 64, uint64_t)
TNI_WIDEN_BODY(16, 64, uint64_t)
TNI_WIDEN_BODY(32, 64, uint64_t)

#define TNI_TO_DOUBLE_BODY(name, type)                                                             \
    TNI_FORCE_INLINE void tni_widen_##name##_f64_body(int level, const type *v, size_t n,          \
                                                      double *out) {                               \
        const tni_any_##name *p = (const tni_any_##name *)v;                                       \
        size_t i;                                                                                  \
        (void)level;                                                                               \
        TNI_EACH_ALONE                                                                             \
        for (i = 0; i < n; i++) {                                                                  \
            out[i] = (double)p[i];                                                                 \
        }                                                                                          \
    }
TNI_TO_DOUBLE_BODY(i32, int32_t)
TNI_TO_DOUBLE_BODY(i64, int64_t)
TNI_TO_DOUBLE_BODY(f32, float)

/* ---- sums ---- */

/* 2^16 values below 2^16 still fit 32 bits: sums of codes need no wider lanes. */
#define TNI_SUM_BODY(name, type, sign, lane)                                                       \
    TNI_FORCE_INLINE int64_t tni_sum_##name##_body(int level, const type *v, size_t n,             \
                                                   const uint64_t *mask) {                         \
        const tni_any_##name *p = (const tni_any_##name *)v;                                       \
        uint8_t flags[TNI_BLOCK_ROWS];                                                             \
        lane sum = 0;                                                                              \
        size_t i, j, rows;                                                                         \
        if (!mask) {                                                                               \
            for (i = 0; i < n; i++) {                                                              \
                sum += p[i];                                                                       \
            }                                                                                      \
            return (int64_t)sum;                                                                   \
        }                                                                                          \
        for (i = 0; i < n; i += rows, p += rows) {                                                 \
            rows = tni_block_flags(level, mask, i, n, flags);                                      \
            for (j = 0; j < rows; j++) {                                                           \
                sign keep = (int8_t)flags[j];                                                      \
                sum += (type)(p[j] & (type)keep);                                                  \
            }                                                                                      \
        }                                                                                          \
        return (int64_t)sum;                                                                       \
    }
TNI_SUM_BODY(u8, uint8_t, int8_t, uint32_t)
TNI_SUM_BODY(u16, uint16_t, int16_t, uint32_t)
TNI_SUM_BODY(u32, uint32_t, int32_t, uint64_t)
TNI_SUM_BODY(i32, int32_t, int32_t, int64_t)

/* Sums of the low and of the high 32 bits (signed), put together. */
TNI_FORCE_INLINE tni_i128 tni_sum_limbs(uint64_t low, int64_t high) {
    tni_i128 sum;
    sum.low = (uint64_t)high << 32;
    sum.high = high >> 32;
    tni_i128_accumulate(&sum, (int64_t)low);
    return sum;
}

/* The high half is summed biased by 2^31, unsigned: no row has a 64-bit arithmetic shift. */
TNI_FORCE_INLINE tni_i128 tni_sum_i64_body(int level, const int64_t *v, size_t n,
                                           const uint64_t *mask) {
    const uint64_t bias = UINT64_C(1) << 63;
    const tni_any_u64 *p = (const tni_any_u64 *)v;
    uint64_t low = 0, high = 0, selected = mask ? 0 : n;
    uint8_t flags[TNI_BLOCK_ROWS];
    size_t i, j, rows;
    for (i = 0; !mask && i < n; i++) {
        low += p[i] & UINT32_MAX;
        high += (p[i] ^ bias) >> 32;
    }
    for (i = 0; mask && i < n; i += rows, p += rows) {
        rows = tni_block_flags(level, mask, i, n, flags);
        for (j = 0; j < rows; j++) {
            uint64_t keep = (uint64_t)(int64_t)(int8_t)flags[j];
            low += p[j] & (keep & UINT32_MAX);
            high += ((p[j] ^ bias) & keep) >> 32;
        }
    }
    for (i = 0; mask && i < n; i += 64) {
        selected += tni_popcount64(tni_block_word(mask, i, n));
    }
    return tni_sum_limbs(low, (int64_t)high - (int64_t)(selected << 31));
}

/* v where `flag` is 0xff, -0.0 where it is 0. */
TNI_FORCE_INLINE float tni_lanes_pick_f32(float v, uint8_t flag) {
    int32_t keep = (int8_t)flag;
    uint32_t bits;
    memcpy(&bits, &v, 4);
    bits = (bits & (uint32_t)keep) | (UINT32_C(0x80000000) & ~(uint32_t)keep);
    memcpy(&v, &bits, 4);
    return v;
}
TNI_FORCE_INLINE double tni_lanes_pick_f64(double v, uint8_t flag) {
    int64_t keep = (int8_t)flag;
    uint64_t bits;
    memcpy(&bits, &v, 8);
    bits = (bits & (uint64_t)keep) | (UINT64_C(0x8000000000000000) & ~(uint64_t)keep);
    memcpy(&v, &bits, 8);
    return v;
}

/* Lane j adds rows j, j + 64, ... in order. A row that does not count adds -0.0, which leaves
 * every accumulator as it is, -0.0 and infinities included; +0.0 would turn -0.0 into 0.0. */
#define TNI_LANES_BODY(name, type)                                                                 \
    TNI_FORCE_INLINE void tni_lanes_##name##_body(int level, const type *v, size_t n,              \
                                                  const uint64_t *mask, double *lanes) {           \
        uint8_t flags[TNI_BLOCK_ROWS];                                                             \
        size_t i, j;                                                                               \
        for (i = 0; i < n; i += 64) {                                                              \
            size_t rows = n - i < 64 ? n - i : 64;                                                 \
            const tni_any_##name *p = (const tni_any_##name *)(v + i);                             \
            const uint8_t *flag = flags + i % TNI_BLOCK_ROWS;                                      \
            if (mask && i % TNI_BLOCK_ROWS == 0) {                                                 \
                (void)tni_block_flags(level, mask, i, n, flags);                                   \
            }                                                                                      \
            if (rows < 64) {                                                                       \
                for (j = 0; j < rows; j++) {                                                       \
                    lanes[j] += (double)tni_lanes_pick_##name(p[j], mask ? flag[j] : 255);         \
                }                                                                                  \
            } else if (!mask) {                                                                    \
                for (j = 0; j < 64; j++) {                                                         \
                    lanes[j] += (double)p[j];                                                      \
                }                                                                                  \
            } else {                                                                               \
                for (j = 0; j < 64; j++) {                                                         \
                    lanes[j] += (double)tni_lanes_pick_##name(p[j], flag[j]);                      \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }
TNI_LANES_BODY(f32, float)
TNI_LANES_BODY(f64, double)

/* ---- bounds ---- */

/* Floats compare as integers: the sign bit of a negative one flips the others, NaN becomes the
 * one canonical NaN, above infinity. The result does not depend on the order of the rows. */
TNI_FORCE_INLINE int32_t tni_order_f32(float v) {
    int32_t bits;
    memcpy(&bits, &v, 4);
    bits ^= (bits < 0 ? -1 : 0) & INT32_MAX;
    return v != v ? INT32_C(0x7fc00000) : bits;
}
TNI_FORCE_INLINE int64_t tni_order_f64(double v) {
    int64_t bits;
    memcpy(&bits, &v, 8);
    bits ^= (bits < 0 ? -1 : 0) & INT64_MAX;
    return v != v ? INT64_C(0x7ff8000000000000) : bits;
}
TNI_FORCE_INLINE float tni_unorder_f32(int32_t bits) {
    float v;
    bits ^= (bits < 0 ? -1 : 0) & INT32_MAX;
    memcpy(&v, &bits, 4);
    return v;
}
TNI_FORCE_INLINE double tni_unorder_f64(int64_t bits) {
    double v;
    bits ^= (bits < 0 ? -1 : 0) & INT64_MAX;
    memcpy(&v, &bits, 8);
    return v;
}

/* A row that does not count repeats the first one that does. */
#define TNI_MIN_MAX_BODY(name, type, key, sign, enter, leave)                                      \
    TNI_FORCE_INLINE bool tni_min_max_##name##_body(int level, const type *v, size_t n,            \
                                                    const uint64_t *mask, type *low,               \
                                                    type *high) {                                  \
        const tni_any_##name *p = (const tni_any_##name *)v;                                       \
        size_t i = tni_block_first(mask, n), j, rows;                                              \
        uint8_t flags[TNI_BLOCK_ROWS];                                                             \
        key first, lower, upper;                                                                   \
        *low = *high = 0;                                                                          \
        if (i == n) {                                                                              \
            return false;                                                                          \
        }                                                                                          \
        first = lower = upper = enter(p[i]);                                                       \
        memset(flags, 255, sizeof flags);                                                          \
        for (i = 0; i < n; i += rows, p += rows) {                                                 \
            rows = n - i < TNI_BLOCK_ROWS ? n - i : TNI_BLOCK_ROWS;                                \
            if (mask) {                                                                            \
                (void)tni_block_flags(level, mask, i, n, flags);                                   \
            }                                                                                      \
            for (j = 0; j < rows; j++) {                                                           \
                sign keep = (int8_t)flags[j];                                                      \
                key k = enter(p[j]);                                                               \
                k = (key)(first ^ ((first ^ k) & (key)keep));                                      \
                lower = k < lower ? k : lower;                                                     \
                upper = k > upper ? k : upper;                                                     \
            }                                                                                      \
        }                                                                                          \
        *low = leave(lower);                                                                       \
        *high = leave(upper);                                                                      \
        return true;                                                                               \
    }
#define TNI_AS_IT_IS(x) (x)
TNI_MIN_MAX_BODY(u8, uint8_t, uint8_t, int8_t, TNI_AS_IT_IS, TNI_AS_IT_IS)
TNI_MIN_MAX_BODY(u16, uint16_t, uint16_t, int16_t, TNI_AS_IT_IS, TNI_AS_IT_IS)
TNI_MIN_MAX_BODY(u32, uint32_t, uint32_t, int32_t, TNI_AS_IT_IS, TNI_AS_IT_IS)
TNI_MIN_MAX_BODY(i32, int32_t, int32_t, int32_t, TNI_AS_IT_IS, TNI_AS_IT_IS)
TNI_MIN_MAX_BODY(i64, int64_t, int64_t, int64_t, TNI_AS_IT_IS, TNI_AS_IT_IS)
TNI_MIN_MAX_BODY(f32, float, int32_t, int32_t, tni_order_f32, tni_unorder_f32)
TNI_MIN_MAX_BODY(f64, double, int64_t, int64_t, tni_order_f64, tni_unorder_f64)

/* ---- hashing, arithmetic ---- */

#define TNI_HASH_BODY(bits)                                                                        \
    TNI_FORCE_INLINE void tni_hash_u##bits##_body(int level, const uint##bits##_t *v, size_t n,    \
                                                  uint64_t *out) {                                 \
        const tni_any_u##bits *p = (const tni_any_u##bits *)v;                                     \
        size_t i;                                                                                  \
        (void)level;                                                                               \
        TNI_EACH_ALONE                                                                             \
        for (i = 0; i < n; i++) {                                                                  \
            out[i] = tni_hash_u64(p[i]);                                                           \
        }                                                                                          \
    }
TNI_HASH_BODY(8)
TNI_HASH_BODY(16)
TNI_HASH_BODY(32)
TNI_HASH_BODY(64)

TNI_FORCE_INLINE void tni_hash_mix_body(int level, const uint64_t *h, size_t n, uint64_t *out) {
    size_t i;
    (void)level;
    TNI_EACH_ALONE
    for (i = 0; i < n; i++) {
        out[i] = tni_hash_combine(out[i], h[i]);
    }
}

/* Rows are looked at before they are written (the output may be an input), a stretch at a time.
 * `over` is negative where the operation overflows; only then does the mask matter. */
#define TNI_CHECKED_BODY(name, any, type, wrap, over, result)                                      \
    TNI_FORCE_INLINE bool tni_##name##_body(int level, const type *a, const type *b, size_t n,     \
                                            const uint64_t *mask, type *out) {                     \
        bool fits = true;                                                                          \
        size_t first, i;                                                                           \
        (void)level;                                                                               \
        for (first = 0; first < n; first += 512) {                                                 \
            size_t rows = n - first < 512 ? n - first : 512;                                       \
            const tni_any_##any *x = (const tni_any_##any *)(a + first);                           \
            const tni_any_##any *y = (const tni_any_##any *)(b + first);                           \
            type *to = out + first, bad = 0;                                                       \
            for (i = 0; i < rows; i++) {                                                           \
                bad |= over(x[i], y[i], type, wrap);                                               \
            }                                                                                      \
            for (i = 0; bad < 0 && fits && i < rows; i++) {                                        \
                fits = over(x[i], y[i], type, wrap) >= 0 ||                                        \
                       (mask && !tni_bit_get(mask, first + i));                                    \
            }                                                                                      \
            TNI_EACH_ALONE                                                                         \
            for (i = 0; i < rows; i++) {                                                           \
                to[i] = result(x[i], y[i], type, wrap);                                            \
            }                                                                                      \
        }                                                                                          \
        return fits;                                                                               \
    }
#define TNI_SUM_OF(x, y, type, wrap) ((type)((wrap)(x) + (wrap)(y)))
#define TNI_DIFFERENCE_OF(x, y, type, wrap) ((type)((wrap)(x) - (wrap)(y)))
#define TNI_PRODUCT_OF(x, y, type, wrap) ((type)((wrap)(x) * (wrap)(y)))
#define TNI_SUM_OVER(x, y, type, wrap)                                                             \
    (((x) ^ TNI_SUM_OF(x, y, type, wrap)) & ((y) ^ TNI_SUM_OF(x, y, type, wrap)))
#define TNI_DIFFERENCE_OVER(x, y, type, wrap)                                                      \
    (((x) ^ (y)) & ((x) ^ TNI_DIFFERENCE_OF(x, y, type, wrap)))
/* The high half must repeat the sign of the low half. */
#define TNI_PRODUCT_OVER(x, y, type, wrap)                                                         \
    ((int32_t)(((int64_t)(x) * (y)) >> 32) == (TNI_PRODUCT_OF(x, y, type, wrap) < 0 ? -1 : 0)      \
         ? 0                                                                                       \
         : -1)
TNI_CHECKED_BODY(add_i32, i32, int32_t, uint32_t, TNI_SUM_OVER, TNI_SUM_OF)
TNI_CHECKED_BODY(sub_i32, i32, int32_t, uint32_t, TNI_DIFFERENCE_OVER, TNI_DIFFERENCE_OF)
TNI_CHECKED_BODY(mul_i32, i32, int32_t, uint32_t, TNI_PRODUCT_OVER, TNI_PRODUCT_OF)
TNI_CHECKED_BODY(add_i64, i64, int64_t, uint64_t, TNI_SUM_OVER, TNI_SUM_OF)
TNI_CHECKED_BODY(sub_i64, i64, int64_t, uint64_t, TNI_DIFFERENCE_OVER, TNI_DIFFERENCE_OF)

#define TNI_DOUBLE_BODY(name, operation)                                                           \
    TNI_FORCE_INLINE void tni_##name##_f64_body(int level, const double *a, const double *b,       \
                                                size_t n, double *out) {                           \
        const tni_any_f64 *x = (const tni_any_f64 *)a, *y = (const tni_any_f64 *)b;                \
        size_t i;                                                                                  \
        (void)level;                                                                               \
        TNI_EACH_ALONE                                                                             \
        for (i = 0; i < n; i++) {                                                                  \
            out[i] = x[i] operation y[i];                                                          \
        }                                                                                          \
    }
TNI_DOUBLE_BODY(add, +)
TNI_DOUBLE_BODY(sub, -)
TNI_DOUBLE_BODY(mul, *)

/* x = high * quantum[0] + middle * quantum[1] + low * quantum[2] + what is below: adding 1.5 * 2^52
 * rounds to the nearest integer, whose bits then follow those of the constant. */
TNI_FORCE_INLINE void tni_split_f64_body(int level, const double *v, size_t n,
                                         const double *inverse, const double *quantum,
                                         int64_t *high, int64_t *middle, int64_t *low) {
    const double magic = 6755399441055744.0;
    const int64_t zero = INT64_C(0x4338000000000000);
    const tni_any_f64 *x = (const tni_any_f64 *)v;
    double i0 = inverse[0], i1 = inverse[1], i2 = inverse[2], q0 = quantum[0], q1 = quantum[1];
    size_t i;
    (void)level;
    TNI_EACH_ALONE
    for (i = 0; i < n; i++) {
        double t0 = x[i] * i0 + magic, r1 = x[i] - (t0 - magic) * q0;
        double t1 = r1 * i1 + magic, r2 = r1 - (t1 - magic) * q1;
        double t2 = r2 * i2 + magic;
        int64_t b0, b1, b2;
        memcpy(&b0, &t0, sizeof b0);
        memcpy(&b1, &t1, sizeof b1);
        memcpy(&b2, &t2, sizeof b2);
        high[i] = b0 - zero;
        middle[i] = b1 - zero;
        low[i] = b2 - zero;
    }
}

/* ---- histograms ---- */

/* Four histograms in turn, so that equal neighbours do not wait for each other's store. */
TNI_FORCE_INLINE void tni_count_u8_body(int level, const uint8_t *v, size_t n,
                                        const uint64_t *mask, uint64_t *counts) {
    uint32_t parts[4][256];
    size_t i = 0, j;
    (void)level;
    if (n < 512) {
        for (; i < n; i++) {
            counts[v[i]] += !mask || tni_bit_get(mask, i);
        }
        return;
    }
    memset(parts, 0, sizeof parts);
    for (; i < n; i += 64) {
        uint64_t word = tni_block_word(mask, i, n);
        size_t rows = n - i < 64 ? n - i : 64;
        if (rows == 64 && word == ~UINT64_C(0)) {
            for (j = 0; j < 64; j += 4) {
                parts[0][v[i + j]]++;
                parts[1][v[i + j + 1]]++;
                parts[2][v[i + j + 2]]++;
                parts[3][v[i + j + 3]]++;
            }
            continue;
        }
        for (j = 0; j < rows; j++, word >>= 1) {
            parts[j & 3][v[i + j]] += (uint32_t)(word & 1);
        }
    }
    for (i = 0; i < 256; i++) {
        counts[i] += (uint64_t)parts[0][i] + parts[1][i] + parts[2][i] + parts[3][i];
    }
}

/* Up to 2^16 counters are the caller's cache misses already: no copies of them. */
TNI_FORCE_INLINE void tni_count_u16_body(int level, const uint16_t *v, size_t n,
                                         const uint64_t *mask, uint64_t *counts) {
    const tni_any_u16 *p = (const tni_any_u16 *)v;
    size_t i, j;
    (void)level;
    for (i = 0; i < n; i += 64) {
        uint64_t word = tni_block_word(mask, i, n);
        size_t rows = n - i < 64 ? n - i : 64;
        for (j = 0; j < rows; j++, word >>= 1) {
            counts[p[i + j]] += word & 1;
        }
    }
}

/* ---- Parquet and CSV ---- */

TNI_FORCE_INLINE uint64_t tni_unpack_load(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

/* Values from bit `first * width` on; also the end of every hand-written version. */
TNI_FORCE_INLINE void tni_unpack_rest(const uint8_t *packed, size_t first, size_t n,
                                      uint32_t width, uint32_t *out) {
    const uint64_t keep = tni_low_bits(width);
    size_t i, bit = first * width;
    for (i = first; i < n; i++, bit += width) {
        out[i] = (uint32_t)((tni_unpack_load(packed + bit / 8) >> (bit % 8)) & keep);
    }
}

#if defined(TNI_SIMD_NEON)
/* Four values from 16 bytes: which bytes hold value i, and how far they shift to the right. The
 * first value begins at bit `first * width` of the group, less the bytes skipped. */
TNI_FORCE_INLINE uint32x4_t tni_unpack_bits(uint32_t first, uint32_t width, uint32_t skipped) {
    uint32x4_t i = vreinterpretq_u32_u64(vcombine_u64(vcreate_u64(UINT64_C(0x100000000)),
                                                      vcreate_u64(UINT64_C(0x300000002))));
    i = vmulq_n_u32(vaddq_u32(i, vdupq_n_u32(first)), width);
    return vsubq_u32(i, vdupq_n_u32(skipped * 8));
}
TNI_FORCE_INLINE uint32x4_t tni_unpack_four(const uint8_t *p, uint32x4_t bits, uint32x4_t keep) {
    uint32x4_t pick = vmlaq_n_u32(vdupq_n_u32(0x03020100), vshrq_n_u32(bits, 3), 0x01010101);
    int32x4_t shift = vnegq_s32(vreinterpretq_s32_u32(vandq_u32(bits, vdupq_n_u32(7))));
    uint8x16_t x = vqtbl1q_u8(vld1q_u8(p), vreinterpretq_u8_u32(pick));
    return vandq_u32(vshlq_u32(vreinterpretq_u32_u8(x), shift), keep);
}

/* As the AVX2 version: groups of eight values, up to 25 bits each; returns how many were done. */
TNI_FORCE_INLINE size_t tni_unpack_groups(const uint8_t *packed, size_t n, uint32_t width,
                                          uint32_t *out) {
    const uint32_t half = width / 2;
    const size_t readable = (n * width + 7) / 8 + 8;
    const uint32x4_t keep = vdupq_n_u32((uint32_t)tni_low_bits(width));
    const uint32x4_t low = tni_unpack_bits(0, width, 0), high = tni_unpack_bits(4, width, half);
    size_t i = 0, at = 0;
    for (; i + 8 <= n && at + half + 16 <= readable; i += 8, at += width) {
        vst1q_u32(out + i, tni_unpack_four(packed + at, low, keep));
        vst1q_u32(out + i + 4, tni_unpack_four(packed + at + half, high, keep));
    }
    return i;
}
#endif

TNI_FORCE_INLINE void tni_unpack_u32_body(int level, const uint8_t *packed, size_t n,
                                          uint32_t width, uint32_t *out) {
    size_t i = 0;
    (void)level;
    if (width == 8) {
        for (; i < n; i++) {
            out[i] = packed[i];
        }
        return;
    }
    if (width == 0) {
        memset(out, 0, n * sizeof *out);
        return;
    }
#if defined(TNI_SIMD_NEON)
    if (level && width <= 25) {
        i = tni_unpack_groups(packed, n, width, out);
    }
#endif
    tni_unpack_rest(packed, i, n, width, out);
}

TNI_FORCE_INLINE void tni_csv_index_body(int level, const uint8_t *text, size_t blocks,
                                         uint8_t delimiter, uint8_t quote, uint64_t *delimiters,
                                         uint64_t *quotes, uint64_t *newlines) {
    uint8_t is_delimiter[64], is_quote[64], is_newline[64];
    size_t i, j;
    for (i = 0; i < blocks; i++, text += 64) {
        for (j = 0; j < 64; j++) {
            is_delimiter[j] = text[j] == delimiter ? 255 : 0;
            is_quote[j] = text[j] == quote ? 255 : 0;
            is_newline[j] = ((text[j] == '\n') | (text[j] == '\r')) ? 255 : 0;
        }
        delimiters[i] = tni_block_collect(level, is_delimiter);
        quotes[i] = tni_block_collect(level, is_quote);
        newlines[i] = tni_block_collect(level, is_newline);
    }
}

TNI_FORCE_INLINE bool tni_ascii_all_body(int level, const uint8_t *text, size_t n) {
    size_t i = 0;
    (void)level;
    while (i < n) {
        size_t end = n - i < 4096 ? n : i + 4096;
        uint8_t any = 0;
        for (; i < end; i++) {
            any |= text[i];
        }
        if (any & 0x80) {
            return false;
        }
    }
    return true;
}

#undef TNI_ANYWHERE
#undef TNI_EACH_ALONE
#undef TNI_BLOCK_SOURCE
#undef TNI_SPAN_BODY
#undef TNI_RANGE_FLOAT_BODY
#undef TNI_COMPARE_BODY
#undef TNI_EQUAL_INTEGER
#undef TNI_LESS_INTEGER
#undef TNI_EQUAL_FLOAT
#undef TNI_LESS_FLOAT
#undef TNI_GATHER_BODY
#undef TNI_WIDEN_BODY
#undef TNI_TO_DOUBLE_BODY
#undef TNI_SUM_BODY
#undef TNI_LANES_BODY
#undef TNI_MIN_MAX_BODY
#undef TNI_AS_IT_IS
#undef TNI_HASH_BODY
#undef TNI_CHECKED_BODY
#undef TNI_SUM_OF
#undef TNI_DIFFERENCE_OF
#undef TNI_PRODUCT_OF
#undef TNI_SUM_OVER
#undef TNI_DIFFERENCE_OVER
#undef TNI_PRODUCT_OVER
#undef TNI_DOUBLE_BODY

#endif
