/*
 * eval_call.c - functions and casts: over rows, and once for constants.
 *
 * A pure function of one DICT column (its other arguments constant) runs on the dictionary's
 * entries instead: eval_memo.c.
 */
#include "exec/eval_internal.h"

static bool tni_call_is_volatile(const tni_ir_node *node) {
    return node->op == TNI_IR_CALL && (node->function->flags & TNI_FUNCTION_VOLATILE) != 0;
}

static bool tni_call_sees_nulls(const tni_ir_node *node) {
    return node->op == TNI_IR_CALL && (node->function->flags & TNI_FUNCTION_NULLS) != 0;
}

TNI_FN trueno_status tni_call_run(const tni_ir_node *node, tni_call *call) {
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

TNI_FN void tni_call_prepare(tni_evaluator *evaluator, const tni_ir_node *node, uint32_t rows,
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
        return tni_memo_call(evaluator, reg, arguments, (uint32_t)dictionary, active, error);
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
