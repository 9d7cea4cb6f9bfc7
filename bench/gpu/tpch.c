/*
 * tpch.c - TPC-H's Q1 and Q6 in shape: a table of line items made here, its columns encoded by the
 * engine and resident, asked through the public interface on the GPU and on the processor.
 *
 *     gpu_tpch [rows] [--software]      default 60,000,000
 *
 * Prices are whole cents, discounts and taxes per cent, so that products are 64-bit integers. Timed
 * is a whole trueno_query, parsing and planning included; medians of 9 after 0.3 s of warming up.
 */
#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200112L
#endif
#include "trueno.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_RUNS 9
#define BENCH_WARM_MS 300.0

static const char *const names[] = {"Q1", "Q6"};
static const char *const queries[] = {
    "SELECT flag, status, sum(quantity), sum(price), sum(price * (100 - discount)), "
    "sum(price * (100 - discount) * (100 + tax)), avg(quantity), avg(price), avg(discount), "
    "count(*) FROM lineitem WHERE shipped <= DATE '1998-09-02' GROUP BY flag, status "
    "ORDER BY flag, status",
    "SELECT sum(price * discount) FROM lineitem WHERE shipped >= DATE '1994-01-01' "
    "AND shipped < DATE '1995-01-01' AND discount BETWEEN 5 AND 7 AND quantity < 24",
};

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void die(const char *what) {
    fprintf(stderr, "gpu_tpch: %s\n", what);
    exit(1);
}

static trueno_result *ask(trueno_db *db, const char *sql) {
    trueno_result *r = trueno_query(db, sql);
    if (trueno_result_status(r) != TRUENO_OK) {
        die(trueno_result_error(r));
    }
    return r;
}

static trueno_db *open_with(trueno_backend backend, unsigned long long rows) {
    trueno_config config;
    trueno_db *db;
    char sql[1024];
    memset(&config, 0, sizeof config);
    config.backend = backend;
    config.gpu_cache_bytes = UINT64_C(64) << 30;
    if (trueno_open(&config, &db) != TRUENO_OK) {
        die("cannot open a database");
    }
    (void)snprintf(sql, sizeof sql,
                   "CREATE TABLE lineitem AS SELECT CASE WHEN h %% 4 = 0 THEN 'A' WHEN h %% 4 = 1 "
                   "THEN 'R' ELSE 'N' END AS flag, CASE WHEN h %% 64 < 32 THEN 'O' ELSE 'F' END "
                   "AS status, ((h >> 8) %% 50 + 1)::BIGINT AS quantity, "
                   "((h >> 16) %% 10000000 + 90000)::BIGINT AS price, "
                   "((h >> 40) %% 11)::BIGINT AS discount, ((h >> 44) %% 9)::BIGINT AS tax, "
                   "DATE '1992-01-02' + ((h >> 48) %% 2526)::INTEGER AS shipped "
                   "FROM (SELECT hash(range) AS h FROM range(%llu))",
                   rows);
    trueno_result_free(ask(db, sql));
    return db;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The median; *answer as CSV, *device what the device's own clock says, *where it ran. */
static double measure(trueno_db *db, const char *sql, char **answer, double *device,
                      char where[128]) {
    double times[BENCH_RUNS], start, awake;
    size_t length;
    int i = -2;
    *answer = NULL;
    awake = now_ms();
    while (i < BENCH_RUNS) {
        trueno_result *r;
        const trueno_info *info;
        if (i == 0 && now_ms() - awake < BENCH_WARM_MS) {
            i = -1;
        }
        start = now_ms();
        r = ask(db, sql);
        if (i >= 0) {
            times[i] = now_ms() - start;
        }
        info = trueno_result_info(r);
        *device = info->pipelines[0].compute_ms;
        (void)snprintf(where, 128, "%s", info->pipelines[0].backend);
        if (i == -2) {
            char *text;
            if (trueno_result_to_csv(r, &text, &length) != TRUENO_OK) {
                die("no text");
            }
            *answer = (char *)malloc(length + 1);
            if (*answer == NULL) {
                die("out of memory");
            }
            memcpy(*answer, text, length);
            (*answer)[length] = '\0';
            trueno_text_free(r, text, length);
        }
        trueno_result_free(r);
        i++;
    }
    qsort(times, BENCH_RUNS, sizeof *times, ascending);
    return times[BENCH_RUNS / 2];
}

int main(int argc, char **argv) {
    unsigned long long rows = 60000000;
    trueno_db *gpu, *simd;
    bool same = true;
    size_t q;
    int a;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    for (a = 1; a < argc; a++) {
        if (strcmp(argv[a], "--software") == 0) {
            (void)setenv("TRUENO_GPU_SOFTWARE", "1", 1);
        } else {
            rows = strtoull(argv[a], NULL, 10);
        }
    }
    (void)unsetenv("TRUENO_BACKEND");
    gpu = open_with(TRUENO_BACKEND_GPU, rows);
    simd = open_with(TRUENO_BACKEND_SIMD, rows);
    printf("shapes of TPC-H, %llu rows\n%-6s %10s %10s %10s  %s\n", rows, "query", "GPU ms",
           "device ms", "SIMD ms", "GPU pipeline on");
    for (q = 0; q < sizeof queries / sizeof *queries; q++) {
        char *one, *two, where[128], there[128];
        double device, none;
        double g = measure(gpu, queries[q], &one, &device, where);
        double c = measure(simd, queries[q], &two, &none, there);
        bool equal = strcmp(one, two) == 0;
        printf("%-6s %10.3f %10.3f %10.3f  %s, %s\n", names[q], g, device, c, where,
               equal ? "same answer" : "WRONG");
        same = same && equal;
        free(one);
        free(two);
    }
    trueno_close(gpu);
    trueno_close(simd);
    return same ? 0 : 1;
}
