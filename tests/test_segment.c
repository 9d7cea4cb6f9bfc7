/*
 * test_segment.c - dictionaries, segments in every encoding, vectors and chunks.
 *
 * A segment must give back, as views, gathers and single values, exactly the values it was made
 * from, NULLs included, whatever encoding it chose; its zone map must be true. Everything is run
 * once more with an allocator that fails at the n-th call: no leak, no crash, an error each time.
 */
#include "column/segment.h"
#include "test.h"

#define ROWS 65536u

static uint64_t seed = 88172645463325252u;
static tni_memory memory;
static tni_env env;
static tni_error error;

static uint64_t next_random(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * UINT64_C(0x2545F4914F6CDD1D);
}

/* An allocator that fails after `left` calls; negative: never. */
static long left = -1;
static void *failing_alloc(void *user, size_t size, size_t alignment) {
    (void)user;
    (void)alignment;
    if (left == 0) {
        return NULL;
    }
    left -= left > 0;
    return malloc(size);
}
static void failing_free(void *user, void *block, size_t size) {
    (void)user;
    (void)size;
    free(block);
}

static void set_up(const tni_kernels *kernels) {
    trueno_allocator allocator;
    allocator.alloc = failing_alloc;
    allocator.free = failing_free;
    allocator.user = NULL;
    memset(&env, 0, sizeof env);
    tni_memory_init(&memory, &allocator, 0);
    env.memory = &memory;
    env.kernels = kernels;
    tni_error_clear(&error);
}

/* ---- data ---- */

static uint8_t values[ROWS * 16];
static uint64_t validity[ROWS / 64];
static char heap[ROWS * 40];

/* 0: NULL, 1: none valid, 2: all valid, 3: random, 4: mostly valid, 5: runs of NULLs */
static const uint64_t *make_validity(int kind, uint32_t rows) {
    uint32_t i;
    if (kind == 0) {
        return NULL;
    }
    memset(validity, 0, sizeof validity);
    for (i = 0; i < rows; i++) {
        if (kind == 2 || (kind == 3 && next_random() >> 63) ||
            (kind == 4 && (next_random() >> 32) % 50) || (kind == 5 && (i / 3000) % 2)) {
            tni_bit_set(validity, i);
        }
    }
    return validity;
}

static bool is_valid(const uint64_t *map, uint32_t row) {
    return !map || tni_bit_get(map, row);
}

/* Shapes of data, each meant for one encoding. */
enum { SAME, FEW, NARROW_1, NARROW_2, NARROW_4, WIDE, RUNS, SORTED, SHAPES };

static uint64_t shaped(int shape, uint32_t i) {
    switch (shape) {
    case SAME: return (uint64_t)-7;
    case FEW: return next_random() % 2;
    case NARROW_1: return (uint64_t)-100 + next_random() % 200;
    case NARROW_2: return (uint64_t)-1000 + next_random() % 60000;
    case NARROW_4: return (uint64_t)INT64_MIN + next_random() % 4000000000u;
    case RUNS: return (i / 1000) * UINT64_C(0x123456789abcdef);
    case SORTED: return (uint64_t)-5000 + i;
    default: return next_random();
    }
}

static double special(uint64_t i) {
    double zero = 0.0;
    switch (i % 6) {
    case 0: return -0.0;
    case 1: return 1 / zero;
    case 2: return -1 / zero;
    case 3: return zero / zero;
    case 4: return 0.0;
    default: return 1.5;
    }
}

static void fill_fixed(tni_type type, int shape, uint32_t rows) {
    uint32_t width = tni_type_width(type), i;
    for (i = 0; i < rows; i++) {
        uint64_t v = shaped(shape, i), high = (int64_t)v < 0 ? UINT64_MAX : 0;
        uint8_t *to = values + (size_t)i * width;
        double d = (double)(int64_t)v;
        float f;
        if (shape == FEW && tni_type_is_float(type)) {
            d = special(next_random());
        }
        f = (float)d;
        if (type.id == TRUENO_TYPE_DOUBLE) {
            memcpy(to, &d, 8);
        } else if (type.id == TRUENO_TYPE_FLOAT) {
            memcpy(to, &f, 4);
        } else if (type.id == TRUENO_TYPE_BOOLEAN) {
            *to = v & 1;
        } else {
            memcpy(to, &v, TNI_MIN(width, 8u)); /* little endian; others test other values */
            if (width == 16) {
                memcpy(to + 8, &high, 8);
            }
        }
    }
}

static void fill_strings(int shape, uint32_t rows) {
    tni_string *to = (tni_string *)(void *)values;
    size_t at = 0;
    uint32_t i;
    for (i = 0; i < rows; i++) {
        uint64_t v = shaped(shape, i);
        int length;
        char *text = heap + at;
        if (shape == SORTED) {
            length = snprintf(text, 40, "%08lu", (unsigned long)i);
        } else if (v % 3 == 0 && shape != SAME) {
            length = snprintf(text, 40, "%lx", (unsigned long)(v & 0xffff));
        } else {
            length = snprintf(text, 40, "a longer text %016llx", (unsigned long long)v);
        }
        if (v % 101 == 0 && shape != SORTED) {
            length = 0;
        }
        to[i] = tni_string_make(text, (size_t)length);
        at += (size_t)length;
    }
}

/* ---- comparing ---- */

static bool same_value(tni_type type, const void *a, const void *b) {
    if (tni_type_is_string(type)) {
        return tni_string_equal((const tni_string *)a, (const tni_string *)b);
    }
    return memcmp(a, b, tni_type_width(type)) == 0;
}

static bool same_row(const tni_vector *vector, uint32_t row, uint32_t source_row,
                     const uint64_t *map) {
    uint32_t width = tni_type_width(vector->type);
    uint8_t stored[16];
    tni_value value = tni_vector_value(vector, row);
    bool null = tni_vector_is_null(vector, row);
    if (null == is_valid(map, source_row) || null != value.is_null) {
        return false;
    }
    if (null) {
        return true;
    }
    tni_value_store(&value, stored);
    return same_value(vector->type, stored, values + (size_t)source_row * width);
}

/* Flat data equals the source; NULL slots are zero bytes when they were written. */
static bool same_flat(const tni_vector *vector, uint32_t rows, uint32_t first,
                      const uint64_t *map, bool written) {
    static const uint8_t zero[16];
    uint32_t width = tni_type_width(vector->type), i;
    for (i = 0; i < rows; i++) {
        const uint8_t *got = (const uint8_t *)vector->data + (size_t)i * width;
        bool valid = !vector->validity || tni_bit_get(vector->validity, i);
        if (valid != is_valid(map, first + i)) {
            return false;
        }
        if (valid ? !same_value(vector->type, got, values + (size_t)(first + i) * width)
                  : written && memcmp(got, zero, width) != 0) {
            return false;
        }
    }
    return true;
}

static void check_views(const tni_segment *segment, const uint64_t *map) {
    tni_scratch scratch;
    uint32_t first, rows, bad = 0;
    tni_scratch_init(&scratch, &memory);
    for (first = 0; first < segment->rows; first += rows) {
        tni_vector view, flat, gathered;
        uint16_t positions[TNI_VECTOR_ROWS];
        uint32_t count = 0, i;
        rows = TNI_MIN(segment->rows - first, TNI_VECTOR_ROWS);
        tni_scratch_reset(&scratch);
        bad += tni_segment_view(&env, segment, first, rows, &scratch, &view, &error) != TRUENO_OK;
        for (i = 0; i < rows; i += 1 + (uint32_t)(next_random() % 3)) {
            bad += !same_row(&view, i, first + i, map);
            positions[count++] = (uint16_t)i;
        }
        bad += tni_vector_flatten(&env, &view, rows, &scratch, &flat, &error) != TRUENO_OK;
        bad += flat.form != TNI_FORM_FLAT;
        bad += !same_flat(&flat, rows, first, map, true);
        bad += tni_vector_gather(&env, &view, positions, count, &scratch, &gathered, &error) !=
               TRUENO_OK;
        bad += gathered.form != view.form;
        for (i = 0; i < count; i++) {
            bad += !same_row(&gathered, i, first + positions[i], map);
        }
        bad += tni_segment_gather(&env, segment, first, positions, count, &scratch, &gathered,
                                  &error) != TRUENO_OK;
        for (i = 0; i < count; i++) {
            bad += !same_row(&gathered, i, first + positions[i], map);
        }
        positions[0] = (uint16_t)(rows - 1); /* not in order */
        bad += tni_segment_gather(&env, segment, first, positions, TNI_MIN(count, 3), &scratch,
                                  &gathered, &error) != TRUENO_OK;
        bad += !same_row(&gathered, 0, first + rows - 1, map);
    }
    tni_scratch_free(&scratch);
    TNI_CHECK_EQ_UINT(bad, 0);
}

/* ---- zones ---- */

static bool odd_float(const tni_value *v) {
    return tni_type_is_float(v->type) && !(v->as.number - v->as.number == 0);
}

static void check_zone(const tni_zone *zone, tni_type type, const uint64_t *map, uint32_t rows) {
    uint32_t width = tni_type_width(type), nulls = 0, outside = 0, i;
    bool sorted = true, odd = false, low = false, high = false, any = false;
    tni_value last = tni_value_null(type);
    for (i = 0; i < rows; i++) {
        tni_value v;
        if (!is_valid(map, i)) {
            nulls++;
            continue;
        }
        v = tni_value_load(type, values + (size_t)i * width);
        sorted = sorted && (last.is_null || tni_value_compare(&last, &v) <= 0);
        last = v;
        if (odd_float(&v)) {
            odd = true;
            continue;
        }
        any = true;
        if (zone->has_bounds) {
            int a = tni_value_compare(&zone->min, &v), b = tni_value_compare(&v, &zone->max);
            outside += a > 0 || b > 0;
            low = low || a == 0;
            high = high || b == 0;
        }
    }
    TNI_CHECK_EQ_UINT(zone->rows, rows);
    TNI_CHECK_EQ_UINT(zone->null_count, nulls);
    TNI_CHECK(zone->has_nulls == (nulls != 0));
    TNI_CHECK_EQ_UINT(outside, 0);
    TNI_CHECK(zone->has_nan == odd);
    TNI_CHECK(zone->has_bounds == (any && type.id != TRUENO_TYPE_INTERVAL));
    TNI_CHECK(!zone->exact || (low && high));
    TNI_CHECK(!zone->sorted || sorted);
    TNI_CHECK(zone->distinct <= rows - nulls);
    if (sorted && !odd && type.id != TRUENO_TYPE_INTERVAL) {
        TNI_CHECK(zone->sorted);
    }
}

/* ---- fixed-width types ---- */

static const uint32_t lengths[] = {0, 1, 63, 64, 65, 2047, 2048, 2049, 5000, 65535, 65536};

static void check_segment(tni_segment *segment, const uint64_t *map, uint32_t rows) {
    tni_zone zone = segment->zone;
    TNI_CHECK_EQ_UINT(segment->rows, rows);
    TNI_CHECK(!segment->validity || zone.has_nulls);
    check_zone(&zone, segment->type, map, rows);
    check_views(segment, map);
    memset(&segment->zone, 0xff, sizeof segment->zone);
    tni_segment_compute_zone(&env, segment);
    check_zone(&segment->zone, segment->type, map, rows);
    TNI_CHECK(segment->zone.has_bounds == zone.has_bounds);
    if (zone.has_bounds && segment->zone.has_bounds) {
        TNI_CHECK(tni_value_compare(&zone.min, &segment->zone.min) == 0);
        TNI_CHECK(tni_value_compare(&zone.max, &segment->zone.max) == 0);
    }
}

static void test_fixed(tni_type type, int shape, int nulls, uint32_t rows) {
    const uint64_t *map = make_validity(nulls, rows);
    tni_segment *segment;
    fill_fixed(type, shape, rows);
    if (!TNI_CHECK(tni_segment_encode(&env, type, values, map, rows, NULL, &segment, &error) ==
                   TRUENO_OK)) {
        return;
    }
    check_segment(segment, map, rows);
    tni_segment_release(segment);
}

static void test_all_types(void) {
    int id, shape, nulls;
    size_t n = 0;
    for (id = TRUENO_TYPE_BOOLEAN; id < TRUENO_TYPE_COUNT; id++) {
        for (shape = 0; shape < SHAPES; shape++) {
            for (nulls = 0; nulls < 6; nulls++) {
                tni_type type = id == TRUENO_TYPE_DECIMAL
                                    ? tni_type_decimal(nulls % 2 ? 18 : 38, 2)
                                    : tni_type_make((trueno_type)id);
                uint32_t rows = lengths[n++ % TNI_COUNT_OF(lengths)];
                if (rows > 60000 && n % 4) {
                    rows = 3000 + (uint32_t)n;
                }
                if (!tni_type_is_string(type)) {
                    test_fixed(type, shape, nulls, rows);
                }
            }
        }
    }
}

static int encoding_of(trueno_type id, int shape, uint32_t *code_width) {
    tni_segment *segment;
    int encoding;
    tni_type type = tni_type_make(id);
    if (id == TRUENO_TYPE_VARCHAR) {
        fill_strings(shape, ROWS);
    } else {
        fill_fixed(type, shape, ROWS);
    }
    *code_width = 0;
    if (tni_segment_encode(&env, type, values, NULL, ROWS, NULL, &segment, &error) != TRUENO_OK) {
        return -1;
    }
    encoding = segment->encoding;
    *code_width = segment->code_width;
    tni_segment_release(segment);
    return encoding;
}

static void test_the_smallest_encoding_is_chosen(void) {
    uint32_t width;
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_BIGINT, SAME, &width), TNI_ENCODING_CONSTANT);
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_BIGINT, NARROW_1, &width), TNI_ENCODING_NARROW);
    TNI_CHECK_EQ_UINT(width, 1);
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_BIGINT, NARROW_2, &width), TNI_ENCODING_NARROW);
    TNI_CHECK_EQ_UINT(width, 2);
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_UBIGINT, NARROW_4, &width), TNI_ENCODING_NARROW);
    TNI_CHECK_EQ_UINT(width, 4);
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_TIMESTAMP, WIDE, &width), TNI_ENCODING_PLAIN);
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_BIGINT, RUNS, &width), TNI_ENCODING_RLE);
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_DOUBLE, RUNS, &width), TNI_ENCODING_RLE);
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_DOUBLE, NARROW_1, &width), TNI_ENCODING_PLAIN);
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_FLOAT, SAME, &width), TNI_ENCODING_CONSTANT);
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_TINYINT, NARROW_1, &width), TNI_ENCODING_NARROW);
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_DATE, SORTED, &width), TNI_ENCODING_NARROW);
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_HUGEINT, NARROW_1, &width), TNI_ENCODING_PLAIN);
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_VARCHAR, NARROW_1, &width), TNI_ENCODING_DICT);
    TNI_CHECK_EQ_UINT(width, 1);
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_VARCHAR, NARROW_2, &width), TNI_ENCODING_PLAIN);
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_VARCHAR, SAME, &width), TNI_ENCODING_CONSTANT);
    TNI_CHECK_EQ_INT(encoding_of(TRUENO_TYPE_VARCHAR, WIDE, &width), TNI_ENCODING_PLAIN);
}

/* Views of narrow segments are the segment's own memory. */
static void test_views_do_not_copy(void) {
    tni_segment *segment;
    tni_scratch scratch;
    tni_vector view;
    tni_type type = tni_type_make(TRUENO_TYPE_INTEGER);
    fill_fixed(type, NARROW_2, ROWS);
    tni_scratch_init(&scratch, &memory);
    TNI_CHECK(tni_segment_encode(&env, type, values, make_validity(4, ROWS), ROWS, NULL, &segment,
                                 &error) == TRUENO_OK);
    TNI_CHECK(tni_segment_view(&env, segment, 4096, 2048, &scratch, &view, &error) == TRUENO_OK);
    TNI_CHECK(view.form == TNI_FORM_NARROW && view.code_width == 2);
    TNI_CHECK(view.data == (const uint8_t *)segment->data + 4096 * 2);
    TNI_CHECK(view.validity == segment->validity + 4096 / 64);
    TNI_CHECK_EQ_UINT(scratch.count, 0);
    tni_segment_release(segment);
    tni_scratch_free(&scratch);
}

static void test_distinct_is_estimated(void) {
    static const uint32_t domains[] = {3, 100, 1000, 5000, 20000, 1000000};
    tni_type type = tni_type_make(TRUENO_TYPE_BIGINT);
    size_t d;
    for (d = 0; d < TNI_COUNT_OF(domains); d++) {
        static bool met[1000000];
        uint32_t i, distinct = 0;
        tni_segment *segment;
        memset(met, 0, sizeof met);
        for (i = 0; i < ROWS; i++) {
            uint64_t v = (next_random() >> 20) % domains[d];
            distinct += !met[v];
            met[v] = true;
            v *= 1000003;
            memcpy(values + i * 8, &v, 8);
        }
        TNI_CHECK(tni_segment_encode(&env, type, values, NULL, ROWS, NULL, &segment, &error) ==
                  TRUENO_OK);
        if (!TNI_CHECK(segment->zone.distinct * 2 >= distinct &&
                       segment->zone.distinct <= (uint64_t)distinct * 2)) {
            printf("    %lu estimated, %lu\n", (unsigned long)segment->zone.distinct,
                   (unsigned long)distinct);
        }
        tni_segment_release(segment);
    }
}

/* ---- strings ---- */

static void test_strings(int shape, int nulls, uint32_t rows) {
    tni_type type = tni_type_make(nulls % 2 ? TRUENO_TYPE_BLOB : TRUENO_TYPE_VARCHAR);
    const uint64_t *map = make_validity(nulls, rows);
    tni_segment *segment;
    tni_interner interner;
    tni_dictionary *dictionary;
    fill_strings(shape, rows);
    TNI_CHECK(tni_segment_encode(&env, type, values, map, rows, NULL, &segment, &error) ==
              TRUENO_OK);
    check_segment(segment, map, rows);
    tni_segment_release(segment);
    tni_interner_init(&interner, &memory);
    TNI_CHECK(tni_segment_encode(&env, type, values, map, rows, &interner, &segment, &error) ==
              TRUENO_OK);
    TNI_CHECK(tni_interner_seal(&interner, false, NULL, &dictionary, &error) == TRUENO_OK);
    if (segment->encoding == TNI_ENCODING_DICT) {
        tni_segment_set_dictionary(segment, dictionary);
    }
    tni_dictionary_release(dictionary);
    check_segment(segment, map, rows);
    tni_segment_release(segment);
}

static void test_all_strings(void) {
    int shape, nulls;
    size_t n = 0;
    for (shape = 0; shape < SHAPES; shape++) {
        for (nulls = 0; nulls < 6; nulls++) {
            uint32_t rows = lengths[n++ % TNI_COUNT_OF(lengths)];
            test_strings(shape, nulls, rows > 60000 && n % 3 ? 7001 : rows);
        }
    }
    test_strings(WIDE, 3, ROWS);
    test_strings(NARROW_1, 4, ROWS);
}

/* Layouts that readers make and the encoder does not. */
static void test_string_layouts(void) {
    const uint32_t rows = 3000;
    uint64_t offsets[3001];
    tni_segment *segment;
    uint32_t i;
    fill_strings(WIDE, rows);
    TNI_CHECK(tni_segment_new(&memory, tni_type_make(TRUENO_TYPE_VARCHAR), rows, &segment,
                              &error) == TRUENO_OK);
    segment->encoding = TNI_ENCODING_PLAIN;
    segment->strings = TNI_STRINGS_VIEWS;
    segment->data = values;
    check_views(segment, NULL);
    offsets[0] = 0;
    for (i = 0; i < rows; i++) {
        offsets[i + 1] = offsets[i] + ((const tni_string *)(const void *)values)[i].length;
    }
    segment->strings = TNI_STRINGS_OFFSETS64;
    segment->data = offsets;
    segment->heap = (const uint8_t *)heap;
    segment->heap_size = offsets[rows];
    check_views(segment, NULL);
    offsets[7] = UINT64_MAX; /* a broken file: empty strings, no wild reads */
    TNI_CHECK_EQ_UINT(tni_segment_string(segment, 6).length, 0);
    TNI_CHECK_EQ_UINT(tni_segment_string(segment, 7).length, 0);
    tni_segment_release(segment);
}

/* ---- dictionaries ---- */

static void test_interning(void) {
    tni_interner interner;
    tni_dictionary *dictionary;
    static uint32_t remap[5000], codes[5000];
    static char texts[5000][32];
    uint32_t i, code, bad = 0;
    tni_interner_init(&interner, &memory);
    TNI_CHECK(!tni_interner_find(&interner, &(*(tni_string *)(void *)values), 1, &code));
    for (i = 0; i < 5000; i++) {
        int length = snprintf(texts[i], 32, i % 2 ? "%lx" : "text that is long %lx",
                              (unsigned long)(next_random() % 3000));
        tni_string s = tni_string_make(texts[i], (size_t)length);
        bad += tni_interner_add(&interner, &s, tni_hash_string(&s), &codes[i], &error) != TRUENO_OK;
        bad += !tni_interner_find(&interner, &s, tni_hash_string(&s), &code) || code != codes[i];
    }
    TNI_CHECK_EQ_UINT(bad, 0);
    TNI_CHECK(tni_interner_seal(&interner, true, remap, &dictionary, &error) == TRUENO_OK);
    TNI_CHECK_EQ_UINT(interner.count, 0);
    TNI_CHECK(dictionary->sorted && dictionary->unique && dictionary->id != 0);
    for (i = 0; i < 5000; i++) {
        tni_string s = tni_string_make(texts[i], strlen(texts[i]));
        bad += !tni_string_equal(&s, &dictionary->values[remap[codes[i]]]);
    }
    for (i = 1; i < dictionary->count; i++) {
        bad += tni_string_compare(&dictionary->values[i - 1], &dictionary->values[i]) >= 0;
    }
    TNI_CHECK_EQ_UINT(bad, 0);
    TNI_CHECK(tni_dictionary_retain(dictionary) == dictionary);
    tni_dictionary_release(dictionary);
    tni_dictionary_release(dictionary);
    tni_dictionary_release(NULL);
    TNI_CHECK(tni_interner_seal(&interner, true, NULL, &dictionary, &error) == TRUENO_OK);
    TNI_CHECK_EQ_UINT(dictionary->count, 0);
    tni_dictionary_release(dictionary);
}

static void test_dictionary_ids_differ(void) {
    uint64_t ids[64];
    uint32_t i, j, same = 0;
    for (i = 0; i < 64; i++) {
        tni_dictionary *dictionary;
        TNI_CHECK(tni_dictionary_new(&memory, NULL, 0, NULL, true, &dictionary, &error) ==
                  TRUENO_OK);
        ids[i] = dictionary->id;
        for (j = 0; j < i; j++) {
            same += ids[j] == ids[i];
        }
        tni_dictionary_release(dictionary); /* the next one may get this address */
    }
    TNI_CHECK_EQ_UINT(same, 0);
}

/* A dictionary column whose rows are all NULL may have no entry at all. */
static void test_empty_dictionary(void) {
    tni_segment *segment;
    tni_dictionary *dictionary;
    static const uint8_t codes[100];
    static const uint64_t none[2];
    TNI_CHECK(tni_dictionary_new(&memory, NULL, 0, NULL, true, &dictionary, &error) == TRUENO_OK);
    TNI_CHECK(tni_segment_new(&memory, tni_type_make(TRUENO_TYPE_VARCHAR), 100, &segment,
                              &error) == TRUENO_OK);
    segment->encoding = TNI_ENCODING_DICT;
    segment->code_width = 1;
    segment->data = codes;
    segment->validity = none;
    tni_segment_set_dictionary(segment, dictionary);
    tni_dictionary_release(dictionary);
    check_views(segment, none);
    tni_segment_compute_zone(&env, segment);
    TNI_CHECK(!segment->zone.has_bounds && segment->zone.null_count == 100);
    tni_segment_release(segment);
}

/* ---- chunks and constants ---- */

static void test_compaction(void) {
    tni_vector columns[3];
    tni_chunk chunk;
    tni_scratch scratch;
    int32_t flat[2048];
    uint8_t codes[2048];
    uint16_t outer[2048];
    uint64_t mask[32], storage[2];
    tni_value seven = tni_value_i64(tni_type_make(TRUENO_TYPE_INTEGER), 7);
    uint32_t i, bad = 0, active = 0;
    memset(columns, 0, sizeof columns);
    memset(&chunk, 0, sizeof chunk);
    memset(mask, 0, sizeof mask);
    tni_scratch_init(&scratch, &memory);
    for (i = 0; i < 2048; i++) {
        flat[i] = (int32_t)i;
        codes[i] = (uint8_t)i;
        outer[i] = (uint16_t)(i * 3);
        if (next_random() >> 62 == 0) {
            tni_bit_set(mask, i);
            active++;
        }
    }
    columns[0].type = columns[1].type = tni_type_make(TRUENO_TYPE_INTEGER);
    columns[0].data = flat;
    columns[1].form = TNI_FORM_NARROW;
    columns[1].code_width = 1;
    columns[1].base = 1000;
    columns[1].data = codes;
    columns[2] = tni_vector_constant(&seven, storage);
    chunk.rows = 2048;
    chunk.active = active;
    chunk.mask = mask;
    chunk.columns = columns;
    chunk.column_count = 3;
    chunk.positions = outer;
    TNI_CHECK(tni_chunk_compact(&env, &chunk, &scratch, &error) == TRUENO_OK);
    TNI_CHECK(chunk.rows == active && chunk.active == active && !chunk.mask);
    for (i = 0; i < chunk.rows; i++) {
        int64_t row = tni_vector_value(&columns[0], i).as.integer;
        bad += !tni_bit_get(mask, (size_t)row) || chunk.positions[i] != row * 3;
        bad += tni_vector_value(&columns[1], i).as.integer != 1000 + (row & 255);
        bad += tni_vector_value(&columns[2], i).as.integer != 7;
    }
    TNI_CHECK_EQ_UINT(bad, 0);
    TNI_CHECK(columns[1].form == TNI_FORM_NARROW && columns[2].form == TNI_FORM_CONSTANT);
    TNI_CHECK(tni_chunk_compact(&env, &chunk, &scratch, &error) == TRUENO_OK);
    tni_scratch_free(&scratch);
}

static void test_null_constants(void) {
    tni_value null = tni_value_null(tni_type_make(TRUENO_TYPE_DOUBLE));
    uint64_t storage[2];
    tni_vector vector = tni_vector_constant(&null, storage), flat;
    tni_scratch scratch;
    tni_scratch_init(&scratch, &memory);
    TNI_CHECK(tni_vector_is_null(&vector, 5) && tni_vector_value(&vector, 9).is_null);
    TNI_CHECK(tni_vector_flatten(&env, &vector, 100, &scratch, &flat, &error) == TRUENO_OK);
    TNI_CHECK(tni_vector_is_null(&flat, 99) && ((const double *)flat.data)[99] == 0.0);
    tni_scratch_free(&scratch);
}

/* ---- memory that runs out ---- */

static bool survive(tni_type type, int shape, bool shared) {
    tni_segment *segment = NULL;
    tni_interner interner;
    tni_dictionary *dictionary = NULL;
    bool done = false;
    tni_error_clear(&error);
    tni_interner_init(&interner, &memory);
    if (tni_segment_encode(&env, type, values, make_validity(3, 4000), 4000,
                           shared ? &interner : NULL, &segment, &error) != TRUENO_OK) {
        TNI_CHECK(segment == NULL && error.status == TRUENO_ERROR_MEMORY);
    } else if (tni_interner_seal(&interner, true, NULL, &dictionary, &error) != TRUENO_OK) {
        TNI_CHECK(dictionary == NULL && error.status == TRUENO_ERROR_MEMORY);
    } else {
        tni_scratch scratch;
        tni_vector vector;
        tni_scratch_init(&scratch, &memory);
        if (segment->encoding == TNI_ENCODING_DICT && shared) {
            tni_segment_set_dictionary(segment, dictionary);
        }
        tni_segment_compute_zone(&env, segment);
        done = tni_segment_view(&env, segment, 0, 2048, &scratch, &vector, &error) == TRUENO_OK &&
               tni_vector_flatten(&env, &vector, 2048, &scratch, &vector, &error) == TRUENO_OK;
        TNI_CHECK(done || error.status == TRUENO_ERROR_MEMORY);
        tni_scratch_free(&scratch);
    }
    (void)shape;
    tni_segment_release(segment);
    tni_dictionary_release(dictionary);
    tni_interner_free(&interner);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    return done;
}

static void test_running_out_of_memory(void) {
    int shape, shared;
    for (shape = 0; shape < SHAPES; shape++) {
        for (shared = 0; shared < 3; shared++) {
            tni_type type = tni_type_make(shared < 2 ? TRUENO_TYPE_VARCHAR : TRUENO_TYPE_BIGINT);
            long limit = 0;
            bool done = false;
            if (shared < 2) {
                fill_strings(shape, 4000);
            } else {
                fill_fixed(type, shape, 4000);
            }
            while (!done && limit < 300) {
                left = limit++;
                done = survive(type, shape, shared == 1);
            }
            left = -1;
            TNI_CHECK(done);
        }
    }
}

int main(void) {
    static const trueno_backend backends[] = {TRUENO_BACKEND_SCALAR, TRUENO_BACKEND_SIMD};
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(backends); i++) {
        set_up(tni_kernels_pick(backends[i]));
        test_all_types();
        test_all_strings();
        test_the_smallest_encoding_is_chosen();
        test_views_do_not_copy();
        test_distinct_is_estimated();
        test_string_layouts();
        test_interning();
        test_dictionary_ids_differ();
        test_empty_dictionary();
        test_compaction();
        test_null_constants();
        TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    }
    test_running_out_of_memory();
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    return tni_test_report();
}
