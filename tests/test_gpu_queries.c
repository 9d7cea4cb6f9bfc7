/*
 * test_gpu_queries.c - queries on the GPU against the same on the scalar processor, bit for bit,
 * through the public interface; which of them really ran there; and the dispatcher's manners.
 *
 * Needs any Vulkan device, llvmpipe included; without one it skips with the reason.
 */
#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200112L
#endif
#include "gpu/device.h"
#include "tests/test.h"
#include "trueno.h"

/* Drivers keep a little to their end, which a leak checker would report. */
#if defined(__SANITIZE_ADDRESS__)
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) {
    return 1;
}
#endif

typedef struct query_case {
    const char *sql;
    bool on_gpu; /* some pipeline must have run there */
} query_case;

static const char *const tables[] = {
    /* narrow codes, dictionaries, NULLs in a pattern, floats of many sizes; 3 segments */
    "CREATE TABLE t AS SELECT range AS i, (range * 7919) % 1000 AS k, "
    "CASE WHEN range % 7 = 3 THEN NULL ELSE range % 5 END AS n, "
    "CASE WHEN range % 11 = 0 THEN NULL ELSE 'w' || (range % 13) END AS s, "
    "range * 0.37 - 5000 AS m, CASE WHEN range % 9 = 1 THEN NULL ELSE "
    "(range::DOUBLE - 70000) * 1.1 / (range % 17 + 1) END AS d, "
    "((range % 501)::FLOAT / 8) AS f, (range % 3 = 0) AS b, "
    "(DATE '2020-01-01' + (range % 900)::INTEGER) AS day, 42 AS same FROM range(140000)",
    "CREATE TABLE tiny AS SELECT range AS i, range::DOUBLE / 3 AS d FROM range(3)",
    "CREATE TABLE edge AS SELECT range AS i, range::DOUBLE / 3 AS d FROM range(65537)",
    "CREATE TABLE steps AS SELECT range AS i, 'a' AS s, range % 7 AS k FROM range(70000)",
    "INSERT INTO steps SELECT range, 'b', NULL FROM range(10)",
    "INSERT INTO steps SELECT -range, 'c' || range % 2, range FROM range(66000)",
    /* keys of all 64 bits, and of many values that come back in both halves */
    "CREATE TABLE wide AS SELECT (range - 70000) * 131000000000000 AS h, (range % 30011) * 900719 "
    "AS g, range::DOUBLE / 7 AS d, range % 3 AS c FROM range(140000)",
    "CREATE TABLE nothing AS SELECT * FROM t WHERE i < 0",
    "CREATE TABLE hashed PARTITION BY HASH (k) PARTITIONS 8 AS SELECT * FROM t",
    "CREATE TABLE ranged PARTITION BY RANGE (s) PARTITIONS 5 AS SELECT * FROM t",
};

static const query_case cases[] = {
    {"SELECT count(*), sum(i), avg(i), min(i), max(i) FROM t", true},
    {"SELECT sum(d), avg(d), min(d), max(d), count(d) FROM t", true},
    {"SELECT sum(f), avg(f), min(f), max(f) FROM t WHERE n = 2", true},
    {"SELECT count(*), sum(k) FROM t WHERE i BETWEEN 65530 AND 65550", true},
    {"SELECT sum(d) FROM t WHERE k < 3", true},
    {"SELECT sum(d) FROM t WHERE i >= 131072 AND i < 131100", true},
    {"SELECT count(n), sum(n), min(n), max(n) FROM t WHERE b", true},
    {"SELECT count(*) FROM t WHERE s = 'w7'", true},
    {"SELECT count(*), sum(d) FROM t WHERE s IN ('w1', 'w12', 'nope') OR n IS NULL", true},
    {"SELECT sum(i * 2 + k), avg(d * 0.5 + 1) FROM t WHERE s <> 'w0'", true},
    {"SELECT min(day), max(day), count(day) FROM t WHERE k > 500", true},
    {"SELECT sum(i) FILTER (WHERE k < 10), count(*) FILTER (WHERE b), avg(d) FILTER (WHERE n = 1) "
     "FROM t",
     true},
    {"SELECT sum(i), sum(k), sum(n), min(i), min(k), min(n), max(i), max(k), max(n), min(d), "
     "max(d), count(s) FROM t",
     true}, /* two passes */
    {"SELECT sum(x) FROM (SELECT i + k AS x FROM t WHERE n = 3)", true},
    {"SELECT sum(same), count(same), min(same) FROM t", true},
    {"SELECT sum(i), sum(d) FROM tiny", true},
    {"SELECT sum(i), sum(d) FROM edge WHERE i <> 5", true},
    {"SELECT sum(i), sum(d), count(*) FROM t WHERE k > 5000", true}, /* no row */
    {"SELECT sum(i), count(*) FROM nothing", false},
    {"SELECT sum(i), count(*), min(k), max(k), count(k) FROM steps WHERE i > -50000", true},
    {"SELECT s, count(*), sum(k) FROM steps GROUP BY s ORDER BY s", true},
    {"SELECT n, count(*), sum(i), avg(d), min(d), max(i) FROM t GROUP BY n ORDER BY n", true},
    {"SELECT s, n, count(*), sum(d) FROM t WHERE k < 900 GROUP BY s, n ORDER BY s, n", true},
    {"SELECT k, sum(d), min(f), count(n) FROM t GROUP BY k ORDER BY k", true},
    {"SELECT i, sum(d) FROM t WHERE k = 17 GROUP BY i ORDER BY i", true},
    {"SELECT b, day, count(*) FROM t WHERE k < 40 GROUP BY ALL ORDER BY 1, 2", true},
    {"SELECT s FROM t GROUP BY s ORDER BY s", true},
    {"SELECT s, sum(k) FILTER (WHERE b) FROM t GROUP BY s HAVING count(*) > 100 ORDER BY 2, 1",
     true},
    {"SELECT i, n, count(*), max(f) FROM t GROUP BY i, n ORDER BY i", true},
    {"SELECT h, sum(d), count(*), min(c) FROM wide GROUP BY h ORDER BY h", true},
    {"SELECT h, sum(d), max(d) FROM wide WHERE c = 1 GROUP BY h ORDER BY h LIMIT 9", true},
    {"SELECT g, c, sum(d), avg(h), min(h) FROM wide GROUP BY g, c ORDER BY g, c", true},
    {"SELECT sum(i), sum(d), sum(f), min(i), max(day) FROM hashed WHERE n = 2", true},
    {"SELECT count(*), sum(d), sum(i) FROM hashed WHERE k = 17", true},
    {"SELECT k, sum(d), min(f), count(n) FROM hashed GROUP BY k ORDER BY k", true},
    {"SELECT count(*), sum(d), min(i), max(k) FROM ranged WHERE s >= 'w5'", true},
    {"SELECT s, n, count(*), sum(d) FROM ranged GROUP BY s, n ORDER BY s, n", true},
    {"SELECT i, s FROM ranged ORDER BY d DESC, n LIMIT 9", true},
    /* what only the processor does, with the same answers */
    {"SELECT stddev(d), median(k), count(DISTINCT k) FROM t", false},
    {"SELECT min(s), max(s) FROM t", false},
    {"SELECT upper(s) AS u, count(*) FROM t GROUP BY u ORDER BY u", false},
    {"SELECT sum(d / 3) FROM t", false},
    {"SELECT * FROM t ORDER BY d DESC, i LIMIT 5", true},
    {"SELECT i, s, m FROM t WHERE k < 500 ORDER BY s, n NULLS FIRST LIMIT 7 OFFSET 3", true},
    {"SELECT s, i + k AS x FROM t WHERE b ORDER BY x DESC, s LIMIT 12", true},
    {"SELECT k, s FROM steps ORDER BY k DESC NULLS LAST LIMIT 4", true},
    {"SELECT i FROM t ORDER BY s LIMIT 0", false},
    {"SELECT i FROM t ORDER BY m DESC", false},
};

static trueno_db *open_threads(trueno_backend backend, uint32_t threads) {
    trueno_config config;
    trueno_db *db = NULL;
    memset(&config, 0, sizeof config);
    config.backend = backend;
    config.threads = threads;
    config.pipeline_cache = ""; /* leave the user's files alone */
    if (trueno_open(&config, &db) != TRUENO_OK) {
        return NULL;
    }
    return db;
}

static trueno_db *open_with(trueno_backend backend) {
    return open_threads(backend, 2);
}

static bool ran_on_gpu(const trueno_result *result) {
    const trueno_info *info = trueno_result_info(result);
    uint32_t i;
    for (i = 0; i < info->pipeline_count; i++) {
        if (strncmp(info->pipelines[i].backend, "gpu:", 4) == 0) {
            return true;
        }
    }
    return false;
}

static const char *first_reason(const trueno_result *result) {
    const trueno_info *info = trueno_result_info(result);
    return info->pipeline_count > 0 ? info->pipelines[0].reason : "no pipeline";
}

static bool same_cell(trueno_result *a, trueno_result *b, uint64_t row, uint32_t column) {
    double x, y;
    if (trueno_get_is_null(a, row, column) != trueno_get_is_null(b, row, column)) {
        return false;
    }
    if (trueno_result_column_type(a, column) == TRUENO_TYPE_DOUBLE) {
        x = trueno_get_double(a, row, column);
        y = trueno_get_double(b, row, column);
        return memcmp(&x, &y, sizeof x) == 0;
    }
    return strcmp(trueno_get_text(a, row, column), trueno_get_text(b, row, column)) == 0;
}

/* The first cell that differs, or nothing said. */
static void compare(const char *sql, trueno_result *got, trueno_result *wanted) {
    uint64_t rows = trueno_result_row_count(wanted), row;
    uint32_t columns = trueno_result_column_count(wanted), column;
    bool same = trueno_result_status(got) == TRUENO_OK &&
                trueno_result_status(wanted) == TRUENO_OK &&
                trueno_result_row_count(got) == rows;
    for (row = 0; same && row < rows; row++) {
        for (column = 0; same && column < columns; column++) {
            same = same_cell(got, wanted, row, column);
            if (!same) {
                printf("row %lu, column %u: got %s, expected %s\n", (unsigned long)row, column,
                       trueno_get_text(got, row, column), trueno_get_text(wanted, row, column));
            }
        }
    }
    if (!TNI_CHECK(same)) {
        printf("    %s\n    %s\n", sql, trueno_result_error(got));
    }
}

static bool run(trueno_db *db, const char *sql) {
    trueno_result *r = trueno_query(db, sql);
    bool ok = TNI_CHECK(trueno_result_status(r) == TRUENO_OK);
    if (!ok) {
        printf("    %s: %s\n", sql, trueno_result_error(r));
    }
    trueno_result_free(r);
    return ok;
}

static void test_answers_are_the_same_bits(trueno_db *gpu, trueno_db *scalar) {
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        trueno_result *a = trueno_query(gpu, cases[i].sql);
        trueno_result *b = trueno_query(scalar, cases[i].sql);
        compare(cases[i].sql, a, b);
        if (!TNI_CHECK(ran_on_gpu(a) == cases[i].on_gpu)) {
            printf("    %s\n    %s\n", cases[i].sql, first_reason(a));
        }
        TNI_CHECK(!ran_on_gpu(b));
        trueno_result_free(a);
        trueno_result_free(b);
    }
}

static void test_overflow_is_reported_by_the_processor(trueno_db *gpu) {
    trueno_result *r = trueno_query(gpu, "SELECT sum(i * 9223372036854775) FROM t");
    TNI_CHECK(trueno_result_status(r) == TRUENO_ERROR_OUT_OF_RANGE);
    trueno_result_free(r);
    /* only rows that the filter excludes would overflow */
    r = trueno_query(gpu, "SELECT sum(i * 9223372036854775) FROM t WHERE i < 1000");
    TNI_CHECK(trueno_result_status(r) == TRUENO_OK && ran_on_gpu(r));
    trueno_result_free(r);
}

static void test_data_stays_on_the_device_until_its_table_goes(trueno_db *gpu) {
    const char *sql = "SELECT sum(i), max(k) FROM resident";
    const trueno_pipeline_info *p;
    trueno_result *r;
    run(gpu, "CREATE TABLE resident AS SELECT i, k FROM t");
    r = trueno_query(gpu, sql);
    p = trueno_result_info(r)->pipelines;
    TNI_CHECK(ran_on_gpu(r) && p->predicted_gpu_ms > 0 && p->predicted_cpu_ms > 0 &&
              p->rows_in == 140000);
    trueno_result_free(r);
    r = trueno_query(gpu, sql);
    p = trueno_result_info(r)->pipelines;
    TNI_CHECK(ran_on_gpu(r) && strstr(p->reason, "transfer 0.000") != NULL &&
              strstr(p->reason, "building 0.000") != NULL);
    trueno_result_free(r);
    run(gpu, "CREATE OR REPLACE TABLE resident AS SELECT i + 1 AS i, k FROM t");
    r = trueno_query(gpu, sql); /* another table: not what lies on the device */
    TNI_CHECK(ran_on_gpu(r) && trueno_get_int64(r, 0, 0) == INT64_C(9799930000) + 140000);
    trueno_result_free(r);
    run(gpu, "DROP TABLE resident");
}

/* What was found out about a table's columns answers later queries, refusals as well. */
static void test_what_is_known_of_a_table_stays(trueno_db *gpu) {
    static const char *const refused = "SELECT count(*) FROM known WHERE h > 5";
    int i;
    run(gpu, "CREATE TABLE known AS SELECT i, i::HUGEINT AS h FROM t");
    for (i = 0; i < 3; i++) {
        trueno_result *r = trueno_query(gpu, refused);
        TNI_CHECK(!ran_on_gpu(r) && strstr(first_reason(r), "columns of HUGEINT") != NULL);
        trueno_result_free(r);
        r = trueno_query(gpu, "SELECT sum(i) FROM known WHERE i >= 70000");
        TNI_CHECK(ran_on_gpu(r) && trueno_get_int64(r, 0, 0) == INT64_C(7349965000));
        trueno_result_free(r);
    }
    run(gpu, "INSERT INTO known SELECT 1, 1"); /* another version, which shares the segments */
    for (i = 0; i < 2; i++) {
        trueno_result *r = trueno_query(gpu, "SELECT sum(i), count(*) FROM known");
        TNI_CHECK(ran_on_gpu(r) && trueno_get_int64(r, 0, 0) == INT64_C(9799930001) &&
                  trueno_get_int64(r, 0, 1) == 140001);
        trueno_result_free(r);
    }
    run(gpu, "DROP TABLE known");
}

static void count_cached(void *user, const trueno_device *device) {
    *(uint64_t *)user += device->cached_bytes;
    TNI_CHECK(device->name[0] != '\0' && device->reason[0] != '\0');
    TNI_CHECK(!device->used || device->budget_bytes > 0);
}

static void test_devices_tell_what_they_hold(trueno_db *gpu) {
    uint64_t before = 0, after = 0;
    (void)trueno_devices(gpu, count_cached, &before);
    TNI_CHECK(before > 0);
    run(gpu, "DROP TABLE edge");
    (void)trueno_devices(gpu, count_cached, &after);
    TNI_CHECK(after < before);
}

static void test_explain_shows_both_predictions(trueno_db *gpu) {
    trueno_result *r = trueno_query(gpu, "EXPLAIN SELECT sum(i) FROM t");
    const char *text = trueno_get_text(r, 0, 1);
    TNI_CHECK(strstr(text, "aggregate on the GPU: GPU ") != NULL &&
              strstr(text, "processor ") != NULL);
    trueno_result_free(r);
    r = trueno_query(gpu, "EXPLAIN ANALYZE SELECT sum(i) FROM t");
    text = trueno_get_text(r, 0, 1);
    TNI_CHECK(strstr(text, "backend gpu:") != NULL && strstr(text, "computing") != NULL);
    trueno_result_free(r);
}

/* Short queries of AUTO and of SPEC stay on the processor, and nothing is opened for them. */
static void test_other_policies_leave_short_queries_alone(void) {
    static const trueno_backend backends[] = {TRUENO_BACKEND_AUTO, TRUENO_BACKEND_SPEC,
                                              TRUENO_BACKEND_SIMD};
    size_t i;
    for (i = 0; i < 3; i++) {
        trueno_db *db = open_with(backends[i]);
        trueno_result *r;
        if (!TNI_CHECK(db != NULL)) {
            continue;
        }
        run(db, tables[1]);
        r = trueno_query(db, "SELECT sum(i) FROM tiny");
        TNI_CHECK(!ran_on_gpu(r) && first_reason(r)[0] != '\0');
        trueno_result_free(r);
        trueno_close(db);
    }
}

/* Rows that the GPU and that the processor read, when they shared a table. */
static bool shared_rows(const trueno_result *result, uint64_t *gpu, uint64_t *here) {
    const trueno_info *info = trueno_result_info(result);
    uint32_t i;
    *gpu = *here = 0;
    for (i = 0; i < info->pipeline_count; i++) {
        const trueno_pipeline_info *p = &info->pipelines[i];
        if (strncmp(p->reason, "both at once: ", 14) == 0) {
            *(strncmp(p->backend, "gpu:", 4) == 0 ? gpu : here) += p->rows_in;
        }
    }
    return *gpu > 0 && *here > 0;
}

/* Every case that the GPU takes, at splits and numbers of threads. */
static void split_cases(trueno_db *db, trueno_db *scalar, uint64_t share, size_t expected) {
    size_t i, shared = 0;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        trueno_result *a = trueno_query(db, cases[i].sql);
        trueno_result *b = trueno_query(scalar, cases[i].sql);
        uint64_t gpu, here;
        compare(cases[i].sql, a, b);
        TNI_CHECK(ran_on_gpu(a) == cases[i].on_gpu);
        if (shared_rows(a, &gpu, &here)) {
            bool edge = strstr(cases[i].sql, "edge") != NULL; /* zone maps may leave some out */
            TNI_CHECK(edge ? gpu == 65536 && here == 1 : gpu == share && gpu + here <= 140000);
            shared++;
        }
        trueno_result_free(a);
        trueno_result_free(b);
    }
    TNI_CHECK_EQ_UINT(shared, expected);
}

static void test_a_table_shared_with_the_processor(trueno_db *scalar) {
    static const char *const percents[] = {"1", "50", "99"};
    static const uint64_t shares[] = {65536, 65536, 131072};
    static const uint32_t threads[] = {1, 2, 7};
    static const size_t expected[] = {32, 32, 30}; /* in two the processor's rows are pruned */
    trueno_db *db;
    trueno_result *r;
    size_t i, j;
    for (i = 0; i < 3; i++) {
        (void)setenv("TRUENO_GPU_SPLIT", percents[i], 1);
        db = open_threads(TRUENO_BACKEND_GPU, threads[i]);
        (void)unsetenv("TRUENO_GPU_SPLIT");
        if (!TNI_CHECK(db != NULL)) {
            return;
        }
        for (j = 0; j < sizeof tables / sizeof *tables; j++) {
            run(db, tables[j]);
        }
        split_cases(db, scalar, shares[i], expected[i]);
        if (i == 0) { /* columns and kernels are there */
            split_cases(db, scalar, shares[i], expected[i]);
        }
        r = trueno_query(db, "EXPLAIN SELECT sum(i) FROM t");
        TNI_CHECK(strstr(trueno_get_text(r, 0, 1), "on the GPU and the processor: both at once") !=
                  NULL);
        trueno_result_free(r);
        /* whichever part it is in, the processor reports it; and the next one is answered */
        test_overflow_is_reported_by_the_processor(db);
        trueno_close(db);
    }
}

/* An allocator whose call n fails, from any thread. */
typedef struct heap_state {
    tni_atomic_i64 calls;
    int64_t fail_at; /* from 1; 0: never */
} heap_state;

static void *heap_alloc(void *user, size_t size, size_t alignment) {
    heap_state *heap = (heap_state *)user;
    size_t room = alignment + sizeof(void *);
    char *block, *out;
    if (tni_atomic_add_i64(&heap->calls, 1) + 1 == heap->fail_at) {
        return NULL;
    }
    block = (char *)malloc(size + room);
    if (block == NULL) {
        return NULL;
    }
    out = block + room;
    out -= (uintptr_t)out & (alignment - 1);
    memcpy(out - sizeof(void *), &block, sizeof block);
    return out;
}

static void heap_free(void *user, void *block, size_t size) {
    char *start;
    (void)user;
    (void)size;
    if (block != NULL) {
        memcpy(&start, (char *)block - sizeof(void *), sizeof start);
        free(start);
    }
}

static bool go_on(void *user, const trueno_progress_info *info) {
    (void)info;
    return *(const bool *)user;
}

/* Want of memory at some of the calls: an error that says so, or the answer. */
static void fail_allocations(trueno_db *db, heap_state *heap, const char *sql,
                             trueno_result *wanted) {
    int64_t n, calls;
    tni_atomic_store_i64(&heap->calls, 0);
    trueno_result_free(trueno_query(db, sql));
    calls = tni_atomic_load_i64(&heap->calls);
    for (n = 1; n <= calls; n += 1 + calls / 40) {
        trueno_result *r;
        tni_atomic_store_i64(&heap->calls, 0);
        heap->fail_at = n;
        r = trueno_query(db, sql);
        heap->fail_at = 0;
        if (trueno_result_status(r) == TRUENO_OK) {
            compare(sql, r, wanted);
        } else {
            TNI_CHECK(trueno_result_status(r) == TRUENO_ERROR_MEMORY);
        }
        trueno_result_free(r);
    }
}

/* Shared runs that end early, for want of memory or by the host's wish; the next is answered. */
static void test_shared_runs_that_end_early(trueno_db *scalar) {
    static const size_t some[] = {0, 1, 21, 23, 29};
    heap_state heap = TNI_ZERO;
    trueno_config config;
    trueno_db *db = NULL;
    bool wish = true;
    size_t i;
    memset(&config, 0, sizeof config);
    config.backend = TRUENO_BACKEND_GPU;
    config.threads = 2;
    config.pipeline_cache = "";
    config.allocator.alloc = heap_alloc;
    config.allocator.free = heap_free;
    config.allocator.user = &heap;
    config.progress.report = go_on;
    config.progress.user = &wish;
    (void)setenv("TRUENO_GPU_SPLIT", "50", 1);
    if (TNI_CHECK(trueno_open(&config, &db) == TRUENO_OK) && run(db, tables[0]) &&
        run(db, tables[6])) {
        for (i = 0; i < sizeof some / sizeof *some; i++) {
            const char *sql = cases[some[i]].sql;
            trueno_result *wanted = trueno_query(scalar, sql), *r;
            uint64_t gpu, here;
            fail_allocations(db, &heap, sql, wanted);
            wish = false;
            r = trueno_query(db, sql);
            TNI_CHECK(trueno_result_status(r) == TRUENO_ERROR_INTERRUPTED);
            trueno_result_free(r);
            wish = true;
            r = trueno_query(db, sql);
            compare(sql, r, wanted);
            TNI_CHECK(shared_rows(r, &gpu, &here));
            trueno_result_free(r);
            trueno_result_free(wanted);
        }
    }
    (void)unsetenv("TRUENO_GPU_SPLIT");
    trueno_close(db);
}

static bool on_both_devices(const trueno_result *result) {
    const trueno_info *info = trueno_result_info(result);
    uint32_t i;
    for (i = 0; i < info->pipeline_count; i++) {
        if (strstr(info->pipelines[i].backend, ", 2 of them") != NULL) {
            return true;
        }
    }
    return false;
}

/* Two contexts of one device stand for two devices: scans and groups are shared, and morsels of
 * partitions have their homes by those. */
static void test_several_devices(trueno_db *scalar) {
    static const size_t some[] = {0,  1,  4,  12, 21, 22, 23, 24, 25,
                                  26, 27, 28, 29, 30, 31, 32, 33, 35};
    trueno_db *db;
    uint64_t cached = 0;
    size_t i;
    (void)setenv("TRUENO_GPU_CONTEXTS", "2", 1);
    db = open_with(TRUENO_BACKEND_GPU);
    (void)unsetenv("TRUENO_GPU_CONTEXTS");
    if (!TNI_CHECK(db != NULL)) {
        return;
    }
    for (i = 0; i < sizeof tables / sizeof *tables; i++) {
        TNI_CHECK(run(db, tables[i]));
    }
    TNI_CHECK(strstr(trueno_devices(db, NULL, NULL), "all devices") != NULL);
    for (i = 0; i < sizeof some / sizeof *some; i++) {
        trueno_result *a = trueno_query(db, cases[some[i]].sql);
        trueno_result *b = trueno_query(scalar, cases[some[i]].sql);
        compare(cases[some[i]].sql, a, b);
        TNI_CHECK(on_both_devices(a));
        trueno_result_free(a);
        trueno_result_free(b);
    }
    (void)trueno_devices(db, count_cached, &cached);
    TNI_CHECK(cached > 0);
    run(db, "DROP TABLE t");
    run(db, "DROP TABLE wide");
    run(db, "DROP TABLE hashed");
    run(db, "DROP TABLE ranged");
    cached = 0;
    (void)trueno_devices(db, count_cached, &cached);
    TNI_CHECK(cached == 0);
    trueno_close(db);
}

#if !defined(TRUENO_NO_VULKAN)
/* A device that somebody else made is used as it is, and left alive. */
static void test_a_device_of_the_host(trueno_db *scalar) {
    tni_memory memory;
    tni_gpu_options options;
    tni_gpu *gpu = NULL;
    tni_gpu_device *device = NULL;
    trueno_config config;
    trueno_db *db = NULL;
    tni_error error;
    tni_error_clear(&error);
    tni_memory_init(&memory, NULL, 0);
    memset(&options, 0, sizeof options);
    memset(&config, 0, sizeof config);
    options.software = true;
    if (!TNI_CHECK(tni_gpu_open(&memory, &options, &gpu, &error) == TRUENO_OK) ||
        !TNI_CHECK(tni_gpu_device_open(gpu, tni_gpu_best(gpu), &device, &error) == TRUENO_OK)) {
        tni_gpu_close(gpu);
        return;
    }
    config.backend = TRUENO_BACKEND_GPU;
    config.pipeline_cache = "";
    memcpy(&config.vulkan.instance, &gpu->instance, sizeof(void *));
    memcpy(&config.vulkan.physical_device, &device->info->physical, sizeof(void *));
    memcpy(&config.vulkan.device, &device->device, sizeof(void *));
    memcpy(&config.vulkan.queue, &device->compute, sizeof(void *));
    memcpy(&config.vulkan.get_instance_proc_addr, &gpu->vk.GetInstanceProcAddr,
           sizeof config.vulkan.get_instance_proc_addr);
    config.vulkan.queue_family = device->info->compute_family;
    config.vulkan.float64 = true;
    if (TNI_CHECK(trueno_open(&config, &db) == TRUENO_OK) && run(db, tables[0])) {
        trueno_result *a = trueno_query(db, cases[1].sql);
        trueno_result *b = trueno_query(scalar, cases[1].sql);
        compare(cases[1].sql, a, b);
        TNI_CHECK(ran_on_gpu(a));
        trueno_result_free(a);
        trueno_result_free(b);
    }
    trueno_close(db);
    TNI_CHECK(device->vk.DeviceWaitIdle(device->device) == TNI_VK_SUCCESS);
    tni_gpu_device_close(device);
    tni_gpu_close(gpu);
}
#endif

int main(void) {
    trueno_db *gpu, *scalar;
    const char *line;
    size_t i;
    (void)unsetenv("TRUENO_BACKEND");
    test_other_policies_leave_short_queries_alone();
    gpu = open_with(TRUENO_BACKEND_GPU);
    scalar = open_with(TRUENO_BACKEND_SCALAR);
    if (!TNI_CHECK(gpu != NULL && scalar != NULL)) {
        return tni_test_report();
    }
    line = trueno_devices(gpu, NULL, NULL);
    if (strncmp(line, "queries may run", 15) != 0) {
        TNI_SKIP(line);
    } else {
        for (i = 0; i < sizeof tables / sizeof *tables; i++) {
            run(gpu, tables[i]);
            run(scalar, tables[i]);
        }
        test_answers_are_the_same_bits(gpu, scalar);
        test_overflow_is_reported_by_the_processor(gpu);
        test_data_stays_on_the_device_until_its_table_goes(gpu);
        test_what_is_known_of_a_table_stays(gpu);
        test_devices_tell_what_they_hold(gpu);
        test_explain_shows_both_predictions(gpu);
        test_several_devices(scalar);
        test_a_table_shared_with_the_processor(scalar);
        test_shared_runs_that_end_early(scalar);
#if !defined(TRUENO_NO_VULKAN)
        test_a_device_of_the_host(scalar);
#endif
    }
    trueno_close(gpu);
    trueno_close(scalar);
    return tni_test_report();
}
