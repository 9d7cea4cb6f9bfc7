/*
 * operators.c - streaming operators and the collecting sink.
 *
 * filter narrows a chunk's mask; project replaces its columns; collect keeps rows per worker and
 * merges them by input order. A collect with a limit keeps the first rows in that order: a worker
 * that has enough stops, and morsels handed out later can only come after.
 */
#include "exec/eval.h"
#include "exec/exec_internal.h"

/* ------------------------------------------------------------- per-worker evaluator --- */

typedef struct tni_eval_worker {
    tni_evaluator *evaluator;
    tni_vector *outputs;
    uint64_t mask[TNI_VECTOR_WORDS];
} tni_eval_worker;

typedef struct tni_eval_operator {
    tni_operator base;
    tni_run *run;
    const tni_program *program;
    tni_eval_worker *workers;
    uint32_t worker_count;
} tni_eval_operator;

static trueno_status tni_eval_operator_begin(tni_operator *base, tni_pipeline *pipeline,
                                             tni_error *error) {
    tni_eval_operator *op = (tni_eval_operator *)base;
    tni_memory *memory = op->run->env->memory;
    size_t outputs = TNI_MAX(op->program->output_count, 1u) * sizeof(tni_vector);
    uint32_t i;
    op->workers =
        (tni_eval_worker *)tni_alloc_zero(memory, pipeline->workers * sizeof *op->workers);
    if (op->workers == NULL) {
        return tni_memory_fail(memory, pipeline->workers * sizeof *op->workers, error);
    }
    op->worker_count = pipeline->workers;
    for (i = 0; i < pipeline->workers; i++) {
        op->workers[i].outputs = (tni_vector *)tni_alloc_zero(memory, outputs);
        if (op->workers[i].outputs == NULL) {
            return tni_memory_fail(memory, outputs, error);
        }
        TNI_TRY(tni_evaluator_new(op->run->env, op->run->settings, op->program,
                                  &op->workers[i].evaluator, error));
        if (i > 0) {
            TNI_TRY(tni_evaluator_share(op->workers[0].evaluator, op->workers[i].evaluator,
                                        error));
        }
    }
    return TRUENO_OK;
}

static void tni_eval_operator_free(tni_operator *base) {
    tni_eval_operator *op = (tni_eval_operator *)base;
    tni_memory *memory = op->run->env->memory;
    uint32_t i;
    for (i = 0; i < op->worker_count; i++) {
        tni_evaluator_free(op->workers[i].evaluator);
        tni_free(memory, op->workers[i].outputs,
                 TNI_MAX(op->program->output_count, 1u) * sizeof(tni_vector));
    }
    tni_free(memory, op->workers, op->worker_count * sizeof *op->workers);
    tni_free(memory, op, sizeof *op);
}

static trueno_status tni_filter_push(tni_operator *base, uint32_t worker_index, tni_chunk *chunk,
                                     tni_error *error) {
    tni_eval_operator *op = (tni_eval_operator *)base;
    tni_eval_worker *worker = &op->workers[worker_index];
    uint32_t active;
    TNI_TRY(tni_evaluate_filter(worker->evaluator, chunk, worker->mask, &active, error));
    if (active == 0) {
        return TRUENO_OK;
    }
    chunk->mask = active == chunk->rows ? NULL : worker->mask;
    chunk->active = active;
    tni_atomic_add_i64(&base->rows, (int64_t)active);
    return tni_push(base->next, worker_index, chunk, error);
}

static trueno_status tni_project_push(tni_operator *base, uint32_t worker_index, tni_chunk *chunk,
                                      tni_error *error) {
    tni_eval_operator *op = (tni_eval_operator *)base;
    tni_eval_worker *worker = &op->workers[worker_index];
    tni_chunk out = *chunk;
    TNI_TRY(tni_evaluate(worker->evaluator, chunk, worker->outputs, error));
    out.columns = worker->outputs;
    out.column_count = op->program->output_count;
    tni_atomic_add_i64(&base->rows, (int64_t)chunk->active);
    return tni_push(base->next, worker_index, &out, error);
}

static const tni_operator_ops tni_filter_ops = {
    "filter", tni_eval_operator_begin, tni_filter_push, NULL, NULL, tni_eval_operator_free,
};
static const tni_operator_ops tni_project_ops = {
    "project", tni_eval_operator_begin, tni_project_push, NULL, NULL, tni_eval_operator_free,
};

static trueno_status tni_eval_operator_new(tni_run *run, const tni_plan *plan,
                                           const tni_program *program,
                                           const tni_operator_ops *ops, tni_operator **out,
                                           tni_error *error) {
    tni_eval_operator *op =
        (tni_eval_operator *)tni_alloc_zero(run->env->memory, sizeof *op);
    *out = NULL;
    if (op == NULL) {
        return tni_memory_fail(run->env->memory, sizeof *op, error);
    }
    op->run = run;
    op->program = program;
    op->base.ops = ops;
    op->base.plan = plan;
    *out = &op->base;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_filter_new(tni_run *run, const tni_plan *plan, tni_operator **out,
                                    tni_error *error) {
    return tni_eval_operator_new(run, plan, plan->filter, &tni_filter_ops, out, error);
}

TNI_FN trueno_status tni_project_new(tni_run *run, const tni_plan *plan, tni_operator **out,
                                     tni_error *error) {
    return tni_eval_operator_new(run, plan, plan->program, &tni_project_ops, out, error);
}

/* -------------------------------------------------------------------------- collect --- */

typedef struct tni_collect_worker {
    tni_collection *rows;
    tni_scratch scratch;
} tni_collect_worker;

typedef struct tni_collect {
    tni_operator base;
    tni_run *run;
    const tni_type *types;
    uint32_t column_count;
    uint64_t limit;
    tni_collect_worker *workers;
    uint32_t worker_count;
    tni_collection *merged;
} tni_collect;

static trueno_status tni_collect_begin(tni_operator *base, tni_pipeline *pipeline,
                                       tni_error *error) {
    tni_collect *op = (tni_collect *)base;
    tni_memory *memory = op->run->env->memory;
    uint32_t i;
    op->workers =
        (tni_collect_worker *)tni_alloc_zero(memory, pipeline->workers * sizeof *op->workers);
    if (op->workers == NULL) {
        return tni_memory_fail(memory, pipeline->workers * sizeof *op->workers, error);
    }
    op->worker_count = pipeline->workers;
    for (i = 0; i < pipeline->workers; i++) {
        tni_scratch_init(&op->workers[i].scratch, memory);
        TNI_TRY(tni_collection_new(memory, op->types, op->column_count, &op->workers[i].rows,
                                   error));
    }
    return TRUENO_OK;
}

static trueno_status tni_collect_push(tni_operator *base, uint32_t worker_index, tni_chunk *chunk,
                                      tni_error *error) {
    tni_collect *op = (tni_collect *)base;
    tni_collect_worker *worker = &op->workers[worker_index];
    if (worker->rows->rows >= op->limit) {
        tni_atomic_store_i32(&base->pipeline->stopped, 1);
        return TRUENO_OK;
    }
    tni_scratch_reset(&worker->scratch);
    tni_atomic_add_i64(&base->rows, (int64_t)chunk->active);
    return tni_collection_append(worker->rows, op->run->env, chunk, &worker->scratch, error);
}

static trueno_status tni_collect_finish(tni_operator *base, tni_error *error) {
    tni_collect *op = (tni_collect *)base;
    tni_memory *memory = op->run->env->memory;
    tni_collection **parts;
    size_t size = op->worker_count * sizeof *parts;
    trueno_status status;
    uint32_t i;
    TNI_TRY(tni_collection_new(memory, op->types, op->column_count, &op->merged, error));
    parts = (tni_collection **)tni_alloc(memory, size);
    if (parts == NULL) {
        return tni_memory_fail(memory, size, error);
    }
    for (i = 0; i < op->worker_count; i++) {
        parts[i] = op->workers[i].rows;
        op->workers[i].rows = NULL;
    }
    status = tni_collection_merge(op->merged, parts, op->worker_count, error);
    tni_free(memory, parts, size);
    if (status == TRUENO_OK) {
        tni_collection_seal(op->merged);
    }
    return status;
}

static void tni_collect_free(tni_operator *base) {
    tni_collect *op = (tni_collect *)base;
    tni_memory *memory = op->run->env->memory;
    uint32_t i;
    for (i = 0; i < op->worker_count; i++) {
        tni_collection_release(op->workers[i].rows);
        tni_scratch_free(&op->workers[i].scratch);
    }
    tni_free(memory, op->workers, op->worker_count * sizeof *op->workers);
    tni_collection_release(op->merged);
    tni_free(memory, op, sizeof *op);
}

static const tni_operator_ops tni_collect_ops = {
    "collect", tni_collect_begin, tni_collect_push, NULL, tni_collect_finish, tni_collect_free,
};

TNI_FN trueno_status tni_collect_new(tni_run *run, const tni_type *types, uint32_t count,
                                     uint64_t limit, tni_operator **out, tni_error *error) {
    tni_collect *op = (tni_collect *)tni_alloc_zero(run->env->memory, sizeof *op);
    *out = NULL;
    if (op == NULL) {
        return tni_memory_fail(run->env->memory, sizeof *op, error);
    }
    op->run = run;
    op->types = types;
    op->column_count = count;
    op->limit = limit;
    op->base.ops = &tni_collect_ops;
    *out = &op->base;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_collect_take(tni_operator *base, tni_collection **out,
                                      tni_error *error) {
    tni_collect *op = (tni_collect *)base;
    *out = op->merged;
    op->merged = NULL;
    if (*out == NULL) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "collect has nothing to give");
    }
    return TRUENO_OK;
}
