/*
 * spirv_internal.h - the emitter's state and the pieces that its files share.
 *
 * spirv.c has columns, comparisons, logic and integer arithmetic; spirv_cast.c conversions and
 * rounding; spirv_date.c the calendar; spirv_float.c what only `relaxed` allows; spirv_text.c
 * everything that depends on one dictionary column alone, and large sets of IN.
 */
#ifndef TNI_GPU_SPIRV_INTERNAL_H
#define TNI_GPU_SPIRV_INTERNAL_H

#include "gpu/spirv.h"
#include "gpu/spirv_module.h"

#if !defined(TRUENO_NO_VULKAN)

typedef enum tni_emit_class { TNI_EMIT_BOOL, TNI_EMIT_WORD, TNI_EMIT_LONG } tni_emit_class;

typedef struct tni_emit_value {
    uint32_t id;    /* 0: not emitted */
    uint32_t valid; /* 0: never NULL */
} tni_emit_value;

typedef struct tni_emit {
    tni_spirv spirv;
    const tni_gpu_info *info;
    const tni_gpu_shape *shape;
    const tni_gpu_extras *extras;
    const tni_program *program; /* the one at hand */
    tni_emit_value *registers;  /* of it */
    uint8_t *text;              /* of it: tni_emit_text of each register */
    tni_emit_value *columns;    /* what was loaded */
    uint32_t active;            /* the rows whose errors count; 0: all */
    uint32_t failed;            /* boolean: an error that counts; 0: none can happen */
    bool relaxed;               /* settings->relaxed */
    tni_gpu_code *code;
    tni_error *error;
} tni_emit;

/* "the GPU does not run WHAT of type T" */
TNI_FN trueno_status tni_emit_refuse(tni_emit *e, const tni_ir_node *node, const char *what);

/* ---- spirv.c: classes and pieces ---- */
TNI_FN bool tni_emit_signed(tni_physical p);
TNI_FN bool tni_emit_float(tni_physical p);
TNI_FN bool tni_emit_class_of(tni_physical p, tni_emit_class *out); /* false: 128 bits */
TNI_FN uint32_t tni_emit_bits_of(tni_physical p);
TNI_FN uint32_t tni_emit_type(const tni_emit *e, tni_emit_class c);
/* A constant of the word size of a class. */
TNI_FN uint32_t tni_emit_number(tni_emit *e, tni_emit_class c, uint64_t v);
TNI_FN uint32_t tni_emit_2(tni_emit *e, tni_spirv_op op, tni_emit_class c, uint32_t a, uint32_t b);
TNI_FN uint32_t tni_emit_test(tni_emit *e, tni_spirv_op op, uint32_t a, uint32_t b);
TNI_FN uint32_t tni_emit_not(tni_emit *e, uint32_t a);
TNI_FN uint32_t tni_emit_select(tni_emit *e, tni_emit_class c, uint32_t test, uint32_t a,
                                uint32_t b);
/* Booleans of which 0 means true; of which 0 means false; a value that is true and not NULL. */
TNI_FN uint32_t tni_emit_both(tni_emit *e, uint32_t a, uint32_t b);
TNI_FN uint32_t tni_emit_either(tni_emit *e, uint32_t a, uint32_t b);
TNI_FN uint32_t tni_emit_true(tni_emit *e, tni_emit_value v);
/* An operation failed in the rows where `test` holds. */
TNI_FN void tni_emit_fail(tni_emit *e, const tni_ir_node *node, uint32_t test, uint32_t valid);
TNI_FN trueno_status tni_emit_input(tni_emit *e, const tni_gpu_input *wanted, uint32_t *out);
TNI_FN uint32_t tni_emit_load_word(tni_emit *e, uint32_t input, uint32_t index);
TNI_FN uint32_t tni_emit_load_long(tni_emit *e, uint32_t input, uint32_t index);
TNI_FN trueno_status tni_emit_column(tni_emit *e, const tni_ir_node *node, tni_emit_value *out);
TNI_FN uint32_t tni_emit_sign_extend(tni_emit *e, uint32_t word, uint32_t bits);
/* A float's bits as a signed integer in the order of SQL. `zeros`: -0.0 equals 0.0. */
TNI_FN uint32_t tni_emit_order(tni_emit *e, tni_physical p, uint32_t bits, bool zeros);
/* a op b for op =, < or <= (0, 1, 2) */
TNI_FN uint32_t tni_emit_relation(tni_emit *e, tni_physical p, int op, uint32_t a, uint32_t b);
TNI_FN uint32_t tni_emit_negative(tni_emit *e, tni_emit_class c, uint32_t v);
TNI_FN uint32_t tni_emit_magnitude(tni_emit *e, tni_emit_class c, uint32_t v);
/* Checked arithmetic: *bad where the result leaves the type, 0 = never. */
TNI_FN uint32_t tni_emit_sum(tni_emit *e, tni_physical p, tni_emit_class c, bool minus, uint32_t a,
                             uint32_t b, uint32_t *bad);
TNI_FN uint32_t tni_emit_product(tni_emit *e, tni_physical p, uint32_t a, uint32_t b,
                                 uint32_t *bad);
/* r outside (-10^precision, 10^precision) */
TNI_FN uint32_t tni_emit_decimal_leaves(tni_emit *e, tni_type type, uint32_t r);

/* ---- spirv_cast.c ---- */
/* FLOAT to DOUBLE; a DOUBLE from integers; an integer as a 64-bit one, modulo 2^64; a 64-bit
 * integer as a value of a class. */
TNI_FN uint32_t tni_emit_widen_float(tni_emit *e, uint32_t bits);
TNI_FN uint32_t tni_emit_to_f64(tni_emit *e, tni_physical from, uint32_t v);
TNI_FN uint32_t tni_emit_to_long(tni_emit *e, tni_physical from, uint32_t v);
TNI_FN uint32_t tni_emit_from_long(tni_emit *e, tni_emit_class c, uint32_t v);
/* Quotient towards minus infinity by a constant, and the rest from 0. */
TNI_FN uint32_t tni_emit_floor_divide(tni_emit *e, uint32_t v, uint64_t by, uint32_t *rest);
TNI_FN trueno_status tni_emit_cast(tni_emit *e, const tni_ir_node *node, tni_emit_value *out);
/* round, trunc, floor, ceil, sign and the tests for NaN and infinity */
TNI_FN trueno_status tni_emit_rounding(tni_emit *e, const tni_ir_node *node, tni_emit_value *out);

/* ---- spirv_date.c ---- */
/* date_part, date_trunc, and + and - where a side is a date, a moment or an interval */
TNI_FN trueno_status tni_emit_date_part(tni_emit *e, const tni_ir_node *node, tni_emit_value *out);
TNI_FN trueno_status tni_emit_date_trunc(tni_emit *e, const tni_ir_node *node, tni_emit_value *out);
TNI_FN trueno_status tni_emit_date_sum(tni_emit *e, const tni_ir_node *node, tni_emit_value *out);
/* Dates and moments into each other. */
TNI_FN trueno_status tni_emit_date_cast(tni_emit *e, const tni_ir_node *node, tni_emit_value *out);
TNI_FN bool tni_emit_temporal(tni_type type); /* DATE, TIMESTAMP of any unit */

/* ---- spirv_float.c ---- */
/* "... to the last bit; SET relaxed = true allows it", unless it is allowed. */
TNI_FN trueno_status tni_emit_inexact(tni_emit *e, const tni_ir_node *node, const char *what);
/* One operation on bits; + - * / // of FLOAT and DOUBLE. */
TNI_FN uint32_t tni_emit_float_2(tni_emit *e, tni_physical p, tni_spirv_op op, uint32_t a,
                                 uint32_t b);
TNI_FN trueno_status tni_emit_float_binary(tni_emit *e, const tni_ir_node *node,
                                           tni_emit_value *out);
/* sqrt, exp, sin ... */
TNI_FN trueno_status tni_emit_math(tni_emit *e, const tni_ir_node *node, tni_emit_value *out);
/* DOUBLE to FLOAT, integers to FLOAT, DECIMAL to either: rounded as the device does. */
TNI_FN trueno_status tni_emit_float_cast(tni_emit *e, const tni_ir_node *node, tni_emit_value *out);

/* ---- spirv_text.c ---- */
enum {                      /* of tni_emit.text */
       TNI_EMIT_TEXT_NONE,  /* depends on something else, or on nothing */
       TNI_EMIT_TEXT_INNER, /* on one dictionary column alone, and only such registers read it */
       TNI_EMIT_TEXT_ROOT   /* the same, and others read it: made once per entry by the processor */
};
/* Classify the registers of the program at hand. */
TNI_FN trueno_status tni_emit_text_mark(tni_emit *e);
TNI_FN trueno_status tni_emit_text_root(tni_emit *e, uint32_t number, tni_emit_value *out);
/* Is an integer a member of the set of `node`? By binary search in a sorted array. */
TNI_FN trueno_status tni_emit_search(tni_emit *e, const tni_ir_node *node, tni_physical p,
                                     uint32_t v, uint32_t *out);

#endif /* TRUENO_NO_VULKAN */

#endif
