/*
 * multi_group.c - GROUP BY over several devices; see multi.h.
 *
 * Each device groups one stretch of the table, whole morsels of it, into arrays sorted by key
 * word. A merge of these lists gives each key once. Sums of integers and limbs of floats add,
 * bounds compare, so the answer is that of one device, bit for bit. A stretch whose device fails
 * is done by the next.
 *
 * Uses: base/, exec/aggregate.h (float sums), gpu/group.h.
 */
#include "gpu/multi_internal.h"
#include "base/int128.h"
#include "exec/aggregate.h"
#include "gpu/group_internal.h"

#if !defined(TRUENO_NO_VULKAN)

typedef struct tni_gpu_multi_stretch { /* of one device */
    tni_gpu_device *device;
    tni_gpu_group_code *code;   /* NULL: this device cannot */
    tni_gpu_table table;
    tni_gpu_group_result result;
    uint64_t next;              /* group, while merging */
    trueno_status status;
    tni_error error;
} tni_gpu_multi_stretch;

typedef struct tni_gpu_multi_grouping {
    const tni_gpu_group_shape *shape;
    const tni_gpu_table *table;
    tni_gpu_group_result *out;
    const tni_gpu_group_code *code; /* of some device: kinds are the same for all */
    uint32_t count;
    tni_gpu_multi_stretch parts[TNI_GPU_MULTI_DEVICES];
} tni_gpu_multi_grouping;

/* ---------------------------------------------------------------------------- stretches --- */

static trueno_status tni_gpu_multi_stretches(tni_gpu_multi_grouping *multi, tni_arena *arena,
                                             tni_error *error) {
    uint32_t cut = UINT32_MAX, each, d, c, first = 0, columns = multi->table->column_count;
    for (d = 0; d < multi->count; d++) {
        cut = TNI_MIN(cut, tni_gpu_morsel_cut(multi->parts[d].device,
                                              multi->shape->shape.columns,
                                              multi->shape->shape.column_count));
    }
    each = (multi->table->segment_count + cut - 1) / cut;
    each = (each + multi->count - 1) / multi->count * cut;
    for (d = 0; d < multi->count; d++) {
        tni_gpu_table *part = &multi->parts[d].table;
        const tni_segment *const **starts = (const tni_segment *const **)tni_arena_alloc(
            arena, TNI_MAX(columns, 1) * sizeof *starts);
        uint64_t before = (uint64_t)first * TNI_SEGMENT_ROWS;
        if (starts == NULL) {
            return tni_memory_fail(arena->memory, columns * sizeof *starts, error);
        }
        *part = *multi->table;
        for (c = 0; c < columns; c++) {
            starts[c] = multi->table->columns[c] + first;
        }
        part->columns = starts;
        part->first_segment = multi->table->first_segment + first;
        part->segment_count = TNI_MIN(each, multi->table->segment_count - first);
        part->rows = TNI_MIN((uint64_t)part->segment_count * TNI_SEGMENT_ROWS,
                             multi->table->rows - TNI_MIN(before, multi->table->rows));
        first += part->segment_count;
    }
    return TRUENO_OK;
}

static void tni_gpu_multi_group_one(tni_gpu_multi_grouping *multi, tni_gpu_multi_stretch *by,
                                    tni_gpu_multi_stretch *part) {
    tni_error_clear(&part->error);
    part->status = tni_gpu_group(by->device, multi->shape, by->code, &part->table, &part->result,
                                 &part->error);
}

static void tni_gpu_multi_group_task(void *context, uint32_t index) {
    tni_gpu_multi_grouping *multi = (tni_gpu_multi_grouping *)context;
    tni_gpu_multi_stretch *part = &multi->parts[index];
    if (part->code != NULL && (index == 0 || part->table.segment_count > 0)) {
        tni_gpu_multi_group_one(multi, part, part);
    }
}

/* Stretches whose device failed, or never could, go to those that can. */
static trueno_status tni_gpu_multi_group_mend(tni_gpu_multi_grouping *multi, tni_error *error) {
    uint32_t d, e;
    for (d = 0; d < multi->count; d++) {
        tni_gpu_multi_stretch *part = &multi->parts[d];
        for (e = 0; e < multi->count && part->status != TRUENO_OK; e++) {
            if (e != d && multi->parts[e].code != NULL && !multi->parts[e].device->lost) {
                tni_gpu_multi_group_one(multi, &multi->parts[e], part);
            }
        }
        if (part->status != TRUENO_OK) {
            return tni_fail(error, part->status, "%s", part->error.message);
        }
    }
    return TRUENO_OK;
}

/* -------------------------------------------------------------------------------- merge --- */

/* Is the value a below b? */
static bool tni_gpu_multi_below(tni_physical p, uint64_t a, uint64_t b) {
    uint32_t word;
    double x, y;
    float f;
    switch (p) {
    case TNI_PHYSICAL_F32:
        word = (uint32_t)a;
        memcpy(&f, &word, 4);
        x = (double)f;
        word = (uint32_t)b;
        memcpy(&f, &word, 4);
        return tni_float_key(x) < tni_float_key((double)f);
    case TNI_PHYSICAL_F64:
        memcpy(&x, &a, 8);
        memcpy(&y, &b, 8);
        return tni_float_key(x) < tni_float_key(y);
    case TNI_PHYSICAL_U8:
    case TNI_PHYSICAL_U16:
    case TNI_PHYSICAL_U32:
    case TNI_PHYSICAL_U64: return a < b;
    default: return (int64_t)a < (int64_t)b;
    }
}

static void tni_gpu_multi_add_float(tni_gpu_float_sum *to, const tni_gpu_float_sum *from) {
    tni_float_state a, b;
    memcpy(a.limbs, to->limbs, sizeof a.limbs);
    a.flags = to->flags;
    a.grid = to->grid;
    memcpy(b.limbs, from->limbs, sizeof b.limbs);
    b.flags = from->flags;
    b.grid = from->grid;
    tni_merge_float(&a, b);
    memcpy(to->limbs, a.limbs, sizeof a.limbs);
    to->flags = a.flags;
    to->grid = a.grid;
}

/* Group `from` of a part joins group `to` of the result, or begins it. */
static void tni_gpu_multi_group_add(const tni_gpu_multi_grouping *multi,
                                    const tni_gpu_multi_stretch *part, uint64_t from, uint64_t to,
                                    bool begins) {
    tni_gpu_group_result *out = multi->out;
    const tni_gpu_group_result *in = &part->result;
    uint32_t s;
    out->rows[to] = begins ? in->rows[from] : out->rows[to] + in->rows[from];
    for (s = 0; s < multi->shape->shape.slot_count; s++) {
        bool first = begins || out->counts[s][to] == 0;
        if (in->bits[s] != NULL && in->counts[s][from] > 0) {
            bool below = tni_gpu_multi_below((tni_physical)multi->code->code.physical[s],
                                             in->bits[s][from], out->bits[s][to]);
            bool least = multi->code->code.kinds[s] == TNI_GPU_KIND_MIN;
            out->bits[s][to] = first || below == least ? in->bits[s][from] : out->bits[s][to];
        } else if (in->bits[s] != NULL && begins) {
            out->bits[s][to] = in->bits[s][from];
        }
        if (in->sums[s] != NULL && begins) {
            out->sums[s][to] = in->sums[s][from];
        } else if (in->sums[s] != NULL) {
            (void)tni_i128_add(out->sums[s][to], in->sums[s][from], &out->sums[s][to]);
        }
        if (in->floats[s] != NULL && begins) {
            out->floats[s][to] = in->floats[s][from];
        } else if (in->floats[s] != NULL) {
            tni_gpu_multi_add_float(&out->floats[s][to], &in->floats[s][from]);
        }
        out->counts[s][to] =
            begins ? in->counts[s][from] : out->counts[s][to] + in->counts[s][from];
    }
}

/* Arrays for at most `groups`, of the kinds that `like` has. */
static trueno_status tni_gpu_multi_group_room(tni_gpu_multi_grouping *multi,
                                              const tni_gpu_group_result *like, uint64_t groups,
                                              tni_error *error) {
    tni_gpu_group_result *out = multi->out;
    size_t n = (size_t)TNI_MAX(groups, 1);
    uint32_t s;
    bool ok;
    out->keys = (uint64_t *)tni_arena_alloc(&out->memory, n * 8);
    out->rows = (uint64_t *)tni_arena_alloc(&out->memory, n * 8);
    ok = out->keys != NULL && out->rows != NULL;
    for (s = 0; s < multi->shape->shape.slot_count && ok; s++) {
        out->counts[s] = (uint64_t *)tni_arena_alloc(&out->memory, n * 8);
        ok = out->counts[s] != NULL;
        if (ok && like->bits[s] != NULL) {
            out->bits[s] = (uint64_t *)tni_arena_alloc(&out->memory, n * 8);
            ok = out->bits[s] != NULL;
        }
        if (ok && like->sums[s] != NULL) {
            out->sums[s] = (tni_i128 *)tni_arena_alloc(&out->memory, n * sizeof(tni_i128));
            ok = out->sums[s] != NULL;
        }
        if (ok && like->floats[s] != NULL) {
            out->floats[s] = (tni_gpu_float_sum *)tni_arena_alloc(
                &out->memory, n * sizeof(tni_gpu_float_sum));
            ok = out->floats[s] != NULL;
        }
    }
    return ok ? TRUENO_OK : tni_memory_fail(out->memory.memory, n * 8, error);
}

static void tni_gpu_multi_group_sum(tni_gpu_group_result *out, const tni_gpu_group_result *in) {
    out->overflowed = out->overflowed || in->overflowed;
    out->compile_ms = TNI_MAX(out->compile_ms, in->compile_ms);
    out->upload_ms = TNI_MAX(out->upload_ms, in->upload_ms);
    out->compute_ms = TNI_MAX(out->compute_ms, in->compute_ms);
    out->uploaded_bytes += in->uploaded_bytes;
    out->read_bytes += in->read_bytes;
    out->morsels += in->morsels;
    out->passes = TNI_MAX(out->passes, in->passes);
    out->form = in->form;
}

static trueno_status tni_gpu_multi_group_merge(tni_gpu_multi_grouping *multi, tni_error *error) {
    tni_gpu_group_result *out = multi->out;
    const tni_gpu_group_result *like = NULL;
    uint64_t groups = 0;
    uint32_t d;
    for (d = 0; d < multi->count; d++) {
        const tni_gpu_group_result *in = &multi->parts[d].result;
        if (multi->parts[d].table.segment_count > 0) {
            tni_gpu_multi_group_sum(out, in);
            groups += in->group_count;
            like = like == NULL || in->group_count > 0 ? in : like;
        }
    }
    if (like == NULL || out->overflowed) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_gpu_multi_group_room(multi, like, groups, error));
    for (;;) { /* the least key that is next in any part */
        uint64_t key = 0;
        bool any = false, begins = true;
        for (d = 0; d < multi->count; d++) {
            tni_gpu_multi_stretch *part = &multi->parts[d];
            if (part->next < part->result.group_count &&
                (!any || part->result.keys[part->next] < key)) {
                key = part->result.keys[part->next];
                any = true;
            }
        }
        if (!any) {
            return TRUENO_OK;
        }
        for (d = 0; d < multi->count; d++) {
            tni_gpu_multi_stretch *part = &multi->parts[d];
            if (part->next < part->result.group_count && part->result.keys[part->next] == key) {
                tni_gpu_multi_group_add(multi, part, part->next++, out->group_count, begins);
                begins = false;
            }
        }
        out->keys[out->group_count++] = key;
    }
}

/* --------------------------------------------------------------------------- the whole --- */

static trueno_status tni_gpu_multi_grouped(tni_gpu_multi_grouping *multi,
                                           const tni_gpu_parallel *parallel, tni_arena *arena,
                                           tni_error *error) {
    uint32_t d;
    for (d = 0; d < multi->count; d++) {
        tni_gpu_multi_stretch *part = &multi->parts[d];
        part->status = tni_gpu_group_emit(part->device->info, multi->shape, arena, &part->code,
                                          &part->error);
        if (part->status != TRUENO_OK) {
            part->code = NULL;
        } else {
            multi->code = part->code;
        }
    }
    TNI_TRY(tni_gpu_multi_stretches(multi, arena, error));
    for (d = 1; d < multi->count; d++) { /* the first is asked even when there is nothing */
        if (multi->parts[d].table.segment_count == 0) {
            multi->parts[d].status = TRUENO_OK;
        }
    }
    tni_gpu_multi_run(parallel, multi->count, tni_gpu_multi_group_task, multi);
    TNI_TRY(tni_gpu_multi_group_mend(multi, error));
    if (multi->count == 1 || multi->parts[1].table.segment_count == 0) {
        *multi->out = multi->parts[0].result;
        memset(&multi->parts[0].result, 0, sizeof multi->parts[0].result);
        return TRUENO_OK;
    }
    return tni_gpu_multi_group_merge(multi, error);
}

TNI_FN trueno_status tni_gpu_multi_group(tni_gpu_device *const *devices, uint32_t count,
                                         const tni_gpu_group_shape *shape,
                                         const tni_gpu_table *table,
                                         const tni_gpu_parallel *parallel,
                                         tni_gpu_group_result *out, tni_error *error) {
    tni_gpu_multi_grouping *multi;
    tni_arena arena;
    trueno_status status;
    uint32_t d;
    memset(out, 0, sizeof *out);
    if (count == 0 || count > TNI_GPU_MULTI_DEVICES) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "groups over no or too many GPUs");
    }
    tni_arena_init(&out->memory, devices[0]->memory);
    out->device = devices[0];
    tni_arena_init(&arena, devices[0]->memory);
    multi = (tni_gpu_multi_grouping *)tni_arena_alloc(&arena, sizeof *multi);
    if (multi == NULL) {
        return tni_memory_fail(devices[0]->memory, sizeof *multi, error);
    }
    multi->shape = shape;
    multi->table = table;
    multi->out = out;
    multi->count = count;
    for (d = 0; d < count; d++) {
        multi->parts[d].device = devices[d];
        tni_error_clear(&multi->parts[d].error);
    }
    status = tni_gpu_multi_grouped(multi, parallel, &arena, error);
    for (d = 0; d < count; d++) {
        tni_gpu_group_free(&multi->parts[d].result);
    }
    tni_arena_free(&arena);
    if (status != TRUENO_OK) {
        tni_gpu_group_free(out);
    }
    return status;
}

#endif
