/*
 * bind_expression.c - syntax to bound expressions: literals, names, operators, CASE, IN, casts.
 *
 * A literal written in the query ('2024-01-01', 5, NULL, a parameter) has no firm type: it takes
 * that of what it meets, so that a column is never cast to suit a constant. CASE and COALESCE
 * give the calls below them the predicate of the rows that need them; AND and OR guard only casts,
 * for `kind = 'n' AND text::INT > 5` must not fail on the other rows.
 *
 * Uses: base/, sql/ast.h, plan/bind_internal.h.
 */
#include "plan/bind_internal.h"

static tni_type tni_boolean_type(void) {
    return tni_type_make(TRUENO_TYPE_BOOLEAN);
}

static tni_expr *tni_bind_unsupported(tni_binder *binder, uint32_t position, const char *what) {
    (void)tni_fail_at(binder->error, TRUENO_ERROR_UNSUPPORTED,
                      tni_binder_position(binder, position),
                      "%s are not supported in this version", what);
    return NULL;
}

TNI_FN bool tni_ast_is_literal(const tni_ast_expression *ast) {
    if (!ast) {
        return false;
    }
    switch (ast->kind) {
    case TNI_AST_NULL:
    case TNI_AST_INTEGER:
    case TNI_AST_HUGEINT:
    case TNI_AST_DECIMAL:
    case TNI_AST_DOUBLE:
    case TNI_AST_STRING:
    case TNI_AST_PARAMETER: return true;
    case TNI_AST_UNARY:
        return ast->left && (strcmp(ast->name, "-") == 0 || strcmp(ast->name, "+") == 0) &&
               (ast->left->kind == TNI_AST_INTEGER || ast->left->kind == TNI_AST_DECIMAL ||
                ast->left->kind == TNI_AST_DOUBLE);
    default: return false;
    }
}

/* ------------------------------------------------------------------------- places --- */

/* The predicate of a cast: what a call has, and the guard of AND and OR. */
static bool tni_place_cast_predicate(tni_binder *binder, const tni_place *place,
                                     tni_expr **out) {
    tni_expr *both[2];
    *out = place->predicate ? place->predicate : place->guard;
    if (place->predicate && place->guard && place->predicate != place->guard) {
        both[0] = place->predicate;
        both[1] = place->guard;
        *out = tni_expr_and(binder, both, 2);
        return *out != NULL;
    }
    return true;
}

#define TNI_GUARD_TERMS 16u
#define TNI_PREDICATE_TERMS 256u

TNI_FN bool tni_predicate_and(tni_binder *binder, tni_expr *outer, tni_expr *condition,
                              tni_expr **out) {
    tni_expr *both[2];
    if (!outer || !condition) {
        *out = outer ? outer : condition;
        return true;
    }
    if (outer->op == TNI_IR_AND && outer->argument_count > TNI_PREDICATE_TERMS) {
        outer = tni_expr_test(binder, TNI_IR_IS_TRUE, outer); /* shared from here on, not copied */
        if (!outer) {
            return false;
        }
    }
    both[0] = outer;
    both[1] = condition;
    *out = tni_expr_and(binder, both, 2);
    return *out != NULL;
}

/* The rows in which `condition` is false or NULL. */
static tni_expr *tni_predicate_not(tni_binder *binder, tni_expr *condition) {
    tni_expr *is_true = tni_expr_test(binder, TNI_IR_IS_TRUE, condition);
    return is_true ? tni_expr_not(binder, is_true) : NULL;
}

static tni_place tni_place_inner(const tni_place *place) {
    tni_place inner = *place;
    inner.in_filter = false;
    return inner;
}

static tni_expr *tni_bind_cast_to(tni_binder *binder, const tni_place *place, tni_expr *expr,
                                  tni_type type, uint32_t position) {
    tni_expr *predicate;
    if (tni_type_equal(expr->type, type)) {
        return expr;
    }
    if (!tni_place_cast_predicate(binder, place, &predicate)) {
        return NULL;
    }
    return tni_expr_cast(binder, expr, type, false, predicate,
                         tni_binder_position(binder, position));
}

/* An operand to the type its neighbours decided. A literal that cannot become it is an error now,
 * with the literal's place, unless CASE or a guard may spare it. */
static tni_expr *tni_bind_adapt(tni_binder *binder, const tni_place *place, tni_expr *expr,
                                const tni_ast_expression *ast, tni_type type) {
    uint32_t position = tni_binder_position(binder, ast ? ast->position : TNI_NO_POSITION);
    if (tni_expr_is_constant(expr) && !expr->constant.is_null && tni_ast_is_literal(ast) &&
        !place->predicate && !place->guard && !tni_type_equal(expr->type, type) &&
        tni_cast_supported(expr->type, type)) {
        tni_value value;
        if (tni_cast_value(binder->env, binder->arena, &expr->constant, type, &value,
                           binder->error) != TRUENO_OK) {
            if (binder->error->position == TNI_NO_POSITION) {
                binder->error->position = position;
            }
            return NULL;
        }
        return tni_expr_constant(binder, &value);
    }
    return tni_bind_cast_to(binder, place, expr, type, ast ? ast->position : TNI_NO_POSITION);
}

TNI_FN tni_expr *tni_bind_coerce(tni_binder *binder, tni_expr *expr,
                                 const tni_ast_expression *ast, tni_type type) {
    tni_place place;
    memset(&place, 0, sizeof place);
    return tni_bind_adapt(binder, &place, expr, ast, type);
}

/* ----------------------------------------------------------------------- literals --- */

static tni_expr *tni_bind_integer(tni_binder *binder, int64_t v) {
    bool is_small = v >= INT32_MIN && v <= INT32_MAX;
    tni_value value =
        tni_value_i64(tni_type_make(is_small ? TRUENO_TYPE_INTEGER : TRUENO_TYPE_BIGINT), v);
    return tni_expr_constant(binder, &value);
}

static tni_expr *tni_bind_hugeint(tni_binder *binder, const tni_ast_expression *ast) {
    tni_value value = tni_value_null(tni_type_make(TRUENO_TYPE_HUGEINT));
    double number;
    value.is_null = false;
    if (tni_parse_i128(ast->name, strlen(ast->name), &value.as.huge)) {
        return tni_expr_constant(binder, &value);
    }
    if (!tni_parse_double(ast->name, strlen(ast->name), &number)) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_CONVERSION,
                          tni_binder_position(binder, ast->position),
                          "the number %s is out of range", ast->name);
        return NULL;
    }
    value = tni_value_double(tni_type_make(TRUENO_TYPE_DOUBLE), number);
    return tni_expr_constant(binder, &value);
}

/* 1.50 is DECIMAL(3,2); more than 38 digits make a DOUBLE. */
static tni_expr *tni_bind_decimal(tni_binder *binder, const tni_ast_expression *ast) {
    uint32_t digits = 0, scale = 0;
    bool fraction = false;
    const char *p;
    tni_i128 number;
    tni_value value;
    double real;
    for (p = ast->name; *p; p++) {
        if (*p == '.') {
            fraction = true;
        } else if (*p >= '0' && *p <= '9') {
            digits++;
            scale += fraction ? 1 : 0;
        }
    }
    digits = TNI_MAX(digits, 1u);
    if (digits <= 38 && tni_parse_decimal(ast->name, strlen(ast->name), (uint8_t)digits,
                                          (uint8_t)scale, &number)) {
        value = tni_value_null(tni_type_decimal((uint8_t)digits, (uint8_t)scale));
        value.is_null = false;
        if (digits <= 18) {
            value.as.integer = (int64_t)number.low;
        } else {
            value.as.huge = number;
        }
        return tni_expr_constant(binder, &value);
    }
    if (!tni_parse_double(ast->name, strlen(ast->name), &real)) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_CONVERSION,
                          tni_binder_position(binder, ast->position),
                          "the number %s is out of range", ast->name);
        return NULL;
    }
    value = tni_value_double(tni_type_make(TRUENO_TYPE_DOUBLE), real);
    return tni_expr_constant(binder, &value);
}

static tni_expr *tni_bind_text(tni_binder *binder, const char *text, size_t length,
                               trueno_type type) {
    bool ok;
    tni_value value = tni_binder_string(binder, text ? text : "", text ? length : 0, &ok);
    value.type = tni_type_make(type);
    return ok ? tni_expr_constant(binder, &value) : NULL;
}

static tni_expr *tni_bind_parameter(tni_binder *binder, const tni_ast_expression *ast) {
    const tni_bind_context *context = binder->context;
    const tni_value *given;
    if (!context->parameters) {
        return tni_expr_null(binder, tni_type_make(TRUENO_TYPE_NULL));
    }
    if (ast->value.integer < 1 || (uint64_t)ast->value.integer > context->parameter_count) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, ast->position),
                          "no value was given for parameter %lld", (long long)ast->value.integer);
        return NULL;
    }
    given = &context->parameters[ast->value.integer - 1];
    if (given->is_null) {
        return tni_expr_null(binder, given->type);
    }
    if (tni_type_is_string(given->type)) {
        return tni_bind_text(binder, (const char *)tni_string_data(&given->as.string),
                             given->as.string.length, (trueno_type)given->type.id);
    }
    return tni_expr_constant(binder, given);
}

static tni_expr *tni_bind_interval(tni_binder *binder, const tni_ast_expression *ast) {
    tni_value value = tni_value_null(tni_type_make(TRUENO_TYPE_INTERVAL));
    value.is_null = false;
    value.as.interval = ast->value.interval;
    return tni_expr_constant(binder, &value);
}

/* -------------------------------------------------------------------------- names --- */

/* Names like the one not found, quoted and separated: at most five. */
static void tni_bind_candidates(const tni_scope *scope, const char *name, char *out, size_t size) {
    uint32_t i, round, shown = 0;
    size_t used = 0;
    out[0] = '\0';
    for (round = 0; round < 2 && shown == 0; round++) {
        uint32_t limit = round == 0 ? (uint32_t)TNI_MIN(strlen(name) / 3 + 2, (size_t)5) : 64u;
        for (i = 0; i < scope->count && shown < 5; i++) {
            const char *candidate = scope->columns[i].name;
            size_t length = strlen(candidate);
            if (round == 0 && tni_edit_distance(name, candidate, limit) >= limit) {
                continue;
            }
            if (used + length + 5 > size) {
                break;
            }
            if (shown++) {
                memcpy(out + used, ", ", 2);
                used += 2;
            }
            out[used++] = '"';
            memcpy(out + used, candidate, length);
            used += length;
            out[used++] = '"';
            out[used] = '\0';
        }
    }
}

TNI_FN void tni_scope_fail_table(tni_binder *binder, const tni_scope *scope, uint32_t position,
                                 const char *name) {
    tni_hint hint = tni_hint_of(name);
    const char *only = scope->count > 0 ? scope->columns[0].relation : NULL;
    uint32_t i;
    for (i = 0; i < scope->count; i++) {
        const char *relation = scope->columns[i].relation;
        if (relation) {
            tni_hint_offer(&hint, relation);
        }
        only = only && relation && tni_name_equal(only, relation) ? only : NULL;
    }
    if (!hint.best) {
        hint.best = only; /* there is but one it can mean */
    }
    (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER, position,
                      "table \"%s\" is not in the FROM clause" TNI_HINT_FORMAT, name,
                      TNI_HINT_ARGUMENTS(hint));
}

static tni_expr *tni_bind_unknown_column(tni_binder *binder, const tni_place *place,
                                         const tni_ast_expression *ast) {
    uint32_t position = tni_binder_position(binder, ast->position), i;
    char candidates[400];
    if (!place->scope || place->scope->count == 0) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER, position,
                          "column \"%s\" is not known: there is no FROM clause", ast->name);
        return NULL;
    }
    for (i = 0; ast->qualifier && i < place->scope->count; i++) {
        const char *relation = place->scope->columns[i].relation;
        if (relation && tni_name_equal(relation, ast->qualifier)) {
            break;
        }
    }
    if (ast->qualifier && i == place->scope->count) {
        tni_scope_fail_table(binder, place->scope, position, ast->qualifier);
        return NULL;
    }
    tni_bind_candidates(place->scope, ast->name, candidates, sizeof candidates);
    (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER, position,
                      "column \"%s\" was not found in the FROM clause. Candidate bindings: %s",
                      ast->name, candidates);
    return NULL;
}

/* The scope column a name means: UINT32_MAX none, UINT32_MAX - 1 ambiguous (error recorded). */
static uint32_t tni_bind_lookup(tni_binder *binder, const tni_place *place,
                                const tni_ast_expression *ast) {
    uint32_t i, found = UINT32_MAX;
    for (i = 0; place->scope && i < place->scope->count; i++) {
        const tni_scope_column *column = &place->scope->columns[i];
        if (!tni_name_equal(column->name, ast->name) ||
            (ast->qualifier &&
             (!column->relation || !tni_name_equal(column->relation, ast->qualifier)))) {
            continue;
        }
        if (found != UINT32_MAX && column->id != place->scope->columns[found].id) {
            const char *first = place->scope->columns[found].relation;
            (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                              tni_binder_position(binder, ast->position),
                              "column \"%s\" is ambiguous: write \"%s.%s\" or \"%s.%s\"",
                              ast->name, first ? first : "?", ast->name,
                              column->relation ? column->relation : "?", ast->name);
            return UINT32_MAX - 1;
        }
        found = i;
    }
    return found;
}

/* A select item by its alias; bound when first named. *found false: no such alias. */
static tni_expr *tni_bind_alias(tni_binder *binder, const tni_place *place,
                                const tni_ast_expression *ast, bool *found) {
    tni_select *select = place->select;
    uint32_t i;
    *found = false;
    for (i = 0; select && !ast->qualifier && i < place->alias_limit; i++) {
        tni_select_item *item = &select->items[i];
        if (!item->aliased || !tni_name_equal(item->name, ast->name)) {
            continue;
        }
        *found = true;
        if (!item->expr) {
            tni_place inner;
            if (item->busy) {
                (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                                  tni_binder_position(binder, ast->position),
                                  "alias \"%s\" refers to itself", ast->name);
                return NULL;
            }
            memset(&inner, 0, sizeof inner);
            inner.scope = &select->scope;
            inner.select = select;
            inner.clause = place->clause;
            inner.alias_limit = i;
            inner.aggregates = place->aggregates;
            inner.in_aggregate = place->in_aggregate;
            item->busy = true;
            item->expr = tni_bind_expr(binder, &inner, item->ast);
            item->busy = false;
        } else if (item->has_aggregate && (place->in_aggregate || !place->aggregates)) {
            (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                              tni_binder_position(binder, ast->position),
                              "alias \"%s\" holds an aggregate, which cannot stand in %s",
                              ast->name, place->in_aggregate ? "an aggregate" : place->clause);
            return NULL;
        }
        return item->expr;
    }
    return NULL;
}

/* In HAVING, c means the alias c when the column c is no group key. */
static bool tni_bind_is_ungrouped(const tni_binder *binder, const tni_place *place, uint32_t at) {
    const tni_select *select = place->select;
    uint32_t i;
    if (!place->having || place->in_aggregate || at >= UINT32_MAX - 1) {
        return false;
    }
    for (i = 0; i < select->key_count; i++) {
        if (select->keys[i] == binder->columns[place->scope->columns[at].id].expr) {
            return false;
        }
    }
    return true;
}

static tni_expr *tni_bind_column(tni_binder *binder, const tni_place *place,
                                 const tni_ast_expression *ast) {
    bool found = false;
    uint32_t at = UINT32_MAX;
    tni_expr *expr;
    if (!place->aliases_first) {
        at = tni_bind_lookup(binder, place, ast);
    }
    if (place->aliases_first || tni_bind_is_ungrouped(binder, place, at)) {
        expr = tni_bind_alias(binder, place, ast, &found);
        if (found) {
            return expr;
        }
    }
    if (place->aliases_first) {
        at = tni_bind_lookup(binder, place, ast);
    }
    if (at == UINT32_MAX - 1) {
        return NULL;
    }
    if (at != UINT32_MAX) {
        return tni_expr_column(binder, place->scope->columns[at].id);
    }
    expr = tni_bind_alias(binder, place, ast, &found);
    return found ? expr : tni_bind_unknown_column(binder, place, ast);
}

/* -------------------------------------------------------------------- comparisons --- */

static bool tni_is_text(tni_type type) {
    return type.id == TRUENO_TYPE_VARCHAR;
}

/* The type two operands are compared in. */
static bool tni_comparison_type(const tni_expr *left, bool left_literal, const tni_expr *right,
                                bool right_literal, tni_type *out) {
    tni_type a = left->type, b = right->type;
    *out = a;
    if (tni_type_equal(a, b)) {
        return true;
    }
    if (left_literal && !right_literal && tni_expr_is_constant(left) &&
        (tni_is_text(a) || tni_literal_fits(&left->constant, b))) {
        *out = b;
        return b.id != TRUENO_TYPE_NULL || tni_type_common(a, b, out);
    }
    if (right_literal && !left_literal && tni_expr_is_constant(right) &&
        (tni_is_text(b) || tni_literal_fits(&right->constant, a))) {
        *out = a;
        return a.id != TRUENO_TYPE_NULL || tni_type_common(a, b, out);
    }
    if (tni_is_text(a) && b.id != TRUENO_TYPE_BLOB && b.id != TRUENO_TYPE_NULL) {
        *out = b;
        return true;
    }
    if (tni_is_text(b) && a.id != TRUENO_TYPE_BLOB && a.id != TRUENO_TYPE_NULL) {
        return true;
    }
    return tni_type_common(a, b, out);
}

TNI_FN tni_expr *tni_bind_comparison(tni_binder *binder, const tni_place *place, tni_ir_op op,
                                     tni_expr *left, const tni_ast_expression *left_ast,
                                     tni_expr *right, const tni_ast_expression *right_ast,
                                     uint32_t position) {
    tni_type type;
    if (!tni_comparison_type(left, tni_ast_is_literal(left_ast), right,
                             tni_ast_is_literal(right_ast), &type)) {
        char a[40], b[40];
        tni_type_print(left->type, a);
        tni_type_print(right->type, b);
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, position),
                          "cannot compare %s with %s: add an explicit cast", a, b);
        return NULL;
    }
    left = tni_bind_adapt(binder, place, left, left_ast, type);
    right = left ? tni_bind_adapt(binder, place, right, right_ast, type) : NULL;
    return right ? tni_expr_compare(binder, op, left, right) : NULL;
}

/* How many of the first expressions are NULLs and integer literals that met before any other: two
 * or more settle on the literals' own type, as in DuckDB, and no longer suit what follows. */
static uint32_t tni_bind_settled(tni_expr *const *exprs, const tni_ast_expression *const *asts,
                                 uint32_t count) {
    uint32_t run = 0;
    while (run < count && (exprs[run]->type.id == TRUENO_TYPE_NULL ||
                           (tni_type_is_integer(exprs[run]->type) &&
                            tni_ast_is_literal(asts[run]) && tni_expr_is_constant(exprs[run])))) {
        run++;
    }
    return run > 1 ? run : 0;
}

TNI_FN bool tni_bind_common(tni_binder *binder, tni_expr *const *exprs,
                            const tni_ast_expression *const *asts, uint32_t count,
                            const char *what, uint32_t position, tni_type *out) {
    tni_type common = tni_type_make(TRUENO_TYPE_NULL);
    uint32_t settled = tni_bind_settled(exprs, asts, count), pass, i;
    for (pass = 0; pass < 3; pass++) {
        for (i = 0; i < count; i++) {
            tni_type type = exprs[i]->type;
            bool literal = tni_ast_is_literal(asts[i]) && tni_expr_is_constant(exprs[i]), mixed;
            uint32_t turn = !literal ? 0u : tni_is_text(type) ? 2u : 1u;
            if (turn != pass || type.id == TRUENO_TYPE_NULL) {
                continue;
            }
            if (literal && i >= settled &&
                ((tni_is_text(type) && common.id != TRUENO_TYPE_NULL) ||
                 tni_literal_fits(&exprs[i]->constant, common))) {
                continue;
            }
            mixed = !literal && common.id != TRUENO_TYPE_NULL &&
                    tni_is_text(type) != tni_is_text(common);
            if (mixed || !tni_type_common(common, type, &common)) {
                char a[40], b[40];
                tni_type_print(type, a);
                tni_type_print(common, b);
                (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                                  tni_binder_position(binder, position),
                                  "%s mixes %s and %s: add an explicit cast", what, b, a);
                return false;
            }
        }
    }
    *out = common;
    return true;
}

static bool tni_comparison_op(const char *name, tni_ir_op *op) {
    static const struct {
        const char *name;
        tni_ir_op op;
    } rows[] = {{"=", TNI_IR_EQUAL},
                {"<>", TNI_IR_NOT_EQUAL},
                {"<", TNI_IR_LESS},
                {"<=", TNI_IR_LESS_EQUAL},
                {">", TNI_IR_GREATER},
                {">=", TNI_IR_GREATER_EQUAL},
                {"IS DISTINCT FROM", TNI_IR_DISTINCT},
                {"IS NOT DISTINCT FROM", TNI_IR_NOT_DISTINCT}};
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *op = rows[i].op;
            return true;
        }
    }
    return false;
}

/* -------------------------------------------------------------------------- calls --- */

TNI_FN tni_expr *tni_bind_named_call(tni_binder *binder, const tni_place *place, const char *name,
                                     tni_expr *const *arguments, const bool *literals,
                                     uint32_t count, uint32_t position) {
    tni_bind_call call;
    const tni_function *function;
    tni_expr **cast = (tni_expr **)tni_binder_alloc(binder, count, sizeof *cast);
    const tni_value **constants =
        (const tni_value **)tni_binder_alloc(binder, count, sizeof *constants);
    uint32_t i;
    memset(&call, 0, sizeof call);
    call.types = (tni_type *)tni_binder_alloc(binder, count, sizeof *call.types);
    if (!cast || !constants || !call.types) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        call.types[i] = arguments[i]->type;
        constants[i] = tni_expr_is_constant(arguments[i]) ? &arguments[i]->constant : NULL;
    }
    call.arena = binder->arena;
    call.env = binder->env;
    call.settings = binder->context->settings;
    call.name = name;
    call.position = tni_binder_position(binder, position);
    call.count = count;
    call.constants = constants;
    call.literals = literals;
    if (tni_function_resolve(&call, &function, binder->error) != TRUENO_OK) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        cast[i] = tni_bind_cast_to(binder, place, arguments[i], call.types[i], position);
        if (!cast[i]) {
            return NULL;
        }
    }
    return tni_expr_call(binder, function, call.bound, call.result, cast, count, place->predicate,
                         call.position);
}

/* smallint + 1 stays SMALLINT: an integer literal follows the other operand where it fits. NULL
 * does too. */
static tni_expr *tni_bind_follow(tni_binder *binder, tni_expr *expr,
                                 const tni_ast_expression *ast, const tni_expr *other,
                                 const tni_ast_expression *other_ast) {
    tni_value value;
    if (!tni_expr_is_constant(expr) || !tni_ast_is_literal(ast)) {
        return expr;
    }
    if (expr->type.id == TRUENO_TYPE_NULL) {
        tni_type type = tni_type_is_numeric(other->type) ? other->type
                                                         : tni_type_make(TRUENO_TYPE_INTEGER);
        return tni_expr_null(binder, other->type.id == TRUENO_TYPE_INTERVAL ? other->type : type);
    }
    if (tni_ast_is_literal(other_ast) || !tni_literal_fits(&expr->constant, other->type) ||
        tni_type_equal(expr->type, other->type) ||
        !tni_value_exact(binder, &expr->constant, other->type, &value)) {
        return expr;
    }
    return tni_expr_constant(binder, &value);
}

static tni_expr *tni_bind_arithmetic(tni_binder *binder, const tni_place *place,
                                     const tni_ast_expression *ast, tni_expr *left,
                                     tni_expr *right) {
    const char *name = strcmp(ast->name, "^") == 0 ? "pow" : ast->name;
    bool concat = strcmp(name, "||") == 0, literals[2];
    tni_expr *arguments[2];
    uint32_t i;
    arguments[0] = left;
    arguments[1] = right;
    literals[0] = tni_ast_is_literal(ast->left);
    literals[1] = tni_ast_is_literal(ast->right);
    if (!concat) {
        arguments[0] = tni_bind_follow(binder, left, ast->left, right, ast->right);
        arguments[1] = tni_bind_follow(binder, right, ast->right, left, ast->left);
        if (!arguments[0] || !arguments[1]) {
            return NULL;
        }
        for (i = 0; i < 2; i++) { /* '12' + 1: nobody knows whether a number or a date is meant */
            literals[i] = literals[i] && !tni_is_text(arguments[i]->type);
        }
    }
    return tni_bind_named_call(binder, place, name, arguments, literals, 2, ast->position);
}

static tni_expr *tni_bind_function(tni_binder *binder, const tni_place *place,
                                     const tni_ast_expression *ast) {
    const tni_aggregate_function *aggregate = tni_aggregate_find(ast->name);
    tni_expr **arguments, *special;
    bool *literals, done = false;
    const tni_ast_expression *argument;
    uint32_t i = 0;
    tni_place inner = tni_place_inner(place);
    if (ast->over) {
        return tni_bind_unsupported(binder, ast->over->position, "window functions");
    }
    if (aggregate) {
        return tni_bind_aggregate(binder, &inner, ast, aggregate);
    }
    special = tni_bind_special(binder, &inner, ast, &done);
    if (done) {
        return special;
    }
    if (ast->distinct || ast->filter || ast->order) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, ast->position),
                          "\"%s\" is no aggregate function: DISTINCT, FILTER and ORDER BY do not "
                          "apply to it",
                          ast->name);
        return NULL;
    }
    arguments = (tni_expr **)tni_binder_alloc(binder, ast->argument_count, sizeof *arguments);
    literals = (bool *)tni_binder_alloc(binder, ast->argument_count, sizeof *literals);
    if (!arguments || !literals) {
        return NULL;
    }
    for (argument = ast->arguments; argument && i < ast->argument_count;
         argument = argument->next, i++) {
        arguments[i] = tni_bind_expr(binder, &inner, argument);
        literals[i] = tni_ast_is_literal(argument);
        if (!arguments[i]) {
            return NULL;
        }
    }
    return tni_bind_named_call(binder, &inner, ast->name, arguments, literals, i, ast->position);
}

/* -------------------------------------------------------------------------- logic --- */

TNI_FN tni_expr *tni_bind_condition(tni_binder *binder, const tni_place *place,
                                    const tni_ast_expression *ast) {
    tni_expr *expr = tni_bind_expr(binder, place, ast);
    if (!expr || expr->type.id == TRUENO_TYPE_BOOLEAN) {
        return expr;
    }
    if (expr->type.id == TRUENO_TYPE_NULL || tni_type_is_numeric(expr->type) ||
        (tni_is_text(expr->type) && tni_ast_is_literal(ast))) {
        return tni_bind_adapt(binder, place, expr, ast, tni_boolean_type());
    }
    {
        char text[40];
        tni_type_print(expr->type, text);
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, ast->position),
                          "a BOOLEAN is wanted here, not %s", text);
    }
    return NULL;
}

static tni_expr *tni_bind_logic(tni_binder *binder, const tni_place *place,
                                const tni_ast_expression *ast, bool is_and) {
    tni_expr *sides[2], *guard;
    tni_place inner = *place;
    inner.in_filter = place->in_filter && is_and;
    sides[0] = tni_bind_condition(binder, &inner, ast->left);
    if (!sides[0]) {
        return NULL;
    }
    guard = sides[0];
    if (!is_and) {
        guard = tni_predicate_not(binder, sides[0]);
    } else if (!inner.in_filter) {
        guard = tni_expr_not(binder, sides[0]);
        guard = guard ? tni_predicate_not(binder, guard) : NULL;
    } else if (guard->op == TNI_IR_AND && guard->argument_count > TNI_GUARD_TERMS) {
        guard = tni_expr_test(binder, TNI_IR_IS_TRUE, guard); /* shared, not copied term by term */
    }
    if (!guard || !tni_predicate_and(binder, place->guard, guard, &inner.guard)) {
        return NULL;
    }
    sides[1] = tni_bind_condition(binder, &inner, ast->right);
    if (!sides[1]) {
        return NULL;
    }
    return is_and ? tni_expr_and(binder, sides, 2) : tni_expr_or(binder, sides, 2);
}

/* (a, b) = (c, d): the pairs one by one. */
static tni_expr *tni_bind_rows(tni_binder *binder, const tni_place *place, tni_ir_op op,
                               const tni_ast_expression *left, const tni_ast_expression *right) {
    const tni_ast_expression *a = left->arguments, *b = right->arguments;
    bool differ = op == TNI_IR_NOT_EQUAL || op == TNI_IR_DISTINCT;
    tni_expr **pairs;
    uint32_t i;
    if (!differ && op != TNI_IR_EQUAL && op != TNI_IR_NOT_DISTINCT) {
        return tni_bind_unsupported(binder, left->position, "order comparisons of rows");
    }
    if (right->kind != TNI_AST_ROW || left->argument_count != right->argument_count) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, right->position),
                          "a row of %u values is wanted here", left->argument_count);
        return NULL;
    }
    pairs = (tni_expr **)tni_binder_alloc(binder, left->argument_count, sizeof *pairs);
    for (i = 0; pairs && i < left->argument_count; i++, a = a->next, b = b->next) {
        tni_expr *x = tni_bind_expr(binder, place, a);
        tni_expr *y = x ? tni_bind_expr(binder, place, b) : NULL;
        pairs[i] = y ? tni_bind_comparison(binder, place, op, x, a, y, b, a->position) : NULL;
        if (!pairs[i]) {
            return NULL;
        }
    }
    if (!pairs) {
        return NULL;
    }
    return differ ? tni_expr_or(binder, pairs, i) : tni_expr_and(binder, pairs, i);
}

static tni_expr *tni_bind_binary(tni_binder *binder, const tni_place *place,
                                 const tni_ast_expression *ast) {
    tni_expr *left, *right;
    tni_ir_op op;
    tni_place inner;
    if (strcmp(ast->name, "AND") == 0 || strcmp(ast->name, "OR") == 0) {
        return tni_bind_logic(binder, place, ast, ast->name[0] == 'A');
    }
    inner = tni_place_inner(place);
    if (ast->left->kind == TNI_AST_ROW && tni_comparison_op(ast->name, &op)) {
        return tni_bind_rows(binder, &inner, op, ast->left, ast->right);
    }
    left = tni_bind_expr(binder, &inner, ast->left);
    right = left ? tni_bind_expr(binder, &inner, ast->right) : NULL;
    if (!right) {
        return NULL;
    }
    if (tni_comparison_op(ast->name, &op)) {
        return tni_bind_comparison(binder, &inner, op, left, ast->left, right, ast->right,
                                   ast->position);
    }
    return tni_bind_arithmetic(binder, &inner, ast, left, right);
}

static tni_expr *tni_bind_unary(tni_binder *binder, const tni_place *place,
                                const tni_ast_expression *ast) {
    tni_place inner = tni_place_inner(place);
    tni_expr *in;
    bool literal = tni_ast_is_literal(ast->left);
    if (strcmp(ast->name, "NOT") == 0) {
        in = tni_bind_condition(binder, &inner, ast->left);
        return in ? tni_expr_not(binder, in) : NULL;
    }
    in = tni_bind_expr(binder, &inner, ast->left);
    if (!in || strcmp(ast->name, "+") == 0) {
        return in;
    }
    if (in->type.id == TRUENO_TYPE_NULL) {
        return tni_expr_null(binder, tni_type_make(TRUENO_TYPE_INTEGER));
    }
    literal = literal && !tni_is_text(in->type);
    return tni_bind_named_call(binder, &inner, strcmp(ast->name, "-") == 0 ? "negate" : ast->name,
                               &in, &literal, 1, ast->position);
}

static tni_expr *tni_bind_is_bool(tni_binder *binder, const tni_place *place,
                                  const tni_ast_expression *ast) {
    tni_place inner = tni_place_inner(place);
    tni_expr *in = tni_bind_condition(binder, &inner, ast->left);
    if (in && ast->value.integer < 0) {
        return tni_expr_test(binder, ast->negated ? TNI_IR_IS_NOT_NULL : TNI_IR_IS_NULL, in);
    }
    if (in && ast->value.integer == 0) {
        in = tni_expr_not(binder, in);
    }
    in = in ? tni_expr_test(binder, TNI_IR_IS_TRUE, in) : NULL;
    return in && ast->negated ? tni_expr_not(binder, in) : in;
}

static tni_expr *tni_bind_between(tni_binder *binder, const tni_place *place,
                                  const tni_ast_expression *ast) {
    tni_place inner = tni_place_inner(place);
    const tni_ast_expression *low_ast = ast->arguments;
    const tni_ast_expression *high_ast = low_ast ? low_ast->next : NULL;
    tni_expr *in = tni_bind_expr(binder, &inner, ast->left), *low, *high, *sides[2], *both;
    low = in ? tni_bind_expr(binder, &inner, low_ast) : NULL;
    high = low ? tni_bind_expr(binder, &inner, high_ast) : NULL;
    if (!high) {
        return NULL;
    }
    sides[0] = tni_bind_comparison(binder, &inner, TNI_IR_GREATER_EQUAL, in, ast->left, low,
                                   low_ast, ast->position);
    sides[1] = sides[0] ? tni_bind_comparison(binder, &inner, TNI_IR_LESS_EQUAL, in, ast->left,
                                              high, high_ast, ast->position)
                        : NULL;
    both = sides[1] ? tni_expr_and(binder, sides, 2) : NULL;
    return both && ast->negated ? tni_expr_not(binder, both) : both;
}

/* ----------------------------------------------------------------------------- IN --- */

/* Members that are no constants: a chain of comparisons. */
static tni_expr *tni_bind_in_chain(tni_binder *binder, const tni_place *place,
                                   const tni_ast_expression *ast, tni_expr *in,
                                   tni_expr **members) {
    const tni_ast_expression *member = ast->arguments;
    uint32_t i;
    for (i = 0; i < ast->argument_count; i++, member = member->next) {
        members[i] = tni_bind_comparison(binder, place, TNI_IR_EQUAL, in, ast->left, members[i],
                                         member, member->position);
        if (!members[i]) {
            return NULL;
        }
    }
    return tni_expr_or(binder, members, ast->argument_count);
}

/* What x IN (list) is compared in: x's own type where every member can be it. */
static bool tni_bind_in_type(tni_binder *binder, const tni_ast_expression *ast, tni_expr *in,
                             tni_expr *const *members, tni_type *out) {
    const tni_ast_expression *member = ast->arguments;
    tni_type type = in->type;
    uint32_t i;
    for (i = 0; i < ast->argument_count; i++, member = member->next) {
        tni_type next = members[i]->type;
        if (tni_type_equal(type, next) || next.id == TRUENO_TYPE_NULL ||
            (tni_ast_is_literal(member) &&
             (tni_is_text(next) || tni_literal_fits(&members[i]->constant, type)))) {
            if (type.id == TRUENO_TYPE_NULL) {
                type = next;
            }
            continue;
        }
        if (tni_is_text(type) && !tni_is_text(in->type)) {
            type = next;
        } else if (tni_is_text(type) && next.id != TRUENO_TYPE_BLOB) {
            type = next;
        } else if (!tni_type_common(type, next, &type)) {
            char a[40], b[40];
            tni_type_print(in->type, a);
            tni_type_print(next, b);
            (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                              tni_binder_position(binder, member->position),
                              "cannot compare %s with %s: add an explicit cast", a, b);
            return false;
        }
    }
    *out = type;
    return true;
}

static tni_expr *tni_bind_in_set(tni_binder *binder, const tni_place *place,
                                 const tni_ast_expression *ast, tni_expr *in,
                                 tni_expr **members) {
    const tni_ast_expression *member = ast->arguments;
    tni_value *values =
        (tni_value *)tni_binder_alloc(binder, ast->argument_count, sizeof *values);
    uint32_t count = 0, i;
    bool has_null = false;
    tni_type type;
    if (!values || !tni_bind_in_type(binder, ast, in, members, &type)) {
        return NULL;
    }
    in = tni_bind_adapt(binder, place, in, ast->left, type);
    if (!in) {
        return NULL;
    }
    for (i = 0; i < ast->argument_count; i++, member = member->next) {
        tni_expr *value = tni_bind_adapt(binder, place, members[i], member, type);
        if (!value) {
            return NULL;
        }
        members[i] = value;
        if (!tni_expr_is_constant(value)) {
            return tni_bind_in_chain(binder, place, ast, in, members);
        }
        if (value->constant.is_null) {
            has_null = true;
        } else {
            values[count++] = value->constant;
        }
    }
    return tni_expr_in(binder, in, values, count, has_null);
}

/* (a, b) IN ((1, 2), (3, 4)) */
static tni_expr *tni_bind_in_rows(tni_binder *binder, const tni_place *place,
                                  const tni_ast_expression *ast, tni_expr **members) {
    const tni_ast_expression *member = ast->arguments;
    uint32_t i;
    for (i = 0; i < ast->argument_count; i++, member = member->next) {
        members[i] = tni_bind_rows(binder, place, TNI_IR_EQUAL, ast->left, member);
        if (!members[i]) {
            return NULL;
        }
    }
    return tni_expr_or(binder, members, ast->argument_count);
}

static tni_expr *tni_bind_in_list(tni_binder *binder, const tni_place *place,
                                  const tni_ast_expression *ast) {
    tni_place inner = tni_place_inner(place);
    tni_expr *in, *result;
    tni_expr **members =
        (tni_expr **)tni_binder_alloc(binder, ast->argument_count, sizeof *members);
    const tni_ast_expression *member = ast->arguments;
    bool constant = true;
    uint32_t i;
    if (!members) {
        return NULL;
    }
    if (ast->left->kind == TNI_AST_ROW) {
        result = tni_bind_in_rows(binder, &inner, ast, members);
        return result && ast->negated ? tni_expr_not(binder, result) : result;
    }
    in = tni_bind_expr(binder, &inner, ast->left);
    if (!in) {
        return NULL;
    }
    for (i = 0; i < ast->argument_count; i++, member = member->next) {
        members[i] = tni_bind_expr(binder, &inner, member);
        if (!members[i]) {
            return NULL;
        }
        constant = constant && tni_expr_is_constant(members[i]);
    }
    result = constant ? tni_bind_in_set(binder, &inner, ast, in, members)
                      : tni_bind_in_chain(binder, &inner, ast, in, members);
    return result && ast->negated ? tni_expr_not(binder, result) : result;
}

/* --------------------------------------------------------------------------- LIKE --- */

static bool tni_like_has_wildcard(const tni_value *pattern) {
    const uint8_t *p = tni_string_data(&pattern->as.string);
    uint32_t i;
    for (i = 0; i < pattern->as.string.length; i++) {
        if (p[i] == '%' || p[i] == '_') {
            return true;
        }
    }
    return false;
}

static tni_expr *tni_bind_like(tni_binder *binder, const tni_place *place,
                               const tni_ast_expression *ast) {
    tni_place inner = tni_place_inner(place);
    const char *name = strcmp(ast->name, "LIKE") == 0    ? "like"
                       : strcmp(ast->name, "ILIKE") == 0 ? "ilike"
                       : strcmp(ast->name, "GLOB") == 0  ? "glob"
                                                         : "similar_to";
    uint32_t count = ast->arguments ? 3 : 2;
    tni_expr *arguments[3], *result;
    bool literals[3];
    arguments[0] = tni_bind_expr(binder, &inner, ast->left);
    arguments[1] = arguments[0] ? tni_bind_expr(binder, &inner, ast->right) : NULL;
    arguments[2] = arguments[1] && count == 3 ? tni_bind_expr(binder, &inner, ast->arguments)
                                              : NULL;
    if (!arguments[1] || (count == 3 && !arguments[2])) {
        return NULL;
    }
    literals[0] = tni_ast_is_literal(ast->left);
    literals[1] = tni_ast_is_literal(ast->right);
    literals[2] = count == 3;
    if (count == 2 && strcmp(name, "like") == 0 && tni_is_text(arguments[0]->type) &&
        tni_is_text(arguments[1]->type) && tni_expr_is_constant(arguments[1]) &&
        !arguments[1]->constant.is_null && !tni_like_has_wildcard(&arguments[1]->constant)) {
        result = tni_expr_compare(binder, TNI_IR_EQUAL, arguments[0], arguments[1]);
    } else {
        result = tni_bind_named_call(binder, &inner, name, arguments, literals, count,
                                     ast->position);
    }
    return result && ast->negated ? tni_expr_not(binder, result) : result;
}

/* --------------------------------------------------------------------------- CASE --- */

typedef struct tni_case_arm {
    tni_expr *condition, *value;
    const tni_ast_expression *ast;
    tni_expr *predicate; /* rows that take this arm */
} tni_case_arm;

/* Bind WHEN and THEN of one arm; *rest, the rows no earlier arm took, is narrowed. */
static bool tni_bind_arm(tni_binder *binder, const tni_place *place,
                         const tni_ast_expression *ast, const tni_ast_expression *when,
                         tni_expr *operand, tni_case_arm *arm, tni_expr **rest) {
    tni_place inner = tni_place_inner(place);
    tni_expr *not_taken;
    inner.predicate = *rest;
    if (operand) {
        tni_expr *other = tni_bind_expr(binder, &inner, when);
        arm->condition = other ? tni_bind_comparison(binder, &inner, TNI_IR_EQUAL, operand,
                                                     ast->left, other, when, when->position)
                               : NULL;
    } else {
        arm->condition = tni_bind_condition(binder, &inner, when);
    }
    if (!arm->condition ||
        !tni_predicate_and(binder, *rest, arm->condition, &arm->predicate)) {
        return false;
    }
    arm->ast = when->next;
    inner.predicate = arm->predicate;
    arm->value = tni_bind_expr(binder, &inner, when->next);
    not_taken = arm->value ? tni_predicate_not(binder, arm->condition) : NULL;
    return not_taken && tni_predicate_and(binder, *rest, not_taken, rest);
}

static bool tni_bind_case_else(tni_binder *binder, const tni_place *place,
                               const tni_ast_expression *ast, tni_case_arm *arm,
                               tni_expr *rest) {
    tni_place inner = tni_place_inner(place);
    arm->ast = ast->right;
    arm->predicate = rest;
    inner.predicate = rest;
    arm->value = ast->right ? tni_bind_expr(binder, &inner, ast->right)
                            : tni_expr_null(binder, tni_type_make(TRUENO_TYPE_NULL));
    return arm->value != NULL;
}

/* Arms to one type, then SELECT from the last to the first. */
static tni_expr *tni_case_fold(tni_binder *binder, const tni_place *place,
                               const tni_ast_expression *ast, tni_case_arm *arms,
                               uint32_t count) {
    tni_expr **values = (tni_expr **)tni_binder_alloc(binder, count + 1, sizeof *values);
    const tni_ast_expression **asts =
        (const tni_ast_expression **)tni_binder_alloc(binder, count + 1, sizeof *asts);
    tni_expr *result = NULL;
    tni_type type;
    uint32_t i;
    if (!values || !asts) {
        return NULL;
    }
    for (i = 0; i <= count; i++) { /* ELSE comes first: it is what a lone literal meets */
        values[i] = arms[i > 0 ? i - 1 : count].value;
        asts[i] = arms[i > 0 ? i - 1 : count].ast;
    }
    if (!tni_bind_common(binder, values, asts, count + 1, "CASE", ast->position, &type)) {
        return NULL;
    }
    for (i = count + 1; i-- > 0;) {
        tni_place inner = tni_place_inner(place);
        tni_expr *value;
        inner.predicate = arms[i].predicate;
        value = tni_bind_adapt(binder, &inner, arms[i].value, arms[i].ast, type);
        if (value) {
            result = i == count ? value
                                : tni_expr_select(binder, arms[i].condition, value, result);
        }
        if (!value || !result) {
            return NULL;
        }
    }
    return result;
}

static tni_expr *tni_bind_case(tni_binder *binder, const tni_place *place,
                               const tni_ast_expression *ast) {
    tni_place inner = tni_place_inner(place);
    uint32_t count = ast->argument_count / 2, i;
    tni_case_arm *arms = (tni_case_arm *)tni_binder_alloc(binder, count + 1, sizeof *arms);
    const tni_ast_expression *when = ast->arguments;
    tni_expr *operand = NULL, *rest = place->predicate;
    if (!arms) {
        return NULL;
    }
    if (ast->left) {
        operand = tni_bind_expr(binder, &inner, ast->left);
        if (!operand) {
            return NULL;
        }
    }
    for (i = 0; i < count; i++, when = when->next->next) {
        if (!tni_bind_arm(binder, place, ast, when, operand, &arms[i], &rest)) {
            return NULL;
        }
    }
    if (!tni_bind_case_else(binder, place, ast, &arms[count], rest)) {
        return NULL;
    }
    return tni_case_fold(binder, place, ast, arms, count);
}

/* -------------------------------------------------------------------------- casts --- */

static tni_expr *tni_bind_cast(tni_binder *binder, const tni_place *place,
                               const tni_ast_expression *ast) {
    tni_place inner = tni_place_inner(place);
    tni_expr *in = tni_bind_expr(binder, &inner, ast->left), *predicate;
    if (!in || !tni_place_cast_predicate(binder, place, &predicate)) {
        return NULL;
    }
    return tni_expr_cast(binder, in, ast->cast_type.type, ast->negated, predicate,
                         tni_binder_position(binder, ast->left->position));
}

/* INTERVAL (x) DAY: x times one day. */
static tni_expr *tni_bind_interval_of(tni_binder *binder, const tni_place *place,
                                      const tni_ast_expression *ast) {
    tni_place inner = tni_place_inner(place);
    char text[64];
    size_t length = strlen(ast->name);
    tni_value unit = tni_value_null(tni_type_make(TRUENO_TYPE_INTERVAL));
    tni_expr *arguments[2];
    bool literals[2] = {false, false};
    if (length + 3 > sizeof text) {
        length = 0;
    }
    memcpy(text, "1 ", 2);
    memcpy(text + 2, ast->name, length);
    if (!tni_parse_interval(text, length + 2, &unit.as.interval)) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, ast->position),
                          "\"%s\" is no unit of an interval", ast->name);
        return NULL;
    }
    unit.is_null = false;
    arguments[0] = tni_expr_constant(binder, &unit);
    arguments[1] = arguments[0] ? tni_bind_expr(binder, &inner, ast->left) : NULL;
    if (!arguments[1]) {
        return NULL;
    }
    literals[1] = tni_ast_is_literal(ast->left);
    return tni_bind_named_call(binder, &inner, "*", arguments, literals, 2, ast->position);
}

/* ---------------------------------------------------------------------- the switch --- */

static tni_expr *tni_bind_leaf_or_refuse(tni_binder *binder, const tni_place *place,
                                         const tni_ast_expression *ast) {
    tni_value value;
    switch (ast->kind) {
    case TNI_AST_NULL: return tni_expr_null(binder, tni_type_make(TRUENO_TYPE_NULL));
    case TNI_AST_BOOLEAN: return tni_expr_boolean(binder, ast->value.integer != 0);
    case TNI_AST_INTEGER: return tni_bind_integer(binder, ast->value.integer);
    case TNI_AST_HUGEINT: return tni_bind_hugeint(binder, ast);
    case TNI_AST_DECIMAL: return tni_bind_decimal(binder, ast);
    case TNI_AST_DOUBLE:
        value = tni_value_double(tni_type_make(TRUENO_TYPE_DOUBLE), ast->value.number);
        return tni_expr_constant(binder, &value);
    case TNI_AST_STRING:
        return tni_bind_text(binder, ast->text, ast->text_length, TRUENO_TYPE_VARCHAR);
    case TNI_AST_BLOB:
        return tni_bind_text(binder, ast->text, ast->text_length, TRUENO_TYPE_BLOB);
    case TNI_AST_INTERVAL: return tni_bind_interval(binder, ast);
    case TNI_AST_PARAMETER: return tni_bind_parameter(binder, ast);
    case TNI_AST_COLUMN: return tni_bind_column(binder, place, ast);
    case TNI_AST_SUBQUERY: return tni_bind_unsupported(binder, ast->position, "scalar subqueries");
    case TNI_AST_EXISTS: return tni_bind_unsupported(binder, ast->position, "EXISTS subqueries");
    case TNI_AST_IN_QUERY: return tni_bind_unsupported(binder, ast->position, "IN subqueries");
    case TNI_AST_QUANTIFIED:
        return tni_bind_unsupported(binder, ast->position, "ANY and ALL subqueries");
    case TNI_AST_ROW: return tni_bind_unsupported(binder, ast->position, "row values");
    case TNI_AST_LIST: return tni_bind_unsupported(binder, ast->position, "list values");
    case TNI_AST_STRUCT: return tni_bind_unsupported(binder, ast->position, "STRUCT values");
    default: break;
    }
    (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                      tni_binder_position(binder, ast->position), "%s cannot stand here",
                      ast->kind == TNI_AST_DEFAULT   ? "DEFAULT"
                      : ast->kind == TNI_AST_COLUMNS ? "COLUMNS(...)"
                                                     : "*");
    return NULL;
}

TNI_FN tni_expr *tni_bind_expr(tni_binder *binder, const tni_place *place,
                               const tni_ast_expression *ast) {
    tni_expr *expr;
    if (!tni_binder_enter(binder, ast->position)) {
        return NULL;
    }
    switch (ast->kind) {
    case TNI_AST_CALL: expr = tni_bind_function(binder, place, ast); break;
    case TNI_AST_UNARY: expr = tni_bind_unary(binder, place, ast); break;
    case TNI_AST_BINARY: expr = tni_bind_binary(binder, place, ast); break;
    case TNI_AST_IS_NULL: {
        tni_place inner = tni_place_inner(place);
        expr = tni_bind_expr(binder, &inner, ast->left);
        if (expr) {
            expr = tni_expr_test(binder, ast->negated ? TNI_IR_IS_NOT_NULL : TNI_IR_IS_NULL, expr);
        }
        break;
    }
    case TNI_AST_IS_BOOL: expr = tni_bind_is_bool(binder, place, ast); break;
    case TNI_AST_BETWEEN: expr = tni_bind_between(binder, place, ast); break;
    case TNI_AST_IN_LIST: expr = tni_bind_in_list(binder, place, ast); break;
    case TNI_AST_LIKE: expr = tni_bind_like(binder, place, ast); break;
    case TNI_AST_CASE: expr = tni_bind_case(binder, place, ast); break;
    case TNI_AST_CAST: expr = tni_bind_cast(binder, place, ast); break;
    case TNI_AST_INTERVAL_OF: expr = tni_bind_interval_of(binder, place, ast); break;
    default: expr = tni_bind_leaf_or_refuse(binder, place, ast); break;
    }
    tni_binder_leave(binder);
    return expr;
}

#undef TNI_GUARD_TERMS
#undef TNI_PREDICATE_TERMS
