/*
 * fuzz_sql.c - any bytes as SQL text, run against a small database.
 *
 * Whatever the text: a result or a typed error, nothing lost. The database may not touch files
 * and has little memory and time. After each text the handle must still answer a plain query,
 * and a query that succeeded must succeed again with the same number of rows.
 */
#include "trueno.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool fine, const char *what) {
    if (!fine) {
        fprintf(stderr, "fuzz_sql: %s\n", what);
        abort();
    }
}

static trueno_db *open_small(void) {
    trueno_config config;
    trueno_db *db = NULL;
    trueno_result *r;
    memset(&config, 0, sizeof config);
    config.threads = 2;
    config.memory_limit = UINT64_C(64) << 20;
    config.deadline_seconds = 0.5;
    config.no_file_access = true;
    config.no_spill = true;
    config.limits.expression_depth = 200;
    expect(trueno_open(&config, &db) == TRUENO_OK, "cannot open");
    r = trueno_query(db, "CREATE TABLE t AS SELECT * FROM (VALUES "
                         "(1, 'one', 1.5, DATE '2024-01-31', TRUE, 1.25::DOUBLE), "
                         "(2, 'two', NULL, DATE '1969-12-31', FALSE, 'nan'::DOUBLE), "
                         "(NULL, NULL, -3.75, NULL, NULL, NULL), "
                         "(2147483647, 'a longer string than fits inline', 0, "
                         "DATE '9999-12-31', TRUE, -0.0::DOUBLE)) v(i, s, d, day, b, f)");
    expect(trueno_result_status(r) == TRUENO_OK, trueno_result_error(r));
    trueno_result_free(r);
    return db;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    trueno_db *db;
    trueno_result *r;
    trueno_result *again;
    char *sql;
    if (size > 20000) {
        return 0;
    }
    db = open_small();
    sql = (char *)malloc(size + 1);
    expect(sql != NULL, "out of memory in the test");
    memcpy(sql, data, size);
    sql[size] = '\0';
    r = trueno_query(db, sql);
    if (trueno_result_status(r) == TRUENO_OK) {
        uint64_t row, rows = trueno_result_row_count(r);
        uint32_t column, columns = trueno_result_column_count(r);
        for (row = 0; row < rows && row < 20; row++) {
            for (column = 0; column < columns; column++) {
                expect(trueno_get_text(r, row, column) != NULL, "a cell without text");
            }
        }
        if (strncmp(sql, "SELECT", 6) == 0 && strchr(sql, ';') == NULL) {
            again = trueno_query(db, sql);
            if (trueno_result_status(again) == TRUENO_OK) {
                expect(trueno_result_row_count(again) == rows, "another number of rows");
            }
            trueno_result_free(again);
        }
    } else {
        expect(trueno_result_error(r)[0] != '\0', "a failure without a message");
        expect(trueno_result_status(r) != TRUENO_ERROR_INTERNAL, trueno_result_error(r));
        (void)trueno_result_error_report(r);
    }
    trueno_result_free(r);
    r = trueno_query(db, "SELECT 40 + 2");
    expect(trueno_get_int64(r, 0, 0) == 42, "the handle no longer answers");
    trueno_result_free(r);
    trueno_close(db);
    free(sql);
    return 0;
}
