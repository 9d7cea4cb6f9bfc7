/*
 * dispatch.c - does the dispatcher choose well? A grid of queries, sizes and residency: the times of
 * both backends, the one that AUTO chose, and what that cost beside the better one.
 *
 *     gpu_dispatch [most rows] [--software]     default 64,000,000
 *
 * Three databases hold the same arrays of the host: one runs all it can on the GPU, one never, one
 * decides. Resident: the device holds the columns; cold: the table was registered anew. The last
 * line is the share of cases in which the choice cost at most a tenth more than the better backend.
 */
#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200112L
#endif
#include "trueno.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_RUNS 7
#define BENCH_COLUMNS 5

typedef struct bench_data {
    int64_t *i;
    int32_t *k;    /* < 1,000 */
    int32_t *wide; /* < 1,000,000 */
    double *d;
    float *f;
} bench_data;

typedef struct bench_query {
    const char *name, *sql;
} bench_query;

static const bench_query queries[] = {
    {"sum", "SELECT sum(d) FROM t"},
    {"filter, sum, count", "SELECT sum(i), count(*) FROM t WHERE k < 250"},
    {"eight aggregates", "SELECT sum(i), min(i), max(i), sum(k), avg(d), min(f), max(f), sum(f) "
                         "FROM t WHERE wide > 1000"},
    {"arithmetic", "SELECT sum(i * 3 + k * 7 - wide) FROM t WHERE k <> 17 AND wide < 900000"},
    {"1,000 groups", "SELECT k, sum(i), count(*) FROM t GROUP BY k"},
    {"1,000,000 groups", "SELECT wide, sum(d) FROM t GROUP BY wide"},
    {"top 10", "SELECT i, d FROM t ORDER BY d DESC LIMIT 10"},
};

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void die(const char *what) {
    fprintf(stderr, "gpu_dispatch: %s\n", what);
    exit(1);
}

static void *reserve(size_t size) {
    void *p = malloc(size);
    if (p == NULL) {
        die("out of memory");
    }
    return p;
}

static bench_data make_data(size_t rows) {
    bench_data data;
    uint64_t x = 88172645463325252u;
    size_t r;
    data.i = (int64_t *)reserve(rows * sizeof *data.i);
    data.k = (int32_t *)reserve(rows * sizeof *data.k);
    data.wide = (int32_t *)reserve(rows * sizeof *data.wide);
    data.d = (double *)reserve(rows * sizeof *data.d);
    data.f = (float *)reserve(rows * sizeof *data.f);
    for (r = 0; r < rows; r++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        data.i[r] = (int64_t)r;
        data.k[r] = (int32_t)(x % 1000);
        data.wide[r] = (int32_t)(x >> 20) % 1000000;
        data.wide[r] = data.wide[r] < 0 ? -data.wide[r] : data.wide[r];
        data.d[r] = (double)(x >> 11) * 1e-6;
        data.f[r] = (float)(x >> 40) * 0.5f;
    }
    return data;
}

static trueno_db *open_with(trueno_backend backend) {
    trueno_config config;
    trueno_db *db;
    memset(&config, 0, sizeof config);
    config.backend = backend;
    config.gpu_cache_bytes = UINT64_C(8) << 30;
    if (trueno_open(&config, &db) != TRUENO_OK) {
        die("cannot open a database");
    }
    return db;
}

static void load(trueno_db *db, const bench_data *data, uint64_t rows) {
    trueno_column columns[BENCH_COLUMNS];
    memset(columns, 0, sizeof columns);
    columns[0].name = "i";
    columns[0].type = TRUENO_TYPE_BIGINT;
    columns[0].data = data->i;
    columns[1].name = "k";
    columns[1].type = TRUENO_TYPE_INTEGER;
    columns[1].data = data->k;
    columns[2].name = "wide";
    columns[2].type = TRUENO_TYPE_INTEGER;
    columns[2].data = data->wide;
    columns[3].name = "d";
    columns[3].type = TRUENO_TYPE_DOUBLE;
    columns[3].data = data->d;
    columns[4].name = "f";
    columns[4].type = TRUENO_TYPE_FLOAT;
    columns[4].data = data->f;
    if (trueno_register_columns(db, "t", columns, BENCH_COLUMNS, rows) != TRUENO_OK) {
        die(trueno_error(db));
    }
}

/* What the dispatcher said of its last choice. */
static char reason[512];

/* Milliseconds of the query; *gpu: some pipeline ran there. */
static double time_query(trueno_db *db, const char *sql, bool *gpu) {
    double start = now_ms(), ms;
    trueno_result *r = trueno_query(db, sql);
    const trueno_info *info = trueno_result_info(r);
    uint32_t p;
    ms = now_ms() - start;
    if (trueno_result_status(r) != TRUENO_OK) {
        die(trueno_result_error(r));
    }
    *gpu = false;
    if (info->pipeline_count > 0) {
        (void)snprintf(reason, sizeof reason, "%s", info->pipelines[0].reason);
    }
    for (p = 0; p < info->pipeline_count; p++) {
        *gpu = *gpu || strncmp(info->pipelines[p].backend, "gpu:", 4) == 0;
    }
    trueno_result_free(r);
    return ms;
}

/* The last choice found kernels missing, which a thread builds now. */
static void wait_for_kernels(void) {
    struct timespec pause = {0, 30000000};
    const char *building = strstr(reason, "building ");
    if (building != NULL && strncmp(building, "building 0.000", 14) != 0) {
        (void)nanosleep(&pause, NULL);
    }
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Register anew; what is computed once a table (bounds) is computed before the clock runs. */
static void cool(trueno_db *db, const bench_data *data, uint64_t rows, const char *sql) {
    char text[512];
    load(db, data, rows);
    (void)snprintf(text, sizeof text, "EXPLAIN %s", sql);
    trueno_result_free(trueno_query(db, text));
}

static double median(trueno_db *db, const bench_data *data, uint64_t rows, const char *sql,
                     bool cold, bool *gpu) {
    double times[BENCH_RUNS];
    int i;
    for (i = 0; i < BENCH_RUNS; i++) {
        if (cold) {
            cool(db, data, rows, sql);
        }
        times[i] = time_query(db, sql, gpu);
    }
    qsort(times, BENCH_RUNS, sizeof *times, ascending);
    return times[BENCH_RUNS / 2];
}

int main(int argc, char **argv) {
    static const uint64_t sizes[] = {10000, 100000, 1000000, 4000000, 16000000, 64000000};
    uint64_t most = 64000000;
    bool software = false;
    trueno_db *gpu, *simd, *both;
    bench_data data;
    const char *line;
    unsigned cases = 0, good = 0;
    size_t s, q;
    int a, cold;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    for (a = 1; a < argc; a++) {
        if (strcmp(argv[a], "--software") == 0) {
            software = true;
        } else {
            most = strtoull(argv[a], NULL, 10);
        }
    }
    if (software) {
        (void)setenv("TRUENO_GPU_SOFTWARE", "1", 1);
    }
    (void)unsetenv("TRUENO_BACKEND");
    both = open_with(TRUENO_BACKEND_AUTO);
    gpu = open_with(TRUENO_BACKEND_GPU);
    simd = open_with(TRUENO_BACKEND_SIMD);
    line = trueno_devices(both, NULL, NULL);
    printf("dispatcher: %s\n", line);
    if (strncmp(line, "queries may run", 15) != 0) {
        return 0;
    }
    data = make_data((size_t)most);
    printf("%-18s %11s %-8s | %9s %9s | %-6s %9s %7s\n", "query", "rows", "columns", "GPU ms",
           "SIMD ms", "chosen", "AUTO ms", "loss");
    for (s = 0; s < sizeof sizes / sizeof *sizes && sizes[s] <= most; s++) {
        uint64_t rows = sizes[s];
        load(gpu, &data, rows);
        load(simd, &data, rows);
        load(both, &data, rows);
        for (q = 0; q < sizeof queries / sizeof *queries; q++) {
            const char *sql = queries[q].sql;
            for (cold = 0; cold < 2; cold++) {
                bool ran, chose, warm;
                double g, c, b, best, mine, loss;
                int i;
                for (i = 0; i < 3; i++) { /* kernels are built, columns where they will be */
                    (void)time_query(gpu, sql, &ran);
                    (void)time_query(simd, sql, &warm);
                }
                /* AUTO brings columns to the device once that has paid */
                for (i = 0, chose = false; i < (cold ? 3 : 60) && (i < 3 || !chose); i++) {
                    (void)time_query(both, sql, &chose);
                    wait_for_kernels();
                }
                if (!ran) {
                    continue;
                }
                g = median(gpu, &data, rows, sql, cold != 0, &ran);
                c = median(simd, &data, rows, sql, false, &warm);
                b = median(both, &data, rows, sql, cold != 0, &chose);
                best = g < c ? g : c;
                mine = chose ? g : c;
                loss = mine / best - 1;
                cases++;
                good += loss <= 0.10 || mine - best < 0.02;
                printf("%-18s %11llu %-8s | %9.3f %9.3f | %-6s %9.3f %6.1f%%\n", queries[q].name,
                       (unsigned long long)rows, cold ? "cold" : "resident", g, c,
                       chose ? "GPU" : "SIMD", b, loss * 100);
                if (loss > 0.10 && mine - best >= 0.02) {
                    printf("    %s\n", reason);
                }
            }
        }
    }
    printf("%u cases; the choice costs at most a tenth more than the better one in %.1f%%\n",
           cases, cases == 0 ? 0.0 : 100.0 * good / cases);
    trueno_close(gpu);
    trueno_close(simd);
    trueno_close(both);
    free(data.i);
    free(data.k);
    free(data.wide);
    free(data.d);
    free(data.f);
    return 0;
}
