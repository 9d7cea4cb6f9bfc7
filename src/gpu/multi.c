/*
 * multi.c - scans over several devices; see multi.h.
 *
 * The lists of morsels are one array: lists[d] holds the numbers that device d has not begun, in
 * order; it takes from the front, others from the end. All of that is under one mutex, which is
 * held for a few instructions a morsel. What a morsel will cost is guessed from rates that the
 * devices showed before: a resident one takes its bytes at the rate of kernels, another one at
 * that of uploads.
 *
 * Uses: base/, gpu/scan.h.
 */
#include "gpu/multi_internal.h"
#include "base/hash.h"
#include "base/int128.h"

#if !defined(TRUENO_NO_VULKAN)


typedef struct tni_gpu_multi tni_gpu_multi;

typedef struct tni_gpu_multi_part { /* one device at work */
    tni_gpu_multi *multi;
    tni_gpu_device *device;
    tni_gpu_code code;
    uint32_t *list;          /* morsels not begun */
    uint32_t first, end;     /* of the list */
    uint32_t *taken;         /* morsels begun in this round */
    uint32_t taken_count, stolen;
    double resident_ms, missing_ms; /* of a whole morsel */
    double left_ms;          /* predicted, of the list */
    uint64_t share;
    trueno_status status;
    tni_error error;
    tni_gpu_scan_result result; /* of the round */
    bool usable;
} tni_gpu_multi_part;

struct tni_gpu_multi {
    const tni_gpu_shape *shape;
    const tni_gpu_table *table;
    tni_gpu_scan_result *out;
    tni_memory *memory;
    tni_mutex mutex;
    uint32_t count, cut, morsels;
    double *block_sums;
    uint8_t *resident;       /* [morsel]: at home */
    uint32_t *numbers;       /* lists and taken of all parts */
    size_t number_count;
    tni_gpu_multi_part parts[TNI_GPU_MULTI_DEVICES];
};

/* ------------------------------------------------------------------------- who does what --- */

static double tni_gpu_multi_cost(const tni_gpu_multi_part *part, uint32_t morsel) {
    return part->multi->resident[morsel] ? part->resident_ms : part->missing_ms;
}

/* The device with the most left to do, if this one would be done with its last morsel sooner. */
static tni_gpu_multi_part *tni_gpu_multi_victim(tni_gpu_multi_part *thief) {
    tni_gpu_multi *multi = thief->multi;
    tni_gpu_multi_part *victim = NULL;
    uint32_t i;
    for (i = 0; i < multi->count; i++) {
        tni_gpu_multi_part *part = &multi->parts[i];
        if (part != thief && part->first < part->end &&
            (victim == NULL || part->left_ms > victim->left_ms)) {
            victim = part;
        }
    }
    return victim != NULL && (thief->missing_ms < victim->left_ms || !victim->usable) ? victim
                                                                                      : NULL;
}

static bool tni_gpu_multi_next(void *user, uint32_t *first, uint32_t *segments) {
    tni_gpu_multi_part *part = (tni_gpu_multi_part *)user, *from = part;
    tni_gpu_multi *multi = part->multi;
    uint32_t morsel;
    tni_mutex_lock(&multi->mutex);
    if (part->first == part->end) {
        from = tni_gpu_multi_victim(part);
        part->stolen += from != NULL ? 1 : 0;
    }
    if (from == NULL) {
        tni_mutex_unlock(&multi->mutex);
        return false;
    }
    morsel = from == part ? from->list[from->first++] : from->list[--from->end];
    from->left_ms -= tni_gpu_multi_cost(from, morsel);
    part->taken[part->taken_count++] = morsel;
    tni_mutex_unlock(&multi->mutex);
    *first = morsel * multi->cut;
    *segments = TNI_MIN(multi->cut, multi->table->segment_count - *first);
    return true;
}

/* Is every column of a morsel in the device's cache? */
static bool tni_gpu_multi_is_resident(const tni_gpu_multi *multi, tni_gpu_multi_part *part,
                                      uint32_t morsel) {
    tni_gpu_key key;
    uint32_t i;
    key.owner = multi->table->owner;
    key.first = multi->table->first_segment + morsel * multi->cut;
    key.segments = TNI_MIN(multi->cut, multi->table->segment_count - morsel * multi->cut);
    for (i = 0; i < part->code.input_count; i++) {
        uint32_t column = part->code.inputs[i].column;
        key.column = multi->table->numbers != NULL ? multi->table->numbers[column] : column;
        if (!tni_gpu_input_is_made(&part->code.inputs[i]) &&
            !tni_gpu_cache_has(part->device, &key)) {
            return false;
        }
    }
    return true;
}

static uint64_t tni_gpu_multi_morsel_bytes(const tni_gpu_multi *multi) {
    uint64_t bytes = 0;
    uint32_t i;
    for (i = 0; i < multi->shape->column_count; i++) {
        bytes += multi->shape->columns[i].width;
    }
    return bytes * multi->cut * TNI_SEGMENT_ROWS;
}

/* What a morsel's home is counted from: its number, or the partition that its middle is of. */
static uint32_t tni_gpu_multi_turn(const tni_gpu_multi *multi, uint32_t morsel) {
    uint32_t first = morsel * multi->cut;
    uint32_t segments = TNI_MIN(multi->cut, multi->table->segment_count - first);
    return multi->table->partitions != NULL ? multi->table->partitions[first + segments / 2]
                                            : morsel;
}

/* Morsels to the devices, each to its home or, where that does not work, to the next that does. */
static void tni_gpu_multi_deal(tni_gpu_multi *multi, const uint32_t *morsels, uint32_t count,
                               bool look) {
    uint64_t bytes = tni_gpu_multi_morsel_bytes(multi);
    uint32_t turn = (uint32_t)(tni_hash_u64(multi->table->owner) % multi->count), i, d;
    for (d = 0; d < multi->count; d++) {
        tni_gpu_multi_part *part = &multi->parts[d];
        part->first = part->end = part->taken_count = 0;
        part->left_ms = 0;
        part->share = 1;
        part->resident_ms = (double)bytes / part->device->scan_rate;
        part->missing_ms = (double)bytes / part->device->upload_rate + part->resident_ms;
    }
    for (i = 0; i < count; i++) {
        uint32_t morsel = morsels == NULL ? i : morsels[i];
        tni_gpu_multi_part *part;
        d = (turn + tni_gpu_multi_turn(multi, morsel)) % multi->count;
        while (!multi->parts[d].usable) {
            d = (d + 1) % multi->count;
        }
        part = &multi->parts[d];
        part->list[part->end++] = morsel;
        multi->resident[morsel] = look && tni_gpu_multi_is_resident(multi, part, morsel);
        part->left_ms += tni_gpu_multi_cost(part, morsel);
        part->share += bytes;
    }
}

/* ------------------------------------------------------------------------------ a round --- */

static void tni_gpu_multi_work(tni_gpu_multi_part *part) {
    tni_gpu_multi *multi = part->multi;
    tni_gpu_source source = TNI_ZERO;
    source.next = tni_gpu_multi_next;
    source.user = part;
    source.segments = multi->cut;
    source.share = part->share;
    source.block_sums = multi->block_sums;
    source.keep_keys = true;
    tni_error_clear(&part->error);
    part->status = tni_gpu_scan_from(part->device, multi->shape, &part->code, multi->table,
                                     &source, &part->result, &part->error);
}

static void tni_gpu_multi_task(void *context, uint32_t index) {
    tni_gpu_multi *multi = (tni_gpu_multi *)context;
    if (multi->parts[index].usable) {
        tni_gpu_multi_work(&multi->parts[index]);
    }
}

static void tni_gpu_multi_thread(void *argument) {
    tni_gpu_multi_call *call = (tni_gpu_multi_call *)argument;
    call->task(call->context, call->index);
}

TNI_FN void tni_gpu_multi_run(const tni_gpu_parallel *parallel, uint32_t count,
                              void (*task)(void *context, uint32_t index), void *context) {
    tni_gpu_multi_call calls[TNI_GPU_MULTI_DEVICES];
    tni_thread *threads[TNI_GPU_MULTI_DEVICES];
    uint32_t i;
    if (parallel != NULL && parallel->run != NULL && count > 1) {
        parallel->run(parallel->user, count, task, context);
        return;
    }
    for (i = 1; i < count; i++) {
        calls[i].task = task;
        calls[i].context = context;
        calls[i].index = i;
        threads[i] = tni_thread_start(tni_gpu_multi_thread, &calls[i]);
    }
    task(context, 0);
    for (i = 1; i < count; i++) {
        if (threads[i] != NULL) {
            tni_thread_join(threads[i]);
        } else {
            task(context, i);
        }
    }
}

static void tni_gpu_multi_add_slot(tni_gpu_slot_result *to, const tni_gpu_slot_result *from,
                                   uint32_t kind) {
    if (from->count == 0) {
        return;
    }
    if (kind == TNI_GPU_KIND_MIN) {
        to->bits = to->count == 0 ? from->bits : TNI_MIN(to->bits, from->bits);
    } else if (kind == TNI_GPU_KIND_MAX) {
        to->bits = to->count == 0 ? from->bits : TNI_MAX(to->bits, from->bits);
    } else if (kind != TNI_GPU_KIND_COUNT && kind != TNI_GPU_KIND_SUM_F64) {
        (void)tni_i128_add(to->sum, from->sum, &to->sum);
    }
    to->count += from->count;
}

static void tni_gpu_multi_add(tni_gpu_multi *multi, tni_gpu_multi_part *part) {
    tni_gpu_scan_result *out = multi->out;
    const tni_gpu_scan_result *from = &part->result;
    uint32_t s;
    for (s = 0; s < multi->shape->slot_count; s++) {
        tni_gpu_multi_add_slot(&out->slots[s], &from->slots[s], part->code.kinds[s]);
    }
    out->overflowed = out->overflowed || from->overflowed;
    out->compile_ms = TNI_MAX(out->compile_ms, from->compile_ms);
    out->upload_ms = TNI_MAX(out->upload_ms, from->upload_ms);
    out->compute_ms = TNI_MAX(out->compute_ms, from->compute_ms);
    out->uploaded_bytes += from->uploaded_bytes;
    out->read_bytes += from->read_bytes;
    out->morsels += from->morsels;
}

/* What was done is added; what a failed device began, and what nobody began, is left: the numbers
 * are put into `left`. */
static uint32_t tni_gpu_multi_collect(tni_gpu_multi *multi, uint32_t *left,
                                      tni_gpu_multi_report *reports) {
    uint32_t d, i, n = 0;
    for (d = 0; d < multi->count; d++) {
        tni_gpu_multi_part *part = &multi->parts[d];
        if (part->usable && part->status == TRUENO_OK) {
            tni_gpu_multi_add(multi, part);
            if (reports != NULL) {
                reports[d].morsels += part->taken_count;
                reports[d].stolen += part->stolen;
            }
        } else {
            for (i = 0; i < part->taken_count; i++) {
                left[n++] = part->taken[i];
            }
            part->usable = false;
        }
        part->stolen = 0;
        for (i = part->first; i < part->end; i++) {
            left[n++] = part->list[i];
        }
        tni_gpu_scan_free(part->device, &part->result);
    }
    return n;
}

/* --------------------------------------------------------------------------- the whole --- */

static trueno_status tni_gpu_multi_emit(tni_gpu_multi *multi, tni_arena *arena,
                                        tni_error *error) {
    trueno_status status = TRUENO_ERROR_UNSUPPORTED;
    bool any = false;
    uint32_t d;
    for (d = 0; d < multi->count; d++) {
        tni_gpu_multi_part *part = &multi->parts[d];
        tni_error_clear(&part->error);
        status = tni_gpu_emit(part->device->info, multi->shape, arena, &part->code, &part->error);
        part->status = status;
        part->usable = status == TRUENO_OK && !part->device->lost;
        any = any || part->usable;
        multi->cut = TNI_MIN(multi->cut, tni_gpu_morsel_cut(part->device, multi->shape->columns,
                                                            multi->shape->column_count));
    }
    if (!any) {
        return multi->parts[0].status != TRUENO_OK
                   ? tni_fail(error, multi->parts[0].status, "%s", multi->parts[0].error.message)
                   : tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "every GPU was lost");
    }
    multi->morsels = (multi->table->segment_count + multi->cut - 1) / multi->cut;
    return TRUENO_OK;
}

static trueno_status tni_gpu_multi_room(tni_gpu_multi *multi, tni_error *error) {
    tni_gpu_scan_result *out = multi->out;
    const tni_gpu_code *code = NULL;
    uint32_t d, s, floats = 0, place = 0;
    /* for each device its list and what it took, for all what is left */
    multi->number_count = (size_t)multi->morsels * (multi->count * 2 + 1) + multi->morsels / 4 + 1;
    multi->numbers =
        (uint32_t *)tni_alloc_array(multi->memory, multi->number_count, sizeof(uint32_t));
    if (multi->numbers == NULL) {
        return tni_memory_fail(multi->memory, multi->number_count * sizeof(uint32_t), error);
    }
    for (d = 0; d < multi->count; d++) {
        multi->parts[d].list = multi->numbers + (size_t)multi->morsels * (d * 2);
        multi->parts[d].taken = multi->parts[d].list + multi->morsels;
        code = multi->parts[d].usable ? &multi->parts[d].code : code;
    }
    multi->resident = (uint8_t *)(multi->numbers + (size_t)multi->morsels * (multi->count * 2 + 1));
    out->block_count = (multi->table->rows + 4095) / 4096;
    for (s = 0; s < multi->shape->slot_count; s++) {
        floats += code->kinds[s] == TNI_GPU_KIND_SUM_F64 ? 1 : 0;
    }
    if (floats == 0 || out->block_count == 0) {
        return TRUENO_OK;
    }
    out->block_bytes = (size_t)out->block_count * floats * 8;
    out->block_sums = (double *)tni_alloc(multi->memory, out->block_bytes);
    if (out->block_sums == NULL) {
        return tni_memory_fail(multi->memory, out->block_bytes, error);
    }
    multi->block_sums = out->block_sums;
    for (s = 0; s < multi->shape->slot_count; s++) {
        if (code->kinds[s] == TNI_GPU_KIND_SUM_F64) {
            out->slots[s].blocks = out->block_sums + out->block_count * place++;
        }
    }
    return TRUENO_OK;
}

static bool tni_gpu_multi_any(const tni_gpu_multi *multi) {
    uint32_t d;
    for (d = 0; d < multi->count; d++) {
        if (multi->parts[d].usable) {
            return true;
        }
    }
    return false;
}

/* Rounds, until nothing is left: the first does all unless a device fails. */
static trueno_status tni_gpu_multi_rounds(tni_gpu_multi *multi, const tni_gpu_parallel *parallel,
                                          tni_gpu_multi_report *reports, tni_error *error) {
    uint32_t *left = multi->numbers + (size_t)multi->morsels * (multi->count * 2);
    uint32_t count = multi->morsels, d;
    bool again = false;
    while (count > 0 && tni_gpu_multi_any(multi)) {
        tni_gpu_multi_deal(multi, again ? left : NULL, count, true);
        tni_gpu_multi_run(parallel, multi->count, tni_gpu_multi_task, multi);
        count = tni_gpu_multi_collect(multi, left, reports);
        again = true;
    }
    for (d = 0; d < multi->count && reports != NULL; d++) {
        reports[d].failed = !multi->parts[d].usable;
    }
    if (count == 0) {
        return TRUENO_OK;
    }
    d = 0;
    while (d + 1 < multi->count && multi->parts[d].status == TRUENO_OK) {
        d++;
    }
    return tni_fail(error, multi->parts[d].status, "%s", multi->parts[d].error.message);
}

/* Keys of MIN and MAX become values. */
static void tni_gpu_multi_finish(tni_gpu_multi *multi) {
    uint32_t s, d = 0;
    while (!multi->parts[d].usable && d + 1 < multi->count) {
        d++;
    }
    for (s = 0; s < multi->shape->slot_count; s++) {
        const tni_gpu_code *code = &multi->parts[d].code;
        if (code->kinds[s] == TNI_GPU_KIND_MIN || code->kinds[s] == TNI_GPU_KIND_MAX) {
            multi->out->slots[s].bits = tni_gpu_key_value((tni_physical)code->physical[s],
                                                          multi->out->slots[s].bits);
        }
    }
}

TNI_FN trueno_status tni_gpu_multi_scan(tni_gpu_device *const *devices, uint32_t count,
                                        const tni_gpu_shape *shape, const tni_gpu_table *table,
                                        const tni_gpu_parallel *parallel,
                                        tni_gpu_scan_result *out, tni_gpu_multi_report *reports,
                                        tni_error *error) {
    tni_gpu_multi *multi;
    tni_arena arena;
    trueno_status status;
    uint32_t d;
    memset(out, 0, sizeof *out);
    if (reports != NULL) {
        memset(reports, 0, count * sizeof *reports);
    }
    if (count == 0 || count > TNI_GPU_MULTI_DEVICES) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "a scan over no or too many GPUs");
    }
    tni_arena_init(&arena, devices[0]->memory);
    multi = (tni_gpu_multi *)tni_arena_alloc(&arena, sizeof *multi);
    if (multi == NULL || !tni_mutex_init(&multi->mutex)) {
        tni_arena_free(&arena);
        return tni_memory_fail(devices[0]->memory, sizeof *multi, error);
    }
    multi->shape = shape;
    multi->table = table;
    multi->out = out;
    multi->memory = devices[0]->memory;
    multi->count = count;
    multi->cut = UINT32_MAX;
    for (d = 0; d < count; d++) {
        multi->parts[d].multi = multi;
        multi->parts[d].device = devices[d];
    }
    status = tni_gpu_multi_emit(multi, &arena, error);
    if (status == TRUENO_OK) {
        status = tni_gpu_multi_room(multi, error);
    }
    if (status == TRUENO_OK) {
        status = tni_gpu_multi_rounds(multi, parallel, reports, error);
    }
    if (status == TRUENO_OK) {
        tni_gpu_multi_finish(multi);
    } else {
        tni_gpu_scan_free(devices[0], out);
    }
    tni_free(multi->memory, multi->numbers, multi->number_count * sizeof(uint32_t));
    tni_mutex_free(&multi->mutex);
    tni_arena_free(&arena);
    return status;
}


#endif
