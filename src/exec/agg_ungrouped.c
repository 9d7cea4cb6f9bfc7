/*
 * agg_ungrouped.c - aggregates without GROUP BY, straight on encoded vectors.
 *
 * Counts are popcounts, integer sums run on codes (sum = rows * base + sum of codes), float sums
 * go into the ordered 64-lane blocks whose order does not depend on who computes them. What has
 * no fast path here is left to the grouped code with one group.
 */
#include "exec/agg_import.h"
#include "exec/aggregate.h"

/* Rows that count for an accumulator: chunk mask AND validity AND filter; NULL = all. */
static trueno_status tni_lone_mask(tni_agg *agg, tni_agg_worker *worker, const tni_chunk *chunk,
                                   const tni_accumulator *acc, const uint64_t **out,
                                   tni_error *error) {
    uint32_t words = (uint32_t)tni_bitmap_words(chunk->rows), i, a;
    const uint64_t *parts[4];
    uint32_t count = 0;
    if (chunk->mask != NULL) {
        parts[count++] = chunk->mask;
    }
    for (a = 0; a < 2; a++) {
        if (acc->arguments[a] != TNI_IR_NONE) {
            const tni_vector *v = &chunk->columns[agg->inputs[acc->arguments[a]].column];
            if (v->form == TNI_FORM_CONSTANT && v->is_null) {
                memset(worker->mask, 0, words * 8);
                *out = worker->mask;
                return TRUENO_OK;
            }
            if (v->form != TNI_FORM_CONSTANT && v->validity != NULL) {
                parts[count++] = v->validity;
            }
        }
    }
    if (acc->filter != TNI_IR_NONE) {
        const tni_vector *v = &chunk->columns[agg->inputs[acc->filter].column];
        tni_vector flat;
        uint64_t *bits =
            (uint64_t *)tni_scratch_take(&worker->scratch, TNI_VECTOR_WORDS * 8, error);
        if (bits == NULL) {
            return error->status;
        }
        if (v->form == TNI_FORM_CONSTANT) {
            tni_bitmap_fill(bits, chunk->rows, !v->is_null && *(const uint8_t *)v->data != 0);
        } else {
            TNI_TRY(tni_vector_flatten(agg->run->env, v, chunk->rows, &worker->scratch, &flat,
                                       error));
            agg->run->env->kernels->bytes_to_mask((const uint8_t *)flat.data, chunk->rows, bits);
            for (i = 0; flat.validity != NULL && i < words; i++) {
                bits[i] &= flat.validity[i];
            }
        }
        parts[count++] = bits;
    }
    if (count <= 1) {
        *out = count == 0 ? NULL : parts[0];
        return TRUENO_OK;
    }
    for (i = 0; i < words; i++) {
        uint64_t w = parts[0][i] & parts[1][i];
        w &= count > 2 ? parts[2][i] : w;
        worker->mask[i] = count > 3 ? w & parts[3][i] : w;
    }
    *out = worker->mask;
    return TRUENO_OK;
}

static uint64_t tni_lone_count(const tni_chunk *chunk, const uint64_t *mask) {
    return mask == NULL ? chunk->rows
           : mask == chunk->mask ? chunk->active
                                 : tni_bitmap_count(mask, chunk->rows);
}

/* ------------------------------------------------------------------------------ sums --- */

/* Sum of an integer vector's counted rows; false: no fast path for its form. */
static bool tni_lone_sum(const tni_kernels *k, const tni_vector *v, const tni_chunk *chunk,
                         const uint64_t *mask, tni_i128 *out) {
    uint32_t rows = chunk->rows;
    int64_t codes = 0;
    if (v->form == TNI_FORM_NARROW && v->code_width <= 4 && v->type.id != TRUENO_TYPE_UBIGINT) {
        tni_i128 base;
        switch (v->code_width) {
        case 1: codes = k->sum_u8((const uint8_t *)v->data, rows, mask); break;
        case 2: codes = k->sum_u16((const uint16_t *)v->data, rows, mask); break;
        default: codes = k->sum_u32((const uint32_t *)v->data, rows, mask);
        }
        (void)tni_i128_multiply(tni_i128_from_i64(v->base),
                                tni_i128_from_i64((int64_t)tni_lone_count(chunk, mask)), &base);
        return tni_i128_add(base, tni_i128_from_i64(codes), out);
    }
    if (v->form != TNI_FORM_FLAT) {
        return false;
    }
    switch (tni_type_physical(v->type)) {
    case TNI_PHYSICAL_U8: codes = k->sum_u8((const uint8_t *)v->data, rows, mask); break;
    case TNI_PHYSICAL_U16: codes = k->sum_u16((const uint16_t *)v->data, rows, mask); break;
    case TNI_PHYSICAL_U32: codes = k->sum_u32((const uint32_t *)v->data, rows, mask); break;
    case TNI_PHYSICAL_I32: codes = k->sum_i32((const int32_t *)v->data, rows, mask); break;
    case TNI_PHYSICAL_I64: *out = k->sum_i64((const int64_t *)v->data, rows, mask); return true;
    default: return false;
    }
    *out = tni_i128_from_i64(codes);
    return true;
}

static void tni_lone_add(tni_agg_table *table, const tni_agg *agg, uint32_t a, tni_i128 v) {
    const tni_accumulator *acc = &agg->accumulators[a];
    if (acc->kind == TNI_AGG_SUM_I64) {
        *TNI_STATE(int64_t, table, acc, 0) += (int64_t)v.low;
    } else {
        tni_i128 *state = TNI_STATE(tni_i128, table, acc, 0);
        (void)tni_i128_add(*state, v, state);
    }
}

/* Close the open block: fold its lanes and remember the sum with its place. */
static trueno_status tni_block_close(tni_memory *memory, tni_block_sums *sums, tni_error *error) {
    void *items = sums->done;
    trueno_status status;
    if (!sums->open) {
        return TRUENO_OK;
    }
    status = tni_grow(memory, &items, &sums->capacity, sums->count + 1, sizeof *sums->done, error);
    sums->done = (tni_block_sum *)items;
    TNI_TRY(status);
    sums->done[sums->count].order = sums->order;
    sums->done[sums->count].block = sums->block;
    sums->done[sums->count].sum = tni_sum_fold(sums->lanes);
    sums->count++;
    sums->open = false;
    return TRUENO_OK;
}

/* The lanes that row `first_row` of the morsel `order` goes to. */
static trueno_status tni_block_open(tni_memory *memory, tni_block_sums *sums, uint64_t order,
                                    uint32_t first_row, tni_error *error) {
    uint32_t block = first_row / TNI_SUM_BLOCK;
    if (sums->open && (sums->order != order || sums->block != block)) {
        TNI_TRY(tni_block_close(memory, sums, error));
    }
    if (!sums->open) {
        memset(sums->lanes, 0, sizeof sums->lanes);
        sums->order = order;
        sums->block = block;
        sums->open = true;
    }
    return TRUENO_OK;
}

static trueno_status tni_lone_floats(tni_agg *agg, tni_agg_worker *worker, uint32_t a,
                                     const tni_vector *v, const tni_chunk *chunk,
                                     const uint64_t *mask, tni_error *error) {
    tni_block_sums *sums = &worker->sums[a];
    const tni_kernels *k = agg->run->env->kernels;
    uint32_t i;
    bool is_double = v->type.id == TRUENO_TYPE_DOUBLE;
    tni_vector flat;
    if (v->form == TNI_FORM_CONSTANT && !v->is_null) {
        TNI_TRY(tni_agg_spread(v, chunk->rows, &worker->scratch, &flat, error));
        v = &flat;
    }
    if (tni_lone_count(chunk, mask) == 0) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_block_open(agg->run->env->memory, sums, chunk->order, chunk->first_row, error));
    if (chunk->positions == NULL && chunk->first_row % TNI_SUM_LANES == 0) {
        if (is_double) {
            k->lanes_f64((const double *)v->data, chunk->rows, mask, sums->lanes);
        } else {
            k->lanes_f32((const float *)v->data, chunk->rows, mask, sums->lanes);
        }
        return TRUENO_OK;
    }
    for (i = 0; i < chunk->rows; i++) {
        uint32_t row = chunk->first_row + (chunk->positions != NULL ? chunk->positions[i] : i);
        if (mask == NULL || tni_bit_get(mask, i)) {
            sums->lanes[row % TNI_SUM_LANES] +=
                is_double ? ((const double *)v->data)[i] : (double)((const float *)v->data)[i];
        }
    }
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------- extremes --- */

#define TNI_LONE_RANGE(T, kernel)                                                                  \
    do {                                                                                           \
        T lo, hi;                                                                                  \
        if (!k->kernel((const T *)v->data, rows, mask, &lo, &hi)) {                                \
            return true;                                                                           \
        }                                                                                          \
        *low = (int64_t)lo;                                                                        \
        *high = (int64_t)hi;                                                                       \
    } while (0)

/* Least and greatest as int64 keys; *any false when no row counts. False: no fast path. */
static bool tni_lone_range(const tni_kernels *k, const tni_vector *v, uint32_t rows,
                           const uint64_t *mask, int64_t *low, int64_t *high, bool *any) {
    *any = false;
    if (v->type.id == TRUENO_TYPE_UBIGINT) {
        return false;
    }
    if (v->form == TNI_FORM_NARROW && v->code_width <= 4) {
        switch (v->code_width) {
        case 1: TNI_LONE_RANGE(uint8_t, min_max_u8); break;
        case 2: TNI_LONE_RANGE(uint16_t, min_max_u16); break;
        default: TNI_LONE_RANGE(uint32_t, min_max_u32);
        }
        *low += v->base;
        *high += v->base;
        *any = true;
        return true;
    }
    if (v->form != TNI_FORM_FLAT) {
        return false;
    }
    switch (tni_type_physical(v->type)) {
    case TNI_PHYSICAL_BOOL:
    case TNI_PHYSICAL_U8: TNI_LONE_RANGE(uint8_t, min_max_u8); break;
    case TNI_PHYSICAL_U16: TNI_LONE_RANGE(uint16_t, min_max_u16); break;
    case TNI_PHYSICAL_U32: TNI_LONE_RANGE(uint32_t, min_max_u32); break;
    case TNI_PHYSICAL_I32: TNI_LONE_RANGE(int32_t, min_max_i32); break;
    case TNI_PHYSICAL_I64: TNI_LONE_RANGE(int64_t, min_max_i64); break;
    case TNI_PHYSICAL_F32: {
        float lo, hi;
        if (!k->min_max_f32((const float *)v->data, rows, mask, &lo, &hi)) {
            return true;
        }
        *low = tni_float_key((double)lo);
        *high = tni_float_key((double)hi);
        break;
    }
    case TNI_PHYSICAL_F64: {
        double lo, hi;
        if (!k->min_max_f64((const double *)v->data, rows, mask, &lo, &hi)) {
            return true;
        }
        *low = tni_float_key(lo);
        *high = tni_float_key(hi);
        break;
    }
    default: return false;
    }
    *any = true;
    return true;
}

#undef TNI_LONE_RANGE

/* ------------------------------------------------------------------------------- push --- */

/* Feed one accumulator; *taken false leaves it to the general code. */
static trueno_status tni_lone_one(tni_agg *agg, tni_agg_worker *worker, uint32_t a,
                                  const tni_chunk *chunk, bool *taken, tni_error *error) {
    const tni_accumulator *acc = &agg->accumulators[a];
    const tni_kernels *k = agg->run->env->kernels;
    tni_agg_table *table = &worker->table;
    const tni_vector *v = acc->arguments[0] == TNI_IR_NONE
                              ? NULL
                              : &chunk->columns[agg->inputs[acc->arguments[0]].column];
    const uint64_t *mask = NULL;
    *taken = false;
    if (acc->kind != TNI_AGG_COUNT && acc->kind != TNI_AGG_SUM_I64 &&
        acc->kind != TNI_AGG_SUM_I128 && acc->kind != TNI_AGG_SUM_F64 &&
        acc->kind != TNI_AGG_MIN && acc->kind != TNI_AGG_MAX) {
        return TRUENO_OK;
    }
    if ((acc->kind == TNI_AGG_SUM_F64 && !acc->ordered_sum) ||
        (acc->kind == TNI_AGG_SUM_I128 && acc->power != 0)) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_lone_mask(agg, worker, chunk, acc, &mask, error));
    if (acc->kind == TNI_AGG_COUNT) {
        *TNI_STATE(int64_t, table, acc, 0) += (int64_t)tni_lone_count(chunk, mask);
        *taken = true;
    } else if (acc->kind == TNI_AGG_SUM_F64) {
        *taken = true;
        return tni_lone_floats(agg, worker, a, v, chunk, mask, error);
    } else if (acc->kind == TNI_AGG_MIN || acc->kind == TNI_AGG_MAX) {
        int64_t low, high;
        int64_t *state = TNI_STATE(int64_t, table, acc, 0);
        bool any;
        *taken = tni_lone_range(k, v, chunk->rows, mask, &low, &high, &any);
        if (*taken && any) {
            state[0] = acc->kind == TNI_AGG_MIN ? TNI_MIN(state[0], low) : TNI_MAX(state[0], high);
        }
    } else {
        tni_i128 sum;
        *taken = tni_lone_sum(k, v, chunk, mask, &sum);
        if (*taken) {
            tni_lone_add(table, agg, a, sum);
        }
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_agg_ungrouped_push(tni_agg *agg, tni_agg_worker *worker,
                                            tni_chunk *chunk, tni_error *error) {
    bool rest = false;
    uint32_t a;
    for (a = 0; a < agg->accumulator_count; a++) {
        bool taken = true;
        if (agg->accumulators[a].feed != 0) {
            continue;
        }
        TNI_TRY(tni_lone_one(agg, worker, a, chunk, &taken, error));
        worker->table.skip[a] = taken;
        rest = rest || !taken;
    }
    worker->table.rows += chunk->active;
    if (!rest) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_chunk_compact(agg->run->env, chunk, &worker->scratch, error));
    TNI_TRY(tni_agg_prepare(agg, worker, chunk, error));
    memset(worker->groups, 0, chunk->rows * sizeof *worker->groups);
    return tni_agg_update(agg, &worker->table, worker->prepared, worker->groups, chunk->rows,
                          chunk->order, chunk->first_row, chunk->positions, NULL, 0, error);
}

/* --------------------------------------------------------- with the filter, in one pass --- */

TNI_FN bool tni_agg_ungrouped_takes_range(const tni_agg *agg, uint32_t column) {
    const tni_program *program = agg->plan->program;
    uint32_t a, sums = 0;
    bool takes = agg->key_count == 0 && agg->distinct_count == 0;
    for (a = 0; takes && a < agg->accumulator_count; a++) {
        const tni_accumulator *acc = &agg->accumulators[a];
        bool sum = acc->kind == TNI_AGG_SUM_F64 && acc->ordered_sum;
        takes = (sum || acc->kind == TNI_AGG_COUNT) && acc->filter == TNI_IR_NONE &&
                acc->arguments[1] == TNI_IR_NONE;
        if (takes && acc->arguments[0] != TNI_IR_NONE) {
            uint32_t output = agg->inputs[acc->arguments[0]].column;
            const tni_ir_node *node = &program->nodes[program->outputs[output]];
            takes = node->op == TNI_IR_COLUMN && node->column == column;
        }
        sums += sum ? 1 : 0;
    }
    return takes && sums == 1;
}

TNI_FN trueno_status tni_agg_ungrouped_push_range(tni_agg *agg, tni_agg_worker *worker,
                                                  const tni_float_range *range,
                                                  const tni_vector *v, uint32_t rows,
                                                  uint64_t order, uint32_t first_row,
                                                  uint32_t *kept, tni_error *error) {
    const tni_kernels *k = agg->run->env->kernels;
    uint32_t a, sum = 0;
    double *lanes;
    while (agg->accumulators[sum].kind != TNI_AGG_SUM_F64) {
        sum++;
    }
    TNI_TRY(tni_block_open(agg->run->env->memory, &worker->sums[sum], order, first_row, error));
    lanes = worker->sums[sum].lanes;
    *kept = v->type.id == TRUENO_TYPE_DOUBLE
                ? k->lanes_range_f64((const double *)v->data, rows, range->low, range->high,
                                     range->flags, lanes)
                : k->lanes_range_f32((const float *)v->data, rows, (float)range->low,
                                     (float)range->high, range->flags, lanes);
    for (a = 0; a < agg->accumulator_count; a++) {
        if (a != sum) {
            *TNI_STATE(int64_t, &worker->table, &agg->accumulators[a], 0) += *kept;
        }
    }
    worker->table.rows += *kept;
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------------- finish --- */

static void tni_sort_block_sums(tni_block_sum *v, size_t n) {
    size_t start = n / 2, end = n;
    while (end > 1) {
        size_t root, child;
        tni_block_sum t;
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
            if (child + 1 < end && (v[child].order < v[child + 1].order ||
                                    (v[child].order == v[child + 1].order &&
                                     v[child].block < v[child + 1].block))) {
                child++;
            }
            if (v[root].order > v[child].order ||
                (v[root].order == v[child].order && v[root].block >= v[child].block)) {
                break;
            }
            t = v[root];
            v[root] = v[child];
            v[child] = t;
            root = child;
        }
    }
}

static int tni_bit_height(uint64_t v) {
    return v == 0 ? 0 : 64 - (int)tni_clz64(v);
}

/* Height of the least subtree that holds both blocks. */
static int tni_block_height(const tni_block_sum *a, const tni_block_sum *b) {
    return a->order != b->order ? 32 + tni_bit_height(a->order ^ b->order)
                                : tni_bit_height(a->block ^ b->block);
}

/* Blocks in order, added along the binary tree over all block numbers. A block that is not there
 * (no row of it counted, or it was pruned) is a leaf of 0.0, which changes nothing: the sum does
 * not depend on who noticed that it was empty. */
TNI_FN double tni_combine_blocks(const tni_block_sum *v, size_t n) {
    double sums[128]; /* subtrees not yet joined; heights fall along the stack, from 96 at most */
    int heights[128]; /* of the subtree that joins one with the one before it */
    int top = 0;
    size_t i;
    if (n == 0) {
        return 0.0;
    }
    sums[0] = v[0].sum;
    for (i = 1; i < n; i++) {
        int height = tni_block_height(&v[i - 1], &v[i]);
        for (; top > 0 && heights[top] <= height; top--) {
            sums[top - 1] += sums[top];
        }
        top++;
        sums[top] = v[i].sum;
        heights[top] = height;
    }
    for (; top > 0; top--) {
        sums[top - 1] += sums[top];
    }
    return sums[0];
}

/* The ordered sum becomes the state of accumulator `a` in the result table. */
static trueno_status tni_finish_blocks(tni_agg *agg, uint32_t a, tni_error *error) {
    tni_memory *memory = agg->run->env->memory;
    tni_block_sum *all;
    size_t total = 0, at = 0;
    uint32_t w;
    for (w = 0; w < agg->worker_count; w++) {
        TNI_TRY(tni_block_close(memory, &agg->workers[w].sums[a], error));
        total += agg->workers[w].sums[a].count;
    }
    if (total == 0) {
        agg->ordered_sums[a] = 0.0;
        return TRUENO_OK;
    }
    all = (tni_block_sum *)tni_alloc_array(memory, total, sizeof *all);
    if (all == NULL) {
        return tni_memory_fail(memory, total * sizeof *all, error);
    }
    for (w = 0; w < agg->worker_count; w++) {
        const tni_block_sums *sums = &agg->workers[w].sums[a];
        if (sums->count > 0) {
            memcpy(all + at, sums->done, sums->count * sizeof *all);
            at += sums->count;
        }
    }
    tni_sort_block_sums(all, total);
    agg->ordered_sums[a] = tni_combine_blocks(all, total);
    tni_free(memory, all, total * sizeof *all);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_agg_ungrouped_finish(tni_agg *agg, tni_error *error) {
    uint32_t a;
    for (a = 0; a < agg->accumulator_count; a++) {
        if (agg->accumulators[a].ordered_sum) {
            TNI_TRY(tni_finish_blocks(agg, a, error));
        }
    }
    return TRUENO_OK;
}
