/*
 * ir.h - the expression IR: a straight line of typed instructions, each producing a register.
 *
 * The binder lowers every expression to it (equal subexpressions once); the vectorised evaluator
 * and the SPIR-V emitter read it. There is no control flow: CASE is SELECT, and an instruction
 * that can fail carries a `predicate`, a BOOLEAN register of the rows in which it really runs
 * (elsewhere it must not raise). NULL rules are those of SQL: three-valued AND/OR/NOT, NULL in
 * gives NULL out unless the function says otherwise. Integer overflow raises OUT_OF_RANGE.
 */
#ifndef TNI_PLAN_IR_H
#define TNI_PLAN_IR_H

#include "plan/function.h"

#define TNI_IR_NONE UINT32_MAX

typedef enum tni_ir_op {
    TNI_IR_COLUMN,       /* input column `column` */
    TNI_IR_CONSTANT,     /* `constant` */
    TNI_IR_CALL,         /* function(arguments) */
    TNI_IR_CAST,         /* argument 0 to `type`; try_cast: failure gives NULL */
    TNI_IR_SELECT,       /* argument 0 true ? argument 1 : argument 2 */
    TNI_IR_AND,          /* of all arguments, three-valued */
    TNI_IR_OR,
    TNI_IR_NOT,
    TNI_IR_EQUAL,        /* comparisons: both arguments of one type; NaN = NaN, NaN greatest */
    TNI_IR_NOT_EQUAL,
    TNI_IR_LESS,
    TNI_IR_LESS_EQUAL,
    TNI_IR_GREATER,
    TNI_IR_GREATER_EQUAL,
    TNI_IR_DISTINCT,     /* IS DISTINCT FROM: never NULL */
    TNI_IR_NOT_DISTINCT,
    TNI_IR_IS_NULL,
    TNI_IR_IS_NOT_NULL,
    TNI_IR_IS_TRUE,      /* NULL counts as false; never NULL */
    TNI_IR_COALESCE,     /* first non-NULL argument, all of one type */
    TNI_IR_IN            /* argument 0 in the constant `set` (sorted, no NULLs); set_has_null */
} tni_ir_op;

typedef struct tni_ir_node {
    uint16_t op;
    bool try_cast;
    bool set_has_null;
    tni_type type;
    uint32_t argument_count;
    const uint32_t *arguments; /* registers, all smaller than this node's number */
    uint32_t predicate;        /* register or TNI_IR_NONE */
    uint32_t column;
    uint32_t position;         /* in the SQL text, for run-time errors */
    const tni_function *function;
    const void *bound;
    tni_value constant;
    const tni_value *set;
    uint32_t set_count;
} tni_ir_node;

typedef struct tni_program {
    tni_ir_node *nodes;        /* register i = nodes[i] */
    uint32_t count;
    uint32_t *outputs;         /* registers */
    uint32_t output_count;
    bool needs_math;
} tni_program;

/* Print "r3 = multiply(r1, r2) BIGINT" lines, for EXPLAIN (VERBOSE) and tests. */
TNI_FN void tni_program_print(const tni_program *program, tni_text *out);

#endif
