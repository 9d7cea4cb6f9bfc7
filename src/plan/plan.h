/*
 * plan.h - the logical plan: a tree of nodes in the query's arena, ready to be cut into
 * pipelines. Columns are positions; names are only for results and EXPLAIN.
 */
#ifndef TNI_PLAN_PLAN_H
#define TNI_PLAN_PLAN_H

#include "column/table.h"
#include "plan/ir.h"

#define TNI_NO_LIMIT UINT64_MAX

typedef enum tni_plan_kind {
    TNI_PLAN_SCAN,      /* source columns, filter, prunes */
    TNI_PLAN_VALUES,    /* constant rows; one row without columns for SELECT without FROM */
    TNI_PLAN_RANGE,     /* range(start, stop, step): one BIGINT column */
    TNI_PLAN_FILTER,    /* program: one BOOLEAN output */
    TNI_PLAN_PROJECT,   /* program: the output columns */
    TNI_PLAN_AGGREGATE, /* program: keys, then aggregate inputs */
    TNI_PLAN_ORDER,     /* sort by columns; limit != NONE: top-k */
    TNI_PLAN_LIMIT,
    TNI_PLAN_UNION_ALL, /* input, then `second`; same types */
    TNI_PLAN_EXPAND     /* each row several times: once a grouping set, or as its count says */
} tni_plan_kind;

typedef struct tni_sort_key {
    uint32_t column;
    bool descending;
    bool nulls_first;
} tni_sort_key;

typedef struct tni_plan_aggregate {
    const tni_aggregate_function *function;
    bool distinct;
    uint32_t arguments[2];     /* outputs of the node's program; TNI_IR_NONE where unused */
    uint32_t filter;           /* BOOLEAN output, or TNI_IR_NONE */
    tni_value constants[2];    /* fraction(s), separator */
    uint32_t constant_count;
    uint32_t order[4];         /* outputs to order by (string_agg, first, quantile...) */
    tni_sort_key order_keys[4]; /* .column unused */
    uint32_t order_count;
    tni_type type;             /* result */
    uint32_t position;
} tni_plan_aggregate;

typedef struct tni_plan {
    tni_plan_kind kind;
    struct tni_plan *input, *second;
    uint32_t column_count;     /* output */
    tni_type *types;
    const char **names;
    double rows;               /* estimate */

    tni_source *source;        /* SCAN: a reference owned by the statement */
    uint32_t *source_columns;  /* SCAN: [scan_column_count] source fields */
    uint32_t scan_column_count; /* SCAN: fields fetched; outputs are the first column_count, the
                                   rest serve only the filter */
    tni_prune *prunes;
    uint32_t prune_count;
    tni_program *filter;       /* SCAN: over the fetched columns; NULL = none. FILTER: condition */

    tni_value *values;         /* VALUES: row_count * column_count */
    uint64_t row_count;
    int64_t range_start, range_stop, range_step;

    tni_program *program;      /* PROJECT, AGGREGATE */
    uint32_t key_count;        /* AGGREGATE: outputs [0, key_count) are keys */
    tni_plan_aggregate *aggregates;
    uint32_t aggregate_count;  /* output columns: keys, then aggregates */

    tni_sort_key *sort_keys;   /* ORDER */
    uint32_t sort_key_count;
    uint64_t limit, offset;    /* ORDER, LIMIT; limit TNI_NO_LIMIT = none */
    double percent;            /* LIMIT: with `limit` NONE, of the rows; below 0 = none */
    bool otherwise;            /* UNION_ALL: `second` only where `input` gives no rows */

    /* EXPAND: input columns, then with `values` (row_count grouping sets; bit k: without key k) the
     * key_count keys as the set has them and its value. `expanded`: the keys among the input's
     * columns, or the BIGINT that counts. */
    uint32_t *expanded;
} tni_plan;

/* The tree as text, two columns wide: operators with estimates. */
TNI_FN void tni_plan_print(const tni_plan *plan, tni_text *out);

#endif
