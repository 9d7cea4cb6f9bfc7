/*
 * assets_by_category.c - what an asset catalogue is worth and weighs, by category, cell by cell.
 *
 *     cc -O2 -I. examples/assets_by_category.c -o assets && ./assets
 */
#define TRUENO_DB_IMPLEMENTATION
#include "trueno_db.h"

int main(void) {
    trueno_db *db = NULL;
    trueno_result *result;
    uint64_t row;
    int code;
    if (trueno_open(NULL, &db) != TRUENO_OK) {
        return 1;
    }
    result = trueno_query(db, "SELECT category, count(*) AS assets, sum(value) AS value, "
                              "sum(bytes) / 1e6 AS megabytes, count(scene) AS placed "
                              "FROM 'examples/data/assets.csv' "
                              "GROUP BY category ORDER BY value DESC LIMIT 10");
    code = trueno_result_status(result) != TRUENO_OK;
    if (code) {
        fprintf(stderr, "%s\n", trueno_result_error_report(result));
    }
    for (row = 0; row < trueno_result_row_count(result); row++) {
        printf("%-10s %4d assets %10s %8.2f MB  %3d in a scene\n", trueno_get_text(result, row, 0),
               (int)trueno_get_int64(result, row, 1), trueno_get_text(result, row, 2),
               trueno_get_double(result, row, 3), (int)trueno_get_int64(result, row, 4));
    }
    trueno_result_free(result);
    trueno_close(db);
    return code;
}
