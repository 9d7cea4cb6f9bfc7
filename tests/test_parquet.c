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

int main(int argc, char **argv) {
    const char *only = argc > 1 ? argv[1] : NULL;
    const char *folder = tni_test_shared();
    known_files_have_their_known_content(folder, only);
    broken_files_never_harm(folder, only);
    return tni_test_report();
}
