/*
 * parser_expression.c - expressions by precedence climbing: operands and the main loop.
 *
 * expression_at(p) parses an operand and then takes every infix operator that binds at least as
 * tight as p. The order of operators, loosest first, is PostgreSQL's: OR, AND, NOT, IS, the
 * comparisons, LIKE/IN/BETWEEN, all other operators, + -, * / // %, ^, AT TIME ZONE, sign, ::.
 * So NOT is looser than IS and comparisons, and `-2 ^ 2` is 4. Chains other than AND and OR lean
 * left and count towards depth_limit. Uses the rest of the parser.
 */
#include "sql/parser_internal.h"

/* ---- names, casts, CASE ---- */

/* TIMESTAMP WITH TIME ZONE '..', DOUBLE PRECISION '..', DATE '..': is a type current whose
 * literal follows? */
static bool tni_expression_at_typed(tni_parser *parser) {
    const tni_token *next = tni_parser_peek(parser, 1);
    if (tni_token_is_string(*next)) {
        return true;
    }
    if (parser->token.id == TNI_WORD_DOUBLE && next->id == TNI_WORD_PRECISION) {
        return tni_token_is_string(*tni_parser_peek(parser, 2));
    }
    return (parser->token.id == TNI_WORD_TIMESTAMP || parser->token.id == TNI_WORD_TIME) &&
           (next->id == TNI_WORD_WITH || next->id == TNI_WORD_WITHOUT) &&
           tni_parser_peek(parser, 2)->id == TNI_WORD_TIME;
}

/* `name 'text'`: a literal of that type. */
static TNI_NOINLINE tni_ast_expression *tni_expression_typed(tni_parser *parser) {
    uint32_t start = parser->token.position;
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_CAST);
    if (node == NULL) {
        return NULL;
    }
    node->cast_type.position = start;
    if (!tni_parser_type(parser, &node->cast_type.type)) {
        return NULL;
    }
    node->left = tni_parser_text(parser);
    return node->left != NULL ? tni_parser_cast(parser, node, start) : NULL;
}

static bool tni_expression_system_schema(const char *name) {
    return tni_name_equal(name, "main") || tni_name_equal(name, "pg_catalog") ||
           tni_name_equal(name, "system") || tni_name_equal(name, "information_schema");
}

/* [[catalog .] schema .] [table .] column, t.*, or name(...) */
static TNI_NOINLINE tni_ast_expression *tni_expression_name(tni_parser *parser) {
    uint32_t start = parser->token.position, parts = 1;
    bool plain = parser->token.kind == TNI_TOKEN_WORD;
    const char *qualifier = NULL, *name;
    tni_ast_expression *node;
    if (plain && tni_token_is_name(parser->token) && tni_expression_at_typed(parser)) {
        return tni_expression_typed(parser);
    }
    if (!tni_token_is_name(parser->token) &&
        !(tni_token_is_function(parser->token) &&
          tni_parser_next_is(parser, TNI_SYMBOL_LEFT_PAREN))) {
        tni_parser_unexpected(parser, "an expression");
        return NULL;
    }
    name = tni_parser_label(parser, NULL);
    while (name != NULL && tni_parser_accept(parser, TNI_SYMBOL_DOT)) {
        if (tni_parser_at(parser, TNI_SYMBOL_STAR)) {
            return tni_parser_star(parser, name, start);
        }
        qualifier = name;
        name = tni_parser_label(parser, "a column name");
        if (++parts > 4) {
            tni_parser_refuse(parser, start, "fields of a column (a.b.c.d.e) are");
            return NULL;
        }
    }
    if (name == NULL) {
        return NULL;
    }
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        if (qualifier != NULL && !tni_expression_system_schema(qualifier)) {
            tni_parser_refuse(parser, start, "calls of the form column.function() are");
            return NULL;
        }
        return tni_parser_call(parser, name, start);
    }
    node = tni_parser_node(parser, TNI_AST_COLUMN);
    if (node == NULL) {
        return NULL;
    }
    node->qualifier = qualifier;
    node->name = name;
    return tni_parser_finish(parser, node, start);
}

/* CASE [x] WHEN a THEN b ... [ELSE c] END */
static TNI_NOINLINE tni_ast_expression *tni_expression_case(tni_parser *parser) {
    uint32_t start = parser->token.position;
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_CASE), *last = NULL;
    tni_parser_advance(parser);
    if (node == NULL) {
        return NULL;
    }
    if (!tni_parser_at(parser, TNI_WORD_WHEN)) {
        node->left = tni_parser_expression(parser);
        if (node->left == NULL) {
            return NULL;
        }
    }
    do {
        tni_ast_expression *when, *then;
        if (!tni_parser_expect(parser, TNI_WORD_WHEN) ||
            (when = tni_parser_expression(parser)) == NULL ||
            !tni_parser_expect(parser, TNI_WORD_THEN) ||
            (then = tni_parser_expression(parser)) == NULL) {
            return NULL;
        }
        tni_parser_append(node, last, when);
        tni_parser_append(node, when, then);
        last = then;
    } while (tni_parser_at(parser, TNI_WORD_WHEN));
    if (tni_parser_accept(parser, TNI_WORD_ELSE)) {
        node->right = tni_parser_expression(parser);
        if (node->right == NULL) {
            return NULL;
        }
    }
    if (!tni_parser_expect(parser, TNI_WORD_END)) {
        return NULL;
    }
    return tni_parser_finish(parser, node, start);
}

/* CAST(x AS type), TRY_CAST(x AS type) */
static TNI_NOINLINE tni_ast_expression *tni_expression_cast(tni_parser *parser) {
    uint32_t start = parser->token.position;
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_CAST);
    if (node == NULL) {
        return NULL;
    }
    node->negated = tni_parser_at(parser, TNI_WORD_TRY_CAST);
    tni_parser_advance(parser);
    if (!tni_parser_expect(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return NULL;
    }
    node->left = tni_parser_expression(parser);
    if (node->left == NULL || !tni_parser_expect(parser, TNI_WORD_AS)) {
        return NULL;
    }
    node->cast_type.position = parser->token.position;
    if (!tni_parser_type(parser, &node->cast_type.type) ||
        !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    return tni_parser_cast(parser, node, start);
}

/* EXISTS (query) */
static TNI_NOINLINE tni_ast_expression *tni_expression_exists(tni_parser *parser) {
    uint32_t start = parser->token.position;
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_EXISTS);
    tni_parser_advance(parser);
    tni_parser_advance(parser);
    if (node == NULL || (node->query = tni_parser_query(parser)) == NULL ||
        !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    return tni_parser_finish(parser, node, start);
}

/* [a, b], ARRAY[a, b]; "[" is current. */
static TNI_NOINLINE tni_ast_expression *tni_expression_list(tni_parser *parser, uint32_t start) {
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_LIST);
    tni_parser_advance(parser);
    if (node == NULL || (!tni_parser_at(parser, TNI_SYMBOL_RIGHT_BRACKET) &&
                         !tni_parser_arguments(parser, node, TNI_SYMBOL_RIGHT_BRACKET))) {
        return NULL;
    }
    if (tni_parser_at(parser, TNI_WORD_FOR)) {
        tni_parser_refuse(parser, start, "list comprehensions are");
        return NULL;
    }
    if (!tni_parser_expect(parser, TNI_SYMBOL_RIGHT_BRACKET)) {
        return NULL;
    }
    return tni_parser_finish(parser, node, start);
}

/* {'a': x, b: y}; "{" is current. */
static TNI_NOINLINE tni_ast_expression *tni_expression_struct(tni_parser *parser) {
    uint32_t start = parser->token.position;
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_STRUCT), *last = NULL;
    if (node == NULL || !tni_parser_enter(parser, 1)) {
        return NULL;
    }
    tni_parser_advance(parser);
    while (!tni_parser_at(parser, TNI_SYMBOL_RIGHT_BRACE)) {
        tni_ast_expression *item = NULL;
        const char *key;
        if (parser->token.kind == TNI_TOKEN_STRING) {
            tni_ast_expression *text = tni_parser_text(parser);
            key = text == NULL ? NULL : text->text;
        } else {
            key = tni_parser_label(parser, "a field's name");
        }
        if (key == NULL || !tni_parser_expect(parser, TNI_SYMBOL_COLON) ||
            (item = tni_parser_expression(parser)) == NULL) {
            return NULL;
        }
        item->alias = key;
        tni_parser_append(node, last, item);
        last = item;
        if (!tni_parser_accept(parser, TNI_SYMBOL_COMMA)) {
            break;
        }
    }
    parser->depth--;
    return tni_parser_expect(parser, TNI_SYMBOL_RIGHT_BRACE)
               ? tni_parser_finish(parser, node, start)
               : NULL;
}

/* ROW(a, b); ROW is current. */
static TNI_NOINLINE tni_ast_expression *tni_expression_row(tni_parser *parser) {
    uint32_t start = parser->token.position;
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_ROW);
    tni_parser_advance(parser);
    tni_parser_advance(parser);
    if (node == NULL || (!tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN) &&
                         !tni_parser_arguments(parser, node, TNI_SYMBOL_RIGHT_PAREN)) ||
        !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    return tni_parser_finish(parser, node, start);
}

/* A query whose "(" is consumed, as a scalar. */
static tni_ast_expression *tni_expression_subquery(tni_parser *parser, tni_ast_query *query,
                                                   uint32_t start) {
    tni_ast_expression *node;
    if (query == NULL || !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN) ||
        (node = tni_parser_node(parser, TNI_AST_SUBQUERY)) == NULL) {
        return NULL;
    }
    node->query = query;
    return tni_parser_finish(parser, node, start);
}

/* (a, b, ...): `first` and "(" are consumed, a comma is current. */
static tni_ast_expression *tni_expression_tuple(tni_parser *parser, tni_ast_expression *first,
                                                uint32_t start) {
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_ROW), *last = first;
    if (node == NULL || !tni_parser_enter(parser, 1)) {
        return NULL;
    }
    tni_parser_append(node, NULL, first);
    while (tni_parser_accept(parser, TNI_SYMBOL_COMMA)) {
        tni_ast_expression *item;
        if (tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN)) {
            break;
        }
        item = tni_parser_expression(parser);
        if (item == NULL) {
            return NULL;
        }
        tni_parser_append(node, last, item);
        last = item;
    }
    parser->depth--;
    if (!tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    return tni_parser_finish(parser, node, start);
}

/* What a parenthesis can close after `first`: a row, a longer query, or just the expression. */
static tni_ast_expression *tni_expression_close(tni_parser *parser, tni_ast_expression *first,
                                                uint32_t start) {
    if (tni_parser_at(parser, TNI_SYMBOL_COMMA)) {
        return tni_expression_tuple(parser, first, start);
    }
    if (first->kind == TNI_AST_SUBQUERY && tni_parser_at_query_tail(parser)) {
        return tni_expression_subquery(parser, tni_parser_query_continue(parser, first->query),
                                       start);
    }
    if (!tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    first->parenthesised = true;
    return first;
}

/* "(" is current. The frame counts: this is the recursion of nested parentheses. */
TNI_FN TNI_NOINLINE tni_ast_expression *tni_parser_parenthesis(tni_parser *parser) {
    uint32_t start = parser->token.position;
    tni_ast_expression *first;
    tni_parser_advance(parser);
    if (tni_parser_at_query(parser)) {
        return tni_expression_subquery(parser, tni_parser_query(parser), start);
    }
    first = tni_parser_expression(parser);
    return first != NULL ? tni_expression_close(parser, first, start) : NULL;
}

/* ---- operands ---- */

static TNI_NOINLINE tni_ast_expression *tni_expression_constant(tni_parser *parser,
                                                                tni_ast_kind kind, int64_t value) {
    tni_ast_expression *node = tni_parser_node(parser, kind);
    if (node != NULL) {
        node->value.integer = value;
        tni_parser_advance(parser);
    }
    return node;
}

/* CURRENT_DATE and its kin, with or without (). */
static TNI_NOINLINE tni_ast_expression *tni_expression_clock(tni_parser *parser) {
    uint32_t start = parser->token.position;
    const char *name = tni_word_text((tni_word)parser->token.id);
    tni_parser_advance(parser);
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return tni_parser_call(parser, name, start);
    }
    return tni_parser_make_call(parser, name, NULL, NULL, NULL, start);
}

/* Keywords with a meaning of their own only before "(" or "["; names otherwise. */
static TNI_NOINLINE tni_ast_expression *tni_expression_soft_word(tni_parser *parser) {
    uint32_t start = parser->token.position;
    bool call = tni_parser_next_is(parser, TNI_SYMBOL_LEFT_PAREN);
    switch (parser->token.id) {
    case TNI_WORD_TRY_CAST:
        return call ? tni_expression_cast(parser) : tni_expression_name(parser);
    case TNI_WORD_EXISTS:
        return call ? tni_expression_exists(parser) : tni_expression_name(parser);
    case TNI_WORD_COLUMNS:
        return call ? tni_parser_columns(parser) : tni_expression_name(parser);
    case TNI_WORD_ROW:
        return call ? tni_expression_row(parser) : tni_expression_name(parser);
    case TNI_WORD_INTERVAL:
        return tni_parser_at_interval(parser) ? tni_parser_interval(parser)
                                              : tni_expression_name(parser);
    case TNI_WORD_MAP:
        if (call || tni_parser_next_is(parser, TNI_SYMBOL_LEFT_BRACE)) {
            tni_parser_refuse(parser, start, "MAP values are");
            return NULL;
        }
        return tni_expression_name(parser);
    case TNI_WORD_ARRAY:
        if (call) {
            tni_parser_refuse(parser, start, "ARRAY(query) is");
            return NULL;
        }
        if (tni_parser_next_is(parser, TNI_SYMBOL_LEFT_BRACKET)) {
            tni_parser_advance(parser);
            return tni_expression_list(parser, start);
        }
        return tni_expression_name(parser);
    default:
        return call ? tni_parser_special_call(parser) : tni_expression_name(parser);
    }
}

static TNI_NOINLINE tni_ast_expression *tni_expression_word(tni_parser *parser) {
    switch (parser->token.id) {
    case TNI_WORD_NULL:
        return tni_expression_constant(parser, TNI_AST_NULL, 0);
    case TNI_WORD_TRUE:
        return tni_expression_constant(parser, TNI_AST_BOOLEAN, 1);
    case TNI_WORD_FALSE:
        return tni_expression_constant(parser, TNI_AST_BOOLEAN, 0);
    case TNI_WORD_DEFAULT:
        return tni_expression_constant(parser, TNI_AST_DEFAULT, 0);
    case TNI_WORD_CASE:
        return tni_expression_case(parser);
    case TNI_WORD_CAST:
        return tni_expression_cast(parser);
    case TNI_WORD_CURRENT_DATE:
    case TNI_WORD_CURRENT_TIME:
    case TNI_WORD_CURRENT_TIMESTAMP:
    case TNI_WORD_LOCALTIME:
    case TNI_WORD_LOCALTIMESTAMP:
        return tni_expression_clock(parser);
    case TNI_WORD_TRY_CAST:
    case TNI_WORD_EXISTS:
    case TNI_WORD_COLUMNS:
    case TNI_WORD_ROW:
    case TNI_WORD_INTERVAL:
    case TNI_WORD_MAP:
    case TNI_WORD_ARRAY:
    case TNI_WORD_EXTRACT:
    case TNI_WORD_SUBSTRING:
    case TNI_WORD_POSITION:
    case TNI_WORD_TRIM:
    case TNI_WORD_OVERLAY:
        return tni_expression_soft_word(parser);
    case TNI_WORD_LAMBDA:
        tni_parser_refuse(parser, parser->token.position, "LAMBDA functions are");
        return NULL;
    case TNI_WORD_SELECT:
        tni_parser_unexpected(parser, "an expression (subqueries stand in parentheses)");
        return NULL;
    default:
        return tni_expression_name(parser);
    }
}

static TNI_NOINLINE tni_ast_expression *tni_expression_atom(tni_parser *parser) {
    switch (parser->token.kind) {
    case TNI_TOKEN_WORD:
        return tni_expression_word(parser);
    case TNI_TOKEN_QUOTED:
        return tni_expression_name(parser);
    case TNI_TOKEN_INTEGER:
    case TNI_TOKEN_RADIX:
    case TNI_TOKEN_DECIMAL:
    case TNI_TOKEN_DOUBLE:
        return tni_parser_number(parser);
    case TNI_TOKEN_STRING:
    case TNI_TOKEN_ESCAPED:
    case TNI_TOKEN_DOLLAR:
    case TNI_TOKEN_HEX:
        return tni_parser_text(parser);
    case TNI_TOKEN_PARAMETER:
        return tni_parser_parameter(parser);
    default:
        break;
    }
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_BRACKET)) {
        return tni_expression_list(parser, parser->token.position);
    }
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_BRACE)) {
        return tni_expression_struct(parser);
    }
    if (tni_parser_at(parser, TNI_SYMBOL_HASH)) {
        tni_parser_refuse(parser, parser->token.position, "references by position (#1) are");
        return NULL;
    }
    tni_parser_unexpected(parser, "an expression");
    return NULL;
}

/* x::type */
static tni_ast_expression *tni_expression_double_colon(tni_parser *parser, tni_ast_expression *left,
                                                       uint32_t start) {
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_CAST);
    tni_parser_advance(parser);
    if (node == NULL) {
        return NULL;
    }
    node->left = left;
    node->cast_type.position = parser->token.position;
    return tni_parser_type(parser, &node->cast_type.type) ? tni_parser_cast(parser, node, start)
                                                          : NULL;
}

static tni_ast_expression *tni_expression_bound(tni_parser *parser, int64_t value) {
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_INTEGER);
    if (node == NULL) {
        return NULL;
    }
    node->value.integer = value;
    return tni_parser_finish(parser, node, parser->token.position);
}

/* x[i] as array_extract, x[a:b] as array_slice, whose bounds may be left out. */
static TNI_NOINLINE tni_ast_expression *tni_expression_subscript(tni_parser *parser,
                                                                 tni_ast_expression *left,
                                                                 uint32_t start) {
    tni_ast_expression *first, *last = NULL;
    bool slice;
    if (!tni_parser_enter(parser, 1)) {
        return NULL;
    }
    tni_parser_advance(parser);
    first = tni_parser_at(parser, TNI_SYMBOL_COLON) ? tni_expression_bound(parser, 1)
                                                    : tni_parser_expression(parser);
    slice = first != NULL && tni_parser_accept(parser, TNI_SYMBOL_COLON);
    if (slice) {
        last = tni_parser_at(parser, TNI_SYMBOL_RIGHT_BRACKET) ? tni_expression_bound(parser, -1)
                                                               : tni_parser_expression(parser);
        if (last != NULL && tni_parser_at(parser, TNI_SYMBOL_COLON)) {
            tni_parser_refuse(parser, parser->token.position, "slices with a step are");
            return NULL;
        }
    }
    if (first == NULL || (slice && last == NULL) ||
        !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_BRACKET)) {
        return NULL;
    }
    parser->depth--;
    return tni_parser_make_call(parser, slice ? "array_slice" : "array_extract", left, first, last,
                                start);
}

/* The operators behind an operand that bind tightest. */
static TNI_NOINLINE tni_ast_expression *tni_expression_postfix(tni_parser *parser,
                                                               tni_ast_expression *left,
                                                               uint32_t start) {
    while (left != NULL) {
        if (tni_parser_at(parser, TNI_SYMBOL_CAST)) {
            left = tni_expression_double_colon(parser, left, start);
        } else if (tni_parser_at(parser, TNI_SYMBOL_LEFT_BRACKET)) {
            left = tni_expression_subscript(parser, left, start);
        } else if (tni_parser_at(parser, TNI_SYMBOL_DOT)) {
            tni_parser_refuse(parser, parser->token.position, "fields of a value are");
            return NULL;
        } else {
            break;
        }
    }
    return left;
}

static TNI_NOINLINE tni_ast_expression *tni_expression_not(tni_parser *parser) {
    uint32_t start = parser->token.position;
    tni_ast_expression *operand;
    tni_parser_advance(parser);
    operand = tni_parser_expression_at(parser, TNI_PRECEDENCE_NOT);
    if (operand != NULL && operand->kind == TNI_AST_EXISTS && !operand->negated &&
        !operand->parenthesised) {
        operand->negated = true;
        return tni_parser_finish(parser, operand, start);
    }
    return tni_parser_unary(parser, "NOT", operand, start);
}

static TNI_NOINLINE tni_ast_expression *tni_expression_sign(tni_parser *parser) {
    uint32_t start = parser->token.position;
    bool minus = tni_parser_at(parser, TNI_SYMBOL_MINUS);
    tni_ast_expression *operand, *folded;
    tni_parser_advance(parser);
    operand = tni_parser_expression_at(parser, TNI_PRECEDENCE_SIGN);
    if (operand == NULL) {
        return NULL;
    }
    if (minus) {
        folded = tni_parser_negated(parser, operand);
        if (folded != NULL || tni_parser_failed(parser)) {
            return folded != NULL ? tni_parser_finish(parser, folded, start) : NULL;
        }
    }
    return tni_parser_unary(parser, minus ? "-" : "+", operand, start);
}

/* ~x and @x */
static TNI_NOINLINE tni_ast_expression *tni_expression_prefix_symbol(tni_parser *parser) {
    uint32_t start = parser->token.position;
    bool absolute = tni_parser_at(parser, TNI_SYMBOL_AT);
    tni_ast_expression *operand;
    tni_parser_advance(parser);
    operand = tni_parser_expression_at(parser, TNI_PRECEDENCE_ADD);
    if (operand == NULL) {
        return NULL;
    }
    if (absolute) {
        return tni_parser_make_call(parser, "abs", operand, NULL, NULL, start);
    }
    return tni_parser_unary(parser, "~", operand, start);
}

static tni_ast_expression *tni_expression_operand(tni_parser *parser) {
    uint32_t start = parser->token.position;
    if (parser->token.kind == TNI_TOKEN_SYMBOL) {
        switch (parser->token.id) {
        case TNI_SYMBOL_LEFT_PAREN:
            return tni_expression_postfix(parser, tni_parser_parenthesis(parser), start);
        case TNI_SYMBOL_MINUS:
        case TNI_SYMBOL_PLUS:
            return tni_expression_sign(parser);
        case TNI_SYMBOL_TILDE:
        case TNI_SYMBOL_AT:
            return tni_expression_prefix_symbol(parser);
        default:
            break;
        }
    } else if (tni_parser_at(parser, TNI_WORD_NOT)) {
        return tni_expression_not(parser);
    }
    return tni_expression_postfix(parser, tni_expression_atom(parser), start);
}

/* ---- the main loop ---- */

TNI_FN TNI_NOINLINE tni_ast_expression *tni_parser_expression_at(tni_parser *parser,
                                                                 uint32_t precedence) {
    uint32_t start = parser->token.position;
    tni_ast_expression *left;
    if (!tni_parser_enter(parser, 1)) {
        return NULL;
    }
    left = tni_expression_operand(parser);
    while (left != NULL) {
        uint32_t found = tni_parser_infix_precedence(parser);
        if (found == TNI_PRECEDENCE_NONE || found < precedence) {
            break;
        }
        left = tni_parser_infix(parser, left, found, start);
    }
    parser->depth--;
    return left;
}

TNI_FN tni_ast_expression *tni_parser_expression(tni_parser *parser) {
    return tni_parser_expression_at(parser, TNI_PRECEDENCE_OR);
}
