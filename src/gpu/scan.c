/*
 * scan.c - pipelines by shape, and the fused scan of scan.h.
 *
 * A morsel is as many segments as keep every part of every column within a storage range and
 * within 128 MiB. Its results are read back and added on the host before the next one runs: with
 * 128 MiB of data behind each, the wait is small, and a submission stays far below the time at
 * which drivers give up on one.
 *
 * Uses: base/, column/, gpu/.
 */
#include "gpu/scan.h"
#include "base/int128.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_MORSEL_BYTES (UINT64_C(128) << 20)
#define TNI_GPU_MOST_GROUPS 1056u /* enough for every processor of the largest GPUs, twice */
#define TNI_GPU_BLOCK_ROWS 4096u
#define TNI_GPU_PARTIAL_AT 8u     /* bytes before the partial results */
#define TNI_GPU_PARTIAL_WORDS (TNI_GPU_SLOTS * 3u)
#define TNI_GPU_MOST_PIPELINES 512u
#define TNI_GPU_SCAN_WAIT UINT64_C(20000000000)

/* -------------------------------------------------------------------------- pipelines --- */

static void tni_gpu_pipeline_free(tni_gpu_device *device, tni_gpu_pipeline *pipeline) {
    device->vk.DestroyPipeline(device->device, pipeline->pipeline, NULL);
    device->vk.DestroyShaderModule(device->device, pipeline->module, NULL);
    tni_free(device->memory, pipeline->words, pipeline->word_count * sizeof(uint32_t));
    tni_free(device->memory, pipeline, sizeof *pipeline);
}

TNI_FN void tni_gpu_pipelines_free(tni_gpu_device *device) {
    while (device->pipelines != NULL) {
        tni_gpu_pipeline *pipeline = device->pipelines;
        device->pipelines = pipeline->next;
        tni_gpu_pipeline_free(device, pipeline);
    }
    device->pipeline_count = 0;
}

static trueno_status tni_gpu_pipeline_build(tni_gpu_device *device, tni_gpu_pipeline *pipeline,
                                            const uint32_t *kinds, tni_error *error) {
    tni_vk_blob_info module = TNI_ZERO;
    tni_vk_constant_entry entries[TNI_GPU_SLOTS];
    tni_vk_constants constants = TNI_ZERO;
    tni_vk_compute_info info = TNI_ZERO;
    uint32_t i;
    module.type = TNI_VK_S_SHADER_MODULE;
    module.size = pipeline->word_count * sizeof(uint32_t);
    module.data = pipeline->words;
    TNI_TRY(tni_gpu_check(
        device, device->vk.CreateShaderModule(device->device, &module, NULL, &pipeline->module),
        "compiling a kernel", error));
    for (i = 0; i < TNI_GPU_SLOTS; i++) {
        entries[i].id = i;
        entries[i].offset = i * 4;
        entries[i].size = 4;
    }
    constants.count = TNI_GPU_SLOTS;
    constants.entries = entries;
    constants.size = TNI_GPU_SLOTS * sizeof(uint32_t);
    constants.data = kinds;
    info.type = TNI_VK_S_COMPUTE_PIPELINE;
    info.stage.type = TNI_VK_S_PIPELINE_STAGE;
    info.stage.stage = TNI_VK_STAGE_COMPUTE;
    info.stage.module = pipeline->module;
    info.stage.name = "main";
    info.stage.constants = &constants;
    info.layout = device->pipeline_layout;
    info.base_index = -1;
    return tni_gpu_check(device,
                         device->vk.CreateComputePipelines(device->device, device->pipeline_cache,
                                                           1, &info, NULL, &pipeline->pipeline),
                         "compiling a kernel", error);
}

static bool tni_gpu_pipeline_is(const tni_gpu_pipeline *pipeline, const tni_gpu_code *code) {
    return pipeline->hash == code->hash && pipeline->word_count == code->word_count &&
           memcmp(pipeline->words, code->words, code->word_count * sizeof(uint32_t)) == 0 &&
           memcmp(pipeline->kinds, code->kinds, sizeof code->kinds) == 0;
}

static trueno_status tni_gpu_pipeline_get(tni_gpu_device *device, const tni_gpu_code *code,
                                          tni_gpu_pipeline **out, tni_error *error) {
    tni_gpu_pipeline *pipeline;
    trueno_status status;
    for (pipeline = device->pipelines; pipeline != NULL; pipeline = pipeline->next) {
        if (tni_gpu_pipeline_is(pipeline, code)) {
            *out = pipeline;
            return TRUENO_OK;
        }
    }
    if (device->pipeline_count >= TNI_GPU_MOST_PIPELINES) {
        tni_gpu_pipelines_free(device);
    }
    *out = NULL;
    pipeline = (tni_gpu_pipeline *)tni_alloc_zero(device->memory, sizeof *pipeline);
    if (pipeline == NULL) {
        return tni_memory_fail(device->memory, sizeof *pipeline, error);
    }
    pipeline->hash = code->hash;
    memcpy(pipeline->kinds, code->kinds, sizeof pipeline->kinds);
    pipeline->words =
        (uint32_t *)tni_alloc_array(device->memory, code->word_count, sizeof(uint32_t));
    if (pipeline->words == NULL) {
        tni_free(device->memory, pipeline, sizeof *pipeline);
        return tni_memory_fail(device->memory, code->word_count * sizeof(uint32_t), error);
    }
    pipeline->word_count = code->word_count;
    memcpy(pipeline->words, code->words, code->word_count * sizeof(uint32_t));
    status = tni_gpu_pipeline_build(device, pipeline, code->kinds, error);
    if (status != TRUENO_OK) {
        tni_gpu_pipeline_free(device, pipeline);
        return status;
    }
    pipeline->next = device->pipelines;
    device->pipelines = pipeline;
    device->pipeline_count++;
    *out = pipeline;
    return TRUENO_OK;
}

/* -------------------------------------------------------------------- one scan at work --- */

typedef struct tni_gpu_work {
    tni_gpu_device *device;
    const tni_gpu_shape *shape;
    const tni_gpu_code *code;
    const tni_gpu_table *table;
    tni_gpu_scan_result *result;
    tni_gpu_pipeline *pipeline;
    tni_gpu_entry *pinned[TNI_GPU_COLUMNS]; /* by input; the first input of a column holds it */
    tni_gpu_range lookups[TNI_GPU_COLUMNS]; /* by input */
    tni_gpu_range output;
    uint64_t partial_bytes, output_bytes;
    uint32_t float_slots;
    tni_vk_buffer_range buffers[TNI_GPU_BUFFERS];
    tni_error *error;
} tni_gpu_work;

static double tni_gpu_ms_since(int64_t start) {
    return (double)(tni_clock_nanoseconds() - start) * 1e-6;
}

static const tni_gpu_layout *tni_gpu_input_layout(const tni_gpu_work *work, uint32_t input) {
    return &work->shape->columns[work->code->inputs[input].column];
}

/* Segments a morsel: the widest part decides. */
static uint32_t tni_gpu_morsel_segments(const tni_gpu_work *work) {
    uint64_t most = TNI_MIN(TNI_GPU_MORSEL_BYTES, work->device->info->storage_range), segments;
    uint32_t i, width = 1;
    for (i = 0; i < work->code->input_count; i++) {
        width = TNI_MAX(width, tni_gpu_input_layout(work, i)->width);
    }
    segments = (most - 4096) / ((uint64_t)width * TNI_SEGMENT_ROWS);
    /* a quarter of the budget for each column, so that small budgets stream */
    segments = TNI_MIN(segments, work->device->budget / 4 / TNI_MAX(work->code->input_count, 1) /
                                     ((uint64_t)width * TNI_SEGMENT_ROWS));
    return (uint32_t)TNI_MAX(segments, 1);
}

static void tni_gpu_work_unpin(tni_gpu_work *work) {
    uint32_t i;
    for (i = 0; i < TNI_GPU_COLUMNS; i++) {
        if (work->pinned[i] != NULL) {
            tni_gpu_cache_unpin(work->device, work->pinned[i]);
            work->pinned[i] = NULL;
        }
    }
}

/* The column of an input, in device memory and pinned. */
static trueno_status tni_gpu_work_column(tni_gpu_work *work, uint32_t input,
                                         const tni_gpu_image *image, uint32_t first) {
    uint32_t column = work->code->inputs[input].column;
    tni_gpu_entry *entry;
    tni_gpu_key key;
    trueno_status status;
    key.owner = work->table->owner;
    key.column = work->table->numbers != NULL ? work->table->numbers[column] : column;
    key.first = first;
    key.segments = image->segment_count;
    entry = tni_gpu_cache_find(work->device, &key);
    if (entry == NULL) {
        TNI_TRY(tni_gpu_cache_add(work->device, &key, image->total, &entry, work->error));
        status = tni_gpu_image_upload(work->device, image, &entry->range, work->error);
        if (status != TRUENO_OK) {
            (void)tni_gpu_upload_wait(work->device, NULL);
            tni_gpu_cache_unpin(work->device, entry);
            return status;
        }
        entry->filled = true;
        work->result->uploaded_bytes += image->total;
    }
    work->pinned[input] = entry;
    return TRUENO_OK;
}

static void tni_gpu_work_bind(tni_gpu_work *work, uint32_t input, const tni_gpu_range *range,
                              uint64_t at, uint64_t size) {
    work->buffers[input].buffer = tni_gpu_range_buffer(range);
    work->buffers[input].offset = range->offset + at;
    work->buffers[input].size = (size + 15) / 16 * 16;
    work->result->read_bytes += size;
}

/* Make every input of a morsel resident and note where it lies. */
static trueno_status tni_gpu_work_inputs(tni_gpu_work *work, uint32_t first,
                                         uint32_t segments) {
    uint32_t i, j;
    for (i = 0; i < work->code->input_count; i++) {
        const tni_gpu_input *input = &work->code->inputs[i];
        tni_gpu_image image;
        tni_gpu_entry *entry = NULL;
        if (input->part == TNI_GPU_PART_LOOKUP) {
            tni_gpu_work_bind(work, i, &work->lookups[i], 0, work->lookups[i].size);
            continue;
        }
        tni_gpu_image_of(tni_gpu_input_layout(work, i), work->table->columns[input->column] + first,
                         segments, &image);
        for (j = 0; j < i; j++) {
            if (work->pinned[j] != NULL && work->code->inputs[j].column == input->column) {
                entry = work->pinned[j];
            }
        }
        if (entry == NULL) {
            TNI_TRY(tni_gpu_work_column(work, i, &image, first));
            entry = work->pinned[i];
        }
        switch (input->part) {
        case TNI_GPU_PART_BASES:
            tni_gpu_work_bind(work, i, &entry->range, image.bases_at, image.bases_bytes);
            break;
        case TNI_GPU_PART_VALIDITY:
            tni_gpu_work_bind(work, i, &entry->range, image.validity_at, image.validity_bytes);
            break;
        default:
            tni_gpu_work_bind(work, i, &entry->range, 0, image.values_bytes + 8);
        }
    }
    return tni_gpu_upload_wait(work->device, work->error);
}

static void tni_gpu_work_describe(tni_gpu_work *work) {
    tni_vk_write writes[3] = {TNI_ZERO, TNI_ZERO, TNI_ZERO};
    uint32_t i;
    tni_vk_buffer_range *buffers = work->buffers;
    buffers[TNI_GPU_COLUMNS].buffer = tni_gpu_range_buffer(&work->output);
    buffers[TNI_GPU_COLUMNS].offset = work->output.offset;
    buffers[TNI_GPU_COLUMNS].size = work->partial_bytes;
    buffers[TNI_GPU_COLUMNS + 1] = buffers[TNI_GPU_COLUMNS];
    buffers[TNI_GPU_COLUMNS + 1].offset += work->partial_bytes;
    buffers[TNI_GPU_COLUMNS + 1].size = work->output_bytes - work->partial_bytes;
    for (i = work->code->input_count; i < TNI_GPU_COLUMNS; i++) {
        buffers[i] = buffers[TNI_GPU_COLUMNS]; /* descriptors that the kernel never reads */
    }
    for (i = 0; i < 3; i++) {
        writes[i].type = TNI_VK_S_WRITE_SET;
        writes[i].set = work->device->descriptor_set;
        writes[i].binding = i;
        writes[i].count = i == 0 ? TNI_GPU_COLUMNS : 1;
        writes[i].kind = TNI_VK_DESCRIPTOR_STORAGE_BUFFER;
        writes[i].buffers = buffers + (i == 0 ? 0 : TNI_GPU_COLUMNS - 1 + i);
    }
    work->device->vk.UpdateDescriptorSets(work->device->device, 3, writes, 0, NULL);
}

static void tni_gpu_barrier(tni_gpu_device *device, uint32_t from, uint32_t from_access,
                            uint32_t to, uint32_t to_access) {
    tni_vk_memory_barrier barrier = TNI_ZERO;
    barrier.type = TNI_VK_S_MEMORY_BARRIER;
    barrier.source = from_access;
    barrier.target = to_access;
    device->vk.CmdPipelineBarrier(device->commands, from, to, 0, 1, &barrier, 0, NULL, 0, NULL);
}

static uint32_t tni_gpu_groups(const tni_gpu_work *work, uint32_t blocks) {
    uint32_t groups = (blocks + 3) / 4;
    groups = TNI_MIN(groups, TNI_GPU_MOST_GROUPS);
    return TNI_MAX(TNI_MIN(groups, work->device->info->group_count), 1);
}

static void tni_gpu_record(tni_gpu_work *work, uint32_t rows, uint32_t blocks) {
    tni_gpu_device *device = work->device;
    tni_vk_device_table *vk = &device->vk;
    tni_vk_commands commands = device->commands;
    uint8_t push[TNI_GPU_PUSH_BYTES];
    tni_vk_copy copy;
    memset(push, 0, sizeof push);
    memcpy(push, &rows, 4);
    memcpy(push + 4, &blocks, 4);
    memcpy(push + 8, work->code->literals, sizeof work->code->literals);
    if (device->query_pool != 0) {
        vk->CmdResetQueryPool(commands, device->query_pool, 0, 2);
    }
    vk->CmdFillBuffer(commands, tni_gpu_range_buffer(&work->output), work->output.offset,
                      TNI_GPU_PARTIAL_AT, 0);
    tni_gpu_barrier(device, TNI_VK_AT_TRANSFER, TNI_VK_ACCESS_TRANSFER_WRITE, TNI_VK_AT_COMPUTE,
                    TNI_VK_ACCESS_SHADER_READ | TNI_VK_ACCESS_SHADER_WRITE);
    if (device->query_pool != 0) {
        vk->CmdWriteTimestamp(commands, TNI_VK_AT_TOP, device->query_pool, 0);
    }
    vk->CmdBindPipeline(commands, TNI_VK_BIND_COMPUTE, work->pipeline->pipeline);
    vk->CmdBindDescriptorSets(commands, TNI_VK_BIND_COMPUTE, device->pipeline_layout, 0, 1,
                              &device->descriptor_set, 0, NULL);
    vk->CmdPushConstants(commands, device->pipeline_layout, TNI_VK_STAGE_COMPUTE, 0,
                         TNI_GPU_PUSH_BYTES, push);
    vk->CmdDispatch(commands, tni_gpu_groups(work, blocks), 1, 1);
    if (device->query_pool != 0) {
        vk->CmdWriteTimestamp(commands, TNI_VK_AT_COMPUTE, device->query_pool, 1);
    }
    tni_gpu_barrier(device, TNI_VK_AT_COMPUTE, TNI_VK_ACCESS_SHADER_WRITE, TNI_VK_AT_TRANSFER,
                    TNI_VK_ACCESS_TRANSFER_READ);
    copy.from = work->output.offset;
    copy.to = 0;
    copy.size = work->output_bytes;
    vk->CmdCopyBuffer(commands, tni_gpu_range_buffer(&work->output), device->download.buffer, 1,
                      &copy);
    tni_gpu_barrier(device, TNI_VK_AT_TRANSFER, TNI_VK_ACCESS_TRANSFER_WRITE, TNI_VK_AT_HOST,
                    TNI_VK_ACCESS_HOST_READ);
}

static trueno_status tni_gpu_submit(tni_gpu_work *work, uint32_t rows, uint32_t blocks) {
    tni_gpu_device *device = work->device;
    tni_vk_device_table *vk = &device->vk;
    tni_vk_command_begin begin = TNI_ZERO;
    tni_vk_submit submit = TNI_ZERO;
    uint64_t ticks[2];
    begin.type = TNI_VK_S_COMMAND_BEGIN;
    begin.flags = TNI_VK_COMMANDS_ONCE;
    TNI_TRY(tni_gpu_check(device, vk->BeginCommandBuffer(device->commands, &begin), "a kernel",
                          work->error));
    tni_gpu_record(work, rows, blocks);
    TNI_TRY(tni_gpu_check(device, vk->EndCommandBuffer(device->commands), "a kernel",
                          work->error));
    submit.type = TNI_VK_S_SUBMIT;
    submit.command_count = 1;
    submit.commands = &device->commands;
    TNI_TRY(tni_gpu_check(device, vk->QueueSubmit(device->compute, 1, &submit, device->fence),
                          "a kernel", work->error));
    TNI_TRY(tni_gpu_check(device,
                          vk->WaitForFences(device->device, 1, &device->fence, 1,
                                            TNI_GPU_SCAN_WAIT),
                          "a kernel", work->error));
    TNI_TRY(tni_gpu_check(device, vk->ResetFences(device->device, 1, &device->fence), "a kernel",
                          work->error));
    if (device->query_pool != 0 &&
        vk->GetQueryPoolResults(device->device, device->query_pool, 0, 2, sizeof ticks, ticks, 8,
                                TNI_VK_QUERY_64) == TNI_VK_SUCCESS) {
        work->result->compute_ms += (double)(ticks[1] - ticks[0]) *
                                    (double)device->info->timestamp_period * 1e-6;
    }
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------------- results --- */

/* high * 2^32 + low of two-limb sums; small sums are one signed limb. */
static tni_i128 tni_gpu_limbs(uint32_t kind, uint64_t low, uint64_t high) {
    tni_i128 sum, upper, part;
    if (kind == TNI_GPU_KIND_SUM_SMALL) {
        return tni_i128_from_i64((int64_t)low);
    }
    /* limbs of both kinds stay below 2^63: 2^27 rows of 32 bits each */
    part = tni_i128_from_i64((int64_t)low);
    (void)tni_i128_multiply(tni_i128_from_i64((int64_t)high),
                            tni_i128_from_i64(INT64_C(1) << 32), &upper);
    (void)tni_i128_add(upper, part, &sum);
    return sum;
}

static void tni_gpu_add_partial(tni_gpu_work *work, uint32_t slot, const uint64_t *partial) {
    tni_gpu_slot_result *result = &work->result->slots[slot];
    uint32_t kind = work->code->kinds[slot];
    tni_i128 sum;
    if (partial[0] == 0) {
        return;
    }
    if (kind == TNI_GPU_KIND_MIN) {
        result->bits = result->count == 0 ? partial[1] : TNI_MIN(result->bits, partial[1]);
    } else if (kind == TNI_GPU_KIND_MAX) {
        result->bits = result->count == 0 ? partial[1] : TNI_MAX(result->bits, partial[1]);
    } else if (kind != TNI_GPU_KIND_COUNT && kind != TNI_GPU_KIND_SUM_F64) {
        bool two = kind != TNI_GPU_KIND_SUM_SMALL;
        sum = tni_gpu_limbs(kind, partial[1], two ? partial[2] : 0);
        (void)tni_i128_add(result->sum, sum, &result->sum);
    }
    result->count += partial[0];
}

static void tni_gpu_work_collect(tni_gpu_work *work, uint32_t first, uint32_t blocks) {
    const uint8_t *data = work->device->download.data;
    uint32_t groups = tni_gpu_groups(work, blocks), g, s, place = 0;
    uint32_t failed;
    memcpy(&failed, data, 4);
    work->result->overflowed = work->result->overflowed || failed != 0;
    for (g = 0; g < groups; g++) {
        for (s = 0; s < work->shape->slot_count; s++) {
            uint64_t partial[3];
            memcpy(partial, data + TNI_GPU_PARTIAL_AT +
                                ((size_t)g * TNI_GPU_PARTIAL_WORDS + s * 3u) * 8,
                   sizeof partial);
            tni_gpu_add_partial(work, s, partial);
        }
    }
    for (s = 0; s < work->shape->slot_count; s++) {
        if (work->code->kinds[s] == TNI_GPU_KIND_SUM_F64) {
            double *to = work->result->block_sums + place * work->result->block_count +
                         (size_t)first * TNI_GPU_SEGMENT_BLOCKS;
            uint32_t b;
            memcpy(to, data + work->partial_bytes + (size_t)place * blocks * 8,
                   (size_t)blocks * 8);
            for (b = 0; b < blocks; b++) {
                if (to[b] != to[b]) {
                    const uint64_t canonical = UINT64_C(0x7ff8000000000000);
                    memcpy(&to[b], &canonical, 8);
                }
            }
            place++;
        }
    }
}

/* -------------------------------------------------------------------------------- runs --- */

static trueno_status tni_gpu_work_morsel(tni_gpu_work *work, uint32_t first,
                                         uint32_t segments) {
    uint64_t end = TNI_MIN(work->table->rows, (uint64_t)(first + segments) * TNI_SEGMENT_ROWS);
    uint32_t rows = (uint32_t)(end - (uint64_t)first * TNI_SEGMENT_ROWS);
    uint32_t blocks = (rows + TNI_GPU_BLOCK_ROWS - 1) / TNI_GPU_BLOCK_ROWS;
    int64_t start = tni_clock_nanoseconds();
    TNI_TRY(tni_gpu_work_inputs(work, first, segments));
    work->result->upload_ms += tni_gpu_ms_since(start);
    work->output_bytes = work->partial_bytes +
                         TNI_MAX((uint64_t)blocks * work->float_slots * 8, 16);
    tni_gpu_work_describe(work);
    TNI_TRY(tni_gpu_submit(work, rows, blocks));
    tni_gpu_work_collect(work, first, blocks);
    work->result->morsels++;
    return TRUENO_OK;
}

/* Dictionary predicates become bitmaps in device memory for the time of the scan. */
static trueno_status tni_gpu_work_lookups(tni_gpu_work *work) {
    uint32_t i;
    for (i = 0; i < work->code->input_count; i++) {
        const tni_gpu_input *input = &work->code->inputs[i];
        const tni_dictionary *dictionary = tni_gpu_input_layout(work, i)->dictionary;
        size_t bytes;
        uint64_t *bits;
        trueno_status status;
        if (input->part != TNI_GPU_PART_LOOKUP) {
            continue;
        }
        bytes = TNI_MAX(tni_bitmap_words(dictionary->count), 2) * 8;
        bits = (uint64_t *)tni_alloc_zero(work->device->memory, bytes);
        if (bits == NULL) {
            return tni_memory_fail(work->device->memory, bytes, work->error);
        }
        tni_gpu_lookup(input, dictionary, bits);
        status = tni_gpu_take(work->device, bytes, &work->lookups[i], work->error);
        if (status == TRUENO_OK) {
            status = tni_gpu_upload_bytes(work->device, &work->lookups[i], bits, bytes,
                                          work->error);
        }
        tni_free(work->device->memory, bits, bytes);
        TNI_TRY(status);
    }
    return TRUENO_OK;
}

static trueno_status tni_gpu_work_prepare(tni_gpu_work *work, uint32_t morsel_segments) {
    tni_gpu_scan_result *result = work->result;
    uint32_t segments = TNI_MIN(morsel_segments, work->table->segment_count), s;
    uint64_t blocks = (uint64_t)segments * TNI_GPU_SEGMENT_BLOCKS, bytes;
    int64_t start = tni_clock_nanoseconds();
    TNI_TRY(tni_gpu_pipeline_get(work->device, work->code, &work->pipeline, work->error));
    result->compile_ms = tni_gpu_ms_since(start);
    for (s = 0; s < work->shape->slot_count; s++) {
        work->float_slots += work->code->kinds[s] == TNI_GPU_KIND_SUM_F64 ? 1 : 0;
    }
    result->block_count = (work->table->rows + TNI_GPU_BLOCK_ROWS - 1) / TNI_GPU_BLOCK_ROWS;
    if (work->float_slots > 0 && result->block_count > 0) {
        uint32_t place = 0;
        result->block_bytes = (size_t)result->block_count * work->float_slots * 8;
        result->block_sums = (double *)tni_alloc(work->device->memory, result->block_bytes);
        if (result->block_sums == NULL) {
            return tni_memory_fail(work->device->memory, result->block_bytes, work->error);
        }
        for (s = 0; s < work->shape->slot_count; s++) {
            if (work->code->kinds[s] == TNI_GPU_KIND_SUM_F64) {
                result->slots[s].blocks = result->block_sums + result->block_count * place++;
            }
        }
    }
    bytes = TNI_GPU_PARTIAL_AT + (uint64_t)TNI_GPU_MOST_GROUPS * TNI_GPU_PARTIAL_WORDS * 8;
    bytes = TNI_MIN(bytes, TNI_GPU_PARTIAL_AT + (blocks + 3) / 4 * TNI_GPU_PARTIAL_WORDS * 8);
    work->partial_bytes = (bytes + TNI_GPU_ALIGNMENT - 1) / TNI_GPU_ALIGNMENT * TNI_GPU_ALIGNMENT;
    bytes = work->partial_bytes + TNI_MAX(blocks * work->float_slots * 8, 16);
    TNI_TRY(tni_gpu_take(work->device, bytes, &work->output, work->error));
    TNI_TRY(tni_gpu_download_reserve(work->device, bytes, work->error));
    return tni_gpu_work_lookups(work);
}

static trueno_status tni_gpu_work_run(tni_gpu_work *work) {
    uint32_t most = tni_gpu_morsel_segments(work), first;
    TNI_TRY(tni_gpu_work_prepare(work, most));
    for (first = 0; first < work->table->segment_count; first += most) {
        uint32_t segments = TNI_MIN(most, work->table->segment_count - first);
        trueno_status status = tni_gpu_work_morsel(work, first, segments);
        tni_gpu_work_unpin(work);
        TNI_TRY(status);
    }
    return TRUENO_OK;
}

/* Keys of MIN and MAX become values. */
static void tni_gpu_work_finish(tni_gpu_work *work) {
    uint32_t s;
    for (s = 0; s < work->shape->slot_count; s++) {
        uint32_t kind = work->code->kinds[s];
        if (kind == TNI_GPU_KIND_MIN || kind == TNI_GPU_KIND_MAX) {
            work->result->slots[s].bits = tni_gpu_key_value(
                (tni_physical)work->code->physical[s], work->result->slots[s].bits);
        }
    }
}

TNI_FN trueno_status tni_gpu_scan(tni_gpu_device *device, const tni_gpu_shape *shape,
                                  const tni_gpu_code *code, const tni_gpu_table *table,
                                  tni_gpu_scan_result *out, tni_error *error) {
    tni_gpu_work work;
    trueno_status status;
    uint32_t i;
    memset(&work, 0, sizeof work);
    memset(out, 0, sizeof *out);
    work.device = device;
    work.shape = shape;
    work.code = code;
    work.table = table;
    work.result = out;
    work.error = error;
    if (device->lost) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "the GPU %s was lost",
                        device->info->name);
    }
    tni_mutex_lock(&device->mutex);
    status = tni_gpu_work_run(&work);
    if (status != TRUENO_OK) {
        (void)tni_gpu_upload_wait(device, NULL);
        tni_gpu_work_unpin(&work);
    }
    tni_gpu_give(device, &work.output);
    for (i = 0; i < TNI_GPU_COLUMNS; i++) {
        tni_gpu_give(device, &work.lookups[i]);
    }
    tni_mutex_unlock(&device->mutex);
    if (status != TRUENO_OK) {
        tni_gpu_scan_free(device, out);
        return status;
    }
    tni_gpu_work_finish(&work);
    return TRUENO_OK;
}

TNI_FN void tni_gpu_scan_free(tni_gpu_device *device, tni_gpu_scan_result *result) {
    tni_free(device->memory, result->block_sums, result->block_bytes);
    memset(result, 0, sizeof *result);
}

#undef TNI_GPU_MORSEL_BYTES
#undef TNI_GPU_MOST_GROUPS
#undef TNI_GPU_BLOCK_ROWS
#undef TNI_GPU_PARTIAL_AT
#undef TNI_GPU_PARTIAL_WORDS
#undef TNI_GPU_MOST_PIPELINES
#undef TNI_GPU_SCAN_WAIT

#endif
