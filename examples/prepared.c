/*
 * prepared.c - one statement compiled once and run with different values.
 *
 * Values are bound, never pasted into the text: quotes in them are harmless.
 *
 *     cc -O2 -I. examples/prepared.c -o prepared && ./prepared
 */
#define TRUENO_DB_IMPLEMENTATION
#include "trueno_db.h"

#include <string.h>

static int ask(trueno_stmt *stmt, const char *category, int64_t at_least) {
    trueno_result *result;
    int code = 1;
    trueno_bind_text(stmt, trueno_bind_index(stmt, "category"), category, strlen(category));
    trueno_bind_int64(stmt, trueno_bind_index(stmt, "least"), at_least);
    result = trueno_execute(stmt);
    if (trueno_result_status(result) == TRUENO_OK) {
        printf("%s, at least %d: %s assets, %s bytes\n", category, (int)at_least,
               trueno_get_text(result, 0, 0), trueno_get_text(result, 0, 1));
        code = 0;
    } else {
        fprintf(stderr, "%s\n", trueno_result_error_report(result));
    }
    trueno_result_free(result);
    return code;
}

int main(void) {
    trueno_db *db = NULL;
    trueno_stmt *stmt = NULL;
    int code = 1;
    if (trueno_open(NULL, &db) != TRUENO_OK) {
        return 1;
    }
    if (trueno_load(db, "assets", "examples/data/assets.csv", NULL) == TRUENO_OK &&
        trueno_prepare(db,
                       "SELECT count(*), coalesce(sum(bytes), 0) FROM assets "
                       "WHERE category = $category AND bytes >= $least",
                       &stmt) == TRUENO_OK) {
        code = ask(stmt, "texture", 0);
        code |= ask(stmt, "texture", 500000);
        code |= ask(stmt, "mesh", 500000);
        code |= ask(stmt, "no such 'category'", 0);
        trueno_stmt_free(stmt);
    } else {
        fprintf(stderr, "%s\n", trueno_error(db));
    }
    trueno_close(db);
    return code;
}
