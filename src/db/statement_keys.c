/*
 * statement_keys.c - CREATE INDEX, DROP INDEX, and the keys that keep rows unique.
 *
 * Scans prune by zones, so an index holds nothing: the catalogue knows its name, its table and its
 * expressions as SQL. PRIMARY KEY, UNIQUE and CREATE UNIQUE INDEX promise something, though: after
 * an INSERT or UPDATE the next version of the table is grouped by each such key before it takes
 * the current one's place. A key with a NULL in it repeats as often as it likes.
 */
#include "db/database.h"

static void tni_keys_name(tni_text *sql, const char *name) {
    tni_text_char(sql, '"');
    for (; *name != '\0'; name++) {
        if (*name == '"') {
            tni_text_char(sql, '"');
        }
        tni_text_char(sql, *name);
    }
    tni_text_char(sql, '"');
}

/* The query that finds a key twice in `table`, from what is between the commas of its keys. */
static void tni_keys_query(const char *table, const char *keys, const char *present,
                           tni_text *sql) {
    tni_text_add(sql, "SELECT concat_ws(', ', ");
    tni_text_add(sql, keys);
    tni_text_add(sql, ") FROM ");
    tni_keys_name(sql, table);
    tni_text_add(sql, " WHERE ");
    tni_text_add(sql, present);
    tni_text_add(sql, " GROUP BY ");
    tni_text_add(sql, keys);
    tni_text_add(sql, " HAVING count(*) > 1 LIMIT 1");
}

/* ----------------------------------------------------------------------------- checking --- */

/* Run `query` over a table that the catalogue does not hold (yet). */
static trueno_status tni_keys_run(tni_session *session, tni_table *table, const char *query,
                                  tni_collection **rows, tni_error *error) {
    tni_catalog *current = session->bind.catalog, *alone;
    tni_ast_statement *parsed = NULL;
    tni_plan *plan = NULL;
    trueno_status status;
    TNI_TRY(tni_catalog_new(session->env.memory, &alone, error));
    tni_source_retain(&table->source);
    status = tni_catalog_put_table(alone, table, NULL, false, NULL, error);
    if (status != TRUENO_OK) {
        tni_source_release(&table->source);
    }
    if (status == TRUENO_OK) {
        status = tni_parse(&session->arena, query, strlen(query),
                           session->env.limits->expression_depth + 10, &parsed, error);
    }
    if (status == TRUENO_OK) {
        session->bind.catalog = alone;
        status = tni_session_bind(session, parsed->query, &plan, error);
        session->bind.catalog = current;
    }
    if (status == TRUENO_OK) {
        status = tni_run_collect(&session->run, plan, rows, error);
    }
    tni_catalog_free(alone);
    return status;
}

static trueno_status tni_keys_check(tni_session *session, tni_table *table, const char *keys,
                                    const char *query, tni_error *error) {
    tni_collection *rows = NULL;
    trueno_status status = tni_keys_run(session, table, query, &rows, error);
    error->position = TNI_NO_POSITION; /* in a text of ours */
    if (status == TRUENO_OK && rows->rows > 0) {
        tni_value value = tni_collection_value(rows, 0, 0);
        status = tni_fail(error, TRUENO_ERROR_CONSTRAINT,
                          "the values of %.100s in table \"%.100s\" must be unique: there would be "
                          "two rows with %.*s",
                          keys, table->source.name,
                          (int)TNI_MIN(value.as.string.length, 100u),
                          (const char *)tni_string_data(&value.as.string));
    }
    if (rows != NULL) {
        tni_collection_release(rows);
    }
    return status;
}

TNI_FN trueno_status tni_check_unique(tni_session *session, tni_table *next, tni_error *error) {
    const char *keys, *query;
    uint32_t i;
    for (i = 0;; i++) {
        TNI_TRY(tni_catalog_unique_key(session->db->catalog, next->source.name, i,
                                       &session->arena, &keys, &query, error));
        if (keys == NULL) {
            return TRUENO_OK;
        }
        TNI_TRY(tni_keys_check(session, next, keys, query, error));
    }
}

/* ----------------------------------------------------------------------- CREATE TABLE --- */

/* A key of the columns from `column` on, at most `count`. */
static trueno_status tni_keys_put(tni_session *session, const char *table,
                                  const tni_ast_name *column, tni_error *error) {
    tni_memory *memory = session->env.memory;
    tni_text keys, present, query;
    trueno_status status;
    tni_text_init(&keys, memory);
    tni_text_init(&present, memory);
    tni_text_init(&query, memory);
    for (; column != NULL; column = column->next) {
        tni_keys_name(&keys, column->name);
        tni_keys_name(&present, column->name);
        tni_text_add(&present, " IS NOT NULL");
        if (column->next != NULL) {
            tni_text_add(&keys, ", ");
            tni_text_add(&present, " AND ");
        }
    }
    if (!keys.failed && !present.failed) {
        tni_keys_query(table, keys.data, present.data, &query);
    }
    status = keys.failed || present.failed || query.failed
                 ? tni_memory_fail(memory, keys.length, error)
                 : tni_catalog_put_index(session->db->catalog, NULL, table, keys.data, query.data,
                                         error);
    tni_text_free(&keys);
    tni_text_free(&present);
    tni_text_free(&query);
    return status;
}

TNI_FN trueno_status tni_create_keys(tni_session *session, const tni_ast_statement *statement,
                                     tni_error *error) {
    const tni_ast_column_definition *column;
    const tni_ast_key *key;
    for (column = statement->definitions; column != NULL; column = column->next) {
        if (column->primary_key || column->unique) {
            tni_ast_name name;
            memset(&name, 0, sizeof name);
            name.name = column->name;
            TNI_TRY(tni_keys_put(session, statement->name, &name, error));
        }
    }
    for (key = statement->keys; key != NULL; key = key->next) {
        TNI_TRY(tni_keys_put(session, statement->name, key->columns, error));
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------ indexes --- */

/* statement->query selects the index's expressions from its table. */
static trueno_status tni_index_put(tni_session *session, const tni_ast_statement *statement,
                                   tni_table *table, tni_text *keys, tni_text *present,
                                   tni_text *query, tni_error *error) {
    const tni_ast_expression *item;
    for (item = statement->query->items; item != NULL; item = item->next) {
        tni_text_char(present, '(');
        tni_print_expression(item, keys);
        tni_print_expression(item, present);
        tni_text_add(present, item->next != NULL ? ") IS NOT NULL AND " : ") IS NOT NULL");
        tni_text_add(keys, item->next != NULL ? ", " : "");
    }
    if (!keys->failed && !present->failed && statement->is_unique) {
        tni_keys_query(statement->name, keys->data, present->data, query);
    }
    if (keys->failed || present->failed || query->failed) {
        return tni_memory_fail(session->env.memory, keys->length, error);
    }
    if (statement->is_unique) {
        TNI_TRY(tni_keys_check(session, table, keys->data, query->data, error));
    }
    return tni_catalog_put_index(session->db->catalog,
                                 statement->alias == NULL ? "" : statement->alias,
                                 table->source.name, keys->data, query->data, error);
}

TNI_FN trueno_status tni_create_index_of(tni_session *session, const tni_ast_statement *statement,
                                         tni_table *table, tni_error *error) {
    tni_text keys, present, query;
    tni_plan *plan;
    trueno_status status;
    if (statement->alias != NULL && statement->if_not_exists &&
        tni_catalog_has_index(session->db->catalog, statement->alias)) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_session_bind(session, statement->query, &plan, error)); /* it must make sense */
    tni_text_init(&keys, session->env.memory);
    tni_text_init(&present, session->env.memory);
    tni_text_init(&query, session->env.memory);
    status = tni_index_put(session, statement, table, &keys, &present, &query, error);
    if (status != TRUENO_OK && error->position == TNI_NO_POSITION) {
        error->position = statement->name_position;
    }
    tni_text_free(&keys);
    tni_text_free(&present);
    tni_text_free(&query);
    return status;
}
