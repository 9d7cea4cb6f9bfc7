/*
 * scalar_misc.c - greatest and least, hash, typeof, random, uuid, error, facts about the session.
 *
 * random() and uuid() draw from a counter that belongs to the call and is hashed with the seed of
 * the query: rows get numbers of their own, whichever worker evaluates them.
 *
 * Uses: base/, column/type.h, plan/function.h.
 */
#include "base/hash.h"
#include "plan/scalar_internal.h"

/* -------------------------------------------------------------------------- greatest, least --- */

/* Take argument `v` where it is not NULL and better than what is there. BETTER sees x (new) and
 * y (old). */
#define TNI_EXTREME_LOOP(T, BETTER)                                                                \
    do {                                                                                           \
        const T *in = (const T *)data;                                                             \
        T *out = (T *)call->out;                                                                   \
        for (i = 0; i < call->rows; i++) {                                                         \
            T x, y;                                                                                \
            if (tni_vector_is_null(v, i)) {                                                        \
                continue;                                                                          \
            }                                                                                      \
            x = in[i * step];                                                                      \
            y = out[i];                                                                            \
            if (!tni_bit_get(call->validity, i) || (BETTER)) {                                     \
                out[i] = x;                                                                        \
                tni_bit_set(call->validity, i);                                                    \
            }                                                                                      \
        }                                                                                          \
    } while (0)

#define TNI_EXTREME_NUMBER(T) TNI_EXTREME_LOOP(T, greatest ? x > y : x < y)
/* NaN is the greatest number */
#define TNI_EXTREME_FLOAT(T)                                                                       \
    TNI_EXTREME_LOOP(T, greatest ? x > y || (x != x && y == y) : x < y || (y != y && x == x))

static int tni_extreme_interval(tni_interval x, tni_interval y) {
    tni_value a = tni_value_null(tni_type_make(TRUENO_TYPE_INTERVAL)), b = a;
    a.is_null = b.is_null = false;
    a.as.interval = x;
    b.as.interval = y;
    return tni_value_compare(&a, &b);
}

static void tni_extreme_argument(tni_call *call, uint32_t argument, bool greatest) {
    const tni_vector *v = &call->arguments[argument];
    const void *data = tni_scalar_data(call, argument);
    size_t step = tni_scalar_step(call, argument);
    uint32_t i;
    switch (tni_type_physical(call->type)) {
    case TNI_PHYSICAL_BOOL:
    case TNI_PHYSICAL_U8: TNI_EXTREME_NUMBER(uint8_t); break;
    case TNI_PHYSICAL_I8: TNI_EXTREME_NUMBER(int8_t); break;
    case TNI_PHYSICAL_I16: TNI_EXTREME_NUMBER(int16_t); break;
    case TNI_PHYSICAL_U16: TNI_EXTREME_NUMBER(uint16_t); break;
    case TNI_PHYSICAL_I32: TNI_EXTREME_NUMBER(int32_t); break;
    case TNI_PHYSICAL_U32: TNI_EXTREME_NUMBER(uint32_t); break;
    case TNI_PHYSICAL_I64: TNI_EXTREME_NUMBER(int64_t); break;
    case TNI_PHYSICAL_U64: TNI_EXTREME_NUMBER(uint64_t); break;
    case TNI_PHYSICAL_F32: TNI_EXTREME_FLOAT(float); break;
    case TNI_PHYSICAL_F64: TNI_EXTREME_FLOAT(double); break;
    case TNI_PHYSICAL_I128:
        TNI_EXTREME_LOOP(tni_i128, greatest ? tni_i128_compare(x, y) > 0
                                            : tni_i128_compare(x, y) < 0);
        break;
    case TNI_PHYSICAL_STRING:
        TNI_EXTREME_LOOP(tni_string, greatest ? tni_string_compare(&x, &y) > 0
                                              : tni_string_compare(&x, &y) < 0);
        break;
    default:
        TNI_EXTREME_LOOP(tni_interval, greatest ? tni_extreme_interval(x, y) > 0
                                                : tni_extreme_interval(x, y) < 0);
    }
}

static trueno_status tni_extreme_rows(tni_call *call, bool greatest) {
    uint32_t a;
    tni_scalar_clear(call);
    memset(call->validity, 0, tni_bitmap_words(call->rows) * sizeof *call->validity);
    for (a = 0; a < call->count; a++) {
        tni_extreme_argument(call, a, greatest);
    }
    return TRUENO_OK;
}

static trueno_status tni_eval_greatest(tni_call *call) {
    return tni_extreme_rows(call, true);
}
static trueno_status tni_eval_least(tni_call *call) {
    return tni_extreme_rows(call, false);
}

/* The first argument, where the others are not NULL. */
static trueno_status tni_eval_constant_or_null(tni_call *call) {
    uint32_t width = tni_type_width(call->type), i;
    const uint8_t *in = (const uint8_t *)tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0) * width;
    for (i = 0; i < call->rows; i++) {
        memcpy((uint8_t *)call->out + (size_t)i * width, in + i * step, width);
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------------- hash --- */

static uint64_t tni_hash_value(tni_type type, const void *data, size_t row) {
    uint32_t width = tni_type_width(type);
    const uint8_t *p = (const uint8_t *)data + row * width;
    uint64_t v = 0, w = 0;
    double number;
    if (tni_type_is_string(type)) {
        return tni_hash_string((const tni_string *)(const void *)p);
    }
    switch (tni_type_physical(type)) {
    case TNI_PHYSICAL_I8: v = (uint64_t)(int64_t)*(const int8_t *)p; break;
    case TNI_PHYSICAL_I16: v = (uint64_t)(int64_t)*(const int16_t *)(const void *)p; break;
    case TNI_PHYSICAL_I32: v = (uint64_t)(int64_t)*(const int32_t *)(const void *)p; break;
    case TNI_PHYSICAL_F32:
    case TNI_PHYSICAL_F64:
        number = width == 4 ? (double)*(const float *)(const void *)p
                            : *(const double *)(const void *)p;
        number = number == 0.0 ? 0.0 : number; /* -0.0 is 0.0 */
        if (number != number) {
            return TNI_HASH_NULL ^ 1;
        }
        memcpy(&v, &number, sizeof v);
        break;
    case TNI_PHYSICAL_I128:
    case TNI_PHYSICAL_INTERVAL:
        memcpy(&v, p, 8);
        memcpy(&w, p + 8, 8);
        return tni_hash_combine(tni_hash_u64(v), tni_hash_u64(w));
    case TNI_PHYSICAL_U16: v = *(const uint16_t *)(const void *)p; break;
    case TNI_PHYSICAL_U32: v = *(const uint32_t *)(const void *)p; break;
    case TNI_PHYSICAL_BOOL:
    case TNI_PHYSICAL_U8: v = *p; break;
    default: memcpy(&v, p, 8);
    }
    return tni_hash_u64(v);
}

static trueno_status tni_bind_hash(tni_bind_call *call, tni_error *error) {
    (void)error;
    call->result = tni_type_make(TRUENO_TYPE_UBIGINT);
    return TRUENO_OK;
}

static trueno_status tni_eval_hash(tni_call *call) {
    uint64_t *out = (uint64_t *)call->out;
    uint32_t a, i;
    for (a = 0; a < call->count; a++) {
        const tni_vector *v = &call->arguments[a];
        const void *data = tni_scalar_data(call, a);
        size_t step = tni_scalar_step(call, a);
        for (i = 0; i < call->rows; i++) {
            uint64_t h = tni_vector_is_null(v, i) ? TNI_HASH_NULL
                                                  : tni_hash_value(v->type, data, i * step);
            out[i] = a == 0 ? h : tni_hash_combine(out[i], h);
        }
    }
    return TRUENO_OK;
}

/* --------------------------------------------------------------- texts known beforehand --- */

/* The same text in every row: call->bound is a tni_string. */
static trueno_status tni_eval_known_text(tni_call *call) {
    const tni_string *text = (const tni_string *)call->bound;
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        ((tni_string *)call->out)[i] = *text;
    }
    return TRUENO_OK;
}

static trueno_status tni_bind_known(tni_bind_call *call, const char *text, tni_error *error) {
    size_t length = strlen(text);
    tni_string *bound = (tni_string *)tni_arena_alloc(call->arena, sizeof *bound);
    char *copy = tni_arena_text(call->arena, text, length);
    if (bound == NULL || copy == NULL) {
        return tni_memory_fail(call->arena->memory, length, error);
    }
    *bound = tni_string_make(copy, length);
    call->bound = bound;
    call->result = tni_type_make(TRUENO_TYPE_VARCHAR);
    return TRUENO_OK;
}

static trueno_status tni_bind_typeof(tni_bind_call *call, tni_error *error) {
    char text[48];
    if (call->types[0].id == TRUENO_TYPE_NULL) {
        memcpy(text, "\"NULL\"", 7);
    } else {
        (void)tni_type_print(call->types[0], text);
    }
    return tni_bind_known(call, text, error);
}

static trueno_status tni_bind_pg_typeof(tni_bind_call *call, tni_error *error) {
    char text[48];
    size_t i, n = tni_type_print(call->types[0], text);
    for (i = 0; i < n; i++) {
        text[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    }
    return tni_bind_known(call, text, error);
}

static trueno_status tni_bind_version(tni_bind_call *call, tni_error *error) {
    return tni_bind_known(call, "v" TRUENO_VERSION, error);
}

static trueno_status tni_bind_schema(tni_bind_call *call, tni_error *error) {
    return tni_bind_known(call, "main", error);
}

static trueno_status tni_bind_database(tni_bind_call *call, tni_error *error) {
    return tni_bind_known(call, "memory", error);
}

static trueno_status tni_bind_user(tni_bind_call *call, tni_error *error) {
    return tni_bind_known(call, "trueno", error);
}

/* ------------------------------------------------------------------------------- random --- */

/* Binding leaves a pointer to the counter: the data behind call->bound never changes itself. */
typedef struct tni_random_source {
    tni_atomic_i64 *drawn;
    uint64_t salt; /* two calls in one query differ */
} tni_random_source;

static trueno_status tni_bind_random_source(tni_bind_call *call, trueno_type type,
                                            tni_error *error) {
    tni_random_source *source = (tni_random_source *)tni_arena_alloc(call->arena, sizeof *source);
    tni_atomic_i64 *drawn = (tni_atomic_i64 *)tni_arena_alloc(call->arena, sizeof *drawn);
    if (source == NULL || drawn == NULL) {
        return tni_memory_fail(call->arena->memory, sizeof *source, error);
    }
    source->drawn = drawn;
    source->salt = tni_hash_u64((uint64_t)call->position + 1);
    call->bound = source;
    call->result = tni_type_make(type);
    return TRUENO_OK;
}

static trueno_status tni_bind_random(tni_bind_call *call, tni_error *error) {
    return tni_bind_random_source(call, TRUENO_TYPE_DOUBLE, error);
}

static trueno_status tni_bind_uuid(tni_bind_call *call, tni_error *error) {
    return tni_bind_random_source(call, TRUENO_TYPE_VARCHAR, error);
}

/* The first of `count` numbers reserved for this call; each is hashed. */
static uint64_t tni_random_reserve(const tni_call *call, int32_t count, uint64_t *key) {
    const tni_random_source *source = (const tni_random_source *)call->bound;
    *key = tni_hash_combine(call->settings->random_seed, source->salt);
    return (uint64_t)tni_atomic_add_i64(source->drawn, count);
}

static trueno_status tni_eval_random(tni_call *call) {
    uint64_t key, first = tni_random_reserve(call, (int32_t)call->rows, &key);
    uint32_t i;
    for (i = 0; i < call->rows; i++) {
        uint64_t bits = tni_hash_u64(key + (first + i) * UINT64_C(0x9e3779b97f4a7c15));
        ((double *)call->out)[i] = (double)(bits >> 11) * (1.0 / 9007199254740992.0);
    }
    return TRUENO_OK;
}

/* The seeds of the queries after this one follow from the number. */
static trueno_status tni_eval_setseed(tni_call *call) {
    const double *seeds = (const double *)tni_scalar_data(call, 0);
    size_t step = tni_scalar_step(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    while (tni_rows_next(&rows, &i)) {
        double seed = seeds[i * step];
        int64_t bits;
        if (!(seed >= -1.0 && seed <= 1.0)) {
            return tni_fail(call->error, TRUENO_ERROR_INVALID,
                            "setseed takes a number between -1.0 and 1.0");
        }
        memcpy(&bits, &seed, sizeof bits);
        if (call->settings->seed != NULL) {
            tni_atomic_store_i64(call->settings->seed, bits);
        }
    }
    memset(call->validity, 0, tni_bitmap_words(call->rows) * sizeof *call->validity);
    return TRUENO_OK;
}

/* A random UUID (version 4) as text. */
static trueno_status tni_eval_uuid(tni_call *call) {
    static const char digits[] = "0123456789abcdef";
    uint64_t key, first = tni_random_reserve(call, (int32_t)call->rows * 2, &key);
    uint32_t i, k;
    for (i = 0; i < call->rows; i++) {
        uint64_t bits[2];
        char text[36];
        size_t n = 0;
        for (k = 0; k < 2; k++) {
            uint64_t at = first + (uint64_t)i * 2 + k;
            bits[k] = tni_hash_u64(key + at * UINT64_C(0x9e3779b97f4a7c15));
        }
        bits[0] = (bits[0] & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
        bits[1] = (bits[1] & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
        for (k = 0; k < 32; k++) {
            if (k == 8 || k == 12 || k == 16 || k == 20) {
                text[n++] = '-';
            }
            text[n++] = digits[bits[k / 16] >> (60 - k % 16 * 4) & 15];
        }
        TNI_TRY(tni_scalar_put(call, i, text, n));
    }
    return TRUENO_OK;
}

/* -------------------------------------------------------------------------------- error --- */

static trueno_status tni_bind_error(tni_bind_call *call, tni_error *error) {
    (void)error;
    call->result = tni_type_make(TRUENO_TYPE_NULL);
    return TRUENO_OK;
}

static trueno_status tni_eval_error(tni_call *call) {
    tni_scalar_strings s = tni_scalar_strings_of(call, 0);
    tni_rows rows = tni_rows_of(call);
    uint32_t i;
    tni_scalar_clear(call);
    if (tni_rows_next(&rows, &i)) {
        const tni_string *text = &s.data[i * s.step];
        return tni_fail(call->error, TRUENO_ERROR_INVALID, "%.*s",
                        (int)TNI_MIN(text->length, 900u), (const char *)tni_string_data(text));
    }
    memset(call->validity, 0, tni_bitmap_words(call->rows) * sizeof *call->validity);
    return TRUENO_OK;
}

/* -------------------------------------------------------------------------------- table --- */

#define TNI_MISC_KNOWN(name, pattern, bind, signature, doc)                                        \
    TNI_SCALAR(name, pattern, NULL, bind, tni_eval_known_text, TNI_FUNCTION_NULLS, signature, doc)
#define TNI_MISC_RANDOM(name, bind, eval, doc)                                                     \
    TNI_SCALAR(name, "", NULL, bind, eval, TNI_FUNCTION_VOLATILE, "()", doc)

static const tni_function tni_misc_table[] = {
    TNI_SCALAR_ON("greatest", "e+", "e", NULL, tni_eval_greatest, TNI_FUNCTION_NULLS,
                  TNI_DEVICE_GREATEST, "(value, ...)", "The greatest of those that are not NULL"),
    TNI_SCALAR_ON("least", "e+", "e", NULL, tni_eval_least, TNI_FUNCTION_NULLS, TNI_DEVICE_LEAST,
                  "(value, ...)", "The least of those that are not NULL"),
    TNI_SCALAR("constant_or_null", "aa+", "1", NULL, tni_eval_constant_or_null, 0,
               "(value, other, ...)", "The value, or NULL where another one is NULL"),
    TNI_SCALAR("hash", "a+", NULL, tni_bind_hash, tni_eval_hash, TNI_FUNCTION_NULLS, "(value, ...)",
               "A number that equal values have in common"),
    TNI_MISC_KNOWN("typeof", "a", tni_bind_typeof, "(value)", "The name of the value's type"),
    TNI_MISC_KNOWN("pg_typeof", "a", tni_bind_pg_typeof, "(value)",
                   "The name of the value's type, in lower case"),
    TNI_MISC_KNOWN("version", "", tni_bind_version, "()", "The version of this library"),
    TNI_MISC_KNOWN("current_schema", "", tni_bind_schema, "()", "main"),
    TNI_MISC_KNOWN("current_database", "", tni_bind_database, "()", "memory"),
    TNI_MISC_KNOWN("current_user", "", tni_bind_user, "()", "trueno"),
    TNI_MISC_KNOWN("user", "", tni_bind_user, "()", "trueno"),
    TNI_MISC_KNOWN("session_user", "", tni_bind_user, "()", "trueno"),
    TNI_MISC_KNOWN("current_role", "", tni_bind_user, "()", "trueno"),
    TNI_MISC_KNOWN("current_catalog", "", tni_bind_database, "()", "memory"),
    TNI_MISC_RANDOM("random", tni_bind_random, tni_eval_random,
                    "A random number from 0 up to, not including, 1"),
    TNI_SCALAR("setseed", "d", NULL, tni_bind_error, tni_eval_setseed, TNI_FUNCTION_VOLATILE,
               "(number)", "Starts the random numbers of the queries that follow; gives NULL"),
    TNI_MISC_RANDOM("uuid", tni_bind_uuid, tni_eval_uuid, "A random UUID as text"),
    TNI_MISC_RANDOM("uuidv4", tni_bind_uuid, tni_eval_uuid, "A random UUID as text"),
    TNI_MISC_RANDOM("gen_random_uuid", tni_bind_uuid, tni_eval_uuid, "A random UUID as text"),
    TNI_SCALAR("error", "s", NULL, tni_bind_error, tni_eval_error, 0, "(text)",
               "Ends the query with that message"),
    TNI_SCALAR_END,
};

#undef TNI_EXTREME_LOOP
#undef TNI_EXTREME_NUMBER
#undef TNI_EXTREME_FLOAT
#undef TNI_MISC_KNOWN
#undef TNI_MISC_RANDOM

TNI_FN const tni_function *tni_functions_misc(void) {
    return tni_misc_table;
}
