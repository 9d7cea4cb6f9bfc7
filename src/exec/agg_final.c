/*
 * agg_final.c - from accumulators to results.
 *
 * Each aggregate reads its accumulators for a batch of groups. Moments are computed from exact
 * sums in double-double arithmetic, so variances survive large means. Collected values are
 * ordered by group first (a counting sort), then each group's slice answers its quantile, mode or
 * concatenation.
 */
#include "exec/aggregate.h"

/* ------------------------------------------------------------------ double-double --- */

typedef struct tni_double2 {
    double high, low;
} tni_double2;

static tni_double2 tni_dd_sum(double a, double b) {
    tni_double2 r;
    double t;
    r.high = a + b;
    t = r.high - a;
    r.low = (a - (r.high - t)) + (b - t);
    return r;
}

static tni_double2 tni_dd_add(tni_double2 a, tni_double2 b) {
    tni_double2 s = tni_dd_sum(a.high, b.high);
    s.low += a.low + b.low;
    return tni_dd_sum(s.high, s.low);
}

static tni_double2 tni_dd_negate(tni_double2 a) {
    a.high = -a.high;
    a.low = -a.low;
    return a;
}

static tni_double2 tni_dd_multiply(tni_double2 a, tni_double2 b) {
    const double splitter = 134217729.0;
    double p = a.high * b.high, x = splitter * a.high, y = splitter * b.high;
    double xh = x - (x - a.high), xl = a.high - xh, yh = y - (y - b.high), yl = b.high - yh;
    double e = ((xh * yh - p) + xh * yl + xl * yh) + xl * yl;
    return tni_dd_sum(p, e + a.high * b.low + a.low * b.high);
}

static tni_double2 tni_dd_divide(tni_double2 a, double n) {
    tni_double2 q, d;
    d.high = n;
    d.low = 0;
    q.high = a.high / n;
    q.low = 0;
    a = tni_dd_add(a, tni_dd_negate(tni_dd_multiply(q, d)));
    return tni_dd_sum(q.high, a.high / n);
}

/* The state as high + low: its double, and what that double missed. */
static tni_double2 tni_dd_of_state(const tni_float_state *state) {
    tni_double2 r;
    tni_float_state part;
    r.high = tni_float_state_value(state);
    r.low = 0;
    if (state->flags != 0 || state->grid == 0 || !tni_is_finite(r.high)) {
        return r;
    }
    /* the upper limb alone is exact in two parts; sum them in double-double */
    memset(&part, 0, sizeof part);
    part.grid = state->grid;
    part.limbs[0] = state->limbs[0] / 4096 * 4096;
    r.high = tni_float_state_value(&part);
    part.limbs[0] = state->limbs[0] % 4096;
    r.low = tni_float_state_value(&part);
    r = tni_dd_sum(r.high, r.low);
    part.limbs[0] = 0;
    part.limbs[1] = state->limbs[1] / 4096 * 4096;
    r = tni_dd_add(r, tni_dd_sum(tni_float_state_value(&part), 0));
    part.limbs[1] = state->limbs[1] % 4096;
    part.limbs[2] = state->limbs[2];
    return tni_dd_add(r, tni_dd_sum(tni_float_state_value(&part), 0));
}

/* ------------------------------------------------------------------------- reading --- */

typedef struct tni_final {
    tni_agg *agg;
    tni_agg_table *table;
    const tni_plan_aggregate *aggregate;
    const uint32_t *accs; /* accumulators of the aggregate */
    const uint32_t *groups;
    uint32_t count;
    void *out;
    uint64_t *validity;
    tni_arena *heap;
} tni_final;

static const tni_accumulator *tni_final_acc(const tni_final *f, uint32_t which) {
    return &f->agg->accumulators[f->accs[which]];
}

static int64_t tni_final_i64(const tni_final *f, uint32_t which, uint32_t group) {
    return *TNI_STATE(const int64_t, f->table, tni_final_acc(f, which), group);
}

/* A float sum, rounded once. */
static double tni_final_number(const tni_final *f, uint32_t which, uint32_t group) {
    uint32_t a = f->accs[which];
    if (f->agg->accumulators[a].ordered_sum) {
        return f->agg->ordered_sums[a];
    }
    return tni_float_state_value(
        TNI_STATE(const tni_float_state, f->table, &f->agg->accumulators[a], group));
}

/* An integer sum of either width. */
static tni_i128 tni_final_integer(const tni_final *f, uint32_t which, uint32_t group) {
    const tni_accumulator *acc = tni_final_acc(f, which);
    if (acc->kind == TNI_AGG_SUM_I64) {
        return tni_i128_from_i64(*TNI_STATE(const int64_t, f->table, acc, group));
    }
    return *TNI_STATE(const tni_i128, f->table, acc, group);
}

/* An exact integer as high + low. */
static tni_double2 tni_dd_of_integer(tni_i128 v) {
    tni_double2 r;
    tni_i128 high, rest;
    r.high = tni_i128_to_double(v);
    r.low = 0;
    if (tni_i128_from_double(r.high, &high) && tni_i128_subtract(v, high, &rest)) {
        r.low = tni_i128_to_double(rest);
    }
    return r;
}

static tni_double2 tni_final_sum(const tni_final *f, uint32_t which, uint32_t group) {
    const tni_accumulator *acc = tni_final_acc(f, which);
    const tni_float_state *state = TNI_STATE(const tni_float_state, f->table, acc, group);
    tni_double2 sum;
    if (acc->kind != TNI_AGG_SUM_F64) {
        return tni_dd_of_integer(tni_final_integer(f, which, group));
    }
    sum = tni_dd_of_state(state);
    return acc->size == sizeof *state ? sum : tni_dd_add(sum, tni_dd_of_state(state + 1));
}

static const tni_agg_input *tni_final_input(const tni_final *f, uint32_t which) {
    return &f->agg->inputs[f->agg->accumulators[f->accs[which]].arguments[0]];
}

/* Store a prepared value (its class form) as the result type. */
static void tni_final_store(const tni_final *f, const tni_agg_input *input, const void *value,
                            uint32_t i) {
    uint32_t width = tni_type_width(f->aggregate->type);
    tni_value v = tni_agg_class_value(input, value);
    v.type = f->aggregate->type;
    tni_value_store(&v, (uint8_t *)f->out + (size_t)i * width);
}

static void tni_final_null(const tni_final *f, uint32_t i) {
    uint32_t width = tni_type_width(f->aggregate->type);
    memset((uint8_t *)f->out + (size_t)i * width, 0, width);
    tni_bit_clear(f->validity, i);
}

/* ------------------------------------------------------------------------ plain kinds --- */

/* States of 8 bytes as they are. */
static void tni_final_words(const tni_final *f, uint32_t which, int64_t *out) {
    const tni_accumulator *acc = tni_final_acc(f, which);
    const uint8_t *states = f->table->states + acc->offset;
    size_t stride = f->table->state_size;
    uint32_t i;
    for (i = 0; i < f->count; i++) {
        memcpy(&out[i], states + f->groups[i] * stride, sizeof *out);
    }
}

static void tni_final_count(const tni_final *f) {
    uint32_t i;
    if (tni_type_width(f->aggregate->type) == 8) {
        tni_final_words(f, 0, (int64_t *)f->out);
        return;
    }
    for (i = 0; i < f->count; i++) {
        tni_value v = tni_value_i64(f->aggregate->type, tni_final_i64(f, 0, f->groups[i]));
        tni_value_store(&v, (uint8_t *)f->out + (size_t)i * tni_type_width(v.type));
    }
}

/* Sums of 8 bytes as HUGEINT. */
static void tni_final_sum_words(const tni_final *f) {
    int64_t sums[TNI_VECTOR_ROWS];
    int64_t counts[TNI_VECTOR_ROWS];
    uint32_t i;
    tni_final_words(f, 0, sums);
    tni_final_words(f, 1, counts);
    for (i = 0; i < f->count; i++) {
        if (counts[i] == 0) {
            tni_final_null(f, i);
        } else {
            ((tni_i128 *)f->out)[i] = tni_i128_from_i64(sums[i]);
        }
    }
}

static trueno_status tni_final_sum_of(const tni_final *f, tni_error *error) {
    tni_physical physical = tni_type_physical(f->aggregate->type);
    tni_agg_kind kind = f->agg->accumulators[f->accs[0]].kind;
    bool floats = kind == TNI_AGG_SUM_F64;
    uint32_t i;
    if (kind == TNI_AGG_SUM_I64 && physical == TNI_PHYSICAL_I128) {
        tni_final_sum_words(f);
        return TRUENO_OK;
    }
    for (i = 0; i < f->count; i++) {
        uint32_t g = f->groups[i];
        if (tni_final_i64(f, 1, g) == 0) {
            tni_final_null(f, i);
        } else if (floats) {
            ((double *)f->out)[i] = tni_final_number(f, 0, g);
        } else {
            tni_i128 v = tni_final_integer(f, 0, g);
            if (physical == TNI_PHYSICAL_I128) {
                ((tni_i128 *)f->out)[i] = v;
            } else if (physical == TNI_PHYSICAL_F64) {
                ((double *)f->out)[i] = tni_i128_to_double(v);
            } else if (tni_i128_fits_i64(v)) {
                ((int64_t *)f->out)[i] = (int64_t)v.low;
            } else {
                return tni_fail(error, TRUENO_ERROR_OUT_OF_RANGE, "overflow in sum");
            }
        }
    }
    return TRUENO_OK;
}

/* Of sums and counts of 8 bytes. */
static void tni_final_average_words(const tni_final *f, double power) {
    int64_t sums[TNI_VECTOR_ROWS];
    int64_t counts[TNI_VECTOR_ROWS];
    uint32_t i;
    tni_final_words(f, 0, sums);
    tni_final_words(f, 1, counts);
    for (i = 0; i < f->count; i++) {
        if (counts[i] == 0) {
            tni_final_null(f, i);
        } else {
            ((double *)f->out)[i] = (double)sums[i] / power / (double)counts[i];
        }
    }
}

static void tni_final_average(const tni_final *f) {
    const tni_agg_input *input = tni_final_input(f, 0);
    bool floats = f->agg->accumulators[f->accs[0]].kind == TNI_AGG_SUM_F64;
    double power = 1;
    uint32_t i;
    for (i = 0; input->type.id == TRUENO_TYPE_DECIMAL && i < input->type.scale; i++) {
        power *= 10;
    }
    if (f->agg->accumulators[f->accs[0]].kind == TNI_AGG_SUM_I64 &&
        f->aggregate->type.id == TRUENO_TYPE_DOUBLE) {
        tni_final_average_words(f, power);
        return;
    }
    for (i = 0; i < f->count; i++) {
        uint32_t g = f->groups[i];
        int64_t n = tni_final_i64(f, 1, g);
        double total;
        if (n == 0) {
            tni_final_null(f, i);
            continue;
        }
        if (floats) {
            total = tni_final_number(f, 0, g);
        } else {
            total = tni_i128_to_double(tni_final_integer(f, 0, g)) / power;
        }
        if (f->aggregate->type.id != TRUENO_TYPE_DOUBLE) { /* of moments in time */
            ((int64_t *)f->out)[i] = (int64_t)tni_round(total / (double)n);
            continue;
        }
        ((double *)f->out)[i] = total / (double)n;
    }
}

static void tni_final_min_max(const tni_final *f) {
    const tni_agg_input *input = tni_final_input(f, 0);
    const tni_accumulator *acc = tni_final_acc(f, 0);
    uint32_t i, size = acc->size;
    for (i = 0; i < f->count; i++) {
        uint32_t g = f->groups[i];
        const uint8_t *state = TNI_STATE(const uint8_t, f->table, acc, g);
        int64_t key;
        double number;
        if (tni_final_i64(f, 1, g) == 0) {
            tni_final_null(f, i);
            continue;
        }
        memcpy(&key, state, sizeof key);
        if (input->class_id == TNI_CLASS_F64) {
            number = tni_float_from_key(key);
            tni_final_store(f, input, &number, i);
        } else if (input->type.id == TRUENO_TYPE_UBIGINT) {
            key = (int64_t)((uint64_t)key ^ (UINT64_C(1) << 63));
            tni_final_store(f, input, &key, i);
        } else {
            uint64_t value[2];
            memcpy(value, state, TNI_MIN(size, 16u));
            tni_final_store(f, input, value, i);
        }
    }
}

static void tni_final_row(const tni_final *f) {
    const tni_agg_input *input = tni_final_input(f, 0);
    uint32_t i;
    for (i = 0; i < f->count; i++) {
        const tni_row_state *s =
            TNI_STATE(const tni_row_state, f->table, tni_final_acc(f, 0), f->groups[i]);
        uint64_t value[2];
        if (!s->seen || s->is_null) {
            tni_final_null(f, i);
            continue;
        }
        memcpy(value, s->value, sizeof value);
        tni_final_store(f, input, value, i);
    }
}

static void tni_final_bits(const tni_final *f) {
    const tni_agg_input *input = tni_final_input(f, 0);
    uint32_t i;
    for (i = 0; i < f->count; i++) {
        if (tni_final_i64(f, 1, f->groups[i]) == 0) {
            tni_final_null(f, i);
        } else {
            int64_t bits = tni_final_i64(f, 0, f->groups[i]);
            tni_final_store(f, input, &bits, i);
        }
    }
}

/* ----------------------------------------------------------------------------- moments --- */

/* sum((x - mean)^2) from n, sum x, sum x^2; never below zero, and zero for equal values: what the
 * two terms' own rounding leaves is not a variance. */
static double tni_moment2(double n, tni_double2 sx, tni_double2 sxx) {
    const double noise = 1.0 / ((double)(INT64_C(1) << 50) * (double)(INT64_C(1) << 50));
    tni_double2 m = tni_dd_add(sxx, tni_dd_negate(tni_dd_divide(tni_dd_multiply(sx, sx), n)));
    return m.high > sxx.high * noise || m.high != m.high ? m.high : 0.0;
}

static double tni_comoment(double n, tni_double2 sx, tni_double2 sy, tni_double2 sxy) {
    return tni_dd_add(sxy, tni_dd_negate(tni_dd_divide(tni_dd_multiply(sx, sy), n))).high;
}

static bool tni_final_variance(tni_aggregate_kind kind, double n, double m2, double *out) {
    bool sample = kind == TNI_AGGREGATE_STDDEV_SAMP || kind == TNI_AGGREGATE_VAR_SAMP;
    bool root = kind == TNI_AGGREGATE_STDDEV_SAMP || kind == TNI_AGGREGATE_STDDEV_POP;
    if (n < (sample ? 2 : 1)) {
        return false;
    }
    *out = m2 / (sample ? n - 1 : n);
    if (kind == TNI_AGGREGATE_SEM) {
        *out = tni_sqrt(*out) / tni_sqrt(n);
        return true;
    }
    *out = root ? tni_sqrt(*out) : *out;
    return true;
}

/* Fisher's skewness with the sample correction, excess kurtosis likewise, as DuckDB. */
static bool tni_final_shape(const tni_final *f, uint32_t g, double n, double m2, double *out) {
    tni_double2 s1 = tni_final_sum(f, 0, g), s3 = tni_final_sum(f, 3, g);
    double mean = s1.high / n, variance = m2 / n, s2 = tni_final_sum(f, 1, g).high;
    double third = s3.high / n - 3 * mean * (s2 / n) + 2 * mean * mean * mean;
    bool population = f->aggregate->function->kind == TNI_AGGREGATE_KURTOSIS_POP;
    if (f->aggregate->function->kind == TNI_AGGREGATE_SKEWNESS) {
        double deviation = tni_sqrt(variance);
        if (n <= 2 || variance <= 0) {
            return false;
        }
        *out = tni_sqrt(n * (n - 1)) / (n - 2) * third / (deviation * deviation * deviation);
        return tni_is_finite(*out);
    }
    if (n <= (population ? 1 : 3) || variance <= 0) {
        return false;
    }
    {
        double s4 = tni_final_sum(f, 4, g).high;
        double fourth = s4 / n - 4 * mean * (s3.high / n) + 6 * mean * mean * (s2 / n) -
                        3 * mean * mean * mean * mean;
        double g2 = fourth / (variance * variance) - 3;
        *out = population ? g2 : (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6);
    }
    return tni_is_finite(*out);
}

static void tni_final_moments(const tni_final *f) {
    tni_aggregate_kind kind = f->aggregate->function->kind;
    uint32_t i;
    for (i = 0; i < f->count; i++) {
        uint32_t g = f->groups[i];
        double n = (double)tni_final_i64(f, 2, g), value = 0, m2;
        bool fine = n > 0;
        if (fine) {
            m2 = tni_moment2(n, tni_final_sum(f, 0, g), tni_final_sum(f, 1, g));
            fine = kind == TNI_AGGREGATE_SKEWNESS || kind == TNI_AGGREGATE_KURTOSIS ||
                           kind == TNI_AGGREGATE_KURTOSIS_POP
                       ? tni_final_shape(f, g, n, m2, &value)
                       : tni_final_variance(kind, n, m2, &value);
        }
        if (fine) {
            ((double *)f->out)[i] = value;
        } else {
            tni_final_null(f, i);
        }
    }
}

/* Accumulators: sum y, sum x, sum yy, sum xx, sum xy, count; argument order (y, x). */
static bool tni_final_pair(const tni_final *f, uint32_t g, double *out) {
    tni_aggregate_kind kind = f->aggregate->function->kind;
    double n = (double)tni_final_i64(f, 5, g);
    tni_double2 sy, sx;
    double syy, sxx, sxy;
    if (n < 1) {
        return false;
    }
    sy = tni_final_sum(f, 0, g);
    sx = tni_final_sum(f, 1, g);
    syy = tni_moment2(n, sy, tni_final_sum(f, 2, g));
    sxx = tni_moment2(n, sx, tni_final_sum(f, 3, g));
    sxy = tni_comoment(n, sx, sy, tni_final_sum(f, 4, g));
    switch (kind) {
    case TNI_AGGREGATE_CORR: /* 0 / 0 is NaN, as in DuckDB; the standard has NULL */
        *out = sxx != 0 && syy != 0 ? sxy / tni_sqrt(sxx * syy) : tni_nan();
        return true;
    case TNI_AGGREGATE_COVAR_SAMP: *out = sxy / (n - 1); return n > 1;
    case TNI_AGGREGATE_COVAR_POP: *out = sxy / n; return true;
    case TNI_AGGREGATE_REGR_SLOPE: *out = sxx != 0 ? sxy / sxx : tni_nan(); return true;
    case TNI_AGGREGATE_REGR_INTERCEPT:
        *out = (sy.high - sxy / sxx * sx.high) / n;
        return sxx != 0;
    case TNI_AGGREGATE_REGR_R2:
        *out = syy == 0 ? 1.0 : sxy * sxy / (sxx * syy);
        return sxx != 0;
    case TNI_AGGREGATE_REGR_AVGX: *out = sx.high / n; return true;
    case TNI_AGGREGATE_REGR_AVGY: *out = sy.high / n; return true;
    case TNI_AGGREGATE_REGR_SXX: *out = sxx; return true;
    case TNI_AGGREGATE_REGR_SYY: *out = syy; return true;
    default: *out = sxy; return true;
    }
}

static void tni_final_pairs(const tni_final *f) {
    uint32_t i;
    for (i = 0; i < f->count; i++) {
        double value = 0;
        if (tni_final_pair(f, f->groups[i], &value)) {
            ((double *)f->out)[i] = value;
        } else {
            tni_final_null(f, i);
        }
    }
}

/* -------------------------------------------------------------------------- collected --- */

/* Order values by group: bare arrays by a counting sort, items by a stable merge on offsets. */
static trueno_status tni_collect_sort(tni_agg_table *table, const tni_accumulator *acc,
                                      tni_collect_list *list, tni_error *error) {
    tni_memory *memory = table->memory;
    uint32_t orders = acc->ordered == NULL ? 0 : acc->ordered->order_count;
    size_t groups = (size_t)table->count + 1, i;
    size_t *next;
    if (list->offsets != NULL) {
        return TRUENO_OK; /* they are: agg_direct.c */
    }
    list->offset_count = groups;
    list->offsets = (size_t *)tni_alloc_zero(memory, groups * sizeof *list->offsets);
    if (list->offsets == NULL) {
        return tni_memory_fail(memory, groups * sizeof *list->offsets, error);
    }
    for (i = 0; i < list->count; i++) {
        list->offsets[(acc->bare ? list->groups[i] : list->items[i].group) + 1]++;
    }
    for (i = 1; i < groups; i++) {
        list->offsets[i] += list->offsets[i - 1];
    }
    next = (size_t *)tni_alloc_array(memory, groups, sizeof *next);
    if (next == NULL) {
        return tni_memory_fail(memory, groups * sizeof *next, error);
    }
    memcpy(next, list->offsets, groups * sizeof *next);
    if (list->count == 0) {
        tni_free(memory, next, groups * sizeof *next);
        return TRUENO_OK;
    }
    if (acc->bare) {
        uint64_t *sorted = (uint64_t *)tni_alloc_array(memory, list->count, sizeof *sorted);
        if (sorted != NULL) {
            for (i = 0; i < list->count; i++) {
                sorted[next[list->groups[i]]++] = list->values[i];
            }
            tni_free(memory, list->values, list->value_capacity * sizeof *list->values);
            list->values = sorted;
            list->value_capacity = list->count;
        }
        tni_free(memory, next, groups * sizeof *next);
        return sorted == NULL ? tni_memory_fail(memory, list->count * sizeof *sorted, error)
                              : TRUENO_OK;
    }
    {
        tni_collected *sorted =
            (tni_collected *)tni_alloc_array(memory, list->count, sizeof *sorted);
        tni_value *extra =
            orders == 0 ? NULL
                        : (tni_value *)tni_alloc_array(memory, list->count * orders, sizeof *extra);
        bool fine = sorted != NULL && (orders == 0 || extra != NULL);
        for (i = 0; fine && i < list->count; i++) {
            size_t at = next[list->items[i].group]++;
            sorted[at] = list->items[i];
            if (orders > 0) {
                memcpy(extra + at * orders, list->extra + i * orders, orders * sizeof *extra);
            }
        }
        if (fine) {
            tni_free(memory, list->items, list->capacity * sizeof *list->items);
            list->items = sorted;
            list->capacity = list->count;
            if (orders > 0) {
                tni_free(memory, list->extra, list->extra_capacity * sizeof *list->extra);
                list->extra = extra;
                list->extra_capacity = list->count * orders;
            }
        } else {
            tni_free(memory, sorted, list->count * sizeof *sorted);
            tni_free(memory, extra, list->count * orders * sizeof *extra);
        }
        tni_free(memory, next, groups * sizeof *next);
        return fine ? TRUENO_OK : tni_memory_fail(memory, list->count * sizeof *sorted, error);
    }
}

TNI_FN trueno_status tni_agg_collect_prepare(tni_agg *agg, tni_agg_table *table,
                                             tni_error *error) {
    uint32_t a;
    for (a = 0; a < agg->accumulator_count; a++) {
        if (agg->accumulators[a].kind == TNI_AGG_COLLECT) {
            TNI_TRY(tni_collect_sort(table, &agg->accumulators[a],
                                     &table->lists[agg->accumulators[a].collect], error));
        }
    }
    return TRUENO_OK;
}

/* Sortable int64 keys of a group's bare values, in place. Idempotent per finalize call only. */
static int64_t tni_bare_key(const tni_agg_input *input, uint64_t bits) {
    double v;
    if (input->class_id != TNI_CLASS_F64) {
        return input->type.id == TRUENO_TYPE_UBIGINT ? (int64_t)(bits ^ (UINT64_C(1) << 63))
                                                     : (int64_t)bits;
    }
    memcpy(&v, &bits, sizeof v);
    return tni_float_key(v);
}

static uint64_t tni_bare_unkey(const tni_agg_input *input, int64_t key) {
    uint64_t bits;
    double v;
    if (input->class_id != TNI_CLASS_F64) {
        return input->type.id == TRUENO_TYPE_UBIGINT ? (uint64_t)key ^ (UINT64_C(1) << 63)
                                                     : (uint64_t)key;
    }
    v = tni_float_from_key(key);
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static void tni_swap_i64(int64_t *a, int64_t *b) {
    int64_t t = *a;
    *a = *b;
    *b = t;
}

/* Put the k-th smallest at v[k]: quickselect, median of three, loops bounded by narrowing. */
static void tni_select_i64(int64_t *v, size_t n, size_t k) {
    size_t low = 0, high = n - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2, i = low, j = high;
        int64_t pivot;
        if (v[middle] < v[low]) {
            tni_swap_i64(&v[middle], &v[low]);
        }
        if (v[high] < v[low]) {
            tni_swap_i64(&v[high], &v[low]);
        }
        if (v[high] < v[middle]) {
            tni_swap_i64(&v[high], &v[middle]);
        }
        pivot = v[middle];
        for (;;) {
            while (v[i] < pivot) {
                i++;
            }
            while (pivot < v[j]) {
                j--;
            }
            if (i >= j) {
                break;
            }
            tni_swap_i64(&v[i++], &v[j--]);
        }
        if (k <= j) {
            high = j;
        } else {
            low = j + 1;
        }
    }
}

/* Heap sort: bounded, in place; groups of a mode or an entropy are sorted whole. */
static void tni_sort_i64(int64_t *v, size_t n) {
    size_t start = n / 2, end = n;
    while (end > 1) {
        size_t root, child;
        if (start > 0) {
            start--;
        } else {
            end--;
            tni_swap_i64(&v[0], &v[end]);
        }
        root = start;
        while ((child = 2 * root + 1) < end) {
            if (child + 1 < end && v[child] < v[child + 1]) {
                child++;
            }
            if (v[root] >= v[child]) {
                break;
            }
            tni_swap_i64(&v[root], &v[child]);
            root = child;
        }
    }
}

static double tni_key_number(const tni_agg_input *input, int64_t key) {
    uint64_t bits = tni_bare_unkey(input, key);
    double v;
    uint32_t i;
    if (input->class_id == TNI_CLASS_F64) {
        memcpy(&v, &bits, sizeof v);
        return v;
    }
    v = input->type.id == TRUENO_TYPE_UBIGINT ? (double)bits : (double)(int64_t)bits;
    for (i = 0; input->type.id == TRUENO_TYPE_DECIMAL && i < input->type.scale; i++) {
        v /= 10; /* one correctly rounded division would do: scales are small */
    }
    return v;
}

/* The p-quantile, interpolated; keys are reordered. */
static double tni_quantile(const tni_agg_input *input, int64_t *keys, size_t n, double p) {
    double position = (double)(n - 1) * p, floor = tni_floor(position);
    size_t k = (size_t)floor;
    double low, high;
    tni_select_i64(keys, n, k);
    low = tni_key_number(input, keys[k]);
    if (k + 1 >= n || position == floor) {
        return low;
    }
    tni_select_i64(keys + k + 1, n - k - 1, 0);
    high = tni_key_number(input, keys[k + 1]);
    return low + (position - floor) * (high - low);
}

/* The same of a decimal, date or time, which keeps its type: in units, exactly. Decimals lose the
 * fraction of a unit, moments round half away from zero, both as in DuckDB. */
static int64_t tni_quantile_units(const tni_agg_input *input, int64_t *keys, size_t n, double p) {
    double position = (double)(n - 1) * p, floor = tni_floor(position), step, rest;
    size_t k = (size_t)floor;
    int64_t low, high, value;
    bool up;
    tni_select_i64(keys, n, k);
    low = (int64_t)tni_bare_unkey(input, keys[k]);
    if (k + 1 >= n || position == floor) {
        return low;
    }
    tni_select_i64(keys + k + 1, n - k - 1, 0);
    high = (int64_t)tni_bare_unkey(input, keys[k + 1]);
    step = (position - floor) * (double)((uint64_t)high - (uint64_t)low);
    rest = step - tni_floor(step);
    value = (int64_t)((uint64_t)low + (uint64_t)tni_floor(step));
    if (input->type.id == TRUENO_TYPE_DECIMAL) {
        up = rest > 0 && value < 0;
    } else {
        up = rest > 0.5 || (rest == 0.5 && value >= 0);
    }
    return value + (up ? 1 : 0);
}

static double tni_final_fraction(const tni_final *f) {
    const tni_value *c = &f->aggregate->constants[0];
    if (f->aggregate->constant_count == 0 || c->is_null) {
        return 0.5;
    }
    return c->as.number;
}

/* median(|x - median(x)|) */
static double tni_final_mad(const tni_agg_input *input, int64_t *keys, size_t n) {
    double median = tni_quantile(input, keys, n, 0.5);
    tni_agg_input plain = *input;
    size_t i;
    for (i = 0; i < n; i++) {
        double d = tni_key_number(input, keys[i]) - median;
        keys[i] = tni_float_key(d < 0 ? -d : d);
    }
    plain.class_id = TNI_CLASS_F64;
    plain.type = tni_type_make(TRUENO_TYPE_DOUBLE);
    return tni_quantile(&plain, keys, n, 0.5);
}

/* Shannon entropy in bits of a sorted group. */
static double tni_final_entropy(const tni_final *f, const int64_t *keys, size_t n) {
    double sum = 0;
    size_t i = 0;
    while (i < n) {
        size_t run = i + 1;
        double p;
        while (run < n && keys[run] == keys[i]) {
            run++;
        }
        p = (double)(run - i) / (double)n;
        sum -= p * f->agg->run->env->math->log2(p);
        i = run;
    }
    return sum;
}

static void tni_final_units(const tni_final *f, int64_t units, uint32_t i) {
    tni_value v = tni_value_null(f->aggregate->type);
    v.is_null = false;
    v.as.integer = units;
    tni_value_store(&v, (uint8_t *)f->out + (size_t)i * tni_type_width(f->aggregate->type));
}

static void tni_final_bare_group(const tni_final *f, const tni_agg_input *input, int64_t *keys,
                                 size_t n, uint32_t i) {
    tni_aggregate_kind kind = f->aggregate->function->kind;
    uint64_t value[2] = {0, 0};
    double number = 0;
    uint32_t s;
    switch (kind) {
    case TNI_AGGREGATE_QUANTILE_DISC: {
        double p = tni_final_fraction(f);
        size_t k = (size_t)tni_floor((double)n * p);
        if (p > 0 && (double)k == (double)n * p) {
            k--;
        }
        k = TNI_MIN(k, n - 1);
        tni_select_i64(keys, n, k);
        value[0] = tni_bare_unkey(input, keys[k]);
        tni_final_store(f, input, value, i);
        return;
    }
    case TNI_AGGREGATE_MAD: number = tni_final_mad(input, keys, n); break;
    case TNI_AGGREGATE_ENTROPY:
        tni_sort_i64(keys, n);
        number = tni_final_entropy(f, keys, n);
        break;
    default:
        if (!tni_type_is_float(f->aggregate->type)) {
            value[0] = (uint64_t)tni_quantile_units(input, keys, n, tni_final_fraction(f));
            tni_final_units(f, (int64_t)value[0], i);
            return;
        }
        number = tni_quantile(input, keys, n, tni_final_fraction(f));
    }
    if (tni_type_is_float(f->aggregate->type)) {
        if (f->aggregate->type.id == TRUENO_TYPE_FLOAT) {
            ((float *)f->out)[i] = (float)number;
        } else {
            ((double *)f->out)[i] = number;
        }
        return;
    }
    for (s = 0; input->type.id == TRUENO_TYPE_DECIMAL && s < input->type.scale; s++) {
        number *= 10;
    }
    tni_final_units(f, (int64_t)tni_round(number), i);
}

static trueno_status tni_final_bare(const tni_final *f, tni_error *error) {
    const tni_accumulator *acc = &f->agg->accumulators[f->accs[0]];
    const tni_agg_input *input = &f->agg->inputs[acc->arguments[0]];
    const tni_collect_list *list = &f->table->lists[acc->collect];
    tni_memory *memory = f->table->memory;
    int64_t *keys = NULL;
    size_t capacity = 0, j;
    uint32_t i;
    for (i = 0; i < f->count; i++) {
        size_t start = list->offsets[f->groups[i]];
        size_t n = list->offsets[f->groups[i] + 1] - start;
        void *items = keys;
        trueno_status status;
        if (n == 0) {
            tni_final_null(f, i);
            continue;
        }
        status = tni_grow(memory, &items, &capacity, n, sizeof *keys, error);
        keys = (int64_t *)items;
        if (status != TRUENO_OK) {
            tni_free(memory, keys, capacity * sizeof *keys);
            return status;
        }
        for (j = 0; j < n; j++) {
            keys[j] = tni_bare_key(input, list->values[start + j]);
        }
        tni_final_bare_group(f, input, keys, n, i);
    }
    tni_free(memory, keys, capacity * sizeof *keys);
    return TRUENO_OK;
}

/* ------------------------------------------------------------------- ordered items --- */

typedef struct tni_item_order {
    const tni_final *f;
    const tni_agg_input *input;
    const tni_collect_list *list;
    uint32_t orders;
    bool by_value; /* mode: equal values side by side */
} tni_item_order;

/* Which of two comes first: by ORDER BY, then by the row. */
static int tni_item_precedes(const tni_item_order *o, size_t a, size_t b) {
    const tni_collected *x = &o->list->items[a];
    const tni_collected *y = &o->list->items[b];
    uint32_t k;
    for (k = 0; k < o->orders; k++) {
        const tni_sort_key *key = &o->f->aggregate->order_keys[k];
        const tni_value *p = &o->list->extra[a * o->orders + k];
        const tni_value *q = &o->list->extra[b * o->orders + k];
        int c;
        if (p->is_null || q->is_null) {
            c = (int)p->is_null - (int)q->is_null;
            c = key->nulls_first ? -c : c;
        } else {
            c = tni_value_compare(p, q);
            c = key->descending ? -c : c;
        }
        if (c != 0) {
            return c;
        }
    }
    if (x->order != y->order) {
        return x->order < y->order ? -1 : 1;
    }
    return x->row < y->row ? -1 : x->row > y->row;
}

static int tni_item_compare(const tni_item_order *o, size_t a, size_t b) {
    if (o->by_value) {
        uint64_t p[2], q[2];
        tni_value v, w;
        int c;
        memcpy(p, o->list->items[a].value, sizeof p);
        memcpy(q, o->list->items[b].value, sizeof q);
        v = tni_agg_class_value(o->input, p);
        w = tni_agg_class_value(o->input, q);
        c = tni_value_compare(&v, &w);
        if (c != 0) {
            return c;
        }
    }
    return tni_item_precedes(o, a, b);
}

/* Heap sort of item numbers. */
static void tni_item_sort(const tni_item_order *o, size_t *v, size_t n) {
    size_t start = n / 2, end = n;
    while (end > 1) {
        size_t root, child, t;
        if (start > 0) {
            start--;
        } else {
            end--;
            t = v[0];
            v[0] = v[end];
            v[end] = t;
        }
        root = start;
        while ((child = 2 * root + 1) < end) {
            if (child + 1 < end && tni_item_compare(o, v[child], v[child + 1]) < 0) {
                child++;
            }
            if (tni_item_compare(o, v[root], v[child]) >= 0) {
                break;
            }
            t = v[root];
            v[root] = v[child];
            v[child] = t;
            root = child;
        }
    }
}

static trueno_status tni_final_concat(const tni_final *f, const tni_item_order *o,
                                      const size_t *items, size_t n, uint32_t i,
                                      tni_error *error) {
    tni_string separator = tni_string_c(",");
    size_t total = 0, at = 0, j;
    uint8_t *bytes;
    if (f->aggregate->constant_count > 0 && !f->aggregate->constants[0].is_null) {
        separator = f->aggregate->constants[0].as.string;
    }
    for (j = 0; j < n; j++) {
        tni_string s;
        memcpy(&s, o->list->items[items[j]].value, sizeof s);
        total += s.length + (j > 0 ? separator.length : 0);
    }
    bytes = (uint8_t *)tni_arena_bytes(f->heap, total + 1);
    if (bytes == NULL || total > UINT32_MAX) {
        return tni_memory_fail(f->table->memory, total, error);
    }
    for (j = 0; j < n; j++) {
        tni_string s;
        memcpy(&s, o->list->items[items[j]].value, sizeof s);
        if (j > 0) {
            memcpy(bytes + at, tni_string_data(&separator), separator.length);
            at += separator.length;
        }
        memcpy(bytes + at, tni_string_data(&s), s.length);
        at += s.length;
    }
    ((tni_string *)f->out)[i] = tni_string_make(bytes, total);
    return TRUENO_OK;
}

/* The most frequent value; of several, the one that came first. Items are sorted by value. */
static size_t tni_final_mode(const tni_item_order *o, const size_t *items, size_t n) {
    size_t best = 0, best_run = 0, i = 0;
    while (i < n) {
        size_t run = i + 1;
        uint64_t p[2], q[2];
        tni_value v, w;
        memcpy(p, o->list->items[items[i]].value, sizeof p);
        v = tni_agg_class_value(o->input, p);
        for (; run < n; run++) {
            memcpy(q, o->list->items[items[run]].value, sizeof q);
            w = tni_agg_class_value(o->input, q);
            if (tni_value_compare(&v, &w) != 0) {
                break;
            }
        }
        if (run - i > best_run ||
            (run - i == best_run && tni_item_precedes(o, items[i], items[best]) < 0)) {
            best = i;
            best_run = run - i;
        }
        i = run;
    }
    return items[best];
}

/* Shannon entropy in bits of items sorted by value. */
static double tni_final_item_entropy(const tni_item_order *o, const size_t *items, size_t n) {
    double sum = 0;
    size_t i = 0;
    while (i < n) {
        size_t run = i + 1;
        uint64_t p[2], q[2];
        tni_value v, w;
        double share;
        memcpy(p, o->list->items[items[i]].value, sizeof p);
        v = tni_agg_class_value(o->input, p);
        for (; run < n; run++) {
            memcpy(q, o->list->items[items[run]].value, sizeof q);
            w = tni_agg_class_value(o->input, q);
            if (tni_value_compare(&v, &w) != 0) {
                break;
            }
        }
        share = (double)(run - i) / (double)n;
        sum -= share * o->f->agg->run->env->math->log2(share);
        i = run;
    }
    return sum;
}

/* The p-quantile of wide decimals sorted by value, in units: the fraction of one is dropped. The
 * place between two values is taken in units of 2^-53. */
static tni_i128 tni_final_wide_quantile(const tni_item_order *o, const size_t *items, size_t n,
                                        double p) {
    const int64_t one = INT64_C(1) << 53;
    double position = (double)(n - 1) * p, floor = tni_floor(position);
    size_t k = (size_t)floor;
    tni_i128 part = tni_i128_from_i64((int64_t)((position - floor) * (double)one));
    tni_i128 scale = tni_i128_from_i64(one), zero = tni_i128_from_i64(0);
    tni_i128 low, high, step, whole, rest, sum;
    memcpy(&low, o->list->items[items[k]].value, sizeof low);
    if (k + 1 >= n) {
        return low;
    }
    memcpy(&high, o->list->items[items[k + 1]].value, sizeof high);
    if (!tni_i128_subtract(high, low, &step)) {
        return low; /* 2 * 10^38 apart */
    }
    (void)tni_i128_divide(step, scale, &whole, &rest); /* step * part / scale, in two terms */
    (void)tni_i128_multiply(whole, part, &whole);
    (void)tni_i128_multiply(rest, part, &step);
    (void)tni_i128_divide(step, scale, &step, &rest);
    (void)tni_i128_add(low, whole, &sum);
    (void)tni_i128_add(sum, step, &sum);
    if (!tni_i128_equal(rest, zero) && tni_i128_compare(sum, zero) < 0) {
        (void)tni_i128_add(sum, tni_i128_from_i64(1), &sum);
    }
    return sum;
}

static trueno_status tni_final_items_group(const tni_final *f, const tni_item_order *o,
                                           size_t *items, size_t n, uint32_t i,
                                           tni_error *error) {
    uint64_t value[2];
    double product = 1;
    size_t j, chosen;
    tni_item_sort(o, items, n);
    switch (f->aggregate->function->kind) {
    case TNI_AGGREGATE_STRING_AGG: return tni_final_concat(f, o, items, n, i, error);
    case TNI_AGGREGATE_PRODUCT:
        for (j = 0; j < n; j++) {
            double v;
            memcpy(&v, o->list->items[items[j]].value, sizeof v);
            product *= v;
        }
        ((double *)f->out)[i] = product;
        return TRUENO_OK;
    case TNI_AGGREGATE_MODE: chosen = tni_final_mode(o, items, n); break;
    case TNI_AGGREGATE_LAST: chosen = items[n - 1]; break;
    case TNI_AGGREGATE_ENTROPY:
        ((double *)f->out)[i] = tni_final_item_entropy(o, items, n);
        return TRUENO_OK;
    case TNI_AGGREGATE_MEDIAN:
    case TNI_AGGREGATE_QUANTILE_CONT:
        if (o->input->class_id == TNI_CLASS_I128) {
            tni_i128 wide = tni_final_wide_quantile(o, items, n, tni_final_fraction(f));
            memcpy((uint8_t *)f->out + (size_t)i * sizeof wide, &wide, sizeof wide);
            return TRUENO_OK;
        }
        /* fall through */
    case TNI_AGGREGATE_QUANTILE_DISC: {
        double p = tni_final_fraction(f);
        size_t k = (size_t)tni_floor((double)n * p);
        k -= p > 0 && (double)k == (double)n * p ? 1 : 0;
        chosen = items[TNI_MIN(k, n - 1)];
        break;
    }
    default: chosen = items[0];
    }
    if (o->list->items[chosen].is_null) {
        tni_final_null(f, i);
        return TRUENO_OK;
    }
    memcpy(value, o->list->items[chosen].value, sizeof value);
    tni_final_store(f, o->input, value, i);
    return TRUENO_OK;
}

static trueno_status tni_final_items(const tni_final *f, tni_error *error) {
    const tni_accumulator *acc = &f->agg->accumulators[f->accs[0]];
    tni_aggregate_kind kind = f->aggregate->function->kind;
    tni_memory *memory = f->table->memory;
    tni_item_order o;
    size_t *items = NULL;
    size_t capacity = 0, j;
    trueno_status status = TRUENO_OK;
    uint32_t i;
    o.f = f;
    o.input = &f->agg->inputs[acc->arguments[0]];
    o.list = &f->table->lists[acc->collect];
    o.orders = acc->ordered == NULL ? 0 : acc->ordered->order_count;
    o.by_value = kind == TNI_AGGREGATE_MODE || kind == TNI_AGGREGATE_QUANTILE_DISC ||
                 kind == TNI_AGGREGATE_MEDIAN || kind == TNI_AGGREGATE_QUANTILE_CONT ||
                 kind == TNI_AGGREGATE_ENTROPY;
    for (i = 0; i < f->count && status == TRUENO_OK; i++) {
        size_t start = o.list->offsets[f->groups[i]];
        size_t n = o.list->offsets[f->groups[i] + 1] - start;
        void *grown = items;
        if (n == 0) {
            tni_final_null(f, i);
            continue;
        }
        status = tni_grow(memory, &grown, &capacity, n, sizeof *items, error);
        items = (size_t *)grown;
        for (j = 0; status == TRUENO_OK && j < n; j++) {
            items[j] = start + j;
        }
        if (status == TRUENO_OK) {
            status = tni_final_items_group(f, &o, items, n, i, error);
        }
    }
    tni_free(memory, items, capacity * sizeof *items);
    return status;
}

/* --------------------------------------------------------------------------- entry --- */

TNI_FN trueno_status tni_agg_finalize(tni_agg *agg, tni_agg_table *table, uint32_t aggregate,
                                      const uint32_t *groups, uint32_t count, void *out,
                                      uint64_t *validity, tni_arena *heap, tni_error *error) {
    tni_final f;
    uint32_t i;
    f.agg = agg;
    f.table = table;
    f.aggregate = &agg->plan->aggregates[aggregate];
    f.accs = agg->outputs + (size_t)aggregate * 6;
    f.groups = groups;
    f.count = count;
    f.out = out;
    f.validity = validity;
    f.heap = heap;
    tni_bitmap_fill(validity, count, true);
    if (agg->accumulators[f.accs[0]].kind == TNI_AGG_COLLECT) {
        return agg->accumulators[f.accs[0]].bare ? tni_final_bare(&f, error)
                                                 : tni_final_items(&f, error);
    }
    switch (f.aggregate->function->kind) {
    case TNI_AGGREGATE_COUNT_STAR:
    case TNI_AGGREGATE_COUNT:
    case TNI_AGGREGATE_APPROX_COUNT_DISTINCT:
    case TNI_AGGREGATE_REGR_COUNT:
        tni_final_count(&f);
        return TRUENO_OK;
    case TNI_AGGREGATE_COUNT_IF:
        for (i = 0; i < count; i++) {
            tni_i128 v = tni_final_integer(&f, 0, groups[i]);
            if (tni_final_i64(&f, 1, groups[i]) == 0) {
                tni_final_null(&f, i); /* a sum of ones: of nothing there is none */
                continue;
            }
            memcpy((uint8_t *)out + (size_t)i * tni_type_width(f.aggregate->type), &v,
                   tni_type_width(f.aggregate->type));
        }
        return TRUENO_OK;
    case TNI_AGGREGATE_SUM:
    case TNI_AGGREGATE_FSUM: return tni_final_sum_of(&f, error);
    case TNI_AGGREGATE_AVG:
    case TNI_AGGREGATE_FAVG: tni_final_average(&f); return TRUENO_OK;
    case TNI_AGGREGATE_MIN:
    case TNI_AGGREGATE_MAX:
    case TNI_AGGREGATE_BOOL_AND:
    case TNI_AGGREGATE_BOOL_OR: tni_final_min_max(&f); return TRUENO_OK;
    case TNI_AGGREGATE_FIRST:
    case TNI_AGGREGATE_LAST:
    case TNI_AGGREGATE_ANY_VALUE:
    case TNI_AGGREGATE_ARG_MIN:
    case TNI_AGGREGATE_ARG_MAX: tni_final_row(&f); return TRUENO_OK;
    case TNI_AGGREGATE_BIT_AND:
    case TNI_AGGREGATE_BIT_OR:
    case TNI_AGGREGATE_BIT_XOR: tni_final_bits(&f); return TRUENO_OK;
    case TNI_AGGREGATE_STDDEV_SAMP:
    case TNI_AGGREGATE_STDDEV_POP:
    case TNI_AGGREGATE_VAR_SAMP:
    case TNI_AGGREGATE_VAR_POP:
    case TNI_AGGREGATE_SEM:
    case TNI_AGGREGATE_SKEWNESS:
    case TNI_AGGREGATE_KURTOSIS:
    case TNI_AGGREGATE_KURTOSIS_POP: tni_final_moments(&f); return TRUENO_OK;
    default: tni_final_pairs(&f); return TRUENO_OK;
    }
}
