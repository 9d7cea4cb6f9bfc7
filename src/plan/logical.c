/*
 * logical.c - nodes of the logical tree, made while binding and rewritten by the rules.
 *
 * Every node lists its output ids; FILTER, ORDER and LIMIT pass their input's on. Estimates of
 * rows are coarse on purpose: they order joins and size tables, no answer depends on them.
 *
 * Uses: plan/bind_internal.h.
 */
#include "plan/bind_internal.h"

#define TNI_NODE_LIMIT 100000u /* a CTE used twice by one used twice ... doubles each time */

static double tni_node_estimate(tni_plan_kind kind, const tni_node *input) {
    double rows = input ? input->rows : 1.0;
    switch (kind) {
    case TNI_PLAN_FILTER: return rows * 0.2 + 1.0;
    case TNI_PLAN_AGGREGATE: return rows < 1000.0 ? rows : rows * 0.1;
    default: return rows;
    }
}

/* Most values a type has, as far as that says something. */
static double tni_node_type_values(tni_type type) {
    switch (type.id) {
    case TRUENO_TYPE_NULL: return 1.0;
    case TRUENO_TYPE_BOOLEAN: return 3.0;
    case TRUENO_TYPE_TINYINT:
    case TRUENO_TYPE_UTINYINT: return 257.0;
    case TRUENO_TYPE_SMALLINT:
    case TRUENO_TYPE_USMALLINT: return 65537.0;
    case TRUENO_TYPE_DATE: return 10000.0;
    default: return 1e18;
    }
}

TNI_FN void tni_node_estimate_groups(tni_binder *binder, tni_node *node) {
    double most = 1.0;
    uint32_t i;
    for (i = 0; i < node->key_count && most < 1e18; i++) {
        most *= tni_node_type_values(binder->columns[node->columns[i]].type);
    }
    node->rows = TNI_MIN(tni_node_estimate(TNI_PLAN_AGGREGATE, node->input), most);
}

TNI_FN tni_node *tni_node_new(tni_binder *binder, tni_plan_kind kind, tni_node *input,
                              uint32_t column_count) {
    tni_node *node = (tni_node *)tni_binder_alloc(binder, 1, sizeof *node);
    bool pass = column_count == UINT32_MAX;
    if (!node) {
        return NULL;
    }
    if (++binder->node_count > TNI_NODE_LIMIT) {
        (void)tni_fail(binder->error, TRUENO_ERROR_LIMIT,
                       "the statement needs more than %u plan nodes", TNI_NODE_LIMIT);
        return NULL;
    }
    node->kind = kind;
    node->number = binder->node_count;
    node->input = input;
    node->limit = TNI_NO_LIMIT;
    node->percent = -1.0;
    node->rows = tni_node_estimate(kind, input);
    node->column_count = pass ? input->column_count : column_count;
    node->columns =
        (uint32_t *)tni_binder_alloc(binder, node->column_count, sizeof *node->columns);
    if (!node->columns) {
        return NULL;
    }
    if (pass && node->column_count) {
        memcpy(node->columns, input->columns, node->column_count * sizeof *node->columns);
    }
    return node;
}

TNI_FN bool tni_node_column(tni_binder *binder, tni_node *node, uint32_t index, tni_type type,
                            const char *name) {
    uint32_t id = tni_binder_column(binder, type, name);
    if (id == UINT32_MAX) {
        return false;
    }
    binder->columns[id].owner = node->number;
    node->columns[index] = id;
    return true;
}

TNI_FN tni_node *tni_node_project(tni_binder *binder, tni_node *input, tni_expr *const *exprs,
                                  const char *const *names, uint32_t count) {
    tni_node *node = tni_node_new(binder, TNI_PLAN_PROJECT, input, count);
    uint32_t i;
    if (!node) {
        return NULL;
    }
    node->exprs = (tni_expr **)tni_binder_alloc(binder, count, sizeof *node->exprs);
    if (!node->exprs) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        const tni_expr *e = exprs[i];
        const char *name = names                  ? names[i]
                           : e->op == TNI_IR_COLUMN ? binder->columns[e->column].name
                                                    : "order key";
        node->exprs[i] = exprs[i];
        if (!tni_node_column(binder, node, i, e->type, name)) {
            return NULL;
        }
        binder->columns[node->columns[i]].not_null =
            (e->op == TNI_IR_COLUMN && binder->columns[e->column].not_null) ||
            (e->op == TNI_IR_CONSTANT && !e->constant.is_null);
    }
    return node;
}

TNI_FN tni_node *tni_node_distinct(tni_binder *binder, tni_node *input, const uint32_t *ids,
                                   uint32_t count) {
    tni_node *node = tni_node_new(binder, TNI_PLAN_AGGREGATE, input, count);
    uint32_t i;
    if (!node) {
        return NULL;
    }
    node->key_count = count;
    node->exprs = (tni_expr **)tni_binder_alloc(binder, count, sizeof *node->exprs);
    if (!node->exprs) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        tni_column_info info = binder->columns[ids[i]];
        node->exprs[i] = tni_expr_column(binder, ids[i]);
        if (!node->exprs[i] || !tni_node_column(binder, node, i, info.type, info.name)) {
            return NULL;
        }
        binder->columns[node->columns[i]].not_null = info.not_null;
    }
    tni_node_estimate_groups(binder, node);
    return node;
}

static tni_expr *tni_conjunct_bare(tni_expr *condition) {
    while (condition->op == TNI_IR_IS_TRUE) { /* NULL passes no row either */
        condition = condition->arguments[0];
    }
    return condition;
}

TNI_FN bool tni_node_add_conjuncts(tni_binder *binder, tni_node *node,
                                   tni_expr *const *conditions, uint32_t count) {
    uint32_t total = node->conjunct_count, mark = ++binder->mark, i, k;
    tni_expr **list;
    for (i = 0; i < count; i++) {
        const tni_expr *condition = tni_conjunct_bare(conditions[i]);
        total += condition->op == TNI_IR_AND ? condition->argument_count : 1;
    }
    list = (tni_expr **)tni_binder_alloc(binder, total, sizeof *list);
    if (!list) {
        return false;
    }
    for (i = 0; i < node->conjunct_count; i++) {
        list[i] = node->conjuncts[i];
        list[i]->mark = mark;
    }
    for (i = 0; i < count; i++) {
        tni_expr *condition = tni_conjunct_bare(conditions[i]);
        uint32_t parts = condition->op == TNI_IR_AND ? condition->argument_count : 1;
        for (k = 0; k < parts; k++) {
            tni_expr *part = condition->op == TNI_IR_AND ? condition->arguments[k] : condition;
            if (part->mark != mark && !tni_expr_is_true(part)) {
                part->mark = mark;
                list[node->conjunct_count++] = part;
            }
        }
    }
    node->conjuncts = list;
    return true;
}

TNI_FN tni_node *tni_node_filter(tni_binder *binder, tni_node *input, tni_expr *condition) {
    tni_node *node = tni_node_new(binder, TNI_PLAN_FILTER, input, UINT32_MAX);
    return node && tni_node_add_conjuncts(binder, node, &condition, 1) ? node : NULL;
}

TNI_FN tni_node *tni_node_single_row(tni_binder *binder) {
    tni_node *node = tni_node_new(binder, TNI_PLAN_VALUES, NULL, 0);
    if (node) {
        node->row_count = 1;
        node->rows = 1.0;
    }
    return node;
}

#undef TNI_NODE_LIMIT
