/*
 * test_text_writer.c - CSV and JSON out of chunks: quoting, forms of every vector, round trips.
 */
#include "test.h"

#include "format/text/text_writer.h"

static tni_memory memory;
static trueno_files files;
static trueno_limits limits;
static tni_env env;

static tni_string strings[8];
static int64_t numbers[8] = {1, -2, 3, INT64_MIN, INT64_MAX, 0, 7, 8};
static double doubles[8] = {1.5, -0.0, 1e300, 0.1, 3, 100, 1e16, 12.25};

static tni_vector flat(trueno_type id, const void *data, const uint64_t *validity) {
    tni_vector v;
    memset(&v, 0, sizeof v);
    v.type = tni_type_make(id);
    v.form = TNI_FORM_FLAT;
    v.data = data;
    v.validity = validity;
    return v;
}

static void make_strings(void) {
    static const char *const texts[8] = {"plain", "with, comma", "a \"quote\"", "two\nlines",
                                         "", "#note", " blanks ", "tab\t\x01 \\ \xc3\xa9 end"};
    int i;
    for (i = 0; i < 8; i++) {
        strings[i] = tni_string_c(texts[i]);
    }
}

static void check_csv(const tni_csv_write_options *options, const char *const *names,
                      tni_chunk *chunk, const char *wanted) {
    tni_text text;
    tni_error error;
    tni_error_clear(&error);
    tni_text_init(&text, &memory);
    if (!options->no_header) {
        tni_csv_write_names(options, names, chunk->column_count, &text);
    }
    TNI_CHECK(tni_csv_write_chunk(options, names, chunk, &text, &error) == TRUENO_OK);
    TNI_CHECK_TEXT(text.data, wanted);
    tni_text_free(&text);
}

static void test_csv(void) {
    static const char *const names[2] = {"n", "a,b"};
    uint64_t validity[1] = {0xbf}, mask[1] = {0x8d};
    tni_vector columns[2];
    tni_chunk chunk;
    tni_csv_write_options options;
    memset(&chunk, 0, sizeof chunk);
    columns[0] = flat(TRUENO_TYPE_BIGINT, numbers, validity);
    columns[1] = flat(TRUENO_TYPE_VARCHAR, strings, validity);
    chunk.rows = chunk.active = 8;
    chunk.column_count = 2;
    chunk.columns = columns;
    tni_csv_write_options_init(&options);
    check_csv(&options, names, &chunk,
              "n,\"a,b\"\n1,plain\n-2,\"with, comma\"\n3,\"a \"\"quote\"\"\"\n"
              "-9223372036854775808,\"two\nlines\"\n9223372036854775807,\"\"\n0,\"#note\"\n,\n"
              "8,tab\t\x01 \\ \xc3\xa9 end\n");
    chunk.mask = mask;
    chunk.active = 4;
    options.no_header = true;
    options.delimiter[0] = ';';
    options.null_text = "3";
    options.escape = '\\';
    check_csv(&options, names, &chunk,
              "1;plain\n\"3\";\"a \\\"quote\\\"\"\n-9223372036854775808;\"two\nlines\"\n"
              "8;tab\t\x01 \\ \xc3\xa9 end\n");
    options.quote_all = true;
    mask[0] = 1;
    check_csv(&options, names, &chunk, "\"1\";\"plain\"\n");
}

static void test_forms(void) {
    static const char *const names[3] = {"d", "c", "k"};
    static const uint8_t codes[3] = {2, 0, 1};
    static const uint8_t offsets[3] = {0, 5, 255};
    tni_vector columns[3];
    tni_chunk chunk;
    tni_dictionary dictionary;
    tni_csv_write_options options;
    tni_value constant = tni_value_double(tni_type_make(TRUENO_TYPE_DOUBLE), 2.5);
    uint64_t storage[2];
    memset(&chunk, 0, sizeof chunk);
    memset(&dictionary, 0, sizeof dictionary);
    dictionary.values = strings;
    dictionary.count = 8;
    columns[0] = flat(TRUENO_TYPE_VARCHAR, codes, NULL);
    columns[0].form = TNI_FORM_DICT;
    columns[0].code_width = 1;
    columns[0].dictionary = &dictionary;
    columns[1] = tni_vector_constant(&constant, storage);
    columns[2] = flat(TRUENO_TYPE_DATE, offsets, NULL);
    columns[2].form = TNI_FORM_NARROW;
    columns[2].code_width = 1;
    columns[2].base = -5;
    chunk.rows = chunk.active = 3;
    chunk.column_count = 3;
    chunk.columns = columns;
    tni_csv_write_options_init(&options);
    options.no_header = true;
    check_csv(&options, names, &chunk,
              "\"a \"\"quote\"\"\",2.5,1969-12-27\nplain,2.5,1970-01-01\n"
              "\"with, comma\",2.5,1970-09-08\n");
    options.date_format = "%d.%m.%Y";
    chunk.rows = chunk.active = 1;
    check_csv(&options, names, &chunk, "\"a \"\"quote\"\"\",2.5,27.12.1969\n");
}

static void test_json(void) {
    static const char *const names[3] = {"n", "s\"", "x"};
    uint64_t validity[1] = {0xfd};
    tni_vector columns[3];
    tni_chunk chunk;
    tni_json_write_options options;
    tni_text text;
    uint64_t rows = 0;
    tni_error error;
    double inf = 1e308 * 10;
    double values[8];
    memcpy(values, doubles, sizeof values);
    values[2] = inf;
    memset(&chunk, 0, sizeof chunk);
    memset(&options, 0, sizeof options);
    tni_error_clear(&error);
    columns[0] = flat(TRUENO_TYPE_BIGINT, numbers, validity);
    columns[1] = flat(TRUENO_TYPE_VARCHAR, strings + 5, NULL);
    columns[2] = flat(TRUENO_TYPE_DOUBLE, values, NULL);
    chunk.rows = chunk.active = 3;
    chunk.column_count = 3;
    chunk.columns = columns;
    tni_text_init(&text, &memory);
    tni_json_write_begin(&options, &text);
    TNI_CHECK(tni_json_write_chunk(&options, names, &chunk, &rows, &text, &error) == TRUENO_OK);
    tni_json_write_end(&options, rows, &text);
    TNI_CHECK_TEXT(text.data, "{\"n\":1,\"s\\\"\":\"#note\",\"x\":1.5}\n"
                              "{\"n\":null,\"s\\\"\":\" blanks \",\"x\":-0.0}\n"
                              "{\"n\":3,\"s\\\"\":\"tab\\t\\u0001 \\\\ \xc3\xa9 end\","
                              "\"x\":Infinity}\n");
    tni_text_clear(&text);
    rows = 0;
    options.array = true;
    options.nonfinite_null = true;
    tni_json_write_begin(&options, &text);
    chunk.rows = chunk.active = 1;
    TNI_CHECK(tni_json_write_chunk(&options, names, &chunk, &rows, &text, &error) == TRUENO_OK);
    columns[2] = flat(TRUENO_TYPE_DOUBLE, values + 2, NULL);
    TNI_CHECK(tni_json_write_chunk(&options, names, &chunk, &rows, &text, &error) == TRUENO_OK);
    tni_json_write_end(&options, rows, &text);
    TNI_CHECK_TEXT(text.data, "[\n\t{\"n\":1,\"s\\\"\":\"#note\",\"x\":1.5},\n"
                              "\t{\"n\":1,\"s\\\"\":\"#note\",\"x\":null}\n]\n");
    tni_text_free(&text);
}

/* Write every row of a source to a file. */
static trueno_status copy_to(tni_source *source, const char *path, tni_error *error) {
    uint32_t columns[64], c, row;
    const char *names[64];
    tni_csv_write_options options;
    tni_scan_request request;
    tni_scan *scan;
    tni_text_file file;
    tni_scratch scratch;
    tni_csv_write_options_init(&options);
    memset(&request, 0, sizeof request);
    for (c = 0; c < source->field_count; c++) {
        columns[c] = c;
        names[c] = source->fields[c].name;
    }
    request.columns = columns;
    request.column_count = source->field_count;
    request.workers = 1;
    TNI_TRY(tni_text_file_open(&env, path, &file, error));
    TNI_TRY(source->ops->begin(source, &env, &request, &scan, error));
    tni_csv_write_names(&options, names, source->field_count, &file.text);
    tni_scratch_init(&scratch, &memory);
    for (;;) {
        tni_morsel morsel;
        TNI_TRY(source->ops->next(scan, 0, &morsel, error));
        if (morsel.rows == 0) {
            break;
        }
        for (c = 0; c < source->field_count; c++) {
            TNI_TRY(source->ops->fetch(scan, 0, &morsel, c, error));
        }
        for (row = 0; row < morsel.rows; row += TNI_VECTOR_ROWS) {
            tni_vector vectors[64];
            tni_chunk chunk;
            memset(&chunk, 0, sizeof chunk);
            chunk.rows = chunk.active = TNI_MIN(morsel.rows - row, TNI_VECTOR_ROWS);
            chunk.column_count = source->field_count;
            chunk.columns = vectors;
            tni_scratch_reset(&scratch);
            for (c = 0; c < source->field_count; c++) {
                TNI_TRY(tni_segment_view(&env, morsel.segments[c], row, chunk.rows, &scratch,
                                         &vectors[c], error));
            }
            TNI_TRY(tni_csv_write_chunk(&options, names, &chunk, &file.text, error));
            TNI_TRY(tni_text_file_flush(&file, false, error));
        }
        source->ops->done(scan, 0, &morsel);
    }
    source->ops->end(scan);
    tni_scratch_free(&scratch);
    return tni_text_file_close(&file, true, error);
}

static size_t read_bytes(const char *path, char **out) {
    FILE *file = fopen(path, "rb");
    long size;
    size_t done = 0;
    *out = NULL;
    if (file == NULL) {
        return 0;
    }
    (void)fseek(file, 0, SEEK_END);
    size = ftell(file);
    (void)fseek(file, 0, SEEK_SET);
    *out = (char *)calloc(1, (size_t)size + 1);
    done = fread(*out, 1, (size_t)size, file);
    (void)fclose(file);
    return done;
}

/* What another engine wrote, read with detected types and written again: the same bytes. */
static void test_round_trip(const char *name) {
    char path[1024], target[512], *before, *after;
    const char *paths[1];
    size_t before_size, after_size, i;
    tni_csv_options options;
    tni_arena arena;
    tni_source *source;
    tni_error error;
    tni_error_clear(&error);
    (void)snprintf(path, sizeof path, "%s/data/csv/%s", tni_test_shared(), name);
    before_size = read_bytes(path, &before);
    if (before == NULL) {
        TNI_SKIP("no shared CSV files");
        return;
    }
    paths[0] = path;
    tni_arena_init(&arena, &memory);
    tni_csv_options_init(&options, &arena);
    options.quoted_never_null = true;
    TNI_CHECK(tni_temp_path(NULL, target, sizeof target, &error) == TRUENO_OK);
    if (TNI_CHECK(tni_csv_open(&env, paths, 1, &options, &source, &error) == TRUENO_OK)) {
        if (!TNI_CHECK(copy_to(source, target, &error) == TRUENO_OK)) {
            printf("    %s\n", error.message);
        }
        tni_source_release(source);
        after_size = read_bytes(target, &after);
        for (i = 0; i < before_size && i < after_size && before[i] == after[i]; i++) {
        }
        if (!TNI_CHECK(i == before_size && i == after_size)) {
            size_t from = i > 60 ? i - 60 : 0;
            printf("    at byte %lu: %.90s\n    not %.90s\n", (unsigned long)i, after + from,
                   before + from);
        }
        free(after);
        (void)remove(target);
    }
    tni_arena_free(&arena);
    free(before);
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
    env.threads = 1;
    env.deadline = INT64_MAX;
    make_strings();
    test_csv();
    test_forms();
    test_json();
    test_round_trip("generated/twin-of-parquet.csv");
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    return tni_test_report();
}
