/*
 * accelerator_internal.h - the accelerator's state, shared by its files:
 *
 *   accelerator.c          opening a device, what tables' queries cost, builds
 *   known.c                what was found out about tables, kept with them
 *   job.c                  what operators have in common: data, prediction, choice, report
 *   operator_order.c       the first rows of an ORDER BY with LIMIT over such a chain
 *   operator_aggregate.c   an AGGREGATE over a chain of filters and projections over a table
 *   whole.c                columns of tables that were filled in small steps
 *   pipeline_cache.c       compiled kernels kept in a file
 */
#ifndef TNI_GPU_ACCELERATOR_INTERNAL_H
#define TNI_GPU_ACCELERATOR_INTERNAL_H

#include "gpu/accelerator.h"

#if !defined(TRUENO_NO_VULKAN)

#include "gpu/group.h"
#include "gpu/kernel.h"
#include "gpu/multi.h"
#include "gpu/order.h"
#include "gpu/scan.h"
#include "plan/fuse.h"

#define TNI_ACC_TABLES 256u /* remembered; older ones are forgotten */

typedef enum tni_acc_state {
    TNI_ACC_UNTRIED,
    TNI_ACC_OPENING, /* on the opener's thread */
    TNI_ACC_READY,
    TNI_ACC_NONE     /* there is none, for `reason` */
} tni_acc_state;

/* What is remembered of a table. */
typedef struct tni_acc_table {
    uint64_t owner;
    uint32_t uses;
    double missed_ms; /* lost on the processor for want of its columns on the device */
} tni_acc_table;

typedef struct tni_acc {
    tni_accelerator base;
    tni_memory *memory;
    tni_accelerator_options options;
    tni_mutex mutex;           /* everything below but what the device's own mutex guards */
    tni_condition changed;     /* of the state */
    tni_acc_state state;
    tni_gpu *gpu;
    tni_gpu_device *device;    /* READY: the best one, for work that one device does */
    tni_gpu_device *devices[TNI_GPU_MULTI_DEVICES]; /* all, the best first */
    uint32_t device_count;
    char reason[256];          /* NONE */
    char line[320];            /* of tni_accelerator_devices */
    double wish_ms;            /* spent on the processor with what a GPU may have taken */
    tni_thread *opener, *builder;
    bool building;
    tni_cost_gpu gpu_rates;
    tni_cost_cpu cpu_rates;
    uint32_t in_flight;        /* queries that use or wait for the device */
    double recent_ms;          /* that such a query takes */
    tni_acc_table tables[TNI_ACC_TABLES];
    uint32_t table_next;
    bool built;                /* something was, since the file of kernels was read */
    bool closing;
} tni_acc;

/* accelerator.c */
/* The device if it is there now. `cpu_ms` is what the query would cost without: it counts towards
 * opening one. `force`: open it now. NULL: *reason says why, in the arena. */
TNI_FN tni_gpu_device *tni_acc_device(tni_acc *acc, double cpu_ms, bool force, tni_arena *arena,
                                      const char **reason);
/* The table's name in the cache. Gives the number of earlier uses, and counts this one if `count`.
 * Something is known of the table. */
TNI_FN uint64_t tni_acc_owner(tni_acc *acc, tni_table *table, bool count, uint32_t *uses);
/* What queries of this table lost on the processor so far for want of its columns on the device;
 * `more` is added for the next time. */
TNI_FN double tni_acc_missed(tni_acc *acc, uint64_t owner, double more);
/* Bytes of these columns (fields of the table) in device memory. */
TNI_FN uint64_t tni_acc_resident(tni_acc *acc, uint32_t devices, uint64_t owner,
                                 const uint32_t *fields, uint32_t count);
/* A text in the arena; "" when memory is short. */
TNI_FN const char *tni_acc_text(tni_arena *arena, const char *format, ...) TNI_PRINTF(2, 3);

/* ---- known.c: what queries of a table need to know and would look for in every segment ---- */

typedef struct tni_known tni_known;

/* NULL when memory is short. Lives as long as the table, which belongs to this database alone. */
TNI_FN tni_known *tni_known_of(tni_acc *acc, tni_table *table);
/* How many there are; *broken: short ones stand inside. */
TNI_FN uint32_t tni_known_segments(const tni_known *known, bool *broken);
/* Encoded bytes of a column. */
TNI_FN uint64_t tni_known_bytes(tni_acc *acc, tni_known *known, const tni_table *table,
                                uint32_t field);
/* A column of a table that is not broken: its layout, and its segments one after the other. */
TNI_FN trueno_status tni_known_layout(tni_acc *acc, tni_known *known, const tni_table *table,
                                      uint32_t field, tni_gpu_layout *layout,
                                      const tni_segment *const **segments, tni_error *error);
/* About the part of the rows that zone maps leave to the processor; the device reads all. */
TNI_FN double tni_known_share(const tni_table *table, const tni_prune *prunes, uint32_t count);

/* ---- job.c: what operators have in common ---- */

/* What a choice leaves for learning from the processor's time. */
typedef struct tni_acc_note {
    tni_cost_work work;
    double cpu_ms;
} tni_acc_note;

typedef struct tni_acc_job {
    tni_acc *acc;
    tni_run *run;
    bool asked;                /* only what would be: nothing counts */
    bool broken;               /* the table has short segments inside */
    bool blocks;               /* float sums by the segments' blocks are wanted */
    const tni_plan *plan, *scan;
    tni_table *table;
    tni_known *known;          /* of the table */
    tni_arena arena;
    tni_error error;           /* why not; never the query's */
    tni_fused fused;
    tni_fused_columns columns;
    tni_gpu_device *device;
    uint32_t device_count;     /* that share the work, acc->devices[0 ..) */
    tni_gpu_table data;
    tni_gpu_layout *layouts;
    tni_gpu_kernel_list kernels; /* that the work will ask for */
    uint32_t *fields;          /* [columns.count] of the table */
    uint32_t uses, pass_count;
    double resident_bytes;     /* of the columns, in device memory */
    uint32_t split;            /* segments that the device does, the processor the rest; 0: all */
    tni_cost_split share;      /* what was predicted for that, if it was */
    tni_cost_work work;        /* of the device: of its part where there is one */
    tni_cost cost;
    double compile_ms, upload_ms, compute_ms;
    uint64_t uploaded_bytes, read_bytes;
} tni_acc_job;

/* UNSUPPORTED with the reason; the processor does it. */
TNI_FN trueno_status tni_acc_refuse(tni_acc_job *job, const char *reason);
TNI_FN trueno_status tni_acc_short_of_memory(tni_acc_job *job);
/* The job is all zero but for what its operator sets. */
TNI_FN void tni_acc_begin(tni_acc_job *job, tni_accelerator *accelerator, tni_run *run,
                          const tni_plan *plan);
/* The steps, each of which may refuse. The operator fills in what is its own of `work`. */
TNI_FN trueno_status tni_acc_look(tni_acc_job *job);  /* is there a table */
TNI_FN trueno_status tni_acc_worth(tni_acc_job *job, tni_choice *choice);
TNI_FN trueno_status tni_acc_find_device(tni_acc_job *job);
/* How many devices work on so many rows. */
TNI_FN uint32_t tni_acc_share_of_devices(const tni_acc *acc, double rows);
TNI_FN trueno_status tni_acc_data(tni_acc_job *job);  /* after programs were cut: the columns */
TNI_FN void tni_acc_predict(tni_acc_job *job, tni_choice *choice);
/* How many of job->kernels are not built yet, on the device that has the fewest. */
TNI_FN uint32_t tni_acc_missing(const tni_acc_job *job);
/* Build job->kernels, which are gone then, on a thread: for the next query of this shape. */
TNI_FN void tni_acc_build_aside(tni_acc_job *job);
/* Around the work on the device; leaving gives its milliseconds. */
TNI_FN int64_t tni_acc_enter(tni_acc_job *job);
TNI_FN double tni_acc_leave(tni_acc_job *job, int64_t entered);
TNI_FN void tni_acc_learn_run(tni_acc_job *job, double wall_ms);
TNI_FN void tni_acc_report(tni_acc_job *job, const tni_choice *choice, const char *operation,
                           uint64_t rows_out, double wall_ms);
/* Free it; when it ended early, `choice` gets the reason. */
TNI_FN void tni_acc_end(tni_acc_job *job, tni_choice *choice);
TNI_FN void tni_acc_learn(tni_accelerator *accelerator, const tni_choice *choice,
                          double milliseconds);

/* operator_aggregate.c */
TNI_FN void tni_acc_choose_aggregate(tni_accelerator *accelerator, tni_run *run,
                                     const tni_plan *plan, tni_choice *out);
TNI_FN trueno_status tni_acc_aggregate(tni_accelerator *accelerator, tni_run *run,
                                       const tni_plan *plan, tni_operator *sink,
                                       tni_choice *choice, bool *done, tni_error *error);
/* operator_order.c */
TNI_FN void tni_acc_choose_order(tni_accelerator *accelerator, tni_run *run,
                                 const tni_plan *plan, tni_choice *out);
TNI_FN trueno_status tni_acc_order(tni_accelerator *accelerator, tni_run *run,
                                   const tni_plan *plan, tni_row_place **places,
                                   uint64_t *count, tni_choice *choice, tni_error *error);

/* whole.c */
/* The column in segments of 65,536 rows (and a last one) in the arena: out[rows / 65,536, rounded
 * up]. UNSUPPORTED for text without one dictionary. */
TNI_FN trueno_status tni_acc_whole_column(const tni_env *env, tni_table *table, uint32_t field,
                                          tni_arena *arena, const tni_segment **out,
                                          tni_error *error);

/* pipeline_cache.c: under the device's mutex. Failures are ignored. */
TNI_FN void tni_pipeline_cache_load(tni_gpu_device *device, const char *directory);
TNI_FN void tni_pipeline_cache_save(tni_gpu_device *device, const char *directory);

#endif /* TRUENO_NO_VULKAN */

#endif
