/*
 * expression.c - bound expressions: made once, folded when made, rewritten by replacement.
 *
 * Each constructor simplifies first and then looks the node up in a hash table, so two equal
 * expressions are one pointer. A failing fold is left to run time, where a predicate may keep it
 * from being evaluated at all. Volatile calls (random()) are never looked up.
 *
 * Walks are memoised with a number per walk, for the graph may have exponentially more paths than
 * nodes. Depth is bounded by limits->expression_depth when a node is made.
 *
 * Uses: base/, column/, plan/function.h, plan/bind_internal.h.
 */
#include "plan/bind_internal.h"

#define TNI_EXPR_BUCKETS 256u

/* ------------------------------------------------------------------------ binder --- */

TNI_FN void *tni_binder_alloc(tni_binder *binder, size_t count, size_t size) {
    size_t bytes = 0;
    void *block = NULL;
    if (tni_size_mul(count, size, &bytes)) {
        block = tni_arena_alloc(binder->arena, TNI_MAX(bytes, 1u));
    }
    if (!block) {
        (void)tni_memory_fail(binder->arena->memory, bytes, binder->error);
    }
    return block;
}

TNI_FN tni_binder *tni_binder_get(tni_bind_context *context, tni_error *error) {
    tni_binder *binder = context->binder;
    if (!binder) {
        binder = (tni_binder *)tni_arena_alloc(context->arena, sizeof *binder);
        if (!binder) {
            (void)tni_memory_fail(context->arena->memory, sizeof *binder, error);
            return NULL;
        }
        binder->context = context;
        binder->arena = context->arena;
        binder->env = context->env;
        binder->bucket_count = TNI_EXPR_BUCKETS;
        binder->error = error ? error : &binder->own_error;
        binder->buckets =
            (tni_expr **)tni_binder_alloc(binder, TNI_EXPR_BUCKETS, sizeof *binder->buckets);
        if (!binder->buckets) {
            return NULL;
        }
        context->binder = binder;
    }
    tni_error_clear(&binder->own_error);
    binder->error = error ? error : &binder->own_error;
    return binder;
}

TNI_FN uint32_t tni_binder_position(const tni_binder *binder, uint32_t position) {
    return binder->view_depth ? binder->view_position : position;
}

TNI_FN bool tni_binder_enter(tni_binder *binder, uint32_t position) {
    uint32_t limit = binder->env->limits->expression_depth;
    if (binder->context->depth >= limit) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_LIMIT, tni_binder_position(binder, position),
                          "the statement is nested deeper than %u levels", limit);
        return false;
    }
    binder->context->depth++;
    return true;
}

TNI_FN void tni_binder_leave(tni_binder *binder) {
    binder->context->depth--;
}

TNI_FN tni_value tni_binder_string(tni_binder *binder, const char *text, size_t length,
                                   bool *ok) {
    const char *bytes = text;
    *ok = true;
    if (length > UINT32_MAX) {
        *ok = false;
        (void)tni_fail(binder->error, TRUENO_ERROR_LIMIT, "a text of %zu bytes is too long",
                       length);
        length = 0;
    } else if (length > TNI_STRING_INLINE) {
        bytes = tni_arena_text(binder->arena, text, length);
        if (!bytes) {
            *ok = false;
            (void)tni_memory_fail(binder->arena->memory, length, binder->error);
            length = 0;
        }
    }
    return tni_value_string(tni_type_make(TRUENO_TYPE_VARCHAR), tni_string_make(bytes, length));
}

TNI_FN uint32_t tni_binder_column(tni_binder *binder, tni_type type, const char *name) {
    tni_column_info *info;
    if (binder->column_count == binder->column_capacity) {
        uint32_t capacity = TNI_MAX(binder->column_capacity * 2, 64u);
        tni_column_info *grown;
        if (binder->column_capacity > (UINT32_C(1) << 24)) {
            (void)tni_fail(binder->error, TRUENO_ERROR_LIMIT, "the statement has too many columns");
            return UINT32_MAX;
        }
        grown = (tni_column_info *)tni_binder_alloc(binder, capacity, sizeof *grown);
        if (!grown) {
            return UINT32_MAX;
        }
        if (binder->column_count) {
            memcpy(grown, binder->columns, binder->column_count * sizeof *grown);
        }
        binder->columns = grown;
        binder->column_capacity = capacity;
    }
    info = &binder->columns[binder->column_count];
    info->type = type;
    info->name = name;
    return binder->column_count++;
}

/* ---------------------------------------------------------------------- interning --- */

static bool tni_value_same(const tni_value *a, const tni_value *b) {
    if (!tni_type_equal(a->type, b->type) || a->is_null != b->is_null) {
        return false;
    }
    if (a->is_null) {
        return true;
    }
    if (tni_type_is_float(a->type)) {
        return memcmp(&a->as.number, &b->as.number, sizeof a->as.number) == 0;
    }
    if (a->type.id == TRUENO_TYPE_INTERVAL) {
        return a->as.interval.months == b->as.interval.months &&
               a->as.interval.days == b->as.interval.days &&
               a->as.interval.microseconds == b->as.interval.microseconds;
    }
    return tni_value_compare(a, b) == 0;
}

static uint64_t tni_value_hash(const tni_value *v) {
    uint64_t seed = tni_hash_u64(v->type.id + ((uint64_t)v->type.precision << 8) +
                                 ((uint64_t)v->type.scale << 16));
    uint8_t bytes[16] = {0};
    if (v->is_null) {
        return seed ^ TNI_HASH_NULL;
    }
    if (tni_type_is_string(v->type)) {
        return tni_hash_combine(seed, tni_hash_string(&v->as.string));
    }
    tni_value_store(v, bytes);
    return tni_hash_combine(seed, tni_hash_bytes(bytes, tni_type_width(v->type)));
}

static uint64_t tni_expr_hash(const tni_expr *e) {
    uint64_t h = tni_hash_u64(e->op + ((uint64_t)e->try_cast << 16) +
                              ((uint64_t)e->type.id << 24) + ((uint64_t)e->type.precision << 32) +
                              ((uint64_t)e->type.scale << 40));
    uint32_t i;
    h = tni_hash_combine(h, e->column);
    for (i = 0; i < e->argument_count; i++) {
        h = tni_hash_combine(h, e->arguments[i]->number);
    }
    if (e->predicate) {
        h = tni_hash_combine(h, e->predicate->number);
    }
    if (e->op == TNI_IR_CONSTANT) {
        h = tni_hash_combine(h, tni_value_hash(&e->constant));
    }
    for (i = 0; i < e->set_count; i++) {
        h = tni_hash_combine(h, tni_value_hash(&e->set[i]));
    }
    return h;
}

static bool tni_expr_same(const tni_expr *a, const tni_expr *b) {
    uint32_t i;
    if (a->hash != b->hash || a->op != b->op || a->try_cast != b->try_cast ||
        a->set_has_null != b->set_has_null || !tni_type_equal(a->type, b->type) ||
        a->argument_count != b->argument_count || a->predicate != b->predicate ||
        a->column != b->column || a->function != b->function || a->set_count != b->set_count) {
        return false;
    }
    for (i = 0; i < a->argument_count; i++) {
        if (a->arguments[i] != b->arguments[i]) {
            return false;
        }
    }
    for (i = 0; i < a->set_count; i++) {
        if (!tni_value_same(&a->set[i], &b->set[i])) {
            return false;
        }
    }
    return a->op != TNI_IR_CONSTANT || tni_value_same(&a->constant, &b->constant);
}

static bool tni_expr_grow(tni_binder *binder) {
    uint32_t count = binder->bucket_count * 4, i;
    tni_expr **buckets = (tni_expr **)tni_binder_alloc(binder, count, sizeof *buckets);
    if (!buckets) {
        return false;
    }
    for (i = 0; i < binder->bucket_count; i++) {
        tni_expr *e = binder->buckets[i];
        while (e) {
            tni_expr *next = e->chain;
            e->chain = buckets[e->hash & (count - 1)];
            buckets[e->hash & (count - 1)] = e;
            e = next;
        }
    }
    binder->buckets = buckets;
    binder->bucket_count = count;
    return true;
}

static tni_expr *tni_expr_intern(tni_binder *binder, const tni_expr *wanted);

/* The same expression with no predicate anywhere. */
static tni_expr *tni_expr_strip(tni_binder *binder, const tni_expr *e) {
    tni_expr stripped = *e;
    uint32_t i;
    stripped.predicate = NULL;
    stripped.arguments =
        (tni_expr **)tni_binder_alloc(binder, e->argument_count, sizeof *stripped.arguments);
    if (!stripped.arguments) {
        return NULL;
    }
    for (i = 0; i < e->argument_count; i++) {
        stripped.arguments[i] = e->arguments[i]->plain;
    }
    return tni_expr_intern(binder, &stripped);
}

static bool tni_expr_measure(tni_binder *binder, tni_expr *e, bool *needs_strip) {
    uint32_t limit = binder->env->limits->expression_depth, i;
    e->depth = e->predicate ? e->predicate->depth + 1 : 1;
    *needs_strip = e->predicate != NULL;
    for (i = 0; i < e->argument_count; i++) {
        e->depth = TNI_MAX(e->depth, e->arguments[i]->depth + 1);
        e->is_volatile = e->is_volatile || e->arguments[i]->is_volatile;
        *needs_strip = *needs_strip || e->arguments[i]->plain != e->arguments[i];
    }
    if (e->depth > limit) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_LIMIT,
                          tni_binder_position(binder, e->position),
                          "the expression is nested deeper than %u levels", limit);
        return false;
    }
    return true;
}

static tni_expr *tni_expr_intern(tni_binder *binder, const tni_expr *wanted) {
    tni_expr e = *wanted, *made, *found;
    bool needs_strip;
    if (!tni_expr_measure(binder, &e, &needs_strip)) {
        return NULL;
    }
    e.hash = tni_expr_hash(&e);
    if (!e.is_volatile) {
        for (found = binder->buckets[e.hash & (binder->bucket_count - 1)]; found;
             found = found->chain) {
            if (tni_expr_same(found, &e)) {
                return found;
            }
        }
    }
    if (binder->expr_count >= binder->bucket_count && !tni_expr_grow(binder)) {
        return NULL;
    }
    made = (tni_expr *)tni_binder_alloc(binder, 1, sizeof *made);
    if (!made) {
        return NULL;
    }
    e.number = binder->expr_count++;
    e.chain = NULL;
    e.walk = e.mark = e.replace_walk = e.register_walk = 0;
    *made = e;
    made->plain = made;
    if (needs_strip && !e.is_volatile) {
        made->plain = tni_expr_strip(binder, &e);
        if (!made->plain) {
            return NULL;
        }
    }
    if (!e.is_volatile) {
        made->chain = binder->buckets[e.hash & (binder->bucket_count - 1)];
        binder->buckets[e.hash & (binder->bucket_count - 1)] = made;
    }
    return made;
}

static void tni_expr_init(tni_expr *e, tni_ir_op op, tni_type type) {
    memset(e, 0, sizeof *e);
    e->op = (uint16_t)op;
    e->type = type;
    e->position = TNI_NO_POSITION;
}

/* A node with copied arguments. */
static tni_expr *tni_expr_make(tni_binder *binder, tni_expr *e, tni_expr *const *arguments,
                               uint32_t count) {
    e->argument_count = count;
    e->arguments = (tni_expr **)tni_binder_alloc(binder, count, sizeof *e->arguments);
    if (!e->arguments) {
        return NULL;
    }
    if (count) {
        memcpy(e->arguments, arguments, count * sizeof *arguments);
    }
    return tni_expr_intern(binder, e);
}

/* ------------------------------------------------------------------------- leaves --- */

TNI_FN tni_expr *tni_expr_column(tni_binder *binder, uint32_t id) {
    tni_column_info *info = &binder->columns[id];
    if (!info->expr) {
        tni_expr e, *made;
        tni_expr_init(&e, TNI_IR_COLUMN, info->type);
        e.column = id;
        made = tni_expr_intern(binder, &e);
        binder->columns[id].expr = made;
    }
    return binder->columns[id].expr;
}

TNI_FN tni_expr *tni_expr_constant(tni_binder *binder, const tni_value *value) {
    tni_expr e;
    tni_expr_init(&e, TNI_IR_CONSTANT, value->type);
    e.constant = *value;
    return tni_expr_intern(binder, &e);
}

TNI_FN tni_expr *tni_expr_boolean(tni_binder *binder, bool value) {
    tni_value v = tni_value_null(tni_type_make(TRUENO_TYPE_BOOLEAN));
    v.is_null = false;
    v.as.boolean = value;
    return tni_expr_constant(binder, &v);
}

TNI_FN tni_expr *tni_expr_null(tni_binder *binder, tni_type type) {
    tni_value v = tni_value_null(type);
    return tni_expr_constant(binder, &v);
}

TNI_FN bool tni_expr_is_constant(const tni_expr *expr) {
    return expr->op == TNI_IR_CONSTANT;
}

static bool tni_expr_is_null_constant(const tni_expr *expr) {
    return expr->op == TNI_IR_CONSTANT && expr->constant.is_null;
}

TNI_FN bool tni_expr_is_true(const tni_expr *expr) {
    return expr->op == TNI_IR_CONSTANT && !expr->constant.is_null && expr->constant.as.boolean;
}

TNI_FN bool tni_expr_is_false(const tni_expr *expr) {
    return expr->op == TNI_IR_CONSTANT && (expr->constant.is_null || !expr->constant.as.boolean);
}

/* -------------------------------------------------------------------------- calls --- */

#define TNI_FOLD_ARGUMENTS 16u

/* Run a function over constants. False: leave the call as it is. */
static bool tni_expr_fold(tni_binder *binder, const tni_expr *call, tni_value *out) {
    const tni_function *function = call->function;
    uint8_t storage[TNI_FOLD_ARGUMENTS][16];
    tni_vector vectors[TNI_FOLD_ARGUMENTS];
    uint64_t validity[TNI_VECTOR_WORDS];
    tni_call run;
    tni_error error;
    uint32_t i;
    void *result;
    if ((function->flags & TNI_FUNCTION_VOLATILE) || call->argument_count > TNI_FOLD_ARGUMENTS ||
        ((function->flags & TNI_FUNCTION_MATH) &&
         (!binder->env->math || !binder->env->math->loaded))) {
        return false;
    }
    *out = tni_value_null(call->type);
    for (i = 0; i < call->argument_count; i++) {
        if (tni_expr_is_null_constant(call->arguments[i]) &&
            !(function->flags & TNI_FUNCTION_NULLS)) {
            return true;
        }
    }
    for (i = 0; i < call->argument_count; i++) {
        if (!tni_expr_is_constant(call->arguments[i])) {
            return false;
        }
        memset(storage[i], 0, sizeof storage[i]);
        vectors[i] = tni_vector_constant(&call->arguments[i]->constant, storage[i]);
        if (!vectors[i].data) {
            vectors[i].data = storage[i];
        }
    }
    result = tni_arena_alloc(binder->arena, 64 * 16);
    if (!result || !function->eval) {
        return false;
    }
    memset(validity, 0xff, sizeof validity);
    memset(&run, 0, sizeof run);
    tni_error_clear(&error);
    run.env = binder->env;
    run.settings = binder->context->settings;
    run.error = &error;
    run.bound = call->bound;
    run.rows = 1;
    run.count = call->argument_count;
    run.arguments = vectors;
    run.type = call->type;
    run.out = result;
    run.validity = validity;
    run.heap = binder->arena;
    if (function->eval(&run) != TRUENO_OK) {
        return false;
    }
    if (validity[0] & 1) {
        *out = tni_value_load(call->type, result);
    }
    return true;
}

TNI_FN tni_expr *tni_expr_call(tni_binder *binder, const tni_function *function,
                               const void *bound, tni_type type, tni_expr *const *arguments,
                               uint32_t count, tni_expr *predicate, uint32_t position) {
    tni_expr e;
    tni_value value;
    tni_expr_init(&e, TNI_IR_CALL, type);
    e.function = function;
    e.bound = bound;
    e.position = position;
    e.is_volatile = (function->flags & TNI_FUNCTION_VOLATILE) != 0;
    e.argument_count = count;
    e.arguments = (tni_expr **)tni_binder_alloc(binder, count, sizeof *e.arguments);
    if (!e.arguments) {
        return NULL;
    }
    if (count) {
        memcpy(e.arguments, arguments, count * sizeof *arguments);
    }
    if (tni_expr_fold(binder, &e, &value)) {
        return tni_expr_constant(binder, &value);
    }
    e.predicate = predicate;
    return tni_expr_intern(binder, &e);
}

/* -------------------------------------------------------------------------- casts --- */

static uint32_t tni_cast_digits(tni_type t) {
    switch (tni_type_width(t)) {
    case 1: return 3;
    case 2: return 5;
    case 4: return 10;
    case 8: return t.id == TRUENO_TYPE_UBIGINT ? 20 : 19;
    default: return 39;
    }
}

TNI_FN bool tni_cast_is_lossless(tni_type from, tni_type to) {
    if (tni_type_equal(from, to)) {
        return true;
    }
    if (tni_type_is_integer(from)) {
        if (to.id == TRUENO_TYPE_DOUBLE || to.id == TRUENO_TYPE_FLOAT) {
            return tni_type_width(from) <= (to.id == TRUENO_TYPE_DOUBLE ? 4u : 2u);
        }
        if (to.id == TRUENO_TYPE_DECIMAL) {
            return (uint32_t)to.precision - to.scale >= tni_cast_digits(from);
        }
        return tni_type_is_integer(to) && tni_type_cast_cost(from, to) != UINT32_MAX;
    }
    if (from.id == TRUENO_TYPE_DECIMAL) {
        return to.id == TRUENO_TYPE_DECIMAL && to.scale >= from.scale &&
               to.precision - to.scale >= from.precision - from.scale;
    }
    if (from.id == TRUENO_TYPE_FLOAT) {
        return to.id == TRUENO_TYPE_DOUBLE;
    }
    if (from.id == TRUENO_TYPE_DATE) {
        return tni_type_is_timestamp(to);
    }
    if (tni_type_is_timestamp(from) && tni_type_is_timestamp(to)) {
        return to.id >= from.id && !(from.id == TRUENO_TYPE_TIMESTAMP_NS);
    }
    return false;
}

/* The value in another type by way of the one cast there is; failures stay silent. */
static bool tni_value_cast(tni_binder *binder, const tni_value *value, tni_type type,
                           tni_value *out) {
    tni_error error;
    tni_error_clear(&error);
    if (value->is_null) {
        *out = tni_value_null(type);
        return true;
    }
    return tni_cast_value(binder->env, binder->arena, value, type, out, &error) == TRUENO_OK &&
           !out->is_null;
}

TNI_FN bool tni_value_exact(tni_binder *binder, const tni_value *value, tni_type type,
                            tni_value *out) {
    tni_value back;
    return tni_value_cast(binder, value, type, out) &&
           (value->is_null || (tni_value_cast(binder, out, value->type, &back) &&
                               tni_value_compare(&back, value) == 0));
}

TNI_FN tni_expr *tni_expr_cast(tni_binder *binder, tni_expr *in, tni_type type, bool try_cast,
                               tni_expr *predicate, uint32_t position) {
    tni_expr e;
    tni_value value;
    if (tni_type_equal(in->type, type)) {
        return in;
    }
    if (tni_expr_is_constant(in)) {
        if (tni_value_cast(binder, &in->constant, type, &value)) {
            return tni_expr_constant(binder, &value);
        }
        if (try_cast) {
            return tni_expr_null(binder, type);
        }
    }
    if (!tni_cast_supported(in->type, type)) {
        char from[40], to[40];
        tni_type_print(in->type, from);
        tni_type_print(type, to);
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER, position,
                          "there is no cast from %s to %s", from, to);
        return NULL;
    }
    /* Widening twice is widening once. */
    if (in->op == TNI_IR_CAST && !in->try_cast && !try_cast &&
        tni_cast_is_lossless(in->arguments[0]->type, in->type) &&
        tni_cast_is_lossless(in->type, type)) {
        return tni_expr_cast(binder, in->arguments[0], type, false, predicate, position);
    }
    tni_expr_init(&e, TNI_IR_CAST, type);
    e.try_cast = try_cast;
    e.position = position;
    if (!try_cast && !tni_cast_is_lossless(in->type, type) && type.id != TRUENO_TYPE_VARCHAR) {
        e.predicate = predicate;
    }
    return tni_expr_make(binder, &e, &in, 1);
}

/* -------------------------------------------------------------------- comparisons --- */

static tni_ir_op tni_compare_mirror(tni_ir_op op) {
    switch (op) {
    case TNI_IR_LESS: return TNI_IR_GREATER;
    case TNI_IR_LESS_EQUAL: return TNI_IR_GREATER_EQUAL;
    case TNI_IR_GREATER: return TNI_IR_LESS;
    case TNI_IR_GREATER_EQUAL: return TNI_IR_LESS_EQUAL;
    default: return op;
    }
}

static tni_ir_op tni_compare_negate(tni_ir_op op) {
    switch (op) {
    case TNI_IR_EQUAL: return TNI_IR_NOT_EQUAL;
    case TNI_IR_NOT_EQUAL: return TNI_IR_EQUAL;
    case TNI_IR_LESS: return TNI_IR_GREATER_EQUAL;
    case TNI_IR_LESS_EQUAL: return TNI_IR_GREATER;
    case TNI_IR_GREATER: return TNI_IR_LESS_EQUAL;
    case TNI_IR_GREATER_EQUAL: return TNI_IR_LESS;
    case TNI_IR_DISTINCT: return TNI_IR_NOT_DISTINCT;
    default: return TNI_IR_DISTINCT;
    }
}

static bool tni_compare_holds(tni_ir_op op, int order) {
    switch (op) {
    case TNI_IR_EQUAL:
    case TNI_IR_NOT_DISTINCT: return order == 0;
    case TNI_IR_NOT_EQUAL:
    case TNI_IR_DISTINCT: return order != 0;
    case TNI_IR_LESS: return order < 0;
    case TNI_IR_LESS_EQUAL: return order <= 0;
    case TNI_IR_GREATER: return order > 0;
    default: return order >= 0;
    }
}

static tni_expr *tni_compare_constants(tni_binder *binder, tni_ir_op op, const tni_value *a,
                                       const tni_value *b) {
    bool aware = op == TNI_IR_DISTINCT || op == TNI_IR_NOT_DISTINCT;
    if (a->is_null || b->is_null) {
        if (!aware) {
            return tni_expr_null(binder, tni_type_make(TRUENO_TYPE_BOOLEAN));
        }
        return tni_expr_boolean(binder, (a->is_null == b->is_null) == (op == TNI_IR_NOT_DISTINCT));
    }
    return tni_expr_boolean(binder, tni_compare_holds(op, tni_value_compare(a, b)));
}

/* CAST(x AS wide) op constant: compare x in its own type, so that kernels work on its codes. When
 * the constant falls between two values of x's type, the order operators move to the neighbour. */
static bool tni_compare_unwrap(tni_binder *binder, tni_ir_op *op, tni_expr **left,
                               tni_expr **right) {
    tni_expr *cast = *left;
    const tni_value *constant = &(*right)->constant;
    tni_value narrow, back;
    int order;
    if (cast->op != TNI_IR_CAST || cast->try_cast || constant->is_null ||
        !tni_cast_is_lossless(cast->arguments[0]->type, cast->type) ||
        !tni_value_cast(binder, constant, cast->arguments[0]->type, &narrow) ||
        !tni_value_cast(binder, &narrow, cast->type, &back)) {
        return false;
    }
    order = tni_value_compare(&back, constant);
    if (order != 0) {
        switch (*op) {
        case TNI_IR_LESS: *op = order < 0 ? TNI_IR_LESS_EQUAL : TNI_IR_LESS; break;
        case TNI_IR_LESS_EQUAL: *op = order < 0 ? TNI_IR_LESS_EQUAL : TNI_IR_LESS; break;
        case TNI_IR_GREATER: *op = order < 0 ? TNI_IR_GREATER : TNI_IR_GREATER_EQUAL; break;
        case TNI_IR_GREATER_EQUAL: *op = order < 0 ? TNI_IR_GREATER : TNI_IR_GREATER_EQUAL; break;
        default: return false;
        }
    }
    *right = tni_expr_constant(binder, &narrow);
    *left = cast->arguments[0];
    return *right != NULL;
}

/* x IS NOT DISTINCT FROM constant is (x = constant) IS TRUE, which sources can prune by. */
static tni_expr *tni_compare_aware(tni_binder *binder, tni_ir_op op, tni_expr *left,
                                   tni_expr *right) {
    tni_expr *equal = tni_expr_compare(binder, TNI_IR_EQUAL, left, right);
    tni_expr *is_true = equal ? tni_expr_test(binder, TNI_IR_IS_TRUE, equal) : NULL;
    return is_true && op == TNI_IR_DISTINCT ? tni_expr_not(binder, is_true) : is_true;
}

TNI_FN tni_expr *tni_expr_compare(tni_binder *binder, tni_ir_op op, tni_expr *left,
                                  tni_expr *right) {
    tni_expr e, *arguments[2];
    if (tni_expr_is_constant(left) && tni_expr_is_constant(right)) {
        return tni_compare_constants(binder, op, &left->constant, &right->constant);
    }
    if (tni_expr_is_constant(left)) {
        tni_expr *other = right;
        right = left;
        left = other;
        op = tni_compare_mirror(op);
    }
    if (tni_expr_is_constant(right)) {
        if (right->constant.is_null) {
            if (op == TNI_IR_DISTINCT || op == TNI_IR_NOT_DISTINCT) {
                return tni_expr_test(
                    binder, op == TNI_IR_DISTINCT ? TNI_IR_IS_NOT_NULL : TNI_IR_IS_NULL, left);
            }
            return tni_expr_null(binder, tni_type_make(TRUENO_TYPE_BOOLEAN));
        }
        while (tni_compare_unwrap(binder, &op, &left, &right)) {
        }
        if (!right) {
            return NULL;
        }
        if (op == TNI_IR_DISTINCT || op == TNI_IR_NOT_DISTINCT) {
            return tni_compare_aware(binder, op, left, right);
        }
    }
    tni_expr_init(&e, op, tni_type_make(TRUENO_TYPE_BOOLEAN));
    arguments[0] = left;
    arguments[1] = right;
    return tni_expr_make(binder, &e, arguments, 2);
}

/* -------------------------------------------------------------------------- logic --- */

/* AND and OR of any number: nested ones join, neutral constants vanish, repeats go. */
static tni_expr *tni_expr_logic(tni_binder *binder, tni_ir_op op, tni_expr *const *arguments,
                                uint32_t count) {
    bool is_and = op == TNI_IR_AND;
    uint32_t total = 0, kept = 0, i, k, mark = ++binder->mark;
    tni_expr **list, e;
    for (i = 0; i < count; i++) {
        total += arguments[i]->op == op ? arguments[i]->argument_count : 1;
    }
    list = (tni_expr **)tni_binder_alloc(binder, total, sizeof *list);
    if (!list) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        bool nested = arguments[i]->op == op;
        uint32_t parts = nested ? arguments[i]->argument_count : 1;
        for (k = 0; k < parts; k++) {
            tni_expr *part = nested ? arguments[i]->arguments[k] : arguments[i];
            if (tni_expr_is_constant(part) && !part->constant.is_null) {
                if (part->constant.as.boolean != is_and) {
                    return tni_expr_boolean(binder, !is_and);
                }
                continue;
            }
            if (part->mark != mark) {
                part->mark = mark;
                list[kept++] = part;
            }
        }
    }
    if (kept == 0) {
        return tni_expr_boolean(binder, is_and);
    }
    if (kept == 1) {
        return list[0];
    }
    tni_expr_init(&e, op, tni_type_make(TRUENO_TYPE_BOOLEAN));
    e.arguments = list;
    e.argument_count = kept;
    return tni_expr_intern(binder, &e);
}

TNI_FN tni_expr *tni_expr_and(tni_binder *binder, tni_expr *const *arguments, uint32_t count) {
    return tni_expr_logic(binder, TNI_IR_AND, arguments, count);
}

TNI_FN tni_expr *tni_expr_or(tni_binder *binder, tni_expr *const *arguments, uint32_t count) {
    return tni_expr_logic(binder, TNI_IR_OR, arguments, count);
}

/* NOT (a OR b) as NOT a AND NOT b: conjuncts can be pushed apart. */
static tni_expr *tni_expr_not_or(tni_binder *binder, tni_expr *in) {
    uint32_t i;
    tni_expr **list = (tni_expr **)tni_binder_alloc(binder, in->argument_count, sizeof *list);
    if (!list) {
        return NULL;
    }
    for (i = 0; i < in->argument_count; i++) {
        list[i] = tni_expr_not(binder, in->arguments[i]);
        if (!list[i]) {
            return NULL;
        }
    }
    return tni_expr_and(binder, list, in->argument_count);
}

TNI_FN tni_expr *tni_expr_not(tni_binder *binder, tni_expr *in) {
    tni_expr e;
    if (tni_expr_is_constant(in)) {
        return in->constant.is_null ? in : tni_expr_boolean(binder, !in->constant.as.boolean);
    }
    switch (in->op) {
    case TNI_IR_NOT: return in->arguments[0];
    case TNI_IR_IS_NULL: return tni_expr_test(binder, TNI_IR_IS_NOT_NULL, in->arguments[0]);
    case TNI_IR_IS_NOT_NULL: return tni_expr_test(binder, TNI_IR_IS_NULL, in->arguments[0]);
    case TNI_IR_OR: return tni_expr_not_or(binder, in);
    case TNI_IR_EQUAL:
    case TNI_IR_NOT_EQUAL:
    case TNI_IR_LESS:
    case TNI_IR_LESS_EQUAL:
    case TNI_IR_GREATER:
    case TNI_IR_GREATER_EQUAL:
    case TNI_IR_DISTINCT:
    case TNI_IR_NOT_DISTINCT:
        return tni_expr_compare(binder, tni_compare_negate((tni_ir_op)in->op), in->arguments[0],
                                in->arguments[1]);
    default: break;
    }
    tni_expr_init(&e, TNI_IR_NOT, tni_type_make(TRUENO_TYPE_BOOLEAN));
    return tni_expr_make(binder, &e, &in, 1);
}

/* Is the expression certainly never NULL? */
static bool tni_expr_never_null(const tni_binder *binder, const tni_expr *in) {
    switch (in->op) {
    case TNI_IR_CONSTANT: return !in->constant.is_null;
    case TNI_IR_COLUMN: return binder->columns[in->column].not_null;
    case TNI_IR_DISTINCT:
    case TNI_IR_NOT_DISTINCT:
    case TNI_IR_IS_NULL:
    case TNI_IR_IS_NOT_NULL:
    case TNI_IR_IS_TRUE: return true;
    default: return false;
    }
}

TNI_FN tni_expr *tni_expr_test(tni_binder *binder, tni_ir_op op, tni_expr *in) {
    tni_expr e;
    if (op == TNI_IR_IS_TRUE) {
        if (tni_expr_is_constant(in)) {
            return tni_expr_boolean(binder, tni_expr_is_true(in));
        }
        if (in->type.id == TRUENO_TYPE_BOOLEAN && tni_expr_never_null(binder, in)) {
            return in;
        }
    } else if (tni_expr_is_null_constant(in)) {
        return tni_expr_boolean(binder, op == TNI_IR_IS_NULL);
    } else if (tni_expr_never_null(binder, in)) {
        return tni_expr_boolean(binder, op == TNI_IR_IS_NOT_NULL);
    }
    /* A cast that cannot fail keeps NULLs where they are. */
    while (op != TNI_IR_IS_TRUE && in->op == TNI_IR_CAST && !in->try_cast &&
           tni_cast_is_lossless(in->arguments[0]->type, in->type)) {
        in = in->arguments[0];
    }
    tni_expr_init(&e, op, tni_type_make(TRUENO_TYPE_BOOLEAN));
    return tni_expr_make(binder, &e, &in, 1);
}

TNI_FN tni_expr *tni_expr_select(tni_binder *binder, tni_expr *condition, tni_expr *yes,
                                 tni_expr *no) {
    tni_expr e, *arguments[3];
    while (condition->op == TNI_IR_IS_TRUE) { /* NULL takes the other arm anyway */
        condition = condition->arguments[0];
    }
    if (tni_expr_is_constant(condition)) {
        return tni_expr_is_true(condition) ? yes : no;
    }
    if (yes == no) {
        return yes;
    }
    tni_expr_init(&e, TNI_IR_SELECT, yes->type);
    arguments[0] = condition;
    arguments[1] = yes;
    arguments[2] = no;
    return tni_expr_make(binder, &e, arguments, 3);
}

TNI_FN tni_expr *tni_expr_coalesce(tni_binder *binder, tni_expr *const *arguments,
                                   uint32_t count) {
    tni_expr e, **list = (tni_expr **)tni_binder_alloc(binder, count, sizeof *list);
    uint32_t kept = 0, i;
    if (!list) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        if (tni_expr_is_null_constant(arguments[i])) {
            continue;
        }
        list[kept++] = arguments[i];
        if (tni_expr_never_null(binder, arguments[i])) {
            break;
        }
    }
    if (kept == 0) {
        return arguments[0];
    }
    if (kept == 1) {
        return list[0];
    }
    tni_expr_init(&e, TNI_IR_COALESCE, list[0]->type);
    e.arguments = list;
    e.argument_count = kept;
    return tni_expr_intern(binder, &e);
}

/* ----------------------------------------------------------------------------- IN --- */

/* Heap sort: no recursion, no worst case. */
static void tni_values_sort(tni_value *values, uint32_t count) {
    uint32_t end = count, root = count / 2, child;
    tni_value moved;
    while (end > 1) {
        if (root > 0) {
            moved = values[--root];
        } else {
            moved = values[--end];
            values[end] = values[0];
        }
        child = root;
        for (;;) {
            uint32_t next = child * 2 + 1;
            if (next >= end) {
                break;
            }
            if (next + 1 < end && tni_value_compare(&values[next + 1], &values[next]) > 0) {
                next++;
            }
            if (tni_value_compare(&values[next], &moved) <= 0) {
                break;
            }
            values[child] = values[next];
            child = next;
        }
        values[child] = moved;
    }
}

/* x IN (...) over CAST(y): members that y's type cannot hold are never equal. */
static void tni_in_unwrap(tni_binder *binder, tni_expr **in, tni_value *values,
                          uint32_t *count) {
    while ((*in)->op == TNI_IR_CAST && !(*in)->try_cast &&
           tni_cast_is_lossless((*in)->arguments[0]->type, (*in)->type)) {
        tni_type type = (*in)->arguments[0]->type;
        uint32_t kept = 0, i;
        for (i = 0; i < *count; i++) {
            tni_value narrow;
            if (tni_value_exact(binder, &values[i], type, &narrow)) {
                values[kept++] = narrow;
            }
        }
        *count = kept;
        *in = (*in)->arguments[0];
    }
}

static tni_expr *tni_in_constant(tni_binder *binder, const tni_expr *in, const tni_value *values,
                                 uint32_t count, bool has_null) {
    uint32_t i;
    for (i = 0; !in->constant.is_null && i < count; i++) {
        if (tni_value_compare(&in->constant, &values[i]) == 0) {
            return tni_expr_boolean(binder, true);
        }
    }
    return in->constant.is_null || has_null
               ? tni_expr_null(binder, tni_type_make(TRUENO_TYPE_BOOLEAN))
               : tni_expr_boolean(binder, false);
}

TNI_FN tni_expr *tni_expr_in(tni_binder *binder, tni_expr *in, tni_value *values, uint32_t count,
                             bool has_null) {
    tni_expr e;
    uint32_t kept = 0, i;
    if (tni_expr_is_constant(in)) {
        return tni_in_constant(binder, in, values, count, has_null);
    }
    tni_in_unwrap(binder, &in, values, &count);
    tni_values_sort(values, count);
    for (i = 0; i < count; i++) {
        if (kept == 0 || tni_value_compare(&values[kept - 1], &values[i]) != 0) {
            values[kept++] = values[i];
        }
    }
    if (kept == 1 && !has_null) {
        tni_expr *constant = tni_expr_constant(binder, &values[0]);
        return constant ? tni_expr_compare(binder, TNI_IR_EQUAL, in, constant) : NULL;
    }
    tni_expr_init(&e, TNI_IR_IN, tni_type_make(TRUENO_TYPE_BOOLEAN));
    e.set = values;
    e.set_count = kept;
    e.set_has_null = has_null;
    return tni_expr_make(binder, &e, &in, 1);
}

/* -------------------------------------------------------------------- replacement --- */

TNI_FN uint32_t tni_replace_begin(tni_binder *binder) {
    return ++binder->walk;
}

TNI_FN void tni_replace_add(uint32_t set, tni_expr *from, tni_expr *to) {
    from->replace_walk = set;
    from->replacement = to;
}

/* The node again over new arguments, through the constructor that simplifies. */
static tni_expr *tni_expr_again(tni_binder *binder, tni_expr *e, tni_expr **a,
                                tni_expr *predicate) {
    switch (e->op) {
    case TNI_IR_CALL:
        return tni_expr_call(binder, e->function, e->bound, e->type, a, e->argument_count,
                             predicate, e->position);
    case TNI_IR_CAST:
        return tni_expr_cast(binder, a[0], e->type, e->try_cast, predicate, e->position);
    case TNI_IR_SELECT: return tni_expr_select(binder, a[0], a[1], a[2]);
    case TNI_IR_AND:
    case TNI_IR_OR: return tni_expr_logic(binder, (tni_ir_op)e->op, a, e->argument_count);
    case TNI_IR_NOT: return tni_expr_not(binder, a[0]);
    case TNI_IR_IS_NULL:
    case TNI_IR_IS_NOT_NULL:
    case TNI_IR_IS_TRUE: return tni_expr_test(binder, (tni_ir_op)e->op, a[0]);
    case TNI_IR_COALESCE: return tni_expr_coalesce(binder, a, e->argument_count);
    case TNI_IR_IN: {
        tni_value *set =
            (tni_value *)tni_binder_alloc(binder, e->set_count, sizeof *set);
        if (!set) {
            return NULL;
        }
        if (e->set_count) {
            memcpy(set, e->set, e->set_count * sizeof *set);
        }
        return tni_expr_in(binder, a[0], set, e->set_count, e->set_has_null);
    }
    default: return tni_expr_compare(binder, (tni_ir_op)e->op, a[0], a[1]);
    }
}

static tni_expr *tni_replace_walk(tni_binder *binder, uint32_t set, uint32_t walk, tni_expr *e) {
    tni_expr **arguments, *predicate = NULL, *result;
    uint32_t i;
    bool changed = false;
    if (e->plain->replace_walk == set) {
        return e->plain->replacement;
    }
    if (e->walk == walk) {
        return e->image;
    }
    if (e->argument_count == 0 && !e->predicate) {
        return e;
    }
    arguments = (tni_expr **)tni_binder_alloc(binder, e->argument_count, sizeof *arguments);
    if (!arguments) {
        return NULL;
    }
    for (i = 0; i < e->argument_count; i++) {
        arguments[i] = tni_replace_walk(binder, set, walk, e->arguments[i]);
        if (!arguments[i]) {
            return NULL;
        }
        changed = changed || arguments[i] != e->arguments[i];
    }
    if (e->predicate) {
        predicate = tni_replace_walk(binder, set, walk, e->predicate);
        if (!predicate) {
            return NULL;
        }
        changed = changed || predicate != e->predicate;
    }
    result = changed ? tni_expr_again(binder, e, arguments, predicate) : e;
    e->walk = walk;
    e->image = result;
    return result;
}

TNI_FN tni_expr *tni_replace_run(tni_binder *binder, uint32_t set, tni_expr *expr) {
    return tni_replace_walk(binder, set, ++binder->walk, expr);
}

TNI_FN bool tni_replace_all(tni_binder *binder, uint32_t set, tni_expr **exprs, uint32_t count) {
    uint32_t i;
    for (i = 0; i < count; i++) {
        if (exprs[i] && !(exprs[i] = tni_replace_run(binder, set, exprs[i]))) {
            return false;
        }
    }
    return true;
}

static bool tni_columns_walk(uint32_t walk, tni_expr *e, bool (*visit)(void *, uint32_t),
                             void *user) {
    uint32_t i;
    if (e->walk == walk) {
        return true;
    }
    e->walk = walk;
    e->image = NULL;
    if (e->op == TNI_IR_COLUMN) {
        return visit(user, e->column);
    }
    for (i = 0; i < e->argument_count; i++) {
        if (!tni_columns_walk(walk, e->arguments[i], visit, user)) {
            return false;
        }
    }
    return !e->predicate || tni_columns_walk(walk, e->predicate, visit, user);
}

TNI_FN bool tni_expr_columns(tni_binder *binder, tni_expr *expr,
                             bool (*visit)(void *user, uint32_t id), void *user) {
    return tni_columns_walk(++binder->walk, expr, visit, user);
}

#undef TNI_EXPR_BUCKETS
#undef TNI_FOLD_ARGUMENTS
