/*
 * platform.h - the operating system behind small functions: atomics, threads, files, clock,
 * dynamic libraries. POSIX and Win32 live in platform.c; no system header leaks from here.
 */
#ifndef TNI_BASE_PLATFORM_H
#define TNI_BASE_PLATFORM_H

#include "base/error.h"

/* ---- memory: where the allocation family of memory.h gets its blocks by default ---- */
TNI_FN void tni_allocator_default(trueno_allocator *out);
/* Bytes of memory this process may use (machine or container); 0 when unknown. */
TNI_FN uint64_t tni_physical_memory(void);

/* ---- atomics: sequentially consistent unless named otherwise ---- */
typedef struct tni_atomic_i32 {
    volatile int32_t value;
} tni_atomic_i32;
typedef struct tni_atomic_i64 {
    TNI_ALIGN8 volatile int64_t value; /* i386 would place it on 4 */
} tni_atomic_i64;
typedef struct tni_atomic_pointer {
    void *volatile value;
} tni_atomic_pointer;

/* One byte of many, read where it is: acquire and release. */
TNI_INLINE uint8_t tni_atomic_load_u8(const uint8_t *a) {
#if defined(__GNUC__) || defined(__clang__)
    return __atomic_load_n(a, __ATOMIC_ACQUIRE);
#else
    return *(const volatile uint8_t *)a; /* MSVC: volatile is acquire and release on x86 */
#endif
}
TNI_INLINE void tni_atomic_store_u8(uint8_t *a, uint8_t value) {
#if defined(__GNUC__) || defined(__clang__)
    __atomic_store_n(a, value, __ATOMIC_RELEASE);
#else
    *(volatile uint8_t *)a = value;
#endif
}
TNI_FN int32_t tni_atomic_load_i32(const tni_atomic_i32 *a);
TNI_FN void tni_atomic_store_i32(tni_atomic_i32 *a, int32_t value);
TNI_FN int32_t tni_atomic_add_i32(tni_atomic_i32 *a, int32_t value); /* returns the old value */
TNI_FN bool tni_atomic_cas_i32(tni_atomic_i32 *a, int32_t expected, int32_t desired);
TNI_FN int64_t tni_atomic_load_i64(const tni_atomic_i64 *a);
TNI_FN void tni_atomic_store_i64(tni_atomic_i64 *a, int64_t value);
TNI_FN int64_t tni_atomic_add_i64(tni_atomic_i64 *a, int64_t value); /* returns the old value */
TNI_FN bool tni_atomic_cas_i64(tni_atomic_i64 *a, int64_t expected, int64_t desired);
TNI_FN void *tni_atomic_load_pointer(const tni_atomic_pointer *a);
TNI_FN void tni_atomic_store_pointer(tni_atomic_pointer *a, void *value);

/* ---- threads ---- */
typedef struct tni_mutex {
    uint64_t storage[8]; /* large enough for pthread_mutex_t and SRWLOCK; checked in platform.c */
} tni_mutex;
typedef struct tni_condition {
    uint64_t storage[8];
} tni_condition;
typedef struct tni_thread tni_thread;

TNI_FN bool tni_mutex_init(tni_mutex *mutex);
TNI_FN void tni_mutex_free(tni_mutex *mutex);
TNI_FN void tni_mutex_lock(tni_mutex *mutex);
TNI_FN void tni_mutex_unlock(tni_mutex *mutex);
TNI_FN bool tni_condition_init(tni_condition *condition);
TNI_FN void tni_condition_free(tni_condition *condition);
TNI_FN void tni_condition_wait(tni_condition *condition, tni_mutex *mutex);
TNI_FN void tni_condition_signal_all(tni_condition *condition);
/* NULL when the system refuses. Stack of at least 512 KiB. */
TNI_FN tni_thread *tni_thread_start(void (*function)(void *), void *argument);
TNI_FN void tni_thread_join(tni_thread *thread); /* also frees it */
TNI_FN void tni_thread_yield(void);
TNI_FN uint32_t tni_cpu_count(void); /* processors this process may use, >= 1 */

/* ---- time, environment ---- */
TNI_FN int64_t tni_clock_nanoseconds(void);           /* monotonic */
TNI_FN int64_t tni_wall_microseconds(void);           /* since 1970-01-01 UTC */
TNI_FN const char *tni_environment(const char *name); /* NULL when unset */

/* ---- dynamic libraries ---- */
TNI_FN void *tni_library_open(const char *name); /* NULL when absent */
TNI_FN void *tni_library_symbol(void *library, const char *name);
TNI_FN void tni_library_close(void *library);

/* ---- the default trueno_files: the operating system's, 64-bit offsets, mmap where possible --- */
/* Pipes (/dev/stdin) are read to their end when opened. A mapped file must not be cut short by
 * another process while it is in use: read() is the safe way for files that still change. */
TNI_FN void tni_files_default(trueno_files *out);
/* "no such file or directory" for an errno value that a trueno_files call returned. */
TNI_FN const char *tni_files_error_text(int code);
/* Does the code say that there is no such file? */
TNI_FN bool tni_files_is_absent(int code);
/* Expand a glob (*, ?, [..], ** for folders) through the operating system: sorted list passed
 * path by path to `visit`; a non-OK return stops. A path without glob characters is passed as
 * it is. Errors: NOT_FOUND when a glob matches nothing, IO. */
TNI_FN trueno_status tni_files_glob(const char *pattern,
                                    trueno_status (*visit)(void *user, const char *path),
                                    void *user, tni_error *error);
TNI_FN bool tni_path_has_glob(const char *path);
/* A unique name for a spill file in `directory` (NULL: the system's temp folder). */
TNI_FN trueno_status tni_temp_path(const char *directory, char *out, size_t size, tni_error *error);

#endif
