/*
 * test_csv.c - the CSV reader against 237 files with known cells, types and errors.
 *
 * expected.json (see its README) gives for each file the options, the cells of each column as a
 * hash, the types and values another engine infers, and the lines that errors must name. Every
 * file is also read with several workers and tiny chunks: the result must be the same.
 */
#include "test.h"

#include "format/csv/csv.h"

#include <stdlib.h>

/* ------------------------------------------------------------------------------- JSON --- */

typedef struct json json;
struct json {
    char type; /* n t f 0(number) s a o */
    char *text;
    json *items, *next;
    char *key;
};

static const char *json_at;

static void json_space(void) {
    while (*json_at == ' ' || *json_at == '\n' || *json_at == '\r' || *json_at == '\t') {
        json_at++;
    }
}

static char *json_string(void) {
    size_t capacity = 16, n = 0;
    char *out = (char *)malloc(capacity);
    json_at++;
    while (*json_at != '"') {
        uint8_t bytes[4];
        size_t count = 1, i;
        bytes[0] = (uint8_t)*json_at;
        if (*json_at == '\\') {
            json_at++;
            switch (*json_at) {
            case 'n': bytes[0] = '\n'; break;
            case 't': bytes[0] = '\t'; break;
            case 'r': bytes[0] = '\r'; break;
            case 'b': bytes[0] = '\b'; break;
            case 'f': bytes[0] = '\f'; break;
            case 'u': {
                char hex[5] = {0};
                uint32_t c;
                memcpy(hex, json_at + 1, 4);
                c = (uint32_t)strtoul(hex, NULL, 16);
                json_at += 4;
                if (c >= 0xd800 && c < 0xdc00 && json_at[1] == '\\') {
                    memcpy(hex, json_at + 3, 4);
                    c = 0x10000 + ((c - 0xd800) << 10) - 0xdc00;
                    c += (uint32_t)strtoul(hex, NULL, 16);
                    json_at += 6;
                }
                count = tni_utf8_put(c, bytes);
                break;
            }
            default: bytes[0] = (uint8_t)*json_at; break;
            }
        }
        json_at++;
        if (n + 8 > capacity) {
            capacity *= 2;
            out = (char *)realloc(out, capacity);
        }
        for (i = 0; i < count; i++) {
            out[n++] = (char)bytes[i];
        }
    }
    json_at++;
    out[n] = '\0';
    return out;
}

static json *json_value(void) {
    json *v = (json *)calloc(1, sizeof *v), **tail = &v->items;
    json_space();
    if (*json_at == '{' || *json_at == '[') {
        char close = *json_at == '{' ? '}' : ']';
        v->type = *json_at == '{' ? 'o' : 'a';
        json_at++;
        for (json_space(); *json_at != close; json_space()) {
            char *key = NULL;
            if (*json_at == ',') {
                json_at++;
                continue;
            }
            if (v->type == 'o') {
                key = json_string();
                json_space();
                json_at++;
            }
            *tail = json_value();
            (*tail)->key = key;
            tail = &(*tail)->next;
        }
        json_at++;
    } else if (*json_at == '"') {
        v->type = 's';
        v->text = json_string();
    } else {
        const char *from = json_at;
        size_t n;
        while (*json_at != '\0' && strchr(",]} \n\r\t", *json_at) == NULL) {
            json_at++;
        }
        n = (size_t)(json_at - from);
        v->type = *from == 't' || *from == 'f' || *from == 'n' ? *from : '0';
        v->text = (char *)calloc(1, n + 1);
        memcpy(v->text, from, n);
    }
    return v;
}

static void json_free(json *v) {
    while (v != NULL) {
        json *next = v->next;
        json_free(v->items);
        free(v->text);
        free(v->key);
        free(v);
        v = next;
    }
}

static const json *json_get(const json *v, const char *key) {
    const json *i;
    for (i = v != NULL ? v->items : NULL; i != NULL; i = i->next) {
        if (strcmp(i->key, key) == 0) {
            return i->type == 'n' ? NULL : i;
        }
    }
    return NULL;
}

static const char *json_text(const json *v, const char *key) {
    const json *i = json_get(v, key);
    return i != NULL ? i->text : NULL;
}

static long json_number(const json *v, const char *key) {
    const json *i = json_get(v, key);
    return i != NULL && i->text != NULL ? strtol(i->text, NULL, 10) : -1;
}

/* ---------------------------------------------------------------------------- reading --- */

static tni_memory memory;
static trueno_files files;
static trueno_limits limits;
static tni_env env;

typedef struct part {
    uint64_t order;
    uint32_t rows;
    tni_text *columns; /* canonical cells, a newline after each */
} part;

typedef struct table {
    uint32_t columns;
    uint64_t rows;
    part *parts;
    size_t part_count, part_capacity;
    uint64_t *hashes; /* [columns] */
    uint64_t *nulls;
    trueno_status status;
    tni_error error;
} table;

/* The canonical text of expected.json. */
static void canonical(tni_type type, const tni_value *value, tni_text *out) {
    if (value->is_null) {
        tni_text_add(out, "\\N");
    } else if (type.id == TRUENO_TYPE_VARCHAR) {
        tni_text_append(out, tni_string_data(&value->as.string), value->as.string.length);
    } else if (type.id == TRUENO_TYPE_DOUBLE) {
        uint64_t bits;
        memcpy(&bits, &value->as.number, 8);
        if (value->as.number != value->as.number) {
            tni_text_add(out, "nan");
        } else {
            tni_text_format(out, "%016llx", (unsigned long long)bits);
        }
    } else if (type.id == TRUENO_TYPE_BOOLEAN) {
        tni_text_add(out, value->as.boolean ? "true" : "false");
    } else if (type.id == TRUENO_TYPE_HUGEINT) {
        tni_value_print(value, out);
    } else {
        tni_text_format(out, "%lld", (long long)value->as.integer);
    }
    tni_text_char(out, '\n');
}

static trueno_status keep_morsel(tni_source *source, tni_scan *scan, uint32_t worker,
                                 tni_morsel *morsel, table *t, tni_error *error) {
    uint32_t c, row;
    part *p;
    tni_scratch scratch;
    if (t->part_count == t->part_capacity) {
        t->part_capacity = t->part_capacity * 2 + 16;
        t->parts = (part *)realloc(t->parts, t->part_capacity * sizeof *t->parts);
    }
    p = &t->parts[t->part_count++];
    p->order = morsel->order;
    p->rows = morsel->rows;
    p->columns = (tni_text *)calloc(t->columns ? t->columns : 1, sizeof *p->columns);
    tni_scratch_init(&scratch, &memory);
    for (c = 0; c < t->columns; c++) {
        trueno_status status;
        tni_text_init(&p->columns[c], &memory);
        status = source->ops->fetch(scan, worker, morsel, c, error);
        for (row = 0; status == TRUENO_OK && row < morsel->rows; row += TNI_VECTOR_ROWS) {
            uint32_t i, n = TNI_MIN(morsel->rows - row, TNI_VECTOR_ROWS);
            tni_vector vector;
            tni_scratch_reset(&scratch);
            status = tni_segment_view(&env, morsel->segments[c], row, n, &scratch, &vector, error);
            for (i = 0; status == TRUENO_OK && i < n; i++) {
                tni_value value = tni_vector_value(&vector, i);
                t->nulls[c] += value.is_null;
                canonical(source->fields[c].type, &value, &p->columns[c]);
            }
        }
        if (status != TRUENO_OK) {
            tni_scratch_free(&scratch);
            return status;
        }
    }
    t->rows += morsel->rows;
    tni_scratch_free(&scratch);
    return TRUENO_OK;
}

/* Files that live in memory: "mem:0", "mem:1"... */
typedef struct memory_file {
    const char *data;
    size_t size;
} memory_file;
static memory_file memory_files[16];

static int memory_open(void *user, const char *path, trueno_file_mode mode, void **file) {
    (void)user;
    if (mode != TRUENO_FILE_READ || strncmp(path, "mem:", 4) != 0) {
        return 2;
    }
    *file = &memory_files[strtoul(path + 4, NULL, 10) & 15];
    return 0;
}

static int memory_size(void *user, void *file, uint64_t *size) {
    (void)user;
    *size = ((memory_file *)file)->size;
    return 0;
}

static int memory_read(void *user, void *file, uint64_t offset, void *data, size_t size,
                       size_t *done) {
    const memory_file *f = (const memory_file *)file;
    (void)user;
    *done = TNI_MIN(size, f->size - (size_t)offset);
    memcpy(data, f->data + offset, *done);
    return 0;
}

static int memory_close(void *user, void *file) {
    (void)user;
    (void)file;
    return 0;
}

static trueno_files in_memory;

static int part_compare(const void *a, const void *b) {
    uint64_t x = ((const part *)a)->order, y = ((const part *)b)->order;
    return x < y ? -1 : x > y;
}

static void table_free(table *t) {
    size_t i;
    uint32_t c;
    for (i = 0; i < t->part_count; i++) {
        for (c = 0; c < t->columns; c++) {
            if (t->parts[i].columns[c].memory != NULL) {
                tni_text_free(&t->parts[i].columns[c]);
            }
        }
        free(t->parts[i].columns);
    }
    free(t->parts);
    free(t->hashes);
    free(t->nulls);
}

/* All columns of a source, by `workers` that take turns. */
static void read_table(tni_source *source, uint32_t workers, table *t) {
    uint32_t *columns = (uint32_t *)calloc(source->field_count + 1, sizeof *columns), c, w;
    bool *over = (bool *)calloc(workers, sizeof(bool));
    uint32_t left = workers;
    tni_scan_request request;
    tni_scan *scan;
    size_t i;
    memset(t, 0, sizeof *t);
    tni_error_clear(&t->error);
    t->columns = source->field_count;
    t->hashes = (uint64_t *)calloc(t->columns + 1, sizeof *t->hashes);
    t->nulls = (uint64_t *)calloc(t->columns + 1, sizeof *t->nulls);
    for (c = 0; c < t->columns; c++) {
        columns[c] = c;
    }
    memset(&request, 0, sizeof request);
    request.columns = columns;
    request.column_count = t->columns;
    request.workers = workers;
    t->status = source->ops->begin(source, &env, &request, &scan, &t->error);
    if (t->status == TRUENO_OK) {
        for (w = 0; left > 0 && t->status == TRUENO_OK; w = (w + 1) % workers) {
            tni_morsel morsel;
            if (over[w]) {
                continue;
            }
            t->status = source->ops->next(scan, w, &morsel, &t->error);
            if (t->status != TRUENO_OK || morsel.rows == 0) {
                over[w] = true;
                left--;
                continue;
            }
            t->status = keep_morsel(source, scan, w, &morsel, t, &t->error);
            source->ops->done(scan, w, &morsel);
        }
        source->ops->end(scan);
    }
    if (t->part_count > 0) {
        qsort(t->parts, t->part_count, sizeof *t->parts, part_compare);
    }
    for (c = 0; t->status == TRUENO_OK && c < t->columns; c++) {
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        for (i = 0; i < t->part_count; i++) {
            const tni_text *text = &t->parts[i].columns[c];
            size_t k;
            for (k = 0; k < text->length; k++) {
                hash = (hash ^ (uint8_t)text->data[k]) * UINT64_C(0x100000001b3);
            }
        }
        t->hashes[c] = hash;
    }
    free(columns);
    free(over);
}

typedef struct reader {
    tni_source *source;
    tni_scan *scan;
    uint32_t worker;
    table t;
} reader;

static void reader_run(void *argument) {
    reader *r = (reader *)argument;
    for (;;) {
        tni_morsel morsel;
        r->t.status = r->source->ops->next(r->scan, r->worker, &morsel, &r->t.error);
        if (r->t.status != TRUENO_OK || morsel.rows == 0) {
            return;
        }
        r->t.status = keep_morsel(r->source, r->scan, r->worker, &morsel, &r->t, &r->t.error);
        r->source->ops->done(r->scan, r->worker, &morsel);
        if (r->t.status != TRUENO_OK) {
            return;
        }
    }
}

/* The same by threads. */
static void read_table_threads(tni_source *source, uint32_t workers, table *t) {
    uint32_t columns[64], c, w;
    reader readers[8];
    tni_thread *threads[8];
    tni_scan_request request;
    tni_scan *scan;
    size_t i, k;
    memset(t, 0, sizeof *t);
    memset(readers, 0, sizeof readers);
    tni_error_clear(&t->error);
    t->columns = source->field_count;
    t->hashes = (uint64_t *)calloc(t->columns + 1, sizeof *t->hashes);
    t->nulls = (uint64_t *)calloc(t->columns + 1, sizeof *t->nulls);
    for (c = 0; c < t->columns; c++) {
        columns[c] = c;
    }
    memset(&request, 0, sizeof request);
    request.columns = columns;
    request.column_count = t->columns;
    request.workers = workers;
    t->status = source->ops->begin(source, &env, &request, &scan, &t->error);
    if (t->status != TRUENO_OK) {
        return;
    }
    for (w = 0; w < workers; w++) {
        readers[w].source = source;
        readers[w].scan = scan;
        readers[w].worker = w;
        readers[w].t.columns = t->columns;
        readers[w].t.nulls = (uint64_t *)calloc(t->columns + 1, sizeof(uint64_t));
        tni_error_clear(&readers[w].t.error);
        threads[w] = tni_thread_start(reader_run, &readers[w]);
    }
    for (w = 0; w < workers; w++) {
        table *from = &readers[w].t;
        if (threads[w] != NULL) {
            tni_thread_join(threads[w]);
        }
        if (from->status != TRUENO_OK && t->status == TRUENO_OK) {
            t->status = from->status;
            t->error = from->error;
        }
        t->parts = (part *)realloc(t->parts, (t->part_count + from->part_count + 1) * sizeof(part));
        if (from->part_count > 0) {
            memcpy(t->parts + t->part_count, from->parts, from->part_count * sizeof(part));
        }
        t->part_count += from->part_count;
        t->rows += from->rows;
        free(from->parts);
        free(from->nulls);
    }
    source->ops->end(scan);
    if (t->part_count > 0) {
        qsort(t->parts, t->part_count, sizeof *t->parts, part_compare);
    }
    for (c = 0; t->status == TRUENO_OK && c < t->columns; c++) {
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        for (i = 0; i < t->part_count; i++) {
            const tni_text *text = &t->parts[i].columns[c];
            for (k = 0; k < text->length; k++) {
                hash = (hash ^ (uint8_t)text->data[k]) * UINT64_C(0x100000001b3);
            }
        }
        t->hashes[c] = hash;
    }
}

static void set_text(tni_csv_options *options, const char *name, const char *text) {
    tni_value value = tni_value_string(tni_type_make(TRUENO_TYPE_VARCHAR),
                                       tni_string_make(text, strlen(text)));
    tni_error error;
    tni_error_clear(&error);
    if (tni_csv_option_value(options, name, &value, &error) != TRUENO_OK) {
        printf("    %s\n", error.message);
        TNI_CHECK(!"option accepted");
    }
}

static void set_options(tni_csv_options *options, const json *given) {
    const json *o, *c;
    for (o = given->items; o != NULL; o = o->next) {
        if (strcmp(o->key, "columns") == 0) {
            tni_value values[64];
            const char *keys[64];
            tni_csv_setting setting = TNI_ZERO;
            for (c = o->items; c != NULL; c = c->next) {
                keys[setting.count] = c->key;
                values[setting.count++] = tni_value_string(
                    tni_type_make(TRUENO_TYPE_VARCHAR), tni_string_make(c->text, strlen(c->text)));
            }
            setting.items = values;
            setting.keys = keys;
            setting.is_list = true;
            TNI_CHECK(tni_csv_option(options, "columns", &setting, NULL) == TRUENO_OK);
        } else {
            set_text(options, o->key, o->text);
        }
    }
}

static trueno_status open_file(const char *path, const tni_csv_options *options,
                               tni_source **source, tni_error *error) {
    tni_error_clear(error);
    return tni_csv_open(&env, &path, 1, options, source, error);
}

/* -------------------------------------------------------------------------- the checks --- */

static unsigned long checked_raw, checked_types, same_types, checked_stats, checked_auto,
    checked_errors, checked_rejects, checked_chunks;

static bool verbose(void) {
    return getenv("TRUENO_TEST_VERBOSE") != NULL;
}

static void complain(const char *file, const char *what, const char *got, const char *wanted) {
    printf("%s: %s: %s%s%s%s\n", file, what, got, wanted ? " (expected " : "",
           wanted ? wanted : "", wanted ? ")" : "");
    tni_test_failed++;
}

/* Cells as text against the hashes. */
static bool compare_raw(const char *file, const char *what, const json *expected,
                        const tni_source *source, const table *t) {
    const json *raw = json_get(expected, "raw"), *r;
    long rows = json_number(expected, "rows");
    uint32_t c = 0;
    char text[64];
    if (t->status != TRUENO_OK) {
        complain(file, what, t->error.message, "rows");
        return false;
    }
    if (rows >= 0 && (uint64_t)rows != t->rows) {
        (void)snprintf(text, sizeof text, "%llu rows, not %ld", (unsigned long long)t->rows, rows);
        complain(file, what, text, NULL);
        return false;
    }
    for (r = raw != NULL ? raw->items : NULL; r != NULL; r = r->next, c++) {
        uint64_t wanted = strtoull(json_text(r, "fnv1a64"), NULL, 16);
        const char *name = json_text(r, "name");
        if (c >= t->columns) {
            complain(file, what, "too few columns", NULL);
            return false;
        }
        if (name != NULL && strcmp(source->fields[c].name, name) != 0) {
            complain(file, what, source->fields[c].name, name);
            return false;
        }
        if (t->hashes[c] != wanted) {
            complain(file, what, "other cells in column", source->fields[c].name);
            return false;
        }
    }
    tni_test_passed++;
    return true;
}

static void options_for(tni_csv_options *options, tni_arena *arena, const json *expected,
                        bool given) {
    tni_arena_init(arena, &memory);
    tni_csv_options_init(options, arena);
    if (given) {
        set_options(options, json_get(expected, "options"));
    }
}

static void raw_mode(tni_csv_options *options) {
    uint32_t i;
    options->all_varchar = true;
    options->null_set = true;
    options->null_count = 0;
    options->quoted_never_null = true;
    for (i = 0; i < options->column_count; i++) {
        options->columns[i].type = "VARCHAR";
    }
}

/* Raw cells with the options given, and again for other chunk sizes and worker counts. */
static bool check_raw(const char *file, const char *path, const json *expected) {
    static const uint32_t chunk_sizes[] = {0, 64, 100, 4096};
    size_t k;
    for (k = 0; k < TNI_COUNT_OF(chunk_sizes); k++) {
        tni_csv_options options;
        tni_arena arena;
        tni_source *source;
        tni_error error;
        table t;
        bool ok;
        if (k > 0 && json_number(expected, "bytes") > (k == 3 ? 4000000 : 300000)) {
            continue;
        }
        options_for(&options, &arena, expected, true);
        raw_mode(&options);
        options.chunk_bytes = chunk_sizes[k];
        if (open_file(path, &options, &source, &error) != TRUENO_OK) {
            complain(file, "open", error.message, NULL);
            tni_arena_free(&arena);
            return false;
        }
        read_table(source, k == 0 ? 1 : (uint32_t)k + 1, &t);
        ok = compare_raw(file, k == 0 ? "cells" : "cells in small chunks", expected, source, &t);
        checked_raw += k == 0;
        checked_chunks += k > 0;
        table_free(&t);
        tni_source_release(source);
        tni_arena_free(&arena);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* Differences in inferred types that we stand by, with the reason. */
typedef struct deviation {
    const char *file;
    const char *reason;
} deviation;

static const deviation deviations[] = {
    {"arrow-testing/aggregate_test_100.csv", "integers beyond BIGINT stay exact: HUGEINT"},
    {"arrow-testing/aggregate_test_100.csv.gz", "integers beyond BIGINT stay exact: HUGEINT"},
    {"duckdb/mixed_timestamps.csv", "one value has another form: text, not a NULL in its place"},
    {"duckdb/timestamp_with_tz.csv", "names of time zones (EST) are not resolved: text"},
    {"duckdb/versions.csv", "1.2.20 is a version, not a day of the year 1"},
};

static bool is_deviation(const char *file) {
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(deviations); i++) {
        if (strcmp(deviations[i].file, file) == 0) {
            printf("deviation %s: %s\n", file, deviations[i].reason);
            return true;
        }
    }
    return false;
}

static bool names_line(const char *message, long line) {
    char wanted[32];
    const char *at;
    (void)snprintf(wanted, sizeof wanted, "line %ld", line);
    at = strstr(message, wanted);
    return at != NULL && !(at[strlen(wanted)] >= '0' && at[strlen(wanted)] <= '9');
}

static void check_types(const char *file, const char *path, const json *expected, bool given) {
    const json *types = json_get(expected, "types"), *stats = json_get(expected, "stats");
    tni_csv_options options;
    tni_arena arena;
    tni_source *source;
    tni_error error;
    table t;
    const json *type, *s;
    uint32_t c = 0;
    bool same = true;
    options_for(&options, &arena, expected, given);
    if (open_file(path, &options, &source, &error) != TRUENO_OK) {
        complain(file, "open with types", error.message, NULL);
        tni_arena_free(&arena);
        return;
    }
    checked_types++;
    for (type = types != NULL ? types->items : NULL; type != NULL && c < source->field_count;
         type = type->next, c++) {
        char name[40];
        tni_type_print(source->fields[c].type, name);
        if (strcmp(name, type->text) != 0) {
            printf("type %s: column %s: %s, not %s\n", file, source->fields[c].name, name,
                   type->text);
            same = false;
        }
    }
    same_types += same;
    if (!same && !is_deviation(file)) {
        tni_test_failed++;
    }
    tni_test_passed += same;
    read_table(source, 2, &t);
    if (t.status != TRUENO_OK) {
        /* the sample cannot know what comes after it: an error that names the line */
        if (strstr(file, "late-type") == NULL || !names_line(t.error.message, 24999)) {
            complain(file, "typed read", t.error.message, NULL);
        }
    } else {
        for (c = 0, s = stats != NULL ? stats->items : NULL; s != NULL && c < t.columns;
             s = s->next, c++) {
            const char *hash = json_text(s, "fnv1a64");
            char name[40];
            tni_type_print(source->fields[c].type, name);
            if (hash == NULL || json_text(s, "type") == NULL ||
                strcmp(json_text(s, "type"), name) != 0) {
                continue;
            }
            checked_stats++;
            if (t.hashes[c] != strtoull(hash, NULL, 16)) {
                complain(file, "other values in column", source->fields[c].name, name);
            } else {
                tni_test_passed++;
            }
        }
    }
    table_free(&t);
    tni_source_release(source);
    tni_arena_free(&arena);
}

/* Nothing given: the same cells. */
static void check_auto(const char *file, const char *path, const json *expected, bool must) {
    tni_csv_options options;
    tni_arena arena;
    tni_source *source;
    tni_error error;
    table t;
    options_for(&options, &arena, expected, false);
    raw_mode(&options);
    if (open_file(path, &options, &source, &error) != TRUENO_OK) {
        if (must) {
            complain(file, "open with detection", error.message, NULL);
        } else if (verbose()) {
            printf("auto %s: %s\n", file, error.message);
        }
        tni_arena_free(&arena);
        return;
    }
    read_table(source, 1, &t);
    if (must) {
        compare_raw(file, "detected", expected, source, &t);
    } else if (verbose()) {
        /* files that are odd on purpose: what detection makes of them is a matter of taste */
        unsigned long failed = tni_test_failed, passed = tni_test_passed;
        compare_raw(file, "auto", expected, source, &t);
        tni_test_failed = failed;
        tni_test_passed = passed;
    }
    checked_auto++;
    table_free(&t);
    tni_source_release(source);
    tni_arena_free(&arena);
}

/* Reading fails; gives the message. */
static bool read_fails(const char *path, const tni_csv_options *options, tni_error *error) {
    tni_source *source;
    table t;
    bool fails;
    if (open_file(path, options, &source, error) != TRUENO_OK) {
        return true;
    }
    read_table(source, 2, &t);
    fails = t.status != TRUENO_OK;
    *error = t.error;
    table_free(&t);
    tni_source_release(source);
    return fails;
}

static void check_error(const char *file, const char *path, const json *expected) {
    long line = json_number(expected, "error_line");
    tni_csv_options options;
    tni_arena arena;
    tni_error error;
    options_for(&options, &arena, expected, true);
    checked_errors++;
    if (!read_fails(path, &options, &error)) {
        complain(file, "no error", "rows", NULL);
    } else if (line > 0 && !names_line(error.message, line)) {
        char text[32];
        (void)snprintf(text, sizeof text, "line %ld", line);
        complain(file, "error", error.message, text);
    } else {
        tni_test_passed++;
    }
    tni_arena_free(&arena);
}

static void check_rejects(const char *file, const char *path, const json *expected) {
    const json *list = json_get(expected, "rejects"), *r;
    long line = json_number(expected, "first_error_line");
    long record = json_number(expected, "first_error_record"), rows = json_number(expected, "rows");
    tni_csv_options options;
    tni_arena arena;
    tni_source *source;
    tni_error error;
    table t;
    char text[160];
    options_for(&options, &arena, expected, true);
    checked_rejects++;
    (void)snprintf(text, sizeof text, "record %ld)", record);
    if (!read_fails(path, &options, &error)) {
        complain(file, "strict mode reads it", "rows", NULL);
    } else if (line > 0 ? !names_line(error.message, line)
                        : strstr(error.message, text) == NULL &&
                              !names_line(error.message, record)) {
        complain(file, "first error", error.message, text);
    } else {
        tni_test_passed++;
    }
    options.ignore_errors = true;
    if (open_file(path, &options, &source, &error) != TRUENO_OK) {
        complain(file, "open", error.message, NULL);
        tni_arena_free(&arena);
        return;
    }
    read_table(source, 2, &t);
    if (t.status != TRUENO_OK) {
        complain(file, "ignore_errors", t.error.message, NULL);
    } else {
        size_t count = 0, i;
        uint64_t skipped = 0;
        const tni_csv_reject *rejects = tni_csv_rejects(source, &count, &skipped);
        if (rows >= 0 && (uint64_t)rows != t.rows) {
            (void)snprintf(text, sizeof text, "%llu rows, not %ld", (unsigned long long)t.rows,
                           rows);
            complain(file, "ignore_errors", text, NULL);
        } else {
            tni_test_passed++;
        }
        for (r = list != NULL ? list->items : NULL; r != NULL; r = r->next) {
            long wanted = json_number(r, "line") > 0 ? json_number(r, "line")
                                                     : json_number(r, "record");
            bool found = false;
            for (i = 0; i < count; i++) {
                found = found || rejects[i].line == (uint64_t)wanted;
            }
            if (!found) {
                (void)snprintf(text, sizeof text, "line %ld is not among the rejects", wanted);
                complain(file, "rejects", text, NULL);
            } else {
                tni_test_passed++;
            }
        }
    }
    table_free(&t);
    tni_source_release(source);
    tni_arena_free(&arena);
}

/* Any end but a crash; rows, when given, must be right. */
static void check_lenient(const char *file, const char *path, const json *expected, bool loud) {
    tni_csv_options options;
    tni_arena arena;
    tni_source *source;
    tni_error error;
    table t;
    options_for(&options, &arena, expected, true);
    raw_mode(&options);
    if (open_file(path, &options, &source, &error) != TRUENO_OK) {
        if (verbose()) {
            printf("refused %s: %s\n", file, error.message);
        }
        tni_test_passed++;
        tni_arena_free(&arena);
        return;
    }
    read_table(source, 2, &t);
    if (t.status != TRUENO_OK) {
        if (verbose()) {
            printf("refused %s: %s\n", file, t.error.message);
        }
        tni_test_passed++;
    } else if (loud) {
        compare_raw(file, "lenient", expected, source, &t);
    }
    table_free(&t);
    tni_source_release(source);
    tni_arena_free(&arena);
}

static void check_file(const json *expected, const char *folder) {
    const char *file = json_text(expected, "file"), *outcome = json_text(expected, "outcome");
    const char *only = getenv("TRUENO_TEST_FILE");
    const json *automatic = json_get(expected, "auto_detect_expected");
    char path[1024];
    if (only != NULL && strstr(file, only) == NULL) {
        return;
    }
    (void)snprintf(path, sizeof path, "%s/data/csv/%s", folder, file);
    if (strcmp(outcome, "error") == 0) {
        check_error(file, path, expected);
    } else if (strcmp(outcome, "rejects") == 0) {
        check_rejects(file, path, expected);
    } else if (strcmp(outcome, "ok") == 0 || strcmp(outcome, "ok_or_unsupported") == 0) {
        check_raw(file, path, expected);
        check_types(file, path, expected, true);
        check_auto(file, path, expected, automatic != NULL && automatic->type == 't');
    } else {
        check_lenient(file, path, expected, strcmp(outcome, "lenient") == 0);
    }
}

/* -------------------------------------------------------------------- small files in text --- */

/* Cells of all records: fields between '|', records between newlines. */
static void table_text(const table *t, tni_text *out) {
    size_t p;
    tni_text_clear(out);
    for (p = 0; p < t->part_count; p++) {
        const part *piece = &t->parts[p];
        const char *at[64];
        uint32_t r, c;
        for (c = 0; c < t->columns; c++) {
            at[c] = piece->columns[c].data;
        }
        for (r = 0; r < piece->rows; r++) {
            for (c = 0; c < t->columns; c++) {
                const char *end = strchr(at[c], '\n');
                if (c > 0) {
                    tni_text_char(out, '|');
                }
                tni_text_append(out, at[c], (size_t)(end - at[c]));
                at[c] = end + 1;
            }
            tni_text_char(out, '\n');
        }
    }
}

/* Read `count` texts as files with options "name=value;..." and compare types and cells; an
 * expected text that begins with "error: " is part of the message. */
static void check_texts(const char *const *texts, uint32_t count, const char *given,
                        const char *types, const char *cells, int line) {
    static const char *const paths[] = {"mem:0", "mem:1", "mem:2", "mem:3"};
    char copy[512], *setting, *rest = copy;
    tni_csv_options options;
    tni_arena arena;
    tni_source *source;
    tni_error error;
    tni_text text;
    table t;
    uint32_t i;
    for (i = 0; i < count; i++) {
        memory_files[i].data = texts[i];
        memory_files[i].size = strlen(texts[i]);
    }
    env.files = &in_memory;
    tni_arena_init(&arena, &memory);
    tni_csv_options_init(&options, &arena);
    (void)snprintf(copy, sizeof copy, "%s", given);
    while (*rest != '\0') {
        char *value;
        setting = rest;
        rest += strcspn(rest, "!");
        if (*rest != '\0') {
            *rest++ = '\0';
        }
        value = strchr(setting, '=');
        *value++ = '\0';
        set_text(&options, setting, value);
    }
    tni_error_clear(&error);
    tni_text_init(&text, &memory);
    if (tni_csv_open(&env, paths, count, &options, &source, &error) != TRUENO_OK) {
        if (!tni_test_check(strncmp(cells, "error: ", 7) == 0 &&
                                strstr(error.message, cells + 7) != NULL,
                            __FILE__, line, "opens")) {
            printf("    %s\n", error.message);
        }
        tni_arena_free(&arena);
        env.files = &files;
        return;
    }
    for (i = 0; i < source->field_count; i++) {
        char name[40];
        tni_type_print(source->fields[i].type, name);
        tni_text_format(&text, "%s%s %s", i ? "," : "", source->fields[i].name, name);
    }
    if (types != NULL) {
        tni_test_text(text.data, types, __FILE__, line, "types");
    }
    read_table(source, 2, &t);
    if (t.status != TRUENO_OK) {
        if (!tni_test_check(strncmp(cells, "error: ", 7) == 0 &&
                                strstr(t.error.message, cells + 7) != NULL,
                            __FILE__, line, cells)) {
            printf("    %s\n", t.error.message);
        }
    } else {
        table_text(&t, &text);
        tni_test_text(text.data != NULL ? text.data : "", cells, __FILE__, line, "cells");
    }
    table_free(&t);
    tni_text_free(&text);
    tni_source_release(source);
    tni_arena_free(&arena);
    env.files = &files;
}

#define CHECK_TEXT(text, given, types, cells)                                                      \
    do {                                                                                           \
        const char *one_text = (text);                                                             \
        check_texts(&one_text, 1, (given), (types), (cells), __LINE__);                            \
    } while (0)

static void test_types(void) {
    CHECK_TEXT("a,b\n1,x\n-2,y\n", "", "a BIGINT,b VARCHAR", "1|x\n-2|y\n");
    CHECK_TEXT("a,b\n1,\n,y\n", "", "a BIGINT,b VARCHAR", "1|\\N\n\\N|y\n");
    CHECK_TEXT("a\n007\n08\n", "", "a VARCHAR", "007\n08\n");
    CHECK_TEXT("a\n+1\n", "", "a VARCHAR", "+1\n");
    CHECK_TEXT("a\n99999999999999999999\n1\n", "", "a HUGEINT", "99999999999999999999\n1\n");
    CHECK_TEXT("a\n1.5\n-2\n", "", "a DOUBLE", "3ff8000000000000\nc000000000000000\n");
    CHECK_TEXT("a\ninf\nnan\n", "", "a VARCHAR", "inf\nnan\n");
    CHECK_TEXT("a\n1.5\nnan\n", "", "a DOUBLE", "3ff8000000000000\nnan\n");
    CHECK_TEXT("a\ntrue\nF\n", "", "a BOOLEAN", "true\nfalse\n");
    CHECK_TEXT("a\n1970-01-02\n1969-12-31\n", "", "a DATE", "1\n-1\n");
    CHECK_TEXT("a\n13/01/1970\n01/02/1970\n", "", "a DATE", "12\n31\n");
    CHECK_TEXT("a\n01/13/1970\n02/01/1970\n", "", "a DATE", "12\n31\n");
    CHECK_TEXT("a\n01/02/1970\n", "", "a VARCHAR", "01/02/1970\n");
    CHECK_TEXT("a\n01/02/1970\n", "dateformat=%d/%m/%Y", "a DATE", "31\n");
    CHECK_TEXT("a\n1970-01-01 00:00:01.5\n", "", "a TIMESTAMP", "1500000\n");
    CHECK_TEXT("a\n1970-01-01T00:00:01Z\n", "", "a TIMESTAMP WITH TIME ZONE", "1000000\n");
    CHECK_TEXT("a\n00:01\n01:00:00.25\n", "", "a TIME", "60000000\n3600250000\n");
    CHECK_TEXT("a;b\n1,5;x\n2,25;y\n", "decimal_separator=,", "a DOUBLE,b VARCHAR",
               "3ff8000000000000|x\n4002000000000000|y\n");
    CHECK_TEXT("a;b\n1,000;x\n2;y\n", "thousands=,", "a BIGINT,b VARCHAR", "1000|x\n2|y\n");
    CHECK_TEXT("a,b\n1,NA\nNA,2\n", "nullstr=NA", "a BIGINT,b BIGINT", "1|\\N\n\\N|2\n");
    CHECK_TEXT("a,b\n1,3\n3,2\n", "nullstr=3", "a BIGINT,b BIGINT", "1|\\N\n\\N|2\n");
    CHECK_TEXT("a,b\n1,x\n", "all_varchar=true", "a VARCHAR,b VARCHAR", "1|x\n");
}

static void test_quoting(void) {
    CHECK_TEXT("a,b\n1,\"x,y\"\n2,\"p\"\"q\"\n", "", "a BIGINT,b VARCHAR", "1|x,y\n2|p\"q\n");
    CHECK_TEXT("a,b\n1, \"x\"\n2,\"y\" \n", "", "a BIGINT,b VARCHAR", "1|x\n2|y\n");
    CHECK_TEXT("a,b\n1,5\"x\n2,3\"\n", "", "a BIGINT,b VARCHAR", "1|5\"x\n2|3\"\n");
    CHECK_TEXT("a,b\n1,\"\"\n2,\n", "", "a BIGINT,b VARCHAR", "1|\\N\n2|\\N\n");
    CHECK_TEXT("a,b\n1,\"\"\n2,\n", "allow_quoted_nulls=false", "a BIGINT,b VARCHAR",
               "1|\n2|\\N\n");
    CHECK_TEXT("a,b\n1,\"x\"y\n2,z\n", "delim=,!quote=\"!header=true", NULL, "error: line 2");
    CHECK_TEXT("a,b\n1,x\n2,\"z\n3,w\n", "delim=,!quote=\"!header=true", NULL, "error: line 3");
    CHECK_TEXT("a,b\n1,'x,y'\n2,'z'\n", "", "a BIGINT,b VARCHAR", "1|x,y\n2|z\n");
    CHECK_TEXT("a,b\n1,\"x\\\"y\"\n2,z\n", "", "a BIGINT,b VARCHAR", "1|x\"y\n2|z\n");
}

static void test_records(void) {
    const char *two[2];
    CHECK_TEXT("a\n1\n\n3\n", "", "a BIGINT", "1\n\\N\n3\n");
    CHECK_TEXT("a,b\r1,2\r\n\r\n3,4\n\n", "", "a BIGINT,b BIGINT", "1|2\n3|4\n");
    CHECK_TEXT("a,b,c\n1,2,3,\n2,3,4,\n", "", "a BIGINT,b BIGINT,c BIGINT",
               "1|2|3\n2|3|4\n");
    CHECK_TEXT("a,b\n1,2\n1,2,3\n", "", NULL, "error: line 3: expected 2 fields, found 3");
    CHECK_TEXT("a,b\n1,2\n1\n", "", NULL, "error: line 3: expected 2 fields, found 1");
    CHECK_TEXT("a,b\n1,2\n1\n", "null_padding=true", NULL, "1|2\n1|\\N\n");
    CHECK_TEXT("a,b\n1,2\nx\n3,4\n", "ignore_errors=true", NULL, "1|2\n3|4\n");
    CHECK_TEXT("a,b\n1,2\n# note\n3,4\n", "comment=#", NULL, "1|2\n3|4\n");
    CHECK_TEXT("some words\n\na,b\n1,2\n3,4\n", "", "a BIGINT,b BIGINT", "1|2\n3|4\n");
    CHECK_TEXT("a,b\n1,2\n", "skip=1!header=false", "column0 BIGINT,column1 BIGINT", "1|2\n");
    CHECK_TEXT("a::b\n1::2\n", "delim=::", "a BIGINT,b BIGINT", "1|2\n");
    CHECK_TEXT("", "", "column0 VARCHAR", "");
    CHECK_TEXT("a,b\n", "", "a VARCHAR,b VARCHAR", "");
    CHECK_TEXT("a,a,,A\n1,2,3,4\n", "", "a BIGINT,a_1 BIGINT,column2 BIGINT,A_2 BIGINT",
               "1|2|3|4\n");
    two[0] = "a,b\n1,x\n";
    two[1] = "b,a\ny,2\n";
    check_texts(two, 2, "", "a BIGINT,b VARCHAR", "1|x\n2|y\n", __LINE__);
    two[1] = "c,a\nz,2\n";
    check_texts(two, 2, "", NULL, "error: mem:1: no column \"b\"", __LINE__);
    check_texts(two, 2, "union_by_name=true", "a BIGINT,b VARCHAR,c VARCHAR",
                "1|x|\\N\n2|\\N|z\n", __LINE__);
    two[1] = "a,b\nq,2\n";
    check_texts(two, 2, "", NULL,
                "error: mem:1: line 2, column \"a\": cannot convert \"q\" to BIGINT", __LINE__);
}

/* Many records around every chunk boundary, many threads: the same cells. */
static void test_threads(void) {
    size_t capacity = (size_t)1 << 20, n = 0, i;
    char *text = (char *)malloc(capacity);
    uint64_t wanted[4] = {0, 0, 0, 0}, rows = 0;
    uint32_t chunk, seed = 12345;
    n += (size_t)sprintf(text, "k,s,d,t\n");
    for (i = 0; n + 200 < capacity; i++) {
        static const char *const words[] = {"plain", "\"with, comma\"", "\"two\nlines\"",
                                            "\"a \"\"b\"\"\"", "\"\"", "", "\"\r\n\"",
                                            "a longer text that is not inline"};
        seed = seed * 1103515245 + 12345;
        n += (size_t)sprintf(text + n, "%u,%s,%u.%02u,2024-01-%02u 01:02:03%s", (unsigned)i,
                             words[(seed >> 16) % 8], (seed >> 8) % 1000, (seed >> 20) % 100,
                             1 + (seed >> 12) % 28, (seed >> 14) % 3 ? "\n" : "\r\n");
    }
    memory_files[0].data = text;
    memory_files[0].size = n;
    env.files = &in_memory;
    for (chunk = 0; chunk < 5; chunk++) {
        static const uint32_t sizes[] = {0, 65536, 1000, 4099, 777};
        tni_csv_options options;
        tni_arena arena;
        tni_source *source;
        tni_error error;
        table t;
        uint32_t c;
        tni_arena_init(&arena, &memory);
        tni_csv_options_init(&options, &arena);
        options.chunk_bytes = sizes[chunk];
        TNI_CHECK(open_file("mem:0", &options, &source, &error) == TRUENO_OK);
        read_table_threads(source, 4, &t);
        if (!TNI_CHECK(t.status == TRUENO_OK)) {
            printf("    %s\n", t.error.message);
        } else if (chunk == 0) {
            rows = t.rows;
            TNI_CHECK_EQ_UINT(rows, i);
            memcpy(wanted, t.hashes, sizeof wanted);
        } else {
            TNI_CHECK_EQ_UINT(t.rows, rows);
            for (c = 0; c < 4; c++) {
                TNI_CHECK_EQ_UINT(t.hashes[c], wanted[c]);
            }
        }
        table_free(&t);
        tni_source_release(source);
        tni_arena_free(&arena);
    }
    env.files = &files;
    free(text);
}

/* Memory runs out at every single allocation in turn: an error each time, and nothing leaks. */
typedef struct failing {
    trueno_allocator base;
    long left; /* allocations until the one that fails */
} failing;

static void *failing_alloc(void *user, size_t size, size_t alignment) {
    failing *f = (failing *)user;
    return f->left-- == 0 ? NULL : f->base.alloc(f->base.user, size, alignment);
}

static void failing_free(void *user, void *block, size_t size) {
    failing *f = (failing *)user;
    f->base.free(f->base.user, block, size);
}

static void test_memory(void) {
    static const char *const settings[] = {"", "ignore_errors=true", "null_padding=true"};
    static const char text[] =
        "id,name,when,price\n1,\"a long text, quoted and longer than 12\",2024-01-01,1.5\n"
        "2,\"say \"\"something rather long\"\"\",2024-01-02,2\n3,x,2024-01-03,3\n4,,,\n";
    static const char *const path = "mem:0";
    tni_memory kept = memory;
    failing f;
    trueno_allocator allocator;
    size_t k;
    memory_files[0].data = text;
    memory_files[0].size = sizeof text - 1;
    env.files = &in_memory;
    tni_allocator_default(&f.base);
    allocator.alloc = failing_alloc;
    allocator.free = failing_free;
    allocator.user = &f;
    for (k = 0; k < TNI_COUNT_OF(settings); k++) {
        long n;
        bool failed = true;
        for (n = 0; failed && n < 5000; n++) {
            tni_csv_options options;
            tni_arena arena;
            tni_source *source = NULL;
            tni_error error;
            tni_memory outer;
            trueno_status status;
            tni_memory_init(&outer, &f.base, 0);
            tni_memory_init(&memory, &allocator, 0);
            tni_arena_init(&arena, &outer);
            tni_csv_options_init(&options, &arena);
            options.ignore_errors = k == 1;
            options.null_padding = k == 2;
            options.chunk_bytes = 64;
            tni_error_clear(&error);
            f.left = n;
            status = tni_csv_open(&env, &path, 1, &options, &source, &error);
            if (status == TRUENO_OK) {
                uint32_t columns[4] = {0, 1, 2, 3}, c;
                tni_scan_request request;
                tni_scan *scan;
                tni_morsel morsel;
                memset(&request, 0, sizeof request);
                request.columns = columns;
                request.column_count = 4;
                request.workers = 1;
                status = source->ops->begin(source, &env, &request, &scan, &error);
                if (status == TRUENO_OK) {
                    do {
                        status = source->ops->next(scan, 0, &morsel, &error);
                        for (c = 0; c < 4 && status == TRUENO_OK && morsel.rows > 0; c++) {
                            status = source->ops->fetch(scan, 0, &morsel, c, &error);
                        }
                        if (status == TRUENO_OK && morsel.rows > 0) {
                            source->ops->done(scan, 0, &morsel);
                            morsel.rows = 1;
                        }
                    } while (status == TRUENO_OK && morsel.rows > 0);
                    source->ops->end(scan);
                }
                tni_source_release(source);
            }
            failed = f.left < 0;
            if (failed) {
                tni_test_passed += status != TRUENO_OK;
                /* the fault log alone may go without memory */
                TNI_CHECK(status != TRUENO_OK || k == 1);
            } else {
                TNI_CHECK(status == TRUENO_OK);
            }
            TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
            tni_arena_free(&arena);
        }
        TNI_CHECK(!failed);
    }
    memory = kept;
    env.files = &files;
}

static void test_unknown_option(void) {
    tni_csv_options options;
    tni_arena arena;
    tni_error error;
    tni_value value = tni_value_string(tni_type_make(TRUENO_TYPE_VARCHAR), tni_string_c("x"));
    tni_arena_init(&arena, &memory);
    tni_csv_options_init(&options, &arena);
    tni_error_clear(&error);
    TNI_CHECK(tni_csv_option_value(&options, "delimm", &value, &error) == TRUENO_ERROR_BINDER);
    TNI_CHECK_TEXT(error.message, "CSV has no option \"delimm\"; did you mean \"delim\"?");
    tni_error_clear(&error);
    TNI_CHECK(tni_csv_option_value(&options, "header", &value, &error) == TRUENO_ERROR_BINDER);
    tni_arena_free(&arena);
}

static char *read_whole(const char *path) {
    FILE *file = fopen(path, "rb");
    char *text;
    long size;
    if (file == NULL) {
        return NULL;
    }
    (void)fseek(file, 0, SEEK_END);
    size = ftell(file);
    (void)fseek(file, 0, SEEK_SET);
    text = (char *)calloc(1, (size_t)size + 1);
    if (fread(text, 1, (size_t)size, file) != (size_t)size) {
        free(text);
        text = NULL;
    }
    (void)fclose(file);
    return text;
}

static void test_files(void) {
    char path[1024];
    char *text;
    json *root;
    const json *f;
    (void)snprintf(path, sizeof path, "%s/data/csv/expected.json", tni_test_shared());
    text = read_whole(path);
    if (text == NULL) {
        TNI_SKIP("no shared CSV files");
        return;
    }
    json_at = text;
    root = json_value();
    for (f = json_get(root, "files")->items; f != NULL; f = f->next) {
        check_file(f, tni_test_shared());
    }
    printf("files: %lu by cells (%lu again in small chunks), %lu typed (%lu with the same types, "
           "%lu columns by value), %lu detected, %lu errors, %lu with rejects\n",
           checked_raw, checked_chunks, checked_types, same_types, checked_stats, checked_auto,
           checked_errors, checked_rejects);
    json_free(root);
    free(text);
}

int main(void) {
    trueno_allocator allocator;
    tni_allocator_default(&allocator);
    tni_memory_init(&memory, &allocator, 0);
    tni_files_default(&files);
    memset(&limits, 0, sizeof limits);
    memset(&env, 0, sizeof env);
    env.memory = &memory;
    env.kernels = tni_kernels_pick(TRUENO_BACKEND_AUTO);
    env.files = &files;
    env.limits = &limits;
    env.threads = 2;
    env.deadline = INT64_MAX;
    in_memory = files;
    in_memory.open = memory_open;
    in_memory.size = memory_size;
    in_memory.read = memory_read;
    in_memory.map = NULL;
    in_memory.close = memory_close;
    test_types();
    test_quoting();
    test_records();
    test_unknown_option();
    test_threads();
    test_memory();
    test_files();
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    return tni_test_report();
}
