/*
 * reader.c - Parquet files as a tni_source.
 *
 * A row group is cut into pieces of at most 2^16 rows, all of a size that is a multiple of 4,096:
 * they are the morsels, and depend on the file alone. Workers claim units of consecutive pieces:
 * whole row groups when there are enough of them, so that each chunk is decoded front to back by
 * one worker, else parts of one. Per row group in progress there is one tni_parquet_open_group
 * with its chunks; it goes when its last piece is done. Each worker has a cursor per column.
 */
#include "format/parquet/parquet.h"

#include "format/parquet/column.h"

#define TNI_PARQUET_PIECE_UNIT 4096u

typedef struct tni_parquet_group {
    uint32_t file;
    uint32_t index;       /* in its file */
    uint64_t rows;
    uint64_t first_row;   /* in the source */
    uint64_t file_row;    /* in its file */
    uint64_t first_piece; /* in the source */
    uint64_t pieces;
    uint32_t piece_rows;  /* of all pieces but the last */
} tni_parquet_group;

typedef struct tni_parquet_source {
    tni_source source; /* must be first */
    tni_memory *memory;
    tni_arena arena;
    tni_parquet_file *files;
    uint32_t file_count;
    tni_parquet_group *groups;
    uint32_t group_count;
    bool check_crc;
    tni_crc32_table crc;
} tni_parquet_source;

typedef struct tni_parquet_open_group {
    uint64_t left;        /* pieces not done yet; under the scan's lock */
    uint32_t count;
    tni_parquet_open_chunk *chunks;
} tni_parquet_open_group;

typedef struct tni_parquet_selected { /* a row group that was not pruned */
    uint32_t group;
    uint64_t first_unit;
    tni_parquet_open_group *open;
} tni_parquet_selected;

typedef struct tni_parquet_worker {
    uint32_t selected;    /* UINT32_MAX: none yet */
    uint64_t piece, end;  /* of the claimed unit, within the group */
    tni_parquet_cursor *cursors; /* [column_count] */
    tni_segment **segments;
    tni_buffer *spare;
} tni_parquet_worker;

typedef struct tni_parquet_scan {
    tni_parquet_source *source;
    tni_env *env;
    uint32_t *columns;
    uint32_t column_count;
    tni_parquet_worker *workers;
    uint32_t worker_count;
    tni_parquet_selected *selected;
    uint32_t selected_count;
    uint64_t span;        /* pieces of a unit */
    uint64_t unit_count;
    tni_atomic_i64 next_unit;
    tni_mutex mutex;
} tni_parquet_scan;

/* ---- opening a file ---- */

typedef struct tni_parquet_mapping { /* closes the file when the last reader of the map is gone */
    tni_memory *memory;
    trueno_files files;
    void *handle;
} tni_parquet_mapping;

static void tni_parquet_unmap(void *user, void *data, size_t size) {
    tni_parquet_mapping *mapping = (tni_parquet_mapping *)user;
    (void)data;
    (void)size;
    (void)mapping->files.close(mapping->files.user, mapping->handle);
    tni_free(mapping->memory, mapping, sizeof *mapping);
}

static trueno_status tni_parquet_file_map(tni_parquet_file *file, tni_error *error) {
    const void *data = NULL;
    tni_parquet_mapping *mapping;
    trueno_status status;
    if (file->files.map && file->size > 0 && file->size <= SIZE_MAX) {
        data = file->files.map(file->files.user, file->handle, file->size);
    }
    if (!data) {
        return TRUENO_OK;
    }
    mapping = (tni_parquet_mapping *)tni_alloc(file->memory, sizeof *mapping);
    if (!mapping) {
        return tni_memory_fail(file->memory, sizeof *mapping, error);
    }
    mapping->memory = file->memory;
    mapping->files = file->files;
    mapping->handle = file->handle;
    status = tni_buffer_wrap(file->memory, data, (size_t)file->size, tni_parquet_unmap, mapping,
                             &file->map, error);
    if (status != TRUENO_OK) {
        tni_free(file->memory, mapping, sizeof *mapping);
        return status;
    }
    file->handle = NULL;
    return TRUENO_OK;
}

static trueno_status tni_parquet_file_footer(tni_env *env, tni_parquet_file *file,
                                             tni_arena *arena, bool binary_as_string,
                                             tni_error *error) {
    uint8_t tail[8];
    uint32_t length;
    trueno_status status;
    if (file->size < 12) {
        return tni_fail(error, TRUENO_ERROR_FORMAT, "%s: %llu bytes are no Parquet file",
                        file->path, (unsigned long long)file->size);
    }
    TNI_TRY(tni_parquet_file_read(file, file->size - 8, tail, 8, error));
    if (memcmp(tail + 4, "PARE", 4) == 0) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                        "%s: encrypted Parquet files are not supported", file->path);
    }
    if (memcmp(tail + 4, "PAR1", 4) != 0) {
        return tni_fail(error, TRUENO_ERROR_FORMAT,
                        "%s: no Parquet file, or cut off: PAR1 is missing at its end", file->path);
    }
    length = tni_load_le32(tail);
    if (length > file->size - 8) {
        return tni_fail(error, TRUENO_ERROR_FORMAT,
                        "%s: footer of %lu bytes in a file of %llu", file->path,
                        (unsigned long)length, (unsigned long long)file->size);
    }
    if (length > env->limits->footer_bytes) {
        return tni_fail(error, TRUENO_ERROR_LIMIT,
                        "%s: footer of %lu bytes exceeds the limit of %lu", file->path,
                        (unsigned long)length, (unsigned long)env->limits->footer_bytes);
    }
    file->data_end = file->size - 8 - length;
    TNI_TRY(tni_buffer_new(file->memory, (size_t)length + 1, &file->footer, error));
    TNI_TRY(tni_parquet_file_read(file, file->data_end, file->footer->data, length, error));
    status = tni_parquet_parse_footer(arena, file->footer->data, length, binary_as_string,
                                      env->limits->columns, &file->metadata, error);
    if (status != TRUENO_OK) {
        tni_error_prefix(error, "%s", file->path);
    }
    return status;
}

static trueno_status tni_parquet_file_open(tni_env *env, tni_parquet_file *file, const char *path,
                                           tni_arena *arena, bool binary_as_string,
                                           tni_error *error) {
    int code;
    memset(file, 0, sizeof *file);
    file->memory = env->memory;
    file->files = *env->files;
    file->path = tni_arena_text(arena, path, strlen(path));
    if (!file->path) {
        return tni_memory_fail(env->memory, strlen(path), error);
    }
    code = file->files.open(file->files.user, path, TRUENO_FILE_READ, &file->handle);
    if (code != 0) {
        file->handle = NULL;
        return tni_fail(error, TRUENO_ERROR_IO, "%s: cannot be opened (%s)", path,
                        tni_files_error_text(code));
    }
    code = file->files.size(file->files.user, file->handle, &file->size);
    if (code != 0) {
        return tni_fail(error, TRUENO_ERROR_IO, "%s: its size is unknown (%s)", path,
                        tni_files_error_text(code));
    }
    TNI_TRY(tni_parquet_file_map(file, error));
    return tni_parquet_file_footer(env, file, arena, binary_as_string, error);
}

static void tni_parquet_file_close(tni_parquet_file *file) {
    tni_buffer_release(file->map);
    tni_buffer_release(file->footer);
    if (file->handle) {
        (void)file->files.close(file->files.user, file->handle);
    }
    memset(file, 0, sizeof *file);
}

/* ---- the source ---- */

static void tni_parquet_source_release(tni_source *base) {
    tni_parquet_source *source = (tni_parquet_source *)(void *)base;
    tni_memory *memory = source->memory;
    uint32_t i;
    for (i = 0; i < source->file_count; i++) {
        tni_parquet_file_close(&source->files[i]);
    }
    tni_free(memory, source->groups, source->group_count * sizeof *source->groups);
    tni_arena_free(&source->arena);
    tni_free(memory, source, sizeof *source);
}

/* The columns of all files must be those of the first. */
static trueno_status tni_parquet_check_columns(const tni_parquet_source *source, uint32_t file,
                                               tni_error *error) {
    const tni_parquet_metadata *first = &source->files[0].metadata;
    const tni_parquet_metadata *other = &source->files[file].metadata;
    const char *path = source->files[file].path;
    uint32_t i;
    for (i = 0; i < TNI_MIN(first->field_count, other->field_count); i++) {
        const tni_parquet_field *a = &first->fields[i], *b = &other->fields[i];
        if (!tni_name_equal(a->name, b->name)) {
            return tni_fail(error, TRUENO_ERROR_BINDER,
                            "%s: column %lu is \"%s\", but \"%s\" in %s; union_by_name = true puts "
                            "columns together by their names",
                            path, (unsigned long)i + 1, b->name, a->name, source->files[0].path);
        }
        if (!tni_type_equal(a->type, b->type) || !a->refusal != !b->refusal) {
            char own[40], wanted[40];
            (void)tni_type_print(b->type, own);
            (void)tni_type_print(a->type, wanted);
            return tni_fail(error, TRUENO_ERROR_BINDER,
                            "%s: column \"%s\" is %s%s, but %s%s in %s", path, b->name,
                            b->refusal ? "nested or unreadable, " : "", own,
                            a->refusal ? "nested or unreadable, " : "", wanted,
                            source->files[0].path);
        }
    }
    if (first->field_count != other->field_count) {
        return tni_fail(error, TRUENO_ERROR_BINDER,
                        "%s: %lu columns, but %lu in %s; union_by_name = true gives NULL where a "
                        "file has none",
                        path,
                        (unsigned long)other->field_count, (unsigned long)first->field_count,
                        source->files[0].path);
    }
    return TRUENO_OK;
}

static uint64_t tni_parquet_name_hash(const char *name) {
    uint64_t hash = 0;
    for (; *name; name++) {
        uint8_t byte = (uint8_t)*name;
        byte = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
        hash = tni_hash_combine(hash, byte);
    }
    return hash;
}

typedef struct tni_parquet_names { /* a table of field numbers + 1 by the name's hash */
    uint32_t *slots;
    uint32_t slot_count;
    uint32_t *repeats; /* [field]: how often its name came again */
} tni_parquet_names;

static uint32_t tni_parquet_name_slot(const tni_parquet_source *source,
                                      const tni_parquet_names *names, const char *name) {
    uint32_t slot = (uint32_t)tni_parquet_name_hash(name) & (names->slot_count - 1);
    while (names->slots[slot] &&
           !tni_name_equal(source->source.fields[names->slots[slot] - 1].name, name)) {
        slot = (slot + 1) & (names->slot_count - 1);
    }
    return slot;
}

/* As in DuckDB: a name that repeats (case aside) gets _1, _2, ..., an empty one is C and its
 * number. */
static trueno_status tni_parquet_unique_name(tni_parquet_source *source, uint32_t field,
                                             tni_parquet_names *names, tni_error *error) {
    const char *name = source->source.fields[field].name;
    for (;;) {
        uint32_t slot = tni_parquet_name_slot(source, names, name);
        tni_text text;
        if (*name && !names->slots[slot]) {
            names->slots[slot] = field + 1;
            source->source.fields[field].name = name;
            return TRUENO_OK;
        }
        tni_text_init(&text, source->memory);
        if (!*name) {
            tni_text_format(&text, "C%lu", (unsigned long)field);
        } else {
            tni_text_format(&text, "%s_%lu", name,
                            (unsigned long)++names->repeats[names->slots[slot] - 1]);
        }
        name = text.failed ? NULL : tni_arena_text(&source->arena, text.data, text.length);
        tni_text_free(&text);
        if (!name) {
            return tni_memory_fail(source->memory, 64, error);
        }
    }
}

static trueno_status tni_parquet_make_fields(tni_parquet_source *source, tni_error *error) {
    const tni_parquet_metadata *metadata = &source->files[0].metadata;
    uint32_t count = metadata->field_count, i, f;
    tni_parquet_names names;
    tni_field *fields =
        (tni_field *)tni_arena_alloc(&source->arena, (count + (size_t)1) * sizeof *fields);
    names.slot_count = 16;
    while (names.slot_count < count * 2) {
        names.slot_count *= 2;
    }
    names.slots = (uint32_t *)tni_arena_alloc(&source->arena,
                                              names.slot_count * sizeof *names.slots);
    names.repeats =
        (uint32_t *)tni_arena_alloc(&source->arena, (count + (size_t)1) * sizeof *names.repeats);
    if (!fields || !names.slots || !names.repeats) {
        return tni_memory_fail(source->memory, count * sizeof *fields, error);
    }
    source->source.fields = fields;
    source->source.field_count = count;
    for (i = 0; i < count; i++) {
        fields[i].name = metadata->fields[i].name;
        fields[i].type = metadata->fields[i].type;
        fields[i].not_null = true;
        for (f = 0; f < source->file_count; f++) {
            fields[i].not_null =
                fields[i].not_null && !source->files[f].metadata.fields[i].optional;
        }
        TNI_TRY(tni_parquet_unique_name(source, i, &names, error));
    }
    return TRUENO_OK;
}

/* Equal pieces: all but the last are the same multiple of 4,096 rows. */
static void tni_parquet_cut(tni_parquet_group *group) {
    uint64_t pieces = (group->rows + TNI_SEGMENT_ROWS - 1) / TNI_SEGMENT_ROWS, rows;
    if (pieces == 0) {
        return;
    }
    rows = (group->rows + pieces - 1) / pieces;
    rows = (rows + TNI_PARQUET_PIECE_UNIT - 1) / TNI_PARQUET_PIECE_UNIT * TNI_PARQUET_PIECE_UNIT;
    group->piece_rows = (uint32_t)rows;
    group->pieces = (group->rows + rows - 1) / rows;
}

static trueno_status tni_parquet_make_groups(tni_parquet_source *source, tni_error *error) {
    uint64_t count = 0, rows = 0, pieces = 0, file_rows;
    uint32_t f, g, at = 0;
    for (f = 0; f < source->file_count; f++) {
        count += source->files[f].metadata.group_count;
    }
    if (count == 0) {
        return TRUENO_OK;
    }
    if (count > INT32_MAX) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "%llu row groups are too many",
                        (unsigned long long)count);
    }
    source->groups = (tni_parquet_group *)tni_alloc_zero(source->memory,
                                                         (size_t)count * sizeof *source->groups);
    if (!source->groups) {
        return tni_memory_fail(source->memory, (size_t)count * sizeof *source->groups, error);
    }
    source->group_count = (uint32_t)count;
    for (f = 0; f < source->file_count; f++) {
        file_rows = rows;
        for (g = 0; g < source->files[f].metadata.group_count; g++, at++) {
            tni_parquet_group *group = &source->groups[at];
            group->file = f;
            group->index = g;
            group->rows = source->files[f].metadata.groups[g].rows;
            group->first_row = rows;
            group->file_row = rows - file_rows;
            group->first_piece = pieces;
            if (group->rows > (uint64_t)INT64_MAX - rows) {
                return tni_fail(error, TRUENO_ERROR_LIMIT, "%s: too many rows",
                                source->files[f].path);
            }
            tni_parquet_cut(group);
            rows += group->rows;
            pieces += group->pieces;
        }
    }
    source->source.rows = rows;
    return TRUENO_OK;
}

static void tni_parquet_count_bytes(tni_parquet_source *source) {
    uint32_t f;
    for (f = 0; f < source->file_count; f++) {
        source->source.bytes += source->files[f].data_end;
    }
}

static bool tni_parquet_source_zone(tni_source *base, uint32_t field, tni_zone *out) {
    const tni_parquet_source *source = (const tni_parquet_source *)(const void *)base;
    uint32_t i;
    memset(out, 0, sizeof *out);
    if (field >= base->field_count || source->files[0].metadata.fields[field].refusal) {
        return false;
    }
    out->has_bounds = source->group_count > 0;
    out->exact = true;
    for (i = 0; i < source->group_count; i++) {
        const tni_parquet_group *group = &source->groups[i];
        const tni_parquet_metadata *metadata = &source->files[group->file].metadata;
        uint64_t nulls = out->null_count;
        tni_zone zone;
        tni_parquet_chunk_zone(metadata, metadata->fields[field].leaf,
                               &metadata->groups[group->index], &zone);
        out->distinct = TNI_MAX(out->distinct, zone.distinct);
        out->rows += zone.rows;
        out->has_nulls = out->has_nulls || zone.has_nulls;
        out->has_nan = out->has_nan || zone.has_nan;
        out->null_count = nulls == UINT64_MAX || zone.null_count == UINT64_MAX
                              ? UINT64_MAX
                              : nulls + zone.null_count;
        if (zone.rows == 0 || zone.null_count == zone.rows) {
            continue; /* no value: its bounds do not matter */
        }
        out->exact = out->exact && zone.exact;
        if (!zone.has_bounds) {
            out->has_bounds = false;
        } else if (out->has_bounds && out->min.type.id == TRUENO_TYPE_NULL) {
            out->min = zone.min;
            out->max = zone.max;
        } else if (out->has_bounds) {
            out->min = tni_value_compare(&zone.min, &out->min) < 0 ? zone.min : out->min;
            out->max = tni_value_compare(&zone.max, &out->max) > 0 ? zone.max : out->max;
        }
    }
    out->has_bounds = out->has_bounds && out->min.type.id != TRUENO_TYPE_NULL;
    out->exact = out->exact && out->has_bounds;
    return true;
}

/* ---- scanning ---- */

static void tni_parquet_open_group_free(tni_memory *memory, tni_parquet_open_group *open) {
    uint32_t i;
    if (!open) {
        return;
    }
    for (i = 0; i < open->count; i++) {
        tni_parquet_chunk_free(&open->chunks[i]);
    }
    tni_free(memory, open->chunks, open->count * sizeof *open->chunks);
    tni_free(memory, open, sizeof *open);
}

static void tni_parquet_worker_clear(tni_parquet_scan *scan, tni_parquet_worker *worker) {
    uint32_t i;
    for (i = 0; i < scan->column_count; i++) {
        tni_segment_release(worker->segments[i]);
        worker->segments[i] = NULL;
    }
}

static void tni_parquet_scan_free(tni_parquet_scan *scan) {
    tni_memory *memory = scan->source->memory;
    size_t columns = scan->column_count;
    uint32_t i, k;
    for (i = 0; i < scan->worker_count; i++) {
        tni_parquet_worker *worker = &scan->workers[i];
        for (k = 0; k < scan->column_count && worker->cursors; k++) {
            tni_parquet_cursor_free(&worker->cursors[k], memory);
        }
        if (worker->segments) {
            tni_parquet_worker_clear(scan, worker);
        }
        tni_buffer_release(worker->spare);
        tni_free(memory, worker->cursors, columns * sizeof *worker->cursors);
        tni_free(memory, worker->segments, columns * sizeof *worker->segments);
    }
    for (i = 0; i < scan->selected_count; i++) {
        tni_parquet_open_group_free(memory, scan->selected[i].open);
    }
    tni_free(memory, scan->workers, scan->worker_count * sizeof *scan->workers);
    tni_free(memory, scan->selected, scan->source->group_count * sizeof *scan->selected);
    tni_free(memory, scan->columns, columns * sizeof *scan->columns);
    tni_mutex_free(&scan->mutex);
    tni_source_release(&scan->source->source);
    tni_free(memory, scan, sizeof *scan);
}

static void tni_parquet_scan_end(tni_scan *base) {
    tni_parquet_scan_free((tni_parquet_scan *)(void *)base);
}

/* May the row group hold rows that satisfy every conjunct? */
static bool tni_parquet_group_matches(const tni_parquet_source *source,
                                      const tni_parquet_group *group,
                                      const tni_scan_request *request) {
    const tni_parquet_metadata *metadata = &source->files[group->file].metadata;
    uint32_t i;
    if (group->rows == 0 || (request->skip_files && request->skip_files[group->file])) {
        return false;
    }
    for (i = 0; i < request->prune_count; i++) {
        const tni_prune *prune = &request->prunes[i];
        tni_zone zone;
        if (prune->column >= metadata->field_count || metadata->fields[prune->column].refusal) {
            continue;
        }
        tni_parquet_chunk_zone(metadata, metadata->fields[prune->column].leaf,
                               &metadata->groups[group->index], &zone);
        if (!tni_zone_may_match(&zone, prune->op, &prune->value)) {
            return false;
        }
    }
    return true;
}

/* Choose the row groups, and how many pieces a worker claims at once. */
static trueno_status tni_parquet_plan(tni_parquet_scan *scan, const tni_scan_request *request,
                                      tni_error *error) {
    const tni_parquet_source *source = scan->source;
    uint64_t pieces = 0, most = 1;
    uint32_t i;
    if (source->group_count == 0) {
        return TRUENO_OK;
    }
    scan->selected = (tni_parquet_selected *)tni_alloc_zero(
        source->memory, source->group_count * sizeof *scan->selected);
    if (!scan->selected) {
        return tni_memory_fail(source->memory, source->group_count * sizeof *scan->selected,
                               error);
    }
    for (i = 0; i < source->group_count; i++) {
        if (tni_parquet_group_matches(source, &source->groups[i], request)) {
            scan->selected[scan->selected_count++].group = i;
            pieces += source->groups[i].pieces;
            most = TNI_MAX(most, source->groups[i].pieces);
        }
    }
    scan->span = most;
    if (scan->selected_count < 2 * scan->worker_count) {
        scan->span = TNI_MAX(pieces / (4 * (uint64_t)scan->worker_count), (uint64_t)1);
    }
    for (i = 0; i < scan->selected_count; i++) {
        scan->selected[i].first_unit = scan->unit_count;
        scan->unit_count +=
            (source->groups[scan->selected[i].group].pieces + scan->span - 1) / scan->span;
    }
    return TRUENO_OK;
}

static trueno_status tni_parquet_make_workers(tni_parquet_scan *scan, uint32_t workers,
                                              tni_error *error) {
    tni_memory *memory = scan->source->memory;
    size_t columns = scan->column_count;
    uint32_t i;
    scan->workers =
        (tni_parquet_worker *)tni_alloc_zero(memory, workers * sizeof *scan->workers);
    if (!scan->workers) {
        return tni_memory_fail(memory, workers * sizeof *scan->workers, error);
    }
    scan->worker_count = workers;
    for (i = 0; i < workers; i++) {
        tni_parquet_worker *worker = &scan->workers[i];
        worker->selected = UINT32_MAX;
        if (columns == 0) {
            continue;
        }
        worker->cursors =
            (tni_parquet_cursor *)tni_alloc_zero(memory, columns * sizeof *worker->cursors);
        worker->segments =
            (tni_segment **)tni_alloc_zero(memory, columns * sizeof *worker->segments);
        if (!worker->cursors || !worker->segments) {
            return tni_memory_fail(memory, columns * sizeof *worker->cursors, error);
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_parquet_scan_begin(tni_source *base, tni_env *env,
                                            const tni_scan_request *request, tni_scan **out,
                                            tni_error *error) {
    tni_parquet_source *source = (tni_parquet_source *)(void *)base;
    tni_memory *memory = source->memory;
    tni_parquet_scan *scan = (tni_parquet_scan *)tni_alloc_zero(memory, sizeof *scan);
    trueno_status status = TRUENO_OK;
    *out = NULL;
    if (!scan) {
        return tni_memory_fail(memory, sizeof *scan, error);
    }
    if (!tni_mutex_init(&scan->mutex)) {
        tni_free(memory, scan, sizeof *scan);
        return tni_fail(error, TRUENO_ERROR_MEMORY, "%s: no lock can be had", base->name);
    }
    (void)tni_source_retain(base);
    scan->source = source;
    scan->env = env;
    if (request->column_count) {
        size_t bytes = request->column_count * sizeof *scan->columns;
        scan->columns = (uint32_t *)tni_alloc(memory, bytes);
        if (scan->columns) {
            memcpy(scan->columns, request->columns, bytes);
            scan->column_count = request->column_count;
        } else {
            status = tni_memory_fail(memory, bytes, error);
        }
    }
    if (status == TRUENO_OK) {
        status = tni_parquet_make_workers(scan, TNI_MAX(request->workers, 1u), error);
    }
    if (status == TRUENO_OK) {
        status = tni_parquet_plan(scan, request, error);
    }
    if (status != TRUENO_OK) {
        tni_parquet_scan_free(scan);
        return status;
    }
    *out = (tni_scan *)(void *)scan;
    return TRUENO_OK;
}

static uint32_t tni_parquet_find_unit(const tni_parquet_scan *scan, uint64_t unit) {
    uint32_t low = 0, high = scan->selected_count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low + 1) / 2;
        if (scan->selected[middle].first_unit <= unit) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

/* Prepare the chunks of a row group; nested columns have none. Under the scan's lock. */
static trueno_status tni_parquet_open_chunks(tni_parquet_scan *scan,
                                             tni_parquet_selected *selected, tni_error *error) {
    tni_parquet_source *source = scan->source;
    const tni_parquet_group *group = &source->groups[selected->group];
    const tni_parquet_file *file = &source->files[group->file];
    bool shared = scan->span < group->pieces && scan->worker_count > 1;
    tni_parquet_open_group *open;
    uint32_t i;
    open = (tni_parquet_open_group *)tni_alloc_zero(source->memory, sizeof *open);
    if (!open) {
        return tni_memory_fail(source->memory, sizeof *open, error);
    }
    selected->open = open;
    open->left = group->pieces;
    if (scan->column_count == 0) {
        return TRUENO_OK;
    }
    open->chunks = (tni_parquet_open_chunk *)tni_alloc_zero(
        source->memory, scan->column_count * sizeof *open->chunks);
    if (!open->chunks) {
        return tni_memory_fail(source->memory, scan->column_count * sizeof *open->chunks, error);
    }
    open->count = scan->column_count;
    for (i = 0; i < scan->column_count; i++) {
        const tni_parquet_field *field = &file->metadata.fields[scan->columns[i]];
        if (!field->refusal &&
            !tni_parquet_chunk_init(&open->chunks[i], file, source->check_crc ? &source->crc : NULL,
                                    field->leaf, group->index, shared)) {
            return tni_fail(error, TRUENO_ERROR_MEMORY, "%s: no lock can be had", file->path);
        }
    }
    return TRUENO_OK;
}

/* Claim the next unit; *found false when there is none. */
static trueno_status tni_parquet_claim(tni_parquet_scan *scan, tni_parquet_worker *worker,
                                       bool *found, tni_error *error) {
    uint64_t unit = (uint64_t)tni_atomic_add_i64(&scan->next_unit, 1), first;
    trueno_status status = TRUENO_OK;
    uint32_t which, i;
    *found = unit < scan->unit_count;
    if (!*found) {
        return TRUENO_OK;
    }
    which = tni_parquet_find_unit(scan, unit);
    first = (unit - scan->selected[which].first_unit) * scan->span;
    worker->piece = first;
    worker->end = TNI_MIN(first + scan->span,
                          scan->source->groups[scan->selected[which].group].pieces);
    if (worker->selected != which) { /* cursors must not outlive the chunks they point to */
        for (i = 0; i < scan->column_count; i++) {
            tni_parquet_cursor_reset(&worker->cursors[i]);
        }
        worker->selected = which;
    }
    tni_mutex_lock(&scan->mutex);
    if (!scan->selected[which].open) {
        status = tni_parquet_open_chunks(scan, &scan->selected[which], error);
    }
    tni_mutex_unlock(&scan->mutex);
    return status;
}

static trueno_status tni_parquet_scan_next(tni_scan *base, uint32_t worker_index, tni_morsel *out,
                                           tni_error *error) {
    tni_parquet_scan *scan = (tni_parquet_scan *)(void *)base;
    tni_parquet_worker *worker = &scan->workers[worker_index];
    const tni_parquet_group *group;
    uint64_t first;
    bool found = true;
    memset(out, 0, sizeof *out);
    TNI_TRY(tni_env_check(scan->env, error));
    if (worker->piece == worker->end) {
        TNI_TRY(tni_parquet_claim(scan, worker, &found, error));
        if (!found) {
            return TRUENO_OK;
        }
    }
    group = &scan->source->groups[scan->selected[worker->selected].group];
    first = worker->piece * group->piece_rows;
    out->order = group->first_piece + worker->piece;
    out->first_row = group->first_row + first;
    out->file = group->file;
    out->file_row = group->file_row + first;
    out->rows = (uint32_t)TNI_MIN((uint64_t)group->piece_rows, group->rows - first);
    out->segments = worker->segments;
    worker->piece++;
    return TRUENO_OK;
}

static trueno_status tni_parquet_scan_fetch(tni_scan *base, uint32_t worker_index,
                                            tni_morsel *morsel, uint32_t index, tni_error *error) {
    tni_parquet_scan *scan = (tni_parquet_scan *)(void *)base;
    tni_parquet_worker *worker = &scan->workers[worker_index];
    const tni_parquet_selected *selected = &scan->selected[worker->selected];
    const tni_parquet_group *group = &scan->source->groups[selected->group];
    const tni_parquet_file *file = &scan->source->files[group->file];
    const tni_parquet_field *field = &file->metadata.fields[scan->columns[index]];
    if (worker->segments[index]) {
        return TRUENO_OK;
    }
    if (field->refusal) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "%s: column \"%s\": %s", file->path,
                        field->name, field->refusal);
    }
    return tni_parquet_read_segment(scan->env, &worker->cursors[index],
                                    &selected->open->chunks[index], &worker->spare,
                                    morsel->first_row - group->first_row, morsel->rows,
                                    &worker->segments[index], error);
}

static void tni_parquet_scan_done(tni_scan *base, uint32_t worker_index, tni_morsel *morsel) {
    tni_parquet_scan *scan = (tni_parquet_scan *)(void *)base;
    tni_parquet_worker *worker = &scan->workers[worker_index];
    tni_parquet_selected *selected;
    if (morsel->rows == 0) {
        return;
    }
    tni_parquet_worker_clear(scan, worker);
    selected = &scan->selected[worker->selected];
    tni_mutex_lock(&scan->mutex);
    if (selected->open && --selected->open->left == 0) {
        tni_parquet_open_group_free(scan->source->memory, selected->open);
        selected->open = NULL;
    }
    tni_mutex_unlock(&scan->mutex);
}

/* ---- opening ---- */

static const tni_source_ops tni_parquet_source_ops = {
    "parquet",
    tni_parquet_source_release,
    tni_parquet_scan_begin,
    tni_parquet_scan_next,
    tni_parquet_scan_fetch,
    tni_parquet_scan_done,
    tni_parquet_scan_end,
    tni_parquet_source_zone,
    NULL,
};

static trueno_status tni_parquet_open_files(tni_env *env, tni_parquet_source *source,
                                            const char *const *paths, uint32_t path_count,
                                            const tni_parquet_options *options,
                                            tni_error *error) {
    uint32_t i;
    source->files = (tni_parquet_file *)tni_arena_alloc(
        &source->arena, (path_count + (size_t)1) * sizeof *source->files);
    if (!source->files) {
        return tni_memory_fail(source->memory, path_count * sizeof *source->files, error);
    }
    for (i = 0; i < path_count; i++) {
        source->file_count = i + 1;
        TNI_TRY(tni_parquet_file_open(env, &source->files[i], paths[i], &source->arena,
                                      options->binary_as_string, error));
        TNI_TRY(tni_parquet_check_columns(source, i, error));
    }
    source->source.name = source->files[0].path;
    TNI_TRY(tni_parquet_make_fields(source, error));
    TNI_TRY(tni_parquet_make_groups(source, error));
    tni_parquet_count_bytes(source);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_parquet_open_with(tni_env *env, const char *const *paths,
                                           uint32_t path_count, const tni_parquet_options *options,
                                           tni_source **out, tni_error *error) {
    tni_parquet_source *source;
    trueno_status status;
    *out = NULL;
    if (path_count == 0) {
        return tni_fail(error, TRUENO_ERROR_INVALID, "no Parquet file is named");
    }
    source = (tni_parquet_source *)tni_alloc_zero(env->memory, sizeof *source);
    if (!source) {
        return tni_memory_fail(env->memory, sizeof *source, error);
    }
    source->memory = env->memory;
    source->source.ops = &tni_parquet_source_ops;
    source->check_crc = !options->skip_crc;
    tni_atomic_store_i32(&source->source.references, 1);
    tni_arena_init(&source->arena, env->memory);
    tni_crc32_init(&source->crc);
    status = tni_parquet_open_files(env, source, paths, path_count, options, error);
    if (status != TRUENO_OK) {
        tni_parquet_source_release(&source->source);
        return status;
    }
    *out = &source->source;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_parquet_open(tni_env *env, const char *const *paths, uint32_t path_count,
                                      tni_source **out, tni_error *error) {
    tni_parquet_options options = TNI_ZERO;
    return tni_parquet_open_with(env, paths, path_count, &options, out, error);
}

#undef TNI_PARQUET_PIECE_UNIT
