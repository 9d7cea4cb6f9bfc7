/*
 * group.c - keys, forms and morsels of GROUP BY; see group.h and group_internal.h.
 *
 * One table of groups lives in device memory for the whole run: morsels add to it one after the
 * other. Float sums need to know the highest grid of a value before digits are added, so a survey
 * of the morsel comes first; where a later morsel goes higher, the sums so far move. A group far
 * below the highest value needs more positions than are kept: it says so at the end, and the run is
 * repeated with every position there is.
 *
 * Uses: base/, gpu/.
 */
#include "gpu/group_internal.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_GROUP_MOST_ROWS (UINT64_C(1) << 31) /* of a table: sums of 32-bit values fit 64 */
#define TNI_GPU_GROUP_MOST_CELLS (UINT64_C(1) << 22)
#define TNI_GPU_GROUP_SMALL 16384u   /* cells whose results come back with the morsel */
#define TNI_GPU_GROUP_SHARED 49152u  /* bytes of shared memory to use at most */
#define TNI_GPU_GROUP_LEAST_TABLE 1024u
#define TNI_GPU_GROUP_CACHED (UINT64_C(256) << 20) /* bytes of a table worth partitioning for */
#define TNI_GPU_GROUP_STRETCH (UINT64_C(1) << 20)  /* bytes of it a partition */

/* ------------------------------------------------------------------------------ emitting --- */

static bool tni_gpu_group_narrow(uint32_t physical) { /* 32 bits hold the value */
    return physical != TNI_PHYSICAL_I64 && physical != TNI_PHYSICAL_U64 &&
           physical != TNI_PHYSICAL_F64;
}

static bool tni_gpu_group_is_bound(uint32_t kind) {
    return kind == TNI_GPU_KIND_MIN || kind == TNI_GPU_KIND_MAX;
}

TNI_FN trueno_status tni_gpu_group_emit(const tni_gpu_info *info, const tni_gpu_group_shape *shape,
                                        tni_arena *arena, tni_gpu_group_code **out,
                                        tni_error *error) {
    tni_gpu_group_code *code = (tni_gpu_group_code *)tni_arena_alloc(arena, sizeof *code);
    tni_gpu_extras extras;
    uint32_t i;
    *out = NULL;
    if (code == NULL) {
        return tni_fail_memory(error, sizeof *code);
    }
    if (shape->key_count == 0 || shape->key_count > TNI_GPU_KEYS || shape->shape.values == NULL) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                        "the GPU groups by 1 to %u keys", (unsigned)TNI_GPU_KEYS);
    }
    TNI_TRY(tni_gpu_buffers_fit(info, TNI_GPU_GROUP_FINISH_BUFFERS, error));
    memset(&extras, 0, sizeof extras);
    code->wide = info->atomic_int64 && info->float64;
    extras.skeleton = code->wide ? "group_rows" : "group_rows_narrow";
    extras.skeleton_int = "group_rows_int";
    extras.beside = TNI_GPU_GROUP_BESIDE;
    extras.spare = true; /* for the tuples of the partitioned form */
    extras.count = shape->key_count;
    for (i = 0; i < shape->key_count; i++) {
        extras.outputs[i] = shape->keys[i].output;
    }
    TNI_TRY(tni_gpu_emit_into(info, &shape->shape, &extras, arena, &code->code, error));
    for (i = 0; i < shape->shape.slot_count; i++) {
        uint32_t kind = code->code.kinds[i];
        code->floats = code->floats || kind == TNI_GPU_KIND_SUM_F64;
        if (tni_gpu_group_is_bound(kind) && !code->wide &&
            !tni_gpu_group_narrow(code->code.physical[i])) {
            return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                            "the GPU has no 64-bit atomics for MIN and MAX of groups");
        }
    }
    *out = code;
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------------- keys --- */

/* The digits of the key word. `cells` is 0 when every word may come. */
static trueno_status tni_gpu_group_digits(const tni_gpu_group_shape *shape,
                                          tni_gpu_group_field *fields, uint64_t *cells,
                                          tni_error *error) {
    uint64_t total = 1;
    uint32_t i;
    for (i = shape->key_count; i-- > 0;) {
        const tni_gpu_group_key *key = &shape->keys[i];
        uint64_t codes = key->range + (key->nullable ? 1 : 0);
        memcpy(&fields[i].minimum, &key->minimum, 8);
        fields[i].range = key->range;
        fields[i].factor = total;
        if (key->range == 0 && shape->key_count == 1 && !key->nullable) {
            *cells = 0;
            return TRUENO_OK;
        }
        if (codes == 0 || key->range == 0 || total > UINT64_MAX / codes) {
            return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                            "the GPU does not group by keys of more than 64 bits together");
        }
        total *= codes;
    }
    *cells = total;
    return TRUENO_OK;
}

TNI_FN uint64_t tni_gpu_group_unpack(const tni_gpu_group_shape *shape, uint32_t key,
                                     uint64_t word, bool *is_null) {
    const tni_gpu_group_key *k = &shape->keys[key];
    uint32_t i;
    for (i = shape->key_count; i-- > key + 1;) {
        word /= shape->keys[i].range + (shape->keys[i].nullable ? 1 : 0);
    }
    if (key > 0) {
        word %= k->range + (k->nullable ? 1 : 0);
    }
    *is_null = k->nullable && word == k->range;
    return word;
}

/* ------------------------------------------------------------------------ a group's row --- */

static uint32_t tni_gpu_group_pairs(uint32_t kind, bool narrow, uint32_t positions) {
    switch (kind) {
    case TNI_GPU_KIND_SUM_SMALL:
    case TNI_GPU_KIND_SUM_I64:
    case TNI_GPU_KIND_SUM_U64: return 1;
    case TNI_GPU_KIND_MIN:
    case TNI_GPU_KIND_MAX: return narrow ? 0 : 1;
    case TNI_GPU_KIND_SUM_F64: return positions;
    default: return 0;
    }
}

static uint32_t tni_gpu_group_singles(uint32_t kind, bool narrow) {
    switch (kind) {
    case TNI_GPU_KIND_SUM_I64:
    case TNI_GPU_KIND_SUM_U64: return 1;
    case TNI_GPU_KIND_MIN:
    case TNI_GPU_KIND_MAX: return narrow ? 1 : 0;
    case TNI_GPU_KIND_SUM_F64: return 2;
    default: return 0;
    }
}

static uint32_t tni_gpu_group_units(uint32_t kind) {
    switch (kind) {
    case TNI_GPU_KIND_COUNT: return 0;
    case TNI_GPU_KIND_MIN:
    case TNI_GPU_KIND_MAX: return 1;
    case TNI_GPU_KIND_SUM_F64: return 4;
    default: return 2;
    }
}

static bool tni_gpu_group_signed(uint32_t p) { /* whose keys of MIN and MAX begin at 2^63 */
    return (p >= TNI_PHYSICAL_I8 && p <= TNI_PHYSICAL_I64) || p == TNI_PHYSICAL_F32 ||
           p == TNI_PHYSICAL_F64;
}

static uint32_t tni_gpu_group_tuple(uint32_t kind, bool narrow) { /* words of a value */
    return kind == TNI_GPU_KIND_COUNT ? 0 : kind == TNI_GPU_KIND_SUM_SMALL || narrow ? 1 : 2;
}

/* Rows keep to lines of 32 bytes where that does not waste much. */
static uint32_t tni_gpu_group_stride(uint32_t words) {
    uint32_t to = words <= 2 ? 2 : words <= 4 ? 4 : 8;
    return (words + to - 1) / to * to;
}

static void tni_gpu_group_lay(const tni_gpu_group_code *code, uint32_t slot_count,
                              uint32_t key_words, uint32_t positions, tni_gpu_group_row *row) {
    uint32_t at = key_words + 1, pairs, s;
    bool any_counted = false;
    memset(row, 0, sizeof *row);
    row->tuple = key_words > 1 ? 2 : 1;
    row->key_words = key_words;
    row->positions = positions;
    row->shared_words = 1;
    row->units = 2;
    for (s = 0; s < slot_count; s++) {
        uint32_t kind = code->code.kinds[s], p = code->code.physical[s];
        bool narrow = tni_gpu_group_is_bound(kind) && tni_gpu_group_narrow(p);
        bool counted = (code->code.never_null >> s & 1) == 0;
        uint32_t singles = tni_gpu_group_singles(kind, narrow);
        row->places[s] = counted ? at++ | 1u << 24 : key_words;
        row->places[s] |= at << 6 | (tni_gpu_group_signed(p) ? 1u << 25 : 0) |
                          (narrow ? 1u << 26 : 0);
        at += singles;
        any_counted = any_counted || counted;
        row->tuple += tni_gpu_group_tuple(kind, narrow);
        row->shared_words += (counted ? 1u : 0) + singles;
        row->units += (counted ? 1u : 0) + tni_gpu_group_units(kind);
        row->physicals |= (p & 15u) << (s * 4);
        if (!tni_gpu_group_is_bound(kind)) {
            row->shared_words += 2 * tni_gpu_group_pairs(kind, narrow, positions);
        }
    }
    row->tuple += any_counted ? 1 : 0;
    pairs = (at + 1) / 2;
    for (s = 0; s < slot_count; s++) {
        row->places[s] |= pairs << 12;
        pairs += tni_gpu_group_pairs(code->code.kinds[s], (row->places[s] >> 26 & 1) != 0,
                                     positions);
    }
    row->stride = tni_gpu_group_stride(pairs * 2);
}

/* ------------------------------------------------------------------------------- forms --- */

static uint64_t tni_gpu_group_table_most(const tni_gpu_group_run *run) { /* bytes */
    return TNI_MIN(run->device->info->storage_range, run->device->budget / 2);
}

static uint32_t tni_gpu_group_shared(const tni_gpu_group_run *run) { /* words */
    return TNI_MIN(run->device->info->shared_bytes, TNI_GPU_GROUP_SHARED) / 4;
}

/* Whether so many cells are worth a table by index: it is cleared and read back as a whole. */
static bool tni_gpu_group_full(const tni_gpu_group_run *run) {
    uint64_t rows = run->table->rows, groups = run->shape->groups_expected;
    uint64_t most = groups == 0 ? rows * 2 : TNI_MIN(groups, rows) * 8;
    return run->cells <= TNI_MAX(rows * 4, 65536) &&
           run->cells <= TNI_MAX(most, TNI_GPU_GROUP_MOST_CELLS);
}

static bool tni_gpu_group_fits(tni_gpu_group_run *run, tni_gpu_group_form form,
                               uint32_t positions) {
    uint64_t most = tni_gpu_group_table_most(run);
    bool forced = run->shape->form == form;
    if (run->cells == 0 || run->cells > UINT32_MAX ||
        (run->shape->form != TNI_GPU_GROUP_AUTO && !forced)) {
        return false;
    }
    tni_gpu_group_lay(run->code, run->shape->shape.slot_count, 0, positions, &run->row);
    if (run->cells > most / (run->row.stride * 4u)) {
        return false;
    }
    if (form == TNI_GPU_GROUP_DENSE) {
        return run->cells <= tni_gpu_group_shared(run) / run->row.shared_words;
    }
    return forced || tni_gpu_group_full(run);
}

/* The next power of two rows for so many groups. */
static uint64_t tni_gpu_group_capacity(uint64_t groups) {
    uint64_t rows = TNI_GPU_GROUP_LEAST_TABLE;
    while (rows < groups * 2) {
        rows *= 2;
    }
    return rows;
}

/* Whether rows go to the table partition by partition, and to which. */
static bool tni_gpu_group_partitioned(tni_gpu_group_run *run) {
    uint64_t bytes = run->table_rows * run->row.stride * 4, tuples, parts = 64;
    bool forced = run->shape->form == TNI_GPU_GROUP_PARTITIONED;
    tuples = run->table->rows * run->row.tuple * 4;
    if ((!forced && (run->shape->form != TNI_GPU_GROUP_AUTO || bytes < TNI_GPU_GROUP_CACHED)) ||
        tuples > tni_gpu_group_table_most(run) / 2 ||
        run->code->code.input_count == run->code->code.buffer_count) {
        return false;
    }
    while (parts < TNI_GPU_GROUP_PARTS && parts * TNI_GPU_GROUP_STRETCH < bytes) {
        parts *= 2;
    }
    run->shift = 0;
    while (run->table_rows >> run->shift > parts) {
        run->shift++;
    }
    return true;
}

static trueno_status tni_gpu_group_choose_hash(tni_gpu_group_run *run, uint32_t positions) {
    uint64_t groups = run->shape->groups_expected, most;
    uint32_t key_words = run->key_bits <= 31 ? 1 : run->key_bits <= 62 ? 2 : 3;
    tni_gpu_group_lay(run->code, run->shape->shape.slot_count, key_words, positions, &run->row);
    groups = groups == 0 ? UINT64_C(1) << 19 : groups;
    groups = TNI_MIN(groups, run->table->rows);
    groups = run->cells == 0 ? groups : TNI_MIN(groups, run->cells);
    most = tni_gpu_group_table_most(run) / (run->row.stride * 4u);
    run->table_rows = TNI_MAX(run->table_rows, tni_gpu_group_capacity(groups));
    while (run->table_rows > most && run->table_rows > TNI_GPU_GROUP_LEAST_TABLE) {
        run->table_rows /= 2;
    }
    if (run->table_rows > most) {
        return tni_fail(run->error, TRUENO_ERROR_MEMORY_LIMIT,
                        "a table of groups does not fit into the memory of %s",
                        run->device->info->name);
    }
    run->form = tni_gpu_group_partitioned(run) ? TNI_GPU_GROUP_PARTITIONED : TNI_GPU_GROUP_HASH;
    if (run->shape->form == TNI_GPU_GROUP_PARTITIONED && run->form == TNI_GPU_GROUP_HASH) {
        return tni_fail(run->error, TRUENO_ERROR_UNSUPPORTED,
                        "the rows are too many for that form");
    }
    return TRUENO_OK;
}

static trueno_status tni_gpu_group_choose(tni_gpu_group_run *run, uint32_t positions) {
    tni_gpu_group_form form = TNI_GPU_GROUP_DENSE;
    if (run->form >= TNI_GPU_GROUP_HASH) { /* again, larger */
        return tni_gpu_group_choose_hash(run, positions);
    }
    if (!tni_gpu_group_fits(run, form, positions)) {
        form = TNI_GPU_GROUP_DIRECT;
    }
    if (form == TNI_GPU_GROUP_DENSE || tni_gpu_group_fits(run, form, positions)) {
        run->form = form;
        run->table_rows = run->cells;
        run->small = run->cells <= TNI_GPU_GROUP_SMALL;
        return TRUENO_OK;
    }
    if (run->shape->form == TNI_GPU_GROUP_DENSE || run->shape->form == TNI_GPU_GROUP_DIRECT) {
        return tni_fail(run->error, TRUENO_ERROR_UNSUPPORTED,
                        "the keys are too many for that form");
    }
    run->small = false;
    return tni_gpu_group_choose_hash(run, positions);
}

/* ------------------------------------------------------------------------------ kernels --- */

TNI_FN void tni_gpu_group_constants(const tni_gpu_group_run *run, uint32_t form,
                                    tni_gpu_kernel_want *want) {
    uint32_t i;
    for (i = 0; i < TNI_GPU_SLOTS; i++) {
        want->constants[i] = run->code->code.kinds[i];
        want->constants[8 + i] = run->row.places[i];
    }
    want->constants[16] = form;
    want->constants[17] = run->row.stride;
    want->constants[18] = run->row.key_words;
    want->constants[19] = run->shape->key_count;
    for (i = 0; i < run->shape->key_count; i++) {
        want->constants[19] |= run->shape->keys[i].nullable ? 256u << i : 0;
    }
    want->constants[20] = run->row.positions;
}

/* Forms of kernels/group.glsl. */
enum {
    TNI_GPU_ROWS_DENSE, TNI_GPU_ROWS_DIRECT, TNI_GPU_ROWS_HASH, TNI_GPU_ROWS_SURVEY,
    TNI_GPU_ROWS_SPREAD, TNI_GPU_ROWS_SCATTER, TNI_GPU_ROWS_TUPLES
};

typedef struct tni_gpu_group_launch {
    tni_gpu_kernel *kernel;
    uint32_t groups; /* workgroups at most */
} tni_gpu_group_launch;

typedef struct tni_gpu_group_launches { /* of a pass */
    tni_gpu_group_launch rows, survey, spread, scatter;
} tni_gpu_group_launches;

/* Replicas keep threads off each other's words where groups are few; large tables in shared memory
 * go with few large workgroups, for each has to be merged. Sizes come in classes, so that one
 * kernel serves tables of many sizes. */
static void tni_gpu_group_dense(tni_gpu_group_run *run, tni_gpu_kernel_want *want,
                                uint32_t *groups) {
    uint32_t words = (uint32_t)run->cells * run->row.shared_words;
    run->shared_cells = (uint32_t)run->cells;
    while (run->replicas < 32 && words * run->replicas * 2 <= 4096) {
        run->replicas *= 2;
    }
    want->constants[21] = 4096;
    if (words > 4096) {
        want->constants[21] = words <= 8192 ? 8192 : tni_gpu_group_shared(run);
        want->constants[22] = TNI_MIN(run->device->info->group_threads, 1024);
        *groups = 264;
    }
}

/* Tables in device memory: room for the groups that come first, often the frequent ones. */
static void tni_gpu_group_front(tni_gpu_group_run *run, tni_gpu_kernel_want *want) {
    uint32_t words = run->row.shared_words + 1;
    run->shared_cells = 256;
    while (run->shared_cells > 32 && run->shared_cells * words > 4096) {
        run->shared_cells /= 2;
    }
    want->constants[21] = run->shared_cells * words > 4096 ? 1 : 4096;
}

static trueno_status tni_gpu_group_kernel(tni_gpu_group_run *run, uint32_t form,
                                          tni_gpu_group_launch *out) {
    tni_gpu_kernel_want want;
    memset(&want, 0, sizeof want);
    want.words = run->code->code.words;
    want.word_count = run->code->code.word_count;
    want.binding_count = 1 + TNI_GPU_GROUP_BESIDE;
    want.bindings[0] = run->code->code.buffer_count;
    want.bindings[1] = want.bindings[2] = 1;
    tni_gpu_group_constants(run, form, &want);
    want.constants[21] = 8;
    want.constants[22] = 256;
    want.constants[23] = want.bindings[0] - 1;
    want.constant_count = 24;
    out->groups = 1056;
    run->replicas = 1;
    if (form == TNI_GPU_ROWS_DENSE) {
        tni_gpu_group_dense(run, &want, &out->groups);
    } else if (form == TNI_GPU_ROWS_SPREAD || form == TNI_GPU_ROWS_SCATTER) {
        want.constants[21] = TNI_GPU_GROUP_PARTS;
    } else if (form != TNI_GPU_ROWS_SURVEY) {
        tni_gpu_group_front(run, &want);
    }
    return tni_gpu_scratch_kernel(&run->scratch, &want, &out->kernel, run->error);
}

/* The kernels of a pass; the one that fills the table last, for its shared memory is the run's. */
static trueno_status tni_gpu_group_kernels(tni_gpu_group_run *run, tni_gpu_group_launches *out) {
    static const uint32_t forms[] = {TNI_GPU_ROWS_DENSE, TNI_GPU_ROWS_DENSE, TNI_GPU_ROWS_DIRECT,
                                     TNI_GPU_ROWS_HASH, TNI_GPU_ROWS_TUPLES};
    memset(out, 0, sizeof *out);
    if (run->code->floats) {
        TNI_TRY(tni_gpu_group_kernel(run, TNI_GPU_ROWS_SURVEY, &out->survey));
    }
    if (run->form == TNI_GPU_GROUP_PARTITIONED) {
        TNI_TRY(tni_gpu_group_kernel(run, TNI_GPU_ROWS_SPREAD, &out->spread));
        TNI_TRY(tni_gpu_group_kernel(run, TNI_GPU_ROWS_SCATTER, &out->scatter));
    }
    return tni_gpu_group_kernel(run, forms[run->form], &out->rows);
}

/* Record one pass over `rows` rows in blocks of `block`; `into`: the kernel's table. */
static void tni_gpu_group_rows(tni_gpu_group_run *run, tni_gpu_batch *batch,
                               const tni_gpu_group_launch *launch, uint32_t rows, uint32_t block,
                               const tni_gpu_range *into) {
    const tni_gpu_code *code = &run->code->code;
    tni_gpu_slice slices[TNI_GPU_COLUMNS + 1 + TNI_GPU_GROUP_BESIDE];
    uint8_t push[TNI_GPU_PUSH_BYTES];
    uint32_t blocks = (rows + block - 1) / block, i;
    memset(push, 0, sizeof push);
    memset(slices, 0, sizeof slices);
    memcpy(push, &rows, 4);
    memcpy(push + 4, &blocks, 4);
    memcpy(push + 8, code->literals, sizeof code->literals);
    memcpy(slices, run->inputs.slices, code->input_count * sizeof *slices);
    for (i = code->input_count; i <= code->buffer_count; i++) {
        slices[i].range = &run->control; /* before it a buffer that the kernel never reads */
    }
    if (run->tuples.slab != NULL) {
        slices[code->buffer_count - 1].range = &run->tuples;
    }
    slices[i].range = into;
    tni_gpu_batch_dispatch(batch, launch->kernel, slices, i + 1, push, sizeof push,
                           TNI_MIN(blocks, launch->groups));
}

/* --------------------------------------------------------------------------------- runs --- */

static void tni_gpu_group_give(tni_gpu_group_run *run) {
    uint32_t i;
    tni_gpu_give(run->device, &run->control);
    tni_gpu_give(run->device, &run->rows);
    tni_gpu_give(run->device, &run->tuples);
    tni_gpu_give(run->device, &run->tiles);
    tni_gpu_give(run->device, &run->out);
    tni_gpu_scratch_free(&run->scratch);
    for (i = 0; i < 4; i++) {
        tni_gpu_give(run->device, &run->pairs[i]);
    }
}

/* Record what a morsel needs before its rows. */
static void tni_gpu_group_open(tni_gpu_group_run *run, tni_gpu_batch *batch, bool first,
                               const tni_gpu_group_launches *launches, uint32_t rows) {
    bool surveyed = run->code->floats && run->row.positions != TNI_GPU_GROUP_ALL_POSITIONS;
    bool filled = !first && run->form != TNI_GPU_GROUP_PARTITIONED;
    if (first) {
        tni_gpu_group_setup(run, batch);
        tni_gpu_batch_fill(batch, &run->rows, 0, run->table_rows * run->row.stride * 4, 0);
    }
    if (first && run->form == TNI_GPU_GROUP_PARTITIONED) {
        tni_gpu_batch_fill(batch, &run->control, TNI_GPU_CONTROL_PARTS * 4,
                           TNI_GPU_GROUP_PARTS * 4, 0);
    }
    if (surveyed && filled) {
        tni_gpu_batch_copy(batch, &run->control, TNI_GPU_CONTROL_GRIDS * 4, &run->control,
                           TNI_GPU_CONTROL_BASES * 4, TNI_GPU_SLOTS * 4);
    }
    if (surveyed) {
        tni_gpu_group_rows(run, batch, &launches->survey, rows, 4096, &run->control);
    }
    if (surveyed && filled) {
        tni_gpu_group_step(run, batch, TNI_GPU_GROUP_REBASE, 0,
                           (uint32_t)((run->table_rows + 255) / 256));
    }
}

static trueno_status tni_gpu_group_load(tni_gpu_group_run *run, uint32_t first,
                                        uint32_t segments) {
    int64_t start = tni_clock_nanoseconds();
    trueno_status status = tni_gpu_inputs_morsel(&run->inputs, first, segments);
    run->result->upload_ms += (double)(tni_clock_nanoseconds() - start) * 1e-6;
    return status;
}

/* Partitioned tables are read twice, but a single morsel is done with at once. */
enum { TNI_GPU_GROUP_FIRST_TIME = 1, TNI_GPU_GROUP_LAST_TIME = 2 };

static void tni_gpu_group_scatter(tni_gpu_group_run *run, tni_gpu_batch *batch,
                                  const tni_gpu_group_launches *launches, uint32_t rows,
                                  bool last) {
    tni_gpu_group_rows(run, batch, &launches->scatter, rows, 4096, &run->tuples);
    if (last) {
        tni_gpu_group_rows(run, batch, &launches->rows, (uint32_t)run->table->rows, 256,
                           &run->rows);
    }
}

static trueno_status tni_gpu_group_morsel(tni_gpu_group_run *run, uint32_t first,
                                          uint32_t segments, uint32_t times,
                                          const tni_gpu_group_launches *launches) {
    const tni_gpu_table *table = run->table;
    uint64_t end = TNI_MIN(table->rows, (uint64_t)(first + segments) * TNI_SEGMENT_ROWS);
    uint32_t rows = (uint32_t)(end - (uint64_t)first * TNI_SEGMENT_ROWS);
    bool last = first + segments == table->segment_count;
    bool partitioned = run->form == TNI_GPU_GROUP_PARTITIONED;
    tni_gpu_batch *batch = &run->batches[run->inputs.flight];
    tni_vk_handle uploaded = 0;
    TNI_TRY(tni_gpu_batch_begin(run->device, batch, run->error));
    if ((times & TNI_GPU_GROUP_FIRST_TIME) != 0) {
        tni_gpu_group_open(run, batch, first == 0, launches, rows);
        run->result->morsels++;
    }
    if (partitioned && (times & TNI_GPU_GROUP_FIRST_TIME) != 0) {
        tni_gpu_group_rows(run, batch, &launches->spread, rows, 4096, &run->control);
        if (last) {
            tni_gpu_group_step(run, batch, TNI_GPU_GROUP_PARTS_STEP, 0, 1);
        }
    }
    if (partitioned && (times & TNI_GPU_GROUP_LAST_TIME) != 0) {
        tni_gpu_group_scatter(run, batch, launches, rows, last);
    }
    if (!partitioned) {
        tni_gpu_group_rows(run, batch, &launches->rows, rows, 4096, &run->rows);
    }
    if (last && (times & TNI_GPU_GROUP_LAST_TIME) != 0) {
        tni_gpu_group_close(run, batch);
    }
    TNI_TRY(tni_gpu_upload_signal(run->device, &uploaded, run->error));
    return tni_gpu_batch_submit(batch, uploaded);
}

/* A morsel under way comes to its end. */
static trueno_status tni_gpu_group_land(tni_gpu_group_run *run, uint32_t flight) {
    trueno_status status = TRUENO_OK;
    if (run->batches[flight].state != TNI_GPU_BATCH_OVER) {
        status = tni_gpu_batch_wait(&run->batches[flight], &run->result->compute_ms);
    }
    tni_gpu_inputs_land(&run->inputs, flight);
    return status;
}

static trueno_status tni_gpu_group_land_all(tni_gpu_group_run *run) {
    uint32_t i;
    for (i = 1; i <= TNI_GPU_GROUP_FLIGHTS; i++) {
        TNI_TRY(tni_gpu_group_land(run, (run->inputs.flight + i) % TNI_GPU_GROUP_FLIGHTS));
    }
    return TRUENO_OK;
}

/* After a failure: nothing is under way any more. */
static void tni_gpu_group_abandon(tni_gpu_group_run *run) {
    uint32_t i;
    for (i = 0; i < TNI_GPU_GROUP_FLIGHTS; i++) {
        tni_gpu_batch_drop(&run->batches[i]);
    }
    (void)tni_gpu_upload_wait(run->device, NULL);
    tni_gpu_settle(run->device);
}

/* The morsels of the table, two under way at a time; halves when device memory is short. */
static trueno_status tni_gpu_group_walk(tni_gpu_group_run *run, uint32_t *cut, uint32_t times,
                                        const tni_gpu_group_launches *launches) {
    tni_gpu_inputs *inputs = &run->inputs;
    uint32_t first, segments;
    for (first = 0; first < run->table->segment_count; first += segments) {
        trueno_status status;
        inputs->flight = (inputs->flight + 1) % TNI_GPU_GROUP_FLIGHTS;
        TNI_TRY(tni_gpu_group_land(run, inputs->flight));
        segments = TNI_MIN(*cut, run->table->segment_count - first);
        status = tni_gpu_group_load(run, first, segments);
        if (status == TRUENO_ERROR_MEMORY_LIMIT && segments > 1 && !run->device->lost) {
            TNI_TRY(tni_gpu_group_land_all(run));
            *cut = segments / 2;
            segments = 0;
            if (run->error != NULL) {
                tni_error_clear(run->error);
            }
            continue;
        }
        TNI_TRY(status);
        TNI_TRY(tni_gpu_group_morsel(run, first, segments, times, launches));
    }
    return tni_gpu_group_land_all(run);
}

/* One pass over the table with the form chosen. */
static trueno_status tni_gpu_group_pass(tni_gpu_group_run *run) {
    const uint32_t once = TNI_GPU_GROUP_FIRST_TIME, again = TNI_GPU_GROUP_LAST_TIME;
    uint32_t cut = tni_gpu_morsel_cut(run->device, run->shape->shape.columns,
                                      run->shape->shape.column_count);
    bool twice = run->form == TNI_GPU_GROUP_PARTITIONED && run->table->segment_count > cut;
    tni_gpu_group_launches launches;
    TNI_TRY(tni_gpu_group_kernels(run, &launches));
    TNI_TRY(tni_gpu_take(run->device, TNI_GPU_CONTROL_WORDS * 4, &run->control, run->error));
    TNI_TRY(tni_gpu_take(run->device, run->table_rows * run->row.stride * 4, &run->rows,
                         run->error));
    if (run->form == TNI_GPU_GROUP_PARTITIONED) {
        TNI_TRY(tni_gpu_take(run->device, run->table->rows * run->row.tuple * 4, &run->tuples,
                             run->error));
    }
    TNI_TRY(tni_gpu_group_close_reserve(run));
    run->result->passes++;
    TNI_TRY(tni_gpu_group_walk(run, &cut, twice ? once : once | again, &launches));
    if (twice) {
        TNI_TRY(tni_gpu_group_walk(run, &cut, again, &launches));
    }
    tni_gpu_group_read_control(run);
    run->result->overflowed = run->words[TNI_GPU_CONTROL_ERROR] != 0;
    if (run->result->overflowed || run->words[TNI_GPU_CONTROL_FULL] != 0) {
        return TRUENO_OK;
    }
    return tni_gpu_group_collect(run);
}

/* Whether a larger table is to be tried. */
static bool tni_gpu_group_grow(tni_gpu_group_run *run) {
    uint64_t before = run->table_rows;
    run->table_rows *= 4;
    return tni_gpu_group_choose_hash(run, run->row.positions) == TRUENO_OK &&
           run->table_rows > before;
}

static trueno_status tni_gpu_group_passes(tni_gpu_group_run *run) {
    uint32_t positions = TNI_GPU_GROUP_POSITIONS;
    if (run->table->rows == 0) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_gpu_inputs_start(&run->inputs));
    TNI_TRY(tni_gpu_group_choose(run, positions));
    for (;;) {
        TNI_TRY(tni_gpu_group_pass(run));
        tni_gpu_group_give(run);
        if (run->result->overflowed) {
            return TRUENO_OK;
        }
        if (run->words[TNI_GPU_CONTROL_FULL] != 0) {
            if (!tni_gpu_group_grow(run)) {
                return tni_fail(run->error, TRUENO_ERROR_MEMORY_LIMIT,
                                "the groups do not fit into the memory of %s",
                                run->device->info->name);
            }
        } else if (run->words[TNI_GPU_CONTROL_LOST] != 0 &&
                   positions != TNI_GPU_GROUP_ALL_POSITIONS) {
            positions = TNI_GPU_GROUP_ALL_POSITIONS;
            TNI_TRY(tni_gpu_group_choose(run, positions));
        } else {
            return TRUENO_OK;
        }
    }
}

static uint32_t tni_gpu_group_bits(uint64_t cells) {
    uint64_t most = cells - 1; /* of 0: every bit */
    uint32_t bits = 0;
    while (bits < 64 && most >> bits != 0) {
        bits++;
    }
    return TNI_MAX(bits, 1);
}

/* What is known before anything happens. */
static trueno_status tni_gpu_group_begin(tni_gpu_group_run *run, tni_gpu_device *device,
                                         const tni_gpu_group_shape *shape,
                                         const tni_gpu_group_code *code, const tni_gpu_table *table,
                                         tni_error *error) {
    memset(run, 0, sizeof *run);
    run->device = run->inputs.device = device;
    run->shape = shape;
    run->code = code;
    run->table = run->inputs.table = table;
    run->error = run->inputs.error = error;
    run->inputs.shape = &shape->shape;
    run->inputs.code = &code->code;
    tni_gpu_scratch_init(&run->scratch, device);
    TNI_TRY(tni_gpu_group_digits(shape, run->fields, &run->cells, error));
    run->key_bits = tni_gpu_group_bits(run->cells);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_gpu_group_list(tni_gpu_device *device, const tni_gpu_group_shape *shape,
                                        const tni_gpu_group_code *code, const tni_gpu_table *table,
                                        tni_gpu_kernel_list *list, tni_error *error) {
    uint32_t cut = tni_gpu_morsel_cut(device, shape->shape.columns, shape->shape.column_count);
    tni_gpu_group_launches launches;
    tni_gpu_group_run run;
    tni_gpu_batch batch;
    TNI_TRY(tni_gpu_group_begin(&run, device, shape, code, table, error));
    run.scratch.list = list;
    TNI_TRY(tni_gpu_group_choose(&run, TNI_GPU_GROUP_POSITIONS));
    TNI_TRY(tni_gpu_group_kernels(&run, &launches));
    tni_gpu_batch_list(device, &batch, error);
    tni_gpu_group_step(&run, &batch, TNI_GPU_GROUP_SETUP, 0, 1);
    if (code->floats && table->segment_count > cut && run.form != TNI_GPU_GROUP_PARTITIONED) {
        tni_gpu_group_step(&run, &batch, TNI_GPU_GROUP_REBASE, 0, 1);
    }
    if (run.form == TNI_GPU_GROUP_PARTITIONED) {
        tni_gpu_group_step(&run, &batch, TNI_GPU_GROUP_PARTS_STEP, 0, 1);
    }
    tni_gpu_group_close(&run, &batch);
    if (!run.small) {
        tni_gpu_group_finish(&run, &batch, (uint32_t)TNI_MIN(table->rows, run.table_rows / 2));
        tni_gpu_group_finish(&run, &batch, 1); /* a filter may leave few */
    }
    return batch.status;
}

TNI_FN trueno_status tni_gpu_group(tni_gpu_device *device, const tni_gpu_group_shape *shape,
                                   const tni_gpu_group_code *code, const tni_gpu_table *table,
                                   tni_gpu_group_result *out, tni_error *error) {
    static const char *const names[] = {"", "dense", "direct", "hash", "partitioned"};
    tni_gpu_group_run run;
    trueno_status status;
    memset(out, 0, sizeof *out);
    tni_arena_init(&out->memory, device->memory);
    TNI_TRY(tni_gpu_group_begin(&run, device, shape, code, table, error));
    run.result = out;
    if (device->lost) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "the GPU %s was lost",
                        device->info->name);
    }
    if (table->rows >= TNI_GPU_GROUP_MOST_ROWS) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                        "the GPU does not group tables of more than %lu rows",
                        (unsigned long)(TNI_GPU_GROUP_MOST_ROWS - 1));
    }
    tni_mutex_lock(&device->mutex);
    status = tni_gpu_group_passes(&run);
    if (status != TRUENO_OK) {
        tni_gpu_group_abandon(&run);
    }
    tni_gpu_inputs_stop(&run.inputs);
    tni_gpu_group_give(&run);
    tni_mutex_unlock(&device->mutex);
    out->form = names[run.form];
    out->compile_ms = run.scratch.compile_ms;
    out->uploaded_bytes = run.inputs.uploaded_bytes;
    out->read_bytes = run.inputs.read_bytes;
    if (status != TRUENO_OK) {
        tni_gpu_group_free(out);
    }
    return status;
}

#undef TNI_GPU_GROUP_MOST_ROWS
#undef TNI_GPU_GROUP_MOST_CELLS
#undef TNI_GPU_GROUP_SMALL
#undef TNI_GPU_GROUP_SHARED
#undef TNI_GPU_GROUP_LEAST_TABLE
#undef TNI_GPU_GROUP_CACHED
#undef TNI_GPU_GROUP_STRETCH

#endif
