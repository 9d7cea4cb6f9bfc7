/*
 * pipeline.c - runs one pipeline: begin, the workers, flush, finish, and the report.
 *
 * Each worker has its own error; of several, the one of the earliest morsel counts (drivers note
 * the morsel's order), so the same query over the same data fails the same way on any number of
 * threads. May use: base, column, plan, exec/scheduler.
 */
#include "exec/operator.h"

typedef struct tni_pipeline_task {
    tni_pipeline *pipeline;
    tni_driver *driver;
    tni_operator *first;
    tni_error *errors;       /* [workers] */
} tni_pipeline_task;

static void tni_pipeline_worker(void *context, uint32_t worker) {
    tni_pipeline_task *task = (tni_pipeline_task *)context;
    tni_error *error = &task->errors[worker];
    tni_operator *op;
    trueno_status status = task->driver->ops->run(task->driver, worker, task->first, error);
    for (op = task->first; op != NULL && status == TRUENO_OK; op = op->next) {
        if (op->ops->flush != NULL) {
            status = op->ops->flush(op, worker, error);
        }
    }
    if (status != TRUENO_OK) {
        if (error->status == TRUENO_OK) {
            (void)tni_fail(error, status, "%s failed", task->driver->ops->name);
        }
        tni_atomic_store_i32(&task->pipeline->stopped, 1);
    }
}

static trueno_status tni_pipeline_begin(tni_pipeline *pipeline, tni_driver *driver,
                                        tni_operator *first, tni_error *error) {
    tni_operator *op;
    driver->pipeline = pipeline;
    for (op = first; op != NULL; op = op->next) {
        op->pipeline = pipeline;
    }
    TNI_TRY(driver->ops->begin(driver, pipeline, error));
    for (op = first; op != NULL; op = op->next) {
        if (op->ops->begin != NULL) {
            TNI_TRY(op->ops->begin(op, pipeline, error));
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_pipeline_finish(tni_operator *first, tni_error *error) {
    tni_operator *op;
    for (op = first; op != NULL; op = op->next) {
        if (op->ops->finish != NULL) {
            TNI_TRY(op->ops->finish(op, error));
        }
    }
    return TRUENO_OK;
}

/* The failure of the earliest morsel, if any. */
static trueno_status tni_pipeline_outcome(const tni_error *errors, uint32_t workers,
                                          tni_error *error) {
    const tni_error *found = NULL;
    uint32_t i;
    for (i = 0; i < workers; i++) {
        if (errors[i].status != TRUENO_OK && (found == NULL || errors[i].order < found->order)) {
            found = &errors[i];
        }
    }
    if (found == NULL) {
        return TRUENO_OK;
    }
    if (error != NULL && error->status == TRUENO_OK) {
        *error = *found;
    }
    return found->status;
}

/* "scan hits -> filter -> hash aggregate", in the run's arena. */
static const char *tni_pipeline_title(tni_run *run, const char *name, const tni_driver *driver,
                                      const tni_operator *first) {
    tni_text text;
    const tni_operator *op;
    char *copy;
    tni_text_init(&text, run->env->memory);
    tni_text_add(&text, driver->ops->name);
    if (name != NULL && name[0] != '\0') {
        tni_text_char(&text, ' ');
        tni_text_add(&text, name);
    }
    for (op = first; op != NULL; op = op->next) {
        tni_text_add(&text, " -> ");
        tni_text_add(&text, op->ops->name);
    }
    copy = text.failed ? NULL : tni_arena_text(run->arena, text.data, text.length);
    tni_text_free(&text);
    return copy == NULL ? driver->ops->name : copy;
}

TNI_FN void tni_run_report(tni_run *run, const trueno_pipeline_info *info) {
    if (run->pipeline_count == run->pipeline_capacity) {
        uint32_t capacity = run->pipeline_capacity * 2 + 8;
        trueno_pipeline_info *grown =
            (trueno_pipeline_info *)tni_arena_alloc(run->arena, capacity * sizeof *grown);
        if (grown == NULL) {
            return; /* a report that does not fit is no reason to fail the query */
        }
        if (run->pipeline_count > 0) {
            memcpy(grown, run->pipelines, run->pipeline_count * sizeof *grown);
        }
        run->pipelines = grown;
        run->pipeline_capacity = capacity;
    }
    run->pipelines[run->pipeline_count++] = *info;
}

static void tni_pipeline_report(tni_run *run, const char *name, tni_driver *driver,
                                tni_operator *first, int64_t started) {
    trueno_pipeline_info info;
    tni_operator *sink = first;
    const tni_choice *choice;
    while (sink->next != NULL) {
        sink = sink->next;
    }
    choice = sink->choice;
    memset(&info, 0, sizeof info);
    info.name = tni_pipeline_title(run, name, driver, first);
    info.backend = run->env->kernels->name;
    info.reason = choice != NULL && choice->reason != NULL ? choice->reason
                  : run->cpu_reason != NULL                ? run->cpu_reason
                                                           : "the GPU does not run such pipelines";
    info.rows_in = (uint64_t)tni_atomic_load_i64(&driver->rows_in);
    info.rows_out = (uint64_t)tni_atomic_load_i64(&sink->rows);
    info.bytes_read = (uint64_t)tni_atomic_load_i64(&driver->bytes_read);
    info.seconds = (double)(tni_clock_nanoseconds() - started) * 1e-9;
    info.compute_ms = info.seconds * 1e3;
    info.predicted_cpu_ms = choice != NULL ? choice->cpu_ms : -1;
    info.predicted_gpu_ms = choice != NULL ? choice->gpu_ms : -1;
    tni_run_report(run, &info);
}

TNI_FN trueno_status tni_pipeline_run(tni_run *run, const char *name, tni_driver *driver,
                                      tni_operator *first, tni_error *error) {
    tni_pipeline pipeline;
    tni_pipeline_task task;
    tni_memory *memory = run->env->memory;
    int64_t started = tni_clock_nanoseconds();
    trueno_status status;
    const tni_operator *op;
    uint32_t i;
    memset(&pipeline, 0, sizeof pipeline);
    memset(&task, 0, sizeof task);
    pipeline.run = run;
    pipeline.workers = TNI_MIN(driver->ops->parallelism(driver), run->env->threads);
    pipeline.workers =
        TNI_MAX(TNI_MIN(pipeline.workers, tni_scheduler_workers(run->scheduler)), 1u);
    for (op = first; op != NULL; op = op->next) {
        pipeline.workers = op->serial ? 1 : pipeline.workers;
    }
    task.errors =
        (tni_error *)tni_alloc_zero(memory, pipeline.workers * sizeof *task.errors);
    if (task.errors == NULL) {
        return tni_memory_fail(memory, pipeline.workers * sizeof *task.errors, error);
    }
    for (i = 0; i < pipeline.workers; i++) {
        tni_error_clear(&task.errors[i]);
    }
    task.pipeline = &pipeline;
    task.driver = driver;
    task.first = first;
    status = tni_pipeline_begin(&pipeline, driver, first, error);
    if (status == TRUENO_OK) {
        tni_scheduler_run(run->scheduler, pipeline.workers, tni_pipeline_worker, &task);
        status = tni_pipeline_outcome(task.errors, pipeline.workers, error);
    }
    if (status == TRUENO_OK) {
        status = tni_pipeline_finish(first, error);
    }
    if (status == TRUENO_OK) {
        tni_pipeline_report(run, name, driver, first, started);
    }
    tni_free(memory, task.errors, pipeline.workers * sizeof *task.errors);
    return status;
}
