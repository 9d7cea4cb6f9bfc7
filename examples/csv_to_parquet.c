/*
 * csv_to_parquet.c - turn a CSV file into a Parquet file, types found by looking at it.
 *
 *     cc -O2 -I. examples/csv_to_parquet.c -o csv_to_parquet
 *     ./csv_to_parquet examples/data/assets.csv assets.parquet
 */
#define TRUENO_DB_IMPLEMENTATION
#include "trueno_db.h"

/* `path` between single quotes, those in it doubled; false when it does not fit. */
static bool quote(char *out, size_t size, const char *path) {
    size_t n = 0;
    if (size < 3) {
        return false;
    }
    out[n++] = '\'';
    for (; *path != '\0'; path++) {
        if (n + 4 > size) {
            return false;
        }
        if (*path == '\'') {
            out[n++] = '\'';
        }
        out[n++] = *path;
    }
    out[n++] = '\'';
    out[n] = '\0';
    return true;
}

static int run(trueno_db *db, const char *sql, bool show) {
    trueno_result *result = trueno_query(db, sql);
    int code = trueno_result_status(result) != TRUENO_OK;
    if (code) {
        fprintf(stderr, "%s\n", trueno_result_error_report(result));
    } else if (show) {
        trueno_result_print(result, stdout);
    } else {
        printf("%d rows\n", (int)trueno_result_rows_changed(result));
    }
    trueno_result_free(result);
    return code;
}

int main(int argc, char **argv) {
    char from[2048], to[2048], sql[8192];
    trueno_db *db = NULL;
    int code;
    if (argc != 3 || !quote(from, sizeof from, argv[1]) || !quote(to, sizeof to, argv[2])) {
        fprintf(stderr, "usage: csv_to_parquet FROM.csv TO.parquet\n");
        return 2;
    }
    if (trueno_open(NULL, &db) != TRUENO_OK) {
        return 1;
    }
    snprintf(sql, sizeof sql, "COPY (SELECT * FROM read_csv(%s)) TO %s (FORMAT parquet)", from, to);
    code = run(db, sql, false);
    if (code == 0) {
        snprintf(sql, sizeof sql, "DESCRIBE SELECT * FROM read_parquet(%s)", to);
        code = run(db, sql, true);
    }
    trueno_close(db);
    return code;
}
