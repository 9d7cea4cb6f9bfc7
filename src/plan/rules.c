/*
 * rules.c - the rewrites that always pay, on the logical tree.
 *
 * One pass moves filters down to the scans, merges projections into what is above them, turns
 * ORDER + LIMIT into top-k and moves LIMIT below projections; the aggregate rules follow in
 * rules_aggregate.c; a last pass from the root drops columns nobody needs. Rewriting an
 * expression goes through the constructors, so constants that meet by it are folded.
 *
 * Uses: plan/bind_internal.h.
 */
#include "plan/bind_internal.h"

/* Conjuncts on their way down. */
typedef struct tni_pending {
    tni_expr **items;
    uint32_t count, capacity;
} tni_pending;

static tni_node *tni_rules_push(tni_binder *binder, tni_node *node, const tni_pending *pending);

/* ------------------------------------------------------------------------- filters --- */

/* A node that gives no rows, with the columns of `node`. */
static tni_node *tni_rules_empty(tni_binder *binder, const tni_node *node) {
    tni_node *empty = tni_node_new(binder, TNI_PLAN_VALUES, NULL, node->column_count);
    if (empty) {
        memcpy(empty->columns, node->columns, node->column_count * sizeof *empty->columns);
        empty->values = (tni_value *)tni_binder_alloc(binder, 1, sizeof *empty->values);
        empty->rows = 0.0;
        return empty->values ? empty : NULL;
    }
    return NULL;
}

static bool tni_pending_is_false(const tni_pending *pending) {
    uint32_t i;
    for (i = 0; i < pending->count; i++) {
        if (tni_expr_is_false(pending->items[i])) {
            return true;
        }
    }
    return false;
}

/* Filters that go no further. */
static tni_node *tni_rules_stop(tni_binder *binder, tni_node *node, const tni_pending *pending) {
    tni_node *filter;
    if (pending->count == 0) {
        return node;
    }
    if (tni_pending_is_false(pending)) {
        return tni_rules_empty(binder, node);
    }
    filter = tni_node_new(binder, TNI_PLAN_FILTER, node, UINT32_MAX);
    if (filter && !tni_node_add_conjuncts(binder, filter, pending->items, pending->count)) {
        return NULL;
    }
    return filter && filter->conjunct_count == 0 ? node : filter;
}

static bool tni_pending_new(tni_binder *binder, uint32_t capacity, tni_pending *out) {
    out->count = 0;
    out->capacity = capacity;
    out->items = (tni_expr **)tni_binder_alloc(binder, capacity, sizeof *out->items);
    return out->items != NULL;
}

/* Append a condition's conjuncts to a list that nobody shares yet. */
static bool tni_pending_add(tni_binder *binder, tni_pending *out, tni_expr *condition) {
    uint32_t parts = condition->op == TNI_IR_AND ? condition->argument_count : 1, i;
    if (parts > out->capacity - out->count) {
        tni_pending grown;
        if (!tni_pending_new(binder, TNI_MAX(out->count + parts, 2 * out->count), &grown)) {
            return false;
        }
        if (out->count) {
            memcpy(grown.items, out->items, out->count * sizeof *grown.items);
        }
        grown.count = out->count;
        *out = grown;
    }
    for (i = 0; i < parts; i++) {
        tni_expr *part = parts == 1 ? condition : condition->arguments[i];
        if (!tni_expr_is_true(part)) {
            out->items[out->count++] = part;
        }
    }
    return true;
}

/* Which ids of a node an expression may use to move below it. */
typedef struct tni_rules_reach {
    const tni_node *node;
    uint32_t count;  /* of the node's columns, from the first */
    bool any;
} tni_rules_reach;

static bool tni_rules_reach_visit(void *user, uint32_t id) {
    tni_rules_reach *reach = (tni_rules_reach *)user;
    uint32_t i;
    reach->any = true;
    for (i = 0; i < reach->count; i++) {
        if (reach->node->columns[i] == id) {
            return !reach->node->exprs[i]->is_volatile;
        }
    }
    return false;
}

/* Can the condition be computed from the first `count` expressions of the node? */
static bool tni_rules_reaches(tni_binder *binder, const tni_node *node, uint32_t count,
                              tni_expr *condition) {
    tni_rules_reach reach;
    reach.node = node;
    reach.count = count;
    reach.any = false;
    return !condition->is_volatile &&
           tni_expr_columns(binder, condition, tni_rules_reach_visit, &reach) && reach.any;
}

/* A replacement set: the node's ids by the expressions that make them. */
static bool tni_rules_open(tni_binder *binder, const tni_node *node, uint32_t count,
                           uint32_t *set) {
    uint32_t i;
    *set = tni_replace_begin(binder);
    for (i = 0; i < count; i++) {
        tni_expr *column = tni_expr_column(binder, node->columns[i]);
        if (!column) {
            return false;
        }
        tni_replace_add(*set, column, node->exprs[i]);
    }
    return true;
}

/* Split `pending` at a PROJECT or AGGREGATE: what can be said of its input goes to `below`. */
static bool tni_rules_split(tni_binder *binder, const tni_node *node, uint32_t count,
                            const tni_pending *pending, tni_pending *below, tni_pending *above) {
    uint32_t set, i;
    bool *reaches = (bool *)tni_binder_alloc(binder, pending->count, sizeof *reaches);
    if (!reaches || !tni_pending_new(binder, 0, below) ||
        !tni_pending_new(binder, pending->count, above)) {
        return false;
    }
    for (i = 0; i < pending->count; i++) {
        reaches[i] = tni_rules_reaches(binder, node, count, pending->items[i]);
    }
    if (!tni_rules_open(binder, node, count, &set)) {
        return false;
    }
    for (i = 0; i < pending->count; i++) {
        tni_expr *moved;
        if (!reaches[i]) {
            above->items[above->count++] = pending->items[i];
            continue;
        }
        moved = tni_replace_run(binder, set, pending->items[i]);
        if (!moved || !tni_pending_add(binder, below, moved)) {
            return false;
        }
    }
    return true;
}

static tni_node *tni_rules_push_filter(tni_binder *binder, tni_node *node,
                                       const tni_pending *pending) {
    tni_pending all;
    uint32_t i;
    if (!tni_pending_new(binder, 0, &all)) {
        return NULL;
    }
    for (i = 0; i < node->conjunct_count; i++) {
        if (!tni_pending_add(binder, &all, node->conjuncts[i])) {
            return NULL;
        }
    }
    for (i = 0; i < pending->count; i++) {
        if (!tni_pending_add(binder, &all, pending->items[i])) {
            return NULL;
        }
    }
    return tni_rules_push(binder, node->input, &all);
}

static tni_node *tni_rules_push_scan(tni_binder *binder, tni_node *node,
                                     const tni_pending *pending) {
    tni_pending above, here;
    uint32_t i;
    if (!tni_pending_new(binder, pending->count, &above) ||
        !tni_pending_new(binder, pending->count, &here)) {
        return NULL;
    }
    for (i = 0; i < pending->count; i++) {
        if (pending->items[i]->is_volatile) {
            above.items[above.count++] = pending->items[i];
        } else if (tni_expr_is_false(pending->items[i])) {
            return tni_rules_empty(binder, node);
        } else {
            here.items[here.count++] = pending->items[i];
            node->rows = node->rows * 0.3 + 1.0;
        }
    }
    return tni_node_add_conjuncts(binder, node, here.items, here.count)
               ? tni_rules_stop(binder, node, &above)
               : NULL;
}

/* Conjuncts of a UNION ALL, said of one of its sides. */
static bool tni_rules_side(tni_binder *binder, const tni_node *node, const uint32_t *ids,
                           const tni_pending *pending, tni_pending *out) {
    uint32_t set = tni_replace_begin(binder), i;
    if (!tni_pending_new(binder, 0, out)) {
        return false;
    }
    for (i = 0; i < node->column_count; i++) {
        tni_expr *from = tni_expr_column(binder, node->columns[i]);
        tni_expr *to = tni_expr_column(binder, ids[i]);
        if (!from || !to) {
            return false;
        }
        tni_replace_add(set, from, to);
    }
    for (i = 0; i < pending->count; i++) {
        tni_expr *moved = tni_replace_run(binder, set, pending->items[i]);
        if (!moved || !tni_pending_add(binder, out, moved)) {
            return false;
        }
    }
    return true;
}

static tni_node *tni_rules_push_union(tni_binder *binder, tni_node *node,
                                      const tni_pending *pending) {
    static const tni_pending none = {NULL, 0, 0};
    tni_pending left, right;
    if (node->otherwise) { /* a filter below would decide which side it is */
        node->input = tni_rules_push(binder, node->input, &none);
        node->second = node->input ? tni_rules_push(binder, node->second, &none) : NULL;
        return node->second ? tni_rules_stop(binder, node, pending) : NULL;
    }
    if (!tni_rules_side(binder, node, node->left, pending, &left) ||
        !tni_rules_side(binder, node, node->right, pending, &right)) {
        return NULL;
    }
    node->input = tni_rules_push(binder, node->input, &left);
    node->second = node->input ? tni_rules_push(binder, node->second, &right) : NULL;
    if (!node->second) {
        return NULL;
    }
    node->rows = node->input->rows + node->second->rows;
    return node;
}

/* --------------------------------------------------------------------- projections --- */

static bool tni_rules_any_volatile(const tni_node *project) {
    uint32_t i;
    for (i = 0; i < project->column_count; i++) {
        if (project->exprs[i]->is_volatile) {
            return true;
        }
    }
    return false;
}

static tni_expr **tni_rules_copy(tni_binder *binder, tni_expr *const *exprs, uint32_t count) {
    tni_expr **copy = (tni_expr **)tni_binder_alloc(binder, count, sizeof *copy);
    if (copy && count) {
        memcpy(copy, exprs, count * sizeof *copy);
    }
    return copy;
}

/* PROJECT or AGGREGATE over PROJECT: compute from what is below it. */
static bool tni_rules_merge(tni_binder *binder, tni_node *node) {
    while (node->input->kind == TNI_PLAN_PROJECT && !tni_rules_any_volatile(node->input)) {
        uint32_t count = node->kind == TNI_PLAN_PROJECT ? node->column_count : node->key_count;
        uint32_t set, i;
        if (!tni_rules_open(binder, node->input, node->input->column_count, &set)) {
            return false;
        }
        node->exprs = tni_rules_copy(binder, node->exprs, count);
        if (!node->exprs || !tni_replace_all(binder, set, node->exprs, count)) {
            return false;
        }
        for (i = 0; i < node->aggregate_count; i++) {
            tni_bound_aggregate *a = &node->aggregates[i];
            if (!tni_replace_all(binder, set, a->arguments, a->argument_count) ||
                !tni_replace_all(binder, set, &a->filter, 1) ||
                !tni_replace_all(binder, set, a->order, a->order_count)) {
                return false;
            }
        }
        node->input = node->input->input;
    }
    return true;
}

/* PROJECT over one row of constants: nothing is left to read. */
static bool tni_rules_inline_row(tni_binder *binder, tni_node *node) {
    const tni_node *row = node->input;
    uint32_t set = tni_replace_begin(binder), i;
    if (row->kind != TNI_PLAN_VALUES || row->row_count != 1 || row->column_count == 0) {
        return true;
    }
    for (i = 0; i < row->column_count; i++) {
        tni_expr *column = tni_expr_column(binder, row->columns[i]);
        tni_expr *value = tni_expr_constant(binder, &row->values[i]);
        if (!column || !value) {
            return false;
        }
        tni_replace_add(set, column, value);
    }
    node->exprs = tni_rules_copy(binder, node->exprs, node->column_count);
    node->input = tni_node_single_row(binder);
    return node->exprs && node->input &&
           tni_replace_all(binder, set, node->exprs, node->column_count);
}

static tni_node *tni_rules_push_project(tni_binder *binder, tni_node *node,
                                        const tni_pending *pending) {
    tni_pending below, above;
    if (!tni_rules_split(binder, node, node->column_count, pending, &below, &above)) {
        return NULL;
    }
    node->input = tni_rules_push(binder, node->input, &below);
    if (!node->input || !tni_rules_merge(binder, node) || !tni_rules_inline_row(binder, node)) {
        return NULL;
    }
    node->rows = node->input->rows;
    return tni_rules_stop(binder, node, &above);
}

/* ---------------------------------------------------------------------- aggregates --- */

/* Does some aggregate depend on the order of its input rows? */
static bool tni_rules_order_matters(const tni_node *node) {
    uint32_t i;
    for (i = 0; i < node->aggregate_count; i++) {
        switch (node->aggregates[i].function->kind) {
        case TNI_AGGREGATE_FIRST:
        case TNI_AGGREGATE_LAST:
        case TNI_AGGREGATE_ANY_VALUE:
        case TNI_AGGREGATE_STRING_AGG:
        case TNI_AGGREGATE_ARG_MIN:
        case TNI_AGGREGATE_ARG_MAX:
        case TNI_AGGREGATE_MODE: return true;
        default: break;
        }
    }
    return false;
}

static tni_node *tni_rules_push_aggregate(tni_binder *binder, tni_node *node,
                                          const tni_pending *pending) {
    tni_pending below, above;
    tni_node *rewritten;
    if (!tni_rules_split(binder, node, node->key_count, pending, &below, &above)) {
        return NULL;
    }
    node->input = tni_rules_push(binder, node->input, &below);
    if (!node->input || !tni_rules_merge(binder, node)) {
        return NULL;
    }
    while (node->input->kind == TNI_PLAN_ORDER && node->input->limit == TNI_NO_LIMIT &&
           node->input->offset == 0 && !tni_rules_order_matters(node)) {
        node->input = node->input->input;
        if (!tni_rules_merge(binder, node)) {
            return NULL;
        }
    }
    rewritten = tni_rules_aggregate(binder, node);
    return rewritten ? tni_rules_stop(binder, rewritten, &above) : NULL;
}

/* --------------------------------------------------------------------- order, limit --- */

static void tni_rules_limit_rows(tni_node *node) {
    node->rows = node->input->rows;
    if (node->limit != TNI_NO_LIMIT && node->rows > (double)node->limit) {
        node->rows = (double)node->limit;
    }
}

/* TOP over PROJECT whose keys the PROJECT only passes on: compute the rest for the rows that stay.
 * *top is the node to go on with. */
static bool tni_rules_lift_project(tni_binder *binder, tni_node *order, tni_node **top) {
    tni_node *project = order->input;
    tni_bound_sort *sorts;
    uint32_t i, k, kept = 0;
    *top = order;
    if (order->kind != TNI_PLAN_ORDER || order->limit == TNI_NO_LIMIT ||
        project->kind != TNI_PLAN_PROJECT || tni_rules_any_volatile(project)) {
        return true;
    }
    sorts = (tni_bound_sort *)tni_binder_alloc(binder, order->sort_count, sizeof *sorts);
    if (!sorts) {
        return false;
    }
    for (i = 0; i < order->sort_count; i++) {
        for (k = 0; project->columns[k] != order->sorts[i].id; k++) {
        }
        if (project->exprs[k]->op == TNI_IR_CONSTANT) {
            continue;
        }
        if (project->exprs[k]->op != TNI_IR_COLUMN) {
            return true;
        }
        sorts[kept] = order->sorts[i];
        sorts[kept++].id = project->exprs[k]->column;
    }
    order->kind = kept > 0 ? TNI_PLAN_ORDER : TNI_PLAN_LIMIT; /* constants leave the order as is */
    order->sorts = sorts;
    order->sort_count = kept;
    order->input = project->input;
    project->input = order;
    project->rows = order->rows;
    *top = project;
    return true;
}

static tni_node *tni_rules_push_order(tni_binder *binder, tni_node *node,
                                      const tni_pending *pending) {
    static const tni_pending none = {NULL, 0, 0};
    bool through = node->limit == TNI_NO_LIMIT && node->offset == 0;
    tni_node *top;
    if (node->limit == 0) {
        return tni_rules_empty(binder, node);
    }
    node->input = tni_rules_push(binder, node->input, through ? pending : &none);
    if (!node->input) {
        return NULL;
    }
    while (node->input->kind == TNI_PLAN_ORDER && node->input->limit == TNI_NO_LIMIT &&
           node->input->offset == 0) {
        node->input = node->input->input; /* sorted again: the order below only breaks ties */
    }
    tni_rules_limit_rows(node);
    if (!tni_rules_lift_project(binder, node, &top)) {
        return NULL;
    }
    return tni_rules_stop(binder, top, through ? &none : pending);
}

static tni_node *tni_rules_push_limit(tni_binder *binder, tni_node *node,
                                      const tni_pending *pending) {
    static const tni_pending none = {NULL, 0, 0};
    tni_node *input = tni_rules_push(binder, node->input, &none), *top = node, *project;
    if (!input) {
        return NULL;
    }
    if (node->limit == 0) {
        return tni_rules_empty(binder, node);
    }
    node->input = input;
    if (input->kind == TNI_PLAN_PROJECT) {
        top = input;
        for (project = input; project->input->kind == TNI_PLAN_PROJECT; project = project->input) {
        }
        node->input = project->input;
        project->input = node;
    }
    if (node->percent < 0.0 && node->input->kind == TNI_PLAN_ORDER &&
        node->input->limit == TNI_NO_LIMIT && node->input->offset == 0) {
        tni_node *order = node->input;
        order->limit = node->limit;
        order->offset = node->offset;
        tni_rules_limit_rows(order);
        if (!tni_rules_lift_project(binder, order, &input)) {
            return NULL;
        }
        if (top == node) {
            top = input;
        } else {
            for (project = top; project->input != node; project = project->input) {
            }
            project->input = input;
            if (!tni_rules_merge(binder, project)) {
                return NULL;
            }
        }
        return tni_rules_stop(binder, top, pending);
    }
    tni_rules_limit_rows(node);
    return tni_rules_stop(binder, top, pending);
}

static tni_node *tni_rules_push_expand(tni_binder *binder, tni_node *node,
                                       const tni_pending *pending) {
    static const tni_pending none = {NULL, 0, 0};
    node->input = tni_rules_push(binder, node->input, &none);
    return node->input ? tni_rules_stop(binder, node, pending) : NULL;
}

static tni_node *tni_rules_push(tni_binder *binder, tni_node *node, const tni_pending *pending) {
    switch (node->kind) {
    case TNI_PLAN_FILTER: return tni_rules_push_filter(binder, node, pending);
    case TNI_PLAN_PROJECT: return tni_rules_push_project(binder, node, pending);
    case TNI_PLAN_AGGREGATE: return tni_rules_push_aggregate(binder, node, pending);
    case TNI_PLAN_ORDER: return tni_rules_push_order(binder, node, pending);
    case TNI_PLAN_LIMIT: return tni_rules_push_limit(binder, node, pending);
    case TNI_PLAN_UNION_ALL: return tni_rules_push_union(binder, node, pending);
    case TNI_PLAN_EXPAND: return tni_rules_push_expand(binder, node, pending);
    case TNI_PLAN_SCAN: return tni_rules_push_scan(binder, node, pending);
    default: return tni_rules_stop(binder, node, pending);
    }
}

/* ------------------------------------------------------------------------- pruning --- */

static bool tni_rules_need(void *user, uint32_t id) {
    ((tni_binder *)user)->columns[id].needed = true;
    return true;
}

static void tni_rules_need_all(tni_binder *binder, tni_expr *const *exprs, uint32_t count) {
    uint32_t i;
    for (i = 0; i < count; i++) {
        if (exprs[i]) {
            (void)tni_expr_columns(binder, exprs[i], tni_rules_need, binder);
        }
    }
}

/* Keep the columns that are needed; `exprs`, `left`, `right` follow where they are set. */
static void tni_rules_keep(tni_binder *binder, tni_node *node, tni_expr **exprs) {
    uint32_t kept = 0, i;
    for (i = 0; i < node->column_count; i++) {
        if (!binder->columns[node->columns[i]].needed) {
            continue;
        }
        node->columns[kept] = node->columns[i];
        if (exprs) {
            exprs[kept] = exprs[i];
        }
        if (node->left) {
            node->left[kept] = node->left[i];
            node->right[kept] = node->right[i];
        }
        kept++;
    }
    node->column_count = kept;
}

static void tni_rules_prune_values(tni_binder *binder, tni_node *node) {
    uint32_t before = node->column_count, kept = 0, i;
    uint64_t row;
    size_t at = 0;
    for (row = 0; row < node->row_count; row++) {
        for (i = 0; i < before; i++) {
            if (binder->columns[node->columns[i]].needed) {
                node->values[at++] = node->values[row * before + i];
            }
        }
    }
    for (i = 0; i < before; i++) {
        if (binder->columns[node->columns[i]].needed) {
            node->columns[kept++] = node->columns[i];
        }
    }
    node->column_count = kept;
}

static void tni_rules_prune_aggregate(tni_binder *binder, tni_node *node) {
    uint32_t kept = 0, i;
    for (i = 0; i < node->aggregate_count; i++) {
        tni_bound_aggregate *a = &node->aggregates[i];
        if (!binder->columns[a->id].needed) {
            continue;
        }
        tni_rules_need_all(binder, a->arguments, a->argument_count);
        tni_rules_need_all(binder, &a->filter, 1);
        tni_rules_need_all(binder, a->order, a->order_count);
        node->columns[node->key_count + kept] = a->id;
        node->aggregates[kept++] = *a;
    }
    node->aggregate_count = kept;
    node->column_count = node->key_count + kept;
    tni_rules_need_all(binder, node->exprs, node->key_count);
}

static tni_node *tni_rules_prune(tni_binder *binder, tni_node *node);

/* FILTER, ORDER and LIMIT give what their input gives. */
static bool tni_rules_pass(tni_binder *binder, tni_node *node) {
    node->column_count = node->input->column_count;
    node->columns = (uint32_t *)tni_binder_alloc(binder, node->column_count,
                                                 sizeof *node->columns);
    if (node->columns && node->column_count) {
        memcpy(node->columns, node->input->columns, node->column_count * sizeof *node->columns);
    }
    return node->columns != NULL;
}

static tni_node *tni_rules_prune_through(tni_binder *binder, tni_node *node) {
    uint32_t i;
    if (node->kind == TNI_PLAN_FILTER) {
        tni_rules_need_all(binder, node->conjuncts, node->conjunct_count);
    }
    for (i = 0; i < node->sort_count; i++) {
        binder->columns[node->sorts[i].id].needed = true;
    }
    node->input = tni_rules_prune(binder, node->input);
    return node->input && tni_rules_pass(binder, node) ? node : NULL;
}

/* EXPAND gives what its input gives, and the keys of its sets. */
static tni_node *tni_rules_prune_expand(tni_binder *binder, tni_node *node) {
    uint32_t extra = node->values ? node->key_count + 1 : 0, before = node->column_count;
    const uint32_t *old = node->columns;
    uint32_t *columns;
    tni_rules_need_all(binder, node->exprs, node->key_count);
    node->input = tni_rules_prune(binder, node->input);
    if (!node->input) {
        return NULL;
    }
    node->column_count = node->input->column_count + extra;
    columns = (uint32_t *)tni_binder_alloc(binder, node->column_count, sizeof *columns);
    if (!columns) {
        return NULL;
    }
    memcpy(columns, node->input->columns, node->input->column_count * sizeof *columns);
    if (extra) {
        memcpy(columns + node->input->column_count, old + before - extra, extra * sizeof *columns);
    }
    node->columns = columns;
    return node;
}

static tni_node *tni_rules_prune(tni_binder *binder, tni_node *node) {
    uint32_t i;
    switch (node->kind) {
    case TNI_PLAN_SCAN:
    case TNI_PLAN_RANGE: return node; /* lowering fetches what is needed */
    case TNI_PLAN_VALUES: tni_rules_prune_values(binder, node); return node;
    case TNI_PLAN_PROJECT:
        tni_rules_keep(binder, node, node->exprs);
        tni_rules_need_all(binder, node->exprs, node->column_count);
        node->input = tni_rules_prune(binder, node->input);
        return node->input && node->column_count == 0 ? node->input : node->input ? node : NULL;
    case TNI_PLAN_AGGREGATE:
        tni_rules_prune_aggregate(binder, node);
        if (node->column_count == 0) {
            return tni_node_single_row(binder);
        }
        node->input = tni_rules_prune(binder, node->input);
        return node->input ? node : NULL;
    case TNI_PLAN_UNION_ALL:
        tni_rules_keep(binder, node, NULL);
        for (i = 0; i < node->column_count; i++) {
            binder->columns[node->left[i]].needed = true;
            binder->columns[node->right[i]].needed = true;
        }
        node->input = tni_rules_prune(binder, node->input);
        node->second = node->input ? tni_rules_prune(binder, node->second) : NULL;
        return node->second ? node : NULL;
    case TNI_PLAN_EXPAND: return tni_rules_prune_expand(binder, node);
    default: return tni_rules_prune_through(binder, node);
    }
}

TNI_FN tni_node *tni_rules_run(tni_binder *binder, tni_node *node, const uint32_t *wanted,
                               uint32_t wanted_count) {
    static const tni_pending none = {NULL, 0, 0};
    uint32_t i;
    node = tni_rules_push(binder, node, &none);
    if (!node) {
        return NULL;
    }
    for (i = 0; i < wanted_count; i++) {
        binder->columns[wanted[i]].needed = true;
    }
    return tni_rules_prune(binder, node);
}
