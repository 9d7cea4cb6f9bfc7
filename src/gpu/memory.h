/*
 * memory.h - device memory: slabs cut into ranges, staging, the cache of columns.
 *
 * VRAM is taken in slabs of one buffer each and cut into ranges of 256-byte multiples, first fit,
 * neighbours merged when given back. The sum of slabs never exceeds the budget; when a range
 * does not fit, unpinned cached columns go, the longest unused first. A quarter of the budget, at
 * most 4 GiB, is kept from the cache for work and for what only passes: the columns of a scan that
 * reads more than the cache holds drive nobody out.
 *
 * Uploads pass through four staging slots, filled by several threads (device->parallel) while
 * others are copied; or are written into device memory directly, where the processor sees it; or
 * are copied from the host's own arrays (device->transfer_mode).
 *
 * Everything here runs under the device's mutex.
 */
#ifndef TNI_GPU_MEMORY_H
#define TNI_GPU_MEMORY_H

#include "gpu/device.h"

#if !defined(TRUENO_NO_VULKAN)

/* The buffer that a range lies in, for descriptors and copies. */
TNI_FN tni_vk_handle tni_gpu_range_buffer(const tni_gpu_range *range);

/* A range of at least `size` bytes (> 0). MEMORY_LIMIT when budget or device have no more. */
TNI_FN trueno_status tni_gpu_take(tni_gpu_device *device, uint64_t size, tni_gpu_range *out,
                                  tni_error *error);
TNI_FN void tni_gpu_give(tni_gpu_device *device, tni_gpu_range *range); /* empty is fine */

/* Write the `size` bytes at `offset` of what is uploaded to `out`. Offsets are multiples of 512
 * KiB; several threads may call at a time. */
typedef trueno_status (*tni_gpu_fill)(void *user, uint64_t offset, void *out, size_t size,
                                      tni_error *error);
/* Fill a range. Returns when all was read from `fill`; the last copies may still be under way
 * until tni_gpu_upload_wait. */
TNI_FN trueno_status tni_gpu_upload(tni_gpu_device *device, const tni_gpu_range *range,
                                    uint64_t size, tni_gpu_fill fill, void *user,
                                    tni_error *error);
TNI_FN trueno_status tni_gpu_upload_bytes(tni_gpu_device *device, const tni_gpu_range *range,
                                          const void *data, uint64_t size, tni_error *error);
/* The same for an array of the host that lives, unchanged, until `owner` is dropped: it may be read
 * by the device itself. */
TNI_FN trueno_status tni_gpu_upload_host(tni_gpu_device *device, const tni_gpu_range *range,
                                         uint64_t owner, const void *data, uint64_t size,
                                         tni_error *error);
TNI_FN trueno_status tni_gpu_upload_wait(tni_gpu_device *device, tni_error *error);
/* Instead of waiting: a semaphore that is signalled when all uploads so far have arrived, for
 * tni_gpu_batch_submit, which must follow; 0 when nothing is under way. */
TNI_FN trueno_status tni_gpu_upload_signal(tni_gpu_device *device, tni_vk_handle *out,
                                           tni_error *error);
/* Give host memory back that was imported for `owner`. Part of tni_gpu_cache_drop. */
TNI_FN void tni_gpu_imports_drop(tni_gpu_device *device, uint64_t owner);
/* Make device->download hold at least `size` bytes. */
TNI_FN trueno_status tni_gpu_download_reserve(tni_gpu_device *device, uint64_t size,
                                              tni_error *error);

/* ---- the column cache ---- */

typedef struct tni_gpu_key {
    uint64_t owner;   /* the table or dictionary: never reused */
    uint32_t column;
    uint32_t first;   /* segment */
    uint32_t segments; /* another cut of the table into morsels is another entry */
} tni_gpu_key;

struct tni_gpu_entry {
    tni_gpu_entry *newer, *older;
    tni_gpu_key key;
    tni_gpu_range range;
    uint64_t scan;    /* the last that used it */
    uint32_t pins;
    bool filled;
    bool passing;     /* not in the cache: goes with its last pin */
};

/* A scan begins that will read so many bytes of columns; how much decides whether they join the
 * cache. */
TNI_FN void tni_gpu_cache_scan(tni_gpu_device *device, uint64_t bytes);

/* Would a find succeed? Takes the device's mutex itself. */
TNI_FN bool tni_gpu_cache_has(tni_gpu_device *device, const tni_gpu_key *key);
/* The cached column, pinned, or NULL. */
TNI_FN tni_gpu_entry *tni_gpu_cache_find(tni_gpu_device *device, const tni_gpu_key *key);
/* Room for a column that is not cached, pinned; the caller uploads it and sets `filled`. */
TNI_FN trueno_status tni_gpu_cache_add(tni_gpu_device *device, const tni_gpu_key *key,
                                       uint64_t size, tni_gpu_entry **out, tni_error *error);
/* Unpin; an entry that was never filled goes. */
TNI_FN void tni_gpu_cache_unpin(tni_gpu_device *device, tni_gpu_entry *entry);
/* Forget what belongs to `owner` (a dropped table). */
TNI_FN void tni_gpu_cache_drop(tni_gpu_device *device, uint64_t owner);

TNI_FN void tni_gpu_memory_free(tni_gpu_device *device);

#endif /* TRUENO_NO_VULKAN */

#endif
