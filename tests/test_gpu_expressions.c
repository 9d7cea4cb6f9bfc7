/*
 * test_gpu_expressions.c - what the emitter makes of SQL's expressions: casts, dates, bits,
 * rounding, functions of text, sets, chosen by hand and at random, against the scalar processor
 * bit for bit; what only `relaxed` allows, and how far off it may be. Every module passes
 * spirv-val.
 *
 * Needs any Vulkan device, llvmpipe included; without one it skips with the reason.
 */
#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* setenv, in strict C11 */
#endif
#include "test.h"

#include "db/database.h"
#include "gpu/accelerator_internal.h"

/* Drivers keep a little to their end, which a leak checker would report. */
#if defined(__SANITIZE_ADDRESS__)
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) {
    return 1;
}
#endif

static trueno_db *gpu, *scalar;
static uint64_t seed = 88172645463325252u;

static uint32_t random_below(uint32_t n) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed * UINT64_C(0x2545f4914f6cdd1d) >> 33) % n);
}

/* ------------------------------------------------------------------------------ modules --- */

static tni_vk_device_table driver;
static bool validator;

static tni_vk_result TNI_VK_CALL check_module(tni_vk_device device, const tni_vk_blob_info *info,
                                              const void *allocator, tni_vk_handle *out) {
    FILE *f = validator ? fopen("test_gpu_expressions.spv", "wb") : NULL;
    if (f != NULL) {
        (void)fwrite(info->data, 1, info->size, f);
        (void)fclose(f);
        TNI_CHECK(system("spirv-val --target-env vulkan1.1 test_gpu_expressions.spv") == 0);
        (void)remove("test_gpu_expressions.spv");
    }
    return driver.CreateShaderModule(device, info, allocator, out);
}

/* Stand between an opened database and its driver. */
static void watch_modules(trueno_db *db) {
    tni_acc *acc = (tni_acc *)db->accelerator;
    (void)trueno_devices(db, NULL, NULL); /* opens */
    if (acc->device != NULL) {
        driver = acc->device->vk;
        acc->device->vk.CreateShaderModule = check_module;
    }
}

/* ------------------------------------------------------------------------------ tables --- */

static const char *const table =
    "CREATE TABLE t AS SELECT range::INTEGER AS i, ((range * 7919) % 1000 - 500)::SMALLINT AS k, "
    "CASE WHEN range % 7 = 3 THEN NULL ELSE range * 1000003 - 4000000000 END AS n, "
    "(range % 251)::UTINYINT AS u, (range * 65537)::UBIGINT AS ub, (range % 127 - 63)::TINYINT AS "
    "y, CASE WHEN range % 11 = 0 THEN NULL WHEN range % 17 = 5 THEN '' ELSE 'w' || (range % 113) "
    "|| '_x' END AS s, ((range * 37 % 20011) - 10000)::DECIMAL(9,2) / 8 AS q, "
    "((range * 37 % 20011) - 10000)::DECIMAL(12,3) AS m, "
    "CASE WHEN range % 9 = 1 THEN NULL WHEN range % 501 = 7 THEN 'nan'::DOUBLE WHEN range % 503 = "
    "8 THEN '-inf'::DOUBLE WHEN range % 13 = 0 THEN -0.0 ELSE (range::DOUBLE - 4000) / 16 END AS "
    "d, ((range % 501)::FLOAT - 250) / 8 AS f, (range % 3 = 0) AS b, "
    "CASE WHEN range % 777 = 5 THEN 'infinity'::DATE WHEN range % 19 = 3 THEN NULL ELSE "
    "DATE '1890-03-01' + (range * 31)::INTEGER END AS day, "
    "CASE WHEN range % 888 = 5 THEN '-infinity'::TIMESTAMP ELSE TIMESTAMP '1901-12-31 "
    "23:59:59.999999' + to_microseconds(range * 987654321987) END AS ts, "
    "TIME '00:00:00' + to_microseconds(range * 7654321) AS tm FROM range(9000)";

static trueno_db *open_with(trueno_backend backend, bool relaxed) {
    trueno_config config;
    trueno_db *db = NULL;
    trueno_result *r;
    memset(&config, 0, sizeof config);
    config.backend = backend;
    config.threads = 1;
    config.relaxed = relaxed;
    config.pipeline_cache = ""; /* leave the user's files alone */
    if (trueno_open(&config, &db) != TRUENO_OK) {
        return NULL;
    }
    if (backend == TRUENO_BACKEND_GPU) {
        watch_modules(db);
    }
    r = trueno_query(db, table);
    if (!TNI_CHECK(trueno_result_status(r) == TRUENO_OK)) {
        printf("    %s\n", trueno_result_error(r));
    }
    trueno_result_free(r);
    return db;
}

/* ----------------------------------------------------------------------------- comparing --- */

static bool ran_on_gpu(const trueno_result *result) {
    const trueno_info *info = trueno_result_info(result);
    return info->pipeline_count > 0 && strncmp(info->pipelines[0].backend, "gpu:", 4) == 0;
}

static const char *reason_of(const trueno_result *result) {
    const trueno_info *info = trueno_result_info(result);
    return info->pipeline_count > 0 && info->pipelines[0].reason != NULL ? info->pipelines[0].reason
                                                                         : "no reason";
}

static bool same_cell(trueno_result *a, trueno_result *b, uint32_t column) {
    if (trueno_get_is_null(a, 0, column) != trueno_get_is_null(b, 0, column)) {
        return false;
    }
    if (trueno_result_column_type(a, column) == TRUENO_TYPE_DOUBLE) {
        double x = trueno_get_double(a, 0, column), y = trueno_get_double(b, 0, column);
        return (x != x && y != y) || memcmp(&x, &y, sizeof x) == 0;
    }
    return strcmp(trueno_get_text(a, 0, column), trueno_get_text(b, 0, column)) == 0;
}

enum { ON_GPU, ON_CPU, ANYWHERE };

/* Both answers agree, or both fail alike; and the query ran where it should. */
static bool check_query(const char *sql, int where) {
    trueno_result *a = trueno_query(gpu, sql), *b = trueno_query(scalar, sql);
    bool ok = trueno_result_status(a) == trueno_result_status(b), there = ran_on_gpu(a);
    uint32_t c;
    if (ok && trueno_result_status(a) != TRUENO_OK) {
        ok = strcmp(trueno_result_error(a), trueno_result_error(b)) == 0;
    }
    for (c = 0; ok && c < trueno_result_column_count(a); c++) {
        ok = same_cell(a, b, c);
        if (!ok) {
            printf("    column %u: got %s, expected %s\n", c, trueno_get_text(a, 0, c),
                   trueno_get_text(b, 0, c));
        }
    }
    if (!TNI_CHECK(ok) || (where != ANYWHERE && !TNI_CHECK(there == (where == ON_GPU)))) {
        printf("    %s\n    %s%s\n", sql, reason_of(a), trueno_result_error(a));
    }
    trueno_result_free(a);
    trueno_result_free(b);
    return there;
}

/* ----------------------------------------------------------------------------- by hand --- */

/* Whole numbers, dates, booleans: compared through count, min, max and a filter. */
static const char *const expressions[] = {
    /* bits and shifts */
    "~i",
    "~u",
    "~ub",
    "k >> 3",
    "n >> 70",
    "i << 2",
    "u >> 1",
    "ub >> 60",
    "(y::BIGINT * y) << 3",
    "xor(i, k)",
    "i & 255 | 3",
    "u << 0",
    "ub << 0",
    /* casts of whole numbers and decimals */
    "i::DECIMAL(12,2)",
    "k::DECIMAL(6,1)",
    "ub::DECIMAL(18,3)",
    "m::INTEGER",
    "m::BIGINT",
    "m::DECIMAL(10,1)",
    "m::DECIMAL(18,6)",
    "m::DECIMAL(8,0)",
    "b::INTEGER",
    "b::DECIMAL(4,2)",
    "k::BOOLEAN",
    "(m = 0)::TINYINT",
    "TRY_CAST(i AS TINYINT)",
    "TRY_CAST(m AS UTINYINT)",
    "TRY_CAST(n AS DECIMAL(9,1))",
    "m % 7",
    "abs(m)",
    "-m",
    "sign(m)",
    "n % 1000",
    "n // 77",
    /* floats as bits */
    "TRY_CAST(d AS INTEGER)",
    "TRY_CAST(d AS SMALLINT)",
    "TRY_CAST(d * 1e15 AS UBIGINT)",
    "TRY_CAST(d AS DECIMAL(9,1))",
    "TRY_CAST(f AS TINYINT)",
    "TRY_CAST(f AS DECIMAL(6,2))",
    "d::BOOLEAN",
    "sign(d)",
    "sign(f)",
    "sign(k)",
    "sign(ub)",
    "isnan(d)",
    "isinf(d)",
    "isfinite(d)",
    "isinf(day)",
    "isfinite(ts)",
    "floor(d)",
    "ceil(d)",
    "trunc(d)",
    "round(d)",
    "round_even(d)",
    "floor(f)",
    "ceil(f)",
    "trunc(f)",
    "round(f)",
    "floor(k)",
    "round(k)",
    "round(m)",
    "round(m, 1)",
    "round(m, -2)",
    "floor(m)",
    "ceil(m)",
    "trunc(m, 2)",
    "round_even(m)",
    "abs(d)",
    /* dates */
    "year(day)",
    "month(day)",
    "day(day)",
    "quarter(day)",
    "dayofweek(day)",
    "isodow(day)",
    "week(day)",
    "isoyear(day)",
    "yearweek(day)",
    "dayofyear(day)",
    "decade(day)",
    "century(day)",
    "millennium(day)",
    "hour(day)",
    "year(ts)",
    "month(ts)",
    "day(ts)",
    "hour(ts)",
    "minute(ts)",
    "second(ts)",
    "millisecond(ts)",
    "microsecond(ts)",
    "quarter(ts)",
    "dow(ts)",
    "week(ts)",
    "dayofyear(ts)",
    "hour(tm)",
    "minute(tm)",
    "extract(second FROM tm)",
    "date_part('year', day)",
    "date_trunc('month', day)",
    "date_trunc('year', ts)",
    "date_trunc('quarter', ts)",
    "date_trunc('week', ts)",
    "date_trunc('day', ts)",
    "date_trunc('hour', ts)",
    "date_trunc('minute', ts)",
    "date_trunc('second', ts)",
    "date_trunc('millisecond', ts)",
    "date_trunc('decade', ts)",
    "date_trunc('century', ts)",
    "date_trunc('isoyear', ts)",
    "day + 7",
    "day - 400",
    "3 + day",
    "day - DATE '2000-01-01'",
    "day + INTERVAL 3 DAY",
    "ts - INTERVAL '2 days 03:00:00'",
    "ts + INTERVAL 90 MINUTE",
    "INTERVAL 1 HOUR + ts",
    "day::TIMESTAMP",
    "ts::DATE",
    "TRY_CAST(ts AS TIME)",
    "ts::TIMESTAMP_S",
    "ts::TIMESTAMP_MS",
    "(ts::TIMESTAMP_MS)::TIMESTAMP",
    "day + k::INTEGER",
    /* choices */
    "greatest(i, k)",
    "least(n, i, k)",
    "greatest(d, f)",
    "least(d, 0.5e0)",
    "greatest(day, DATE '1999-01-01')",
    "least(m, 5)",
    "coalesce(n, i)",
    "nullif(k, 7)",
    "CASE WHEN k > 0 THEN i WHEN k < -100 THEN k ELSE NULL END",
    "if(b, i, -i)",
    "n IS DISTINCT FROM i",
    "k BETWEEN 3 AND 77",
    "k NOT BETWEEN -5 AND 5",
    /* functions of text, once an entry */
    "length(s)",
    "s LIKE 'w1%'",
    "s NOT LIKE '%_x'",
    "s ILIKE 'W_2%'",
    "starts_with(s, 'w10')",
    "contains(s, '3_')",
    "regexp_matches(s, '^w[0-9]1_')",
    "s SIMILAR TO 'w(3|4).*'",
    "upper(s) = 'W7_X'",
    "substr(s, 2, 2) IN ('10', '11', '99')",
    "s IS DISTINCT FROM 'w3_x'",
    "coalesce(s, 'none') = 'none'",
    "strlen(s) + i",
    "ascii(s)",
    "s IS NULL OR length(s) > 5",
    "TRY_CAST(substr(s, 2, 2) AS INTEGER)",
    "instr(s, '1')",
    "s < 'w3' AND s >= 'w1'",
    "CASE WHEN s LIKE 'w2%' THEN k ELSE 0 END",
    "length(s)::DOUBLE * d",
    "s IN ('w1_x', NULL)",
    "date_part('year', TRY_CAST('20' || substr(s, 2, 2) || '-01-01' AS DATE))",
    /* large sets */
    "i IN (1,5,7,11,13,17,19,23,29,31,37,41,43,47,53,59,61,67,71,73,8999)",
    "n NOT IN (-3999999999,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,1000003,NULL)",
    "ub IN (0,65537,131074,3,4,5,6,7,8,9,10,11,12,13,14,15,16,196611)",
    "k IN (-500,-499,-498,-497,-3,-2,-1,0,1,2,3,4,5,6,7,8,9,498,499)",
    "m IN (1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,-9999,-9998)",
    "day IN ('1890-03-01','1890-04-01','1890-05-02','2001-01-01','2001-01-02','2001-01-03',"
    "'2001-01-04','2001-01-05','2001-01-06','2001-01-07','2001-01-08','2001-01-09','2001-01-10',"
    "'2001-01-11','2001-01-12','2001-01-13','2001-01-14','2001-01-15')",
};

static void test_expressions_by_hand(void) {
    char sql[4096];
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(expressions); i += 2) { /* two a kernel */
        const char *e = expressions[i];
        const char *f = expressions[TNI_MIN(i + 1, TNI_COUNT_OF(expressions) - 1)];
        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*), count(%s), min(%s), max(%s), count(%s), min(%s), max(%s) "
                       "FROM t WHERE k > -450",
                       e, e, e, f, f, f);
        (void)check_query(sql, ON_GPU);
    }
}

/* Sums, groups, orders by such expressions: other kernels than scans. */
static void test_in_groups_and_orders(void) {
    static const char *const queries[] = {
        "SELECT sum(length(s)), sum(year(day)), sum(m::BIGINT), sum(floor(f)) FROM t",
        "SELECT sum(c * g) FROM (SELECT year(day)::SMALLINT AS g, count(*) AS c FROM t WHERE s LIKE 'w1%' "
        "AND isfinite(day) GROUP BY g)",
        "SELECT sum(c), max(g) FROM (SELECT date_trunc('month', ts)::DATE AS g, count(*) AS c FROM "
        "t "
        "WHERE i IN (1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20) GROUP BY g)",
        "SELECT string_agg(x, ',') FROM (SELECT length(s) * 10000 + i AS x FROM t WHERE s ILIKE "
        "'%2\\_X' ESCAPE '\\' ORDER BY x DESC LIMIT 9)",
    };
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(queries); i++) {
        (void)check_query(queries[i], ON_GPU);
    }
}

/* Errors are the processor's, and only for rows that count. */
static void test_errors(void) {
    (void)check_query("SELECT sum(i::TINYINT) FROM t", ON_CPU);
    (void)check_query("SELECT sum(k << 2) FROM t", ON_CPU);
    (void)check_query("SELECT sum(k << 2) FROM t WHERE k BETWEEN 0 AND 100", ON_GPU);
    (void)check_query("SELECT sum(i >> k) FROM t", ON_CPU);
    (void)check_query("SELECT sum(CASE WHEN k >= 0 THEN i >> k END) FROM t", ON_GPU);
    (void)check_query("SELECT max(day + 2147483647) FROM t", ON_CPU);
    (void)check_query("SELECT sum(d::INTEGER) FROM t", ON_CPU);
    (void)check_query("SELECT sum(d::INTEGER) FROM t WHERE isfinite(d)", ON_GPU);
    (void)check_query("SELECT sum(m::UTINYINT) FROM t WHERE m BETWEEN 0 AND 250", ON_GPU);
    (void)check_query("SELECT sum(substr(s, 2, 2)::INTEGER) FROM t", ON_CPU);
    (void)check_query("SELECT count(*) FROM t WHERE day > '2500-01-01'", ON_GPU);
}

/* ---------------------------------------------------------------------------- at random --- */

/* An expression of a kind: i whole number, d DOUBLE, D date, b boolean. */
static size_t make(char *out, size_t room, char kind, int depth) {
    static const char *const whole[] = {"I + I",
                                        "I - I",
                                        "I * I",
                                        "I % I",
                                        "I // I",
                                        "~I",
                                        "I & I",
                                        "xor(I, I)",
                                        "abs(I)",
                                        "year(D)",
                                        "month(D)",
                                        "day(D)",
                                        "dayofweek(D)",
                                        "week(D)",
                                        "D - D",
                                        "length(s)",
                                        "sign(E)",
                                        "TRY_CAST(E AS INTEGER)",
                                        "TRY_CAST(I AS SMALLINT)",
                                        "greatest(I, I)",
                                        "least(I, I)",
                                        "coalesce(I, I)",
                                        "CASE WHEN B THEN I ELSE I END",
                                        "TRY_CAST(m AS INTEGER)",
                                        "(B)::INTEGER",
                                        "I >> 2",
                                        "hour(ts)",
                                        "quarter(ts)",
                                        "instr(s, '1')",
                                        "round(m, 1)::BIGINT"};
    static const char *const real[] = {
        "E + E",    "E - E",          "E * E",       "-E",
        "abs(E)",   "floor(E)",       "ceil(E)",     "round(E)",
        "trunc(E)", "greatest(E, E)", "(I)::DOUBLE", "CASE WHEN B THEN E ELSE E END"};
    static const char *const date[] = {"D + 30",
                                       "D - 7",
                                       "date_trunc('month', D)::DATE",
                                       "date_trunc('year', D)::DATE",
                                       "coalesce(D, DATE "
                                       "'2001-02-03')",
                                       "least(D, DATE '1990-01-01')",
                                       "CASE WHEN B THEN D END"};
    static const char *const truth[] = {
        "I < I",
        "I = I",
        "E >= E",
        "D < D",
        "B AND B",
        "B OR B",
        "NOT B",
        "(I) IS NULL",
        "(E) IS DISTINCT FROM (E)",
        "I BETWEEN I AND I",
        "s LIKE 'w1%'",
        "s ILIKE '%2_X'",
        "contains(s, '3')",
        "upper(s) > 'W5'",
        "s IN ('w1_x', 'w2_x', '')",
        "I IN (1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,2000)",
        "isfinite(E)",
        "b"};
    static const char *const leaves[4][6] = {
        {"i", "k", "n", "y::INTEGER", "u::INTEGER", "12"},
        {"d", "f::DOUBLE", "2.5e0", "d", "i::DOUBLE", "d"},
        {"day", "day", "ts::DATE", "DATE '2011-05-06'", "day", "day"},
        {"b", "k > 3", "s = 'w4_x'", "d < 3", "b", "i > 99"}};
    const char *pattern = kind == 'I'   ? whole[random_below(TNI_COUNT_OF(whole))]
                          : kind == 'E' ? real[random_below(TNI_COUNT_OF(real))]
                          : kind == 'D' ? date[random_below(TNI_COUNT_OF(date))]
                                        : truth[random_below(TNI_COUNT_OF(truth))];
    size_t used = 0;
    if (depth == 0) {
        int which = kind == 'I' ? 0 : kind == 'E' ? 1 : kind == 'D' ? 2 : 3;
        return (size_t)snprintf(out, room, "%s", leaves[which][random_below(6)]);
    }
    for (; *pattern != '\0' && used + 2 < room; pattern++) {
        bool alone = !(pattern[1] >= 'A' && pattern[1] <= 'Z') && pattern[1] != '_';
        bool word = used > 0 && ((out[used - 1] >= 'A' && out[used - 1] <= 'Z') ||
                                 out[used - 1] == '_' || out[used - 1] == '\'');
        if (strchr("IEDB", *pattern) != NULL && alone && !word) {
            used += (size_t)snprintf(out + used, room - used, "(");
            used += make(out + used, room - used, *pattern, depth - 1);
            used += (size_t)snprintf(out + used, room - used, ")");
            used = TNI_MIN(used, room - 1);
        } else {
            out[used++] = *pattern;
            out[used] = '\0';
        }
    }
    return used;
}

static void test_expressions_at_random(void) {
    static const char kinds[] = "IIEDB";
    unsigned number, there = 0, all = getenv("TRUENO_TEST_LONG") != NULL ? 2000 : 90;
    for (number = 0; number < all; number++) {
        char value[3000], filter[3000], sql[16000];
        char kind = kinds[random_below(5)];
        (void)make(value, sizeof value, kind, 1 + (int)random_below(3));
        (void)make(filter, sizeof filter, 'B', 1 + (int)random_below(2));
        (void)snprintf(
            sql, sizeof sql, "SELECT count(*), count(%s), min(%s), max(%s)%s%s%s FROM t WHERE %s",
            value, value, value, kind == 'E' || kind == 'I' ? ", sum(" : "",
            kind == 'E' || kind == 'I' ? value : "", kind == 'E' || kind == 'I' ? ")" : "", filter);
        there += check_query(sql, ANYWHERE) ? 1 : 0;
    }
    printf("    %u of %u random queries ran on the GPU\n", there, all);
    TNI_CHECK(there * 2 > all);
}

/* ------------------------------------------------------------------------------ relaxed --- */

typedef struct relaxed_case {
    const char *expression, *what; /* what a strict device says it does not run */
    double tolerance;              /* relative, of the largest magnitude */
} relaxed_case;

static const relaxed_case relaxed_cases[] = {
    {"d / 7", "/ of type DOUBLE", 1e-15},
    {"d / k", "/ of type DOUBLE", 1e-15},
    {"i / 3", "/ of type DOUBLE", 1e-15},
    {"f / 3::FLOAT", "/ of type FLOAT", 5e-7},
    {"f * f", "arithmetic of type FLOAT", 5e-7},
    {"f + f", "arithmetic of type FLOAT", 5e-7},
    {"d // 9", "// of type DOUBLE", 1e-15},
    {"sqrt(d)", "sqrt of type DOUBLE", 1e-15},
    {"sqrt(i)", "sqrt of type DOUBLE", 1e-15},
    {"exp(f)", "exp of type DOUBLE", 1e-4},
    {"ln(f + 40)", "arithmetic of type FLOAT", 1e-4},
    {"log2(abs(f))", "log2 of type DOUBLE", 1e-4},
    {"log10(abs(f))", "log10 of type DOUBLE", 1e-4},
    {"pow(abs(f), f)", "pow of type DOUBLE", 1e-3},
    {"sin(f / 11)", "/ of type FLOAT", 1e-3},
    {"cos(least(f, 3::FLOAT))", "cos of type DOUBLE", 1e-3},
    {"atan(f)", "atan of type DOUBLE", 1e-3},
    {"atan2(f, f + 1)", "arithmetic of type FLOAT", 1e-3},
    {"m::DOUBLE", "casts of type DOUBLE", 1e-15},
    {"m::FLOAT", "casts of type FLOAT", 5e-7},
    {"i::FLOAT", "casts of type FLOAT", 5e-7},
};

static void check_close(trueno_result *a, trueno_result *b, uint32_t column, double tolerance,
                        const char *sql) {
    double x = trueno_get_double(a, 0, column), y = trueno_get_double(b, 0, column);
    double off = x - y, scale = y < 0 ? -y : y;
    if (x == y || (x != x && y != y)) {
        return;
    }
    off = off < 0 ? -off : off;
    if (!TNI_CHECK(off <= tolerance * (scale < 1 ? 1 : scale))) {
        printf("    column %u: got %.17g, expected %.17g in\n    %s\n", column, x, y, sql);
    }
}

static void test_relaxed(void) {
    char sql[512];
    size_t i;
    unsigned there = 0;
    trueno_db *relaxed = open_with(TRUENO_BACKEND_GPU, true);
    if (!TNI_CHECK(relaxed != NULL)) {
        return;
    }
    for (i = 0; i < TNI_COUNT_OF(relaxed_cases); i++) {
        const relaxed_case *c = &relaxed_cases[i];
        trueno_result *strict, *a, *b;
        (void)snprintf(sql, sizeof sql,
                       "SELECT min(%s), max(%s), avg(%s), count(%s) FROM t WHERE isfinite(d) AND "
                       "f > 0.25 AND f < 20 AND d > 0",
                       c->expression, c->expression, c->expression, c->expression);
        strict = trueno_query(gpu, sql);
        a = trueno_query(relaxed, sql);
        b = trueno_query(scalar, sql);
        TNI_CHECK(!ran_on_gpu(strict));
        if (!TNI_CHECK(strstr(reason_of(strict), c->what) != NULL &&
                       strstr(reason_of(strict), "SET relaxed = true") != NULL)) {
            printf("    %s: %s\n", c->expression, reason_of(strict));
        }
        if (!TNI_CHECK(ran_on_gpu(a))) {
            printf("    %s: %s\n", sql, reason_of(a));
        }
        there += ran_on_gpu(a) ? 1 : 0;
        check_close(a, b, 0, c->tolerance, sql);
        check_close(a, b, 1, c->tolerance, sql);
        check_close(a, b, 2, c->tolerance, sql);
        check_close(a, b, 3, 0, sql);
        trueno_result_free(strict);
        trueno_result_free(a);
        trueno_result_free(b);
    }
    TNI_CHECK(there > 0);
    trueno_close(relaxed);
}

/* What is no ordinary number, or leaves FLOAT, is the processor's; zero divisors are not. */
static void test_relaxed_edges(void) {
    trueno_result *r = trueno_query(gpu, "SET relaxed = true");
    TNI_CHECK(trueno_result_status(r) == TRUENO_OK);
    trueno_result_free(r);
    (void)check_query("SELECT min(i / (k - k)), max(-i / (k - k)), count(i / (k - k)) FROM t "
                      "WHERE i > 0",
                      ON_GPU);
    (void)check_query("SELECT count(i // (k::DOUBLE)), count(k::DOUBLE // k) FROM t", ON_GPU);
    (void)check_query("SELECT max(d / 3), count(*) FROM t", ON_CPU);
    (void)check_query("SELECT max(exp(f * 1000)) FROM t", ON_CPU);
    (void)check_query("SELECT max(ln(f)) FROM t", ON_CPU);
    (void)check_query("SELECT max(exp(d)) FROM t", ON_CPU);
    (void)check_query("SELECT count(sqrt(k)), max(isnan(sqrt(k))) FROM t", ON_GPU);
    (void)check_query("SELECT max(asin(f)) FROM t", ON_CPU);
    r = trueno_query(gpu, "RESET relaxed");
    TNI_CHECK(trueno_result_status(r) == TRUENO_OK);
    trueno_result_free(r);
    (void)check_query("SELECT max(i / 3) FROM t", ON_CPU);
}

int main(void) {
    const char *line;
    (void)unsetenv("TRUENO_BACKEND");
    validator = system("spirv-val --version >test_gpu_expressions.log 2>&1") == 0;
    (void)remove("test_gpu_expressions.log");
    gpu = open_with(TRUENO_BACKEND_GPU, false);
    scalar = open_with(TRUENO_BACKEND_SCALAR, false);
    if (!TNI_CHECK(gpu != NULL && scalar != NULL)) {
        return tni_test_report();
    }
    line = trueno_devices(gpu, NULL, NULL);
    if (strncmp(line, "queries may run", 15) != 0) {
        TNI_SKIP(line);
    } else {
        test_expressions_by_hand();
        test_in_groups_and_orders();
        test_errors();
        test_expressions_at_random();
        test_relaxed();
        test_relaxed_edges();
    }
    trueno_close(gpu);
    trueno_close(scalar);
    return tni_test_report();
}
