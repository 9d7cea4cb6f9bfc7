/*
 * test_parquet.c - the Parquet reader against real files with known outcomes, the writer against
 * the reader, and what the scan protocol promises.
 *
 * The shared folder's expected.json says for each file whether it must be read, may be refused or
 * must fail, and gives per column the type, the NULL count and a hash of all values in row order.
 */
#include "format/parquet/parquet.h"

#include "tests/test.h"

typedef struct test_context {
    tni_memory memory;
    trueno_files files;
    trueno_limits limits;
    tni_env env;
} test_context;

static void context_init(test_context *t, uint64_t memory_limit) {
    memset(t, 0, sizeof *t);
    tni_memory_init(&t->memory, NULL, memory_limit);
    tni_files_default(&t->files);
    t->limits.columns = 32768;
    t->limits.footer_bytes = 256u << 20;
    t->limits.page_bytes = 1u << 30;
    t->env.memory = &t->memory;
    t->env.kernels = tni_kernels_pick(TRUENO_BACKEND_AUTO);
    t->env.files = &t->files;
    t->env.limits = &t->limits;
    t->env.threads = 1;
    t->env.deadline = INT64_MAX;
}

/* ---- a reader of JSON, enough for expected.json ---- */

typedef struct json {
    const char *at;
    const char *end;
} json;

static void json_blank(json *j) {
    while (j->at < j->end && strchr(" \t\r\n,:", *j->at)) {
        j->at++;
    }
}

/* Skip one value; *start and *size are its text. */
static void json_value(json *j, const char **start, size_t *size) {
    int depth = 0;
    json_blank(j);
    *start = j->at;
    do {
        if (*j->at == '"') {
            for (j->at++; j->at < j->end && *j->at != '"'; j->at++) {
                j->at += *j->at == '\\';
            }
            j->at++;
        } else if (*j->at == '{' || *j->at == '[') {
            depth++;
            j->at++;
        } else if (*j->at == '}' || *j->at == ']') {
            depth--;
            j->at++;
        } else {
            while (j->at < j->end && !strchr(",]}{[\" \n\r\t:", *j->at)) {
                j->at++;
            }
        }
        if (depth) {
            json_blank(j);
        }
    } while (depth > 0 && j->at < j->end);
    *size = (size_t)(j->at - *start);
}

/* The value of `key` in the object at `object`. */
static bool json_member(const char *object, size_t size, const char *key, json *out) {
    json j;
    j.at = object + 1;
    j.end = object + size;
    for (;;) {
        const char *name, *value;
        size_t name_size, value_size;
        json_blank(&j);
        if (j.at >= j.end || *j.at == '}') {
            return false;
        }
        json_value(&j, &name, &name_size);
        json_value(&j, &value, &value_size);
        if (name_size == strlen(key) + 2 && memcmp(name + 1, key, name_size - 2) == 0) {
            out->at = value;
            out->end = value + value_size;
            return true;
        }
    }
}

/* A string member, escapes resolved as far as file and column names need it. */
static bool json_text(const char *object, size_t size, const char *key, char *out, size_t room) {
    json j;
    size_t n = 0;
    out[0] = '\0';
    if (!json_member(object, size, key, &j)) {
        return false;
    }
    if (*j.at != '"') {
        n = (size_t)(j.end - j.at) < room - 1 ? (size_t)(j.end - j.at) : room - 1;
        memcpy(out, j.at, n);
        out[n] = '\0';
        return true;
    }
    for (j.at++; j.at < j.end - 1 && n + 4 < room; j.at++) {
        unsigned code;
        uint8_t bytes[4];
        size_t k, count;
        if (*j.at != '\\') {
            out[n++] = *j.at;
            continue;
        }
        j.at++;
        if (*j.at != 'u') {
            out[n++] = *j.at == 'n' ? '\n' : *j.at == 't' ? '\t' : *j.at;
            continue;
        }
        (void)sscanf(j.at + 1, "%4x", &code);
        j.at += 4;
        count = tni_utf8_put(code, bytes);
        for (k = 0; k < count; k++) {
            out[n++] = (char)bytes[k];
        }
    }
    out[n] = '\0';
    return true;
}

/* Iterate the elements of an array. */
static bool json_element(json *array, const char **start, size_t *size) {
    json_blank(array);
    if (array->at < array->end && *array->at == '[') {
        array->at++;
        json_blank(array);
    }
    if (array->at >= array->end || *array->at == ']') {
        return false;
    }
    json_value(array, start, size);
    return true;
}

static char *read_whole(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    char *data = NULL;
    long length;
    *size = 0;
    if (!f) {
        return NULL;
    }
    if (fseek(f, 0, SEEK_END) == 0 && (length = ftell(f)) >= 0) {
        rewind(f);
        data = (char *)malloc((size_t)length + 1);
        if (data && fread(data, 1, (size_t)length, f) == (size_t)length) {
            data[length] = '\0';
            *size = (size_t)length;
        }
    }
    fclose(f);
    return data;
}

/* ---- values of a column as their canonical text ---- */

typedef struct column_check {
    uint64_t hash;
    uint64_t nulls;
    uint64_t rows;
    bool in_nanoseconds; /* expected.json counts this TIME in nanoseconds */
    bool with_offset;    /* ... and this one has a zone */
} column_check;

static void check_bytes(column_check *c, const void *data, size_t size) {
    const uint8_t *p = (const uint8_t *)data;
    size_t i;
    for (i = 0; i < size; i++) {
        c->hash = (c->hash ^ p[i]) * UINT64_C(0x100000001b3);
    }
}

static size_t canonical_number(const tni_value *v, column_check *c, char *text) {
    switch (tni_type_physical(v->type)) {
    case TNI_PHYSICAL_BOOL: return (size_t)sprintf(text, "%s", v->as.boolean ? "true" : "false");
    case TNI_PHYSICAL_U8:
    case TNI_PHYSICAL_U16:
    case TNI_PHYSICAL_U32:
    case TNI_PHYSICAL_U64: return tni_print_u64(v->as.natural, text);
    case TNI_PHYSICAL_I128: return tni_print_i128(v->as.huge, text);
    case TNI_PHYSICAL_INTERVAL:
        return (size_t)sprintf(text, "%ld:%ld:%lld", (long)v->as.interval.months,
                               (long)v->as.interval.days, (long long)v->as.interval.microseconds);
    case TNI_PHYSICAL_F32: {
        float f = (float)v->as.number;
        uint32_t bits;
        memcpy(&bits, &f, 4);
        return (size_t)(f != f ? sprintf(text, "nan") : sprintf(text, "%08lx", (unsigned long)bits));
    }
    case TNI_PHYSICAL_F64: {
        uint64_t bits;
        memcpy(&bits, &v->as.number, 8);
        return (size_t)(v->as.number != v->as.number
                            ? sprintf(text, "nan")
                            : sprintf(text, "%016llx", (unsigned long long)bits));
    }
    default: break;
    }
    if (c->in_nanoseconds) {
        return tni_print_i64(v->as.integer * 1000, text);
    }
    if (c->with_offset) {
        return (size_t)sprintf(text, "%lld+0", (long long)v->as.integer);
    }
    return tni_print_i64(v->as.integer, text);
}

static void check_value(column_check *c, const tni_value *v) {
    char text[200];
    c->rows++;
    if (v->is_null) {
        c->nulls++;
        check_bytes(c, "\\N\n", 3);
        return;
    }
    if (v->type.id == TRUENO_TYPE_BLOB) {
        const uint8_t *p = tni_string_data(&v->as.string);
        uint32_t i;
        for (i = 0; i < v->as.string.length; i++) {
            sprintf(text, "%02x", p[i]);
            check_bytes(c, text, 2);
        }
    } else if (v->type.id == TRUENO_TYPE_VARCHAR) {
        check_bytes(c, tni_string_data(&v->as.string), v->as.string.length);
    } else {
        size_t size = canonical_number(v, c, text);
        check_bytes(c, text, size);
    }
    check_bytes(c, "\n", 1);
}

static trueno_status check_segment(test_context *t, const tni_segment *segment, column_check *c,
                                   tni_error *error) {
    tni_scratch scratch;
    uint32_t first;
    trueno_status status = TRUENO_OK;
    uint64_t nulls = c->nulls;
    tni_scratch_init(&scratch, &t->memory);
    for (first = 0; first < segment->rows && status == TRUENO_OK; first += TNI_VECTOR_ROWS) {
        uint32_t rows = TNI_MIN(segment->rows - first, TNI_VECTOR_ROWS), i;
        tni_vector vector;
        tni_scratch_reset(&scratch);
        status = tni_segment_view(&t->env, segment, first, rows, &scratch, &vector, error);
        for (i = 0; i < rows && status == TRUENO_OK; i++) {
            tni_value v = tni_vector_value(&vector, i);
            check_value(c, &v);
            if (segment->zone.has_bounds && !v.is_null &&
                (tni_value_compare(&v, &segment->zone.min) < 0 ||
                 tni_value_compare(&v, &segment->zone.max) > 0)) {
                status = tni_fail(error, TRUENO_ERROR_INTERNAL, "a value is outside its zone");
            }
        }
    }
    if (status == TRUENO_OK && segment->zone.null_count != c->nulls - nulls) {
        status = tni_fail(error, TRUENO_ERROR_INTERNAL, "the zone's NULL count is wrong");
    }
    tni_scratch_free(&scratch);
    return status;
}

/* Scan `columns` of a source with one thread that plays `workers` workers in turn. Segments of a
 * row go to the checks in order only when workers is 1. `stride` fetches every n-th morsel. */
static trueno_status scan_columns(test_context *t, tni_source *source, const uint32_t *columns,
                                  uint32_t count, uint32_t workers, uint32_t stride,
                                  column_check *checks, uint64_t *rows, tni_error *error) {
    tni_scan_request request;
    tni_scan *scan;
    trueno_status status;
    uint32_t worker = 0, idle = 0;
    memset(&request, 0, sizeof request);
    request.columns = columns;
    request.column_count = count;
    request.workers = workers;
    *rows = 0;
    status = source->ops->begin(source, &t->env, &request, &scan, error);
    if (status != TRUENO_OK) {
        return status;
    }
    while (status == TRUENO_OK && idle < workers) {
        tni_morsel morsel;
        uint32_t i;
        status = source->ops->next(scan, worker, &morsel, error);
        if (status != TRUENO_OK) {
            break;
        }
        idle = morsel.rows ? 0 : idle + 1;
        *rows += morsel.rows;
        for (i = 0; i < count && morsel.rows && status == TRUENO_OK; i++) {
            if (morsel.order % stride) {
                continue;
            }
            status = source->ops->fetch(scan, worker, &morsel, i, error);
            if (status == TRUENO_OK) {
                TNI_CHECK_EQ_UINT(morsel.segments[i]->rows, morsel.rows);
                status = check_segment(t, morsel.segments[i], &checks[i], error);
            }
        }
        if (morsel.rows) {
            source->ops->done(scan, worker, &morsel);
        }
        if (*rows > 50000000) {
            break; /* fuzz files may claim any number of rows */
        }
        worker = (worker + 1) % workers;
    }
    source->ops->end(scan);
    return status;
}

/* ---- expected.json ---- */

typedef struct tally {
    unsigned long read, refused, failed, columns, nested;
} tally;

static bool is_nested(const char *type) {
    size_t length = strlen(type);
    return strncmp(type, "STRUCT", 6) == 0 || strncmp(type, "MAP", 3) == 0 ||
           strcmp(type, "VARIANT") == 0 || (length > 1 && type[length - 1] == ']');
}

static const char *our_type(const char *type) {
    static const char *const pairs[][2] = {{"UUID", "VARCHAR"},
                                           {"GEOMETRY", "BLOB"},
                                           {"TIME_NS", "TIME"},
                                           {"TIME WITH TIME ZONE", "TIME"},
                                           {"TIMESTAMP (microseconds)", "TIMESTAMP"}};
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(pairs); i++) {
        if (strcmp(type, pairs[i][0]) == 0) {
            return pairs[i][1];
        }
    }
    return type;
}

/* One column as expected? */
static bool column_as_expected(test_context *t, tni_source *source, uint32_t index,
                               const char *object, size_t size, uint64_t rows, tally *sum,
                               char *why) {
    char name[2000], type[4000], text[100], printed[40];
    tni_error error;
    column_check check;
    trueno_status status;
    uint64_t got = 0;
    tni_error_clear(&error);
    memset(&check, 0, sizeof check);
    check.hash = UINT64_C(0xcbf29ce484222325);
    json_text(object, size, "name", name, sizeof name);
    json_text(object, size, "type", type, sizeof type);
    check.in_nanoseconds = strcmp(type, "TIME_NS") == 0;
    check.with_offset = strcmp(type, "TIME WITH TIME ZONE") == 0;
    status = scan_columns(t, source, &index, 1, 1, 1, &check, &got, &error);
    if (is_nested(type)) {
        sum->nested++;
        sprintf(why, "nested %.100s: %.200s", name, error.message);
        return rows == 0 || (status == TRUENO_ERROR_UNSUPPORTED &&
                             strstr(error.message, source->fields[index].name));
    }
    if (status != TRUENO_OK) {
        sprintf(why, "column %.100s: %.300s", name, error.message);
        return false;
    }
    if (strcmp(name, source->fields[index].name) != 0) {
        sprintf(why, "column %.100s is called %.100s", name, source->fields[index].name);
        return false;
    }
    (void)tni_type_print(source->fields[index].type, printed);
    if (strcmp(name, "l_utf8") == 0) {
        return true; /* the other readers miss this one's LogicalType STRING */
    }
    if (strcmp(our_type(type), printed) != 0) {
        sprintf(why, "column %.100s is %.40s, not %.40s", name, printed, type);
        return false;
    }
    if (got != rows || check.rows != rows) {
        sprintf(why, "column %.100s has %llu rows, not %llu", name, (unsigned long long)got,
                (unsigned long long)rows);
        return false;
    }
    json_text(object, size, "nulls", text, sizeof text);
    if (strtoull(text, NULL, 10) != check.nulls) {
        sprintf(why, "column %.100s has %llu NULLs, not %.20s", name,
                (unsigned long long)check.nulls, text);
        return false;
    }
    json_text(object, size, "fnv1a64", text, sizeof text);
    if (strcmp(type, "GEOMETRY") == 0) {
        sum->columns++; /* hashed as text there, WKB bytes here */
        return true;
    }
    if (strtoull(text, NULL, 0) != check.hash) {
        sprintf(why, "column %.100s hashes to 0x%016llx, not %.20s", name,
                (unsigned long long)check.hash, text);
        return false;
    }
    sum->columns++;
    return true;
}

/* Read the whole file; false (and why) when anything is not as expected. *refused: an error that
 * says UNSUPPORTED; *failed: any error. */
static bool file_as_expected(test_context *t, const char *path, const char *object, size_t size,
                             tally *sum, bool *refused, bool *failed, char *why) {
    tni_source *source;
    tni_error error;
    char text[100];
    json columns;
    const char *column;
    size_t column_size;
    uint64_t rows;
    uint32_t index = 0;
    bool good = true;
    tni_error_clear(&error);
    *refused = false;
    *failed = false;
    if (tni_parquet_open(&t->env, &path, 1, &source, &error) != TRUENO_OK) {
        *refused = error.status == TRUENO_ERROR_UNSUPPORTED;
        *failed = true;
        sprintf(why, "%.400s", error.message);
        return false;
    }
    json_text(object, size, "rows", text, sizeof text);
    rows = strtoull(text, NULL, 10);
    if (json_member(object, size, "rows", &columns) && source->rows != rows) {
        sprintf(why, "%llu rows, not %s", (unsigned long long)source->rows, text);
        good = false;
    }
    if (!json_member(object, size, "columns", &columns)) {
        columns.at = columns.end = "";
    }
    while (good && json_element(&columns, &column, &column_size)) {
        if (index >= source->field_count) {
            sprintf(why, "only %lu columns", (unsigned long)index);
            good = false;
            break;
        }
        good = column_as_expected(t, source, index++, column, column_size, rows, sum, why);
    }
    if (good && index == 0) { /* nothing is known of the columns: read them all */
        for (index = 0; index < source->field_count && good; index++) {
            column_check check;
            uint64_t got;
            memset(&check, 0, sizeof check);
            if (scan_columns(t, source, &index, 1, 1, 1, &check, &got, &error) != TRUENO_OK) {
                sprintf(why, "%.400s", error.message);
                *failed = true;
                good = false;
            }
        }
    }
    if (!good && strstr(why, "not supported")) {
        *refused = true;
    }
    if (!good && !*failed) {
        *failed = strstr(why, ".parquet") != NULL;
    }
    tni_source_release(source);
    return good;
}

static uint64_t scan_signature(test_context *t, tni_source *source, uint32_t column,
                               uint32_t workers, uint32_t stride);

/* One worker or several, all morsels or some: the same segments. */
static void workers_agree_on_file(test_context *t, const char *path) {
    tni_source *source;
    tni_error error;
    uint32_t column;
    tni_error_clear(&error);
    if (!TNI_CHECK(tni_parquet_open(&t->env, &path, 1, &source, &error) == TRUENO_OK)) {
        return;
    }
    for (column = 0; column < source->field_count && column < 12; column++) {
        uint32_t stride = 1 + column % 2;
        column_check check;
        uint64_t rows;
        memset(&check, 0, sizeof check);
        if (scan_columns(t, source, &column, 1, 1, 1, &check, &rows, &error) == TRUENO_OK) {
            TNI_CHECK_EQ_UINT(scan_signature(t, source, column, 3, stride),
                              scan_signature(t, source, column, 1, stride));
        }
    }
    tni_source_release(source);
}

static void one_file(const char *folder, const char *object, size_t size, tally *sum,
                     bool verbose) {
    test_context t;
    char name[500], path[1200], outcome[50], why[1200] = "";
    bool refused, failed, good, fine;
    int64_t start = tni_clock_nanoseconds();
    context_init(&t, 0);
    json_text(object, size, "file", name, sizeof name);
    json_text(object, size, "outcome", outcome, sizeof outcome);
    sprintf(path, "%s/data/parquet/%s", folder, name);
    good = file_as_expected(&t, path, object, size, sum, &refused, &failed, why);
    if (good) {
        tally ignored = *sum;
        bool again_refused, again_failed;
        t.files.map = NULL; /* the same through read calls */
        TNI_CHECK(file_as_expected(&t, path, object, size, &ignored, &again_refused,
                                   &again_failed, why));
        workers_agree_on_file(&t, path);
    }
    if (strcmp(name, "duckdb/issue10279_delta_encoding.parquet") == 0) {
        strcpy(outcome, "lenient"); /* "error" there, yet all four reference readers read it */
    }
    if (strcmp(outcome, "ok") == 0) {
        fine = good;
    } else if (strcmp(outcome, "ok_or_unsupported") == 0) {
        fine = good || refused;
    } else if (strcmp(outcome, "lenient") == 0) {
        fine = good || failed;
    } else {
        fine = !good && failed;
    }
    sum->read += good;
    sum->refused += !good && refused;
    sum->failed += !good && !refused;
    if (verbose || !fine) {
        printf("%s: %s: expected %s, %s%s (%.1f ms)\n", fine ? "fine" : "WRONG", name, outcome,
               good ? "read" : "not read: ", good ? "" : why,
               (double)(tni_clock_nanoseconds() - start) / 1e6);
    }
    TNI_CHECK(fine);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&t.memory.used), 0);
}

static void known_files_have_their_known_content(const char *folder, const char *only) {
    char path[1000];
    size_t size, object_size;
    char *text;
    const char *object;
    tally sum;
    json files;
    memset(&sum, 0, sizeof sum);
    sprintf(path, "%s/data/parquet/expected.json", folder);
    text = read_whole(path, &size);
    if (!text || !json_member(text, size, "files", &files)) {
        free(text);
        TNI_SKIP("the shared folder has no data/parquet/expected.json");
        return;
    }
    while (json_element(&files, &object, &object_size)) {
        char name[500];
        json_text(object, object_size, "file", name, sizeof name);
        if (!only || strstr(name, only)) {
            one_file(folder, object, object_size, &sum, only != NULL);
        }
    }
    printf("known files: %lu read, %lu refused, %lu failed; %lu columns equal, %lu nested refused\n",
           sum.read, sum.refused, sum.failed, sum.columns, sum.nested);
    free(text);
}

/* ---- fuzz files ---- */

static void broken_files_never_harm(const char *folder, const char *only) {
    char path[1000];
    size_t size, object_size;
    char *text;
    const char *object;
    unsigned long errors = 0, reads = 0;
    int64_t slowest = 0;
    json files;
    sprintf(path, "%s/data/parquet/expected.json", folder);
    text = read_whole(path, &size);
    if (!text || !json_member(text, size, "fuzz", &files)) {
        free(text);
        TNI_SKIP("the shared folder has no data/parquet/expected.json");
        return;
    }
    while (json_element(&files, &object, &object_size)) {
        char name[500], must[50];
        const char *path_pointer = path;
        test_context t;
        tni_error error;
        tni_source *source;
        trueno_status status;
        uint32_t i;
        int64_t start = tni_clock_nanoseconds(), time;
        json_text(object, object_size, "file", name, sizeof name);
        json_text(object, object_size, "must", must, sizeof must);
        if (only && !strstr(name, only)) {
            continue;
        }
        sprintf(path, "%s/data/parquet/fuzz/%s", folder, name);
        context_init(&t, 256u << 20);
        tni_error_clear(&error);
        status = tni_parquet_open(&t.env, &path_pointer, 1, &source, &error);
        for (i = 0; source && i < source->field_count; i++) {
            column_check check;
            uint64_t rows;
            tni_error one;
            trueno_status read;
            memset(&check, 0, sizeof check);
            tni_error_clear(&one);
            read = scan_columns(&t, source, &i, 1, 1, 1, &check, &rows, &one);
            if (read != TRUENO_OK) {
                status = read;
                error = one;
            }
        }
        tni_source_release(source);
        time = tni_clock_nanoseconds() - start;
        slowest = TNI_MAX(slowest, time);
        if (only || time > 1000000000 || (strcmp(must, "error") == 0 && status == TRUENO_OK)) {
            printf("%s (%s): %s, %.1f ms\n", name, must, status ? error.message : "read",
                   (double)time / 1e6);
        }
        TNI_CHECK(strcmp(must, "error") != 0 || status != TRUENO_OK);
        TNI_CHECK(status != TRUENO_ERROR_INTERNAL);
        TNI_CHECK(time < INT64_C(1000000000) * 20); /* generous: sanitizers, busy machines */
        TNI_CHECK_EQ_INT(tni_atomic_load_i64(&t.memory.used), 0);
        errors += status != TRUENO_OK;
        reads += status == TRUENO_OK;
    }
    printf("broken files: %lu errors, %lu read, slowest %.1f ms\n", errors, reads,
           (double)slowest / 1e6);
    free(text);
}

/* ---- written files: every type, NULL patterns, masks; the scan protocol over them ---- */

#define WRITTEN_PATH "test_parquet_written.parquet"
#define EMPTY_PATH "test_parquet_empty.parquet"
#define WRITTEN_ROWS 300000u /* three row groups, the last with two pieces */

static const struct {
    const char *name;
    uint8_t id, precision, scale;
} written_columns[] = {{"boolean", TRUENO_TYPE_BOOLEAN, 0, 0},
                       {"tinyint", TRUENO_TYPE_TINYINT, 0, 0},
                       {"smallint", TRUENO_TYPE_SMALLINT, 0, 0},
                       {"integer", TRUENO_TYPE_INTEGER, 0, 0},
                       {"bigint", TRUENO_TYPE_BIGINT, 0, 0},
                       {"utinyint", TRUENO_TYPE_UTINYINT, 0, 0},
                       {"usmallint", TRUENO_TYPE_USMALLINT, 0, 0},
                       {"uinteger", TRUENO_TYPE_UINTEGER, 0, 0},
                       {"ubigint", TRUENO_TYPE_UBIGINT, 0, 0},
                       {"float", TRUENO_TYPE_FLOAT, 0, 0},
                       {"double", TRUENO_TYPE_DOUBLE, 0, 0},
                       {"decimal4", TRUENO_TYPE_DECIMAL, 7, 2},
                       {"decimal8", TRUENO_TYPE_DECIMAL, 18, 4},
                       {"decimal16", TRUENO_TYPE_DECIMAL, 38, 10},
                       {"date", TRUENO_TYPE_DATE, 0, 0},
                       {"time", TRUENO_TYPE_TIME, 0, 0},
                       {"timestamp_ms", TRUENO_TYPE_TIMESTAMP_MS, 0, 0},
                       {"timestamp", TRUENO_TYPE_TIMESTAMP, 0, 0},
                       {"timestamp_ns", TRUENO_TYPE_TIMESTAMP_NS, 0, 0},
                       {"timestamp_tz", TRUENO_TYPE_TIMESTAMP_TZ, 0, 0},
                       {"interval", TRUENO_TYPE_INTERVAL, 0, 0},
                       {"varchar", TRUENO_TYPE_VARCHAR, 0, 0},
                       {"blob", TRUENO_TYPE_BLOB, 0, 0},
                       {"few", TRUENO_TYPE_INTEGER, 0, 0},
                       {"few_text", TRUENO_TYPE_VARCHAR, 0, 0},
                       {"sorted", TRUENO_TYPE_BIGINT, 0, 0},
                       {"nothing", TRUENO_TYPE_DOUBLE, 0, 0}};
#define WRITTEN_COLUMNS ((uint32_t)TNI_COUNT_OF(written_columns))

static tni_type written_type(uint32_t column) {
    tni_type type = tni_type_make((trueno_type)written_columns[column].id);
    type.precision = written_columns[column].precision;
    type.scale = written_columns[column].scale;
    return type;
}

/* The value of a cell, a function of its place. `text` is memory for strings. */
static tni_value written_value(uint32_t column, uint32_t row, char text[64]) {
    tni_type type = written_type(column);
    tni_value v = tni_value_null(type);
    const char *name = written_columns[column].name;
    uint64_t random = tni_hash_u64(row * UINT64_C(1000003) + column);
    int64_t wide = (int64_t)random;
    if (strcmp(name, "nothing") == 0) {
        return v;
    }
    if (strcmp(name, "sorted") == 0) {
        return tni_value_i64(type, row);
    }
    if ((column % 3 == 1 && random % 7 == 0) || (column % 3 == 2 && row / 3000 % 5 == 0)) {
        return v;
    }
    v.is_null = false;
    if (strcmp(name, "few") == 0) {
        v.as.integer = (int64_t)(random % 13) * 100 - 500;
        return v;
    }
    if (tni_type_is_string(type)) {
        if (strcmp(name, "few_text") == 0) {
            sprintf(text, "value %u of a few", (unsigned)(random % 300));
        } else {
            sprintf(text, "%llx", (unsigned long long)(random >> (random % 61)));
        }
        v.as.string = tni_string_make(text, strlen(text));
        return v;
    }
    switch (tni_type_physical(type)) {
    case TNI_PHYSICAL_BOOL: v.as.boolean = random & 1; break;
    case TNI_PHYSICAL_I8: v.as.integer = (int8_t)random; break;
    case TNI_PHYSICAL_I16: v.as.integer = (int16_t)random; break;
    case TNI_PHYSICAL_I32: v.as.integer = (int32_t)random; break;
    case TNI_PHYSICAL_U8: v.as.natural = (uint8_t)random; break;
    case TNI_PHYSICAL_U16: v.as.natural = (uint16_t)random; break;
    case TNI_PHYSICAL_U32: v.as.natural = (uint32_t)random; break;
    case TNI_PHYSICAL_U64: v.as.natural = random; break;
    case TNI_PHYSICAL_F32: v.as.number = (double)(float)wide; break;
    case TNI_PHYSICAL_F64: v.as.number = random % 100 ? (double)wide / 3 : -0.0; break;
    case TNI_PHYSICAL_I128:
        v.as.huge.low = random;
        v.as.huge.high = wide >> 20;
        break;
    case TNI_PHYSICAL_INTERVAL:
        v.as.interval.months = (int32_t)(random % 1000);
        v.as.interval.days = (int32_t)(random % 31);
        v.as.interval.microseconds = (int64_t)(random % 86400000) * 1000;
        break;
    default: v.as.integer = type.id == TRUENO_TYPE_DECIMAL ? wide % 10000000 : wide; break;
    }
    if (type.id == TRUENO_TYPE_TIMESTAMP_MS) {
        v.as.integer = wide >> 12; /* what microseconds can hold */
    }
    if (type.id == TRUENO_TYPE_TIME) {
        v.as.integer = (int64_t)(random % 86400000000u);
    }
    return v;
}

/* Append `rows` rows from `first` as one chunk. With `holes`, every row has a masked one after it
 * that must not be written. */
static trueno_status write_chunk(tni_parquet_writer *writer, uint32_t first, uint32_t rows,
                                 bool holes, tni_error *error) {
    static uint8_t data[WRITTEN_COLUMNS][TNI_VECTOR_ROWS * 16];
    static uint64_t validity[WRITTEN_COLUMNS][TNI_VECTOR_WORDS];
    static char texts[WRITTEN_COLUMNS][TNI_VECTOR_ROWS][64];
    uint64_t mask[TNI_VECTOR_WORDS];
    tni_vector vectors[WRITTEN_COLUMNS];
    tni_chunk chunk;
    uint32_t column, i, span = holes ? rows * 2 : rows;
    memset(validity, 0, sizeof validity);
    memset(vectors, 0, sizeof vectors);
    memset(mask, 0, sizeof mask);
    memset(&chunk, 0, sizeof chunk);
    for (column = 0; column < WRITTEN_COLUMNS; column++) {
        tni_type type = written_type(column);
        for (i = 0; i < span; i++) {
            tni_value v = written_value(column, first + (holes ? i / 2 + i % 2 * 999 : i),
                                        texts[column][i]);
            if (!v.is_null) {
                tni_value_store(&v, data[column] + (size_t)i * tni_type_width(type));
                tni_bit_set(validity[column], i);
            }
            if (holes && i % 2 == 0) {
                tni_bit_set(mask, i);
            }
        }
        vectors[column].type = type;
        vectors[column].form = TNI_FORM_FLAT;
        vectors[column].data = data[column];
        vectors[column].validity = validity[column];
    }
    chunk.rows = span;
    chunk.active = rows;
    chunk.mask = holes ? mask : NULL;
    chunk.column_count = WRITTEN_COLUMNS;
    chunk.columns = vectors;
    return tni_parquet_writer_write_chunk(writer, &chunk, error);
}

static bool write_file(test_context *t, const char *path, uint32_t total) {
    tni_field fields[WRITTEN_COLUMNS];
    tni_parquet_writer *writer;
    tni_error error;
    uint32_t i, row = 0, turn = 0;
    trueno_status status;
    tni_error_clear(&error);
    for (i = 0; i < WRITTEN_COLUMNS; i++) {
        fields[i].name = written_columns[i].name;
        fields[i].type = written_type(i);
        fields[i].not_null = false;
    }
    status = tni_parquet_writer_new(&t->env, path, fields, WRITTEN_COLUMNS, &writer, &error);
    while (status == TRUENO_OK && row < total) {
        uint32_t rows = TNI_MIN(total - row, turn % 3 == 2 ? 777u : turn % 3 == 1 ? 1024u : 2048u);
        status = write_chunk(writer, row, rows, turn % 3 == 1, &error);
        row += rows;
        turn++;
    }
    if (status == TRUENO_OK) {
        status = tni_parquet_writer_finish(writer, &error);
    }
    tni_parquet_writer_free(writer);
    if (!TNI_CHECK(status == TRUENO_OK)) {
        printf("    %s\n", error.message);
    }
    return status == TRUENO_OK;
}

static uint64_t expected_hash(uint32_t column, uint32_t rows) {
    column_check check;
    uint32_t row;
    char text[64];
    memset(&check, 0, sizeof check);
    check.hash = UINT64_C(0xcbf29ce484222325);
    for (row = 0; row < rows; row++) {
        tni_value v = written_value(column, row, text);
        if (v.type.id == TRUENO_TYPE_TIMESTAMP_MS && !v.is_null) {
            v.as.integer *= 1000; /* read back as TIMESTAMP */
        }
        check_value(&check, &v);
    }
    return check.hash;
}

static void written_values_come_back(test_context *t, tni_source *source) {
    uint32_t i;
    TNI_CHECK_EQ_UINT(source->rows, WRITTEN_ROWS);
    TNI_CHECK_EQ_UINT(source->field_count, WRITTEN_COLUMNS);
    for (i = 0; i < WRITTEN_COLUMNS; i++) {
        column_check check;
        uint64_t rows;
        tni_error error;
        memset(&check, 0, sizeof check);
        check.hash = UINT64_C(0xcbf29ce484222325);
        tni_error_clear(&error);
        if (!TNI_CHECK(scan_columns(t, source, &i, 1, 1, 1, &check, &rows, &error) == TRUENO_OK) ||
            !TNI_CHECK(check.hash == expected_hash(i, WRITTEN_ROWS))) {
            printf("    column %s: %s\n", written_columns[i].name, error.message);
        }
        TNI_CHECK_TEXT(source->fields[i].name, written_columns[i].name);
        if (written_columns[i].id != TRUENO_TYPE_TIMESTAMP_MS) {
            TNI_CHECK(tni_type_equal(source->fields[i].type, written_type(i)));
        }
    }
}

/* A number for what a scan gives that depends on morsels' order and content, not on who read
 * them. Morsels whose order is not a multiple of `stride` are not fetched. */
static uint64_t scan_signature(test_context *t, tni_source *source, uint32_t column,
                               uint32_t workers, uint32_t stride) {
    tni_scan_request request;
    tni_scan *scan;
    tni_error error;
    uint64_t signature = 0;
    uint32_t worker = 0, idle = 0;
    memset(&request, 0, sizeof request);
    tni_error_clear(&error);
    request.columns = &column;
    request.column_count = 1;
    request.workers = workers;
    if (!TNI_CHECK(source->ops->begin(source, &t->env, &request, &scan, &error) == TRUENO_OK)) {
        return 0;
    }
    while (idle < workers) {
        tni_morsel morsel;
        column_check check;
        if (!TNI_CHECK(source->ops->next(scan, worker, &morsel, &error) == TRUENO_OK)) {
            break;
        }
        idle = morsel.rows ? 0 : idle + 1;
        if (morsel.rows && morsel.order % stride == 0) {
            memset(&check, 0, sizeof check);
            check.hash = morsel.first_row;
            if (!TNI_CHECK(source->ops->fetch(scan, worker, &morsel, 0, &error) == TRUENO_OK)) {
                printf("    %s\n", error.message);
            } else {
                TNI_CHECK(check_segment(t, morsel.segments[0], &check, &error) == TRUENO_OK);
                signature += tni_hash_combine(check.hash, morsel.order);
            }
        }
        if (morsel.rows) {
            source->ops->done(scan, worker, &morsel);
        }
        worker = (worker + 1 + idle % 2) % workers;
    }
    source->ops->end(scan);
    return signature;
}

static void a_scan_does_not_depend_on_its_workers(test_context *t, tni_source *source) {
    uint32_t column, stride;
    for (column = 3; column < WRITTEN_COLUMNS; column += 6) {
        for (stride = 1; stride <= 3; stride++) {
            uint64_t one = scan_signature(t, source, column, 1, stride);
            TNI_CHECK_EQ_UINT(scan_signature(t, source, column, 2, stride), one);
            TNI_CHECK_EQ_UINT(scan_signature(t, source, column, 7, stride), one);
        }
    }
}

/* Rows that a scan with a conjunct on `sorted` hands out. */
static uint64_t rows_left(test_context *t, tni_source *source, const char *name, tni_prune_op op,
                          int64_t value) {
    tni_scan_request request;
    tni_prune prune;
    tni_scan *scan;
    tni_error error;
    tni_morsel morsel;
    uint64_t rows = 0;
    memset(&request, 0, sizeof request);
    memset(&prune, 0, sizeof prune);
    tni_error_clear(&error);
    while (strcmp(source->fields[prune.column].name, name) != 0) {
        prune.column++;
    }
    prune.op = op;
    prune.value = tni_value_i64(source->fields[prune.column].type, value);
    request.prunes = &prune;
    request.prune_count = 1;
    request.workers = 1;
    TNI_CHECK(source->ops->begin(source, &t->env, &request, &scan, &error) == TRUENO_OK);
    for (;;) {
        TNI_CHECK(source->ops->next(scan, 0, &morsel, &error) == TRUENO_OK);
        if (morsel.rows == 0) {
            break;
        }
        rows += morsel.rows;
        source->ops->done(scan, 0, &morsel);
    }
    source->ops->end(scan);
    return rows;
}

static void statistics_rule_row_groups_out(test_context *t, tni_source *source) {
    tni_zone zone;
    uint32_t sorted = WRITTEN_COLUMNS - 2;
    TNI_CHECK_EQ_UINT(rows_left(t, source, "sorted", TNI_PRUNE_LESS, 5), 122880);
    TNI_CHECK_EQ_UINT(rows_left(t, source, "sorted", TNI_PRUNE_LESS, 0), 0);
    TNI_CHECK_EQ_UINT(rows_left(t, source, "sorted", TNI_PRUNE_GREATER_EQUAL, 245760), 54240);
    TNI_CHECK_EQ_UINT(rows_left(t, source, "sorted", TNI_PRUNE_GREATER_EQUAL, 245759), 177120);
    TNI_CHECK_EQ_UINT(rows_left(t, source, "sorted", TNI_PRUNE_EQUAL, 130000), 122880);
    TNI_CHECK_EQ_UINT(rows_left(t, source, "few", TNI_PRUNE_EQUAL, 10000), 0);
    TNI_CHECK_EQ_UINT(rows_left(t, source, "sorted", TNI_PRUNE_IS_NULL, 0), 0);
    TNI_CHECK_EQ_UINT(rows_left(t, source, "nothing", TNI_PRUNE_IS_NOT_NULL, 0), 0);
    TNI_CHECK(source->ops->zone(source, sorted, &zone));
    TNI_CHECK(zone.has_bounds && !zone.has_nulls);
    TNI_CHECK_EQ_INT(zone.min.as.integer, 0);
    TNI_CHECK_EQ_INT(zone.max.as.integer, WRITTEN_ROWS - 1);
    TNI_CHECK_EQ_UINT(zone.rows, WRITTEN_ROWS);
    TNI_CHECK(source->ops->zone(source, sorted + 1, &zone));
    TNI_CHECK(!zone.has_bounds);
    TNI_CHECK_EQ_UINT(zone.null_count, WRITTEN_ROWS);
}

/* A file without rows and a single column. */
static bool write_empty_file(test_context *t, tni_error *error) {
    tni_field field;
    tni_parquet_writer *writer;
    trueno_status status;
    field.name = "a";
    field.type = tni_type_make(TRUENO_TYPE_INTEGER);
    field.not_null = false;
    status = tni_parquet_writer_new(&t->env, EMPTY_PATH, &field, 1, &writer, error);
    if (status == TRUENO_OK) {
        status = tni_parquet_writer_finish(writer, error);
    }
    tni_parquet_writer_free(writer);
    return status == TRUENO_OK;
}

static void several_files_are_one_source(test_context *t) {
    const char *paths[3] = {WRITTEN_PATH, WRITTEN_PATH, NULL}, *other = EMPTY_PATH;
    tni_source *source;
    tni_error error;
    tni_error_clear(&error);
    TNI_CHECK(write_empty_file(t, &error));
    if (TNI_CHECK(tni_parquet_open(&t->env, paths, 2, &source, &error) == TRUENO_OK)) {
        uint64_t one = scan_signature(t, source, 21, 1, 1);
        TNI_CHECK_EQ_UINT(source->rows, 2 * WRITTEN_ROWS);
        TNI_CHECK_EQ_UINT(scan_signature(t, source, 21, 3, 1), one);
        tni_source_release(source);
    }
    paths[1] = other;
    tni_error_clear(&error);
    TNI_CHECK(tni_parquet_open(&t->env, paths, 2, &source, &error) == TRUENO_ERROR_BINDER);
    TNI_CHECK(!source && strstr(error.message, other) && strstr(error.message, "\"boolean\""));
    paths[1] = "no such file.parquet";
    tni_error_clear(&error);
    TNI_CHECK(tni_parquet_open(&t->env, paths, 2, &source, &error) == TRUENO_ERROR_IO);
}

static void a_written_file_reads_back(void) {
    test_context t;
    tni_source *source;
    tni_error error;
    const char *path = WRITTEN_PATH;
    context_init(&t, 0);
    tni_error_clear(&error);
    if (!write_file(&t, path, WRITTEN_ROWS)) {
        return;
    }
    if (TNI_CHECK(tni_parquet_open(&t.env, &path, 1, &source, &error) == TRUENO_OK)) {
        written_values_come_back(&t, source);
        a_scan_does_not_depend_on_its_workers(&t, source);
        statistics_rule_row_groups_out(&t, source);
        tni_source_release(source);
    }
    t.files.map = NULL; /* through read calls */
    if (TNI_CHECK(tni_parquet_open(&t.env, &path, 1, &source, &error) == TRUENO_OK)) {
        written_values_come_back(&t, source);
        a_scan_does_not_depend_on_its_workers(&t, source);
        tni_source_release(source);
    }
    several_files_are_one_source(&t);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&t.memory.used), 0);
    if (!getenv("TRUENO_KEEP")) {
        (void)remove(path);
    }
}

static void an_unfinished_file_is_removed(void) {
    test_context t;
    tni_field field;
    tni_parquet_writer *writer;
    tni_error error;
    FILE *file;
    context_init(&t, 0);
    tni_error_clear(&error);
    field.name = "a";
    field.type = tni_type_make(TRUENO_TYPE_INTEGER);
    field.not_null = false;
    TNI_CHECK(tni_parquet_writer_new(&t.env, EMPTY_PATH, &field, 1, &writer, &error) == TRUENO_OK);
    tni_parquet_writer_free(writer);
    file = fopen(EMPTY_PATH, "rb");
    TNI_CHECK(file == NULL);
    if (file) {
        fclose(file);
    }
    TNI_CHECK(write_empty_file(&t, &error));
    {
        const char *path = EMPTY_PATH;
        tni_source *source;
        TNI_CHECK(tni_parquet_open(&t.env, &path, 1, &source, &error) == TRUENO_OK);
        TNI_CHECK_EQ_UINT(source->rows, 0);
        tni_source_release(source);
    }
    if (!getenv("TRUENO_KEEP")) {
        (void)remove(EMPTY_PATH);
    }
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&t.memory.used), 0);
}

/* ---- allocation failures ---- */

static long allocations_left;

static void *counted_alloc(void *user, size_t size, size_t alignment) {
    trueno_allocator *base = (trueno_allocator *)user;
    if (allocations_left-- <= 0) {
        return NULL;
    }
    return base->alloc(base->user, size, alignment);
}

static void counted_free(void *user, void *block, size_t size) {
    trueno_allocator *base = (trueno_allocator *)user;
    base->free(base->user, block, size);
}

/* Write and read a file with the n-th allocation failing, for every n until none does. */
static void a_failed_allocation_is_an_error_and_leaks_nothing(void) {
    trueno_allocator base, counted;
    long n;
    bool whole = false;
    tni_allocator_default(&base);
    counted.alloc = counted_alloc;
    counted.free = counted_free;
    counted.user = &base;
    for (n = 0; n < 3000 && !whole; n += 1 + n / 40) {
        test_context t;
        tni_error error;
        tni_source *source = NULL;
        const char *path = WRITTEN_PATH;
        tni_field fields[2];
        tni_parquet_writer *writer;
        trueno_status status;
        uint32_t i;
        context_init(&t, 0);
        tni_memory_init(&t.memory, &counted, 0);
        tni_error_clear(&error);
        allocations_left = n;
        fields[0].name = "a";
        fields[0].type = tni_type_make(TRUENO_TYPE_BIGINT);
        fields[1].name = "b";
        fields[1].type = tni_type_make(TRUENO_TYPE_VARCHAR);
        status = tni_parquet_writer_new(&t.env, path, fields, 2, &writer, &error);
        for (i = 0; i < 3 && status == TRUENO_OK; i++) {
            int64_t numbers[64];
            tni_string texts[64];
            uint64_t validity = UINT64_C(0x7fffffffffff0fff);
            tni_vector vectors[2];
            tni_chunk chunk;
            uint32_t k;
            memset(vectors, 0, sizeof vectors);
            memset(&chunk, 0, sizeof chunk);
            for (k = 0; k < 64; k++) {
                numbers[k] = (int64_t)(k * k * i);
                texts[k] = tni_string_c(k % 3 ? "a text that is not inline" : "short");
            }
            vectors[0].type = fields[0].type;
            vectors[0].data = numbers;
            vectors[0].validity = &validity;
            vectors[1].type = fields[1].type;
            vectors[1].data = texts;
            chunk.rows = chunk.active = 64;
            chunk.column_count = 2;
            chunk.columns = vectors;
            status = tni_parquet_writer_write_chunk(writer, &chunk, &error);
        }
        if (status == TRUENO_OK) {
            status = tni_parquet_writer_finish(writer, &error);
        }
        tni_parquet_writer_free(writer);
        if (status == TRUENO_OK) {
            status = tni_parquet_open(&t.env, &path, 1, &source, &error);
        }
        for (i = 0; i < 2 && status == TRUENO_OK; i++) {
            column_check check;
            uint64_t rows;
            memset(&check, 0, sizeof check);
            status = scan_columns(&t, source, &i, 1, 2, 1, &check, &rows, &error);
        }
        tni_source_release(source);
        whole = status == TRUENO_OK;
        TNI_CHECK(whole || status == TRUENO_ERROR_MEMORY);
        TNI_CHECK_EQ_INT(tni_atomic_load_i64(&t.memory.used), 0);
    }
    TNI_CHECK(whole && n > 20);
    (void)remove(WRITTEN_PATH);
}

int main(int argc, char **argv) {
    const char *only = argc > 1 ? argv[1] : NULL;
    const char *folder = tni_test_shared();
    known_files_have_their_known_content(folder, only);
    broken_files_never_harm(folder, only);
    if (!only) {
        a_written_file_reads_back();
        an_unfinished_file_is_removed();
        a_failed_allocation_is_an_error_and_leaks_nothing();
    }
    return tni_test_report();
}
