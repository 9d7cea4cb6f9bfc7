/*
 * env.h - what every part of a running query may ask for: memory, kernels, files, limits.
 * Shared by all threads of the query; nothing here changes while it runs but the atomics.
 */
#ifndef TNI_COLUMN_ENV_H
#define TNI_COLUMN_ENV_H

#include "base/math.h"
#include "base/memory.h"
#include "simd/kernels.h"

typedef struct tni_env {
    tni_memory *memory;
    const tni_kernels *kernels;
    const trueno_files *files;
    const trueno_limits *limits; /* defaults filled in */
    const tni_math *math;        /* loaded before a plan that needs it runs */
    const trueno_log *log;
    const char *temp_directory;  /* NULL = the system's */
    bool no_file_access;
    bool no_spill;
    uint32_t threads;            /* most workers a pipeline may use */
    const tni_atomic_i32 *interrupted; /* how often it was asked to stop; NULL: never */
    int32_t interrupted_before;        /* how often before this query began: another count stops */
    int64_t deadline;            /* tni_clock_nanoseconds(), INT64_MAX = none */
    tni_atomic_i64 rows_read;    /* progress */
    tni_atomic_i64 bytes_read;
    tni_atomic_i64 spilled_bytes;
} tni_env;

/* INTERRUPTED or DEADLINE when the query should stop. Call once a morsel. */
TNI_FN trueno_status tni_env_check(const tni_env *env, tni_error *error);

#endif
