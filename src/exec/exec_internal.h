/* exec_internal.h - pieces of the executor that are put together in run.c. */
#ifndef TNI_EXEC_INTERNAL_H
#define TNI_EXEC_INTERNAL_H

#include "exec/eval.h"
#include "exec/operator.h"

/* Drivers for SCAN, VALUES and RANGE nodes, and for rows already collected (retained). */
TNI_FN trueno_status tni_driver_new(tni_run *run, const tni_plan *plan, tni_driver **out,
                                    tni_error *error);
TNI_FN trueno_status tni_driver_from_collection(tni_run *run, tni_collection *collection,
                                                tni_driver **out, tni_error *error);

/* A driver for SCAN `plan` that reads these rows only (ascending, the caller's to keep), whatever
 * the filter. */
TNI_FN trueno_status tni_driver_of_places(tni_run *run, const tni_plan *plan,
                                          const tni_row_place *places, uint64_t count,
                                          tni_driver **out, tni_error *error);
/* Run the input of ORDER `plan` into its fresh `sink` in two passes, the first over the key and
 * filter columns alone, when that is worth it; otherwise *done is false. */
TNI_FN trueno_status tni_late_input(tni_run *run, const tni_plan *plan, tni_operator *sink,
                                    bool *done, tni_error *error);

/* Streaming operators. */
TNI_FN trueno_status tni_filter_new(tni_run *run, const tni_plan *plan, tni_operator **out,
                                    tni_error *error);
/* PROJECT, or the program of an AGGREGATE before its sink. */
TNI_FN trueno_status tni_project_new(tni_run *run, const tni_plan *plan, tni_operator **out,
                                     tni_error *error);

TNI_FN trueno_status tni_expand_new(tni_run *run, const tni_plan *plan, tni_operator **out,
                                    tni_error *error);

/* Is `first` the way into an aggregation without groups, of counts and one ordered sum of a scan's
 * column, so that a filter on this column can be left to it? Then vectors may be given to ..._range
 * before they are filtered: *done false when one is not of the right form. */
TNI_FN bool tni_aggregate_takes_range(const tni_operator *first, uint32_t column);
TNI_FN trueno_status tni_aggregate_push_range(tni_operator *first, uint32_t worker,
                                              const tni_float_range *range,
                                              const tni_vector *v, uint32_t rows, uint64_t order,
                                              uint32_t first_row, bool *done, tni_error *error);

/* Sinks that keep rows: everything, or (limit != TNI_NO_LIMIT) the first limit in input order.
 * After the pipeline, ..._take gives the merged rows. */
TNI_FN trueno_status tni_collect_new(tni_run *run, const tni_type *types, uint32_t count,
                                     uint64_t limit, tni_operator **out, tni_error *error);
TNI_FN trueno_status tni_collect_take(tni_operator *op, tni_collection **out, tni_error *error);

/* Stop checks and the host's progress callback; once a morsel. Only worker 0 reports. */
TNI_FN trueno_status tni_progress(tni_run *run, uint32_t worker, tni_error *error);
TNI_FN uint64_t tni_range_rows(const tni_plan *plan); /* of a RANGE node */

#endif
