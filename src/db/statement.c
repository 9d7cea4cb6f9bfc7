/*
 * statement.c - what each kind of statement does: queries, tables, views, rows.
 *
 * Tables are immutable versions: INSERT, UPDATE and DELETE make the next version from the one
 * they read and put it in place only if that is still the current one, else they start over.
 * Statements that need transactions are refused by name.
 */
#include "db/database.h"

#define TNI_STATEMENT_RETRIES 100

/* ------------------------------------------------------------------------------ create --- */

/* Column names of a table made from a query: duplicates get :1, :2... as DuckDB. */
static trueno_status tni_fields_from_plan(tni_session *session, const tni_plan *plan,
                                          const tni_ast_name *names, tni_field **out,
                                          tni_error *error) {
    tni_field *fields = (tni_field *)tni_arena_alloc(
        &session->arena, TNI_MAX(plan->column_count, 1u) * sizeof *fields);
    uint32_t i, j;
    *out = fields;
    if (fields == NULL) {
        return tni_memory_fail(session->env.memory, plan->column_count * sizeof *fields, error);
    }
    for (i = 0; i < plan->column_count; i++) {
        fields[i].name = plan->names[i];
        fields[i].type = plan->types[i];
        if (fields[i].type.id == TRUENO_TYPE_NULL) {
            fields[i].type = tni_type_make(TRUENO_TYPE_INTEGER);
        }
        if (names != NULL) {
            fields[i].name = names->name;
            names = names->next;
        }
        for (j = 0; j < i; j++) {
            if (tni_name_equal(fields[j].name, fields[i].name)) {
                char suffix[24];
                size_t n = strlen(fields[i].name);
                char *renamed;
                size_t digits = tni_print_u64(i, suffix);
                renamed = (char *)tni_arena_bytes(&session->arena, n + digits + 2);
                if (renamed == NULL) {
                    return tni_memory_fail(session->env.memory, n + digits + 2, error);
                }
                memcpy(renamed, fields[i].name, n);
                renamed[n] = '_';
                memcpy(renamed + n + 1, suffix, digits + 1);
                fields[i].name = renamed;
                break;
            }
        }
    }
    return TRUENO_OK;
}

/* The table or view of that name; an error or a quiet stop when it may not be replaced. */
static trueno_status tni_check_free(tni_session *session, const tni_ast_statement *statement,
                                    bool *exists, tni_error *error) {
    tni_table *table;
    tni_view *view;
    tni_catalog_find(session->db->catalog, statement->name, &table, &view);
    *exists = table != NULL || view != NULL;
    if (table != NULL) {
        tni_source_release(&table->source);
    }
    tni_view_release(view);
    if (*exists && !statement->or_replace && !statement->if_not_exists) {
        return tni_fail_at(error, TRUENO_ERROR_CATALOG, statement->name_position,
                           "\"%s\" exists already (CREATE OR REPLACE replaces it, IF NOT EXISTS "
                           "keeps it)",
                           statement->name);
    }
    *exists = *exists && statement->if_not_exists;
    return TRUENO_OK;
}

static trueno_status tni_put_new(tni_session *session, const tni_ast_statement *statement,
                                 tni_table *table, tni_error *error) {
    bool stale;
    trueno_status status = tni_catalog_put_table(session->db->catalog, table, NULL,
                                                 statement->or_replace, &stale, error);
    if (status != TRUENO_OK) {
        tni_source_release(&table->source);
        if (error->position == TNI_NO_POSITION) {
            error->position = statement->name_position;
        }
    }
    return status;
}

/* ------------------------------------------------------------------------- partitions --- */

/* What PARTITION BY says of a table's fields, ranges without their bounds; NULL: nothing. */
static trueno_status tni_partitioning_of(tni_session *session, const tni_ast_statement *statement,
                                         const tni_field *fields, uint32_t count,
                                         tni_partitioning **out, tni_error *error) {
    const tni_ast_partition *wanted = statement->partition;
    uint32_t parts, field;
    *out = NULL;
    if (wanted == NULL) {
        return TRUENO_OK;
    }
    for (field = 0; field < count && !tni_name_equal(fields[field].name, wanted->column);
         field++) {
    }
    if (field == count) {
        return tni_fail_at(error, TRUENO_ERROR_BINDER, wanted->position,
                           "PARTITION BY: the table has no column \"%.100s\"", wanted->column);
    }
    if (!tni_partition_takes(fields[field].type)) {
        return tni_fail_at(error, TRUENO_ERROR_UNSUPPORTED, wanted->position,
                           "PARTITION BY a column of type %s is not supported",
                           trueno_type_name((trueno_type)fields[field].type.id));
    }
    parts = wanted->count == 0 ? TNI_PARTITION_DEFAULT : wanted->count;
    if (parts > TNI_PARTITION_MOST) {
        return tni_fail_at(error, TRUENO_ERROR_LIMIT, wanted->count_position,
                           "PARTITIONS: at most %u are supported", TNI_PARTITION_MOST);
    }
    return tni_partitioning_new(session->env.memory,
                                wanted->range ? TNI_PARTITION_RANGE : TNI_PARTITION_HASH, field,
                                fields[field].type, parts, out, error);
}

/* Ranges need all rows before the first can be placed: *table, which has them as they came, gives
 * the bounds and is replaced by one in their order. */
static trueno_status tni_create_ranges(tni_session *session, const tni_ast_statement *statement,
                                       tni_partitioning *partitioning, tni_table **table,
                                       tni_error *error) {
    uint32_t parts =
        statement->partition->count == 0 ? TNI_PARTITION_DEFAULT : statement->partition->count;
    tni_table *sorted = NULL;
    tni_plan *plan;
    uint64_t rows;
    trueno_status status =
        tni_table_partition_bounds(*table, &session->env, partitioning, parts, error);
    if (status == TRUENO_OK) {
        status = tni_bind_table(&session->bind, *table, &plan, error);
    }
    if (status == TRUENO_OK) {
        status = tni_run_table(&session->run, plan, statement->name, (*table)->source.fields, NULL,
                               partitioning, &sorted, &rows, error);
    }
    tni_source_release(&(*table)->source);
    *table = sorted;
    return status;
}

static trueno_status tni_create_rows(tni_session *session, const tni_ast_statement *statement,
                                     const tni_plan *plan, const tni_field *fields,
                                     tni_table **table, uint64_t *rows, tni_error *error) {
    tni_partitioning *partitioning;
    bool ranges = statement->partition != NULL && statement->partition->range;
    trueno_status status;
    TNI_TRY(tni_partitioning_of(session, statement, fields, plan->column_count, &partitioning,
                                error));
    status = tni_run_table(&session->run, plan, statement->name, fields, NULL,
                           ranges ? NULL : partitioning, table, rows, error);
    if (status == TRUENO_OK && ranges) {
        status = tni_create_ranges(session, statement, partitioning, table, error);
    }
    tni_partitioning_release(partitioning);
    return status;
}

/* ------------------------------------------------------------------------ CREATE TABLE --- */

static trueno_status tni_create_empty(tni_session *session, const tni_ast_statement *statement,
                                      tni_error *error) {
    const tni_ast_column_definition *d;
    tni_field *fields;
    tni_table_builder *builder;
    tni_table *table;
    tni_partitioning *partitioning;
    trueno_status status;
    uint32_t count = 0, i = 0, j;
    if (statement->partition != NULL && statement->partition->range) {
        return tni_fail_at(error, TRUENO_ERROR_UNSUPPORTED, statement->partition->position,
                           "PARTITION BY RANGE takes its bounds from rows: it needs "
                           "CREATE TABLE ... AS");
    }
    for (d = statement->definitions; d != NULL; d = d->next) {
        count++;
        if (d->check != NULL) {
            return tni_fail_at(error, TRUENO_ERROR_UNSUPPORTED, d->position,
                               "CHECK constraints are not supported");
        }
        if (d->default_value != NULL) {
            return tni_fail_at(error, TRUENO_ERROR_UNSUPPORTED, d->default_value->position,
                               "DEFAULT values are not supported");
        }
    }
    fields = (tni_field *)tni_arena_alloc(&session->arena, TNI_MAX(count, 1u) * sizeof *fields);
    if (fields == NULL) {
        return tni_memory_fail(session->env.memory, count * sizeof *fields, error);
    }
    for (d = statement->definitions; d != NULL; d = d->next, i++) {
        for (j = 0; j < i; j++) {
            if (tni_name_equal(fields[j].name, d->name)) {
                return tni_fail_at(error, TRUENO_ERROR_BINDER, d->position,
                                   "the column \"%s\" is there twice", d->name);
            }
        }
        fields[i].name = d->name;
        fields[i].type = d->type.type;
        fields[i].not_null = d->not_null || d->primary_key;
    }
    TNI_TRY(tni_partitioning_of(session, statement, fields, count, &partitioning, error));
    status = tni_table_builder_new(&session->env, statement->name, fields, count, 1, &builder,
                                   error);
    if (status == TRUENO_OK) {
        tni_table_builder_partition(builder, partitioning);
        status = tni_table_builder_finish(builder, NULL, &table, error);
    }
    tni_partitioning_release(partitioning);
    TNI_TRY(status);
    TNI_TRY(tni_put_new(session, statement, table, error));
    if (tni_create_keys(session, statement, error) != TRUENO_OK) {
        tni_error ignored;
        tni_error_clear(&ignored);
        (void)tni_catalog_drop(session->db->catalog, statement->name, false, true, &ignored);
        return error->status;
    }
    return TRUENO_OK;
}

static trueno_status tni_create_table(tni_session *session, const tni_ast_statement *statement,
                                      trueno_result *result, tni_error *error) {
    tni_plan *plan;
    tni_field *fields;
    tni_table *table;
    uint64_t rows;
    bool exists;
    TNI_TRY(tni_check_free(session, statement, &exists, error));
    if (exists) {
        return TRUENO_OK;
    }
    if (statement->query == NULL) {
        return tni_create_empty(session, statement, error);
    }
    TNI_TRY(tni_session_bind(session, statement->query, &plan, error));
    TNI_TRY(tni_fields_from_plan(session, plan, statement->columns, &fields, error));
    TNI_TRY(tni_create_rows(session, statement, plan, fields, &table, &rows, error));
    tni_result_set_changed(result, rows);
    return tni_put_new(session, statement, table, error);
}

static trueno_status tni_create_view(tni_session *session, const tni_ast_statement *statement,
                                     tni_error *error) {
    const char *names[256];
    const tni_ast_name *name;
    tni_plan *plan;
    uint32_t count = 0;
    size_t start = statement->query->position, end = statement->end;
    bool exists;
    TNI_TRY(tni_check_free(session, statement, &exists, error));
    if (exists) {
        return TRUENO_OK;
    }
    if (statement->parameter_count > 0) {
        return tni_fail_at(error, TRUENO_ERROR_BINDER, statement->position,
                           "a view cannot have parameters");
    }
    TNI_TRY(tni_session_bind(session, statement->query, &plan, error)); /* it must make sense */
    for (name = statement->columns; name != NULL; name = name->next) {
        if (count == TNI_COUNT_OF(names) || count == plan->column_count) {
            return tni_fail_at(error, TRUENO_ERROR_BINDER, name->position,
                               "more column names than columns (%u)", plan->column_count);
        }
        names[count++] = name->name;
    }
    if (start > end || end > session->length) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "the view's text lies outside the SQL");
    }
    return tni_catalog_put_view(session->db->catalog, statement->name, session->sql + start,
                                end - start, names, count, statement->or_replace, error);
}

/* -------------------------------------------------------------------------------- rows --- */

/* The table a statement writes to; a view or nothing is an error. */
static trueno_status tni_find_table(tni_session *session, const tni_ast_statement *statement,
                                    tni_table **out, tni_error *error) {
    tni_view *view;
    char nearest[128];
    tni_catalog_find(session->db->catalog, statement->name, out, &view);
    if (view != NULL) {
        tni_view_release(view);
        return tni_fail_at(error, TRUENO_ERROR_CATALOG, statement->name_position,
                           "\"%s\" is a view: its rows cannot be changed", statement->name);
    }
    if (*out == NULL) {
        tni_catalog_nearest(session->db->catalog, statement->name, nearest, sizeof nearest);
        return tni_fail_at(error, TRUENO_ERROR_CATALOG, statement->name_position,
                           "there is no table \"%s\"%s%s%s", statement->name,
                           nearest[0] != '\0' ? "; did you mean \"" : "", nearest,
                           nearest[0] != '\0' ? "\"?" : "");
    }
    return TRUENO_OK;
}

/* NOT NULL columns of the rows a statement added, checked on the new version's zones. */
static trueno_status tni_check_not_null(const tni_table *table, tni_error *error) {
    uint32_t i;
    for (i = 0; i < table->source.field_count; i++) {
        const tni_field *field = &table->source.fields[i];
        if (field->not_null && table->source.rows > 0 && table->zones[i].null_count != 0) {
            return tni_fail(error, TRUENO_ERROR_CONSTRAINT,
                            "NOT NULL constraint failed: %s.%s", table->source.name, field->name);
        }
    }
    return TRUENO_OK;
}

/* Put the next version in place, which may hold keys twice if it `adds` values; *done false:
 * somebody was faster, start over. */
static trueno_status tni_put_next(tni_session *session, tni_table *next, tni_table *current,
                                  bool adds, bool *done, tni_error *error) {
    bool stale = false;
    trueno_status status = tni_check_not_null(next, error);
    if (status == TRUENO_OK && adds) {
        status = tni_check_unique(session, next, error);
    }
    if (status == TRUENO_OK) {
        status = tni_catalog_put_table(session->db->catalog, next, current, true, &stale, error);
    }
    *done = status == TRUENO_OK && !stale;
    if (!*done) {
        tni_source_release(&next->source);
    }
    return stale ? TRUENO_OK : status;
}

static trueno_status tni_insert_once(tni_session *session, const tni_ast_statement *statement,
                                     tni_table *table, uint64_t *rows, bool *done,
                                     tni_error *error) {
    tni_plan *plan;
    tni_table *next;
    TNI_TRY(tni_bind_insert(&session->bind, statement, table, &plan, error));
    TNI_TRY(tni_run_table(&session->run, plan, table->source.name, table->source.fields, table,
                          table->partitioning, &next, rows, error));
    return tni_put_next(session, next, table, true, done, error);
}

/* One number from a plan of one row. */
static trueno_status tni_run_number(tni_session *session, const tni_plan *plan, uint64_t *out,
                                    tni_error *error) {
    tni_collection *rows;
    tni_value value;
    TNI_TRY(tni_run_collect(&session->run, plan, &rows, error));
    value = tni_collection_value(rows, 0, 0);
    *out = value.is_null ? 0 : (uint64_t)value.as.integer;
    tni_collection_release(rows);
    return TRUENO_OK;
}

static trueno_status tni_change_once(tni_session *session, const tni_ast_statement *statement,
                                     tni_table *table, uint64_t *rows, bool *done,
                                     tni_error *error) {
    bool update = statement->kind == TNI_STATEMENT_UPDATE;
    tni_plan *plan;
    tni_plan *affected;
    tni_table *next;
    uint64_t kept;
    TNI_TRY(update ? tni_bind_update(&session->bind, statement, table, &plan, &affected, error)
                   : tni_bind_delete(&session->bind, statement, table, &plan, &affected, error));
    TNI_TRY(tni_run_number(session, affected, rows, error));
    if (*rows == 0) {
        *done = true;
        return TRUENO_OK;
    }
    TNI_TRY(tni_run_table(&session->run, plan, table->source.name, table->source.fields, NULL,
                          table->partitioning, &next, &kept, error));
    return tni_put_next(session, next, table, update, done, error);
}

static trueno_status tni_change_rows(tni_session *session, const tni_ast_statement *statement,
                                     trueno_result *result, tni_error *error) {
    uint64_t rows = 0;
    bool done = false;
    uint32_t attempt;
    for (attempt = 0; attempt < TNI_STATEMENT_RETRIES && !done; attempt++) {
        tni_table *table;
        trueno_status status;
        TNI_TRY(tni_find_table(session, statement, &table, error));
        status = statement->kind == TNI_STATEMENT_INSERT
                     ? tni_insert_once(session, statement, table, &rows, &done, error)
                     : tni_change_once(session, statement, table, &rows, &done, error);
        tni_source_release(&table->source);
        TNI_TRY(status);
    }
    if (!done) {
        return tni_fail(error, TRUENO_ERROR_CATALOG,
                        "the table \"%s\" kept changing under the statement", statement->name);
    }
    tni_result_set_changed(result, rows);
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------- dispatch --- */

static trueno_status tni_refuse(const tni_ast_statement *statement, const char *what,
                                tni_error *error) {
    return tni_fail_at(error, TRUENO_ERROR_UNSUPPORTED, statement->position,
                       "%s is not supported", what);
}

static trueno_status tni_index_statement(tni_session *session, const tni_ast_statement *statement,
                                         tni_error *error) {
    tni_table *table;
    trueno_status status;
    TNI_TRY(tni_find_table(session, statement, &table, error));
    status = tni_create_index_of(session, statement, table, error);
    tni_source_release(&table->source);
    return status;
}

static trueno_status tni_drop_statement(tni_session *session, const tni_ast_statement *statement,
                                        tni_error *error) {
    tni_catalog *catalog = session->db->catalog;
    trueno_status status =
        statement->is_index
            ? tni_catalog_drop_index(catalog, statement->name, statement->if_exists, error)
            : tni_catalog_drop(catalog, statement->name, statement->is_view, statement->if_exists,
                               error);
    if (status != TRUENO_OK) {
        error->position = statement->name_position;
    }
    return status;
}

static trueno_status tni_statement_query(tni_session *session, const tni_ast_statement *statement,
                                         trueno_result *result, tni_error *error) {
    tni_plan *plan;
    TNI_TRY(tni_session_bind(session, statement->query, &plan, error));
    return tni_session_rows(session, plan, result, error);
}

TNI_FN trueno_status tni_session_execute(tni_session *session, const tni_ast_statement *statement,
                                         trueno_result *result, tni_error *error) {
    switch (statement->kind) {
    case TNI_STATEMENT_QUERY: return tni_statement_query(session, statement, result, error);
    case TNI_STATEMENT_CREATE_TABLE: return tni_create_table(session, statement, result, error);
    case TNI_STATEMENT_CREATE_VIEW: return tni_create_view(session, statement, error);
    case TNI_STATEMENT_CREATE_INDEX: return tni_index_statement(session, statement, error);
    case TNI_STATEMENT_INSERT:
    case TNI_STATEMENT_UPDATE:
    case TNI_STATEMENT_DELETE:
    case TNI_STATEMENT_TRUNCATE: return tni_change_rows(session, statement, result, error);
    case TNI_STATEMENT_DROP: return tni_drop_statement(session, statement, error);
    case TNI_STATEMENT_COPY_TO:
    case TNI_STATEMENT_COPY_FROM: return tni_statement_copy(session, statement, result, error);
    case TNI_STATEMENT_DESCRIBE: return tni_statement_describe(session, statement, result, error);
    case TNI_STATEMENT_SUMMARIZE:
        return tni_statement_summarize(session, statement, result, error);
    case TNI_STATEMENT_EXPLAIN: return tni_statement_explain(session, statement, result, error);
    case TNI_STATEMENT_SHOW_TABLES:
    case TNI_STATEMENT_SHOW: return tni_statement_show(session, statement, result, error);
    case TNI_STATEMENT_SET: return tni_statement_set(session, statement, error);
    case TNI_STATEMENT_ALTER: return tni_refuse(statement, "ALTER", error);
    case TNI_STATEMENT_TRANSACTION: return tni_refuse(statement, "a transaction", error);
    case TNI_STATEMENT_PREPARE:
    case TNI_STATEMENT_EXECUTE:
    case TNI_STATEMENT_DEALLOCATE:
        return tni_refuse(statement, "PREPARE as SQL (use trueno_prepare)", error);
    }
    return tni_refuse(statement, "this statement", error);
}

#undef TNI_STATEMENT_RETRIES
