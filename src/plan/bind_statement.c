/*
 * bind_statement.c - the binder's entry points: queries, INSERT, UPDATE, DELETE, constants.
 *
 * Uses: base/, sql/ast.h, plan/bind_internal.h.
 */
#include "plan/bind_internal.h"

TNI_FN void tni_bind_context_init(tni_bind_context *context, tni_env *env, tni_arena *arena,
                                  tni_catalog *catalog, const tni_settings *settings) {
    memset(context, 0, sizeof *context);
    context->env = env;
    context->arena = arena;
    context->catalog = catalog;
    context->settings = settings;
}

TNI_FN void tni_bind_context_release(tni_bind_context *context) {
    size_t i;
    for (i = 0; i < context->source_count; i++) {
        tni_source_release(context->sources[i]);
    }
    tni_free(context->env->memory, context->sources,
             context->source_capacity * sizeof *context->sources);
    context->sources = NULL;
    context->source_count = context->source_capacity = 0;
    context->binder = NULL;
}

static trueno_status tni_statement_status(const tni_binder *binder) {
    trueno_status status = binder->error->status;
    return status == TRUENO_OK ? TRUENO_ERROR_INTERNAL : status;
}

/* Rules and lowering. */
static trueno_status tni_statement_finish(tni_binder *binder, tni_relation *relation,
                                          tni_plan **out) {
    relation->node = tni_rules_run(binder, relation->node, relation->ids, relation->count);
    *out = relation->node ? tni_lower(binder, relation) : NULL;
    return *out ? TRUENO_OK : tni_statement_status(binder);
}

TNI_FN trueno_status tni_bind_query(tni_bind_context *context, const tni_ast_query *query,
                                    tni_plan **out, tni_error *error) {
    tni_binder *binder = tni_binder_get(context, error);
    tni_relation relation;
    *out = NULL;
    if (!binder) {
        return TRUENO_ERROR_MEMORY;
    }
    if (!tni_bind_relation(binder, query, &relation)) {
        return tni_statement_status(binder);
    }
    return tni_statement_finish(binder, &relation, out);
}

TNI_FN trueno_status tni_bind_constant(tni_bind_context *context,
                                       const tni_ast_expression *expression, tni_value *out,
                                       tni_error *error) {
    tni_binder *binder = tni_binder_get(context, error);
    *out = tni_value_null(tni_type_make(TRUENO_TYPE_NULL));
    if (!binder) {
        return TRUENO_ERROR_MEMORY;
    }
    return tni_bind_constant_value(binder, expression, "this", out)
               ? TRUENO_OK
               : tni_statement_status(binder);
}

/* -------------------------------------------------------------------------- INSERT --- */

static bool tni_statement_no_column(tni_binder *binder, const tni_table *table, uint32_t position,
                                    const char *name) {
    tni_hint hint = tni_hint_of(name);
    uint32_t i;
    for (i = 0; i < table->source.field_count; i++) {
        tni_hint_offer(&hint, table->source.fields[i].name);
    }
    (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER, tni_binder_position(binder, position),
                      "table \"%s\" has no column \"%s\"" TNI_HINT_FORMAT, table->source.name,
                      name, TNI_HINT_ARGUMENTS(hint));
    return false;
}

/* Which column of the query feeds each field; UINT32_MAX = the default. */
static bool tni_insert_by_list(tni_binder *binder, const tni_ast_statement *statement,
                               const tni_table *table, uint32_t count, uint32_t *feeds) {
    const tni_ast_name *name;
    uint32_t at = 0, field;
    for (name = statement->columns; name; name = name->next, at++) {
        for (field = 0; field < table->source.field_count &&
                        !tni_name_equal(table->source.fields[field].name, name->name);
             field++) {
        }
        if (field == table->source.field_count || feeds[field] != UINT32_MAX) {
            if (field == table->source.field_count) {
                return tni_statement_no_column(binder, table, name->position, name->name);
            }
            (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                              tni_binder_position(binder, name->position),
                              "table \"%s\": column \"%s\" is named twice", table->source.name,
                              name->name);
            return false;
        }
        feeds[field] = at;
    }
    if (at != count) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, statement->position),
                          "INSERT names %u columns but gives %u values", at, count);
        return false;
    }
    return true;
}

static bool tni_insert_by_name(tni_binder *binder, const tni_ast_statement *statement,
                               const tni_table *table, const tni_relation *relation,
                               uint32_t *feeds) {
    uint32_t i, field;
    for (i = 0; i < relation->count; i++) {
        for (field = 0; field < table->source.field_count &&
                        !tni_name_equal(table->source.fields[field].name, relation->names[i]);
             field++) {
        }
        if (field == table->source.field_count) {
            return tni_statement_no_column(binder, table, statement->position,
                                           relation->names[i]);
        }
        feeds[field] = i;
    }
    return true;
}

static bool tni_insert_feeds(tni_binder *binder, const tni_ast_statement *statement,
                             const tni_table *table, const tni_relation *relation,
                             uint32_t *feeds) {
    uint32_t fields = table->source.field_count, i;
    for (i = 0; i < fields; i++) {
        feeds[i] = UINT32_MAX;
    }
    if (statement->by_name) {
        return tni_insert_by_name(binder, statement, table, relation, feeds);
    }
    if (statement->columns) {
        return tni_insert_by_list(binder, statement, table, relation->count, feeds);
    }
    if (relation->count != fields) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, statement->position),
                          "table \"%s\" has %u columns but %u values were given",
                          table->source.name, fields, relation->count);
        return false;
    }
    for (i = 0; i < fields; i++) {
        feeds[i] = i;
    }
    return true;
}

/* The types VALUES should have, so that each literal is read as its column's type. */
static bool tni_insert_expect(tni_binder *binder, const tni_ast_statement *statement,
                              const tni_table *table) {
    const tni_ast_query *query = statement->query;
    const tni_ast_name *name = statement->columns;
    uint32_t count = query->rows ? query->rows->argument_count : 0, i, field;
    tni_type *types = (tni_type *)tni_binder_alloc(binder, count, sizeof *types);
    if (!types) {
        return false;
    }
    for (i = 0; i < count; i++) {
        types[i] = tni_type_make(TRUENO_TYPE_NULL);
        field = statement->columns ? table->source.field_count : i;
        if (name) {
            for (field = 0; field < table->source.field_count &&
                            !tni_name_equal(table->source.fields[field].name, name->name);
                 field++) {
            }
            name = name->next;
        }
        if (field < table->source.field_count) {
            types[i] = table->source.fields[field].type;
        }
    }
    binder->expected = types;
    binder->expected_count = count;
    return true;
}

static bool tni_insert_relation(tni_binder *binder, const tni_ast_statement *statement,
                                const tni_table *table, tni_relation *out) {
    bool ok;
    if (!statement->query) { /* DEFAULT VALUES */
        memset(out, 0, sizeof *out);
        out->node = tni_node_single_row(binder);
        return out->node && tni_relation_new(binder, 0, out);
    }
    if (statement->query->kind == TNI_QUERY_VALUES && !statement->by_name &&
        !tni_insert_expect(binder, statement, table)) {
        return false;
    }
    ok = tni_bind_relation(binder, statement->query, out);
    binder->expected = NULL;
    binder->expected_count = 0;
    return ok;
}

TNI_FN trueno_status tni_bind_insert(tni_bind_context *context, const tni_ast_statement *statement,
                                     const tni_table *table, tni_plan **out, tni_error *error) {
    tni_binder *binder = tni_binder_get(context, error);
    uint32_t fields = table->source.field_count, *feeds, i;
    tni_relation relation, result;
    tni_expr **exprs;
    *out = NULL;
    if (!binder) {
        return TRUENO_ERROR_MEMORY;
    }
    feeds = (uint32_t *)tni_binder_alloc(binder, fields, sizeof *feeds);
    exprs = (tni_expr **)tni_binder_alloc(binder, fields, sizeof *exprs);
    if (!feeds || !exprs || !tni_insert_relation(binder, statement, table, &relation)) {
        return tni_statement_status(binder);
    }
    if (!statement->query) {
        for (i = 0; i < fields; i++) {
            feeds[i] = UINT32_MAX;
        }
    } else if (!tni_insert_feeds(binder, statement, table, &relation, feeds)) {
        return tni_statement_status(binder);
    }
    if (!tni_relation_new(binder, fields, &result)) {
        return tni_statement_status(binder);
    }
    for (i = 0; i < fields; i++) {
        tni_type type = table->source.fields[i].type;
        tni_expr *column =
            feeds[i] == UINT32_MAX ? NULL : tni_expr_column(binder, relation.ids[feeds[i]]);
        if (!column && feeds[i] != UINT32_MAX) {
            return tni_statement_status(binder);
        }
        exprs[i] = column ? tni_expr_cast(binder, column, type, false, NULL,
                                          tni_binder_position(binder, statement->position))
                          : tni_expr_null(binder, type);
        result.names[i] = table->source.fields[i].name;
        if (!exprs[i]) {
            return tni_statement_status(binder);
        }
    }
    result.node = tni_node_project(binder, relation.node, exprs, result.names, fields);
    if (!result.node) {
        return tni_statement_status(binder);
    }
    memcpy(result.ids, result.node->columns, fields * sizeof *result.ids);
    return tni_statement_finish(binder, &result, out);
}

/* ------------------------------------------------------------------ UPDATE, DELETE --- */

/* A fresh scan of the table under its name or alias. */
static bool tni_change_scan(tni_binder *binder, const tni_ast_statement *statement,
                            tni_table *table, tni_relation *relation, tni_scope *scope) {
    uint32_t i;
    if (statement->from) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_UNSUPPORTED,
                          tni_binder_position(binder, statement->from->position),
                          "%s with a second table is not supported in this version",
                          statement->kind == TNI_STATEMENT_UPDATE ? "UPDATE" : "DELETE");
        return false;
    }
    if (!tni_bind_keep_source(binder, tni_source_retain(&table->source)) ||
        !tni_bind_scan(binder, &table->source, relation)) {
        return false;
    }
    scope->outer = NULL;
    scope->count = relation->count;
    scope->columns =
        (tni_scope_column *)tni_binder_alloc(binder, relation->count, sizeof *scope->columns);
    for (i = 0; scope->columns && i < relation->count; i++) {
        scope->columns[i].relation = statement->alias ? statement->alias : table->source.name;
        scope->columns[i].name = relation->names[i];
        scope->columns[i].id = relation->ids[i];
    }
    return scope->columns != NULL;
}

/* The rows the statement touches: TRUE when there is no WHERE. */
static tni_expr *tni_change_condition(tni_binder *binder, const tni_ast_statement *statement,
                                      const tni_scope *scope) {
    tni_place place;
    tni_expr *condition;
    if (!statement->where) {
        return tni_expr_boolean(binder, true);
    }
    memset(&place, 0, sizeof place);
    place.scope = scope;
    place.clause = "WHERE";
    condition = tni_bind_condition(binder, &place, statement->where);
    return condition ? tni_expr_test(binder, TNI_IR_IS_TRUE, condition) : NULL;
}

/* count(*) of the touched rows. */
static trueno_status tni_change_count(tni_binder *binder, const tni_ast_statement *statement,
                                      tni_table *table, tni_plan **out) {
    tni_relation relation, result;
    tni_scope scope;
    tni_expr *condition;
    tni_node *node;
    tni_bound_aggregate *count =
        (tni_bound_aggregate *)tni_binder_alloc(binder, 1, sizeof *count);
    if (!count || !tni_change_scan(binder, statement, table, &relation, &scope)) {
        return tni_statement_status(binder);
    }
    condition = tni_change_condition(binder, statement, &scope);
    node = condition ? tni_node_filter(binder, relation.node, condition) : NULL;
    node = node ? tni_node_new(binder, TNI_PLAN_AGGREGATE, node, 1) : NULL;
    if (!node || !tni_relation_new(binder, 1, &result) ||
        !tni_node_column(binder, node, 0, tni_type_make(TRUENO_TYPE_BIGINT), "Count")) {
        return tni_statement_status(binder);
    }
    count->function = tni_aggregate_find("count_star");
    count->type = tni_type_make(TRUENO_TYPE_BIGINT);
    count->position = TNI_NO_POSITION;
    count->id = node->columns[0];
    node->aggregates = count;
    node->aggregate_count = 1;
    result.node = node;
    result.ids[0] = count->id;
    result.names[0] = "Count";
    return tni_statement_finish(binder, &result, out);
}

TNI_FN trueno_status tni_bind_table(tni_bind_context *context, tni_table *table, tni_plan **out,
                                    tni_error *error) {
    tni_binder *binder = tni_binder_get(context, error);
    tni_relation relation;
    *out = NULL;
    if (!binder) {
        return TRUENO_ERROR_MEMORY;
    }
    if (!tni_bind_keep_source(binder, tni_source_retain(&table->source)) ||
        !tni_bind_scan(binder, &table->source, &relation)) {
        return tni_statement_status(binder);
    }
    return tni_statement_finish(binder, &relation, out);
}

TNI_FN trueno_status tni_bind_delete(tni_bind_context *context, const tni_ast_statement *statement,
                                     tni_table *table, tni_plan **kept, tni_plan **affected,
                                     tni_error *error) {
    tni_binder *binder = tni_binder_get(context, error);
    tni_relation relation;
    tni_scope scope;
    tni_expr *condition;
    *kept = *affected = NULL;
    if (!binder) {
        return TRUENO_ERROR_MEMORY;
    }
    if (!tni_change_scan(binder, statement, table, &relation, &scope)) {
        return tni_statement_status(binder);
    }
    condition = tni_change_condition(binder, statement, &scope);
    condition = condition ? tni_expr_not(binder, condition) : NULL;
    relation.node = condition ? tni_node_filter(binder, relation.node, condition) : NULL;
    if (!relation.node) {
        return tni_statement_status(binder);
    }
    TNI_TRY(tni_statement_finish(binder, &relation, kept));
    return tni_change_count(binder, statement, table, affected);
}

/* The new value of one field, or the field itself. */
static tni_expr *tni_update_field(tni_binder *binder, const tni_ast_statement *statement,
                                  const tni_scope *scope, uint32_t field, tni_type type,
                                  tni_expr *condition) {
    const tni_ast_expression *item;
    tni_expr *old = tni_expr_column(binder, scope->columns[field].id), *value;
    tni_place place;
    for (item = statement->assignments; item; item = item->next) {
        if (tni_name_equal(item->alias, scope->columns[field].name)) {
            break;
        }
    }
    if (!item || !old) {
        return old;
    }
    if (item->kind == TNI_AST_DEFAULT) {
        value = tni_expr_null(binder, type);
        return value ? tni_expr_select(binder, condition, value, old) : NULL;
    }
    memset(&place, 0, sizeof place);
    place.scope = scope;
    place.clause = "SET";
    place.predicate = tni_expr_is_constant(condition) ? NULL : condition;
    value = tni_bind_expr(binder, &place, item);
    value = value ? tni_expr_cast(binder, value, type, false, place.predicate,
                                  tni_binder_position(binder, item->position))
                  : NULL;
    return value ? tni_expr_select(binder, condition, value, old) : NULL;
}

static bool tni_update_check(tni_binder *binder, const tni_ast_statement *statement,
                             const tni_table *table, const tni_scope *scope) {
    const tni_ast_expression *item;
    bool *assigned = (bool *)tni_binder_alloc(binder, scope->count, sizeof *assigned);
    uint32_t i;
    for (item = statement->assignments; assigned && item; item = item->next) {
        for (i = 0; i < scope->count && !tni_name_equal(scope->columns[i].name, item->alias);
             i++) {
        }
        if (i < scope->count && assigned[i]) {
            (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                              tni_binder_position(binder, item->position),
                              "column \"%s\" is assigned twice", item->alias);
            return false;
        }
        if (i == scope->count) {
            return tni_statement_no_column(binder, table, item->position, item->alias);
        }
        assigned[i] = true;
    }
    return assigned != NULL;
}

TNI_FN trueno_status tni_bind_update(tni_bind_context *context, const tni_ast_statement *statement,
                                     tni_table *table, tni_plan **all, tni_plan **affected,
                                     tni_error *error) {
    tni_binder *binder = tni_binder_get(context, error);
    tni_relation relation;
    tni_scope scope;
    tni_expr *condition, **exprs;
    uint32_t i;
    *all = *affected = NULL;
    if (!binder) {
        return TRUENO_ERROR_MEMORY;
    }
    if (!tni_change_scan(binder, statement, table, &relation, &scope) ||
        !tni_update_check(binder, statement, table, &scope)) {
        return tni_statement_status(binder);
    }
    condition = tni_change_condition(binder, statement, &scope);
    exprs = (tni_expr **)tni_binder_alloc(binder, relation.count, sizeof *exprs);
    if (!condition || !exprs) {
        return tni_statement_status(binder);
    }
    for (i = 0; i < relation.count; i++) {
        exprs[i] = tni_update_field(binder, statement, &scope, i, table->source.fields[i].type,
                                    condition);
        if (!exprs[i]) {
            return tni_statement_status(binder);
        }
    }
    relation.node =
        tni_node_project(binder, relation.node, exprs, relation.names, relation.count);
    if (!relation.node) {
        return tni_statement_status(binder);
    }
    memcpy(relation.ids, relation.node->columns, relation.count * sizeof *relation.ids);
    TNI_TRY(tni_statement_finish(binder, &relation, all));
    return tni_change_count(binder, statement, table, affected);
}
