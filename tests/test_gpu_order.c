/*
 * Selection, ORDER BY, top-k and fetched values on the GPU against plain loops over the same
 * table: row ids exactly, ties by row, NULLs where they are wanted, bits of the values.
 *
 * Runs on any Vulkan device, software ones included, with the validation layer when installed
 * (its report must stay empty). TRUENO_TEST_GPU=0 skips what needs a device.
 */
#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* setenv, in strict C11 */
#endif
#include "test.h"

#include "gpu_faults.h"
#include "gpu_test.h"

#include "base/bits.h"
#include "base/hash.h"
#include "gpu/order.h"
#include "gpu/spirv_module.h"

enum { FEW, NARROW, REAL, TEXT, WIDE, SINGLE, COLUMN_COUNT };

typedef struct table_data {
    uint32_t rows, segment_count;
    uint8_t *values[COLUMN_COUNT]; /* of text: codes of 4 bytes */
    uint64_t *validity[COLUMN_COUNT];
    tni_segment **segments[COLUMN_COUNT];
    const tni_segment *const *pointers[COLUMN_COUNT];
    tni_gpu_layout layouts[COLUMN_COUNT];
    tni_gpu_table table;
} table_data;

static uint64_t next_owner = 1;
static const tni_kernels *kernels;

/* ------------------------------------------------------------------------------ tables --- */

static tni_type type_of(int c) {
    static const trueno_type types[] = {TRUENO_TYPE_INTEGER, TRUENO_TYPE_BIGINT,
                                        TRUENO_TYPE_DOUBLE,  TRUENO_TYPE_VARCHAR,
                                        TRUENO_TYPE_BIGINT,  TRUENO_TYPE_FLOAT};
    return tni_type_make(types[c]);
}

static uint32_t width_of(int c) {
    return c == FEW || c == TEXT || c == SINGLE ? 4 : 8;
}

static void make_value(int c, uint8_t *out) {
    static const double odd[] = {0.0, -0.0, 1e308, -1e308, 5e-324, -5e-324};
    uint64_t r = random_u64();
    int32_t few = (int32_t)(r % 7) - 3;
    int64_t narrow = (int64_t)(r % 1000) - 500, wide = (int64_t)r;
    double real = r % 4 == 0 ? odd[r / 4 % 6] : (double)(int64_t)(r % 2000) - 1000.0;
    float single = (float)real;
    uint32_t code = (uint32_t)(r % 300);
    if (r % 97 == 0) {
        real = single = 0;
        real /= real; /* NaN */
        single /= single;
    }
    switch (c) {
    case FEW: memcpy(out, &few, 4); break;
    case NARROW: memcpy(out, &narrow, 8); break;
    case REAL: memcpy(out, &real, 8); break;
    case TEXT: memcpy(out, &code, 4); break;
    case WIDE: memcpy(out, &wide, 8); break;
    default: memcpy(out, &single, 4); break;
    }
}

/* Not in the order of codes, so that ranks differ from them. */
static tni_string word_of(uint32_t code, char *out) {
    (void)snprintf(out, 24, "%u is a word of many", (unsigned)(code * 7919u % 1000u));
    return tni_string_c(out);
}

static void make_text(table_data *t, uint32_t s, uint32_t first, uint32_t rows,
                      tni_interner *interner) {
    tni_string *words = (tni_string *)calloc(rows, sizeof *words);
    char *text = (char *)calloc(rows, 24);
    tni_env env;
    tni_error error;
    uint32_t i, code;
    memset(&env, 0, sizeof env);
    env.memory = &memory;
    env.kernels = kernels;
    tni_error_clear(&error);
    for (i = 0; i < rows; i++) {
        memcpy(&code, t->values[TEXT] + (size_t)(first + i) * 4, 4);
        words[i] = word_of(code, text + (size_t)i * 24);
    }
    TNI_CHECK(tni_segment_encode(&env, type_of(TEXT), words, NULL, rows, interner,
                                 &t->segments[TEXT][s], &error) == TRUENO_OK);
    free(words);
    free(text);
}

static void make_segments(table_data *t, int c, tni_interner *interner) {
    tni_env env;
    tni_error error;
    uint32_t s;
    tni_error_clear(&error);
    memset(&env, 0, sizeof env);
    env.memory = &memory;
    env.kernels = kernels;
    for (s = 0; s < t->segment_count; s++) {
        uint32_t first = s * TNI_SEGMENT_ROWS;
        uint32_t rows = TNI_MIN(t->rows - first, TNI_SEGMENT_ROWS);
        const uint8_t *at = t->values[c] + (size_t)first * width_of(c);
        const uint64_t *bits = t->validity[c] == NULL ? NULL : t->validity[c] + first / 64;
        tni_segment **out = &t->segments[c][s];
        if (c == TEXT) {
            make_text(t, s, first, rows, interner);
        } else if (c == NARROW) {
            TNI_CHECK(tni_segment_encode(&env, type_of(c), at, bits, rows, NULL, out, &error) ==
                      TRUENO_OK);
        } else {
            TNI_CHECK(tni_segment_new(&memory, type_of(c), rows, out, &error) == TRUENO_OK);
            (*out)->encoding = TNI_ENCODING_PLAIN;
            (*out)->data = at;
            (*out)->validity = bits;
        }
    }
}

static int by_word(const void *a, const void *b) {
    return strcmp((const char *)a, (const char *)b);
}

/* Every word in its order: codes of the first sight are ranks. */
static void intern_sorted(tni_interner *interner) {
    char words[300][24];
    tni_error error;
    uint32_t i, code;
    tni_error_clear(&error);
    memset(words, 0, sizeof words);
    for (i = 0; i < 300; i++) {
        (void)word_of(i, words[i]);
    }
    qsort(words, 300, sizeof words[0], by_word);
    for (i = 0; i < 300; i++) {
        tni_string word = tni_string_c(words[i]);
        TNI_CHECK(tni_interner_add(interner, &word, tni_hash_string(&word), &code, &error) ==
                  TRUENO_OK);
    }
}

/* `sorted`: the dictionary is. */
static void make_table(table_data *t, uint32_t rows, bool nulls, bool sorted) {
    tni_interner interner;
    tni_error error;
    uint32_t i, s;
    int c;
    memset(t, 0, sizeof *t);
    tni_error_clear(&error);
    t->rows = rows;
    t->segment_count = (rows + TNI_SEGMENT_ROWS - 1) / TNI_SEGMENT_ROWS;
    tni_interner_init(&interner, &memory);
    if (sorted) {
        intern_sorted(&interner);
    }
    for (c = 0; c < COLUMN_COUNT; c++) {
        t->values[c] = (uint8_t *)calloc(rows + 8, width_of(c));
        t->segments[c] = (tni_segment **)calloc(t->segment_count + 1, sizeof **t->segments);
        if (nulls && c != NARROW && c != TEXT) {
            t->validity[c] = (uint64_t *)calloc(tni_bitmap_words(rows) + 1, 8);
        }
        for (i = 0; i < rows; i++) {
            make_value(c, t->values[c] + (size_t)i * width_of(c));
            if (t->validity[c] != NULL && random_u64() % 5 != 0) {
                tni_bit_set(t->validity[c], i);
            }
        }
        make_segments(t, c, &interner);
        t->pointers[c] = (const tni_segment *const *)t->segments[c];
    }
    if (rows > 0) {
        tni_dictionary *dictionary = NULL;
        TNI_CHECK(tni_interner_seal(&interner, sorted, NULL, &dictionary, &error) == TRUENO_OK);
        for (s = 0; s < t->segment_count; s++) {
            tni_segment_set_dictionary(t->segments[TEXT][s], dictionary);
        }
        tni_dictionary_release(dictionary);
    }
    tni_interner_free(&interner);
    for (c = 0; c < COLUMN_COUNT; c++) {
        t->layouts[c].type = type_of(c);
        t->layouts[c].width = (uint8_t)width_of(c);
        TNI_CHECK(rows == 0 || tni_gpu_layout_of(t->pointers[c], t->segment_count, &t->layouts[c],
                                                 &error) == TRUENO_OK);
    }
    t->table.owner = next_owner++;
    t->table.column_count = COLUMN_COUNT;
    t->table.columns = t->pointers;
    t->table.segment_count = t->segment_count;
    t->table.rows = rows;
}

static void free_table(table_data *t) {
    uint32_t s;
    int c;
    tni_gpu_cache_drop(device, t->table.owner);
    for (c = 0; c < COLUMN_COUNT; c++) {
        for (s = 0; s < t->segment_count; s++) {
            tni_segment_release(t->segments[c][s]);
        }
        free(t->segments[c]);
        free(t->values[c]);
        free(t->validity[c]);
    }
}

/* --------------------------------------------------------------------------- the answer --- */

static const table_data *at_hand;
static const tni_gpu_order_shape *shape_at_hand;

static bool is_valid(const table_data *t, uint32_t c, uint32_t row) {
    return t->validity[c] == NULL || tni_bit_get(t->validity[c], row);
}

static int compare_reals(double x, double y) {
    if (x != x || y != y) {
        return (x != x) - (y != y);
    }
    return x < y ? -1 : x > y;
}

static int compare_values(const table_data *t, uint32_t c, uint32_t a, uint32_t b) {
    const uint8_t *p = t->values[c] + (size_t)a * width_of((int)c);
    const uint8_t *q = t->values[c] + (size_t)b * width_of((int)c);
    int32_t i, j;
    uint32_t u, v;
    int64_t x, y;
    double d, e;
    float f, g;
    char s[24], r[24];
    switch (c) {
    case FEW: memcpy(&i, p, 4); memcpy(&j, q, 4); return i < j ? -1 : i > j;
    case TEXT:
        memcpy(&u, p, 4);
        memcpy(&v, q, 4);
        (void)word_of(u, s);
        (void)word_of(v, r);
        return strcmp(s, r);
    case REAL: memcpy(&d, p, 8); memcpy(&e, q, 8); return compare_reals(d, e);
    case SINGLE: memcpy(&f, p, 4); memcpy(&g, q, 4); return compare_reals((double)f, (double)g);
    default: memcpy(&x, p, 8); memcpy(&y, q, 8); return x < y ? -1 : x > y;
    }
}

static int by_keys(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right, k;
    for (k = 0; k < shape_at_hand->key_count; k++) {
        const tni_gpu_order_key *key = &shape_at_hand->keys[k];
        bool x = is_valid(at_hand, key->output, a), y = is_valid(at_hand, key->output, b);
        int order;
        if (x != y) {
            return x == key->nulls_first ? 1 : -1;
        }
        order = x ? compare_values(at_hand, key->output, a, b) : 0;
        if (order != 0) {
            return key->descending ? -order : order;
        }
    }
    return a < b ? -1 : a > b;
}

/* ------------------------------------------------------------------------------ queries --- */

typedef struct query {
    tni_ir_node nodes[COLUMN_COUNT], filter_nodes[3];
    uint32_t outputs[COLUMN_COUNT], filter_output, filter_arguments[2];
    tni_program values, filter;
    tni_gpu_order_shape shape;
    bool filtered;
    int64_t below;
} query;

/* Output c is column c. The filter: NARROW < below. */
static void start_query(query *q, const table_data *t, bool filtered, int64_t below) {
    uint32_t c;
    memset(q, 0, sizeof *q);
    for (c = 0; c < COLUMN_COUNT; c++) {
        q->nodes[c].op = TNI_IR_COLUMN;
        q->nodes[c].type = type_of((int)c);
        q->nodes[c].column = c;
        q->nodes[c].predicate = TNI_IR_NONE;
        q->outputs[c] = c;
    }
    q->values.nodes = q->nodes;
    q->values.count = COLUMN_COUNT;
    q->values.outputs = q->outputs;
    q->values.output_count = COLUMN_COUNT;
    q->filter_nodes[0] = q->nodes[NARROW];
    q->filter_nodes[1] = q->nodes[NARROW];
    q->filter_nodes[1].op = TNI_IR_CONSTANT;
    q->filter_nodes[1].constant = tni_value_i64(type_of(NARROW), below);
    q->filter_nodes[2] = q->nodes[NARROW];
    q->filter_nodes[2].op = TNI_IR_LESS;
    q->filter_nodes[2].type = tni_type_make(TRUENO_TYPE_BOOLEAN);
    q->filter_nodes[2].argument_count = 2;
    q->filter_arguments[1] = 1;
    q->filter_nodes[2].arguments = q->filter_arguments;
    q->filter_output = 2;
    q->filter.nodes = q->filter_nodes;
    q->filter.count = 3;
    q->filter.outputs = &q->filter_output;
    q->filter.output_count = 1;
    q->filtered = filtered;
    q->below = below;
    q->shape.shape.columns = t->layouts;
    q->shape.shape.column_count = COLUMN_COUNT;
    q->shape.shape.filter = filtered ? &q->filter : NULL;
    q->shape.shape.values = &q->values;
    q->shape.limit = UINT64_MAX;
}

static void add_key(query *q, uint32_t column, bool descending, bool nulls_first) {
    tni_gpu_order_key *key = &q->shape.keys[q->shape.key_count++];
    key->output = column;
    key->descending = descending;
    key->nulls_first = nulls_first;
}

static bool same_value(const table_data *t, const tni_gpu_order_result *r, uint32_t f,
                       uint32_t column, uint32_t i) {
    uint32_t row = r->rows[i];
    bool absent = r->nulls != NULL && (r->nulls[i] >> f & 1) != 0;
    const uint8_t *at = t->values[column] + (size_t)row * width_of((int)column);
    uint64_t got = r->values[f][i], wanted = 0;
    char a[24];
    if (absent || !is_valid(t, column, row)) {
        return absent && !is_valid(t, column, row) && (got == 0 || column == TEXT);
    }
    if (column == TEXT) {
        uint32_t code;
        tni_string word;
        memcpy(&code, at, 4);
        word = word_of(code, a);
        return tni_string_equal(&word, &t->layouts[TEXT].dictionary->values[got]);
    }
    memcpy(&wanted, at, width_of((int)column));
    if (column == FEW) {
        wanted = (uint64_t)(int64_t)(int32_t)wanted;
    } else if (column == REAL && (wanted & INT64_MAX) > UINT64_C(0x7ff0000000000000)) {
        wanted = UINT64_C(0x7ff8000000000000);
    } else if (column == SINGLE && (wanted & INT32_MAX) > 0x7f800000u) {
        wanted = 0x7fc00000u;
    }
    return got == wanted;
}

/* The rows as they should come. */
static uint32_t *answer(const query *q, const table_data *t, uint32_t *out_count) {
    uint32_t *wanted = (uint32_t *)malloc((size_t)t->rows * 4 + 4), count = 0, i;
    for (i = 0; i < t->rows; i++) {
        int64_t v;
        memcpy(&v, t->values[NARROW] + (size_t)i * 8, 8);
        if (!q->filtered || v < q->below) {
            wanted[count++] = i;
        }
    }
    at_hand = t;
    shape_at_hand = &q->shape;
    qsort(wanted, count, sizeof *wanted, by_keys);
    *out_count = count;
    return wanted;
}

/* Rows and values that are not as they should be. */
static uint32_t wrong_rows(const query *q, const table_data *t, const tni_gpu_order_result *r,
                           const uint32_t *wanted) {
    uint32_t wrong = 0, i, f;
    for (i = 0; i < r->row_count; i++) {
        wrong += r->rows[i] != wanted[i];
        for (f = 0; f < q->shape.fetch_count; f++) {
            wrong += !same_value(t, r, f, q->shape.fetch[f], i);
        }
    }
    return wrong;
}

static void check(query *q, const table_data *t, const char *form) {
    tni_gpu_order_code *code = NULL;
    tni_gpu_order_result r;
    uint32_t *wanted, count = 0, wrong = 1;
    tni_arena arena;
    tni_error error;
    trueno_status status;
    tni_error_clear(&error);
    tni_arena_init(&arena, &memory);
    memset(&r, 0, sizeof r);
    status = tni_gpu_order_emit(device->info, &q->shape, &arena, &code, &error);
    if (status == TRUENO_OK) {
        status = tni_gpu_order(device, &q->shape, code, &t->table, &r, &error);
    }
    if (!TNI_CHECK(status == TRUENO_OK)) {
        printf("    %s\n", error.message);
        tni_arena_free(&arena);
        return;
    }
    wanted = answer(q, t, &count);
    TNI_CHECK(!r.overflowed);
    TNI_CHECK_EQ_UINT(r.selected, count);
    count = (uint32_t)TNI_MIN(count, q->shape.limit);
    if (TNI_CHECK_EQ_UINT(r.row_count, count)) {
        wrong = wrong_rows(q, t, &r, wanted);
        TNI_CHECK_EQ_UINT(wrong, 0);
    }
    TNI_CHECK(count == 0 || form == NULL || strcmp(form, r.form) == 0);
    if (wrong > 0) {
        printf("    %u rows, %u keys from %u, limit %llu, form %s\n", t->rows,
               q->shape.key_count, q->shape.keys[0].output, (unsigned long long)q->shape.limit,
               r.form);
    }
    tni_gpu_order_free(&r);
    tni_arena_free(&arena);
    free(wanted);
}

static void test_selection(void) {
    static const uint32_t lengths[] = {0, 1, 63, 64, 65, 8191, 8192, 8193, 65536, 65537, 200001};
    static const int64_t bounds[] = {-1000, -495, -450, 0, 1000};
    size_t i, k;
    for (i = 0; i < TNI_COUNT_OF(lengths); i++) {
        table_data t;
        query q;
        make_table(&t, lengths[i], i % 2 == 0, false);
        for (k = 0; k < TNI_COUNT_OF(bounds); k++) {
            start_query(&q, &t, true, bounds[k]);
            q.shape.limit = k % 2 == 0 ? UINT64_MAX : 50;
            check(&q, &t, "selection");
        }
        start_query(&q, &t, true, 0);
        for (k = 0; k < COLUMN_COUNT; k++) {
            if (k != TEXT || t.rows > 0) { /* without rows there is no dictionary */
                q.shape.fetch[q.shape.fetch_count++] = (uint32_t)k;
            }
        }
        check(&q, &t, NULL);
        start_query(&q, &t, false, 0);
        q.shape.limit = 1000;
        check(&q, &t, NULL);
        free_table(&t);
    }
}

static void test_keys(void) {
    table_data t;
    query q;
    uint32_t c, i;
    make_table(&t, 70001, true, false);
    for (c = 0; c < COLUMN_COUNT; c++) {
        for (i = 0; i < 8; i++) {
            if (i >= 4 && (i & 3) != 1 && c != FEW && c != REAL) {
                continue; /* enough of NULLs first */
            }
            start_query(&q, &t, i % 2 != 0, 100);
            add_key(&q, c, (i & 2) != 0, (i & 4) != 0);
            q.shape.limit = (i & 3) == 1 ? 200 : UINT64_MAX;
            /* NULL and any BIGINT are 65 bits */
            check(&q, &t, (i & 3) != 1 ? "sort" : c == WIDE ? NULL : "top-k");
        }
    }
    start_query(&q, &t, false, 0);
    add_key(&q, FEW, true, false);
    add_key(&q, TEXT, false, false);
    add_key(&q, NARROW, true, true);
    q.shape.limit = 1000;
    q.shape.fetch_count = 3;
    q.shape.fetch[0] = TEXT;
    q.shape.fetch[1] = REAL;
    q.shape.fetch[2] = SINGLE;
    check(&q, &t, "top-k");
    start_query(&q, &t, true, 250);
    add_key(&q, FEW, false, true);
    add_key(&q, WIDE, true, true);
    add_key(&q, REAL, false, false);
    check(&q, &t, "sort");
    start_query(&q, &t, false, 0);
    add_key(&q, TEXT, true, true);
    add_key(&q, SINGLE, true, false);
    add_key(&q, REAL, true, false);
    add_key(&q, FEW, false, false);
    add_key(&q, NARROW, false, false);
    add_key(&q, WIDE, false, false);
    check(&q, &t, "sort");
    free_table(&t);
}

/* Keys whose bounds are known: words are made at once, text by its sorted codes. */
static void test_known(void) {
    table_data t;
    query q;
    uint32_t i;
    make_table(&t, 70001, true, true);
    TNI_CHECK(t.layouts[TEXT].dictionary->sorted);
    for (i = 0; i < 8; i++) {
        start_query(&q, &t, i % 2 != 0, 100);
        add_key(&q, TEXT, (i & 2) != 0, false);
        add_key(&q, FEW, (i & 4) != 0, i % 2 == 0);
        if (i % 2 != 0) {
            add_key(&q, NARROW, (i & 2) == 0, false);
        }
        q.shape.limit = i < 4 ? 300 : UINT64_MAX;
        check(&q, &t, i < 4 ? "top-k" : "sort");
    }
    free_table(&t);
}

/* Zone maps that lie are found out. */
static void test_wrong_zones(void) {
    tni_gpu_order_code *code = NULL;
    tni_gpu_order_result r;
    tni_arena arena;
    tni_error error;
    table_data t;
    query q;
    tni_error_clear(&error);
    make_table(&t, 1000, false, false);
    t.segments[NARROW][0]->zone.max = tni_value_i64(type_of(NARROW), 5);
    TNI_CHECK(tni_gpu_layout_of(t.pointers[NARROW], t.segment_count, &t.layouts[NARROW],
                                &error) == TRUENO_OK);
    tni_arena_init(&arena, &memory);
    start_query(&q, &t, false, 0);
    add_key(&q, NARROW, false, false);
    TNI_CHECK(tni_gpu_order_emit(device->info, &q.shape, &arena, &code, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_order(device, &q.shape, code, &t.table, &r, &error) == TRUENO_OK);
    TNI_CHECK(r.overflowed && r.row_count == 0);
    tni_gpu_order_free(&r);
    tni_arena_free(&arena);
    free_table(&t);
}

static void test_refusals(void) {
    table_data t;
    query q;
    tni_gpu_order_code *code = NULL;
    tni_arena arena;
    tni_error error;
    tni_error_clear(&error);
    make_table(&t, 10, false, false);
    tni_arena_init(&arena, &memory);
    start_query(&q, &t, false, 0);
    add_key(&q, FEW, false, false);
    q.shape.key_count = TNI_GPU_SLOTS + 1;
    TNI_CHECK(tni_gpu_order_emit(device->info, &q.shape, &arena, &code, &error) ==
              TRUENO_ERROR_UNSUPPORTED);
    tni_arena_free(&arena);
    free_table(&t);
}

static void test_modules(void) {
    static const char *const names[] = {
        "select_rows",  "select_rows_int",  "select_rows_plain", "select_rows_plain_int",
        "select_keys",  "select_keys_int",  "select_words",      "select_words_int",
        "select_ranks", "radix_pack",       "radix_range"};
    const uint32_t *words;
    uint32_t count;
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(names); i++) {
        TNI_CHECK(tni_spirv_skeleton(device->info, names[i], &words, &count));
        gpu_test_validate(words, count);
    }
}

/* ------------------------------------------------------------------------------- faults --- */

static void fault_query(query *q, const table_data *t, bool sorted) {
    start_query(q, t, true, 100);
    add_key(q, TEXT, true, false);
    add_key(q, SINGLE, false, true);
    q->shape.limit = sorted ? UINT64_MAX : 50;
    q->shape.fetch_count = 1;
    q->shape.fetch[0] = FEW;
}

static void reopen(void) {
    tni_error error;
    tni_gpu_device_close(device);
    tni_error_clear(&error);
    if (!TNI_CHECK(tni_gpu_device_open(gpu, tni_gpu_best(gpu), &device, &error) == TRUENO_OK)) {
        exit(tni_test_report());
    }
}

/* Call `n` fails: the answer is right or the error is clean, and the next run is right. */
static bool try_fault(const table_data *t, query *q, const tni_gpu_order_code *code,
                      const uint32_t *wanted, long n, tni_vk_result kind) {
    tni_gpu_order_result r;
    tni_error error;
    trueno_status status;
    uint32_t i;
    bool hit = false;
    tni_gpu_cache_drop(device, t->table.owner);
    if (n % 3 == 0) { /* built anew */
        tni_gpu_kernels_free(device);
    }
    for (i = 0; i < 2; i++) {
        tni_error_clear(&error);
        if (i == 0) {
            faults_start(n, kind, kind == TNI_VK_DEVICE_LOST);
        }
        status = tni_gpu_order(device, &q->shape, code, &t->table, &r, &error);
        hit = i == 0 ? faults_stop() : hit;
        if (!TNI_CHECK(status == TRUENO_OK ||
                       (i == 0 && hit && (status == TRUENO_ERROR_UNSUPPORTED ||
                                          status == TRUENO_ERROR_MEMORY_LIMIT)))) {
            printf("    %d at call %ld, %s: %s\n", (int)kind, n, faults.hit, error.message);
        }
        if (!TNI_CHECK(status != TRUENO_OK || wrong_rows(q, t, &r, wanted) == 0)) {
            printf("    wrong: %d at call %ld, %s, run %u, %u rows of %llu\n", (int)kind, n,
                   faults.hit, i, wrong_rows(q, t, &r, wanted), (unsigned long long)r.row_count);
        }
        tni_gpu_order_free(&r);
        if (device->lost) {
            reopen();
        }
        TNI_CHECK_EQ_UINT(device->used, device->cached_bytes);
    }
    return hit;
}

static void test_faults(void) {
    static const tni_vk_result kinds[] = {TNI_VK_DEVICE_LOST, TNI_VK_OUT_OF_DEVICE_MEMORY};
    tni_gpu_order_code *code = NULL;
    tni_gpu_options options;
    tni_arena arena;
    tni_error error;
    table_data t;
    query q;
    uint32_t *wanted, count = 0;
    size_t k;
    long n = 0;
    memset(&options, 0, sizeof options);
    options.software = true;
    options.intercept = faults_intercept;
    options.budget_bytes = 64u << 20;
    options.slab_bytes = 4u << 20;
    tni_error_clear(&error);
    TNI_CHECK(tni_gpu_open(&memory, &options, &gpu, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_device_open(gpu, tni_gpu_best(gpu), &device, &error) == TRUENO_OK);
    make_table(&t, 17000, true, false);
    tni_arena_init(&arena, &memory);
    for (k = 0; k < TNI_COUNT_OF(kinds); k++) {
        fault_query(&q, &t, k == 1);
        TNI_CHECK(tni_gpu_order_emit(device->info, &q.shape, &arena, &code, &error) == TRUENO_OK);
        wanted = answer(&q, &t, &count);
        for (n = 0; try_fault(&t, &q, code, wanted, n, kinds[k]); n += 1 + n / 8) {
            continue;
        }
        TNI_CHECK(n > 100);
        free(wanted);
    }
    tni_arena_free(&arena);
    free_table(&t);
    tni_gpu_device_close(device);
    tni_gpu_close(gpu);
    TNI_CHECK_EQ_INT(faults_alive(), 0);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
}

int main(void) {
    kernels = tni_kernels_pick(TRUENO_BACKEND_SIMD);
    if (gpu_test_open("test_gpu_order", UINT64_C(256) << 20, UINT64_C(32) << 20)) {
        test_modules();
        test_refusals();
        test_selection();
        test_keys();
        test_known();
        test_wrong_zones();
        TNI_CHECK_EQ_UINT(device->used, device->cached_bytes);
        gpu_test_close();
#if !defined(_WIN32)
        (void)unsetenv("VK_INSTANCE_LAYERS");
#endif
        test_faults();
    }
    return tni_test_report();
}
