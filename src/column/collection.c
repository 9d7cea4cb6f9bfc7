/*
 * collection.c - rows kept flat: results, small sorts, VALUES.
 *
 * A collection is a list of blocks of up to 2,048 rows. Rows of one `order` follow each other in
 * blocks of their own, so merging the workers' collections is sorting blocks. A block is one
 * allocation, its capacity a multiple of 64 rows:
 *
 *   tni_block | data pointers | validity pointers | column 0 values | ... | validity words
 *
 * NULL slots are zero, long strings point into the collection's heap (or that of a merged part).
 * tni_collection_seal makes row numbers; nothing changes afterwards.
 */
#include "column/append.h"
#include "column/table.h"

#define TNI_BLOCK_LEAST 64u

/* --------------------------------------------------------------------------------- blocks --- */

static size_t tni_block_head(uint32_t columns) {
    size_t size = sizeof(tni_block) + columns * (sizeof(void *) + sizeof(uint64_t *));
    return (size + 63) / 64 * 64;
}

/* Columns are limited to 2^16 or so and rows to 2,048: no overflow on 64 bits, and on 32 bits
 * tni_collection_new has checked the largest block. */
static size_t tni_block_size(const tni_collection *collection, uint32_t capacity) {
    return tni_block_head(collection->column_count) + collection->row_bytes * capacity +
           (size_t)collection->column_count * (capacity / 8);
}

static uint64_t *tni_block_validity_place(const tni_collection *collection, tni_block *block,
                                          uint32_t column) {
    uint8_t *base = (uint8_t *)block + tni_block_head(collection->column_count) +
                    collection->row_bytes * block->capacity;
    return (uint64_t *)(void *)(base + (size_t)column * (block->capacity / 8));
}

static tni_block *tni_block_new(const tni_collection *collection, uint32_t capacity,
                                tni_error *error) {
    size_t size = tni_block_size(collection, capacity);
    tni_block *block = (tni_block *)tni_alloc(collection->memory, size);
    uint8_t *values;
    uint32_t c;
    if (!block) {
        (void)tni_memory_fail(collection->memory, size, error);
        return NULL;
    }
    memset(block, 0, tni_block_head(collection->column_count));
    block->capacity = capacity;
    block->data = (void **)(void *)(block + 1);
    block->validity = (uint64_t **)(void *)(block->data + collection->column_count);
    values = (uint8_t *)block + tni_block_head(collection->column_count);
    for (c = 0; c < collection->column_count; c++) {
        block->data[c] = values;
        values += (size_t)tni_type_width(collection->types[c]) * capacity;
    }
    return block;
}

static void tni_block_free(const tni_collection *collection, tni_block *block) {
    if (block) {
        tni_free(collection->memory, block, tni_block_size(collection, block->capacity));
    }
}

static void tni_block_start_validity(const tni_collection *collection, tni_block *block,
                                     uint32_t column) {
    block->validity[column] = tni_block_validity_place(collection, block, column);
    memset(block->validity[column], 0, block->capacity / 8);
    tni_append_bits(block->validity[column], 0, NULL, 0, block->rows);
}

/* The last block, moved to a larger allocation. */
static trueno_status tni_block_grow(tni_collection *collection, uint32_t capacity,
                                    tni_error *error) {
    tni_block **slot = &collection->blocks[collection->block_count - 1];
    tni_block *old = *slot, *block = tni_block_new(collection, capacity, error);
    uint32_t c;
    if (!block) {
        return error ? error->status : TRUENO_ERROR_MEMORY;
    }
    block->order = old->order;
    block->rows = old->rows;
    for (c = 0; c < collection->column_count; c++) {
        memcpy(block->data[c], old->data[c],
               (size_t)tni_type_width(collection->types[c]) * old->rows);
        if (old->validity[c]) {
            block->validity[c] = tni_block_validity_place(collection, block, c);
            memset(block->validity[c], 0, capacity / 8);
            memcpy(block->validity[c], old->validity[c], old->capacity / 8);
        }
    }
    tni_block_free(collection, old);
    *slot = block;
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------------- collection --- */

TNI_FN trueno_status tni_collection_new(tni_memory *memory, const tni_type *types, uint32_t count,
                                        tni_collection **out, tni_error *error) {
    tni_collection *collection = (tni_collection *)tni_alloc_zero(memory, sizeof *collection);
    size_t largest;
    uint32_t c;
    *out = NULL;
    if (!collection) {
        return tni_memory_fail(memory, sizeof *collection, error);
    }
    tni_atomic_store_i32(&collection->references, 1);
    collection->memory = memory;
    tni_arena_init(&collection->heap, memory);
    if (count) {
        collection->types = (tni_type *)tni_alloc(memory, count * sizeof *types);
        if (!collection->types) {
            tni_collection_release(collection);
            return tni_memory_fail(memory, count * sizeof *types, error);
        }
        memcpy(collection->types, types, count * sizeof *types);
    }
    collection->column_count = count;
    for (c = 0; c < count; c++) {
        collection->row_bytes += tni_type_width(types[c]);
    }
    if (!tni_size_mul(collection->row_bytes + 64, 2 * TNI_VECTOR_ROWS, &largest)) {
        tni_collection_release(collection);
        return tni_memory_fail(memory, SIZE_MAX, error);
    }
    *out = collection;
    return TRUENO_OK;
}

TNI_FN tni_collection *tni_collection_retain(tni_collection *collection) {
    if (collection) {
        (void)tni_atomic_add_i32(&collection->references, 1);
    }
    return collection;
}

/* Parts never nest: merging hands a part's own parts on. */
static void tni_collection_free(tni_collection *collection) {
    tni_memory *memory = collection->memory;
    size_t i;
    for (i = 0; i < collection->block_count; i++) {
        tni_block_free(collection, collection->blocks[i]);
    }
    tni_free(memory, collection->blocks, collection->block_capacity * sizeof *collection->blocks);
    tni_free(memory, collection->types, collection->column_count * sizeof *collection->types);
    tni_arena_free(&collection->heap);
    tni_free(memory, collection, sizeof *collection);
}

TNI_FN void tni_collection_release(tni_collection *collection) {
    void (*release_keeper)(void *);
    void *keeper;
    size_t i;
    if (!collection || tni_atomic_add_i32(&collection->references, -1) != 1) {
        return;
    }
    for (i = 0; i < collection->part_count; i++) {
        tni_collection_free(collection->parts[i]);
    }
    tni_free(collection->memory, collection->parts,
             collection->part_count * sizeof *collection->parts);
    release_keeper = collection->release_keeper;
    keeper = collection->keeper;
    tni_collection_free(collection);
    if (release_keeper) {
        release_keeper(keeper);
    }
}

/* ---------------------------------------------------------------------------------- append --- */

static trueno_status tni_collection_new_block(tni_collection *collection, uint64_t order,
                                              uint32_t rows, tni_error *error) {
    uint32_t capacity = TNI_BLOCK_LEAST;
    void *blocks = collection->blocks;
    trueno_status status = tni_grow(collection->memory, &blocks, &collection->block_capacity,
                                    collection->block_count + 1, sizeof *collection->blocks, error);
    tni_block *block;
    collection->blocks = (tni_block **)blocks;
    TNI_TRY(status);
    while (capacity < rows && capacity < TNI_VECTOR_ROWS) {
        capacity *= 2;
    }
    block = tni_block_new(collection, capacity, error);
    if (!block) {
        return error ? error->status : TRUENO_ERROR_MEMORY;
    }
    block->order = order;
    collection->blocks[collection->block_count++] = block;
    return TRUENO_OK;
}

/* Make the last block one of `order` with room for at least one of `rows` rows. */
static trueno_status tni_collection_make_room(tni_collection *collection, uint64_t order,
                                              uint32_t rows, tni_error *error) {
    tni_block *last =
        collection->block_count ? collection->blocks[collection->block_count - 1] : NULL;
    uint32_t capacity;
    if (!last || last->order != order || last->rows == TNI_VECTOR_ROWS) {
        bool continues = last && last->order == order;
        return tni_collection_new_block(collection, order, continues ? TNI_VECTOR_ROWS : rows,
                                        error);
    }
    if (last->rows + rows <= last->capacity || last->capacity == TNI_VECTOR_ROWS) {
        return TRUENO_OK;
    }
    capacity = last->capacity;
    while (capacity < last->rows + rows && capacity < TNI_VECTOR_ROWS) {
        capacity *= 2;
    }
    return tni_block_grow(collection, capacity, error);
}

/* Rows [first, first + count) of a vector whose FLAT or CONSTANT form is `flat`, appended to a
 * column of the block. block->rows is moved by the caller once all columns are in. */
static trueno_status tni_collection_append_column(tni_collection *collection, tni_block *block,
                                                  uint32_t column, const tni_vector *flat,
                                                  bool repeats, uint32_t first, uint32_t count,
                                                  tni_error *error) {
    size_t width = tni_type_width(collection->types[column]);
    uint8_t *target = (uint8_t *)block->data[column] + width * block->rows;
    bool constant = flat->form == TNI_FORM_CONSTANT, nulls;
    if (constant) {
        nulls = flat->is_null;
        if (nulls) {
            memset(target, 0, width * count);
        } else {
            tni_vector_repeat(target, flat->data, (uint32_t)width, count);
        }
    } else {
        nulls = tni_bits_any_zero(flat->validity, first, count);
        memcpy(target, (const uint8_t *)flat->data + width * first, width * count);
    }
    if (nulls && !block->validity[column]) {
        tni_block_start_validity(collection, block, column);
    }
    if (block->validity[column]) {
        uint64_t *validity = block->validity[column];
        tni_append_bits(validity, block->rows, constant ? NULL : flat->validity, first, count);
        if (nulls && constant) {
            uint32_t i;
            for (i = 0; i < count; i++) {
                tni_bit_clear(validity, block->rows + i);
            }
        } else if (nulls) {
            tni_append_zero_nulls(block->data[column], width, validity, block->rows, count);
        }
    }
    if (tni_type_is_string(collection->types[column])) {
        return tni_append_own_strings(&collection->heap, (tni_string *)(void *)target, count,
                                      constant || repeats, error);
    }
    return TRUENO_OK;
}

static trueno_status tni_collection_append_dense(tni_collection *collection, const tni_chunk *chunk,
                                                 const tni_vector *flats, tni_error *error) {
    uint32_t done = 0;
    while (done < chunk->rows) {
        uint32_t left = chunk->rows - done, count, c;
        tni_block *block;
        TNI_TRY(tni_collection_make_room(collection, chunk->order, left, error));
        block = collection->blocks[collection->block_count - 1];
        count = TNI_MIN(left, block->capacity - block->rows);
        for (c = 0; c < collection->column_count; c++) {
            bool repeats = chunk->columns[c].form == TNI_FORM_DICT;
            TNI_TRY(tni_collection_append_column(collection, block, c, &flats[c], repeats, done,
                                                 count, error));
        }
        block->rows += count;
        collection->rows += count;
        done += count;
    }
    return TRUENO_OK;
}

static trueno_status tni_collection_flatten(const tni_env *env, const tni_chunk *chunk,
                                            tni_scratch *scratch, tni_vector *flats,
                                            tni_error *error) {
    uint32_t c;
    for (c = 0; c < chunk->column_count; c++) {
        if (chunk->columns[c].form == TNI_FORM_CONSTANT) {
            flats[c] = chunk->columns[c];
        } else {
            TNI_TRY(tni_vector_flatten(env, &chunk->columns[c], chunk->rows, scratch, &flats[c],
                                       error));
        }
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_collection_append(tni_collection *collection, const tni_env *env,
                                           const tni_chunk *chunk, tni_scratch *scratch,
                                           tni_error *error) {
    size_t used = scratch->used;
    tni_chunk dense;
    trueno_status status;
    tni_vector *flats;
    if (!chunk->active) {
        return TRUENO_OK;
    }
    TNI_ASSERT(chunk->column_count == collection->column_count);
    status = tni_append_dense(env, chunk, scratch, &dense, error);
    if (status == TRUENO_OK) {
        flats = (tni_vector *)tni_scratch_take(
            scratch, (size_t)chunk->column_count * sizeof *flats + 1, error);
        status = flats ? tni_collection_flatten(env, &dense, scratch, flats, error)
                       : (error ? error->status : TRUENO_ERROR_MEMORY);
        if (status == TRUENO_OK) {
            status = tni_collection_append_dense(collection, &dense, flats, error);
        }
    }
    scratch->used = used; /* what was taken here is free for the next chunk */
    return status;
}

/* ----------------------------------------------------------------------------------- merge --- */

static bool tni_collection_in_order(const tni_collection *collection) {
    size_t i;
    for (i = 1; i < collection->block_count; i++) {
        if (collection->blocks[i - 1]->order > collection->blocks[i]->order) {
            return false;
        }
    }
    return true;
}

static trueno_status tni_collection_sort(tni_collection *collection, tni_error *error) {
    size_t count = collection->block_count, size, i;
    tni_row_key *keys;
    tni_block **sorted;
    if (tni_collection_in_order(collection)) {
        return TRUENO_OK;
    }
    size = count * (2 * sizeof *keys + sizeof *sorted);
    keys = (tni_row_key *)tni_alloc(collection->memory, size);
    if (!keys) {
        return tni_memory_fail(collection->memory, size, error);
    }
    sorted = (tni_block **)(void *)(keys + 2 * count);
    for (i = 0; i < count; i++) {
        keys[i].major = collection->blocks[i]->order;
        keys[i].minor = 0;
        keys[i].item = i;
    }
    tni_row_keys_sort(keys, keys + count, count);
    for (i = 0; i < count; i++) {
        sorted[i] = collection->blocks[keys[i].item];
    }
    memcpy(collection->blocks, sorted, count * sizeof *sorted);
    tni_free(collection->memory, keys, size);
    return TRUENO_OK;
}

/* Move blocks, parts and the part itself; room has been made. */
static void tni_collection_adopt(tni_collection *into, tni_collection *part) {
    size_t i;
    for (i = 0; i < part->block_count; i++) {
        into->blocks[into->block_count++] = part->blocks[i];
    }
    for (i = 0; i < part->part_count; i++) {
        into->parts[into->part_count++] = part->parts[i];
    }
    into->rows += part->rows;
    tni_free(part->memory, part->parts, part->part_count * sizeof *part->parts);
    part->parts = NULL;
    part->part_count = 0;
    part->block_count = 0;
    part->rows = 0;
    into->parts[into->part_count++] = part;
}

static trueno_status tni_collection_reserve(tni_collection *into, tni_collection **parts,
                                            size_t count, tni_error *error) {
    size_t blocks = into->block_count, part_count = into->part_count, old, size, i;
    void *items = into->blocks;
    tni_collection **grown;
    trueno_status status;
    for (i = 0; i < count; i++) {
        blocks += parts[i]->block_count;
        part_count += parts[i]->part_count + 1;
    }
    status =
        tni_grow(into->memory, &items, &into->block_capacity, blocks, sizeof *into->blocks, error);
    into->blocks = (tni_block **)items;
    TNI_TRY(status);
    old = into->part_count * sizeof *into->parts;
    size = part_count * sizeof *into->parts;
    grown = (tni_collection **)tni_alloc(into->memory, size);
    if (!grown) {
        return tni_memory_fail(into->memory, size, error);
    }
    if (old) {
        memcpy(grown, into->parts, old);
        tni_free(into->memory, into->parts, old);
    }
    into->parts = grown;
    /* part_count must say the size of the allocation once all parts are in; see the caller */
    return TRUENO_OK;
}

TNI_FN trueno_status tni_collection_merge(tni_collection *into, tni_collection **parts,
                                          size_t count, tni_error *error) {
    trueno_status status = count ? tni_collection_reserve(into, parts, count, error) : TRUENO_OK;
    size_t i;
    for (i = 0; i < count; i++) {
        if (status == TRUENO_OK) {
            tni_collection_adopt(into, parts[i]);
        } else {
            tni_collection_release(parts[i]);
        }
    }
    return status == TRUENO_OK ? tni_collection_sort(into, error) : status;
}

/* ---------------------------------------------------------------------------------- lookup --- */

TNI_FN void tni_collection_seal(tni_collection *collection) {
    uint64_t first = 0;
    size_t i;
    for (i = 0; i < collection->block_count; i++) {
        collection->blocks[i]->first = first;
        first += collection->blocks[i]->rows;
    }
    collection->rows = first;
}

static bool tni_block_holds(const tni_block *block, uint64_t row) {
    return row >= block->first && row - block->first < block->rows;
}

TNI_FN size_t tni_collection_find(const tni_collection *collection, uint64_t row,
                                  uint32_t *offset) {
    size_t low = 0, high = collection->block_count, guess;
    *offset = 0;
    if (row >= collection->rows) {
        return SIZE_MAX;
    }
    guess = (size_t)(row / TNI_VECTOR_ROWS); /* right when every block but the last is full */
    if (guess >= high || !tni_block_holds(collection->blocks[guess], row)) {
        while (high - low > 1) {
            size_t middle = low + (high - low) / 2;
            if (collection->blocks[middle]->first <= row) {
                low = middle;
            } else {
                high = middle;
            }
        }
        guess = low;
    }
    *offset = (uint32_t)(row - collection->blocks[guess]->first);
    return guess;
}

TNI_FN const tni_block *tni_collection_block(const tni_collection *collection, uint64_t row,
                                             uint32_t *offset) {
    size_t place = tni_collection_find(collection, row, offset);
    return place == SIZE_MAX ? NULL : collection->blocks[place];
}

TNI_FN tni_value tni_collection_value(const tni_collection *collection, uint64_t row,
                                      uint32_t column) {
    uint32_t offset;
    const tni_block *block = tni_collection_block(collection, row, &offset);
    tni_type type;
    if (!block || column >= collection->column_count) {
        return tni_value_null(tni_type_make(TRUENO_TYPE_NULL));
    }
    type = collection->types[column];
    if (block->validity[column] && !tni_bit_get(block->validity[column], offset)) {
        return tni_value_null(type);
    }
    return tni_value_load(type, (const uint8_t *)block->data[column] +
                                    (size_t)tni_type_width(type) * offset);
}

#undef TNI_BLOCK_LEAST
