/*
 * parser_source.c - FROM: tables, files, functions, derived tables, joins.
 *
 * A comma binds looser than every join, joins lean left, parentheses group. `a JOIN b JOIN c ON
 * x ON y` gives the inner ON to the inner pair, as the standard's grammar does. Behind "(" it is
 * open whether a query or a join follows; the first source parsed decides. Uses the parser.
 */
#include "sql/parser_internal.h"

static tni_ast_source *tni_source_joined(tni_parser *parser);

static tni_ast_source *tni_source_new(tni_parser *parser, tni_ast_source_kind kind) {
    tni_ast_source *source = (tni_ast_source *)tni_parser_alloc(parser, sizeof *source);
    if (source != NULL) {
        source->kind = kind;
        source->position = parser->token.position;
        source->depth = 1;
    }
    return source;
}

/* Does the word that begins a join follow? */
static bool tni_source_at_join(const tni_parser *parser) {
    switch (parser->token.id) {
    case TNI_WORD_JOIN:
    case TNI_WORD_INNER:
    case TNI_WORD_LEFT:
    case TNI_WORD_RIGHT:
    case TNI_WORD_FULL:
    case TNI_WORD_CROSS:
    case TNI_WORD_NATURAL:
    case TNI_WORD_SEMI:
    case TNI_WORD_ANTI:
    case TNI_WORD_ASOF:
    case TNI_WORD_POSITIONAL:
        return true;
    default:
        return false;
    }
}

/* [AS] alias [(columns)] and what we refuse behind a source. */
static bool tni_source_alias(tni_parser *parser, tni_ast_source *source) {
    if (tni_parser_accept(parser, TNI_WORD_AS)) {
        source->alias = tni_parser_label(parser, "an alias");
        if (source->alias == NULL) {
            return false;
        }
    } else if (tni_token_is_name(parser->token)) {
        source->alias = tni_parser_name(parser, NULL);
    }
    if (source->alias != NULL && tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        source->columns = tni_parser_names(parser, "a column name");
        if (source->columns == NULL) {
            return false;
        }
    }
    if (tni_parser_at(parser, TNI_WORD_TABLESAMPLE)) {
        tni_parser_refuse(parser, parser->token.position, "TABLESAMPLE is");
    } else if (tni_parser_at(parser, TNI_WORD_PIVOT)) {
        tni_parser_refuse(parser, parser->token.position, "PIVOT is");
    } else if (tni_parser_at(parser, TNI_WORD_UNPIVOT)) {
        tni_parser_refuse(parser, parser->token.position, "UNPIVOT is");
    }
    return !tni_parser_failed(parser);
}

/* `header = true` in a table function's arguments is a named argument, not a comparison. */
static void tni_source_name_arguments(tni_ast_expression *call) {
    tni_ast_expression *last = NULL;
    for (tni_ast_expression *a = call->arguments; a != NULL; a = last->next) {
        tni_ast_expression *kept = a;
        if (a->alias == NULL && a->kind == TNI_AST_BINARY && strcmp(a->name, "=") == 0 &&
            !a->parenthesised && a->left->kind == TNI_AST_COLUMN && a->left->qualifier == NULL) {
            kept = a->right;
            kept->alias = a->left->name;
            kept->next = a->next;
        }
        if (last != NULL) {
            last->next = kept;
        } else {
            call->arguments = kept;
        }
        last = kept;
    }
}

/* name(...) [WITH ORDINALITY] */
static bool tni_source_function(tni_parser *parser, tni_ast_source *source) {
    source->kind = TNI_FROM_FUNCTION;
    source->call = tni_parser_call(parser, source->name, source->position);
    if (source->call == NULL) {
        return false;
    }
    tni_source_name_arguments(source->call);
    if (tni_parser_at(parser, TNI_WORD_WITH) &&
        tni_parser_next_is(parser, TNI_WORD_ORDINALITY)) {
        tni_parser_refuse(parser, parser->token.position, "WITH ORDINALITY is");
        return false;
    }
    return true;
}

/* table, 'file', function(...) */
static tni_ast_source *tni_source_named(tni_parser *parser) {
    tni_ast_source *source = tni_source_new(parser, TNI_FROM_TABLE);
    if (source == NULL) {
        return NULL;
    }
    if (tni_token_is_string(parser->token)) {
        size_t length = 0;
        source->is_path = true;
        source->name = tni_parser_string(parser, &length);
        if (source->name != NULL && strlen(source->name) != length) {
            tni_parser_stop(parser,
                            tni_fail_at(parser->error, TRUENO_ERROR_SYNTAX, source->position,
                                        "a file name must not hold a NUL byte"));
        }
    } else if (tni_token_is_function(parser->token) && !tni_token_is_name(parser->token) &&
               tni_parser_next_is(parser, TNI_SYMBOL_LEFT_PAREN)) {
        source->name = tni_parser_label(parser, NULL);
    } else {
        source->name = tni_parser_qualified(parser, "a table, a 'file' or a subquery",
                                            &source->schema);
    }
    if (source->name == NULL || tni_parser_failed(parser)) {
        return NULL;
    }
    if (!source->is_path && tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN) &&
        !tni_source_function(parser, source)) {
        return NULL;
    }
    return source;
}

static tni_ast_source *tni_source_of_query(tni_parser *parser, tni_ast_query *query,
                                           uint32_t position) {
    tni_ast_source *source =
        query != NULL ? tni_source_new(parser, query->kind == TNI_QUERY_VALUES ? TNI_FROM_VALUES
                                                                               : TNI_FROM_QUERY)
                      : NULL;
    if (source != NULL) {
        source->position = position;
        source->query = query;
    }
    return source;
}

/* Behind "(" and one or more sources: they may turn out to begin a longer query. */
static tni_ast_source *tni_source_close(tni_parser *parser, tni_ast_source *inner,
                                        uint32_t position) {
    if (inner->query != NULL && inner->alias == NULL && tni_parser_at_query_tail(parser)) {
        inner = tni_source_of_query(parser, tni_parser_query_continue(parser, inner->query),
                                    position);
    }
    return inner != NULL && tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN) ? inner : NULL;
}

/* FROM (DESCRIBE t) and the like: the word would otherwise be taken for a table. */
static bool tni_source_refuse_statement(tni_parser *parser) {
    bool statement = tni_parser_at(parser, TNI_WORD_DESCRIBE) ||
                     tni_parser_at(parser, TNI_WORD_SHOW) ||
                     tni_parser_at(parser, TNI_WORD_SUMMARIZE);
    const tni_token *next = statement ? tni_parser_peek(parser, 1) : NULL;
    if (next != NULL &&
        (tni_token_is_label(*next) || tni_token_is_string(*next) ||
         next->id == TNI_SYMBOL_LEFT_PAREN) &&
        next->id != TNI_WORD_AS) {
        tni_parser_refuse(parser, parser->token.position,
                          "DESCRIBE, SHOW and SUMMARIZE in FROM are");
    }
    return tni_parser_failed(parser);
}

/* (query) or (joins); "(" is current. */
static tni_ast_source *tni_source_parenthesis(tni_parser *parser) {
    uint32_t position = parser->token.position;
    tni_ast_source *inner;
    tni_parser_advance(parser);
    if (tni_source_refuse_statement(parser)) {
        return NULL;
    }
    if (tni_parser_at_query(parser)) {
        inner = tni_source_of_query(parser, tni_parser_query(parser), position);
        return inner != NULL && tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN) ? inner : NULL;
    }
    inner = tni_parser_sources(parser);
    return inner != NULL ? tni_source_close(parser, inner, position) : NULL;
}

/* An alias behind parenthesised joins would hide their tables; behind (t) it is t's. */
static bool tni_source_may_alias(tni_parser *parser, const tni_ast_source *source,
                                 const char *before) {
    if (source->kind != TNI_FROM_JOIN && source->alias == NULL) {
        return true;
    }
    if (before != NULL || tni_parser_at(parser, TNI_WORD_AS) ||
        tni_token_is_name(parser->token)) {
        tni_parser_refuse(parser, parser->token.position, "an alias for a parenthesised join is");
    }
    return false;
}

/* alias: source */
static const char *tni_source_alias_before(tni_parser *parser) {
    const char *alias = NULL;
    if (tni_token_is_name(parser->token) && tni_parser_next_is(parser, TNI_SYMBOL_COLON)) {
        alias = tni_parser_name(parser, NULL);
        tni_parser_advance(parser);
    }
    return alias;
}

static tni_ast_source *tni_source_primary_inner(tni_parser *parser) {
    bool lateral = tni_parser_accept(parser, TNI_WORD_LATERAL);
    const char *alias = tni_source_alias_before(parser);
    tni_ast_source *source;
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        source = tni_source_parenthesis(parser);
        if (source == NULL || !tni_source_may_alias(parser, source, alias)) {
            return tni_parser_failed(parser) ? NULL : source;
        }
    } else if (tni_parser_at(parser, TNI_WORD_VALUES) &&
               tni_parser_next_is(parser, TNI_SYMBOL_LEFT_PAREN)) {
        uint32_t position = parser->token.position;
        source = tni_source_of_query(parser, tni_parser_values(parser), position);
    } else {
        source = tni_source_named(parser);
    }
    if (source == NULL) {
        return NULL;
    }
    source->lateral = lateral;
    if (alias != NULL) {
        source->alias = alias;
        return tni_parser_settle_source(parser, source) ? source : NULL;
    }
    if (!tni_source_alias(parser, source) || !tni_parser_settle_source(parser, source)) {
        return NULL;
    }
    return source;
}

static tni_ast_source *tni_source_primary(tni_parser *parser) {
    tni_ast_source *source;
    if (!tni_parser_enter(parser, 2)) {
        return NULL;
    }
    source = tni_source_primary_inner(parser);
    parser->depth -= 2;
    return source;
}

static tni_ast_source *tni_source_join(tni_parser *parser, tni_ast_join join,
                                       tni_ast_source *left, uint32_t position) {
    tni_ast_source *source = tni_source_new(parser, TNI_FROM_JOIN);
    if (source != NULL) {
        source->join = join;
        source->left = left;
        source->position = position;
    }
    return source;
}

/* [INNER] | LEFT | RIGHT | FULL [OUTER] | SEMI | ... JOIN */
static bool tni_source_join_words(tni_parser *parser, tni_ast_source *source) {
    uint32_t word;
    source->natural = tni_parser_accept(parser, TNI_WORD_NATURAL);
    word = parser->token.id;
    source->join = TNI_JOIN_INNER;
    switch (word) {
    case TNI_WORD_LEFT:
        source->join = TNI_JOIN_LEFT;
        break;
    case TNI_WORD_RIGHT:
        source->join = TNI_JOIN_RIGHT;
        break;
    case TNI_WORD_FULL:
        source->join = TNI_JOIN_FULL;
        break;
    case TNI_WORD_CROSS:
        source->join = TNI_JOIN_CROSS;
        break;
    case TNI_WORD_SEMI:
        source->join = TNI_JOIN_SEMI;
        break;
    case TNI_WORD_ANTI:
        source->join = TNI_JOIN_ANTI;
        break;
    case TNI_WORD_ASOF:
        source->join = TNI_JOIN_ASOF;
        break;
    case TNI_WORD_POSITIONAL:
        source->join = TNI_JOIN_POSITIONAL;
        break;
    default:
        break;
    }
    if (word != TNI_WORD_JOIN && tni_source_at_join(parser)) {
        tni_parser_advance(parser);
    }
    if (source->join == TNI_JOIN_LEFT || source->join == TNI_JOIN_RIGHT ||
        source->join == TNI_JOIN_FULL) {
        tni_parser_accept(parser, TNI_WORD_OUTER);
    }
    if (source->join == TNI_JOIN_LEFT && tni_parser_accept(parser, TNI_WORD_SEMI)) {
        source->join = TNI_JOIN_SEMI;
    } else if (source->join == TNI_JOIN_LEFT && tni_parser_accept(parser, TNI_WORD_ANTI)) {
        source->join = TNI_JOIN_ANTI;
    } else if (source->join == TNI_JOIN_ASOF && !tni_parser_accept(parser, TNI_WORD_INNER) &&
               !tni_parser_at(parser, TNI_WORD_JOIN)) {
        tni_parser_refuse(parser, parser->token.position, "ASOF joins other than inner ones are");
        return false;
    }
    return tni_parser_expect(parser, TNI_WORD_JOIN);
}

static tni_ast_source *tni_source_join_right(tni_parser *parser, tni_ast_source *left);

/* ON condition | USING (columns), which all but CROSS, POSITIONAL and NATURAL joins need. */
static bool tni_source_join_condition(tni_parser *parser, tni_ast_source *source) {
    if (source->natural || source->join == TNI_JOIN_CROSS ||
        source->join == TNI_JOIN_POSITIONAL) {
        return true;
    }
    while (source->right != NULL && tni_source_at_join(parser)) {
        source->right = tni_source_join_right(parser, source->right);
    }
    if (source->right == NULL) {
        return false;
    }
    if (tni_parser_accept(parser, TNI_WORD_ON)) {
        source->on = tni_parser_expression(parser);
        return source->on != NULL;
    }
    if (tni_parser_accept(parser, TNI_WORD_USING)) {
        source->using_columns = tni_parser_names(parser, "a column name");
        return source->using_columns != NULL;
    }
    tni_parser_unexpected(parser, "ON or USING behind the join");
    return false;
}

static tni_ast_source *tni_source_join_inner(tni_parser *parser, tni_ast_source *left) {
    tni_ast_source *source = tni_source_join(parser, TNI_JOIN_INNER, left, left->position);
    if (source == NULL || !tni_source_join_words(parser, source)) {
        return NULL;
    }
    source->right = tni_source_primary(parser);
    if (source->right == NULL || !tni_source_join_condition(parser, source) ||
        !tni_parser_settle_source(parser, source)) {
        return NULL;
    }
    return source;
}

/* left JOIN right ON ...; the join's words are current. */
static tni_ast_source *tni_source_join_right(tni_parser *parser, tni_ast_source *left) {
    tni_ast_source *source;
    if (!tni_parser_enter(parser, 1)) {
        return NULL;
    }
    source = tni_source_join_inner(parser, left);
    parser->depth--;
    return source;
}

static tni_ast_source *tni_source_joined(tni_parser *parser) {
    tni_ast_source *left = tni_source_primary(parser);
    while (left != NULL && tni_source_at_join(parser)) {
        left = tni_source_join_right(parser, left);
    }
    return left;
}

TNI_FN tni_ast_source *tni_parser_sources(tni_parser *parser) {
    tni_ast_source *left = tni_source_joined(parser);
    while (left != NULL && tni_parser_accept(parser, TNI_SYMBOL_COMMA)) {
        tni_ast_source *join;
        if (tni_parser_list_ends(parser)) {
            break;
        }
        join = tni_source_join(parser, TNI_JOIN_CROSS, left, left->position);
        if (join == NULL) {
            return NULL;
        }
        join->right = tni_source_joined(parser);
        if (join->right == NULL || !tni_parser_settle_source(parser, join)) {
            return NULL;
        }
        left = join;
    }
    return left;
}
