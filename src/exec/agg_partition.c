/*
 * agg_partition.c - a worker's share of an aggregation, partition tuples, and the final merge.
 *
 * A worker starts with its own table. When that holds 2^16 groups and has not met each of them
 * several times, more rows will not fold: it goes over to writing rows as tuples into 64
 * partitions by the hash's top bits. Finishing takes one partition after the other, on all
 * workers: the local groups of that partition and its tuples go into one table that fits the
 * cache.
 *
 *   tuple: [key words][feed, validity bits][inputs by class][order, row]
 */
#include "exec/aggregate.h"

#define TNI_AGG_SHIFT 58

/* ----------------------------------------------------------------------------- worker --- */

static bool tni_agg_worker_buffers(tni_agg *agg, tni_agg_worker *worker) {
    tni_memory *memory = agg->run->env->memory;
    size_t words = TNI_MAX(agg->word_count, 1u);
    uint32_t i;
    worker->words = (uint64_t *)tni_alloc_array(memory, words * TNI_VECTOR_ROWS, 8);
    worker->hashes = (uint64_t *)tni_alloc_array(memory, TNI_VECTOR_ROWS, 8);
    worker->codes = (uint64_t *)tni_alloc_array(memory, TNI_VECTOR_ROWS, 8);
    worker->groups = (uint32_t *)tni_alloc_zero(memory, TNI_VECTOR_ROWS * sizeof(uint32_t));
    worker->prepared = (tni_agg_prepared *)tni_alloc_zero(
        memory, TNI_MAX(agg->input_count, 1u) * sizeof *worker->prepared);
    if (worker->words == NULL || worker->hashes == NULL || worker->codes == NULL ||
        worker->groups == NULL || worker->prepared == NULL) {
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
    tni_arena_init(&worker->tuple_heap, memory);
    worker->ready = true;
    if (!tni_agg_worker_buffers(agg, worker)) {
        return tni_memory_fail(memory, (size_t)TNI_VECTOR_ROWS * 16, error);
    }
    worker->strings = (tni_agg_string_cache *)tni_alloc_zero(
        memory, TNI_MAX(agg->key_count, 1u) * sizeof *worker->strings);
    worker->sums = (tni_block_sums *)tni_alloc_zero(
        memory, TNI_MAX(agg->accumulator_count, 1u) * sizeof *worker->sums);
    if (worker->strings == NULL || worker->sums == NULL) {
        return tni_memory_fail(memory, sizeof *worker->strings, error);
    }
    for (k = 0; k < agg->key_count; k++) {
        tni_interner_init(&worker->strings[k].local, memory);
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
    for (i = 0; i < TNI_AGG_PARTITIONS; i++) {
        while (worker->blocks[i] != NULL) {
            tni_agg_block *block = worker->blocks[i];
            worker->blocks[i] = block->next;
            tni_free(memory, block->tuples,
                     (size_t)block->capacity * agg->tuple_words * sizeof(uint64_t));
            tni_free(memory, block, sizeof *block);
        }
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
    tni_agg_strings_free(agg, worker);
    tni_agg_table_free(agg, &worker->table);
    tni_free(memory, worker->words,
             (size_t)TNI_MAX(agg->word_count, 1u) * TNI_VECTOR_ROWS * 8);
    tni_free(memory, worker->hashes, (size_t)TNI_VECTOR_ROWS * 8);
    tni_free(memory, worker->codes, (size_t)TNI_VECTOR_ROWS * 8);
    tni_free(memory, worker->groups, TNI_VECTOR_ROWS * sizeof(uint32_t));
    tni_free(memory, worker->by_partition,
             (size_t)worker->partition_starts[TNI_AGG_PARTITIONS] * sizeof(uint32_t));
    tni_scratch_free(&worker->scratch);
    tni_arena_free(&worker->tuple_heap);
    memset(worker, 0, sizeof *worker);
}

/* ----------------------------------------------------------------------------- tuples --- */

static trueno_status tni_agg_block_for(tni_agg *agg, tni_agg_worker *worker, uint32_t partition,
                                       tni_agg_block **out, tni_error *error) {
    tni_memory *memory = agg->run->env->memory;
    tni_agg_block *block = worker->blocks[partition];
    uint32_t capacity;
    if (block != NULL && block->used < block->capacity) {
        *out = block;
        return TRUENO_OK;
    }
    capacity = TNI_AGG_BLOCK_BYTES / (agg->tuple_words * 8u);
    capacity = TNI_MAX(capacity, 16u);
    block = (tni_agg_block *)tni_alloc_zero(memory, sizeof *block);
    if (block == NULL) {
        return tni_memory_fail(memory, sizeof *block, error);
    }
    block->tuples = (uint64_t *)tni_alloc_array(memory, (size_t)capacity * agg->tuple_words, 8);
    if (block->tuples == NULL) {
        tni_free(memory, block, sizeof *block);
        return tni_memory_fail(memory, (size_t)capacity * agg->tuple_words * 8, error);
    }
    block->capacity = capacity;
    block->next = worker->blocks[partition];
    worker->blocks[partition] = block;
    *out = block;
    return TRUENO_OK;
}

/* Copy input values of one row into a tuple; long strings move to the tuple heap. */
static bool tni_agg_tuple_inputs(tni_agg *agg, tni_agg_worker *worker, uint32_t row,
                                 uint64_t *tuple) {
    uint64_t *flags = tuple + agg->word_count;
    uint32_t i;
    for (i = 0; i < agg->input_count; i++) {
        const tni_agg_input *input = &agg->inputs[i];
        const tni_agg_prepared *p = &worker->prepared[i];
        if (p->validity == NULL || tni_bit_get(p->validity, row)) {
            flags[1 + (i >> 6)] |= UINT64_C(1) << (i & 63);
        } else {
            continue;
        }
        if (!input->needs_data) {
            continue;
        }
        if (tni_agg_class_width(input->class_id) == 8) {
            memcpy(tuple + input->word, (const uint64_t *)p->data + row, 8);
        } else {
            memcpy(tuple + input->word, (const uint8_t *)p->data + (size_t)row * 16, 16);
            if (input->class_id == TNI_CLASS_STRING) {
                tni_string s;
                memcpy(&s, tuple + input->word, sizeof s);
                if (s.length > TNI_STRING_INLINE) {
                    void *bytes = tni_arena_bytes(&worker->tuple_heap, s.length);
                    if (bytes == NULL) {
                        return false;
                    }
                    memcpy(bytes, s.tail.pointer, s.length);
                    s.tail.pointer = (const uint8_t *)bytes;
                    memcpy(tuple + input->word, &s, sizeof s);
                }
            }
        }
    }
    return true;
}

static trueno_status tni_agg_scatter(tni_agg *agg, tni_agg_worker *worker, const tni_chunk *chunk,
                                     uint32_t feed, tni_error *error) {
    uint32_t i, w;
    for (i = 0; i < chunk->rows; i++) {
        tni_agg_block *block = NULL;
        uint64_t *tuple;
        TNI_TRY(tni_agg_block_for(agg, worker, (uint32_t)(worker->hashes[i] >> TNI_AGG_SHIFT),
                                  &block, error));
        tuple = block->tuples + (size_t)block->used * agg->tuple_words;
        for (w = 0; w < agg->word_count; w++) {
            tuple[w] = worker->words[(size_t)w * TNI_VECTOR_ROWS + i];
        }
        memset(tuple + agg->word_count, 0, agg->flag_words * sizeof *tuple);
        tuple[agg->word_count] = feed;
        if (!tni_agg_tuple_inputs(agg, worker, i, tuple)) {
            return tni_memory_fail(agg->run->env->memory, 64, error);
        }
        if (agg->row_words > 0) {
            tuple[agg->row_words] = chunk->order;
            tuple[agg->row_words + 1] =
                chunk->first_row + (chunk->positions != NULL ? chunk->positions[i] : i);
        }
        block->used++;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_agg_consume(tni_agg *agg, tni_agg_worker *worker, const tni_chunk *chunk,
                                     uint32_t feed, tni_error *error) {
    tni_agg_table *table = &worker->table;
    if (worker->partitioned) {
        return tni_agg_scatter(agg, worker, chunk, feed, error);
    }
    if (!agg->direct) {
        TNI_TRY(tni_agg_table_find(agg, table, worker->words, TNI_VECTOR_ROWS, worker->hashes,
                                   chunk->rows, worker->groups, error));
    }
    TNI_TRY(tni_agg_update(agg, table, worker->prepared, worker->groups, chunk->rows,
                           chunk->order, chunk->first_row, chunk->positions, NULL, feed, error));
    table->rows += chunk->rows;
    if (!agg->direct && table->count >= TNI_AGG_LOCAL_GROUPS &&
        (table->rows / table->count < 8 || table->count >= TNI_AGG_LOCAL_GROUPS * 8)) {
        worker->partitioned = true;
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------ reading tuples --- */

/* `count` tuples of one feed as word columns and prepared inputs of the scratch worker. */
static void tni_agg_unpack(tni_agg *agg, tni_agg_worker *scratch, const uint64_t *tuples,
                           uint32_t count, uint64_t *row_pairs) {
    uint32_t i, w;
    for (w = 0; w < agg->word_count; w++) {
        uint64_t *words = scratch->words + (size_t)w * TNI_VECTOR_ROWS;
        for (i = 0; i < count; i++) {
            words[i] = tuples[(size_t)i * agg->tuple_words + w];
        }
    }
    for (w = 0; w < agg->input_count; w++) {
        const tni_agg_input *input = &agg->inputs[w];
        tni_agg_prepared *p = &scratch->prepared[w];
        uint32_t flag = agg->word_count + 1 + (w >> 6);
        bool all = true;
        memset(p->bits, 0, TNI_VECTOR_WORDS * 8);
        for (i = 0; i < count; i++) {
            bool valid = (tuples[(size_t)i * agg->tuple_words + flag] >> (w & 63)) & 1;
            p->bits[i >> 6] |= (uint64_t)valid << (i & 63);
            all = all && valid;
        }
        p->validity = all && !input->is_filter ? NULL : p->bits;
        p->data = p->buffer;
        if (!input->needs_data) {
            continue;
        }
        if (tni_agg_class_width(input->class_id) == 8) {
            for (i = 0; i < count; i++) {
                ((uint64_t *)p->buffer)[i] = tuples[(size_t)i * agg->tuple_words + input->word];
            }
        } else {
            for (i = 0; i < count; i++) {
                memcpy((uint8_t *)p->buffer + (size_t)i * 16,
                       &tuples[(size_t)i * agg->tuple_words + input->word], 16);
            }
        }
    }
    for (i = 0; agg->row_words > 0 && i < count; i++) {
        memcpy(&row_pairs[2 * (size_t)i], &tuples[(size_t)i * agg->tuple_words + agg->row_words],
               16);
    }
}

static void tni_agg_rehash(tni_agg *agg, tni_agg_worker *scratch, uint32_t rows) {
    const tni_kernels *kernels = agg->run->env->kernels;
    uint32_t w;
    kernels->hash_u64(scratch->words, rows, scratch->hashes);
    for (w = 1; w < agg->word_count; w++) {
        kernels->hash_mix(scratch->words + (size_t)w * TNI_VECTOR_ROWS, rows, scratch->hashes);
    }
}

static trueno_status tni_agg_take_tuples(tni_agg *agg, tni_agg_worker *scratch,
                                         tni_agg_table *table, const tni_agg_block *block,
                                         uint64_t *row_pairs, tni_error *error) {
    uint32_t at = 0;
    while (at < block->used) {
        const uint64_t *tuples = block->tuples + (size_t)at * agg->tuple_words;
        uint64_t feed = tuples[agg->word_count];
        uint32_t count = 1, most = TNI_MIN(block->used - at, TNI_VECTOR_ROWS);
        while (count < most &&
               tuples[(size_t)count * agg->tuple_words + agg->word_count] == feed) {
            count++;
        }
        tni_agg_unpack(agg, scratch, tuples, count, row_pairs);
        tni_agg_rehash(agg, scratch, count);
        TNI_TRY(tni_agg_table_find(agg, table, scratch->words, TNI_VECTOR_ROWS, scratch->hashes,
                                   count, scratch->groups, error));
        TNI_TRY(tni_agg_update(agg, table, scratch->prepared, scratch->groups, count, 0, 0, NULL,
                               row_pairs, (uint32_t)feed, error));
        at += count;
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------ merging tables --- */

/* Add groups `which[0..count)` of `from` to `into`. */
static trueno_status tni_agg_take_groups(tni_agg *agg, tni_agg_worker *scratch,
                                         tni_agg_table *into, const tni_agg_table *from,
                                         const uint32_t *which, uint32_t count,
                                         tni_error *error) {
    uint32_t at;
    for (at = 0; at < count; at += TNI_VECTOR_ROWS) {
        uint32_t batch = TNI_MIN(count - at, TNI_VECTOR_ROWS), i, w;
        for (i = 0; i < batch; i++) {
            const uint64_t *key = from->keys + (size_t)which[at + i] * agg->word_count;
            for (w = 0; w < agg->word_count; w++) {
                scratch->words[(size_t)w * TNI_VECTOR_ROWS + i] = key[w];
            }
            scratch->hashes[i] = from->hashes[which[at + i]];
        }
        TNI_TRY(tni_agg_table_find(agg, into, scratch->words, TNI_VECTOR_ROWS, scratch->hashes,
                                   batch, scratch->groups, error));
        TNI_TRY(tni_agg_merge(agg, into, from, which + at, scratch->groups, batch, error));
    }
    return TRUENO_OK;
}

/* Order a worker's group numbers by partition. */
static trueno_status tni_agg_bucket(tni_agg *agg, tni_agg_worker *worker, tni_error *error) {
    const tni_agg_table *table = &worker->table;
    uint32_t next[TNI_AGG_PARTITIONS];
    uint32_t counts[TNI_AGG_PARTITIONS + 1];
    uint32_t g, p;
    memset(counts, 0, sizeof counts);
    for (g = 0; g < table->count; g++) {
        counts[table->hashes[g] >> TNI_AGG_SHIFT]++;
    }
    worker->by_partition = (uint32_t *)tni_alloc_array(agg->run->env->memory,
                                                       TNI_MAX(table->count, 1u), 4);
    if (worker->by_partition == NULL) {
        return tni_memory_fail(agg->run->env->memory, (size_t)table->count * 4, error);
    }
    worker->partition_starts[0] = 0;
    for (p = 0; p < TNI_AGG_PARTITIONS; p++) {
        next[p] = worker->partition_starts[p];
        worker->partition_starts[p + 1] = next[p] + counts[p];
    }
    for (g = 0; g < table->count; g++) {
        worker->by_partition[next[table->hashes[g] >> TNI_AGG_SHIFT]++] = g;
    }
    if (table->count == 0) {
        tni_free(agg->run->env->memory, worker->by_partition, 4);
        worker->by_partition = NULL;
    }
    return TRUENO_OK;
}

static trueno_status tni_agg_partition(tni_agg *agg, uint32_t partition, tni_agg_worker *scratch,
                                       uint64_t *row_pairs, tni_error *error) {
    tni_agg_table *table = &agg->results[partition];
    uint64_t expected = 0;
    uint32_t w;
    for (w = 0; w < agg->worker_count; w++) {
        const tni_agg_worker *worker = &agg->workers[w];
        const tni_agg_block *block;
        expected += worker->partition_starts[partition + 1] - worker->partition_starts[partition];
        for (block = worker->blocks[partition]; block != NULL; block = block->next) {
            expected += block->used / 4;
        }
    }
    expected = TNI_MIN(expected, UINT64_C(1) << 20);
    TNI_TRY(tni_agg_table_init(agg, table, (uint32_t)TNI_MAX(expected, UINT64_C(1024)), error));
    for (w = 0; w < agg->worker_count; w++) {
        tni_agg_worker *worker = &agg->workers[w];
        uint32_t start = worker->partition_starts[partition];
        TNI_TRY(tni_agg_take_groups(agg, scratch, table, &worker->table,
                                    worker->by_partition + start,
                                    worker->partition_starts[partition + 1] - start, error));
        while (worker->blocks[partition] != NULL) {
            tni_agg_block *block = worker->blocks[partition];
            TNI_TRY(tni_agg_take_tuples(agg, scratch, table, block, row_pairs, error));
            worker->blocks[partition] = block->next;
            tni_free(agg->run->env->memory, block->tuples,
                     (size_t)block->capacity * agg->tuple_words * sizeof(uint64_t));
            tni_free(agg->run->env->memory, block, sizeof *block);
        }
        TNI_TRY(tni_env_check(agg->run->env, error));
    }
    return TRUENO_OK;
}

typedef struct tni_agg_task {
    tni_agg *agg;
    tni_atomic_i32 next;
    tni_atomic_i32 failed;
    tni_error *errors; /* [workers] */
} tni_agg_task;

static void tni_agg_partition_task(void *context, uint32_t index) {
    tni_agg_task *task = (tni_agg_task *)context;
    tni_agg *agg = task->agg;
    tni_memory *memory = agg->run->env->memory;
    tni_error *error = &task->errors[index];
    tni_agg_worker scratch;
    uint64_t *row_pairs = (uint64_t *)tni_alloc_array(memory, 2 * (size_t)TNI_VECTOR_ROWS, 8);
    trueno_status status = TRUENO_OK;
    memset(&scratch, 0, sizeof scratch);
    if (row_pairs == NULL) {
        status = tni_memory_fail(memory, 2 * (size_t)TNI_VECTOR_ROWS * 8, error);
    } else {
        status = tni_agg_worker_init(agg, &scratch, false, error);
    }
    while (status == TRUENO_OK && tni_atomic_load_i32(&task->failed) == 0) {
        int32_t partition = tni_atomic_add_i32(&task->next, 1);
        if (partition >= (int32_t)TNI_AGG_PARTITIONS) {
            break;
        }
        status = tni_agg_partition(agg, (uint32_t)partition, &scratch, row_pairs, error);
    }
    if (status != TRUENO_OK) {
        tni_atomic_store_i32(&task->failed, 1);
    }
    tni_agg_worker_free(agg, &scratch);
    tni_free(memory, row_pairs, 2 * (size_t)TNI_VECTOR_ROWS * 8);
}

static trueno_status tni_agg_results_new(tni_agg *agg, uint32_t count, tni_error *error) {
    agg->results =
        (tni_agg_table *)tni_alloc_zero(agg->run->env->memory, count * sizeof *agg->results);
    if (agg->results == NULL) {
        return tni_memory_fail(agg->run->env->memory, count * sizeof *agg->results, error);
    }
    agg->result_count = count;
    return TRUENO_OK;
}

static trueno_status tni_agg_finish_partitions(tni_agg *agg, tni_error *error) {
    tni_memory *memory = agg->run->env->memory;
    uint32_t tasks = tni_scheduler_workers(agg->run->scheduler), i;
    tni_agg_task task;
    trueno_status status = TRUENO_OK;
    tasks = TNI_MIN(TNI_MIN(tasks, agg->run->env->threads), TNI_AGG_PARTITIONS);
    for (i = 0; i < agg->worker_count; i++) {
        TNI_TRY(tni_agg_bucket(agg, &agg->workers[i], error));
    }
    TNI_TRY(tni_agg_results_new(agg, TNI_AGG_PARTITIONS, error));
    memset(&task, 0, sizeof task);
    task.agg = agg;
    task.errors = (tni_error *)tni_alloc_zero(memory, tasks * sizeof *task.errors);
    if (task.errors == NULL) {
        return tni_memory_fail(memory, tasks * sizeof *task.errors, error);
    }
    for (i = 0; i < tasks; i++) {
        tni_error_clear(&task.errors[i]);
    }
    tni_scheduler_run(agg->run->scheduler, tasks, tni_agg_partition_task, &task);
    for (i = 0; i < tasks && status == TRUENO_OK; i++) {
        if (task.errors[i].status != TRUENO_OK) {
            status = task.errors[i].status;
            *error = task.errors[i];
        }
    }
    tni_free(memory, task.errors, tasks * sizeof *task.errors);
    return status;
}

/* Lists of direct tables: the same group numbers everywhere, so they are simply joined. */
static trueno_status tni_agg_join_lists(tni_agg *agg, tni_agg_table *into, tni_agg_table *from,
                                        tni_error *error) {
    uint32_t a;
    for (a = 0; a < agg->accumulator_count; a++) {
        const tni_accumulator *acc = &agg->accumulators[a];
        tni_collect_list *x;
        tni_collect_list *y;
        uint32_t orders;
        void *items;
        trueno_status status;
        if (acc->kind != TNI_AGG_COLLECT) {
            continue;
        }
        x = &into->lists[acc->collect];
        y = &from->lists[acc->collect];
        orders = acc->ordered == NULL ? 0 : acc->ordered->order_count;
        if (acc->bare) {
            items = x->groups;
            status = tni_grow(into->memory, &items, &x->group_capacity, x->count + y->count,
                              sizeof *x->groups, error);
            x->groups = (uint32_t *)items;
            TNI_TRY(status);
            items = x->values;
            status = tni_grow(into->memory, &items, &x->value_capacity, x->count + y->count,
                              sizeof *x->values, error);
            x->values = (uint64_t *)items;
            TNI_TRY(status);
            if (y->count > 0) {
                memcpy(x->groups + x->count, y->groups, y->count * sizeof *x->groups);
                memcpy(x->values + x->count, y->values, y->count * sizeof *x->values);
            }
        } else {
            items = x->items;
            status = tni_grow(into->memory, &items, &x->capacity, x->count + y->count,
                              sizeof *x->items, error);
            x->items = (tni_collected *)items;
            TNI_TRY(status);
            if (orders > 0) {
                items = x->extra;
                status = tni_grow(into->memory, &items, &x->extra_capacity,
                                  (x->count + y->count) * orders, sizeof *x->extra, error);
                x->extra = (tni_value *)items;
                TNI_TRY(status);
            }
            if (y->count > 0) {
                memcpy(x->items + x->count, y->items, y->count * sizeof *x->items);
                if (orders > 0) {
                    memcpy(x->extra + x->count * orders, y->extra,
                           y->count * orders * sizeof *x->extra);
                }
            }
        }
        x->count += y->count;
    }
    return TRUENO_OK;
}

/* Fold worker tables into the first one's place: direct mode, or few groups in all. */
static trueno_status tni_agg_finish_one(tni_agg *agg, tni_error *error) {
    tni_agg_table *into;
    uint32_t *all;
    uint32_t w, i, most = 1;
    trueno_status status = TRUENO_OK;
    TNI_TRY(tni_agg_results_new(agg, 1, error));
    agg->results[0] = agg->workers[0].table;
    memset(&agg->workers[0].table, 0, sizeof agg->workers[0].table);
    into = &agg->results[0];
    for (w = 1; w < agg->worker_count; w++) {
        most = TNI_MAX(most, agg->workers[w].table.count);
    }
    all = (uint32_t *)tni_alloc_array(agg->run->env->memory, most, sizeof *all);
    if (all == NULL) {
        return tni_memory_fail(agg->run->env->memory, most * sizeof *all, error);
    }
    for (i = 0; i < most; i++) {
        all[i] = i;
    }
    for (w = 1; w < agg->worker_count && status == TRUENO_OK; w++) {
        tni_agg_table *from = &agg->workers[w].table;
        if (from->rows == 0) {
            continue;
        }
        if (agg->direct) {
            status = tni_agg_merge(agg, into, from, all, all, from->count, error);
        } else {
            status = tni_agg_take_groups(agg, &agg->workers[0], into, from, all, from->count,
                                         error);
        }
        if (status == TRUENO_OK && agg->direct) {
            status = tni_agg_join_lists(agg, into, from, error);
        }
    }
    tni_free(agg->run->env->memory, all, most * sizeof *all);
    return status;
}

TNI_FN trueno_status tni_agg_finish_tables(tni_agg *agg, tni_error *error) {
    uint64_t groups = 0;
    bool partitioned = false;
    uint32_t w;
    for (w = 0; w < agg->worker_count; w++) {
        groups += agg->workers[w].table.count;
        partitioned = partitioned || agg->workers[w].partitioned;
    }
    if (agg->direct || (!partitioned && groups <= TNI_AGG_LOCAL_GROUPS / 2)) {
        return tni_agg_finish_one(agg, error);
    }
    return tni_agg_finish_partitions(agg, error);
}

#undef TNI_AGG_SHIFT
