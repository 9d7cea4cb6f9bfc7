/*
 * eval.h - the vectorised evaluator of the expression IR. One evaluator per worker and program:
 * it owns the registers' buffers and the per-dictionary caches.
 */
#ifndef TNI_EXEC_EVAL_H
#define TNI_EXEC_EVAL_H

#include "plan/ir.h"

typedef struct tni_evaluator tni_evaluator;

TNI_FN trueno_status tni_evaluator_new(const tni_env *env, const tni_settings *settings,
                                       const tni_program *program, tni_evaluator **out,
                                       tni_error *error);
TNI_FN void tni_evaluator_free(tni_evaluator *evaluator);
/* Let two evaluators of one program, for two workers, share what they compute per dictionary
 * entry. All that share with `first` are made before any runs, and freed after all have run. */
TNI_FN trueno_status tni_evaluator_share(tni_evaluator *first, tni_evaluator *evaluator,
                                         tni_error *error);
/* Evaluate all outputs for the chunk (rows outside chunk->mask may hold anything and never
 * fail). Outputs keep encoded forms where nothing forced them flat (a bare column is passed
 * through) and are valid until the next call. */
TNI_FN trueno_status tni_evaluate(tni_evaluator *evaluator, const tni_chunk *chunk,
                                  tni_vector *outputs, tni_error *error);
/* Evaluate output 0, a BOOLEAN, as a filter: mask_out (TNI_VECTOR_WORDS) = chunk mask AND true. */
TNI_FN trueno_status tni_evaluate_filter(tni_evaluator *evaluator, const tni_chunk *chunk,
                                         uint64_t *mask_out, uint32_t *active, tni_error *error);
/* Rows with low <= v <= high of a FLOAT or DOUBLE column; flags: those of the range kernels. */
typedef struct tni_float_range {
    uint32_t column;
    double low, high;
    int flags;
} tni_float_range;
/* Is the filter `program` no more than that? */
TNI_FN bool tni_program_float_range(const tni_program *program, tni_float_range *out);
/* Evaluate a constant expression (no COLUMN nodes) to one value; strings land in `arena`. */
TNI_FN trueno_status tni_evaluate_constant(const tni_env *env, const tni_settings *settings,
                                           const tni_program *program, tni_arena *arena,
                                           tni_value *out, tni_error *error);

#endif
