/*
 * parser_statement.c - statements other than queries, COPY and CREATE.
 *
 * One function per statement, picked by its first word. A statement that other databases have
 * and we do not is refused by name at its first word; ALTER is read to its end, so that the
 * statements before it still run. Uses the parser.
 */
#include "sql/parser_internal.h"

/* Statements refused by their first word. */
static const char *const tni_statement_refused[] = {
    "analyze", "attach",  "call",    "checkpoint", "cluster", "comment",   "detach", "discard",
    "do",      "export",  "force",   "grant",      "import",  "install",   "listen", "load",
    "lock",    "merge",   "notify",  "pivot",      "refresh", "reindex",   "release",
    "replace", "revoke",  "savepoint", "unpivot",  "update_extensions",    "use",    "vacuum",
};

TNI_FN bool tni_parser_target(tni_parser *parser, tni_ast_statement *statement,
                              const char *what) {
    statement->name_position = parser->token.position;
    statement->name = tni_parser_qualified(parser, what, NULL);
    return statement->name != NULL;
}

/* ---- INSERT, UPDATE, DELETE, TRUNCATE ---- */

static bool tni_statement_refuse_returning(tni_parser *parser) {
    if (tni_parser_at(parser, TNI_WORD_RETURNING)) {
        tni_parser_refuse(parser, parser->token.position, "RETURNING is");
    }
    return tni_parser_failed(parser);
}

/* ( columns ) of INSERT, unless the parenthesis opens a query. */
static bool tni_insert_columns(tni_parser *parser, tni_ast_statement *statement) {
    if (!tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN) ||
        !tni_token_is_name(*tni_parser_peek(parser, 1)) ||
        (tni_parser_next_is(parser, TNI_WORD_VALUES) &&
         tni_parser_peek(parser, 2)->id == TNI_SYMBOL_LEFT_PAREN)) {
        return true;
    }
    statement->columns = tni_parser_names(parser, "a column name");
    return statement->columns != NULL;
}

/* INSERT INTO t [AS a] [(columns)] [BY NAME | BY POSITION] query | DEFAULT VALUES */
static bool tni_statement_insert(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_INSERT;
    tni_parser_advance(parser);
    if (tni_parser_at(parser, TNI_WORD_OR)) {
        tni_parser_refuse(parser, parser->token.position, "INSERT OR REPLACE/IGNORE is");
        return false;
    }
    if (!tni_parser_expect(parser, TNI_WORD_INTO) ||
        !tni_parser_target(parser, statement, "a table name")) {
        return false;
    }
    if (tni_parser_accept(parser, TNI_WORD_AS) &&
        (statement->alias = tni_parser_name(parser, "an alias")) == NULL) {
        return false;
    }
    if (!tni_insert_columns(parser, statement)) {
        return false;
    }
    if (tni_parser_accept(parser, TNI_WORD_BY)) {
        statement->by_name = tni_parser_accept(parser, TNI_WORD_NAME);
        if (!statement->by_name && !tni_parser_expect(parser, TNI_WORD_POSITION)) {
            return false;
        }
    }
    if (tni_parser_accept(parser, TNI_WORD_DEFAULT)) {
        statement->default_values = true;
        if (!tni_parser_expect(parser, TNI_WORD_VALUES)) {
            return false;
        }
    } else if ((statement->query = tni_parser_query(parser)) == NULL) {
        return false;
    }
    if (tni_parser_at(parser, TNI_WORD_ON)) {
        tni_parser_refuse(parser, parser->token.position, "INSERT ... ON CONFLICT is");
        return false;
    }
    return !tni_statement_refuse_returning(parser);
}

/* column = expr, ... */
static bool tni_update_assignments(tni_parser *parser, tni_ast_statement *statement) {
    tni_ast_expression *last = NULL;
    do {
        const char *column;
        tni_ast_expression *value;
        if (last != NULL && tni_parser_list_ends(parser)) {
            break;
        }
        if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
            tni_parser_refuse(parser, parser->token.position, "UPDATE ... SET (a, b) = is");
            return false;
        }
        column = tni_parser_qualified(parser, "a column name", NULL);
        if (column == NULL || !tni_parser_expect(parser, TNI_SYMBOL_EQUAL) ||
            (value = tni_parser_expression(parser)) == NULL) {
            return false;
        }
        value->alias = column;
        if (last != NULL) {
            last->next = value;
        } else {
            statement->assignments = value;
        }
        last = value;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return true;
}

static bool tni_statement_where(tni_parser *parser, tni_ast_statement *statement) {
    if (tni_parser_accept(parser, TNI_WORD_WHERE) &&
        (statement->where = tni_parser_expression(parser)) == NULL) {
        return false;
    }
    return !tni_statement_refuse_returning(parser);
}

/* UPDATE t [AS a] SET ... [FROM ...] [WHERE ...] */
static bool tni_statement_update(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_UPDATE;
    tni_parser_advance(parser);
    if (!tni_parser_target(parser, statement, "a table name")) {
        return false;
    }
    if (tni_parser_accept(parser, TNI_WORD_AS) || !tni_parser_at(parser, TNI_WORD_SET)) {
        statement->alias = tni_parser_name(parser, "SET");
        if (statement->alias == NULL) {
            return false;
        }
    }
    if (!tni_parser_expect(parser, TNI_WORD_SET) || !tni_update_assignments(parser, statement)) {
        return false;
    }
    if (tni_parser_accept(parser, TNI_WORD_FROM) &&
        (statement->from = tni_parser_sources(parser)) == NULL) {
        return false;
    }
    return tni_statement_where(parser, statement);
}

/* DELETE FROM t [AS a] [USING ...] [WHERE ...] */
static bool tni_statement_delete(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_DELETE;
    tni_parser_advance(parser);
    if (!tni_parser_expect(parser, TNI_WORD_FROM) ||
        !tni_parser_target(parser, statement, "a table name")) {
        return false;
    }
    if (tni_parser_accept(parser, TNI_WORD_AS) || tni_token_is_name(parser->token)) {
        statement->alias = tni_parser_name(parser, "an alias");
        if (statement->alias == NULL) {
            return false;
        }
    }
    if (tni_parser_accept(parser, TNI_WORD_USING) &&
        (statement->from = tni_parser_sources(parser)) == NULL) {
        return false;
    }
    return tni_statement_where(parser, statement);
}

/* TRUNCATE [TABLE] t */
static bool tni_statement_truncate(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_TRUNCATE;
    tni_parser_advance(parser);
    tni_parser_accept(parser, TNI_WORD_TABLE);
    return tni_parser_target(parser, statement, "a table name");
}

/* ALTER: the target's name is kept, the rest is skipped; the statement is refused when it runs. */
static bool tni_statement_alter(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_ALTER;
    tni_parser_advance(parser);
    if (tni_token_is_label(parser->token)) {
        tni_parser_advance(parser);
    }
    if (tni_parser_accept(parser, TNI_WORD_IF)) {
        statement->if_exists = tni_parser_accept(parser, TNI_WORD_EXISTS);
    }
    if (!tni_parser_target(parser, statement, "a name")) {
        return false;
    }
    while (parser->token.kind != TNI_TOKEN_END && parser->token.kind != TNI_TOKEN_ERROR &&
           !tni_parser_at(parser, TNI_SYMBOL_SEMICOLON)) {
        tni_parser_advance(parser);
    }
    return true;
}

/* ---- DESCRIBE, SHOW, SUMMARIZE ---- */

/* table | 'file' | query; the subject of DESCRIBE and SUMMARIZE. */
static bool tni_statement_subject(tni_parser *parser, tni_ast_statement *statement) {
    statement->name_position = parser->token.position;
    if (tni_parser_at(parser, TNI_WORD_TABLE)) {
        tni_parser_advance(parser);
    }
    if (tni_parser_at_query(parser) || tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        statement->query = tni_parser_query(parser);
        return statement->query != NULL;
    }
    if (tni_token_is_string(parser->token)) {
        size_t length = 0;
        statement->name_is_path = true;
        statement->name = tni_parser_string(parser, &length);
        return statement->name != NULL;
    }
    return tni_parser_target(parser, statement, "a table, a 'file' or a query");
}

static bool tni_parse_describe(tni_parser *parser, tni_ast_statement *statement) {
    tni_parser_advance(parser);
    if (parser->token.kind == TNI_TOKEN_END || tni_parser_at(parser, TNI_SYMBOL_SEMICOLON)) {
        statement->kind = TNI_STATEMENT_SHOW_TABLES;
        return true;
    }
    statement->kind = TNI_STATEMENT_DESCRIBE;
    return tni_statement_subject(parser, statement);
}

static bool tni_parse_summarize(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_SUMMARIZE;
    tni_parser_advance(parser);
    return tni_statement_subject(parser, statement);
}

/* SHOW [ALL] TABLES | ALL | name | query */
static bool tni_parse_show(tni_parser *parser, tni_ast_statement *statement) {
    bool all;
    tni_parser_advance(parser);
    all = tni_parser_at(parser, TNI_WORD_ALL);
    if (all && tni_parser_next_is(parser, TNI_WORD_TABLES)) {
        tni_parser_advance(parser);
    }
    if (tni_parser_accept(parser, TNI_WORD_TABLES)) {
        statement->kind = TNI_STATEMENT_SHOW_TABLES;
        if (tni_parser_at(parser, TNI_WORD_FROM)) {
            tni_parser_refuse(parser, parser->token.position, "SHOW TABLES FROM is");
            return false;
        }
        return true;
    }
    if (tni_parser_at_query(parser) || tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN) ||
        tni_token_is_string(parser->token)) {
        statement->kind = TNI_STATEMENT_DESCRIBE;
        return tni_statement_subject(parser, statement);
    }
    statement->kind = TNI_STATEMENT_SHOW;
    statement->name_position = parser->token.position;
    if (all) {
        statement->name = tni_parser_label(parser, NULL);
        return statement->name != NULL;
    }
    return tni_parser_target(parser, statement, "TABLES, ALL, a setting or a table");
}

/* ---- EXPLAIN, PREPARE, EXECUTE ---- */

static tni_ast_statement *tni_statement_nested(tni_parser *parser) {
    tni_ast_statement *inner;
    if (!tni_parser_enter(parser, 2)) {
        return NULL;
    }
    inner = tni_parser_statement(parser);
    parser->depth -= 2;
    return inner;
}

/* ( ANALYZE, FORMAT json, ... ); the parenthesis could also open a query. */
static bool tni_explain_options(tni_parser *parser, tni_ast_statement *statement) {
    tni_ast_expression *last = NULL;
    tni_parser_advance(parser);
    do {
        const char *name;
        tni_ast_expression *value;
        if (tni_parser_accept(parser, TNI_WORD_ANALYZE)) {
            statement->analyze = true;
            tni_parser_accept(parser, TNI_WORD_TRUE);
            continue;
        }
        name = tni_parser_label(parser, "an EXPLAIN option");
        if (name == NULL) {
            return false;
        }
        if (tni_parser_at(parser, TNI_SYMBOL_COMMA) ||
            tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN)) {
            value = tni_parser_node(parser, TNI_AST_BOOLEAN);
            if (value != NULL) {
                value->value.integer = 1;
            }
        } else {
            value = tni_parser_option_value(parser);
        }
        if (value == NULL) {
            return false;
        }
        value->alias = name;
        if (last != NULL) {
            last->next = value;
        } else {
            statement->options = value;
        }
        last = value;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN);
}

static bool tni_explain_at_options(tni_parser *parser) {
    const tni_token *next;
    if (!tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return false;
    }
    next = tni_parser_peek(parser, 1);
    return next->id == TNI_WORD_ANALYZE || (next->kind == TNI_TOKEN_WORD && next->id == 0);
}

/* EXPLAIN [ANALYZE] [(options)] statement */
static bool tni_parse_explain(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_EXPLAIN;
    tni_parser_advance(parser);
    statement->analyze = tni_parser_accept(parser, TNI_WORD_ANALYZE);
    if (tni_explain_at_options(parser) && !tni_explain_options(parser, statement)) {
        return false;
    }
    statement->inner = tni_statement_nested(parser);
    return statement->inner != NULL;
}

/* PREPARE name [(types)] AS statement */
static bool tni_statement_prepare(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_PREPARE;
    tni_parser_advance(parser);
    if (!tni_parser_target(parser, statement, "a name for the statement")) {
        return false;
    }
    if (tni_parser_accept(parser, TNI_SYMBOL_LEFT_PAREN)) {
        tni_type ignored;
        do {
            if (!tni_parser_type(parser, &ignored)) {
                return false;
            }
        } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
        if (!tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
            return false;
        }
    }
    if (!tni_parser_expect(parser, TNI_WORD_AS)) {
        return false;
    }
    statement->inner = tni_statement_nested(parser);
    return statement->inner != NULL;
}

/* EXECUTE name [(arguments)]: the call syntax gives us named arguments for free. */
static bool tni_statement_execute(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_EXECUTE;
    tni_parser_advance(parser);
    if (!tni_parser_target(parser, statement, "the name of a prepared statement")) {
        return false;
    }
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        tni_ast_expression *call =
            tni_parser_call(parser, statement->name, statement->name_position);
        if (call == NULL) {
            return false;
        }
        statement->options = call->arguments;
    }
    return true;
}

/* DEALLOCATE [PREPARE] name | ALL: `all` leaves the name NULL. */
static bool tni_statement_deallocate(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_DEALLOCATE;
    tni_parser_advance(parser);
    if (tni_parser_at(parser, TNI_WORD_PREPARE) &&
        (tni_token_is_name(*tni_parser_peek(parser, 1)) ||
         tni_parser_next_is(parser, TNI_WORD_ALL))) {
        tni_parser_advance(parser);
    }
    return tni_parser_accept(parser, TNI_WORD_ALL) ||
           tni_parser_target(parser, statement, "the name of a prepared statement");
}

/* ---- SET, RESET, PRAGMA, transactions ---- */

static bool tni_set_values(tni_parser *parser, tni_ast_statement *statement) {
    tni_ast_expression *last = NULL;
    if (tni_parser_accept(parser, TNI_WORD_DEFAULT)) {
        statement->is_reset = true;
        return true;
    }
    do {
        tni_ast_expression *value = tni_parser_option_value(parser);
        if (value == NULL) {
            return false;
        }
        if (last != NULL) {
            last->next = value;
        } else {
            statement->options = value;
        }
        last = value;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return true;
}

static void tni_set_scope(tni_parser *parser) {
    if ((tni_parser_at(parser, TNI_WORD_SESSION) || tni_parser_at(parser, TNI_WORD_GLOBAL) ||
         tni_parser_at(parser, TNI_WORD_LOCAL)) &&
        tni_token_is_name(*tni_parser_peek(parser, 1))) {
        tni_parser_advance(parser);
    }
}

/* SET VARIABLE x, SET SCHEMA 's'; both words are names of settings otherwise. */
static bool tni_set_refuse(tni_parser *parser) {
    const tni_token *next;
    if (tni_parser_at(parser, TNI_WORD_VARIABLE) || tni_parser_at(parser, TNI_WORD_SCHEMA)) {
        next = tni_parser_peek(parser, 1);
        if (tni_token_is_name(*next) || tni_token_is_string(*next)) {
            tni_parser_refuse(parser, parser->token.position, "SET VARIABLE or SET SCHEMA is");
        }
    }
    return tni_parser_failed(parser);
}

/* SET [SESSION | GLOBAL | LOCAL] name = | TO value; SET TIME ZONE value */
static bool tni_parse_set(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_SET;
    tni_parser_advance(parser);
    tni_set_scope(parser);
    if (tni_set_refuse(parser)) {
        return false;
    }
    if (tni_parser_at(parser, TNI_WORD_TIME) && tni_parser_next_is(parser, TNI_WORD_ZONE)) {
        statement->name = "timezone";
        statement->name_position = parser->token.position;
        tni_parser_advance(parser);
        tni_parser_advance(parser);
        return tni_set_values(parser, statement);
    }
    if (!tni_parser_target(parser, statement, "the name of a setting")) {
        return false;
    }
    if (!tni_parser_accept(parser, TNI_WORD_TO) && !tni_parser_accept(parser, TNI_SYMBOL_EQUAL)) {
        tni_parser_unexpected(parser, "= or TO");
        return false;
    }
    return tni_set_values(parser, statement);
}

static bool tni_statement_reset(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_SET;
    statement->is_reset = true;
    tni_parser_advance(parser);
    tni_set_scope(parser);
    return !tni_set_refuse(parser) && tni_parser_target(parser, statement, "the name of a setting");
}

/* PRAGMA name [= value | (values)] */
static bool tni_statement_pragma(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_SET;
    statement->is_pragma = true;
    tni_parser_advance(parser);
    if (!tni_parser_target(parser, statement, "the name of a pragma")) {
        return false;
    }
    if (tni_parser_accept(parser, TNI_SYMBOL_EQUAL)) {
        return tni_set_values(parser, statement);
    }
    if (!tni_parser_accept(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return true;
    }
    return tni_parser_accept(parser, TNI_SYMBOL_RIGHT_PAREN) ||
           (tni_set_values(parser, statement) &&
            tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN));
}

/* BEGIN | START | COMMIT | END | ROLLBACK | ABORT [TRANSACTION | WORK] */
static bool tni_statement_transaction(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_TRANSACTION;
    switch (parser->token.id) {
    case TNI_WORD_BEGIN:
    case TNI_WORD_START:
        statement->name = "BEGIN";
        break;
    case TNI_WORD_COMMIT:
    case TNI_WORD_END:
        statement->name = "COMMIT";
        break;
    default:
        statement->name = "ROLLBACK";
        break;
    }
    tni_parser_advance(parser);
    if (!tni_parser_accept(parser, TNI_WORD_TRANSACTION)) {
        tni_parser_accept(parser, TNI_WORD_WORK);
    }
    if (tni_parser_is_text(parser, parser->token, "read") ||
        tni_parser_is_text(parser, parser->token, "isolation")) {
        tni_parser_refuse(parser, parser->token.position, "transaction modes are");
    }
    return !tni_parser_failed(parser);
}

/* ---- the first word ---- */

static bool tni_parse_query_statement(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_QUERY;
    statement->query = tni_parser_query(parser);
    return statement->query != NULL;
}

static bool tni_statement_unknown(tni_parser *parser) {
    for (uint32_t i = 0; i < TNI_COUNT_OF(tni_statement_refused); i++) {
        const char *word = tni_statement_refused[i];
        char what[40];
        size_t length = strlen(word);
        if (tni_parser_is_text(parser, parser->token, word)) {
            for (size_t j = 0; j < length; j++) {
                what[j] = word[j] == '_' ? ' ' : (char)(word[j] - 32);
            }
            memcpy(what + length, " is", 4);
            tni_parser_refuse(parser, parser->token.position, what);
            return false;
        }
    }
    tni_parser_unexpected(parser, "a statement such as SELECT");
    return false;
}

static bool tni_statement_body(tni_parser *parser, tni_ast_statement *statement) {
    switch (parser->token.id) {
    case TNI_WORD_SELECT:
    case TNI_WORD_WITH:
    case TNI_WORD_FROM:
    case TNI_WORD_TABLE:
    case TNI_WORD_VALUES:
    case TNI_SYMBOL_LEFT_PAREN:
        return tni_parse_query_statement(parser, statement);
    case TNI_WORD_CREATE:
        return tni_parser_create(parser, statement);
    case TNI_WORD_DROP:
        return tni_parser_drop(parser, statement);
    case TNI_WORD_INSERT:
        return tni_statement_insert(parser, statement);
    case TNI_WORD_UPDATE:
        return tni_statement_update(parser, statement);
    case TNI_WORD_DELETE:
        return tni_statement_delete(parser, statement);
    case TNI_WORD_TRUNCATE:
        return tni_statement_truncate(parser, statement);
    case TNI_WORD_ALTER:
        return tni_statement_alter(parser, statement);
    case TNI_WORD_COPY:
        return tni_parser_copy(parser, statement);
    case TNI_WORD_DESCRIBE:
    case TNI_WORD_DESC:
        return tni_parse_describe(parser, statement);
    case TNI_WORD_SUMMARIZE:
        return tni_parse_summarize(parser, statement);
    case TNI_WORD_SHOW:
        return tni_parse_show(parser, statement);
    case TNI_WORD_EXPLAIN:
        return tni_parse_explain(parser, statement);
    case TNI_WORD_PREPARE:
        return tni_statement_prepare(parser, statement);
    case TNI_WORD_EXECUTE:
        return tni_statement_execute(parser, statement);
    case TNI_WORD_DEALLOCATE:
        return tni_statement_deallocate(parser, statement);
    case TNI_WORD_SET:
        return tni_parse_set(parser, statement);
    case TNI_WORD_RESET:
        return tni_statement_reset(parser, statement);
    case TNI_WORD_PRAGMA:
        return tni_statement_pragma(parser, statement);
    case TNI_WORD_BEGIN:
    case TNI_WORD_START:
    case TNI_WORD_COMMIT:
    case TNI_WORD_END:
    case TNI_WORD_ROLLBACK:
    case TNI_WORD_ABORT:
        return tni_statement_transaction(parser, statement);
    default:
        return tni_statement_unknown(parser);
    }
}

TNI_FN tni_ast_statement *tni_parser_statement(tni_parser *parser) {
    tni_ast_statement *statement =
        (tni_ast_statement *)tni_parser_alloc(parser, sizeof *statement);
    if (statement == NULL) {
        return NULL;
    }
    statement->position = parser->token.position;
    if (!tni_statement_body(parser, statement) || tni_parser_failed(parser)) {
        return NULL;
    }
    statement->end = parser->previous.end;
    statement->parameter_count = parser->parameter_count;
    statement->parameters = parser->parameters;
    return statement;
}
