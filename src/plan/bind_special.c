/*
 * bind_special.c - calls that are no rows of the function tables: those that evaluate arguments
 * lazily (COALESCE, IF), the aggregates' names used in other ways, and type names as functions.
 *
 * Uses: base/, sql/ast.h, plan/bind_internal.h.
 */
#include "plan/bind_internal.h"

static bool tni_special_count(tni_binder *binder, const tni_ast_expression *ast, uint32_t least,
                              uint32_t most) {
    if (ast->argument_count >= least && ast->argument_count <= most) {
        return true;
    }
    (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                      tni_binder_position(binder, ast->position),
                      "%s takes %u%s argument%s, not %u", ast->name, least,
                      most > least ? " or more" : "", least == 1 && most == 1 ? "" : "s",
                      ast->argument_count);
    return false;
}

/* Each argument is evaluated where the ones before it are NULL. */
static tni_expr *tni_special_coalesce(tni_binder *binder, const tni_place *place,
                                      const tni_ast_expression *ast) {
    uint32_t count = ast->argument_count, i = 0;
    tni_expr **values = (tni_expr **)tni_binder_alloc(binder, count, sizeof *values);
    const tni_ast_expression **asts =
        (const tni_ast_expression **)tni_binder_alloc(binder, count, sizeof *asts);
    const tni_ast_expression *argument;
    tni_place inner = *place;
    tni_type type;
    if (!values || !asts || !tni_special_count(binder, ast, 1, UINT32_MAX)) {
        return NULL;
    }
    for (argument = ast->arguments; argument && i < count; argument = argument->next, i++) {
        tni_expr *missing;
        asts[i] = argument;
        values[i] = tni_bind_expr(binder, &inner, argument);
        missing = values[i] ? tni_expr_test(binder, TNI_IR_IS_NULL, values[i]) : NULL;
        if (!missing ||
            !tni_predicate_and(binder, inner.predicate, missing, &inner.predicate)) {
            return NULL;
        }
    }
    if (!tni_bind_common(binder, values, asts, count, "COALESCE", ast->position, &type)) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        values[i] = tni_bind_coerce(binder, values[i], asts[i], type);
        if (!values[i]) {
            return NULL;
        }
    }
    return tni_expr_coalesce(binder, values, count);
}

/* NULLIF(a, b): a, or NULL where they are equal. */
static tni_expr *tni_special_nullif(tni_binder *binder, const tni_place *place,
                                    const tni_ast_expression *ast) {
    const tni_ast_expression *second = ast->arguments ? ast->arguments->next : NULL;
    tni_expr *a, *b, *equal, *null;
    if (!tni_special_count(binder, ast, 2, 2)) {
        return NULL;
    }
    a = tni_bind_expr(binder, place, ast->arguments);
    b = a ? tni_bind_expr(binder, place, second) : NULL;
    equal = b ? tni_bind_comparison(binder, place, TNI_IR_EQUAL, a, ast->arguments, b, second,
                                    ast->position)
              : NULL;
    null = equal ? tni_expr_null(binder, a->type) : NULL;
    return null ? tni_expr_select(binder, equal, null, a) : NULL;
}

/* IF(condition, a, b) is CASE. */
static tni_expr *tni_special_if(tni_binder *binder, const tni_place *place,
                                const tni_ast_expression *ast) {
    tni_ast_expression choice, arms[2];
    if (!tni_special_count(binder, ast, 3, 3)) {
        return NULL;
    }
    memset(&choice, 0, sizeof choice);
    choice.kind = TNI_AST_CASE;
    choice.position = ast->position;
    arms[0] = *ast->arguments;
    arms[1] = *ast->arguments->next;
    choice.right = ast->arguments->next->next;
    arms[0].next = &arms[1];
    arms[1].next = NULL;
    choice.arguments = arms;
    choice.argument_count = 2;
    return tni_bind_expr(binder, place, &choice);
}

/* date('2024-01-01'), text(x): a type's name as a function of one argument is a cast. */
static tni_expr *tni_special_type(tni_binder *binder, const tni_place *place,
                                  const tni_ast_expression *ast, tni_type type) {
    tni_ast_expression cast;
    memset(&cast, 0, sizeof cast);
    cast.kind = TNI_AST_CAST;
    cast.position = ast->position;
    cast.left = ast->arguments;
    cast.cast_type.type = type;
    return tni_bind_expr(binder, place, &cast);
}

typedef struct tni_special_search {
    const char *name;
    bool found;
} tni_special_search;

static bool tni_special_visit(void *user, const tni_function *function) {
    tni_special_search *search = (tni_special_search *)user;
    search->found = tni_name_equal(function->name, search->name);
    return !search->found;
}

TNI_FN tni_expr *tni_bind_special(tni_binder *binder, const tni_place *place,
                                  const tni_ast_expression *ast, bool *done) {
    tni_special_search search;
    tni_type type;
    *done = true;
    if (tni_name_equal(ast->name, "coalesce") || tni_name_equal(ast->name, "ifnull") ||
        tni_name_equal(ast->name, "nvl")) {
        return tni_special_coalesce(binder, place, ast);
    }
    if (tni_name_equal(ast->name, "grouping") || tni_name_equal(ast->name, "grouping_id")) {
        return tni_bind_grouping_call(binder, place, ast);
    }
    if (tni_name_equal(ast->name, "nullif")) {
        return tni_special_nullif(binder, place, ast);
    }
    if (tni_name_equal(ast->name, "if") || tni_name_equal(ast->name, "iif")) {
        return tni_special_if(binder, place, ast);
    }
    if (ast->argument_count == 1 && !ast->distinct && !ast->filter && !ast->order &&
        tni_type_by_name(ast->name, strlen(ast->name), &type)) {
        search.name = ast->name;
        search.found = false;
        tni_function_visit(tni_special_visit, &search);
        if (!search.found) {
            return tni_special_type(binder, place, ast, type);
        }
    }
    *done = false;
    return NULL;
}
