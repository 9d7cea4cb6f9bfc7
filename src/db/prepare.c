/*
 * prepare.c - statements with parameters.
 *
 * Preparing parses and, to find mistakes early, binds with parameters of unknown type. Executing
 * binds again with the values' types, so a plan always fits its values; planning takes
 * microseconds.
 */
#include "db/database.h"

#define TNI_MOST_PARAMETERS 65535u

static void tni_stmt_release_text(trueno_stmt *stmt, uint32_t index) {
    tni_free(&stmt->db->account->memory, stmt->texts[index], stmt->text_sizes[index]);
    stmt->texts[index] = NULL;
    stmt->text_sizes[index] = 0;
}

TRUENO_API void trueno_stmt_free(trueno_stmt *stmt) {
    tni_memory *memory;
    uint32_t i;
    if (stmt == NULL) {
        return;
    }
    memory = &stmt->db->account->memory;
    for (i = 0; stmt->texts != NULL && stmt->text_sizes != NULL && i < stmt->parameter_count; i++) {
        tni_stmt_release_text(stmt, i);
    }
    tni_free(memory, stmt->texts, stmt->parameter_count * sizeof *stmt->texts);
    tni_free(memory, stmt->text_sizes, stmt->parameter_count * sizeof *stmt->text_sizes);
    tni_free(memory, stmt->values, stmt->parameter_count * sizeof *stmt->values);
    tni_free(memory, stmt->names, stmt->parameter_count * sizeof *stmt->names);
    tni_free(memory, stmt->sql, stmt->length + 1);
    tni_arena_free(&stmt->arena);
    tni_free(memory, stmt, sizeof *stmt);
}

static trueno_status tni_prepare_parse(trueno_stmt *stmt, tni_error *error) {
    trueno_db *db = stmt->db;
    tni_memory *memory = &db->account->memory;
    tni_ast_statement *statement;
    const tni_ast_name *name;
    uint32_t i;
    if (stmt->length > db->config.limits.sql_bytes) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "the SQL text has %zu bytes, the limit is %u",
                        stmt->length, db->config.limits.sql_bytes);
    }
    TNI_TRY(tni_parse(&stmt->arena, stmt->sql, stmt->length, db->config.limits.expression_depth,
                      &stmt->statement, error));
    statement = stmt->statement;
    if (statement == NULL || statement->next != NULL) {
        return tni_fail_at(error, TRUENO_ERROR_MISUSE,
                           statement == NULL ? 0 : statement->next->position,
                           "trueno_prepare takes exactly one statement");
    }
    if (statement->parameter_count > TNI_MOST_PARAMETERS) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "more than %u parameters", TNI_MOST_PARAMETERS);
    }
    stmt->parameter_count = statement->parameter_count;
    if (stmt->parameter_count == 0) {
        return TRUENO_OK;
    }
    stmt->values =
        (tni_value *)tni_alloc_zero(memory, stmt->parameter_count * sizeof *stmt->values);
    stmt->texts = (char **)tni_alloc_zero(memory, stmt->parameter_count * sizeof *stmt->texts);
    stmt->text_sizes =
        (size_t *)tni_alloc_zero(memory, stmt->parameter_count * sizeof *stmt->text_sizes);
    stmt->names =
        (const char **)tni_alloc_zero(memory, stmt->parameter_count * sizeof *stmt->names);
    if (stmt->values == NULL || stmt->texts == NULL || stmt->text_sizes == NULL ||
        stmt->names == NULL) {
        return tni_memory_fail(memory, stmt->parameter_count * sizeof *stmt->values, error);
    }
    for (i = 0; i < stmt->parameter_count; i++) {
        stmt->values[i] = tni_value_null(tni_type_make(TRUENO_TYPE_NULL));
    }
    i = 0;
    for (name = statement->parameters; name != NULL && i < stmt->parameter_count;
         name = name->next) {
        stmt->names[i++] = name->name;
    }
    return TRUENO_OK;
}

/* Bind once without values: unknown names and functions are found now. */
static trueno_status tni_prepare_check(trueno_stmt *stmt, tni_error *error) {
    tni_session session;
    tni_plan *plan;
    trueno_status status = TRUENO_OK;
    if (stmt->statement->kind != TNI_STATEMENT_QUERY) {
        return TRUENO_OK;
    }
    tni_session_begin(&session, stmt->db, stmt->sql, stmt->length);
    session.bind.parameter_count = stmt->parameter_count;
    status = tni_session_bind(&session, stmt->statement->query, &plan, error);
    tni_session_end(&session);
    return status;
}

TRUENO_API trueno_status trueno_prepare(trueno_db *db, const char *sql, trueno_stmt **out) {
    tni_memory *memory;
    trueno_stmt *stmt;
    tni_error error;
    trueno_status status;
    if (out == NULL) {
        return TRUENO_ERROR_MISUSE;
    }
    *out = NULL;
    if (db == NULL) {
        return TRUENO_ERROR_MISUSE;
    }
    memory = &db->account->memory;
    tni_error_clear(&error);
    if (sql == NULL) {
        status = tni_fail(&error, TRUENO_ERROR_MISUSE, "trueno_prepare needs SQL text");
        return tni_database_remember(db, &error, status);
    }
    stmt = (trueno_stmt *)tni_alloc_zero(memory, sizeof *stmt);
    if (stmt == NULL) {
        status = tni_memory_fail(memory, sizeof *stmt, &error);
        return tni_database_remember(db, &error, status);
    }
    stmt->db = db;
    tni_arena_init(&stmt->arena, memory);
    stmt->length = strlen(sql);
    stmt->sql = (char *)tni_alloc(memory, stmt->length + 1);
    if (stmt->sql == NULL) {
        status = tni_memory_fail(memory, stmt->length + 1, &error);
    } else {
        memcpy(stmt->sql, sql, stmt->length + 1);
        status = tni_prepare_parse(stmt, &error);
        if (status == TRUENO_OK) {
            status = tni_prepare_check(stmt, &error);
        }
    }
    status = tni_database_remember(db, &error, status);
    if (status != TRUENO_OK) {
        trueno_stmt_free(stmt);
        return status;
    }
    *out = stmt;
    return TRUENO_OK;
}

TRUENO_API uint32_t trueno_stmt_parameter_count(const trueno_stmt *stmt) {
    return stmt == NULL ? 0 : stmt->parameter_count;
}

TRUENO_API uint32_t trueno_bind_index(const trueno_stmt *stmt, const char *name) {
    uint32_t i;
    if (stmt == NULL || name == NULL) {
        return 0;
    }
    name += name[0] == '$' || name[0] == ':' || name[0] == '@' ? 1 : 0;
    for (i = 0; i < stmt->parameter_count; i++) {
        if (stmt->names[i] != NULL && tni_name_equal(stmt->names[i], name)) {
            return i + 1;
        }
    }
    return 0;
}

/* A binding that failed, readable through trueno_error. */
static trueno_status tni_bind_fail(trueno_stmt *stmt, trueno_status status, const char *why) {
    tni_error error;
    tni_error_clear(&error);
    return tni_database_remember(stmt->db, &error, tni_fail(&error, status, "%s", why));
}

static trueno_status tni_bind_place(trueno_stmt *stmt, uint32_t index) {
    if (stmt == NULL) {
        return TRUENO_ERROR_MISUSE;
    }
    return index > 0 && index <= stmt->parameter_count
               ? TRUENO_OK
               : tni_bind_fail(stmt, TRUENO_ERROR_MISUSE, "the statement has no such parameter");
}

static trueno_status tni_bind_value(trueno_stmt *stmt, uint32_t index, const tni_value *value) {
    TNI_TRY(tni_bind_place(stmt, index));
    tni_stmt_release_text(stmt, index - 1);
    stmt->values[index - 1] = *value;
    return TRUENO_OK;
}

TRUENO_API trueno_status trueno_bind_null(trueno_stmt *stmt, uint32_t index) {
    tni_value value = tni_value_null(tni_type_make(TRUENO_TYPE_NULL));
    return tni_bind_value(stmt, index, &value);
}

TRUENO_API trueno_status trueno_bind_bool(trueno_stmt *stmt, uint32_t index, bool v) {
    tni_value value = tni_value_null(tni_type_make(TRUENO_TYPE_BOOLEAN));
    value.is_null = false;
    value.as.boolean = v;
    return tni_bind_value(stmt, index, &value);
}

TRUENO_API trueno_status trueno_bind_int64(trueno_stmt *stmt, uint32_t index, int64_t v) {
    tni_value value = tni_value_i64(tni_type_make(TRUENO_TYPE_BIGINT), v);
    return tni_bind_value(stmt, index, &value);
}

TRUENO_API trueno_status trueno_bind_double(trueno_stmt *stmt, uint32_t index, double v) {
    tni_value value = tni_value_double(tni_type_make(TRUENO_TYPE_DOUBLE), v);
    return tni_bind_value(stmt, index, &value);
}

static trueno_status tni_bind_bytes(trueno_stmt *stmt, uint32_t index, trueno_type type,
                                    const void *data, size_t length) {
    tni_value value;
    char *copy;
    TNI_TRY(tni_bind_place(stmt, index));
    if ((data == NULL && length > 0) || length >= UINT32_MAX) {
        return tni_bind_fail(stmt, TRUENO_ERROR_MISUSE, "the value is NULL or too long");
    }
    if (type == TRUENO_TYPE_VARCHAR && !tni_utf8_valid(data, length)) {
        return tni_bind_fail(stmt, TRUENO_ERROR_INVALID, "the text is not valid UTF-8");
    }
    copy = (char *)tni_alloc(&stmt->db->account->memory, length + 1);
    if (copy == NULL) {
        return tni_bind_fail(stmt, TRUENO_ERROR_MEMORY, "out of memory: a value does not fit");
    }
    if (length > 0) {
        memcpy(copy, data, length);
    }
    value = tni_value_string(tni_type_make(type), tni_string_make(copy, length));
    (void)tni_bind_value(stmt, index, &value);
    stmt->texts[index - 1] = copy;
    stmt->text_sizes[index - 1] = length + 1;
    return TRUENO_OK;
}

TRUENO_API trueno_status trueno_bind_text(trueno_stmt *stmt, uint32_t index, const char *text,
                                          size_t length) {
    return tni_bind_bytes(stmt, index, TRUENO_TYPE_VARCHAR, text, length);
}

TRUENO_API trueno_status trueno_bind_blob(trueno_stmt *stmt, uint32_t index, const void *data,
                                          size_t length) {
    return tni_bind_bytes(stmt, index, TRUENO_TYPE_BLOB, data, length);
}

TRUENO_API trueno_result *trueno_execute(trueno_stmt *stmt) {
    trueno_result *result = tni_result_new(stmt == NULL ? NULL : stmt->db->account);
    tni_session session;
    tni_error error;
    trueno_status status;
    tni_error_clear(&error);
    if (stmt == NULL) {
        (void)tni_fail(&error, TRUENO_ERROR_MISUSE, "trueno_execute needs a statement");
        tni_result_fail(result, &error, NULL, 0);
        return result;
    }
    tni_session_begin(&session, stmt->db, stmt->sql, stmt->length);
    session.parameters = session.bind.parameters = stmt->values;
    session.parameter_count = session.bind.parameter_count = stmt->parameter_count;
    status = tni_result_is_constant(result)
                 ? tni_memory_fail(session.env.memory, sizeof *result, &error)
                 : tni_session_execute(&session, stmt->statement, result, &error);
    if (status != TRUENO_OK) {
        tni_memory_explain(session.env.memory, &error);
        if (error.status == TRUENO_OK) {
            (void)tni_fail(&error, TRUENO_ERROR_INTERNAL, "failed without a message");
        }
        tni_result_fail(result, &error, stmt->sql, stmt->length);
    }
    tni_session_end(&session);
    return result;
}

#undef TNI_MOST_PARAMETERS
