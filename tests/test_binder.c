/*
 * test_binder.c - from SQL text to plan: names, types, errors with their places, and the rewrites.
 *
 * Each case parses and binds against a few empty tables and compares the printed plan (row
 * estimates left out) or the message, with the text the error points at.
 */
#include "plan/binder.h"
#include "sql/parser.h"
#include "test.h"

static trueno_allocator allocator;
static tni_memory memory;
static trueno_files files;
static trueno_limits limits;
static tni_math math;
static tni_env env;
static tni_settings settings;
static tni_catalog *catalog;
static tni_value parameters[3];
static uint32_t parameter_count;

static void set_up(void) {
    tni_error error;
    tni_error_clear(&error);
    tni_allocator_default(&allocator);
    tni_memory_init(&memory, &allocator, UINT64_MAX);
    tni_files_default(&files);
    limits.sql_bytes = 16u << 20;
    limits.expression_depth = 1000;
    limits.columns = 32768;
    limits.footer_bytes = limits.page_bytes = limits.record_bytes = 1u << 28;
    env.memory = &memory;
    env.kernels = tni_kernels_pick(TRUENO_BACKEND_SCALAR);
    env.files = &files;
    env.limits = &limits;
    env.math = &math;
    env.threads = 1;
    env.deadline = INT64_MAX;
    (void)tni_math_load(&math);
    TNI_CHECK(tni_catalog_new(&memory, &catalog, &error) == TRUENO_OK);
}

static void make_table(const char *sql) {
    tni_error error;
    tni_arena arena;
    tni_ast_statement *statement = NULL;
    tni_ast_column_definition *definition;
    tni_field fields[32];
    uint32_t count = 0;
    tni_table *table = NULL;
    tni_error_clear(&error);
    tni_arena_init(&arena, &memory);
    TNI_CHECK(tni_parse(&arena, sql, strlen(sql), 1000, &statement, &error) == TRUENO_OK);
    for (definition = statement ? statement->definitions : NULL; definition && count < 32;
         definition = definition->next, count++) {
        fields[count].name = definition->name;
        fields[count].type = definition->type.type;
        fields[count].not_null = definition->not_null;
    }
    TNI_CHECK(statement && tni_table_new(&env, statement->name, fields, count, &table, &error) ==
                               TRUENO_OK);
    TNI_CHECK(table && tni_table_seal(table, &error) == TRUENO_OK);
    TNI_CHECK(table && tni_catalog_put_table(catalog, table, NULL, true, NULL, &error) ==
                           TRUENO_OK);
    tni_arena_free(&arena);
}

static void make_view(const char *name, const char *sql) {
    tni_error error;
    tni_error_clear(&error);
    TNI_CHECK(tni_catalog_put_view(catalog, name, sql, strlen(sql), NULL, 0, true, &error) ==
              TRUENO_OK);
}

/* Cut "  ~12 rows" off every line. */
static void drop_estimates(char *text) {
    char *from = text, *to = text;
    while (*from) {
        char *rows = strncmp(from, "  ~", 3) == 0 ? strstr(from, " rows\n") : NULL;
        if (rows) {
            from = rows + 5;
        }
        *to++ = *from++;
    }
    if (to > text && to[-1] == '\n') {
        to--;
    }
    *to = '\0';
}

/* "message | text the error points at" */
static void describe_error(const tni_error *error, const char *sql, char *out, size_t size) {
    if (error->position == TNI_NO_POSITION || error->position > strlen(sql)) {
        snprintf(out, size, "%s", error->message);
    } else {
        snprintf(out, size, "%s | %s", error->message, sql + error->position);
    }
}

typedef enum result_kind { RESULT_PLAN, RESULT_NAMES, RESULT_TYPES, RESULT_PROGRAM } result_kind;

static void render(const tni_plan *plan, result_kind kind, tni_text *text) {
    uint32_t i;
    if (kind == RESULT_PLAN) {
        tni_plan_print(plan, text);
        return;
    }
    if (kind == RESULT_PROGRAM) {
        tni_program_print(plan->filter ? plan->filter : plan->program, text);
        return;
    }
    for (i = 0; i < plan->column_count; i++) {
        char type[40];
        tni_type_print(plan->types[i], type);
        tni_text_format(text, "%s%s", i ? ", " : "",
                        kind == RESULT_NAMES ? plan->names[i] : type);
    }
}

static const char *bind_as(const char *sql, result_kind kind) {
    static char out[8000];
    tni_error error;
    tni_arena arena;
    tni_text text;
    tni_ast_statement *statement = NULL;
    tni_bind_context context;
    tni_plan *plan = NULL;
    tni_error_clear(&error);
    tni_arena_init(&arena, &memory);
    tni_text_init(&text, &memory);
    tni_bind_context_init(&context, &env, &arena, catalog, &settings);
    context.parameters = parameter_count ? parameters : NULL;
    context.parameter_count = parameter_count;
    if (tni_parse(&arena, sql, strlen(sql), 1000, &statement, &error) == TRUENO_OK &&
        statement && statement->query) {
        (void)tni_bind_query(&context, statement->query, &plan, &error);
    }
    if (plan) {
        render(plan, kind, &text);
        snprintf(out, sizeof out, "%s", text.data ? text.data : "");
        drop_estimates(out);
    } else {
        describe_error(&error, sql, out, sizeof out);
    }
    tni_text_free(&text);
    tni_bind_context_release(&context);
    tni_arena_free(&arena);
    return out;
}

#define PLAN(sql, wanted) TNI_CHECK_TEXT(bind_as(sql, RESULT_PLAN), wanted)
#define NAMES(sql, wanted) TNI_CHECK_TEXT(bind_as("SELECT " sql " FROM t", RESULT_NAMES), wanted)
#define TYPES(sql, wanted) TNI_CHECK_TEXT(bind_as("SELECT " sql " FROM t", RESULT_TYPES), wanted)
#define FAILS(sql, wanted) TNI_CHECK_TEXT(bind_as(sql, RESULT_PLAN), wanted)

static void names_resolve(void) {
    PLAN("SELECT A, t.b FROM T", "SCAN t (a, b)");
    PLAN("SELECT x.a FROM t AS x", "SCAN t (a)");
    PLAN("SELECT x.q FROM t AS x(q)", "SCAN t (a)");
    PLAN("FROM u", "SCAN u (k, v)");
    PLAN("SELECT * EXCLUDE (v) FROM u", "SCAN u (k)");
    PLAN("SELECT u.* REPLACE (k + 1 AS k) FROM u", "PROJECT k + 1, v\n  SCAN u (k, v)");
    PLAN("SELECT max(COLUMNS(*)) FROM u GROUP BY ALL HAVING sum(k) > 1",
         "PROJECT max, max\n  FILTER sum > 1\n    AGGREGATE max(k), max(v), sum(k)\n"
         "      SCAN u (k, v)");
    PLAN("SELECT a AS x, x + 1 AS y FROM t WHERE y > 3",
         "PROJECT a, a + 1\n  SCAN t (a) WHERE (a + 1) > 3");
    FAILS("SELECT q FROM u",
          "column \"q\" was not found in the FROM clause. Candidate bindings: \"k\", \"v\" | "
          "q FROM u");
    FAILS("SELECT z.k FROM u",
          "table \"z\" is not in the FROM clause; did you mean \"u\"? | z.k FROM u");
    FAILS("SELECT q", "column \"q\" is not known: there is no FROM clause | q");
    FAILS("SELECT 1 FROM uu", "table \"uu\" does not exist. Did you mean \"u\"? | uu");
    FAILS("SELECT lenght(v) FROM u",
          "function \"lenght\" does not exist. Did you mean \"length\"? | lenght(v) FROM u");
    FAILS("SELECT a AS x, y + 1 AS y FROM t WHERE x = 1",
          "column \"y\" was not found in the FROM clause. Candidate bindings: \"a\", \"b\", "
          "\"c\", \"d\", \"s\" | y + 1 AS y FROM t WHERE x = 1");
}

static void groups_and_order(void) {
    PLAN("SELECT a, sum(b) FROM t GROUP BY a", "AGGREGATE sum(b) BY a\n  SCAN t (a, b)");
    PLAN("SELECT a + 1 AS k, count(*) FROM t GROUP BY k",
         "AGGREGATE count_star() BY a + 1\n  SCAN t (a)");
    PLAN("SELECT a + 1, count(*) FROM t GROUP BY 1",
         "AGGREGATE count_star() BY a + 1\n  SCAN t (a)");
    PLAN("SELECT a + 1 + 2, count(*) FROM t GROUP BY a + 1",
         "PROJECT key + 2, count_star\n  AGGREGATE count_star() BY a + 1\n    SCAN t (a)");
    PLAN("SELECT a, b, count(*) FROM t GROUP BY ALL ORDER BY ALL",
         "ORDER BY a, b, count_star()\n  AGGREGATE count_star() BY a, b\n    SCAN t (a, b)");
    PLAN("SELECT sum(b) FROM t ORDER BY sum",
         "ORDER BY sum(b)\n  AGGREGATE sum(b)\n    SCAN t (b)");
    PLAN("SELECT a FROM t GROUP BY a HAVING count(*) > 2 AND a > 5",
         "PROJECT a\n  FILTER count_star > 2\n    AGGREGATE count_star() BY a\n"
         "      SCAN t (a) WHERE a > 5  prunes 1");
    PLAN("SELECT a FROM t ORDER BY b DESC NULLS FIRST",
         "PROJECT a\n  ORDER BY order key DESC NULLS FIRST\n    SCAN t (a, b)");
    PLAN("SELECT DISTINCT a FROM t ORDER BY a + 1",
         "PROJECT a\n  ORDER BY order key\n    PROJECT a, a + 1\n      AGGREGATE BY a\n"
         "        SCAN t (a)");
    PLAN("SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, c",
         "PROJECT a, b\n  ORDER BY a, order key\n    AGGREGATE first(a ORDER BY a, c), "
         "first(b ORDER BY a, c), first(c ORDER BY a, c) BY a\n      SCAN t (a, b, c)");
    FAILS("SELECT a, b FROM t GROUP BY a",
          "column \"b\" must stand in GROUP BY or inside an aggregate function: add it to GROUP "
          "BY, or use any_value(b) where any value of the group will do | b FROM t GROUP BY a");
    FAILS("SELECT a, count(*) FROM t",
          "column \"a\" must stand in GROUP BY or inside an aggregate function: add it to GROUP "
          "BY, or use any_value(a) where any value of the group will do | a, count(*) FROM t");
    FAILS("SELECT a FROM t WHERE sum(a) > 1",
          "sum is an aggregate function, which cannot stand in WHERE: HAVING filters groups | "
          "sum(a) > 1");
    FAILS("SELECT sum(sum(a)) FROM t",
          "sum cannot stand inside another aggregate function | sum(a)) FROM t");
    FAILS("SELECT a FROM t ORDER BY 2",
          "ORDER BY position 2 is not in the select list of 1 columns | 2");
    FAILS("SELECT DISTINCT a FROM t ORDER BY b",
          "with SELECT DISTINCT, ORDER BY can only use what is selected | b");
}

static void filters_move(void) {
    PLAN("SELECT x FROM (SELECT a + 1 AS x, b FROM t) WHERE x > 3 AND b = 2",
         "PROJECT a + 1\n  SCAN t (a) WHERE (b = 2) AND ((a + 1) > 3)  prunes 1");
    PLAN("WITH w AS (SELECT a, b FROM t WHERE a > 1) SELECT a FROM w WHERE b < 3",
         "SCAN t (a) WHERE (a > 1) AND (b < 3)  prunes 2");
    PLAN("SELECT p FROM big WHERE b = 2", "SCAN t (a) WHERE (a > 3) AND (b = 2)  prunes 2");
    PLAN("SELECT k FROM u UNION ALL SELECT a FROM t",
         "UNION ALL\n  SCAN u (k)\n  SCAN t (a)");
    PLAN("SELECT x FROM (SELECT a AS x FROM t UNION ALL SELECT k FROM u) WHERE x = 3",
         "UNION ALL\n  SCAN t (a) WHERE a = 3  prunes 1\n  SCAN u (k) WHERE k = 3  prunes 1");
    PLAN("SELECT * FROM (SELECT a FROM t LIMIT 3) WHERE a > 1",
         "FILTER a > 1\n  LIMIT NODE LIMIT 3\n    SCAN t (a)");
    PLAN("SELECT a FROM t WHERE false", "VALUES 0 x 1");
    PLAN("SELECT a FROM t WHERE a IN (2, 1, 2, 7)", "SCAN t (a) WHERE a IN (1, 2, 7)  prunes 2");
    PLAN("SELECT a FROM t WHERE a BETWEEN 1 AND 5",
         "SCAN t (a) WHERE (a >= 1) AND (a <= 5)  prunes 2");
    PLAN("SELECT a FROM t WHERE NOT (a = 1 OR c IS NULL)",
         "SCAN t (a) WHERE c IS NOT NULL AND (a <> 1)  prunes 2");
    PLAN("SELECT a FROM t WHERE s LIKE 'ab%' AND s LIKE 'abc'",
         "SCAN t (a) WHERE (s = 'abc') AND like(s, 'ab%')  prunes 3");
}

static void constants_suit_columns(void) {
    PLAN("SELECT a FROM t WHERE 5 < b", "SCAN t (a) WHERE b > 5  prunes 1");
    PLAN("SELECT a FROM t WHERE b > 2.5", "SCAN t (a) WHERE b >= 3  prunes 1");
    PLAN("SELECT a FROM t WHERE b = '7'", "SCAN t (a) WHERE b = 7  prunes 1");
    PLAN("SELECT a FROM t WHERE d >= '2024-01-31'",
         "SCAN t (a) WHERE d >= '2024-01-31'  prunes 1");
    PLAN("SELECT a FROM t WHERE d >= TIMESTAMP '2024-01-31 12:00:00'",
         "SCAN t (a) WHERE d > '2024-01-31'  prunes 1");
    PLAN("SELECT a FROM t WHERE ts < DATE '2024-01-31'",
         "SCAN t (a) WHERE ts < '2024-01-31 00:00:00'  prunes 1");
    PLAN("SELECT a FROM t WHERE de > 1.005", "SCAN t (a) WHERE de >= 1.01  prunes 1");
    PLAN("SELECT a FROM t WHERE b IN (1, 70000)", "SCAN t (a) WHERE b = 1  prunes 1");
    PLAN("SELECT a FROM t WHERE d = DATE '2024-01-01' + 1",
         "SCAN t (a) WHERE d = '2024-01-02'  prunes 1");
    FAILS("SELECT a FROM t WHERE a = 'abc'",
          "could not convert string 'abc' to INTEGER | 'abc'");
    FAILS("SELECT a FROM t WHERE d = 5",
          "cannot compare DATE with INTEGER: add an explicit cast | d = 5");
    FAILS("SELECT a FROM t WHERE s", "a BOOLEAN is wanted here, not VARCHAR | s");
}

static void projections_shrink(void) {
    PLAN("SELECT count(*) FROM t WHERE a = 1",
         "AGGREGATE count_star()\n  SCAN t () WHERE a = 1  prunes 1");
    PLAN("SELECT count(n), count(5) FROM t GROUP BY a",
         "PROJECT count_star, count_star\n  AGGREGATE count_star() BY a\n    SCAN t (a)");
    PLAN("SELECT sum(b) FROM (SELECT a, b FROM t ORDER BY c)",
         "AGGREGATE sum(b)\n  SCAN t (b)");
    PLAN("SELECT count(*), count(n), min(a) + 1 FROM t", "VALUES 1 x 3");
    PLAN("SELECT x FROM (SELECT a AS x, sum(b), max(c) FROM t GROUP BY a)",
         "AGGREGATE BY a\n  SCAN t (a)");
    PLAN("SELECT b, a FROM t WHERE c = 1", "SCAN t (b, a) WHERE c = 1  prunes 1");
    PLAN("SELECT a, a FROM t", "PROJECT a, a\n  SCAN t (a)");
    PLAN("SELECT 1 + 1, 'x'", "VALUES 1 x 2");
}

static void aggregates_simplify(void) {
    PLAN("SELECT a, a - 1, count(*) FROM t GROUP BY a - 1, a, (a - 1) * 2",
         "PROJECT a, a - 1, count_star\n  AGGREGATE count_star() BY a\n    SCAN t (a)");
    PLAN("SELECT 1, s, count(*) FROM t GROUP BY 1, s",
         "PROJECT 1, s, count_star\n  AGGREGATE count_star() BY s\n    SCAN t (s)");
    PLAN("SELECT sum(n), sum(n + 1), sum(n - 2) FROM t",
         "PROJECT sum, sum + (CAST(count_star AS HUGEINT) * 1), sum + (CAST(count_star AS "
         "HUGEINT) * -2)\n  AGGREGATE sum(n), count_star()\n    SCAN t (n)");
    PLAN("SELECT sum(b), avg(b), sum(b), min(DISTINCT b) FROM t",
         "PROJECT sum, avg, sum, min\n  AGGREGATE sum(b), avg(b), min(b)\n    SCAN t (b)");
    PLAN("SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY g DESC) FROM t",
         "AGGREGATE quantile_cont(g, 0.75)\n  SCAN t (g)");
    FAILS("SELECT quantile_cont(g, 1.5) FROM t",
          "the fraction of a quantile must lie between 0 and 1 | 1.5) FROM t");
    FAILS("SELECT sum(s) FROM t",
          "no function matches sum(VARCHAR): add an explicit cast. Candidates: sum(number) | "
          "sum(s) FROM t");
}

static void limits_become_top(void) {
    PLAN("SELECT a FROM t ORDER BY a LIMIT 3", "TOP BY a LIMIT 3\n  SCAN t (a)");
    PLAN("SELECT a + 1, s FROM t ORDER BY ts LIMIT 5 OFFSET 2",
         "PROJECT a + 1, s\n  TOP BY ts LIMIT 5 OFFSET 2\n    SCAN t (a, s, ts)");
    PLAN("SELECT * FROM (SELECT a + 1 AS x FROM t ORDER BY b) LIMIT 5",
         "PROJECT a + 1\n  TOP BY b LIMIT 5\n    SCAN t (a, b)");
    PLAN("SELECT a + 1 FROM t LIMIT 5", "PROJECT a + 1\n  LIMIT NODE LIMIT 5\n    SCAN t (a)");
    PLAN("SELECT a FROM t LIMIT 0", "VALUES 0 x 1");
    FAILS("SELECT a FROM t LIMIT -1", "LIMIT must be a number that is not negative | -1");
    FAILS("SELECT a FROM t LIMIT b", "column \"b\" is not known: there is no FROM clause | b");
}

static void types_follow(void) {
    TYPES("b + 1, b + 70000, a + c, a / 2, a // 2, b * b", "SMALLINT, INTEGER, BIGINT, DOUBLE, "
                                                          "INTEGER, SMALLINT");
    TYPES("1, 5000000000, 1.50, 1e3, 'x', NULL, TRUE",
          "INTEGER, BIGINT, DECIMAL(3,2), DOUBLE, VARCHAR, NULL, BOOLEAN");
    TYPES("170141183460469231731687303715884105727, DATE '2020-01-01', INTERVAL 1 DAY",
          "HUGEINT, DATE, INTERVAL");
    TYPES("sum(b), sum(de), sum(f), avg(a), min(s), count(a), median(a), max(d)",
          "HUGEINT, DECIMAL(38,2), DOUBLE, DOUBLE, VARCHAR, BIGINT, DOUBLE, DATE");
    TYPES("CASE WHEN bo THEN 1 ELSE 2.5 END, coalesce(b, 0), coalesce(d, '2020-01-01')",
          "DECIMAL(11,1), SMALLINT, DATE");
    TYPES("nullif(a, 1), if(bo, a, c), ifnull(a, 2.5)", "INTEGER, BIGINT, DECIMAL(11,1)");
    TYPES("bool_and(bo), count_if(bo), regr_count(a, b), string_agg(a), mad(d)",
          "BOOLEAN, HUGEINT, UINTEGER, VARCHAR, INTERVAL");
    FAILS("SELECT coalesce(a, s) FROM t",
          "COALESCE mixes INTEGER and VARCHAR: add an explicit cast | coalesce(a, s) FROM t");
    FAILS("SELECT sum(a, b) FROM t", "sum has too many arguments | sum(a, b) FROM t");
}

static void names_of_results(void) {
    NAMES("a + 1, -a, NOT bo, a <> 1, a IN (1, 2), a NOT BETWEEN 1 AND 2",
          "(a + 1), (-(a)), (NOT bo), (a != 1), (a IN (1, 2)), (NOT (a BETWEEN 1 AND 2))");
    NAMES("count(*), count(DISTINCT a), sum(a) FILTER (WHERE b > 1)",
          "count_star(), count(DISTINCT a), sum(a) FILTER (WHERE (b > 1))");
    NAMES("CASE WHEN a = 1 THEN 2 ELSE 3 END, CAST(a AS VARCHAR), s LIKE 'x%', t.a",
          "CASE  WHEN ((a = 1)) THEN (2) ELSE 3 END, CAST(a AS VARCHAR), (s ~~ 'x%'), a");
    NAMES("bo AND a = 1 AND b = 2 AND c = 3, coalesce(a, 1), a IS NOT NULL",
          "(bo AND (a = 1) AND (b = 2) AND (c = 3)), COALESCE(a, 1), (a IS NOT NULL)");
    NAMES("a AS \"My Name\", \"a\", 'it''s'", "My Name, a, 'it''s'");
    NAMES("string_agg(s, ',' ORDER BY a DESC)", "string_agg(s, ',' ORDER BY a DESC)");
}

static void set_operations(void) {
    PLAN("SELECT k FROM u UNION SELECT a FROM t",
         "AGGREGATE BY k\n  UNION ALL\n    SCAN u (k)\n    SCAN t (a)");
    PLAN("SELECT k FROM u EXCEPT SELECT a FROM t",
         "PROJECT k\n  FILTER sides = 1\n    AGGREGATE bit_or(side) BY k\n      UNION ALL\n"
         "        PROJECT k, 1\n          SCAN u (k)\n        PROJECT a, 2\n"
         "          SCAN t (a)");
    PLAN("SELECT k FROM u UNION ALL SELECT a FROM t ORDER BY 1 LIMIT 2",
         "TOP BY k LIMIT 2\n  UNION ALL\n    SCAN u (k)\n    SCAN t (a)");
    PLAN("VALUES (1, 'a'), (2, NULL)", "VALUES 2 x 2");
    PLAN("SELECT x FROM (VALUES (1), (2.5)) v(x)", "VALUES 2 x 1");
    FAILS("SELECT k, v FROM u UNION SELECT a FROM t",
          "the sides of the set operation have 2 and 1 columns | SELECT a FROM t");
}

static void casts_are_guarded(void) {
    TNI_CHECK_TEXT(bind_as("SELECT a FROM t WHERE bo AND CAST(s AS INTEGER) > 5", RESULT_PROGRAM),
                   "r0 = column 2 BOOLEAN\n"
                   "r1 = column 1 VARCHAR\n"
                   "r2 = cast(r1) INTEGER if r0\n"
                   "r3 = 5 INTEGER\n"
                   "r4 = greater(r2, r3) BOOLEAN\n"
                   "r5 = and(r0, r4) BOOLEAN\n"
                   "-> r5");
    TNI_CHECK_TEXT(
        bind_as("SELECT CASE WHEN a <> 0 THEN c // a ELSE 0 END FROM t", RESULT_PROGRAM),
        "r0 = column 0 INTEGER\n"
        "r1 = 0 INTEGER\n"
        "r2 = not_equal(r0, r1) BOOLEAN\n"
        "r3 = column 1 BIGINT\n"
        "r4 = cast(r0) BIGINT\n"
        "r5 = //(r3, r4) BIGINT if r2\n"
        "r6 = 0 BIGINT\n"
        "r7 = select(r2, r5, r6) BIGINT\n"
        "-> r7");
}

static void refused_by_name(void) {
    FAILS("SELECT 1 FROM t, u", "joins of several tables in FROM are not supported in this "
                                "version | t, u");
    FAILS("SELECT 1 FROM t JOIN u ON a = k",
          "joins are not supported in this version | t JOIN u ON a = k");
    FAILS("SELECT (SELECT 1)", "scalar subqueries are not supported in this version | (SELECT 1)");
    FAILS("SELECT sum(a) OVER () FROM t",
          "window functions are not supported in this version | () FROM t");
    FAILS("SELECT a FROM t GROUP BY GROUPING SETS (ROLLUP (a))",
          "ROLLUP or CUBE inside GROUPING SETS is not supported | ROLLUP (a))");
    FAILS("WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x FROM r) SELECT * FROM r",
          "recursive CTEs are not supported in this version | r) SELECT * FROM r");
}

static void parameters_adapt(void) {
    PLAN("SELECT a FROM t WHERE b = $1", "VALUES 0 x 1");
    parameters[0] = tni_value_i64(tni_type_make(TRUENO_TYPE_BIGINT), 7);
    parameters[1] =
        tni_value_string(tni_type_make(TRUENO_TYPE_VARCHAR), tni_string_c("2024-02-03"));
    parameter_count = 2;
    PLAN("SELECT a FROM t WHERE b = $1 AND d > $2",
         "SCAN t (a) WHERE (b = 7) AND (d > '2024-02-03')  prunes 2");
    PLAN("SELECT a FROM t LIMIT $1", "LIMIT NODE LIMIT 7\n  SCAN t (a)");
    FAILS("SELECT $3", "no value was given for parameter 3 | $3");
    parameter_count = 0;
}

/* Aliases that double each time, and CTEs that do: time and memory stay bounded. */
static void growth_is_bounded(void) {
    char sql[4000];
    size_t used = 0;
    int i;
    used += (size_t)snprintf(sql, sizeof sql, "SELECT a + 1 AS x0");
    for (i = 1; i < 60; i++) {
        used += (size_t)snprintf(sql + used, sizeof sql - used, ", x%d %% 7 + x%d AS x%d", i - 1,
                                 i - 1, i);
    }
    snprintf(sql + used, sizeof sql - used, " FROM t");
    TNI_CHECK(strncmp(bind_as(sql, RESULT_PLAN), "PROJECT", 7) == 0);
    used = (size_t)snprintf(sql, sizeof sql, "WITH c0 AS (SELECT a FROM t)");
    for (i = 1; i < 40; i++) {
        used += (size_t)snprintf(sql + used, sizeof sql - used,
                                 ", c%d AS (FROM c%d UNION ALL FROM c%d)", i, i - 1, i - 1);
    }
    snprintf(sql + used, sizeof sql - used, " SELECT * FROM c39");
    TNI_CHECK_TEXT(bind_as(sql, RESULT_PLAN), "the statement needs more than 100000 plan nodes");
}

/* `count` terms, each of them number `i`: the tree of the plan takes memory in proportion. */
static void terms_cost_what_they_are(void) {
    static const struct {
        const char *head, *term, *between, *tail;
    } lists[] = {
        {"SELECT a FROM t WHERE ", "a <> %u", " AND ", ""},
        {"SELECT a FROM t WHERE ", "a = %u", " OR ", ""},
        {"SELECT a FROM t WHERE ", "(a = %u AND s = 'x')", " OR ", ""},
        {"SELECT a FROM t WHERE NOT (", "a <> %u", " AND ", ")"},
        {"SELECT coalesce(", "nullif(a, %u)", ", ", ") FROM t"},
    };
    const uint32_t count = 20000;
    size_t i;
    for (i = 0; i < sizeof lists / sizeof *lists; i++) {
        tni_text sql;
        uint32_t k;
        tni_text_init(&sql, &memory);
        tni_text_add(&sql, lists[i].head);
        for (k = 0; k < count; k++) {
            tni_text_format(&sql, lists[i].term, k);
            tni_text_add(&sql, k + 1 < count ? lists[i].between : lists[i].tail);
        }
        tni_atomic_store_i64(&memory.peak, tni_atomic_load_i64(&memory.used));
        (void)bind_as(sql.data, RESULT_PLAN);
        if (!TNI_CHECK(tni_atomic_load_i64(&memory.peak) < INT64_C(400) << 20)) {
            printf("    %s: %lld bytes\n", lists[i].head,
                   (long long)tni_atomic_load_i64(&memory.peak));
        }
        tni_text_free(&sql);
    }
}

static void changes(void) {
    static const char *const texts[] = {"INSERT INTO u (v) VALUES (5), (DEFAULT)",
                                        "INSERT INTO u VALUES (1)", "DELETE FROM u WHERE k = 5",
                                        "UPDATE u SET v = k + 1 WHERE k > 2",
                                        "UPDATE u SET w = 1"};
    static const char *const wanted[] = {
        "PROJECT NULL, col0\n  VALUES 2 x 1",
        "table \"u\" has 2 columns but 1 values were given | INSERT INTO u VALUES (1)",
        "SCAN u (k, v) WHERE NOT (k = 5) IS TRUE",
        "PROJECT k, CASE WHEN (k > 2) THEN CAST((k + 1) AS VARCHAR) ELSE v END\n  SCAN u (k, v)",
        "table \"u\" has no column \"w\" | 1"};
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(texts); i++) {
        tni_error error;
        tni_arena arena;
        tni_text text;
        tni_ast_statement *statement = NULL;
        tni_bind_context context;
        tni_plan *plan = NULL, *count = NULL;
        tni_table *table;
        tni_view *view;
        char out[1000];
        tni_error_clear(&error);
        tni_arena_init(&arena, &memory);
        tni_text_init(&text, &memory);
        tni_bind_context_init(&context, &env, &arena, catalog, &settings);
        tni_catalog_find(catalog, "u", &table, &view);
        if (tni_parse(&arena, texts[i], strlen(texts[i]), 1000, &statement, &error) ==
            TRUENO_OK) {
            if (statement->kind == TNI_STATEMENT_INSERT) {
                (void)tni_bind_insert(&context, statement, table, &plan, &error);
            } else if (statement->kind == TNI_STATEMENT_DELETE) {
                (void)tni_bind_delete(&context, statement, table, &plan, &count, &error);
            } else {
                (void)tni_bind_update(&context, statement, table, &plan, &count, &error);
            }
        }
        if (plan) {
            tni_plan_print(plan, &text);
            snprintf(out, sizeof out, "%s", text.data);
            drop_estimates(out);
        } else {
            describe_error(&error, texts[i], out, sizeof out);
        }
        TNI_CHECK_TEXT(out, wanted[i]);
        tni_text_free(&text);
        tni_source_release(&table->source);
        tni_bind_context_release(&context);
        tni_arena_free(&arena);
    }
}

/* However little memory there is: an error, and nothing leaked. */
static void memory_runs_out(void) {
    static const char *const sql =
        "WITH w AS (SELECT a + 1 AS x, b, s FROM t WHERE c > 5 AND d >= '2024-01-01') "
        "SELECT x, count(*), sum(b + 1) FILTER (WHERE s <> 'q') AS z FROM w GROUP BY x "
        "HAVING count(*) > 2 UNION ALL SELECT k, 1, 2 FROM u ORDER BY 1, z LIMIT 7";
    int64_t before = tni_atomic_load_i64(&memory.used), limit = memory.limit, room;
    for (room = 256; room < 4000000; room += room / 2) {
        const char *text;
        memory.limit = before + room;
        text = bind_as(sql, RESULT_NAMES);
        TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), before);
        if (strcmp(text, "x, count_star(), z") == 0) {
            break;
        }
        TNI_CHECK(strstr(text, "memory") != NULL);
    }
    TNI_CHECK(room < 4000000);
    memory.limit = limit;
}

static void catalog_keeps_names(void) {
    tni_error error;
    tni_table *table;
    tni_view *view;
    tni_error_clear(&error);
    tni_catalog_find(catalog, "BIG", &table, &view);
    TNI_CHECK(view != NULL && table == NULL);
    tni_view_release(view);
    TNI_CHECK(tni_catalog_drop(catalog, "big", false, false, &error) == TRUENO_ERROR_CATALOG);
    TNI_CHECK_TEXT(error.message, "\"big\" is a view: use DROP VIEW");
    tni_error_clear(&error);
    TNI_CHECK(tni_catalog_drop(catalog, "nope", false, true, &error) == TRUENO_OK);
    TNI_CHECK(tni_catalog_drop(catalog, "big", true, false, &error) == TRUENO_OK);
    tni_catalog_find(catalog, "big", &table, &view);
    TNI_CHECK(view == NULL && table == NULL);
}

int main(void) {
    set_up();
    make_table("CREATE TABLE t (a INTEGER, b SMALLINT, c BIGINT, d DATE, s VARCHAR, f FLOAT, "
               "g DOUBLE, de DECIMAL(15,2), bo BOOLEAN, ts TIMESTAMP, n INTEGER NOT NULL)");
    make_table("CREATE TABLE u (k INTEGER, v VARCHAR)");
    make_view("big", "SELECT a AS p, b FROM t WHERE a > 3");
    names_resolve();
    groups_and_order();
    filters_move();
    constants_suit_columns();
    projections_shrink();
    aggregates_simplify();
    limits_become_top();
    types_follow();
    names_of_results();
    set_operations();
    casts_are_guarded();
    refused_by_name();
    parameters_adapt();
    growth_is_bounded();
    terms_cost_what_they_are();
    changes();
    memory_runs_out();
    catalog_keeps_names();
    tni_catalog_free(catalog);
    tni_math_unload(&math);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    return tni_test_report();
}
