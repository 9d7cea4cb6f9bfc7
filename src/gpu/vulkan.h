/*
 * vulkan.h - the part of Vulkan 1.1 (compute) that the library uses, under its own names.
 *
 * Nothing of an SDK is needed to build, nothing is linked, and a host's own vulkan.h can stand in
 * the same file. Layouts and numbers follow the specification; tests/test_gpu.c compares them
 * with the real headers where those are installed. Handles that the loader does not dispatch on
 * are 64-bit integers on every platform. Functions live in tables: one for the loader and the
 * instance, one per device, both filled from the lists below.
 */
#ifndef TNI_GPU_VULKAN_H
#define TNI_GPU_VULKAN_H

#include "base/core.h"

#if defined(_WIN32)
#define TNI_VK_CALL __stdcall
#else
#define TNI_VK_CALL
#endif

typedef struct tni_vk_instance_opaque *tni_vk_instance;
typedef struct tni_vk_physical_opaque *tni_vk_physical;
typedef struct tni_vk_device_opaque *tni_vk_device;
typedef struct tni_vk_queue_opaque *tni_vk_queue;
typedef struct tni_vk_commands_opaque *tni_vk_commands;
typedef uint64_t tni_vk_handle; /* buffers, memory, pipelines...: 0 is none */
typedef uint32_t tni_vk_bool;
typedef int32_t tni_vk_result; /* below 0: an error */
typedef void(TNI_VK_CALL *tni_vk_function)(void);

#define TNI_VK_VERSION_1_1 ((1u << 22) | (1u << 12))
#define TNI_VK_VERSION_1_2 ((1u << 22) | (2u << 12))
#define TNI_VK_WHOLE UINT64_MAX

enum {
    TNI_VK_SUCCESS = 0,
    TNI_VK_NOT_READY = 1,
    TNI_VK_TIMEOUT = 2,
    TNI_VK_INCOMPLETE = 5,
    TNI_VK_OUT_OF_HOST_MEMORY = -1,
    TNI_VK_OUT_OF_DEVICE_MEMORY = -2,
    TNI_VK_INITIALIZATION_FAILED = -3,
    TNI_VK_DEVICE_LOST = -4,
    TNI_VK_MAP_FAILED = -5,
    TNI_VK_LAYER_ABSENT = -6,
    TNI_VK_EXTENSION_ABSENT = -7,
    TNI_VK_FEATURE_ABSENT = -8,
    TNI_VK_INCOMPATIBLE_DRIVER = -9
};

/* Structure types. */
enum {
    TNI_VK_S_APPLICATION = 0,
    TNI_VK_S_INSTANCE = 1,
    TNI_VK_S_DEVICE_QUEUE = 2,
    TNI_VK_S_DEVICE = 3,
    TNI_VK_S_SUBMIT = 4,
    TNI_VK_S_MEMORY_ALLOCATE = 5,
    TNI_VK_S_FENCE = 8,
    TNI_VK_S_SEMAPHORE = 9,
    TNI_VK_S_QUERY_POOL = 11,
    TNI_VK_S_BUFFER = 12,
    TNI_VK_S_SHADER_MODULE = 16,
    TNI_VK_S_PIPELINE_CACHE = 17,
    TNI_VK_S_PIPELINE_STAGE = 18,
    TNI_VK_S_COMPUTE_PIPELINE = 29,
    TNI_VK_S_PIPELINE_LAYOUT = 30,
    TNI_VK_S_SET_LAYOUT = 32,
    TNI_VK_S_DESCRIPTOR_POOL = 33,
    TNI_VK_S_SET_ALLOCATE = 34,
    TNI_VK_S_WRITE_SET = 35,
    TNI_VK_S_COMMAND_POOL = 39,
    TNI_VK_S_COMMAND_ALLOCATE = 40,
    TNI_VK_S_COMMAND_BEGIN = 42,
    TNI_VK_S_BUFFER_BARRIER = 44,
    TNI_VK_S_MEMORY_BARRIER = 46,
    TNI_VK_S_FEATURES2 = 1000059000,
    TNI_VK_S_PROPERTIES2 = 1000059001,
    TNI_VK_S_MEMORY_PROPERTIES2 = 1000059006,
    TNI_VK_S_ID_PROPERTIES = 1000071004,
    TNI_VK_S_SUBGROUP_PROPERTIES = 1000094000,
    TNI_VK_S_EXTERNAL_BUFFER = 1000072000,
    TNI_VK_S_MAINTENANCE3_PROPERTIES = 1000168000,
    TNI_VK_S_ATOMIC_INT64_FEATURES = 1000180000,
    TNI_VK_S_IMPORT_HOST = 1000178000,
    TNI_VK_S_HOST_POINTER = 1000178001,
    TNI_VK_S_HOST_MEMORY_PROPERTIES = 1000178002,
    TNI_VK_S_FLOAT_CONTROLS = 1000197000,
    TNI_VK_S_TIMELINE_FEATURES = 1000207000,
    TNI_VK_S_MEMORY_BUDGET = 1000237000
};

/* Flags and enumerants, by the parameter they belong to. */
enum {
    TNI_VK_DEVICE_OTHER = 0, TNI_VK_DEVICE_INTEGRATED = 1, TNI_VK_DEVICE_DISCRETE = 2,
    TNI_VK_DEVICE_VIRTUAL = 3, TNI_VK_DEVICE_CPU = 4,
    TNI_VK_QUEUE_GRAPHICS = 1, TNI_VK_QUEUE_COMPUTE = 2, TNI_VK_QUEUE_TRANSFER = 4,
    TNI_VK_MEMORY_DEVICE_LOCAL = 1, TNI_VK_MEMORY_HOST_VISIBLE = 2,
    TNI_VK_MEMORY_HOST_COHERENT = 4, TNI_VK_MEMORY_HOST_CACHED = 8,
    TNI_VK_HEAP_DEVICE_LOCAL = 1,
    TNI_VK_BUFFER_TRANSFER_SOURCE = 1, TNI_VK_BUFFER_TRANSFER_TARGET = 2,
    TNI_VK_BUFFER_STORAGE = 0x20,
    TNI_VK_EXTERNAL_HOST = 0x80,
    TNI_VK_SHARING_EXCLUSIVE = 0, TNI_VK_SHARING_CONCURRENT = 1,
    TNI_VK_DESCRIPTOR_STORAGE_BUFFER = 7,
    TNI_VK_STAGE_COMPUTE = 0x20,
    TNI_VK_BIND_COMPUTE = 1,
    TNI_VK_POOL_RESET_COMMANDS = 2,
    TNI_VK_COMMANDS_PRIMARY = 0,
    TNI_VK_COMMANDS_ONCE = 1,
    TNI_VK_AT_TOP = 1, TNI_VK_AT_COMPUTE = 0x800, TNI_VK_AT_TRANSFER = 0x1000,
    TNI_VK_AT_BOTTOM = 0x2000, TNI_VK_AT_HOST = 0x4000,
    TNI_VK_ACCESS_SHADER_READ = 0x20, TNI_VK_ACCESS_SHADER_WRITE = 0x40,
    TNI_VK_ACCESS_TRANSFER_READ = 0x800, TNI_VK_ACCESS_TRANSFER_WRITE = 0x1000,
    TNI_VK_ACCESS_HOST_READ = 0x2000, TNI_VK_ACCESS_HOST_WRITE = 0x4000,
    TNI_VK_QUERY_TIMESTAMP = 2,
    TNI_VK_QUERY_64 = 1, TNI_VK_QUERY_WAIT = 2,
    TNI_VK_SUBGROUP_BASIC = 1, TNI_VK_SUBGROUP_VOTE = 2, TNI_VK_SUBGROUP_ARITHMETIC = 4,
    TNI_VK_SUBGROUP_BALLOT = 8, TNI_VK_SUBGROUP_SHUFFLE = 16
};

/* ---------------------------------------------------------------------------- structs --- */

typedef struct tni_vk_application {
    int32_t type;
    const void *next;
    const char *application;
    uint32_t application_version;
    const char *engine;
    uint32_t engine_version;
    uint32_t api_version;
} tni_vk_application;

typedef struct tni_vk_instance_info {
    int32_t type;
    const void *next;
    uint32_t flags;
    const tni_vk_application *application;
    uint32_t layer_count;
    const char *const *layers;
    uint32_t extension_count;
    const char *const *extensions;
} tni_vk_instance_info;

typedef struct tni_vk_extension {
    char name[256];
    uint32_t version;
} tni_vk_extension;

typedef struct tni_vk_layer {
    char name[256];
    uint32_t version, implementation;
    char description[256];
} tni_vk_layer;

/* VkPhysicalDeviceLimits; stretches that nothing here reads have no names. */
typedef struct tni_vk_limits {
    uint32_t skipped1[7];
    uint32_t storage_range;
    uint32_t push_constants;
    uint32_t allocations;
    uint32_t skipped2[2];
    uint64_t skipped3[2];
    uint32_t skipped4[3];
    uint32_t stage_storage_buffers;
    uint32_t skipped5[3];
    uint32_t stage_resources;
    uint32_t skipped6[3];
    uint32_t set_storage_buffers;
    uint32_t skipped7[26];
    uint32_t shared_bytes;
    uint32_t group_count[3];
    uint32_t group_invocations;
    uint32_t group_size[3];
    uint32_t skipped8[14];
    size_t map_alignment;
    uint64_t skipped9[2];
    uint64_t storage_alignment;
    uint32_t skipped10[21];
    tni_vk_bool timestamps;
    float timestamp_period;
    uint32_t skipped11[13];
    uint64_t copy_alignment;
    uint64_t skipped12;
    uint64_t coherent_atom;
} tni_vk_limits;

typedef struct tni_vk_properties {
    uint32_t api_version, driver_version, vendor, device;
    int32_t device_type;
    char name[256];
    uint8_t cache_uuid[16];
    tni_vk_limits limits;
    tni_vk_bool sparse[5];
} tni_vk_properties;

typedef struct tni_vk_properties2 {
    int32_t type;
    void *next;
    tni_vk_properties properties;
} tni_vk_properties2;

#define TNI_VK_FEATURES 55u
enum { TNI_VK_FEATURE_FLOAT64 = 39, TNI_VK_FEATURE_INT64 = 40 };

typedef struct tni_vk_features2 {
    int32_t type;
    void *next;
    tni_vk_bool features[TNI_VK_FEATURES];
} tni_vk_features2;

typedef struct tni_vk_atomic_int64 {
    int32_t type;
    void *next;
    tni_vk_bool buffers, shared;
} tni_vk_atomic_int64;

typedef struct tni_vk_timeline {
    int32_t type;
    void *next;
    tni_vk_bool timeline;
} tni_vk_timeline;

typedef struct tni_vk_id {
    int32_t type;
    void *next;
    uint8_t device_uuid[16], driver_uuid[16], luid[8];
    uint32_t node_mask;
    tni_vk_bool luid_valid;
} tni_vk_id;

typedef struct tni_vk_subgroup {
    int32_t type;
    void *next;
    uint32_t size, stages, operations;
    tni_vk_bool quad;
} tni_vk_subgroup;

typedef struct tni_vk_maintenance3 {
    int32_t type;
    void *next;
    uint32_t set_descriptors;
    uint64_t allocation_bytes;
} tni_vk_maintenance3;

typedef struct tni_vk_host_memory {
    int32_t type;
    void *next;
    uint64_t alignment;
} tni_vk_host_memory;

/* Pairs and triples are for 16, 32 and 64-bit floats. */
typedef struct tni_vk_float_controls {
    int32_t type;
    void *next;
    int32_t denormal_independence, rounding_independence;
    tni_vk_bool zero_inf_nan[3], denormal_preserve[3], denormal_flush[3];
    tni_vk_bool round_to_even[3], round_to_zero[3];
} tni_vk_float_controls;

typedef struct tni_vk_queue_family {
    uint32_t flags, count, timestamp_bits;
    uint32_t granularity[3];
} tni_vk_queue_family;

typedef struct tni_vk_memory_type {
    uint32_t flags, heap;
} tni_vk_memory_type;

typedef struct tni_vk_memory_heap {
    uint64_t size;
    uint32_t flags;
} tni_vk_memory_heap;

typedef struct tni_vk_memory_properties {
    uint32_t type_count;
    tni_vk_memory_type types[32];
    uint32_t heap_count;
    tni_vk_memory_heap heaps[16];
} tni_vk_memory_properties;

typedef struct tni_vk_memory_properties2 {
    int32_t type;
    void *next;
    tni_vk_memory_properties memory;
} tni_vk_memory_properties2;

typedef struct tni_vk_memory_budget {
    int32_t type;
    void *next;
    uint64_t budget[16], usage[16];
} tni_vk_memory_budget;

typedef struct tni_vk_queue_info {
    int32_t type;
    const void *next;
    uint32_t flags, family, count;
    const float *priorities;
} tni_vk_queue_info;

typedef struct tni_vk_device_info {
    int32_t type;
    const void *next;
    uint32_t flags;
    uint32_t queue_count;
    const tni_vk_queue_info *queues;
    uint32_t layer_count;
    const char *const *layers;
    uint32_t extension_count;
    const char *const *extensions;
    const tni_vk_bool *features;
} tni_vk_device_info;

typedef struct tni_vk_submit {
    int32_t type;
    const void *next;
    uint32_t wait_count;
    const tni_vk_handle *waits;
    const uint32_t *wait_stages;
    uint32_t command_count;
    const tni_vk_commands *commands;
    uint32_t signal_count;
    const tni_vk_handle *signals;
} tni_vk_submit;

typedef struct tni_vk_memory_allocate {
    int32_t type;
    const void *next;
    uint64_t size;
    uint32_t memory_type;
} tni_vk_memory_allocate;

/* VkImportMemoryHostPointerInfoEXT: memory of the process becomes device memory. */
typedef struct tni_vk_import_host {
    int32_t type;
    const void *next;
    uint32_t kind;
    void *pointer;
} tni_vk_import_host;

typedef struct tni_vk_host_pointer {
    int32_t type;
    void *next;
    uint32_t types;
} tni_vk_host_pointer;

/* VkExternalMemoryBufferCreateInfo */
typedef struct tni_vk_external_buffer {
    int32_t type;
    const void *next;
    uint32_t kinds;
} tni_vk_external_buffer;

typedef struct tni_vk_buffer_info {
    int32_t type;
    const void *next;
    uint32_t flags;
    uint64_t size;
    uint32_t usage;
    int32_t sharing;
    uint32_t family_count;
    const uint32_t *families;
} tni_vk_buffer_info;

typedef struct tni_vk_requirements {
    uint64_t size, alignment;
    uint32_t types;
} tni_vk_requirements;

/* Fence, pipeline cache without data, and others that are only flags. */
typedef struct tni_vk_flags_info {
    int32_t type;
    const void *next;
    uint32_t flags;
} tni_vk_flags_info;

typedef struct tni_vk_query_pool_info {
    int32_t type;
    const void *next;
    uint32_t flags;
    int32_t kind;
    uint32_t count, statistics;
} tni_vk_query_pool_info;

/* Shader modules (flags, bytes, words) and pipeline caches (flags, bytes, data). */
typedef struct tni_vk_blob_info {
    int32_t type;
    const void *next;
    uint32_t flags;
    size_t size;
    const void *data;
} tni_vk_blob_info;

typedef struct tni_vk_constant_entry {
    uint32_t id, offset;
    size_t size;
} tni_vk_constant_entry;

typedef struct tni_vk_constants {
    uint32_t count;
    const tni_vk_constant_entry *entries;
    size_t size;
    const void *data;
} tni_vk_constants;

typedef struct tni_vk_stage {
    int32_t type;
    const void *next;
    uint32_t flags, stage;
    tni_vk_handle module;
    const char *name;
    const tni_vk_constants *constants;
} tni_vk_stage;

typedef struct tni_vk_compute_info {
    int32_t type;
    const void *next;
    uint32_t flags;
    tni_vk_stage stage;
    tni_vk_handle layout, base;
    int32_t base_index;
} tni_vk_compute_info;

typedef struct tni_vk_push_range {
    uint32_t stages, offset, size;
} tni_vk_push_range;

typedef struct tni_vk_layout_info {
    int32_t type;
    const void *next;
    uint32_t flags, set_count;
    const tni_vk_handle *sets;
    uint32_t push_count;
    const tni_vk_push_range *pushes;
} tni_vk_layout_info;

typedef struct tni_vk_binding {
    uint32_t binding;
    int32_t kind;
    uint32_t count, stages;
    const tni_vk_handle *samplers;
} tni_vk_binding;

typedef struct tni_vk_set_layout_info {
    int32_t type;
    const void *next;
    uint32_t flags, binding_count;
    const tni_vk_binding *bindings;
} tni_vk_set_layout_info;

typedef struct tni_vk_pool_size {
    int32_t kind;
    uint32_t count;
} tni_vk_pool_size;

typedef struct tni_vk_descriptor_pool_info {
    int32_t type;
    const void *next;
    uint32_t flags, sets, size_count;
    const tni_vk_pool_size *sizes;
} tni_vk_descriptor_pool_info;

typedef struct tni_vk_set_allocate {
    int32_t type;
    const void *next;
    tni_vk_handle pool;
    uint32_t count;
    const tni_vk_handle *layouts;
} tni_vk_set_allocate;

typedef struct tni_vk_buffer_range {
    tni_vk_handle buffer;
    uint64_t offset, size;
} tni_vk_buffer_range;

typedef struct tni_vk_write {
    int32_t type;
    const void *next;
    tni_vk_handle set;
    uint32_t binding, first, count;
    int32_t kind;
    const void *images;
    const tni_vk_buffer_range *buffers;
    const tni_vk_handle *views;
} tni_vk_write;

typedef struct tni_vk_command_pool_info {
    int32_t type;
    const void *next;
    uint32_t flags, family;
} tni_vk_command_pool_info;

typedef struct tni_vk_command_allocate {
    int32_t type;
    const void *next;
    tni_vk_handle pool;
    int32_t level;
    uint32_t count;
} tni_vk_command_allocate;

typedef struct tni_vk_command_begin {
    int32_t type;
    const void *next;
    uint32_t flags;
    const void *inheritance;
} tni_vk_command_begin;

typedef struct tni_vk_memory_barrier {
    int32_t type;
    const void *next;
    uint32_t source, target;
} tni_vk_memory_barrier;

typedef struct tni_vk_copy {
    uint64_t from, to, size;
} tni_vk_copy;

/* -------------------------------------------------------------------------- functions --- */

/* F(result, name without vk, parameters) */
#define TNI_VK_GLOBAL_FUNCTIONS(F)                                                                 \
    F(tni_vk_result, EnumerateInstanceLayerProperties, (uint32_t * count, tni_vk_layer * out))     \
    F(tni_vk_result, CreateInstance,                                                               \
      (const tni_vk_instance_info *info, const void *allocator, tni_vk_instance *out))

#define TNI_VK_INSTANCE_FUNCTIONS(F)                                                               \
    F(void, DestroyInstance, (tni_vk_instance instance, const void *allocator))                    \
    F(tni_vk_result, EnumeratePhysicalDevices,                                                     \
      (tni_vk_instance instance, uint32_t *count, tni_vk_physical *out))                           \
    F(void, GetPhysicalDeviceProperties2, (tni_vk_physical device, tni_vk_properties2 * out))      \
    F(void, GetPhysicalDeviceProperties, (tni_vk_physical device, tni_vk_properties * out))        \
    F(void, GetPhysicalDeviceFeatures2, (tni_vk_physical device, tni_vk_features2 * out))          \
    F(void, GetPhysicalDeviceMemoryProperties2,                                                    \
      (tni_vk_physical device, tni_vk_memory_properties2 * out))                                   \
    F(void, GetPhysicalDeviceQueueFamilyProperties,                                                \
      (tni_vk_physical device, uint32_t *count, tni_vk_queue_family *out))                         \
    F(tni_vk_result, EnumerateDeviceExtensionProperties,                                           \
      (tni_vk_physical device, const char *layer, uint32_t *count, tni_vk_extension *out))         \
    F(tni_vk_result, CreateDevice,                                                                 \
      (tni_vk_physical device, const tni_vk_device_info *info, const void *allocator,              \
       tni_vk_device *out))                                                                        \
    F(tni_vk_function, GetDeviceProcAddr, (tni_vk_device device, const char *name))

#define TNI_VK_DEVICE_FUNCTIONS(F)                                                                 \
    F(void, DestroyDevice, (tni_vk_device device, const void *allocator))                          \
    F(void, GetDeviceQueue,                                                                        \
      (tni_vk_device device, uint32_t family, uint32_t index, tni_vk_queue *out))                  \
    F(tni_vk_result, QueueSubmit,                                                                  \
      (tni_vk_queue queue, uint32_t count, const tni_vk_submit *submits, tni_vk_handle fence))     \
    F(tni_vk_result, DeviceWaitIdle, (tni_vk_device device))                                       \
    F(tni_vk_result, AllocateMemory,                                                               \
      (tni_vk_device device, const tni_vk_memory_allocate *info, const void *allocator,            \
       tni_vk_handle *out))                                                                        \
    F(void, FreeMemory, (tni_vk_device device, tni_vk_handle memory, const void *allocator))       \
    F(tni_vk_result, MapMemory,                                                                    \
      (tni_vk_device device, tni_vk_handle memory, uint64_t offset, uint64_t size, uint32_t flags, \
       void **out))                                                                                \
    F(tni_vk_result, CreateBuffer,                                                                 \
      (tni_vk_device device, const tni_vk_buffer_info *info, const void *allocator,                \
       tni_vk_handle *out))                                                                        \
    F(void, DestroyBuffer, (tni_vk_device device, tni_vk_handle buffer, const void *allocator))    \
    F(void, GetBufferMemoryRequirements,                                                           \
      (tni_vk_device device, tni_vk_handle buffer, tni_vk_requirements *out))                      \
    F(tni_vk_result, BindBufferMemory,                                                             \
      (tni_vk_device device, tni_vk_handle buffer, tni_vk_handle memory, uint64_t offset))         \
    F(tni_vk_result, CreateFence,                                                                  \
      (tni_vk_device device, const tni_vk_flags_info *info, const void *allocator,                 \
       tni_vk_handle *out))                                                                        \
    F(void, DestroyFence, (tni_vk_device device, tni_vk_handle fence, const void *allocator))      \
    F(tni_vk_result, ResetFences,                                                                  \
      (tni_vk_device device, uint32_t count, const tni_vk_handle *fences))                         \
    F(tni_vk_result, WaitForFences,                                                                \
      (tni_vk_device device, uint32_t count, const tni_vk_handle *fences, tni_vk_bool all,         \
       uint64_t nanoseconds))                                                                      \
    F(tni_vk_result, CreateSemaphore,                                                              \
      (tni_vk_device device, const tni_vk_flags_info *info, const void *allocator,                 \
       tni_vk_handle *out))                                                                        \
    F(void, DestroySemaphore,                                                                      \
      (tni_vk_device device, tni_vk_handle semaphore, const void *allocator))                      \
    F(tni_vk_result, CreateShaderModule,                                                           \
      (tni_vk_device device, const tni_vk_blob_info *info, const void *allocator,                  \
       tni_vk_handle *out))                                                                        \
    F(void, DestroyShaderModule,                                                                   \
      (tni_vk_device device, tni_vk_handle module, const void *allocator))                         \
    F(tni_vk_result, CreatePipelineCache,                                                          \
      (tni_vk_device device, const tni_vk_blob_info *info, const void *allocator,                  \
       tni_vk_handle *out))                                                                        \
    F(void, DestroyPipelineCache,                                                                  \
      (tni_vk_device device, tni_vk_handle cache, const void *allocator))                          \
    F(tni_vk_result, GetPipelineCacheData,                                                         \
      (tni_vk_device device, tni_vk_handle cache, size_t *size, void *data))                       \
    F(tni_vk_result, CreateComputePipelines,                                                       \
      (tni_vk_device device, tni_vk_handle cache, uint32_t count,                                  \
       const tni_vk_compute_info *infos, const void *allocator, tni_vk_handle *out))               \
    F(void, DestroyPipeline,                                                                       \
      (tni_vk_device device, tni_vk_handle pipeline, const void *allocator))                       \
    F(tni_vk_result, CreatePipelineLayout,                                                         \
      (tni_vk_device device, const tni_vk_layout_info *info, const void *allocator,                \
       tni_vk_handle *out))                                                                        \
    F(void, DestroyPipelineLayout,                                                                 \
      (tni_vk_device device, tni_vk_handle layout, const void *allocator))                         \
    F(tni_vk_result, CreateDescriptorSetLayout,                                                    \
      (tni_vk_device device, const tni_vk_set_layout_info *info, const void *allocator,            \
       tni_vk_handle *out))                                                                        \
    F(void, DestroyDescriptorSetLayout,                                                            \
      (tni_vk_device device, tni_vk_handle layout, const void *allocator))                         \
    F(tni_vk_result, CreateDescriptorPool,                                                         \
      (tni_vk_device device, const tni_vk_descriptor_pool_info *info, const void *allocator,       \
       tni_vk_handle *out))                                                                        \
    F(void, DestroyDescriptorPool,                                                                 \
      (tni_vk_device device, tni_vk_handle pool, const void *allocator))                           \
    F(tni_vk_result, ResetDescriptorPool,                                                          \
      (tni_vk_device device, tni_vk_handle pool, uint32_t flags))                                  \
    F(tni_vk_result, AllocateDescriptorSets,                                                       \
      (tni_vk_device device, const tni_vk_set_allocate *info, tni_vk_handle *out))                 \
    F(void, UpdateDescriptorSets,                                                                  \
      (tni_vk_device device, uint32_t count, const tni_vk_write *writes, uint32_t copy_count,      \
       const void *copies))                                                                        \
    F(tni_vk_result, CreateCommandPool,                                                            \
      (tni_vk_device device, const tni_vk_command_pool_info *info, const void *allocator,          \
       tni_vk_handle *out))                                                                        \
    F(void, DestroyCommandPool,                                                                    \
      (tni_vk_device device, tni_vk_handle pool, const void *allocator))                           \
    F(tni_vk_result, ResetCommandPool,                                                             \
      (tni_vk_device device, tni_vk_handle pool, uint32_t flags))                                  \
    F(tni_vk_result, AllocateCommandBuffers,                                                       \
      (tni_vk_device device, const tni_vk_command_allocate *info, tni_vk_commands *out))           \
    F(tni_vk_result, BeginCommandBuffer,                                                           \
      (tni_vk_commands commands, const tni_vk_command_begin *info))                                \
    F(tni_vk_result, EndCommandBuffer, (tni_vk_commands commands))                                 \
    F(tni_vk_result, CreateQueryPool,                                                              \
      (tni_vk_device device, const tni_vk_query_pool_info *info, const void *allocator,            \
       tni_vk_handle *out))                                                                        \
    F(void, DestroyQueryPool,                                                                      \
      (tni_vk_device device, tni_vk_handle pool, const void *allocator))                           \
    F(tni_vk_result, GetQueryPoolResults,                                                          \
      (tni_vk_device device, tni_vk_handle pool, uint32_t first, uint32_t count, size_t size,      \
       void *data, uint64_t stride, uint32_t flags))                                               \
    F(void, CmdBindPipeline, (tni_vk_commands commands, int32_t point, tni_vk_handle pipeline))    \
    F(void, CmdBindDescriptorSets,                                                                 \
      (tni_vk_commands commands, int32_t point, tni_vk_handle layout, uint32_t first,              \
       uint32_t count, const tni_vk_handle *sets, uint32_t offset_count,                           \
       const uint32_t *offsets))                                                                   \
    F(void, CmdPushConstants,                                                                      \
      (tni_vk_commands commands, tni_vk_handle layout, uint32_t stages, uint32_t offset,           \
       uint32_t size, const void *data))                                                           \
    F(void, CmdDispatch, (tni_vk_commands commands, uint32_t x, uint32_t y, uint32_t z))           \
    F(void, CmdCopyBuffer,                                                                         \
      (tni_vk_commands commands, tni_vk_handle from, tni_vk_handle to, uint32_t count,             \
       const tni_vk_copy *regions))                                                                \
    F(void, CmdFillBuffer,                                                                         \
      (tni_vk_commands commands, tni_vk_handle buffer, uint64_t offset, uint64_t size,             \
       uint32_t word))                                                                             \
    F(void, CmdPipelineBarrier,                                                                    \
      (tni_vk_commands commands, uint32_t from, uint32_t to, uint32_t flags,                       \
       uint32_t memory_count, const tni_vk_memory_barrier *memory, uint32_t buffer_count,          \
       const void *buffers, uint32_t image_count, const void *images))                             \
    F(void, CmdResetQueryPool,                                                                     \
      (tni_vk_commands commands, tni_vk_handle pool, uint32_t first, uint32_t count))              \
    F(void, CmdWriteTimestamp,                                                                     \
      (tni_vk_commands commands, uint32_t stage, tni_vk_handle pool, uint32_t query))

/* Those of extensions: NULL without them. */
#define TNI_VK_EXTENSION_FUNCTIONS(F)                                                              \
    F(tni_vk_result, GetMemoryHostPointerPropertiesEXT,                                            \
      (tni_vk_device device, uint32_t kind, const void *pointer, tni_vk_host_pointer * out))

#define TNI_VK_FIELD(result, name, parameters) result(TNI_VK_CALL *name) parameters;

typedef tni_vk_function(TNI_VK_CALL *tni_vk_get_instance_function)(tni_vk_instance instance,
                                                                  const char *name);

typedef struct tni_vk_instance_table {
    tni_vk_get_instance_function GetInstanceProcAddr;
    TNI_VK_GLOBAL_FUNCTIONS(TNI_VK_FIELD)
    TNI_VK_INSTANCE_FUNCTIONS(TNI_VK_FIELD)
} tni_vk_instance_table;

typedef struct tni_vk_device_table {
    TNI_VK_DEVICE_FUNCTIONS(TNI_VK_FIELD)
    TNI_VK_EXTENSION_FUNCTIONS(TNI_VK_FIELD)
} tni_vk_device_table;

#endif
