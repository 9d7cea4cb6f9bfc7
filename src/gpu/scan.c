/*
 * scan.c - the fused scan of scan.h.
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

/* -------------------------------------------------------------------- one scan at work --- */

typedef struct tni_gpu_work {
    tni_gpu_device *device;
    const tni_gpu_shape *shape;
    const tni_gpu_code *code;
    const tni_gpu_table *table;
    tni_gpu_scan_result *result;
    tni_gpu_kernel *kernel;
    tni_gpu_entry *pinned[TNI_GPU_COLUMNS]; /* by input; the first input of a column holds it */
    tni_gpu_range lookups[TNI_GPU_COLUMNS]; /* by input */
    tni_gpu_range output;
    uint64_t partial_bytes, output_bytes;
    uint32_t float_slots;
    tni_gpu_slice slices[TNI_GPU_BUFFERS];
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
    work->slices[input].range = range;
    work->slices[input].offset = at;
    work->slices[input].size = (size + 15) / 16 * 16;
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

static void tni_gpu_work_slice(tni_gpu_work *work, uint32_t place, uint64_t at, uint64_t size) {
    work->slices[place].range = &work->output;
    work->slices[place].offset = at;
    work->slices[place].size = size;
}

static uint32_t tni_gpu_groups(const tni_gpu_work *work, uint32_t blocks) {
    uint32_t groups = (blocks + 3) / 4;
    groups = TNI_MIN(groups, TNI_GPU_MOST_GROUPS);
    return TNI_MAX(TNI_MIN(groups, work->device->info->group_count), 1);
}

static trueno_status tni_gpu_submit(tni_gpu_work *work, uint32_t rows, uint32_t blocks) {
    tni_gpu_batch batch;
    uint8_t push[TNI_GPU_PUSH_BYTES];
    uint64_t at;
    uint32_t i;
    memset(push, 0, sizeof push);
    memcpy(push, &rows, 4);
    memcpy(push + 4, &blocks, 4);
    memcpy(push + 8, work->code->literals, sizeof work->code->literals);
    for (i = work->code->input_count; i <= TNI_GPU_COLUMNS; i++) {
        /* the partial results; before them descriptors that the kernel never reads */
        tni_gpu_work_slice(work, i, 0, work->partial_bytes);
    }
    tni_gpu_work_slice(work, i, work->partial_bytes, work->output_bytes - work->partial_bytes);
    TNI_TRY(tni_gpu_batch_begin(work->device, &batch, work->error));
    tni_gpu_batch_fill(&batch, &work->output, 0, TNI_GPU_PARTIAL_AT, 0);
    tni_gpu_batch_dispatch(&batch, work->kernel, work->slices, TNI_GPU_BUFFERS, push, sizeof push,
                           tni_gpu_groups(work, blocks));
    tni_gpu_batch_download(&batch, &work->output, 0, work->output_bytes, &at);
    return tni_gpu_batch_run(&batch, &work->result->compute_ms);
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

static trueno_status tni_gpu_work_kernel(tni_gpu_work *work) {
    tni_gpu_kernel_want want = TNI_ZERO;
    want.words = work->code->words;
    want.word_count = work->code->word_count;
    want.binding_count = 3;
    want.bindings[0] = TNI_GPU_COLUMNS;
    want.bindings[1] = want.bindings[2] = 1;
    want.constant_count = TNI_GPU_SLOTS;
    memcpy(want.constants, work->code->kinds, sizeof work->code->kinds);
    return tni_gpu_kernel_get(work->device, &want, &work->kernel, &work->result->compile_ms,
                              work->error);
}

static trueno_status tni_gpu_work_prepare(tni_gpu_work *work, uint32_t morsel_segments) {
    tni_gpu_scan_result *result = work->result;
    uint32_t segments = TNI_MIN(morsel_segments, work->table->segment_count), s;
    uint64_t blocks = (uint64_t)segments * TNI_GPU_SEGMENT_BLOCKS, bytes;
    TNI_TRY(tni_gpu_work_kernel(work));
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

#endif
