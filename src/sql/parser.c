/*
 * parser.c - the parser's cursor, failures and node building, and the entry points.
 *
 * The grammar itself is in parser_expression.c, parser_literal.c, parser_query.c,
 * parser_window.c, parser_statement.c and parser_create.c; parser_internal.h states the rules
 * they share. All memory comes from the caller's arena. Uses base/, column/type.h and the lexer.
 */
#include "sql/parser_internal.h"

#define TNI_PARSER_SHOWN 48u /* bytes of a token that an error message shows */

/* ---- failures ---- */

TNI_FN void tni_parser_stop(tni_parser *parser, trueno_status status) {
    if (parser->status == TRUENO_OK) {
        parser->status = status;
    }
    parser->token.kind = TNI_TOKEN_END;
    parser->token.id = 0;
    parser->lexer.offset = parser->lexer.length;
    parser->ahead_count = 0;
}

/* The part of [position, end) that a message shows: one line, cut between characters. */
static int tni_parser_shown(const tni_parser *parser, tni_token token) {
    const char *text = parser->lexer.text + token.position;
    uint32_t length = TNI_MIN(token.end - token.position, TNI_PARSER_SHOWN);
    for (uint32_t i = 0; i < length; i++) {
        if (text[i] == '\n' || text[i] == '\r' || text[i] == '\0') {
            length = i;
        }
    }
    while (length > 0 && length < token.end - token.position &&
           ((uint8_t)text[length] & 0xc0) == 0x80) {
        length--;
    }
    return (int)length;
}

/* Words that are worth proposing for a misspelt one. */
static const char *const tni_parser_proposals[] = {
    "select", "from",   "where",    "group",  "having",    "order",  "limit",  "offset",
    "join",   "inner",  "cross",    "union",  "intersect", "except", "values", "distinct",
    "insert", "update", "delete",   "create", "describe",  "table",  "view",   "between",
    "with",   "using",  "partition", "explain", "summarize", "qualify", "drop", "copy",
    "into",   "then",   "else",     "case",   "when",      "over",   "filter", "window",
};

/* One edit away, two for long words, or two neighbours swapped. */
static bool tni_parser_resembles(const char *word, const char *proposal) {
    size_t length = strlen(word);
    uint32_t limit = length >= 6 ? 2 : 1;
    size_t i = 0;
    if (strcmp(word, proposal) == 0) {
        return false;
    }
    if (tni_edit_distance(word, proposal, limit + 1) <= limit) {
        return true;
    }
    if (strlen(proposal) != length) {
        return false;
    }
    while (word[i] == proposal[i]) {
        i++;
    }
    return i + 1 < length && word[i] == proposal[i + 1] && word[i + 1] == proposal[i] &&
           strcmp(word + i + 2, proposal + i + 2) == 0;
}

/* The keyword that an unquoted word was probably meant to be, or NULL. */
static const char *tni_parser_proposal(const tni_parser *parser, tni_token token) {
    char word[16];
    uint32_t length = token.end - token.position;
    if (token.kind != TNI_TOKEN_WORD || token.id != 0 || length < 3 || length >= sizeof word) {
        return NULL;
    }
    for (uint32_t i = 0; i < length; i++) {
        char c = parser->lexer.text[token.position + i];
        word[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    word[length] = '\0';
    for (uint32_t i = 0; i < TNI_COUNT_OF(tni_parser_proposals); i++) {
        if (tni_parser_resembles(word, tni_parser_proposals[i])) {
            return tni_parser_proposals[i];
        }
    }
    return NULL;
}

static void tni_parser_upper(const char *word, char out[16]) {
    size_t i = 0;
    for (; word[i] != '\0' && i < 15; i++) {
        out[i] = word[i] >= 'a' && word[i] <= 'z' ? (char)(word[i] - 32) : word[i];
    }
    out[i] = '\0';
}

/* `; did you mean FROM instead of "form"?` or nothing. */
static void tni_parser_hint(const tni_parser *parser, char out[96]) {
    tni_token token = parser->token;
    const char *proposal = tni_parser_proposal(parser, token);
    char upper[16];
    size_t at = 0, length;
    out[0] = '\0';
    if (proposal == NULL) {
        token = parser->previous;
        proposal = tni_parser_proposal(parser, token);
    }
    if (proposal == NULL) {
        return;
    }
    tni_parser_upper(proposal, upper);
    memcpy(out, "; did you mean ", 15);
    at = 15;
    length = strlen(upper);
    memcpy(out + at, upper, length);
    at += length;
    memcpy(out + at, " instead of \"", 13);
    at += 13;
    length = token.end - token.position;
    memcpy(out + at, parser->lexer.text + token.position, length);
    memcpy(out + at + length, "\"?", 3);
}

static void tni_parser_bad_token(tni_parser *parser) {
    uint16_t problem = parser->token.id;
    trueno_status status =
        problem == TNI_LEXER_BIT_STRING || problem == TNI_LEXER_UNICODE_STRING
            ? TRUENO_ERROR_UNSUPPORTED
            : TRUENO_ERROR_SYNTAX;
    tni_parser_stop(parser,
                    tni_fail_at(parser->error, status, parser->token.position,
                                "%s, at or near \"%.*s\"", tni_lexer_problem_text(problem),
                                tni_parser_shown(parser, parser->token),
                                parser->lexer.text + parser->token.position));
}

TNI_FN void tni_parser_unexpected(tni_parser *parser, const char *expected) {
    char hint[96];
    const char *comma = expected != NULL ? ", expected " : "";
    if (tni_parser_failed(parser)) {
        return;
    }
    if (parser->token.kind == TNI_TOKEN_ERROR) {
        tni_parser_bad_token(parser);
        return;
    }
    tni_parser_hint(parser, hint);
    expected = expected != NULL ? expected : "";
    if (parser->token.kind == TNI_TOKEN_END) {
        tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_SYNTAX,
                                            parser->token.position,
                                            "syntax error at end of input%s%s%s", comma, expected,
                                            hint));
        return;
    }
    tni_parser_stop(parser,
                    tni_fail_at(parser->error, TRUENO_ERROR_SYNTAX, parser->token.position,
                                "syntax error at or near \"%.*s\"%s%s%s",
                                tni_parser_shown(parser, parser->token),
                                parser->lexer.text + parser->token.position, comma, expected,
                                hint));
}

TNI_FN void tni_parser_refuse(tni_parser *parser, uint32_t position, const char *what) {
    if (!tni_parser_failed(parser)) {
        tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_UNSUPPORTED, position,
                                            "%s not supported", what));
    }
}

static bool tni_parser_too_deep(tni_parser *parser, uint32_t position) {
    if (!tni_parser_failed(parser)) {
        tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_LIMIT, position,
                                            "the statement nests deeper than %u levels "
                                            "(limit expression_depth)",
                                            (unsigned)parser->depth_limit));
    }
    return false;
}

TNI_FN bool tni_parser_enter(tni_parser *parser, uint32_t levels) {
    if (parser->depth + levels > parser->depth_limit) {
        return tni_parser_too_deep(parser, parser->token.position);
    }
    parser->depth += levels;
    return !tni_parser_failed(parser);
}

/* ---- the cursor ---- */

TNI_FN void tni_parser_advance(tni_parser *parser) {
    parser->previous = parser->token;
    if (parser->ahead_count > 0) {
        parser->token = parser->ahead[0];
        parser->ahead[0] = parser->ahead[1];
        parser->ahead[1] = parser->ahead[2];
        parser->ahead_count--;
    } else {
        parser->token = tni_lexer_next(&parser->lexer);
    }
}

TNI_FN const tni_token *tni_parser_peek(tni_parser *parser, uint32_t distance) {
    while (parser->ahead_count < distance) {
        parser->ahead[parser->ahead_count++] = tni_lexer_next(&parser->lexer);
    }
    return &parser->ahead[distance - 1];
}

TNI_FN bool tni_parser_accept(tni_parser *parser, uint32_t id) {
    if (!tni_parser_at(parser, id)) {
        return false;
    }
    tni_parser_advance(parser);
    return true;
}

TNI_FN bool tni_parser_expect(tni_parser *parser, uint32_t id) {
    char text[24];
    const char *symbol;
    if (tni_parser_accept(parser, id)) {
        return true;
    }
    if (id < TNI_WORD_COUNT) {
        tni_parser_upper(tni_word_text((tni_word)id), text);
        tni_parser_unexpected(parser, text);
        return false;
    }
    symbol = tni_symbol_text(id);
    text[0] = '"';
    memcpy(text + 1, symbol, strlen(symbol));
    memcpy(text + 1 + strlen(symbol), "\"", 2);
    tni_parser_unexpected(parser, text);
    return false;
}

TNI_FN bool tni_parser_is_text(const tni_parser *parser, tni_token token, const char *text) {
    return token.kind == TNI_TOKEN_WORD &&
           tni_name_equal_n(parser->lexer.text + token.position, token.end - token.position, text,
                            strlen(text));
}

TNI_FN bool tni_parser_accept_text(tni_parser *parser, const char *text) {
    if (!tni_parser_is_text(parser, parser->token, text)) {
        return false;
    }
    tni_parser_advance(parser);
    return true;
}

TNI_FN bool tni_token_is_name(tni_token token) {
    return token.kind == TNI_TOKEN_QUOTED ||
           (token.kind == TNI_TOKEN_WORD &&
            tni_word_class_of((tni_word)token.id) <= TNI_WORD_CLASS_C);
}

TNI_FN bool tni_token_is_function(tni_token token) {
    return token.kind == TNI_TOKEN_QUOTED ||
           (token.kind == TNI_TOKEN_WORD &&
            tni_word_class_of((tni_word)token.id) <= TNI_WORD_CLASS_F);
}

/* Copy without the outer quotes, `quote` pairs made one; also used for string pieces. */
static size_t tni_parser_unquote(const char *text, size_t length, char quote, char *out) {
    size_t size = 0;
    for (size_t i = 0; i < length; i++) {
        out[size++] = text[i];
        if (text[i] == quote) {
            i++;
        }
    }
    return size;
}

TNI_FN const char *tni_parser_label(tni_parser *parser, const char *what) {
    tni_token token = parser->token;
    const char *text = parser->lexer.text + token.position;
    size_t length = token.end - token.position;
    char *copy;
    if (!tni_token_is_label(token)) {
        tni_parser_unexpected(parser, what);
        return NULL;
    }
    copy = (char *)tni_arena_bytes(parser->arena, length + 1);
    if (copy == NULL) {
        tni_parser_stop(parser, tni_memory_fail(parser->arena->memory, length, parser->error));
        return NULL;
    }
    if (token.kind == TNI_TOKEN_QUOTED) {
        length = tni_parser_unquote(text + 1, length - 2, '"', copy);
    } else {
        memcpy(copy, text, length);
    }
    copy[length] = '\0';
    tni_parser_advance(parser);
    return copy;
}

TNI_FN const char *tni_parser_name(tni_parser *parser, const char *what) {
    if (tni_token_is_name(parser->token)) {
        return tni_parser_label(parser, what);
    }
    tni_parser_unexpected(parser, what);
    return NULL;
}

TNI_FN const char *tni_parser_qualified(tni_parser *parser, const char *what,
                                        const char **schema) {
    const char *name = tni_parser_name(parser, what);
    const char *before = NULL;
    uint32_t parts = 1;
    while (name != NULL && tni_parser_accept(parser, TNI_SYMBOL_DOT)) {
        if (++parts > 3) {
            tni_parser_unexpected(parser, NULL);
            return NULL;
        }
        before = name;
        name = tni_parser_label(parser, what);
    }
    if (schema != NULL) {
        *schema = before;
    }
    return name;
}

TNI_FN tni_ast_name *tni_parser_names(tni_parser *parser, const char *what) {
    tni_ast_name *first = NULL, *last = NULL;
    if (!tni_parser_expect(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return NULL;
    }
    do {
        tni_ast_name *name;
        if (first != NULL && tni_parser_at(parser, TNI_SYMBOL_RIGHT_PAREN)) {
            break;
        }
        name = (tni_ast_name *)tni_parser_alloc(parser, sizeof *name);
        if (name == NULL) {
            return NULL;
        }
        name->position = parser->token.position;
        name->name = tni_parser_name(parser, what);
        if (name->name == NULL) {
            return NULL;
        }
        if (last != NULL) {
            last->next = name;
        } else {
            first = name;
        }
        last = name;
    } while (tni_parser_accept(parser, TNI_SYMBOL_COMMA));
    return tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN) ? first : NULL;
}

TNI_FN bool tni_parser_list_ends(const tni_parser *parser) {
    if (parser->token.kind == TNI_TOKEN_END) {
        return true;
    }
    switch (parser->token.id) {
    case TNI_WORD_FROM:
    case TNI_WORD_WHERE:
    case TNI_WORD_GROUP:
    case TNI_WORD_HAVING:
    case TNI_WORD_WINDOW:
    case TNI_WORD_QUALIFY:
    case TNI_WORD_ORDER:
    case TNI_WORD_LIMIT:
    case TNI_WORD_OFFSET:
    case TNI_WORD_FETCH:
    case TNI_WORD_UNION:
    case TNI_WORD_INTERSECT:
    case TNI_WORD_EXCEPT:
    case TNI_SYMBOL_RIGHT_PAREN:
    case TNI_SYMBOL_RIGHT_BRACKET:
    case TNI_SYMBOL_SEMICOLON:
        return true;
    default:
        return false;
    }
}

/* ---- nodes ---- */

TNI_FN void *tni_parser_alloc(tni_parser *parser, size_t size) {
    void *block = tni_arena_alloc(parser->arena, size);
    if (block == NULL) {
        tni_parser_stop(parser, tni_memory_fail(parser->arena->memory, size, parser->error));
    }
    return block;
}

TNI_FN tni_ast_expression *tni_parser_node(tni_parser *parser, tni_ast_kind kind) {
    tni_ast_expression *node =
        (tni_ast_expression *)tni_parser_alloc(parser, sizeof(tni_ast_expression));
    if (node != NULL) {
        node->kind = kind;
        node->position = parser->token.position;
        node->end = parser->token.end;
        node->depth = 1;
    }
    return node;
}

static uint32_t tni_parser_depth_of(uint32_t depth, const tni_ast_expression *node) {
    return node != NULL && node->depth > depth ? node->depth : depth;
}

static uint32_t tni_parser_depth_of_list(uint32_t depth, const tni_ast_expression *node) {
    for (; node != NULL; node = node->next) {
        depth = TNI_MAX(depth, node->depth);
    }
    return depth;
}

static uint32_t tni_parser_depth_of_order(uint32_t depth, const tni_ast_order *order) {
    for (; order != NULL; order = order->next) {
        depth = tni_parser_depth_of(depth, order->expression);
    }
    return depth;
}

static uint32_t tni_parser_depth_of_window(uint32_t depth, const tni_ast_window *window) {
    for (; window != NULL; window = window->next) {
        depth = tni_parser_depth_of_list(depth, window->partition);
        depth = tni_parser_depth_of_order(depth, window->order);
        depth = tni_parser_depth_of(depth, window->start_offset);
        depth = tni_parser_depth_of(depth, window->end_offset);
    }
    return depth;
}

TNI_FN tni_ast_expression *tni_parser_finish(tni_parser *parser, tni_ast_expression *node,
                                             uint32_t start) {
    uint32_t depth = tni_parser_depth_of(0, node->left);
    depth = tni_parser_depth_of(depth, node->right);
    depth = tni_parser_depth_of_list(depth, node->arguments);
    if (node->query != NULL) {
        depth = TNI_MAX(depth, node->query->depth);
    }
    if (node->kind == TNI_AST_CALL) {
        depth = tni_parser_depth_of(depth, node->filter);
        depth = tni_parser_depth_of_order(depth, node->order);
        depth = tni_parser_depth_of_window(depth, node->over);
    } else if (node->kind == TNI_AST_STAR || node->kind == TNI_AST_COLUMNS) {
        depth = tni_parser_depth_of_list(depth, node->replace);
    }
    node->position = start;
    node->end = parser->previous.end;
    node->depth = depth + 1;
    if (tni_parser_failed(parser)) {
        return NULL;
    }
    if (node->depth > parser->depth_limit) {
        tni_parser_too_deep(parser, start);
        return NULL;
    }
    return node;
}

TNI_FN bool tni_parser_settle_source(tni_parser *parser, tni_ast_source *source) {
    uint32_t depth = tni_parser_depth_of(0, source->call);
    depth = tni_parser_depth_of(depth, source->on);
    if (source->query != NULL) {
        depth = TNI_MAX(depth, source->query->depth);
    }
    if (source->kind == TNI_FROM_JOIN) {
        depth = TNI_MAX(depth, source->left->depth);
        depth = TNI_MAX(depth, source->right->depth);
    }
    source->depth = depth + 1;
    return source->depth <= parser->depth_limit || tni_parser_too_deep(parser, source->position);
}

TNI_FN bool tni_parser_settle_query(tni_parser *parser, tni_ast_query *query) {
    uint32_t depth = tni_parser_depth_of_list(0, query->items);
    depth = tni_parser_depth_of_list(depth, query->distinct_on);
    depth = tni_parser_depth_of_list(depth, query->rows);
    depth = tni_parser_depth_of(depth, query->where);
    depth = tni_parser_depth_of(depth, query->having);
    depth = tni_parser_depth_of(depth, query->qualify);
    depth = tni_parser_depth_of(depth, query->limit);
    depth = tni_parser_depth_of(depth, query->offset);
    depth = tni_parser_depth_of_order(depth, query->order);
    depth = tni_parser_depth_of_window(depth, query->windows);
    for (const tni_ast_grouping *group = query->groups; group != NULL; group = group->next) {
        depth = tni_parser_depth_of_list(depth, group->expressions);
    }
    for (const tni_ast_cte *cte = query->with; cte != NULL; cte = cte->next) {
        depth = TNI_MAX(depth, cte->query->depth);
    }
    if (query->from != NULL) {
        depth = TNI_MAX(depth, query->from->depth);
    }
    if (query->kind == TNI_QUERY_SET) {
        depth = TNI_MAX(depth, query->left->depth);
        depth = TNI_MAX(depth, query->right->depth);
    }
    query->depth = depth + 1;
    return query->depth <= parser->depth_limit || tni_parser_too_deep(parser, query->position);
}

/* ---- string literals ---- */

/* Up to `most` digits of base 8 or 16 at text[*at]; their count, the value in *value. */
static uint32_t tni_parser_escape_digits(const char *text, size_t length, size_t *at, int base,
                                         uint32_t most, uint32_t *value) {
    uint32_t count = 0;
    *value = 0;
    while (count < most && *at < length) {
        int digit = tni_hex_digit(text[*at]);
        if (digit < 0 || digit >= base) {
            break;
        }
        *value = *value * (uint32_t)base + (uint32_t)digit;
        (*at)++;
        count++;
    }
    return count;
}

/* The escape behind a backslash at text[*at]: its bytes to out. 0: malformed. */
static size_t tni_parser_escape(const char *text, size_t length, size_t *at, uint8_t out[4]) {
    static const char plain[] = "b\bf\fn\nr\rt\t";
    char c = text[(*at)++];
    uint32_t value;
    if (c == 'u' || c == 'U') {
        uint32_t digits = c == 'u' ? 4 : 8;
        if (tni_parser_escape_digits(text, length, at, 16, digits, &value) != digits ||
            value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) {
            return 0;
        }
        return tni_utf8_put(value, out);
    }
    if (c == 'x') {
        if (tni_parser_escape_digits(text, length, at, 16, 2, &value) == 0) {
            return 0;
        }
        out[0] = (uint8_t)value;
        return 1;
    }
    if (c >= '0' && c <= '7') {
        (*at)--;
        tni_parser_escape_digits(text, length, at, 8, 3, &value);
        out[0] = (uint8_t)value;
        return 1;
    }
    out[0] = (uint8_t)c;
    for (size_t i = 0; i + 1 < sizeof plain; i += 2) {
        if (plain[i] == c) {
            out[0] = (uint8_t)plain[i + 1];
        }
    }
    return 1;
}

/* Decode the pieces of '..' '..' (they may go on after a line break) to out. False: bad escape,
 * *bad being its offset. */
static bool tni_parser_decode(const char *text, size_t length, bool escapes, char *out,
                              size_t *size, size_t *bad) {
    bool inside = false;
    *size = 0;
    for (size_t i = 0; i < length;) {
        char c = text[i];
        if (c == '\'') {
            if (inside && i + 1 < length && text[i + 1] == '\'') {
                out[(*size)++] = '\'';
                i += 2;
                continue;
            }
            inside = !inside;
            i++;
        } else if (inside && escapes && c == '\\' && i + 1 < length) {
            uint8_t bytes[4];
            size_t count;
            *bad = i++;
            count = tni_parser_escape(text, length, &i, bytes);
            if (count == 0) {
                return false;
            }
            memcpy(out + *size, bytes, count);
            *size += count;
        } else {
            if (inside) {
                out[(*size)++] = c;
            }
            i++;
        }
    }
    *bad = 0;
    return !escapes || tni_utf8_valid(out, *size);
}

/* The text between the marks of $tag$text$tag$. */
static void tni_parser_dollar(const char **text, size_t *length) {
    const char *close = (const char *)memchr(*text + 1, '$', *length - 1);
    size_t mark = (size_t)(close + 1 - *text);
    *text += mark;
    *length -= 2 * mark;
}

TNI_FN const char *tni_parser_string(tni_parser *parser, size_t *length) {
    tni_token token = parser->token;
    const char *text = parser->lexer.text + token.position;
    size_t size = token.end - token.position, bad = 0;
    bool escapes = token.kind == TNI_TOKEN_ESCAPED;
    char *out;
    *length = 0;
    if (!tni_token_is_string(token)) {
        tni_parser_unexpected(parser, "a string");
        return NULL;
    }
    out = (char *)tni_arena_bytes(parser->arena, size + 1);
    if (out == NULL) {
        tni_parser_stop(parser, tni_memory_fail(parser->arena->memory, size, parser->error));
        return NULL;
    }
    if (token.kind == TNI_TOKEN_DOLLAR) {
        tni_parser_dollar(&text, &size);
        memcpy(out, text, size);
        *length = size;
    } else if (!tni_parser_decode(text + (escapes ? 1 : 0), size - (escapes ? 1 : 0), escapes,
                                  out, length, &bad)) {
        tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_SYNTAX,
                                            token.position + (uint32_t)bad + (bad > 0),
                                            bad > 0 ? "malformed escape sequence in a string"
                                                    : "escapes in a string give invalid UTF-8"));
        return NULL;
    }
    out[*length] = '\0';
    tni_parser_advance(parser);
    return out;
}

/* ---- entry points ---- */

static void tni_parser_begin(tni_parser *parser, tni_arena *arena, const char *sql, size_t length,
                             uint32_t depth_limit, tni_error *error) {
    memset(parser, 0, sizeof *parser);
    parser->lexer.text = sql;
    parser->lexer.length = (uint32_t)length;
    parser->arena = arena;
    parser->error = error;
    parser->depth_limit = depth_limit;
    tni_parser_advance(parser);
    parser->previous.position = parser->previous.end = 0;
    parser->previous.kind = TNI_TOKEN_END;
}

/* Offset of the first byte that is not valid UTF-8. */
static size_t tni_parser_utf8_problem(const char *sql, size_t length) {
    size_t at = 0;
    while (at < length) {
        size_t next = at;
        uint8_t bytes[4];
        uint32_t codepoint = tni_utf8_next((const uint8_t *)sql, length, &next);
        size_t size = tni_utf8_put(codepoint, bytes);
        if (size != next - at || memcmp(bytes, sql + at, size) != 0) {
            break;
        }
        at = next;
    }
    return at;
}

static void tni_parser_statements(tni_parser *parser, tni_ast_statement **out) {
    tni_ast_statement *last = NULL;
    for (;;) {
        tni_ast_statement *statement;
        while (tni_parser_accept(parser, TNI_SYMBOL_SEMICOLON)) {
        }
        if (parser->token.kind == TNI_TOKEN_END) {
            return;
        }
        parser->parameter_count = 0;
        parser->parameter_style = TNI_PARAMETER_NONE;
        parser->parameters = parser->last_parameter = NULL;
        parser->parameter_buckets = NULL;
        parser->depth = 0;
        parser->key_columns = 0;
        statement = tni_parser_statement(parser);
        if (statement == NULL || tni_parser_failed(parser)) {
            return;
        }
        if (parser->token.kind != TNI_TOKEN_END && !tni_parser_at(parser, TNI_SYMBOL_SEMICOLON)) {
            tni_parser_unexpected(parser, NULL);
            return;
        }
        if (last != NULL) {
            last->next = statement;
        } else {
            *out = statement;
        }
        last = statement;
    }
}

TNI_FN trueno_status tni_parse(tni_arena *arena, const char *sql, size_t length,
                               uint32_t depth_limit, tni_ast_statement **out, tni_error *error) {
    tni_parser parser;
    *out = NULL;
    if (length >= UINT32_MAX - 16) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "the SQL text is 4 GiB or longer");
    }
    if (!tni_utf8_valid(sql, length)) {
        return tni_fail_at(error, TRUENO_ERROR_SYNTAX,
                           (uint32_t)tni_parser_utf8_problem(sql, length),
                           "the SQL text is not valid UTF-8");
    }
    tni_parser_begin(&parser, arena, sql, length, depth_limit, error);
    tni_parser_statements(&parser, out);
    if (tni_parser_failed(&parser)) {
        *out = NULL;
    }
    return parser.status;
}

TNI_FN trueno_status tni_parse_type(const char *text, size_t length, tni_type *out,
                                    tni_error *error) {
    tni_parser parser;
    *out = tni_type_make(TRUENO_TYPE_NULL);
    if (length >= UINT32_MAX - 16) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "the type name is 4 GiB or longer");
    }
    tni_parser_begin(&parser, NULL, text, length, 16, error);
    if (tni_parser_type(&parser, out) && parser.token.kind != TNI_TOKEN_END) {
        tni_parser_unexpected(&parser, NULL);
    }
    if (tni_parser_failed(&parser)) {
        *out = tni_type_make(TRUENO_TYPE_NULL);
    }
    return parser.status;
}

TNI_FN bool tni_statement_complete(const char *sql, size_t length) {
    tni_lexer lexer;
    bool complete = false;
    lexer.text = sql;
    lexer.length = (uint32_t)TNI_MIN(length, (size_t)(UINT32_MAX - 16));
    lexer.offset = 0;
    for (;;) {
        tni_token token = tni_lexer_next(&lexer);
        if (token.kind == TNI_TOKEN_END) {
            return complete;
        }
        if (token.kind == TNI_TOKEN_ERROR && token.id <= TNI_LEXER_UNTERMINATED_COMMENT) {
            return false;
        }
        complete = token.kind == TNI_TOKEN_SYMBOL && token.id == TNI_SYMBOL_SEMICOLON;
    }
}

#undef TNI_PARSER_SHOWN
