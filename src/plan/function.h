/*
 * function.h - one table of every SQL function: binder, evaluator, docs, completion and tests
 * read the same rows.
 *
 * A scalar function is a row (name, argument pattern, result, eval). Overloads are several rows
 * with one name; the binder picks the row whose implicit casts cost least. Patterns are one
 * letter an argument:
 *
 *   b BOOLEAN   i BIGINT (integers widen to it)   d DOUBLE   s VARCHAR   x BLOB
 *   D DATE      T TIME   t TIMESTAMP (us)   I INTERVAL   n any numeric, kept as it is
 *   a anything, kept as it is   e like the arguments before: a common type   + repeat the last
 *   ? what follows is optional
 *
 * and for the result: a letter above, "1" / "2" = the type of that argument, "e" = the common
 * type, or NULL when `bind` decides.
 */
#ifndef TNI_PLAN_FUNCTION_H
#define TNI_PLAN_FUNCTION_H

#include "column/vector.h"

typedef struct tni_settings {
    bool integer_division;  /* 7 / 2 = 3, as PostgreSQL and SQLite; default: 3.5, as DuckDB */
    bool nulls_first;       /* default_null_order = 'nulls_first' */
    bool descending;        /* default_order */
    uint64_t random_seed;   /* for random(): another one for every query */
    tni_atomic_i64 *seed;   /* what the next queries' seeds follow from: setseed() */
    int64_t now;            /* wall microseconds at query start */
    bool relaxed;           /* the GPU may round floats as Vulkan allows, not as the processor */
} tni_settings;

/* Binding a call: argument types in, argument types wanted and the result type out. */
typedef struct tni_bind_call {
    tni_arena *arena;
    const tni_env *env;
    const tni_settings *settings;
    const char *name;                 /* as written, for messages */
    uint32_t position;
    uint32_t count;
    tni_type *types;                  /* in: what they are; out: cast them to this */
    const tni_value *const *constants; /* [count]: the value of a constant argument, or NULL */
    tni_type result;                  /* out */
    const void *bound;                /* out: data for eval (compiled pattern...), arena-owned */
    const bool *literals;             /* [count] or NULL: untyped literals, which adapt */
} tni_bind_call;

/* Evaluating a call over a chunk. */
typedef struct tni_call {
    const tni_env *env;
    const tni_settings *settings;
    tni_error *error;
    const void *bound;
    uint32_t rows;
    uint32_t count;                 /* arguments */
    const tni_vector *arguments;    /* FLAT or CONSTANT, never anything else */
    const uint64_t *active;         /* rows whose failure counts; NULL = all */
    tni_type type;                  /* result type */
    void *out;                      /* rows values; zeroed strings where invalid */
    uint64_t *validity;             /* in: AND of the arguments' validity; clear bits for NULL */
    tni_arena *heap;                /* bytes of long string results live here */
} tni_call;

typedef trueno_status (*tni_function_bind)(tni_bind_call *call, tni_error *error);
typedef trueno_status (*tni_function_eval)(tni_call *call);

enum {
    TNI_FUNCTION_NULLS = 1,    /* sees NULL arguments itself; `validity` starts all ones */
    TNI_FUNCTION_VOLATILE = 2, /* random(): never folded, never shared, never per dictionary */
    TNI_FUNCTION_MATH = 4,     /* needs the libm table */
    TNI_FUNCTION_HIDDEN = 8,   /* operators and internals: not listed for users */
    TNI_FUNCTION_COSTLY = 16   /* worth evaluating once per dictionary entry even when sparse */
};

/* What a device needs to know to run a scalar function; NONE = CPU only. */
typedef enum tni_device_op {
    TNI_DEVICE_NONE,
    TNI_DEVICE_ADD, TNI_DEVICE_SUBTRACT, TNI_DEVICE_MULTIPLY, TNI_DEVICE_DIVIDE,
    TNI_DEVICE_INTEGER_DIVIDE, TNI_DEVICE_MODULO, TNI_DEVICE_NEGATE, TNI_DEVICE_ABS,
    TNI_DEVICE_BIT_AND, TNI_DEVICE_BIT_OR, TNI_DEVICE_BIT_XOR, TNI_DEVICE_BIT_NOT,
    TNI_DEVICE_SHIFT_LEFT, TNI_DEVICE_SHIFT_RIGHT, TNI_DEVICE_GREATEST, TNI_DEVICE_LEAST,
    TNI_DEVICE_DATE_PART, TNI_DEVICE_DATE_TRUNC, /* `bound`: the tni_date_part */
    TNI_DEVICE_ROUND, TNI_DEVICE_ROUND_EVEN, TNI_DEVICE_TRUNC, TNI_DEVICE_FLOOR, TNI_DEVICE_CEIL,
    TNI_DEVICE_SIGN, TNI_DEVICE_IS_NAN, TNI_DEVICE_IS_INFINITE, TNI_DEVICE_IS_FINITE,
    TNI_DEVICE_SQRT, TNI_DEVICE_EXP, TNI_DEVICE_LN, TNI_DEVICE_LOG2, TNI_DEVICE_LOG10,
    TNI_DEVICE_POW, TNI_DEVICE_SIN, TNI_DEVICE_COS, TNI_DEVICE_TAN, TNI_DEVICE_ASIN,
    TNI_DEVICE_ACOS, TNI_DEVICE_ATAN, TNI_DEVICE_ATAN2
} tni_device_op;

typedef struct tni_function {
    const char *name;       /* lower case */
    const char *arguments;  /* pattern */
    const char *result;     /* pattern, NULL = bind sets it */
    tni_function_bind bind; /* may be NULL */
    tni_function_eval eval;
    uint32_t flags;
    uint8_t device;         /* tni_device_op */
    const char *signature;  /* "(string, pattern)" */
    const char *doc;        /* one line */
} tni_function;

/* The tables, each ending with a row whose name is NULL. */
TNI_FN const tni_function *tni_functions_operator(void); /* arithmetic, bits, casts' helpers */
TNI_FN const tni_function *tni_functions_math(void);
TNI_FN const tni_function *tni_functions_string(void);
TNI_FN const tni_function *tni_functions_pattern(void);  /* LIKE, regexp_* */
TNI_FN const tni_function *tni_functions_date(void);
TNI_FN const tni_function *tni_functions_misc(void); /* coalesce-like, hash, typeof, greatest... */

/* Call `visit` for every row until it returns false. */
TNI_FN void tni_function_visit(bool (*visit)(void *user, const tni_function *function),
                               void *user);
/* Find the row for a call; fills call->types and call->result and runs its bind. Unknown names
 * get the nearest one as a hint, wrong arguments the valid signatures. Errors: BINDER. */
TNI_FN trueno_status tni_function_resolve(tni_bind_call *call, const tni_function **out,
                                          tni_error *error);
/* The type two values must meet in (comparison, CASE, UNION); false when there is none. */
TNI_FN bool tni_type_common(tni_type a, tni_type b, tni_type *out);
/* Cost of an implicit cast: 0 same, larger worse, UINT32_MAX not allowed. */
TNI_FN uint32_t tni_type_cast_cost(tni_type from, tni_type to);

/* Is the integer constant within the range of integer type `type`? */
TNI_FN bool tni_literal_fits(const tni_value *value, tni_type type);

/* Cast FLAT values; the one implementation behind CAST, TRY_CAST and implicit casts. `strict`
 * false turns failures into NULL. Rows outside `active` never fail. */
TNI_FN trueno_status tni_cast_vector(tni_call *call, bool strict);
TNI_FN bool tni_cast_supported(tni_type from, tni_type to);
/* One value; for constants and parameters. */
TNI_FN trueno_status tni_cast_value(const tni_env *env, tni_arena *arena, const tni_value *in,
                                    tni_type type, tni_value *out, tni_error *error);

/* ---- aggregates ---- */
#define TNI_AGGREGATE_KINDS(X)                                                                     \
    X(COUNT_STAR)                                                                                  \
    X(COUNT) X(SUM) X(FSUM) X(AVG) X(FAVG) X(MIN) X(MAX) X(FIRST) X(LAST) X(ANY_VALUE)             \
        X(STDDEV_SAMP) X(STDDEV_POP) X(VAR_SAMP) X(VAR_POP) X(SEM) X(MEDIAN) X(QUANTILE_CONT)      \
            X(QUANTILE_DISC) X(MODE) X(BOOL_AND) X(BOOL_OR) X(BIT_AND) X(BIT_OR) X(BIT_XOR)        \
                X(STRING_AGG) X(ARG_MIN) X(ARG_MAX) X(APPROX_COUNT_DISTINCT) X(APPROX_QUANTILE)    \
                    X(CORR) X(COVAR_SAMP) X(COVAR_POP) X(REGR_SLOPE) X(REGR_INTERCEPT) X(REGR_R2)  \
                        X(REGR_COUNT) X(REGR_AVGX) X(REGR_AVGY) X(REGR_SXX) X(REGR_SYY)            \
                            X(REGR_SXY) X(SKEWNESS) X(KURTOSIS) X(KURTOSIS_POP) X(PRODUCT)         \
                                X(ENTROPY) X(COUNT_IF) X(MAD)

typedef enum tni_aggregate_kind {
#define TNI_AGGREGATE_ID(name) TNI_AGGREGATE_##name,
    TNI_AGGREGATE_KINDS(TNI_AGGREGATE_ID)
#undef TNI_AGGREGATE_ID
    TNI_AGGREGATE_KIND_COUNT
} tni_aggregate_kind;

typedef struct tni_aggregate_function {
    const char *name;
    tni_aggregate_kind kind;
    uint8_t arguments;       /* value arguments, evaluated per row */
    uint8_t constants;       /* further constant arguments (fraction, separator) */
    bool ordered;            /* takes ORDER BY inside or WITHIN GROUP */
    const char *signature;
    const char *doc;
} tni_aggregate_function;

TNI_FN const tni_aggregate_function *tni_aggregate_functions(void); /* ends with name NULL */
TNI_FN const tni_aggregate_function *tni_aggregate_find(const char *name);
/* Result type, and the types the value arguments are cast to. Errors: BINDER. */
TNI_FN trueno_status tni_aggregate_bind(const tni_aggregate_function *function,
                                        tni_bind_call *call, tni_error *error);

#endif
