/* parser.h - SQL text to syntax tree, and back. */
#ifndef TNI_SQL_PARSER_H
#define TNI_SQL_PARSER_H

#include "sql/ast.h"

/* Parse all statements of `sql` (`length` bytes, need not be NUL-terminated) into `arena`. *out
 * is the list, NULL when there are none or on failure. Depth of nesting is bounded by
 * `depth_limit`. Errors: SYNTAX with position and hint, LIMIT, MEMORY, UNSUPPORTED. */
TNI_FN trueno_status tni_parse(tni_arena *arena, const char *sql, size_t length,
                               uint32_t depth_limit, tni_ast_statement **out, tni_error *error);

/* Print an expression or query as canonical SQL (EXPLAIN, view texts, fuzz round trips). */
TNI_FN void tni_print_expression(const tni_ast_expression *expression, tni_text *out);
TNI_FN void tni_print_query(const tni_ast_query *query, tni_text *out);

/* The i-th keyword in alphabetical order, NULL past the end. */
TNI_FN const char *tni_keyword_at(uint32_t index);
/* Parse a type name: "decimal(15,2)", "varchar", "timestamp with time zone". For options. */
TNI_FN trueno_status tni_parse_type(const char *text, size_t length, tni_type *out,
                                    tni_error *error);
/* Does `sql` end in a complete statement? */
TNI_FN bool tni_statement_complete(const char *sql, size_t length);

#endif
