/*
 * kernel.h - kernels with buffers of their own, and batches of dispatches.
 *
 * A kernel is a module with its specialization constants and the shape of its descriptors; it is
 * found in the device's cache or built. A batch records fills, copies and dispatches, each of which
 * sees what those before it wrote, into one submission, so that a sort of many passes or a build
 * and its probe pay for one wait.
 *
 *     tni_gpu_batch_begin -> ..._fill, ..._dispatch, ..._download ... -> tni_gpu_batch_run
 *
 * Everything here runs under the device's mutex.
 */
#ifndef TNI_GPU_KERNEL_H
#define TNI_GPU_KERNEL_H

#include "gpu/memory.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_BINDINGS 12u        /* bindings of a kernel's descriptor set */
#define TNI_GPU_CONSTANTS 32u       /* specialization constants, ids 0..31, 32 bits each */
#define TNI_GPU_DESCRIPTORS 40u     /* storage buffers a kernel sees, all bindings together */

typedef struct tni_gpu_kernel_want {
    const uint32_t *words;          /* the module: a skeleton as it is, or spliced */
    uint32_t word_count;
    uint32_t binding_count;
    uint32_t bindings[TNI_GPU_BINDINGS]; /* storage buffers of each binding (arrays: > 1) */
    uint32_t constant_count;
    uint32_t constants[TNI_GPU_CONSTANTS];
} tni_gpu_kernel_want;

/* The kernel, built when it is not there yet (`compile_ms` grows by the time that took; may be
 * NULL). It belongs to the device and lives until tni_gpu_kernels_free, or until the cache is full
 * and it is the longest unused: use it before the next get beyond a few. */
TNI_FN trueno_status tni_gpu_kernel_get(tni_gpu_device *device, const tni_gpu_kernel_want *want,
                                        tni_gpu_kernel **out, double *compile_ms,
                                        tni_error *error);
/* Whether a get would find it built. */
TNI_FN bool tni_gpu_kernel_ready(tni_gpu_device *device, const tni_gpu_kernel_want *want);
/* Build it if it is not there, for later: other threads use the device meanwhile. Called without
 * the device's mutex, which it takes before and after compiling. */
TNI_FN trueno_status tni_gpu_kernel_aside(tni_gpu_device *device, const tni_gpu_kernel_want *want,
                                          double *compile_ms, tni_error *error);
TNI_FN void tni_gpu_kernels_free(tni_gpu_device *device);

/* The kernels of some work. */
typedef struct tni_gpu_kernel_list {
    tni_memory *memory;
    tni_gpu_kernel_want *wants;
    uint32_t count;
    size_t capacity;
    bool failed;     /* memory was short: it lacks some */
    uint32_t *words; /* copies of all modules, of a list that was kept */
} tni_gpu_kernel_list;

TNI_FN void tni_gpu_kernel_list_init(tni_gpu_kernel_list *list, tni_memory *memory);
/* Unless it is there; `want` is zero wherever it says nothing. */
TNI_FN void tni_gpu_kernel_list_add(tni_gpu_kernel_list *list, const tni_gpu_kernel_want *want);
/* The modules are copied, for a list that outlives them; once. False: memory is short. */
TNI_FN bool tni_gpu_kernel_list_keep(tni_gpu_kernel_list *list);
TNI_FN void tni_gpu_kernel_list_free(tni_gpu_kernel_list *list);
/* How many are not built yet; takes the device's mutex. */
TNI_FN uint32_t tni_gpu_kernel_list_missing(tni_gpu_device *device,
                                            const tni_gpu_kernel_list *list);

/* Part of a range, as a descriptor sees it: offset a multiple of TNI_GPU_ALIGNMENT. */
typedef struct tni_gpu_slice {
    const tni_gpu_range *range;
    uint64_t offset, size;          /* within the range; size 0: to its end */
} tni_gpu_slice;

typedef enum tni_gpu_batch_state {
    TNI_GPU_BATCH_OVER, TNI_GPU_BATCH_RECORDING, TNI_GPU_BATCH_SUBMITTED
} tni_gpu_batch_state;

typedef struct tni_gpu_batch {
    tni_gpu_device *device;
    tni_error *error;
    trueno_status status;           /* the first failure; later calls do nothing */
    tni_gpu_batch_state state;
    uint64_t download_bytes;        /* of device->download in use: where the next one goes */
    double compute_ms;              /* of the parts that ran already */
    bool dirty;                     /* something was written since the last barrier */
    bool apart;                     /* the next command needs no barrier */
    uint32_t sets_used;             /* of the lane's descriptor pools */
    tni_gpu_lane *lane;             /* NULL when it is over */
    bool listing;                   /* see tni_gpu_batch_list */
} tni_gpu_batch;

/* At most TNI_GPU_LANES at a time; with several, give each its own part of device->download by
 * setting download_bytes before its first download. */
TNI_FN trueno_status tni_gpu_batch_begin(tni_gpu_device *device, tni_gpu_batch *batch,
                                         tni_error *error);
/* A batch that takes commands and does nothing: for recorders that are asked which kernels they
 * would get, not for running. Needs no mutex and no end. */
TNI_FN void tni_gpu_batch_list(tni_gpu_device *device, tni_gpu_batch *batch, tni_error *error);
/* The next command and those since the last barrier do not write what the other uses: they may run
 * side by side. */
TNI_FN void tni_gpu_batch_apart(tni_gpu_batch *batch);
/* Set `size` bytes (a multiple of 4) to copies of `word`. */
TNI_FN void tni_gpu_batch_fill(tni_gpu_batch *batch, const tni_gpu_range *range, uint64_t offset,
                               uint64_t size, uint32_t word);
TNI_FN void tni_gpu_batch_copy(tni_gpu_batch *batch, const tni_gpu_range *from,
                               uint64_t from_offset, const tni_gpu_range *to, uint64_t to_offset,
                               uint64_t size);
/* `slices`: one a descriptor, in binding order (arrays in full). `push` at most
 * TNI_GPU_PUSH_BYTES. `groups`: workgroups in x; more than 65,535 go to y as well, so kernels
 * number themselves gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x and check the end. */
TNI_FN void tni_gpu_batch_dispatch(tni_gpu_batch *batch, tni_gpu_kernel *kernel,
                                   const tni_gpu_slice *slices, uint32_t slice_count,
                                   const void *push, uint32_t push_bytes, uint32_t groups);
/* Bring bytes back with the batch: after the run they lie at device->download.data + *at. The
 * sizes of all downloads of a batch must have been reserved (tni_gpu_download_reserve). */
TNI_FN void tni_gpu_batch_download(tni_gpu_batch *batch, const tni_gpu_range *range,
                                   uint64_t offset, uint64_t size, uint64_t *at);
/* Submit and wait for what was recorded so far, then go on: for work whose parts would take longer
 * together than drivers give one submission (keep each below about 100 ms). */
TNI_FN trueno_status tni_gpu_batch_flush(tni_gpu_batch *batch);
/* Submit behind all uploads so far, wait, and add the device's own time to `compute_ms` (may be
 * NULL). The batch is done with afterwards, whatever the status. */
TNI_FN trueno_status tni_gpu_batch_run(tni_gpu_batch *batch, double *compute_ms);
/* The same in two steps, with work of the host or another batch between. The device starts when
 * the semaphore `after` is signalled (0: at once; tni_gpu_upload_signal gives that of uploads). A
 * failed submit is reported by the wait too. */
TNI_FN trueno_status tni_gpu_batch_submit(tni_gpu_batch *batch, tni_vk_handle after);
TNI_FN trueno_status tni_gpu_batch_wait(tni_gpu_batch *batch, double *compute_ms);
/* Give up a batch that was begun and will not be run. */
TNI_FN void tni_gpu_batch_drop(tni_gpu_batch *batch);

#endif /* TRUENO_NO_VULKAN */

#endif
