/*
 * fuse.c - programs of a chain of nodes put together; see fuse.h.
 *
 * Nodes are visited from the scan upwards; `columns` of the node at hand are registers of the fused
 * line, so that a PROJECT costs nothing and a bare column stays one. Uses: plan/plan.h.
 */
#include "plan/fuse.h"

#define TNI_FUSE_DEPTH 32u

TNI_FN const tni_plan *tni_fuse_scan(const tni_plan *plan) {
    while (plan != NULL && (plan->kind == TNI_PLAN_FILTER || plan->kind == TNI_PLAN_PROJECT)) {
        plan = plan->input;
    }
    return plan != NULL && plan->kind == TNI_PLAN_SCAN ? plan : NULL;
}

static trueno_status tni_fuse_add(tni_fused *fused, const tni_ir_node *node, uint32_t *out,
                                  tni_error *error) {
    if (fused->count == fused->capacity) {
        uint32_t capacity = fused->capacity * 2 + 32;
        tni_ir_node *grown =
            (tni_ir_node *)tni_arena_alloc(fused->arena, capacity * sizeof *grown);
        if (grown == NULL) {
            return tni_fail_memory(error, capacity * sizeof *grown);
        }
        if (fused->count > 0) {
            memcpy(grown, fused->nodes, fused->count * sizeof *grown);
        }
        fused->nodes = grown;
        fused->capacity = capacity;
    }
    fused->nodes[fused->count] = *node;
    *out = fused->count++;
    return TRUENO_OK;
}

/* Arguments and predicate of a copied node through `map`. */
static trueno_status tni_fuse_renumber(tni_arena *arena, tni_ir_node *node, const uint32_t *map,
                                       tni_error *error) {
    uint32_t i;
    uint32_t *arguments;
    if (node->predicate != TNI_IR_NONE) {
        node->predicate = map[node->predicate];
    }
    if (node->argument_count == 0) {
        return TRUENO_OK;
    }
    arguments = (uint32_t *)tni_arena_alloc(arena, node->argument_count * sizeof *arguments);
    if (arguments == NULL) {
        return tni_fail_memory(error, node->argument_count * sizeof *arguments);
    }
    for (i = 0; i < node->argument_count; i++) {
        arguments[i] = map[node->arguments[i]];
    }
    node->arguments = arguments;
    return TRUENO_OK;
}

/* Append a program whose columns are the registers `columns`; `registers` gets its outputs. */
static trueno_status tni_fuse_program(tni_fused *fused, const tni_program *program,
                                      const uint32_t *columns, uint32_t *registers,
                                      tni_error *error) {
    uint32_t *map =
        (uint32_t *)tni_arena_alloc(fused->arena, TNI_MAX(program->count, 1u) * sizeof *map);
    uint32_t i;
    if (map == NULL) {
        return tni_fail_memory(error, program->count * sizeof *map);
    }
    for (i = 0; i < program->count; i++) {
        tni_ir_node node = program->nodes[i];
        if (node.op == TNI_IR_COLUMN) {
            map[i] = columns[node.column];
            continue;
        }
        TNI_TRY(tni_fuse_renumber(fused->arena, &node, map, error));
        TNI_TRY(tni_fuse_add(fused, &node, &map[i], error));
    }
    for (i = 0; i < program->output_count; i++) {
        registers[i] = map[program->outputs[i]];
    }
    return TRUENO_OK;
}

static trueno_status tni_fuse_filter(tni_fused *fused, const tni_program *program,
                                     const uint32_t *columns, tni_error *error) {
    uint32_t condition;
    uint32_t *arguments;
    tni_ir_node both;
    TNI_TRY(tni_fuse_program(fused, program, columns, &condition, error));
    if (fused->filter == TNI_IR_NONE) {
        fused->filter = condition;
        return TRUENO_OK;
    }
    arguments = (uint32_t *)tni_arena_alloc(fused->arena, 2 * sizeof *arguments);
    if (arguments == NULL) {
        return tni_fail_memory(error, 2 * sizeof *arguments);
    }
    arguments[0] = fused->filter;
    arguments[1] = condition;
    memset(&both, 0, sizeof both);
    both.op = TNI_IR_AND;
    both.type = tni_type_make(TRUENO_TYPE_BOOLEAN);
    both.argument_count = 2;
    both.arguments = arguments;
    both.predicate = TNI_IR_NONE;
    return tni_fuse_add(fused, &both, &fused->filter, error);
}

/* May a row make the program fail? */
static bool tni_fuse_may_fail(const tni_program *program) {
    uint32_t i;
    for (i = 0; i < program->count; i++) {
        if (program->nodes[i].op == TNI_IR_CALL || program->nodes[i].op == TNI_IR_CAST) {
            return true;
        }
    }
    return false;
}

/* One node of the chain above the scan; *columns becomes its output. */
static trueno_status tni_fuse_node(tni_fused *fused, const tni_plan *node, uint32_t **columns,
                                   bool *fallible, tni_error *error) {
    uint32_t *outputs;
    if (node->kind == TNI_PLAN_FILTER) {
        if (*fallible) {
            return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                            "the GPU does not run filters above calculations");
        }
        return tni_fuse_filter(fused, node->filter, *columns, error);
    }
    outputs = (uint32_t *)tni_arena_alloc(
        fused->arena, TNI_MAX(node->program->output_count, 1u) * sizeof *outputs);
    if (outputs == NULL) {
        return tni_fail_memory(error, node->program->output_count * sizeof *outputs);
    }
    TNI_TRY(tni_fuse_program(fused, node->program, *columns, outputs, error));
    *fallible = *fallible || tni_fuse_may_fail(node->program);
    *columns = outputs;
    return TRUENO_OK;
}

static trueno_status tni_fuse_leaf(tni_fused *fused, uint32_t **columns, tni_error *error) {
    const tni_plan *scan = fused->scan;
    uint32_t i;
    uint32_t *registers = (uint32_t *)tni_arena_alloc(
        fused->arena, TNI_MAX(scan->scan_column_count, 1u) * sizeof *registers);
    if (registers == NULL) {
        return tni_fail_memory(error, scan->scan_column_count * sizeof *registers);
    }
    for (i = 0; i < scan->scan_column_count; i++) {
        tni_ir_node node;
        memset(&node, 0, sizeof node);
        node.op = TNI_IR_COLUMN;
        node.type = scan->source->fields[scan->source_columns[i]].type;
        node.predicate = TNI_IR_NONE;
        node.column = i;
        TNI_TRY(tni_fuse_add(fused, &node, &registers[i], error));
    }
    *columns = registers;
    return scan->filter == NULL ? TRUENO_OK
                                : tni_fuse_filter(fused, scan->filter, registers, error);
}

TNI_FN trueno_status tni_fuse(const tni_plan *plan, tni_arena *arena, tni_fused *out,
                              tni_error *error) {
    const tni_plan *chain[TNI_FUSE_DEPTH];
    const tni_plan *node;
    uint32_t depth = 0;
    uint32_t *columns = NULL;
    bool fallible = false;
    memset(out, 0, sizeof *out);
    out->arena = arena;
    out->filter = TNI_IR_NONE;
    out->scan = tni_fuse_scan(plan->input);
    for (node = plan->input; node != out->scan && out->scan != NULL; node = node->input) {
        if (depth == TNI_FUSE_DEPTH) {
            out->scan = NULL;
            break;
        }
        chain[depth++] = node;
    }
    if (out->scan == NULL) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "the input is not a table");
    }
    TNI_TRY(tni_fuse_leaf(out, &columns, error));
    while (depth > 0) {
        TNI_TRY(tni_fuse_node(out, chain[--depth], &columns, &fallible, error));
    }
    if (plan->program == NULL) {
        out->outputs = columns;
        out->output_count = plan->input->column_count;
        return TRUENO_OK;
    }
    out->output_count = plan->program->output_count;
    out->outputs = (uint32_t *)tni_arena_alloc(arena, TNI_MAX(out->output_count, 1u) *
                                                          sizeof *out->outputs);
    if (out->outputs == NULL) {
        return tni_fail_memory(error, out->output_count * sizeof *out->outputs);
    }
    return tni_fuse_program(out, plan->program, columns, out->outputs, error);
}

static trueno_status tni_fuse_constant(tni_fused *fused, tni_type type, bool is_null,
                                       uint32_t *out, tni_error *error) {
    tni_ir_node node;
    memset(&node, 0, sizeof node);
    node.op = TNI_IR_CONSTANT;
    node.type = type;
    node.predicate = TNI_IR_NONE;
    node.constant = tni_value_null(type);
    if (!is_null) { /* of BOOLEAN */
        node.constant.is_null = false;
        node.constant.as.boolean = true;
    }
    return tni_fuse_add(fused, &node, out, error);
}

TNI_FN trueno_status tni_fuse_where(tni_fused *fused, uint32_t filter, uint32_t value,
                                    uint32_t *out, tni_error *error) {
    uint32_t *arguments = (uint32_t *)tni_arena_alloc(fused->arena, 3 * sizeof *arguments);
    tni_ir_node node;
    if (arguments == NULL) {
        return tni_fail_memory(error, 3 * sizeof *arguments);
    }
    memset(&node, 0, sizeof node);
    arguments[0] = filter;
    arguments[1] = value;
    node.type = value == TNI_IR_NONE ? tni_type_make(TRUENO_TYPE_BOOLEAN)
                                     : fused->nodes[value].type;
    if (value == TNI_IR_NONE) {
        TNI_TRY(tni_fuse_constant(fused, node.type, false, &arguments[1], error));
    }
    TNI_TRY(tni_fuse_constant(fused, node.type, true, &arguments[2], error));
    node.op = TNI_IR_SELECT;
    node.argument_count = 3;
    node.arguments = arguments;
    node.predicate = TNI_IR_NONE;
    return tni_fuse_add(fused, &node, out, error);
}

TNI_FN trueno_status tni_fuse_columns(const tni_fused *fused, tni_fused_columns *out,
                                      tni_error *error) {
    uint32_t count = TNI_MAX(fused->scan->scan_column_count, 1u), i;
    out->count = 0;
    out->list = (uint32_t *)tni_arena_alloc(fused->arena, count * sizeof *out->list);
    out->places = (uint32_t *)tni_arena_alloc(fused->arena, count * sizeof *out->places);
    if (out->list == NULL || out->places == NULL) {
        return tni_fail_memory(error, count * sizeof *out->list);
    }
    for (i = 0; i < count; i++) {
        out->places[i] = TNI_IR_NONE;
    }
    return TRUENO_OK;
}

/* Mark what `registers` need, walking backwards: arguments precede their users. */
static void tni_fuse_mark(const tni_fused *fused, const uint32_t *registers, uint32_t count,
                          bool *needed) {
    uint32_t i, a;
    for (i = 0; i < count; i++) {
        needed[registers[i]] = true;
    }
    for (i = fused->count; i-- > 0;) {
        const tni_ir_node *node = &fused->nodes[i];
        if (!needed[i]) {
            continue;
        }
        for (a = 0; a < node->argument_count; a++) {
            needed[node->arguments[a]] = true;
        }
        if (node->predicate != TNI_IR_NONE) {
            needed[node->predicate] = true;
        }
    }
}

TNI_FN trueno_status tni_fuse_cut(const tni_fused *fused, const uint32_t *registers,
                                  uint32_t count, tni_fused_columns *columns, tni_program **out,
                                  tni_error *error) {
    tni_arena *arena = fused->arena;
    size_t room = TNI_MAX(fused->count, 1u);
    bool *needed = (bool *)tni_arena_alloc(arena, room * sizeof *needed);
    uint32_t *map = (uint32_t *)tni_arena_alloc(arena, room * sizeof *map);
    tni_program *program = (tni_program *)tni_arena_alloc(arena, sizeof *program);
    uint32_t i;
    if (needed == NULL || map == NULL || program == NULL) {
        return tni_fail_memory(error, room * sizeof *map);
    }
    tni_fuse_mark(fused, registers, count, needed);
    program->nodes = (tni_ir_node *)tni_arena_alloc(arena, room * sizeof *program->nodes);
    program->outputs =
        (uint32_t *)tni_arena_alloc(arena, TNI_MAX(count, 1u) * sizeof *program->outputs);
    if (program->nodes == NULL || program->outputs == NULL) {
        return tni_fail_memory(error, room * sizeof *program->nodes);
    }
    for (i = 0; i < fused->count; i++) {
        tni_ir_node *node = &program->nodes[program->count];
        if (!needed[i]) {
            continue;
        }
        *node = fused->nodes[i];
        if (node->op == TNI_IR_COLUMN) {
            if (columns->places[node->column] == TNI_IR_NONE) {
                columns->places[node->column] = columns->count;
                columns->list[columns->count++] = node->column;
            }
            node->column = columns->places[node->column];
        }
        TNI_TRY(tni_fuse_renumber(arena, node, map, error));
        map[i] = program->count++;
    }
    for (i = 0; i < count; i++) {
        program->outputs[i] = map[registers[i]];
    }
    program->output_count = count;
    *out = program;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_program_cut(const tni_program *from, const uint32_t *registers,
                                     uint32_t count, tni_arena *arena, tni_program *out,
                                     tni_error *error) {
    uint32_t *numbers = (uint32_t *)tni_arena_alloc(arena, (from->count + 1) * sizeof *numbers);
    uint32_t i, k, *arguments;
    memset(out, 0, sizeof *out);
    out->nodes = (tni_ir_node *)tni_arena_alloc(arena, (from->count + 1) * sizeof *out->nodes);
    out->outputs = (uint32_t *)tni_arena_alloc(arena, (count + 1) * sizeof *out->outputs);
    if (numbers == NULL || out->nodes == NULL || out->outputs == NULL) {
        return tni_fail_memory(error, from->count * sizeof *out->nodes);
    }
    for (i = 0; i < count; i++) {
        numbers[registers[i]] = 1;
    }
    for (i = from->count; i-- > 0;) { /* arguments stand before what needs them */
        const tni_ir_node *node = &from->nodes[i];
        for (k = 0; numbers[i] != 0 && k < node->argument_count; k++) {
            numbers[node->arguments[k]] = 1;
        }
        if (numbers[i] != 0 && node->predicate != TNI_IR_NONE) {
            numbers[node->predicate] = 1;
        }
    }
    for (i = 0; i < from->count; i++) {
        const tni_ir_node *node = &from->nodes[i];
        tni_ir_node *copy = &out->nodes[out->count];
        if (numbers[i] == 0) {
            continue;
        }
        numbers[i] = out->count++;
        *copy = *node;
        arguments =
            (uint32_t *)tni_arena_alloc(arena, (node->argument_count + 1) * sizeof *arguments);
        if (arguments == NULL) {
            return tni_fail_memory(error, node->argument_count * sizeof *arguments);
        }
        for (k = 0; k < node->argument_count; k++) {
            arguments[k] = numbers[node->arguments[k]];
        }
        copy->arguments = arguments;
        copy->predicate = node->predicate == TNI_IR_NONE ? TNI_IR_NONE : numbers[node->predicate];
    }
    for (i = 0; i < count; i++) {
        out->outputs[i] = numbers[registers[i]];
    }
    out->output_count = count;
    out->needs_math = from->needs_math;
    return TRUENO_OK;
}

#undef TNI_FUSE_DEPTH
