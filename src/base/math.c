/*
 * math.c - libm without linking it, and the exact operations done by hand.
 *
 * glibc keeps libm apart, so its functions are looked up by name; musl, macOS, Windows and WASM
 * have them in the C library, where a direct reference costs no linker flag. Rounding functions
 * use the fact that a double below 2^52 survives a trip through int64 truncated, and that above
 * 2^52 every double is whole already.
 */
#include "base/math.h"

#if defined(__GLIBC__)
#define TNI_MATH_DYNAMIC 1
#else
#include <math.h>
#endif
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(TNI_MATH_DYNAMIC)

TNI_FN bool tni_math_load(tni_math *math) {
    void *symbol;
    if (math->loaded) {
        return true;
    }
    memset(math, 0, sizeof *math);
    math->library = tni_library_open("libm.so.6");
    if (!math->library) {
        return false;
    }
#define TNI_MATH_FIND(name)                                                                        \
    symbol = tni_library_symbol(math->library, #name);                                             \
    if (!symbol) {                                                                                 \
        tni_math_unload(math);                                                                     \
        return false;                                                                              \
    }                                                                                              \
    memcpy(&math->name, &symbol, sizeof symbol);
    TNI_MATH_UNARY(TNI_MATH_FIND)
    TNI_MATH_BINARY(TNI_MATH_FIND)
#undef TNI_MATH_FIND
    math->loaded = true;
    return true;
}

#else

TNI_FN bool tni_math_load(tni_math *math) {
    math->library = NULL;
#define TNI_MATH_TAKE(name) math->name = name;
    TNI_MATH_UNARY(TNI_MATH_TAKE)
    TNI_MATH_BINARY(TNI_MATH_TAKE)
#undef TNI_MATH_TAKE
    math->loaded = true;
    return true;
}

#endif

TNI_FN void tni_math_unload(tni_math *math) {
    if (math->library) {
        tni_library_close(math->library);
    }
    memset(math, 0, sizeof *math);
}

/* ---- exact operations ---- */

#define TNI_MATH_WHOLE 4503599627370496.0 /* 2^52 */

/* `magnitude` with the sign of `sign`: keeps -0.0 and small negatives apart from +0.0. */
static double tni_math_copy_sign(double magnitude, double sign) {
    uint64_t m, s;
    memcpy(&m, &magnitude, sizeof m);
    memcpy(&s, &sign, sizeof s);
    m = (m & (UINT64_MAX >> 1)) | (s & ~(UINT64_MAX >> 1));
    memcpy(&magnitude, &m, sizeof m);
    return magnitude;
}

/* True for what has no fraction to drop: large values, infinities, NaN. */
static bool tni_math_is_whole(double v) {
    return !(v > -TNI_MATH_WHOLE && v < TNI_MATH_WHOLE);
}

TNI_FN double tni_trunc(double v) {
    return tni_math_is_whole(v) ? v : tni_math_copy_sign((double)(int64_t)v, v);
}

TNI_FN double tni_floor(double v) {
    double t;
    if (tni_math_is_whole(v)) {
        return v;
    }
    t = (double)(int64_t)v;
    return tni_math_copy_sign(t > v ? t - 1.0 : t, v);
}

TNI_FN double tni_ceil(double v) {
    double t;
    if (tni_math_is_whole(v)) {
        return v;
    }
    t = (double)(int64_t)v;
    return tni_math_copy_sign(t < v ? t + 1.0 : t, v);
}

TNI_FN double tni_round(double v) {
    double t, rest;
    if (tni_math_is_whole(v)) {
        return v;
    }
    t = (double)(int64_t)v;
    rest = v - t; /* exact */
    if (rest >= 0.5) {
        t += 1.0;
    } else if (rest <= -0.5) {
        t -= 1.0;
    }
    return tni_math_copy_sign(t, v);
}

TNI_FN double tni_round_even(double v) {
    int64_t whole;
    double rest;
    if (tni_math_is_whole(v)) {
        return v;
    }
    whole = (int64_t)v;
    rest = v - (double)whole; /* exact */
    if (rest > 0.5 || (rest == 0.5 && (whole & 1))) {
        whole++;
    } else if (rest < -0.5 || (rest == -0.5 && (whole & 1))) {
        whole--;
    }
    return tni_math_copy_sign((double)whole, v);
}

#if defined(__SSE2__)

TNI_FN double tni_sqrt(double v) {
    __m128d x = _mm_set_sd(v);
    return _mm_cvtsd_f64(_mm_sqrt_sd(x, x));
}

#elif defined(__aarch64__)

TNI_FN double tni_sqrt(double v) {
    return vget_lane_f64(vsqrt_f64(vdup_n_f64(v)), 0);
}

#else

/* Digit by digit, two bits of the radicand a step: 53 root bits and one more to round by. The
 * root of a 53-bit number is never exactly halfway between two doubles, so that bit decides. */
TNI_FN double tni_sqrt(double v) {
    uint64_t bits, mantissa, root = 0, rest = 0;
    int exponent, i;
    memcpy(&bits, &v, sizeof bits);
    if (v == 0.0 || tni_is_nan(v) || bits == UINT64_C(0x7ff0000000000000)) {
        return v;
    }
    if (v < 0.0) {
        bits = UINT64_C(0x7ff8000000000000);
        memcpy(&v, &bits, sizeof v);
        return v;
    }
    exponent = (int)(bits >> 52);
    mantissa = bits & ((UINT64_C(1) << 52) - 1);
    if (exponent == 0) {
        exponent = 1;
        while (!(mantissa >> 52)) {
            mantissa <<= 1;
            exponent--;
        }
    } else {
        mantissa |= UINT64_C(1) << 52;
    }
    exponent -= 1023;
    if (exponent & 1) {
        mantissa <<= 1;
        exponent--;
    }
    /* The radicand is mantissa * 2^54: 108 bits, of which the upper 54 come from mantissa. */
    for (i = 53; i >= 0; i--) {
        uint64_t pair = i >= 27 ? mantissa >> (2 * (i - 27)) & 3 : 0;
        uint64_t trial = root << 2 | 1;
        rest = rest << 2 | pair;
        root <<= 1;
        if (rest >= trial) {
            rest -= trial;
            root |= 1;
        }
    }
    root = (root >> 1) + (root & 1); /* may carry into bit 53: the addition below absorbs it */
    bits = ((uint64_t)(exponent / 2 + 1022) << 52) + root;
    memcpy(&v, &bits, sizeof v);
    return v;
}

#endif

#undef TNI_MATH_WHOLE
#undef TNI_MATH_DYNAMIC
