/*
 * files.c - a source over files with columns that are known per file.
 *
 * The rows come from the source within, whose morsels never span two files and say which they
 * are of; a column of this one is a CONSTANT segment per morsel, so its rows cost nothing, and
 * the numbers of rows are a NARROW segment over one array of codes for all. Conjuncts over such
 * columns choose the files before any is read.
 *
 *     fields of the source   a  b  year  filename
 *     `from`                 0  1  +0    +1        an inner field, or + a column of ours
 *
 * Uses: base/, column/source.h.
 */
#include "format/files.h"

#define TNI_FILES_OURS 0x80000000u /* set in `from`: a column of ours */

typedef struct tni_files_source {
    tni_source source;  /* must be first */
    tni_source_ops ops; /* the kind is that of the source within */
    tni_memory *memory;
    tni_arena arena;
    tni_source *inner;
    uint32_t *from; /* [field_count] */
    tni_file_column *columns;
    uint32_t file_count;
    tni_buffer *numbers; /* 0 .. TNI_SEGMENT_ROWS - 1 as uint16_t, or NULL */
} tni_files_source;

typedef struct tni_files_worker {
    tni_morsel morsel;      /* of the source within */
    tni_segment **segments; /* [column_count] */
} tni_files_worker;

typedef struct tni_files_scan {
    tni_files_source *source;
    tni_env *env;
    tni_scan *inner;
    uint32_t *fields;      /* [column_count] fields of the source */
    uint32_t *inner_place; /* [column_count] index in the inner scan's columns */
    uint32_t *inner_fields;
    uint32_t column_count, inner_count, worker_count;
    tni_prune *inner_prunes;
    uint32_t inner_prune_count, prune_count;
    uint8_t *skip; /* [file_count] */
    tni_files_worker *workers;
} tni_files_scan;

static tni_files_source *tni_files_of(tni_source *base) {
    return (tni_files_source *)(void *)base;
}

static void tni_files_release(tni_source *base) {
    tni_files_source *source = tni_files_of(base);
    tni_memory *memory = source->memory;
    tni_source_release(source->inner);
    tni_buffer_release(source->numbers);
    tni_arena_free(&source->arena);
    tni_free(memory, source, sizeof *source);
}

/* ---- what is known ---- */

static void tni_files_value_zone(const tni_value *value, tni_zone *out) {
    memset(out, 0, sizeof *out);
    out->rows = 1;
    out->has_nulls = value->is_null;
    out->null_count = value->is_null ? 1 : 0;
    out->has_bounds = !value->is_null;
    out->min = *value;
    out->max = *value;
}

static bool tni_files_zone(tni_source *base, uint32_t field, tni_zone *out) {
    tni_files_source *source = tni_files_of(base);
    const tni_value *values;
    uint32_t i;
    memset(out, 0, sizeof *out);
    if (!(source->from[field] & TNI_FILES_OURS)) {
        return source->inner->ops->zone &&
               source->inner->ops->zone(source->inner, source->from[field], out);
    }
    values = source->columns[source->from[field] & ~TNI_FILES_OURS].values;
    if (!values) {
        return false;
    }
    for (i = 0; i < source->file_count; i++) {
        if (values[i].is_null) {
            out->has_nulls = true;
            out->null_count = UINT64_MAX;
        } else if (!out->has_bounds) {
            out->has_bounds = true;
            out->min = values[i];
            out->max = values[i];
        } else {
            out->min = tni_value_compare(&values[i], &out->min) < 0 ? values[i] : out->min;
            out->max = tni_value_compare(&values[i], &out->max) > 0 ? values[i] : out->max;
        }
    }
    return true;
}

/* ---- scanning ---- */

static void tni_files_end(tni_scan *base) {
    tni_files_scan *scan = (tni_files_scan *)(void *)base;
    tni_memory *memory = scan->source->memory;
    size_t columns = scan->column_count;
    uint32_t i, k;
    if (scan->inner) {
        scan->source->inner->ops->end(scan->inner);
    }
    for (i = 0; i < scan->worker_count && scan->workers; i++) {
        for (k = 0; scan->workers[i].segments && k < columns; k++) {
            tni_segment_release(scan->workers[i].segments[k]);
        }
        tni_free(memory, scan->workers[i].segments, columns * sizeof(tni_segment *));
    }
    tni_free(memory, scan->workers, scan->worker_count * sizeof *scan->workers);
    tni_free(memory, scan->fields, columns * sizeof *scan->fields);
    tni_free(memory, scan->inner_place, columns * sizeof *scan->inner_place);
    tni_free(memory, scan->inner_fields, columns * sizeof *scan->inner_fields);
    tni_free(memory, scan->inner_prunes, scan->prune_count * sizeof *scan->inner_prunes);
    tni_free(memory, scan->skip, scan->source->file_count);
    tni_source_release(&scan->source->source);
    tni_free(memory, scan, sizeof *scan);
}

/* A conjunct of the request: over a column of ours it rules out files, else it goes on. */
static void tni_files_prune(tni_files_scan *scan, const tni_prune *prune) {
    const tni_files_source *source = scan->source;
    uint32_t from = source->from[prune->column], i;
    const tni_value *values;
    if (!(from & TNI_FILES_OURS)) {
        scan->inner_prunes[scan->inner_prune_count] = *prune;
        scan->inner_prunes[scan->inner_prune_count++].column = from;
        return;
    }
    values = source->columns[from & ~TNI_FILES_OURS].values;
    for (i = 0; values && i < source->file_count; i++) {
        tni_zone zone;
        tni_files_value_zone(&values[i], &zone);
        if (!tni_zone_may_match(&zone, prune->op, &prune->value)) {
            scan->skip[i] = 1;
        }
    }
}

static bool tni_files_scan_room(tni_files_scan *scan, const tni_scan_request *request) {
    tni_memory *memory = scan->source->memory;
    size_t columns = request->column_count;
    uint32_t i;
    scan->skip = (uint8_t *)tni_alloc_zero(memory, scan->source->file_count);
    scan->workers =
        (tni_files_worker *)tni_alloc_zero(memory, scan->worker_count * sizeof *scan->workers);
    if (!scan->skip || !scan->workers) {
        return false;
    }
    if (request->prune_count) {
        scan->inner_prunes =
            (tni_prune *)tni_alloc_array(memory, request->prune_count, sizeof *scan->inner_prunes);
        if (!scan->inner_prunes) {
            return false;
        }
    }
    if (columns == 0) {
        return true;
    }
    scan->fields = (uint32_t *)tni_alloc_array(memory, columns, sizeof *scan->fields);
    scan->inner_place = (uint32_t *)tni_alloc_array(memory, columns, sizeof *scan->inner_place);
    scan->inner_fields = (uint32_t *)tni_alloc_array(memory, columns, sizeof *scan->inner_fields);
    for (i = 0; i < scan->worker_count; i++) {
        scan->workers[i].segments =
            (tni_segment **)tni_alloc_zero(memory, columns * sizeof(tni_segment *));
        if (!scan->workers[i].segments) {
            return false;
        }
    }
    return scan->fields && scan->inner_place && scan->inner_fields;
}

/* Which conjuncts and columns are those of the source within. */
static void tni_files_map(tni_files_scan *scan, const tni_scan_request *request) {
    uint32_t i;
    for (i = 0; i < request->prune_count; i++) {
        tni_files_prune(scan, &request->prunes[i]);
    }
    for (i = 0; i < request->column_count; i++) {
        uint32_t from = scan->source->from[request->columns[i]];
        scan->fields[i] = request->columns[i];
        scan->inner_place[i] = scan->inner_count;
        if (!(from & TNI_FILES_OURS)) {
            scan->inner_fields[scan->inner_count++] = from;
        }
    }
}

static trueno_status tni_files_begin(tni_source *base, tni_env *env,
                                     const tni_scan_request *request, tni_scan **out,
                                     tni_error *error) {
    tni_files_source *source = tni_files_of(base);
    tni_files_scan *scan = (tni_files_scan *)tni_alloc_zero(source->memory, sizeof *scan);
    tni_scan_request within = *request;
    trueno_status status;
    *out = NULL;
    if (!scan) {
        return tni_memory_fail(source->memory, sizeof *scan, error);
    }
    (void)tni_source_retain(base);
    scan->source = source;
    scan->env = env;
    scan->column_count = request->column_count;
    scan->prune_count = request->prune_count;
    scan->worker_count = TNI_MAX(request->workers, 1u);
    if (!tni_files_scan_room(scan, request)) {
        tni_files_end((tni_scan *)(void *)scan);
        return tni_memory_fail(source->memory, request->column_count * sizeof(void *), error);
    }
    tni_files_map(scan, request);
    within.columns = scan->inner_fields;
    within.column_count = scan->inner_count;
    within.prunes = scan->inner_prunes;
    within.prune_count = scan->inner_prune_count;
    within.skip_files = scan->skip;
    status = source->inner->ops->begin(source->inner, env, &within, &scan->inner, error);
    if (status != TRUENO_OK) {
        scan->inner = NULL;
        tni_files_end((tni_scan *)(void *)scan);
        return status;
    }
    *out = (tni_scan *)(void *)scan;
    return TRUENO_OK;
}

static trueno_status tni_files_next(tni_scan *base, uint32_t w, tni_morsel *out, tni_error *error) {
    tni_files_scan *scan = (tni_files_scan *)(void *)base;
    tni_files_worker *worker = &scan->workers[w];
    trueno_status status = scan->source->inner->ops->next(scan->inner, w, &worker->morsel, error);
    *out = worker->morsel;
    out->segments = worker->segments;
    return status;
}

/* One value for all rows of a morsel. */
static trueno_status tni_files_constant(const tni_files_scan *scan, const tni_value *value,
                                        uint32_t rows, tni_segment **out, tni_error *error) {
    tni_memory *memory = scan->source->memory;
    bool far = tni_type_is_string(value->type) && !value->is_null &&
               value->as.string.length > TNI_STRING_INLINE;
    size_t size = sizeof(tni_string) + (far ? value->as.string.length : 0);
    tni_value own = *value;
    tni_segment *segment;
    uint8_t *data;
    trueno_status status;
    TNI_TRY(tni_segment_new(memory, value->type, rows, &segment, error));
    segment->encoding = TNI_ENCODING_CONSTANT;
    segment->constant = own;
    if (!value->is_null) {
        status = tni_buffer_new(memory, size, &segment->buffers[0], error);
        if (status != TRUENO_OK) {
            tni_segment_release(segment);
            return status;
        }
        data = (uint8_t *)segment->buffers[0]->data;
        memset(data, 0, sizeof(tni_string));
        if (far) {
            memcpy(data + sizeof(tni_string), tni_string_data(&value->as.string),
                   value->as.string.length);
            own.as.string = tni_string_make(data + sizeof(tni_string), value->as.string.length);
        }
        tni_value_store(&own, data);
        segment->constant = own;
        segment->data = data;
        segment->bytes = size;
    }
    tni_segment_compute_zone(scan->env, segment);
    *out = segment;
    return TRUENO_OK;
}

/* Rows `first`, first + 1, ... of their file. */
static trueno_status tni_files_numbers(const tni_files_scan *scan, uint64_t first, uint32_t rows,
                                       tni_segment **out, tni_error *error) {
    const tni_files_source *source = scan->source;
    tni_type type = tni_type_make(TRUENO_TYPE_BIGINT);
    tni_zone *zone;
    TNI_TRY(tni_segment_new(source->memory, type, rows, out, error));
    (*out)->encoding = TNI_ENCODING_NARROW;
    (*out)->code_width = sizeof(uint16_t);
    (*out)->base = (int64_t)first;
    (*out)->buffers[0] = tni_buffer_retain(source->numbers);
    (*out)->data = source->numbers->data;
    (*out)->bytes = rows * sizeof(uint16_t);
    zone = &(*out)->zone;
    zone->has_bounds = true;
    zone->exact = true;
    zone->sorted = true;
    zone->rows = rows;
    zone->distinct = rows;
    zone->min = tni_value_i64(type, (int64_t)first);
    zone->max = tni_value_i64(type, (int64_t)(first + rows - 1));
    return TRUENO_OK;
}

static trueno_status tni_files_fetch(tni_scan *base, uint32_t w, tni_morsel *morsel, uint32_t index,
                                     tni_error *error) {
    tni_files_scan *scan = (tni_files_scan *)(void *)base;
    tni_files_worker *worker = &scan->workers[w];
    const tni_files_source *source = scan->source;
    uint32_t from = source->from[scan->fields[index]], place = scan->inner_place[index];
    const tni_file_column *column;
    if (worker->segments[index]) {
        return TRUENO_OK;
    }
    if (!(from & TNI_FILES_OURS)) {
        TNI_TRY(source->inner->ops->fetch(scan->inner, w, &worker->morsel, place, error));
        worker->segments[index] = tni_segment_retain(worker->morsel.segments[place]);
        return TRUENO_OK;
    }
    column = &source->columns[from & ~TNI_FILES_OURS];
    if (!column->values) {
        return tni_files_numbers(scan, worker->morsel.file_row, morsel->rows,
                                 &worker->segments[index], error);
    }
    return tni_files_constant(scan, &column->values[worker->morsel.file], morsel->rows,
                              &worker->segments[index], error);
}

static void tni_files_done(tni_scan *base, uint32_t w, tni_morsel *morsel) {
    tni_files_scan *scan = (tni_files_scan *)(void *)base;
    tni_files_worker *worker = &scan->workers[w];
    uint32_t i;
    for (i = 0; i < scan->column_count; i++) {
        tni_segment_release(worker->segments[i]);
        worker->segments[i] = NULL;
    }
    scan->source->inner->ops->done(scan->inner, w, &worker->morsel);
    morsel->rows = worker->morsel.rows;
}

/* ---- opening ---- */

static bool tni_files_copy_values(tni_files_source *source, const tni_file_column *in,
                                  tni_file_column *out) {
    tni_value *values;
    uint32_t i;
    if (!in->values) {
        return true;
    }
    values = (tni_value *)tni_arena_alloc(&source->arena, source->file_count * sizeof *values);
    if (!values) {
        return false;
    }
    for (i = 0; i < source->file_count; i++) {
        tni_string *string = &values[i].as.string;
        const char *text;
        values[i] = in->values[i];
        if (values[i].is_null || !tni_type_is_string(values[i].type) ||
            string->length <= TNI_STRING_INLINE) {
            continue;
        }
        text =
            tni_arena_text(&source->arena, (const char *)tni_string_data(string), string->length);
        if (!text) {
            return false;
        }
        *string = tni_string_make(text, string->length);
    }
    out->values = values;
    return true;
}

static bool tni_files_add(tni_files_source *source, const tni_file_column *in, uint32_t index) {
    tni_file_column *column = &source->columns[index];
    tni_source *base = &source->source;
    uint32_t f, i;
    column->name = tni_arena_text(&source->arena, in->name, strlen(in->name));
    column->type = in->type;
    if (!column->name || !tni_files_copy_values(source, in, column)) {
        return false;
    }
    for (f = 0; f < base->field_count && !tni_name_equal(base->fields[f].name, in->name); f++) {
    }
    if (f == base->field_count) {
        base->field_count++;
        base->fields[f].name = column->name;
    }
    source->from[f] = TNI_FILES_OURS | index;
    base->fields[f].type = in->type;
    base->fields[f].not_null = true;
    for (i = 0; column->values && i < source->file_count; i++) {
        base->fields[f].not_null = base->fields[f].not_null && !column->values[i].is_null;
    }
    return true;
}

static bool tni_files_numbers_new(tni_files_source *source, tni_error *error) {
    uint16_t *codes;
    uint32_t i;
    if (tni_buffer_new(source->memory, TNI_SEGMENT_ROWS * sizeof *codes, &source->numbers, error) !=
        TRUENO_OK) {
        return false;
    }
    codes = (uint16_t *)(void *)source->numbers->data;
    for (i = 0; i < TNI_SEGMENT_ROWS; i++) {
        codes[i] = (uint16_t)i;
    }
    return true;
}

static bool tni_files_fill(tni_files_source *source, const tni_file_column *columns, uint32_t count,
                           tni_error *error) {
    tni_source *base = &source->source, *inner = source->inner;
    size_t room = (size_t)inner->field_count + count + 1;
    uint32_t i;
    base->name = inner->name;
    base->rows = inner->rows;
    base->bytes = inner->bytes;
    base->fields = (tni_field *)tni_arena_alloc(&source->arena, room * sizeof *base->fields);
    source->from = (uint32_t *)tni_arena_alloc(&source->arena, room * sizeof *source->from);
    source->columns =
        (tni_file_column *)tni_arena_alloc(&source->arena, room * sizeof *source->columns);
    if (!base->fields || !source->from || !source->columns) {
        return false;
    }
    for (i = 0; i < inner->field_count; i++) {
        base->fields[i] = inner->fields[i];
        source->from[i] = i;
    }
    base->field_count = inner->field_count;
    for (i = 0; i < count; i++) {
        if (!tni_files_add(source, &columns[i], i)) {
            return false;
        }
        if (!columns[i].values && !source->numbers && !tni_files_numbers_new(source, error)) {
            return false;
        }
    }
    return true;
}

TNI_FN trueno_status tni_files_open(tni_env *env, tni_source *inner, uint32_t file_count,
                                    const tni_file_column *columns, uint32_t column_count,
                                    tni_source **out, tni_error *error) {
    tni_files_source *source =
        (tni_files_source *)tni_alloc_zero(env->memory, sizeof(tni_files_source));
    *out = NULL;
    if (!source) {
        tni_source_release(inner);
        return tni_memory_fail(env->memory, sizeof *source, error);
    }
    source->memory = env->memory;
    source->inner = inner;
    source->file_count = file_count;
    source->ops.kind = inner->ops->kind;
    source->ops.release = tni_files_release;
    source->ops.begin = tni_files_begin;
    source->ops.next = tni_files_next;
    source->ops.fetch = tni_files_fetch;
    source->ops.done = tni_files_done;
    source->ops.end = tni_files_end;
    source->ops.zone = tni_files_zone;
    source->source.ops = &source->ops;
    tni_atomic_store_i32(&source->source.references, 1);
    tni_arena_init(&source->arena, env->memory);
    if (!tni_files_fill(source, columns, column_count, error)) {
        tni_files_release(&source->source);
        return tni_memory_fail(env->memory, file_count * sizeof(tni_value), error);
    }
    *out = &source->source;
    return TRUENO_OK;
}

#undef TNI_FILES_OURS
