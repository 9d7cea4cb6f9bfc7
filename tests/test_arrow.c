/* Arrow in and out: every type, offsets, missing buffers, lifetimes, refusals. The producer and
 * the consumer here are written against the interface alone. */
#include "column/append.h"
#include "column/arrow.h"
#include "column/table.h"
#include "test.h"

#include <errno.h>

static tni_memory memory;
static tni_env env;

static void start(void) {
    memset(&env, 0, sizeof env);
    tni_memory_init(&memory, NULL, 0);
    env.memory = &memory;
    env.kernels = tni_kernels_pick(TRUENO_BACKEND_AUTO);
    env.deadline = INT64_MAX;
    env.threads = 1;
}

static void check_nothing_leaked(void) {
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
}

/* --------------------------------------------------------------------------- the producer --- */

/* A stream of batches made of borrowed buffers; counts what is released. */
#define MOST 8
typedef struct producer {
    const char *formats[MOST];
    const char *dictionary_formats[MOST];
    int columns;
    struct ArrowArray arrays[4][MOST]; /* as given */
    struct ArrowArray dictionaries[4][MOST];
    bool has_dictionary[4][MOST];
    int64_t lengths[4], offsets[4];
    int batches, next;
    int fail_at; /* get_next fails at this batch; -1: never */
    int schemas_released, batches_released, streams_released, children_released;
    struct ArrowSchema schema_children[MOST], schema_dictionaries[MOST];
    struct ArrowSchema *schema_pointers[MOST];
    struct ArrowArray *pointers[4][MOST];
    const void *none[1];
} producer;

static void child_schema_release(struct ArrowSchema *schema) {
    schema->release = NULL;
}
static void schema_release(struct ArrowSchema *schema) {
    producer *p = (producer *)schema->private_data;
    p->schemas_released++;
    schema->release = NULL;
}
static void child_array_release(struct ArrowArray *array) {
    producer *p = (producer *)array->private_data;
    p->children_released++; /* a consumer must not: the parent does */
    array->release = NULL;
}
static void batch_release(struct ArrowArray *array) {
    producer *p = (producer *)array->private_data;
    p->batches_released++;
    array->release = NULL;
}
static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    producer *p = (producer *)stream->private_data;
    int c;
    memset(out, 0, sizeof *out);
    for (c = 0; c < p->columns; c++) {
        static const char *const names[MOST] = {"a", "b", "c", "d", "e", "f", "g", "h"};
        struct ArrowSchema *child = &p->schema_children[c];
        memset(child, 0, sizeof *child);
        child->format = p->formats[c];
        child->name = names[c];
        child->flags = ARROW_FLAG_NULLABLE;
        child->release = child_schema_release;
        if (p->dictionary_formats[c]) {
            memset(&p->schema_dictionaries[c], 0, sizeof p->schema_dictionaries[c]);
            p->schema_dictionaries[c].format = p->dictionary_formats[c];
            p->schema_dictionaries[c].release = child_schema_release;
            child->dictionary = &p->schema_dictionaries[c];
        }
        p->schema_pointers[c] = child;
    }
    out->format = "+s";
    out->name = "";
    out->n_children = p->columns;
    out->children = p->schema_pointers;
    out->release = schema_release;
    out->private_data = p;
    return 0;
}
static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    producer *p = (producer *)stream->private_data;
    int b = p->next, c;
    if (b == p->fail_at) {
        return EIO;
    }
    memset(out, 0, sizeof *out);
    if (b == p->batches) {
        return 0;
    }
    p->next++;
    for (c = 0; c < p->columns; c++) {
        struct ArrowArray *child = &p->arrays[b][c];
        child->release = child_array_release;
        child->private_data = p;
        if (p->has_dictionary[b][c]) {
            child->dictionary = &p->dictionaries[b][c];
        }
        p->pointers[b][c] = child;
    }
    out->length = p->lengths[b];
    out->offset = p->offsets[b];
    out->n_buffers = 1;
    out->buffers = p->none;
    out->n_children = p->columns;
    out->children = p->pointers[b];
    out->release = batch_release;
    out->private_data = p;
    return 0;
}
static const char *get_last_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return "the cable is cut";
}
static void stream_release(struct ArrowArrayStream *stream) {
    ((producer *)stream->private_data)->streams_released++;
    stream->release = NULL;
}
static struct ArrowArrayStream open_stream(producer *p) {
    struct ArrowArrayStream stream;
    p->next = 0;
    stream.get_schema = get_schema;
    stream.get_next = get_next;
    stream.get_last_error = get_last_error;
    stream.release = stream_release;
    stream.private_data = p;
    return stream;
}

static producer *new_producer(void) {
    producer *p = (producer *)calloc(1, sizeof *p);
    p->fail_at = -1;
    return p;
}
static void add_column(producer *p, const char *format) {
    p->formats[p->columns++] = format;
}
/* Give column c of batch b its buffers. */
static void set_array(producer *p, int b, int c, int64_t length, int64_t offset, int64_t null_count,
                      const void **buffers, int64_t count) {
    struct ArrowArray *array = &p->arrays[b][c];
    memset(array, 0, sizeof *array);
    array->length = length;
    array->offset = offset;
    array->null_count = null_count;
    array->buffers = buffers;
    array->n_buffers = count;
}

static tni_table *import(producer *p, trueno_status wanted, tni_error *error) {
    struct ArrowArrayStream stream = open_stream(p);
    tni_table *table = NULL;
    trueno_status status;
    tni_error_clear(error);
    status = tni_table_from_arrow(&env, "arrows", &stream, &table, error);
    if (!TNI_CHECK_EQ_INT(status, wanted)) {
        printf("    %s\n", error->message);
    }
    TNI_CHECK(stream.release == NULL);
    TNI_CHECK((table != NULL) == (status == TRUENO_OK));
    return table;
}

static void print_column(tni_table *table, uint32_t field, tni_text *out) {
    tni_scratch scratch;
    tni_error error;
    size_t g;
    tni_error_clear(&error);
    tni_text_clear(out);
    tni_scratch_init(&scratch, &memory);
    for (g = 0; g < table->group_count; g++) {
        tni_segment *segment = table->groups[g]->segments[field];
        uint32_t first, i;
        for (first = 0; first < segment->rows; first += TNI_VECTOR_ROWS) {
            uint32_t rows = TNI_MIN(segment->rows - first, TNI_VECTOR_ROWS);
            tni_vector vector;
            tni_scratch_reset(&scratch);
            TNI_CHECK(tni_segment_view(&env, segment, first, rows, &scratch, &vector, &error) ==
                      TRUENO_OK);
            for (i = 0; i < rows; i++) {
                tni_value value = tni_vector_value(&vector, i);
                tni_value_print(&value, out);
                tni_text_char(out, '|');
            }
        }
    }
    tni_scratch_free(&scratch);
}

/* One column of one batch in, its text out. */
static void check_type(const char *format, const void **buffers, int64_t buffer_count,
                       int64_t length, int64_t offset, int64_t nulls, trueno_type type,
                       const char *wanted) {
    producer *p = new_producer();
    tni_error error;
    tni_table *table;
    add_column(p, format);
    set_array(p, 0, 0, length, offset, nulls, buffers, buffer_count);
    p->lengths[0] = length;
    p->batches = 1;
    table = import(p, TRUENO_OK, &error);
    if (table) {
        tni_text text;
        tni_text_init(&text, &memory);
        TNI_CHECK_EQ_INT(table->source.fields[0].type.id, type);
        print_column(table, 0, &text);
        if (!TNI_CHECK_TEXT(text.data, wanted)) {
            printf("    format %s\n", format);
        }
        tni_text_free(&text);
        tni_source_release(&table->source);
    }
    TNI_CHECK_EQ_INT(p->batches_released, 1);
    TNI_CHECK_EQ_INT(p->schemas_released, 1);
    TNI_CHECK_EQ_INT(p->streams_released, 1);
    TNI_CHECK_EQ_INT(p->children_released, 0);
    free(p);
    check_nothing_leaked();
}

/* ---------------------------------------------------------------------------------- types --- */

static void test_every_type_comes_in(void) {
    static const uint8_t valid[] = {0x0d}; /* rows 0, 2, 3 */
    static const int8_t i8[] = {-1, 99, 2, 127};
    static const uint8_t u8[] = {1, 99, 2, 255};
    static const int16_t i16[] = {-300, 99, 2, 3};
    static const uint16_t u16[] = {65535, 99, 2, 3};
    static const int32_t i32[] = {-70000, 99, 2, 3};
    static const uint32_t u32[] = {4000000000u, 99, 2, 3};
    static const int64_t i64[] = {INT64_MIN, 99, 2, 3};
    static const uint64_t u64[] = {UINT64_MAX, 99, 2, 3};
    static const uint16_t halves[] = {0x3c00, 0x7e00, 0xc100, 0x0001};
    static const float f32[] = {1.5f, 9, 0.1f, -2};
    static const double f64[] = {1.5, 9, 0.1, -2e300};
    static const uint8_t bits[] = {0x09};
    static const int32_t days[] = {19000, 99, 0, -1};
    static const int64_t days_ms[] = {INT64_C(1641600000000), INT64_MAX, 0, -1};
    static const int32_t seconds[] = {3661, 99, 0, 1};
    static const int64_t us[] = {3661000001, 99, 0, 1};
    static const int64_t stamps[] = {1700000000, INT64_MAX, 0, -1};
    static const int64_t stamps_us[] = {INT64_C(1700000000123456), INT64_MAX, 0, -1};
    static const int32_t pairs[] = {1, 2000, 9, 9, 0, 1, -1, 0};
    static const int32_t months[] = {14, 99, 0, 1};
    static const int32_t narrow_decimals[] = {12345, 99, 5, -5};
    static const int64_t decimals[] = {12345, 0, 99, 99, -1, -1, 0, 0};
    uint8_t mdn[64];
    const void *b[3];
    int64_t ns = 5000;
    b[0] = valid;
    b[2] = NULL;
#define ONE(format, array, type, wanted)                                                           \
    b[1] = array;                                                                                  \
    check_type(format, b, 2, 4, 0, 1, type, wanted)
    ONE("c", i8, TRUENO_TYPE_TINYINT, "-1|NULL|2|127|");
    ONE("C", u8, TRUENO_TYPE_UTINYINT, "1|NULL|2|255|");
    ONE("s", i16, TRUENO_TYPE_SMALLINT, "-300|NULL|2|3|");
    ONE("S", u16, TRUENO_TYPE_USMALLINT, "65535|NULL|2|3|");
    ONE("i", i32, TRUENO_TYPE_INTEGER, "-70000|NULL|2|3|");
    ONE("I", u32, TRUENO_TYPE_UINTEGER, "4000000000|NULL|2|3|");
    ONE("l", i64, TRUENO_TYPE_BIGINT, "-9223372036854775808|NULL|2|3|");
    ONE("L", u64, TRUENO_TYPE_UBIGINT, "18446744073709551615|NULL|2|3|");
    ONE("e", halves, TRUENO_TYPE_FLOAT, "1.0|NULL|-2.5|5.9604645e-08|");
    ONE("f", f32, TRUENO_TYPE_FLOAT, "1.5|NULL|0.1|-2.0|");
    ONE("g", f64, TRUENO_TYPE_DOUBLE, "1.5|NULL|0.1|-2e+300|");
    ONE("b", bits, TRUENO_TYPE_BOOLEAN, "true|NULL|false|true|");
    ONE("tdD", days, TRUENO_TYPE_DATE, "2022-01-08|NULL|1970-01-01|1969-12-31|");
    ONE("tdm", days_ms, TRUENO_TYPE_DATE, "2022-01-08|NULL|1970-01-01|1969-12-31|");
    ONE("tts", seconds, TRUENO_TYPE_TIME, "01:01:01|NULL|00:00:00|00:00:01|");
    ONE("ttm", seconds, TRUENO_TYPE_TIME, "00:00:03.661|NULL|00:00:00|00:00:00.001|");
    ONE("ttu", us, TRUENO_TYPE_TIME, "01:01:01.000001|NULL|00:00:00|00:00:00.000001|");
    ONE("ttn", us, TRUENO_TYPE_TIME, "00:00:03.661|NULL|00:00:00|00:00:00|");
    ONE("tss:", stamps, TRUENO_TYPE_TIMESTAMP_S,
        "2023-11-14 22:13:20|NULL|1970-01-01 00:00:00|1969-12-31 23:59:59|");
    ONE("tsu:", stamps_us, TRUENO_TYPE_TIMESTAMP,
        "2023-11-14 22:13:20.123456|NULL|1970-01-01 00:00:00|1969-12-31 23:59:59.999999|");
    ONE("tss:UTC", stamps, TRUENO_TYPE_TIMESTAMP_TZ,
        "2023-11-14 22:13:20+00|NULL|1970-01-01 00:00:00+00|1969-12-31 23:59:59+00|");
    ONE("tsn:Europe/Paris", stamps, TRUENO_TYPE_TIMESTAMP_TZ,
        "1970-01-01 00:00:01.7+00|NULL|1970-01-01 00:00:00+00|1969-12-31 23:59:59.999999+00|");
    ONE("tiM", months, TRUENO_TYPE_INTERVAL, "1 year 2 months|NULL|00:00:00|1 month|");
    ONE("tiD", pairs, TRUENO_TYPE_INTERVAL, "1 day 00:00:02|NULL|00:00:00.001|-1 day|");
    ONE("tDs", stamps, TRUENO_TYPE_INTERVAL, "472222:13:20|NULL|00:00:00|-00:00:01|");
    ONE("d:10,2,32", narrow_decimals, TRUENO_TYPE_DECIMAL, "123.45|NULL|0.05|-0.05|");
    ONE("d:10,2", decimals, TRUENO_TYPE_DECIMAL, "123.45|NULL|-0.01|0.00|");
    ONE("d:30,2", decimals, TRUENO_TYPE_DECIMAL, "123.45|NULL|-0.01|0.00|");
    memset(mdn, 0, sizeof mdn);
    mdn[0] = 1;
    mdn[4] = 2;
    memcpy(mdn + 8, &ns, 8);
    ONE("tin", mdn, TRUENO_TYPE_INTERVAL, "1 month 2 days 00:00:00.000005|NULL|00:00:00|00:00:00|");
#undef ONE
    check_type("n", NULL, 0, 3, 0, 3, TRUENO_TYPE_NULL, "NULL|NULL|NULL|");
}

static void test_strings_come_in(void) {
    static const uint8_t valid[] = {0x0d};
    static const char heap[] = "onetwo!three is long enough to be elsewhere";
    static const int32_t offsets[] = {0, 3, 7, 7, 43};
    static const int64_t wide[] = {0, 3, 7, 7, 43};
    static const char fixed[] = "aabbccdd";
    uint8_t views[64];
    const void *b[5];
    const void *v[4];
    int64_t sizes[1];
    int32_t word;
    const char *wanted = "one|NULL||three is long enough to be elsewhere|";
    b[0] = valid;
    b[1] = offsets;
    b[2] = heap;
    check_type("u", b, 3, 4, 0, 1, TRUENO_TYPE_VARCHAR, wanted);
    check_type("u", b, 3, 4, 0, -1, TRUENO_TYPE_VARCHAR, wanted);
    check_type("u", b, 3, 2, 2, -1, TRUENO_TYPE_VARCHAR, "|three is long enough to be elsewhere|");
    check_type("z", b, 3, 4, 0, 1, TRUENO_TYPE_BLOB, wanted);
    b[1] = wide;
    check_type("U", b, 3, 4, 0, 1, TRUENO_TYPE_VARCHAR, wanted);
    check_type("Z", b, 3, 4, 0, 1, TRUENO_TYPE_BLOB, wanted);
    b[1] = fixed;
    check_type("w:2", b, 2, 4, 0, 1, TRUENO_TYPE_BLOB, "aa|NULL|cc|dd|");
    memset(views, 0, sizeof views);
    views[0] = 3;
    memcpy(views + 4, "one", 3);
    memset(views + 16, 0xee, 16); /* a NULL slot may hold anything */
    word = 36;
    memcpy(views + 48, &word, 4);
    memcpy(views + 52, "thre", 4);
    word = 7;
    memcpy(views + 60, &word, 4);
    sizes[0] = 43;
    v[0] = valid;
    v[1] = views;
    v[2] = heap;
    v[3] = sizes;
    check_type("vu", v, 4, 4, 0, 1, TRUENO_TYPE_VARCHAR, wanted);
    check_type("vz", v, 4, 4, 0, 1, TRUENO_TYPE_BLOB, wanted);
}

static void test_offsets_and_missing_buffers(void) {
    static const int32_t numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const uint8_t valid[] = {0xff, 0x02}; /* row 8 is NULL */
    static const uint8_t bits[] = {0xf0, 0x03};
    const void *b[3];
    producer *p;
    tni_table *table;
    tni_error error;
    tni_text text;
    b[0] = valid;
    b[1] = numbers;
    check_type("i", b, 2, 5, 5, -1, TRUENO_TYPE_INTEGER, "5|6|7|NULL|9|");
    b[0] = NULL;
    check_type("i", b, 2, 3, 7, -1, TRUENO_TYPE_INTEGER, "7|8|9|");
    b[1] = bits;
    check_type("b", b, 2, 4, 3, 0, TRUENO_TYPE_BOOLEAN, "false|true|true|true|");
    b[1] = NULL;
    b[2] = NULL;
    check_type("i", b, 2, 0, 0, 0, TRUENO_TYPE_INTEGER, NULL);
    check_type("u", b, 3, 0, 0, 0, TRUENO_TYPE_VARCHAR, NULL);
    /* a struct's offset applies to its children too */
    p = new_producer();
    tni_text_init(&text, &memory);
    b[0] = valid;
    b[1] = numbers;
    add_column(p, "i");
    set_array(p, 0, 0, 8, 2, -1, b, 2);
    p->lengths[0] = 5;
    p->offsets[0] = 3;
    p->batches = 1;
    table = import(p, TRUENO_OK, &error);
    print_column(table, 0, &text);
    TNI_CHECK_TEXT(text.data, "5|6|7|NULL|9|");
    tni_source_release(&table->source);
    p->offsets[0] = 4; /* beyond the child */
    table = import(p, TRUENO_ERROR_INVALID, &error);
    tni_text_free(&text);
    free(p);
    check_nothing_leaked();
}

static void test_dictionaries_come_in(void) {
    static const uint8_t valid[] = {0x1d};
    static const int8_t codes[] = {2, 77, 0, 1, 2};
    static const uint32_t wide_codes[] = {2, 77, 0, 1, 2};
    static const int8_t bad[] = {2, 77, 0, -1, 2};
    static const char heap[] = "redgreenblue";
    static const int32_t offsets[] = {0, 3, 8, 12};
    static const double numbers[] = {0.5, 1.5, 2.5};
    static const uint8_t known[] = {0x05}; /* entry 1 is NULL */
    const void *indices[2], *values[3];
    producer *p = new_producer();
    tni_table *table;
    tni_error error;
    tni_text text;
    struct ArrowArray *dictionary = &p->dictionaries[0][0];
    int b;
    tni_text_init(&text, &memory);
    indices[0] = valid;
    indices[1] = codes;
    values[0] = NULL;
    values[1] = offsets;
    values[2] = heap;
    add_column(p, "c");
    p->dictionary_formats[0] = "u";
    for (b = 0; b < 2; b++) {
        set_array(p, b, 0, 5, 0, 1, indices, 2);
        p->lengths[b] = 5;
        p->has_dictionary[b][0] = true;
        dictionary = &p->dictionaries[b][0];
        memset(dictionary, 0, sizeof *dictionary);
        dictionary->length = 3;
        dictionary->n_buffers = 3;
        dictionary->buffers = values;
    }
    p->batches = 2;
    table = import(p, TRUENO_OK, &error);
    print_column(table, 0, &text);
    TNI_CHECK_TEXT(text.data, "blue|NULL|red|green|blue|blue|NULL|red|green|blue|");
    TNI_CHECK(table->dictionaries[0] && table->dictionaries[0]->count == 3);
    tni_source_release(&table->source);
    TNI_CHECK_EQ_INT(p->batches_released, 2);
    values[0] = known; /* an entry that is NULL makes its rows NULL */
    p->dictionaries[0][0].null_count = p->dictionaries[1][0].null_count = -1;
    p->formats[0] = "I";
    indices[1] = wide_codes;
    table = import(p, TRUENO_OK, &error);
    print_column(table, 0, &text);
    TNI_CHECK_TEXT(text.data, "blue|NULL|red|NULL|blue|blue|NULL|red|NULL|blue|");
    tni_source_release(&table->source);
    values[1] = numbers; /* not strings: decoded */
    p->dictionaries[0][0].n_buffers = p->dictionaries[1][0].n_buffers = 2;
    p->dictionary_formats[0] = "g";
    table = import(p, TRUENO_OK, &error);
    print_column(table, 0, &text);
    TNI_CHECK_TEXT(text.data, "2.5|NULL|0.5|NULL|2.5|2.5|NULL|0.5|NULL|2.5|");
    tni_source_release(&table->source);
    indices[1] = bad;
    p->formats[0] = "c";
    (void)import(p, TRUENO_ERROR_INVALID, &error);
    TNI_CHECK(strstr(error.message, "row 3") != NULL);
    p->has_dictionary[1][0] = false;
    indices[1] = codes;
    p->arrays[1][0].dictionary = NULL;
    (void)import(p, TRUENO_ERROR_INVALID, &error);
    tni_text_free(&text);
    free(p);
    check_nothing_leaked();
}

/* ------------------------------------------------------------------------------ lifetimes --- */

static void test_large_batches_stay_in_place(void) {
    enum { N = 150000 };
    int64_t *numbers = (int64_t *)malloc((N + 8) * sizeof *numbers);
    double *odd = (double *)malloc((N + 8) * sizeof *odd);
    int32_t *offsets = (int32_t *)malloc((N + 8) * sizeof *offsets);
    uint8_t *valid = (uint8_t *)malloc(N / 8 + 8);
    char *heap = (char *)malloc(N * 4);
    const void *a[2], *b[2], *c[3];
    producer *p = new_producer();
    tni_error error;
    tni_table *table;
    tni_segment *kept;
    tni_zone zone;
    tni_text text;
    int i;
    for (i = 0; i < N + 3; i++) {
        double d = i;
        numbers[i] = i;
        memcpy((char *)odd + 1 + (size_t)i * 8, &d, 8);
    }
    for (i = 0; i <= N; i++) {
        offsets[i] = i * 4;
        if (i < N) {
            char four[8];
            sprintf(four, "x%03d", i % 1000);
            memcpy(heap + (size_t)i * 4, four, 4);
        }
    }
    memset(valid, 0xff, N / 8 + 8);
    valid[1] = 0xfe; /* element 8: row 5 of the array at offset 3 */
    a[0] = valid;
    a[1] = numbers;
    b[0] = NULL;
    b[1] = (char *)odd + 1;
    c[0] = NULL;
    c[1] = offsets;
    c[2] = heap;
    add_column(p, "l");
    add_column(p, "g");
    add_column(p, "u");
    set_array(p, 0, 0, N, 3, 1, a, 2);
    set_array(p, 0, 1, N, 3, 0, b, 2);
    set_array(p, 0, 2, N, 0, 0, c, 3);
    set_array(p, 1, 0, 10, 0, 0, a, 2); /* a small one after it */
    set_array(p, 1, 1, 10, 0, 0, b, 2);
    set_array(p, 1, 2, 10, 0, 0, c, 3);
    p->lengths[0] = N;
    p->lengths[1] = 10;
    p->batches = 2;
    table = import(p, TRUENO_OK, &error);
    TNI_CHECK_EQ_UINT(table->source.rows, N + 10);
    TNI_CHECK_EQ_UINT(table->group_count, 4);
    TNI_CHECK(table->groups[1]->segments[0]->data == numbers + 3 + 65536);
    TNI_CHECK_EQ_INT(p->batches_released, 1); /* the small one */
    TNI_CHECK_EQ_INT(p->streams_released, 1);
    TNI_CHECK(table->source.ops->zone(&table->source, 0, &zone));
    TNI_CHECK_EQ_INT(zone.max.as.integer, N + 2);
    TNI_CHECK_EQ_UINT(zone.null_count, 1);
    TNI_CHECK(table->dictionaries[2] && table->dictionaries[2]->count == 1000);
    tni_text_init(&text, &memory);
    print_column(table, 0, &text);
    TNI_CHECK(strncmp(text.data, "3|4|5|6|7|NULL|9|", 17) == 0);
    print_column(table, 1, &text);
    TNI_CHECK(strncmp(text.data, "3.0|4.0|5.0|", 12) == 0);
    print_column(table, 2, &text);
    TNI_CHECK(strncmp(text.data, "x000|x001|x002|", 15) == 0);
    TNI_CHECK(strstr(text.data, "|x999|x000|") != NULL);
    tni_text_free(&text);
    kept = tni_segment_retain(table->groups[0]->segments[0]);
    tni_source_release(&table->source);
    TNI_CHECK_EQ_INT(p->batches_released, 1); /* one segment still reads the batch */
    tni_segment_release(kept);
    TNI_CHECK_EQ_INT(p->batches_released, 2);
    TNI_CHECK_EQ_INT(p->children_released, 0);
    free(numbers);
    free(odd);
    free(offsets);
    free(valid);
    free(heap);
    free(p);
    check_nothing_leaked();
}

static void test_failures_release_everything(void) {
    static const int32_t numbers[] = {1, 2, 3};
    static const int32_t backwards[] = {0, 5, 2, 3};
    static const int32_t broken[] = {0, 1, 2, 3};
    const void *b[3];
    producer *p = new_producer();
    tni_error error;
    struct ArrowArrayStream released;
    tni_table *table;
    static const char *const nested[] = {"+l", "+w:3",       "+s",  "+m", "+ud:0,1",
                                         "+r", "d:50,2,256", "+vl", "x"};
    size_t i;
    b[0] = NULL;
    b[1] = numbers;
    b[2] = NULL;
    add_column(p, "i");
    set_array(p, 0, 0, 3, 0, 0, b, 2);
    p->lengths[0] = 3;
    p->batches = 1;
    p->fail_at = 1;
    (void)import(p, TRUENO_ERROR_IO, &error);
    TNI_CHECK(strstr(error.message, "the cable is cut") != NULL);
    TNI_CHECK_EQ_INT(p->batches_released, 1);
    TNI_CHECK_EQ_INT(p->schemas_released, 1);
    p->fail_at = -1;
    for (i = 0; i < TNI_COUNT_OF(nested); i++) {
        p->formats[0] = nested[i];
        (void)import(p, TRUENO_ERROR_UNSUPPORTED, &error);
        TNI_CHECK(strstr(error.message, "\"a\"") != NULL);
    }
    p->formats[0] = "u";
    (void)import(p, TRUENO_ERROR_INVALID, &error); /* two buffers, not three */
    b[1] = backwards;
    b[2] = "abcdef";
    set_array(p, 0, 0, 3, 0, 0, b, 3);
    (void)import(p, TRUENO_ERROR_INVALID, &error);
    TNI_CHECK(strstr(error.message, "row 1") != NULL);
    b[1] = broken;
    b[2] = "a\xff"
           "b";
    (void)import(p, TRUENO_ERROR_INVALID, &error);
    TNI_CHECK(strstr(error.message, "UTF-8") != NULL);
    b[2] = NULL;
    (void)import(p, TRUENO_ERROR_INVALID, &error);
    p->formats[0] = "i";
    b[1] = numbers;
    set_array(p, 0, 0, 3, 0, 2, b, 2); /* NULLs, but no bitmap */
    (void)import(p, TRUENO_ERROR_INVALID, &error);
    set_array(p, 0, 0, 2, 0, 0, b, 2); /* shorter than the batch */
    (void)import(p, TRUENO_ERROR_INVALID, &error);
    set_array(p, 0, 0, 3, -1, 0, b, 2);
    (void)import(p, TRUENO_ERROR_INVALID, &error);
    TNI_CHECK_EQ_INT(p->streams_released, 1 + 9 + 1 + 1 + 1 + 1 + 1 + 1 + 1);
    memset(&released, 0, sizeof released);
    tni_error_clear(&error);
    TNI_CHECK_EQ_INT(tni_table_from_arrow(&env, "t", &released, &table, &error),
                     TRUENO_ERROR_MISUSE);
    TNI_CHECK(table == NULL);
    free(p);
    check_nothing_leaked();
}

/* -------------------------------------------------------------------------------- outwards --- */

static const trueno_type all_types[] = {
    TRUENO_TYPE_NULL,         TRUENO_TYPE_BOOLEAN,      TRUENO_TYPE_TINYINT,
    TRUENO_TYPE_SMALLINT,     TRUENO_TYPE_INTEGER,      TRUENO_TYPE_BIGINT,
    TRUENO_TYPE_UTINYINT,     TRUENO_TYPE_USMALLINT,    TRUENO_TYPE_UINTEGER,
    TRUENO_TYPE_UBIGINT,      TRUENO_TYPE_HUGEINT,      TRUENO_TYPE_FLOAT,
    TRUENO_TYPE_DOUBLE,       TRUENO_TYPE_DATE,         TRUENO_TYPE_TIME,
    TRUENO_TYPE_TIMESTAMP_S,  TRUENO_TYPE_TIMESTAMP_MS, TRUENO_TYPE_TIMESTAMP,
    TRUENO_TYPE_TIMESTAMP_NS, TRUENO_TYPE_TIMESTAMP_TZ, TRUENO_TYPE_INTERVAL,
    TRUENO_TYPE_VARCHAR,      TRUENO_TYPE_BLOB,         TRUENO_TYPE_DECIMAL,
    TRUENO_TYPE_DECIMAL};
#define TYPES TNI_COUNT_OF(all_types)

static tni_type type_of(size_t c) {
    return c == TYPES - 1   ? tni_type_decimal(30, 3)
           : c == TYPES - 2 ? tni_type_decimal(9, 2)
                            : tni_type_make(all_types[c]);
}

static tni_value value_of(size_t c, int64_t row) {
    static const char *const words[] = {"", "short", "a string of more than twelve bytes",
                                        "\xc3\xa9"};
    tni_type type = type_of(c);
    tni_value value = tni_value_i64(type, row % 100);
    if (type.id == TRUENO_TYPE_NULL || row % 5 == 3) {
        return tni_value_null(type);
    }
    switch (tni_type_physical(type)) {
    case TNI_PHYSICAL_BOOL:
        memset(&value.as, 0, sizeof value.as);
        value.as.boolean = row % 2 == 0;
        break;
    case TNI_PHYSICAL_I128: value.as.huge = tni_i128_from_i64(row * 1000003 - 7); break;
    case TNI_PHYSICAL_F32:
    case TNI_PHYSICAL_F64: value = tni_value_double(type, (double)row / 8); break;
    case TNI_PHYSICAL_STRING: value = tni_value_string(type, tni_string_c(words[row % 4])); break;
    case TNI_PHYSICAL_INTERVAL:
        value.as.interval.months = (int32_t)row;
        value.as.interval.days = -3;
        value.as.interval.microseconds = row * 77;
        break;
    default: break;
    }
    return value;
}

static tni_collection *make_collection(int64_t rows) {
    tni_type types[TYPES];
    tni_vector vectors[TYPES];
    static uint64_t storage[TYPES][2];
    tni_chunk chunk;
    tni_collection *collection;
    tni_scratch scratch;
    tni_error error;
    int64_t row;
    size_t c;
    tni_error_clear(&error);
    tni_scratch_init(&scratch, &memory);
    for (c = 0; c < TYPES; c++) {
        types[c] = type_of(c);
    }
    TNI_CHECK(tni_collection_new(&memory, types, TYPES, &collection, &error) == TRUENO_OK);
    memset(&chunk, 0, sizeof chunk);
    chunk.rows = chunk.active = 1;
    chunk.columns = vectors;
    chunk.column_count = TYPES;
    for (row = 0; row < rows; row++) {
        for (c = 0; c < TYPES; c++) {
            tni_value value = value_of(c, row);
            vectors[c] = tni_vector_constant(&value, storage[c]);
        }
        TNI_CHECK(tni_collection_append(collection, &env, &chunk, &scratch, &error) == TRUENO_OK);
    }
    tni_scratch_free(&scratch);
    tni_collection_seal(collection);
    return collection;
}

static const char *const names[TYPES] = {
    "c0",  "c1",  "c2",  "c3",  "c4",  "c5",  "c6",  "c7",  "c8",  "c9",  "c10", "c11", "c12",
    "c13", "c14", "c15", "c16", "c17", "c18", "c19", "c20", "c21", "c22", "c23", "c24"};

static void test_round_trip_of_every_type(void) {
    static const int64_t sizes[] = {0, 1, 3000, 20000};
    size_t s, c;
    for (s = 0; s < TNI_COUNT_OF(sizes); s++) {
        tni_collection *collection = make_collection(sizes[s]);
        struct ArrowArrayStream stream;
        tni_table *table;
        tni_error error;
        tni_text got, wanted;
        int64_t row;
        tni_error_clear(&error);
        TNI_CHECK(tni_collection_to_arrow(collection, names, &stream, &error) == TRUENO_OK);
        tni_collection_release(collection); /* the stream outlives it */
        TNI_CHECK(tni_table_from_arrow(&env, "back", &stream, &table, &error) == TRUENO_OK);
        TNI_CHECK(stream.release == NULL);
        if (error.status != TRUENO_OK) {
            printf("    %s\n", error.message);
            return;
        }
        TNI_CHECK_EQ_UINT(table->source.rows, (uint64_t)sizes[s]);
        tni_text_init(&got, &memory);
        tni_text_init(&wanted, &memory);
        for (c = 0; c < TYPES; c++) {
            tni_type type = type_of(c);
            tni_text_clear(&wanted);
            for (row = 0; row < sizes[s]; row++) {
                tni_value value = value_of(c, row);
                tni_value_print(&value, &wanted);
                tni_text_char(&wanted, '|');
            }
            print_column(table, (uint32_t)c, &got);
            TNI_CHECK_TEXT(table->source.fields[c].name, names[c]);
            if (type.id == TRUENO_TYPE_HUGEINT) { /* leaves as decimal(38, 0) */
                type = tni_type_decimal(38, 0);
            }
            TNI_CHECK(tni_type_equal(table->source.fields[c].type, type));
            if (sizes[s] <= 10) {
                TNI_CHECK_TEXT(got.data, wanted.data);
            } else {
                TNI_CHECK(got.length == wanted.length &&
                          memcmp(got.data, wanted.data, got.length) == 0);
            }
        }
        tni_text_free(&got);
        tni_text_free(&wanted);
        tni_source_release(&table->source);
        check_nothing_leaked();
    }
}

static void test_exported_structs_live_on_their_own(void) {
    tni_collection *collection = make_collection(5000);
    struct ArrowArrayStream stream;
    struct ArrowSchema schema, field;
    struct ArrowArray batch, child, last, end;
    tni_error error;
    const int32_t *offsets;
    tni_error_clear(&error);
    TNI_CHECK(tni_collection_to_arrow(collection, names, &stream, &error) == TRUENO_OK);
    tni_collection_release(collection);
    TNI_CHECK_EQ_INT(stream.get_schema(&stream, &schema), 0);
    TNI_CHECK_EQ_INT(stream.get_next(&stream, &batch), 0);
    TNI_CHECK_EQ_INT(stream.get_next(&stream, &last), 0);
    TNI_CHECK_EQ_INT(last.length, 2048);
    last.release(&last);
    TNI_CHECK(last.release == NULL);
    TNI_CHECK_EQ_INT(stream.get_next(&stream, &last), 0);
    TNI_CHECK_EQ_INT(last.length, 5000 - 2 * 2048);
    end.release = last.release;
    TNI_CHECK_EQ_INT(stream.get_next(&stream, &end), 0);
    TNI_CHECK(end.release == NULL);
    TNI_CHECK(stream.get_last_error(&stream) == NULL);
    stream.release(&stream);
    TNI_CHECK_TEXT(schema.format, "+s");
    TNI_CHECK_EQ_INT(schema.n_children, TYPES);
    TNI_CHECK_TEXT(schema.children[21]->format, "u");
    TNI_CHECK_TEXT(schema.children[21]->name, "c21");
    TNI_CHECK(schema.children[21]->flags & ARROW_FLAG_NULLABLE);
    TNI_CHECK_TEXT(schema.children[23]->format, "d:9,2");
    field = *schema.children[21]; /* moved out */
    schema.children[21]->release = NULL;
    schema.release(&schema);
    TNI_CHECK(schema.release == NULL);
    TNI_CHECK_TEXT(field.format, "u");
    field.release(&field);
    child = *batch.children[21];
    batch.children[21]->release = NULL;
    batch.release(&batch);
    last.release(&last);
    TNI_CHECK_EQ_INT(child.n_buffers, 3);
    TNI_CHECK_EQ_INT(child.null_count, 409);
    offsets = (const int32_t *)child.buffers[1];
    TNI_CHECK_EQ_INT(offsets[1], 0);
    TNI_CHECK_EQ_INT(offsets[2], 5);
    TNI_CHECK(memcmp(child.buffers[2], "short", 5) == 0);
    TNI_CHECK_EQ_INT(offsets[4], offsets[3]); /* row 3 is NULL */
    child.release(&child);
    check_nothing_leaked();
}

static void test_what_arrow_cannot_hold_is_an_error(void) {
    tni_type type = tni_type_make(TRUENO_TYPE_HUGEINT);
    tni_value value = tni_value_i64(type, 0);
    uint64_t storage[2];
    tni_collection *collection;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    tni_scratch scratch;
    tni_vector vector;
    tni_chunk chunk;
    tni_error error;
    tni_error_clear(&error);
    value.as.huge.high = INT64_MAX;
    value.as.huge.low = UINT64_MAX;
    vector = tni_vector_constant(&value, storage);
    memset(&chunk, 0, sizeof chunk);
    chunk.rows = chunk.active = 1;
    chunk.columns = &vector;
    chunk.column_count = 1;
    tni_scratch_init(&scratch, &memory);
    TNI_CHECK(tni_collection_new(&memory, &type, 1, &collection, &error) == TRUENO_OK);
    TNI_CHECK(tni_collection_append(collection, &env, &chunk, &scratch, &error) == TRUENO_OK);
    tni_collection_seal(collection);
    TNI_CHECK(tni_collection_to_arrow(collection, names, &stream, &error) == TRUENO_OK);
    tni_collection_release(collection);
    TNI_CHECK_EQ_INT(stream.get_next(&stream, &batch), ERANGE);
    TNI_CHECK(strstr(stream.get_last_error(&stream), "c0") != NULL);
    stream.release(&stream);
    tni_scratch_free(&scratch);
    check_nothing_leaked();
}

static void test_bits_are_copied_exactly(void) {
    uint8_t bytes[40];
    uint64_t out[4];
    size_t from, count, i;
    bool same = true;
    for (i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 37 + 11);
    }
    for (from = 0; from < 70; from++) {
        for (count = 1; count < 200; count += 7) {
            tni_arrow_copy_bits(bytes, from, count, out);
            for (i = 0; i < count; i++) {
                size_t at = from + i;
                same = same && tni_bit_get(out, i) == ((bytes[at / 8] >> (at % 8)) & 1);
            }
            same = same && (count % 64 == 0 || out[count / 64] >> (count % 64) == 0);
        }
    }
    TNI_CHECK(same);
}

/* Every allocation may fail, in and out: no leak, no crash, the stream always released. */
static int64_t allocations_left;
static void *failing_alloc(void *user, size_t size, size_t alignment) {
    trueno_allocator *inner = (trueno_allocator *)user;
    return allocations_left-- > 0 ? inner->alloc(inner->user, size, alignment) : NULL;
}
static void failing_free(void *user, void *block, size_t size) {
    trueno_allocator *inner = (trueno_allocator *)user;
    inner->free(inner->user, block, size);
}

static void test_every_failing_allocation_is_survived(void) {
    trueno_allocator inner, failing;
    int64_t n;
    bool done = false;
    tni_allocator_default(&inner);
    failing.alloc = failing_alloc;
    failing.free = failing_free;
    failing.user = &inner;
    tni_memory_init(&memory, &failing, 0);
    for (n = 0; !done && n < 5000; n++) {
        tni_collection *collection;
        struct ArrowArrayStream stream;
        tni_table *table = NULL;
        tni_error error;
        trueno_status status;
        allocations_left = INT64_MAX;
        collection = make_collection(20);
        tni_error_clear(&error);
        allocations_left = n;
        status = tni_collection_to_arrow(collection, names, &stream, &error);
        TNI_CHECK((status == TRUENO_OK) == (stream.release != NULL));
        tni_collection_release(collection);
        if (status == TRUENO_OK) {
            status = tni_table_from_arrow(&env, "t", &stream, &table, &error);
            TNI_CHECK(stream.release == NULL);
            done = status == TRUENO_OK;
        }
        tni_source_release(table ? &table->source : NULL);
        if (tni_atomic_load_i64(&memory.used) != 0) {
            TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
            break;
        }
    }
    TNI_CHECK(done);
    start();
}

int main(void) {
    start();
    test_bits_are_copied_exactly();
    test_every_type_comes_in();
    test_strings_come_in();
    test_offsets_and_missing_buffers();
    test_dictionaries_come_in();
    test_large_batches_stay_in_place();
    test_failures_release_everything();
    test_round_trip_of_every_type();
    test_exported_structs_live_on_their_own();
    test_what_arrow_cannot_hold_is_an_error();
    test_every_failing_allocation_is_survived();
    return tni_test_report();
}
