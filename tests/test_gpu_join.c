/*
 * Joins on the GPU against nested sorted lists, pair for pair and in order: every form, kind and
 * key width over many lengths, patterns of repetition and NULLs.
 *
 * Runs on any Vulkan device, software ones included, with the validation layer when installed
 * (its report must stay empty). TRUENO_TEST_GPU=0 skips what needs a device.
 */
#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* setenv, in strict C11 */
#endif
#include "gpu_test.h"

#include "base/bits.h"
#include "gpu/join.h"
#include "gpu/spirv_module.h"

typedef struct side {
    uint32_t rows;
    uint64_t *keys;
    uint64_t *validity; /* NULL: none */
} side;

typedef struct pair {
    uint32_t probe, build;
} pair;

enum { DISTINCT, FEW_REPEAT, MANY_REPEAT, ALL_ONE, PATTERNS };
enum { NULLS_NONE, NULLS_SOME, NULLS_ALL, NULL_PATTERNS };

/* Keys from `base` on, in an order of their own. */
static void fill_side(side *s, uint32_t rows, int pattern, int nulls, uint64_t base,
                      uint64_t range) {
    uint32_t i;
    s->rows = rows;
    s->keys = (uint64_t *)calloc(rows + 1u, 8);
    s->validity = nulls == NULLS_NONE ? NULL : (uint64_t *)calloc(rows / 64u + 2u, 8);
    for (i = 0; i < rows; i++) {
        uint64_t r = random_u64();
        switch (pattern) {
        case DISTINCT: s->keys[i] = base + i * UINT64_C(7919) % range; break;
        case FEW_REPEAT: s->keys[i] = base + r % range; break;
        case MANY_REPEAT: s->keys[i] = base + r % 5; break;
        default: s->keys[i] = base + 3;
        }
        if (nulls == NULLS_SOME && r >> 60 != 0) {
            tni_bit_set(s->validity, i);
        } else if (nulls != NULLS_NONE) {
            s->keys[i] = r; /* what a NULL hides does not matter */
        }
    }
}

static void free_side(side *s) {
    free(s->keys);
    free(s->validity);
}

static bool valid(const side *s, uint32_t row) {
    return s->validity == NULL || tni_bit_get(s->validity, row);
}

typedef struct entry {
    uint64_t key;
    uint32_t row;
} entry;

static int by_key(const void *a, const void *b) {
    const entry *x = (const entry *)a, *y = (const entry *)b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return x->row < y->row ? -1 : x->row > y->row;
}

/* The pairs, in order; the caller frees them. */
static pair *reference(const side *build, const side *probe, bool wide, tni_gpu_join_kind kind,
                       uint64_t *count) {
    uint64_t mask = wide ? UINT64_MAX : UINT32_MAX, capacity = 1024, n = 0;
    entry *entries = (entry *)calloc(build->rows + 1u, sizeof *entries);
    pair *out = (pair *)malloc(capacity * sizeof *out);
    uint32_t i, m = 0;
    for (i = 0; i < build->rows; i++) {
        if (valid(build, i)) {
            entries[m].key = build->keys[i] & mask;
            entries[m++].row = i;
        }
    }
    qsort(entries, m, sizeof *entries, by_key);
    for (i = 0; i < probe->rows; i++) {
        uint64_t key = probe->keys[i] & mask;
        uint32_t low = 0, high = m, hits = 0, j;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (entries[middle].key < key) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        while (valid(probe, i) && low + hits < m && entries[low + hits].key == key) {
            hits++;
        }
        if (kind == TNI_GPU_JOIN_SEMI || kind == TNI_GPU_JOIN_ANTI) {
            hits = (hits > 0) == (kind == TNI_GPU_JOIN_SEMI) ? 1 : 0;
        }
        if (n + hits + 1 > capacity) {
            capacity = (n + hits + 1) * 2;
            out = (pair *)realloc(out, capacity * sizeof *out);
        }
        for (j = 0; j < hits; j++) {
            out[n].probe = i;
            out[n++].build = low + j < m ? entries[low + j].row : 0;
        }
        if (hits == 0 && kind == TNI_GPU_JOIN_LEFT) {
            out[n].probe = i;
            out[n++].build = TNI_GPU_NO_ROW;
        }
    }
    free(entries);
    *count = n;
    return out;
}

static void put(const void *data, uint64_t bytes, tni_gpu_range *range, tni_gpu_slice *out) {
    tni_error error;
    tni_error_clear(&error);
    memset(out, 0, sizeof *out);
    memset(range, 0, sizeof *range);
    TNI_CHECK(tni_gpu_take(device, TNI_MAX(bytes, 16), range, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_upload_bytes(device, range, data, bytes, &error) == TRUENO_OK);
    out->range = range;
}

static void put_side(const side *s, bool wide, tni_gpu_range *ranges, tni_gpu_join_side *out) {
    uint32_t *narrow = (uint32_t *)calloc(s->rows + 1u, 4);
    uint32_t i;
    memset(out, 0, sizeof *out);
    memset(&ranges[1], 0, sizeof ranges[1]);
    for (i = 0; i < s->rows; i++) {
        narrow[i] = (uint32_t)s->keys[i];
    }
    out->rows = s->rows;
    put(wide ? (const void *)s->keys : (const void *)narrow, (uint64_t)s->rows * (wide ? 8 : 4),
        &ranges[0], &out->keys);
    if (s->validity != NULL) {
        put(s->validity, (s->rows / 64u + 1) * 8, &ranges[1], &out->validity);
    }
    free(narrow);
}

/* The rows of a result, on the host. */
static uint32_t *get_rows(const tni_gpu_range *range, uint64_t count) {
    uint32_t *rows = (uint32_t *)calloc(count + 1, 4);
    tni_gpu_batch batch;
    tni_error error;
    uint64_t at = 0;
    tni_error_clear(&error);
    if (count > 0) {
        TNI_CHECK(tni_gpu_download_reserve(device, count * 4, &error) == TRUENO_OK);
        TNI_CHECK(tni_gpu_batch_begin(device, &batch, &error) == TRUENO_OK);
        tni_gpu_batch_download(&batch, range, 0, count * 4, &at);
        TNI_CHECK(tni_gpu_batch_run(&batch, NULL) == TRUENO_OK);
        memcpy(rows, device->download.data + at, count * 4);
    }
    return rows;
}

static bool same_pairs(const tni_gpu_join *join, const pair *wanted, uint64_t count) {
    uint32_t *probe, *build;
    bool has_build = join->kind <= TNI_GPU_JOIN_LEFT, same = join->count == count;
    uint64_t i;
    if (!same) {
        printf("    %lu rows, expected %lu\n", (unsigned long)join->count, (unsigned long)count);
        return false;
    }
    probe = get_rows(&join->probe_rows, count);
    build = get_rows(&join->build_rows, has_build ? count : 0);
    for (i = 0; i < count && same; i++) {
        same = probe[i] == wanted[i].probe && (!has_build || build[i] == wanted[i].build);
        if (!same) {
            printf("    pair %lu: %u %u, expected %u %u\n", (unsigned long)i, probe[i],
                   has_build ? build[i] : 0, wanted[i].probe, wanted[i].build);
        }
    }
    free(probe);
    free(build);
    return same;
}

static void check_join(const side *build, const side *probe, bool wide, tni_gpu_join_form form,
                       tni_gpu_join_kind kind, uint64_t minimum, uint64_t range, bool repeated) {
    tni_gpu_range ranges[4];
    tni_gpu_join join;
    tni_error error;
    uint64_t count = 0, used = device->used;
    pair *wanted = reference(build, probe, wide, kind, &count);
    trueno_status status;
    memset(&join, 0, sizeof join);
    tni_error_clear(&error);
    put_side(build, wide, ranges, &join.build);
    put_side(probe, wide, ranges + 2, &join.probe);
    join.kind = kind;
    join.form = form;
    join.wide = wide;
    join.minimum = minimum;
    join.range = range;
    join.repeated = repeated;
    status = tni_gpu_join_run(device, &join, &error);
    if (!TNI_CHECK(status == TRUENO_OK) || !TNI_CHECK(same_pairs(&join, wanted, count))) {
        printf("    build %u, probe %u, %s, form %d (used %d, runs %d), kind %d, NULLs %d %d: %s\n",
               build->rows, probe->rows, wide ? "64 bits" : "32 bits", (int)form, (int)join.used,
               join.runs, (int)kind, build->validity != NULL, probe->validity != NULL,
               error.message);
    }
    tni_gpu_join_free(device, &join);
    tni_gpu_give(device, &ranges[0]);
    tni_gpu_give(device, &ranges[1]);
    tni_gpu_give(device, &ranges[2]);
    tni_gpu_give(device, &ranges[3]);
    TNI_CHECK_EQ_UINT(device->used, used);
    free(wanted);
}

/* One pair of sides, in every form. */
static void check_forms(uint32_t build_rows, uint32_t probe_rows, int pattern, int build_nulls,
                        int probe_nulls, bool wide, tni_gpu_join_kind kind) {
    uint64_t base = wide ? UINT64_C(0xfffffffffffff000) : UINT64_C(0xfffffff0);
    uint64_t range = TNI_MAX(build_rows * 2u, 64);
    side build, probe;
    base = random_u64() % 2 == 0 ? base : 0; /* the range may wrap around, as signed keys do */
    while (range % 7919 == 0) {
        range++;
    }
    fill_side(&build, build_rows, pattern, build_nulls, base, range);
    fill_side(&probe, probe_rows, pattern == ALL_ONE ? MANY_REPEAT : FEW_REPEAT, probe_nulls, base,
              range + range / 8);
    check_join(&build, &probe, wide, TNI_GPU_JOIN_DENSE, kind, base, range, false);
    check_join(&build, &probe, wide, TNI_GPU_JOIN_HASHED, kind, 0, 0, pattern == MANY_REPEAT);
    check_join(&build, &probe, wide, TNI_GPU_JOIN_PARTITIONED, kind, 0, 0, false);
    free_side(&build);
    free_side(&probe);
}

static void test_lengths(void) {
    static const uint32_t lengths[] = {0, 1, 7, 63, 64, 65, 255, 257, 4097};
    uint32_t b, p, n = 0;
    for (b = 0; b < TNI_COUNT_OF(lengths); b++) {
        for (p = 0; p < TNI_COUNT_OF(lengths); p++) {
            n++;
            check_forms(lengths[b], lengths[p], n % 2 == 0 ? DISTINCT : FEW_REPEAT,
                        n % 3 == 0 ? NULLS_SOME : NULLS_NONE, n % 5 == 0 ? NULLS_SOME : NULLS_NONE,
                        n % 4 == 0, (tni_gpu_join_kind)(n % 7 % 4));
        }
    }
}

static void test_patterns(void) {
    int pattern, nulls, kind;
    for (pattern = 0; pattern < PATTERNS; pattern++) {
        for (nulls = 0; nulls < NULL_PATTERNS; nulls++) {
            for (kind = 0; kind < 4; kind++) {
                uint32_t build = pattern >= MANY_REPEAT ? 700 : 3000;
                check_forms(build, 1500, pattern, nulls, (nulls + kind) % 2, kind % 2 == 1,
                            (tni_gpu_join_kind)kind);
            }
        }
    }
}

/* Sizes that need several workgroups to stride, and parts of more than one bit. */
static void test_large(void) {
    check_forms(100003, 300007, DISTINCT, NULLS_NONE, NULLS_NONE, false, TNI_GPU_JOIN_INNER);
    check_forms(100003, 200003, FEW_REPEAT, NULLS_SOME, NULLS_SOME, true, TNI_GPU_JOIN_LEFT);
}

/* What does not fit is refused by name, and nothing leaks. */
static void test_limits(void) {
    side build, probe;
    tni_gpu_range ranges[4];
    tni_gpu_join join;
    tni_error error;
    uint64_t used = device->used;
    fill_side(&build, 1000, ALL_ONE, NULLS_NONE, 0, 64);
    fill_side(&probe, 1000, ALL_ONE, NULLS_NONE, 0, 64);
    memset(&join, 0, sizeof join);
    tni_error_clear(&error);
    put_side(&build, false, ranges, &join.build);
    put_side(&probe, false, ranges + 2, &join.probe);
    join.most = 999999;
    TNI_CHECK(tni_gpu_join_run(device, &join, &error) == TRUENO_ERROR_MEMORY_LIMIT);
    TNI_CHECK_TEXT(error.message, "a join of 1000000 rows; 999999 are taken");
    join.most = 1000000;
    TNI_CHECK(tni_gpu_join_run(device, &join, &error) == TRUENO_OK && join.count == 1000000);
    TNI_CHECK(join.runs && join.used == TNI_GPU_JOIN_HASHED);
    tni_gpu_join_free(device, &join);
    join.form = TNI_GPU_JOIN_DENSE; /* bounds that the keys do not keep */
    join.minimum = 100;
    join.range = 50;
    TNI_CHECK(tni_gpu_join_run(device, &join, &error) == TRUENO_ERROR_UNSUPPORTED);
    join.range = 0;
    TNI_CHECK(tni_gpu_join_run(device, &join, &error) == TRUENO_ERROR_INTERNAL);
    join.form = TNI_GPU_JOIN_AUTO;
    join.minimum = 0;
    join.range = 5;
    TNI_CHECK(tni_gpu_join_run(device, &join, &error) == TRUENO_OK && join.count == 1000000);
    TNI_CHECK(join.used == TNI_GPU_JOIN_DENSE);
    tni_gpu_join_free(device, &join);
    tni_gpu_give(device, &ranges[0]);
    tni_gpu_give(device, &ranges[2]);
    TNI_CHECK_EQ_UINT(device->used, used);
    free_side(&build);
    free_side(&probe);
}

static void test_modules(void) {
    static const char *const names[] = {
        "join_build",   "join_build_u64",  "join_lookup", "join_lookup_u64", "join_heads",
        "join_heads_u64", "join_compact",  "join_compact_u64", "join_mix",   "join_mix_u64",
        "join_part",    "join_part_u64",   "join_bounds", "join_write"};
    const uint32_t *words;
    uint32_t count;
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(names); i++) {
        if (TNI_CHECK(tni_spirv_skeleton(device->info, names[i], &words, &count))) {
            gpu_test_validate(words, count);
        }
    }
}

int main(void) {
    if (!gpu_test_open("test_gpu_join", UINT64_C(256) << 20, UINT64_C(32) << 20)) {
        return tni_test_report();
    }
    test_modules();
    test_limits();
    test_patterns();
    test_lengths();
    test_large();
    gpu_test_close();
    return tni_test_report();
}
