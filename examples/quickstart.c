/*
 * quickstart.c - one question about a folder of Parquet files, answered as a table.
 *
 *     cc -O2 -I. examples/quickstart.c -o quickstart && ./quickstart
 */
#define TRUENO_DB_IMPLEMENTATION
#include "trueno_db.h"

int main(void) {
    trueno_db *db = NULL;
    trueno_result *result;
    int code;
    if (trueno_open(NULL, &db) != TRUENO_OK) {
        return 1;
    }
    result = trueno_query(db, "SELECT category, count(*) AS events, sum(value) AS total "
                              "FROM 'examples/data/events-*.parquet' "
                              "GROUP BY category ORDER BY total DESC");
    code = trueno_result_status(result) != TRUENO_OK;
    if (code) {
        fprintf(stderr, "%s\n", trueno_result_error_report(result));
    } else {
        trueno_result_print(result, stdout);
    }
    trueno_result_free(result);
    trueno_close(db);
    return code;
}
