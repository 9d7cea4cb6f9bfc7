/*
 * group.h - GROUP BY on the GPU: filter, keys and aggregates of a table in one fused pass a morsel.
 *
 * Keys are integers of at most 64 bits together, or codes of shared dictionaries; each is a digit
 * of one 64-bit key word, NULL included as a code of its own. Forms:
 *
 *   dense        the key word is a small index: a table in shared memory a workgroup, then one
 *   merge direct       the key word is an index below a few millions: one table in device memory
 *   hash         open addressing in device memory; when it fills the pass is repeated with a larger
 *   partitioned  rows by hash first, then each partition in shared memory
 *
 * Sums of integers are exact in two limbs; sums of floats use the limbs on an absolute grid of
 * exec/aggregate.h (tni_float_state), so every bit is the CPU's. MIN and MAX use order-preserving
 * keys. Groups come back in ascending key-word order, so the answer depends on no schedule.
 */
#ifndef TNI_GPU_GROUP_H
#define TNI_GPU_GROUP_H

#include "gpu/scan.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_KEYS 6u

typedef enum tni_gpu_group_form {
    TNI_GPU_GROUP_AUTO,
    TNI_GPU_GROUP_DENSE,
    TNI_GPU_GROUP_DIRECT,
    TNI_GPU_GROUP_HASH,
    TNI_GPU_GROUP_PARTITIONED
} tni_gpu_group_form;

/* The word is a number in mixed radix, the first key the most significant digit. */
typedef struct tni_gpu_group_key {
    uint32_t output;     /* of shape->values: the key expression */
    int64_t minimum;     /* subtracted first: codes are >= 0 */
    uint64_t range;      /* codes < range; 0 = any 64-bit value: of a key alone, never NULL; NULL
                            has the code `range` */
    bool nullable;
} tni_gpu_group_key;

typedef struct tni_gpu_group_shape {
    tni_gpu_shape shape; /* filter, values, slots as for tni_gpu_scan */
    uint32_t key_count;
    tni_gpu_group_key keys[TNI_GPU_KEYS];
    uint64_t groups_expected; /* 0 = unknown */
    tni_gpu_group_form form;  /* AUTO: by the number of groups */
} tni_gpu_group_shape;

/* A float sum on the absolute grid, see exec/aggregate.h: limb i counts units of
 * 2^(scale - 32 * (i + 1)). */
typedef struct tni_gpu_float_sum {
    int64_t limbs[3];
    uint32_t flags;      /* 1 NaN, 2 +inf, 4 -inf */
    uint32_t grid;       /* 0: nothing finite; else scale = -896 + 32 * (grid - 1) */
} tni_gpu_float_sum;

typedef struct tni_gpu_group_result {
    bool overflowed;     /* some row failed, or a key left its range: let the CPU do it */
    uint64_t group_count;
    uint64_t *keys;      /* [group_count]: packed key words, ascending */
    uint64_t *rows;      /* [group_count]: COUNT(*) */
    uint64_t *counts[TNI_GPU_SLOTS]; /* [slot][group]: rows that fed it; may be `rows` */
    tni_i128 *sums[TNI_GPU_SLOTS];   /* integer SUM, else NULL */
    uint64_t *bits[TNI_GPU_SLOTS];   /* MIN, MAX: value bits, else NULL */
    tni_gpu_float_sum *floats[TNI_GPU_SLOTS]; /* float SUM, else NULL */
    const char *form;    /* "dense", "direct", "hash", "partitioned" */
    double compile_ms, upload_ms, compute_ms;
    uint64_t uploaded_bytes, read_bytes;
    uint32_t morsels, passes;
    tni_arena memory;    /* owns small arrays; large ones stay where the device wrote them */
    tni_gpu_mapped lent;
    tni_gpu_device *device;
} tni_gpu_group_result;

typedef struct tni_gpu_group_code tni_gpu_group_code; /* the emitted kernels of a shape */

/* UNSUPPORTED: the message says what the GPU cannot do. `out` lives in the arena. */
TNI_FN trueno_status tni_gpu_group_emit(const tni_gpu_info *info, const tni_gpu_group_shape *shape,
                                        tni_arena *arena, tni_gpu_group_code **out,
                                        tni_error *error);
/* Run; errors as for tni_gpu_scan. */
TNI_FN trueno_status tni_gpu_group(tni_gpu_device *device, const tni_gpu_group_shape *shape,
                                   const tni_gpu_group_code *code, const tni_gpu_table *table,
                                   tni_gpu_group_result *out, tni_error *error);
/* The kernels that a run will ask for, if it needs no second pass. For a device that runs something
 * else meanwhile. */
TNI_FN trueno_status tni_gpu_group_list(tni_gpu_device *device, const tni_gpu_group_shape *shape,
                                        const tni_gpu_group_code *code, const tni_gpu_table *table,
                                        tni_gpu_kernel_list *list, tni_error *error);
/* Before the device is closed. */
TNI_FN void tni_gpu_group_free(tni_gpu_group_result *result);
/* The code of key `key` in a packed word; *is_null set. */
TNI_FN uint64_t tni_gpu_group_unpack(const tni_gpu_group_shape *shape, uint32_t key,
                                     uint64_t word, bool *is_null);

#endif /* TRUENO_NO_VULKAN */

#endif
