/*
 * parser_literal.c - numbers, strings, blobs, intervals, parameters, and type names.
 *
 * A number keeps its exact value: INTEGER while it fits 64 bits, then HUGEINT and DECIMAL as
 * digits, DOUBLE only when written with an exponent or with more than 38 digits. Uses the number
 * and interval readers of base/ and the type names of column/type.h.
 */
#include "base/math.h"
#include "sql/parser_internal.h"

#define TNI_LITERAL_DIGITS 38u /* the most that a DECIMAL or HUGEINT holds */

/* ---- numbers ---- */

/* The token's text without underscores, NUL-terminated; the length in *length. */
static char *tni_literal_digits(tni_parser *parser, tni_token token, size_t *length) {
    const char *text = parser->lexer.text + token.position;
    size_t size = token.end - token.position;
    char *out = (char *)tni_arena_bytes(parser->arena, size + 2);
    *length = 0;
    if (out == NULL) {
        tni_parser_stop(parser, tni_memory_fail(parser->arena->memory, size, parser->error));
        return NULL;
    }
    if (text[0] == '.') {
        out[(*length)++] = '0';
    }
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '_') {
            out[(*length)++] = text[i];
        }
    }
    out[*length] = '\0';
    return out;
}

static tni_ast_expression *tni_literal_double(tni_parser *parser, const char *digits,
                                              size_t length) {
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_DOUBLE);
    if (node != NULL && (!tni_parse_double(digits, length, &node->value.number) ||
                         !tni_is_finite(node->value.number))) {
        tni_parser_stop(parser,
                        tni_fail_at(parser->error, TRUENO_ERROR_OUT_OF_RANGE,
                                    parser->token.position,
                                    "the number is out of range for DOUBLE"));
        return NULL;
    }
    if (node != NULL) {
        node->name = digits; /* in the arena */
    }
    return node;
}

/* Digits beyond 64 bits: HUGEINT while they fit, else DOUBLE. */
static tni_ast_expression *tni_literal_huge(tni_parser *parser, const char *digits, size_t length) {
    tni_ast_expression *node;
    tni_i128 value;
    if (!tni_parse_i128(digits, length, &value)) {
        return tni_literal_double(parser, digits, length);
    }
    while (*digits == '0' && length > 1) {
        digits++;
        length--;
    }
    node = tni_parser_node(parser, TNI_AST_HUGEINT);
    if (node != NULL && tni_i128_fits_i64(value)) {
        node->kind = TNI_AST_INTEGER;
        node->value.integer = (int64_t)value.low;
    } else if (node != NULL) {
        node->name = digits;
    }
    return node;
}

static tni_ast_expression *tni_literal_integer(tni_parser *parser) {
    tni_token token = parser->token;
    const char *text = parser->lexer.text + token.position;
    size_t length = token.end - token.position;
    char *digits;
    if (length <= 18 && memchr(text, '_', length) == NULL) {
        tni_ast_expression *node = tni_parser_node(parser, TNI_AST_INTEGER);
        for (size_t i = 0; node != NULL && i < length; i++) {
            node->value.integer = node->value.integer * 10 + (text[i] - '0');
        }
        return node;
    }
    digits = tni_literal_digits(parser, token, &length);
    return digits != NULL ? tni_literal_huge(parser, digits, length) : NULL;
}

/* 0x, 0b and 0o: through 128 bits, so that every HUGEINT can be written. */
static tni_ast_expression *tni_literal_radix(tni_parser *parser) {
    const char *text = parser->lexer.text + parser->token.position;
    size_t length = parser->token.end - parser->token.position;
    char mark = (char)(text[1] | 0x20), digits[48], *copy;
    int64_t base = mark == 'x' ? 16 : mark == 'o' ? 8 : 2;
    tni_i128 value = tni_i128_from_i64(0);
    for (size_t i = 2; i < length; i++) {
        char c = (char)(text[i] | 0x20);
        int64_t digit = text[i] <= '9' ? text[i] - '0' : c - 'a' + 10;
        if (text[i] != '_' &&
            (!tni_i128_multiply(value, tni_i128_from_i64(base), &value) ||
             !tni_i128_add(value, tni_i128_from_i64(digit), &value))) {
            tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_OUT_OF_RANGE,
                                                parser->token.position,
                                                "the number is out of range for HUGEINT"));
            return NULL;
        }
    }
    length = tni_print_i128(value, digits);
    copy = tni_arena_text(parser->arena, digits, length);
    if (copy == NULL) {
        tni_parser_stop(parser, tni_memory_fail(parser->arena->memory, length, parser->error));
        return NULL;
    }
    return tni_literal_huge(parser, copy, length);
}

static tni_ast_expression *tni_literal_decimal(tni_parser *parser) {
    size_t length, significant = 0;
    bool counting = false;
    tni_ast_expression *node;
    char *digits = tni_literal_digits(parser, parser->token, &length);
    if (digits == NULL) {
        return NULL;
    }
    if (digits[length - 1] == '.') {
        digits[--length] = '\0';
    }
    for (size_t i = 0; i < length; i++) {
        counting = counting || digits[i] != '0';
        significant += counting && digits[i] != '.';
    }
    if (significant > TNI_LITERAL_DIGITS) {
        return tni_literal_double(parser, digits, length);
    }
    node = tni_parser_node(parser, TNI_AST_DECIMAL);
    if (node != NULL) {
        node->name = digits;
    }
    return node;
}

TNI_FN TNI_NOINLINE tni_ast_expression *tni_parser_number(tni_parser *parser) {
    tni_ast_expression *node;
    size_t length;
    char *digits;
    switch (parser->token.kind) {
    case TNI_TOKEN_INTEGER:
        node = tni_literal_integer(parser);
        break;
    case TNI_TOKEN_RADIX:
        node = tni_literal_radix(parser);
        break;
    case TNI_TOKEN_DECIMAL:
        node = tni_literal_decimal(parser);
        break;
    default:
        digits = tni_literal_digits(parser, parser->token, &length);
        node = digits != NULL ? tni_literal_double(parser, digits, length) : NULL;
        break;
    }
    if (node != NULL) {
        tni_parser_advance(parser);
    }
    return node;
}

/* "-digits", or "digits" when they were negative. */
static const char *tni_literal_turned(tni_parser *parser, const char *digits) {
    size_t length = strlen(digits);
    char *out;
    if (digits[0] == '-') {
        return digits + 1;
    }
    out = (char *)tni_arena_bytes(parser->arena, length + 2);
    if (out == NULL) {
        tni_parser_stop(parser, tni_memory_fail(parser->arena->memory, length, parser->error));
        return NULL;
    }
    out[0] = '-';
    memcpy(out + 1, digits, length + 1);
    return out;
}

TNI_FN TNI_NOINLINE tni_ast_expression *tni_parser_negated(tni_parser *parser,
                                                           tni_ast_expression *node) {
    tni_i128 value;
    switch (node->kind) {
    case TNI_AST_DOUBLE:
        node->value.number = -node->value.number;
        node->name = tni_literal_turned(parser, node->name);
        return node->name != NULL ? node : NULL;
    case TNI_AST_INTEGER:
        if (node->value.integer == INT64_MIN) {
            node->kind = TNI_AST_HUGEINT;
            node->name = "9223372036854775808";
        } else {
            node->value.integer = -node->value.integer;
        }
        return node;
    case TNI_AST_HUGEINT:
    case TNI_AST_DECIMAL:
        node->name = tni_literal_turned(parser, node->name);
        if (node->name == NULL) {
            return NULL;
        }
        if (node->kind == TNI_AST_HUGEINT &&
            tni_parse_i128(node->name, strlen(node->name), &value) && tni_i128_fits_i64(value)) {
            node->kind = TNI_AST_INTEGER;
            node->name = NULL;
            node->value.integer = (int64_t)value.low;
        }
        return node;
    default:
        return NULL;
    }
}

/* ---- strings and blobs ---- */

/* x'abcd' */
static tni_ast_expression *tni_literal_hex(tni_parser *parser) {
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_BLOB);
    const char *text = parser->lexer.text + parser->token.position;
    size_t size = parser->token.end - parser->token.position, digits = 0;
    uint8_t *out = (uint8_t *)tni_arena_bytes(parser->arena, size / 2 + 1);
    if (node == NULL || out == NULL) {
        tni_parser_stop(parser, tni_memory_fail(parser->arena->memory, size, parser->error));
        return NULL;
    }
    for (size_t i = 2; i < size; i++) {
        int nibble = tni_hex_digit(text[i]);
        if (nibble >= 0) {
            out[digits / 2] = (uint8_t)(digits % 2 ? out[digits / 2] | nibble : nibble << 4);
            digits++;
        } else if (text[i] != '\'' && text[i] != ' ' && text[i] != '\n') {
            digits |= 1;
            break;
        }
    }
    if (digits % 2 != 0) {
        tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_SYNTAX,
                                            parser->token.position,
                                            "x'...' takes pairs of hexadecimal digits"));
        return NULL;
    }
    node->text = (const char *)out;
    node->text_length = digits / 2;
    tni_parser_advance(parser);
    return node;
}

TNI_FN TNI_NOINLINE tni_ast_expression *tni_parser_text(tni_parser *parser) {
    tni_ast_expression *node;
    if (parser->token.kind == TNI_TOKEN_HEX) {
        return tni_literal_hex(parser);
    }
    node = tni_parser_node(parser, TNI_AST_STRING);
    if (node != NULL) {
        node->text = tni_parser_string(parser, &node->text_length);
    }
    return node != NULL && node->text != NULL ? node : NULL;
}

/* Turn 'a\xFF' into its bytes in place; false, unchanged, when it is no blob literal. */
static bool tni_literal_to_blob(tni_parser *parser, tni_ast_expression *node) {
    const char *text = node->text;
    size_t size = 0;
    uint8_t *out = (uint8_t *)tni_arena_bytes(parser->arena, node->text_length + 1);
    if (out == NULL) {
        return false;
    }
    for (size_t i = 0; i < node->text_length; i++) {
        uint8_t c = (uint8_t)text[i];
        if (c >= 0x80) {
            return false;
        }
        if (c == '\\') {
            int high = i + 3 < node->text_length ? tni_hex_digit(text[i + 2]) : -1;
            int low = i + 3 < node->text_length ? tni_hex_digit(text[i + 3]) : -1;
            if (high < 0 || low < 0 || (text[i + 1] | 0x20) != 'x') {
                return false;
            }
            c = (uint8_t)(high << 4 | low);
            i += 3;
        }
        out[size++] = c;
    }
    node->kind = TNI_AST_BLOB;
    node->text = (const char *)out;
    node->text_length = size;
    return true;
}

TNI_FN tni_ast_expression *tni_parser_cast(tni_parser *parser, tni_ast_expression *node,
                                           uint32_t start) {
    tni_ast_expression *text = node->left;
    if (text != NULL && text->kind == TNI_AST_STRING &&
        node->cast_type.type.id == TRUENO_TYPE_BLOB && tni_literal_to_blob(parser, text)) {
        return tni_parser_finish(parser, text, start);
    }
    return tni_parser_finish(parser, node, start);
}

/* ---- parameters ---- */

static bool tni_parameter_style_is(tni_parser *parser, tni_parameter_style style) {
    if (parser->parameter_style != TNI_PARAMETER_NONE && parser->parameter_style != style) {
        tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_SYNTAX,
                                            parser->token.position,
                                            "a statement uses ?, $1 or $name parameters, "
                                            "not several kinds"));
        return false;
    }
    parser->parameter_style = style;
    return true;
}

/* The bucket of a name in any case (FNV-1a). */
static tni_parameter **tni_parameter_bucket(tni_parser *parser, const char *name) {
    uint32_t hash = 2166136261u;
    for (; *name != '\0'; name++) {
        uint8_t c = (uint8_t)*name;
        hash = (hash ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) * 16777619u;
    }
    if (parser->parameter_buckets == NULL) {
        parser->parameter_buckets = (tni_parameter **)tni_parser_alloc(
            parser, TNI_PARAMETER_BUCKETS * sizeof(tni_parameter *));
    }
    return parser->parameter_buckets != NULL
               ? &parser->parameter_buckets[(hash ^ hash >> 16) % TNI_PARAMETER_BUCKETS]
               : NULL;
}

/* The index of $name, given out by first appearance. 0 after a failure. */
static uint32_t tni_parameter_named(tni_parser *parser, const char *name) {
    tni_parameter **bucket = tni_parameter_bucket(parser, name);
    tni_parameter *added;
    if (bucket == NULL) {
        return 0;
    }
    for (const tni_parameter *old = *bucket; old != NULL; old = old->same_bucket) {
        if (tni_name_equal(old->name.name, name)) {
            return old->index;
        }
    }
    added = (tni_parameter *)tni_parser_alloc(parser, sizeof *added);
    if (added == NULL) {
        return 0;
    }
    added->name.name = name;
    added->name.position = parser->token.position;
    added->index = parser->parameter_count + 1;
    added->same_bucket = *bucket;
    *bucket = added;
    if (parser->last_parameter != NULL) {
        parser->last_parameter->next = &added->name;
    } else {
        parser->parameters = &added->name;
    }
    parser->last_parameter = &added->name;
    return added->index;
}

/* The index written as digits, or one past the last for a bare "?". 0: out of range. */
static uint32_t tni_parameter_number(const tni_parser *parser, const char *digits, size_t length) {
    uint32_t index = 0;
    if (length == 0) {
        return parser->parameter_count + 1;
    }
    for (size_t i = 0; i < length && index < 65536; i++) {
        index = index * 10 + (uint32_t)(digits[i] >= '0' ? digits[i] - '0' : 0);
    }
    return index;
}

TNI_FN TNI_NOINLINE tni_ast_expression *tni_parser_parameter(tni_parser *parser) {
    const char *text = parser->lexer.text + parser->token.position;
    size_t length = parser->token.end - parser->token.position - 1;
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_PARAMETER);
    bool named = length > 0 && (text[1] < '0' || text[1] > '9');
    uint32_t index, limit = 65535;
    if (node == NULL ||
        !tni_parameter_style_is(parser, named        ? TNI_PARAMETER_NAMED
                                        : length > 0 ? TNI_PARAMETER_NUMBERED
                                                     : TNI_PARAMETER_COUNTED)) {
        return NULL;
    }
    if (named) {
        node->name = tni_arena_text(parser->arena, text + 1, length);
        if (node->name == NULL) {
            tni_parser_stop(parser,
                            tni_memory_fail(parser->arena->memory, length, parser->error));
            return NULL;
        }
        index = tni_parameter_named(parser, node->name);
    } else {
        index = tni_parameter_number(parser, text + 1, length);
    }
    if (index == 0 || index > limit) {
        tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_SYNTAX,
                                            parser->token.position,
                                            "parameters are numbered from 1 to %u",
                                            (unsigned)limit));
        return NULL;
    }
    parser->parameter_count = TNI_MAX(parser->parameter_count, index);
    node->value.integer = (int64_t)index;
    tni_parser_advance(parser);
    return node;
}

/* ---- intervals ---- */

static const char *const tni_parse_interval_units[][2] = {
    {"year", "years"},
    {"month", "months"},
    {"day", "days"},
    {"hour", "hours"},
    {"minute", "minutes"},
    {"second", "seconds"},
    {"millisecond", "milliseconds"},
    {"microsecond", "microseconds"},
    {"week", "weeks"},
    {"quarter", "quarters"},
    {"decade", "decades"},
    {"century", "centuries"},
    {"millennium", "millennia"},
};

/* The unit that this word names, singular, or NULL. */
TNI_FN const char *tni_parser_interval_unit(const tni_parser *parser, tni_token token) {
    for (uint32_t i = 0; i < TNI_COUNT_OF(tni_parse_interval_units); i++) {
        if (tni_parser_is_text(parser, token, tni_parse_interval_units[i][0]) ||
            tni_parser_is_text(parser, token, tni_parse_interval_units[i][1])) {
            return tni_parse_interval_units[i][0];
        }
    }
    return NULL;
}

static bool tni_token_is_number(tni_token token) {
    return token.kind == TNI_TOKEN_INTEGER || token.kind == TNI_TOKEN_DECIMAL;
}

TNI_FN bool tni_parser_at_interval(tni_parser *parser) {
    const tni_token *next = tni_parser_peek(parser, 1);
    if (tni_token_is_string(*next) || tni_token_is_number(*next)) {
        return true;
    }
    if (next->kind == TNI_TOKEN_SYMBOL && next->id == TNI_SYMBOL_MINUS) {
        return tni_token_is_number(*tni_parser_peek(parser, 2)) &&
               tni_parser_interval_unit(parser, *tni_parser_peek(parser, 3)) != NULL;
    }
    return next->kind == TNI_TOKEN_SYMBOL && next->id == TNI_SYMBOL_LEFT_PAREN;
}

/* `unit TO unit` would change the meaning of the text before it. */
static bool tni_interval_to(tni_parser *parser) {
    if (tni_parser_at(parser, TNI_WORD_TO) &&
        tni_parser_interval_unit(parser, *tni_parser_peek(parser, 1)) != NULL) {
        tni_parser_refuse(parser, parser->token.position, "INTERVAL ... unit TO unit is");
        return true;
    }
    return false;
}

/* "text unit" through the interval reader. */
static tni_ast_expression *tni_interval_value(tni_parser *parser, tni_ast_expression *node,
                                              const char *text, size_t length, const char *unit) {
    size_t unit_length = unit != NULL ? strlen(unit) + 1 : 0;
    char *joined = (char *)tni_arena_bytes(parser->arena, length + unit_length + 1);
    if (joined == NULL) {
        tni_parser_stop(parser, tni_memory_fail(parser->arena->memory, length, parser->error));
        return NULL;
    }
    memcpy(joined, text, length);
    if (unit != NULL) {
        joined[length] = ' ';
        memcpy(joined + length + 1, unit, unit_length - 1);
    }
    joined[length + unit_length] = '\0';
    if (!tni_parse_interval(joined, length + unit_length, &node->value.interval)) {
        tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_CONVERSION,
                                            node->position, "\"%.60s\" is not an interval",
                                            joined));
        return NULL;
    }
    return node;
}

/* INTERVAL (expr) unit */
static tni_ast_expression *tni_interval_of(tni_parser *parser, tni_ast_expression *node) {
    uint32_t start = node->position;
    const char *unit;
    tni_parser_advance(parser);
    node->kind = TNI_AST_INTERVAL_OF;
    node->left = tni_parser_expression(parser);
    if (node->left == NULL || !tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN)) {
        return NULL;
    }
    unit = tni_parser_interval_unit(parser, parser->token);
    if (unit == NULL) {
        tni_parser_unexpected(parser, "a unit such as DAY or MONTH");
        return NULL;
    }
    node->name = unit;
    tni_parser_advance(parser);
    return tni_parser_finish(parser, node, start);
}

/* INTERVAL 3 DAY, INTERVAL -1.5 HOUR */
static tni_ast_expression *tni_interval_number(tni_parser *parser, tni_ast_expression *node) {
    uint32_t from = parser->token.position;
    const char *unit;
    tni_parser_accept(parser, TNI_SYMBOL_MINUS);
    tni_parser_advance(parser);
    unit = tni_parser_interval_unit(parser, parser->token);
    if (unit == NULL) {
        tni_parser_unexpected(parser, "a unit such as DAY or MONTH");
        return NULL;
    }
    node->name = unit;
    node->negated = true;
    node->text_length = parser->previous.end - from;
    node->text = tni_arena_text(parser->arena, parser->lexer.text + from, node->text_length);
    if (node->text == NULL) {
        tni_parser_stop(parser, tni_memory_fail(parser->arena->memory, node->text_length,
                                                parser->error));
        return NULL;
    }
    return tni_interval_value(parser, node, node->text, node->text_length, unit);
}

TNI_FN TNI_NOINLINE tni_ast_expression *tni_parser_interval(tni_parser *parser) {
    tni_ast_expression *node = tni_parser_node(parser, TNI_AST_INTERVAL);
    tni_parser_advance(parser);
    if (node == NULL) {
        return NULL;
    }
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return tni_interval_of(parser, node);
    }
    if (tni_token_is_string(parser->token)) {
        const char *unit;
        node->text = tni_parser_string(parser, &node->text_length);
        unit = node->text != NULL ? tni_parser_interval_unit(parser, parser->token) : NULL;
        if (node->text == NULL ||
            tni_interval_value(parser, node, node->text, node->text_length, unit) == NULL) {
            return NULL;
        }
        node->name = unit;
        if (unit != NULL) {
            tni_parser_advance(parser);
        }
    } else if (tni_interval_number(parser, node) != NULL) {
        tni_parser_advance(parser);
    }
    if (tni_interval_to(parser)) {
        return NULL;
    }
    return tni_parser_finish(parser, node, node->position);
}

/* ---- types ---- */

/* Types that the field knows and that we refuse by name. */
static const char *const tni_type_refused[] = {
    "array",   "bignum", "bit",      "bitstring", "enum",    "geometry", "inet", "json",
    "jsonb",   "list",   "map",      "money",     "row",     "struct",   "time_ns",
    "timestamptz_ns",    "timetz",   "tuple",     "uhugeint", "union",   "uuid", "variant",
    "varint",  "xml",
};

static bool tni_parser_type_unknown(tni_parser *parser, tni_token token) {
    static const char *const offered[] = {
        "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER",  "BIGINT",  "HUGEINT",   "UINTEGER",
        "UBIGINT", "FLOAT",   "DOUBLE",   "DECIMAL",  "NUMERIC", "VARCHAR",   "TEXT",
        "BLOB",    "DATE",    "TIME",     "INTERVAL", "INT",     "TIMESTAMP", "TIMESTAMPTZ"};
    const char *text = parser->lexer.text + token.position;
    size_t length = TNI_MIN(token.end - token.position, 60u);
    tni_hint hint;
    char name[61];
    for (uint32_t i = 0; i < TNI_COUNT_OF(tni_type_refused); i++) {
        if (tni_name_equal_n(text, length, tni_type_refused[i], strlen(tni_type_refused[i]))) {
            tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_UNSUPPORTED,
                                                token.position, "type %s is not supported",
                                                tni_type_refused[i]));
            return false;
        }
    }
    memcpy(name, text, length);
    name[length] = '\0';
    hint = tni_hint_of(name);
    for (uint32_t i = 0; i < TNI_COUNT_OF(offered); i++) {
        tni_hint_offer(&hint, offered[i]);
    }
    tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_CATALOG, token.position,
                                        "type \"%s\" does not exist" TNI_HINT_FORMAT, name,
                                        TNI_HINT_ARGUMENTS(hint)));
    return false;
}

/* An unsigned integer of at most `limit` in a type's parentheses. UINT32_MAX after a failure. */
static uint32_t tni_parser_modifier(tni_parser *parser, uint32_t limit) {
    uint32_t value = 0;
    tni_token token = parser->token;
    if (token.kind != TNI_TOKEN_INTEGER) {
        tni_parser_unexpected(parser, "a number");
        return UINT32_MAX;
    }
    for (uint32_t i = token.position; i < token.end && value <= limit; i++) {
        value = value * 10 + (uint32_t)(parser->lexer.text[i] - '0');
    }
    if (value > limit || memchr(parser->lexer.text + token.position, '_',
                                token.end - token.position) != NULL) {
        tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_SYNTAX, token.position,
                                            "at most %u is allowed here", (unsigned)limit));
        return UINT32_MAX;
    }
    tni_parser_advance(parser);
    return value;
}

static bool tni_parser_decimal_modifiers(tni_parser *parser, tni_type *out) {
    uint32_t position = parser->token.position;
    uint32_t scale = 0, precision = tni_parser_modifier(parser, TNI_LITERAL_DIGITS);
    if (precision != UINT32_MAX && tni_parser_accept(parser, TNI_SYMBOL_COMMA)) {
        scale = tni_parser_modifier(parser, TNI_LITERAL_DIGITS);
    }
    if (tni_parser_failed(parser)) {
        return false;
    }
    if (precision == 0 || scale > precision) {
        tni_parser_stop(parser, tni_fail_at(parser->error, TRUENO_ERROR_SYNTAX, position,
                                            "DECIMAL(precision, scale) needs 1 <= precision <= "
                                            "38 and scale <= precision"));
        return false;
    }
    *out = tni_type_decimal((uint8_t)precision, (uint8_t)scale);
    return true;
}

/* TIMESTAMP(0..9): the unit that holds so many digits. */
static bool tni_parser_timestamp_modifier(tni_parser *parser, tni_type *out) {
    uint32_t digits = tni_parser_modifier(parser, 9);
    if (digits != UINT32_MAX) {
        *out = tni_type_make(digits == 0   ? TRUENO_TYPE_TIMESTAMP_S
                             : digits <= 3 ? TRUENO_TYPE_TIMESTAMP_MS
                             : digits <= 6 ? TRUENO_TYPE_TIMESTAMP
                                           : TRUENO_TYPE_TIMESTAMP_NS);
    }
    return digits != UINT32_MAX;
}

static bool tni_parser_float_modifier(tni_parser *parser, tni_type *out) {
    uint32_t bits = tni_parser_modifier(parser, 53);
    if (bits != UINT32_MAX) {
        *out = tni_type_make(bits <= 24 ? TRUENO_TYPE_FLOAT : TRUENO_TYPE_DOUBLE);
    }
    return bits != UINT32_MAX;
}

/* What may stand in parentheses behind a type's name; a VARCHAR's length is not enforced. */
static bool tni_parser_type_modifiers(tni_parser *parser, tni_type *out) {
    bool fine;
    if (!tni_parser_at(parser, TNI_SYMBOL_LEFT_PAREN)) {
        return true;
    }
    tni_parser_advance(parser);
    switch (out->id) {
    case TRUENO_TYPE_DECIMAL:
        fine = tni_parser_decimal_modifiers(parser, out);
        break;
    case TRUENO_TYPE_TIMESTAMP:
        fine = tni_parser_timestamp_modifier(parser, out);
        break;
    case TRUENO_TYPE_FLOAT:
        fine = tni_parser_float_modifier(parser, out);
        break;
    case TRUENO_TYPE_VARCHAR:
        fine = tni_parser_modifier(parser, 1000000000u) != UINT32_MAX;
        break;
    case TRUENO_TYPE_TIME:
    case TRUENO_TYPE_TIMESTAMP_TZ:
        fine = tni_parser_modifier(parser, 6) != UINT32_MAX;
        break;
    default:
        tni_parser_unexpected(parser, "no arguments behind this type");
        return false;
    }
    return fine && tni_parser_expect(parser, TNI_SYMBOL_RIGHT_PAREN);
}

/* [WITH | WITHOUT] TIME ZONE behind TIME and TIMESTAMP. */
static bool tni_parser_zone(tni_parser *parser, tni_type *out) {
    bool with = tni_parser_at(parser, TNI_WORD_WITH);
    uint32_t position = parser->token.position;
    if ((!with && !tni_parser_at(parser, TNI_WORD_WITHOUT)) ||
        !tni_parser_next_is(parser, TNI_WORD_TIME)) {
        return true;
    }
    tni_parser_advance(parser);
    tni_parser_advance(parser);
    if (!tni_parser_expect(parser, TNI_WORD_ZONE)) {
        return false;
    }
    if (with && out->id == TRUENO_TYPE_TIME) {
        tni_parser_refuse(parser, position, "type TIME WITH TIME ZONE is");
        return false;
    }
    if (with) {
        *out = tni_type_make(TRUENO_TYPE_TIMESTAMP_TZ);
    }
    return true;
}

/* DOUBLE PRECISION, CHARACTER VARYING, INTERVAL YEAR: the words behind the first. */
static void tni_parser_type_words(tni_parser *parser, tni_type type) {
    if (type.id == TRUENO_TYPE_DOUBLE) {
        tni_parser_accept(parser, TNI_WORD_PRECISION);
    } else if (type.id == TRUENO_TYPE_VARCHAR) {
        tni_parser_accept(parser, TNI_WORD_VARYING);
    } else if (type.id == TRUENO_TYPE_INTERVAL &&
               tni_parser_interval_unit(parser, parser->token) != NULL) {
        tni_parser_advance(parser);
    }
}

TNI_FN bool tni_parser_type(tni_parser *parser, tni_type *out) {
    tni_token token = parser->token;
    uint32_t trim = token.kind == TNI_TOKEN_QUOTED ? 1 : 0;
    bool is_null = token.kind == TNI_TOKEN_WORD && token.id == TNI_WORD_NULL;
    *out = tni_type_make(TRUENO_TYPE_NULL);
    if (tni_parser_at(parser, TNI_WORD_UNION)) {
        return tni_parser_type_unknown(parser, token);
    }
    if (!tni_token_is_name(token) && !is_null) {
        tni_parser_unexpected(parser, "a type");
        return false;
    }
    if (!tni_type_by_name(parser->lexer.text + token.position + trim,
                          token.end - token.position - 2 * trim, out)) {
        return tni_parser_type_unknown(parser, token);
    }
    tni_parser_advance(parser);
    tni_parser_type_words(parser, *out);
    if (!tni_parser_type_modifiers(parser, out)) {
        return false;
    }
    if ((out->id == TRUENO_TYPE_TIME || tni_type_is_timestamp(*out)) &&
        !tni_parser_zone(parser, out)) {
        return false;
    }
    if (tni_parser_at(parser, TNI_SYMBOL_LEFT_BRACKET) ||
        tni_parser_at(parser, TNI_WORD_ARRAY)) {
        tni_parser_refuse(parser, parser->token.position, "array and list types are");
        return false;
    }
    return true;
}

#undef TNI_LITERAL_DIGITS
