/*
 * parser_copy.c - COPY, and the option values that COPY, SET and EXPLAIN share.
 *
 * COPY has two spellings of its options: a list in parentheses, and PostgreSQL's old words (WITH
 * CSV HEADER DELIMITER ','). Both give the same list of named values; an option without a value
 * is TRUE. What an option means is the reader's or writer's business. Uses the parser.
 */
#include "sql/parser_internal.h"

/* A word as a STRING node: FORMAT parquet, SET x = on. */
static tni_ast_expression *tni_option_word(tni_parser *parser) {
    uint32_t start = parser->token.position;
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_STRING);
    if (node == NULL) {
        return NULL;
    }
    node->text = tni_parser_label(parser, "a value");
    if (node->text == NULL) {
        return NULL;
    }
    node->text_length = strlen(node->text);
    return tni_parser_finish(parser, node, start);
}

/* ( a, b ) or ( * ) as a LIST node */
static tni_ast_expression *tni_option_list(tni_parser *parser) {
    uint32_t start = parser->token.position;
    tni_ast_expression *list = tni_parser_node(parser, TNI_AST_LIST), *last = NULL;
    tni_parser_advance(parser);
    if (list == NULL) {
        return NULL;
    }
    do {
        tni_ast_expression *item;
        if (last != NULL && tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN)) {
            break;
        }
        item = tni_parser_option_value(parser);
        if (item == NULL) {
            return NULL;
        }
        if (last != NULL) {
            last->next = item;
        } else {
            list->arguments = item;
        }
        list->argument_count++;
        last = item;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    if (!tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    return tni_parser_finish(parser, list, start);
}

static bool tni_option_is_bare_word(tni_parser *parser) {
    const tni_token *next;
    if (!tni_token_is_label(parser->token) || tni_parser_at(parser, TNI_WORD_TRUE) ||
        tni_parser_at(parser, TNI_WORD_FALSE) || tni_parser_at(parser, TNI_WORD_NULL) ||
        tni_parser_at(parser, TNI_WORD_CAST)) {
        return false;
    }
    next = tni_parser_peek(parser, 1);
    return next->id != TNI_SYMBOL_LEFT_PAREN && next->id != TNI_SYMBOL_LEFT_BRACKET &&
           next->id != TNI_SYMBOL_LEFT_BRACE &&
           !tni_token_is_string(*next);
}

TNI_FN tni_ast_expression *tni_parser_option_value(tni_parser *parser) {
    tni_ast_expression *value;
    if (!tni_parser_enter(parser, 2)) {
        return NULL;
    }
    if (tni_option_is_bare_word(parser)) {
        value = tni_option_word(parser);
    } else if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        value = tni_option_list(parser);
    } else if (tni_parser_at(parser, TNI_SYMBOL_STAR)) {
        value = tni_parser_star(parser, NULL, parser->token.position);
    } else {
        value = tni_parser_expression(parser);
    }
    parser->depth -= 2;
    return value;
}

static tni_ast_expression *tni_option_true(tni_parser *parser) {
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_BOOLEAN);
    if (node != NULL) {
        node->value.integer = 1;
    }
    return node;
}

/* ( name [=] [value], ... ) */
static bool tni_copy_option_list(tni_parser *parser, tni_ast_statement *statement) {
    tni_ast_expression *last = NULL;
    tni_parser_advance(parser);
    do {
        uint32_t position = parser->token.position;
        const char *name;
        tni_ast_expression *value;
        if (last != NULL && tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN)) {
            break;
        }
        name = tni_parser_label(parser, "an option");
        if (name == NULL) {
            return false;
        }
        tni_parser_accept(parser, TNI_SYMBOL_EQUAL);
        value = tni_parser_at(parser, TNI_SYMBOL_COMMA) ||
                        tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN)
                    ? tni_option_true(parser)
                    : tni_parser_option_value(parser);
        if (value == NULL) {
            return false;
        }
        value->alias = name;
        value->position = position;
        if (last != NULL) {
            last->next = value;
        } else {
            statement->options = value;
        }
        last = value;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN);
}

/* CSV, HEADER, DELIMITER [AS] 'x' ...: one of PostgreSQL's old options. */
static tni_ast_expression *tni_copy_old_option(tni_parser *parser) {
    uint32_t position = parser->token.position;
    tni_ast_expression *value;
    const char *name;
    if (tni_parser_is_text(parser, parser->token, "csv") ||
        tni_parser_is_text(parser, parser->token, "parquet") ||
        tni_parser_is_text(parser, parser->token, "json")) {
        value = tni_option_word(parser);
        if (value != NULL) {
            value->alias = "format";
        }
        return value;
    }
    name = tni_parser_label(parser, "an option");
    if (name == NULL) {
        return NULL;
    }
    tni_parser_accept(parser, TNI_WORD_AS);
    value = tni_token_is_string(parser->token) ? tni_parser_text(parser)
                                               : tni_option_true(parser);
    if (value != NULL) {
        value->alias = name;
        value->position = position;
    }
    return value;
}

static bool tni_parse_copy_options(tni_parser *parser, tni_ast_statement *statement) {
    tni_ast_expression *last = NULL;
    bool with = tni_parser_accept(parser, TNI_WORD_WITH);
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return tni_copy_option_list(parser, statement);
    }
    while (tni_token_is_label(parser->token)) {
        tni_ast_expression *value = tni_copy_old_option(parser);
        if (value == NULL) {
            return false;
        }
        if (last != NULL) {
            last->next = value;
        } else {
            statement->options = value;
        }
        last = value;
    }
    if (with && last == NULL) {
        tni_parser_unexpected(parser, "COPY options");
        return false;
    }
    return true;
}

static bool tni_copy_path(tni_parser *parser, tni_ast_statement *statement) {
    size_t length = 0;
    uint32_t position = parser->token.position;
    if (!tni_token_is_string(parser->token)) {
        tni_parser_unexpected(parser, "a file name in single quotes");
        return false;
    }
    statement->path = tni_parser_string(parser, &length);
    if (statement->path != NULL && strlen(statement->path) != length) {
        tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_SYNTAX, position,
                                            "a file name must not hold a NUL byte"));
    }
    return !tni_parser_failed(parser);
}

/* COPY (query) TO 'file' | COPY table [(columns)] TO | FROM 'file', then options */
TNI_FN bool tni_parser_copy(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_COPY_TO;
    tni_parser_advance(parser);
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        tni_parser_advance(parser);
        statement->query = tni_parser_query(parser);
        if (statement->query == NULL || !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
            return false;
        }
    } else {
        if (tni_parser_at(parser, TNI_WORD_FROM)) {
            tni_parser_refuse(parser, parser->token.position, "COPY FROM DATABASE is");
            return false;
        }
        if (!tni_parser_target(parser, statement, "a table name or a query in parentheses")) {
            return false;
        }
        if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
            statement->columns = tni_parser_names(parser, "a column name");
            if (statement->columns == NULL) {
                return false;
            }
        }
    }
    if (statement->query == NULL && tni_parser_accept(parser, TNI_WORD_FROM)) {
        statement->kind = TNI_STATEMENT_COPY_FROM;
    } else if (!tni_parser_accept(parser, TNI_WORD_TO)) {
        tni_parser_unexpected(parser, statement->query != NULL ? "TO" : "TO or FROM");
        return false;
    }
    return tni_copy_path(parser, statement) && tni_parse_copy_options(parser, statement);
}
