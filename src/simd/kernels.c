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

#if defined(TNI_SIMD_X86)
#include <cpuid.h>
#endif

/* gcc leaves most of these loops scalar at -O2, and vectorises some of the scalar row. */
#if defined(__GNUC__) && !defined(__clang__)
#define TNI_KERNEL_FAST __attribute__((optimize("O3", "fp-contract=off")))
#define TNI_KERNEL_SLOW                                                                            \
    __attribute__((optimize("no-tree-vectorize", "no-tree-slp-vectorize", "fp-contract=off")))
#else
#define TNI_KERNEL_FAST
#define TNI_KERNEL_SLOW
#endif

/* A stub: attributes, 0 for the scalar row, the row's suffix, "return" or nothing. */
#define TNI_KERNEL_UNWRAP(...) __VA_ARGS__
#define TNI_KERNEL_STUB(attributes, simd, suffix, give, ret, name, params, args)                   \
    attributes static ret tni_##name##_##suffix params {                                           \
        give tni_##name##_body(simd, TNI_KERNEL_UNWRAP args);                                      \
    }
#define TNI_KERNEL_GIVE_void
#define TNI_KERNEL_GIVE_bool return
#define TNI_KERNEL_GIVE_uint32_t return
#define TNI_KERNEL_GIVE_int64_t return
#define TNI_KERNEL_GIVE_tni_i128 return

/* ---- rows ---- */

#define TNI_STUB_SCALAR(ret, name, params, args)                                                   \
    TNI_KERNEL_STUB(TNI_KERNEL_SLOW, 0, scalar, TNI_KERNEL_GIVE_##ret, ret, name, params, args)
#define TNI_FIELD_SCALAR(ret, name, params, args) tni_##name##_scalar,
TNI_KERNELS(TNI_STUB_SCALAR)
static const tni_kernels tni_kernels_scalar = {
    TRUENO_BACKEND_SCALAR, "scalar", TNI_KERNELS(TNI_FIELD_SCALAR)
};

#if defined(TNI_SIMD_X86)
#define TNI_TARGET_SSE __attribute__((target("sse4.2,popcnt")))
#define TNI_STUB_SSE(ret, name, params, args)                                                      \
    TNI_KERNEL_STUB(TNI_KERNEL_FAST TNI_TARGET_SSE, 1, sse, TNI_KERNEL_GIVE_##ret, ret, name,      \
                    params, args)
#define TNI_FIELD_SSE(ret, name, params, args) tni_##name##_sse,
TNI_KERNELS_LOOPS(TNI_STUB_SSE)
TNI_KERNELS_BLOCKS(TNI_STUB_SSE)
TNI_KERNELS_TUNED(TNI_STUB_SSE)
static const tni_kernels tni_kernels_sse = {
    TRUENO_BACKEND_SSE, "sse4.2",
    TNI_KERNELS_SHARED(TNI_FIELD_SCALAR) TNI_KERNELS_LOOPS(TNI_FIELD_SSE)
    TNI_KERNELS_BLOCKS(TNI_FIELD_SSE) TNI_KERNELS_TUNED(TNI_FIELD_SSE)
};

/* MinGW's gcc does not align the stack for spilled 32-byte registers (gcc bug 54412). */
#if !defined(_WIN32) || defined(__clang__)
#define TNI_SIMD_AVX 1
#endif
#endif

#if defined(TNI_SIMD_AVX)
#define TNI_TARGET_AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))
#define TNI_STUB_AVX2(ret, name, params, args)                                                     \
    TNI_KERNEL_STUB(TNI_KERNEL_FAST TNI_TARGET_AVX2, 1, avx2, TNI_KERNEL_GIVE_##ret, ret, name,    \
                    params, args)
#define TNI_FIELD_AVX2(ret, name, params, args) tni_##name##_avx2,
TNI_KERNELS_LOOPS(TNI_STUB_AVX2)
TNI_KERNELS_BLOCKS(TNI_STUB_AVX2)
TNI_KERNELS_TUNED(TNI_STUB_AVX2)
static const tni_kernels tni_kernels_avx2 = {
    TRUENO_BACKEND_AVX2, "avx2",
    TNI_KERNELS_SHARED(TNI_FIELD_SCALAR) TNI_KERNELS_LOOPS(TNI_FIELD_AVX2)
    TNI_KERNELS_BLOCKS(TNI_FIELD_AVX2) TNI_KERNELS_TUNED(TNI_FIELD_AVX2)
};

#if defined(__clang__)
#define TNI_TARGET_AVX512                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi,bmi2,lzcnt,popcnt")))
#else
#define TNI_TARGET_AVX512                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi,bmi2,lzcnt,popcnt,"         \
                          "prefer-vector-width=512")))
#endif
#define TNI_STUB_AVX512(ret, name, params, args)                                                   \
    TNI_KERNEL_STUB(TNI_KERNEL_FAST TNI_TARGET_AVX512, 1, avx512, TNI_KERNEL_GIVE_##ret, ret,      \
                    name, params, args)
#define TNI_FIELD_AVX512(ret, name, params, args) tni_##name##_avx512,
TNI_KERNELS_LOOPS(TNI_STUB_AVX512)
TNI_KERNELS_BLOCKS(TNI_STUB_AVX512)
TNI_KERNELS_TUNED(TNI_STUB_AVX512)
static const tni_kernels tni_kernels_avx512 = {
    TRUENO_BACKEND_AVX512, "avx512",
    TNI_KERNELS_SHARED(TNI_FIELD_SCALAR) TNI_KERNELS_LOOPS(TNI_FIELD_AVX512)
    TNI_KERNELS_BLOCKS(TNI_FIELD_AVX512) TNI_KERNELS_TUNED(TNI_FIELD_AVX512)
};
#endif

#if defined(TNI_SIMD_NEON)
#define TNI_STUB_NEON(ret, name, params, args)                                                     \
    TNI_KERNEL_STUB(TNI_KERNEL_FAST, 1, neon, TNI_KERNEL_GIVE_##ret, ret, name, params, args)
#define TNI_FIELD_NEON(ret, name, params, args) tni_##name##_neon,
TNI_KERNELS_LOOPS(TNI_STUB_NEON)
TNI_KERNELS_BLOCKS(TNI_STUB_NEON)
TNI_KERNELS_TUNED(TNI_STUB_NEON)
static const tni_kernels tni_kernels_neon = {
    TRUENO_BACKEND_NEON, "neon",
    TNI_KERNELS_SHARED(TNI_FIELD_SCALAR) TNI_KERNELS_LOOPS(TNI_FIELD_NEON)
    TNI_KERNELS_BLOCKS(TNI_FIELD_NEON) TNI_KERNELS_TUNED(TNI_FIELD_NEON)
};
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
        wanted != TRUENO_BACKEND_GPU) {
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
        {"gpu", TRUENO_BACKEND_GPU},
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
