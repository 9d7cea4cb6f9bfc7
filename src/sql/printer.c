/*
 * printer.c - syntax tree to canonical SQL.
 *
 * Printing what was parsed from printed text gives the same text again. Parentheses stand only
 * where precedence asks for them; AND, OR and equal UNIONs are associative and print flat. Names
 * are quoted when the parser would read them otherwise. The recursion follows the tree, whose
 * height the parser has bounded; helpers stay out of line so that a level costs little stack.
 * Uses base/text.h, column/type.h and the keyword table.
 */
#include "sql/parser_internal.h"

/* ---- names and texts ---- */

static void tni_printer_quoted(const char *text, size_t length, char quote, tni_text *out) {
    size_t start = 0;
    tni_text_char(out, quote);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == quote) {
            tni_text_append(out, text + start, i + 1 - start);
            start = i;
        }
    }
    tni_text_append(out, text + start, length - start);
    tni_text_char(out, quote);
}

static bool tni_printer_is_plain(const char *name, tni_word_class limit) {
    size_t length = strlen(name);
    if (length == 0 || (name[0] >= '0' && name[0] <= '9')) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_')) {
            return false;
        }
    }
    return tni_word_class_of(tni_word_find(name, length)) <= limit;
}

static void tni_printer_name(const char *name, tni_text *out) {
    if (tni_printer_is_plain(name, TNI_WORD_CLASS_U)) {
        tni_text_add(out, name);
    } else {
        tni_printer_quoted(name, strlen(name), '"', out);
    }
}

/* A function's name may be a word like LEFT; one with its own syntax must be quoted. */
static void tni_printer_function(const char *name, tni_text *out) {
    tni_word word = tni_word_find(name, strlen(name));
    if (tni_word_class_of(word) == TNI_WORD_CLASS_F &&
        tni_printer_is_plain(name, TNI_WORD_CLASS_F)) {
        tni_text_add(out, name);
    } else {
        tni_printer_name(name, out);
    }
}

/* Where a clause may begin instead of a name, every keyword is quoted. */
static void tni_printer_strict_name(const char *name, tni_text *out) {
    if (tni_word_find(name, strlen(name)) != TNI_WORD_NONE) {
        tni_printer_quoted(name, strlen(name), '"', out);
    } else {
        tni_printer_name(name, out);
    }
}

static void tni_printer_names(const tni_ast_name *names, tni_text *out) {
    const char *separator = " (";
    for (; names != NULL; names = names->next) {
        tni_text_add(out, separator);
        tni_printer_name(names->name, out);
        separator = ", ";
    }
    tni_text_char(out, ')');
}

static void tni_printer_list(const tni_ast_expression *list, tni_text *out) {
    const char *separator = "";
    for (; list != NULL; list = list->next) {
        tni_text_add(out, separator);
        tni_print_expression(list, out);
        separator = ", ";
    }
}

static void tni_printer_struct(const tni_ast_expression *item, tni_text *out) {
    tni_text_char(out, '{');
    for (; item != NULL; item = item->next) {
        tni_printer_quoted(item->alias, strlen(item->alias), '\'', out);
        tni_text_add(out, ": ");
        tni_print_expression(item, out);
        tni_text_add(out, item->next != NULL ? ", " : "");
    }
    tni_text_char(out, '}');
}

static void tni_printer_subquery(const tni_ast_query *query, tni_text *out) {
    tni_text_char(out, '(');
    tni_print_query(query, out);
    tni_text_char(out, ')');
}

/* ---- precedence ---- */

static uint32_t tni_printer_binary_precedence(const char *name) {
    switch (name[0]) {
    case 'O':
        return TNI_PRECEDENCE_OR;
    case 'A':
        return TNI_PRECEDENCE_AND;
    case 'I':
        return TNI_PRECEDENCE_IS;
    case '+':
    case '-':
        return TNI_PRECEDENCE_ADD;
    case '*':
    case '/':
    case '%':
        return TNI_PRECEDENCE_MULTIPLY;
    case '^':
        return TNI_PRECEDENCE_POWER;
    case '=':
        return TNI_PRECEDENCE_COMPARE;
    case '<':
        return name[1] == '<' ? TNI_PRECEDENCE_OTHER : TNI_PRECEDENCE_COMPARE;
    case '>':
        return name[1] == '>' ? TNI_PRECEDENCE_OTHER : TNI_PRECEDENCE_COMPARE;
    default:
        return TNI_PRECEDENCE_OTHER;
    }
}

static uint32_t tni_printer_unary_precedence(const char *name) {
    return name[0] == 'N'   ? TNI_PRECEDENCE_NOT
           : name[0] == '~' ? TNI_PRECEDENCE_OTHER
                            : TNI_PRECEDENCE_SIGN;
}

static bool tni_printer_is_negative(double number) {
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return (bits >> 63) != 0;
}

/* A literal with a sign binds like the sign. */
static uint32_t tni_printer_literal_precedence(const tni_ast_expression *e) {
    bool negative = e->kind == TNI_AST_INTEGER  ? e->value.integer < 0
                    : e->kind == TNI_AST_DOUBLE ? tni_printer_is_negative(e->value.number)
                                                : e->name[0] == '-';
    return negative ? TNI_PRECEDENCE_SIGN : TNI_PRECEDENCE_ATOM;
}

static uint32_t tni_printer_precedence(const tni_ast_expression *e) {
    switch (e->kind) {
    case TNI_AST_INTEGER:
    case TNI_AST_HUGEINT:
    case TNI_AST_DECIMAL:
    case TNI_AST_DOUBLE:
        return tni_printer_literal_precedence(e);
    case TNI_AST_UNARY:
        return tni_printer_unary_precedence(e->name);
    case TNI_AST_BINARY:
        return tni_printer_binary_precedence(e->name);
    case TNI_AST_IS_NULL:
    case TNI_AST_IS_BOOL:
        return TNI_PRECEDENCE_IS;
    case TNI_AST_BETWEEN:
    case TNI_AST_IN_LIST:
    case TNI_AST_IN_QUERY:
    case TNI_AST_LIKE:
        return TNI_PRECEDENCE_MATCH;
    case TNI_AST_QUANTIFIED:
        return TNI_PRECEDENCE_COMPARE;
    case TNI_AST_EXISTS:
        return e->negated ? TNI_PRECEDENCE_NOT : TNI_PRECEDENCE_ATOM;
    default:
        return TNI_PRECEDENCE_ATOM;
    }
}

/* `e` where nothing looser than `minimum` may stand bare. */
static TNI_NOINLINE void tni_printer_operand(const tni_ast_expression *e, uint32_t minimum,
                                             tni_text *out) {
    bool wrap = tni_printer_precedence(e) < minimum;
    if (wrap) {
        tni_text_char(out, '(');
    }
    tni_print_expression(e, out);
    if (wrap) {
        tni_text_char(out, ')');
    }
}

/* ---- literals ---- */

/* With an exponent, or it would be read back as DECIMAL. */
static void tni_printer_double(double number, tni_text *out) {
    char digits[32];
    size_t length = tni_print_double(number, digits);
    tni_text_append(out, digits, length);
    if (memchr(digits, 'e', length) == NULL) {
        tni_text_add(out, "e0");
    }
}

static void tni_printer_blob(const tni_ast_expression *e, tni_text *out) {
    static const char digits[] = "0123456789abcdef";
    tni_text_add(out, "x'");
    for (size_t i = 0; i < e->text_length; i++) {
        uint8_t c = (uint8_t)e->text[i];
        tni_text_char(out, digits[c >> 4]);
        tni_text_char(out, digits[c & 15]);
    }
    tni_text_char(out, '\'');
}

static void tni_printer_interval(tni_interval interval, tni_text *out) {
    char text[96];
    size_t length = tni_print_interval(interval, text);
    tni_text_add(out, "INTERVAL '");
    tni_text_append(out, text, length);
    tni_text_char(out, '\'');
}

static TNI_NOINLINE void tni_printer_literal(const tni_ast_expression *e, tni_text *out) {
    char digits[24];
    switch (e->kind) {
    case TNI_AST_NULL:
        tni_text_add(out, "NULL");
        break;
    case TNI_AST_BOOLEAN:
        tni_text_add(out, e->value.integer != 0 ? "TRUE" : "FALSE");
        break;
    case TNI_AST_INTEGER:
        tni_text_append(out, digits, tni_print_i64(e->value.integer, digits));
        break;
    case TNI_AST_HUGEINT:
    case TNI_AST_DECIMAL:
        tni_text_add(out, e->name);
        if (e->kind == TNI_AST_DECIMAL && strchr(e->name, '.') == NULL) {
            tni_text_char(out, '.');
        }
        break;
    case TNI_AST_DOUBLE:
        tni_printer_double(e->value.number, out);
        break;
    case TNI_AST_STRING:
        tni_printer_quoted(e->text, e->text_length, '\'', out);
        break;
    case TNI_AST_BLOB:
        tni_printer_blob(e, out);
        break;
    default:
        tni_printer_interval(e->value.interval, out);
        break;
    }
}

/* ---- orders, windows, calls ---- */

static void tni_printer_order(const tni_ast_order *order, tni_text *out) {
    const char *separator = "";
    for (; order != NULL; order = order->next) {
        tni_text_add(out, separator);
        if (order->all) {
            tni_text_add(out, "ALL");
        } else {
            tni_print_expression(order->expression, out);
        }
        if (order->descending) {
            tni_text_add(out, " DESC");
        }
        if (order->nulls != 0) {
            tni_text_add(out, order->nulls == 1 ? " NULLS FIRST" : " NULLS LAST");
        }
        separator = ", ";
    }
}

static void tni_printer_bound(tni_ast_bound bound, const tni_ast_expression *offset,
                              tni_text *out) {
    static const char *const texts[] = {"UNBOUNDED PRECEDING", " PRECEDING", "CURRENT ROW",
                                        " FOLLOWING", "UNBOUNDED FOLLOWING"};
    if (offset != NULL) {
        tni_print_expression(offset, out);
    }
    tni_text_add(out, texts[bound]);
}

static void tni_printer_frame(const tni_ast_window *window, tni_text *out) {
    static const char *const units[] = {"ROWS", "RANGE", "GROUPS"};
    static const char *const excludes[] = {"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP",
                                           " EXCLUDE TIES"};
    tni_text_add(out, units[window->frame_unit]);
    tni_text_add(out, " BETWEEN ");
    tni_printer_bound(window->start, window->start_offset, out);
    tni_text_add(out, " AND ");
    tni_printer_bound(window->end, window->end_offset, out);
    tni_text_add(out, excludes[window->exclude]);
}

static void tni_printer_window(const tni_ast_window *window, bool parenthesis, tni_text *out) {
    const char *separator = "";
    if (!parenthesis && window->name != NULL && window->partition == NULL &&
        window->order == NULL && !window->has_frame) {
        tni_printer_name(window->name, out);
        return;
    }
    tni_text_char(out, '(');
    if (window->name != NULL) {
        tni_printer_strict_name(window->name, out);
        separator = " ";
    }
    if (window->partition != NULL) {
        tni_text_add(out, separator);
        tni_text_add(out, "PARTITION BY ");
        tni_printer_list(window->partition, out);
        separator = " ";
    }
    if (window->order != NULL) {
        tni_text_add(out, separator);
        tni_text_add(out, "ORDER BY ");
        tni_printer_order(window->order, out);
        separator = " ";
    }
    if (window->has_frame) {
        tni_text_add(out, separator);
        tni_printer_frame(window, out);
    }
    tni_text_char(out, ')');
}

/* Would the parser read this argument of a table function as a named one? */
static bool tni_printer_looks_named(const tni_ast_expression *e) {
    return e->kind == TNI_AST_BINARY && e->name[0] == '=' && e->left->kind == TNI_AST_COLUMN &&
           e->left->qualifier == NULL;
}

static void tni_printer_arguments(const tni_ast_expression *call, bool source, tni_text *out) {
    const char *separator = "";
    for (const tni_ast_expression *e = call->arguments; e != NULL; e = e->next) {
        bool wrap = source && e->alias == NULL && tni_printer_looks_named(e);
        tni_text_add(out, separator);
        if (e->alias != NULL) {
            tni_printer_name(e->alias, out);
            tni_text_add(out, " := ");
        }
        tni_text_add(out, wrap ? "(" : "");
        tni_print_expression(e, out);
        tni_text_add(out, wrap ? ")" : "");
        separator = ", ";
    }
    if (call->ignore_nulls && call->arguments != NULL) {
        tni_text_add(out, " IGNORE NULLS");
    }
    if (call->order != NULL && !call->within_group) {
        tni_text_add(out, " ORDER BY ");
        tni_printer_order(call->order, out);
    }
}

/* CURRENT_DATE and its kin print without parentheses. */
static bool tni_printer_is_clock(const tni_ast_expression *call) {
    switch (tni_word_find(call->name, strlen(call->name))) {
    case TNI_WORD_CURRENT_DATE:
    case TNI_WORD_CURRENT_TIME:
    case TNI_WORD_CURRENT_TIMESTAMP:
    case TNI_WORD_LOCALTIME:
    case TNI_WORD_LOCALTIMESTAMP:
        return true;
    default:
        return false;
    }
}

/* `source`: in FROM, a table function. */
static TNI_NOINLINE void tni_printer_call(const tni_ast_expression *e, bool source, tni_text *out) {
    bool clock = tni_printer_is_clock(e);
    if (clock) {
        tni_text_add(out, e->name);
    } else {
        tni_printer_function(e->name, out);
    }
    if (!clock || e->arguments != NULL || e->order != NULL || e->filter != NULL ||
        e->over != NULL || e->distinct || e->ignore_nulls) {
        tni_text_add(out, e->distinct ? "(DISTINCT " : "(");
        tni_printer_arguments(e, source, out);
        tni_text_char(out, ')');
    }
    if (e->within_group) {
        tni_text_add(out, " WITHIN GROUP (ORDER BY ");
        tni_printer_order(e->order, out);
        tni_text_char(out, ')');
    }
    if (e->filter != NULL) {
        tni_text_add(out, " FILTER (WHERE ");
        tni_print_expression(e->filter, out);
        tni_text_char(out, ')');
    }
    if (e->ignore_nulls && e->arguments == NULL) {
        tni_text_add(out, " IGNORE NULLS");
    }
    if (e->over != NULL) {
        tni_text_add(out, " OVER ");
        tni_printer_window(e->over, false, out);
    }
}

/* ---- expressions ---- */

static TNI_NOINLINE void tni_printer_star(const tni_ast_expression *e, tni_text *out) {
    const char *separator = " REPLACE (";
    if (e->qualifier != NULL) {
        tni_printer_name(e->qualifier, out);
        tni_text_char(out, '.');
    }
    tni_text_char(out, '*');
    if (e->exclude != NULL) {
        tni_text_add(out, " EXCLUDE (");
        tni_printer_list(e->exclude, out);
        tni_text_char(out, ')');
    }
    for (const tni_ast_expression *r = e->replace; r != NULL; r = r->next) {
        tni_text_add(out, separator);
        tni_print_expression(r, out);
        tni_text_add(out, " AS ");
        tni_printer_name(r->alias, out);
        separator = ", ";
    }
    if (e->replace != NULL) {
        tni_text_char(out, ')');
    }
    separator = " RENAME (";
    for (const tni_ast_expression *r = e->rename; r != NULL; r = r->next) {
        tni_text_add(out, separator);
        tni_print_expression(r, out);
        tni_text_add(out, " AS ");
        tni_printer_name(r->alias, out);
        separator = ", ";
    }
    if (e->rename != NULL) {
        tni_text_char(out, ')');
    }
}

static TNI_NOINLINE void tni_printer_columns(const tni_ast_expression *e, tni_text *out) {
    tni_text_add(out, "COLUMNS(");
    if (e->text != NULL) {
        tni_printer_quoted(e->text, e->text_length, '\'', out);
    } else {
        tni_printer_star(e, out);
    }
    tni_text_char(out, ')');
}

static TNI_NOINLINE void tni_printer_unary(const tni_ast_expression *e, tni_text *out) {
    bool sign = e->name[0] == '-' || e->name[0] == '+';
    tni_text_add(out, e->name);
    if (e->name[0] == 'N' ||
        (sign && tni_printer_precedence(e->left) == TNI_PRECEDENCE_SIGN)) {
        tni_text_char(out, ' ');
    }
    tni_printer_operand(e->left,
                        e->name[0] == '~' ? (uint32_t)TNI_PRECEDENCE_ADD
                                          : tni_printer_unary_precedence(e->name),
                        out);
}

/* Both sides of AND and OR may be the same operator bare; others lean left. */
static TNI_NOINLINE void tni_printer_binary(const tni_ast_expression *e, tni_text *out) {
    uint32_t precedence = tni_printer_binary_precedence(e->name);
    bool flat = precedence <= TNI_PRECEDENCE_AND;
    tni_printer_operand(e->left, precedence, out);
    tni_text_char(out, ' ');
    tni_text_add(out, e->name);
    tni_text_char(out, ' ');
    tni_printer_operand(e->right, flat ? precedence : precedence + 1, out);
}

static TNI_NOINLINE void tni_printer_is(const tni_ast_expression *e, tni_text *out) {
    tni_printer_operand(e->left, TNI_PRECEDENCE_IS, out);
    tni_text_add(out, e->negated ? " IS NOT " : " IS ");
    if (e->kind == TNI_AST_IS_NULL) {
        tni_text_add(out, "NULL");
    } else {
        tni_text_add(out, e->value.integer > 0   ? "TRUE"
                          : e->value.integer < 0 ? "UNKNOWN"
                                                 : "FALSE");
    }
}

/* BETWEEN, IN and LIKE */
static TNI_NOINLINE void tni_printer_match(const tni_ast_expression *e, tni_text *out) {
    tni_printer_operand(e->left, TNI_PRECEDENCE_MATCH, out);
    tni_text_add(out, e->negated ? " NOT " : " ");
    if (e->kind == TNI_AST_BETWEEN) {
        tni_text_add(out, "BETWEEN ");
        tni_printer_operand(e->arguments, TNI_PRECEDENCE_OTHER, out);
        tni_text_add(out, " AND ");
        tni_printer_operand(e->arguments->next, TNI_PRECEDENCE_OTHER, out);
    } else if (e->kind == TNI_AST_IN_QUERY) {
        tni_text_add(out, "IN ");
        tni_printer_subquery(e->query, out);
    } else if (e->kind == TNI_AST_IN_LIST) {
        tni_text_add(out, "IN (");
        tni_printer_list(e->arguments, out);
        tni_text_char(out, ')');
    } else {
        tni_text_add(out, e->name);
        tni_text_char(out, ' ');
        tni_printer_operand(e->right, TNI_PRECEDENCE_OTHER, out);
        if (e->arguments != NULL) {
            tni_text_add(out, " ESCAPE ");
            tni_printer_operand(e->arguments, TNI_PRECEDENCE_OTHER, out);
        }
    }
}

static TNI_NOINLINE void tni_printer_case(const tni_ast_expression *e, tni_text *out) {
    tni_text_add(out, "CASE");
    if (e->left != NULL) {
        tni_text_char(out, ' ');
        tni_print_expression(e->left, out);
    }
    for (const tni_ast_expression *a = e->arguments; a != NULL; a = a->next->next) {
        tni_text_add(out, " WHEN ");
        tni_print_expression(a, out);
        tni_text_add(out, " THEN ");
        tni_print_expression(a->next, out);
    }
    if (e->right != NULL) {
        tni_text_add(out, " ELSE ");
        tni_print_expression(e->right, out);
    }
    tni_text_add(out, " END");
}

static TNI_NOINLINE void tni_printer_type(tni_type type, tni_text *out) {
    char name[40];
    tni_text_append(out, name, tni_type_print(type, name));
}

static TNI_NOINLINE void tni_printer_cast(const tni_ast_expression *e, tni_text *out) {
    tni_text_add(out, e->negated ? "TRY_CAST(" : "CAST(");
    tni_print_expression(e->left, out);
    tni_text_add(out, " AS ");
    tni_printer_type(e->cast_type.type, out);
    tni_text_char(out, ')');
}

static TNI_NOINLINE void tni_printer_parameter(const tni_ast_expression *e, tni_text *out) {
    tni_text_char(out, '$');
    if (e->name != NULL) {
        tni_text_add(out, e->name);
    } else {
        tni_text_format(out, "%u", (unsigned)e->value.integer);
    }
}

static TNI_NOINLINE void tni_printer_column(const tni_ast_expression *e, tni_text *out) {
    if (e->qualifier != NULL) {
        tni_printer_name(e->qualifier, out);
        tni_text_char(out, '.');
    }
    tni_printer_name(e->name, out);
}

static TNI_NOINLINE void tni_printer_row(const tni_ast_expression *e, tni_text *out) {
    tni_text_add(out, e->argument_count >= 2 ? "(" : "ROW(");
    tni_printer_list(e->arguments, out);
    tni_text_char(out, ')');
}

/* Kinds that hold a query. */
static TNI_NOINLINE void tni_printer_query_expression(const tni_ast_expression *e, tni_text *out) {
    if (e->kind == TNI_AST_EXISTS) {
        tni_text_add(out, e->negated ? "NOT EXISTS " : "EXISTS ");
    } else if (e->kind == TNI_AST_QUANTIFIED) {
        tni_printer_operand(e->left, TNI_PRECEDENCE_COMPARE, out);
        tni_text_char(out, ' ');
        tni_text_add(out, e->name);
        tni_text_add(out, e->value.integer != 0 ? " ALL " : " ANY ");
    }
    tni_printer_subquery(e->query, out);
}

static TNI_NOINLINE void tni_printer_interval_of(const tni_ast_expression *e, tni_text *out) {
    tni_text_add(out, "INTERVAL (");
    tni_print_expression(e->left, out);
    tni_text_add(out, ") ");
    tni_text_add(out, e->name);
}

TNI_FN void tni_print_expression(const tni_ast_expression *e, tni_text *out) {
    switch (e->kind) {
    case TNI_AST_NULL:
    case TNI_AST_BOOLEAN:
    case TNI_AST_INTEGER:
    case TNI_AST_HUGEINT:
    case TNI_AST_DECIMAL:
    case TNI_AST_DOUBLE:
    case TNI_AST_STRING:
    case TNI_AST_BLOB:
    case TNI_AST_INTERVAL:
        tni_printer_literal(e, out);
        break;
    case TNI_AST_INTERVAL_OF:
        tni_printer_interval_of(e, out);
        break;
    case TNI_AST_PARAMETER:
        tni_printer_parameter(e, out);
        break;
    case TNI_AST_COLUMN:
        tni_printer_column(e, out);
        break;
    case TNI_AST_STAR:
        tni_printer_star(e, out);
        break;
    case TNI_AST_COLUMNS:
        tni_printer_columns(e, out);
        break;
    case TNI_AST_CALL:
        tni_printer_call(e, false, out);
        break;
    case TNI_AST_UNARY:
        tni_printer_unary(e, out);
        break;
    case TNI_AST_BINARY:
        tni_printer_binary(e, out);
        break;
    case TNI_AST_IS_NULL:
    case TNI_AST_IS_BOOL:
        tni_printer_is(e, out);
        break;
    case TNI_AST_BETWEEN:
    case TNI_AST_IN_LIST:
    case TNI_AST_IN_QUERY:
    case TNI_AST_LIKE:
        tni_printer_match(e, out);
        break;
    case TNI_AST_CASE:
        tni_printer_case(e, out);
        break;
    case TNI_AST_CAST:
        tni_printer_cast(e, out);
        break;
    case TNI_AST_EXISTS:
    case TNI_AST_SUBQUERY:
    case TNI_AST_QUANTIFIED:
        tni_printer_query_expression(e, out);
        break;
    case TNI_AST_ROW:
        tni_printer_row(e, out);
        break;
    case TNI_AST_LIST:
        tni_text_char(out, '[');
        tni_printer_list(e->arguments, out);
        tni_text_char(out, ']');
        break;
    case TNI_AST_STRUCT:
        tni_printer_struct(e->arguments, out);
        break;
    case TNI_AST_DEFAULT:
        tni_text_add(out, "DEFAULT");
        break;
    }
}

/* ---- FROM ---- */

static void tni_printer_source(const tni_ast_source *source, tni_text *out);

static void tni_printer_join(const tni_ast_source *join, tni_text *out) {
    static const char *const words[] = {" JOIN ",       " LEFT JOIN ", " RIGHT JOIN ",
                                        " FULL JOIN ",  " CROSS JOIN ", " SEMI JOIN ",
                                        " ANTI JOIN ",  " ASOF JOIN ", " POSITIONAL JOIN "};
    bool wrap = join->right->kind == TNI_FROM_JOIN;
    tni_printer_source(join->left, out);
    tni_text_add(out, join->natural ? " NATURAL" : "");
    tni_text_add(out, words[join->join]);
    tni_text_add(out, wrap ? "(" : "");
    tni_printer_source(join->right, out);
    tni_text_add(out, wrap ? ")" : "");
    if (join->on != NULL) {
        tni_text_add(out, " ON ");
        tni_print_expression(join->on, out);
    } else if (join->using_columns != NULL) {
        tni_text_add(out, " USING");
        tni_printer_names(join->using_columns, out);
    }
}

static void tni_printer_table(const tni_ast_source *source, tni_text *out) {
    if (source->is_path) {
        tni_printer_quoted(source->name, strlen(source->name), '\'', out);
        return;
    }
    if (source->schema != NULL) {
        tni_printer_name(source->schema, out);
        tni_text_char(out, '.');
    }
    tni_printer_name(source->name, out);
}

static void tni_printer_source(const tni_ast_source *source, tni_text *out) {
    if (source->lateral) {
        tni_text_add(out, "LATERAL ");
    }
    switch (source->kind) {
    case TNI_FROM_TABLE:
        tni_printer_table(source, out);
        break;
    case TNI_FROM_FUNCTION:
        tni_printer_call(source->call, true, out);
        break;
    case TNI_FROM_QUERY:
    case TNI_FROM_VALUES:
        tni_printer_subquery(source->query, out);
        break;
    case TNI_FROM_JOIN:
        tni_printer_join(source, out);
        break;
    }
    if (source->alias != NULL) {
        tni_text_add(out, " AS ");
        tni_printer_name(source->alias, out);
    }
    if (source->columns != NULL) {
        tni_printer_names(source->columns, out);
    }
}

/* ---- queries ---- */

static void tni_printer_items(const tni_ast_expression *items, tni_text *out) {
    const char *separator = "";
    for (; items != NULL; items = items->next) {
        tni_text_add(out, separator);
        tni_print_expression(items, out);
        if (items->alias != NULL) {
            tni_text_add(out, " AS ");
            tni_printer_name(items->alias, out);
        }
        separator = ", ";
    }
}

/* Each set of GROUPING SETS is a ROW and prints as ( ... ), even () and (a). */
static void tni_printer_sets(const tni_ast_expression *sets, tni_text *out) {
    const char *separator = "";
    for (; sets != NULL; sets = sets->next) {
        tni_text_add(out, separator);
        tni_text_char(out, '(');
        tni_printer_list(sets->arguments, out);
        tni_text_char(out, ')');
        separator = ", ";
    }
}

static void tni_printer_groups(const tni_ast_grouping *group, tni_text *out) {
    static const char *const words[] = {"", "ROLLUP (", "CUBE (", "GROUPING SETS ("};
    const char *separator = " GROUP BY ";
    for (; group != NULL; group = group->next) {
        tni_text_add(out, separator);
        if (group->all) {
            tni_text_add(out, "ALL");
        } else {
            tni_text_add(out, words[group->sets]);
            if (group->sets == 3) {
                tni_printer_sets(group->expressions, out);
            } else {
                tni_printer_list(group->expressions, out);
            }
            tni_text_add(out, group->sets != 0 ? ")" : "");
        }
        separator = ", ";
    }
}

static void tni_printer_clause(const char *word, const tni_ast_expression *e, tni_text *out) {
    if (e != NULL) {
        tni_text_add(out, word);
        tni_print_expression(e, out);
    }
}

static void tni_printer_windows(const tni_ast_window *window, tni_text *out) {
    const char *separator = " WINDOW ";
    for (; window != NULL; window = window->next) {
        tni_text_add(out, separator);
        tni_printer_name(window->defined_as, out);
        tni_text_add(out, " AS ");
        tni_printer_window(window, true, out);
        separator = ", ";
    }
}

static void tni_printer_select(const tni_ast_query *query, tni_text *out) {
    tni_text_add(out, query->distinct ? "SELECT DISTINCT " : "SELECT ");
    if (query->distinct_on != NULL) {
        tni_text_add(out, "ON (");
        tni_printer_list(query->distinct_on, out);
        tni_text_add(out, ") ");
    }
    tni_printer_items(query->items, out);
    if (query->from != NULL) {
        tni_text_add(out, " FROM ");
        tni_printer_source(query->from, out);
    }
    tni_printer_clause(" WHERE ", query->where, out);
    tni_printer_groups(query->groups, out);
    tni_printer_clause(" HAVING ", query->having, out);
    tni_printer_windows(query->windows, out);
    tni_printer_clause(" QUALIFY ", query->qualify, out);
}

static void tni_printer_values(const tni_ast_query *query, tni_text *out) {
    const char *separator = "VALUES (";
    for (const tni_ast_expression *row = query->rows; row != NULL; row = row->next) {
        tni_text_add(out, separator);
        tni_printer_list(row->arguments, out);
        tni_text_char(out, ')');
        separator = ", (";
    }
}

/* Does `child` need parentheses as a side of the set operation `parent`? */
static bool tni_printer_wraps(const tni_ast_query *parent, const tni_ast_query *child) {
    bool same = child->set_all == parent->set_all && child->set_by_name == parent->set_by_name;
    if (child->with != NULL || child->order != NULL || child->limit != NULL ||
        child->offset != NULL) {
        return true;
    }
    if (child->kind != TNI_QUERY_SET) {
        return false;
    }
    if (parent->set == TNI_SET_INTERSECT) {
        return child->set != TNI_SET_INTERSECT || child == parent->right;
    }
    if (child->set == TNI_SET_INTERSECT || child == parent->left) {
        return false;
    }
    return parent->set != TNI_SET_UNION || child->set != TNI_SET_UNION || !same;
}

static void tni_printer_side(const tni_ast_query *parent, const tni_ast_query *child,
                             tni_text *out) {
    if (tni_printer_wraps(parent, child)) {
        tni_printer_subquery(child, out);
    } else {
        tni_print_query(child, out);
    }
}

static void tni_printer_set(const tni_ast_query *query, tni_text *out) {
    static const char *const words[] = {" UNION", " INTERSECT", " EXCEPT"};
    tni_printer_side(query, query->left, out);
    tni_text_add(out, words[query->set]);
    tni_text_add(out, query->set_all ? " ALL" : "");
    tni_text_add(out, query->set_by_name ? " BY NAME " : " ");
    tni_printer_side(query, query->right, out);
}

static void tni_printer_with(const tni_ast_query *query, tni_text *out) {
    const char *separator = query->recursive ? "WITH RECURSIVE " : "WITH ";
    for (const tni_ast_cte *cte = query->with; cte != NULL; cte = cte->next) {
        tni_text_add(out, separator);
        tni_printer_strict_name(cte->name, out);
        if (cte->columns != NULL) {
            tni_printer_names(cte->columns, out);
        }
        tni_text_add(out, cte->materialized == 1   ? " AS MATERIALIZED "
                          : cte->materialized == 2 ? " AS NOT MATERIALIZED "
                                                   : " AS ");
        tni_printer_subquery(cte->query, out);
        separator = ", ";
    }
    if (query->with != NULL) {
        tni_text_char(out, ' ');
    }
}

TNI_FN void tni_print_query(const tni_ast_query *query, tni_text *out) {
    tni_printer_with(query, out);
    switch (query->kind) {
    case TNI_QUERY_SELECT:
        tni_printer_select(query, out);
        break;
    case TNI_QUERY_VALUES:
        tni_printer_values(query, out);
        break;
    case TNI_QUERY_SET:
        tni_printer_set(query, out);
        break;
    }
    if (query->order != NULL) {
        tni_text_add(out, " ORDER BY ");
        tni_printer_order(query->order, out);
    }
    tni_printer_clause(" LIMIT ", query->limit, out);
    tni_text_add(out, query->limit_percent ? " PERCENT" : "");
    tni_printer_clause(" OFFSET ", query->offset, out);
}
