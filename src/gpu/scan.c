/*
 * scan.c - the fused scan of scan.h.
 *
 * A morsel is as many segments as tni_gpu_morsel_cut says, the same for every query of a table, so
 * that cached columns serve them all. Two submissions are under way at a time: while the device
 * works on one, the columns of the next are filled, copied, and its kernel submitted behind the
 * copies. Its results are read back when its turn comes again, and added on the host in morsel
 * order. Morsels whose columns are there go together, side by side; the first of all goes alone,
 * so that the device begins.
 *
 * Out of device memory halves the morsel and goes on; with a single segment it ends the scan.
 *
 * Uses: base/, column/, gpu/.
 */
#include "gpu/scan.h"
#include "base/int128.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_FLIGHTS 2u
#define TNI_GPU_TOGETHER 4u       /* morsels of a submission at most */
#define TNI_GPU_TOGETHER_MS 20.0  /* that they take at most, as far as is known */
#define TNI_GPU_MOST_GROUPS 1056u /* enough for every processor of the largest GPUs, twice */
#define TNI_GPU_BLOCK_ROWS 4096u
#define TNI_GPU_RATE_BYTES (UINT64_C(16) << 20)
#define TNI_GPU_PARTIAL_AT 8u     /* bytes before the partial results */

/* -------------------------------------------------------------------- one scan at work --- */

/* A morsel. */
typedef struct tni_gpu_scan_part {
    tni_gpu_entry *pinned[TNI_GPU_COLUMNS]; /* by input; the first input of a column holds it */
    uint64_t output_at;                     /* its part of the results, here and on the host */
    uint32_t first, blocks;
} tni_gpu_scan_part;

/* A submission, being recorded or under way. */
typedef struct tni_gpu_flight {
    bool busy, open;                        /* open: more morsels may join */
    tni_gpu_batch batch;
    uint32_t count, room;
    uint64_t read_before;                   /* bytes that the scan had read when it began */
    tni_gpu_scan_part parts[TNI_GPU_TOGETHER];
} tni_gpu_flight;

typedef struct tni_gpu_work {
    tni_gpu_device *device;
    const tni_gpu_shape *shape;
    const tni_gpu_code *code;
    const tni_gpu_table *table;
    tni_gpu_scan_result *result;
    tni_gpu_kernel *kernel;
    tni_gpu_flight flights[TNI_GPU_FLIGHTS];
    uint32_t flight;       /* the next one's place */
    tni_gpu_range lookups[TNI_GPU_COLUMNS]; /* by input */
    tni_gpu_range output;
    uint64_t partial_bytes, part_bytes; /* of the results of a morsel */
    uint32_t together;     /* morsels of a submission at most */
    bool started;          /* the device has something to do */
    bool loading;          /* the morsel at hand is in no submission yet */
    uint32_t float_slots;
    tni_gpu_slice slices[TNI_GPU_COLUMNS + TNI_GPU_SCAN_BESIDE];
    const tni_gpu_source *source;
    double *block_sums;    /* [float slots][blocks of the table] */
    tni_error *error;
} tni_gpu_work;

static double tni_gpu_ms_since(int64_t start) {
    return (double)(tni_clock_nanoseconds() - start) * 1e-6;
}

static const tni_gpu_layout *tni_gpu_input_layout(const tni_gpu_work *work, uint32_t input) {
    return &work->shape->columns[work->code->inputs[input].column];
}

static void tni_gpu_work_unpin(tni_gpu_work *work, tni_gpu_scan_part *part) {
    uint32_t i;
    for (i = 0; i < TNI_GPU_COLUMNS; i++) {
        if (part->pinned[i] != NULL) {
            tni_gpu_cache_unpin(work->device, part->pinned[i]);
            part->pinned[i] = NULL;
        }
    }
}

static void tni_gpu_work_unpin_all(tni_gpu_work *work, tni_gpu_flight *flight) {
    uint32_t i;
    for (i = 0; i < TNI_GPU_TOGETHER; i++) {
        tni_gpu_work_unpin(work, &flight->parts[i]);
    }
}

/* The column of an input, in device memory or on its way, and pinned. */
static trueno_status tni_gpu_work_column(tni_gpu_work *work, tni_gpu_scan_part *part,
                                         uint32_t input, const tni_gpu_image *image) {
    uint32_t column = work->code->inputs[input].column;
    tni_gpu_entry *entry;
    tni_gpu_key key;
    key.owner = work->table->owner;
    key.column = work->table->numbers != NULL ? work->table->numbers[column] : column;
    key.first = work->table->first_segment + part->first;
    key.segments = image->segment_count;
    entry = tni_gpu_cache_find(work->device, &key);
    if (entry == NULL) {
        TNI_TRY(tni_gpu_cache_add(work->device, &key, image->total, &entry, work->error));
        part->pinned[input] = entry;
        TNI_TRY(tni_gpu_image_upload(work->device, image, &entry->range, work->error));
        entry->filled = true;
        work->result->uploaded_bytes += image->total;
    }
    part->pinned[input] = entry;
    return TRUENO_OK;
}

static void tni_gpu_work_bind(tni_gpu_work *work, uint32_t input, const tni_gpu_range *range,
                              uint64_t at, uint64_t size) {
    work->slices[input].range = range;
    work->slices[input].offset = at;
    work->slices[input].size = (size + 15) / 16 * 16;
    work->result->read_bytes += size;
}

/* Send what is missing of a morsel's inputs and note where each lies. */
static trueno_status tni_gpu_work_inputs(tni_gpu_work *work, tni_gpu_scan_part *part,
                                         uint32_t segments) {
    uint32_t i, j;
    for (i = 0; i < work->code->input_count; i++) {
        const tni_gpu_input *input = &work->code->inputs[i];
        tni_gpu_image image;
        tni_gpu_entry *entry = NULL;
        if (tni_gpu_input_is_made(input)) {
            tni_gpu_work_bind(work, i, &work->lookups[i], 0, work->lookups[i].size);
            continue;
        }
        tni_gpu_image_of(tni_gpu_input_layout(work, i),
                         work->table->columns[input->column] + part->first, segments, &image);
        image.owner = work->table->lasting ? work->table->owner : 0;
        for (j = 0; j < i; j++) {
            if (part->pinned[j] != NULL && work->code->inputs[j].column == input->column) {
                entry = part->pinned[j];
            }
        }
        if (entry == NULL) {
            TNI_TRY(tni_gpu_work_column(work, part, i, &image));
            entry = part->pinned[i];
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
    return TRUENO_OK;
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

/* The results' error words are cleared for all morsels that may come. */
static trueno_status tni_gpu_flight_open(tni_gpu_work *work, tni_gpu_flight *flight) {
    uint32_t i;
    TNI_TRY(tni_gpu_batch_begin(work->device, &flight->batch, work->error));
    flight->busy = flight->open = true;
    flight->batch.download_bytes = flight->parts[0].output_at;
    for (i = 0; i < flight->room; i++) {
        if (i > 0) {
            tni_gpu_batch_apart(&flight->batch);
        }
        tni_gpu_batch_fill(&flight->batch, &work->output, flight->parts[i].output_at,
                           TNI_GPU_PARTIAL_AT, 0);
    }
    return TRUENO_OK;
}

static uint64_t tni_gpu_scan_part_sums(const tni_gpu_work *work, const tni_gpu_scan_part *part) {
    return TNI_MAX((uint64_t)part->blocks * work->float_slots * 8, 16);
}

/* One more morsel, whose inputs are described. */
static void tni_gpu_flight_add(tni_gpu_work *work, tni_gpu_flight *flight, uint32_t rows) {
    const tni_gpu_scan_part *part = &flight->parts[flight->count];
    uint8_t push[TNI_GPU_PUSH_BYTES];
    uint32_t i;
    memset(push, 0, sizeof push);
    memcpy(push, &rows, 4);
    memcpy(push + 4, &part->blocks, 4);
    memcpy(push + 8, work->code->literals, sizeof work->code->literals);
    for (i = work->code->input_count; i <= work->code->buffer_count; i++) {
        /* the partial results; without inputs also for the buffer that the kernel never reads */
        tni_gpu_work_slice(work, i, part->output_at, work->partial_bytes);
    }
    tni_gpu_work_slice(work, i, part->output_at + work->partial_bytes,
                       tni_gpu_scan_part_sums(work, part));
    if (flight->count > 0) {
        tni_gpu_batch_apart(&flight->batch);
    }
    tni_gpu_batch_dispatch(&flight->batch, work->kernel, work->slices, i + 1, push, sizeof push,
                           tni_gpu_groups(work, part->blocks));
    flight->count++;
}

/* What was recorded goes to the device; the other flight's turn. */
static trueno_status tni_gpu_flight_submit(tni_gpu_work *work, tni_gpu_flight *flight) {
    const tni_gpu_scan_part *last = &flight->parts[flight->count - 1];
    uint64_t at, from = flight->parts[0].output_at;
    tni_vk_handle uploaded = 0;
    flight->open = false;
    tni_gpu_batch_download(&flight->batch, &work->output, from,
                           last->output_at - from + work->partial_bytes +
                               tni_gpu_scan_part_sums(work, last),
                           &at);
    TNI_TRY(tni_gpu_upload_signal(work->device, &uploaded, work->error));
    TNI_TRY(tni_gpu_batch_submit(&flight->batch, uploaded));
    work->started = true;
    work->flight = (work->flight + 1) % TNI_GPU_FLIGHTS;
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
    uint64_t key = partial[1];
    tni_i128 sum;
    if (partial[0] == 0) {
        return;
    }
    if (work->code->narrow) {
        key = tni_gpu_key_widen((tni_physical)work->code->physical[slot], (uint32_t)key);
    }
    if (kind == TNI_GPU_KIND_MIN) {
        result->bits = result->count == 0 ? key : TNI_MIN(result->bits, key);
    } else if (kind == TNI_GPU_KIND_MAX) {
        result->bits = result->count == 0 ? key : TNI_MAX(result->bits, key);
    } else if (kind != TNI_GPU_KIND_COUNT && kind != TNI_GPU_KIND_SUM_F64) {
        bool two = kind != TNI_GPU_KIND_SUM_SMALL;
        sum = tni_gpu_limbs(kind, partial[1], two ? partial[2] : 0);
        (void)tni_i128_add(result->sum, sum, &result->sum);
    }
    result->count += partial[0];
}

static void tni_gpu_work_collect(tni_gpu_work *work, const tni_gpu_scan_part *part) {
    const uint8_t *data = work->device->download.data + part->output_at;
    uint32_t first = part->first, blocks = part->blocks;
    uint32_t groups = tni_gpu_groups(work, blocks), g, s, place = 0;
    uint32_t failed;
    memcpy(&failed, data, 4);
    work->result->overflowed = work->result->overflowed || failed != 0;
    for (g = 0; g < groups; g++) {
        for (s = 0; s < work->shape->slot_count; s++) {
            uint64_t partial[3];
            memcpy(partial, data + TNI_GPU_PARTIAL_AT +
                                ((size_t)g * work->shape->slot_count + s) * sizeof partial,
                   sizeof partial);
            tni_gpu_add_partial(work, s, partial);
        }
    }
    for (s = 0; s < work->shape->slot_count; s++) {
        if (work->code->kinds[s] == TNI_GPU_KIND_SUM_F64) {
            double *to = work->block_sums + place * work->result->block_count +
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

/* A submission comes to its end and its results are added. */
static trueno_status tni_gpu_work_land(tni_gpu_work *work, tni_gpu_flight *flight) {
    trueno_status status;
    uint32_t i;
    if (!flight->busy) {
        return TRUENO_OK;
    }
    status = tni_gpu_batch_wait(&flight->batch, &work->result->compute_ms);
    flight->busy = false;
    for (i = 0; i < flight->count && status == TRUENO_OK; i++) {
        tni_gpu_work_collect(work, &flight->parts[i]);
        work->result->morsels++;
    }
    flight->count = 0;
    tni_gpu_work_unpin_all(work, flight);
    return status;
}

static trueno_status tni_gpu_work_land_all(tni_gpu_work *work) {
    uint32_t i;
    if (work->flights[work->flight].open) {
        TNI_TRY(tni_gpu_flight_submit(work, &work->flights[work->flight]));
    }
    for (i = 0; i < TNI_GPU_FLIGHTS; i++) {
        TNI_TRY(tni_gpu_work_land(work, &work->flights[(work->flight + i) % TNI_GPU_FLIGHTS]));
    }
    return TRUENO_OK;
}

/* After a failure: nothing is under way any more. Works that were not added are as if they had not
 * begun. */
static void tni_gpu_work_abandon(tni_gpu_work *work) {
    uint32_t i;
    for (i = 0; i < TNI_GPU_FLIGHTS; i++) {
        if (work->flights[i].busy) {
            tni_gpu_batch_drop(&work->flights[i].batch);
            work->flights[i].busy = work->flights[i].open = false;
        }
    }
    (void)tni_gpu_upload_wait(work->device, NULL);
    tni_gpu_settle(work->device);
    for (i = 0; i < TNI_GPU_FLIGHTS; i++) {
        tni_gpu_work_unpin_all(work, &work->flights[i]);
    }
}

/* Whether another morsel may join: the device is not kept waiting for it, nor busy for long. */
static bool tni_gpu_work_joins(const tni_gpu_work *work, const tni_gpu_flight *flight,
                               bool uploaded) {
    double bytes = (double)(work->result->read_bytes - flight->read_before);
    return !uploaded && flight->count < flight->room && work->started &&
           bytes * 2 < work->device->scan_rate * TNI_GPU_TOGETHER_MS;
}

static trueno_status tni_gpu_work_morsel(tni_gpu_work *work, uint32_t first,
                                         uint32_t segments) {
    tni_gpu_flight *flight = &work->flights[work->flight];
    uint64_t end = TNI_MIN(work->table->rows, (uint64_t)(first + segments) * TNI_SEGMENT_ROWS);
    uint32_t rows = (uint32_t)(end - (uint64_t)first * TNI_SEGMENT_ROWS);
    uint64_t uploaded = work->result->uploaded_bytes;
    tni_gpu_scan_part *part;
    int64_t start;
    work->loading = false;
    if (!flight->open) {
        TNI_TRY(tni_gpu_work_land(work, flight));
        flight->read_before = work->result->read_bytes;
    }
    start = tni_clock_nanoseconds();
    work->loading = true;
    part = &flight->parts[flight->count];
    part->first = first;
    part->blocks = (rows + TNI_GPU_BLOCK_ROWS - 1) / TNI_GPU_BLOCK_ROWS;
    TNI_TRY(tni_gpu_work_inputs(work, part, segments));
    work->result->upload_ms += tni_gpu_ms_since(start);
    if (!flight->open) {
        TNI_TRY(tni_gpu_flight_open(work, flight));
    }
    work->loading = false;
    tni_gpu_flight_add(work, flight, rows);
    return tni_gpu_work_joins(work, flight, work->result->uploaded_bytes != uploaded)
               ? TRUENO_OK
               : tni_gpu_flight_submit(work, flight);
}

/* What the processor makes lies in device memory for the time of the scan. */
static trueno_status tni_gpu_work_lookups(tni_gpu_work *work) {
    uint32_t i;
    for (i = 0; i < work->code->input_count; i++) {
        const tni_gpu_input *input = &work->code->inputs[i];
        size_t bytes;
        uint64_t *bits;
        trueno_status status;
        if (!tni_gpu_input_is_made(input)) {
            continue;
        }
        bytes = tni_gpu_made_bytes(input, work->shape);
        bits = (uint64_t *)tni_alloc_zero(work->device->memory, bytes);
        if (bits == NULL) {
            return tni_memory_fail(work->device->memory, bytes, work->error);
        }
        status = tni_gpu_made_fill(input, work->shape, bits, work->error);
        if (status == TRUENO_OK) {
            status = tni_gpu_take(work->device, bytes, &work->lookups[i], work->error);
        }
        if (status == TRUENO_OK) {
            status =
                tni_gpu_upload_bytes(work->device, &work->lookups[i], bits, bytes, work->error);
        }
        tni_free(work->device->memory, bits, bytes);
        TNI_TRY(status);
    }
    return TRUENO_OK;
}

TNI_FN void tni_gpu_scan_want(const tni_gpu_code *code, tni_gpu_kernel_want *out) {
    memset(out, 0, sizeof *out);
    out->words = code->words;
    out->word_count = code->word_count;
    out->binding_count = 1 + TNI_GPU_SCAN_BESIDE;
    out->bindings[0] = code->buffer_count;
    out->bindings[1] = out->bindings[2] = 1;
    out->constant_count = TNI_GPU_SLOTS;
    memcpy(out->constants, code->kinds, sizeof code->kinds);
}

static trueno_status tni_gpu_work_kernel(tni_gpu_work *work) {
    tni_gpu_kernel_want want;
    tni_gpu_scan_want(work->code, &want);
    return tni_gpu_kernel_get(work->device, &want, &work->kernel, &work->result->compile_ms,
                              work->error);
}

/* Room for the float sums of all blocks, unless the caller has it. */
static trueno_status tni_gpu_work_blocks(tni_gpu_work *work) {
    tni_gpu_scan_result *result = work->result;
    uint32_t s, place = 0;
    for (s = 0; s < work->shape->slot_count; s++) {
        work->float_slots += work->code->kinds[s] == TNI_GPU_KIND_SUM_F64 ? 1 : 0;
    }
    result->block_count = (work->table->rows + TNI_GPU_BLOCK_ROWS - 1) / TNI_GPU_BLOCK_ROWS;
    work->block_sums = work->source->block_sums;
    if (work->float_slots == 0 || result->block_count == 0 || work->block_sums != NULL) {
        return TRUENO_OK;
    }
    result->block_bytes = (size_t)result->block_count * work->float_slots * 8;
    result->block_sums = (double *)tni_alloc(work->device->memory, result->block_bytes);
    if (result->block_sums == NULL) {
        return tni_memory_fail(work->device->memory, result->block_bytes, work->error);
    }
    work->block_sums = result->block_sums;
    for (s = 0; s < work->shape->slot_count; s++) {
        if (work->code->kinds[s] == TNI_GPU_KIND_SUM_F64) {
            result->slots[s].blocks = result->block_sums + result->block_count * place++;
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_gpu_work_prepare(tni_gpu_work *work) {
    uint32_t segments = TNI_MIN(work->source->segments, work->table->segment_count), i, p;
    uint64_t morsels = segments == 0 ? 0 : (work->table->segment_count + segments - 1) / segments;
    uint64_t blocks = (uint64_t)segments * TNI_GPU_SEGMENT_BLOCKS, bytes;
    TNI_TRY(tni_gpu_work_kernel(work));
    TNI_TRY(tni_gpu_work_blocks(work));
    bytes = TNI_MIN((uint64_t)TNI_GPU_MOST_GROUPS, (blocks + 3) / 4);
    bytes = TNI_GPU_PARTIAL_AT + bytes * TNI_MAX(work->shape->slot_count, 1) * 24;
    work->partial_bytes = (bytes + TNI_GPU_ALIGNMENT - 1) / TNI_GPU_ALIGNMENT * TNI_GPU_ALIGNMENT;
    bytes = work->partial_bytes + TNI_MAX(blocks * work->float_slots * 8, 16);
    work->part_bytes = (bytes + TNI_GPU_ALIGNMENT - 1) / TNI_GPU_ALIGNMENT * TNI_GPU_ALIGNMENT;
    work->together = (uint32_t)TNI_MAX(TNI_MIN(morsels, TNI_GPU_TOGETHER + 1u), 2u) - 1;
    for (i = 0; i < TNI_GPU_FLIGHTS; i++) {
        work->flights[i].room = work->together;
        for (p = 0; p < work->together; p++) {
            work->flights[i].parts[p].output_at = (i * work->together + p) * work->part_bytes;
        }
    }
    bytes = work->part_bytes * TNI_GPU_FLIGHTS * work->together;
    TNI_TRY(tni_gpu_take(work->device, bytes, &work->output, work->error));
    TNI_TRY(tni_gpu_download_reserve(work->device, bytes, work->error));
    return tni_gpu_work_lookups(work);
}

/* Bytes that the columns read by `code` take as images of the whole table. */
static uint64_t tni_gpu_work_bytes(const tni_gpu_work *work) {
    uint64_t sum = 0;
    uint32_t i, j;
    for (i = 0; i < work->code->input_count; i++) {
        const tni_gpu_input *input = &work->code->inputs[i];
        bool seen = tni_gpu_input_is_made(input);
        tni_gpu_image image;
        for (j = 0; j < i; j++) {
            seen = seen || (work->code->inputs[j].column == input->column &&
                            !tni_gpu_input_is_made(&work->code->inputs[j]));
        }
        if (!seen) {
            tni_gpu_image_of(tni_gpu_input_layout(work, i), work->table->columns[input->column],
                             work->table->segment_count, &image);
            sum += image.total;
        }
    }
    return sum;
}

/* The morsel at hand does not join its submission. */
static void tni_gpu_work_back_out(tni_gpu_work *work) {
    tni_gpu_flight *flight = &work->flights[work->flight];
    tni_gpu_work_unpin(work, &flight->parts[flight->count]);
}

/* One morsel of the source, in smaller ones when device memory is short. */
static trueno_status tni_gpu_work_part(tni_gpu_work *work, uint32_t first, uint32_t segments,
                                       uint32_t *most) {
    uint32_t end = first + segments;
    trueno_status status;
    while (first < end) {
        segments = TNI_MIN(*most, end - first);
        status = tni_gpu_work_morsel(work, first, segments);
        if (status != TRUENO_ERROR_MEMORY_LIMIT || work->device->lost || segments == 1 ||
            !work->loading) {
            TNI_TRY(status);
            first += segments;
            continue;
        }
        tni_gpu_work_back_out(work);
        TNI_TRY(tni_gpu_work_land_all(work));
        if (work->error != NULL) {
            tni_error_clear(work->error);
        }
        *most = segments / 2;
    }
    return TRUENO_OK;
}

static trueno_status tni_gpu_work_run(tni_gpu_work *work) {
    uint32_t most = UINT32_MAX, first, segments;
    tni_gpu_settle(work->device);
    tni_gpu_cache_scan(work->device, work->source->share != 0 ? work->source->share
                                                              : tni_gpu_work_bytes(work));
    TNI_TRY(tni_gpu_work_prepare(work));
    while (work->source->next(work->source->user, &first, &segments)) {
        TNI_TRY(tni_gpu_work_part(work, first, segments, &most));
    }
    return tni_gpu_work_land_all(work);
}

/* What the device showed, for guesses: bytes a millisecond. Small runs say nothing. */
static void tni_gpu_work_rates(const tni_gpu_work *work) {
    tni_gpu_device *device = work->device;
    const tni_gpu_scan_result *result = work->result;
    if (result->read_bytes >= TNI_GPU_RATE_BYTES && result->compute_ms > 0) {
        device->scan_rate +=
            ((double)result->read_bytes / result->compute_ms - device->scan_rate) / 4;
    }
    if (result->uploaded_bytes >= TNI_GPU_RATE_BYTES && result->upload_ms > 0) {
        device->upload_rate +=
            ((double)result->uploaded_bytes / result->upload_ms - device->upload_rate) / 4;
    }
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

TNI_FN trueno_status tni_gpu_scan_from(tni_gpu_device *device, const tni_gpu_shape *shape,
                                       const tni_gpu_code *code, const tni_gpu_table *table,
                                       const tni_gpu_source *source, tni_gpu_scan_result *out,
                                       tni_error *error) {
    tni_gpu_work work;
    trueno_status status;
    uint32_t i;
    memset(&work, 0, sizeof work);
    memset(out, 0, sizeof *out);
    work.device = device;
    work.shape = shape;
    work.code = code;
    work.table = table;
    work.source = source;
    work.result = out;
    work.error = error;
    if (device->lost) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "the GPU %s was lost",
                        device->info->name);
    }
    tni_mutex_lock(&device->mutex);
    status = tni_gpu_work_run(&work);
    if (status != TRUENO_OK) {
        tni_gpu_work_abandon(&work);
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
    if (!source->keep_keys) {
        tni_gpu_work_finish(&work);
    }
    tni_gpu_work_rates(&work);
    return TRUENO_OK;
}

/* The whole table, one morsel after the other. */
typedef struct tni_gpu_walk {
    uint32_t next, segments, end;
} tni_gpu_walk;

static bool tni_gpu_walk_next(void *user, uint32_t *first, uint32_t *segments) {
    tni_gpu_walk *walk = (tni_gpu_walk *)user;
    *first = walk->next;
    *segments = TNI_MIN(walk->segments, walk->end - walk->next);
    walk->next += *segments;
    return *segments > 0;
}

TNI_FN trueno_status tni_gpu_scan(tni_gpu_device *device, const tni_gpu_shape *shape,
                                  const tni_gpu_code *code, const tni_gpu_table *table,
                                  tni_gpu_scan_result *out, tni_error *error) {
    tni_gpu_source source = TNI_ZERO;
    tni_gpu_walk walk;
    walk.next = 0;
    walk.segments = tni_gpu_morsel_cut(device, shape->columns, shape->column_count);
    walk.end = table->segment_count;
    source.next = tni_gpu_walk_next;
    source.user = &walk;
    source.segments = walk.segments;
    return tni_gpu_scan_from(device, shape, code, table, &source, out, error);
}

TNI_FN void tni_gpu_scan_free(tni_gpu_device *device, tni_gpu_scan_result *result) {
    tni_free(device->memory, result->block_sums, result->block_bytes);
    memset(result, 0, sizeof *result);
}

#undef TNI_GPU_FLIGHTS
#undef TNI_GPU_TOGETHER
#undef TNI_GPU_TOGETHER_MS
#undef TNI_GPU_MOST_GROUPS
#undef TNI_GPU_BLOCK_ROWS
#undef TNI_GPU_RATE_BYTES
#undef TNI_GPU_PARTIAL_AT

#endif
