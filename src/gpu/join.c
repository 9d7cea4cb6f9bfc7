/*
 * join.c - the joins of join.h.
 *
 *   fill table -> build -> lookup -> prefix sums -> write            one batch, when the output
 *                                                                    fits what was expected
 *   compact -> sort -> heads -> prefix sums -> build -> lookup ...   when build keys repeat
 *
 * `found` is the id of each probe row's key (of a build row, or of a run), `counts` the rows of
 * output it makes, and their prefix sums the places where it writes. `state` is four words that
 * kernels raise flags in and add the number of output rows to; nothing is written when a flag is
 * up or the number passes 2^32.
 *
 * Uses: base/, gpu/kernel.h, gpu/primitives.h.
 */
#include "gpu/join.h"
#include "gpu/primitives_internal.h"

#include <stdio.h>

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_JOIN_GROUPS 8192u  /* workgroups that stride over rows */
#define TNI_GPU_JOIN_MOST (UINT64_C(1) << 30)
#define TNI_GPU_JOIN_STATE 16u
#define TNI_GPU_JOIN_FULL 2u       /* flags of kernels/join.glsl */
#define TNI_GPU_JOIN_REPEATED 1u
#define TNI_GPU_JOIN_LARGE (UINT64_C(512) << 20) /* a hashed table far beyond any cache */
#define TNI_GPU_JOIN_PART_ROWS 1024u /* build rows expected of a part; twice that is the most */
#define TNI_GPU_JOIN_PART_FULL 1600u /* expected of a part, with some room left */
#define TNI_GPU_JOIN_MOST_PART_BITS 20u

/* What every kernel of the join is pushed; see kernels/join.glsl. */
typedef struct tni_gpu_join_push {
    uint32_t rows, mask;
    uint64_t minimum, range;
} tni_gpu_join_push;

typedef struct tni_gpu_joining {
    tni_gpu_device *device;
    tni_gpu_join *join;
    tni_gpu_batch batch;
    tni_gpu_scratch scratch;
    bool runs;
    uint32_t build_rows;     /* keys that are sorted, or rows */
    uint64_t table_words;
    uint32_t mask;
    tni_gpu_slice table, state, found, counts, starts, order;
    tni_gpu_slice build_keys; /* the side's own, or sorted */
    uint64_t capacity, state_at;
    tni_error *error;
} tni_gpu_joining;

/* ---------------------------------------------------------------------------- kernels --- */

static uint32_t tni_gpu_join_width(const tni_gpu_joining *w) {
    return w->join->wide ? 8 : 4;
}

static trueno_status tni_gpu_join_dispatch(tni_gpu_joining *w, const char *name, bool by_width,
                                           const tni_gpu_slice *slices, uint32_t count,
                                           uint32_t kind, bool validity, uint32_t rows,
                                           uint32_t mask, uint32_t groups) {
    tni_gpu_join_push push;
    tni_gpu_kernel *kernel = NULL;
    tni_gpu_slice bound[TNI_GPU_BINDINGS];
    uint32_t constants[4], i;
    char full[40];
    constants[0] = w->join->used == TNI_GPU_JOIN_HASHED ? 1 : 0;
    constants[1] = w->runs ? 1 : 0;
    constants[2] = kind;
    constants[3] = validity ? 1 : 0;
    (void)snprintf(full, sizeof full, "%s%s", name, by_width && w->join->wide ? "_u64" : "");
    TNI_GPU_STEP(&w->batch, tni_gpu_primitive(&w->scratch, full, count, constants, 4, &kernel,
                                              w->error));
    for (i = 0; i < count; i++) { /* what a kernel never reads is still a descriptor */
        bound[i] = slices[i].range != NULL ? slices[i] : w->state;
    }
    memset(&push, 0, sizeof push);
    push.rows = rows;
    push.mask = mask;
    push.minimum = w->join->minimum;
    push.range = w->join->range;
    tni_gpu_batch_dispatch(&w->batch, kernel, bound, count, &push, sizeof push, groups);
    return w->batch.status;
}

static uint32_t tni_gpu_join_groups(uint64_t rows) {
    return (uint32_t)((rows + 255) / 256);
}

static uint32_t tni_gpu_join_strides(uint64_t rows) {
    return TNI_MIN(tni_gpu_join_groups(rows), TNI_GPU_JOIN_GROUPS);
}

static tni_gpu_slice tni_gpu_join_none(void) {
    tni_gpu_slice slice;
    memset(&slice, 0, sizeof slice);
    return slice;
}

static trueno_status tni_gpu_join_room(tni_gpu_joining *w, uint64_t count, uint32_t width,
                                       tni_gpu_slice *out) {
    return tni_gpu_scratch_take(&w->scratch, count * width, out, w->error);
}

/* ------------------------------------------------------------------- runs of equal keys --- */

/* Valid keys and their rows, close together; the number of them is known after a flush. */
static trueno_status tni_gpu_join_compact(tni_gpu_joining *w, tni_gpu_sort *sort) {
    const tni_gpu_join_side *side = &w->join->build;
    tni_gpu_slice slices[5];
    uint32_t groups = tni_gpu_join_groups(side->rows), last = 0, bits = 0;
    uint64_t at = 0, bits_at = 0;
    slices[0] = side->keys;
    slices[1] = side->validity;
    TNI_GPU_STEP(&w->batch, tni_gpu_join_room(w, side->rows, 4, &slices[2]));
    slices[3] = sort->keys[0];
    slices[4] = sort->payload[0];
    TNI_TRY(tni_gpu_join_dispatch(w, "join_compact", true, slices, 5, 0, true, side->rows, 0,
                                  groups));
    TNI_TRY(tni_gpu_prefix(&w->batch, &w->scratch, &slices[2], &slices[2], side->rows, false,
                           false));
    TNI_TRY(tni_gpu_join_dispatch(w, "join_compact", true, slices, 5, 1, true, side->rows, 0,
                                  groups));
    tni_gpu_batch_download(&w->batch, slices[2].range, (uint64_t)(side->rows - 1) * 4, 4, &at);
    tni_gpu_batch_download(&w->batch, side->validity.range,
                           side->validity.offset + (side->rows - 1) / 32 * 4, 4, &bits_at);
    TNI_TRY(tni_gpu_batch_flush(&w->batch));
    memcpy(&last, w->device->download.data + at, 4);
    memcpy(&bits, w->device->download.data + bits_at, 4);
    w->build_rows = last + (bits >> (side->rows - 1) % 32 & 1);
    return w->batch.status;
}

static trueno_status tni_gpu_join_sorted(tni_gpu_joining *w, tni_gpu_sort *sort) {
    const tni_gpu_join_side *side = &w->join->build;
    uint32_t i, width = tni_gpu_join_width(w);
    uint64_t at = 0;
    for (i = 0; i < 2; i++) {
        TNI_GPU_STEP(&w->batch, tni_gpu_join_room(w, side->rows, width, &sort->keys[i]));
        TNI_GPU_STEP(&w->batch, tni_gpu_join_room(w, side->rows, 4, &sort->payload[i]));
    }
    w->build_rows = side->rows;
    sort->wide = w->join->wide;
    sort->has_payload = true;
    sort->rows = side->validity.range == NULL;
    if (sort->rows) {
        tni_gpu_batch_copy(&w->batch, side->keys.range, side->keys.offset, sort->keys[0].range, 0,
                           (uint64_t)side->rows * width);
    } else {
        TNI_TRY(tni_gpu_join_compact(w, sort));
    }
    sort->count = w->build_rows;
    TNI_TRY(tni_gpu_varying(&w->batch, &w->scratch, &sort->keys[0], sort->count, sort->wide, &at));
    TNI_TRY(tni_gpu_batch_flush(&w->batch));
    sort->varying = tni_gpu_varying_bits(w->device, at);
    return tni_gpu_sort_record(&w->batch, &w->scratch, sort);
}

/* Build rows sorted by key, the run of each, and room for where runs start. */
static trueno_status tni_gpu_join_runs(tni_gpu_joining *w, tni_gpu_slice *run) {
    tni_gpu_sort sort;
    tni_gpu_slice slices[2];
    memset(&sort, 0, sizeof sort);
    TNI_TRY(tni_gpu_join_sorted(w, &sort));
    w->build_keys = sort.keys[sort.place];
    w->order = sort.payload[sort.place];
    TNI_GPU_STEP(&w->batch, tni_gpu_join_room(w, w->build_rows, 4, run));
    TNI_GPU_STEP(&w->batch, tni_gpu_join_room(w, (uint64_t)w->build_rows + 1, 4, &w->starts));
    slices[0] = w->build_keys;
    slices[1] = *run;
    TNI_TRY(tni_gpu_join_dispatch(w, "join_heads", true, slices, 2, 0, false, w->build_rows, 0,
                                  tni_gpu_join_groups(w->build_rows)));
    return tni_gpu_prefix(&w->batch, &w->scratch, run, run, w->build_rows, false, true);
}

/* ------------------------------------------------------------------- the table, and lookups --- */

static trueno_status tni_gpu_join_build(tni_gpu_joining *w) {
    const tni_gpu_join_side *side = &w->join->build;
    tni_gpu_slice slices[6], run = tni_gpu_join_none();
    bool validity = side->validity.range != NULL && !w->runs;
    if (w->runs) {
        TNI_TRY(tni_gpu_join_runs(w, &run));
    }
    tni_gpu_batch_fill(&w->batch, w->table.range, 0, w->table_words * 4, 0);
    slices[0] = w->build_keys;
    slices[1] = validity ? side->validity : tni_gpu_join_none();
    slices[2] = w->table;
    slices[3] = w->state;
    slices[4] = run;
    slices[5] = w->starts;
    return tni_gpu_join_dispatch(w, "join_build", true, slices, 6, (uint32_t)w->join->kind,
                                 validity, w->build_rows, w->mask,
                                 tni_gpu_join_strides(w->build_rows));
}

static trueno_status tni_gpu_join_lookup(tni_gpu_joining *w) {
    const tni_gpu_join_side *side = &w->join->probe;
    tni_gpu_slice slices[8];
    bool validity = side->validity.range != NULL;
    slices[0] = side->keys;
    slices[1] = side->validity;
    slices[2] = w->table;
    slices[3] = w->state;
    slices[4] = w->build_keys;
    slices[5] = w->starts;
    slices[6] = w->found;
    slices[7] = w->counts;
    return tni_gpu_join_dispatch(w, "join_lookup", true, slices, 8, (uint32_t)w->join->kind,
                                 validity, side->rows, w->mask, tni_gpu_join_strides(side->rows));
}

static bool tni_gpu_join_has_build(const tni_gpu_join *join) {
    return join->kind == TNI_GPU_JOIN_INNER || join->kind == TNI_GPU_JOIN_LEFT;
}

static trueno_status tni_gpu_join_write(tni_gpu_joining *w) {
    tni_gpu_join *join = w->join;
    tni_gpu_slice slices[7];
    memset(slices, 0, sizeof slices);
    slices[0] = w->found;
    slices[1] = w->counts;
    slices[2] = w->state;
    slices[3] = w->starts;
    slices[4] = w->order;
    slices[5].range = &join->probe_rows;
    slices[6].range = tni_gpu_join_has_build(join) ? &join->build_rows : NULL;
    return tni_gpu_join_dispatch(w, "join_write", false, slices, 7, (uint32_t)join->kind, false,
                                 join->probe.rows, (uint32_t)w->capacity,
                                 tni_gpu_join_groups(join->probe.rows));
}

/* ------------------------------------------------------------------------------- parts --- */

typedef struct tni_gpu_join_parts {
    tni_gpu_slice hashes, numbers, bounds;
} tni_gpu_join_parts;

/* A side's hashes and row numbers, sorted by the `bits` top bits of the hash, and where each part
 * begins. */
static trueno_status tni_gpu_join_cut(tni_gpu_joining *w, const tni_gpu_join_side *side,
                                      uint32_t bits, tni_gpu_join_parts *out) {
    tni_gpu_slice slices[4];
    tni_gpu_sort sort;
    tni_gpu_join_push push;
    tni_gpu_kernel *kernel = NULL;
    uint32_t i, parts = 1u << bits;
    memset(&sort, 0, sizeof sort);
    for (i = 0; i < 2; i++) {
        TNI_GPU_STEP(&w->batch, tni_gpu_join_room(w, side->rows, 4, &sort.keys[i]));
        TNI_GPU_STEP(&w->batch, tni_gpu_join_room(w, side->rows, 4, &sort.payload[i]));
    }
    TNI_GPU_STEP(&w->batch, tni_gpu_join_room(w, (uint64_t)parts + 1, 4, &out->bounds));
    slices[0] = side->keys;
    slices[1] = side->validity;
    slices[2] = sort.keys[0];
    slices[3] = sort.payload[0];
    TNI_TRY(tni_gpu_join_dispatch(w, "join_mix", true, slices, 4, 0, side->validity.range != NULL,
                                  side->rows, 0, tni_gpu_join_groups(side->rows)));
    sort.count = side->rows;
    sort.has_payload = true;
    sort.varying = (UINT64_C(1) << 32) - (UINT64_C(1) << (32 - bits));
    TNI_TRY(tni_gpu_sort_record(&w->batch, &w->scratch, &sort));
    out->hashes = sort.keys[sort.place];
    out->numbers = sort.payload[sort.place];
    TNI_GPU_STEP(&w->batch, tni_gpu_primitive(&w->scratch, "join_bounds", 2, NULL, 0, &kernel,
                                              w->error));
    memset(&push, 0, sizeof push);
    push.rows = side->rows;
    push.mask = 32 - bits;
    push.range = parts;
    slices[0] = out->hashes;
    slices[1] = out->bounds;
    tni_gpu_batch_dispatch(&w->batch, kernel, slices, 2, &push, sizeof push,
                           tni_gpu_join_groups((uint64_t)parts + 1));
    return w->batch.status;
}

static trueno_status tni_gpu_join_partitioned(tni_gpu_joining *w) {
    tni_gpu_join *join = w->join;
    tni_gpu_join_parts build, probe;
    tni_gpu_slice slices[11];
    uint64_t range = join->range;
    uint32_t bits = 1;
    trueno_status status;
    while (bits < TNI_GPU_JOIN_MOST_PART_BITS &&
           ((uint64_t)TNI_GPU_JOIN_PART_ROWS << bits) < join->build.rows) {
        bits++;
    }
    if (bits % 8 == 1 && join->build.rows >> (bits - 1) < TNI_GPU_JOIN_PART_FULL) {
        bits -= bits > 1 ? 1 : 0; /* one pass less of the sort */
    }
    TNI_TRY(tni_gpu_join_cut(w, &join->build, bits, &build));
    TNI_TRY(tni_gpu_join_cut(w, &join->probe, bits, &probe));
    slices[0] = build.hashes;
    slices[1] = build.numbers;
    slices[2] = build.bounds;
    slices[3] = w->state;
    slices[4] = probe.hashes;
    slices[5] = probe.numbers;
    slices[6] = probe.bounds;
    slices[7] = w->found;
    slices[8] = w->counts;
    slices[9] = join->build.keys;
    slices[10] = join->probe.keys;
    join->range = UINT64_C(1) << bits; /* what this kernel is pushed there */
    status = tni_gpu_join_dispatch(w, "join_part", true, slices, 11, (uint32_t)join->kind, false,
                                   join->probe.rows, 0, 1u << bits);
    join->range = range;
    return status;
}

/* ----------------------------------------------------------------------------- running --- */

static trueno_status tni_gpu_join_output(tni_gpu_joining *w, uint64_t rows) {
    tni_gpu_join *join = w->join;
    if (rows * 4 > w->device->info->storage_range) {
        return tni_fail(w->error, TRUENO_ERROR_UNSUPPORTED,
                        "a join of %lu rows, more than a buffer of the GPU %s holds",
                        (unsigned long)rows, w->device->info->name);
    }
    tni_gpu_give(w->device, &join->probe_rows);
    tni_gpu_give(w->device, &join->build_rows);
    w->capacity = rows;
    TNI_TRY(tni_gpu_take(w->device, TNI_MAX(rows, 4) * 4, &join->probe_rows, w->error));
    return tni_gpu_join_has_build(join)
               ? tni_gpu_take(w->device, TNI_MAX(rows, 4) * 4, &join->build_rows, w->error)
               : TRUENO_OK;
}

/* The dense table when the range is known and no larger than four times the rows, as it costs
 * least; the hashed one up to where caches help no more. */
static void tni_gpu_join_choose(tni_gpu_joining *w) {
    tni_gpu_join *join = w->join;
    uint64_t rows = TNI_MAX(join->build.rows, 1), slots = 1024;
    join->used = join->form;
    if (join->used == TNI_GPU_JOIN_AUTO) {
        join->used = join->range != 0 && join->range <= TNI_MAX(rows * 4, 65536)
                         ? TNI_GPU_JOIN_DENSE
                         : TNI_GPU_JOIN_HASHED;
    }
    while (slots < rows * 2) {
        slots *= 2;
    }
    if (join->used == TNI_GPU_JOIN_HASHED && join->form == TNI_GPU_JOIN_AUTO &&
        slots * 8 > TNI_GPU_JOIN_LARGE && !w->runs) {
        join->used = TNI_GPU_JOIN_PARTITIONED;
    }
    w->mask = (uint32_t)(slots - 1);
    w->table_words = join->used == TNI_GPU_JOIN_DENSE ? TNI_MAX(join->range, 4) : slots * 2;
}

static trueno_status tni_gpu_join_check(const tni_gpu_joining *w) {
    const tni_gpu_join *join = w->join;
    uint64_t range = w->device->info->storage_range;
    uint32_t width = tni_gpu_join_width(w);
    if (join->form == TNI_GPU_JOIN_DENSE && join->range == 0) {
        return tni_fail(w->error, TRUENO_ERROR_INTERNAL, "a dense join without a range of keys");
    }
    if (join->build.rows >= TNI_GPU_JOIN_MOST || join->probe.rows >= TNI_GPU_JOIN_MOST ||
        (uint64_t)join->build.rows * width > range || (uint64_t)join->probe.rows * width > range ||
        (join->used != TNI_GPU_JOIN_PARTITIONED &&
         (w->table_words > range / 4 || w->table_words > UINT32_MAX))) {
        return tni_fail(w->error, TRUENO_ERROR_UNSUPPORTED,
                        "a join of %lu and %lu rows, more than buffers of the GPU %s hold",
                        (unsigned long)join->build.rows, (unsigned long)join->probe.rows,
                        w->device->info->name);
    }
    return TRUENO_OK;
}

/* Record everything from the build side's keys to the output, and run it. */
static trueno_status tni_gpu_join_batch(tni_gpu_joining *w) {
    tni_gpu_join *join = w->join;
    tni_gpu_batch *batch = &w->batch;
    TNI_TRY(tni_gpu_download_reserve(w->device, 256, w->error));
    TNI_TRY(tni_gpu_batch_begin(w->device, batch, w->error));
    tni_gpu_batch_fill(batch, w->state.range, 0, TNI_GPU_JOIN_STATE, 0);
    if (join->used == TNI_GPU_JOIN_PARTITIONED) {
        TNI_TRY(tni_gpu_join_partitioned(w));
    } else {
        if (join->build.rows > 0) {
            TNI_TRY(tni_gpu_join_build(w));
        } else {
            tni_gpu_batch_fill(batch, w->table.range, 0, w->table_words * 4, 0);
        }
        TNI_TRY(tni_gpu_join_lookup(w));
    }
    TNI_TRY(tni_gpu_prefix(batch, &w->scratch, &w->counts, &w->counts, join->probe.rows, false,
                           false));
    TNI_TRY(tni_gpu_join_write(w));
    tni_gpu_batch_download(batch, w->state.range, 0, TNI_GPU_JOIN_STATE, &w->state_at);
    return tni_gpu_batch_run(batch, &join->compute_ms);
}

/* The output was larger than expected: write it again, where it fits. */
static trueno_status tni_gpu_join_again(tni_gpu_joining *w) {
    TNI_TRY(tni_gpu_join_output(w, w->join->count));
    TNI_TRY(tni_gpu_batch_begin(w->device, &w->batch, w->error));
    TNI_TRY(tni_gpu_join_write(w));
    return tni_gpu_batch_run(&w->batch, &w->join->compute_ms);
}

/* One attempt; `flags` says what stood in its way. */
static trueno_status tni_gpu_join_try(tni_gpu_joining *w, uint32_t *flags) {
    tni_gpu_join *join = w->join;
    uint64_t most = join->most != 0 ? TNI_MIN(join->most, TNI_GPU_JOIN_MOST) : TNI_GPU_JOIN_MOST;
    uint32_t state[4];
    *flags = 0;
    w->build_keys = join->build.keys;
    w->build_rows = join->build.rows;
    w->starts = w->order = tni_gpu_join_none();
    tni_gpu_join_choose(w);
    TNI_TRY(tni_gpu_join_check(w));
    if (join->used != TNI_GPU_JOIN_PARTITIONED) {
        TNI_TRY(tni_gpu_join_room(w, w->table_words, 4, &w->table));
    }
    TNI_TRY(tni_gpu_join_room(w, 4, 4, &w->state));
    TNI_TRY(tni_gpu_join_room(w, join->probe.rows, 4, &w->found));
    TNI_TRY(tni_gpu_join_room(w, join->probe.rows, 4, &w->counts));
    TNI_TRY(tni_gpu_join_output(w, TNI_MIN(join->probe.rows, most)));
    TNI_TRY(tni_gpu_join_batch(w));
    memcpy(state, w->device->download.data + w->state_at, sizeof state);
    *flags = state[0];
    if (*flags != 0) {
        return TRUENO_OK;
    }
    join->count = (uint64_t)state[3] << 32 | state[2];
    if (join->count > most) {
        return tni_fail(w->error, TRUENO_ERROR_MEMORY_LIMIT, "a join of %llu rows; %llu are taken",
                        (unsigned long long)join->count, (unsigned long long)most);
    }
    return join->count > w->capacity ? tni_gpu_join_again(w) : TRUENO_OK;
}

static trueno_status tni_gpu_join_attempt(tni_gpu_device *device, tni_gpu_join *join, bool runs,
                                          uint32_t *flags, tni_error *error) {
    tni_gpu_joining w;
    trueno_status status;
    memset(&w, 0, sizeof w);
    w.device = device;
    w.join = join;
    w.error = error;
    w.runs = join->runs = runs;
    tni_gpu_scratch_init(&w.scratch, device);
    status = tni_gpu_join_try(&w, flags);
    if (status != TRUENO_OK) {
        tni_gpu_batch_drop(&w.batch);
    }
    join->compile_ms += w.scratch.compile_ms;
    tni_gpu_scratch_free(&w.scratch);
    return status;
}

TNI_FN trueno_status tni_gpu_join_run(tni_gpu_device *device, tni_gpu_join *join,
                                      tni_error *error) {
    tni_gpu_join_form wanted = join->form;
    bool counts = tni_gpu_join_has_build(join);
    uint32_t flags = 0;
    trueno_status status;
    join->count = 0;
    join->compile_ms = join->compute_ms = 0;
    join->runs = false;
    join->used = TNI_GPU_JOIN_HASHED;
    memset(&join->probe_rows, 0, sizeof join->probe_rows);
    memset(&join->build_rows, 0, sizeof join->build_rows);
    if (join->probe.rows == 0) {
        return TRUENO_OK;
    }
    status = tni_gpu_join_attempt(device, join,
                                  join->repeated && counts && join->build.rows > 0, &flags, error);
    if (status == TRUENO_OK && flags != 0 && join->used == TNI_GPU_JOIN_PARTITIONED) {
        join->form = TNI_GPU_JOIN_HASHED; /* keys repeat, or one part is too large */
        status = tni_gpu_join_attempt(device, join, false, &flags, error);
    }
    if (status == TRUENO_OK && (flags & TNI_GPU_JOIN_REPEATED) != 0 &&
        (flags & TNI_GPU_JOIN_FULL) == 0) {
        status = tni_gpu_join_attempt(device, join, true, &flags, error);
    }
    join->form = wanted;
    if (status == TRUENO_OK && flags != 0) {
        status = tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                          "the keys of a join lie outside its table on the GPU %s",
                          device->info->name);
    }
    if (status != TRUENO_OK) {
        tni_gpu_join_free(device, join);
    }
    return status;
}

TNI_FN void tni_gpu_join_free(tni_gpu_device *device, tni_gpu_join *join) {
    tni_gpu_give(device, &join->probe_rows);
    tni_gpu_give(device, &join->build_rows);
    join->count = 0;
}

#undef TNI_GPU_JOIN_GROUPS
#undef TNI_GPU_JOIN_MOST
#undef TNI_GPU_JOIN_STATE
#undef TNI_GPU_JOIN_FULL
#undef TNI_GPU_JOIN_REPEATED
#undef TNI_GPU_JOIN_LARGE
#undef TNI_GPU_JOIN_PART_ROWS
#undef TNI_GPU_JOIN_PART_FULL
#undef TNI_GPU_JOIN_MOST_PART_BITS

#endif
