/*
 * test_gpu_aside.c - kernels of new shapes are built on a thread while the processor answers, and
 * the next query of the shape finds all of them. Rates are made up so that the device is taken
 * whenever nothing has to be built, and never else.
 *
 * Needs any Vulkan device, llvmpipe included; without one it skips with the reason.
 */
#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* setenv, in strict C11 */
#endif
#include "test.h"

#include "db/database.h"
#include "gpu/accelerator_internal.h"

#if defined(TRUENO_NO_VULKAN)

int main(void) {
    TNI_SKIP("built with TRUENO_NO_VULKAN");
    return tni_test_report();
}

#else

/* Drivers keep a little to their end, which a leak checker would report. */
#if defined(__SANITIZE_ADDRESS__)
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) {
    return 1;
}
#endif

static const char *const table =
    "CREATE TABLE t AS SELECT range AS i, (range * 7919) % 1000 AS k, "
    "CASE WHEN range % 7 = 3 THEN NULL ELSE range % 5 END AS n, "
    "CASE WHEN range % 11 = 0 THEN NULL ELSE 'w' || (range % 13) END AS s, "
    "(range::DOUBLE - 70000) * 1.1 / (range % 17 + 1) AS d, "
    "(range * 2654435761) % 1000000007 AS wide FROM range(70000)";

static const char *const queries[] = {
    "SELECT sum(i), max(k) FROM t",
    "SELECT sum(d), count(*) FROM t WHERE s = 'w7' AND k < 900",
    ("SELECT sum(i), sum(k), sum(n), min(i), min(k), min(n), max(i), max(k), max(n), min(d), "
     "max(d), count(s) FROM t"), /* two passes */
    "SELECT n, count(*), sum(i) FROM t GROUP BY n ORDER BY n",
    "SELECT s, n, avg(d), min(k) FROM t WHERE k < 900 GROUP BY s, n ORDER BY s, n",
    "SELECT i, sum(d) FROM t GROUP BY i ORDER BY i LIMIT 9",
    "SELECT wide, count(*), sum(k) FROM t GROUP BY wide ORDER BY wide LIMIT 9",
    "SELECT wide, sum(i) FROM t WHERE k = 17 GROUP BY wide ORDER BY wide LIMIT 9",
    "SELECT k, sum(i), min(i), max(i), sum(n), min(n), max(n), sum(d), min(d), max(d) FROM t "
    "GROUP BY k ORDER BY k",
    "SELECT i, d FROM t ORDER BY d DESC, i LIMIT 5",
    "SELECT i, s FROM t WHERE k < 700 ORDER BY s, n NULLS FIRST, i LIMIT 7",
    "SELECT i FROM t WHERE n = 2 ORDER BY i % 1000, wide DESC LIMIT 7",
    "SELECT i FROM t ORDER BY k LIMIT 18000",
};

static trueno_db *db;
static tni_acc *acc;

/* The device costs nothing, the processor half a second, a kernel a week. */
static void make_up_rates(void) {
    tni_mutex_lock(&acc->mutex);
    tni_cost_gpu_default(&acc->gpu_rates);
    acc->gpu_rates.upload = acc->gpu_rates.download = 1e15;
    acc->gpu_rates.memory = acc->gpu_rates.rows = 1e15;
    acc->gpu_rates.build_ms = 6e8;
    acc->cpu_rates.start_ms = 500;
    tni_mutex_unlock(&acc->mutex);
}

static bool is_building(void) {
    bool building;
    tni_mutex_lock(&acc->mutex);
    building = acc->building;
    tni_mutex_unlock(&acc->mutex);
    return building;
}

static char *answer(const char *sql, bool *gpu, double *compile_ms) {
    trueno_result *r = trueno_query(db, sql);
    const trueno_info *info = trueno_result_info(r);
    char *text = NULL, *copy = NULL;
    size_t length = 0;
    uint32_t p;
    *gpu = false;
    *compile_ms = 0;
    for (p = 0; p < info->pipeline_count; p++) {
        *gpu = *gpu || strncmp(info->pipelines[p].backend, "gpu:", 4) == 0;
        *compile_ms += info->pipelines[p].compile_ms;
    }
    if (TNI_CHECK(trueno_result_to_csv(r, &text, &length) == TRUENO_OK)) {
        copy = (char *)calloc(length + 1, 1);
        memcpy(copy, text, length);
        trueno_text_free(r, text, length);
    } else {
        printf("    %s\n", trueno_result_error(r));
    }
    trueno_result_free(r);
    return copy;
}

static void test_new_shapes_are_built_aside(void) {
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(queries); i++) {
        bool first = true, meanwhile = false, second = false;
        double compile_ms;
        char *one, *two, *old = NULL;
        make_up_rates();
        one = answer(queries[i], &first, &compile_ms);
        if (i > 0) { /* what is built runs while others are being built */
            make_up_rates();
            old = answer(queries[0], &meanwhile, &compile_ms);
            TNI_CHECK(meanwhile && compile_ms == 0);
        }
        while (is_building()) {
            tni_thread_yield();
        }
        make_up_rates();
        two = answer(queries[i], &second, &compile_ms);
        if (!TNI_CHECK(!first && second && compile_ms == 0)) {
            printf("    %s: %d, %d, %.3f ms of building\n", queries[i], first, second, compile_ms);
        }
        TNI_CHECK(one != NULL && two != NULL && strcmp(one, two) == 0);
        free(one);
        free(two);
        free(old);
    }
}

/* Closing does not wait for a whole list. */
static void test_closing_while_building(void) {
    bool gpu;
    double compile_ms;
    make_up_rates();
    free(answer("SELECT n, k % 7, sum(i * 3), sum(d * 2) FROM t WHERE i > 5 GROUP BY 1, 2", &gpu,
                &compile_ms));
    TNI_CHECK(!gpu);
}

int main(void) {
    trueno_config config;
    trueno_result *r;
    const char *line;
    memset(&config, 0, sizeof config);
    config.threads = 2;
    config.pipeline_cache = ""; /* leave the user's files alone */
    (void)setenv("TRUENO_GPU_SOFTWARE", "1", 1);
    (void)unsetenv("TRUENO_BACKEND");
    (void)unsetenv("TRUENO_GPU_CONTEXTS");
    if (!TNI_CHECK(trueno_open(&config, &db) == TRUENO_OK)) {
        return tni_test_report();
    }
    line = trueno_devices(db, NULL, NULL);
    if (strncmp(line, "queries may run", 15) != 0) {
        TNI_SKIP(line);
        trueno_close(db);
        return tni_test_report();
    }
    acc = (tni_acc *)db->accelerator;
    r = trueno_query(db, table);
    TNI_CHECK(trueno_result_status(r) == TRUENO_OK);
    trueno_result_free(r);
    test_new_shapes_are_built_aside();
    test_closing_while_building();
    trueno_close(db);
    return tni_test_report();
}

#endif
