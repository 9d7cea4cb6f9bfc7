/*
 * The GPU foundation against the CPU kernels, bit for bit: emitted modules pass spirv-val, scans
 * give the sums, counts and bounds of simd/kernels.h for every length, type, encoding and NULL
 * pattern, and the absence of a loader or device is information.
 *
 * Runs on any Vulkan device, software ones included, with the validation layer when installed
 * (its report must stay empty). TRUENO_TEST_GPU=0 skips what needs a device.
 */
#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* setenv, in strict C11 */
#endif
#include "test.h"

#include "gpu/scan.h"

#if defined(__has_include)
#if __has_include(<vulkan/vulkan_core.h>)
#include <vulkan/vulkan_core.h>
#define TEST_SDK 1
#endif
#endif

/* Drivers keep a little to their end; what is ours is counted by `memory`. */
#if defined(__SANITIZE_ADDRESS__)
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) {
    return 1;
}
#endif

static tni_memory memory;
static tni_gpu *gpu;
static tni_gpu_device *device;
static const tni_kernels *kernels;
static uint64_t seed = 88172645463325252u;
static bool have_validator;
static uint64_t next_owner = 1;
static tni_settings settings; /* of every emitted shape */

static uint64_t random_u64(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * UINT64_C(0x2545f4914f6cdd1d);
}

/* ------------------------------------------------- structures as the real headers have them */

#if defined(TEST_SDK)
#define SAME_SIZE(ours, theirs) TNI_CHECK_EQ_UINT(sizeof(ours), sizeof(theirs))
#define SAME_PLACE(ours, a, theirs, b)                                                             \
    TNI_CHECK_EQ_UINT(offsetof(ours, a), offsetof(theirs, b))

static void test_layouts(void) {
    SAME_SIZE(tni_vk_application, VkApplicationInfo);
    SAME_SIZE(tni_vk_instance_info, VkInstanceCreateInfo);
    SAME_SIZE(tni_vk_extension, VkExtensionProperties);
    SAME_SIZE(tni_vk_layer, VkLayerProperties);
    SAME_SIZE(tni_vk_limits, VkPhysicalDeviceLimits);
    SAME_SIZE(tni_vk_properties, VkPhysicalDeviceProperties);
    SAME_SIZE(tni_vk_properties2, VkPhysicalDeviceProperties2);
    SAME_SIZE(tni_vk_features2, VkPhysicalDeviceFeatures2);
    SAME_SIZE(tni_vk_atomic_int64, VkPhysicalDeviceShaderAtomicInt64Features);
    SAME_SIZE(tni_vk_timeline, VkPhysicalDeviceTimelineSemaphoreFeatures);
    SAME_SIZE(tni_vk_id, VkPhysicalDeviceIDProperties);
    SAME_SIZE(tni_vk_subgroup, VkPhysicalDeviceSubgroupProperties);
    SAME_SIZE(tni_vk_maintenance3, VkPhysicalDeviceMaintenance3Properties);
    SAME_SIZE(tni_vk_host_memory, VkPhysicalDeviceExternalMemoryHostPropertiesEXT);
    SAME_SIZE(tni_vk_float_controls, VkPhysicalDeviceFloatControlsProperties);
    SAME_SIZE(tni_vk_queue_family, VkQueueFamilyProperties);
    SAME_SIZE(tni_vk_memory_properties, VkPhysicalDeviceMemoryProperties);
    SAME_SIZE(tni_vk_memory_properties2, VkPhysicalDeviceMemoryProperties2);
    SAME_SIZE(tni_vk_memory_budget, VkPhysicalDeviceMemoryBudgetPropertiesEXT);
    SAME_SIZE(tni_vk_queue_info, VkDeviceQueueCreateInfo);
    SAME_SIZE(tni_vk_device_info, VkDeviceCreateInfo);
    SAME_SIZE(tni_vk_submit, VkSubmitInfo);
    SAME_SIZE(tni_vk_memory_allocate, VkMemoryAllocateInfo);
    SAME_SIZE(tni_vk_buffer_info, VkBufferCreateInfo);
    SAME_SIZE(tni_vk_requirements, VkMemoryRequirements);
    SAME_SIZE(tni_vk_flags_info, VkFenceCreateInfo);
    SAME_SIZE(tni_vk_query_pool_info, VkQueryPoolCreateInfo);
    SAME_SIZE(tni_vk_blob_info, VkShaderModuleCreateInfo);
    SAME_SIZE(tni_vk_blob_info, VkPipelineCacheCreateInfo);
    SAME_SIZE(tni_vk_constant_entry, VkSpecializationMapEntry);
    SAME_SIZE(tni_vk_constants, VkSpecializationInfo);
    SAME_SIZE(tni_vk_stage, VkPipelineShaderStageCreateInfo);
    SAME_SIZE(tni_vk_compute_info, VkComputePipelineCreateInfo);
    SAME_SIZE(tni_vk_push_range, VkPushConstantRange);
    SAME_SIZE(tni_vk_layout_info, VkPipelineLayoutCreateInfo);
    SAME_SIZE(tni_vk_binding, VkDescriptorSetLayoutBinding);
    SAME_SIZE(tni_vk_set_layout_info, VkDescriptorSetLayoutCreateInfo);
    SAME_SIZE(tni_vk_pool_size, VkDescriptorPoolSize);
    SAME_SIZE(tni_vk_descriptor_pool_info, VkDescriptorPoolCreateInfo);
    SAME_SIZE(tni_vk_set_allocate, VkDescriptorSetAllocateInfo);
    SAME_SIZE(tni_vk_buffer_range, VkDescriptorBufferInfo);
    SAME_SIZE(tni_vk_write, VkWriteDescriptorSet);
    SAME_SIZE(tni_vk_command_pool_info, VkCommandPoolCreateInfo);
    SAME_SIZE(tni_vk_command_allocate, VkCommandBufferAllocateInfo);
    SAME_SIZE(tni_vk_command_begin, VkCommandBufferBeginInfo);
    SAME_SIZE(tni_vk_memory_barrier, VkMemoryBarrier);
    SAME_SIZE(tni_vk_copy, VkBufferCopy);
    SAME_PLACE(tni_vk_limits, storage_range, VkPhysicalDeviceLimits, maxStorageBufferRange);
    SAME_PLACE(tni_vk_limits, push_constants, VkPhysicalDeviceLimits, maxPushConstantsSize);
    SAME_PLACE(tni_vk_limits, allocations, VkPhysicalDeviceLimits, maxMemoryAllocationCount);
    SAME_PLACE(tni_vk_limits, stage_storage_buffers, VkPhysicalDeviceLimits,
               maxPerStageDescriptorStorageBuffers);
    SAME_PLACE(tni_vk_limits, stage_resources, VkPhysicalDeviceLimits, maxPerStageResources);
    SAME_PLACE(tni_vk_limits, set_storage_buffers, VkPhysicalDeviceLimits,
               maxDescriptorSetStorageBuffers);
    SAME_PLACE(tni_vk_limits, shared_bytes, VkPhysicalDeviceLimits, maxComputeSharedMemorySize);
    SAME_PLACE(tni_vk_limits, group_count, VkPhysicalDeviceLimits, maxComputeWorkGroupCount);
    SAME_PLACE(tni_vk_limits, group_invocations, VkPhysicalDeviceLimits,
               maxComputeWorkGroupInvocations);
    SAME_PLACE(tni_vk_limits, group_size, VkPhysicalDeviceLimits, maxComputeWorkGroupSize);
    SAME_PLACE(tni_vk_limits, map_alignment, VkPhysicalDeviceLimits, minMemoryMapAlignment);
    SAME_PLACE(tni_vk_limits, storage_alignment, VkPhysicalDeviceLimits,
               minStorageBufferOffsetAlignment);
    SAME_PLACE(tni_vk_limits, timestamps, VkPhysicalDeviceLimits, timestampComputeAndGraphics);
    SAME_PLACE(tni_vk_limits, timestamp_period, VkPhysicalDeviceLimits, timestampPeriod);
    SAME_PLACE(tni_vk_limits, copy_alignment, VkPhysicalDeviceLimits,
               optimalBufferCopyOffsetAlignment);
    SAME_PLACE(tni_vk_limits, coherent_atom, VkPhysicalDeviceLimits, nonCoherentAtomSize);
    SAME_PLACE(tni_vk_properties, device_type, VkPhysicalDeviceProperties, deviceType);
    SAME_PLACE(tni_vk_properties, limits, VkPhysicalDeviceProperties, limits);
    SAME_PLACE(tni_vk_compute_info, layout, VkComputePipelineCreateInfo, layout);
    SAME_PLACE(tni_vk_stage, module, VkPipelineShaderStageCreateInfo, module);
    SAME_PLACE(tni_vk_write, buffers, VkWriteDescriptorSet, pBufferInfo);
    SAME_PLACE(tni_vk_submit, commands, VkSubmitInfo, pCommandBuffers);
    SAME_PLACE(tni_vk_float_controls, denormal_preserve, VkPhysicalDeviceFloatControlsProperties,
               shaderDenormPreserveFloat16);
    SAME_PLACE(tni_vk_float_controls, round_to_even, VkPhysicalDeviceFloatControlsProperties,
               shaderRoundingModeRTEFloat16);
    TNI_CHECK_EQ_UINT(offsetof(VkPhysicalDeviceFeatures, shaderFloat64) / 4,
                      TNI_VK_FEATURE_FLOAT64);
    TNI_CHECK_EQ_UINT(offsetof(VkPhysicalDeviceFeatures, shaderInt64) / 4, TNI_VK_FEATURE_INT64);
}

static void test_numbers(void) {
    TNI_CHECK_EQ_INT(TNI_VK_S_COMPUTE_PIPELINE, VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO);
    TNI_CHECK_EQ_INT(TNI_VK_S_PIPELINE_LAYOUT, VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO);
    TNI_CHECK_EQ_INT(TNI_VK_S_PIPELINE_STAGE, VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO);
    TNI_CHECK_EQ_INT(TNI_VK_S_PIPELINE_CACHE, VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO);
    TNI_CHECK_EQ_INT(TNI_VK_S_SET_LAYOUT, VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO);
    TNI_CHECK_EQ_INT(TNI_VK_S_DESCRIPTOR_POOL, VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO);
    TNI_CHECK_EQ_INT(TNI_VK_S_SET_ALLOCATE, VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO);
    TNI_CHECK_EQ_INT(TNI_VK_S_WRITE_SET, VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET);
    TNI_CHECK_EQ_INT(TNI_VK_S_COMMAND_POOL, VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO);
    TNI_CHECK_EQ_INT(TNI_VK_S_COMMAND_ALLOCATE, VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO);
    TNI_CHECK_EQ_INT(TNI_VK_S_COMMAND_BEGIN, VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO);
    TNI_CHECK_EQ_INT(TNI_VK_S_MEMORY_BARRIER, VK_STRUCTURE_TYPE_MEMORY_BARRIER);
    TNI_CHECK_EQ_INT(TNI_VK_S_QUERY_POOL, VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO);
    TNI_CHECK_EQ_INT(TNI_VK_S_BUFFER, VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO);
    TNI_CHECK_EQ_INT(TNI_VK_S_SHADER_MODULE, VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO);
    TNI_CHECK_EQ_INT(TNI_VK_S_FENCE, VK_STRUCTURE_TYPE_FENCE_CREATE_INFO);
    TNI_CHECK_EQ_INT(TNI_VK_S_MEMORY_ALLOCATE, VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO);
    TNI_CHECK_EQ_INT(TNI_VK_S_FEATURES2, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2);
    TNI_CHECK_EQ_INT(TNI_VK_S_PROPERTIES2, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2);
    TNI_CHECK_EQ_INT(TNI_VK_S_MEMORY_PROPERTIES2,
                     VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2);
    TNI_CHECK_EQ_INT(TNI_VK_S_ID_PROPERTIES, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES);
    TNI_CHECK_EQ_INT(TNI_VK_S_SUBGROUP_PROPERTIES,
                     VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES);
    TNI_CHECK_EQ_INT(TNI_VK_S_MAINTENANCE3_PROPERTIES,
                     VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES);
    TNI_CHECK_EQ_INT(TNI_VK_S_ATOMIC_INT64_FEATURES,
                     VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_ATOMIC_INT64_FEATURES);
    TNI_CHECK_EQ_INT(TNI_VK_S_HOST_MEMORY_PROPERTIES,
                     VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT);
    TNI_CHECK_EQ_INT(TNI_VK_S_FLOAT_CONTROLS,
                     VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FLOAT_CONTROLS_PROPERTIES);
    TNI_CHECK_EQ_INT(TNI_VK_S_TIMELINE_FEATURES,
                     VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES);
    TNI_CHECK_EQ_INT(TNI_VK_S_MEMORY_BUDGET,
                     VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT);
    TNI_CHECK_EQ_INT(TNI_VK_QUERY_TIMESTAMP, VK_QUERY_TYPE_TIMESTAMP);
    TNI_CHECK_EQ_INT(TNI_VK_AT_HOST, VK_PIPELINE_STAGE_HOST_BIT);
    TNI_CHECK_EQ_INT(TNI_VK_ACCESS_HOST_READ, VK_ACCESS_HOST_READ_BIT);
    TNI_CHECK_EQ_INT(TNI_VK_ACCESS_TRANSFER_WRITE, VK_ACCESS_TRANSFER_WRITE_BIT);
    TNI_CHECK_EQ_INT(TNI_VK_BUFFER_STORAGE, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
}
#endif

/* -------------------------------------------------------------------- programs by hand --- */

#define MOST_NODES 64u

typedef struct builder {
    tni_ir_node nodes[MOST_NODES];
    uint32_t arguments[MOST_NODES][4];
    uint32_t outputs[TNI_GPU_SLOTS];
    tni_program program;
} builder;

static void build_start(builder *b) {
    memset(b, 0, sizeof *b);
    b->program.nodes = b->nodes;
    b->program.outputs = b->outputs;
}

static uint32_t build(builder *b, tni_ir_op op, tni_type type, uint32_t count, uint32_t x,
                      uint32_t y, uint32_t z) {
    uint32_t r = b->program.count++;
    tni_ir_node *node = &b->nodes[r];
    node->op = (uint16_t)op;
    node->type = type;
    node->argument_count = count;
    node->arguments = b->arguments[r];
    node->predicate = TNI_IR_NONE;
    b->arguments[r][0] = x;
    b->arguments[r][1] = y;
    b->arguments[r][2] = z;
    return r;
}

static uint32_t build_column(builder *b, uint32_t column, tni_type type) {
    uint32_t r = build(b, TNI_IR_COLUMN, type, 0, 0, 0, 0);
    b->nodes[r].column = column;
    return r;
}

static uint32_t build_constant(builder *b, tni_value value) {
    uint32_t r = build(b, TNI_IR_CONSTANT, value.type, 0, 0, 0, 0);
    b->nodes[r].constant = value;
    return r;
}

static const tni_function *operator_of(uint8_t op) {
    const tni_function *f = tni_functions_operator();
    while (f->name != NULL && f->device != op) {
        f++;
    }
    return f->name != NULL ? f : NULL;
}

static uint32_t build_call(builder *b, tni_device_op op, tni_type type, uint32_t count, uint32_t x,
                           uint32_t y) {
    uint32_t r = build(b, TNI_IR_CALL, type, count, x, y, 0);
    b->nodes[r].function = operator_of((uint8_t)op);
    return r;
}

/* ----------------------------------------------------------------------- tables by hand --- */

typedef struct column_data {
    tni_type type;
    uint32_t width;
    uint8_t *values;
    uint64_t *validity; /* NULL: none */
    tni_segment **segments;
} column_data;

#define MOST_COLUMNS 4u
typedef struct table_data {
    uint32_t rows, segment_count, column_count;
    column_data columns[MOST_COLUMNS];
    const tni_segment *const *pointers[MOST_COLUMNS];
    tni_gpu_layout layouts[MOST_COLUMNS];
    tni_gpu_table table;
} table_data;

static tni_env test_env(void) {
    tni_env env;
    memset(&env, 0, sizeof env);
    env.memory = &memory;
    env.kernels = kernels;
    return env;
}

/* One column from values; `encode`: let the library choose the form, else PLAIN. */
static void add_column(table_data *t, tni_type type, const void *values, const uint64_t *validity,
                       bool encode) {
    column_data *c = &t->columns[t->column_count];
    tni_env env = test_env();
    uint32_t s;
    tni_error error;
    tni_error_clear(&error);
    c->type = type;
    c->width = tni_type_width(type);
    c->values = (uint8_t *)malloc((size_t)t->rows * c->width + 64);
    memcpy(c->values, values, (size_t)t->rows * c->width);
    c->validity = NULL;
    if (validity != NULL) {
        c->validity = (uint64_t *)calloc(tni_bitmap_words(t->rows) + 1, 8);
        memcpy(c->validity, validity, tni_bitmap_words(t->rows) * 8);
    }
    c->segments = (tni_segment **)calloc(t->segment_count + 1, sizeof *c->segments);
    for (s = 0; s < t->segment_count; s++) {
        uint32_t first = s * TNI_SEGMENT_ROWS;
        uint32_t rows = TNI_MIN(t->rows - first, TNI_SEGMENT_ROWS);
        const uint8_t *at = c->values + (size_t)first * c->width;
        const uint64_t *bits = c->validity == NULL ? NULL : c->validity + first / 64;
        if (encode) {
            TNI_CHECK(tni_segment_encode(&env, type, at, bits, rows, NULL, &c->segments[s],
                                         &error) == TRUENO_OK);
        } else {
            TNI_CHECK(tni_segment_new(&memory, type, rows, &c->segments[s], &error) == TRUENO_OK);
            c->segments[s]->encoding = TNI_ENCODING_PLAIN;
            c->segments[s]->data = at;
            c->segments[s]->validity = bits;
        }
    }
    t->pointers[t->column_count] = (const tni_segment *const *)c->segments;
    TNI_CHECK(tni_gpu_layout_of(t->pointers[t->column_count], t->segment_count,
                                &t->layouts[t->column_count], &error) == TRUENO_OK);
    if (t->segment_count == 0) {
        t->layouts[t->column_count].type = type;
        t->layouts[t->column_count].width = (uint8_t)c->width;
    }
    t->column_count++;
}

static void start_table(table_data *t, uint32_t rows) {
    memset(t, 0, sizeof *t);
    t->rows = rows;
    t->segment_count = (rows + TNI_SEGMENT_ROWS - 1) / TNI_SEGMENT_ROWS;
}

static void finish_table(table_data *t) {
    t->table.owner = next_owner++;
    t->table.column_count = t->column_count;
    t->table.columns = t->pointers;
    t->table.segment_count = t->segment_count;
    t->table.rows = t->rows;
}

static void free_table(table_data *t) {
    uint32_t c, s;
    if (device != NULL) {
        tni_gpu_cache_drop(device, t->table.owner);
    }
    for (c = 0; c < t->column_count; c++) {
        for (s = 0; s < t->segment_count; s++) {
            tni_segment_release(t->columns[c].segments[s]);
        }
        free(t->columns[c].segments);
        free(t->columns[c].values);
        free(t->columns[c].validity);
    }
}

/* ------------------------------------------------------------------- emit, check, run --- */

static void validate(const tni_gpu_code *code) {
    static unsigned number;
    char path[64], command[160];
    FILE *f;
    if (!have_validator) {
        return;
    }
    (void)snprintf(path, sizeof path, "test_gpu_%u.spv", number++ % 4);
    f = fopen(path, "wb");
    if (f == NULL) {
        return;
    }
    (void)fwrite(code->words, 4, code->word_count, f);
    (void)fclose(f);
    (void)snprintf(command, sizeof command, "spirv-val --target-env vulkan1.1 %s", path);
    if (!TNI_CHECK(system(command) == 0)) {
        have_validator = false;
        return;
    }
    (void)remove(path);
}

static bool run(const table_data *t, const tni_program *filter, const tni_program *values,
                const tni_gpu_slot *slots, uint32_t slot_count, bool check,
                tni_gpu_scan_result *out) {
    tni_env env = test_env();
    tni_gpu_shape shape;
    tni_gpu_code code;
    tni_arena arena;
    tni_error error;
    trueno_status status;
    memset(&shape, 0, sizeof shape);
    memset(out, 0, sizeof *out);
    tni_error_clear(&error);
    shape.columns = t->layouts;
    shape.column_count = t->column_count;
    shape.filter = filter;
    shape.values = values;
    shape.slot_count = slot_count;
    memcpy(shape.slots, slots, slot_count * sizeof *slots);
    shape.env = &env;
    shape.settings = &settings;
    tni_arena_init(&arena, &memory);
    status = tni_gpu_emit(device->info, &shape, &arena, &code, &error);
    if (status == TRUENO_OK) {
        if (check) {
            validate(&code);
        }
        status = tni_gpu_scan(device, &shape, &code, &t->table, out, &error);
    }
    if (status != TRUENO_OK) {
        printf("    %s\n", error.message);
    }
    tni_arena_free(&arena);
    return TNI_CHECK(status == TRUENO_OK);
}

/* --------------------------------------------------------------- sums, counts, bounds --- */

static const uint32_t lengths[] = {0, 1, 7, 63, 64, 65, 4095, 4096, 4097, 65535, 65536, 65537};

enum { NULLS_NONE, NULLS_ALL, NULLS_SOME, NULLS_MOST, NULL_PATTERNS };

static uint64_t *make_validity(uint32_t rows, int pattern) {
    uint64_t *bits = (uint64_t *)calloc(tni_bitmap_words(rows) + 1, 8);
    uint32_t i;
    for (i = 0; i < rows; i++) {
        if (pattern == NULLS_SOME ? random_u64() % 4 != 0
                                  : pattern == NULLS_MOST && random_u64() % 1000 == 0) {
            tni_bit_set(bits, i);
        }
    }
    return bits;
}

static double random_double(void) {
    uint64_t r = random_u64(), bits = random_u64();
    double d;
    if (r % 16 == 0) {
        bits &= UINT64_C(0x800fffffffffffff); /* denormals, zeros */
    } else {
        bits = (bits & UINT64_C(0x800fffffffffffff)) | (1000 + r % 40) << 52;
    }
    if (r % 1024 == 1) {
        bits &= UINT64_C(1) << 63;
    }
    memcpy(&d, &bits, 8);
    return d;
}

static float random_float(void) {
    uint64_t r = random_u64();
    uint32_t bits = (uint32_t)(r >> 32);
    float f;
    bits = r % 16 == 0 ? bits & 0x807fffffu
                       : (bits & 0x807fffffu) | (uint32_t)(110 + r % 40) << 23;
    memcpy(&f, &bits, 4);
    return f;
}

static void fill_values(uint8_t *out, tni_physical p, uint32_t rows, bool small) {
    uint32_t width = tni_physical_width(p), i;
    for (i = 0; i < rows; i++) {
        uint64_t v = small ? random_u64() % 200 + (p == TNI_PHYSICAL_U8 ? 0u : 1000u)
                           : random_u64();
        double d;
        float f;
        if (p == TNI_PHYSICAL_F64) {
            d = random_double();
            memcpy(&v, &d, 8);
        } else if (p == TNI_PHYSICAL_F32) {
            f = random_float();
            memcpy(&v, &f, 4);
        }
        memcpy(out + (size_t)i * width, &v, width);
    }
}

static int64_t value_i64(tni_physical p, const uint8_t *in, size_t i) {
    int8_t a;
    int16_t b;
    int32_t c;
    int64_t d;
    uint16_t e;
    uint32_t f;
    switch (p) {
    case TNI_PHYSICAL_I8: memcpy(&a, in + i, 1); return a;
    case TNI_PHYSICAL_I16: memcpy(&b, in + i * 2, 2); return b;
    case TNI_PHYSICAL_I32: memcpy(&c, in + i * 4, 4); return c;
    case TNI_PHYSICAL_U8: return in[i];
    case TNI_PHYSICAL_U16: memcpy(&e, in + i * 2, 2); return e;
    case TNI_PHYSICAL_U32: memcpy(&f, in + i * 4, 4); return f;
    default: memcpy(&d, in + i * 8, 8); return d;
    }
}

/* Blocks of the table, through the CPU's kernels. */
static void check_float(const column_data *c, uint32_t rows, const tni_gpu_scan_result *r) {
    bool wide = c->type.id == TRUENO_TYPE_DOUBLE, any = false, same = true;
    uint32_t first, n;
    double low = 0, high = 0;
    for (first = 0; first < rows; first += TNI_SUM_BLOCK) {
        double lanes[TNI_SUM_LANES], sum;
        const uint64_t *mask = c->validity == NULL ? NULL : c->validity + first / 64;
        const uint8_t *at = c->values + (size_t)first * c->width;
        double l = 0, h = 0;
        float lf = 0, hf = 0;
        bool some;
        n = TNI_MIN(rows - first, TNI_SUM_BLOCK);
        memset(lanes, 0, sizeof lanes);
        if (wide) {
            kernels->lanes_f64((const double *)(const void *)at, n, mask, lanes);
            some = kernels->min_max_f64((const double *)(const void *)at, n, mask, &l, &h);
        } else {
            kernels->lanes_f32((const float *)(const void *)at, n, mask, lanes);
            some = kernels->min_max_f32((const float *)(const void *)at, n, mask, &lf, &hf);
            l = (double)lf;
            h = (double)hf;
        }
        sum = tni_sum_fold(lanes);
        same = same && memcmp(&sum, &r->slots[1].blocks[first / TNI_SUM_BLOCK], 8) == 0;
        if (some) {
            low = !any || l < low ? l : low;
            high = !any || h > high ? h : high;
            any = true;
        }
    }
    TNI_CHECK(same);
    if (any) {
        double got_low, got_high;
        memcpy(&got_low, &r->slots[2].bits, 8);
        memcpy(&got_high, &r->slots[3].bits, 8);
        if (!wide) {
            uint32_t word = (uint32_t)r->slots[2].bits;
            float f;
            memcpy(&f, &word, 4);
            got_low = (double)f;
            word = (uint32_t)r->slots[3].bits;
            memcpy(&f, &word, 4);
            got_high = (double)f;
        }
        TNI_CHECK(got_low == low);
        TNI_CHECK(got_high == high);
    }
}

static void check_integers(const column_data *c, uint32_t rows, const tni_gpu_scan_result *r) {
    tni_physical p = tni_type_physical(c->type);
    tni_i128 sum = tni_i128_from_i64(0), v;
    int64_t low = 0, high = 0;
    bool any = false;
    uint32_t i;
    for (i = 0; i < rows; i++) {
        if (c->validity == NULL || tni_bit_get(c->validity, i)) {
            int64_t x = value_i64(p, c->values, i);
            v = tni_i128_from_i64(x);
            if (p == TNI_PHYSICAL_U64) {
                v.high = 0;
                low = !any || (uint64_t)x < (uint64_t)low ? x : low;
                high = !any || (uint64_t)x > (uint64_t)high ? x : high;
            } else {
                low = !any || x < low ? x : low;
                high = !any || x > high ? x : high;
            }
            (void)tni_i128_add(sum, v, &sum);
            any = true;
        }
    }
    TNI_CHECK(tni_i128_compare(sum, r->slots[1].sum) == 0);
    if (any) {
        TNI_CHECK_EQ_INT((int64_t)r->slots[2].bits, low);
        TNI_CHECK_EQ_INT((int64_t)r->slots[3].bits, high);
    }
}

static void test_one_aggregate(trueno_type id, uint32_t rows, int pattern, bool encode,
                               bool small) {
    static const tni_gpu_slot slots[] = {{TNI_GPU_COUNT, 0}, {TNI_GPU_SUM, 0}, {TNI_GPU_MIN, 0},
                                         {TNI_GPU_MAX, 0}, {TNI_GPU_COUNT, TNI_IR_NONE}};
    tni_type type = id == TRUENO_TYPE_DECIMAL ? tni_type_decimal(18, 2) : tni_type_make(id);
    uint8_t *values = (uint8_t *)calloc((size_t)rows + 8, 8);
    uint64_t *validity = pattern == NULLS_NONE ? NULL : make_validity(rows, pattern);
    table_data t;
    builder b;
    tni_gpu_scan_result result;
    fill_values(values, tni_type_physical(type), rows, small);
    start_table(&t, rows);
    add_column(&t, type, values, validity, encode);
    finish_table(&t);
    build_start(&b);
    b.outputs[0] = build_column(&b, 0, type);
    b.program.output_count = 1;
    if (run(&t, NULL, &b.program, slots, 5, rows == 1, &result)) {
        uint64_t count = validity == NULL ? rows : tni_bitmap_count(validity, rows);
        bool ok = TNI_CHECK_EQ_UINT(result.slots[0].count, count);
        ok = TNI_CHECK_EQ_UINT(result.slots[4].count, rows) && ok;
        if (tni_type_is_float(type)) {
            check_float(&t.columns[0], rows, &result);
        } else {
            check_integers(&t.columns[0], rows, &result);
        }
        TNI_CHECK(!result.overflowed);
        if (!ok) {
            printf("    type %s, %u rows, pattern %d, encode %d\n", trueno_type_name(id), rows,
                   pattern, encode);
        }
    }
    tni_gpu_scan_free(device, &result);
    free_table(&t);
    free(values);
    free(validity);
}

static void test_aggregates(void) {
    static const trueno_type types[] = {
        TRUENO_TYPE_TINYINT,  TRUENO_TYPE_SMALLINT,  TRUENO_TYPE_INTEGER, TRUENO_TYPE_BIGINT,
        TRUENO_TYPE_UTINYINT, TRUENO_TYPE_USMALLINT, TRUENO_TYPE_UINTEGER, TRUENO_TYPE_UBIGINT,
        TRUENO_TYPE_FLOAT,    TRUENO_TYPE_DOUBLE,    TRUENO_TYPE_DATE,     TRUENO_TYPE_TIMESTAMP};
    size_t i, j;
    int pattern;
    for (i = 0; i < TNI_COUNT_OF(types); i++) {
        for (j = 0; j < TNI_COUNT_OF(lengths); j++) {
            for (pattern = 0; pattern < NULL_PATTERNS; pattern++) {
                bool small = random_u64() % 2 == 0;
                test_one_aggregate(types[i], lengths[j], pattern, false, false);
                if (types[i] != TRUENO_TYPE_TINYINT && types[i] != TRUENO_TYPE_UTINYINT) {
                    test_one_aggregate(types[i], lengths[j], pattern, true, small);
                }
            }
        }
    }
}

/* --------------------------------------------------------- expressions against a reference */

typedef struct cell { /* one value of the reference evaluator */
    bool valid, failed;
    int64_t i; /* integers, booleans */
    double d;
} cell;

static int compare_cells(tni_type type, cell a, cell b) {
    if (tni_type_is_float(type)) {
        bool an = a.d != a.d, bn = b.d != b.d;
        return an || bn ? (int)an - (int)bn : a.d < b.d ? -1 : a.d > b.d;
    }
    return a.i < b.i ? -1 : a.i > b.i;
}

static bool fits(tni_type type, int64_t v) {
    int64_t limit = type.id == TRUENO_TYPE_INTEGER ? INT32_MAX : type.id == TRUENO_TYPE_SMALLINT
                                                                     ? INT16_MAX
                                                                     : INT64_MAX;
    return v <= limit && v >= -limit - 1;
}

/* Integer arithmetic at 128 bits, then the range of the type. */
static cell arithmetic(const tni_ir_node *node, cell a, cell b) {
    cell r = a;
    tni_i128 x = tni_i128_from_i64(a.i), y = tni_i128_from_i64(b.i), z = x;
    r.valid = a.valid && (node->argument_count < 2 || b.valid);
    r.failed = false;
    if (!r.valid) {
        return r;
    }
    if (node->type.id == TRUENO_TYPE_DOUBLE) {
        switch (node->function->device) {
        case TNI_DEVICE_ADD: r.d = a.d + b.d; break;
        case TNI_DEVICE_SUBTRACT: r.d = a.d - b.d; break;
        case TNI_DEVICE_MULTIPLY: r.d = a.d * b.d; break;
        default: r.d = -a.d;
        }
        return r;
    }
    switch (node->function->device) {
    case TNI_DEVICE_ADD: (void)tni_i128_add(x, y, &z); break;
    case TNI_DEVICE_SUBTRACT: (void)tni_i128_subtract(x, y, &z); break;
    case TNI_DEVICE_MULTIPLY: (void)tni_i128_multiply(x, y, &z); break;
    case TNI_DEVICE_NEGATE: (void)tni_i128_subtract(tni_i128_from_i64(0), x, &z); break;
    case TNI_DEVICE_BIT_AND: z = tni_i128_from_i64(a.i & b.i); break;
    case TNI_DEVICE_BIT_XOR: z = tni_i128_from_i64(a.i ^ b.i); break;
    default:
        if (b.i == 0) {
            r.valid = false;
            return r;
        }
        if (node->function->device == TNI_DEVICE_MODULO) {
            z = tni_i128_from_i64(b.i == -1 ? 0 : a.i % b.i);
        } else if (b.i == -1) {
            (void)tni_i128_subtract(tni_i128_from_i64(0), x, &z);
        } else {
            z = tni_i128_from_i64(a.i / b.i);
        }
    }
    r.i = (int64_t)z.low;
    r.failed = tni_i128_compare(z, tni_i128_from_i64(r.i)) != 0 || !fits(node->type, r.i);
    return r;
}

static cell reference_node(const table_data *t, const tni_program *p, uint32_t n,
                           const cell *cells, uint32_t row) {
    const tni_ir_node *node = &p->nodes[n];
    const uint32_t *arg = node->arguments;
    cell r, a, b;
    memset(&r, 0, sizeof r);
    r.valid = true;
    a = node->argument_count > 0 ? cells[arg[0]] : r;
    b = node->argument_count > 1 ? cells[arg[1]] : r;
    switch (node->op) {
    case TNI_IR_COLUMN: {
        const column_data *c = &t->columns[node->column];
        r.valid = c->validity == NULL || tni_bit_get(c->validity, row);
        if (c->type.id == TRUENO_TYPE_DOUBLE) {
            memcpy(&r.d, c->values + (size_t)row * 8, 8);
        } else {
            r.i = value_i64(tni_type_physical(c->type), c->values, row);
        }
        return r;
    }
    case TNI_IR_CONSTANT:
        r.valid = !node->constant.is_null;
        r.i = node->type.id == TRUENO_TYPE_BOOLEAN ? node->constant.as.boolean
                                                   : node->constant.as.integer;
        r.d = node->constant.as.number;
        return r;
    case TNI_IR_CALL: return arithmetic(node, a, b);
    case TNI_IR_CAST:
        r = a;
        r.d = (double)a.i;
        r.failed = a.valid && tni_type_is_integer(node->type) && !fits(node->type, a.i);
        if (node->try_cast && r.failed) {
            r.valid = r.failed = false;
        }
        return r;
    case TNI_IR_SELECT:
        return a.valid && a.i ? cells[arg[1]] : cells[arg[2]];
    case TNI_IR_COALESCE: return a.valid ? a : b;
    case TNI_IR_AND:
        r.i = (!a.valid || a.i) && (!b.valid || b.i);
        r.valid = !r.i || (a.valid && b.valid);
        return r;
    case TNI_IR_OR:
        r.i = (a.valid && a.i) || (b.valid && b.i);
        r.valid = r.i || (a.valid && b.valid);
        return r;
    case TNI_IR_NOT:
        r = a;
        r.i = !a.i;
        return r;
    case TNI_IR_IS_NULL: r.i = !a.valid; return r;
    case TNI_IR_IS_NOT_NULL: r.i = a.valid; return r;
    case TNI_IR_IS_TRUE: r.i = a.valid && a.i; return r;
    case TNI_IR_DISTINCT:
    case TNI_IR_NOT_DISTINCT:
        r.i = a.valid != b.valid ||
              (a.valid && compare_cells(p->nodes[arg[0]].type, a, b) != 0);
        r.i = node->op == TNI_IR_DISTINCT ? r.i : !r.i;
        return r;
    default: {
        int order = compare_cells(p->nodes[arg[0]].type, a, b);
        r.valid = a.valid && b.valid;
        r.i = node->op == TNI_IR_EQUAL           ? order == 0
              : node->op == TNI_IR_NOT_EQUAL     ? order != 0
              : node->op == TNI_IR_LESS          ? order < 0
              : node->op == TNI_IR_LESS_EQUAL    ? order <= 0
              : node->op == TNI_IR_GREATER       ? order > 0
                                                 : order >= 0;
        return r;
    }
    }
}

static cell reference(const table_data *t, const tni_program *p, uint32_t output, uint32_t row,
                      bool *failed) {
    cell cells[MOST_NODES];
    uint32_t i;
    for (i = 0; i < p->count; i++) {
        cells[i] = reference_node(t, p, i, cells, row);
        *failed = *failed || cells[i].failed;
    }
    return cells[output];
}

/* A register of a type among those built so far. */
static uint32_t pick(builder *b, tni_type type) {
    uint32_t from = (uint32_t)(random_u64() % b->program.count), i;
    for (i = 0; i < b->program.count; i++) {
        uint32_t r = (from + i) % b->program.count;
        if (tni_type_equal(b->nodes[r].type, type)) {
            return r;
        }
    }
    return build_constant(b, type.id == TRUENO_TYPE_DOUBLE ? tni_value_double(type, 1.5)
                                                           : tni_value_i64(type, 3));
}

static void random_step(builder *b) {
    static const trueno_type ids[] = {TRUENO_TYPE_INTEGER, TRUENO_TYPE_BIGINT, TRUENO_TYPE_DOUBLE,
                                      TRUENO_TYPE_SMALLINT};
    static const tni_device_op ops[] = {TNI_DEVICE_ADD, TNI_DEVICE_SUBTRACT, TNI_DEVICE_MULTIPLY,
                                        TNI_DEVICE_NEGATE, TNI_DEVICE_BIT_AND, TNI_DEVICE_BIT_XOR,
                                        TNI_DEVICE_INTEGER_DIVIDE, TNI_DEVICE_MODULO};
    tni_type boolean = tni_type_make(TRUENO_TYPE_BOOLEAN);
    tni_type type = tni_type_make(ids[random_u64() % 4]);
    uint32_t x = pick(b, type), y = pick(b, type), z;
    switch (random_u64() % 8) {
    case 0:
    case 1: {
        bool is_double = type.id == TRUENO_TYPE_DOUBLE;
        tni_device_op op = ops[random_u64() % (is_double ? 4 : 8)];
        (void)build_call(b, op, type, op == TNI_DEVICE_NEGATE ? 1 : 2, x, y);
        break;
    }
    case 2:
    case 3:
        (void)build(b, (tni_ir_op)(TNI_IR_EQUAL + (int)(random_u64() % 8)), boolean, 2, x, y, 0);
        break;
    case 4:
        x = pick(b, boolean);
        y = pick(b, boolean);
        (void)build(b, random_u64() % 2 ? TNI_IR_AND : TNI_IR_OR, boolean, 2, x, y, 0);
        break;
    case 5:
        z = pick(b, boolean);
        (void)build(b, TNI_IR_SELECT, type, 3, z, x, y);
        break;
    case 6:
        if (random_u64() % 2) {
            (void)build(b, TNI_IR_COALESCE, type, 2, x, y, 0);
        } else {
            z = pick(b, boolean);
            (void)build(b, (tni_ir_op)(random_u64() % 2 ? TNI_IR_NOT : TNI_IR_IS_TRUE), boolean, 1,
                        z, 0, 0);
        }
        break;
    default:
        if (type.id == TRUENO_TYPE_DOUBLE) {
            (void)build(b, TNI_IR_CAST, type, 1, pick(b, tni_type_make(TRUENO_TYPE_INTEGER)), 0,
                        0);
        } else {
            z = build(b, TNI_IR_CAST, type, 1, pick(b, tni_type_make(TRUENO_TYPE_BIGINT)), 0, 0);
            b->nodes[z].try_cast = random_u64() % 2 == 0;
        }
    }
}

static void random_program(builder *b, const table_data *t) {
    uint32_t c, i;
    build_start(b);
    for (c = 0; c < t->column_count; c++) {
        (void)build_column(b, c, t->columns[c].type);
    }
    (void)build(b, TNI_IR_IS_NOT_NULL, tni_type_make(TRUENO_TYPE_BOOLEAN), 1, 0, 0, 0);
    for (i = 0; i < 10; i++) {
        random_step(b);
    }
}

static unsigned compared; /* expressions without an overflow */

static void check_expression(const table_data *t, const builder *filter, const builder *values,
                             const tni_gpu_scan_result *r, unsigned number) {
    uint64_t passed = 0, counted = 0;
    tni_i128 sum = tni_i128_from_i64(0);
    bool failed = false, is_double;
    double *lanes = (double *)calloc((t->rows / 4096 + 1) * 64, sizeof *lanes);
    uint32_t output = values->outputs[0], row, block;
    is_double = values->nodes[output].type.id == TRUENO_TYPE_DOUBLE;
    for (row = 0; row < t->rows; row++) {
        cell f = reference(t, &filter->program, filter->outputs[0], row, &failed), v;
        if (!f.valid || !f.i) {
            continue;
        }
        passed++;
        v = reference(t, &values->program, output, row, &failed);
        if (v.valid) {
            counted++;
            lanes[row / 4096 * 64 + row % 64] += v.d;
            (void)tni_i128_add(sum, tni_i128_from_i64(v.i), &sum);
        }
    }
    if (!TNI_CHECK(r->overflowed == failed)) {
        printf("    expression %u: %d, expected %d\n", number, r->overflowed, failed);
    }
    if (!failed) {
        bool ok = TNI_CHECK_EQ_UINT(r->slots[0].count, passed);
        compared++;
        ok = TNI_CHECK_EQ_UINT(r->slots[1].count, counted) && ok;
        if (is_double) {
            for (block = 0; block * 4096 < t->rows; block++) {
                double wanted = tni_sum_fold(lanes + block * 64);
                ok = TNI_CHECK(memcmp(&wanted, &r->slots[1].blocks[block], 8) == 0) && ok;
            }
        } else {
            ok = TNI_CHECK(tni_i128_compare(sum, r->slots[1].sum) == 0) && ok;
        }
        if (!ok) {
            printf("    in expression %u\n", number);
        }
    }
    free(lanes);
}

static void test_expressions(void) {
    static const tni_gpu_slot slots[] = {{TNI_GPU_COUNT, TNI_IR_NONE}, {TNI_GPU_SUM, 0}};
    tni_type types[4];
    uint8_t *values = (uint8_t *)calloc(70000, 8);
    table_data t;
    unsigned number, c, i;
    types[0] = tni_type_make(TRUENO_TYPE_INTEGER);
    types[1] = tni_type_make(TRUENO_TYPE_BIGINT);
    types[2] = tni_type_make(TRUENO_TYPE_DOUBLE);
    types[3] = tni_type_make(TRUENO_TYPE_SMALLINT);
    start_table(&t, 66000);
    for (c = 0; c < 4; c++) {
        uint64_t *validity = c % 2 == 0 ? make_validity(t.rows, NULLS_SOME) : NULL;
        for (i = 0; i < t.rows; i++) {
            int64_t v = (int64_t)(random_u64() % 100) - 50;
            v += c == 1 && i == 60000 ? INT64_C(1) << 62 : 0; /* the one row that overflows */
            int32_t v32 = (int32_t)v;
            int16_t v16 = (int16_t)v;
            double d = i % 50 == 0 ? -0.0 : (double)v / 8.0;
            memcpy(values + (size_t)i * tni_type_width(types[c]),
                   c == 0 ? (void *)&v32 : c == 1 ? (void *)&v : c == 2 ? (void *)&d : (void *)&v16,
                   tni_type_width(types[c]));
        }
        add_column(&t, types[c], values, validity, c != 3);
        free(validity);
    }
    finish_table(&t);
    for (number = 0; number < 60; number++) {
        builder filter, program;
        tni_gpu_scan_result result;
        uint32_t output;
        random_program(&filter, &t);
        filter.outputs[0] = pick(&filter, tni_type_make(TRUENO_TYPE_BOOLEAN));
        filter.program.output_count = 1;
        random_program(&program, &t);
        output = program.program.count - 1;
        while (program.nodes[output].type.id == TRUENO_TYPE_BOOLEAN) {
            output--;
        }
        program.outputs[0] = output;
        program.program.output_count = 1;
        if (run(&t, &filter.program, &program.program, slots, 2, true, &result)) {
            check_expression(&t, &filter, &program, &result, number);
        }
        tni_gpu_scan_free(device, &result);
    }
    TNI_CHECK(compared >= 10 && compared < number); /* both kinds came up */
    free_table(&t);
    free(values);
}

/* ------------------------------------------------------------------- text, cache, misc --- */

static void test_text(void) {
    static const char *const words[] = {"apple", "pear", "a longer kind of fruit", "fig", ""};
    static const tni_gpu_slot slots[] = {{TNI_GPU_COUNT, TNI_IR_NONE}};
    tni_type text = tni_type_make(TRUENO_TYPE_VARCHAR);
    tni_string *values = (tni_string *)calloc(9000, sizeof *values);
    uint32_t i, op;
    table_data t;
    start_table(&t, 9000);
    for (i = 0; i < 9000; i++) {
        values[i] = tni_string_c(words[random_u64() % 5]);
    }
    add_column(&t, text, values, NULL, true);
    finish_table(&t);
    for (op = TNI_IR_EQUAL; op <= TNI_IR_GREATER_EQUAL; op++) {
        tni_gpu_scan_result result;
        tni_string wanted = tni_string_c("fig");
        uint64_t count = 0;
        builder b;
        uint32_t x, y;
        build_start(&b);
        x = build_column(&b, 0, text);
        y = build_constant(&b, tni_value_string(text, wanted));
        b.outputs[0] = build(&b, (tni_ir_op)op, tni_type_make(TRUENO_TYPE_BOOLEAN), 2, x, y, 0);
        b.program.output_count = 1;
        for (i = 0; i < 9000; i++) {
            int order = tni_string_compare(&values[i], &wanted);
            count += op == TNI_IR_EQUAL           ? order == 0
                     : op == TNI_IR_NOT_EQUAL     ? order != 0
                     : op == TNI_IR_LESS          ? order < 0
                     : op == TNI_IR_LESS_EQUAL    ? order <= 0
                     : op == TNI_IR_GREATER       ? order > 0
                                                  : order >= 0;
        }
        if (run(&t, &b.program, NULL, slots, 1, true, &result)) {
            TNI_CHECK_EQ_UINT(result.slots[0].count, count);
        }
        tni_gpu_scan_free(device, &result);
    }
    free_table(&t);
    free(values);
}

/* A second run of a shape with another literal builds nothing and uploads nothing. */
static void test_caches(void) {
    static const tni_gpu_slot slots[] = {{TNI_GPU_SUM, 0}};
    tni_type type = tni_type_make(TRUENO_TYPE_INTEGER);
    int32_t *values = (int32_t *)calloc(100000, sizeof *values);
    table_data t;
    uint32_t pipelines = 0, i;
    int literal;
    for (i = 0; i < 100000; i++) {
        values[i] = (int32_t)i;
    }
    start_table(&t, 100000);
    add_column(&t, type, values, NULL, false);
    finish_table(&t);
    for (literal = 10; literal <= 30; literal += 10) {
        tni_gpu_scan_result result;
        builder b, f;
        uint32_t x, y;
        build_start(&b);
        b.outputs[0] = build_column(&b, 0, type);
        b.program.output_count = 1;
        build_start(&f);
        x = build_column(&f, 0, type);
        y = build_constant(&f, tni_value_i64(type, literal));
        f.outputs[0] = build(&f, TNI_IR_LESS, tni_type_make(TRUENO_TYPE_BOOLEAN), 2, x, y, 0);
        f.program.output_count = 1;
        if (run(&t, &f.program, &b.program, slots, 1, true, &result)) {
            TNI_CHECK_EQ_INT((int64_t)result.slots[0].sum.low, literal * (literal - 1) / 2);
            if (literal == 10) {
                pipelines = device->kernel_count;
                TNI_CHECK(result.uploaded_bytes > 0);
            } else {
                TNI_CHECK_EQ_UINT(device->kernel_count, pipelines);
                TNI_CHECK_EQ_UINT(result.uploaded_bytes, 0);
            }
        }
        tni_gpu_scan_free(device, &result);
    }
    free_table(&t);
    free(values);
}

static void test_refusals(void) {
    tni_type huge = tni_type_make(TRUENO_TYPE_HUGEINT);
    tni_type real = tni_type_make(TRUENO_TYPE_DOUBLE);
    tni_gpu_layout layout;
    tni_gpu_shape shape;
    tni_gpu_code code;
    tni_arena arena;
    tni_error error;
    builder b;
    uint32_t x;
    memset(&shape, 0, sizeof shape);
    memset(&layout, 0, sizeof layout);
    layout.type = real;
    layout.width = 8;
    shape.columns = &layout;
    shape.column_count = 1;
    shape.values = &b.program;
    shape.slot_count = 1;
    shape.slots[0].aggregate = TNI_GPU_SUM;
    tni_arena_init(&arena, &memory);
    build_start(&b);
    x = build_column(&b, 0, real);
    b.outputs[0] = build_call(&b, TNI_DEVICE_DIVIDE, real, 2, x, x);
    tni_error_clear(&error);
    TNI_CHECK(tni_gpu_emit(device->info, &shape, &arena, &code, &error) ==
              TRUENO_ERROR_UNSUPPORTED);
    TNI_CHECK_TEXT(error.message, "the GPU does not run / of type DOUBLE to the last bit (SET "
                                  "relaxed = true allows less)");
    build_start(&b);
    layout.type = huge;
    b.outputs[0] = build_column(&b, 0, huge);
    tni_error_clear(&error);
    TNI_CHECK(tni_gpu_emit(device->info, &shape, &arena, &code, &error) ==
              TRUENO_ERROR_UNSUPPORTED);
    tni_arena_free(&arena);
}

/* ---- devices that bind little ---- */

static struct {
    void(TNI_VK_CALL *features)(tni_vk_physical, tni_vk_features2 *);
    void(TNI_VK_CALL *properties)(tni_vk_physical, tni_vk_properties2 *);
    uint32_t buffers, resources;
} limited;

static void TNI_VK_CALL limited_properties(tni_vk_physical physical, tni_vk_properties2 *out) {
    limited.properties(physical, out);
    out->properties.limits.stage_storage_buffers = limited.buffers;
    out->properties.limits.stage_resources = limited.resources;
}

/* Neither 64-bit integers nor floats. */
static void TNI_VK_CALL limited_features(tni_vk_physical physical, tni_vk_features2 *out) {
    limited.features(physical, out);
    out->features[TNI_VK_FEATURE_INT64] = out->features[TNI_VK_FEATURE_FLOAT64] = 0;
}

static void limited_intercept(void *user, tni_vk_instance_table *instance,
                              tni_vk_device_table *unused) {
    (void)user;
    (void)unused;
    if (instance != NULL && instance->GetPhysicalDeviceProperties2 != NULL) {
        limited.properties = instance->GetPhysicalDeviceProperties2;
        instance->GetPhysicalDeviceProperties2 = limited_properties;
        limited.features = instance->GetPhysicalDeviceFeatures2;
        instance->GetPhysicalDeviceFeatures2 = limited_features;
    }
}

static void check_limited(uint32_t buffers, uint32_t resources, uint32_t expected) {
    tni_gpu_options options;
    tni_gpu *other = NULL;
    tni_error error;
    memset(&options, 0, sizeof options);
    options.software = true;
    options.intercept = limited_intercept;
    limited.buffers = buffers;
    limited.resources = resources;
    tni_error_clear(&error);
    if (!TNI_CHECK(tni_gpu_open(&memory, &options, &other, &error) == TRUENO_OK)) {
        return;
    }
    if (expected == 0) {
        TNI_CHECK(tni_gpu_best(other) == NULL);
        TNI_CHECK_TEXT(other->devices[0].reason,
                       "not used: 3 storage buffers a kernel, 4 are needed");
    } else if (TNI_CHECK(tni_gpu_best(other) != NULL)) {
        TNI_CHECK_EQ_UINT(tni_gpu_best(other)->storage_buffers, expected);
    }
    tni_gpu_close(other);
}

/* What Vulkan promises is enough for a device; a kernel is asked by itself. */
static void test_few_buffers(void) {
    tni_gpu_info few = *device->info;
    tni_type type = tni_type_make(TRUENO_TYPE_INTEGER);
    tni_gpu_layout layouts[3];
    tni_gpu_shape shape;
    tni_gpu_code code;
    tni_arena arena;
    tni_error error;
    builder b;
    uint32_t i;
    check_limited(3, 128, 0);
    check_limited(4, 128, 4);
    check_limited(1000, 128, 128);
    few.storage_buffers = 4;
    (void)snprintf(few.name, sizeof few.name, "Phone");
    memset(&shape, 0, sizeof shape);
    memset(layouts, 0, sizeof layouts);
    tni_arena_init(&arena, &memory);
    shape.columns = layouts;
    shape.column_count = 3;
    shape.values = &b.program;
    build_start(&b);
    for (i = 0; i < 3; i++) {
        layouts[i].type = type;
        layouts[i].width = 4;
        b.outputs[i] = build_column(&b, i, type);
        b.program.output_count = i + 1;
        shape.slots[i].aggregate = TNI_GPU_SUM;
        shape.slots[i].output = i;
        shape.slot_count = i + 1;
        tni_error_clear(&error);
        TNI_CHECK((tni_gpu_emit(&few, &shape, &arena, &code, &error) == TRUENO_OK) == (i < 2));
        if (i < 2) {
            TNI_CHECK_EQ_UINT(code.buffer_count, i + 1);
        }
    }
    TNI_CHECK_TEXT(error.message, "the GPU Phone takes 4 storage buffers a kernel, 5 are needed");
    tni_arena_free(&arena);
}

/* A device opened without 64-bit integers: values of at most 32 bits, exact as ever. */
static void test_without_int64(void) {
    static const trueno_type types[] = {
        TRUENO_TYPE_TINYINT,   TRUENO_TYPE_SMALLINT, TRUENO_TYPE_INTEGER, TRUENO_TYPE_UTINYINT,
        TRUENO_TYPE_USMALLINT, TRUENO_TYPE_UINTEGER, TRUENO_TYPE_DATE};
    tni_gpu_options options = gpu->options;
    tni_gpu_device *other = device;
    tni_gpu *small = NULL;
    tni_error error;
    size_t i, j;
    int pattern;
    limited.buffers = 8;
    limited.resources = 128;
    options.intercept = limited_intercept;
    tni_error_clear(&error);
    if (TNI_CHECK(tni_gpu_open(&memory, &options, &small, &error) == TRUENO_OK) &&
        TNI_CHECK(tni_gpu_best(small) != NULL) &&
        TNI_CHECK(tni_gpu_device_open(small, tni_gpu_best(small), &device, &error) == TRUENO_OK)) {
        TNI_CHECK_TEXT(device->info->reason,
                       "usable; no 64-bit integers: only aggregates of 32 bits run there");
        for (i = 0; i < TNI_COUNT_OF(types); i++) {
            for (j = 0; j < TNI_COUNT_OF(lengths); j++) {
                pattern = (int)((i + j) % NULL_PATTERNS);
                test_one_aggregate(types[i], lengths[j], pattern, false, j % 2 == 0);
                if (types[i] != TRUENO_TYPE_TINYINT && types[i] != TRUENO_TYPE_UTINYINT) {
                    test_one_aggregate(types[i], lengths[j], pattern, true, true);
                }
            }
        }
        tni_gpu_device_close(device);
    }
    device = other;
    tni_gpu_close(small);
}

/* Ranges never overlap, and everything comes back. */
static void test_ranges(void) {
    tni_gpu_range ranges[100];
    tni_error error;
    uint64_t used = device->used;
    uint32_t i, j, round;
    memset(ranges, 0, sizeof ranges);
    tni_error_clear(&error);
    for (round = 0; round < 2000; round++) {
        i = (uint32_t)(random_u64() % 100);
        tni_gpu_give(device, &ranges[i]);
        if (random_u64() % 3 != 0) {
            TNI_CHECK(tni_gpu_take(device, random_u64() % 100000 + 1, &ranges[i], &error) ==
                      TRUENO_OK);
        }
    }
    for (i = 0; i < 100; i++) {
        for (j = 0; j < i; j++) {
            bool apart = ranges[i].slab != ranges[j].slab || ranges[i].slab == NULL ||
                         ranges[i].offset >= ranges[j].offset + ranges[j].size ||
                         ranges[j].offset >= ranges[i].offset + ranges[i].size;
            if (!apart) {
                TNI_CHECK(apart);
            }
        }
    }
    for (i = 0; i < 100; i++) {
        tni_gpu_give(device, &ranges[i]);
    }
    TNI_CHECK_EQ_UINT(device->used, used);
}

/* A table four times the device memory allowed: right answer, columns come and go. */
static void test_small_budget(void) {
    static const tni_gpu_slot slots[] = {{TNI_GPU_SUM, 0}, {TNI_GPU_SUM, 1}};
    const uint32_t rows = 4u << 20;
    tni_type type = tni_type_make(TRUENO_TYPE_INTEGER);
    int32_t *values = (int32_t *)calloc(rows, sizeof *values);
    tni_gpu_device *small = NULL;
    tni_gpu *other = NULL;
    tni_gpu_options options;
    tni_error error;
    table_data t;
    builder b;
    uint32_t i;
    int64_t sum = 0;
    memset(&options, 0, sizeof options);
    tni_error_clear(&error);
    options.software = true;
    options.budget_bytes = 8u << 20;
    options.slab_bytes = 2u << 20;
    options.staging_bytes = 1u << 20;
    TNI_CHECK(tni_gpu_open(&memory, &options, &other, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_device_open(other, tni_gpu_best(other), &small, &error) == TRUENO_OK);
    for (i = 0; i < rows; i++) {
        values[i] = (int32_t)(random_u64() >> 33);
        sum += values[i];
    }
    start_table(&t, rows);
    add_column(&t, type, values, NULL, false);
    add_column(&t, type, values, NULL, false);
    finish_table(&t);
    build_start(&b);
    b.outputs[0] = build_column(&b, 0, type);
    b.outputs[1] = build_column(&b, 1, type);
    b.program.output_count = 2;
    if (small != NULL) {
        tni_gpu_device *usual = device;
        tni_gpu_scan_result result;
        device = small;
        if (run(&t, NULL, &b.program, slots, 2, false, &result)) {
            TNI_CHECK_EQ_INT((int64_t)result.slots[0].sum.low, sum);
            TNI_CHECK_EQ_INT((int64_t)result.slots[1].sum.low, sum);
            TNI_CHECK(result.morsels > 4);
            TNI_CHECK_EQ_UINT(small->evictions, 0); /* more than fits passes through */
            TNI_CHECK(small->cached_bytes <= small->cache_limit);
            TNI_CHECK(small->slab_total <= options.budget_bytes);
        }
        tni_gpu_scan_free(device, &result);
        for (i = 0; i < 2; i++) { /* one column: another cut into morsels over the same cache */
            b.program.output_count = 1;
            b.outputs[0] = i;
            b.nodes[0].column = b.nodes[1].column = i;
            if (run(&t, NULL, &b.program, slots, 1, false, &result)) {
                TNI_CHECK_EQ_INT((int64_t)result.slots[0].sum.low, sum);
            }
            tni_gpu_scan_free(device, &result);
        }
        free_table(&t);
        device = usual;
        tni_gpu_device_close(small);
    }
    tni_gpu_close(other);
    free(values);
}

static void test_absence(void) {
    tni_gpu_options options;
    tni_gpu *none = NULL;
    tni_text text;
    tni_error error;
    memset(&options, 0, sizeof options);
    tni_error_clear(&error);
    options.loader = "./no-such-loader.so";
    TNI_CHECK(tni_gpu_open(&memory, &options, &none, &error) == TRUENO_OK);
    TNI_CHECK(none != NULL && tni_gpu_best(none) == NULL);
    tni_text_init(&text, &memory);
    tni_gpu_describe(none, &text);
    TNI_CHECK_TEXT(text.data, "no GPU: no Vulkan loader is installed\n");
    tni_text_free(&text);
    tni_gpu_close(none);
}

/* Turn the validation layer on when it is installed; it writes to `report`. */
static bool start_validation(const char *report) {
    bool found = false;
#if !defined(_WIN32)
    tni_vk_layer layers[64];
    uint32_t count = 64, i;
    FILE *f;
    if (gpu->vk.EnumerateInstanceLayerProperties == NULL ||
        gpu->vk.EnumerateInstanceLayerProperties(&count, layers) < 0) {
        return false;
    }
    for (i = 0; i < count; i++) {
        found = found || strcmp(layers[i].name, "VK_LAYER_KHRONOS_validation") == 0;
    }
    f = found ? fopen("vk_layer_settings.txt", "w") : NULL;
    if (f == NULL) {
        return false;
    }
    fprintf(f,
            "khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG\n"
            "khronos_validation.report_flags = error,warn\n"
            "khronos_validation.log_filename = %s\n",
            report);
    (void)fclose(f);
    (void)remove(report);
    (void)setenv("VK_INSTANCE_LAYERS", "VK_LAYER_KHRONOS_validation", 1);
    (void)setenv("VK_LAYER_SETTINGS_PATH", "./vk_layer_settings.txt", 1);
#else
    (void)report;
#endif
    return found;
}

static void check_report(const char *report) {
    char line[512];
    FILE *f = fopen(report, "r");
    unsigned lines = 0;
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (lines++ < 20) {
            printf("    validation: %s", line);
        }
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    TNI_CHECK_EQ_UINT(lines, 0);
    (void)remove(report);
    (void)remove("vk_layer_settings.txt");
}

static trueno_status open_gpu(tni_error *error) {
    tni_gpu_options options;
    memset(&options, 0, sizeof options);
    options.software = true;
    options.budget_bytes = UINT64_C(256) << 20;
    options.slab_bytes = UINT64_C(32) << 20;
    return tni_gpu_open(&memory, &options, &gpu, error);
}

int main(void) {
    const char *wanted = getenv("TRUENO_TEST_GPU");
    bool validation;
    tni_error error;
    tni_text text;
    tni_error_clear(&error);
    tni_memory_init(&memory, NULL, UINT64_MAX);
    kernels = tni_kernels_pick(TRUENO_BACKEND_SIMD);
#if defined(TEST_SDK)
    test_layouts();
    test_numbers();
#else
    TNI_SKIP("no vulkan_core.h to compare structures with");
#endif
    test_absence();
    if (wanted != NULL && strcmp(wanted, "0") == 0) {
        TNI_SKIP("TRUENO_TEST_GPU=0");
        return tni_test_report();
    }
    TNI_CHECK(open_gpu(&error) == TRUENO_OK);
    if (tni_gpu_best(gpu) == NULL) {
        TNI_SKIP(gpu->device_count == 0 ? gpu->reason : gpu->devices[0].reason);
        tni_gpu_close(gpu);
        return tni_test_report();
    }
    have_validator = system("spirv-val --version >spirv-val.log 2>&1") == 0;
    (void)remove("spirv-val.log");
    if (!have_validator) {
        TNI_SKIP("no spirv-val to check emitted modules");
    }
    validation = start_validation("test_gpu_validation.log");
    if (validation) {
        tni_gpu_close(gpu);
        TNI_CHECK(open_gpu(&error) == TRUENO_OK);
    } else {
        TNI_SKIP("no Vulkan validation layer");
    }
    tni_text_init(&text, &memory);
    tni_gpu_describe(gpu, &text);
    printf("%s", text.data);
    tni_text_free(&text);
    if (TNI_CHECK(tni_gpu_device_open(gpu, tni_gpu_best(gpu), &device, &error) == TRUENO_OK)) {
        test_refusals();
        test_few_buffers();
        test_without_int64();
        test_ranges();
        test_caches();
        test_text();
        test_aggregates();
        test_expressions();
        test_small_budget();
    } else {
        printf("    %s\n", error.message);
    }
    tni_gpu_device_close(device);
    tni_gpu_close(gpu);
    if (validation) {
        check_report("test_gpu_validation.log");
    }
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    return tni_test_report();
}
