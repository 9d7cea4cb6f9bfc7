/*
 * agg_state.c - accumulators: preparing inputs, updating, merging.
 *
 * Inputs are brought to one form per class once per vector (int64, double, 128 bits, string), so
 * an accumulator is one short loop over (group, value). Float sums cut each value into three
 * 32-bit slices at fixed binary places and add integers: exact, so associative. A group's places
 * move up in steps of 32 bits when a larger value comes; what falls off the low end would have
 * been rounded away had the large value come first, so the result is the same in every order (the
 * binned sums of Demmel and Nguyen). A vector is cut on the grid of its largest value, by kernel;
 * only groups on another grid take the long way.
 */
#include "exec/aggregate.h"

TNI_FN uint32_t tni_agg_class_width(tni_agg_class class_id) {
    return class_id == TNI_CLASS_I64 || class_id == TNI_CLASS_F64 ? 8 : 16;
}

/* -------------------------------------------------------------------------- prepare --- */

#define TNI_WIDEN_LOOP(T)                                                                          \
    for (i = 0; i < rows; i++) {                                                                   \
        out[i] = (int64_t)((const T *)v->data)[i];                                                 \
    }

/* Integers of any width to int64; UBIGINT keeps its bits. */
static void tni_prepare_i64(const tni_env *env, const tni_vector *v, uint32_t rows, int64_t *out) {
    const tni_kernels *k = env->kernels;
    uint32_t i;
    if (v->form == TNI_FORM_NARROW) {
        switch (v->code_width) {
        case 1: k->widen_u8_i64((const uint8_t *)v->data, rows, v->base, out); break;
        case 2: k->widen_u16_i64((const uint16_t *)v->data, rows, v->base, out); break;
        case 4: k->widen_u32_i64((const uint32_t *)v->data, rows, v->base, out); break;
        default:
            for (i = 0; i < rows; i++) {
                out[i] = (int64_t)(((const uint64_t *)v->data)[i] + (uint64_t)v->base);
            }
        }
        return;
    }
    switch (tni_type_physical(v->type)) {
    case TNI_PHYSICAL_I8: TNI_WIDEN_LOOP(int8_t) break;
    case TNI_PHYSICAL_I16: TNI_WIDEN_LOOP(int16_t) break;
    case TNI_PHYSICAL_U16: TNI_WIDEN_LOOP(uint16_t) break;
    case TNI_PHYSICAL_I32: TNI_WIDEN_LOOP(int32_t) break;
    case TNI_PHYSICAL_U32: TNI_WIDEN_LOOP(uint32_t) break;
    case TNI_PHYSICAL_I64:
    case TNI_PHYSICAL_U64: memcpy(out, v->data, rows * sizeof *out); break;
    default: TNI_WIDEN_LOOP(uint8_t)
    }
}

#undef TNI_WIDEN_LOOP

/* A constant is spread first: the loops then see plain rows. */
TNI_FN trueno_status tni_agg_spread(const tni_vector *in, uint32_t rows, tni_scratch *scratch,
                                    tni_vector *out, tni_error *error) {
    uint32_t i, width = tni_type_width(in->type);
    uint8_t *data = (uint8_t *)tni_scratch_take(scratch, (size_t)rows * width, error);
    uint64_t *validity = NULL;
    if (data == NULL) {
        return error->status;
    }
    if (in->is_null) {
        memset(data, 0, (size_t)rows * width);
        validity = (uint64_t *)tni_scratch_take(scratch, TNI_VECTOR_WORDS * 8, error);
        if (validity == NULL) {
            return error->status;
        }
        memset(validity, 0, TNI_VECTOR_WORDS * 8);
    } else {
        for (i = 0; i < rows; i++) {
            memcpy(data + (size_t)i * width, in->data, width);
        }
    }
    memset(out, 0, sizeof *out);
    out->type = in->type;
    out->data = data;
    out->validity = validity;
    return TRUENO_OK;
}

static void tni_prepare_filter(const tni_env *env, const tni_vector *v, uint32_t rows,
                               uint64_t *bits) {
    uint32_t i;
    env->kernels->bytes_to_mask((const uint8_t *)v->data, rows, bits);
    for (i = 0; v->validity != NULL && i < tni_bitmap_words(rows); i++) {
        bits[i] &= v->validity[i];
    }
}

static trueno_status tni_prepare_one(tni_agg *agg, tni_agg_worker *worker,
                                     const tni_agg_input *input, const tni_chunk *chunk,
                                     tni_agg_prepared *out, tni_error *error) {
    const tni_env *env = agg->run->env;
    tni_vector v = chunk->columns[input->column];
    uint32_t rows = chunk->rows;
    if (v.form == TNI_FORM_CONSTANT) {
        TNI_TRY(tni_agg_spread(&chunk->columns[input->column], rows, &worker->scratch, &v, error));
    }
    if (!(v.form == TNI_FORM_NARROW && input->class_id == TNI_CLASS_I64) &&
        (input->needs_data || input->is_filter)) {
        tni_vector encoded = v;
        TNI_TRY(tni_vector_flatten(env, &encoded, rows, &worker->scratch, &v, error));
    }
    out->validity = v.validity;
    if (input->is_filter) {
        tni_prepare_filter(env, &v, rows, out->bits);
        out->validity = out->bits;
        return TRUENO_OK;
    }
    if (!input->needs_data) {
        return TRUENO_OK;
    }
    out->data = v.data;
    switch (input->class_id) {
    case TNI_CLASS_I64:
        if (v.form == TNI_FORM_NARROW || tni_type_width(v.type) != 8) {
            tni_prepare_i64(env, &v, rows, (int64_t *)out->buffer);
            out->data = out->buffer;
        }
        break;
    case TNI_CLASS_F64:
        if (v.type.id == TRUENO_TYPE_FLOAT) {
            env->kernels->widen_f32_f64((const float *)v.data, rows, (double *)out->buffer);
            out->data = out->buffer;
        }
        break;
    case TNI_CLASS_I128:
        if (tni_type_width(v.type) != 16) { /* UBIGINT */
            uint32_t i;
            for (i = 0; i < rows; i++) {
                ((tni_i128 *)out->buffer)[i] =
                    tni_i128_from_u64(((const uint64_t *)v.data)[i]);
            }
            out->data = out->buffer;
        }
        break;
    default: break;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_agg_prepare(tni_agg *agg, tni_agg_worker *worker, const tni_chunk *chunk,
                                     tni_error *error) {
    uint32_t i;
    for (i = 0; i < agg->input_count; i++) {
        TNI_TRY(tni_prepare_one(agg, worker, &agg->inputs[i], chunk, &worker->prepared[i], error));
    }
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------- float limbs --- */

#define TNI_AGG_CACHE (1u << 20) /* bytes of states that stay near without help */
#define TNI_GRID 32
#define TNI_GRID_LOWEST (-896)
#define TNI_GRID_HEADROOM 8 /* bits above the largest value: 2^39 rows cannot overflow a limb */
#define TNI_GRID_MOST 61u   /* scale 1024 */

static double tni_power2(int exponent) { /* -1022 .. 1023 */
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* The grid a finite value needs: the lowest with |x| < 2^(scale - headroom). */
TNI_FORCE_INLINE uint32_t tni_grid_for(double x) {
    const uint32_t lowest = (uint32_t)(TNI_GRID_LOWEST - TNI_GRID_HEADROOM + 1022);
    uint64_t bits;
    uint32_t above; /* |x| < 2^(above - 1022) */
    memcpy(&bits, &x, sizeof bits);
    above = (uint32_t)((bits >> 52) & 0x7ff);
    if (above <= lowest) {
        return 1;
    }
    above = (above - lowest + TNI_GRID - 1) / TNI_GRID + 1;
    return TNI_MIN(above, TNI_GRID_MOST);
}

static void tni_float_shift(tni_float_state *state, uint32_t steps) {
    for (steps = TNI_MIN(steps, 3u); steps > 0; steps--) {
        state->limbs[2] = state->limbs[1];
        state->limbs[1] = state->limbs[0];
        state->limbs[0] = 0;
    }
}

typedef struct tni_float_grid {
    double inverse[3]; /* 1 / quantum */
    double quantum[3];
} tni_float_grid;

static void tni_float_grid_set(tni_float_grid *out, uint32_t grid) {
    int j, scale = TNI_GRID_LOWEST + TNI_GRID * ((int)grid - 1);
    for (j = 0; j < 3; j++) {
        int exponent = scale - TNI_GRID * (j + 1);
        out->quantum[j] = tni_power2(exponent);
        out->inverse[j] = tni_power2(-exponent);
    }
}

/* The limbs of x, a finite value that needs no higher grid. */
static void tni_float_split(double x, uint32_t grid, int64_t *limbs) {
    const double magic = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to an integer */
    const int64_t zero = INT64_C(0x4338000000000000); /* its bits */
    tni_float_grid g;
    int j;
    tni_float_grid_set(&g, grid);
    for (j = 0; j < 3; j++) {
        double t = x * g.inverse[j] + magic;
        memcpy(&limbs[j], &t, sizeof t);
        limbs[j] -= zero;
        x -= (t - magic) * g.quantum[j];
    }
}

/* Add x, whose limbs on its vector's grid are given, to a state on another grid. A state's grid
 * is the highest that one of its values needs; what lies below the window is dropped. */
static void tni_float_meet(tni_float_state *state, double x, uint32_t grid, int64_t high,
                           int64_t middle, int64_t low) {
    int64_t limbs[3];
    limbs[0] = high;
    limbs[1] = middle;
    limbs[2] = low;
    if (state->grid < grid) {
        uint32_t own = tni_grid_for(x);
        if (own > state->grid) {
            tni_float_shift(state, own - state->grid);
            state->grid = own;
        }
        if (state->grid < grid) {
            tni_float_split(x, state->grid, limbs);
            grid = state->grid;
        }
    }
    for (; grid < state->grid && (limbs[0] != 0 || limbs[1] != 0); grid++) {
        limbs[2] = limbs[1];
        limbs[1] = limbs[0];
        limbs[0] = 0;
    }
    if (grid == state->grid) {
        state->limbs[0] += limbs[0];
        state->limbs[1] += limbs[1];
        state->limbs[2] += limbs[2];
    }
}

TNI_FN double tni_float_state_value(const tni_float_state *state) {
    tni_i128 total, part;
    double v;
    int exponent = TNI_GRID_LOWEST + TNI_GRID * ((int)state->grid - 1) - 3 * TNI_GRID;
    if (state->flags != 0) {
        double infinity = 1e308 * 10;
        bool nan = (state->flags & 1) != 0 || (state->flags & 6) == 6;
        return nan ? infinity - infinity : (state->flags & 2) != 0 ? infinity : -infinity;
    }
    if (state->grid == 0) {
        return 0.0;
    }
    total.low = (uint64_t)state->limbs[2];
    total.high = state->limbs[2] < 0 ? -1 : 0;
    part.low = (uint64_t)state->limbs[1] << 32;
    part.high = state->limbs[1] >> 32;
    (void)tni_i128_add(total, part, &total);
    part.low = 0;
    part.high = state->limbs[0];
    (void)tni_i128_add(total, part, &total);
    v = tni_i128_to_double(total);
    while (exponent < -900) { /* in two steps: 2^exponent alone could be subnormal */
        v *= tni_power2(-64);
        exponent += 64;
    }
    return v * tni_power2(exponent);
}

/* x*y as an unevaluated sum hi + lo, exactly (Dekker); overflow leaves lo = 0. */
static void tni_float_product(double x, double y, double *hi, double *lo) {
    const double splitter = 134217729.0; /* 2^27 + 1 */
    double p = x * y, cx = splitter * x, cy = splitter * y, xh, xl, yh, yl, e;
    xh = cx - (cx - x);
    xl = x - xh;
    yh = cy - (cy - y);
    yl = y - yh;
    e = ((xh * yh - p) + xh * yl + xl * yh) + xl * yl;
    *hi = p;
    *lo = tni_is_finite(e) ? e : 0.0;
}

/* ---------------------------------------------------------------------- update loops --- */

/* Run BODY for every row i (of group g) that the mask admits. */
#define TNI_EACH(...)                                                                              \
    do {                                                                                           \
        uint32_t i;                                                                                \
        if (mask == NULL) {                                                                        \
            for (i = 0; i < rows; i++) {                                                           \
                uint32_t g = groups[i];                                                            \
                __VA_ARGS__                                                                        \
            }                                                                                      \
        } else {                                                                                   \
            uint32_t word, words = (uint32_t)tni_bitmap_words(rows);                               \
            for (word = 0; word < words; word++) {                                                 \
                uint64_t left = mask[word];                                                        \
                while (left != 0) {                                                                \
                    uint32_t g;                                                                    \
                    i = word * 64 + tni_ctz64(left);                                               \
                    left &= left - 1;                                                              \
                    g = groups[i];                                                                 \
                    __VA_ARGS__                                                                    \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    } while (0)

/* Where an accumulator's states lie: first one, and bytes from group to group. */
typedef struct tni_agg_states {
    uint8_t *first;
    size_t stride;
} tni_agg_states;

#define TNI_AT(T, g) ((T *)(void *)(s.first + (size_t)(g) * s.stride))

static tni_agg_states tni_states_of(const tni_agg_table *table, const tni_accumulator *acc) {
    tni_agg_states s;
    s.first = table->states == NULL ? NULL : table->states + acc->offset;
    s.stride = table->state_size;
    return s;
}

static void tni_update_count(tni_agg_states s, const uint32_t *groups, uint32_t rows,
                             const uint64_t *mask) {
    TNI_EACH((*TNI_AT(int64_t, g))++;);
}

static void tni_update_sum_i64(tni_agg_states s, const int64_t *v, const uint32_t *groups,
                               uint32_t rows, const uint64_t *mask) {
    TNI_EACH(*TNI_AT(int64_t, g) += v[i];);
}

static void tni_update_sum_i128(tni_agg_states s, const int64_t *v, const uint32_t *groups,
                                uint32_t rows, const uint64_t *mask) {
    TNI_EACH(tni_i128_accumulate(TNI_AT(tni_i128, g), v[i]););
}

static void tni_update_products(tni_agg_states s, const int64_t *x, const int64_t *y,
                                const uint32_t *groups, uint32_t rows, const uint64_t *mask) {
    TNI_EACH(tni_i128_accumulate(TNI_AT(tni_i128, g), x[i] * y[i]););
}

static trueno_status tni_update_sum_huge(tni_agg_states s, const tni_i128 *v,
                                         const uint32_t *groups, uint32_t rows,
                                         const uint64_t *mask, tni_error *error) {
    TNI_EACH(if (!tni_i128_add(*TNI_AT(tni_i128, g), v[i], TNI_AT(tni_i128, g))) {
        return tni_fail(error, TRUENO_ERROR_OUT_OF_RANGE, "overflow in sum of HUGEINT");
    });
    return TRUENO_OK;
}

static void tni_update_min_i64(tni_agg_states s, const int64_t *v, const uint32_t *groups,
                               uint32_t rows, const uint64_t *mask) {
    TNI_EACH(int64_t *state = TNI_AT(int64_t, g); *state = v[i] < *state ? v[i] : *state;);
}

static void tni_update_max_i64(tni_agg_states s, const int64_t *v, const uint32_t *groups,
                               uint32_t rows, const uint64_t *mask) {
    TNI_EACH(int64_t *state = TNI_AT(int64_t, g); *state = v[i] > *state ? v[i] : *state;);
}

static void tni_update_min_max_i128(tni_agg_states s, const tni_i128 *v, bool least,
                                    const uint32_t *groups, uint32_t rows, const uint64_t *mask) {
    TNI_EACH(tni_i128 *state = TNI_AT(tni_i128, g); int c = tni_i128_compare(v[i], *state);
             if (least ? c < 0 : c > 0) { *state = v[i]; });
}

static void tni_update_bits(tni_agg_states s, const uint64_t *v, tni_agg_kind kind,
                            const uint32_t *groups, uint32_t rows, const uint64_t *mask) {
    if (kind == TNI_AGG_BIT_AND) {
        TNI_EACH(*TNI_AT(uint64_t, g) &= v[i];);
    } else if (kind == TNI_AGG_BIT_OR) {
        TNI_EACH(*TNI_AT(uint64_t, g) |= v[i];);
    } else {
        TNI_EACH(*TNI_AT(uint64_t, g) ^= v[i];);
    }
}

/* A string that outlives its vector: long bytes go to the table's heap. */
static bool tni_agg_keep_string(tni_arena *heap, const tni_string *in, tni_string *out) {
    void *bytes;
    *out = *in;
    if (in->length <= TNI_STRING_INLINE) {
        return true;
    }
    bytes = tni_arena_bytes(heap, in->length);
    if (bytes == NULL) {
        return false;
    }
    memcpy(bytes, in->tail.pointer, in->length);
    out->tail.pointer = (const uint8_t *)bytes;
    return true;
}

static trueno_status tni_update_min_max_string(tni_agg_table *table, tni_agg_states s,
                                               const tni_string *v, bool least,
                                               const uint32_t *groups, uint32_t rows,
                                               const uint64_t *mask, tni_error *error) {
    TNI_EACH({
        tni_string_state *state = TNI_AT(tni_string_state, g);
        int c = state->seen ? tni_string_compare(&v[i], &state->value) : 0;
        if (!state->seen || (least ? c < 0 : c > 0)) {
            if (!tni_agg_keep_string(&table->heap, &v[i], &state->value)) {
                return tni_memory_fail(table->memory, v[i].length, error);
            }
            state->seen = 1;
        }
    });
    return TRUENO_OK;
}

/* -------------------------------------------------------------------------- floats --- */

/* Largest magnitude of the rows that count, and whether some are NaN or infinite. */
static double tni_float_survey(const tni_kernels *kernels, const double *v, uint32_t rows,
                               const uint64_t *mask, bool *special) {
    double low = 0, high = 0, most = 0;
    uint32_t i;
    *special = false;
    if (!kernels->min_max_f64(v, rows, mask, &low, &high)) {
        return 0;
    }
    if (tni_is_finite(low) && tni_is_finite(high)) {
        return TNI_MAX(low < 0 ? -low : low, high < 0 ? -high : high);
    }
    *special = true;
    for (i = 0; i < rows; i++) {
        double m = v[i] < 0 ? -v[i] : v[i];
        if ((mask == NULL || tni_bit_get(mask, i)) && tni_is_finite(m) && m > most) {
            most = m;
        }
    }
    return most;
}

static void tni_update_floats(const tni_kernels *kernels, tni_agg_states s, const double *v,
                              const uint32_t *groups, uint32_t rows, const uint64_t *mask) {
    int64_t high[TNI_VECTOR_ROWS];
    int64_t middle[TNI_VECTOR_ROWS];
    int64_t low[TNI_VECTOR_ROWS];
    tni_float_grid places;
    bool special;
    uint32_t grid = tni_grid_for(tni_float_survey(kernels, v, rows, mask, &special));
    tni_float_grid_set(&places, grid);
    kernels->split_f64(v, rows, places.inverse, places.quantum, high, middle, low);
    TNI_EACH({
        tni_float_state *state = TNI_AT(tni_float_state, g);
        if (TNI_UNLIKELY(special && !tni_is_finite(v[i]))) {
            state->flags |= v[i] != v[i] ? 1u : v[i] > 0 ? 2u : 4u;
        } else if (TNI_LIKELY(state->grid == grid)) {
            state->limbs[0] += high[i];
            state->limbs[1] += middle[i];
            state->limbs[2] += low[i];
        } else {
            tni_float_meet(state, v[i], grid, high[i], middle[i], low[i]);
        }
    });
}

/* Powers and products: x^2 and x*y enter as exact pairs, x^3 and x^4 rounded once. */
static void tni_update_powers(const tni_kernels *kernels, tni_agg_states s,
                              const tni_accumulator *a, const double *x, const double *y,
                              const uint32_t *groups, uint32_t rows, const uint64_t *mask) {
    double high[TNI_VECTOR_ROWS];
    double low[TNI_VECTOR_ROWS];
    bool pair = a->size > sizeof(tni_float_state);
    uint32_t i;
    for (i = 0; i < rows; i++) {
        if (mask != NULL && !tni_bit_get(mask, i)) {
            high[i] = low[i] = 0;
            continue;
        }
        if (pair) {
            tni_float_product(x[i], y[i], &high[i], &low[i]);
        } else {
            double square = x[i] * x[i];
            high[i] = a->power == 3 ? square * x[i] : square * square;
        }
    }
    tni_update_floats(kernels, s, high, groups, rows, mask);
    if (pair) {
        s.first += sizeof(tni_float_state);
        tni_update_floats(kernels, s, low, groups, rows, mask);
    }
}

/* --------------------------------------------------------------- rows as identities --- */

typedef struct tni_row_source {
    uint64_t order;
    uint32_t first_row;
    const uint16_t *positions;
    const uint64_t *tuple_rows; /* order, row pairs */
} tni_row_source;

static void tni_row_identity(const tni_row_source *source, uint32_t i, uint64_t *order,
                             uint32_t *row) {
    if (source->tuple_rows != NULL) {
        *order = source->tuple_rows[2 * (size_t)i];
        *row = (uint32_t)source->tuple_rows[2 * (size_t)i + 1];
        return;
    }
    *order = source->order;
    *row = source->first_row + (source->positions != NULL ? source->positions[i] : i);
}

static bool tni_row_before(uint64_t order, uint32_t row, const tni_row_state *s) {
    return order != s->order ? order < s->order : row < s->row;
}

static bool tni_agg_keep_value(tni_agg_table *table, tni_agg_class class_id, const void *data,
                               uint32_t i, uint8_t *out) {
    uint32_t width = tni_agg_class_width(class_id);
    if (class_id == TNI_CLASS_STRING) {
        tni_string kept;
        if (!tni_agg_keep_string(&table->heap, &((const tni_string *)data)[i], &kept)) {
            return false;
        }
        memcpy(out, &kept, sizeof kept);
        return true;
    }
    memcpy(out, (const uint8_t *)data + (size_t)i * width, width);
    return true;
}

/* Order of two values of a class. */
static int tni_class_compare(tni_agg_class class_id, bool is_unsigned, const void *a,
                             const void *b) {
    if (class_id == TNI_CLASS_STRING) {
        tni_string x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return tni_string_compare(&x, &y);
    }
    if (class_id == TNI_CLASS_F64) {
        double x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        if (x != x || y != y) {
            return (x != x) - (y != y);
        }
        return (x > y) - (x < y);
    }
    if (class_id == TNI_CLASS_I64) {
        int64_t x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        if (is_unsigned) {
            return ((uint64_t)x > (uint64_t)y) - ((uint64_t)x < (uint64_t)y);
        }
        return (x > y) - (x < y);
    }
    {
        tni_i128 x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return tni_i128_compare(x, y);
    }
}

/* FIRST, LAST, ARG_MIN, ARG_MAX: keep the row that wins. */
static trueno_status tni_update_rows(tni_agg *agg, tni_agg_table *table, uint32_t a,
                                     const tni_agg_prepared *prepared, const uint32_t *groups,
                                     uint32_t rows, const uint64_t *mask,
                                     const tni_row_source *source, tni_error *error) {
    const tni_accumulator *acc = &agg->accumulators[a];
    const tni_agg_input *input = &agg->inputs[acc->arguments[0]];
    const tni_agg_prepared *value = &prepared[acc->arguments[0]];
    bool by = acc->kind == TNI_AGG_ARG_MIN || acc->kind == TNI_AGG_ARG_MAX;
    const tni_agg_input *by_input = by ? &agg->inputs[acc->arguments[1]] : NULL;
    TNI_EACH({
        tni_row_state *s = TNI_STATE(tni_row_state, table, acc, g);
        uint64_t order;
        uint32_t row;
        bool wins = !s->seen;
        tni_row_identity(source, i, &order, &row);
        if (s->seen && by) {
            const uint8_t *b = (const uint8_t *)prepared[acc->arguments[1]].data;
            int c = tni_class_compare(by_input->class_id,
                                      by_input->type.id == TRUENO_TYPE_UBIGINT,
                                      b + (size_t)i * tni_agg_class_width(by_input->class_id),
                                      s->by);
            wins = c == 0 ? tni_row_before(order, row, s)
                          : acc->kind == TNI_AGG_ARG_MIN ? c < 0 : c > 0;
        } else if (s->seen) {
            wins = tni_row_before(order, row, s) == (acc->kind == TNI_AGG_FIRST);
        }
        if (wins) {
            s->seen = 1;
            s->order = order;
            s->row = row;
            s->is_null = value->validity != NULL && !tni_bit_get(value->validity, i);
            if ((!s->is_null &&
                 !tni_agg_keep_value(table, input->class_id, value->data, i, s->value)) ||
                (by && !tni_agg_keep_value(table, by_input->class_id,
                                           prepared[acc->arguments[1]].data, i, s->by))) {
                return tni_memory_fail(table->memory, 64, error);
            }
        }
    });
    return TRUENO_OK;
}

static trueno_status tni_update_bare(tni_agg_table *table, tni_collect_list *list,
                                     const uint64_t *v, const uint32_t *groups, uint32_t rows,
                                     const uint64_t *mask, tni_error *error) {
    void *items = list->groups;
    trueno_status status = tni_grow(table->memory, &items, &list->group_capacity,
                                    list->count + rows, sizeof *list->groups, error);
    list->groups = (uint32_t *)items;
    TNI_TRY(status);
    items = list->values;
    status = tni_grow(table->memory, &items, &list->value_capacity, list->count + rows,
                      sizeof *list->values, error);
    list->values = (uint64_t *)items;
    TNI_TRY(status);
    TNI_EACH(list->groups[list->count] = g; list->values[list->count++] = v[i];);
    return TRUENO_OK;
}

static trueno_status tni_update_collect(tni_agg *agg, tni_agg_table *table, uint32_t a,
                                        const tni_agg_prepared *prepared, const uint32_t *groups,
                                        uint32_t rows, const uint64_t *mask,
                                        const tni_row_source *source, tni_error *error) {
    const tni_accumulator *acc = &agg->accumulators[a];
    const tni_agg_input *input = &agg->inputs[acc->arguments[0]];
    const void *data = prepared[acc->arguments[0]].data;
    tni_collect_list *list = &table->lists[acc->collect];
    uint32_t orders = acc->ordered == NULL ? 0 : acc->ordered->order_count, o;
    void *items = list->items;
    trueno_status status;
    if (acc->bare) {
        return tni_update_bare(table, list, (const uint64_t *)data, groups, rows, mask, error);
    }
    status = tni_grow(table->memory, &items, &list->capacity, list->count + rows,
                      sizeof *list->items, error);
    list->items = (tni_collected *)items;
    TNI_TRY(status);
    if (orders > 0) {
        items = list->extra;
        status = tni_grow(table->memory, &items, &list->extra_capacity,
                          (list->count + rows) * orders, sizeof *list->extra, error);
        list->extra = (tni_value *)items;
        TNI_TRY(status);
    }
    TNI_EACH({
        tni_collected *item = &list->items[list->count];
        uint32_t row;
        item->group = g;
        tni_row_identity(source, i, &item->order, &row);
        item->row = row & 0x7fffffffu;
        item->is_null = acc->keep_nulls && prepared[acc->arguments[0]].validity != NULL &&
                        !tni_bit_get(prepared[acc->arguments[0]].validity, i);
        if (!item->is_null && !tni_agg_keep_value(table, input->class_id, data, i, item->value)) {
            return tni_memory_fail(table->memory, 64, error);
        }
        for (o = 0; o < orders; o++) {
            const tni_agg_input *by = &agg->inputs[acc->order_inputs[o]];
            const tni_agg_prepared *p = &prepared[acc->order_inputs[o]];
            tni_value *extra = &list->extra[list->count * orders + o];
            uint64_t storage[2] = {0, 0};
            *extra = tni_value_null(by->type);
            if (p->validity == NULL || tni_bit_get(p->validity, i)) {
                if (!tni_agg_keep_value(table, by->class_id, p->data, i,
                                        (uint8_t *)(void *)storage)) {
                    return tni_memory_fail(table->memory, 64, error);
                }
                *extra = tni_agg_class_value(by, storage);
            }
        }
        list->count++;
    });
    return TRUENO_OK;
}

TNI_FN tni_value tni_agg_class_value(const tni_agg_input *input, const void *data) {
    tni_value value = tni_value_null(input->type);
    value.is_null = false;
    switch (input->class_id) {
    case TNI_CLASS_I64: memcpy(&value.as.integer, data, 8); break;
    case TNI_CLASS_F64: memcpy(&value.as.number, data, 8); break;
    case TNI_CLASS_I128: memcpy(&value.as.huge, data, 16); break;
    case TNI_CLASS_STRING: memcpy(&value.as.string, data, 16); break;
    case TNI_CLASS_BYTES16: memcpy(&value.as.interval, data, 16); break;
    }
    if (input->type.id == TRUENO_TYPE_BOOLEAN) {
        value.as.boolean = value.as.integer != 0;
    } else if (input->type.id == TRUENO_TYPE_UBIGINT && input->class_id == TNI_CLASS_I128) {
        value.as.natural = value.as.huge.low;
    }
    return value;
}

/* ---------------------------------------------------------------------------- update --- */

/* Rows an accumulator takes: filter AND validity of its arguments. NULL = all. */
static const uint64_t *tni_agg_row_mask(const tni_accumulator *acc,
                                        const tni_agg_prepared *prepared, uint32_t rows,
                                        uint64_t *storage) {
    const uint64_t *sources[3];
    uint32_t count = 0, i, j, words = (uint32_t)tni_bitmap_words(rows);
    if (acc->filter != TNI_IR_NONE) {
        sources[count++] = prepared[acc->filter].validity;
    }
    for (i = 0; i < 2; i++) {
        bool ignore = acc->keep_nulls && i == 0;
        if (acc->arguments[i] != TNI_IR_NONE && !ignore &&
            prepared[acc->arguments[i]].validity != NULL) {
            sources[count++] = prepared[acc->arguments[i]].validity;
        }
    }
    if (count <= 1) {
        return count == 0 ? NULL : sources[0];
    }
    for (j = 0; j < words; j++) {
        storage[j] = sources[0][j] & sources[1][j];
        if (count == 3) {
            storage[j] &= sources[2][j];
        }
    }
    return storage;
}

static trueno_status tni_agg_update_one(tni_agg *agg, tni_agg_table *table, uint32_t a,
                                        const tni_agg_prepared *prepared, const uint32_t *groups,
                                        uint32_t rows, const uint64_t *mask,
                                        const tni_row_source *source, tni_error *error) {
    const tni_accumulator *acc = &agg->accumulators[a];
    const tni_agg_input *input =
        acc->arguments[0] == TNI_IR_NONE ? NULL : &agg->inputs[acc->arguments[0]];
    const void *data = input == NULL ? NULL : prepared[acc->arguments[0]].data;
    const tni_kernels *kernels = agg->run->env->kernels;
    tni_agg_states s = tni_states_of(table, acc);
    switch (acc->kind) {
    case TNI_AGG_COUNT: tni_update_count(s, groups, rows, mask); break;
    case TNI_AGG_SUM_I64:
        tni_update_sum_i64(s, (const int64_t *)data, groups, rows, mask);
        break;
    case TNI_AGG_SUM_I128:
        if (input->class_id == TNI_CLASS_I128) {
            return tni_update_sum_huge(s, (const tni_i128 *)data, groups, rows,
                                       mask, error);
        }
        if (acc->power != 0) {
            const void *y = acc->power == 2 ? data : prepared[acc->arguments[1]].data;
            tni_update_products(s, (const int64_t *)data, (const int64_t *)y, groups, rows, mask);
            break;
        }
        tni_update_sum_i128(s, (const int64_t *)data, groups, rows, mask);
        break;
    case TNI_AGG_SUM_F64:
        if (acc->power == 1) {
            tni_update_floats(kernels, s, (const double *)data, groups, rows, mask);
        } else {
            tni_update_powers(kernels, s, acc, (const double *)data,
                              acc->power == TNI_POWER_PRODUCT
                                  ? (const double *)prepared[acc->arguments[1]].data
                                  : (const double *)data,
                              groups, rows, mask);
        }
        break;
    case TNI_AGG_MIN:
    case TNI_AGG_MAX:
        if (input->class_id == TNI_CLASS_STRING) {
            return tni_update_min_max_string(table, s,
                                             (const tni_string *)data, acc->kind == TNI_AGG_MIN,
                                             groups, rows, mask, error);
        }
        if (input->class_id == TNI_CLASS_I128) {
            tni_update_min_max_i128(s, (const tni_i128 *)data,
                                    acc->kind == TNI_AGG_MIN, groups, rows, mask);
        } else if (acc->kind == TNI_AGG_MIN) {
            tni_update_min_i64(s, (const int64_t *)data, groups, rows, mask);
        } else {
            tni_update_max_i64(s, (const int64_t *)data, groups, rows, mask);
        }
        break;
    case TNI_AGG_BIT_AND:
    case TNI_AGG_BIT_OR:
    case TNI_AGG_BIT_XOR:
        tni_update_bits(s, (const uint64_t *)data, acc->kind, groups, rows, mask);
        break;
    case TNI_AGG_FIRST:
    case TNI_AGG_LAST:
    case TNI_AGG_ARG_MIN:
    case TNI_AGG_ARG_MAX:
        return tni_update_rows(agg, table, a, prepared, groups, rows, mask, source, error);
    case TNI_AGG_COLLECT:
        return tni_update_collect(agg, table, a, prepared, groups, rows, mask, source, error);
    }
    return TRUENO_OK;
}

/* Doubles order like their keys: integers that MIN and MAX may compare. */
TNI_FN int64_t tni_float_key(double v) {
    int64_t bits;
    if (v != v) {
        return INT64_MAX;
    }
    if (v == 0.0) {
        return 0;
    }
    memcpy(&bits, &v, sizeof bits);
    return bits < 0 ? (int64_t)(~(uint64_t)bits ^ (UINT64_C(1) << 63)) : bits;
}

TNI_FN double tni_float_from_key(int64_t key) {
    double v;
    if (key == INT64_MAX) {
        v = 1e308 * 10;
        return v - v;
    }
    if (key < 0) {
        key = (int64_t)(~((uint64_t)key ^ (UINT64_C(1) << 63)));
    }
    memcpy(&v, &key, sizeof v);
    return v;
}

/* MIN and MAX of floats and UBIGINT run on int64 keys. */
static const tni_agg_prepared *tni_agg_keyed(const tni_agg_input *input,
                                             const tni_agg_prepared *prepared, uint32_t rows,
                                             int64_t *keys, tni_agg_prepared *out) {
    uint32_t i;
    if (input->class_id == TNI_CLASS_F64) {
        for (i = 0; i < rows; i++) {
            keys[i] = tni_float_key(((const double *)prepared->data)[i]);
        }
    } else if (input->type.id == TRUENO_TYPE_UBIGINT && input->class_id == TNI_CLASS_I64) {
        for (i = 0; i < rows; i++) {
            keys[i] = (int64_t)(((const uint64_t *)prepared->data)[i] ^ (UINT64_C(1) << 63));
        }
    } else {
        return prepared;
    }
    *out = *prepared;
    out->data = keys;
    return out;
}

static trueno_status tni_agg_update_keyed(tni_agg *agg, tni_agg_table *table, uint32_t a,
                                          const tni_agg_prepared *prepared,
                                          const uint32_t *groups, uint32_t rows,
                                          const uint64_t *mask) {
    const tni_accumulator *acc = &agg->accumulators[a];
    int64_t keys[TNI_VECTOR_ROWS];
    tni_agg_prepared keyed;
    const tni_agg_prepared *p =
        tni_agg_keyed(&agg->inputs[acc->arguments[0]], &prepared[acc->arguments[0]], rows, keys,
                      &keyed);
    tni_agg_states s = tni_states_of(table, acc);
    if (acc->kind == TNI_AGG_MIN) {
        tni_update_min_i64(s, (const int64_t *)p->data, groups, rows, mask);
    } else {
        tni_update_max_i64(s, (const int64_t *)p->data, groups, rows, mask);
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_agg_update(tni_agg *agg, tni_agg_table *table,
                                    const tni_agg_prepared *prepared, const uint32_t *groups,
                                    uint32_t rows, uint64_t order, uint32_t first_row,
                                    const uint16_t *positions, const uint64_t *tuple_rows,
                                    uint32_t feed, tni_error *error) {
    uint64_t storage[TNI_VECTOR_WORDS];
    tni_row_source source;
    uint32_t a;
    if ((size_t)table->count * table->state_size > TNI_AGG_CACHE) {
        for (a = 0; a < rows; a++) {
            TNI_PREFETCH(table->states + (size_t)groups[a] * table->state_size);
        }
    }
    source.order = order;
    source.first_row = first_row;
    source.positions = positions;
    source.tuple_rows = tuple_rows;
    for (a = 0; a < agg->accumulator_count; a++) {
        const tni_accumulator *acc = &agg->accumulators[a];
        const uint64_t *mask;
        if (acc->feed != feed || table->skip[a]) {
            continue;
        }
        mask = tni_agg_row_mask(acc, prepared, rows, storage);
        if ((acc->kind == TNI_AGG_MIN || acc->kind == TNI_AGG_MAX) &&
            (agg->inputs[acc->arguments[0]].class_id == TNI_CLASS_F64 ||
             agg->inputs[acc->arguments[0]].type.id == TRUENO_TYPE_UBIGINT)) {
            TNI_TRY(tni_agg_update_keyed(agg, table, a, prepared, groups, rows, mask));
            continue;
        }
        TNI_TRY(tni_agg_update_one(agg, table, a, prepared, groups, rows, mask, &source, error));
    }
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------------- merge --- */

TNI_FN void tni_merge_float(tni_float_state *into, tni_float_state s) {
    if (into->grid < s.grid) {
        tni_float_shift(into, s.grid - into->grid);
        into->grid = s.grid;
    } else {
        tni_float_shift(&s, into->grid - s.grid);
    }
    into->limbs[0] += s.limbs[0];
    into->limbs[1] += s.limbs[1];
    into->limbs[2] += s.limbs[2];
    into->flags |= s.flags;
}

static void tni_merge_floats(const tni_accumulator *acc, tni_agg_table *into,
                             const tni_agg_table *from, const uint32_t *source,
                             const uint32_t *target, uint32_t count) {
    uint32_t i;
    for (i = 0; i < count; i++) {
        const tni_float_state *s = TNI_STATE(tni_float_state, from, acc, source[i]);
        tni_float_state *o = TNI_STATE(tni_float_state, into, acc, target[i]);
        tni_merge_float(o, s[0]);
        if (acc->size > sizeof *s) {
            tni_merge_float(o + 1, s[1]);
        }
    }
}

static trueno_status tni_merge_strings(const tni_accumulator *acc, tni_agg_table *into,
                                       const tni_agg_table *from, const uint32_t *source,
                                       const uint32_t *target, uint32_t count, tni_error *error) {
    bool least = acc->kind == TNI_AGG_MIN;
    uint32_t i;
    for (i = 0; i < count; i++) {
        const tni_string_state *s = TNI_STATE(tni_string_state, from, acc, source[i]);
        tni_string_state *o = TNI_STATE(tni_string_state, into, acc, target[i]);
        int c = s->seen && o->seen ? tni_string_compare(&s->value, &o->value) : 0;
        if (s->seen && (!o->seen || (least ? c < 0 : c > 0))) {
            if (!tni_agg_keep_string(&into->heap, &s->value, &o->value)) {
                return tni_memory_fail(into->memory, s->value.length, error);
            }
            o->seen = 1;
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_merge_rows(tni_agg *agg, tni_agg_table *into, const tni_agg_table *from,
                                    uint32_t a, const uint32_t *source, const uint32_t *target,
                                    uint32_t count, tni_error *error) {
    const tni_accumulator *acc = &agg->accumulators[a];
    bool by = acc->kind == TNI_AGG_ARG_MIN || acc->kind == TNI_AGG_ARG_MAX;
    uint32_t i;
    for (i = 0; i < count; i++) {
        const tni_row_state *s = TNI_STATE(tni_row_state, from, acc, source[i]);
        tni_row_state *o = TNI_STATE(tni_row_state, into, acc, target[i]);
        bool wins = s->seen && !o->seen;
        if (s->seen && o->seen && by) {
            const tni_agg_input *input = &agg->inputs[acc->arguments[1]];
            int c = tni_class_compare(input->class_id, input->type.id == TRUENO_TYPE_UBIGINT,
                                      s->by, o->by);
            wins = c == 0 ? tni_row_before(s->order, s->row, o)
                          : acc->kind == TNI_AGG_ARG_MIN ? c < 0 : c > 0;
        } else if (s->seen && o->seen) {
            wins = tni_row_before(s->order, s->row, o) == (acc->kind == TNI_AGG_FIRST);
        }
        if (wins) {
            *o = *s;
            if ((!s->is_null && !tni_agg_keep_value(into, agg->inputs[acc->arguments[0]].class_id,
                                                    s->value, 0, o->value)) ||
                (by && !tni_agg_keep_value(into, agg->inputs[acc->arguments[1]].class_id, s->by, 0,
                                           o->by))) {
                return tni_memory_fail(into->memory, 64, error);
            }
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_merge_numbers(tni_agg *agg, tni_agg_table *into,
                                       const tni_agg_table *from, uint32_t a,
                                       const uint32_t *source, const uint32_t *target,
                                       uint32_t count, tni_error *error) {
    const tni_accumulator *acc = &agg->accumulators[a];
    uint32_t i;
    for (i = 0; i < count; i++) {
        const int64_t *in = TNI_STATE(int64_t, from, acc, source[i]);
        const tni_i128 *in16 = TNI_STATE(tni_i128, from, acc, source[i]);
        int64_t *out = TNI_STATE(int64_t, into, acc, target[i]);
        tni_i128 *out16 = TNI_STATE(tni_i128, into, acc, target[i]);
        switch (acc->kind) {
        case TNI_AGG_COUNT:
        case TNI_AGG_SUM_I64: *out += *in; break;
        case TNI_AGG_SUM_I128:
            if (!tni_i128_add(*out16, *in16, out16)) {
                return tni_fail(error, TRUENO_ERROR_OUT_OF_RANGE, "overflow in sum of HUGEINT");
            }
            break;
        case TNI_AGG_MIN:
        case TNI_AGG_MAX: {
            bool least = acc->kind == TNI_AGG_MIN;
            if (acc->size == 16) {
                int c = tni_i128_compare(*in16, *out16);
                *out16 = (least ? c < 0 : c > 0) ? *in16 : *out16;
            } else {
                *out = (least ? *in < *out : *in > *out) ? *in : *out;
            }
            break;
        }
        case TNI_AGG_BIT_AND: *out &= *in; break;
        case TNI_AGG_BIT_OR: *out |= *in; break;
        case TNI_AGG_BIT_XOR: *out ^= *in; break;
        default: break;
        }
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_agg_merge(tni_agg *agg, tni_agg_table *into, const tni_agg_table *from,
                                   const uint32_t *source, const uint32_t *target, uint32_t count,
                                   tni_error *error) {
    uint32_t a;
    for (a = 0; a < agg->accumulator_count; a++) {
        const tni_accumulator *acc = &agg->accumulators[a];
        switch (acc->kind) {
        case TNI_AGG_SUM_F64: tni_merge_floats(acc, into, from, source, target, count); break;
        case TNI_AGG_FIRST:
        case TNI_AGG_LAST:
        case TNI_AGG_ARG_MIN:
        case TNI_AGG_ARG_MAX:
            TNI_TRY(tni_merge_rows(agg, into, from, a, source, target, count, error));
            break;
        case TNI_AGG_COLLECT: break; /* lists are merged whole, with their groups renumbered */
        case TNI_AGG_MIN:
        case TNI_AGG_MAX:
            if (agg->inputs[acc->arguments[0]].class_id == TNI_CLASS_STRING) {
                TNI_TRY(tni_merge_strings(acc, into, from, source, target, count, error));
                break;
            }
            TNI_TRY(tni_merge_numbers(agg, into, from, a, source, target, count, error));
            break;
        default:
            TNI_TRY(tni_merge_numbers(agg, into, from, a, source, target, count, error));
        }
    }
    return TRUENO_OK;
}

#undef TNI_EACH
#undef TNI_AT
#undef TNI_GRID
#undef TNI_GRID_HEADROOM
#undef TNI_GRID_MOST
#undef TNI_AGG_CACHE
#undef TNI_GRID_LOWEST
