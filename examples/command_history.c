/*
 * command_history.c - which commands run most, where, how long they take and how often they fail.
 *
 * The history is loaded once, encoded in memory; then several questions are asked of it.
 *
 *     cc -O2 -I. examples/command_history.c -o history && ./history
 */
#define TRUENO_DB_IMPLEMENTATION
#include "trueno_db.h"

static const char *const questions[] = {
    "SELECT cwd, command, count(*) AS runs FROM history "
    "GROUP BY cwd, command ORDER BY runs DESC, cwd, command LIMIT 5",

    "SELECT command, median(duration_ms) AS median_ms, max(duration_ms) AS slowest_ms "
    "FROM history WHERE command LIKE 'make%' GROUP BY command ORDER BY command",

    "SELECT date_part('hour', time) AS hour, count(*) AS runs, "
    "count(*) FILTER (WHERE status <> 0) AS failures "
    "FROM history GROUP BY hour HAVING failures > 8 ORDER BY failures DESC, hour LIMIT 5",
};

int main(void) {
    trueno_print_options plain = {0, 0, true, ""};
    trueno_db *db = NULL;
    size_t i;
    int code = 0;
    if (trueno_open(NULL, &db) != TRUENO_OK) {
        return 1;
    }
    if (trueno_load(db, "history", "examples/data/history.csv", NULL) != TRUENO_OK) {
        fprintf(stderr, "%s\n", trueno_error(db));
        code = 1;
    }
    for (i = 0; code == 0 && i < sizeof questions / sizeof questions[0]; i++) {
        trueno_result *result = trueno_query(db, questions[i]);
        if (trueno_result_status(result) == TRUENO_OK) {
            trueno_result_print_with(result, stdout, &plain);
        } else {
            fprintf(stderr, "%s\n", trueno_result_error_report(result));
            code = 1;
        }
        trueno_result_free(result);
    }
    trueno_close(db);
    return code;
}
