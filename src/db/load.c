/*
 * load.c - the CREATE TABLE ... AS that trueno_load stands for.
 *
 * Options are what stands in read_csv(...), and besides that partition_by, partition and
 * partitions, which become the statement's PARTITION BY. They are told apart by their tokens: an
 * option ends at a comma outside parentheses.
 */
#include "db/database.h"

#include "sql/lexer.h"

typedef struct tni_load_options {
    tni_memory *memory;
    tni_text reader; /* , option, option */
    tni_text column; /* of partition_by */
    const char *kind;
    tni_text count;
    const char *stray; /* an option that needs partition_by */
} tni_load_options;

/* A name or path as an SQL literal between `quote`s. */
static void tni_text_quoted(tni_text *text, const char *value, size_t length, char quote) {
    size_t i;
    tni_text_char(text, quote);
    for (i = 0; i < length; i++) {
        if (value[i] == quote) {
            tni_text_char(text, quote);
        }
        tni_text_char(text, value[i]);
    }
    tni_text_char(text, quote);
}

static bool tni_path_ends(const char *path, const char *suffix) {
    size_t n = strlen(path), m = strlen(suffix);
    return n >= m && tni_name_equal(path + n - m, suffix);
}

/* The text of a token, one pair of quotes around it taken off. */
static void tni_load_token(const char *text, tni_token token, tni_text *out) {
    bool quoted = token.kind == TNI_TOKEN_STRING || token.kind == TNI_TOKEN_QUOTED;
    uint32_t end = token.end - (quoted ? 1 : 0), i;
    for (i = token.position + (quoted ? 1 : 0); i < end; i++) {
        tni_text_char(out, text[i]);
        i += quoted && text[i] == text[token.position] ? 1 : 0; /* doubled */
    }
}

/* hash or range, to be used as it is. */
static trueno_status tni_load_kind(tni_load_options *options, const tni_text *value,
                                   tni_error *error) {
    const char *text = value->data == NULL ? "" : value->data;
    if (!tni_name_equal(text, "hash") && !tni_name_equal(text, "range")) {
        return tni_fail(error, TRUENO_ERROR_BINDER,
                        "partition is 'hash' or 'range', this is '%.100s'", text);
    }
    options->kind = tni_name_equal(text, "range") ? "RANGE" : "HASH";
    options->stray = "partition";
    return TRUENO_OK;
}

/* One option, name = value, if it is about partitions. */
static trueno_status tni_load_partition(tni_load_options *options, const char *text,
                                        const tni_token *tokens, bool *taken, tni_error *error) {
    tni_text name, value;
    trueno_status status = TRUENO_OK;
    tni_text_init(&name, options->memory);
    tni_text_init(&value, options->memory);
    tni_load_token(text, tokens[0], &name);
    tni_load_token(text, tokens[2], &value);
    *taken = name.data != NULL && value.data != NULL;
    if (*taken && tni_name_equal(name.data, "partition_by")) {
        tni_text_clear(&options->column);
        tni_text_quoted(&options->column, value.data, value.length, '"');
    } else if (*taken && tni_name_equal(name.data, "partitions")) {
        if (tokens[2].kind != TNI_TOKEN_INTEGER) {
            status = tni_fail(error, TRUENO_ERROR_BINDER,
                              "partitions is a number, this is '%.100s'", value.data);
        }
        tni_text_clear(&options->count);
        tni_text_add(&options->count, value.data);
        options->stray = "partitions";
    } else if (*taken && tni_name_equal(name.data, "partition")) {
        status = tni_load_kind(options, &value, error);
    } else {
        *taken = false;
    }
    if (name.failed || value.failed) {
        status = tni_memory_fail(options->memory, name.length + value.length, error);
    }
    tni_text_free(&name);
    tni_text_free(&value);
    return status;
}

/* The options between two commas. */
static trueno_status tni_load_option(tni_load_options *options, const char *text,
                                     const tni_token *tokens, uint32_t count, uint32_t end,
                                     tni_error *error) {
    bool taken = false;
    if (count == 3 && (tokens[1].id == TNI_SYMBOL_EQUAL || tokens[1].id == TNI_SYMBOL_ASSIGN)) {
        TNI_TRY(tni_load_partition(options, text, tokens, &taken, error));
    }
    if (!taken && count > 0) {
        tni_text_add(&options->reader, ", ");
        tni_text_append(&options->reader, text + tokens[0].position, end - tokens[0].position);
    }
    return TRUENO_OK;
}

static trueno_status tni_load_split(tni_load_options *options, const char *text, tni_error *error) {
    tni_lexer lexer;
    tni_token token, first[3];
    uint32_t count = 0, depth = 0;
    lexer.text = text;
    lexer.length = (uint32_t)TNI_MIN(strlen(text), (size_t)UINT32_MAX - 1);
    lexer.offset = 0;
    do {
        token = tni_lexer_next(&lexer);
        if (token.kind == TNI_TOKEN_END || token.kind == TNI_TOKEN_ERROR ||
            (token.id == TNI_SYMBOL_COMMA && depth == 0)) {
            bool wrong = token.kind == TNI_TOKEN_ERROR; /* for the parser to name */
            TNI_TRY(tni_load_option(options, text, first, count,
                                    wrong ? lexer.length : token.position, error));
            count = 0;
            if (wrong) {
                break;
            }
            continue;
        }
        if (token.id == TNI_SYMBOL_LEFT_PAREN || token.id == TNI_SYMBOL_LEFT_BRACKET ||
            token.id == TNI_SYMBOL_LEFT_BRACE) {
            depth++;
        } else if (depth > 0 &&
                   (token.id == TNI_SYMBOL_RIGHT_PAREN || token.id == TNI_SYMBOL_RIGHT_BRACKET ||
                    token.id == TNI_SYMBOL_RIGHT_BRACE)) {
            depth--;
        }
        if (count < 3) {
            first[count] = token;
        }
        count++;
    } while (token.kind != TNI_TOKEN_END);
    if (options->stray != NULL && options->column.length == 0) {
        return tni_fail(error, TRUENO_ERROR_BINDER, "the option %s needs partition_by",
                        options->stray);
    }
    return TRUENO_OK;
}

static trueno_status tni_load_sql(tni_load_options *options, const char *name, const char *path,
                                  const char *text, tni_text *sql, tni_error *error) {
    TNI_TRY(tni_load_split(options, text, error));
    tni_text_add(sql, "CREATE OR REPLACE TABLE ");
    tni_text_quoted(sql, name, strlen(name), '"');
    if (options->column.length > 0) {
        tni_text_format(sql, " PARTITION BY %s (%s)",
                        options->kind == NULL ? "HASH" : options->kind, options->column.data);
    }
    if (options->count.length > 0) {
        tni_text_format(sql, " PARTITIONS %s", options->count.data);
    }
    tni_text_add(sql, " AS SELECT * FROM ");
    if (options->reader.length > 0) {
        tni_text_add(sql, tni_path_ends(path, ".parquet") ? "read_parquet(" : "read_csv(");
    }
    tni_text_quoted(sql, path, strlen(path), '\'');
    if (options->reader.length > 0) {
        tni_text_append(sql, options->reader.data, options->reader.length);
        tni_text_char(sql, ')');
    }
    return sql->failed || options->reader.failed || options->column.failed || options->count.failed
               ? tni_memory_fail(options->memory, sql->length, error)
               : TRUENO_OK;
}

TNI_FN trueno_status tni_load_statement(tni_memory *memory, const char *name, const char *path,
                                        const char *text, tni_text *sql, tni_error *error) {
    tni_load_options options;
    trueno_status status;
    memset(&options, 0, sizeof options);
    options.memory = memory;
    tni_text_init(&options.reader, memory);
    tni_text_init(&options.column, memory);
    tni_text_init(&options.count, memory);
    status = tni_load_sql(&options, name, path, text == NULL ? "" : text, sql, error);
    tni_text_free(&options.reader);
    tni_text_free(&options.column);
    tni_text_free(&options.count);
    return status;
}
