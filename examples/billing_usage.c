/*
 * billing_usage.c - what each user of a service owes, per month, as JSON for the next program.
 *
 * Money is DECIMAL: sums of prices are exact.
 *
 *     cc -O2 -I. examples/billing_usage.c -o billing && ./billing
 */
#define TRUENO_DB_IMPLEMENTATION
#include "trueno_db.h"

static const char bills[] =
    "SELECT user_id, strftime(day, '%Y-%m') AS month, sum(calls)::BIGINT AS calls, "
    "sum(calls * CASE operation WHEN 'read' THEN 0.0004 WHEN 'write' THEN 0.0020 "
    "            ELSE 0.0100 END) AS amount "
    "FROM 'examples/data/usage.parquet' "
    "WHERE day >= DATE '2025-02-01' AND user_id < 4 "
    "GROUP BY user_id, month ORDER BY user_id, month";

int main(void) {
    trueno_db *db = NULL;
    trueno_result *result;
    char *json = NULL;
    size_t length = 0;
    int code = 1;
    if (trueno_open(NULL, &db) != TRUENO_OK) {
        return 1;
    }
    result = trueno_query(db, bills);
    if (trueno_result_to_json(result, &json, &length) == TRUENO_OK) {
        fwrite(json, 1, length, stdout);
        trueno_text_free(result, json, length);
        code = 0;
    } else {
        fprintf(stderr, "%s\n", trueno_result_error_report(result));
    }
    trueno_result_free(result);
    trueno_close(db);
    return code;
}
