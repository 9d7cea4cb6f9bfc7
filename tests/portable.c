/*
 * portable.c - one program for every compiler, language and processor of tests/portability.sh.
 *
 * Prints the answers of queries whose text must not depend on where they run: the script compares
 * the outputs of all builds byte for byte. Exits with 1 when a query fails; one that this version
 * refuses as not supported prints that. Run in the repository's root: it reads examples/data.
 */
#define TRUENO_DB_IMPLEMENTATION
#include "trueno_db.h"

#include <stdio.h>

static const char *const queries[] = {
    "SELECT 1 + 1 AS two, 7 / 2 AS quotient, 7 // 2 AS whole, -7 % 3 AS rest, 'text' AS word",
    "SELECT 0.1::DOUBLE + 0.2::DOUBLE AS sum, 1e300::DOUBLE * 10 AS large, 1::DOUBLE / 3 AS third",
    "SELECT sqrt(2.0::DOUBLE), round(2.5::DOUBLE), floor(-0.5::DOUBLE), "
    "12345678901234567890::HUGEINT",
    "SELECT DATE '2024-02-29' + INTERVAL 1 YEAR AS later, TIMESTAMP '2024-01-31 12:34:56.789' AS t",
    "SELECT upper('stra\xc3\x9f"
    "e'), length('\xe2\x82\xac uro'), 'abc' LIKE 'a%', substr('hello', 2, 3)",
    "CREATE TABLE numbers AS SELECT i, i % 7 AS k, (i * 7919 % 1000) / 8.0 AS v, "
    "'w' || (i % 13) AS w FROM range(20000) AS t(i)",
    "SELECT k, count(*) AS n, sum(i) AS si, sum(v) AS sv, avg(v) AS av, min(w) AS mi, max(w) AS ma "
    "FROM numbers GROUP BY k ORDER BY k",
    "SELECT sum(1.0::DOUBLE / (i + 1)) AS harmonic, avg(v * v) AS squares, stddev(v) AS spread "
    "FROM numbers",
    "SELECT a.w, count(*) AS n FROM numbers a JOIN numbers b ON a.i = b.i * 3 "
    "GROUP BY a.w ORDER BY n DESC, a.w LIMIT 5",
    "SELECT i, rank() OVER (PARTITION BY k ORDER BY v DESC, i) AS r FROM numbers "
    "ORDER BY r, i LIMIT 10",
    "SELECT count(*) FROM numbers WHERE v > 60.5 AND w IN ('w1', 'w5') OR i BETWEEN 3 AND 9",
    "SELECT category, count(*) AS n, sum(value) AS total, count(DISTINCT player) AS players, "
    "min(time) AS first FROM 'examples/data/events-*.parquet' GROUP BY category ORDER BY category",
    "SELECT cwd, command, count(*) AS n, median(duration_ms) AS m FROM 'examples/data/history.csv' "
    "GROUP BY ALL ORDER BY n DESC, cwd, command LIMIT 12",
    "SELECT k, quantile_cont(v, 0.9) AS q, stddev_pop(v) AS s, corr(v, i) AS c FROM numbers "
    "GROUP BY k ORDER BY q DESC, k",
    "SELECT w, i FROM numbers WHERE regexp_matches(w, '^w1[0-2]$') ORDER BY v DESC, i LIMIT 5",
    "SELECT ln(v + 1), exp(v / 1000), pow(v, 1.5), sin(v), atan2(v, 3) FROM numbers "
    "WHERE i BETWEEN 5 AND 9 ORDER BY i",
};

static int run(trueno_db *db, const char *sql) {
    trueno_result *result = trueno_query(db, sql);
    char *text = NULL;
    size_t length = 0;
    int code = 1;
    if (trueno_result_status(result) == TRUENO_ERROR_UNSUPPORTED) {
        printf("%s\n", trueno_result_error(result));
        code = 0;
    } else if (trueno_result_status(result) != TRUENO_OK) {
        printf("%s\n%s\n", sql, trueno_result_error(result));
    } else if (trueno_result_column_count(result) == 0) {
        code = 0;
    } else if (trueno_result_to_csv(result, &text, &length) == TRUENO_OK) {
        fwrite(text, 1, length, stdout);
        trueno_text_free(result, text, length);
        code = 0;
    }
    trueno_result_free(result);
    return code;
}

int main(void) {
    trueno_db *db = NULL;
    size_t i;
    int failed = 0;
    if (trueno_open(NULL, &db) != TRUENO_OK) {
        return 2;
    }
    for (i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        failed |= run(db, queries[i]);
    }
    trueno_close(db);
    return failed;
}
