/*
 * spirv_float.c - arithmetic of floats: what Vulkan rounds correctly always, the rest when
 * `relaxed` allows it; see spirv_internal.h.
 *
 * Vulkan promises the processor's bits for + - * of DOUBLE. Division may be 2.5 units in the last
 * place off, FLOAT may lose denormals, and roots, powers and trigonometry have wider bounds still.
 * Of the latter GLSL.std.450 knows sqrt for 64 bits alone, so the others run where their argument
 * is a FLOAT that was made a DOUBLE for the call.
 *
 * Relaxed never means wrong: an operand or a result that is no ordinary number (infinities, NaN,
 * what leaves the range of FLOAT) raises the flag, and the processor answers. Division by zero is
 * worked out in integers.
 *
 * Uses: gpu/spirv_internal.h.
 */
#include "gpu/spirv_internal.h"

#if !defined(TRUENO_NO_VULKAN)

enum { /* instructions of GLSL.std.450 */
       TNI_GLSL_SIN = 13,
       TNI_GLSL_COS = 14,
       TNI_GLSL_TAN = 15,
       TNI_GLSL_ASIN = 16,
       TNI_GLSL_ACOS = 17,
       TNI_GLSL_ATAN = 18,
       TNI_GLSL_ATAN2 = 25,
       TNI_GLSL_POW = 26,
       TNI_GLSL_EXP = 27,
       TNI_GLSL_LOG = 28,
       TNI_GLSL_LOG2 = 30,
       TNI_GLSL_SQRT = 31
};

TNI_FN trueno_status tni_emit_inexact(tni_emit *e, const tni_ir_node *node, const char *what) {
    char type[40];
    if (e->relaxed) {
        return TRUENO_OK;
    }
    (void)tni_type_print(node->type, type);
    return tni_fail_at(e->error, TRUENO_ERROR_UNSUPPORTED, node->position,
                       "the GPU does not run %s of type %s to the last bit (SET relaxed = true "
                       "allows less)",
                       what, type);
}

static bool tni_emit_is_wide(tni_physical p) {
    return p == TNI_PHYSICAL_F64;
}
static tni_emit_class tni_emit_float_class(tni_physical p) {
    return tni_emit_is_wide(p) ? TNI_EMIT_LONG : TNI_EMIT_WORD;
}
static uint32_t tni_emit_float_type(tni_emit *e, tni_physical p) {
    return tni_emit_is_wide(p) ? e->spirv.type_f64 : tni_spirv_f32_type(&e->spirv);
}

/* Bits to a float and back. */
static uint32_t tni_emit_as_float(tni_emit *e, tni_physical p, uint32_t bits) {
    return tni_spirv_1(&e->spirv, TNI_SPIRV_BITCAST, tni_emit_float_type(e, p), bits);
}
static uint32_t tni_emit_as_bits(tni_emit *e, tni_physical p, uint32_t v) {
    return tni_spirv_1(&e->spirv, TNI_SPIRV_BITCAST, tni_emit_type(e, tni_emit_float_class(p)), v);
}

TNI_FN uint32_t tni_emit_float_2(tni_emit *e, tni_physical p, tni_spirv_op op, uint32_t a,
                                 uint32_t b) {
    uint32_t r = tni_spirv_2(&e->spirv, op, tni_emit_float_type(e, p), tni_emit_as_float(e, p, a),
                             tni_emit_as_float(e, p, b));
    tni_spirv_no_contraction(&e->spirv, r);
    return tni_emit_as_bits(e, p, r);
}

static uint32_t tni_emit_float_magnitude(tni_emit *e, tni_physical p, uint32_t bits) {
    tni_emit_class c = tni_emit_float_class(p);
    return tni_emit_2(e, TNI_SPIRV_AND, c, bits,
                      tni_emit_number(e, c, tni_low_bits(tni_emit_is_wide(p) ? 63 : 31)));
}

/* Infinite or NaN? */
static uint32_t tni_emit_is_special(tni_emit *e, tni_physical p, uint32_t bits) {
    uint64_t infinity = tni_emit_is_wide(p) ? UINT64_C(2047) << 52 : 255u << 23;
    return tni_emit_test(e, TNI_SPIRV_U_LESS_EQUAL,
                         tni_emit_number(e, tni_emit_float_class(p), infinity),
                         tni_emit_float_magnitude(e, p, bits));
}

static uint32_t tni_emit_is_zero(tni_emit *e, tni_physical p, uint32_t bits) {
    return tni_emit_test(e, TNI_SPIRV_I_EQUAL, tni_emit_float_magnitude(e, p, bits),
                         tni_emit_number(e, tni_emit_float_class(p), 0));
}

/* ---------------------------------------------------------------------------- arithmetic --- */

/* a / b. By zero: an infinity of the right sign, or NaN. */
static uint32_t tni_emit_quotient(tni_emit *e, const tni_ir_node *node, tni_physical p, uint32_t a,
                                  uint32_t b, uint32_t valid) {
    tni_emit_class c = tni_emit_float_class(p);
    bool wide = tni_emit_is_wide(p);
    uint64_t infinity = wide ? UINT64_C(2047) << 52 : 255u << 23;
    uint64_t top = wide ? UINT64_C(1) << 63 : UINT64_C(1) << 31;
    uint32_t one = tni_emit_number(e, c, wide ? UINT64_C(1023) << 52 : 127u << 23);
    uint32_t none = tni_emit_is_zero(e, p, b), special = tni_emit_is_special(e, p, a), r, sign, by0;
    r = tni_emit_float_2(e, p, TNI_SPIRV_F_DIV, a, tni_emit_select(e, c, none, one, b));
    special = tni_emit_either(e, special, tni_emit_is_special(e, p, b));
    special = tni_emit_either(e, special, tni_emit_is_special(e, p, r));
    tni_emit_fail(e, node, special, valid);
    sign = tni_emit_2(e, TNI_SPIRV_AND, c, tni_emit_2(e, TNI_SPIRV_XOR, c, a, b),
                      tni_emit_number(e, c, top));
    by0 = tni_emit_2(e, TNI_SPIRV_OR, c, sign, tni_emit_number(e, c, infinity));
    by0 = tni_emit_select(e, c, tni_emit_is_zero(e, p, a),
                          tni_emit_number(e, c, infinity | infinity >> 1), by0);
    return tni_emit_select(e, c, none, by0, r);
}

TNI_FN trueno_status tni_emit_float_binary(tni_emit *e, const tni_ir_node *node,
                                           tni_emit_value *out) {
    tni_emit_value a = e->registers[node->arguments[0]], b = e->registers[node->arguments[1]];
    tni_physical p = tni_type_physical(node->type);
    uint8_t device = node->function->device;
    tni_spirv_op op = TNI_SPIRV_F_ADD;
    if (tni_emit_is_wide(p) && !e->info->float64) {
        return tni_emit_refuse(e, node, "arithmetic");
    }
    switch (device) {
    case TNI_DEVICE_ADD: break;
    case TNI_DEVICE_SUBTRACT: op = TNI_SPIRV_F_SUB; break;
    case TNI_DEVICE_MULTIPLY: op = TNI_SPIRV_F_MUL; break;
    case TNI_DEVICE_DIVIDE:
    case TNI_DEVICE_INTEGER_DIVIDE:
        TNI_TRY(tni_emit_inexact(e, node, node->function->name));
        out->id = tni_emit_quotient(e, node, p, a.id, b.id, out->valid);
        if (device == TNI_DEVICE_INTEGER_DIVIDE) { /* by zero: NULL */
            out->valid =
                tni_emit_both(e, out->valid, tni_emit_not(e, tni_emit_is_zero(e, p, b.id)));
        }
        return TRUENO_OK;
    default: return tni_emit_refuse(e, node, node->function->name);
    }
    if (!tni_emit_is_wide(p)) {
        TNI_TRY(tni_emit_inexact(e, node, "arithmetic"));
    }
    out->id = tni_emit_float_2(e, p, op, a.id, b.id);
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------------- functions --- */

static uint32_t tni_emit_sqrt(tni_emit *e, uint32_t bits) {
    const tni_physical p = TNI_PHYSICAL_F64;
    const tni_emit_class c = TNI_EMIT_LONG;
    uint32_t infinity = tni_emit_number(e, c, UINT64_C(2047) << 52), nan, keep, negative, safe, r;
    nan = tni_emit_number(e, c, UINT64_C(0x7ff8000000000000));
    negative = tni_emit_negative(e, c, bits);
    keep = tni_emit_either(e, tni_emit_is_zero(e, p, bits),
                           tni_emit_test(e, TNI_SPIRV_I_EQUAL, bits, infinity));
    negative = tni_emit_either(e, negative, tni_emit_is_special(e, p, bits));
    safe = tni_emit_select(e, c, negative, tni_emit_number(e, c, 0), bits);
    r = tni_spirv_extended(&e->spirv, TNI_GLSL_SQRT, e->spirv.type_f64,
                           tni_emit_as_float(e, p, safe), 0);
    r = tni_emit_select(e, c, negative, nan, tni_emit_as_bits(e, p, r));
    return tni_emit_select(e, c, keep, bits, r);
}

/* The FLOAT that register `number`, a DOUBLE, was made of. */
static bool tni_emit_single(tni_emit *e, uint32_t number, uint32_t *out) {
    const tni_ir_node *node = &e->program->nodes[number];
    if (node->op != TNI_IR_CAST ||
        e->program->nodes[node->arguments[0]].type.id != TRUENO_TYPE_FLOAT) {
        return false;
    }
    *out = e->registers[node->arguments[0]].id;
    return true;
}

static uint32_t tni_emit_glsl_of(uint8_t device) {
    switch (device) {
    case TNI_DEVICE_EXP: return TNI_GLSL_EXP;
    case TNI_DEVICE_LN: return TNI_GLSL_LOG;
    case TNI_DEVICE_LOG2:
    case TNI_DEVICE_LOG10: return TNI_GLSL_LOG2;
    case TNI_DEVICE_POW: return TNI_GLSL_POW;
    case TNI_DEVICE_SIN: return TNI_GLSL_SIN;
    case TNI_DEVICE_COS: return TNI_GLSL_COS;
    case TNI_DEVICE_TAN: return TNI_GLSL_TAN;
    case TNI_DEVICE_ASIN: return TNI_GLSL_ASIN;
    case TNI_DEVICE_ACOS: return TNI_GLSL_ACOS;
    case TNI_DEVICE_ATAN: return TNI_GLSL_ATAN;
    default: return TNI_GLSL_ATAN2;
    }
}

/* Is an argument outside of where the instruction is defined? 0: never. Logarithms and powers need
 * more than 0; sine and cosine are good for a turn, asin and acos to 1. */
static uint32_t tni_emit_outside(tni_emit *e, uint8_t device, uint32_t bits, uint32_t magnitude) {
    const tni_emit_class c = TNI_EMIT_WORD;
    switch (device) {
    case TNI_DEVICE_LN:
    case TNI_DEVICE_LOG2:
    case TNI_DEVICE_LOG10:
    case TNI_DEVICE_POW: return tni_emit_test(e, TNI_SPIRV_S_LESS, bits, tni_emit_number(e, c, 1));
    case TNI_DEVICE_SIN:
    case TNI_DEVICE_COS:
    case TNI_DEVICE_TAN: /* pi */
        return tni_emit_test(e, TNI_SPIRV_U_GREATER, magnitude, tni_emit_number(e, c, 0x40490fda));
    case TNI_DEVICE_ASIN:
    case TNI_DEVICE_ACOS:
        return tni_emit_test(e, TNI_SPIRV_U_GREATER, magnitude, tni_emit_number(e, c, 127u << 23));
    default: return 0;
    }
}

/* A function of one or two FLOATs that were made DOUBLE. */
static trueno_status tni_emit_math_single(tni_emit *e, const tni_ir_node *node,
                                          tni_emit_value *out) {
    const tni_physical p = TNI_PHYSICAL_F32;
    const tni_emit_class c = TNI_EMIT_WORD;
    uint8_t device = node->function->device;
    uint32_t x, y = 0, r, bad, type = tni_spirv_f32_type(&e->spirv);
    if (!tni_emit_single(e, node->arguments[0], &x) ||
        (node->argument_count > 1 && !tni_emit_single(e, node->arguments[1], &y))) {
        return tni_fail_at(e->error, TRUENO_ERROR_UNSUPPORTED, node->position,
                           "the GPU has %s of FLOAT only, not of DOUBLE", node->function->name);
    }
    bad = tni_emit_is_special(e, p, x);
    bad =
        tni_emit_either(e, bad, tni_emit_outside(e, device, x, tni_emit_float_magnitude(e, p, x)));
    if (y != 0) {
        bad = tni_emit_either(e, bad, tni_emit_is_special(e, p, y));
    }
    if (device == TNI_DEVICE_ATAN2) { /* undefined at the origin */
        bad = tni_emit_either(
            e, bad, tni_emit_both(e, tni_emit_is_zero(e, p, x), tni_emit_is_zero(e, p, y)));
    }
    x = tni_emit_select(e, c, bad, tni_emit_number(e, c, 127u << 23), x);
    r = tni_spirv_extended(&e->spirv, tni_emit_glsl_of(device), type, tni_emit_as_float(e, p, x),
                           y == 0 ? 0 : tni_emit_as_float(e, p, y));
    r = tni_emit_as_bits(e, p, r);
    if (device == TNI_DEVICE_LOG10) { /* log2(x) * log10(2) */
        r = tni_emit_float_2(e, p, TNI_SPIRV_F_MUL, r, tni_emit_number(e, c, 0x3e9a209b));
    }
    bad = tni_emit_either(e, bad, tni_emit_is_special(e, p, r));
    if (device == TNI_DEVICE_EXP || device == TNI_DEVICE_POW) { /* a DOUBLE reaches further down */
        bad = tni_emit_either(e, bad,
                              tni_emit_test(e, TNI_SPIRV_U_LESS, tni_emit_float_magnitude(e, p, r),
                                            tni_emit_number(e, c, 1u << 23)));
    }
    tni_emit_fail(e, node, bad, out->valid);
    out->id = tni_emit_widen_float(e, r);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_emit_math(tni_emit *e, const tni_ir_node *node, tni_emit_value *out) {
    if (node->type.id != TRUENO_TYPE_DOUBLE || !e->info->float64) {
        return tni_emit_refuse(e, node, node->function->name);
    }
    TNI_TRY(tni_emit_inexact(e, node, node->function->name));
    if (node->function->device == TNI_DEVICE_SQRT) {
        out->id = tni_emit_sqrt(e, e->registers[node->arguments[0]].id);
        return TRUENO_OK;
    }
    return tni_emit_math_single(e, node, out);
}

/* --------------------------------------------------------------------------------- casts --- */

/* DOUBLE to FLOAT; what leaves FLOAT is an error of the processor's. */
static uint32_t tni_emit_narrow(tni_emit *e, const tni_ir_node *node, uint32_t bits,
                                uint32_t valid) {
    uint32_t r = tni_spirv_1(&e->spirv, TNI_SPIRV_F_CONVERT, tni_spirv_f32_type(&e->spirv),
                             tni_emit_as_float(e, TNI_PHYSICAL_F64, bits));
    r = tni_emit_as_bits(e, TNI_PHYSICAL_F32, r);
    tni_emit_fail(e, node, tni_emit_is_special(e, TNI_PHYSICAL_F32, r), valid);
    return r;
}

TNI_FN trueno_status tni_emit_float_cast(tni_emit *e, const tni_ir_node *node,
                                         tni_emit_value *out) {
    tni_type from = e->program->nodes[node->arguments[0]].type;
    tni_emit_value a = e->registers[node->arguments[0]];
    tni_physical p = tni_type_physical(from);
    uint32_t v;
    if (!e->info->float64) {
        return tni_emit_refuse(e, node, "casts");
    }
    TNI_TRY(tni_emit_inexact(e, node, "casts"));
    v = p == TNI_PHYSICAL_F64 ? a.id : tni_emit_to_f64(e, p, a.id);
    if (from.id == TRUENO_TYPE_DECIMAL && from.scale > 0) {
        double power = (double)tni_i128_power10(from.scale).low;
        uint64_t bits;
        memcpy(&bits, &power, sizeof bits);
        v = tni_emit_float_2(e, TNI_PHYSICAL_F64, TNI_SPIRV_F_DIV, v,
                             tni_emit_number(e, TNI_EMIT_LONG, bits));
    }
    out->id = node->type.id == TRUENO_TYPE_FLOAT ? tni_emit_narrow(e, node, v, a.valid) : v;
    return TRUENO_OK;
}

#endif
