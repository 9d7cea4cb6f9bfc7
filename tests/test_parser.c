/*
 * test_parser.c - lexer, parser and printer: every construct with its canonical print, errors
 * with their positions, depth bombs on a small stack, and mutated queries that must not crash.
 */
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif
#include "sql/lexer.h"
#include "sql/parser.h"
#include "test.h"

#if !defined(_WIN32)
#include <pthread.h>
#endif

#define DEPTH 1000

static tni_memory memory;

/* One parse with everything it owns. */
typedef struct parsed {
    tni_arena arena;
    tni_error error;
    tni_ast_statement *list;
    trueno_status status;
} parsed;

static void parse_begin(parsed *p, const char *sql, size_t length, uint32_t depth) {
    tni_arena_init(&p->arena, &memory);
    tni_error_clear(&p->error);
    p->status = tni_parse(&p->arena, sql, length, depth, &p->list, &p->error);
}

static void parse_end(parsed *p) {
    tni_arena_free(&p->arena);
}

/* The canonical text of a lone query, NULL when it does not parse. Caller frees with
 * tni_text_free. */
static bool canonical(const char *sql, size_t length, uint32_t depth, tni_text *out) {
    parsed p;
    bool ok;
    tni_text_clear(out);
    parse_begin(&p, sql, length, depth);
    ok = p.status == TRUENO_OK && p.list != NULL && p.list->query != NULL;
    if (ok) {
        tni_print_query(p.list->query, out);
    } else if (p.status != TRUENO_OK) {
        tni_text_format(out, "%s @%u", p.error.message, (unsigned)p.error.position);
    }
    parse_end(&p);
    return ok;
}

/* ---- queries and their canonical print ---- */

typedef struct query_case {
    const char *sql;
    const char *canonical; /* NULL: the same text */
} query_case;

static const query_case queries[] = {
    /* the select list */
    {"select 1", "SELECT 1"},
    {"SELECT 1;", "SELECT 1"},
    {"SELECT a, b AS c, d e FROM t", "SELECT a, b AS c, d AS e FROM t"},
    {"SELECT a AS \"x y\", b AS 'z' FROM t", "SELECT a AS \"x y\", b AS z FROM t"},
    {"SELECT a AS select FROM t", "SELECT a AS \"select\" FROM t"},
    {"SELECT *, t.*, s.t.* FROM t", "SELECT *, t.*, t.* FROM t"},
    {"SELECT * EXCLUDE a FROM t", "SELECT * EXCLUDE (a) FROM t"},
    {"SELECT * EXCLUDE (a, t.b) REPLACE (a + 1 AS c, 2 AS d) FROM t", NULL},
    {"SELECT * REPLACE a AS b FROM t", "SELECT * REPLACE (a AS b) FROM t"},
    {"SELECT * RENAME a AS b FROM t", "SELECT * RENAME (a AS b) FROM t"},
    {"SELECT t.* EXCLUDE (c) RENAME (a AS b, d AS c) FROM t", NULL},
    {"SELECT COLUMNS('a.*'), min(COLUMNS(*)), COLUMNS(t.* EXCLUDE (x)) FROM t", NULL},
    {"SELECT a, b, FROM t", "SELECT a, b FROM t"},
    {"SELECT * EXCEPT (a, b) FROM t", "SELECT * EXCLUDE (a, b) FROM t"},
    {"SELECT * FROM t EXCEPT (SELECT 1)", "SELECT * FROM t EXCEPT SELECT 1"},
    {"SELECT a: 1, \"b c\" : d FROM t", "SELECT 1 AS a, d AS \"b c\" FROM t"},
    {"SELECT DISTINCT a FROM t", NULL},
    {"SELECT DISTINCT ON (a, b) a, c FROM t ORDER BY a, b", NULL},
    {"SELECT ALL a FROM t", "SELECT a FROM t"},
    {"FROM t", "SELECT * FROM t"},
    {"FROM t SELECT a WHERE b", "SELECT a FROM t WHERE b"},
    {"FROM t WHERE a LIMIT 1", "SELECT * FROM t WHERE a LIMIT 1"},
    {"TABLE t", "SELECT * FROM t"},
    {"TABLE s.t", "SELECT * FROM s.t"},
    /* names */
    {"SELECT date, timestamp, value, count, time, name, year, first, last, key FROM date", NULL},
    {"SELECT t.order, t.select, t.a FROM t", "SELECT t.\"order\", t.\"select\", t.a FROM t"},
    {"SELECT \"a\"\"b\", \"select\", \"Plain\", \"with space\" FROM \"T 1\"",
     "SELECT \"a\"\"b\", \"select\", Plain, \"with space\" FROM \"T 1\""},
    {"SELECT c.s.t.x, s.t.y FROM c.s.t", "SELECT t.x, t.y FROM s.t"},
    {"SELECT \xc3\xa4, \xe5\x90\x8d FROM t", "SELECT \"\xc3\xa4\", \"\xe5\x90\x8d\" FROM t"},
    {"SELECT a$b FROM t", "SELECT \"a$b\" FROM t"},
    {"SELECT end_date, selected, fromage FROM t", NULL},
    {"SELECT interval, \"interval\" FROM t", "SELECT \"interval\", \"interval\" FROM t"},
    {"SELECT interval - 5, values FROM t", "SELECT \"interval\" - 5, \"values\" FROM t"},
    /* blanks and comments */
    {"SELECT -- to the end\n 1 /* one /* nested */ still */ + 2", "SELECT 1 + 2"},
    {"SELECT\t1\r\n+\f2\v", "SELECT 1 + 2"},
    {"\xef\xbb\xbfSELECT\xc2\xa0""1\xe3\x80\x80+\xe2\x80\x83""2", "SELECT 1 + 2"},
    {"SELECT 1--1", "SELECT 1"},
    {"SELECT 1 - -1", NULL},
    {"SELECT 1 -/**/-1", "SELECT 1 - -1"},
    /* literals */
    {"SELECT NULL, true, FALSE", "SELECT NULL, TRUE, FALSE"},
    {"SELECT 0, 007, 1_000_000, 9223372036854775807", "SELECT 0, 7, 1000000, 9223372036854775807"},
    {"SELECT 9223372036854775808, -9223372036854775808, -9223372036854775809", NULL},
    {"SELECT 170141183460469231731687303715884105727", NULL},
    {"SELECT 170141183460469231731687303715884105728", "SELECT 1.7014118346046923e+38"},
    {"SELECT 0xff, 0XFF_FF, 0b101, 0o17, 0xFFFFFFFFFFFFFFFF",
     "SELECT 255, 65535, 5, 15, 18446744073709551615"},
    {"SELECT 1.50, .5, 5., 0.10, 1_0.2_5", "SELECT 1.50, 0.5, 5., 0.10, 10.25"},
    {"SELECT 99999999999999999999999999999999999999.", NULL},
    {"SELECT 999999999999999999999999999999999999999.", "SELECT 1e+39"},
    {"SELECT 1e3, 1.5E-3, 1e+2, 0e0", "SELECT 1000.0e0, 0.0015e0, 100.0e0, 0.0e0"},
    {"SELECT -1, -1.5, -1e3, - -1, -(2), +3", "SELECT -1, -1.5, -1000.0e0, 1, -2, +3"},
    {"SELECT 'it''s', '', 'a;b--c/*d*/'", NULL},
    {"SELECT 'a'\n'b'", "SELECT 'ab'"},
    {"SELECT E'a\\n\\t\\\\\\'\\x41\\101\\u00e9\\U0001F600'",
     "SELECT 'a\n\t\\''AA\xc3\xa9\xf0\x9f\x98\x80'"},
    {"SELECT $$it's$$, $tag$a$$b$tag$, $$$$", "SELECT 'it''s', 'a$$b', ''"},
    {"SELECT x'00fF', X'', '\\xAB\\xcd'::BLOB, 'ab'::BYTEA",
     "SELECT x'00ff', x'', x'abcd', x'6162'"},
    {"SELECT 'a\\b'::BLOB", "SELECT CAST('a\\b' AS BLOB)"},
    {"SELECT a[1], a[1:2], a[: b], a[-1:], a[:], ('x' || y)[2]::INT",
     "SELECT array_extract(a, 1), array_slice(a, 1, 2), array_slice(a, 1, b), "
     "array_slice(a, -1, -1), array_slice(a, 1, -1), "
     "CAST(array_extract('x' || y, 2) AS INTEGER)"},
    {"SELECT {'a': 1, b: 'x', \"c d\": [1]}, {}", "SELECT {'a': 1, 'b': 'x', 'c d': [1]}, {}"},
    {"SELECT [1, 2], [], ARRAY[3], [[1], [2]]", "SELECT [1, 2], [], [3], [[1], [2]]"},
    {"SELECT (1, 2,), (1,)", "SELECT (1, 2), ROW(1)"},
    {"SELECT (1, 2), ROW(1), ROW(), ROW(1, 2)", "SELECT (1, 2), ROW(1), ROW(), (1, 2)"},
    {"SELECT DATE '2020-01-01', TIME '10:00', TIMESTAMP '2020-01-01 10:00:00'",
     "SELECT CAST('2020-01-01' AS DATE), CAST('10:00' AS TIME), "
     "CAST('2020-01-01 10:00:00' AS TIMESTAMP)"},
    {"SELECT TIMESTAMPTZ 'x', TIMESTAMP WITH TIME ZONE 'x', TIMESTAMP WITHOUT TIME ZONE 'x', "
     "DOUBLE PRECISION '1', INTEGER '5'",
     "SELECT CAST('x' AS TIMESTAMP WITH TIME ZONE), CAST('x' AS TIMESTAMP WITH TIME ZONE), "
     "CAST('x' AS TIMESTAMP), CAST('1' AS DOUBLE), CAST('5' AS INTEGER)"},
    /* intervals */
    {"SELECT INTERVAL '1 year 2 days', INTERVAL '3' MONTH, INTERVAL 3 MONTH, INTERVAL '90' day",
     "SELECT INTERVAL '1 year 2 days', INTERVAL '3 months', INTERVAL '3 months', "
     "INTERVAL '90 days'"},
    {"SELECT INTERVAL 1 WEEK, INTERVAL 2 quarters, INTERVAL -3 DAYS",
     "SELECT INTERVAL '7 days', INTERVAL '6 months', INTERVAL '-3 days'"},
    {"SELECT INTERVAL (a + 1) DAY, INTERVAL ('1') HOURS",
     "SELECT INTERVAL (a + 1) day, INTERVAL ('1') hour"},
    {"SELECT d + INTERVAL 1 DAY < e", "SELECT d + INTERVAL '1 day' < e"},
    {"SELECT INTERVAL '1 day' AS year", NULL},
    /* precedence */
    {"SELECT NOT a IS NULL", NULL},
    {"SELECT NOT a = b", NULL},
    {"SELECT NOT a IN (1)", NULL},
    {"SELECT NOT a LIKE 'x'", NULL},
    {"SELECT NOT a BETWEEN 1 AND 2", NULL},
    {"SELECT (NOT a) IS NULL", NULL},
    {"SELECT (NOT a) = b", NULL},
    {"SELECT a = NOT b", "SELECT a = (NOT b)"},
    {"SELECT NOT NOT a, NOT NULL", NULL},
    {"SELECT a OR b AND c", NULL},
    {"SELECT (a OR b) AND c", NULL},
    {"SELECT NOT a AND NOT b OR c", NULL},
    {"SELECT a AND (b AND c)", "SELECT a AND b AND c"},
    {"SELECT a = b IS NULL", NULL},
    {"SELECT a = (b IS NULL)", NULL},
    {"SELECT a IS NULL = b", "SELECT (a IS NULL) = b"},
    {"SELECT a BETWEEN 1 AND 2 AND c", NULL},
    {"SELECT a BETWEEN b + 1 AND c * 2 OR d", NULL},
    {"SELECT a BETWEEN (b AND c) AND d", NULL},
    {"SELECT a = b BETWEEN c AND d", NULL},
    {"SELECT (a = b) BETWEEN c AND d", NULL},
    {"SELECT -2 ^ 2, -a ^ b, -(a ^ b), a ^ -b", NULL},
    {"SELECT 2 ^ 3 ^ 4, 2 ^ (3 ^ 4)", NULL},
    {"SELECT -a * b, -(a * b), a - -b, a - (b - c), a - b - c", NULL},
    {"SELECT - - a, - + a, +a, -(-(a))", "SELECT - -a, - +a, +a, - -a"},
    {"SELECT a + b * c, (a + b) * c, a * (b / c), a / b * c, a % b // c", NULL},
    {"SELECT a || b + 1, (a || b) + 1, a || b || c", NULL},
    {"SELECT a | b & c, a << 1 + 2, (a << 1) + 2", NULL},
    {"SELECT ~a + b, (~a) + b, ~a || b", NULL},
    {"SELECT a < b + 1, a + 1 >= b, a <> b, a != b, a == b",
     "SELECT a < b + 1, a + 1 >= b, a <> b, a <> b, a = b"},
    {"SELECT a || b LIKE c || d, a = b LIKE c, (a = b) LIKE c", NULL},
    {"SELECT a ** b", "SELECT a ^ b"},
    {"SELECT -a::int, (-a)::int, -1::int", "SELECT -CAST(a AS INTEGER), CAST(-a AS INTEGER), "
                                          "-CAST(1 AS INTEGER)"},
    {"SELECT a::int + b::int, a + b::int", "SELECT CAST(a AS INTEGER) + CAST(b AS INTEGER), "
                                          "a + CAST(b AS INTEGER)"},
    {"SELECT a < b < c, a < (b < c)", NULL},
    {"SELECT a IS NOT DISTINCT FROM b = c, a IS DISTINCT FROM b AND c", NULL},
    {"SELECT (((a)))", "SELECT a"},
    /* predicates */
    {"SELECT a IS NULL, a IS NOT NULL, a ISNULL, a NOTNULL, a NOT NULL",
     "SELECT a IS NULL, a IS NOT NULL, a IS NULL, a IS NOT NULL, a IS NOT NULL"},
    {"SELECT a IS TRUE, a IS NOT FALSE, a IS UNKNOWN, a IS NOT UNKNOWN", NULL},
    {"SELECT a IN (1, 2, NULL), a NOT IN (1), (a, b) IN ((1, 2), (3, 4))", NULL},
    {"SELECT a IN (1, 2,)", "SELECT a IN (1, 2)"},
    {"SELECT a IN [1, 2], a NOT IN [1]", "SELECT a IN (1, 2), a NOT IN (1)"},
    {"SELECT a IN (), a NOT IN ()", "SELECT FALSE, TRUE"},
    {"SELECT a IN t, a NOT IN s.t", "SELECT a IN (SELECT * FROM t), a NOT IN (SELECT * FROM s.t)"},
    {"SELECT a IN (SELECT b FROM t), a NOT IN (VALUES (1), (2))", NULL},
    {"SELECT a IN ((SELECT 1) UNION (SELECT 2))", "SELECT a IN (SELECT 1 UNION SELECT 2)"},
    {"SELECT a IN ((SELECT 1))", NULL},
    {"SELECT a LIKE b ESCAPE '!', a NOT ILIKE 'x', a GLOB '*', a SIMILAR TO 'x'", NULL},
    {"SELECT a NOT SIMILAR TO 'x' ESCAPE '\\'", NULL},
    {"SELECT a ~~ b, a !~~ b, a ~~* b, a !~~* b, a ~~~ b",
     "SELECT a LIKE b, a NOT LIKE b, a ILIKE b, a NOT ILIKE b, a GLOB b"},
    {"SELECT a ~ b, a !~ b, a ~* b, a !~* b",
     "SELECT regexp_matches(a, b), NOT regexp_matches(a, b), "
     "regexp_matches(a, b, 'i'), NOT regexp_matches(a, b, 'i')"},
    {"SELECT a ^@ 'x', @a, @ -5", "SELECT starts_with(a, 'x'), abs(a), abs(-5)"},
    {"SELECT a BETWEEN ASYMMETRIC 1 AND 2, a NOT BETWEEN 1 AND 2",
     "SELECT a BETWEEN 1 AND 2, a NOT BETWEEN 1 AND 2"},
    {"SELECT EXISTS (SELECT 1), NOT EXISTS (SELECT 1), NOT (EXISTS (SELECT 1)), EXISTS (FROM t)",
     "SELECT EXISTS (SELECT 1), NOT EXISTS (SELECT 1), NOT EXISTS (SELECT 1), "
     "EXISTS (SELECT * FROM t)"},
    {"SELECT a = ANY (SELECT 1), a <> ALL (SELECT 1), a < SOME (SELECT 1)",
     "SELECT a = ANY (SELECT 1), a <> ALL (SELECT 1), a < ANY (SELECT 1)"},
    {"SELECT a = ANY ([1, 2]), a <> ALL ([1, 2])", "SELECT a IN (1, 2), a NOT IN (1, 2)"},
    /* CASE, casts, calls */
    {"SELECT CASE WHEN a THEN b WHEN c THEN d ELSE e END, CASE a WHEN 1 THEN 2 END", NULL},
    {"SELECT CASE WHEN a THEN CASE b WHEN 1 THEN 2 END ELSE (SELECT 1) END", NULL},
    {"SELECT CAST(a AS DECIMAL(15, 2)), TRY_CAST(a AS BIGINT), CAST(a AS CHARACTER VARYING(20))",
     "SELECT CAST(a AS DECIMAL(15,2)), TRY_CAST(a AS BIGINT), CAST(a AS VARCHAR)"},
    {"SELECT a::DECIMAL, a::NUMERIC(5), a::int4, a::text, a::float8, a::bool, a::TIMESTAMP(3)",
     "SELECT CAST(a AS DECIMAL(18,3)), CAST(a AS DECIMAL(5,0)), CAST(a AS INTEGER), "
     "CAST(a AS VARCHAR), CAST(a AS DOUBLE), CAST(a AS BOOLEAN), CAST(a AS TIMESTAMP_MS)"},
    {"SELECT a::date::varchar::date", "SELECT CAST(CAST(CAST(a AS DATE) AS VARCHAR) AS DATE)"},
    {"SELECT CAST ( a AS INTEGER )", "SELECT CAST(a AS INTEGER)"},
    {"SELECT f(), f(a), f(a, b), f(a, b,), pg_catalog.now()",
     "SELECT f(), f(a), f(a, b), f(a, b), now()"},
    {"SELECT count(*), count(DISTINCT a), sum(ALL a), COUNT ( * )",
     "SELECT count(*), count(DISTINCT a), sum(a), COUNT(*)"},
    {"SELECT f(a := 1, b => 2)", "SELECT f(a := 1, b := 2)"},
    {"SELECT left(a, 1), right(a, 2), replace(a, b, c), if(a, b, c), range(3), first(a)", NULL},
    {"SELECT string_agg(a, ',' ORDER BY b DESC NULLS LAST, c), list(DISTINCT a ORDER BY a)", NULL},
    {"SELECT sum(a) FILTER (WHERE b > 1), sum(a) FILTER (b)",
     "SELECT sum(a) FILTER (WHERE b > 1), sum(a) FILTER (WHERE b)"},
    {"SELECT quantile_cont(0.5) WITHIN GROUP (ORDER BY a DESC) FILTER (WHERE b)", NULL},
    {"SELECT EXTRACT(YEAR FROM a), EXTRACT('month' FROM a), extract(epoch from a - b)",
     "SELECT date_part('year', a), date_part('month', a), date_part('epoch', a - b)"},
    {"SELECT SUBSTRING(a FROM 1 FOR 2), SUBSTRING(a FROM 2), SUBSTRING(a FOR 3), substring(a, 1)",
     "SELECT substring(a, 1, 2), substring(a, 2), substring(a, 1, 3), substring(a, 1)"},
    {"SELECT POSITION('a' IN b), OVERLAY(a PLACING b FROM 2 FOR 3), OVERLAY(a PLACING b FROM 2)",
     "SELECT strpos(b, 'a'), overlay(a, b, 2, 3), overlay(a, b, 2)"},
    {"SELECT TRIM(a), TRIM(a, 'x'), TRIM(BOTH 'x' FROM a), TRIM(LEADING FROM a), "
     "TRIM(TRAILING 'x' FROM a), TRIM('x' FROM a)",
     "SELECT trim(a), trim(a, 'x'), trim(a, 'x'), ltrim(a), rtrim(a, 'x'), trim(a, 'x')"},
    {"SELECT a AT TIME ZONE 'UTC', a + b AT TIME ZONE 'UTC'",
     "SELECT timezone('UTC', a), a + timezone('UTC', b)"},
    {"SELECT current_date, CURRENT_TIMESTAMP, localtime, now()",
     "SELECT current_date, current_timestamp, localtime, now()"},
    {"SELECT current_date + 1, current_date()", "SELECT current_date + 1, current_date"},
    {"SELECT coalesce(a, b), nullif(a, b), greatest(a, b), grouping(a)", NULL},
    /* windows */
    {"SELECT rank() OVER (PARTITION BY a, b ORDER BY c DESC)", NULL},
    {"SELECT sum(a) OVER (), sum(sum(a)) OVER (ORDER BY b), sum(a) OVER w, sum(a) OVER (w)",
     "SELECT sum(a) OVER (), sum(sum(a)) OVER (ORDER BY b), sum(a) OVER w, sum(a) OVER w"},
    {"SELECT sum(a) OVER (w ORDER BY b ROWS 1 PRECEDING) FROM t WINDOW w AS (PARTITION BY c)",
     "SELECT sum(a) OVER (w ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t "
     "WINDOW w AS (PARTITION BY c)"},
    {"SELECT sum(a) OVER (ORDER BY b ROWS UNBOUNDED PRECEDING)",
     "SELECT sum(a) OVER (ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"},
    {"SELECT sum(a) OVER (ORDER BY b RANGE BETWEEN INTERVAL '1 day' PRECEDING AND x + 1 FOLLOWING)",
     NULL},
    {"SELECT sum(a) OVER (ORDER BY b GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING "
     "EXCLUDE CURRENT ROW)", NULL},
    {"SELECT sum(a) OVER (ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING EXCLUDE NO OTHERS)",
     "SELECT sum(a) OVER (ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING)"},
    {"SELECT sum(a) OVER (ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING EXCLUDE TIES)", NULL},
    {"SELECT lag(a IGNORE NULLS) OVER w, lag(a) IGNORE NULLS OVER w, lag(a) RESPECT NULLS OVER w",
     "SELECT lag(a IGNORE NULLS) OVER w, lag(a IGNORE NULLS) OVER w, lag(a) OVER w"},
    {"SELECT sum(a) FILTER (WHERE b) OVER (ORDER BY c) FROM t", NULL},
    {"SELECT sum(a) over FROM t", "SELECT sum(a) AS over FROM t"},
    {"SELECT a FROM t QUALIFY row_number() OVER (PARTITION BY a ORDER BY b) = 1", NULL},
    {"SELECT 1 FROM t WINDOW a AS (), b AS (ORDER BY x), QUALIFY 1 = 1",
     "SELECT 1 FROM t WINDOW a AS (), b AS (ORDER BY x) QUALIFY 1 = 1"},
    /* FROM */
    {"SELECT 1 FROM a, b, c", "SELECT 1 FROM a CROSS JOIN b CROSS JOIN c"},
    {"SELECT 1 FROM a AS x, b y", "SELECT 1 FROM a AS x CROSS JOIN b AS y"},
    {"SELECT 1 FROM a x(c1, c2)", "SELECT 1 FROM a AS x (c1, c2)"},
    {"SELECT 1 FROM a, b JOIN c ON x", "SELECT 1 FROM a CROSS JOIN (b JOIN c ON x)"},
    {"SELECT 1 FROM a INNER JOIN b ON x JOIN c USING (y, z)",
     "SELECT 1 FROM a JOIN b ON x JOIN c USING (y, z)"},
    {"SELECT 1 FROM a LEFT OUTER JOIN b ON x RIGHT JOIN c ON y FULL OUTER JOIN d ON z",
     "SELECT 1 FROM a LEFT JOIN b ON x RIGHT JOIN c ON y FULL JOIN d ON z"},
    {"SELECT 1 FROM a CROSS JOIN b NATURAL JOIN c NATURAL LEFT JOIN d POSITIONAL JOIN e", NULL},
    {"SELECT 1 FROM a SEMI JOIN b ON x ANTI JOIN c USING (y) ASOF JOIN d ON z >= w", NULL},
    {"SELECT 1 FROM a LEFT SEMI JOIN b ON x LEFT ANTI JOIN c ON y",
     "SELECT 1 FROM a SEMI JOIN b ON x ANTI JOIN c ON y"},
    {"SELECT 1 FROM a JOIN b JOIN c ON x ON y", "SELECT 1 FROM a JOIN (b JOIN c ON x) ON y"},
    {"SELECT 1 FROM a JOIN (b JOIN c ON x) ON y", NULL},
    {"SELECT 1 FROM (a JOIN b ON x)", "SELECT 1 FROM a JOIN b ON x"},
    {"SELECT 1 FROM ((a)), (b, c)", "SELECT 1 FROM a CROSS JOIN (b CROSS JOIN c)"},
    {"SELECT 1 FROM (a) AS x", "SELECT 1 FROM a AS x"},
    {"SELECT 1 FROM (SELECT 2), (SELECT 3) AS x (a), LATERAL (SELECT a) y",
     "SELECT 1 FROM (SELECT 2) CROSS JOIN (SELECT 3) AS x (a) CROSS JOIN LATERAL (SELECT a) AS y"},
    {"SELECT 1 FROM (VALUES (1, 2), (3, 4)) AS t (a, b)", NULL},
    {"SELECT 1 FROM VALUES (1), (2) t (a)", "SELECT 1 FROM (VALUES (1), (2)) AS t (a)"},
    {"SELECT 1 FROM ((SELECT 1) UNION SELECT 2) x", "SELECT 1 FROM (SELECT 1 UNION SELECT 2) AS x"},
    {"SELECT 1 FROM (FROM t)", "SELECT 1 FROM (SELECT * FROM t)"},
    {"SELECT 1 FROM ((SELECT 1) a JOIN (SELECT 2) b ON x)",
     "SELECT 1 FROM (SELECT 1) AS a JOIN (SELECT 2) AS b ON x"},
    {"SELECT 1 FROM 'dir/*.parquet', 'it''s.csv' AS x",
     "SELECT 1 FROM 'dir/*.parquet' CROSS JOIN 'it''s.csv' AS x"},
    {"SELECT 1 FROM read_csv('x', header = true, columns := ['a'], sep = ';') t",
     "SELECT 1 FROM read_csv('x', header := TRUE, \"columns\" := ['a'], "
     "sep := ';') AS t"},
    {"SELECT 1 FROM range(3) t(i), generate_series(1, 2)",
     "SELECT 1 FROM range(3) AS t (i) CROSS JOIN generate_series(1, 2)"},
    {"SELECT 1 FROM f(a = b, (c = d))", "SELECT 1 FROM f(a := b, (c = d))"},
    {"SELECT 1 FROM main.t, db.main.t x, \"a.b\"",
     "SELECT 1 FROM main.t CROSS JOIN main.t AS x CROSS JOIN \"a.b\""},
    {"SELECT 1 FROM a, b,", "SELECT 1 FROM a CROSS JOIN b"},
    /* GROUP BY, ORDER BY, LIMIT */
    {"SELECT a FROM t GROUP BY a, b + 1, 3 HAVING count(*) > 1", NULL},
    {"SELECT a FROM t GROUP BY ALL", NULL},
    {"SELECT a FROM t GROUP BY ROLLUP (a, (b, c))", NULL},
    {"SELECT a FROM t GROUP BY CUBE (a, b), c", NULL},
    {"SELECT a FROM t GROUP BY x, GROUPING SETS ((a, b), a, ())",
     "SELECT a FROM t GROUP BY x, GROUPING SETS ((a, b), (a), ())"},
    {"SELECT a FROM t GROUP BY ()", "SELECT a FROM t GROUP BY GROUPING SETS (())"},
    {"SELECT a FROM t GROUP BY (a, b), c", "SELECT a FROM t GROUP BY a, b, c"},
    {"SELECT rollup FROM t GROUP BY rollup, (cube(a))",
     "SELECT \"rollup\" FROM t GROUP BY \"rollup\", \"cube\"(a)"},
    {"SELECT a FROM t ORDER BY a ASC, b DESC, c NULLS FIRST, d DESC NULLS LAST, 2",
     "SELECT a FROM t ORDER BY a, b DESC, c NULLS FIRST, d DESC NULLS LAST, 2"},
    {"SELECT a FROM t ORDER BY ALL DESC NULLS FIRST", NULL},
    {"SELECT a FROM t ORDER BY * DESC", "SELECT a FROM t ORDER BY ALL DESC"},
    {"SELECT sum(a) OVER (ROWS BETWEEN 1 FOLLOWING AND CURRENT ROW)", NULL},
    {"SELECT 1 FROM x : t, y : (SELECT 1)", "SELECT 1 FROM t AS x CROSS JOIN (SELECT 1) AS y"},
    {"SELECT a FROM t LIMIT 10 OFFSET 5", NULL},
    {"SELECT a FROM t OFFSET 5 LIMIT 10", "SELECT a FROM t LIMIT 10 OFFSET 5"},
    {"SELECT a FROM t OFFSET 5 ROWS FETCH FIRST 10 ROWS ONLY", "SELECT a FROM t LIMIT 10 OFFSET 5"},
    {"SELECT a FROM t FETCH NEXT ROW ONLY", "SELECT a FROM t LIMIT 1"},
    {"SELECT a FROM t LIMIT ALL", "SELECT a FROM t"},
    {"SELECT a FROM t LIMIT 10%", "SELECT a FROM t LIMIT 10 PERCENT"},
    {"SELECT a FROM t LIMIT 1 + 1 OFFSET (SELECT 1)", NULL},
    {"SELECT a FROM t LIMIT 7 % 4", NULL},
    {"SELECT a FROM t LIMIT (SELECT 5) %;", "SELECT a FROM t LIMIT (SELECT 5) PERCENT"},
    {"SELECT a FROM t LIMIT 7.5 % OFFSET 2", "SELECT a FROM t LIMIT 7.5 PERCENT OFFSET 2"},
    /* VALUES, set operations, WITH */
    {"VALUES (1, 'a'), (2, 'b')", NULL},
    {"VALUES (1), (2) ORDER BY 1 LIMIT 1", NULL},
    {"SELECT 1 UNION SELECT 2 UNION ALL SELECT 3 EXCEPT SELECT 4", NULL},
    {"SELECT 1 UNION SELECT 2 INTERSECT SELECT 3", NULL},
    {"(SELECT 1 UNION SELECT 2) INTERSECT SELECT 3", NULL},
    {"SELECT 1 EXCEPT (SELECT 2 EXCEPT SELECT 3)", NULL},
    {"SELECT 1 UNION (SELECT 2 UNION SELECT 3)", "SELECT 1 UNION SELECT 2 UNION SELECT 3"},
    {"SELECT 1 UNION ALL (SELECT 2 UNION SELECT 3)", NULL},
    {"SELECT 1 UNION ALL BY NAME SELECT 2 UNION BY NAME SELECT 3", NULL},
    {"SELECT 1 INTERSECT ALL SELECT 2 INTERSECT ALL (SELECT 3 INTERSECT SELECT 4)", NULL},
    {"SELECT 1 UNION DISTINCT SELECT 2", "SELECT 1 UNION SELECT 2"},
    {"(SELECT 1 ORDER BY 1) UNION ALL (SELECT 2 LIMIT 1) ORDER BY 1", NULL},
    {"(SELECT 1)", "SELECT 1"},
    {"((SELECT 1)) ORDER BY 1", "SELECT 1 ORDER BY 1"},
    {"(SELECT 1 LIMIT 5) LIMIT 3", "SELECT * FROM (SELECT 1 LIMIT 5) LIMIT 3"},
    {"SELECT ((SELECT 1) UNION (SELECT 2)), (((SELECT 3)))",
     "SELECT (SELECT 1 UNION SELECT 2), (SELECT 3)"},
    {"SELECT ((SELECT 1) + 2)", "SELECT (SELECT 1) + 2"},
    {"SELECT ((SELECT 1) LIMIT 1)", "SELECT (SELECT 1 LIMIT 1)"},
    {"WITH a AS (SELECT 1), b (x, y) AS (SELECT 2, 3) SELECT * FROM a, b",
     "WITH a AS (SELECT 1), b (x, y) AS (SELECT 2, 3) SELECT * FROM a CROSS JOIN b"},
    {"WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) FROM a",
     "WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT * FROM a"},
    {"WITH a AS MATERIALIZED (SELECT 1), b AS NOT MATERIALIZED (SELECT 2) SELECT 1", NULL},
    {"WITH a AS (WITH b AS (SELECT 1) SELECT * FROM b) SELECT * FROM a", NULL},
    {"WITH a AS (SELECT 1) (WITH b AS (SELECT 2) SELECT 3)",
     "WITH a AS (SELECT 1) SELECT * FROM (WITH b AS (SELECT 2) SELECT 3)"},
    {"(WITH a AS (SELECT 1) SELECT 2) UNION SELECT 3", NULL},
    {"WITH a AS (VALUES (1)) TABLE a", "WITH a AS (VALUES (1)) SELECT * FROM a"},
    /* parameters */
    {"SELECT ?, ?", "SELECT $1, $2"},
    {"SELECT $2, ?1, $2", "SELECT $2, $1, $2"},
    {"SELECT $name, :other, $NAME", "SELECT $name, $other, $NAME"},
    {"SELECT a::int, $x::int", "SELECT CAST(a AS INTEGER), CAST($x AS INTEGER)"},
};

static void test_queries_print_canonically(void) {
    tni_text text, again;
    tni_text_init(&text, &memory);
    tni_text_init(&again, &memory);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        const query_case *q = &queries[i];
        const char *wanted = q->canonical != NULL ? q->canonical : q->sql;
        if (!canonical(q->sql, strlen(q->sql), DEPTH, &text) || strcmp(text.data, wanted) != 0) {
            printf("    from     \"%s\"\n", q->sql);
        }
        TNI_CHECK_TEXT(text.data, wanted);
        if (!canonical(wanted, strlen(wanted), DEPTH, &again) ||
            strcmp(again.data, wanted) != 0) {
            printf("    again    \"%s\"\n", wanted);
        }
        TNI_CHECK_TEXT(again.data, wanted);
    }
    tni_text_free(&text);
    tni_text_free(&again);
}

/* ---- errors ---- */

typedef struct error_case {
    const char *sql;
    trueno_status status;
    uint32_t position;
    const char *part; /* of the message */
} error_case;

static const error_case errors[] = {
    {"selct 1", TRUENO_ERROR_SYNTAX, 0, "did you mean SELECT instead of \"selct\"?"},
    {"SELECT a FORM t", TRUENO_ERROR_SYNTAX, 14, "did you mean FROM instead of \"FORM\"?"},
    {"SELECT a FROM t WHER a = 1", TRUENO_ERROR_SYNTAX, 21, "did you mean WHERE"},
    {"SELECT a FROM t GROPU BY a", TRUENO_ERROR_SYNTAX, 22, "did you mean GROUP"},
    {"SELECT a FROM t ODER BY a", TRUENO_ERROR_SYNTAX, 21, "did you mean ORDER"},
    {"SELECT a FROM t GROUP a", TRUENO_ERROR_SYNTAX, 22, "near \"a\", expected BY"},
    {"SELECT", TRUENO_ERROR_SYNTAX, 6, "at end of input, expected an expression"},
    {"SELECT 1 +", TRUENO_ERROR_SYNTAX, 10, "at end of input"},
    {"SELECT (1 + 2", TRUENO_ERROR_SYNTAX, 13, "expected \")\""},
    {"SELECT 1)", TRUENO_ERROR_SYNTAX, 8, "near \")\""},
    {"SELECT FROM t", TRUENO_ERROR_SYNTAX, 7, "near \"FROM\", expected an expression"},
    {"SELECT a b c FROM t", TRUENO_ERROR_SYNTAX, 11, "near \"c\""},
    {"SELECT a,, b", TRUENO_ERROR_SYNTAX, 9, "near \",\""},
    {"SELECT SELECT 1", TRUENO_ERROR_SYNTAX, 7, "subqueries stand in parentheses"},
    {"SELECT * FROM", TRUENO_ERROR_SYNTAX, 13, "expected a table"},
    {"SELECT * FROM t WHERE", TRUENO_ERROR_SYNTAX, 21, "expected an expression"},
    {"SELECT * FROM a JOIN b", TRUENO_ERROR_SYNTAX, 22, "expected ON or USING"},
    {"SELECT * FROM a b c", TRUENO_ERROR_SYNTAX, 18, "near \"c\""},
    {"SELECT * FROM order", TRUENO_ERROR_SYNTAX, 14, "near \"order\""},
    {"SELECT 1; SELECT 2 3", TRUENO_ERROR_SYNTAX, 19, "near \"3\""},
    {"SELECT 1 UNION", TRUENO_ERROR_SYNTAX, 14, "expected a query"},
    {"SELECT 1 ORDER BY 1 UNION SELECT 2", TRUENO_ERROR_SYNTAX, 20, "near \"UNION\""},
    {"SELECT CASE WHEN 1 END", TRUENO_ERROR_SYNTAX, 19, "expected THEN"},
    {"SELECT CASE END", TRUENO_ERROR_SYNTAX, 12, "near \"END\""},
    {"SELECT CAST(a, int)", TRUENO_ERROR_SYNTAX, 13, "expected AS"},
    {"SELECT a IS 1", TRUENO_ERROR_SYNTAX, 12, "expected NULL, TRUE"},
    {"SELECT a BETWEEN 1", TRUENO_ERROR_SYNTAX, 18, "expected AND"},
    {"SELECT a FROM t LIMIT", TRUENO_ERROR_SYNTAX, 21, NULL},
    {"SELECT a FROM t ORDER BY a NULLS", TRUENO_ERROR_SYNTAX, 32, "expected FIRST or LAST"},
    {"SELECT left FROM t", TRUENO_ERROR_SYNTAX, 7, "near \"left\""},
    {"SELECT a.b.c.d.e", TRUENO_ERROR_UNSUPPORTED, 7, "fields of a column"},
    {"SELECT sum(a) OVER (ROWS UNBOUNDED FOLLOWING)", TRUENO_ERROR_SYNTAX, 20, "cannot start"},
    {"SELECT sum(a) OVER (ROWS BETWEEN 1 PRECEDING AND UNBOUNDED PRECEDING)",
     TRUENO_ERROR_SYNTAX, 20, "cannot end"},
    {"SELECT sum(a) OVER (ROWS 1)", TRUENO_ERROR_SYNTAX, 26, "PRECEDING or FOLLOWING"},
    /* the lexer's */
    {"SELECT 'abc", TRUENO_ERROR_SYNTAX, 7, "unterminated string"},
    {"SELECT \"abc", TRUENO_ERROR_SYNTAX, 7, "unterminated quoted identifier"},
    {"SELECT \"\"", TRUENO_ERROR_SYNTAX, 7, "must not be empty"},
    {"SELECT 1 /* /* */", TRUENO_ERROR_SYNTAX, 9, "unterminated comment"},
    {"SELECT $$abc$", TRUENO_ERROR_SYNTAX, 7, "unterminated dollar-quoted"},
    {"SELECT 1a", TRUENO_ERROR_SYNTAX, 7, "malformed number"},
    {"SELECT 1__0", TRUENO_ERROR_SYNTAX, 7, "malformed number"},
    {"SELECT 0x", TRUENO_ERROR_SYNTAX, 7, "malformed number"},
    {"SELECT 0b12", TRUENO_ERROR_SYNTAX, 7, "malformed number"},
    {"SELECT 1e400", TRUENO_ERROR_OUT_OF_RANGE, 7, "out of range for DOUBLE"},
    {"SELECT 0xffffffffffffffffffffffffffffffffff", TRUENO_ERROR_OUT_OF_RANGE, 7, "HUGEINT"},
    {"SELECT `a`", TRUENO_ERROR_SYNTAX, 7, "double quotes"},
    {"SELECT \xe2\x80\x9c" "a\xe2\x80\x9d", TRUENO_ERROR_SYNTAX, 7, "typographic quote"},
    {"SELECT a\\b", TRUENO_ERROR_SYNTAX, 8, "unexpected character"},
    {"SELECT E'\\u12'", TRUENO_ERROR_SYNTAX, 9, "escape sequence"},
    {"SELECT E'\\xff'", TRUENO_ERROR_SYNTAX, 7, "invalid UTF-8"},
    {"SELECT x'abc'", TRUENO_ERROR_SYNTAX, 7, "hexadecimal"},
    {"SELECT b'01'", TRUENO_ERROR_UNSUPPORTED, 7, "bit strings"},
    {"SELECT U&'a'", TRUENO_ERROR_UNSUPPORTED, 7, "unicode strings"},
    {"SELECT '\xff'", TRUENO_ERROR_SYNTAX, 8, "not valid UTF-8"},
    {"SELECT $0", TRUENO_ERROR_SYNTAX, 7, "numbered from 1"},
    {"SELECT $99999999999", TRUENO_ERROR_SYNTAX, 7, "numbered from 1"},
    {"SELECT ?, $1", TRUENO_ERROR_SYNTAX, 10, "not several kinds"},
    {"SELECT INTERVAL 'foo'", TRUENO_ERROR_CONVERSION, 7, "is not an interval"},
    {"SELECT INTERVAL 3", TRUENO_ERROR_SYNTAX, 17, "expected a unit"},
    {"SELECT CAST(a AS foo)", TRUENO_ERROR_CATALOG, 17, "type \"foo\" does not exist"},
    {"SELECT a::DECIMAL(39)", TRUENO_ERROR_SYNTAX, 18, "at most 38"},
    {"SELECT a::DECIMAL(5, 6)", TRUENO_ERROR_SYNTAX, 18, "scale <= precision"},
    {"SELECT a::INTEGER(3)", TRUENO_ERROR_SYNTAX, 18, "no arguments"},
    /* refused by name */
    {"SELECT a::UUID", TRUENO_ERROR_UNSUPPORTED, 10, "type uuid"},
    {"SELECT a::INTEGER[]", TRUENO_ERROR_UNSUPPORTED, 17, "list types"},
    {"SELECT a::STRUCT(x INTEGER)", TRUENO_ERROR_UNSUPPORTED, 10, "type struct"},
    {"SELECT a[1:2:3]", TRUENO_ERROR_UNSUPPORTED, 12, "slices with a step"},
    {"SELECT a[1", TRUENO_ERROR_SYNTAX, 10, NULL},
    {"SELECT {'a' 1}", TRUENO_ERROR_SYNTAX, 12, NULL},
    {"SELECT MAP {'a': 1}", TRUENO_ERROR_UNSUPPORTED, 7, "MAP"},
    {"SELECT list_transform([1], x -> x + 1)", TRUENO_ERROR_UNSUPPORTED, 29, "lambda"},
    {"SELECT [x FOR x IN [1]]", TRUENO_ERROR_UNSUPPORTED, 7, "list comprehensions"},
    {"SELECT (a).b", TRUENO_ERROR_UNSUPPORTED, 10, "fields of a value"},
    {"SELECT a.f(1)", TRUENO_ERROR_UNSUPPORTED, 7, "column.function()"},
    {"SELECT a COLLATE nocase", TRUENO_ERROR_UNSUPPORTED, 9, "COLLATE"},
    {"SELECT a BETWEEN SYMMETRIC 1 AND 2", TRUENO_ERROR_UNSUPPORTED, 17, "BETWEEN SYMMETRIC"},
    {"SELECT a @> b", TRUENO_ERROR_UNSUPPORTED, 9, "operator @>"},
    {"SELECT a LIKE ANY ('x')", TRUENO_ERROR_UNSUPPORTED, 14, "LIKE ANY"},
    {"SELECT INTERVAL '1' YEAR TO MONTH", TRUENO_ERROR_UNSUPPORTED, 25, "INTERVAL"},
    {"SELECT a INTO b FROM t", TRUENO_ERROR_UNSUPPORTED, 9, "SELECT INTO"},
    {"SELECT a FROM t LIMIT 1, 2", TRUENO_ERROR_UNSUPPORTED, 23, "LIMIT offset, count"},
    {"SELECT a FROM t TABLESAMPLE 10%", TRUENO_ERROR_UNSUPPORTED, 16, "TABLESAMPLE"},
    {"SELECT a FROM t USING SAMPLE 10%", TRUENO_ERROR_UNSUPPORTED, 16, "USING SAMPLE"},
    {"SELECT a FROM y: (a JOIN b ON x)", TRUENO_ERROR_UNSUPPORTED, 32, "parenthesised join"},
    {"SELECT a FROM (a JOIN b ON x) AS y", TRUENO_ERROR_UNSUPPORTED, 30, "parenthesised join"},
    {"PIVOT t ON a", TRUENO_ERROR_UNSUPPORTED, 0, "PIVOT"},
    {"FROM t PIVOT (sum(a) FOR b IN (1))", TRUENO_ERROR_UNSUPPORTED, 7, "PIVOT"},
    {"WITH a AS (SELECT 1) DELETE FROM t", TRUENO_ERROR_UNSUPPORTED, 21, "with WITH"},
    {"WITH a AS (DELETE FROM t) SELECT 1", TRUENO_ERROR_UNSUPPORTED, 11, "with WITH"},
    {"SELECT #1", TRUENO_ERROR_UNSUPPORTED, 7, "references by position"},
    {"SELECT f(1).x", TRUENO_ERROR_UNSUPPORTED, 11, "fields of a value"},
    {"SELECT a::UNION(x INT)", TRUENO_ERROR_UNSUPPORTED, 10, "type union"},
    {"SELECT * LIKE 'a%' FROM t", TRUENO_ERROR_UNSUPPORTED, 9, "* LIKE"},
    {"SELECT * FROM (DESCRIBE t)", TRUENO_ERROR_UNSUPPORTED, 15, "DESCRIBE"},
    {"BEGIN TRANSACTION READ ONLY", TRUENO_ERROR_UNSUPPORTED, 18, "transaction modes"},
    {"SELECT COLUMNS(['a']) FROM t", TRUENO_ERROR_UNSUPPORTED, 15, "COLUMNS of"},
    {"ATTACH 'x' AS y", TRUENO_ERROR_UNSUPPORTED, 0, "ATTACH"},
    {"SELECT 1; USE x", TRUENO_ERROR_UNSUPPORTED, 10, "USE"},
    {"CALL f()", TRUENO_ERROR_UNSUPPORTED, 0, "CALL"},
    {"VACUUM", TRUENO_ERROR_UNSUPPORTED, 0, "VACUUM"},
    {"ANALYZE t", TRUENO_ERROR_UNSUPPORTED, 0, "ANALYZE"},
    {"CHECKPOINT", TRUENO_ERROR_UNSUPPORTED, 0, "CHECKPOINT"},
    {"INSTALL x", TRUENO_ERROR_UNSUPPORTED, 0, "INSTALL"},
    {"MERGE INTO t USING s", TRUENO_ERROR_UNSUPPORTED, 0, "MERGE"},
    {"CREATE SCHEMA s", TRUENO_ERROR_UNSUPPORTED, 7, "CREATE SCHEMA"},
    {"CREATE MACRO f(a) AS a", TRUENO_ERROR_UNSUPPORTED, 7, "CREATE MACRO"},
    {"DROP SCHEMA s", TRUENO_ERROR_UNSUPPORTED, 5, "DROP of anything but"},
    {"DROP TABLE a, b", TRUENO_ERROR_UNSUPPORTED, 12, "several objects"},
    {"CREATE TABLE t (a INT REFERENCES s (b))", TRUENO_ERROR_UNSUPPORTED, 22, "FOREIGN KEY"},
    {"CREATE TABLE t (a INT GENERATED ALWAYS AS (1))", TRUENO_ERROR_UNSUPPORTED, 22, "generated"},
    {"CREATE TABLE t (a INT, PRIMARY KEY (b))", TRUENO_ERROR_BINDER, 36, "no column \"b\""},
    {"CREATE TABLE t (a, b)", TRUENO_ERROR_SYNTAX, 21, "a type behind each column"},
    {"INSERT OR REPLACE INTO t VALUES (1)", TRUENO_ERROR_UNSUPPORTED, 7, "INSERT OR"},
    {"INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", TRUENO_ERROR_UNSUPPORTED, 25, "CONFLICT"},
    {"INSERT INTO t VALUES (1) RETURNING a", TRUENO_ERROR_UNSUPPORTED, 25, "RETURNING"},
    {"UPDATE t SET (a, b) = (1, 2)", TRUENO_ERROR_UNSUPPORTED, 13, "SET (a, b)"},
    {"UPDATE t a = 1", TRUENO_ERROR_SYNTAX, 11, "expected SET"},
    {"COPY t TO x", TRUENO_ERROR_SYNTAX, 10, "file name in single quotes"},
    {"COPY (SELECT 1) FROM 'x'", TRUENO_ERROR_SYNTAX, 16, "expected TO"},
    {"SET VARIABLE a = 1", TRUENO_ERROR_UNSUPPORTED, 4, "SET VARIABLE"},
    {"SET a 1", TRUENO_ERROR_SYNTAX, 6, "expected = or TO"},
};

static void test_errors_name_the_place_and_the_cure(void) {
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        const error_case *e = &errors[i];
        parsed p;
        parse_begin(&p, e->sql, strlen(e->sql), DEPTH);
        if (p.status != e->status || p.error.position != e->position ||
            (e->part != NULL && strstr(p.error.message, e->part) == NULL)) {
            printf("    \"%s\": %s @%u\n", e->sql, p.error.message, (unsigned)p.error.position);
        }
        TNI_CHECK_EQ_INT(p.status, e->status);
        TNI_CHECK_EQ_UINT(p.error.position, e->position);
        TNI_CHECK(e->part == NULL || strstr(p.error.message, e->part) != NULL);
        TNI_CHECK(p.list == NULL);
        parse_end(&p);
    }
}

/* ---- statements ---- */

static tni_ast_statement *parse_one(parsed *p, const char *sql) {
    parse_begin(p, sql, strlen(sql), DEPTH);
    if (!TNI_CHECK(p->status == TRUENO_OK && p->list != NULL && p->list->next == NULL)) {
        printf("    \"%s\": %s\n", sql, p->error.message);
        return NULL;
    }
    return p->list;
}

static void test_create_table(void) {
    parsed p;
    tni_ast_statement *s = parse_one(
        &p, "CREATE OR REPLACE TEMP TABLE IF NOT EXISTS s.t (a INTEGER NOT NULL DEFAULT 1 + 2 "
            "CHECK (a > 0), b DECIMAL(10, 2) UNIQUE, CONSTRAINT k PRIMARY KEY (a), c VARCHAR(5) "
            "NULL DEFAULT 'x' NOT NULL, UNIQUE (a, b), CHECK (a < 5),)");
    if (s != NULL) {
        tni_ast_column_definition *a = s->definitions, *b = a->next, *c = b->next;
        TNI_CHECK_EQ_INT(s->kind, TNI_STATEMENT_CREATE_TABLE);
        TNI_CHECK(s->or_replace && s->temporary && s->if_not_exists && s->query == NULL);
        TNI_CHECK_TEXT(s->name, "t");
        TNI_CHECK_EQ_UINT(s->name_position, 43);
        TNI_CHECK(a->not_null && a->primary_key && !a->unique);
        TNI_CHECK(a->default_value != NULL && a->default_value->kind == TNI_AST_BINARY);
        TNI_CHECK(a->check != NULL && a->check->kind == TNI_AST_BINARY);
        TNI_CHECK(b->unique && !b->not_null);
        TNI_CHECK(tni_type_equal(b->type.type, tni_type_decimal(10, 2)));
        TNI_CHECK(c->not_null && c->default_value->kind == TNI_AST_STRING && c->next == NULL);
        TNI_CHECK(s->keys != NULL && !s->keys->primary && s->keys->next == NULL);
        TNI_CHECK(s->checks != NULL);
    }
    parse_end(&p);
    s = parse_one(&p, "create table t (a, b) as select 1, 2 with data");
    if (s != NULL) {
        TNI_CHECK(s->query != NULL && s->definitions == NULL);
        TNI_CHECK_TEXT(s->columns->next->name, "b");
    }
    parse_end(&p);
}

static void test_view_index_drop(void) {
    parsed p;
    tni_ast_statement *s = parse_one(&p, "CREATE OR REPLACE VIEW v (a) AS SELECT 1");
    if (s != NULL) {
        TNI_CHECK_EQ_INT(s->kind, TNI_STATEMENT_CREATE_VIEW);
        TNI_CHECK(s->is_view && s->or_replace && s->query != NULL && s->columns != NULL);
    }
    parse_end(&p);
    s = parse_one(&p, "CREATE UNIQUE INDEX IF NOT EXISTS i ON t USING art (a, lower(b) DESC)");
    if (s != NULL) {
        TNI_CHECK_EQ_INT(s->kind, TNI_STATEMENT_CREATE_INDEX);
        TNI_CHECK_TEXT(s->name, "t");
    }
    parse_end(&p);
    s = parse_one(&p, "DROP VIEW IF EXISTS v CASCADE;");
    if (s != NULL) {
        TNI_CHECK_EQ_INT(s->kind, TNI_STATEMENT_DROP);
        TNI_CHECK(s->is_view && !s->is_index && s->if_exists);
        TNI_CHECK_EQ_UINT(s->position, 0);
        TNI_CHECK_EQ_UINT(s->end, 29);
    }
    parse_end(&p);
}

static void test_insert_update_delete(void) {
    parsed p;
    tni_ast_statement *s =
        parse_one(&p, "INSERT INTO t (a, b) VALUES (1, DEFAULT), (2, 'x')");
    if (s != NULL) {
        TNI_CHECK_EQ_INT(s->kind, TNI_STATEMENT_INSERT);
        TNI_CHECK_EQ_INT(s->query->kind, TNI_QUERY_VALUES);
        TNI_CHECK_EQ_INT(s->query->rows->arguments->next->kind, TNI_AST_DEFAULT);
        TNI_CHECK_EQ_UINT(s->query->rows->next->argument_count, 2);
        TNI_CHECK_TEXT(s->columns->name, "a");
    }
    parse_end(&p);
    s = parse_one(&p, "INSERT INTO t BY NAME SELECT 1 AS a");
    TNI_CHECK(s != NULL && s->by_name && s->query != NULL);
    parse_end(&p);
    s = parse_one(&p, "INSERT INTO t DEFAULT VALUES");
    TNI_CHECK(s != NULL && s->default_values && s->query == NULL);
    parse_end(&p);
    s = parse_one(&p, "INSERT INTO t (VALUES (1), (2))");
    TNI_CHECK(s != NULL && s->columns == NULL && s->query != NULL);
    parse_end(&p);
    s = parse_one(&p, "INSERT INTO t (SELECT 1)");
    TNI_CHECK(s != NULL && s->columns == NULL && s->query != NULL);
    parse_end(&p);
    s = parse_one(&p, "UPDATE t AS x SET a = 1, x.b = a + 1 FROM u WHERE c");
    if (s != NULL) {
        TNI_CHECK_EQ_INT(s->kind, TNI_STATEMENT_UPDATE);
        TNI_CHECK_TEXT(s->assignments->alias, "a");
        TNI_CHECK_TEXT(s->assignments->next->alias, "b");
        TNI_CHECK(s->where != NULL && s->from != NULL);
        TNI_CHECK_TEXT(s->alias, "x");
    }
    parse_end(&p);
    s = parse_one(&p, "DELETE FROM t WHERE a = 1");
    TNI_CHECK(s != NULL && s->kind == TNI_STATEMENT_DELETE && s->where != NULL);
    parse_end(&p);
    s = parse_one(&p, "TRUNCATE TABLE t");
    TNI_CHECK(s != NULL && s->kind == TNI_STATEMENT_TRUNCATE);
    parse_end(&p);
    s = parse_one(&p, "ALTER TABLE IF EXISTS t ADD COLUMN a (((");
    TNI_CHECK(s != NULL && s->kind == TNI_STATEMENT_ALTER && strcmp(s->name, "t") == 0);
    parse_end(&p);
}

static const tni_ast_expression *option(const tni_ast_statement *s, const char *name) {
    const tni_ast_expression *e = s != NULL ? s->options : NULL;
    while (e != NULL && (e->alias == NULL || !tni_name_equal(e->alias, name))) {
        e = e->next;
    }
    return e;
}

static void test_copy_options_of_both_spellings(void) {
    static const char *const texts[] = {
        "COPY t (a, b) TO 'x.csv' (FORMAT csv, HEADER, DELIMITER '|', PARTITION_BY (a, b))",
        "COPY t (a, b) TO 'x.csv' WITH (FORMAT 'csv', HEADER true, DELIMITER = '|')",
        "COPY t (a, b) TO 'x.csv' WITH CSV HEADER DELIMITER AS '|'",
        "COPY t (a, b) TO 'x.csv' CSV HEADER DELIMITER '|'",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        parsed p;
        tni_ast_statement *s = parse_one(&p, texts[i]);
        const tni_ast_expression *format = option(s, "format"), *header = option(s, "header");
        const tni_ast_expression *delimiter = option(s, "delimiter");
        if (TNI_CHECK(s != NULL && format != NULL && header != NULL && delimiter != NULL)) {
            TNI_CHECK_EQ_INT(s->kind, TNI_STATEMENT_COPY_TO);
            TNI_CHECK_TEXT(s->path, "x.csv");
            TNI_CHECK(tni_name_equal(format->text, "csv"));
            TNI_CHECK(header->kind == TNI_AST_BOOLEAN && header->value.integer == 1);
            TNI_CHECK_TEXT(delimiter->text, "|");
        }
        parse_end(&p);
    }
}

typedef struct statement_case {
    const char *sql;
    tni_ast_statement_kind kind;
    const char *name;
} statement_case;

static const statement_case statements[] = {
    {"COPY (SELECT 1) TO 'x'", TNI_STATEMENT_COPY_TO, NULL},
    {"COPY t FROM 'x'", TNI_STATEMENT_COPY_FROM, "t"},
    {"DESCRIBE t", TNI_STATEMENT_DESCRIBE, "t"},
    {"DESC 'x.parquet'", TNI_STATEMENT_DESCRIBE, "x.parquet"},
    {"DESCRIBE SELECT 1", TNI_STATEMENT_DESCRIBE, NULL},
    {"DESCRIBE", TNI_STATEMENT_SHOW_TABLES, NULL},
    {"SHOW TABLES", TNI_STATEMENT_SHOW_TABLES, NULL},
    {"SHOW ALL TABLES", TNI_STATEMENT_SHOW_TABLES, NULL},
    {"SHOW ALL", TNI_STATEMENT_SHOW, "ALL"},
    {"SHOW threads", TNI_STATEMENT_SHOW, "threads"},
    {"SUMMARIZE t", TNI_STATEMENT_SUMMARIZE, "t"},
    {"SUMMARIZE 'x.csv'", TNI_STATEMENT_SUMMARIZE, "x.csv"},
    {"SUMMARIZE FROM t", TNI_STATEMENT_SUMMARIZE, NULL},
    {"EXPLAIN SELECT 1", TNI_STATEMENT_EXPLAIN, NULL},
    {"EXPLAIN ANALYZE INSERT INTO t VALUES (1)", TNI_STATEMENT_EXPLAIN, NULL},
    {"EXPLAIN (FORMAT json) SELECT 1", TNI_STATEMENT_EXPLAIN, NULL},
    {"EXPLAIN (SELECT 1)", TNI_STATEMENT_EXPLAIN, NULL},
    {"SET threads = 4", TNI_STATEMENT_SET, "threads"},
    {"SET SESSION threads TO 4", TNI_STATEMENT_SET, "threads"},
    {"SET a.b = on", TNI_STATEMENT_SET, "b"},
    {"SET TIME ZONE 'UTC'", TNI_STATEMENT_SET, "timezone"},
    {"SET session = 1", TNI_STATEMENT_SET, "session"},
    {"RESET threads", TNI_STATEMENT_SET, "threads"},
    {"PRAGMA enable_profiling", TNI_STATEMENT_SET, "enable_profiling"},
    {"PRAGMA threads = 4", TNI_STATEMENT_SET, "threads"},
    {"PRAGMA table_info('t')", TNI_STATEMENT_SET, "table_info"},
    {"BEGIN TRANSACTION", TNI_STATEMENT_TRANSACTION, "BEGIN"},
    {"START TRANSACTION", TNI_STATEMENT_TRANSACTION, "BEGIN"},
    {"COMMIT", TNI_STATEMENT_TRANSACTION, "COMMIT"},
    {"END", TNI_STATEMENT_TRANSACTION, "COMMIT"},
    {"ROLLBACK WORK", TNI_STATEMENT_TRANSACTION, "ROLLBACK"},
    {"PREPARE q AS SELECT $1", TNI_STATEMENT_PREPARE, "q"},
    {"PREPARE q (int, text) AS INSERT INTO t VALUES (?, ?)", TNI_STATEMENT_PREPARE, "q"},
    {"EXECUTE q", TNI_STATEMENT_EXECUTE, "q"},
    {"EXECUTE q (1, 'x')", TNI_STATEMENT_EXECUTE, "q"},
    {"DEALLOCATE PREPARE q", TNI_STATEMENT_DEALLOCATE, "q"},
    {"DEALLOCATE q", TNI_STATEMENT_DEALLOCATE, "q"},
    {"DEALLOCATE ALL", TNI_STATEMENT_DEALLOCATE, NULL},
    {"DROP INDEX i", TNI_STATEMENT_DROP, "i"},
};

static void test_other_statements(void) {
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        parsed p;
        tni_ast_statement *s = parse_one(&p, statements[i].sql);
        if (s != NULL && (!TNI_CHECK(s->kind == statements[i].kind) ||
                          !TNI_CHECK_TEXT(s->name, statements[i].name))) {
            printf("    \"%s\"\n", statements[i].sql);
        }
        parse_end(&p);
    }
}

static void test_several_statements_keep_their_extents(void) {
    parsed p;
    const char *sql = ";; SELECT $a, $b, $a ;\n SELECT ? ; SELECT 3 -- end\n;";
    parse_begin(&p, sql, strlen(sql), DEPTH);
    if (TNI_CHECK(p.status == TRUENO_OK && p.list != NULL && p.list->next != NULL)) {
        tni_ast_statement *a = p.list, *b = a->next, *c = b->next;
        TNI_CHECK_EQ_UINT(a->position, 3);
        TNI_CHECK_EQ_UINT(a->end, 20);
        TNI_CHECK_EQ_UINT(a->parameter_count, 2);
        TNI_CHECK_TEXT(a->parameters->next->name, "b");
        TNI_CHECK_EQ_UINT(b->parameter_count, 1);
        TNI_CHECK(c != NULL && c->next == NULL && c->parameter_count == 0);
        TNI_CHECK_EQ_UINT(c->end - c->position, 8);
    }
    parse_end(&p);
    parse_begin(&p, " ; -- nothing", 13, DEPTH);
    TNI_CHECK(p.status == TRUENO_OK && p.list == NULL);
    parse_end(&p);
}

static void test_expressions_keep_their_extents(void) {
    parsed p;
    const char *sql = "SELECT (a + b) * c, f( x ) AS y, 'x'";
    tni_ast_statement *s = parse_one(&p, sql);
    if (s != NULL) {
        tni_ast_expression *a = s->query->items, *f = a->next;
        TNI_CHECK_EQ_UINT(a->position, 7);
        TNI_CHECK_EQ_UINT(a->end, 18);
        TNI_CHECK_EQ_UINT(a->left->position, 8);
        TNI_CHECK_EQ_UINT(a->left->end, 13);
        TNI_CHECK(a->left->parenthesised && !a->parenthesised);
        TNI_CHECK_EQ_UINT(f->position, 20);
        TNI_CHECK_EQ_UINT(f->end, 26);
    }
    parse_end(&p);
}

/* ---- small entry points ---- */

static void test_complete_statements(void) {
    static const char *const complete[] = {"SELECT 1;", "SELECT ';' ; -- done", ";", "a;/* ; */ "};
    static const char *const incomplete[] = {"",         "SELECT 1", "SELECT ';",  "SELECT \";",
                                             "$$ ; ",    "/* ; ",    "SELECT 1; x", "-- ;",
                                             "$a$ ; $b$;"};
    for (size_t i = 0; i < sizeof complete / sizeof complete[0]; i++) {
        TNI_CHECK(tni_statement_complete(complete[i], strlen(complete[i])));
    }
    for (size_t i = 0; i < sizeof incomplete / sizeof incomplete[0]; i++) {
        TNI_CHECK(!tni_statement_complete(incomplete[i], strlen(incomplete[i])));
    }
}

static void test_keywords_are_sorted_and_found(void) {
    uint32_t count = 0;
    for (; tni_keyword_at(count) != NULL; count++) {
        const char *word = tni_keyword_at(count);
        TNI_CHECK(count == 0 || strcmp(tni_keyword_at(count - 1), word) < 0);
        TNI_CHECK_TEXT(tni_word_text(tni_word_find(word, strlen(word))), word);
    }
    TNI_CHECK_EQ_UINT(count, TNI_WORD_COUNT - 1);
    TNI_CHECK(tni_word_find("selects", 7) == TNI_WORD_NONE);
    TNI_CHECK(tni_word_find("", 0) == TNI_WORD_NONE);
}

static void test_symbols_come_before_their_prefixes(void) {
    for (uint32_t i = TNI_SYMBOL_FIRST; i < TNI_SYMBOL_AFTER; i++) {
        tni_lexer lexer;
        tni_token token;
        lexer.text = tni_symbol_text(i);
        lexer.length = (uint32_t)strlen(lexer.text);
        lexer.offset = 0;
        token = tni_lexer_next(&lexer);
        TNI_CHECK_EQ_UINT(token.id, i);
        TNI_CHECK_EQ_UINT(token.end, lexer.length);
    }
}

static void test_types_by_text(void) {
    static const struct {
        const char *text, *printed;
    } cases[] = {
        {"decimal(15,2)", "DECIMAL(15,2)"},
        {" Numeric ( 7 ) ", "DECIMAL(7,0)"},
        {"timestamp with time zone", "TIMESTAMP WITH TIME ZONE"},
        {"timestamp(0)", "TIMESTAMP_S"},
        {"timestamp(9) without time zone", "TIMESTAMP_NS"},
        {"character varying (10)", "VARCHAR"},
        {"double precision", "DOUBLE"},
        {"float(53)", "DOUBLE"},
        {"\"int\"", "INTEGER"},
        {"interval day", "INTERVAL"},
    };
    tni_type type;
    tni_error error;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[40];
        tni_error_clear(&error);
        TNI_CHECK_EQ_INT(tni_parse_type(cases[i].text, strlen(cases[i].text), &type, &error),
                         TRUENO_OK);
        tni_type_print(type, name);
        TNI_CHECK_TEXT(name, cases[i].printed);
    }
    tni_error_clear(&error);
    TNI_CHECK_EQ_INT(tni_parse_type("integer x", 9, &type, &error), TRUENO_ERROR_SYNTAX);
    tni_error_clear(&error);
    TNI_CHECK_EQ_INT(tni_parse_type("", 0, &type, &error), TRUENO_ERROR_SYNTAX);
    tni_error_clear(&error);
    TNI_CHECK_EQ_INT(tni_parse_type("uuid", 4, &type, &error), TRUENO_ERROR_UNSUPPORTED);
    TNI_CHECK_EQ_INT(tni_parse_type("nothing", 7, &type, NULL), TRUENO_ERROR_CATALOG);
}

/* ---- depth ---- */

/* head, then `count` times `open`, `middle`, `count` times `close`. Caller frees. */
static char *repeat(const char *head, const char *open, const char *middle, const char *close,
                    size_t count, size_t *length) {
    size_t h = strlen(head), o = strlen(open), m = strlen(middle), c = strlen(close);
    char *text = (char *)malloc(h + count * (o + c) + m + 1), *at = text;
    memcpy(at, head, h);
    at += h;
    for (size_t i = 0; i < count; i++, at += o) {
        memcpy(at, open, o);
    }
    memcpy(at, middle, m);
    at += m;
    for (size_t i = 0; i < count; i++, at += c) {
        memcpy(at, close, c);
    }
    *at = '\0';
    *length = (size_t)(at - text);
    return text;
}

typedef struct depth_case {
    const char *head, *open, *middle, *close;
} depth_case;

static const depth_case depth_cases[] = {
    {"SELECT ", "(", "1", ")"},
    {"SELECT ", "1 + (", "1", ")"},
    {"SELECT ", "NOT ", "a", ""},
    {"SELECT ", "- ", "a", ""},
    {"SELECT ", "~ ", "a", ""},
    {"SELECT ", "CASE WHEN 1 THEN ", "1", " END"},
    {"SELECT ", "CASE ", "1", " WHEN 1 THEN 2 END"},
    {"SELECT ", "f(", "1", ")"},
    {"SELECT ", "f(a := ", "1", ")"},
    {"SELECT ", "substring(", "1", " FROM 1)"},
    {"SELECT ", "trim(", "1", ")"},
    {"SELECT ", "CAST(", "1", " AS INT)"},
    {"SELECT ", "INTERVAL (", "1", ") DAY"},
    {"SELECT ", "[", "1", "]"},
    {"SELECT ", "ROW(", "1", ")"},
    {"SELECT ", "(1, ", "1", ")"},
    {"SELECT ", "(SELECT ", "1", ")"},
    {"SELECT ", "EXISTS (SELECT ", "1", ")"},
    {"SELECT ", "a IN (", "1", ")"},
    {"SELECT ", "a IN (SELECT ", "1", ")"},
    {"SELECT ", "a = ANY (SELECT ", "1", ")"},
    {"SELECT ", "a BETWEEN ", "1", " AND 2"},
    {"SELECT ", "a LIKE (", "1", ")"},
    {"SELECT ", "f() OVER (ORDER BY ", "1", ")"},
    {"SELECT ", "f() FILTER (WHERE ", "1", ")"},
    {"SELECT ", "* REPLACE (", "1", " AS a)"},
    {"", "SELECT * FROM (", "SELECT 1", ")"},
    {"SELECT * FROM ", "(", "t", ")"},
    {"SELECT * FROM ", "(t CROSS JOIN ", "t", ")"},
    {"SELECT * FROM ", "a JOIN ", "t", " ON 1"},
    {"SELECT * FROM t JOIN u ON ", "(SELECT ", "1", ")"},
    {"", "(", "SELECT 1", ")"},
    {"", "(", "SELECT 1", " UNION SELECT 2)"},
    {"", "WITH a AS (", "SELECT 1", ") SELECT 2"},
    {"SELECT * FROM f(", "f(", "1", ")"},
    {"VALUES ", "((VALUES ", "(1)", "))"},
    {"", "EXPLAIN ", "SELECT 1", ""},
    {"", "PREPARE a AS ", "SELECT 1", ""},
    {"COPY t TO 'x' (a ", "(", "1", ")"},
    {"INSERT INTO t ", "(", "SELECT 1", ")"},
    {"CREATE TABLE t (a INT CHECK (", "(", "1", ")"},
    {"SELECT 1 GROUP BY GROUPING SETS (", "(", "1", ")"},
    {"SELECT ", "", "1", " + 1"},
    {"SELECT ", "", "1", "::INT"},
    {"SELECT ", "", "a", "[1]"},
    {"SELECT ", "a[", "1", "]"},
    {"SELECT ", "{a: ", "1", "}"},
    {"SELECT ", "", "1", " IS NULL"},
    {"SELECT ", "", "1", " EXCEPT SELECT 1"},
    {"SELECT * FROM ", "", "t", ", t"},
    {"SELECT * FROM ", "", "t", " NATURAL JOIN t"},
};

/* Both a bomb and the deepest text that still passes are parsed (and printed) on this stack. */
static void run_depth_cases(void) {
    tni_text text;
    tni_text_init(&text, &memory);
    for (size_t i = 0; i < sizeof depth_cases / sizeof depth_cases[0]; i++) {
        const depth_case *d = &depth_cases[i];
        size_t length, low = 1, high = 1200;
        parsed p;
        char *sql = repeat(d->head, d->open, d->middle, d->close, 100000, &length);
        parse_begin(&p, sql, length, DEPTH);
        if (!TNI_CHECK(p.status == TRUENO_ERROR_LIMIT || p.status == TRUENO_ERROR_SYNTAX)) {
            printf("    %s%s: %s\n", d->head, d->open, p.error.message);
        }
        parse_end(&p);
        free(sql);
        while (high - low > 1) { /* the deepest that is no LIMIT */
            size_t middle = (low + high) / 2;
            sql = repeat(d->head, d->open, d->middle, d->close, middle, &length);
            (void)canonical(sql, length, DEPTH, &text);
            if (text.length > 0 && strstr(text.data, "nests deeper than 1000 levels") != NULL) {
                high = middle;
            } else {
                low = middle;
            }
            free(sql);
        }
        if (!TNI_CHECK(low >= 60)) {
            printf("    %s%s passes only %lu levels\n", d->head, d->open, (unsigned long)low);
        }
    }
    tni_text_free(&text);
}

#if !defined(_WIN32)
static void *depth_thread(void *unused) {
    (void)unused;
    run_depth_cases();
    return NULL;
}
#endif

/* 256 KiB at the limits' defaults; instrumented and unoptimised code needs more. */
static void test_depth_bombs_on_a_small_stack(void) {
#if !defined(_WIN32)
    pthread_attr_t attributes;
    pthread_t thread;
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    size_t stack = 256 * 1024;
#else
    size_t stack = 2048 * 1024;
#endif
    TNI_CHECK(pthread_attr_init(&attributes) == 0);
    TNI_CHECK(pthread_attr_setstacksize(&attributes, stack) == 0);
    if (TNI_CHECK(pthread_create(&thread, &attributes, depth_thread, NULL) == 0)) {
        pthread_join(thread, NULL);
    }
    pthread_attr_destroy(&attributes);
#else
    run_depth_cases();
#endif
}

static void test_long_chains_of_and_or_union_stay_shallow(void) {
    static const struct {
        const char *head, *again, *tail;
    } chains[] = {
        {"SELECT a = 1", " AND b = 2", ""},
        {"SELECT a = 1", " OR b = 2", ""},
        {"SELECT 1", " UNION ALL SELECT 1", ""},
        {"SELECT 1", " UNION SELECT 1", ""},
        {"SELECT a IN (1", ", 2", ")"},
        {"VALUES (1)", ", (2)", ""},
        {"SELECT 1", ", 2", ""},
        {"SELECT CASE WHEN 1 THEN 1", " WHEN 2 THEN 2", " END"},
    };
    tni_text text;
    tni_text_init(&text, &memory);
    for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
        size_t length;
        char *sql = repeat(chains[i].head, chains[i].again, chains[i].tail, "", 20000, &length);
        if (!TNI_CHECK(canonical(sql, length, 100, &text))) {
            printf("    %s: %s\n", chains[i].again, text.data);
        }
        TNI_CHECK_EQ_UINT(text.length, length);
        TNI_CHECK(strcmp(text.data, sql) == 0);
        free(sql);
    }
    tni_text_free(&text);
}

/* ---- memory ---- */

static void test_running_out_of_memory_is_an_error(void) {
    const char *sql = "SELECT a + 1 AS x, 'text', $p, sum(b) OVER (PARTITION BY c ORDER BY d) "
                      "FROM t JOIN u USING (e) WHERE f IN (1, 2) GROUP BY ALL UNION SELECT 1 "
                      "LIMIT 2";
    for (uint64_t limit = 64; limit < 65536; limit += limit / 4) {
        tni_memory small;
        tni_arena arena;
        tni_error error;
        tni_ast_statement *list;
        trueno_status status;
        tni_memory_init(&small, NULL, limit);
        tni_arena_init(&arena, &small);
        tni_error_clear(&error);
        status = tni_parse(&arena, sql, strlen(sql), DEPTH, &list, &error);
        TNI_CHECK(status == TRUENO_OK || status == TRUENO_ERROR_MEMORY ||
                  status == TRUENO_ERROR_MEMORY_LIMIT);
        TNI_CHECK((status == TRUENO_OK) == (list != NULL));
        tni_arena_free(&arena);
    }
}

/* ---- mutations ---- */

static uint64_t random_state;

static uint32_t random_below(uint32_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % limit;
}

/* A random edit of text[0..length): returns the new length, at most `room`. */
static size_t mutate(char *text, size_t length, size_t room) {
    static const char *const pieces[] = {
        "(", ")", ",", " ", "'", "\"", "-", "--", "/*", "*/", ".", "::", "[", "]", "$$", "E'\\",
        " NOT ", " AND ", " OR ", " IN ", " IS ", " NULL ", " SELECT ", " FROM ", " CASE ",
        " WHEN ", " BETWEEN ", " LIKE ", " UNION ", " ORDER BY ", " LIMIT ", " VALUES (1)",
        " INTERVAL ", " DAY ", " OVER (", " AS ", " JOIN ", " ON ", " USING (", " WITH ", "1", "a",
        "x", ";", "?", "$1", "=", "<", "~", "!", "^", "*", "\xc3", "\xa9", " EXISTS (", " ROW ",
        " WITHIN GROUP (", " FILTER (", " GROUPING SETS (", " ROWS ", " UNBOUNDED ", " CURRENT "};
    uint32_t at = random_below((uint32_t)length + 1);
    uint32_t kind = random_below(4);
    if (kind == 0 && length > 0) { /* delete a run */
        size_t run = 1 + random_below(8);
        run = run > length - at ? length - at : run;
        memmove(text + at, text + at + run, length - at - run);
        return length - run;
    }
    if (kind == 1 && length > at) { /* change a byte */
        text[at] = (char)random_below(random_below(8) == 0 ? 256 : 128);
        return length;
    }
    if (kind == 2 && length > 1) { /* copy a run elsewhere */
        uint32_t from = random_below((uint32_t)length);
        size_t run = 1 + random_below(30);
        char copy[32];
        run = run > length - from ? length - from : run;
        if (length + run <= room) {
            memcpy(copy, text + from, run);
            memmove(text + at + run, text + at, length - at);
            memcpy(text + at, copy, run);
            return length + run;
        }
        return length;
    }
    {
        const char *piece = pieces[random_below(sizeof pieces / sizeof pieces[0])];
        size_t run = strlen(piece);
        if (length + run <= room) {
            memmove(text + at + run, text + at, length - at);
            memcpy(text + at, piece, run);
            length += run;
        }
    }
    return length;
}

/* Whatever parses prints as text that parses and prints the same. */
static bool check_fixpoint(const char *sql, size_t length, tni_text *first, tni_text *second) {
    if (!canonical(sql, length, DEPTH, first)) {
        return true;
    }
    if (canonical(first->data, first->length, DEPTH * 4, second) &&
        strcmp(first->data, second->data) == 0) {
        return true;
    }
    printf("    from   %.*s\n    first  %s\n    second %s\n", (int)length, sql, first->data,
           second->data);
    return false;
}

static void test_mutated_queries_never_crash(void) {
    const char *seed_text = getenv("TRUENO_SEED");
    const char *rounds_text = getenv("TRUENO_ROUNDS");
    uint64_t seed = seed_text != NULL ? strtoull(seed_text, NULL, 10) : 1;
    unsigned long rounds = rounds_text != NULL ? strtoul(rounds_text, NULL, 10) : 100;
    size_t count = sizeof queries / sizeof queries[0];
    size_t other = sizeof statements / sizeof statements[0];
    size_t failing = sizeof errors / sizeof errors[0];
    tni_text first, second;
    bool fine = true;
    tni_text_init(&first, &memory);
    tni_text_init(&second, &memory);
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    for (unsigned long round = 0; round < rounds && fine; round++) {
        for (size_t i = 0; i < count + other + failing && fine; i++) {
            char text[1024];
            const char *sql = i < count         ? queries[i].sql
                              : i < count + other ? statements[i - count].sql
                                                  : errors[i - count - other].sql;
            size_t length = strlen(sql);
            uint32_t edits = 1 + random_below(4);
            memcpy(text, sql, length);
            while (edits-- > 0) {
                length = mutate(text, length, sizeof text);
            }
            fine = check_fixpoint(text, length, &first, &second);
        }
    }
    if (!TNI_CHECK(fine)) {
        printf("    repeat with TRUENO_SEED=%llu\n", (unsigned long long)seed);
    }
    tni_text_free(&first);
    tni_text_free(&second);
}

/* ---- the benchmark suites ---- */

static char *read_file(const char *folder, const char *name, size_t *length) {
    char path[1024];
    char *text = NULL;
    FILE *file;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file != NULL) {
        long size;
        fseek(file, 0, SEEK_END);
        size = ftell(file);
        fseek(file, 0, SEEK_SET);
        text = (char *)malloc((size_t)size + 1);
        *length = fread(text, 1, (size_t)size, file);
        text[*length] = '\0';
        fclose(file);
    }
    return text;
}

static void test_suites_parse(void) {
    static const struct {
        const char *name;
        uint32_t statements;
    } suites[] = {
        {"sql/clickbench.sql", 43}, {"sql/clickbench_schema.sql", 1}, {"sql/h2o_groupby.sql", 10},
        {"sql/h2o_join.sql", 5},    {"sql/h2o_schema.sql", 0},        {"sql/ssb.sql", 13},
        {"sql/ssb_schema.sql", 0},  {"sql/tpch.sql", 22},             {"sql/tpch_schema.sql", 8},
        {"sql/tpch_spec.sql", 24},
    };
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        size_t length = 0;
        uint32_t count = 0;
        char *text = read_file(tni_test_shared(), suites[i].name, &length);
        tni_text first, second;
        parsed p;
        if (text == NULL) {
            TNI_SKIP("the benchmark texts are not here");
            continue;
        }
        tni_text_init(&first, &memory);
        tni_text_init(&second, &memory);
        parse_begin(&p, text, length, DEPTH);
        if (!TNI_CHECK_EQ_INT(p.status, TRUENO_OK)) {
            printf("    %s: %s @%u\n", suites[i].name, p.error.message,
                   (unsigned)p.error.position);
        }
        for (const tni_ast_statement *s = p.list; s != NULL; s = s->next) {
            TNI_CHECK(check_fixpoint(text + s->position, s->end - s->position, &first, &second));
            count++;
        }
        TNI_CHECK(suites[i].statements == 0 ? count > 0 : count == suites[i].statements);
        parse_end(&p);
        tni_text_free(&first);
        tni_text_free(&second);
        free(text);
    }
}

int main(void) {
    tni_memory_init(&memory, NULL, UINT64_C(4) << 30);
    test_queries_print_canonically();
    test_errors_name_the_place_and_the_cure();
    test_create_table();
    test_view_index_drop();
    test_insert_update_delete();
    test_copy_options_of_both_spellings();
    test_other_statements();
    test_several_statements_keep_their_extents();
    test_expressions_keep_their_extents();
    test_complete_statements();
    test_keywords_are_sorted_and_found();
    test_symbols_come_before_their_prefixes();
    test_types_by_text();
    test_depth_bombs_on_a_small_stack();
    test_long_chains_of_and_or_union_stay_shallow();
    test_running_out_of_memory_is_an_error();
    test_mutated_queries_never_crash();
    test_suites_parse();
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    return tni_test_report();
}
