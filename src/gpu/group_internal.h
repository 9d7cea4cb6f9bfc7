/*
 * group_internal.h - what the parts of GROUP BY share: inputs of a morsel, layout of a group's row,
 * the run at hand.
 *
 *   group.c         keys, forms, morsels
 *   group_inputs.c  columns of a morsel in device memory
 *   group_finish.c  from a table of groups to arrays of results
 */
#ifndef TNI_GPU_GROUP_INTERNAL_H
#define TNI_GPU_GROUP_INTERNAL_H

#include "gpu/group.h"
#include "gpu/primitives.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_GROUP_BESIDE 2u         /* buffers beside the inputs: control, table */
#define TNI_GPU_GROUP_FINISH_BUFFERS 6u /* of kernels/group_finish.comp */

/* ---- inputs: the columns that emitted code reads, for one morsel ---- */

#define TNI_GPU_GROUP_FLIGHTS 2u

typedef struct tni_gpu_inputs {
    tni_gpu_device *device;
    const tni_gpu_shape *shape;
    const tni_gpu_code *code;
    const tni_gpu_table *table;
    tni_error *error;
    uint32_t flight; /* the morsel at hand, of two under way */
    tni_gpu_entry *pinned[TNI_GPU_GROUP_FLIGHTS][TNI_GPU_COLUMNS]; /* by input; the first input of
                                                                      a column holds it */
    tni_gpu_range lookups[TNI_GPU_COLUMNS]; /* by input */
    tni_gpu_slice slices[TNI_GPU_COLUMNS];  /* the first code->input_count */
    uint64_t uploaded_bytes, read_bytes;
} tni_gpu_inputs;

/* Tell the cache what comes; predicates of dictionaries are computed and uploaded. */
TNI_FN trueno_status tni_gpu_inputs_start(tni_gpu_inputs *inputs);
/* Make a morsel's inputs resident or send them, and pin them for the flight; and its slices. */
TNI_FN trueno_status tni_gpu_inputs_morsel(tni_gpu_inputs *inputs, uint32_t first,
                                           uint32_t segments);
TNI_FN void tni_gpu_inputs_unpin(tni_gpu_inputs *inputs); /* of the flight at hand */
TNI_FN void tni_gpu_inputs_land(tni_gpu_inputs *inputs, uint32_t flight); /* of that one */
TNI_FN void tni_gpu_inputs_stop(tni_gpu_inputs *inputs);

/* ---- the row of a group, as kernels/group.glsl describes it ---- */

#define TNI_GPU_GROUP_POSITIONS 4u       /* of a float sum, as a rule */
#define TNI_GPU_GROUP_ALL_POSITIONS 64u  /* every grid at once */

typedef struct tni_gpu_group_row {
    uint32_t key_words, positions;
    uint32_t stride;        /* words */
    uint32_t shared_words;  /* a group's in shared memory */
    uint32_t units;         /* 64-bit words of results a group */
    uint32_t tuple;         /* words of a row's key and values */
    uint32_t places[TNI_GPU_SLOTS];
    uint32_t physicals;     /* four bits a slot */
} tni_gpu_group_row;

struct tni_gpu_group_code {
    tni_gpu_code code;
    bool wide;              /* 64-bit atomics */
    bool floats;            /* some slot sums floats */
};

/* ---- the run ---- */

#define TNI_GPU_GROUP_PARTS 1024u /* partitions at most */

/* The control block, in words. */
enum {
    TNI_GPU_CONTROL_ERROR, TNI_GPU_CONTROL_FULL, TNI_GPU_CONTROL_LOST, TNI_GPU_CONTROL_GROUPS,
    TNI_GPU_CONTROL_GRIDS, TNI_GPU_CONTROL_MASK = 12, TNI_GPU_CONTROL_PROBES,
    TNI_GPU_CONTROL_ROWS, TNI_GPU_CONTROL_CELLS, TNI_GPU_CONTROL_REPLICAS,
    TNI_GPU_CONTROL_SHIFT, TNI_GPU_CONTROL_FIELDS, TNI_GPU_CONTROL_BASES = 66,
    TNI_GPU_CONTROL_PARTS = 74, TNI_GPU_CONTROL_WORDS = 74 + TNI_GPU_GROUP_PARTS
};

typedef struct tni_gpu_group_field {
    uint64_t minimum, range, factor;
} tni_gpu_group_field;

typedef struct tni_gpu_group_run {
    tni_gpu_device *device;
    const tni_gpu_group_shape *shape;
    const tni_gpu_group_code *code;
    const tni_gpu_table *table;
    tni_gpu_group_result *result;
    tni_error *error;
    tni_gpu_inputs inputs;
    tni_gpu_group_field fields[TNI_GPU_KEYS];
    uint64_t cells;         /* key words are below; 0: every word */
    uint32_t key_bits;
    tni_gpu_group_form form;
    tni_gpu_group_row row;
    uint64_t table_rows;    /* of the table in device memory */
    uint32_t shared_cells;  /* groups in shared memory */
    uint32_t replicas;      /* of each */
    uint32_t shift;         /* PARTITIONED: partition = place in the table >> shift */
    bool small;             /* finished in the submission of the last morsel */
    tni_gpu_range control, rows, tuples, tiles, out, pairs[4];
    tni_gpu_scratch scratch;
    tni_gpu_batch batches[TNI_GPU_GROUP_FLIGHTS];
    uint64_t out_at;        /* where results lie in device->download */
    uint32_t words[TNI_GPU_CONTROL_GROUPS + 1]; /* the control block's first, downloaded */
} tni_gpu_group_run;

/* Steps of kernels/group_finish.comp. */
enum {
    TNI_GPU_GROUP_SETUP, TNI_GPU_GROUP_REBASE, TNI_GPU_GROUP_COUNT, TNI_GPU_GROUP_SCAN,
    TNI_GPU_GROUP_EMIT, TNI_GPU_GROUP_PAIRS, TNI_GPU_GROUP_GATHER, TNI_GPU_GROUP_PARTS_STEP
};

/* Constants 0 to 20 of kernels/group.glsl. */
TNI_FN void tni_gpu_group_constants(const tni_gpu_group_run *run, uint32_t form,
                                    tni_gpu_kernel_want *want);
/* Record one step; `groups` workgroups. */
TNI_FN void tni_gpu_group_step(tni_gpu_group_run *run, tni_gpu_batch *batch, uint32_t step,
                               uint32_t n, uint32_t groups);
/* Write the control block: the parameters of the run, all else 0. */
TNI_FN void tni_gpu_group_setup(tni_gpu_group_run *run, tni_gpu_batch *batch);
/* Record: count groups; small runs: their results too, and everything's download. */
TNI_FN void tni_gpu_group_close(tni_gpu_group_run *run, tni_gpu_batch *batch);
/* Record: the results of `n` groups of a run that is not small. */
TNI_FN void tni_gpu_group_finish(tni_gpu_group_run *run, tni_gpu_batch *batch, uint32_t n);
TNI_FN trueno_status tni_gpu_group_close_reserve(tni_gpu_group_run *run);
/* After that batch: read the control words. Unless small, when there is neither an error nor too
 * little room, bring the results. */
TNI_FN void tni_gpu_group_read_control(tni_gpu_group_run *run);
TNI_FN trueno_status tni_gpu_group_collect(tni_gpu_group_run *run);

#endif /* TRUENO_NO_VULKAN */

#endif
