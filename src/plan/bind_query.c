/*
 * bind_query.c - what surrounds SELECT: WITH, VALUES, UNION, INTERSECT, EXCEPT, LIMIT.
 *
 * INTERSECT and EXCEPT are groupings: the rows of both sides, tagged 1 and 2, grouped by all
 * columns; the OR of a group's tags says on which sides its row occurs. NULLs are equal there, as
 * they are in groups. INTERSECT ALL and EXCEPT ALL count the rows of each side instead, and repeat
 * each group as often as both have it, or the left one more often than the right.
 *
 * Uses: base/, sql/ast.h, plan/bind_internal.h.
 */
#include "plan/bind_internal.h"

TNI_FN bool tni_relation_new(tni_binder *binder, uint32_t count, tni_relation *out) {
    out->count = count;
    out->ids = (uint32_t *)tni_binder_alloc(binder, count, sizeof *out->ids);
    out->names = (const char **)tni_binder_alloc(binder, count, sizeof *out->names);
    return out->ids && out->names;
}

TNI_FN bool tni_bind_constant_value(tni_binder *binder, const tni_ast_expression *ast,
                                    const char *what, tni_value *out) {
    tni_place place;
    tni_expr *expr;
    memset(&place, 0, sizeof place);
    place.clause = what;
    expr = tni_bind_expr(binder, &place, ast);
    if (!expr) {
        return false;
    }
    if (expr->op == TNI_IR_CAST && tni_expr_is_constant(expr->arguments[0])) {
        /* a cast that failed to fold: say why */
        (void)tni_cast_value(binder->env, binder->arena, &expr->arguments[0]->constant,
                             expr->type, out, binder->error);
    }
    if (!tni_expr_is_constant(expr)) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, ast->position), "%s must be a constant",
                          what);
        return false;
    }
    *out = expr->constant;
    return true;
}

/* -------------------------------------------------------------------------- LIMIT --- */

static bool tni_limit_value(tni_binder *binder, const tni_ast_expression *ast, const char *what,
                            uint64_t absent, uint64_t *out) {
    tni_value value, wide;
    *out = absent;
    if (!ast) {
        return true;
    }
    if (!tni_bind_constant_value(binder, ast, what, &value)) {
        return false;
    }
    if (value.is_null) {
        return true;
    }
    if (!tni_type_is_numeric(value.type) ||
        tni_cast_value(binder->env, binder->arena, &value, tni_type_make(TRUENO_TYPE_BIGINT),
                       &wide, binder->error) != TRUENO_OK ||
        wide.as.integer < 0) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, ast->position),
                          "%s must be a number that is not negative", what);
        return false;
    }
    *out = (uint64_t)wide.as.integer;
    return true;
}

/* LIMIT n%; below 0: none. */
static bool tni_limit_percent(tni_binder *binder, const tni_ast_query *query, double *out) {
    tni_value value, wide;
    *out = -1.0;
    if (!query->limit_percent) {
        return true;
    }
    if (!tni_bind_constant_value(binder, query->limit, "LIMIT", &value)) {
        return false;
    }
    if (value.is_null) {
        return true;
    }
    if (!tni_type_is_numeric(value.type) ||
        tni_cast_value(binder->env, binder->arena, &value, tni_type_make(TRUENO_TYPE_DOUBLE),
                       &wide, binder->error) != TRUENO_OK ||
        !(wide.as.number >= 0.0 && wide.as.number <= 100.0)) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, query->limit->position),
                          "LIMIT with a percentage needs a number from 0 to 100");
        return false;
    }
    *out = wide.as.number;
    return true;
}

TNI_FN tni_node *tni_bind_limit(tni_binder *binder, const tni_ast_query *query, tni_node *node) {
    uint64_t limit, offset;
    double percent;
    if (!tni_limit_percent(binder, query, &percent) ||
        !tni_limit_value(binder, query->limit_percent ? NULL : query->limit, "LIMIT", TNI_NO_LIMIT,
                         &limit) ||
        !tni_limit_value(binder, query->offset, "OFFSET", 0, &offset)) {
        return NULL;
    }
    if (limit == TNI_NO_LIMIT && offset == 0 && percent < 0.0) {
        return node;
    }
    if (percent >= 0.0 || node->kind != TNI_PLAN_ORDER || node->limit != TNI_NO_LIMIT ||
        node->offset) {
        node = tni_node_new(binder, TNI_PLAN_LIMIT, node, UINT32_MAX);
        if (!node) {
            return NULL;
        }
    }
    node->limit = limit;
    node->offset = offset;
    node->percent = percent;
    if (limit != TNI_NO_LIMIT && (double)limit < node->rows) {
        node->rows = (double)limit;
    }
    return node;
}

/* ------------------------------------------------------------------------- VALUES --- */

typedef struct tni_values_table {
    tni_expr **cells; /* by row */
    const tni_ast_expression **asts;
    uint32_t rows, columns;
    const tni_type *expected; /* types wanted (NULL type: any), or NULL */
    bool constant;
} tni_values_table;

static bool tni_values_bind(tni_binder *binder, const tni_ast_query *query,
                            tni_values_table *out) {
    const tni_ast_expression *row, *cell;
    tni_place place;
    uint32_t at = 0;
    memset(&place, 0, sizeof place);
    place.clause = "VALUES";
    out->rows = 0;
    out->columns = query->rows ? query->rows->argument_count : 0;
    out->constant = true;
    out->expected = binder->expected_count == out->columns ? binder->expected : NULL;
    binder->expected = NULL;
    for (row = query->rows; row; row = row->next) {
        out->rows++;
        if (row->argument_count != out->columns) {
            (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                              tni_binder_position(binder, row->position),
                              "this row of VALUES has %u columns, the first one %u",
                              row->argument_count, out->columns);
            return false;
        }
    }
    out->cells = (tni_expr **)tni_binder_alloc(binder, (size_t)out->rows * out->columns,
                                               sizeof *out->cells);
    out->asts = (const tni_ast_expression **)tni_binder_alloc(
        binder, (size_t)out->rows * out->columns, sizeof *out->asts);
    if (!out->cells || !out->asts) {
        return false;
    }
    for (row = query->rows; row; row = row->next) {
        for (cell = row->arguments; cell; cell = cell->next, at++) {
            out->asts[at] = cell;
            out->cells[at] = cell->kind == TNI_AST_DEFAULT && out->expected
                                 ? tni_expr_null(binder, tni_type_make(TRUENO_TYPE_NULL))
                                 : tni_bind_expr(binder, &place, cell);
            if (!out->cells[at]) {
                return false;
            }
        }
    }
    return true;
}

/* Every column to one type. */
static bool tni_values_unify(tni_binder *binder, tni_values_table *table, tni_type *types) {
    uint32_t row, column;
    tni_expr **list = (tni_expr **)tni_binder_alloc(binder, table->rows, sizeof *list);
    const tni_ast_expression **asts =
        (const tni_ast_expression **)tni_binder_alloc(binder, table->rows, sizeof *asts);
    if (!list || !asts) {
        return false;
    }
    for (column = 0; column < table->columns; column++) {
        for (row = 0; row < table->rows; row++) {
            list[row] = table->cells[row * table->columns + column];
            asts[row] = table->asts[row * table->columns + column];
        }
        if (table->expected && table->expected[column].id != TRUENO_TYPE_NULL) {
            types[column] = table->expected[column];
        } else if (!tni_bind_common(binder, list, asts, table->rows, "VALUES", asts[0]->position,
                                    &types[column])) {
            return false;
        }
        for (row = 0; row < table->rows; row++) {
            tni_expr *cell = tni_bind_coerce(binder, list[row], asts[row], types[column]);
            if (!cell) {
                return false;
            }
            table->cells[row * table->columns + column] = cell;
            table->constant = table->constant && tni_expr_is_constant(cell);
        }
    }
    return true;
}

TNI_FN tni_node *tni_union_node(tni_binder *binder, tni_node *left, const uint32_t *left_ids,
                                tni_node *right, const uint32_t *right_ids, uint32_t count,
                                const char *const *names) {
    tni_node *node = tni_node_new(binder, TNI_PLAN_UNION_ALL, left, count);
    uint32_t i;
    if (!node) {
        return NULL;
    }
    node->second = right;
    node->rows = left->rows + right->rows;
    node->left = (uint32_t *)tni_binder_alloc(binder, count, sizeof *node->left);
    node->right = (uint32_t *)tni_binder_alloc(binder, count, sizeof *node->right);
    if (!node->left || !node->right) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        node->left[i] = left_ids[i];
        node->right[i] = right_ids[i];
        if (!tni_node_column(binder, node, i, binder->columns[left_ids[i]].type, names[i])) {
            return NULL;
        }
        binder->columns[node->columns[i]].not_null =
            binder->columns[left_ids[i]].not_null && binder->columns[right_ids[i]].not_null;
    }
    return node;
}

static tni_node *tni_values_constant(tni_binder *binder, const tni_values_table *table,
                                     const tni_type *types, const char *const *names) {
    size_t cells = (size_t)table->rows * table->columns, i;
    tni_node *node = tni_node_new(binder, TNI_PLAN_VALUES, NULL, table->columns);
    if (!node) {
        return NULL;
    }
    node->values = (tni_value *)tni_binder_alloc(binder, cells, sizeof *node->values);
    if (!node->values) {
        return NULL;
    }
    node->row_count = table->rows;
    node->rows = (double)table->rows;
    for (i = 0; i < table->columns; i++) {
        if (!tni_node_column(binder, node, (uint32_t)i, types[i], names[i])) {
            return NULL;
        }
        binder->columns[node->columns[i]].not_null = true;
    }
    for (i = 0; i < cells; i++) {
        node->values[i] = table->cells[i]->constant;
        if (node->values[i].is_null) {
            binder->columns[node->columns[i % table->columns]].not_null = false;
        }
    }
    return node;
}

/* Rows that cannot be folded (random(), failing casts): one PROJECT each, joined by UNION ALL. */
static tni_node *tni_values_computed(tni_binder *binder, const tni_values_table *table,
                                     const char *const *names) {
    tni_node *all = NULL;
    uint32_t row;
    for (row = 0; row < table->rows; row++) {
        tni_node *one = tni_node_single_row(binder);
        one = one ? tni_node_project(binder, one, table->cells + (size_t)row * table->columns,
                                     names, table->columns)
                  : NULL;
        if (one && all) {
            one = tni_union_node(binder, all, all->columns, one, one->columns, table->columns,
                                 names);
        }
        if (!one) {
            return NULL;
        }
        all = one;
    }
    return all;
}

static bool tni_bind_values(tni_binder *binder, const tni_ast_query *query, tni_relation *out) {
    tni_values_table table;
    tni_type *types;
    uint32_t i;
    if (!tni_values_bind(binder, query, &table)) {
        return false;
    }
    types = (tni_type *)tni_binder_alloc(binder, table.columns, sizeof *types);
    if (!types || !tni_relation_new(binder, table.columns, out) ||
        !tni_values_unify(binder, &table, types)) {
        return false;
    }
    for (i = 0; i < table.columns; i++) {
        char number[24];
        size_t digits = tni_print_u64(i, number);
        char *name = (char *)tni_binder_alloc(binder, digits + 4, 1);
        if (!name) {
            return false;
        }
        memcpy(name, "col", 3);
        memcpy(name + 3, number, digits + 1);
        out->names[i] = name;
    }
    out->node = table.constant ? tni_values_constant(binder, &table, types, out->names)
                               : tni_values_computed(binder, &table, out->names);
    if (!out->node) {
        return false;
    }
    memcpy(out->ids, out->node->columns, table.columns * sizeof *out->ids);
    return true;
}

/* ------------------------------------------------------------------ set operations --- */

/* The relation with its columns cast; unchanged when nothing differs. `tag` > 0 adds a column. */
static bool tni_set_cast(tni_binder *binder, tni_relation *relation, const tni_type *types,
                         int64_t tag) {
    uint32_t count = relation->count + (tag ? 1 : 0), i;
    tni_expr **exprs = (tni_expr **)tni_binder_alloc(binder, count, sizeof *exprs);
    const char **names = (const char **)tni_binder_alloc(binder, count, sizeof *names);
    uint32_t *ids = (uint32_t *)tni_binder_alloc(binder, count, sizeof *ids);
    bool same = tag == 0;
    tni_node *node;
    if (!exprs || !names || !ids) {
        return false;
    }
    for (i = 0; i < relation->count; i++) {
        tni_expr *column = tni_expr_column(binder, relation->ids[i]);
        same = same && column && tni_type_equal(column->type, types[i]);
        exprs[i] = column ? tni_expr_cast(binder, column, types[i], false, NULL, TNI_NO_POSITION)
                          : NULL;
        names[i] = relation->names[i];
        if (!exprs[i]) {
            return false;
        }
    }
    if (tag) {
        tni_value value = tni_value_i64(tni_type_make(TRUENO_TYPE_TINYINT), tag);
        exprs[relation->count] = tni_expr_constant(binder, &value);
        names[relation->count] = "side";
        if (!exprs[relation->count]) {
            return false;
        }
    }
    if (same) {
        return true;
    }
    node = tni_node_project(binder, relation->node, exprs, names, count);
    if (!node) {
        return false;
    }
    memcpy(ids, node->columns, count * sizeof *ids);
    relation->node = node;
    relation->ids = ids;
    relation->names = names;
    relation->count = count;
    return true;
}

/* UNION BY NAME: both sides get all columns; what a side lacks is NULL. */
static bool tni_set_by_name(tni_binder *binder, tni_relation *left, tni_relation *right) {
    uint32_t total = left->count, i, k, side;
    uint32_t most = left->count + right->count;
    const char **names = (const char **)tni_binder_alloc(binder, most, sizeof *names);
    tni_relation *sides[2];
    if (!names) {
        return false;
    }
    memcpy(names, left->names, left->count * sizeof *names);
    for (i = 0; i < right->count; i++) {
        for (k = 0; k < total && !tni_name_equal(names[k], right->names[i]); k++) {
        }
        if (k == total) {
            names[total++] = right->names[i];
        }
    }
    sides[0] = left;
    sides[1] = right;
    for (side = 0; side < 2; side++) {
        tni_relation *r = sides[side];
        tni_expr **exprs = (tni_expr **)tni_binder_alloc(binder, total, sizeof *exprs);
        for (i = 0; exprs && i < total; i++) {
            for (k = 0; k < r->count && !tni_name_equal(names[i], r->names[k]); k++) {
            }
            exprs[i] = k < r->count ? tni_expr_column(binder, r->ids[k])
                                    : tni_expr_null(binder, tni_type_make(TRUENO_TYPE_NULL));
            if (!exprs[i]) {
                return false;
            }
        }
        r->node = exprs ? tni_node_project(binder, r->node, exprs, names, total) : NULL;
        if (!r->node) {
            return false;
        }
        r->ids = r->node->columns;
        r->names = names;
        r->count = total;
    }
    return true;
}

static bool tni_set_types(tni_binder *binder, const tni_ast_query *query,
                          const tni_relation *left, const tni_relation *right, tni_type *types) {
    uint32_t i;
    for (i = 0; i < left->count; i++) {
        tni_type a = binder->columns[left->ids[i]].type, b = binder->columns[right->ids[i]].type;
        if (!tni_type_common(a, b, &types[i])) {
            char x[40], y[40];
            tni_type_print(a, x);
            tni_type_print(b, y);
            (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                              tni_binder_position(binder, query->right->position),
                              "column %u of the set operation is %s on one side and %s on the "
                              "other: add an explicit cast",
                              i + 1, x, y);
            return false;
        }
    }
    return true;
}

/* AGGREGATE of `both` by its first `count` columns, with `aggregates` to be filled in. */
static tni_node *tni_set_groups(tni_binder *binder, tni_node *both, uint32_t count,
                                uint32_t aggregates) {
    tni_node *node = tni_node_new(binder, TNI_PLAN_AGGREGATE, both, count + aggregates);
    uint32_t i;
    if (!node) {
        return NULL;
    }
    node->key_count = count;
    node->aggregate_count = aggregates;
    node->exprs = (tni_expr **)tni_binder_alloc(binder, count, sizeof *node->exprs);
    node->aggregates =
        (tni_bound_aggregate *)tni_binder_alloc(binder, aggregates, sizeof *node->aggregates);
    if (!node->exprs || !node->aggregates) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        tni_column_info info = binder->columns[both->columns[i]];
        node->exprs[i] = tni_expr_column(binder, both->columns[i]);
        if (!node->exprs[i] || !tni_node_column(binder, node, i, info.type, info.name)) {
            return NULL;
        }
    }
    return node;
}

/* Above UNION ALL with the tag as last column: groups, their sides, the wanted ones. */
static tni_node *tni_set_sides(tni_binder *binder, tni_node *both, uint32_t count, bool except) {
    tni_node *node = tni_set_groups(binder, both, count, 1);
    tni_bound_aggregate *sides;
    tni_value wanted = tni_value_i64(tni_type_make(TRUENO_TYPE_TINYINT), except ? 1 : 3);
    tni_expr *constant = tni_expr_constant(binder, &wanted), *condition, *column;
    if (!node || !constant) {
        return NULL;
    }
    sides = node->aggregates;
    sides->function = tni_aggregate_find("bit_or");
    sides->argument_count = 1;
    sides->arguments[0] = tni_expr_column(binder, both->columns[count]);
    sides->type = wanted.type;
    sides->position = TNI_NO_POSITION;
    if (!sides->arguments[0] || !tni_node_column(binder, node, count, sides->type, "sides")) {
        return NULL;
    }
    sides->id = node->columns[count];
    column = tni_expr_column(binder, sides->id);
    condition = column ? tni_expr_compare(binder, TNI_IR_EQUAL, column, constant) : NULL;
    return condition ? tni_node_filter(binder, node, condition) : NULL;
}

/* count(*) FILTER (WHERE side = `side`) as aggregate `side` - 1 of `node`; its column. */
static tni_expr *tni_set_count(tni_binder *binder, tni_node *node, uint32_t tag, int64_t side) {
    tni_value value = tni_value_i64(tni_type_make(TRUENO_TYPE_TINYINT), side);
    tni_bound_aggregate *out = &node->aggregates[side - 1];
    tni_expr *column = tni_expr_column(binder, tag), *constant = tni_expr_constant(binder, &value);
    out->function = tni_aggregate_find("count_star");
    out->type = tni_type_make(TRUENO_TYPE_BIGINT);
    out->position = TNI_NO_POSITION;
    out->filter =
        column && constant ? tni_expr_compare(binder, TNI_IR_EQUAL, column, constant) : NULL;
    if (!out->filter || !tni_node_column(binder, node, node->key_count + (uint32_t)side - 1,
                                         out->type, side == 1 ? "left" : "right")) {
        return NULL;
    }
    out->id = node->columns[node->key_count + (uint32_t)side - 1];
    binder->columns[out->id].not_null = true;
    return tni_expr_column(binder, out->id);
}

/* How often a row of both sides counts: the lesser of its counts, or left less right. */
static tni_expr *tni_set_times(tni_binder *binder, tni_expr *left, tni_expr *right, bool except) {
    static const bool literals[2] = {false, false};
    tni_expr *arguments[2], *less;
    tni_place place;
    if (!left || !right) {
        return NULL;
    }
    if (except) {
        memset(&place, 0, sizeof place);
        arguments[0] = left;
        arguments[1] = right;
        return tni_bind_named_call(binder, &place, "-", arguments, literals, 2, TNI_NO_POSITION);
    }
    less = tni_expr_compare(binder, TNI_IR_LESS, left, right);
    return less ? tni_expr_select(binder, less, left, right) : NULL;
}

/* Above UNION ALL with the tag as last column: groups, repeated as the bags want them. */
static tni_node *tni_set_bags(tni_binder *binder, tni_node *both, uint32_t count, bool except) {
    tni_node *node = tni_set_groups(binder, both, count, 2), *project;
    tni_expr **exprs = (tni_expr **)tni_binder_alloc(binder, count + 1, sizeof *exprs);
    tni_expr *left, *right;
    const char **names = (const char **)tni_binder_alloc(binder, count + 1, sizeof *names);
    uint32_t tag = both->columns[count], i;
    if (!node || !exprs || !names) {
        return NULL;
    }
    left = tni_set_count(binder, node, tag, 1);
    right = left ? tni_set_count(binder, node, tag, 2) : NULL;
    exprs[count] = tni_set_times(binder, left, right, except);
    names[count] = "times";
    if (!exprs[count]) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        exprs[i] = tni_expr_column(binder, node->columns[i]);
        names[i] = binder->columns[node->columns[i]].name;
        if (!exprs[i]) {
            return NULL;
        }
    }
    project = tni_node_project(binder, node, exprs, names, count + 1);
    node = project ? tni_node_new(binder, TNI_PLAN_EXPAND, project, UINT32_MAX) : NULL;
    if (!node) {
        return NULL;
    }
    node->exprs = (tni_expr **)tni_binder_alloc(binder, 1, sizeof *node->exprs);
    node->key_count = 1;
    if (!node->exprs) {
        return NULL;
    }
    node->exprs[0] = tni_expr_column(binder, project->columns[count]);
    return node->exprs[0] ? node : NULL;
}

static bool tni_set_combine(tni_binder *binder, const tni_ast_query *query, tni_relation *left,
                            tni_relation *right, tni_relation *out) {
    bool tagged = query->set != TNI_SET_UNION;
    uint32_t count = left->count;
    tni_type *types = (tni_type *)tni_binder_alloc(binder, count, sizeof *types);
    tni_node *node;
    if (!types || !tni_set_types(binder, query, left, right, types) ||
        !tni_set_cast(binder, left, types, tagged ? 1 : 0) ||
        !tni_set_cast(binder, right, types, tagged ? 2 : 0)) {
        return false;
    }
    node = tni_union_node(binder, left->node, left->ids, right->node, right->ids, left->count,
                          left->names);
    if (node && tagged && query->set_all) {
        node = tni_set_bags(binder, node, count, query->set == TNI_SET_EXCEPT);
    } else if (node && tagged) {
        node = tni_set_sides(binder, node, count, query->set == TNI_SET_EXCEPT);
    } else if (node && !query->set_all) {
        node = tni_node_distinct(binder, node, node->columns, count);
    }
    if (!node || !tni_relation_new(binder, count, out)) {
        return false;
    }
    out->node = node;
    memcpy(out->ids, node->columns, count * sizeof *out->ids);
    memcpy(out->names, left->names, count * sizeof *out->names);
    return true;
}

static bool tni_bind_set(tni_binder *binder, const tni_ast_query *query, tni_relation *out) {
    tni_relation left, right;
    if (!tni_bind_relation(binder, query->left, &left) ||
        !tni_bind_relation(binder, query->right, &right) ||
        (query->set_by_name && !tni_set_by_name(binder, &left, &right))) {
        return false;
    }
    if (left.count != right.count) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, query->right->position),
                          "the sides of the set operation have %u and %u columns", left.count,
                          right.count);
        return false;
    }
    return tni_set_combine(binder, query, &left, &right, out);
}

/* ------------------------------------------------------- ORDER BY over output columns --- */

/* ORDER BY 2, ORDER BY name or an expression over them, after a set operation or VALUES. */
static tni_expr *tni_outer_order_key(tni_binder *binder, const tni_relation *relation,
                                     const tni_scope *scope, const tni_ast_expression *ast) {
    tni_place place;
    if (ast->kind == TNI_AST_INTEGER) {
        if (ast->value.integer < 1 || ast->value.integer > (int64_t)relation->count) {
            (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                              tni_binder_position(binder, ast->position),
                              "ORDER BY position %lld is not in the %u columns",
                              (long long)ast->value.integer, relation->count);
            return NULL;
        }
        return tni_expr_column(binder, relation->ids[ast->value.integer - 1]);
    }
    memset(&place, 0, sizeof place);
    place.scope = scope;
    place.clause = "ORDER BY of a set operation";
    return tni_bind_expr(binder, &place, ast);
}

static tni_node *tni_outer_sort(tni_binder *binder, tni_node *input, const tni_bound_sort *sorts,
                                uint32_t count) {
    tni_node *node = tni_node_new(binder, TNI_PLAN_ORDER, input, UINT32_MAX);
    if (node) {
        node->sorts = (tni_bound_sort *)tni_binder_alloc(binder, count, sizeof *sorts);
        if (!node->sorts) {
            return NULL;
        }
        memcpy(node->sorts, sorts, count * sizeof *sorts);
        node->sort_count = count;
    }
    return node;
}

/* The keys that are no columns are computed by a PROJECT that passes the columns on. */
static bool tni_outer_order(tni_binder *binder, const tni_ast_query *query,
                            tni_relation *relation) {
    const tni_settings *settings = binder->context->settings;
    const tni_ast_order *order;
    tni_scope scope;
    uint32_t keys = 0, total, i;
    tni_expr **exprs;
    tni_bound_sort *sorts;
    tni_node *node;
    for (order = query->order; order; order = order->next) {
        keys += order->all ? relation->count : 1;
    }
    scope.outer = NULL;
    scope.count = relation->count;
    scope.columns =
        (tni_scope_column *)tni_binder_alloc(binder, relation->count, sizeof *scope.columns);
    exprs = (tni_expr **)tni_binder_alloc(binder, relation->count + keys, sizeof *exprs);
    sorts = (tni_bound_sort *)tni_binder_alloc(binder, keys, sizeof *sorts);
    if (!scope.columns || !exprs || !sorts) {
        return false;
    }
    for (i = 0; i < relation->count; i++) {
        scope.columns[i].name = relation->names[i];
        scope.columns[i].id = relation->ids[i];
        exprs[i] = tni_expr_column(binder, relation->ids[i]);
        if (!exprs[i]) {
            return false;
        }
    }
    total = relation->count;
    keys = 0;
    for (order = query->order; order; order = order->next) {
        uint32_t copies = order->all ? relation->count : 1;
        for (i = 0; i < copies; i++, keys++) {
            tni_expr *key = order->all ? exprs[i]
                                       : tni_outer_order_key(binder, relation, &scope,
                                                             order->expression);
            if (!key) {
                return false;
            }
            exprs[total++] = key;
            sorts[keys].descending = order->descending;
            sorts[keys].nulls_first =
                order->nulls == 0 ? settings->nulls_first : order->nulls == 1;
        }
    }
    node = tni_node_project(binder, relation->node, exprs, NULL, total);
    if (!node) {
        return false;
    }
    for (i = 0; i < keys; i++) {
        sorts[i].id = node->columns[relation->count + i];
    }
    for (i = 0; i < relation->count; i++) {
        binder->columns[node->columns[i]].name = relation->names[i];
        relation->ids[i] = node->columns[i];
    }
    relation->node = tni_outer_sort(binder, node, sorts, keys);
    return relation->node != NULL;
}

/* --------------------------------------------------------------------------- query --- */

#define TNI_WITH_COMPARED 4096u /* names compared with each other; a longer list shadows */

static bool tni_with_push(tni_binder *binder, const tni_ast_query *query) {
    const tni_ast_cte *ast;
    uint32_t count = 0;
    for (ast = query->with; ast; ast = ast->next, count++) {
        const tni_ast_cte *other = query->with;
        tni_cte *cte = (tni_cte *)tni_binder_alloc(binder, 1, sizeof *cte);
        if (!cte) {
            return false;
        }
        for (; count < TNI_WITH_COMPARED && other != ast; other = other->next) {
            if (tni_name_equal(other->name, ast->name)) {
                (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                                  tni_binder_position(binder, ast->position),
                                  "the name \"%s\" is in this WITH twice", ast->name);
                return false;
            }
        }
        cte->ast = ast;
        cte->outer = binder->ctes;
        cte->recursive = query->recursive;
        binder->ctes = cte;
    }
    return true;
}

static bool tni_query_kinds(tni_binder *binder, const tni_ast_query *query, tni_relation *out) {
    bool ok;
    if (query->kind == TNI_QUERY_SELECT) {
        return tni_bind_select(binder, query, out);
    }
    ok = query->kind == TNI_QUERY_VALUES ? tni_bind_values(binder, query, out)
                                         : tni_bind_set(binder, query, out);
    if (ok && query->order) {
        ok = tni_outer_order(binder, query, out);
    }
    if (ok) {
        out->node = tni_bind_limit(binder, query, out->node);
    }
    return ok && out->node;
}

TNI_FN bool tni_bind_relation(tni_binder *binder, const tni_ast_query *query, tni_relation *out) {
    tni_cte *saved = binder->ctes;
    bool ok;
    memset(out, 0, sizeof *out);
    if (!tni_binder_enter(binder, query->position)) {
        return false;
    }
    ok = tni_with_push(binder, query) && tni_query_kinds(binder, query, out);
    binder->ctes = saved;
    tni_binder_leave(binder);
    return ok;
}

#undef TNI_WITH_COMPARED
