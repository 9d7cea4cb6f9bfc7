/*
 * rules_aggregate.c - rewrites of an AGGREGATE node.
 *
 * - a key that is a constant groups nothing, unless it is the only one: dropped
 * - a key that is computed from other keys (g, g - 1) groups nothing more: computed afterwards
 * - sum(x + k) = sum(x) + k * count(x) for an integer column x: ninety sums share one
 * - count(*), count, min and max of a whole source are read off what it knows of itself
 *
 * What is dropped is computed by a PROJECT above that keeps the old ids.
 *
 * Uses: plan/bind_internal.h.
 */
#include "plan/bind_internal.h"

typedef struct tni_regroup {
    tni_binder *binder;
    tni_node *node;          /* the old AGGREGATE */
    tni_expr **keys;         /* kept */
    uint32_t *key_ids;       /* ids of the kept keys in the new node */
    uint32_t key_count;
    tni_bound_aggregate *aggregates;
    uint32_t aggregate_count, aggregate_capacity;
    tni_expr **exprs;        /* of the PROJECT, one per old column */
    bool changed;
} tni_regroup;

/* ---------------------------------------------------------------------------- keys --- */

static bool tni_regroup_visit_input(void *user, uint32_t id) {
    const tni_regroup *group = (const tni_regroup *)user;
    uint32_t i;
    for (i = 0; i < group->key_count; i++) {
        if (group->key_ids[i] == id) {
            return true;
        }
    }
    return false;
}

/* The key over the other kept keys, or NULL with *ok true when it needs more than them. */
static tni_expr *tni_regroup_derive(tni_regroup *group, uint32_t index, const bool *dropped,
                                    bool *ok) {
    tni_binder *binder = group->binder;
    uint32_t set = tni_replace_begin(binder), i;
    tni_expr *derived;
    for (i = 0; i < group->node->key_count; i++) {
        if (i != index && !dropped[i]) {
            tni_expr *column = tni_expr_column(binder, group->key_ids[i]);
            if (!column) {
                *ok = false;
                return NULL;
            }
            tni_replace_add(set, group->node->exprs[i], column);
        }
    }
    derived = tni_replace_run(binder, set, group->node->exprs[index]);
    *ok = derived != NULL;
    return derived && tni_expr_columns(binder, derived, tni_regroup_visit_input, group) ? derived
                                                                                       : NULL;
}

/* Key `index` is dropped: what was derived from it is derived from what it comes from. */
static bool tni_regroup_inline(tni_regroup *group, uint32_t index, tni_expr *derived) {
    tni_binder *binder = group->binder;
    uint32_t set = tni_replace_begin(binder), i;
    tni_expr *column = tni_expr_column(binder, group->key_ids[index]);
    if (!column) {
        return false;
    }
    tni_replace_add(set, column, derived);
    for (i = 0; i < index; i++) {
        if (group->exprs[i] && !(group->exprs[i] = tni_replace_run(binder, set, group->exprs[i]))) {
            return false;
        }
    }
    return true;
}

/* Decide which keys stay. group->key_ids holds a fresh id per old key while this runs. */
static bool tni_regroup_keys(tni_regroup *group) {
    tni_binder *binder = group->binder;
    tni_node *node = group->node;
    bool *dropped = (bool *)tni_binder_alloc(binder, node->key_count, sizeof *dropped);
    uint32_t i, left = node->key_count, kept = 0;
    if (!dropped) {
        return false;
    }
    for (i = 0; i < node->key_count; i++) {
        tni_expr *key = node->exprs[i];
        tni_column_info info = binder->columns[node->columns[i]];
        group->key_ids[i] = tni_binder_column(binder, info.type, info.name);
        if (group->key_ids[i] == UINT32_MAX) {
            return false;
        }
        binder->columns[group->key_ids[i]].not_null = info.not_null;
        group->exprs[i] = NULL;
        if (tni_expr_is_constant(key) && left > 1) {
            group->exprs[i] = key;
            dropped[i] = true;
            left--;
        }
    }
    group->key_count = node->key_count;
    for (i = 0; i < node->key_count && left > 1; i++) {
        tni_expr *derived;
        bool ok;
        if (dropped[i] || node->exprs[i]->op == TNI_IR_COLUMN || node->exprs[i]->is_volatile) {
            continue;
        }
        derived = tni_regroup_derive(group, i, dropped, &ok);
        if (!ok || (derived && !tni_regroup_inline(group, i, derived))) {
            return false;
        }
        if (derived) {
            group->exprs[i] = derived;
            dropped[i] = true;
            left--;
        }
    }
    for (i = 0; i < node->key_count; i++) {
        if (dropped[i]) {
            group->changed = true;
            continue;
        }
        group->exprs[i] = tni_expr_column(binder, group->key_ids[i]);
        if (!group->exprs[i]) {
            return false;
        }
        group->keys[kept] = node->exprs[i];
        group->key_ids[kept++] = group->key_ids[i];
    }
    group->key_count = kept;
    return true;
}

/* ---------------------------------------------------------------------- aggregates --- */

/* The column of an aggregate of the new node: an equal one, or a new one. */
static tni_expr *tni_regroup_aggregate(tni_regroup *group, const tni_bound_aggregate *wanted) {
    tni_binder *binder = group->binder;
    tni_bound_aggregate *a;
    uint32_t i;
    for (i = 0; i < group->aggregate_count; i++) {
        a = &group->aggregates[i];
        if (a->function->kind == wanted->function->kind && a->distinct == wanted->distinct &&
            a->filter == wanted->filter && a->arguments[0] == wanted->arguments[0] &&
            a->arguments[1] == wanted->arguments[1] && a->constant_count == 0 &&
            wanted->constant_count == 0 && a->order_count == 0 && wanted->order_count == 0) {
            return tni_expr_column(binder, a->id);
        }
    }
    a = &group->aggregates[group->aggregate_count++];
    *a = *wanted;
    a->id = tni_binder_column(binder, wanted->type, wanted->function->name);
    if (a->id == UINT32_MAX) {
        return NULL;
    }
    binder->columns[a->id].not_null = wanted->function->kind == TNI_AGGREGATE_COUNT ||
                                      wanted->function->kind == TNI_AGGREGATE_COUNT_STAR;
    return tni_expr_column(binder, a->id);
}

/* x + k, k + x or x - k over an integer column and constant: *x and *k (negated for -). */
static bool tni_regroup_offset(const tni_expr *sum, tni_expr **x, int64_t *k) {
    const char *name = sum->op == TNI_IR_CALL ? sum->function->name : "";
    bool minus = strcmp(name, "-") == 0;
    tni_expr *left, *right;
    if ((!minus && strcmp(name, "+") != 0) || sum->argument_count != 2 ||
        !tni_type_is_integer(sum->type) || sum->type.id == TRUENO_TYPE_HUGEINT ||
        sum->type.id == TRUENO_TYPE_UBIGINT) {
        return false;
    }
    left = sum->arguments[0];
    right = sum->arguments[1];
    if (!minus && tni_expr_is_constant(left)) {
        tni_expr *other = left;
        left = right;
        right = other;
    }
    if (left->op == TNI_IR_CAST && tni_type_is_integer(left->arguments[0]->type) &&
        tni_cast_is_lossless(left->arguments[0]->type, left->type)) {
        left = left->arguments[0];
    }
    if (left->op != TNI_IR_COLUMN || !tni_type_is_integer(left->type) ||
        !tni_expr_is_constant(right) || right->constant.is_null ||
        !tni_type_is_integer(right->type) || right->constant.as.integer == INT64_MIN) {
        return false;
    }
    *x = left;
    *k = minus ? -right->constant.as.integer : right->constant.as.integer;
    return true;
}

static tni_expr *tni_regroup_call(tni_binder *binder, const char *name, tni_expr *a, tni_expr *b) {
    static const bool literals[2] = {false, false};
    tni_place place;
    tni_expr *arguments[2];
    memset(&place, 0, sizeof place);
    arguments[0] = a;
    arguments[1] = b;
    return tni_bind_named_call(binder, &place, name, arguments, literals, 2, TNI_NO_POSITION);
}

/* sum(x) + k * count(x), all HUGEINT. */
static tni_expr *tni_regroup_sum(tni_regroup *group, const tni_bound_aggregate *old, tni_expr *x,
                                 int64_t k) {
    tni_binder *binder = group->binder;
    tni_bound_aggregate part = *old;
    tni_value factor = tni_value_null(old->type);
    tni_expr *sum, *count, *constant;
    factor.is_null = false;
    factor.as.huge = tni_i128_from_i64(k);
    part.arguments[0] = x;
    sum = tni_regroup_aggregate(group, &part);
    part.function = tni_aggregate_find("count");
    part.type = tni_type_make(TRUENO_TYPE_BIGINT);
    if (binder->columns[x->column].not_null) {
        part.function = tni_aggregate_find("count_star");
        part.arguments[0] = NULL;
        part.argument_count = 0;
    }
    count = sum ? tni_regroup_aggregate(group, &part) : NULL;
    constant = count ? tni_expr_constant(binder, &factor) : NULL;
    count = constant ? tni_expr_cast(binder, count, old->type, false, NULL, TNI_NO_POSITION)
                     : NULL;
    count = count ? tni_regroup_call(binder, "*", count, constant) : NULL;
    return count ? tni_regroup_call(binder, "+", sum, count) : NULL;
}

static bool tni_regroup_aggregates(tni_regroup *group) {
    tni_node *node = group->node;
    uint32_t i;
    for (i = 0; i < node->aggregate_count; i++) {
        const tni_bound_aggregate *a = &node->aggregates[i];
        tni_expr *x, *expr;
        int64_t k;
        if (a->function->kind == TNI_AGGREGATE_SUM && !a->distinct &&
            a->type.id == TRUENO_TYPE_HUGEINT && tni_regroup_offset(a->arguments[0], &x, &k)) {
            expr = tni_regroup_sum(group, a, x, k);
            group->changed = true;
        } else {
            expr = tni_regroup_aggregate(group, a);
        }
        if (!expr) {
            return false;
        }
        group->exprs[node->key_count + i] = expr;
    }
    return true;
}

/* --------------------------------------------------------------------------- build --- */

static tni_node *tni_regroup_build(tni_regroup *group) {
    tni_binder *binder = group->binder;
    tni_node *old = group->node, *node, *project;
    uint32_t i;
    node = tni_node_new(binder, TNI_PLAN_AGGREGATE, old->input,
                        group->key_count + group->aggregate_count);
    project = node ? tni_node_new(binder, TNI_PLAN_PROJECT, node, old->column_count) : NULL;
    if (!project) {
        return NULL;
    }
    node->exprs = group->keys;
    node->key_count = group->key_count;
    node->aggregates = group->aggregates;
    node->aggregate_count = group->aggregate_count;
    for (i = 0; i < group->key_count; i++) {
        node->columns[i] = group->key_ids[i];
    }
    tni_node_estimate_groups(binder, node);
    for (i = 0; i < group->aggregate_count; i++) {
        node->columns[group->key_count + i] = group->aggregates[i].id;
    }
    memcpy(project->columns, old->columns, old->column_count * sizeof *project->columns);
    project->exprs = group->exprs;
    project->rows = node->rows;
    return project;
}

/* ---------------------------------------------------------------------- statistics --- */

/* MIN or MAX from the zone of the whole column; false when the zone does not say. */
static bool tni_known_bound(const tni_zone *zone, tni_aggregate_kind kind, tni_type type,
                            tni_value *out) {
    if (zone->null_count == zone->rows) {
        *out = tni_value_null(type);
        return true;
    }
    if (!zone->has_bounds || !zone->exact || zone->has_nan) {
        return false;
    }
    *out = kind == TNI_AGGREGATE_MIN ? zone->min : zone->max;
    return tni_type_equal(out->type, type);
}

static bool tni_known_aggregate(const tni_node *scan, const tni_bound_aggregate *a,
                                tni_value *out) {
    tni_source *source = scan->source;
    tni_zone zone;
    uint32_t i;
    if (a->filter || a->distinct || source->rows > INT64_MAX) {
        return false;
    }
    if (a->function->kind == TNI_AGGREGATE_COUNT_STAR) {
        *out = tni_value_i64(a->type, (int64_t)source->rows);
        return true;
    }
    if ((a->function->kind != TNI_AGGREGATE_COUNT && a->function->kind != TNI_AGGREGATE_MIN &&
         a->function->kind != TNI_AGGREGATE_MAX) ||
        a->arguments[0]->op != TNI_IR_COLUMN || !source->ops->zone) {
        return false;
    }
    for (i = 0; i < scan->column_count && scan->columns[i] != a->arguments[0]->column; i++) {
    }
    memset(&zone, 0, sizeof zone);
    if (i == scan->column_count || !source->ops->zone(source, scan->fields[i], &zone) ||
        zone.rows != source->rows) {
        return false;
    }
    if (a->function->kind == TNI_AGGREGATE_COUNT) {
        *out = tni_value_i64(a->type, (int64_t)(zone.rows - zone.null_count));
        return zone.null_count <= zone.rows;
    }
    return tni_known_bound(&zone, a->function->kind, a->type, out);
}

/* The answers as constants, or NULL with *ok true when one of them has to be computed. */
static tni_node *tni_rules_known(tni_binder *binder, const tni_node *node, bool *ok) {
    const tni_node *scan = node->input;
    tni_value *values;
    tni_node *constant;
    uint32_t i;
    *ok = true;
    if (node->key_count > 0 || scan->kind != TNI_PLAN_SCAN || scan->conjunct_count > 0 ||
        node->aggregate_count == 0) {
        return NULL;
    }
    values = (tni_value *)tni_binder_alloc(binder, node->aggregate_count, sizeof *values);
    for (i = 0; values && i < node->aggregate_count; i++) {
        if (!tni_known_aggregate(scan, &node->aggregates[i], &values[i])) {
            return NULL;
        }
    }
    constant = values ? tni_node_new(binder, TNI_PLAN_VALUES, NULL, node->column_count) : NULL;
    *ok = constant != NULL;
    if (constant) {
        memcpy(constant->columns, node->columns, node->column_count * sizeof *node->columns);
        constant->values = values;
        constant->row_count = 1;
        constant->rows = 1.0;
    }
    return constant;
}

TNI_FN tni_node *tni_rules_aggregate(tni_binder *binder, tni_node *node) {
    tni_regroup group;
    bool ok;
    tni_node *known = tni_rules_known(binder, node, &ok);
    if (known || !ok) {
        return known;
    }
    memset(&group, 0, sizeof group);
    group.binder = binder;
    group.node = node;
    group.aggregate_capacity = node->aggregate_count * 2 + 1;
    group.keys = (tni_expr **)tni_binder_alloc(binder, node->key_count, sizeof *group.keys);
    group.key_ids =
        (uint32_t *)tni_binder_alloc(binder, node->key_count, sizeof *group.key_ids);
    group.aggregates = (tni_bound_aggregate *)tni_binder_alloc(binder, group.aggregate_capacity,
                                                               sizeof *group.aggregates);
    group.exprs =
        (tni_expr **)tni_binder_alloc(binder, node->column_count, sizeof *group.exprs);
    if (!group.keys || !group.key_ids || !group.aggregates || !group.exprs ||
        !tni_regroup_keys(&group) || !tni_regroup_aggregates(&group)) {
        return NULL;
    }
    tni_node_estimate_groups(binder, node);
    return group.changed ? tni_regroup_build(&group) : node;
}
