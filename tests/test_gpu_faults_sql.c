/*
 * Queries while the driver fails: the answer is always that of the processor, whatever call fails
 * and however; memory of host and device comes back.
 *
 * Running out of memory is tried at every call of every query. A lost device has to be opened
 * anew, kernels with it, so there each query has some calls and all together every one; with
 * TRUENO_TEST_LONG=1, every query every call.
 */
#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* setenv, in strict C11 */
#endif
#include "test.h"

#include "db/database.h"
#include "gpu/accelerator_internal.h"
#include "gpu_faults.h"

/* Drivers keep a little to their end; what is ours is counted. */
#if defined(__SANITIZE_ADDRESS__)
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) {
    return 1;
}
#endif

static const char *const tables[] = {
    "CREATE TABLE t AS SELECT range AS i, (range * 7919) % 1000 AS k, "
    "CASE WHEN range % 7 = 3 THEN NULL ELSE range % 5 END AS n, "
    "CASE WHEN range % 11 = 0 THEN NULL ELSE 'w' || (range % 13) END AS s, "
    "CASE WHEN range % 9 = 1 THEN NULL ELSE (range::DOUBLE - 7000) * 1.1 / (range % 17 + 1) END "
    "AS d, ((range % 501)::FLOAT / 8) AS f, (range % 3 = 0) AS b, "
    "(DATE '2020-01-01' + (range % 900)::INTEGER) AS day FROM range(9000)",
    "CREATE TABLE two AS SELECT range AS i, range % 100 AS k, range::DOUBLE / 3 AS d "
    "FROM range(66000)",
};

static const char *const queries[] = {
    "SELECT count(*), sum(i), avg(i), min(i), max(i) FROM t",
    "SELECT sum(d), avg(d), min(d), max(d), count(d) FROM t",
    "SELECT sum(f), avg(f), min(f), max(f) FROM t WHERE n = 2",
    "SELECT count(*), sum(k) FROM t WHERE i BETWEEN 6530 AND 6550",
    "SELECT sum(d) FROM t WHERE k < 3",
    "SELECT count(n), sum(n), min(n), max(n) FROM t WHERE b",
    "SELECT count(*) FROM t WHERE s = 'w7'",
    "SELECT count(*), sum(d) FROM t WHERE s IN ('w1', 'w12', 'nope') OR n IS NULL",
    "SELECT sum(i * 2 + k), avg(d * 0.5 + 1) FROM t WHERE s <> 'w0'",
    "SELECT min(day), max(day), count(day) FROM t WHERE k > 500",
    "SELECT sum(i) FILTER (WHERE k < 10), count(*) FILTER (WHERE b) FROM t",
    ("SELECT sum(i), sum(k), sum(n), min(i), min(k), min(n), max(i), max(k), max(n), min(d), "
     "max(d), count(s) FROM t"),
    "SELECT sum(x) FROM (SELECT i + k AS x FROM t WHERE n = 3)",
    "SELECT sum(i), sum(d), count(*) FROM t WHERE k > 5000",
    "SELECT sum(i), sum(d) FROM two",
    "SELECT sum(i), max(d) FROM two WHERE i <> 5",
    "SELECT count(*) FROM two WHERE k = 7",
    "SELECT avg(d) FROM two WHERE i > 65000",
    "SELECT n, count(*), sum(i), avg(d), min(d), max(i) FROM t GROUP BY n ORDER BY n",
    "SELECT s, n, count(*), sum(d) FROM t WHERE k < 900 GROUP BY s, n ORDER BY s, n",
    "SELECT k, sum(d), min(f), count(n) FROM t GROUP BY k ORDER BY k",
    "SELECT i, sum(d) FROM t WHERE k = 17 GROUP BY i ORDER BY i",
    "SELECT b, day, count(*) FROM t WHERE k < 40 GROUP BY ALL ORDER BY 1, 2",
    "SELECT s FROM t GROUP BY s ORDER BY s",
    "SELECT s, sum(k) FILTER (WHERE b) FROM t GROUP BY s HAVING count(*) > 100 ORDER BY 2, 1",
    "SELECT k, count(*) FROM two GROUP BY k ORDER BY k",
    "SELECT k, sum(d) FROM two GROUP BY k ORDER BY k",
    "SELECT k, min(i), max(i) FROM two WHERE i > 100 GROUP BY k ORDER BY k",
    "SELECT k % 3 AS r, count(*) FROM two GROUP BY r ORDER BY r",
    "SELECT b, avg(d), sum(n) FROM t GROUP BY b ORDER BY b",
    "SELECT day, count(*) FROM t GROUP BY day ORDER BY day LIMIT 5",
    "SELECT n, s, max(i) FROM t GROUP BY n, s ORDER BY n, s LIMIT 7",
    ("SELECT count(*), sum(length(s)), max(year(day)) FROM t WHERE s LIKE 'w1%' AND i NOT IN "
     "(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)"),
    "SELECT length(s)::TINYINT AS l, count(*) FROM t WHERE s ILIKE 'W%' GROUP BY l ORDER BY l",
};

static trueno_db *db;
static tni_acc *acc;
static char *answers[TNI_COUNT_OF(queries)];

static char *text_of(trueno_db *from, const char *sql) {
    trueno_result *r = trueno_query(from, sql);
    size_t capacity = 65536, used = 0;
    char *out = (char *)calloc(capacity, 1);
    uint64_t row;
    uint32_t column;
    if (trueno_result_status(r) != TRUENO_OK) {
        (void)snprintf(out, capacity, "%s", trueno_result_error(r));
    } else {
        for (row = 0; row < trueno_result_row_count(r); row++) {
            for (column = 0; column < trueno_result_column_count(r); column++) {
                const char *cell = trueno_get_is_null(r, row, column)
                                       ? "NULL"
                                       : trueno_get_text(r, row, column);
                used += (size_t)snprintf(out + used, capacity - used, "%s|", cell);
                if (used > capacity / 2) {
                    capacity *= 2;
                    out = (char *)realloc(out, capacity);
                }
            }
        }
    }
    trueno_result_free(r);
    return out;
}

static trueno_db *open_with(trueno_backend backend) {
    trueno_config config;
    trueno_db *out = NULL;
    size_t i;
    memset(&config, 0, sizeof config);
    config.backend = backend;
    config.threads = 1;
    config.pipeline_cache = ""; /* leave the user's files alone */
    if (trueno_open(&config, &out) != TRUENO_OK) {
        return NULL;
    }
    for (i = 0; i < TNI_COUNT_OF(tables); i++) {
        trueno_result *r = trueno_query(out, tables[i]);
        TNI_CHECK(trueno_result_status(r) == TRUENO_OK);
        trueno_result_free(r);
    }
    return out;
}

/* The accelerator's devices anew, `count` contexts of one, with the shim before the driver. */
static void renew(uint32_t count) {
    uint32_t i;
    for (i = 0; i < acc->device_count; i++) {
        tni_gpu_device_close(acc->devices[i]);
    }
    TNI_CHECK_EQ_INT(faults_alive(), 1); /* the instance */
    for (i = 0; i < count; i++) {
        tni_error error;
        tni_error_clear(&error);
        if (!TNI_CHECK(tni_gpu_device_open(acc->gpu, tni_gpu_best(acc->gpu), &acc->devices[i],
                                           &error) == TRUENO_OK)) {
            printf("    %s\n", error.message);
            exit(tni_test_report());
        }
    }
    acc->device = acc->devices[0];
    acc->device_count = acc->options.contexts = count;
}

/* Forget every column. */
static void forget(void) {
    uint32_t i;
    for (i = 0; i < acc->device_count; i++) {
        while (acc->devices[i]->newest != NULL) {
            tni_gpu_cache_drop(acc->devices[i], acc->devices[i]->newest->key.owner);
        }
    }
}

static bool any_lost(void) {
    uint32_t i;
    bool lost = false;
    for (i = 0; i < acc->device_count; i++) {
        lost = lost || acc->devices[i]->lost;
    }
    return lost;
}

static bool right(size_t query) {
    char *text = text_of(db, queries[query]);
    bool same = strcmp(text, answers[query]) == 0;
    if (!same) {
        printf("    got      %.300s\n    expected %.300s\n", text, answers[query]);
    }
    free(text);
    return same;
}

/* One query with one fault. False when its number is beyond the query's calls. */
static bool try_fault(size_t query, long n, tni_vk_result kind, bool sticky) {
    bool hit;
    uint32_t i;
    forget();
    faults_start(n, kind, sticky);
    if (!TNI_CHECK(right(query))) {
        printf("    %s: %d at call %ld, %s\n", queries[query], (int)kind, n, faults.hit);
    }
    hit = faults_stop();
    forget();
    for (i = 0; i < acc->device_count; i++) {
        TNI_CHECK_EQ_UINT(acc->devices[i]->used, 0);
    }
    if (any_lost()) {
        if (sticky || acc->device_count > 1) {
            TNI_CHECK(right(query)); /* nothing more is asked of it */
        }
        renew(acc->device_count);
    }
    return hit;
}

static void test_memory(void) {
    static const tni_vk_result kinds[] = {TNI_VK_OUT_OF_DEVICE_MEMORY, TNI_VK_OUT_OF_HOST_MEMORY};
    size_t q, k;
    long n, calls = 0;
    for (q = 0; q < TNI_COUNT_OF(queries); q++) {
        TNI_CHECK(right(q)); /* its kernels are there from now on */
        for (k = 0; k < 2; k++) {
            for (n = 0; try_fault(q, n, kinds[k], false); n++) {
                calls++;
            }
        }
        TNI_CHECK(right(q) && !acc->device->lost);
    }
    printf("    %ld calls out of memory\n", calls);
}

static void test_lost(void) {
    const long stride = getenv("TRUENO_TEST_LONG") != NULL ? 1 : 12;
    size_t q;
    long n, calls = 0;
    for (q = 0; q < TNI_COUNT_OF(queries); q++) {
        for (n = (long)q % stride; try_fault(q, n, q % 2 == 0 ? TNI_VK_DEVICE_LOST : TNI_VK_TIMEOUT,
                                          q % 2 == 0);
             n += stride) {
            calls++;
        }
    }
    printf("    %ld calls on a lost device\n", calls);
}

/* The queries over two row groups, some calls of each: with a part of the table on the processor,
 * or on two devices, or both. */
static void test_parts(uint32_t devices, uint32_t split) {
    static const tni_vk_result kinds[] = {TNI_VK_OUT_OF_DEVICE_MEMORY, TNI_VK_DEVICE_LOST,
                                          TNI_VK_TIMEOUT};
    const long stride = getenv("TRUENO_TEST_LONG") != NULL ? 1 : 9;
    long n, calls = 0;
    size_t q;
    renew(devices);
    acc->options.split = split;
    for (q = 0; q < TNI_COUNT_OF(queries); q++) {
        if (strstr(queries[q], "FROM two") == NULL) {
            continue;
        }
        TNI_CHECK(right(q));
        for (n = (long)q % stride; try_fault(q, n, kinds[calls % 3], calls % 2 == 0); n += stride) {
            calls++;
        }
        TNI_CHECK(right(q) && !any_lost());
    }
    acc->options.split = 0;
    renew(1);
    printf("    %ld calls on %u devices, %u%%\n", calls, devices, split);
}

static void set_factors(tni_cost_factor factors[TNI_COST_KINDS][TNI_COST_SIZES], double value) {
    uint32_t kind, size;
    for (kind = 0; kind < TNI_COST_KINDS; kind++) {
        for (size = 0; size < TNI_COST_SIZES; size++) {
            factors[kind][size].now = factors[kind][size].usual = value;
            factors[kind][size].seen = 3;
        }
    }
}

/* The query by the processor, and by the accelerator's choice, which must be a cut in three. */
static void check_cut(const char *sql, double upload) {
    const tni_cost_gpu gpu = acc->gpu_rates;
    const tni_cost_cpu cpu = acc->cpu_rates;
    char *expected, *got;
    trueno_result *r;
    const trueno_info *info;
    acc->options.policy = TNI_POLICY_GPU;
    free(text_of(db, sql)); /* its kernels are there from now on */
    acc->options.policy = TNI_POLICY_CPU;
    expected = text_of(db, sql);
    acc->options.policy = TNI_POLICY_AUTO;
    acc->cpu_rates.threads = 2;
    acc->cpu_rates.memory = acc->gpu_rates.memory = acc->gpu_rates.rows = 1e12;
    acc->gpu_rates.upload = upload;
    set_factors(acc->cpu_rates.factor, 1000);
    set_factors(acc->gpu_rates.factor, 1);
    forget();
    got = text_of(db, sql);
    TNI_CHECK(strcmp(got, expected) == 0);
    acc->gpu_rates.upload = upload;
    set_factors(acc->cpu_rates.factor, 1000);
    forget();
    r = trueno_query(db, sql);
    info = trueno_result_info(r);
    if (!TNI_CHECK(info->pipeline_count > 1 &&
                   strncmp(info->pipelines[0].reason, "both at once: 2 of 3 row groups", 31) == 0 &&
                   info->pipelines[0].rows_in == 65000 && info->pipelines[1].rows_in == 131072)) {
        printf("    %s\n    %s\n", sql, info->pipelines[0].reason);
    }
    TNI_CHECK(tni_cost_factor_at(acc->cpu_rates.factor[TNI_COST_SCAN], 65000)->now != 1000 ||
              tni_cost_factor_at(acc->cpu_rates.factor[TNI_COST_GROUP_DENSE], 65000)->now != 1000);
    trueno_result_free(r);
    free(expected);
    free(got);
    acc->gpu_rates = gpu;
    acc->cpu_rates = cpu;
}

/* The choice by itself: where the bus is as slow as the processor, a table of three morsels is cut,
 * and what it takes is learnt. */
static void test_chosen_cut(void) {
    tni_gpu_info *info = &acc->gpu->devices[acc->device->info - acc->gpu->devices];
    bool software = info->is_software;
    uint64_t budget = acc->device->budget;
    trueno_result *r =
        trueno_query(db, "CREATE TABLE three AS SELECT range AS i, range % 100 AS k, "
                         "range::DOUBLE / 3 AS d FROM range(196072)");
    TNI_CHECK(trueno_result_status(r) == TRUENO_OK);
    trueno_result_free(r);
    info->is_software = false;
    acc->options.threads = 2;
    acc->device->budget = 16u << 20; /* a morsel is a segment */
    check_cut("SELECT sum(i), max(d), sum(d) FROM three WHERE i <> 5", 22e3);
    check_cut("SELECT k, sum(d), count(*) FROM three GROUP BY k ORDER BY k", 7e3);
    info->is_software = software;
    acc->options.policy = TNI_POLICY_GPU;
    acc->options.threads = 1;
    acc->device->budget = budget;
    r = trueno_query(db, "DROP TABLE three");
    TNI_CHECK(trueno_result_status(r) == TRUENO_OK);
    trueno_result_free(r);
    forget();
}

int main(void) {
    const char *wanted = getenv("TRUENO_TEST_GPU");
    trueno_db *scalar;
    char *first;
    size_t q;
    if (wanted != NULL && strcmp(wanted, "0") == 0) {
        TNI_SKIP("TRUENO_TEST_GPU=0");
        return tni_test_report();
    }
    (void)unsetenv("TRUENO_BACKEND");
    scalar = open_with(TRUENO_BACKEND_SCALAR);
    db = open_with(TRUENO_BACKEND_GPU);
    if (!TNI_CHECK(scalar != NULL && db != NULL)) {
        return tni_test_report();
    }
    for (q = 0; q < TNI_COUNT_OF(queries); q++) {
        answers[q] = text_of(scalar, queries[q]);
    }
    trueno_close(scalar);
    first = text_of(db, queries[0]);
    free(first);
    acc = (tni_acc *)db->accelerator;
    if (acc == NULL || acc->device == NULL) {
        TNI_SKIP(acc == NULL ? "this build has no GPU backend" : acc->reason);
    } else {
        tni_gpu_device_close(acc->device);
        acc->device_count = 0;
        acc->gpu->options.intercept = faults_intercept;
        faults_intercept(NULL, &acc->gpu->vk, NULL);
        tni_atomic_store_i64(&faults.alive[FAULTS_INSTANCE], 1);
        renew(1);
        test_chosen_cut();
        test_memory();
        test_lost();
        test_parts(1, 50);
        test_parts(2, 0);
        test_parts(2, 50);
    }
    for (q = 0; q < TNI_COUNT_OF(queries); q++) {
        free(answers[q]);
    }
    trueno_close(db);
    TNI_CHECK_EQ_INT(faults_alive(), 0);
    return tni_test_report();
}
