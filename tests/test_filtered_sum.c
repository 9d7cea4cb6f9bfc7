/*
 * test_filtered_sum.c - a filter on the column that is summed, in one pass and in two.
 *
 * Every condition runs as it is, which the scan may hand to the aggregation, and as one that no
 * scan can hand on (it asks a second column as well, one that is true everywhere). Counts and the
 * bits of sums have to agree, in every row of kernels, with any number of threads, with and
 * without NULLs, NaN, infinities and rows that do not fill a block.
 */
#include "test.h"
#include "trueno.h"

#define ROWS 200037u

static float singles[ROWS];
static double doubles[ROWS];
static double holes[ROWS];
static uint8_t yes[ROWS];
static uint8_t validity[ROWS / 8 + 1];

static void fill(void) {
    uint64_t x = 88172645463325252u;
    double zero = 0;
    uint32_t i;
    for (i = 0; i < ROWS; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        doubles[i] = (double)(int64_t)(x >> 20) / 16777216.0 - 500.0;
        doubles[i] = x % 1013 == 0 ? -0.0 : x % 20011 == 0 ? zero / zero : doubles[i];
        if (i > 150000) { /* the last segments have infinities too */
            doubles[i] = x % 7919 == 0 ? 1 / zero : x % 7907 == 0 ? -1 / zero : doubles[i];
        }
        singles[i] = (float)doubles[i];
        holes[i] = doubles[i];
        yes[i] = 1;
        if (x % 5 != 0) {
            validity[i / 8] = (uint8_t)(validity[i / 8] | 1u << i % 8);
        }
    }
}

static bool open_at(trueno_backend backend, uint32_t threads, trueno_db **db) {
    trueno_config config;
    trueno_column columns[4];
    memset(&config, 0, sizeof config);
    memset(columns, 0, sizeof columns);
    config.backend = backend;
    config.threads = threads;
    if (trueno_open(&config, db) != TRUENO_OK) {
        trueno_close(*db);
        return false; /* not a row of this processor */
    }
    columns[0].name = "s";
    columns[0].type = TRUENO_TYPE_FLOAT;
    columns[0].data = singles;
    columns[1].name = "d";
    columns[1].type = TRUENO_TYPE_DOUBLE;
    columns[1].data = doubles;
    columns[2].name = "h";
    columns[2].type = TRUENO_TYPE_DOUBLE;
    columns[2].data = holes;
    columns[2].validity = validity;
    columns[3].name = "yes";
    columns[3].type = TRUENO_TYPE_BOOLEAN;
    columns[3].data = yes;
    TNI_CHECK(trueno_register_columns(*db, "t", columns, 4, ROWS) == TRUENO_OK);
    return true;
}

typedef struct answer {
    int64_t rows, values;
    double sum, mean;
    bool null;
} answer;

static answer ask(trueno_db *db, const char *column, const char *condition, const char *more) {
    char sql[512];
    trueno_result *r;
    answer a;
    memset(&a, 0, sizeof a);
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*), count(%s), sum(%s), avg(%s) FROM t WHERE %s%s", column, column,
                   column, condition, more);
    r = trueno_query(db, sql);
    if (TNI_CHECK(trueno_result_status(r) == TRUENO_OK)) {
        a.rows = trueno_get_int64(r, 0, 0);
        a.values = trueno_get_int64(r, 0, 1);
        a.null = trueno_get_is_null(r, 0, 2);
        a.sum = trueno_get_double(r, 0, 2);
        a.mean = trueno_get_double(r, 0, 3);
    } else {
        printf("    %s: %s\n", sql, trueno_result_error(r));
    }
    trueno_result_free(r);
    return a;
}

static void compare(trueno_db *db, const char *column, const char *format, answer *first,
                    bool is_first) {
    char condition[256];
    answer one, two;
    (void)snprintf(condition, sizeof condition, format, column, column);
    one = ask(db, column, condition, "");
    two = ask(db, column, condition, " AND yes");
    TNI_CHECK_EQ_INT(one.rows, two.rows);
    TNI_CHECK_EQ_INT(one.values, two.values);
    TNI_CHECK(one.null == two.null);
    TNI_CHECK_EQ_DOUBLE(one.sum, two.sum);
    TNI_CHECK_EQ_DOUBLE(one.mean, two.mean);
    if (is_first) {
        *first = one;
    }
    TNI_CHECK_EQ_INT(one.rows, first->rows);
    TNI_CHECK_EQ_DOUBLE(one.sum, first->sum);
}

int main(void) {
    static const char *const conditions[] = {
        "%s > 50",
        "%s >= 50",
        "%s < -100.5",
        "%s <= 0",
        "%s = 0",
        "%s > 1e30",
        "%s > 'Infinity'",
        "50 < %s",
        "%s BETWEEN -20 AND 20",
        "%s >= -300 AND %s < 900",
        "%s > -20 AND %s > 10",
        "%s > 10 AND %s < -10",
        "%s <> 0",
    };
    static const trueno_backend backends[] = {TRUENO_BACKEND_SCALAR, TRUENO_BACKEND_SSE,
                                              TRUENO_BACKEND_AVX2, TRUENO_BACKEND_AVX512,
                                              TRUENO_BACKEND_NEON};
    static const char *const names[] = {"s", "d", "h"};
    answer first[sizeof conditions / sizeof conditions[0]][3];
    bool is_first = true;
    size_t b, threads, c, n;
    fill();
    for (b = 0; b < sizeof backends / sizeof backends[0]; b++) {
        for (threads = 1; threads <= 3; threads += 2) {
            trueno_db *db = NULL;
            if (!open_at(backends[b], (uint32_t)threads, &db)) {
                continue;
            }
            for (c = 0; c < sizeof conditions / sizeof conditions[0]; c++) {
                for (n = 0; n < 3; n++) {
                    compare(db, names[n], conditions[c], &first[c][n], is_first);
                }
            }
            is_first = false;
            trueno_close(db);
        }
    }
    return tni_test_report();
}
