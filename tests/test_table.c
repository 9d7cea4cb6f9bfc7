/* Tables, the table builder, host arrays and collections: what goes in comes out, in order, the
 * same for any number of workers. */
#include "column/append.h"
#include "column/table.h"
#include "column/table_builder.h"
#include "test.h"

static tni_memory memory;
static tni_env env;

static void start(void) {
    memset(&env, 0, sizeof env);
    tni_memory_init(&memory, NULL, 0);
    env.memory = &memory;
    env.kernels = tni_kernels_pick(TRUENO_BACKEND_AUTO);
    env.deadline = INT64_MAX;
    env.threads = 2;
}

static void check_nothing_leaked(void) {
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
}

/* ------------------------------------------------------------------------ reading tables --- */

/* Column `field` of all rows of a scan, as text: one line a row. */
static void read_all(tni_table *table, uint32_t field, tni_text *out) {
    tni_scan_request request;
    tni_error error;
    tni_scan *scan;
    tni_morsel morsel;
    tni_scratch scratch;
    memset(&request, 0, sizeof request);
    tni_error_clear(&error);
    request.columns = &field;
    request.column_count = 1;
    request.workers = 1;
    tni_scratch_init(&scratch, &memory);
    TNI_CHECK(table->source.ops->begin(&table->source, &env, &request, &scan, &error) == TRUENO_OK);
    for (;;) {
        uint32_t first, i;
        TNI_CHECK(table->source.ops->next(scan, 0, &morsel, &error) == TRUENO_OK);
        if (!morsel.rows) {
            break;
        }
        TNI_CHECK(table->source.ops->fetch(scan, 0, &morsel, 0, &error) == TRUENO_OK);
        for (first = 0; first < morsel.rows; first += TNI_VECTOR_ROWS) {
            uint32_t rows = TNI_MIN(morsel.rows - first, TNI_VECTOR_ROWS);
            tni_vector vector;
            tni_scratch_reset(&scratch);
            TNI_CHECK(tni_segment_view(&env, morsel.segments[0], first, rows, &scratch, &vector,
                                       &error) == TRUENO_OK);
            for (i = 0; i < rows; i++) {
                tni_value value = tni_vector_value(&vector, i);
                tni_value_print(&value, out);
                tni_text_char(out, '\n');
            }
        }
        table->source.ops->done(scan, 0, &morsel);
    }
    table->source.ops->end(scan);
    tni_scratch_free(&scratch);
}

/* ------------------------------------------------------------------------------ builder --- */

/* Row i of a made-up table: an id, a number with NULLs, a low- and a high-cardinality string. */
static const tni_field made_fields[] = {
    {"id", {TRUENO_TYPE_BIGINT, 0, 0, 0}, true},
    {"price", {TRUENO_TYPE_DOUBLE, 0, 0, 0}, false},
    {"city", {TRUENO_TYPE_VARCHAR, 0, 0, 0}, false},
    {"note", {TRUENO_TYPE_VARCHAR, 0, 0, 0}, false},
    {"flag", {TRUENO_TYPE_BOOLEAN, 0, 0, 0}, false},
};
#define MADE_COLUMNS 5u

typedef struct made_rows {
    int64_t id[TNI_VECTOR_ROWS];
    double price[TNI_VECTOR_ROWS];
    uint64_t price_valid[TNI_VECTOR_WORDS];
    tni_string city[TNI_VECTOR_ROWS];
    uint64_t city_valid[TNI_VECTOR_WORDS];
    tni_string note[TNI_VECTOR_ROWS];
    uint8_t flag[TNI_VECTOR_ROWS];
    char text[TNI_VECTOR_ROWS][2][48];
    tni_vector vectors[MADE_COLUMNS];
    tni_chunk chunk;
} made_rows;

static size_t made_city(uint64_t i, char *out) {
    return (size_t)sprintf(out, "city number %d", (int)(tni_hash_u64(i) % 500));
}
static size_t made_note(uint64_t i, char *out, bool unique) {
    return (size_t)sprintf(out, "note %d about row", (int)(unique ? i * 7 : i % 90001));
}

static void make_rows(made_rows *rows, uint64_t first, uint32_t count, bool unique) {
    uint32_t i, c;
    memset(rows->vectors, 0, sizeof rows->vectors);
    memset(rows->price_valid, 0, sizeof rows->price_valid);
    memset(rows->city_valid, 0, sizeof rows->city_valid);
    for (i = 0; i < count; i++) {
        uint64_t row = first + i;
        rows->id[i] = (int64_t)row;
        rows->price[i] = (double)(row % 1000) * 0.25;
        if (row % 7) {
            tni_bit_set(rows->price_valid, i);
        }
        if (row % 11) {
            tni_bit_set(rows->city_valid, i);
        }
        rows->city[i] = tni_string_make(rows->text[i][0], made_city(row, rows->text[i][0]));
        rows->note[i] = tni_string_make(rows->text[i][1], made_note(row, rows->text[i][1], unique));
        rows->flag[i] = row % 3 == 0;
    }
    for (c = 0; c < MADE_COLUMNS; c++) {
        rows->vectors[c].type = made_fields[c].type;
        rows->vectors[c].form = TNI_FORM_FLAT;
    }
    rows->vectors[0].data = rows->id;
    rows->vectors[1].data = rows->price;
    rows->vectors[1].validity = rows->price_valid;
    rows->vectors[2].data = rows->city;
    rows->vectors[2].validity = rows->city_valid;
    rows->vectors[3].data = rows->note;
    rows->vectors[4].data = rows->flag;
    memset(&rows->chunk, 0, sizeof rows->chunk);
    rows->chunk.rows = rows->chunk.active = count;
    rows->chunk.column_count = MADE_COLUMNS;
    rows->chunk.columns = rows->vectors;
}

/* Rows [first, first + total) in source row groups of `group` rows, dealt to workers in turns,
 * the later groups first: the order they come in must not matter. */
static tni_table *build(uint64_t first, uint64_t total, uint32_t group, uint32_t workers,
                        bool unique, bool parallel_calls, tni_table *base) {
    made_rows *rows = (made_rows *)malloc(sizeof *rows);
    tni_table_builder *builder;
    tni_table *table = NULL;
    tni_error error;
    uint64_t groups = (total + group - 1) / group, g;
    tni_error_clear(&error);
    TNI_CHECK(tni_table_builder_new(&env, "made", made_fields, MADE_COLUMNS, workers, &builder,
                                    &error) == TRUENO_OK);
    for (g = 0; g < groups; g++) {
        uint64_t order = workers > 1 ? groups - 1 - g : g;
        uint64_t at = order * group, end = TNI_MIN(at + group, total);
        uint32_t position = 0;
        while (at < end) {
            uint32_t n = (uint32_t)TNI_MIN(end - at, (uint64_t)TNI_VECTOR_ROWS);
            make_rows(rows, first + at, n, unique);
            rows->chunk.order = order;
            rows->chunk.first_row = position;
            TNI_CHECK(tni_table_builder_append(builder, (uint32_t)(g % workers), &rows->chunk,
                                               &error) == TRUENO_OK);
            position += n;
            at += n;
        }
    }
    free(rows);
    if (parallel_calls) {
        uint32_t stage, count, i;
        for (stage = 0; stage < TNI_TABLE_FINISH_STAGES; stage++) {
            TNI_CHECK(tni_table_builder_finish_prepare(builder, base, stage, &count, &error) ==
                      TRUENO_OK);
            for (i = count; i-- > 0;) {
                TNI_CHECK(tni_table_builder_finish_task(builder, stage, i, &error) == TRUENO_OK);
            }
        }
    }
    if (!TNI_CHECK(tni_table_builder_finish(builder, base, &table, &error) == TRUENO_OK)) {
        printf("    %s\n", error.message);
    }
    return table;
}

static void check_made(tni_table *table, uint64_t total, bool unique) {
    uint32_t c;
    for (c = 0; c < MADE_COLUMNS; c++) {
        tni_text got, line;
        uint64_t i;
        const char *at;
        bool same = true;
        tni_text_init(&got, &memory);
        tni_text_init(&line, &memory);
        read_all(table, c, &got);
        at = got.data ? got.data : "";
        for (i = 0; i < total && same; i++) {
            char city[48], note[48];
            (void)made_city(i, city);
            (void)made_note(i, note, unique);
            tni_text_clear(&line);
            switch (c) {
            case 0: tni_text_format(&line, "%lld", (long long)i); break;
            case 1:
                if (i % 7 == 0) {
                    tni_text_add(&line, "NULL");
                } else {
                    char number[32];
                    (void)tni_print_double((double)(i % 1000) * 0.25, number);
                    tni_text_add(&line, number);
                }
                break;
            case 2: tni_text_add(&line, i % 11 ? city : "NULL"); break;
            case 3: tni_text_add(&line, note); break;
            default: tni_text_add(&line, i % 3 == 0 ? "true" : "false"); break;
            }
            tni_text_char(&line, '\n');
            same = strncmp(at, line.data, line.length) == 0;
            if (!same) {
                printf("    column %u row %llu: got %.60s, expected %s", c, (unsigned long long)i,
                       at, line.data);
            }
            at += line.length;
        }
        TNI_CHECK(same);
        TNI_CHECK(*at == '\0');
        tni_text_free(&got);
        tni_text_free(&line);
    }
}

/* The same bits: encodings, codes, dictionaries. */
static bool same_tables(tni_table *a, tni_table *b) {
    size_t g;
    uint32_t c, i;
    if (a->group_count != b->group_count || a->source.rows != b->source.rows) {
        return false;
    }
    for (c = 0; c < a->source.field_count; c++) {
        const tni_dictionary *da = a->dictionaries[c], *db = b->dictionaries[c];
        if (!da != !db || (da && da->count != db->count)) {
            return false;
        }
        for (i = 0; da && i < da->count; i++) {
            if (!tni_string_equal(&da->values[i], &db->values[i])) {
                return false;
            }
        }
        for (g = 0; g < a->group_count; g++) {
            const tni_segment *sa = a->groups[g]->segments[c], *sb = b->groups[g]->segments[c];
            if (sa->encoding != sb->encoding || sa->rows != sb->rows ||
                sa->code_width != sb->code_width || sa->base != sb->base ||
                sa->bytes != sb->bytes || sa->zone.distinct != sb->zone.distinct) {
                return false;
            }
            if ((sa->encoding == TNI_ENCODING_DICT || sa->encoding == TNI_ENCODING_NARROW) &&
                memcmp(sa->data, sb->data, (size_t)sa->rows * sa->code_width) != 0) {
                return false;
            }
        }
    }
    return true;
}

static void test_builder_gives_one_table_for_any_workers(void) {
    static const uint32_t groups[] = {65536, 50000, 1000};
    size_t k;
    int unique;
    for (unique = 0; unique < 2; unique++) {
        for (k = 0; k < TNI_COUNT_OF(groups); k++) {
            tni_table *one = build(0, 200000, groups[k], 1, unique != 0, false, NULL);
            tni_table *three = build(0, 200000, groups[k], 3, unique != 0, true, NULL);
            TNI_CHECK_EQ_UINT(one->source.rows, 200000);
            TNI_CHECK_EQ_UINT(one->group_count, 4);
            TNI_CHECK_EQ_UINT(one->groups[0]->rows, 65536);
            TNI_CHECK_EQ_UINT(one->groups[3]->rows, 200000 - 3 * 65536);
            TNI_CHECK(one->dictionaries[2] && one->dictionaries[2]->sorted);
            TNI_CHECK(!one->dictionaries[3] == (unique != 0));
            TNI_CHECK(same_tables(one, three));
            if (k != 1) {
                check_made(three, 200000, unique != 0);
            }
            tni_source_release(&one->source);
            tni_source_release(&three->source);
        }
    }
    check_nothing_leaked();
}

static void test_short_memory_gives_the_same_table(void) {
    tni_table *roomy = build(0, 600000, 50000, 2, false, false, NULL), *tight;
    memory.limit = tni_atomic_load_i64(&memory.used) + (52 << 20);
    tight = build(0, 600000, 50000, 2, false, true, NULL);
    TNI_CHECK(tight && same_tables(roomy, tight));
    memory.limit = INT64_MAX;
    tni_source_release(&roomy->source);
    tni_source_release(tight ? &tight->source : NULL);
    check_nothing_leaked();
}

static void test_builder_small_and_empty(void) {
    tni_table *none = build(0, 0, 1000, 1, false, false, NULL);
    tni_table *few = build(0, 5, 2, 2, false, false, NULL);
    TNI_CHECK_EQ_UINT(none->source.rows, 0);
    TNI_CHECK_EQ_UINT(none->group_count, 0);
    check_made(none, 0, false);
    TNI_CHECK_EQ_UINT(few->source.rows, 5);
    TNI_CHECK_EQ_UINT(few->group_count, 1);
    check_made(few, 5, false);
    tni_source_release(&none->source);
    tni_source_release(&few->source);
    check_nothing_leaked();
}

static void test_builder_extends_a_table(void) {
    tni_table *base = build(0, 100000, 65536, 1, false, false, NULL);
    tni_table *more = build(100000, 40000, 1000, 2, false, false, base);
    tni_table *most = build(140000, 60000, 1000, 1, false, true, more);
    TNI_CHECK(base->groups[0]->segments[0] == more->groups[0]->segments[0]);
    TNI_CHECK_EQ_UINT(more->source.rows, 140000);
    tni_source_release(&base->source);
    check_made(more, 140000, false);
    tni_source_release(&more->source);
    check_made(most, 200000, false);
    TNI_CHECK(most->dictionaries[2] != NULL);
    tni_source_release(&most->source);
    check_nothing_leaked();
}

static void test_row_by_row_inserts_leave_few_groups(void) {
    tni_table *table = NULL;
    uint64_t i;
    for (i = 0; i < 300; i++) {
        tni_table *next = build(i, 1, 1, 1, false, false, table);
        tni_source_release(table ? &table->source : NULL);
        table = next;
    }
    TNI_CHECK_EQ_UINT(table->source.rows, 300);
    TNI_CHECK(table->group_count <= 10);
    check_made(table, 300, false);
    tni_source_release(&table->source);
    check_nothing_leaked();
}

static void test_builder_takes_every_form_and_masks(void) {
    static const tni_field fields[] = {{"a", {TRUENO_TYPE_INTEGER, 0, 0, 0}, false},
                                       {"s", {TRUENO_TYPE_VARCHAR, 0, 0, 0}, false},
                                       {"k", {TRUENO_TYPE_VARCHAR, 0, 0, 0}, false}};
    static const uint8_t codes[] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const uint8_t words[] = {2, 0, 1, 0, 2, 2, 1, 0};
    uint64_t mask = 0xb5, valid = 0xdf; /* rows 0 2 4 5 7 count; 5 is NULL */
    tni_interner interner;
    tni_dictionary *dictionary;
    tni_vector vectors[3];
    tni_chunk chunk;
    tni_table_builder *builder;
    tni_table *table;
    tni_error error;
    tni_text text;
    tni_string constant = tni_string_c("a constant of more than twelve bytes");
    uint32_t i;
    static const char *const strings[] = {"zulu is a long word, isn't it", "b", "c"};
    tni_error_clear(&error);
    tni_interner_init(&interner, &memory);
    for (i = 0; i < 3; i++) {
        tni_string s = tni_string_c(strings[i]);
        uint32_t code;
        TNI_CHECK(tni_interner_add(&interner, &s, tni_hash_string(&s), &code, &error) == TRUENO_OK);
    }
    TNI_CHECK(tni_interner_seal(&interner, false, NULL, &dictionary, &error) == TRUENO_OK);
    memset(vectors, 0, sizeof vectors);
    memset(&chunk, 0, sizeof chunk);
    vectors[0].type = fields[0].type;
    vectors[0].form = TNI_FORM_NARROW;
    vectors[0].code_width = 1;
    vectors[0].base = -3;
    vectors[0].data = codes;
    vectors[0].validity = &valid;
    vectors[1].type = fields[1].type;
    vectors[1].form = TNI_FORM_DICT;
    vectors[1].code_width = 1;
    vectors[1].data = words;
    vectors[1].validity = &valid;
    vectors[1].dictionary = dictionary;
    vectors[2].type = fields[2].type;
    vectors[2].form = TNI_FORM_CONSTANT;
    vectors[2].data = &constant;
    chunk.rows = 8;
    chunk.active = 5;
    chunk.mask = &mask;
    chunk.column_count = 3;
    chunk.columns = vectors;
    TNI_CHECK(tni_table_builder_new(&env, "t", fields, 3, 1, &builder, &error) == TRUENO_OK);
    TNI_CHECK(tni_table_builder_append(builder, 0, &chunk, &error) == TRUENO_OK);
    TNI_CHECK(vectors[0].form == TNI_FORM_NARROW && chunk.mask == &mask);
    vectors[2].is_null = true;
    chunk.order = 1;
    TNI_CHECK(tni_table_builder_append(builder, 0, &chunk, &error) == TRUENO_OK);
    tni_dictionary_release(dictionary);
    TNI_CHECK(tni_table_builder_finish(builder, NULL, &table, &error) == TRUENO_OK);
    tni_text_init(&text, &memory);
    read_all(table, 0, &text);
    TNI_CHECK_TEXT(text.data, "-3\n-1\n1\nNULL\n4\n-3\n-1\n1\nNULL\n4\n");
    tni_text_clear(&text);
    read_all(table, 1, &text);
    TNI_CHECK_TEXT(text.data, "c\nb\nc\nNULL\nzulu is a long word, isn't it\n"
                              "c\nb\nc\nNULL\nzulu is a long word, isn't it\n");
    tni_text_clear(&text);
    read_all(table, 2, &text);
    TNI_CHECK_TEXT(text.data, "a constant of more than twelve bytes\n"
                              "a constant of more than twelve bytes\n"
                              "a constant of more than twelve bytes\n"
                              "a constant of more than twelve bytes\n"
                              "a constant of more than twelve bytes\n"
                              "NULL\nNULL\nNULL\nNULL\nNULL\n");
    tni_text_free(&text);
    TNI_CHECK_EQ_UINT(table->zones[0].null_count, 2);
    TNI_CHECK_EQ_INT(table->zones[0].min.as.integer, -3);
    TNI_CHECK_EQ_INT(table->zones[0].max.as.integer, 4);
    tni_source_release(&table->source);
    check_nothing_leaked();
}

static void test_not_null_is_kept(void) {
    made_rows *rows = (made_rows *)malloc(sizeof *rows);
    tni_table_builder *builder;
    tni_error error;
    uint64_t valid = 0;
    tni_error_clear(&error);
    make_rows(rows, 0, 10, false);
    rows->vectors[0].validity = &valid;
    TNI_CHECK(tni_table_builder_new(&env, "t", made_fields, MADE_COLUMNS, 1, &builder, &error) ==
              TRUENO_OK);
    TNI_CHECK(tni_table_builder_append(builder, 0, &rows->chunk, &error) ==
              TRUENO_ERROR_CONSTRAINT);
    TNI_CHECK(strstr(error.message, "\"id\"") != NULL);
    tni_table_builder_free(builder);
    free(rows);
    check_nothing_leaked();
}

/* ---------------------------------------------------------------------------- pruning --- */

static void test_zones_prune_row_groups(void) {
    tni_table *table = build(0, 200000, 65536, 1, false, false, NULL);
    tni_scan_request request;
    tni_prune prune;
    tni_error error;
    tni_scan *scan;
    tni_morsel morsel;
    uint32_t column = 0;
    tni_zone zone;
    tni_error_clear(&error);
    memset(&request, 0, sizeof request);
    prune.column = 0;
    prune.op = TNI_PRUNE_EQUAL;
    prune.value = tni_value_i64(made_fields[0].type, 70000);
    request.columns = &column;
    request.column_count = 1;
    request.prunes = &prune;
    request.prune_count = 1;
    request.workers = 2;
    TNI_CHECK(table->source.ops->begin(&table->source, &env, &request, &scan, &error) == TRUENO_OK);
    TNI_CHECK(table->source.ops->next(scan, 1, &morsel, &error) == TRUENO_OK);
    TNI_CHECK_EQ_UINT(morsel.rows, 65536);
    TNI_CHECK_EQ_UINT(morsel.first_row, 65536);
    TNI_CHECK_EQ_UINT(morsel.order, 1);
    TNI_CHECK(table->source.ops->next(scan, 0, &morsel, &error) == TRUENO_OK);
    TNI_CHECK_EQ_UINT(morsel.rows, 0);
    table->source.ops->end(scan);
    TNI_CHECK(table->source.ops->zone(&table->source, 0, &zone));
    TNI_CHECK(zone.has_bounds && zone.sorted && zone.exact && !zone.has_nulls);
    TNI_CHECK_EQ_INT(zone.min.as.integer, 0);
    TNI_CHECK_EQ_INT(zone.max.as.integer, 199999);
    TNI_CHECK_EQ_UINT(zone.distinct, 200000);
    TNI_CHECK(table->source.ops->dictionary(&table->source, 2)->count == 500);
    TNI_CHECK(!table->source.ops->zone(&table->source, 99, &zone));
    column = 99;
    TNI_CHECK(table->source.ops->begin(&table->source, &env, &request, &scan, &error) ==
              TRUENO_ERROR_INTERNAL);
    tni_source_release(&table->source);
    check_nothing_leaked();
}

static void test_zone_rules(void) {
    tni_type integer = tni_type_make(TRUENO_TYPE_INTEGER), real = tni_type_make(TRUENO_TYPE_DOUBLE);
    tni_zone zone;
    tni_value five = tni_value_i64(integer, 5), nine = tni_value_i64(integer, 9);
    tni_value three = tni_value_i64(integer, 3), real5 = tni_value_double(real, 5);
    tni_value huge = tni_value_double(real, 1e308);
    memset(&zone, 0, sizeof zone);
    zone.rows = 10;
    zone.null_count = 2;
    zone.has_nulls = true;
    TNI_CHECK(tni_zone_may_match(&zone, TNI_PRUNE_EQUAL, &five)); /* no bounds: maybe */
    zone.has_bounds = true;
    zone.min = five;
    zone.max = nine;
    TNI_CHECK(!tni_zone_may_match(&zone, TNI_PRUNE_EQUAL, &three));
    TNI_CHECK(tni_zone_may_match(&zone, TNI_PRUNE_EQUAL, &nine));
    TNI_CHECK(!tni_zone_may_match(&zone, TNI_PRUNE_LESS, &five));
    TNI_CHECK(tni_zone_may_match(&zone, TNI_PRUNE_LESS_EQUAL, &five));
    TNI_CHECK(!tni_zone_may_match(&zone, TNI_PRUNE_GREATER, &nine));
    TNI_CHECK(tni_zone_may_match(&zone, TNI_PRUNE_GREATER_EQUAL, &nine));
    TNI_CHECK(tni_zone_may_match(&zone, TNI_PRUNE_NOT_EQUAL, &five));
    TNI_CHECK(tni_zone_may_match(&zone, TNI_PRUNE_EQUAL, &real5)); /* another type: maybe */
    TNI_CHECK(tni_zone_may_match(&zone, TNI_PRUNE_IS_NULL, NULL));
    TNI_CHECK(tni_zone_may_match(&zone, TNI_PRUNE_IS_NOT_NULL, NULL));
    zone.max = five;
    TNI_CHECK(!tni_zone_may_match(&zone, TNI_PRUNE_NOT_EQUAL, &five));
    zone.null_count = 10;
    TNI_CHECK(!tni_zone_may_match(&zone, TNI_PRUNE_IS_NOT_NULL, NULL));
    TNI_CHECK(!tni_zone_may_match(&zone, TNI_PRUNE_EQUAL, &five));
    zone.null_count = 0;
    zone.has_nulls = false;
    TNI_CHECK(!tni_zone_may_match(&zone, TNI_PRUNE_IS_NULL, NULL));
    zone.has_nan = true;
    zone.min = zone.max = real5;
    TNI_CHECK(tni_zone_may_match(&zone, TNI_PRUNE_GREATER, &huge)); /* NaN is greatest */
    TNI_CHECK(!tni_zone_may_match(&zone, TNI_PRUNE_EQUAL, &huge));
}

/* ------------------------------------------------------------------------- host arrays --- */

static void test_host_arrays_are_used_in_place(void) {
    enum { N = 70000 };
    int32_t *numbers = (int32_t *)malloc(N * sizeof *numbers);
    uint8_t *flags = (uint8_t *)malloc(N);
    const char **names = (const char **)malloc(N * sizeof *names);
    uint8_t *valid = (uint8_t *)malloc(N / 8);
    double *odd = (double *)malloc((N + 1) * sizeof *odd);
    trueno_column columns[6];
    static const char *const three[] = {"one", "two", "three and some more letters"};
    tni_table *table;
    tni_error error;
    tni_zone zone;
    tni_text text;
    int i;
    tni_error_clear(&error);
    for (i = 0; i < N; i++) {
        double d = i * 0.5;
        numbers[i] = i - 100;
        flags[i] = (uint8_t)(i % 5);
        names[i] = i % 4 == 3 ? NULL : three[i % 4];
        memcpy((char *)odd + 3 + (size_t)i * 8, &d, 8);
    }
    memset(valid, 0xfe, N / 8);
    memset(columns, 0, sizeof columns);
    columns[0].name = "n";
    columns[0].type = TRUENO_TYPE_INTEGER;
    columns[0].data = numbers;
    columns[1].name = "f";
    columns[1].type = TRUENO_TYPE_BOOLEAN;
    columns[1].data = flags;
    columns[2].name = "s";
    columns[2].type = TRUENO_TYPE_VARCHAR;
    columns[2].data = names;
    columns[3].name = "v";
    columns[3].type = TRUENO_TYPE_INTEGER;
    columns[3].data = numbers;
    columns[3].validity = valid;
    columns[4].name = "odd";
    columns[4].type = TRUENO_TYPE_DOUBLE;
    columns[4].data = (const char *)odd + 3;
    columns[5].name = "nothing";
    columns[5].type = TRUENO_TYPE_NULL;
    TNI_CHECK(tni_table_from_columns(&env, "host", columns, 6, N, &table, &error) == TRUENO_OK);
    TNI_CHECK_EQ_UINT(table->group_count, 2);
    TNI_CHECK(table->groups[1]->segments[0]->data == numbers + 65536);
    TNI_CHECK(!table->groups[0]->segments[0]->zone.has_bounds);
    TNI_CHECK(table->source.ops->zone(&table->source, 0, &zone));
    TNI_CHECK_EQ_INT(zone.min.as.integer, -100);
    TNI_CHECK_EQ_INT(zone.max.as.integer, N - 101);
    TNI_CHECK(table->source.ops->zone(&table->source, 3, &zone));
    TNI_CHECK_EQ_UINT(zone.null_count, N / 8);
    TNI_CHECK_EQ_INT(zone.min.as.integer, -99);
    TNI_CHECK(table->dictionaries[2] && table->dictionaries[2]->count == 3);
    tni_text_init(&text, &memory);
    read_all(table, 3, &text);
    TNI_CHECK(strncmp(text.data, "NULL\n-99\n-98\n-97\n-96\n-95\n-94\n-93\nNULL\n", 37) == 0);
    tni_text_clear(&text);
    read_all(table, 1, &text);
    TNI_CHECK(strncmp(text.data, "false\ntrue\ntrue\ntrue\ntrue\nfalse\n", 32) == 0);
    tni_text_clear(&text);
    read_all(table, 2, &text);
    TNI_CHECK(strncmp(text.data, "one\ntwo\nthree and some more letters\nNULL\none\n", 45) == 0);
    tni_text_clear(&text);
    read_all(table, 4, &text);
    TNI_CHECK(strncmp(text.data, "0.0\n0.5\n1.0\n", 12) == 0);
    tni_text_clear(&text);
    read_all(table, 5, &text);
    TNI_CHECK(strncmp(text.data, "NULL\nNULL\n", 10) == 0);
    tni_text_free(&text);
    tni_source_release(&table->source);
    free(numbers);
    free(flags);
    free((void *)names);
    free(valid);
    free(odd);
    check_nothing_leaked();
}

static void test_host_arrays_refused(void) {
    static const int64_t numbers[] = {1, 2};
    static const char *const broken[] = {"fine", "\xff"};
    trueno_column column;
    tni_table *table;
    tni_error error;
    tni_error_clear(&error);
    memset(&column, 0, sizeof column);
    TNI_CHECK(tni_table_from_columns(&env, "t", &column, 0, 2, &table, &error) ==
              TRUENO_ERROR_MISUSE);
    tni_error_clear(&error);
    TNI_CHECK(tni_table_from_columns(&env, "t", &column, 1, 2, &table, &error) ==
              TRUENO_ERROR_MISUSE);
    column.name = "c";
    column.type = TRUENO_TYPE_DECIMAL;
    column.data = numbers;
    tni_error_clear(&error);
    TNI_CHECK(tni_table_from_columns(&env, "t", &column, 1, 2, &table, &error) ==
              TRUENO_ERROR_MISUSE);
    column.precision = 10;
    column.scale = 2;
    TNI_CHECK(tni_table_from_columns(&env, "t", &column, 1, 2, &table, NULL) == TRUENO_OK);
    tni_source_release(&table->source);
    column.type = TRUENO_TYPE_VARCHAR;
    column.data = broken;
    tni_error_clear(&error);
    TNI_CHECK(tni_table_from_columns(&env, "t", &column, 1, 2, &table, &error) ==
              TRUENO_ERROR_INVALID);
    TNI_CHECK(strstr(error.message, "row 1") != NULL);
    column.data = NULL;
    tni_error_clear(&error);
    TNI_CHECK(tni_table_from_columns(&env, "t", &column, 1, 2, &table, &error) ==
              TRUENO_ERROR_MISUSE);
    TNI_CHECK(tni_table_from_columns(&env, "t", &column, 1, 0, &table, NULL) == TRUENO_OK);
    TNI_CHECK_EQ_UINT(table->source.rows, 0);
    tni_source_release(&table->source);
    check_nothing_leaked();
}

/* ------------------------------------------------------------------------- collections --- */

static void test_collection_keeps_rows_in_order(void) {
    tni_type types[MADE_COLUMNS];
    tni_collection *parts[3], *all;
    tni_scratch scratch;
    tni_error error;
    made_rows *rows = (made_rows *)malloc(sizeof *rows);
    uint64_t order, i, expected = 0;
    uint32_t c, offset;
    bool same = true;
    tni_error_clear(&error);
    tni_scratch_init(&scratch, &memory);
    for (c = 0; c < MADE_COLUMNS; c++) {
        types[c] = made_fields[c].type;
    }
    for (c = 0; c < 3; c++) {
        TNI_CHECK(tni_collection_new(&memory, types, MADE_COLUMNS, &parts[c], &error) == TRUENO_OK);
    }
    TNI_CHECK(tni_collection_new(&memory, types, MADE_COLUMNS, &all, &error) == TRUENO_OK);
    for (order = 0; order < 30; order++) { /* order o holds rows [o * 1000, o * 1000 + 1000) */
        uint32_t piece;
        for (piece = 0; piece < 4; piece++) {
            make_rows(rows, order * 1000 + piece * 250, 250, false);
            rows->chunk.order = order;
            TNI_CHECK(tni_collection_append(parts[(order * 7) % 3], &env, &rows->chunk, &scratch,
                                            &error) == TRUENO_OK);
        }
    }
    TNI_CHECK(tni_collection_merge(all, parts, 3, &error) == TRUENO_OK);
    tni_collection_seal(all);
    TNI_CHECK_EQ_UINT(all->rows, 30000);
    for (i = 0; i < all->rows && same; i++) {
        tni_value id = tni_collection_value(all, i, 0), price = tni_collection_value(all, i, 1);
        tni_value city = tni_collection_value(all, i, 2);
        char text[48];
        size_t length = made_city(i, text);
        same = id.as.integer == (int64_t)expected++ && price.is_null == (i % 7 == 0) &&
               city.is_null == (i % 11 == 0) &&
               (city.is_null || (city.as.string.length == length &&
                                 memcmp(tni_string_data(&city.as.string), text, length) == 0));
    }
    TNI_CHECK(same);
    TNI_CHECK(tni_collection_block(all, 30000, &offset) == NULL);
    TNI_CHECK(tni_collection_value(all, 30000, 0).is_null);
    tni_collection_release(all);
    tni_scratch_free(&scratch);
    free(rows);
    check_nothing_leaked();
}

static void test_collection_large_blocks_and_masks(void) {
    tni_type types[MADE_COLUMNS];
    tni_collection *all;
    tni_scratch scratch;
    tni_error error;
    made_rows *rows = (made_rows *)malloc(sizeof *rows);
    uint64_t mask[TNI_VECTOR_WORDS], i;
    uint32_t c;
    bool same = true;
    tni_error_clear(&error);
    tni_scratch_init(&scratch, &memory);
    for (c = 0; c < MADE_COLUMNS; c++) {
        types[c] = made_fields[c].type;
    }
    memset(mask, 0x11, sizeof mask); /* every fourth row */
    TNI_CHECK(tni_collection_new(&memory, types, MADE_COLUMNS, &all, &error) == TRUENO_OK);
    for (i = 0; i < 20; i++) {
        make_rows(rows, i * TNI_VECTOR_ROWS, TNI_VECTOR_ROWS, false);
        rows->chunk.mask = mask;
        rows->chunk.active = TNI_VECTOR_ROWS / 4;
        TNI_CHECK(tni_collection_append(all, &env, &rows->chunk, &scratch, &error) == TRUENO_OK);
    }
    tni_collection_seal(all);
    TNI_CHECK_EQ_UINT(all->rows, 20 * TNI_VECTOR_ROWS / 4);
    TNI_CHECK_EQ_UINT(all->block_count, 5);
    for (i = 0; i < all->rows && same; i++) {
        same = tni_collection_value(all, i, 0).as.integer == (int64_t)(i * 4) &&
               tni_collection_value(all, i, 1).is_null == (i * 4 % 7 == 0);
    }
    TNI_CHECK(same);
    tni_collection_release(all);
    tni_scratch_free(&scratch);
    free(rows);
    check_nothing_leaked();
}

/* ------------------------------------------------------------------- failing allocations --- */

static int64_t allocations_left;
static void *failing_alloc(void *user, size_t size, size_t alignment) {
    trueno_allocator *inner = (trueno_allocator *)user;
    return allocations_left-- > 0 ? inner->alloc(inner->user, size, alignment) : NULL;
}
static void failing_free(void *user, void *block, size_t size) {
    trueno_allocator *inner = (trueno_allocator *)user;
    inner->free(inner->user, block, size);
}

static trueno_status build_small(tni_table **out) {
    static made_rows rows;
    tni_table_builder *builder;
    tni_error error;
    trueno_status status;
    uint32_t i;
    *out = NULL;
    tni_error_clear(&error);
    status = tni_table_builder_new(&env, "t", made_fields, MADE_COLUMNS, 2, &builder, &error);
    for (i = 0; i < 4 && status == TRUENO_OK; i++) {
        make_rows(&rows, i * 1000, 1000, false);
        rows.chunk.order = i;
        status = tni_table_builder_append(builder, i % 2, &rows.chunk, &error);
        if (status != TRUENO_OK) {
            tni_table_builder_free(builder);
        }
    }
    return status == TRUENO_OK ? tni_table_builder_finish(builder, NULL, out, &error) : status;
}

static void test_every_failing_allocation_is_survived(void) {
    trueno_allocator inner, failing;
    int64_t n;
    tni_table *table;
    trueno_status status = TRUENO_ERROR_MEMORY;
    tni_allocator_default(&inner);
    failing.alloc = failing_alloc;
    failing.free = failing_free;
    failing.user = &inner;
    tni_memory_init(&memory, &failing, 0);
    for (n = 0; status != TRUENO_OK && n < 2000; n++) {
        allocations_left = n;
        status = build_small(&table);
        if (status == TRUENO_OK) {
            TNI_CHECK_EQ_UINT(table->source.rows, 4000);
            tni_source_release(&table->source);
        } else if (status != TRUENO_ERROR_MEMORY) {
            TNI_CHECK_EQ_INT(status, TRUENO_ERROR_MEMORY);
            break;
        }
        if (tni_atomic_load_i64(&memory.used) != 0) {
            TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
            break;
        }
    }
    TNI_CHECK(status == TRUENO_OK && n > 20);
    start();
}

int main(void) {
    start();
    test_zone_rules();
    test_builder_small_and_empty();
    test_builder_takes_every_form_and_masks();
    test_not_null_is_kept();
    test_builder_gives_one_table_for_any_workers();
    test_short_memory_gives_the_same_table();
    test_builder_extends_a_table();
    test_row_by_row_inserts_leave_few_groups();
    test_zones_prune_row_groups();
    test_host_arrays_are_used_in_place();
    test_host_arrays_refused();
    test_collection_keeps_rows_in_order();
    test_collection_large_blocks_and_masks();
    test_every_failing_allocation_is_survived();
    return tni_test_report();
}
