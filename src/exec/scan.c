/*
 * scan.c - the drivers that start pipelines from a source, constant rows, a range, a collection.
 *
 * The scan takes morsels from its source and cuts them into vectors. Filter columns are fetched
 * first; a vector without survivors costs nothing more, and the remaining columns are fetched for
 * a morsel only when some vector needs them. Few survivors (under a quarter) are gathered into a
 * dense chunk; many stay in place under a mask. Where the rows go straight into a top-k, its
 * bound is asked first: segments and rows beyond it never meet the filter, provided that this
 * cannot hide a failure.
 */
#include "exec/eval.h"
#include "exec/sort.h"

/* ---------------------------------------------------------------------------- scan --- */

typedef struct tni_scan_worker {
    tni_scratch scratch;
    tni_evaluator *filter;
    tni_vector *vectors;          /* [fetched columns] */
    tni_top_k *top;               /* the rows' only reader, while its bound may be asked */
    bool fused;                   /* the aggregation behind filters for itself */
    tni_float_range range;        /* by this */
    uint64_t mask[TNI_VECTOR_WORDS];
    uint64_t wanted[TNI_VECTOR_WORDS];
    uint16_t positions[TNI_VECTOR_ROWS];
} tni_scan_worker;

typedef struct tni_scan_driver {
    tni_driver base;
    tni_run *run;
    tni_scan *scan;
    bool *in_filter;              /* [fetched columns] */
    tni_scan_worker *workers;
    uint32_t worker_count;
    const tni_row_place *places;      /* the rows to read, when not all that the filter takes */
    uint64_t place_count;
} tni_scan_driver;

static uint32_t tni_scan_parallelism(tni_driver *driver) {
    const tni_source *source = driver->plan->source;
    uint64_t morsels;
    if (source->rows == UINT64_MAX) {
        return source->bytes < (UINT64_C(1) << 20) ? 1 : UINT32_MAX;
    }
    morsels = source->rows / TNI_SEGMENT_ROWS + 1;
    return morsels > UINT32_MAX ? UINT32_MAX : (uint32_t)morsels;
}

static trueno_status tni_scan_begin(tni_driver *base, tni_pipeline *pipeline, tni_error *error) {
    tni_scan_driver *driver = (tni_scan_driver *)base;
    const tni_plan *plan = base->plan;
    tni_env *env = driver->run->env;
    tni_scan_request request;
    size_t vectors = TNI_MAX(plan->scan_column_count, 1u) * sizeof(tni_vector);
    uint32_t i;
    driver->workers = (tni_scan_worker *)tni_alloc_zero(
        env->memory, pipeline->workers * sizeof *driver->workers);
    driver->worker_count = driver->workers == NULL ? 0 : pipeline->workers;
    driver->in_filter = (bool *)tni_alloc_zero(env->memory, plan->scan_column_count);
    if (driver->workers == NULL || (driver->in_filter == NULL && plan->scan_column_count > 0)) {
        return tni_memory_fail(env->memory, pipeline->workers * sizeof *driver->workers, error);
    }
    for (i = 0; i < pipeline->workers; i++) {
        tni_scan_worker *worker = &driver->workers[i];
        tni_scratch_init(&worker->scratch, env->memory);
        worker->vectors = (tni_vector *)tni_alloc_zero(env->memory, vectors);
        if (worker->vectors == NULL) {
            return tni_memory_fail(env->memory, vectors, error);
        }
        if (plan->filter != NULL && driver->places == NULL) {
            TNI_TRY(tni_evaluator_new(env, driver->run->settings, plan->filter, &worker->filter,
                                      error));
            if (i > 0) {
                TNI_TRY(tni_evaluator_share(driver->workers[0].filter, worker->filter, error));
            }
        }
    }
    for (i = 0; plan->filter != NULL && driver->places == NULL && i < plan->filter->count; i++) {
        if (plan->filter->nodes[i].op == TNI_IR_COLUMN) {
            driver->in_filter[plan->filter->nodes[i].column] = true;
        }
    }
    memset(&request, 0, sizeof request);
    request.columns = plan->source_columns;
    request.column_count =
        driver->places != NULL ? plan->column_count : plan->scan_column_count;
    request.prunes = plan->prunes;
    request.prune_count = plan->prune_count;
    request.workers = pipeline->workers;
    request.skip = driver->run->skip_groups;
    return plan->source->ops->begin(plan->source, env, &request, &driver->scan, error);
}

static void tni_scan_free(tni_driver *base) {
    tni_scan_driver *driver = (tni_scan_driver *)base;
    tni_memory *memory = driver->run->env->memory;
    uint32_t i;
    if (driver->scan != NULL) {
        base->plan->source->ops->end(driver->scan);
    }
    for (i = 0; i < driver->worker_count; i++) {
        tni_evaluator_free(driver->workers[i].filter);
        tni_scratch_free(&driver->workers[i].scratch);
        tni_free(memory, driver->workers[i].vectors,
                 TNI_MAX(base->plan->scan_column_count, 1u) * sizeof(tni_vector));
    }
    tni_free(memory, driver->workers, driver->worker_count * sizeof *driver->workers);
    tni_free(memory, driver->in_filter, base->plan->scan_column_count);
    tni_free(memory, driver, sizeof *driver);
}

/* Make sure the columns with in_filter == `filter` are there. */
static trueno_status tni_scan_fetch(tni_scan_driver *driver, uint32_t worker, tni_morsel *morsel,
                                    bool filter, tni_error *error) {
    const tni_plan *plan = driver->base.plan;
    uint32_t count = driver->places != NULL ? plan->column_count : plan->scan_column_count;
    uint32_t i;
    for (i = 0; i < count; i++) {
        if (driver->in_filter[i] == filter && morsel->segments[i] == NULL) {
            TNI_TRY(plan->source->ops->fetch(driver->scan, worker, morsel, i, error));
            tni_atomic_add_i64(&driver->base.bytes_read, (int64_t)morsel->segments[i]->bytes);
        }
    }
    return TRUENO_OK;
}

/* Views of the columns with in_filter == `filter`. */
static trueno_status tni_scan_views(tni_scan_driver *driver, tni_scan_worker *worker,
                                    const tni_morsel *morsel, uint32_t first, uint32_t rows,
                                    bool filter, uint32_t count, tni_error *error) {
    uint32_t i;
    for (i = 0; i < count; i++) {
        if (driver->in_filter[i] == filter) {
            TNI_TRY(tni_segment_view(driver->run->env, morsel->segments[i], first, rows,
                                     &worker->scratch, &worker->vectors[i], error));
        }
    }
    return TRUENO_OK;
}

/* Push rows first + worker->positions[0..count). */
static trueno_status tni_scan_push_rows(tni_scan_driver *driver, uint32_t worker_index,
                                        tni_morsel *morsel, uint32_t first, uint32_t count,
                                        tni_operator *next, tni_error *error) {
    const tni_plan *plan = driver->base.plan;
    tni_scan_worker *worker = &driver->workers[worker_index];
    tni_chunk chunk;
    uint32_t i;
    TNI_TRY(tni_scan_fetch(driver, worker_index, morsel, false, error));
    for (i = 0; i < plan->column_count; i++) {
        TNI_TRY(tni_segment_gather(driver->run->env, morsel->segments[i], first,
                                   worker->positions, count, &worker->scratch,
                                   &worker->vectors[i], error));
    }
    memset(&chunk, 0, sizeof chunk);
    chunk.rows = chunk.active = count;
    chunk.columns = worker->vectors;
    chunk.column_count = plan->column_count;
    chunk.order = morsel->order;
    chunk.first_row = first;
    chunk.positions = worker->positions;
    return tni_push(next, worker_index, &chunk, error);
}

/* A vector of which a top-k wants `count` rows at most, few: filter only those. */
static trueno_status tni_scan_few(tni_scan_driver *driver, uint32_t worker_index,
                                  tni_morsel *morsel, uint32_t first, uint32_t rows,
                                  uint32_t count, tni_operator *next, tni_error *error) {
    const tni_plan *plan = driver->base.plan;
    tni_scan_worker *worker = &driver->workers[worker_index];
    tni_chunk chunk;
    uint32_t i, kept = 0;
    (void)driver->run->env->kernels->mask_positions(worker->wanted, rows, worker->positions);
    if (plan->filter != NULL) {
        memset(&chunk, 0, sizeof chunk);
        for (i = 0; i < plan->scan_column_count; i++) {
            if (driver->in_filter[i]) {
                TNI_TRY(tni_segment_gather(driver->run->env, morsel->segments[i], first,
                                           worker->positions, count, &worker->scratch,
                                           &worker->vectors[i], error));
            }
        }
        chunk.rows = chunk.active = count;
        chunk.columns = worker->vectors;
        chunk.column_count = plan->scan_column_count;
        TNI_TRY(tni_evaluate_filter(worker->filter, &chunk, worker->mask, &chunk.active, error));
        for (i = 0; i < count; i++) {
            worker->positions[kept] = worker->positions[i];
            kept += tni_bit_get(worker->mask, i);
        }
        count = kept;
    }
    return count == 0 ? TRUENO_OK
                      : tni_scan_push_rows(driver, worker_index, morsel, first, count, next,
                                           error);
}

/* One vector of the morsel: filter, then the other columns for what is left. */
static trueno_status tni_scan_vector(tni_scan_driver *driver, uint32_t worker_index,
                                     tni_morsel *morsel, uint32_t first, uint32_t rows,
                                     tni_operator *next, tni_error *error) {
    const tni_plan *plan = driver->base.plan;
    const tni_env *env = driver->run->env;
    tni_scan_worker *worker = &driver->workers[worker_index];
    tni_chunk chunk;
    memset(&chunk, 0, sizeof chunk);
    tni_scratch_reset(&worker->scratch);
    chunk.rows = rows;
    chunk.active = rows;
    chunk.columns = worker->vectors;
    chunk.order = morsel->order;
    chunk.first_row = first;
    if (worker->top != NULL) {
        uint32_t key = tni_top_k_column(worker->top);
        TNI_TRY(tni_segment_view(env, morsel->segments[key], first, rows, &worker->scratch,
                                 &worker->vectors[key], error));
        if (tni_top_k_filter(worker->top, worker_index, &worker->vectors[key], rows,
                             worker->wanted, &chunk.active)) {
            if (chunk.active < rows / 8) {
                return chunk.active == 0 ? TRUENO_OK
                                         : tni_scan_few(driver, worker_index, morsel, first,
                                                        rows, chunk.active, next, error);
            }
            chunk.mask = worker->wanted;
        }
    }
    if (plan->filter != NULL && driver->places == NULL) {
        chunk.column_count = plan->scan_column_count;
        TNI_TRY(tni_scan_views(driver, worker, morsel, first, rows, true,
                               plan->scan_column_count, error));
        TNI_TRY(tni_evaluate_filter(worker->filter, &chunk, worker->mask, &chunk.active, error));
        if (chunk.active == 0) {
            return TRUENO_OK;
        }
        if (chunk.active < rows / 4) {
            (void)env->kernels->mask_positions(worker->mask, rows, worker->positions);
            return tni_scan_push_rows(driver, worker_index, morsel, first, chunk.active, next,
                                      error);
        }
        chunk.mask = chunk.active == rows ? NULL : worker->mask;
    }
    TNI_TRY(tni_scan_fetch(driver, worker_index, morsel, false, error));
    TNI_TRY(tni_scan_views(driver, worker, morsel, first, rows, false, plan->column_count,
                           error));
    chunk.column_count = plan->column_count;
    return tni_push(next, worker_index, &chunk, error);
}

/* A vector that the aggregation behind filters while it sums. */
static trueno_status tni_scan_fused(tni_scan_driver *driver, uint32_t worker_index,
                                    tni_morsel *morsel, uint32_t first, uint32_t rows,
                                    tni_operator *next, bool *done, tni_error *error) {
    tni_scan_worker *worker = &driver->workers[worker_index];
    tni_vector *v = &worker->vectors[worker->range.column];
    tni_scratch_reset(&worker->scratch);
    TNI_TRY(tni_segment_view(driver->run->env, morsel->segments[worker->range.column], first, rows,
                             &worker->scratch, v, error));
    return tni_aggregate_push_range(next, worker_index, &worker->range, v, rows, morsel->order,
                                    first, done, error);
}

static trueno_status tni_scan_all_rows(tni_scan_driver *driver, uint32_t worker_index,
                                       tni_morsel *morsel, tni_operator *first,
                                       tni_error *error) {
    const tni_source_ops *ops = driver->base.plan->source->ops;
    tni_scan_worker *worker = &driver->workers[worker_index];
    uint32_t row;
    if (worker->top != NULL) {
        uint32_t key = tni_top_k_column(worker->top);
        if (morsel->segments[key] == NULL) {
            TNI_TRY(ops->fetch(driver->scan, worker_index, morsel, key, error));
            tni_atomic_add_i64(&driver->base.bytes_read, (int64_t)morsel->segments[key]->bytes);
        }
        if (tni_top_k_skips(worker->top, worker_index, &morsel->segments[key]->zone)) {
            return TRUENO_OK;
        }
    }
    TNI_TRY(tni_scan_fetch(driver, worker_index, morsel, true, error));
    for (row = 0; row < morsel->rows; row += TNI_VECTOR_ROWS) {
        uint32_t rows = TNI_MIN(morsel->rows - row, TNI_VECTOR_ROWS);
        bool done = false;
        if (worker->fused) {
            TNI_TRY(tni_scan_fused(driver, worker_index, morsel, row, rows, first, &done, error));
        }
        if (!done) {
            TNI_TRY(tni_scan_vector(driver, worker_index, morsel, row, rows, first, error));
        }
    }
    return TRUENO_OK;
}

/* The first of the places that is not before the start of a morsel. */
static uint64_t tni_scan_first_place(const tni_scan_driver *driver, uint64_t order) {
    uint64_t low = 0, high = driver->place_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (driver->places[middle].order < order) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Only the wanted rows of a morsel, if it has any. */
static trueno_status tni_scan_places(tni_scan_driver *driver, uint32_t worker_index,
                                     tni_morsel *morsel, tni_operator *next, tni_error *error) {
    const tni_row_place *places = driver->places;
    tni_scan_worker *worker = &driver->workers[worker_index];
    uint64_t i = tni_scan_first_place(driver, morsel->order);
    while (i < driver->place_count && places[i].order == morsel->order) {
        uint32_t first = places[i].row / TNI_VECTOR_ROWS * TNI_VECTOR_ROWS, count = 0;
        for (; i < driver->place_count && places[i].order == morsel->order &&
               places[i].row - first < TNI_VECTOR_ROWS;
             i++) {
            worker->positions[count++] = (uint16_t)(places[i].row - first);
        }
        tni_scratch_reset(&worker->scratch);
        TNI_TRY(tni_scan_push_rows(driver, worker_index, morsel, first, count, next, error));
        tni_atomic_add_i64(&driver->base.rows_in, count);
    }
    return TRUENO_OK;
}

static trueno_status tni_scan_morsel(tni_scan_driver *driver, uint32_t worker, tni_morsel *morsel,
                                     tni_operator *first, tni_error *error) {
    return driver->places != NULL ? tni_scan_places(driver, worker, morsel, first, error)
                                  : tni_scan_all_rows(driver, worker, morsel, first, error);
}

/* Functions of the filter that no row can make fail. */
static bool tni_scan_call_is_safe(const tni_ir_node *node, const tni_program *program) {
    static const char *const names[] = {"starts_with", "ends_with", "prefix", "suffix",
                                        "contains"};
    const char *name = node->function->name;
    size_t i;
    if (strcmp(name, "like") == 0 || strcmp(name, "ilike") == 0) {
        return node->argument_count == 2 &&
               program->nodes[node->arguments[1]].op == TNI_IR_CONSTANT;
    }
    for (i = 0; i < TNI_COUNT_OF(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* May rows be left out before the filter sees them? Not where it could fail on them: whether it
 * does must not depend on how far the other workers are. */
static bool tni_scan_is_safe(const tni_program *program) {
    uint32_t i;
    for (i = 0; program != NULL && i < program->count; i++) {
        const tni_ir_node *node = &program->nodes[i];
        if (node->op == TNI_IR_CAST ||
            (node->op == TNI_IR_CALL && !tni_scan_call_is_safe(node, program))) {
            return false;
        }
    }
    return true;
}

static trueno_status tni_scan_run(tni_driver *base, uint32_t worker, tni_operator *first,
                                  tni_error *error) {
    tni_scan_driver *driver = (tni_scan_driver *)base;
    const tni_source_ops *ops = base->plan->source->ops;
    tni_env *env = driver->run->env;
    if (driver->places == NULL && tni_scan_is_safe(base->plan->filter)) {
        driver->workers[worker].top = tni_sort_top(first);
    }
    driver->workers[worker].fused =
        driver->places == NULL && base->plan->filter != NULL &&
        tni_program_float_range(base->plan->filter, &driver->workers[worker].range) &&
        tni_aggregate_takes_range(first, driver->workers[worker].range.column);
    while (tni_atomic_load_i32(&base->pipeline->stopped) == 0) {
        tni_morsel morsel;
        trueno_status status;
        memset(&morsel, 0, sizeof morsel);
        TNI_TRY(tni_progress(driver->run, worker, error));
        TNI_TRY(ops->next(driver->scan, worker, &morsel, error));
        if (morsel.rows == 0) {
            return TRUENO_OK;
        }
        status = tni_scan_morsel(driver, worker, &morsel, first, error);
        ops->done(driver->scan, worker, &morsel);
        if (status != TRUENO_OK) {
            error->order = morsel.order;
            return status;
        }
        if (driver->places == NULL) {
            tni_atomic_add_i64(&base->rows_in, (int64_t)morsel.rows);
            tni_atomic_add_i64(&env->rows_read, (int64_t)morsel.rows);
        }
    }
    return TRUENO_OK;
}

static const tni_driver_ops tni_scan_ops = {
    "scan", tni_scan_parallelism, tni_scan_begin, tni_scan_run, tni_scan_free,
};
static const tni_driver_ops tni_scan_places_ops = {
    "fetch from", tni_scan_parallelism, tni_scan_begin, tni_scan_run, tni_scan_free,
};

/* ----------------------------------------------------- values, range, collection --- */

typedef struct tni_rows_driver {
    tni_driver base;
    tni_run *run;
    tni_collection *rows;      /* COLLECTION: a reference */
    tni_atomic_i64 next;       /* RANGE: the first morsel nobody has taken */
    tni_scratch scratch;
    bool has_scratch;
} tni_rows_driver;

static uint32_t tni_rows_parallelism(tni_driver *driver) {
    (void)driver;
    return 1;
}

static trueno_status tni_rows_begin(tni_driver *base, tni_pipeline *pipeline, tni_error *error) {
    tni_rows_driver *driver = (tni_rows_driver *)base;
    (void)pipeline;
    (void)error;
    tni_scratch_init(&driver->scratch, driver->run->env->memory);
    driver->has_scratch = true;
    return TRUENO_OK;
}

static void tni_rows_free(tni_driver *base) {
    tni_rows_driver *driver = (tni_rows_driver *)base;
    if (driver->has_scratch) {
        tni_scratch_free(&driver->scratch);
    }
    tni_collection_release(driver->rows);
    tni_free(driver->run->env->memory, driver, sizeof *driver);
}

/* One column of VALUES rows [first, first + rows) as a FLAT vector in scratch. */
static trueno_status tni_values_column(tni_rows_driver *driver, uint32_t column, uint64_t first,
                                       uint32_t rows, tni_vector *out, tni_error *error) {
    const tni_plan *plan = driver->base.plan;
    uint32_t width = tni_type_width(plan->types[column]);
    uint8_t *data = (uint8_t *)tni_scratch_take(&driver->scratch, (size_t)rows * width, error);
    uint64_t *validity =
        (uint64_t *)tni_scratch_take(&driver->scratch, TNI_VECTOR_WORDS * 8, error);
    uint32_t i;
    if (data == NULL || validity == NULL) {
        return error->status;
    }
    tni_bitmap_fill(validity, rows, true);
    for (i = 0; i < rows; i++) {
        const tni_value *value = &plan->values[(first + i) * plan->column_count + column];
        if (value->is_null) {
            tni_bit_clear(validity, i);
            memset(data + (size_t)i * width, 0, width);
        } else {
            tni_value_store(value, data + (size_t)i * width);
        }
    }
    memset(out, 0, sizeof *out);
    out->type = plan->types[column];
    out->form = TNI_FORM_FLAT;
    out->data = data;
    out->validity = validity;
    return TRUENO_OK;
}

static trueno_status tni_values_run(tni_driver *base, uint32_t worker, tni_operator *first,
                                    tni_error *error) {
    tni_rows_driver *driver = (tni_rows_driver *)base;
    const tni_plan *plan = base->plan;
    uint64_t row;
    for (row = 0; row < plan->row_count; row += TNI_VECTOR_ROWS) {
        tni_chunk chunk;
        uint32_t i;
        memset(&chunk, 0, sizeof chunk);
        tni_scratch_reset(&driver->scratch);
        chunk.rows = (uint32_t)TNI_MIN(plan->row_count - row, (uint64_t)TNI_VECTOR_ROWS);
        chunk.active = chunk.rows;
        chunk.column_count = plan->column_count;
        chunk.order = row / TNI_SEGMENT_ROWS;
        chunk.first_row = (uint32_t)(row % TNI_SEGMENT_ROWS);
        chunk.columns = (tni_vector *)tni_scratch_take(
            &driver->scratch, TNI_MAX(plan->column_count, 1u) * sizeof *chunk.columns, error);
        if (chunk.columns == NULL) {
            return error->status;
        }
        for (i = 0; i < plan->column_count; i++) {
            TNI_TRY(tni_values_column(driver, i, row, chunk.rows, &chunk.columns[i], error));
        }
        TNI_TRY(tni_env_check(driver->run->env, error));
        TNI_TRY(tni_push(first, worker, &chunk, error));
    }
    tni_atomic_add_i64(&base->rows_in, (int64_t)plan->row_count);
    return TRUENO_OK;
}

TNI_FN uint64_t tni_range_rows(const tni_plan *plan) {
    uint64_t span, step;
    if (plan->range_step > 0) {
        if (plan->range_start >= plan->range_stop) {
            return 0;
        }
        span = (uint64_t)plan->range_stop - (uint64_t)plan->range_start;
        step = (uint64_t)plan->range_step;
    } else {
        if (plan->range_start <= plan->range_stop) {
            return 0;
        }
        span = (uint64_t)plan->range_start - (uint64_t)plan->range_stop;
        step = UINT64_C(0) - (uint64_t)plan->range_step;
    }
    return (span - 1) / step + 1;
}

static uint32_t tni_range_parallelism(tni_driver *driver) {
    uint64_t morsels = (tni_range_rows(driver->plan) + TNI_SEGMENT_ROWS - 1) / TNI_SEGMENT_ROWS;
    return (uint32_t)TNI_MAX(TNI_MIN(morsels, (uint64_t)UINT32_MAX), 1);
}

/* Rows [row, end) of the range, of one morsel. */
static trueno_status tni_range_morsel(tni_driver *base, uint32_t worker, tni_operator *first,
                                      uint64_t row, uint64_t end, int64_t *data,
                                      tni_error *error) {
    const tni_plan *plan = base->plan;
    for (; row < end; row += TNI_VECTOR_ROWS) {
        tni_chunk chunk;
        tni_vector column;
        uint32_t i;
        memset(&chunk, 0, sizeof chunk);
        memset(&column, 0, sizeof column);
        chunk.rows = (uint32_t)TNI_MIN(end - row, (uint64_t)TNI_VECTOR_ROWS);
        for (i = 0; i < chunk.rows; i++) {
            data[i] = (int64_t)((uint64_t)plan->range_start +
                                (row + i) * (uint64_t)plan->range_step);
        }
        column.type = plan->types[0];
        column.data = data;
        chunk.active = chunk.rows;
        chunk.column_count = 1;
        chunk.columns = &column;
        chunk.order = row / TNI_SEGMENT_ROWS;
        chunk.first_row = (uint32_t)(row % TNI_SEGMENT_ROWS);
        TNI_TRY(tni_push(first, worker, &chunk, error));
    }
    return TRUENO_OK;
}

static trueno_status tni_range_run(tni_driver *base, uint32_t worker, tni_operator *first,
                                   tni_error *error) {
    tni_rows_driver *driver = (tni_rows_driver *)base;
    uint64_t count = tni_range_rows(base->plan);
    size_t bytes = TNI_VECTOR_ROWS * sizeof(int64_t);
    trueno_status status = TRUENO_OK;
    int64_t *data = (int64_t *)tni_alloc(driver->run->env->memory, bytes);
    if (data == NULL) {
        return tni_memory_fail(driver->run->env->memory, bytes, error);
    }
    while (status == TRUENO_OK && tni_atomic_load_i32(&base->pipeline->stopped) == 0) {
        /* counted in morsels: rows of the widest range would wrap */
        uint64_t row = (uint64_t)tni_atomic_add_i64(&driver->next, 1), end;
        if (row > (count - 1) / TNI_SEGMENT_ROWS || count == 0) {
            break;
        }
        row *= TNI_SEGMENT_ROWS;
        end = row + TNI_MIN(count - row, (uint64_t)TNI_SEGMENT_ROWS);
        status = tni_progress(driver->run, worker, error);
        if (status == TRUENO_OK) {
            tni_atomic_add_i64(&driver->run->env->rows_read, (int64_t)(end - row));
            tni_atomic_add_i64(&base->rows_in, (int64_t)(end - row));
            status = tni_range_morsel(base, worker, first, row, end, data, error);
        }
    }
    tni_free(driver->run->env->memory, data, bytes);
    return status;
}

static trueno_status tni_collection_run(tni_driver *base, uint32_t worker, tni_operator *first,
                                        tni_error *error) {
    tni_rows_driver *driver = (tni_rows_driver *)base;
    const tni_collection *rows = driver->rows;
    size_t b;
    for (b = 0; b < rows->block_count; b++) {
        const tni_block *block = rows->blocks[b];
        tni_chunk chunk;
        uint32_t i;
        if (block->rows == 0) {
            continue;
        }
        memset(&chunk, 0, sizeof chunk);
        tni_scratch_reset(&driver->scratch);
        chunk.columns = (tni_vector *)tni_scratch_take(
            &driver->scratch, TNI_MAX(rows->column_count, 1u) * sizeof *chunk.columns, error);
        if (chunk.columns == NULL) {
            return error->status;
        }
        memset(chunk.columns, 0, TNI_MAX(rows->column_count, 1u) * sizeof *chunk.columns);
        for (i = 0; i < rows->column_count; i++) {
            chunk.columns[i].type = rows->types[i];
            chunk.columns[i].data = block->data[i];
            chunk.columns[i].validity = block->validity[i];
        }
        chunk.rows = chunk.active = block->rows;
        chunk.column_count = rows->column_count;
        chunk.order = b;
        TNI_TRY(tni_progress(driver->run, worker, error));
        TNI_TRY(tni_push(first, worker, &chunk, error));
        if (tni_atomic_load_i32(&base->pipeline->stopped) != 0) {
            break;
        }
    }
    tni_atomic_add_i64(&base->rows_in, (int64_t)rows->rows);
    return TRUENO_OK;
}

static const tni_driver_ops tni_values_ops = {
    "values", tni_rows_parallelism, tni_rows_begin, tni_values_run, tni_rows_free,
};
static const tni_driver_ops tni_range_ops = {
    "range", tni_range_parallelism, tni_rows_begin, tni_range_run, tni_rows_free,
};
static const tni_driver_ops tni_collection_ops = {
    "rows", tni_rows_parallelism, tni_rows_begin, tni_collection_run, tni_rows_free,
};

/* -------------------------------------------------------------------------- making --- */

TNI_FN trueno_status tni_driver_new(tni_run *run, const tni_plan *plan, tni_driver **out,
                                    tni_error *error) {
    tni_memory *memory = run->env->memory;
    *out = NULL;
    if (plan->kind == TNI_PLAN_SCAN) {
        tni_scan_driver *scan = (tni_scan_driver *)tni_alloc_zero(memory, sizeof *scan);
        if (scan == NULL) {
            return tni_memory_fail(memory, sizeof *scan, error);
        }
        scan->run = run;
        scan->base.ops = &tni_scan_ops;
        scan->base.plan = plan;
        *out = &scan->base;
    } else {
        tni_rows_driver *rows = (tni_rows_driver *)tni_alloc_zero(memory, sizeof *rows);
        if (rows == NULL) {
            return tni_memory_fail(memory, sizeof *rows, error);
        }
        rows->run = run;
        rows->base.ops = plan->kind == TNI_PLAN_VALUES ? &tni_values_ops : &tni_range_ops;
        rows->base.plan = plan;
        *out = &rows->base;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_driver_of_places(tni_run *run, const tni_plan *plan,
                                          const tni_row_place *places, uint64_t count,
                                          tni_driver **out, tni_error *error) {
    tni_scan_driver *scan;
    TNI_TRY(tni_driver_new(run, plan, out, error));
    scan = (tni_scan_driver *)*out;
    scan->base.ops = &tni_scan_places_ops;
    scan->places = places;
    scan->place_count = count;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_driver_from_collection(tni_run *run, tni_collection *collection,
                                                tni_driver **out, tni_error *error) {
    tni_rows_driver *rows =
        (tni_rows_driver *)tni_alloc_zero(run->env->memory, sizeof *rows);
    *out = NULL;
    if (rows == NULL) {
        return tni_memory_fail(run->env->memory, sizeof *rows, error);
    }
    rows->run = run;
    rows->rows = tni_collection_retain(collection);
    rows->base.ops = &tni_collection_ops;
    *out = &rows->base;
    return TRUENO_OK;
}
