/*
 * binder.h - syntax tree to plan: names, types, functions, IR, and the rewrites that always pay
 * (constant folding, filter pushdown into scans with prunes, projection pruning, top-k).
 */
#ifndef TNI_PLAN_BINDER_H
#define TNI_PLAN_BINDER_H

#include "plan/catalog.h"
#include "plan/plan.h"

typedef struct tni_bind_context {
    tni_env *env;
    tni_arena *arena;            /* the statement's: plan and constants */
    tni_catalog *catalog;
    const tni_settings *settings;
    const tni_value *parameters; /* [parameter_count]: NULL when preparing (types unknown) */
    uint32_t parameter_count;
    tni_source **sources;        /* references taken while binding; released by ..._release */
    size_t source_count, source_capacity;
    uint32_t depth;
    bool needs_math;             /* out: some function needs tni_math_load */
    struct tni_binder *binder;   /* the binder's own state, in the arena */
} tni_bind_context;

TNI_FN void tni_bind_context_init(tni_bind_context *context, tni_env *env, tni_arena *arena,
                                  tni_catalog *catalog, const tni_settings *settings);
TNI_FN void tni_bind_context_release(tni_bind_context *context);

/* Bind and optimise a query. *out's names are the result's column names. */
TNI_FN trueno_status tni_bind_query(tni_bind_context *context, const tni_ast_query *query,
                                    tni_plan **out, tni_error *error);
/* All rows and columns of a table. */
TNI_FN trueno_status tni_bind_table(tni_bind_context *context, tni_table *table, tni_plan **out,
                                    tni_error *error);
/* INSERT: the plan yields the table's columns in order, cast, defaults filled in. */
TNI_FN trueno_status tni_bind_insert(tni_bind_context *context, const tni_ast_statement *statement,
                                     const tni_table *table, tni_plan **out, tni_error *error);
/* DELETE: the rows that stay. UPDATE: all rows, changed. `affected` (a plan of one BIGINT) counts
 * the rows the statement touches. */
TNI_FN trueno_status tni_bind_delete(tni_bind_context *context, const tni_ast_statement *statement,
                                     tni_table *table, tni_plan **kept, tni_plan **affected,
                                     tni_error *error);
TNI_FN trueno_status tni_bind_update(tni_bind_context *context, const tni_ast_statement *statement,
                                     tni_table *table, tni_plan **all, tni_plan **affected,
                                     tni_error *error);
/* A constant expression (LIMIT, option values, EXECUTE arguments, defaults). */
TNI_FN trueno_status tni_bind_constant(tni_bind_context *context,
                                       const tni_ast_expression *expression, tni_value *out,
                                       tni_error *error);
/* The source behind a path or glob in FROM: Parquet or CSV by extension, then by content. */
TNI_FN trueno_status tni_bind_path(tni_bind_context *context, const char *path, uint32_t position,
                                   tni_source **out, tni_error *error);

#endif
