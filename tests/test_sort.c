/* ORDER BY: every type, order of NULLs and direction against a plain stable sort; the same rows
 * for any number of workers; limits; spilling; every allocation failing once. */
#include "column/table.h"
#include "exec/exec_internal.h"
#include "test.h"

/* ------------------------------------------------------------------------- made-up input --- */

#define MOST_COLUMNS 20u

typedef struct dataset {
    uint32_t columns;
    uint32_t rows;
    tni_type types[MOST_COLUMNS];
    uint8_t forms[MOST_COLUMNS];              /* tni_form the test source hands it out in */
    tni_dictionary *dictionaries[MOST_COLUMNS];
    tni_value *values;                        /* [row * columns + column] */
    char *text;                               /* bytes of long strings */
    size_t text_used;
    uint32_t morsel, chunk;                   /* rows of each */
    bool masked;                              /* every chunk carries rows that do not count */
} dataset;

static uint64_t seed = 1;
static uint64_t draw(void) {
    seed += UINT64_C(0x9e3779b97f4a7c15);
    return tni_hash_u64(seed);
}

static const char *const words[] = {"",      "a",         "ab",         "abc",
                                    "abcdefgh", "abcdefghi", "abcdefghij", "http://example.org/",
                                    "http://example.org/one", "http://example.org/two",
                                    "zz",    "\xc3\xa9t\xc3\xa9"};

static tni_string make_string(dataset *d, bool many) {
    char buffer[80];
    size_t length;
    char *place = d->text + d->text_used;
    if (many) {
        unsigned host = (unsigned)(draw() % 4), page = (unsigned)(draw() % 5000);
        length = (size_t)sprintf(buffer, "http://example.org/%u/%u", host, page);
    } else {
        const char *word = words[draw() % TNI_COUNT_OF(words)];
        length = strlen(word);
        memcpy(buffer, word, length + 1);
    }
    if (draw() % 16 == 0) { /* zero bytes count */
        uint32_t zeros = (uint32_t)(draw() % 3);
        memset(buffer + length, 0, zeros);
        length += zeros;
    }
    memcpy(place, buffer, length);
    d->text_used += length;
    return tni_string_make(place, length);
}

static double make_double(void) {
    static const double special[] = {0.0, -0.0, 1.0, -1.0, 1e300, -1e300, 5e-324, 1.5};
    uint64_t pick = draw() % 12;
    double v;
    if (pick < 8) {
        return special[pick];
    }
    if (pick < 10) {
        uint64_t bits = pick == 8 ? UINT64_C(0x7ff8000000000000) : UINT64_C(0x7ff0000000000000);
        memcpy(&v, &bits, 8);
        return draw() % 2 ? v : -v;
    }
    return (double)(int64_t)(draw() % 1000) * 0.25 - 100;
}

/* `range`: how many distinct integers there are, 0 = all of the type. */
static tni_value make_value(dataset *d, tni_type type, uint64_t range) {
    tni_value v = tni_value_null(type);
    uint64_t raw = draw();
    uint32_t width = tni_type_width(type);
    v.is_null = false;
    switch (tni_type_physical(type)) {
    case TNI_PHYSICAL_BOOL: v.as.boolean = raw % 2 != 0; break;
    case TNI_PHYSICAL_U8:
    case TNI_PHYSICAL_U16:
    case TNI_PHYSICAL_U32:
    case TNI_PHYSICAL_U64:
        v.as.natural = range ? raw % range : raw >> (64 - 8 * width);
        break;
    case TNI_PHYSICAL_I128:
        v.as.huge.low = range ? raw % range : raw;
        v.as.huge.high = range ? -(int64_t)(draw() % 2) : (int64_t)draw() >> (draw() % 64);
        break;
    case TNI_PHYSICAL_F32: v.as.number = (double)(float)make_double(); break;
    case TNI_PHYSICAL_F64: v.as.number = make_double(); break;
    case TNI_PHYSICAL_STRING: v.as.string = make_string(d, range == 0); break;
    case TNI_PHYSICAL_INTERVAL:
        v.as.interval.months = (int32_t)(raw % 5) - 2;
        v.as.interval.days = (int32_t)(draw() % 90) - 40;
        v.as.interval.microseconds =
            (int64_t)(draw() % 5) * (TNI_US_PER_DAY / 2) - TNI_US_PER_DAY;
        if (range == 0 && raw % 64 == 0) {
            v.as.interval.months = INT32_MIN;
            v.as.interval.days = INT32_MIN;
            v.as.interval.microseconds = INT64_MIN + (int64_t)(draw() % 9);
        }
        break;
    default:
        v.as.integer = range ? (int64_t)(raw % range) - (int64_t)(range / 3)
                             : (int64_t)raw >> (64 - 8 * width);
        break;
    }
    return v;
}

static void make_dataset(dataset *d, const tni_type *types, const uint64_t *ranges,
                         uint32_t columns, uint32_t rows, uint32_t null_percent) {
    uint32_t r, c;
    memset(d, 0, sizeof *d);
    d->columns = columns;
    d->rows = rows;
    d->morsel = 700;
    d->chunk = 300;
    memcpy(d->types, types, columns * sizeof *types);
    d->values = (tni_value *)calloc((size_t)rows * columns + 1, sizeof *d->values);
    d->text = (char *)malloc((size_t)rows * columns * 84 + 1);
    for (r = 0; r < rows; r++) {
        for (c = 0; c < columns; c++) {
            d->values[(size_t)r * columns + c] = draw() % 100 < null_percent
                                                     ? tni_value_null(types[c])
                                                     : make_value(d, types[c], ranges[c]);
        }
    }
}

static void free_dataset(dataset *d) {
    uint32_t c;
    for (c = 0; c < d->columns; c++) {
        tni_dictionary_release(d->dictionaries[c]);
    }
    free(d->values);
    free(d->text);
}

/* Hand a string column out as codes of one dictionary. */
static void use_dictionary(dataset *d, uint32_t column, tni_memory *memory, bool sorted) {
    tni_interner interner;
    uint32_t r, code;
    tni_interner_init(&interner, memory);
    for (r = 0; r < d->rows; r++) {
        const tni_value *v = &d->values[(size_t)r * d->columns + column];
        if (!v->is_null) {
            TNI_CHECK(tni_interner_add(&interner, &v->as.string, tni_hash_string(&v->as.string),
                                       &code, NULL) == TRUENO_OK);
        }
    }
    TNI_CHECK(tni_interner_seal(&interner, sorted, NULL, &d->dictionaries[column], NULL) ==
              TRUENO_OK);
    d->forms[column] = TNI_FORM_DICT;
}

/* ------------------------------------------------------------------------ the test source --- */

typedef struct test_worker {
    uint8_t *data[MOST_COLUMNS];
    uint64_t validity[MOST_COLUMNS][TNI_VECTOR_WORDS];
    uint8_t *text;
    size_t text_size;
} test_worker;

typedef struct test_driver {
    tni_driver base;
    const dataset *d;
    tni_atomic_i64 next;
    test_worker workers[8];
} test_driver;

static uint32_t test_parallelism(tni_driver *base) {
    (void)base;
    return 8;
}
static trueno_status test_begin(tni_driver *base, tni_pipeline *pipeline, tni_error *error) {
    (void)base;
    (void)pipeline;
    (void)error;
    return TRUENO_OK;
}
static void test_free(tni_driver *base) {
    (void)base;
}

static uint32_t code_of(const tni_dictionary *dictionary, const tni_string *s) {
    uint32_t i;
    for (i = 0; i < dictionary->count; i++) {
        if (tni_string_equal(&dictionary->values[i], s)) {
            return i;
        }
    }
    return 0;
}

/* Row `row` of the input into slot `slot` of the worker's vectors. */
static void fill_slot(const dataset *d, test_worker *w, uint32_t row, uint32_t slot) {
    uint32_t c;
    for (c = 0; c < d->columns; c++) {
        const tni_value *v = &d->values[(size_t)row * d->columns + c];
        tni_value copy = *v;
        uint32_t width = tni_type_width(d->types[c]);
        if (v->is_null) {
            width = d->forms[c] == TNI_FORM_NARROW ? 2 : d->forms[c] == TNI_FORM_DICT ? 4 : width;
            memset(w->data[c] + (size_t)slot * width, 0, width);
            tni_bit_clear(w->validity[c], slot);
            continue;
        }
        tni_bit_set(w->validity[c], slot);
        if (d->forms[c] == TNI_FORM_NARROW) {
            uint16_t code = (uint16_t)(v->as.integer + 20000);
            memcpy(w->data[c] + (size_t)slot * 2, &code, 2);
        } else if (d->forms[c] == TNI_FORM_DICT) {
            uint32_t code = code_of(d->dictionaries[c], &v->as.string);
            memcpy(w->data[c] + (size_t)slot * 4, &code, 4);
        } else if (tni_type_is_string(d->types[c])) {
            uint8_t *place = w->text + ((size_t)c * TNI_VECTOR_ROWS + slot) * 84;
            memcpy(place, tni_string_data(&v->as.string), v->as.string.length);
            copy.as.string = tni_string_make(place, v->as.string.length);
            tni_value_store(&copy, w->data[c] + (size_t)slot * width);
        } else {
            tni_value_store(&copy, w->data[c] + (size_t)slot * width);
        }
    }
}

static trueno_status push_rows(const dataset *d, test_worker *w, uint32_t worker, uint64_t order,
                               uint32_t first, uint32_t rows, tni_operator *next,
                               tni_error *error) {
    tni_vector vectors[MOST_COLUMNS];
    uint64_t mask[TNI_VECTOR_WORDS];
    tni_chunk chunk;
    trueno_status status;
    uint32_t c, i, slot = 0;
    memset(mask, 0, sizeof mask);
    memset(&chunk, 0, sizeof chunk);
    for (i = 0; i < rows; i++) {
        if (d->masked) {
            fill_slot(d, w, (first + i) % d->rows, slot++); /* does not count */
        }
        tni_bit_set(mask, slot);
        fill_slot(d, w, (uint32_t)(order * d->morsel) + first + i, slot++);
    }
    memset(vectors, 0, sizeof vectors);
    for (c = 0; c < d->columns; c++) {
        vectors[c].type = d->types[c];
        vectors[c].form = d->forms[c];
        vectors[c].code_width =
            (uint8_t)(d->forms[c] == TNI_FORM_NARROW ? 2 : d->forms[c] == TNI_FORM_DICT ? 4 : 0);
        vectors[c].base = -20000;
        vectors[c].dictionary = d->dictionaries[c];
        vectors[c].data = w->data[c];
        vectors[c].validity = w->validity[c];
    }
    chunk.rows = slot;
    chunk.active = rows;
    chunk.mask = d->masked ? mask : NULL;
    chunk.column_count = d->columns;
    chunk.columns = vectors;
    chunk.order = order;
    chunk.first_row = d->masked ? 2 * first : first;
    status = tni_push(next, worker, &chunk, error);
    for (c = 0; c < d->columns; c++) { /* keepers have copied */
        memset(w->text + (size_t)c * TNI_VECTOR_ROWS * 84, 0xdd, (size_t)slot * 84);
    }
    return status;
}

static trueno_status test_run(tni_driver *base, uint32_t worker, tni_operator *next,
                              tni_error *error) {
    test_driver *driver = (test_driver *)base;
    const dataset *d = driver->d;
    for (;;) {
        uint64_t order = (uint64_t)tni_atomic_add_i64(&driver->next, 1);
        uint32_t rows, first;
        if (order * d->morsel >= d->rows) {
            return TRUENO_OK;
        }
        rows = (uint32_t)TNI_MIN(d->rows - order * d->morsel, (uint64_t)d->morsel);
        for (first = 0; first < rows; first += d->chunk) {
            trueno_status status = push_rows(d, &driver->workers[worker], worker, order, first,
                                             TNI_MIN(rows - first, d->chunk), next, error);
            if (status != TRUENO_OK) {
                return status;
            }
        }
        tni_thread_yield();
    }
}

static const tni_driver_ops test_ops = {"test", test_parallelism, test_begin, test_run, test_free};

/* ----------------------------------------------------------------------------- running it --- */

typedef struct setup {
    uint32_t threads;
    uint64_t memory_limit;
    bool no_spill;
    bool from_aggregate;      /* the input's order is nobody's promise */
    const trueno_allocator *allocator;
    const trueno_files *files;
    const tni_atomic_i32 *interrupted;
    uint64_t spilled;         /* out */
    char message[1000];       /* out */
} setup;

static tni_memory outer; /* of what is not under test */

/* Keeps the rows in memory that does not count. */
typedef struct test_sink {
    tni_operator base;
    const dataset *d;
    const tni_env *env;
    tni_collection *parts[8];
    tni_scratch scratch[8];
} test_sink;

static trueno_status test_sink_push(tni_operator *base, uint32_t worker, tni_chunk *chunk,
                                    tni_error *error) {
    test_sink *sink = (test_sink *)base;
    if (chunk->active != chunk->rows || chunk->mask != NULL) { /* counters are not for threads */
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "a sorted chunk is not dense");
    }
    tni_scratch_reset(&sink->scratch[worker]);
    return tni_collection_append(sink->parts[worker], sink->env, chunk, &sink->scratch[worker],
                                 error);
}

static const tni_operator_ops test_sink_ops = {"test", NULL, test_sink_push, NULL, NULL, NULL};

static void start_sink(test_sink *sink, const dataset *d, const tni_env *env) {
    uint32_t i;
    memset(sink, 0, sizeof *sink);
    sink->base.ops = &test_sink_ops;
    sink->d = d;
    sink->env = env;
    for (i = 0; i < 8; i++) {
        tni_scratch_init(&sink->scratch[i], &outer);
        TNI_CHECK(tni_collection_new(&outer, d->types, d->columns, &sink->parts[i], NULL) ==
                  TRUENO_OK);
    }
}

static tni_collection *end_sink(test_sink *sink, bool keep) {
    tni_collection *all = NULL;
    uint32_t i;
    TNI_CHECK(tni_collection_new(&outer, sink->d->types, sink->d->columns, &all, NULL) ==
              TRUENO_OK);
    TNI_CHECK(tni_collection_merge(all, sink->parts, 8, NULL) == TRUENO_OK);
    tni_collection_seal(all);
    for (i = 0; i < 8; i++) {
        tni_scratch_free(&sink->scratch[i]);
    }
    if (!keep) {
        tni_collection_release(all);
        all = NULL;
    }
    return all;
}

static trueno_status sort_into(tni_run *run, tni_plan *plan, test_driver *source,
                               tni_operator *sink, tni_error *error) {
    tni_operator *op;
    tni_driver *driver;
    trueno_status status = tni_sort_new(run, plan, &op, &driver, error);
    if (status != TRUENO_OK) {
        TNI_CHECK(op == NULL && driver == NULL);
        return status;
    }
    status = tni_pipeline_run(run, NULL, &source->base, op, error);
    if (status == TRUENO_OK) {
        status = tni_pipeline_run(run, NULL, driver, sink, error);
    }
    driver->ops->free(driver);
    op->ops->free(op);
    return status;
}

/* The sorted rows, sealed; NULL and a status when it failed. */
static trueno_status run_sort(const dataset *d, const tni_sort_key *keys, uint32_t key_count,
                              uint64_t limit, uint64_t offset, setup *how, tni_memory *memory,
                              tni_collection **out) {
    tni_env env;
    tni_run run;
    tni_plan plan, input;
    test_driver source;
    test_sink sink;
    tni_arena arena;
    tni_error error;
    tni_scheduler *scheduler;
    trueno_files files;
    trueno_status status;
    uint32_t w, c;
    *out = NULL;
    memset(&env, 0, sizeof env);
    memset(&run, 0, sizeof run);
    memset(&plan, 0, sizeof plan);
    memset(&input, 0, sizeof input);
    memset(&source, 0, sizeof source);
    tni_error_clear(&error);
    tni_memory_init(memory, how->allocator, how->memory_limit);
    tni_files_default(&files);
    env.memory = memory;
    env.kernels = tni_kernels_pick(TRUENO_BACKEND_AUTO);
    env.files = how->files != NULL ? how->files : &files;
    env.deadline = INT64_MAX;
    env.threads = how->threads;
    env.no_spill = how->no_spill;
    env.interrupted = how->interrupted;
    TNI_CHECK(tni_scheduler_new(&outer, NULL, how->threads, &scheduler, NULL) == TRUENO_OK);
    tni_arena_init(&arena, &outer);
    run.env = &env;
    run.scheduler = scheduler;
    run.arena = &arena;
    input.kind = how->from_aggregate ? TNI_PLAN_AGGREGATE : TNI_PLAN_SCAN;
    input.rows = (double)d->rows;
    plan.kind = TNI_PLAN_ORDER;
    plan.input = &input;
    plan.column_count = d->columns;
    plan.types = (tni_type *)malloc(sizeof d->types);
    memcpy(plan.types, d->types, sizeof d->types);
    plan.sort_keys = (tni_sort_key *)malloc(key_count * sizeof *keys);
    memcpy(plan.sort_keys, keys, key_count * sizeof *keys);
    plan.sort_key_count = key_count;
    plan.limit = limit;
    plan.offset = offset;
    source.base.ops = &test_ops;
    source.d = d;
    for (w = 0; w < 8; w++) {
        source.workers[w].text_size = (size_t)d->columns * TNI_VECTOR_ROWS * 84;
        source.workers[w].text = (uint8_t *)malloc(source.workers[w].text_size);
        for (c = 0; c < d->columns; c++) {
            source.workers[w].data[c] = (uint8_t *)malloc(TNI_VECTOR_ROWS * 16 + 16);
        }
    }
    start_sink(&sink, d, &env);
    status = sort_into(&run, &plan, &source, &sink.base, &error);
    *out = end_sink(&sink, status == TRUENO_OK);
    for (w = 0; w < 8; w++) {
        free(source.workers[w].text);
        for (c = 0; c < d->columns; c++) {
            free(source.workers[w].data[c]);
        }
    }
    free(plan.types);
    free(plan.sort_keys);
    tni_scheduler_free(scheduler);
    tni_arena_free(&arena);
    TNI_CHECK_EQ_INT(status, error.status);
    how->spilled = (uint64_t)tni_atomic_load_i64(&env.spilled_bytes);
    memcpy(how->message, error.message, sizeof how->message);
    return status;
}

/* ------------------------------------------------------------------------------ reference --- */

typedef struct ordering {
    const dataset *d;
    const tni_sort_key *keys;
    uint32_t key_count;
    bool whole_rows;
} ordering;

static int compare_column(const dataset *d, uint32_t a, uint32_t b, uint32_t column,
                          bool descending, bool nulls_first) {
    const tni_value *x = &d->values[(size_t)a * d->columns + column];
    const tni_value *y = &d->values[(size_t)b * d->columns + column];
    int order;
    if (x->is_null || y->is_null) {
        return x->is_null == y->is_null ? 0 : (x->is_null == nulls_first ? -1 : 1);
    }
    order = tni_value_compare(x, y);
    return descending ? -order : order;
}

static int compare_rows(const ordering *o, uint32_t a, uint32_t b) {
    uint32_t i;
    int order = 0;
    for (i = 0; i < o->key_count && order == 0; i++) {
        order = compare_column(o->d, a, b, o->keys[i].column, o->keys[i].descending,
                               o->keys[i].nulls_first);
    }
    for (i = 0; o->whole_rows && i < o->d->columns && order == 0; i++) {
        order = compare_column(o->d, a, b, i, false, false);
    }
    return order;
}

/* Bottom-up stable merge sort of row numbers. */
static uint32_t *reference(const ordering *o) {
    uint32_t count = o->d->rows, width, i;
    uint32_t *from = (uint32_t *)malloc((count + 1u) * sizeof *from);
    uint32_t *to = (uint32_t *)malloc((count + 1u) * sizeof *to);
    for (i = 0; i < count; i++) {
        from[i] = i;
    }
    for (width = 1; width < count; width *= 2) {
        uint32_t *swap = from;
        for (i = 0; i < count; i += 2 * width) {
            uint32_t a = i, middle = TNI_MIN(i + width, count), b = middle;
            uint32_t end = TNI_MIN(i + 2 * width, count), k;
            for (k = i; k < end; k++) {
                bool second = a == middle || (b < end && compare_rows(o, from[b], from[a]) < 0);
                to[k] = second ? from[b++] : from[a++];
            }
        }
        from = to;
        to = swap;
    }
    free(to);
    return from;
}

static bool same_value(const tni_value *a, const tni_value *b) {
    uint8_t x[16], y[16];
    if (a->is_null || b->is_null) {
        return a->is_null == b->is_null;
    }
    if (tni_type_is_string(a->type)) {
        return tni_string_equal(&a->as.string, &b->as.string);
    }
    memset(x, 0, 16);
    memset(y, 0, 16);
    tni_value_store(a, x);
    tni_value_store(b, y);
    return memcmp(x, y, 16) == 0;
}

/* Rows of `got` are the reference's rows [offset, offset + limit). */
static bool check_rows(const dataset *d, const uint32_t *wanted, uint64_t limit, uint64_t offset,
                       const tni_collection *got) {
    uint64_t first = TNI_MIN(offset, (uint64_t)d->rows);
    uint64_t rows = TNI_MIN(limit, d->rows - first), r;
    uint32_t c;
    if (!TNI_CHECK_EQ_UINT(got->rows, rows)) {
        return false;
    }
    for (r = 0; r < rows; r++) {
        for (c = 0; c < d->columns; c++) {
            tni_value v = tni_collection_value(got, r, c);
            if (!same_value(&v, &d->values[(size_t)wanted[first + r] * d->columns + c])) {
                printf("    row %llu, column %u differs\n", (unsigned long long)r, c);
                return TNI_CHECK(!"rows in order");
            }
        }
    }
    return TNI_CHECK(true);
}

static bool sort_and_check(const dataset *d, const tni_sort_key *keys, uint32_t key_count,
                           uint64_t limit, uint64_t offset, setup *how, const uint32_t *wanted) {
    tni_collection *got;
    tni_memory memory;
    bool ok = TNI_CHECK_EQ_INT(
        run_sort(d, keys, key_count, limit, offset, how, &memory, &got), TRUENO_OK);
    if (ok) {
        ok = check_rows(d, wanted, limit, offset, got);
    } else {
        printf("    %s\n", how->message);
    }
    tni_collection_release(got);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    return ok;
}

static const uint32_t thread_counts[] = {1, 2, 7};

/* The same rows for 1, 2 and 7 workers, with and without limits. */
static bool check_all(const dataset *d, const tni_sort_key *keys, uint32_t key_count,
                      bool from_aggregate) {
    static const uint64_t limits[][2] = {
        {TNI_NO_LIMIT, 0}, {10, 0}, {1, 3}, {100, 50}, {0, 0}, {1000, 5}, {5, 1000000}};
    ordering o;
    uint32_t *wanted, t, l;
    bool ok = true;
    o.d = d;
    o.keys = keys;
    o.key_count = key_count;
    o.whole_rows = from_aggregate;
    wanted = reference(&o);
    for (t = 0; t < TNI_COUNT_OF(thread_counts); t++) {
        for (l = 0; l < TNI_COUNT_OF(limits); l++) {
            setup how;
            if (l > 1 && l % TNI_COUNT_OF(thread_counts) != t) {
                continue;
            }
            memset(&how, 0, sizeof how);
            how.threads = thread_counts[t];
            how.from_aggregate = from_aggregate;
            ok = sort_and_check(d, keys, key_count, limits[l][0], limits[l][1], &how, wanted) &&
                 ok;
        }
    }
    free(wanted);
    return ok;
}

static tni_sort_key key_of(uint32_t column, bool descending, bool nulls_first) {
    tni_sort_key key;
    key.column = column;
    key.descending = descending;
    key.nulls_first = nulls_first;
    return key;
}

/* ---------------------------------------------------------------------------------- tests --- */

static const tni_type all_types[] = {
    {TRUENO_TYPE_BOOLEAN, 0, 0, 0},   {TRUENO_TYPE_TINYINT, 0, 0, 0},
    {TRUENO_TYPE_SMALLINT, 0, 0, 0},  {TRUENO_TYPE_INTEGER, 0, 0, 0},
    {TRUENO_TYPE_BIGINT, 0, 0, 0},    {TRUENO_TYPE_UTINYINT, 0, 0, 0},
    {TRUENO_TYPE_USMALLINT, 0, 0, 0}, {TRUENO_TYPE_UINTEGER, 0, 0, 0},
    {TRUENO_TYPE_UBIGINT, 0, 0, 0},   {TRUENO_TYPE_HUGEINT, 0, 0, 0},
    {TRUENO_TYPE_FLOAT, 0, 0, 0},     {TRUENO_TYPE_DOUBLE, 0, 0, 0},
    {TRUENO_TYPE_DECIMAL, 18, 4, 0},  {TRUENO_TYPE_DECIMAL, 38, 10, 0},
    {TRUENO_TYPE_DATE, 0, 0, 0},      {TRUENO_TYPE_TIMESTAMP, 0, 0, 0},
    {TRUENO_TYPE_INTERVAL, 0, 0, 0},  {TRUENO_TYPE_VARCHAR, 0, 0, 0},
    {TRUENO_TYPE_BLOB, 0, 0, 0},      {TRUENO_TYPE_TIME, 0, 0, 0}};

static void test_each_type_sorts_in_both_directions_with_nulls_at_either_end(void) {
    uint32_t t, way;
    for (t = 0; t < TNI_COUNT_OF(all_types); t++) {
        tni_type types[2];
        uint64_t ranges[2];
        for (way = 0; way < 8; way++) {
            dataset d;
            tni_sort_key key = key_of(0, (way & 1) != 0, (way & 2) != 0);
            types[0] = all_types[t];
            types[1] = tni_type_make(TRUENO_TYPE_BIGINT);
            ranges[0] = (way & 4) != 0 ? 50 : 0;
            ranges[1] = 0;
            make_dataset(&d, types, ranges, 2, 1500, (way & 4) != 0 ? 10 : 0);
            d.masked = (way & 1) != 0;
            if (!check_all(&d, &key, 1, false)) {
                printf("    type %u, way %u\n", t, way);
            }
            free_dataset(&d);
        }
    }
}

static void test_several_keys_mix_types_directions_and_null_orders(void) {
    uint32_t round, i, j;
    for (round = 0; round < 40; round++) {
        uint64_t ranges[TNI_COUNT_OF(all_types)];
        tni_sort_key keys[6];
        dataset d;
        uint32_t count = 2 + (uint32_t)(draw() % 5);
        for (i = 0; i < TNI_COUNT_OF(all_types); i++) {
            ranges[i] = draw() % 3 == 0 ? 0 : 1 + draw() % 4;
        }
        make_dataset(&d, all_types, ranges, TNI_COUNT_OF(all_types), 1500, (uint32_t)(draw() % 40));
        for (i = 0; i < count; i++) {
            keys[i] = key_of((uint32_t)(draw() % d.columns), draw() % 2 != 0, draw() % 2 != 0);
        }
        if (!check_all(&d, keys, count, round % 4 == 3)) {
            printf("    round %u:", round);
            for (j = 0; j < count; j++) {
                printf(" %u%s%s", keys[j].column, keys[j].descending ? " desc" : "",
                       keys[j].nulls_first ? " nulls first" : "");
            }
            printf("\n");
        }
        free_dataset(&d);
    }
}

static void test_encoded_vectors_sort_like_flat_ones(void) {
    static const tni_type types[] = {{TRUENO_TYPE_BIGINT, 0, 0, 0}, {TRUENO_TYPE_INTEGER, 0, 0, 0},
                                     {TRUENO_TYPE_VARCHAR, 0, 0, 0}, {TRUENO_TYPE_VARCHAR, 0, 0, 0},
                                     {TRUENO_TYPE_SMALLINT, 0, 0, 0}};
    static const uint64_t ranges[] = {20000, 5, 1, 1, 300};
    uint32_t way, c;
    for (way = 0; way < 10; way++) {
        tni_sort_key keys[2];
        tni_memory memory;
        dataset d;
        tni_memory_init(&memory, NULL, 0);
        make_dataset(&d, types, ranges, 5, 5000, 5 * (way % 3));
        d.forms[0] = d.forms[1] = d.forms[4] = TNI_FORM_NARROW;
        use_dictionary(&d, 2, &memory, true);
        use_dictionary(&d, 3, &memory, false);
        for (c = 0; c < 2; c++) {
            keys[c] = key_of((way + 2 * c) % 5, way % 2 != 0, way % 3 == 0);
        }
        d.masked = way % 2 == 0;
        TNI_CHECK(check_all(&d, keys, 2, false));
        free_dataset(&d);
        TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    }
}

static void test_degenerate_inputs(void) {
    tni_type type = tni_type_make(TRUENO_TYPE_VARCHAR);
    tni_sort_key key = key_of(0, false, false);
    static const uint32_t rows[] = {0, 1, 2, 63, 64, 65};
    uint64_t range = 1;
    uint32_t i;
    for (i = 0; i < TNI_COUNT_OF(rows); i++) {
        dataset d;
        make_dataset(&d, &type, &range, 1, rows[i], 20);
        TNI_CHECK(check_all(&d, &key, 1, false));
        free_dataset(&d);
        make_dataset(&d, &type, &range, 1, rows[i], 100); /* nothing but NULLs */
        TNI_CHECK(check_all(&d, &key, 1, true));
        free_dataset(&d);
    }
}

/* Large enough for parts, buckets and merges; ascending, descending, few and many values. */
static void test_large_inputs_of_several_shapes(void) {
    static const tni_type types[] = {{TRUENO_TYPE_BIGINT, 0, 0, 0}, {TRUENO_TYPE_BIGINT, 0, 0, 0},
                                     {TRUENO_TYPE_VARCHAR, 0, 0, 0}};
    static const uint64_t ranges[] = {0, 3, 0};
    uint32_t shape, r, t;
    for (shape = 0; shape < 6; shape++) {
        tni_sort_key keys[2];
        ordering o;
        uint32_t *wanted;
        dataset d;
        make_dataset(&d, types, ranges, 3, 150000, shape == 5 ? 3 : 0);
        d.morsel = 20000;
        d.chunk = 2000;
        for (r = 0; r < d.rows; r++) {
            tni_value *v = &d.values[(size_t)r * 3];
            if (shape == 1 || shape == 2) {
                v->as.integer = shape == 1 ? (int64_t)r : -(int64_t)r;
            } else if (shape == 3) {
                v->as.integer = r % 1000 == 0 ? INT64_MIN : 7;
            }
        }
        keys[0] = key_of(shape == 4 ? 2 : shape == 5 ? 1 : 0, false, false);
        keys[1] = key_of(shape == 5 ? 2 : 1, true, true);
        o.d = &d;
        o.keys = keys;
        o.key_count = 2;
        o.whole_rows = false;
        wanted = reference(&o);
        for (t = 0; t < TNI_COUNT_OF(thread_counts); t++) {
            setup how;
            memset(&how, 0, sizeof how);
            how.threads = thread_counts[t];
            TNI_CHECK(sort_and_check(&d, keys, 2, TNI_NO_LIMIT, 0, &how, wanted));
            TNI_CHECK(sort_and_check(&d, keys, 2, 70000, 100, &how, wanted));
            TNI_CHECK(sort_and_check(&d, keys, 2, 10, 0, &how, wanted));
        }
        free(wanted);
        free_dataset(&d);
    }
}

/* ---- failures ---- */

typedef struct failing_allocator {
    trueno_allocator inner;
    tni_atomic_i64 calls;
    int64_t fail_at;
    bool for_good;
    tni_atomic_i64 live;
} failing_allocator;

static void *failing_alloc(void *user, size_t size, size_t alignment) {
    failing_allocator *a = (failing_allocator *)user;
    int64_t call = tni_atomic_add_i64(&a->calls, 1);
    void *block;
    if (call == a->fail_at || (a->for_good && call > a->fail_at)) {
        return NULL;
    }
    block = a->inner.alloc(a->inner.user, size, alignment);
    if (block != NULL) {
        tni_atomic_add_i64(&a->live, 1);
    }
    return block;
}

static void failing_free(void *user, void *block, size_t size) {
    failing_allocator *a = (failing_allocator *)user;
    tni_atomic_add_i64(&a->live, -1);
    a->inner.free(a->inner.user, block, size);
}

static const trueno_files *spill_for_failures;

static void check_every_failing_allocation(const dataset *d, const tni_sort_key *keys,
                                           uint32_t key_count, uint64_t limit,
                                           uint64_t memory_limit, uint32_t step) {
    ordering o;
    uint32_t *wanted;
    int64_t n;
    uint32_t for_good;
    bool done;
    o.d = d;
    o.keys = keys;
    o.key_count = key_count;
    o.whole_rows = false;
    wanted = reference(&o);
    for (for_good = 0; for_good < 2; for_good++) {
        done = false;
        for (n = 0; !done && n < 100000; n += step) {
            failing_allocator failing;
            trueno_allocator allocator;
            tni_memory memory;
            tni_collection *got;
            setup how;
            trueno_status status;
            memset(&failing, 0, sizeof failing);
            memset(&how, 0, sizeof how);
            tni_allocator_default(&failing.inner);
            failing.fail_at = n;
            failing.for_good = for_good != 0;
            allocator.alloc = failing_alloc;
            allocator.free = failing_free;
            allocator.user = &failing;
            how.threads = n % 2 == 0 ? 1 : 2;
            how.allocator = &allocator;
            how.memory_limit = memory_limit;
            how.files = spill_for_failures;
            status = run_sort(d, keys, key_count, limit, 0, &how, &memory, &got);
            done = tni_atomic_load_i64(&failing.calls) <= n;
            if (status == TRUENO_OK) {
                TNI_CHECK(check_rows(d, wanted, limit, 0, got));
            } else {
                TNI_CHECK(got == NULL);
                TNI_CHECK(status == TRUENO_ERROR_MEMORY || status == TRUENO_ERROR_MEMORY_LIMIT);
                TNI_CHECK(how.message[0] != '\0');
            }
            tni_collection_release(got);
            TNI_CHECK_EQ_INT(tni_atomic_load_i64(&failing.live), 0);
            TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
        }
        TNI_CHECK(done);
    }
    free(wanted);
}

static void test_every_failing_allocation_is_survived(void) {
    static const tni_type types[] = {{TRUENO_TYPE_VARCHAR, 0, 0, 0}, {TRUENO_TYPE_DOUBLE, 0, 0, 0},
                                     {TRUENO_TYPE_BIGINT, 0, 0, 0}};
    static const uint64_t ranges[] = {0, 0, 3};
    tni_sort_key keys[2];
    dataset d;
    make_dataset(&d, types, ranges, 3, 2500, 10);
    keys[0] = key_of(2, true, false);
    keys[1] = key_of(0, false, true);
    check_every_failing_allocation(&d, keys, 2, TNI_NO_LIMIT, 0, 1);
    check_every_failing_allocation(&d, keys, 2, 20, 0, 1);
    free_dataset(&d);
}

static void test_an_interrupted_query_ends(void) {
    tni_type type = tni_type_make(TRUENO_TYPE_BIGINT);
    tni_sort_key key = key_of(0, false, false);
    uint64_t range = 0;
    tni_atomic_i32 interrupted;
    tni_collection *got;
    tni_memory memory;
    dataset d;
    setup how;
    make_dataset(&d, &type, &range, 1, 50000, 0);
    tni_atomic_store_i32(&interrupted, 1);
    memset(&how, 0, sizeof how);
    how.threads = 2;
    how.interrupted = &interrupted;
    TNI_CHECK_EQ_INT(run_sort(&d, &key, 1, TNI_NO_LIMIT, 0, &how, &memory, &got),
                     TRUENO_ERROR_INTERRUPTED);
    TNI_CHECK(got == NULL);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    free_dataset(&d);
}

/* ---- spilling ---- */

static tni_atomic_i32 spill_files_left; /* made and not yet removed */
static tni_atomic_i32 spill_files_open;
static int fail_write_at, fail_read_at; /* counted down; 0: never; with one thread only */
static trueno_files real_files;

static int counted_open(void *user, const char *path, trueno_file_mode mode, void **file) {
    int code = real_files.open(real_files.user, path, mode, file);
    (void)user;
    tni_atomic_add_i32(&spill_files_left, code == 0 && mode == TRUENO_FILE_WRITE);
    tni_atomic_add_i32(&spill_files_open, code == 0);
    return code;
}
static int counted_write(void *user, void *file, const void *data, size_t size) {
    (void)user;
    return fail_write_at > 0 && --fail_write_at == 0
               ? 28
               : real_files.write(real_files.user, file, data, size);
}
static int counted_read(void *user, void *file, uint64_t offset, void *data, size_t size,
                        size_t *done) {
    (void)user;
    return fail_read_at > 0 && --fail_read_at == 0
               ? 5
               : real_files.read(real_files.user, file, offset, data, TNI_MIN(size, 5000), done);
}
static int counted_close(void *user, void *file) {
    (void)user;
    tni_atomic_add_i32(&spill_files_open, -1);
    return real_files.close(real_files.user, file);
}
static int counted_remove(void *user, const char *path) {
    (void)user;
    tni_atomic_add_i32(&spill_files_left, -1);
    return real_files.remove(real_files.user, path);
}

static trueno_files counted_files(void) {
    trueno_files files;
    tni_files_default(&real_files);
    files = real_files;
    files.open = counted_open;
    files.write = counted_write;
    files.read = counted_read;
    files.close = counted_close;
    files.remove = counted_remove;
    files.user = NULL;
    return files;
}

static const tni_type spill_types[] = {
    {TRUENO_TYPE_INTEGER, 0, 0, 0}, {TRUENO_TYPE_VARCHAR, 0, 0, 0}, {TRUENO_TYPE_HUGEINT, 0, 0, 0},
    {TRUENO_TYPE_BOOLEAN, 0, 0, 0}, {TRUENO_TYPE_DOUBLE, 0, 0, 0},  {TRUENO_TYPE_VARCHAR, 0, 0, 0},
    {TRUENO_TYPE_INTERVAL, 0, 0, 0}, {TRUENO_TYPE_BIGINT, 0, 0, 0}};
static const uint64_t spill_ranges[] = {5, 1, 3, 0, 0, 0, 0, 0};

static void make_spill_dataset(dataset *d, uint32_t rows) {
    make_dataset(d, spill_types, spill_ranges, TNI_COUNT_OF(spill_types), rows, 10);
    d->morsel = 5000;
    d->chunk = 1500;
}

static void test_a_sort_beyond_the_memory_limit_spills(void) {
    tni_sort_key keys[3];
    uint32_t t, way, *wanted;
    trueno_files files = counted_files();
    ordering o;
    dataset d;
    make_spill_dataset(&d, 60000);
    for (way = 0; way < 3; way++) {
        keys[0] = key_of(way == 0 ? 0 : way == 1 ? 5 : 2, way == 1, way != 0);
        keys[1] = key_of(6, false, false);
        keys[2] = key_of(4, true, true);
        o.d = &d;
        o.keys = keys;
        o.key_count = way == 2 ? 1 : 3;
        o.whole_rows = way == 2;
        wanted = reference(&o);
        for (t = 0; t < TNI_COUNT_OF(thread_counts); t++) {
            setup how;
            memset(&how, 0, sizeof how);
            how.threads = thread_counts[t];
            /* seven workers have to take turns in what one would have for itself */
            how.memory_limit = (way == 1 ? 6u : 3u) << 20;
            how.files = &files;
            how.from_aggregate = way == 2;
            TNI_CHECK(sort_and_check(&d, keys, o.key_count, TNI_NO_LIMIT, 0, &how, wanted));
            TNI_CHECK(how.spilled > 1000000);
            TNI_CHECK_EQ_INT(tni_atomic_load_i32(&spill_files_left), 0);
            TNI_CHECK_EQ_INT(tni_atomic_load_i32(&spill_files_open), 0);
            TNI_CHECK(sort_and_check(&d, keys, o.key_count, 40000, 3000, &how, wanted));
            TNI_CHECK_EQ_INT(tni_atomic_load_i32(&spill_files_left), 0);
            how.no_spill = true;
            {
                tni_collection *got;
                tni_memory memory;
                trueno_status status =
                    run_sort(&d, keys, o.key_count, TNI_NO_LIMIT, 0, &how, &memory, &got);
                TNI_CHECK(status == TRUENO_ERROR_MEMORY_LIMIT ||
                          (status == TRUENO_ERROR_MEMORY && how.threads > 1));
                TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
            }
        }
        free(wanted);
    }
    free_dataset(&d);
}

/* With 1.5 MiB there are more runs than buffers: they are merged in several rounds. */
static void test_many_small_runs_are_merged_in_rounds(void) {
    tni_sort_key keys[2];
    uint32_t *wanted;
    trueno_files files = counted_files();
    ordering o;
    dataset d;
    setup how;
    make_spill_dataset(&d, 60000);
    keys[0] = key_of(3, false, false);
    keys[1] = key_of(7, true, false);
    o.d = &d;
    o.keys = keys;
    o.key_count = 2;
    o.whole_rows = false;
    wanted = reference(&o);
    memset(&how, 0, sizeof how);
    how.threads = 1;
    how.memory_limit = 3u << 19;
    how.files = &files;
    TNI_CHECK(sort_and_check(&d, keys, 2, TNI_NO_LIMIT, 0, &how, wanted));
    TNI_CHECK_EQ_INT(tni_atomic_load_i32(&spill_files_left), 0);
    free(wanted);
    free_dataset(&d);
}

static void test_a_failing_disk_leaves_nothing_behind(void) {
    tni_sort_key keys[1];
    trueno_files files = counted_files();
    uint32_t i;
    dataset d;
    make_spill_dataset(&d, 30000);
    keys[0] = key_of(0, false, false);
    for (i = 0; i < 12; i++) {
        tni_collection *got;
        tni_memory memory;
        setup how;
        trueno_status status;
        memset(&how, 0, sizeof how);
        how.threads = 1;
        how.memory_limit = 3u << 20;
        how.files = &files;
        fail_write_at = i < 6 ? (int)(1 + i * 3) : 0;
        fail_read_at = i >= 6 ? (int)(1 + (i - 6) * 40) : 0;
        status = run_sort(&d, keys, 1, TNI_NO_LIMIT, 0, &how, &memory, &got);
        TNI_CHECK_EQ_INT(status, TRUENO_ERROR_IO);
        TNI_CHECK(strstr(how.message, "temporary file") != NULL);
        TNI_CHECK_EQ_INT(tni_atomic_load_i32(&spill_files_left), 0);
        TNI_CHECK_EQ_INT(tni_atomic_load_i32(&spill_files_open), 0);
        TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
        fail_write_at = fail_read_at = 0;
    }
    free_dataset(&d);
}

static void test_every_failing_allocation_of_a_spilling_sort_is_survived(void) {
    tni_sort_key keys[1];
    trueno_files files = counted_files();
    dataset d;
    make_spill_dataset(&d, 12000);
    keys[0] = key_of(5, false, false);
    spill_for_failures = &files;
    check_every_failing_allocation(&d, keys, 1, TNI_NO_LIMIT, 3u << 19, 7);
    spill_for_failures = NULL;
    TNI_CHECK_EQ_INT(tni_atomic_load_i32(&spill_files_left), 0);
    TNI_CHECK_EQ_INT(tni_atomic_load_i32(&spill_files_open), 0);
    free_dataset(&d);
}

int main(void) {
    tni_memory_init(&outer, NULL, 0);
    test_degenerate_inputs();
    test_each_type_sorts_in_both_directions_with_nulls_at_either_end();
    test_several_keys_mix_types_directions_and_null_orders();
    test_encoded_vectors_sort_like_flat_ones();
    test_large_inputs_of_several_shapes();
    test_every_failing_allocation_is_survived();
    test_an_interrupted_query_ends();
    test_a_sort_beyond_the_memory_limit_spills();
    test_many_small_runs_are_merged_in_rounds();
    test_a_failing_disk_leaves_nothing_behind();
    test_every_failing_allocation_of_a_spilling_sort_is_survived();
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&outer.used), 0);
    return tni_test_report();
}
