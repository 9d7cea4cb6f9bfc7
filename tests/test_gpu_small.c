/*
 * Devices that have little, as a real one that is told so: what their kernels can bind runs there,
 * the rest on the processor with the reason, and every answer is the scalar processor's.
 */
#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* setenv, in strict C11 */
#endif
#include "test.h"

#include "db/database.h"
#include "gpu/accelerator_internal.h"

/* Drivers keep a little to their end, which a leak checker would report. */
#if defined(__SANITIZE_ADDRESS__)
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) {
    return 1;
}
#endif

static const char *const tables[] = {
    "CREATE TABLE t AS SELECT range::INTEGER AS i, ((range * 7919) % 1000)::INTEGER AS k, "
    "CASE WHEN range % 7 = 3 THEN NULL ELSE range % 5 END AS n, "
    "CASE WHEN range % 11 = 0 THEN NULL ELSE 'w' || (range % 13) END AS s, "
    "CASE WHEN range % 9 = 1 THEN NULL ELSE (range::DOUBLE - 7000) * 1.1 END AS d, "
    "(range - 35000) * 131000000000000 AS h FROM range(70000)",
    /* every type of at most 32 bits at its ends, plain and narrow, with and without NULLs */
    "CREATE TABLE u AS SELECT range::INTEGER AS i, "
    "((range * 2654435761) % 4294967296 - 2147483648)::INTEGER AS w, "
    "((range * 2654435761) % 4294967296)::UINTEGER AS uw, (range % 256 - 128)::TINYINT AS b, "
    "(range % 65536 - 32768)::SMALLINT AS h, (range % 65536)::USMALLINT AS uh, "
    "(range % 256)::UTINYINT AS ub, (4294967295 - range % 9)::UINTEGER AS top, "
    "(-2147483648 + range % 5)::INTEGER AS low, "
    "CASE WHEN range % 3 = 0 THEN NULL ELSE (range * 40503 % 65536 - 30000)::INTEGER END AS n, "
    "(DATE '1960-01-01' + (range % 30000)::INTEGER) AS day, "
    "CASE range % 301 WHEN 0 THEN 'NaN'::FLOAT WHEN 1 THEN '-inf'::FLOAT WHEN 2 THEN '-0'::FLOAT "
    "ELSE (range % 501 - 250)::FLOAT / 8 END AS f, range % 3 = 0 AS t, "
    "CASE WHEN range % 11 = 0 THEN NULL ELSE 'w' || (range % 13) END AS s, "
    "range::BIGINT * 5000000000 AS big, range::DOUBLE / 3 AS d FROM range(140000)",
};

/* How many storage buffers a kernel of each query needs. */
typedef struct small_case {
    const char *sql;
    uint32_t buffers;
} small_case;

static const small_case cases[] = {
    {"SELECT count(*) FROM t WHERE i < 4000", 3},
    {"SELECT sum(h), min(h), max(h) FROM t", 3},
    {"SELECT count(*), sum(d) FROM t", 4},
    {"SELECT sum(k), min(k), max(k), count(*) FROM t WHERE s = 'w7'", 7},
    {"SELECT sum(d), sum(n), count(s) FROM t WHERE k < 500", 11},
    {"SELECT k, sum(h), count(*) FROM t GROUP BY k ORDER BY k", 6},
    {"SELECT n, s, sum(d), max(k), min(i) FROM t WHERE h < 5000000000000 GROUP BY n, s "
     "ORDER BY n, s",
     14},
    {"SELECT h, sum(k) FROM t GROUP BY h ORDER BY h LIMIT 30", 6},
    {"SELECT i, k, s FROM t WHERE h > 0 ORDER BY d DESC, i LIMIT 9", 8},
};

/* Without 64-bit integers. */
typedef struct word_case {
    const char *sql;
    bool on_gpu;
} word_case;

static const word_case word_cases[] = {
    {"SELECT count(*) FROM u WHERE i < 4000", true},
    {"SELECT count(*), sum(i), min(i), max(i), avg(i) FROM u", true},
    {"SELECT sum(w), min(w), max(w), sum(uw), min(uw), max(uw) FROM u", true},
    {"SELECT sum(b), min(b), max(b), sum(ub), min(ub), max(ub) FROM u", true},
    {"SELECT sum(h), min(h), max(h), sum(uh), min(uh), max(uh) FROM u", true},
    {"SELECT sum(top), min(top), max(top), sum(low), min(low), max(low) FROM u", true},
    {"SELECT sum(low), sum(top) FROM u WHERE w < -2000000000 AND uw > 5", true},
    {"SELECT sum(n), min(n), max(n), count(n), count(*) FROM u WHERE s = 'w7'", true},
    {"SELECT sum(n) FROM u WHERE s LIKE 'w1%' OR n IS NULL", true},
    {"SELECT count(*), min(f), max(f), count(f) FROM u", true},
    {"SELECT count(*), min(f), max(f) FROM u WHERE f < 3 AND f > -7.5", true},
    {"SELECT min(day), max(day), count(day) FROM u WHERE day >= DATE '1970-01-01'", true},
    {"SELECT min(t), max(t), count(*) FROM u WHERE t OR i IN (5, 7, -3, 70000)", true},
    {"SELECT sum(CASE WHEN w > 0 THEN n ELSE b END), count(s) FROM u WHERE uh <> 17", true},
    {"SELECT sum(b::SMALLINT * ub::SMALLINT), sum(h::INTEGER * h), min(b::INTEGER * h), "
     "max(ub::INTEGER * uh) FROM u",
     true},
    {"SELECT sum(n * b), min(n * ub), sum(i * 15000), sum(uw // 7 * 5) FROM u", true},
    {"SELECT sum(w // 3 * -2), sum(i % 1000), max(low + i), sum(-n) FROM u", true},
    {"SELECT sum(low * -1) FROM u WHERE low > -2147483648", true},
    {"SELECT sum(low * 1), sum((top // 65537) * 65537), sum(abs(n)) FROM u", true},
    {"SELECT sum(low * -1) FROM u", false}, /* out of range, as the processor reports */
    {"SELECT sum(top * 2) FROM u", false},
    {"SELECT sum(uh::UINTEGER * 65537) FROM u WHERE uh < 65535", true},
    {"SELECT sum(n) FILTER (WHERE t), count(*) FILTER (WHERE n > w) FROM u", true},
    {"SELECT sum(i), max(n) FROM u WHERE i > 200000", true}, /* no row */
    {"SELECT sum(i), sum(w) FROM u WHERE i = 139999 OR i = 0", true},
    {"SELECT sum(big) FROM u", false},
    {"SELECT count(*) FROM u WHERE big > 7000000000", false},
    {"SELECT sum(i) FROM u WHERE d < 100", false},
    {"SELECT sum(f) FROM u", false},
    {"SELECT max(d) FROM u", false},
    {"SELECT s, count(*) FROM u GROUP BY s ORDER BY s", false},
    {"SELECT i FROM u ORDER BY w LIMIT 5", false},
};

static char why[256]; /* the last query's reason */

static char *text_of(trueno_db *from, const char *sql, bool *on_gpu) {
    trueno_result *r = trueno_query(from, sql);
    const trueno_info *info = trueno_result_info(r);
    size_t capacity = 65536, used = 0;
    char *out = (char *)calloc(capacity, 1);
    uint64_t row;
    uint32_t column, i;
    *on_gpu = false;
    why[0] = '\0';
    if (info->pipeline_count > 0) {
        (void)snprintf(why, sizeof why, "%s", info->pipelines[0].reason);
    }
    for (i = 0; i < info->pipeline_count; i++) {
        *on_gpu = *on_gpu || strncmp(info->pipelines[i].backend, "gpu:", 4) == 0;
    }
    if (trueno_result_status(r) != TRUENO_OK) {
        (void)snprintf(out, capacity, "%s", trueno_result_error(r));
    }
    for (row = 0; row < trueno_result_row_count(r) && used < capacity / 2; row++) {
        for (column = 0; column < trueno_result_column_count(r); column++) {
            const char *cell =
                trueno_get_is_null(r, row, column) ? "NULL" : trueno_get_text(r, row, column);
            used += (size_t)snprintf(out + used, capacity - used, "%s|", cell);
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

/* The answer is that of the processor, and `wanted` says where it was found. */
static void check(trueno_db *db, trueno_db *scalar, const char *sql, bool wanted) {
    bool on_gpu, unused;
    char *expected = text_of(scalar, sql, &unused), *got = text_of(db, sql, &on_gpu);
    if (!TNI_CHECK(strcmp(got, expected) == 0) || !TNI_CHECK(on_gpu == wanted)) {
        printf("    %s\n    %s\n    got      %.200s\n    expected %.200s\n", sql, why, got,
               expected);
    }
    free(got);
    free(expected);
}

static void test_few_storage_buffers(trueno_db *db, trueno_db *scalar, tni_gpu_info *info) {
    static const uint32_t counts[] = {4, 6, 7, 8, 11, 13, 14, 26};
    uint32_t had = info->storage_buffers;
    size_t i, k;
    for (k = 0; k < TNI_COUNT_OF(counts); k++) {
        info->storage_buffers = counts[k];
        for (i = 0; i < TNI_COUNT_OF(cases); i++) {
            check(db, scalar, cases[i].sql, cases[i].buffers <= counts[k]);
        }
    }
    info->storage_buffers = had;
}

static void test_the_reason_names_the_buffers(trueno_db *db, tni_gpu_info *info) {
    uint32_t had = info->storage_buffers;
    trueno_result *r;
    const char *reason;
    info->storage_buffers = 4;
    r = trueno_query(db, cases[5].sql);
    reason = trueno_result_info(r)->pipelines[0].reason;
    if (!TNI_CHECK(strstr(reason, "takes 4 storage buffers a kernel, 6 are needed") != NULL)) {
        printf("    %s\n", reason);
    }
    trueno_result_free(r);
    info->storage_buffers = had;
}

static void test_no_64_bit_integers(trueno_db *db, trueno_db *scalar, tni_gpu_info *info) {
    tni_gpu_info had = *info;
    trueno_result *r;
    const char *reason;
    size_t i;
    info->int64 = info->atomic_int64 = false;
    for (i = 0; i < TNI_COUNT_OF(word_cases); i++) {
        info->float64 = i % 2 != 0;
        check(db, scalar, word_cases[i].sql, word_cases[i].on_gpu);
    }
    r = trueno_query(db, "SELECT sum(big) FROM u");
    reason = trueno_result_info(r)->pipelines[0].reason;
    if (!TNI_CHECK(strstr(reason, "has no 64-bit integers") != NULL)) {
        printf("    %s\n", reason);
    }
    trueno_result_free(r);
    *info = had;
}

int main(void) {
    const char *wanted = getenv("TRUENO_TEST_GPU");
    trueno_db *db, *scalar;
    tni_acc *acc;
    bool unused;
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
    free(text_of(db, cases[0].sql, &unused));
    acc = (tni_acc *)db->accelerator;
    if (acc == NULL || acc->device == NULL) {
        TNI_SKIP(acc == NULL ? "this build has no GPU backend" : acc->reason);
    } else {
        tni_gpu_info *info = &acc->gpu->devices[acc->device->info - acc->gpu->devices];
        test_few_storage_buffers(db, scalar, info);
        test_the_reason_names_the_buffers(db, info);
        test_no_64_bit_integers(db, scalar, info);
    }
    trueno_close(db);
    trueno_close(scalar);
    return tni_test_report();
}
