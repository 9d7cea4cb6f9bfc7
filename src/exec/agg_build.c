/*
 * agg_build.c - partitions to results: everything workers hold of one partition goes into one
 * table, which is handed on and emptied for the next.
 *
 * Sources are local groups, tuples and files. Strings of INTERN keys are brought to one numbering:
 * as they are when one worker met all rows, by a map made before (agg_finish.c), or else by
 * content into the partition's own strings. Where a partition does not fit into memory, its records
 * are cut again, by the next bits of the hash, into a file of their own, and built piece by piece;
 * pieces go out in the order the whole would have.
 */
#include "exec/aggregate.h"

#define TNI_BUILD_DEPTH 6u /* most cuts: the lowest bits would be used twice after that */

/* ----------------------------------------------------------------------------- builder --- */

TNI_FN trueno_status tni_agg_builder_init(tni_agg_builder *builder, tni_agg *agg,
                                          tni_agg_emitter emit, void *context, tni_error *error) {
    tni_memory *memory = agg->run->env->memory;
    memset(builder, 0, sizeof *builder);
    builder->agg = agg;
    builder->emit = emit;
    builder->context = context;
    builder->row_pairs = (uint64_t *)tni_alloc_array(memory, 2 * (size_t)TNI_VECTOR_ROWS, 8);
    builder->codes = (uint32_t *)tni_alloc_array(memory, TNI_VECTOR_ROWS, sizeof(uint32_t));
    builder->numbers = (uint32_t *)tni_alloc_array(memory, TNI_VECTOR_ROWS, sizeof(uint32_t));
    if (builder->row_pairs == NULL || builder->codes == NULL || builder->numbers == NULL) {
        return tni_memory_fail(memory, 2 * (size_t)TNI_VECTOR_ROWS * 8, error);
    }
    if (agg->interned_count > 0) {
        builder->strings =
            (tni_string *)tni_alloc_array(memory, TNI_VECTOR_ROWS, sizeof(tni_string));
        if (builder->strings == NULL) {
            return tni_memory_fail(memory, TNI_VECTOR_ROWS * sizeof(tni_string), error);
        }
    }
    return tni_agg_worker_init(agg, &builder->scratch, false, error);
}

TNI_FN void tni_agg_builder_free(tni_agg_builder *builder) {
    tni_memory *memory;
    if (builder->agg == NULL) {
        return;
    }
    memory = builder->agg->run->env->memory;
    tni_agg_worker_free(builder->agg, &builder->scratch);
    tni_free(memory, builder->row_pairs, 2 * (size_t)TNI_VECTOR_ROWS * 8);
    tni_free(memory, builder->codes, TNI_VECTOR_ROWS * sizeof(uint32_t));
    tni_free(memory, builder->numbers, TNI_VECTOR_ROWS * sizeof(uint32_t));
    tni_free(memory, builder->strings, TNI_VECTOR_ROWS * sizeof(tni_string));
    tni_free(memory, builder->order, builder->order_capacity * sizeof *builder->order);
    memset(builder, 0, sizeof *builder);
}

/* An empty table for groups that share the upper `skip` bits of the hash. */
static trueno_status tni_build_table(tni_agg_builder *builder, uint32_t skip, uint64_t expected,
                                     tni_error *error) {
    tni_agg *agg = builder->agg;
    tni_agg_table *table = &builder->scratch.table;
    tni_agg_strings *shared =
        agg->same_strings && !agg->lone ? agg->workers[0].table.strings : agg->strings;
    expected = TNI_MIN(TNI_MAX(expected, UINT64_C(1024)), UINT64_C(1) << 24);
    if (table->memory == NULL) {
        TNI_TRY(tni_agg_table_init(agg, table, (uint32_t)expected, error));
        if (shared != NULL && table->strings != NULL) {
            tni_free(table->memory, table->strings, agg->key_count * sizeof *table->strings);
            table->strings = shared;
            table->borrows_strings = true;
        }
    } else {
        tni_agg_table_clear(agg, table);
        TNI_TRY(tni_agg_table_reserve(agg, table, expected, error));
    }
    table->skip_bits = skip;
    if (agg->lone) {
        table->strings[0].skip_bits = skip;
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------- codes --- */

/* Rewrite the codes of INTERN key k in `count` key words; `to[i]` replaces what is not NULL. */
static void tni_build_rewrite(const tni_agg_key *key, uint64_t *word, const uint32_t *to,
                              uint32_t count) {
    uint64_t mask = ~((uint64_t)UINT32_MAX << key->shift);
    uint32_t i;
    for (i = 0; i < count; i++) {
        if (((word[i] >> key->shift) & UINT32_MAX) != UINT32_MAX) {
            word[i] = (word[i] & mask) | (uint64_t)to[i] << key->shift;
        }
    }
}

/* Number builder->strings[0..count) by content, skipping rows whose code in `word` is NULL. */
static trueno_status tni_build_intern(tni_agg_builder *builder, uint32_t k, uint64_t *word,
                                      const uint64_t *hashes, uint32_t count, bool borrow,
                                      tni_error *error) {
    const tni_agg_key *key = &builder->agg->keys[k];
    uint64_t valid[TNI_VECTOR_WORDS];
    uint32_t i;
    memset(valid, 0, sizeof valid);
    for (i = 0; i < count; i++) {
        uint64_t there = ((word[i] >> key->shift) & UINT32_MAX) != UINT32_MAX ? 1 : 0;
        valid[i >> 6] |= there << (i & 63);
    }
    TNI_TRY(tni_agg_strings_add(&builder->scratch.table.strings[k], builder->strings, hashes, valid,
                                count, borrow, builder->codes, error));
    tni_build_rewrite(key, word, builder->codes, count);
    return TRUENO_OK;
}

/* Words of the scratch hold codes of `worker`: make them the table's. */
static trueno_status tni_build_translate(tni_agg_builder *builder, const tni_agg_worker *worker,
                                         uint32_t count, tni_error *error) {
    tni_agg *agg = builder->agg;
    uint32_t k, i;
    for (k = 0; k < agg->key_count && !agg->same_strings && agg->interned_count > 0; k++) {
        const tni_agg_key *key = &agg->keys[k];
        uint64_t *word = builder->scratch.words + (size_t)key->word * TNI_VECTOR_ROWS;
        const tni_agg_strings *strings = &worker->table.strings[k];
        if (key->mode != TNI_KEY_INTERN) {
            continue;
        }
        if (worker->translate != NULL) {
            const uint32_t *map = worker->translate[k];
            for (i = 0; i < count; i++) {
                uint32_t code = (uint32_t)(word[i] >> key->shift);
                builder->codes[i] = code == UINT32_MAX ? code : map[code];
            }
            tni_build_rewrite(key, word, builder->codes, count);
            continue;
        }
        for (i = 0; i < count; i++) {
            uint32_t code = (uint32_t)(word[i] >> key->shift);
            if (code != UINT32_MAX) {
                builder->strings[i] = strings->values[code];
                builder->scratch.codes[i] = strings->hashes[code];
            } else {
                builder->scratch.codes[i] = 0;
            }
        }
        TNI_TRY(tni_build_intern(builder, k, word, builder->scratch.codes, count, true, error));
    }
    return TRUENO_OK;
}

/* The same where the content stands beside the words: key strings at `strings`, one record every
 * `stride` words. They are copied. */
static trueno_status tni_build_content(tni_agg_builder *builder, const uint64_t *strings,
                                       size_t stride, uint32_t count, tni_error *error) {
    tni_agg *agg = builder->agg;
    uint32_t k, i, at = 0;
    for (k = 0; k < agg->key_count; k++) {
        const tni_agg_key *key = &agg->keys[k];
        if (key->mode != TNI_KEY_INTERN) {
            continue;
        }
        for (i = 0; i < count; i++) {
            memcpy(&builder->strings[i], strings + i * stride + at, sizeof(tni_string));
            builder->scratch.codes[i] = tni_agg_string_hash(&builder->strings[i]);
        }
        TNI_TRY(tni_build_intern(builder, k,
                                 builder->scratch.words + (size_t)key->word * TNI_VECTOR_ROWS,
                                 builder->scratch.codes, count, false, error));
        at += 2;
    }
    return TRUENO_OK;
}

/* A lone key: groups of builder->strings[0..count); what stands for NULL has the NULL hash and
 * no length. */
static trueno_status tni_build_lone(tni_agg_builder *builder, const uint64_t *hashes,
                                    uint32_t count, bool borrow, tni_error *error) {
    tni_agg_table *table = &builder->scratch.table;
    uint64_t valid[TNI_VECTOR_WORDS];
    uint32_t i;
    memset(valid, 0, sizeof valid);
    for (i = 0; i < count; i++) {
        const tni_string *s = &builder->strings[i];
        if (s->length == 0 && s->bytes[0] != 0) {
            TNI_TRY(tni_agg_strings_null(&table->strings[0], &builder->scratch.groups[i], error));
        } else {
            tni_bit_set(valid, i);
        }
    }
    TNI_TRY(tni_agg_strings_add(&table->strings[0], builder->strings, hashes, valid, count, borrow,
                                builder->scratch.groups, error));
    TNI_TRY(tni_agg_table_reserve(builder->agg, table, table->strings[0].count, error));
    table->count = table->strings[0].count;
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------------- sources --- */

static uint32_t tni_build_part(const tni_agg_builder *builder, uint64_t hash) {
    return (uint32_t)((hash >> (64 - TNI_AGG_PARTITION_BITS * (builder->depth + 1))) &
                      (TNI_AGG_PARTITIONS - 1));
}

/* Tuples of a worker (NULL: records, with key strings behind each). */
static trueno_status tni_build_tuples(tni_agg_builder *builder, const tni_agg_worker *worker,
                                      const uint64_t *tuples, size_t stride, uint32_t all,
                                      tni_error *error) {
    tni_agg *agg = builder->agg;
    tni_agg_worker *scratch = &builder->scratch;
    uint32_t at = 0;
    while (at < all) {
        const uint64_t *from = tuples + at * stride;
        uint32_t feed = tni_agg_tuple_feed(agg, from);
        uint32_t count = 1, most = TNI_MIN(all - at, TNI_VECTOR_ROWS), i;
        while (count < most && tni_agg_tuple_feed(agg, from + count * stride) == feed) {
            count++;
        }
        tni_agg_unpack(agg, scratch, from, stride, count, builder->row_pairs);
        if (agg->hash_word == UINT32_MAX) {
            tni_agg_hash_words(agg, scratch->words, NULL, scratch->codes, count, scratch->hashes);
        }
        for (i = 0; builder->cut != NULL && i < count; i++) {
            tni_string keys[100];
            const tni_string *strings = keys;
            if (worker == NULL) {
                strings = (const tni_string *)(const void *)(from + i * stride + agg->tuple_words);
            } else {
                tni_agg_key_strings(agg, &worker->table, from + i * stride, 0, keys);
            }
            TNI_TRY(tni_agg_spill_tuple(builder->cut, tni_build_part(builder, scratch->hashes[i]),
                                        from + i * stride, strings, error));
        }
        at += count;
        if (builder->cut != NULL) {
            continue;
        }
        if (worker != NULL) {
            TNI_TRY(tni_build_translate(builder, worker, count, error));
        } else if (agg->interned_count > 0) {
            TNI_TRY(tni_build_content(builder, from + agg->tuple_words, stride, count, error));
        }
        TNI_TRY(tni_agg_table_find(agg, &scratch->table, scratch->words, TNI_VECTOR_ROWS,
                                   scratch->hashes, count, scratch->groups, error));
        TNI_TRY(tni_agg_update(agg, &scratch->table, scratch->prepared, scratch->groups, count, 0,
                               0, NULL, builder->row_pairs, feed, error));
    }
    return TRUENO_OK;
}

static trueno_status tni_build_cut_groups(tni_agg_builder *builder, const tni_agg_table *from,
                                          const uint64_t *which, uint32_t count,
                                          tni_error *error) {
    tni_agg *agg = builder->agg;
    uint32_t i;
    for (i = 0; i < count; i++) {
        uint32_t group = (uint32_t)which[i] - 1;
        uint64_t hash = tni_agg_group_hash(agg, from, group);
        const uint64_t *words = tni_agg_group_words(from, group);
        tni_string keys[100];
        tni_agg_key_strings(agg, from, words, group, keys);
        TNI_TRY(tni_agg_spill_group(builder->cut, tni_build_part(builder, hash), hash, words, keys,
                                    tni_agg_group_states(from, group), error));
    }
    return TRUENO_OK;
}

/* Groups of a worker's table, given as slots. */
static trueno_status tni_build_groups(tni_agg_builder *builder, const tni_agg_worker *worker,
                                      const uint64_t *which, uint32_t all, tni_error *error) {
    tni_agg *agg = builder->agg;
    const tni_agg_table *from = &worker->table;
    tni_agg_worker *scratch = &builder->scratch;
    uint32_t at, i, w, count;
    if (builder->cut != NULL) {
        return tni_build_cut_groups(builder, from, which, all, error);
    }
    for (at = 0; at < all; at += count) {
        count = TNI_MIN(all - at, TNI_VECTOR_ROWS);
        for (i = 0; i < count; i++) {
            builder->numbers[i] = (uint32_t)which[at + i] - 1;
        }
        if (agg->lone) {
            for (i = 0; i < count; i++) {
                tni_agg_key_strings(agg, from, NULL, builder->numbers[i], &builder->strings[i]);
                scratch->hashes[i] = from->strings[0].hashes[builder->numbers[i]];
            }
            TNI_TRY(tni_build_lone(builder, scratch->hashes, count, true, error));
        } else {
            for (i = 0; i < count; i++) {
                const uint64_t *key = from->keys + (size_t)builder->numbers[i] * agg->word_count;
                for (w = 0; w < agg->word_count; w++) {
                    scratch->words[(size_t)w * TNI_VECTOR_ROWS + i] = key[w];
                }
                scratch->hashes[i] = from->hashes[builder->numbers[i]];
            }
            TNI_TRY(tni_build_translate(builder, worker, count, error));
            TNI_TRY(tni_agg_table_find(agg, &scratch->table, scratch->words, TNI_VECTOR_ROWS,
                                       scratch->hashes, count, scratch->groups, error));
        }
        TNI_TRY(tni_agg_merge(agg, &scratch->table, from, builder->numbers, scratch->groups, count,
                              error));
    }
    return TRUENO_OK;
}

/* Groups from a file: hash, words, key strings, states. */
static trueno_status tni_build_group_records(tni_agg_builder *builder,
                                             const tni_agg_records *records, tni_error *error) {
    tni_agg *agg = builder->agg;
    tni_agg_worker *scratch = &builder->scratch;
    size_t stride = records->stride, keys = 1 + (size_t)agg->word_count;
    size_t states = keys + (size_t)agg->interned_count * 2;
    tni_agg_table from;
    uint32_t at, i, w, count;
    memset(&from, 0, sizeof from);
    from.memory = agg->run->env->memory;
    from.state_size = (uint32_t)(stride * 8);
    for (at = 0; at < records->count; at += count) {
        const uint64_t *first = records->words + at * stride;
        count = TNI_MIN(records->count - at, TNI_VECTOR_ROWS);
        for (i = 0; builder->cut != NULL && i < count; i++) {
            const uint64_t *r = first + i * stride;
            TNI_TRY(tni_agg_spill_group(builder->cut, tni_build_part(builder, r[0]), r[0], r + 1,
                                        (const tni_string *)(const void *)(r + keys),
                                        (const uint8_t *)(const void *)(r + states), error));
        }
        if (builder->cut != NULL) {
            continue;
        }
        for (i = 0; i < count; i++) {
            builder->numbers[i] = i;
            scratch->hashes[i] = first[i * stride];
            for (w = 0; w < agg->word_count; w++) {
                scratch->words[(size_t)w * TNI_VECTOR_ROWS + i] = first[i * stride + 1 + w];
            }
        }
        if (agg->lone) {
            for (i = 0; i < count; i++) {
                memcpy(&builder->strings[i], first + i * stride + keys, sizeof(tni_string));
            }
            TNI_TRY(tni_build_lone(builder, scratch->hashes, count, false, error));
        } else {
            TNI_TRY(tni_build_content(builder, first + keys, stride, count, error));
            TNI_TRY(tni_agg_table_find(agg, &scratch->table, scratch->words, TNI_VECTOR_ROWS,
                                       scratch->hashes, count, scratch->groups, error));
        }
        from.states = (uint8_t *)(void *)(records->words + at * stride + states);
        TNI_TRY(tni_agg_merge(agg, &scratch->table, &from, builder->numbers, scratch->groups,
                              count, error));
    }
    return TRUENO_OK;
}

static trueno_status tni_build_file(tni_agg_builder *builder, tni_agg_spill *spill,
                                    uint32_t partition, tni_error *error) {
    tni_agg_reader reader;
    tni_agg_records records;
    trueno_status status = tni_agg_reader_open(&reader, spill, partition, error);
    while (status == TRUENO_OK) {
        status = tni_agg_reader_next(&reader, &records, error);
        if (status != TRUENO_OK || records.count == 0) {
            break;
        }
        status = records.kind == TNI_RECORD_TUPLE
                     ? tni_build_tuples(builder, NULL, records.words, records.stride,
                                        records.count, error)
                     : tni_build_group_records(builder, &records, error);
        if (status == TRUENO_OK) {
            status = tni_env_check(builder->agg->run->env, error);
        }
    }
    tni_agg_reader_close(&reader);
    return status;
}

/* All of a partition: of `from`, or of the workers. */
static trueno_status tni_build_sources(tni_agg_builder *builder, tni_agg_spill *from,
                                       uint32_t partition, tni_error *error) {
    tni_agg *agg = builder->agg;
    uint32_t w;
    if (from != NULL) {
        return tni_build_file(builder, from, partition, error);
    }
    for (w = 0; w < agg->worker_count; w++) {
        const tni_agg_worker *worker = &agg->workers[w];
        uint32_t start = worker->partition_starts[partition];
        const tni_agg_block *block;
        if (worker->spill != NULL) {
            TNI_TRY(tni_build_file(builder, worker->spill, partition, error));
        }
        if (worker->partition_starts[partition + 1] > start) {
            TNI_TRY(tni_build_groups(builder, worker, worker->ordered + start,
                                     worker->partition_starts[partition + 1] - start, error));
        }
        for (block = worker->tuples.blocks[partition]; block != NULL; block = block->next) {
            TNI_TRY(tni_build_tuples(builder, worker, block->tuples, agg->tuple_words, block->used,
                                     error));
        }
        TNI_TRY(tni_env_check(agg->run->env, error));
    }
    return TRUENO_OK;
}

static uint64_t tni_build_rows(const tni_agg *agg, const tni_agg_spill *from,
                               uint32_t partition) {
    uint64_t rows = 0;
    uint32_t w;
    if (from != NULL) {
        return tni_agg_spill_rows(from, partition);
    }
    for (w = 0; w < agg->worker_count; w++) {
        const tni_agg_worker *worker = &agg->workers[w];
        rows += worker->partition_starts[partition + 1] - worker->partition_starts[partition] +
                worker->tuples.counts[partition];
        rows += worker->spill != NULL ? tni_agg_spill_rows(worker->spill, partition) : 0;
    }
    return rows;
}

/* ------------------------------------------------------------------------------ pieces --- */

/* The partition as one table, ready to go out. */
static trueno_status tni_build_whole(tni_agg_builder *builder, tni_agg_spill *from,
                                     uint32_t partition, uint64_t rows, uint32_t depth,
                                     tni_error *error) {
    tni_agg *agg = builder->agg;
    tni_agg_table *table = &builder->scratch.table;
    double share = builder->inputs == 0 ? 0.25 : (double)builder->groups / (double)builder->inputs;
    uint64_t expected = (uint64_t)((double)rows * share * 1.05) + TNI_VECTOR_ROWS;
    void *order;
    trueno_status status;
    TNI_TRY(tni_build_table(builder, TNI_AGG_PARTITION_BITS * (depth + 1), expected, error));
    TNI_TRY(tni_build_sources(builder, from, partition, error));
    builder->inputs += rows;
    builder->groups += table->count;
    TNI_TRY(tni_agg_collect_prepare(agg, table, error));
    if (!builder->any_order) {
        order = builder->order;
        status = tni_grow(agg->run->env->memory, &order, &builder->order_capacity,
                          (size_t)table->count + 1, sizeof *builder->order, error);
        builder->order = (uint64_t *)order;
        TNI_TRY(status);
        tni_agg_order(agg, table, builder->order);
    }
    return TRUENO_OK;
}

/* Cut the records of a partition by further bits of their hashes. */
static trueno_status tni_build_cut(tni_agg_builder *builder, tni_agg_spill *from,
                                   uint32_t partition, uint64_t rows, uint32_t depth,
                                   tni_agg_spill **out, tni_error *error) {
    tni_agg *agg = builder->agg;
    uint32_t p;
    trueno_status status;
    TNI_TRY(tni_agg_spill_new(agg, out, error));
    builder->cut = *out;
    builder->depth = depth + 1;
    status = tni_build_sources(builder, from, partition, error);
    builder->cut = NULL;
    if (status == TRUENO_OK) {
        status = tni_agg_spill_flush(*out, true, error);
    }
    for (p = 0; p < TNI_AGG_PARTITIONS && depth > 0 && status == TRUENO_OK; p++) {
        if (tni_agg_spill_rows(*out, p) == rows) { /* twice in a row: they are one group */
            status = tni_fail(error, TRUENO_ERROR_MEMORY_LIMIT,
                              "memory limit: the values of one group in GROUP BY do not fit "
                              "memory_limit %lld",
                              (long long)agg->run->env->memory->limit);
        }
    }
    if (status != TRUENO_OK) {
        tni_agg_spill_free(*out);
        *out = NULL;
    }
    return status;
}

static trueno_status tni_build_piece(tni_agg_builder *builder, tni_agg_spill *from,
                                     uint32_t partition, uint32_t depth, tni_error *error) {
    tni_agg *agg = builder->agg;
    uint64_t rows = tni_build_rows(agg, from, partition), place = error->order;
    tni_agg_spill *cut;
    uint32_t p;
    trueno_status status;
    if (rows == 0) {
        return TRUENO_OK;
    }
    status = tni_build_whole(builder, from, partition, rows, depth, error);
    if (status == TRUENO_OK) {
        return builder->emit(builder->context, &builder->scratch.table,
                             builder->any_order ? NULL : builder->order, error);
    }
    if (!tni_agg_short(agg, status) || depth + 1 >= TNI_BUILD_DEPTH) {
        return status;
    }
    tni_error_clear(error);
    error->order = place;
    tni_agg_table_free(agg, &builder->scratch.table);
    tni_free(agg->run->env->memory, builder->order,
             builder->order_capacity * sizeof *builder->order);
    builder->order = NULL;
    builder->order_capacity = 0;
    TNI_TRY(tni_build_cut(builder, from, partition, rows, depth, &cut, error));
    status = TRUENO_OK;
    for (p = 0; p < TNI_AGG_PARTITIONS && status == TRUENO_OK; p++) {
        status = tni_build_piece(builder, cut, p, depth + 1, error);
    }
    tni_agg_spill_free(cut);
    return status;
}

TNI_FN trueno_status tni_agg_build_partition(tni_agg_builder *builder, uint32_t partition,
                                   tni_error *error) {
    return tni_build_piece(builder, NULL, partition, 0, error);
}

/* All partitions, bucketed as one, into one table. */
TNI_FN trueno_status tni_agg_build_all(tni_agg_builder *builder, tni_error *error) {
    TNI_TRY(tni_build_table(builder, 0, 1024, error));
    TNI_TRY(tni_build_sources(builder, NULL, 0, error));
    return builder->emit(builder->context, &builder->scratch.table, NULL, error);
}

#undef TNI_BUILD_DEPTH
