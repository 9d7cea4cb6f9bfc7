/*
 * gpu_faults.h - a shim between the GPU backend and the driver: fails the call of a given number,
 * and counts every object made and destroyed.
 *
 * Calls that can fail are numbered from 0 as they happen, those of all devices together. At number
 * `at` (and, when `sticky`, at each later one) the driver is not asked: the answer is `result`.
 *
 *     options.intercept = faults_intercept;
 *     faults_start(17, TNI_VK_DEVICE_LOST, true); ... faults_stop();
 *     faults_alive() == 0 when everything was closed
 */
#ifndef TESTS_GPU_FAULTS_H
#define TESTS_GPU_FAULTS_H

#include "gpu/device.h"

#include <stdio.h>

enum {
    FAULTS_BUFFER, FAULTS_MEMORY, FAULTS_FENCE, FAULTS_SEMAPHORE, FAULTS_MODULE, FAULTS_CACHE,
    FAULTS_PIPELINE, FAULTS_LAYOUT, FAULTS_SET_LAYOUT, FAULTS_POOL, FAULTS_COMMAND_POOL,
    FAULTS_QUERIES, FAULTS_DEVICE, FAULTS_INSTANCE, FAULTS_KINDS
};

typedef struct faults_state {
    tni_vk_device_table device;     /* the driver's own */
    tni_vk_instance_table instance;
    bool armed, sticky;
    long at;
    tni_atomic_i64 calls;           /* since faults_start */
    tni_vk_result result;
    const char *hit;                /* the call that failed first */
    tni_atomic_i64 alive[FAULTS_KINDS];
} faults_state;

static faults_state faults;

static void faults_start(long at, tni_vk_result result, bool sticky) {
    faults.armed = true;
    faults.at = at;
    faults.result = result;
    faults.sticky = sticky;
    tni_atomic_store_i64(&faults.calls, 0);
    faults.hit = NULL;
}

/* Stop; true when the fault was reached. */
static bool faults_stop(void) {
    faults.armed = false;
    return faults.hit != NULL;
}

static long faults_alive(void) {
    static const char *const names[] = {"buffers", "memory", "fences", "semaphores", "modules",
                                        "pipeline caches", "pipelines", "pipeline layouts",
                                        "set layouts", "descriptor pools", "command pools",
                                        "query pools", "devices", "instances"};
    long sum = 0;
    int i;
    for (i = 0; i < FAULTS_KINDS; i++) {
        long alive = (long)tni_atomic_load_i64(&faults.alive[i]);
        if (alive != 0 && i != FAULTS_INSTANCE) {
            printf("    %ld %s alive\n", alive, names[i]);
        }
        sum += alive < 0 ? -alive : alive;
    }
    return sum;
}

static bool faults_due(const char *name) {
    long number;
    if (!faults.armed) {
        return false;
    }
    number = (long)tni_atomic_add_i64(&faults.calls, 1);
    if (number != faults.at && !(faults.sticky && number > faults.at)) {
        return false;
    }
    if (number == faults.at) { /* one thread's alone */
        faults.hit = name;
    }
    return true;
}

#define FAULTS_CALL(name, call)                                                                    \
    if (faults_due(name)) {                                                                        \
        return faults.result;                                                                      \
    }                                                                                              \
    return faults.device.call;

#define FAULTS_CREATE(kind, name, call)                                                            \
    tni_vk_result result;                                                                          \
    if (faults_due(name)) {                                                                        \
        return faults.result;                                                                      \
    }                                                                                              \
    result = faults.device.call;                                                                   \
    (void)tni_atomic_add_i64(&faults.alive[kind], result == TNI_VK_SUCCESS ? 1 : 0);               \
    return result;

#define FAULTS_OBJECT(kind, name, info_type)                                                       \
    static tni_vk_result TNI_VK_CALL faults_Create##name(                                          \
        tni_vk_device device, const info_type *info, const void *allocator, tni_vk_handle *out) {  \
        FAULTS_CREATE(kind, "Create" #name, Create##name(device, info, allocator, out))            \
    }                                                                                              \
    static void TNI_VK_CALL faults_Destroy##name(tni_vk_device device, tni_vk_handle handle,       \
                                                 const void *allocator) {                          \
        (void)tni_atomic_add_i64(&faults.alive[kind], handle != 0 ? -1 : 0);                       \
        faults.device.Destroy##name(device, handle, allocator);                                    \
    }

FAULTS_OBJECT(FAULTS_BUFFER, Buffer, tni_vk_buffer_info)
FAULTS_OBJECT(FAULTS_FENCE, Fence, tni_vk_flags_info)
FAULTS_OBJECT(FAULTS_SEMAPHORE, Semaphore, tni_vk_flags_info)
FAULTS_OBJECT(FAULTS_MODULE, ShaderModule, tni_vk_blob_info)
FAULTS_OBJECT(FAULTS_CACHE, PipelineCache, tni_vk_blob_info)
FAULTS_OBJECT(FAULTS_LAYOUT, PipelineLayout, tni_vk_layout_info)
FAULTS_OBJECT(FAULTS_SET_LAYOUT, DescriptorSetLayout, tni_vk_set_layout_info)
FAULTS_OBJECT(FAULTS_POOL, DescriptorPool, tni_vk_descriptor_pool_info)
FAULTS_OBJECT(FAULTS_COMMAND_POOL, CommandPool, tni_vk_command_pool_info)
FAULTS_OBJECT(FAULTS_QUERIES, QueryPool, tni_vk_query_pool_info)

static tni_vk_result TNI_VK_CALL faults_AllocateMemory(tni_vk_device device,
                                                       const tni_vk_memory_allocate *info,
                                                       const void *allocator, tni_vk_handle *out) {
    FAULTS_CREATE(FAULTS_MEMORY, "AllocateMemory", AllocateMemory(device, info, allocator, out))
}

static void TNI_VK_CALL faults_FreeMemory(tni_vk_device device, tni_vk_handle memory,
                                          const void *allocator) {
    (void)tni_atomic_add_i64(&faults.alive[FAULTS_MEMORY], memory != 0 ? -1 : 0);
    faults.device.FreeMemory(device, memory, allocator);
}

static tni_vk_result TNI_VK_CALL faults_CreateComputePipelines(
    tni_vk_device device, tni_vk_handle cache, uint32_t count, const tni_vk_compute_info *infos,
    const void *allocator, tni_vk_handle *out) {
    FAULTS_CREATE(FAULTS_PIPELINE, "CreateComputePipelines",
                  CreateComputePipelines(device, cache, count, infos, allocator, out))
}

static void TNI_VK_CALL faults_DestroyPipeline(tni_vk_device device, tni_vk_handle pipeline,
                                               const void *allocator) {
    (void)tni_atomic_add_i64(&faults.alive[FAULTS_PIPELINE], pipeline != 0 ? -1 : 0);
    faults.device.DestroyPipeline(device, pipeline, allocator);
}

static void TNI_VK_CALL faults_DestroyDevice(tni_vk_device device, const void *allocator) {
    (void)tni_atomic_add_i64(&faults.alive[FAULTS_DEVICE], -1);
    faults.device.DestroyDevice(device, allocator);
}

static tni_vk_result TNI_VK_CALL faults_QueueSubmit(tni_vk_queue queue, uint32_t count,
                                                    const tni_vk_submit *submits,
                                                    tni_vk_handle fence) {
    FAULTS_CALL("QueueSubmit", QueueSubmit(queue, count, submits, fence))
}

static tni_vk_result TNI_VK_CALL faults_DeviceWaitIdle(tni_vk_device device) {
    FAULTS_CALL("DeviceWaitIdle", DeviceWaitIdle(device))
}

static tni_vk_result TNI_VK_CALL faults_MapMemory(tni_vk_device device, tni_vk_handle memory,
                                                  uint64_t offset, uint64_t size, uint32_t flags,
                                                  void **out) {
    FAULTS_CALL("MapMemory", MapMemory(device, memory, offset, size, flags, out))
}

static tni_vk_result TNI_VK_CALL faults_BindBufferMemory(tni_vk_device device,
                                                         tni_vk_handle buffer,
                                                         tni_vk_handle memory, uint64_t offset) {
    FAULTS_CALL("BindBufferMemory", BindBufferMemory(device, buffer, memory, offset))
}

static tni_vk_result TNI_VK_CALL faults_ResetFences(tni_vk_device device, uint32_t count,
                                                    const tni_vk_handle *fences) {
    FAULTS_CALL("ResetFences", ResetFences(device, count, fences))
}

static tni_vk_result TNI_VK_CALL faults_WaitForFences(tni_vk_device device, uint32_t count,
                                                      const tni_vk_handle *fences, tni_vk_bool all,
                                                      uint64_t nanoseconds) {
    FAULTS_CALL("WaitForFences", WaitForFences(device, count, fences, all, nanoseconds))
}

static tni_vk_result TNI_VK_CALL faults_GetPipelineCacheData(tni_vk_device device,
                                                             tni_vk_handle cache, size_t *size,
                                                             void *data) {
    FAULTS_CALL("GetPipelineCacheData", GetPipelineCacheData(device, cache, size, data))
}

static tni_vk_result TNI_VK_CALL faults_AllocateDescriptorSets(tni_vk_device device,
                                                               const tni_vk_set_allocate *info,
                                                               tni_vk_handle *out) {
    FAULTS_CALL("AllocateDescriptorSets", AllocateDescriptorSets(device, info, out))
}

static tni_vk_result TNI_VK_CALL faults_ResetDescriptorPool(tni_vk_device device,
                                                            tni_vk_handle pool, uint32_t flags) {
    FAULTS_CALL("ResetDescriptorPool", ResetDescriptorPool(device, pool, flags))
}

static tni_vk_result TNI_VK_CALL faults_ResetCommandPool(tni_vk_device device, tni_vk_handle pool,
                                                         uint32_t flags) {
    FAULTS_CALL("ResetCommandPool", ResetCommandPool(device, pool, flags))
}

static tni_vk_result TNI_VK_CALL faults_AllocateCommandBuffers(tni_vk_device device,
                                                               const tni_vk_command_allocate *info,
                                                               tni_vk_commands *out) {
    FAULTS_CALL("AllocateCommandBuffers", AllocateCommandBuffers(device, info, out))
}

static tni_vk_result TNI_VK_CALL faults_BeginCommandBuffer(tni_vk_commands commands,
                                                           const tni_vk_command_begin *info) {
    FAULTS_CALL("BeginCommandBuffer", BeginCommandBuffer(commands, info))
}

static tni_vk_result TNI_VK_CALL faults_EndCommandBuffer(tni_vk_commands commands) {
    FAULTS_CALL("EndCommandBuffer", EndCommandBuffer(commands))
}

static tni_vk_result TNI_VK_CALL faults_GetQueryPoolResults(tni_vk_device device,
                                                            tni_vk_handle pool, uint32_t first,
                                                            uint32_t count, size_t size,
                                                            void *data, uint64_t stride,
                                                            uint32_t flags) {
    FAULTS_CALL("GetQueryPoolResults",
                GetQueryPoolResults(device, pool, first, count, size, data, stride, flags))
}

static tni_vk_result TNI_VK_CALL faults_GetMemoryHostPointerPropertiesEXT(
    tni_vk_device device, uint32_t kind, const void *pointer, tni_vk_host_pointer *out) {
    FAULTS_CALL("GetMemoryHostPointerPropertiesEXT",
                GetMemoryHostPointerPropertiesEXT(device, kind, pointer, out))
}

/* ---- the instance's ---- */

static tni_vk_result TNI_VK_CALL faults_CreateInstance(const tni_vk_instance_info *info,
                                                       const void *allocator,
                                                       tni_vk_instance *out) {
    tni_vk_result result;
    if (faults_due("CreateInstance")) {
        return faults.result;
    }
    result = faults.instance.CreateInstance(info, allocator, out);
    (void)tni_atomic_add_i64(&faults.alive[FAULTS_INSTANCE], result == TNI_VK_SUCCESS ? 1 : 0);
    return result;
}

static void TNI_VK_CALL faults_DestroyInstance(tni_vk_instance instance, const void *allocator) {
    (void)tni_atomic_add_i64(&faults.alive[FAULTS_INSTANCE], -1);
    faults.instance.DestroyInstance(instance, allocator);
}

static tni_vk_result TNI_VK_CALL faults_EnumeratePhysicalDevices(tni_vk_instance instance,
                                                                 uint32_t *count,
                                                                 tni_vk_physical *out) {
    if (faults_due("EnumeratePhysicalDevices")) {
        return faults.result;
    }
    return faults.instance.EnumeratePhysicalDevices(instance, count, out);
}

static tni_vk_result TNI_VK_CALL faults_EnumerateDeviceExtensionProperties(
    tni_vk_physical device, const char *layer, uint32_t *count, tni_vk_extension *out) {
    if (faults_due("EnumerateDeviceExtensionProperties")) {
        return faults.result;
    }
    return faults.instance.EnumerateDeviceExtensionProperties(device, layer, count, out);
}

static tni_vk_result TNI_VK_CALL faults_CreateDevice(tni_vk_physical device,
                                                     const tni_vk_device_info *info,
                                                     const void *allocator, tni_vk_device *out) {
    tni_vk_result result;
    if (faults_due("CreateDevice")) {
        return faults.result;
    }
    result = faults.instance.CreateDevice(device, info, allocator, out);
    (void)tni_atomic_add_i64(&faults.alive[FAULTS_DEVICE], result == TNI_VK_SUCCESS ? 1 : 0);
    return result;
}

#define FAULTS_HOOK(table, name)                                                                   \
    if ((table)->name != NULL && (table)->name != faults_##name) {                                 \
        real->name = (table)->name;                                                                \
        (table)->name = faults_##name;                                                             \
    }

static void faults_hook_instance(tni_vk_instance_table *table) {
    tni_vk_instance_table *real = &faults.instance;
    FAULTS_HOOK(table, CreateInstance)
    FAULTS_HOOK(table, DestroyInstance)
    FAULTS_HOOK(table, EnumeratePhysicalDevices)
    FAULTS_HOOK(table, EnumerateDeviceExtensionProperties)
    FAULTS_HOOK(table, CreateDevice)
}

static void faults_hook_device(tni_vk_device_table *table) {
    tni_vk_device_table *real = &faults.device;
    FAULTS_HOOK(table, CreateBuffer)
    FAULTS_HOOK(table, DestroyBuffer)
    FAULTS_HOOK(table, CreateFence)
    FAULTS_HOOK(table, DestroyFence)
    FAULTS_HOOK(table, CreateSemaphore)
    FAULTS_HOOK(table, DestroySemaphore)
    FAULTS_HOOK(table, CreateShaderModule)
    FAULTS_HOOK(table, DestroyShaderModule)
    FAULTS_HOOK(table, CreatePipelineCache)
    FAULTS_HOOK(table, DestroyPipelineCache)
    FAULTS_HOOK(table, CreatePipelineLayout)
    FAULTS_HOOK(table, DestroyPipelineLayout)
    FAULTS_HOOK(table, CreateDescriptorSetLayout)
    FAULTS_HOOK(table, DestroyDescriptorSetLayout)
    FAULTS_HOOK(table, CreateDescriptorPool)
    FAULTS_HOOK(table, DestroyDescriptorPool)
    FAULTS_HOOK(table, CreateCommandPool)
    FAULTS_HOOK(table, DestroyCommandPool)
    FAULTS_HOOK(table, CreateQueryPool)
    FAULTS_HOOK(table, DestroyQueryPool)
    FAULTS_HOOK(table, AllocateMemory)
    FAULTS_HOOK(table, FreeMemory)
    FAULTS_HOOK(table, CreateComputePipelines)
    FAULTS_HOOK(table, DestroyPipeline)
    FAULTS_HOOK(table, DestroyDevice)
    FAULTS_HOOK(table, QueueSubmit)
    FAULTS_HOOK(table, DeviceWaitIdle)
    FAULTS_HOOK(table, MapMemory)
    FAULTS_HOOK(table, BindBufferMemory)
    FAULTS_HOOK(table, ResetFences)
    FAULTS_HOOK(table, WaitForFences)
    FAULTS_HOOK(table, GetPipelineCacheData)
    FAULTS_HOOK(table, AllocateDescriptorSets)
    FAULTS_HOOK(table, ResetDescriptorPool)
    FAULTS_HOOK(table, ResetCommandPool)
    FAULTS_HOOK(table, AllocateCommandBuffers)
    FAULTS_HOOK(table, BeginCommandBuffer)
    FAULTS_HOOK(table, EndCommandBuffer)
    FAULTS_HOOK(table, GetQueryPoolResults)
    FAULTS_HOOK(table, GetMemoryHostPointerPropertiesEXT)
}

static void faults_intercept(void *user, tni_vk_instance_table *instance,
                             tni_vk_device_table *device) {
    (void)user;
    if (instance != NULL) {
        faults_hook_instance(instance);
    }
    if (device != NULL) {
        faults_hook_device(device);
    }
}

#undef FAULTS_CALL
#undef FAULTS_CREATE
#undef FAULTS_OBJECT
#undef FAULTS_HOOK

#endif
