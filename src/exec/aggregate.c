/*
 * aggregate.c - the aggregation operator: planning accumulators, DISTINCT, sink and driver.
 *
 * DISTINCT arguments are deduplicated by an inner aggregation over (keys, argument) - the same
 * operator again - whose result rows feed the outer accumulators when the input has ended. With
 * nothing but DISTINCT aggregates over one argument the plain rows need not be looked at twice.
 * See aggregate.h for the whole picture.
 */
#include "exec/aggregate.h"
#include "exec/exec_internal.h"

#define TNI_AGG_UNIT 32768u /* groups a driver worker takes at a time */

/* --------------------------------------------------------------------------- planning --- */

static trueno_status tni_agg_class_of(const tni_agg *agg, tni_type type, bool sum,
                                      tni_agg_class *out, tni_error *error) {
    (void)agg;
    switch (tni_type_physical(type)) {
    case TNI_PHYSICAL_F32:
    case TNI_PHYSICAL_F64: *out = TNI_CLASS_F64; return TRUENO_OK;
    case TNI_PHYSICAL_I128: *out = TNI_CLASS_I128; return TRUENO_OK;
    case TNI_PHYSICAL_STRING: *out = TNI_CLASS_STRING; return TRUENO_OK;
    case TNI_PHYSICAL_INTERVAL: *out = TNI_CLASS_BYTES16; break;
    case TNI_PHYSICAL_U64: *out = sum ? TNI_CLASS_I128 : TNI_CLASS_I64; return TRUENO_OK;
    default: *out = TNI_CLASS_I64; return TRUENO_OK;
    }
    if (sum) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                        "sums and averages of INTERVAL are not supported");
    }
    return TRUENO_OK;
}

/* The input for a program output; equal ones are shared. */
static trueno_status tni_agg_input_for(tni_agg *agg, uint32_t column, bool data, bool filter,
                                       bool sum, uint32_t *out, tni_error *error) {
    const tni_program *program = agg->plan->program;
    tni_type type = program->nodes[program->outputs[column]].type;
    tni_agg_class class_id = TNI_CLASS_I64;
    tni_agg_input *input;
    uint32_t i;
    if (data) {
        TNI_TRY(tni_agg_class_of(agg, type, sum, &class_id, error));
    }
    for (i = 0; i < agg->input_count; i++) {
        input = &agg->inputs[i];
        if (input->column == column && input->is_filter == filter &&
            (!data || !input->needs_data || input->class_id == class_id)) {
            if (data && !input->needs_data) {
                input->needs_data = true;
                input->class_id = class_id;
            }
            *out = i;
            return TRUENO_OK;
        }
    }
    input = &agg->inputs[agg->input_count];
    memset(input, 0, sizeof *input);
    input->column = column;
    input->type = type;
    input->class_id = class_id;
    input->is_filter = filter;
    input->needs_data = data;
    *out = agg->input_count++;
    return TRUENO_OK;
}

static uint32_t tni_accumulator_size(const tni_agg *agg, const tni_accumulator *acc) {
    tni_agg_class class_id = acc->arguments[0] == TNI_IR_NONE
                                 ? TNI_CLASS_I64
                                 : agg->inputs[acc->arguments[0]].class_id;
    switch (acc->kind) {
    case TNI_AGG_SUM_I128: return 16;
    case TNI_AGG_SUM_F64:
        return (uint32_t)sizeof(tni_float_state) *
               (acc->power == 2 || acc->power == TNI_POWER_PRODUCT ? 2u : 1u);
    case TNI_AGG_MIN:
    case TNI_AGG_MAX:
        return class_id == TNI_CLASS_STRING ? 24 : class_id == TNI_CLASS_I128 ? 16 : 8;
    case TNI_AGG_FIRST:
    case TNI_AGG_LAST:
    case TNI_AGG_ARG_MIN:
    case TNI_AGG_ARG_MAX: return (uint32_t)sizeof(tni_row_state);
    case TNI_AGG_COLLECT: return 0;
    default: return 8;
    }
}

/* The accumulator like `wanted`, shared when one exists. */
static uint32_t tni_agg_accumulator_for(tni_agg *agg, const tni_accumulator *wanted) {
    tni_accumulator *acc;
    uint32_t a;
    for (a = 0; a < agg->accumulator_count && wanted->ordered == NULL; a++) {
        acc = &agg->accumulators[a];
        if (acc->kind == wanted->kind && acc->arguments[0] == wanted->arguments[0] &&
            acc->arguments[1] == wanted->arguments[1] && acc->filter == wanted->filter &&
            acc->power == wanted->power && acc->keep_nulls == wanted->keep_nulls &&
            acc->feed == wanted->feed && acc->exact == wanted->exact && acc->bare == wanted->bare &&
            acc->ordered == NULL) {
            return a;
        }
    }
    acc = &agg->accumulators[agg->accumulator_count];
    *acc = *wanted;
    acc->size = tni_accumulator_size(agg, acc);
    acc->ordered_sum = agg->key_count == 0 && acc->kind == TNI_AGG_SUM_F64 && acc->power == 1 &&
                       acc->feed == 0 && !acc->exact;
    acc->offset = agg->state_size;
    agg->state_size += acc->size;
    if (acc->kind == TNI_AGG_COLLECT) {
        acc->collect = agg->collect_count++;
    }
    return agg->accumulator_count++;
}

/* May int64 sums of this input overflow? Not for narrow types, nor within known bounds. */
static tni_agg_kind tni_agg_sum_kind(const tni_agg *agg, uint32_t input) {
    const tni_agg_input *in = &agg->inputs[input];
    tni_physical physical = tni_type_physical(in->type);
    if (in->class_id == TNI_CLASS_F64) {
        return TNI_AGG_SUM_F64;
    }
    if (in->class_id == TNI_CLASS_I128) {
        return TNI_AGG_SUM_I128;
    }
    return tni_physical_width(physical) < 8 || tni_agg_bounded(agg, in->column) ? TNI_AGG_SUM_I64
                                                                               : TNI_AGG_SUM_I128;
}

/* What the accumulators of one aggregate have in common. */
typedef struct tni_agg_build {
    tni_agg *agg;
    const tni_plan_aggregate *aggregate;
    tni_accumulator base;   /* filter, feed */
    uint32_t *outputs;
    tni_error *error;
} tni_agg_build;

static trueno_status tni_build_input(tni_agg_build *b, uint32_t which, bool data, bool sum,
                                     uint32_t *out) {
    return tni_agg_input_for(b->agg, b->aggregate->arguments[which], data, false, sum, out,
                             b->error);
}

static uint32_t tni_build_add(tni_agg_build *b, tni_agg_kind kind, uint32_t x, uint32_t y,
                              uint8_t power) {
    tni_accumulator acc = b->base;
    if (kind == TNI_AGG_COUNT && x != TNI_IR_NONE && y == TNI_IR_NONE && b->base.feed == 0 &&
        tni_agg_never_null(b->agg, b->agg->inputs[x].column)) {
        x = TNI_IR_NONE; /* COUNT(x) is COUNT(*) */
    }
    acc.kind = kind;
    acc.arguments[0] = x;
    acc.arguments[1] = y;
    acc.power = power;
    return tni_agg_accumulator_for(b->agg, &acc);
}

static trueno_status tni_build_one(tni_agg_build *b, tni_agg_kind kind) {
    uint32_t x;
    TNI_TRY(tni_build_input(b, 0, kind != TNI_AGG_COUNT, false, &x));
    if ((kind == TNI_AGG_MIN || kind == TNI_AGG_MAX) &&
        b->agg->inputs[x].class_id == TNI_CLASS_BYTES16) {
        return tni_fail_at(b->error, TRUENO_ERROR_UNSUPPORTED, b->aggregate->position,
                           "min and max of INTERVAL are not supported");
    }
    if (kind >= TNI_AGG_BIT_AND && kind <= TNI_AGG_BIT_XOR &&
        b->agg->inputs[x].class_id != TNI_CLASS_I64) {
        return tni_fail_at(b->error, TRUENO_ERROR_UNSUPPORTED, b->aggregate->position,
                           "bit aggregates of HUGEINT are not supported");
    }
    b->outputs[0] = tni_build_add(b, kind, x, TNI_IR_NONE, 0);
    b->outputs[1] = tni_build_add(b, TNI_AGG_COUNT, x, TNI_IR_NONE, 0);
    return TRUENO_OK;
}

static trueno_status tni_build_sum(tni_agg_build *b) {
    uint32_t x;
    tni_agg_kind kind;
    TNI_TRY(tni_build_input(b, 0, true, true, &x));
    kind = tni_agg_sum_kind(b->agg, x);
    b->outputs[0] = tni_build_add(b, kind, x, TNI_IR_NONE, kind == TNI_AGG_SUM_F64 ? 1 : 0);
    b->outputs[1] = tni_build_add(b, TNI_AGG_COUNT, x, TNI_IR_NONE, 0);
    return TRUENO_OK;
}

/* Sum of x^power or x*y: exact limbs for floats, 128 bits for integers of up to 32 bits. `y` masks
 * when the power is not TNI_POWER_PRODUCT. */
static uint32_t tni_build_power(tni_agg_build *b, uint32_t x, uint32_t y, uint8_t power) {
    if (b->agg->inputs[x].class_id == TNI_CLASS_F64) {
        tni_accumulator acc = b->base;
        acc.kind = TNI_AGG_SUM_F64;
        acc.arguments[0] = x;
        acc.arguments[1] = y;
        acc.power = power;
        acc.exact = true;
        return tni_agg_accumulator_for(b->agg, &acc);
    }
    return power == 1 ? tni_build_add(b, TNI_AGG_SUM_I64, x, y, 0)
                      : tni_build_add(b, TNI_AGG_SUM_I128, x, y, power);
}

static trueno_status tni_build_moments(tni_agg_build *b, uint8_t highest) {
    uint32_t x;
    TNI_TRY(tni_build_input(b, 0, true, true, &x));
    b->outputs[0] = tni_build_power(b, x, TNI_IR_NONE, 1);
    b->outputs[1] = tni_build_power(b, x, TNI_IR_NONE, 2);
    b->outputs[2] = tni_build_add(b, TNI_AGG_COUNT, x, TNI_IR_NONE, 0);
    if (highest >= 3) {
        b->outputs[3] = tni_build_add(b, TNI_AGG_SUM_F64, x, TNI_IR_NONE, 3);
    }
    if (highest >= 4) {
        b->outputs[4] = tni_build_add(b, TNI_AGG_SUM_F64, x, TNI_IR_NONE, 4);
    }
    return TRUENO_OK;
}

static trueno_status tni_build_pair(tni_agg_build *b) {
    uint32_t y, x;
    TNI_TRY(tni_build_input(b, 0, true, true, &y));
    TNI_TRY(tni_build_input(b, 1, true, true, &x));
    b->outputs[0] = tni_build_power(b, y, x, 1);
    b->outputs[1] = tni_build_power(b, x, y, 1);
    b->outputs[2] = tni_build_power(b, y, x, 2);
    b->outputs[3] = tni_build_power(b, x, y, 2);
    b->outputs[4] = tni_build_power(b, y, x, TNI_POWER_PRODUCT);
    b->outputs[5] = tni_build_add(b, TNI_AGG_COUNT, y, x, 0);
    return TRUENO_OK;
}

/* FIRST, LAST, ARG_MIN, ARG_MAX: the value of one chosen row. */
static trueno_status tni_build_row(tni_agg_build *b, tni_agg_kind kind, bool keep_nulls) {
    uint32_t x, y = TNI_IR_NONE;
    tni_accumulator acc = b->base;
    TNI_TRY(tni_build_input(b, 0, true, false, &x));
    if (kind == TNI_AGG_ARG_MIN || kind == TNI_AGG_ARG_MAX) {
        TNI_TRY(tni_build_input(b, 1, true, false, &y));
    }
    acc.kind = kind;
    acc.arguments[0] = x;
    acc.arguments[1] = y;
    acc.keep_nulls = keep_nulls;
    b->outputs[0] = tni_agg_accumulator_for(b->agg, &acc);
    return TRUENO_OK;
}

static trueno_status tni_build_collect(tni_agg_build *b, bool rows_matter) {
    tni_accumulator acc = b->base;
    uint32_t x, o;
    TNI_TRY(tni_build_input(b, 0, true, false, &x));
    acc.kind = TNI_AGG_COLLECT;
    acc.arguments[0] = x;
    acc.arguments[1] = TNI_IR_NONE;
    acc.keep_nulls = b->aggregate->function->kind == TNI_AGGREGATE_FIRST ||
                     b->aggregate->function->kind == TNI_AGGREGATE_LAST;
    acc.bare = !rows_matter && b->aggregate->order_count == 0 &&
               tni_agg_class_width(b->agg->inputs[x].class_id) == 8;
    if (b->aggregate->order_count > 0) {
        acc.ordered = b->aggregate;
        for (o = 0; o < b->aggregate->order_count; o++) {
            TNI_TRY(tni_agg_input_for(b->agg, b->aggregate->order[o], true, false, false,
                                      &acc.order_inputs[o], b->error));
        }
    }
    b->outputs[0] = tni_agg_accumulator_for(b->agg, &acc);
    return TRUENO_OK;
}

static trueno_status tni_build_aggregate(tni_agg_build *b) {
    tni_aggregate_kind kind = b->aggregate->function->kind;
    uint32_t x, y;
    if (b->aggregate->order_count > 0 &&
        (kind == TNI_AGGREGATE_FIRST || kind == TNI_AGGREGATE_LAST ||
         kind == TNI_AGGREGATE_ANY_VALUE)) {
        return tni_build_collect(b, true);
    }
    switch (kind) {
    case TNI_AGGREGATE_COUNT_STAR:
        b->outputs[0] = tni_build_add(b, TNI_AGG_COUNT, TNI_IR_NONE, TNI_IR_NONE, 0);
        return TRUENO_OK;
    case TNI_AGGREGATE_COUNT:
    case TNI_AGGREGATE_APPROX_COUNT_DISTINCT: return tni_build_one(b, TNI_AGG_COUNT);
    case TNI_AGGREGATE_REGR_COUNT:
        TNI_TRY(tni_build_input(b, 0, false, false, &y));
        TNI_TRY(tni_build_input(b, 1, false, false, &x));
        b->outputs[0] = tni_build_add(b, TNI_AGG_COUNT, y, x, 0);
        return TRUENO_OK;
    case TNI_AGGREGATE_COUNT_IF:
    case TNI_AGGREGATE_SUM:
    case TNI_AGGREGATE_FSUM:
    case TNI_AGGREGATE_FAVG:
    case TNI_AGGREGATE_AVG: return tni_build_sum(b);
    case TNI_AGGREGATE_MIN:
    case TNI_AGGREGATE_BOOL_AND: return tni_build_one(b, TNI_AGG_MIN);
    case TNI_AGGREGATE_MAX:
    case TNI_AGGREGATE_BOOL_OR: return tni_build_one(b, TNI_AGG_MAX);
    case TNI_AGGREGATE_BIT_AND: return tni_build_one(b, TNI_AGG_BIT_AND);
    case TNI_AGGREGATE_BIT_OR: return tni_build_one(b, TNI_AGG_BIT_OR);
    case TNI_AGGREGATE_BIT_XOR: return tni_build_one(b, TNI_AGG_BIT_XOR);
    case TNI_AGGREGATE_FIRST: return tni_build_row(b, TNI_AGG_FIRST, true);
    case TNI_AGGREGATE_ANY_VALUE: return tni_build_row(b, TNI_AGG_FIRST, false);
    case TNI_AGGREGATE_LAST: return tni_build_row(b, TNI_AGG_LAST, true);
    case TNI_AGGREGATE_ARG_MIN: return tni_build_row(b, TNI_AGG_ARG_MIN, false);
    case TNI_AGGREGATE_ARG_MAX: return tni_build_row(b, TNI_AGG_ARG_MAX, false);
    case TNI_AGGREGATE_STDDEV_SAMP:
    case TNI_AGGREGATE_STDDEV_POP:
    case TNI_AGGREGATE_VAR_SAMP:
    case TNI_AGGREGATE_VAR_POP:
    case TNI_AGGREGATE_SEM: return tni_build_moments(b, 2);
    case TNI_AGGREGATE_SKEWNESS: return tni_build_moments(b, 3);
    case TNI_AGGREGATE_KURTOSIS:
    case TNI_AGGREGATE_KURTOSIS_POP: return tni_build_moments(b, 4);
    case TNI_AGGREGATE_MODE:
    case TNI_AGGREGATE_STRING_AGG:
    case TNI_AGGREGATE_PRODUCT: return tni_build_collect(b, true);
    case TNI_AGGREGATE_MEDIAN:
    case TNI_AGGREGATE_QUANTILE_CONT:
    case TNI_AGGREGATE_QUANTILE_DISC:
    case TNI_AGGREGATE_APPROX_QUANTILE:
    case TNI_AGGREGATE_MAD:
    case TNI_AGGREGATE_ENTROPY: return tni_build_collect(b, false);
    default: return tni_build_pair(b);
    }
}

/* DISTINCT changes nothing for these. */
static bool tni_agg_ignores_distinct(tni_aggregate_kind kind) {
    return kind == TNI_AGGREGATE_MIN || kind == TNI_AGGREGATE_MAX ||
           kind == TNI_AGGREGATE_BOOL_AND || kind == TNI_AGGREGATE_BOOL_OR ||
           kind == TNI_AGGREGATE_BIT_AND || kind == TNI_AGGREGATE_BIT_OR ||
           kind == TNI_AGGREGATE_COUNT_STAR;
}

static bool tni_agg_is_distinct(const tni_plan_aggregate *aggregate) {
    return (aggregate->distinct ||
            aggregate->function->kind == TNI_AGGREGATE_APPROX_COUNT_DISTINCT) &&
           !tni_agg_ignores_distinct(aggregate->function->kind);
}

static void tni_agg_distinct_add(tni_agg_distinct *d, uint32_t output) {
    uint32_t i;
    for (i = 0; i < d->argument_count; i++) {
        if (d->arguments[i] == output) {
            return;
        }
    }
    d->arguments[d->argument_count++] = output;
}

/* The feed of a DISTINCT aggregate: shared by those with the same arguments and filter. What the
 * values are ordered by goes along; the binder saw to it that it follows from them. */
static uint32_t tni_agg_distinct_feed(tni_agg *agg, const tni_plan_aggregate *aggregate) {
    tni_agg_distinct *d = &agg->distinct[agg->distinct_count];
    uint32_t i;
    memset(d, 0, sizeof *d);
    for (i = 0; i < aggregate->function->arguments; i++) {
        tni_agg_distinct_add(d, aggregate->arguments[i]);
    }
    for (i = 0; i < aggregate->order_count; i++) {
        tni_agg_distinct_add(d, aggregate->order[i]);
    }
    d->filter = aggregate->filter;
    for (i = 0; i < agg->distinct_count; i++) {
        const tni_agg_distinct *other = &agg->distinct[i];
        if (other->argument_count == d->argument_count && other->filter == d->filter &&
            memcmp(other->arguments, d->arguments,
                   d->argument_count * sizeof *d->arguments) == 0) {
            return i + 1;
        }
    }
    return ++agg->distinct_count;
}

static trueno_status tni_agg_plan_accumulators(tni_agg *agg, tni_error *error) {
    const tni_plan *plan = agg->plan;
    tni_agg_build build;
    uint32_t i;
    for (i = 0; i < plan->aggregate_count; i++) {
        const tni_plan_aggregate *aggregate = &plan->aggregates[i];
        memset(&build, 0, sizeof build);
        build.agg = agg;
        build.aggregate = aggregate;
        build.error = error;
        build.outputs = agg->outputs + (size_t)i * 6;
        build.base.filter = TNI_IR_NONE;
        if (tni_agg_is_distinct(aggregate)) {
            build.base.feed = tni_agg_distinct_feed(agg, aggregate);
        } else if (aggregate->filter != TNI_IR_NONE) {
            TNI_TRY(tni_agg_input_for(agg, aggregate->filter, false, true, false,
                                      &build.base.filter, error));
        }
        TNI_TRY(tni_build_aggregate(&build));
    }
    return TRUENO_OK;
}

/* Can what fed accumulators make depend on the order of the rows that feed `feed` brings? */
static bool tni_agg_feed_ordered(const tni_agg *agg, uint32_t feed) {
    uint32_t a;
    bool ordered = false;
    for (a = 0; a < agg->accumulator_count; a++) {
        const tni_accumulator *acc = &agg->accumulators[a];
        ordered = ordered ||
                  (acc->feed == feed &&
                   (acc->kind == TNI_AGG_FIRST || acc->kind == TNI_AGG_LAST ||
                    acc->kind == TNI_AGG_ARG_MIN || acc->kind == TNI_AGG_ARG_MAX ||
                    (acc->kind == TNI_AGG_COLLECT && !acc->bare)));
    }
    return ordered;
}

/* The inner aggregation of one DISTINCT: keys are ours plus the argument, no aggregates. */
static trueno_status tni_agg_plan_distinct(tni_agg *agg, tni_agg_distinct *d, tni_error *error) {
    const tni_plan *plan = agg->plan;
    tni_memory *memory = agg->run->env->memory;
    uint32_t count = agg->key_count + d->argument_count, i;
    d->outputs = (uint32_t *)tni_alloc_array(memory, count, sizeof *d->outputs);
    d->types = (tni_type *)tni_alloc_array(memory, count, sizeof *d->types);
    if (d->outputs == NULL || d->types == NULL) {
        return tni_memory_fail(memory, count * sizeof *d->types, error);
    }
    for (i = 0; i < count; i++) {
        uint32_t output = i < agg->key_count ? i : d->arguments[i - agg->key_count];
        d->outputs[i] = plan->program->outputs[output];
        d->types[i] = plan->program->nodes[d->outputs[i]].type;
    }
    d->program = *plan->program;
    d->program.outputs = d->outputs;
    d->program.output_count = count;
    d->plan.kind = TNI_PLAN_AGGREGATE;
    d->plan.input = plan->input;
    d->plan.program = &d->program;
    d->plan.key_count = count;
    d->plan.column_count = count;
    d->plan.types = d->types;
    d->plan.rows = plan->rows;
    TNI_TRY(tni_aggregate_new(agg->run, &d->plan, &d->sink, &d->driver, error));
    ((tni_agg *)d->sink)->any_order =
        !tni_agg_feed_ordered(agg, (uint32_t)(d - agg->distinct) + 1);
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------- sink --- */

static trueno_status tni_agg_begin(tni_operator *base, tni_pipeline *pipeline, tni_error *error) {
    tni_agg *agg = (tni_agg *)base;
    tni_memory *memory = agg->run->env->memory;
    uint32_t i, count = TNI_MAX(pipeline->workers, agg->distinct_count > 0
                                                       ? tni_scheduler_workers(agg->run->scheduler)
                                                       : 1u);
    count += agg->join != NULL ? 1u : 0u;
    agg->workers = (tni_agg_worker *)tni_alloc_zero(memory, count * sizeof *agg->workers);
    if (agg->workers == NULL) {
        return tni_memory_fail(memory, count * sizeof *agg->workers, error);
    }
    agg->worker_count = count;
    agg->used_before = TNI_MIN(tni_atomic_load_i64(&memory->used), memory->limit);
    agg->block_bytes = (uint32_t)TNI_MAX(
        TNI_MIN((uint64_t)memory->limit / (16u * TNI_AGG_PARTITIONS * (uint64_t)count),
                (uint64_t)TNI_AGG_BLOCK_BYTES),
        UINT64_C(1024));
    for (i = 0; i < count; i++) {
        bool table = agg->join == NULL || i + 1 < count; /* an import makes its own */
        TNI_TRY(tni_agg_worker_init(agg, &agg->workers[i], table, error));
    }
    for (i = 0; i < agg->distinct_count; i++) {
        agg->distinct[i].sink->pipeline = pipeline;
        TNI_TRY(agg->distinct[i].sink->ops->begin(agg->distinct[i].sink, pipeline, error));
    }
    return TRUENO_OK;
}

/* Rows of the chunk that pass a DISTINCT aggregate's filter, columns keys and argument. */
static trueno_status tni_agg_push_distinct(tni_agg *agg, tni_agg_distinct *d, uint32_t worker,
                                           const tni_chunk *chunk, tni_error *error) {
    tni_agg_worker *w = &agg->workers[worker];
    uint32_t count = agg->key_count + d->argument_count, i;
    tni_chunk inner = *chunk;
    inner.columns =
        (tni_vector *)tni_scratch_take(&w->scratch, count * sizeof *inner.columns, error);
    if (inner.columns == NULL) {
        return error->status;
    }
    for (i = 0; i < count; i++) {
        inner.columns[i] =
            chunk->columns[i < agg->key_count ? i : d->arguments[i - agg->key_count]];
    }
    inner.column_count = count;
    if (d->filter != TNI_IR_NONE) {
        tni_vector flat;
        uint64_t *mask = (uint64_t *)tni_scratch_take(&w->scratch, TNI_VECTOR_WORDS * 8, error);
        if (mask == NULL) {
            return error->status;
        }
        flat = chunk->columns[d->filter];
        if (flat.form == TNI_FORM_CONSTANT) {
            TNI_TRY(tni_agg_spread(&chunk->columns[d->filter], chunk->rows, &w->scratch, &flat,
                                   error));
        }
        agg->run->env->kernels->bytes_to_mask((const uint8_t *)flat.data, chunk->rows, mask);
        inner.active = 0;
        for (i = 0; i < tni_bitmap_words(chunk->rows); i++) {
            mask[i] &= flat.validity == NULL ? ~UINT64_C(0) : flat.validity[i];
            mask[i] &= chunk->mask == NULL ? ~UINT64_C(0) : chunk->mask[i];
            inner.active += tni_popcount64(mask[i]);
        }
        inner.mask = mask;
        if (inner.active == 0) {
            return TRUENO_OK;
        }
    }
    return d->sink->ops->push(d->sink, worker, &inner, error);
}

static trueno_status tni_agg_push(tni_operator *base, uint32_t worker_index, tni_chunk *chunk,
                                  tni_error *error) {
    tni_agg *agg = (tni_agg *)base;
    tni_agg_worker *worker = &agg->workers[worker_index];
    uint32_t i;
    tni_scratch_reset(&worker->scratch);
    tni_atomic_add_i64(&base->rows, (int64_t)chunk->active);
    for (i = 0; i < agg->distinct_count; i++) {
        TNI_TRY(tni_agg_push_distinct(agg, &agg->distinct[i], worker_index, chunk, error));
    }
    if (agg->plain_feed != 0) {
        return TRUENO_OK;
    }
    if (agg->key_count == 0) {
        return tni_agg_ungrouped_push(agg, worker, chunk, error);
    }
    TNI_TRY(tni_chunk_compact(agg->run->env, chunk, &worker->scratch, error));
    return tni_agg_consume(agg, worker, chunk, 0, error);
}

static trueno_status tni_agg_flush(tni_operator *base, uint32_t worker, tni_error *error) {
    tni_agg *agg = (tni_agg *)base;
    uint32_t i;
    for (i = 0; i < agg->distinct_count; i++) {
        TNI_TRY(agg->distinct[i].sink->ops->flush(agg->distinct[i].sink, worker, error));
    }
    return TRUENO_OK;
}

/* ---- the feed: rows of an inner aggregation become input of the outer one ---- */

typedef struct tni_agg_feed {
    tni_operator base;
    tni_agg *agg;
    uint32_t feed;
} tni_agg_feed;

static trueno_status tni_agg_feed_push(tni_operator *base, uint32_t worker_index,
                                       tni_chunk *chunk, tni_error *error) {
    tni_agg_feed *feed = (tni_agg_feed *)base;
    tni_agg *agg = feed->agg;
    const tni_agg_distinct *d = &agg->distinct[feed->feed - 1];
    tni_agg_worker *worker = &agg->workers[worker_index];
    const tni_program *program = agg->plan->program;
    tni_chunk outer;
    uint32_t i;
    tni_scratch_reset(&worker->scratch);
    TNI_TRY(tni_chunk_compact(agg->run->env, chunk, &worker->scratch, error));
    outer = *chunk;
    /* columns by program output: inputs the feed does not carry are NULL and not read */
    outer.columns = (tni_vector *)tni_scratch_take(
        &worker->scratch, program->output_count * sizeof *outer.columns, error);
    if (outer.columns == NULL) {
        return error->status;
    }
    for (i = 0; i < program->output_count; i++) {
        memset(&outer.columns[i], 0, sizeof outer.columns[i]);
        outer.columns[i].type = program->nodes[program->outputs[i]].type;
        outer.columns[i].form = TNI_FORM_CONSTANT;
        outer.columns[i].is_null = true;
    }
    for (i = 0; i < chunk->column_count; i++) {
        outer.columns[i < agg->key_count ? i : d->arguments[i - agg->key_count]] =
            chunk->columns[i];
    }
    outer.column_count = program->output_count;
    if (agg->key_count == 0) {
        TNI_TRY(tni_agg_prepare(agg, worker, &outer, error));
        memset(worker->groups, 0, outer.rows * sizeof *worker->groups);
        worker->table.rows += outer.rows;
        return tni_agg_update(agg, &worker->table, worker->prepared, worker->groups, outer.rows,
                              outer.order, 0, NULL, NULL, feed->feed, error);
    }
    return tni_agg_consume(agg, worker, &outer, feed->feed, error);
}

static const tni_operator_ops tni_agg_feed_ops = {
    "distinct", NULL, tni_agg_feed_push, NULL, NULL, NULL,
};

static trueno_status tni_agg_run_feeds(tni_agg *agg, tni_error *error) {
    uint32_t i;
    for (i = 0; i < agg->distinct_count; i++) {
        tni_agg_distinct *d = &agg->distinct[i];
        tni_agg_feed feed;
        memset(&feed, 0, sizeof feed);
        feed.base.ops = &tni_agg_feed_ops;
        feed.agg = agg;
        feed.feed = i + 1;
        TNI_TRY(d->sink->ops->finish(d->sink, error));
        TNI_TRY(tni_pipeline_run(agg->run, NULL, d->driver, &feed.base, error));
        d->driver->ops->free(d->driver);
        d->sink->ops->free(d->sink);
        d->driver = NULL;
        d->sink = NULL;
    }
    return TRUENO_OK;
}

static trueno_status tni_agg_finish(tni_operator *base, tni_error *error) {
    tni_agg *agg = (tni_agg *)base;
    if (agg->join != NULL) {
        TNI_TRY(agg->join(agg->join_user, error));
    }
    TNI_TRY(tni_agg_run_feeds(agg, error));
    if (agg->key_count == 0) {
        TNI_TRY(tni_agg_ungrouped_finish(agg, error));
    }
    TNI_TRY(tni_agg_finish_tables(agg, error));
    if (agg->result_count > 0) {
        TNI_TRY(tni_agg_collect_prepare(agg, &agg->results[0], error));
        agg->unit_count = (agg->results[0].count + agg->unit - 1) / agg->unit;
    }
    return TRUENO_OK;
}

static void tni_agg_free(tni_operator *base) {
    tni_agg *agg = (tni_agg *)base;
    tni_memory *memory = agg->run->env->memory;
    size_t most = (size_t)agg->plan->aggregate_count * 6 + 1;
    uint32_t i;
    for (i = 0; i < agg->distinct_count; i++) {
        tni_agg_distinct *d = &agg->distinct[i];
        uint32_t count = agg->key_count + d->argument_count;
        if (d->driver != NULL) {
            d->driver->ops->free(d->driver);
            d->sink->ops->free(d->sink);
        }
        tni_free(memory, d->outputs, count * sizeof *d->outputs);
        tni_free(memory, d->types, count * sizeof *d->types);
    }
    for (i = 0; i < agg->worker_count; i++) {
        tni_agg_worker_free(agg, &agg->workers[i]);
    }
    for (i = 0; i < agg->result_count; i++) {
        tni_free(memory, agg->result_order, ((size_t)agg->results[i].count + 1) * sizeof(uint64_t));
        tni_agg_table_free(agg, &agg->results[i]);
    }
    for (i = 0; agg->strings != NULL && i < agg->key_count; i++) {
        tni_agg_strings_free(&agg->strings[i]);
    }
    tni_free(memory, agg->strings, agg->key_count * sizeof *agg->strings);
    tni_free(memory, agg->plain_bits, agg->word_count * sizeof *agg->plain_bits);
    tni_free(memory, agg->results, agg->result_count * sizeof *agg->results);
    tni_free(memory, agg->workers, agg->worker_count * sizeof *agg->workers);
    tni_free(memory, agg->distinct, (agg->plan->aggregate_count + 1) * sizeof *agg->distinct);
    tni_free(memory, agg->outputs, most * sizeof *agg->outputs);
    tni_free(memory, agg->accumulators, most * sizeof *agg->accumulators);
    tni_free(memory, agg->ordered_sums, most * sizeof *agg->ordered_sums);
    tni_free(memory, agg->inputs,
             TNI_MAX(agg->plan->program->output_count, 1u) * 4 * sizeof *agg->inputs);
    tni_free(memory, agg->keys, TNI_MAX(agg->key_count, 1u) * sizeof *agg->keys);
    tni_free(memory, agg, sizeof *agg);
}

static const tni_operator_ops tni_agg_ops = {
    "aggregate", tni_agg_begin, tni_agg_push, tni_agg_flush, tni_agg_finish, tni_agg_free,
};

TNI_FN bool tni_aggregate_takes_range(const tni_operator *first, uint32_t column) {
    const tni_operator *sink = first->next;
    return sink != NULL && sink->ops == &tni_agg_ops && first->plan == sink->plan &&
           tni_agg_ungrouped_takes_range((const tni_agg *)sink, column);
}

TNI_FN trueno_status tni_aggregate_push_range(tni_operator *first, uint32_t worker,
                                              const tni_float_range *range,
                                              const tni_vector *v, uint32_t rows, uint64_t order,
                                              uint32_t first_row, bool *done, tni_error *error) {
    tni_agg *agg = (tni_agg *)first->next;
    uint32_t kept;
    *done = v->form == TNI_FORM_FLAT && v->validity == NULL && first_row % TNI_SUM_LANES == 0;
    if (!*done) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_agg_ungrouped_push_range(agg, &agg->workers[worker], range, v, rows, order,
                                         first_row, &kept, error));
    tni_atomic_add_i64(&first->rows, (int64_t)kept);
    tni_atomic_add_i64(&agg->base.rows, (int64_t)kept);
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------------- driver --- */

typedef struct tni_agg_driver {
    tni_driver base;
    tni_agg *agg;
} tni_agg_driver;

static uint32_t tni_agg_parallelism(tni_driver *base) {
    const tni_agg *agg = ((tni_agg_driver *)base)->agg;
    return TNI_MAX(agg->unit_count, 1u);
}

static trueno_status tni_agg_driver_begin(tni_driver *base, tni_pipeline *pipeline,
                                          tni_error *error) {
    (void)pipeline;
    return tni_agg_order_result(((tni_agg_driver *)base)->agg, error);
}

/* Is the group one that rows came to? Only direct tables have others. */
static bool tni_agg_alive(const tni_agg *agg, const tni_agg_table *table, uint32_t group) {
    return !agg->direct || agg->key_count == 0 ||
           *TNI_STATE(const int64_t, table, &agg->accumulators[agg->group_count_acc], group) > 0;
}

/* One vector of result rows from `groups`. */
static trueno_status tni_agg_emit(tni_agg_driver *driver, tni_agg_table *table,
                                  const uint32_t *groups, uint32_t count, uint64_t order,
                                  tni_scratch *scratch, tni_arena *heap, uint32_t worker,
                                  tni_operator *first, tni_error *error) {
    tni_agg *agg = driver->agg;
    const tni_plan *plan = agg->plan;
    tni_chunk chunk;
    uint32_t i;
    memset(&chunk, 0, sizeof chunk);
    tni_scratch_reset(scratch);
    chunk.columns = (tni_vector *)tni_scratch_take(
        scratch, TNI_MAX(plan->column_count, 1u) * sizeof *chunk.columns, error);
    if (chunk.columns == NULL) {
        return error->status;
    }
    for (i = 0; i < plan->column_count; i++) {
        uint32_t width = tni_type_width(plan->types[i]);
        void *out = tni_scratch_take(scratch, (size_t)count * width, error);
        uint64_t *validity = (uint64_t *)tni_scratch_take(scratch, TNI_VECTOR_WORDS * 8, error);
        if (out == NULL || validity == NULL) {
            return error->status;
        }
        if (i < agg->key_count) {
            TNI_TRY(tni_agg_keys_decode(agg, i, table, groups, count, out, validity));
        } else {
            TNI_TRY(tni_agg_finalize(agg, table, i - agg->key_count, groups, count, out, validity,
                                     heap, error));
        }
        memset(&chunk.columns[i], 0, sizeof chunk.columns[i]);
        chunk.columns[i].type = plan->types[i];
        chunk.columns[i].data = out;
        if (i < agg->key_count && agg->keys[i].mode == TNI_KEY_DICT) { /* codes, not strings */
            chunk.columns[i].form = TNI_FORM_DICT;
            chunk.columns[i].code_width = 4;
            chunk.columns[i].dictionary = agg->keys[i].dictionary;
        }
        chunk.columns[i].validity = tni_bitmap_count(validity, count) == count ? NULL : validity;
    }
    chunk.rows = chunk.active = count;
    chunk.column_count = plan->column_count;
    chunk.order = order;
    return tni_push(first, worker, &chunk, error);
}

/* What one worker of the driver needs to send groups on. */
typedef struct tni_agg_output {
    tni_agg_driver *driver;
    uint32_t worker;
    tni_operator *first;
    uint64_t unit, piece;    /* of what goes out: their place among all groups */
    tni_scratch scratch;
    tni_arena heap;
} tni_agg_output;

/* Rows of states and keys that will be read in no order of theirs. */
static void tni_agg_fetch_groups(const tni_agg_table *table, const uint32_t *groups,
                                 uint32_t count) {
    size_t keys = table->word_count, size = table->state_size, line;
    uint32_t i;
    for (i = 0; i < count; i++) {
        if (keys > 0) {
            TNI_PREFETCH(table->keys + groups[i] * keys);
        }
        for (line = 0; line < size; line += 64) {
            TNI_PREFETCH(table->states + groups[i] * size + line);
        }
    }
}

/* Groups [from, to) of the table in `order`; NULL: as they are. */
static trueno_status tni_agg_emit_groups(tni_agg_output *out, tni_agg_table *table,
                                         const uint64_t *order, uint32_t from, uint32_t to,
                                         tni_error *error) {
    uint32_t groups[TNI_VECTOR_ROWS];
    while (from < to) {
        uint32_t count = 0;
        for (; from < to && count < TNI_VECTOR_ROWS; from++) {
            groups[count] = order != NULL ? (uint32_t)order[from] - 1 : from;
            count += tni_agg_alive(out->driver->agg, table, groups[count]) ? 1u : 0u;
        }
        if (order != NULL) {
            tni_agg_fetch_groups(table, groups, count);
        }
        if (count > 0) {
            TNI_TRY(tni_agg_emit(out->driver, table, groups, count, out->unit << 32 | out->piece++,
                                 &out->scratch, &out->heap, out->worker, out->first, error));
            tni_atomic_add_i64(&out->driver->base.rows_in, (int64_t)count);
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_agg_emit_table(void *context, tni_agg_table *table,
                                        const uint64_t *order, tni_error *error) {
    return tni_agg_emit_groups((tni_agg_output *)context, table, order, 0, table->count, error);
}

/* Take units until there are none: pieces of the one result, or partitions to be built. */
static trueno_status tni_agg_output_run(tni_agg_output *out, tni_agg_builder *builder,
                                        tni_error *error) {
    tni_agg *agg = out->driver->agg;
    while (tni_atomic_load_i32(&out->driver->base.pipeline->stopped) == 0) {
        uint32_t unit = (uint32_t)tni_atomic_add_i32(&agg->next_unit, 1);
        TNI_TRY(tni_env_check(agg->run->env, error));
        if (unit >= agg->unit_count) {
            break;
        }
        out->unit = unit;
        out->piece = 0;
        error->order = (uint64_t)unit << 32;
        if (agg->by_partition) {
            TNI_TRY(tni_agg_build_partition(builder, unit, error));
        } else {
            TNI_TRY(tni_agg_emit_groups(out, &agg->results[0], agg->result_order, unit * agg->unit,
                                        TNI_MIN((unit + 1) * agg->unit, agg->results[0].count),
                                        error));
        }
        tni_arena_free(&out->heap);
        tni_arena_init(&out->heap, agg->run->env->memory);
    }
    return TRUENO_OK;
}

/* Do rows end up where their order makes no difference: in an aggregation of counts, extremes and
 * exact sums? */
static bool tni_agg_taker_is_blind(const tni_operator *first) {
    const tni_agg *taker;
    uint32_t a;
    bool blind;
    while (first->next != NULL) {
        first = first->next;
    }
    if (first->ops != &tni_agg_ops) {
        return false;
    }
    taker = (const tni_agg *)first;
    blind = !tni_agg_feed_ordered(taker, 0);
    for (a = 0; a < taker->accumulator_count; a++) {
        blind = blind && !taker->accumulators[a].ordered_sum;
    }
    for (a = 0; a < taker->distinct_count; a++) {
        blind = blind && !tni_agg_feed_ordered(taker, a + 1);
    }
    return blind;
}

static trueno_status tni_agg_driver_run(tni_driver *base, uint32_t worker, tni_operator *first,
                                        tni_error *error) {
    tni_agg_driver *driver = (tni_agg_driver *)base;
    tni_memory *memory = driver->agg->run->env->memory;
    tni_agg_output out;
    tni_agg_builder builder;
    trueno_status status = TRUENO_OK;
    memset(&out, 0, sizeof out);
    memset(&builder, 0, sizeof builder);
    out.driver = driver;
    out.worker = worker;
    out.first = first;
    tni_scratch_init(&out.scratch, memory);
    tni_arena_init(&out.heap, memory);
    if (driver->agg->by_partition) {
        status = tni_agg_builder_init(&builder, driver->agg, tni_agg_emit_table, &out, error);
        builder.any_order = driver->agg->any_order || tni_agg_taker_is_blind(first);
    }
    if (status == TRUENO_OK) {
        status = tni_agg_output_run(&out, &builder, error);
    }
    tni_agg_builder_free(&builder);
    tni_scratch_free(&out.scratch);
    tni_arena_free(&out.heap);
    return status;
}

static void tni_agg_driver_free(tni_driver *base) {
    tni_agg_driver *driver = (tni_agg_driver *)base;
    tni_free(driver->agg->run->env->memory, driver, sizeof *driver);
}

static const tni_driver_ops tni_agg_driver_ops = {
    "groups", tni_agg_parallelism, tni_agg_driver_begin, tni_agg_driver_run, tni_agg_driver_free,
};

/* ------------------------------------------------------------------------------ making --- */

static trueno_status tni_agg_allocate(tni_agg *agg, tni_error *error) {
    tni_memory *memory = agg->run->env->memory;
    const tni_plan *plan = agg->plan;
    size_t most = (size_t)plan->aggregate_count * 6 + 1;
    agg->keys =
        (tni_agg_key *)tni_alloc_zero(memory, TNI_MAX(agg->key_count, 1u) * sizeof *agg->keys);
    agg->inputs = (tni_agg_input *)tni_alloc_zero(
        memory, TNI_MAX(plan->program->output_count, 1u) * 4 * sizeof *agg->inputs);
    agg->accumulators =
        (tni_accumulator *)tni_alloc_zero(memory, most * sizeof *agg->accumulators);
    agg->outputs = (uint32_t *)tni_alloc_zero(memory, most * sizeof *agg->outputs);
    agg->ordered_sums = (double *)tni_alloc_zero(memory, most * sizeof *agg->ordered_sums);
    agg->distinct = (tni_agg_distinct *)tni_alloc_zero(
        memory, (plan->aggregate_count + 1) * sizeof *agg->distinct);
    if (agg->keys == NULL || agg->inputs == NULL || agg->accumulators == NULL ||
        agg->outputs == NULL || agg->ordered_sums == NULL || agg->distinct == NULL) {
        return tni_memory_fail(memory, most * sizeof *agg->accumulators, error);
    }
    return TRUENO_OK;
}

/* Do states hold strings? */
static bool tni_agg_has_strings(const tni_agg *agg) {
    uint32_t i;
    bool any = false;
    for (i = 0; i < agg->input_count; i++) {
        any = any || (agg->inputs[i].needs_data && agg->inputs[i].class_id == TNI_CLASS_STRING);
    }
    return any;
}

static trueno_status tni_agg_plan_all(tni_agg *agg, tni_error *error) {
    const tni_env *env = agg->run->env;
    uint32_t i;
    TNI_TRY(tni_agg_allocate(agg, error));
    TNI_TRY(tni_agg_plan_accumulators(agg, error));
    TNI_TRY(tni_agg_keys_plan(agg, error));
    /* with one DISTINCT argument and nothing else, its rows tell the groups as well */
    agg->plain_feed = agg->distinct_count == 1 && agg->distinct[0].filter == TNI_IR_NONE ? 1 : 0;
    for (i = 0; i < agg->accumulator_count; i++) {
        agg->plain_feed = agg->accumulators[i].feed == 0 ? 0 : agg->plain_feed;
    }
    if (agg->direct && agg->key_count > 0) {
        tni_accumulator count;
        memset(&count, 0, sizeof count);
        count.kind = TNI_AGG_COUNT;
        count.arguments[0] = count.arguments[1] = count.filter = TNI_IR_NONE;
        count.feed = agg->plain_feed;
        agg->group_count_acc = tni_agg_accumulator_for(agg, &count);
    }
    TNI_TRY(tni_agg_plan_tuples(agg, error));
    agg->keeps_strings = tni_agg_has_strings(agg);
    agg->can_spill = !agg->direct && !env->no_spill && env->memory->limit != INT64_MAX &&
                     env->files != NULL && env->files->open != NULL;
    for (i = 0; i < agg->distinct_count; i++) {
        TNI_TRY(tni_agg_plan_distinct(agg, &agg->distinct[i], error));
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_aggregate_new(tni_run *run, const tni_plan *plan, tni_operator **sink,
                                       tni_driver **driver, tni_error *error) {
    tni_memory *memory = run->env->memory;
    tni_agg *agg = (tni_agg *)tni_alloc_zero(memory, sizeof *agg);
    tni_agg_driver *out = (tni_agg_driver *)tni_alloc_zero(memory, sizeof *out);
    trueno_status status;
    *sink = NULL;
    *driver = NULL;
    if (agg == NULL || out == NULL) {
        tni_free(memory, agg, sizeof *agg);
        tni_free(memory, out, sizeof *out);
        return tni_memory_fail(memory, sizeof *agg, error);
    }
    agg->base.ops = &tni_agg_ops;
    agg->base.plan = plan;
    agg->run = run;
    agg->plan = plan;
    agg->key_count = plan->key_count;
    agg->domain = 1;
    status = tni_agg_plan_all(agg, error);
    agg->unit = agg->collect_count > 0 ? 64 : TNI_AGG_UNIT; /* quantiles take their time */
    if (status != TRUENO_OK) {
        tni_free(memory, out, sizeof *out);
        tni_agg_free(&agg->base);
        return status;
    }
    out->base.ops = &tni_agg_driver_ops;
    out->agg = agg;
    *sink = &agg->base;
    *driver = &out->base;
    return TRUENO_OK;
}

#undef TNI_AGG_UNIT
