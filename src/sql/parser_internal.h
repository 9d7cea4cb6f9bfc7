/*
 * parser_internal.h - what the parser's files share: the cursor, failures, node building.
 *
 * Recursive descent with precedence climbing. A function that parses something returns its node,
 * or NULL after a failure, which lies in `status`; from then on the current token is END and
 * stays END, so loops stop by themselves. Recursive functions keep their frames small (no local
 * whose address is taken, no buffers): a nesting level has to cost less than 256 bytes of stack.
 * Two things are bounded by depth_limit: the recursion (tni_parser_enter) and the height of every
 * tree that is built (tni_parser_settle...), so that whoever walks a tree may recurse.
 */
#ifndef TNI_SQL_PARSER_INTERNAL_H
#define TNI_SQL_PARSER_INTERNAL_H

#include "sql/lexer.h"
#include "sql/parser.h"

typedef enum tni_parameter_style {
    TNI_PARAMETER_NONE,
    TNI_PARAMETER_COUNTED,  /* ? */
    TNI_PARAMETER_NUMBERED, /* $1, ?1 */
    TNI_PARAMETER_NAMED     /* $name, :name */
} tni_parameter_style;

#define TNI_PARAMETER_BUCKETS 256u
typedef struct tni_parameter {
    tni_ast_name name;
    uint32_t index;
    struct tni_parameter *same_bucket;
} tni_parameter;

typedef struct tni_parser {
    tni_lexer lexer;
    tni_arena *arena; /* NULL while only a type is parsed */
    tni_error *error;
    trueno_status status;
    uint32_t depth, depth_limit;
    tni_token token;    /* the current one */
    tni_token previous; /* the last one consumed */
    tni_token ahead[3];
    uint32_t ahead_count;
    uint32_t parameter_count;
    tni_parameter_style parameter_style;
    tni_ast_name *parameters, *last_parameter;
    uint32_t key_columns; /* of one CREATE TABLE */
    tni_parameter **parameter_buckets; /* by hash of the name; NULL before the first */
} tni_parser;

/* Precedence, loosest first. An operand is parsed "at" the loosest operator it may contain. */
enum {
    TNI_PRECEDENCE_NONE,
    TNI_PRECEDENCE_OR,
    TNI_PRECEDENCE_AND,
    TNI_PRECEDENCE_NOT,
    TNI_PRECEDENCE_IS,
    TNI_PRECEDENCE_COMPARE,
    TNI_PRECEDENCE_MATCH, /* LIKE, IN, BETWEEN */
    TNI_PRECEDENCE_OTHER, /* ||, |, &, <<, >>, ~ and every operator not named elsewhere */
    TNI_PRECEDENCE_ADD,
    TNI_PRECEDENCE_MULTIPLY,
    TNI_PRECEDENCE_POWER,
    TNI_PRECEDENCE_AT,
    TNI_PRECEDENCE_COLLATE,
    TNI_PRECEDENCE_SIGN,
    TNI_PRECEDENCE_ATOM
};

/* ---- parser.c: failures ---- */
TNI_FN void tni_parser_stop(tni_parser *parser, trueno_status status); /* after tni_fail_at */
/* "syntax error at or near ..." at the current token; `expected` may be NULL. */
TNI_FN void tni_parser_unexpected(tni_parser *parser, const char *expected);
TNI_FN void tni_parser_refuse(tni_parser *parser, uint32_t position, const char *what);
TNI_FN bool tni_parser_enter(tni_parser *parser, uint32_t levels);

/* ---- parser.c: the cursor ---- */
TNI_FN void tni_parser_advance(tni_parser *parser);
TNI_FN const tni_token *tni_parser_peek(tni_parser *parser, uint32_t distance); /* 1..3 */
TNI_FN bool tni_parser_accept(tni_parser *parser, uint32_t id);
TNI_FN bool tni_parser_expect(tni_parser *parser, uint32_t id);
/* Is the current (or that) token an unquoted word with this spelling, keyword or not? */
TNI_FN bool tni_parser_is_text(const tni_parser *parser, tni_token token, const char *text);
TNI_FN bool tni_parser_accept_text(tni_parser *parser, const char *text);
TNI_INLINE bool tni_parser_at(const tni_parser *parser, uint32_t id) {
    return parser->token.id == id;
}
TNI_INLINE bool tni_parser_next_is(tni_parser *parser, uint32_t id) {
    return tni_parser_peek(parser, 1)->id == id;
}
TNI_INLINE bool tni_parser_failed(const tni_parser *parser) {
    return parser->status != TRUENO_OK;
}
TNI_INLINE bool tni_token_is_string(tni_token token) {
    return token.kind == TNI_TOKEN_STRING || token.kind == TNI_TOKEN_ESCAPED ||
           token.kind == TNI_TOKEN_DOLLAR;
}
/* Can this token be a name: of a column or table, of a function, after a dot or AS? */
TNI_FN bool tni_token_is_name(tni_token token);
TNI_FN bool tni_token_is_function(tni_token token);
TNI_INLINE bool tni_token_is_label(tni_token token) {
    return token.kind == TNI_TOKEN_WORD || token.kind == TNI_TOKEN_QUOTED;
}
/* 0..15, or -1. */
TNI_INLINE int tni_hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
/* Consume a name; NULL (and failed) when the current token is none. `what` for the message. */
TNI_FN const char *tni_parser_name(tni_parser *parser, const char *what);
TNI_FN const char *tni_parser_label(tni_parser *parser, const char *what);
/* [catalog .] [schema .] name. *schema, when not NULL, gets the schema or NULL. */
TNI_FN const char *tni_parser_qualified(tni_parser *parser, const char *what,
                                        const char **schema);
/* ( name, ... ), the opening parenthesis being current. */
TNI_FN tni_ast_name *tni_parser_names(tni_parser *parser, const char *what);
/* Consume a string literal. NULL after a failure. */
TNI_FN const char *tni_parser_string(tni_parser *parser, size_t *length);
/* Behind a comma: does the list end here all the same (trailing comma)? */
TNI_FN bool tni_parser_list_ends(const tni_parser *parser);

/* ---- parser.c: nodes ---- */
TNI_FN void *tni_parser_alloc(tni_parser *parser, size_t size); /* zeroed; NULL and failed */
TNI_FN tni_ast_expression *tni_parser_node(tni_parser *parser, tni_ast_kind kind);
/* Set the node's extent to [start, end of the previous token) and its depth. */
TNI_FN tni_ast_expression *tni_parser_finish(tni_parser *parser, tni_ast_expression *node,
                                             uint32_t start);
TNI_FN bool tni_parser_settle_query(tni_parser *parser, tni_ast_query *query);
TNI_FN bool tni_parser_settle_source(tni_parser *parser, tni_ast_source *source);

/* ---- parser_literal.c ---- */
TNI_FN tni_ast_expression *tni_parser_number(tni_parser *parser);
TNI_FN tni_ast_expression *tni_parser_text(tni_parser *parser); /* STRING or BLOB */
TNI_FN tni_ast_expression *tni_parser_parameter(tni_parser *parser);
/* INTERVAL is current and begins a literal: tni_parser_at_interval said so. */
TNI_FN tni_ast_expression *tni_parser_interval(tni_parser *parser);
TNI_FN const char *tni_parser_interval_unit(const tni_parser *parser, tni_token token);
TNI_FN bool tni_parser_at_interval(tni_parser *parser);
/* A literal with its sign turned, or NULL when `node` is no number (nothing failed). */
TNI_FN tni_ast_expression *tni_parser_negated(tni_parser *parser, tni_ast_expression *node);
TNI_FN bool tni_parser_type(tni_parser *parser, tni_type *out);
/* CAST(left AS node->cast_type): folds a text cast to BLOB. */
TNI_FN tni_ast_expression *tni_parser_cast(tni_parser *parser, tni_ast_expression *node,
                                           uint32_t start);

/* ---- parser_expression.c ---- */
TNI_FN tni_ast_expression *tni_parser_expression(tni_parser *parser);
TNI_FN tni_ast_expression *tni_parser_expression_at(tni_parser *parser, uint32_t precedence);
TNI_FN tni_ast_expression *tni_parser_parenthesis(tni_parser *parser); /* "(" is current */

/* ---- parser_infix.c ---- */
/* The precedence of the infix or postfix operator that is current; NONE when there is none. */
TNI_FN uint32_t tni_parser_infix_precedence(tni_parser *parser);
/* `left` and the current operator, whose precedence that was, with its other operands. */
TNI_FN tni_ast_expression *tni_parser_infix(tni_parser *parser, tni_ast_expression *left,
                                            uint32_t precedence, uint32_t start);

/* ---- parser_call.c ---- */
TNI_FN tni_ast_expression *tni_parser_literal_text(tni_parser *parser, const char *text,
                                                   size_t length);
/* NULL when `operand` is. */
TNI_FN tni_ast_expression *tni_parser_unary(tni_parser *parser, const char *name,
                                            tni_ast_expression *operand, uint32_t start);
/* A call that stands for special syntax; unused arguments are NULL and last. */
TNI_FN tni_ast_expression *tni_parser_make_call(tni_parser *parser, const char *name,
                                                tni_ast_expression *a, tni_ast_expression *b,
                                                tni_ast_expression *c, uint32_t start);
/* Behind `last` (NULL: the first) in the arguments of `parent`. */
TNI_FN void tni_parser_append(tni_ast_expression *parent, tni_ast_expression *last,
                              tni_ast_expression *item);
/* Expressions up to (not including) the token `close`, into node->arguments. */
TNI_FN bool tni_parser_arguments(tni_parser *parser, tni_ast_expression *node, uint32_t close);
/* Expressions separated by commas; a trailing comma is fine. */
TNI_FN tni_ast_expression *tni_parser_expressions(tni_parser *parser);
/* The rest of `name (`..., the opening parenthesis being current. */
TNI_FN tni_ast_expression *tni_parser_call(tni_parser *parser, const char *name, uint32_t start);
/* EXTRACT, SUBSTRING, POSITION, TRIM, OVERLAY: the name, with "(" behind it, is current. */
TNI_FN tni_ast_expression *tni_parser_special_call(tni_parser *parser);
TNI_FN tni_ast_expression *tni_parser_star(tni_parser *parser, const char *qualifier,
                                           uint32_t start);
TNI_FN tni_ast_expression *tni_parser_columns(tni_parser *parser); /* COLUMNS is current */

/* ---- parser_query.c ---- */
TNI_FN bool tni_parser_at_query(tni_parser *parser); /* SELECT, WITH, VALUES, FROM, TABLE */
/* Do the words of a set operation, ORDER BY or LIMIT follow? */
TNI_FN bool tni_parser_at_query_tail(const tni_parser *parser);
TNI_FN tni_ast_query *tni_parser_query(tni_parser *parser);
/* `left` was a query in parentheses: set operations, ORDER BY and LIMIT that follow. */
TNI_FN tni_ast_query *tni_parser_query_continue(tni_parser *parser, tni_ast_query *left);
TNI_FN tni_ast_order *tni_parser_order(tni_parser *parser); /* behind ORDER BY */
TNI_FN tni_ast_query *tni_parser_values(tni_parser *parser); /* VALUES is current */
/* SELECT * FROM name: `x IN name`. */
TNI_FN tni_ast_query *tni_parser_table_query(tni_parser *parser, const char *name,
                                             const char *schema, uint32_t position);

/* ---- parser_source.c ---- */
TNI_FN tni_ast_source *tni_parser_sources(tni_parser *parser); /* behind FROM */

/* ---- parser_window.c ---- */
TNI_FN tni_ast_window *tni_parser_window(tni_parser *parser); /* behind OVER */
TNI_FN tni_ast_window *tni_parser_windows(tni_parser *parser); /* behind WINDOW */

/* ---- parser_statement.c ---- */
TNI_FN tni_ast_statement *tni_parser_statement(tni_parser *parser);
/* The table or view that the statement is about, into name and name_position. */
TNI_FN bool tni_parser_target(tni_parser *parser, tni_ast_statement *statement, const char *what);

/* ---- parser_create.c: the verb is current ---- */
TNI_FN bool tni_parser_create(tni_parser *parser, tni_ast_statement *statement);
TNI_FN bool tni_parser_drop(tni_parser *parser, tni_ast_statement *statement);

/* ---- parser_copy.c: COPY is current ---- */
TNI_FN bool tni_parser_copy(tni_parser *parser, tni_ast_statement *statement);
/* A setting's or option's value: a literal, a word (as STRING), or a list in parentheses. */
TNI_FN tni_ast_expression *tni_parser_option_value(tni_parser *parser);

#endif
