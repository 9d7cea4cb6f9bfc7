/*
 * function.c - finding the function a call means: names, overloads, implicit casts, common types.
 *
 * Every table is a list of rows; overloads are rows with one name. A row fits a call when its
 * pattern takes the argument types with implicit casts alone; among those that fit the cheapest
 * wins, the first one in a tie. An untyped literal ('2024-01-01', 5) fits more than a value of its
 * type does: call->literals says which arguments are ones.
 *
 * Uses: base/, column/type.h, plan/function.h.
 */
#include "plan/function.h"

#define TNI_COST_NEVER UINT32_MAX
#define TNI_COST_ANY 60u     /* a pattern that takes everything loses to one that names a type */
#define TNI_COST_LITERAL 45u /* a string literal read as something else */

typedef const tni_function *(*tni_function_table)(void);

static const tni_function_table tni_function_tables[] = {
    tni_functions_operator, tni_functions_math, tni_functions_string,
    tni_functions_pattern,  tni_functions_date, tni_functions_misc};

TNI_FN void tni_function_visit(bool (*visit)(void *user, const tni_function *function),
                               void *user) {
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(tni_function_tables); i++) {
        const tni_function *row = tni_function_tables[i]();
        for (; row->name; row++) {
            if (!visit(user, row)) {
                return;
            }
        }
    }
}

/* ---- types meeting ---- */

/* Width class of the integers: bytes, and whether signed. */
static uint32_t tni_integer_bytes(tni_type t) {
    return t.id == TRUENO_TYPE_HUGEINT ? 16 : tni_type_width(t);
}

static bool tni_integer_signed(tni_type t) {
    return t.id < TRUENO_TYPE_UTINYINT || t.id == TRUENO_TYPE_HUGEINT;
}

static tni_type tni_integer_of(uint32_t bytes, bool is_signed) {
    static const trueno_type plain[2][4] = {
        {TRUENO_TYPE_UTINYINT, TRUENO_TYPE_USMALLINT, TRUENO_TYPE_UINTEGER, TRUENO_TYPE_UBIGINT},
        {TRUENO_TYPE_TINYINT, TRUENO_TYPE_SMALLINT, TRUENO_TYPE_INTEGER, TRUENO_TYPE_BIGINT}};
    uint32_t rank = bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3;
    return tni_type_make(bytes > 8 ? TRUENO_TYPE_HUGEINT : plain[is_signed ? 1 : 0][rank]);
}

/* Decimal digits that hold every value of an integer type. */
static uint8_t tni_integer_digits(tni_type t) {
    switch (tni_integer_bytes(t)) {
    case 1: return 3;
    case 2: return 5;
    case 4: return 10;
    case 8: return tni_integer_signed(t) ? 19 : 20;
    default: return 38;
    }
}

static tni_type tni_integer_common(tni_type a, tni_type b) {
    uint32_t x = tni_integer_bytes(a), y = tni_integer_bytes(b);
    bool sa = tni_integer_signed(a), sb = tni_integer_signed(b);
    if (sa == sb) {
        return tni_integer_of(TNI_MAX(x, y), sa);
    }
    return tni_integer_of(sa ? TNI_MAX(x, y * 2) : TNI_MAX(y, x * 2), true);
}

static tni_type tni_decimal_common(tni_type a, tni_type b) {
    uint32_t scale, whole;
    if (a.id != TRUENO_TYPE_DECIMAL) {
        a = tni_type_decimal(tni_integer_digits(a), 0);
    }
    if (b.id != TRUENO_TYPE_DECIMAL) {
        b = tni_type_decimal(tni_integer_digits(b), 0);
    }
    scale = TNI_MAX(a.scale, b.scale);
    whole = TNI_MAX((uint32_t)a.precision - a.scale, (uint32_t)b.precision - b.scale);
    if (whole + scale > 38) {
        whole = 38 - scale;
    }
    return tni_type_decimal((uint8_t)(whole + scale), (uint8_t)scale);
}

static bool tni_numeric_common(tni_type a, tni_type b, tni_type *out) {
    if (a.id == TRUENO_TYPE_DOUBLE || b.id == TRUENO_TYPE_DOUBLE) {
        *out = tni_type_make(TRUENO_TYPE_DOUBLE);
    } else if (a.id == TRUENO_TYPE_FLOAT || b.id == TRUENO_TYPE_FLOAT) {
        *out = tni_type_make(TRUENO_TYPE_FLOAT);
    } else if (a.id == TRUENO_TYPE_DECIMAL || b.id == TRUENO_TYPE_DECIMAL) {
        *out = tni_decimal_common(a, b);
    } else {
        *out = tni_integer_common(a, b);
    }
    return true;
}

/* The finer of two timestamp types; a zone wins. */
static tni_type tni_timestamp_common(tni_type a, tni_type b) {
    if (a.id == TRUENO_TYPE_DATE) {
        return b;
    }
    if (b.id == TRUENO_TYPE_DATE) {
        return a;
    }
    return a.id > b.id ? a : b;
}

TNI_FN bool tni_type_common(tni_type a, tni_type b, tni_type *out) {
    bool a_time = a.id == TRUENO_TYPE_DATE || tni_type_is_timestamp(a);
    bool b_time = b.id == TRUENO_TYPE_DATE || tni_type_is_timestamp(b);
    *out = a;
    if (tni_type_equal(a, b) || b.id == TRUENO_TYPE_NULL) {
        return true;
    }
    if (a.id == TRUENO_TYPE_NULL) {
        *out = b;
        return true;
    }
    if (tni_type_is_numeric(a) && tni_type_is_numeric(b)) {
        return tni_numeric_common(a, b, out);
    }
    if (a.id == TRUENO_TYPE_BOOLEAN && tni_type_is_numeric(b)) {
        *out = b;
        return true;
    }
    if (b.id == TRUENO_TYPE_BOOLEAN && tni_type_is_numeric(a)) {
        return true;
    }
    if (a_time && b_time) {
        *out = tni_timestamp_common(a, b);
        return true;
    }
    if (a.id == TRUENO_TYPE_VARCHAR || b.id == TRUENO_TYPE_VARCHAR) {
        *out = tni_type_make(TRUENO_TYPE_VARCHAR);
        return a.id != TRUENO_TYPE_BLOB && b.id != TRUENO_TYPE_BLOB;
    }
    return false;
}

/* ---- implicit casts ---- */

static uint32_t tni_integer_cast_cost(tni_type from, tni_type to) {
    uint32_t x = tni_integer_bytes(from), y = tni_integer_bytes(to);
    if (tni_type_is_float(to)) {
        return to.id == TRUENO_TYPE_DOUBLE ? 30 : 32;
    }
    if (to.id == TRUENO_TYPE_DECIMAL) {
        return (uint32_t)to.precision - to.scale >= tni_integer_digits(from) ? 25 : TNI_COST_NEVER;
    }
    if (!tni_type_is_integer(to) || (tni_integer_signed(from) && !tni_integer_signed(to))) {
        return TNI_COST_NEVER;
    }
    if (tni_integer_signed(from) == tni_integer_signed(to)) {
        return y < x ? TNI_COST_NEVER : y == x ? 1u : y == 2 * x ? 2u : y == 4 * x ? 3u : 4u;
    }
    return y <= x ? TNI_COST_NEVER : y == 2 * x ? 5u : 6u;
}

static uint32_t tni_timestamp_cast_cost(tni_type from, tni_type to) {
    if (!tni_type_is_timestamp(to)) {
        return TNI_COST_NEVER;
    }
    if (to.id == TRUENO_TYPE_TIMESTAMP) {
        return 10;
    }
    return to.id > from.id ? 12u + to.id - (uint32_t)TRUENO_TYPE_TIMESTAMP_S : TNI_COST_NEVER;
}

TNI_FN uint32_t tni_type_cast_cost(tni_type from, tni_type to) {
    if (tni_type_equal(from, to)) {
        return 0;
    }
    if (from.id == TRUENO_TYPE_NULL) {
        return 2;
    }
    if (tni_type_is_integer(from)) {
        return tni_integer_cast_cost(from, to);
    }
    if (from.id == TRUENO_TYPE_DECIMAL) {
        if (to.id == TRUENO_TYPE_DECIMAL) {
            return to.scale >= from.scale && to.precision - to.scale >= from.precision - from.scale
                       ? 5
                       : TNI_COST_NEVER;
        }
        return to.id == TRUENO_TYPE_DOUBLE ? 20 : to.id == TRUENO_TYPE_FLOAT ? 22 : TNI_COST_NEVER;
    }
    if (from.id == TRUENO_TYPE_FLOAT) {
        return to.id == TRUENO_TYPE_DOUBLE ? 5 : TNI_COST_NEVER;
    }
    if (from.id == TRUENO_TYPE_DATE || tni_type_is_timestamp(from)) {
        return tni_timestamp_cast_cost(from, to);
    }
    return TNI_COST_NEVER;
}

/* ---- patterns ---- */

static tni_type tni_pattern_type(char letter) {
    switch (letter) {
    case 'b': return tni_type_make(TRUENO_TYPE_BOOLEAN);
    case 'i': return tni_type_make(TRUENO_TYPE_BIGINT);
    case 'd': return tni_type_make(TRUENO_TYPE_DOUBLE);
    case 's': return tni_type_make(TRUENO_TYPE_VARCHAR);
    case 'x': return tni_type_make(TRUENO_TYPE_BLOB);
    case 'D': return tni_type_make(TRUENO_TYPE_DATE);
    case 'T': return tni_type_make(TRUENO_TYPE_TIME);
    case 't': return tni_type_make(TRUENO_TYPE_TIMESTAMP);
    case 'I': return tni_type_make(TRUENO_TYPE_INTERVAL);
    default: return tni_type_make(TRUENO_TYPE_NULL);
    }
}

/* The letter for argument `index`, '\0' when the pattern takes no such argument. */
static char tni_pattern_letter(const char *pattern, uint32_t index) {
    char last = '\0';
    uint32_t at = 0;
    for (; *pattern; pattern++) {
        if (*pattern == '?') {
            continue;
        }
        if (*pattern == '+') {
            return last;
        }
        last = *pattern;
        if (at++ == index) {
            return last;
        }
    }
    return '\0';
}

/* Arguments the pattern cannot do without. */
static uint32_t tni_pattern_least(const char *pattern) {
    uint32_t least = 0;
    for (; *pattern && *pattern != '?'; pattern++) {
        least += *pattern != '+' ? 1 : 0;
    }
    return least;
}

static bool tni_call_literal(const tni_bind_call *call, uint32_t i) {
    return call->literals && call->literals[i];
}

/* Does integer literal `value` lie in the range of integer type `type`? */
TNI_FN bool tni_literal_fits(const tni_value *value, tni_type type) {
    uint32_t bits = tni_integer_bytes(type) * 8;
    int64_t v = value->as.integer;
    if (value->is_null || !tni_type_is_integer(type) || value->type.id > TRUENO_TYPE_BIGINT ||
        value->type.id < TRUENO_TYPE_TINYINT) {
        return false;
    }
    if (!tni_integer_signed(type)) {
        return v >= 0 && (bits >= 64 || (uint64_t)v >> bits == 0);
    }
    return bits >= 64 || (v >= -(INT64_C(1) << (bits - 1)) && v < INT64_C(1) << (bits - 1));
}

/* Cost of argument `i` as `to`. */
static uint32_t tni_argument_cost(const tni_bind_call *call, uint32_t i, tni_type to) {
    uint32_t cost = tni_type_cast_cost(call->types[i], to);
    if (cost != TNI_COST_NEVER || !tni_call_literal(call, i)) {
        return cost;
    }
    if (call->types[i].id == TRUENO_TYPE_VARCHAR && to.id != TRUENO_TYPE_BLOB) {
        return TNI_COST_LITERAL;
    }
    if (call->constants[i] && tni_literal_fits(call->constants[i], to)) {
        return 3;
    }
    return TNI_COST_NEVER;
}

static bool tni_pattern_is_free(char letter) {
    return letter == 'a' || letter == 'n' || letter == 'e';
}

/* The common type of all arguments under free letters, untyped literals following the others. */
static bool tni_call_common(const tni_bind_call *call, const char *pattern, tni_type *out) {
    tni_type common = tni_type_make(TRUENO_TYPE_NULL);
    uint32_t i, pass;
    for (pass = 0; pass < 3; pass++) { /* values, numbers as written, texts as written */
        for (i = 0; i < call->count; i++) {
            bool literal = tni_call_literal(call, i) && call->types[i].id != TRUENO_TYPE_NULL;
            uint32_t turn = !literal ? 0u : call->types[i].id == TRUENO_TYPE_VARCHAR ? 2u : 1u;
            if (!tni_pattern_is_free(tni_pattern_letter(pattern, i)) || turn != pass) {
                continue;
            }
            if (literal && call->types[i].id == TRUENO_TYPE_VARCHAR &&
                common.id != TRUENO_TYPE_NULL) {
                continue;
            }
            if (literal && call->constants[i] && tni_literal_fits(call->constants[i], common)) {
                continue;
            }
            if (common.id != TRUENO_TYPE_NULL && call->types[i].id != TRUENO_TYPE_NULL &&
                (common.id == TRUENO_TYPE_VARCHAR) != (call->types[i].id == TRUENO_TYPE_VARCHAR)) {
                return false; /* text and numbers do not mix silently */
            }
            if (!tni_type_common(common, call->types[i], &common)) {
                return false;
            }
        }
    }
    *out = common;
    return true;
}

/* What an untyped NULL becomes where a number is wanted: what the other numbers are. */
static tni_type tni_call_number(const tni_bind_call *call) {
    uint32_t i;
    for (i = 0; i < call->count; i++) {
        if (tni_type_is_numeric(call->types[i])) {
            return call->types[i];
        }
    }
    return tni_type_make(TRUENO_TYPE_INTEGER);
}

/* Cost of the row for the call, the types it wants in `wanted`. */
static uint32_t tni_row_cost(const tni_bind_call *call, const char *pattern, tni_type *wanted,
                             tni_type *common) {
    bool uses_common = strchr(pattern, 'e') != NULL;
    uint32_t i, total = 0;
    *common = tni_type_make(TRUENO_TYPE_NULL);
    if (call->count < tni_pattern_least(pattern) ||
        (uses_common && !tni_call_common(call, pattern, common))) {
        return TNI_COST_NEVER;
    }
    for (i = 0; i < call->count; i++) {
        char letter = tni_pattern_letter(pattern, i);
        uint32_t cost;
        if (!letter) {
            return TNI_COST_NEVER;
        }
        if (!tni_pattern_is_free(letter)) {
            wanted[i] = tni_pattern_type(letter);
            cost = tni_argument_cost(call, i, wanted[i]);
        } else {
            wanted[i] = uses_common ? *common : call->types[i];
            cost = letter == 'a' ? TNI_COST_ANY : letter == 'e' ? 15u : 0u;
            if (letter == 'n' && wanted[i].id == TRUENO_TYPE_NULL) {
                wanted[i] = tni_call_number(call);
                cost = 2;
            } else if (letter == 'n' && !tni_type_is_numeric(wanted[i])) {
                cost = TNI_COST_NEVER;
            }
        }
        if (cost == TNI_COST_NEVER) {
            return TNI_COST_NEVER;
        }
        total += cost;
    }
    return total;
}

static tni_type tni_row_result(const tni_bind_call *call, const char *result, tni_type common) {
    switch (result[0]) {
    case 'e': return common;
    case '1': return call->count > 0 ? call->types[0] : common;
    case '2': return call->count > 1 ? call->types[1] : common;
    default: return tni_pattern_type(result[0]);
    }
}

/* ---- messages ---- */

/* "upper(INTEGER, VARCHAR)" into a fixed buffer, cut when it does not fit. */
static void tni_call_describe(const tni_bind_call *call, char *out, size_t size) {
    size_t used = 0, i;
    size_t length = TNI_MIN(strlen(call->name), size - 4);
    memcpy(out, call->name, length);
    used = length;
    out[used++] = '(';
    for (i = 0; i < call->count; i++) {
        char text[40];
        size_t n;
        if (tni_call_literal(call, (uint32_t)i) && call->types[i].id == TRUENO_TYPE_VARCHAR) {
            memcpy(text, "text literal", 13);
            n = 12;
        } else {
            n = tni_type_print(call->types[i], text);
        }
        if (used + n + 5 > size) {
            break;
        }
        if (i > 0) {
            out[used++] = ',';
            out[used++] = ' ';
        }
        memcpy(out + used, text, n);
        used += n;
    }
    out[used++] = ')';
    out[used] = '\0';
}

/* The valid signatures of a name, "upper(string)" each. */
static void tni_call_signatures(const char *name, char *out, size_t size) {
    size_t used = 0, t;
    out[0] = '\0';
    for (t = 0; t < TNI_COUNT_OF(tni_function_tables); t++) {
        const tni_function *row = tni_function_tables[t]();
        for (; row->name; row++) {
            size_t a, b;
            if (!tni_name_equal(row->name, name) || !row->signature) {
                continue;
            }
            a = strlen(row->name);
            b = strlen(row->signature);
            if (used + a + b + 4 > size) {
                return;
            }
            if (used) {
                memcpy(out + used, ", ", 2);
                used += 2;
            }
            memcpy(out + used, row->name, a);
            memcpy(out + used + a, row->signature, b + 1);
            used += a + b;
        }
    }
}

typedef struct tni_nearest_name {
    const char *name;
    const char *best;
    uint32_t distance;
} tni_nearest_name;

static void tni_nearest_offer(tni_nearest_name *nearest, const char *candidate) {
    uint32_t distance = tni_edit_distance(nearest->name, candidate, nearest->distance);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = candidate;
    }
}

static bool tni_nearest_visit(void *user, const tni_function *function) {
    if (!(function->flags & TNI_FUNCTION_HIDDEN)) {
        tni_nearest_offer((tni_nearest_name *)user, function->name);
    }
    return true;
}

static trueno_status tni_function_unknown(const tni_bind_call *call, tni_error *error) {
    tni_nearest_name nearest;
    const tni_aggregate_function *aggregate = tni_aggregate_functions();
    nearest.name = call->name;
    nearest.best = NULL;
    nearest.distance = (uint32_t)TNI_MIN(strlen(call->name) / 4 + 2, (size_t)4);
    if (strlen(call->name) < 4) {
        nearest.distance = 2;
    }
    tni_function_visit(tni_nearest_visit, &nearest);
    for (; aggregate->name; aggregate++) {
        tni_nearest_offer(&nearest, aggregate->name);
    }
    if (nearest.best) {
        return tni_fail_at(error, TRUENO_ERROR_BINDER, call->position,
                           "function \"%s\" does not exist. Did you mean \"%s\"?", call->name,
                           nearest.best);
    }
    return tni_fail_at(error, TRUENO_ERROR_BINDER, call->position,
                       "function \"%s\" does not exist", call->name);
}

static trueno_status tni_function_mismatch(const tni_bind_call *call, tni_error *error) {
    char described[200], signatures[500];
    tni_call_describe(call, described, sizeof described);
    tni_call_signatures(call->name, signatures, sizeof signatures);
    return tni_fail_at(error, TRUENO_ERROR_BINDER, call->position,
                       "no function matches %s: add explicit casts. Candidates: %s", described,
                       signatures[0] ? signatures : "none");
}

TNI_FN trueno_status tni_function_resolve(tni_bind_call *call, const tni_function **out,
                                          tni_error *error) {
    const tni_function *best = NULL;
    uint32_t best_cost = TNI_COST_NEVER;
    size_t t, bytes = (size_t)call->count * sizeof(tni_type);
    bool known = false;
    tni_type best_common = tni_type_make(TRUENO_TYPE_NULL);
    tni_type *wanted = (tni_type *)tni_arena_alloc(call->arena, 2 * bytes);
    tni_type *best_wanted = wanted + call->count;
    *out = NULL;
    if (!wanted) {
        return tni_memory_fail(call->arena->memory, 2 * bytes, error);
    }
    for (t = 0; t < TNI_COUNT_OF(tni_function_tables); t++) {
        const tni_function *row = tni_function_tables[t]();
        for (; row->name; row++) {
            tni_type common;
            uint32_t cost;
            if (!tni_name_equal(row->name, call->name)) {
                continue;
            }
            known = true;
            cost = tni_row_cost(call, row->arguments, wanted, &common);
            if (cost < best_cost) {
                best = row;
                best_cost = cost;
                best_common = common;
                memcpy(best_wanted, wanted, bytes);
            }
        }
    }
    if (!best) {
        return known ? tni_function_mismatch(call, error) : tni_function_unknown(call, error);
    }
    if (call->count) {
        memcpy(call->types, best_wanted, bytes);
    }
    if (best->result) {
        call->result = tni_row_result(call, best->result, best_common);
    }
    if (best->bind && best->bind(call, error) != TRUENO_OK) {
        if (error->position == TNI_NO_POSITION) {
            error->position = call->position;
        }
        return error->status;
    }
    *out = best;
    return TRUENO_OK;
}

#undef TNI_COST_NEVER
#undef TNI_COST_ANY
#undef TNI_COST_LITERAL
