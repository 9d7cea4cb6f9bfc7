/*
 * agg_tuple.c - rows as tuples of 64-bit words, scattered to partitions by the hash's upper bits.
 *
 *   [key words][hash][inputs of whole words][narrow inputs, validity bits, feed][order, row]
 *
 * The hash is there only with INTERN keys, whose codes do not give it. Inputs of up to 32 bits
 * share words, as do the validity bits of inputs that may be NULL. Rows become word columns first
 * (mostly the arrays they lie in), so that writing a tuple is a copy of a few words.
 *
 * Blocks of tuples double from 1 KB and are carved from slabs, so that pages come in large pieces.
 */
#include "exec/aggregate.h"

#define TNI_TUPLE_SHIFT (64u - TNI_AGG_PARTITION_BITS)
#define TNI_TUPLE_FIRST_BYTES 1024u

/* ------------------------------------------------------------------------------ layout --- */

/* A place of `bits` in the packed words. */
static void tni_tuple_place(tni_agg *agg, uint8_t *used, uint32_t bits, uint32_t *word,
                            uint8_t *shift) {
    uint32_t w = agg->packed_first;
    while (w < agg->packed_end && used[w - agg->packed_first] + bits > 64) {
        w++;
    }
    if (w == agg->packed_end) {
        used[w - agg->packed_first] = 0;
        agg->packed_end++;
    }
    *word = w;
    *shift = used[w - agg->packed_first];
    used[w - agg->packed_first] = (uint8_t)(used[w - agg->packed_first] + bits);
}

static uint32_t tni_tuple_bits(const tni_agg_input *input) {
    uint32_t width = tni_type_width(input->type);
    return input->class_id == TNI_CLASS_I64 && width < 8 ? width * 8 : 64;
}

static void tni_tuple_plan_packed(tni_agg *agg, uint8_t *used) {
    uint32_t bits, i;
    for (bits = 32; bits >= 8; bits /= 2) {
        for (i = 0; i < agg->input_count; i++) {
            tni_agg_input *input = &agg->inputs[i];
            if (input->needs_data && input->bits == bits) {
                tni_tuple_place(agg, used, bits, &input->word, &input->shift);
            }
        }
    }
    if (agg->distinct_count > 0) {
        tni_tuple_place(agg, used, 16, &agg->feed_word, &agg->feed_shift);
    }
    for (i = 0; i < agg->input_count; i++) {
        tni_agg_input *input = &agg->inputs[i];
        input->nullable = input->is_filter || !tni_agg_never_null(agg, input->column);
        if (input->nullable) {
            tni_tuple_place(agg, used, 1, &input->valid_word, &input->valid_shift);
        }
    }
}

TNI_FN trueno_status tni_agg_plan_tuples(tni_agg *agg, tni_error *error) {
    tni_memory *memory = agg->run->env->memory;
    size_t most = (size_t)agg->input_count * 2 + 2;
    uint8_t *used = (uint8_t *)tni_alloc_zero(memory, most);
    uint32_t i, word = agg->word_count;
    bool rows = false;
    if (used == NULL) {
        return tni_memory_fail(memory, most, error);
    }
    agg->hash_word = agg->interned_count > 0 ? word++ : UINT32_MAX;
    agg->feed_word = UINT32_MAX;
    for (i = 0; i < agg->input_count; i++) {
        tni_agg_input *input = &agg->inputs[i];
        input->bits = (uint8_t)tni_tuple_bits(input);
        if (input->needs_data && input->bits == 64) {
            input->word = word;
            word += tni_agg_class_width(input->class_id) / 8;
        }
    }
    agg->packed_first = agg->packed_end = word;
    tni_tuple_plan_packed(agg, used);
    word = agg->packed_end;
    tni_free(memory, used, most);
    for (i = 0; i < agg->accumulator_count; i++) {
        const tni_accumulator *acc = &agg->accumulators[i];
        rows = rows || acc->kind == TNI_AGG_FIRST || acc->kind == TNI_AGG_LAST ||
               acc->kind == TNI_AGG_ARG_MIN || acc->kind == TNI_AGG_ARG_MAX ||
               (acc->kind == TNI_AGG_COLLECT && !acc->bare);
    }
    agg->row_words = 0;
    if (rows) {
        agg->row_words = word;
        word += 2;
    }
    agg->tuple_words = word;
    return TRUENO_OK;
}

TNI_FN uint32_t tni_agg_tuple_feed(const tni_agg *agg, const uint64_t *tuple) {
    return agg->feed_word == UINT32_MAX
               ? 0
               : (uint32_t)((tuple[agg->feed_word] >> agg->feed_shift) & 0xffff);
}

TNI_FN bool tni_agg_tuple_valid(const tni_agg_input *input, const uint64_t *tuple) {
    return !input->nullable || ((tuple[input->valid_word] >> input->valid_shift) & 1) != 0;
}

/* ------------------------------------------------------------------------------ blocks --- */

TNI_FN void tni_agg_tuples_free(tni_agg *agg, tni_agg_tuples *tuples) {
    tni_memory *memory = agg->run->env->memory;
    while (tuples->slabs != NULL) {
        tni_agg_slab *slab = tuples->slabs;
        tuples->slabs = slab->next;
        tni_free(memory, slab, slab->size);
    }
    tni_arena_free(&tuples->heap);
    memset(tuples, 0, sizeof *tuples);
    tni_arena_init(&tuples->heap, memory);
}

static uint8_t *tni_tuple_carve(tni_agg *agg, tni_agg_tuples *tuples, size_t size,
                                tni_error *error) {
    tni_memory *memory = agg->run->env->memory;
    tni_agg_slab *slab = tuples->slabs;
    uint8_t *out;
    if (slab == NULL || slab->size - slab->used < size) {
        size_t wanted = TNI_MIN(tuples->bytes / 2, (size_t)TNI_AGG_SLAB_BYTES);
        wanted = TNI_MIN(wanted, (size_t)agg->block_bytes * 128);
        wanted = TNI_MAX(TNI_MAX(wanted, size + 64), (size_t)64 * 1024);
        slab = (tni_agg_slab *)tni_alloc(memory, wanted);
        if (slab == NULL) {
            (void)tni_memory_fail(memory, wanted, error);
            return NULL;
        }
        slab->size = wanted;
        slab->used = 64;
        slab->next = tuples->slabs;
        tuples->slabs = slab;
        tuples->bytes += wanted;
    }
    out = (uint8_t *)slab + slab->used;
    slab->used += size;
    return out;
}

/* A new block in front of a partition's. */
static tni_agg_block *tni_tuple_block(tni_agg *agg, tni_agg_tuples *tuples, uint32_t partition,
                                      tni_error *error) {
    tni_agg_block *last = tuples->blocks[partition];
    size_t head = (sizeof(tni_agg_block) + 15) / 16 * 16, tuple = (size_t)agg->tuple_words * 8;
    size_t bytes = last == NULL ? TNI_TUPLE_FIRST_BYTES : (size_t)last->capacity * tuple * 2;
    tni_agg_block *block;
    uint8_t *memory;
    uint32_t capacity;
    bytes = TNI_MIN(bytes, (size_t)agg->block_bytes);
    capacity = (uint32_t)(bytes / TNI_MAX(tuple, (size_t)8));
    capacity = TNI_MAX(capacity, 8u);
    memory = tni_tuple_carve(agg, tuples, (head + capacity * tuple + 63) / 64 * 64, error);
    if (memory == NULL) {
        return NULL;
    }
    block = (tni_agg_block *)(void *)memory;
    block->tuples = (uint64_t *)(void *)(memory + head);
    block->used = 0;
    block->capacity = capacity;
    block->next = last;
    tuples->blocks[partition] = block;
    return block;
}

/* ----------------------------------------------------------------------------- writing --- */

/* A string input as two word columns; long strings move to the tuples' heap. */
static trueno_status tni_tuple_strings(tni_agg_tuples *tuples, const tni_agg_prepared *p,
                                       uint32_t from, uint32_t rows, uint64_t *low,
                                       uint64_t *high, tni_error *error) {
    uint32_t i;
    for (i = from; i < rows; i++) {
        tni_string s = ((const tni_string *)p->data)[i];
        if (p->validity != NULL && !tni_bit_get(p->validity, i)) {
            memset(&s, 0, sizeof s);
        } else if (s.length > TNI_STRING_INLINE) {
            void *bytes = tni_arena_bytes(&tuples->heap, s.length);
            if (bytes == NULL) {
                return tni_memory_fail(tuples->heap.memory, s.length, error);
            }
            memcpy(bytes, s.tail.pointer, s.length);
            s.tail.pointer = (const uint8_t *)bytes;
        }
        memcpy(&low[i], &s, 8);
        high[i] = 0;
        memcpy(&high[i], &s.tail, sizeof s.tail);
    }
    return TRUENO_OK;
}

static trueno_status tni_tuple_input(tni_agg *agg, tni_agg_worker *worker, uint32_t input_index,
                                     uint32_t from, uint32_t rows, const uint64_t **columns,
                                     tni_error *error) {
    const tni_agg_input *input = &agg->inputs[input_index];
    const tni_agg_prepared *p = &worker->prepared[input_index];
    uint64_t *own = worker->columns + (size_t)input->word * TNI_VECTOR_ROWS;
    uint32_t i;
    if (input->nullable) {
        uint64_t *valid = worker->columns + (size_t)input->valid_word * TNI_VECTOR_ROWS;
        for (i = from; i < rows; i++) {
            uint64_t bit = p->validity == NULL || tni_bit_get(p->validity, i) ? 1 : 0;
            valid[i] |= bit << input->valid_shift;
        }
    }
    if (!input->needs_data) {
        return TRUENO_OK;
    }
    if (input->bits < 64) {
        uint64_t mask = tni_low_bits(input->bits);
        for (i = from; i < rows; i++) {
            own[i] |= (((const uint64_t *)p->data)[i] & mask) << input->shift;
        }
        return TRUENO_OK;
    }
    if (tni_agg_class_width(input->class_id) == 8) {
        columns[input->word] = (const uint64_t *)p->data;
        return TRUENO_OK;
    }
    columns[input->word + 1] = own + TNI_VECTOR_ROWS;
    if (input->class_id == TNI_CLASS_STRING) {
        return tni_tuple_strings(&worker->tuples, p, from, rows, own, own + TNI_VECTOR_ROWS,
                                 error);
    }
    for (i = from; i < rows; i++) {
        memcpy(&own[i], (const uint8_t *)p->data + (size_t)i * 16, 8);
        memcpy(&own[TNI_VECTOR_ROWS + i], (const uint8_t *)p->data + (size_t)i * 16 + 8, 8);
    }
    return TRUENO_OK;
}

/* The word columns of rows [from, chunk->rows). */
static trueno_status tni_tuple_columns(tni_agg *agg, tni_agg_worker *worker,
                                       const tni_chunk *chunk, uint32_t feed, uint32_t from,
                                       const uint64_t **columns, tni_error *error) {
    tni_memory *memory = agg->run->env->memory;
    uint32_t w, i, rows = chunk->rows;
    if (worker->columns == NULL) {
        worker->columns = (uint64_t *)tni_alloc_array(
            memory, (size_t)agg->tuple_words * TNI_VECTOR_ROWS, sizeof(uint64_t));
        if (worker->columns == NULL) {
            return tni_memory_fail(memory, (size_t)agg->tuple_words * TNI_VECTOR_ROWS * 8, error);
        }
    }
    for (w = 0; w < agg->tuple_words; w++) {
        columns[w] = worker->columns + (size_t)w * TNI_VECTOR_ROWS;
    }
    for (w = 0; w < agg->word_count; w++) {
        columns[w] = worker->words + (size_t)w * TNI_VECTOR_ROWS;
    }
    if (agg->hash_word != UINT32_MAX) {
        columns[agg->hash_word] = worker->hashes;
    }
    for (w = agg->packed_first; w < agg->packed_end; w++) {
        memset(worker->columns + (size_t)w * TNI_VECTOR_ROWS, 0, rows * sizeof(uint64_t));
    }
    for (i = 0; i < agg->input_count; i++) {
        TNI_TRY(tni_tuple_input(agg, worker, i, from, rows, columns, error));
    }
    if (agg->feed_word != UINT32_MAX) {
        uint64_t *word = worker->columns + (size_t)agg->feed_word * TNI_VECTOR_ROWS;
        for (i = from; i < rows; i++) {
            word[i] |= (uint64_t)feed << agg->feed_shift;
        }
    }
    if (agg->row_words > 0) {
        uint64_t *order = worker->columns + (size_t)agg->row_words * TNI_VECTOR_ROWS;
        for (i = from; i < rows; i++) {
            order[i] = chunk->order;
            order[TNI_VECTOR_ROWS + i] =
                chunk->first_row + (chunk->positions != NULL ? chunk->positions[i] : i);
        }
    }
    return TRUENO_OK;
}

/* One loop per tuple length that is common: the copy is unrolled. */
#define TNI_SCATTER_LOOP(WORDS)                                                                    \
    for (; i < rows; i++) {                                                                        \
        uint32_t partition = (uint32_t)(hashes[i] >> TNI_TUPLE_SHIFT), w;                          \
        tni_agg_block *block = tuples->blocks[partition];                                          \
        uint64_t *tuple;                                                                           \
        if (TNI_UNLIKELY(block == NULL || block->used == block->capacity)) {                       \
            block = tni_tuple_block(agg, tuples, partition, error);                                \
            if (block == NULL) {                                                                   \
                break;                                                                             \
            }                                                                                      \
        }                                                                                          \
        tuple = block->tuples + (size_t)block->used++ * (WORDS);                                   \
        for (w = 0; w < (WORDS); w++) {                                                            \
            tuple[w] = columns[w][i];                                                              \
        }                                                                                          \
        tuples->counts[partition]++;                                                               \
    }

TNI_FN trueno_status tni_agg_scatter(tni_agg *agg, tni_agg_worker *worker, const tni_chunk *chunk,
                                     uint32_t feed, uint32_t *from, tni_error *error) {
    tni_agg_tuples *tuples = &worker->tuples;
    const uint64_t *hashes = worker->hashes;
    uint32_t i = *from, rows = chunk->rows;
    const uint64_t **columns = (const uint64_t **)tni_scratch_take(
        &worker->scratch, agg->tuple_words * sizeof *columns, error);
    if (columns == NULL) {
        return error->status;
    }
    TNI_TRY(tni_tuple_columns(agg, worker, chunk, feed, i, columns, error));
    switch (agg->tuple_words) {
    case 1: TNI_SCATTER_LOOP(1) break;
    case 2: TNI_SCATTER_LOOP(2) break;
    case 3: TNI_SCATTER_LOOP(3) break;
    case 4: TNI_SCATTER_LOOP(4) break;
    default: TNI_SCATTER_LOOP(agg->tuple_words)
    }
    *from = i;
    return i == rows ? TRUENO_OK : error->status;
}

#undef TNI_SCATTER_LOOP

/* ----------------------------------------------------------------------------- reading --- */

static int64_t tni_tuple_extend(const tni_agg_input *input, uint64_t bits) {
    switch (tni_type_physical(input->type)) {
    case TNI_PHYSICAL_I8: return (int8_t)bits;
    case TNI_PHYSICAL_I16: return (int16_t)bits;
    case TNI_PHYSICAL_I32: return (int32_t)bits;
    default: return (int64_t)bits;
    }
}

static void tni_tuple_unpack_input(const tni_agg_input *input, const uint64_t *tuples,
                                   size_t stride, uint32_t count, tni_agg_prepared *p) {
    const uint64_t *word = tuples + input->word;
    uint32_t i;
    p->validity = NULL;
    p->data = p->buffer;
    if (input->nullable) {
        const uint64_t *valid = tuples + input->valid_word;
        memset(p->bits, 0, TNI_VECTOR_WORDS * 8);
        for (i = 0; i < count; i++) {
            p->bits[i >> 6] |= ((valid[i * stride] >> input->valid_shift) & 1) << (i & 63);
        }
        p->validity = p->bits;
    }
    if (!input->needs_data) {
        return;
    }
    if (input->bits < 64) {
        uint64_t mask = tni_low_bits(input->bits);
        for (i = 0; i < count; i++) {
            ((int64_t *)p->buffer)[i] =
                tni_tuple_extend(input, (word[i * stride] >> input->shift) & mask);
        }
    } else if (tni_agg_class_width(input->class_id) == 8) {
        for (i = 0; i < count; i++) {
            ((uint64_t *)p->buffer)[i] = word[i * stride];
        }
    } else {
        for (i = 0; i < count; i++) {
            memcpy((uint8_t *)p->buffer + (size_t)i * 16, &word[i * stride], 16);
        }
    }
}

TNI_FN void tni_agg_unpack(tni_agg *agg, tni_agg_worker *scratch, const uint64_t *tuples,
                           size_t stride, uint32_t count, uint64_t *row_pairs) {
    uint32_t i, w;
    for (w = 0; w < agg->word_count; w++) {
        uint64_t *words = scratch->words + (size_t)w * TNI_VECTOR_ROWS;
        for (i = 0; i < count; i++) {
            words[i] = tuples[i * stride + w];
        }
    }
    for (i = 0; agg->hash_word != UINT32_MAX && i < count; i++) {
        scratch->hashes[i] = tuples[i * stride + agg->hash_word];
    }
    for (w = 0; w < agg->input_count; w++) {
        tni_tuple_unpack_input(&agg->inputs[w], tuples, stride, count, &scratch->prepared[w]);
    }
    for (i = 0; agg->row_words > 0 && i < count; i++) {
        memcpy(&row_pairs[2 * (size_t)i], &tuples[i * stride + agg->row_words], 16);
    }
}

#undef TNI_TUPLE_SHIFT
#undef TNI_TUPLE_FIRST_BYTES
