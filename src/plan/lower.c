/*
 * lower.c - the logical tree to the plan: ids become positions, expressions become programs.
 *
 * A SCAN fetches its needed columns first and those that only its filter reads after them. A
 * PROJECT that changes nothing disappears; one that only reorders a scan reorders its columns.
 *
 * Uses: plan/bind_internal.h.
 */
#include "plan/bind_internal.h"

typedef struct tni_lowered {
    tni_plan *plan;
    uint32_t *ids; /* [plan->column_count] */
} tni_lowered;

/* ------------------------------------------------------------------------- programs --- */

typedef struct tni_emitter {
    tni_binder *binder;
    uint32_t walk;
    tni_ir_node *nodes;
    uint32_t count, capacity;
    bool needs_math;
} tni_emitter;

static bool tni_lower_emit(tni_emitter *emitter, tni_expr *e);

static bool tni_emit_append(tni_emitter *emitter, const tni_ir_node *node) {
    if (emitter->count == emitter->capacity) {
        uint32_t capacity = TNI_MAX(emitter->capacity * 2, 16u);
        tni_ir_node *grown =
            (tni_ir_node *)tni_binder_alloc(emitter->binder, capacity, sizeof *grown);
        if (!grown) {
            return false;
        }
        if (emitter->count) {
            memcpy(grown, emitter->nodes, emitter->count * sizeof *grown);
        }
        emitter->nodes = grown;
        emitter->capacity = capacity;
    }
    emitter->nodes[emitter->count++] = *node;
    return true;
}

static bool tni_emit_arguments(tni_emitter *emitter, const tni_expr *e, tni_ir_node *node) {
    uint32_t *arguments, i;
    arguments = (uint32_t *)tni_binder_alloc(emitter->binder, e->argument_count,
                                             sizeof *arguments);
    if (!arguments) {
        return false;
    }
    for (i = 0; i < e->argument_count; i++) {
        if (!tni_lower_emit(emitter, e->arguments[i])) {
            return false;
        }
        arguments[i] = e->arguments[i]->reg;
    }
    node->arguments = arguments;
    node->argument_count = e->argument_count;
    return true;
}

/* Give the expression a register. One that is also computed for all rows needs no predicate. */
static bool tni_lower_emit(tni_emitter *emitter, tni_expr *e) {
    tni_ir_node node;
    if (e->register_walk == emitter->walk) {
        return true;
    }
    if (e->plain != e && e->plain->register_walk == emitter->walk) {
        e->register_walk = emitter->walk;
        e->reg = e->plain->reg;
        return true;
    }
    memset(&node, 0, sizeof node);
    node.op = e->op;
    node.try_cast = e->try_cast;
    node.set_has_null = e->set_has_null;
    node.type = e->type;
    node.predicate = TNI_IR_NONE;
    node.position = e->position;
    node.function = e->function;
    node.bound = e->bound;
    node.constant = e->constant;
    node.set = e->set;
    node.set_count = e->set_count;
    if (e->op == TNI_IR_COLUMN) {
        TNI_ASSERT(emitter->binder->columns[e->column].slot_walk == emitter->walk);
        node.column = emitter->binder->columns[e->column].slot;
    }
    if (!tni_emit_arguments(emitter, e, &node)) {
        return false;
    }
    if (e->predicate) {
        if (!tni_lower_emit(emitter, e->predicate)) {
            return false;
        }
        node.predicate = e->predicate->reg;
    }
    if (e->function && (e->function->flags & TNI_FUNCTION_MATH)) {
        emitter->needs_math = true;
        emitter->binder->context->needs_math = true;
    }
    e->register_walk = emitter->walk;
    e->reg = emitter->count;
    return tni_emit_append(emitter, &node);
}

/* A program over input columns `ids` whose outputs are `exprs`. NULL on failure. */
static tni_program *tni_lower_program(tni_binder *binder, const uint32_t *ids, uint32_t id_count,
                                      tni_expr *const *exprs, uint32_t count) {
    tni_program *program = (tni_program *)tni_binder_alloc(binder, 1, sizeof *program);
    tni_emitter emitter;
    uint32_t i;
    if (!program) {
        return NULL;
    }
    memset(&emitter, 0, sizeof emitter);
    emitter.binder = binder;
    emitter.walk = ++binder->walk;
    for (i = 0; i < id_count; i++) {
        binder->columns[ids[i]].slot_walk = emitter.walk;
        binder->columns[ids[i]].slot = i;
    }
    program->outputs =
        (uint32_t *)tni_binder_alloc(binder, count, sizeof *program->outputs);
    if (!program->outputs) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        if (!tni_lower_emit(&emitter, exprs[i])) {
            return NULL;
        }
        program->outputs[i] = exprs[i]->reg;
    }
    program->output_count = count;
    program->nodes = emitter.nodes;
    program->count = emitter.count;
    program->needs_math = emitter.needs_math;
    return program;
}

/* ---- conditions ---- */

/* Cheap conjuncts first, so that dear ones see fewer rows. */
static uint32_t tni_lower_cost(const tni_expr *e) {
    switch (e->op) {
    case TNI_IR_COLUMN:
    case TNI_IR_IS_NULL:
    case TNI_IR_IS_NOT_NULL: return 0;
    case TNI_IR_CALL: return (e->function->flags & TNI_FUNCTION_COSTLY) ? 40 : 20;
    default: {
        uint32_t cost = 1, i;
        for (i = 0; i < e->argument_count && i < 64; i++) {
            const tni_expr *a = e->arguments[i];
            cost += a->op == TNI_IR_COLUMN     ? (tni_type_is_string(a->type) ? 4u : 1u)
                    : a->op == TNI_IR_CONSTANT ? 0u
                    : a->op == TNI_IR_CALL     ? 12u
                                               : 6u;
        }
        return cost;
    }
    }
}

static tni_expr *tni_lower_condition(tni_binder *binder, tni_expr *const *conjuncts,
                                     uint32_t count) {
    tni_expr **sorted = (tni_expr **)tni_binder_alloc(binder, count, sizeof *sorted);
    uint32_t i, k;
    if (!sorted) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        uint32_t cost = tni_lower_cost(conjuncts[i]);
        for (k = i; k > 0 && tni_lower_cost(sorted[k - 1]) > cost; k--) {
            sorted[k] = sorted[k - 1];
        }
        sorted[k] = conjuncts[i];
    }
    return tni_expr_and(binder, sorted, count);
}

/* ---------------------------------------------------------------------------- plans --- */

static tni_plan *tni_plan_new(tni_binder *binder, tni_plan_kind kind, const uint32_t *ids,
                              uint32_t count, double rows) {
    tni_plan *plan = (tni_plan *)tni_binder_alloc(binder, 1, sizeof *plan);
    uint32_t i;
    if (!plan) {
        return NULL;
    }
    plan->kind = kind;
    plan->limit = TNI_NO_LIMIT;
    plan->rows = rows;
    plan->column_count = count;
    plan->types = (tni_type *)tni_binder_alloc(binder, count, sizeof *plan->types);
    plan->names = (const char **)tni_binder_alloc(binder, count, sizeof *plan->names);
    if (!plan->types || !plan->names) {
        return NULL;
    }
    for (i = 0; i < count; i++) {
        plan->types[i] = binder->columns[ids[i]].type;
        plan->names[i] = binder->columns[ids[i]].name ? binder->columns[ids[i]].name : "";
    }
    return plan;
}

static bool tni_lower_node(tni_binder *binder, tni_node *node, tni_lowered *out);

static bool tni_lower_input(tni_binder *binder, const tni_node *node, tni_lowered *input) {
    return tni_lower_node(binder, node->input, input);
}

static bool tni_lower_slot(const tni_lowered *input, uint32_t id, uint32_t *slot) {
    uint32_t i;
    for (i = 0; i < input->plan->column_count; i++) {
        if (input->ids[i] == id) {
            *slot = i;
            return true;
        }
    }
    return false;
}

/* Exactly the columns `ids`, in that order. */
static bool tni_lower_arrange(tni_binder *binder, const uint32_t *ids, uint32_t count,
                              tni_lowered *io) {
    bool same = count == io->plan->column_count;
    tni_expr **exprs;
    tni_plan *plan;
    uint32_t i;
    for (i = 0; same && i < count; i++) {
        same = io->ids[i] == ids[i];
    }
    if (same) {
        return true;
    }
    exprs = (tni_expr **)tni_binder_alloc(binder, count, sizeof *exprs);
    plan = tni_plan_new(binder, TNI_PLAN_PROJECT, ids, count, io->plan->rows);
    if (!exprs || !plan) {
        return false;
    }
    for (i = 0; i < count; i++) {
        exprs[i] = tni_expr_column(binder, ids[i]);
        if (!exprs[i]) {
            return false;
        }
    }
    plan->input = io->plan;
    plan->program = tni_lower_program(binder, io->ids, io->plan->column_count, exprs, count);
    io->plan = plan;
    io->ids = (uint32_t *)tni_binder_alloc(binder, count, sizeof *io->ids);
    if (!io->ids || !plan->program) {
        return false;
    }
    if (count) {
        memcpy(io->ids, ids, count * sizeof *ids);
    }
    return true;
}

/* ----------------------------------------------------------------------------- scan --- */

static bool tni_scan_prune_add(tni_binder *binder, tni_plan *plan, uint32_t capacity,
                               uint32_t field, tni_prune_op op, const tni_value *value) {
    tni_prune *prune;
    if (!plan->prunes) {
        plan->prunes = (tni_prune *)tni_binder_alloc(binder, capacity, sizeof *plan->prunes);
        if (!plan->prunes) {
            return false;
        }
    }
    TNI_ASSERT(plan->prune_count < capacity);
    prune = &plan->prunes[plan->prune_count++];
    prune->column = field;
    prune->op = op;
    prune->value = *value;
    return true;
}

static bool tni_scan_prune_op(uint16_t op, tni_prune_op *out) {
    switch (op) {
    case TNI_IR_EQUAL: *out = TNI_PRUNE_EQUAL; return true;
    case TNI_IR_NOT_EQUAL: *out = TNI_PRUNE_NOT_EQUAL; return true;
    case TNI_IR_LESS: *out = TNI_PRUNE_LESS; return true;
    case TNI_IR_LESS_EQUAL: *out = TNI_PRUNE_LESS_EQUAL; return true;
    case TNI_IR_GREATER: *out = TNI_PRUNE_GREATER; return true;
    case TNI_IR_GREATER_EQUAL: *out = TNI_PRUNE_GREATER_EQUAL; return true;
    case TNI_IR_IS_NULL: *out = TNI_PRUNE_IS_NULL; return true;
    case TNI_IR_IS_NOT_NULL: *out = TNI_PRUNE_IS_NOT_NULL; return true;
    default: return false;
    }
}

/* x LIKE 'abc%': 'abc' <= x < 'abd'. */
static bool tni_scan_prune_like(tni_binder *binder, tni_plan *plan, uint32_t capacity,
                                uint32_t field, const tni_expr *e) {
    const tni_expr *pattern = e->arguments[1];
    const uint8_t *bytes;
    uint32_t length = 0;
    tni_value value;
    char text[64];
    bool ok;
    if (strcmp(e->function->name, "like") != 0 || e->argument_count != 2 ||
        !tni_expr_is_constant(pattern) || pattern->constant.is_null ||
        e->arguments[0]->type.id != TRUENO_TYPE_VARCHAR) {
        return true;
    }
    bytes = tni_string_data(&pattern->constant.as.string);
    while (length < pattern->constant.as.string.length && length < sizeof text &&
           bytes[length] != '%' && bytes[length] != '_') {
        text[length] = (char)bytes[length];
        length++;
    }
    if (length == 0) {
        return true;
    }
    value = tni_binder_string(binder, text, length, &ok);
    if (!ok || !tni_scan_prune_add(binder, plan, capacity, field, TNI_PRUNE_GREATER_EQUAL,
                                   &value)) {
        return false;
    }
    if ((uint8_t)text[length - 1] == 0xff) {
        return true;
    }
    text[length - 1] = (char)((uint8_t)text[length - 1] + 1);
    value = tni_binder_string(binder, text, length, &ok);
    return ok && tni_scan_prune_add(binder, plan, capacity, field, TNI_PRUNE_LESS, &value);
}

/* What a conjunct tells a source about rows it may skip. */
static bool tni_scan_prune(tni_binder *binder, const tni_node *node, tni_plan *plan,
                           const tni_expr *e) {
    uint32_t capacity = node->conjunct_count * 2, i;
    const tni_expr *column = e->argument_count ? e->arguments[0] : NULL;
    tni_prune_op op;
    tni_value none;
    if (!column || column->op != TNI_IR_COLUMN) {
        return true;
    }
    for (i = 0; i < node->column_count && node->columns[i] != column->column; i++) {
    }
    if (i == node->column_count) {
        return true;
    }
    if (e->op == TNI_IR_CALL && e->argument_count >= 2) {
        return tni_scan_prune_like(binder, plan, capacity, node->fields[i], e);
    }
    if (e->op == TNI_IR_IN && e->set_count > 0 && !e->set_has_null) {
        return tni_scan_prune_add(binder, plan, capacity, node->fields[i],
                                  TNI_PRUNE_GREATER_EQUAL, &e->set[0]) &&
               tni_scan_prune_add(binder, plan, capacity, node->fields[i], TNI_PRUNE_LESS_EQUAL,
                                  &e->set[e->set_count - 1]);
    }
    if (!tni_scan_prune_op(e->op, &op)) {
        return true;
    }
    if (e->argument_count == 1) {
        none = tni_value_null(column->type);
        return tni_scan_prune_add(binder, plan, capacity, node->fields[i], op, &none);
    }
    if (!tni_expr_is_constant(e->arguments[1]) || e->arguments[1]->constant.is_null) {
        return true;
    }
    return tni_scan_prune_add(binder, plan, capacity, node->fields[i], op,
                              &e->arguments[1]->constant);
}

static bool tni_scan_mark(void *user, uint32_t id) {
    tni_binder *binder = (tni_binder *)user;
    binder->columns[id].slot = 1;
    return true;
}

/* Outputs first, then what only the filter reads. */
static bool tni_lower_scan(tni_binder *binder, const tni_node *node, tni_lowered *out) {
    uint32_t *fields, *ids, total = 0, outputs, i;
    tni_plan *plan;
    fields = (uint32_t *)tni_binder_alloc(binder, node->column_count, sizeof *fields);
    ids = (uint32_t *)tni_binder_alloc(binder, node->column_count, sizeof *ids);
    if (!fields || !ids) {
        return false;
    }
    for (i = 0; i < node->column_count; i++) {
        binder->columns[node->columns[i]].slot = 0;
    }
    for (i = 0; i < node->conjunct_count; i++) {
        (void)tni_expr_columns(binder, node->conjuncts[i], tni_scan_mark, binder);
    }
    for (i = 0; i < node->column_count; i++) {
        if (binder->columns[node->columns[i]].needed) {
            ids[total] = node->columns[i];
            fields[total++] = node->fields[i];
        }
    }
    outputs = total;
    for (i = 0; i < node->column_count; i++) {
        const tni_column_info *info = &binder->columns[node->columns[i]];
        if (!info->needed && info->slot) {
            ids[total] = node->columns[i];
            fields[total++] = node->fields[i];
        }
    }
    plan = tni_plan_new(binder, TNI_PLAN_SCAN, ids, outputs, node->rows);
    if (!plan) {
        return false;
    }
    plan->source = node->source;
    plan->source_columns = fields;
    plan->scan_column_count = total;
    if (node->conjunct_count) {
        tni_expr *condition =
            tni_lower_condition(binder, node->conjuncts, node->conjunct_count);
        if (!condition) {
            return false;
        }
        plan->filter = tni_lower_program(binder, ids, total, &condition, 1);
        if (!plan->filter) {
            return false;
        }
        for (i = 0; i < node->conjunct_count; i++) {
            if (!tni_scan_prune(binder, node, plan, node->conjuncts[i])) {
                return false;
            }
        }
    }
    out->plan = plan;
    out->ids = ids;
    return true;
}

/* -------------------------------------------------------------------- other operators --- */

static bool tni_lower_values(tni_binder *binder, const tni_node *node, tni_lowered *out) {
    tni_plan *plan = tni_plan_new(binder, TNI_PLAN_VALUES, node->columns, node->column_count,
                                  node->rows);
    if (!plan) {
        return false;
    }
    plan->values = node->values;
    plan->row_count = node->row_count;
    out->plan = plan;
    out->ids = node->columns;
    return true;
}

static bool tni_lower_range(tni_binder *binder, const tni_node *node, tni_lowered *out) {
    tni_plan *plan = tni_plan_new(binder, TNI_PLAN_RANGE, node->columns, 1, node->rows);
    if (!plan) {
        return false;
    }
    plan->range_start = node->range_start;
    plan->range_stop = node->range_stop;
    plan->range_step = node->range_step;
    out->plan = plan;
    out->ids = node->columns;
    return true;
}

static bool tni_lower_filter(tni_binder *binder, const tni_node *node, tni_lowered *out) {
    tni_lowered input;
    tni_plan *plan;
    tni_expr *condition;
    if (!tni_lower_input(binder, node, &input)) {
        return false;
    }
    plan = tni_plan_new(binder, TNI_PLAN_FILTER, input.ids, input.plan->column_count,
                        node->rows);
    condition = tni_lower_condition(binder, node->conjuncts, node->conjunct_count);
    if (!plan || !condition) {
        return false;
    }
    plan->input = input.plan;
    plan->filter =
        tni_lower_program(binder, input.ids, input.plan->column_count, &condition, 1);
    plan->program = plan->filter;
    out->plan = plan;
    out->ids = input.ids;
    return plan->filter != NULL;
}

/* A PROJECT of different bare columns over a scan: the scan can give them in that order. */
static void tni_lower_reorder_scan(const tni_node *project) {
    tni_node *scan = project->input;
    uint32_t i, k;
    for (i = 0; i < project->column_count; i++) {
        if (project->exprs[i]->op != TNI_IR_COLUMN) {
            return;
        }
        for (k = 0; k < i && k < 256; k++) {
            if (project->exprs[k] == project->exprs[i]) {
                return;
            }
        }
    }
    if (project->column_count > 256) {
        return;
    }
    for (i = 0; i < project->column_count; i++) {
        uint32_t id = project->exprs[i]->column, field;
        for (k = i; k < scan->column_count && scan->columns[k] != id; k++) {
        }
        if (k == scan->column_count) {
            return;
        }
        field = scan->fields[k];
        memmove(scan->columns + i + 1, scan->columns + i, (k - i) * sizeof *scan->columns);
        memmove(scan->fields + i + 1, scan->fields + i, (k - i) * sizeof *scan->fields);
        scan->columns[i] = id;
        scan->fields[i] = field;
    }
}

static bool tni_lower_is_identity(const tni_node *project, const tni_lowered *input) {
    uint32_t i;
    if (project->column_count != input->plan->column_count) {
        return false;
    }
    for (i = 0; i < project->column_count; i++) {
        if (project->exprs[i]->op != TNI_IR_COLUMN ||
            project->exprs[i]->column != input->ids[i]) {
            return false;
        }
    }
    return true;
}

/* Constants over one row: a row of values. */
static bool tni_lower_constant_row(tni_binder *binder, const tni_node *node, tni_lowered *out,
                                   bool *done) {
    uint32_t i;
    *done = false;
    if (node->input->kind != TNI_PLAN_VALUES || node->input->row_count != 1 ||
        node->input->column_count != 0) {
        return true;
    }
    for (i = 0; i < node->column_count; i++) {
        if (!tni_expr_is_constant(node->exprs[i])) {
            return true;
        }
    }
    *done = true;
    if (!tni_lower_values(binder, node, out)) {
        return false;
    }
    out->plan->row_count = 1;
    out->plan->values = (tni_value *)tni_binder_alloc(binder, node->column_count,
                                                      sizeof *out->plan->values);
    for (i = 0; out->plan->values && i < node->column_count; i++) {
        out->plan->values[i] = node->exprs[i]->constant;
    }
    return out->plan->values != NULL;
}

static bool tni_lower_project(tni_binder *binder, const tni_node *node, tni_lowered *out) {
    tni_lowered input;
    tni_plan *plan;
    bool done;
    if (!tni_lower_constant_row(binder, node, out, &done) || done) {
        return done;
    }
    if (node->input->kind == TNI_PLAN_SCAN) {
        tni_lower_reorder_scan(node);
    }
    if (!tni_lower_input(binder, node, &input)) {
        return false;
    }
    if (tni_lower_is_identity(node, &input)) {
        uint32_t i;
        out->plan = input.plan;
        out->ids = node->columns;
        for (i = 0; i < node->column_count; i++) {
            const char *name = binder->columns[node->columns[i]].name;
            out->plan->names[i] = name && *name ? name : out->plan->names[i];
        }
        return true;
    }
    plan = tni_plan_new(binder, TNI_PLAN_PROJECT, node->columns, node->column_count, node->rows);
    if (!plan) {
        return false;
    }
    plan->input = input.plan;
    plan->program = tni_lower_program(binder, input.ids, input.plan->column_count, node->exprs,
                                      node->column_count);
    out->plan = plan;
    out->ids = node->columns;
    return plan->program != NULL;
}

/* Output of the program for an expression: an equal one, or a new one. */
static uint32_t tni_lower_output(tni_expr **outputs, uint32_t *count, tni_expr *e) {
    uint32_t i;
    for (i = 0; i < *count; i++) {
        if (outputs[i] == e) {
            return i;
        }
    }
    outputs[(*count)++] = e;
    return i;
}

static void tni_lower_one_aggregate(const tni_bound_aggregate *a, tni_expr **outputs,
                                    uint32_t *count, tni_plan_aggregate *out) {
    uint32_t i;
    out->function = a->function;
    out->distinct = a->distinct;
    out->type = a->type;
    out->position = a->position;
    out->filter = a->filter ? tni_lower_output(outputs, count, a->filter) : TNI_IR_NONE;
    for (i = 0; i < 2; i++) {
        out->arguments[i] = i < a->argument_count
                                ? tni_lower_output(outputs, count, a->arguments[i])
                                : TNI_IR_NONE;
        out->constants[i] = a->constants[i];
    }
    out->constant_count = a->constant_count;
    for (i = 0; i < a->order_count; i++) {
        out->order[i] = tni_lower_output(outputs, count, a->order[i]);
        out->order_keys[i] = a->order_keys[i];
    }
    out->order_count = a->order_count;
}

static bool tni_aggregate_needs_math(tni_aggregate_kind kind) {
    return kind == TNI_AGGREGATE_ENTROPY || kind == TNI_AGGREGATE_SKEWNESS ||
           kind == TNI_AGGREGATE_KURTOSIS || kind == TNI_AGGREGATE_KURTOSIS_POP;
}

static bool tni_lower_aggregate(tni_binder *binder, const tni_node *node, tni_lowered *out) {
    tni_lowered input;
    tni_plan *plan;
    tni_expr **outputs;
    uint32_t count = node->key_count, i;
    if (!tni_lower_input(binder, node, &input)) {
        return false;
    }
    plan = tni_plan_new(binder, TNI_PLAN_AGGREGATE, node->columns, node->column_count,
                        node->rows);
    outputs = (tni_expr **)tni_binder_alloc(
        binder, node->key_count + (size_t)node->aggregate_count * 7, sizeof *outputs);
    if (!plan || !outputs) {
        return false;
    }
    plan->aggregates = (tni_plan_aggregate *)tni_binder_alloc(binder, node->aggregate_count,
                                                              sizeof *plan->aggregates);
    if (!plan->aggregates) {
        return false;
    }
    for (i = 0; i < node->key_count; i++) {
        outputs[i] = node->exprs[i];
    }
    for (i = 0; i < node->aggregate_count; i++) {
        tni_lower_one_aggregate(&node->aggregates[i], outputs, &count, &plan->aggregates[i]);
        if (tni_aggregate_needs_math(node->aggregates[i].function->kind)) {
            binder->context->needs_math = true;
        }
    }
    plan->input = input.plan;
    plan->key_count = node->key_count;
    plan->aggregate_count = node->aggregate_count;
    plan->program =
        tni_lower_program(binder, input.ids, input.plan->column_count, outputs, count);
    out->plan = plan;
    out->ids = node->columns;
    return plan->program != NULL;
}

static bool tni_lower_order(tni_binder *binder, const tni_node *node, tni_lowered *out) {
    tni_lowered input;
    tni_plan *plan;
    uint32_t i;
    if (!tni_lower_input(binder, node, &input)) {
        return false;
    }
    plan = tni_plan_new(binder, node->kind, input.ids, input.plan->column_count, node->rows);
    if (!plan) {
        return false;
    }
    plan->input = input.plan;
    plan->limit = node->limit;
    plan->percent = node->percent;
    plan->offset = node->offset;
    plan->sort_keys =
        (tni_sort_key *)tni_binder_alloc(binder, node->sort_count, sizeof *plan->sort_keys);
    if (!plan->sort_keys) {
        return false;
    }
    for (i = 0; i < node->sort_count; i++) {
        tni_sort_key *key = &plan->sort_keys[plan->sort_key_count];
        uint32_t k;
        key->descending = node->sorts[i].descending;
        key->nulls_first = node->sorts[i].nulls_first;
        if (!tni_lower_slot(&input, node->sorts[i].id, &key->column)) {
            (void)tni_fail(binder->error, TRUENO_ERROR_INTERNAL, "a sort key got lost");
            return false;
        }
        for (k = 0; k < plan->sort_key_count && plan->sort_keys[k].column != key->column; k++) {
        }
        plan->sort_key_count += k == plan->sort_key_count ? 1 : 0; /* a repeat orders nothing */
    }
    out->plan = plan;
    out->ids = input.ids;
    return true;
}

static bool tni_lower_union(tni_binder *binder, const tni_node *node, tni_lowered *out) {
    tni_lowered left, right;
    tni_plan *plan;
    if (!tni_lower_node(binder, node->input, &left) ||
        !tni_lower_arrange(binder, node->left, node->column_count, &left) ||
        !tni_lower_node(binder, node->second, &right) ||
        !tni_lower_arrange(binder, node->right, node->column_count, &right)) {
        return false;
    }
    plan = tni_plan_new(binder, TNI_PLAN_UNION_ALL, node->columns, node->column_count,
                        node->rows);
    if (!plan) {
        return false;
    }
    plan->input = left.plan;
    plan->second = right.plan;
    plan->otherwise = node->otherwise;
    out->plan = plan;
    out->ids = node->columns;
    return true;
}

static bool tni_lower_expand(tni_binder *binder, const tni_node *node, tni_lowered *out) {
    uint32_t extra = node->values ? node->key_count + 1 : 0, count, i;
    tni_lowered input;
    tni_plan *plan;
    uint32_t *ids;
    if (!tni_lower_input(binder, node, &input)) {
        return false;
    }
    count = input.plan->column_count + extra;
    ids = (uint32_t *)tni_binder_alloc(binder, count, sizeof *ids);
    if (!ids) {
        return false;
    }
    memcpy(ids, input.ids, input.plan->column_count * sizeof *ids);
    for (i = 0; i < extra; i++) {
        ids[input.plan->column_count + i] = node->columns[node->column_count - extra + i];
    }
    plan = tni_plan_new(binder, TNI_PLAN_EXPAND, ids, count, node->rows);
    if (!plan) {
        return false;
    }
    plan->input = input.plan;
    plan->values = node->values;
    plan->row_count = node->row_count;
    plan->key_count = node->key_count;
    plan->expanded = (uint32_t *)tni_binder_alloc(binder, node->key_count, sizeof *plan->expanded);
    for (i = 0; plan->expanded && i < node->key_count; i++) {
        if (!tni_lower_slot(&input, node->exprs[i]->column, &plan->expanded[i])) {
            (void)tni_fail(binder->error, TRUENO_ERROR_INTERNAL, "a grouping key got lost");
            return false;
        }
    }
    out->plan = plan;
    out->ids = ids;
    return plan->expanded != NULL;
}

static bool tni_lower_node(tni_binder *binder, tni_node *node, tni_lowered *out) {
    switch (node->kind) {
    case TNI_PLAN_SCAN: return tni_lower_scan(binder, node, out);
    case TNI_PLAN_VALUES: return tni_lower_values(binder, node, out);
    case TNI_PLAN_RANGE: return tni_lower_range(binder, node, out);
    case TNI_PLAN_FILTER: return tni_lower_filter(binder, node, out);
    case TNI_PLAN_PROJECT: return tni_lower_project(binder, node, out);
    case TNI_PLAN_AGGREGATE: return tni_lower_aggregate(binder, node, out);
    case TNI_PLAN_UNION_ALL: return tni_lower_union(binder, node, out);
    case TNI_PLAN_EXPAND: return tni_lower_expand(binder, node, out);
    default: return tni_lower_order(binder, node, out);
    }
}

TNI_FN tni_plan *tni_lower(tni_binder *binder, const tni_relation *relation) {
    tni_lowered lowered;
    uint32_t i;
    if (!tni_lower_node(binder, relation->node, &lowered) ||
        !tni_lower_arrange(binder, relation->ids, relation->count, &lowered)) {
        return NULL;
    }
    for (i = 0; i < relation->count; i++) {
        lowered.plan->names[i] = relation->names[i];
    }
    return lowered.plan;
}
