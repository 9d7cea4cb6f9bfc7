/*
 * bind_select.c - one SELECT: FROM, WHERE, GROUP BY, HAVING, DISTINCT, ORDER BY, LIMIT.
 *
 * Everything is bound over the columns of FROM first, aggregate calls standing for columns of an
 * AGGREGATE node to come. With groups, each expression is then rewritten: what equals a GROUP BY
 * key becomes that key's column, and a column of FROM that is left over was not grouped. ORDER BY
 * may use what is not selected: such keys are computed as hidden columns of the last PROJECT.
 *
 * Uses: base/, sql/ast.h, plan/bind_internal.h.
 */
#include "plan/bind_internal.h"

typedef struct tni_order_item {
    const tni_ast_order *ast;
    tni_expr *expr;   /* over FROM, until it is known to be an item */
    uint32_t item;    /* select item, or UINT32_MAX */
    uint32_t id;
    bool descending, nulls_first;
} tni_order_item;

typedef struct tni_order_list {
    tni_order_item *items;
    uint32_t count;
} tni_order_list;

static tni_place tni_select_place(tni_select *select, const char *clause, bool aggregates) {
    tni_place place;
    memset(&place, 0, sizeof place);
    place.scope = &select->scope;
    place.select = select;
    place.clause = clause;
    place.alias_limit = select->item_count;
    place.aggregates = aggregates;
    return place;
}

TNI_FN bool tni_select_refuse(tni_binder *binder, uint32_t position, const char *what) {
    (void)tni_fail_at(binder->error, TRUENO_ERROR_UNSUPPORTED,
                      tni_binder_position(binder, position),
                      "%s not supported in this version", what);
    return false;
}

/* ------------------------------------------------------------------------- items --- */

static bool tni_select_visit_aggregate(void *user, uint32_t id) {
    const tni_binder *binder = (const tni_binder *)user;
    return !binder->columns[id].is_aggregate;
}

static bool tni_select_bind_item(tni_select *select, uint32_t index, bool aggregates,
                                 const char *clause) {
    tni_binder *binder = select->binder;
    tni_select_item *item = &select->items[index];
    if (!item->expr) {
        tni_place place = tni_select_place(select, clause, aggregates);
        place.alias_limit = index;
        item->busy = true;
        item->expr = tni_bind_expr(binder, &place, item->ast);
        item->busy = false;
        if (!item->expr) {
            return false;
        }
    }
    item->has_aggregate =
        !tni_expr_columns(binder, item->expr, tni_select_visit_aggregate, binder);
    return true;
}

/* ------------------------------------------------------------------------- groups --- */

static bool tni_select_add_key(tni_select *select, tni_expr *key, uint32_t *index) {
    tni_binder *binder = select->binder;
    uint32_t i;
    select->grouped = true;
    for (i = 0; i < select->key_count; i++) {
        if (select->keys[i] == key->plain) {
            *index = i;
            return true;
        }
    }
    if (select->key_count == select->key_capacity) {
        uint32_t capacity = TNI_MAX(select->key_capacity * 2, 8u);
        tni_expr **grown = (tni_expr **)tni_binder_alloc(binder, capacity, sizeof *grown);
        if (!grown) {
            return false;
        }
        if (select->key_count) {
            memcpy(grown, select->keys, select->key_count * sizeof *grown);
        }
        select->keys = grown;
        select->key_capacity = capacity;
    }
    *index = select->key_count;
    select->keys[select->key_count++] = key->plain;
    return true;
}

/* Item number of an ordinal; UINT32_MAX: error recorded. */
static uint32_t tni_select_ordinal(tni_select *select, const tni_ast_expression *ast,
                                   const char *clause) {
    int64_t n = ast->value.integer;
    if (n < 1 || n > (int64_t)select->item_count) {
        (void)tni_fail_at(select->binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(select->binder, ast->position),
                          "%s position %lld is not in the select list of %u columns", clause,
                          (long long)n, select->item_count);
        return UINT32_MAX;
    }
    return (uint32_t)(n - 1);
}

static bool tni_select_group_item(tni_select *select, uint32_t index, const tni_ast_expression *ast,
                                  uint32_t *key) {
    if (!tni_select_bind_item(select, index, false, "GROUP BY")) {
        return false;
    }
    if (select->items[index].has_aggregate) {
        (void)tni_fail_at(select->binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(select->binder, ast->position),
                          "GROUP BY names \"%s\", which holds an aggregate",
                          select->items[index].name);
        return false;
    }
    return tni_select_add_key(select, select->items[index].expr, key);
}

static bool tni_select_group_all(tni_select *select) {
    uint32_t i, key;
    select->grouped = true;
    for (i = 0; i < select->item_count; i++) {
        if (!tni_select_bind_item(select, i, true, "the select list") ||
            (!select->items[i].has_aggregate &&
             !tni_select_add_key(select, select->items[i].expr, &key))) {
            return false;
        }
    }
    return true;
}

TNI_FN bool tni_select_group_key(tni_select *select, const tni_ast_expression *ast, uint32_t *key) {
    tni_place place = tni_select_place(select, "GROUP BY", false);
    tni_expr *expr;
    if (ast->kind == TNI_AST_INTEGER) {
        uint32_t index = tni_select_ordinal(select, ast, "GROUP BY");
        return index != UINT32_MAX && tni_select_group_item(select, index, ast, key);
    }
    expr = tni_bind_expr(select->binder, &place, ast);
    return expr && tni_select_add_key(select, expr, key);
}

static bool tni_select_groups(tni_select *select) {
    const tni_ast_grouping *grouping;
    const tni_ast_expression *ast;
    uint32_t key;
    for (grouping = select->ast->groups; grouping; grouping = grouping->next) {
        if (grouping->sets) {
            return tni_bind_grouping_sets(select);
        }
    }
    for (grouping = select->ast->groups; grouping; grouping = grouping->next) {
        ast = grouping->expressions;
        select->grouped = true;
        if (grouping->all && !tni_select_group_all(select)) {
            return false;
        }
        for (; ast; ast = ast->next) {
            if (!tni_select_group_key(select, ast, &key)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- rewriting above the groups ---- */

typedef struct tni_group_check {
    const tni_binder *binder;
    uint32_t node;
    uint32_t culprit;
} tni_group_check;

static bool tni_group_visit(void *user, uint32_t id) {
    tni_group_check *check = (tni_group_check *)user;
    if (check->binder->columns[id].owner == check->node) {
        return true;
    }
    check->culprit = id;
    return false;
}

/* Where a column is named outside aggregates, for the message. */
static uint32_t tni_group_find(const tni_ast_expression *ast, const char *name, uint32_t depth) {
    const tni_ast_expression *argument;
    uint32_t at = UINT32_MAX;
    if (!ast || depth > 200 || (ast->kind == TNI_AST_CALL && tni_aggregate_find(ast->name))) {
        return UINT32_MAX;
    }
    if (ast->kind == TNI_AST_COLUMN && tni_name_equal(ast->name, name)) {
        return ast->position;
    }
    at = tni_group_find(ast->left, name, depth + 1);
    if (at == UINT32_MAX) {
        at = tni_group_find(ast->right, name, depth + 1);
    }
    for (argument = ast->arguments; argument && at == UINT32_MAX; argument = argument->next) {
        at = tni_group_find(argument, name, depth + 1);
    }
    return at;
}

static tni_expr *tni_group_rewrite(tni_select *select, const tni_node *aggregate, uint32_t set,
                                   tni_expr *expr, const tni_ast_expression *ast) {
    tni_binder *binder = select->binder;
    tni_group_check check;
    uint32_t position;
    const char *name;
    expr = tni_replace_run(binder, set, expr);
    if (!expr) {
        return NULL;
    }
    check.binder = binder;
    check.node = aggregate->number;
    check.culprit = 0;
    if (tni_expr_columns(binder, expr, tni_group_visit, &check)) {
        return expr;
    }
    name = binder->columns[check.culprit].name;
    position = ast ? tni_group_find(ast, name, 0) : UINT32_MAX;
    if (position == UINT32_MAX) {
        position = ast ? ast->position : select->ast->position;
    }
    (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER, tni_binder_position(binder, position),
                      "column \"%s\" must stand in GROUP BY or inside an aggregate function: add "
                      "it to GROUP BY, or use any_value(%s) where any value of the group will do",
                      name, name);
    return NULL;
}

static tni_node *tni_group_node(tni_select *select) {
    tni_binder *binder = select->binder;
    tni_node *node = tni_node_new(binder, TNI_PLAN_AGGREGATE, select->node,
                                  select->key_count + select->aggregate_count);
    uint32_t i;
    if (!node) {
        return NULL;
    }
    node->exprs = select->keys;
    node->key_count = select->key_count;
    node->aggregates = select->aggregates;
    node->aggregate_count = select->aggregate_count;
    for (i = 0; i < select->key_count; i++) {
        const tni_expr *key = select->keys[i];
        bool column = key->op == TNI_IR_COLUMN;
        if (!tni_node_column(binder, node, i, key->type,
                             column ? binder->columns[key->column].name : "key")) {
            return NULL;
        }
        binder->columns[node->columns[i]].not_null =
            column && binder->columns[key->column].not_null;
    }
    for (i = 0; i < select->aggregate_count; i++) {
        node->columns[select->key_count + i] = select->aggregates[i].id;
        binder->columns[select->aggregates[i].id].owner = node->number;
    }
    tni_node_estimate_groups(binder, node);
    return node;
}

/* The AGGREGATE node, HAVING above it, and every expression over its columns. */
static bool tni_select_apply_groups(tni_select *select, tni_order_list *order) {
    tni_binder *binder = select->binder;
    tni_node *node = select->set_count ? tni_bind_grouping_node(select) : tni_group_node(select);
    uint32_t set = tni_replace_begin(binder), i;
    if (!node) {
        return false;
    }
    for (i = 0; i < select->key_count; i++) {
        tni_expr *column = tni_expr_column(binder, node->columns[i]);
        if (!column) {
            return false;
        }
        if (!tni_expr_is_constant(select->keys[i])) {
            tni_replace_add(set, select->keys[i], column);
        }
    }
    select->node = node;
    for (i = 0; i < select->item_count && select->set_count; i++) {
        tni_expr *item = select->items[i].expr; /* a constant key is NULL outside its sets */
        uint32_t k;
        for (k = 0; k < select->key_count && select->keys[k] != item; k++) {
        }
        if (k < select->key_count && tni_expr_is_constant(item)) {
            select->items[i].expr = tni_expr_column(binder, node->columns[k]);
            if (!select->items[i].expr) {
                return false;
            }
        }
    }
    for (i = 0; i < select->item_count; i++) {
        select->items[i].expr = tni_group_rewrite(select, node, set, select->items[i].expr,
                                                  select->items[i].ast);
        if (!select->items[i].expr) {
            return false;
        }
    }
    for (i = 0; i < order->count; i++) {
        tni_order_item *item = &order->items[i];
        if (item->expr) {
            item->expr =
                tni_group_rewrite(select, node, set, item->expr, item->ast->expression);
            if (!item->expr) {
                return false;
            }
        }
    }
    if (select->having) {
        tni_expr *having =
            tni_group_rewrite(select, node, set, select->having, select->ast->having);
        select->node = having ? tni_node_filter(binder, node, having) : NULL;
    }
    return select->node != NULL;
}

/* -------------------------------------------------------------------------- order --- */

/* ORDER BY sum: an unnamed aggregate by its function's name, as PostgreSQL calls its column. */
static uint32_t tni_order_by_function(const tni_select *select, const tni_ast_expression *ast) {
    uint32_t i, found = UINT32_MAX;
    if (ast->kind != TNI_AST_COLUMN || ast->qualifier) {
        return UINT32_MAX;
    }
    for (i = 0; i < select->scope.count; i++) {
        if (tni_name_equal(select->scope.columns[i].name, ast->name)) {
            return UINT32_MAX;
        }
    }
    for (i = 0; i < select->item_count; i++) {
        const tni_select_item *item = &select->items[i];
        if (tni_name_equal(item->name, ast->name)) {
            return UINT32_MAX;
        }
        if (item->ast->kind == TNI_AST_CALL && !item->aliased &&
            tni_name_equal(item->ast->name, ast->name)) {
            if (found != UINT32_MAX) {
                return UINT32_MAX;
            }
            found = i;
        }
    }
    return found;
}

static uint32_t tni_order_find_item(const tni_select *select, const tni_expr *expr) {
    uint32_t i;
    for (i = 0; i < select->item_count; i++) {
        if (select->items[i].expr && select->items[i].expr->plain == expr->plain) {
            return i;
        }
    }
    return UINT32_MAX;
}

static bool tni_order_bind_one(tni_select *select, const tni_ast_order *ast,
                               tni_order_item *out) {
    const tni_ast_expression *expression = ast->expression;
    tni_place place = tni_select_place(select, "ORDER BY", true);
    out->item = UINT32_MAX;
    if (expression->kind == TNI_AST_INTEGER) {
        out->item = tni_select_ordinal(select, expression, "ORDER BY");
        return out->item != UINT32_MAX;
    }
    out->item = tni_order_by_function(select, expression);
    if (out->item != UINT32_MAX) {
        return true;
    }
    place.aliases_first = true;
    out->expr = tni_bind_expr(select->binder, &place, expression);
    return out->expr != NULL;
}

static bool tni_order_bind(tni_select *select, tni_order_list *order) {
    const tni_settings *settings = select->binder->context->settings;
    const tni_ast_order *ast;
    uint32_t capacity = 0;
    for (ast = select->ast->order; ast; ast = ast->next) {
        capacity += ast->all ? select->item_count : 1;
    }
    order->count = 0;
    order->items =
        (tni_order_item *)tni_binder_alloc(select->binder, capacity, sizeof *order->items);
    if (!order->items) {
        return false;
    }
    for (ast = select->ast->order; ast; ast = ast->next) {
        uint32_t copies = ast->all ? select->item_count : 1, i;
        for (i = 0; i < copies; i++) {
            tni_order_item *item = &order->items[order->count];
            item->ast = ast;
            item->descending = ast->descending;
            item->nulls_first = ast->nulls == 0 ? settings->nulls_first : ast->nulls == 1;
            item->item = i;
            if (!ast->all && !tni_order_bind_one(select, ast, item)) {
                return false;
            }
            if (item->expr && tni_expr_is_constant(item->expr)) {
                item->expr = NULL;
                continue; /* a constant orders nothing */
            }
            order->count++;
        }
    }
    return true;
}

/* ------------------------------------------------------------------- projections --- */

/* PROJECT of the items, and of the order keys that are none of them. */
static bool tni_select_project(tni_select *select, tni_order_list *order, bool hidden) {
    tni_binder *binder = select->binder;
    uint32_t count = select->item_count, i;
    tni_expr **exprs =
        (tni_expr **)tni_binder_alloc(binder, count + order->count, sizeof *exprs);
    const char **names =
        (const char **)tni_binder_alloc(binder, count + order->count, sizeof *names);
    tni_node *node;
    if (!exprs || !names) {
        return false;
    }
    for (i = 0; i < select->item_count; i++) {
        exprs[i] = select->items[i].expr;
        names[i] = select->items[i].name;
    }
    for (i = 0; i < order->count; i++) {
        tni_order_item *item = &order->items[i];
        if (item->expr) {
            item->item = tni_order_find_item(select, item->expr);
        }
        if (item->item == UINT32_MAX && hidden) {
            exprs[count] = item->expr;
            names[count++] = "order key";
        }
    }
    node = tni_node_project(binder, select->node, exprs, names, count);
    if (!node) {
        return false;
    }
    for (i = 0; i < select->item_count; i++) {
        select->items[i].id = node->columns[i];
    }
    for (i = 0, count = select->item_count; i < order->count; i++) {
        tni_order_item *item = &order->items[i];
        item->id = item->item != UINT32_MAX ? node->columns[item->item]
                   : hidden                 ? node->columns[count++]
                                            : UINT32_MAX;
    }
    select->node = node;
    return true;
}

static bool tni_select_sort(tni_select *select, const tni_order_list *order) {
    tni_binder *binder = select->binder;
    tni_node *node;
    uint32_t i;
    if (order->count == 0) {
        return true;
    }
    node = tni_node_new(binder, TNI_PLAN_ORDER, select->node, UINT32_MAX);
    if (!node) {
        return false;
    }
    node->sorts =
        (tni_bound_sort *)tni_binder_alloc(binder, order->count, sizeof *node->sorts);
    if (!node->sorts) {
        return false;
    }
    for (i = 0; i < order->count; i++) {
        node->sorts[i].id = order->items[i].id;
        node->sorts[i].descending = order->items[i].descending;
        node->sorts[i].nulls_first = order->items[i].nulls_first;
    }
    node->sort_count = order->count;
    select->node = node;
    return true;
}

/* ------------------------------------------------------------------------ DISTINCT --- */

typedef struct tni_distinct_check {
    const tni_binder *binder;
    uint32_t node;
} tni_distinct_check;

static bool tni_distinct_visit(void *user, uint32_t id) {
    const tni_distinct_check *check = (const tni_distinct_check *)user;
    return check->binder->columns[id].owner == check->node;
}

/* Order keys of SELECT DISTINCT must be made of what is selected. */
static bool tni_distinct_order(tni_select *select, tni_order_list *order, uint32_t set) {
    tni_binder *binder = select->binder;
    tni_distinct_check check;
    tni_expr **exprs;
    tni_node *node;
    uint32_t count = select->item_count, i;
    check.binder = binder;
    check.node = select->node->number;
    exprs = (tni_expr **)tni_binder_alloc(binder, count + order->count, sizeof *exprs);
    if (!exprs) {
        return false;
    }
    for (i = 0; i < select->item_count; i++) {
        exprs[i] = tni_expr_column(binder, select->items[i].id);
    }
    for (i = 0; i < order->count; i++) {
        tni_order_item *item = &order->items[i];
        if (item->item != UINT32_MAX) {
            item->id = select->items[item->item].id;
            continue;
        }
        exprs[count] = tni_replace_run(binder, set, item->expr);
        if (!exprs[count]) {
            return false;
        }
        if (!tni_expr_columns(binder, exprs[count], tni_distinct_visit, &check)) {
            (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                              tni_binder_position(binder, item->ast->expression->position),
                              "with SELECT DISTINCT, ORDER BY can only use what is selected");
            return false;
        }
        count++;
    }
    if (count == select->item_count) {
        return true;
    }
    node = tni_node_project(binder, select->node, exprs, NULL, count);
    if (!node) {
        return false;
    }
    for (i = 0; i < select->item_count; i++) {
        select->items[i].id = node->columns[i];
    }
    for (i = 0, count = select->item_count; i < order->count; i++) {
        tni_order_item *item = &order->items[i];
        item->id = node->columns[item->item != UINT32_MAX ? item->item : count++];
    }
    select->node = node;
    return true;
}

static bool tni_select_distinct(tni_select *select, tni_order_list *order) {
    tni_binder *binder = select->binder;
    uint32_t *ids =
        (uint32_t *)tni_binder_alloc(binder, select->item_count, sizeof *ids), i, set;
    if (!ids || !tni_select_project(select, order, false)) {
        return false;
    }
    for (i = 0; i < select->item_count; i++) {
        ids[i] = select->items[i].id;
    }
    select->node = tni_node_distinct(binder, select->node, ids, select->item_count);
    if (!select->node) {
        return false;
    }
    set = tni_replace_begin(binder);
    for (i = 0; i < select->item_count; i++) {
        tni_expr *column;
        select->items[i].id = select->node->columns[i];
        column = tni_expr_column(binder, select->items[i].id);
        if (!column) {
            return false;
        }
        tni_replace_add(set, select->items[i].expr->plain, column);
    }
    return tni_distinct_order(select, order, set);
}

/* DISTINCT ON (keys): per key the first row by ORDER BY, that is FIRST(item ORDER BY ...). */
static bool tni_distinct_on_first(tni_select *select, const tni_order_list *order, uint32_t from,
                                  tni_type type, const char *name, tni_bound_aggregate *out) {
    tni_binder *binder = select->binder;
    uint32_t i;
    memset(out, 0, sizeof *out);
    out->function = tni_aggregate_find("first");
    out->argument_count = 1;
    out->arguments[0] = tni_expr_column(binder, from);
    out->type = type;
    out->position = TNI_NO_POSITION;
    out->id = tni_binder_column(binder, type, name);
    for (i = 0; i < order->count; i++) {
        out->order[i] = tni_expr_column(binder, order->items[i].id);
        out->order_keys[i].descending = order->items[i].descending;
        out->order_keys[i].nulls_first = order->items[i].nulls_first;
        if (!out->order[i]) {
            return false;
        }
    }
    out->order_count = order->count;
    return out->arguments[0] && out->id != UINT32_MAX;
}

static bool tni_select_distinct_on(tni_select *select, tni_order_list *order,
                                   const uint32_t *key_ids, uint32_t key_count) {
    tni_binder *binder = select->binder;
    uint32_t total = select->item_count + order->count, i;
    tni_bound_aggregate *firsts;
    tni_node *node;
    if (order->count > TNI_COUNT_OF(firsts->order)) {
        return tni_select_refuse(binder, select->ast->distinct_on->position,
                                 "DISTINCT ON with more than 4 keys of ORDER BY is");
    }
    firsts = (tni_bound_aggregate *)tni_binder_alloc(binder, total, sizeof *firsts);
    node = tni_node_new(binder, TNI_PLAN_AGGREGATE, select->node, key_count + total);
    if (!firsts || !node) {
        return false;
    }
    node->exprs = (tni_expr **)tni_binder_alloc(binder, key_count, sizeof *node->exprs);
    node->key_count = key_count;
    node->aggregates = firsts;
    node->aggregate_count = total;
    for (i = 0; node->exprs && i < key_count; i++) {
        node->exprs[i] = tni_expr_column(binder, key_ids[i]);
        if (!node->exprs[i] ||
            !tni_node_column(binder, node, i, binder->columns[key_ids[i]].type, "key")) {
            return false;
        }
    }
    for (i = 0; node->exprs && i < total; i++) {
        uint32_t from = i < select->item_count ? select->items[i].id
                                               : order->items[i - select->item_count].id;
        if (!tni_distinct_on_first(select, order, from, binder->columns[from].type,
                                   binder->columns[from].name, &firsts[i])) {
            return false;
        }
        node->columns[key_count + i] = firsts[i].id;
        binder->columns[firsts[i].id].owner = node->number;
    }
    for (i = 0; i < order->count; i++) {
        uint32_t item = order->items[i].item;
        order->items[i].id = firsts[item != UINT32_MAX ? item : select->item_count + i].id;
    }
    for (i = 0; i < select->item_count; i++) {
        select->items[i].id = firsts[i].id;
    }
    select->node = node;
    return node->exprs != NULL;
}

/* The ON expressions, as hidden order keys of the projection for the time being. */
static bool tni_distinct_on_bind(tni_select *select, const tni_order_list *order,
                                 tni_order_list *all) {
    tni_ast_expression *ast;
    uint32_t count = 0;
    for (ast = select->ast->distinct_on; ast; ast = ast->next) {
        count++;
    }
    all->items = (tni_order_item *)tni_binder_alloc(select->binder, order->count + count,
                                                    sizeof *all->items);
    if (!all->items) {
        return false;
    }
    memcpy(all->items, order->items, order->count * sizeof *order->items);
    all->count = order->count;
    for (ast = select->ast->distinct_on; ast; ast = ast->next) {
        tni_order_item *item = &all->items[all->count++];
        tni_ast_order *wrap =
            (tni_ast_order *)tni_binder_alloc(select->binder, 1, sizeof *wrap);
        if (!wrap) {
            return false;
        }
        wrap->expression = ast;
        item->ast = wrap;
        if (!tni_order_bind_one(select, wrap, item)) {
            return false;
        }
    }
    return true;
}

/* -------------------------------------------------------------------------- SELECT --- */

static bool tni_select_check(tni_binder *binder, const tni_ast_query *query) {
    if (query->qualify) {
        return tni_select_refuse(binder, query->qualify->position, "QUALIFY is");
    }
    if (query->windows) {
        return tni_select_refuse(binder, query->windows->position, "WINDOW clauses are");
    }
    if (query->sample) {
        return tni_select_refuse(binder, query->sample->position, "USING SAMPLE is");
    }
    return true;
}

static bool tni_select_where(tni_select *select) {
    tni_place place = tni_select_place(select, "WHERE", false);
    tni_expr *condition;
    if (!select->ast->where) {
        return true;
    }
    place.in_filter = true;
    condition = tni_bind_condition(select->binder, &place, select->ast->where);
    if (!condition) {
        return false;
    }
    select->node = tni_node_filter(select->binder, select->node, condition);
    return select->node != NULL;
}

static bool tni_select_having(tni_select *select) {
    tni_place place = tni_select_place(select, "HAVING", true);
    if (select->ast->having) {
        place.in_filter = true;
        place.having = true;
        select->having = tni_bind_condition(select->binder, &place, select->ast->having);
        return select->having != NULL;
    }
    return true;
}

/* Bind every clause over the columns of FROM. */
static bool tni_select_clauses(tni_select *select, tni_order_list *order) {
    uint32_t i;
    if (!tni_bind_items(select) || !tni_select_where(select) || !tni_select_groups(select)) {
        return false;
    }
    for (i = 0; i < select->item_count; i++) {
        if (!tni_select_bind_item(select, i, true, "the select list")) {
            return false;
        }
    }
    if (!tni_select_having(select) || !tni_order_bind(select, order)) {
        return false;
    }
    select->grouped = select->grouped || select->aggregate_count > 0 || select->having;
    return true;
}

/* DISTINCT ON: its keys ride behind the order keys through groups and projection. */
static bool tni_select_build_on(tni_select *select, tni_order_list *order) {
    tni_order_list all;
    uint32_t *keys, count, i;
    if (!tni_distinct_on_bind(select, order, &all)) {
        return false;
    }
    select->grouped = select->grouped || select->aggregate_count > 0;
    if ((select->grouped && !tni_select_apply_groups(select, &all)) ||
        !tni_select_project(select, &all, true)) {
        return false;
    }
    count = all.count - order->count;
    keys = (uint32_t *)tni_binder_alloc(select->binder, count, sizeof *keys);
    if (!keys) {
        return false;
    }
    for (i = 0; i < count; i++) {
        keys[i] = all.items[order->count + i].id;
    }
    order->items = all.items;
    return tni_select_distinct_on(select, order, keys, count);
}

/* The nodes above WHERE. */
static bool tni_select_build(tni_select *select, tni_order_list *order) {
    if (select->ast->distinct_on) {
        return tni_select_build_on(select, order);
    }
    if (select->grouped && !tni_select_apply_groups(select, order)) {
        return false;
    }
    return select->ast->distinct ? tni_select_distinct(select, order)
                                 : tni_select_project(select, order, true);
}

TNI_FN bool tni_bind_select(tni_binder *binder, const tni_ast_query *query, tni_relation *out) {
    tni_select select;
    tni_order_list order;
    uint32_t i;
    memset(&select, 0, sizeof select);
    select.binder = binder;
    select.ast = query;
    if (!tni_select_check(binder, query) ||
        !tni_bind_from(binder, query->from, &select.scope, &select.node) ||
        !tni_select_clauses(&select, &order) || !tni_select_build(&select, &order) ||
        !tni_select_sort(&select, &order)) {
        return false;
    }
    out->node = tni_bind_limit(binder, query, select.node);
    if (!out->node || !tni_relation_new(binder, select.item_count, out)) {
        return false;
    }
    for (i = 0; i < select.item_count; i++) {
        out->ids[i] = select.items[i].id;
        out->names[i] = select.items[i].name;
    }
    return true;
}
