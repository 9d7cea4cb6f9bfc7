/*
 * agg_direct.c - direct tables of several workers become one.
 *
 * Group numbers are the same everywhere, so states are merged group by group, ranges of groups in
 * parallel. Collected values of 8 bytes go from the workers' lists straight to their place by
 * group: every worker's list is counted and then distributed by one task, and what the lists held
 * is never copied together first. Uses: exec/aggregate.h.
 */
#include "exec/aggregate.h"

#define TNI_DIRECT_RANGE (8u * TNI_VECTOR_ROWS) /* groups a task merges */

/* ------------------------------------------------------------------------------ states --- */

typedef struct tni_direct_merge {
    tni_agg *agg;
    tni_agg_table *into;
    tni_error *errors; /* [tasks] */
} tni_direct_merge;

static trueno_status tni_direct_range(tni_agg *agg, tni_agg_table *into, uint32_t from, uint32_t to,
                                      tni_error *error) {
    uint32_t groups[TNI_VECTOR_ROWS];
    while (from < to) {
        uint32_t count = TNI_MIN(to - from, TNI_VECTOR_ROWS), i, w;
        for (i = 0; i < count; i++) {
            groups[i] = from + i;
        }
        for (w = 1; w < agg->worker_count; w++) {
            const tni_agg_table *table = &agg->workers[w].table;
            if (table->rows > 0) {
                TNI_TRY(tni_agg_merge(agg, into, table, groups, groups, count, error));
            }
        }
        from += count;
    }
    return TRUENO_OK;
}

static void tni_direct_task(void *context, uint32_t index) {
    tni_direct_merge *merge = (tni_direct_merge *)context;
    uint32_t from = index * TNI_DIRECT_RANGE;
    (void)tni_direct_range(merge->agg, merge->into, from,
                           from + TNI_MIN(merge->into->count - from, TNI_DIRECT_RANGE),
                           &merge->errors[index]);
}

static trueno_status tni_direct_states(tni_agg *agg, tni_agg_table *into, tni_error *error) {
    tni_memory *memory = agg->run->env->memory;
    tni_direct_merge merge;
    uint32_t tasks = into->count / TNI_DIRECT_RANGE + 1, i;
    trueno_status status = TRUENO_OK;
    if (tasks == 1 || agg->keeps_strings) { /* strings go to the table's one heap */
        return tni_direct_range(agg, into, 0, into->count, error);
    }
    merge.agg = agg;
    merge.into = into;
    merge.errors = (tni_error *)tni_alloc_array(memory, tasks, sizeof *merge.errors);
    if (merge.errors == NULL) {
        return tni_memory_fail(memory, tasks * sizeof *merge.errors, error);
    }
    for (i = 0; i < tasks; i++) {
        tni_error_clear(&merge.errors[i]);
    }
    tni_scheduler_run(agg->run->scheduler, tasks, tni_direct_task, &merge);
    for (i = 0; i < tasks && status == TRUENO_OK; i++) {
        status = merge.errors[i].status;
        if (status != TRUENO_OK) {
            *error = merge.errors[i];
        }
    }
    tni_free(memory, merge.errors, tasks * sizeof *merge.errors);
    return status;
}

/* --------------------------------------------------------------------- collected values --- */

/* Lists one behind the other, in the first. */
static trueno_status tni_direct_join(const tni_accumulator *acc, tni_agg_table *into,
                                     tni_agg_table *from, tni_error *error) {
    tni_collect_list *x = &into->lists[acc->collect];
    tni_collect_list *y = &from->lists[acc->collect];
    uint32_t orders = acc->ordered == NULL ? 0 : acc->ordered->order_count;
    void *items;
    trueno_status status;
    if (acc->bare) {
        items = x->groups;
        status = tni_grow(into->memory, &items, &x->group_capacity, x->count + y->count,
                          sizeof *x->groups, error);
        x->groups = (uint32_t *)items;
        TNI_TRY(status);
        items = x->values;
        status = tni_grow(into->memory, &items, &x->value_capacity, x->count + y->count,
                          sizeof *x->values, error);
        x->values = (uint64_t *)items;
        TNI_TRY(status);
        if (y->count > 0) {
            memcpy(x->groups + x->count, y->groups, y->count * sizeof *x->groups);
            memcpy(x->values + x->count, y->values, y->count * sizeof *x->values);
        }
    } else {
        items = x->items;
        status = tni_grow(into->memory, &items, &x->capacity, x->count + y->count, sizeof *x->items,
                          error);
        x->items = (tni_collected *)items;
        TNI_TRY(status);
        if (orders > 0) {
            items = x->extra;
            status = tni_grow(into->memory, &items, &x->extra_capacity,
                              (x->count + y->count) * orders, sizeof *x->extra, error);
            x->extra = (tni_value *)items;
            TNI_TRY(status);
        }
        if (y->count > 0) {
            memcpy(x->items + x->count, y->items, y->count * sizeof *x->items);
            if (orders > 0) {
                memcpy(x->extra + x->count * orders, y->extra,
                       y->count * orders * sizeof *x->extra);
            }
        }
    }
    x->count += y->count;
    return TRUENO_OK;
}

typedef struct tni_direct_scatter {
    tni_agg *agg;
    tni_agg_table *into;
    uint32_t collect; /* the list */
    size_t groups;
    size_t *next;     /* [workers][groups]: values of a worker, then where its next one goes */
    uint64_t *values; /* by group; NULL while they are counted */
} tni_direct_scatter;

static const tni_collect_list *tni_direct_list(const tni_direct_scatter *s, uint32_t worker) {
    const tni_agg_table *table = worker == 0 ? s->into : &s->agg->workers[worker].table;
    return &table->lists[s->collect];
}

static void tni_direct_count_task(void *context, uint32_t worker) {
    const tni_direct_scatter *s = (const tni_direct_scatter *)context;
    const tni_collect_list *list = tni_direct_list(s, worker);
    size_t *next = s->next + worker * s->groups;
    size_t i;
    for (i = 0; i < list->count; i++) {
        next[list->groups[i]]++;
    }
}

static void tni_direct_scatter_task(void *context, uint32_t worker) {
    const tni_direct_scatter *s = (const tni_direct_scatter *)context;
    const tni_collect_list *list = tni_direct_list(s, worker);
    size_t *next = s->next + worker * s->groups;
    size_t i;
    for (i = 0; i < list->count; i++) {
        s->values[next[list->groups[i]]++] = list->values[i];
    }
}

/* Counts become places: group by group, within a group worker by worker. */
static void tni_direct_places(const tni_direct_scatter *s, size_t *offsets) {
    size_t at = 0, g;
    uint32_t w;
    for (g = 0; g < s->groups; g++) {
        for (w = 0; w < s->agg->worker_count; w++) {
            size_t count = s->next[w * s->groups + g];
            s->next[w * s->groups + g] = at;
            at += count;
        }
        offsets[g + 1] = at;
    }
}

/* The values of all workers by group, in the list of `into`. */
static trueno_status tni_direct_distribute(tni_direct_scatter *s, size_t total, tni_error *error) {
    tni_memory *memory = s->into->memory;
    tni_collect_list *list = &s->into->lists[s->collect];
    size_t places = s->agg->worker_count * s->groups;
    list->offset_count = s->groups + 1;
    list->offsets = (size_t *)tni_alloc_zero(memory, list->offset_count * sizeof(size_t));
    if (list->offsets == NULL) {
        list->offset_count = 0;
        return tni_memory_fail(memory, (s->groups + 1) * sizeof(size_t), error);
    }
    s->next = (size_t *)tni_alloc_zero(memory, places * sizeof *s->next);
    s->values = (uint64_t *)tni_alloc_array(memory, total, sizeof *s->values);
    if (s->next == NULL || s->values == NULL) {
        tni_free(memory, s->next, places * sizeof *s->next);
        tni_free(memory, s->values, total * sizeof *s->values);
        return tni_memory_fail(memory, total * sizeof *s->values, error);
    }
    tni_scheduler_run(s->agg->run->scheduler, s->agg->worker_count, tni_direct_count_task, s);
    tni_direct_places(s, list->offsets);
    tni_scheduler_run(s->agg->run->scheduler, s->agg->worker_count, tni_direct_scatter_task, s);
    tni_free(memory, s->next, places * sizeof *s->next);
    tni_free(memory, list->groups, list->group_capacity * sizeof *list->groups);
    tni_free(memory, list->values, list->value_capacity * sizeof *list->values);
    list->groups = NULL;
    list->group_capacity = 0;
    list->values = s->values;
    list->value_capacity = list->count = total;
    return TRUENO_OK;
}

/* Places for every worker and group pay where groups have several values. */
static trueno_status tni_direct_lists(tni_agg *agg, tni_agg_table *into, const tni_accumulator *acc,
                                      tni_error *error) {
    tni_direct_scatter s;
    size_t total = 0;
    uint32_t w;
    memset(&s, 0, sizeof s);
    s.agg = agg;
    s.into = into;
    s.collect = acc->collect;
    s.groups = into->count;
    for (w = 0; w < agg->worker_count; w++) {
        total += tni_direct_list(&s, w)->count;
    }
    if (acc->bare && s.groups * agg->worker_count <= total / 4) {
        return tni_direct_distribute(&s, total, error);
    }
    for (w = 1; w < agg->worker_count; w++) {
        TNI_TRY(tni_direct_join(acc, into, &agg->workers[w].table, error));
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_agg_merge_direct(tni_agg *agg, tni_agg_table *into, tni_error *error) {
    uint32_t a;
    TNI_TRY(tni_direct_states(agg, into, error));
    for (a = 0; a < agg->accumulator_count; a++) {
        if (agg->accumulators[a].kind == TNI_AGG_COLLECT) {
            TNI_TRY(tni_direct_lists(agg, into, &agg->accumulators[a], error));
        }
    }
    return TRUENO_OK;
}

#undef TNI_DIRECT_RANGE
