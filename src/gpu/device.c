/*
 * device.c - finding the Vulkan loader, judging its devices, opening one.
 *
 * The minimum is Vulkan 1.1 with a compute queue and 16 KiB of shared memory; everything else is
 * recorded and has a fallback. How many storage buffers a kernel may have is
 * asked of each kernel: Vulkan promises 4, phones have 8 and more. Ranges of 128 MiB are promised.
 * Device extensions are only enabled where a record in tni_gpu_info comes from them.
 *
 * Uses: base/, gpu/vulkan.h; gpu/memory.h and gpu/kernel.h to end what they began.
 */
#include "gpu/device.h"
#include "gpu/kernel.h"
#include "gpu/memory.h"
#include "gpu/spirv_module.h"

#include <stdio.h>

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_LEAST_SHARED 16384u
#define TNI_GPU_LEAST_RANGE (UINT64_C(1) << 27) /* Vulkan promises these two */
#define TNI_GPU_LEAST_BUFFERS 4u
#define TNI_GPU_MOST_DEVICES 64u
#define TNI_GPU_MOST_FAMILIES 32u
#define TNI_GPU_MOST_WORKING (UINT64_C(4) << 30) /* of the budget, kept from the cache */

/* ------------------------------------------------------------------------- the loader --- */

static void *tni_gpu_library(const char *path) {
#if defined(_WIN32)
    static const char *const names[] = {"vulkan-1.dll"};
#elif defined(__APPLE__)
    static const char *const names[] = {"libvulkan.1.dylib", "libvulkan.dylib",
                                        "libMoltenVK.dylib"};
#else
    static const char *const names[] = {"libvulkan.so.1", "libvulkan.so"};
#endif
    void *library = NULL;
    size_t i;
    if (path != NULL) {
        return tni_library_open(path);
    }
    for (i = 0; i < TNI_COUNT_OF(names) && library == NULL; i++) {
        library = tni_library_open(names[i]);
    }
    return library;
}

/* Function and data pointers have one size on every system with dlsym; memcpy keeps it legal. */
#define TNI_VK_LOAD(result, name, parameters)                                                      \
    found = table->GetInstanceProcAddr(instance, "vk" #name);                                      \
    memcpy(&table->name, &found, sizeof found);                                                    \
    complete = complete && found != NULL;

static bool tni_gpu_load_global(tni_vk_instance_table *table, void *library) {
    tni_vk_instance instance = NULL;
    tni_vk_function found;
    bool complete = true;
    void *symbol = tni_library_symbol(library, "vkGetInstanceProcAddr");
    memcpy(&table->GetInstanceProcAddr, &symbol, sizeof symbol);
    if (symbol == NULL) {
        return false;
    }
    TNI_VK_GLOBAL_FUNCTIONS(TNI_VK_LOAD)
    return complete;
}

static bool tni_gpu_load_instance(tni_vk_instance_table *table, tni_vk_instance instance) {
    tni_vk_function found;
    bool complete = true;
    TNI_VK_INSTANCE_FUNCTIONS(TNI_VK_LOAD)
    return complete;
}
#undef TNI_VK_LOAD

static void tni_gpu_intercept(tni_gpu *gpu, tni_vk_instance_table *instance,
                              tni_vk_device_table *device) {
    if (gpu->options.intercept != NULL) {
        gpu->options.intercept(gpu->options.intercept_user, instance, device);
    }
}

#define TNI_VK_LOAD(result, name, parameters)                                                      \
    found = gpu->vk.GetDeviceProcAddr(device->device, "vk" #name);                                 \
    memcpy(&device->vk.name, &found, sizeof found);                                                \
    complete = complete && found != NULL;

static bool tni_gpu_load_device(tni_gpu *gpu, tni_gpu_device *device) {
    tni_vk_function found;
    bool complete = true, all;
    TNI_VK_DEVICE_FUNCTIONS(TNI_VK_LOAD)
    all = complete;
    if (device->transfer_mode == TNI_GPU_TRANSFER_IMPORTED) {
        TNI_VK_EXTENSION_FUNCTIONS(TNI_VK_LOAD)
    }
    all = all && complete;
    tni_gpu_intercept(gpu, NULL, &device->vk);
    return all;
}
#undef TNI_VK_LOAD

/* A Vulkan 1.0 loader answers INCOMPATIBLE_DRIVER. */
static tni_vk_result tni_gpu_create_instance(tni_gpu *gpu) {
    tni_vk_application application = TNI_ZERO;
    tni_vk_instance_info info = TNI_ZERO;
    application.type = TNI_VK_S_APPLICATION;
    application.application = "trueno_db";
    application.engine = "trueno_db";
    application.api_version = TNI_VK_VERSION_1_2;
    info.type = TNI_VK_S_INSTANCE;
    info.application = &application;
    return gpu->vk.CreateInstance(&info, NULL, &gpu->instance);
}

/* ------------------------------------------------------------------ judging the devices --- */

static bool tni_gpu_has_extension(const tni_vk_extension *extensions, uint32_t count,
                                  const char *name) {
    uint32_t i;
    for (i = 0; i < count; i++) {
        if (strcmp(extensions[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Put a structure in front of a chain of them. */
static void tni_gpu_chain(void **chain, void *structure, int32_t type) {
    memcpy(structure, &type, sizeof type);
    memcpy((char *)structure + offsetof(tni_vk_features2, next), chain, sizeof *chain);
    *chain = structure;
}

static void tni_gpu_read_features(const tni_gpu *gpu, tni_gpu_info *info,
                                  const tni_vk_extension *extensions, uint32_t count) {
    tni_vk_features2 features = TNI_ZERO;
    tni_vk_atomic_int64 atomics = TNI_ZERO;
    tni_vk_timeline timeline = TNI_ZERO;
    bool is_1_2 = info->api_version >= TNI_VK_VERSION_1_2;
    void *chain = NULL;
    if (is_1_2 || tni_gpu_has_extension(extensions, count, "VK_KHR_shader_atomic_int64")) {
        tni_gpu_chain(&chain, &atomics, TNI_VK_S_ATOMIC_INT64_FEATURES);
    }
    if (is_1_2 || tni_gpu_has_extension(extensions, count, "VK_KHR_timeline_semaphore")) {
        tni_gpu_chain(&chain, &timeline, TNI_VK_S_TIMELINE_FEATURES);
    }
    tni_gpu_chain(&chain, &features, TNI_VK_S_FEATURES2);
    gpu->vk.GetPhysicalDeviceFeatures2(info->physical, &features);
    info->int64 = features.features[TNI_VK_FEATURE_INT64] != 0;
    info->float64 = features.features[TNI_VK_FEATURE_FLOAT64] != 0;
    info->atomic_int64 = is_1_2 && atomics.buffers != 0; /* else an extension to ask for */
    info->timeline = timeline.timeline != 0;
}

static void tni_gpu_read_properties(const tni_gpu *gpu, tni_gpu_info *info,
                                    const tni_vk_extension *extensions, uint32_t count) {
    tni_vk_properties2 properties = TNI_ZERO;
    tni_vk_id id = TNI_ZERO;
    tni_vk_subgroup subgroup = TNI_ZERO;
    tni_vk_maintenance3 maintenance = TNI_ZERO;
    tni_vk_host_memory host = TNI_ZERO;
    tni_vk_float_controls controls = TNI_ZERO;
    const tni_vk_limits *limits = &properties.properties.limits;
    void *chain = NULL;
    info->host_memory = tni_gpu_has_extension(extensions, count, "VK_EXT_external_memory_host");
    info->memory_budget = tni_gpu_has_extension(extensions, count, "VK_EXT_memory_budget");
    tni_gpu_chain(&chain, &id, TNI_VK_S_ID_PROPERTIES);
    tni_gpu_chain(&chain, &subgroup, TNI_VK_S_SUBGROUP_PROPERTIES);
    tni_gpu_chain(&chain, &maintenance, TNI_VK_S_MAINTENANCE3_PROPERTIES);
    if (info->host_memory) {
        tni_gpu_chain(&chain, &host, TNI_VK_S_HOST_MEMORY_PROPERTIES);
    }
    if (info->api_version >= TNI_VK_VERSION_1_2) {
        tni_gpu_chain(&chain, &controls, TNI_VK_S_FLOAT_CONTROLS);
    }
    tni_gpu_chain(&chain, &properties, TNI_VK_S_PROPERTIES2);
    gpu->vk.GetPhysicalDeviceProperties2(info->physical, &properties);
    info->import_alignment = info->host_memory ? host.alignment : 0;
    memcpy(info->uuid, id.device_uuid, sizeof info->uuid);
    info->subgroup_size = subgroup.size;
    info->subgroup_operations =
        (subgroup.stages & TNI_VK_STAGE_COMPUTE) != 0 ? subgroup.operations : 0;
    info->subgroup_arithmetic = (info->subgroup_operations & TNI_VK_SUBGROUP_ARITHMETIC) != 0;
    info->allocation_bytes = maintenance.allocation_bytes;
    info->shared_bytes = limits->shared_bytes;
    info->storage_range = limits->storage_range;
    info->storage_alignment = limits->storage_alignment;
    info->storage_buffers = TNI_MIN(limits->stage_storage_buffers, limits->set_storage_buffers);
    info->storage_buffers = TNI_MIN(info->storage_buffers, limits->stage_resources);
    info->group_count = limits->group_count[0];
    info->group_threads = TNI_MIN(limits->group_invocations, limits->group_size[0]);
    info->timestamp_period = limits->timestamps ? limits->timestamp_period : 0;
    info->denormals = controls.denormal_preserve[2] != 0;
    info->denormals_f32 = controls.denormal_preserve[1] != 0;
    info->round_to_even = controls.round_to_even[2] != 0;
    info->zero_inf_nan = controls.zero_inf_nan[2] != 0;
}

/* The first compute queue family, one without graphics when there is one; the transfer family is
 * one that can do nothing else. */
static bool tni_gpu_read_queues(const tni_gpu *gpu, tni_gpu_info *info) {
    tni_vk_queue_family families[TNI_GPU_MOST_FAMILIES];
    uint32_t count = TNI_GPU_MOST_FAMILIES, i;
    bool found = false, pure = false;
    gpu->vk.GetPhysicalDeviceQueueFamilyProperties(info->physical, &count, families);
    for (i = 0; i < count; i++) {
        bool compute = (families[i].flags & TNI_VK_QUEUE_COMPUTE) != 0;
        bool graphics = (families[i].flags & TNI_VK_QUEUE_GRAPHICS) != 0;
        if (compute && families[i].count > 0 && (!found || (!graphics && !pure))) {
            info->compute_family = i;
            found = true;
            pure = !graphics;
            if (families[i].timestamp_bits == 0) {
                info->timestamp_period = 0;
            }
        } else if (!compute && !graphics && !info->transfer_queue && families[i].count > 0 &&
                   (families[i].flags & TNI_VK_QUEUE_TRANSFER) != 0) {
            info->transfer_family = i;
            info->transfer_queue = true;
        }
    }
    if (!info->transfer_queue) {
        info->transfer_family = info->compute_family;
    }
    return found;
}

/* The first memory type with all of `wanted`, one with all of `liked` before others. */
static bool tni_gpu_memory_type(const tni_vk_memory_properties *memory, uint32_t wanted,
                                uint32_t liked, uint32_t *out) {
    uint32_t i;
    bool found = false;
    for (i = memory->type_count; i-- > 0;) {
        uint32_t flags = memory->types[i].flags;
        if ((flags & wanted) == wanted && (!found || (flags & liked) == liked)) {
            *out = i;
            found = true;
        }
    }
    return found;
}

static bool tni_gpu_read_memory(const tni_gpu *gpu, tni_gpu_info *info) {
    const uint32_t host = TNI_VK_MEMORY_HOST_VISIBLE | TNI_VK_MEMORY_HOST_COHERENT;
    tni_vk_memory_properties2 properties = TNI_ZERO;
    tni_vk_memory_budget budget = TNI_ZERO;
    const tni_vk_memory_properties *memory = &properties.memory;
    void *chain = NULL;
    if (info->memory_budget) {
        tni_gpu_chain(&chain, &budget, TNI_VK_S_MEMORY_BUDGET);
    }
    tni_gpu_chain(&chain, &properties, TNI_VK_S_MEMORY_PROPERTIES2);
    gpu->vk.GetPhysicalDeviceMemoryProperties2(info->physical, &properties);
    if (!tni_gpu_memory_type(memory, TNI_VK_MEMORY_DEVICE_LOCAL, 0, &info->device_memory) ||
        !tni_gpu_memory_type(memory, host, 0, &info->upload_memory) ||
        !tni_gpu_memory_type(memory, host, TNI_VK_MEMORY_HOST_CACHED, &info->download_memory)) {
        return false;
    }
    info->heap = memory->types[info->device_memory].heap;
    info->heap_bytes = memory->heaps[info->heap].size;
    info->free_bytes = info->heap_bytes;
    if (info->memory_budget) {
        uint64_t usage = budget.usage[info->heap], most = budget.budget[info->heap];
        info->free_bytes = usage < most ? most - usage : 0;
    }
    info->unified = info->kind == TNI_VK_DEVICE_INTEGRATED || info->kind == TNI_VK_DEVICE_CPU;
    if (!tni_gpu_memory_type(memory, host | TNI_VK_MEMORY_DEVICE_LOCAL, 0,
                             &info->shared_memory)) {
        info->shared_memory = UINT32_MAX;
    }
    return true;
}

#define TNI_GPU_REFUSE(info, ...)                                                                  \
    do {                                                                                           \
        (void)snprintf((info)->reason, sizeof(info)->reason, __VA_ARGS__);                         \
        return;                                                                                    \
    } while (0)

/* Fill `info` (its `physical` is set) and judge. */
static void tni_gpu_judge(const tni_gpu *gpu, tni_gpu_info *info,
                          const tni_vk_extension *extensions, uint32_t count) {
    tni_vk_properties properties;
    gpu->vk.GetPhysicalDeviceProperties(info->physical, &properties);
    memcpy(info->name, properties.name, sizeof info->name);
    info->name[sizeof info->name - 1] = '\0';
    info->kind = properties.device_type;
    info->vendor = properties.vendor;
    info->device = properties.device;
    info->api_version = properties.api_version;
    info->driver_version = properties.driver_version;
    info->is_software = info->kind == TNI_VK_DEVICE_CPU;
    if (info->api_version < TNI_VK_VERSION_1_1) {
        TNI_GPU_REFUSE(info, "not used: its driver speaks Vulkan 1.0, 1.1 is needed");
    }
    tni_gpu_read_features(gpu, info, extensions, count);
    tni_gpu_read_properties(gpu, info, extensions, count);
    if (!tni_gpu_read_queues(gpu, info)) {
        TNI_GPU_REFUSE(info, "not used: it has no compute queue");
    }
    if (!tni_gpu_read_memory(gpu, info)) {
        TNI_GPU_REFUSE(info, "not used: it has no coherent memory that the processor sees");
    }
    if (info->shared_bytes < TNI_GPU_LEAST_SHARED) {
        TNI_GPU_REFUSE(info, "not used: %lu bytes of shared memory, %lu are needed",
                       (unsigned long)info->shared_bytes, (unsigned long)TNI_GPU_LEAST_SHARED);
    }
    if (info->storage_range < TNI_GPU_LEAST_RANGE) {
        TNI_GPU_REFUSE(info, "not used: storage ranges end at %lu bytes",
                       (unsigned long)info->storage_range);
    }
    if (info->storage_buffers < TNI_GPU_LEAST_BUFFERS) {
        TNI_GPU_REFUSE(info, "not used: %lu storage buffers a kernel, %lu are needed",
                       (unsigned long)info->storage_buffers, (unsigned long)TNI_GPU_LEAST_BUFFERS);
    }
    if (info->is_software && !gpu->options.software) {
        TNI_GPU_REFUSE(info, "not used: a software device is slower than our own vector code");
    }
    info->usable = true;
    TNI_GPU_REFUSE(info, "usable%s",
                   !info->int64     ? "; no 64-bit integers: only aggregates of 32 bits run there"
                   : !info->float64 ? "; no 64-bit floats: DOUBLE runs on the processor"
                                    : "");
}
#undef TNI_GPU_REFUSE

TNI_FN trueno_status tni_gpu_buffers_fit(const tni_gpu_info *info, uint32_t count,
                                         tni_error *error) {
    if (count <= info->storage_buffers) {
        return TRUENO_OK;
    }
    return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                    "the GPU %s takes %lu storage buffers a kernel, %lu are needed", info->name,
                    (unsigned long)info->storage_buffers, (unsigned long)count);
}

static trueno_status tni_gpu_judge_all(tni_gpu *gpu, tni_vk_physical *physicals, uint32_t count,
                                       tni_error *error) {
    uint32_t i;
    gpu->devices = (tni_gpu_info *)tni_alloc_zero(gpu->memory, count * sizeof *gpu->devices);
    if (gpu->devices == NULL) {
        return tni_memory_fail(gpu->memory, count * sizeof *gpu->devices, error);
    }
    gpu->device_count = count;
    for (i = 0; i < count; i++) {
        tni_vk_extension *extensions = NULL;
        uint32_t n = 0, room;
        gpu->devices[i].physical = physicals[i];
        if (gpu->vk.EnumerateDeviceExtensionProperties(physicals[i], NULL, &n, NULL) !=
            TNI_VK_SUCCESS) {
            n = 0;
        }
        room = n;
        if (room > 0) {
            extensions =
                (tni_vk_extension *)tni_alloc_array(gpu->memory, room, sizeof *extensions);
            if (extensions == NULL) {
                return tni_memory_fail(gpu->memory, room * sizeof *extensions, error);
            }
            if (gpu->vk.EnumerateDeviceExtensionProperties(physicals[i], NULL, &n, extensions) !=
                TNI_VK_SUCCESS) {
                n = 0;
            }
        }
        tni_gpu_judge(gpu, &gpu->devices[i], extensions, n);
        tni_free(gpu->memory, extensions, room * sizeof *extensions);
    }
    return TRUENO_OK;
}

static void tni_gpu_say(tni_gpu *gpu, const char *reason) {
    (void)snprintf(gpu->reason, sizeof gpu->reason, "%s", reason);
}

/* The host's device alone, judged like any; what it was not made with counts as absent. */
static trueno_status tni_gpu_find_host(tni_gpu *gpu, tni_error *error) {
    const trueno_vulkan *host = gpu->options.host;
    tni_vk_physical physical;
    memcpy(&gpu->vk.GetInstanceProcAddr, &host->get_instance_proc_addr,
           sizeof gpu->vk.GetInstanceProcAddr);
    memcpy(&gpu->instance, &host->instance, sizeof gpu->instance);
    memcpy(&physical, &host->physical_device, sizeof physical);
    if (!tni_gpu_load_instance(&gpu->vk, gpu->instance)) {
        tni_gpu_say(gpu, "the host's Vulkan is older than version 1.1");
        return TRUENO_OK;
    }
    tni_gpu_intercept(gpu, &gpu->vk, NULL);
    TNI_TRY(tni_gpu_judge_all(gpu, &physical, 1, error));
    gpu->devices[0].float64 = gpu->devices[0].float64 && host->float64;
    gpu->devices[0].atomic_int64 = gpu->devices[0].atomic_int64 && host->atomic_int64;
    gpu->devices[0].compute_family = gpu->devices[0].transfer_family = host->queue_family;
    gpu->devices[0].transfer_queue = false;
    gpu->devices[0].import_alignment = 0; /* its extension may not be enabled */
    return TRUENO_OK;
}

static trueno_status tni_gpu_find(tni_gpu *gpu, tni_error *error) {
    tni_vk_physical physicals[TNI_GPU_MOST_DEVICES];
    uint32_t count = TNI_GPU_MOST_DEVICES;
    tni_vk_result result;
    if (gpu->options.host != NULL) {
        return tni_gpu_find_host(gpu, error);
    }
    gpu->library = tni_gpu_library(gpu->options.loader);
    if (gpu->library == NULL) {
        tni_gpu_say(gpu, "no Vulkan loader is installed");
        return TRUENO_OK;
    }
    if (!tni_gpu_load_global(&gpu->vk, gpu->library)) {
        tni_gpu_say(gpu, "the Vulkan loader lacks functions that it must have");
        return TRUENO_OK;
    }
    tni_gpu_intercept(gpu, &gpu->vk, NULL);
    result = tni_gpu_create_instance(gpu);
    if (result != TNI_VK_SUCCESS) {
        gpu->instance = NULL;
        tni_gpu_say(gpu, result == TNI_VK_INCOMPATIBLE_DRIVER
                             ? "the Vulkan loader finds no driver of version 1.1"
                             : "the Vulkan loader refuses to start");
        return TRUENO_OK;
    }
    if (!tni_gpu_load_instance(&gpu->vk, gpu->instance)) {
        tni_gpu_say(gpu, "the Vulkan loader is older than version 1.1");
        return TRUENO_OK;
    }
    tni_gpu_intercept(gpu, &gpu->vk, NULL);
    result = gpu->vk.EnumeratePhysicalDevices(gpu->instance, &count, physicals);
    if ((result != TNI_VK_SUCCESS && result != TNI_VK_INCOMPLETE) || count == 0) {
        tni_gpu_say(gpu, "the Vulkan loader knows no device");
        return TRUENO_OK;
    }
    return tni_gpu_judge_all(gpu, physicals, count, error);
}

/* Every device has the kernels; without one they stay packed. */
static trueno_status tni_gpu_kernels(tni_gpu *gpu, tni_error *error) {
    size_t words = tni_spirv_kernel_words();
    uint32_t i;
    if (gpu->device_count == 0 || words == 0) {
        return TRUENO_OK;
    }
    gpu->kernels = (uint32_t *)tni_alloc_array(gpu->memory, words, sizeof *gpu->kernels);
    if (gpu->kernels == NULL) {
        return tni_memory_fail(gpu->memory, words * sizeof *gpu->kernels, error);
    }
    tni_spirv_unpack_kernels(gpu->kernels);
    for (i = 0; i < gpu->device_count; i++) {
        gpu->devices[i].kernels = gpu->kernels;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_gpu_open(tni_memory *memory, const tni_gpu_options *options,
                                  tni_gpu **out, tni_error *error) {
    tni_gpu *gpu = (tni_gpu *)tni_alloc_zero(memory, sizeof *gpu);
    trueno_status status;
    *out = NULL;
    if (gpu == NULL) {
        return tni_memory_fail(memory, sizeof *gpu, error);
    }
    gpu->memory = memory;
    if (options != NULL) {
        gpu->options = *options;
    }
    status = tni_gpu_find(gpu, error);
    if (status == TRUENO_OK) {
        status = tni_gpu_kernels(gpu, error);
    }
    if (status != TRUENO_OK) {
        tni_gpu_close(gpu);
        return status;
    }
    *out = gpu;
    return TRUENO_OK;
}

TNI_FN void tni_gpu_close(tni_gpu *gpu) {
    if (gpu == NULL) {
        return;
    }
    tni_free(gpu->memory, gpu->kernels, tni_spirv_kernel_words() * sizeof *gpu->kernels);
    tni_free(gpu->memory, gpu->devices, gpu->device_count * sizeof *gpu->devices);
    if (gpu->instance != NULL && gpu->vk.DestroyInstance != NULL && gpu->options.host == NULL) {
        gpu->vk.DestroyInstance(gpu->instance, NULL);
    }
    if (gpu->library != NULL) {
        tni_library_close(gpu->library);
    }
    tni_free(gpu->memory, gpu, sizeof *gpu);
}

static int tni_gpu_rank(const tni_gpu_info *info) {
    switch (info->kind) {
    case TNI_VK_DEVICE_DISCRETE: return 4;
    case TNI_VK_DEVICE_INTEGRATED: return 3;
    case TNI_VK_DEVICE_VIRTUAL: return 2;
    case TNI_VK_DEVICE_OTHER: return 1;
    default: return 0;
    }
}

TNI_FN const tni_gpu_info *tni_gpu_best(const tni_gpu *gpu) {
    const tni_gpu_info *best = NULL;
    uint32_t i;
    for (i = 0; i < gpu->device_count; i++) {
        const tni_gpu_info *info = &gpu->devices[i];
        if (info->usable &&
            (best == NULL || tni_gpu_rank(info) > tni_gpu_rank(best) ||
             (tni_gpu_rank(info) == tni_gpu_rank(best) && info->heap_bytes > best->heap_bytes))) {
            best = info;
        }
    }
    return best;
}

TNI_FN void tni_gpu_describe(const tni_gpu *gpu, tni_text *out) {
    uint32_t i;
    if (gpu->device_count == 0) {
        tni_text_format(out, "no GPU: %s\n", gpu->reason);
    }
    for (i = 0; i < gpu->device_count; i++) {
        const tni_gpu_info *info = &gpu->devices[i];
        tni_text_format(out,
                        "%s: %s (Vulkan %u.%u, %lu MiB, subgroups of %u%s%s%s%s%s%s%s)\n",
                        info->name, info->reason, (unsigned)(info->api_version >> 22) & 127u,
                        (unsigned)(info->api_version >> 12) & 1023u,
                        (unsigned long)(info->heap_bytes >> 20), (unsigned)info->subgroup_size,
                        info->float64 ? ", f64" : "", info->atomic_int64 ? ", i64 atomics" : "",
                        info->timeline ? ", timeline" : "",
                        info->memory_budget ? ", budget" : "",
                        info->host_memory ? ", host memory" : "",
                        info->transfer_queue ? ", transfer queue" : "",
                        info->unified ? ", unified" : "");
    }
}

/* ---------------------------------------------------------------------- opening one --- */

TNI_FN trueno_status tni_gpu_check(tni_gpu_device *device, tni_vk_result result, const char *what,
                                   tni_error *error) {
    if (result >= 0 && result != TNI_VK_TIMEOUT && result != TNI_VK_NOT_READY) {
        return TRUENO_OK;
    }
    device->unsettled = true;
    if (result == TNI_VK_DEVICE_LOST || result == TNI_VK_TIMEOUT) {
        device->lost = true;
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "the GPU %s was lost in %s",
                        device->info->name, what);
    }
    if (result == TNI_VK_OUT_OF_DEVICE_MEMORY || result == TNI_VK_OUT_OF_HOST_MEMORY) {
        return tni_fail(error, TRUENO_ERROR_MEMORY_LIMIT,
                        "the GPU %s has no memory left for %s (gpu_cache_bytes is the limit)",
                        device->info->name, what);
    }
    return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "the driver of %s answered %d to %s",
                    device->info->name, (int)result, what);
}

#define TNI_GPU_SETTLE_TRIES 3

static trueno_status tni_gpu_create_semaphores(tni_gpu_device *device, tni_error *error) {
    tni_vk_flags_info info = TNI_ZERO;
    uint32_t i;
    info.type = TNI_VK_S_SEMAPHORE;
    for (i = 0; i < TNI_GPU_LANES; i++) {
        TNI_TRY(tni_gpu_check(
            device,
            device->vk.CreateSemaphore(device->device, &info, NULL, &device->uploaded[i]),
            "creating a semaphore", error));
    }
    return TRUENO_OK;
}

static void tni_gpu_destroy_semaphores(tni_gpu_device *device) {
    uint32_t i;
    for (i = 0; i < TNI_GPU_LANES; i++) {
        device->vk.DestroySemaphore(device->device, device->uploaded[i], NULL);
        device->uploaded[i] = 0;
    }
}

/* A semaphore that was signalled for work that was never submitted cannot be reset, only made
 * afresh. */
static bool tni_gpu_settle_objects(tni_gpu_device *device) {
    tni_vk_device_table *vk = &device->vk;
    tni_gpu_destroy_semaphores(device);
    return tni_gpu_create_semaphores(device, NULL) == TRUENO_OK &&
           vk->ResetFences(device->device, 1, &device->fence) == TNI_VK_SUCCESS &&
           vk->ResetFences(device->device, TNI_GPU_STAGING_SLOTS, device->transfer_fences) ==
               TNI_VK_SUCCESS &&
           vk->ResetCommandPool(device->device, device->command_pool, 0) == TNI_VK_SUCCESS &&
           vk->ResetCommandPool(device->device, device->transfer_pool, 0) == TNI_VK_SUCCESS;
}

TNI_FN void tni_gpu_settle(tni_gpu_device *device) {
    uint32_t i;
    bool ok = false;
    if (!device->unsettled || device->lost || device->recording) {
        return;
    }
    for (i = 0; i < TNI_GPU_SETTLE_TRIES && !ok; i++) {
        ok = device->vk.DeviceWaitIdle(device->device) == TNI_VK_SUCCESS;
    }
    memset(device->transfer_busy, 0, sizeof device->transfer_busy);
    device->transfer_dirty = false;
    device->lost = !ok || !tni_gpu_settle_objects(device);
    device->unsettled = false;
}

/* The host made the device. */
static trueno_status tni_gpu_adopt_device(tni_gpu *gpu, tni_gpu_device *device,
                                          tni_error *error) {
    const trueno_vulkan *host = gpu->options.host;
    memcpy(&device->device, &host->device, sizeof device->device);
    memcpy(&device->compute, &host->queue, sizeof device->compute);
    device->transfer = device->compute;
    if (!tni_gpu_load_device(gpu, device)) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "the driver of %s lacks functions",
                        device->info->name);
    }
    device->ready = true;
    return TRUENO_OK;
}

static trueno_status tni_gpu_create_device(tni_gpu *gpu, tni_gpu_device *device,
                                           tni_error *error) {
    const tni_gpu_info *info = device->info;
    static const float priority = 1.0f;
    static const char *const extensions[] = {"VK_EXT_external_memory_host"};
    tni_vk_queue_info queues[2] = {TNI_ZERO, TNI_ZERO};
    tni_vk_device_info create = TNI_ZERO;
    tni_vk_features2 features = TNI_ZERO;
    tni_vk_atomic_int64 atomics = TNI_ZERO;
    uint32_t i;
    for (i = 0; i < 2; i++) {
        queues[i].type = TNI_VK_S_DEVICE_QUEUE;
        queues[i].family = i == 0 ? info->compute_family : info->transfer_family;
        queues[i].count = 1;
        queues[i].priorities = &priority;
    }
    atomics.type = TNI_VK_S_ATOMIC_INT64_FEATURES;
    atomics.buffers = 1;
    features.type = TNI_VK_S_FEATURES2;
    features.next = info->atomic_int64 ? &atomics : NULL;
    features.features[TNI_VK_FEATURE_INT64] = info->int64 ? 1 : 0;
    features.features[TNI_VK_FEATURE_FLOAT64] = info->float64 ? 1 : 0;
    create.type = TNI_VK_S_DEVICE;
    create.next = &features;
    create.queue_count = info->transfer_queue ? 2 : 1;
    create.queues = queues;
    create.extension_count = device->transfer_mode == TNI_GPU_TRANSFER_IMPORTED ? 1 : 0;
    create.extensions = extensions;
    TNI_TRY(tni_gpu_check(device,
                          gpu->vk.CreateDevice(info->physical, &create, NULL, &device->device),
                          "creating the device", error));
    if (!tni_gpu_load_device(gpu, device)) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "the driver of %s lacks functions",
                        info->name);
    }
    device->ready = true;
    device->vk.GetDeviceQueue(device->device, info->compute_family, 0, &device->compute);
    device->vk.GetDeviceQueue(device->device, info->transfer_family, 0, &device->transfer);
    return TRUENO_OK;
}

static trueno_status tni_gpu_create_commands(tni_gpu_device *device, uint32_t family,
                                             tni_vk_handle *pool, tni_vk_commands *commands,
                                             uint32_t count, tni_error *error) {
    tni_vk_command_pool_info info = TNI_ZERO;
    tni_vk_command_allocate allocate = TNI_ZERO;
    info.type = TNI_VK_S_COMMAND_POOL;
    info.flags = TNI_VK_POOL_RESET_COMMANDS;
    info.family = family;
    TNI_TRY(tni_gpu_check(device, device->vk.CreateCommandPool(device->device, &info, NULL, pool),
                          "creating a command pool", error));
    allocate.type = TNI_VK_S_COMMAND_ALLOCATE;
    allocate.pool = *pool;
    allocate.level = TNI_VK_COMMANDS_PRIMARY;
    allocate.count = count;
    return tni_gpu_check(device,
                         device->vk.AllocateCommandBuffers(device->device, &allocate, commands),
                         "creating command buffers", error);
}

static trueno_status tni_gpu_create_fence(tni_gpu_device *device, tni_vk_handle *out,
                                          tni_error *error) {
    tni_vk_flags_info info = TNI_ZERO;
    info.type = TNI_VK_S_FENCE;
    return tni_gpu_check(device, device->vk.CreateFence(device->device, &info, NULL, out),
                         "creating a fence", error);
}

static trueno_status tni_gpu_create_objects(tni_gpu_device *device, tni_error *error) {
    tni_vk_blob_info cache = TNI_ZERO;
    tni_vk_query_pool_info queries = TNI_ZERO;
    uint32_t i;
    TNI_TRY(tni_gpu_create_commands(device, device->info->compute_family, &device->command_pool,
                                    &device->commands, 1, error));
    TNI_TRY(tni_gpu_create_commands(device, device->info->transfer_family, &device->transfer_pool,
                                    device->transfer_commands, TNI_GPU_STAGING_SLOTS, error));
    TNI_TRY(tni_gpu_create_fence(device, &device->fence, error));
    TNI_TRY(tni_gpu_create_semaphores(device, error));
    for (i = 0; i < TNI_GPU_STAGING_SLOTS; i++) {
        TNI_TRY(tni_gpu_create_fence(device, &device->transfer_fences[i], error));
    }
    cache.type = TNI_VK_S_PIPELINE_CACHE;
    TNI_TRY(tni_gpu_check(
        device,
        device->vk.CreatePipelineCache(device->device, &cache, NULL, &device->pipeline_cache),
        "creating a pipeline cache", error));
    if (device->info->timestamp_period > 0) {
        queries.type = TNI_VK_S_QUERY_POOL;
        queries.kind = TNI_VK_QUERY_TIMESTAMP;
        queries.count = 2;
        TNI_TRY(tni_gpu_check(
            device,
            device->vk.CreateQueryPool(device->device, &queries, NULL, &device->query_pool),
            "creating a query pool", error));
    }
    return TRUENO_OK;
}

/* What was asked for, as far as the device can do it. */
static void tni_gpu_choose_transfer(tni_gpu_device *device) {
    const tni_gpu_info *info = device->info;
    const tni_gpu_options *options = &device->gpu->options;
    tni_gpu_transfer mode = options->transfer;
    if (mode == TNI_GPU_TRANSFER_AUTO && info->unified) {
        mode = TNI_GPU_TRANSFER_MAPPED;
    }
    if (mode == TNI_GPU_TRANSFER_AUTO ||
        (mode == TNI_GPU_TRANSFER_MAPPED && info->shared_memory == UINT32_MAX) ||
        (mode == TNI_GPU_TRANSFER_IMPORTED && info->import_alignment == 0)) {
        mode = TNI_GPU_TRANSFER_STAGED;
    }
    device->transfer_mode = mode;
    device->import_limit =
        options->import_bytes != 0 ? options->import_bytes : tni_physical_memory() / 8;
}

static void tni_gpu_choose_budget(tni_gpu_device *device) {
    const tni_gpu_options *options = &device->gpu->options;
    uint64_t working;
    device->budget = options->budget_bytes != 0 ? options->budget_bytes
                                                : device->info->free_bytes / 5 * 4;
    if (options->cache_bytes != 0 && options->cache_bytes < UINT64_MAX - TNI_GPU_MOST_WORKING) {
        device->budget =
            TNI_MIN(device->budget, options->cache_bytes + TNI_GPU_MOST_WORKING);
    }
    working = TNI_MIN(device->budget / 4, TNI_GPU_MOST_WORKING);
    device->cache_limit = device->budget - working;
    if (options->cache_bytes != 0) {
        device->cache_limit = TNI_MIN(device->cache_limit, options->cache_bytes);
    }
}

TNI_FN trueno_status tni_gpu_device_open(tni_gpu *gpu, const tni_gpu_info *info,
                                         tni_gpu_device **out, tni_error *error) {
    tni_gpu_device *device = (tni_gpu_device *)tni_alloc_zero(gpu->memory, sizeof *device);
    trueno_status status;
    *out = NULL;
    if (device == NULL) {
        return tni_memory_fail(gpu->memory, sizeof *device, error);
    }
    device->info = info;
    device->gpu = gpu;
    device->memory = gpu->memory;
    tni_gpu_choose_budget(device);
    device->parallel = gpu->options.parallel;
    device->upload_rate = 1e7; /* 10 GB/s */
    device->scan_rate = info->unified ? 2e7 : 5e8;
    tni_gpu_choose_transfer(device);
    if (!tni_mutex_init(&device->mutex)) {
        tni_free(gpu->memory, device, sizeof *device);
        return tni_fail_memory(error, sizeof *device);
    }
    if (!tni_mutex_init(&device->transfer_mutex)) {
        tni_mutex_free(&device->mutex);
        tni_free(gpu->memory, device, sizeof *device);
        return tni_fail_memory(error, sizeof *device);
    }
    status = gpu->options.host != NULL ? tni_gpu_adopt_device(gpu, device, error)
                                       : tni_gpu_create_device(gpu, device, error);
    if (status == TRUENO_OK) {
        status = tni_gpu_create_objects(device, error);
    }
    if (status != TRUENO_OK) {
        tni_gpu_device_close(device);
        return status;
    }
    *out = device;
    return TRUENO_OK;
}

/* Vulkan's destroy functions accept 0. */
static void tni_gpu_destroy_objects(tni_gpu_device *device) {
    tni_vk_device_table *vk = &device->vk;
    tni_vk_device d = device->device;
    uint32_t i;
    vk->DestroyQueryPool(d, device->query_pool, NULL);
    vk->DestroyPipelineCache(d, device->pipeline_cache, NULL);
    for (i = 0; i < TNI_GPU_STAGING_SLOTS; i++) {
        vk->DestroyFence(d, device->transfer_fences[i], NULL);
    }
    tni_gpu_destroy_semaphores(device);
    vk->DestroyFence(d, device->fence, NULL);
    vk->DestroyCommandPool(d, device->transfer_pool, NULL);
    vk->DestroyCommandPool(d, device->command_pool, NULL);
}

TNI_FN void tni_gpu_device_close(tni_gpu_device *device) {
    if (device == NULL) {
        return;
    }
    if (device->device != NULL && device->vk.DestroyDevice != NULL) {
        if (device->ready) {
            (void)device->vk.DeviceWaitIdle(device->device);
            tni_gpu_kernels_free(device);
            tni_gpu_memory_free(device);
            tni_gpu_destroy_objects(device);
        }
        if (device->gpu->options.host == NULL) {
            device->vk.DestroyDevice(device->device, NULL);
        }
    }
    tni_mutex_free(&device->transfer_mutex);
    tni_mutex_free(&device->mutex);
    tni_free(device->memory, device, sizeof *device);
}

#else /* TRUENO_NO_VULKAN */

TNI_FN trueno_status tni_gpu_open(tni_memory *memory, const tni_gpu_options *options,
                                  tni_gpu **out, tni_error *error) {
    tni_gpu *gpu = (tni_gpu *)tni_alloc_zero(memory, sizeof *gpu);
    *out = gpu;
    if (gpu == NULL) {
        return tni_memory_fail(memory, sizeof *gpu, error);
    }
    gpu->memory = memory;
    if (options != NULL) {
        gpu->options = *options;
    }
    (void)snprintf(gpu->reason, sizeof gpu->reason, "built with TRUENO_NO_VULKAN");
    return TRUENO_OK;
}

TNI_FN void tni_gpu_close(tni_gpu *gpu) {
    if (gpu != NULL) {
        tni_free(gpu->memory, gpu, sizeof *gpu);
    }
}

TNI_FN const tni_gpu_info *tni_gpu_best(const tni_gpu *gpu) {
    (void)gpu;
    return NULL;
}

TNI_FN void tni_gpu_describe(const tni_gpu *gpu, tni_text *out) {
    tni_text_format(out, "no GPU: %s\n", gpu->reason);
}

#endif

#undef TNI_GPU_LEAST_SHARED
#undef TNI_GPU_LEAST_RANGE
#undef TNI_GPU_LEAST_BUFFERS
#undef TNI_GPU_MOST_DEVICES
#undef TNI_GPU_MOST_FAMILIES
#undef TNI_GPU_MOST_WORKING
#undef TNI_GPU_SETTLE_TRIES
