/*
 * scan.h - filter and ungrouped aggregates over a table on the GPU, in one fused pass a morsel.
 *
 * The caller gives the shape of the work and the table's segments; columns come from the cache or
 * are uploaded, the kernel is found by its shape or built, and partial results are put together
 * on the host in an order that no device decides. Float sums come back as one number per block
 * of 4,096 rows, the same bits as the CPU kernels give (simd/kernels.h), for the caller to
 * combine in block order.
 */
#ifndef TNI_GPU_SCAN_H
#define TNI_GPU_SCAN_H

#include "gpu/column.h"
#include "gpu/kernel.h"

#if !defined(TRUENO_NO_VULKAN)

typedef struct tni_gpu_table {
    uint64_t owner;         /* cache key: never reused */
    uint32_t column_count;
    const uint32_t *numbers; /* cache key of each column; NULL: its position */
    const tni_segment *const *const *columns; /* [column][segment] */
    uint32_t segment_count;
    const uint32_t *partitions; /* [segment]: same number, same device; NULL: by position */
    uint64_t rows;
    uint32_t first_segment;  /* a stretch of a table: what stands before it, for the cache */
    bool lasting;            /* plain arrays of segments live until `owner` is dropped from the
                                cache: the device may be given them, see tni_gpu_upload_host */
} tni_gpu_table;

typedef struct tni_gpu_slot_result {
    uint64_t count;         /* rows that fed it */
    tni_i128 sum;           /* integers */
    uint64_t bits;          /* MIN, MAX: the value's bits; meaningless when count is 0 */
    const double *blocks;   /* float sums: one per block of the table, NaN canonical */
} tni_gpu_slot_result;

typedef struct tni_gpu_scan_result {
    bool overflowed;        /* some row failed: let the CPU say which and why */
    tni_gpu_slot_result slots[TNI_GPU_SLOTS];
    uint64_t block_count;
    double compile_ms, upload_ms, compute_ms; /* compute: the device's own clock */
    uint64_t uploaded_bytes, read_bytes;
    uint32_t morsels;
    double *block_sums;     /* [float slots][block_count] */
    size_t block_bytes;
} tni_gpu_scan_result;

/* Where a scan's morsels come from. */
typedef struct tni_gpu_source {
    /* The next segments to scan, whole morsels of tni_gpu_morsel_cut; false at the end. */
    bool (*next)(void *user, uint32_t *first, uint32_t *segments);
    void *user;
    uint32_t segments;   /* the most that `next` gives */
    uint64_t share;      /* bytes of columns that this device will see; 0: the whole table's */
    double *block_sums;  /* room for [float slots][blocks of the table]; NULL: the result's own */
    bool keep_keys;      /* MIN, MAX: leave the order-preserving keys in `bits` */
} tni_gpu_source;

/* Run. Errors: UNSUPPORTED (the message is the reason), MEMORY_LIMIT, MEMORY; after each the
 * caller uses the CPU. `code` comes from tni_gpu_emit of `shape`, for this device. */
TNI_FN trueno_status tni_gpu_scan(tni_gpu_device *device, const tni_gpu_shape *shape,
                                  const tni_gpu_code *code, const tni_gpu_table *table,
                                  tni_gpu_scan_result *out, tni_error *error);
/* The same over part of a table: counts, sums and bounds of what `source` gave; the blocks of the
 * rest are left as they are. On failure nothing is known of what it gave. */
TNI_FN trueno_status tni_gpu_scan_from(tni_gpu_device *device, const tni_gpu_shape *shape,
                                       const tni_gpu_code *code, const tni_gpu_table *table,
                                       const tni_gpu_source *source, tni_gpu_scan_result *out,
                                       tni_error *error);
/* The kernel that a scan of this code will ask for. */
TNI_FN void tni_gpu_scan_want(const tni_gpu_code *code, tni_gpu_kernel_want *out);
TNI_FN void tni_gpu_scan_free(tni_gpu_device *device, tni_gpu_scan_result *result);

#endif /* TRUENO_NO_VULKAN */

#endif
