/*
 * eval.c - the evaluator's frame: registers, logic, CASE, outputs, filters.
 *
 * Instructions run in program order over one chunk. A constant argument stays CONSTANT, an
 * untouched column keeps its encoded form, booleans stay bitmaps. Comparisons are in
 * eval_compare.c, functions and casts in eval_call.c and eval_memo.c. May use: base, simd,
 * column, plan.
 */
#include "exec/eval_internal.h"

/* ------------------------------------------------------------------------- life --- */

TNI_FN trueno_status tni_evaluator_new(const tni_env *env, const tni_settings *settings,
                                       const tni_program *program, tni_evaluator **out,
                                       tni_error *error) {
    tni_evaluator *evaluator;
    tni_memory *memory = env->memory;
    uint32_t i;
    *out = NULL;
    evaluator = (tni_evaluator *)tni_alloc_zero(memory, sizeof *evaluator);
    if (evaluator == NULL) {
        return tni_memory_fail(memory, sizeof *evaluator, error);
    }
    evaluator->env = env;
    evaluator->settings = settings;
    evaluator->program = program;
    evaluator->memory = memory;
    tni_arena_init(&evaluator->heap, memory);
    tni_scratch_init(&evaluator->scratch, memory);
    evaluator->registers = (tni_register *)tni_alloc_zero(
        memory, TNI_MAX(program->count, 1u) * sizeof *evaluator->registers);
    evaluator->active = (uint64_t *)tni_alloc(memory, TNI_VECTOR_WORDS * 8);
    evaluator->positions = (uint16_t *)tni_alloc(memory, TNI_VECTOR_ROWS * sizeof(uint16_t));
    if (evaluator->registers == NULL || evaluator->active == NULL ||
        evaluator->positions == NULL) {
        tni_evaluator_free(evaluator);
        return tni_memory_fail(memory, program->count * sizeof(tni_register), error);
    }
    for (i = 0; i < program->count; i++) {
        const tni_ir_node *node = &program->nodes[i];
        tni_register *r = &evaluator->registers[i];
        if (node->op == TNI_IR_CONSTANT) {
            r->vector = tni_vector_constant(&node->constant, r->constant);
            if (r->vector.data == NULL) {
                r->vector.data = r->constant;
            }
            r->has_vector = true;
        }
    }
    *out = evaluator;
    return TRUENO_OK;
}

static void tni_register_free(tni_memory *memory, tni_register *r, uint32_t width) {
    tni_free(memory, r->data, (size_t)TNI_VECTOR_ROWS * width);
    tni_free(memory, r->flat_data, (size_t)TNI_VECTOR_ROWS * width);
    tni_free(memory, r->validity, TNI_VECTOR_WORDS * 8);
    tni_free(memory, r->own_bits, TNI_VECTOR_WORDS * 8);
    tni_memo_free(memory, &r->memo);
}

TNI_FN void tni_evaluator_free(tni_evaluator *evaluator) {
    uint32_t i;
    tni_memory *memory;
    if (evaluator == NULL) {
        return;
    }
    memory = evaluator->memory;
    for (i = 0; evaluator->registers != NULL && i < evaluator->program->count; i++) {
        tni_register_free(memory, &evaluator->registers[i],
                          tni_type_width(evaluator->program->nodes[i].type));
    }
    tni_free(memory, evaluator->registers,
             TNI_MAX(evaluator->program->count, 1u) * sizeof *evaluator->registers);
    tni_free(memory, evaluator->active, TNI_VECTOR_WORDS * 8);
    tni_free(memory, evaluator->positions, TNI_VECTOR_ROWS * sizeof(uint16_t));
    tni_free(memory, evaluator->codes, TNI_VECTOR_ROWS * sizeof(uint32_t));
    tni_free(memory, evaluator->strings, TNI_VECTOR_ROWS * sizeof(tni_string));
    tni_free(memory, evaluator->batch, (size_t)TNI_VECTOR_ROWS * 16);
    tni_memo_share_release(evaluator->share);
    tni_scratch_free(&evaluator->scratch);
    tni_arena_free(&evaluator->heap);
    tni_free(memory, evaluator, sizeof *evaluator);
}

/* ------------------------------------------------------------------- registers --- */

static void *tni_eval_buffer(tni_evaluator *evaluator, void **slot, size_t size,
                             tni_error *error) {
    if (*slot == NULL) {
        *slot = tni_alloc(evaluator->memory, size);
        if (*slot == NULL) {
            (void)tni_memory_fail(evaluator->memory, size, error);
        }
    }
    return *slot;
}

TNI_FN void *tni_eval_data(tni_evaluator *evaluator, uint32_t reg, tni_error *error) {
    uint32_t width = tni_type_width(evaluator->program->nodes[reg].type);
    return tni_eval_buffer(evaluator, &evaluator->registers[reg].data,
                           (size_t)TNI_VECTOR_ROWS * width, error);
}

TNI_FN uint64_t *tni_eval_own_bits(tni_evaluator *evaluator, uint32_t reg, tni_error *error) {
    void *slot = evaluator->registers[reg].own_bits;
    uint64_t *bits =
        (uint64_t *)tni_eval_buffer(evaluator, &slot, TNI_VECTOR_WORDS * 8, error);
    evaluator->registers[reg].own_bits = bits;
    return bits;
}

TNI_FN uint64_t *tni_eval_validity(tni_evaluator *evaluator, uint32_t reg, tni_error *error) {
    void *slot = evaluator->registers[reg].validity;
    uint64_t *bits =
        (uint64_t *)tni_eval_buffer(evaluator, &slot, TNI_VECTOR_WORDS * 8, error);
    evaluator->registers[reg].validity = bits;
    return bits;
}

TNI_FN void tni_eval_set_bits(tni_evaluator *evaluator, uint32_t reg, const uint64_t *bits,
                              const uint64_t *valid) {
    tni_register *r = &evaluator->registers[reg];
    r->bits = bits;
    r->valid = valid;
    r->has_bits = true;
    r->has_vector = false;
    r->has_flat = false;
}

/* A BOOLEAN vector (bytes, constant, or codes) as bits in the register's own buffer. */
static trueno_status tni_eval_vector_to_bits(tni_evaluator *evaluator, uint32_t reg,
                                             tni_error *error) {
    tni_register *r = &evaluator->registers[reg];
    uint32_t words = (uint32_t)tni_bitmap_words(evaluator->rows);
    uint64_t *bits = tni_eval_own_bits(evaluator, reg, error);
    uint32_t i;
    if (bits == NULL) {
        return error->status;
    }
    if (r->vector.form == TNI_FORM_CONSTANT) {
        bool value = !r->vector.is_null && *(const uint8_t *)r->vector.data != 0;
        tni_bitmap_fill(bits, evaluator->rows, value);
        r->valid = NULL;
        if (r->vector.is_null) {
            uint64_t *validity = tni_eval_validity(evaluator, reg, error);
            if (validity == NULL) {
                return error->status;
            }
            memset(validity, 0, words * 8);
            r->valid = validity;
        }
    } else {
        const tni_vector *flat;
        TNI_TRY(tni_eval_flat(evaluator, reg, &flat, error));
        evaluator->env->kernels->bytes_to_mask((const uint8_t *)flat->data, evaluator->rows, bits);
        for (i = 0; flat->validity != NULL && i < words; i++) {
            bits[i] &= flat->validity[i];
        }
        r->valid = flat->validity;
    }
    r->bits = bits;
    r->has_bits = true;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_bits(tni_evaluator *evaluator, uint32_t reg, const uint64_t **bits,
                                   const uint64_t **valid, tni_error *error) {
    tni_register *r = &evaluator->registers[reg];
    if (!r->has_bits) {
        TNI_TRY(tni_eval_vector_to_bits(evaluator, reg, error));
    }
    *bits = r->bits;
    *valid = r->valid;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_vector(tni_evaluator *evaluator, uint32_t reg,
                                     const tni_vector **out, tni_error *error) {
    tni_register *r = &evaluator->registers[reg];
    *out = &r->vector;
    if (!r->has_vector) {
        uint8_t *bytes = (uint8_t *)tni_eval_data(evaluator, reg, error);
        if (bytes == NULL) {
            return error->status;
        }
        evaluator->env->kernels->mask_to_bytes(r->bits, evaluator->rows, bytes);
        memset(&r->vector, 0, sizeof r->vector);
        r->vector.type = tni_type_make(TRUENO_TYPE_BOOLEAN);
        r->vector.form = TNI_FORM_FLAT;
        r->vector.data = bytes;
        r->vector.validity = r->valid;
        r->has_vector = true;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_flat(tni_evaluator *evaluator, uint32_t reg, const tni_vector **out,
                                   tni_error *error) {
    tni_register *r = &evaluator->registers[reg];
    const tni_vector *vector;
    TNI_TRY(tni_eval_vector(evaluator, reg, &vector, error));
    if (vector->form == TNI_FORM_FLAT || vector->form == TNI_FORM_CONSTANT) {
        *out = vector;
        return TRUENO_OK;
    }
    if (!r->has_flat) {
        TNI_TRY(tni_vector_flatten(evaluator->env, vector, evaluator->rows, &evaluator->scratch,
                                   &r->flat, error));
        r->has_flat = true;
    }
    *out = &r->flat;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_eval_active(tni_evaluator *evaluator, const tni_ir_node *node,
                                     const uint64_t **out, tni_error *error) {
    const uint64_t *mask = evaluator->chunk->mask;
    const uint64_t *bits;
    const uint64_t *valid;
    uint32_t words = (uint32_t)tni_bitmap_words(evaluator->rows);
    uint32_t i;
    if (node->predicate == TNI_IR_NONE) {
        *out = mask;
        return TRUENO_OK;
    }
    TNI_TRY(tni_eval_bits(evaluator, node->predicate, &bits, &valid, error));
    for (i = 0; i < words; i++) {
        evaluator->active[i] = bits[i] & (mask == NULL ? ~UINT64_C(0) : mask[i]);
    }
    *out = evaluator->active;
    return TRUENO_OK;
}

/* ------------------------------------------------------------- logic instructions --- */

/* Three-valued AND and OR over bitmaps: true bits t and valid bits v of the result so far.
 * AND is false where any is false; OR is true where any is true; otherwise NULL spreads. */
static trueno_status tni_eval_and_or(tni_evaluator *evaluator, uint32_t reg, tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    bool is_and = node->op == TNI_IR_AND;
    uint32_t words = (uint32_t)tni_bitmap_words(evaluator->rows);
    uint64_t *t = tni_eval_own_bits(evaluator, reg, error);
    uint64_t *v = tni_eval_validity(evaluator, reg, error);
    bool nulls = false;
    uint32_t a, i;
    if (t == NULL || v == NULL) {
        return error->status;
    }
    tni_bitmap_fill(t, evaluator->rows, is_and);
    tni_bitmap_fill(v, evaluator->rows, true);
    for (a = 0; a < node->argument_count; a++) {
        const uint64_t *bits;
        const uint64_t *valid;
        TNI_TRY(tni_eval_bits(evaluator, node->arguments[a], &bits, &valid, error));
        if (valid == NULL && !nulls) {
            for (i = 0; i < words; i++) {
                t[i] = is_and ? t[i] & bits[i] : t[i] | bits[i];
            }
            continue;
        }
        nulls = true;
        for (i = 0; i < words; i++) {
            uint64_t w = valid == NULL ? ~UINT64_C(0) : valid[i];
            uint64_t decided = is_and ? (v[i] & ~t[i]) | (w & ~bits[i]) : t[i] | bits[i];
            t[i] = is_and ? t[i] & bits[i] : t[i] | bits[i];
            v[i] = (v[i] & w) | decided;
        }
    }
    if (nulls && evaluator->rows % 64 != 0) {
        v[words - 1] &= tni_low_bits(evaluator->rows % 64);
    }
    tni_eval_set_bits(evaluator, reg, t, nulls ? v : NULL);
    return TRUENO_OK;
}

static trueno_status tni_eval_not(tni_evaluator *evaluator, uint32_t reg, tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    uint32_t words = (uint32_t)tni_bitmap_words(evaluator->rows);
    uint64_t *t = tni_eval_own_bits(evaluator, reg, error);
    const uint64_t *bits;
    const uint64_t *valid;
    uint32_t i;
    if (t == NULL) {
        return error->status;
    }
    TNI_TRY(tni_eval_bits(evaluator, node->arguments[0], &bits, &valid, error));
    for (i = 0; i < words; i++) {
        t[i] = ~bits[i] & (valid == NULL ? ~UINT64_C(0) : valid[i]);
    }
    if (evaluator->rows % 64 != 0) {
        t[words - 1] &= tni_low_bits(evaluator->rows % 64);
    }
    tni_eval_set_bits(evaluator, reg, t, valid);
    return TRUENO_OK;
}

/* IS NULL, IS NOT NULL, IS TRUE: never NULL themselves. */
static trueno_status tni_eval_null_test(tni_evaluator *evaluator, uint32_t reg,
                                        tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    const tni_register *argument = &evaluator->registers[node->arguments[0]];
    uint32_t words = (uint32_t)tni_bitmap_words(evaluator->rows);
    uint64_t *t = tni_eval_own_bits(evaluator, reg, error);
    const uint64_t *valid;
    bool none = false;
    uint32_t i;
    if (t == NULL) {
        return error->status;
    }
    if (node->op == TNI_IR_IS_TRUE) {
        const uint64_t *bits;
        TNI_TRY(tni_eval_bits(evaluator, node->arguments[0], &bits, &valid, error));
        memcpy(t, bits, words * 8);
        tni_eval_set_bits(evaluator, reg, t, NULL);
        return TRUENO_OK;
    }
    if (argument->has_bits) {
        valid = argument->valid;
    } else {
        valid = argument->vector.validity;
        if (argument->vector.form == TNI_FORM_CONSTANT) {
            valid = NULL;
            none = argument->vector.is_null;
        }
    }
    if (valid == NULL) {
        tni_bitmap_fill(t, evaluator->rows, (node->op == TNI_IR_IS_NULL) == none);
    } else {
        for (i = 0; i < words; i++) {
            t[i] = node->op == TNI_IR_IS_NULL ? ~valid[i] : valid[i];
        }
        if (evaluator->rows % 64 != 0) {
            t[words - 1] &= tni_low_bits(evaluator->rows % 64);
        }
    }
    tni_eval_set_bits(evaluator, reg, t, NULL);
    return TRUENO_OK;
}

/* ------------------------------------------------------------------ CASE, COALESCE --- */

/* Copy the rows of `take` from `in` to `out` (values and validity). */
static void tni_eval_blend(const tni_vector *in, uint32_t rows, uint32_t width,
                           const uint64_t *take, uint8_t *out, uint64_t *validity) {
    uint32_t word, words = (uint32_t)tni_bitmap_words(rows);
    for (word = 0; word < words; word++) {
        uint64_t left = take[word];
        uint64_t valid = ~UINT64_C(0);
        if (left == 0) {
            continue;
        }
        if (in->form == TNI_FORM_CONSTANT) {
            valid = in->is_null ? 0 : valid;
        } else if (in->validity != NULL) {
            valid = in->validity[word];
        }
        validity[word] = (validity[word] & ~left) | (valid & left);
        while (left != 0) {
            uint32_t row = word * 64 + tni_ctz64(left);
            left &= left - 1;
            switch (width) {
            case 1: out[row] = *(const uint8_t *)tni_vector_at(in, row, 1); break;
            case 4: memcpy(out + (size_t)row * 4, tni_vector_at(in, row, 4), 4); break;
            case 8: memcpy(out + (size_t)row * 8, tni_vector_at(in, row, 8), 8); break;
            default: memcpy(out + (size_t)row * width, tni_vector_at(in, row, width), width);
            }
        }
    }
}

TNI_FN void tni_eval_set_flat(tni_evaluator *evaluator, uint32_t reg, const void *data,
                              const uint64_t *validity) {
    tni_register *r = &evaluator->registers[reg];
    memset(&r->vector, 0, sizeof r->vector);
    r->vector.type = evaluator->program->nodes[reg].type;
    r->vector.form = TNI_FORM_FLAT;
    r->vector.data = data;
    r->vector.validity = validity;
    r->has_vector = true;
    r->has_bits = false;
    r->has_flat = false;
}

TNI_FN bool tni_eval_all_set(const uint64_t *bits, uint32_t rows) {
    return tni_bitmap_count(bits, rows) == rows;
}

static trueno_status tni_eval_select(tni_evaluator *evaluator, uint32_t reg, tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    uint32_t width = tni_type_width(node->type);
    uint32_t words = (uint32_t)tni_bitmap_words(evaluator->rows);
    uint8_t *out = (uint8_t *)tni_eval_data(evaluator, reg, error);
    uint64_t *validity = tni_eval_validity(evaluator, reg, error);
    const uint64_t *bits;
    const uint64_t *valid;
    const tni_vector *yes;
    const tni_vector *no;
    uint64_t otherwise[TNI_VECTOR_WORDS];
    uint32_t i;
    if (out == NULL || validity == NULL) {
        return error->status;
    }
    TNI_TRY(tni_eval_bits(evaluator, node->arguments[0], &bits, &valid, error));
    TNI_TRY(tni_eval_flat(evaluator, node->arguments[1], &yes, error));
    TNI_TRY(tni_eval_flat(evaluator, node->arguments[2], &no, error));
    for (i = 0; i < words; i++) {
        otherwise[i] = ~bits[i];
    }
    if (evaluator->rows % 64 != 0) {
        otherwise[words - 1] &= tni_low_bits(evaluator->rows % 64);
    }
    memset(validity, 0, words * 8);
    tni_eval_blend(yes, evaluator->rows, width, bits, out, validity);
    tni_eval_blend(no, evaluator->rows, width, otherwise, out, validity);
    tni_eval_set_flat(evaluator, reg, out,
                      tni_eval_all_set(validity, evaluator->rows) ? NULL : validity);
    return TRUENO_OK;
}

static trueno_status tni_eval_coalesce(tni_evaluator *evaluator, uint32_t reg, tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    uint32_t width = tni_type_width(node->type);
    uint32_t words = (uint32_t)tni_bitmap_words(evaluator->rows);
    uint8_t *out = (uint8_t *)tni_eval_data(evaluator, reg, error);
    uint64_t *validity = tni_eval_validity(evaluator, reg, error);
    uint64_t missing[TNI_VECTOR_WORDS];
    uint32_t a, i;
    if (out == NULL || validity == NULL) {
        return error->status;
    }
    memset(validity, 0, words * 8);
    memset(out, 0, (size_t)evaluator->rows * width);
    tni_bitmap_fill(missing, evaluator->rows, true);
    for (a = 0; a < node->argument_count; a++) {
        const tni_vector *argument;
        TNI_TRY(tni_eval_flat(evaluator, node->arguments[a], &argument, error));
        tni_eval_blend(argument, evaluator->rows, width, missing, out, validity);
        for (i = 0; i < words; i++) {
            missing[i] &= ~validity[i];
        }
    }
    tni_eval_set_flat(evaluator, reg, out,
                      tni_eval_all_set(validity, evaluator->rows) ? NULL : validity);
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------- running --- */

static trueno_status tni_eval_column(tni_evaluator *evaluator, uint32_t reg, tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    tni_register *r = &evaluator->registers[reg];
    if (node->column >= evaluator->chunk->column_count) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "column %u is not in the chunk",
                        node->column);
    }
    r->vector = evaluator->chunk->columns[node->column];
    if (r->vector.form == TNI_FORM_CONSTANT && r->vector.data == NULL) {
        memset(r->constant, 0, sizeof r->constant); /* kernels read a value, NULL or not */
        r->vector.data = r->constant;
    }
    r->has_vector = true;
    r->has_bits = false;
    r->has_flat = false;
    return TRUENO_OK;
}

static trueno_status tni_eval_node(tni_evaluator *evaluator, uint32_t reg, tni_error *error) {
    tni_register *r = &evaluator->registers[reg];
    switch ((tni_ir_op)evaluator->program->nodes[reg].op) {
    case TNI_IR_COLUMN:
        return tni_eval_column(evaluator, reg, error);
    case TNI_IR_CONSTANT:
        r->has_bits = false; /* bits depend on the row count */
        return TRUENO_OK;
    case TNI_IR_AND:
    case TNI_IR_OR:
        return tni_eval_and_or(evaluator, reg, error);
    case TNI_IR_NOT:
        return tni_eval_not(evaluator, reg, error);
    case TNI_IR_IS_NULL:
    case TNI_IR_IS_NOT_NULL:
    case TNI_IR_IS_TRUE:
        return tni_eval_null_test(evaluator, reg, error);
    case TNI_IR_SELECT:
        return tni_eval_select(evaluator, reg, error);
    case TNI_IR_COALESCE:
        return tni_eval_coalesce(evaluator, reg, error);
    case TNI_IR_CALL:
    case TNI_IR_CAST:
        return tni_eval_call(evaluator, reg, error);
    case TNI_IR_IN:
        return tni_eval_in(evaluator, reg, error);
    default:
        return tni_eval_compare(evaluator, reg, error);
    }
}

static trueno_status tni_eval_range(tni_evaluator *evaluator, uint32_t from, uint32_t to,
                                    tni_error *error) {
    uint32_t i;
    for (i = from; i < to; i++) {
        trueno_status status = tni_eval_node(evaluator, i, error);
        if (TNI_UNLIKELY(status != TRUENO_OK)) {
            if (error != NULL && error->position == TNI_NO_POSITION) {
                error->position = evaluator->program->nodes[i].position;
            }
            return status;
        }
    }
    return TRUENO_OK;
}

static void tni_eval_start(tni_evaluator *evaluator, const tni_chunk *chunk) {
    evaluator->chunk = chunk;
    evaluator->rows = chunk->rows;
    tni_scratch_reset(&evaluator->scratch);
    if (evaluator->heap.total > 0) {
        tni_arena_free(&evaluator->heap);
        tni_arena_init(&evaluator->heap, evaluator->memory);
    }
}

TNI_FN trueno_status tni_evaluate(tni_evaluator *evaluator, const tni_chunk *chunk,
                                  tni_vector *outputs, tni_error *error) {
    const tni_program *program = evaluator->program;
    uint32_t i;
    tni_eval_start(evaluator, chunk);
    TNI_TRY(tni_eval_range(evaluator, 0, program->count, error));
    for (i = 0; i < program->output_count; i++) {
        const tni_vector *vector;
        TNI_TRY(tni_eval_vector(evaluator, program->outputs[i], &vector, error));
        outputs[i] = *vector;
    }
    return TRUENO_OK;
}

/* mask &= bits of the register; returns how many rows are left. */
static trueno_status tni_eval_narrow(tni_evaluator *evaluator, uint32_t reg, uint64_t *mask,
                                     uint32_t *active, tni_error *error) {
    const uint64_t *bits;
    const uint64_t *valid;
    uint32_t words = (uint32_t)tni_bitmap_words(evaluator->rows);
    uint32_t i, count = 0;
    TNI_TRY(tni_eval_bits(evaluator, reg, &bits, &valid, error));
    for (i = 0; i < words; i++) {
        mask[i] &= bits[i];
        count += tni_popcount64(mask[i]);
    }
    *active = count;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_evaluate_filter(tni_evaluator *evaluator, const tni_chunk *chunk,
                                         uint64_t *mask_out, uint32_t *active,
                                         tni_error *error) {
    const tni_program *program = evaluator->program;
    uint32_t root = program->outputs[0];
    const tni_ir_node *node = &program->nodes[root];
    tni_chunk narrowed = *chunk;
    uint32_t words = (uint32_t)tni_bitmap_words(chunk->rows);
    uint32_t done = 0, a;
    tni_eval_start(evaluator, chunk);
    *active = chunk->active;
    if (chunk->mask != NULL) {
        memcpy(mask_out, chunk->mask, words * 8);
    } else {
        tni_bitmap_fill(mask_out, chunk->rows, true);
    }
    if (node->op != TNI_IR_AND) {
        TNI_TRY(tni_eval_range(evaluator, 0, root + 1, error));
        return tni_eval_narrow(evaluator, root, mask_out, active, error);
    }
    /* A conjunction narrows as it goes: later conjuncts see (and may fail on) fewer rows. */
    narrowed.mask = mask_out;
    evaluator->chunk = &narrowed;
    for (a = 0; a < node->argument_count && *active > 0; a++) {
        uint32_t reg = node->arguments[a];
        if (reg >= done) {
            TNI_TRY(tni_eval_range(evaluator, done, reg + 1, error));
            done = reg + 1;
        }
        TNI_TRY(tni_eval_narrow(evaluator, reg, mask_out, active, error));
        narrowed.active = *active;
    }
    evaluator->chunk = chunk;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_evaluate_constant(const tni_env *env, const tni_settings *settings,
                                           const tni_program *program, tni_arena *arena,
                                           tni_value *out, tni_error *error) {
    tni_evaluator *evaluator;
    tni_chunk chunk = TNI_ZERO;
    tni_vector *outputs;
    trueno_status status;
    size_t size = TNI_MAX(program->output_count, 1u) * sizeof *outputs;
    *out = tni_value_null(tni_type_make(TRUENO_TYPE_NULL));
    chunk.rows = 1;
    chunk.active = 1;
    outputs = (tni_vector *)tni_arena_alloc(arena, size);
    if (outputs == NULL) {
        return tni_memory_fail(env->memory, size, error);
    }
    TNI_TRY(tni_evaluator_new(env, settings, program, &evaluator, error));
    status = tni_evaluate(evaluator, &chunk, outputs, error);
    if (status == TRUENO_OK) {
        *out = tni_vector_value(&outputs[0], 0);
        if (!out->is_null && tni_type_is_string(out->type)) {
            size_t length = out->as.string.length;
            void *copy = tni_arena_bytes(arena, length + 1);
            if (copy == NULL) {
                status = tni_memory_fail(env->memory, length + 1, error);
            } else {
                memcpy(copy, tni_string_data(&out->as.string), length);
                out->as.string = tni_string_make(copy, length);
            }
        }
    }
    tni_evaluator_free(evaluator);
    return status;
}
