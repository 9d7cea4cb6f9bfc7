/*
 * late.c - ORDER BY ... LIMIT over a scan in two passes.
 *
 * The first pass reads the key columns and those of the filter, nothing else, and gives the places
 * of the rows wanted; the second reads the other columns at those places and sorts the few rows
 * again, with the offset. A row's place (order, row) is the same in every scan of a source that
 * is at rest, so this holds for tables and Parquet files only. May use: sort.h.
 */
#include "exec/sort.h"

typedef struct tni_late {
    tni_plan scan, order; /* the first pass */
    uint32_t *places;     /* [fetched columns]: where the first pass has them, TNI_IR_NONE */
    tni_program filter;
} tni_late;

static bool tni_late_source_rests(const tni_source *source) {
    return strcmp(source->ops->kind, "table") == 0 || strcmp(source->ops->kind, "parquet") == 0;
}

/* Column `column` of the scan as one of the first pass. */
static void tni_late_add(tni_late *late, const tni_plan *scan, uint32_t column) {
    if (late->places[column] == TNI_IR_NONE) {
        uint32_t at = late->scan.scan_column_count++;
        late->places[column] = at;
        late->scan.source_columns[at] = scan->source_columns[column];
        if (column < scan->column_count) {
            late->scan.types[at] = scan->types[column];
            late->scan.names[at] = scan->names != NULL ? scan->names[column] : NULL;
        }
    }
}

static trueno_status tni_late_arrays(tni_run *run, const tni_plan *plan, tni_late *late,
                                     tni_error *error) {
    const tni_plan *scan = plan->input;
    size_t columns = TNI_MAX(scan->scan_column_count, 1u);
    size_t nodes = scan->filter != NULL ? scan->filter->count : 0;
    uint32_t i;
    late->places = (uint32_t *)tni_arena_alloc(run->arena, columns * sizeof(uint32_t));
    late->scan.source_columns =
        (uint32_t *)tni_arena_alloc(run->arena, columns * sizeof(uint32_t));
    late->scan.types = (tni_type *)tni_arena_alloc(run->arena, columns * sizeof(tni_type));
    late->scan.names = (const char **)tni_arena_alloc(run->arena, columns * sizeof(char *));
    late->order.sort_keys = (tni_sort_key *)tni_arena_alloc(
        run->arena, plan->sort_key_count * sizeof(tni_sort_key));
    late->filter.nodes =
        (tni_ir_node *)tni_arena_alloc(run->arena, TNI_MAX(nodes, 1u) * sizeof(tni_ir_node));
    if (late->places == NULL || late->scan.source_columns == NULL || late->scan.types == NULL ||
        late->scan.names == NULL || late->order.sort_keys == NULL ||
        late->filter.nodes == NULL) {
        return tni_memory_fail(run->env->memory, columns * sizeof(tni_type), error);
    }
    for (i = 0; i < scan->scan_column_count; i++) {
        late->places[i] = TNI_IR_NONE;
    }
    return TRUENO_OK;
}

/* The first pass of `plan`: keys, then what only the filter needs. */
static trueno_status tni_late_plan(tni_run *run, const tni_plan *plan, tni_late *late,
                                   tni_error *error) {
    const tni_plan *scan = plan->input;
    uint32_t i;
    memset(late, 0, sizeof *late);
    late->scan = *scan;
    late->scan.scan_column_count = 0;
    late->order = *plan;
    TNI_TRY(tni_late_arrays(run, plan, late, error));
    for (i = 0; i < plan->sort_key_count; i++) {
        late->order.sort_keys[i] = plan->sort_keys[i];
        tni_late_add(late, scan, plan->sort_keys[i].column);
        late->order.sort_keys[i].column = late->places[plan->sort_keys[i].column];
    }
    late->scan.column_count = late->scan.scan_column_count;
    if (scan->filter != NULL) {
        tni_ir_node *nodes = late->filter.nodes;
        late->filter = *scan->filter;
        late->filter.nodes = nodes;
        memcpy(nodes, scan->filter->nodes, scan->filter->count * sizeof *nodes);
        for (i = 0; i < scan->filter->count; i++) {
            if (nodes[i].op == TNI_IR_COLUMN) {
                tni_late_add(late, scan, nodes[i].column);
                nodes[i].column = late->places[nodes[i].column];
            }
        }
        late->scan.filter = &late->filter;
    }
    late->order.input = &late->scan;
    late->order.column_count = late->scan.column_count;
    late->order.types = late->scan.types;
    late->order.names = late->scan.names;
    late->order.limit = plan->limit + plan->offset;
    late->order.offset = 0;
    return TRUENO_OK;
}

/* The places of the rows wanted. */
static trueno_status tni_late_first(tni_run *run, const tni_late *late, tni_row_place **out,
                                    uint64_t *count, tni_error *error) {
    tni_operator *sink;
    tni_driver *sorted;
    tni_driver *driver;
    trueno_status status;
    *out = NULL;
    *count = 0;
    TNI_TRY(tni_sort_new(run, &late->order, &sink, &sorted, error));
    status = tni_driver_new(run, &late->scan, &driver, error);
    if (status == TRUENO_OK) {
        status = tni_pipeline_run(run, late->scan.source->name, driver, sink, error);
        driver->ops->free(driver);
    }
    if (status == TRUENO_OK) {
        status = tni_sort_places(sink, out, count, error);
    }
    sorted->ops->free(sorted);
    sink->ops->free(sink);
    return status;
}

TNI_FN trueno_status tni_late_input(tni_run *run, const tni_plan *plan, tni_operator *sink,
                                    bool *done, tni_error *error) {
    const tni_plan *scan = plan->input;
    tni_late late;
    tni_row_place *places;
    tni_driver *driver;
    uint64_t count;
    trueno_status status;
    *done = false;
    if (scan == NULL || scan->kind != TNI_PLAN_SCAN || plan->limit == 0 ||
        plan->sort_key_count == 0 || !tni_late_source_rests(scan->source) ||
        !tni_sort_is_top(run, plan)) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_late_plan(run, plan, &late, error));
    if (late.scan.scan_column_count == scan->scan_column_count ||
        !tni_sort_is_top(run, &late.order)) {
        return TRUENO_OK;
    }
    *done = true;
    TNI_TRY(tni_late_first(run, &late, &places, &count, error));
    status = tni_driver_of_places(run, scan, places, count, &driver, error);
    if (status == TRUENO_OK) {
        status = tni_pipeline_run(run, scan->source->name, driver, sink, error);
        driver->ops->free(driver);
    }
    tni_free(run->env->memory, places, (size_t)TNI_MAX(count, 1u) * sizeof *places);
    return status;
}
