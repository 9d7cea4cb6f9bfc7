/*
 * test_functions.c - scalar functions against answers taken from DuckDB.
 *
 * A case is a call with typed arguments and what comes out: "TYPE:text" each, "TYPE" alone for
 * NULL. Every case runs as constants, as vectors and mixed; among the rows of a vector are NULLs
 * and rows masked away, which may hold anything and never fail.
 *
 *     test_functions          the cases
 *     test_functions bench    nanoseconds a row of LIKE, regular expressions, dates, substring
 */
#include "plan/function.h"
#include "test.h"

#define MOST_ARGUMENTS 7
#define ROWS 130

typedef struct function_case {
    const char *name;
    const char *arguments[MOST_ARGUMENTS]; /* the first NULL ends them */
    const char *type;                      /* of the result */
    const char *result;                    /* NULL: NULL; type "!": fails */
} function_case;

static const function_case cases[] = {
    /* ---- math ---- */
    {"abs", {"TINYINT:-5"}, "TINYINT", "5"},
    {"abs", {"TINYINT:-128"}, "!", NULL},
    {"abs", {"BIGINT:-9223372036854775808"}, "!", NULL},
    {"abs", {"DECIMAL(2,1):-1.5"}, "DECIMAL(2,1)", "1.5"},
    {"abs", {"DECIMAL(30,1):-1.5"}, "DECIMAL(30,1)", "1.5"},
    {"abs", {"UTINYINT:5"}, "UTINYINT", "5"},
    {"abs", {"DOUBLE:-0.0"}, "DOUBLE", "0.0"},
    {"abs", {"FLOAT:-2.5"}, "FLOAT", "2.5"},
    {"abs", {"HUGEINT:-170141183460469231731687303715884105728"}, "!", NULL},
    {"abs", {"HUGEINT:-5"}, "HUGEINT", "5"},
    {"abs", {"INTEGER"}, "INTEGER", NULL},
    {"round", {"DECIMAL(2,1):2.5"}, "DECIMAL(2,0)", "3"},
    {"round", {"DECIMAL(4,3):2.345", "INTEGER:2"}, "DECIMAL(4,2)", "2.35"},
    {"round", {"DECIMAL(4,3):-2.345", "INTEGER:2"}, "DECIMAL(4,2)", "-2.35"},
    {"round", {"DECIMAL(4,3):2.345", "INTEGER:1"}, "DECIMAL(4,1)", "2.3"},
    {"round", {"DECIMAL(4,3):2.345", "INTEGER:7"}, "DECIMAL(4,3)", "2.345"},
    {"round", {"DECIMAL(4,3):2.345", "INTEGER:-1"}, "DECIMAL(4,0)", "0"},
    {"round", {"DECIMAL(5,1):1234.5", "INTEGER:-2"}, "DECIMAL(5,0)", "1200"},
    {"round", {"DECIMAL(5,1):1250.5", "INTEGER:-2"}, "DECIMAL(5,0)", "1300"},
    {"round", {"DECIMAL(4,2):99.95", "INTEGER:1"}, "DECIMAL(4,1)", "100.0"},
    {"round", {"DECIMAL(30,10):12345678901234567890.5555555555", "INTEGER:3"}, "DECIMAL(30,3)", "12345678901234567890.556"},
    {"round", {"INTEGER:25"}, "INTEGER", "25"},
    {"round", {"INTEGER:25", "INTEGER:-1"}, "INTEGER", "30"},
    {"round", {"INTEGER:-25", "INTEGER:-1"}, "INTEGER", "-30"},
    {"round", {"INTEGER:24", "INTEGER:5"}, "INTEGER", "24"},
    {"round", {"TINYINT:127", "INTEGER:-1"}, "!", NULL},
    {"round", {"INTEGER:2147483647", "INTEGER:-1"}, "!", NULL},
    {"round", {"INTEGER:123456", "INTEGER:-20"}, "INTEGER", "0"},
    {"round", {"BIGINT:123456", "INTEGER:-3"}, "BIGINT", "123000"},
    {"round", {"HUGEINT:15000000000000000000000000000", "INTEGER:-27"}, "HUGEINT", "15000000000000000000000000000"},
    {"round", {"DOUBLE:2.5"}, "DOUBLE", "3.0"},
    {"round", {"DOUBLE:-2.5"}, "DOUBLE", "-3.0"},
    {"round", {"DOUBLE:2.675", "INTEGER:2"}, "DOUBLE", "2.68"},
    {"round", {"DOUBLE:1e300", "INTEGER:2"}, "DOUBLE", "1e+300"},
    {"round", {"DOUBLE:nan", "INTEGER:2"}, "DOUBLE", "nan"},
    {"round", {"DOUBLE:inf"}, "DOUBLE", "inf"},
    {"round", {"FLOAT:1.5"}, "FLOAT", "2.0"},
    {"round", {"FLOAT:1.2345", "INTEGER:2"}, "FLOAT", "1.23"},
    {"round", {"DOUBLE:123.45", "INTEGER:400"}, "DOUBLE", "123.45"},
    {"round", {"DOUBLE:123.45", "INTEGER:-400"}, "DOUBLE", "0.0"},
    {"round", {"DOUBLE:12.5", "INTEGER:-1"}, "DOUBLE", "10.0"},
    {"round", {"DOUBLE:3.14159265", "INTEGER:4"}, "DOUBLE", "3.1416"},
    {"round", {"DOUBLE", "INTEGER:4"}, "DOUBLE", NULL},
    {"round", {"DOUBLE:1.5", "INTEGER"}, "DOUBLE", NULL},
    {"round_even", {"DECIMAL(2,1):2.5", "INTEGER:0"}, "DECIMAL(2,0)", "2"},
    {"round_even", {"DECIMAL(2,1):3.5", "INTEGER:0"}, "DECIMAL(2,0)", "4"},
    {"round_even", {"DOUBLE:2.5", "INTEGER:0"}, "DOUBLE", "2.0"},
    {"round_even", {"INTEGER:25", "INTEGER:-1"}, "INTEGER", "20"},
    {"round_even", {"INTEGER:35", "INTEGER:-1"}, "INTEGER", "40"},
    {"trunc", {"DECIMAL(4,3):2.567", "INTEGER:2"}, "DECIMAL(4,2)", "2.56"},
    {"trunc", {"DECIMAL(4,3):2.567"}, "DECIMAL(4,0)", "2"},
    {"trunc", {"DECIMAL(4,3):-2.567", "INTEGER:1"}, "DECIMAL(4,1)", "-2.5"},
    {"trunc", {"INTEGER:25", "INTEGER:-1"}, "INTEGER", "20"},
    {"trunc", {"DOUBLE:2.567", "INTEGER:2"}, "DOUBLE", "2.56"},
    {"trunc", {"DOUBLE:-2.567"}, "DOUBLE", "-2.0"},
    {"trunc", {"INTEGER:3"}, "INTEGER", "3"},
    {"floor", {"DECIMAL(2,1):2.5"}, "DECIMAL(2,0)", "2"},
    {"floor", {"DECIMAL(2,1):-2.5"}, "DECIMAL(2,0)", "-3"},
    {"floor", {"DECIMAL(30,5):-123456789012345678901234.5"}, "DECIMAL(30,0)", "-123456789012345678901235"},
    {"floor", {"INTEGER:3"}, "DOUBLE", "3.0"},
    {"floor", {"HUGEINT:3"}, "DOUBLE", "3.0"},
    {"floor", {"FLOAT:2.5"}, "FLOAT", "2.0"},
    {"floor", {"DOUBLE:-2.5"}, "DOUBLE", "-3.0"},
    {"ceil", {"DECIMAL(10,3):-2.5"}, "DECIMAL(10,0)", "-2"},
    {"ceil", {"DECIMAL(3,1):99.9"}, "DECIMAL(3,0)", "100"},
    {"ceil", {"DECIMAL(2,1):9.9"}, "DECIMAL(2,0)", "10"},
    {"ceil", {"DOUBLE:-0.5"}, "DOUBLE", "-0.0"},
    {"ceiling", {"DOUBLE:2.1"}, "DOUBLE", "3.0"},
    {"sqrt", {"DOUBLE:-1"}, "DOUBLE", "nan"},
    {"sqrt", {"DOUBLE:2"}, "DOUBLE", "1.4142135623730951"},
    {"sqrt", {"INTEGER:16"}, "DOUBLE", "4.0"},
    {"ln", {"DOUBLE:0"}, "DOUBLE", "-inf"},
    {"ln", {"DOUBLE:-1"}, "DOUBLE", "nan"},
    {"ln", {"DOUBLE:10"}, "DOUBLE", "2.302585092994046"},
    {"log", {"DOUBLE:0"}, "DOUBLE", "-inf"},
    {"log", {"DOUBLE:100"}, "DOUBLE", "2.0"},
    {"log", {"DOUBLE:2", "DOUBLE:8"}, "DOUBLE", "3.0"},
    {"log", {"DOUBLE:1", "DOUBLE:8"}, "DOUBLE", "inf"},
    {"log", {"DOUBLE:0", "DOUBLE:8"}, "DOUBLE", "-0.0"},
    {"log10", {"DOUBLE:1000"}, "DOUBLE", "3.0"},
    {"log2", {"DOUBLE:-1"}, "DOUBLE", "nan"},
    {"log2", {"DOUBLE:1024"}, "DOUBLE", "10.0"},
    {"exp", {"DOUBLE:1000"}, "DOUBLE", "inf"},
    {"exp", {"DOUBLE:1"}, "DOUBLE", "2.718281828459045"},
    {"pow", {"DOUBLE:0", "DOUBLE:-1"}, "DOUBLE", "inf"},
    {"pow", {"INTEGER:2", "INTEGER:10"}, "DOUBLE", "1024.0"},
    {"power", {"DOUBLE:2", "DOUBLE:0.5"}, "DOUBLE", "1.4142135623730951"},
    {"sign", {"DECIMAL(2,1):-2.5"}, "TINYINT", "-1"},
    {"sign", {"DECIMAL(25,1):-2.5"}, "TINYINT", "-1"},
    {"sign", {"DOUBLE:nan"}, "TINYINT", "0"},
    {"sign", {"DOUBLE:-0.0"}, "TINYINT", "0"},
    {"sign", {"UBIGINT:5"}, "TINYINT", "1"},
    {"sign", {"TINYINT:-5"}, "TINYINT", "-1"},
    {"sign", {"HUGEINT:5"}, "TINYINT", "1"},
    {"factorial", {"INTEGER:5"}, "HUGEINT", "120"},
    {"factorial", {"INTEGER:0"}, "HUGEINT", "1"},
    {"factorial", {"INTEGER:-1"}, "!", NULL},
    {"factorial", {"INTEGER:33"}, "HUGEINT", "8683317618811886495518194401280000000"},
    {"factorial", {"INTEGER:34"}, "!", NULL},
    {"gcd", {"INTEGER:12", "INTEGER:18"}, "BIGINT", "6"},
    {"gcd", {"BIGINT:-12", "BIGINT:18"}, "BIGINT", "6"},
    {"gcd", {"BIGINT:0", "BIGINT:0"}, "BIGINT", "0"},
    {"gcd", {"HUGEINT:12", "HUGEINT:18"}, "HUGEINT", "6"},
    {"gcd", {"HUGEINT:36893488147419103232", "HUGEINT:24"}, "HUGEINT", "8"},
    {"lcm", {"BIGINT:4", "BIGINT:6"}, "BIGINT", "12"},
    {"lcm", {"BIGINT:-4", "BIGINT:6"}, "BIGINT", "12"},
    {"lcm", {"BIGINT:0", "BIGINT:6"}, "BIGINT", "0"},
    {"lcm", {"BIGINT:9223372036854775807", "BIGINT:2"}, "!", NULL},
    {"pi", {NULL}, "DOUBLE", "3.141592653589793"},
    {"even", {"DOUBLE:2.1"}, "DOUBLE", "4.0"},
    {"even", {"DOUBLE:-2.1"}, "DOUBLE", "-4.0"},
    {"even", {"DOUBLE:3"}, "DOUBLE", "4.0"},
    {"even", {"DOUBLE:0.5"}, "DOUBLE", "2.0"},
    {"degrees", {"DOUBLE:1"}, "DOUBLE", "57.29577951308232"},
    {"radians", {"DOUBLE:180"}, "DOUBLE", "3.141592653589793"},
    {"cot", {"DOUBLE:1"}, "DOUBLE", "0.6420926159343306"},
    {"sin", {"DOUBLE:1"}, "DOUBLE", "0.8414709848078965"},
    {"cos", {"DOUBLE:1"}, "DOUBLE", "0.5403023058681398"},
    {"tan", {"DOUBLE:1"}, "DOUBLE", "1.5574077246549023"},
    {"asin", {"DOUBLE:2"}, "DOUBLE", "nan"},
    {"acos", {"DOUBLE:0.5"}, "DOUBLE", "1.0471975511965979"},
    {"atan", {"DOUBLE:1"}, "DOUBLE", "0.7853981633974483"},
    {"atan2", {"DOUBLE:1", "DOUBLE:-1"}, "DOUBLE", "2.356194490192345"},
    {"sinh", {"DOUBLE:1"}, "DOUBLE", "1.1752011936438014"},
    {"cosh", {"DOUBLE:1000"}, "DOUBLE", "inf"},
    {"tanh", {"DOUBLE:0.5"}, "DOUBLE", "0.46211715726000974"},
    {"asinh", {"DOUBLE:1"}, "DOUBLE", "0.881373587019543"},
    {"acosh", {"DOUBLE:0.5"}, "DOUBLE", "nan"},
    {"atanh", {"DOUBLE:1"}, "DOUBLE", "inf"},
    {"gamma", {"DOUBLE:5"}, "DOUBLE", "24.0"},
    {"gamma", {"DOUBLE:-1"}, "DOUBLE", "nan"},
    {"lgamma", {"DOUBLE:0"}, "DOUBLE", "inf"},
    {"cbrt", {"DOUBLE:-8"}, "DOUBLE", "-2.0"},
    {"nextafter", {"DOUBLE:1", "DOUBLE:2"}, "DOUBLE", "1.0000000000000002"},
    {"nextafter", {"DOUBLE:1", "DOUBLE:0"}, "DOUBLE", "0.9999999999999999"},
    {"nextafter", {"FLOAT:1", "FLOAT:2"}, "FLOAT", "1.0000001"},
    {"nextafter", {"DOUBLE:0", "DOUBLE:-1"}, "DOUBLE", "-5e-324"},
    {"bit_count", {"INTEGER:5"}, "TINYINT", "2"},
    {"bit_count", {"TINYINT:-1"}, "TINYINT", "8"},
    {"bit_count", {"BIGINT:-1"}, "TINYINT", "64"},
    {"bit_count", {"UTINYINT:7"}, "TINYINT", "3"},
    {"bit_count", {"HUGEINT:-1"}, "TINYINT", "-128"},
    {"isnan", {"FLOAT:nan"}, "BOOLEAN", "true"},
    {"isnan", {"DOUBLE:1"}, "BOOLEAN", "false"},
    {"isinf", {"DOUBLE:-inf"}, "BOOLEAN", "true"},
    {"isinf", {"TIMESTAMP:-infinity"}, "BOOLEAN", "true"},
    {"isfinite", {"INTEGER:1"}, "BOOLEAN", "true"},
    {"isfinite", {"DATE:infinity"}, "BOOLEAN", "false"},
    {"isfinite", {"DATE:2024-01-01"}, "BOOLEAN", "true"},
    {"signbit", {"DOUBLE:-0.0"}, "BOOLEAN", "true"},
    {"signbit", {"FLOAT:1"}, "BOOLEAN", "false"},
    {"mod", {"INTEGER:7", "INTEGER:3"}, "INTEGER", "1"},
    /* ---- text ---- */
    {"||", {"VARCHAR:a", "INTEGER:5"}, "VARCHAR", "a5"},
    {"||", {"INTEGER:1", "INTEGER:2"}, "VARCHAR", "12"},
    {"||", {"VARCHAR:hello", "VARCHAR: wide world"}, "VARCHAR", "hello wide world"},
    {"||", {"BLOB:a", "BLOB:b"}, "BLOB", "ab"},
    {"||", {"VARCHAR:a", "VARCHAR"}, "VARCHAR", NULL},
    {"concat", {"VARCHAR:a", "VARCHAR", "INTEGER:5", "BOOLEAN:true"}, "VARCHAR", "a5true"},
    {"concat", {"VARCHAR", "INTEGER"}, "VARCHAR", ""},
    {"concat_ws", {"VARCHAR:,", "VARCHAR:a", "VARCHAR", "INTEGER:5"}, "VARCHAR", "a,5"},
    {"concat_ws", {"VARCHAR", "VARCHAR:a"}, "VARCHAR", NULL},
    {"length", {"VARCHAR:h\303\251\303\251"}, "BIGINT", "3"},
    {"length", {"VARCHAR:a longer text with \303\274n\303\257code"}, "BIGINT", "26"},
    {"length", {"VARCHAR:"}, "BIGINT", "0"},
    {"strlen", {"VARCHAR:h\303\251\303\251"}, "BIGINT", "5"},
    {"octet_length", {"BLOB:abc"}, "BIGINT", "3"},
    {"bit_length", {"VARCHAR:h\303\251\303\251"}, "BIGINT", "40"},
    {"substring", {"VARCHAR:hello", "INTEGER:2"}, "VARCHAR", "ello"},
    {"substring", {"VARCHAR:hello", "INTEGER:2", "INTEGER:2"}, "VARCHAR", "el"},
    {"substring", {"VARCHAR:hello", "INTEGER:0", "INTEGER:2"}, "VARCHAR", "h"},
    {"substring", {"VARCHAR:hello", "INTEGER:-2", "INTEGER:2"}, "VARCHAR", "lo"},
    {"substring", {"VARCHAR:hello", "INTEGER:-2"}, "VARCHAR", "lo"},
    {"substring", {"VARCHAR:hello", "INTEGER:-10", "INTEGER:7"}, "VARCHAR", "he"},
    {"substring", {"VARCHAR:hello", "INTEGER:3", "INTEGER:-2"}, "VARCHAR", "he"},
    {"substring", {"VARCHAR:hello", "INTEGER:1", "INTEGER:-2"}, "VARCHAR", ""},
    {"substring", {"VARCHAR:hello", "INTEGER:0"}, "VARCHAR", "hello"},
    {"substring", {"VARCHAR:hello", "INTEGER:0", "INTEGER:-2"}, "VARCHAR", ""},
    {"substring", {"VARCHAR:hello", "INTEGER:-2", "INTEGER:-2"}, "VARCHAR", "el"},
    {"substring", {"VARCHAR:hello", "INTEGER:7"}, "VARCHAR", ""},
    {"substring", {"VARCHAR:hello", "INTEGER:6", "INTEGER:1"}, "VARCHAR", ""},
    {"substring", {"VARCHAR:h\303\251llo", "INTEGER:2", "INTEGER:2"}, "VARCHAR", "\303\251l"},
    {"substring", {"VARCHAR:the quick brown fox jumps over the lazy dog", "INTEGER:5", "INTEGER:20"}, "VARCHAR", "quick brown fox jump"},
    {"substring", {"VARCHAR:th\303\251 quick brown fox jumps over the lazy d\303\266g", "INTEGER:-20", "INTEGER:15"}, "VARCHAR", "ps over the laz"},
    {"substring", {"VARCHAR:hello", "BIGINT:3", "BIGINT:9223372036854775807"}, "VARCHAR", "llo"},
    {"substr", {"VARCHAR:hello", "INTEGER:2", "INTEGER:0"}, "VARCHAR", ""},
    {"substring", {"VARCHAR:hello", "INTEGER", "INTEGER:2"}, "VARCHAR", NULL},
    {"left", {"VARCHAR:hello", "INTEGER:2"}, "VARCHAR", "he"},
    {"left", {"VARCHAR:hello", "INTEGER:-2"}, "VARCHAR", "hel"},
    {"left", {"VARCHAR:hello", "INTEGER:-10"}, "VARCHAR", ""},
    {"left", {"VARCHAR:abc", "BIGINT:-9223372036854775808"}, "VARCHAR", ""},
    {"left", {"VARCHAR:th\303\251 quick brown fox jumps", "INTEGER:19"}, "VARCHAR", "th\303\251 quick brown fox"},
    {"right", {"VARCHAR:hello", "INTEGER:2"}, "VARCHAR", "lo"},
    {"right", {"VARCHAR:hello", "INTEGER:-2"}, "VARCHAR", "llo"},
    {"right", {"VARCHAR:h\303\251llo", "INTEGER:4"}, "VARCHAR", "\303\251llo"},
    {"right", {"VARCHAR:h\303\251llo", "INTEGER:-2"}, "VARCHAR", "llo"},
    {"right", {"VARCHAR:abc", "INTEGER:0"}, "VARCHAR", ""},
    {"right", {"VARCHAR:abc", "BIGINT:-9223372036854775808"}, "VARCHAR", ""},
    {"right", {"VARCHAR:th\303\251 quick brown fox jumps", "INTEGER:19"}, "VARCHAR", "ick brown fox jumps"},
    {"trim", {"VARCHAR:  a b  "}, "VARCHAR", "a b"},
    {"trim", {"VARCHAR:    "}, "VARCHAR", ""},
    {"trim", {"VARCHAR:  a considerably longer text   "}, "VARCHAR", "a considerably longer text"},
    {"trim", {"VARCHAR:xxaxx", "VARCHAR:x"}, "VARCHAR", "a"},
    {"trim", {"VARCHAR:xyaxy", "VARCHAR:yx"}, "VARCHAR", "a"},
    {"trim", {"VARCHAR:abc", "VARCHAR:"}, "VARCHAR", "abc"},
    {"trim", {"VARCHAR:abc", "VARCHAR"}, "VARCHAR", NULL},
    {"ltrim", {"VARCHAR:\303\251a\303\251", "VARCHAR:\303\251"}, "VARCHAR", "a\303\251"},
    {"rtrim", {"VARCHAR:\303\251a\303\251", "VARCHAR:\303\251"}, "VARCHAR", "\303\251a"},
    {"ltrim", {"VARCHAR: a "}, "VARCHAR", "a "},
    {"rtrim", {"VARCHAR: a  "}, "VARCHAR", " a"},
    {"replace", {"VARCHAR:aXbX", "VARCHAR:X", "VARCHAR:yy"}, "VARCHAR", "ayybyy"},
    {"replace", {"VARCHAR:abc", "VARCHAR:", "VARCHAR:x"}, "VARCHAR", "abc"},
    {"replace", {"VARCHAR:aaa", "VARCHAR:aa", "VARCHAR:b"}, "VARCHAR", "ba"},
    {"replace", {"VARCHAR:one two one two one two", "VARCHAR:one", "VARCHAR:three"}, "VARCHAR", "three two three two three two"},
    {"replace", {"VARCHAR:one two one two one two", "VARCHAR:two", "VARCHAR:"}, "VARCHAR", "one  one  one "},
    {"repeat", {"VARCHAR:ab", "INTEGER:3"}, "VARCHAR", "ababab"},
    {"repeat", {"VARCHAR:ab", "INTEGER:10"}, "VARCHAR", "abababababababababab"},
    {"repeat", {"VARCHAR:ab", "INTEGER:-1"}, "VARCHAR", ""},
    {"repeat", {"VARCHAR:", "BIGINT:9223372036854775807"}, "VARCHAR", ""},
    {"repeat", {"VARCHAR:ab", "BIGINT:3000000000"}, "!", NULL},
    {"repeat", {"BLOB:ab", "INTEGER:2"}, "BLOB", "abab"},
    {"lpad", {"VARCHAR:hi", "INTEGER:5", "VARCHAR:xy"}, "VARCHAR", "xyxhi"},
    {"lpad", {"VARCHAR:hello", "INTEGER:2", "VARCHAR:xy"}, "VARCHAR", "he"},
    {"lpad", {"VARCHAR:hello", "INTEGER:2", "VARCHAR:"}, "VARCHAR", "he"},
    {"lpad", {"VARCHAR:hi", "INTEGER:5", "VARCHAR:"}, "!", NULL},
    {"lpad", {"VARCHAR:hi", "INTEGER:-1", "VARCHAR:x"}, "VARCHAR", ""},
    {"lpad", {"VARCHAR:hi", "INTEGER:20", "VARCHAR:\303\244bc"}, "VARCHAR", "\303\244bc\303\244bc\303\244bc\303\244bc\303\244bc\303\244bchi"},
    {"rpad", {"VARCHAR:h\303\251", "INTEGER:5", "VARCHAR:xy"}, "VARCHAR", "h\303\251xyx"},
    {"rpad", {"VARCHAR:h\303\251", "INTEGER:25", "VARCHAR:xyz"}, "VARCHAR", "h\303\251xyzxyzxyzxyzxyzxyzxyzxy"},
    {"strpos", {"VARCHAR:abc", "VARCHAR:d"}, "BIGINT", "0"},
    {"strpos", {"VARCHAR:abc", "VARCHAR:b"}, "BIGINT", "2"},
    {"strpos", {"VARCHAR:abc", "VARCHAR:"}, "BIGINT", "1"},
    {"strpos", {"VARCHAR:abc", "VARCHAR:abcd"}, "BIGINT", "0"},
    {"instr", {"VARCHAR:h\303\251llo", "VARCHAR:l"}, "BIGINT", "3"},
    {"position", {"VARCHAR:the quick brown fox jumps over the lazy dog", "VARCHAR:lazy"}, "BIGINT", "36"},
    {"contains", {"VARCHAR:abc", "VARCHAR:b"}, "BOOLEAN", "true"},
    {"contains", {"VARCHAR:abc", "VARCHAR:"}, "BOOLEAN", "true"},
    {"contains", {"VARCHAR:the quick brown fox jumps over the lazy dog", "VARCHAR:fix"}, "BOOLEAN", "false"},
    {"contains", {"VARCHAR:the quick brown fox jumps over the lazy dog", "VARCHAR:dog"}, "BOOLEAN", "true"},
    {"starts_with", {"VARCHAR:abc", "VARCHAR:ab"}, "BOOLEAN", "true"},
    {"prefix", {"VARCHAR:abc", "VARCHAR:"}, "BOOLEAN", "true"},
    {"starts_with", {"VARCHAR:the quick brown fox", "VARCHAR:the quick brown dog"}, "BOOLEAN", "false"},
    {"ends_with", {"VARCHAR:abc", "VARCHAR:bc"}, "BOOLEAN", "true"},
    {"suffix", {"VARCHAR:abc", "VARCHAR:"}, "BOOLEAN", "true"},
    {"ends_with", {"VARCHAR:abc", "VARCHAR:abcd"}, "BOOLEAN", "false"},
    {"split_part", {"VARCHAR:a,b,c", "VARCHAR:,", "INTEGER:2"}, "VARCHAR", "b"},
    {"split_part", {"VARCHAR:a,b,c", "VARCHAR:,", "INTEGER:-1"}, "VARCHAR", "c"},
    {"split_part", {"VARCHAR:a,b,c", "VARCHAR:,", "INTEGER:-4"}, "VARCHAR", ""},
    {"split_part", {"VARCHAR:a,b,c", "VARCHAR:,", "INTEGER:0"}, "VARCHAR", ""},
    {"split_part", {"VARCHAR:a,b,c", "VARCHAR:,", "INTEGER:9"}, "VARCHAR", ""},
    {"split_part", {"VARCHAR:abc", "VARCHAR:", "INTEGER:2"}, "VARCHAR", "b"},
    {"split_part", {"VARCHAR:\303\244bc", "VARCHAR:", "INTEGER:-3"}, "VARCHAR", "\303\244"},
    {"split_part", {"VARCHAR:abc", "VARCHAR:", "INTEGER:4"}, "VARCHAR", ""},
    {"split_part", {"VARCHAR:", "VARCHAR:,", "INTEGER:1"}, "VARCHAR", ""},
    {"split_part", {"VARCHAR:one long part::another long part::the end", "VARCHAR:::", "INTEGER:2"}, "VARCHAR", "another long part"},
    {"overlay", {"VARCHAR:abcdef", "VARCHAR:XX", "INTEGER:2"}, "VARCHAR", "aXXdef"},
    {"overlay", {"VARCHAR:abcdef", "VARCHAR:XX", "INTEGER:2", "INTEGER:1"}, "VARCHAR", "aXXcdef"},
    {"overlay", {"VARCHAR:abcdef", "VARCHAR:XX", "INTEGER:0", "INTEGER:1"}, "VARCHAR", "XXabcdef"},
    {"overlay", {"VARCHAR:abcdef", "VARCHAR:XX", "INTEGER:10", "INTEGER:1"}, "VARCHAR", "abcdefXX"},
    {"overlay", {"VARCHAR:abcdef", "VARCHAR:XX", "INTEGER:2", "INTEGER:-1"}, "VARCHAR", "aXXdef"},
    {"overlay", {"VARCHAR:abcdef", "VARCHAR:XX", "INTEGER:2", "INTEGER:3"}, "VARCHAR", "aXXef"},
};

/* ---- one world for all ---- */

typedef struct function_world {
    tni_memory memory;
    tni_arena arena;
    tni_env env;
    tni_settings settings;
    tni_math math;
    tni_error error;
} function_world;

static void world_open(function_world *w) {
    trueno_allocator allocator;
    memset(w, 0, sizeof *w);
    tni_allocator_default(&allocator);
    tni_memory_init(&w->memory, &allocator, UINT64_MAX / 2);
    tni_arena_init(&w->arena, &w->memory);
    w->env.memory = &w->memory;
    w->env.kernels = tni_kernels_pick(TRUENO_BACKEND_AUTO);
    (void)tni_math_load(&w->math);
    w->env.math = &w->math;
    w->settings.random_seed = 42;
    w->settings.now = INT64_C(1704164645123456); /* 2024-01-02 03:04:05.123456 */
}

static void world_close(function_world *w) {
    tni_arena_free(&w->arena);
    tni_math_unload(&w->math);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&w->memory.used), 0);
}

static bool case_type(const char *text, size_t length, tni_type *out) {
    unsigned precision, scale;
    if (length > 8 && memcmp(text, "DECIMAL(", 8) == 0 &&
        sscanf(text, "DECIMAL(%u,%u)", &precision, &scale) == 2) {
        *out = tni_type_decimal((uint8_t)precision, (uint8_t)scale);
        return true;
    }
    if (length == 4 && memcmp(text, "NULL", 4) == 0) {
        *out = tni_type_make(TRUENO_TYPE_NULL);
        return true;
    }
    return tni_type_by_name(text, length, out);
}

/* "TYPE:text" */
static bool case_value(function_world *w, const char *text, tni_value *out) {
    const char *colon = strchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : strlen(text);
    tni_value in;
    tni_type type;
    if (!case_type(text, length, &type)) {
        return false;
    }
    *out = tni_value_null(type);
    if (!colon) {
        return true;
    }
    in = tni_value_string(tni_type_make(TRUENO_TYPE_VARCHAR),
                          tni_string_make(colon + 1, strlen(colon + 1)));
    if (type.id == TRUENO_TYPE_VARCHAR) {
        *out = in;
        return true;
    }
    return tni_cast_value(&w->env, &w->arena, &in, type, out, &w->error) == TRUENO_OK;
}

/* ---- running a case ---- */

typedef struct bound_case {
    const tni_function *function;
    tni_bind_call call;
    tni_type types[MOST_ARGUMENTS];
    tni_value values[MOST_ARGUMENTS];
    const tni_value *constants[MOST_ARGUMENTS];
} bound_case;

/* `known`: bit i set when argument i is a constant. */
static trueno_status case_bind(function_world *w, const function_case *c, uint32_t known,
                               bound_case *b) {
    uint32_t i, count = 0;
    memset(b, 0, sizeof *b);
    tni_error_clear(&w->error);
    while (count < MOST_ARGUMENTS && c->arguments[count]) {
        if (!TNI_CHECK(case_value(w, c->arguments[count], &b->values[count]))) {
            printf("    %s: argument %s\n", c->name, c->arguments[count]);
            return TRUENO_ERROR_INTERNAL;
        }
        b->types[count] = b->values[count].type;
        b->constants[count] = known >> count & 1 ? &b->values[count] : NULL;
        count++;
    }
    b->call.arena = &w->arena;
    b->call.env = &w->env;
    b->call.settings = &w->settings;
    b->call.name = c->name;
    b->call.position = TNI_NO_POSITION;
    b->call.count = count;
    b->call.types = b->types;
    b->call.constants = b->constants;
    TNI_TRY(tni_function_resolve(&b->call, &b->function, &w->error));
    for (i = 0; i < count; i++) {
        tni_value cast;
        TNI_TRY(tni_cast_value(&w->env, &w->arena, &b->values[i], b->types[i], &cast, &w->error));
        cast.type = b->types[i];
        b->values[i] = cast;
    }
    return TRUENO_OK;
}

/* Which rows of a vector hold the case's arguments; the others are NULL (1) or masked (2). */
static int row_kind(uint32_t row) {
    return row % 5 == 3 ? 1 : row % 7 == 4 ? 2 : 0;
}

typedef struct flat_argument {
    TNI_ALIGN8 uint8_t data[ROWS * 16];
    uint64_t validity[TNI_VECTOR_WORDS];
    uint8_t constant[16];
} flat_argument;

static void case_argument(const tni_value *value, bool constant, uint32_t rows, flat_argument *f,
                          tni_vector *v) {
    uint32_t width = tni_type_width(value->type), i;
    if (constant) {
        *v = tni_vector_constant(value, f->constant);
        return;
    }
    memset(v, 0, sizeof *v);
    memset(f->validity, 0, sizeof f->validity);
    for (i = 0; i < rows; i++) {
        uint8_t *slot = f->data + (size_t)i * width;
        if (row_kind(i) == 1 || value->is_null) {
            memset(slot, tni_type_is_string(value->type) ? 0 : (int)(i * 37 % 256), width);
            if (tni_type_physical(value->type) == TNI_PHYSICAL_BOOL) {
                *slot = 1;
            }
        } else {
            tni_value_store(value, slot);
            tni_bit_set(f->validity, i);
        }
    }
    v->type = value->type;
    v->form = TNI_FORM_FLAT;
    v->data = f->data;
    v->validity = f->validity;
}

static void case_describe(const function_case *c, const char *how) {
    uint32_t i;
    printf("    %s(", c->name);
    for (i = 0; i < MOST_ARGUMENTS && c->arguments[i]; i++) {
        printf("%s%s", i ? ", " : "", c->arguments[i]);
    }
    printf(") %s\n", how);
}

static bool case_compare(const function_case *c, const tni_call *call, uint32_t row,
                         function_world *w, const char *how) {
    tni_text text;
    bool valid = tni_bit_get(call->validity, row), good;
    if (!c->result || !valid) {
        if (!TNI_CHECK(!c->result == !valid)) {
            case_describe(c, how);
            printf("    row %u is %s\n", row, valid ? "not NULL" : "NULL");
        }
        return !c->result == !valid;
    }
    tni_text_init(&text, &w->memory);
    tni_type_print_value(call->type,
                         (const uint8_t *)call->out + (size_t)row * tni_type_width(call->type),
                         &text);
    good = TNI_CHECK_TEXT(text.data ? text.data : "", c->result);
    if (!good) {
        case_describe(c, how);
    }
    tni_text_free(&text);
    return good;
}

/* Strings: the bytes past the end are zero, long ones repeat their first four. */
static void case_string_form(const function_case *c, const tni_call *call, uint32_t row) {
    tni_string s, again;
    if (!tni_type_is_string(call->type)) {
        return;
    }
    s = ((const tni_string *)call->out)[row];
    if (!tni_bit_get(call->validity, row)) {
        return;
    }
    again = tni_string_make(tni_string_data(&s), s.length);
    if (!TNI_CHECK(memcmp(&s, &again, sizeof s) == 0)) {
        case_describe(c, "string form");
    }
}

static void case_run(function_world *w, const function_case *c, uint32_t known, uint32_t rows,
                     const char *how) {
    static flat_argument flat[MOST_ARGUMENTS];
    tni_vector vectors[MOST_ARGUMENTS];
    uint64_t validity[TNI_VECTOR_WORDS], active[TNI_VECTOR_WORDS], none[TNI_VECTOR_WORDS];
    TNI_ALIGN8 uint8_t out[ROWS * 16];
    tni_arena heap;
    bound_case b;
    tni_call call;
    trueno_status status = case_bind(w, c, known, &b);
    bool fails = c->type[0] == '!', nulls;
    char type[40];
    uint32_t i;
    if (status == TRUENO_ERROR_UNSUPPORTED && strstr(w->error.message, "constant")) {
        return;
    }
    if (status != TRUENO_OK) {
        if (!TNI_CHECK(fails)) {
            case_describe(c, w->error.message);
        }
        return;
    }
    nulls = (b.function->flags & TNI_FUNCTION_NULLS) != 0;
    tni_type_print(b.call.result, type);
    if (!fails && !TNI_CHECK_TEXT(type, c->type)) {
        case_describe(c, "type");
        return;
    }
    tni_bitmap_fill(validity, rows, true);
    memset(active, 0, sizeof active);
    memset(none, 0, sizeof none);
    for (i = 0; i < b.call.count; i++) {
        uint32_t word;
        case_argument(&b.values[i], known >> i & 1, rows, &flat[i], &vectors[i]);
        for (word = 0; word < tni_bitmap_words(rows) && !nulls; word++) {
            validity[word] &= !(known >> i & 1)      ? flat[i].validity[word]
                              : b.values[i].is_null ? 0
                                                    : ~UINT64_C(0);
        }
    }
    for (i = 0; i < rows; i++) {
        if (rows == 1 || row_kind(i) != 2) {
            tni_bit_set(active, i);
        }
    }
    tni_arena_init(&heap, &w->memory);
    memset(&call, 0, sizeof call);
    memset(out, 0xa5, sizeof out);
    tni_error_clear(&w->error);
    call.env = &w->env;
    call.settings = &w->settings;
    call.error = &w->error;
    call.bound = b.call.bound;
    call.rows = rows;
    call.count = b.call.count;
    call.arguments = vectors;
    call.active = fails ? none : active;
    call.type = b.call.result;
    call.out = out;
    call.validity = validity;
    call.heap = &heap;
    status = b.function->eval(&call);
    if (!TNI_CHECK(status == TRUENO_OK)) {
        case_describe(c, how);
        printf("    %s\n", w->error.message);
    } else if (fails) { /* nothing counted so far; now everything does */
        bool any = false;
        call.active = NULL;
        for (i = 0; i < rows; i++) {
            any = any || tni_bit_get(validity, i);
        }
        if (any && !TNI_CHECK(b.function->eval(&call) != TRUENO_OK && w->error.message[0])) {
            case_describe(c, how);
        }
    } else {
        for (i = 0; i < rows; i++) {
            if (rows == 1 || row_kind(i) == 0 || known == UINT32_MAX) {
                if (!case_compare(c, &call, i, w, how)) {
                    break;
                }
                case_string_form(c, &call, i);
            } else if (row_kind(i) == 1 && !nulls && b.call.count > 0) {
                if (!TNI_CHECK(!tni_bit_get(validity, i))) {
                    case_describe(c, how);
                }
            }
        }
    }
    tni_arena_free(&heap);
}

static void test_cases(function_world *w) {
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(cases); i++) {
        case_run(w, &cases[i], UINT32_MAX, 1, "as constants");
        case_run(w, &cases[i], 0, ROWS, "as vectors");
        case_run(w, &cases[i], 0, 1, "as vectors of one row");
        if (cases[i].arguments[0] && cases[i].arguments[1]) {
            case_run(w, &cases[i], ~UINT32_C(1), ROWS, "with a vector first");
            case_run(w, &cases[i], 1, ROWS, "with a constant first");
        }
        tni_arena_free(&w->arena);
    }
}

int main(void) {
    function_world w;
    world_open(&w);
    test_cases(&w);
    world_close(&w);
    return tni_test_report();
}
