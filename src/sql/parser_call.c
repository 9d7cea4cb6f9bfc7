/*
 * parser_call.c - stars, COLUMNS, function calls, and the node helpers that expressions share.
 *
 * A call takes everything SQL allows around its parenthesis: DISTINCT, ORDER BY, IGNORE NULLS,
 * WITHIN GROUP, FILTER, OVER. Functions with words between their arguments (EXTRACT, SUBSTRING,
 * POSITION, TRIM, OVERLAY) become plain calls; written with commas they stay what they are.
 * Uses the rest of the parser.
 */
#include "sql/parser_internal.h"

/* ---- helpers ---- */

TNI_FN tni_ast_expression *tni_parser_literal_text(tni_parser *parser, const char *text,
                                                   size_t length) {
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_STRING);
    if (node != NULL) {
        node->text = tni_arena_text(parser->arena, text, length);
        node->text_length = length;
        if (node->text == NULL) {
            tni_parser_stop(parser,
                            tni_memory_fail(parser->arena->memory, length, parser->error));
            return NULL;
        }
    }
    return node;
}

TNI_FN tni_ast_expression *tni_parser_unary(tni_parser *parser, const char *name,
                                            tni_ast_expression *operand, uint32_t start) {
    tni_ast_expression *node;
    if (operand == NULL || (node = tni_parser_node(parser, TNI_AST_UNARY)) == NULL) {
        return NULL;
    }
    node->name = name;
    node->left = operand;
    return tni_parser_finish(parser, node, start);
}

/* A call that stands for special syntax; unused arguments are NULL and last. */
TNI_FN tni_ast_expression *tni_parser_make_call(tni_parser *parser, const char *name,
                                                tni_ast_expression *a, tni_ast_expression *b,
                                                tni_ast_expression *c, uint32_t start) {
    tni_ast_expression *node;
    if (tni_parser_failed(parser) || (node = tni_parser_node(parser, TNI_AST_CALL)) == NULL) {
        return NULL;
    }
    node->name = name;
    node->arguments = a;
    if (a != NULL) {
        node->argument_count = 1;
        a->next = b;
    }
    if (b != NULL) {
        node->argument_count = 2;
        b->next = c;
    }
    if (c != NULL) {
        node->argument_count = 3;
        c->next = NULL;
    }
    return tni_parser_finish(parser, node, start);
}

TNI_FN void tni_parser_append(tni_ast_expression *parent, tni_ast_expression *last,
                              tni_ast_expression *item) {
    if (last != NULL) {
        last->next = item;
    } else {
        parent->arguments = item;
    }
    parent->argument_count++;
}

/* Expressions up to (not including) the token `close`, into node->arguments. */
TNI_FN TNI_NOINLINE bool tni_parser_arguments(tni_parser *parser, tni_ast_expression *node,
                                              uint32_t close) {
    tni_ast_expression *last = NULL;
    if (!tni_parser_enter(parser, 1)) {
        return false;
    }
    do {
        tni_ast_expression *item;
        if (last != NULL && tni_parser_at(parser, close)) {
            break;
        }
        item = tni_parser_expression(parser);
        if (item == NULL) {
            return false;
        }
        tni_parser_append(node, last, item);
        last = item;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    parser->depth--;
    return true;
}

TNI_FN tni_ast_expression *tni_parser_expressions(tni_parser *parser) {
    tni_ast_expression *first = NULL, *last = NULL;
    do {
        tni_ast_expression *item;
        if (last != NULL && tni_parser_list_ends(parser)) {
            break;
        }
        item = tni_parser_expression(parser);
        if (item == NULL) {
            return NULL;
        }
        if (last != NULL) {
            last->next = item;
        } else {
            first = item;
        }
        last = item;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return first;
}

/* ---- stars ---- */

static tni_ast_expression *tni_star_column(tni_parser *parser) {
    tni_ast_expression *column = tni_parser_node(parser, TNI_AST_COLUMN);
    if (column == NULL) {
        return NULL;
    }
    column->name = tni_parser_qualified(parser, "a column name", &column->qualifier);
    column->end = parser->previous.end;
    return column->name != NULL ? column : NULL;
}

/* item | (item, ...), each with AS name where `named`: EXCLUDE and RENAME take columns, REPLACE
 * expressions */
static bool tni_star_list(tni_parser *parser, tni_ast_expression *(*read)(tni_parser *), bool named,
                          tni_ast_expression **next) {
    bool list = tni_parser_accept(parser, TNI_SYMBOL_LEFT_PAREN), first = true;
    do {
        tni_ast_expression *item;
        if (list && !first && tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN)) {
            break;
        }
        item = read(parser);
        if (item == NULL || (named && !tni_parser_expect(parser, TNI_WORD_AS))) {
            return false;
        }
        item->alias = named ? tni_parser_name(parser, "a column name") : NULL;
        if (named && item->alias == NULL) {
            return false;
        }
        *next = item;
        next = &item->next;
        first = false;
    } while (list && tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return !list || tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN);
}

/* `* EXCEPT (a, b)` is EXCLUDE; `* EXCEPT (SELECT ...)` and `* EXCEPT SELECT` are not. */
static bool tni_star_accept_except(tni_parser *parser) {
    if (!tni_parser_at(parser, TNI_WORD_EXCEPT) ||
        !tni_parser_next_is(parser, TNI_SYMBOL_LEFT_PAREN) ||
        !tni_token_is_name(*tni_parser_peek(parser, 2)) ||
        tni_parser_peek(parser, 2)->id == TNI_WORD_VALUES) {
        return false;
    }
    tni_parser_advance(parser);
    return true;
}

/* What may follow a star elsewhere. */
static void tni_star_refuse(tni_parser *parser) {
    switch (parser->token.id) {
    case TNI_WORD_COLUMNS:
        tni_parser_refuse(parser, parser->token.position, "*COLUMNS(...) is");
        break;
    case TNI_WORD_NOT:
    case TNI_WORD_LIKE:
    case TNI_WORD_ILIKE:
    case TNI_WORD_GLOB:
    case TNI_WORD_SIMILAR:
    case TNI_SYMBOL_TILDE:
    case TNI_SYMBOL_REGEXP_I:
    case TNI_SYMBOL_NOT_REGEXP:
    case TNI_SYMBOL_NOT_REGEXP_I:
    case TNI_SYMBOL_LIKE:
    case TNI_SYMBOL_NOT_LIKE:
    case TNI_SYMBOL_ILIKE:
    case TNI_SYMBOL_NOT_ILIKE:
    case TNI_SYMBOL_GLOB:
        tni_parser_refuse(parser, parser->token.position, "* LIKE pattern is");
        break;
    default:
        break;
    }
}

TNI_FN tni_ast_expression *tni_parser_star(tni_parser *parser, const char *qualifier,
                                           uint32_t start) {
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_STAR);
    if (node == NULL || !tni_parser_expect(parser, TNI_SYMBOL_STAR)) {
        return NULL;
    }
    node->qualifier = qualifier;
    if ((tni_parser_accept(parser, TNI_WORD_EXCLUDE) || tni_star_accept_except(parser)) &&
        !tni_star_list(parser, tni_star_column, false, &node->exclude)) {
        return NULL;
    }
    if (tni_parser_accept(parser, TNI_WORD_REPLACE) &&
        !tni_star_list(parser, tni_parser_expression, true, &node->replace)) {
        return NULL;
    }
    if (tni_parser_accept(parser, TNI_WORD_RENAME) &&
        !tni_star_list(parser, tni_star_column, true, &node->rename)) {
        return NULL;
    }
    tni_star_refuse(parser);
    return tni_parser_finish(parser, node, start);
}

/* COLUMNS('re'), COLUMNS(*), COLUMNS(t.* EXCLUDE (a)); COLUMNS is current. */
TNI_FN TNI_NOINLINE tni_ast_expression *tni_parser_columns(tni_parser *parser) {
    uint32_t start = parser->token.position;
    tni_ast_expression *node;
    tni_parser_advance(parser);
    tni_parser_advance(parser);
    if (tni_token_is_string(parser->token)) {
        node = tni_parser_node(parser, TNI_AST_COLUMNS);
        if (node != NULL) {
            node->text = tni_parser_string(parser, &node->text_length);
        }
    } else {
        const char *qualifier = NULL;
        if (!tni_parser_at(parser, TNI_SYMBOL_STAR)) {
            if (!tni_token_is_name(parser->token) ||
                !tni_parser_next_is(parser, TNI_SYMBOL_DOT)) {
                tni_parser_refuse(parser, parser->token.position,
                                  "COLUMNS of anything but a regular expression or * is");
                return NULL;
            }
            qualifier = tni_parser_name(parser, NULL);
            tni_parser_advance(parser);
        }
        node = tni_parser_star(parser, qualifier, start);
        if (node != NULL) {
            node->kind = TNI_AST_COLUMNS;
        }
    }
    if (node == NULL || !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    return tni_parser_finish(parser, node, start);
}

/* ---- calls ---- */

/* WITHIN GROUP, FILTER, IGNORE NULLS, OVER */
static bool tni_call_suffix(tni_parser *parser, tni_ast_expression *call) {
    if (tni_parser_at(parser, TNI_WORD_WITHIN) && tni_parser_next_is(parser, TNI_WORD_GROUP)) {
        tni_parser_advance(parser);
        tni_parser_advance(parser);
        if (!tni_parser_expect(parser, TNI_SYMBOL_LEFT_PAREN) ||
            !tni_parser_expect(parser, TNI_WORD_ORDER) ||
            !tni_parser_expect(parser, TNI_WORD_BY)) {
            return false;
        }
        call->order = tni_parser_order(parser);
        call->within_group = true;
        if (call->order == NULL || !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
            return false;
        }
    }
    if (tni_parser_at(parser, TNI_WORD_FILTER) &&
        tni_parser_next_is(parser, TNI_SYMBOL_LEFT_PAREN)) {
        tni_parser_advance(parser);
        tni_parser_advance(parser);
        tni_parser_accept(parser, TNI_WORD_WHERE);
        call->filter = tni_parser_expression(parser);
        if (call->filter == NULL || !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
            return false;
        }
    }
    return true;
}

/* IGNORE NULLS or RESPECT NULLS; behind the parenthesis only before OVER, or the words of an
 * outer call, f(g(x) IGNORE NULLS), would go to the inner one. */
static void tni_call_nulls(tni_parser *parser, tni_ast_expression *call, bool inside) {
    bool ignore = tni_parser_at(parser, TNI_WORD_IGNORE);
    if ((ignore || tni_parser_at(parser, TNI_WORD_RESPECT)) &&
        tni_parser_next_is(parser, TNI_WORD_NULLS) &&
        (inside || tni_parser_peek(parser, 2)->id == TNI_WORD_OVER)) {
        tni_parser_advance(parser);
        tni_parser_advance(parser);
        call->ignore_nulls = ignore;
    }
}

static bool tni_call_over(tni_parser *parser, tni_ast_expression *call) {
    const tni_token *next;
    if (!tni_parser_at(parser, TNI_WORD_OVER)) {
        return true;
    }
    next = tni_parser_peek(parser, 1);
    if (!tni_token_is_name(*next) && next->id != TNI_SYMBOL_LEFT_PAREN) {
        return true;
    }
    tni_parser_advance(parser);
    call->over = tni_parser_window(parser);
    return call->over != NULL;
}

static bool tni_call_refuse_state(tni_parser *parser) {
    if (tni_parser_is_text(parser, parser->token, "export_state")) {
        tni_parser_refuse(parser, parser->token.position, "EXPORT_STATE is");
    }
    return tni_parser_failed(parser);
}

/* name := expr, name => expr, *, t.* or an expression. */
static tni_ast_expression *tni_call_argument(tni_parser *parser) {
    const char *name = NULL;
    tni_ast_expression *argument;
    if (tni_parser_at(parser, TNI_SYMBOL_STAR)) {
        return tni_parser_star(parser, NULL, parser->token.position);
    }
    if (tni_token_is_label(parser->token) && (tni_parser_next_is(parser, TNI_SYMBOL_ASSIGN) ||
                                              tni_parser_next_is(parser, TNI_SYMBOL_NAMED))) {
        name = tni_parser_label(parser, NULL);
        tni_parser_advance(parser);
    }
    argument = tni_parser_expression(parser);
    if (argument != NULL && name != NULL) {
        argument->alias = name;
    }
    return argument;
}

static bool tni_call_arguments(tni_parser *parser, tni_ast_expression *call) {
    tni_ast_expression *last = NULL;
    do {
        tni_ast_expression *argument;
        if (last != NULL && tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN)) {
            break;
        }
        argument = tni_call_argument(parser);
        if (argument == NULL) {
            return false;
        }
        tni_parser_append(call, last, argument);
        last = argument;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return true;
}

TNI_FN TNI_NOINLINE tni_ast_expression *tni_parser_call(tni_parser *parser, const char *name,
                                                        uint32_t start) {
    tni_ast_expression *call = tni_parser_node(parser, TNI_AST_CALL);
    if (call == NULL || !tni_parser_expect(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return NULL;
    }
    call->name = name;
    call->distinct = tni_parser_accept(parser, TNI_WORD_DISTINCT);
    if (!call->distinct) {
        tni_parser_accept(parser, TNI_WORD_ALL);
    }
    if (!tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN) &&
        !tni_parser_at(parser, TNI_WORD_ORDER) && !tni_call_arguments(parser, call)) {
        return NULL;
    }
    tni_call_nulls(parser, call, true);
    if (tni_parser_accept(parser, TNI_WORD_ORDER)) {
        if (!tni_parser_expect(parser, TNI_WORD_BY) ||
            (call->order = tni_parser_order(parser)) == NULL) {
            return NULL;
        }
        tni_call_nulls(parser, call, true);
    }
    if (!tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN) || !tni_call_suffix(parser, call)) {
        return NULL;
    }
    tni_call_nulls(parser, call, false);
    if (!tni_call_over(parser, call) || tni_call_refuse_state(parser)) {
        return NULL;
    }
    return tni_parser_finish(parser, call, start);
}

/* ---- functions with words between their arguments ---- */

/* The rest of an ordinary argument list whose first argument was parsed already. */
static tni_ast_expression *tni_special_plain(tni_parser *parser, const char *name,
                                             tni_ast_expression *first, uint32_t start) {
    tni_ast_expression *node =
        first != NULL ? tni_parser_node(parser, TNI_AST_CALL) : NULL;
    tni_ast_expression *last = first;
    if (node == NULL) {
        return NULL;
    }
    node->name = name;
    tni_parser_append(node, NULL, first);
    while (tni_parser_accept(parser, TNI_SYMBOL_COMMA)) {
        tni_ast_expression *item = tni_parser_expression(parser);
        if (item == NULL) {
            return NULL;
        }
        tni_parser_append(node, last, item);
        last = item;
    }
    if (!tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    return tni_parser_finish(parser, node, start);
}

/* EXTRACT(unit FROM x): the unit is a word or a string. */
static tni_ast_expression *tni_special_extract(tni_parser *parser, uint32_t start) {
    tni_ast_expression *unit, *value;
    tni_token token = parser->token;
    const char *name;
    if (!tni_parser_next_is(parser, TNI_WORD_FROM)) {
        return tni_special_plain(parser, "extract", tni_parser_expression(parser), start);
    }
    if (tni_token_is_string(token)) {
        unit = tni_parser_text(parser);
    } else {
        name = tni_parser_interval_unit(parser, token);
        unit = name != NULL ? tni_parser_literal_text(parser, name, strlen(name))
                            : tni_parser_literal_text(parser, parser->lexer.text + token.position,
                                                      token.end - token.position);
        if (name != NULL && unit != NULL) {
            unit->negated = true; /* a keyword: columns are called date_part('YEAR', d) */
        }
        if (!tni_token_is_label(token)) {
            tni_parser_unexpected(parser, "a unit such as YEAR");
            return NULL;
        }
        tni_parser_advance(parser);
    }
    tni_parser_advance(parser);
    value = tni_parser_expression(parser);
    if (value == NULL || !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    return tni_parser_make_call(parser, "date_part", unit, value, NULL, start);
}

/* SUBSTRING(x FROM a [FOR b]), SUBSTRING(x FOR b) */
static tni_ast_expression *tni_special_substring(tni_parser *parser, uint32_t start) {
    tni_ast_expression *text = tni_parser_expression(parser), *from = NULL, *length = NULL;
    if (!tni_parser_at(parser, TNI_WORD_FROM) && !tni_parser_at(parser, TNI_WORD_FOR)) {
        return tni_special_plain(parser, "substring", text, start);
    }
    if (tni_parser_accept(parser, TNI_WORD_FROM)) {
        from = tni_parser_expression(parser);
    } else if ((from = tni_parser_node(parser, TNI_AST_INTEGER)) != NULL) {
        from->value.integer = 1;
    }
    if (tni_parser_accept(parser, TNI_WORD_FOR)) {
        length = tni_parser_expression(parser);
    }
    if (from == NULL || !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    return tni_parser_make_call(parser, "substring", text, from, length, start);
}

/* POSITION(part IN text) */
static tni_ast_expression *tni_special_position(tni_parser *parser, uint32_t start) {
    tni_ast_expression *part = tni_parser_expression_at(parser, TNI_PRECEDENCE_OTHER), *text;
    if (!tni_parser_accept(parser, TNI_WORD_IN)) {
        return tni_special_plain(parser, "position", part, start);
    }
    text = tni_parser_expression(parser);
    if (text == NULL || !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    return tni_parser_make_call(parser, "strpos", text, part, NULL, start);
}

/* TRIM([LEADING | TRAILING | BOTH] [characters] FROM x), TRIM(x [, characters]) */
static tni_ast_expression *tni_special_trim(tni_parser *parser, uint32_t start) {
    const char *name = "trim";
    tni_ast_expression *first = NULL, *text;
    if (tni_parser_accept(parser, TNI_WORD_LEADING)) {
        name = "ltrim";
    } else if (tni_parser_accept(parser, TNI_WORD_TRAILING)) {
        name = "rtrim";
    } else {
        tni_parser_accept(parser, TNI_WORD_BOTH);
    }
    if (!tni_parser_at(parser, TNI_WORD_FROM)) {
        first = tni_parser_expression(parser);
        if (!tni_parser_at(parser, TNI_WORD_FROM)) {
            return tni_special_plain(parser, name, first, start);
        }
    }
    tni_parser_advance(parser);
    text = tni_parser_expression(parser);
    if (text == NULL || !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    return tni_parser_make_call(parser, name, text, first, NULL, start);
}

/* OVERLAY(x PLACING y FROM a [FOR b]) */
static tni_ast_expression *tni_special_overlay(tni_parser *parser, uint32_t start) {
    tni_ast_expression *text = tni_parser_expression(parser), *part, *from, *length = NULL;
    tni_ast_expression *call;
    if (!tni_parser_accept(parser, TNI_WORD_PLACING)) {
        return tni_special_plain(parser, "overlay", text, start);
    }
    part = tni_parser_expression(parser);
    if (part == NULL || !tni_parser_expect(parser, TNI_WORD_FROM)) {
        return NULL;
    }
    from = tni_parser_expression(parser);
    if (tni_parser_accept(parser, TNI_WORD_FOR)) {
        length = tni_parser_expression(parser);
    }
    if (from == NULL || !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    call = tni_parser_make_call(parser, "overlay", text, part, from, start);
    if (call != NULL && length != NULL) {
        tni_parser_append(call, from, length);
        return tni_parser_finish(parser, call, start);
    }
    return call;
}

/* A call of one of them; its name and "(" are current. */
TNI_FN TNI_NOINLINE tni_ast_expression *tni_parser_special_call(tni_parser *parser) {
    uint32_t start = parser->token.position, word = parser->token.id;
    tni_parser_advance(parser);
    tni_parser_advance(parser);
    switch (word) {
    case TNI_WORD_EXTRACT:
        return tni_special_extract(parser, start);
    case TNI_WORD_SUBSTRING:
        return tni_special_substring(parser, start);
    case TNI_WORD_POSITION:
        return tni_special_position(parser, start);
    case TNI_WORD_TRIM:
        return tni_special_trim(parser, start);
    default:
        return tni_special_overlay(parser, start);
    }
}
