/*
 * table.c - tables in memory as a source: row groups scanned in place.
 *
 * A scan claims row groups with one atomic counter, skips those whose zone maps rule them out and
 * lends out the table's own segments: nothing is copied. Everything a scan reads is immutable.
 * Columns that came without bounds (host arrays, Arrow buffers) get them the first time somebody
 * asks for the column's zone: the segments are cloned with zones into `late`, published with one
 * store, and scans that begin afterwards use the clones.
 *
 * Joining zones over row groups: bounds widen, counts add, and `distinct` adds up where groups do
 * not overlap or hold nearly unique values, else the largest stands for all.
 */
#include "column/table.h"

/* ------------------------------------------------------------------- row groups, segments --- */

TNI_FN trueno_status tni_row_group_new(tni_memory *memory, uint32_t rows, uint32_t count,
                                       tni_row_group **out, tni_error *error) {
    tni_row_group *group = (tni_row_group *)tni_alloc_zero(memory, sizeof *group);
    *out = NULL;
    if (!group) {
        return tni_memory_fail(memory, sizeof *group, error);
    }
    tni_atomic_store_i32(&group->references, 1);
    group->rows = rows;
    group->column_count = count;
    group->first_partition = group->last_partition = TNI_PARTITION_NONE;
    group->memory = memory;
    if (count) {
        size_t size = count * sizeof *group->segments;
        group->segments = (tni_segment **)tni_alloc_zero(memory, size);
        if (!group->segments) {
            tni_free(memory, group, sizeof *group);
            return tni_memory_fail(memory, size, error);
        }
    }
    *out = group;
    return TRUENO_OK;
}

TNI_FN void tni_row_group_release(tni_row_group *group) {
    uint32_t i;
    if (!group || tni_atomic_add_i32(&group->references, -1) != 1) {
        return;
    }
    for (i = 0; i < group->column_count; i++) {
        tni_segment_release(group->segments[i]);
    }
    tni_free(group->memory, group->segments, group->column_count * sizeof *group->segments);
    tni_free(group->memory, group, sizeof *group);
}

TNI_FN trueno_status tni_segment_clone(const tni_segment *segment, tni_segment **out,
                                       tni_error *error) {
    tni_atomic_i32 references;
    size_t i;
    TNI_TRY(tni_segment_new(segment->memory, segment->type, segment->rows, out, error));
    references = (*out)->references;
    **out = *segment;
    (*out)->references = references;
    for (i = 0; i < TNI_COUNT_OF(segment->buffers); i++) {
        (void)tni_buffer_retain((*out)->buffers[i]);
    }
    if ((*out)->dictionary) {
        (void)tni_dictionary_retain((*out)->dictionary);
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_segment_in_place(tni_memory *memory, tni_type type, uint32_t rows,
                                          const void *data, tni_buffer *owner, tni_buffer *validity,
                                          size_t first_word, tni_segment **out, tni_error *error) {
    tni_segment *segment;
    TNI_TRY(tni_segment_new(memory, type, rows, out, error));
    segment = *out;
    segment->encoding = TNI_ENCODING_PLAIN;
    segment->zone.rows = rows;
    if (validity) {
        const uint64_t *words = (const uint64_t *)(const void *)validity->data + first_word;
        segment->zone.null_count = rows - tni_bitmap_count(words, rows);
        if (segment->zone.null_count) {
            segment->validity = words;
            segment->buffers[1] = tni_buffer_retain(validity);
        }
    }
    if (type.id == TRUENO_TYPE_NULL) {
        segment->zone.null_count = rows;
    }
    segment->zone.has_nulls = segment->zone.null_count != 0;
    if (segment->zone.null_count == rows) {
        segment->encoding = TNI_ENCODING_CONSTANT;
        segment->constant = tni_value_null(type);
        return TRUENO_OK;
    }
    segment->data = data;
    segment->buffers[0] = tni_buffer_retain(owner);
    segment->bytes = (uint64_t)rows * tni_type_width(type);
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------------- zones --- */

static bool tni_table_lacks_bounds(const tni_zone *zone) {
    return !zone->has_bounds && (zone->null_count == UINT64_MAX || zone->null_count < zone->rows);
}

static bool tni_table_zones_overlap(const tni_zone *a, const tni_zone *b) {
    return !a->has_bounds || !b->has_bounds ||
           (tni_value_compare(&a->min, &b->max) <= 0 && tni_value_compare(&b->min, &a->max) <= 0);
}

static uint64_t tni_table_join_distinct(const tni_zone *a, const tni_zone *b) {
    uint64_t valid = b->rows - (b->null_count == UINT64_MAX ? 0 : b->null_count);
    if (!a->distinct || !b->distinct) {
        return 0;
    }
    if (!tni_table_zones_overlap(a, b) || b->distinct >= valid - valid / 8) {
        return a->distinct + b->distinct;
    }
    return TNI_MAX(a->distinct, b->distinct);
}

/* Make `into`, the zone of the rows so far, that of those rows followed by `next`'s. */
static void tni_table_join_zone(tni_zone *into, const tni_zone *next) {
    bool into_empty = !into->has_bounds && !tni_table_lacks_bounds(into);
    bool next_empty = !next->has_bounds && !tni_table_lacks_bounds(next);
    if (!into_empty && !next_empty) {
        into->distinct = tni_table_join_distinct(into, next);
    } else if (into_empty) {
        into->distinct = next->distinct;
    }
    into->sorted =
        into->sorted && next->sorted &&
        (into_empty || next_empty ||
         (into->has_bounds && next->has_bounds && tni_value_compare(&into->max, &next->min) <= 0));
    if (into_empty) {
        into->has_bounds = next->has_bounds;
        into->exact = next->exact;
        into->min = next->min;
        into->max = next->max;
    } else if (!next_empty) {
        into->has_bounds = into->has_bounds && next->has_bounds;
        into->exact = into->exact && next->exact;
        if (into->has_bounds && tni_value_compare(&next->min, &into->min) < 0) {
            into->min = next->min;
        }
        if (into->has_bounds && tni_value_compare(&next->max, &into->max) > 0) {
            into->max = next->max;
        }
    }
    into->has_nan = into->has_nan || next->has_nan;
    into->has_nulls = into->has_nulls || next->has_nulls;
    into->rows += next->rows;
    into->null_count = into->null_count == UINT64_MAX || next->null_count == UINT64_MAX
                           ? UINT64_MAX
                           : into->null_count + next->null_count;
}

/* No more distinct values than rows, nor than integers between the bounds. */
static void tni_table_cap_distinct(tni_zone *zone) {
    uint64_t span;
    if (zone->distinct > zone->rows) {
        zone->distinct = zone->rows;
    }
    if (!zone->has_bounds || zone->min.type.id < TRUENO_TYPE_TINYINT ||
        zone->min.type.id > TRUENO_TYPE_UBIGINT) {
        return;
    }
    span = zone->max.as.natural - zone->min.as.natural; /* two's complement: fits in any case */
    if (span < zone->distinct) {
        zone->distinct = span + 1;
    }
}

/* The zone of a field over all groups, from its clones with zones where there are such. */
static void tni_table_field_zone(const tni_table *table, uint32_t field, tni_segment **late,
                                 tni_zone *out) {
    size_t g;
    memset(out, 0, sizeof *out);
    out->sorted = true;
    for (g = 0; g < table->group_count; g++) {
        tni_segment *segment = late ? late[g] : table->groups[g]->segments[field];
        tni_table_join_zone(out, &segment->zone);
    }
    if (table->dictionaries[field]) {
        out->distinct = table->dictionaries[field]->count;
    }
    tni_table_cap_distinct(out);
}

static void tni_table_free_late(tni_table *table, tni_segment **late) {
    size_t g;
    for (g = 0; g < table->group_count; g++) {
        tni_segment_release(late[g]);
    }
    tni_free(table->memory, late, table->group_count * sizeof *late);
}

static tni_segment **tni_table_make_late(tni_table *table, uint32_t field) {
    tni_env env;
    size_t size, g;
    tni_segment **late;
    if (!tni_size_mul(table->group_count, sizeof *late, &size)) {
        return NULL;
    }
    late = (tni_segment **)tni_alloc_zero(table->memory, size);
    if (!late) {
        return NULL;
    }
    memset(&env, 0, sizeof env); /* zones need no more than memory and kernels */
    env.memory = table->memory;
    env.kernels = table->kernels;
    for (g = 0; g < table->group_count; g++) {
        tni_segment *segment = table->groups[g]->segments[field];
        if (!tni_table_lacks_bounds(&segment->zone)) {
            late[g] = tni_segment_retain(segment);
        } else if (tni_segment_clone(segment, &late[g], NULL) == TRUENO_OK) {
            tni_segment_compute_zone(&env, late[g]);
        } else {
            tni_table_free_late(table, late);
            return NULL;
        }
    }
    return late;
}

static tni_segment **tni_table_late(const tni_table *table, uint32_t field) {
    return table->late_wanted[field] ? (tni_segment **)tni_atomic_load_pointer(&table->late[field])
                                     : NULL;
}

static bool tni_table_zone(tni_source *source, uint32_t field, tni_zone *out) {
    tni_table *table = (tni_table *)source;
    if (field >= source->field_count) {
        return false;
    }
    if (table->late_wanted[field] && !tni_table_late(table, field)) {
        tni_segment **late;
        tni_mutex_lock(&table->late_lock);
        late = tni_table_late(table, field);
        if (!late) {
            late = tni_table_make_late(table, field);
            if (late) {
                tni_table_field_zone(table, field, late, &table->zones[field]);
                tni_atomic_store_pointer(&table->late[field], late);
            }
        }
        tni_mutex_unlock(&table->late_lock);
        if (!late) {
            return false;
        }
    }
    *out = table->zones[field];
    return true;
}

static const tni_dictionary *tni_table_dictionary(tni_source *source, uint32_t field) {
    tni_table *table = (tni_table *)source;
    return field < source->field_count ? table->dictionaries[field] : NULL;
}

/* ------------------------------------------------------------------------------- scanning --- */

typedef struct tni_table_scan {
    tni_table *table;
    tni_env *env;
    tni_memory *memory;
    tni_atomic_i64 next;
    uint32_t column_count, prune_count, workers;
    uint32_t partition; /* only this one can match; TNI_PARTITION_NONE: any */
    uint32_t *columns;
    tni_prune *prunes;   /* strings stay the plan's, which outlives the scan */
    tni_segment ***late; /* [column_count], then [prune_count]: see tni_table.late */
    tni_segment **lent;  /* [workers * column_count]: a morsel's segments */
    tni_arena arena;
} tni_table_scan;

static void tni_table_scan_end(tni_scan *opaque) {
    tni_table_scan *scan = (tni_table_scan *)(void *)opaque;
    tni_source_release(&scan->table->source);
    tni_arena_free(&scan->arena);
    tni_free(scan->memory, scan, sizeof *scan);
}

/* A value the key must equal leaves one partition. */
static void tni_table_scan_partition(tni_table_scan *scan, const tni_prune *prune) {
    const tni_partitioning *partitioning = scan->table->partitioning;
    if (partitioning && prune->column == partitioning->field && prune->op == TNI_PRUNE_EQUAL) {
        scan->partition = tni_partition_of(partitioning, &prune->value);
    }
}

static bool tni_table_scan_fill(tni_table_scan *scan, const tni_scan_request *request) {
    size_t lent;
    uint32_t i;
    if (!tni_size_mul(scan->workers, sizeof *scan->lent, &lent) ||
        !tni_size_mul(lent, (size_t)scan->column_count + 1, &lent)) {
        return false;
    }
    scan->columns = (uint32_t *)tni_arena_alloc(&scan->arena,
                                                (size_t)scan->column_count * sizeof *scan->columns);
    scan->prunes = (tni_prune *)tni_arena_alloc(&scan->arena,
                                                (size_t)scan->prune_count * sizeof *scan->prunes);
    scan->late = (tni_segment ***)tni_arena_alloc(
        &scan->arena, ((size_t)scan->column_count + scan->prune_count) * sizeof *scan->late);
    scan->lent = (tni_segment **)tni_arena_alloc(&scan->arena, lent);
    if (!scan->columns || !scan->prunes || !scan->late || !scan->lent) {
        return false;
    }
    for (i = 0; i < scan->column_count; i++) {
        scan->columns[i] = request->columns[i];
        scan->late[i] = tni_table_late(scan->table, request->columns[i]);
    }
    for (i = 0; i < scan->prune_count; i++) {
        scan->prunes[i] = request->prunes[i];
        scan->late[scan->column_count + i] = tni_table_late(scan->table, request->prunes[i].column);
        tni_table_scan_partition(scan, &scan->prunes[i]);
    }
    return true;
}

static trueno_status tni_table_scan_begin(tni_source *source, tni_env *env,
                                          const tni_scan_request *request, tni_scan **out,
                                          tni_error *error) {
    tni_table_scan *scan;
    uint32_t i;
    *out = NULL;
    for (i = 0; i < request->column_count + request->prune_count; i++) {
        uint32_t field = i < request->column_count
                             ? request->columns[i]
                             : request->prunes[i - request->column_count].column;
        if (field >= source->field_count) {
            return tni_fail(error, TRUENO_ERROR_INTERNAL, "scan of %s asks for field %u of %u",
                            source->name, field, source->field_count);
        }
    }
    scan = (tni_table_scan *)tni_alloc_zero(env->memory, sizeof *scan);
    if (!scan) {
        return tni_memory_fail(env->memory, sizeof *scan, error);
    }
    scan->memory = env->memory;
    scan->env = env;
    scan->table = (tni_table *)tni_source_retain(source);
    scan->workers = TNI_MAX(request->workers, 1);
    tni_atomic_store_i64(&scan->next, (int64_t)request->skip);
    scan->partition = TNI_PARTITION_NONE;
    scan->column_count = request->column_count;
    scan->prune_count = request->prune_count;
    tni_arena_init(&scan->arena, env->memory);
    if (!tni_table_scan_fill(scan, request)) {
        tni_table_scan_end((tni_scan *)(void *)scan);
        return tni_memory_fail(env->memory, 4096, error);
    }
    *out = (tni_scan *)(void *)scan;
    return TRUENO_OK;
}

static bool tni_table_group_may_match(const tni_table_scan *scan, size_t group) {
    const tni_row_group *rows = scan->table->groups[group];
    uint32_t i;
    if (scan->partition != TNI_PARTITION_NONE && rows->first_partition != TNI_PARTITION_NONE &&
        (scan->partition < rows->first_partition || scan->partition > rows->last_partition)) {
        return false;
    }
    for (i = 0; i < scan->prune_count; i++) {
        const tni_prune *prune = &scan->prunes[i];
        tni_segment **late = scan->late[scan->column_count + i];
        const tni_segment *segment =
            late ? late[group] : rows->segments[prune->column];
        if (!tni_zone_may_match(&segment->zone, prune->op, &prune->value)) {
            return false;
        }
    }
    return true;
}

static trueno_status tni_table_scan_next(tni_scan *opaque, uint32_t worker, tni_morsel *out,
                                         tni_error *error) {
    tni_table_scan *scan = (tni_table_scan *)(void *)opaque;
    (void)error;
    memset(out, 0, sizeof *out);
    TNI_ASSERT(worker < scan->workers);
    for (;;) {
        uint64_t group = (uint64_t)tni_atomic_add_i64(&scan->next, 1);
        if (group >= scan->table->group_count) {
            return TRUENO_OK;
        }
        if (scan->table->groups[group]->rows == 0 ||
            !tni_table_group_may_match(scan, (size_t)group)) {
            continue;
        }
        out->order = group;
        out->first_row = scan->table->first_rows[group];
        out->rows = scan->table->groups[group]->rows;
        out->segments = scan->lent + (size_t)worker * scan->column_count;
        memset(out->segments, 0, scan->column_count * sizeof *out->segments);
        return TRUENO_OK;
    }
}

static trueno_status tni_table_scan_fetch(tni_scan *opaque, uint32_t worker, tni_morsel *morsel,
                                          uint32_t index, tni_error *error) {
    tni_table_scan *scan = (tni_table_scan *)(void *)opaque;
    const tni_row_group *group = scan->table->groups[morsel->order];
    tni_segment *segment;
    (void)worker;
    (void)error;
    TNI_ASSERT(index < scan->column_count);
    if (morsel->segments[index]) {
        return TRUENO_OK;
    }
    segment = scan->late[index] ? scan->late[index][morsel->order]
                                : group->segments[scan->columns[index]];
    morsel->segments[index] = segment;
    (void)tni_atomic_add_i64(&scan->env->bytes_read, (int64_t)segment->bytes);
    return TRUENO_OK;
}

static void tni_table_scan_done(tni_scan *opaque, uint32_t worker, tni_morsel *morsel) {
    (void)opaque; /* the segments are the table's, which the scan keeps */
    (void)worker;
    (void)morsel;
}

/* --------------------------------------------------------------------------------- tables --- */

static void tni_table_release(tni_source *source) {
    tni_table *table = (tni_table *)source;
    tni_memory *memory = table->memory;
    uint32_t f;
    size_t g;
    if (table->forget != NULL) {
        table->forget(table->forget_user, table);
    }
    for (f = 0; f < source->field_count; f++) {
        tni_segment **late =
            table->late ? (tni_segment **)tni_atomic_load_pointer(&table->late[f]) : NULL;
        if (late) {
            tni_table_free_late(table, late);
        }
        if (table->dictionaries) {
            tni_dictionary_release(table->dictionaries[f]);
        }
    }
    for (g = 0; g < table->group_count; g++) {
        tni_row_group_release(table->groups[g]);
    }
    tni_free(memory, table->groups, table->group_capacity * sizeof *table->groups);
    tni_partitioning_release(table->partitioning);
    if (table->has_late_lock) {
        tni_mutex_free(&table->late_lock);
    }
    tni_arena_free(&table->arena);
    tni_free(memory, table, sizeof *table);
}

TNI_FN const tni_source_ops *tni_table_source_ops(void) {
    static const tni_source_ops ops = {"table",
                                       tni_table_release,
                                       tni_table_scan_begin,
                                       tni_table_scan_next,
                                       tni_table_scan_fetch,
                                       tni_table_scan_done,
                                       tni_table_scan_end,
                                       tni_table_zone,
                                       tni_table_dictionary};
    return &ops;
}

static trueno_status tni_table_copy_fields(tni_table *table, const char *name,
                                           const tni_field *fields, uint32_t count,
                                           tni_error *error) {
    tni_arena *arena = &table->arena;
    uint32_t i;
    table->source.name = tni_arena_text(arena, name, strlen(name));
    table->source.fields = (tni_field *)tni_arena_alloc(arena, count * sizeof(tni_field));
    table->zones = (tni_zone *)tni_arena_alloc(arena, count * sizeof(tni_zone));
    table->dictionaries =
        (tni_dictionary **)tni_arena_alloc(arena, count * sizeof *table->dictionaries);
    table->late_wanted = (bool *)tni_arena_alloc(arena, count * sizeof(bool));
    table->late = (tni_atomic_pointer *)tni_arena_alloc(arena, count * sizeof *table->late);
    if (!table->source.name || !table->source.fields || !table->zones || !table->dictionaries ||
        !table->late_wanted || !table->late) {
        return tni_memory_fail(table->memory, count * sizeof(tni_zone), error);
    }
    for (i = 0; i < count; i++) {
        table->source.fields[i] = fields[i];
        table->source.fields[i].name =
            tni_arena_text(arena, fields[i].name, strlen(fields[i].name));
        if (!table->source.fields[i].name) {
            return tni_memory_fail(table->memory, strlen(fields[i].name), error);
        }
    }
    table->source.field_count = count;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_table_new(const tni_env *env, const char *name, const tni_field *fields,
                                   uint32_t field_count, tni_table **out, tni_error *error) {
    tni_table *table = (tni_table *)tni_alloc_zero(env->memory, sizeof *table);
    trueno_status status;
    *out = NULL;
    if (!table) {
        return tni_memory_fail(env->memory, sizeof *table, error);
    }
    table->memory = env->memory;
    table->kernels = env->kernels;
    table->source.ops = tni_table_source_ops();
    tni_atomic_store_i32(&table->source.references, 1);
    tni_arena_init(&table->arena, env->memory);
    status = tni_table_copy_fields(table, name, fields, field_count, error);
    if (status == TRUENO_OK) {
        table->has_late_lock = tni_mutex_init(&table->late_lock);
        if (!table->has_late_lock) {
            status =
                tni_fail(error, TRUENO_ERROR_MEMORY, "the system gave no lock for table %s", name);
        }
    }
    if (status != TRUENO_OK) {
        tni_source_release(&table->source);
        return status;
    }
    *out = table;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_table_add_group(tni_table *table, tni_row_group *group, tni_error *error) {
    void *groups = table->groups;
    trueno_status status = tni_grow(table->memory, &groups, &table->group_capacity,
                                    table->group_count + 1, sizeof *table->groups, error);
    table->groups = (tni_row_group **)groups;
    if (status != TRUENO_OK) {
        tni_row_group_release(group);
        return status;
    }
    table->groups[table->group_count++] = group;
    return TRUENO_OK;
}

/* The dictionary in which every row of the field has its code, if there is one. */
static tni_dictionary *tni_table_find_dictionary(const tni_table *table, uint32_t field) {
    tni_dictionary *shared = NULL;
    size_t g;
    for (g = 0; g < table->group_count; g++) {
        const tni_segment *segment = table->groups[g]->segments[field];
        bool all_null =
            segment->zone.null_count != UINT64_MAX && segment->zone.null_count >= segment->rows;
        if (segment->encoding != TNI_ENCODING_DICT) {
            if (!all_null) {
                return NULL;
            }
        } else if (shared && segment->dictionary != shared) {
            return NULL;
        } else {
            shared = segment->dictionary;
        }
    }
    return shared;
}

TNI_FN trueno_status tni_table_seal(tni_table *table, tni_error *error) {
    uint64_t rows = 0, bytes = 0;
    size_t size, g;
    uint32_t f;
    if (!tni_size_mul(table->group_count, sizeof *table->first_rows, &size)) {
        return tni_memory_fail(table->memory, SIZE_MAX, error);
    }
    table->first_rows = (uint64_t *)tni_arena_alloc(&table->arena, size);
    if (!table->first_rows) {
        return tni_memory_fail(table->memory, size, error);
    }
    for (g = 0; g < table->group_count; g++) {
        tni_row_group *group = table->groups[g];
        table->first_rows[g] = rows;
        rows += group->rows;
        for (f = 0; f < group->column_count; f++) {
            bytes += group->segments[f]->bytes;
        }
    }
    table->source.rows = rows;
    table->source.bytes = bytes;
    for (f = 0; f < table->source.field_count; f++) {
        tni_dictionary *shared = tni_table_find_dictionary(table, f);
        if (shared) {
            table->dictionaries[f] = tni_dictionary_retain(shared);
        }
        for (g = 0; g < table->group_count; g++) {
            table->late_wanted[f] = table->late_wanted[f] ||
                                    tni_table_lacks_bounds(&table->groups[g]->segments[f]->zone);
        }
        tni_table_field_zone(table, f, NULL, &table->zones[f]);
    }
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------------- partitions --- */

#define TNI_PARTITION_SAMPLE 32768u

/* About TNI_PARTITION_SAMPLE keys, evenly over the rows: which ones depends on the rows alone. */
static trueno_status tni_table_sample(const tni_table *table, const tni_env *env, uint32_t field,
                                      tni_scratch *scratch, tni_value *sample, size_t *count,
                                      tni_error *error) {
    uint64_t step = table->source.rows / TNI_PARTITION_SAMPLE + 1, row, group_end = 0;
    size_t g = 0;
    *count = 0;
    for (row = 0; row < table->source.rows; row += step) {
        tni_vector one;
        uint16_t position;
        uint32_t inside;
        while (row >= group_end) {
            group_end += table->groups[g++]->rows;
        }
        TNI_TRY(tni_env_check(env, error));
        inside = (uint32_t)(row - table->first_rows[g - 1]);
        position = (uint16_t)(inside % TNI_VECTOR_ROWS);
        tni_scratch_reset(scratch);
        TNI_TRY(tni_segment_gather(env, table->groups[g - 1]->segments[field], inside - position,
                                   &position, 1, scratch, &one, error));
        sample[*count] = tni_vector_value(&one, 0);
        *count += sample[*count].is_null ? 0 : 1;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_table_partition_bounds(const tni_table *table, const tni_env *env,
                                                tni_partitioning *partitioning, uint32_t count,
                                                tni_error *error) {
    size_t size = TNI_PARTITION_SAMPLE * sizeof(tni_value), rows;
    tni_value *sample = (tni_value *)tni_alloc(env->memory, size);
    tni_scratch scratch;
    trueno_status status;
    if (!sample) {
        return tni_memory_fail(env->memory, size, error);
    }
    tni_scratch_init(&scratch, env->memory);
    status = tni_table_sample(table, env, partitioning->field, &scratch, sample, &rows, error);
    if (status == TRUENO_OK) {
        status = tni_partitioning_choose(partitioning, count, sample, rows, error);
    }
    tni_scratch_free(&scratch);
    tni_free(env->memory, sample, size);
    return status;
}

#undef TNI_PARTITION_SAMPLE
