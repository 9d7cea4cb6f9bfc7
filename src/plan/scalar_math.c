/*
 * scalar_math.c - rounding, powers and logarithms, trigonometry, whole-number functions.
 *
 * Rounding keeps the type: integers stay integers, DECIMAL(p, s) becomes DECIMAL(p, digits kept),
 * FLOAT stays FLOAT. What is not exact comes from the C library through the math table; out of a
 * function's domain the result is NaN (always the same one) or an infinity, never an error.
 *
 * Uses: base/, column/type.h, plan/function.h.
 */
#include "plan/scalar_internal.h"

#define TNI_MATH_PI 3.14159265358979323846

/* o[i] = EXPRESSION of x for every row, counting or not. */
#define TNI_MATH_LOOP(IN, OUT, EXPRESSION)                                                         \
    do {                                                                                           \
        const IN *a = (const IN *)tni_scalar_data(call, 0);                                        \
        size_t step = tni_scalar_step(call, 0);                                                    \
        OUT *o = (OUT *)call->out;                                                                 \
        uint32_t i;                                                                                \
        for (i = 0; i < call->rows; i++) {                                                         \
            IN x = a[i * step];                                                                    \
            o[i] = (OUT)(EXPRESSION);                                                              \
        }                                                                                          \
    } while (0)

#define TNI_MATH_LOOP2(EXPRESSION)                                                                 \
    do {                                                                                           \
        const double *a = (const double *)tni_scalar_data(call, 0);                                \
        const double *b = (const double *)tni_scalar_data(call, 1);                                \
        size_t step_a = tni_scalar_step(call, 0), step_b = tni_scalar_step(call, 1);               \
        double *o = (double *)call->out;                                                           \
        uint32_t i;                                                                                \
        for (i = 0; i < call->rows; i++) {                                                         \
            double x = a[i * step_a], y = b[i * step_b];                                           \
            o[i] = tni_math_canonical(EXPRESSION);                                                 \
        }                                                                                          \
    } while (0)

/* Every NaN the same: answers do not depend on the processor. */
static double tni_math_canonical(double v) {
    uint64_t bits = UINT64_C(0x7ff8000000000000);
    if (v != v) {
        memcpy(&v, &bits, sizeof v);
    }
    return v;
}

/* ------------------------------------------------------------------------- whole numbers --- */

static tni_i128 tni_math_integer(tni_physical physical, const void *data, size_t row) {
    tni_i128 wide;
    switch (physical) {
    case TNI_PHYSICAL_I8: return tni_i128_from_i64(((const int8_t *)data)[row]);
    case TNI_PHYSICAL_I16: return tni_i128_from_i64(((const int16_t *)data)[row]);
    case TNI_PHYSICAL_I32: return tni_i128_from_i64(((const int32_t *)data)[row]);
    case TNI_PHYSICAL_I64: return tni_i128_from_i64(((const int64_t *)data)[row]);
    case TNI_PHYSICAL_U8: return tni_i128_from_u64(((const uint8_t *)data)[row]);
    case TNI_PHYSICAL_U16: return tni_i128_from_u64(((const uint16_t *)data)[row]);
    case TNI_PHYSICAL_U32: return tni_i128_from_u64(((const uint32_t *)data)[row]);
    case TNI_PHYSICAL_U64: return tni_i128_from_u64(((const uint64_t *)data)[row]);
    default: wide = ((const tni_i128 *)data)[row]; return wide;
    }
}

/* False when the value does not fit. */
static bool tni_math_store(tni_physical physical, tni_i128 v, void *out, size_t row) {
    uint32_t bits = tni_physical_width(physical) * 8;
    bool fits = true;
    if (physical == TNI_PHYSICAL_I128) {
        ((tni_i128 *)out)[row] = v;
        return true;
    }
    if (physical >= TNI_PHYSICAL_U8 && physical <= TNI_PHYSICAL_U64) {
        fits = v.high == 0 && (v.low & ~tni_low_bits(bits)) == 0;
    } else if (!tni_i128_fits_i64(v)) {
        fits = false;
    } else if (bits < 64) {
        int64_t limit = (int64_t)(UINT64_C(1) << (bits - 1));
        fits = (int64_t)v.low >= -limit && (int64_t)v.low < limit;
    }
    switch (bits) {
    case 8: ((uint8_t *)out)[row] = (uint8_t)v.low; break;
    case 16: ((uint16_t *)out)[row] = (uint16_t)v.low; break;
    case 32: ((uint32_t *)out)[row] = (uint32_t)v.low; break;
    default: ((uint64_t *)out)[row] = v.low;
    }
    return fits;
}

/* ------------------------------------------------------------------------------ abs, sign --- */

static trueno_status tni_bind_same_type(tni_bind_call *call, tni_error *error) {
    (void)error;
    call->result = call->types[0];
    return TRUENO_OK;
}

#define TNI_MATH_ABS(T, MIN)                                                                       \
    do {                                                                                           \
        const T *a = (const T *)tni_scalar_data(call, 0);                                          \
        size_t step = tni_scalar_step(call, 0);                                                    \
        T *o = (T *)call->out;                                                                     \
        uint32_t i;                                                                                \
        bool bad = false;                                                                          \
        for (i = 0; i < call->rows; i++) {                                                         \
            T x = a[i * step];                                                                     \
            bad |= x == (MIN);                                                                     \
            o[i] = x == (MIN) ? x : x < 0 ? (T)-x : x;                                             \
        }                                                                                          \
        for (i = 0; bad && i < call->rows; i++) {                                                  \
            if (o[i] == (MIN) && tni_scalar_counts(call, i)) {                                     \
                return tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE, "overflow in abs(%lld)",   \
                                (long long)(MIN));                                                 \
            }                                                                                      \
        }                                                                                          \
        return TRUENO_OK;                                                                          \
    } while (0)

static double tni_math_abs(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= UINT64_MAX >> 1;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static trueno_status tni_math_abs_huge(tni_call *call) {
    const tni_i128 *a = (const tni_i128 *)tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0);
    tni_i128 *o = (tni_i128 *)call->out;
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        o[i] = a[i * step];
        if (o[i].high < 0 && !tni_i128_negate(a[i * step], &o[i]) && tni_scalar_counts(call, i)) {
            return tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE,
                            "overflow in abs of the smallest HUGEINT");
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_abs(tni_call *call) {
    switch (tni_type_physical(call->type)) {
    case TNI_PHYSICAL_I8: TNI_MATH_ABS(int8_t, INT8_MIN);
    case TNI_PHYSICAL_I16: TNI_MATH_ABS(int16_t, INT16_MIN);
    case TNI_PHYSICAL_I32: TNI_MATH_ABS(int32_t, INT32_MIN);
    case TNI_PHYSICAL_I64: TNI_MATH_ABS(int64_t, INT64_MIN);
    case TNI_PHYSICAL_U8: TNI_MATH_LOOP(uint8_t, uint8_t, x); break;
    case TNI_PHYSICAL_U16: TNI_MATH_LOOP(uint16_t, uint16_t, x); break;
    case TNI_PHYSICAL_U32: TNI_MATH_LOOP(uint32_t, uint32_t, x); break;
    case TNI_PHYSICAL_U64: TNI_MATH_LOOP(uint64_t, uint64_t, x); break;
    case TNI_PHYSICAL_I128: return tni_math_abs_huge(call);
    case TNI_PHYSICAL_F32: TNI_MATH_LOOP(float, float, tni_math_abs((double)x)); break;
    default: TNI_MATH_LOOP(double, double, tni_math_abs(x)); break;
    }
    return TRUENO_OK;
}

static trueno_status tni_bind_sign(tni_bind_call *call, tni_error *error) {
    (void)error;
    call->result = tni_type_make(TRUENO_TYPE_TINYINT);
    return TRUENO_OK;
}

static int8_t tni_math_sign_huge(tni_i128 v) {
    return (int8_t)tni_i128_compare(v, tni_i128_from_i64(0));
}

static trueno_status tni_eval_sign(tni_call *call) {
    switch (tni_type_physical(call->arguments[0].type)) {
    case TNI_PHYSICAL_I8: TNI_MATH_LOOP(int8_t, int8_t, (x > 0) - (x < 0)); break;
    case TNI_PHYSICAL_I16: TNI_MATH_LOOP(int16_t, int8_t, (x > 0) - (x < 0)); break;
    case TNI_PHYSICAL_I32: TNI_MATH_LOOP(int32_t, int8_t, (x > 0) - (x < 0)); break;
    case TNI_PHYSICAL_I64: TNI_MATH_LOOP(int64_t, int8_t, (x > 0) - (x < 0)); break;
    case TNI_PHYSICAL_U8: TNI_MATH_LOOP(uint8_t, int8_t, x > 0); break;
    case TNI_PHYSICAL_U16: TNI_MATH_LOOP(uint16_t, int8_t, x > 0); break;
    case TNI_PHYSICAL_U32: TNI_MATH_LOOP(uint32_t, int8_t, x > 0); break;
    case TNI_PHYSICAL_U64: TNI_MATH_LOOP(uint64_t, int8_t, x > 0); break;
    case TNI_PHYSICAL_I128: TNI_MATH_LOOP(tni_i128, int8_t, tni_math_sign_huge(x)); break;
    case TNI_PHYSICAL_F32: TNI_MATH_LOOP(float, int8_t, (x > 0) - (x < 0)); break;
    default: TNI_MATH_LOOP(double, int8_t, (x > 0) - (x < 0)); break;
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------- rounding --- */

typedef enum tni_rounding {
    TNI_ROUND_HALF_AWAY,
    TNI_ROUND_HALF_EVEN,
    TNI_ROUND_DOWN, /* towards zero */
    TNI_ROUND_FLOOR,
    TNI_ROUND_CEILING
} tni_rounding;

static double tni_math_power10(int64_t exponent) { /* exponent >= 0 */
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    char text[8];
    double value = 0;
    if (exponent < (int64_t)TNI_COUNT_OF(powers)) {
        return powers[exponent];
    }
    memcpy(text, "1e", 2);
    text[2] = (char)('0' + TNI_MIN(exponent, 309) / 100);
    text[3] = (char)('0' + TNI_MIN(exponent, 309) / 10 % 10);
    text[4] = (char)('0' + TNI_MIN(exponent, 309) % 10);
    return tni_parse_double(text, 5, &value) && exponent < 309 ? value : 1e308 * 10.0;
}

static double tni_round_how(double v, tni_rounding how) {
    switch (how) {
    case TNI_ROUND_HALF_EVEN: return tni_round_even(v);
    case TNI_ROUND_DOWN: return tni_trunc(v);
    case TNI_ROUND_FLOOR: return tni_floor(v);
    case TNI_ROUND_CEILING: return tni_ceil(v);
    default: return tni_round(v);
    }
}

/* What a * b has lost by being rounded to `product` (T. J. Dekker 1971); NaN when it is too big. */
static double tni_product_rest(double a, double b, double product) {
    double x = a * 134217729.0, y = b * 134217729.0, a_high, b_high, a_low, b_low;
    a_high = x - (x - a);
    b_high = y - (y - b);
    a_low = a - a_high;
    b_low = b - b_high;
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
}

/* v * power to a whole number, halves away from zero: a product that looks like a half but was
 * rounded up to it is none, 2.675 is 2.67. As DuckDB since 2.0.1. */
static double tni_round_product(double v, double power) {
    double product = v * power, whole = tni_trunc(product), rest;
    if (product - whole == 0.5 || product - whole == -0.5) {
        rest = tni_product_rest(v, power, product);
        if (product < 0 ? rest > 0 : rest < 0) {
            return whole;
        }
    }
    return tni_round(product);
}

/* To `digits` after the point (before it when negative), as DuckDB: scale, round, scale back. */
static double tni_round_double(double v, int64_t digits, double power, tni_rounding how) {
    double r;
    if (digits >= 0 && how == TNI_ROUND_HALF_AWAY) {
        r = tni_round_product(v, power) / power;
        return tni_is_finite(r) ? r : tni_math_canonical(v);
    }
    if (digits < 0) {
        r = tni_round_how(v / power, how) * power;
        return tni_is_finite(r) ? r : 0.0;
    }
    r = tni_round_how(v * power, how) / power;
    return tni_is_finite(r) ? r : tni_math_canonical(v);
}

/* v to a multiple of `unit` (a power of ten): how many units. */
static tni_i128 tni_round_units(tni_i128 v, tni_i128 unit, tni_rounding how) {
    tni_i128 quotient, rest, twice;
    int half, away = v.high < 0 ? -1 : 1;
    bool move;
    if (!tni_i128_divide(v, unit, &quotient, &rest)) {
        return v;
    }
    if (rest.high < 0) {
        (void)tni_i128_negate(rest, &rest);
    }
    /* rest * 2 against unit, without overflow: rest against unit - rest */
    (void)tni_i128_subtract(unit, rest, &twice);
    half = tni_i128_compare(rest, twice);
    switch (how) {
    case TNI_ROUND_HALF_EVEN: move = half > 0 || (half == 0 && (quotient.low & 1)); break;
    case TNI_ROUND_DOWN: move = false; break;
    case TNI_ROUND_FLOOR: move = (rest.low | (uint64_t)rest.high) != 0 && away < 0; break;
    case TNI_ROUND_CEILING: move = (rest.low | (uint64_t)rest.high) != 0 && away > 0; break;
    default: move = half >= 0;
    }
    if (move) {
        (void)tni_i128_add(quotient, tni_i128_from_i64(away), &quotient);
    }
    return quotient;
}

static trueno_status tni_round_overflow(tni_call *call, tni_rounding how) {
    return tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE, "overflow in %s of an integer",
                    how == TNI_ROUND_DOWN ? "TRUNC" : "ROUND");
}

/* Integers by `digits` (negative counts), per row; 0 when there are fewer digits than that. */
static trueno_status tni_round_integers(tni_call *call, tni_rounding how) {
    tni_rows rows = tni_rows_of(call);
    tni_physical physical = tni_type_physical(call->type);
    const void *in = tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0);
    uint32_t i, width = tni_type_width(call->type);
    const int64_t *digits = call->count > 1 ? (const int64_t *)tni_scalar_data(call, 1) : NULL;
    size_t step_digits = call->count > 1 ? tni_scalar_step(call, 1) : 0;
    if (digits == NULL || (step_digits == 0 && digits[0] >= 0)) {
        for (i = 0; i < call->rows; i++) {
            memcpy((uint8_t *)call->out + (size_t)i * width, (const uint8_t *)in + i * step * width,
                   width);
        }
        return TRUENO_OK;
    }
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        tni_i128 v = tni_math_integer(physical, in, i * step);
        int64_t places = digits[i * step_digits];
        if (places < -38) {
            v = tni_i128_from_i64(0);
        } else if (places < 0) {
            tni_i128 unit = tni_i128_power10((uint8_t)-places);
            v = tni_round_units(v, unit, how);
            if (!tni_i128_multiply(v, unit, &v)) {
                return tni_round_overflow(call, how);
            }
        }
        if (!tni_math_store(physical, v, call->out, i)) {
            return tni_round_overflow(call, how);
        }
    }
    return TRUENO_OK;
}

/* DECIMAL(p, s) to DECIMAL(p, scale of the result), `digits` known when the call was bound. */
static trueno_status tni_round_decimals(tni_call *call, tni_rounding how) {
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    int64_t digits = call->count > 1 ? *(const int64_t *)call->bound : 0;
    int drop = (int)call->arguments[0].type.scale - (int)TNI_MAX(digits, -39);
    const void *in = tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0);
    tni_physical physical = tni_type_physical(call->type);
    tni_i128 unit = tni_i128_power10((uint8_t)TNI_MIN(TNI_MAX(drop, 0), 38));
    tni_i128 back =
        tni_i128_power10((uint8_t)TNI_MIN(digits < 0 ? (int)-TNI_MAX(digits, -38) : 0, 38));
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        tni_i128 v = tni_math_integer(physical, in, i * step);
        if (drop > 38) {
            v = tni_i128_from_i64(0);
        } else if (drop > 0) {
            v = tni_round_units(v, unit, how);
        }
        if (!tni_i128_multiply(v, back, &v) || !tni_math_store(physical, v, call->out, i)) {
            return tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE,
                            "overflow in rounding of a DECIMAL");
        }
    }
    return TRUENO_OK;
}

/* FLOAT and DOUBLE; digits constant or by row. */
static trueno_status tni_round_floats(tni_call *call, tni_rounding how) {
    bool narrow = call->type.id == TRUENO_TYPE_FLOAT;
    const void *in = tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0), step_digits = 0;
    const int64_t *digits = NULL;
    double power = 1.0;
    int64_t places = 0;
    uint32_t i;
    if (call->count > 1) {
        digits = (const int64_t *)tni_scalar_data(call, 1);
        step_digits = tni_scalar_step(call, 1);
        places = digits[0];
        power = tni_math_power10(places < 0 ? -TNI_MAX(places, -400) : TNI_MIN(places, 400));
    }
    for (i = 0; i < call->rows; i++) {
        double v = narrow ? (double)((const float *)in)[i * step] : ((const double *)in)[i * step];
        if (step_digits && digits[i] != places) {
            places = digits[i];
            power = tni_math_power10(places < 0 ? -TNI_MAX(places, -400) : TNI_MIN(places, 400));
        }
        v = digits == NULL ? tni_math_canonical(tni_round_how(v, how))
                           : tni_round_double(v, places, power, how);
        if (narrow) {
            ((float *)call->out)[i] = (float)v;
        } else {
            ((double *)call->out)[i] = v;
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_round_rows(tni_call *call, tni_rounding how) {
    if (call->type.id == TRUENO_TYPE_DECIMAL) {
        return tni_round_decimals(call, how);
    }
    return tni_type_is_float(call->type) ? tni_round_floats(call, how)
                                         : tni_round_integers(call, how);
}

static trueno_status tni_eval_round(tni_call *call) {
    return tni_round_rows(call, TNI_ROUND_HALF_AWAY);
}
static trueno_status tni_eval_round_even(tni_call *call) {
    return tni_round_rows(call, TNI_ROUND_HALF_EVEN);
}
static trueno_status tni_eval_trunc(tni_call *call) {
    return tni_round_rows(call, TNI_ROUND_DOWN);
}
static trueno_status tni_eval_floor(tni_call *call) {
    return tni_round_rows(call, TNI_ROUND_FLOOR);
}
static trueno_status tni_eval_ceil(tni_call *call) {
    return tni_round_rows(call, TNI_ROUND_CEILING);
}

/* floor and ceil: integers become DOUBLE, decimals lose their fraction. */
static trueno_status tni_bind_floor(tni_bind_call *call, tni_error *error) {
    (void)error;
    if (tni_type_is_integer(call->types[0])) {
        call->types[0] = tni_type_make(TRUENO_TYPE_DOUBLE);
    }
    call->result = call->types[0];
    call->result.scale = 0;
    return TRUENO_OK;
}

/* round, trunc: the digits of a DECIMAL must be known, they decide its type. */
static trueno_status tni_bind_round(tni_bind_call *call, tni_error *error) {
    int64_t *digits;
    call->result = call->types[0];
    if (call->result.id != TRUENO_TYPE_DECIMAL || call->count < 2) {
        call->result.scale = 0;
        return TRUENO_OK;
    }
    if (call->constants[1] == NULL) {
        return tni_fail_at(error, TRUENO_ERROR_UNSUPPORTED, call->position,
                           "%s of a DECIMAL needs a constant number of digits", call->name);
    }
    digits = (int64_t *)tni_arena_alloc(call->arena, sizeof *digits);
    if (digits == NULL) {
        return tni_memory_fail(call->arena->memory, sizeof *digits, error);
    }
    if (!call->constants[1]->is_null) {
        *digits = TNI_MIN(call->constants[1]->as.integer, call->types[0].scale);
    }
    call->result.scale = (uint8_t)TNI_MAX(*digits, 0);
    call->bound = digits;
    return TRUENO_OK;
}

/* Away from zero to the next even number. */
static double tni_math_even(double x) {
    double magnitude = tni_ceil(tni_math_abs(x));
    if (tni_floor(magnitude / 2) * 2 != magnitude) {
        magnitude += 1;
    }
    return x < 0 ? -magnitude : magnitude;
}

static trueno_status tni_eval_even(tni_call *call) {
    TNI_MATH_LOOP(double, double, tni_math_canonical(tni_math_even(x)));
    return TRUENO_OK;
}

/* fdiv: x / y rounded down; fmod: what is left of x then, with the sign of y. */
static trueno_status tni_floor_rows(tni_call *call, bool rest) {
    const double *x = (const double *)tni_scalar_data(call, 0);
    const double *y = (const double *)tni_scalar_data(call, 1);
    size_t step_x = tni_scalar_step(call, 0), step_y = tni_scalar_step(call, 1);
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        double a = x[i * step_x], b = y[i * step_y];
        double left = rest ? tni_double_modulo(a, b) : tni_floor(a / b);
        if (rest && left != 0 && (left < 0) != (b < 0)) {
            left += b;
        }
        ((double *)call->out)[i] = tni_math_canonical(left);
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_fdiv(tni_call *call) {
    return tni_floor_rows(call, false);
}
static trueno_status tni_eval_fmod(tni_call *call) {
    return tni_floor_rows(call, true);
}

/* ------------------------------------------------------------------------------- C library --- */

static trueno_status tni_math_missing(tni_call *call) {
    return tni_fail(call->error, TRUENO_ERROR_UNSUPPORTED,
                    "this system has no math library (libm.so.6) to compute the function with");
}

#define TNI_MATH_FUNCTION(name, EXPRESSION)                                                        \
    static trueno_status tni_eval_math_##name(tni_call *call) {                                    \
        const tni_math *m = call->env->math;                                                       \
        if (m == NULL || !m->loaded) {                                                             \
            return tni_math_missing(call);                                                         \
        }                                                                                          \
        TNI_MATH_LOOP(double, double, tni_math_canonical(EXPRESSION));                             \
        return TRUENO_OK;                                                                          \
    }

TNI_MATH_FUNCTION(exp, m->exp(x))
TNI_MATH_FUNCTION(ln, m->log(x))
TNI_MATH_FUNCTION(log10, m->log10(x))
TNI_MATH_FUNCTION(log2, m->log2(x))
TNI_MATH_FUNCTION(cbrt, m->cbrt(x))
TNI_MATH_FUNCTION(sin, m->sin(x))
TNI_MATH_FUNCTION(cos, m->cos(x))
TNI_MATH_FUNCTION(tan, m->tan(x))
TNI_MATH_FUNCTION(cot, 1.0 / m->tan(x))
TNI_MATH_FUNCTION(asin, m->asin(x))
TNI_MATH_FUNCTION(acos, m->acos(x))
TNI_MATH_FUNCTION(atan, m->atan(x))
TNI_MATH_FUNCTION(sinh, m->sinh(x))
TNI_MATH_FUNCTION(cosh, m->cosh(x))
TNI_MATH_FUNCTION(tanh, m->tanh(x))
TNI_MATH_FUNCTION(asinh, m->asinh(x))
TNI_MATH_FUNCTION(acosh, m->acosh(x))
TNI_MATH_FUNCTION(atanh, m->atanh(x))
TNI_MATH_FUNCTION(gamma, m->tgamma(x))
TNI_MATH_FUNCTION(lgamma, m->lgamma(x))

#define TNI_MATH_FUNCTION2(name, EXPRESSION)                                                       \
    static trueno_status tni_eval_math_##name(tni_call *call) {                                    \
        const tni_math *m = call->env->math;                                                       \
        if (m == NULL || !m->loaded) {                                                             \
            return tni_math_missing(call);                                                         \
        }                                                                                          \
        TNI_MATH_LOOP2(EXPRESSION);                                                                \
        return TRUENO_OK;                                                                          \
    }

TNI_MATH_FUNCTION2(pow, m->pow(x, y))
TNI_MATH_FUNCTION2(atan2, m->atan2(x, y))
TNI_MATH_FUNCTION2(log_base, m->log10(y) / m->log10(x))

static trueno_status tni_eval_sqrt(tni_call *call) {
    TNI_MATH_LOOP(double, double, tni_math_canonical(tni_sqrt(x)));
    return TRUENO_OK;
}

static trueno_status tni_eval_degrees(tni_call *call) {
    TNI_MATH_LOOP(double, double, tni_math_canonical(x * (180.0 / TNI_MATH_PI)));
    return TRUENO_OK;
}

static trueno_status tni_eval_radians(tni_call *call) {
    TNI_MATH_LOOP(double, double, tni_math_canonical(x * (TNI_MATH_PI / 180.0)));
    return TRUENO_OK;
}

static trueno_status tni_eval_pi(tni_call *call) {
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        ((double *)call->out)[i] = TNI_MATH_PI;
    }
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------- floating-point bits --- */

static trueno_status tni_eval_is_nan(tni_call *call) {
    if (call->arguments[0].type.id == TRUENO_TYPE_FLOAT) {
        TNI_MATH_LOOP(float, uint8_t, x != x);
    } else {
        TNI_MATH_LOOP(double, uint8_t, x != x);
    }
    return TRUENO_OK;
}

static bool tni_math_is_infinite(double x) {
    return x == x && !tni_is_finite(x);
}

static trueno_status tni_eval_is_infinite(tni_call *call) {
    switch (tni_type_physical(call->arguments[0].type)) {
    case TNI_PHYSICAL_I32:
        TNI_MATH_LOOP(int32_t, uint8_t, x == INT32_MAX || x == -INT32_MAX);
        break;
    case TNI_PHYSICAL_I64:
        TNI_MATH_LOOP(int64_t, uint8_t, x == INT64_MAX || x == -INT64_MAX);
        break;
    case TNI_PHYSICAL_F32: TNI_MATH_LOOP(float, uint8_t, tni_math_is_infinite((double)x)); break;
    default: TNI_MATH_LOOP(double, uint8_t, tni_math_is_infinite(x)); break;
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_is_finite(tni_call *call) {
    switch (tni_type_physical(call->arguments[0].type)) {
    case TNI_PHYSICAL_I32:
        TNI_MATH_LOOP(int32_t, uint8_t, x != INT32_MAX && x != -INT32_MAX);
        break;
    case TNI_PHYSICAL_I64:
        TNI_MATH_LOOP(int64_t, uint8_t, x != INT64_MAX && x != -INT64_MAX);
        break;
    case TNI_PHYSICAL_F32: TNI_MATH_LOOP(float, uint8_t, tni_is_finite((double)x)); break;
    default: TNI_MATH_LOOP(double, uint8_t, tni_is_finite(x)); break;
    }
    return TRUENO_OK;
}

/* FLOAT and DOUBLE as they are, other numbers as DOUBLE; DATE and TIMESTAMP where they have
 * infinities too. */
static trueno_status tni_bind_finite(tni_bind_call *call, tni_error *error) {
    tni_type t = call->types[0];
    call->result = tni_type_make(TRUENO_TYPE_BOOLEAN);
    if (t.id == TRUENO_TYPE_DATE || tni_type_is_timestamp(t) || tni_type_is_float(t)) {
        return TRUENO_OK;
    }
    if (tni_type_is_numeric(t) || t.id == TRUENO_TYPE_NULL) {
        call->types[0] = tni_type_make(TRUENO_TYPE_DOUBLE);
        return TRUENO_OK;
    }
    return tni_scalar_no_match(call, 0, "a number, DATE or TIMESTAMP", error);
}

static trueno_status tni_bind_float(tni_bind_call *call, tni_error *error) {
    uint32_t i;
    tni_type type = tni_type_make(TRUENO_TYPE_FLOAT);
    (void)error;
    for (i = 0; i < call->count; i++) {
        if (call->types[i].id != TRUENO_TYPE_FLOAT) {
            type = tni_type_make(TRUENO_TYPE_DOUBLE);
        }
    }
    for (i = 0; i < call->count; i++) {
        call->types[i] = type;
    }
    call->result = type;
    return TRUENO_OK;
}

static trueno_status tni_bind_float_test(tni_bind_call *call, tni_error *error) {
    TNI_TRY(tni_bind_float(call, error));
    call->result = tni_type_make(TRUENO_TYPE_BOOLEAN);
    return TRUENO_OK;
}

static trueno_status tni_eval_sign_bit(tni_call *call) {
    if (call->arguments[0].type.id == TRUENO_TYPE_FLOAT) {
        const uint8_t *in = (const uint8_t *)tni_scalar_data(call, 0);
        size_t step = tni_scalar_step(call, 0);
        uint32_t i, bits;
        for (i = 0; i < call->rows; i++) {
            memcpy(&bits, in + i * step * 4, 4);
            ((uint8_t *)call->out)[i] = (uint8_t)(bits >> 31);
        }
    } else {
        const uint8_t *in = (const uint8_t *)tni_scalar_data(call, 0);
        size_t step = tni_scalar_step(call, 0);
        uint64_t bits;
        uint32_t i;
        for (i = 0; i < call->rows; i++) {
            memcpy(&bits, in + i * step * 8, 8);
            ((uint8_t *)call->out)[i] = (uint8_t)(bits >> 63);
        }
    }
    return TRUENO_OK;
}

/* Doubles in order are their bits in order, the negative ones backwards. */
static double tni_math_next(double x, double to) {
    uint64_t bits;
    if (x != x || to != to) {
        return tni_math_canonical(x + to);
    }
    if (x == to) {
        return to;
    }
    if (x == 0.0) {
        bits = UINT64_C(1) | (to < 0 ? UINT64_C(1) << 63 : 0);
    } else {
        memcpy(&bits, &x, sizeof bits);
        bits += (x < to) == (x > 0) ? 1 : UINT64_MAX;
    }
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float tni_math_next_float(float x, float to) {
    uint32_t bits;
    if (x != x || to != to) {
        return (float)tni_math_canonical((double)x + (double)to);
    }
    if (x == to) {
        return to;
    }
    if (x == 0.0f) {
        bits = 1u | (to < 0 ? UINT32_C(1) << 31 : 0u);
    } else {
        memcpy(&bits, &x, sizeof bits);
        bits += (x < to) == (x > 0) ? 1u : UINT32_MAX;
    }
    memcpy(&x, &bits, sizeof x);
    return x;
}

static trueno_status tni_eval_next_after(tni_call *call) {
    if (call->type.id == TRUENO_TYPE_FLOAT) {
        const float *to = (const float *)tni_scalar_data(call, 1);
        size_t step_to = tni_scalar_step(call, 1);
        TNI_MATH_LOOP(float, float, tni_math_next_float(x, to[i * step_to]));
    } else {
        TNI_MATH_LOOP2(tni_math_next(x, y));
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------ whole numbers, 2 --- */

static trueno_status tni_bind_bit_count(tni_bind_call *call, tni_error *error) {
    call->result = tni_type_make(TRUENO_TYPE_TINYINT);
    return tni_type_is_integer(call->types[0]) ? TRUENO_OK
                                               : tni_scalar_no_match(call, 0, "an integer", error);
}

static trueno_status tni_eval_bit_count(tni_call *call) {
    switch (tni_type_width(call->arguments[0].type)) {
    case 1: TNI_MATH_LOOP(uint8_t, int8_t, tni_popcount64(x)); break;
    case 2: TNI_MATH_LOOP(uint16_t, int8_t, tni_popcount64(x)); break;
    case 4: TNI_MATH_LOOP(uint32_t, int8_t, tni_popcount64(x)); break;
    case 8: TNI_MATH_LOOP(uint64_t, int8_t, tni_popcount64(x)); break;
    default:
        TNI_MATH_LOOP(tni_i128, int8_t, tni_popcount64(x.low) + tni_popcount64((uint64_t)x.high));
    }
    return TRUENO_OK;
}

static trueno_status tni_bind_factorial(tni_bind_call *call, tni_error *error) {
    (void)error;
    call->result = tni_type_make(TRUENO_TYPE_HUGEINT);
    return TRUENO_OK;
}

static trueno_status tni_eval_factorial(tni_call *call) {
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    const int64_t *a = (const int64_t *)tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0);
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        int64_t n = a[i * step], k;
        tni_i128 product = tni_i128_from_i64(1);
        if (n < 0 || n > 33) {
            return tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE,
                            n < 0 ? "factorial of a negative number is undefined"
                                  : "factorial(%lld) does not fit a HUGEINT",
                            (long long)n);
        }
        for (k = 2; k <= n; k++) {
            (void)tni_i128_multiply(product, tni_i128_from_i64(k), &product);
        }
        ((tni_i128 *)call->out)[i] = product;
    }
    return TRUENO_OK;
}

static trueno_status tni_bind_divisor(tni_bind_call *call, tni_error *error) {
    tni_type type = tni_type_make(TRUENO_TYPE_BIGINT);
    uint32_t i;
    for (i = 0; i < 2; i++) {
        if (!tni_type_is_integer(call->types[i])) {
            return tni_scalar_no_match(call, i, "an integer", error);
        }
        if (call->types[i].id == TRUENO_TYPE_HUGEINT || call->types[i].id == TRUENO_TYPE_UBIGINT) {
            type = tni_type_make(TRUENO_TYPE_HUGEINT);
        }
    }
    call->types[0] = call->types[1] = call->result = type;
    return TRUENO_OK;
}

static uint64_t tni_math_gcd_u64(uint64_t a, uint64_t b) {
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The greatest common divisor, not negative; false when that does not fit. */
static bool tni_math_gcd(tni_i128 a, tni_i128 b, tni_i128 *out) {
    tni_i128 quotient, rest;
    while ((b.low | (uint64_t)b.high) != 0) {
        if (tni_i128_fits_i64(a) && tni_i128_fits_i64(b)) {
            uint64_t x = (uint64_t)a.low, y = (uint64_t)b.low;
            x = a.high < 0 ? 0 - x : x;
            y = b.high < 0 ? 0 - y : y;
            *out = tni_i128_from_u64(tni_math_gcd_u64(x, y));
            return true;
        }
        if (!tni_i128_divide(a, b, &quotient, &rest)) { /* the smallest value by -1 */
            a = tni_i128_from_i64(1);
            break;
        }
        a = b;
        b = rest;
    }
    *out = a;
    return a.high >= 0 || tni_i128_negate(a, out);
}

static bool tni_math_lcm(tni_i128 a, tni_i128 b, tni_i128 *out) {
    tni_i128 divisor, part;
    *out = tni_i128_from_i64(0);
    if ((a.low | (uint64_t)a.high) == 0 || (b.low | (uint64_t)b.high) == 0) {
        return true;
    }
    return tni_math_gcd(a, b, &divisor) && tni_i128_divide(a, divisor, &part, NULL) &&
           tni_i128_multiply(part, b, out) && (out->high >= 0 || tni_i128_negate(*out, out));
}

static trueno_status tni_divisor_rows(tni_call *call, bool multiple) {
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_physical physical = tni_type_physical(call->type);
    const void *a = tni_scalar_data(call, 0), *b = tni_scalar_data(call, 1);
    size_t step_a = tni_scalar_step(call, 0), step_b = tni_scalar_step(call, 1);
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        tni_i128 x = tni_math_integer(physical, a, i * step_a);
        tni_i128 y = tni_math_integer(physical, b, i * step_b);
        tni_i128 r;
        bool good = multiple ? tni_math_lcm(x, y, &r) : tni_math_gcd(x, y, &r);
        if (!good || !tni_math_store(physical, r, call->out, i)) {
            return tni_fail(call->error, TRUENO_ERROR_OUT_OF_RANGE, "%s value is out of range",
                            multiple ? "lcm" : "gcd");
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_gcd(tni_call *call) {
    return tni_divisor_rows(call, false);
}
static trueno_status tni_eval_lcm(tni_call *call) {
    return tni_divisor_rows(call, true);
}

/* ---------------------------------------------------------------------------------- table --- */

#define TNI_MATH_ROW(name, eval, doc) TNI_MATH_ROW_ON(name, eval, TNI_DEVICE_NONE, doc)
#define TNI_MATH_ROW_ON(name, eval, device, doc)                                                   \
    TNI_SCALAR_ON(name, "d", "d", NULL, eval, TNI_FUNCTION_MATH, device, "(x)", doc)

static const tni_function tni_math_table[] = {
    {"abs", "n", NULL, tni_bind_same_type, tni_eval_abs, 0, TNI_DEVICE_ABS, "(x)",
     "Absolute value"},
    TNI_SCALAR_ON("sign", "n", NULL, tni_bind_sign, tni_eval_sign, 0, TNI_DEVICE_SIGN, "(x)",
                  "-1, 0 or 1"),
    TNI_SCALAR_ON("round", "n?i", NULL, tni_bind_round, tni_eval_round, 0, TNI_DEVICE_ROUND,
                  "(x[, digits])", "To that many digits after the point, halves away from zero"),
    TNI_SCALAR_ON("round_even", "n?i", NULL, tni_bind_round, tni_eval_round_even, 0,
                  TNI_DEVICE_ROUND_EVEN, "(x[, digits])", "As round, halves to the even digit"),
    TNI_SCALAR_ON("roundbankers", "n?i", NULL, tni_bind_round, tni_eval_round_even, 0,
                  TNI_DEVICE_ROUND_EVEN, "(x[, digits])", "The same as round_even"),
    TNI_SCALAR_ON("trunc", "n?i", NULL, tni_bind_round, tni_eval_trunc, 0, TNI_DEVICE_TRUNC,
                  "(x[, digits])", "Cut off towards zero"),
    TNI_SCALAR_ON("floor", "n", NULL, tni_bind_floor, tni_eval_floor, 0, TNI_DEVICE_FLOOR, "(x)",
                  "The largest whole number not above x"),
    TNI_SCALAR_ON("ceil", "n", NULL, tni_bind_floor, tni_eval_ceil, 0, TNI_DEVICE_CEIL, "(x)",
                  "The smallest whole number not below x"),
    TNI_SCALAR_ON("ceiling", "n", NULL, tni_bind_floor, tni_eval_ceil, 0, TNI_DEVICE_CEIL, "(x)",
                  "The same as ceil"),
    TNI_SCALAR("even", "d", "d", NULL, tni_eval_even, 0, "(x)",
               "The next even number away from zero"),
    TNI_SCALAR("fdiv", "dd", "d", NULL, tni_eval_fdiv, 0, "(x, y)", "x / y rounded down"),
    TNI_SCALAR("fmod", "dd", "d", NULL, tni_eval_fmod, 0, "(x, y)",
               "The rest of fdiv, with the sign of y"),
    TNI_SCALAR_ON("sqrt", "d", "d", NULL, tni_eval_sqrt, 0, TNI_DEVICE_SQRT, "(x)", "Square root"),
    TNI_MATH_ROW("cbrt", tni_eval_math_cbrt, "Cube root"),
    TNI_MATH_ROW_ON("exp", tni_eval_math_exp, TNI_DEVICE_EXP, "e to the power of x"),
    TNI_MATH_ROW_ON("ln", tni_eval_math_ln, TNI_DEVICE_LN, "Natural logarithm"),
    TNI_MATH_ROW_ON("log10", tni_eval_math_log10, TNI_DEVICE_LOG10, "Logarithm to base 10"),
    TNI_MATH_ROW_ON("log2", tni_eval_math_log2, TNI_DEVICE_LOG2, "Logarithm to base 2"),
    TNI_MATH_ROW_ON("log", tni_eval_math_log10, TNI_DEVICE_LOG10, "Logarithm to base 10"),
    TNI_SCALAR("log", "dd", "d", NULL, tni_eval_math_log_base, TNI_FUNCTION_MATH, "(base, x)",
               "Logarithm to that base"),
    TNI_SCALAR_ON("pow", "dd", "d", NULL, tni_eval_math_pow, TNI_FUNCTION_MATH, TNI_DEVICE_POW,
                  "(x, y)", "x to the power of y"),
    TNI_SCALAR_ON("power", "dd", "d", NULL, tni_eval_math_pow, TNI_FUNCTION_MATH, TNI_DEVICE_POW,
                  "(x, y)", "The same as pow"),
    TNI_MATH_ROW_ON("sin", tni_eval_math_sin, TNI_DEVICE_SIN, "Sine"),
    TNI_MATH_ROW_ON("cos", tni_eval_math_cos, TNI_DEVICE_COS, "Cosine"),
    TNI_MATH_ROW_ON("tan", tni_eval_math_tan, TNI_DEVICE_TAN, "Tangent"),
    TNI_MATH_ROW("cot", tni_eval_math_cot, "Cotangent"),
    TNI_MATH_ROW_ON("asin", tni_eval_math_asin, TNI_DEVICE_ASIN, "Arc sine"),
    TNI_MATH_ROW_ON("acos", tni_eval_math_acos, TNI_DEVICE_ACOS, "Arc cosine"),
    TNI_MATH_ROW_ON("atan", tni_eval_math_atan, TNI_DEVICE_ATAN, "Arc tangent"),
    TNI_SCALAR_ON("atan2", "dd", "d", NULL, tni_eval_math_atan2, TNI_FUNCTION_MATH,
                  TNI_DEVICE_ATAN2, "(y, x)", "Angle of the point (x, y)"),
    TNI_MATH_ROW("sinh", tni_eval_math_sinh, "Hyperbolic sine"),
    TNI_MATH_ROW("cosh", tni_eval_math_cosh, "Hyperbolic cosine"),
    TNI_MATH_ROW("tanh", tni_eval_math_tanh, "Hyperbolic tangent"),
    TNI_MATH_ROW("asinh", tni_eval_math_asinh, "Inverse hyperbolic sine"),
    TNI_MATH_ROW("acosh", tni_eval_math_acosh, "Inverse hyperbolic cosine"),
    TNI_MATH_ROW("atanh", tni_eval_math_atanh, "Inverse hyperbolic tangent"),
    TNI_MATH_ROW("gamma", tni_eval_math_gamma, "Gamma function: (x - 1)!"),
    TNI_MATH_ROW("lgamma", tni_eval_math_lgamma, "Logarithm of the gamma function"),
    TNI_SCALAR("degrees", "d", "d", NULL, tni_eval_degrees, 0, "(x)", "Radians to degrees"),
    TNI_SCALAR("radians", "d", "d", NULL, tni_eval_radians, 0, "(x)", "Degrees to radians"),
    TNI_SCALAR("pi", "", "d", NULL, tni_eval_pi, 0, "()", "3.14159..."),
    TNI_SCALAR_ON("isnan", "n", NULL, tni_bind_float_test, tni_eval_is_nan, 0, TNI_DEVICE_IS_NAN,
                  "(x)", "Is it not a number?"),
    TNI_SCALAR_ON("isinf", "a", NULL, tni_bind_finite, tni_eval_is_infinite, 0,
                  TNI_DEVICE_IS_INFINITE, "(x)", "Is it infinite?"),
    TNI_SCALAR_ON("isfinite", "a", NULL, tni_bind_finite, tni_eval_is_finite, 0,
                  TNI_DEVICE_IS_FINITE, "(x)", "Is it neither infinite nor NaN?"),
    TNI_SCALAR("signbit", "n", NULL, tni_bind_float_test, tni_eval_sign_bit, 0, "(x)",
               "Is the sign bit set (-0.0 too)?"),
    TNI_SCALAR("nextafter", "nn", NULL, tni_bind_float, tni_eval_next_after, 0, "(x, y)",
               "The next number after x towards y"),
    TNI_SCALAR("bit_count", "n", NULL, tni_bind_bit_count, tni_eval_bit_count, 0, "(x)",
               "Bits that are 1"),
    TNI_SCALAR("factorial", "i", NULL, tni_bind_factorial, tni_eval_factorial, 0, "(n)",
               "1 * 2 * ... * n, a HUGEINT"),
    TNI_SCALAR("gcd", "nn", NULL, tni_bind_divisor, tni_eval_gcd, 0, "(a, b)",
               "Greatest common divisor"),
    TNI_SCALAR("greatest_common_divisor", "nn", NULL, tni_bind_divisor, tni_eval_gcd, 0, "(a, b)",
               "The same as gcd"),
    TNI_SCALAR("lcm", "nn", NULL, tni_bind_divisor, tni_eval_lcm, 0, "(a, b)",
               "Least common multiple"),
    TNI_SCALAR("least_common_multiple", "nn", NULL, tni_bind_divisor, tni_eval_lcm, 0, "(a, b)",
               "The same as lcm"),
    TNI_SCALAR_END,
};

#undef TNI_MATH_PI
#undef TNI_MATH_LOOP
#undef TNI_MATH_LOOP2
#undef TNI_MATH_ABS
#undef TNI_MATH_FUNCTION
#undef TNI_MATH_FUNCTION2
#undef TNI_MATH_ROW
#undef TNI_MATH_ROW_ON

TNI_FN const tni_function *tni_functions_math(void) {
    return tni_math_table;
}
