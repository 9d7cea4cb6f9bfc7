/*
 * bind_star.c - the select list: plain items, *, t.* with EXCLUDE, REPLACE and RENAME,
 * COLUMNS('regex').
 *
 * A star gives an item per column of the scope; an expression around COLUMNS(...) is copied once
 * per matching column with the column in its place.
 *
 * Uses: base/, sql/ast.h, plan/bind_internal.h.
 */
#include "plan/bind_internal.h"

static tni_select_item *tni_star_add(tni_select *select) {
    tni_binder *binder = select->binder;
    tni_select_item *item;
    if (select->item_count >= binder->env->limits->columns) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_LIMIT,
                          tni_binder_position(binder, select->ast->position),
                          "the select list has more than %u columns", binder->env->limits->columns);
        return NULL;
    }
    if (select->item_count == select->item_capacity) {
        uint32_t capacity = TNI_MAX(select->item_capacity * 2, 16u);
        tni_select_item *grown =
            (tni_select_item *)tni_binder_alloc(binder, capacity, sizeof *grown);
        if (!grown) {
            return NULL;
        }
        if (select->item_count) {
            memcpy(grown, select->items, select->item_count * sizeof *grown);
        }
        select->items = grown;
        select->item_capacity = capacity;
    }
    item = &select->items[select->item_count++];
    return item;
}

static bool tni_star_excluded(const tni_ast_expression *star, const tni_scope_column *column) {
    const tni_ast_expression *name;
    for (name = star->exclude; name; name = name->next) {
        if (tni_name_equal(name->name, column->name) &&
            (!name->qualifier ||
             (column->relation && tni_name_equal(name->qualifier, column->relation)))) {
            return true;
        }
    }
    return false;
}

static const tni_ast_expression *tni_star_replaced(const tni_ast_expression *star,
                                                   const tni_scope_column *column) {
    const tni_ast_expression *item;
    for (item = star->replace; item; item = item->next) {
        if (tni_name_equal(item->alias, column->name)) {
            return item;
        }
    }
    return NULL;
}

static const char *tni_star_renamed(const tni_ast_expression *star,
                                    const tni_scope_column *column) {
    const tni_ast_expression *name;
    for (name = star->rename; name; name = name->next) {
        if (tni_name_equal(name->name, column->name) &&
            (!name->qualifier ||
             (column->relation && tni_name_equal(name->qualifier, column->relation)))) {
            return name->alias;
        }
    }
    return column->name;
}

static const tni_scope_column *tni_star_in_scope(const tni_scope *scope, const char *name,
                                                 const char *qualifier) {
    uint32_t i;
    for (i = 0; i < scope->count; i++) {
        const tni_scope_column *column = &scope->columns[i];
        if ((!name || tni_name_equal(column->name, name)) &&
            (!qualifier || (column->relation && tni_name_equal(column->relation, qualifier)))) {
            return column;
        }
    }
    return NULL;
}

static void tni_star_fail_column(const tni_select *select, uint32_t position, const char *name,
                                 const char *clause) {
    tni_hint hint = tni_hint_of(name);
    uint32_t i;
    for (i = 0; i < select->scope.count; i++) {
        tni_hint_offer(&hint, select->scope.columns[i].name);
    }
    (void)tni_fail_at(select->binder->error, TRUENO_ERROR_BINDER,
                      tni_binder_position(select->binder, position),
                      "column \"%s\" in %s was not found in the FROM clause" TNI_HINT_FORMAT, name,
                      clause, TNI_HINT_ARGUMENTS(hint));
}

/* EXCLUDE, REPLACE and RENAME must name columns there are. */
static bool tni_star_check(tni_select *select, const tni_ast_expression *star) {
    tni_binder *binder = select->binder;
    const tni_ast_expression *item;
    if (star->qualifier && !tni_star_in_scope(&select->scope, NULL, star->qualifier)) {
        tni_scope_fail_table(binder, &select->scope, tni_binder_position(binder, star->position),
                             star->qualifier);
        return false;
    }
    if (select->scope.count == 0 && !select->ast->from) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, star->position), "* needs a FROM clause");
        return false;
    }
    for (item = star->exclude; item; item = item->next) {
        if (!tni_star_in_scope(&select->scope, item->name, item->qualifier)) {
            tni_star_fail_column(select, item->position, item->name, "EXCLUDE");
            return false;
        }
    }
    for (item = star->rename; item; item = item->next) {
        if (!tni_star_in_scope(&select->scope, item->name, item->qualifier)) {
            tni_star_fail_column(select, item->position, item->name, "RENAME");
            return false;
        }
    }
    for (item = star->replace; item; item = item->next) {
        if (!tni_star_in_scope(&select->scope, item->alias, star->qualifier)) {
            tni_star_fail_column(select, item->position, item->alias, "REPLACE");
            return false;
        }
    }
    return true;
}

static bool tni_star_expand(tni_select *select, const tni_ast_expression *star) {
    uint32_t i;
    if (!tni_star_check(select, star)) {
        return false;
    }
    for (i = 0; i < select->scope.count; i++) {
        const tni_scope_column *column = &select->scope.columns[i];
        tni_select_item *item;
        if ((star->qualifier &&
             (!column->relation || !tni_name_equal(column->relation, star->qualifier))) ||
            tni_star_excluded(star, column)) {
            continue;
        }
        item = tni_star_add(select);
        if (!item) {
            return false;
        }
        item->ast = tni_star_replaced(star, column);
        item->name = tni_star_renamed(star, column);
        item->aliased = item->name != column->name;
        if (!item->ast) {
            item->ast = star;
            item->expr = tni_expr_column(select->binder, column->id);
            if (!item->expr) {
                return false;
            }
        }
    }
    return true;
}

/* ---- COLUMNS ---- */

static const tni_ast_expression *tni_columns_find(const tni_ast_expression *ast);

static const tni_ast_expression *tni_columns_find_list(const tni_ast_expression *list) {
    const tni_ast_expression *found = NULL;
    for (; list && !found; list = list->next) {
        found = tni_columns_find(list);
    }
    return found;
}

/* The first COLUMNS(...) in an expression; the parser bounds the depth. */
static const tni_ast_expression *tni_columns_find(const tni_ast_expression *ast) {
    const tni_ast_expression *found;
    if (ast->kind == TNI_AST_COLUMNS) {
        return ast;
    }
    found = ast->left ? tni_columns_find(ast->left) : NULL;
    found = !found && ast->right ? tni_columns_find(ast->right) : found;
    found = !found ? tni_columns_find_list(ast->arguments) : found;
    return !found && ast->filter ? tni_columns_find(ast->filter) : found;
}

/* A copy of the expression with `column` in place of COLUMNS(...); parts without one are shared.
 * `copy_list` follows `next` too. */
static tni_ast_expression *tni_columns_copy(tni_binder *binder, tni_ast_expression *ast,
                                            const tni_ast_expression *column, bool list) {
    tni_ast_expression *copy;
    tni_ast_expression *next = ast->next;
    if (!list && !tni_columns_find(ast)) {
        return ast;
    }
    copy = (tni_ast_expression *)tni_binder_alloc(binder, 1, sizeof *copy);
    if (!copy) {
        return NULL;
    }
    *copy = ast->kind == TNI_AST_COLUMNS ? *column : *ast;
    copy->alias = ast->alias;
    copy->next = NULL;
    if (copy->left && !(copy->left = tni_columns_copy(binder, copy->left, column, false))) {
        return NULL;
    }
    if (copy->right && !(copy->right = tni_columns_copy(binder, copy->right, column, false))) {
        return NULL;
    }
    if (copy->filter && !(copy->filter = tni_columns_copy(binder, copy->filter, column, false))) {
        return NULL;
    }
    if (copy->arguments &&
        !(copy->arguments = tni_columns_copy(binder, copy->arguments, column, true))) {
        return NULL;
    }
    if (list && next && !(copy->next = tni_columns_copy(binder, next, column, true))) {
        return NULL;
    }
    return copy;
}

/* Does the regular expression find something in the column's name? */
static bool tni_columns_match(tni_binder *binder, const tni_ast_expression *pattern,
                              const char *name, bool *match) {
    static const bool literals[2] = {false, false};
    tni_place place;
    tni_expr *arguments[2], *result;
    bool ok;
    tni_value text = tni_binder_string(binder, name, strlen(name), &ok), regex;
    if (!ok) {
        return false;
    }
    regex = tni_binder_string(binder, pattern->text, pattern->text_length, &ok);
    if (!ok) {
        return false;
    }
    memset(&place, 0, sizeof place);
    arguments[0] = tni_expr_constant(binder, &text);
    arguments[1] = tni_expr_constant(binder, &regex);
    if (!arguments[0] || !arguments[1]) {
        return false;
    }
    result = tni_bind_named_call(binder, &place, "regexp_matches", arguments, literals, 2,
                                 pattern->position);
    *match = result && tni_expr_is_true(result);
    return result != NULL;
}

static bool tni_columns_wanted(tni_select *select, const tni_ast_expression *columns,
                               const tni_scope_column *column, bool *wanted) {
    if (columns->text) {
        return tni_columns_match(select->binder, columns, column->name, wanted);
    }
    *wanted = !tni_star_excluded(columns, column) &&
              (!columns->qualifier ||
               (column->relation && tni_name_equal(column->relation, columns->qualifier)));
    return true;
}

static bool tni_columns_expand(tni_select *select, tni_ast_expression *ast,
                               const tni_ast_expression *columns) {
    tni_binder *binder = select->binder;
    uint32_t i, before = select->item_count;
    for (i = 0; i < select->scope.count; i++) {
        const tni_scope_column *column = &select->scope.columns[i];
        tni_ast_expression reference;
        tni_select_item *item;
        bool wanted;
        if (!tni_columns_wanted(select, columns, column, &wanted)) {
            return false;
        }
        if (!wanted) {
            continue;
        }
        memset(&reference, 0, sizeof reference);
        reference.kind = TNI_AST_COLUMN;
        reference.position = columns->position;
        reference.end = columns->end;
        reference.name = column->name;
        item = tni_star_add(select);
        if (!item) {
            return false;
        }
        item->ast = tni_columns_copy(binder, ast, &reference, false);
        item->name = ast->alias ? ast->alias : tni_star_renamed(columns, column);
        item->aliased = ast->alias != NULL;
        if (!item->ast) {
            return false;
        }
    }
    if (select->item_count == before) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, columns->position),
                          "no column matches COLUMNS(...)");
        return false;
    }
    return true;
}

/* A column is called as where it comes from, however the query spells it. */
static const char *tni_item_name(const tni_select *select, const tni_ast_expression *ast) {
    if (ast->kind == TNI_AST_COLUMN && !ast->alias) {
        const tni_scope_column *column =
            tni_star_in_scope(&select->scope, ast->name, ast->qualifier);
        return column ? column->name : ast->name;
    }
    return tni_bind_name(select->binder, ast);
}

TNI_FN bool tni_bind_items(tni_select *select) {
    tni_ast_expression *ast;
    for (ast = select->ast->items; ast; ast = ast->next) {
        const tni_ast_expression *columns = tni_columns_find(ast);
        tni_select_item *item;
        if (ast->kind == TNI_AST_STAR) {
            if (!tni_star_expand(select, ast)) {
                return false;
            }
            continue;
        }
        if (columns) {
            if (!tni_columns_expand(select, ast, columns)) {
                return false;
            }
            continue;
        }
        item = tni_star_add(select);
        if (!item) {
            return false;
        }
        item->ast = ast;
        item->aliased = ast->alias != NULL;
        item->name = tni_item_name(select, ast);
        if (!item->name) {
            return false;
        }
    }
    return true;
}
