/*
 * kernels_x86.h - AVX2 and AVX-512 code for the kernels that compilers do not vectorise well.
 *
 * AVX-512 needs no flag bytes: a comparison gives the mask word, and a masked load or addition
 * takes one. Its last block is a load under the mask of the rows there are, which never touches
 * memory beyond them. AVX2 has its own bit spreading, ordered sums, bit unpacking and CSV scan.
 * Every function carries its target attribute; results equal those of the bodies bit for bit.
 */
#ifndef TNI_SIMD_KERNELS_X86_H
#define TNI_SIMD_KERNELS_X86_H

#include "simd/kernels_bodies.h"

#if defined(TNI_SIMD_AVX)

#define TNI_TARGET_AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))
#if defined(__clang__)
#define TNI_TARGET_AVX512                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi,bmi2,lzcnt,popcnt")))
#define TNI_UNROLL _Pragma("clang loop unroll(full)")
#else
#define TNI_TARGET_AVX512                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi,bmi2,lzcnt,popcnt,"         \
                          "prefer-vector-width=512")))
#define TNI_UNROLL _Pragma("GCC unroll 8")
#endif

/* ---- AVX2 ---- */

/* Each byte of 32 bits repeated eight times, then one bit tested in every byte. */
TNI_TARGET_AVX2 static void tni_avx2_expand(const uint64_t *words, size_t count, uint8_t *flags) {
    const __m256i bits = _mm256_set1_epi64x((int64_t)UINT64_C(0x8040201008040201));
    const __m256i spread = _mm256_set_epi64x(0x0303030303030303, 0x0202020202020202,
                                             0x0101010101010101, 0);
    size_t i;
    for (i = 0; i < count * 2; i++, flags += 32) {
        __m256i x = _mm256_set1_epi32((int32_t)(uint32_t)(words[i / 2] >> (32 * (i % 2))));
        x = _mm256_and_si256(_mm256_shuffle_epi8(x, spread), bits);
        _mm256_storeu_si256((__m256i *)(void *)flags, _mm256_cmpeq_epi8(x, bits));
    }
}

/* 32 of the 64 lanes in eight registers, over whole groups of 64 rows. The bit of a row moves to
 * the sign of its lane, where the blend looks; rows that do not count add -0.0. */
#define TNI_AVX2_LANES(name, type, load)                                                           \
    TNI_TARGET_AVX2 static void tni_avx2_half_##name(const type *v, size_t groups,                 \
                                                     const uint64_t *mask, uint32_t first,         \
                                                     double *lanes) {                              \
        const __m256i place = _mm256_set_epi64x(60, 61, 62, 63);                                   \
        const __m256d nothing = _mm256_set1_pd(-0.0);                                              \
        __m256d sum[8];                                                                            \
        size_t g;                                                                                  \
        int j;                                                                                     \
        TNI_UNROLL                                                                                 \
        for (j = 0; j < 8; j++) {                                                                  \
            sum[j] = _mm256_loadu_pd(lanes + first + 4 * j);                                       \
        }                                                                                          \
        v += first;                                                                                \
        for (g = 0; !mask && g < groups; g++, v += 64) {                                           \
            TNI_UNROLL                                                                             \
            for (j = 0; j < 8; j++) {                                                              \
                sum[j] = _mm256_add_pd(sum[j], load(v + 4 * j));                                   \
            }                                                                                      \
        }                                                                                          \
        for (g = 0; mask && g < groups; g++, v += 64) {                                            \
            __m256i bits = _mm256_set1_epi64x((int64_t)(mask[g] >> first));                        \
            TNI_UNROLL                                                                             \
            for (j = 0; j < 8; j++) {                                                              \
                __m256d take = _mm256_castsi256_pd(_mm256_sllv_epi64(bits, place));                \
                sum[j] = _mm256_add_pd(sum[j], _mm256_blendv_pd(nothing, load(v + 4 * j), take));  \
                bits = _mm256_srli_epi64(bits, 4);                                                 \
            }                                                                                      \
        }                                                                                          \
        TNI_UNROLL                                                                                 \
        for (j = 0; j < 8; j++) {                                                                  \
            _mm256_storeu_pd(lanes + first + 4 * j, sum[j]);                                       \
        }                                                                                          \
    }                                                                                              \
    TNI_TARGET_AVX2 static void tni_lanes_##name##_avx2(const type *v, size_t n,                   \
                                                        const uint64_t *mask, double *lanes) {     \
        size_t i, j, groups;                                                                       \
        for (i = 0; i < n / 64; i += groups) { /* both halves while the rows are in cache */       \
            const uint64_t *part = mask ? mask + i : NULL;                                         \
            groups = n / 64 - i < 32 ? n / 64 - i : 32;                                            \
            tni_avx2_half_##name(v + i * 64, groups, part, 0, lanes);                              \
            tni_avx2_half_##name(v + i * 64, groups, part, 32, lanes);                             \
        }                                                                                          \
        for (j = 0, i *= 64; i + j < n; j++) {                                                     \
            if (!mask || tni_bit_get(mask, i + j)) {                                               \
                lanes[j] += (double)((const tni_any_##name *)v)[i + j];                            \
            }                                                                                      \
        }                                                                                          \
    }
#define TNI_AVX2_LOAD_F32(p) _mm256_cvtps_pd(_mm_loadu_ps(p))
#define TNI_AVX2_LOAD_F64(p) _mm256_loadu_pd(p)
TNI_AVX2_LANES(f32, float, TNI_AVX2_LOAD_F32)
TNI_AVX2_LANES(f64, double, TNI_AVX2_LOAD_F64)

/* Eight values a step: the four bytes that hold each are shuffled to its lane, then every lane
 * shifts by its own distance. The upper four begin in a second load, `half` bytes further. Up to
 * 25 bits a value spans four bytes at most. Loads stay within the 8 bytes beyond the input. */
TNI_TARGET_AVX2 static void tni_unpack_u32_avx2(const uint8_t *packed, size_t n, uint32_t width,
                                                uint32_t *out) {
    const uint32_t half = width / 2; /* bytes before the upper four values, rounded down */
    const size_t readable = (n * width + 7) / 8 + 8;
    const __m256i keep = _mm256_set1_epi32((int32_t)(uint32_t)tni_low_bits(width));
    __m256i bit = _mm256_mullo_epi32(_mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0),
                                     _mm256_set1_epi32((int32_t)width));
    __m256i pick, shift;
    const uint8_t *p = packed;
    size_t i = 0;
    if (width == 0 || width > 25) {
        if (width == 0) {
            memset(out, 0, n * sizeof *out);
        } else {
            tni_unpack_rest(packed, 0, n, width, out);
        }
        return;
    }
    bit = _mm256_sub_epi32(bit, _mm256_inserti128_si256(_mm256_setzero_si256(),
                                                        _mm_set1_epi32((int32_t)(half * 8)), 1));
    shift = _mm256_and_si256(bit, _mm256_set1_epi32(7));
    pick = _mm256_mullo_epi32(_mm256_srli_epi32(bit, 3), _mm256_set1_epi32(0x01010101));
    pick = _mm256_add_epi32(pick, _mm256_set1_epi32(0x03020100));
    for (; i + 8 <= n && (size_t)(p - packed) + half + 16 <= readable; i += 8, p += width) {
        __m128i low = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(p + half));
        __m256i x = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
        x = _mm256_srlv_epi32(_mm256_shuffle_epi8(x, pick), shift);
        _mm256_storeu_si256((__m256i *)(void *)(out + i), _mm256_and_si256(x, keep));
    }
    tni_unpack_rest(packed, i, n, width, out);
}

TNI_TARGET_AVX2 static void tni_csv_index_avx2(const uint8_t *text, size_t blocks,
                                               uint8_t delimiter, uint8_t quote,
                                               uint64_t *delimiters, uint64_t *quotes,
                                               uint64_t *newlines) {
    const __m256i d = _mm256_set1_epi8((char)delimiter), q = _mm256_set1_epi8((char)quote);
    const __m256i line = _mm256_set1_epi8('\n'), carriage = _mm256_set1_epi8('\r');
    size_t i;
    for (i = 0; i < blocks; i++, text += 64) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)text);
        __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(text + 32));
        __m256i na = _mm256_or_si256(_mm256_cmpeq_epi8(a, line), _mm256_cmpeq_epi8(a, carriage));
        __m256i nb = _mm256_or_si256(_mm256_cmpeq_epi8(b, line), _mm256_cmpeq_epi8(b, carriage));
#define TNI_AVX2_WORD(x, y)                                                                        \
    ((uint64_t)(uint32_t)_mm256_movemask_epi8(y) << 32 | (uint32_t)_mm256_movemask_epi8(x))
        delimiters[i] = TNI_AVX2_WORD(_mm256_cmpeq_epi8(a, d), _mm256_cmpeq_epi8(b, d));
        quotes[i] = TNI_AVX2_WORD(_mm256_cmpeq_epi8(a, q), _mm256_cmpeq_epi8(b, q));
        newlines[i] = TNI_AVX2_WORD(na, nb);
#undef TNI_AVX2_WORD
    }
}

/* ---- AVX-512 ---- */

TNI_TARGET_AVX512 static void tni_avx512_expand(const uint64_t *words, size_t count,
                                                uint8_t *flags) {
    size_t i;
    for (i = 0; i < count; i++) {
        _mm512_storeu_si512(flags + 64 * i, _mm512_movm_epi8(words[i]));
    }
}

/* Build the mask word of 64 rows from 64 / lanes registers. `part` names the lanes of a register
 * that are rows; `test` uses it and the position p of its first row. */
#define TNI_AVX512_WORDS(n, lanes, part_type, test)                                                \
    for (i = 0; i < n; i += 64) {                                                                  \
        uint64_t rows = tni_block_word(NULL, i, n), word = 0;                                      \
        size_t j, p = i;                                                                           \
        TNI_UNROLL                                                                                 \
        for (j = 0; j < 64; j += lanes, p += lanes) {                                              \
            part_type part = (part_type)(rows >> j);                                               \
            word |= (uint64_t)(test) << j;                                                         \
        }                                                                                          \
        out[i / 64] = word;                                                                        \
    }

#define TNI_AVX512_SPAN(bits, lanes, part_type, set, set_type)                                     \
    TNI_TARGET_AVX512 static void tni_span_u##bits##_avx512(                                       \
        const uint##bits##_t *v, size_t n, uint##bits##_t low, uint##bits##_t span,                \
        uint64_t *out) {                                                                           \
        const __m512i from = set((set_type)low), most = set((set_type)span);                       \
        size_t i;                                                                                  \
        TNI_AVX512_WORDS(n, lanes, part_type,                                                      \
                         _mm512_mask_cmple_epu##bits##_mask(                                       \
                             part,                                                                 \
                             _mm512_sub_epi##bits(_mm512_maskz_loadu_epi##bits(part, v + p),       \
                                                  from),                                           \
                             most))                                                                \
    }
TNI_AVX512_SPAN(8, 64, __mmask64, _mm512_set1_epi8, char)
TNI_AVX512_SPAN(16, 32, __mmask32, _mm512_set1_epi16, short)
TNI_AVX512_SPAN(32, 16, __mmask16, _mm512_set1_epi32, int)
TNI_AVX512_SPAN(64, 8, __mmask8, _mm512_set1_epi64, long long)

#define TNI_AVX512_RANGE_FLOAT(name, type, lanes, part_type, vector, s)                            \
    TNI_TARGET_AVX512 static inline part_type tni_avx512_inside_##name(                            \
        part_type part, vector x, vector from, vector to, part_type nan) {                         \
        part_type above = _mm512_mask_cmp_##s##_mask(part, x, from, _CMP_GE_OQ);                   \
        part_type none = _mm512_mask_cmp_##s##_mask(part & nan, x, x, _CMP_UNORD_Q);               \
        return (part_type)(_mm512_mask_cmp_##s##_mask(above, x, to, _CMP_LE_OQ) | none);           \
    }                                                                                              \
    TNI_TARGET_AVX512 static void tni_range_##name##_avx512(                                       \
        const type *v, size_t n, type low, type high, int options, uint64_t *out) {                \
        const part_type nan = (part_type)(options & 4 ? ~0u : 0u);                                 \
        vector from, to;                                                                           \
        size_t i;                                                                                  \
        low = options & 1 ? tni_range_step_##name(low, true) : low;                                \
        high = options & 2 ? tni_range_step_##name(high, false) : high;                            \
        from = _mm512_set1_##s(low);                                                               \
        to = _mm512_set1_##s(high);                                                                \
        TNI_AVX512_WORDS(                                                                          \
            n, lanes, part_type,                                                                   \
            tni_avx512_inside_##name(part, _mm512_maskz_loadu_##s(part, v + p), from, to, nan))    \
    }
TNI_AVX512_RANGE_FLOAT(f32, float, 16, __mmask16, __m512, ps)
TNI_AVX512_RANGE_FLOAT(f64, double, 8, __mmask8, __m512d, pd)

#define TNI_AVX512_COMPARE(bits, lanes, part_type)                                                 \
    TNI_TARGET_AVX512 static void tni_compare_i##bits##_avx512(                                    \
        const int##bits##_t *a, const int##bits##_t *b, size_t n, int op, uint64_t *out) {         \
        size_t i;                                                                                  \
        if (op == 0) {                                                                             \
            TNI_AVX512_WORDS(n, lanes, part_type,                                                  \
                             _mm512_mask_cmpeq_epi##bits##_mask(                                   \
                                 part, _mm512_maskz_loadu_epi##bits(part, a + p),                  \
                                 _mm512_maskz_loadu_epi##bits(part, b + p)))                       \
        } else if (op == 1) {                                                                      \
            TNI_AVX512_WORDS(n, lanes, part_type,                                                  \
                             _mm512_mask_cmplt_epi##bits##_mask(                                   \
                                 part, _mm512_maskz_loadu_epi##bits(part, a + p),                  \
                                 _mm512_maskz_loadu_epi##bits(part, b + p)))                       \
        } else {                                                                                   \
            TNI_AVX512_WORDS(n, lanes, part_type,                                                  \
                             _mm512_mask_cmple_epi##bits##_mask(                                   \
                                 part, _mm512_maskz_loadu_epi##bits(part, a + p),                  \
                                 _mm512_maskz_loadu_epi##bits(part, b + p)))                       \
        }                                                                                          \
    }
TNI_AVX512_COMPARE(32, 16, __mmask16)
TNI_AVX512_COMPARE(64, 8, __mmask8)

/* = is "equal or both NaN", < is "less, or only b is NaN"; a <= b is not (b < a). */
TNI_TARGET_AVX512 static inline __mmask8 tni_avx512_equal_f64(__mmask8 part, const double *a,
                                                              const double *b) {
    __m512d x = _mm512_maskz_loadu_pd(part, a), y = _mm512_maskz_loadu_pd(part, b);
    __mmask8 nan = _mm512_mask_cmp_pd_mask(part, x, x, _CMP_UNORD_Q);
    nan = _mm512_mask_cmp_pd_mask(nan, y, y, _CMP_UNORD_Q);
    return (__mmask8)(_mm512_mask_cmp_pd_mask(part, x, y, _CMP_EQ_OQ) | nan);
}
TNI_TARGET_AVX512 static inline __mmask8 tni_avx512_less_f64(__mmask8 part, const double *a,
                                                             const double *b) {
    __m512d x = _mm512_maskz_loadu_pd(part, a), y = _mm512_maskz_loadu_pd(part, b);
    __mmask8 nan = _mm512_mask_cmp_pd_mask(part, x, x, _CMP_ORD_Q);
    nan = _mm512_mask_cmp_pd_mask(nan, y, y, _CMP_UNORD_Q);
    return (__mmask8)(_mm512_mask_cmp_pd_mask(part, x, y, _CMP_LT_OQ) | nan);
}
TNI_TARGET_AVX512 static void tni_compare_f64_avx512(const double *a, const double *b, size_t n,
                                                     int op, uint64_t *out) {
    size_t i;
    if (op == 0) {
        TNI_AVX512_WORDS(n, 8, __mmask8, tni_avx512_equal_f64(part, a + p, b + p))
    } else if (op == 1) {
        TNI_AVX512_WORDS(n, 8, __mmask8, tni_avx512_less_f64(part, a + p, b + p))
    } else {
        TNI_AVX512_WORDS(n, 8, __mmask8,
                         (__mmask8)(part & ~tni_avx512_less_f64(part, b + p, a + p)))
    }
}

TNI_TARGET_AVX512 static void tni_bytes_to_mask_avx512(const uint8_t *v, size_t n, uint64_t *out) {
    size_t i;
    for (i = 0; i < n; i += 64) {
        __m512i x = _mm512_maskz_loadu_epi8(tni_block_word(NULL, i, n), v + i);
        out[i / 64] = _mm512_test_epi8_mask(x, x);
    }
}

TNI_TARGET_AVX512 static void tni_mask_to_bytes_avx512(const uint64_t *mask, size_t n,
                                                       uint8_t *out) {
    size_t i;
    for (i = 0; i < n; i += 64) {
        __m512i x = _mm512_maskz_set1_epi8(mask[i / 64], 1);
        _mm512_mask_storeu_epi8(out + i, tni_block_word(NULL, i, n), x);
    }
}

/* Sixteen row numbers packed together under their mask bits, a whole store each: no more rows
 * were found than passed, so the store fits unless the word is the last. Packing into a copy of
 * `rows` and not into zeros: Zen 4 waits for the old destination either way, and gcc takes the
 * same register each time (18 rows a nanosecond instead of 6). */
TNI_TARGET_AVX512 static uint32_t tni_mask_positions_avx512(const uint64_t *mask, size_t n,
                                                            uint16_t *out) {
    const __m512i step = _mm512_set1_epi32(16);
    __m512i rows = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    uint32_t count = 0, i, j;
    for (i = 0; i + 64 <= (uint32_t)n; i += 64) {
        uint64_t word = mask[i / 64];
        TNI_UNROLL
        for (j = 0; j < 4; j++, word >>= 16) {
            __m512i packed = _mm512_mask_compress_epi32(rows, (__mmask16)word, rows);
            _mm256_storeu_si256((__m256i *)(void *)(out + count),
                                _mm512_maskz_cvtepi32_epi16(0xffff, packed));
            count += tni_popcount64(word & 0xffff);
            rows = _mm512_add_epi32(rows, step);
        }
    }
    return i < (uint32_t)n ? tni_positions_of_word(tni_block_word(mask, i, n), i, out, count)
                           : count;
}

/* All 64 lanes in eight registers; a row that does not count leaves its lane alone. */
#define TNI_AVX512_LANES(name, type, load, load_some)                                              \
    TNI_TARGET_AVX512 static void tni_lanes_##name##_avx512(                                       \
        const type *v, size_t n, const uint64_t *mask, double *lanes) {                            \
        __m512d sum[8];                                                                            \
        size_t i = 0;                                                                              \
        int j;                                                                                     \
        TNI_UNROLL                                                                                 \
        for (j = 0; j < 8; j++) {                                                                  \
            sum[j] = _mm512_loadu_pd(lanes + 8 * j);                                               \
        }                                                                                          \
        for (; !mask && i + 64 <= n; i += 64) {                                                    \
            TNI_UNROLL                                                                             \
            for (j = 0; j < 8; j++) {                                                              \
                sum[j] = _mm512_add_pd(sum[j], load(v + i + 8 * j));                               \
            }                                                                                      \
        }                                                                                          \
        for (; i + 64 <= n; i += 64) {                                                             \
            uint64_t word = mask[i / 64];                                                          \
            TNI_UNROLL                                                                             \
            for (j = 0; j < 8; j++) {                                                              \
                __mmask8 part = (__mmask8)(word >> (8 * j));                                       \
                sum[j] = _mm512_mask_add_pd(sum[j], part, sum[j], load(v + i + 8 * j));            \
            }                                                                                      \
        }                                                                                          \
        if (i < n) {                                                                               \
            uint64_t word = tni_block_word(mask, i, n);                                            \
            TNI_UNROLL                                                                             \
            for (j = 0; j < 8; j++) {                                                              \
                __mmask8 part = (__mmask8)(word >> (8 * j));                                       \
                sum[j] = _mm512_mask_add_pd(sum[j], part, sum[j], load_some(part, v + i + 8 * j)); \
            }                                                                                      \
        }                                                                                          \
        TNI_UNROLL                                                                                 \
        for (j = 0; j < 8; j++) {                                                                  \
            _mm512_storeu_pd(lanes + 8 * j, sum[j]);                                               \
        }                                                                                          \
    }
/* The unmasked conversion makes g++ 12 warn of an uninitialised value in its own header. */
#define TNI_AVX512_LOAD_F32(p) _mm512_maskz_cvtps_pd(0xff, _mm256_loadu_ps(p))
#define TNI_AVX512_SOME_F32(part, p) _mm512_maskz_cvtps_pd(part, _mm256_maskz_loadu_ps(part, p))
TNI_AVX512_LANES(f32, float, TNI_AVX512_LOAD_F32, TNI_AVX512_SOME_F32)
TNI_AVX512_LANES(f64, double, _mm512_loadu_pd, _mm512_maskz_loadu_pd)

/* lanes_range: 64 rows compared, counted and added in one go. Where NaN counts and nothing bounds
 * from above, "not below" is the one comparison left. Comparisons, and shifts of masks, compete for
 * one port on Intel: a mask is cut in two at most, and rows are counted in a vector. */
#define TNI_AVX512_FUSED_LOOP(test, bits, width, s, add)                                           \
    for (; i + 64 <= n; i += 64) {                                                                 \
        TNI_UNROLL                                                                                 \
        for (j = 0; j < 64 / width; j++) {                                                         \
            x = _mm512_loadu_##s(v + i + width * j);                                               \
            part = test;                                                                           \
            count = _mm512_mask_sub_epi##bits(count, part, count, one);                            \
            add                                                                                    \
        }                                                                                          \
    }
#define TNI_AVX512_FUSED(name, type, vector, part_type, s, bits, width, add)                       \
    TNI_TARGET_AVX512 static uint32_t tni_lanes_range_##name##_avx512(                             \
        const type *v, size_t n, type low, type high, int options, double *lanes) {                \
        const part_type nan = (part_type)(options & 4 ? ~0u : 0u);                                 \
        const __m512i one = _mm512_set1_epi##bits(-1);                                             \
        __m512i count = _mm512_setzero_si512();                                                    \
        vector from, to, x;                                                                        \
        part_type part;                                                                            \
        __m512d sum[8];                                                                            \
        uint##bits##_t counts[512 / bits];                                                         \
        uint32_t kept = 0;                                                                         \
        size_t i = 0;                                                                              \
        int j;                                                                                     \
        low = options & 1 ? tni_range_step_##name(low, true) : low;                                \
        high = options & 2 ? tni_range_step_##name(high, false) : high;                            \
        from = _mm512_set1_##s(low);                                                               \
        to = _mm512_set1_##s(high);                                                                \
        TNI_UNROLL                                                                                 \
        for (j = 0; j < 8; j++) {                                                                  \
            sum[j] = _mm512_loadu_pd(lanes + 8 * j);                                               \
        }                                                                                          \
        if (nan && low == low && high > 0 && high - high != 0) {                                   \
            TNI_AVX512_FUSED_LOOP(_mm512_cmp_##s##_mask(x, from, _CMP_NLT_UQ), bits, width, s,     \
                                  add)                                                             \
        } else {                                                                                   \
            TNI_AVX512_FUSED_LOOP(                                                                 \
                tni_avx512_inside_##name((part_type) ~0u, x, from, to, nan), bits, width, s, add)  \
        }                                                                                          \
        TNI_UNROLL                                                                                 \
        for (j = 0; j < 8; j++) {                                                                  \
            _mm512_storeu_pd(lanes + 8 * j, sum[j]);                                               \
        }                                                                                          \
        _mm512_storeu_si512(counts, count); /* g++ 12 warns of its own _mm512_reduce_add */        \
        for (j = 0; j < 512 / bits; j++) {                                                         \
            kept += (uint32_t)counts[j];                                                           \
        }                                                                                          \
        if (i < n) {                                                                               \
            uint64_t word;                                                                         \
            tni_range_##name##_avx512(v + i, n - i, low, high, options & 4, &word);                \
            tni_lanes_##name##_avx512(v + i, n - i, &word, lanes);                                 \
            kept += tni_popcount64(word);                                                          \
        }                                                                                          \
        return kept;                                                                               \
    }
#define TNI_AVX512_ADD_F32                                                                         \
    sum[2 * j] = _mm512_mask_add_pd(sum[2 * j], (__mmask8)part, sum[2 * j],                        \
                                    TNI_AVX512_LOAD_F32(v + i + 16 * j));                          \
    sum[2 * j + 1] = _mm512_mask_add_pd(sum[2 * j + 1], (__mmask8)(part >> 8), sum[2 * j + 1],     \
                                        TNI_AVX512_LOAD_F32(v + i + 16 * j + 8));
#define TNI_AVX512_ADD_F64 sum[j] = _mm512_mask_add_pd(sum[j], part, sum[j], x);
TNI_AVX512_FUSED(f32, float, __m512, __mmask16, ps, 32, 16, TNI_AVX512_ADD_F32)
TNI_AVX512_FUSED(f64, double, __m512d, __mmask8, pd, 64, 8, TNI_AVX512_ADD_F64)

/* The lanes of the AVX2 version are as wide as a Parquet group of eight values needs. */
TNI_TARGET_AVX512 static void tni_unpack_u32_avx512(const uint8_t *packed, size_t n,
                                                    uint32_t width, uint32_t *out) {
    tni_unpack_u32_avx2(packed, n, width, out);
}

TNI_TARGET_AVX512 static void tni_csv_index_avx512(const uint8_t *text, size_t blocks,
                                                   uint8_t delimiter, uint8_t quote,
                                                   uint64_t *delimiters, uint64_t *quotes,
                                                   uint64_t *newlines) {
    const __m512i d = _mm512_set1_epi8((char)delimiter), q = _mm512_set1_epi8((char)quote);
    const __m512i line = _mm512_set1_epi8('\n'), carriage = _mm512_set1_epi8('\r');
    size_t i;
    for (i = 0; i < blocks; i++) {
        __m512i x = _mm512_loadu_si512(text + i * 64);
        delimiters[i] = _mm512_cmpeq_epi8_mask(x, d);
        quotes[i] = _mm512_cmpeq_epi8_mask(x, q);
        newlines[i] = _mm512_cmpeq_epi8_mask(x, line) | _mm512_cmpeq_epi8_mask(x, carriage);
    }
}

#undef TNI_AVX2_LANES
#undef TNI_AVX2_LOAD_F32
#undef TNI_AVX2_LOAD_F64
#undef TNI_AVX512_WORDS
#undef TNI_AVX512_SPAN
#undef TNI_AVX512_RANGE_FLOAT
#undef TNI_AVX512_COMPARE
#undef TNI_AVX512_LANES
#undef TNI_AVX512_LOAD_F32
#undef TNI_AVX512_SOME_F32
#undef TNI_AVX512_FUSED_LOOP
#undef TNI_AVX512_FUSED
#undef TNI_AVX512_ADD_F32
#undef TNI_AVX512_ADD_F64
#endif

#endif
