/*
 * statement_settings.c - SET, PRAGMA and RESET: one table of settings.
 */
#include "db/database.h"

typedef enum tni_setting_id {
    TNI_SETTING_INTEGER_DIVISION,
    TNI_SETTING_NULL_ORDER,
    TNI_SETTING_ORDER,
    TNI_SETTING_THREADS,
    TNI_SETTING_MEMORY_LIMIT,
    TNI_SETTING_RELAXED,
    TNI_SETTING_TEMP_DIRECTORY
} tni_setting_id;

typedef struct tni_setting {
    const char *name;
    tni_setting_id id;
    const char *doc;
} tni_setting;

static const tni_setting tni_setting_table[] = {
    {"default_null_order", TNI_SETTING_NULL_ORDER, "where NULLs sort: nulls_last, nulls_first"},
    {"default_order", TNI_SETTING_ORDER, "direction of ORDER BY without one: asc, desc"},
    {"integer_division", TNI_SETTING_INTEGER_DIVISION, "7 / 2 is 3 instead of 3.5"},
    {"max_memory", TNI_SETTING_MEMORY_LIMIT, "the same as memory_limit"},
    {"memory_limit", TNI_SETTING_MEMORY_LIMIT, "most memory in use: '4GB', '512MiB'"},
    {"null_order", TNI_SETTING_NULL_ORDER, "the same as default_null_order"},
    {"relaxed", TNI_SETTING_RELAXED,
     "the GPU may round division of floats, FLOAT, roots, exp, sin ... less exactly"},
    {"temp_directory", TNI_SETTING_TEMP_DIRECTORY, "where operators spill (set when opening)"},
    {"threads", TNI_SETTING_THREADS, "threads a query may use, up to those given when opening"},
    {"worker_threads", TNI_SETTING_THREADS, "the same as threads"},
};

static void tni_setting_value(trueno_db *db, tni_setting_id id, tni_text *out) {
    switch (id) {
    case TNI_SETTING_INTEGER_DIVISION:
        tni_text_add(out, db->settings.integer_division ? "true" : "false");
        break;
    case TNI_SETTING_NULL_ORDER:
        tni_text_add(out, db->settings.nulls_first ? "nulls_first" : "nulls_last");
        break;
    case TNI_SETTING_ORDER: tni_text_add(out, db->settings.descending ? "desc" : "asc"); break;
    case TNI_SETTING_THREADS: tni_text_format(out, "%u", db->threads); break;
    case TNI_SETTING_MEMORY_LIMIT:
        tni_text_format(out, "%lld", (long long)db->account->memory.limit);
        break;
    case TNI_SETTING_RELAXED: tni_text_add(out, db->settings.relaxed ? "true" : "false"); break;
    case TNI_SETTING_TEMP_DIRECTORY:
        tni_text_add(out, db->temp_directory == NULL ? "" : db->temp_directory);
        break;
    }
}

TNI_FN void tni_settings_visit(trueno_db *db, bool (*visit)(void *user, const char *name,
                                                            const char *value, const char *doc),
                               void *user) {
    tni_text text;
    size_t i;
    tni_text_init(&text, &db->account->memory);
    for (i = 0; i < TNI_COUNT_OF(tni_setting_table); i++) {
        const tni_setting *s = &tni_setting_table[i];
        tni_text_clear(&text);
        tni_mutex_lock(&db->mutex);
        tni_setting_value(db, s->id, &text);
        tni_mutex_unlock(&db->mutex);
        if (!visit(user, s->name, text.data == NULL || text.failed ? "" : text.data, s->doc)) {
            break;
        }
    }
    tni_text_free(&text);
}

/* ------------------------------------------------------------------------------ parsing --- */

/* "512MiB", "4GB", "1000000" in bytes. */
static bool tni_parse_bytes(const char *text, size_t length, uint64_t *out) {
    static const struct {
        const char *unit;
        uint64_t factor;
    } units[] = {{"b", 1},           {"kb", 1000},          {"mb", 1000000},
                 {"gb", 1000000000}, {"tb", 1000000000000}, {"kib", 1u << 10},
                 {"mib", 1u << 20},  {"gib", 1u << 30},     {"tib", UINT64_C(1) << 40}};
    size_t digits = 0, start, i;
    double number;
    while (digits < length && ((text[digits] >= '0' && text[digits] <= '9') ||
                               text[digits] == '.')) {
        digits++;
    }
    if (!tni_parse_double(text, digits, &number)) {
        return false;
    }
    for (start = digits; start < length && text[start] == ' '; start++) {
    }
    if (start == length) {
        *out = (uint64_t)number;
        return number >= 1 && number < 9e18;
    }
    for (i = 0; i < TNI_COUNT_OF(units); i++) {
        if (tni_name_equal_n(text + start, length - start, units[i].unit,
                             strlen(units[i].unit))) {
            number *= (double)units[i].factor;
            *out = (uint64_t)number;
            return number >= 1 && number < 9e18;
        }
    }
    return false;
}

static trueno_status tni_setting_refuse(const tni_ast_statement *statement, const char *wants,
                                        tni_error *error) {
    return tni_fail_at(error, TRUENO_ERROR_INVALID,
                       statement->options != NULL ? statement->options->position
                                                  : statement->name_position,
                       "%s takes %s", statement->name, wants);
}

static trueno_status tni_setting_unknown(const tni_ast_statement *statement, tni_error *error) {
    const char *best = NULL;
    uint32_t distance = 5;
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(tni_setting_table); i++) {
        uint32_t d = tni_edit_distance(statement->name, tni_setting_table[i].name, distance);
        if (d < distance) {
            distance = d;
            best = tni_setting_table[i].name;
        }
    }
    return tni_fail_at(error, TRUENO_ERROR_CATALOG, statement->name_position,
                       "there is no setting \"%s\"%s%s%s", statement->name,
                       best != NULL ? "; did you mean \"" : "", best != NULL ? best : "",
                       best != NULL ? "\"?" : "");
}

static trueno_status tni_setting_apply(tni_session *session, const tni_ast_statement *statement,
                                       tni_setting_id id, const char *text, size_t length,
                                       tni_error *error) {
    trueno_db *db = session->db;
    uint64_t number;
    int64_t count;
    bool flag;
    switch (id) {
    case TNI_SETTING_INTEGER_DIVISION:
    case TNI_SETTING_RELAXED:
        if (!tni_parse_bool(text, length, &flag)) {
            return tni_setting_refuse(statement, "true or false", error);
        }
        *(id == TNI_SETTING_RELAXED ? &db->settings.relaxed : &db->settings.integer_division) =
            flag;
        return TRUENO_OK;
    case TNI_SETTING_NULL_ORDER:
        flag = tni_name_equal_n(text, length, "nulls_first", 11) ||
               tni_name_equal_n(text, length, "first", 5);
        if (!flag && !tni_name_equal_n(text, length, "nulls_last", 10) &&
            !tni_name_equal_n(text, length, "last", 4)) {
            return tni_setting_refuse(statement, "nulls_first or nulls_last", error);
        }
        db->settings.nulls_first = flag;
        return TRUENO_OK;
    case TNI_SETTING_ORDER:
        flag = tni_name_equal_n(text, length, "desc", 4);
        if (!flag && !tni_name_equal_n(text, length, "asc", 3)) {
            return tni_setting_refuse(statement, "asc or desc", error);
        }
        db->settings.descending = flag;
        return TRUENO_OK;
    case TNI_SETTING_THREADS:
        if (!tni_parse_i64(text, length, &count) || count < 1) {
            return tni_setting_refuse(statement, "a number from 1", error);
        }
        db->threads = (uint32_t)TNI_MIN(count, (int64_t)db->config.threads);
        return TRUENO_OK;
    case TNI_SETTING_MEMORY_LIMIT:
        if (!tni_parse_bytes(text, length, &number)) {
            return tni_setting_refuse(statement, "bytes, like '4GB' or '512MiB'", error);
        }
        db->account->memory.limit = (int64_t)number;
        return TRUENO_OK;
    case TNI_SETTING_TEMP_DIRECTORY:
        return tni_fail_at(error, TRUENO_ERROR_UNSUPPORTED, statement->name_position,
                           "temp_directory is set in trueno_config when opening");
    }
    return TRUENO_OK;
}

static void tni_setting_reset(trueno_db *db, tni_setting_id id) {
    switch (id) {
    case TNI_SETTING_INTEGER_DIVISION: db->settings.integer_division = false; break;
    case TNI_SETTING_NULL_ORDER: db->settings.nulls_first = false; break;
    case TNI_SETTING_ORDER: db->settings.descending = false; break;
    case TNI_SETTING_THREADS: db->threads = db->config.threads; break;
    case TNI_SETTING_MEMORY_LIMIT:
        db->account->memory.limit = (int64_t)db->config.memory_limit;
        break;
    case TNI_SETTING_RELAXED: db->settings.relaxed = db->config.relaxed; break;
    case TNI_SETTING_TEMP_DIRECTORY: break;
    }
}

TNI_FN trueno_status tni_statement_set(tni_session *session, const tni_ast_statement *statement,
                                       tni_error *error) {
    const tni_ast_expression *given = statement->options;
    trueno_db *db = session->db;
    tni_value value;
    tni_text text;
    trueno_status status;
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(tni_setting_table) &&
                !tni_name_equal(tni_setting_table[i].name, statement->name);
         i++) {
    }
    if (i == TNI_COUNT_OF(tni_setting_table)) {
        return tni_setting_unknown(statement, error);
    }
    if (given == NULL) {
        tni_mutex_lock(&db->mutex);
        tni_setting_reset(db, tni_setting_table[i].id);
        tni_mutex_unlock(&db->mutex);
        return TRUENO_OK;
    }
    tni_text_init(&text, session->env.memory);
    if (given->kind == TNI_AST_COLUMN && given->qualifier == NULL) {
        tni_text_add(&text, given->name); /* SET default_order = desc */
    } else {
        status = tni_bind_constant(&session->bind, given, &value, error);
        if (status != TRUENO_OK) {
            tni_text_free(&text);
            return status;
        }
        tni_value_print(&value, &text);
    }
    if (text.failed) {
        status = tni_memory_fail(session->env.memory, text.length, error);
    } else {
        tni_mutex_lock(&db->mutex);
        status = tni_setting_apply(session, statement, tni_setting_table[i].id,
                                   text.data == NULL ? "" : text.data, text.length, error);
        tni_mutex_unlock(&db->mutex);
    }
    tni_text_free(&text);
    return status;
}
