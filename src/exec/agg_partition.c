/*
 * agg_partition.c - a worker's share of an aggregation: its table, and when it stops being one.
 *
 * A worker starts with its own table. When that holds 2^16 groups and has not met each of them
 * several times, more rows will not fold: it goes over to writing rows as tuples into 256
 * partitions by the hash's top bits (agg_tuple.c). When memory gets short, table and tuples go to
 * a file (agg_spill.c) and the worker starts anew. What it holds is brought together partition by
 * partition at the end (agg_build.c).
 */
#include "exec/aggregate.h"

#define TNI_AGG_HELD_LEAST (64u * 1024u)

/* ----------------------------------------------------------------------------- worker --- */

static bool tni_agg_worker_buffers(tni_agg *agg, tni_agg_worker *worker) {
    tni_memory *memory = agg->run->env->memory;
    size_t words = TNI_MAX(agg->word_count, 1u);
    uint32_t i;
    worker->words = (uint64_t *)tni_alloc_array(memory, words * TNI_VECTOR_ROWS, 8);
    worker->hashes = (uint64_t *)tni_alloc_array(memory, TNI_VECTOR_ROWS, 8);
    worker->codes = (uint64_t *)tni_alloc_array(memory, TNI_VECTOR_ROWS, 8);
    worker->groups = (uint32_t *)tni_alloc_zero(memory, TNI_VECTOR_ROWS * sizeof(uint32_t));
    worker->extra = agg->interned_count == 0
                        ? NULL
                        : (uint64_t *)tni_alloc_array(memory, TNI_VECTOR_ROWS, 8);
    worker->prepared = (tni_agg_prepared *)tni_alloc_zero(
        memory, TNI_MAX(agg->input_count, 1u) * sizeof *worker->prepared);
    if (worker->words == NULL || worker->hashes == NULL || worker->codes == NULL ||
        worker->groups == NULL || worker->prepared == NULL ||
        (agg->interned_count > 0 && worker->extra == NULL)) {
        return false;
    }
    for (i = 0; i < agg->input_count; i++) {
        worker->prepared[i].buffer = tni_alloc(memory, (size_t)TNI_VECTOR_ROWS * 16);
        worker->prepared[i].bits = (uint64_t *)tni_alloc(memory, TNI_VECTOR_WORDS * 8);
        if (worker->prepared[i].buffer == NULL || worker->prepared[i].bits == NULL) {
            return false;
        }
    }
    return true;
}

TNI_FN trueno_status tni_agg_worker_init(tni_agg *agg, tni_agg_worker *worker, bool table,
                                         tni_error *error) {
    tni_memory *memory = agg->run->env->memory;
    uint32_t k;
    tni_scratch_init(&worker->scratch, memory);
    tni_arena_init(&worker->tuples.heap, memory);
    worker->ready = true;
    if (!tni_agg_worker_buffers(agg, worker)) {
        return tni_memory_fail(memory, (size_t)TNI_VECTOR_ROWS * 16, error);
    }
    worker->caches = (tni_agg_string_cache *)tni_alloc_zero(
        memory, TNI_MAX(agg->key_count, 1u) * sizeof *worker->caches);
    worker->sums = (tni_block_sums *)tni_alloc_zero(
        memory, TNI_MAX(agg->accumulator_count, 1u) * sizeof *worker->sums);
    if (worker->caches == NULL || worker->sums == NULL) {
        return tni_memory_fail(memory, sizeof *worker->caches, error);
    }
    for (k = 0; k < agg->key_count; k++) {
        tni_interner_init(&worker->caches[k].shared, memory);
    }
    /* lists of collected values do not travel from table to table: partition at once */
    worker->partitioned = !agg->direct && agg->collect_count > 0;
    if (table) {
        uint32_t capacity = agg->direct ? (uint32_t)agg->domain : 1024;
        TNI_TRY(tni_agg_table_init(agg, &worker->table, capacity, error));
    }
    return TRUENO_OK;
}

TNI_FN void tni_agg_worker_free(tni_agg *agg, tni_agg_worker *worker) {
    tni_memory *memory = agg->run->env->memory;
    uint32_t i;
    if (!worker->ready) {
        return;
    }
    for (i = 0; worker->prepared != NULL && i < agg->input_count; i++) {
        tni_free(memory, worker->prepared[i].buffer, (size_t)TNI_VECTOR_ROWS * 16);
        tni_free(memory, worker->prepared[i].bits, TNI_VECTOR_WORDS * 8);
    }
    tni_free(memory, worker->prepared,
             TNI_MAX(agg->input_count, 1u) * sizeof *worker->prepared);
    for (i = 0; worker->sums != NULL && i < agg->accumulator_count; i++) {
        tni_free(memory, worker->sums[i].done,
                 worker->sums[i].capacity * sizeof *worker->sums[i].done);
    }
    tni_free(memory, worker->sums,
             TNI_MAX(agg->accumulator_count, 1u) * sizeof *worker->sums);
    for (i = 0; worker->translate != NULL && i < agg->key_count; i++) {
        tni_free(memory, worker->translate[i],
                 (size_t)worker->table.strings[i].count * sizeof(uint32_t));
    }
    tni_free(memory, (void *)worker->translate, agg->key_count * sizeof *worker->translate);
    tni_agg_caches_free(agg, worker);
    tni_agg_table_free(agg, &worker->table);
    tni_agg_tuples_free(agg, &worker->tuples);
    tni_agg_spill_free(worker->spill);
    tni_free(memory, worker->words,
             (size_t)TNI_MAX(agg->word_count, 1u) * TNI_VECTOR_ROWS * 8);
    tni_free(memory, worker->hashes, (size_t)TNI_VECTOR_ROWS * 8);
    tni_free(memory, worker->codes, (size_t)TNI_VECTOR_ROWS * 8);
    tni_free(memory, worker->groups, TNI_VECTOR_ROWS * sizeof(uint32_t));
    tni_free(memory, worker->extra, (size_t)TNI_VECTOR_ROWS * 8);
    tni_free(memory, worker->columns, (size_t)agg->tuple_words * TNI_VECTOR_ROWS * 8);
    tni_free(memory, worker->ordered, ((size_t)worker->ordered_count + 1) * 8);
    tni_scratch_free(&worker->scratch);
    memset(worker, 0, sizeof *worker);
}

TNI_FN size_t tni_agg_held(const tni_agg *agg, const tni_agg_worker *worker) {
    return tni_agg_table_bytes(agg, &worker->table) + worker->tuples.bytes +
           worker->tuples.heap.total;
}

TNI_FN trueno_status tni_agg_worker_reset(tni_agg *agg, tni_agg_worker *worker,
                                          tni_error *error) {
    tni_memory *memory = agg->run->env->memory;
    const tni_agg_table *table = &worker->table;
    uint32_t k;
    worker->partitioned = worker->partitioned ||
                          (!agg->lone && table->count > 0 && table->rows / table->count < 8);
    for (k = 0; k < agg->key_count; k++) { /* codes start anew */
        tni_agg_string_cache *cache = &worker->caches[k];
        tni_free(memory, cache->translated, cache->translated_capacity * sizeof(uint64_t));
        cache->translated = NULL;
        cache->translated_capacity = 0;
        cache->dictionary = 0;
    }
    tni_agg_tuples_free(agg, &worker->tuples);
    tni_agg_table_free(agg, &worker->table);
    return tni_agg_table_init(agg, &worker->table, 1024, error);
}

/* ---------------------------------------------------------------------------- consuming --- */

TNI_FN bool tni_agg_short(const tni_agg *agg, trueno_status status) {
    return agg->can_spill &&
           (status == TRUENO_ERROR_MEMORY_LIMIT || status == TRUENO_ERROR_MEMORY);
}

/* Is memory so short that this worker's part of it should go to a file? */
static bool tni_agg_pressed(const tni_agg *agg, const tni_agg_worker *worker) {
    const tni_memory *memory = agg->run->env->memory;
    int64_t eighth = (memory->limit - agg->used_before) / 8;
    uint64_t least = (uint64_t)eighth / (2 * (uint64_t)agg->worker_count);
    return agg->can_spill &&
           tni_atomic_load_i64(&memory->used) >
               agg->used_before + eighth * (agg->keeps_strings ? 4 : 5) &&
           tni_agg_held(agg, worker) >= TNI_MAX(least, (uint64_t)TNI_AGG_HELD_LEAST);
}

/* Keys are encoded, inputs prepared. *from: rows that are tuples already. */
static trueno_status tni_agg_consume_rows(tni_agg *agg, tni_agg_worker *worker,
                                          const tni_chunk *chunk, uint32_t feed, uint32_t *from,
                                          tni_error *error) {
    tni_agg_table *table = &worker->table;
    if (worker->partitioned) {
        return tni_agg_scatter(agg, worker, chunk, feed, from, error);
    }
    if (!agg->direct && !agg->lone) {
        TNI_TRY(tni_agg_table_find(agg, table, worker->words, TNI_VECTOR_ROWS, worker->hashes,
                                   chunk->rows, worker->groups, error));
    }
    worker->updating = true;
    TNI_TRY(tni_agg_update(agg, table, worker->prepared, worker->groups, chunk->rows,
                           chunk->order, chunk->first_row, chunk->positions, NULL, feed, error));
    worker->updating = false;
    table->rows += chunk->rows;
    if (!agg->direct && !agg->lone && table->count >= TNI_AGG_LOCAL_GROUPS &&
        (table->rows / table->count < 8 || table->count >= TNI_AGG_LOCAL_GROUPS * 8)) {
        worker->partitioned = true;
    }
    return TRUENO_OK;
}

static trueno_status tni_agg_out_of_room(const tni_agg *agg, tni_error *error) {
    const tni_env *env = agg->run->env;
    if (!agg->direct && env->no_spill && error->status == TRUENO_ERROR_MEMORY_LIMIT) {
        tni_error_clear(error);
        return tni_fail(error, TRUENO_ERROR_MEMORY_LIMIT,
                        "memory limit: GROUP BY does not fit memory_limit %lld, and temporary "
                        "files are turned off (no_spill)",
                        (long long)env->memory->limit);
    }
    return error->status;
}

TNI_FN trueno_status tni_agg_consume(tni_agg *agg, tni_agg_worker *worker, const tni_chunk *chunk,
                                     uint32_t feed, tni_error *error) {
    uint32_t from = 0, attempt;
    trueno_status status;
    if (tni_agg_pressed(agg, worker)) {
        TNI_TRY(tni_agg_spill_worker(agg, worker, error));
    }
    status = tni_agg_prepare(agg, worker, chunk, error);
    if (status != TRUENO_OK) {
        return tni_agg_out_of_room(agg, error);
    }
    for (attempt = 0;; attempt++) {
        uint64_t order = error->order;
        worker->updating = false;
        status = tni_agg_keys_encode(agg, worker, chunk, error);
        if (status == TRUENO_OK) {
            status = tni_agg_consume_rows(agg, worker, chunk, feed, &from, error);
        }
        if (status == TRUENO_OK) {
            return TRUENO_OK;
        }
        if (!tni_agg_short(agg, status) || worker->updating || attempt >= 2) {
            return tni_agg_out_of_room(agg, error);
        }
        tni_error_clear(error);
        error->order = order;
        TNI_TRY(tni_agg_spill_worker(agg, worker, error));
    }
}

#undef TNI_AGG_HELD_LEAST
