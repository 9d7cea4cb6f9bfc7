/*
 * kernels.h - the table of vector kernels, one row per instruction set.
 *
 * Each kernel's body is written once (kernels_bodies.h), forced inline, and instantiated per
 * instruction set by a stub with a target attribute; hand-written intrinsics stand where
 * measurement asked for them. tni_kernels_pick() chooses a row by CPUID at open. All rows give
 * the same bits, floats included; only which NaN comes out of float arithmetic is the
 * processor's choice (tni_sum_fold makes it canonical).
 *
 * Conventions: n <= 65,536 rows; masks are bitmaps of tni_bitmap_words(n) words whose tail bits
 * are written as zero; `mask` inputs may be NULL (= all rows); input values need not be aligned,
 * not even to their own size; outputs may not overlap inputs unless they are the same pointer.
 */
#ifndef TNI_SIMD_KERNELS_H
#define TNI_SIMD_KERNELS_H

#include "base/bits.h"
#include "base/text.h"

/* Partial result of an ordered float sum: see block_sum below. */
#define TNI_SUM_BLOCK 4096u /* rows of a block: 64 lanes x 64 */
#define TNI_SUM_LANES 64u

/*
 * K(return type, name, parameters, argument names)
 *
 * range_T   mask bit i = low <= v[i] <= high           (every comparison with a constant)
 * compare_* two columns -> mask              (op: 0 =, 1 <, 2 <=; NaN = NaN, NaN greatest)
 * mask_*    words at a time; mask_positions turns a mask into ascending row numbers (`out` has
 *           room for n of them whatever the mask holds)
 * gather_B  out[i] = v[positions[i]] for B-byte values
 * widen_*   frame of reference: out[i] = base + v[i]
 * sum_*     exact integer sums of masked rows (u8..i32 fit int64 for 2^16 rows; i64 in two limbs)
 * lanes_*   ordered float sum: lanes[i % 64] += v[i] for masked rows, in row order; the caller
 *           gives 64 accumulators per block of 4,096 rows and folds them with tni_sum_fold
 * lanes_range_* ordered float sum of the rows that range_* would select; gives their number
 * min_max_* of masked rows; false when no row is selected, bounds 0 (floats: NaN is greatest and
 *           comes back canonical, -0.0 is below 0.0)
 * hash_*    out[i] = tni_hash_u64 of the value widened to 64 bits; hash_mix combines: out[i] =
 *           tni_hash_combine(out[i], h[i])
 * add/sub/mul_* element-wise, checked: false when a row of `mask` overflows (the other rows wrap)
 * split_f64 each value as three integers, multiples of quantum[0..2] (powers of two, inverse[j] =
 *           1 / quantum[j]): the rounded parts of exec/agg_state.c; garbage in, garbage out
 * count_u8/16 histogram of codes: counts[code]++ for masked rows
 * unpack_u32 Parquet bit-packed little-endian values of `width` bits (0..32), n values; the input
 *           holds at least (n * width + 7) / 8 bytes and 8 readable bytes beyond
 * csv_index structural bytes of 64-byte blocks: for each block the masks of bytes equal to
 *           delimiter, quote, newline ('\n' or '\r'); `blocks` blocks of 64 readable bytes
 * ascii_all  true when no byte has its high bit set
 */
/* One function serves every row: the work is loads and stores that no vector unit shortens. */
#define TNI_KERNELS_SHARED(K)                                                                      \
    K(void, gather_8, (const uint8_t *v, const uint16_t *positions, size_t n, uint8_t *out), (v,   \
      positions, n, out))                                                                          \
    K(void, gather_16, (const uint16_t *v, const uint16_t *positions, size_t n, uint16_t *out),    \
      (v, positions, n, out))                                                                      \
    K(void, gather_32, (const uint32_t *v, const uint16_t *positions, size_t n, uint32_t *out),    \
      (v, positions, n, out))                                                                      \
    K(void, gather_64, (const uint64_t *v, const uint16_t *positions, size_t n, uint64_t *out),    \
      (v, positions, n, out))                                                                      \
    K(void, count_u8, (const uint8_t *v, size_t n, const uint64_t *mask, uint64_t *counts), (v,    \
      n, mask, counts))                                                                            \
    K(void, count_u16, (const uint16_t *v, size_t n, const uint64_t *mask, uint64_t *counts),      \
      (v, n, mask, counts))

/* One body; the compiler vectorises it under each row's target. */
#define TNI_KERNELS_LOOPS(K)                                                                       \
    K(void, split_f64, (const double *v, size_t n, const double *inverse, const double *quantum,   \
      int64_t *high, int64_t *middle, int64_t *low), (v, n, inverse, quantum, high, middle, low))  \
    K(void, widen_i64_f64, (const int64_t *v, size_t n, double *out), (v, n, out))                 \
    K(bool, min_max_u8, (const uint8_t *v, size_t n, const uint64_t *mask, uint8_t *low, uint8_t   \
      *high), (v, n, mask, low, high))                                                             \
    K(bool, min_max_u16, (const uint16_t *v, size_t n, const uint64_t *mask, uint16_t *low,        \
      uint16_t *high), (v, n, mask, low, high))                                                    \
    K(bool, min_max_u32, (const uint32_t *v, size_t n, const uint64_t *mask, uint32_t *low,        \
      uint32_t *high), (v, n, mask, low, high))                                                    \
    K(bool, min_max_i32, (const int32_t *v, size_t n, const uint64_t *mask, int32_t *low,          \
      int32_t *high), (v, n, mask, low, high))                                                     \
    K(bool, min_max_i64, (const int64_t *v, size_t n, const uint64_t *mask, int64_t *low,          \
      int64_t *high), (v, n, mask, low, high))                                                     \
    K(bool, min_max_f32, (const float *v, size_t n, const uint64_t *mask, float *low, float        \
      *high), (v, n, mask, low, high))                                                             \
    K(bool, min_max_f64, (const double *v, size_t n, const uint64_t *mask, double *low, double     \
      *high), (v, n, mask, low, high))                                                             \
    K(bool, add_i32, (const int32_t *a, const int32_t *b, size_t n, const uint64_t *mask,          \
      int32_t *out), (a, b, n, mask, out))                                                         \
    K(bool, sub_i32, (const int32_t *a, const int32_t *b, size_t n, const uint64_t *mask,          \
      int32_t *out), (a, b, n, mask, out))                                                         \
    K(bool, mul_i32, (const int32_t *a, const int32_t *b, size_t n, const uint64_t *mask,          \
      int32_t *out), (a, b, n, mask, out))                                                         \
    K(bool, add_i64, (const int64_t *a, const int64_t *b, size_t n, const uint64_t *mask,          \
      int64_t *out), (a, b, n, mask, out))                                                         \
    K(bool, sub_i64, (const int64_t *a, const int64_t *b, size_t n, const uint64_t *mask,          \
      int64_t *out), (a, b, n, mask, out))                                                         \
    K(bool, ascii_all, (const uint8_t *text, size_t n), (text, n))                                 \
    K(int64_t, sum_u16, (const uint16_t *v, size_t n, const uint64_t *mask), (v, n, mask))         \
    K(int64_t, sum_u32, (const uint32_t *v, size_t n, const uint64_t *mask), (v, n, mask))         \
    K(int64_t, sum_i32, (const int32_t *v, size_t n, const uint64_t *mask), (v, n, mask))          \
    K(tni_i128, sum_i64, (const int64_t *v, size_t n, const uint64_t *mask), (v, n, mask))         \
    K(int64_t, sum_u8, (const uint8_t *v, size_t n, const uint64_t *mask), (v, n, mask))

/* The same, but for AVX-512, which stores no faster and uses the functions of AVX2. */
#define TNI_KERNELS_MOVES(K)                                                                       \
    K(void, widen_u8_i32, (const uint8_t *v, size_t n, int32_t base, int32_t *out), (v, n, base,   \
      out))                                                                                        \
    K(void, widen_u16_i32, (const uint16_t *v, size_t n, int32_t base, int32_t *out), (v, n,       \
      base, out))                                                                                  \
    K(void, widen_u8_i64, (const uint8_t *v, size_t n, int64_t base, int64_t *out), (v, n, base,   \
      out))                                                                                        \
    K(void, widen_u16_i64, (const uint16_t *v, size_t n, int64_t base, int64_t *out), (v, n,       \
      base, out))                                                                                  \
    K(void, widen_u32_i64, (const uint32_t *v, size_t n, int64_t base, int64_t *out), (v, n,       \
      base, out))                                                                                  \
    K(void, widen_i32_f64, (const int32_t *v, size_t n, double *out), (v, n, out))                 \
    K(void, widen_f32_f64, (const float *v, size_t n, double *out), (v, n, out))                   \
    K(void, add_f64, (const double *a, const double *b, size_t n, double *out), (a, b, n, out))    \
    K(void, sub_f64, (const double *a, const double *b, size_t n, double *out), (a, b, n, out))    \
    K(void, mul_f64, (const double *a, const double *b, size_t n, double *out), (a, b, n, out))

/* The same, but for SSE4.2, which lacks the multiplication and uses the scalar functions. */
#define TNI_KERNELS_HASHES(K)                                                                      \
    K(void, hash_u8, (const uint8_t *v, size_t n, uint64_t *out), (v, n, out))                     \
    K(void, hash_u16, (const uint16_t *v, size_t n, uint64_t *out), (v, n, out))                   \
    K(void, hash_u32, (const uint32_t *v, size_t n, uint64_t *out), (v, n, out))                   \
    K(void, hash_u64, (const uint64_t *v, size_t n, uint64_t *out), (v, n, out))                   \
    K(void, hash_mix, (const uint64_t *h, size_t n, uint64_t *out), (h, n, out))

/* Signed and unsigned are one kernel inside: v - low <= high - low. */
#define TNI_KERNELS_RANGES(K)                                                                      \
    K(void, range_u8, (const uint8_t *v, size_t n, uint8_t low, uint8_t high, uint64_t *out),      \
      (v, n, low, high, out))                                                                      \
    K(void, range_u16, (const uint16_t *v, size_t n, uint16_t low, uint16_t high, uint64_t         \
      *out), (v, n, low, high, out))                                                               \
    K(void, range_u32, (const uint32_t *v, size_t n, uint32_t low, uint32_t high, uint64_t         \
      *out), (v, n, low, high, out))                                                               \
    K(void, range_u64, (const uint64_t *v, size_t n, uint64_t low, uint64_t high, uint64_t         \
      *out), (v, n, low, high, out))                                                               \
    K(void, range_i8, (const int8_t *v, size_t n, int8_t low, int8_t high, uint64_t *out), (v,     \
      n, low, high, out))                                                                          \
    K(void, range_i16, (const int16_t *v, size_t n, int16_t low, int16_t high, uint64_t *out),     \
      (v, n, low, high, out))                                                                      \
    K(void, range_i32, (const int32_t *v, size_t n, int32_t low, int32_t high, uint64_t *out),     \
      (v, n, low, high, out))                                                                      \
    K(void, range_i64, (const int64_t *v, size_t n, int64_t low, int64_t high, uint64_t *out),     \
      (v, n, low, high, out))

/* One body in blocks of 64 rows; AVX-512 has mask registers and its own code. */
#define TNI_KERNELS_BLOCKS(K)                                                                      \
    /* floats: flags bit 0 = low is exclusive, bit 1 = high is exclusive, bit 2 = NaN matches */   \
    K(void, range_f32, (const float *v, size_t n, float low, float high, int flags, uint64_t       \
      *out), (v, n, low, high, flags, out))                                                        \
    K(void, range_f64, (const double *v, size_t n, double low, double high, int flags, uint64_t    \
      *out), (v, n, low, high, flags, out))                                                        \
    K(void, compare_i32, (const int32_t *a, const int32_t *b, size_t n, int op, uint64_t *out),    \
      (a, b, n, op, out))                                                                          \
    K(void, compare_i64, (const int64_t *a, const int64_t *b, size_t n, int op, uint64_t *out),    \
      (a, b, n, op, out))                                                                          \
    K(void, compare_f64, (const double *a, const double *b, size_t n, int op, uint64_t *out),      \
      (a, b, n, op, out))                                                                          \
    K(void, bytes_to_mask, (const uint8_t *v, size_t n, uint64_t *out), (v, n, out))               \
    K(void, mask_to_bytes, (const uint64_t *mask, size_t n, uint8_t *out), (mask, n, out))         \
    K(uint32_t, mask_positions, (const uint64_t *mask, size_t n, uint16_t *out), (mask, n, out))

/* Written by hand for AVX2 and AVX-512. */
#define TNI_KERNELS_TUNED(K)                                                                       \
    K(void, lanes_f32, (const float *v, size_t n, const uint64_t *mask, double *lanes), (v, n,     \
      mask, lanes))                                                                                \
    K(void, lanes_f64, (const double *v, size_t n, const uint64_t *mask, double *lanes), (v, n,    \
      mask, lanes))                                                                                \
    K(void, unpack_u32, (const uint8_t *packed, size_t n, uint32_t width, uint32_t *out),          \
      (packed, n, width, out))                                                                     \
    K(void, csv_index, (const uint8_t *text, size_t blocks, uint8_t delimiter, uint8_t quote,      \
      uint64_t *delimiters, uint64_t *quotes, uint64_t *newlines), (text, blocks, delimiter,       \
      quote, delimiters, quotes, newlines))

/* range and lanes in one pass; one after the other where a row has no code of its own. */
#define TNI_KERNELS_FUSED(K)                                                                       \
    K(uint32_t, lanes_range_f32, (const float *v, size_t n, float low, float high, int flags,      \
      double *lanes), (v, n, low, high, flags, lanes))                                             \
    K(uint32_t, lanes_range_f64, (const double *v, size_t n, double low, double high, int flags,   \
      double *lanes), (v, n, low, high, flags, lanes))

#define TNI_KERNELS(K)                                                                             \
    TNI_KERNELS_SHARED(K) TNI_KERNELS_LOOPS(K) TNI_KERNELS_MOVES(K) TNI_KERNELS_HASHES(K)          \
    TNI_KERNELS_RANGES(K) TNI_KERNELS_BLOCKS(K) TNI_KERNELS_TUNED(K) TNI_KERNELS_FUSED(K)

typedef struct tni_kernels {
    trueno_backend backend;
    const char *name; /* "scalar", "sse4.2", "avx2", "avx512", "neon" */
#define TNI_KERNEL_FIELD(ret, name, params, args) ret(*name) params;
    TNI_KERNELS(TNI_KERNEL_FIELD)
#undef TNI_KERNEL_FIELD
} tni_kernels;

/* The table for a wanted backend (AUTO, SIMD and GPU: the best this processor has). NULL when
 * this processor or build lacks it. `wanted` AUTO honours the environment's TRUENO_BACKEND. */
TNI_FN const tni_kernels *tni_kernels_pick(trueno_backend wanted);
/* Parse "scalar", "sse", "avx2", "avx512", "neon", "simd", "gpu", "auto"; false when unknown. */
TNI_FN bool tni_backend_by_name(const char *name, trueno_backend *out);

/* Fold 64 lanes to one value in the fixed order: halves of 32, 16, ... 1. Lanes are destroyed. */
TNI_FN double tni_sum_fold(double *lanes);

#endif
