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
                    c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)strtoul(hex, NULL, 16) - 0xdc00);
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
        if (json_get(expected, "raw_note") == NULL && strstr(file, "late-type") == NULL) {
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
        } else {
            printf("auto %s: %s\n", file, error.message);
        }
        tni_arena_free(&arena);
        return;
    }
    read_table(source, 1, &t);
    if (must) {
        compare_raw(file, "detected", expected, source, &t);
    } else {
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

static bool names_line(const char *message, long line) {
    char wanted[32];
    const char *at;
    (void)snprintf(wanted, sizeof wanted, "line %ld", line);
    at = strstr(message, wanted);
    return at != NULL && !(at[strlen(wanted)] >= '0' && at[strlen(wanted)] <= '9');
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
        printf("refused %s: %s\n", file, error.message);
        tni_test_passed++;
        tni_arena_free(&arena);
        return;
    }
    read_table(source, 2, &t);
    if (t.status != TRUENO_OK) {
        printf("refused %s: %s\n", file, t.error.message);
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
    test_files();
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    return tni_test_report();
}
