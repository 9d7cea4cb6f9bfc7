/*
 * lexer.h - SQL text to tokens, one at a time, and the keyword table.
 *
 * A token is a slice of the text: nothing is copied or decoded here, so the lexer needs no
 * memory and cannot fail other than by a TNI_TOKEN_ERROR token. `id` tells words, symbols and
 * errors apart with one comparison: keywords are 1.., symbols TNI_SYMBOL_FIRST.., lexical errors
 * TNI_LEXER_PROBLEM_FIRST.., everything else 0.
 */
#ifndef TNI_SQL_LEXER_H
#define TNI_SQL_LEXER_H

#include "base/core.h"

typedef enum tni_token_kind {
    TNI_TOKEN_END,
    TNI_TOKEN_WORD,      /* unquoted; id = keyword or 0 */
    TNI_TOKEN_QUOTED,    /* "identifier" */
    TNI_TOKEN_INTEGER,   /* 42, 1_000 */
    TNI_TOKEN_RADIX,     /* 0xff, 0b11, 0o17 */
    TNI_TOKEN_DECIMAL,   /* 1.5, .5, 5. */
    TNI_TOKEN_DOUBLE,    /* 1e3 */
    TNI_TOKEN_STRING,    /* 'text' with '' */
    TNI_TOKEN_ESCAPED,   /* E'text' with backslash escapes */
    TNI_TOKEN_DOLLAR,    /* $$text$$, $tag$text$tag$ */
    TNI_TOKEN_HEX,       /* x'abcd' */
    TNI_TOKEN_PARAMETER, /* ?, ?1, $1, $name, :name */
    TNI_TOKEN_SYMBOL,    /* id = symbol */
    TNI_TOKEN_ERROR      /* id = a tni_lexer_problem */
} tni_token_kind;

#define TNI_LEXER_PROBLEM_FIRST 1024u
typedef enum tni_lexer_problem {
    TNI_LEXER_UNTERMINATED_STRING = 1024,
    TNI_LEXER_UNTERMINATED_NAME,
    TNI_LEXER_UNTERMINATED_DOLLAR,
    TNI_LEXER_UNTERMINATED_COMMENT,
    TNI_LEXER_EMPTY_NAME,
    TNI_LEXER_NUL,
    TNI_LEXER_NUMBER,
    TNI_LEXER_BACKTICK,
    TNI_LEXER_TYPOGRAPHIC_QUOTE,
    TNI_LEXER_BIT_STRING,
    TNI_LEXER_UNICODE_STRING,
    TNI_LEXER_CHARACTER
} tni_lexer_problem;

/* name, text. A longer symbol stands before its own prefix: the lexer takes the first match. */
#define TNI_SYMBOL_LIST(X)                                                                         \
    X(LEFT_PAREN, "(")                                                                             \
    X(RIGHT_PAREN, ")")                                                                            \
    X(COMMA, ",")                                                                                  \
    X(SEMICOLON, ";")                                                                              \
    X(LEFT_BRACKET, "[")                                                                           \
    X(RIGHT_BRACKET, "]")                                                                          \
    X(LEFT_BRACE, "{")                                                                             \
    X(RIGHT_BRACE, "}")                                                                            \
    X(DOT, ".")                                                                                    \
    X(CAST, "::")                                                                                  \
    X(ASSIGN, ":=")                                                                                \
    X(COLON, ":")                                                                                  \
    X(PLUS, "+")                                                                                   \
    X(ARROW_TEXT, "->>")                                                                           \
    X(ARROW, "->")                                                                                 \
    X(MINUS, "-")                                                                                  \
    X(POWER, "**")                                                                                 \
    X(STAR, "*")                                                                                   \
    X(DOUBLE_SLASH, "//")                                                                          \
    X(SLASH, "/")                                                                                  \
    X(PERCENT, "%")                                                                                \
    X(STARTS_WITH, "^@")                                                                           \
    X(CARET, "^")                                                                                  \
    X(DOUBLE_EQUAL, "==")                                                                          \
    X(NAMED, "=>")                                                                                 \
    X(EQUAL, "=")                                                                                  \
    X(NOT_ILIKE, "!~~*")                                                                           \
    X(NOT_LIKE, "!~~")                                                                             \
    X(NOT_REGEXP_I, "!~*")                                                                         \
    X(NOT_REGEXP, "!~")                                                                            \
    X(BANG_EQUAL, "!=")                                                                            \
    X(BANG, "!")                                                                                   \
    X(NOT_EQUAL, "<>")                                                                             \
    X(LESS_EQUAL, "<=")                                                                            \
    X(SHIFT_LEFT, "<<")                                                                            \
    X(CONTAINED, "<@")                                                                             \
    X(LESS, "<")                                                                                   \
    X(GREATER_EQUAL, ">=")                                                                         \
    X(SHIFT_RIGHT, ">>")                                                                           \
    X(GREATER, ">")                                                                                \
    X(CONCAT, "||")                                                                                \
    X(PIPE, "|")                                                                                   \
    X(OVERLAP, "&&")                                                                               \
    X(AMPERSAND, "&")                                                                              \
    X(GLOB, "~~~")                                                                                 \
    X(ILIKE, "~~*")                                                                                \
    X(LIKE, "~~")                                                                                  \
    X(REGEXP_I, "~*")                                                                              \
    X(TILDE, "~")                                                                                  \
    X(CONTAINS, "@>")                                                                              \
    X(AT, "@")                                                                                     \
    X(HASH, "#")

#define TNI_SYMBOL_FIRST 512u
typedef enum tni_symbol {
    TNI_SYMBOL_BEFORE = 511,
#define TNI_SYMBOL_ID(name, text) TNI_SYMBOL_##name,
    TNI_SYMBOL_LIST(TNI_SYMBOL_ID)
#undef TNI_SYMBOL_ID
    TNI_SYMBOL_AFTER
} tni_symbol;

/*
 * name, text, class. Alphabetical: lookup is a binary search.
 * R reserved: only a label after AS or a dot; F function names only; C a name, but what follows
 * it may give it a syntax of its own, so it is printed in quotes; U a name everywhere.
 */
#define TNI_KEYWORD_LIST(X)                                                                        \
    X(ABORT, "abort", U)                                                                           \
    X(ALL, "all", R)                                                                               \
    X(ALTER, "alter", U)                                                                           \
    X(ANALYZE, "analyze", U)                                                                       \
    X(AND, "and", R)                                                                               \
    X(ANTI, "anti", F)                                                                             \
    X(ANY, "any", R)                                                                               \
    X(ARRAY, "array", C)                                                                           \
    X(AS, "as", R)                                                                                 \
    X(ASC, "asc", R)                                                                               \
    X(ASOF, "asof", F)                                                                             \
    X(ASYMMETRIC, "asymmetric", C)                                                                 \
    X(AT, "at", U)                                                                                 \
    X(ATTACH, "attach", U)                                                                         \
    X(BEGIN, "begin", U)                                                                           \
    X(BETWEEN, "between", R)                                                                       \
    X(BOTH, "both", R)                                                                             \
    X(BY, "by", U)                                                                                 \
    X(CALL, "call", U)                                                                             \
    X(CASCADE, "cascade", U)                                                                       \
    X(CASE, "case", R)                                                                             \
    X(CAST, "cast", R)                                                                             \
    X(CHECK, "check", R)                                                                           \
    X(CHECKPOINT, "checkpoint", U)                                                                 \
    X(COLLATE, "collate", R)                                                                       \
    X(COLUMNS, "columns", C)                                                                       \
    X(COMMENT, "comment", U)                                                                       \
    X(COMMIT, "commit", U)                                                                         \
    X(CONFLICT, "conflict", U)                                                                     \
    X(CONSTRAINT, "constraint", R)                                                                 \
    X(COPY, "copy", U)                                                                             \
    X(CREATE, "create", R)                                                                         \
    X(CROSS, "cross", F)                                                                           \
    X(CUBE, "cube", C)                                                                             \
    X(CURRENT, "current", U)                                                                       \
    X(CURRENT_DATE, "current_date", R)                                                             \
    X(CURRENT_TIME, "current_time", R)                                                             \
    X(CURRENT_TIMESTAMP, "current_timestamp", R)                                                   \
    X(DATA, "data", U)                                                                             \
    X(DEALLOCATE, "deallocate", U)                                                                 \
    X(DEFAULT, "default", R)                                                                       \
    X(DELETE, "delete", U)                                                                         \
    X(DESC, "desc", R)                                                                             \
    X(DESCRIBE, "describe", U)                                                                     \
    X(DETACH, "detach", U)                                                                         \
    X(DISTINCT, "distinct", R)                                                                     \
    X(DOUBLE, "double", U)                                                                         \
    X(DROP, "drop", U)                                                                             \
    X(ELSE, "else", R)                                                                             \
    X(END, "end", R)                                                                               \
    X(ESCAPE, "escape", U)                                                                         \
    X(EXCEPT, "except", R)                                                                         \
    X(EXCLUDE, "exclude", U)                                                                       \
    X(EXECUTE, "execute", U)                                                                       \
    X(EXISTS, "exists", C)                                                                         \
    X(EXPLAIN, "explain", U)                                                                       \
    X(EXPORT, "export", U)                                                                         \
    X(EXTRACT, "extract", U)                                                                       \
    X(FALSE, "false", R)                                                                           \
    X(FETCH, "fetch", R)                                                                           \
    X(FILTER, "filter", U)                                                                         \
    X(FIRST, "first", U)                                                                           \
    X(FOLLOWING, "following", U)                                                                   \
    X(FOR, "for", R)                                                                               \
    X(FOREIGN, "foreign", R)                                                                       \
    X(FROM, "from", R)                                                                             \
    X(FULL, "full", F)                                                                             \
    X(FUNCTION, "function", U)                                                                     \
    X(GENERATED, "generated", U)                                                                   \
    X(GLOB, "glob", F)                                                                             \
    X(GLOBAL, "global", U)                                                                         \
    X(GRANT, "grant", U)                                                                           \
    X(GROUP, "group", R)                                                                           \
    X(GROUPING, "grouping", U)                                                                     \
    X(GROUPS, "groups", U)                                                                         \
    X(HAVING, "having", R)                                                                         \
    X(IF, "if", U)                                                                                 \
    X(IGNORE, "ignore", U)                                                                         \
    X(ILIKE, "ilike", F)                                                                           \
    X(IMPORT, "import", U)                                                                         \
    X(IN, "in", R)                                                                                 \
    X(INDEX, "index", U)                                                                           \
    X(INNER, "inner", F)                                                                           \
    X(INSERT, "insert", U)                                                                         \
    X(INSTALL, "install", U)                                                                       \
    X(INTERSECT, "intersect", R)                                                                   \
    X(INTERVAL, "interval", C)                                                                     \
    X(INTO, "into", R)                                                                             \
    X(IS, "is", F)                                                                                 \
    X(ISNULL, "isnull", F)                                                                         \
    X(JOIN, "join", F)                                                                             \
    X(KEY, "key", U)                                                                               \
    X(LAMBDA, "lambda", R)                                                                         \
    X(LAST, "last", U)                                                                             \
    X(LATERAL, "lateral", R)                                                                       \
    X(LEADING, "leading", R)                                                                       \
    X(LEFT, "left", F)                                                                             \
    X(LIKE, "like", F)                                                                             \
    X(LIMIT, "limit", R)                                                                           \
    X(LOAD, "load", U)                                                                             \
    X(LOCAL, "local", U)                                                                           \
    X(LOCALTIME, "localtime", R)                                                                   \
    X(LOCALTIMESTAMP, "localtimestamp", R)                                                         \
    X(MACRO, "macro", U)                                                                           \
    X(MAP, "map", C)                                                                               \
    X(MATERIALIZED, "materialized", U)                                                             \
    X(MERGE, "merge", U)                                                                           \
    X(NAME, "name", U)                                                                             \
    X(NATURAL, "natural", F)                                                                       \
    X(NEXT, "next", U)                                                                             \
    X(NO, "no", U)                                                                                 \
    X(NOT, "not", R)                                                                               \
    X(NOTHING, "nothing", U)                                                                       \
    X(NOTNULL, "notnull", F)                                                                       \
    X(NULL, "null", R)                                                                             \
    X(NULLS, "nulls", U)                                                                           \
    X(OFFSET, "offset", R)                                                                         \
    X(ON, "on", R)                                                                                 \
    X(ONLY, "only", U)                                                                             \
    X(OR, "or", R)                                                                                 \
    X(ORDER, "order", R)                                                                           \
    X(ORDINALITY, "ordinality", U)                                                                 \
    X(OTHERS, "others", U)                                                                         \
    X(OUTER, "outer", F)                                                                           \
    X(OVER, "over", U)                                                                             \
    X(OVERLAY, "overlay", U)                                                                       \
    X(PARTITION, "partition", U)                                                                   \
    X(PERCENT, "percent", U)                                                                       \
    X(PIVOT, "pivot", R)                                                                           \
    X(PLACING, "placing", R)                                                                       \
    X(POSITION, "position", C)                                                                     \
    X(POSITIONAL, "positional", F)                                                                 \
    X(PRAGMA, "pragma", U)                                                                         \
    X(PRECEDING, "preceding", U)                                                                   \
    X(PRECISION, "precision", U)                                                                   \
    X(PREPARE, "prepare", U)                                                                       \
    X(PRIMARY, "primary", R)                                                                       \
    X(QUALIFY, "qualify", R)                                                                       \
    X(RANGE, "range", U)                                                                           \
    X(RECURSIVE, "recursive", U)                                                                   \
    X(REFERENCES, "references", R)                                                                 \
    X(RENAME, "rename", U)                                                                         \
    X(REPLACE, "replace", U)                                                                       \
    X(RESET, "reset", U)                                                                           \
    X(RESPECT, "respect", U)                                                                       \
    X(RESTRICT, "restrict", U)                                                                     \
    X(RETURNING, "returning", R)                                                                   \
    X(REVOKE, "revoke", U)                                                                         \
    X(RIGHT, "right", F)                                                                           \
    X(ROLLBACK, "rollback", U)                                                                     \
    X(ROLLUP, "rollup", C)                                                                         \
    X(ROW, "row", C)                                                                               \
    X(ROWS, "rows", U)                                                                             \
    X(SAMPLE, "sample", U)                                                                         \
    X(SAVEPOINT, "savepoint", U)                                                                   \
    X(SCHEMA, "schema", U)                                                                         \
    X(SELECT, "select", R)                                                                         \
    X(SEMI, "semi", F)                                                                             \
    X(SEQUENCE, "sequence", U)                                                                     \
    X(SESSION, "session", U)                                                                       \
    X(SET, "set", U)                                                                               \
    X(SETS, "sets", U)                                                                             \
    X(SHOW, "show", U)                                                                             \
    X(SIMILAR, "similar", F)                                                                       \
    X(SOME, "some", R)                                                                             \
    X(START, "start", U)                                                                           \
    X(STRUCT, "struct", U)                                                                         \
    X(SUBSTRING, "substring", U)                                                                   \
    X(SUMMARIZE, "summarize", U)                                                                   \
    X(SYMMETRIC, "symmetric", C)                                                                   \
    X(TABLE, "table", R)                                                                           \
    X(TABLES, "tables", U)                                                                         \
    X(TABLESAMPLE, "tablesample", F)                                                               \
    X(TEMP, "temp", U)                                                                             \
    X(TEMPORARY, "temporary", U)                                                                   \
    X(THEN, "then", R)                                                                             \
    X(TIES, "ties", U)                                                                             \
    X(TIME, "time", U)                                                                             \
    X(TIMESTAMP, "timestamp", U)                                                                   \
    X(TO, "to", R)                                                                                 \
    X(TRAILING, "trailing", R)                                                                     \
    X(TRANSACTION, "transaction", U)                                                               \
    X(TRIGGER, "trigger", U)                                                                       \
    X(TRIM, "trim", U)                                                                             \
    X(TRUE, "true", R)                                                                             \
    X(TRUNCATE, "truncate", U)                                                                     \
    X(TRY_CAST, "try_cast", C)                                                                     \
    X(TYPE, "type", U)                                                                             \
    X(UNBOUNDED, "unbounded", C)                                                                   \
    X(UNION, "union", R)                                                                           \
    X(UNIQUE, "unique", R)                                                                         \
    X(UNKNOWN, "unknown", U)                                                                       \
    X(UNPIVOT, "unpivot", R)                                                                       \
    X(UPDATE, "update", U)                                                                         \
    X(USE, "use", U)                                                                               \
    X(USING, "using", R)                                                                           \
    X(VACUUM, "vacuum", U)                                                                         \
    X(VALUES, "values", C)                                                                         \
    X(VARIABLE, "variable", U)                                                                     \
    X(VARYING, "varying", U)                                                                       \
    X(VIEW, "view", U)                                                                             \
    X(WHEN, "when", R)                                                                             \
    X(WHERE, "where", R)                                                                           \
    X(WINDOW, "window", R)                                                                         \
    X(WITH, "with", R)                                                                             \
    X(WITHIN, "within", U)                                                                         \
    X(WITHOUT, "without", U)                                                                       \
    X(WORK, "work", U)                                                                             \
    X(ZONE, "zone", U)

typedef enum tni_word {
    TNI_WORD_NONE = 0,
#define TNI_WORD_ID(name, text, word_class) TNI_WORD_##name,
    TNI_KEYWORD_LIST(TNI_WORD_ID)
#undef TNI_WORD_ID
    TNI_WORD_COUNT
} tni_word;

typedef enum tni_word_class {
    TNI_WORD_CLASS_U,
    TNI_WORD_CLASS_C,
    TNI_WORD_CLASS_F,
    TNI_WORD_CLASS_R
} tni_word_class;

typedef struct tni_token {
    uint8_t kind; /* tni_token_kind */
    uint16_t id;
    uint32_t position, end; /* [position, end) in the text */
} tni_token;

typedef struct tni_lexer {
    const char *text;
    uint32_t length;
    uint32_t offset;
} tni_lexer;

/* The next token. At the end of the text (again and again) TNI_TOKEN_END. O(token length). */
TNI_FN tni_token tni_lexer_next(tni_lexer *lexer);
TNI_FN const char *tni_lexer_problem_text(uint16_t problem);
TNI_FN const char *tni_symbol_text(uint32_t symbol); /* "(" for TNI_SYMBOL_LEFT_PAREN */

/* The keyword spelled like this in any case, or TNI_WORD_NONE. */
TNI_FN tni_word tni_word_find(const char *text, size_t length);
TNI_FN const char *tni_word_text(tni_word word); /* lower case; "" for NONE */
TNI_FN tni_word_class tni_word_class_of(tni_word word); /* U for NONE */

#endif
