/*
 * run.c - cuts a plan into pipelines and runs them, inputs first.
 *
 * tni_run_into(plan, chain) makes the rows of `plan` flow into `chain`: streaming nodes prepend
 * an operator and recurse; breakers run their input into their sink, then drive the chain from
 * it; leaves are drivers. Depth is bounded by the binder. May use: all of exec.
 */
#include "exec/exec_internal.h"
#include "exec/sort.h"

static trueno_status tni_run_into(tni_run *run, const tni_plan *plan, tni_operator *chain,
                                  tni_error *error);

TNI_FN trueno_status tni_progress(tni_run *run, uint32_t worker, tni_error *error) {
    trueno_progress_info info;
    TNI_TRY(tni_env_check(run->env, error));
    if (worker != 0 || run->progress == NULL || run->progress->report == NULL) {
        return TRUENO_OK;
    }
    info.rows = (uint64_t)tni_atomic_load_i64(&run->env->rows_read);
    info.bytes = (uint64_t)tni_atomic_load_i64(&run->env->bytes_read);
    info.fraction =
        run->rows_expected > 0 ? TNI_MIN((double)info.rows / run->rows_expected, 1.0) : -1.0;
    info.seconds = (double)(tni_clock_nanoseconds() - run->started) * 1e-9;
    if (!run->progress->report(run->progress->user, &info)) {
        return tni_fail(error, TRUENO_ERROR_INTERRUPTED, "interrupted by the progress callback");
    }
    return TRUENO_OK;
}

/* Run a leaf's driver into the chain. */
static trueno_status tni_run_driver(tni_run *run, const char *name, tni_driver *driver,
                                    tni_operator *chain, tni_error *error) {
    trueno_status status = tni_pipeline_run(run, name, driver, chain, error);
    driver->ops->free(driver);
    return status;
}

static trueno_status tni_run_leaf(tni_run *run, const tni_plan *plan, tni_operator *chain,
                                  tni_error *error) {
    tni_driver *driver;
    TNI_TRY(tni_driver_new(run, plan, &driver, error));
    return tni_run_driver(run, plan->kind == TNI_PLAN_SCAN ? plan->source->name : NULL, driver,
                          chain, error);
}

static trueno_status tni_streaming_new(tni_run *run, const tni_plan *plan, tni_operator **out,
                                       tni_error *error) {
    switch (plan->kind) {
    case TNI_PLAN_FILTER: return tni_filter_new(run, plan, out, error);
    case TNI_PLAN_EXPAND: return tni_expand_new(run, plan, out, error);
    default: return tni_project_new(run, plan, out, error);
    }
}

/* FILTER, PROJECT, EXPAND: one more operator in front of the chain. */
static trueno_status tni_run_streaming(tni_run *run, const tni_plan *plan, tni_operator *chain,
                                       tni_error *error) {
    tni_operator *op;
    trueno_status status;
    TNI_TRY(tni_streaming_new(run, plan, &op, error));
    op->next = chain;
    status = tni_run_into(run, plan->input, op, error);
    op->ops->free(op);
    return status;
}

TNI_FN trueno_status tni_run_aggregate_input(tni_run *run, const tni_plan *plan, tni_operator *sink,
                                             uint64_t skip, tni_error *error) {
    tni_operator *project;
    trueno_status status;
    TNI_TRY(tni_project_new(run, plan, &project, error));
    project->next = sink;
    run->skip_groups = skip;
    status = tni_run_into(run, plan->input, project, error);
    run->skip_groups = 0;
    project->ops->free(project);
    return status;
}

static trueno_status tni_run_aggregate(tni_run *run, const tni_plan *plan, tni_operator *chain,
                                       tni_error *error) {
    tni_accelerator *accelerator = run->accelerator;
    tni_operator *sink;
    tni_driver *driver;
    tni_choice choice;
    bool done = false;
    trueno_status status = TRUENO_OK;
    TNI_TRY(tni_aggregate_new(run, plan, &sink, &driver, error));
    memset(&choice, 0, sizeof choice);
    choice.cpu_ms = choice.gpu_ms = -1;
    if (accelerator != NULL) {
        status = accelerator->ops->aggregate(accelerator, run, plan, sink, &choice, &done, error);
    }
    if (status == TRUENO_OK && choice.spoiled) {
        driver->ops->free(driver);
        sink->ops->free(sink);
        TNI_TRY(tni_aggregate_new(run, plan, &sink, &driver, error));
    }
    if (status == TRUENO_OK && !done) {
        int64_t started = tni_clock_nanoseconds();
        sink->choice = &choice;
        status = tni_run_aggregate_input(run, plan, sink, 0, error);
        if (status == TRUENO_OK && choice.work != NULL) {
            accelerator->ops->learn(accelerator, &choice,
                                    (double)(tni_clock_nanoseconds() - started) * 1e-6);
        }
    }
    if (status == TRUENO_OK) {
        status = tni_pipeline_run(run, NULL, driver, chain, error);
    }
    driver->ops->free(driver);
    sink->ops->free(sink);
    return status;
}

/* These rows of the scan below a chain of FILTER and PROJECT, through it into `chain`. */
static trueno_status tni_run_places(tni_run *run, const tni_plan *plan,
                                    const tni_row_place *places, uint64_t count,
                                    tni_operator *chain, tni_error *error) {
    tni_operator *op;
    tni_driver *driver;
    trueno_status status;
    if (plan->kind == TNI_PLAN_SCAN) {
        TNI_TRY(tni_driver_of_places(run, plan, places, count, &driver, error));
        return tni_run_driver(run, plan->source->name, driver, chain, error);
    }
    TNI_TRY(plan->kind == TNI_PLAN_FILTER ? tni_filter_new(run, plan, &op, error)
                                          : tni_project_new(run, plan, &op, error));
    op->next = chain;
    status = tni_run_places(run, plan->input, places, count, op, error);
    op->ops->free(op);
    return status;
}

/* The input of an ORDER into its sink, on this processor. */
static trueno_status tni_run_order_input(tni_run *run, const tni_plan *plan, tni_operator *sink,
                                         tni_error *error) {
    bool done;
    TNI_TRY(tni_late_input(run, plan, sink, &done, error));
    return done ? TRUENO_OK : tni_run_into(run, plan->input, sink, error);
}

/* The same with an accelerator, which may find the few rows that a top-k keeps. */
static trueno_status tni_run_order_best(tni_run *run, const tni_plan *plan, tni_operator *sink,
                                        tni_error *error) {
    tni_accelerator *accelerator = run->accelerator;
    tni_row_place *places = NULL;
    tni_choice choice;
    uint64_t count = 0;
    int64_t started;
    trueno_status status;
    if (accelerator == NULL || plan->limit == 0 || !tni_sort_is_top(run, plan)) {
        return tni_run_order_input(run, plan, sink, error);
    }
    memset(&choice, 0, sizeof choice);
    choice.cpu_ms = choice.gpu_ms = -1;
    TNI_TRY(accelerator->ops->order(accelerator, run, plan, &places, &count, &choice, error));
    if (places != NULL) {
        status = tni_run_places(run, plan->input, places, count, sink, error);
        tni_free(run->env->memory, places, (size_t)TNI_MAX(count, 1u) * sizeof *places);
        return status;
    }
    sink->choice = &choice;
    started = tni_clock_nanoseconds();
    status = tni_run_order_input(run, plan, sink, error);
    sink->choice = NULL;
    if (status == TRUENO_OK && choice.work != NULL) {
        accelerator->ops->learn(accelerator, &choice,
                                (double)(tni_clock_nanoseconds() - started) * 1e-6);
    }
    return status;
}

static trueno_status tni_run_order(tni_run *run, const tni_plan *plan, tni_operator *chain,
                                   tni_error *error) {
    tni_operator *sink;
    tni_driver *driver;
    trueno_status status;
    TNI_TRY(tni_sort_new(run, plan, &sink, &driver, error));
    status = tni_run_order_best(run, plan, sink, error);
    if (status == TRUENO_OK) {
        status = tni_pipeline_run(run, NULL, driver, chain, error);
    }
    driver->ops->free(driver);
    sink->ops->free(sink);
    return status;
}

static trueno_status tni_run_limited(tni_run *run, const tni_plan *plan, uint64_t limit,
                                     tni_collection **out, tni_error *error) {
    tni_operator *sink;
    trueno_status status;
    *out = NULL;
    TNI_TRY(tni_collect_new(run, plan->types, plan->column_count, limit, &sink, error));
    status = tni_run_into(run, plan, sink, error);
    if (status == TRUENO_OK) {
        status = tni_collect_take(sink, out, error);
    }
    sink->ops->free(sink);
    return status;
}

/* Keep rows [offset, offset + limit) of a sealed collection. Blocks are cut in place. */
static void tni_collection_slice(tni_collection *rows, uint64_t offset, uint64_t limit) {
    uint64_t seen = 0, total = 0;
    size_t b;
    for (b = 0; b < rows->block_count; b++) {
        tni_block *block = rows->blocks[b];
        uint64_t skip = seen < offset ? TNI_MIN(offset - seen, (uint64_t)block->rows) : 0;
        uint64_t keep = TNI_MIN((uint64_t)block->rows - skip, limit - total);
        uint32_t column, i;
        seen += block->rows;
        for (column = 0; skip > 0 && keep > 0 && column < rows->column_count; column++) {
            size_t width = tni_type_width(rows->types[column]);
            uint8_t *data = (uint8_t *)block->data[column];
            memmove(data, data + (size_t)skip * width, (size_t)keep * width);
            for (i = 0; block->validity[column] != NULL && i < keep; i++) {
                if (tni_bit_get(block->validity[column], i + (size_t)skip)) {
                    tni_bit_set(block->validity[column], i);
                } else {
                    tni_bit_clear(block->validity[column], i);
                }
            }
        }
        block->rows = (uint32_t)keep;
        total += keep;
    }
    tni_collection_seal(rows);
}

static trueno_status tni_run_limit(tni_run *run, const tni_plan *plan, tni_operator *chain,
                                   tni_error *error) {
    uint64_t limit = plan->limit, wanted = plan->limit > UINT64_MAX - plan->offset ? TNI_NO_LIMIT
                                                              : plan->limit + plan->offset;
    tni_collection *rows;
    tni_driver *driver;
    trueno_status status;
    TNI_TRY(tni_run_limited(run, plan->input, wanted, &rows, error));
    if (plan->kind == TNI_PLAN_LIMIT && plan->percent >= 0.0) {
        limit = (uint64_t)((double)rows->rows * plan->percent / 100.0);
    }
    tni_collection_slice(rows, plan->offset, limit);
    status = tni_driver_from_collection(run, rows, &driver, error);
    tni_collection_release(rows);
    TNI_TRY(status);
    return tni_run_driver(run, "limit", driver, chain, error);
}

/* Both inputs are collected, the second's blocks ordered behind the first's. `otherwise`: the
 * second is empty where the first is not. */
static trueno_status tni_run_union(tni_run *run, const tni_plan *plan, tni_operator *chain,
                                   tni_error *error) {
    tni_collection *parts[2];
    tni_collection *rows;
    tni_driver *driver;
    trueno_status status;
    size_t b, first;
    TNI_TRY(tni_run_limited(run, plan->input, TNI_NO_LIMIT, &parts[0], error));
    status = plan->otherwise && parts[0]->rows > 0
                 ? tni_collection_new(run->env->memory, plan->types, plan->column_count, &parts[1],
                                      error)
                 : tni_run_limited(run, plan->second, TNI_NO_LIMIT, &parts[1], error);
    if (status != TRUENO_OK) {
        tni_collection_release(parts[0]);
        return status;
    }
    first = parts[0]->block_count;
    for (b = 0; b < first; b++) {
        parts[0]->blocks[b]->order = b;
    }
    for (b = 0; b < parts[1]->block_count; b++) {
        parts[1]->blocks[b]->order = first + b;
    }
    status = tni_collection_new(run->env->memory, plan->types, plan->column_count, &rows, error);
    if (status != TRUENO_OK) {
        tni_collection_release(parts[0]);
        tni_collection_release(parts[1]);
        return status;
    }
    status = tni_collection_merge(rows, parts, 2, error);
    if (status == TRUENO_OK) {
        tni_collection_seal(rows);
        status = tni_driver_from_collection(run, rows, &driver, error);
    }
    tni_collection_release(rows);
    TNI_TRY(status);
    return tni_run_driver(run, "union", driver, chain, error);
}

static trueno_status tni_run_into(tni_run *run, const tni_plan *plan, tni_operator *chain,
                                  tni_error *error) {
    switch (plan->kind) {
    case TNI_PLAN_SCAN:
    case TNI_PLAN_VALUES:
    case TNI_PLAN_RANGE: return tni_run_leaf(run, plan, chain, error);
    case TNI_PLAN_FILTER:
    case TNI_PLAN_EXPAND:
    case TNI_PLAN_PROJECT: return tni_run_streaming(run, plan, chain, error);
    case TNI_PLAN_AGGREGATE: return tni_run_aggregate(run, plan, chain, error);
    case TNI_PLAN_ORDER: return tni_run_order(run, plan, chain, error);
    case TNI_PLAN_LIMIT: return tni_run_limit(run, plan, chain, error);
    case TNI_PLAN_UNION_ALL: return tni_run_union(run, plan, chain, error);
    }
    return tni_fail(error, TRUENO_ERROR_INTERNAL, "unknown plan node %d", (int)plan->kind);
}

/* Rows the leaves will read, for the progress bar. */
static double tni_run_expected(const tni_plan *plan) {
    double rows = 0;
    for (; plan != NULL; plan = plan->input) {
        if (plan->kind == TNI_PLAN_SCAN && plan->source->rows != UINT64_MAX) {
            rows += (double)plan->source->rows;
        }
        if (plan->kind == TNI_PLAN_RANGE) {
            rows += (double)tni_range_rows(plan);
        }
        if (plan->second != NULL) {
            rows += tni_run_expected(plan->second);
        }
    }
    return rows;
}

TNI_FN trueno_status tni_run_plan(tni_run *run, const tni_plan *plan, tni_operator *sink,
                                  tni_error *error) {
    run->rows_expected = tni_run_expected(plan);
    return tni_run_into(run, plan, sink, error);
}

TNI_FN trueno_status tni_run_collect(tni_run *run, const tni_plan *plan, tni_collection **out,
                                     tni_error *error) {
    run->rows_expected = tni_run_expected(plan);
    return tni_run_limited(run, plan, TNI_NO_LIMIT, out, error);
}

/* -------------------------------------------------------------------------- tables --- */

typedef struct tni_table_sink {
    tni_operator base;
    tni_run *run;
    const char *name;
    const tni_field *fields;
    uint32_t field_count;
    tni_table *older;
    tni_partitioning *partitioning;
    tni_table_builder *builder;
    tni_table *table;
} tni_table_sink;

static trueno_status tni_table_sink_begin(tni_operator *base, tni_pipeline *pipeline,
                                          tni_error *error) {
    tni_table_sink *op = (tni_table_sink *)base;
    TNI_TRY(tni_table_builder_new(op->run->env, op->name, op->fields, op->field_count,
                                  pipeline->workers, &op->builder, error));
    tni_table_builder_partition(op->builder, op->partitioning);
    return TRUENO_OK;
}

static trueno_status tni_table_sink_push(tni_operator *base, uint32_t worker, tni_chunk *chunk,
                                         tni_error *error) {
    tni_table_sink *op = (tni_table_sink *)base;
    tni_atomic_add_i64(&base->rows, (int64_t)chunk->active);
    return tni_table_builder_append(op->builder, worker, chunk, error);
}

/* One stage of finishing a table: its tasks are taken by all workers. */
typedef struct tni_finish_stage {
    tni_table_builder *builder;
    uint32_t stage, count;
    tni_atomic_i32 next, failed;
    tni_error *errors; /* [workers] */
} tni_finish_stage;

static void tni_finish_worker(void *context, uint32_t worker) {
    tni_finish_stage *stage = (tni_finish_stage *)context;
    while (tni_atomic_load_i32(&stage->failed) == 0) {
        uint32_t i = (uint32_t)tni_atomic_add_i32(&stage->next, 1);
        if (i >= stage->count) {
            return;
        }
        if (tni_table_builder_finish_task(stage->builder, stage->stage, i,
                                          &stage->errors[worker]) != TRUENO_OK) {
            tni_atomic_store_i32(&stage->failed, 1);
        }
    }
}

static trueno_status tni_finish_run(tni_run *run, tni_finish_stage *stage, tni_error *error) {
    tni_memory *memory = run->env->memory;
    uint32_t workers = TNI_MIN(run->env->threads, tni_scheduler_workers(run->scheduler)), i;
    trueno_status status = TRUENO_OK;
    workers = TNI_MAX(TNI_MIN(workers, stage->count), 1u);
    stage->errors = (tni_error *)tni_alloc_zero(memory, workers * sizeof *stage->errors);
    if (stage->errors == NULL) {
        return tni_memory_fail(memory, workers * sizeof *stage->errors, error);
    }
    for (i = 0; i < workers; i++) {
        tni_error_clear(&stage->errors[i]);
    }
    tni_scheduler_run(run->scheduler, workers, tni_finish_worker, stage);
    for (i = 0; i < workers && status == TRUENO_OK; i++) {
        status = stage->errors[i].status;
        if (status != TRUENO_OK) {
            *error = stage->errors[i];
        }
    }
    tni_free(memory, stage->errors, workers * sizeof *stage->errors);
    return status;
}

static trueno_status tni_table_sink_finish(tni_operator *base, tni_error *error) {
    tni_table_sink *op = (tni_table_sink *)base;
    tni_table_builder *builder = op->builder;
    uint32_t i;
    for (i = 0; i < TNI_TABLE_FINISH_STAGES; i++) {
        tni_finish_stage stage;
        memset(&stage, 0, sizeof stage);
        stage.builder = builder;
        stage.stage = i;
        TNI_TRY(tni_table_builder_finish_prepare(builder, op->older, i, &stage.count, error));
        TNI_TRY(tni_finish_run(op->run, &stage, error));
    }
    op->builder = NULL;
    return tni_table_builder_finish(builder, op->older, &op->table, error);
}

static void tni_table_sink_free(tni_operator *base) {
    tni_table_sink *op = (tni_table_sink *)base;
    tni_table_builder_free(op->builder);
    tni_free(op->run->env->memory, op, sizeof *op);
}

static const tni_operator_ops tni_table_sink_ops = {
    "table", tni_table_sink_begin, tni_table_sink_push, NULL, tni_table_sink_finish,
    tni_table_sink_free,
};

TNI_FN trueno_status tni_run_table(tni_run *run, const tni_plan *plan, const char *name,
                                   const tni_field *fields, tni_table *base,
                                   tni_partitioning *partitioning, tni_table **out,
                                   uint64_t *rows, tni_error *error) {
    tni_table_sink *sink =
        (tni_table_sink *)tni_alloc_zero(run->env->memory, sizeof *sink);
    trueno_status status;
    *out = NULL;
    *rows = 0;
    if (sink == NULL) {
        return tni_memory_fail(run->env->memory, sizeof *sink, error);
    }
    sink->base.ops = &tni_table_sink_ops;
    sink->run = run;
    sink->name = name;
    sink->fields = fields;
    sink->field_count = plan->column_count;
    sink->older = base;
    sink->partitioning = partitioning;
    status = tni_run_plan(run, plan, &sink->base, error);
    if (status == TRUENO_OK) {
        *out = sink->table;
        *rows = (uint64_t)tni_atomic_load_i64(&sink->base.rows);
    } else if (sink->table != NULL) {
        tni_source_release(&sink->table->source);
    }
    sink->base.ops->free(&sink->base);
    return status;
}
