/*
 * explain.c - plans and programs as text.
 *
 * A plan prints as a tree, two columns of indentation a level, the root first; expressions are
 * written back in infix form over the names of their input columns, cut off when long.
 *
 * Uses: base/text.h, plan/plan.h.
 */
#include "plan/plan.h"

#define TNI_EXPLAIN_WIDTH 300u /* bytes of one expression */
#define TNI_EXPLAIN_DEPTH 60u

/* ------------------------------------------------------------------------- programs --- */

static const char *tni_explain_op_name(uint16_t op) {
    static const char *const names[] = {
        "column",  "constant",   "call",     "cast",         "select", "and",
        "or",      "not",        "equal",    "not_equal",    "less",   "less_equal",
        "greater", "greater_equal", "distinct", "not_distinct", "is_null", "is_not_null",
        "is_true", "coalesce",   "in"};
    return op < TNI_COUNT_OF(names) ? names[op] : "?";
}

static void tni_explain_value(const tni_value *value, tni_text *out) {
    bool quoted = !value->is_null && (tni_type_is_string(value->type) ||
                                      value->type.id == TRUENO_TYPE_DATE ||
                                      value->type.id == TRUENO_TYPE_TIME ||
                                      value->type.id == TRUENO_TYPE_INTERVAL ||
                                      tni_type_is_timestamp(value->type));
    if (quoted) {
        tni_text_char(out, '\'');
    }
    tni_value_print(value, out);
    if (quoted) {
        tni_text_char(out, '\'');
    }
}

static void tni_explain_set(const tni_ir_node *node, tni_text *out) {
    uint32_t i;
    tni_text_char(out, '(');
    for (i = 0; i < node->set_count && i < 8; i++) {
        if (i) {
            tni_text_add(out, ", ");
        }
        tni_explain_value(&node->set[i], out);
    }
    if (node->set_count > 8) {
        tni_text_format(out, ", ... %u in all", node->set_count);
    }
    tni_text_add(out, node->set_has_null ? ", NULL)" : ")");
}

TNI_FN void tni_program_print(const tni_program *program, tni_text *out) {
    uint32_t i, k;
    for (i = 0; i < program->count; i++) {
        const tni_ir_node *node = &program->nodes[i];
        char type[40];
        tni_type_print(node->type, type);
        tni_text_format(out, "r%u = ", i);
        if (node->op == TNI_IR_COLUMN) {
            tni_text_format(out, "column %u", node->column);
        } else if (node->op == TNI_IR_CONSTANT) {
            tni_explain_value(&node->constant, out);
        } else {
            tni_text_format(out, "%s%s(", node->try_cast ? "try_" : "",
                            node->op == TNI_IR_CALL ? node->function->name
                                                    : tni_explain_op_name(node->op));
            for (k = 0; k < node->argument_count; k++) {
                tni_text_format(out, "%sr%u", k ? ", " : "", node->arguments[k]);
            }
            tni_text_char(out, ')');
        }
        if (node->op == TNI_IR_IN) {
            tni_text_char(out, ' ');
            tni_explain_set(node, out);
        }
        tni_text_format(out, " %s", type);
        if (node->predicate != TNI_IR_NONE) {
            tni_text_format(out, " if r%u", node->predicate);
        }
        tni_text_char(out, '\n');
    }
    tni_text_add(out, "->");
    for (i = 0; i < program->output_count; i++) {
        tni_text_format(out, " r%u", program->outputs[i]);
    }
    tni_text_char(out, '\n');
}

/* ----------------------------------------------------------------------- expressions --- */

typedef struct tni_explain {
    const tni_program *program;
    const char *const *names; /* of the program's input columns */
    uint32_t name_count;
    size_t end;               /* where the text of this expression must stop */
    tni_text *out;
} tni_explain;

static const char *tni_explain_infix(const tni_ir_node *node) {
    static const char *const operators[] = {"+", "-", "*", "/", "//", "%", "||",
                                            "&", "|", "<<", ">>"};
    size_t i;
    switch (node->op) {
    case TNI_IR_AND: return " AND ";
    case TNI_IR_OR: return " OR ";
    case TNI_IR_EQUAL: return " = ";
    case TNI_IR_NOT_EQUAL: return " <> ";
    case TNI_IR_LESS: return " < ";
    case TNI_IR_LESS_EQUAL: return " <= ";
    case TNI_IR_GREATER: return " > ";
    case TNI_IR_GREATER_EQUAL: return " >= ";
    case TNI_IR_DISTINCT: return " IS DISTINCT FROM ";
    case TNI_IR_NOT_DISTINCT: return " IS NOT DISTINCT FROM ";
    case TNI_IR_CALL:
        for (i = 0; i < TNI_COUNT_OF(operators) && node->argument_count == 2; i++) {
            if (strcmp(node->function->name, operators[i]) == 0) {
                return operators[i];
            }
        }
        return NULL;
    default: return NULL;
    }
}

static void tni_explain_expr(tni_explain *x, uint32_t reg, uint32_t depth);

static void tni_explain_list(tni_explain *x, const tni_ir_node *node, const char *separator,
                             uint32_t depth) {
    uint32_t i;
    for (i = 0; i < node->argument_count; i++) {
        if (x->out->length >= x->end) {
            tni_text_add(x->out, "...");
            return;
        }
        if (i) {
            tni_text_add(x->out, separator);
        }
        tni_explain_expr(x, node->arguments[i], depth + 1);
    }
}

static void tni_explain_special(tni_explain *x, const tni_ir_node *node, uint32_t depth) {
    char type[40];
    switch (node->op) {
    case TNI_IR_CAST:
        tni_type_print(node->type, type);
        tni_text_add(x->out, node->try_cast ? "TRY_CAST(" : "CAST(");
        tni_explain_expr(x, node->arguments[0], depth + 1);
        tni_text_format(x->out, " AS %s)", type);
        return;
    case TNI_IR_SELECT:
        tni_text_add(x->out, "CASE WHEN ");
        tni_explain_expr(x, node->arguments[0], depth + 1);
        tni_text_add(x->out, " THEN ");
        tni_explain_expr(x, node->arguments[1], depth + 1);
        tni_text_add(x->out, " ELSE ");
        tni_explain_expr(x, node->arguments[2], depth + 1);
        tni_text_add(x->out, " END");
        return;
    case TNI_IR_NOT:
        tni_text_add(x->out, "NOT ");
        tni_explain_expr(x, node->arguments[0], depth + 1);
        return;
    default:
        tni_explain_expr(x, node->arguments[0], depth + 1);
        tni_text_add(x->out, node->op == TNI_IR_IS_NULL       ? " IS NULL"
                             : node->op == TNI_IR_IS_NOT_NULL ? " IS NOT NULL"
                             : node->op == TNI_IR_IS_TRUE     ? " IS TRUE"
                                                              : " IN ");
        if (node->op == TNI_IR_IN) {
            tni_explain_set(node, x->out);
        }
        return;
    }
}

static void tni_explain_expr(tni_explain *x, uint32_t reg, uint32_t depth) {
    const tni_ir_node *node = &x->program->nodes[reg];
    const char *infix = tni_explain_infix(node);
    if (depth > TNI_EXPLAIN_DEPTH || x->out->length >= x->end) {
        tni_text_add(x->out, "...");
        return;
    }
    if (node->op == TNI_IR_COLUMN) {
        const char *name = node->column < x->name_count ? x->names[node->column] : "";
        tni_text_add(x->out, name && *name ? name : "?");
    } else if (node->op == TNI_IR_CONSTANT) {
        tni_explain_value(&node->constant, x->out);
    } else if (infix) {
        bool spaced = infix[0] != ' ';
        char operator_text[8];
        size_t length = strlen(infix);
        if (spaced) { /* an operator of the function table: " + " */
            operator_text[0] = ' ';
            memcpy(operator_text + 1, infix, length);
            operator_text[length + 1] = ' ';
            operator_text[length + 2] = '\0';
            infix = operator_text;
        }
        tni_text_add(x->out, depth ? "(" : "");
        tni_explain_list(x, node, infix, depth);
        tni_text_add(x->out, depth ? ")" : "");
    } else if (node->op == TNI_IR_CALL || node->op == TNI_IR_COALESCE) {
        tni_text_format(x->out, "%s(",
                        node->op == TNI_IR_CALL ? node->function->name : "coalesce");
        tni_explain_list(x, node, ", ", depth);
        tni_text_char(x->out, ')');
    } else {
        tni_explain_special(x, node, depth);
    }
}

static void tni_explain_output(const tni_program *program, uint32_t output,
                               const char *const *names, uint32_t name_count, tni_text *out) {
    tni_explain x;
    x.program = program;
    x.names = names;
    x.name_count = name_count;
    x.end = out->length + TNI_EXPLAIN_WIDTH;
    x.out = out;
    tni_explain_expr(&x, program->outputs[output], 0);
}

/* ---------------------------------------------------------------------------- plans --- */

static const char *tni_explain_name(const tni_plan *plan, uint32_t column) {
    const char *name = column < plan->column_count ? plan->names[column] : NULL;
    return name && *name ? name : "?";
}

static void tni_explain_rows(double rows, tni_text *out) {
    char number[24];
    if (rows < 0.0 || rows > 9e18) {
        return;
    }
    tni_print_u64((uint64_t)(rows + 0.5), number);
    tni_text_format(out, "  ~%s rows\n", number);
}

static void tni_explain_partitions(const tni_source *source, tni_text *out) {
    const tni_partitioning *partitioning =
        source->ops == tni_table_source_ops()
            ? ((const tni_table *)(const void *)source)->partitioning
            : NULL;
    if (partitioning) {
        tni_text_format(out, " in %u partitions by %s (%s)", partitioning->count,
                        partitioning->kind == TNI_PARTITION_RANGE ? "range" : "hash",
                        source->fields[partitioning->field].name);
    }
}

static void tni_explain_scan(const tni_plan *plan, tni_text *out) {
    const tni_source *source = plan->source;
    uint32_t i;
    tni_text_format(out, "SCAN %s", source->name);
    tni_text_add(out, plan->column_count ? " (" : " ()");
    for (i = 0; i < plan->column_count; i++) {
        tni_text_format(out, "%s%s", i ? ", " : "",
                        source->fields[plan->source_columns[i]].name);
        if (i == 15 && plan->column_count > 17) {
            tni_text_format(out, ", ... %u in all", plan->column_count);
            break;
        }
    }
    tni_text_add(out, plan->column_count ? ")" : "");
    tni_explain_partitions(source, out);
    if (plan->filter) {
        const char *names[64];
        for (i = 0; i < 64; i++) {
            names[i] = i < plan->scan_column_count ? source->fields[plan->source_columns[i]].name
                                                   : "?";
        }
        tni_text_add(out, " WHERE ");
        tni_explain_output(plan->filter, 0, names, 64, out);
    }
    if (plan->prune_count) {
        tni_text_format(out, "  prunes %u", plan->prune_count);
    }
}

static void tni_explain_aggregate_call(const tni_plan *plan, uint32_t index, tni_text *out) {
    const tni_plan_aggregate *a = &plan->aggregates[index];
    const tni_plan *input = plan->input;
    uint32_t i;
    tni_text_format(out, "%s(%s", a->function->name, a->distinct ? "DISTINCT " : "");
    for (i = 0; i < 2 && a->arguments[i] != TNI_IR_NONE; i++) {
        tni_text_add(out, i ? ", " : "");
        tni_explain_output(plan->program, a->arguments[i], input->names, input->column_count, out);
    }
    for (i = 0; i < a->constant_count; i++) {
        tni_text_add(out, ", ");
        tni_explain_value(&a->constants[i], out);
    }
    for (i = 0; i < a->order_count; i++) {
        tni_text_add(out, i ? ", " : " ORDER BY ");
        tni_explain_output(plan->program, a->order[i], input->names, input->column_count, out);
        tni_text_add(out, a->order_keys[i].descending ? " DESC" : "");
    }
    tni_text_char(out, ')');
    if (a->filter != TNI_IR_NONE) {
        tni_text_add(out, " FILTER (WHERE ");
        tni_explain_output(plan->program, a->filter, input->names, input->column_count, out);
        tni_text_char(out, ')');
    }
}

static void tni_explain_aggregate(const tni_plan *plan, tni_text *out) {
    uint32_t i;
    tni_text_add(out, "AGGREGATE");
    for (i = 0; i < plan->aggregate_count; i++) {
        tni_text_add(out, i ? ", " : " ");
        tni_explain_aggregate_call(plan, i, out);
    }
    for (i = 0; i < plan->key_count; i++) {
        tni_text_add(out, i ? ", " : " BY ");
        tni_explain_output(plan->program, i, plan->input->names, plan->input->column_count, out);
    }
}

static void tni_explain_limit(const tni_plan *plan, tni_text *out) {
    char number[24];
    if (plan->limit != TNI_NO_LIMIT) {
        tni_print_u64(plan->limit, number);
        tni_text_format(out, " LIMIT %s", number);
    }
    if (plan->kind == TNI_PLAN_LIMIT && plan->percent >= 0.0) {
        char share[40];
        tni_print_double(plan->percent, share);
        tni_text_format(out, " LIMIT %s%%", share);
    }
    if (plan->offset) {
        tni_print_u64(plan->offset, number);
        tni_text_format(out, " OFFSET %s", number);
    }
}

static void tni_explain_order(const tni_plan *plan, tni_text *out) {
    uint32_t i;
    tni_text_add(out, plan->limit != TNI_NO_LIMIT ? "TOP BY " : "ORDER BY ");
    for (i = 0; i < plan->sort_key_count; i++) {
        const tni_sort_key *key = &plan->sort_keys[i];
        tni_text_format(out, "%s%s%s%s", i ? ", " : "", tni_explain_name(plan, key->column),
                        key->descending ? " DESC" : "", key->nulls_first ? " NULLS FIRST" : "");
    }
    tni_explain_limit(plan, out);
}

static void tni_explain_project(const tni_plan *plan, tni_text *out) {
    uint32_t i;
    tni_text_add(out, "PROJECT");
    for (i = 0; i < plan->column_count; i++) {
        tni_text_add(out, i ? ", " : " ");
        tni_explain_output(plan->program, i, plan->input->names, plan->input->column_count, out);
        if (i == 31 && plan->column_count > 33) {
            tni_text_format(out, ", ... %u in all", plan->column_count);
            break;
        }
    }
}

static void tni_explain_expand(const tni_plan *plan, tni_text *out) {
    char number[24];
    uint32_t i;
    if (!plan->values) {
        tni_text_format(out, "REPEAT BY %s", tni_explain_name(plan, plan->expanded[0]));
        return;
    }
    tni_print_u64(plan->row_count, number);
    tni_text_format(out, "EXPAND TO %s GROUPING SETS OF (", number);
    for (i = 0; i < plan->key_count; i++) {
        tni_text_format(out, "%s%s", i ? ", " : "", tni_explain_name(plan, plan->expanded[i]));
    }
    tni_text_add(out, ")");
}

static void tni_explain_node(const tni_plan *plan, tni_text *out) {
    char number[24];
    switch (plan->kind) {
    case TNI_PLAN_SCAN: tni_explain_scan(plan, out); break;
    case TNI_PLAN_VALUES:
        tni_print_u64(plan->row_count, number);
        tni_text_format(out, "VALUES %s x %u", number, plan->column_count);
        break;
    case TNI_PLAN_RANGE:
        tni_text_add(out, "RANGE ");
        tni_print_i64(plan->range_start, number);
        tni_text_add(out, number);
        tni_print_i64(plan->range_stop, number);
        tni_text_format(out, " .. %s", number);
        tni_print_i64(plan->range_step, number);
        tni_text_format(out, " BY %s", number);
        break;
    case TNI_PLAN_FILTER:
        tni_text_add(out, "FILTER ");
        tni_explain_output(plan->filter, 0, plan->input->names, plan->input->column_count, out);
        break;
    case TNI_PLAN_PROJECT: tni_explain_project(plan, out); break;
    case TNI_PLAN_AGGREGATE: tni_explain_aggregate(plan, out); break;
    case TNI_PLAN_ORDER: tni_explain_order(plan, out); break;
    case TNI_PLAN_LIMIT:
        tni_text_add(out, "LIMIT NODE");
        tni_explain_limit(plan, out);
        break;
    case TNI_PLAN_UNION_ALL:
        tni_text_add(out, plan->otherwise ? "OR, WITHOUT ROWS" : "UNION ALL");
        break;
    case TNI_PLAN_EXPAND: tni_explain_expand(plan, out); break;
    }
}

/* Chains go on without recursion; only the second side of a UNION ALL nests. */
static void tni_explain_tree(const tni_plan *plan, uint32_t level, uint32_t nesting,
                             tni_text *out) {
    for (; plan; plan = plan->input, level++) {
        uint32_t i;
        for (i = 0; i < level && i < 100; i++) {
            tni_text_add(out, "  ");
        }
        tni_explain_node(plan, out);
        tni_explain_rows(plan->rows, out);
        if (plan->second) {
            if (nesting >= TNI_EXPLAIN_DEPTH) {
                tni_text_add(out, "  ...\n");
            } else {
                tni_explain_tree(plan->input, level + 1, nesting + 1, out);
                tni_explain_tree(plan->second, level + 1, nesting + 1, out);
            }
            return;
        }
    }
}

TNI_FN void tni_plan_print(const tni_plan *plan, tni_text *out) {
    tni_explain_tree(plan, 0, 0, out);
}

#undef TNI_EXPLAIN_WIDTH
#undef TNI_EXPLAIN_DEPTH
