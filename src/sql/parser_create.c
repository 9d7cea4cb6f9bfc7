/*
 * parser_create.c - CREATE TABLE, VIEW, INDEX and DROP.
 *
 * Constraints of one column end on its definition, wherever they were written; keys of several
 * columns and CHECKs of the table stay lists of their own. Everything else that can be created
 * is refused by name. Uses the parser.
 */
#include "sql/parser_internal.h"

/* Each name in a key is looked up among all columns: hostile text must not make that long. */
#define TNI_CREATE_KEY_COLUMNS 256u

/* ---- columns and constraints ---- */

static tni_ast_expression *tni_create_check(tni_parser *parser) {
    tni_ast_expression *condition;
    if (!tni_parser_expect(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return NULL;
    }
    condition = tni_parser_expression(parser);
    return condition != NULL && tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN) ? condition
                                                                                  : NULL;
}

/* Constraints that would change what the table accepts and that we do not enforce. */
static bool tni_create_refuse(tni_parser *parser) {
    const char *what = NULL;
    switch (parser->token.id) {
    case TNI_WORD_REFERENCES:
    case TNI_WORD_FOREIGN:
        what = "FOREIGN KEY constraints are";
        break;
    case TNI_WORD_COLLATE:
        what = "COLLATE is";
        break;
    case TNI_WORD_GENERATED:
    case TNI_WORD_AS:
        what = "generated columns are";
        break;
    default:
        return false;
    }
    tni_parser_refuse(parser, parser->token.position, what);
    return true;
}

/* One constraint behind a column's type. *found: there was one. */
static bool tni_create_column_constraint(tni_parser *parser, tni_ast_column_definition *column,
                                         bool *found) {
    *found = true;
    if (tni_parser_accept(parser, TNI_WORD_CONSTRAINT)) {
        return tni_parser_name(parser, "a name for the constraint") != NULL;
    }
    if (tni_parser_accept(parser, TNI_WORD_NOT)) {
        column->not_null = true;
        return tni_parser_expect(parser, TNI_WORD_NULL);
    }
    if (tni_parser_accept(parser, TNI_WORD_NULL)) {
        return true;
    }
    if (tni_parser_accept(parser, TNI_WORD_PRIMARY)) {
        column->primary_key = true;
        return tni_parser_expect(parser, TNI_WORD_KEY);
    }
    if (tni_parser_accept(parser, TNI_WORD_UNIQUE)) {
        column->unique = true;
        return true;
    }
    if (tni_parser_accept(parser, TNI_WORD_DEFAULT)) {
        column->default_value = tni_parser_expression_at(parser, TNI_PRECEDENCE_OTHER);
        return column->default_value != NULL;
    }
    if (tni_parser_accept(parser, TNI_WORD_CHECK)) {
        column->check = tni_create_check(parser);
        return column->check != NULL;
    }
    *found = false;
    return !tni_create_refuse(parser);
}

static tni_ast_column_definition *tni_create_column(tni_parser *parser) {
    bool found = true;
    tni_ast_column_definition *column =
        (tni_ast_column_definition *)tni_parser_alloc(parser, sizeof *column);
    if (column == NULL) {
        return NULL;
    }
    column->position = parser->token.position;
    column->name = tni_parser_name(parser, "a column name");
    if (column->name == NULL) {
        return NULL;
    }
    column->type.position = parser->token.position;
    if (tni_create_refuse(parser)) {
        return NULL;
    }
    if (!tni_parser_type(parser, &column->type.type)) {
        return NULL;
    }
    while (found) {
        if (!tni_create_column_constraint(parser, column, &found)) {
            return NULL;
        }
    }
    return column;
}

static tni_ast_column_definition *tni_create_find(tni_ast_statement *statement,
                                                  const char *name) {
    tni_ast_column_definition *column = statement->definitions;
    while (column != NULL && !tni_name_equal(column->name, name)) {
        column = column->next;
    }
    return column;
}

/* PRIMARY KEY (...) or UNIQUE (...) of the table; the columns are current. */
static bool tni_create_key(tni_parser *parser, tni_ast_statement *statement, bool primary) {
    tni_ast_key *key = (tni_ast_key *)tni_parser_alloc(parser, sizeof *key);
    if (key == NULL) {
        return false;
    }
    key->primary = primary;
    key->position = parser->token.position;
    key->columns = tni_parser_names(parser, "a column name");
    if (key->columns == NULL) {
        return false;
    }
    for (const tni_ast_name *name = key->columns; name != NULL; name = name->next) {
        tni_ast_column_definition *column;
        if (++parser->key_columns > TNI_CREATE_KEY_COLUMNS) {
            tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_LIMIT,
                                                name->position,
                                                "the keys of a table name more than %u columns",
                                                TNI_CREATE_KEY_COLUMNS));
            return false;
        }
        column = tni_create_find(statement, name->name);
        if (column == NULL) {
            tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_BINDER,
                                                name->position,
                                                "the table has no column \"%.100s\"",
                                                name->name));
            return false;
        }
        column->not_null = column->not_null || primary;
        if (key->columns->next == NULL) {
            column->primary_key = column->primary_key || primary;
            column->unique = column->unique || !primary;
            return true;
        }
    }
    key->next = statement->keys;
    statement->keys = key;
    return true;
}

/* PRIMARY KEY, UNIQUE, CHECK, FOREIGN KEY of the table. *found: it was one. */
static bool tni_create_table_constraint(tni_parser *parser, tni_ast_statement *statement,
                                        bool *found) {
    tni_ast_expression *check;
    *found = true;
    if (tni_parser_accept(parser, TNI_WORD_CONSTRAINT) &&
        tni_parser_name(parser, "a name for the constraint") == NULL) {
        return false;
    }
    if (tni_parser_accept(parser, TNI_WORD_PRIMARY)) {
        return tni_parser_expect(parser, TNI_WORD_KEY) &&
               tni_create_key(parser, statement, true);
    }
    if (tni_parser_accept(parser, TNI_WORD_UNIQUE)) {
        return tni_create_key(parser, statement, false);
    }
    if (tni_parser_accept(parser, TNI_WORD_CHECK)) {
        check = tni_create_check(parser);
        if (check != NULL) {
            check->next = statement->checks;
            statement->checks = check;
        }
        return check != NULL;
    }
    *found = false;
    return !tni_create_refuse(parser);
}

/* ( column type ..., constraints ) */
static bool tni_create_definitions(tni_parser *parser, tni_ast_statement *statement) {
    tni_ast_column_definition *last = NULL;
    if (!tni_parser_expect(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return false;
    }
    do {
        tni_ast_column_definition *column;
        bool constraint = false;
        if (last != NULL && tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN)) {
            break;
        }
        if (!tni_create_table_constraint(parser, statement, &constraint)) {
            return false;
        }
        if (constraint) {
            continue;
        }
        column = tni_create_column(parser);
        if (column == NULL) {
            return false;
        }
        if (last != NULL) {
            last->next = column;
        } else {
            statement->definitions = column;
        }
        last = column;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN);
}

/* ---- CREATE ---- */

static bool tni_create_if_not_exists(tni_parser *parser, tni_ast_statement *statement) {
    if (!tni_parser_at(parser, TNI_WORD_IF) || !tni_parser_next_is(parser, TNI_WORD_NOT)) {
        return true;
    }
    tni_parser_advance(parser);
    tni_parser_advance(parser);
    statement->if_not_exists = true;
    return tni_parser_expect(parser, TNI_WORD_EXISTS);
}

/* AS query [WITH [NO] DATA] */
static bool tni_create_as(tni_parser *parser, tni_ast_statement *statement) {
    if (!tni_parser_expect(parser, TNI_WORD_AS)) {
        return false;
    }
    statement->query = tni_parser_query(parser);
    if (statement->query == NULL) {
        return false;
    }
    if (tni_parser_at(parser, TNI_WORD_WITH)) {
        uint32_t position = parser->token.position;
        tni_parser_advance(parser);
        if (tni_parser_at(parser, TNI_WORD_NO)) {
            tni_parser_refuse(parser, position, "CREATE TABLE ... WITH NO DATA is");
            return false;
        }
        return tni_parser_expect(parser, TNI_WORD_DATA);
    }
    return true;
}

/* Is the parenthesis a bare list of names, as before AS? */
static bool tni_create_at_name_list(tni_parser *parser) {
    const tni_token *next;
    if (!tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN) ||
        !tni_token_is_name(*tni_parser_peek(parser, 1))) {
        return false;
    }
    next = tni_parser_peek(parser, 2);
    return next->id == TNI_SYMBOL_COMMA || next->id == TNI_SYMBOL_RIGHT_PAREN;
}

/* PARTITIONS count */
static bool tni_create_partitions(tni_parser *parser, tni_ast_partition *partition) {
    uint32_t i;
    partition->count_position = parser->token.position;
    if (parser->token.kind != TNI_TOKEN_INTEGER) {
        tni_parser_unexpected(parser, "the number of partitions");
        return false;
    }
    for (i = parser->token.position; i < parser->token.end; i++) {
        char digit = parser->lexer.text[i];
        if (digit != '_') {
            partition->count = TNI_MIN(partition->count * 10 + (uint32_t)(digit - '0'), 1000000u);
        }
    }
    if (partition->count == 0) {
        tni_parser_unexpected(parser, "one partition or more");
        return false;
    }
    tni_parser_advance(parser);
    return true;
}

/* [PARTITION BY [HASH | RANGE] (column) [PARTITIONS count]] */
static bool tni_create_partition(tni_parser *parser, tni_ast_statement *statement) {
    tni_ast_partition *partition;
    const tni_ast_name *names;
    if (!tni_parser_accept(parser, TNI_WORD_PARTITION)) {
        return true;
    }
    partition = (tni_ast_partition *)tni_parser_alloc(parser, sizeof *partition);
    if (partition == NULL || !tni_parser_expect(parser, TNI_WORD_BY)) {
        return false;
    }
    statement->partition = partition;
    partition->range = tni_parser_accept(parser, TNI_WORD_RANGE);
    if (!partition->range && !tni_parser_accept_text(parser, "hash") &&
        !tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        tni_parser_unexpected(parser, "HASH (column), RANGE (column) or (column)");
        return false;
    }
    names = tni_parser_names(parser, "a column name");
    if (names == NULL) {
        return false;
    }
    partition->column = names->name;
    partition->position = names->position;
    if (names->next != NULL) {
        tni_parser_refuse(parser, names->next->position, "PARTITION BY of several columns is");
        return false;
    }
    return !tni_parser_accept_text(parser, "partitions") ||
           tni_create_partitions(parser, partition);
}

/* TABLE [IF NOT EXISTS] name (definitions) | [(columns)] AS query; PARTITION BY behind the
 * parenthesis, or the name where there is none */
static bool tni_parse_create_table(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_CREATE_TABLE;
    if (!tni_create_if_not_exists(parser, statement) ||
        !tni_parser_target(parser, statement, "a table name")) {
        return false;
    }
    if (tni_create_at_name_list(parser)) {
        statement->columns = tni_parser_names(parser, "a column name");
        if (statement->columns == NULL) {
            return false;
        }
        if (!tni_parser_at(parser, TNI_WORD_AS) && !tni_parser_at(parser, TNI_WORD_PARTITION)) {
            tni_parser_unexpected(parser, "AS, or a type behind each column name");
            return false;
        }
    } else if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return tni_create_definitions(parser, statement) &&
               tni_create_partition(parser, statement);
    }
    return tni_create_partition(parser, statement) && tni_create_as(parser, statement);
}

/* VIEW [IF NOT EXISTS] name [(columns)] AS query */
static bool tni_parse_create_view(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_CREATE_VIEW;
    statement->is_view = true;
    if (!tni_create_if_not_exists(parser, statement) ||
        !tni_parser_target(parser, statement, "a view name")) {
        return false;
    }
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        statement->columns = tni_parser_names(parser, "a column name");
        if (statement->columns == NULL) {
            return false;
        }
    }
    if (!tni_parser_expect(parser, TNI_WORD_AS)) {
        return false;
    }
    statement->query = tni_parser_query(parser);
    return statement->query != NULL;
}

/* What an index is over, as SELECT expressions FROM table. */
static bool tni_create_index_query(tni_parser *parser, tni_ast_statement *statement,
                                   const tni_ast_order *order) {
    tni_ast_query *query = (tni_ast_query *)tni_parser_alloc(parser, sizeof *query);
    tni_ast_source *from = (tni_ast_source *)tni_parser_alloc(parser, sizeof *from);
    tni_ast_expression **link;
    if (query == NULL || from == NULL) {
        return false;
    }
    query->kind = TNI_QUERY_SELECT;
    query->position = statement->position;
    from->kind = TNI_FROM_TABLE;
    from->name = statement->name;
    from->position = statement->name_position;
    query->from = from;
    link = &query->items;
    for (; order != NULL; order = order->next) {
        *link = order->expression;
        link = &order->expression->next;
    }
    statement->query = query;
    return true;
}

/* INDEX [IF NOT EXISTS] [name] ON table [USING method] (expressions) */
static bool tni_create_index(tni_parser *parser, tni_ast_statement *statement) {
    const tni_ast_order *order;
    const char *index = NULL;
    statement->kind = TNI_STATEMENT_CREATE_INDEX;
    statement->is_index = true;
    if (!tni_create_if_not_exists(parser, statement)) {
        return false;
    }
    if (!tni_parser_at(parser, TNI_WORD_ON)) {
        index = tni_parser_qualified(parser, "an index name", NULL);
    }
    statement->alias = index;
    if (!tni_parser_expect(parser, TNI_WORD_ON) ||
        !tni_parser_target(parser, statement, "a table name")) {
        return false;
    }
    if (tni_parser_accept(parser, TNI_WORD_USING) &&
        tni_parser_name(parser, "an index method") == NULL) {
        return false;
    }
    if (!tni_parser_expect(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return false;
    }
    order = tni_parser_order(parser);
    return order != NULL && tni_create_index_query(parser, statement, order) &&
           tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN);
}

/* CREATE <something we do not have>: name it. */
static bool tni_create_unknown(tni_parser *parser) {
    char what[64];
    tni_token token = parser->token;
    size_t length = TNI_MIN(token.end - token.position, 40u);
    if (token.kind != TNI_TOKEN_WORD) {
        tni_parser_unexpected(parser, "TABLE, VIEW or INDEX");
        return false;
    }
    memcpy(what, "CREATE ", 7);
    memcpy(what + 7, parser->lexer.text + token.position, length);
    memcpy(what + 7 + length, " is", 4);
    for (size_t i = 7; i < 7 + length; i++) {
        what[i] = what[i] >= 'a' && what[i] <= 'z' ? (char)(what[i] - 32) : what[i];
    }
    tni_parser_refuse(parser, token.position, what);
    return false;
}

TNI_FN bool tni_parser_create(tni_parser *parser, tni_ast_statement *statement) {
    tni_parser_advance(parser);
    if (tni_parser_accept(parser, TNI_WORD_OR)) {
        statement->or_replace = true;
        if (!tni_parser_expect(parser, TNI_WORD_REPLACE)) {
            return false;
        }
    }
    statement->temporary = tni_parser_accept(parser, TNI_WORD_TEMP) ||
                           tni_parser_accept(parser, TNI_WORD_TEMPORARY);
    if (tni_parser_accept(parser, TNI_WORD_TABLE)) {
        return tni_parse_create_table(parser, statement);
    }
    if (tni_parser_accept(parser, TNI_WORD_VIEW)) {
        return tni_parse_create_view(parser, statement);
    }
    statement->is_unique = tni_parser_accept(parser, TNI_WORD_UNIQUE);
    if (tni_parser_accept(parser, TNI_WORD_INDEX)) {
        return tni_create_index(parser, statement);
    }
    return tni_create_unknown(parser);
}

/* ---- DROP ---- */

TNI_FN bool tni_parser_drop(tni_parser *parser, tni_ast_statement *statement) {
    statement->kind = TNI_STATEMENT_DROP;
    tni_parser_advance(parser);
    statement->is_view = tni_parser_accept(parser, TNI_WORD_VIEW);
    statement->is_index = !statement->is_view && tni_parser_accept(parser, TNI_WORD_INDEX);
    if (!statement->is_view && !statement->is_index &&
        !tni_parser_accept(parser, TNI_WORD_TABLE)) {
        if (parser->token.kind == TNI_TOKEN_WORD && parser->token.id != 0) {
            tni_parser_refuse(parser, parser->token.position,
                              "DROP of anything but TABLE, VIEW and INDEX is");
        } else {
            tni_parser_unexpected(parser, "TABLE, VIEW or INDEX");
        }
        return false;
    }
    if (tni_parser_at(parser, TNI_WORD_IF) && tni_parser_next_is(parser, TNI_WORD_EXISTS)) {
        tni_parser_advance(parser);
        tni_parser_advance(parser);
        statement->if_exists = true;
    }
    if (!tni_parser_target(parser, statement, "a name")) {
        return false;
    }
    if (tni_parser_at(parser, TNI_SYMBOL_COMMA)) {
        tni_parser_refuse(parser, parser->token.position, "DROP of several objects at once is");
        return false;
    }
    if (!tni_parser_accept(parser, TNI_WORD_CASCADE)) {
        tni_parser_accept(parser, TNI_WORD_RESTRICT);
    }
    return true;
}

#undef TNI_CREATE_KEY_COLUMNS
