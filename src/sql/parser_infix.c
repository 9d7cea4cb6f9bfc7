/*
 * parser_infix.c - operators between and behind operands.
 *
 * tni_parser_infix_precedence says how tight the current token binds as an operator, and
 * tni_parser_infix takes it and what belongs to it. The symbols are a table; words are IS, IN,
 * BETWEEN, LIKE and their kin. Chains of AND and OR become balanced trees. Uses the parser.
 */
#include "sql/parser_internal.h"

typedef struct tni_infix_symbol {
    uint16_t symbol;
    uint8_t precedence;
    const char *name; /* of the BINARY node; NULL: something else */
} tni_infix_symbol;

static const tni_infix_symbol tni_infix_symbols[] = {
    {TNI_SYMBOL_PLUS, TNI_PRECEDENCE_ADD, "+"},
    {TNI_SYMBOL_MINUS, TNI_PRECEDENCE_ADD, "-"},
    {TNI_SYMBOL_STAR, TNI_PRECEDENCE_MULTIPLY, "*"},
    {TNI_SYMBOL_SLASH, TNI_PRECEDENCE_MULTIPLY, "/"},
    {TNI_SYMBOL_DOUBLE_SLASH, TNI_PRECEDENCE_MULTIPLY, "//"},
    {TNI_SYMBOL_PERCENT, TNI_PRECEDENCE_MULTIPLY, "%"},
    {TNI_SYMBOL_CARET, TNI_PRECEDENCE_POWER, "^"},
    {TNI_SYMBOL_POWER, TNI_PRECEDENCE_POWER, "^"},
    {TNI_SYMBOL_EQUAL, TNI_PRECEDENCE_COMPARE, "="},
    {TNI_SYMBOL_DOUBLE_EQUAL, TNI_PRECEDENCE_COMPARE, "="},
    {TNI_SYMBOL_NOT_EQUAL, TNI_PRECEDENCE_COMPARE, "<>"},
    {TNI_SYMBOL_BANG_EQUAL, TNI_PRECEDENCE_COMPARE, "<>"},
    {TNI_SYMBOL_LESS, TNI_PRECEDENCE_COMPARE, "<"},
    {TNI_SYMBOL_LESS_EQUAL, TNI_PRECEDENCE_COMPARE, "<="},
    {TNI_SYMBOL_GREATER, TNI_PRECEDENCE_COMPARE, ">"},
    {TNI_SYMBOL_GREATER_EQUAL, TNI_PRECEDENCE_COMPARE, ">="},
    {TNI_SYMBOL_CONCAT, TNI_PRECEDENCE_OTHER, "||"},
    {TNI_SYMBOL_PIPE, TNI_PRECEDENCE_OTHER, "|"},
    {TNI_SYMBOL_AMPERSAND, TNI_PRECEDENCE_OTHER, "&"},
    {TNI_SYMBOL_SHIFT_LEFT, TNI_PRECEDENCE_OTHER, "<<"},
    {TNI_SYMBOL_SHIFT_RIGHT, TNI_PRECEDENCE_OTHER, ">>"},
    {TNI_SYMBOL_TILDE, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_NOT_REGEXP, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_REGEXP_I, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_NOT_REGEXP_I, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_STARTS_WITH, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_LIKE, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_NOT_LIKE, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_ILIKE, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_NOT_ILIKE, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_GLOB, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_ARROW, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_ARROW_TEXT, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_CONTAINS, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_CONTAINED, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_OVERLAP, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_BANG, TNI_PRECEDENCE_OTHER, NULL},
    {TNI_SYMBOL_HASH, TNI_PRECEDENCE_OTHER, NULL},
};

static const tni_infix_symbol *tni_infix_find(uint32_t symbol) {
    for (uint32_t i = 0; i < TNI_COUNT_OF(tni_infix_symbols); i++) {
        if (tni_infix_symbols[i].symbol == symbol) {
            return &tni_infix_symbols[i];
        }
    }
    return NULL;
}

static uint32_t tni_infix_word(tni_parser *parser, uint32_t word) {
    switch (word) {
    case TNI_WORD_OR:
        return TNI_PRECEDENCE_OR;
    case TNI_WORD_AND:
        return TNI_PRECEDENCE_AND;
    case TNI_WORD_IS:
    case TNI_WORD_ISNULL:
    case TNI_WORD_NOTNULL:
        return TNI_PRECEDENCE_IS;
    case TNI_WORD_IN:
    case TNI_WORD_BETWEEN:
    case TNI_WORD_LIKE:
    case TNI_WORD_ILIKE:
    case TNI_WORD_GLOB:
    case TNI_WORD_SIMILAR:
        return TNI_PRECEDENCE_MATCH;
    case TNI_WORD_COLLATE:
        return TNI_PRECEDENCE_COLLATE;
    case TNI_WORD_AT:
        return tni_parser_next_is(parser, TNI_WORD_TIME) ? TNI_PRECEDENCE_AT
                                                         : TNI_PRECEDENCE_NONE;
    case TNI_WORD_NOT:
        word = tni_parser_peek(parser, 1)->id;
        if (word == TNI_WORD_NULL) {
            return TNI_PRECEDENCE_IS;
        }
        return word == TNI_WORD_IN || word == TNI_WORD_BETWEEN || word == TNI_WORD_LIKE ||
                       word == TNI_WORD_ILIKE || word == TNI_WORD_GLOB ||
                       word == TNI_WORD_SIMILAR
                   ? TNI_PRECEDENCE_MATCH
                   : TNI_PRECEDENCE_NONE;
    default:
        return TNI_PRECEDENCE_NONE;
    }
}

/* LIMIT 10 %: nothing follows that could be divided by. */
static bool tni_infix_is_percentage(tni_parser *parser) {
    const tni_token *next = tni_parser_peek(parser, 1);
    return next->kind == TNI_TOKEN_END || next->id == TNI_SYMBOL_SEMICOLON ||
           next->id == TNI_SYMBOL_RIGHT_PAREN || next->id == TNI_WORD_OFFSET ||
           next->id == TNI_WORD_WITH;
}

/* The precedence of the infix or postfix operator that is current; NONE when there is none. */
TNI_FN TNI_NOINLINE uint32_t tni_parser_infix_precedence(tni_parser *parser) {
    if (parser->token.id == 0) {
        return TNI_PRECEDENCE_NONE;
    }
    if (parser->token.id == TNI_SYMBOL_PERCENT && tni_infix_is_percentage(parser)) {
        return TNI_PRECEDENCE_NONE;
    }
    if (parser->token.kind == TNI_TOKEN_SYMBOL) {
        const tni_infix_symbol *symbol = tni_infix_find(parser->token.id);
        return symbol != NULL ? symbol->precedence : (uint32_t)TNI_PRECEDENCE_NONE;
    }
    return tni_infix_word(parser, parser->token.id);
}

static tni_ast_expression *tni_infix_node(tni_parser *parser, tni_ast_kind kind, const char *name,
                                          tni_ast_expression *left) {
    tni_ast_expression *node = tni_parser_node(parser, kind);
    if (node != NULL) {
        node->name = name;
        node->left = left;
    }
    return node;
}

/* `count` terms of *list as a balanced tree, in order. Depth of the recursion: log2(count). */
static tni_ast_expression *tni_infix_balance(tni_parser *parser, const char *name,
                                             tni_ast_expression **list, uint32_t count) {
    tni_ast_expression *node;
    uint32_t start = (*list)->position;
    if (count == 1) {
        node = *list;
        *list = node->next;
        node->next = NULL;
        return node;
    }
    node = tni_parser_node(parser, TNI_AST_BINARY);
    if (node == NULL) {
        return NULL;
    }
    node->name = name;
    node->left = tni_infix_balance(parser, name, list, count - count / 2);
    node->right = node->left != NULL ? tni_infix_balance(parser, name, list, count / 2) : NULL;
    if (node->right == NULL) {
        return NULL;
    }
    if (tni_parser_finish(parser, node, start) != NULL) {
        node->end = node->right->end;
        return node;
    }
    return NULL;
}

static TNI_NOINLINE tni_ast_expression *tni_infix_tree(tni_parser *parser, const char *name,
                                                       tni_ast_expression *terms, uint32_t count,
                                                       uint32_t start) {
    tni_ast_expression *list = terms;
    tni_ast_expression *node = tni_infix_balance(parser, name, &list, count);
    return node != NULL ? tni_parser_finish(parser, node, start) : NULL;
}

/* left AND x AND y ...: all terms first, then the tree. */
static TNI_NOINLINE tni_ast_expression *tni_infix_chain(tni_parser *parser,
                                                        tni_ast_expression *left, uint32_t start) {
    uint32_t word = parser->token.id, count = 1;
    uint32_t precedence = word == TNI_WORD_OR ? TNI_PRECEDENCE_OR : TNI_PRECEDENCE_AND;
    tni_ast_expression *last = left;
    while (tni_parser_accept(parser, word)) {
        last->next = tni_parser_expression_at(parser, precedence + 1);
        last = last->next;
        if (last == NULL) {
            return NULL;
        }
        count++;
    }
    return tni_infix_tree(parser, word == TNI_WORD_OR ? "OR" : "AND", left, count, start);
}

/* The list of `x op ANY (list)` as x IN (list). */
static tni_ast_expression *tni_infix_quantified_list(tni_parser *parser, tni_ast_expression *node,
                                                     tni_ast_expression *list, uint32_t start) {
    bool all = node->value.integer != 0;
    bool any_equal = !all && strcmp(node->name, "=") == 0;
    bool all_unequal = all && strcmp(node->name, "<>") == 0;
    if (list->kind != TNI_AST_LIST || (!any_equal && !all_unequal) ||
        list->argument_count == 0) {
        tni_parser_refuse(parser, start, "ANY and ALL over this list are");
        return NULL;
    }
    node->kind = TNI_AST_IN_LIST;
    node->negated = all_unequal;
    node->value.integer = 0;
    node->name = NULL;
    node->arguments = list->arguments;
    node->argument_count = list->argument_count;
    return tni_parser_finish(parser, node, start);
}

/* left op ANY | ALL | SOME (query or list); the quantifier is current. */
static TNI_NOINLINE tni_ast_expression *tni_infix_quantified(tni_parser *parser, const char *name,
                                                             tni_ast_expression *left,
                                                             uint32_t start) {
    tni_ast_expression *node = tni_infix_node(parser, TNI_AST_QUANTIFIED, name, left), *list;
    if (node == NULL) {
        return NULL;
    }
    node->value.integer = tni_parser_at(parser, TNI_WORD_ALL);
    tni_parser_advance(parser);
    list = tni_parser_parenthesis(parser);
    if (list == NULL) {
        return NULL;
    }
    if (list->kind != TNI_AST_SUBQUERY) {
        return tni_infix_quantified_list(parser, node, list, start);
    }
    node->query = list->query;
    return tni_parser_finish(parser, node, start);
}

static bool tni_infix_at_quantifier(tni_parser *parser) {
    return (tni_parser_at(parser, TNI_WORD_ANY) || tni_parser_at(parser, TNI_WORD_ALL) ||
            tni_parser_at(parser, TNI_WORD_SOME)) &&
           tni_parser_next_is(parser, TNI_SYMBOL_LEFT_PAREN);
}

/* ~, ~*, ^@ as calls; `!` in front of them as NOT. */
static tni_ast_expression *tni_infix_match_call(tni_parser *parser, uint32_t symbol,
                                                tni_ast_expression *left, tni_ast_expression *right,
                                                uint32_t start) {
    bool fold = symbol == TNI_SYMBOL_REGEXP_I || symbol == TNI_SYMBOL_NOT_REGEXP_I;
    tni_ast_expression *option = fold ? tni_parser_literal_text(parser, "i", 1) : NULL;
    tni_ast_expression *call = tni_parser_make_call(
        parser, symbol == TNI_SYMBOL_STARTS_WITH ? "starts_with" : "regexp_matches", left,
        right, option, start);
    if (symbol == TNI_SYMBOL_NOT_REGEXP || symbol == TNI_SYMBOL_NOT_REGEXP_I) {
        return tni_parser_unary(parser, "NOT", call, start);
    }
    return call;
}

/* ~~ and its kin as LIKE. */
static tni_ast_expression *tni_infix_like_symbol(tni_parser *parser, uint32_t symbol,
                                                 tni_ast_expression *left,
                                                 tni_ast_expression *right, uint32_t start) {
    bool fold = symbol == TNI_SYMBOL_ILIKE || symbol == TNI_SYMBOL_NOT_ILIKE;
    tni_ast_expression *node = tni_infix_node(
        parser, TNI_AST_LIKE, symbol == TNI_SYMBOL_GLOB ? "GLOB" : fold ? "ILIKE" : "LIKE", left);
    if (node == NULL) {
        return NULL;
    }
    node->right = right;
    node->negated = symbol == TNI_SYMBOL_NOT_LIKE || symbol == TNI_SYMBOL_NOT_ILIKE;
    return tni_parser_finish(parser, node, start);
}

static tni_ast_expression *tni_infix_refused(tni_parser *parser, uint32_t symbol,
                                             uint32_t position) {
    if (symbol == TNI_SYMBOL_ARROW || symbol == TNI_SYMBOL_ARROW_TEXT) {
        tni_parser_refuse(parser, position, "lambda functions and JSON operators (->, ->>) are");
    } else if (!tni_parser_failed(parser)) {
        tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_UNSUPPORTED, position,
                                            "operator %s is not supported",
                                            tni_symbol_text(symbol)));
    }
    return NULL;
}

/* The operators that are no BINARY node. */
static tni_ast_expression *tni_infix_other(tni_parser *parser, uint32_t symbol,
                                           tni_ast_expression *left, tni_ast_expression *right,
                                           uint32_t start) {
    switch (symbol) {
    case TNI_SYMBOL_TILDE:
    case TNI_SYMBOL_NOT_REGEXP:
    case TNI_SYMBOL_REGEXP_I:
    case TNI_SYMBOL_NOT_REGEXP_I:
    case TNI_SYMBOL_STARTS_WITH:
        return tni_infix_match_call(parser, symbol, left, right, start);
    default:
        return tni_infix_like_symbol(parser, symbol, left, right, start);
    }
}

static bool tni_infix_is_refused(uint32_t symbol) {
    return symbol == TNI_SYMBOL_ARROW || symbol == TNI_SYMBOL_ARROW_TEXT ||
           symbol == TNI_SYMBOL_CONTAINS || symbol == TNI_SYMBOL_CONTAINED ||
           symbol == TNI_SYMBOL_OVERLAP || symbol == TNI_SYMBOL_BANG ||
           symbol == TNI_SYMBOL_HASH;
}

/* An operator written with a symbol, which is current. */
static TNI_NOINLINE tni_ast_expression *tni_infix_symbol_operator(tni_parser *parser,
                                                                  tni_ast_expression *left,
                                                                  uint32_t start) {
    const tni_infix_symbol *symbol = tni_infix_find(parser->token.id);
    tni_ast_expression *node, *right;
    if (tni_infix_is_refused(symbol->symbol)) {
        return tni_infix_refused(parser, symbol->symbol, parser->token.position);
    }
    tni_parser_advance(parser);
    if (symbol->precedence == TNI_PRECEDENCE_COMPARE && tni_infix_at_quantifier(parser)) {
        return tni_infix_quantified(parser, symbol->name, left, start);
    }
    right = tni_parser_expression_at(parser, symbol->precedence + 1u);
    if (right == NULL) {
        return NULL;
    }
    if (symbol->name == NULL) {
        return tni_infix_other(parser, symbol->symbol, left, right, start);
    }
    node = tni_infix_node(parser, TNI_AST_BINARY, symbol->name, left);
    if (node == NULL) {
        return NULL;
    }
    node->right = right;
    return tni_parser_finish(parser, node, start);
}

/* x IS [NOT] DISTINCT FROM y; DISTINCT is current. */
static tni_ast_expression *tni_infix_distinct(tni_parser *parser, tni_ast_expression *left,
                                              bool negated, uint32_t start) {
    tni_ast_expression *node = tni_infix_node(
        parser, TNI_AST_BINARY, negated ? "IS NOT DISTINCT FROM" : "IS DISTINCT FROM", left);
    tni_parser_advance(parser);
    if (node == NULL || !tni_parser_expect(parser, TNI_WORD_FROM)) {
        return NULL;
    }
    node->right = tni_parser_expression_at(parser, TNI_PRECEDENCE_COMPARE);
    return node->right != NULL ? tni_parser_finish(parser, node, start) : NULL;
}

/* IS [NOT] NULL | TRUE | FALSE | UNKNOWN | DISTINCT FROM, ISNULL, NOTNULL, NOT NULL */
static TNI_NOINLINE tni_ast_expression *tni_infix_is(tni_parser *parser, tni_ast_expression *left,
                                                     uint32_t start) {
    bool negated = tni_parser_at(parser, TNI_WORD_NOTNULL) || tni_parser_at(parser, TNI_WORD_NOT);
    bool whole = tni_parser_at(parser, TNI_WORD_NOTNULL) || tni_parser_at(parser, TNI_WORD_ISNULL);
    tni_ast_expression *node;
    tni_parser_advance(parser);
    if (!whole && !negated) {
        negated = tni_parser_accept(parser, TNI_WORD_NOT);
    }
    if (tni_parser_at(parser, TNI_WORD_DISTINCT)) {
        return tni_infix_distinct(parser, left, negated, start);
    }
    node = tni_infix_node(parser, TNI_AST_IS_NULL, NULL, left);
    if (node == NULL) {
        return NULL;
    }
    node->negated = negated;
    if (!whole && !tni_parser_accept(parser, TNI_WORD_NULL)) {
        node->kind = TNI_AST_IS_BOOL;
        node->value.integer = tni_parser_at(parser, TNI_WORD_TRUE)      ? 1
                              : tni_parser_at(parser, TNI_WORD_UNKNOWN) ? -1
                                                                        : 0;
        if (node->value.integer == 0 && !tni_parser_at(parser, TNI_WORD_FALSE)) {
            tni_parser_unexpected(parser, "NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM");
            return NULL;
        }
        tni_parser_advance(parser);
    }
    return tni_parser_finish(parser, node, start);
}

/* x [NOT] BETWEEN low AND high; BETWEEN is consumed. */
static TNI_NOINLINE tni_ast_expression *tni_infix_between(tni_parser *parser,
                                                          tni_ast_expression *left, bool negated,
                                                          uint32_t start) {
    tni_ast_expression *node = tni_infix_node(parser, TNI_AST_BETWEEN, NULL, left), *low, *high;
    if (node == NULL) {
        return NULL;
    }
    if (tni_parser_at(parser, TNI_WORD_SYMMETRIC)) {
        tni_parser_refuse(parser, parser->token.position, "BETWEEN SYMMETRIC is");
        return NULL;
    }
    tni_parser_accept(parser, TNI_WORD_ASYMMETRIC);
    low = tni_parser_expression_at(parser, TNI_PRECEDENCE_OTHER);
    if (low == NULL || !tni_parser_expect(parser, TNI_WORD_AND)) {
        return NULL;
    }
    high = tni_parser_expression_at(parser, TNI_PRECEDENCE_OTHER);
    if (high == NULL) {
        return NULL;
    }
    node->negated = negated;
    tni_parser_append(node, NULL, low);
    tni_parser_append(node, low, high);
    return tni_parser_finish(parser, node, start);
}

/* x [NOT] LIKE y [ESCAPE z]; the operator is consumed. */
static TNI_NOINLINE tni_ast_expression *tni_infix_like(tni_parser *parser, tni_ast_expression *left,
                                                       const char *name, bool negated,
                                                       uint32_t start) {
    tni_ast_expression *node = tni_infix_node(parser, TNI_AST_LIKE, name, left), *escape;
    if (node == NULL) {
        return NULL;
    }
    if (tni_infix_at_quantifier(parser)) {
        tni_parser_refuse(parser, parser->token.position, "LIKE ANY and LIKE ALL are");
        return NULL;
    }
    node->negated = negated;
    node->right = tni_parser_expression_at(parser, TNI_PRECEDENCE_OTHER);
    if (node->right == NULL) {
        return NULL;
    }
    if (tni_parser_accept(parser, TNI_WORD_ESCAPE)) {
        escape = tni_parser_expression_at(parser, TNI_PRECEDENCE_OTHER);
        if (escape == NULL) {
            return NULL;
        }
        tni_parser_append(node, NULL, escape);
    }
    return tni_parser_finish(parser, node, start);
}

/* What stands in the parentheses of IN: a query, a list, or nothing (then it is FALSE). */
static bool tni_infix_in_parenthesis(tni_parser *parser, tni_ast_expression *node) {
    tni_parser_advance(parser);
    if (tni_parser_accept(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        node->kind = TNI_AST_BOOLEAN;
        node->value.integer = node->negated;
        node->negated = false;
        node->left = NULL;
        return true;
    }
    if (tni_parser_at_query(parser)) {
        node->kind = TNI_AST_IN_QUERY;
        node->query = tni_parser_query(parser);
        return node->query != NULL && tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN);
    }
    if (!tni_parser_arguments(parser, node, TNI_SYMBOL_RIGHT_PAREN)) {
        return false;
    }
    if (node->argument_count == 1 && node->arguments->kind == TNI_AST_SUBQUERY &&
        tni_parser_at_query_tail(parser)) {
        node->kind = TNI_AST_IN_QUERY;
        node->query = tni_parser_query_continue(parser, node->arguments->query);
        node->arguments = NULL;
        node->argument_count = 0;
        if (node->query == NULL) {
            return false;
        }
    }
    return tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN);
}

/* x IN table */
static bool tni_infix_in_table(tni_parser *parser, tni_ast_expression *node) {
    uint32_t position = parser->token.position;
    const char *schema = NULL;
    const char *name = tni_parser_qualified(parser, "(", &schema);
    if (name == NULL) {
        return false;
    }
    node->kind = TNI_AST_IN_QUERY;
    node->query = tni_parser_table_query(parser, name, schema, position);
    return node->query != NULL;
}

/* x [NOT] IN ...; IN is consumed. */
static TNI_NOINLINE tni_ast_expression *tni_infix_in(tni_parser *parser, tni_ast_expression *left,
                                                     bool negated, uint32_t start) {
    tni_ast_expression *node = tni_infix_node(parser, TNI_AST_IN_LIST, NULL, left);
    bool fine;
    if (node == NULL) {
        return NULL;
    }
    node->negated = negated;
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        fine = tni_infix_in_parenthesis(parser, node);
    } else if (tni_parser_at(parser, TNI_SYMBOL_LEFT_BRACKET)) {
        tni_parser_advance(parser);
        fine = tni_parser_arguments(parser, node, TNI_SYMBOL_RIGHT_BRACKET) &&
               tni_parser_expect(parser, TNI_SYMBOL_RIGHT_BRACKET);
    } else if (parser->token.kind == TNI_TOKEN_PARAMETER) {
        tni_parser_refuse(parser, parser->token.position, "a list as a parameter is");
        return NULL;
    } else {
        fine = tni_infix_in_table(parser, node);
    }
    return fine ? tni_parser_finish(parser, node, start) : NULL;
}

/* [NOT] IN | BETWEEN | LIKE ...; NOT or the operator is current. */
static TNI_NOINLINE tni_ast_expression *tni_infix_match(tni_parser *parser,
                                                        tni_ast_expression *left, uint32_t start) {
    bool negated = tni_parser_accept(parser, TNI_WORD_NOT);
    uint32_t word = parser->token.id;
    tni_parser_advance(parser);
    switch (word) {
    case TNI_WORD_IN:
        return tni_infix_in(parser, left, negated, start);
    case TNI_WORD_BETWEEN:
        return tni_infix_between(parser, left, negated, start);
    case TNI_WORD_ILIKE:
        return tni_infix_like(parser, left, "ILIKE", negated, start);
    case TNI_WORD_GLOB:
        return tni_infix_like(parser, left, "GLOB", negated, start);
    case TNI_WORD_SIMILAR:
        if (!tni_parser_expect(parser, TNI_WORD_TO)) {
            return NULL;
        }
        return tni_infix_like(parser, left, "SIMILAR TO", negated, start);
    default:
        return tni_infix_like(parser, left, "LIKE", negated, start);
    }
}

/* x AT TIME ZONE z; AT is current. */
static TNI_NOINLINE tni_ast_expression *tni_infix_at_zone(tni_parser *parser,
                                                          tni_ast_expression *left,
                                                          uint32_t start) {
    tni_ast_expression *zone;
    tni_parser_advance(parser);
    tni_parser_advance(parser);
    if (!tni_parser_expect(parser, TNI_WORD_ZONE)) {
        return NULL;
    }
    zone = tni_parser_expression_at(parser, TNI_PRECEDENCE_COLLATE);
    return zone != NULL ? tni_parser_make_call(parser, "timezone", zone, left, NULL, start) : NULL;
}

TNI_FN TNI_NOINLINE tni_ast_expression *tni_parser_infix(tni_parser *parser,
                                                         tni_ast_expression *left,
                                                         uint32_t precedence, uint32_t start) {
    if (parser->token.kind == TNI_TOKEN_SYMBOL) {
        return tni_infix_symbol_operator(parser, left, start);
    }
    switch (precedence) {
    case TNI_PRECEDENCE_OR:
    case TNI_PRECEDENCE_AND:
        return tni_infix_chain(parser, left, start);
    case TNI_PRECEDENCE_IS:
        return tni_infix_is(parser, left, start);
    case TNI_PRECEDENCE_AT:
        return tni_infix_at_zone(parser, left, start);
    case TNI_PRECEDENCE_COLLATE:
        tni_parser_refuse(parser, parser->token.position, "COLLATE is");
        return NULL;
    default:
        return tni_infix_match(parser, left, start);
    }
}
