/*
 * bind_from.c - FROM: tables, views, CTEs, files, table functions and derived tables.
 *
 * Views and CTEs are bound anew wherever they are named, so filters and unused columns move into
 * each use. A view's text has positions of its own: errors below it point at its name.
 *
 * Uses: base/, column/, sql/, plan/bind_internal.h.
 */
#include "plan/bind_internal.h"
#include "sql/parser.h"

#define TNI_VIEW_DEPTH 64u

TNI_FN bool tni_bind_keep_source(tni_binder *binder, tni_source *source) {
    tni_bind_context *context = binder->context;
    void *items = context->sources;
    if (tni_grow(binder->env->memory, &items, &context->source_capacity, context->source_count + 1,
                 sizeof *context->sources, binder->error) != TRUENO_OK) {
        tni_source_release(source);
        return false;
    }
    context->sources = (tni_source **)items;
    context->sources[context->source_count++] = source;
    return true;
}

TNI_FN bool tni_bind_scan(tni_binder *binder, tni_source *source, tni_relation *out) {
    uint32_t count = source->field_count, i;
    tni_node *node = tni_node_new(binder, TNI_PLAN_SCAN, NULL, count);
    if (!node || !tni_relation_new(binder, count, out)) {
        return false;
    }
    node->source = source;
    node->rows = source->rows == UINT64_MAX ? 1e6 : (double)source->rows;
    node->fields = (uint32_t *)tni_binder_alloc(binder, count, sizeof *node->fields);
    if (!node->fields) {
        return false;
    }
    for (i = 0; i < count; i++) {
        const tni_field *field = &source->fields[i];
        if (!tni_node_column(binder, node, i, field->type, field->name)) {
            return false;
        }
        binder->columns[node->columns[i]].not_null = field->not_null;
        node->fields[i] = i;
        out->ids[i] = node->columns[i];
        out->names[i] = field->name;
    }
    out->node = node;
    return true;
}

/* ------------------------------------------------------------------------- ranges --- */

static bool tni_from_range_argument(tni_binder *binder, const tni_ast_expression *ast,
                                    int64_t *out) {
    tni_value value, wide;
    if (!tni_bind_constant_value(binder, ast, "an argument of range", &value)) {
        return false;
    }
    if (value.is_null && value.type.id == TRUENO_TYPE_NULL) {
        *out = 0; /* a parameter while preparing */
        return true;
    }
    if (value.is_null || !tni_type_is_integer(value.type) ||
        !tni_value_exact(binder, &value, tni_type_make(TRUENO_TYPE_BIGINT), &wide)) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, ast->position),
                          "range takes integer constants");
        return false;
    }
    *out = wide.as.integer;
    return true;
}

static uint64_t tni_from_range_rows(int64_t start, int64_t stop, int64_t step) {
    uint64_t distance, stride;
    if (step > 0 ? start >= stop : start <= stop) {
        return 0;
    }
    distance = step > 0 ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
    stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    return (distance - 1) / stride + 1;
}

/* range(stop), range(start, stop[, step]); generate_series includes the stop. */
static bool tni_from_range(tni_binder *binder, const tni_ast_expression *call, bool inclusive,
                           tni_relation *out) {
    int64_t given[3] = {0, 0, 1};
    const tni_ast_expression *argument = call->arguments;
    tni_node *node;
    uint32_t i;
    if (call->argument_count < 1 || call->argument_count > 3) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                          tni_binder_position(binder, call->position),
                          "%s takes (stop), (start, stop) or (start, stop, step)", call->name);
        return false;
    }
    for (i = call->argument_count == 1 ? 1 : 0; argument; argument = argument->next, i++) {
        if (!tni_from_range_argument(binder, argument, &given[i])) {
            return false;
        }
    }
    if (given[2] == 0) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_INVALID,
                          tni_binder_position(binder, call->position),
                          "the step of %s cannot be 0", call->name);
        return false;
    }
    if (inclusive && given[2] > 0 && given[1] < INT64_MAX) {
        given[1]++;
    } else if (inclusive && given[2] < 0 && given[1] > INT64_MIN) {
        given[1]--;
    }
    node = tni_node_new(binder, TNI_PLAN_RANGE, NULL, 1);
    if (!node || !tni_relation_new(binder, 1, out) ||
        !tni_node_column(binder, node, 0, tni_type_make(TRUENO_TYPE_BIGINT), call->name)) {
        return false;
    }
    binder->columns[node->columns[0]].not_null = true;
    node->range_start = given[0];
    node->range_stop = given[1];
    node->range_step = given[2];
    node->rows = (double)tni_from_range_rows(given[0], given[1], given[2]);
    out->node = node;
    out->ids[0] = node->columns[0];
    out->names[0] = inclusive ? "generate_series" : "range";
    return true;
}

static bool tni_from_function(tni_binder *binder, const tni_ast_expression *call,
                              tni_relation *out) {
    static const char *const readers[] = {"read_csv", "read_csv_auto", "read_parquet",
                                          "parquet_scan"};
    static const char *const json[] = {"read_json", "read_json_auto", "read_json_objects",
                                       "read_ndjson", "read_ndjson_auto", "read_ndjson_objects"};
    static const char *const refused[] = {"read_text", "read_blob", "parquet_schema",
                                          "parquet_metadata", "parquet_file_metadata",
                                          "parquet_kv_metadata", "sniff_csv"};
    tni_hint hint;
    size_t i;
    if (tni_name_equal(call->name, "range")) {
        return tni_from_range(binder, call, false, out);
    }
    if (tni_name_equal(call->name, "generate_series")) {
        return tni_from_range(binder, call, true, out);
    }
    if (tni_name_equal(call->name, "glob")) {
        return tni_bind_glob_call(binder, call, out);
    }
    for (i = 0; i < TNI_COUNT_OF(readers); i++) {
        if (tni_name_equal(call->name, readers[i])) {
            return tni_bind_file_call(binder, call, out);
        }
    }
    for (i = 0; i < TNI_COUNT_OF(json); i++) {
        if (tni_name_equal(call->name, json[i])) {
            (void)tni_fail_at(binder->error, TRUENO_ERROR_UNSUPPORTED,
                              tni_binder_position(binder, call->position),
                              "%s: JSON files cannot be read in this version", call->name);
            return false;
        }
    }
    for (i = 0; i < TNI_COUNT_OF(refused); i++) {
        if (tni_name_equal(call->name, refused[i])) {
            (void)tni_fail_at(binder->error, TRUENO_ERROR_UNSUPPORTED,
                              tni_binder_position(binder, call->position),
                              "the table function \"%s\" is not supported in this version",
                              call->name);
            return false;
        }
    }
    hint = tni_hint_of(call->name);
    for (i = 0; i < TNI_COUNT_OF(readers); i++) {
        tni_hint_offer(&hint, readers[i]);
    }
    tni_hint_offer(&hint, "range");
    tni_hint_offer(&hint, "generate_series");
    tni_hint_offer(&hint, "glob");
    (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                      tni_binder_position(binder, call->position),
                      "table function \"%s\" does not exist (there are read_csv, read_parquet, "
                      "glob, range, generate_series)" TNI_HINT_FORMAT,
                      call->name, TNI_HINT_ARGUMENTS(hint));
    return false;
}

/* -------------------------------------------------------------------- views, CTEs --- */

/* Give the columns other names; too many is an error, too few keeps the rest. */
static bool tni_from_rename(tni_binder *binder, const tni_ast_name *names, tni_relation *out) {
    uint32_t i = 0;
    for (; names; names = names->next, i++) {
        if (i >= out->count) {
            (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER,
                              tni_binder_position(binder, names->position),
                              "there are more column names than the %u columns", out->count);
            return false;
        }
        out->names[i] = names->name;
    }
    return true;
}

static bool tni_from_cte(tni_binder *binder, tni_cte *cte, uint32_t position, tni_relation *out) {
    tni_cte *saved = binder->ctes;
    bool ok;
    if (cte->busy) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_UNSUPPORTED,
                          tni_binder_position(binder, position),
                          "recursive CTEs are not supported in this version");
        return false;
    }
    if (!tni_binder_enter(binder, position)) {
        return false;
    }
    cte->busy = true;
    binder->ctes = cte->recursive ? cte : cte->outer;
    ok = tni_bind_relation(binder, cte->ast->query, out) &&
         tni_from_rename(binder, cte->ast->columns, out);
    binder->ctes = saved;
    cte->busy = false;
    tni_binder_leave(binder);
    return ok;
}

static bool tni_from_view_query(tni_binder *binder, const tni_view *view, tni_relation *out) {
    tni_ast_statement *statement = NULL;
    tni_cte *saved = binder->ctes;
    uint32_t i;
    bool ok;
    if (tni_parse(binder->arena, view->sql, strlen(view->sql),
                  binder->env->limits->expression_depth, &statement,
                  binder->error) != TRUENO_OK) {
        return false;
    }
    if (!statement || !statement->query) {
        (void)tni_fail(binder->error, TRUENO_ERROR_INTERNAL, "the view holds no query");
        return false;
    }
    binder->ctes = NULL;
    ok = tni_bind_relation(binder, statement->query, out);
    binder->ctes = saved;
    for (i = 0; ok && i < view->column_count && i < out->count; i++) {
        out->names[i] =
            tni_arena_text(binder->arena, view->columns[i], strlen(view->columns[i]));
        ok = out->names[i] != NULL;
    }
    return ok;
}

static bool tni_from_view(tni_binder *binder, const tni_view *view, uint32_t position,
                          tni_relation *out) {
    bool ok;
    if (binder->view_depth == 0) {
        binder->view_position = position;
    }
    if (binder->view_depth >= TNI_VIEW_DEPTH) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_LIMIT, binder->view_position,
                          "views are nested deeper than %u levels", TNI_VIEW_DEPTH);
        return false;
    }
    binder->view_depth++;
    ok = tni_from_view_query(binder, view, out);
    if (!ok) {
        tni_error_prefix(binder->error, "view \"%s\"", view->name);
        binder->error->position = binder->view_position;
    }
    binder->view_depth--;
    return ok;
}

/* ------------------------------------------------------------------------- tables --- */

static tni_cte *tni_from_find_cte(tni_binder *binder, const char *name) {
    tni_cte *cte;
    for (cte = binder->ctes; cte; cte = cte->outer) {
        if (tni_name_equal(cte->ast->name, name)) {
            return cte;
        }
    }
    return NULL;
}

static bool tni_from_path(tni_binder *binder, const char *path, uint32_t position,
                          tni_relation *out) {
    tni_source *source;
    return tni_bind_path(binder->context, path, tni_binder_position(binder, position), &source,
                         binder->error) == TRUENO_OK &&
           tni_bind_keep_source(binder, source) && tni_bind_scan(binder, source, out);
}

static bool tni_from_unknown(tni_binder *binder, const tni_ast_source *source) {
    char nearest[200];
    uint32_t position = tni_binder_position(binder, source->position);
    tni_catalog_nearest(binder->context->catalog, source->name, nearest, sizeof nearest);
    if (nearest[0]) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_CATALOG, position,
                          "table \"%s\" does not exist. Did you mean \"%s\"?", source->name,
                          nearest);
    } else {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_CATALOG, position,
                          "table \"%s\" does not exist", source->name);
    }
    return false;
}

/* "data.parquet" in double quotes, or with a glob: a file when no table has that name. */
static bool tni_from_looks_like_path(const char *name) {
    return strchr(name, '.') != NULL || strchr(name, '/') != NULL || tni_path_has_glob(name);
}

static bool tni_from_table(tni_binder *binder, const tni_ast_source *source, tni_relation *out) {
    tni_table *table = NULL;
    tni_view *view = NULL;
    tni_cte *cte;
    bool ok;
    if (source->is_path) {
        return tni_from_path(binder, source->name, source->position, out);
    }
    cte = tni_from_find_cte(binder, source->name);
    if (cte) {
        return tni_from_cte(binder, cte, source->position, out);
    }
    tni_catalog_find(binder->context->catalog, source->name, &table, &view);
    if (table) {
        return tni_bind_keep_source(binder, &table->source) &&
               tni_bind_scan(binder, &table->source, out);
    }
    if (view) {
        ok = tni_from_view(binder, view, source->position, out);
        tni_view_release(view);
        return ok;
    }
    if (tni_from_looks_like_path(source->name)) {
        return tni_from_path(binder, source->name, source->position, out);
    }
    return tni_from_unknown(binder, source);
}

static const char *tni_from_join_name(const tni_ast_source *source) {
    switch (source->join) {
    case TNI_JOIN_ASOF: return "ASOF joins";
    case TNI_JOIN_POSITIONAL: return "POSITIONAL joins";
    default: return source->on || source->using_columns || source->natural
                        ? "joins"
                        : "joins of several tables in FROM";
    }
}

static bool tni_from_relation(tni_binder *binder, const tni_ast_source *source,
                              tni_relation *out) {
    switch (source->kind) {
    case TNI_FROM_TABLE: return tni_from_table(binder, source, out);
    case TNI_FROM_FUNCTION: return tni_from_function(binder, source->call, out);
    case TNI_FROM_QUERY:
    case TNI_FROM_VALUES: return tni_bind_relation(binder, source->query, out);
    default: break;
    }
    (void)tni_fail_at(binder->error, TRUENO_ERROR_UNSUPPORTED,
                      tni_binder_position(binder, source->position),
                      "%s are not supported in this version", tni_from_join_name(source));
    return false;
}

/* The base name of a path without its extension: FROM 'dir/hits.parquet' may be called hits. */
static const char *tni_from_path_alias(tni_binder *binder, const char *path) {
    const char *base = path, *p, *end;
    for (p = path; *p; p++) {
        if (*p == '/' || *p == '\\') {
            base = p + 1;
        }
    }
    end = strchr(base, '.');
    return tni_arena_text(binder->arena, base, end && end > base ? (size_t)(end - base)
                                                                : strlen(base));
}

static const char *tni_from_alias(tni_binder *binder, const tni_ast_source *source) {
    if (source->alias) {
        return source->alias;
    }
    if (source->kind == TNI_FROM_TABLE) {
        return source->is_path ? tni_from_path_alias(binder, source->name) : source->name;
    }
    return source->kind == TNI_FROM_FUNCTION ? source->call->name : NULL;
}

/* Two columns of one relation with one name: the later ones are numbered, a_1. */
static bool tni_from_unique_names(tni_binder *binder, tni_relation *relation) {
    uint32_t i, k;
    if (relation->node->kind == TNI_PLAN_SCAN || relation->count > 2000) {
        return true; /* sources have unique names */
    }
    for (i = 1; i < relation->count; i++) {
        uint32_t repeats = 0;
        for (k = 0; k < i; k++) {
            repeats += tni_name_equal(relation->names[k], relation->names[i]) ? 1u : 0u;
        }
        if (repeats) {
            char number[24];
            size_t length = strlen(relation->names[i]), digits;
            char *name;
            digits = tni_print_u64(repeats, number);
            name = (char *)tni_binder_alloc(binder, length + digits + 2, 1);
            if (!name) {
                return false;
            }
            memcpy(name, relation->names[i], length);
            name[length] = '_';
            memcpy(name + length + 1, number, digits + 1);
            relation->names[i] = name;
        }
    }
    return true;
}

TNI_FN bool tni_bind_from(tni_binder *binder, const tni_ast_source *source, tni_scope *scope,
                          tni_node **node) {
    tni_relation relation;
    const char *alias;
    uint32_t i;
    bool ok;
    scope->count = 0;
    scope->columns = NULL;
    if (!source) {
        *node = tni_node_single_row(binder);
        return *node != NULL;
    }
    if (!tni_binder_enter(binder, source->position)) {
        return false;
    }
    ok = tni_from_relation(binder, source, &relation) &&
         tni_from_rename(binder, source->columns, &relation) &&
         tni_from_unique_names(binder, &relation);
    tni_binder_leave(binder);
    if (!ok) {
        return false;
    }
    alias = tni_from_alias(binder, source);
    scope->columns =
        (tni_scope_column *)tni_binder_alloc(binder, relation.count, sizeof *scope->columns);
    if (!scope->columns) {
        return false;
    }
    for (i = 0; i < relation.count; i++) {
        scope->columns[i].relation = alias;
        scope->columns[i].name = relation.names[i];
        scope->columns[i].id = relation.ids[i];
    }
    scope->count = relation.count;
    *node = relation.node;
    return true;
}

#undef TNI_VIEW_DEPTH
