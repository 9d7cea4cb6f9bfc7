/*
 * statement_copy.c - COPY TO a Parquet, CSV or JSON file, COPY FROM into a table.
 *
 * COPY TO streams: the sink asks for one worker, so chunks arrive in row order and nothing is
 * held but a writer's buffer. A file that could not be finished is removed. COPY FROM is an
 * INSERT of a scan.
 */
#include "db/database.h"

#include "format/parquet/parquet.h"
#include "format/text/text_writer.h"

typedef enum tni_copy_format { TNI_COPY_CSV, TNI_COPY_PARQUET, TNI_COPY_JSON } tni_copy_format;

typedef struct tni_copy_options {
    tni_copy_format format;
    bool has_format;
    bool gzip;
    uint8_t parquet_codec; /* FORMAT parquet: of tni_parquet_writer_set_codec */
    const char *codec; /* COMPRESSION as written, or NULL */
    uint32_t codec_position;
    int64_t group_rows; /* ROW_GROUP_SIZE, 0 when it is not given */
    uint32_t group_position;
    tni_csv_write_options csv;
    tni_json_write_options json;
} tni_copy_options;

/* ----------------------------------------------------------------------------- options --- */

/* Do the first `length` bytes of the path end so? */
static bool tni_copy_ends(const char *path, size_t length, const char *suffix) {
    size_t n = strlen(suffix);
    return length >= n && tni_name_equal_n(path + length - n, n, suffix, n);
}

static trueno_status tni_copy_option_text(tni_session *session, const tni_ast_expression *option,
                                          const char **out, tni_error *error) {
    tni_value value;
    char *text;
    if (option->kind == TNI_AST_COLUMN) {
        *out = option->name; /* FORMAT csv */
        return TRUENO_OK;
    }
    TNI_TRY(tni_bind_constant(&session->bind, option, &value, error));
    if (value.is_null || value.type.id != TRUENO_TYPE_VARCHAR) {
        return tni_fail_at(error, TRUENO_ERROR_INVALID, option->position,
                           "the option %s takes a text", option->alias);
    }
    text = tni_arena_text(&session->arena, (const char *)tni_string_data(&value.as.string),
                          value.as.string.length);
    *out = text;
    return text == NULL ? tni_memory_fail(session->env.memory, value.as.string.length, error)
                        : TRUENO_OK;
}

static trueno_status tni_copy_option_flag(tni_session *session, const tni_ast_expression *option,
                                          bool *out, tni_error *error) {
    tni_value value;
    TNI_TRY(tni_bind_constant(&session->bind, option, &value, error));
    if (value.type.id == TRUENO_TYPE_BOOLEAN && !value.is_null) {
        *out = value.as.boolean;
        return TRUENO_OK;
    }
    if (tni_type_is_integer(value.type) && !value.is_null) {
        *out = value.as.integer != 0;
        return TRUENO_OK;
    }
    return tni_fail_at(error, TRUENO_ERROR_INVALID, option->position,
                       "the option %s takes true or false", option->alias);
}

static trueno_status tni_copy_format_of(tni_session *session, const tni_ast_expression *option,
                                        tni_copy_options *out, tni_error *error) {
    const char *text;
    TNI_TRY(tni_copy_option_text(session, option, &text, error));
    out->has_format = true;
    if (tni_name_equal(text, "csv")) {
        out->format = TNI_COPY_CSV;
    } else if (tni_name_equal(text, "parquet")) {
        out->format = TNI_COPY_PARQUET;
    } else if (tni_name_equal(text, "json")) {
        out->format = TNI_COPY_JSON;
    } else {
        return tni_fail_at(error, TRUENO_ERROR_INVALID, option->position,
                           "unknown format \"%s\": csv, parquet or json", text);
    }
    return TRUENO_OK;
}

/* What only CSV knows: delimiter, quote, header, nullstr, force_quote... */
static trueno_status tni_copy_option_csv(tni_session *session, const tni_ast_expression *option,
                                         tni_copy_options *out, tni_error *error) {
    const tni_ast_expression *item =
        option->kind == TNI_AST_LIST || option->kind == TNI_AST_ROW ? option->arguments : option;
    tni_value items[256];
    tni_csv_setting setting;
    trueno_status status;
    memset(&setting, 0, sizeof setting);
    setting.items = items;
    setting.is_list = item != option;
    for (; item != NULL; item = setting.is_list ? item->next : NULL) {
        tni_value *value = &items[setting.count];
        if (setting.count == TNI_COUNT_OF(items)) {
            return tni_fail_at(error, TRUENO_ERROR_LIMIT, item->position, "too many values");
        }
        if (item->kind == TNI_AST_COLUMN && item->qualifier == NULL) {
            *value = tni_value_string(tni_type_make(TRUENO_TYPE_VARCHAR), tni_string_c(item->name));
        } else if (item->kind == TNI_AST_STAR) {
            *value = tni_value_string(tni_type_make(TRUENO_TYPE_VARCHAR), tni_string_c("*"));
        } else {
            TNI_TRY(tni_bind_constant(&session->bind, item, value, error));
        }
        setting.count++;
    }
    status = tni_csv_write_option(&out->csv, &session->arena,
                                  option->alias == NULL ? "" : option->alias, &setting, error);
    if (status != TRUENO_OK && error->position == TNI_NO_POSITION) {
        error->position = option->position;
    }
    return status;
}

/* ROW_GROUP_SIZE rows, for Parquet. */
static trueno_status tni_copy_option_group(tni_session *session, const tni_ast_expression *option,
                                           tni_copy_options *out, tni_error *error) {
    tni_value value;
    TNI_TRY(tni_bind_constant(&session->bind, option, &value, error));
    if (value.is_null || value.type.id == TRUENO_TYPE_HUGEINT || !tni_type_is_integer(value.type) ||
        value.as.integer < 1) {
        return tni_fail_at(error, TRUENO_ERROR_INVALID, option->position,
                           "the option %s takes a number of rows", option->alias);
    }
    out->group_rows = value.as.integer;
    out->group_position = option->position;
    return TRUENO_OK;
}

static trueno_status tni_copy_option_one(tni_session *session, const tni_ast_expression *option,
                                         tni_copy_options *out, tni_error *error) {
    const char *name = option->alias;
    if (tni_name_equal(name, "format")) {
        return tni_copy_format_of(session, option, out, error);
    }
    if (tni_name_equal(name, "array")) {
        return tni_copy_option_flag(session, option, &out->json.array, error);
    }
    if (tni_name_equal(name, "compression") || tni_name_equal(name, "codec")) {
        out->codec_position = option->position;
        return tni_copy_option_text(session, option, &out->codec, error);
    }
    if (tni_name_equal(name, "row_group_size")) {
        return tni_copy_option_group(session, option, out, error);
    }
    return tni_copy_option_csv(session, option, out, error);
}

/* The length of a path without an ending that names a compression; which one goes to *codec. */
static size_t tni_copy_codec_by_name(const char *path, const char **codec) {
    static const char *const endings[][2] = {{".gz", "gzip"}, {".gzip", "gzip"},
                                             {".zst", "zstd"}, {".zstd", "zstd"}};
    size_t i, length = strlen(path);
    *codec = NULL;
    for (i = 0; i < TNI_COUNT_OF(endings); i++) {
        if (tni_copy_ends(path, length, endings[i][0])) {
            *codec = endings[i][1];
            return length - strlen(endings[i][0]);
        }
    }
    return length;
}

static bool tni_copy_is_json(const char *path, size_t length) {
    return tni_copy_ends(path, length, ".json") || tni_copy_ends(path, length, ".jsonl") ||
           tni_copy_ends(path, length, ".ndjson");
}

/* What the options left open follows from the path; then, whether we write that. */
static trueno_status tni_copy_format_by_name(const tni_ast_statement *statement,
                                             tni_copy_options *out, tni_error *error) {
    const char *path = statement->path, *codec;
    size_t length = tni_copy_codec_by_name(path, &codec);
    bool plain;
    if (!out->has_format && tni_copy_ends(path, length, ".parquet")) {
        out->format = TNI_COPY_PARQUET;
    }
    if (!out->has_format && tni_copy_is_json(path, length)) {
        out->format = TNI_COPY_JSON;
    }
    if (out->codec != NULL && !tni_name_equal(out->codec, "auto") &&
        !tni_name_equal(out->codec, "auto_detect")) {
        codec = out->codec;
    } else if (out->format == TNI_COPY_PARQUET) {
        codec = NULL; /* its pages are compressed, not the file */
    }
    if (out->group_rows != 0 && out->format != TNI_COPY_PARQUET) {
        return tni_fail_at(error, TRUENO_ERROR_BINDER, out->group_position,
                           "ROW_GROUP_SIZE is for FORMAT parquet");
    }
    plain = codec == NULL || tni_name_equal(codec, "none") ||
            tni_name_equal(codec, "uncompressed");
    if (out->format == TNI_COPY_PARQUET) {
        if (tni_parquet_writer_codec(codec != NULL ? codec : "snappy", &out->parquet_codec)) {
            return TRUENO_OK;
        }
        return tni_fail_at(error, TRUENO_ERROR_UNSUPPORTED, out->codec_position,
                           "writing Parquet with the codec \"%s\" is not supported; snappy, "
                           "gzip and uncompressed are",
                           codec);
    }
    out->gzip = !plain && tni_name_equal(codec, "gzip");
    if (plain || out->gzip) {
        return TRUENO_OK;
    }
    return tni_fail_at(error, TRUENO_ERROR_UNSUPPORTED,
                       out->codec != NULL ? out->codec_position : statement->position,
                       "writing %s with the codec \"%s\" is not supported; gzip is",
                       out->format == TNI_COPY_JSON ? "JSON" : "CSV", codec);
}

static trueno_status tni_copy_options_of(tni_session *session, const tni_ast_statement *statement,
                                         tni_copy_options *out, tni_error *error) {
    const tni_ast_expression *option;
    memset(out, 0, sizeof *out);
    tni_csv_write_options_init(&out->csv);
    for (option = statement->options; option != NULL; option = option->next) {
        TNI_TRY(tni_copy_option_one(session, option, out, error));
    }
    return tni_copy_format_by_name(statement, out, error);
}

/* -------------------------------------------------------------------------------- sink --- */

typedef struct tni_copy_sink {
    tni_operator base;
    tni_session *session;
    const tni_plan *plan;
    const char *path;
    const char *target; /* what is written: `path`, or a file that takes its place at the end */
    tni_copy_options options;
    tni_parquet_writer *parquet;
    tni_text_file file;
    bool open, begun; /* begun: the file is ours to remove */
    uint64_t rows, json_rows;
} tni_copy_sink;

static trueno_status tni_copy_begin_parquet(tni_copy_sink *sink, tni_error *error) {
    const tni_plan *plan = sink->plan;
    tni_field *fields = (tni_field *)tni_arena_alloc(
        &sink->session->arena, TNI_MAX(plan->column_count, 1u) * sizeof *fields);
    uint32_t i;
    if (fields == NULL) {
        return tni_memory_fail(sink->session->env.memory, sizeof *fields, error);
    }
    for (i = 0; i < plan->column_count; i++) {
        fields[i].name = plan->names[i];
        fields[i].type = plan->types[i];
    }
    TNI_TRY(tni_parquet_writer_new(&sink->session->env, sink->target, fields, plan->column_count,
                                   &sink->parquet, error));
    tni_parquet_writer_set_codec(sink->parquet, sink->options.parquet_codec);
    if (sink->options.group_rows != 0) {
        tni_parquet_writer_limit_groups(sink->parquet, (uint64_t)sink->options.group_rows);
    }
    return TRUENO_OK;
}

/* An ordinary file that exists is replaced when the new one is whole, so that a failure leaves
 * the old one and a query may read what it writes. Where that cannot be done it is written over. */
static trueno_status tni_copy_choose_target(tni_copy_sink *sink, tni_error *error) {
    tni_session *session = sink->session;
    const trueno_files *files = session->env.files;
    uint64_t tag[2];
    size_t size = strlen(sink->path) + 32;
    char *name;
    void *file;
    sink->target = sink->path;
    if (files->replace == NULL || files->remove == NULL ||
        files->replace(files->user, NULL, sink->path) != 0) {
        return TRUENO_OK;
    }
    name = (char *)tni_arena_alloc(&session->arena, size);
    if (name == NULL) {
        return tni_memory_fail(session->env.memory, size, error);
    }
    tag[0] = (uint64_t)tni_clock_nanoseconds();
    tag[1] = (uint64_t)(uintptr_t)session ^ (uint64_t)session->settings.now;
    (void)snprintf(name, size, "%s.%016llx.tmp", sink->path,
                   (unsigned long long)tni_hash_bytes(tag, sizeof tag));
    if (files->open(files->user, name, TRUENO_FILE_WRITE, &file) == 0) { /* is there a right to? */
        (void)files->close(files->user, file);
        sink->target = name;
    }
    return TRUENO_OK;
}

static trueno_status tni_copy_publish(tni_copy_sink *sink, tni_error *error) {
    const trueno_files *files = sink->session->env.files;
    int code =
        sink->target == sink->path ? 0 : files->replace(files->user, sink->target, sink->path);
    return code == 0 ? TRUENO_OK
                     : tni_fail(error, TRUENO_ERROR_IO, "%s: cannot be replaced (%s)", sink->path,
                                tni_files_error_text(code));
}

static trueno_status tni_copy_begin(tni_operator *base, tni_pipeline *pipeline,
                                    tni_error *error) {
    tni_copy_sink *sink = (tni_copy_sink *)base;
    (void)pipeline;
    TNI_TRY(tni_copy_choose_target(sink, error));
    if (sink->options.format == TNI_COPY_PARQUET) {
        return tni_copy_begin_parquet(sink, error);
    }
    TNI_TRY(tni_text_file_open(&sink->session->env, sink->target, &sink->file, error));
    sink->open = sink->begun = true;
    if (sink->options.gzip) {
        TNI_TRY(tni_text_file_gzip(&sink->file, error));
    }
    if (sink->options.format == TNI_COPY_JSON) {
        tni_json_write_begin(&sink->options.json, &sink->file.text);
    } else if (!sink->options.csv.no_header) {
        tni_csv_write_names(&sink->options.csv, sink->plan->names, sink->plan->column_count,
                            &sink->file.text);
    }
    return TRUENO_OK;
}

static trueno_status tni_copy_push(tni_operator *base, uint32_t worker, tni_chunk *chunk,
                                   tni_error *error) {
    tni_copy_sink *sink = (tni_copy_sink *)base;
    (void)worker;
    sink->rows += chunk->active;
    tni_atomic_add_i64(&base->rows, (int64_t)chunk->active);
    switch (sink->options.format) {
    case TNI_COPY_PARQUET: return tni_parquet_writer_write_chunk(sink->parquet, chunk, error);
    case TNI_COPY_CSV:
        TNI_TRY(tni_csv_write_chunk(&sink->options.csv, sink->plan->names, chunk,
                                    &sink->file.text, error));
        break;
    case TNI_COPY_JSON:
        TNI_TRY(tni_json_write_chunk(&sink->options.json, sink->plan->names, chunk,
                                     &sink->json_rows, &sink->file.text, error));
        break;
    }
    return tni_text_file_flush(&sink->file, false, error);
}

static trueno_status tni_copy_finish(tni_operator *base, tni_error *error) {
    tni_copy_sink *sink = (tni_copy_sink *)base;
    if (sink->options.format == TNI_COPY_PARQUET) {
        TNI_TRY(tni_parquet_writer_finish(sink->parquet, error));
        return tni_copy_publish(sink, error);
    }
    if (sink->options.format == TNI_COPY_JSON) {
        tni_json_write_end(&sink->options.json, sink->json_rows, &sink->file.text);
    }
    sink->open = false;
    TNI_TRY(tni_text_file_close(&sink->file, true, error));
    return tni_copy_publish(sink, error);
}

static const tni_operator_ops tni_copy_ops = {
    "copy", tni_copy_begin, tni_copy_push, NULL, tni_copy_finish, NULL,
};

/* Close what is open; an unfinished file goes away. */
static void tni_copy_end(tni_copy_sink *sink, bool failed) {
    const trueno_files *files = sink->session->env.files;
    if (sink->open) {
        tni_error ignored;
        tni_error_clear(&ignored);
        (void)tni_text_file_close(&sink->file, false, &ignored);
    }
    tni_parquet_writer_free(sink->parquet);
    if (failed && files->remove != NULL && (sink->begun || sink->target != sink->path)) {
        (void)files->remove(files->user, sink->target); /* a Parquet writer has removed its own */
    }
}

/* --------------------------------------------------------------------------- statement --- */

/* "SELECT columns FROM table" for COPY table TO. */
static trueno_status tni_copy_table_plan(tni_session *session, const tni_ast_statement *statement,
                                         tni_plan **out, tni_error *error) {
    tni_ast_query *query = (tni_ast_query *)tni_arena_alloc(&session->arena, sizeof *query);
    tni_ast_source *from = (tni_ast_source *)tni_arena_alloc(&session->arena, sizeof *from);
    const tni_ast_name *name = statement->columns;
    tni_ast_expression **link;
    if (query == NULL || from == NULL) {
        return tni_memory_fail(session->env.memory, sizeof *query, error);
    }
    query->kind = TNI_QUERY_SELECT;
    query->position = statement->position;
    from->kind = TNI_FROM_TABLE;
    from->name = statement->name;
    from->position = statement->name_position;
    query->from = from;
    link = &query->items;
    do {
        tni_ast_expression *item =
            (tni_ast_expression *)tni_arena_alloc(&session->arena, sizeof *item);
        if (item == NULL) {
            return tni_memory_fail(session->env.memory, sizeof *item, error);
        }
        item->kind = name == NULL ? TNI_AST_STAR : TNI_AST_COLUMN;
        item->name = name == NULL ? NULL : name->name;
        item->position = name == NULL ? statement->name_position : name->position;
        *link = item;
        link = &item->next;
        name = name == NULL ? NULL : name->next;
    } while (name != NULL);
    return tni_session_bind(session, query, out, error);
}

static trueno_status tni_copy_to(tni_session *session, const tni_ast_statement *statement,
                                 trueno_result *result, tni_error *error) {
    tni_copy_sink sink;
    tni_plan *plan;
    trueno_status status;
    memset(&sink, 0, sizeof sink);
    if (session->env.no_file_access) {
        return tni_fail_at(error, TRUENO_ERROR_UNSUPPORTED, statement->position,
                           "file access is switched off in this database");
    }
    TNI_TRY(tni_copy_options_of(session, statement, &sink.options, error));
    TNI_TRY(statement->query != NULL ? tni_session_bind(session, statement->query, &plan, error)
                                     : tni_copy_table_plan(session, statement, &plan, error));
    sink.base.ops = &tni_copy_ops;
    sink.base.serial = true;
    sink.session = session;
    sink.plan = plan;
    sink.path = sink.target = statement->path;
    status = tni_run_plan(&session->run, plan, &sink.base, error);
    tni_copy_end(&sink, status != TRUENO_OK);
    if (status == TRUENO_OK) {
        tni_result_set_changed(result, sink.rows);
    }
    return status;
}

/* A name or a literal: quotes inside are doubled. */
static void tni_copy_quoted(tni_text *sql, const char *text, char quote) {
    tni_text_char(sql, quote);
    for (; *text != '\0'; text++) {
        if (*text == quote) {
            tni_text_char(sql, quote);
        }
        tni_text_char(sql, *text);
    }
    tni_text_char(sql, quote);
}

/* INSERT INTO t (columns) SELECT * FROM read_csv('path', options). */
static trueno_status tni_copy_from(tni_session *session, const tni_ast_statement *statement,
                                   trueno_result *result, tni_error *error) {
    const tni_ast_expression *option;
    const tni_ast_name *name;
    tni_ast_statement *parsed = NULL;
    const char *codec;
    size_t length = tni_copy_codec_by_name(statement->path, &codec);
    bool parquet = tni_copy_ends(statement->path, length, ".parquet");
    bool json = tni_copy_is_json(statement->path, length);
    tni_text sql;
    char *copy = NULL;
    trueno_status status = TRUENO_OK;
    tni_text_init(&sql, session->env.memory);
    tni_text_add(&sql, "INSERT INTO ");
    tni_copy_quoted(&sql, statement->name, '"');
    for (name = statement->columns; name != NULL; name = name->next) {
        tni_text_add(&sql, name == statement->columns ? " (" : ", ");
        tni_copy_quoted(&sql, name->name, '"');
        tni_text_add(&sql, name->next == NULL ? ")" : "");
    }
    for (option = statement->options; option != NULL; option = option->next) {
        const char *format;
        if (option->alias != NULL && tni_name_equal(option->alias, "format")) {
            status = tni_copy_option_text(session, option, &format, error);
            if (status == TRUENO_OK) {
                parquet = tni_name_equal(format, "parquet");
                json = tni_name_equal(format, "json");
                if (!parquet && !json && !tni_name_equal(format, "csv")) {
                    status = tni_fail_at(error, TRUENO_ERROR_INVALID, option->position,
                                         "unknown format \"%s\": csv or parquet", format);
                }
            }
        }
    }
    if (status == TRUENO_OK && json) {
        status = tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                          "%s: JSON files cannot be read in this version", statement->path);
    }
    tni_text_add(&sql, parquet ? " SELECT * FROM read_parquet(" : " SELECT * FROM read_csv(");
    tni_copy_quoted(&sql, statement->path, '\'');
    tni_text_add(&sql, ", hive_partitioning = false"); /* what the files hold, nothing else */
    for (option = statement->options; option != NULL; option = option->next) {
        if (option->alias == NULL || tni_name_equal(option->alias, "format")) {
            continue;
        }
        tni_text_add(&sql, ", ");
        tni_text_add(&sql, option->alias);
        tni_text_add(&sql, " = ");
        tni_print_expression(option, &sql);
    }
    tni_text_char(&sql, ')');
    if (status == TRUENO_OK && !sql.failed) {
        copy = tni_arena_text(&session->arena, sql.data, sql.length);
    }
    if (status == TRUENO_OK && copy == NULL) {
        status = tni_memory_fail(session->env.memory, sql.length, error);
    }
    if (status == TRUENO_OK) {
        status = tni_parse(&session->arena, copy, sql.length,
                           session->env.limits->expression_depth + 10, &parsed, error);
    }
    if (status == TRUENO_OK) {
        status = tni_session_execute(session, parsed, result, error);
    }
    if (status != TRUENO_OK) {
        error->position = statement->name_position;
    }
    tni_text_free(&sql);
    return status;
}

TNI_FN trueno_status tni_statement_copy(tni_session *session, const tni_ast_statement *statement,
                                        trueno_result *result, tni_error *error) {
    return statement->kind == TNI_STATEMENT_COPY_TO
               ? tni_copy_to(session, statement, result, error)
               : tni_copy_from(session, statement, result, error);
}
