/*
 * aggregate_table.c - every aggregate function: names, aliases, argument and result types.
 *
 * One row a name; aliases are rows of the same kind. The rule that gives a kind its types is one
 * letter of tni_aggregate_rules: what the value arguments are cast to, and what comes out.
 *
 * Uses: base/, column/type.h, plan/function.h.
 */
#include "plan/function.h"

/* name, kind, value arguments, constants, ordered, signature, doc */
static const tni_aggregate_function tni_aggregate_rows[] = {
    {"count_star", TNI_AGGREGATE_COUNT_STAR, 0, 0, false, "()", "number of rows"},
    {"count", TNI_AGGREGATE_COUNT, 1, 0, false, "(any)", "number of non-NULL values"},
    {"sum", TNI_AGGREGATE_SUM, 1, 0, false, "(number)", "sum; integers never overflow"},
    {"avg", TNI_AGGREGATE_AVG, 1, 0, false, "(number)", "arithmetic mean"},
    {"mean", TNI_AGGREGATE_AVG, 1, 0, false, "(number)", "arithmetic mean"},
    {"fsum", TNI_AGGREGATE_FSUM, 1, 0, false, "(number)", "sum, a DOUBLE"},
    {"sumkahan", TNI_AGGREGATE_FSUM, 1, 0, false, "(number)", "sum, a DOUBLE"},
    {"kahan_sum", TNI_AGGREGATE_FSUM, 1, 0, false, "(number)", "sum, a DOUBLE"},
    {"favg", TNI_AGGREGATE_FAVG, 1, 0, false, "(number)", "arithmetic mean of DOUBLEs"},
    {"min", TNI_AGGREGATE_MIN, 1, 0, false, "(any)", "least value"},
    {"max", TNI_AGGREGATE_MAX, 1, 0, false, "(any)", "greatest value"},
    {"first", TNI_AGGREGATE_FIRST, 1, 0, true, "(any)", "value of the first row, NULL included"},
    {"arbitrary", TNI_AGGREGATE_FIRST, 1, 0, true, "(any)", "value of the first row"},
    {"last", TNI_AGGREGATE_LAST, 1, 0, true, "(any)", "value of the last row, NULL included"},
    {"any_value", TNI_AGGREGATE_ANY_VALUE, 1, 0, true, "(any)", "first non-NULL value"},
    {"stddev", TNI_AGGREGATE_STDDEV_SAMP, 1, 0, false, "(number)", "sample standard deviation"},
    {"stddev_samp", TNI_AGGREGATE_STDDEV_SAMP, 1, 0, false, "(number)",
     "sample standard deviation"},
    {"stddev_pop", TNI_AGGREGATE_STDDEV_POP, 1, 0, false, "(number)",
     "population standard deviation"},
    {"variance", TNI_AGGREGATE_VAR_SAMP, 1, 0, false, "(number)", "sample variance"},
    {"var_samp", TNI_AGGREGATE_VAR_SAMP, 1, 0, false, "(number)", "sample variance"},
    {"var_pop", TNI_AGGREGATE_VAR_POP, 1, 0, false, "(number)", "population variance"},
    {"sem", TNI_AGGREGATE_SEM, 1, 0, false, "(number)", "standard error of the mean"},
    {"median", TNI_AGGREGATE_MEDIAN, 1, 0, false, "(any)", "middle value, interpolated"},
    {"quantile_cont", TNI_AGGREGATE_QUANTILE_CONT, 1, 1, true, "(number, fraction)",
     "interpolated quantile"},
    {"percentile_cont", TNI_AGGREGATE_QUANTILE_CONT, 1, 1, true,
     "(fraction) WITHIN GROUP (ORDER BY number)", "interpolated quantile"},
    {"quantile_disc", TNI_AGGREGATE_QUANTILE_DISC, 1, 1, true, "(any, fraction)",
     "quantile that is one of the values"},
    {"quantile", TNI_AGGREGATE_QUANTILE_DISC, 1, 1, true, "(any, fraction)",
     "quantile that is one of the values"},
    {"percentile_disc", TNI_AGGREGATE_QUANTILE_DISC, 1, 1, true,
     "(fraction) WITHIN GROUP (ORDER BY any)", "quantile that is one of the values"},
    {"mode", TNI_AGGREGATE_MODE, 1, 0, true, "(any)", "most frequent value, the first in a tie"},
    {"bool_and", TNI_AGGREGATE_BOOL_AND, 1, 0, false, "(boolean)", "true when all are true"},
    {"every", TNI_AGGREGATE_BOOL_AND, 1, 0, false, "(boolean)", "true when all are true"},
    {"bool_or", TNI_AGGREGATE_BOOL_OR, 1, 0, false, "(boolean)", "true when any is true"},
    {"bit_and", TNI_AGGREGATE_BIT_AND, 1, 0, false, "(integer)", "bitwise AND"},
    {"bit_or", TNI_AGGREGATE_BIT_OR, 1, 0, false, "(integer)", "bitwise OR"},
    {"bit_xor", TNI_AGGREGATE_BIT_XOR, 1, 0, false, "(integer)", "bitwise XOR"},
    {"string_agg", TNI_AGGREGATE_STRING_AGG, 1, 1, true, "(any[, separator] [ORDER BY ...])",
     "texts joined by a separator, a comma by default"},
    {"group_concat", TNI_AGGREGATE_STRING_AGG, 1, 1, true, "(any[, separator] [ORDER BY ...])",
     "texts joined by a separator"},
    {"listagg", TNI_AGGREGATE_STRING_AGG, 1, 1, true, "(any[, separator] [ORDER BY ...])",
     "texts joined by a separator"},
    {"arg_min", TNI_AGGREGATE_ARG_MIN, 2, 0, false, "(any, by)", "value where `by` is least"},
    {"min_by", TNI_AGGREGATE_ARG_MIN, 2, 0, false, "(any, by)", "value where `by` is least"},
    {"argmin", TNI_AGGREGATE_ARG_MIN, 2, 0, false, "(any, by)", "value where `by` is least"},
    {"arg_max", TNI_AGGREGATE_ARG_MAX, 2, 0, false, "(any, by)", "value where `by` is greatest"},
    {"max_by", TNI_AGGREGATE_ARG_MAX, 2, 0, false, "(any, by)", "value where `by` is greatest"},
    {"argmax", TNI_AGGREGATE_ARG_MAX, 2, 0, false, "(any, by)", "value where `by` is greatest"},
    {"approx_count_distinct", TNI_AGGREGATE_APPROX_COUNT_DISTINCT, 1, 0, false, "(any)",
     "estimate of the number of distinct values"},
    {"approx_quantile", TNI_AGGREGATE_APPROX_QUANTILE, 1, 1, false, "(number, fraction)",
     "estimate of a quantile"},
    {"corr", TNI_AGGREGATE_CORR, 2, 0, false, "(y, x)", "coefficient of correlation"},
    {"covar_samp", TNI_AGGREGATE_COVAR_SAMP, 2, 0, false, "(y, x)", "sample covariance"},
    {"covar_pop", TNI_AGGREGATE_COVAR_POP, 2, 0, false, "(y, x)", "population covariance"},
    {"regr_slope", TNI_AGGREGATE_REGR_SLOPE, 2, 0, false, "(y, x)", "slope of the fitted line"},
    {"regr_intercept", TNI_AGGREGATE_REGR_INTERCEPT, 2, 0, false, "(y, x)",
     "y where the fitted line crosses x = 0"},
    {"regr_r2", TNI_AGGREGATE_REGR_R2, 2, 0, false, "(y, x)", "coefficient of determination"},
    {"regr_count", TNI_AGGREGATE_REGR_COUNT, 2, 0, false, "(y, x)", "rows where both are not NULL"},
    {"regr_avgx", TNI_AGGREGATE_REGR_AVGX, 2, 0, false, "(y, x)", "mean of x over pairs"},
    {"regr_avgy", TNI_AGGREGATE_REGR_AVGY, 2, 0, false, "(y, x)", "mean of y over pairs"},
    {"regr_sxx", TNI_AGGREGATE_REGR_SXX, 2, 0, false, "(y, x)", "squared deviations of x"},
    {"regr_syy", TNI_AGGREGATE_REGR_SYY, 2, 0, false, "(y, x)", "squared deviations of y"},
    {"regr_sxy", TNI_AGGREGATE_REGR_SXY, 2, 0, false, "(y, x)", "products of deviations"},
    {"skewness", TNI_AGGREGATE_SKEWNESS, 1, 0, false, "(number)", "sample skewness"},
    {"kurtosis", TNI_AGGREGATE_KURTOSIS, 1, 0, false, "(number)", "excess sample kurtosis"},
    {"kurtosis_pop", TNI_AGGREGATE_KURTOSIS_POP, 1, 0, false, "(number)",
     "excess kurtosis of a population"},
    {"product", TNI_AGGREGATE_PRODUCT, 1, 0, false, "(number)", "product"},
    {"entropy", TNI_AGGREGATE_ENTROPY, 1, 0, false, "(any)", "entropy of the values, in bits"},
    {"count_if", TNI_AGGREGATE_COUNT_IF, 1, 0, false, "(boolean)", "rows where it is true"},
    {"countif", TNI_AGGREGATE_COUNT_IF, 1, 0, false, "(boolean)", "rows where it is true"},
    {"mad", TNI_AGGREGATE_MAD, 1, 0, false, "(number)", "median absolute deviation"},
    {NULL, TNI_AGGREGATE_KIND_COUNT, 0, 0, false, NULL, NULL}};

TNI_FN const tni_aggregate_function *tni_aggregate_functions(void) {
    return tni_aggregate_rows;
}

TNI_FN const tni_aggregate_function *tni_aggregate_find(const char *name) {
    const tni_aggregate_function *row = tni_aggregate_rows;
    for (; row->name; row++) {
        if (tni_name_equal(row->name, name)) {
            return row;
        }
    }
    return NULL;
}

/* How a kind treats types. */
typedef enum tni_aggregate_rule {
    TNI_RULE_COUNT,    /* anything -> BIGINT */
    TNI_RULE_SUM,      /* integers -> HUGEINT, decimals -> DECIMAL(38, s), floats -> DOUBLE */
    TNI_RULE_AVG,      /* numbers -> DOUBLE, dates and timestamps -> TIMESTAMP, intervals */
    TNI_RULE_SAME,     /* anything -> the same */
    TNI_RULE_DOUBLE,   /* numbers as DOUBLE -> DOUBLE */
    TNI_RULE_MIDDLE,   /* quantiles between two values */
    TNI_RULE_DEVIATION, /* as MIDDLE, but the distance between two values */
    TNI_RULE_BOOLEAN,
    TNI_RULE_COUNT_IF,
    TNI_RULE_INTEGER,
    TNI_RULE_TEXT,
    TNI_RULE_PAIR_COUNT,
    TNI_RULE_ENTROPY,
    TNI_RULE_NUMBER    /* numbers and dates -> the same */
} tni_aggregate_rule;

static tni_aggregate_rule tni_aggregate_rule_of(tni_aggregate_kind kind) {
    switch (kind) {
    case TNI_AGGREGATE_COUNT_STAR:
    case TNI_AGGREGATE_COUNT:
    case TNI_AGGREGATE_APPROX_COUNT_DISTINCT: return TNI_RULE_COUNT;
    case TNI_AGGREGATE_SUM: return TNI_RULE_SUM;
    case TNI_AGGREGATE_AVG: return TNI_RULE_AVG;
    case TNI_AGGREGATE_MIN:
    case TNI_AGGREGATE_MAX:
    case TNI_AGGREGATE_FIRST:
    case TNI_AGGREGATE_LAST:
    case TNI_AGGREGATE_ANY_VALUE:
    case TNI_AGGREGATE_MODE:
    case TNI_AGGREGATE_QUANTILE_DISC:
    case TNI_AGGREGATE_ARG_MIN:
    case TNI_AGGREGATE_ARG_MAX: return TNI_RULE_SAME;
    case TNI_AGGREGATE_MEDIAN:
    case TNI_AGGREGATE_QUANTILE_CONT: return TNI_RULE_MIDDLE;
    case TNI_AGGREGATE_MAD: return TNI_RULE_DEVIATION;
    case TNI_AGGREGATE_BOOL_AND:
    case TNI_AGGREGATE_BOOL_OR: return TNI_RULE_BOOLEAN;
    case TNI_AGGREGATE_COUNT_IF: return TNI_RULE_COUNT_IF;
    case TNI_AGGREGATE_BIT_AND:
    case TNI_AGGREGATE_BIT_OR:
    case TNI_AGGREGATE_BIT_XOR: return TNI_RULE_INTEGER;
    case TNI_AGGREGATE_STRING_AGG: return TNI_RULE_TEXT;
    case TNI_AGGREGATE_REGR_COUNT: return TNI_RULE_PAIR_COUNT;
    case TNI_AGGREGATE_ENTROPY: return TNI_RULE_ENTROPY;
    case TNI_AGGREGATE_APPROX_QUANTILE: return TNI_RULE_NUMBER;
    default: return TNI_RULE_DOUBLE;
    }
}

static trueno_status tni_aggregate_refuse(const tni_aggregate_function *function,
                                          const tni_bind_call *call, tni_type type,
                                          tni_error *error) {
    char text[40];
    tni_type_print(type, text);
    return tni_fail_at(error, TRUENO_ERROR_BINDER, call->position,
                       "no function matches %s(%s): add an explicit cast. Candidates: %s%s",
                       call->name, text, call->name, function->signature);
}

static bool tni_aggregate_is_time(tni_type t) {
    return t.id == TRUENO_TYPE_DATE || tni_type_is_timestamp(t);
}

/* SUM and AVG of one argument of type `t`; false when there is no such sum. */
static bool tni_aggregate_sum_type(tni_type t, tni_type *result) {
    if (t.id == TRUENO_TYPE_DECIMAL) {
        *result = tni_type_decimal(38, t.scale);
    } else if (tni_type_is_float(t)) {
        *result = tni_type_make(TRUENO_TYPE_DOUBLE);
    } else if (tni_type_is_integer(t)) {
        *result = tni_type_make(TRUENO_TYPE_HUGEINT);
    } else {
        return false;
    }
    return true;
}

/* MEDIAN and friends: what the argument becomes. */
static bool tni_aggregate_middle_type(tni_type *type) {
    tni_type t = *type;
    if (tni_type_is_integer(t)) {
        *type = tni_type_make(TRUENO_TYPE_DOUBLE);
    } else if (t.id == TRUENO_TYPE_DATE) {
        *type = tni_type_make(TRUENO_TYPE_TIMESTAMP);
    } else {
        return tni_type_is_numeric(t) || tni_type_is_timestamp(t) || t.id == TRUENO_TYPE_TIME;
    }
    return true;
}

/* An untyped NULL argument takes a type that the rule accepts. */
static tni_type tni_aggregate_null_type(tni_aggregate_rule rule) {
    switch (rule) {
    case TNI_RULE_SUM:
    case TNI_RULE_INTEGER:
    case TNI_RULE_NUMBER: return tni_type_make(TRUENO_TYPE_INTEGER);
    case TNI_RULE_AVG:
    case TNI_RULE_DOUBLE:
    case TNI_RULE_MIDDLE:
    case TNI_RULE_DEVIATION: return tni_type_make(TRUENO_TYPE_DOUBLE);
    case TNI_RULE_BOOLEAN:
    case TNI_RULE_COUNT_IF: return tni_type_make(TRUENO_TYPE_BOOLEAN);
    case TNI_RULE_TEXT: return tni_type_make(TRUENO_TYPE_VARCHAR);
    default: return tni_type_make(TRUENO_TYPE_NULL);
    }
}

static bool tni_aggregate_rule_apply(tni_aggregate_rule rule, tni_bind_call *call) {
    tni_type *first = &call->types[0];
    uint32_t i;
    switch (rule) {
    case TNI_RULE_COUNT: call->result = tni_type_make(TRUENO_TYPE_BIGINT); return true;
    case TNI_RULE_SUM:
        if (first->id == TRUENO_TYPE_BOOLEAN) {
            *first = tni_type_make(TRUENO_TYPE_INTEGER);
        }
        return tni_aggregate_sum_type(*first, &call->result);
    case TNI_RULE_AVG:
        if (tni_aggregate_is_time(*first)) {
            *first = tni_type_make(TRUENO_TYPE_TIMESTAMP);
            call->result = *first;
            return true;
        }
        call->result = tni_type_make(TRUENO_TYPE_DOUBLE);
        return tni_type_is_numeric(*first);
    case TNI_RULE_SAME: call->result = *first; return true;
    case TNI_RULE_MIDDLE:
        call->result = *first;
        if (first->id == TRUENO_TYPE_VARCHAR) {
            return true;
        }
        if (!tni_aggregate_middle_type(first)) {
            return false;
        }
        call->result = *first;
        return true;
    case TNI_RULE_DEVIATION:
        if (!tni_aggregate_middle_type(first)) {
            return false;
        }
        call->result =
            tni_type_is_numeric(*first) ? *first : tni_type_make(TRUENO_TYPE_INTERVAL);
        return true;
    case TNI_RULE_BOOLEAN:
        call->result = tni_type_make(TRUENO_TYPE_BOOLEAN);
        return first->id == TRUENO_TYPE_BOOLEAN;
    case TNI_RULE_COUNT_IF:
        call->result = tni_type_make(TRUENO_TYPE_HUGEINT);
        return first->id == TRUENO_TYPE_BOOLEAN;
    case TNI_RULE_INTEGER: call->result = *first; return tni_type_is_integer(*first);
    case TNI_RULE_TEXT:
        *first = tni_type_make(TRUENO_TYPE_VARCHAR);
        call->result = *first;
        return true;
    case TNI_RULE_ENTROPY: call->result = tni_type_make(TRUENO_TYPE_DOUBLE); return true;
    case TNI_RULE_NUMBER:
        call->result = *first;
        return tni_type_is_numeric(*first) || tni_aggregate_is_time(*first) ||
               first->id == TRUENO_TYPE_TIME;
    default:
        for (i = 0; i < call->count; i++) {
            if (!tni_type_is_numeric(call->types[i]) &&
                call->types[i].id != TRUENO_TYPE_NULL) {
                return false;
            }
            call->types[i] = tni_type_make(TRUENO_TYPE_DOUBLE);
        }
        call->result = tni_type_make(rule == TNI_RULE_PAIR_COUNT ? TRUENO_TYPE_UINTEGER
                                                                 : TRUENO_TYPE_DOUBLE);
        return true;
    }
}

/* Moments of small integers are summed exactly: such arguments stay integers. Not UINTEGER, whose
 * products leave 64 bits. */
static bool tni_aggregate_exact_moments(const tni_aggregate_function *function,
                                        tni_bind_call *call) {
    tni_aggregate_kind kind = function->kind;
    bool moments = (kind >= TNI_AGGREGATE_STDDEV_SAMP && kind <= TNI_AGGREGATE_SEM) ||
                   (kind >= TNI_AGGREGATE_CORR && kind <= TNI_AGGREGATE_REGR_SXY &&
                    kind != TNI_AGGREGATE_REGR_COUNT);
    uint32_t i;
    for (i = 0; i < call->count; i++) {
        moments = moments && tni_type_is_integer(call->types[i]) &&
                  tni_type_width(call->types[i]) < 8 &&
                  call->types[i].id != TRUENO_TYPE_UINTEGER;
    }
    if (moments) {
        call->result = tni_type_make(TRUENO_TYPE_DOUBLE);
    }
    return moments;
}

TNI_FN trueno_status tni_aggregate_bind(const tni_aggregate_function *function,
                                        tni_bind_call *call, tni_error *error) {
    tni_aggregate_rule rule = tni_aggregate_rule_of(function->kind);
    tni_type given;
    if (call->count != function->arguments) {
        return tni_fail_at(error, TRUENO_ERROR_BINDER, call->position,
                           "%s takes %u argument%s, not %u: %s%s", call->name,
                           function->arguments, function->arguments == 1 ? "" : "s", call->count,
                           function->name, function->signature);
    }
    if (call->count > 0 && call->types[0].id == TRUENO_TYPE_NULL) {
        call->types[0] = tni_aggregate_null_type(rule);
    }
    given = call->count > 0 ? call->types[0] : tni_type_make(TRUENO_TYPE_NULL);
    if (!tni_aggregate_exact_moments(function, call) && !tni_aggregate_rule_apply(rule, call)) {
        return tni_aggregate_refuse(function, call, given, error);
    }
    return TRUENO_OK;
}
