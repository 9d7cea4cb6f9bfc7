/*
 * order.h - selection, ORDER BY and top-k of a table on the GPU: row ids, and values of these rows.
 *
 * The rows that pass the filter become a bitmap and then row ids, morsel by morsel; keys are
 * computed for these rows alone, as unsigned integers in the order of SQL, and packed as tightly
 * as their range in this very table allows, all keys in one word where they fit. Ties are broken
 * by row id, so the answer is the stable sort's, on every device.
 */
#ifndef TNI_GPU_ORDER_H
#define TNI_GPU_ORDER_H

#include "gpu/primitives.h"
#include "gpu/scan.h"

#if !defined(TRUENO_NO_VULKAN)

typedef struct tni_gpu_order_key {
    uint32_t output;      /* of shape.values; text: a column with a dictionary */
    bool descending, nulls_first;
} tni_gpu_order_key;

typedef struct tni_gpu_order_shape {
    tni_gpu_shape shape;  /* columns, filter, values; slots are not looked at */
    uint32_t key_count;   /* 0: the order of rows, a selection */
    tni_gpu_order_key keys[TNI_GPU_SLOTS];
    uint32_t fetch_count; /* values wanted of the rows of the result */
    uint32_t fetch[TNI_GPU_SLOTS]; /* outputs of shape.values, as for keys */
    uint64_t limit;       /* the first so many rows (OFFSET + LIMIT); UINT64_MAX: all */
} tni_gpu_order_shape;

typedef struct tni_gpu_order_result {
    bool overflowed;      /* some row failed: let the CPU say which and why */
    uint64_t selected;    /* rows that passed the filter */
    uint64_t row_count;   /* min(selected, limit) */
    uint32_t *rows;       /* [row_count]: numbers of rows of the table, in order */
    uint64_t *values[TNI_GPU_SLOTS]; /* [fetch][row_count]: bits of integers, DOUBLE or FLOAT
                                        (NaN canonical), codes of text; 0 where NULL */
    uint32_t *nulls;      /* [row_count]: bit f where fetch f is NULL; NULL: none is */
    const char *form;     /* "selection", "sort", "top-k" */
    double compile_ms, upload_ms, compute_ms;
    uint64_t uploaded_bytes, read_bytes;
    uint32_t morsels, passes; /* of the sort */
    tni_arena memory;     /* owns the arrays */
} tni_gpu_order_result;

typedef struct tni_gpu_order_code tni_gpu_order_code; /* the emitted kernels of a shape */

/* UNSUPPORTED: the message says what the GPU cannot do. `out` lives in the arena. */
TNI_FN trueno_status tni_gpu_order_emit(const tni_gpu_info *info,
                                        const tni_gpu_order_shape *shape, tni_arena *arena,
                                        tni_gpu_order_code **out, tni_error *error);
/* Run; errors as for tni_gpu_scan. Tables of 2^30 rows and more are UNSUPPORTED. */
TNI_FN trueno_status tni_gpu_order(tni_gpu_device *device, const tni_gpu_order_shape *shape,
                                   const tni_gpu_order_code *code, const tni_gpu_table *table,
                                   tni_gpu_order_result *out, tni_error *error);
/* The kernels that a run will ask for, near enough: those of keys whose width only the run finds
 * out may be others. For a device that runs something else meanwhile. */
TNI_FN trueno_status tni_gpu_order_list(tni_gpu_device *device, const tni_gpu_order_shape *shape,
                                        const tni_gpu_order_code *code, const tni_gpu_table *table,
                                        tni_gpu_kernel_list *list, tni_error *error);
TNI_FN void tni_gpu_order_free(tni_gpu_order_result *result);

#endif /* TRUENO_NO_VULKAN */

#endif
