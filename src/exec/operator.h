/*
 * operator.h - pipelines: a driver pushes chunks through operators into a sink.
 *
 *   driver.run(worker) -> operator.push -> operator.push -> sink.push
 *
 * Life of a pipeline (tni_pipeline_run): begin of driver and operators; on W workers: run, then
 * flush down the chain; finish down the chain (one thread, may use the scheduler). Breakers
 * (aggregate, sort) are the sink of one pipeline and the driver of the next. The first failure in
 * input order is the query's error. An operator that needs no more input sets pipeline->stopped.
 * CPU and GPU operators implement the same interface.
 */
#ifndef TNI_EXEC_OPERATOR_H
#define TNI_EXEC_OPERATOR_H

#include "exec/scheduler.h"
#include "plan/plan.h"

/* What was decided for a pipeline, for its report and EXPLAIN. Texts live as long as the run. */
typedef struct tni_choice {
    bool gpu;
    bool shared;             /* with `gpu`: the processor works on a part of it at the same time */
    bool spoiled;            /* a shared run failed: the sink has seen some of the rows */
    const char *reason;      /* why there; NULL = nothing to say */
    double cpu_ms, gpu_ms;   /* predicted; below 0 = not predicted */
    const void *work;        /* the accelerator's own notes */
} tni_choice;

typedef struct tni_accelerator tni_accelerator; /* runs parts of plans elsewhere; see below */

/* A running query. */
typedef struct tni_run {
    tni_env *env;
    tni_scheduler *scheduler;
    const tni_settings *settings;
    tni_arena *arena;                /* for names of pipelines, operators: planner thread only */
    trueno_pipeline_info *pipelines; /* filled in as pipelines end */
    uint32_t pipeline_count, pipeline_capacity;
    const trueno_progress *progress;
    bool analyze;                    /* EXPLAIN ANALYZE: keep per-operator rows and times */
    double rows_expected;            /* rows the leaves will read, 0 = unknown */
    int64_t started;                 /* tni_clock_nanoseconds() */
    tni_accelerator *accelerator;    /* NULL: none */
    const char *cpu_reason;          /* why pipelines without a choice run here; may be NULL */
    uint64_t skip_groups;            /* row groups that scans leave out, for an accelerator has
                                        them: only while tni_run_aggregate_input runs */
} tni_run;

typedef struct tni_pipeline {
    tni_run *run;
    uint32_t workers;
    tni_atomic_i32 stopped;   /* no more input is needed (LIMIT reached, or a failure) */
} tni_pipeline;

typedef struct tni_operator tni_operator;
typedef struct tni_operator_ops {
    const char *name;         /* "filter", "hash aggregate" */
    trueno_status (*begin)(tni_operator *op, tni_pipeline *pipeline, tni_error *error);
    /* The chunk and its vectors may be modified in place; they are the caller's again after. */
    trueno_status (*push)(tni_operator *op, uint32_t worker, tni_chunk *chunk, tni_error *error);
    trueno_status (*flush)(tni_operator *op, uint32_t worker, tni_error *error); /* may be NULL */
    trueno_status (*finish)(tni_operator *op, tni_error *error);                 /* may be NULL */
    void (*free)(tni_operator *op);
} tni_operator_ops;

struct tni_operator {
    const tni_operator_ops *ops;
    tni_operator *next;       /* NULL: the sink */
    const tni_plan *plan;     /* the node it runs, for EXPLAIN ANALYZE; may be NULL */
    tni_pipeline *pipeline;   /* set by tni_pipeline_run before begin */
    tni_atomic_i64 rows;      /* rows it produced (or, a sink, received) */
    bool serial;              /* wants its input from one worker, in order */
    const tni_choice *choice; /* of a sink: why its pipeline runs here; may be NULL */
};

typedef struct tni_driver tni_driver;
typedef struct tni_driver_ops {
    const char *name;
    /* How many workers could be busy at once (>= 1). Called before begin. */
    uint32_t (*parallelism)(tni_driver *driver);
    trueno_status (*begin)(tni_driver *driver, tni_pipeline *pipeline, tni_error *error);
    /* Push everything this worker can get hold of into `first`. */
    trueno_status (*run)(tni_driver *driver, uint32_t worker, tni_operator *first,
                         tni_error *error);
    void (*free)(tni_driver *driver);
} tni_driver_ops;

struct tni_driver {
    const tni_driver_ops *ops;
    const tni_plan *plan;
    tni_pipeline *pipeline;
    tni_atomic_i64 rows_in, bytes_read;
};

TNI_INLINE trueno_status tni_push(tni_operator *op, uint32_t worker, tni_chunk *chunk,
                                  tni_error *error) {
    return op->ops->push(op, worker, chunk, error);
}

/* Run driver and chain; both stay the caller's to free. `name` is for reports. */
TNI_FN trueno_status tni_pipeline_run(tni_run *run, const char *name, tni_driver *driver,
                                      tni_operator *first, tni_error *error);

/* Add the report of work that was no pipeline of these; texts live as long as the run. */
TNI_FN void tni_run_report(tni_run *run, const trueno_pipeline_info *info);

/* A row of a source: chunk->order and the row in the morsel. */
typedef struct tni_row_place {
    uint64_t order;
    uint32_t row;
} tni_row_place;

/* ---- accelerators: devices that take whole pipelines off the processor ---- */
typedef struct tni_accelerator_ops {
    /* Where the input pipeline of this AGGREGATE or ORDER would run, and why. */
    void (*choose)(tni_accelerator *accelerator, tni_run *run, const tni_plan *plan,
                   tni_choice *out);
    /* Run the input of AGGREGATE `plan` into its `sink` (fresh from tni_aggregate_new) when that
     * is the better choice, there or there and here at once. *done false: the caller runs it, for
     * the reason in `choice`; so it is when the device fails, whatever happened. With
     * choice->spoiled it makes the sink anew first. Errors are those of the query:
     * INTERRUPTED... */
    trueno_status (*aggregate)(tni_accelerator *accelerator, tni_run *run, const tni_plan *plan,
                               tni_operator *sink, tni_choice *choice, bool *done,
                               tni_error *error);
    /* The first limit + offset rows of ORDER `plan`, over a chain over a SCAN: their places,
     * ascending, in the query's memory ([max(count, 1)]). NULL: the caller finds them, for the
     * reason in `choice`. */
    trueno_status (*order)(tni_accelerator *accelerator, tni_run *run, const tni_plan *plan,
                           tni_row_place **places, uint64_t *count, tni_choice *choice,
                           tni_error *error);
    /* What the processor took for what `choice` predicted. */
    void (*learn)(tni_accelerator *accelerator, const tni_choice *choice, double milliseconds);
} tni_accelerator_ops;

struct tni_accelerator {
    const tni_accelerator_ops *ops;
};

/* ---- breakers: made as a pair, sink first used, then driver; free both with their ops ---- */
/* `plan` AGGREGATE: input chunks carry the program's outputs (keys, then inputs) as columns. */
TNI_FN trueno_status tni_aggregate_new(tni_run *run, const tni_plan *plan, tni_operator **sink,
                                       tni_driver **driver, tni_error *error);
/* The input of AGGREGATE `plan` through its program into its `sink`, on this processor; `skip` row
 * groups at the front of its table are left out (only above a chain over a table). */
TNI_FN trueno_status tni_run_aggregate_input(tni_run *run, const tni_plan *plan, tni_operator *sink,
                                             uint64_t skip, tni_error *error);
/* `plan` ORDER: sort, or top-k when it has a limit; offset applied. */
TNI_FN trueno_status tni_sort_new(tni_run *run, const tni_plan *plan, tni_operator **sink,
                                  tni_driver **driver, tni_error *error);

/* ---- running a plan ---- */
/* Run `plan` into `sink` (rows in the plan's order when `ordered`, by chunk->order otherwise). */
TNI_FN trueno_status tni_run_plan(tni_run *run, const tni_plan *plan, tni_operator *sink,
                                  tni_error *error);
/* Run and collect, sealed. */
TNI_FN trueno_status tni_run_collect(tni_run *run, const tni_plan *plan, tni_collection **out,
                                     tni_error *error);
/* Run into a new table `name` (rows appended to `base` when not NULL), its rows put together by
 * `partitioning` when that is not NULL. */
TNI_FN trueno_status tni_run_table(tni_run *run, const tni_plan *plan, const char *name,
                                   const tni_field *fields, tni_table *base,
                                   tni_partitioning *partitioning, tni_table **out,
                                   uint64_t *rows, tni_error *error);

#endif
