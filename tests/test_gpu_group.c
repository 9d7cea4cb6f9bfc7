/*
 * GROUP BY on the GPU against a plain reference, bit for bit: every key type, NULL pattern, length
 * and encoding, every aggregate, every form, tables that overflow, tables larger than the device's
 * memory. Sums of floats against the digits that exec/agg_state.c defines, and against the engine.
 *
 * Runs on any Vulkan device, software ones included, with the validation layer when installed
 * (its report must stay empty). TRUENO_TEST_GPU=0 skips what needs a device.
 */
#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* setenv, in strict C11 */
#endif
#include "gpu_test.h"

#include "exec/aggregate.h"
#include "gpu/group.h"
#include "trueno.h"

static const tni_kernels *kernels;
static uint64_t next_owner = 1;

/* -------------------------------------------------------------------- programs by hand --- */

#define MOST_NODES 64u

typedef struct builder {
    tni_ir_node nodes[MOST_NODES];
    uint32_t arguments[MOST_NODES][4];
    uint32_t outputs[16];
    tni_program program;
} builder;

static void build_start(builder *b) {
    memset(b, 0, sizeof *b);
    b->program.nodes = b->nodes;
    b->program.outputs = b->outputs;
}

static uint32_t build(builder *b, tni_ir_op op, tni_type type, uint32_t count, uint32_t x,
                      uint32_t y) {
    uint32_t r = b->program.count++;
    tni_ir_node *node = &b->nodes[r];
    node->op = (uint16_t)op;
    node->type = type;
    node->argument_count = count;
    node->arguments = b->arguments[r];
    node->predicate = TNI_IR_NONE;
    b->arguments[r][0] = x;
    b->arguments[r][1] = y;
    return r;
}

static void build_column(builder *b, uint32_t column, tni_type type) {
    uint32_t r = build(b, TNI_IR_COLUMN, type, 0, 0, 0);
    b->nodes[r].column = column;
    b->outputs[b->program.output_count++] = r;
}

/* ----------------------------------------------------------------------- tables by hand --- */

typedef struct column_data {
    tni_type type;
    uint32_t width;
    uint8_t *values;    /* integers, floats, or codes of 4 bytes of text */
    uint64_t *validity; /* NULL: none */
    tni_segment **segments;
} column_data;

#define MOST_COLUMNS 8u
typedef struct table_data {
    uint32_t rows, segment_count, column_count;
    column_data columns[MOST_COLUMNS];
    const tni_segment *const *pointers[MOST_COLUMNS];
    tni_gpu_layout layouts[MOST_COLUMNS];
    tni_gpu_table table;
} table_data;

enum { PLAIN, ENCODED, TEXT };

/* Words of a dictionary: equal codes, equal words. */
static tni_string word_of(uint32_t code, char *out) {
    (void)snprintf(out, 24, "word %u of many", (unsigned)code);
    return tni_string_c(out);
}

static void encode_segment(tni_env *env, column_data *c, uint32_t first, uint32_t rows, int form,
                           tni_interner *interner, tni_segment **out) {
    const uint8_t *at = c->values + (size_t)first * c->width;
    const uint64_t *bits = c->validity == NULL ? NULL : c->validity + first / 64;
    tni_error error;
    tni_error_clear(&error);
    if (form == PLAIN) {
        TNI_CHECK(tni_segment_new(&memory, c->type, rows, out, &error) == TRUENO_OK);
        (*out)->encoding = TNI_ENCODING_PLAIN;
        (*out)->data = at;
        (*out)->validity = bits;
    } else if (form == ENCODED) {
        TNI_CHECK(tni_segment_encode(env, c->type, at, bits, rows, NULL, out, &error) ==
                  TRUENO_OK);
    } else {
        tni_string *words = (tni_string *)calloc(rows, sizeof *words);
        char *text = (char *)calloc(rows, 24);
        uint32_t i, code;
        for (i = 0; i < rows; i++) {
            memcpy(&code, at + (size_t)i * 4, 4);
            words[i] = word_of(code, text + (size_t)i * 24);
        }
        TNI_CHECK(tni_segment_encode(env, c->type, words, bits, rows, interner, out, &error) ==
                  TRUENO_OK);
        free(words);
        free(text);
    }
}

static void add_column(table_data *t, tni_type type, const void *values,
                       const uint64_t *validity, int form) {
    column_data *c = &t->columns[t->column_count];
    tni_env env;
    tni_interner interner;
    tni_error error;
    uint32_t s;
    tni_error_clear(&error);
    memset(&env, 0, sizeof env);
    env.memory = &memory;
    env.kernels = kernels;
    c->type = type;
    c->width = form == TEXT ? 4 : tni_type_width(type);
    c->values = (uint8_t *)malloc((size_t)t->rows * c->width + 64);
    memcpy(c->values, values, (size_t)t->rows * c->width);
    c->validity = NULL;
    if (validity != NULL) {
        c->validity = (uint64_t *)calloc(tni_bitmap_words(t->rows) + 1, 8);
        memcpy(c->validity, validity, tni_bitmap_words(t->rows) * 8);
    }
    c->segments = (tni_segment **)calloc(t->segment_count + 1, sizeof *c->segments);
    tni_interner_init(&interner, &memory);
    for (s = 0; s < t->segment_count; s++) {
        uint32_t first = s * TNI_SEGMENT_ROWS;
        encode_segment(&env, c, first, TNI_MIN(t->rows - first, TNI_SEGMENT_ROWS), form, &interner,
                       &c->segments[s]);
    }
    if (form == TEXT) {
        tni_dictionary *dictionary = NULL;
        TNI_CHECK(tni_interner_seal(&interner, false, NULL, &dictionary, &error) == TRUENO_OK);
        for (s = 0; s < t->segment_count; s++) {
            tni_segment_set_dictionary(c->segments[s], dictionary);
        }
        tni_dictionary_release(dictionary);
    }
    tni_interner_free(&interner);
    t->pointers[t->column_count] = (const tni_segment *const *)c->segments;
    TNI_CHECK(tni_gpu_layout_of(t->pointers[t->column_count], t->segment_count,
                                &t->layouts[t->column_count], &error) == TRUENO_OK ||
              form == TEXT);
    if (t->segment_count == 0) {
        t->layouts[t->column_count].type = type;
        t->layouts[t->column_count].width = (uint8_t)tni_type_width(type);
    }
    t->column_count++;
}

static void start_table(table_data *t, uint32_t rows) {
    memset(t, 0, sizeof *t);
    t->rows = rows;
    t->segment_count = (rows + TNI_SEGMENT_ROWS - 1) / TNI_SEGMENT_ROWS;
}

static void finish_table(table_data *t) {
    t->table.owner = next_owner++;
    t->table.column_count = t->column_count;
    t->table.columns = t->pointers;
    t->table.segment_count = t->segment_count;
    t->table.rows = t->rows;
}

static void free_table(table_data *t) {
    uint32_t c, s;
    tni_gpu_cache_drop(device, t->table.owner);
    for (c = 0; c < t->column_count; c++) {
        for (s = 0; s < t->segment_count; s++) {
            tni_segment_release(t->columns[c].segments[s]);
        }
        free(t->columns[c].segments);
        free(t->columns[c].values);
        free(t->columns[c].validity);
    }
}

static bool is_valid(const column_data *c, uint32_t row) {
    return c->validity == NULL || tni_bit_get(c->validity, row);
}

static int64_t integer_at(const column_data *c, uint32_t row) {
    const uint8_t *at = c->values + (size_t)row * c->width;
    tni_physical p = tni_type_physical(c->type);
    int8_t a;
    int16_t b;
    int32_t w;
    int64_t v;
    uint16_t h;
    uint32_t u;
    switch (p) {
    case TNI_PHYSICAL_BOOL:
    case TNI_PHYSICAL_U8: return *at;
    case TNI_PHYSICAL_I8: memcpy(&a, at, 1); return a;
    case TNI_PHYSICAL_I16: memcpy(&b, at, 2); return b;
    case TNI_PHYSICAL_I32: memcpy(&w, at, 4); return w;
    case TNI_PHYSICAL_U16: memcpy(&h, at, 2); return h;
    case TNI_PHYSICAL_STRING:
    case TNI_PHYSICAL_U32: memcpy(&u, at, 4); return u;
    default: memcpy(&v, at, 8); return v;
    }
}

static double real_at(const column_data *c, uint32_t row) {
    const uint8_t *at = c->values + (size_t)row * c->width;
    double d;
    float f;
    if (c->width == 4) {
        memcpy(&f, at, 4);
        return (double)f;
    }
    memcpy(&d, at, 8);
    return d;
}

/* ---------------------------------------------------------- float sums as the CPU has them */

#define ALL_GRIDS 64

typedef struct real_sum { /* the digits of every position there is */
    int64_t digits[ALL_GRIDS];
    uint32_t flags, grid;
} real_sum;

static double power_of_two(int exponent) {
    double v = 1;
    for (; exponent > 0; exponent--) {
        v *= 2;
    }
    for (; exponent < 0; exponent++) {
        v /= 2;
    }
    return v;
}

static uint32_t grid_of(double x) {
    uint64_t bits;
    uint32_t above;
    memcpy(&bits, &x, 8);
    above = (uint32_t)(bits >> 52) & 0x7ff;
    above = above <= 118 ? 1 : (above - 118 + 31) / 32 + 1;
    return above > 61 ? 61 : above;
}

static void real_add(real_sum *sum, double x) {
    static double quanta[ALL_GRIDS + 8], inverses[ALL_GRIDS + 8];
    const double magic = 6755399441055744.0;
    const int64_t zero = INT64_C(0x4338000000000000);
    uint64_t bits;
    uint32_t grid, j;
    memcpy(&bits, &x, 8);
    if ((bits >> 52 & 0x7ff) == 0x7ff) {
        sum->flags |= x != x ? 1u : x > 0 ? 2u : 4u;
        return;
    }
    grid = grid_of(x);
    sum->grid = TNI_MAX(sum->grid, grid);
    for (j = 0; j < 3; j++) {
        uint32_t position = 61 - grid + j; /* unit 2^(992 - 32 * position) */
        int64_t digit;
        double t;
        if (quanta[position] == 0) {
            quanta[position] = power_of_two(992 - 32 * (int)position);
            inverses[position] = power_of_two(32 * (int)position - 992);
        }
        t = x * inverses[position] + magic;
        memcpy(&digit, &t, 8);
        digit -= zero;
        x -= (t - magic) * quanta[position];
        sum->digits[position] += digit;
    }
}

static bool real_same(const real_sum *sum, const tni_gpu_float_sum *got) {
    uint32_t j;
    if (got->flags != sum->flags || got->grid != sum->grid) {
        return false;
    }
    for (j = 0; j < 3 && sum->grid > 0; j++) {
        if (got->limbs[j] != sum->digits[61 - sum->grid + j]) {
            return false;
        }
    }
    return true;
}

/* ---------------------------------------------------------------------------- reference */

typedef struct keyed {
    uint64_t word;
    uint32_t row;
} keyed;

static int by_word(const void *a, const void *b) {
    const keyed *x = (const keyed *)a, *y = (const keyed *)b;
    return x->word != y->word ? (x->word < y->word ? -1 : 1)
                              : x->row < y->row ? -1 : x->row > y->row;
}

typedef struct query {
    table_data *t;
    tni_gpu_group_shape shape;
    builder values, filter;
    uint32_t key_columns[TNI_GPU_KEYS];
    uint32_t slot_columns[TNI_GPU_SLOTS];
    const uint64_t *passes; /* rows that the filter keeps; NULL: all */
    bool check_module;
    const tni_gpu_info *info; /* what is emitted for; NULL: the device */
} query;

/* The dictionary's code of a word, as text keys are grouped by. */
static uint64_t text_code(const column_data *c, uint32_t code) {
    const tni_dictionary *dictionary = c->segments[0]->dictionary;
    static uint64_t last;
    static uint32_t codes[4096];
    char text[24];
    uint32_t i;
    if (last != dictionary->id) {
        last = dictionary->id;
        for (i = 0; i < 4096; i++) {
            tni_string word = word_of(i, text);
            uint32_t j;
            for (j = 0; j < dictionary->count && i < 300; j++) {
                if (tni_string_equal(&word, &dictionary->values[j])) {
                    codes[i] = j;
                }
            }
        }
    }
    return codes[code];
}

static uint64_t key_code(const column_data *c, const tni_gpu_group_key *key, uint32_t row) {
    if (!is_valid(c, row)) {
        return key->range;
    }
    if (tni_type_physical(c->type) == TNI_PHYSICAL_STRING) {
        return text_code(c, (uint32_t)integer_at(c, row));
    }
    return (uint64_t)integer_at(c, row) - (uint64_t)key->minimum;
}

static keyed *sort_rows(const query *q, uint32_t *count) {
    keyed *rows = (keyed *)calloc(q->t->rows + 1, sizeof *rows);
    uint32_t i, k;
    *count = 0;
    for (i = 0; i < q->t->rows; i++) {
        uint64_t word = 0;
        if (q->passes != NULL && !tni_bit_get(q->passes, i)) {
            continue;
        }
        for (k = 0; k < q->shape.key_count; k++) {
            const tni_gpu_group_key *key = &q->shape.keys[k];
            word = word * (key->range + (key->nullable ? 1 : 0)) +
                   key_code(&q->t->columns[q->key_columns[k]], key, i);
        }
        rows[*count].word = word;
        rows[(*count)++].row = i;
    }
    qsort(rows, *count, sizeof *rows, by_word);
    return rows;
}

static bool check_bound(const column_data *c, bool least, const keyed *rows, uint32_t count,
                        uint64_t got) {
    tni_physical p = tni_type_physical(c->type);
    bool any = false;
    double best = 0, value;
    uint64_t bits = 0;
    uint32_t i, word = (uint32_t)got;
    float single;
    if (tni_type_is_float(c->type)) {
        memcpy(&value, &got, 8);
        memcpy(&single, &word, 4);
        value = c->width == 4 ? (double)single : value;
        for (i = 0; i < count; i++) {
            double x = is_valid(c, rows[i].row) ? real_at(c, rows[i].row) : 0;
            if (!is_valid(c, rows[i].row)) {
                continue;
            }
            if (!any || (least ? x < best || best != best : x > best || x != x)) {
                best = x;
                any = true;
            }
        }
        return !any || best == value || (best != best && value != value);
    }
    for (i = 0; i < count; i++) {
        uint64_t x = (uint64_t)integer_at(c, rows[i].row);
        bool less = p == TNI_PHYSICAL_U64 ? x < bits : (int64_t)x < (int64_t)bits;
        if (is_valid(c, rows[i].row) && (!any || (least ? less : x != bits && !less))) {
            bits = x;
            any = true;
        }
    }
    return !any || bits == got;
}

static bool check_slot(const query *q, uint32_t s, const keyed *rows, uint32_t count,
                       const tni_gpu_group_result *r, uint64_t g) {
    const tni_gpu_slot *slot = &q->shape.shape.slots[s];
    const column_data *c = &q->t->columns[q->slot_columns[s]];
    bool star = slot->output == TNI_IR_NONE;
    real_sum real;
    tni_i128 sum = tni_i128_from_i64(0);
    uint64_t fed = 0;
    uint32_t i;
    memset(&real, 0, sizeof real);
    for (i = 0; i < count; i++) {
        if (star || is_valid(c, rows[i].row)) {
            fed++;
            if (slot->aggregate == TNI_GPU_SUM && tni_type_is_float(c->type)) {
                real_add(&real, real_at(c, rows[i].row));
            } else if (slot->aggregate == TNI_GPU_SUM) {
                tni_i128 v = tni_i128_from_i64(integer_at(c, rows[i].row));
                v.high = tni_type_physical(c->type) == TNI_PHYSICAL_U64 ? 0 : v.high;
                (void)tni_i128_add(sum, v, &sum);
            }
        }
    }
    if (r->counts[s][g] != fed) {
        return false;
    }
    switch (slot->aggregate) {
    case TNI_GPU_COUNT: return true;
    case TNI_GPU_SUM:
        return tni_type_is_float(c->type) ? real_same(&real, &r->floats[s][g])
                                          : tni_i128_equal(sum, r->sums[s][g]);
    default:
        return check_bound(c, slot->aggregate == TNI_GPU_MIN, rows, count, r->bits[s][g]);
    }
}

static bool check_unpack(const query *q, uint64_t word) {
    uint64_t again = 0;
    uint32_t k;
    bool ok = true;
    for (k = 0; k < q->shape.key_count; k++) {
        const tni_gpu_group_key *key = &q->shape.keys[k];
        bool is_null;
        uint64_t code = tni_gpu_group_unpack(&q->shape, k, word, &is_null);
        ok = ok && is_null == (key->nullable && code == key->range);
        again = again * (key->range + (key->nullable ? 1 : 0)) + code;
    }
    return ok && again == word;
}

static bool check_result(const query *q, const tni_gpu_group_result *r) {
    uint32_t count, from = 0, s;
    keyed *rows = sort_rows(q, &count);
    uint64_t g = 0;
    bool ok = true;
    while (from < count && ok) {
        uint32_t to = from;
        while (to < count && rows[to].word == rows[from].word) {
            to++;
        }
        ok = g < r->group_count && r->keys[g] == rows[from].word && r->rows[g] == to - from &&
             check_unpack(q, r->keys[g]);
        if (!ok) {
            printf("    group %u: wanted %llx with %u rows\n", (unsigned)g,
                   (unsigned long long)rows[from].word, (unsigned)(to - from));
            if (g < r->group_count) {
                printf("    got %llx, %u rows\n", (unsigned long long)r->keys[g], (unsigned)r->rows[g]);
            }
        }
        for (s = 0; ok && s < q->shape.shape.slot_count; s++) {
            ok = check_slot(q, s, rows + from, to - from, r, g);
            if (!ok) {
                printf("    slot %u of group %u (%llx)\n", (unsigned)s, (unsigned)g,
                       (unsigned long long)rows[from].word);
            }
        }
        g++;
        from = to;
    }
    free(rows);
    return ok && g == r->group_count;
}

/* ------------------------------------------------------------------------------- running */

static void start_query(query *q, table_data *t) {
    memset(q, 0, sizeof *q);
    q->t = t;
    build_start(&q->values);
    build_start(&q->filter);
    q->shape.shape.columns = t->layouts;
    q->shape.shape.column_count = t->column_count;
    q->shape.shape.values = &q->values.program;
}

/* Group by a column; its range is that of its values. */
static void add_key(query *q, uint32_t column) {
    const column_data *c = &q->t->columns[column];
    tni_gpu_group_key *key = &q->shape.keys[q->shape.key_count];
    uint64_t low = 0, high = 0;
    bool any = false, is_signed = tni_type_physical(c->type) != TNI_PHYSICAL_U64;
    uint32_t i;
    q->key_columns[q->shape.key_count++] = column;
    key->output = q->values.program.output_count;
    build_column(&q->values, column, c->type);
    key->nullable = c->validity != NULL;
    for (i = 0; i < q->t->rows; i++) {
        uint64_t v = (uint64_t)integer_at(c, i);
        if (is_valid(c, i)) {
            low = !any || (is_signed ? (int64_t)v < (int64_t)low : v < low) ? v : low;
            high = !any || (is_signed ? (int64_t)v > (int64_t)high : v > high) ? v : high;
            any = true;
        }
    }
    if (tni_type_physical(c->type) == TNI_PHYSICAL_STRING) {
        low = 0;
        high = q->t->rows == 0 ? 0 : c->segments[0]->dictionary->count;
    }
    memcpy(&key->minimum, &low, 8);
    key->range = high - low + 1;
}

static void add_slot(query *q, tni_gpu_aggregate aggregate, uint32_t column) {
    uint32_t s = q->shape.shape.slot_count++;
    q->slot_columns[s] = column;
    q->shape.shape.slots[s].aggregate = aggregate;
    q->shape.shape.slots[s].output = q->values.program.output_count;
    build_column(&q->values, column, q->t->columns[column].type);
}

static void add_count(query *q) {
    uint32_t s = q->shape.shape.slot_count++;
    q->shape.shape.slots[s].aggregate = TNI_GPU_COUNT;
    q->shape.shape.slots[s].output = TNI_IR_NONE;
}

static bool run_into(query *q, tni_gpu_group_result *r, trueno_status wanted) {
    tni_gpu_group_code *code;
    tni_arena arena;
    tni_error error;
    trueno_status status;
    tni_error_clear(&error);
    tni_arena_init(&arena, &memory);
    memset(r, 0, sizeof *r);
    status = tni_gpu_group_emit(q->info != NULL ? q->info : device->info, &q->shape, &arena, &code, &error);
    if (status == TRUENO_OK) {
        if (q->check_module) {
            const tni_gpu_code *inner = (const tni_gpu_code *)(const void *)code; /* its first */
            gpu_test_validate(inner->words, inner->word_count);
        }
        status = tni_gpu_group(device, &q->shape, code, &q->t->table, r, &error);
    }
    if (status != wanted) {
        printf("    %s\n", error.message);
    }
    tni_arena_free(&arena);
    return TNI_CHECK(status == wanted) && status == TRUENO_OK;
}

/* Run and compare; the form taken, or "". */
static const char *run(query *q) {
    tni_gpu_group_result r;
    const char *form = "";
    if (run_into(q, &r, TRUENO_OK)) {
        TNI_CHECK(!r.overflowed);
        form = r.form;
        if (!TNI_CHECK(check_result(q, &r))) {
            printf("    %s, %u rows, %u groups\n", form, (unsigned)q->t->rows,
                   (unsigned)r.group_count);
        }
    }
    tni_gpu_group_free(&r);
    return form;
}

/* ---------------------------------------------------------------------------------- data */

static const uint32_t lengths[] = {0, 1, 7, 63, 64, 65, 4095, 4096, 4097, 65535, 65536, 65537};

enum { NULLS_NONE, NULLS_ALL, NULLS_SOME, NULLS_MOST, NULL_PATTERNS };

static uint64_t *make_validity(uint32_t rows, int pattern) {
    uint64_t *bits = (uint64_t *)calloc(tni_bitmap_words(rows) + 1, 8);
    uint32_t i;
    for (i = 0; i < rows; i++) {
        if (pattern == NULLS_SOME ? random_u64() % 4 != 0
                                  : pattern == NULLS_MOST && random_u64() % 1000 == 0) {
            tni_bit_set(bits, i);
        }
    }
    return bits;
}

/* Doubles of about one size, or of every size, some of them special. */
static double random_double(bool wild) {
    uint64_t r = random_u64(), bits = random_u64();
    uint64_t exponent = wild ? r % 2047 : 1000 + r % 40;
    double d;
    bits = (bits & UINT64_C(0x800fffffffffffff)) | exponent << 52;
    if ((r >> 32) % 97 == 0) {
        bits &= UINT64_C(1) << 63;
    }
    if ((r >> 40) % 5000 == 7) {
        bits = UINT64_C(0x7ff0000000000000) | (bits & (UINT64_C(0x8000000000000001)));
    }
    memcpy(&d, &bits, 8);
    return d;
}

enum { WAY_RANDOM, WAY_RUNS, WAY_ONE };

/* `span` distinct values, at random, in runs, or one. */
static void fill_values(uint8_t *out, tni_type type, uint32_t width, uint32_t rows,
                        uint64_t span, int way) {
    tni_physical p = tni_type_physical(type);
    uint64_t v = 0;
    uint32_t i;
    double d;
    float f;
    for (i = 0; i < rows; i++) {
        if (i == 0 || way == WAY_RANDOM || (way == WAY_RUNS && random_u64() % 50 == 0)) {
            v = span == 0 ? random_u64() : random_u64() % span;
        }
        if (p == TNI_PHYSICAL_F64) {
            d = random_double(span == 1);
            memcpy(&v, &d, 8);
        } else if (p == TNI_PHYSICAL_F32) {
            f = (float)random_double(false);
            memcpy(&v, &f, 4);
        }
        memcpy(out + (size_t)i * width, &v, width);
    }
}

static void add_random(table_data *t, trueno_type id, uint64_t span, int way, int pattern,
                       int form) {
    tni_type type = id == TRUENO_TYPE_DECIMAL ? tni_type_decimal(18, 2) : tni_type_make(id);
    uint32_t width = form == TEXT ? 4 : tni_type_width(type);
    uint8_t *values = (uint8_t *)calloc((size_t)t->rows + 8, 8);
    uint64_t *validity = pattern == NULLS_NONE ? NULL : make_validity(t->rows, pattern);
    fill_values(values, type, width, t->rows, span, way);
    add_column(t, type, values, validity, form);
    free(values);
    free(validity);
}

/* ------------------------------------------------------------------------------ the tests */

typedef struct key_case {
    trueno_type id;
    uint64_t span;
    int form, way;
    trueno_type value;
    uint64_t value_span;
} key_case;

static const key_case key_cases[] = {
    {TRUENO_TYPE_BOOLEAN, 2, PLAIN, WAY_RANDOM, TRUENO_TYPE_TINYINT, 0},
    {TRUENO_TYPE_TINYINT, 0, PLAIN, WAY_RANDOM, TRUENO_TYPE_SMALLINT, 0},
    {TRUENO_TYPE_SMALLINT, 100, ENCODED, WAY_RANDOM, TRUENO_TYPE_INTEGER, 0},
    {TRUENO_TYPE_INTEGER, 5000, ENCODED, WAY_RANDOM, TRUENO_TYPE_BIGINT, 0},
    {TRUENO_TYPE_INTEGER, 30000, PLAIN, WAY_RUNS, TRUENO_TYPE_UBIGINT, 0},
    {TRUENO_TYPE_BIGINT, 4, ENCODED, WAY_RUNS, TRUENO_TYPE_DOUBLE, 0},
    {TRUENO_TYPE_BIGINT, 0, PLAIN, WAY_RANDOM, TRUENO_TYPE_FLOAT, 0},
    {TRUENO_TYPE_UTINYINT, 0, PLAIN, WAY_RUNS, TRUENO_TYPE_UINTEGER, 0},
    {TRUENO_TYPE_USMALLINT, 0, ENCODED, WAY_RANDOM, TRUENO_TYPE_UTINYINT, 0},
    {TRUENO_TYPE_UINTEGER, 0, PLAIN, WAY_RANDOM, TRUENO_TYPE_USMALLINT, 0},
    {TRUENO_TYPE_UBIGINT, 0, PLAIN, WAY_RUNS, TRUENO_TYPE_DATE, 9000},
    {TRUENO_TYPE_DATE, 2500, ENCODED, WAY_ONE, TRUENO_TYPE_DECIMAL, 0},
    {TRUENO_TYPE_TIMESTAMP, UINT64_C(1) << 40, PLAIN, WAY_RUNS, TRUENO_TYPE_DOUBLE, 1},
    {TRUENO_TYPE_DECIMAL, 700, ENCODED, WAY_RANDOM, TRUENO_TYPE_DOUBLE, 0},
    {TRUENO_TYPE_VARCHAR, 200, TEXT, WAY_RANDOM, TRUENO_TYPE_BIGINT, 60000},
};

static void test_one(const key_case *k, uint32_t rows, int pattern) {
    table_data t;
    query q;
    start_table(&t, rows);
    add_random(&t, k->id, k->span, k->way, pattern, k->form);
    add_random(&t, k->value, k->value_span, WAY_RANDOM, pattern == NULLS_NONE ? 0 : NULLS_SOME,
               PLAIN);
    finish_table(&t);
    if (k->form == TEXT && t.layouts[0].dictionary == NULL) { /* nothing but one value or NULL */
        free_table(&t);
        return;
    }
    start_query(&q, &t);
    q.check_module = rows == 1 || (k->form == TEXT && rows == 7);
    add_key(&q, 0);
    if (q.shape.keys[0].range == 0) { /* only a key that is never NULL takes every value */
        TNI_CHECK(!q.shape.keys[0].nullable);
    }
    add_count(&q);
    add_slot(&q, TNI_GPU_COUNT, 1);
    add_slot(&q, TNI_GPU_SUM, 1);
    add_slot(&q, TNI_GPU_MIN, 1);
    add_slot(&q, TNI_GPU_MAX, 1);
    (void)run(&q);
    free_table(&t);
}

static void test_matrix(void) {
    size_t i, j;
    int pattern;
    for (i = 0; i < TNI_COUNT_OF(key_cases); i++) {
        for (j = 0; j < TNI_COUNT_OF(lengths); j++) {
            for (pattern = 0; pattern < NULL_PATTERNS; pattern++) {
                unsigned long failed = tni_test_failed;
                test_one(&key_cases[i], lengths[j], pattern);
                if (tni_test_failed != failed) {
                    printf("    key case %u, %u rows, pattern %d\n", (unsigned)i,
                           (unsigned)lengths[j], pattern);
                }
            }
        }
    }
}

/* The same question in every form, with and without 64-bit atomics and floats: one answer. */
static void start_forms(table_data *t, uint32_t rows) {
    start_table(t, rows);
    add_random(t, TRUENO_TYPE_SMALLINT, 9, WAY_RANDOM, NULLS_SOME, ENCODED);
    add_random(t, TRUENO_TYPE_VARCHAR, 12, WAY_RUNS, NULLS_SOME, TEXT);
    add_random(t, TRUENO_TYPE_BIGINT, 0, WAY_RANDOM, NULLS_SOME, PLAIN);
    add_random(t, TRUENO_TYPE_FLOAT, 0, WAY_RANDOM, NULLS_NONE, PLAIN);
    add_random(t, TRUENO_TYPE_INTEGER, 0, WAY_RANDOM, NULLS_NONE, PLAIN);
    add_random(t, TRUENO_TYPE_DOUBLE, 0, WAY_RANDOM, NULLS_SOME, PLAIN);
    finish_table(t);
}

static void build_forms(query *q, table_data *t, bool floats, bool wide) {
    start_query(q, t);
    add_key(q, 0);
    add_key(q, 1);
    add_slot(q, TNI_GPU_SUM, 2);
    add_slot(q, TNI_GPU_MIN, 4);
    add_slot(q, TNI_GPU_MAX, 4);
    add_slot(q, TNI_GPU_SUM, 4);
    if (floats) {
        add_slot(q, TNI_GPU_SUM, 3);
        add_slot(q, TNI_GPU_SUM, 5);
    }
    if (wide) {
        add_slot(q, TNI_GPU_MIN, 2);
        add_slot(q, TNI_GPU_MAX, 5);
    }
    q->check_module = true;
}

static void test_forms(void) {
    static const tni_gpu_group_form forms[] = {TNI_GPU_GROUP_AUTO, TNI_GPU_GROUP_DENSE,
                                               TNI_GPU_GROUP_DIRECT, TNI_GPU_GROUP_HASH,
                                               TNI_GPU_GROUP_PARTITIONED};
    static const char *const names[] = {"dense", "dense", "direct", "hash", "partitioned"};
    tni_gpu_info narrow = *device->info, bare = *device->info;
    table_data t;
    query q;
    size_t i;
    narrow.atomic_int64 = false;
    bare.atomic_int64 = bare.float64 = false;
    start_forms(&t, 66000);
    for (i = 0; i < TNI_COUNT_OF(forms); i++) {
        build_forms(&q, &t, true, true);
        q.shape.form = forms[i];
        TNI_CHECK_TEXT(run(&q), names[i]);
        build_forms(&q, &t, true, false);
        q.shape.form = forms[i];
        q.info = &narrow;
        TNI_CHECK_TEXT(run(&q), names[i]);
        build_forms(&q, &t, false, false);
        q.shape.form = forms[i];
        q.info = &bare;
        TNI_CHECK_TEXT(run(&q), names[i]);
    }
    free_table(&t);
}

/* Unique keys of every 64-bit value: the table is enlarged until they fit; results are large. */
static void test_growth(void) {
    tni_gpu_group_result r;
    table_data t;
    query q;
    start_table(&t, 20000);
    add_random(&t, TRUENO_TYPE_BIGINT, 0, WAY_RANDOM, NULLS_NONE, PLAIN);
    add_random(&t, TRUENO_TYPE_INTEGER, 0, WAY_RANDOM, NULLS_NONE, PLAIN);
    finish_table(&t);
    start_query(&q, &t);
    add_key(&q, 0);
    q.shape.keys[0].minimum = 0;
    q.shape.keys[0].range = 0;
    q.shape.groups_expected = 10;
    add_slot(&q, TNI_GPU_SUM, 1);
    add_slot(&q, TNI_GPU_MAX, 1);
    add_slot(&q, TNI_GPU_MIN, 0);
    if (run_into(&q, &r, TRUENO_OK)) {
        TNI_CHECK(check_result(&q, &r));
        TNI_CHECK(r.passes == 4); /* 1,024, 4,096, 16,384, 65,536 */
        TNI_CHECK_TEXT(r.form, "hash");
        TNI_CHECK(r.group_count > 19990);
    }
    tni_gpu_group_free(&r);
    q.shape.groups_expected = 1000;
    q.shape.form = TNI_GPU_GROUP_PARTITIONED;
    if (run_into(&q, &r, TRUENO_OK)) {
        TNI_CHECK(check_result(&q, &r));
        TNI_CHECK(r.passes == 3);
        TNI_CHECK_TEXT(r.form, "partitioned");
    }
    tni_gpu_group_free(&r);
    q.shape.form = TNI_GPU_GROUP_AUTO;
    q.shape.groups_expected = 20000;
    q.shape.shape.slot_count = 2;
    if (run_into(&q, &r, TRUENO_OK)) {
        TNI_CHECK(r.passes == 1);
    }
    tni_gpu_group_free(&r);
    free_table(&t);
}

/* Results of more than a megabyte are lent, and come back. */
static void test_lending(void) {
    tni_gpu_group_result a, b;
    table_data t;
    query q;
    start_table(&t, 100000);
    add_random(&t, TRUENO_TYPE_INTEGER, 90000, WAY_RANDOM, NULLS_NONE, PLAIN);
    add_random(&t, TRUENO_TYPE_INTEGER, 0, WAY_RANDOM, NULLS_NONE, PLAIN);
    finish_table(&t);
    start_query(&q, &t);
    add_key(&q, 0);
    add_slot(&q, TNI_GPU_SUM, 1);
    TNI_CHECK(run_into(&q, &a, TRUENO_OK));
    TNI_CHECK(run_into(&q, &b, TRUENO_OK));
    TNI_CHECK_TEXT(a.form, "direct");
    TNI_CHECK(a.lent.data != NULL && b.lent.data != NULL && a.lent.data != b.lent.data);
    TNI_CHECK(check_result(&q, &a) && check_result(&q, &b));
    tni_gpu_group_free(&a);
    TNI_CHECK(device->download.data != NULL);
    tni_gpu_group_free(&b);
    free_table(&t);
}

/* Rows whose INTEGER is below a constant. */
static void add_filter(query *q, uint32_t column, int64_t below) {
    tni_type type = q->t->columns[column].type;
    uint32_t x = build(&q->filter, TNI_IR_COLUMN, type, 0, 0, 0);
    uint32_t y = build(&q->filter, TNI_IR_CONSTANT, type, 0, 0, 0);
    q->filter.nodes[x].column = column;
    q->filter.nodes[y].constant = tni_value_i64(type, below);
    q->filter.outputs[0] =
        build(&q->filter, TNI_IR_LESS, tni_type_make(TRUENO_TYPE_BOOLEAN), 2, x, y);
    q->filter.program.output_count = 1;
    q->shape.shape.filter = &q->filter.program;
}

static void test_filters(void) {
    static const int64_t limits[] = {0, 1, 500, 1000};
    static const tni_gpu_group_form forms[] = {TNI_GPU_GROUP_DENSE, TNI_GPU_GROUP_HASH,
                                               TNI_GPU_GROUP_PARTITIONED};
    table_data t;
    query q;
    size_t i, f;
    uint32_t row;
    start_table(&t, 70000);
    add_random(&t, TRUENO_TYPE_USMALLINT, 300, WAY_RANDOM, NULLS_SOME, ENCODED);
    add_random(&t, TRUENO_TYPE_INTEGER, 1000, WAY_RANDOM, NULLS_SOME, ENCODED);
    add_random(&t, TRUENO_TYPE_DOUBLE, 0, WAY_RANDOM, NULLS_NONE, PLAIN);
    finish_table(&t);
    for (f = 0; f < TNI_COUNT_OF(forms); f++) {
        for (i = 0; i < TNI_COUNT_OF(limits); i++) {
            uint64_t *passes = (uint64_t *)calloc(tni_bitmap_words(t.rows), 8);
            for (row = 0; row < t.rows; row++) {
                if (is_valid(&t.columns[1], row) &&
                    integer_at(&t.columns[1], row) < limits[i]) {
                    tni_bit_set(passes, row);
                }
            }
            start_query(&q, &t);
            add_key(&q, 0);
            add_filter(&q, 1, limits[i]);
            add_count(&q);
            add_slot(&q, TNI_GPU_SUM, 1);
            add_slot(&q, TNI_GPU_SUM, 2);
            q.passes = passes;
            q.shape.form = forms[f];
            (void)run(&q);
            free(passes);
        }
    }
    free_table(&t);
}

/* Groups of very different sizes need every position; sizes that grow from morsel to morsel move
 * the window. */
static void fill_sizes(table_data *t, uint32_t rows, bool by_key) {
    double *x = (double *)calloc(rows, sizeof *x);
    int32_t *k = (int32_t *)calloc(rows, sizeof *k);
    uint32_t i;
    start_table(t, rows);
    for (i = 0; i < rows; i++) {
        int step = by_key ? (k[i] = (int32_t)(random_u64() % 60)) : (int)(i / 40000);
        k[i] = by_key ? k[i] : (int32_t)(random_u64() % 60);
        x[i] = random_double(false) * power_of_two(by_key ? step * 32 - 940 : step * 12);
        if (by_key && k[i] == 7) {
            x[i] = i % 2 == 0 ? 0.0 : -0.0;
        }
    }
    add_column(t, tni_type_make(TRUENO_TYPE_INTEGER), k, NULL, PLAIN);
    add_column(t, tni_type_make(TRUENO_TYPE_DOUBLE), x, NULL, PLAIN);
    finish_table(t);
    free(x);
    free(k);
}

static void test_sizes(void) {
    static const tni_gpu_group_form forms[] = {TNI_GPU_GROUP_DENSE, TNI_GPU_GROUP_DIRECT,
                                               TNI_GPU_GROUP_HASH, TNI_GPU_GROUP_PARTITIONED};
    size_t f;
    table_data t;
    query q;
    fill_sizes(&t, 20000, true);
    for (f = 0; f < TNI_COUNT_OF(forms); f++) {
        tni_gpu_group_result r;
        start_query(&q, &t);
        add_key(&q, 0);
        add_slot(&q, TNI_GPU_SUM, 1);
        q.shape.form = forms[f];
        if (run_into(&q, &r, TRUENO_OK)) {
            TNI_CHECK(check_result(&q, &r));
            TNI_CHECK_EQ_UINT(r.passes, 2);
        }
        tni_gpu_group_free(&r);
    }
    free_table(&t);
}

/* More groups than the memory holds. */
static void test_too_many(void) {
    tni_gpu_group_result r;
    table_data t;
    query q;
    start_table(&t, 200000);
    add_random(&t, TRUENO_TYPE_BIGINT, 0, WAY_RANDOM, NULLS_NONE, PLAIN);
    finish_table(&t);
    start_query(&q, &t);
    add_key(&q, 0);
    q.shape.keys[0].range = 0;
    q.shape.form = TNI_GPU_GROUP_HASH;
    add_slot(&q, TNI_GPU_SUM, 0);
    (void)run_into(&q, &r, TRUENO_ERROR_MEMORY_LIMIT);
    tni_gpu_group_free(&r);
    free_table(&t);
}

/* A table many times the memory allowed: columns come and go, groups stay. */
static void test_small_budget(void) {
    static const tni_gpu_group_form forms[] = {TNI_GPU_GROUP_DENSE, TNI_GPU_GROUP_DIRECT,
                                               TNI_GPU_GROUP_HASH, TNI_GPU_GROUP_PARTITIONED};
    tni_gpu_device *usual = device, *small = NULL;
    tni_gpu *other = NULL;
    tni_gpu_options options;
    tni_error error;
    table_data t;
    size_t f;
    memset(&options, 0, sizeof options);
    tni_error_clear(&error);
    options.software = true;
    options.budget_bytes = 6u << 20;
    options.slab_bytes = 1u << 20;
    options.staging_bytes = 1u << 19;
    TNI_CHECK(tni_gpu_open(&memory, &options, &other, &error) == TRUENO_OK);
    if (!TNI_CHECK(tni_gpu_device_open(other, tni_gpu_best(other), &small, &error) ==
                   TRUENO_OK)) {
        tni_gpu_close(other);
        return;
    }
    device = small;
    fill_sizes(&t, 600000, false);
    for (f = 0; f < 3; f++) {
        tni_gpu_group_result r;
        query q;
        start_query(&q, &t);
        add_key(&q, 0);
        add_count(&q);
        add_slot(&q, TNI_GPU_SUM, 1);
        add_slot(&q, TNI_GPU_MAX, 1);
        q.shape.form = forms[f];
        q.shape.groups_expected = 100;
        if (run_into(&q, &r, TRUENO_OK)) {
            TNI_CHECK(check_result(&q, &r));
            TNI_CHECK(r.morsels > 4 && r.passes == 1);
            TNI_CHECK(small->slab_total <= options.budget_bytes);
        }
        tni_gpu_group_free(&r);
    }
    free_table(&t);
    test_too_many();
    device = usual;
    tni_gpu_device_close(small);
    tni_gpu_close(other);
}

/* What the processor has to look at: rows that fail, keys outside their range. */
static void test_flags(void) {
    static const tni_gpu_group_form forms[] = {TNI_GPU_GROUP_DENSE, TNI_GPU_GROUP_DIRECT,
                                               TNI_GPU_GROUP_HASH, TNI_GPU_GROUP_PARTITIONED};
    tni_type type = tni_type_make(TRUENO_TYPE_INTEGER);
    const tni_function *add = tni_functions_operator();
    tni_gpu_group_result r;
    table_data t;
    query q;
    size_t f;
    int kind;
    while (add->device != TNI_DEVICE_ADD) {
        add++;
    }
    start_table(&t, 5000);
    add_random(&t, TRUENO_TYPE_INTEGER, 100, WAY_RANDOM, NULLS_SOME, PLAIN);
    add_random(&t, TRUENO_TYPE_INTEGER, INT32_MAX, WAY_RANDOM, NULLS_NONE, PLAIN);
    finish_table(&t);
    for (f = 0; f < TNI_COUNT_OF(forms); f++) {
        for (kind = 0; kind < 4; kind++) {
            start_query(&q, &t);
            add_key(&q, 0);
            add_slot(&q, TNI_GPU_SUM, 1);
            q.shape.form = forms[f];
            if (kind == 1) {
                q.shape.keys[0].range -= 1;
            } else if (kind == 2) {
                q.shape.keys[0].nullable = false;
            } else if (kind == 3) {
                uint32_t x = q.values.outputs[1];
                q.values.outputs[1] = build(&q.values, TNI_IR_CALL, type, 2, x, x);
                q.values.nodes[q.values.outputs[1]].function = add;
            }
            if (run_into(&q, &r, TRUENO_OK)) {
                TNI_CHECK(r.overflowed == (kind != 0));
                TNI_CHECK(kind == 0 || r.group_count == 0);
            }
            tni_gpu_group_free(&r);
        }
    }
    free_table(&t);
}

static void test_refusals(void) {
    tni_gpu_info narrow = *device->info;
    tni_gpu_group_result r;
    table_data t;
    query q;
    narrow.atomic_int64 = false;
    start_table(&t, 10);
    add_random(&t, TRUENO_TYPE_DOUBLE, 0, WAY_RANDOM, NULLS_NONE, PLAIN);
    add_random(&t, TRUENO_TYPE_BIGINT, 0, WAY_RANDOM, NULLS_SOME, PLAIN);
    finish_table(&t);
    start_query(&q, &t); /* keys are no floats */
    add_key(&q, 0);
    (void)run_into(&q, &r, TRUENO_ERROR_UNSUPPORTED);
    start_query(&q, &t); /* every 64-bit value and NULL */
    add_key(&q, 1);
    q.shape.keys[0].range = 0;
    (void)run_into(&q, &r, TRUENO_ERROR_UNSUPPORTED);
    start_query(&q, &t); /* too many for the form */
    add_key(&q, 1);
    q.shape.form = TNI_GPU_GROUP_DENSE;
    (void)run_into(&q, &r, TRUENO_ERROR_UNSUPPORTED);
    start_query(&q, &t);
    add_key(&q, 1);
    add_slot(&q, TNI_GPU_MIN, 1);
    q.info = &narrow;
    (void)run_into(&q, &r, TRUENO_ERROR_UNSUPPORTED);
    start_query(&q, &t);
    (void)run_into(&q, &r, TRUENO_ERROR_UNSUPPORTED);
    free_table(&t);
}

/* The engine gives the same groups, and the same bits of their float sums. */
static void test_engine(void) {
    trueno_config config;
    trueno_column columns[2];
    trueno_db *db = NULL;
    trueno_result *wanted;
    tni_gpu_group_result r;
    table_data t;
    query q;
    uint64_t g;
    unsigned different = 0;
    memset(&config, 0, sizeof config);
    memset(columns, 0, sizeof columns);
    config.backend = TRUENO_BACKEND_SIMD;
    start_table(&t, 100000);
    add_random(&t, TRUENO_TYPE_INTEGER, 1000, WAY_RANDOM, NULLS_NONE, PLAIN);
    add_random(&t, TRUENO_TYPE_DOUBLE, 0, WAY_RANDOM, NULLS_NONE, PLAIN);
    finish_table(&t);
    start_query(&q, &t);
    add_key(&q, 0);
    add_slot(&q, TNI_GPU_SUM, 1);
    columns[0].name = "k";
    columns[0].type = TRUENO_TYPE_INTEGER;
    columns[0].data = t.columns[0].values;
    columns[1].name = "x";
    columns[1].type = TRUENO_TYPE_DOUBLE;
    columns[1].data = t.columns[1].values;
    TNI_CHECK(trueno_open(&config, &db) == TRUENO_OK);
    TNI_CHECK(trueno_register_columns(db, "t", columns, 2, t.rows) == TRUENO_OK);
    wanted = trueno_query(db, "SELECT k, count(*), sum(x) FROM t GROUP BY k ORDER BY k");
    TNI_CHECK(trueno_result_status(wanted) == TRUENO_OK);
    if (run_into(&q, &r, TRUENO_OK) &&
        TNI_CHECK_EQ_UINT(r.group_count, trueno_result_row_count(wanted))) {
        for (g = 0; g < r.group_count; g++) {
            tni_float_state state;
            double a, b = trueno_get_double(wanted, g, 2);
            memcpy(state.limbs, r.floats[0][g].limbs, sizeof state.limbs);
            state.flags = r.floats[0][g].flags;
            state.grid = r.floats[0][g].grid;
            a = tni_float_state_value(&state);
            different += memcmp(&a, &b, 8) != 0 && (a == a || b == b);
            different += r.rows[g] != (uint64_t)trueno_get_int64(wanted, g, 1);
        }
    }
    TNI_CHECK_EQ_UINT(different, 0);
    tni_gpu_group_free(&r);
    trueno_result_free(wanted);
    trueno_close(db);
    free_table(&t);
}

int main(void) {
    kernels = tni_kernels_pick(TRUENO_BACKEND_SIMD);
    if (!gpu_test_open("test_gpu_group", UINT64_C(256) << 20, UINT64_C(32) << 20)) {
        return tni_test_report();
    }
    test_refusals();
    test_flags();
    test_forms();
    test_filters();
    test_sizes();
    test_growth();
    test_lending();
    test_engine();
    test_small_budget();
    test_matrix();
    gpu_test_close();
    return tni_test_report();
}
