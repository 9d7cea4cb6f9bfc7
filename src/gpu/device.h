/*
 * device.h - which GPUs there are, why each is or is not used, and an opened one.
 *
 * Nothing here is an error for a query: no loader, no device or too small a device is information
 * (`reason`), and the CPU does the work. Nothing is printed. Opening the loader costs tens to
 * hundreds of milliseconds, so it happens only when a query could gain from a GPU.
 */
#ifndef TNI_GPU_DEVICE_H
#define TNI_GPU_DEVICE_H

#include "base/text.h"
#include "gpu/vulkan.h"

#define TNI_GPU_COLUMNS 24u       /* input buffers of a kernel at most */
#define TNI_GPU_SLOTS 8u          /* aggregates of one pass */
#define TNI_GPU_PUSH_BYTES 128u   /* what Vulkan guarantees; literals live here */
#define TNI_GPU_LITERALS 15u      /* (128 - 8) / 8 */
#define TNI_GPU_GROUP_THREADS 256u
#define TNI_GPU_SCAN_BESIDE 2u    /* buffers of a scan beside its inputs: results, block sums */
#define TNI_GPU_ALIGNMENT 256u    /* the largest minStorageBufferOffsetAlignment Vulkan allows */
#define TNI_GPU_STAGING_SLOTS 4u
#define TNI_GPU_LANES 4u          /* batches at a time */

/* How columns reach device memory. */
typedef enum tni_gpu_transfer {
    TNI_GPU_TRANSFER_AUTO,    /* STAGED; MAPPED where device memory is the processor's memory */
    TNI_GPU_TRANSFER_STAGED,  /* through pinned memory, copied by the device's copy engine */
    TNI_GPU_TRANSFER_MAPPED,  /* written by the processor where it will be read */
    TNI_GPU_TRANSFER_IMPORTED /* plain arrays of the host read by the copy engine where they lie
                                 (VK_EXT_external_memory_host); other forms STAGED */
} tni_gpu_transfer;

/* Who helps filling: run task(context, i) for each i < count and return when all are done. The
 * calls may be made one after the other. NULL: the caller alone. */
typedef struct tni_gpu_parallel {
    void (*run)(void *user, uint32_t count, void (*task)(void *context, uint32_t index),
                void *context);
    void *user;
    uint32_t threads;
} tni_gpu_parallel;

typedef struct tni_gpu_options {
    /* Tests stand between the library and the driver: called when the loader's, the instance's and
     * each device's functions are loaded, with the table whose pointers it may replace. */
    void (*intercept)(void *user, tni_vk_instance_table *instance, tni_vk_device_table *device);
    void *intercept_user;
    const trueno_vulkan *host; /* use this device and open none; lives as long; may be NULL */
    bool software;           /* use software devices (llvmpipe...) too */
    const char *loader;      /* path of the Vulkan loader; NULL = the system's */
    uint64_t budget_bytes;   /* most device memory to take; 0 = 80% of what is free */
    uint64_t cache_bytes;    /* most of it for columns that stay; work may take 4 GiB besides, where
                                there are; 0 = what the budget leaves */
    uint64_t slab_bytes;     /* one allocation of device memory; 0 = 256 MiB */
    uint64_t staging_bytes;  /* one of the four staging slots; 0 = 8 MiB */
    tni_gpu_transfer transfer;
    bool streaming;          /* arrays are written past the caches; to be measured */
    uint64_t import_bytes;   /* IMPORTED: most host memory kept; 0 = 1/8 of the machine's */
    tni_gpu_parallel parallel; /* of devices opened; device->parallel may change it later */
} tni_gpu_options;

typedef struct tni_gpu_info {
    char name[256];
    char reason[160];        /* why it is or is not used */
    bool usable;
    bool is_software;
    bool int64, float64, atomic_int64, subgroup_arithmetic, memory_budget, timeline, host_memory;
    bool transfer_queue;     /* a queue family of its own for copies */
    bool unified;            /* an integrated GPU: device memory is host memory */
    bool denormals;          /* the driver can promise to keep them in 64-bit floats */
    bool denormals_f32;
    bool round_to_even;      /* the rounding of 64-bit floats may be asked for */
    bool zero_inf_nan;       /* their zeros, infinities and NaNs are kept, if asked */
    int32_t kind;            /* TNI_VK_DEVICE_... */
    uint32_t vendor, device, api_version, driver_version;
    uint8_t uuid[16];
    uint32_t subgroup_operations; /* of compute kernels: TNI_VK_SUBGROUP_... */
    uint32_t subgroup_size, shared_bytes, storage_buffers, group_count;
    uint32_t group_threads;  /* most of a workgroup */
    uint64_t storage_range, allocation_bytes, storage_alignment;
    uint64_t heap_bytes, free_bytes; /* of the device-local heap; free: as the driver reports */
    uint32_t heap;
    uint32_t compute_family, transfer_family;
    uint32_t device_memory, upload_memory, download_memory; /* memory types */
    uint32_t shared_memory;  /* device-local memory that the processor sees; UINT32_MAX: none */
    uint64_t import_alignment; /* of host memory given to the device; 0 = not possible */
    float timestamp_period;  /* nanoseconds per tick; 0 = no timestamps on the compute queue */
    const uint32_t *kernels; /* tni_gpu.kernels */
    tni_vk_physical physical;
} tni_gpu_info;

typedef struct tni_gpu {
    tni_memory *memory;
    tni_gpu_options options;
    void *library;
    tni_vk_instance instance;
    tni_vk_instance_table vk;
    char reason[160];        /* why there is no device at all; "" otherwise */
    tni_gpu_info *devices;
    uint32_t device_count;
    uint32_t *kernels;       /* unpacked, when there is a device: see spirv_module.h */
} tni_gpu;

/* Look for devices. OK without any (`reason` says why); errors are MEMORY only. */
TNI_FN trueno_status tni_gpu_open(tni_memory *memory, const tni_gpu_options *options,
                                  tni_gpu **out, tni_error *error);
TNI_FN void tni_gpu_close(tni_gpu *gpu); /* NULL is fine; opened devices first */
/* The device a query should use: discrete before integrated before virtual before software, then
 * the larger memory. NULL when none is usable. */
TNI_FN const tni_gpu_info *tni_gpu_best(const tni_gpu *gpu);
/* One line a device: "NVIDIA H200: used: ..." */
TNI_FN void tni_gpu_describe(const tni_gpu *gpu, tni_text *out);

#if !defined(TRUENO_NO_VULKAN)

/* UNSUPPORTED when a kernel has more storage buffers than the device lets it have. */
TNI_FN trueno_status tni_gpu_buffers_fit(const tni_gpu_info *info, uint32_t count,
                                         tni_error *error);

/* A block of device memory cut into ranges. */
typedef struct tni_gpu_slab tni_gpu_slab;
typedef struct tni_gpu_range {
    tni_gpu_slab *slab; /* NULL: an empty range */
    uint64_t offset, size;
} tni_gpu_range;

typedef struct tni_gpu_mapped { /* a host-visible buffer */
    tni_vk_handle buffer, memory;
    uint8_t *data;
    uint64_t size;
} tni_gpu_mapped;

typedef struct tni_gpu_import tni_gpu_import; /* host memory given to the device, see memory.c */
typedef struct tni_gpu_entry tni_gpu_entry;       /* a cached column, see memory.h */
typedef struct tni_gpu_kernel tni_gpu_kernel;     /* a compiled kernel, see kernel.h */
typedef struct tni_gpu_lane tni_gpu_lane;         /* what a batch runs on, see kernel.h */

typedef struct tni_gpu_device {
    const tni_gpu_info *info;
    tni_gpu *gpu;
    tni_memory *memory;
    tni_mutex mutex;         /* one query at a time uses the device */
    tni_vk_device device;
    tni_vk_device_table vk;
    tni_vk_queue compute, transfer;
    bool ready;              /* its functions are loaded */
    bool lost;               /* sticky: nothing more is tried */
    bool unsettled;          /* a call failed with work under way: see tni_gpu_settle */
    /* what every kernel shares */
    tni_vk_handle set_layout, pipeline_layout, descriptor_pool;
    tni_vk_handle command_pool, fence, query_pool, pipeline_cache;
    tni_vk_commands commands;
    tni_gpu_kernel *kernels; /* the last used first */
    uint32_t kernel_count;
    struct tni_gpu_binding_shape *binding_shapes;
    tni_gpu_lane *lanes[TNI_GPU_LANES];
    uint64_t batch;          /* batches begun */
    bool recording;          /* some batch is at hand */
    /* copies */
    tni_gpu_transfer transfer_mode; /* never AUTO */
    tni_gpu_parallel parallel;
    tni_mutex transfer_mutex; /* threads that fill submit under it */
    uint32_t transfer_next;   /* slot of the next copy */
    tni_vk_handle uploaded[TNI_GPU_LANES]; /* semaphores in turn, see tni_gpu_upload_signal */
    uint32_t uploaded_next;
    bool transfer_dirty;      /* copies were submitted that nothing waits for yet */
    tni_vk_handle transfer_pool, transfer_fences[TNI_GPU_STAGING_SLOTS];
    tni_vk_commands transfer_commands[TNI_GPU_STAGING_SLOTS];
    bool transfer_busy[TNI_GPU_STAGING_SLOTS];
    tni_gpu_mapped staging[TNI_GPU_STAGING_SLOTS];
    tni_gpu_mapped download;
    tni_gpu_import *imports; /* the last made first */
    uint64_t imported_bytes, import_limit;
    /* memory */
    tni_gpu_slab *slabs;
    uint64_t slab_total, budget, used;
    tni_gpu_entry *newest, *oldest;
    uint64_t cached_bytes, hits, misses, evictions;
    uint64_t cache_limit;    /* the rest of the budget is for work and for what passes through */
    double upload_rate, scan_rate; /* bytes a millisecond, guessed and then seen */
    uint64_t scans;          /* begun: the clock of the cache */
    bool passing;            /* the scan at hand reads more than the cache holds */
} tni_gpu_device;

/* Create the logical device, its queues and the fixed objects. Fails with UNSUPPORTED (the reason
 * in the message) when the driver refuses; the caller stays on the CPU. */
TNI_FN trueno_status tni_gpu_device_open(tni_gpu *gpu, const tni_gpu_info *info,
                                         tni_gpu_device **out, tni_error *error);
TNI_FN void tni_gpu_device_close(tni_gpu_device *device); /* NULL is fine */

/* A Vulkan result as a status: OK, or UNSUPPORTED / MEMORY_LIMIT with a message; a lost device is
 * marked as such. */
TNI_FN trueno_status tni_gpu_check(tni_gpu_device *device, tni_vk_result result, const char *what,
                                   tni_error *error);

/* After a failed call: wait until nothing runs on the device any more, and bring fences and
 * commands back to their first state. Costs nothing when no call failed. To be called before memory
 * that the device may still use is given back, and before recording begins. */
TNI_FN void tni_gpu_settle(tni_gpu_device *device);

#endif /* TRUENO_NO_VULKAN */

#endif
