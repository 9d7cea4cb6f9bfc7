/*
 * kernels.c - the kernel tables: one row per instruction set, and which of them runs here.
 *
 * Every list entry of kernels.h becomes a stub with the row's target attribute around the forced
 * inline body, so a user's build needs no -m flags. System headers come in through
 * kernels_bodies.h, before any function with a target.
 *
 * Uses: base; CPUID for what an x86 processor has.
 */
#include "simd/kernels.h"

#include "base/platform.h"
#include "simd/kernels_bodies.h"
#include "simd/kernels_x86.h"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#include <cpuid.h>
#endif

/* gcc leaves most of these loops scalar at -O2, and vectorises some of the scalar row. Its -O3
 * would also peel and unroll: a third more code and no more speed. */
#if defined(__GNUC__) && !defined(__clang__)
#define TNI_KERNEL_FAST                                                                            \
    __attribute__((optimize("tree-loop-vectorize", "vect-cost-model=dynamic", "fp-contract=off")))
#define TNI_KERNEL_SLOW                                                                            \
    __attribute__((optimize("no-tree-vectorize", "no-tree-slp-vectorize", "fp-contract=off")))
#else
#define TNI_KERNEL_FAST
#define TNI_KERNEL_SLOW
#endif
/* Where every processor in use has a better row, the scalar one is what tests compare with, and
 * SSE is for processors of before 2013: not worth a quarter of this file's compile time. What all
 * rows share stays at the user's level. */
#if defined(TNI_SIMD_X86) && defined(__GNUC__) && !defined(__clang__) &&                           \
    defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__)
#define TNI_KERNEL_PLAIN __attribute__((optimize("Og", "fp-contract=off")))
#define TNI_KERNEL_OLD                                                                             \
    __attribute__((                                                                                \
        optimize("O1", "tree-loop-vectorize", "vect-cost-model=dynamic", "fp-contract=off")))
#else
#define TNI_KERNEL_PLAIN TNI_KERNEL_SLOW
#define TNI_KERNEL_OLD TNI_KERNEL_FAST
#endif

/* A stub: attributes, 0 for the scalar row, the row's suffix, "return" or nothing. */
#define TNI_KERNEL_UNWRAP(...) __VA_ARGS__
#define TNI_KERNEL_STUB(attributes, level, suffix, give, ret, name, params, args)                  \
    attributes static ret tni_##name##_##suffix params {                                           \
        give tni_##name##_body(level, TNI_KERNEL_UNWRAP args);                                     \
    }
#define TNI_KERNEL_GIVE_void
#define TNI_KERNEL_GIVE_bool return
#define TNI_KERNEL_GIVE_uint32_t return
#define TNI_KERNEL_GIVE_int64_t return
#define TNI_KERNEL_GIVE_tni_i128 return

#define TNI_KERNEL_RANGE(suffix, name, type, bits)                                                 \
    static void tni_range_##name##_##suffix(const type *v, size_t n, type low, type high,          \
                                            uint64_t *out) {                                       \
        if (high < low) {                                                                          \
            memset(out, 0, tni_bitmap_words(n) * 8);                                               \
            return;                                                                                \
        }                                                                                          \
        tni_span_u##bits##_##suffix((const uint##bits##_t *)v, n, (uint##bits##_t)low,             \
                                    (uint##bits##_t)((uint##bits##_t)high - (uint##bits##_t)low),  \
                                    out);                                                          \
    }
#define TNI_KERNEL_ALL_RANGES(suffix)                                                              \
    TNI_KERNEL_RANGE(suffix, u8, uint8_t, 8)                                                       \
    TNI_KERNEL_RANGE(suffix, u16, uint16_t, 16)                                                    \
    TNI_KERNEL_RANGE(suffix, u32, uint32_t, 32)                                                    \
    TNI_KERNEL_RANGE(suffix, u64, uint64_t, 64)                                                    \
    TNI_KERNEL_RANGE(suffix, i8, int8_t, 8)                                                        \
    TNI_KERNEL_RANGE(suffix, i16, int16_t, 16)                                                     \
    TNI_KERNEL_RANGE(suffix, i32, int32_t, 32)                                                     \
    TNI_KERNEL_RANGE(suffix, i64, int64_t, 64)

/* lanes_range_* of a row without code of its own: a mask of some rows, then their sum. */
#define TNI_KERNEL_LANES_RANGE(suffix, name, type)                                                 \
    static uint32_t tni_lanes_range_##name##_##suffix(const type *v, size_t n, type low,           \
                                                      type high, int flags, double *lanes) {       \
        uint64_t mask[32];                                                                         \
        uint32_t kept = 0;                                                                         \
        while (n > 0) {                                                                            \
            size_t rows = n < 64 * TNI_COUNT_OF(mask) ? n : 64 * TNI_COUNT_OF(mask);               \
            tni_range_##name##_##suffix(v, rows, low, high, flags, mask);                          \
            tni_lanes_##name##_##suffix(v, rows, mask, lanes);                                     \
            kept += (uint32_t)tni_bitmap_count(mask, rows);                                        \
            v += rows;                                                                             \
            n -= rows;                                                                             \
        }                                                                                          \
        return kept;                                                                               \
    }
#define TNI_KERNEL_ALL_LANES_RANGES(suffix)                                                        \
    TNI_KERNEL_LANES_RANGE(suffix, f32, float)                                                     \
    TNI_KERNEL_LANES_RANGE(suffix, f64, double)

/* A table row. FIELD names the row's own functions, MOVE and HASH those of two groups that it
 * may take from another row; some groups have one function for all rows. */
#define TNI_KERNEL_ROW(FIELD, MOVE, HASH)                                                          \
    TNI_KERNELS_SHARED(TNI_FIELD_SCALAR) TNI_KERNELS_LOOPS(FIELD) TNI_KERNELS_MOVES(MOVE)          \
    TNI_KERNELS_HASHES(HASH) TNI_KERNELS_RANGES(FIELD) TNI_KERNELS_BLOCKS(FIELD)                   \
    TNI_KERNELS_TUNED(FIELD) TNI_KERNELS_FUSED(FIELD)

/* ---- rows ---- */

#define TNI_STUB_SHARED(ret, name, params, args)                                                   \
    TNI_KERNEL_STUB(TNI_KERNEL_SLOW, TNI_LEVEL_SCALAR, scalar, TNI_KERNEL_GIVE_##ret, ret, name,   \
                    params, args)
#define TNI_STUB_SCALAR(ret, name, params, args)                                                   \
    TNI_KERNEL_STUB(TNI_KERNEL_PLAIN, TNI_LEVEL_SCALAR, scalar, TNI_KERNEL_GIVE_##ret, ret, name,  \
                    params, args)
#define TNI_FIELD_SCALAR(ret, name, params, args) tni_##name##_scalar,
TNI_KERNELS_SHARED(TNI_STUB_SHARED)
TNI_KERNELS_LOOPS(TNI_STUB_SCALAR)
TNI_KERNELS_MOVES(TNI_STUB_SCALAR)
TNI_KERNELS_HASHES(TNI_STUB_SCALAR)
TNI_KERNELS_SPANS(TNI_STUB_SCALAR)
TNI_KERNELS_BLOCKS(TNI_STUB_SCALAR)
TNI_KERNELS_TUNED(TNI_STUB_SCALAR)
TNI_KERNEL_ALL_RANGES(scalar)
TNI_KERNEL_ALL_LANES_RANGES(scalar)
static const tni_kernels tni_kernels_scalar = {TRUENO_BACKEND_SCALAR, "scalar",
                                               TNI_KERNEL_ROW(TNI_FIELD_SCALAR, TNI_FIELD_SCALAR,
                                                              TNI_FIELD_SCALAR)};

#if defined(TNI_SIMD_X86)
#define TNI_TARGET_SSE __attribute__((target("sse4.2,popcnt")))
#define TNI_STUB_SSE(ret, name, params, args)                                                      \
    TNI_KERNEL_STUB(TNI_KERNEL_OLD TNI_TARGET_SSE, TNI_LEVEL_BASE, sse, TNI_KERNEL_GIVE_##ret,     \
                    ret, name, params, args)
#define TNI_FIELD_SSE(ret, name, params, args) tni_##name##_sse,
TNI_KERNELS_LOOPS(TNI_STUB_SSE)
TNI_KERNELS_MOVES(TNI_STUB_SSE)
TNI_KERNELS_SPANS(TNI_STUB_SSE)
TNI_KERNELS_BLOCKS(TNI_STUB_SSE)
TNI_KERNELS_TUNED(TNI_STUB_SSE)
TNI_KERNEL_ALL_RANGES(sse)
TNI_KERNEL_ALL_LANES_RANGES(sse)
static const tni_kernels tni_kernels_sse = {TRUENO_BACKEND_SSE, "sse4.2",
                                            TNI_KERNEL_ROW(TNI_FIELD_SSE, TNI_FIELD_SSE,
                                                           TNI_FIELD_SCALAR)};
#endif

#if defined(TNI_SIMD_AVX)
#define TNI_STUB_AVX2(ret, name, params, args)                                                     \
    TNI_KERNEL_STUB(TNI_KERNEL_FAST TNI_TARGET_AVX2, TNI_LEVEL_AVX2, avx2,                         \
                    TNI_KERNEL_GIVE_##ret, ret, name, params, args)
#define TNI_FIELD_AVX2(ret, name, params, args) tni_##name##_avx2,
TNI_KERNELS_LOOPS(TNI_STUB_AVX2)
TNI_KERNELS_MOVES(TNI_STUB_AVX2)
TNI_KERNELS_HASHES(TNI_STUB_AVX2)
TNI_KERNELS_SPANS(TNI_STUB_AVX2)
TNI_KERNELS_BLOCKS(TNI_STUB_AVX2)
TNI_KERNEL_ALL_RANGES(avx2)
TNI_KERNEL_ALL_LANES_RANGES(avx2)
static const tni_kernels tni_kernels_avx2 = {TRUENO_BACKEND_AVX2, "avx2",
                                             TNI_KERNEL_ROW(TNI_FIELD_AVX2, TNI_FIELD_AVX2,
                                                            TNI_FIELD_AVX2)};

#define TNI_STUB_AVX512(ret, name, params, args)                                                   \
    TNI_KERNEL_STUB(TNI_KERNEL_FAST TNI_TARGET_AVX512, TNI_LEVEL_AVX512, avx512,                   \
                    TNI_KERNEL_GIVE_##ret, ret, name, params, args)
#define TNI_FIELD_AVX512(ret, name, params, args) tni_##name##_avx512,
TNI_KERNELS_LOOPS(TNI_STUB_AVX512)
TNI_KERNELS_HASHES(TNI_STUB_AVX512)
TNI_KERNEL_ALL_RANGES(avx512)
static const tni_kernels tni_kernels_avx512 = {TRUENO_BACKEND_AVX512, "avx512",
                                               TNI_KERNEL_ROW(TNI_FIELD_AVX512, TNI_FIELD_AVX2,
                                                              TNI_FIELD_AVX512)};
#endif

#if defined(TNI_SIMD_NEON)
#define TNI_STUB_NEON(ret, name, params, args)                                                     \
    TNI_KERNEL_STUB(TNI_KERNEL_FAST, TNI_LEVEL_BASE, neon, TNI_KERNEL_GIVE_##ret, ret, name,       \
                    params, args)
#define TNI_FIELD_NEON(ret, name, params, args) tni_##name##_neon,
TNI_KERNELS_LOOPS(TNI_STUB_NEON)
TNI_KERNELS_MOVES(TNI_STUB_NEON)
TNI_KERNELS_HASHES(TNI_STUB_NEON)
TNI_KERNELS_SPANS(TNI_STUB_NEON)
TNI_KERNELS_BLOCKS(TNI_STUB_NEON)
TNI_KERNELS_TUNED(TNI_STUB_NEON)
TNI_KERNEL_ALL_RANGES(neon)
TNI_KERNEL_ALL_LANES_RANGES(neon)
static const tni_kernels tni_kernels_neon = {TRUENO_BACKEND_NEON, "neon",
                                             TNI_KERNEL_ROW(TNI_FIELD_NEON, TNI_FIELD_NEON,
                                                            TNI_FIELD_NEON)};
#endif

/* ---- what this processor has ---- */

#if defined(TNI_SIMD_X86)
/* Register state the operating system saves: bits 1-2 SSE and AVX, 5-7 the AVX-512 parts. */
static uint64_t tni_cpu_xcr0(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

/* The best row of x86-64: a row counts when CPU and system both support it. */
static trueno_backend tni_cpu_best(void) {
    const uint32_t sse = 1u << 20 | 1u << 23, osxsave = 1u << 27 | 1u << 28; /* leaf 1, ecx */
    const uint32_t avx2 = 1u << 3 | 1u << 5 | 1u << 8;                       /* leaf 7, ebx */
    const uint32_t avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
    uint32_t a, b, c, d, features, lzcnt = 0;
    uint64_t state;
    if (!__get_cpuid(1, &a, &b, &features, &d) || (features & sse) != sse) {
        return TRUENO_BACKEND_SCALAR;
    }
    if ((features & osxsave) != osxsave || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        return TRUENO_BACKEND_SSE;
    }
    if (__get_cpuid(0x80000001u, &a, &c, &lzcnt, &d)) {
        lzcnt &= 1u << 5;
    }
    state = tni_cpu_xcr0();
    if ((state & 0x06) != 0x06 || (b & avx2) != avx2 || !lzcnt) {
        return TRUENO_BACKEND_SSE;
    }
    return (state & 0xe6) == 0xe6 && (b & avx512) == avx512 ? TRUENO_BACKEND_AVX512
                                                            : TRUENO_BACKEND_AVX2;
}
#endif

/* The row of one named instruction set; NULL when it cannot run here. */
static const tni_kernels *tni_kernels_row(trueno_backend backend) {
    if (backend == TRUENO_BACKEND_SCALAR) {
        return &tni_kernels_scalar;
    }
#if defined(TNI_SIMD_NEON)
    if (backend == TRUENO_BACKEND_NEON) {
        return &tni_kernels_neon;
    }
#endif
#if defined(TNI_SIMD_X86)
    if (backend == TRUENO_BACKEND_SSE && tni_cpu_best() >= TRUENO_BACKEND_SSE) {
        return &tni_kernels_sse;
    }
#endif
#if defined(TNI_SIMD_AVX)
    if (backend == TRUENO_BACKEND_AVX2 && tni_cpu_best() >= TRUENO_BACKEND_AVX2) {
        return &tni_kernels_avx2;
    }
    if (backend == TRUENO_BACKEND_AVX512 && tni_cpu_best() >= TRUENO_BACKEND_AVX512) {
        return &tni_kernels_avx512;
    }
#endif
    return NULL;
}

TNI_FN const tni_kernels *tni_kernels_pick(trueno_backend wanted) {
    static const trueno_backend best_first[] = {TRUENO_BACKEND_AVX512, TRUENO_BACKEND_AVX2,
                                                TRUENO_BACKEND_SSE, TRUENO_BACKEND_NEON};
    const char *name = tni_environment("TRUENO_BACKEND");
    size_t i;
    if (wanted == TRUENO_BACKEND_AUTO && name && *name && !tni_backend_by_name(name, &wanted)) {
        return NULL; /* a misspelt wish is an error, not a default */
    }
    if (wanted != TRUENO_BACKEND_AUTO && wanted != TRUENO_BACKEND_SIMD &&
        wanted != TRUENO_BACKEND_GPU && wanted != TRUENO_BACKEND_SPEC) {
        return tni_kernels_row(wanted);
    }
    for (i = 0; i < TNI_COUNT_OF(best_first); i++) {
        const tni_kernels *row = tni_kernels_row(best_first[i]);
        if (row) {
            return row;
        }
    }
    return &tni_kernels_scalar;
}

TNI_FN bool tni_backend_by_name(const char *name, trueno_backend *out) {
    static const struct {
        const char *name;
        trueno_backend backend;
    } names[] = {
        {"auto", TRUENO_BACKEND_AUTO},     {"scalar", TRUENO_BACKEND_SCALAR},
        {"sse", TRUENO_BACKEND_SSE},       {"sse4.2", TRUENO_BACKEND_SSE},
        {"avx2", TRUENO_BACKEND_AVX2},     {"avx512", TRUENO_BACKEND_AVX512},
        {"neon", TRUENO_BACKEND_NEON},     {"simd", TRUENO_BACKEND_SIMD},
        {"gpu", TRUENO_BACKEND_GPU},       {"spec", TRUENO_BACKEND_SPEC},
    };
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(names); i++) {
        if (tni_name_equal(name, names[i].name)) {
            *out = names[i].backend;
            return true;
        }
    }
    *out = TRUENO_BACKEND_AUTO;
    return false;
}

TNI_FN double tni_sum_fold(double *lanes) {
    uint32_t half, i;
    for (half = TNI_SUM_LANES / 2; half > 0; half /= 2) {
        for (i = 0; i < half; i++) {
            lanes[i] += lanes[i + half];
        }
    }
    if (lanes[0] != lanes[0]) {
        const uint64_t canonical = UINT64_C(0x7ff8000000000000);
        memcpy(lanes, &canonical, 8);
    }
    return lanes[0];
}

#undef TNI_KERNEL_FAST
#undef TNI_KERNEL_SLOW
#undef TNI_KERNEL_PLAIN
#undef TNI_KERNEL_OLD
#undef TNI_KERNEL_UNWRAP
#undef TNI_KERNEL_STUB
#undef TNI_KERNEL_GIVE_void
#undef TNI_KERNEL_GIVE_bool
#undef TNI_KERNEL_GIVE_uint32_t
#undef TNI_KERNEL_GIVE_int64_t
#undef TNI_KERNEL_GIVE_tni_i128
#undef TNI_KERNEL_RANGE
#undef TNI_KERNEL_ALL_RANGES
#undef TNI_KERNEL_LANES_RANGE
#undef TNI_KERNEL_ALL_LANES_RANGES
#undef TNI_KERNEL_ROW
#undef TNI_STUB_SHARED
#undef TNI_STUB_SCALAR
#undef TNI_STUB_SSE
#undef TNI_STUB_AVX2
#undef TNI_STUB_AVX512
#undef TNI_STUB_NEON
#undef TNI_FIELD_SCALAR
#undef TNI_FIELD_SSE
#undef TNI_FIELD_AVX2
#undef TNI_FIELD_AVX512
#undef TNI_FIELD_NEON
#undef TNI_TARGET_SSE
#undef TNI_TARGET_AVX2
#undef TNI_TARGET_AVX512
#undef TNI_UNROLL
#undef TNI_BLOCK_ROWS
#undef TNI_KERNELS_SPANS
#undef TNI_LEVEL_SCALAR
#undef TNI_LEVEL_BASE
#undef TNI_LEVEL_AVX2
#undef TNI_LEVEL_AVX512
#undef TNI_SIMD_X86
#undef TNI_SIMD_AVX
#undef TNI_SIMD_NEON
