/*
 * sort.c - ORDER BY as a pipeline breaker: a sink that keeps rows, a driver that emits them.
 *
 * Workers append their rows to collections of their own; blocks carry the morsel's order, so the
 * merged collection is in input order whoever read what. Keys are looked at only then (sort.h),
 * the other columns only when rows are emitted. Where the input's own order is up to chance (it
 * comes from an aggregate) the remaining columns join the keys, ascending, NULLs last: the answer
 * never depends on the number of threads. A small LIMIT keeps its rows only (top_k.c); then two
 * columns behind the input's say where a row stood. Where memory gets short, a worker writes its
 * rows as a sorted run (spill.c) and goes on empty; the runs are merged while rows are emitted.
 *
 * Workers that are short of memory take turns, and one that has nothing left to give writes the
 * others' rows. Whoever touches a worker's rows holds its lock; the turn is taken before it, and no
 * other lock while it is held. May use: exec, column.
 */
#include "exec/spill.h"

#define TNI_SORT_BATCH_ROWS TNI_SEGMENT_ROWS /* rows a worker takes at once when emitting */
#define TNI_SORT_WALK_DEPTH 1000u
#define TNI_SORT_WORK_BYTES 48u   /* memory that sorting takes, per row */
#define TNI_SORT_WORKER_BYTES 32768u
#define TNI_SORT_SPILL_ROWS 1024u /* fewer rows are not worth a run */
#define TNI_SORT_TOP_ROWS 100000u /* most rows, offset included, that top-k is for */

typedef struct tni_sort_worker {
    tni_mutex lock;
    tni_collection *rows;        /* NULL: an error ended it */
    tni_scratch scratch;
    tni_spill_place place;       /* of the rows spilled so far */
} tni_sort_worker;

/* Shared by the sink and the driver; the last of them frees it. */
typedef struct tni_sort_state {
    tni_run *run;
    const tni_plan *plan;
    uint32_t owners;
    tni_sort_key *keys;
    uint32_t key_count, key_capacity;
    tni_type *types;             /* the input's columns, then two for positions */
    uint32_t column_count;       /* of the rows kept */
    bool positions;
    uint64_t top_count;          /* rows wanted, offset included */
    tni_top_k *top;              /* NULL: everything is kept */
    tni_sort_worker *workers;
    uint32_t worker_count, worker_capacity;
    tni_collection *merged;
    tni_sorter sorter;
    uint64_t first, rows;        /* what is emitted: entries [first, first + rows) */
    tni_spill *spill;            /* NULL: memory has no limit, or spilling is forbidden */
    tni_mutex turn;              /* with `spill`: of workers that are short of memory */
    bool spilled;                /* rows come from there */
    size_t row_bytes;
    tni_atomic_i64 kept;         /* rows in memory, of all workers */
    tni_atomic_i64 next_batch;
} tni_sort_state;

typedef struct tni_sort_sink {
    tni_operator base;
    tni_sort_state *state;
} tni_sort_sink;

typedef struct tni_sort_emit_worker {
    tni_scratch scratch;
    tni_vector *vectors;
} tni_sort_emit_worker;

typedef struct tni_sort_driver {
    tni_driver base;
    tni_sort_state *state;
    tni_sort_emit_worker *workers;
    uint32_t worker_count;
} tni_sort_driver;

/* ----------------------------------------------------------------------------- keys --- */

/* Whether rows of `plan` come in an order that depends on the number of threads. */
static bool tni_sort_input_unordered(const tni_plan *plan, uint32_t depth) {
    for (; plan != NULL && depth < TNI_SORT_WALK_DEPTH; plan = plan->input, depth++) {
        switch (plan->kind) {
        case TNI_PLAN_AGGREGATE: return true;
        case TNI_PLAN_FILTER:
        case TNI_PLAN_PROJECT:
        case TNI_PLAN_EXPAND:
        case TNI_PLAN_LIMIT: break;
        case TNI_PLAN_UNION_ALL:
            if (tni_sort_input_unordered(plan->second, depth + 1)) {
                return true;
            }
            break;
        default: return false;
        }
    }
    return false;
}

static tni_sort_key tni_sort_ascending(uint32_t column) {
    tni_sort_key key;
    key.column = column;
    key.descending = false;
    key.nulls_first = false;
    return key;
}

/* A column counts once as a key: its first place decides. */
static void tni_sort_add_key(tni_sort_state *state, bool *seen, tni_sort_key key) {
    if (!seen[key.column]) {
        seen[key.column] = true;
        state->keys[state->key_count++] = key;
    }
}

static trueno_status tni_sort_make_keys(tni_sort_state *state, tni_error *error) {
    const tni_plan *plan = state->plan;
    tni_memory *memory = state->run->env->memory;
    size_t most = (size_t)plan->column_count + 2;
    bool *seen = (bool *)tni_alloc_zero(memory, most);
    uint32_t i;
    state->key_capacity = (uint32_t)most;
    state->keys = (tni_sort_key *)tni_alloc_array(memory, most, sizeof *state->keys);
    state->types = (tni_type *)tni_alloc_array(memory, most, sizeof *state->types);
    if (seen == NULL || state->keys == NULL || state->types == NULL) {
        tni_free(memory, seen, most);
        return tni_memory_fail(memory, most * sizeof *state->keys, error);
    }
    memcpy(state->types, plan->types, plan->column_count * sizeof *state->types);
    state->types[plan->column_count] = tni_type_make(TRUENO_TYPE_UBIGINT);
    state->types[plan->column_count + 1] = tni_type_make(TRUENO_TYPE_UINTEGER);
    state->column_count = plan->column_count;
    for (i = 0; i < plan->sort_key_count; i++) {
        tni_sort_add_key(state, seen, plan->sort_keys[i]);
    }
    state->positions = !tni_sort_input_unordered(plan->input, 0);
    for (i = 0; !state->positions && i < plan->column_count; i++) {
        tni_sort_add_key(state, seen, tni_sort_ascending(i));
    }
    tni_free(memory, seen, most);
    return TRUENO_OK;
}

/* Rows where only the first few count, in a share of memory that lets them be. */
TNI_FN bool tni_sort_is_top(const tni_run *run, const tni_plan *plan) {
    const tni_env *env = run->env;
    uint64_t count = plan->limit + plan->offset, bytes = 16;
    uint32_t i;
    if (plan->limit > TNI_SORT_TOP_ROWS || plan->offset > TNI_SORT_TOP_ROWS ||
        count > TNI_SORT_TOP_ROWS) {
        return false;
    }
    for (i = 0; i < plan->column_count; i++) {
        bytes += tni_type_width(plan->types[i]);
    }
    if (count > 1000 && plan->input != NULL && plan->input->rows > 0 &&
        (double)count > plan->input->rows / 2) {
        return false;
    }
    return count * bytes * env->threads < (uint64_t)env->memory->limit / 16;
}

/* Keep the first rows only: where a row stood becomes its last keys. */
static trueno_status tni_sort_begin_top(tni_sort_state *state, uint32_t workers,
                                        tni_error *error) {
    uint32_t columns = state->plan->column_count;
    state->top_count = state->plan->limit + state->plan->offset;
    if (state->positions) {
        state->column_count = columns + 2;
        state->keys[state->key_count++] = tni_sort_ascending(columns);
        state->keys[state->key_count++] = tni_sort_ascending(columns + 1);
    }
    return tni_top_k_new(state->run, state->types, state->column_count, state->keys,
                         state->key_count, state->positions, TNI_MAX(state->top_count, 1u),
                         workers, &state->top, error);
}

/* ---------------------------------------------------------------------------- state --- */

static void tni_sort_state_free(tni_sort_state *state) {
    tni_memory *memory = state->run->env->memory;
    uint32_t i;
    if (--state->owners > 0) {
        return;
    }
    for (i = 0; i < state->worker_count; i++) {
        tni_collection_release(state->workers[i].rows);
        tni_scratch_free(&state->workers[i].scratch);
        tni_mutex_free(&state->workers[i].lock);
    }
    tni_free(memory, state->workers, state->worker_capacity * sizeof *state->workers);
    tni_top_k_free(state->top);
    if (state->spill != NULL) {
        tni_spill_free(state->spill);
        tni_mutex_free(&state->turn);
    }
    tni_sorter_free(&state->sorter);
    tni_collection_release(state->merged);
    tni_free(memory, state->keys, state->key_capacity * sizeof *state->keys);
    tni_free(memory, state->types, state->key_capacity * sizeof *state->types);
    tni_free(memory, state, sizeof *state);
}

/* ---------------------------------------------------------------------------- spill --- */

static trueno_status tni_sort_begin_spill(tni_sort_state *state, tni_error *error) {
    const tni_plan *plan = state->plan;
    const tni_env *env = state->run->env;
    tni_spill_plan spill;
    uint32_t i;
    for (i = 0; i < plan->column_count; i++) {
        state->row_bytes += tni_type_width(plan->types[i]);
    }
    if (env->no_spill || env->files == NULL || env->files->open == NULL ||
        env->memory->limit == INT64_MAX) {
        return TRUENO_OK;
    }
    memset(&spill, 0, sizeof spill);
    spill.run = state->run;
    spill.types = state->types;
    spill.column_count = plan->column_count;
    spill.keys = state->keys;
    spill.key_count = state->key_count;
    spill.most_rows =
        plan->limit > UINT64_MAX - plan->offset ? UINT64_MAX : plan->limit + plan->offset;
    if (!tni_mutex_init(&state->turn)) {
        return tni_fail(error, TRUENO_ERROR_MEMORY, "cannot create a mutex");
    }
    if (tni_spill_new(&spill, &state->spill, error) != TRUENO_OK) {
        tni_mutex_free(&state->turn);
    }
    return state->spill != NULL ? TRUENO_OK : error->status;
}

/* Would so many rows of `workers` workers each, and sorting all that is kept, still fit? An eighth
 * of the limit stays free for what strings take and for the query's other operators. */
static bool tni_sort_fits(tni_sort_state *state, uint64_t rows, uint32_t workers) {
    const tni_memory *memory = state->run->env->memory;
    uint64_t limit = (uint64_t)memory->limit;
    uint64_t used = (uint64_t)tni_atomic_load_i64(&memory->used);
    uint64_t kept = (uint64_t)tni_atomic_load_i64(&state->kept) + rows;
    uint64_t work = kept * TNI_SORT_WORK_BYTES + 2 * rows * state->row_bytes * workers + limit / 8 +
                    state->worker_count * TNI_SORT_WORKER_BYTES;
    return used < limit && work < limit - used;
}

/* Write a worker's rows as a run; it goes on with none. */
static trueno_status tni_sort_spill_worker(tni_sort_state *state, tni_sort_worker *worker,
                                           tni_error *error) {
    tni_memory *memory = state->run->env->memory;
    tni_collection *rows = worker->rows, *ordered;
    trueno_status status;
    worker->rows = NULL;
    tni_scratch_free(&worker->scratch);
    tni_atomic_add_i64(&state->kept, -(int64_t)rows->rows);
    status = tni_collection_new(memory, state->types, state->plan->column_count, &ordered, error);
    if (status != TRUENO_OK) {
        tni_collection_release(rows);
        return status;
    }
    status = tni_collection_merge(ordered, &rows, 1, error);
    if (status == TRUENO_OK) {
        tni_collection_seal(ordered);
        status = tni_spill_rows(state->spill, NULL, ordered, &worker->place, error);
    }
    tni_collection_release(ordered);
    TNI_TRY(status);
    return tni_collection_new(memory, state->types, state->plan->column_count, &worker->rows,
                              error);
}

/* The same under its lock, where it has at least `least` rows. */
static trueno_status tni_sort_spill_least(tni_sort_state *state, tni_sort_worker *worker,
                                          uint64_t least, tni_error *error) {
    trueno_status status = TRUENO_OK;
    tni_mutex_lock(&worker->lock);
    if (worker->rows != NULL && worker->rows->rows >= least) {
        status = tni_sort_spill_worker(state, worker, error);
    }
    tni_mutex_unlock(&worker->lock);
    return status;
}

/* Forget rows that a failed append has left behind: back to `rows` rows. The collection is only
 * read from then on. */
static void tni_sort_cut(tni_collection *collection, uint64_t rows) {
    size_t b;
    uint64_t left = rows;
    for (b = 0; b < collection->block_count; b++) {
        tni_block *block = collection->blocks[b];
        block->rows = (uint32_t)TNI_MIN(left, (uint64_t)block->rows);
        left -= block->rows;
    }
    collection->rows = rows;
}

/* Append a chunk or leave the rows as they were; those of a worker that an append has failed for
 * have to be spilled before the next. */
static trueno_status tni_sort_keep(tni_sort_state *state, tni_sort_worker *worker,
                                   const tni_chunk *chunk, tni_error *error) {
    trueno_status status = TRUENO_OK;
    uint64_t before;
    tni_mutex_lock(&worker->lock);
    if (worker->rows != NULL) { /* else writing them failed: who tried reports it, rows are moot */
        before = worker->rows->rows;
        tni_scratch_reset(&worker->scratch);
        status = tni_collection_append(worker->rows, state->run->env, chunk, &worker->scratch,
                                       error);
        if (status == TRUENO_OK) {
            tni_atomic_add_i64(&state->kept, (int64_t)chunk->active);
        } else {
            tni_sort_cut(worker->rows, before);
            tni_scratch_free(&worker->scratch);
        }
    }
    tni_mutex_unlock(&worker->lock);
    return status;
}

/* Either error: another worker may have given memory back before the cause was looked up. */
static bool tni_sort_short_of_memory(trueno_status status) {
    return status == TRUENO_ERROR_MEMORY_LIMIT || status == TRUENO_ERROR_MEMORY;
}

/* Append a chunk with the turn held: a worker's own rows make room for it, and when that is not
 * enough the others', each as soon as it is between two chunks. */
static trueno_status tni_sort_make_room(tni_sort_state *state, tni_sort_worker *worker,
                                        const tni_chunk *chunk, bool failed, tni_error *error) {
    tni_error failure;
    trueno_status status = TRUENO_ERROR_MEMORY;
    uint32_t i;
    if (!failed) {
        if (!tni_sort_fits(state, chunk->active, 1)) {
            TNI_TRY(tni_sort_spill_least(state, worker, TNI_SORT_SPILL_ROWS, error));
        }
        tni_error_clear(&failure);
        status = tni_sort_keep(state, worker, chunk, &failure);
    }
    for (i = 0; tni_sort_short_of_memory(status) && i <= state->worker_count; i++) {
        TNI_TRY(tni_sort_spill_least(state, worker, 0, error));
        if (i > 0 && &state->workers[i - 1] != worker) {
            TNI_TRY(tni_sort_spill_least(state, &state->workers[i - 1], 0, error));
        }
        tni_error_clear(&failure);
        status = tni_sort_keep(state, worker, chunk, &failure);
    }
    return status == TRUENO_OK ? TRUENO_OK : tni_fail(error, status, "%s", failure.message);
}

/* Append a chunk; when memory is short, or the limit forbids it, spill and try again. */
static trueno_status tni_sort_append(tni_sort_state *state, tni_sort_worker *worker,
                                     const tni_chunk *chunk, tni_error *error) {
    tni_error failure;
    trueno_status status = TRUENO_OK;
    bool fits = state->spill == NULL || tni_sort_fits(state, chunk->active, state->worker_count);
    tni_error_clear(&failure);
    if (fits) {
        status = tni_sort_keep(state, worker, chunk, &failure);
    }
    if (state->spill != NULL && (!fits || tni_sort_short_of_memory(status))) {
        tni_mutex_lock(&state->turn);
        status = tni_sort_make_room(state, worker, chunk, fits, error);
        tni_mutex_unlock(&state->turn);
        return status;
    }
    return status == TRUENO_OK ? TRUENO_OK : tni_fail(error, status, "%s", failure.message);
}

/* ----------------------------------------------------------------------------- sink --- */

static trueno_status tni_sort_begin(tni_operator *base, tni_pipeline *pipeline,
                                    tni_error *error) {
    tni_sort_state *state = ((tni_sort_sink *)base)->state;
    tni_memory *memory = state->run->env->memory;
    size_t size = pipeline->workers * sizeof *state->workers;
    uint32_t i;
    if (tni_sort_is_top(state->run, state->plan)) {
        return tni_sort_begin_top(state, pipeline->workers, error);
    }
    TNI_TRY(tni_sort_begin_spill(state, error));
    state->workers = (tni_sort_worker *)tni_alloc_zero(memory, size);
    if (state->workers == NULL) {
        return tni_memory_fail(memory, size, error);
    }
    state->worker_capacity = pipeline->workers;
    for (i = 0; i < pipeline->workers; i++) {
        if (!tni_mutex_init(&state->workers[i].lock)) {
            return tni_fail(error, TRUENO_ERROR_MEMORY, "cannot create a mutex");
        }
        state->worker_count++;
        tni_scratch_init(&state->workers[i].scratch, memory);
        TNI_TRY(tni_collection_new(memory, state->plan->types, state->plan->column_count,
                                   &state->workers[i].rows, error));
    }
    return TRUENO_OK;
}

static trueno_status tni_sort_push(tni_operator *base, uint32_t worker_index, tni_chunk *chunk,
                                   tni_error *error) {
    tni_sort_state *state = ((tni_sort_sink *)base)->state;
    tni_sort_worker *worker;
    tni_atomic_add_i64(&base->rows, (int64_t)chunk->active);
    if (state->top != NULL) {
        if (state->top_count == 0) {
            tni_atomic_store_i32(&base->pipeline->stopped, 1);
            return TRUENO_OK;
        }
        return tni_top_k_push(state->top, worker_index, chunk, error);
    }
    worker = &state->workers[worker_index];
    return tni_sort_append(state, worker, chunk, error);
}

/* Once something was spilled, the rest follows: every worker writes its own. */
static trueno_status tni_sort_flush(tni_operator *base, uint32_t worker_index, tni_error *error) {
    tni_sort_state *state = ((tni_sort_sink *)base)->state;
    trueno_status status;
    bool fits;
    if (state->spill == NULL || !tni_spill_any(state->spill)) {
        return TRUENO_OK;
    }
    fits = tni_sort_fits(state, 0, 1);
    if (!fits) {
        tni_mutex_lock(&state->turn);
    }
    status = tni_sort_spill_least(state, &state->workers[worker_index], 1, error);
    if (!fits) {
        tni_mutex_unlock(&state->turn);
    }
    return status;
}

/* All workers' rows in one collection, in input order. */
static trueno_status tni_sort_merge_workers(tni_sort_state *state, tni_error *error) {
    tni_memory *memory = state->run->env->memory;
    size_t size = state->worker_count * sizeof(tni_collection *);
    tni_collection **parts;
    trueno_status status;
    uint32_t i;
    TNI_TRY(tni_collection_new(memory, state->plan->types, state->plan->column_count,
                               &state->merged, error));
    parts = (tni_collection **)tni_alloc(memory, size);
    if (parts == NULL) {
        return tni_memory_fail(memory, size, error);
    }
    for (i = 0; i < state->worker_count; i++) {
        parts[i] = state->workers[i].rows;
        state->workers[i].rows = NULL;
    }
    status = tni_collection_merge(state->merged, parts, state->worker_count, error);
    tni_free(memory, parts, size);
    if (status == TRUENO_OK) {
        tni_collection_seal(state->merged);
    }
    return status;
}

/* Sort in memory. When that turns out not to fit, everything becomes a run or several. */
static trueno_status tni_sort_in_memory(tni_sort_state *state, tni_error *error) {
    tni_spill_place place;
    tni_error failure;
    trueno_status status;
    tni_error_clear(&failure);
    status = tni_sorter_run(&state->sorter, state->run->env, state->run->scheduler,
                            state->merged, state->keys, state->key_count, &failure);
    if (status == TRUENO_OK) {
        return TRUENO_OK;
    }
    if (!tni_sort_short_of_memory(status) || state->spill == NULL) {
        return tni_fail(error, status, "%s", failure.message);
    }
    memset(&place, 0, sizeof place);
    TNI_TRY(tni_spill_rows(state->spill, state->run->scheduler, state->merged, &place, error));
    tni_collection_release(state->merged);
    state->merged = NULL;
    state->spilled = true;
    return TRUENO_OK;
}

static trueno_status tni_sort_finish(tni_operator *base, tni_error *error) {
    tni_sort_state *state = ((tni_sort_sink *)base)->state;
    const tni_plan *plan = state->plan;
    uint32_t i;
    state->spilled = state->spill != NULL && tni_spill_any(state->spill);
    for (i = 0; state->spilled && i < state->worker_count; i++) {
        TNI_TRY(tni_sort_spill_least(state, &state->workers[i], 1, error));
        tni_collection_release(state->workers[i].rows);
        state->workers[i].rows = NULL;
    }
    if (!state->spilled) {
        TNI_TRY(state->top != NULL ? tni_top_k_take(state->top, &state->merged, error)
                                   : tni_sort_merge_workers(state, error));
        TNI_TRY(tni_sort_in_memory(state, error));
    }
    if (state->spilled) {
        return tni_spill_open(state->spill, error);
    }
    state->first = TNI_MIN(plan->offset, state->merged->rows);
    state->rows = TNI_MIN(plan->limit, state->merged->rows - state->first);
    return TRUENO_OK;
}

static void tni_sort_sink_free(tni_operator *base) {
    tni_sort_sink *sink = (tni_sort_sink *)base;
    tni_memory *memory = sink->state->run->env->memory;
    tni_sort_state_free(sink->state);
    tni_free(memory, sink, sizeof *sink);
}

/* --------------------------------------------------------------------------- driver --- */

static uint32_t tni_sort_parallelism(tni_driver *base) {
    uint64_t rows = ((tni_sort_driver *)base)->state->rows;
    return (uint32_t)TNI_MIN(rows / TNI_SORT_BATCH_ROWS + 1, (uint64_t)UINT32_MAX);
}

static trueno_status tni_sort_driver_begin(tni_driver *base, tni_pipeline *pipeline,
                                           tni_error *error) {
    tni_sort_driver *driver = (tni_sort_driver *)base;
    tni_memory *memory = driver->state->run->env->memory;
    size_t size = pipeline->workers * sizeof *driver->workers;
    uint32_t columns = TNI_MAX(driver->state->plan->column_count, 1u), i;
    driver->workers = (tni_sort_emit_worker *)tni_alloc_zero(memory, size);
    if (driver->workers == NULL) {
        return tni_memory_fail(memory, size, error);
    }
    driver->worker_count = pipeline->workers;
    for (i = 0; i < pipeline->workers; i++) {
        tni_scratch_init(&driver->workers[i].scratch, memory);
        driver->workers[i].vectors =
            (tni_vector *)tni_alloc_array(memory, columns, sizeof(tni_vector));
        if (driver->workers[i].vectors == NULL) {
            return tni_memory_fail(memory, columns * sizeof(tni_vector), error);
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_sort_emit(tni_sort_driver *driver, uint32_t worker_index,
                                   uint64_t batch, uint32_t first, uint32_t rows,
                                   tni_operator *next, tni_error *error) {
    tni_sort_state *state = driver->state;
    tni_sort_emit_worker *worker = &driver->workers[worker_index];
    uint64_t at = state->first + batch * TNI_SORT_BATCH_ROWS + first;
    tni_chunk chunk;
    memset(&chunk, 0, sizeof chunk);
    tni_scratch_reset(&worker->scratch);
    TNI_TRY(tni_sorter_gather(&state->sorter, state->sorter.entries + at, rows,
                              state->plan->column_count, &worker->scratch, worker->vectors,
                              error));
    chunk.rows = rows;
    chunk.active = rows;
    chunk.column_count = state->plan->column_count;
    chunk.columns = worker->vectors;
    chunk.order = batch;
    chunk.first_row = first;
    return tni_push(next, worker_index, &chunk, error);
}

/* Merge the runs as rows are asked for; one worker. */
static trueno_status tni_sort_emit_spilled(tni_sort_driver *driver, uint32_t worker_index,
                                           tni_operator *next, tni_error *error) {
    tni_sort_state *state = driver->state;
    tni_sort_emit_worker *worker = &driver->workers[worker_index];
    uint64_t skip = state->plan->offset, left = state->plan->limit, row = 0;
    while (left > 0 && tni_atomic_load_i32(&driver->base.pipeline->stopped) == 0) {
        uint32_t most = (uint32_t)TNI_MIN(skip > 0 ? skip : left, (uint64_t)TNI_VECTOR_ROWS);
        tni_chunk chunk;
        memset(&chunk, 0, sizeof chunk);
        tni_scratch_reset(&worker->scratch);
        TNI_TRY(tni_progress(state->run, worker_index, error));
        TNI_TRY(tni_spill_next(state->spill, most, &worker->scratch,
                               skip > 0 ? NULL : worker->vectors, &chunk.rows, error));
        if (chunk.rows == 0) {
            break;
        }
        if (skip > 0) {
            skip -= chunk.rows;
            continue;
        }
        chunk.active = chunk.rows;
        chunk.column_count = state->plan->column_count;
        chunk.columns = worker->vectors;
        chunk.order = row / TNI_SORT_BATCH_ROWS;
        chunk.first_row = (uint32_t)(row % TNI_SORT_BATCH_ROWS);
        TNI_TRY(tni_push(next, worker_index, &chunk, error));
        row += chunk.rows;
        left -= chunk.rows;
        tni_atomic_add_i64(&driver->base.rows_in, (int64_t)chunk.rows);
    }
    return TRUENO_OK;
}

static trueno_status tni_sort_drive(tni_driver *base, uint32_t worker, tni_operator *next,
                                    tni_error *error) {
    tni_sort_driver *driver = (tni_sort_driver *)base;
    tni_sort_state *state = driver->state;
    if (state->spilled) {
        return tni_sort_emit_spilled(driver, worker, next, error);
    }
    while (tni_atomic_load_i32(&base->pipeline->stopped) == 0) {
        uint64_t batch = (uint64_t)tni_atomic_add_i64(&state->next_batch, 1);
        uint64_t at = batch * TNI_SORT_BATCH_ROWS;
        uint32_t rows, first;
        if (at >= state->rows) {
            break;
        }
        TNI_TRY(tni_progress(state->run, worker, error));
        rows = (uint32_t)TNI_MIN(state->rows - at, (uint64_t)TNI_SORT_BATCH_ROWS);
        for (first = 0; first < rows; first += TNI_VECTOR_ROWS) {
            uint32_t part = TNI_MIN(rows - first, TNI_VECTOR_ROWS);
            trueno_status status = tni_sort_emit(driver, worker, batch, first, part, next, error);
            if (status != TRUENO_OK) {
                error->order = batch;
                return status;
            }
        }
        tni_atomic_add_i64(&base->rows_in, (int64_t)rows);
    }
    return TRUENO_OK;
}

static void tni_sort_driver_free(tni_driver *base) {
    tni_sort_driver *driver = (tni_sort_driver *)base;
    tni_memory *memory = driver->state->run->env->memory;
    uint32_t columns = TNI_MAX(driver->state->plan->column_count, 1u), i;
    for (i = 0; i < driver->worker_count; i++) {
        tni_scratch_free(&driver->workers[i].scratch);
        tni_free(memory, driver->workers[i].vectors, columns * sizeof(tni_vector));
    }
    tni_free(memory, driver->workers, driver->worker_count * sizeof *driver->workers);
    tni_sort_state_free(driver->state);
    tni_free(memory, driver, sizeof *driver);
}

/* --------------------------------------------------------------------------- making --- */

static const tni_operator_ops tni_sort_sink_ops = {
    "sort", tni_sort_begin, tni_sort_push, tni_sort_flush, tni_sort_finish, tni_sort_sink_free,
};
static const tni_driver_ops tni_sort_driver_ops = {
    "sorted rows", tni_sort_parallelism, tni_sort_driver_begin, tni_sort_drive,
    tni_sort_driver_free,
};

TNI_FN trueno_status tni_sort_new(tni_run *run, const tni_plan *plan, tni_operator **out_sink,
                                  tni_driver **out_driver, tni_error *error) {
    tni_memory *memory = run->env->memory;
    tni_sort_state *state = (tni_sort_state *)tni_alloc_zero(memory, sizeof *state);
    tni_sort_sink *sink = (tni_sort_sink *)tni_alloc_zero(memory, sizeof *sink);
    tni_sort_driver *driver = (tni_sort_driver *)tni_alloc_zero(memory, sizeof *driver);
    trueno_status status;
    *out_sink = NULL;
    *out_driver = NULL;
    if (state == NULL || sink == NULL || driver == NULL) {
        tni_free(memory, state, sizeof *state);
        tni_free(memory, sink, sizeof *sink);
        tni_free(memory, driver, sizeof *driver);
        return tni_memory_fail(memory, sizeof *state, error);
    }
    state->run = run;
    state->plan = plan;
    state->owners = 2;
    sink->base.ops = &tni_sort_sink_ops;
    sink->base.plan = plan;
    sink->state = state;
    driver->base.ops = &tni_sort_driver_ops;
    driver->base.plan = plan;
    driver->state = state;
    status = tni_sort_make_keys(state, error);
    if (status != TRUENO_OK) {
        sink->base.ops->free(&sink->base);
        driver->base.ops->free(&driver->base);
        return status;
    }
    *out_sink = &sink->base;
    *out_driver = &driver->base;
    return TRUENO_OK;
}

/* ----------------------------------------------------------- for the scan below --- */

TNI_FN tni_top_k *tni_sort_top(const tni_operator *sink) {
    const tni_sort_state *state =
        sink->ops == &tni_sort_sink_ops ? ((const tni_sort_sink *)sink)->state : NULL;
    return state != NULL && state->top_count > 0 ? state->top : NULL;
}

static int tni_row_place_compare(const tni_row_place *a, const tni_row_place *b) {
    if (a->order != b->order) {
        return a->order < b->order ? -1 : 1;
    }
    return a->row < b->row ? -1 : a->row > b->row;
}

/* Heap sort: a few rows, no recursion, no worst case. */
static void tni_row_place_sort(tni_row_place *places, uint64_t count) {
    uint64_t start = count / 2, end = count, root, child;
    while (end > 1) {
        tni_row_place moving;
        if (start > 0) {
            moving = places[--start];
        } else {
            moving = places[--end];
            places[end] = places[0];
        }
        for (root = start; (child = root * 2 + 1) < end; root = child) {
            child += child + 1 < end &&
                     tni_row_place_compare(&places[child], &places[child + 1]) < 0;
            if (tni_row_place_compare(&moving, &places[child]) >= 0) {
                break;
            }
            places[root] = places[child];
        }
        places[root] = moving;
    }
}

TNI_FN trueno_status tni_sort_places(const tni_operator *sink, tni_row_place **out, uint64_t *count,
                                     tni_error *error) {
    const tni_sort_state *state = ((const tni_sort_sink *)sink)->state;
    tni_memory *memory = state->run->env->memory;
    uint32_t columns = state->plan->column_count;
    uint64_t rows = TNI_MIN(state->top_count, state->merged->rows), i;
    TNI_ASSERT(state->top != NULL && state->positions);
    *out = (tni_row_place *)tni_alloc_array(memory, (size_t)TNI_MAX(rows, 1u), sizeof **out);
    *count = rows;
    if (*out == NULL) {
        return tni_memory_fail(memory, (size_t)rows * sizeof **out, error);
    }
    for (i = 0; i < rows; i++) {
        uint64_t row = state->sorter.entries[i].row;
        const tni_block *block = state->merged->blocks[row >> TNI_SORT_BLOCK_BITS];
        uint64_t offset = row & TNI_SORT_OFFSET_MASK;
        (*out)[i].order = ((const uint64_t *)block->data[columns])[offset];
        (*out)[i].row = ((const uint32_t *)block->data[columns + 1])[offset];
    }
    tni_row_place_sort(*out, rows);
    return TRUENO_OK;
}

#undef TNI_SORT_BATCH_ROWS
#undef TNI_SORT_WALK_DEPTH
#undef TNI_SORT_WORK_BYTES
#undef TNI_SORT_WORKER_BYTES
#undef TNI_SORT_SPILL_ROWS
#undef TNI_SORT_TOP_ROWS
