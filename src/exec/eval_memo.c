/*
 * eval_memo.c - a function of one dictionary column, evaluated once per entry.
 *
 * LIKE over ten million rows of a few thousand distinct strings costs a few thousand matches and
 * a table look-up. Entries are evaluated when a row first asks; once enough rows have asked, all
 * that are left are done in chunks of 2,048. Evaluators of one operator share the table of a
 * large dictionary: `known` is read without a lock and written under one, after the value, so an
 * entry is at worst evaluated twice, and the chunks are claimed by whoever comes by. Text results
 * that are complete become a dictionary of their own, and the rows stay codes.
 */
#include "exec/eval_internal.h"

#define TNI_MEMO_SHARED 4096u /* entries of a dictionary from which sharing pays */

/* What an instruction gave for each entry of a dictionary. */
struct tni_memo_table {
    uint64_t dictionary;       /* id, 0 = empty */
    uint32_t count;
    uint32_t width;
    size_t capacity;           /* entries allocated */
    uint8_t *known;            /* 0 not yet, 1 a value (BOOLEAN: false), 2 NULL, 3 true */
    uint8_t *values;           /* count * width */
    bool shared;
    tni_mutex lock;            /* shared only: for writing */
    tni_atomic_i32 has_nulls;  /* some known entry is NULL */
    tni_atomic_i64 looked_up;  /* rows answered so far */
    tni_atomic_i32 next, done; /* chunks claimed, chunks finished */
    tni_atomic_i32 failed;     /* an entry that no row may ask for fails: stay lazy */
    tni_atomic_i32 building;   /* somebody makes `result` */
    tni_atomic_pointer result; /* VARCHAR: tni_dictionary of the distinct results */
    uint32_t *result_codes;    /* [count], set before `result` */
};

struct tni_memo_share {
    tni_memory *memory;
    uint32_t owners;
    uint32_t count;
    tni_mutex lock;
    tni_memo_table **tables;   /* [count]: an instruction's first large dictionary */
};

/* ---------------------------------------------------------------------------- life --- */

static void tni_memo_table_clear(tni_memory *memory, tni_memo_table *table) {
    tni_dictionary *result = (tni_dictionary *)tni_atomic_load_pointer(&table->result);
    tni_dictionary_release(result);
    tni_free(memory, table->result_codes, (size_t)table->count * sizeof(uint32_t));
    tni_atomic_store_pointer(&table->result, NULL);
    table->result_codes = NULL;
    table->dictionary = 0;
}

static void tni_memo_table_free(tni_memory *memory, tni_memo_table *table) {
    if (table == NULL) {
        return;
    }
    tni_memo_table_clear(memory, table);
    tni_free(memory, table->known, table->capacity);
    tni_free(memory, table->values, table->capacity * table->width);
    if (table->shared) {
        tni_mutex_free(&table->lock);
    }
    tni_free(memory, table, sizeof *table);
}

/* An empty table becomes that of a dictionary. */
static trueno_status tni_memo_table_set(tni_memory *memory, tni_memo_table *table,
                                        const tni_dictionary *dictionary, tni_error *error) {
    size_t entries = TNI_MAX(dictionary->count, 1u), size;
    tni_memo_table_clear(memory, table);
    if (table->capacity < entries) {
        tni_free(memory, table->known, table->capacity);
        tni_free(memory, table->values, table->capacity * table->width);
        table->capacity = 0;
        table->known = NULL;
        table->values = NULL;
        if (!tni_size_mul(entries, table->width, &size)) {
            return tni_fail_memory(error, SIZE_MAX);
        }
        table->known = (uint8_t *)tni_alloc(memory, entries);
        table->values = (uint8_t *)tni_alloc(memory, size);
        if (table->known == NULL || table->values == NULL) {
            tni_free(memory, table->known, entries);
            tni_free(memory, table->values, size);
            table->known = NULL;
            table->values = NULL;
            return tni_memory_fail(memory, size, error);
        }
        table->capacity = entries;
    }
    memset(table->known, 0, entries);
    table->count = dictionary->count;
    tni_atomic_store_i64(&table->looked_up, 0);
    tni_atomic_store_i32(&table->has_nulls, 0);
    tni_atomic_store_i32(&table->next, 0);
    tni_atomic_store_i32(&table->done, 0);
    tni_atomic_store_i32(&table->failed, 0);
    tni_atomic_store_i32(&table->building, 0);
    table->dictionary = dictionary->id;
    return TRUENO_OK;
}

static tni_memo_table *tni_memo_table_new(tni_memory *memory, uint32_t width, bool shared) {
    tni_memo_table *table = (tni_memo_table *)tni_alloc_zero(memory, sizeof *table);
    if (table != NULL) {
        table->width = width;
        if (shared && !tni_mutex_init(&table->lock)) {
            tni_free(memory, table, sizeof *table);
            return NULL;
        }
        table->shared = shared;
    }
    return table;
}

TNI_FN void tni_memo_free(tni_memory *memory, tni_memo *memo) {
    tni_memo_table_free(memory, memo->own);
    tni_free(memory, memo->asked, memo->asked_capacity);
    tni_free(memory, memo->in_set, memo->in_set_capacity);
    tni_free(memory, memo->codes, TNI_VECTOR_ROWS * sizeof(uint32_t));
    if (memo->has_heap) {
        tni_arena_free(&memo->heap);
    }
    if (memo->has_shared_heap) {
        tni_arena_free(&memo->shared_heap);
    }
    memset(memo, 0, sizeof *memo);
}

TNI_FN trueno_status tni_evaluator_share(tni_evaluator *first, tni_evaluator *evaluator,
                                         tni_error *error) {
    tni_memory *memory = first->memory;
    tni_memo_share *share = first->share;
    uint32_t count = TNI_MAX(first->program->count, 1u);
    if (share == NULL) {
        share = (tni_memo_share *)tni_alloc_zero(memory, sizeof *share);
        if (share == NULL) {
            return tni_memory_fail(memory, sizeof *share, error);
        }
        share->memory = memory;
        share->count = count;
        share->tables = (tni_memo_table **)tni_alloc_zero(memory, count * sizeof(void *));
        if (share->tables == NULL || !tni_mutex_init(&share->lock)) {
            tni_free(memory, share->tables, count * sizeof(void *));
            tni_free(memory, share, sizeof *share);
            return tni_memory_fail(memory, count * sizeof(void *), error);
        }
        share->owners = 1;
        first->share = share;
    }
    TNI_ASSERT(evaluator->program == first->program && evaluator->share == NULL);
    share->owners++;
    evaluator->share = share;
    return TRUENO_OK;
}

TNI_FN void tni_memo_share_release(tni_memo_share *share) {
    uint32_t i;
    if (share == NULL || --share->owners > 0) {
        return;
    }
    for (i = 0; i < share->count; i++) {
        tni_memo_table_free(share->memory, share->tables[i]);
    }
    tni_mutex_free(&share->lock);
    tni_free(share->memory, share->tables, share->count * sizeof(void *));
    tni_free(share->memory, share, sizeof *share);
}

/* ------------------------------------------------------------------------ choosing --- */

/* The shared table of an instruction when it is this dictionary's. The first large dictionary
 * that any evaluator meets gets it. */
static trueno_status tni_memo_shared_table(tni_evaluator *evaluator, uint32_t reg, uint32_t width,
                                           const tni_dictionary *dictionary,
                                           tni_memo_table **out, tni_error *error) {
    tni_memo_share *share = evaluator->share;
    trueno_status status = TRUENO_OK;
    tni_memo_table *table;
    *out = NULL;
    if (share == NULL || dictionary->count < TNI_MEMO_SHARED) {
        return TRUENO_OK;
    }
    tni_mutex_lock(&share->lock);
    table = share->tables[reg];
    if (table == NULL) {
        table = tni_memo_table_new(evaluator->memory, width, true);
        status = table == NULL
                     ? tni_memory_fail(evaluator->memory, sizeof *table, error)
                     : tni_memo_table_set(evaluator->memory, table, dictionary, error);
        if (status == TRUENO_OK) {
            share->tables[reg] = table;
        } else {
            tni_memo_table_free(evaluator->memory, table);
            table = NULL;
        }
    }
    tni_mutex_unlock(&share->lock);
    if (status == TRUENO_OK && table->dictionary == dictionary->id) {
        *out = table;
    }
    return status;
}

/* Which entries this evaluator has asked for already. */
static trueno_status tni_memo_asked(tni_evaluator *evaluator, tni_memo *memo, uint32_t count,
                                    tni_error *error) {
    size_t size = tni_bitmap_words(TNI_MAX(count, 1u)) * 8;
    if (memo->asked_capacity < size) {
        tni_free(evaluator->memory, memo->asked, memo->asked_capacity);
        memo->asked_capacity = 0;
        memo->asked = (uint64_t *)tni_alloc(evaluator->memory, size);
        if (memo->asked == NULL) {
            return tni_memory_fail(evaluator->memory, size, error);
        }
        memo->asked_capacity = size;
    }
    memset(memo->asked, 0, size);
    return TRUENO_OK;
}

/* Make memo->table the one of the dictionary. */
static trueno_status tni_memo_choose(tni_evaluator *evaluator, uint32_t reg, uint32_t width,
                                     const tni_dictionary *dictionary, tni_error *error) {
    tni_memo *memo = &evaluator->registers[reg].memo;
    tni_memo_table *table;
    if (memo->table != NULL && memo->table->dictionary == dictionary->id) {
        return TRUENO_OK;
    }
    memo->table = NULL;
    memo->complete = false;
    TNI_TRY(tni_memo_asked(evaluator, memo, dictionary->count, error));
    TNI_TRY(tni_memo_shared_table(evaluator, reg, width, dictionary, &table, error));
    if (table != NULL) {
        if (!memo->has_shared_heap) {
            tni_arena_init(&memo->shared_heap, evaluator->memory);
            memo->has_shared_heap = true;
        }
        memo->table = table;
        return TRUENO_OK;
    }
    if (memo->own == NULL) {
        memo->own = tni_memo_table_new(evaluator->memory, width, false);
        if (memo->own == NULL) {
            return tni_memory_fail(evaluator->memory, sizeof *memo->own, error);
        }
    }
    if (memo->own->dictionary != dictionary->id) {
        if (memo->has_heap) {
            tni_arena_free(&memo->heap);
        }
        tni_arena_init(&memo->heap, evaluator->memory);
        memo->has_heap = true;
        TNI_TRY(tni_memo_table_set(evaluator->memory, memo->own, dictionary, error));
    }
    memo->table = memo->own;
    return TRUENO_OK;
}

static trueno_status tni_memo_buffers(tni_evaluator *evaluator, tni_error *error) {
    tni_memory *memory = evaluator->memory;
    if (evaluator->codes == NULL) {
        evaluator->codes = (uint32_t *)tni_alloc(memory, TNI_VECTOR_ROWS * sizeof(uint32_t));
    }
    if (evaluator->strings == NULL) {
        evaluator->strings = (tni_string *)tni_alloc(memory, TNI_VECTOR_ROWS * sizeof(tni_string));
    }
    if (evaluator->batch == NULL) {
        evaluator->batch = (uint8_t *)tni_alloc(memory, (size_t)TNI_VECTOR_ROWS * 16);
    }
    if (evaluator->codes == NULL || evaluator->strings == NULL || evaluator->batch == NULL) {
        return tni_memory_fail(memory, (size_t)TNI_VECTOR_ROWS * 16, error);
    }
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------- evaluating --- */

/* Publish what the batch gave for the entries in evaluator->codes. */
static void tni_memo_publish(tni_evaluator *evaluator, tni_memo_table *table, bool is_boolean,
                             const uint64_t *validity, uint32_t count) {
    uint32_t width = table->width, i;
    if (table->shared) {
        tni_mutex_lock(&table->lock);
    }
    for (i = 0; i < count; i++) {
        uint32_t code = evaluator->codes[i];
        uint8_t state = tni_bit_get(validity, i) ? 1 : 2;
        if (table->known[code] != 0) {
            continue; /* somebody else was faster */
        }
        if (state == 2) {
            tni_atomic_store_i32(&table->has_nulls, 1);
        } else if (is_boolean && evaluator->batch[i] != 0) {
            state = 3;
        }
        memcpy(table->values + (size_t)code * width, evaluator->batch + (size_t)i * width, width);
        tni_atomic_store_u8(&table->known[code], state);
    }
    if (table->shared) {
        tni_mutex_unlock(&table->lock);
    }
}

/* Evaluate the `count` entries listed in evaluator->codes into the memo. */
static trueno_status tni_memo_fill(tni_evaluator *evaluator, uint32_t reg,
                                   const tni_vector *arguments, uint32_t which, uint32_t count,
                                   tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    tni_memo *memo = &evaluator->registers[reg].memo;
    const tni_dictionary *dictionary = arguments[which].dictionary;
    uint64_t validity[TNI_VECTOR_WORDS];
    tni_vector flat[16];
    tni_call call;
    uint32_t i;
    for (i = 0; i < node->argument_count; i++) {
        flat[i] = arguments[i];
    }
    for (i = 0; i < count; i++) {
        evaluator->strings[i] = dictionary->values[evaluator->codes[i]];
    }
    flat[which].form = TNI_FORM_FLAT;
    flat[which].data = evaluator->strings;
    flat[which].validity = NULL;
    flat[which].dictionary = NULL;
    tni_bitmap_fill(validity, count, true);
    tni_call_prepare(evaluator, node, count, flat, evaluator->batch, validity, error, &call);
    call.heap = memo->table->shared ? &memo->shared_heap : &memo->heap;
    TNI_TRY(tni_call_run(node, &call));
    tni_memo_publish(evaluator, memo->table, node->type.id == TRUENO_TYPE_BOOLEAN, validity,
                     count);
    return TRUENO_OK;
}

/* Evaluate every entry that an active row of this chunk needs and the memo lacks. */
static trueno_status tni_memo_needed(tni_evaluator *evaluator, uint32_t reg,
                                     const tni_vector *arguments, uint32_t which,
                                     const uint64_t *active, tni_error *error) {
    const tni_vector *v = &arguments[which];
    tni_memo *memo = &evaluator->registers[reg].memo;
    const uint8_t *known = memo->table->known;
    uint32_t word, count = 0, words = (uint32_t)tni_bitmap_words(evaluator->rows);
    for (word = 0; word < words; word++) {
        uint64_t left = active == NULL ? ~UINT64_C(0) : active[word];
        if (v->validity != NULL) {
            left &= v->validity[word];
        }
        if (word == words - 1 && evaluator->rows % 64 != 0) {
            left &= tni_low_bits(evaluator->rows % 64);
        }
        while (left != 0) {
            uint32_t code = (uint32_t)tni_vector_code(v, word * 64 + tni_ctz64(left));
            left &= left - 1;
            if (tni_atomic_load_u8(&known[code]) == 0 && !tni_bit_get(memo->asked, code)) {
                tni_bit_set(memo->asked, code);
                evaluator->codes[count++] = code;
            }
        }
    }
    if (count == 0) {
        return TRUENO_OK;
    }
    return tni_memo_fill(evaluator, reg, arguments, which, count, error);
}

/* Chunks of entries, as long as there are any that nobody has claimed. */
static trueno_status tni_memo_chunks(tni_evaluator *evaluator, uint32_t reg,
                                     const tni_vector *arguments, uint32_t which,
                                     int32_t chunks) {
    tni_memo_table *table = evaluator->registers[reg].memo.table;
    while (tni_atomic_load_i32(&table->next) < chunks) {
        int32_t chunk = tni_atomic_add_i32(&table->next, 1);
        uint32_t code = (uint32_t)chunk * TNI_VECTOR_ROWS, end, count = 0;
        tni_error ignored;
        if (chunk >= chunks) {
            break;
        }
        end = TNI_MIN(table->count - code, TNI_VECTOR_ROWS) + code;
        for (; code < end; code++) {
            if (tni_atomic_load_u8(&table->known[code]) == 0) {
                evaluator->codes[count++] = code;
            }
        }
        tni_error_clear(&ignored);
        if (count > 0 &&
            tni_memo_fill(evaluator, reg, arguments, which, count, &ignored) != TRUENO_OK) {
            tni_atomic_store_i32(&table->failed, 1);
            return ignored.status;
        }
        (void)tni_atomic_add_i32(&table->done, 1);
    }
    return TRUENO_OK;
}

/* Once enough rows have asked, the rest is worth having at once: no row asks again whether its
 * entry is known. Text pays sooner, by becoming codes. Functions that may fail are left to the
 * rows that need them. */
static void tni_memo_all(tni_evaluator *evaluator, uint32_t reg, const tni_vector *arguments,
                         uint32_t which) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    tni_memo *memo = &evaluator->registers[reg].memo;
    tni_memo_table *table = memo->table;
    uint64_t asked = (uint64_t)tni_atomic_load_i64(&table->looked_up);
    uint64_t enough =
        tni_type_is_string(node->type) ? table->count / 2 : (uint64_t)table->count * 2;
    int32_t chunks;
    if (memo->complete || node->op == TNI_IR_CAST || node->predicate != TNI_IR_NONE ||
        asked < enough || table->count > (uint32_t)INT32_MAX ||
        tni_atomic_load_i32(&table->failed) != 0) {
        return;
    }
    chunks = (int32_t)((table->count + TNI_VECTOR_ROWS - 1) / TNI_VECTOR_ROWS);
    if (tni_memo_chunks(evaluator, reg, arguments, which, chunks) == TRUENO_OK) {
        memo->complete = tni_atomic_load_i32(&table->done) == chunks;
    }
}

/* The distinct results of a complete table, and every entry's code among them. */
static trueno_status tni_memo_distinct(tni_memory *memory, tni_memo_table *table,
                                       tni_dictionary **out) {
    const tni_string *values = (const tni_string *)(const void *)table->values;
    trueno_status status = TRUENO_OK;
    tni_interner interner;
    uint32_t i;
    *out = NULL;
    table->result_codes = (uint32_t *)tni_alloc_array(memory, table->count, sizeof(uint32_t));
    if (table->result_codes == NULL) {
        return TRUENO_ERROR_MEMORY;
    }
    tni_interner_init(&interner, memory);
    for (i = 0; i < table->count && status == TRUENO_OK; i++) {
        table->result_codes[i] = 0;
        if (table->known[i] == 1) {
            status = tni_interner_add(&interner, &values[i], tni_hash_string(&values[i]),
                                      &table->result_codes[i], NULL);
        }
    }
    if (status == TRUENO_OK) {
        status = tni_interner_seal(&interner, false, NULL, out, NULL);
    } else {
        tni_interner_free(&interner);
    }
    return status;
}

/* The dictionary of a complete table's results; NULL while there is none. Not having it is no
 * reason to fail. */
static const tni_dictionary *tni_memo_result(tni_evaluator *evaluator, tni_memo_table *table) {
    tni_dictionary *result = (tni_dictionary *)tni_atomic_load_pointer(&table->result);
    if (result == NULL && table->count > 0 && tni_atomic_cas_i32(&table->building, 0, 1) &&
        tni_memo_distinct(evaluator->memory, table, &result) == TRUENO_OK) {
        tni_atomic_store_pointer(&table->result, result);
    }
    return result;
}

/* --------------------------------------------------------------------------- rows --- */

#define TNI_MEMO_CODES(T, BODY)                                                                    \
    do {                                                                                           \
        const T *codes = (const T *)v->data;                                                       \
        for (i = 0; i < rows; i++) {                                                               \
            uint32_t code = codes[i];                                                              \
            BODY                                                                                   \
        }                                                                                          \
    } while (0)
#define TNI_MEMO_EACH(BODY)                                                                        \
    switch (v->code_width) {                                                                       \
    case 1: TNI_MEMO_CODES(uint8_t, BODY); break;                                                  \
    case 2: TNI_MEMO_CODES(uint16_t, BODY); break;                                                 \
    default: TNI_MEMO_CODES(uint32_t, BODY);                                                       \
    }

/* BOOLEAN: true bits and known-and-not-NULL bits straight from the memo. */
static void tni_memo_bits(const tni_memo_table *table, const tni_vector *v, uint32_t rows,
                          uint64_t *bits, uint64_t *validity) {
    const uint8_t *known = table->known;
    uint32_t i, words = (uint32_t)tni_bitmap_words(rows);
    memset(bits, 0, words * 8);
    memset(validity, 0, words * 8);
    TNI_MEMO_EACH(uint8_t state = tni_atomic_load_u8(&known[code]);
                  bits[i >> 6] |= (uint64_t)(state == 3) << (i & 63);
                  validity[i >> 6] |= (uint64_t)(state & 1) << (i & 63);)
    for (i = 0; v->validity != NULL && i < words; i++) {
        bits[i] &= v->validity[i];
        validity[i] &= v->validity[i];
    }
}

/* Values of eight bytes when every entry is known and none is NULL: a plain gather. */
static void tni_memo_gather(const tni_memo_table *table, const tni_vector *v, uint32_t rows,
                            uint64_t *out) {
    const uint64_t *values = (const uint64_t *)(const void *)table->values;
    uint32_t i;
    TNI_MEMO_EACH(out[i] = values[code];)
}

static void tni_memo_translate(const uint32_t *result_codes, const tni_vector *v, uint32_t rows,
                               uint32_t *out) {
    uint32_t i;
    TNI_MEMO_EACH(out[i] = result_codes[code];)
}

#undef TNI_MEMO_CODES
#undef TNI_MEMO_EACH

static void tni_memo_rows(const tni_memo_table *table, const tni_vector *v, uint32_t rows,
                          uint8_t *out, uint64_t *validity) {
    uint32_t width = table->width, i;
    tni_bitmap_fill(validity, rows, true);
    for (i = 0; i < rows; i++) {
        uint64_t code = tni_vector_code(v, i);
        bool valid = v->validity == NULL || tni_bit_get(v->validity, i);
        if (!valid || (tni_atomic_load_u8(&table->known[code]) & 1) == 0) {
            memset(out + (size_t)i * width, 0, width);
            tni_bit_clear(validity, i);
        } else if (width == 8) {
            memcpy(out + (size_t)i * 8, table->values + code * 8, 8);
        } else {
            memcpy(out + (size_t)i * width, table->values + code * width, width);
        }
    }
}

/* The register becomes codes into the dictionary of results. False: no memory for codes. */
static bool tni_memo_set_codes(tni_evaluator *evaluator, uint32_t reg, const tni_vector *v,
                               const tni_dictionary *result) {
    tni_register *r = &evaluator->registers[reg];
    tni_memo *memo = &r->memo;
    if (memo->codes == NULL) {
        memo->codes =
            (uint32_t *)tni_alloc(evaluator->memory, TNI_VECTOR_ROWS * sizeof(uint32_t));
        if (memo->codes == NULL) {
            return false;
        }
    }
    tni_memo_translate(memo->table->result_codes, v, evaluator->rows, memo->codes);
    tni_eval_set_flat(evaluator, reg, memo->codes, v->validity);
    r->vector.form = TNI_FORM_DICT;
    r->vector.code_width = 4;
    r->vector.dictionary = result;
    return true;
}

/* Answer a BOOLEAN instruction from the memo. */
static trueno_status tni_memo_answer_bits(tni_evaluator *evaluator, uint32_t reg,
                                          const tni_vector *v, tni_error *error) {
    uint64_t *bits = tni_eval_own_bits(evaluator, reg, error);
    uint64_t *validity = tni_eval_validity(evaluator, reg, error);
    if (bits == NULL || validity == NULL) {
        return error->status;
    }
    tni_memo_bits(evaluator->registers[reg].memo.table, v, evaluator->rows, bits, validity);
    tni_eval_set_bits(evaluator, reg, bits,
                      tni_eval_all_set(validity, evaluator->rows) ? NULL : validity);
    return TRUENO_OK;
}

static trueno_status tni_memo_answer(tni_evaluator *evaluator, uint32_t reg, const tni_vector *v,
                                     tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    const tni_memo *memo = &evaluator->registers[reg].memo;
    bool sure = memo->complete && tni_atomic_load_i32(&memo->table->has_nulls) == 0;
    uint64_t *validity;
    uint8_t *out;
    if (sure && tni_type_is_string(node->type)) {
        const tni_dictionary *result = tni_memo_result(evaluator, memo->table);
        if (result != NULL && tni_memo_set_codes(evaluator, reg, v, result)) {
            return TRUENO_OK;
        }
    }
    validity = tni_eval_validity(evaluator, reg, error);
    out = (uint8_t *)tni_eval_data(evaluator, reg, error);
    if (validity == NULL || out == NULL) {
        return error->status;
    }
    if (sure && memo->table->width == 8) {
        tni_memo_gather(memo->table, v, evaluator->rows, (uint64_t *)(void *)out);
        tni_eval_set_flat(evaluator, reg, out, v->validity);
        return TRUENO_OK;
    }
    tni_memo_rows(memo->table, v, evaluator->rows, out, validity);
    tni_eval_set_flat(evaluator, reg, out,
                      tni_eval_all_set(validity, evaluator->rows) ? NULL : validity);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_memo_call(tni_evaluator *evaluator, uint32_t reg,
                                   const tni_vector *arguments, uint32_t which,
                                   const uint64_t *active, tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    tni_memo *memo = &evaluator->registers[reg].memo;
    const tni_vector *v = &arguments[which];
    TNI_TRY(tni_memo_buffers(evaluator, error));
    TNI_TRY(tni_memo_choose(evaluator, reg, tni_type_width(node->type), v->dictionary, error));
    if (!memo->complete) {
        TNI_TRY(tni_memo_needed(evaluator, reg, arguments, which, active, error));
        (void)tni_atomic_add_i64(&memo->table->looked_up, evaluator->rows);
        tni_memo_all(evaluator, reg, arguments, which);
    }
    return node->type.id == TRUENO_TYPE_BOOLEAN ? tni_memo_answer_bits(evaluator, reg, v, error)
                                                : tni_memo_answer(evaluator, reg, v, error);
}

#undef TNI_MEMO_SHARED
