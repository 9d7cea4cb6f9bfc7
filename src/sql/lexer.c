/*
 * lexer.c - cut SQL text into tokens.
 *
 * One function per token class, each a single forward scan that stops at the end of the text:
 * every loop tests `at < length` before it reads. Comments nest; `--` always starts one, so
 * `- -1` and `--1` differ. Adjacent string literals separated by a line break are one token,
 * as the SQL standard has it. Uses base/core.h only.
 */
#include "sql/lexer.h"

typedef struct tni_symbol_entry {
    char text[5];
    uint8_t length;
} tni_symbol_entry;

static const tni_symbol_entry tni_symbol_table[] = {
#define TNI_SYMBOL_ENTRY(name, text) {text, (uint8_t)(sizeof(text) - 1)},
    TNI_SYMBOL_LIST(TNI_SYMBOL_ENTRY)
#undef TNI_SYMBOL_ENTRY
};

TNI_FN const char *tni_symbol_text(uint32_t symbol) {
    return symbol >= TNI_SYMBOL_FIRST && symbol < TNI_SYMBOL_AFTER
               ? tni_symbol_table[symbol - TNI_SYMBOL_FIRST].text
               : "";
}

TNI_FN const char *tni_lexer_problem_text(uint16_t problem) {
    static const char *const texts[] = {
        "unterminated string: a closing ' is missing",
        "unterminated quoted identifier: a closing \" is missing",
        "unterminated dollar-quoted string",
        "unterminated comment: a closing */ is missing",
        "an identifier in double quotes must not be empty",
        "a NUL byte is not allowed here",
        "malformed number",
        "identifiers are quoted with \"double quotes\", not with backticks",
        "typographic quote: use ' for strings and \" for identifiers",
        "bit strings b'...' are not supported",
        "unicode strings U&'...' are not supported, use E'\\uXXXX'",
        "unexpected character",
    };
    uint32_t index = problem - TNI_LEXER_PROBLEM_FIRST;
    return index < TNI_COUNT_OF(texts) ? texts[index] : "syntax error";
}

static bool tni_lexer_is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool tni_lexer_is_hex(char c) {
    return tni_lexer_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool tni_lexer_starts_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (uint8_t)c >= 0x80;
}

static bool tni_lexer_continues_word(char c) {
    return tni_lexer_starts_word(c) || tni_lexer_is_digit(c) || c == '$';
}

/* The byte at `at`, 0 past the end. */
static char tni_lexer_at(const tni_lexer *lexer, uint32_t at) {
    return at < lexer->length ? lexer->text[at] : '\0';
}

static tni_token tni_lexer_token(tni_lexer *lexer, tni_token_kind kind, uint32_t start,
                                 uint32_t end) {
    tni_token token;
    token.kind = (uint8_t)kind;
    token.id = 0;
    token.position = start;
    token.end = end;
    lexer->offset = end;
    return token;
}

static tni_token tni_lexer_error(tni_lexer *lexer, tni_lexer_problem problem, uint32_t start,
                                 uint32_t end) {
    tni_token token = tni_lexer_token(lexer, TNI_TOKEN_ERROR, start, end);
    token.id = (uint16_t)problem;
    return token;
}

/* Bytes of the Unicode blank at `at` (no-break space, en quad.., BOM, ideographic), or 0. */
static uint32_t tni_lexer_unicode_blank(const tni_lexer *lexer, uint32_t at) {
    uint8_t a = (uint8_t)tni_lexer_at(lexer, at);
    uint8_t b = (uint8_t)tni_lexer_at(lexer, at + 1);
    uint8_t c = (uint8_t)tni_lexer_at(lexer, at + 2);
    if (a == 0xc2) {
        return b == 0xa0 ? 2 : 0;
    }
    if (a == 0xe2 && b == 0x80) {
        return (c >= 0x80 && c <= 0x8b) || c == 0xaf ? 3 : 0;
    }
    if (a == 0xe2 && b == 0x81) {
        return c == 0x9f ? 3 : 0;
    }
    if (a == 0xe3) {
        return b == 0x80 && c == 0x80 ? 3 : 0;
    }
    return a == 0xef && b == 0xbb && c == 0xbf ? 3 : 0;
}

/* Past the comment that opens at `at`, or `length` + 1 when it does not close. */
static uint32_t tni_lexer_skip_comment(const tni_lexer *lexer, uint32_t at) {
    uint32_t depth = 0;
    while (at < lexer->length) {
        char c = lexer->text[at];
        char d = tni_lexer_at(lexer, at + 1);
        if (c == '/' && d == '*') {
            depth++;
            at += 2;
        } else if (c == '*' && d == '/') {
            at += 2;
            if (--depth == 0) {
                return at;
            }
        } else {
            at++;
        }
    }
    return lexer->length + 1;
}

static uint32_t tni_lexer_skip_line(const tni_lexer *lexer, uint32_t at) {
    while (at < lexer->length && lexer->text[at] != '\n') {
        at++;
    }
    return at;
}

/* The first byte that is neither blank nor comment; `length` + 1 for an open comment, whose
 * start is left in *comment. */
static uint32_t tni_lexer_skip(const tni_lexer *lexer, uint32_t at, uint32_t *comment) {
    while (at < lexer->length) {
        char c = lexer->text[at];
        char d = tni_lexer_at(lexer, at + 1);
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            at++;
        } else if (c == '-' && d == '-') {
            at = tni_lexer_skip_line(lexer, at);
        } else if (c == '/' && d == '*') {
            *comment = at;
            at = tni_lexer_skip_comment(lexer, at);
        } else {
            uint32_t blank = (uint8_t)c >= 0x80 ? tni_lexer_unicode_blank(lexer, at) : 0;
            if (blank == 0) {
                break;
            }
            at += blank;
        }
    }
    return at;
}

/* Past the text in `quote`s that opens at `at`; 0 when it does not close. */
static uint32_t tni_lexer_quoted(const tni_lexer *lexer, uint32_t at, char quote, bool escapes) {
    at++;
    while (at < lexer->length) {
        char c = lexer->text[at];
        if (c == quote) {
            if (tni_lexer_at(lexer, at + 1) != quote) {
                return at + 1;
            }
            at++;
        } else if (c == '\\' && escapes) {
            at++;
        }
        at++;
    }
    return 0;
}

/* Where a literal that ended at `at` goes on after a line break, or 0. */
static uint32_t tni_lexer_continuation(const tni_lexer *lexer, uint32_t at) {
    bool line = false;
    while (at < lexer->length && (lexer->text[at] == ' ' || (lexer->text[at] >= '\t' &&
                                                             lexer->text[at] <= '\r'))) {
        line = line || lexer->text[at] == '\n';
        at++;
    }
    return line && tni_lexer_at(lexer, at) == '\'' ? at : 0;
}

/* A string whose opening quote is at `quote`; `start` is where its prefix (E, x) began. */
static tni_token tni_lexer_string(tni_lexer *lexer, uint32_t start, uint32_t quote,
                                  tni_token_kind kind) {
    uint32_t at = quote;
    for (;;) {
        uint32_t end = tni_lexer_quoted(lexer, at, '\'', kind == TNI_TOKEN_ESCAPED);
        if (end == 0) {
            return tni_lexer_error(lexer, TNI_LEXER_UNTERMINATED_STRING, start, lexer->length);
        }
        at = tni_lexer_continuation(lexer, end);
        if (at == 0) {
            return tni_lexer_token(lexer, kind, start, end);
        }
    }
}

static tni_token tni_lexer_name(tni_lexer *lexer, uint32_t start) {
    uint32_t end = tni_lexer_quoted(lexer, start, '"', false);
    if (end == 0) {
        return tni_lexer_error(lexer, TNI_LEXER_UNTERMINATED_NAME, start, lexer->length);
    }
    if (end - start == 2) {
        return tni_lexer_error(lexer, TNI_LEXER_EMPTY_NAME, start, end);
    }
    if (memchr(lexer->text + start, 0, end - start) != NULL) {
        return tni_lexer_error(lexer, TNI_LEXER_NUL, start, end);
    }
    return tni_lexer_token(lexer, TNI_TOKEN_QUOTED, start, end);
}

/* E2 80 98..9F: curly quotes pasted from a word processor. */
static bool tni_lexer_is_curly_quote(const tni_lexer *lexer, uint32_t at) {
    uint8_t last = (uint8_t)tni_lexer_at(lexer, at + 2);
    return (uint8_t)tni_lexer_at(lexer, at) == 0xe2 &&
           (uint8_t)tni_lexer_at(lexer, at + 1) == 0x80 && last >= 0x98 && last <= 0x9f;
}

/* A kind of string that exists elsewhere: one error token as long as the string. */
static tni_token tni_lexer_refused(tni_lexer *lexer, uint32_t start, uint32_t quote,
                                   tni_lexer_problem problem) {
    tni_token token = tni_lexer_string(lexer, start, quote, TNI_TOKEN_STRING);
    if (token.kind == TNI_TOKEN_STRING) {
        token.kind = TNI_TOKEN_ERROR;
        token.id = (uint16_t)problem;
    }
    return token;
}

/* A string prefix: E'..', x'..', b'..', U&'..'. Kind WORD when it is none. */
static tni_token tni_lexer_prefixed(tni_lexer *lexer, uint32_t start) {
    char c = (char)(lexer->text[start] | 0x20);
    char next = tni_lexer_at(lexer, start + 1);
    if (next == '\'') {
        if (c == 'e') {
            return tni_lexer_string(lexer, start, start + 1, TNI_TOKEN_ESCAPED);
        }
        if (c == 'x') {
            return tni_lexer_string(lexer, start, start + 1, TNI_TOKEN_HEX);
        }
        if (c == 'b') {
            return tni_lexer_refused(lexer, start, start + 1, TNI_LEXER_BIT_STRING);
        }
    }
    if (c == 'u' && next == '&' && tni_lexer_at(lexer, start + 2) == '\'') {
        return tni_lexer_refused(lexer, start, start + 2, TNI_LEXER_UNICODE_STRING);
    }
    return tni_lexer_token(lexer, TNI_TOKEN_WORD, start, start);
}

static tni_token tni_lexer_word(tni_lexer *lexer, uint32_t start) {
    uint32_t at = start;
    tni_token token = tni_lexer_prefixed(lexer, start);
    if (token.kind != TNI_TOKEN_WORD) {
        return token;
    }
    if (tni_lexer_is_curly_quote(lexer, start)) {
        return tni_lexer_error(lexer, TNI_LEXER_TYPOGRAPHIC_QUOTE, start, start + 3);
    }
    while (at < lexer->length && tni_lexer_continues_word(lexer->text[at])) {
        if ((uint8_t)lexer->text[at] >= 0x80 &&
            (tni_lexer_unicode_blank(lexer, at) != 0 || tni_lexer_is_curly_quote(lexer, at))) {
            break;
        }
        at++;
    }
    token = tni_lexer_token(lexer, TNI_TOKEN_WORD, start, at);
    token.id = (uint16_t)tni_word_find(lexer->text + start, at - start);
    return token;
}

/* Past the digits at `at`; single underscores between digits are part of the number. */
static uint32_t tni_lexer_digits(const tni_lexer *lexer, uint32_t at, bool hex) {
    while (at < lexer->length) {
        char c = lexer->text[at];
        char d = tni_lexer_at(lexer, at + 1);
        bool digit = hex ? tni_lexer_is_hex(c) : tni_lexer_is_digit(c);
        bool joint = c == '_' && (hex ? tni_lexer_is_hex(d) : tni_lexer_is_digit(d));
        if (!digit && !joint) {
            break;
        }
        at++;
    }
    return at;
}

/* Close a number at `at`: a word character right behind it is an error, not an alias. */
static tni_token tni_lexer_close_number(tni_lexer *lexer, tni_token_kind kind, uint32_t start,
                                        uint32_t at) {
    uint32_t end = at;
    while (end < lexer->length && tni_lexer_continues_word(lexer->text[end]) &&
           (uint8_t)lexer->text[end] < 0x80) {
        end++;
    }
    if (end != at) {
        return tni_lexer_error(lexer, TNI_LEXER_NUMBER, start, end);
    }
    return tni_lexer_token(lexer, kind, start, at);
}

static tni_token tni_lexer_radix(tni_lexer *lexer, uint32_t start) {
    char mark = (char)(lexer->text[start + 1] | 0x20);
    uint32_t at = tni_lexer_digits(lexer, start + 2, true);
    bool valid = at > start + 2 && lexer->text[start + 2] != '_';
    for (uint32_t i = start + 2; i < at; i++) {
        char c = lexer->text[i];
        if ((mark == 'b' && c > '1' && c != '_') || (mark == 'o' && c > '7' && c != '_')) {
            valid = false;
        }
    }
    if (!valid) {
        return tni_lexer_error(lexer, TNI_LEXER_NUMBER, start, at);
    }
    return tni_lexer_close_number(lexer, TNI_TOKEN_RADIX, start, at);
}

static tni_token tni_lexer_number(tni_lexer *lexer, uint32_t start) {
    tni_token_kind kind = TNI_TOKEN_INTEGER;
    uint32_t at;
    char mark = (char)(tni_lexer_at(lexer, start + 1) | 0x20);
    if (lexer->text[start] == '0' && (mark == 'x' || mark == 'b' || mark == 'o')) {
        return tni_lexer_radix(lexer, start);
    }
    at = tni_lexer_digits(lexer, start, false);
    if (tni_lexer_at(lexer, at) == '.' && tni_lexer_at(lexer, at + 1) != '.') {
        kind = TNI_TOKEN_DECIMAL;
        at++;
        if (tni_lexer_at(lexer, at) != '_') {
            at = tni_lexer_digits(lexer, at, false);
        }
    }
    if ((tni_lexer_at(lexer, at) | 0x20) == 'e') {
        uint32_t digits = at + 1;
        if (tni_lexer_at(lexer, digits) == '+' || tni_lexer_at(lexer, digits) == '-') {
            digits++;
        }
        if (tni_lexer_is_digit(tni_lexer_at(lexer, digits))) {
            kind = TNI_TOKEN_DOUBLE;
            at = tni_lexer_digits(lexer, digits, false);
        }
    }
    return tni_lexer_close_number(lexer, kind, start, at);
}

/* $$text$$ or $tag$text$tag$; `open` is past the opening mark. */
static tni_token tni_lexer_dollar_text(tni_lexer *lexer, uint32_t start, uint32_t open) {
    uint32_t mark = open - start;
    const char *from = lexer->text + open;
    size_t left = lexer->length - open;
    while (left >= mark) {
        const char *hit = (const char *)memchr(from, '$', left - mark + 1);
        if (hit == NULL) {
            break;
        }
        if (memcmp(hit, lexer->text + start, mark) == 0) {
            uint32_t end = (uint32_t)(hit - lexer->text) + mark;
            return tni_lexer_token(lexer, TNI_TOKEN_DOLLAR, start, end);
        }
        left -= (size_t)(hit + 1 - from);
        from = hit + 1;
    }
    return tni_lexer_error(lexer, TNI_LEXER_UNTERMINATED_DOLLAR, start, lexer->length);
}

/* Past the word that starts at `at`, dollar signs excluded. */
static uint32_t tni_lexer_plain_word(const tni_lexer *lexer, uint32_t at) {
    while (at < lexer->length && tni_lexer_continues_word(lexer->text[at]) &&
           lexer->text[at] != '$') {
        at++;
    }
    return at;
}

static tni_token tni_lexer_dollar(tni_lexer *lexer, uint32_t start) {
    uint32_t at = start + 1;
    char c = tni_lexer_at(lexer, at);
    if (tni_lexer_is_digit(c)) {
        at = tni_lexer_digits(lexer, at, false);
        return tni_lexer_close_number(lexer, TNI_TOKEN_PARAMETER, start, at);
    }
    if (tni_lexer_starts_word(c)) {
        at = tni_lexer_plain_word(lexer, at);
    }
    if (tni_lexer_at(lexer, at) == '$') {
        return tni_lexer_dollar_text(lexer, start, at + 1);
    }
    if (at == start + 1) {
        return tni_lexer_error(lexer, TNI_LEXER_CHARACTER, start, at);
    }
    return tni_lexer_token(lexer, TNI_TOKEN_PARAMETER, start, at);
}

static tni_token tni_lexer_symbol(tni_lexer *lexer, uint32_t start) {
    const char *text = lexer->text + start;
    uint32_t left = lexer->length - start;
    for (uint32_t i = 0; i < TNI_COUNT_OF(tni_symbol_table); i++) {
        const tni_symbol_entry *entry = &tni_symbol_table[i];
        if (entry->text[0] == text[0] && entry->length <= left &&
            memcmp(entry->text, text, entry->length) == 0) {
            tni_token token =
                tni_lexer_token(lexer, TNI_TOKEN_SYMBOL, start, start + entry->length);
            token.id = (uint16_t)(TNI_SYMBOL_FIRST + i);
            return token;
        }
    }
    if (text[0] == '\0') {
        return tni_lexer_error(lexer, TNI_LEXER_NUL, start, start + 1);
    }
    return tni_lexer_error(lexer, text[0] == '`' ? TNI_LEXER_BACKTICK : TNI_LEXER_CHARACTER,
                           start, start + 1);
}

TNI_FN tni_token tni_lexer_next(tni_lexer *lexer) {
    uint32_t comment = 0;
    uint32_t start = tni_lexer_skip(lexer, lexer->offset, &comment);
    char c, next;
    if (start > lexer->length) {
        return tni_lexer_error(lexer, TNI_LEXER_UNTERMINATED_COMMENT, comment, lexer->length);
    }
    if (start == lexer->length) {
        return tni_lexer_token(lexer, TNI_TOKEN_END, start, start);
    }
    c = lexer->text[start];
    next = tni_lexer_at(lexer, start + 1);
    if (tni_lexer_starts_word(c)) {
        return tni_lexer_word(lexer, start);
    }
    if (tni_lexer_is_digit(c) || (c == '.' && tni_lexer_is_digit(next))) {
        return tni_lexer_number(lexer, start);
    }
    switch (c) {
    case '\'':
        return tni_lexer_string(lexer, start, start, TNI_TOKEN_STRING);
    case '"':
        return tni_lexer_name(lexer, start);
    case '$':
        return tni_lexer_dollar(lexer, start);
    case '?':
        return tni_lexer_token(lexer, TNI_TOKEN_PARAMETER, start,
                               tni_lexer_digits(lexer, start + 1, false));
    case ':':
        if (tni_lexer_starts_word(next)) {
            return tni_lexer_token(lexer, TNI_TOKEN_PARAMETER, start,
                                   tni_lexer_plain_word(lexer, start + 1));
        }
        break;
    default:
        break;
    }
    return tni_lexer_symbol(lexer, start);
}
