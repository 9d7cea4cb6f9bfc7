/*
 * host_arrays.c - SQL over a program's own arrays, without copying them, and the answer as arrays.
 *
 * A simulation keeps its units as a struct of arrays. Registered, they are a table; fixed-width
 * columns are read where they lie, so they must not change while the table is registered.
 *
 *     cc -O2 -I. examples/host_arrays.c -o host_arrays && ./host_arrays
 */
#define TRUENO_DB_IMPLEMENTATION
#include "trueno_db.h"

#include <string.h>

#define UNITS 100000u

static int32_t team[UNITS];
static float health[UNITS];
static double distance[UNITS];
static uint8_t alive[UNITS / 8]; /* a bit a unit: the health of others is NULL */

static void simulate(void) {
    uint32_t i, seed = 1;
    for (i = 0; i < UNITS; i++) {
        seed = seed * 1664525u + 1013904223u;
        team[i] = (int32_t)(seed >> 24) % 4;
        health[i] = (float)(seed >> 8 & 1023) * 0.125f;
        distance[i] = (double)(seed >> 12 & 4095) / 16.0;
        if (seed >> 28 != 0) {
            alive[i >> 3] = (uint8_t)(alive[i >> 3] | 1u << (i & 7));
        }
    }
}

/* The columns of a result come in batches of contiguous values. */
static void print_columns(trueno_result *result) {
    trueno_batch teams, counts, means;
    uint64_t row = 0;
    uint32_t i;
    while (trueno_result_batch(result, 0, row, &teams) &&
           trueno_result_batch(result, 1, row, &counts) &&
           trueno_result_batch(result, 2, row, &means)) {
        for (i = 0; i < teams.rows; i++) {
            printf("team %d: %d units near, mean health %.4f\n",
                   (int)((const int32_t *)teams.data)[i], (int)((const int64_t *)counts.data)[i],
                   ((const double *)means.data)[i]);
        }
        row += teams.rows;
    }
}

int main(void) {
    trueno_column columns[3];
    trueno_db *db = NULL;
    trueno_result *result;
    int code = 1;
    simulate();
    memset(columns, 0, sizeof columns);
    columns[0].name = "team";
    columns[0].type = TRUENO_TYPE_INTEGER;
    columns[0].data = team;
    columns[1].name = "health";
    columns[1].type = TRUENO_TYPE_FLOAT;
    columns[1].data = health;
    columns[1].validity = alive;
    columns[2].name = "distance";
    columns[2].type = TRUENO_TYPE_DOUBLE;
    columns[2].data = distance;
    if (trueno_open(NULL, &db) != TRUENO_OK) {
        return 1;
    }
    if (trueno_register_columns(db, "units", columns, 3, UNITS) != TRUENO_OK) {
        fprintf(stderr, "%s\n", trueno_error(db));
        trueno_close(db);
        return 1;
    }
    result = trueno_query(db, "SELECT team, count(*), avg(health) FROM units "
                              "WHERE distance < 64 GROUP BY team ORDER BY team");
    if (trueno_result_status(result) == TRUENO_OK) {
        print_columns(result);
        code = 0;
    } else {
        fprintf(stderr, "%s\n", trueno_result_error_report(result));
    }
    trueno_result_free(result);
    trueno_drop(db, "units"); /* from here on the arrays may change */
    trueno_close(db);
    return code;
}
