/*
 * bind_internal.h - what the files of the binder share: bound expressions and the logical tree.
 *
 * Binding makes a tree of tni_node over expressions (tni_expr) that name columns by an id unique
 * in the statement; rules rewrite that tree; lowering turns ids into positions and expressions
 * into IR programs. Expressions are hash-consed: equal ones are one object, so equality is a
 * pointer comparison and shared work is shared by construction. Every constructor folds.
 *
 * Functions that make something return NULL after recording the failure in binder->error.
 */
#ifndef TNI_PLAN_BIND_INTERNAL_H
#define TNI_PLAN_BIND_INTERNAL_H

#include "plan/binder.h"

typedef struct tni_expr tni_expr;
typedef struct tni_node tni_node;
typedef struct tni_select tni_select;

/* ---- expressions ---- */
struct tni_expr {
    uint16_t op;               /* tni_ir_op */
    bool try_cast;
    bool set_has_null;
    bool is_volatile;          /* itself or below: never shared, never folded */
    tni_type type;
    uint32_t argument_count;
    tni_expr **arguments;
    tni_expr *predicate;       /* rows in which a failure counts; NULL = all */
    tni_expr *plain;           /* the same without any predicate: what GROUP BY matches */
    uint32_t column;           /* COLUMN: id */
    uint32_t position;
    uint32_t depth;
    uint32_t number;           /* order of creation */
    const tni_function *function;
    const void *bound;
    tni_value constant;
    const tni_value *set;
    uint32_t set_count;
    uint64_t hash;
    tni_expr *chain;           /* next in the hash bucket */
    uint32_t walk;             /* memo of the walk under way: number and result */
    tni_expr *image;
    uint32_t mark;             /* seen by the AND or OR being made */
    uint32_t replace_walk;     /* replacement set it belongs to, and what stands for it */
    tni_expr *replacement;
    uint32_t register_walk;    /* lowering */
    uint32_t reg;
};

typedef struct tni_column_info {
    tni_type type;
    const char *name;
    bool not_null;
    bool is_aggregate;   /* the result of an aggregate function */
    uint32_t owner;      /* number of the node that makes it */
    tni_expr *expr;      /* the COLUMN expression of this id */
    uint32_t slot_walk;  /* lowering: position in the input at hand */
    uint32_t slot;
    bool needed;
} tni_column_info;

typedef struct tni_cte {
    const tni_ast_cte *ast;
    struct tni_cte *outer;   /* what the CTE's own query sees */
    bool recursive;          /* WITH RECURSIVE: it sees itself */
    bool busy;               /* being bound: a reference to itself is recursion */
} tni_cte;

typedef struct tni_binder {
    tni_bind_context *context;
    tni_arena *arena;
    tni_env *env;
    tni_error *error;
    tni_error own_error;
    tni_expr **buckets;
    uint32_t bucket_count, expr_count;
    tni_column_info *columns;
    uint32_t column_count, column_capacity;
    uint32_t walk, mark;
    uint32_t node_count;
    tni_cte *ctes;             /* innermost first */
    const tni_type *expected;  /* INSERT: types for the outermost VALUES; NULL = none */
    uint32_t expected_count;
    uint32_t view_depth;
    uint32_t view_position;    /* where the outermost view is named in the statement */
} tni_binder;

TNI_FN tni_binder *tni_binder_get(tni_bind_context *context, tni_error *error);
TNI_FN void *tni_binder_alloc(tni_binder *binder, size_t count, size_t size);
TNI_FN uint32_t tni_binder_position(const tni_binder *binder, uint32_t position);
TNI_FN bool tni_binder_enter(tni_binder *binder, uint32_t position); /* one level deeper */
TNI_FN void tni_binder_leave(tni_binder *binder);
TNI_FN tni_value tni_binder_string(tni_binder *binder, const char *text, size_t length,
                                   bool *ok); /* a VARCHAR whose bytes live as long as the plan */
/* A new column id; UINT32_MAX on failure. */
TNI_FN uint32_t tni_binder_column(tni_binder *binder, tni_type type, const char *name);

TNI_FN tni_expr *tni_expr_column(tni_binder *binder, uint32_t id);
TNI_FN tni_expr *tni_expr_constant(tni_binder *binder, const tni_value *value);
TNI_FN tni_expr *tni_expr_boolean(tni_binder *binder, bool value);
TNI_FN tni_expr *tni_expr_null(tni_binder *binder, tni_type type);
TNI_FN tni_expr *tni_expr_call(tni_binder *binder, const tni_function *function,
                               const void *bound, tni_type type, tni_expr *const *arguments,
                               uint32_t count, tni_expr *predicate, uint32_t position);
TNI_FN tni_expr *tni_expr_cast(tni_binder *binder, tni_expr *in, tni_type type, bool try_cast,
                               tni_expr *predicate, uint32_t position);
/* Both sides of one type. */
TNI_FN tni_expr *tni_expr_compare(tni_binder *binder, tni_ir_op op, tni_expr *left,
                                  tni_expr *right);
TNI_FN tni_expr *tni_expr_and(tni_binder *binder, tni_expr *const *arguments, uint32_t count);
TNI_FN tni_expr *tni_expr_or(tni_binder *binder, tni_expr *const *arguments, uint32_t count);
TNI_FN tni_expr *tni_expr_not(tni_binder *binder, tni_expr *in);
/* IS_NULL, IS_NOT_NULL, IS_TRUE */
TNI_FN tni_expr *tni_expr_test(tni_binder *binder, tni_ir_op op, tni_expr *in);
TNI_FN tni_expr *tni_expr_select(tni_binder *binder, tni_expr *condition, tni_expr *yes,
                                 tni_expr *no);
TNI_FN tni_expr *tni_expr_coalesce(tni_binder *binder, tni_expr *const *arguments,
                                   uint32_t count);
/* `values` of in->type, in any order, repeats allowed. */
TNI_FN tni_expr *tni_expr_in(tni_binder *binder, tni_expr *in, tni_value *values, uint32_t count,
                             bool has_null);
TNI_FN bool tni_expr_is_constant(const tni_expr *expr);
TNI_FN bool tni_expr_is_true(const tni_expr *expr);  /* the constant */
TNI_FN bool tni_expr_is_false(const tni_expr *expr); /* FALSE or NULL: a filter passes nothing */
/* Does every value of `from` become a different value of `to`, in the same order? */
TNI_FN bool tni_cast_is_lossless(tni_type from, tni_type to);
/* The constant in `type` when no information is lost. */
TNI_FN bool tni_value_exact(tni_binder *binder, const tni_value *value, tni_type type,
                            tni_value *out);

/* Replacement: name what is replaced, then rewrite any number of expressions. */
TNI_FN uint32_t tni_replace_begin(tni_binder *binder);
TNI_FN void tni_replace_add(uint32_t set, tni_expr *from, tni_expr *to);
TNI_FN tni_expr *tni_replace_run(tni_binder *binder, uint32_t set, tni_expr *expr);
/* Each that is not NULL in its place; false when memory is short. */
TNI_FN bool tni_replace_all(tni_binder *binder, uint32_t set, tni_expr **exprs, uint32_t count);
/* Visit the ids of all columns below (predicates included), each once. False stops. */
TNI_FN bool tni_expr_columns(tni_binder *binder, tni_expr *expr,
                             bool (*visit)(void *user, uint32_t id), void *user);

/* ---- the logical tree ---- */
typedef struct tni_bound_aggregate {
    const tni_aggregate_function *function;
    bool distinct;
    uint32_t argument_count;
    tni_expr *arguments[2];
    tni_expr *filter;
    tni_value constants[2];
    uint32_t constant_count;
    tni_expr *order[4];
    tni_sort_key order_keys[4];
    uint32_t order_count;
    tni_type type;
    uint32_t id;
    uint32_t position;
} tni_bound_aggregate;

typedef struct tni_bound_sort {
    uint32_t id;
    bool descending, nulls_first;
} tni_bound_sort;

struct tni_node {
    tni_plan_kind kind;
    uint32_t number;            /* from 1, unique in the statement */
    tni_node *input, *second;
    uint32_t column_count;
    uint32_t *columns;          /* output ids; own list in every node */
    double rows;

    tni_source *source;         /* SCAN */
    uint32_t *fields;           /* SCAN: field of each output */
    tni_expr **conjuncts;       /* SCAN, FILTER: all must be true */
    uint32_t conjunct_count;

    tni_expr **exprs;           /* PROJECT: [column_count]; AGGREGATE: keys */
    uint32_t key_count;
    tni_bound_aggregate *aggregates; /* outputs: keys, then these */
    uint32_t aggregate_count;

    tni_value *values;          /* VALUES: by row */
    uint64_t row_count;
    int64_t range_start, range_stop, range_step;

    tni_bound_sort *sorts;      /* ORDER */
    uint32_t sort_count;
    uint64_t limit, offset;     /* ORDER, LIMIT */
    double percent;             /* LIMIT: of the rows; below 0 = none */

    uint32_t *left, *right;     /* UNION_ALL: input ids of each output */
    bool otherwise;             /* UNION_ALL: `second` only where `input` gives no rows */
    /* EXPAND: exprs are the key_count columns that are keys, or the one that counts rows; with
     * `values` the outputs are the input's, the keys', and the number of the set */
};

/* logical.c */
/* `column_count` UINT32_MAX: the input's columns. */
TNI_FN tni_node *tni_node_new(tni_binder *binder, tni_plan_kind kind, tni_node *input,
                              uint32_t column_count);
/* A new output column of the node at `index`. */
TNI_FN bool tni_node_column(tni_binder *binder, tni_node *node, uint32_t index, tni_type type,
                            const char *name);
/* Rows of an AGGREGATE, from its input's and its keys' types. */
TNI_FN void tni_node_estimate_groups(tni_binder *binder, tni_node *node);
/* PROJECT of `exprs`; names may be NULL. Nullability follows bare columns. */
TNI_FN tni_node *tni_node_project(tni_binder *binder, tni_node *input, tni_expr *const *exprs,
                                  const char *const *names, uint32_t count);
/* AGGREGATE by columns of the input, without aggregates: DISTINCT. */
TNI_FN tni_node *tni_node_distinct(tni_binder *binder, tni_node *input, const uint32_t *ids,
                                   uint32_t count);
TNI_FN tni_node *tni_node_filter(tni_binder *binder, tni_node *input, tni_expr *condition);
TNI_FN tni_node *tni_node_single_row(tni_binder *binder); /* one row, no columns */
/* Split conditions into conjuncts appended to the list. */
TNI_FN bool tni_node_add_conjuncts(tni_binder *binder, tni_node *node,
                                   tni_expr *const *conditions, uint32_t count);

/* ---- scopes: what names mean ---- */
typedef struct tni_scope_column {
    const char *relation; /* alias or table name, NULL = none */
    const char *name;
    uint32_t id;
} tni_scope_column;

typedef struct tni_scope {
    tni_scope_column *columns;
    uint32_t count;
    struct tni_scope *outer;
} tni_scope;

/* What a FROM item or a query gives: rows and the names of their columns. */
typedef struct tni_relation {
    tni_node *node;
    uint32_t count;
    uint32_t *ids;
    const char **names;
} tni_relation;

/* Where an expression stands. */
typedef struct tni_place {
    const tni_scope *scope;
    tni_select *select;      /* aliases and aggregates; NULL: none */
    const char *clause;      /* "WHERE", for messages */
    uint32_t alias_limit;    /* select items before this one can be named */
    bool aliases_first;      /* ORDER BY */
    bool having;             /* an alias goes before a column that is not grouped */
    bool aggregates;         /* aggregate calls are allowed */
    bool in_aggregate;
    bool in_filter;          /* top level of WHERE or HAVING: NULL counts as false */
    tni_expr *predicate;     /* CASE, COALESCE: rows in which it is evaluated at all */
    tni_expr *guard;         /* AND, OR: rows the other side left undecided; for casts only */
} tni_place;

typedef struct tni_select_item {
    const tni_ast_expression *ast;
    const char *name;
    bool aliased;
    tni_expr *expr;          /* over the FROM columns and aggregate results; NULL = not yet */
    bool busy, has_aggregate;
    uint32_t id;             /* output column */
} tni_select_item;

struct tni_select {
    tni_binder *binder;
    const tni_ast_query *ast;
    tni_scope scope;
    tni_node *node;
    tni_select_item *items;
    uint32_t item_count, item_capacity;
    tni_bound_aggregate *aggregates;
    uint32_t aggregate_count, aggregate_capacity;
    tni_expr **keys;
    uint32_t key_count, key_capacity;
    tni_value *sets;         /* grouping sets: their numbers, see bind_grouping.c; or none */
    uint32_t set_count;
    uint32_t set_id;         /* the column of these numbers above the groups */
    tni_expr *having;
    bool grouped;
};

/* bind_expression.c */
TNI_FN tni_expr *tni_bind_expr(tni_binder *binder, const tni_place *place,
                               const tni_ast_expression *ast);
TNI_FN tni_expr *tni_bind_condition(tni_binder *binder, const tni_place *place,
                                    const tni_ast_expression *ast); /* to BOOLEAN */
/* Cast to `type` as an assignment (INSERT, UNION) does. */
TNI_FN tni_expr *tni_bind_coerce(tni_binder *binder, tni_expr *expr,
                                 const tni_ast_expression *ast, tni_type type);
TNI_FN bool tni_ast_is_literal(const tni_ast_expression *ast);
/* Resolve and make a call of a scalar function by name. */
TNI_FN tni_expr *tni_bind_named_call(tni_binder *binder, const tni_place *place, const char *name,
                                     tni_expr *const *arguments, const bool *literals,
                                     uint32_t count, uint32_t position);
/* bind_special.c: calls that are no rows of the tables; *done false when it is none of them */
TNI_FN tni_expr *tni_bind_special(tni_binder *binder, const tni_place *place,
                                  const tni_ast_expression *ast, bool *done);
TNI_FN tni_expr *tni_bind_comparison(tni_binder *binder, const tni_place *place, tni_ir_op op,
                                     tni_expr *left, const tni_ast_expression *left_ast,
                                     tni_expr *right, const tni_ast_expression *right_ast,
                                     uint32_t position);
/* The type several expressions meet in (CASE, COALESCE, IN); false: error recorded. */
TNI_FN bool tni_bind_common(tni_binder *binder, tni_expr *const *exprs,
                            const tni_ast_expression *const *asts, uint32_t count,
                            const char *what, uint32_t position, tni_type *out);
/* bind_aggregate.c */
TNI_FN tni_expr *tni_bind_aggregate(tni_binder *binder, const tni_place *place,
                                    const tni_ast_expression *ast,
                                    const tni_aggregate_function *function);
/* bind_name.c: what a result column is called */
TNI_FN const char *tni_bind_name(tni_binder *binder, const tni_ast_expression *ast);
/* bind_query.c: any query: WITH, SELECT, VALUES, set operations, ORDER BY, LIMIT */
TNI_FN bool tni_bind_relation(tni_binder *binder, const tni_ast_query *query, tni_relation *out);
TNI_FN bool tni_relation_new(tni_binder *binder, uint32_t count, tni_relation *out);
/* LIMIT and OFFSET, on top of an ORDER node or as a LIMIT node. */
TNI_FN tni_node *tni_bind_limit(tni_binder *binder, const tni_ast_query *query, tni_node *node);
/* Evaluate a constant expression. */
TNI_FN bool tni_bind_constant_value(tni_binder *binder, const tni_ast_expression *ast,
                                    const char *what, tni_value *out);
/* bind_grouping.c: the sets of a GROUP BY with ROLLUP, CUBE or GROUPING SETS; the nodes that group
 * by them; GROUPING(...) */
TNI_FN bool tni_bind_grouping_sets(tni_select *select);
TNI_FN tni_node *tni_bind_grouping_node(tni_select *select);
TNI_FN tni_expr *tni_bind_grouping_call(tni_binder *binder, const tni_place *place,
                                        const tni_ast_expression *ast);
/* bind_select.c: a key of GROUP BY, and which of the select's it is */
TNI_FN bool tni_select_group_key(tni_select *select, const tni_ast_expression *ast, uint32_t *key);
TNI_FN bool tni_select_refuse(tni_binder *binder, uint32_t position, const char *what);
/* bind_select.c: SELECT with its ORDER BY and LIMIT */
TNI_FN bool tni_bind_select(tni_binder *binder, const tni_ast_query *query, tni_relation *out);
/* bind_star.c: the select list, *, t.* and COLUMNS(...) expanded */
TNI_FN bool tni_bind_items(tni_select *select);
/* bind_from.c */
TNI_FN bool tni_bind_from(tni_binder *binder, const tni_ast_source *source, tni_scope *scope,
                          tni_node **node);
TNI_FN bool tni_bind_scan(tni_binder *binder, tni_source *source, tni_relation *out);
TNI_FN bool tni_bind_keep_source(tni_binder *binder, tni_source *source); /* takes it over */
/* bind_path.c: read_csv(...) and friends, their paths and options */
/* glob('pattern'): the matching paths as rows. */
TNI_FN bool tni_bind_glob_call(tni_binder *binder, const tni_ast_expression *call,
                               tni_relation *out);
TNI_FN bool tni_bind_file_call(tni_binder *binder, const tni_ast_expression *call,
                               tni_relation *out);
/* bind_query.c: the rows of both, columns by place and of the same types */
TNI_FN tni_node *tni_union_node(tni_binder *binder, tni_node *left, const uint32_t *left_ids,
                                tni_node *right, const uint32_t *right_ids, uint32_t count,
                                const char *const *names);
/* rules.c: the rewrites, then columns nobody needs are dropped; `wanted` ids come out */
TNI_FN tni_node *tni_rules_run(tni_binder *binder, tni_node *node, const uint32_t *wanted,
                               uint32_t wanted_count);
/* rules_aggregate.c */
TNI_FN tni_node *tni_rules_aggregate(tni_binder *binder, tni_node *node);
/* lower.c: the plan, its columns in the order of `relation` */
TNI_FN tni_plan *tni_lower(tni_binder *binder, const tni_relation *relation);

/* "table x is not in the FROM clause", and which one may be meant. */
TNI_FN void tni_scope_fail_table(tni_binder *binder, const tni_scope *scope, uint32_t position,
                                 const char *name);

/* outer AND condition; either may be NULL (all rows). False: failure. */
TNI_FN bool tni_predicate_and(tni_binder *binder, tni_expr *outer, tni_expr *condition,
                              tni_expr **out);

#endif
