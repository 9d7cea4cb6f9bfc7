/*
 * expand.c - EXPAND: each row of the input several times.
 *
 * For grouping sets: a chunk goes on once a set, its vectors as they are, with the keys that the
 * set leaves out NULL and the set's number as a constant; the aggregate above groups by all keys
 * and that number. For bags (INTERSECT ALL, EXCEPT ALL): a row goes on as often as its count says;
 * round after round the rows with counts left form the mask.
 */
#include "exec/exec_internal.h"

typedef struct tni_expand_worker {
    tni_vector *columns;
    tni_scratch scratch;
    uint64_t mask[TNI_VECTOR_WORDS];
    uint64_t storage[2];
} tni_expand_worker;

typedef struct tni_expand {
    tni_operator base;
    tni_run *run;
    tni_expand_worker *workers;
    uint32_t worker_count;
} tni_expand;

#define TNI_EXPAND_CHECKED 64u /* chunks between two looks at the clock */

static trueno_status tni_expand_begin(tni_operator *base, tni_pipeline *pipeline,
                                      tni_error *error) {
    tni_expand *op = (tni_expand *)base;
    tni_memory *memory = op->run->env->memory;
    uint32_t count = TNI_MAX(base->plan->column_count, 1u), i;
    op->workers =
        (tni_expand_worker *)tni_alloc_zero(memory, pipeline->workers * sizeof *op->workers);
    if (op->workers == NULL) {
        return tni_memory_fail(memory, pipeline->workers * sizeof *op->workers, error);
    }
    op->worker_count = pipeline->workers;
    for (i = 0; i < pipeline->workers; i++) {
        tni_scratch_init(&op->workers[i].scratch, memory);
    }
    for (i = 0; i < pipeline->workers; i++) {
        op->workers[i].columns = (tni_vector *)tni_alloc_array(memory, count, sizeof(tni_vector));
        if (op->workers[i].columns == NULL) {
            return tni_memory_fail(memory, count * sizeof(tni_vector), error);
        }
    }
    return TRUENO_OK;
}

static void tni_expand_free(tni_operator *base) {
    tni_expand *op = (tni_expand *)base;
    tni_memory *memory = op->run->env->memory;
    uint32_t count = TNI_MAX(base->plan->column_count, 1u), i;
    for (i = 0; i < op->worker_count; i++) {
        tni_free(memory, op->workers[i].columns, count * sizeof(tni_vector));
        tni_scratch_free(&op->workers[i].scratch);
    }
    tni_free(memory, op->workers, op->worker_count * sizeof *op->workers);
    tni_free(memory, op, sizeof *op);
}

/* One more chunk of what came in; the vectors are copies, for what follows may change them. */
static trueno_status tni_expand_send(tni_expand *op, uint32_t worker, const tni_chunk *in,
                                     tni_chunk *out, uint64_t round, tni_error *error) {
    if (round % TNI_EXPAND_CHECKED == TNI_EXPAND_CHECKED - 1) {
        TNI_TRY(tni_env_check(op->run->env, error));
    }
    out->columns = op->workers[worker].columns;
    out->column_count = op->base.plan->column_count;
    if (in->column_count > 0) {
        memcpy(out->columns, in->columns,
               TNI_MIN(in->column_count, out->column_count) * sizeof *out->columns);
    }
    tni_atomic_add_i64(&op->base.rows, (int64_t)out->active);
    return TRUENO_OK;
}

static trueno_status tni_expand_sets(tni_expand *op, uint32_t worker_index, const tni_chunk *chunk,
                                     tni_error *error) {
    const tni_plan *plan = op->base.plan;
    tni_expand_worker *worker = &op->workers[worker_index];
    uint32_t first = plan->column_count - 1 - plan->key_count, k;
    uint64_t set;
    for (set = 0; set < plan->row_count; set++) {
        tni_chunk out = *chunk;
        uint64_t absent = (uint64_t)plan->values[set].as.integer;
        TNI_TRY(tni_expand_send(op, worker_index, chunk, &out, set, error));
        for (k = 0; k < plan->key_count; k++) {
            tni_vector *key = &out.columns[first + k];
            if (absent >> k & 1u) {
                memset(key, 0, sizeof *key);
                key->type = plan->types[first + k];
                key->form = TNI_FORM_CONSTANT;
                key->is_null = true;
                key->data = worker->storage;
            } else {
                *key = chunk->columns[plan->expanded[k]];
            }
        }
        out.columns[plan->column_count - 1] =
            tni_vector_constant(&plan->values[set], worker->storage);
        TNI_TRY(tni_push(op->base.next, worker_index, &out, error));
    }
    return TRUENO_OK;
}

/* The rows of `chunk` that are wanted more than `round` times. */
static uint32_t tni_expand_left(const tni_chunk *chunk, const int64_t *counts, uint64_t round,
                                uint64_t *mask) {
    uint32_t row, left = 0;
    memset(mask, 0, TNI_VECTOR_WORDS * sizeof *mask);
    for (row = 0; row < chunk->rows; row++) {
        if ((chunk->mask == NULL || tni_bit_get(chunk->mask, row)) && counts[row] > 0 &&
            (uint64_t)counts[row] > round) {
            tni_bit_set(mask, row);
            left++;
        }
    }
    return left;
}

static trueno_status tni_expand_counted(tni_expand *op, uint32_t worker_index,
                                        const tni_chunk *chunk, tni_error *error) {
    tni_expand_worker *worker = &op->workers[worker_index];
    tni_vector counts;
    uint64_t round;
    tni_scratch_reset(&worker->scratch);
    TNI_TRY(tni_vector_flatten(op->run->env, &chunk->columns[op->base.plan->expanded[0]],
                               chunk->rows, &worker->scratch, &counts, error));
    for (round = 0;; round++) {
        tni_chunk out = *chunk;
        out.active = tni_expand_left(chunk, (const int64_t *)counts.data, round, worker->mask);
        if (out.active == 0 || tni_atomic_load_i32(&op->base.pipeline->stopped) != 0) {
            return TRUENO_OK;
        }
        out.mask = out.active == chunk->rows ? NULL : worker->mask;
        TNI_TRY(tni_expand_send(op, worker_index, chunk, &out, round, error));
        TNI_TRY(tni_push(op->base.next, worker_index, &out, error));
    }
}

static trueno_status tni_expand_push(tni_operator *base, uint32_t worker, tni_chunk *chunk,
                                     tni_error *error) {
    tni_expand *op = (tni_expand *)base;
    return base->plan->values != NULL ? tni_expand_sets(op, worker, chunk, error)
                                      : tni_expand_counted(op, worker, chunk, error);
}

static const tni_operator_ops tni_expand_ops = {
    "expand", tni_expand_begin, tni_expand_push, NULL, NULL, tni_expand_free,
};

TNI_FN trueno_status tni_expand_new(tni_run *run, const tni_plan *plan, tni_operator **out,
                                    tni_error *error) {
    tni_expand *op = (tni_expand *)tni_alloc_zero(run->env->memory, sizeof *op);
    *out = NULL;
    if (op == NULL) {
        return tni_memory_fail(run->env->memory, sizeof *op, error);
    }
    op->run = run;
    op->base.ops = &tni_expand_ops;
    op->base.plan = plan;
    *out = &op->base;
    return TRUENO_OK;
}

#undef TNI_EXPAND_CHECKED
