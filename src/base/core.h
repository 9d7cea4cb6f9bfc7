/*
 * core.h - compiler shims every file sees first.
 *
 * TNI_FN marks an internal function shared between modules: visible to the linker when each
 * module is compiled alone, static in the amalgam. Nothing here depends on anything but the
 * C library's freestanding headers. The code is C11 and C++17 at once: cast void pointers, no
 * designated initialisers, no compound literals, no VLA, no goto over an initialisation.
 */
#ifndef TNI_BASE_CORE_H
#define TNI_BASE_CORE_H

#include "trueno.h"

#include <string.h>

#if defined(__GNUC__) || defined(__clang__)
#define TNI_UNUSED __attribute__((unused))
#define TNI_LIKELY(x) __builtin_expect(!!(x), 1)
#define TNI_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define TNI_FORCE_INLINE static inline __attribute__((always_inline, unused))
#define TNI_NOINLINE __attribute__((noinline))
#define TNI_RESTRICT __restrict__
#define TNI_PREFETCH(p) __builtin_prefetch(p)
#define TNI_ALIGN8 __attribute__((aligned(8)))
#if defined(__MINGW32__)
#define TNI_PRINTF(f, a) __attribute__((format(gnu_printf, f, a)))
#else
#define TNI_PRINTF(f, a) __attribute__((format(printf, f, a)))
#endif
#else
#define TNI_UNUSED
#define TNI_LIKELY(x) (x)
#define TNI_UNLIKELY(x) (x)
#define TNI_FORCE_INLINE static inline
#define TNI_NOINLINE
#define TNI_RESTRICT
#define TNI_PREFETCH(p) ((void)(p))
#define TNI_ALIGN8
#define TNI_PRINTF(f, a)
#endif

/* a * b + c stays two roundings, whatever a target attribute allows: the same bits everywhere.
 * gcc contracts by default once FMA is there; clang obeys the pragma around the amalgam. */
#if defined(__GNUC__) && !defined(__clang__)
#define TNI_NO_CONTRACT __attribute__((optimize("fp-contract=off")))
#else
#define TNI_NO_CONTRACT
#endif

/* An internal function with a prototype in a header. */
#if defined(TNI_AMALGAM)
#define TNI_FN static TNI_UNUSED
#else
#define TNI_FN
#endif
#define TNI_INLINE static inline TNI_UNUSED

/* Zero initialiser that is clean in both languages. */
#if defined(__cplusplus)
#define TNI_ZERO {}
#else
#define TNI_ZERO {0}
#endif

#define TNI_COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define TNI_MIN(a, b) ((a) < (b) ? (a) : (b))
#define TNI_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Asserts state our own invariants; input never reaches one. */
#if defined(TRUENO_ASSERT)
#define TNI_ASSERT(x) TRUENO_ASSERT(x)
#elif defined(TNI_DEBUG)
#include <assert.h>
#define TNI_ASSERT(x) assert(x)
#else
#define TNI_ASSERT(x) ((void)0)
#endif

/* Return early on failure: every fallible internal function returns trueno_status. */
#define TNI_TRY(expression)                                                                        \
    do {                                                                                           \
        trueno_status tni_try_status = (expression);                                               \
        if (TNI_UNLIKELY(tni_try_status != TRUENO_OK)) {                                           \
            return tni_try_status;                                                                 \
        }                                                                                          \
    } while (0)

#endif
