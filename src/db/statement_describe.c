/*
 * statement_describe.c - statements that tell about data: DESCRIBE, SUMMARIZE, SHOW, EXPLAIN.
 */
#include "db/database.h"

static tni_value tni_describe_text(tni_session *session, const char *text) {
    size_t n = strlen(text);
    char *copy = tni_arena_text(&session->arena, text, n);
    tni_type type = tni_type_make(TRUENO_TYPE_VARCHAR);
    return copy == NULL ? tni_value_null(type) : tni_value_string(type, tni_string_make(copy, n));
}

/* `"name"`, so that any name can stand in SQL text. */
static void tni_describe_identifier(tni_text *sql, const char *name) {
    tni_text_char(sql, '"');
    for (; *name != '\0'; name++) {
        if (*name == '"') {
            tni_text_char(sql, '"');
        }
        tni_text_char(sql, *name);
    }
    tni_text_char(sql, '"');
}

/* What a DESCRIBE or SUMMARIZE is about, as SQL for a FROM clause. */
static void tni_describe_source(const tni_session *session, const tni_ast_statement *statement,
                                tni_text *sql) {
    const char *p;
    if (statement->query != NULL) {
        size_t start = statement->query->position;
        tni_text_char(sql, '(');
        tni_text_append(sql, session->sql + start, statement->end - start);
        tni_text_char(sql, ')');
    } else if (statement->name_is_path) {
        tni_text_char(sql, '\'');
        for (p = statement->name; *p != '\0'; p++) {
            if (*p == '\'') {
                tni_text_char(sql, '\'');
            }
            tni_text_char(sql, *p);
        }
        tni_text_char(sql, '\'');
    } else {
        tni_describe_identifier(sql, statement->name);
    }
}

/* Parse SQL that this file composed and bind its query. Errors point at the statement. */
static trueno_status tni_describe_bind(tni_session *session, const tni_ast_statement *statement,
                                       tni_text *sql, tni_plan **out, tni_error *error) {
    tni_ast_statement *parsed = NULL;
    char *copy;
    trueno_status status;
    if (sql->failed) {
        return tni_memory_fail(session->env.memory, sql->length, error);
    }
    copy = tni_arena_text(&session->arena, sql->data, sql->length);
    if (copy == NULL) {
        return tni_memory_fail(session->env.memory, sql->length, error);
    }
    status = tni_parse(&session->arena, copy, sql->length,
                       session->env.limits->expression_depth + 10, &parsed, error);
    if (status == TRUENO_OK) {
        status = tni_session_bind(session, parsed->query, out, error);
    }
    if (status != TRUENO_OK) {
        error->position = statement->name != NULL ? statement->name_position : statement->position;
    }
    return status;
}

TNI_FN trueno_status tni_statement_describe(tni_session *session,
                                            const tni_ast_statement *statement,
                                            trueno_result *result, tni_error *error) {
    static const char *const names[] = {"column_name", "column_type", "null",
                                        "key",         "default",     "extra"};
    tni_type types[6];
    tni_value *values;
    tni_plan *plan = NULL;
    tni_text sql;
    trueno_status status;
    uint32_t i, j;
    tni_text_init(&sql, session->env.memory);
    tni_text_add(&sql, "SELECT * FROM ");
    tni_describe_source(session, statement, &sql);
    status = statement->query != NULL && statement->name == NULL
                 ? tni_session_bind(session, statement->query, &plan, error)
                 : tni_describe_bind(session, statement, &sql, &plan, error);
    tni_text_free(&sql);
    TNI_TRY(status);
    values = (tni_value *)tni_arena_alloc(&session->arena,
                                          TNI_MAX(plan->column_count, 1u) * 6 * sizeof *values);
    if (values == NULL) {
        return tni_memory_fail(session->env.memory, plan->column_count * 6 * sizeof *values, error);
    }
    for (j = 0; j < 6; j++) {
        types[j] = tni_type_make(TRUENO_TYPE_VARCHAR);
    }
    for (i = 0; i < plan->column_count; i++) {
        char type[40];
        (void)tni_type_print(plan->types[i], type);
        for (j = 0; j < 6; j++) {
            values[i * 6 + j] = tni_value_null(types[j]);
        }
        values[i * 6] = tni_describe_text(session, plan->names[i]);
        values[i * 6 + 1] = tni_describe_text(session, type);
        values[i * 6 + 2] = tni_describe_text(session, "YES");
    }
    return tni_session_values(session, names, types, 6, values, plan->column_count, result, error);
}

/* --------------------------------------------------------------------------- summarize --- */

#define TNI_SUMMARY_COLUMNS 12u /* of the answer */
#define TNI_SUMMARY_ITEMS 9u    /* aggregates a column: see the loop below */

/* , function(column)::VARCHAR */
static void tni_summary_text(tni_text *sql, const char *function, const char *name) {
    tni_text_format(sql, ", %s(", function);
    tni_describe_identifier(sql, name);
    tni_text_add(sql, ")::VARCHAR");
}

/* The quartiles, as values of the column's own type. */
static void tni_summary_quartiles(tni_text *sql, const char *name, tni_type type) {
    static const char *const cuts[] = {"0.25", "0.5", "0.75"};
    char own[40];
    int i;
    (void)tni_type_print(type, own);
    for (i = 0; i < 3; i++) {
        tni_text_add(sql, ", TRY_CAST(quantile_cont(");
        tni_describe_identifier(sql, name);
        tni_text_format(sql, "%s, %s) AS %s)::VARCHAR",
                        tni_type_is_numeric(type) ? "::DOUBLE" : "", cuts[i], own);
    }
}

static void tni_summary_items(tni_text *sql, const char *name, tni_type type) {
    bool numeric = tni_type_is_numeric(type);
    bool moment = type.id == TRUENO_TYPE_DATE || tni_type_is_timestamp(type);
    tni_summary_text(sql, "min", name);
    tni_summary_text(sql, "max", name);
    tni_text_add(sql, ", approx_count_distinct(");
    tni_describe_identifier(sql, name);
    tni_text_char(sql, ')');
    if (numeric || moment) {
        tni_summary_text(sql, "avg", name);
    } else {
        tni_text_add(sql, ", NULL");
    }
    if (numeric) {
        tni_summary_text(sql, "stddev", name);
    } else {
        tni_text_add(sql, ", NULL");
    }
    if (numeric || moment || type.id == TRUENO_TYPE_TIME) {
        tni_summary_quartiles(sql, name, type);
    } else {
        tni_text_add(sql, ", NULL, NULL, NULL");
    }
    tni_text_add(sql, ", count(");
    tni_describe_identifier(sql, name);
    tni_text_char(sql, ')');
}

static trueno_status tni_summary_answer(tni_session *session, const tni_plan *columns,
                                        const tni_collection *rows, trueno_result *result,
                                        tni_error *error) {
    static const char *const names[TNI_SUMMARY_COLUMNS] = {
        "column_name", "column_type", "min", "max", "approx_unique", "avg",
        "std",         "q25",         "q50", "q75", "count",         "null_percentage"};
    tni_type types[TNI_SUMMARY_COLUMNS];
    tni_value *values = (tni_value *)tni_arena_alloc(
        &session->arena, TNI_MAX(columns->column_count, 1u) * TNI_SUMMARY_COLUMNS * sizeof *values);
    int64_t total = tni_collection_value(rows, 0, 0).as.integer;
    uint32_t i, j;
    if (values == NULL) {
        return tni_memory_fail(session->env.memory, sizeof *values, error);
    }
    for (j = 0; j < TNI_SUMMARY_COLUMNS; j++) {
        types[j] = tni_type_make(TRUENO_TYPE_VARCHAR);
    }
    types[4] = types[10] = tni_type_make(TRUENO_TYPE_BIGINT);
    types[11] = tni_type_decimal(9, 2);
    for (i = 0; i < columns->column_count; i++) {
        tni_value *row = values + (size_t)i * TNI_SUMMARY_COLUMNS;
        char type[40];
        int64_t present;
        (void)tni_type_print(columns->types[i], type);
        row[0] = tni_describe_text(session, columns->names[i]);
        row[1] = tni_describe_text(session, type);
        for (j = 0; j < TNI_SUMMARY_ITEMS - 1; j++) {
            row[2 + j] = tni_collection_value(rows, 0, 1 + i * TNI_SUMMARY_ITEMS + j);
        }
        present = tni_collection_value(rows, 0, (i + 1) * TNI_SUMMARY_ITEMS).as.integer;
        row[10] = tni_value_i64(types[10], total);
        row[11] = tni_value_null(types[11]);
        if (total > 0) {
            double percent = (double)(total - present) / (double)total * 10000.0;
            row[11] = tni_value_i64(types[11], (int64_t)tni_round(percent));
        }
    }
    return tni_session_values(session, names, types, TNI_SUMMARY_COLUMNS, values,
                              columns->column_count, result, error);
}

TNI_FN trueno_status tni_statement_summarize(tni_session *session,
                                             const tni_ast_statement *statement,
                                             trueno_result *result, tni_error *error) {
    tni_plan *columns = NULL;
    tni_plan *plan = NULL;
    tni_collection *rows = NULL;
    tni_text sql;
    trueno_status status;
    uint32_t i;
    tni_text_init(&sql, session->env.memory);
    tni_text_add(&sql, "SELECT * FROM ");
    tni_describe_source(session, statement, &sql);
    status = tni_describe_bind(session, statement, &sql, &columns, error);
    if (status == TRUENO_OK) {
        tni_text_clear(&sql);
        tni_text_add(&sql, "SELECT count(*)");
        for (i = 0; i < columns->column_count; i++) {
            tni_summary_items(&sql, columns->names[i], columns->types[i]);
        }
        tni_text_add(&sql, " FROM ");
        tni_describe_source(session, statement, &sql);
        status = tni_describe_bind(session, statement, &sql, &plan, error);
    }
    tni_text_free(&sql);
    TNI_TRY(status);
    TNI_TRY(tni_run_collect(&session->run, plan, &rows, error));
    status = tni_summary_answer(session, columns, rows, result, error);
    tni_collection_release(rows);
    return status;
}

/* -------------------------------------------------------------------------------- show --- */

typedef struct tni_show_state {
    tni_session *session;
    tni_value *values;
    uint64_t count, capacity;
    uint32_t columns;
    const char *wanted; /* SHOW setting: its name */
    bool failed;
} tni_show_state;

static tni_value *tni_show_row(tni_show_state *state) {
    tni_value *row;
    if (state->count == state->capacity) {
        uint64_t capacity = state->capacity * 2 + 16;
        tni_value *grown = (tni_value *)tni_arena_alloc(
            &state->session->arena, (size_t)capacity * state->columns * sizeof *grown);
        if (grown == NULL) {
            state->failed = true;
            return NULL;
        }
        if (state->count > 0) {
            memcpy(grown, state->values, (size_t)state->count * state->columns * sizeof *grown);
        }
        state->values = grown;
        state->capacity = capacity;
    }
    row = state->values + state->count * state->columns;
    state->count++;
    return row;
}

static void tni_show_table(void *user, const tni_table *table, const tni_view *view) {
    tni_show_state *state = (tni_show_state *)user;
    tni_value *row = tni_show_row(state);
    if (row != NULL) {
        row[0] = tni_describe_text(state->session,
                                   table != NULL ? table->source.name : view->name);
    }
}

static bool tni_show_setting(void *user, const char *name, const char *value, const char *doc) {
    tni_show_state *state = (tni_show_state *)user;
    tni_value *row;
    if (state->wanted != NULL && !tni_name_equal(state->wanted, name)) {
        return true;
    }
    row = tni_show_row(state);
    if (row == NULL) {
        return false;
    }
    row[0] = tni_describe_text(state->session, name);
    row[1] = tni_describe_text(state->session, value);
    row[2] = tni_describe_text(state->session, doc);
    return true;
}

static bool tni_show_names_table(tni_session *session, const char *name) {
    tni_table *table;
    tni_view *view;
    bool found;
    tni_catalog_find(session->db->catalog, name, &table, &view);
    found = table != NULL || view != NULL;
    if (table != NULL) {
        tni_source_release(&table->source);
    }
    tni_view_release(view);
    return found;
}

TNI_FN trueno_status tni_statement_show(tni_session *session, const tni_ast_statement *statement,
                                        trueno_result *result, tni_error *error) {
    static const char *const table_names[] = {"name"};
    static const char *const setting_names[] = {"name", "value", "description"};
    bool tables = statement->kind == TNI_STATEMENT_SHOW_TABLES;
    tni_show_state state;
    tni_type types[3];
    uint32_t i;
    memset(&state, 0, sizeof state);
    state.session = session;
    state.columns = tables ? 1 : 3;
    for (i = 0; i < 3; i++) {
        types[i] = tni_type_make(TRUENO_TYPE_VARCHAR);
    }
    if (tables) {
        tni_catalog_visit(session->db->catalog, tni_show_table, &state);
    } else {
        bool all = statement->name == NULL || tni_name_equal(statement->name, "all");
        state.wanted = all ? NULL : statement->name;
        tni_settings_visit(session->db, tni_show_setting, &state);
        if (state.count == 0 && !all) { /* SHOW t describes a table */
            return tni_show_names_table(session, statement->name)
                       ? tni_statement_describe(session, statement, result, error)
                       : tni_fail_at(error, TRUENO_ERROR_CATALOG, statement->name_position,
                                     "there is no setting and no table \"%s\"", statement->name);
        }
    }
    if (state.failed) {
        return tni_memory_fail(session->env.memory, 1024, error);
    }
    return tni_session_values(session, tables ? table_names : setting_names, types, state.columns,
                              state.values, state.count, result, error);
}

/* ----------------------------------------------------------------------------- explain --- */

static void tni_explain_pipelines(const tni_session *session, tni_text *text) {
    uint32_t i;
    for (i = 0; i < session->run.pipeline_count; i++) {
        const trueno_pipeline_info *p = &session->run.pipelines[i];
        tni_text_format(text, "pipeline %u: %s\n", i + 1, p->name);
        tni_text_format(text, "    %.3f ms, %llu rows in, %llu rows out, %llu bytes read\n",
                        p->seconds * 1e3, (unsigned long long)p->rows_in,
                        (unsigned long long)p->rows_out, (unsigned long long)p->bytes_read);
        tni_text_format(text, "    backend %s: %s\n", p->backend, p->reason);
        if (p->transfer_ms > 0 || p->compile_ms > 0) {
            tni_text_format(text, "    transfer %.3f ms, building %.3f ms, computing %.3f ms\n",
                            p->transfer_ms, p->compile_ms, p->compute_ms);
        }
    }
}

/* Where the input of each aggregation and top-k would run; depth is bounded by the binder. */
static void tni_explain_choices(tni_session *session, const tni_plan *plan, tni_text *text) {
    tni_accelerator *accelerator = session->run.accelerator;
    for (; plan != NULL && accelerator != NULL; plan = plan->input) {
        const char *what = plan->kind == TNI_PLAN_AGGREGATE ? "aggregate" : "top rows";
        tni_choice choice;
        if (plan->second != NULL) {
            tni_explain_choices(session, plan->second, text);
        }
        if (plan->kind != TNI_PLAN_AGGREGATE &&
            (plan->kind != TNI_PLAN_ORDER || plan->limit == TNI_NO_LIMIT)) {
            continue;
        }
        accelerator->ops->choose(accelerator, &session->run, plan, &choice);
        if (choice.gpu || choice.gpu_ms >= 0) {
            tni_text_format(text, "%s on the %s: %s\n", what,
                            choice.shared ? "GPU and the processor"
                            : choice.gpu  ? "GPU"
                                          : "processor",
                            choice.reason);
        } else {
            tni_text_format(text, "%s on the processor, %.3f ms predicted: %s\n", what,
                            TNI_MAX(choice.cpu_ms, 0.0), choice.reason);
        }
    }
}

TNI_FN trueno_status tni_statement_explain(tni_session *session,
                                           const tni_ast_statement *statement,
                                           trueno_result *result, tni_error *error) {
    static const char *const names[] = {"explain_key", "explain_value"};
    const tni_ast_statement *inner = statement->inner;
    tni_type types[2];
    tni_value values[2];
    tni_plan *plan;
    tni_text text;
    trueno_status status = TRUENO_OK;
    if (inner == NULL || inner->query == NULL ||
        (inner->kind != TNI_STATEMENT_QUERY && inner->kind != TNI_STATEMENT_CREATE_TABLE)) {
        return tni_fail_at(error, TRUENO_ERROR_UNSUPPORTED, statement->position,
                           "EXPLAIN is supported for queries");
    }
    TNI_TRY(tni_session_bind(session, inner->query, &plan, error));
    tni_text_init(&text, session->env.memory);
    tni_plan_print(plan, &text);
    if (statement->analyze) {
        tni_collection *rows = NULL;
        session->run.analyze = true;
        status = tni_run_collect(&session->run, plan, &rows, error);
        tni_collection_release(rows);
        if (status == TRUENO_OK) {
            tni_explain_pipelines(session, &text);
            tni_text_format(&text, "parse and plan %.3f ms, total %.3f ms, %u threads, "
                                   "peak memory %lld bytes, spilled %lld bytes\n",
                            (session->parse_seconds + session->plan_seconds) * 1e3,
                            (double)(tni_clock_nanoseconds() - session->started) * 1e-6,
                            session->env.threads,
                            (long long)tni_atomic_load_i64(&session->env.memory->peak),
                            (long long)tni_atomic_load_i64(&session->env.spilled_bytes));
        }
    } else {
        tni_explain_choices(session, plan, &text);
    }
    if (status == TRUENO_OK && text.failed) {
        status = tni_memory_fail(session->env.memory, text.length, error);
    }
    if (status == TRUENO_OK) {
        types[0] = types[1] = tni_type_make(TRUENO_TYPE_VARCHAR);
        values[0] = tni_describe_text(session, statement->analyze ? "analyzed_plan" : "plan");
        values[1] = tni_describe_text(session, text.data == NULL ? "" : text.data);
        status = tni_session_values(session, names, types, 2, values, 1, result, error);
    }
    tni_text_free(&text);
    return status;
}

#undef TNI_SUMMARY_COLUMNS
#undef TNI_SUMMARY_ITEMS
