/*
 * agg_table.c - groups: an open-addressing table from key words to group numbers, or, in direct
 * mode, no table at all.
 *
 * A slot is 64 bits, the hash's upper half beside group + 1, so most probes end without touching
 * the keys. A group's place follows from the upper bits of its hash (after those that all groups
 * of a partition share): walking the slots meets the groups nearly in the order of their hashes.
 * Keys, hashes and states are arrays by group number; they grow together. Slots are fetched a
 * vector ahead when the table is larger than the cache. With a lone string key the strings are
 * the table (agg_strings.c) and only states are kept here.
 */
#include "exec/aggregate.h"

#define TNI_TABLE_NEAR 8192u /* slots that stay in the cache without help */

static size_t tni_agg_slot_count(uint32_t groups) {
    size_t slots = 1024;
    while (slots < (size_t)groups * 2) {
        slots *= 2;
    }
    return slots;
}

TNI_FORCE_INLINE uint64_t tni_agg_home(const tni_agg_table *table, uint64_t hash) {
    return (hash << table->skip_bits) >> table->slot_shift;
}

TNI_FN void tni_agg_table_index(tni_agg_table *table) {
    uint32_t group;
    memset(table->slots, 0, (size_t)(table->slot_mask + 1) * sizeof *table->slots);
    for (group = 0; group < table->count; group++) {
        uint64_t hash = table->hashes[group];
        uint64_t at = tni_agg_home(table, hash);
        while (table->slots[at] != 0) {
            at = (at + 1) & table->slot_mask;
        }
        table->slots[at] = (hash >> 32 << 32) | (group + 1);
    }
}

/* A larger copy of one array; false leaves the old one in place. */
static bool tni_agg_regrow(tni_memory *memory, void **items, size_t old_count, size_t new_count,
                           size_t size, bool zero) {
    size_t bytes;
    void *grown;
    if (!tni_size_mul(new_count, size, &bytes)) {
        return false;
    }
    grown = tni_alloc(memory, bytes);
    if (grown == NULL) {
        return false;
    }
    if (old_count > 0) {
        memcpy(grown, *items, old_count * size);
        tni_free(memory, *items, old_count * size);
    }
    if (zero) {
        memset((uint8_t *)grown + old_count * size, 0, (new_count - old_count) * size);
    }
    *items = grown;
    return true;
}

/* Identities of MIN, MAX and BIT_AND in new rows: everything else starts as zero bytes. */
static void tni_agg_identity(const tni_agg *agg, tni_agg_table *table, uint32_t from,
                             uint32_t to) {
    uint32_t a, i;
    for (a = 0; a < agg->accumulator_count; a++) {
        const tni_accumulator *acc = &agg->accumulators[a];
        bool least = acc->kind == TNI_AGG_MAX;
        if (acc->kind == TNI_AGG_BIT_AND) {
            for (i = from; i < to; i++) {
                *TNI_STATE(int64_t, table, acc, i) = -1;
            }
        }
        if ((acc->kind != TNI_AGG_MIN && acc->kind != TNI_AGG_MAX) || acc->size > 16) {
            continue;
        }
        for (i = from; i < to; i++) {
            if (acc->size == 16) {
                tni_i128 *v = TNI_STATE(tni_i128, table, acc, i);
                v->high = least ? INT64_MIN : INT64_MAX;
                v->low = least ? 0 : UINT64_MAX;
            } else {
                *TNI_STATE(int64_t, table, acc, i) = least ? INT64_MIN : INT64_MAX;
            }
        }
    }
}

static trueno_status tni_agg_table_grow(tni_agg *agg, tni_agg_table *table, uint32_t capacity,
                                        tni_error *error) {
    tni_memory *memory = table->memory;
    size_t slots = tni_agg_slot_count(capacity);
    bool fine = true;
    void *items = table->states;
    if (table->state_size > 0 && table->states_grown < capacity) {
        fine = tni_agg_regrow(memory, &items, table->states_grown, capacity, table->state_size,
                              true);
        table->states = (uint8_t *)items;
        if (fine) {
            tni_agg_identity(agg, table, table->states_grown, capacity);
            table->states_grown = capacity;
        }
    }
    if (fine && table->word_count > 0) {
        items = table->keys;
        fine = table->keys_grown == capacity ||
               tni_agg_regrow(memory, &items, table->keys_grown, capacity,
                              table->word_count * sizeof(uint64_t), false);
        table->keys = (uint64_t *)items;
        table->keys_grown = fine ? capacity : table->keys_grown;
        items = table->hashes;
        fine = fine && (table->hashes_grown == capacity ||
                        tni_agg_regrow(memory, &items, table->hashes_grown, capacity,
                                       sizeof(uint64_t), false));
        table->hashes = (uint64_t *)items;
        table->hashes_grown = fine ? capacity : table->hashes_grown;
        if (fine && slots > table->slot_mask + 1) {
            uint64_t *grown = (uint64_t *)tni_alloc(memory, slots * sizeof *grown);
            fine = grown != NULL;
            if (fine) {
                tni_free(memory, table->slots,
                         table->slots == NULL ? 0 : (size_t)(table->slot_mask + 1) * sizeof *grown);
                table->slots = grown;
                table->slot_mask = slots - 1;
                table->slot_shift = 64 - tni_ctz64(slots);
                tni_agg_table_index(table);
            }
        }
    }
    if (!fine) {
        size_t widest = TNI_MAX(table->state_size, TNI_MAX(table->word_count, 1u) * 8u);
        return tni_memory_fail(memory, TNI_MAX(capacity * widest, slots * sizeof(uint64_t)), error);
    }
    table->capacity = capacity;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_agg_table_init(tni_agg *agg, tni_agg_table *table, uint32_t capacity,
                                        tni_error *error) {
    tni_memory *memory = agg->run->env->memory;
    size_t states = TNI_MAX(agg->accumulator_count, 1u);
    memset(table, 0, sizeof *table);
    table->memory = memory;
    table->word_count = agg->word_count;
    tni_arena_init(&table->heap, memory);
    table->state_size = agg->state_size;
    table->lists = (tni_collect_list *)tni_alloc_zero(
        memory, TNI_MAX(agg->collect_count, 1u) * sizeof *table->lists);
    table->skip = (uint8_t *)tni_alloc_zero(memory, states);
    if (table->skip == NULL || table->lists == NULL) {
        return tni_memory_fail(memory, states, error);
    }
    if (agg->interned_count > 0) {
        uint32_t k;
        table->strings = (tni_agg_strings *)tni_alloc_zero(
            memory, agg->key_count * sizeof *table->strings);
        if (table->strings == NULL) {
            return tni_memory_fail(memory, agg->key_count * sizeof *table->strings, error);
        }
        for (k = 0; k < agg->key_count; k++) {
            tni_agg_strings_init(&table->strings[k], memory);
        }
    }
    TNI_TRY(tni_agg_table_grow(agg, table, TNI_MAX(capacity, 1u), error));
    if (agg->direct) {
        table->count = capacity;
    }
    return TRUENO_OK;
}

static void tni_agg_lists_free(tni_agg *agg, tni_agg_table *table) {
    tni_memory *memory = table->memory;
    uint32_t a;
    for (a = 0; a < agg->collect_count && table->lists != NULL; a++) {
        tni_collect_list *list = &table->lists[a];
        tni_free(memory, list->items, list->capacity * sizeof *list->items);
        tni_free(memory, list->extra, list->extra_capacity * sizeof *list->extra);
        tni_free(memory, list->groups, list->group_capacity * sizeof *list->groups);
        tni_free(memory, list->values, list->value_capacity * sizeof *list->values);
        tni_free(memory, list->offsets, list->offset_count * sizeof *list->offsets);
        memset(list, 0, sizeof *list);
    }
}

TNI_FN void tni_agg_table_free(tni_agg *agg, tni_agg_table *table) {
    tni_memory *memory = table->memory;
    size_t states = TNI_MAX(agg->accumulator_count, 1u);
    uint32_t k;
    if (memory == NULL) {
        return;
    }
    tni_free(memory, table->states, (size_t)table->states_grown * table->state_size);
    tni_agg_lists_free(agg, table);
    for (k = 0; table->strings != NULL && !table->borrows_strings && k < agg->key_count; k++) {
        tni_agg_strings_free(&table->strings[k]);
    }
    if (!table->borrows_strings) {
        tni_free(memory, table->strings, agg->key_count * sizeof *table->strings);
    }
    tni_free(memory, table->skip, states);
    tni_free(memory, table->lists, TNI_MAX(agg->collect_count, 1u) * sizeof *table->lists);
    tni_free(memory, table->keys, (size_t)table->keys_grown * table->word_count * 8);
    tni_free(memory, table->hashes, (size_t)table->hashes_grown * sizeof *table->hashes);
    if (table->slots != NULL) {
        tni_free(memory, table->slots, (size_t)(table->slot_mask + 1) * sizeof *table->slots);
    }
    tni_arena_free(&table->heap);
    memset(table, 0, sizeof *table);
}

TNI_FN void tni_agg_table_clear(tni_agg *agg, tni_agg_table *table) {
    uint32_t k;
    if (table->states != NULL) {
        memset(table->states, 0, (size_t)table->count * table->state_size);
        tni_agg_identity(agg, table, 0, table->count);
    }
    if (table->slots != NULL && table->count > 0) {
        memset(table->slots, 0, (size_t)(table->slot_mask + 1) * sizeof *table->slots);
    }
    tni_agg_lists_free(agg, table);
    for (k = 0; table->strings != NULL && !table->borrows_strings && k < agg->key_count; k++) {
        tni_agg_strings_clear(&table->strings[k]);
    }
    tni_arena_free(&table->heap);
    tni_arena_init(&table->heap, table->memory);
    table->count = 0;
    table->rows = 0;
}

TNI_FN uint64_t tni_agg_group_hash(const tni_agg *agg, const tni_agg_table *table,
                                   uint32_t group) {
    return agg->lone ? table->strings[0].hashes[group] : table->hashes[group];
}

TNI_FN size_t tni_agg_table_bytes(const tni_agg *agg, const tni_agg_table *table) {
    size_t bytes = (size_t)table->states_grown * table->state_size + table->heap.total +
                   ((size_t)table->keys_grown * table->word_count + table->hashes_grown) * 8;
    uint32_t k;
    if (table->slots != NULL) {
        bytes += (size_t)(table->slot_mask + 1) * sizeof *table->slots;
    }
    for (k = 0; table->strings != NULL && k < agg->key_count; k++) {
        const tni_agg_strings *strings = &table->strings[k];
        bytes += strings->bytes + (size_t)strings->capacity * 24 + strings->slot_count * 8;
    }
    return bytes;
}

TNI_FN trueno_status tni_agg_table_reserve(tni_agg *agg, tni_agg_table *table, uint64_t groups,
                                           tni_error *error) {
    uint64_t capacity = table->capacity;
    if (groups <= capacity) {
        return TRUENO_OK;
    }
    while (capacity < groups) {
        capacity *= 2;
    }
    if (capacity > UINT32_MAX - 1) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "more than 2^31 groups in one partition");
    }
    return tni_agg_table_grow(agg, table, (uint32_t)capacity, error);
}

/* Add a group with the key at words[row]. There is room. */
static uint32_t tni_agg_table_add(tni_agg_table *table, const uint64_t *words, size_t stride,
                                  uint32_t row, uint64_t hash, uint64_t at) {
    uint32_t group = table->count++, w;
    uint64_t *key = table->keys + (size_t)group * table->word_count;
    for (w = 0; w < table->word_count; w++) {
        key[w] = words[w * stride + row];
    }
    table->hashes[group] = hash;
    table->slots[at] = (hash >> 32 << 32) | (group + 1);
    return group;
}

static bool tni_agg_same_key(const tni_agg_table *table, uint32_t group, const uint64_t *words,
                             size_t stride, uint32_t row) {
    const uint64_t *key = table->keys + (size_t)group * table->word_count;
    uint32_t w;
    for (w = 0; w < table->word_count; w++) {
        if (key[w] != words[w * stride + row]) {
            return false;
        }
    }
    return true;
}

/* One loop per number of key words; SAME compares those of `group` and row i. */
#define TNI_FIND_LOOP(SAME)                                                                        \
    for (i = 0; i < rows; i++) {                                                                   \
        uint64_t hash = hashes[i], at = tni_agg_home(table, hash), tag = hash >> 32;               \
        for (;;) {                                                                                 \
            uint64_t slot = table->slots[at];                                                      \
            uint32_t group = (uint32_t)slot - 1;                                                   \
            if (slot == 0) {                                                                       \
                groups[i] = tni_agg_table_add(table, words, stride, i, hash, at);                  \
                break;                                                                             \
            }                                                                                      \
            if (slot >> 32 == tag && (SAME)) {                                                     \
                groups[i] = group;                                                                 \
                break;                                                                             \
            }                                                                                      \
            at = (at + 1) & mask;                                                                  \
        }                                                                                          \
    }

TNI_FN trueno_status tni_agg_table_find(tni_agg *agg, tni_agg_table *table, const uint64_t *words,
                                        size_t stride, const uint64_t *hashes, uint32_t rows,
                                        uint32_t *groups, tni_error *error) {
    uint64_t mask;
    uint32_t i;
    TNI_TRY(tni_agg_table_reserve(agg, table, (uint64_t)table->count + rows, error));
    mask = table->slot_mask;
    if (mask >= TNI_TABLE_NEAR) {
        for (i = 0; i < rows; i++) {
            TNI_PREFETCH(&table->slots[tni_agg_home(table, hashes[i])]);
        }
    }
    if (table->word_count == 1) {
        TNI_FIND_LOOP(table->keys[group] == words[i])
    } else if (table->word_count == 2) {
        TNI_FIND_LOOP(table->keys[2 * (size_t)group] == words[i] &&
                      table->keys[2 * (size_t)group + 1] == words[stride + i])
    } else {
        TNI_FIND_LOOP(tni_agg_same_key(table, group, words, stride, i))
    }
    return TRUENO_OK;
}

#undef TNI_FIND_LOOP
#undef TNI_TABLE_NEAR
