/*
 * bind_aggregate.c - calls of aggregate functions: their arguments, constants, FILTER, DISTINCT and
 * ORDER BY. Each different call becomes one column of the AGGREGATE node to come; the expression
 * around it sees that column.
 *
 * Uses: base/, sql/ast.h, plan/bind_internal.h.
 */
#include "plan/bind_internal.h"

static bool tni_aggregate_fail(tni_binder *binder, uint32_t position, const char *name,
                               const char *what) {
    (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER, tni_binder_position(binder, position),
                      "%s %s", name, what);
    return false;
}

/* Where an aggregate may stand. */
static bool tni_aggregate_allowed(tni_binder *binder, const tni_place *place,
                                  const tni_ast_expression *ast) {
    if (place->in_aggregate) {
        return tni_aggregate_fail(binder, ast->position, ast->name,
                                  "cannot stand inside another aggregate function");
    }
    if (!place->aggregates || !place->select) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, ast->position),
                          "%s is an aggregate function, which cannot stand in %s%s", ast->name,
                          place->clause ? place->clause : "this place",
                          place->clause && strcmp(place->clause, "WHERE") == 0
                              ? ": HAVING filters groups"
                              : "");
        return false;
    }
    return true;
}

static bool tni_aggregate_is_quantile(const tni_aggregate_function *function) {
    return function->kind == TNI_AGGREGATE_QUANTILE_CONT ||
           function->kind == TNI_AGGREGATE_QUANTILE_DISC;
}

/* percentile_cont(f) WITHIN GROUP (ORDER BY x) is quantile_cont(x, f); mode() likewise. */
static bool tni_aggregate_is_ordered_set(const tni_ast_expression *ast,
                                         const tni_aggregate_function *function) {
    return ast->order && ((tni_aggregate_is_quantile(function) && ast->argument_count == 1) ||
                          (function->kind == TNI_AGGREGATE_MODE && ast->argument_count == 0));
}

static bool tni_aggregate_fraction(tni_binder *binder, const tni_ast_expression *ast,
                                   tni_expr *expr, bool descending, tni_value *out) {
    tni_expr *cast = NULL;
    if (tni_type_is_numeric(expr->type) || expr->type.id == TRUENO_TYPE_NULL) {
        cast = tni_expr_cast(binder, expr, tni_type_make(TRUENO_TYPE_DOUBLE), false, NULL,
                             tni_binder_position(binder, ast->position));
        if (!cast) {
            return false;
        }
    }
    if (!cast || !tni_expr_is_constant(cast)) {
        return tni_aggregate_fail(binder, ast->position, "the fraction of a quantile",
                                  "must be a constant number");
    }
    *out = cast->constant;
    if (out->is_null) { /* a parameter while preparing */
        *out = tni_value_double(cast->type, 0.5);
    }
    if (!(out->as.number >= 0.0 && out->as.number <= 1.0)) {
        return tni_aggregate_fail(binder, ast->position, "the fraction of a quantile",
                                  "must lie between 0 and 1");
    }
    if (descending) {
        out->as.number = 1.0 - out->as.number;
    }
    return true;
}

/* The constant arguments after the values: a fraction or a separator. */
static bool tni_aggregate_constants(tni_binder *binder, const tni_place *place,
                                    const tni_ast_expression *ast,
                                    const tni_ast_expression *given, bool descending,
                                    tni_bound_aggregate *out) {
    tni_expr *expr;
    bool ok;
    if (out->function->kind == TNI_AGGREGATE_STRING_AGG && !given) {
        out->constants[0] = tni_binder_string(binder, ",", 1, &ok);
        out->constant_count = 1;
        return ok;
    }
    if (out->function->constants == 0) {
        return true;
    }
    if (!given) {
        return tni_aggregate_fail(binder, ast->position, ast->name,
                                  "needs a constant after its value");
    }
    if (given->kind == TNI_AST_LIST) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_UNSUPPORTED,
                          tni_binder_position(binder, given->position),
                          "lists of quantiles are not supported in this version");
        return false;
    }
    expr = tni_bind_expr(binder, place, given);
    if (!expr) {
        return false;
    }
    out->constant_count = 1;
    if (out->function->kind != TNI_AGGREGATE_STRING_AGG) {
        return tni_aggregate_fraction(binder, given, expr, descending, &out->constants[0]);
    }
    expr = tni_bind_coerce(binder, expr, given, tni_type_make(TRUENO_TYPE_VARCHAR));
    if (!expr) {
        return false;
    }
    if (!tni_expr_is_constant(expr)) {
        return tni_aggregate_fail(binder, given->position, "the separator", "must be a constant");
    }
    out->constants[0] = expr->constant;
    return true;
}

/* Is the expression decided by the aggregate's arguments? */
static bool tni_aggregate_follows(const tni_bound_aggregate *aggregate, tni_expr *expr,
                                  uint32_t walk) {
    uint32_t i;
    if (expr->walk == walk) {
        return true; /* seen, and fine: the first that is not ends the walk */
    }
    expr->walk = walk;
    for (i = 0; i < aggregate->argument_count; i++) {
        const tni_expr *argument = aggregate->arguments[i];
        if (expr == argument || (argument->op == TNI_IR_CAST && !argument->try_cast &&
                                 expr == argument->arguments[0])) {
            return true;
        }
    }
    if (expr->op == TNI_IR_COLUMN || expr->is_volatile) {
        return false;
    }
    for (i = 0; i < expr->argument_count; i++) {
        if (!tni_aggregate_follows(aggregate, expr->arguments[i], walk)) {
            return false;
        }
    }
    return true;
}

static bool tni_aggregate_order(tni_binder *binder, const tni_place *place,
                                const tni_ast_expression *ast, tni_bound_aggregate *out) {
    const tni_settings *settings = binder->context->settings;
    const tni_ast_order *order;
    if (!out->function->ordered || tni_aggregate_is_quantile(out->function)) {
        return true; /* the order of its input changes nothing */
    }
    for (order = ast->order; order; order = order->next) {
        uint32_t i = out->order_count;
        if (i == TNI_COUNT_OF(out->order)) {
            (void)tni_fail_at(binder->error, TRUENO_ERROR_UNSUPPORTED,
                              tni_binder_position(binder, order->expression->position),
                              "more than %u keys of ORDER BY in an aggregate are not supported "
                              "in this version",
                              (unsigned)TNI_COUNT_OF(out->order));
            return false;
        }
        out->order[i] = tni_bind_expr(binder, place, order->expression);
        if (!out->order[i]) {
            return false;
        }
        if (tni_expr_is_constant(out->order[i])) {
            continue;
        }
        if (out->distinct && !tni_aggregate_follows(out, out->order[i], ++binder->walk)) {
            (void)tni_aggregate_fail(binder, order->expression->position, "ORDER BY",
                                     "within an aggregate with DISTINCT can only use its argument");
            return false;
        }
        out->order_keys[i].descending = order->descending;
        out->order_keys[i].nulls_first =
            order->nulls == 0 ? settings->nulls_first : order->nulls == 1;
        out->order_count++;
    }
    return true;
}

/* The value arguments, cast as the function wants them. */
static bool tni_aggregate_values(tni_binder *binder, const tni_place *place,
                                 const tni_ast_expression *ast,
                                 const tni_ast_expression **cursor, tni_bound_aggregate *out) {
    const tni_aggregate_function *function = out->function;
    const tni_ast_expression *asts[2];
    const tni_value *constants[2];
    tni_type types[2];
    tni_bind_call call;
    uint32_t i, count = 0;
    for (; *cursor && count < function->arguments; *cursor = (*cursor)->next) {
        asts[count] = *cursor;
        out->arguments[count] = tni_bind_expr(binder, place, *cursor);
        if (!out->arguments[count]) {
            return false;
        }
        types[count] = out->arguments[count]->type;
        constants[count] = NULL;
        count++;
    }
    memset(&call, 0, sizeof call);
    call.arena = binder->arena;
    call.env = binder->env;
    call.settings = binder->context->settings;
    call.name = ast->name;
    call.position = tni_binder_position(binder, ast->position);
    call.count = count;
    call.types = types;
    call.constants = constants;
    if (tni_aggregate_bind(function, &call, binder->error) != TRUENO_OK) {
        return false;
    }
    for (i = 0; i < count; i++) {
        out->arguments[i] = tni_expr_cast(binder, out->arguments[i], types[i], false, NULL,
                                          tni_binder_position(binder, asts[i]->position));
        if (!out->arguments[i]) {
            return false;
        }
    }
    out->argument_count = count;
    out->type = call.result;
    return true;
}

static bool tni_aggregate_ignores_repeats(tni_aggregate_kind kind) {
    switch (kind) {
    case TNI_AGGREGATE_MIN:
    case TNI_AGGREGATE_MAX:
    case TNI_AGGREGATE_ANY_VALUE:
    case TNI_AGGREGATE_FIRST:
    case TNI_AGGREGATE_BOOL_AND:
    case TNI_AGGREGATE_BOOL_OR:
    case TNI_AGGREGATE_BIT_AND:
    case TNI_AGGREGATE_BIT_OR:
    case TNI_AGGREGATE_APPROX_COUNT_DISTINCT:
    case TNI_AGGREGATE_ARG_MIN:
    case TNI_AGGREGATE_ARG_MAX: return true;
    default: return false;
    }
}

/* The first name of a kind: aliases are one function. */
static const tni_aggregate_function *tni_aggregate_canonical(tni_aggregate_kind kind) {
    const tni_aggregate_function *row = tni_aggregate_functions();
    while (row->kind != kind) {
        row++;
    }
    return row;
}

/* count(x) of what is never NULL counts rows. */
static void tni_aggregate_simplify(const tni_binder *binder, tni_bound_aggregate *out) {
    const tni_expr *argument = out->arguments[0];
    if (tni_aggregate_ignores_repeats(out->function->kind)) {
        out->distinct = false;
    }
    if (out->function->kind == TNI_AGGREGATE_COUNT && !out->distinct &&
        ((tni_expr_is_constant(argument) && !argument->constant.is_null) ||
         (argument->op == TNI_IR_COLUMN && binder->columns[argument->column].not_null))) {
        out->function = tni_aggregate_find("count_star");
        out->argument_count = 0;
        out->arguments[0] = NULL;
    }
    out->function = tni_aggregate_canonical(out->function->kind);
    if (out->filter && tni_expr_is_true(out->filter)) {
        out->filter = NULL;
    }
}

static bool tni_aggregate_same(const tni_bound_aggregate *a, const tni_bound_aggregate *b) {
    uint32_t i;
    if (a->function->kind != b->function->kind || a->distinct != b->distinct ||
        a->filter != b->filter || a->argument_count != b->argument_count ||
        a->constant_count != b->constant_count || a->order_count != b->order_count) {
        return false;
    }
    for (i = 0; i < a->argument_count; i++) {
        if (a->arguments[i] != b->arguments[i]) {
            return false;
        }
    }
    for (i = 0; i < a->constant_count; i++) {
        if (tni_value_compare(&a->constants[i], &b->constants[i]) != 0) {
            return false;
        }
    }
    for (i = 0; i < a->order_count; i++) {
        if (a->order[i] != b->order[i] ||
            a->order_keys[i].descending != b->order_keys[i].descending ||
            a->order_keys[i].nulls_first != b->order_keys[i].nulls_first) {
            return false;
        }
    }
    return true;
}

/* The column of the call: that of an equal one before it, or a new one. */
static tni_expr *tni_aggregate_column(tni_binder *binder, tni_select *select,
                                      tni_bound_aggregate *out) {
    uint32_t i;
    for (i = 0; i < select->aggregate_count; i++) {
        if (tni_aggregate_same(&select->aggregates[i], out)) {
            return tni_expr_column(binder, select->aggregates[i].id);
        }
    }
    if (select->aggregate_count == select->aggregate_capacity) {
        uint32_t capacity = TNI_MAX(select->aggregate_capacity * 2, 8u);
        tni_bound_aggregate *grown =
            (tni_bound_aggregate *)tni_binder_alloc(binder, capacity, sizeof *grown);
        if (!grown) {
            return NULL;
        }
        if (select->aggregate_count) {
            memcpy(grown, select->aggregates, select->aggregate_count * sizeof *grown);
        }
        select->aggregates = grown;
        select->aggregate_capacity = capacity;
    }
    out->id = tni_binder_column(binder, out->type, out->function->name);
    if (out->id == UINT32_MAX) {
        return NULL;
    }
    binder->columns[out->id].not_null = out->function->kind == TNI_AGGREGATE_COUNT_STAR ||
                                        out->function->kind == TNI_AGGREGATE_COUNT;
    binder->columns[out->id].is_aggregate = true;
    select->aggregates[select->aggregate_count++] = *out;
    return tni_expr_column(binder, out->id);
}

static bool tni_aggregate_is_star(const tni_ast_expression *ast,
                                  const tni_aggregate_function *function) {
    return function->kind == TNI_AGGREGATE_COUNT &&
           (ast->argument_count == 0 ||
            (ast->argument_count == 1 && ast->arguments->kind == TNI_AST_STAR));
}

TNI_FN tni_expr *tni_bind_aggregate(tni_binder *binder, const tni_place *place,
                                    const tni_ast_expression *ast,
                                    const tni_aggregate_function *function) {
    tni_place inner = *place;
    tni_bound_aggregate out;
    const tni_ast_expression *cursor = ast->arguments, *constants;
    bool ordered_set = tni_aggregate_is_ordered_set(ast, function);
    bool descending =
        ast->order && tni_aggregate_is_quantile(function) && ast->order->descending;
    memset(&out, 0, sizeof out);
    if (!tni_aggregate_allowed(binder, place, ast)) {
        return NULL;
    }
    inner.in_aggregate = true;
    inner.predicate = NULL; /* a group's rows are all evaluated, whatever CASE surrounds it */
    inner.guard = NULL;
    out.function = tni_aggregate_is_star(ast, function) ? tni_aggregate_find("count_star")
                                                        : function;
    out.distinct = ast->distinct;
    out.position = tni_binder_position(binder, ast->position);
    if (out.function != function) {
        cursor = NULL;
        if (ast->distinct) {
            (void)tni_aggregate_fail(binder, ast->position, "DISTINCT", "cannot count *");
            return NULL;
        }
    }
    constants = cursor;
    if (ordered_set) {
        cursor = ast->order->expression;
    }
    if (!tni_aggregate_values(binder, &inner, ast, &cursor, &out)) {
        return NULL;
    }
    if (!ordered_set) {
        constants = cursor;
    }
    if (constants && (constants->next || function->constants == 0)) {
        (void)tni_aggregate_fail(binder, ast->position, ast->name, "has too many arguments");
        return NULL;
    }
    if (descending && function->kind == TNI_AGGREGATE_QUANTILE_DISC) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_UNSUPPORTED, out.position,
                          "percentile_disc with ORDER BY ... DESC is not supported in this "
                          "version");
        return NULL;
    }
    if (!tni_aggregate_constants(binder, &inner, ast, constants, descending, &out) ||
        (!ordered_set && !tni_aggregate_order(binder, &inner, ast, &out))) {
        return NULL;
    }
    if (ast->filter) {
        out.filter = tni_bind_condition(binder, &inner, ast->filter);
        if (!out.filter) {
            return NULL;
        }
    }
    tni_aggregate_simplify(binder, &out);
    return tni_aggregate_column(binder, place->select, &out);
}
