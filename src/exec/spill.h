/*
 * spill.h - sorted runs in temporary files, and their merge.
 *
 * A run is rows in key order, each a record on its own (spill.c says how they lie). Runs are
 * written while the input comes in, by any worker, and read back together by one.
 */
#ifndef TNI_EXEC_SPILL_H
#define TNI_EXEC_SPILL_H

#include "exec/sort.h"

typedef struct tni_spill tni_spill;

/* How far into a morsel a worker's rows have been written, so that the rest continues there. */
typedef struct tni_spill_place {
    bool any;
    uint64_t order, next;
} tni_spill_place;

/* What a spill needs to know; everything stays the caller's. */
typedef struct tni_spill_plan {
    tni_run *run;
    const tni_type *types;
    uint32_t column_count;
    const tni_sort_key *keys;
    uint32_t key_count;
    uint64_t most_rows; /* more rows of a run are never wanted */
} tni_spill_plan;

TNI_FN trueno_status tni_spill_new(const tni_spill_plan *plan, tni_spill **out, tni_error *error);
/* Removes the files. NULL is fine. */
TNI_FN void tni_spill_free(tni_spill *spill);
TNI_FN bool tni_spill_any(tni_spill *spill); /* there are runs; any thread */
/* Sort the rows of a sealed collection in input order and write them, in one run or, where
 * memory is short, several. Any thread; `scheduler` may be NULL: the caller sorts alone. */
TNI_FN trueno_status tni_spill_rows(tni_spill *spill, tni_scheduler *scheduler,
                                    const tni_collection *rows, tni_spill_place *place,
                                    tni_error *error);
/* After the last run: get ready to read. */
TNI_FN trueno_status tni_spill_open(tni_spill *spill, tni_error *error);
/* The next up to `most` (<= TNI_VECTOR_ROWS) rows; with `out` NULL they are skipped. Vectors are
 * valid until the next call. */
TNI_FN trueno_status tni_spill_next(tni_spill *spill, uint32_t most, tni_scratch *scratch,
                                    tni_vector *out, uint32_t *count, tni_error *error);

#endif
