/*
 * test_direct_groups.c - direct tables of several workers, merged in parallel.
 *
 * Keys of small domains are group numbers, and every worker has a table of all of them. Answers of
 * one thread have to come from several, to the last bit and in the same order: states in several
 * ranges of groups, collected values of many and of few a group, strings, which are merged by one.
 */
#include "test.h"
#include "trueno.h"

#define ROWS 400000u

static int32_t few[ROWS], many[ROWS], whole[ROWS];
static double real[ROWS];
static const char *text[ROWS];
static uint8_t validity[ROWS / 8 + 1];

static void fill(void) {
    static const char *const words[] = {"a", "much longer than fits inline", "b", NULL, "ccc"};
    uint64_t x = 88172645463325252u;
    uint32_t i;
    for (i = 0; i < ROWS; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        few[i] = (int32_t)(x % 97);
        many[i] = (int32_t)(x >> 20) % 50000;
        many[i] = many[i] < 0 ? -many[i] : many[i];
        whole[i] = (int32_t)(x >> 40) % 1000;
        real[i] = (double)(int64_t)x / 1048576.0;
        text[i] = words[(x >> 30) % 5];
        if (x % 11 != 0) {
            validity[i / 8] = (uint8_t)(validity[i / 8] | 1u << i % 8);
        }
    }
}

static trueno_db *open_with(uint32_t threads) {
    static const char *const names[] = {"few", "many", "whole", "real", "text"};
    static const trueno_type types[] = {TRUENO_TYPE_INTEGER, TRUENO_TYPE_INTEGER,
                                        TRUENO_TYPE_INTEGER, TRUENO_TYPE_DOUBLE,
                                        TRUENO_TYPE_VARCHAR};
    const void *data[5];
    trueno_config config;
    trueno_column columns[5];
    trueno_db *db = NULL;
    size_t i;
    data[0] = few;
    data[1] = many;
    data[2] = whole;
    data[3] = real;
    data[4] = text;
    memset(&config, 0, sizeof config);
    memset(columns, 0, sizeof columns);
    config.backend = TRUENO_BACKEND_SIMD;
    config.threads = threads;
    TNI_CHECK(trueno_open(&config, &db) == TRUENO_OK);
    for (i = 0; i < 5; i++) {
        columns[i].name = names[i];
        columns[i].type = types[i];
        columns[i].data = data[i];
    }
    columns[2].validity = columns[3].validity = validity;
    TNI_CHECK(trueno_register_columns(db, "t", columns, 5, ROWS) == TRUENO_OK);
    /* as a table of its own the columns have zone maps: keys of known, small ranges */
    trueno_result_free(trueno_query(db, "CREATE TABLE g AS SELECT * FROM t"));
    return db;
}

/* Every cell of the same text in the same place: a double prints the digits that give it back. */
static void same(trueno_result *a, trueno_result *b, const char *sql) {
    uint64_t rows = trueno_result_row_count(a), row;
    uint32_t columns = trueno_result_column_count(a), column;
    bool equal = trueno_result_status(a) == TRUENO_OK && trueno_result_status(b) == TRUENO_OK &&
                 rows > 0 && rows == trueno_result_row_count(b);
    for (row = 0; equal && row < rows; row++) {
        for (column = 0; equal && column < columns; column++) {
            equal = strcmp(trueno_get_text(a, row, column), trueno_get_text(b, row, column)) == 0;
        }
    }
    if (!TNI_CHECK(equal)) {
        printf("    %s: %s%s\n", sql, trueno_result_error(a), trueno_result_error(b));
    }
}

int main(void) {
    static const char *const queries[] = {
        "SELECT few, median(whole), median(real), stddev(whole), count(*) FROM g GROUP BY few",
        "SELECT few, quantile_disc(whole, 0.3), mad(real), sum(real), mode(whole) FROM g "
        "GROUP BY few",
        "SELECT many, median(whole), count(*), sum(whole), sum(real), min(real), max(whole) "
        "FROM g GROUP BY many",
        "SELECT many, min(text), max(text), first(whole), count(text) FROM g GROUP BY many",
        "SELECT many, bit_xor(whole), avg(real), last(real) FROM g GROUP BY many",
        "SELECT few, string_agg(text, ','), median(many) FROM g GROUP BY few",
        "SELECT few, median(whole) FROM g WHERE few < 0 OR few = 5 GROUP BY few",
    };
    trueno_db *one, *other;
    size_t q;
    uint32_t threads;
    fill();
    one = open_with(1);
    for (threads = 2; threads <= 7; threads += 5) {
        other = open_with(threads);
        for (q = 0; q < sizeof queries / sizeof queries[0]; q++) {
            trueno_result *a = trueno_query(one, queries[q]);
            trueno_result *b = trueno_query(other, queries[q]);
            same(a, b, queries[q]);
            trueno_result_free(a);
            trueno_result_free(b);
        }
        trueno_close(other);
    }
    trueno_close(one);
    return tni_test_report();
}
