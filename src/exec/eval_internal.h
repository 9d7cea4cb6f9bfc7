/*
 * eval_internal.h - registers of the evaluator, shared by eval.c, eval_compare.c, eval_call.c.
 *
 * A BOOLEAN register is kept as bits (true and valid) plus validity where an instruction produced
 * it; bytes appear only when a function or an output wants a vector. All buffers are sized for a
 * full vector once, so evaluating allocates nothing but string bytes and dictionary memos.
 */
#ifndef TNI_EXEC_EVAL_INTERNAL_H
#define TNI_EXEC_EVAL_INTERNAL_H

#include "exec/eval.h"

/* Results per dictionary entry: eval_memo.c. */
typedef struct tni_memo_table tni_memo_table;
typedef struct tni_memo_share tni_memo_share; /* tables that an operator's evaluators share */
typedef struct tni_memo {
    tni_memo_table *table;   /* of the dictionary at hand: own or shared; NULL = none */
    tni_memo_table *own;
    uint64_t searched;       /* comparisons, IN: the dictionary in which constants were sought */
    uint32_t found;          /* = : the constant's code there, UINT32_MAX = none */
    uint8_t *in_set;         /* IN: per entry 0 not looked up, 1 not in the set, 2 in it */
    size_t in_set_capacity;
    bool complete;           /* every entry of `table` is known */
    uint64_t *asked;         /* entries this evaluator has evaluated for its rows */
    size_t asked_capacity;
    uint32_t *codes;         /* text results as codes */
    tni_arena heap;          /* long strings of `own` */
    tni_arena shared_heap;   /* and of the shared table, as far as they come from here */
    bool has_heap, has_shared_heap;
} tni_memo;

typedef struct tni_register {
    tni_vector vector;       /* the value, unless only bits are set */
    bool has_vector;
    bool has_bits;           /* BOOLEAN */
    bool has_flat;           /* `flat` is the FLAT or CONSTANT form of `vector` */
    const uint64_t *bits;    /* rows that are true and not NULL */
    const uint64_t *valid;   /* NULL = all; goes with bits */
    tni_vector flat;
    void *data;              /* own buffers, allocated when first needed */
    uint64_t *validity;
    uint64_t *own_bits;
    void *flat_data;
    uint8_t constant[16];
    tni_memo memo;
} tni_register;

struct tni_evaluator {
    const tni_env *env;
    const tni_settings *settings;
    const tni_program *program;
    tni_memory *memory;
    tni_register *registers;
    tni_arena heap;          /* string results of the current chunk */
    tni_scratch scratch;
    uint64_t *active;        /* chunk mask AND predicate, for the instruction being run */
    uint16_t *positions;     /* scratch of 2,048 */
    uint32_t *codes;         /* codes to evaluate for a memo */
    tni_string *strings;
    tni_memo_share *share;   /* may be NULL */
    uint8_t *batch;          /* results of a memo batch: 2,048 * 16 bytes */
    const tni_chunk *chunk;
    uint32_t rows;
};

/* The register as bits and validity; as a vector; as FLAT or CONSTANT. */
TNI_FN trueno_status tni_eval_bits(tni_evaluator *evaluator, uint32_t reg, const uint64_t **bits,
                                   const uint64_t **valid, tni_error *error);
TNI_FN trueno_status tni_eval_vector(tni_evaluator *evaluator, uint32_t reg,
                                     const tni_vector **out, tni_error *error);
TNI_FN trueno_status tni_eval_flat(tni_evaluator *evaluator, uint32_t reg, const tni_vector **out,
                                   tni_error *error);
/* Own buffers of a register; NULL with the error set when memory is short. */
TNI_FN void *tni_eval_data(tni_evaluator *evaluator, uint32_t reg, tni_error *error);
TNI_FN uint64_t *tni_eval_own_bits(tni_evaluator *evaluator, uint32_t reg, tni_error *error);
TNI_FN uint64_t *tni_eval_validity(tni_evaluator *evaluator, uint32_t reg, tni_error *error);
/* Rows whose failure counts for instruction `node`: chunk mask AND predicate; NULL = all. */
TNI_FN trueno_status tni_eval_active(tni_evaluator *evaluator, const tni_ir_node *node,
                                     const uint64_t **out, tni_error *error);
/* Set a BOOLEAN register from bits in its own buffer. */
TNI_FN void tni_eval_set_bits(tni_evaluator *evaluator, uint32_t reg, const uint64_t *bits,
                              const uint64_t *valid);

/* The register becomes FLAT values. */
TNI_FN void tni_eval_set_flat(tni_evaluator *evaluator, uint32_t reg, const void *data,
                              const uint64_t *validity);
TNI_FN bool tni_eval_all_set(const uint64_t *bits, uint32_t rows);

TNI_FN trueno_status tni_eval_compare(tni_evaluator *evaluator, uint32_t reg, tni_error *error);
TNI_FN trueno_status tni_eval_in(tni_evaluator *evaluator, uint32_t reg, tni_error *error);
TNI_FN trueno_status tni_eval_call(tni_evaluator *evaluator, uint32_t reg, tni_error *error);

/* ---- eval_call.c, eval_memo.c ---- */
TNI_FN trueno_status tni_call_run(const tni_ir_node *node, tni_call *call);
TNI_FN void tni_call_prepare(tni_evaluator *evaluator, const tni_ir_node *node, uint32_t rows,
                             const tni_vector *arguments, void *out, uint64_t *validity,
                             tni_error *error, tni_call *call);
/* The call whose argument `which` is DICT and whose others are constants. */
TNI_FN trueno_status tni_memo_call(tni_evaluator *evaluator, uint32_t reg,
                                   const tni_vector *arguments, uint32_t which,
                                   const uint64_t *active, tni_error *error);
TNI_FN void tni_memo_free(tni_memory *memory, tni_memo *memo);
TNI_FN void tni_memo_share_release(tni_memo_share *share); /* NULL is fine */

/* Compare any two FLAT/CONSTANT vectors of one type into a mask: op 0 =, 1 <, 2 <=. */
TNI_FN void tni_compare_vectors(const tni_env *env, const tni_vector *a, const tni_vector *b,
                                uint32_t rows, int op, uint64_t *out);

/* Address of row i of a FLAT or CONSTANT vector. */
TNI_INLINE const void *tni_vector_at(const tni_vector *v, uint32_t row, uint32_t width) {
    return (const uint8_t *)v->data + (v->form == TNI_FORM_CONSTANT ? 0 : (size_t)row * width);
}

#endif
