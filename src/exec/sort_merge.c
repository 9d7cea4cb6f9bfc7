/*
 * sort_merge.c - sorts the rows of a collection on all workers.
 *
 * The entries, in input order, are cut into one part per task and each part is sorted stage by
 * stage: by the first word, then every group of equal words by the next, until groups are single
 * rows (small groups are settled by comparing whole keys). The sorted parts are merged pairwise;
 * in each round every task writes an equal share of the output, found by merge-path splits
 * (Odeh et al., 2012). Earlier parts win ties, so the order is stable for any number of tasks.
 */
#include "exec/sort.h"

#define TNI_SORT_PART_ROWS 32768u /* least rows of a part */
#define TNI_SORT_SMALL_GROUP 12u
#define TNI_SORT_AHEAD 24u /* rows that are fetched into the cache before their turn */

/* --------------------------------------------------------------------------- groups --- */

/* Set the bits where a new word begins, in [first, end). */
static void tni_sorter_mark(tni_sorter *sorter, const tni_sort_entry *entries, size_t first,
                            size_t end) {
    size_t i;
    tni_bit_set(sorter->starts, first);
    for (i = first + 1; i < end; i++) {
        if (entries[i].word != entries[i - 1].word) {
            tni_bit_set(sorter->starts, i);
        }
    }
}

/* Few rows: whole keys decide, and the group is done. */
static void tni_sorter_settle(tni_sorter *sorter, size_t first, size_t end) {
    tni_sort_entry *entries = sorter->entries;
    size_t i, j;
    for (i = first + 1; i < end; i++) {
        tni_sort_entry entry = entries[i];
        for (j = i; j > first && tni_sorter_compare(sorter, entries[j - 1].row, entry.row) > 0;
             j--) {
            entries[j] = entries[j - 1];
        }
        entries[j] = entry;
        tni_bit_set(sorter->starts, i);
    }
}

/* The end of the group that starts at `first`: the next set bit, or `end`. */
static size_t tni_sorter_group_end(const uint64_t *starts, size_t first, size_t end) {
    size_t i = first + 1;
    while (i < end) {
        uint64_t word = starts[i >> 6] >> (i & 63);
        if (word != 0) {
            return TNI_MIN(i + tni_ctz64(word), end);
        }
        i = (i | 63) + 1;
    }
    return end;
}

/* Sort the groups of [first, end) by a stage; false when the query must stop. */
static bool tni_sorter_refine(tni_sorter *sorter, uint32_t stage, uint64_t step, size_t first,
                              size_t end, bool *open) {
    tni_sort_entry *entries = sorter->entries;
    *open = false;
    while (first < end) {
        size_t next = tni_sorter_group_end(sorter->starts, first, end);
        if (next - first > TNI_SORT_SMALL_GROUP) {
            *open = true;
            tni_sorter_load(sorter, stage, step, entries + first, next - first);
            if (!tni_sort_words(sorter->env, entries + first, sorter->spare + first,
                                next - first)) {
                return false;
            }
            tni_sorter_mark(sorter, entries, first, next);
        } else if (next - first > 1) {
            tni_sorter_settle(sorter, first, next);
        }
        first = next;
    }
    return true;
}

/* Sort one part, first to last stage; its entries end up with their first words. */
static bool tni_sorter_sort_part(tni_sorter *sorter, size_t first, size_t end) {
    tni_sort_entry *entries = sorter->entries;
    uint32_t stage;
    size_t i;
    bool open = true;
    tni_sorter_load(sorter, 0, 0, entries + first, end - first);
    if (!tni_sort_words(sorter->env, entries + first, sorter->spare + first, end - first)) {
        return false;
    }
    if (sorter->starts == NULL) {
        return true;
    }
    for (i = first; i < end; i++) {
        sorter->first_words[i] = entries[i].word;
    }
    tni_sorter_mark(sorter, entries, first, end);
    if (sorter->stages[0].count == 0) {
        uint64_t step;
        for (step = 1; open && step < sorter->stages[0].words; step++) {
            if (!tni_sorter_refine(sorter, 0, step, first, end, &open)) {
                return false;
            }
        }
    }
    for (stage = 1; open && stage < sorter->stage_count; stage++) {
        uint64_t step, steps = sorter->stages[stage].count == 0 ? sorter->stages[stage].words : 1;
        for (step = 0; open && step < steps; step++) {
            if (!tni_sorter_refine(sorter, stage, step, first, end, &open)) {
                return false;
            }
        }
    }
    for (i = first; i < end; i++) {
        entries[i].word = sorter->first_words[i];
    }
    return true;
}

/* Part boundaries are multiples of 64: tasks never share a word of `starts`. */
static size_t tni_sorter_part_begin(const tni_sorter *sorter, uint32_t part) {
    if (part >= sorter->tasks) {
        return (size_t)sorter->count;
    }
    return (size_t)(sorter->count / sorter->tasks * part) & ~(size_t)63;
}

static void tni_sorter_part_task(void *context, uint32_t part) {
    tni_sorter *sorter = (tni_sorter *)context;
    size_t first = tni_sorter_part_begin(sorter, part);
    size_t end = tni_sorter_part_begin(sorter, part + 1);
    if (end > first && !tni_sorter_sort_part(sorter, first, end)) {
        tni_atomic_store_i32(&sorter->failed, 1);
    }
}

/* ---------------------------------------------------------------------------- merge --- */

/* Does b go before a? Only when its key is less: a lies earlier in the input. */
static bool tni_sorter_before(const tni_sorter *sorter, const tni_sort_entry *b,
                              const tni_sort_entry *a) {
    if (a->word != b->word || sorter->starts == NULL) {
        return b->word < a->word;
    }
    return tni_sorter_compare(sorter, b->row, a->row) < 0;
}

/* How many of the first `diagonal` merged entries come from `a`. */
static size_t tni_sorter_split(const tni_sorter *sorter, const tni_sort_entry *a, size_t a_count,
                               const tni_sort_entry *b, size_t b_count, size_t diagonal) {
    size_t low = diagonal > b_count ? diagonal - b_count : 0;
    size_t high = TNI_MIN(diagonal, a_count);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tni_sorter_before(sorter, &b[diagonal - middle - 1], &a[middle])) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Merged entries [first, end) of two runs. */
static void tni_sorter_merge_range(const tni_sorter *sorter, const tni_sort_entry *a,
                                   size_t a_count, const tni_sort_entry *b, size_t b_count,
                                   size_t first, size_t end, tni_sort_entry *to) {
    size_t i = tni_sorter_split(sorter, a, a_count, b, b_count, first), j = first - i;
    size_t a_end = tni_sorter_split(sorter, a, a_count, b, b_count, end), b_end = end - a_end;
    if (sorter->starts == NULL) {
        while (i < a_end && j < b_end) {
            bool second = b[j].word < a[i].word;
            *to++ = second ? b[j] : a[i];
            j += second;
            i += !second;
        }
    } else {
        while (i < a_end && j < b_end) {
            bool second = tni_sorter_before(sorter, &b[j], &a[i]);
            *to++ = second ? b[j] : a[i];
            j += second;
            i += !second;
        }
    }
    memcpy(to, a + i, (a_end - i) * sizeof *to);
    memcpy(to + (a_end - i), b + j, (b_end - j) * sizeof *to);
}

/* This task's share of one round: pairs of runs of `merge_width` parts become one. */
static void tni_sorter_merge_task(void *context, uint32_t task) {
    tni_sorter *sorter = (tni_sorter *)context;
    size_t first = tni_sorter_part_begin(sorter, task);
    size_t end = tni_sorter_part_begin(sorter, task + 1);
    uint32_t part;
    if (tni_env_check(sorter->env, NULL) != TRUENO_OK) {
        tni_atomic_store_i32(&sorter->failed, 1);
        return;
    }
    for (part = 0; part < sorter->tasks; part += 2 * sorter->merge_width) {
        size_t a = tni_sorter_part_begin(sorter, part);
        size_t b = tni_sorter_part_begin(sorter, part + sorter->merge_width);
        size_t b_end = tni_sorter_part_begin(sorter, part + 2 * sorter->merge_width);
        size_t from = TNI_MAX(first, a), to = TNI_MIN(end, b_end);
        if (from < to) {
            tni_sorter_merge_range(sorter, sorter->entries + a, b - a, sorter->entries + b,
                                   b_end - b, from - a, to - a, sorter->spare + from);
        }
    }
}

/* ------------------------------------------------------------------------------ run --- */

static trueno_status tni_sorter_allocate(tni_sorter *sorter, tni_error *error) {
    tni_memory *memory = sorter->env->memory;
    size_t count = (size_t)sorter->count, bytes;
    bool words = sorter->stage_count > 1 ||
                 (sorter->stage_count == 1 && sorter->stages[0].count == 0);
    if (sorter->count > SIZE_MAX || !tni_size_mul(count, sizeof *sorter->entries, &bytes)) {
        return tni_memory_fail(memory, SIZE_MAX, error);
    }
    sorter->entries = (tni_sort_entry *)tni_alloc(memory, bytes);
    if (sorter->entries == NULL) {
        return tni_memory_fail(memory, bytes, error);
    }
    if (sorter->stage_count == 0) {
        return TRUENO_OK;
    }
    sorter->spare = (tni_sort_entry *)tni_alloc(memory, bytes);
    if (sorter->spare == NULL) {
        return tni_memory_fail(memory, bytes, error);
    }
    if (words) {
        sorter->starts = (uint64_t *)tni_alloc_zero(memory, tni_bitmap_words(count) * 8);
        sorter->first_words = (uint64_t *)tni_alloc_array(memory, count, 8);
        if (sorter->starts == NULL || sorter->first_words == NULL) {
            return tni_memory_fail(memory, count * 8, error);
        }
    }
    return TRUENO_OK;
}

static void tni_sorter_free_work(tni_sorter *sorter) {
    tni_memory *memory = sorter->env->memory;
    size_t count = (size_t)sorter->count;
    tni_free(memory, sorter->spare, count * sizeof *sorter->spare);
    tni_free(memory, sorter->starts, tni_bitmap_words(count) * 8);
    tni_free(memory, sorter->first_words, count * 8);
    sorter->spare = NULL;
    sorter->starts = NULL;
    sorter->first_words = NULL;
}

static void tni_sorter_number(tni_sorter *sorter) {
    tni_sort_entry *entry = sorter->entries;
    size_t b;
    uint32_t i;
    for (b = 0; b < sorter->rows->block_count; b++) {
        uint64_t row = (uint64_t)b << TNI_SORT_BLOCK_BITS;
        for (i = 0; i < sorter->rows->blocks[b]->rows; i++) {
            entry->word = 0;
            entry->row = row + i;
            entry++;
        }
    }
}

static trueno_status tni_sorter_stopped(tni_sorter *sorter, tni_error *error) {
    if (tni_atomic_load_i32(&sorter->failed) == 0) {
        return tni_env_check(sorter->env, error);
    }
    TNI_TRY(tni_env_check(sorter->env, error));
    return tni_fail(error, TRUENO_ERROR_INTERRUPTED, "the query was interrupted");
}

static trueno_status tni_sorter_sort(tni_sorter *sorter, tni_error *error) {
    tni_scheduler_run(sorter->scheduler, sorter->tasks, tni_sorter_part_task, sorter);
    TNI_TRY(tni_sorter_stopped(sorter, error));
    for (sorter->merge_width = 1; sorter->merge_width < sorter->tasks; sorter->merge_width *= 2) {
        tni_sort_entry *swap = sorter->entries;
        tni_scheduler_run(sorter->scheduler, sorter->tasks, tni_sorter_merge_task, sorter);
        TNI_TRY(tni_sorter_stopped(sorter, error));
        sorter->entries = sorter->spare;
        sorter->spare = swap;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_sorter_run(tni_sorter *sorter, tni_env *env, tni_scheduler *scheduler,
                                    const tni_collection *rows, const tni_sort_key *keys,
                                    uint32_t key_count, tni_error *error) {
    trueno_status status;
    memset(sorter, 0, sizeof *sorter);
    sorter->env = env;
    sorter->scheduler = scheduler;
    sorter->rows = rows;
    sorter->keys = keys;
    sorter->key_count = key_count;
    sorter->count = rows->rows;
    if (rows->rows == 0) {
        return TRUENO_OK;
    }
    status = tni_sorter_prepare(sorter, error);
    if (status == TRUENO_OK) {
        status = tni_sorter_allocate(sorter, error);
    }
    if (status == TRUENO_OK) {
        tni_sorter_number(sorter);
        sorter->tasks = (uint32_t)TNI_MIN(sorter->count / TNI_SORT_PART_ROWS + 1,
                                          (uint64_t)tni_scheduler_workers(scheduler));
        status = sorter->stage_count == 0 ? TRUENO_OK : tni_sorter_sort(sorter, error);
    }
    tni_sorter_free_work(sorter);
    if (status != TRUENO_OK) {
        tni_sorter_free(sorter);
    }
    return status;
}

TNI_FN void tni_sorter_free(tni_sorter *sorter) {
    tni_memory *memory;
    if (sorter->env == NULL) {
        return;
    }
    memory = sorter->env->memory;
    tni_free(memory, sorter->entries, (size_t)sorter->count * sizeof *sorter->entries);
    tni_free(memory, sorter->data, sorter->table_bytes);
    tni_free(memory, sorter->validity, sorter->table_bytes);
    if (sorter->rows != NULL) {
        tni_free(memory, sorter->nullable, sorter->rows->column_count);
    }
    tni_free(memory, sorter->pieces, sorter->capacity * sizeof *sorter->pieces);
    tni_free(memory, sorter->stages, sorter->capacity * sizeof *sorter->stages);
    memset(sorter, 0, sizeof *sorter);
}

/* --------------------------------------------------------------------------- gather --- */

#define TNI_SORT_GATHER(bytes)                                                                     \
    static void tni_sort_gather_##bytes(const uint8_t *const *data, const tni_sort_entry *entries, \
                                        uint32_t count, uint8_t *out) {                            \
        uint32_t i;                                                                                \
        for (i = 0; i < count; i++) {                                                              \
            uint64_t row = entries[i].row;                                                         \
            uint64_t ahead = entries[TNI_MIN(i + TNI_SORT_AHEAD, count - 1)].row;                  \
            TNI_PREFETCH(data[ahead >> TNI_SORT_BLOCK_BITS] +                                      \
                         (ahead & TNI_SORT_OFFSET_MASK) * bytes);                                  \
            memcpy(out + (size_t)i * bytes,                                                        \
                   data[row >> TNI_SORT_BLOCK_BITS] + (row & TNI_SORT_OFFSET_MASK) * bytes,        \
                   bytes);                                                                         \
        }                                                                                          \
    }
TNI_SORT_GATHER(1)
TNI_SORT_GATHER(2)
TNI_SORT_GATHER(4)
TNI_SORT_GATHER(8)
TNI_SORT_GATHER(16)

/* The validity of the rows, or NULL when all are valid; *failed: no memory. */
static uint64_t *tni_sort_gather_validity(const uint64_t *const *validity,
                                          const tni_sort_entry *entries, uint32_t count,
                                          tni_scratch *scratch, tni_error *error, bool *failed) {
    uint64_t *out = (uint64_t *)tni_scratch_take(scratch, tni_bitmap_words(count) * 8, error);
    bool nulls = false;
    uint32_t i;
    *failed = out == NULL;
    if (out == NULL) {
        return NULL;
    }
    tni_bitmap_fill(out, count, true);
    for (i = 0; i < count; i++) {
        uint64_t row = entries[i].row;
        const uint64_t *valid = validity[row >> TNI_SORT_BLOCK_BITS];
        if (valid != NULL && !tni_bit_get(valid, (size_t)(row & TNI_SORT_OFFSET_MASK))) {
            tni_bit_clear(out, i);
            nulls = true;
        }
    }
    return nulls ? out : NULL;
}

TNI_FN trueno_status tni_sorter_gather(const tni_sorter *sorter, const tni_sort_entry *entries,
                                       uint32_t count, uint32_t column_count,
                                       tni_scratch *scratch, tni_vector *out, tni_error *error) {
    size_t blocks = sorter->rows->block_count;
    uint32_t c;
    for (c = 0; c < column_count; c++) {
        tni_type type = sorter->rows->types[c];
        uint32_t width = tni_type_width(type);
        const uint8_t *const *data = sorter->data + c * blocks;
        const uint64_t *const *validity = sorter->validity + c * blocks;
        uint8_t *values = (uint8_t *)tni_scratch_take(scratch, (size_t)count * width, error);
        bool failed = values == NULL;
        memset(&out[c], 0, sizeof out[c]);
        out[c].type = type;
        out[c].data = values;
        if (!failed && sorter->nullable[c]) {
            out[c].validity =
                tni_sort_gather_validity(validity, entries, count, scratch, error, &failed);
        }
        if (failed) {
            return error != NULL ? error->status : TRUENO_ERROR_MEMORY;
        }
        switch (width) {
        case 1: tni_sort_gather_1(data, entries, count, values); break;
        case 2: tni_sort_gather_2(data, entries, count, values); break;
        case 4: tni_sort_gather_4(data, entries, count, values); break;
        case 8: tni_sort_gather_8(data, entries, count, values); break;
        default: tni_sort_gather_16(data, entries, count, values); break;
        }
    }
    return TRUENO_OK;
}

#undef TNI_SORT_PART_ROWS
#undef TNI_SORT_SMALL_GROUP
#undef TNI_SORT_AHEAD
#undef TNI_SORT_GATHER
