/*
 * bind_grouping.c - GROUP BY ROLLUP, CUBE, GROUPING SETS, and GROUPING().
 *
 * The groupings of a GROUP BY multiply: each names alternatives, and every choice of one each is a
 * set of keys. EXPAND gives each row once a set, with the keys outside it NULL and a number that
 * says which set it is; one AGGREGATE groups by all keys and that number. Its bit k is set where
 * key k is not in the set, the bits above tell equal sets apart: so GROUPING() is arithmetic on
 * it. A set without keys has its row even without input: it is then made by an aggregation of no
 * rows, the other side of a UNION ALL that looks at it only where the first side is empty.
 *
 * Uses: base/, sql/ast.h, plan/bind_internal.h.
 */
#include "plan/bind_internal.h"

#define TNI_GROUPING_SETS 4096u
#define TNI_GROUPING_KEYS 50u /* 12 bits more for equal sets */

/* Sets of keys as bits. */
typedef struct tni_key_sets {
    uint64_t *items;
    uint32_t count, capacity;
} tni_key_sets;

static bool tni_sets_add(tni_select *select, tni_key_sets *sets, uint64_t keys, uint32_t position) {
    tni_binder *binder = select->binder;
    if (sets->count == TNI_GROUPING_SETS) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_LIMIT, tni_binder_position(binder, position),
                          "more than %u grouping sets are not supported in this version",
                          TNI_GROUPING_SETS);
        return false;
    }
    if (sets->count == sets->capacity) {
        uint32_t capacity = TNI_MAX(sets->capacity * 2, 8u);
        uint64_t *grown = (uint64_t *)tni_binder_alloc(binder, capacity, sizeof *grown);
        if (!grown) {
            return false;
        }
        if (sets->count) {
            memcpy(grown, sets->items, sets->count * sizeof *grown);
        }
        sets->items = grown;
        sets->capacity = capacity;
    }
    sets->items[sets->count++] = keys;
    return true;
}

/* The keys of one item: an expression, or each of (a, b). */
static bool tni_grouping_keys(tni_select *select, const tni_ast_expression *ast, uint64_t *out) {
    const tni_ast_expression *item = ast->kind == TNI_AST_ROW ? ast->arguments : ast;
    *out = 0;
    for (; item; item = ast->kind == TNI_AST_ROW ? item->next : NULL) {
        uint32_t key;
        if (!tni_select_group_key(select, item, &key)) {
            return false;
        }
        if (key >= TNI_GROUPING_KEYS) {
            (void)tni_fail_at(select->binder->error, TRUENO_ERROR_LIMIT,
                              tni_binder_position(select->binder, item->position),
                              "more than %u keys with grouping sets are not supported in this "
                              "version",
                              TNI_GROUPING_KEYS);
            return false;
        }
        *out |= UINT64_C(1) << key;
    }
    return true;
}

/* The alternatives of CUBE: all subsets of its items, those with the first ones first. */
static bool tni_grouping_cube(tni_select *select, const tni_ast_grouping *grouping,
                              const tni_key_sets *items, tni_key_sets *out) {
    uint64_t choice;
    if (items->count > 12) {
        return tni_select_refuse(select->binder, grouping->position,
                                 "CUBE of more than 12 items is");
    }
    for (choice = UINT64_C(1) << items->count; choice-- > 0;) {
        uint64_t keys = 0;
        uint32_t i;
        for (i = 0; i < items->count; i++) {
            keys |= choice >> (items->count - 1 - i) & 1u ? items->items[i] : 0;
        }
        if (!tni_sets_add(select, out, keys, grouping->position)) {
            return false;
        }
    }
    return true;
}

/* The alternatives that one part of GROUP BY names. */
static bool tni_grouping_alternatives(tni_select *select, const tni_ast_grouping *grouping,
                                      tni_key_sets *out) {
    const tni_ast_expression *ast;
    tni_key_sets items;
    uint64_t keys, all = 0;
    uint32_t i;
    memset(&items, 0, sizeof items);
    for (ast = grouping->expressions; ast; ast = ast->next) {
        if (!tni_grouping_keys(select, ast, &keys) ||
            !tni_sets_add(select, &items, keys, grouping->position)) {
            return false;
        }
        all |= keys;
    }
    if (grouping->sets == 3) {
        *out = items;
        return true;
    }
    if (grouping->sets == 2) {
        return tni_grouping_cube(select, grouping, &items, out);
    }
    if (!tni_sets_add(select, out, all, grouping->position)) {
        return false;
    }
    for (i = items.count; grouping->sets == 1 && i-- > 0;) {
        uint32_t k;
        for (keys = 0, k = 0; k < i; k++) {
            keys |= items.items[k];
        }
        if (!tni_sets_add(select, out, keys, grouping->position)) {
            return false;
        }
    }
    return true;
}

/* The number of each set: keys that are not in it, and how many equal ones stand before. */
static bool tni_grouping_numbers(tni_select *select, const tni_key_sets *sets) {
    tni_binder *binder = select->binder;
    uint64_t all = (UINT64_C(1) << select->key_count) - 1;
    uint32_t i, k;
    select->sets = (tni_value *)tni_binder_alloc(binder, sets->count, sizeof *select->sets);
    select->set_id = tni_binder_column(binder, tni_type_make(TRUENO_TYPE_BIGINT), "set");
    if (!select->sets || select->set_id == UINT32_MAX) {
        return false;
    }
    binder->columns[select->set_id].not_null = true;
    binder->columns[select->set_id].is_aggregate = true;
    for (i = 0; i < sets->count; i++) {
        uint64_t number = all & ~sets->items[i], equal = 0;
        for (k = 0; k < i; k++) {
            equal += sets->items[k] == sets->items[i] ? 1 : 0;
        }
        select->sets[i] = tni_value_i64(tni_type_make(TRUENO_TYPE_BIGINT),
                                        (int64_t)(number | equal << select->key_count));
    }
    select->set_count = sets->count;
    return true;
}

TNI_FN bool tni_bind_grouping_sets(tni_select *select) {
    const tni_ast_grouping *grouping;
    tni_key_sets sets;
    memset(&sets, 0, sizeof sets);
    select->grouped = true;
    if (!tni_sets_add(select, &sets, 0, select->ast->position)) {
        return false;
    }
    for (grouping = select->ast->groups; grouping; grouping = grouping->next) {
        tni_key_sets parts, product;
        uint32_t i, k;
        memset(&parts, 0, sizeof parts);
        memset(&product, 0, sizeof product);
        if (!tni_grouping_alternatives(select, grouping, &parts)) {
            return false;
        }
        for (i = 0; i < sets.count; i++) {
            for (k = 0; k < parts.count; k++) {
                if (!tni_sets_add(select, &product, sets.items[i] | parts.items[k],
                                  grouping->position)) {
                    return false;
                }
            }
        }
        sets = product;
    }
    return sets.count == 1 || tni_grouping_numbers(select, &sets);
}

/* ----------------------------------------------------------------------- GROUPING() --- */

static tni_expr *tni_grouping_operator(tni_binder *binder, const char *name, tni_expr *left,
                                       int64_t right) {
    static const bool literals[2] = {false, false};
    tni_value value = tni_value_i64(tni_type_make(TRUENO_TYPE_BIGINT), right);
    tni_expr *arguments[2];
    tni_place place;
    memset(&place, 0, sizeof place);
    arguments[0] = left;
    arguments[1] = tni_expr_constant(binder, &value);
    return left && arguments[1]
               ? tni_bind_named_call(binder, &place, name, arguments, literals, 2, TNI_NO_POSITION)
               : NULL;
}

/* Bit `key` of the set's number, as bit `at` of the result. */
static tni_expr *tni_grouping_bit(tni_select *select, uint32_t key, uint32_t at) {
    tni_binder *binder = select->binder;
    tni_expr *bit = tni_expr_column(binder, select->set_id);
    bit = tni_grouping_operator(binder, ">>", bit, key);
    bit = tni_grouping_operator(binder, "&", bit, 1);
    return at ? tni_grouping_operator(binder, "*", bit, (int64_t)(UINT64_C(1) << at)) : bit;
}

/* The key that an argument of GROUPING is; false: none, error recorded. */
static bool tni_grouping_argument(tni_binder *binder, const tni_place *place,
                                  const tni_ast_expression *ast, uint32_t *out) {
    tni_select *select = place->select;
    tni_place inner = *place;
    tni_expr *expr;
    inner.aggregates = false;
    expr = tni_bind_expr(binder, &inner, ast);
    if (!expr) {
        return false;
    }
    for (*out = 0; *out < select->key_count; (*out)++) {
        if (select->keys[*out] == expr->plain) {
            return true;
        }
    }
    (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                      tni_binder_position(binder, ast->position),
                      "an argument of GROUPING must stand in GROUP BY");
    return false;
}

TNI_FN tni_expr *tni_bind_grouping_call(tni_binder *binder, const tni_place *place,
                                        const tni_ast_expression *ast) {
    static const bool literals[2] = {false, false};
    tni_select *select = place->select;
    const tni_ast_expression *argument;
    tni_value zero = tni_value_i64(tni_type_make(TRUENO_TYPE_BIGINT), 0);
    tni_expr *all = tni_expr_constant(binder, &zero);
    uint32_t at = ast->argument_count, key;
    if (!select || !place->aggregates || place->in_aggregate || !select->ast->groups ||
        ast->argument_count > 62) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, ast->position), "%s",
                          ast->argument_count > 62 ? "GROUPING takes 62 arguments at most"
                                                   : "GROUPING needs a GROUP BY, and cannot stand "
                                                     "in it, in WHERE or in an aggregate");
        return NULL;
    }
    for (argument = ast->arguments; argument && all; argument = argument->next) {
        tni_expr *sides[2];
        at--;
        if (!tni_grouping_argument(binder, place, argument, &key)) {
            return NULL;
        }
        if (select->set_count == 0) {
            continue;
        }
        sides[0] = all;
        sides[1] = tni_grouping_bit(select, key, at);
        all = sides[1] && argument != ast->arguments
                  ? tni_bind_named_call(binder, place, "+", sides, literals, 2, TNI_NO_POSITION)
                  : sides[1];
    }
    return all;
}

/* ------------------------------------------------------------------------- the nodes --- */

/* PROJECT of what FROM gives and of the keys; the aggregates go over to its columns. */
static tni_node *tni_grouping_input(tni_select *select) {
    tni_binder *binder = select->binder;
    tni_node *from = select->node, *node;
    uint32_t count = from->column_count, i, set;
    tni_expr **exprs =
        (tni_expr **)tni_binder_alloc(binder, count + select->key_count, sizeof *exprs);
    for (i = 0; exprs && i < count; i++) {
        exprs[i] = tni_expr_column(binder, from->columns[i]);
        if (!exprs[i]) {
            return NULL;
        }
    }
    if (!exprs) {
        return NULL;
    }
    if (select->key_count) {
        memcpy(exprs + count, select->keys, select->key_count * sizeof *exprs);
    }
    node = tni_node_project(binder, from, exprs, NULL, count + select->key_count);
    set = tni_replace_begin(binder);
    for (i = 0; node && i < count; i++) {
        tni_expr *column = tni_expr_column(binder, node->columns[i]);
        if (!column) {
            return NULL;
        }
        tni_replace_add(set, exprs[i], column);
    }
    for (i = 0; node && i < select->aggregate_count; i++) {
        tni_bound_aggregate *a = &select->aggregates[i];
        if (!tni_replace_all(binder, set, a->arguments, a->argument_count) ||
            !tni_replace_all(binder, set, &a->filter, 1) ||
            !tni_replace_all(binder, set, a->order, a->order_count)) {
            return NULL;
        }
    }
    return node;
}

/* EXPAND of `input` to `sets`, whose last `keys` columns are the keys. */
static tni_node *tni_grouping_expand(tni_select *select, tni_node *input, uint32_t keys,
                                     tni_value *sets, uint32_t set_count) {
    tni_binder *binder = select->binder;
    uint32_t count = input->column_count, i;
    tni_node *node = tni_node_new(binder, TNI_PLAN_EXPAND, input, count + keys + 1);
    if (!node) {
        return NULL;
    }
    node->exprs = (tni_expr **)tni_binder_alloc(binder, keys, sizeof *node->exprs);
    if (!node->exprs) {
        return NULL;
    }
    memcpy(node->columns, input->columns, count * sizeof *node->columns);
    for (i = 0; i < keys; i++) {
        tni_column_info info = binder->columns[input->columns[count - keys + i]];
        node->exprs[i] = tni_expr_column(binder, input->columns[count - keys + i]);
        if (!node->exprs[i] || !tni_node_column(binder, node, count + i, info.type, info.name)) {
            return NULL;
        }
    }
    if (!tni_node_column(binder, node, count + keys, sets[0].type, "set")) {
        return NULL;
    }
    binder->columns[node->columns[count + keys]].not_null = true;
    node->key_count = keys;
    node->values = sets;
    node->row_count = set_count;
    node->rows = input->rows * (double)set_count;
    return node;
}

/* AGGREGATE of `input` by its last `keys` columns: keys, set; then the select's aggregates under
 * new ids. */
static tni_node *tni_grouping_aggregate(tni_select *select, tni_node *input, uint32_t keys) {
    tni_binder *binder = select->binder;
    uint32_t count = select->aggregate_count, i;
    tni_node *node = tni_node_new(binder, TNI_PLAN_AGGREGATE, input, keys + count);
    if (!node) {
        return NULL;
    }
    node->exprs = (tni_expr **)tni_binder_alloc(binder, keys, sizeof *node->exprs);
    node->aggregates =
        (tni_bound_aggregate *)tni_binder_alloc(binder, count, sizeof *node->aggregates);
    if (!node->exprs || !node->aggregates) {
        return NULL;
    }
    for (i = 0; i < keys; i++) {
        uint32_t id = input->columns[input->column_count - keys + i];
        tni_column_info info = binder->columns[id];
        node->exprs[i] = tni_expr_column(binder, id);
        if (!node->exprs[i] || !tni_node_column(binder, node, i, info.type, info.name)) {
            return NULL;
        }
        binder->columns[node->columns[i]].not_null = info.not_null;
    }
    for (i = 0; i < count; i++) {
        tni_column_info info = binder->columns[select->aggregates[i].id];
        if (!tni_node_column(binder, node, keys + i, info.type, info.name)) {
            return NULL;
        }
        node->aggregates[i] = select->aggregates[i];
        node->aggregates[i].id = node->columns[keys + i];
        binder->columns[node->columns[keys + i]].not_null = info.not_null;
    }
    node->key_count = keys;
    node->aggregate_count = count;
    tni_node_estimate_groups(binder, node);
    return node;
}

/* What no rows at all give: a row for each of the sets without keys, in the columns of `groups`. */
static tni_node *tni_grouping_nothing(tni_select *select, const tni_node *input,
                                      const tni_node *groups, tni_value *sets, uint32_t count) {
    tni_binder *binder = select->binder;
    tni_node *node = tni_node_new(binder, TNI_PLAN_VALUES, NULL, input->column_count);
    tni_expr **exprs = (tni_expr **)tni_binder_alloc(binder, groups->column_count, sizeof *exprs);
    uint32_t i;
    if (!node || !exprs) {
        return NULL;
    }
    memcpy(node->columns, input->columns, input->column_count * sizeof *node->columns);
    node->values = (tni_value *)tni_binder_alloc(binder, 1, sizeof *node->values);
    node->rows = 0.0;
    node = node->values ? tni_grouping_aggregate(select, node, 0) : NULL;
    node = node ? tni_grouping_expand(select, node, 0, sets, count) : NULL;
    for (i = 0; node && i < groups->column_count; i++) {
        exprs[i] = i < select->key_count
                       ? tni_expr_null(binder, binder->columns[groups->columns[i]].type)
                       : tni_expr_column(binder, i == select->key_count
                                                     ? node->columns[select->aggregate_count]
                                                     : node->columns[i - select->key_count - 1]);
        if (!exprs[i]) {
            return NULL;
        }
    }
    return node ? tni_node_project(binder, node, exprs, NULL, groups->column_count) : NULL;
}

/* The groups, or what there is without any, in columns of the ids that were given out. */
static tni_node *tni_grouping_either(tni_select *select, tni_node *groups, tni_node *nothing) {
    tni_binder *binder = select->binder;
    uint32_t count = groups->column_count, i;
    tni_node *node = tni_node_new(binder, TNI_PLAN_UNION_ALL, groups, count);
    if (!node) {
        return NULL;
    }
    node->second = nothing;
    node->otherwise = true;
    node->left = (uint32_t *)tni_binder_alloc(binder, count, sizeof *node->left);
    node->right = (uint32_t *)tni_binder_alloc(binder, count, sizeof *node->right);
    if (!node->left || !node->right) {
        return NULL;
    }
    memcpy(node->left, groups->columns, count * sizeof *node->left);
    memcpy(node->right, nothing->columns, count * sizeof *node->right);
    for (i = 0; i < count; i++) {
        tni_column_info info = binder->columns[groups->columns[i]];
        if (i < select->key_count) {
            if (!tni_node_column(binder, node, i, info.type, info.name)) {
                return NULL;
            }
            continue;
        }
        node->columns[i] = i == select->key_count
                               ? select->set_id
                               : select->aggregates[i - select->key_count - 1].id;
        binder->columns[node->columns[i]].owner = node->number;
    }
    return node;
}

TNI_FN tni_node *tni_bind_grouping_node(tni_select *select) {
    tni_binder *binder = select->binder;
    int64_t all = (int64_t)((UINT64_C(1) << select->key_count) - 1);
    tni_node *input = tni_grouping_input(select), *node, *nothing;
    tni_value *empty = (tni_value *)tni_binder_alloc(binder, select->set_count, sizeof *empty);
    uint32_t empty_count = 0, i;
    if (!input || !empty) {
        return NULL;
    }
    for (i = 0; i < select->set_count; i++) {
        if ((select->sets[i].as.integer & all) == all) {
            empty[empty_count++] = select->sets[i];
        }
    }
    node = tni_grouping_expand(select, input, select->key_count, select->sets, select->set_count);
    node = node ? tni_grouping_aggregate(select, node, select->key_count + 1) : NULL;
    if (!node) {
        return NULL;
    }
    if (empty_count == 0) {
        node->columns[select->key_count] = select->set_id;
        binder->columns[select->set_id].owner = node->number;
        for (i = 0; i < select->aggregate_count; i++) {
            node->columns[select->key_count + 1 + i] = select->aggregates[i].id;
            node->aggregates[i].id = select->aggregates[i].id;
            binder->columns[select->aggregates[i].id].owner = node->number;
        }
        return node;
    }
    nothing = tni_grouping_nothing(select, input, node, empty, empty_count);
    return nothing ? tni_grouping_either(select, node, nothing) : NULL;
}

#undef TNI_GROUPING_SETS
#undef TNI_GROUPING_KEYS
