/*
 * eval_call.c - functions and casts: over rows, once for constants, once per dictionary entry.
 *
 * A pure function of one DICT column (its other arguments constant) runs on entries, not rows:
 * each distinct entry met is evaluated once per evaluator and remembered. LIKE over ten million
 * rows of a few thousand distinct strings so costs a few thousand matches and a table look-up.
 */
#include "exec/eval_internal.h"

static bool tni_call_is_volatile(const tni_ir_node *node) {
    return node->op == TNI_IR_CALL && (node->function->flags & TNI_FUNCTION_VOLATILE) != 0;
}

static bool tni_call_sees_nulls(const tni_ir_node *node) {
    return node->op == TNI_IR_CALL && (node->function->flags & TNI_FUNCTION_NULLS) != 0;
}

static trueno_status tni_call_run(const tni_ir_node *node, tni_call *call) {
    if (node->op == TNI_IR_CAST) {
        return tni_cast_vector(call, !node->try_cast);
    }
    return node->function->eval(call);
}

/* Fill `validity` with the AND of the arguments'; all ones for functions that see NULLs. */
static void tni_call_validity(const tni_ir_node *node, const tni_vector *arguments, uint32_t rows,
                              uint64_t *validity) {
    uint32_t a, i, words = (uint32_t)tni_bitmap_words(rows);
    tni_bitmap_fill(validity, rows, true);
    if (tni_call_sees_nulls(node)) {
        return;
    }
    for (a = 0; a < node->argument_count; a++) {
        if (arguments[a].form == TNI_FORM_CONSTANT) {
            if (arguments[a].is_null) {
                memset(validity, 0, words * 8);
            }
        } else if (arguments[a].validity != NULL) {
            for (i = 0; i < words; i++) {
                validity[i] &= arguments[a].validity[i];
            }
        }
    }
}

static void tni_call_prepare(tni_evaluator *evaluator, const tni_ir_node *node, uint32_t rows,
                             const tni_vector *arguments, void *out, uint64_t *validity,
                             tni_error *error, tni_call *call) {
    memset(call, 0, sizeof *call);
    call->env = evaluator->env;
    call->settings = evaluator->settings;
    call->error = error;
    call->bound = node->bound;
    call->rows = rows;
    call->count = node->argument_count;
    call->arguments = arguments;
    call->type = node->type;
    call->out = out;
    call->validity = validity;
    call->heap = &evaluator->heap;
}

/* ------------------------------------------------------------------------ per entry --- */

/* Which argument is the only non-constant one, and DICT? -1 when that is not so. */
static int tni_call_dictionary_argument(const tni_ir_node *node, const tni_vector *arguments) {
    int found = -1;
    uint32_t a;
    if (tni_call_is_volatile(node) || tni_call_sees_nulls(node)) {
        return -1;
    }
    for (a = 0; a < node->argument_count; a++) {
        if (arguments[a].form == TNI_FORM_CONSTANT) {
            if (arguments[a].is_null) {
                return -1;
            }
            continue;
        }
        if (found >= 0 || arguments[a].form != TNI_FORM_DICT) {
            return -1;
        }
        found = (int)a;
    }
    return found;
}

static trueno_status tni_memo_reset(tni_evaluator *evaluator, tni_memo *memo, uint32_t width,
                                    const tni_dictionary *dictionary, tni_error *error) {
    size_t size;
    if (memo->dictionary == dictionary->id) {
        return TRUENO_OK;
    }
    memo->dictionary = 0;
    if (memo->has_heap) {
        tni_arena_free(&memo->heap);
    }
    tni_arena_init(&memo->heap, evaluator->memory);
    memo->has_heap = true;
    if (memo->capacity < dictionary->count) {
        tni_free(evaluator->memory, memo->known, memo->capacity);
        tni_free(evaluator->memory, memo->values, memo->capacity * width);
        memo->known = NULL;
        memo->values = NULL;
        memo->capacity = 0;
        if (!tni_size_mul(dictionary->count, width, &size)) {
            return tni_fail_memory(error, SIZE_MAX);
        }
        memo->known = (uint8_t *)tni_alloc(evaluator->memory, dictionary->count);
        memo->values = (uint8_t *)tni_alloc(evaluator->memory, size);
        if (memo->known == NULL || memo->values == NULL) {
            tni_free(evaluator->memory, memo->known, dictionary->count);
            tni_free(evaluator->memory, memo->values, size);
            memo->known = NULL;
            memo->values = NULL;
            return tni_memory_fail(evaluator->memory, size, error);
        }
        memo->capacity = dictionary->count;
    }
    memset(memo->known, 0, dictionary->count);
    memo->count = dictionary->count;
    memo->looked_up = 0;
    memo->complete = false;
    memo->has_nulls = false;
    memo->dictionary = dictionary->id;
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

/* Evaluate the `count` entries listed in evaluator->codes into the memo. */
static trueno_status tni_memo_fill(tni_evaluator *evaluator, uint32_t reg,
                                   const tni_vector *arguments, uint32_t dictionary_argument,
                                   uint32_t count, tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    tni_memo *memo = &evaluator->registers[reg].memo;
    const tni_dictionary *dictionary = arguments[dictionary_argument].dictionary;
    uint32_t width = tni_type_width(node->type);
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
    flat[dictionary_argument].form = TNI_FORM_FLAT;
    flat[dictionary_argument].data = evaluator->strings;
    flat[dictionary_argument].validity = NULL;
    flat[dictionary_argument].dictionary = NULL;
    tni_bitmap_fill(validity, count, true);
    tni_call_prepare(evaluator, node, count, flat, evaluator->batch, validity, error, &call);
    call.heap = &memo->heap;
    TNI_TRY(tni_call_run(node, &call));
    for (i = 0; i < count; i++) {
        uint32_t code = evaluator->codes[i];
        memo->known[code] = tni_bit_get(validity, i) ? 1 : 2;
        memo->has_nulls = memo->has_nulls || memo->known[code] == 2;
        if (node->type.id == TRUENO_TYPE_BOOLEAN && memo->known[code] == 1 &&
            evaluator->batch[i] != 0) {
            memo->known[code] = 3;
        }
        memcpy(memo->values + (size_t)code * width, evaluator->batch + (size_t)i * width, width);
    }
    return TRUENO_OK;
}

/* Evaluate every entry that an active row of this chunk needs and the memo lacks. */
static trueno_status tni_memo_complete(tni_evaluator *evaluator, uint32_t reg,
                                       const tni_vector *arguments, uint32_t which,
                                       const uint64_t *active, tni_error *error) {
    const tni_vector *v = &arguments[which];
    tni_memo *memo = &evaluator->registers[reg].memo;
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
            if (memo->known[code] == 0) {
                memo->known[code] = 2;
                evaluator->codes[count++] = code;
            }
        }
    }
    if (count == 0) {
        return TRUENO_OK;
    }
    return tni_memo_fill(evaluator, reg, arguments, which, count, error);
}

/* After twice as many rows as entries the rest is worth having at once: no row asks again whether
 * its entry is known. Functions that may fail are left to the rows that need them. */
static trueno_status tni_memo_all(tni_evaluator *evaluator, uint32_t reg,
                                  const tni_vector *arguments, uint32_t which,
                                  tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    tni_memo *memo = &evaluator->registers[reg].memo;
    uint32_t code = 0;
    if (node->op == TNI_IR_CAST || node->predicate != TNI_IR_NONE ||
        memo->looked_up < (uint64_t)memo->count * 2 || node->type.id == TRUENO_TYPE_VARCHAR) {
        return TRUENO_OK;
    }
    while (code < memo->count) {
        tni_error ignored;
        uint32_t count = 0;
        for (; code < memo->count && count < TNI_VECTOR_ROWS; code++) {
            if (memo->known[code] == 0) {
                evaluator->codes[count++] = code;
            }
        }
        tni_error_clear(&ignored);
        if (count > 0 &&
            tni_memo_fill(evaluator, reg, arguments, which, count, &ignored) != TRUENO_OK) {
            memo->looked_up = 0; /* some entry no row has asked for fails: stay lazy */
            (void)error;
            return TRUENO_OK;
        }
    }
    memo->complete = true;
    return TRUENO_OK;
}

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
static void tni_memo_bits(const tni_memo *memo, const tni_vector *v, uint32_t rows,
                          uint64_t *bits, uint64_t *validity) {
    const uint8_t *known = memo->known;
    uint32_t i, words = (uint32_t)tni_bitmap_words(rows);
    memset(bits, 0, words * 8);
    memset(validity, 0, words * 8);
    TNI_MEMO_EACH(bits[i >> 6] |= (uint64_t)(known[code] == 3) << (i & 63);
                  validity[i >> 6] |= (uint64_t)(known[code] & 1) << (i & 63);)
    for (i = 0; v->validity != NULL && i < words; i++) {
        bits[i] &= v->validity[i];
        validity[i] &= v->validity[i];
    }
}

/* Values of eight bytes when every entry is known and none is NULL: a plain gather. */
static void tni_memo_gather(const tni_memo *memo, const tni_vector *v, uint32_t rows,
                            uint64_t *out) {
    const uint64_t *values = (const uint64_t *)(const void *)memo->values;
    uint32_t i;
    TNI_MEMO_EACH(out[i] = values[code];)
}

static void tni_memo_rows(const tni_memo *memo, const tni_vector *v, uint32_t rows,
                          uint32_t width, uint8_t *out, uint64_t *validity) {
    uint32_t i;
    tni_bitmap_fill(validity, rows, true);
    for (i = 0; i < rows; i++) {
        uint64_t code = tni_vector_code(v, i);
        bool valid = v->validity == NULL || tni_bit_get(v->validity, i);
        if (!valid || (memo->known[code] & 1) == 0) {
            memset(out + (size_t)i * width, 0, width);
            tni_bit_clear(validity, i);
        } else if (width == 8) {
            memcpy(out + (size_t)i * 8, memo->values + code * 8, 8);
        } else {
            memcpy(out + (size_t)i * width, memo->values + code * width, width);
        }
    }
}

#undef TNI_MEMO_CODES
#undef TNI_MEMO_EACH

static trueno_status tni_call_memoised(tni_evaluator *evaluator, uint32_t reg,
                                       const tni_vector *arguments, uint32_t which,
                                       const uint64_t *active, tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    tni_register *r = &evaluator->registers[reg];
    const tni_vector *v = &arguments[which];
    uint32_t width = tni_type_width(node->type);
    uint8_t *out;
    uint64_t *validity = tni_eval_validity(evaluator, reg, error);
    uint32_t rows = evaluator->rows;
    if (validity == NULL) {
        return error->status;
    }
    TNI_TRY(tni_memo_buffers(evaluator, error));
    TNI_TRY(tni_memo_reset(evaluator, &r->memo, width, v->dictionary, error));
    if (!r->memo.complete) {
        TNI_TRY(tni_memo_complete(evaluator, reg, arguments, which, active, error));
        TNI_TRY(tni_memo_all(evaluator, reg, arguments, which, error));
    }
    r->memo.looked_up += rows;
    if (node->type.id == TRUENO_TYPE_BOOLEAN) {
        uint64_t *bits = tni_eval_own_bits(evaluator, reg, error);
        if (bits == NULL) {
            return error->status;
        }
        tni_memo_bits(&r->memo, v, rows, bits, validity);
        tni_eval_set_bits(evaluator, reg, bits,
                          tni_eval_all_set(validity, rows) ? NULL : validity);
        return TRUENO_OK;
    }
    out = (uint8_t *)tni_eval_data(evaluator, reg, error);
    if (out == NULL) {
        return error->status;
    }
    if (width == 8 && r->memo.complete && !r->memo.has_nulls) {
        tni_memo_gather(&r->memo, v, rows, (uint64_t *)(void *)out);
        tni_eval_set_flat(evaluator, reg, out, v->validity);
        return TRUENO_OK;
    }
    tni_memo_rows(&r->memo, v, rows, width, out, validity);
    tni_eval_set_flat(evaluator, reg, out, tni_eval_all_set(validity, rows) ? NULL : validity);
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------- per row --- */

static trueno_status tni_call_rows(tni_evaluator *evaluator, uint32_t reg,
                                   const tni_vector *arguments, bool constant,
                                   const uint64_t *active, tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    tni_register *r = &evaluator->registers[reg];
    uint32_t rows = constant ? 1 : evaluator->rows;
    void *out = tni_eval_data(evaluator, reg, error);
    uint64_t *validity = tni_eval_validity(evaluator, reg, error);
    uint64_t any = 0;
    tni_call call;
    uint32_t i;
    if (out == NULL || validity == NULL) {
        return error->status;
    }
    tni_call_validity(node, arguments, rows, validity);
    tni_call_prepare(evaluator, node, rows, arguments, out, validity, error, &call);
    call.active = active;
    if (constant && active != NULL) {
        /* one evaluation stands for all rows: it fails only if some row really runs */
        for (i = 0; i < tni_bitmap_words(evaluator->rows); i++) {
            any |= active[i];
        }
        any = any != 0;
        call.active = &any;
    }
    TNI_TRY(tni_call_run(node, &call));
    memset(&r->vector, 0, sizeof r->vector);
    r->vector.type = node->type;
    r->vector.data = out;
    if (constant) {
        r->vector.form = TNI_FORM_CONSTANT;
        r->vector.is_null = (validity[0] & 1) == 0;
        return TRUENO_OK;
    }
    r->vector.form = TNI_FORM_FLAT;
    r->vector.validity = tni_bitmap_count(validity, rows) == rows ? NULL : validity;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_call(tni_evaluator *evaluator, uint32_t reg, tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    tni_register *r = &evaluator->registers[reg];
    tni_vector few[16];
    tni_vector *arguments = few;
    const uint64_t *active;
    bool constant = !tni_call_is_volatile(node);
    int dictionary;
    uint32_t a;
    if (node->argument_count > TNI_COUNT_OF(few)) {
        arguments = (tni_vector *)tni_scratch_take(
            &evaluator->scratch, node->argument_count * sizeof *arguments, error);
        if (arguments == NULL) {
            return error->status;
        }
    }
    for (a = 0; a < node->argument_count; a++) {
        const tni_vector *vector;
        TNI_TRY(tni_eval_vector(evaluator, node->arguments[a], &vector, error));
        arguments[a] = *vector;
        constant = constant && vector->form == TNI_FORM_CONSTANT;
    }
    r->has_bits = false;
    r->has_flat = false;
    TNI_TRY(tni_eval_active(evaluator, node, &active, error));
    dictionary = arguments == few ? tni_call_dictionary_argument(node, arguments) : -1;
    if (dictionary >= 0) {
        return tni_call_memoised(evaluator, reg, arguments, (uint32_t)dictionary, active, error);
    }
    for (a = 0; a < node->argument_count; a++) {
        const tni_vector *vector;
        TNI_TRY(tni_eval_flat(evaluator, node->arguments[a], &vector, error));
        arguments[a] = *vector;
    }
    TNI_TRY(tni_call_rows(evaluator, reg, arguments, constant, active, error));
    r->has_vector = true;
    return TRUENO_OK;
}
