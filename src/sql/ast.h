/*
 * ast.h - the syntax tree. Everything lives in one arena; names are NUL-terminated, folded to
 * nothing (case kept). `position` is the byte offset of the node's first token in the SQL text.
 * The parser accepts the whole dialect, joins, subqueries and windows included: what the planner
 * cannot run yet it refuses by name, with this position. Lists are singly linked through `next`.
 */
#ifndef TNI_SQL_AST_H
#define TNI_SQL_AST_H

#include "base/datetime.h"
#include "column/type.h"

typedef struct tni_ast_expression tni_ast_expression;
typedef struct tni_ast_query tni_ast_query;
typedef struct tni_ast_source tni_ast_source;

/* A type as written: CAST(x AS DECIMAL(15, 2)). */
typedef struct tni_ast_type {
    tni_type type;
    uint32_t position;
} tni_ast_type;

typedef enum tni_ast_kind {
    TNI_AST_NULL,
    TNI_AST_BOOLEAN,   /* value.integer 0/1 */
    TNI_AST_INTEGER,   /* value.integer; literals beyond int64 become HUGEINT text in `name` */
    TNI_AST_HUGEINT,   /* digits in `name` */
    TNI_AST_DECIMAL,   /* digits in `name`, as written ("1.50") */
    TNI_AST_DOUBLE,    /* value.number (literal with exponent); name as written or NULL */
    TNI_AST_STRING,    /* text, text_length; negated: a unit that is a keyword */
    TNI_AST_BLOB,      /* '\xAB'::BLOB or x'ab': text, text_length hold the bytes */
    /* INTERVAL '3' MONTH, INTERVAL 3 MONTH with a literal: value.interval; text as written, a
     * number when negated; name = unit or NULL */
    TNI_AST_INTERVAL,
    TNI_AST_INTERVAL_OF, /* INTERVAL (expr) unit: left = expr, name = unit */
    TNI_AST_PARAMETER, /* value.integer = index from 1; name for $name or NULL */
    TNI_AST_COLUMN,    /* qualifier (may be NULL) . name; schema/catalog qualifiers folded away */
    TNI_AST_STAR,      /* * or t.* (qualifier); exclude, replace and rename lists */
    TNI_AST_COLUMNS,   /* COLUMNS('regex' | *): text */
    TNI_AST_CALL,      /* name(arguments): distinct, filter, order, over, within group */
    TNI_AST_UNARY,     /* name = "-", "+", "NOT", "~"; left */
    TNI_AST_BINARY,    /* name = "+", "||", "AND", "LIKE", "IS DISTINCT FROM"...; left, right */
    TNI_AST_IS_NULL,   /* left; negated */
    TNI_AST_IS_BOOL,   /* left IS [NOT] TRUE/FALSE/UNKNOWN: value.integer 1/0/-1; negated */
    TNI_AST_BETWEEN,   /* left BETWEEN arguments[0] AND arguments[1]; negated */
    TNI_AST_IN_LIST,   /* left IN (arguments); negated */
    TNI_AST_IN_QUERY,  /* left IN (query); negated */
    TNI_AST_LIKE,      /* left LIKE right [ESCAPE arguments[0]]; negated; name LIKE, ILIKE, GLOB or
                          SIMILAR TO */
    TNI_AST_CASE,      /* left = operand or NULL; arguments = when, then, when...; right = else */
    TNI_AST_CAST,      /* left AS cast_type; negated = TRY_CAST */
    TNI_AST_EXISTS,    /* query; negated */
    TNI_AST_SUBQUERY,  /* (query) as a scalar */
    TNI_AST_QUANTIFIED,/* left name ANY/ALL (query): value.integer 1 = ALL */
    TNI_AST_ROW,       /* (a, b): arguments */
    TNI_AST_LIST,      /* [a, b]: arguments (read_parquet([...]), IN lists) */
    TNI_AST_STRUCT,    /* {'a': x}: arguments, alias = key (options of read_csv) */
    TNI_AST_DEFAULT    /* DEFAULT in INSERT ... VALUES and UPDATE ... SET */
} tni_ast_kind;

/*
 * What the parser has already rewritten, so that a planner never sees it:
 *   BINARY names are exactly: + - * / // % ^ || & | << >> = <> < <= > >= AND OR
 *   "IS DISTINCT FROM" "IS NOT DISTINCT FROM"; UNARY names - + ~ NOT. `==`, `!=`, `**` become
 *   =, <>, ^. Chains of AND or OR are balanced trees. `-` before a number is part of the number.
 *   CALL: a ~ b regexp_full_match(a, b), ~* with a third argument 'i', ! before them NOT;
 *   a ^@ b starts_with; @a abs; EXTRACT(u FROM x) date_part('u', x); POSITION(a IN b)
 *   strpos(b, a); SUBSTRING(x FROM a FOR b) substring; TRIM(BOTH c FROM x) trim(x, c), LEADING
 *   ltrim, TRAILING rtrim; OVERLAY(...) overlay(x, y, from[, for]); x AT TIME ZONE z
 *   timezone(z, x); CURRENT_DATE and the like without parentheses are calls without arguments.
 *   a ~~ b LIKE, ~~* ILIKE, ~~~ GLOB. x = ANY([a, b]), x IN [a, b] and x <> ALL([a, b]) IN_LIST.
 *   x IN () FALSE, x IN t IN_QUERY of SELECT * FROM t. DATE 'x' and the like: CAST of the text.
 */

typedef struct tni_ast_order {
    tni_ast_expression *expression;
    bool descending;
    int8_t nulls; /* 0 = default, 1 = first, 2 = last */
    bool all;     /* ORDER BY ALL */
    struct tni_ast_order *next;
} tni_ast_order;

typedef enum tni_ast_bound {
    TNI_BOUND_UNBOUNDED_PRECEDING,
    TNI_BOUND_PRECEDING,
    TNI_BOUND_CURRENT_ROW,
    TNI_BOUND_FOLLOWING,
    TNI_BOUND_UNBOUNDED_FOLLOWING
} tni_ast_bound;

typedef struct tni_ast_window {
    const char *name;      /* OVER name, or the base of (name ORDER BY ...), or NULL */
    tni_ast_expression *partition;
    tni_ast_order *order;
    bool has_frame;
    uint8_t frame_unit;    /* 0 ROWS, 1 RANGE, 2 GROUPS */
    uint8_t exclude;       /* 0 none, 1 current row, 2 group, 3 ties */
    tni_ast_bound start, end;
    tni_ast_expression *start_offset, *end_offset;
    uint32_t position;
    const char *defined_as; /* WINDOW w AS (...): w */
    struct tni_ast_window *next;
} tni_ast_window;

struct tni_ast_expression {
    tni_ast_kind kind;
    uint32_t position, end; /* [position, end) in the SQL text: names result columns */
    bool negated;
    bool distinct;          /* CALL: agg(DISTINCT x) */
    bool ignore_nulls;      /* CALL: IGNORE NULLS */
    bool parenthesised;
    bool within_group;      /* CALL: `order` came from WITHIN GROUP */
    uint32_t depth;         /* height of the tree from here down, at most depth_limit */
    const char *name;
    const char *qualifier;
    const char *text;
    size_t text_length;
    union {
        int64_t integer;
        double number;
        tni_interval interval;
    } value;
    tni_ast_expression *left, *right;
    tni_ast_expression *arguments; /* linked through next */
    uint32_t argument_count;
    tni_ast_type cast_type;
    tni_ast_query *query;
    tni_ast_expression *filter;    /* CALL: FILTER (WHERE ...) */
    tni_ast_order *order;          /* CALL: agg(x ORDER BY y), WITHIN GROUP (ORDER BY y) */
    tni_ast_window *over;          /* CALL: OVER (...) */
    tni_ast_expression *exclude;   /* STAR: EXCLUDE (names) as COLUMN nodes */
    tni_ast_expression *replace;   /* STAR: REPLACE (expr AS name): alias holds the name */
    tni_ast_expression *rename;    /* STAR: RENAME (a AS b) as COLUMN nodes: alias holds b */
    const char *alias;             /* select items, named arguments (header = true), VALUES */
    tni_ast_expression *next;
};

typedef enum tni_ast_source_kind {
    TNI_FROM_TABLE,    /* name; a string literal 'file.csv' sets is_path */
    TNI_FROM_FUNCTION, /* read_csv(...), range(...): call */
    TNI_FROM_QUERY,    /* (SELECT ...) alias */
    TNI_FROM_VALUES,   /* (VALUES ...) alias: query with values */
    TNI_FROM_JOIN      /* left join right */
} tni_ast_source_kind;

typedef enum tni_ast_join {
    TNI_JOIN_INNER, TNI_JOIN_LEFT, TNI_JOIN_RIGHT, TNI_JOIN_FULL, TNI_JOIN_CROSS,
    TNI_JOIN_SEMI, TNI_JOIN_ANTI, TNI_JOIN_ASOF, TNI_JOIN_POSITIONAL
} tni_ast_join;

typedef struct tni_ast_name {
    const char *name;
    uint32_t position;
    struct tni_ast_name *next;
} tni_ast_name;

struct tni_ast_source {
    tni_ast_source_kind kind;
    uint32_t position;
    uint32_t depth;            /* height of the tree from here down */
    const char *name;
    const char *schema;        /* as written before the dot, or NULL; lookups ignore it */
    bool is_path;
    const char *alias;         /* NULL: none */
    tni_ast_name *columns;     /* alias (a, b, c) */
    tni_ast_expression *call;  /* FUNCTION */
    tni_ast_query *query;      /* QUERY, VALUES */
    bool lateral;
    tni_ast_join join;
    bool natural;
    tni_ast_source *left, *right;
    tni_ast_expression *on;
    tni_ast_name *using_columns;
};

typedef struct tni_ast_cte {
    const char *name;
    uint32_t position;
    tni_ast_name *columns;
    tni_ast_query *query;
    int8_t materialized; /* 0 unsaid, 1 MATERIALIZED, 2 NOT MATERIALIZED */
    struct tni_ast_cte *next;
} tni_ast_cte;

typedef enum tni_ast_query_kind {
    TNI_QUERY_SELECT,
    TNI_QUERY_VALUES,
    TNI_QUERY_SET /* left UNION/INTERSECT/EXCEPT right */
} tni_ast_query_kind;

typedef enum tni_ast_set { TNI_SET_UNION, TNI_SET_INTERSECT, TNI_SET_EXCEPT } tni_ast_set;

/* GROUP BY: plain expressions, ALL, or grouping sets. */
typedef struct tni_ast_grouping {
    tni_ast_expression *expressions;
    bool all;
    uint8_t sets;      /* 0 plain, 1 ROLLUP, 2 CUBE, 3 GROUPING SETS (each item a ROW) */
    uint32_t position;
    struct tni_ast_grouping *next;
} tni_ast_grouping;

struct tni_ast_query {
    tni_ast_query_kind kind;
    uint32_t position;
    uint32_t depth;                  /* height of the tree from here down */
    tni_ast_cte *with;
    bool recursive;
    /* SELECT */
    bool distinct;
    tni_ast_expression *distinct_on;
    tni_ast_expression *items;
    tni_ast_source *from;            /* NULL: no FROM; comma lists are CROSS joins */
    tni_ast_expression *where;
    tni_ast_grouping *groups;
    tni_ast_expression *having;
    tni_ast_window *windows;
    tni_ast_expression *qualify;
    tni_ast_expression *sample;      /* USING SAMPLE ...: kept to be refused by name */
    /* VALUES: rows are ROW expressions linked through next */
    tni_ast_expression *rows;
    /* SET */
    tni_ast_set set;
    bool set_all;
    bool set_by_name;
    tni_ast_query *left, *right;
    /* any */
    tni_ast_order *order;
    tni_ast_expression *limit, *offset;
    bool limit_percent;
};

typedef enum tni_ast_statement_kind {
    TNI_STATEMENT_QUERY,
    TNI_STATEMENT_CREATE_TABLE,
    TNI_STATEMENT_CREATE_VIEW,
    TNI_STATEMENT_CREATE_INDEX,  /* alias: its name; query: its expressions from the table */
    TNI_STATEMENT_INSERT,
    TNI_STATEMENT_UPDATE,
    TNI_STATEMENT_DELETE,
    TNI_STATEMENT_TRUNCATE,
    TNI_STATEMENT_DROP,
    TNI_STATEMENT_ALTER,         /* kept to be refused by name */
    TNI_STATEMENT_COPY_TO,
    TNI_STATEMENT_COPY_FROM,
    TNI_STATEMENT_DESCRIBE,
    TNI_STATEMENT_SHOW_TABLES,
    TNI_STATEMENT_SHOW,          /* SHOW setting */
    TNI_STATEMENT_SUMMARIZE,
    TNI_STATEMENT_EXPLAIN,
    TNI_STATEMENT_SET,           /* SET name = value, PRAGMA name = value, RESET name */
    TNI_STATEMENT_TRANSACTION,   /* BEGIN, COMMIT, ROLLBACK: name */
    TNI_STATEMENT_PREPARE,
    TNI_STATEMENT_EXECUTE,
    TNI_STATEMENT_DEALLOCATE
} tni_ast_statement_kind;

typedef struct tni_ast_column_definition {
    const char *name;
    uint32_t position;
    tni_ast_type type;
    bool not_null, primary_key, unique;
    tni_ast_expression *default_value;
    tni_ast_expression *check;
    struct tni_ast_column_definition *next;
} tni_ast_column_definition;

/* A PRIMARY KEY (a, b) or UNIQUE (a, b) of several columns; of one, it is on the definition. */
typedef struct tni_ast_key {
    bool primary;
    uint32_t position;
    tni_ast_name *columns;
    struct tni_ast_key *next;
} tni_ast_key;

/* PARTITION BY [HASH | RANGE] (column) [PARTITIONS count] */
typedef struct tni_ast_partition {
    const char *column;
    uint32_t position; /* of the column's name */
    bool range;
    uint32_t count;          /* 0: not said */
    uint32_t count_position;
} tni_ast_partition;

typedef struct tni_ast_statement {
    tni_ast_statement_kind kind;
    uint32_t position, end;         /* the statement's text, without the semicolon */
    uint32_t parameter_count;
    tni_ast_query *query;           /* QUERY, CTAS, VIEW, INSERT source, COPY (query), DESCRIBE or
                                       SUMMARIZE query */
    const char *name;               /* table, view, setting, transaction verb, prepared name */
    uint32_t name_position;
    bool name_is_path;              /* DESCRIBE 'file.parquet', COPY t FROM 'x' */
    const char *path;               /* COPY */
    bool or_replace, if_not_exists, if_exists, temporary, is_view;
    bool analyze;                   /* EXPLAIN ANALYZE */
    bool by_name;                   /* INSERT BY NAME */
    bool is_index;                  /* DROP INDEX */
    bool is_unique;                 /* CREATE UNIQUE INDEX */
    bool is_pragma;                 /* SET: written PRAGMA name [= value | (values)] */
    bool is_reset;                  /* SET: RESET name, SET name = DEFAULT */
    bool default_values;            /* INSERT INTO t DEFAULT VALUES: query is NULL */
    const char *alias;              /* UPDATE t AS alias, DELETE FROM t AS alias */
    tni_ast_key *keys;              /* CREATE TABLE: keys of several columns */
    tni_ast_partition *partition;   /* CREATE TABLE: how rows lie together, or NULL */
    tni_ast_expression *checks;     /* CREATE TABLE: CHECK constraints of the table */
    tni_ast_name *parameters;       /* named parameters in order of their index */
    tni_ast_column_definition *definitions;
    tni_ast_name *columns;          /* INSERT (a, b), VIEW (a, b), COPY t (a, b) */
    tni_ast_expression *options;    /* COPY ... (FORMAT csv, HEADER): alias = name, node = value;
                                       SET / EXECUTE: the values */
    tni_ast_expression *assignments; /* UPDATE: alias = column */
    tni_ast_expression *where;       /* UPDATE, DELETE */
    tni_ast_source *from;            /* UPDATE ... FROM, DELETE ... USING: refused by name */
    struct tni_ast_statement *inner; /* EXPLAIN, PREPARE */
    struct tni_ast_statement *next;
} tni_ast_statement;

#endif
