/*
 * csv_source.c - CSV files as a source: chunks cut in parallel, exactly.
 *
 * A file is cut every `chunk_bytes`, whatever the number of workers. A record belongs to the
 * chunk it begins in; its owner reads on past the chunk's end. A worker that claims a chunk
 * indexes it and publishes what the chunk does to the quote state ("summary"); the state at its
 * start follows from the chunks before it as soon as their summaries are there:
 *
 *     chunk     0        1        2        3
 *     start     exact    outside  inside   outside     <- XOR of the parities before
 *     summary   odd      odd ...
 *
 * No guess is ever made. Where a quote stands at a place RFC 4180 does not know, parity proves
 * nothing: that chunk waits until the one before it has been read to its end, which gives the
 * exact start of its first record, and is read by the state machine. Dialects with backslash
 * escapes, comments or long delimiters have no parity: their chunks are cut one after the other
 * under the lock, and converted in parallel.
 *
 * Chunks are claimed in order, so whoever waits waits for a worker that runs.
 *
 * Uses: csv_parts.h, input.h, source.h, platform.
 */
#include "format/csv/csv_parts.h"

#include "base/bits.h"

#define TNI_CSV_CHUNK_BYTES ((uint32_t)1 << 19) /* text, bitmaps and field ends stay in L2 */
#define TNI_CSV_UNMAPPED UINT32_MAX

typedef enum tni_csv_start {
    TNI_CSV_START_UNKNOWN,
    TNI_CSV_START_OUTSIDE, /* of quotes */
    TNI_CSV_START_INSIDE,
    TNI_CSV_START_EXACT    /* a record begins at `at` (which may lie past the chunk) */
} tni_csv_start;

/* What is known of a chunk; guarded by the scan's mutex. */
typedef struct tni_csv_link {
    uint8_t start;         /* tni_csv_start */
    bool summed;           /* `summary` holds, for an exact start from `at` on */
    bool read;             /* `next` holds */
    tni_csv_summary summary;
    uint64_t at, next;
} tni_csv_link;

/* A file's layout, known once it was looked at. */
typedef struct tni_csv_file {
    const char *path;
    uint32_t index;
    bool shaped;         /* `shape` and `map` hold */
    bool failed;
    tni_csv_shape shape;
    uint32_t *map;       /* source field -> file column; NULL: the same */
    tni_input input;     /* open while needed */
} tni_csv_file;

typedef struct tni_csv_source {
    tni_source source; /* first */
    tni_memory *memory;
    tni_arena arena;
    tni_csv_options options;
    tni_csv_rules rules;
    tni_csv_shape shape;       /* of the first file */
    tni_csv_format *formats;   /* [field_count] */
    bool *detected;            /* [field_count] the type was not given */
    tni_csv_file *files;
    uint32_t file_count;
    tni_mutex reject_mutex;    /* scans that end at once */
    bool has_reject_mutex;
    tni_csv_reject *rejects;
    size_t reject_count, reject_capacity;
    uint64_t skipped;
} tni_csv_source;

/* A file being scanned. */
typedef struct tni_csv_reading {
    tni_csv_file file;         /* a copy: other scans may run */
    tni_csv_place place;
    tni_csv_link *links;
    size_t link_count, next_link, frontier;
    size_t position;           /* serial mode: where the next chunk begins */
    uint32_t chunk_bytes;
    bool opened, serial, faulty;
    uint32_t active;           /* workers inside, plus one while chunks are left */
} tni_csv_reading;

typedef struct tni_csv_worker {
    tni_csv_chunk chunk;
    tni_csv_fault_log log;
    tni_csv_strings *strings;  /* [column_count] */
    tni_segment **segments;    /* [column_count] */
    tni_text scratch;
    tni_csv_reading *reading;  /* of the current chunk */
    size_t range_begin, range_end;
    bool checked, ascii, utf8;
    uint64_t sequence;
    uint32_t next_record, piece;
    uint32_t piece_first, piece_rows;
} tni_csv_worker;

typedef struct tni_csv_scan {
    tni_csv_source *source;
    tni_arena arena;           /* names and maps of files looked at by this scan */
    tni_env *env;
    uint32_t *columns;
    uint32_t column_count, worker_count;
    const uint8_t *skip_files; /* the request's */
    tni_csv_worker *workers;
    tni_csv_reading *readings; /* [file_count] */
    uint32_t current;          /* file */
    uint64_t sequence;
    bool failed;
    tni_mutex mutex;
    tni_condition condition;
    bool has_mutex, has_condition;
} tni_csv_scan;

/* ------------------------------------------------------------------------------ the source --- */

static void tni_csv_source_release(tni_source *base) {
    tni_csv_source *source = (tni_csv_source *)(void *)base;
    tni_memory *memory = source->memory;
    uint32_t i;
    for (i = 0; i < source->file_count; i++) {
        tni_input_close(&source->files[i].input);
    }
    if (source->has_reject_mutex) {
        tni_mutex_free(&source->reject_mutex);
    }
    tni_free(memory, source->rejects, source->reject_capacity * sizeof *source->rejects);
    tni_arena_free(&source->arena);
    tni_free(memory, source, sizeof *source);
}

/* ---------------------------------------------------------------------- files of the scan --- */

/* Where the source's fields lie in a file whose header gives other names. */
static trueno_status tni_csv_map_names(const tni_csv_source *source, const tni_csv_shape *shape,
                                       const char *path, tni_arena *arena, uint32_t **out,
                                       tni_error *error) {
    uint32_t f, c, count = source->source.field_count;
    uint32_t *map;
    bool same = shape->columns == count;
    *out = NULL;
    for (f = 0; same && f < count; f++) {
        same = !shape->header || strcmp(shape->names[f], source->source.fields[f].name) == 0;
    }
    if (same) {
        return TRUENO_OK;
    }
    if (!shape->header) {
        return tni_fail(error, TRUENO_ERROR_FORMAT, "%s: has %u columns, the first file has %u",
                        path, shape->columns, count);
    }
    map = (uint32_t *)tni_arena_alloc(arena, count * sizeof *map);
    if (map == NULL) {
        return tni_fail_memory(error, count * sizeof *map);
    }
    for (f = 0; f < count; f++) {
        map[f] = TNI_CSV_UNMAPPED;
        for (c = 0; c < shape->columns && map[f] == TNI_CSV_UNMAPPED; c++) {
            if (tni_name_equal(shape->names[c], source->source.fields[f].name)) {
                map[f] = c;
            }
        }
        if (map[f] == TNI_CSV_UNMAPPED && !source->options.union_by_name) {
            return tni_fail(error, TRUENO_ERROR_FORMAT,
                            "%s: no column \"%s\", which the first file has; union_by_name = true "
                            "fills it with NULL",
                            path, source->source.fields[f].name);
        }
    }
    *out = map;
    return TRUENO_OK;
}

/* Read the header of a file not looked at before and find its columns. */
static trueno_status tni_csv_shape_file(const tni_csv_source *source, tni_env *env,
                                        tni_arena *arena, tni_csv_file *file, tni_error *error) {
    TNI_TRY(tni_csv_sniff_header(env, &source->shape, file->path, &file->input, arena,
                                 &file->shape, error));
    if (source->options.column_count > 0 || source->options.name_count > 0) {
        if (file->shape.columns != source->shape.columns) {
            return tni_fail(error, TRUENO_ERROR_FORMAT, "%s: has %u columns, %u are named",
                            file->path, file->shape.columns, source->shape.columns);
        }
    } else {
        TNI_TRY(tni_csv_map_names(source, &file->shape, file->path, arena, &file->map, error));
    }
    file->shaped = true;
    return TRUENO_OK;
}

/* Under the lock: a file is about to be cut. */
static trueno_status tni_csv_reading_open(tni_csv_scan *scan, tni_csv_reading *reading,
                                          tni_error *error) {
    tni_csv_source *source = scan->source;
    tni_csv_file *file = &reading->file;
    const tni_csv_dialect *dialect;
    reading->opened = true;
    *file = source->files[file->index];
    if (file->input.buffer != NULL) {
        tni_buffer_retain(file->input.buffer);
    } else {
        TNI_TRY(tni_input_open(scan->env, file->path, source->options.packing,
                               source->options.charset, &file->input, error));
    }
    if (!file->shaped) {
        TNI_TRY(tni_csv_shape_file(source, scan->env, &scan->arena, file, error));
    }
    dialect = &file->shape.dialect;
    reading->place.path = file->path;
    reading->place.text = file->input.text;
    reading->place.size = file->input.size;
    reading->place.header_start = file->shape.header_start;
    reading->place.dialect = dialect;
    reading->place.fields = source->source.fields;
    reading->place.file = file->index;
    reading->place.memory = source->memory;
    reading->position = file->shape.data_start;
    reading->chunk_bytes =
        source->options.chunk_bytes != 0 ? source->options.chunk_bytes : TNI_CSV_CHUNK_BYTES;
    reading->serial = source->options.serial || dialect->delimiter_length > 1 ||
                      dialect->comment != 0 ||
                      (dialect->quote != 0 && dialect->escape != 0 &&
                       dialect->escape != dialect->quote);
    reading->active = 1;
    if (!reading->serial && file->input.size > file->shape.data_start) {
        size_t bytes = file->input.size - file->shape.data_start, count;
        count = bytes / reading->chunk_bytes + (bytes % reading->chunk_bytes != 0);
        reading->links =
            (tni_csv_link *)tni_alloc_array(source->memory, count, sizeof(tni_csv_link));
        if (reading->links == NULL) {
            return tni_memory_fail(source->memory, count * sizeof(tni_csv_link), error);
        }
        memset(reading->links, 0, count * sizeof(tni_csv_link));
        reading->link_count = count;
        reading->links[0].start = TNI_CSV_START_EXACT;
        reading->links[0].at = file->shape.data_start;
    }
    return TRUENO_OK;
}

/* Under the lock: one user less; the last one closes the file. */
static void tni_csv_reading_leave(tni_csv_reading *reading) {
    if (--reading->active == 0 && !reading->faulty) {
        tni_input_close(&reading->file.input);
    }
}

static bool tni_csv_reading_left(const tni_csv_reading *reading) {
    return reading->serial ? reading->position < reading->file.input.size
                           : reading->next_link < reading->link_count;
}

/* ---------------------------------------------------------------------- where chunks start --- */

static size_t tni_csv_link_begin(const tni_csv_reading *reading, size_t k) {
    return reading->file.shape.data_start + k * reading->chunk_bytes;
}

static size_t tni_csv_link_end(const tni_csv_reading *reading, size_t k) {
    size_t begin = tni_csv_link_begin(reading, k), size = reading->file.input.size;
    return size - begin > reading->chunk_bytes ? begin + reading->chunk_bytes : size;
}

/* Under the lock: carry what is known from chunk to chunk as far as it goes. */
static void tni_csv_advance(tni_csv_reading *reading) {
    while (reading->frontier + 1 < reading->link_count) {
        const tni_csv_link *link = &reading->links[reading->frontier];
        tni_csv_link *after = &reading->links[reading->frontier + 1];
        bool inside = link->start == TNI_CSV_START_INSIDE;
        if (link->read) {
            after->start = TNI_CSV_START_EXACT;
            after->at = link->next;
        } else if (link->summed && !link->summary.irregular[inside]) {
            after->start =
                inside != link->summary.odd ? TNI_CSV_START_INSIDE : TNI_CSV_START_OUTSIDE;
        } else {
            break;
        }
        reading->frontier++;
    }
}

/* Publish a chunk's summary; then wait for what its start is. False: the scan has failed. */
static bool tni_csv_await_start(tni_csv_scan *scan, tni_csv_reading *reading, size_t k,
                                const tni_csv_summary *summary, tni_csv_link *out) {
    tni_csv_link *link = &reading->links[k];
    bool alive;
    tni_mutex_lock(&scan->mutex);
    if (link->start != TNI_CSV_START_EXACT) { /* an exact start has its own summary */
        link->summary = *summary;
        link->summed = true;
        tni_csv_advance(reading);
        tni_condition_signal_all(&scan->condition);
    }
    while (link->start == TNI_CSV_START_UNKNOWN && !scan->failed) {
        tni_condition_wait(&scan->condition, &scan->mutex);
    }
    *out = *link;
    alive = !scan->failed;
    tni_mutex_unlock(&scan->mutex);
    return alive;
}

/* Wait until the chunk before has been read, which gives the exact start of this one. */
static bool tni_csv_await_read(tni_csv_scan *scan, tni_csv_reading *reading, size_t k,
                               size_t *at) {
    const tni_csv_link *before = &reading->links[k - 1];
    bool alive;
    tni_mutex_lock(&scan->mutex);
    while (!before->read && !scan->failed) {
        tni_condition_wait(&scan->condition, &scan->mutex);
    }
    *at = (size_t)before->next;
    alive = !scan->failed;
    tni_mutex_unlock(&scan->mutex);
    return alive;
}

static void tni_csv_publish(tni_csv_scan *scan, tni_csv_reading *reading, size_t k,
                            const tni_csv_summary *summary, const size_t *next) {
    tni_csv_link *link = &reading->links[k];
    tni_mutex_lock(&scan->mutex);
    if (summary != NULL) {
        link->summary = *summary;
        link->summed = true;
    }
    if (next != NULL) {
        link->next = *next;
        link->read = true;
    }
    tni_csv_advance(reading);
    tni_condition_signal_all(&scan->condition);
    tni_mutex_unlock(&scan->mutex);
}

static void tni_csv_set_failed(tni_csv_scan *scan) {
    tni_mutex_lock(&scan->mutex);
    scan->failed = true;
    tni_condition_signal_all(&scan->condition);
    tni_mutex_unlock(&scan->mutex);
}

/* How to read chunk k: from where, and by which reader. */
typedef struct tni_csv_plan {
    size_t from;
    bool scan;    /* by the state machine */
    bool nothing; /* no record begins in the chunk */
} tni_csv_plan;

static bool tni_csv_plan_chunk(tni_csv_scan *scan, tni_csv_reading *reading, size_t k,
                               const tni_csv_index *index, tni_csv_plan *plan) {
    const tni_csv_dialect *dialect = reading->place.dialect;
    const uint8_t *text = reading->place.text;
    size_t begin = tni_csv_link_begin(reading, k), end = tni_csv_link_end(reading, k);
    size_t size = reading->place.size, newline;
    tni_csv_summary summary =
        tni_csv_index_summary(index, dialect, text, begin, end, size, begin);
    tni_csv_link link;
    bool inside;
    memset(plan, 0, sizeof *plan);
    if (!tni_csv_await_start(scan, reading, k, &summary, &link)) {
        return false;
    }
    if (link.start == TNI_CSV_START_EXACT) {
        plan->from = (size_t)link.at;
        plan->nothing = link.at >= end;
        if (plan->nothing) {
            return true;
        }
        summary = tni_csv_index_summary(index, dialect, text, begin, end, size, plan->from);
        plan->scan = summary.irregular[0];
        tni_csv_publish(scan, reading, k, &summary, NULL);
        return true;
    }
    inside = link.start == TNI_CSV_START_INSIDE;
    if (summary.irregular[inside]) {
        plan->scan = true;
    } else if (!inside && (text[begin - 1] == '\n' || text[begin - 1] == '\r')) {
        plan->from = begin;
        return true;
    } else {
        newline = tni_csv_index_first_newline(index, begin, end, inside);
        plan->from = newline + 1;
        if (newline < end) {
            plan->nothing = plan->from >= end;
            return true;
        }
    }
    /* irregular, or in the midst of a record that began before */
    if (!tni_csv_await_read(scan, reading, k, &plan->from)) {
        return false;
    }
    plan->nothing = plan->from >= end;
    return true;
}

/* ------------------------------------------------------------------------------- one chunk --- */

static void tni_csv_view_make(const tni_csv_scan *scan, tni_csv_worker *worker,
                              tni_csv_view *view) {
    view->dialect = worker->reading->place.dialect;
    view->rules = &scan->source->rules;
    view->table = &worker->chunk.table;
    view->input = worker->reading->file.input.buffer;
    view->text_end = worker->reading->place.text + worker->reading->place.size;
    view->scratch = &worker->scratch;
    view->env = scan->env;
    if (!worker->checked) {
        const uint8_t *from = worker->reading->place.text + worker->range_begin;
        size_t length = worker->range_end - worker->range_begin;
        worker->ascii = scan->env->kernels->ascii_all(from, length);
        worker->utf8 = worker->ascii || tni_utf8_valid(from, length);
        worker->checked = true;
    }
    view->ascii = worker->ascii;
    view->utf8 = worker->utf8;
}

static uint32_t tni_csv_file_column(const tni_csv_worker *worker, uint32_t field) {
    return worker->reading->file.map != NULL ? worker->reading->file.map[field] : field;
}

/* ignore_errors: leave out records with a value that does not fit, wanted or not, so that the
 * rows do not depend on what a query asks for. */
static trueno_status tni_csv_drop_misfits(tni_csv_scan *scan, tni_csv_worker *worker,
                                          tni_error *error) {
    const tni_csv_source *source = scan->source;
    tni_csv_table *table = &worker->chunk.table;
    size_t words = tni_bitmap_words(table->records);
    uint64_t *bad;
    uint32_t r, f, dropped = 0;
    tni_csv_view view;
    trueno_status status = TRUENO_OK;
    if (table->records == 0) {
        return TRUENO_OK;
    }
    bad = (uint64_t *)tni_alloc_zero(source->memory, words * sizeof(uint64_t));
    if (bad == NULL) {
        return tni_memory_fail(source->memory, words * sizeof(uint64_t), error);
    }
    tni_csv_view_make(scan, worker, &view);
    for (r = 0; r < table->records; r++) {
        for (f = 0; f < source->source.field_count; f++) {
            uint32_t column = tni_csv_file_column(worker, f), start, end;
            tni_csv_fault fault;
            if (column == TNI_CSV_UNMAPPED ||
                tni_csv_fits(&view, r, column, &source->formats[f], &fault)) {
                continue;
            }
            tni_csv_field(table, r, 0, &start, &end);
            tni_csv_log_fault(&worker->log, &worker->reading->place,
                              (size_t)(table->base - worker->reading->place.text) + start, f,
                              fault);
            dropped += tni_bit_get(bad, r) ? 0u : 1u;
            tni_bit_set(bad, r);
        }
    }
    if (dropped > 0) {
        worker->log.skipped += dropped;
        status = tni_csv_chunk_drop(&worker->chunk, bad, error);
    }
    tni_free(source->memory, bad, words * sizeof(uint64_t));
    return status;
}

/* Cut and index chunk k of a file with parity. */
static trueno_status tni_csv_read_parallel(tni_csv_scan *scan, tni_csv_worker *worker, size_t k,
                                           tni_error *error) {
    tni_csv_reading *reading = worker->reading;
    size_t begin = tni_csv_link_begin(reading, k), end = tni_csv_link_end(reading, k), next;
    tni_csv_plan plan;
    trueno_status status;
    worker->chunk.table.records = 0;
    TNI_TRY(tni_csv_index_build(&worker->chunk.index, scan->env, reading->place.dialect,
                                reading->place.text, begin, end, error));
    if (!tni_csv_plan_chunk(scan, reading, k, &worker->chunk.index, &plan)) {
        return TRUENO_OK; /* another worker reports why */
    }
    next = plan.from;
    if (!plan.nothing) {
        status = tni_csv_chunk_parse(&worker->chunk, &reading->place, plan.scan, begin, end,
                                     plan.from, &next, error);
        if (status != TRUENO_OK) {
            return status;
        }
    }
    tni_csv_publish(scan, reading, k, NULL, &next);
    worker->range_begin = plan.from;
    worker->range_end = next;
    return TRUENO_OK;
}

/* Under the lock: cut the next chunk of a file without parity. */
static trueno_status tni_csv_read_serial(tni_csv_worker *worker, tni_error *error) {
    tni_csv_reading *reading = worker->reading;
    size_t begin = reading->position, size = reading->place.size, next;
    size_t end = size - begin > reading->chunk_bytes ? begin + reading->chunk_bytes : size;
    trueno_status status = tni_csv_chunk_parse(&worker->chunk, &reading->place, true, begin, end,
                                               begin, &next, error);
    reading->position = next;
    worker->range_begin = begin;
    worker->range_end = next;
    return status;
}

/* Claim and read the next chunk. *more false: none is left. */
static trueno_status tni_csv_take_chunk(tni_csv_scan *scan, tni_csv_worker *worker, bool *more,
                                        tni_error *error) {
    tni_csv_reading *reading = NULL;
    trueno_status status = TRUENO_OK;
    size_t link = 0;
    *more = false;
    tni_mutex_lock(&scan->mutex);
    if (worker->reading != NULL) {
        worker->reading->faulty = worker->reading->faulty || worker->log.count > 0;
        tni_csv_reading_leave(worker->reading);
        worker->reading = NULL;
    }
    while (status == TRUENO_OK && !scan->failed && scan->current < scan->source->file_count) {
        reading = &scan->readings[scan->current];
        if (scan->skip_files != NULL && scan->skip_files[scan->current]) {
            scan->current++;
        } else if (!reading->opened) {
            status = tni_csv_reading_open(scan, reading, error);
        } else if (tni_csv_reading_left(reading)) {
            break;
        } else {
            tni_csv_reading_leave(reading);
            scan->current++;
        }
    }
    if (status == TRUENO_OK && !scan->failed && scan->current < scan->source->file_count) {
        *more = true;
        worker->reading = reading;
        worker->sequence = scan->sequence++;
        worker->chunk.columns = reading->file.shape.columns;
        reading->active++;
        if (reading->serial) {
            status = tni_csv_read_serial(worker, error);
        } else {
            link = reading->next_link++;
        }
    }
    tni_mutex_unlock(&scan->mutex);
    if (*more && status == TRUENO_OK && !reading->serial) {
        status = tni_csv_read_parallel(scan, worker, link, error);
    }
    worker->checked = false;
    worker->next_record = 0;
    worker->piece = 0;
    if (*more && status == TRUENO_OK) {
        (void)tni_atomic_add_i64(&scan->env->bytes_read,
                                 (int64_t)(worker->range_end - worker->range_begin));
        if (scan->source->options.ignore_errors) {
            status = tni_csv_drop_misfits(scan, worker, error);
        }
    }
    if (status != TRUENO_OK) {
        tni_csv_set_failed(scan);
    }
    return status;
}

/* ------------------------------------------------------------------------------ operations --- */

static void tni_csv_done(tni_scan *base, uint32_t w, tni_morsel *morsel) {
    tni_csv_scan *scan = (tni_csv_scan *)(void *)base;
    tni_csv_worker *worker = &scan->workers[w];
    uint32_t i;
    for (i = 0; i < scan->column_count; i++) {
        tni_segment_release(worker->segments[i]);
        worker->segments[i] = NULL;
    }
    morsel->rows = 0;
}

static trueno_status tni_csv_next(tni_scan *base, uint32_t w, tni_morsel *out,
                                  tni_error *error) {
    tni_csv_scan *scan = (tni_csv_scan *)(void *)base;
    tni_csv_worker *worker = &scan->workers[w];
    memset(out, 0, sizeof *out);
    out->first_row = UINT64_MAX;
    while (worker->reading == NULL || worker->next_record >= worker->chunk.table.records) {
        bool more = false;
        trueno_status status = tni_env_check(scan->env, error);
        if (status == TRUENO_OK) {
            status = tni_csv_take_chunk(scan, worker, &more, error);
        } else {
            tni_csv_set_failed(scan);
        }
        out->order = worker->sequence << 16;
        if (status != TRUENO_OK || !more) {
            if (status != TRUENO_OK && error != NULL) {
                error->order = out->order;
            }
            return status;
        }
    }
    worker->piece_first = worker->next_record;
    worker->piece_rows =
        TNI_MIN(worker->chunk.table.records - worker->next_record, TNI_SEGMENT_ROWS);
    worker->next_record += worker->piece_rows;
    out->order = worker->sequence << 16 | worker->piece++;
    out->rows = worker->piece_rows;
    out->segments = worker->segments;
    out->state = worker;
    out->file = worker->reading->file.index;
    return TRUENO_OK;
}

static trueno_status tni_csv_null_segment(tni_csv_scan *scan, tni_type type, uint32_t rows,
                                          tni_segment **out, tni_error *error) {
    TNI_TRY(tni_segment_new(scan->env->memory, type, rows, out, error));
    tni_csv_all_null(*out);
    return TRUENO_OK;
}

/* A value of the piece does not fit: of all wanted columns, find the first record with such a
 * value, so that the message does not depend on which column was asked for first. */
static void tni_csv_first_misfit(const tni_csv_scan *scan, const tni_csv_worker *worker,
                                 const tni_csv_view *view, tni_csv_stop *stop, uint32_t *field) {
    uint32_t i, r;
    for (i = 0; i < scan->column_count; i++) {
        uint32_t column = tni_csv_file_column(worker, scan->columns[i]);
        tni_csv_fault fault;
        if (column == TNI_CSV_UNMAPPED) {
            continue;
        }
        for (r = worker->piece_first; r <= stop->record; r++) {
            if ((r < stop->record || column < stop->column) &&
                !tni_csv_fits(view, r, column, &scan->source->formats[scan->columns[i]],
                              &fault)) {
                stop->record = r;
                stop->column = column;
                stop->fault = fault;
                *field = scan->columns[i];
                break;
            }
        }
    }
}

static trueno_status tni_csv_fetch(tni_scan *base, uint32_t w, tni_morsel *morsel, uint32_t index,
                                   tni_error *error) {
    tni_csv_scan *scan = (tni_csv_scan *)(void *)base;
    tni_csv_worker *worker = &scan->workers[w];
    const tni_csv_source *source = scan->source;
    uint32_t field = scan->columns[index], column = tni_csv_file_column(worker, field);
    tni_csv_stop stop = TNI_ZERO;
    tni_csv_view view;
    trueno_status status;
    if (morsel->segments[index] != NULL) {
        return TRUENO_OK;
    }
    if (column == TNI_CSV_UNMAPPED) {
        return tni_csv_null_segment(scan, source->source.fields[field].type, morsel->rows,
                                    &morsel->segments[index], error);
    }
    tni_csv_view_make(scan, worker, &view);
    stop.record = UINT32_MAX;
    status = tni_csv_convert(&view, column, &source->formats[field], &worker->strings[index],
                             worker->piece_first, worker->piece_rows, &morsel->segments[index],
                             &stop, error);
    if (status == TRUENO_ERROR_CONVERSION && stop.record != UINT32_MAX) {
        tni_csv_first_misfit(scan, worker, &view, &stop, &field);
        status = tni_csv_fail_value(&worker->reading->place, &worker->chunk.table, &stop,
                                    source->source.fields[field].name,
                                    source->source.fields[field].type, source->detected[field],
                                    error);
    }
    return status;
}

/* Collect the workers' faults in input order, with their lines. */
static int tni_csv_compare_rejects(const tni_csv_reject *a, const tni_csv_reject *b) {
    if (a->file != b->file) {
        return a->file < b->file ? -1 : 1;
    }
    if (a->offset != b->offset) {
        return a->offset < b->offset ? -1 : 1;
    }
    return a->column < b->column ? -1 : a->column > b->column;
}

static void tni_csv_sort_rejects(tni_csv_reject *items, size_t count) {
    /* heap sort: no memory, no bad case */
    size_t root, child, end = count, start = count / 2;
    tni_csv_reject item;
    while (end > 1) {
        if (start > 0) {
            item = items[--start];
        } else {
            end--;
            item = items[end];
            items[end] = items[0];
        }
        for (root = start; (child = root * 2 + 1) < end; root = child) {
            if (child + 1 < end &&
                tni_csv_compare_rejects(&items[child], &items[child + 1]) < 0) {
                child++;
            }
            if (tni_csv_compare_rejects(&item, &items[child]) >= 0) {
                break;
            }
            items[root] = items[child];
        }
        items[root] = item;
    }
}

static void tni_csv_collect_rejects(tni_csv_scan *scan) {
    tni_csv_source *source = scan->source;
    uint64_t line = 1, offset = 0;
    uint32_t w, file = UINT32_MAX;
    size_t i, total = 0;
    void *items = source->rejects;
    source->reject_count = 0;
    source->skipped = 0;
    for (w = 0; w < scan->worker_count; w++) {
        total += scan->workers[w].log.count;
        source->skipped += scan->workers[w].log.skipped;
    }
    if (total == 0 || tni_grow(source->memory, &items, &source->reject_capacity, total,
                               sizeof *source->rejects, NULL) != TRUENO_OK) {
        return;
    }
    source->rejects = (tni_csv_reject *)items;
    for (w = 0; w < scan->worker_count; w++) {
        const tni_csv_fault_log *log = &scan->workers[w].log;
        if (log->count > 0) {
            memcpy(source->rejects + source->reject_count, log->items,
                   log->count * sizeof *log->items);
            source->reject_count += log->count;
        }
    }
    tni_csv_sort_rejects(source->rejects, source->reject_count);
    for (i = 0; i < source->reject_count; i++) {
        tni_csv_reject *reject = &source->rejects[i];
        const tni_csv_place *place = &scan->readings[reject->file].place;
        if (reject->file != file) {
            file = reject->file;
            line = 1;
            offset = 0;
        }
        if (scan->readings[file].file.input.buffer != NULL) {
            line += tni_csv_line_of(place->text + offset, (size_t)(reject->offset - offset)) - 1;
            offset = reject->offset;
            reject->line = line;
        }
    }
    source->reject_count = TNI_MIN(source->reject_count, TNI_CSV_MOST_REJECTS);
}

static void tni_csv_end(tni_scan *base) {
    tni_csv_scan *scan = (tni_csv_scan *)(void *)base;
    tni_memory *memory = scan->source->memory;
    uint32_t w, i;
    if (scan->source->options.ignore_errors && scan->workers != NULL) {
        tni_mutex_lock(&scan->source->reject_mutex);
        tni_csv_collect_rejects(scan);
        tni_mutex_unlock(&scan->source->reject_mutex);
    }
    for (w = 0; scan->workers != NULL && w < scan->worker_count; w++) {
        tni_csv_worker *worker = &scan->workers[w];
        for (i = 0; worker->strings != NULL && i < scan->column_count; i++) {
            tni_csv_strings_free(&worker->strings[i]);
        }
        for (i = 0; worker->segments != NULL && i < scan->column_count; i++) {
            tni_segment_release(worker->segments[i]);
        }
        tni_free(memory, worker->strings, scan->column_count * sizeof *worker->strings);
        tni_free(memory, worker->segments, scan->column_count * sizeof *worker->segments);
        tni_free(memory, worker->log.items, worker->log.capacity * sizeof *worker->log.items);
        tni_text_free(&worker->scratch);
        tni_csv_chunk_free(&worker->chunk);
    }
    for (i = 0; scan->readings != NULL && i < scan->source->file_count; i++) {
        tni_input_close(&scan->readings[i].file.input);
        tni_free(memory, scan->readings[i].links,
                 scan->readings[i].link_count * sizeof(tni_csv_link));
    }
    if (scan->has_condition) {
        tni_condition_free(&scan->condition);
    }
    if (scan->has_mutex) {
        tni_mutex_free(&scan->mutex);
    }
    tni_arena_free(&scan->arena);
    tni_free(memory, scan->workers, scan->worker_count * sizeof *scan->workers);
    tni_free(memory, scan->readings, scan->source->file_count * sizeof *scan->readings);
    tni_free(memory, scan->columns, scan->column_count * sizeof *scan->columns);
    tni_source_release(&scan->source->source);
    tni_free(memory, scan, sizeof *scan);
}

static trueno_status tni_csv_worker_init(tni_csv_scan *scan, tni_csv_worker *worker,
                                         tni_error *error) {
    tni_memory *memory = scan->source->memory;
    size_t bytes = scan->column_count * sizeof *worker->strings;
    uint32_t i;
    tni_csv_chunk_init(&worker->chunk, memory);
    tni_text_init(&worker->scratch, memory);
    worker->log.memory = memory;
    worker->chunk.null_padding = scan->source->options.null_padding;
    worker->chunk.log = scan->source->options.ignore_errors ? &worker->log : NULL;
    if (scan->column_count == 0) {
        return TRUENO_OK;
    }
    worker->strings = (tni_csv_strings *)tni_alloc_zero(memory, bytes);
    worker->segments = (tni_segment **)tni_alloc_zero(
        memory, scan->column_count * sizeof *worker->segments);
    if (worker->strings == NULL || worker->segments == NULL) {
        return tni_memory_fail(memory, bytes, error);
    }
    for (i = 0; i < scan->column_count; i++) {
        tni_csv_strings_init(&worker->strings[i], memory);
    }
    return TRUENO_OK;
}

static trueno_status tni_csv_begin(tni_source *base, tni_env *env,
                                   const tni_scan_request *request, tni_scan **out,
                                   tni_error *error) {
    tni_csv_source *source = (tni_csv_source *)(void *)base;
    tni_memory *memory = source->memory;
    tni_csv_scan *scan = (tni_csv_scan *)tni_alloc_zero(memory, sizeof(tni_csv_scan));
    trueno_status status = TRUENO_OK;
    uint32_t i;
    *out = NULL;
    if (scan == NULL) {
        return tni_memory_fail(memory, sizeof(tni_csv_scan), error);
    }
    (void)tni_source_retain(base);
    scan->source = source;
    scan->env = env;
    tni_arena_init(&scan->arena, memory);
    scan->column_count = request->column_count;
    scan->skip_files = request->skip_files;
    scan->worker_count = TNI_MAX(request->workers, 1u);
    scan->columns =
        (uint32_t *)tni_alloc_array(memory, request->column_count, sizeof(uint32_t));
    scan->workers = (tni_csv_worker *)tni_alloc_zero(
        memory, scan->worker_count * sizeof *scan->workers);
    scan->readings = (tni_csv_reading *)tni_alloc_zero(
        memory, source->file_count * sizeof *scan->readings);
    scan->has_mutex = tni_mutex_init(&scan->mutex);
    scan->has_condition = tni_condition_init(&scan->condition);
    if ((scan->columns == NULL && request->column_count > 0) || scan->workers == NULL ||
        scan->readings == NULL || !scan->has_mutex || !scan->has_condition) {
        status = tni_memory_fail(memory, sizeof *scan->workers, error);
    }
    for (i = 0; status == TRUENO_OK && i < scan->worker_count; i++) {
        status = tni_csv_worker_init(scan, &scan->workers[i], error);
    }
    if (status != TRUENO_OK) {
        tni_csv_end((tni_scan *)(void *)scan);
        return status;
    }
    if (request->column_count > 0) {
        memcpy(scan->columns, request->columns, request->column_count * sizeof(uint32_t));
    }
    for (i = 0; i < source->file_count; i++) {
        scan->readings[i].file.index = i;
    }
    *out = (tni_scan *)(void *)scan;
    return TRUENO_OK;
}

static const tni_source_ops tni_csv_ops = {
    "csv",         tni_csv_source_release, tni_csv_begin, tni_csv_next,
    tni_csv_fetch, tni_csv_done,           tni_csv_end,   NULL,
    NULL,
};

/* -------------------------------------------------------------------------------- opening --- */

static bool tni_csv_copy_text(tni_arena *arena, const char **text) {
    if (*text != NULL) {
        *text = tni_arena_text(arena, *text, strlen(*text));
        return *text != NULL;
    }
    return true;
}

static bool tni_csv_copy_columns(tni_arena *arena, tni_csv_column **columns, uint32_t count) {
    tni_csv_column *copy;
    uint32_t i;
    bool ok = true;
    if (count == 0) {
        return true;
    }
    copy = (tni_csv_column *)tni_arena_alloc(arena, count * sizeof *copy);
    for (i = 0; copy != NULL && ok && i < count; i++) {
        copy[i] = (*columns)[i];
        ok = tni_csv_copy_text(arena, &copy[i].name) && tni_csv_copy_text(arena, &copy[i].type);
    }
    *columns = copy;
    return copy != NULL && ok;
}

static bool tni_csv_copy_names(tni_arena *arena, const char ***names, uint32_t count) {
    const char **copy;
    uint32_t i;
    bool ok = true;
    if (count == 0) {
        return true;
    }
    copy = (const char **)tni_arena_alloc(arena, count * sizeof *copy);
    for (i = 0; copy != NULL && ok && i < count; i++) {
        copy[i] = (*names)[i];
        ok = tni_csv_copy_text(arena, &copy[i]);
    }
    *names = copy;
    return copy != NULL && ok;
}

/* The source outlives the statement that named its options. */
static trueno_status tni_csv_copy_options(tni_csv_source *source, const tni_csv_options *from,
                                          tni_error *error) {
    tni_csv_options *to = &source->options;
    tni_arena *arena = &source->arena;
    uint32_t i;
    bool ok = true;
    *to = *from;
    to->arena = arena;
    for (i = 0; ok && to->null_set && i < to->null_count; i++) {
        ok = tni_csv_copy_text(arena, &to->null_strings[i]);
    }
    ok = ok && tni_csv_copy_text(arena, &to->date_format) &&
         tni_csv_copy_text(arena, &to->timestamp_format) &&
         tni_csv_copy_columns(arena, &to->columns, to->column_count) &&
         tni_csv_copy_columns(arena, &to->types, to->type_count) &&
         tni_csv_copy_names(arena, &to->names, to->name_count) &&
         tni_csv_copy_names(arena, &to->not_null, to->not_null_count);
    return ok ? TRUENO_OK : tni_fail_memory(error, 64);
}

static uint32_t tni_csv_field_by_name(const tni_csv_source *source, const char *name) {
    uint32_t f;
    for (f = 0; f < source->source.field_count; f++) {
        if (tni_name_equal(source->source.fields[f].name, name)) {
            return f;
        }
    }
    return TNI_CSV_UNMAPPED;
}

static trueno_status tni_csv_no_column(const tni_csv_source *source, const char *option,
                                       const char *name, tni_error *error) {
    uint32_t f, best = 3;
    const char *closest = NULL;
    for (f = 0; f < source->source.field_count; f++) {
        uint32_t distance = tni_edit_distance(name, source->source.fields[f].name, best);
        if (distance < best) {
            best = distance;
            closest = source->source.fields[f].name;
        }
    }
    return tni_fail(error, TRUENO_ERROR_BINDER,
                    "%s: %s names column \"%s\", which is not there%s%s%s", source->source.name,
                    option, name, closest != NULL ? "; did you mean \"" : "",
                    closest != NULL ? closest : "", closest != NULL ? "\"?" : "");
}

static trueno_status tni_csv_give_type(tni_csv_source *source, uint32_t field, const char *type,
                                       tni_error *error) {
    tni_csv_format *format = &source->formats[field];
    tni_type found;
    if (!tni_csv_type_parse(type, &found) || found.id == TRUENO_TYPE_NULL) {
        return tni_fail(error, TRUENO_ERROR_BINDER, "%s: column \"%s\": unknown type \"%s\"",
                        source->source.name, source->source.fields[field].name, type);
    }
    if (found.id == TRUENO_TYPE_BLOB) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                        "%s: column \"%s\": reading BLOB from CSV is not supported; read VARCHAR",
                        source->source.name, source->source.fields[field].name);
    }
    if (format->type.id != found.id) {
        format->date_order = found.id == TRUENO_TYPE_DATE ? format->date_order : 0;
        format->date_format = NULL;
    }
    if (found.id == TRUENO_TYPE_DATE) {
        format->date_format = source->options.date_format;
    } else if (tni_type_is_timestamp(found)) {
        format->date_format = source->options.timestamp_format;
    }
    format->type = found;
    source->detected[field] = false;
    return TRUENO_OK;
}

/* Names, types and the rest that the options give for certain columns. */
static trueno_status tni_csv_apply_overrides(tni_csv_source *source, tni_error *error) {
    const tni_csv_options *options = &source->options;
    tni_field *fields = source->source.fields;
    uint32_t i, field;
    if (options->name_count > source->source.field_count) {
        return tni_fail(error, TRUENO_ERROR_BINDER, "%s: %u names for %u columns",
                        source->source.name, options->name_count, source->source.field_count);
    }
    for (i = 0; i < options->name_count; i++) {
        fields[i].name = options->names[i];
    }
    for (i = 0; i < options->column_count; i++) {
        fields[i].name = options->columns[i].name;
        TNI_TRY(tni_csv_give_type(source, i, options->columns[i].type, error));
    }
    for (i = 0; options->all_varchar && i < source->source.field_count; i++) {
        source->formats[i].type = tni_type_make(TRUENO_TYPE_VARCHAR);
    }
    for (i = 0; i < options->type_count; i++) {
        const tni_csv_column *column = &options->types[i];
        field = column->name == NULL ? i : tni_csv_field_by_name(source, column->name);
        if (field >= source->source.field_count) {
            return column->name != NULL
                       ? tni_csv_no_column(source, "types", column->name, error)
                       : tni_fail(error, TRUENO_ERROR_BINDER, "%s: %u types for %u columns",
                                  source->source.name, options->type_count,
                                  source->source.field_count);
        }
        TNI_TRY(tni_csv_give_type(source, field, column->type, error));
    }
    for (i = 0; i < options->not_null_count; i++) {
        field = tni_csv_field_by_name(source, options->not_null[i]);
        if (field == TNI_CSV_UNMAPPED) {
            return tni_csv_no_column(source, "force_not_null", options->not_null[i], error);
        }
        source->formats[field].not_null = true;
    }
    for (i = 0; i < source->source.field_count; i++) {
        fields[i].type = source->formats[i].type;
    }
    return TRUENO_OK;
}

/* The type that holds the values of both. */
static tni_type tni_csv_common_type(const tni_csv_format *a, const tni_csv_format *b) {
    bool numbers = tni_type_is_numeric(a->type) && tni_type_is_numeric(b->type);
    if (tni_type_equal(a->type, b->type) && a->date_order == b->date_order) {
        return a->type;
    }
    if (numbers && (a->type.id == TRUENO_TYPE_DOUBLE || b->type.id == TRUENO_TYPE_DOUBLE)) {
        return tni_type_make(TRUENO_TYPE_DOUBLE);
    }
    return tni_type_make(numbers ? TRUENO_TYPE_HUGEINT : TRUENO_TYPE_VARCHAR);
}

/* union_by_name: the columns of every file, each with a type for all its values. */
static trueno_status tni_csv_unite(tni_csv_source *source, tni_env *env, tni_error *error) {
    uint32_t i, c;
    for (i = 1; i < source->file_count; i++) {
        tni_csv_file *file = &source->files[i];
        tni_csv_shape shape;
        tni_input input;
        trueno_status status;
        TNI_TRY(tni_input_open(env, file->path, source->options.packing, source->options.charset,
                               &input, error));
        status = tni_csv_sniff(env, &source->options, file->path, &input, &source->arena, &shape,
                               error);
        tni_input_close(&input);
        TNI_TRY(status);
        for (c = 0; c < shape.columns; c++) {
            uint32_t f = tni_csv_field_by_name(source, shape.names[c]);
            if (f != TNI_CSV_UNMAPPED) {
                source->formats[f].type =
                    tni_csv_common_type(&source->formats[f], &shape.formats[c]);
                continue;
            }
            f = source->source.field_count;
            {
                size_t old = f;
                tni_field *fields = (tni_field *)tni_arena_alloc(&source->arena,
                                                                 (old + 1) * sizeof *fields);
                tni_csv_format *formats = (tni_csv_format *)tni_arena_alloc(
                    &source->arena, (old + 1) * sizeof *formats);
                if (fields == NULL || formats == NULL) {
                    return tni_fail_memory(error, (old + 1) * sizeof *fields);
                }
                memcpy(fields, source->source.fields, old * sizeof *fields);
                memcpy(formats, source->formats, old * sizeof *formats);
                fields[old].name = shape.names[c];
                formats[old] = shape.formats[c];
                source->source.fields = fields;
                source->formats = formats;
                source->source.field_count++;
            }
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_csv_make_fields(tni_csv_source *source, tni_env *env,
                                         tni_error *error) {
    uint32_t i, count = source->shape.columns;
    source->source.fields =
        (tni_field *)tni_arena_alloc(&source->arena, count * sizeof(tni_field));
    source->formats =
        (tni_csv_format *)tni_arena_alloc(&source->arena, count * sizeof(tni_csv_format));
    if (source->source.fields == NULL || source->formats == NULL) {
        return tni_fail_memory(error, count * sizeof(tni_field));
    }
    source->source.field_count = count;
    for (i = 0; i < count; i++) {
        source->source.fields[i].name = source->shape.names[i];
        source->formats[i] = source->shape.formats[i];
    }
    if (source->options.union_by_name && source->file_count > 1) {
        TNI_TRY(tni_csv_unite(source, env, error));
    }
    source->detected = (bool *)tni_arena_alloc(&source->arena, source->source.field_count);
    if (source->detected == NULL) {
        return tni_fail_memory(error, source->source.field_count);
    }
    memset(source->detected, 1, source->source.field_count);
    return tni_csv_apply_overrides(source, error);
}

static trueno_status tni_csv_open_files(tni_csv_source *source, tni_env *env,
                                        const char *const *paths, uint32_t count,
                                        tni_error *error) {
    tni_csv_file *first;
    uint32_t i;
    source->files = (tni_csv_file *)tni_arena_alloc(&source->arena, count * sizeof(tni_csv_file));
    if (source->files == NULL) {
        return tni_fail_memory(error, count * sizeof(tni_csv_file));
    }
    for (i = 0; i < count; i++) {
        source->files[i].index = i;
        source->files[i].path = tni_arena_text(&source->arena, paths[i], strlen(paths[i]));
        if (source->files[i].path == NULL) {
            return tni_fail_memory(error, strlen(paths[i]));
        }
    }
    source->file_count = count;
    first = &source->files[0];
    source->source.name = first->path;
    TNI_TRY(tni_input_open(env, first->path, source->options.packing, source->options.charset,
                           &first->input, error));
    source->source.bytes = first->input.size * (uint64_t)count;
    TNI_TRY(tni_csv_sniff(env, &source->options, first->path, &first->input, &source->arena,
                          &source->shape, error));
    first->shape = source->shape;
    first->shaped = !source->options.union_by_name || count == 1;
    return tni_csv_make_fields(source, env, error);
}

TNI_FN trueno_status tni_csv_open(tni_env *env, const char *const *paths, uint32_t path_count,
                                  const tni_csv_options *options, tni_source **out,
                                  tni_error *error) {
    tni_csv_source *source;
    trueno_status status;
    *out = NULL;
    if (path_count == 0) {
        return tni_fail(error, TRUENO_ERROR_MISUSE, "no CSV file was given");
    }
    source = (tni_csv_source *)tni_alloc_zero(env->memory, sizeof(tni_csv_source));
    if (source == NULL) {
        return tni_memory_fail(env->memory, sizeof(tni_csv_source), error);
    }
    source->memory = env->memory;
    source->source.ops = &tni_csv_ops;
    source->source.references.value = 1;
    source->source.rows = UINT64_MAX;
    tni_arena_init(&source->arena, env->memory);
    source->has_reject_mutex = tni_mutex_init(&source->reject_mutex);
    status = source->has_reject_mutex ? tni_csv_copy_options(source, options, error)
                                      : tni_fail_memory(error, sizeof source->reject_mutex);
    if (status == TRUENO_OK) {
        tni_csv_rules_make(&source->options, &source->rules);
        status = tni_csv_open_files(source, env, paths, path_count, error);
    }
    if (status != TRUENO_OK) {
        tni_csv_source_release(&source->source);
        return status;
    }
    *out = &source->source;
    return TRUENO_OK;
}

TNI_FN void tni_csv_describe(const tni_source *base, tni_csv_description *out) {
    const tni_csv_source *source = (const tni_csv_source *)(const void *)base;
    const tni_csv_shape *shape = &source->shape;
    memset(out, 0, sizeof *out);
    memcpy(out->delimiter, shape->dialect.delimiter, shape->dialect.delimiter_length);
    out->quote = (char)shape->dialect.quote;
    out->escape = (char)shape->dialect.escape;
    out->comment = (char)shape->dialect.comment;
    out->header = shape->header;
    out->skip = shape->skip;
    out->columns = shape->columns;
    out->note = shape->note;
}

TNI_FN const tni_csv_reject *tni_csv_rejects(const tni_source *base, size_t *count,
                                             uint64_t *skipped) {
    const tni_csv_source *source = (const tni_csv_source *)(const void *)base;
    *count = source->reject_count;
    *skipped = source->skipped;
    return source->rejects;
}

#undef TNI_CSV_CHUNK_BYTES
#undef TNI_CSV_UNMAPPED
