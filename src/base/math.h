/*
 * math.h - the C library's transcendental functions, found at run time.
 *
 * A program that includes the header links with plain `cc app.c`: nothing here references libm
 * at link time. Where libm is a library of its own (glibc) it is opened with dlopen the first
 * time a query needs it; elsewhere the functions are called directly. Exact operations (floor,
 * round, ...) are our own and need no table.
 */
#ifndef TNI_BASE_MATH_H
#define TNI_BASE_MATH_H

#include "base/platform.h"

/* name of every one-argument function, then of every two-argument function */
#define TNI_MATH_UNARY(X)                                                                          \
    X(sqrt) X(cbrt) X(exp) X(log) X(log2) X(log10) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan)    \
    X(sinh) X(cosh) X(tanh) X(asinh) X(acosh) X(atanh) X(tgamma) X(lgamma)
#define TNI_MATH_BINARY(X) X(pow) X(atan2) X(fmod)

typedef struct tni_math {
    bool loaded;
    void *library;
#define TNI_MATH_FIELD1(name) double (*name)(double);
#define TNI_MATH_FIELD2(name) double (*name)(double, double);
    TNI_MATH_UNARY(TNI_MATH_FIELD1)
    TNI_MATH_BINARY(TNI_MATH_FIELD2)
#undef TNI_MATH_FIELD1
#undef TNI_MATH_FIELD2
} tni_math;

/* Fill the table. False when the system has no libm (then no function pointer is set). Not
 * thread-safe: the database calls it under its own lock. */
TNI_FN bool tni_math_load(tni_math *math);
TNI_FN void tni_math_unload(tni_math *math);

TNI_FN double tni_floor(double v);
TNI_FN double tni_ceil(double v);
TNI_FN double tni_trunc(double v);
TNI_FN double tni_round(double v);      /* half away from zero */
TNI_FN double tni_round_even(double v); /* half to even */
TNI_FN double tni_sqrt(double v);       /* correctly rounded; hardware where there is one */
/* The one NaN that operations of ours give: a processor's own has either sign. */
TNI_INLINE double tni_nan(void) {
    uint64_t bits = UINT64_C(0x7ff8000000000000);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
TNI_INLINE bool tni_is_nan(double v) {
    return v != v;
}
TNI_INLINE bool tni_is_finite(double v) {
    return v - v == 0.0;
}

#endif
