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
#include "plan/regex.h"
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
    {"round", {"DOUBLE:2.675", "INTEGER:2"}, "DOUBLE", "2.67"},
    {"round", {"DOUBLE:-2.675", "INTEGER:2"}, "DOUBLE", "-2.67"},
    {"round", {"DOUBLE:2.345", "INTEGER:2"}, "DOUBLE", "2.35"},
    {"round", {"DOUBLE:0.125", "INTEGER:2"}, "DOUBLE", "0.13"},
    {"round", {"DOUBLE:1.115", "INTEGER:2"}, "DOUBLE", "1.11"},
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
#include "functions_text.inc"
#include "functions_date.inc"
    /* ---- misc ---- */
    {"greatest", {"INTEGER:1", "INTEGER", "INTEGER:3"}, "INTEGER", "3"},
    {"greatest", {"INTEGER", "INTEGER"}, "INTEGER", NULL},
    {"greatest", {"INTEGER:1"}, "INTEGER", "1"},
    {"greatest", {"DOUBLE:nan", "DOUBLE:1"}, "DOUBLE", "nan"},
    {"least", {"DOUBLE:nan", "DOUBLE:1"}, "DOUBLE", "1.0"},
    {"least", {"VARCHAR:b", "VARCHAR:a"}, "VARCHAR", "a"},
    {"greatest", {"VARCHAR:the quick brown fox", "VARCHAR:the quick brown dog", "VARCHAR:the"}, "VARCHAR", "the quick brown fox"},
    {"least", {"DATE:2020-01-01", "TIMESTAMP:2019-01-01"}, "TIMESTAMP", "2019-01-01 00:00:00"},
    {"greatest", {"BOOLEAN:true", "BOOLEAN:false"}, "BOOLEAN", "true"},
    {"least", {"HUGEINT:1", "INTEGER:2"}, "HUGEINT", "1"},
    {"least", {"TINYINT:1", "UTINYINT:2"}, "SMALLINT", "1"},
    {"greatest", {"DECIMAL(10,2):1.25", "DECIMAL(4,1):1.3"}, "DECIMAL(10,2)", "1.30"},
    {"greatest", {"FLOAT:1.5", "INTEGER:1"}, "FLOAT", "1.5"},
    {"greatest", {"UBIGINT:18446744073709551615", "UBIGINT:1"}, "UBIGINT", "18446744073709551615"},
    {"typeof", {"INTEGER:1"}, "VARCHAR", "INTEGER"},
    {"typeof", {"INTEGER"}, "VARCHAR", "INTEGER"},
    {"typeof", {"NULL"}, "VARCHAR", "\"NULL\""},
    {"typeof", {"DECIMAL(4,2):1.5"}, "VARCHAR", "DECIMAL(4,2)"},
    {"typeof", {"TIMESTAMPTZ:2024-01-01"}, "VARCHAR", "TIMESTAMP WITH TIME ZONE"},
    {"pg_typeof", {"INTEGER:1"}, "VARCHAR", "integer"},
    {"constant_or_null", {"INTEGER:1", "INTEGER:2"}, "INTEGER", "1"},
    {"constant_or_null", {"INTEGER:1", "INTEGER"}, "INTEGER", NULL},
    {"current_schema", {NULL}, "VARCHAR", "main"},
    {"current_database", {NULL}, "VARCHAR", "memory"},
    {"error", {"VARCHAR:x"}, "!", NULL},
    {"error", {"VARCHAR"}, "NULL", NULL},
    {"version", {NULL}, "VARCHAR", "v0.1.0"},
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
    w->env.deadline = INT64_MAX;
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
    if (strcmp(c->name, "date_part") == 0 && b.call.result.id == TRUENO_TYPE_DOUBLE && !(known & 1)) {
        return; /* any part may come: always a DOUBLE */
    }
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

/* ---- measurements ---- */

typedef struct bench_case {
    const char *name;
    const char *function;
    const char *constants[3]; /* arguments after the first */
    const char *type;         /* of the first: strings, or moments */
} bench_case;

static const bench_case benches[] = {
    {"LIKE '%google%'", "like", {"VARCHAR:%google%"}, "VARCHAR"},
    {"LIKE 'http://w%'", "like", {"VARCHAR:http://w%"}, "VARCHAR"},
    {"LIKE '%.html'", "like", {"VARCHAR:%.html"}, "VARCHAR"},
    {"LIKE '%www%page_7%'", "like", {"VARCHAR:%www%page_7%"}, "VARCHAR"},
    {"ILIKE '%GOOGLE%'", "ilike", {"VARCHAR:%GOOGLE%"}, "VARCHAR"},
    {"contains(google)", "contains", {"VARCHAR:google"}, "VARCHAR"},
    {"regexp_replace(host)",
     "regexp_replace",
     {"VARCHAR:^https?://(?:www\\.)?([^/]+)/.*$", "VARCHAR:\\1"},
     "VARCHAR"},
    {"regexp_matches(page_[0-9]+7\\.)", "regexp_matches", {"VARCHAR:page_[0-9]+7\\."}, "VARCHAR"},
    {"regexp_matches((foo|bar|page)_9)", "regexp_matches", {"VARCHAR:(foo|bar|page)_9"}, "VARCHAR"},
    {"regexp_extract(q=(\\w+))", "regexp_extract", {"VARCHAR:q=(\\w+)", "INTEGER:1"}, "VARCHAR"},
    {"regexp_replace([0-9], '#', 'g')",
     "regexp_replace",
     {"VARCHAR:[0-9]", "VARCHAR:#", "VARCHAR:g"},
     "VARCHAR"},
    {"length", "length", {NULL}, "VARCHAR"},
    {"upper", "upper", {NULL}, "VARCHAR"},
    {"substring(8, 20)", "substring", {"INTEGER:8", "INTEGER:20"}, "VARCHAR"},
    {"replace(/, -)", "replace", {"VARCHAR:/", "VARCHAR:-"}, "VARCHAR"},
    {"md5", "md5", {NULL}, "VARCHAR"},
    {"year", "year", {NULL}, "TIMESTAMP"},
    {"date_trunc(minute)", "date_trunc", {"VARCHAR:minute"}, "TIMESTAMP"},
    {"date_trunc(month)", "date_trunc", {"VARCHAR:month"}, "TIMESTAMP"},
    {"strftime(%Y-%m-%d)", "strftime", {"VARCHAR:%Y-%m-%d"}, "TIMESTAMP"},
};

#define BENCH_ROWS 2048u

static void bench_one(function_world *w, const bench_case *bench) {
    static tni_string strings[BENCH_ROWS];
    static char texts[BENCH_ROWS][160];
    static int64_t moments[BENCH_ROWS];
    static TNI_ALIGN8 uint8_t out[BENCH_ROWS * 16];
    uint64_t validity[TNI_VECTOR_WORDS];
    bool moment = strcmp(bench->type, "TIMESTAMP") == 0;
    bool leads = strcmp(bench->function, "date_trunc") == 0; /* its constant comes first */
    function_case c;
    bound_case b;
    tni_vector vectors[4];
    uint8_t storage[4][16];
    tni_arena heap;
    tni_call call;
    size_t bytes = 0;
    uint32_t i, round, rounds = 200;
    int64_t start, best = INT64_MAX;
    memset(&c, 0, sizeof c);
    c.name = bench->function;
    c.arguments[leads ? 1 : 0] = moment ? "TIMESTAMP:2024-01-01" : "VARCHAR:x";
    for (i = 0; i < 3 && bench->constants[i]; i++) {
        c.arguments[leads ? 0 : i + 1] = bench->constants[i];
    }
    if (case_bind(w, &c, leads ? 1u : ~UINT32_C(1), &b) != TRUENO_OK) {
        printf("%-36s %s\n", bench->name, w->error.message);
        return;
    }
    for (i = 0; i < BENCH_ROWS; i++) {
        int n = snprintf(texts[i], sizeof texts[i],
                         "http%s://%s%s%u.example.org/some/folder/page_%u.html?q=%s%u&lang=%s",
                         i % 3 ? "" : "s", i % 2 ? "www." : "", i % 5 ? "shop" : "news",
                         i % 97, i, i % 11 ? "word" : "google", i * 7919u % 1000u,
                         i % 4 ? "en" : "ru");
        strings[i] = tni_string_make(texts[i], (size_t)n);
        bytes += (size_t)n;
        moments[i] = INT64_C(1372636800000000) + (int64_t)i * INT64_C(1234567890);
    }
    for (i = 0; i < b.call.count; i++) {
        vectors[i] = tni_vector_constant(&b.values[i], storage[i]);
    }
    i = leads ? 1 : 0;
    vectors[i].form = TNI_FORM_FLAT;
    vectors[i].data = moment ? (const void *)moments : (const void *)strings;
    vectors[i].validity = NULL;
    memset(&call, 0, sizeof call);
    call.env = &w->env;
    call.settings = &w->settings;
    call.error = &w->error;
    call.bound = b.call.bound;
    call.rows = BENCH_ROWS;
    call.count = b.call.count;
    call.arguments = vectors;
    call.type = b.call.result;
    call.out = out;
    call.validity = validity;
    call.heap = &heap;
    for (round = 0; round < rounds; round++) {
        tni_bitmap_fill(validity, BENCH_ROWS, true);
        tni_arena_init(&heap, &w->memory);
        start = tni_clock_nanoseconds();
        if (b.function->eval(&call) != TRUENO_OK) {
            printf("%-36s %s\n", bench->name, w->error.message);
            return;
        }
        start = tni_clock_nanoseconds() - start;
        best = TNI_MIN(best, start);
        tni_arena_free(&heap);
    }
    printf("%-36s %8.2f ns/row", bench->name, (double)best / BENCH_ROWS);
    if (!moment) {
        printf(" %8.2f GB/s", (double)bytes / (double)best);
    }
    printf("\n");
}

/* ---- what a table of cases cannot say ---- */

/* A call whose arguments are vectors of `rows` values; constants at `known` are bound. */
typedef struct direct_call {
    bound_case b;
    tni_call call;
    tni_arena heap;
    uint64_t validity[TNI_VECTOR_WORDS];
    TNI_ALIGN8 uint8_t out[BENCH_ROWS * 16];
} direct_call;

/* Bind by the texts of the case, then run over `vectors`. */
static trueno_status direct_run(function_world *w, const function_case *c, uint32_t known,
                                const tni_vector *vectors, uint32_t rows, direct_call *d) {
    tni_arena_init(&d->heap, &w->memory);
    TNI_TRY(case_bind(w, c, known, &d->b));
    memset(&d->call, 0, sizeof d->call);
    tni_bitmap_fill(d->validity, rows, true);
    d->call.env = &w->env;
    d->call.settings = &w->settings;
    d->call.error = &w->error;
    d->call.bound = d->b.call.bound;
    d->call.rows = rows;
    d->call.count = d->b.call.count;
    d->call.arguments = vectors;
    d->call.type = d->b.call.result;
    d->call.out = d->out;
    d->call.validity = d->validity;
    d->call.heap = &d->heap;
    tni_error_clear(&w->error);
    return d->b.function->eval(&d->call);
}

static tni_vector flat_strings(const tni_string *strings) {
    tni_vector v;
    memset(&v, 0, sizeof v);
    v.type = tni_type_make(TRUENO_TYPE_VARCHAR);
    v.form = TNI_FORM_FLAT;
    v.data = strings;
    return v;
}

/* Patterns that differ from row to row, with repeats. */
static void test_patterns_by_row(function_world *w) {
    static const char *const texts[] = {"abc", "abd", "xyz", "abc", "a.c", ""};
    static const char *const likes[] = {"ab%", "ab%", "%z", "_b_", "a!.c", "%"};
    static const char *const regexes[] = {"b.", "b.", "^x", "c$", "a\\.c", "^$"};
    static direct_call d;
    function_case like = {"like", {"VARCHAR:a", "VARCHAR:a"}, "BOOLEAN", "true"};
    function_case regex = {"regexp_matches", {"VARCHAR:a", "VARCHAR:a"}, "BOOLEAN", "true"};
    tni_string a[600], b[600], r[600];
    tni_vector vectors[2];
    uint32_t i;
    for (i = 0; i < 600; i++) {
        a[i] = tni_string_c(texts[i % 6]);
        b[i] = tni_string_c(likes[i % 6]);
        r[i] = tni_string_c(regexes[i % 6]);
    }
    vectors[0] = flat_strings(a);
    vectors[1] = flat_strings(b);
    TNI_CHECK_EQ_INT(direct_run(w, &like, 0, vectors, 600, &d), TRUENO_OK);
    for (i = 0; i < 600; i++) {
        TNI_CHECK_EQ_INT(d.out[i], i % 6 != 4);
    }
    tni_arena_free(&d.heap);
    vectors[1] = flat_strings(r);
    TNI_CHECK_EQ_INT(direct_run(w, &regex, 0, vectors, 600, &d), TRUENO_OK);
    for (i = 0; i < 600; i++) {
        TNI_CHECK_EQ_INT(d.out[i], 1);
    }
    tni_arena_free(&d.heap);
    tni_arena_free(&w->arena);
}

/* Numbers from 0 to 1, all different, others in the next chunk and under another seed. */
static void test_random(function_world *w) {
    static direct_call d;
    static double first[BENCH_ROWS];
    function_case c = {"random", {NULL}, "DOUBLE", NULL};
    function_case u = {"uuid", {NULL}, "VARCHAR", NULL};
    double sum = 0;
    uint32_t i, same = 0;
    TNI_CHECK_EQ_INT(direct_run(w, &c, 0, NULL, BENCH_ROWS, &d), TRUENO_OK);
    memcpy(first, d.out, sizeof first);
    for (i = 0; i < BENCH_ROWS; i++) {
        TNI_CHECK(first[i] >= 0.0 && first[i] < 1.0);
        sum += first[i];
    }
    TNI_CHECK(sum > 0.45 * BENCH_ROWS && sum < 0.55 * BENCH_ROWS);
    TNI_CHECK_EQ_INT(d.b.function->eval(&d.call), TRUENO_OK);
    for (i = 0; i < BENCH_ROWS; i++) {
        same += ((const double *)(const void *)d.out)[i] == first[i] ? 1 : 0;
    }
    TNI_CHECK_EQ_UINT(same, 0);
    w->settings.random_seed = 43;
    TNI_CHECK_EQ_INT(direct_run(w, &c, 0, NULL, BENCH_ROWS, &d), TRUENO_OK);
    TNI_CHECK(memcmp(first, d.out, sizeof first) != 0);
    w->settings.random_seed = 42;
    TNI_CHECK_EQ_INT(direct_run(w, &c, 0, NULL, BENCH_ROWS, &d), TRUENO_OK);
    TNI_CHECK_BYTES(d.out, first, sizeof first);
    TNI_CHECK_EQ_INT(direct_run(w, &u, 0, NULL, 3, &d), TRUENO_OK);
    for (i = 0; i < 3; i++) {
        const tni_string *s = (const tni_string *)(const void *)d.out + i;
        const char *text = (const char *)tni_string_data(s);
        TNI_CHECK(s->length == 36 && text[14] == '4' && text[8] == '-' &&
                  strchr("89ab", text[19]) != NULL);
    }
    TNI_CHECK(memcmp(d.out, d.out + 16, 16) != 0);
    tni_arena_free(&d.heap);
    tni_arena_free(&w->arena);
}

/* Patterns made to take for ever, or all memory, end soon: with an answer or an error. */
static void test_hostile_patterns(function_world *w) {
    static const char *const patterns[] = {"(a*)*$",
                                           "(a|a)*$",
                                           "(a|aa)+$",
                                           "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)b",
                                           "([a-z]+)+\\d",
                                           "(x+x+)+y",
                                           "a{1000}a{1000}",
                                           "((a{100}){100}){100}",
                                           "(((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9}){9}",
                                           "((((((((){999}){999}){999}){999}){999}){999}){999}){999}",
                                           "(?i)[^a][^b][^c][^d][^e][^f][^g]",
                                           "[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*0"};
    size_t n = 20000, i, depth;
    char *text = (char *)malloc(n);
    char *deep = (char *)malloc(3000);
    int64_t start = tni_clock_nanoseconds();
    memset(text, 'a', n);
    for (i = 0; i < TNI_COUNT_OF(patterns); i++) {
        tni_arena arena;
        tni_regex_matcher matcher;
        size_t slots[2 * TNI_REGEX_GROUPS];
        const tni_regex *regex;
        trueno_status status;
        tni_arena_init(&arena, &w->memory);
        tni_error_clear(&w->error);
        status = tni_regex_compile(&arena, (const uint8_t *)patterns[i], strlen(patterns[i]), 0,
                                   ~UINT32_C(0), &regex, &w->error);
        TNI_CHECK(status == TRUENO_OK || status == TRUENO_ERROR_LIMIT);
        if (status == TRUENO_OK) {
            tni_regex_matcher_init(&matcher, &w->memory);
            (void)tni_regex_match(&matcher, regex, (const uint8_t *)text, n, 0, slots);
            TNI_CHECK(!matcher.failed);
            tni_regex_matcher_free(&matcher);
        }
        tni_arena_free(&arena);
    }
    for (depth = 10; depth < 1000; depth *= 3) { /* groups in groups */
        tni_arena arena;
        const tni_regex *regex;
        trueno_status status;
        tni_arena_init(&arena, &w->memory);
        tni_error_clear(&w->error);
        memset(deep, '(', depth);
        deep[depth] = 'a';
        memset(deep + depth + 1, ')', depth);
        status = tni_regex_compile(&arena, (const uint8_t *)deep, 2 * depth + 1, 0, 0, &regex,
                                   &w->error);
        TNI_CHECK_EQ_INT(status, depth < 250 ? TRUENO_OK : TRUENO_ERROR_LIMIT);
        tni_arena_free(&arena);
    }
    TNI_CHECK(tni_clock_nanoseconds() - start < INT64_C(20000000000));
    free(text);
    free(deep);
}

/* Every function with a limit on memory too low for it: an error, and nothing is lost. */
static void test_out_of_memory(function_world *w) {
    static const function_case calls[] = {
        {"repeat", {"VARCHAR:abc", "INTEGER:1000000"}, "VARCHAR", NULL},
        {"lpad", {"VARCHAR:abc", "INTEGER:1000000", "VARCHAR:xy"}, "VARCHAR", NULL},
        {"concat", {"VARCHAR:0123456789", "VARCHAR:0123456789"}, "VARCHAR", NULL},
        {"upper", {"VARCHAR:a text that is not short"}, "VARCHAR", NULL},
        {"replace", {"VARCHAR:a text that is not short", "VARCHAR:t", "VARCHAR:T"}, "VARCHAR", NULL},
        {"levenshtein", {"VARCHAR:kitten", "VARCHAR:sitting"}, "BIGINT", NULL},
        {"strftime", {"DATE:2024-01-01", "VARCHAR:%Y-%m-%d %Y-%m-%d"}, "VARCHAR", NULL},
        {"format", {"VARCHAR:{} and some more text {}", "INTEGER:1", "INTEGER:2"}, "VARCHAR", NULL},
        {"regexp_replace",
         {"VARCHAR:a text that is not short", "VARCHAR:t", "VARCHAR:T", "VARCHAR:g"},
         "VARCHAR",
         NULL},
        {"regexp_extract", {"VARCHAR:aaaaaaaab", "VARCHAR:(a*)*b", "INTEGER:1"}, "VARCHAR", NULL},
        {"ilike", {"VARCHAR:\303\204\303\226", "VARCHAR:%\303\266%"}, "BOOLEAN", NULL},
    };
    static direct_call d;
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(calls); i++) {
        tni_vector vectors[MOST_ARGUMENTS];
        uint8_t storage[MOST_ARGUMENTS][16];
        bound_case b;
        trueno_status status;
        int64_t before;
        uint32_t a;
        if (!TNI_CHECK_EQ_INT(case_bind(w, &calls[i], UINT32_MAX, &b), TRUENO_OK)) {
            continue;
        }
        for (a = 0; a < b.call.count; a++) {
            vectors[a] = tni_vector_constant(&b.values[a], storage[a]);
        }
        before = tni_atomic_load_i64(&w->memory.used);
        TNI_CHECK_EQ_INT(direct_run(w, &calls[i], UINT32_MAX, vectors, 1, &d), TRUENO_OK);
        tni_arena_free(&d.heap);
        d.call.heap = &d.heap;
        d.validity[0] = 1;
        before = tni_atomic_load_i64(&w->memory.used);
        w->memory.limit = before; /* not a byte more */
        tni_error_clear(&w->error);
        status = d.b.function->eval(&d.call);
        if (!TNI_CHECK(status == TRUENO_ERROR_MEMORY_LIMIT || status == TRUENO_ERROR_MEMORY)) {
            printf("    %s\n", calls[i].name);
        }
        w->memory.limit = INT64_MAX;
        tni_arena_free(&d.heap);
        TNI_CHECK_EQ_INT(tni_atomic_load_i64(&w->memory.used), before);
        tni_arena_free(&w->arena);
    }
}

/* hash: equal values have equal hashes, in every form; NULL has one too. */
static void test_hash(function_world *w) {
    static direct_call d;
    function_case c = {"hash", {"VARCHAR:a"}, "UBIGINT", NULL};
    tni_string strings[4];
    tni_vector v;
    uint64_t validity = 7;
    const uint64_t *out = (const uint64_t *)(const void *)d.out;
    strings[0] = tni_string_c("the quick brown fox");
    strings[1] = tni_string_c("the quick brown dog");
    strings[2] = strings[0];
    strings[3] = tni_string_c("");
    v = flat_strings(strings);
    v.validity = &validity;
    TNI_CHECK_EQ_INT(direct_run(w, &c, 0, &v, 4, &d), TRUENO_OK);
    TNI_CHECK(out[0] == out[2] && out[0] != out[1] && out[3] != out[0]);
    TNI_CHECK_EQ_UINT(d.validity[0] & 15, 15);
    tni_arena_free(&d.heap);
    tni_arena_free(&w->arena);
}

int main(int count, char **arguments) {
    function_world w;
    size_t i;
    world_open(&w);
    if (count > 1 && strcmp(arguments[1], "bench") == 0) {
        for (i = 0; i < TNI_COUNT_OF(benches); i++) {
            bench_one(&w, &benches[i]);
        }
        world_close(&w);
        return 0;
    }
    test_cases(&w);
    test_patterns_by_row(&w);
    test_random(&w);
    test_hash(&w);
    test_hostile_patterns(&w);
    test_out_of_memory(&w);
    world_close(&w);
    return tni_test_report();
}
