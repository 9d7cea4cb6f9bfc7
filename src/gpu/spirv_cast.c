/*
 * spirv_cast.c - conversions between numbers, and rounding; see spirv_internal.h.
 *
 * Floats are taken apart as bits: truncation, halves and NaN come out as on the processor whatever
 * the device does to floats. Only DECIMAL from a float multiplies, in 64 bits, which Vulkan rounds
 * correctly.
 *
 * Uses: base/int128.h, gpu/spirv_internal.h.
 */
#include "gpu/spirv_internal.h"

#if !defined(TRUENO_NO_VULKAN)

/* -------------------------------------------------------------------------------- pieces --- */

/* FLOAT to DOUBLE in integers: exact whatever the device does to denormals. */
TNI_FN uint32_t tni_emit_widen_float(tni_emit *e, uint32_t bits) {
    tni_spirv *s = &e->spirv;
    const tni_emit_class c = TNI_EMIT_LONG;
    uint32_t wide = tni_spirv_1(s, TNI_SPIRV_U_CONVERT, s->type_u64, bits);
    uint32_t magnitude = tni_emit_2(e, TNI_SPIRV_AND, c, wide, tni_spirv_u64(s, 0x7fffffffu));
    uint32_t sign =
        tni_emit_2(e, TNI_SPIRV_SHIFT_LEFT, c, tni_emit_2(e, TNI_SPIRV_XOR, c, wide, magnitude),
                   tni_spirv_u32(s, 32));
    uint32_t moved = tni_emit_2(e, TNI_SPIRV_SHIFT_LEFT, c, magnitude, tni_spirv_u32(s, 29));
    uint32_t normal =
        tni_emit_2(e, TNI_SPIRV_I_ADD, c, moved, tni_spirv_u64(s, UINT64_C(896) << 52));
    uint32_t special =
        tni_emit_2(e, TNI_SPIRV_OR, c, moved, tni_spirv_u64(s, UINT64_C(2047) << 52));
    uint32_t tiny = tni_spirv_1(s, TNI_SPIRV_U_TO_F, s->type_f64, magnitude);
    uint32_t scale = tni_spirv_1(s, TNI_SPIRV_BITCAST, s->type_f64,
                                 tni_spirv_u64(s, UINT64_C(874) << 52)); /* 2^-149 */
    uint32_t r;
    tiny = tni_spirv_2(s, TNI_SPIRV_F_MUL, s->type_f64, tiny, scale);
    tni_spirv_no_contraction(s, tiny);
    tiny = tni_spirv_1(s, TNI_SPIRV_BITCAST, s->type_u64, tiny);
    r = tni_emit_select(
        e, c, tni_emit_test(e, TNI_SPIRV_U_LESS, magnitude, tni_spirv_u64(s, 0x00800000u)), tiny,
        normal);
    r = tni_emit_select(
        e, c, tni_emit_test(e, TNI_SPIRV_U_LESS, magnitude, tni_spirv_u64(s, 0x7f800000u)), r,
        special);
    return tni_emit_2(e, TNI_SPIRV_OR, c, r, sign);
}

TNI_FN uint32_t tni_emit_to_f64(tni_emit *e, tni_physical from, uint32_t v) {
    tni_spirv *s = &e->spirv;
    uint32_t r;
    if (from == TNI_PHYSICAL_F32) {
        return tni_emit_widen_float(e, v);
    }
    r = tni_spirv_1(s, tni_emit_signed(from) ? TNI_SPIRV_S_TO_F : TNI_SPIRV_U_TO_F, s->type_f64, v);
    return tni_spirv_1(s, TNI_SPIRV_BITCAST, s->type_u64, r);
}

/* Signed words by halves: Mesa 22.3 folds comparisons of sign-extended words with constants into
 * wrong ones (a 32-bit -5 widened by OpSConvert is not below 0). */
TNI_FN uint32_t tni_emit_to_long(tni_emit *e, tni_physical from, uint32_t v) {
    tni_spirv *s = &e->spirv;
    uint32_t high;
    if (tni_emit_bits_of(from) == 64) {
        return v;
    }
    if (!tni_emit_signed(from)) {
        return tni_spirv_1(s, TNI_SPIRV_U_CONVERT, s->type_u64, v);
    }
    high = tni_emit_2(e, TNI_SPIRV_SHIFT_SIGNED, TNI_EMIT_WORD, v, tni_spirv_u32(s, 31));
    return tni_spirv_1(s, TNI_SPIRV_BITCAST, s->type_u64,
                       tni_spirv_2(s, TNI_SPIRV_COMPOSITE, s->type_pair, v, high));
}

TNI_FN uint32_t tni_emit_from_long(tni_emit *e, tni_emit_class c, uint32_t v) {
    return c == TNI_EMIT_LONG ? v
                              : tni_spirv_1(&e->spirv, TNI_SPIRV_U_CONVERT, e->spirv.type_u32, v);
}

TNI_FN uint32_t tni_emit_floor_divide(tni_emit *e, uint32_t v, uint64_t by, uint32_t *rest) {
    const tni_emit_class c = TNI_EMIT_LONG;
    uint32_t unit = tni_spirv_u64(&e->spirv, by), below, q, r;
    q = tni_emit_2(e, TNI_SPIRV_S_DIV, c, v, unit);
    r = tni_emit_2(e, TNI_SPIRV_I_SUB, c, v, tni_emit_2(e, TNI_SPIRV_I_MUL, c, q, unit));
    below = tni_emit_negative(e, c, r);
    *rest = tni_emit_select(e, c, below, tni_emit_2(e, TNI_SPIRV_I_ADD, c, r, unit), r);
    return tni_emit_select(e, c, below,
                           tni_emit_2(e, TNI_SPIRV_I_SUB, c, q, tni_spirv_u64(&e->spirv, 1)), q);
}

/* ------------------------------------------------------------------------------ decimals --- */

typedef enum tni_emit_rounds {
    TNI_EMIT_AWAY, /* halves away from zero */
    TNI_EMIT_EVEN,
    TNI_EMIT_DOWN, /* towards zero */
    TNI_EMIT_FLOOR,
    TNI_EMIT_CEILING
} tni_emit_rounds;

static tni_emit_rounds tni_emit_rounds_of(uint8_t device) {
    switch (device) {
    case TNI_DEVICE_ROUND_EVEN: return TNI_EMIT_EVEN;
    case TNI_DEVICE_TRUNC: return TNI_EMIT_DOWN;
    case TNI_DEVICE_FLOOR: return TNI_EMIT_FLOOR;
    case TNI_DEVICE_CEIL: return TNI_EMIT_CEILING;
    default: return TNI_EMIT_AWAY;
    }
}

/* Does a magnitude grow by one unit? `rest` of the unit is cut off, `odd` is the last digit kept;
 * 0: never. */
static uint32_t tni_emit_grows(tni_emit *e, tni_emit_rounds how, tni_emit_class c, uint32_t minus,
                               uint32_t rest, uint32_t half, uint32_t odd) {
    uint32_t some;
    switch (how) {
    case TNI_EMIT_DOWN: return 0;
    case TNI_EMIT_AWAY: return tni_emit_test(e, TNI_SPIRV_U_LESS_EQUAL, half, rest);
    case TNI_EMIT_EVEN:
        some = tni_emit_both(e, tni_emit_test(e, TNI_SPIRV_I_EQUAL, rest, half), odd);
        return tni_emit_either(e, some, tni_emit_test(e, TNI_SPIRV_U_GREATER, rest, half));
    default:
        some = tni_emit_test(e, TNI_SPIRV_I_NOT_EQUAL, rest, tni_emit_number(e, c, 0));
        return tni_emit_both(e, some, how == TNI_EMIT_FLOOR ? minus : tni_emit_not(e, minus));
    }
}

static uint32_t tni_emit_is_odd(tni_emit *e, tni_emit_class c, uint32_t v) {
    uint32_t one = tni_emit_number(e, c, 1);
    return tni_emit_test(e, TNI_SPIRV_I_EQUAL, tni_emit_2(e, TNI_SPIRV_AND, c, v, one), one);
}

/* v / 10^digits, rounded */
static uint32_t tni_emit_drop_digits(tni_emit *e, uint32_t v, uint32_t digits,
                                     tni_emit_rounds how) {
    const tni_emit_class c = TNI_EMIT_LONG;
    uint64_t power = tni_i128_power10((uint8_t)digits).low;
    uint32_t unit = tni_spirv_u64(&e->spirv, power), one = tni_spirv_u64(&e->spirv, 1);
    uint32_t minus = tni_emit_negative(e, c, v), q, rest, grows, step;
    q = tni_emit_2(e, TNI_SPIRV_S_DIV, c, v, unit);
    rest = tni_emit_2(e, TNI_SPIRV_I_SUB, c, v, tni_emit_2(e, TNI_SPIRV_I_MUL, c, q, unit));
    rest = tni_emit_magnitude(e, c, rest);
    grows = tni_emit_grows(e, how, c, minus, rest, tni_spirv_u64(&e->spirv, power / 2),
                           tni_emit_is_odd(e, c, q));
    if (grows == 0) {
        return q;
    }
    step = tni_emit_select(e, c, minus, tni_spirv_u64(&e->spirv, ~UINT64_C(0)), one);
    return tni_emit_select(e, c, grows, tni_emit_2(e, TNI_SPIRV_I_ADD, c, q, step), q);
}

/* Exact numbers to another scale, as tni_i128_rescale. */
static uint32_t tni_emit_rescale(tni_emit *e, uint32_t v, uint32_t from, uint32_t to,
                                 uint32_t *bad) {
    *bad = 0;
    if (from < to) {
        uint64_t power = tni_i128_power10((uint8_t)(to - from)).low;
        return tni_emit_product(e, TNI_PHYSICAL_I64, v, tni_spirv_u64(&e->spirv, power), bad);
    }
    return from == to ? v : tni_emit_drop_digits(e, v, from - to, TNI_EMIT_AWAY);
}

/* ------------------------------------------------------------------- floats to integers --- */

/* A double's bits as an integer: its magnitude, whether it is negative, and what is 2^64 and more
 * (infinity and NaN too). */
static uint32_t tni_emit_whole(tni_emit *e, uint32_t bits, tni_emit_rounds how, uint32_t *minus,
                               uint32_t *bad) {
    const tni_emit_class c = TNI_EMIT_LONG;
    tni_spirv *s = &e->spirv;
    uint32_t magnitude = tni_emit_2(e, TNI_SPIRV_AND, c, bits, tni_spirv_u64(s, UINT64_MAX >> 1));
    uint32_t one = tni_spirv_u64(s, 1), exponent, mantissa, drop, q, rest, half, grows, up, large;
    *minus = tni_emit_negative(e, c, bits);
    exponent = tni_emit_2(e, TNI_SPIRV_SHIFT_RIGHT, c, magnitude, tni_spirv_u32(s, 52));
    mantissa = tni_emit_2(e, TNI_SPIRV_AND, c, magnitude, tni_spirv_u64(s, tni_low_bits(52)));
    mantissa = tni_emit_2(e, TNI_SPIRV_OR, c, mantissa, tni_spirv_u64(s, UINT64_C(1) << 52));
    large = tni_emit_test(e, TNI_SPIRV_U_LESS, tni_spirv_u64(s, 1074), exponent);
    *bad = tni_emit_test(e, TNI_SPIRV_U_LESS, tni_spirv_u64(s, 1086), exponent);
    /* bits to drop: 1 to 63, where there are any */
    drop = tni_emit_2(e, TNI_SPIRV_I_SUB, c, tni_spirv_u64(s, 1075), exponent);
    drop = tni_emit_select(e, c, tni_emit_test(e, TNI_SPIRV_U_LESS, drop, tni_spirv_u64(s, 64)),
                           drop, tni_spirv_u64(s, 63));
    drop = tni_emit_select(e, c, large, one, drop);
    q = tni_emit_2(e, TNI_SPIRV_SHIFT_RIGHT, c, mantissa, drop);
    rest =
        tni_emit_2(e, TNI_SPIRV_XOR, c, mantissa, tni_emit_2(e, TNI_SPIRV_SHIFT_LEFT, c, q, drop));
    half =
        tni_emit_2(e, TNI_SPIRV_SHIFT_LEFT, c, one, tni_emit_2(e, TNI_SPIRV_I_SUB, c, drop, one));
    grows = tni_emit_grows(e, how, c, *minus, rest, half, tni_emit_is_odd(e, c, q));
    q = tni_emit_select(e, c, grows, tni_emit_2(e, TNI_SPIRV_I_ADD, c, q, one), q);
    up = tni_emit_2(e, TNI_SPIRV_I_SUB, c, exponent, tni_spirv_u64(s, 1075));
    up = tni_emit_2(e, TNI_SPIRV_AND, c, up, tni_spirv_u64(s, 15));
    return tni_emit_select(e, c, large, tni_emit_2(e, TNI_SPIRV_SHIFT_LEFT, c, mantissa, up), q);
}

/* The same as a 64-bit integer of `to`. */
static uint32_t tni_emit_whole_as(tni_emit *e, tni_physical to, uint32_t bits, tni_emit_rounds how,
                                  uint32_t *bad) {
    const tni_emit_class c = TNI_EMIT_LONG;
    tni_spirv *s = &e->spirv;
    uint32_t zero = tni_spirv_u64(s, 0), minus, r, most;
    r = tni_emit_whole(e, bits, how, &minus, bad);
    if (to == TNI_PHYSICAL_U64) {
        uint32_t some = tni_emit_test(e, TNI_SPIRV_I_NOT_EQUAL, r, zero);
        *bad = tni_emit_either(e, *bad, tni_emit_both(e, minus, some));
        return r;
    }
    most = tni_emit_select(e, c, minus, tni_spirv_u64(s, UINT64_C(1) << 63),
                           tni_spirv_u64(s, UINT64_MAX >> 1));
    *bad = tni_emit_either(e, *bad, tni_emit_test(e, TNI_SPIRV_U_GREATER, r, most));
    return tni_emit_select(e, c, minus, tni_emit_2(e, TNI_SPIRV_I_SUB, c, zero, r), r);
}

/* ------------------------------------------------------------------------------- casting --- */

/* Bounds of `to` that `from` can leave, tested on 64-bit values; 0: it cannot. */
static uint32_t tni_emit_cast_leaves(tni_emit *e, tni_physical from, tni_physical to, uint32_t v) {
    uint32_t from_bits = tni_emit_bits_of(from), to_bits = tni_emit_bits_of(to), bad = 0;
    tni_spirv *s = &e->spirv;
    bool from_signed = tni_emit_signed(from), to_signed = tni_emit_signed(to);
    uint64_t most = to_signed ? (UINT64_C(1) << (to_bits - 1)) - 1 : tni_low_bits(to_bits);
    if (from_signed && (!to_signed || to_bits < from_bits)) {
        uint64_t least = to_signed ? ~most : 0;
        bad = tni_emit_test(e, TNI_SPIRV_S_LESS, v, tni_spirv_u64(s, least));
    }
    if (from_bits - (from_signed ? 1 : 0) > to_bits - (to_signed ? 1 : 0)) {
        bad = tni_emit_either(e, bad,
                              tni_emit_test(e, from_signed ? TNI_SPIRV_S_LESS : TNI_SPIRV_U_LESS,
                                            tni_spirv_u64(s, most), v));
    }
    return bad;
}

/* A number as an exact 64-bit one of the scale of `to`; `bad` where it is none. */
static trueno_status tni_emit_exact(tni_emit *e, const tni_ir_node *node, tni_type from, uint32_t v,
                                    uint32_t *out, uint32_t *bad) {
    tni_physical p = tni_type_physical(from);
    tni_type to = node->type;
    uint32_t scale = to.id == TRUENO_TYPE_DECIMAL ? to.scale : 0, far;
    *bad = 0;
    if (tni_emit_float(p)) {
        bool decimal = to.id == TRUENO_TYPE_DECIMAL;
        if (!e->info->float64) {
            return tni_emit_refuse(e, node, "casts of floats");
        }
        v = p == TNI_PHYSICAL_F32 ? tni_emit_widen_float(e, v) : v;
        if (decimal && scale > 0) {
            double power = (double)tni_i128_power10((uint8_t)scale).low;
            uint64_t bits;
            memcpy(&bits, &power, sizeof bits);
            v = tni_emit_float_2(e, TNI_PHYSICAL_F64, TNI_SPIRV_F_MUL, v,
                                 tni_spirv_u64(&e->spirv, bits));
        }
        *out = tni_emit_whole_as(e, tni_type_physical(to), v,
                                 decimal ? TNI_EMIT_AWAY : TNI_EMIT_EVEN, bad);
        return TRUENO_OK;
    }
    if (p == TNI_PHYSICAL_BOOL) {
        *out = tni_emit_select(e, TNI_EMIT_LONG, v, tni_spirv_u64(&e->spirv, 1),
                               tni_spirv_u64(&e->spirv, 0));
        p = TNI_PHYSICAL_I64;
    } else {
        *out = tni_emit_to_long(e, p, v);
    }
    if (p == TNI_PHYSICAL_U64 && to.id == TRUENO_TYPE_DECIMAL) {
        *bad = tni_emit_negative(e, TNI_EMIT_LONG, *out);
    }
    *out = tni_emit_rescale(e, *out, from.id == TRUENO_TYPE_DECIMAL ? from.scale : 0, scale, &far);
    *bad = tni_emit_either(e, *bad, far);
    return TRUENO_OK;
}

static uint32_t tni_emit_to_bool(tni_emit *e, tni_physical p, uint32_t v) {
    tni_emit_class c = tni_emit_bits_of(p) == 64 ? TNI_EMIT_LONG : TNI_EMIT_WORD;
    if (tni_emit_float(p)) {
        v = tni_emit_2(e, TNI_SPIRV_AND, c, v,
                       tni_emit_number(e, c, tni_low_bits(tni_emit_bits_of(p) - 1)));
    }
    return tni_emit_test(e, TNI_SPIRV_I_NOT_EQUAL, v, tni_emit_number(e, c, 0));
}

/* Where the exact 64-bit value `v` of type `from` leaves `to`; 0: nowhere. */
static uint32_t tni_emit_exact_leaves(tni_emit *e, tni_type from, tni_type to, uint32_t v) {
    tni_physical p = tni_type_physical(from), wanted = tni_type_physical(to);
    if (to.id == TRUENO_TYPE_DECIMAL) {
        return tni_emit_decimal_leaves(e, to, v);
    }
    if (p == TNI_PHYSICAL_BOOL) {
        return 0;
    }
    if (tni_emit_float(p)) { /* made a 64-bit integer of its sign */
        p = wanted == TNI_PHYSICAL_U64 ? TNI_PHYSICAL_U64 : TNI_PHYSICAL_I64;
    }
    return tni_emit_cast_leaves(e, p, wanted, v);
}

/* From one integer of at most 32 bits to another that has all its values: the word stays. */
static bool tni_emit_widens(tni_type from, tni_type to) {
    tni_physical a = tni_type_physical(from), b = tni_type_physical(to);
    uint32_t less = tni_emit_bits_of(a), more = tni_emit_bits_of(b);
    return tni_type_is_integer(from) && tni_type_is_integer(to) && more <= 32 &&
           (tni_emit_signed(a) == tni_emit_signed(b) ? less <= more
                                                     : !tni_emit_signed(a) && less < more);
}

static trueno_status tni_emit_cast_number(tni_emit *e, const tni_ir_node *node, tni_type type,
                                          tni_emit_value a, tni_emit_value *out) {
    tni_physical from = tni_type_physical(type), to = tni_type_physical(node->type);
    tni_emit_class c = TNI_EMIT_WORD;
    uint32_t v = 0, bad = 0;
    (void)tni_emit_class_of(to, &c);
    if (to == TNI_PHYSICAL_BOOL) {
        out->id = tni_emit_to_bool(e, from, a.id);
        return TRUENO_OK;
    }
    if (tni_emit_float(to) && from == TNI_PHYSICAL_BOOL) {
        uint64_t one = to == TNI_PHYSICAL_F32 ? 0x3f800000u : UINT64_C(1023) << 52;
        out->id = tni_emit_select(e, c, a.id, tni_emit_number(e, c, one), tni_emit_number(e, c, 0));
        return TRUENO_OK;
    }
    if (to == TNI_PHYSICAL_F64 && e->info->float64 &&
        (type.id != TRUENO_TYPE_DECIMAL || type.scale == 0)) {
        out->id = tni_emit_to_f64(e, from, a.id);
        return TRUENO_OK;
    }
    if (tni_emit_float(to)) {
        return tni_emit_float_cast(e, node, out);
    }
    if (tni_emit_widens(type, node->type)) {
        out->id = a.id;
        return TRUENO_OK;
    }
    TNI_TRY(tni_emit_exact(e, node, type, a.id, &v, &bad));
    bad = tni_emit_either(e, bad, tni_emit_exact_leaves(e, type, node->type, v));
    if (bad != 0 && node->try_cast) {
        out->valid = tni_emit_both(e, out->valid, tni_emit_not(e, bad));
    } else if (bad != 0) {
        tni_emit_fail(e, node, bad, a.valid);
    }
    out->id = tni_emit_from_long(e, c, v);
    return TRUENO_OK;
}

static bool tni_emit_number_type(tni_type type) {
    tni_emit_class c;
    return (type.id == TRUENO_TYPE_BOOLEAN || tni_type_is_numeric(type)) &&
           tni_emit_class_of(tni_type_physical(type), &c);
}

TNI_FN trueno_status tni_emit_cast(tni_emit *e, const tni_ir_node *node, tni_emit_value *out) {
    tni_type type = e->program->nodes[node->arguments[0]].type;
    tni_emit_value a = e->registers[node->arguments[0]];
    out->valid = a.valid;
    if (tni_type_equal(type, node->type)) {
        *out = a;
        return TRUENO_OK;
    }
    if (tni_emit_number_type(type) && tni_emit_number_type(node->type)) {
        return tni_emit_cast_number(e, node, type, a, out);
    }
    return tni_emit_temporal(type) ? tni_emit_date_cast(e, node, out)
                                   : tni_emit_refuse(e, node, "casts");
}

/* ------------------------------------------------------------------------------ rounding --- */

/* A float's bits to a whole number of the same sign. */
static uint32_t tni_emit_round_bits(tni_emit *e, tni_physical p, uint32_t bits,
                                    tni_emit_rounds how) {
    bool wide = p == TNI_PHYSICAL_F64;
    tni_emit_class c = wide ? TNI_EMIT_LONG : TNI_EMIT_WORD;
    uint32_t width = wide ? 52 : 23, bias = wide ? 1023 : 127;
    uint64_t infinity = (uint64_t)(2 * bias + 1) << width;
    uint32_t magnitude =
        tni_emit_2(e, TNI_SPIRV_AND, c, bits, tni_emit_number(e, c, tni_low_bits(wide ? 63 : 31)));
    uint32_t one = tni_emit_number(e, c, 1), zero = tni_emit_number(e, c, 0);
    uint32_t minus = tni_emit_negative(e, c, bits), small, exponent, drop, kept, rest, half, grows,
             unit, r, tiny;
    exponent = tni_emit_2(e, TNI_SPIRV_SHIFT_RIGHT, c, magnitude, tni_spirv_u32(&e->spirv, width));
    small = tni_emit_test(e, TNI_SPIRV_U_LESS, exponent, tni_emit_number(e, c, bias));
    /* from 1 on: the last `drop` bits go, 1 to `width` of them */
    drop = tni_emit_2(e, TNI_SPIRV_I_SUB, c, tni_emit_number(e, c, bias + width), exponent);
    drop = tni_emit_select(e, c, small, one, drop);
    drop = tni_emit_2(e, TNI_SPIRV_AND, c, drop, tni_emit_number(e, c, wide ? 63 : 31));
    unit = tni_emit_2(e, TNI_SPIRV_SHIFT_LEFT, c, one, drop);
    half = tni_emit_2(e, TNI_SPIRV_SHIFT_RIGHT, c, unit, one);
    rest = tni_emit_2(e, TNI_SPIRV_AND, c, magnitude, tni_emit_2(e, TNI_SPIRV_I_SUB, c, unit, one));
    kept = tni_emit_2(e, TNI_SPIRV_XOR, c, magnitude, rest);
    grows =
        tni_emit_grows(e, how, c, minus, rest, half,
                       tni_emit_is_odd(e, c, tni_emit_2(e, TNI_SPIRV_SHIFT_RIGHT, c, kept, drop)));
    r = grows == 0
            ? kept
            : tni_emit_select(e, c, grows, tni_emit_2(e, TNI_SPIRV_I_ADD, c, kept, unit), kept);
    /* below 1: nothing is kept, and the magnitude's bits compare with those of 0.5 */
    half = tni_emit_number(e, c, (uint64_t)(bias - 1) << width);
    grows = how == TNI_EMIT_EVEN ? tni_emit_test(e, TNI_SPIRV_U_GREATER, magnitude, half)
                                 : tni_emit_grows(e, how, c, minus, magnitude, half, 0);
    tiny = grows == 0
               ? zero
               : tni_emit_select(e, c, grows, tni_emit_number(e, c, (uint64_t)bias << width), zero);
    r = tni_emit_select(e, c, small, tiny, r);
    r = tni_emit_select(
        e, c, tni_emit_test(e, TNI_SPIRV_U_LESS, exponent, tni_emit_number(e, c, bias + width)), r,
        magnitude);
    r = tni_emit_2(e, TNI_SPIRV_OR, c, r, tni_emit_2(e, TNI_SPIRV_XOR, c, bits, magnitude));
    return tni_emit_select(
        e, c, tni_emit_test(e, TNI_SPIRV_U_GREATER, magnitude, tni_emit_number(e, c, infinity)),
        tni_emit_number(e, c, infinity | UINT64_C(1) << (width - 1)), r);
}

/* DECIMAL to fewer digits, and to tens, hundreds... */
static trueno_status tni_emit_round_decimal(tni_emit *e, const tni_ir_node *node, tni_type type,
                                            uint32_t v, tni_emit_value *out) {
    int64_t digits = node->argument_count > 1 ? *(const int64_t *)node->bound : 0;
    int64_t drop = (int64_t)type.scale - TNI_MAX(digits, -39);
    uint32_t bad = 0;
    if (drop > 18) {
        return tni_emit_refuse(e, node, node->function->name);
    }
    out->id = drop <= 0 ? v
                        : tni_emit_drop_digits(e, v, (uint32_t)drop,
                                               tni_emit_rounds_of(node->function->device));
    if (digits < 0) {
        uint64_t back = tni_i128_power10((uint8_t)-digits).low;
        out->id =
            tni_emit_product(e, TNI_PHYSICAL_I64, out->id, tni_spirv_u64(&e->spirv, back), &bad);
        tni_emit_fail(e, node, bad, out->valid);
    }
    return TRUENO_OK;
}

static void tni_emit_sign(tni_emit *e, tni_physical p, uint32_t v, tni_emit_value *out) {
    tni_emit_class c = tni_emit_bits_of(p) == 64 ? TNI_EMIT_LONG : TNI_EMIT_WORD;
    tni_spirv *s = &e->spirv;
    uint32_t zero, positive, nan = 0;
    if (tni_emit_float(p)) {
        v = tni_emit_order(e, p, v, true);
        nan = tni_emit_test(e, TNI_SPIRV_I_EQUAL, v,
                            tni_emit_number(e, c, tni_low_bits(tni_emit_bits_of(p) - 1)));
    }
    zero = tni_emit_number(e, c, 0);
    positive = tni_emit_test(e, TNI_SPIRV_I_NOT_EQUAL, v, zero);
    positive = nan == 0 ? positive : tni_emit_both(e, positive, tni_emit_not(e, nan));
    out->id = tni_emit_select(e, TNI_EMIT_WORD, positive, tni_spirv_u32(s, 1), tni_spirv_u32(s, 0));
    if (tni_emit_signed(p) || tni_emit_float(p)) {
        out->id = tni_emit_select(e, TNI_EMIT_WORD, tni_emit_negative(e, c, v),
                                  tni_spirv_u32(s, UINT32_MAX), out->id);
    }
}

/* NaN, infinite, finite? Dates and moments have infinities too. */
static void tni_emit_finite(tni_emit *e, uint8_t device, tni_physical p, uint32_t v,
                            tni_emit_value *out) {
    uint32_t bits = tni_emit_bits_of(p), infinity, test;
    tni_emit_class c = bits == 64 ? TNI_EMIT_LONG : TNI_EMIT_WORD;
    if (tni_emit_float(p)) {
        v = tni_emit_2(e, TNI_SPIRV_AND, c, v, tni_emit_number(e, c, tni_low_bits(bits - 1)));
        infinity = tni_emit_number(e, c, bits == 64 ? UINT64_C(2047) << 52 : 255u << 23);
        test = tni_emit_test(e,
                             device == TNI_DEVICE_IS_NAN      ? TNI_SPIRV_U_GREATER
                             : device == TNI_DEVICE_IS_FINITE ? TNI_SPIRV_U_LESS
                                                              : TNI_SPIRV_I_EQUAL,
                             v, infinity);
    } else {
        uint64_t most = tni_low_bits(bits - 1);
        test = tni_emit_test(e, TNI_SPIRV_I_EQUAL, v, tni_emit_number(e, c, most));
        test = tni_emit_either(
            e, test, tni_emit_test(e, TNI_SPIRV_I_EQUAL, v, tni_emit_number(e, c, 0 - most)));
        test = device == TNI_DEVICE_IS_FINITE ? tni_emit_not(e, test) : test;
    }
    out->id = test;
}

TNI_FN trueno_status tni_emit_rounding(tni_emit *e, const tni_ir_node *node, tni_emit_value *out) {
    tni_type type = e->program->nodes[node->arguments[0]].type;
    tni_physical p = tni_type_physical(type);
    uint32_t v = e->registers[node->arguments[0]].id;
    uint8_t device = node->function->device;
    if (device >= TNI_DEVICE_IS_NAN && device <= TNI_DEVICE_IS_FINITE &&
        (tni_emit_float(p) || tni_emit_temporal(type))) {
        tni_emit_finite(e, device, p, v, out);
        return TRUENO_OK;
    }
    if (!tni_emit_number_type(type) || type.id == TRUENO_TYPE_BOOLEAN) {
        return tni_emit_refuse(e, node, node->function->name);
    }
    if (device == TNI_DEVICE_SIGN) {
        tni_emit_sign(e, p, v, out);
        return TRUENO_OK;
    }
    if (type.id == TRUENO_TYPE_DECIMAL) {
        return tni_emit_round_decimal(e, node, type, v, out);
    }
    if (node->argument_count > 1) {
        return tni_emit_refuse(e, node, "rounding to digits");
    }
    out->id = tni_emit_float(p) ? tni_emit_round_bits(e, p, v, tni_emit_rounds_of(device)) : v;
    return TRUENO_OK;
}

#endif
