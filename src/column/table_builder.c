/*
 * table_builder.c - taking rows in: each worker's log of blocks and slices.
 *
 * Every worker writes only to its own log; the one shared word is `ragged`, which ends early
 * encoding for all once the even cut cannot fall on the source's row groups any more.
 */
#include "column/table_builder.h"

#define TNI_BUILDER_FIRST_ROWS 2048u /* capacity of a worker's first block */
#define TNI_BUILDER_NEXT_ROWS 16384u /* of later ones; both double up to 2^16 */

/* -------------------------------------------------------------------------- making, freeing --- */

TNI_FN void tni_builder_values_free(tni_memory *memory, tni_builder_values *values) {
    tni_free(memory, values->data, (size_t)values->capacity * values->width);
    tni_free(memory, values->validity, values->validity ? TNI_SEGMENT_ROWS / 8 : 0);
    tni_segment_release(values->segment);
    values->data = NULL;
    values->validity = NULL;
    values->segment = NULL;
    values->capacity = 0;
}

static void tni_builder_worker_free(tni_table_builder *builder, tni_builder_worker *worker) {
    tni_memory *memory = builder->memory;
    size_t b;
    uint32_t c;
    for (b = 0; b < worker->block_count; b++) {
        for (c = 0; c < builder->field_count; c++) {
            tni_builder_values_free(memory, &worker->blocks[b].columns[c]);
        }
        tni_free(memory, worker->blocks[b].columns,
                 builder->field_count * sizeof(tni_builder_values));
    }
    tni_free(memory, worker->blocks, worker->block_capacity * sizeof *worker->blocks);
    tni_free(memory, worker->slices, worker->slice_capacity * sizeof *worker->slices);
    for (c = 0; worker->strings && c < builder->field_count; c++) {
        tni_builder_strings_free(memory, worker->strings[c]);
    }
    tni_free(memory, worker->strings, builder->field_count * sizeof *worker->strings);
    tni_scratch_free(&worker->scratch);
    tni_free(memory, worker, sizeof *worker);
}

TNI_FN void tni_table_builder_free(tni_table_builder *builder) {
    tni_memory *memory;
    uint32_t i;
    size_t g;
    if (!builder) {
        return;
    }
    memory = builder->memory;
    for (i = 0; builder->worker && i < builder->workers; i++) {
        if (builder->worker[i]) {
            tni_builder_worker_free(builder, builder->worker[i]);
        }
    }
    for (i = 0; builder->columns && i < builder->field_count; i++) {
        tni_dictionary_release(builder->columns[i].dictionary);
        tni_free(memory, builder->columns[i].sorted,
                 builder->columns[i].sorted_count * sizeof(uint32_t));
    }
    for (g = 0; g < builder->group_count; g++) {
        tni_row_group_release(builder->groups[g].made);
    }
    tni_free(memory, builder->groups, builder->group_count * sizeof *builder->groups);
    tni_free(memory, builder->sorted, builder->sorted_count * sizeof *builder->sorted);
    tni_partitioning_release(builder->partitioning);
    tni_arena_free(&builder->arena);
    tni_free(memory, builder, sizeof *builder);
}

static trueno_status tni_builder_worker_new(tni_table_builder *builder, uint32_t index,
                                            tni_error *error) {
    tni_memory *memory = builder->memory;
    tni_builder_worker *worker = (tni_builder_worker *)tni_alloc_zero(memory, sizeof *worker);
    size_t size = builder->field_count * sizeof *worker->strings;
    uint32_t c;
    if (!worker) {
        return tni_memory_fail(memory, sizeof *worker, error);
    }
    builder->worker[index] = worker;
    tni_scratch_init(&worker->scratch, memory);
    if (!size) {
        return TRUENO_OK;
    }
    worker->strings = (tni_builder_strings **)tni_alloc_zero(memory, size);
    if (!worker->strings) {
        return tni_memory_fail(memory, size, error);
    }
    for (c = 0; c < builder->field_count; c++) {
        if (tni_type_is_string(builder->fields[c].type)) {
            TNI_TRY(tni_builder_strings_new(memory, &worker->strings[c], error));
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_builder_copy_fields(tni_table_builder *builder, const char *name,
                                             const tni_field *fields, tni_error *error) {
    size_t size = builder->field_count * sizeof *fields;
    tni_field *copy = (tni_field *)tni_arena_alloc(&builder->arena, size);
    uint32_t i;
    builder->name = tni_arena_text(&builder->arena, name, strlen(name));
    builder->worker = (tni_builder_worker **)tni_arena_alloc(
        &builder->arena, (size_t)builder->workers * sizeof *builder->worker);
    builder->columns = (tni_builder_column *)tni_arena_alloc(
        &builder->arena, builder->field_count * sizeof *builder->columns);
    if (!copy || !builder->name || !builder->worker || !builder->columns) {
        return tni_memory_fail(builder->memory, size, error);
    }
    builder->fields = copy;
    for (i = 0; i < builder->field_count; i++) {
        copy[i] = fields[i];
        copy[i].name = tni_arena_text(&builder->arena, fields[i].name, strlen(fields[i].name));
        if (!copy[i].name) {
            return tni_memory_fail(builder->memory, strlen(fields[i].name), error);
        }
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_table_builder_new(tni_env *env, const char *name, const tni_field *fields,
                                           uint32_t field_count, uint32_t workers,
                                           tni_table_builder **out, tni_error *error) {
    tni_table_builder *builder = (tni_table_builder *)tni_alloc_zero(env->memory, sizeof *builder);
    trueno_status status;
    *out = NULL;
    if (!builder) {
        return tni_memory_fail(env->memory, sizeof *builder, error);
    }
    builder->env = env;
    builder->memory = env->memory;
    builder->field_count = field_count;
    builder->workers = TNI_MAX(workers, 1) + 1;
    tni_arena_init(&builder->arena, env->memory);
    status = tni_builder_copy_fields(builder, name, fields, error);
    if (status != TRUENO_OK) {
        tni_table_builder_free(builder);
        return status;
    }
    *out = builder;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_table_builder_new_by_order(tni_env *env, const char *name,
                                                    const tni_field *fields, uint32_t field_count,
                                                    tni_table_builder **out, tni_error *error) {
    TNI_TRY(tni_table_builder_new(env, name, fields, field_count, 1, out, error));
    (*out)->by_order = true;
    return TRUENO_OK;
}

TNI_FN void tni_table_builder_partition(tni_table_builder *builder,
                                        tni_partitioning *partitioning) {
    builder->partitioning = tni_partitioning_retain(partitioning);
    if (partitioning) { /* no block is a row group as it is */
        tni_atomic_store_i32(&builder->ragged, 1);
    }
}

/* ---------------------------------------------------------------------------------- blocks --- */

static trueno_status tni_builder_new_block(tni_table_builder *builder, tni_builder_worker *worker,
                                           tni_error *error) {
    void *blocks = worker->blocks;
    trueno_status status = tni_grow(builder->memory, &blocks, &worker->block_capacity,
                                    worker->block_count + 1, sizeof *worker->blocks, error);
    size_t size = builder->field_count * sizeof(tni_builder_values);
    tni_builder_values *columns = NULL;
    uint32_t c;
    worker->blocks = (tni_builder_block *)blocks;
    TNI_TRY(status);
    if (size) {
        columns = (tni_builder_values *)tni_alloc_zero(builder->memory, size);
        if (!columns) {
            return tni_memory_fail(builder->memory, size, error);
        }
    }
    for (c = 0; c < builder->field_count; c++) {
        tni_builder_strings *strings = worker->strings[c];
        tni_builder_values *values = &columns[c];
        values->width = tni_type_width(builder->fields[c].type);
        if (strings) {
            strings->raw = strings->raw || tni_builder_strings_overflow(strings);
            values->kind = strings->raw ? TNI_BUILDER_STRINGS : TNI_BUILDER_CODES;
            values->width = strings->raw ? (uint32_t)sizeof(tni_string) : 4;
        }
    }
    worker->blocks[worker->block_count].rows = 0;
    worker->blocks[worker->block_count].columns = columns;
    worker->block_count++;
    return TRUENO_OK;
}

static trueno_status tni_builder_reserve(tni_memory *memory, tni_builder_values *values,
                                         uint32_t rows, uint32_t first_capacity, tni_error *error) {
    uint32_t capacity = values->capacity ? values->capacity : first_capacity;
    void *data;
    if (rows <= values->capacity) {
        return TRUENO_OK;
    }
    while (capacity < rows) {
        capacity *= 2;
    }
    data = tni_realloc(memory, values->data, (size_t)values->capacity * values->width,
                       (size_t)capacity * values->width);
    if (!data) {
        return tni_memory_fail(memory, (size_t)capacity * values->width, error);
    }
    values->data = data;
    values->capacity = capacity;
    return TRUENO_OK;
}

/* Encode the fixed-width columns of a full block now, while it is in the cache. */
static trueno_status tni_builder_encode_block(tni_table_builder *builder,
                                              tni_builder_worker *worker, tni_builder_block *block,
                                              tni_error *error) {
    uint32_t c;
    for (c = 0; c < builder->field_count; c++) {
        tni_builder_values *values = &block->columns[c];
        tni_segment *segment;
        if (worker->strings[c]) {
            continue;
        }
        TNI_TRY(tni_segment_encode(builder->env, builder->fields[c].type, values->data,
                                   values->validity, block->rows, NULL, &segment, error));
        tni_builder_values_free(builder->memory, values);
        values->segment = segment;
        values->kind = TNI_BUILDER_SEGMENT;
    }
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------------- slices --- */

/* The worker's last slice is complete: note a ragged order. */
static void tni_builder_close_order(tni_table_builder *builder, tni_builder_worker *worker) {
    const tni_builder_slice *last;
    if (!worker->slice_count) {
        return;
    }
    last = &worker->slices[worker->slice_count - 1];
    if (last->rows != TNI_SEGMENT_ROWS) {
        tni_atomic_store_i32(&builder->ragged, 1);
    }
}

/* Rows [start, start + rows) of the last block are a slice. */
static trueno_status tni_builder_new_slice(tni_table_builder *builder, uint32_t index,
                                           const tni_chunk *chunk, uint32_t start, uint32_t rows,
                                           uint32_t partition, tni_error *error) {
    tni_builder_worker *worker = builder->worker[index];
    void *slices = worker->slices;
    tni_builder_slice *slice;
    trueno_status status = tni_grow(builder->memory, &slices, &worker->slice_capacity,
                                    worker->slice_count + 1, sizeof *worker->slices, error);
    worker->slices = (tni_builder_slice *)slices;
    TNI_TRY(status);
    slice = &worker->slices[worker->slice_count++];
    slice->order = chunk->order;
    slice->first_row = chunk->first_row;
    slice->partition = partition;
    slice->worker = index;
    slice->block = (uint32_t)(worker->block_count - 1);
    slice->start = start;
    slice->rows = rows;
    return TRUENO_OK;
}

/* Make the last slice one of the chunk's order that ends where the last block does, and the last
 * block one with room. */
static trueno_status tni_builder_open_slice(tni_table_builder *builder, uint32_t index,
                                            const tni_chunk *chunk, tni_error *error) {
    tni_builder_worker *worker = builder->worker[index];
    tni_builder_slice *slice =
        worker->slice_count ? &worker->slices[worker->slice_count - 1] : NULL;
    bool same = slice && slice->order == chunk->order && chunk->first_row >= worker->last_row;
    bool full =
        worker->block_count && worker->blocks[worker->block_count - 1].rows == TNI_SEGMENT_ROWS;
    if (!same) {
        tni_builder_close_order(builder, worker);
    }
    if (!worker->block_count || full || (!same && builder->by_order)) {
        TNI_TRY(tni_builder_new_block(builder, worker, error));
        same = false;
    }
    return same ? TRUENO_OK
                : tni_builder_new_slice(builder, index, chunk,
                                        worker->blocks[worker->block_count - 1].rows, 0, 0, error);
}

/* ---------------------------------------------------------------------------------- values --- */

static trueno_status tni_builder_add_validity(tni_table_builder *builder, uint32_t field,
                                              tni_builder_values *values, uint32_t at,
                                              const tni_vector *vector, uint32_t first,
                                              uint32_t count, bool *nulls, tni_error *error) {
    bool constant = vector->form == TNI_FORM_CONSTANT;
    *nulls = constant ? vector->is_null : tni_bits_any_zero(vector->validity, first, count);
    if (*nulls && builder->fields[field].not_null) {
        return tni_fail(error, TRUENO_ERROR_CONSTRAINT,
                        "column \"%s\" of table \"%s\" is NOT NULL, and a row holds NULL",
                        builder->fields[field].name, builder->name);
    }
    if (*nulls && !values->validity) {
        values->validity = (uint64_t *)tni_alloc_zero(builder->memory, TNI_SEGMENT_ROWS / 8);
        if (!values->validity) {
            return tni_memory_fail(builder->memory, TNI_SEGMENT_ROWS / 8, error);
        }
        tni_append_bits(values->validity, 0, NULL, 0, at);
    }
    if (values->validity && !(constant && *nulls)) { /* bits past `at` are zero already */
        tni_append_bits(values->validity, at, constant ? NULL : vector->validity, first, count);
    }
    return TRUENO_OK;
}

static void tni_builder_add_flat(tni_builder_values *values, uint32_t at, const tni_vector *flat,
                                 uint32_t first, uint32_t count, bool nulls) {
    size_t width = values->width;
    uint8_t *target = (uint8_t *)values->data + width * at;
    if (flat->form != TNI_FORM_CONSTANT) {
        memcpy(target, (const uint8_t *)flat->data + width * first, width * count);
        if (nulls) {
            tni_append_zero_nulls(values->data, width, values->validity, at, count);
        }
        return;
    }
    if (flat->is_null) {
        memset(target, 0, width * count);
        return;
    }
    tni_vector_repeat(target, flat->data, values->width, count);
}

/* Rows [first, first + count) of every column to the end of the last block. */
static trueno_status tni_builder_add_rows(tni_table_builder *builder, tni_builder_worker *worker,
                                          const tni_vector *vectors, uint32_t first, uint32_t count,
                                          tni_error *error) {
    tni_builder_block *block = &worker->blocks[worker->block_count - 1];
    uint32_t capacity = worker->block_count > 1 ? TNI_BUILDER_NEXT_ROWS : TNI_BUILDER_FIRST_ROWS;
    uint32_t c;
    for (c = 0; c < builder->field_count; c++) {
        tni_builder_values *values = &block->columns[c];
        bool nulls;
        TNI_TRY(tni_builder_reserve(builder->memory, values, block->rows + count, capacity, error));
        TNI_TRY(tni_builder_add_validity(builder, c, values, block->rows, &vectors[c], first, count,
                                         &nulls, error));
        if (worker->strings[c]) {
            TNI_TRY(tni_builder_add_strings(builder->memory, worker->strings[c], values,
                                            block->rows, &vectors[c], first, count, error));
        } else {
            tni_builder_add_flat(values, block->rows, &vectors[c], first, count, nulls);
        }
    }
    block->rows += count;
    return TRUENO_OK;
}

/* The forms the columns are taken in: DICT and CONSTANT strings as they are, the rest flat. */
static trueno_status tni_builder_prepare_vectors(tni_table_builder *builder,
                                                 tni_builder_worker *worker, const tni_chunk *chunk,
                                                 tni_vector *vectors, tni_error *error) {
    uint32_t c;
    for (c = 0; c < chunk->column_count; c++) {
        const tni_vector *in = &chunk->columns[c];
        bool as_is =
            in->form == TNI_FORM_CONSTANT || (in->form == TNI_FORM_DICT && worker->strings[c]);
        if (as_is) {
            vectors[c] = *in;
        } else {
            TNI_TRY(tni_vector_flatten(builder->env, in, chunk->rows, &worker->scratch, &vectors[c],
                                       error));
        }
    }
    return TRUENO_OK;
}

/* Whether the worker's last block, just filled, should not wait: it will be a row group as it is,
 * or memory runs short and decoding it again costs less than failing. */
static bool tni_builder_encodes_early(const tni_table_builder *builder,
                                      const tni_builder_worker *worker) {
    const tni_memory *memory = builder->memory;
    bool whole = worker->slices[worker->slice_count - 1].rows == TNI_SEGMENT_ROWS;
    return (whole && (builder->by_order || !tni_atomic_load_i32(&builder->ragged))) ||
           tni_atomic_load_i64(&memory->used) > memory->limit / 2;
}

static trueno_status tni_builder_append_dense(tni_table_builder *builder, uint32_t index,
                                              const tni_chunk *chunk, const tni_vector *vectors,
                                              tni_error *error) {
    tni_builder_worker *worker = builder->worker[index];
    uint32_t done = 0;
    while (done < chunk->rows) {
        tni_builder_block *block;
        uint32_t count;
        TNI_TRY(tni_builder_open_slice(builder, index, chunk, error));
        block = &worker->blocks[worker->block_count - 1];
        count = TNI_MIN(chunk->rows - done, TNI_SEGMENT_ROWS - block->rows);
        TNI_TRY(tni_builder_add_rows(builder, worker, vectors, done, count, error));
        worker->slices[worker->slice_count - 1].rows += count;
        done += count;
        worker->last_row = chunk->first_row;
        if (block->rows == TNI_SEGMENT_ROWS && tni_builder_encodes_early(builder, worker)) {
            TNI_TRY(tni_builder_encode_block(builder, worker, block, error));
        }
    }
    return TRUENO_OK;
}

/* Rows that lie together by partition, a slice for each. */
static trueno_status tni_builder_append_sorted(tni_table_builder *builder, uint32_t index,
                                               const tni_chunk *chunk, const tni_vector *vectors,
                                               const uint32_t *starts, tni_error *error) {
    tni_builder_worker *worker = builder->worker[index];
    uint32_t done = 0, p = 0;
    while (done < chunk->rows) {
        tni_builder_block *block;
        uint32_t count, base;
        if (!worker->block_count ||
            worker->blocks[worker->block_count - 1].rows == TNI_SEGMENT_ROWS) {
            TNI_TRY(tni_builder_new_block(builder, worker, error));
        }
        block = &worker->blocks[worker->block_count - 1];
        base = block->rows;
        count = TNI_MIN(chunk->rows - done, TNI_SEGMENT_ROWS - base);
        TNI_TRY(tni_builder_add_rows(builder, worker, vectors, done, count, error));
        for (;;) {
            uint32_t from = TNI_MAX(starts[p], done), to = TNI_MIN(starts[p + 1], done + count);
            if (from < to) {
                TNI_TRY(tni_builder_new_slice(builder, index, chunk, base + (from - done),
                                              to - from, p, error));
            }
            if (to == done + count) {
                break; /* the rest of the partition, if any, is the next block's */
            }
            p++;
        }
        done += count;
        if (block->rows == TNI_SEGMENT_ROWS && tni_builder_encodes_early(builder, worker)) {
            TNI_TRY(tni_builder_encode_block(builder, worker, block, error));
        }
    }
    return TRUENO_OK;
}

/* The vectors' rows put together by partition, then appended. */
static trueno_status tni_builder_append_parts(tni_table_builder *builder, uint32_t index,
                                              const tni_chunk *chunk, tni_vector *vectors,
                                              tni_error *error) {
    const tni_partitioning *partitioning = builder->partitioning;
    tni_scratch *scratch = &builder->worker[index]->scratch;
    uint32_t starts[TNI_PARTITION_MOST + 1], c;
    uint16_t *positions =
        (uint16_t *)tni_scratch_take(scratch, TNI_VECTOR_ROWS * sizeof *positions, error);
    if (!positions) {
        return error ? error->status : TRUENO_ERROR_MEMORY;
    }
    tni_partition_split(partitioning, &vectors[partitioning->field], chunk->rows, positions,
                        starts);
    for (c = 0; c < builder->field_count; c++) {
        tni_vector moved;
        TNI_TRY(tni_vector_gather(builder->env, &vectors[c], positions, chunk->rows, scratch,
                                  &moved, error));
        vectors[c] = moved;
    }
    return tni_builder_append_sorted(builder, index, chunk, vectors, starts, error);
}

TNI_FN trueno_status tni_table_builder_append(tni_table_builder *builder, uint32_t worker,
                                              const tni_chunk *chunk, tni_error *error) {
    tni_builder_worker *own;
    tni_chunk dense;
    tni_vector *vectors;
    if (!chunk->active) {
        return TRUENO_OK;
    }
    TNI_ASSERT(worker < builder->workers && chunk->column_count == builder->field_count);
    if (!builder->worker[worker]) {
        TNI_TRY(tni_builder_worker_new(builder, worker, error));
    }
    own = builder->worker[worker];
    tni_scratch_reset(&own->scratch);
    TNI_TRY(tni_append_dense(builder->env, chunk, &own->scratch, &dense, error));
    vectors = (tni_vector *)tni_scratch_take(
        &own->scratch, (size_t)builder->field_count * sizeof *vectors + 1, error);
    if (!vectors) {
        return error ? error->status : TRUENO_ERROR_MEMORY;
    }
    TNI_TRY(tni_builder_prepare_vectors(builder, own, &dense, vectors, error));
    return builder->partitioning
               ? tni_builder_append_parts(builder, worker, &dense, vectors, error)
               : tni_builder_append_dense(builder, worker, &dense, vectors, error);
}

#undef TNI_BUILDER_FIRST_ROWS
#undef TNI_BUILDER_NEXT_ROWS
