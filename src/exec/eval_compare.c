/*
 * eval_compare.c - comparisons and IN, on codes wherever the column has them.
 *
 * A comparison with a constant becomes a range test. NARROW columns get the range rebased into
 * code space; DICT columns get it as a code range when the dictionary is sorted, as one code for
 * equality, as a memo per entry otherwise; FLAT columns meet the range kernels directly. Bounds
 * of all integer types travel as order-preserving uint64 keys.
 */
#include "exec/eval_internal.h"

/* ---------------------------------------------------------------- generic compare --- */

#define TNI_COMPARE_LOOP(T, LESS, EQUAL)                                                           \
    do {                                                                                           \
        const T *x = (const T *)a->data;                                                           \
        const T *y = (const T *)b->data;                                                           \
        size_t sx = a->form != TNI_FORM_CONSTANT, sy = b->form != TNI_FORM_CONSTANT;               \
        for (i = 0; i < rows; i++) {                                                               \
            T p = x[i * sx];                                                                       \
            T q = y[i * sy];                                                                       \
            bool r = op == 0 ? (EQUAL) : op == 1 ? (LESS) : ((LESS) || (EQUAL));                   \
            out[i >> 6] |= (uint64_t)r << (i & 63);                                                \
        }                                                                                          \
    } while (0)

static int tni_compare_interval(tni_interval a, tni_interval b) {
    /* As PostgreSQL: a month counts 30 days, a day 24 hours. */
    tni_i128 x = tni_i128_from_i64(a.microseconds), y = tni_i128_from_i64(b.microseconds), p;
    (void)tni_i128_multiply(tni_i128_from_i64((int64_t)a.months * 30 + a.days),
                            tni_i128_from_i64(TNI_US_PER_DAY), &p);
    (void)tni_i128_add(x, p, &x);
    (void)tni_i128_multiply(tni_i128_from_i64((int64_t)b.months * 30 + b.days),
                            tni_i128_from_i64(TNI_US_PER_DAY), &p);
    (void)tni_i128_add(y, p, &y);
    return tni_i128_compare(x, y);
}

static void tni_compare_flat_columns(const tni_env *env, const tni_vector *a, const tni_vector *b,
                                     uint32_t rows, int op, uint64_t *out) {
    switch (tni_type_physical(a->type)) {
    case TNI_PHYSICAL_I32:
        env->kernels->compare_i32((const int32_t *)a->data, (const int32_t *)b->data, rows, op,
                                  out);
        return;
    case TNI_PHYSICAL_I64:
        env->kernels->compare_i64((const int64_t *)a->data, (const int64_t *)b->data, rows, op,
                                  out);
        return;
    default:
        env->kernels->compare_f64((const double *)a->data, (const double *)b->data, rows, op, out);
    }
}

TNI_FN void tni_compare_vectors(const tni_env *env, const tni_vector *a, const tni_vector *b,
                                uint32_t rows, int op, uint64_t *out) {
    tni_physical physical = tni_type_physical(a->type);
    uint32_t i;
    if (a->form == TNI_FORM_FLAT && b->form == TNI_FORM_FLAT &&
        (physical == TNI_PHYSICAL_I32 || physical == TNI_PHYSICAL_I64 ||
         physical == TNI_PHYSICAL_F64)) {
        tni_compare_flat_columns(env, a, b, rows, op, out);
        return;
    }
    memset(out, 0, tni_bitmap_words(rows) * 8);
    switch (physical) {
    case TNI_PHYSICAL_BOOL:
    case TNI_PHYSICAL_U8: TNI_COMPARE_LOOP(uint8_t, p < q, p == q); break;
    case TNI_PHYSICAL_I8: TNI_COMPARE_LOOP(int8_t, p < q, p == q); break;
    case TNI_PHYSICAL_I16: TNI_COMPARE_LOOP(int16_t, p < q, p == q); break;
    case TNI_PHYSICAL_U16: TNI_COMPARE_LOOP(uint16_t, p < q, p == q); break;
    case TNI_PHYSICAL_I32: TNI_COMPARE_LOOP(int32_t, p < q, p == q); break;
    case TNI_PHYSICAL_U32: TNI_COMPARE_LOOP(uint32_t, p < q, p == q); break;
    case TNI_PHYSICAL_I64: TNI_COMPARE_LOOP(int64_t, p < q, p == q); break;
    case TNI_PHYSICAL_U64: TNI_COMPARE_LOOP(uint64_t, p < q, p == q); break;
    case TNI_PHYSICAL_F32:
        TNI_COMPARE_LOOP(float, p < q || (q != q && p == p), p == q || (p != p && q != q));
        break;
    case TNI_PHYSICAL_F64:
        TNI_COMPARE_LOOP(double, p < q || (q != q && p == p), p == q || (p != p && q != q));
        break;
    case TNI_PHYSICAL_I128:
        TNI_COMPARE_LOOP(tni_i128, tni_i128_compare(p, q) < 0, tni_i128_equal(p, q));
        break;
    case TNI_PHYSICAL_STRING:
        TNI_COMPARE_LOOP(tni_string, tni_string_compare(&p, &q) < 0, tni_string_equal(&p, &q));
        break;
    case TNI_PHYSICAL_INTERVAL:
        TNI_COMPARE_LOOP(tni_interval, tni_compare_interval(p, q) < 0,
                         tni_compare_interval(p, q) == 0);
        break;
    case TNI_PHYSICAL_COUNT: break;
    }
}

#undef TNI_COMPARE_LOOP

/* ------------------------------------------------------- ranges over integer keys --- */

/* Order-preserving key of an integer-like value. */
static uint64_t tni_key_of(tni_physical physical, const void *data) {
    uint64_t sign = UINT64_C(1) << 63;
    switch (physical) {
    case TNI_PHYSICAL_I8: return (uint64_t)(int64_t)*(const int8_t *)data ^ sign;
    case TNI_PHYSICAL_I16: return (uint64_t)(int64_t)*(const int16_t *)data ^ sign;
    case TNI_PHYSICAL_I32: return (uint64_t)(int64_t)*(const int32_t *)data ^ sign;
    case TNI_PHYSICAL_I64: return (uint64_t)*(const int64_t *)data ^ sign;
    case TNI_PHYSICAL_U16: return *(const uint16_t *)data;
    case TNI_PHYSICAL_U32: return *(const uint32_t *)data;
    case TNI_PHYSICAL_U64: return *(const uint64_t *)data;
    default: return *(const uint8_t *)data;
    }
}

/* The key bounds of a physical type: signed types live around 2^63. */
static void tni_key_bounds(tni_physical physical, uint64_t *low, uint64_t *high) {
    uint32_t bits = tni_physical_width(physical) * 8;
    bool is_signed = physical >= TNI_PHYSICAL_I8 && physical <= TNI_PHYSICAL_I64;
    uint64_t half = UINT64_C(1) << (bits - 1);
    *low = is_signed ? (UINT64_C(1) << 63) - half : 0;
    *high = is_signed ? (UINT64_C(1) << 63) + (half - 1) : tni_low_bits(bits);
}

/* [*low, *high] of keys satisfying `op key`; false when none does. NOT_EQUAL is EQUAL inverted. */
static bool tni_key_range(tni_ir_op op, uint64_t key, uint64_t *low, uint64_t *high) {
    switch (op) {
    case TNI_IR_LESS:
        if (key <= *low) {
            return false;
        }
        *high = key - 1;
        return true;
    case TNI_IR_LESS_EQUAL:
        *high = key;
        return key >= *low;
    case TNI_IR_GREATER:
        if (key >= *high) {
            return false;
        }
        *low = key + 1;
        return true;
    case TNI_IR_GREATER_EQUAL:
        *low = key;
        return key <= *high;
    default:
        *low = *high = key;
        return true;
    }
}

static void tni_range_codes(const tni_env *env, const tni_vector *v, uint32_t rows, uint64_t low,
                            uint64_t high, uint64_t *out) {
    uint64_t top = tni_low_bits((uint32_t)v->code_width * 8);
    if (low > top || low > high) {
        tni_bitmap_fill(out, rows, false);
        return;
    }
    high = TNI_MIN(high, top);
    switch (v->code_width) {
    case 1:
        env->kernels->range_u8((const uint8_t *)v->data, rows, (uint8_t)low, (uint8_t)high, out);
        break;
    case 2:
        env->kernels->range_u16((const uint16_t *)v->data, rows, (uint16_t)low, (uint16_t)high,
                                out);
        break;
    case 4:
        env->kernels->range_u32((const uint32_t *)v->data, rows, (uint32_t)low, (uint32_t)high,
                                out);
        break;
    default:
        env->kernels->range_u64((const uint64_t *)v->data, rows, low, high, out);
    }
}

static void tni_range_narrow(const tni_env *env, const tni_vector *v, uint32_t rows, uint64_t low,
                             uint64_t high, uint64_t *out) {
    bool is_unsigned = v->type.id == TRUENO_TYPE_UBIGINT;
    uint64_t base = (uint64_t)v->base ^ (is_unsigned ? 0 : UINT64_C(1) << 63);
    tni_physical physical = tni_type_physical(v->type);
    if (physical >= TNI_PHYSICAL_U8 && physical <= TNI_PHYSICAL_U32) {
        base = (uint64_t)v->base; /* small unsigned types: keys are the values */
    }
    if (high < base) {
        tni_bitmap_fill(out, rows, false);
        return;
    }
    tni_range_codes(env, v, rows, low > base ? low - base : 0, high - base, out);
}

#define TNI_UNKEY(T, key) ((T)(int64_t)((key) ^ (UINT64_C(1) << 63)))

static void tni_range_flat(const tni_env *env, const tni_vector *v, uint32_t rows, uint64_t low,
                           uint64_t high, uint64_t *out) {
    const tni_kernels *k = env->kernels;
    switch (tni_type_physical(v->type)) {
    case TNI_PHYSICAL_I8:
        k->range_i8((const int8_t *)v->data, rows, TNI_UNKEY(int8_t, low), TNI_UNKEY(int8_t, high),
                    out);
        break;
    case TNI_PHYSICAL_I16:
        k->range_i16((const int16_t *)v->data, rows, TNI_UNKEY(int16_t, low),
                     TNI_UNKEY(int16_t, high), out);
        break;
    case TNI_PHYSICAL_I32:
        k->range_i32((const int32_t *)v->data, rows, TNI_UNKEY(int32_t, low),
                     TNI_UNKEY(int32_t, high), out);
        break;
    case TNI_PHYSICAL_I64:
        k->range_i64((const int64_t *)v->data, rows, TNI_UNKEY(int64_t, low),
                     TNI_UNKEY(int64_t, high), out);
        break;
    case TNI_PHYSICAL_U16:
        k->range_u16((const uint16_t *)v->data, rows, (uint16_t)low, (uint16_t)high, out);
        break;
    case TNI_PHYSICAL_U32:
        k->range_u32((const uint32_t *)v->data, rows, (uint32_t)low, (uint32_t)high, out);
        break;
    case TNI_PHYSICAL_U64:
        k->range_u64((const uint64_t *)v->data, rows, low, high, out);
        break;
    default:
        k->range_u8((const uint8_t *)v->data, rows, (uint8_t)low, (uint8_t)high, out);
    }
}

#undef TNI_UNKEY

/* What `op c` keeps of a float column. NaN is the greatest value and equal to itself; -0.0 equals
 * 0.0. False for a NaN, which the generic loop knows. */
static bool tni_float_range_of(tni_ir_op op, double c, tni_float_range *out) {
    double infinity = 1e308 * 10;
    out->low = -infinity;
    out->high = infinity;
    out->flags = 0;
    switch (op) {
    case TNI_IR_LESS: out->high = c; out->flags = 2; break;
    case TNI_IR_LESS_EQUAL: out->high = c; break;
    case TNI_IR_GREATER: out->low = c; out->flags = 1 | 4; break;
    case TNI_IR_GREATER_EQUAL: out->low = c; out->flags = 4; break;
    default: out->low = out->high = c;
    }
    return c == c;
}

static bool tni_range_float(const tni_env *env, const tni_vector *v, uint32_t rows, tni_ir_op op,
                            double c, uint64_t *out) {
    tni_float_range range;
    if (!tni_float_range_of(op, c, &range)) {
        return false;
    }
    if (v->type.id == TRUENO_TYPE_DOUBLE) {
        env->kernels->range_f64((const double *)v->data, rows, range.low, range.high, range.flags,
                                out);
    } else {
        env->kernels->range_f32((const float *)v->data, rows, (float)range.low, (float)range.high,
                                range.flags, out);
    }
    return true;
}

/* ------------------------------------------------------------------ dictionaries --- */

static uint32_t tni_dictionary_lower_bound(const tni_dictionary *dictionary, const tni_string *s,
                                           bool past_equal) {
    uint32_t low = 0, high = dictionary->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int c = tni_string_compare(&dictionary->values[middle], s);
        if (c < 0 || (past_equal && c == 0)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The only code equal to `s`, or UINT32_MAX; remembered with the register's memo. */
static uint32_t tni_dictionary_code(tni_memo *memo, const tni_dictionary *dictionary,
                                    const tni_string *s) {
    uint32_t i;
    if (memo->searched == dictionary->id) {
        return memo->found;
    }
    for (i = 0; i < dictionary->count && !tni_string_equal(&dictionary->values[i], s); i++) {
    }
    memo->searched = dictionary->id;
    memo->found = i < dictionary->count ? i : UINT32_MAX;
    return memo->found;
}

/* Compare a DICT column with a constant string on codes; false: do it another way. */
static bool tni_compare_dictionary(tni_evaluator *evaluator, uint32_t reg, tni_ir_op op,
                                   const tni_vector *v, const tni_string *s, uint64_t *out) {
    const tni_dictionary *dictionary = v->dictionary;
    uint64_t low = 0, high = UINT32_MAX;
    uint32_t bound;
    if (dictionary->sorted) {
        bool equal = op == TNI_IR_EQUAL || op == TNI_IR_NOT_EQUAL;
        if (equal || op == TNI_IR_GREATER || op == TNI_IR_GREATER_EQUAL) {
            low = tni_dictionary_lower_bound(dictionary, s, op == TNI_IR_GREATER);
        }
        if (equal || op == TNI_IR_LESS || op == TNI_IR_LESS_EQUAL) {
            bound = tni_dictionary_lower_bound(dictionary, s, op != TNI_IR_LESS);
            if (bound == 0) {
                tni_bitmap_fill(out, evaluator->rows, false);
                return true;
            }
            high = bound - 1;
        }
    } else if (dictionary->unique && (op == TNI_IR_EQUAL || op == TNI_IR_NOT_EQUAL)) {
        low = high = tni_dictionary_code(&evaluator->registers[reg].memo, dictionary, s);
        if (low == UINT32_MAX) {
            low = 1;
            high = 0;
        }
    } else {
        return false;
    }
    tni_range_codes(evaluator->env, v, evaluator->rows, low, high, out);
    return true;
}

/* -------------------------------------------------------------------- comparisons --- */

static tni_ir_op tni_mirror(tni_ir_op op) {
    switch (op) {
    case TNI_IR_LESS: return TNI_IR_GREATER;
    case TNI_IR_LESS_EQUAL: return TNI_IR_GREATER_EQUAL;
    case TNI_IR_GREATER: return TNI_IR_LESS;
    case TNI_IR_GREATER_EQUAL: return TNI_IR_LESS_EQUAL;
    default: return op;
    }
}

/* Register `reg` as a range of a float column; false when it is something else. */
static bool tni_float_range_node(const tni_program *program, uint32_t reg, tni_float_range *out) {
    const tni_ir_node *node = &program->nodes[reg];
    const tni_ir_node *column;
    const tni_ir_node *constant;
    tni_ir_op op = (tni_ir_op)node->op;
    tni_physical physical;
    if (op != TNI_IR_EQUAL && op != TNI_IR_LESS && op != TNI_IR_LESS_EQUAL &&
        op != TNI_IR_GREATER && op != TNI_IR_GREATER_EQUAL) {
        return false;
    }
    column = &program->nodes[node->arguments[0]];
    constant = &program->nodes[node->arguments[1]];
    if (column->op == TNI_IR_CONSTANT) {
        const tni_ir_node *swap = column;
        column = constant;
        constant = swap;
        op = tni_mirror(op);
    }
    if (column->op != TNI_IR_COLUMN || constant->op != TNI_IR_CONSTANT ||
        constant->constant.is_null || column->type.id != constant->type.id) {
        return false;
    }
    physical = tni_type_physical(column->type);
    out->column = column->column;
    return (physical == TNI_PHYSICAL_F32 || physical == TNI_PHYSICAL_F64) &&
           tni_float_range_of(op, constant->constant.as.number, out);
}

TNI_FN bool tni_program_float_range(const tni_program *program, tni_float_range *out) {
    uint32_t root = program->outputs[0], i;
    const tni_ir_node *node = &program->nodes[root];
    if (node->op != TNI_IR_AND) {
        return tni_float_range_node(program, root, out);
    }
    if (!tni_float_range_node(program, node->arguments[0], out)) {
        return false;
    }
    for (i = 1; i < node->argument_count; i++) {
        tni_float_range other;
        if (!tni_float_range_node(program, node->arguments[i], &other) ||
            other.column != out->column) {
            return false;
        }
        if (other.low > out->low || (other.low == out->low && (other.flags & 1) != 0)) {
            out->low = other.low;
            out->flags = (out->flags & ~1) | (other.flags & 1);
        }
        if (other.high < out->high || (other.high == out->high && (other.flags & 2) != 0)) {
            out->high = other.high;
            out->flags = (out->flags & ~2) | (other.flags & 2);
        }
        out->flags &= 3 | (other.flags & 4);
    }
    return true;
}

/* Column against constant; NOT_EQUAL yields the EQUAL mask. False: not done here. */
static bool tni_compare_constant(tni_evaluator *evaluator, uint32_t reg, tni_ir_op op,
                                 const tni_vector *v, const tni_vector *c, uint64_t *out) {
    tni_physical physical = tni_type_physical(v->type);
    uint64_t low, high;
    if (v->form == TNI_FORM_DICT) {
        return tni_compare_dictionary(evaluator, reg, op, v, (const tni_string *)c->data, out);
    }
    if (v->form == TNI_FORM_CONSTANT) {
        return false;
    }
    if (physical == TNI_PHYSICAL_F64 || physical == TNI_PHYSICAL_F32) {
        double value = physical == TNI_PHYSICAL_F64 ? *(const double *)c->data
                                                    : (double)*(const float *)c->data;
        return tni_range_float(evaluator->env, v, evaluator->rows, op, value, out);
    }
    if (physical > TNI_PHYSICAL_U64) {
        return false;
    }
    tni_key_bounds(physical, &low, &high);
    if (!tni_key_range(op, tni_key_of(physical, c->data), &low, &high)) {
        tni_bitmap_fill(out, evaluator->rows, false);
    } else if (v->form == TNI_FORM_NARROW) {
        tni_range_narrow(evaluator->env, v, evaluator->rows, low, high, out);
    } else {
        tni_range_flat(evaluator->env, v, evaluator->rows, low, high, out);
    }
    return true;
}

static trueno_status tni_compare_general(tni_evaluator *evaluator, uint32_t left, uint32_t right,
                                         tni_ir_op op, uint64_t *out, tni_error *error) {
    const tni_vector *a;
    const tni_vector *b;
    TNI_TRY(tni_eval_flat(evaluator, left, &a, error));
    TNI_TRY(tni_eval_flat(evaluator, right, &b, error));
    switch (op) {
    case TNI_IR_LESS: tni_compare_vectors(evaluator->env, a, b, evaluator->rows, 1, out); break;
    case TNI_IR_LESS_EQUAL:
        tni_compare_vectors(evaluator->env, a, b, evaluator->rows, 2, out);
        break;
    case TNI_IR_GREATER: tni_compare_vectors(evaluator->env, b, a, evaluator->rows, 1, out); break;
    case TNI_IR_GREATER_EQUAL:
        tni_compare_vectors(evaluator->env, b, a, evaluator->rows, 2, out);
        break;
    default: tni_compare_vectors(evaluator->env, a, b, evaluator->rows, 0, out);
    }
    return TRUENO_OK;
}

static void tni_invert(uint64_t *bits, uint32_t rows) {
    uint32_t i, words = (uint32_t)tni_bitmap_words(rows);
    for (i = 0; i < words; i++) {
        bits[i] = ~bits[i];
    }
    if (rows % 64 != 0) {
        bits[words - 1] &= tni_low_bits(rows % 64);
    }
}

/* AND of two vectors' validity into `out`; false when both are free of NULLs. */
static bool tni_join_validity(const tni_vector *a, const tni_vector *b, uint32_t rows,
                              uint64_t *out) {
    uint32_t i, words = (uint32_t)tni_bitmap_words(rows);
    const tni_vector *sides[2];
    bool any = false;
    int s;
    sides[0] = a;
    sides[1] = b;
    tni_bitmap_fill(out, rows, true);
    for (s = 0; s < 2; s++) {
        if (sides[s]->form == TNI_FORM_CONSTANT) {
            if (sides[s]->is_null) {
                memset(out, 0, words * 8);
                any = true;
            }
        } else if (sides[s]->validity != NULL) {
            any = true;
            for (i = 0; i < words; i++) {
                out[i] &= sides[s]->validity[i];
            }
        }
    }
    return any;
}

/* IS [NOT] DISTINCT FROM: equal where both valid and equal, or both NULL. */
static void tni_finish_distinct(const tni_vector *a, const tni_vector *b, bool negate,
                                uint32_t rows, const uint64_t *both, bool nulls, uint64_t *bits) {
    uint32_t i;
    for (i = 0; nulls && i < rows; i++) {
        if (!tni_bit_get(both, i)) {
            if (tni_vector_is_null(a, i) && tni_vector_is_null(b, i)) {
                tni_bit_set(bits, i);
            } else {
                tni_bit_clear(bits, i);
            }
        }
    }
    if (negate) {
        tni_invert(bits, rows);
    }
}

TNI_FN trueno_status tni_eval_compare(tni_evaluator *evaluator, uint32_t reg, tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    uint32_t left = node->arguments[0], right = node->arguments[1];
    uint32_t i, words = (uint32_t)tni_bitmap_words(evaluator->rows);
    tni_ir_op op = (tni_ir_op)node->op;
    uint64_t *bits = tni_eval_own_bits(evaluator, reg, error);
    uint64_t *validity = tni_eval_validity(evaluator, reg, error);
    const tni_vector *a;
    const tni_vector *b;
    bool nulls, null_side, done = false;
    if (bits == NULL || validity == NULL) {
        return error->status;
    }
    TNI_TRY(tni_eval_vector(evaluator, left, &a, error));
    TNI_TRY(tni_eval_vector(evaluator, right, &b, error));
    if (a->form == TNI_FORM_CONSTANT && b->form != TNI_FORM_CONSTANT) {
        const tni_vector *swap = a;
        uint32_t swap_register = left;
        a = b;
        b = swap;
        left = right;
        right = swap_register;
        op = tni_mirror(op);
    }
    nulls = tni_join_validity(a, b, evaluator->rows, validity);
    null_side = (a->form == TNI_FORM_CONSTANT && a->is_null) ||
                (b->form == TNI_FORM_CONSTANT && b->is_null); /* whose data may be NULL */
    if (null_side) {
        memset(bits, 0, words * 8);
    } else if (b->form == TNI_FORM_CONSTANT) {
        done = tni_compare_constant(evaluator, reg, op, a, b, bits);
    }
    if (!null_side && !done) {
        TNI_TRY(tni_compare_general(evaluator, left, right, op, bits, error));
    }
    if (op == TNI_IR_DISTINCT || op == TNI_IR_NOT_DISTINCT) {
        tni_finish_distinct(a, b, op == TNI_IR_DISTINCT, evaluator->rows, validity, nulls, bits);
        tni_eval_set_bits(evaluator, reg, bits, NULL);
        return TRUENO_OK;
    }
    if (op == TNI_IR_NOT_EQUAL) {
        tni_invert(bits, evaluator->rows);
    }
    for (i = 0; nulls && i < words; i++) {
        bits[i] &= validity[i];
    }
    tni_eval_set_bits(evaluator, reg, bits, nulls ? validity : NULL);
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------ IN --- */

static bool tni_set_contains(const tni_ir_node *node, const tni_value *value) {
    uint32_t low = 0, high = node->set_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int c = tni_value_compare(&node->set[middle], value);
        if (c == 0) {
            return true;
        }
        if (c < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

/* A DICT column: one answer per dictionary entry, computed when first met. */
static trueno_status tni_in_dictionary(tni_evaluator *evaluator, uint32_t reg,
                                       const tni_vector *v, uint64_t *bits, tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    tni_memo *memo = &evaluator->registers[reg].memo;
    uint32_t i;
    if (memo->searched != v->dictionary->id) {
        memo->searched = 0;
        if (memo->in_set_capacity < v->dictionary->count) {
            tni_free(evaluator->memory, memo->in_set, memo->in_set_capacity);
            memo->in_set_capacity = 0;
            memo->in_set = (uint8_t *)tni_alloc(evaluator->memory, v->dictionary->count);
            if (memo->in_set == NULL) {
                return tni_memory_fail(evaluator->memory, v->dictionary->count, error);
            }
            memo->in_set_capacity = v->dictionary->count;
        }
        memset(memo->in_set, 0, v->dictionary->count);
        memo->searched = v->dictionary->id;
    }
    memset(bits, 0, tni_bitmap_words(evaluator->rows) * 8);
    for (i = 0; i < evaluator->rows; i++) {
        uint64_t code = tni_vector_code(v, i);
        if (v->validity != NULL && !tni_bit_get(v->validity, i)) {
            continue;
        }
        if (memo->in_set[code] == 0) {
            tni_value value = tni_value_string(v->type, v->dictionary->values[code]);
            memo->in_set[code] = tni_set_contains(node, &value) ? 2 : 1;
        }
        if (memo->in_set[code] == 2) {
            tni_bit_set(bits, i);
        }
    }
    return TRUENO_OK;
}

/* Few constants: the union of equality masks, each on codes. */
static bool tni_in_few(tni_evaluator *evaluator, uint32_t reg, const tni_vector *v,
                       uint64_t *bits) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    uint64_t one[TNI_VECTOR_WORDS];
    uint32_t words = (uint32_t)tni_bitmap_words(evaluator->rows);
    uint32_t s, i;
    if (node->set_count > 8 || v->form == TNI_FORM_DICT || v->form == TNI_FORM_CONSTANT ||
        tni_type_physical(v->type) > TNI_PHYSICAL_U64) {
        return false;
    }
    memset(bits, 0, words * 8);
    for (s = 0; s < node->set_count; s++) {
        uint8_t storage[16];
        tni_vector c = tni_vector_constant(&node->set[s], storage);
        if (!tni_compare_constant(evaluator, reg, TNI_IR_EQUAL, v, &c, one)) {
            return false;
        }
        for (i = 0; i < words; i++) {
            bits[i] |= one[i];
        }
    }
    return true;
}

TNI_FN trueno_status tni_eval_in(tni_evaluator *evaluator, uint32_t reg, tni_error *error) {
    const tni_ir_node *node = &evaluator->program->nodes[reg];
    uint32_t words = (uint32_t)tni_bitmap_words(evaluator->rows);
    uint64_t *bits = tni_eval_own_bits(evaluator, reg, error);
    uint64_t *validity = tni_eval_validity(evaluator, reg, error);
    const tni_vector *v;
    bool nulls;
    uint32_t i;
    if (bits == NULL || validity == NULL) {
        return error->status;
    }
    TNI_TRY(tni_eval_vector(evaluator, node->arguments[0], &v, error));
    nulls = tni_join_validity(v, v, evaluator->rows, validity);
    if (v->form == TNI_FORM_DICT) {
        TNI_TRY(tni_in_dictionary(evaluator, reg, v, bits, error));
    } else if (!tni_in_few(evaluator, reg, v, bits)) {
        const tni_vector *flat;
        TNI_TRY(tni_eval_flat(evaluator, node->arguments[0], &flat, error));
        memset(bits, 0, words * 8);
        for (i = 0; i < evaluator->rows; i++) {
            if (tni_bit_get(validity, i)) {
                tni_value value = tni_vector_value(flat, i);
                if (tni_set_contains(node, &value)) {
                    tni_bit_set(bits, i);
                }
            }
        }
    }
    for (i = 0; i < words; i++) {
        bits[i] &= validity[i];
        if (node->set_has_null) {
            validity[i] &= bits[i]; /* x IN (..., NULL) is true or NULL */
        }
    }
    tni_eval_set_bits(evaluator, reg, bits, nulls || node->set_has_null ? validity : NULL);
    return TRUENO_OK;
}
