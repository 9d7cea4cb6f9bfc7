/*
 * join.h - equality joins on arrays in device memory: pairs of row numbers.
 *
 * Keys are integers of 32 or 64 bits (several columns packed into one), with a validity bitmap or
 * none; a NULL key matches nothing. The output is sorted by probe row, then by build row, so it
 * depends on no schedule. Three forms find a key:
 *
 *   dense        a table indexed by key - minimum: where the range of keys is small
 *   hashed       open addressing, at most half full
 *   partitioned  both sides cut by hash into parts, each joined through shared memory: where the
 *                hashed table would be much larger than the device's caches. Distinct build keys
 *
 * At first build keys are taken for distinct; when they turn out not to be and it matters, the
 * build rows are sorted by key and the table leads to runs of equal keys.
 *
 * Like everything on batches this runs under the device's mutex.
 */
#ifndef TNI_GPU_JOIN_H
#define TNI_GPU_JOIN_H

#include "gpu/primitives.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_NO_ROW UINT32_MAX

typedef enum tni_gpu_join_kind {
    TNI_GPU_JOIN_INNER,
    TNI_GPU_JOIN_LEFT, /* probe rows without a partner come with TNI_GPU_NO_ROW */
    TNI_GPU_JOIN_SEMI, /* probe rows with a partner, once */
    TNI_GPU_JOIN_ANTI  /* probe rows without one, those of NULL keys too (NOT EXISTS) */
} tni_gpu_join_kind;

typedef enum tni_gpu_join_form {
    TNI_GPU_JOIN_AUTO,
    TNI_GPU_JOIN_DENSE,       /* needs `range` */
    TNI_GPU_JOIN_HASHED,
    TNI_GPU_JOIN_PARTITIONED
} tni_gpu_join_form;

typedef struct tni_gpu_join_side {
    uint32_t rows;            /* below 2^30 */
    tni_gpu_slice keys;       /* [rows] of 4 or 8 bytes */
    tni_gpu_slice validity;   /* a bit a row; range NULL: all valid */
} tni_gpu_join_side;

typedef struct tni_gpu_join {
    tni_gpu_join_kind kind;
    tni_gpu_join_form form;
    bool wide;                /* keys of 64 bits */
    bool repeated;            /* build keys are known to repeat: do not try without */
    uint64_t minimum, range;  /* every valid build key k: k - minimum < range; range 0: unknown */
    tni_gpu_join_side build, probe;
    uint64_t most;            /* output rows that the caller can take; 0 = 2^30 */
    /* results */
    uint64_t count;
    tni_gpu_range probe_rows, build_rows; /* uint32_t[count]; build: INNER and LEFT only */
    tni_gpu_join_form used;
    bool runs;                /* the build side was sorted */
    double compile_ms, compute_ms;
} tni_gpu_join;

/* Run. Errors: UNSUPPORTED (one of the message's reasons: too many rows for this device, keys that
 * collide too often), MEMORY_LIMIT (also: more than `most` output rows), MEMORY. */
TNI_FN trueno_status tni_gpu_join_run(tni_gpu_device *device, tni_gpu_join *join,
                                      tni_error *error);
/* Give the result back. */
TNI_FN void tni_gpu_join_free(tni_gpu_device *device, tni_gpu_join *join);

#endif /* TRUENO_NO_VULKAN */

#endif
