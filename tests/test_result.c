/* Results: cells, conversions, batches, lifetimes, error reports, the printed box. */
#include "db/result.h"
#include "test.h"

static tni_account *account;
static tni_env env;

static void start(void) {
    TNI_CHECK(tni_account_new(NULL, 0, &account) == TRUENO_OK);
    memset(&env, 0, sizeof env);
    env.memory = &account->memory;
    env.kernels = tni_kernels_pick(TRUENO_BACKEND_AUTO);
    env.deadline = INT64_MAX;
    env.threads = 1;
}

/* --------------------------------------------------------------------------- making results --- */

typedef struct maker {
    tni_collection *rows;
    uint32_t columns;
    tni_scratch scratch;
    tni_vector vectors[64];
    uint64_t storage[64][2];
    uint64_t row;
} maker;

static void make_begin(maker *m, const tni_type *types, uint32_t columns) {
    tni_error error;
    tni_error_clear(&error);
    memset(m, 0, sizeof *m);
    m->columns = columns;
    tni_scratch_init(&m->scratch, &account->memory);
    TNI_CHECK(tni_collection_new(&account->memory, types, columns, &m->rows, &error) == TRUENO_OK);
}
static void make_row(maker *m, const tni_value *values) {
    tni_chunk chunk;
    tni_error error;
    uint32_t c;
    tni_error_clear(&error);
    memset(&chunk, 0, sizeof chunk);
    for (c = 0; c < m->columns; c++) {
        m->vectors[c] = tni_vector_constant(&values[c], m->storage[c]);
    }
    chunk.rows = chunk.active = 1;
    chunk.column_count = m->columns;
    chunk.columns = m->vectors;
    chunk.order = m->row++ / 5000;
    TNI_CHECK(tni_collection_append(m->rows, &env, &chunk, &m->scratch, &error) == TRUENO_OK);
}
static trueno_result *make_end(maker *m, const char *const *names) {
    trueno_result *result = tni_result_new(account);
    tni_error error;
    tni_error_clear(&error);
    tni_scratch_free(&m->scratch);
    TNI_CHECK(tni_result_set_rows(result, m->rows, names, &error) == TRUENO_OK);
    return result;
}

static tni_value text_value(const char *text) {
    return tni_value_string(tni_type_make(TRUENO_TYPE_VARCHAR), tni_string_c(text));
}
static tni_value int_value(int64_t v) {
    return tni_value_i64(tni_type_make(TRUENO_TYPE_BIGINT), v);
}
static tni_value double_value(double v) {
    return tni_value_double(tni_type_make(TRUENO_TYPE_DOUBLE), v);
}

/* id BIGINT, price DECIMAL(9,2), name VARCHAR with NULLs */
static trueno_result *make_sample(uint64_t rows) {
    static const char *const names[] = {"id", "price", "name"};
    tni_type types[3];
    tni_value values[3];
    maker m;
    uint64_t i;
    types[0] = tni_type_make(TRUENO_TYPE_BIGINT);
    types[1] = tni_type_decimal(9, 2);
    types[2] = tni_type_make(TRUENO_TYPE_VARCHAR);
    make_begin(&m, types, 3);
    for (i = 0; i < rows; i++) {
        char text[32];
        sprintf(text, "name of row %d", (int)i);
        values[0] = int_value((int64_t)i);
        values[1] = tni_value_i64(types[1], (int64_t)i * 125);
        values[2] = i % 3 == 2 ? tni_value_null(types[2]) : text_value(text);
        make_row(&m, values);
    }
    return make_end(&m, names);
}

static void finish(trueno_result *result) {
    trueno_result_free(result);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&account->memory.used), sizeof(tni_account));
}

/* ---------------------------------------------------------------------------------- cells --- */

static void test_cells_and_conversions(void) {
    static const char *const names[] = {"b", "i", "u", "h", "d", "dec", "big", "s", "blob", "date"};
    tni_type types[10];
    tni_value values[10];
    maker m;
    trueno_result *r;
    size_t length;
    const char *again;
    types[0] = tni_type_make(TRUENO_TYPE_BOOLEAN);
    types[1] = tni_type_make(TRUENO_TYPE_INTEGER);
    types[2] = tni_type_make(TRUENO_TYPE_UBIGINT);
    types[3] = tni_type_make(TRUENO_TYPE_HUGEINT);
    types[4] = tni_type_make(TRUENO_TYPE_DOUBLE);
    types[5] = tni_type_decimal(9, 2);
    types[6] = tni_type_decimal(38, 10);
    types[7] = tni_type_make(TRUENO_TYPE_VARCHAR);
    types[8] = tni_type_make(TRUENO_TYPE_BLOB);
    types[9] = tni_type_make(TRUENO_TYPE_DATE);
    memset(values, 0, sizeof values);
    values[0].type = types[0];
    values[0].as.boolean = true;
    values[1] = tni_value_i64(types[1], -5);
    values[2].type = types[2];
    values[2].as.natural = UINT64_MAX;
    values[3].type = types[3];
    values[3].as.huge.high = -1;
    values[3].as.huge.low = (uint64_t)-7;
    values[4] = double_value(2.5);
    values[5] = tni_value_i64(types[5], -12350);
    values[6].type = types[6];
    values[6].as.huge = tni_i128_from_i64(INT64_C(10000000001));
    values[7] = text_value("12.75");
    values[8] = tni_value_string(types[8], tni_string_make("a\0b", 3));
    values[9] = tni_value_i64(types[9], 19000);
    make_begin(&m, types, 10);
    make_row(&m, values);
    values[4] = double_value(1e300);
    values[7] = text_value("yes");
    make_row(&m, values);
    r = make_end(&m, names);
    TNI_CHECK_EQ_INT(trueno_result_status(r), TRUENO_OK);
    TNI_CHECK_TEXT(trueno_result_error(r), "");
    TNI_CHECK_TEXT(trueno_result_error_report(r), "");
    TNI_CHECK(trueno_result_error_position(r) == SIZE_MAX);
    TNI_CHECK_EQ_UINT(trueno_result_row_count(r), 2);
    TNI_CHECK_EQ_UINT(trueno_result_column_count(r), 10);
    TNI_CHECK_TEXT(trueno_result_column_name(r, 5), "dec");
    TNI_CHECK_TEXT(trueno_result_column_type_name(r, 5), "DECIMAL(9,2)");
    TNI_CHECK_EQ_INT(trueno_result_column_type(r, 5), TRUENO_TYPE_DECIMAL);
    TNI_CHECK_TEXT(trueno_result_column_name(r, 10), "");
    TNI_CHECK(trueno_get_bool(r, 0, 0) && trueno_get_int64(r, 0, 0) == 1);
    TNI_CHECK_EQ_INT(trueno_get_int64(r, 0, 1), -5);
    TNI_CHECK_EQ_INT(trueno_get_int64(r, 0, 2), INT64_MAX);
    TNI_CHECK_EQ_DOUBLE(trueno_get_double(r, 0, 2), 18446744073709551616.0);
    TNI_CHECK_EQ_INT(trueno_get_int64(r, 0, 3), -7);
    TNI_CHECK_EQ_INT(trueno_get_int64(r, 0, 4), 2);
    TNI_CHECK_EQ_DOUBLE(trueno_get_double(r, 0, 4), 2.5);
    TNI_CHECK_EQ_INT(trueno_get_int64(r, 0, 5), -124);
    TNI_CHECK_EQ_DOUBLE(trueno_get_double(r, 0, 5), -123.5);
    TNI_CHECK_EQ_DOUBLE(trueno_get_double(r, 0, 6), 1.0000000001);
    TNI_CHECK_EQ_INT(trueno_get_int64(r, 0, 7), 13);
    TNI_CHECK_EQ_DOUBLE(trueno_get_double(r, 0, 7), 12.75);
    TNI_CHECK(trueno_get_bool(r, 1, 7) && !trueno_get_bool(r, 0, 7));
    TNI_CHECK_EQ_INT(trueno_get_int64(r, 1, 4), INT64_MAX);
    TNI_CHECK_EQ_INT(trueno_get_int64(r, 0, 9), 19000);
    TNI_CHECK_TEXT(trueno_get_text(r, 0, 0), "true");
    TNI_CHECK_TEXT(trueno_get_text(r, 0, 5), "-123.50");
    TNI_CHECK_TEXT(trueno_get_text(r, 0, 7), "12.75");
    TNI_CHECK_TEXT(trueno_get_text(r, 0, 9), "2022-01-08");
    again = trueno_get_text(r, 0, 9);
    TNI_CHECK(again == trueno_get_text(r, 0, 9));
    TNI_CHECK(memcmp(trueno_get_bytes(r, 0, 8, &length), "a\0b", 3) == 0 && length == 3);
    TNI_CHECK(trueno_get_bytes(r, 0, 1, &length) == NULL && length == 0);
    TNI_CHECK(trueno_get_is_null(r, 2, 0) && trueno_get_is_null(r, 0, 10));
    TNI_CHECK_TEXT(trueno_get_text(r, 99, 0), "");
    TNI_CHECK_EQ_INT(trueno_get_int64(r, 99, 0), 0);
    finish(r);
}

static void test_batches(void) {
    trueno_result *r = make_sample(12000);
    trueno_batch batch;
    uint64_t row = 0;
    bool same = true;
    while (trueno_result_batch(r, 0, row, &batch)) {
        uint32_t i;
        for (i = 0; i < batch.rows; i++) {
            same = same && ((const int64_t *)batch.data)[i] == (int64_t)(batch.first + i);
        }
        row = batch.first + batch.rows;
    }
    TNI_CHECK(same);
    TNI_CHECK_EQ_UINT(row, 12000);
    TNI_CHECK(trueno_result_batch(r, 2, 7000, &batch));
    TNI_CHECK(batch.validity != NULL);
    {
        const trueno_text *texts = (const trueno_text *)batch.data;
        uint32_t i = (uint32_t)(7000 - batch.first);
        TNI_CHECK(texts[i].length == 16 && memcmp(texts[i].data, "name of row 7000", 16) == 0);
        TNI_CHECK(!tni_bit_get(batch.validity, 7001 - batch.first) == (7001 % 3 == 2));
    }
    TNI_CHECK(!trueno_result_batch(r, 3, 0, &batch));
    TNI_CHECK(!trueno_result_batch(r, 0, 12000, &batch));
    TNI_CHECK_TEXT(trueno_get_text(r, 11998, 2), "name of row 11998");
    TNI_CHECK(trueno_get_is_null(r, 11999, 2));
    TNI_CHECK_TEXT(trueno_get_text(r, 11999, 2), "");
    finish(r);
}

static void test_result_outlives_its_database(void) {
    trueno_result *r = make_sample(10);
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    tni_account *own = account;
    tni_account_release(account); /* trueno_close */
    TNI_CHECK_TEXT(trueno_get_text(r, 3, 2), "name of row 3");
    TNI_CHECK(trueno_result_to_arrow(r, &stream) == TRUENO_OK);
    trueno_result_free(r);
    TNI_CHECK_EQ_INT(stream.get_next(&stream, &batch), 0);
    stream.release(&stream);
    TNI_CHECK_EQ_INT(batch.length, 10);
    TNI_CHECK_EQ_INT(((const int64_t *)batch.children[0]->buffers[1])[9], 9);
    batch.release(&batch); /* the last: the account goes too, which the sanitizer checks */
    TNI_CHECK(own != NULL);
    start();
}

static void test_csv_and_json(void) {
    trueno_result *r = make_sample(3);
    char *text;
    size_t length;
    TNI_CHECK(trueno_result_to_csv(r, &text, &length) == TRUENO_OK);
    TNI_CHECK_TEXT(text, "id,price,name\n0,0.00,name of row 0\n1,1.25,name of row 1\n2,2.50,\n");
    TNI_CHECK_EQ_UINT(length, strlen(text));
    trueno_text_free(r, text, length);
    TNI_CHECK(trueno_result_to_json(r, &text, &length) == TRUENO_OK);
    TNI_CHECK(strstr(text, "\"name\":\"name of row 1\"") != NULL);
    TNI_CHECK(strstr(text, "\"price\":2.50,\"name\":null") != NULL);
    TNI_CHECK(text[0] == '[' && text[length - 2] == ']');
    trueno_text_free(r, text, length);
    finish(r);
    r = make_sample(0);
    TNI_CHECK(trueno_result_to_json(r, &text, &length) == TRUENO_OK);
    TNI_CHECK_TEXT(text, "[\n]\n");
    trueno_text_free(r, text, length);
    finish(r);
    r = tni_result_new(account);
    TNI_CHECK(trueno_result_to_csv(r, &text, &length) == TRUENO_ERROR_MISUSE && !text);
    finish(r);
    r = make_sample(9000);
    TNI_CHECK(trueno_result_to_csv(r, &text, &length) == TRUENO_OK);
    TNI_CHECK(strstr(text, "\n8998,11247.50,name of row 8998\n8999,11248.75,\n") != NULL);
    trueno_text_free(r, text, length);
    finish(r);
}

/* ------------------------------------------------------------------------------- reports --- */

static const char *report(const char *sql, uint32_t position, const char *message) {
    static char text[2000];
    trueno_result *r = tni_result_new(account);
    tni_error error;
    tni_error_clear(&error);
    (void)tni_fail_at(&error, TRUENO_ERROR_BINDER, position, "%s", message);
    tni_result_fail(r, &error, sql, sql ? strlen(sql) : 0);
    TNI_CHECK_EQ_INT(trueno_result_status(r), TRUENO_ERROR_BINDER);
    TNI_CHECK_TEXT(trueno_result_error(r), message);
    TNI_CHECK_EQ_UINT(trueno_result_row_count(r), 0);
    snprintf(text, sizeof text, "%s", trueno_result_error_report(r));
    TNI_CHECK(trueno_result_error_report(r) == trueno_result_error_report(r));
    finish(r);
    return text;
}

static void test_error_reports(void) {
    static const char long_line[] =
        "SELECT aaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbb, cccccccccccccccccccccc, wrong, "
        "dddddddddddddddddddddddddddd, eeeeeeeeeeeeeeeeeeeeeeeeee FROM t";
    const char *got;
    const char *caret;
    TNI_CHECK_TEXT(report("SELECT foo FROM t", 7, "no column \"foo\""),
                   "Binder error: no column \"foo\"\n\nLINE 1: SELECT foo FROM t\n"
                   "               ^\n");
    TNI_CHECK_TEXT(report("SELECT 1,\n\tfoo\nFROM t", 11, "no"),
                   "Binder error: no\n\nLINE 2:  foo\n         ^\n");
    TNI_CHECK_TEXT(report("SELECT '\xe6\x97\xa5\xe6\x9c\xac' + x", 18, "no"),
                   "Binder error: no\n\nLINE 1: SELECT '\xe6\x97\xa5\xe6\x9c\xac' + x\n"
                   "                        ^\n");
    TNI_CHECK_TEXT(report("SELECT", 6, "end"),
                   "Binder error: end\n\nLINE 1: SELECT\n              ^\n");
    TNI_CHECK_TEXT(report("SELECT", 600, "end"),
                   "Binder error: end\n\nLINE 1: SELECT\n              ^\n");
    TNI_CHECK_TEXT(report("SELECT", TNI_NO_POSITION, "where"), "Binder error: where\n");
    TNI_CHECK_TEXT(report(NULL, 3, "where"), "Binder error: where\n");
    TNI_CHECK_TEXT(report("", 0, "empty"), "Binder error: empty\n\nLINE 1: \n        ^\n");
    got = report(long_line, (uint32_t)(strstr(long_line, "wrong") - long_line), "no");
    caret = strrchr(got, '\n') - 1;
    TNI_CHECK(*caret == '^');
    {
        const char *line = strstr(got, "LINE 1: ...");
        const char *end = line ? strchr(line, '\n') : NULL;
        TNI_CHECK(line && strncmp(line + (caret - end - 1), "wrong", 5) == 0);
        TNI_CHECK(end && end - line < 100 && strncmp(end - 3, "...", 3) == 0);
    }
}

static void test_constant_result_is_harmless(void) {
    trueno_allocator none;
    tni_account *poor;
    trueno_result *r;
    size_t length;
    struct ArrowArrayStream stream;
    tni_error error;
    TNI_CHECK(tni_account_new(NULL, sizeof(tni_account) + 10, &poor) == TRUENO_OK);
    r = tni_result_new(poor);
    memset(&none, 0, sizeof none);
    tni_error_clear(&error);
    TNI_CHECK_EQ_INT(trueno_result_status(r), TRUENO_ERROR_MEMORY_LIMIT);
    TNI_CHECK(strstr(trueno_result_error(r), "memory_limit") != NULL);
    TNI_CHECK(strlen(trueno_result_error_report(r)) > 10);
    (void)tni_fail(&error, TRUENO_ERROR_IO, "x");
    tni_result_fail(r, &error, "SELECT", 6);
    tni_result_set_changed(r, 9);
    TNI_CHECK_EQ_UINT(trueno_result_rows_changed(r), 0);
    TNI_CHECK_EQ_UINT(trueno_result_info(r)->pipeline_count, 0);
    TNI_CHECK_TEXT(trueno_get_text(r, 0, 0), "");
    TNI_CHECK(trueno_get_bytes(r, 0, 0, &length) == NULL);
    TNI_CHECK(trueno_result_to_arrow(r, &stream) == TRUENO_ERROR_MEMORY_LIMIT);
    TNI_CHECK(stream.release == NULL);
    trueno_result_free(r);
    tni_account_release(poor);
    trueno_result_free(NULL);
    r = tni_result_new(NULL);
    TNI_CHECK_EQ_INT(trueno_result_status(r), TRUENO_ERROR_MISUSE);
    TNI_CHECK(strstr(trueno_result_error_report(r), "NULL") != NULL);
    trueno_result_free(r);
}

static void test_info_is_copied(void) {
    trueno_result *r = tni_result_new(account);
    trueno_pipeline_info pipelines[2];
    trueno_info info;
    char name[16] = "scan t";
    memset(&info, 0, sizeof info);
    memset(pipelines, 0, sizeof pipelines);
    pipelines[0].name = name;
    pipelines[0].backend = "avx2";
    pipelines[1].name = "sort";
    pipelines[1].rows_in = 7;
    info.pipeline_count = 2;
    info.pipelines = pipelines;
    info.threads = 3;
    TNI_CHECK(tni_result_set_info(r, &info, NULL) == TRUENO_OK);
    memset(name, 'x', 5);
    TNI_CHECK_TEXT(trueno_result_info(r)->pipelines[0].name, "scan t");
    TNI_CHECK_TEXT(trueno_result_info(r)->pipelines[1].reason, "");
    TNI_CHECK_EQ_UINT(trueno_result_info(r)->pipelines[1].rows_in, 7);
    TNI_CHECK_EQ_UINT(trueno_result_info(r)->threads, 3);
    finish(r);
}

/* ---------------------------------------------------------------------------------- boxes --- */

static const char *print(trueno_result *r, uint32_t width, uint32_t max_rows, bool ascii) {
    static char text[20000];
    FILE *file = tmpfile();
    trueno_print_options options;
    size_t n = 0;
    memset(&options, 0, sizeof options);
    options.width = width;
    options.max_rows = max_rows;
    options.ascii = ascii;
    if (!file) {
        TNI_SKIP("no temporary file");
        return "";
    }
    TNI_CHECK(trueno_result_print_with(r, file, &options) == trueno_result_status(r));
    rewind(file);
    n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    fclose(file);
    return text;
}

/* Box-drawing characters (e2 94 xx) as + - |, the middle dot as a full stop. */
static const char *as_ascii(const char *text, char *out) {
    char *to = out;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == 0xe2) {
            c = (unsigned char)text[2];
            *to++ = c == 0x80 ? '-' : c == 0x82 ? '|' : '+';
            text += 2;
        } else if (c == 0xc2) {
            *to++ = '.';
            text++;
        } else {
            *to++ = (char)c;
        }
    }
    *to = 0;
    return out;
}

static void test_box_of_everything(void) {
    trueno_result *r = make_sample(3);
    TNI_CHECK_TEXT(print(r, 0, 0, true), "+-------+--------------+---------------+\n"
                                         "|  id   |    price     |     name      |\n"
                                         "| int64 | decimal(9,2) |    varchar    |\n"
                                         "+-------+--------------+---------------+\n"
                                         "|     0 |         0.00 | name of row 0 |\n"
                                         "|     1 |         1.25 | name of row 1 |\n"
                                         "|     2 |         2.50 | NULL          |\n"
                                         "+-------+--------------+---------------+\n");
    TNI_CHECK_TEXT(print(r, 0, 2, true), "+-------+--------------+---------------+\n"
                                         "|  id   |    price     |     name      |\n"
                                         "| int64 | decimal(9,2) |    varchar    |\n"
                                         "+-------+--------------+---------------+\n"
                                         "|     0 |         0.00 | name of row 0 |\n"
                                         "|     . |          .   |       .       |\n"
                                         "|     . |          .   |       .       |\n"
                                         "|     . |          .   |       .       |\n"
                                         "|     2 |         2.50 | NULL          |\n"
                                         "+-------+--------------+---------------+\n"
                                         "  3 rows (2 shown)           3 columns\n");
    {
        static char plain[4000];
        (void)as_ascii(print(r, 0, 2, false), plain);
        TNI_CHECK_TEXT(print(r, 0, 2, true), plain);
    }
    finish(r);
}

static void test_box_left_out_rows_and_columns(void) {
    static const char *names[30];
    static char storage[30][24];
    tni_type types[30];
    tni_value values[30];
    trueno_result *r;
    maker m;
    uint32_t c;
    for (c = 0; c < 30; c++) {
        sprintf(storage[c], "column_number_%u", c);
        names[c] = storage[c];
        types[c] = tni_type_make(TRUENO_TYPE_BIGINT);
        values[c] = int_value(c);
    }
    make_begin(&m, types, 30);
    make_row(&m, values);
    r = make_end(&m, names);
    TNI_CHECK_TEXT(print(r, 66, 0, true),
                   "+-----------------+-----------------+-----+------------------+\n"
                   "| column_number_0 | column_number_1 | ... | column_number_29 |\n"
                   "|      int64      |      int64      | ... |      int64       |\n"
                   "+-----------------+-----------------+-----+------------------+\n"
                   "|               0 |               1 | ... |               29 |\n"
                   "+-----------------+-----------------+-----+------------------+\n"
                   "  1 row                                 30 columns (3 shown)\n");
    finish(r);
    r = make_sample(0);
    TNI_CHECK_TEXT(print(r, 0, 0, true), "+-------+--------------+---------+\n"
                                         "|  id   |    price     |  name   |\n"
                                         "| int64 | decimal(9,2) | varchar |\n"
                                         "+-------+--------------+---------+\n"
                                         "  0 rows               3 columns\n");
    finish(r);
}

static void test_box_narrows_and_escapes(void) {
    static const char *const names[] = {"long", "other"};
    tni_type types[2];
    tni_value values[2];
    trueno_result *r;
    maker m;
    types[0] = types[1] = tni_type_make(TRUENO_TYPE_VARCHAR);
    make_begin(&m, types, 2);
    values[0] = text_value("a text that goes on and on, much further than there is room");
    values[1] = text_value("line\nbreak\ttab\x01");
    make_row(&m, values);
    values[0] = text_value("\xe6\x97\xa5\xe6\x9c\xac");
    values[1] = tni_value_null(types[1]);
    make_row(&m, values);
    r = make_end(&m, names);
    TNI_CHECK_TEXT(print(r, 52, 0, true),
                   "+---------------------------+----------------------+\n"
                   "|           long            |        other         |\n"
                   "|          varchar          |       varchar        |\n"
                   "+---------------------------+----------------------+\n"
                   "| a text that goes on an... | line\\nbreak\\ttab\\x01 |\n"
                   "| \xe6\x97\xa5\xe6\x9c\xac                      | NULL                 |\n"
                   "+---------------------------+----------------------+\n");
    finish(r);
}

static void test_print_of_failures_and_nothing(void) {
    trueno_result *r = tni_result_new(account);
    tni_error error;
    TNI_CHECK_TEXT(print(r, 0, 0, false), "");
    tni_error_clear(&error);
    (void)tni_fail_at(&error, TRUENO_ERROR_SYNTAX, 0, "what is this");
    tni_result_fail(r, &error, "hm", 2);
    TNI_CHECK_TEXT(print(r, 0, 0, false), "Syntax error: what is this\n\nLINE 1: hm\n        ^\n");
    finish(r);
}

int main(void) {
    start();
    test_cells_and_conversions();
    test_batches();
    test_csv_and_json();
    test_result_outlives_its_database();
    test_error_reports();
    test_constant_result_is_harmless();
    test_info_is_copied();
    test_box_of_everything();
    test_box_left_out_rows_and_columns();
    test_box_narrows_and_escapes();
    test_print_of_failures_and_nothing();
    tni_account_release(account);
    return tni_test_report();
}
