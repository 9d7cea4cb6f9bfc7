/*
 * parser_expression.c - expressions by precedence climbing.
 *
 * expression_at(p) parses an operand and then takes every infix operator that binds at least as
 * tight as p. The order of operators, loosest first, is PostgreSQL's: OR, AND, NOT, IS, the
 * comparisons, LIKE/IN/BETWEEN, all other operators, + -, * / // %, ^, AT TIME ZONE, sign, ::.
 * So NOT is looser than IS and comparisons, and `-2 ^ 2` is 4. Chains of AND and OR become
 * balanced trees (their order of evaluation stays), other chains lean left and count towards
 * depth_limit. Uses the rest of the parser.
 */
#include "sql/parser_internal.h"

/* ---- helpers ---- */

static tni_ast_expression *tni_expression_text(tni_parser *parser, const char *text,
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

static tni_ast_expression *tni_expression_unary(tni_parser *parser, const char *name,
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
static tni_ast_expression *tni_expression_call(tni_parser *parser, const char *name,
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

static void tni_expression_append(tni_ast_expression *parent, tni_ast_expression *last,
                                  tni_ast_expression *item) {
    if (last != NULL) {
        last->next = item;
    } else {
        parent->arguments = item;
    }
    parent->argument_count++;
}

/* Expressions up to (not including) the token `close`, into node->arguments. */
static bool tni_expression_arguments(tni_parser *parser, tni_ast_expression *node,
                                     uint32_t close) {
    tni_ast_expression *last = NULL;
    do {
        tni_ast_expression *item;
        if (last != NULL && tni_parser_at(parser, close)) {
            break;
        }
        item = tni_parser_expression(parser);
        if (item == NULL) {
            return false;
        }
        tni_expression_append(node, last, item);
        last = item;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
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

/* EXCLUDE name | EXCLUDE (name, ...) */
static bool tni_star_exclude(tni_parser *parser, tni_ast_expression *star) {
    bool list = tni_parser_accept(parser, TNI_SYMBOL_LEFT_PAREN);
    tni_ast_expression *last = NULL;
    do {
        tni_ast_expression *column;
        if (list && last != NULL && tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN)) {
            break;
        }
        column = tni_parser_node(parser, TNI_AST_COLUMN);
        if (column == NULL) {
            return false;
        }
        column->name = tni_parser_qualified(parser, "a column name", &column->qualifier);
        if (column->name == NULL) {
            return false;
        }
        column->end = parser->previous.end;
        if (last != NULL) {
            last->next = column;
        } else {
            star->exclude = column;
        }
        last = column;
    } while (list && tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return !list || tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN);
}

/* REPLACE (expr AS name, ...) */
static bool tni_star_replace(tni_parser *parser, tni_ast_expression *star) {
    bool list = tni_parser_accept(parser, TNI_SYMBOL_LEFT_PAREN);
    tni_ast_expression *last = NULL;
    do {
        tni_ast_expression *item;
        if (list && last != NULL && tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN)) {
            break;
        }
        item = tni_parser_expression(parser);
        if (item == NULL || !tni_parser_expect(parser, TNI_WORD_AS)) {
            return false;
        }
        item->alias = tni_parser_name(parser, "a column name");
        if (item->alias == NULL) {
            return false;
        }
        if (last != NULL) {
            last->next = item;
        } else {
            star->replace = item;
        }
        last = item;
    } while (list && tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return !list || tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN);
}

TNI_FN tni_ast_expression *tni_parser_star(tni_parser *parser, const char *qualifier,
                                           uint32_t start) {
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_STAR);
    if (node == NULL || !tni_parser_expect(parser, TNI_SYMBOL_STAR)) {
        return NULL;
    }
    node->qualifier = qualifier;
    if (tni_parser_accept(parser, TNI_WORD_EXCLUDE) && !tni_star_exclude(parser, node)) {
        return NULL;
    }
    if (tni_parser_accept(parser, TNI_WORD_REPLACE) && !tni_star_replace(parser, node)) {
        return NULL;
    }
    if (tni_parser_at(parser, TNI_WORD_RENAME)) {
        tni_parser_refuse(parser, parser->token.position, "* RENAME is");
        return NULL;
    }
    return tni_parser_finish(parser, node, start);
}

/* COLUMNS('re'), COLUMNS(*), COLUMNS(t.* EXCLUDE (a)); COLUMNS is current. */
static tni_ast_expression *tni_expression_columns(tni_parser *parser) {
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
            qualifier = tni_parser_name(parser, "a regular expression or *");
            tni_parser_expect(parser, TNI_SYMBOL_DOT);
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

static bool tni_call_nulls(tni_parser *parser, tni_ast_expression *call) {
    bool ignore = tni_parser_at(parser, TNI_WORD_IGNORE);
    if ((ignore || tni_parser_at(parser, TNI_WORD_RESPECT)) &&
        tni_parser_next_is(parser, TNI_WORD_NULLS)) {
        tni_parser_advance(parser);
        tni_parser_advance(parser);
        call->ignore_nulls = ignore;
    }
    return true;
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
        tni_expression_append(call, last, argument);
        last = argument;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return true;
}

TNI_FN tni_ast_expression *tni_parser_call(tni_parser *parser, const char *name, uint32_t start) {
    tni_ast_expression *call = tni_parser_node(parser, TNI_AST_CALL);
    if (call == NULL || !tni_parser_expect(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return NULL;
    }
    call->name = name;
    call->distinct = tni_parser_accept(parser, TNI_WORD_DISTINCT);
    if (!call->distinct) {
        tni_parser_accept(parser, TNI_WORD_ALL);
    }
    if (!tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN) && !tni_call_arguments(parser, call)) {
        return NULL;
    }
    tni_call_nulls(parser, call);
    if (tni_parser_accept(parser, TNI_WORD_ORDER)) {
        if (!tni_parser_expect(parser, TNI_WORD_BY) ||
            (call->order = tni_parser_order(parser)) == NULL) {
            return NULL;
        }
    }
    if (!tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN) || !tni_call_suffix(parser, call) ||
        !tni_call_nulls(parser, call) || !tni_call_over(parser, call)) {
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
    tni_expression_append(node, NULL, first);
    while (tni_parser_accept(parser, TNI_SYMBOL_COMMA)) {
        tni_ast_expression *item = tni_parser_expression(parser);
        if (item == NULL) {
            return NULL;
        }
        tni_expression_append(node, last, item);
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
    if (!tni_parser_next_is(parser, TNI_WORD_FROM)) {
        return tni_special_plain(parser, "extract", tni_parser_expression(parser), start);
    }
    if (tni_token_is_string(token)) {
        unit = tni_parser_text(parser);
    } else {
        unit = tni_expression_text(parser, parser->lexer.text + token.position,
                                   token.end - token.position);
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
    return tni_expression_call(parser, "date_part", unit, value, NULL, start);
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
    return tni_expression_call(parser, "substring", text, from, length, start);
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
    return tni_expression_call(parser, "strpos", text, part, NULL, start);
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
    return tni_expression_call(parser, name, text, first, NULL, start);
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
    call = tni_expression_call(parser, "overlay", text, part, from, start);
    if (call != NULL && length != NULL) {
        tni_expression_append(call, from, length);
        return tni_parser_finish(parser, call, start);
    }
    return call;
}

/* A call of one of them; its name and "(" are current. */
static tni_ast_expression *tni_expression_special(tni_parser *parser) {
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
static tni_ast_expression *tni_expression_typed(tni_parser *parser) {
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
static tni_ast_expression *tni_expression_name(tni_parser *parser) {
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
static tni_ast_expression *tni_expression_case(tni_parser *parser) {
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
        tni_expression_append(node, last, when);
        tni_expression_append(node, when, then);
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
static tni_ast_expression *tni_expression_cast(tni_parser *parser) {
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
static tni_ast_expression *tni_expression_exists(tni_parser *parser) {
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
static tni_ast_expression *tni_expression_list(tni_parser *parser, uint32_t start) {
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_LIST);
    tni_parser_advance(parser);
    if (node == NULL || (!tni_parser_at(parser, TNI_SYMBOL_RIGHT_BRACKET) &&
                         !tni_expression_arguments(parser, node, TNI_SYMBOL_RIGHT_BRACKET))) {
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

/* ROW(a, b); ROW is current. */
static tni_ast_expression *tni_expression_row(tni_parser *parser) {
    uint32_t start = parser->token.position;
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_ROW);
    tni_parser_advance(parser);
    tni_parser_advance(parser);
    if (node == NULL || (!tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN) &&
                         !tni_expression_arguments(parser, node, TNI_SYMBOL_RIGHT_PAREN)) ||
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
    if (node == NULL) {
        return NULL;
    }
    tni_expression_append(node, NULL, first);
    while (tni_parser_accept(parser, TNI_SYMBOL_COMMA)) {
        tni_ast_expression *item = tni_parser_expression(parser);
        if (item == NULL) {
            return NULL;
        }
        tni_expression_append(node, last, item);
        last = item;
    }
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
    if (tni_parser_at(parser, TNI_SYMBOL_DOT)) {
        tni_parser_refuse(parser, parser->token.position, "fields of a value are");
        return NULL;
    }
    first->parenthesised = true;
    return first;
}

/* "(" is current. The frame counts: this is the recursion of nested parentheses. */
static TNI_NOINLINE tni_ast_expression *tni_expression_parenthesis(tni_parser *parser) {
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

static tni_ast_expression *tni_expression_constant(tni_parser *parser, tni_ast_kind kind,
                                                   int64_t value) {
    tni_ast_expression *node = tni_parser_node(parser, kind);
    if (node != NULL) {
        node->value.integer = value;
        tni_parser_advance(parser);
    }
    return node;
}

/* CURRENT_DATE and its kin, with or without (). */
static tni_ast_expression *tni_expression_clock(tni_parser *parser) {
    uint32_t start = parser->token.position;
    const char *name = tni_word_text((tni_word)parser->token.id);
    tni_parser_advance(parser);
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return tni_parser_call(parser, name, start);
    }
    return tni_expression_call(parser, name, NULL, NULL, NULL, start);
}

/* Keywords with a meaning of their own only before "(" or "["; names otherwise. */
static tni_ast_expression *tni_expression_soft_word(tni_parser *parser) {
    uint32_t start = parser->token.position;
    bool call = tni_parser_next_is(parser, TNI_SYMBOL_LEFT_PAREN);
    switch (parser->token.id) {
    case TNI_WORD_TRY_CAST:
        return call ? tni_expression_cast(parser) : tni_expression_name(parser);
    case TNI_WORD_EXISTS:
        return call ? tni_expression_exists(parser) : tni_expression_name(parser);
    case TNI_WORD_COLUMNS:
        return call ? tni_expression_columns(parser) : tni_expression_name(parser);
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
        return call ? tni_expression_special(parser) : tni_expression_name(parser);
    }
}

static tni_ast_expression *tni_expression_word(tni_parser *parser) {
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

static tni_ast_expression *tni_expression_atom(tni_parser *parser) {
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
        tni_parser_refuse(parser, parser->token.position, "STRUCT values {...} are");
        return NULL;
    }
    tni_parser_unexpected(parser, "an expression");
    return NULL;
}

/* x::type */
static tni_ast_expression *tni_expression_double_colon(tni_parser *parser,
                                                       tni_ast_expression *left, uint32_t start) {
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

/* The operators behind an operand that bind tightest. */
static TNI_NOINLINE tni_ast_expression *tni_expression_postfix(tni_parser *parser,
                                                               tni_ast_expression *left,
                                                               uint32_t start) {
    while (left != NULL) {
        if (tni_parser_at(parser, TNI_SYMBOL_CAST)) {
            left = tni_expression_double_colon(parser, left, start);
        } else if (tni_parser_at(parser, TNI_SYMBOL_LEFT_BRACKET)) {
            tni_parser_refuse(parser, parser->token.position, "subscripts x[i] are");
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
    return tni_expression_unary(parser, "NOT", operand, start);
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
    return tni_expression_unary(parser, minus ? "-" : "+", operand, start);
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
        return tni_expression_call(parser, "abs", operand, NULL, NULL, start);
    }
    return tni_expression_unary(parser, "~", operand, start);
}

static tni_ast_expression *tni_expression_operand(tni_parser *parser) {
    uint32_t start = parser->token.position;
    if (parser->token.kind == TNI_TOKEN_SYMBOL) {
        switch (parser->token.id) {
        case TNI_SYMBOL_LEFT_PAREN:
            return tni_expression_postfix(parser, tni_expression_parenthesis(parser), start);
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

/* ---- infix operators ---- */

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

/* The precedence of the infix or postfix operator that is current; NONE when there is none. */
static TNI_NOINLINE uint32_t tni_infix_precedence(tni_parser *parser) {
    if (parser->token.id == 0) {
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
                                                        tni_ast_expression *left,
                                                        uint32_t start) {
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
static tni_ast_expression *tni_infix_quantified(tni_parser *parser, const char *name,
                                                tni_ast_expression *left, uint32_t start) {
    tni_ast_expression *node = tni_infix_node(parser, TNI_AST_QUANTIFIED, name, left), *list;
    if (node == NULL) {
        return NULL;
    }
    node->value.integer = tni_parser_at(parser, TNI_WORD_ALL);
    tni_parser_advance(parser);
    list = tni_expression_parenthesis(parser);
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
                                                tni_ast_expression *left,
                                                tni_ast_expression *right, uint32_t start) {
    bool fold = symbol == TNI_SYMBOL_REGEXP_I || symbol == TNI_SYMBOL_NOT_REGEXP_I;
    tni_ast_expression *option = fold ? tni_expression_text(parser, "i", 1) : NULL;
    tni_ast_expression *call = tni_expression_call(
        parser, symbol == TNI_SYMBOL_STARTS_WITH ? "starts_with" : "regexp_full_match", left,
        right, option, start);
    if (symbol == TNI_SYMBOL_NOT_REGEXP || symbol == TNI_SYMBOL_NOT_REGEXP_I) {
        return tni_expression_unary(parser, "NOT", call, start);
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
static TNI_NOINLINE tni_ast_expression *tni_infix_is(tni_parser *parser,
                                                     tni_ast_expression *left, uint32_t start) {
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
static tni_ast_expression *tni_infix_between(tni_parser *parser, tni_ast_expression *left,
                                             bool negated, uint32_t start) {
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
    tni_expression_append(node, NULL, low);
    tni_expression_append(node, low, high);
    return tni_parser_finish(parser, node, start);
}

/* x [NOT] LIKE y [ESCAPE z]; the operator is consumed. */
static tni_ast_expression *tni_infix_like(tni_parser *parser, tni_ast_expression *left,
                                          const char *name, bool negated, uint32_t start) {
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
        tni_expression_append(node, NULL, escape);
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
    if (!tni_expression_arguments(parser, node, TNI_SYMBOL_RIGHT_PAREN)) {
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
static tni_ast_expression *tni_infix_in(tni_parser *parser, tni_ast_expression *left,
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
        fine = tni_expression_arguments(parser, node, TNI_SYMBOL_RIGHT_BRACKET) &&
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
                                                        tni_ast_expression *left,
                                                        uint32_t start) {
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
static tni_ast_expression *tni_infix_at_zone(tni_parser *parser, tni_ast_expression *left,
                                             uint32_t start) {
    tni_ast_expression *zone;
    tni_parser_advance(parser);
    tni_parser_advance(parser);
    if (!tni_parser_expect(parser, TNI_WORD_ZONE)) {
        return NULL;
    }
    zone = tni_parser_expression_at(parser, TNI_PRECEDENCE_COLLATE);
    return zone != NULL ? tni_expression_call(parser, "timezone", zone, left, NULL, start) : NULL;
}

static tni_ast_expression *tni_expression_infix(tni_parser *parser, tni_ast_expression *left,
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

TNI_FN tni_ast_expression *tni_parser_expression_at(tni_parser *parser, uint32_t precedence) {
    uint32_t start = parser->token.position;
    tni_ast_expression *left;
    if (!tni_parser_enter(parser, 1)) {
        return NULL;
    }
    left = tni_expression_operand(parser);
    while (left != NULL) {
        uint32_t found = tni_infix_precedence(parser);
        if (found == TNI_PRECEDENCE_NONE || found < precedence) {
            break;
        }
        left = tni_expression_infix(parser, left, found, start);
    }
    parser->depth--;
    return left;
}

TNI_FN tni_ast_expression *tni_parser_expression(tni_parser *parser) {
    return tni_parser_expression_at(parser, TNI_PRECEDENCE_OR);
}
