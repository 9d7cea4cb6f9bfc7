/*
 * spirv.c - the expression IR as the body of q_row; see spirv.h.
 *
 * A register is a value and, unless it is never NULL, a boolean `valid`. Values are booleans,
 * 32-bit words (integers of at most 32 bits, sign- or zero-extended by their type; FLOAT as its
 * bits; codes of strings) or 64-bit words (BIGINT and its kin; DOUBLE as its bits). Floats become
 * floats only for arithmetic: comparisons and MIN/MAX work on order-preserving integers, so that
 * no driver's idea of NaN or denormals can change an answer. Code is straight: no branches.
 *
 * Uses: base/, column/, plan/ir.h, gpu/spirv_module.h.
 */
#include "base/hash.h"
#include "gpu/spirv_internal.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_EMIT_MOST_NODES 512u
#define TNI_EMIT_MOST_SET 16u /* members of IN that become comparisons */

TNI_FN trueno_status tni_emit_refuse(tni_emit *e, const tni_ir_node *node, const char *what) {
    char type[40];
    (void)tni_type_print(node->type, type);
    return tni_fail_at(e->error, TRUENO_ERROR_UNSUPPORTED, node->position,
                       "the GPU does not run %s of type %s", what, type);
}

/* ----------------------------------------------------------------- classes and pieces --- */

TNI_FN bool tni_emit_signed(tni_physical p) {
    return p == TNI_PHYSICAL_I8 || p == TNI_PHYSICAL_I16 || p == TNI_PHYSICAL_I32 ||
           p == TNI_PHYSICAL_I64;
}
TNI_FN bool tni_emit_float(tni_physical p) {
    return p == TNI_PHYSICAL_F32 || p == TNI_PHYSICAL_F64;
}
TNI_FN bool tni_emit_class_of(tni_physical p, tni_emit_class *out) {
    switch (p) {
    case TNI_PHYSICAL_BOOL: *out = TNI_EMIT_BOOL; return true;
    case TNI_PHYSICAL_I64:
    case TNI_PHYSICAL_U64:
    case TNI_PHYSICAL_F64: *out = TNI_EMIT_LONG; return true;
    case TNI_PHYSICAL_I128:
    case TNI_PHYSICAL_INTERVAL: return false;
    default: *out = TNI_EMIT_WORD; return true;
    }
}
TNI_FN uint32_t tni_emit_bits_of(tni_physical p) {
    return p == TNI_PHYSICAL_BOOL ? 1 : tni_physical_width(p) * 8;
}

TNI_FN uint32_t tni_emit_type(const tni_emit *e, tni_emit_class c) {
    return c == TNI_EMIT_BOOL   ? e->spirv.type_bool
           : c == TNI_EMIT_WORD ? e->spirv.type_u32
                                : e->spirv.type_u64;
}
/* A constant of the word size of a class. */
TNI_FN uint32_t tni_emit_number(tni_emit *e, tni_emit_class c, uint64_t v) {
    return c == TNI_EMIT_LONG ? tni_spirv_u64(&e->spirv, v) : tni_spirv_u32(&e->spirv, (uint32_t)v);
}
TNI_FN uint32_t tni_emit_2(tni_emit *e, tni_spirv_op op, tni_emit_class c, uint32_t a, uint32_t b) {
    return tni_spirv_2(&e->spirv, op, tni_emit_type(e, c), a, b);
}
TNI_FN uint32_t tni_emit_test(tni_emit *e, tni_spirv_op op, uint32_t a, uint32_t b) {
    return tni_spirv_2(&e->spirv, op, e->spirv.type_bool, a, b);
}
TNI_FN uint32_t tni_emit_not(tni_emit *e, uint32_t a) {
    return tni_spirv_1(&e->spirv, TNI_SPIRV_LOGICAL_NOT, e->spirv.type_bool, a);
}
TNI_FN uint32_t tni_emit_select(tni_emit *e, tni_emit_class c, uint32_t test, uint32_t a,
                                uint32_t b) {
    return tni_spirv_3(&e->spirv, TNI_SPIRV_SELECT, tni_emit_type(e, c), test, a, b);
}
/* Booleans of which 0 means true. */
TNI_FN uint32_t tni_emit_both(tni_emit *e, uint32_t a, uint32_t b) {
    return a == 0 ? b : b == 0 ? a : tni_emit_test(e, TNI_SPIRV_LOGICAL_AND, a, b);
}
/* Booleans of which 0 means false. */
TNI_FN uint32_t tni_emit_either(tni_emit *e, uint32_t a, uint32_t b) {
    return a == 0 ? b : b == 0 ? a : tni_emit_test(e, TNI_SPIRV_LOGICAL_OR, a, b);
}
/* True and not NULL. */
TNI_FN uint32_t tni_emit_true(tni_emit *e, tni_emit_value v) {
    return tni_emit_both(e, v.id, v.valid);
}

/* An operation failed in the rows where `test` holds. */
TNI_FN void tni_emit_fail(tni_emit *e, const tni_ir_node *node, uint32_t test, uint32_t valid) {
    uint32_t counts = tni_emit_both(e, test, tni_emit_both(e, valid, e->active));
    if (node->predicate != TNI_IR_NONE) {
        counts = tni_emit_both(e, counts, tni_emit_true(e, e->registers[node->predicate]));
    }
    e->failed = tni_emit_either(e, e->failed, counts);
}

/* ------------------------------------------------------------------------------ inputs --- */

TNI_FN trueno_status tni_emit_input(tni_emit *e, const tni_gpu_input *wanted, uint32_t *out) {
    tni_gpu_code *code = e->code;
    *out = code->input_count;
    if (code->input_count == TNI_GPU_COLUMNS) {
        return tni_fail(e->error, TRUENO_ERROR_UNSUPPORTED,
                        "the GPU does not run passes over more than %u column parts",
                        (unsigned)TNI_GPU_COLUMNS);
    }
    code->inputs[code->input_count++] = *wanted;
    return TRUENO_OK;
}

static trueno_status tni_emit_part(tni_emit *e, uint32_t column, tni_gpu_part part,
                                   uint32_t *out) {
    tni_gpu_input input = TNI_ZERO;
    input.column = column;
    input.part = part;
    return tni_emit_input(e, &input, out);
}

TNI_FN uint32_t tni_emit_load_word(tni_emit *e, uint32_t input, uint32_t index) {
    tni_spirv *s = &e->spirv;
    uint32_t pointer = tni_spirv_access(s, s->pointer_u32, s->column, tni_spirv_u32(s, input),
                                        tni_spirv_u32(s, 0), index);
    return tni_spirv_1(s, TNI_SPIRV_LOAD, s->type_u32, pointer);
}

TNI_FN uint32_t tni_emit_load_long(tni_emit *e, uint32_t input, uint32_t index) {
    tni_spirv *s = &e->spirv;
    uint32_t pointer = tni_spirv_access(s, s->pointer_pair, s->pairs, tni_spirv_u32(s, input),
                                        tni_spirv_u32(s, 0), index);
    uint32_t pair = tni_spirv_1(s, TNI_SPIRV_LOAD, s->type_pair, pointer);
    return tni_spirv_1(s, TNI_SPIRV_BITCAST, s->type_u64, pair);
}

/* Bit `index` of a bitmap. */
static uint32_t tni_emit_load_bit(tni_emit *e, uint32_t input, uint32_t index) {
    tni_spirv *s = &e->spirv;
    uint32_t at = tni_emit_2(e, TNI_SPIRV_SHIFT_RIGHT, TNI_EMIT_WORD, index, tni_spirv_u32(s, 5));
    uint32_t bit = tni_emit_2(e, TNI_SPIRV_AND, TNI_EMIT_WORD, index, tni_spirv_u32(s, 31));
    uint32_t word = tni_emit_load_word(e, input, at);
    word = tni_emit_2(e, TNI_SPIRV_SHIFT_RIGHT, TNI_EMIT_WORD, word, bit);
    word = tni_emit_2(e, TNI_SPIRV_AND, TNI_EMIT_WORD, word, tni_spirv_u32(s, 1));
    return tni_emit_test(e, TNI_SPIRV_I_NOT_EQUAL, word, tni_spirv_u32(s, 0));
}

/* The code of a row, `width` bytes, zero-extended to a word (widths below 8). */
static uint32_t tni_emit_load_code(tni_emit *e, uint32_t input, uint32_t width) {
    tni_spirv *s = &e->spirv;
    uint32_t shift = width == 1 ? 2 : 1, at, part, word;
    if (width == 4) {
        return tni_emit_load_word(e, input, s->row);
    }
    at = tni_emit_2(e, TNI_SPIRV_SHIFT_RIGHT, TNI_EMIT_WORD, s->row, tni_spirv_u32(s, shift));
    part = tni_emit_2(e, TNI_SPIRV_AND, TNI_EMIT_WORD, s->row,
                      tni_spirv_u32(s, width == 1 ? 3 : 1));
    part = tni_emit_2(e, TNI_SPIRV_SHIFT_LEFT, TNI_EMIT_WORD, part,
                      tni_spirv_u32(s, width == 1 ? 3 : 4));
    word = tni_emit_load_word(e, input, at);
    word = tni_emit_2(e, TNI_SPIRV_SHIFT_RIGHT, TNI_EMIT_WORD, word, part);
    return tni_emit_2(e, TNI_SPIRV_AND, TNI_EMIT_WORD, word,
                      tni_spirv_u32(s, width == 1 ? 255 : 65535));
}

TNI_FN uint32_t tni_emit_sign_extend(tni_emit *e, uint32_t word, uint32_t bits) {
    uint32_t shift = tni_spirv_u32(&e->spirv, 32 - bits);
    word = tni_emit_2(e, TNI_SPIRV_SHIFT_LEFT, TNI_EMIT_WORD, word, shift);
    return tni_emit_2(e, TNI_SPIRV_SHIFT_SIGNED, TNI_EMIT_WORD, word, shift);
}

/* base + code: right modulo the size of the class, whose values the sum cannot leave. */
static trueno_status tni_emit_based(tni_emit *e, uint32_t column, tni_emit_class c, uint32_t word,
                                    uint32_t width, uint32_t *out) {
    tni_spirv *s = &e->spirv;
    uint32_t input, base;
    TNI_TRY(tni_emit_part(e, column, TNI_GPU_PART_BASES, &input));
    if (e->code->narrow) {
        base = tni_emit_2(e, TNI_SPIRV_SHIFT_LEFT, TNI_EMIT_WORD, s->segment, tni_spirv_u32(s, 1));
        base = tni_emit_load_word(e, input, base); /* the low half */
        *out = tni_emit_2(e, TNI_SPIRV_I_ADD, c, base, word);
        return TRUENO_OK;
    }
    base = tni_emit_load_long(e, input, s->segment);
    if (c == TNI_EMIT_LONG && width < 8) {
        word = tni_spirv_1(s, TNI_SPIRV_U_CONVERT, s->type_u64, word);
    } else if (c == TNI_EMIT_WORD) {
        base = tni_spirv_1(s, TNI_SPIRV_U_CONVERT, s->type_u32, base);
    }
    *out = tni_emit_2(e, TNI_SPIRV_I_ADD, c, base, word);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_emit_column(tni_emit *e, const tni_ir_node *node, tni_emit_value *out) {
    const tni_gpu_layout *layout;
    tni_physical p = tni_type_physical(node->type);
    tni_spirv *s = &e->spirv;
    tni_emit_class c;
    uint32_t input, word;
    if (node->column >= e->shape->column_count) {
        return tni_fail(e->error, TRUENO_ERROR_INTERNAL, "an expression names a missing column");
    }
    layout = &e->shape->columns[node->column];
    if (e->columns[node->column].id != 0) {
        *out = e->columns[node->column];
        return TRUENO_OK;
    }
    if (!tni_emit_class_of(p, &c) || (p == TNI_PHYSICAL_STRING && layout->dictionary == NULL)) {
        return tni_emit_refuse(e, node, "columns");
    }
    if ((layout->width != 1 && layout->width != 2 && layout->width != 4 && layout->width != 8) ||
        (layout->width == 8 && c != TNI_EMIT_LONG) ||
        (!layout->based && p != TNI_PHYSICAL_STRING && layout->width != tni_physical_width(p))) {
        return tni_fail(e->error, TRUENO_ERROR_INTERNAL, "a column's layout does not fit its type");
    }
    TNI_TRY(tni_emit_part(e, node->column, TNI_GPU_PART_VALUES, &input));
    word = layout->width == 8 ? tni_emit_load_long(e, input, s->row)
                              : tni_emit_load_code(e, input, layout->width);
    if (layout->based) {
        TNI_TRY(tni_emit_based(e, node->column, c, word, layout->width, &word));
    } else if (layout->width < 4 && tni_emit_signed(p)) {
        word = tni_emit_sign_extend(e, word, layout->width * 8u);
    }
    if (c == TNI_EMIT_BOOL) {
        word = tni_emit_test(e, TNI_SPIRV_I_NOT_EQUAL, word, tni_spirv_u32(s, 0));
    }
    out->id = word;
    out->valid = 0;
    if (layout->nullable) {
        TNI_TRY(tni_emit_part(e, node->column, TNI_GPU_PART_VALIDITY, &input));
        out->valid = tni_emit_load_bit(e, input, s->row);
    }
    e->columns[node->column] = *out;
    return TRUENO_OK;
}

/* A literal from the push constants. */
static trueno_status tni_emit_literal(tni_emit *e, tni_emit_class c, uint64_t bits,
                                      uint32_t *out) {
    tni_spirv *s = &e->spirv;
    uint32_t pointer;
    if (e->code->literal_count == TNI_GPU_LITERALS) {
        return tni_fail(e->error, TRUENO_ERROR_UNSUPPORTED,
                        "the GPU does not run passes with more than %u literals",
                        (unsigned)TNI_GPU_LITERALS);
    }
    pointer = tni_spirv_access(s, e->code->narrow ? s->pointer_push32 : s->pointer_literal, s->push,
                               tni_spirv_u32(s, 2), tni_spirv_u32(s, e->code->literal_count),
                               e->code->narrow ? tni_spirv_u32(s, 0) : 0);
    e->code->literals[e->code->literal_count++] = bits;
    if (e->code->narrow) {
        *out = tni_spirv_1(s, TNI_SPIRV_LOAD, tni_emit_type(e, c), pointer);
        return TRUENO_OK;
    }
    *out = tni_spirv_1(s, TNI_SPIRV_LOAD, s->type_u64, pointer);
    if (c == TNI_EMIT_WORD) {
        *out = tni_spirv_1(s, TNI_SPIRV_U_CONVERT, s->type_u32, *out);
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_emit_value_of(tni_emit *e, const tni_ir_node *node, const tni_value *value,
                                       tni_emit_value *out) {
    tni_physical p = tni_type_physical(value->type);
    uint64_t bits = 0;
    uint8_t raw[16] = {0};
    tni_emit_class c;
    out->valid = 0;
    if (!tni_emit_class_of(p, &c) || p == TNI_PHYSICAL_STRING) {
        return tni_emit_refuse(e, node, "constants");
    }
    if (value->is_null) {
        out->valid = tni_spirv_bool(&e->spirv, false);
        out->id = c == TNI_EMIT_BOOL ? out->valid : tni_emit_number(e, c, 0);
        return TRUENO_OK;
    }
    if (c == TNI_EMIT_BOOL) {
        out->id = tni_spirv_bool(&e->spirv, value->as.boolean);
        return TRUENO_OK;
    }
    if (tni_emit_float(p)) {
        tni_value_store(value, raw);
        if (p == TNI_PHYSICAL_F32) {
            uint32_t single;
            memcpy(&single, raw, 4);
            bits = single;
        } else {
            memcpy(&bits, raw, 8);
        }
    } else {
        bits = tni_emit_signed(p) ? (uint64_t)value->as.integer : value->as.natural;
    }
    return tni_emit_literal(e, c, bits, &out->id);
}

/* ------------------------------------------------------------------------- comparisons --- */

/* A float's bits as a signed integer in the order of SQL. `zeros`: -0.0 equals 0.0. */
TNI_FN uint32_t tni_emit_order(tni_emit *e, tni_physical p, uint32_t bits, bool zeros) {
    tni_emit_class c = p == TNI_PHYSICAL_F64 ? TNI_EMIT_LONG : TNI_EMIT_WORD;
    bool wide = c == TNI_EMIT_LONG;
    uint32_t most = tni_emit_number(e, c, wide ? UINT64_C(0x7fffffffffffffff) : 0x7fffffffu);
    uint32_t infinity = tni_emit_number(e, c, wide ? UINT64_C(0x7ff0000000000000) : 0x7f800000u);
    uint32_t zero = tni_emit_number(e, c, 0);
    uint32_t magnitude = tni_emit_2(e, TNI_SPIRV_AND, c, bits, most);
    uint32_t key = tni_emit_2(e, TNI_SPIRV_SHIFT_SIGNED, c, bits,
                              tni_spirv_u32(&e->spirv, wide ? 63 : 31));
    key = tni_emit_2(e, TNI_SPIRV_AND, c, key, most);
    key = tni_emit_2(e, TNI_SPIRV_XOR, c, bits, key);
    if (zeros) {
        key = tni_emit_select(e, c, tni_emit_test(e, TNI_SPIRV_I_EQUAL, magnitude, zero), zero,
                              key);
    }
    return tni_emit_select(e, c, tni_emit_test(e, TNI_SPIRV_U_GREATER, magnitude, infinity), most,
                           key);
}

/* a op b for op =, < or <= */
TNI_FN uint32_t tni_emit_relation(tni_emit *e, tni_physical p, int op, uint32_t a, uint32_t b) {
    bool is_signed = tni_emit_signed(p);
    if (p == TNI_PHYSICAL_BOOL) {
        uint32_t less = tni_emit_test(e, TNI_SPIRV_LOGICAL_AND, tni_emit_not(e, a), b);
        return op == 0 ? tni_emit_test(e, TNI_SPIRV_LOGICAL_EQUAL, a, b)
                       : op == 1 ? less : tni_emit_test(e, TNI_SPIRV_LOGICAL_OR,
                                                        tni_emit_not(e, a), b);
    }
    if (tni_emit_float(p)) {
        a = tni_emit_order(e, p, a, true);
        b = tni_emit_order(e, p, b, true);
        is_signed = true;
    }
    if (op == 0) {
        return tni_emit_test(e, TNI_SPIRV_I_EQUAL, a, b);
    }
    return tni_emit_test(e, op == 1 ? (is_signed ? TNI_SPIRV_S_LESS : TNI_SPIRV_U_LESS)
                                    : (is_signed ? TNI_SPIRV_S_LESS_EQUAL : TNI_SPIRV_U_LESS_EQUAL),
                         a, b);
}

static trueno_status tni_emit_comparison(tni_emit *e, const tni_ir_node *node,
                                         tni_emit_value *out) {
    tni_emit_value a = e->registers[node->arguments[0]], b = e->registers[node->arguments[1]];
    tni_physical p = tni_type_physical(e->program->nodes[node->arguments[0]].type);
    bool distinct = node->op == TNI_IR_DISTINCT || node->op == TNI_IR_NOT_DISTINCT;
    bool opposite = node->op == TNI_IR_NOT_EQUAL || node->op == TNI_IR_DISTINCT;
    bool swap = node->op == TNI_IR_GREATER || node->op == TNI_IR_GREATER_EQUAL;
    int op = node->op == TNI_IR_LESS || node->op == TNI_IR_GREATER
                 ? 1
                 : node->op == TNI_IR_LESS_EQUAL || node->op == TNI_IR_GREATER_EQUAL ? 2 : 0;
    if (p == TNI_PHYSICAL_STRING) {
        return tni_emit_refuse(e, &e->program->nodes[node->arguments[0]],
                               "such comparisons of values");
    }
    out->id = tni_emit_relation(e, p, op, swap ? b.id : a.id, swap ? a.id : b.id);
    out->valid = tni_emit_both(e, a.valid, b.valid);
    if (distinct && out->valid != 0) { /* equal: both valid and equal, or both NULL */
        uint32_t yes = tni_spirv_bool(&e->spirv, true);
        uint32_t av = a.valid == 0 ? yes : a.valid, bv = b.valid == 0 ? yes : b.valid;
        uint32_t none = tni_emit_not(e, tni_emit_test(e, TNI_SPIRV_LOGICAL_OR, av, bv));
        out->id = tni_emit_either(e, tni_emit_both(e, out->id, out->valid), none);
        out->valid = 0;
    }
    if (opposite) {
        out->id = tni_emit_not(e, out->id);
    }
    return TRUENO_OK;
}

static trueno_status tni_emit_in(tni_emit *e, const tni_ir_node *node, tni_emit_value *out) {
    tni_emit_value a = e->registers[node->arguments[0]], member;
    tni_physical p = tni_type_physical(e->program->nodes[node->arguments[0]].type);
    uint32_t i, found = 0;
    bool search = node->set_count > TNI_EMIT_MOST_SET;
    if (p == TNI_PHYSICAL_STRING || p == TNI_PHYSICAL_BOOL || (search && tni_emit_float(p))) {
        return tni_emit_refuse(e, &e->program->nodes[node->arguments[0]], "IN of such values");
    }
    if (search) {
        TNI_TRY(tni_emit_search(e, node, p, a.id, &found));
    }
    for (i = 0; i < node->set_count && !search; i++) {
        TNI_TRY(tni_emit_value_of(e, node, &node->set[i], &member));
        found = tni_emit_either(e, found, tni_emit_relation(e, p, 0, a.id, member.id));
    }
    out->id = found == 0 ? tni_spirv_bool(&e->spirv, false) : found;
    out->valid = node->set_has_null ? tni_emit_both(e, a.valid, out->id) : a.valid;
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------- logic --- */

/* AND: unknown unless one argument is false for certain or all are known. OR is its dual. */
static void tni_emit_logic(tni_emit *e, const tni_ir_node *node, tni_emit_value *out) {
    bool is_or = node->op == TNI_IR_OR, nullable = false;
    uint32_t deciding = 0, known = 0, plain = 0, i;
    for (i = 0; i < node->argument_count; i++) {
        tni_emit_value v = e->registers[node->arguments[i]];
        uint32_t decides = tni_emit_both(e, is_or ? v.id : tni_emit_not(e, v.id), v.valid);
        deciding = tni_emit_either(e, deciding, decides);
        known = tni_emit_both(e, known, v.valid);
        nullable = nullable || v.valid != 0;
    }
    plain = is_or ? deciding : tni_emit_not(e, deciding);
    out->id = plain;
    out->valid = nullable ? tni_emit_either(e, deciding, known) : 0;
}

TNI_FN void tni_emit_choose(tni_emit *e, tni_emit_class c, uint32_t test, tni_emit_value a,
                            tni_emit_value b, tni_emit_value *out) {
    uint32_t yes = tni_spirv_bool(&e->spirv, true);
    out->id = tni_emit_select(e, c, test, a.id, b.id);
    out->valid = a.valid == 0 && b.valid == 0
                     ? 0
                     : tni_emit_select(e, TNI_EMIT_BOOL, test, a.valid == 0 ? yes : a.valid,
                                       b.valid == 0 ? yes : b.valid);
}

static trueno_status tni_emit_branching(tni_emit *e, const tni_ir_node *node,
                                        tni_emit_value *out) {
    const uint32_t *arguments = node->arguments;
    tni_physical p = tni_type_physical(node->type);
    tni_emit_class c;
    uint32_t i;
    if (!tni_emit_class_of(p, &c) || p == TNI_PHYSICAL_STRING) {
        return tni_emit_refuse(e, node, "CASE or COALESCE");
    }
    if (node->op == TNI_IR_SELECT) {
        tni_emit_choose(e, c, tni_emit_true(e, e->registers[arguments[0]]),
                        e->registers[arguments[1]], e->registers[arguments[2]], out);
        return TRUENO_OK;
    }
    *out = e->registers[arguments[node->argument_count - 1]];
    for (i = node->argument_count - 1; i-- > 0;) {
        tni_emit_value v = e->registers[arguments[i]];
        if (v.valid == 0) {
            *out = v;
        } else {
            uint32_t valid = v.valid;
            v.valid = 0;
            tni_emit_choose(e, c, valid, v, *out, out);
        }
    }
    return TRUENO_OK;
}

static void tni_emit_null_test(tni_emit *e, const tni_ir_node *node, tni_emit_value *out) {
    tni_emit_value v = e->registers[node->arguments[0]];
    out->valid = 0;
    if (node->op == TNI_IR_IS_TRUE) {
        out->id = tni_emit_true(e, v);
    } else if (v.valid == 0) {
        out->id = tni_spirv_bool(&e->spirv, node->op == TNI_IR_IS_NOT_NULL);
    } else {
        out->id = node->op == TNI_IR_IS_NOT_NULL ? v.valid : tni_emit_not(e, v.valid);
    }
}

/* -------------------------------------------------------------------------- arithmetic --- */

TNI_FN uint32_t tni_emit_negative(tni_emit *e, tni_emit_class c, uint32_t v) {
    return tni_emit_test(e, TNI_SPIRV_S_LESS, v, tni_emit_number(e, c, 0));
}

/* Does a word, right modulo 2^32, leave the range of a narrower type? 0: it cannot. */
static uint32_t tni_emit_leaves(tni_emit *e, tni_physical p, uint32_t v) {
    uint32_t bits = tni_emit_bits_of(p);
    if (bits >= 32) {
        return 0;
    }
    if (tni_emit_signed(p)) {
        return tni_emit_test(e, TNI_SPIRV_I_NOT_EQUAL, v, tni_emit_sign_extend(e, v, bits));
    }
    return tni_emit_test(e, TNI_SPIRV_U_GREATER, v, tni_spirv_u32(&e->spirv, (1u << bits) - 1));
}

TNI_FN uint32_t tni_emit_sum(tni_emit *e, tni_physical p, tni_emit_class c, bool minus, uint32_t a,
                             uint32_t b, uint32_t *bad) {
    uint32_t r = tni_emit_2(e, minus ? TNI_SPIRV_I_SUB : TNI_SPIRV_I_ADD, c, a, b);
    if (tni_emit_bits_of(p) < 32) {
        *bad = tni_emit_leaves(e, p, r);
    } else if (tni_emit_signed(p)) {
        /* the operands' signs agree (differ, for -) and the result's sign differs from a's */
        uint32_t first = tni_emit_2(e, TNI_SPIRV_XOR, c, a, minus ? b : r);
        uint32_t second = tni_emit_2(e, TNI_SPIRV_XOR, c, minus ? a : b, r);
        *bad = tni_emit_negative(e, c, tni_emit_2(e, TNI_SPIRV_AND, c, first, second));
    } else {
        *bad = minus ? tni_emit_test(e, TNI_SPIRV_U_LESS, a, b)
                     : tni_emit_test(e, TNI_SPIRV_U_LESS, r, a);
    }
    return r;
}

/* 64-bit product of magnitudes through 32-bit halves: exact unless both have high halves. */
static uint32_t tni_emit_product_u64(tni_emit *e, uint32_t a, uint32_t b, uint32_t *bad) {
    const tni_emit_class c = TNI_EMIT_LONG;
    uint32_t half = tni_spirv_u32(&e->spirv, 32), low = tni_spirv_u64(&e->spirv, 0xffffffffu);
    uint32_t zero = tni_spirv_u64(&e->spirv, 0);
    uint32_t ah = tni_emit_2(e, TNI_SPIRV_SHIFT_RIGHT, c, a, half);
    uint32_t bh = tni_emit_2(e, TNI_SPIRV_SHIFT_RIGHT, c, b, half);
    uint32_t al = tni_emit_2(e, TNI_SPIRV_AND, c, a, low);
    uint32_t bl = tni_emit_2(e, TNI_SPIRV_AND, c, b, low);
    uint32_t both = tni_emit_test(e, TNI_SPIRV_LOGICAL_AND,
                                  tni_emit_test(e, TNI_SPIRV_I_NOT_EQUAL, ah, zero),
                                  tni_emit_test(e, TNI_SPIRV_I_NOT_EQUAL, bh, zero));
    uint32_t middle = tni_emit_2(e, TNI_SPIRV_I_ADD, c, tni_emit_2(e, TNI_SPIRV_I_MUL, c, ah, bl),
                                 tni_emit_2(e, TNI_SPIRV_I_MUL, c, al, bh));
    uint32_t lowest = tni_emit_2(e, TNI_SPIRV_I_MUL, c, al, bl);
    uint32_t r = tni_emit_2(e, TNI_SPIRV_I_ADD, c, lowest,
                            tni_emit_2(e, TNI_SPIRV_SHIFT_LEFT, c, middle, half));
    uint32_t wide = tni_emit_test(e, TNI_SPIRV_U_GREATER, middle, low);
    uint32_t carry = tni_emit_test(e, TNI_SPIRV_U_LESS, r, lowest);
    *bad = tni_emit_either(e, both, tni_emit_either(e, wide, carry));
    return r;
}

TNI_FN uint32_t tni_emit_magnitude(tni_emit *e, tni_emit_class c, uint32_t v) {
    uint32_t minus = tni_emit_2(e, TNI_SPIRV_I_SUB, c, tni_emit_number(e, c, 0), v);
    return tni_emit_select(e, c, tni_emit_negative(e, c, v), minus, v);
}

/* Product of words where there are no wider ones: if it wrapped, it is too small to give the factor
 * back. */
static uint32_t tni_emit_product_u32(tni_emit *e, uint32_t a, uint32_t b, uint32_t *bad) {
    const tni_emit_class c = TNI_EMIT_WORD;
    uint32_t r = tni_emit_2(e, TNI_SPIRV_I_MUL, c, a, b);
    uint32_t some = tni_emit_test(e, TNI_SPIRV_I_NOT_EQUAL, a, tni_spirv_u32(&e->spirv, 0));
    uint32_t by = tni_emit_select(e, c, some, a, tni_spirv_u32(&e->spirv, 1));
    uint32_t back = tni_emit_2(e, TNI_SPIRV_U_DIV, c, r, by);
    *bad = tni_emit_both(e, some, tni_emit_test(e, TNI_SPIRV_I_NOT_EQUAL, back, b));
    return r;
}

static uint32_t tni_emit_product_signed(tni_emit *e, tni_emit_class c, uint32_t a, uint32_t b,
                                        uint32_t *bad) {
    const uint64_t top = c == TNI_EMIT_LONG ? UINT64_C(1) << 63 : UINT64_C(1) << 31;
    uint32_t sign = tni_emit_negative(e, c, tni_emit_2(e, TNI_SPIRV_XOR, c, a, b));
    uint32_t most =
        tni_emit_select(e, c, sign, tni_emit_number(e, c, top), tni_emit_number(e, c, top - 1));
    uint32_t x = tni_emit_magnitude(e, c, a), y = tni_emit_magnitude(e, c, b);
    uint32_t r = c == TNI_EMIT_LONG ? tni_emit_product_u64(e, x, y, bad)
                                    : tni_emit_product_u32(e, x, y, bad);
    *bad = tni_emit_either(e, *bad, tni_emit_test(e, TNI_SPIRV_U_GREATER, r, most));
    return tni_emit_select(e, c, sign,
                           tni_emit_2(e, TNI_SPIRV_I_SUB, c, tni_emit_number(e, c, 0), r), r);
}

TNI_FN uint32_t tni_emit_product(tni_emit *e, tni_physical p, uint32_t a, uint32_t b,
                                 uint32_t *bad) {
    tni_spirv *s = &e->spirv;
    tni_spirv_op widen = p == TNI_PHYSICAL_I32 ? TNI_SPIRV_S_CONVERT : TNI_SPIRV_U_CONVERT;
    uint32_t r, back;
    if (p == TNI_PHYSICAL_I64) {
        return tni_emit_product_signed(e, TNI_EMIT_LONG, a, b, bad);
    }
    if (p == TNI_PHYSICAL_U64) {
        return tni_emit_product_u64(e, a, b, bad);
    }
    if (tni_emit_bits_of(p) < 32) {
        r = tni_emit_2(e, TNI_SPIRV_I_MUL, TNI_EMIT_WORD, a, b);
        *bad = tni_emit_leaves(e, p, r);
        return r;
    }
    if (e->code->narrow) {
        return p == TNI_PHYSICAL_I32 ? tni_emit_product_signed(e, TNI_EMIT_WORD, a, b, bad)
                                     : tni_emit_product_u32(e, a, b, bad);
    }
    r = tni_emit_2(e, TNI_SPIRV_I_MUL, TNI_EMIT_LONG, tni_spirv_1(s, widen, s->type_u64, a),
                   tni_spirv_1(s, widen, s->type_u64, b));
    back = tni_spirv_1(s, TNI_SPIRV_U_CONVERT, s->type_u32, r);
    *bad = tni_emit_test(e, TNI_SPIRV_I_NOT_EQUAL, r, tni_spirv_1(s, widen, s->type_u64, back));
    return back;
}

/* r outside (-10^precision, 10^precision) */
TNI_FN uint32_t tni_emit_decimal_leaves(tni_emit *e, tni_type type, uint32_t r) {
    uint64_t limit = tni_i128_power10(type.precision).low;
    uint32_t shifted =
        tni_emit_2(e, TNI_SPIRV_I_ADD, TNI_EMIT_LONG, r, tni_spirv_u64(&e->spirv, limit - 1));
    return tni_emit_test(e, TNI_SPIRV_U_GREATER, shifted, tni_spirv_u64(&e->spirv, 2 * limit - 2));
}

/* a // b and a % b: NULL for b = 0. The remainder comes from the quotient, because Vulkan leaves
 * OpSRem of negative numbers undefined. */
static void tni_emit_division(tni_emit *e, const tni_ir_node *node, tni_emit_class c,
                              tni_physical p, tni_emit_value a, tni_emit_value b,
                              tni_emit_value *out) {
    bool is_signed = tni_emit_signed(p), quotient = node->function->device != TNI_DEVICE_MODULO;
    uint32_t zero = tni_emit_number(e, c, 0), one = tni_emit_number(e, c, 1);
    uint32_t none = tni_emit_test(e, TNI_SPIRV_I_EQUAL, b.id, zero);
    uint32_t safe = tni_emit_select(e, c, none, one, b.id), r;
    out->valid = tni_emit_both(e, out->valid, tni_emit_not(e, none));
    if (is_signed) {
        uint32_t bits = tni_emit_bits_of(p);
        uint64_t least = ~UINT64_C(0) << (bits - 1);
        uint32_t minus = tni_emit_test(e, TNI_SPIRV_I_EQUAL, b.id,
                                       tni_emit_number(e, c, ~UINT64_C(0)));
        uint32_t bad = tni_emit_both(
            e, minus, tni_emit_test(e, TNI_SPIRV_I_EQUAL, a.id, tni_emit_number(e, c, least)));
        safe = tni_emit_select(e, c, bad, one, safe);
        if (quotient) {
            tni_emit_fail(e, node, bad, out->valid);
        }
        r = tni_emit_2(e, TNI_SPIRV_S_DIV, c, a.id, safe);
    } else {
        r = tni_emit_2(e, TNI_SPIRV_U_DIV, c, a.id, safe);
    }
    out->id = quotient ? r : tni_emit_2(e, TNI_SPIRV_I_SUB, c, a.id,
                                        tni_emit_2(e, TNI_SPIRV_I_MUL, c, r, safe));
}

static void tni_emit_unary(tni_emit *e, const tni_ir_node *node, tni_emit_class c, tni_physical p,
                           tni_emit_value a, tni_emit_value *out) {
    bool negate = node->function->device == TNI_DEVICE_NEGATE;
    uint32_t bits = tni_emit_bits_of(p);
    uint64_t sign = UINT64_C(1) << (bits - 1);
    if (tni_emit_float(p)) {
        out->id = tni_emit_2(e, negate ? TNI_SPIRV_XOR : TNI_SPIRV_AND, c, a.id,
                             tni_emit_number(e, c, negate ? sign : sign - 1));
    } else if (tni_emit_signed(p)) {
        uint32_t least = tni_emit_number(e, c, ~UINT64_C(0) << (bits - 1));
        tni_emit_fail(e, node, tni_emit_test(e, TNI_SPIRV_I_EQUAL, a.id, least), out->valid);
        out->id = negate ? tni_emit_2(e, TNI_SPIRV_I_SUB, c, tni_emit_number(e, c, 0), a.id)
                         : tni_emit_magnitude(e, c, a.id);
    } else {
        out->id = a.id; /* the magnitude of an unsigned number */
    }
}

/* a << b and a >> b through 64 bits. To shift by or (left) of a negative number is an error. */
static void tni_emit_shift(tni_emit *e, const tni_ir_node *node, tni_emit_class class_of,
                           tni_physical p, tni_emit_value *out) {
    const tni_emit_class c = TNI_EMIT_LONG;
    tni_spirv *s = &e->spirv;
    bool left = node->function->device == TNI_DEVICE_SHIFT_LEFT, is_signed = tni_emit_signed(p);
    uint32_t x = tni_emit_to_long(e, p, e->registers[node->arguments[0]].id);
    uint32_t by = tni_emit_to_long(e, p, e->registers[node->arguments[1]].id);
    uint32_t zero = tni_spirv_u64(s, 0), most = tni_spirv_u64(s, 63), r, bad, back;
    uint32_t bits = tni_emit_bits_of(p) - (is_signed ? 1u : 0u);
    uint32_t far = tni_emit_test(e, TNI_SPIRV_U_GREATER, by, most);
    uint32_t n = tni_emit_select(e, c, far, most, by);
    bad = is_signed ? tni_emit_negative(e, c, by) : 0;
    if (left) {
        tni_spirv_op inverse = is_signed ? TNI_SPIRV_SHIFT_SIGNED : TNI_SPIRV_SHIFT_RIGHT;
        r = tni_emit_2(e, TNI_SPIRV_SHIFT_LEFT, c, x, n);
        r = tni_emit_select(e, c, far, zero, r);
        back = tni_emit_2(e, inverse, c, r, n);
        bad = is_signed ? tni_emit_either(e, bad, tni_emit_negative(e, c, x)) : bad;
        bad = tni_emit_either(e, bad, tni_emit_test(e, TNI_SPIRV_I_NOT_EQUAL, back, x));
        bad = tni_emit_either(
            e, bad, tni_emit_test(e, TNI_SPIRV_U_GREATER, r, tni_spirv_u64(s, tni_low_bits(bits))));
    } else {
        r = tni_emit_2(e, is_signed ? TNI_SPIRV_SHIFT_SIGNED : TNI_SPIRV_SHIFT_RIGHT, c, x, n);
        r = is_signed ? r : tni_emit_select(e, c, far, zero, r);
    }
    if (bad != 0) {
        tni_emit_fail(e, node, bad, out->valid);
    }
    out->id = tni_emit_from_long(e, class_of, r);
}

static void tni_emit_complement(tni_emit *e, tni_emit_class c, tni_physical p, uint32_t v,
                                tni_emit_value *out) {
    out->id = tni_spirv_1(&e->spirv, TNI_SPIRV_BIT_NOT, tni_emit_type(e, c), v);
    if (tni_emit_bits_of(p) < 32 && !tni_emit_signed(p)) {
        out->id = tni_emit_2(e, TNI_SPIRV_AND, c, out->id,
                             tni_emit_number(e, c, tni_low_bits(tni_emit_bits_of(p))));
    }
}

static bool tni_emit_arithmetic_type(tni_type type) {
    return tni_type_is_numeric(type) && type.id != TRUENO_TYPE_HUGEINT &&
           tni_type_physical(type) != TNI_PHYSICAL_I128;
}

static trueno_status tni_emit_binary(tni_emit *e, const tni_ir_node *node, tni_emit_class c,
                                     tni_physical p, tni_emit_value *out) {
    tni_emit_value a = e->registers[node->arguments[0]], b = e->registers[node->arguments[1]];
    uint8_t device = node->function->device;
    uint32_t bad = 0;
    if (tni_emit_float(p)) {
        return tni_emit_float_binary(e, node, out);
    }
    switch (device) {
    case TNI_DEVICE_ADD:
    case TNI_DEVICE_SUBTRACT:
        out->id = tni_emit_sum(e, p, c, device == TNI_DEVICE_SUBTRACT, a.id, b.id, &bad);
        break;
    case TNI_DEVICE_MULTIPLY: out->id = tni_emit_product(e, p, a.id, b.id, &bad); break;
    case TNI_DEVICE_BIT_AND: out->id = tni_emit_2(e, TNI_SPIRV_AND, c, a.id, b.id); break;
    case TNI_DEVICE_BIT_OR: out->id = tni_emit_2(e, TNI_SPIRV_OR, c, a.id, b.id); break;
    case TNI_DEVICE_BIT_XOR: out->id = tni_emit_2(e, TNI_SPIRV_XOR, c, a.id, b.id); break;
    case TNI_DEVICE_SHIFT_LEFT:
    case TNI_DEVICE_SHIFT_RIGHT: tni_emit_shift(e, node, c, p, out); return TRUENO_OK;
    default:
        if (node->type.id == TRUENO_TYPE_DECIMAL && device != TNI_DEVICE_MODULO) {
            return tni_emit_refuse(e, node, "division");
        }
        tni_emit_division(e, node, c, p, a, b, out);
        return TRUENO_OK;
    }
    if (node->type.id == TRUENO_TYPE_DECIMAL) {
        bad = tni_emit_either(e, bad, tni_emit_decimal_leaves(e, node->type, out->id));
    }
    if (bad != 0) {
        tni_emit_fail(e, node, bad, out->valid);
    }
    return TRUENO_OK;
}

/* greatest and least of those that are not NULL; of equals, the first. */
static trueno_status tni_emit_extreme(tni_emit *e, const tni_ir_node *node, tni_emit_value *out) {
    bool greatest = node->function->device == TNI_DEVICE_GREATEST;
    tni_physical p = tni_type_physical(node->type);
    tni_emit_class c;
    uint32_t i;
    if (!tni_emit_class_of(p, &c) || p == TNI_PHYSICAL_STRING) {
        return tni_emit_refuse(e, node, node->function->name);
    }
    *out = e->registers[node->arguments[0]];
    for (i = 1; i < node->argument_count; i++) {
        tni_emit_value v = e->registers[node->arguments[i]];
        uint32_t take =
            tni_emit_relation(e, p, 1, greatest ? out->id : v.id, greatest ? v.id : out->id);
        take = tni_emit_both(e, take, v.valid);
        if (out->valid != 0) {
            uint32_t first = tni_emit_not(e, out->valid);
            take = tni_emit_either(e, take, tni_emit_both(e, first, v.valid));
            out->valid = v.valid == 0 ? 0 : tni_emit_either(e, out->valid, v.valid);
        }
        out->id = tni_emit_select(e, c, take, v.id, out->id);
    }
    return TRUENO_OK;
}

/* Functions of numbers whose arguments all lie in memory like the result. */
static trueno_status tni_emit_arithmetic(tni_emit *e, const tni_ir_node *node,
                                         tni_emit_value *out) {
    tni_physical p = tni_type_physical(node->type);
    uint8_t device = node->function->device;
    tni_emit_class c;
    uint32_t i;
    if (!tni_emit_arithmetic_type(node->type) || !tni_emit_class_of(p, &c)) {
        return tni_emit_refuse(e, node, node->function->name);
    }
    for (i = 0; i < node->argument_count; i++) {
        tni_type type = e->program->nodes[node->arguments[i]].type;
        if (!tni_emit_arithmetic_type(type) || tni_type_physical(type) != p) {
            return tni_emit_refuse(e, node, node->function->name);
        }
    }
    if (device == TNI_DEVICE_BIT_NOT) {
        tni_emit_complement(e, c, p, e->registers[node->arguments[0]].id, out);
        return TRUENO_OK;
    }
    if (device == TNI_DEVICE_NEGATE || device == TNI_DEVICE_ABS) {
        tni_emit_unary(e, node, c, p, e->registers[node->arguments[0]], out);
        return TRUENO_OK;
    }
    return tni_emit_binary(e, node, c, p, out);
}

static trueno_status tni_emit_call(tni_emit *e, const tni_ir_node *node, tni_emit_value *out) {
    uint8_t device = node->function->device;
    bool dates = false;
    uint32_t i;
    out->valid = 0;
    if (device == TNI_DEVICE_GREATEST || device == TNI_DEVICE_LEAST) {
        return tni_emit_extreme(e, node, out);
    }
    for (i = 0; i < node->argument_count; i++) {
        tni_type type = e->program->nodes[node->arguments[i]].type;
        dates = dates || tni_emit_temporal(type) || type.id == TRUENO_TYPE_INTERVAL ||
                type.id == TRUENO_TYPE_TIME;
        out->valid = tni_emit_both(e, out->valid, e->registers[node->arguments[i]].valid);
    }
    switch (device) {
    case TNI_DEVICE_NONE: return tni_emit_refuse(e, node, node->function->name);
    case TNI_DEVICE_DATE_PART: return tni_emit_date_part(e, node, out);
    case TNI_DEVICE_DATE_TRUNC: return tni_emit_date_trunc(e, node, out);
    case TNI_DEVICE_ROUND:
    case TNI_DEVICE_ROUND_EVEN:
    case TNI_DEVICE_TRUNC:
    case TNI_DEVICE_FLOOR:
    case TNI_DEVICE_CEIL:
    case TNI_DEVICE_SIGN:
    case TNI_DEVICE_IS_NAN:
    case TNI_DEVICE_IS_INFINITE:
    case TNI_DEVICE_IS_FINITE: return tni_emit_rounding(e, node, out);
    default: break;
    }
    if (device >= TNI_DEVICE_SQRT) {
        return tni_emit_math(e, node, out);
    }
    return dates ? tni_emit_date_sum(e, node, out) : tni_emit_arithmetic(e, node, out);
}

/* ---------------------------------------------------------------------------- programs --- */

static trueno_status tni_emit_node(tni_emit *e, const tni_ir_node *node, tni_emit_value *out) {
    out->id = out->valid = 0;
    switch (node->op) {
    case TNI_IR_COLUMN: return tni_emit_column(e, node, out);
    case TNI_IR_CONSTANT:
        if (!node->constant.is_null &&
            (tni_type_is_string(node->type) || node->type.id == TRUENO_TYPE_INTERVAL)) {
            out->id = tni_spirv_u32(&e->spirv, 0); /* for those who look at the node itself */
            return TRUENO_OK;
        }
        return tni_emit_value_of(e, node, &node->constant, out);
    case TNI_IR_CALL: return tni_emit_call(e, node, out);
    case TNI_IR_CAST: return tni_emit_cast(e, node, out);
    case TNI_IR_SELECT:
    case TNI_IR_COALESCE: return tni_emit_branching(e, node, out);
    case TNI_IR_AND:
    case TNI_IR_OR: tni_emit_logic(e, node, out); return TRUENO_OK;
    case TNI_IR_NOT:
        out->id = tni_emit_not(e, e->registers[node->arguments[0]].id);
        out->valid = e->registers[node->arguments[0]].valid;
        return TRUENO_OK;
    case TNI_IR_IS_NULL:
    case TNI_IR_IS_NOT_NULL:
    case TNI_IR_IS_TRUE: tni_emit_null_test(e, node, out); return TRUENO_OK;
    case TNI_IR_IN: return tni_emit_in(e, node, out);
    default: return tni_emit_comparison(e, node, out);
    }
}

static trueno_status tni_emit_program(tni_emit *e, const tni_program *program) {
    uint32_t i;
    if (program->count > TNI_EMIT_MOST_NODES) {
        return tni_fail(e->error, TRUENO_ERROR_UNSUPPORTED,
                        "the GPU does not run expressions this long");
    }
    e->program = program;
    e->registers = (tni_emit_value *)tni_arena_alloc(e->spirv.arena,
                                                     program->count * sizeof *e->registers);
    if (e->registers == NULL) {
        return tni_fail_memory(e->error, program->count * sizeof *e->registers);
    }
    TNI_TRY(tni_emit_text_mark(e));
    for (i = 0; i < program->count; i++) {
        if (e->text[i] == TNI_EMIT_TEXT_ROOT) {
            TNI_TRY(tni_emit_text_root(e, i, &e->registers[i]));
        } else if (e->text[i] == TNI_EMIT_TEXT_NONE) {
            TNI_TRY(tni_emit_node(e, &program->nodes[i], &e->registers[i]));
        }
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------- slots --- */

/* The unsigned 64-bit key of MIN and MAX. */
static uint32_t tni_emit_key(tni_emit *e, tni_physical p, uint32_t v) {
    tni_spirv *s = &e->spirv;
    const uint64_t top = UINT64_C(1) << 63;
    if (p == TNI_PHYSICAL_BOOL) {
        v = tni_emit_select(e, TNI_EMIT_WORD, v, tni_spirv_u32(s, 1), tni_spirv_u32(s, 0));
        return e->code->narrow ? v : tni_spirv_1(s, TNI_SPIRV_U_CONVERT, s->type_u64, v);
    }
    if (e->code->narrow) {
        v = tni_emit_float(p) ? tni_emit_order(e, p, v, false) : v;
        return tni_emit_float(p) || tni_emit_signed(p)
                   ? tni_emit_2(e, TNI_SPIRV_XOR, TNI_EMIT_WORD, v, tni_spirv_u32(s, 1u << 31))
                   : v;
    }
    if (tni_emit_float(p)) {
        v = tni_emit_order(e, p, v, false);
        if (p == TNI_PHYSICAL_F32) {
            v = tni_spirv_1(s, TNI_SPIRV_S_CONVERT, s->type_u64, v);
        }
        return tni_emit_2(e, TNI_SPIRV_XOR, TNI_EMIT_LONG, v, tni_spirv_u64(s, top));
    }
    v = tni_emit_to_long(e, p, v);
    return tni_emit_signed(p) ? tni_emit_2(e, TNI_SPIRV_XOR, TNI_EMIT_LONG, v,
                                           tni_spirv_u64(s, top))
                              : v;
}

static trueno_status tni_emit_slot_value(tni_emit *e, const tni_ir_node *node, uint32_t slot,
                                         tni_gpu_aggregate aggregate, uint32_t v, uint32_t *out) {
    tni_physical p = tni_type_physical(node->type);
    uint32_t *kind = &e->code->kinds[slot];
    tni_emit_class c;
    e->code->physical[slot] = (uint8_t)p;
    if (!tni_emit_class_of(p, &c) || p == TNI_PHYSICAL_STRING) {
        return tni_emit_refuse(e, node, "aggregates of values");
    }
    if (aggregate == TNI_GPU_MIN || aggregate == TNI_GPU_MAX) {
        *kind = aggregate == TNI_GPU_MIN ? TNI_GPU_KIND_MIN : TNI_GPU_KIND_MAX;
        *out = tni_emit_key(e, p, v);
        return TRUENO_OK;
    }
    if (tni_emit_float(p) && e->info->float64) {
        *kind = TNI_GPU_KIND_SUM_F64;
        *out = p == TNI_PHYSICAL_F32 ? tni_emit_widen_float(e, v) : v;
        return TRUENO_OK;
    }
    if (tni_emit_float(p) || p == TNI_PHYSICAL_BOOL) {
        return tni_emit_refuse(e, node, "sums of values");
    }
    if (e->code->narrow) {
        *kind = p == TNI_PHYSICAL_U32 ? TNI_GPU_KIND_SUM_U64 : TNI_GPU_KIND_SUM_SMALL;
        *out = v;
        return TRUENO_OK;
    }
    *kind = tni_emit_bits_of(p) < 64 ? TNI_GPU_KIND_SUM_SMALL
                                     : tni_emit_signed(p) ? TNI_GPU_KIND_SUM_I64
                                                          : TNI_GPU_KIND_SUM_U64;
    *out = tni_emit_to_long(e, p, v);
    return TRUENO_OK;
}

static void tni_emit_put_value(tni_emit *e, uint32_t place, uint32_t value) {
    tni_spirv *s = &e->spirv;
    uint32_t type = e->code->narrow ? s->pointer_private32 : s->pointer_private64;
    tni_spirv_store(s, tni_spirv_access(s, type, s->q_value, tni_spirv_u32(s, place), 0, 0), value);
}

/* `valid` with bit `place` set where `hit` (0: always) holds. */
static uint32_t tni_emit_mark(tni_emit *e, uint32_t valid, uint32_t place, uint32_t hit) {
    uint32_t bit = tni_spirv_u32(&e->spirv, 1u << place);
    if (hit != 0) {
        bit = tni_emit_select(e, TNI_EMIT_WORD, hit, bit, tni_spirv_u32(&e->spirv, 0));
    }
    return tni_emit_2(e, TNI_SPIRV_OR, TNI_EMIT_WORD, valid, bit);
}

static trueno_status tni_emit_extra(tni_emit *e, uint32_t k, uint32_t *valid) {
    uint32_t r = e->shape->values->outputs[e->extras->outputs[k]];
    const tni_ir_node *node = &e->shape->values->nodes[r];
    tni_physical p = tni_type_physical(node->type);
    uint32_t value = e->registers[r].id;
    tni_emit_class c;
    if (!tni_emit_class_of(p, &c) || tni_emit_float(p) ||
        (p == TNI_PHYSICAL_STRING && node->op != TNI_IR_COLUMN)) {
        return tni_emit_refuse(e, node, "keys");
    }
    e->code->key_physical[k] = (uint8_t)p;
    if (p == TNI_PHYSICAL_BOOL) {
        value = tni_emit_select(e, TNI_EMIT_WORD, value, tni_spirv_u32(&e->spirv, 1),
                                tni_spirv_u32(&e->spirv, 0));
    }
    if (c != TNI_EMIT_LONG) {
        value = tni_spirv_1(&e->spirv,
                            tni_emit_signed(p) ? TNI_SPIRV_S_CONVERT : TNI_SPIRV_U_CONVERT,
                            e->spirv.type_u64, value);
    }
    tni_emit_put_value(e, TNI_GPU_SLOTS + k, value);
    *valid = tni_emit_mark(e, *valid, TNI_GPU_SLOTS + k,
                           tni_emit_both(e, e->active, e->registers[r].valid));
    return TRUENO_OK;
}

/* Write q_valid, q_value and q_error. */
static trueno_status tni_emit_slots(tni_emit *e) {
    tni_spirv *s = &e->spirv;
    uint32_t valid = tni_spirv_u32(s, 0), zero = tni_spirv_u32(s, 0), i;
    for (i = 0; i < e->shape->slot_count; i++) {
        const tni_gpu_slot *slot = &e->shape->slots[i];
        uint32_t hit = e->active;
        if (slot->output == TNI_IR_NONE) {
            e->code->kinds[i] = TNI_GPU_KIND_COUNT;
        } else {
            uint32_t r = e->shape->values->outputs[slot->output];
            const tni_ir_node *node = &e->shape->values->nodes[r];
            hit = tni_emit_both(e, hit, e->registers[r].valid);
            e->code->kinds[i] = TNI_GPU_KIND_COUNT;
            if (slot->aggregate != TNI_GPU_COUNT) {
                uint32_t value = 0;
                TNI_TRY(tni_emit_slot_value(e, node, i, slot->aggregate, e->registers[r].id,
                                            &value));
                tni_emit_put_value(e, i, value);
            }
        }
        e->code->never_null |= hit == e->active ? 1u << i : 0;
        valid = tni_emit_mark(e, valid, i, hit);
    }
    for (i = 0; e->extras != NULL && i < e->extras->count; i++) {
        TNI_TRY(tni_emit_extra(e, i, &valid));
    }
    if (e->extras != NULL) {
        valid = tni_emit_mark(e, valid, TNI_GPU_PASSES, e->active);
    }
    tni_spirv_store(s, s->q_valid, valid);
    tni_spirv_store(s, s->q_error,
                    e->failed == 0 ? zero
                                   : tni_emit_select(e, TNI_EMIT_WORD, e->failed,
                                                     tni_spirv_u32(s, 1), zero));
    return TRUENO_OK;
}

/* The kernel's array of inputs is as long as they are many, for devices bind few buffers. */
static trueno_status tni_emit_buffers(tni_emit *e) {
    tni_gpu_code *code = e->code;
    uint32_t beside = e->extras == NULL ? TNI_GPU_SCAN_BESIDE : e->extras->beside;
    code->buffer_count = TNI_MAX(code->input_count, 1);
    TNI_TRY(tni_gpu_buffers_fit(e->info, code->buffer_count + beside, e->error));
    if (e->extras != NULL && e->extras->spare &&
        code->input_count + beside < e->info->storage_buffers) {
        code->buffer_count = code->input_count + 1;
    }
    e->spirv.column_count = code->buffer_count;
    return TRUENO_OK;
}

static trueno_status tni_emit_all(tni_emit *e) {
    const tni_gpu_shape *shape = e->shape;
    if (shape->filter != NULL) {
        TNI_TRY(tni_emit_program(e, shape->filter));
        e->active = tni_emit_true(e, e->registers[shape->filter->outputs[0]]);
    }
    if (shape->values != NULL) {
        TNI_TRY(tni_emit_program(e, shape->values));
    }
    TNI_TRY(tni_emit_slots(e));
    TNI_TRY(tni_emit_buffers(e));
    if (e->spirv.lacking) {
        return tni_fail(e->error, TRUENO_ERROR_UNSUPPORTED,
                        "the query needs values of 64 bits, the GPU %s has no 64-bit integers",
                        e->info->name);
    }
    tni_spirv_float_controls(&e->spirv, e->info);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_gpu_emit(const tni_gpu_info *info, const tni_gpu_shape *shape,
                                  tni_arena *arena, tni_gpu_code *out, tni_error *error) {
    return tni_gpu_emit_into(info, shape, NULL, arena, out, error);
}

TNI_FN trueno_status tni_gpu_emit_into(const tni_gpu_info *info, const tni_gpu_shape *shape,
                                       const tni_gpu_extras *extras, tni_arena *arena,
                                       tni_gpu_code *out, tni_error *error) {
    const char *name = extras == NULL ? "scan_aggregate" : extras->skeleton;
    const uint32_t *words;
    uint32_t count;
    tni_emit e;
    memset(&e, 0, sizeof e);
    memset(out, 0, sizeof *out);
    if (!info->int64 && extras != NULL) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                        "only aggregates without groups, the GPU %s has no 64-bit integers",
                        info->name);
    }
    out->narrow = !info->int64;
    if (!info->int64) {
        name = "scan_aggregate_words";
    } else if (!info->float64) {
        name = extras == NULL ? "scan_aggregate_int" : extras->skeleton_int;
    }
    if (!tni_spirv_skeleton(info, name, &words, &count)) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                        "this build has no GPU kernels (trueno_db_spirv.h was not there)");
    }
    if (shape->slot_count > TNI_GPU_SLOTS ||
        (extras != NULL && extras->count > TNI_GPU_EXTRAS)) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                        "the GPU does not run more than %u aggregates in a pass",
                        (unsigned)TNI_GPU_SLOTS);
    }
    e.info = info;
    e.shape = shape;
    e.extras = extras;
    e.code = out;
    e.error = error;
    e.relaxed = shape->settings != NULL && shape->settings->relaxed;
    TNI_TRY(tni_spirv_begin(&e.spirv, arena, words, count, error));
    e.columns = (tni_emit_value *)tni_arena_alloc(arena, (shape->column_count + 1) *
                                                             sizeof *e.columns);
    if (e.columns == NULL) {
        return tni_fail_memory(error, (shape->column_count + 1) * sizeof *e.columns);
    }
    TNI_TRY(tni_emit_all(&e));
    TNI_TRY(tni_spirv_end(&e.spirv, &out->words, &out->word_count, error));
    out->hash = tni_hash_combine(tni_hash_bytes(out->words, out->word_count * sizeof(uint32_t)),
                                 tni_hash_bytes(out->kinds, sizeof out->kinds));
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------ on the host --- */

TNI_FN uint64_t tni_gpu_key_widen(tni_physical physical, uint32_t key) {
    const uint64_t top = UINT64_C(1) << 63;
    uint64_t k = key ^ 0x80000000u;
    return tni_emit_float(physical) || tni_emit_signed(physical)
               ? (k | ((k >> 31) != 0 ? UINT64_C(0xffffffff00000000) : 0)) ^ top
               : key;
}

TNI_FN uint64_t tni_gpu_key_value(tni_physical physical, uint64_t key) {
    const uint64_t top = UINT64_C(1) << 63;
    uint64_t k = key ^ top;
    if (physical == TNI_PHYSICAL_F64) {
        uint64_t most = ~top;
        return k == most ? UINT64_C(0x7ff8000000000000) : (k & top) != 0 ? k ^ most : k;
    }
    if (physical == TNI_PHYSICAL_F32) {
        uint32_t word = (uint32_t)k;
        return word == 0x7fffffffu ? 0x7fc00000u : (word >> 31) != 0 ? word ^ 0x7fffffffu : word;
    }
    return tni_emit_signed(physical) ? k : key;
}

#undef TNI_EMIT_MOST_NODES
#undef TNI_EMIT_MOST_SET

#endif
