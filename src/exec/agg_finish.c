/*
 * agg_finish.c - the end of the input: how what the workers hold becomes results, and the order
 * in which groups go out.
 *
 * A direct table, or one worker's small table, is the result as it is; a few small tables are
 * merged at once. In every other case partitions are built while they are emitted (agg_build.c).
 * Groups are ordered by (hash, key). Slots lie in the order of hashes already, up to the clusters
 * that linear probing makes: an insertion sort finishes it.
 */
#include "exec/aggregate.h"

#define TNI_FINISH_SHIFT (64u - TNI_AGG_PARTITION_BITS)
#define TNI_FINISH_STRINGS (1u << 20) /* more are translated per partition, in parallel */

/* ------------------------------------------------------------------------------- order --- */

static uint64_t tni_groups_code(const tni_agg *agg, const tni_agg_key *key,
                                const tni_agg_table *table, uint32_t group) {
    uint64_t word = table->keys[(size_t)group * agg->word_count + key->word];
    return key->mode == TNI_KEY_WORD || key->mode == TNI_KEY_WIDE
               ? word
               : (word >> key->shift) & tni_low_bits(key->bits);
}

static int tni_groups_compare_text(const tni_agg_strings *strings, uint32_t a, uint32_t b,
                                   uint32_t null_code) {
    if (a == b || a == null_code || b == null_code) {
        return (a != b && a == null_code) - (a != b && b == null_code);
    }
    return tni_string_compare(&strings->values[a], &strings->values[b]);
}

/* Groups whose hashes have the same upper half: by the rest of the hash, then by keys. */
static int tni_groups_compare(const tni_agg *agg, const tni_agg_table *table, uint32_t a,
                              uint32_t b) {
    uint64_t x = tni_agg_group_hash(agg, table, a), y = tni_agg_group_hash(agg, table, b);
    uint32_t k;
    int c = 0;
    if (x != y) {
        return x < y ? -1 : 1;
    }
    if (agg->lone) {
        return tni_groups_compare_text(&table->strings[0], a, b, table->strings[0].null_code);
    }
    for (k = 0; k < agg->key_count && c == 0; k++) {
        const tni_agg_key *key = &agg->keys[k];
        x = tni_groups_code(agg, key, table, a);
        y = tni_groups_code(agg, key, table, b);
        if (key->mode == TNI_KEY_INTERN) {
            c = tni_groups_compare_text(&table->strings[k], (uint32_t)x, (uint32_t)y, UINT32_MAX);
        } else {
            c = (x > y) - (x < y);
        }
    }
    for (k = 0; k < agg->word_count && c == 0; k++) { /* NULL bits, second words */
        x = table->keys[(size_t)a * agg->word_count + k] & agg->plain_bits[k];
        y = table->keys[(size_t)b * agg->word_count + k] & agg->plain_bits[k];
        c = (x > y) - (x < y);
    }
    return c;
}

static bool tni_groups_before(const tni_agg *agg, const tni_agg_table *table, uint64_t a,
                              uint64_t b) {
    return a >> 32 != b >> 32
               ? a >> 32 < b >> 32
               : tni_groups_compare(agg, table, (uint32_t)a - 1, (uint32_t)b - 1) < 0;
}

/* Slots that are taken. The first cluster may have entries that went over the end: they belong
 * there, as their hashes tell. One entry past the last is written. */
static uint64_t tni_groups_walk(const uint64_t *slots, size_t slot_count, uint64_t *order) {
    size_t at, lead = 0, front = 0;
    uint64_t n, middle;
    while (lead < slot_count && slots[lead] != 0) {
        lead++;
    }
    n = lead;
    for (at = lead; at < slot_count; at++) {
        order[n] = slots[at];
        n += slots[at] != 0 ? 1 : 0;
    }
    if (n == lead) {
        memcpy(order, slots, lead * sizeof *order);
        return n;
    }
    middle = order[lead + (n - lead) / 2] >> 32;
    for (at = 0; at < lead; at++) {
        order[front] = slots[at];
        front += slots[at] >> 32 <= middle ? 1 : 0;
    }
    if (front < lead) {
        memmove(order + front, order + lead, (size_t)(n - lead) * sizeof *order);
        n -= lead - front;
        for (at = 0; at < lead; at++) {
            if (slots[at] >> 32 > middle) {
                order[n++] = slots[at];
            }
        }
    }
    return n;
}

TNI_FN void tni_agg_order(const tni_agg *agg, const tni_agg_table *table, uint64_t *order) {
    uint64_t n, i, j;
    if (agg->lone) {
        const tni_agg_strings *strings = &table->strings[0];
        n = strings->slots == NULL
                ? 0
                : tni_groups_walk(strings->slots, strings->slot_count, order);
        if (strings->null_code != UINT32_MAX) {
            order[n++] = (TNI_HASH_NULL >> 32 << 32) | (strings->null_code + 1);
        }
    } else {
        n = tni_groups_walk(table->slots, (size_t)table->slot_mask + 1, order);
    }
    for (i = 1; i < n; i++) {
        uint64_t entry = order[i];
        for (j = i; j > 0 && tni_groups_before(agg, table, entry, order[j - 1]); j--) {
            order[j] = order[j - 1];
        }
        order[j] = entry;
    }
}

TNI_FN trueno_status tni_agg_hash_groups(tni_agg *agg, tni_agg_table *table, tni_error *error) {
    tni_memory *memory = table->memory;
    size_t size = ((size_t)agg->word_count + 1) * TNI_VECTOR_ROWS;
    uint64_t *words = (uint64_t *)tni_alloc_array(memory, size, sizeof *words);
    uint32_t at, i, w, count;
    if (words == NULL) {
        return tni_memory_fail(memory, size * sizeof *words, error);
    }
    for (at = 0; at < table->count; at += count) {
        count = TNI_MIN(table->count - at, TNI_VECTOR_ROWS);
        for (i = 0; i < count; i++) {
            for (w = 0; w < agg->word_count; w++) {
                words[(size_t)w * TNI_VECTOR_ROWS + i] =
                    table->keys[(size_t)(at + i) * agg->word_count + w];
            }
        }
        tni_agg_hash_words(agg, words, NULL, words + (size_t)agg->word_count * TNI_VECTOR_ROWS,
                           count, table->hashes + at);
    }
    tni_free(memory, words, size * sizeof *words);
    tni_agg_table_index(table);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_agg_order_result(tni_agg *agg, tni_error *error) {
    tni_agg_table *table = agg->results;
    uint64_t at, seen = 0;
    if (agg->direct || agg->by_partition || agg->any_order || table == NULL ||
        agg->result_order != NULL || table->count == 0) {
        return TRUENO_OK;
    }
    for (at = 0; !agg->lone && at <= table->slot_mask && seen == 0; at++) {
        seen = table->slots[at];
    }
    if (!agg->lone && seen == 0) { /* made elsewhere */
        TNI_TRY(tni_agg_hash_groups(agg, table, error));
    }
    agg->result_order =
        (uint64_t *)tni_alloc_array(table->memory, (size_t)table->count + 1, sizeof(uint64_t));
    if (agg->result_order == NULL) {
        return tni_memory_fail(table->memory, (size_t)table->count * 8, error);
    }
    tni_agg_order(agg, table, agg->result_order);
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------- to a file --- */

TNI_FN void tni_agg_key_strings(const tni_agg *agg, const tni_agg_table *table,
                                const uint64_t *words, uint32_t group, tni_string *out) {
    uint32_t k, count = 0;
    if (agg->lone) {
        *out = table->strings[0].values[group];
        if (group == table->strings[0].null_code) {
            memset(out, 0, sizeof *out);
            out->bytes[0] = 0xff; /* no string of no length has this */
        }
        return;
    }
    for (k = 0; k < agg->key_count && agg->interned_count > 0; k++) {
        const tni_agg_key *key = &agg->keys[k];
        uint32_t code;
        if (key->mode != TNI_KEY_INTERN) {
            continue;
        }
        code = (uint32_t)(words[key->word] >> key->shift);
        if (code == UINT32_MAX) {
            memset(&out[count], 0, sizeof *out);
        } else {
            out[count] = table->strings[k].values[code];
        }
        count++;
    }
}

static trueno_status tni_spill_groups(tni_agg *agg, tni_agg_worker *worker, tni_error *error) {
    const tni_agg_table *table = &worker->table;
    uint32_t g;
    for (g = 0; g < table->count; g++) {
        uint64_t hash = tni_agg_group_hash(agg, table, g);
        const uint64_t *words = tni_agg_group_words(table, g);
        tni_string keys[100];
        tni_agg_key_strings(agg, table, words, g, keys);
        TNI_TRY(tni_agg_spill_group(worker->spill, (uint32_t)(hash >> TNI_FINISH_SHIFT), hash,
                                    words, keys, tni_agg_group_states(table, g), error));
    }
    return TRUENO_OK;
}

static trueno_status tni_spill_tuples(tni_agg *agg, tni_agg_worker *worker, tni_error *error) {
    uint32_t p, i;
    for (p = 0; p < TNI_AGG_PARTITIONS; p++) {
        const tni_agg_block *block;
        for (block = worker->tuples.blocks[p]; block != NULL; block = block->next) {
            for (i = 0; i < block->used; i++) {
                const uint64_t *tuple = block->tuples + (size_t)i * agg->tuple_words;
                tni_string keys[100];
                tni_agg_key_strings(agg, &worker->table, tuple, 0, keys);
                TNI_TRY(tni_agg_spill_tuple(worker->spill, p, tuple, keys, error));
            }
        }
        TNI_TRY(tni_agg_spill_done(worker->spill, p, error));
        TNI_TRY(tni_env_check(agg->run->env, error));
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_agg_spill_worker(tni_agg *agg, tni_agg_worker *worker,
                                          tni_error *error) {
    if (worker->spill == NULL) {
        TNI_TRY(tni_agg_spill_new(agg, &worker->spill, error));
    }
    TNI_TRY(tni_spill_groups(agg, worker, error));
    TNI_TRY(tni_spill_tuples(agg, worker, error));
    TNI_TRY(tni_agg_spill_flush(worker->spill, false, error));
    return tni_agg_worker_reset(agg, worker, error);
}

/* ---------------------------------------------------------------------------- results --- */

static trueno_status tni_groups_result(tni_agg *agg, tni_error *error) {
    agg->results = (tni_agg_table *)tni_alloc_zero(agg->run->env->memory, sizeof *agg->results);
    if (agg->results == NULL) {
        return tni_memory_fail(agg->run->env->memory, sizeof *agg->results, error);
    }
    agg->result_count = 1;
    return TRUENO_OK;
}

static trueno_status tni_groups_direct(tni_agg *agg, tni_error *error) {
    TNI_TRY(tni_groups_result(agg, error));
    agg->results[0] = agg->workers[0].table;
    memset(&agg->workers[0].table, 0, sizeof agg->workers[0].table);
    return tni_agg_merge_direct(agg, &agg->results[0], error);
}

static trueno_status tni_groups_keep(void *context, tni_agg_table *table, const uint64_t *order,
                                     tni_error *error) {
    tni_agg *agg = (tni_agg *)context;
    (void)order;
    TNI_TRY(tni_groups_result(agg, error));
    agg->results[0] = *table;
    memset(table, 0, sizeof *table);
    return TRUENO_OK;
}

/* Groups by hash, and where each partition begins. */
static trueno_status tni_groups_bucket(tni_agg *agg, tni_agg_worker *worker, bool one,
                                       tni_error *error) {
    const tni_agg_table *table = &worker->table;
    uint32_t count = table->count, p, at = 0;
    memset(worker->partition_starts, 0, sizeof worker->partition_starts);
    if (count == 0) {
        return TRUENO_OK;
    }
    worker->ordered =
        (uint64_t *)tni_alloc_array(agg->run->env->memory, (size_t)count + 1, sizeof(uint64_t));
    if (worker->ordered == NULL) {
        return tni_memory_fail(agg->run->env->memory, ((size_t)count + 1) * 8, error);
    }
    worker->ordered_count = count;
    tni_agg_order(agg, table, worker->ordered);
    for (p = 0; p < TNI_AGG_PARTITIONS; p++) {
        worker->partition_starts[p] = at;
        while (at < count && (one || worker->ordered[at] >> TNI_FINISH_SHIFT == p)) {
            at++;
        }
    }
    worker->partition_starts[TNI_AGG_PARTITIONS] = count;
    return TRUENO_OK;
}

/* Few groups in all: one table, by one worker. */
static trueno_status tni_groups_merged(tni_agg *agg, tni_error *error) {
    tni_agg_builder builder;
    trueno_status status;
    uint32_t w;
    for (w = 0; w < agg->worker_count; w++) {
        TNI_TRY(tni_groups_bucket(agg, &agg->workers[w], true, error));
    }
    status = tni_agg_builder_init(&builder, agg, tni_groups_keep, agg, error);
    if (status == TRUENO_OK) {
        status = tni_agg_build_all(&builder, error);
    }
    tni_agg_builder_free(&builder);
    return status;
}

/* One numbering for the strings of all workers. */
static trueno_status tni_groups_translate(tni_agg *agg, tni_error *error) {
    tni_memory *memory = agg->run->env->memory;
    uint32_t k, w;
    agg->strings =
        (tni_agg_strings *)tni_alloc_zero(memory, agg->key_count * sizeof *agg->strings);
    if (agg->strings == NULL) {
        return tni_memory_fail(memory, agg->key_count * sizeof *agg->strings, error);
    }
    for (k = 0; k < agg->key_count; k++) {
        tni_agg_strings_init(&agg->strings[k], memory);
    }
    for (w = 0; w < agg->worker_count; w++) {
        tni_agg_worker *worker = &agg->workers[w];
        worker->translate =
            (uint32_t **)tni_alloc_zero(memory, agg->key_count * sizeof *worker->translate);
        if (worker->translate == NULL) {
            return tni_memory_fail(memory, agg->key_count * sizeof *worker->translate, error);
        }
        for (k = 0; k < agg->key_count; k++) {
            const tni_agg_strings *from = &worker->table.strings[k];
            if (from->count == 0) {
                continue;
            }
            worker->translate[k] =
                (uint32_t *)tni_alloc_array(memory, from->count, sizeof(uint32_t));
            if (worker->translate[k] == NULL) {
                return tni_memory_fail(memory, from->count * sizeof(uint32_t), error);
            }
            TNI_TRY(tni_agg_strings_add(&agg->strings[k], from->values, from->hashes, NULL,
                                        from->count, true, worker->translate[k], error));
        }
    }
    return TRUENO_OK;
}

/* Bytes that building takes at most at a time, were every row a group. */
static uint64_t tni_groups_estimate(const tni_agg *agg) {
    uint64_t most = 0;
    uint64_t row = agg->state_size + 48 + (uint64_t)agg->word_count * 8 +
                   (uint64_t)agg->interned_count * 64 + (uint64_t)agg->collect_count * 64;
    uint32_t w, p;
    for (p = 0; p < TNI_AGG_PARTITIONS; p++) {
        uint64_t rows = 0;
        for (w = 0; w < agg->worker_count; w++) {
            const tni_agg_worker *worker = &agg->workers[w];
            rows += worker->tuples.counts[p] + worker->table.count / TNI_AGG_PARTITIONS;
        }
        most = TNI_MAX(most, rows);
    }
    return most * row * TNI_MIN(agg->run->env->threads, agg->worker_count) + (UINT64_C(1) << 20);
}

static trueno_status tni_groups_partitions(tni_agg *agg, uint32_t holders, bool spilled,
                                           tni_error *error) {
    const tni_memory *memory = agg->run->env->memory;
    uint64_t strings = 0, used = (uint64_t)tni_atomic_load_i64(&memory->used);
    uint32_t w, k;
    if (agg->can_spill && !spilled) {
        uint64_t before = (uint64_t)agg->used_before, limit = (uint64_t)memory->limit;
        spilled = used + tni_groups_estimate(agg) > before + (limit - before) / 8 * 7;
    }
    for (w = 0; w < agg->worker_count; w++) {
        tni_agg_worker *worker = &agg->workers[w];
        if (spilled && (worker->table.count > 0 || worker->tuples.slabs != NULL)) {
            TNI_TRY(tni_agg_spill_worker(agg, worker, error));
        }
        if (worker->spill != NULL) {
            TNI_TRY(tni_agg_spill_flush(worker->spill, true, error));
        }
        TNI_TRY(tni_groups_bucket(agg, worker, false, error));
        for (k = 0; k < agg->key_count && agg->interned_count > 0; k++) {
            strings += worker->table.strings[k].count;
        }
    }
    agg->by_partition = true;
    agg->unit_count = TNI_AGG_PARTITIONS;
    agg->same_strings = holders <= 1 && agg->interned_count > 0 && !agg->lone && !spilled &&
                        agg->worker_count > 0 && agg->workers[0].table.strings != NULL;
    if (agg->interned_count > 0 && !agg->lone && !spilled && !agg->same_strings &&
        strings <= TNI_FINISH_STRINGS) {
        return tni_groups_translate(agg, error);
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_agg_finish_tables(tni_agg *agg, tni_error *error) {
    uint64_t groups = 0;
    bool partitioned = false, spilled = false;
    uint32_t w, holders = 0, holder = 0;
    if (agg->direct) {
        return tni_groups_direct(agg, error);
    }
    for (w = 0; w < agg->worker_count; w++) {
        const tni_agg_worker *worker = &agg->workers[w];
        bool holds = worker->table.count > 0 || worker->tuples.slabs != NULL;
        groups += worker->table.count;
        partitioned = partitioned || worker->tuples.slabs != NULL;
        spilled = spilled || worker->spill != NULL;
        holders += holds ? 1u : 0u;
        holder = holds ? w : holder;
    }
    if (holders == 1 && holder != 0) { /* the rest of the way it is the first one */
        tni_agg_worker swap = agg->workers[0];
        agg->workers[0] = agg->workers[holder];
        agg->workers[holder] = swap;
    }
    if (!spilled && !partitioned && holders <= 1) {
        TNI_TRY(tni_groups_result(agg, error));
        agg->results[0] = agg->workers[0].table;
        memset(&agg->workers[0].table, 0, sizeof agg->workers[0].table);
        return TRUENO_OK;
    }
    if (!spilled && !partitioned && groups <= TNI_AGG_LOCAL_GROUPS / 2) {
        return tni_groups_merged(agg, error);
    }
    return tni_groups_partitions(agg, holders, spilled, error);
}

#undef TNI_FINISH_SHIFT
#undef TNI_FINISH_STRINGS
