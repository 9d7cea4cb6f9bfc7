/*
 * test_partition.c - tables in partitions: where rows lie, what scans skip, and answers that stay
 * what they are, for any number of workers.
 */
#include "base/platform.h"
#include "db/database.h"
#include "tests/test.h"

#define SOURCE                                                                                     \
    "SELECT range AS i, (range * 7919) % 100003 AS k, CASE WHEN range % 11 = 0 THEN NULL "         \
    "ELSE 'n' || ((range * 31) % 500) END AS s, (range % 1000)::DOUBLE / 8 AS d, "                 \
    "CASE WHEN range % 5 = 0 THEN NULL ELSE (range % 977)::DOUBLE END AS f FROM range(500000)"

static trueno_db *open_with(uint32_t threads) {
    trueno_config config;
    trueno_db *db = NULL;
    memset(&config, 0, sizeof config);
    config.threads = threads;
    config.backend = TRUENO_BACKEND_SIMD;
    TNI_CHECK(trueno_open(&config, &db) == TRUENO_OK);
    return db;
}

static void run(trueno_db *db, const char *sql) {
    trueno_result *r = trueno_query(db, sql);
    if (!TNI_CHECK(trueno_result_status(r) == TRUENO_OK)) {
        printf("    %s\n    %s\n", sql, trueno_result_error(r));
    }
    trueno_result_free(r);
}

static void make_tables(trueno_db *db) {
    run(db, "CREATE TABLE plain AS " SOURCE);
    run(db, "CREATE TABLE hashed PARTITION BY HASH (k) PARTITIONS 8 AS " SOURCE);
    run(db, "CREATE TABLE words PARTITION BY HASH (s) PARTITIONS 5 AS " SOURCE);
    run(db, "CREATE TABLE ranged PARTITION BY RANGE (k) PARTITIONS 4 AS " SOURCE);
    run(db, "CREATE TABLE alphabet PARTITION BY RANGE (s) AS " SOURCE);
    run(db, "CREATE TABLE reals PARTITION BY RANGE (f) PARTITIONS 256 AS " SOURCE);
}

static const char *const made[] = {"hashed", "words", "ranged", "alphabet", "reals"};

/* ------------------------------------------------------------------------------- places --- */

/* Rows of a group: in the order of partitions, inside the span that the group says, and inside a
 * partition in the order they came. */
static void check_group(const tni_env *env, const tni_table *table, size_t g, uint32_t *partition,
                        int64_t *last) {
    const tni_partitioning *p = table->partitioning;
    const tni_row_group *group = table->groups[g];
    tni_scratch scratch;
    tni_error error;
    uint32_t first, i, wrong = 0;
    tni_error_clear(&error);
    tni_scratch_init(&scratch, env->memory);
    for (first = 0; first < group->rows; first += TNI_VECTOR_ROWS) {
        uint32_t rows = TNI_MIN(group->rows - first, TNI_VECTOR_ROWS);
        tni_vector key, number;
        tni_scratch_reset(&scratch);
        TNI_CHECK(tni_segment_view(env, group->segments[p->field], first, rows, &scratch, &key,
                                   &error) == TRUENO_OK);
        TNI_CHECK(tni_segment_view(env, group->segments[0], first, rows, &scratch, &number,
                                   &error) == TRUENO_OK);
        for (i = 0; i < rows; i++) {
            tni_value value = tni_vector_value(&key, i);
            uint32_t of = tni_partition_of(p, &value);
            int64_t row = tni_vector_value(&number, i).as.integer;
            wrong += of < *partition || of < group->first_partition || of > group->last_partition;
            wrong += of == *partition && row <= *last;
            *partition = of;
            *last = row;
        }
    }
    TNI_CHECK_EQ_UINT(wrong, 0);
    tni_scratch_free(&scratch);
}

static void test_each_key_lies_in_its_partition(void) {
    trueno_db *db = open_with(2);
    tni_session session;
    size_t t, g;
    make_tables(db);
    tni_session_begin(&session, db, "", 0);
    for (t = 0; t < TNI_COUNT_OF(made); t++) {
        uint32_t partition = 0;
        int64_t last = -1;
        tni_table *table;
        tni_view *view;
        tni_catalog_find(db->catalog, made[t], &table, &view);
        if (!TNI_CHECK(table != NULL && table->partitioning != NULL)) {
            continue;
        }
        TNI_CHECK_EQ_UINT(table->source.rows, 500000);
        for (g = 0; g < table->group_count; g++) {
            TNI_CHECK(table->groups[g]->rows == TNI_SEGMENT_ROWS || g + 1 == table->group_count);
            check_group(&session.env, table, g, &partition, &last);
        }
        TNI_CHECK_EQ_UINT(partition, table->partitioning->count - 1);
        tni_source_release(&table->source);
    }
    tni_session_end(&session);
    trueno_close(db);
}

/* -------------------------------------------------------------------------------- scans --- */

static uint64_t rows_read(trueno_db *db, const char *sql, uint64_t *bytes) {
    trueno_result *r = trueno_query(db, sql);
    const trueno_info *info = trueno_result_info(r);
    uint64_t rows = info->pipeline_count > 0 ? info->pipelines[0].rows_in : 0;
    *bytes = info->pipeline_count > 0 ? info->pipelines[0].bytes_read : 0;
    TNI_CHECK(trueno_result_status(r) == TRUENO_OK);
    trueno_result_free(r);
    return rows;
}

static void test_scans_skip_other_partitions(void) {
    trueno_db *db = open_with(1);
    uint64_t all, some;
    make_tables(db);
    TNI_CHECK_EQ_UINT(rows_read(db, "SELECT sum(i) FROM plain WHERE k = 77", &all), 500000);
    TNI_CHECK(rows_read(db, "SELECT sum(i) FROM hashed WHERE k = 77", &some) <= 131072);
    TNI_CHECK(some < all / 2);
    TNI_CHECK(rows_read(db, "SELECT sum(i) FROM ranged WHERE k < 9000", &some) <= 131072);
    TNI_CHECK(some < all / 2);
    TNI_CHECK(rows_read(db, "SELECT sum(i) FROM words WHERE s = 'n77'", &some) < 300000);
    TNI_CHECK(rows_read(db, "SELECT sum(i) FROM alphabet WHERE s >= 'n9'", &some) < 300000);
    trueno_close(db);
}

/* ------------------------------------------------------------------------------ answers --- */

static const char *const queries[] = {
    "SELECT count(*), sum(i), min(k), max(k), count(s), min(s), max(s) FROM %s",
    "SELECT sum(d), avg(d), max(f), count(f), sum(f) FROM %s",
    "SELECT sum(i) FROM %s WHERE k = 77",
    "SELECT count(*) FROM %s WHERE k <> 77",
    "SELECT count(*), sum(i) FROM %s WHERE k BETWEEN 25000 AND 26000",
    "SELECT count(*), sum(i) FROM %s WHERE s = 'n77'",
    "SELECT count(*), sum(i) FROM %s WHERE s IS NULL",
    "SELECT count(*), sum(i) FROM %s WHERE f = 0",
    "SELECT count(*), sum(i) FROM %s WHERE s >= 'n4' AND f > 300 AND f < 310",
    "SELECT s, count(*), sum(i), sum(d) FROM %s GROUP BY s ORDER BY s",
    "SELECT k, count(*), sum(i) FROM %s GROUP BY k ORDER BY 3, 1 LIMIT 50",
    "SELECT * FROM %s ORDER BY i LIMIT 20 OFFSET 1000",
    "SELECT * FROM %s ORDER BY s DESC, k, i LIMIT 20",
    "SELECT count(DISTINCT k), count(DISTINCT s), median(i) FROM %s",
};

/* To be freed. */
static char *answer(trueno_db *db, const char *query, const char *table) {
    char sql[256];
    trueno_result *r;
    char *text = NULL, *copy = NULL;
    size_t length;
    (void)snprintf(sql, sizeof sql, query, table);
    r = trueno_query(db, sql);
    if (TNI_CHECK(trueno_result_status(r) == TRUENO_OK) &&
        TNI_CHECK(trueno_result_to_csv(r, &text, &length) == TRUENO_OK)) {
        copy = (char *)malloc(length + 1);
        if (copy != NULL) {
            memcpy(copy, text, length);
            copy[length] = '\0';
        }
        trueno_text_free(r, text, length);
    }
    trueno_result_free(r);
    return copy;
}

static void test_answers_stay_what_they_are(void) {
    trueno_db *one = open_with(1), *four = open_with(4);
    size_t q, t;
    make_tables(one);
    make_tables(four);
    for (q = 0; q < TNI_COUNT_OF(queries); q++) {
        char *wanted = answer(one, queries[q], "plain");
        for (t = 0; t < TNI_COUNT_OF(made) * 2; t++) {
            char *got = answer(t % 2 ? four : one, queries[q], made[t / 2]);
            if (!TNI_CHECK(got != NULL && wanted != NULL && strcmp(got, wanted) == 0)) {
                printf("    %s of %s\n", queries[q], made[t / 2]);
            }
            free(got);
        }
        free(wanted);
    }
    for (t = 0; t < TNI_COUNT_OF(made); t++) { /* places, too, whoever built it */
        char *a = answer(one, "SELECT i FROM %s LIMIT 100000", made[t]);
        char *b = answer(four, "SELECT i FROM %s LIMIT 100000", made[t]);
        TNI_CHECK(a != NULL && b != NULL && strcmp(a, b) == 0);
        free(a);
        free(b);
    }
    trueno_close(one);
    trueno_close(four);
}

static void test_changes_keep_answers(void) {
    static const char *const changes[] = {
        "INSERT INTO %s SELECT i + 500000, k / 2, s, d, f FROM plain WHERE i < 90000",
        "UPDATE %s SET k = k + 1, s = 'new' WHERE k BETWEEN 100 AND 5000",
        "DELETE FROM %s WHERE k > 60000",
        "INSERT INTO %s VALUES (1000000, 3, 'x', 1, NULL)",
    };
    trueno_db *db = open_with(2);
    size_t t, c, q;
    make_tables(db);
    run(db, "CREATE TABLE changed AS SELECT * FROM plain");
    for (c = 0; c < TNI_COUNT_OF(changes); c++) {
        char sql[256];
        (void)snprintf(sql, sizeof sql, changes[c], "changed");
        run(db, sql);
        for (t = 0; t < TNI_COUNT_OF(made); t++) {
            (void)snprintf(sql, sizeof sql, changes[c], made[t]);
            run(db, sql);
        }
    }
    for (q = 0; q < TNI_COUNT_OF(queries); q++) {
        char *wanted = answer(db, queries[q], "changed");
        for (t = 0; t < TNI_COUNT_OF(made); t++) {
            char *got = answer(db, queries[q], made[t]);
            TNI_CHECK(got != NULL && wanted != NULL && strcmp(got, wanted) == 0);
            free(got);
        }
        free(wanted);
    }
    trueno_close(db);
}

/* ---------------------------------------------------------------------- limits, options --- */

static void test_the_memory_limit_holds(void) {
    static const char *const statements[] = {
        "CREATE TABLE x PARTITION BY HASH (k) PARTITIONS 256 AS " SOURCE,
        "CREATE TABLE x PARTITION BY RANGE (k) AS " SOURCE,
    };
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(statements); i++) {
        trueno_config config;
        trueno_db *db = NULL;
        trueno_result *r;
        memset(&config, 0, sizeof config);
        config.threads = 2;
        config.memory_limit = 4u << 20;
        TNI_CHECK(trueno_open(&config, &db) == TRUENO_OK);
        r = trueno_query(db, statements[i]);
        TNI_CHECK(trueno_result_status(r) == TRUENO_ERROR_MEMORY_LIMIT);
        trueno_result_free(r);
        r = trueno_query(db, "SELECT * FROM x");
        TNI_CHECK(trueno_result_status(r) == TRUENO_ERROR_CATALOG);
        trueno_result_free(r);
        trueno_close(db);
    }
}

static void test_load_takes_options(void) {
    static const struct {
        const char *options, *scan, *error;
    } cases[] = {
        {"partition_by = 'a'", " in 16 partitions by hash (a)", NULL},
        {"header = true, partition_by = b, partition = 'RANGE', partitions = 2",
         " in 2 partitions by range (b)", NULL},
        {"columns = {'a': 'INTEGER', 'b': 'VARCHAR'}, partition_by := \"b\", partitions = 7",
         " in 7 partitions by hash (b)", NULL},
        {"partition = 'range'", NULL, "needs partition_by"},
        {"partition_by = 'a', partition = 'list'", NULL, "'hash' or 'range'"},
        {"partition_by = 'a', partitions = 'x'", NULL, "partitions is a number"},
        {"partition_by = 'nope'", NULL, "no column \"nope\""},
        {"partition_by = 'a', nonsense = 3", NULL, "nonsense"},
    };
    const char *path = "test_partition.tmp.csv";
    FILE *file = fopen(path, "w");
    trueno_db *db = open_with(1);
    size_t i;
    if (!TNI_CHECK(file != NULL && db != NULL)) {
        return;
    }
    (void)fputs("a,b\n1,x\n2,y\n3,z\n4,y\n", file);
    (void)fclose(file);
    for (i = 0; i < TNI_COUNT_OF(cases); i++) {
        trueno_status status = trueno_load(db, "t", path, cases[i].options);
        trueno_result *r;
        TNI_CHECK((status == TRUENO_OK) == (cases[i].error == NULL));
        TNI_CHECK(cases[i].error == NULL || strstr(trueno_error(db), cases[i].error) != NULL);
        r = trueno_query(db, "EXPLAIN SELECT * FROM t");
        TNI_CHECK(cases[i].scan == NULL || strstr(trueno_get_text(r, 0, 1), cases[i].scan) != NULL);
        trueno_result_free(r);
    }
    trueno_close(db);
    (void)remove(path);
}

int main(void) {
    test_each_key_lies_in_its_partition();
    test_scans_skip_other_partitions();
    test_answers_stay_what_they_are();
    test_changes_keep_answers();
    test_the_memory_limit_holds();
    test_load_takes_options();
    return tni_test_report();
}
