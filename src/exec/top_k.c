/*
 * top_k.c - ORDER BY ... LIMIT k without sorting the input.
 *
 * Every worker keeps up to about 2k candidates. Once it has k, its k-th row is the bound: rows
 * that do not go before it are dropped, and sorting the candidates now and then moves the bound
 * down. A chunk is judged key by key on words (sort.h): less than the bound's word is in, more is
 * out, ties go on to the next key; rows equal in all keys are told apart by their position.
 * Only what is left is copied, with all its columns. Integers and their narrow codes meet the
 * bound in one vector comparison before anything else. Workers share the least first word that
 * any of their bounds has, and the scan below asks with it which rows are worth a filter, which
 * segments worth a look. May use: sort.h.
 */
#include "exec/sort.h"

#define TNI_TOP_K_SLACK 64u         /* candidates beyond 2k: small k must not sort all the time */
#define TNI_TOP_K_DICTIONARY 16384u /* entries up to which words of a dictionary are computed */
#define TNI_TOP_K_SIGN (UINT64_C(1) << 63)

/* Words of all entries of the dictionary a key column had last. */
typedef struct tni_top_k_words {
    uint64_t id;
    uint64_t *words;
    size_t capacity;
} tni_top_k_words;

typedef struct tni_top_k_worker {
    tni_collection *rows;
    tni_scratch scratch;
    bool bounded;
    tni_value *bound;             /* [key_count] keys of the k-th row, strings in `rows` */
    uint64_t *bound_words;        /* [key_count] */
    tni_vector *vectors;          /* the chunk's columns, and where its rows stood */
    tni_top_k_words *dictionaries; /* [key_count] */
    uint64_t mask[TNI_VECTOR_WORDS];
    uint64_t words[TNI_VECTOR_ROWS];
    uint16_t positions[TNI_VECTOR_ROWS];
    uint16_t ties[TNI_VECTOR_ROWS];
} tni_top_k_worker;

struct tni_top_k {
    tni_run *run;
    const tni_type *types;        /* [column_count] */
    uint32_t column_count;        /* with the two positions, when there are any */
    uint32_t input_columns;
    const tni_sort_key *keys;
    uint32_t key_count;
    uint64_t count;
    tni_top_k_worker *workers;
    uint32_t worker_count;
    tni_atomic_i64 least;         /* word of the first key, sign flipped: no row beyond is wanted */
};

/* --------------------------------------------------------------------------- making --- */

static trueno_status tni_top_k_start(tni_top_k *top, tni_top_k_worker *worker, tni_error *error) {
    tni_memory *memory = top->run->env->memory;
    tni_scratch_init(&worker->scratch, memory);
    worker->bound = (tni_value *)tni_alloc_array(memory, top->key_count, sizeof(tni_value));
    worker->bound_words = (uint64_t *)tni_alloc_array(memory, top->key_count, sizeof(uint64_t));
    worker->vectors = (tni_vector *)tni_alloc_array(memory, top->column_count, sizeof(tni_vector));
    worker->dictionaries =
        (tni_top_k_words *)tni_alloc_zero(memory, top->key_count * sizeof(tni_top_k_words));
    if (worker->bound == NULL || worker->bound_words == NULL || worker->vectors == NULL ||
        worker->dictionaries == NULL) {
        return tni_memory_fail(memory, top->column_count * sizeof(tni_vector), error);
    }
    return tni_collection_new(memory, top->types, top->column_count, &worker->rows, error);
}

TNI_FN trueno_status tni_top_k_new(tni_run *run, const tni_type *types, uint32_t column_count,
                                   const tni_sort_key *keys, uint32_t key_count, bool positions,
                                   uint64_t count, uint32_t workers, tni_top_k **out,
                                   tni_error *error) {
    tni_memory *memory = run->env->memory;
    tni_top_k *top = (tni_top_k *)tni_alloc_zero(memory, sizeof *top);
    trueno_status status = TRUENO_OK;
    uint32_t i;
    *out = NULL;
    if (top == NULL) {
        return tni_memory_fail(memory, sizeof *top, error);
    }
    top->run = run;
    top->types = types;
    top->column_count = column_count;
    top->input_columns = positions ? column_count - 2 : column_count;
    top->keys = keys;
    top->key_count = key_count;
    top->count = count;
    tni_atomic_store_i64(&top->least, INT64_MAX);
    top->workers = (tni_top_k_worker *)tni_alloc_zero(memory, workers * sizeof *top->workers);
    if (top->workers == NULL) {
        tni_free(memory, top, sizeof *top);
        return tni_memory_fail(memory, workers * sizeof *top->workers, error);
    }
    top->worker_count = workers;
    for (i = 0; i < workers && status == TRUENO_OK; i++) {
        status = tni_top_k_start(top, &top->workers[i], error);
    }
    if (status != TRUENO_OK) {
        tni_top_k_free(top);
        return status;
    }
    *out = top;
    return TRUENO_OK;
}

TNI_FN void tni_top_k_free(tni_top_k *top) {
    tni_memory *memory;
    uint32_t i, k;
    if (top == NULL) {
        return;
    }
    memory = top->run->env->memory;
    for (i = 0; i < top->worker_count; i++) {
        tni_top_k_worker *worker = &top->workers[i];
        tni_collection_release(worker->rows);
        if (worker->scratch.memory != NULL) {
            tni_scratch_free(&worker->scratch);
        }
        for (k = 0; worker->dictionaries != NULL && k < top->key_count; k++) {
            tni_free(memory, worker->dictionaries[k].words,
                     worker->dictionaries[k].capacity * sizeof(uint64_t));
        }
        tni_free(memory, worker->bound, top->key_count * sizeof(tni_value));
        tni_free(memory, worker->bound_words, top->key_count * sizeof(uint64_t));
        tni_free(memory, worker->vectors, top->column_count * sizeof(tni_vector));
        tni_free(memory, worker->dictionaries, top->key_count * sizeof(tni_top_k_words));
    }
    tni_free(memory, top->workers, top->worker_count * sizeof *top->workers);
    tni_free(memory, top, sizeof *top);
}

/* ---------------------------------------------------------------------------- words --- */

static uint64_t tni_top_k_null_word(const tni_sort_key *key) {
    return key->nulls_first ? 0 : UINT64_MAX;
}

/* Words of a dictionary's entries; *out NULL when it is not worth it. */
static trueno_status tni_top_k_dictionary(tni_top_k *top, tni_top_k_worker *worker, uint32_t key,
                                          const tni_dictionary *dictionary, const uint64_t **out,
                                          tni_error *error) {
    tni_top_k_words *cache = &worker->dictionaries[key];
    void *words = cache->words;
    trueno_status status;
    *out = NULL;
    if (dictionary == NULL || dictionary->count == 0 || dictionary->count > TNI_TOP_K_DICTIONARY) {
        return TRUENO_OK;
    }
    if (cache->id != dictionary->id) {
        cache->id = 0;
        status = tni_grow(top->run->env->memory, &words, &cache->capacity, dictionary->count,
                          sizeof *cache->words, error);
        cache->words = (uint64_t *)words;
        TNI_TRY(status);
        tni_sort_words_of(TNI_SORT_TEXT, dictionary->values, dictionary->count,
                          top->keys[key].descending, cache->words);
        cache->id = dictionary->id;
    }
    *out = cache->words;
    return TRUENO_OK;
}

/* Words of key `key` for rows positions[0..count) of a column, into worker->words. */
static trueno_status tni_top_k_encode(tni_top_k *top, tni_top_k_worker *worker, uint32_t key_index,
                                      const uint16_t *positions, uint32_t count,
                                      tni_error *error) {
    const tni_env *env = top->run->env;
    const tni_sort_key *key = &top->keys[key_index];
    tni_vector column = worker->vectors[key->column];
    const uint64_t *by_code = NULL;
    uint32_t i;
    TNI_TRY(tni_vector_gather(env, &column, positions, count, &worker->scratch, &column, error));
    if (column.form == TNI_FORM_DICT) {
        TNI_TRY(tni_top_k_dictionary(top, worker, key_index, column.dictionary, &by_code, error));
    }
    if (by_code != NULL) {
        for (i = 0; i < count; i++) {
            worker->words[i] = by_code[tni_vector_code(&column, i)];
        }
    } else {
        TNI_TRY(tni_vector_flatten(env, &column, count, &worker->scratch, &column, error));
        tni_sort_words_of(tni_sort_kind_of(column.type), column.data, count, key->descending,
                          worker->words);
    }
    for (i = 0; column.validity != NULL && i < count; i++) {
        if (!tni_bit_get(column.validity, i)) {
            worker->words[i] = tni_top_k_null_word(key);
        }
    }
    return TRUENO_OK;
}

/* Whether equal words of a key may hide different values. */
static bool tni_top_k_lossy(tni_type type, uint64_t word) {
    tni_sort_kind kind = tni_sort_kind_of(type);
    return kind == TNI_SORT_TEXT || kind == TNI_SORT_HIGH || kind == TNI_SORT_DAYS || word == 0 ||
           word == UINT64_MAX; /* where NULLs are */
}

/* ----------------------------------------------------------------------------- bound --- */

/* The codes or values of the first key that can go before the bound, in normalised form: the
 * value's order as an unsigned 64-bit number. */
typedef struct tni_top_k_range {
    uint64_t low, high;
} tni_top_k_range;

static tni_top_k_range tni_top_k_wanted(const tni_sort_key *key, uint64_t word) {
    tni_top_k_range range;
    range.low = key->descending ? ~word : 0;
    range.high = key->descending ? UINT64_MAX : word;
    return range;
}

static bool tni_top_k_range_codes(const tni_kernels *k, const tni_vector *column, uint32_t rows,
                                  tni_top_k_range range, bool is_signed, uint64_t *mask) {
    uint64_t base = (uint64_t)column->base ^ (is_signed ? TNI_TOP_K_SIGN : 0);
    uint64_t most = column->code_width == 8 ? UINT64_MAX : tni_low_bits(column->code_width * 8u);
    uint64_t low = range.low <= base ? 0 : range.low - base;
    uint64_t high = range.high < base ? 0 : TNI_MIN(range.high - base, most);
    if (range.high < base || low > high) {
        memset(mask, 0, tni_bitmap_words(rows) * 8);
        return true;
    }
    switch (column->code_width) {
    case 1:
        k->range_u8((const uint8_t *)column->data, rows, (uint8_t)low, (uint8_t)high, mask);
        break;
    case 2:
        k->range_u16((const uint16_t *)column->data, rows, (uint16_t)low, (uint16_t)high, mask);
        break;
    case 4:
        k->range_u32((const uint32_t *)column->data, rows, (uint32_t)low, (uint32_t)high, mask);
        break;
    default: return false;
    }
    return true;
}

/* Rows whose first key is in the range; false when there is no kernel for this column. */
static bool tni_top_k_range_mask(const tni_kernels *k, const tni_vector *column, uint32_t rows,
                                 tni_top_k_range range, uint64_t *mask) {
    tni_sort_kind kind = tni_sort_kind_of(column->type);
    bool is_signed = kind >= TNI_SORT_I8 && kind <= TNI_SORT_I64;
    int64_t low = (int64_t)(range.low ^ TNI_TOP_K_SIGN);
    int64_t high = (int64_t)(range.high ^ TNI_TOP_K_SIGN);
    if (column->form == TNI_FORM_NARROW) {
        return tni_top_k_range_codes(k, column, rows, range, is_signed, mask);
    }
    if (column->form != TNI_FORM_FLAT) {
        return false;
    }
    if (kind == TNI_SORT_I64) {
        k->range_i64((const int64_t *)column->data, rows, low, high, mask);
        return true;
    }
    if (kind == TNI_SORT_I32 && low <= INT32_MAX && high >= INT32_MIN) {
        k->range_i32((const int32_t *)column->data, rows, (int32_t)TNI_MAX(low, INT32_MIN),
                     (int32_t)TNI_MIN(high, INT32_MAX), mask);
        return true;
    }
    return false;
}

/* A word no wanted row goes beyond in its first key; UINT64_MAX: not known yet. Any worker's bound
 * will do: that worker has k rows that go before. */
static uint64_t tni_top_k_limit(const tni_top_k *top, const tni_top_k_worker *worker) {
    uint64_t least = (uint64_t)tni_atomic_load_i64(&top->least) ^ TNI_TOP_K_SIGN;
    return worker->bounded ? TNI_MIN(worker->bound_words[0], least) : least;
}

/* The rows whose first key may go before `word`, at least; false: all of them, mask not set. */
static bool tni_top_k_mask(const tni_top_k *top, const tni_vector *column, uint32_t rows,
                           uint64_t word, uint64_t *mask) {
    const tni_sort_key *key = &top->keys[0];
    bool nulls_in = tni_top_k_null_word(key) <= word;
    uint32_t i, words = (uint32_t)tni_bitmap_words(rows);
    if (word == UINT64_MAX || !tni_top_k_range_mask(top->run->env->kernels, column, rows,
                                                    tni_top_k_wanted(key, word), mask)) {
        return false;
    }
    for (i = 0; column->validity != NULL && i < words; i++) {
        uint64_t valid = column->validity[i];
        uint64_t all = tni_low_bits(TNI_MIN(rows - i * 64, 64u));
        mask[i] = nulls_in ? (mask[i] | ~valid) & all : mask[i] & valid;
    }
    return true;
}

/* The rows of the chunk that may go before the bound by their first key, at least; returns how
 * many positions there are. */
static uint32_t tni_top_k_candidates(tni_top_k *top, tni_top_k_worker *worker,
                                     const tni_chunk *chunk, uint64_t word) {
    const tni_kernels *k = top->run->env->kernels;
    const tni_vector *column = &chunk->columns[top->keys[0].column];
    uint32_t i, words = (uint32_t)tni_bitmap_words(chunk->rows);
    if (!worker->bounded || !tni_top_k_mask(top, column, chunk->rows, word, worker->mask)) {
        tni_bitmap_fill(worker->mask, chunk->rows, true);
    }
    for (i = 0; chunk->mask != NULL && i < words; i++) {
        worker->mask[i] &= chunk->mask[i];
    }
    return k->mask_positions(worker->mask, chunk->rows, worker->positions);
}

TNI_FN uint32_t tni_top_k_column(const tni_top_k *top) {
    return top->keys[0].column;
}

TNI_FN bool tni_top_k_skips(const tni_top_k *top, uint32_t worker, const tni_zone *zone) {
    const tni_sort_key *key = &top->keys[0];
    uint64_t limit = tni_top_k_limit(top, &top->workers[worker]), word;
    const tni_value *first = key->descending ? &zone->max : &zone->min;
    uint8_t bytes[16] = {0};
    if (limit == UINT64_MAX || !zone->has_bounds || zone->has_nan ||
        (zone->has_nulls && key->nulls_first)) {
        return false;
    }
    tni_value_store(first, bytes);
    tni_sort_words_of(tni_sort_kind_of(top->types[key->column]), bytes, 1, key->descending, &word);
    return word > limit;
}

TNI_FN bool tni_top_k_filter(const tni_top_k *top, uint32_t worker, const tni_vector *column,
                             uint32_t rows, uint64_t *mask, uint32_t *active) {
    if (!tni_top_k_mask(top, column, rows, tni_top_k_limit(top, &top->workers[worker]), mask)) {
        return false;
    }
    *active = (uint32_t)tni_bitmap_count(mask, rows);
    return true;
}

/* A row against the bound by one key. */
static int tni_top_k_compare_key(const tni_sort_key *key, const tni_vector *column, uint32_t row,
                                 const tni_value *bound) {
    tni_value value = tni_vector_value(column, row);
    int order;
    if (value.is_null || bound->is_null) {
        return value.is_null == bound->is_null ? 0
                                               : (value.is_null == key->nulls_first ? -1 : 1);
    }
    order = tni_value_compare(&value, bound);
    return key->descending ? -order : order;
}

/* Which of the tying rows are really before the bound (set in the mask), which tie on. */
static uint32_t tni_top_k_settle(tni_top_k *top, tni_top_k_worker *worker, uint32_t key,
                                 uint32_t count) {
    uint32_t i, ties = 0;
    for (i = 0; i < count; i++) {
        int order = tni_top_k_compare_key(&top->keys[key],
                                          &worker->vectors[top->keys[key].column],
                                          worker->ties[i], &worker->bound[key]);
        if (order < 0) {
            tni_bit_set(worker->mask, worker->ties[i]);
        }
        worker->ties[ties] = worker->ties[i];
        ties += order == 0;
    }
    return ties;
}

/* Set the mask to the rows at `positions` that go before the bound. The last key's ties are
 * rows that could replace the k-th one for one: they are dropped. */
static trueno_status tni_top_k_judge(tni_top_k *top, tni_top_k_worker *worker, uint32_t rows,
                                     uint32_t count, uint64_t word, tni_error *error) {
    const uint16_t *positions = worker->positions;
    bool shared = word < worker->bound_words[0]; /* another worker's bound: ties are in */
    uint32_t key, i;
    memset(worker->mask, 0, tni_bitmap_words(rows) * 8);
    for (key = 0; key < top->key_count && count > 0; key++) {
        uint64_t bound = key == 0 ? word : worker->bound_words[key];
        uint32_t ties = 0;
        TNI_TRY(tni_top_k_encode(top, worker, key, positions, count, error));
        for (i = 0; i < count; i++) {
            uint16_t position = positions[i];
            uint64_t in = (uint64_t)(worker->words[i] < bound ||
                                     (shared && worker->words[i] == bound));
            worker->mask[position >> 6] |= in << (position & 63);
            worker->ties[ties] = position; /* may be the list being read: behind, never ahead */
            ties += worker->words[i] == bound && !shared;
        }
        if (ties > 0 &&
            tni_top_k_lossy(worker->vectors[top->keys[key].column].type, bound)) {
            ties = tni_top_k_settle(top, worker, key, ties);
        }
        positions = worker->ties;
        count = ties;
    }
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------- candidates --- */

/* The k-th row of the sorted candidates becomes the bound. */
static trueno_status tni_top_k_set_bound(tni_top_k *top, tni_top_k_worker *worker,
                                         tni_error *error) {
    uint32_t i;
    int64_t least, word;
    (void)error;
    for (i = 0; i < top->key_count; i++) {
        const tni_sort_key *key = &top->keys[i];
        uint8_t bytes[16] = {0};
        worker->bound[i] = tni_collection_value(worker->rows, top->count - 1, key->column);
        worker->bound_words[i] = tni_top_k_null_word(key);
        if (!worker->bound[i].is_null) {
            tni_value_store(&worker->bound[i], bytes);
            tni_sort_words_of(tni_sort_kind_of(top->types[key->column]), bytes, 1,
                              key->descending, &worker->bound_words[i]);
        }
    }
    worker->bounded = true;
    word = (int64_t)(worker->bound_words[0] ^ TNI_TOP_K_SIGN);
    do {
        least = tni_atomic_load_i64(&top->least);
    } while (word < least && !tni_atomic_cas_i64(&top->least, least, word));
    return TRUENO_OK;
}

/* The first rows of sorted entries in a new collection. */
static trueno_status tni_top_k_copy(tni_top_k *top, tni_top_k_worker *worker,
                                    const tni_sorter *sorter, tni_collection *into,
                                    tni_error *error) {
    uint64_t done = 0, rows = TNI_MIN(top->count, sorter->count);
    while (done < rows) {
        tni_chunk chunk;
        memset(&chunk, 0, sizeof chunk);
        tni_scratch_reset(&worker->scratch);
        chunk.rows = (uint32_t)TNI_MIN(rows - done, (uint64_t)TNI_VECTOR_ROWS);
        chunk.active = chunk.rows;
        chunk.column_count = top->column_count;
        chunk.columns = worker->vectors;
        TNI_TRY(tni_sorter_gather(sorter, sorter->entries + done, chunk.rows, top->column_count,
                                  &worker->scratch, worker->vectors, error));
        TNI_TRY(tni_collection_append(into, top->run->env, &chunk, &worker->scratch, error));
        done += chunk.rows;
    }
    tni_collection_seal(into);
    return TRUENO_OK;
}

/* Sort the candidates and keep the first k. */
static trueno_status tni_top_k_shrink(tni_top_k *top, tni_top_k_worker *worker,
                                      tni_error *error) {
    tni_env *env = top->run->env;
    tni_collection *kept;
    tni_sorter sorter;
    trueno_status status;
    tni_collection_seal(worker->rows);
    TNI_TRY(tni_sorter_run(&sorter, env, top->run->scheduler, worker->rows, top->keys,
                           top->key_count, error));
    status = tni_collection_new(env->memory, top->types, top->column_count, &kept, error);
    if (status == TRUENO_OK) {
        status = tni_top_k_copy(top, worker, &sorter, kept, error);
    }
    tni_sorter_free(&sorter);
    if (status != TRUENO_OK) {
        tni_collection_release(kept);
        return status;
    }
    tni_collection_release(worker->rows);
    worker->rows = kept;
    return tni_top_k_set_bound(top, worker, error);
}

/* The word of rank `rank` (from 0) among words[0..count), which are reordered. */
static uint64_t tni_top_k_select(uint64_t *words, uint32_t count, uint32_t rank) {
    uint32_t first = 0, end = count;
    while (end - first > 1) {
        uint64_t pivot = words[first + (end - first) / 2];
        uint32_t below = first, i, above = end;
        for (i = first; i < above;) { /* three ways: less, equal, greater */
            uint64_t word = words[i];
            if (word < pivot) {
                words[i++] = words[below];
                words[below++] = word;
            } else if (word > pivot) {
                words[i] = words[--above];
                words[above] = word;
            } else {
                i++;
            }
        }
        if (rank < below) {
            end = below;
        } else if (rank >= above) {
            first = above;
        } else {
            return pivot;
        }
    }
    return words[first];
}

/* More rows of one chunk than could ever be wanted: keep those up to the k-th first word. */
static trueno_status tni_top_k_thin(tni_top_k *top, tni_top_k_worker *worker, uint32_t rows,
                                    uint32_t *count, tni_error *error) {
    uint64_t copy[TNI_VECTOR_ROWS], last;
    uint32_t i, kept = 0;
    TNI_TRY(tni_top_k_encode(top, worker, 0, worker->positions, *count, error));
    memcpy(copy, worker->words, *count * sizeof *copy);
    last = tni_top_k_select(copy, *count, (uint32_t)top->count - 1);
    memset(worker->mask, 0, tni_bitmap_words(rows) * 8);
    for (i = 0; i < *count; i++) {
        if (worker->words[i] <= last) {
            tni_bit_set(worker->mask, worker->positions[i]);
            kept++;
        }
    }
    *count = kept;
    return TRUENO_OK;
}

/* The two columns that say where a row stood. */
static trueno_status tni_top_k_positions(tni_top_k *top, tni_top_k_worker *worker,
                                         const tni_chunk *chunk, tni_error *error) {
    tni_vector *order = &worker->vectors[top->input_columns], *row = order + 1;
    uint32_t *rows;
    uint32_t i;
    rows = (uint32_t *)tni_scratch_take(&worker->scratch, chunk->rows * sizeof *rows, error);
    if (rows == NULL) {
        return error != NULL ? error->status : TRUENO_ERROR_MEMORY;
    }
    for (i = 0; i < chunk->rows; i++) {
        rows[i] = chunk->first_row + (chunk->positions != NULL ? chunk->positions[i] : i);
    }
    memset(order, 0, 2 * sizeof *order);
    order->type = tni_type_make(TRUENO_TYPE_UBIGINT);
    order->form = TNI_FORM_CONSTANT;
    order->data = &chunk->order;
    row->type = tni_type_make(TRUENO_TYPE_UINTEGER);
    row->form = TNI_FORM_FLAT;
    row->data = rows;
    return TRUENO_OK;
}

static trueno_status tni_top_k_keep(tni_top_k *top, tni_top_k_worker *worker,
                                    const tni_chunk *chunk, uint32_t count, tni_error *error) {
    tni_chunk kept = *chunk;
    kept.columns = worker->vectors;
    kept.column_count = top->column_count;
    kept.mask = worker->mask;
    kept.active = count;
    kept.order = 0; /* one run of blocks: positions are columns here */
    TNI_TRY(tni_collection_append(worker->rows, top->run->env, &kept, &worker->scratch, error));
    if (worker->rows->rows >= (worker->bounded ? 2 * top->count + TNI_TOP_K_SLACK : top->count)) {
        return tni_top_k_shrink(top, worker, error);
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_top_k_push(tni_top_k *top, uint32_t worker_index,
                                    const tni_chunk *chunk, tni_error *error) {
    tni_top_k_worker *worker = &top->workers[worker_index];
    uint64_t word = worker->bounded ? tni_top_k_limit(top, worker) : UINT64_MAX;
    uint32_t count;
    tni_scratch_reset(&worker->scratch);
    count = tni_top_k_candidates(top, worker, chunk, word);
    if (count == 0) {
        return TRUENO_OK;
    }
    memcpy(worker->vectors, chunk->columns, top->input_columns * sizeof(tni_vector));
    if (top->column_count > top->input_columns) {
        TNI_TRY(tni_top_k_positions(top, worker, chunk, error));
    }
    if (worker->bounded) {
        TNI_TRY(tni_top_k_judge(top, worker, chunk->rows, count, word, error));
        count = top->run->env->kernels->mask_positions(worker->mask, chunk->rows,
                                                       worker->positions);
    }
    if (count > top->count) {
        TNI_TRY(tni_top_k_thin(top, worker, chunk->rows, &count, error));
    }
    return count == 0 ? TRUENO_OK : tni_top_k_keep(top, worker, chunk, count, error);
}

TNI_FN trueno_status tni_top_k_take(tni_top_k *top, tni_collection **out, tni_error *error) {
    tni_memory *memory = top->run->env->memory;
    size_t size = top->worker_count * sizeof(tni_collection *);
    tni_collection **parts;
    trueno_status status;
    uint32_t i;
    TNI_TRY(tni_collection_new(memory, top->types, top->column_count, out, error));
    parts = (tni_collection **)tni_alloc(memory, size);
    if (parts == NULL) {
        return tni_memory_fail(memory, size, error);
    }
    for (i = 0; i < top->worker_count; i++) {
        parts[i] = top->workers[i].rows;
        top->workers[i].rows = NULL;
    }
    status = tni_collection_merge(*out, parts, top->worker_count, error);
    tni_free(memory, parts, size);
    if (status == TRUENO_OK) {
        tni_collection_seal(*out);
    }
    return status;
}

#undef TNI_TOP_K_SLACK
#undef TNI_TOP_K_DICTIONARY
#undef TNI_TOP_K_SIGN
