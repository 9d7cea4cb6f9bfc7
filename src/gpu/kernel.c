/*
 * kernel.c - the kernel cache and the batches of kernel.h.
 *
 * Kernels lie in one list, the last used first; a get compares the hash, then every word. Those
 * whose descriptors have the same shape share the layouts. A batch holds a lane: a command buffer,
 * a fence, a pair of timestamps and pools of descriptor sets, made when first needed. When the sets
 * are used up, what was recorded so far runs and the batch goes on, unseen by the caller.
 *
 * Each command waits for those before it: one full barrier in front of every fill, copy and
 * dispatch that the recorder does not call apart. That costs a microsecond or two, and passes that
 * follow one another need it.
 *
 * Uses: base/, gpu/device.h, gpu/memory.h.
 */
#include "gpu/kernel.h"
#include "base/hash.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_MOST_KERNELS 512u
#define TNI_GPU_POOLS 16u /* descriptor pools a lane */
#define TNI_GPU_POOL_SETS 64u
#define TNI_GPU_BATCH_WAIT UINT64_C(20000000000)
#define TNI_GPU_BATCH_LOOK INT64_C(1000000) /* nanoseconds of looking before sleeping */
#define TNI_GPU_MOST_X 65535u /* what Vulkan guarantees */

/* What kernels with the same bindings share. */
typedef struct tni_gpu_binding_shape tni_gpu_binding_shape;
struct tni_gpu_binding_shape {
    tni_gpu_binding_shape *next;
    uint32_t binding_count, descriptor_count;
    uint32_t bindings[TNI_GPU_BINDINGS];
    tni_vk_handle set_layout, pipeline_layout;
};

struct tni_gpu_lane {
    uint64_t batch;         /* the number of the batch that holds it, 0 = free */
    tni_vk_handle command_pool, fence, queries;
    tni_vk_commands commands;
    tni_vk_handle pools[TNI_GPU_POOLS];
    uint32_t pool_count;
};

struct tni_gpu_kernel {
    tni_gpu_kernel *next;
    tni_gpu_binding_shape *shape;
    uint64_t hash;
    uint64_t batch;         /* the last one that dispatched it; batches are numbered */
    uint32_t word_count, constant_count;
    uint32_t *words;        /* to tell kernels of one hash apart */
    uint32_t constants[TNI_GPU_CONSTANTS];
    tni_vk_handle module, pipeline;
};

/* ------------------------------------------------------------------- shapes of bindings --- */

static void tni_gpu_binding_shape_free(tni_gpu_device *device, tni_gpu_binding_shape *shape) {
    device->vk.DestroyPipelineLayout(device->device, shape->pipeline_layout, NULL);
    device->vk.DestroyDescriptorSetLayout(device->device, shape->set_layout, NULL);
    tni_free(device->memory, shape, sizeof *shape);
}

static trueno_status tni_gpu_binding_shape_build(tni_gpu_device *device,
                                                 tni_gpu_binding_shape *shape,
                                                 tni_error *error) {
    tni_vk_binding bindings[TNI_GPU_BINDINGS];
    tni_vk_set_layout_info set = TNI_ZERO;
    tni_vk_push_range push = TNI_ZERO;
    tni_vk_layout_info layout = TNI_ZERO;
    uint32_t i;
    memset(bindings, 0, sizeof bindings);
    for (i = 0; i < shape->binding_count; i++) {
        bindings[i].binding = i;
        bindings[i].kind = TNI_VK_DESCRIPTOR_STORAGE_BUFFER;
        bindings[i].count = shape->bindings[i];
        bindings[i].stages = TNI_VK_STAGE_COMPUTE;
    }
    set.type = TNI_VK_S_SET_LAYOUT;
    set.binding_count = shape->binding_count;
    set.bindings = bindings;
    TNI_TRY(tni_gpu_check(
        device,
        device->vk.CreateDescriptorSetLayout(device->device, &set, NULL, &shape->set_layout),
        "creating a layout", error));
    push.stages = TNI_VK_STAGE_COMPUTE;
    push.size = TNI_GPU_PUSH_BYTES;
    layout.type = TNI_VK_S_PIPELINE_LAYOUT;
    layout.set_count = 1;
    layout.sets = &shape->set_layout;
    layout.push_count = 1;
    layout.pushes = &push;
    return tni_gpu_check(device,
                         device->vk.CreatePipelineLayout(device->device, &layout, NULL,
                                                         &shape->pipeline_layout),
                         "creating a layout", error);
}

static trueno_status tni_gpu_binding_shape_get(tni_gpu_device *device,
                                               const tni_gpu_kernel_want *want,
                                               tni_gpu_binding_shape **out, tni_error *error) {
    tni_gpu_binding_shape *shape;
    trueno_status status;
    uint32_t i;
    *out = NULL;
    for (shape = device->binding_shapes; shape != NULL; shape = shape->next) {
        if (shape->binding_count == want->binding_count &&
            memcmp(shape->bindings, want->bindings,
                   want->binding_count * sizeof want->bindings[0]) == 0) {
            *out = shape;
            return TRUENO_OK;
        }
    }
    shape = (tni_gpu_binding_shape *)tni_alloc_zero(device->memory, sizeof *shape);
    if (shape == NULL) {
        return tni_memory_fail(device->memory, sizeof *shape, error);
    }
    shape->binding_count = want->binding_count;
    for (i = 0; i < want->binding_count; i++) {
        shape->bindings[i] = want->bindings[i];
        shape->descriptor_count += want->bindings[i];
    }
    status = tni_gpu_binding_shape_build(device, shape, error);
    if (status != TRUENO_OK) {
        tni_gpu_binding_shape_free(device, shape);
        return status;
    }
    shape->next = device->binding_shapes;
    device->binding_shapes = shape;
    *out = shape;
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------- kernels --- */

static void tni_gpu_kernel_free(tni_gpu_device *device, tni_gpu_kernel *kernel) {
    device->vk.DestroyPipeline(device->device, kernel->pipeline, NULL);
    device->vk.DestroyShaderModule(device->device, kernel->module, NULL);
    tni_free(device->memory, kernel->words, kernel->word_count * sizeof(uint32_t));
    tni_free(device->memory, kernel, sizeof *kernel);
}

static void tni_gpu_lane_free(tni_gpu_device *device, tni_gpu_lane *lane) {
    tni_vk_device_table *vk = &device->vk;
    while (lane->pool_count > 0) {
        vk->DestroyDescriptorPool(device->device, lane->pools[--lane->pool_count], NULL);
    }
    vk->DestroyQueryPool(device->device, lane->queries, NULL);
    vk->DestroyFence(device->device, lane->fence, NULL);
    vk->DestroyCommandPool(device->device, lane->command_pool, NULL);
    tni_free(device->memory, lane, sizeof *lane);
}

TNI_FN void tni_gpu_kernels_free(tni_gpu_device *device) {
    uint32_t i;
    while (device->kernels != NULL) {
        tni_gpu_kernel *kernel = device->kernels;
        device->kernels = kernel->next;
        tni_gpu_kernel_free(device, kernel);
    }
    device->kernel_count = 0;
    while (device->binding_shapes != NULL) {
        tni_gpu_binding_shape *shape = device->binding_shapes;
        device->binding_shapes = shape->next;
        tni_gpu_binding_shape_free(device, shape);
    }
    for (i = 0; i < TNI_GPU_LANES; i++) {
        if (device->lanes[i] != NULL) {
            tni_gpu_lane_free(device, device->lanes[i]);
            device->lanes[i] = NULL;
        }
    }
}

static uint64_t tni_gpu_want_hash(const tni_gpu_kernel_want *want) {
    uint64_t hash = tni_hash_bytes(want->words, want->word_count * sizeof(uint32_t));
    hash = tni_hash_combine(hash, tni_hash_bytes(want->constants,
                                                 want->constant_count * sizeof(uint32_t)));
    return tni_hash_combine(hash, tni_hash_bytes(want->bindings,
                                                 want->binding_count * sizeof(uint32_t)));
}

static bool tni_gpu_kernel_is(const tni_gpu_kernel *kernel, const tni_gpu_kernel_want *want,
                              uint64_t hash) {
    return kernel->hash == hash && kernel->word_count == want->word_count &&
           kernel->constant_count == want->constant_count &&
           kernel->shape->binding_count == want->binding_count &&
           memcmp(kernel->constants, want->constants,
                  want->constant_count * sizeof(uint32_t)) == 0 &&
           memcmp(kernel->shape->bindings, want->bindings,
                  want->binding_count * sizeof(uint32_t)) == 0 &&
           memcmp(kernel->words, want->words, want->word_count * sizeof(uint32_t)) == 0;
}

/* The link that points to it, or NULL. */
static tni_gpu_kernel **tni_gpu_kernel_find(tni_gpu_device *device,
                                            const tni_gpu_kernel_want *want, uint64_t hash) {
    tni_gpu_kernel **link;
    for (link = &device->kernels; *link != NULL; link = &(*link)->next) {
        if (tni_gpu_kernel_is(*link, want, hash)) {
            return link;
        }
    }
    return NULL;
}

/* Does the module ask for 64-bit integers? Capabilities come first. */
static bool tni_gpu_want_int64(const tni_gpu_kernel_want *want) {
    const uint32_t capability = 2u << 16 | 17, int64 = 11;
    uint32_t at;
    for (at = 5; at + 1 < want->word_count && want->words[at] == capability; at += 2) {
        if (want->words[at + 1] == int64) {
            return true;
        }
    }
    return false;
}

static trueno_status tni_gpu_want_check(const tni_gpu_device *device,
                                        const tni_gpu_kernel_want *want, tni_error *error) {
    uint32_t i, total = 0;
    if (device->lost) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "the GPU %s was lost",
                        device->info->name);
    }
    if (want->words == NULL || want->word_count < 6 || want->binding_count > TNI_GPU_BINDINGS ||
        want->constant_count > TNI_GPU_CONSTANTS) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "a GPU kernel with too many parts");
    }
    for (i = 0; i < want->binding_count; i++) {
        total += TNI_MIN(want->bindings[i], TNI_GPU_DESCRIPTORS + 1u);
    }
    if (total > TNI_GPU_DESCRIPTORS) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "a GPU kernel of %lu buffers",
                        (unsigned long)total);
    }
    if (!device->info->int64 && tni_gpu_want_int64(want)) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "the GPU %s has no 64-bit integers",
                        device->info->name);
    }
    return tni_gpu_buffers_fit(device->info, total, error);
}

/* The longest unused kernel that no batch at hand dispatches goes. */
static void tni_gpu_kernel_evict(tni_gpu_device *device) {
    tni_gpu_kernel **link, **victim = NULL;
    uint64_t oldest = UINT64_MAX;
    uint32_t i;
    for (i = 0; i < TNI_GPU_LANES; i++) {
        if (device->lanes[i] != NULL && device->lanes[i]->batch != 0) {
            oldest = TNI_MIN(oldest, device->lanes[i]->batch);
        }
    }
    for (link = &device->kernels; *link != NULL; link = &(*link)->next) {
        if ((*link)->batch < oldest) {
            victim = link;
        }
    }
    if (victim != NULL) {
        tni_gpu_kernel *kernel = *victim;
        *victim = kernel->next;
        tni_gpu_kernel_free(device, kernel);
        device->kernel_count--;
    }
}

/* The driver's part, which needs no lock. */
static tni_vk_result tni_gpu_kernel_compile(tni_gpu_device *device, tni_gpu_kernel *kernel) {
    tni_vk_blob_info module = TNI_ZERO;
    tni_vk_constant_entry entries[TNI_GPU_CONSTANTS];
    tni_vk_constants constants = TNI_ZERO;
    tni_vk_compute_info info = TNI_ZERO;
    tni_vk_result result;
    uint32_t i;
    module.type = TNI_VK_S_SHADER_MODULE;
    module.size = kernel->word_count * sizeof(uint32_t);
    module.data = kernel->words;
    result = device->vk.CreateShaderModule(device->device, &module, NULL, &kernel->module);
    if (result != TNI_VK_SUCCESS) {
        return result;
    }
    for (i = 0; i < kernel->constant_count; i++) {
        entries[i].id = i;
        entries[i].offset = i * 4;
        entries[i].size = 4;
    }
    constants.count = kernel->constant_count;
    constants.entries = entries;
    constants.size = kernel->constant_count * sizeof(uint32_t);
    constants.data = kernel->constants;
    info.type = TNI_VK_S_COMPUTE_PIPELINE;
    info.stage.type = TNI_VK_S_PIPELINE_STAGE;
    info.stage.stage = TNI_VK_STAGE_COMPUTE;
    info.stage.module = kernel->module;
    info.stage.name = "main";
    info.stage.constants = kernel->constant_count > 0 ? &constants : NULL;
    info.layout = kernel->shape->pipeline_layout;
    info.base_index = -1;
    return device->vk.CreateComputePipelines(device->device, device->pipeline_cache, 1, &info, NULL,
                                             &kernel->pipeline);
}

/* A kernel that is still to be compiled. */
static trueno_status tni_gpu_kernel_new(tni_gpu_device *device, const tni_gpu_kernel_want *want,
                                        uint64_t hash, tni_gpu_kernel **out, tni_error *error) {
    tni_gpu_kernel *kernel = (tni_gpu_kernel *)tni_alloc_zero(device->memory, sizeof *kernel);
    size_t bytes = want->word_count * sizeof(uint32_t);
    trueno_status status;
    *out = NULL;
    if (kernel == NULL) {
        return tni_memory_fail(device->memory, sizeof *kernel, error);
    }
    kernel->hash = hash;
    kernel->words = (uint32_t *)tni_alloc(device->memory, bytes);
    if (kernel->words == NULL) {
        tni_free(device->memory, kernel, sizeof *kernel);
        return tni_memory_fail(device->memory, bytes, error);
    }
    kernel->word_count = want->word_count;
    memcpy(kernel->words, want->words, bytes);
    kernel->constant_count = want->constant_count;
    memcpy(kernel->constants, want->constants, want->constant_count * sizeof(uint32_t));
    status = tni_gpu_binding_shape_get(device, want, &kernel->shape, error);
    if (status != TRUENO_OK) {
        tni_gpu_kernel_free(device, kernel);
        return status;
    }
    *out = kernel;
    return TRUENO_OK;
}

/* After compiling: it joins the cache, or goes when that failed. */
static trueno_status tni_gpu_kernel_join(tni_gpu_device *device, tni_gpu_kernel *kernel,
                                         tni_vk_result result, tni_error *error) {
    trueno_status status = tni_gpu_check(device, result, "compiling a kernel", error);
    if (status != TRUENO_OK) {
        tni_gpu_kernel_free(device, kernel);
        return status;
    }
    if (device->kernel_count >= TNI_GPU_MOST_KERNELS) {
        tni_gpu_kernel_evict(device);
    }
    device->kernel_count++;
    kernel->next = device->kernels;
    device->kernels = kernel;
    return TRUENO_OK;
}

static double tni_gpu_kernel_since(int64_t start) {
    return (double)(tni_clock_nanoseconds() - start) * 1e-6;
}

TNI_FN trueno_status tni_gpu_kernel_get(tni_gpu_device *device, const tni_gpu_kernel_want *want,
                                        tni_gpu_kernel **out, double *compile_ms,
                                        tni_error *error) {
    tni_gpu_kernel **link, *kernel;
    uint64_t hash;
    int64_t start;
    *out = NULL;
    TNI_TRY(tni_gpu_want_check(device, want, error));
    hash = tni_gpu_want_hash(want);
    link = tni_gpu_kernel_find(device, want, hash);
    if (link != NULL) {
        kernel = *link;
        *link = kernel->next;
        kernel->next = device->kernels;
        device->kernels = kernel;
    } else {
        start = tni_clock_nanoseconds();
        TNI_TRY(tni_gpu_kernel_new(device, want, hash, &kernel, error));
        TNI_TRY(tni_gpu_kernel_join(device, kernel, tni_gpu_kernel_compile(device, kernel), error));
        if (compile_ms != NULL) {
            *compile_ms += tni_gpu_kernel_since(start);
        }
    }
    *out = kernel;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_gpu_kernel_aside(tni_gpu_device *device, const tni_gpu_kernel_want *want,
                                          double *compile_ms, tni_error *error) {
    tni_gpu_kernel *kernel = NULL;
    uint64_t hash = 0;
    int64_t start = tni_clock_nanoseconds();
    trueno_status status;
    tni_vk_result result;
    bool unsettled;
    tni_mutex_lock(&device->mutex);
    status = tni_gpu_want_check(device, want, error);
    if (status == TRUENO_OK) {
        hash = tni_gpu_want_hash(want);
    }
    if (status == TRUENO_OK && tni_gpu_kernel_find(device, want, hash) == NULL) {
        status = tni_gpu_kernel_new(device, want, hash, &kernel, error);
    }
    tni_mutex_unlock(&device->mutex);
    if (kernel == NULL) {
        return status;
    }
    result = tni_gpu_kernel_compile(device, kernel);
    tni_mutex_lock(&device->mutex);
    unsettled = device->unsettled;
    if (result == TNI_VK_SUCCESS && tni_gpu_kernel_find(device, want, hash) != NULL) {
        tni_gpu_kernel_free(device, kernel); /* somebody could not wait */
    } else {
        status = tni_gpu_kernel_join(device, kernel, result, error);
        device->unsettled = unsettled; /* it was part of nobody's work */
    }
    tni_mutex_unlock(&device->mutex);
    *compile_ms += tni_gpu_kernel_since(start);
    return status;
}

TNI_FN bool tni_gpu_kernel_ready(tni_gpu_device *device, const tni_gpu_kernel_want *want) {
    return want->words != NULL && want->constant_count <= TNI_GPU_CONSTANTS &&
           want->binding_count <= TNI_GPU_BINDINGS &&
           tni_gpu_kernel_find(device, want, tni_gpu_want_hash(want)) != NULL;
}

/* ------------------------------------------------------------------------------ lists --- */

TNI_FN void tni_gpu_kernel_list_init(tni_gpu_kernel_list *list, tni_memory *memory) {
    memset(list, 0, sizeof *list);
    list->memory = memory;
}

TNI_FN void tni_gpu_kernel_list_add(tni_gpu_kernel_list *list, const tni_gpu_kernel_want *want) {
    void *items = list->wants;
    uint32_t i;
    for (i = 0; i < list->count; i++) {
        if (memcmp(&list->wants[i], want, sizeof *want) == 0) {
            return;
        }
    }
    if (!list->failed) {
        list->failed = tni_grow(list->memory, &items, &list->capacity, list->count + 1u,
                                sizeof *list->wants, NULL) != TRUENO_OK;
        list->wants = (tni_gpu_kernel_want *)items;
    }
    if (!list->failed) {
        list->wants[list->count++] = *want;
    }
}

static size_t tni_gpu_kernel_list_bytes(const tni_gpu_kernel_list *list) {
    size_t bytes = 0;
    uint32_t i;
    for (i = 0; i < list->count; i++) {
        bytes += list->wants[i].word_count * sizeof(uint32_t);
    }
    return bytes;
}

TNI_FN bool tni_gpu_kernel_list_keep(tni_gpu_kernel_list *list) {
    size_t bytes = tni_gpu_kernel_list_bytes(list);
    uint32_t i, *to;
    list->words = (uint32_t *)tni_alloc(list->memory, bytes);
    list->failed = list->failed || list->words == NULL;
    to = list->words;
    for (i = 0; i < list->count && !list->failed; i++) {
        tni_gpu_kernel_want *want = &list->wants[i];
        memcpy(to, want->words, want->word_count * sizeof *to);
        want->words = to;
        to += want->word_count;
    }
    return !list->failed;
}

TNI_FN void tni_gpu_kernel_list_free(tni_gpu_kernel_list *list) {
    if (list->words != NULL) {
        tni_free(list->memory, list->words, tni_gpu_kernel_list_bytes(list));
    }
    tni_free(list->memory, list->wants, list->capacity * sizeof *list->wants);
    tni_gpu_kernel_list_init(list, list->memory);
}

TNI_FN uint32_t tni_gpu_kernel_list_missing(tni_gpu_device *device,
                                            const tni_gpu_kernel_list *list) {
    uint32_t missing = 0, i;
    tni_mutex_lock(&device->mutex);
    for (i = 0; i < list->count; i++) {
        missing += tni_gpu_kernel_ready(device, &list->wants[i]) ? 0u : 1u;
    }
    tni_mutex_unlock(&device->mutex);
    return missing;
}

/* ------------------------------------------------------------------------------ lanes --- */

static trueno_status tni_gpu_lane_build(tni_gpu_device *device, tni_gpu_lane *lane,
                                        tni_error *error) {
    tni_vk_device_table *vk = &device->vk;
    tni_vk_command_pool_info pool = TNI_ZERO;
    tni_vk_command_allocate allocate = TNI_ZERO;
    tni_vk_flags_info fence = TNI_ZERO;
    tni_vk_query_pool_info queries = TNI_ZERO;
    pool.type = TNI_VK_S_COMMAND_POOL;
    pool.flags = TNI_VK_POOL_RESET_COMMANDS;
    pool.family = device->info->compute_family;
    TNI_TRY(tni_gpu_check(
        device, vk->CreateCommandPool(device->device, &pool, NULL, &lane->command_pool),
        "creating a command pool", error));
    allocate.type = TNI_VK_S_COMMAND_ALLOCATE;
    allocate.pool = lane->command_pool;
    allocate.level = TNI_VK_COMMANDS_PRIMARY;
    allocate.count = 1;
    TNI_TRY(tni_gpu_check(device,
                          vk->AllocateCommandBuffers(device->device, &allocate, &lane->commands),
                          "creating command buffers", error));
    fence.type = TNI_VK_S_FENCE;
    TNI_TRY(tni_gpu_check(device, vk->CreateFence(device->device, &fence, NULL, &lane->fence),
                          "creating a fence", error));
    if (device->info->timestamp_period <= 0) {
        return TRUENO_OK;
    }
    queries.type = TNI_VK_S_QUERY_POOL;
    queries.kind = TNI_VK_QUERY_TIMESTAMP;
    queries.count = 2;
    return tni_gpu_check(device,
                         vk->CreateQueryPool(device->device, &queries, NULL, &lane->queries),
                         "creating a query pool", error);
}

/* A free lane. */
static trueno_status tni_gpu_lane_take(tni_gpu_device *device, tni_gpu_lane **out,
                                       tni_error *error) {
    tni_gpu_lane *lane;
    trueno_status status;
    uint32_t i = 0;
    *out = NULL;
    while (i < TNI_GPU_LANES && device->lanes[i] != NULL && device->lanes[i]->batch != 0) {
        i++;
    }
    if (i == TNI_GPU_LANES) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "too many GPU batches at a time");
    }
    if (device->lanes[i] == NULL) {
        lane = (tni_gpu_lane *)tni_alloc_zero(device->memory, sizeof *lane);
        if (lane == NULL) {
            return tni_memory_fail(device->memory, sizeof *lane, error);
        }
        status = tni_gpu_lane_build(device, lane, error);
        if (status != TRUENO_OK) {
            tni_gpu_lane_free(device, lane);
            return status;
        }
        device->lanes[i] = lane;
    }
    *out = device->lanes[i];
    return TRUENO_OK;
}

/* Most kernels end within a fraction of a millisecond, sooner than a sleeping thread wakes up: look
 * for a while before sleeping. A software device needs the processor itself. */
static tni_vk_result tni_gpu_lane_look(tni_gpu_device *device, const tni_gpu_lane *lane) {
    int64_t end = tni_clock_nanoseconds() + TNI_GPU_BATCH_LOOK;
    tni_vk_result result;
    if (device->info->is_software) {
        return TNI_VK_TIMEOUT;
    }
    do {
        result = device->vk.WaitForFences(device->device, 1, &lane->fence, 1, 0);
    } while (result == TNI_VK_TIMEOUT && tni_clock_nanoseconds() < end);
    return result;
}

static trueno_status tni_gpu_lane_wait(tni_gpu_device *device, const tni_gpu_lane *lane,
                                       tni_error *error) {
    tni_vk_result result = tni_gpu_lane_look(device, lane);
    if (result == TNI_VK_TIMEOUT) {
        result = device->vk.WaitForFences(
            device->device, 1, &lane->fence, 1,
            /* one that compiles at first use, on a busy processor, may take long */
            device->info->is_software ? 10 * TNI_GPU_BATCH_WAIT : TNI_GPU_BATCH_WAIT);
    }
    TNI_TRY(tni_gpu_check(device, result, "a kernel", error));
    return tni_gpu_check(device, device->vk.ResetFences(device->device, 1, &lane->fence),
                         "a kernel", error);
}

/* --------------------------------------------------------------------- descriptor sets --- */

static trueno_status tni_gpu_pool_add(tni_gpu_device *device, tni_gpu_lane *lane,
                                      tni_error *error) {
    tni_vk_pool_size size = TNI_ZERO;
    tni_vk_descriptor_pool_info info = TNI_ZERO;
    size.kind = TNI_VK_DESCRIPTOR_STORAGE_BUFFER;
    size.count = TNI_GPU_POOL_SETS * TNI_GPU_DESCRIPTORS;
    info.type = TNI_VK_S_DESCRIPTOR_POOL;
    info.sets = TNI_GPU_POOL_SETS;
    info.size_count = 1;
    info.sizes = &size;
    TNI_TRY(tni_gpu_check(device,
                          device->vk.CreateDescriptorPool(device->device, &info, NULL,
                                                          &lane->pools[lane->pool_count]),
                          "creating a descriptor pool", error));
    lane->pool_count++;
    return TRUENO_OK;
}

static bool tni_gpu_batch_is_full(const tni_gpu_batch *batch) {
    return batch->sets_used == TNI_GPU_POOLS * TNI_GPU_POOL_SETS;
}

static trueno_status tni_gpu_batch_set(tni_gpu_batch *batch, const tni_gpu_kernel *kernel,
                                       tni_vk_handle *out) {
    tni_gpu_device *device = batch->device;
    tni_vk_set_allocate allocate = TNI_ZERO;
    uint32_t pool = batch->sets_used / TNI_GPU_POOL_SETS;
    *out = 0;
    if (pool == batch->lane->pool_count) {
        TNI_TRY(tni_gpu_pool_add(device, batch->lane, batch->error));
    }
    allocate.type = TNI_VK_S_SET_ALLOCATE;
    allocate.pool = batch->lane->pools[pool];
    allocate.count = 1;
    allocate.layouts = &kernel->shape->set_layout;
    batch->sets_used++;
    return tni_gpu_check(device,
                         device->vk.AllocateDescriptorSets(device->device, &allocate, out),
                         "creating a descriptor set", batch->error);
}

static void tni_gpu_batch_sets_free(tni_gpu_batch *batch) {
    tni_gpu_device *device = batch->device;
    tni_gpu_lane *lane = batch->lane;
    uint32_t i;
    for (i = 0; i * TNI_GPU_POOL_SETS < batch->sets_used && i < lane->pool_count; i++) {
        (void)device->vk.ResetDescriptorPool(device->device, lane->pools[i], 0);
    }
    batch->sets_used = 0;
}

/* ---------------------------------------------------------------------------- batches --- */

static trueno_status tni_gpu_batch_open(tni_gpu_batch *batch) {
    tni_gpu_device *device = batch->device;
    tni_gpu_lane *lane = batch->lane;
    tni_vk_command_begin begin = TNI_ZERO;
    begin.type = TNI_VK_S_COMMAND_BEGIN;
    begin.flags = TNI_VK_COMMANDS_ONCE;
    TNI_TRY(tni_gpu_check(device, device->vk.BeginCommandBuffer(lane->commands, &begin),
                          "a kernel", batch->error));
    batch->state = TNI_GPU_BATCH_RECORDING;
    batch->dirty = true; /* of what ran before */
    if (lane->queries != 0) {
        device->vk.CmdResetQueryPool(lane->commands, lane->queries, 0, 2);
        device->vk.CmdWriteTimestamp(lane->commands, TNI_VK_AT_TOP, lane->queries, 0);
    }
    return TRUENO_OK;
}

static bool tni_gpu_lanes_idle(const tni_gpu_device *device) {
    uint32_t i;
    for (i = 0; i < TNI_GPU_LANES; i++) {
        if (device->lanes[i] != NULL && device->lanes[i]->batch != 0) {
            return false;
        }
    }
    return true;
}

TNI_FN trueno_status tni_gpu_batch_begin(tni_gpu_device *device, tni_gpu_batch *batch,
                                         tni_error *error) {
    memset(batch, 0, sizeof *batch);
    batch->device = device;
    batch->error = error;
    if (!device->recording) {
        tni_gpu_settle(device);
    }
    if (device->lost) {
        batch->status = tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "the GPU %s was lost",
                                 device->info->name);
        return batch->status;
    }
    batch->status = tni_gpu_lane_take(device, &batch->lane, error);
    if (batch->status == TRUENO_OK) {
        batch->lane->batch = ++device->batch;
        device->recording = true;
        batch->status = tni_gpu_batch_open(batch);
    }
    if (batch->status != TRUENO_OK) {
        tni_gpu_batch_drop(batch);
    }
    return batch->status;
}

TNI_FN void tni_gpu_batch_list(tni_gpu_device *device, tni_gpu_batch *batch, tni_error *error) {
    memset(batch, 0, sizeof *batch);
    batch->device = device;
    batch->error = error;
    batch->listing = true;
}

TNI_FN void tni_gpu_batch_apart(tni_gpu_batch *batch) {
    batch->apart = true;
}

static void tni_gpu_batch_barrier(tni_gpu_batch *batch) {
    const uint32_t stages = TNI_VK_AT_COMPUTE | TNI_VK_AT_TRANSFER;
    tni_vk_memory_barrier barrier = TNI_ZERO;
    bool apart = batch->apart;
    batch->apart = false;
    if (!batch->dirty || apart) {
        return;
    }
    barrier.type = TNI_VK_S_MEMORY_BARRIER;
    barrier.source = TNI_VK_ACCESS_SHADER_WRITE | TNI_VK_ACCESS_TRANSFER_WRITE;
    barrier.target = TNI_VK_ACCESS_SHADER_READ | TNI_VK_ACCESS_SHADER_WRITE |
                     TNI_VK_ACCESS_TRANSFER_READ | TNI_VK_ACCESS_TRANSFER_WRITE;
    batch->device->vk.CmdPipelineBarrier(batch->lane->commands, stages, stages, 0, 1, &barrier,
                                         0, NULL, 0, NULL);
}

/* Whether a command may be recorded: it then must be. */
static bool tni_gpu_batch_next(tni_gpu_batch *batch, bool inside) {
    if (batch->listing) {
        return false;
    }
    if (batch->status == TRUENO_OK && !inside) {
        batch->status =
            tni_fail(batch->error, TRUENO_ERROR_INTERNAL, "a GPU command outside its range");
    }
    if (batch->status != TRUENO_OK) {
        return false;
    }
    tni_gpu_batch_barrier(batch);
    batch->dirty = true;
    return true;
}

static bool tni_gpu_inside(const tni_gpu_range *range, uint64_t offset, uint64_t size) {
    return range->slab != NULL && offset <= range->size && size <= range->size - offset;
}

TNI_FN void tni_gpu_batch_fill(tni_gpu_batch *batch, const tni_gpu_range *range, uint64_t offset,
                               uint64_t size, uint32_t word) {
    bool inside = tni_gpu_inside(range, offset, size) && offset % 4 == 0 && size % 4 == 0;
    if (size > 0 && tni_gpu_batch_next(batch, inside)) {
        batch->device->vk.CmdFillBuffer(batch->lane->commands, tni_gpu_range_buffer(range),
                                        range->offset + offset, size, word);
    }
}

TNI_FN void tni_gpu_batch_copy(tni_gpu_batch *batch, const tni_gpu_range *from,
                               uint64_t from_offset, const tni_gpu_range *to, uint64_t to_offset,
                               uint64_t size) {
    tni_vk_copy copy;
    bool inside = tni_gpu_inside(from, from_offset, size) && tni_gpu_inside(to, to_offset, size);
    copy.from = from->offset + from_offset;
    copy.to = to->offset + to_offset;
    copy.size = size;
    if (size > 0 && tni_gpu_batch_next(batch, inside)) {
        batch->device->vk.CmdCopyBuffer(batch->lane->commands, tni_gpu_range_buffer(from),
                                        tni_gpu_range_buffer(to), 1, &copy);
    }
}

TNI_FN void tni_gpu_batch_download(tni_gpu_batch *batch, const tni_gpu_range *range,
                                   uint64_t offset, uint64_t size, uint64_t *at) {
    tni_gpu_device *device = batch->device;
    tni_vk_copy copy;
    bool inside = tni_gpu_inside(range, offset, size) &&
                  batch->download_bytes <= device->download.size &&
                  size <= device->download.size - batch->download_bytes;
    *at = batch->download_bytes;
    if (size == 0 || !tni_gpu_batch_next(batch, inside)) {
        return;
    }
    copy.from = range->offset + offset;
    copy.to = batch->download_bytes;
    copy.size = size;
    device->vk.CmdCopyBuffer(batch->lane->commands, tni_gpu_range_buffer(range),
                             device->download.buffer, 1, &copy);
    batch->download_bytes += (size + 15) / 16 * 16;
}

/* Slices become descriptors. False when one lies outside its range or outside what a descriptor of
 * this device can hold. */
static bool tni_gpu_slices(const tni_gpu_device *device, const tni_gpu_slice *slices,
                           uint32_t count, tni_vk_buffer_range *out) {
    uint32_t i;
    for (i = 0; i < count; i++) {
        const tni_gpu_slice *slice = &slices[i];
        uint64_t size = slice->size;
        if (slice->range->slab == NULL || slice->offset >= slice->range->size ||
            slice->offset % TNI_GPU_ALIGNMENT != 0) {
            return false;
        }
        size = size == 0 ? slice->range->size - slice->offset : size;
        if (!tni_gpu_inside(slice->range, slice->offset, size) ||
            size > device->info->storage_range) {
            return false;
        }
        out[i].buffer = tni_gpu_range_buffer(slice->range);
        out[i].offset = slice->range->offset + slice->offset;
        out[i].size = size;
    }
    return true;
}

static void tni_gpu_describe_set(tni_gpu_device *device, const tni_gpu_binding_shape *shape,
                                 tni_vk_handle set, const tni_vk_buffer_range *buffers) {
    tni_vk_write writes[TNI_GPU_BINDINGS];
    uint32_t i, first = 0;
    memset(writes, 0, sizeof writes);
    for (i = 0; i < shape->binding_count; i++) {
        writes[i].type = TNI_VK_S_WRITE_SET;
        writes[i].set = set;
        writes[i].binding = i;
        writes[i].count = shape->bindings[i];
        writes[i].kind = TNI_VK_DESCRIPTOR_STORAGE_BUFFER;
        writes[i].buffers = buffers + first;
        first += shape->bindings[i];
    }
    device->vk.UpdateDescriptorSets(device->device, shape->binding_count, writes, 0, NULL);
}

TNI_FN void tni_gpu_batch_dispatch(tni_gpu_batch *batch, tni_gpu_kernel *kernel,
                                   const tni_gpu_slice *slices, uint32_t slice_count,
                                   const void *push, uint32_t push_bytes, uint32_t groups) {
    tni_gpu_device *device = batch->device;
    tni_vk_device_table *vk = &device->vk;
    tni_vk_commands commands;
    tni_vk_buffer_range buffers[TNI_GPU_DESCRIPTORS];
    tni_vk_handle set;
    uint32_t y = (groups + TNI_GPU_MOST_X - 1) / TNI_GPU_MOST_X;
    bool sound;
    if (groups == 0 || batch->listing) {
        return;
    }
    sound = slice_count == kernel->shape->descriptor_count && push_bytes <= TNI_GPU_PUSH_BYTES &&
            push_bytes % 4 == 0 && tni_gpu_slices(device, slices, slice_count, buffers);
    if (batch->status == TRUENO_OK && tni_gpu_batch_is_full(batch)) {
        (void)tni_gpu_batch_flush(batch);
    }
    if (!tni_gpu_batch_next(batch, sound)) {
        return;
    }
    batch->status = tni_gpu_batch_set(batch, kernel, &set);
    if (batch->status != TRUENO_OK) {
        return;
    }
    commands = batch->lane->commands;
    kernel->batch = batch->lane->batch;
    tni_gpu_describe_set(device, kernel->shape, set, buffers);
    vk->CmdBindPipeline(commands, TNI_VK_BIND_COMPUTE, kernel->pipeline);
    vk->CmdBindDescriptorSets(commands, TNI_VK_BIND_COMPUTE, kernel->shape->pipeline_layout, 0, 1,
                              &set, 0, NULL);
    if (push_bytes > 0) {
        vk->CmdPushConstants(commands, kernel->shape->pipeline_layout, TNI_VK_STAGE_COMPUTE, 0,
                             push_bytes, push);
    }
    vk->CmdDispatch(commands, (groups + y - 1) / y, y, 1);
}

TNI_FN trueno_status tni_gpu_batch_submit(tni_gpu_batch *batch, tni_vk_handle after) {
    tni_gpu_device *device = batch->device;
    tni_gpu_lane *lane = batch->lane;
    tni_vk_device_table *vk = &device->vk;
    static const uint32_t stage = TNI_VK_AT_COMPUTE | TNI_VK_AT_TRANSFER;
    tni_vk_memory_barrier barrier = TNI_ZERO;
    tni_vk_submit submit = TNI_ZERO;
    if (batch->status != TRUENO_OK) {
        return batch->status;
    }
    if (lane->queries != 0) {
        vk->CmdWriteTimestamp(lane->commands, TNI_VK_AT_BOTTOM, lane->queries, 1);
    }
    barrier.type = TNI_VK_S_MEMORY_BARRIER;
    barrier.source = TNI_VK_ACCESS_TRANSFER_WRITE;
    barrier.target = TNI_VK_ACCESS_HOST_READ;
    vk->CmdPipelineBarrier(lane->commands, TNI_VK_AT_TRANSFER, TNI_VK_AT_HOST, 0, 1, &barrier, 0,
                           NULL, 0, NULL);
    batch->state = TNI_GPU_BATCH_OVER;
    batch->status = tni_gpu_check(device, vk->EndCommandBuffer(lane->commands), "a kernel",
                                  batch->error);
    if (batch->status != TRUENO_OK) {
        return batch->status;
    }
    submit.type = TNI_VK_S_SUBMIT;
    submit.wait_count = after != 0 ? 1 : 0;
    submit.waits = &after;
    submit.wait_stages = &stage;
    submit.command_count = 1;
    submit.commands = &lane->commands;
    batch->status = tni_gpu_check(device,
                                  vk->QueueSubmit(device->compute, 1, &submit, lane->fence),
                                  "a kernel", batch->error);
    if (batch->status == TRUENO_OK) {
        batch->state = TNI_GPU_BATCH_SUBMITTED;
    }
    return batch->status;
}

/* What was submitted runs to its end; the batch keeps its lane. */
static void tni_gpu_batch_finish(tni_gpu_batch *batch) {
    tni_gpu_device *device = batch->device;
    uint64_t ticks[2];
    if (batch->status != TRUENO_OK || batch->state != TNI_GPU_BATCH_SUBMITTED) {
        return;
    }
    batch->status = tni_gpu_lane_wait(device, batch->lane, batch->error);
    if (batch->status != TRUENO_OK) {
        return;
    }
    batch->state = TNI_GPU_BATCH_OVER;
    if (batch->lane->queries != 0 &&
        device->vk.GetQueryPoolResults(device->device, batch->lane->queries, 0, 2, sizeof ticks,
                                       ticks, 8, TNI_VK_QUERY_64) == TNI_VK_SUCCESS) {
        batch->compute_ms += (double)(ticks[1] - ticks[0]) *
                             (double)device->info->timestamp_period * 1e-6;
    }
}

TNI_FN trueno_status tni_gpu_batch_wait(tni_gpu_batch *batch, double *compute_ms) {
    tni_gpu_batch_finish(batch);
    if (compute_ms != NULL) {
        *compute_ms += batch->compute_ms;
    }
    tni_gpu_batch_drop(batch);
    return batch->status;
}

/* Behind all that was uploaded so far. */
static void tni_gpu_batch_submit_last(tni_gpu_batch *batch) {
    tni_vk_handle uploaded = 0;
    if (batch->status == TRUENO_OK) {
        batch->status = tni_gpu_upload_signal(batch->device, &uploaded, batch->error);
    }
    (void)tni_gpu_batch_submit(batch, uploaded);
}

TNI_FN trueno_status tni_gpu_batch_run(tni_gpu_batch *batch, double *compute_ms) {
    tni_gpu_batch_submit_last(batch);
    return tni_gpu_batch_wait(batch, compute_ms);
}

TNI_FN trueno_status tni_gpu_batch_flush(tni_gpu_batch *batch) {
    tni_gpu_batch_submit_last(batch);
    tni_gpu_batch_finish(batch);
    if (batch->status == TRUENO_OK) {
        tni_gpu_batch_sets_free(batch);
        batch->status = tni_gpu_batch_open(batch);
    }
    return batch->status;
}

/* After a failure nothing of the lane may still run when it is given back. A lost device may read
 * the lane for ever: it goes when the device is closed. */
TNI_FN void tni_gpu_batch_drop(tni_gpu_batch *batch) {
    tni_gpu_device *device = batch->device;
    tni_gpu_lane *lane = batch->lane;
    if (lane == NULL) {
        return;
    }
    batch->lane = NULL;
    if (batch->state == TNI_GPU_BATCH_RECORDING) {
        (void)device->vk.EndCommandBuffer(lane->commands);
    } else if (batch->state == TNI_GPU_BATCH_SUBMITTED) {
        device->lost = device->lost || tni_gpu_lane_wait(device, lane, NULL) != TRUENO_OK;
    }
    batch->state = TNI_GPU_BATCH_OVER;
    if (device->lost) {
        return;
    }
    batch->lane = lane;
    tni_gpu_batch_sets_free(batch);
    batch->lane = NULL;
    lane->batch = 0;
    device->recording = !tni_gpu_lanes_idle(device);
    if (!device->recording) {
        tni_gpu_settle(device);
    }
}

#undef TNI_GPU_MOST_KERNELS
#undef TNI_GPU_POOLS
#undef TNI_GPU_POOL_SETS
#undef TNI_GPU_BATCH_WAIT
#undef TNI_GPU_BATCH_LOOK
#undef TNI_GPU_MOST_X

#endif
