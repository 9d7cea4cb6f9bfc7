/*
 * table_finish.c - from the workers' logs to row groups.
 *
 *   stage 0  sort all slices by (partition, order, first row), cut them into row groups; one task
 *            per string column makes its dictionary
 *   stage 1  one task per row group and column: collect the rows from their slices, encode
 *   finish   base's row groups, then the new ones
 *
 * Small row groups at the end of `base` are taken up again with the new rows, by the rule of a
 * binary counter: a group joins when it has no more rows than what follows it. Inserting row by
 * row costs each row some sixteen encodings in all, and leaves few groups.
 */
#include "column/table_builder.h"

/* ------------------------------------------------------------------------------ base's tail --- */

static size_t tni_finish_choose_kept(const tni_table *base, uint64_t rows) {
    size_t kept = base->group_count;
    while (kept > 0) {
        uint64_t last = base->groups[kept - 1]->rows;
        if (last > rows || last + rows > TNI_SEGMENT_ROWS) {
            break;
        }
        rows += last;
        kept--;
    }
    return kept;
}

/* Append a row group of base as rows of the extra worker. */
static trueno_status tni_finish_take_up(tni_table_builder *builder, const tni_row_group *group,
                                        uint64_t order, tni_scratch *scratch, tni_error *error) {
    tni_vector *vectors;
    tni_chunk chunk;
    uint32_t first, c;
    memset(&chunk, 0, sizeof chunk);
    chunk.order = order;
    chunk.column_count = builder->field_count;
    for (first = 0; first < group->rows; first += TNI_VECTOR_ROWS) {
        uint32_t rows = TNI_MIN(group->rows - first, TNI_VECTOR_ROWS);
        tni_scratch_reset(scratch);
        vectors = (tni_vector *)tni_scratch_take(scratch,
                                                 builder->field_count * sizeof *vectors + 1, error);
        if (!vectors) {
            return error ? error->status : TRUENO_ERROR_MEMORY;
        }
        for (c = 0; c < builder->field_count; c++) {
            TNI_TRY(tni_segment_view(builder->env, group->segments[c], first, rows, scratch,
                                     &vectors[c], error));
        }
        chunk.rows = rows;
        chunk.active = rows;
        chunk.first_row = first;
        chunk.columns = vectors;
        TNI_TRY(tni_table_builder_append(builder, builder->workers - 1, &chunk, error));
    }
    return TRUENO_OK;
}

static trueno_status tni_finish_take_up_tail(tni_table_builder *builder, uint64_t rows,
                                             tni_error *error) {
    tni_table *base = builder->base;
    tni_scratch scratch;
    trueno_status status = TRUENO_OK;
    size_t g;
    builder->kept = tni_finish_choose_kept(base, rows);
    tni_scratch_init(&scratch, builder->memory);
    for (g = builder->kept; g < base->group_count && status == TRUENO_OK; g++) {
        status = tni_finish_take_up(builder, base->groups[g], g, &scratch, error);
    }
    tni_scratch_free(&scratch);
    return status;
}

/* --------------------------------------------------------------------------- order and cut --- */

static uint64_t tni_finish_count_rows(const tni_table_builder *builder, size_t *slices) {
    uint64_t rows = 0;
    uint32_t w;
    size_t s;
    *slices = 0;
    for (w = 0; w < builder->workers; w++) {
        const tni_builder_worker *worker = builder->worker[w];
        for (s = 0; worker && s < worker->slice_count; s++) {
            rows += worker->slices[s].rows;
        }
        *slices += worker ? worker->slice_count : 0;
    }
    return rows;
}

/* Sorted slices to their partitions, keeping their order there. */
static void tni_finish_place(tni_table_builder *builder, const tni_builder_slice *all,
                             const tni_row_key *keys, size_t count) {
    size_t starts[TNI_PARTITION_MOST + 1], s;
    uint32_t p;
    memset(starts, 0, sizeof starts);
    for (s = 0; s < count; s++) {
        starts[all[s].partition + 1]++;
    }
    for (p = 1; p < TNI_PARTITION_MOST; p++) {
        starts[p] += starts[p - 1];
    }
    for (s = 0; s < count; s++) {
        const tni_builder_slice *slice = &all[keys[s].item];
        builder->sorted[starts[slice->partition]++] = *slice;
    }
}

/* By partition; in one, slices of the extra worker first, then all others by (order, first row,
 * worker, sequence). */
static trueno_status tni_finish_sort(tni_table_builder *builder, size_t count, tni_error *error) {
    size_t size = count * sizeof *builder->sorted, keys_size = 2 * count * sizeof(tni_row_key);
    tni_builder_slice *all;
    tni_row_key *keys;
    size_t n = 0, s, head = 0;
    uint32_t i;
    if (!count) {
        return TRUENO_OK;
    }
    all = (tni_builder_slice *)tni_alloc(builder->memory, size * 2);
    keys = (tni_row_key *)tni_alloc(builder->memory, keys_size);
    builder->sorted = (tni_builder_slice *)tni_alloc(builder->memory, size);
    if (!all || !keys || !builder->sorted) {
        tni_free(builder->memory, all, size * 2);
        tni_free(builder->memory, keys, keys_size);
        tni_free(builder->memory, builder->sorted, size);
        builder->sorted = NULL;
        return tni_memory_fail(builder->memory, size, error);
    }
    builder->sorted_count = count;
    for (i = 0; i < builder->workers; i++) {
        uint32_t w = i == 0 ? builder->workers - 1 : i - 1;
        const tni_builder_worker *worker = builder->worker[w];
        for (s = 0; worker && s < worker->slice_count; s++, n++) {
            all[n] = worker->slices[s];
            keys[n].major = all[n].order;
            keys[n].minor = (uint64_t)all[n].first_row << 32 | w;
            keys[n].item = n;
        }
        head = i == 0 ? n : head;
    }
    tni_row_keys_sort(keys, keys + count, head);
    tni_row_keys_sort(keys + head, keys + head + count, count - head);
    tni_finish_place(builder, all, keys, count);
    tni_free(builder->memory, all, size * 2);
    tni_free(builder->memory, keys, keys_size);
    return TRUENO_OK;
}

/* How many groups the cut gives; with `groups` also which. */
static size_t tni_finish_walk_cut(const tni_table_builder *builder, tni_builder_group *groups) {
    size_t count = 0, s;
    uint32_t left = 0; /* places free in the last group */
    uint64_t order = 0;
    for (s = 0; s < builder->sorted_count; s++) {
        const tni_builder_slice *slice = &builder->sorted[s];
        uint32_t taken = 0;
        if (builder->by_order && slice->order != order) {
            left = 0;
        }
        order = slice->order;
        while (taken < slice->rows) {
            uint32_t rows;
            if (!left) {
                if (groups) {
                    groups[count].first = s;
                    groups[count].skip = taken;
                }
                count++;
                left = TNI_SEGMENT_ROWS;
            }
            rows = TNI_MIN(left, slice->rows - taken);
            if (groups) {
                groups[count - 1].rows += rows;
            }
            left -= rows;
            taken += rows;
        }
    }
    return count;
}

static trueno_status tni_finish_cut(tni_table_builder *builder, tni_error *error) {
    size_t count = tni_finish_walk_cut(builder, NULL), size = count * sizeof *builder->groups;
    if (!count) {
        return TRUENO_OK;
    }
    if (count > UINT32_MAX / TNI_MAX(builder->field_count, 1)) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "table %s: too many row groups", builder->name);
    }
    builder->groups = (tni_builder_group *)tni_alloc_zero(builder->memory, size);
    if (!builder->groups) {
        return tni_memory_fail(builder->memory, size, error);
    }
    builder->group_count = count;
    (void)tni_finish_walk_cut(builder, builder->groups);
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------------- stages --- */

static trueno_status tni_finish_prepare_order(tni_table_builder *builder, tni_error *error) {
    size_t slices;
    uint64_t rows = tni_finish_count_rows(builder, &slices);
    if (builder->base && rows && !builder->by_order) {
        TNI_TRY(tni_finish_take_up_tail(builder, rows, error));
        (void)tni_finish_count_rows(builder, &slices);
    } else if (builder->base) {
        builder->kept = builder->base->group_count;
    }
    TNI_TRY(tni_finish_sort(builder, slices, error));
    return tni_finish_cut(builder, error);
}

/* The span of partitions that a group's rows are of. */
static void tni_finish_note_partitions(const tni_table_builder *builder,
                                       const tni_builder_group *group) {
    const tni_builder_slice *slice = &builder->sorted[group->first];
    uint64_t rows = slice->rows - group->skip;
    group->made->first_partition = slice->partition;
    while (rows < group->rows) {
        rows += (++slice)->rows;
    }
    group->made->last_partition = slice->partition;
}

static trueno_status tni_finish_prepare_groups(tni_table_builder *builder, tni_error *error) {
    size_t g, b;
    uint32_t w, c;
    for (g = 0; g < builder->group_count; g++) {
        TNI_TRY(tni_row_group_new(builder->memory, builder->groups[g].rows, builder->field_count,
                                  &builder->groups[g].made, error));
        if (builder->partitioning) {
            tni_finish_note_partitions(builder, &builder->groups[g]);
        }
    }
    for (w = 0; w < builder->workers; w++) {
        for (b = 0; builder->worker[w] && b < builder->worker[w]->block_count; b++) {
            tni_builder_block *block = &builder->worker[w]->blocks[b];
            for (c = 0; c < builder->field_count; c++) {
                tni_atomic_store_i32(&block->columns[c].left, (int32_t)block->rows);
            }
        }
    }
    return TRUENO_OK;
}

/* The `index`th string column. */
static uint32_t tni_finish_string_field(const tni_table_builder *builder, uint32_t index) {
    uint32_t c;
    for (c = 0; c < builder->field_count; c++) {
        if (tni_type_is_string(builder->fields[c].type) && index-- == 0) {
            break;
        }
    }
    return c;
}

static uint32_t tni_finish_string_count(const tni_table_builder *builder) {
    uint32_t c, count = 0;
    for (c = 0; c < builder->field_count; c++) {
        count += tni_type_is_string(builder->fields[c].type) ? 1u : 0u;
    }
    return count;
}

TNI_FN trueno_status tni_table_builder_finish_prepare(tni_table_builder *builder, tni_table *base,
                                                      uint32_t stage, uint32_t *count,
                                                      tni_error *error) {
    *count = 0;
    if (stage != builder->prepared || stage >= TNI_TABLE_FINISH_STAGES ||
        tni_atomic_load_i64(&builder->tasks_done) != (int64_t)builder->tasks) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL,
                        "table %s: finishing stage %u comes before its turn", builder->name, stage);
    }
    if (stage == 0) {
        builder->base = base;
        TNI_TRY(tni_finish_prepare_order(builder, error));
        *count = builder->group_count ? tni_finish_string_count(builder) : 0;
    } else {
        TNI_TRY(tni_finish_prepare_groups(builder, error));
        *count = (uint32_t)builder->group_count * builder->field_count;
    }
    builder->prepared = stage + 1;
    builder->tasks = *count;
    tni_atomic_store_i64(&builder->tasks_done, 0);
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------ collecting --- */

/* Part of a group: rows [start, start + rows) of a block's column go to row `at` of the group. */
typedef struct tni_finish_part {
    tni_builder_block *block;
    tni_builder_values *values;
    tni_builder_strings *strings;
    uint32_t start, rows, at;
} tni_finish_part;

typedef struct tni_finish_walk {
    tni_table_builder *builder;
    const tni_builder_group *group;
    uint32_t field;
    size_t slice;
    uint32_t skip, at;
} tni_finish_walk;

static void tni_finish_walk_start(tni_finish_walk *walk, tni_table_builder *builder,
                                  const tni_builder_group *group, uint32_t field) {
    walk->builder = builder;
    walk->group = group;
    walk->field = field;
    walk->slice = group->first;
    walk->skip = group->skip;
    walk->at = 0;
}

static bool tni_finish_walk_next(tni_finish_walk *walk, tni_finish_part *part) {
    const tni_builder_slice *slice;
    tni_builder_worker *worker;
    if (walk->at == walk->group->rows) {
        return false;
    }
    slice = &walk->builder->sorted[walk->slice++];
    worker = walk->builder->worker[slice->worker];
    part->block = &worker->blocks[slice->block];
    part->values = &part->block->columns[walk->field];
    part->strings = worker->strings[walk->field];
    part->start = slice->start + walk->skip;
    part->rows = TNI_MIN(slice->rows - walk->skip, walk->group->rows - walk->at);
    part->at = walk->at;
    walk->skip = 0;
    walk->at += part->rows;
    return true;
}

/* Decode rows of a block that was encoded early, to `out` and `validity` from row part->at. */
static trueno_status tni_finish_decode(tni_table_builder *builder, const tni_finish_part *part,
                                       void *out, uint64_t *validity, tni_scratch *scratch,
                                       tni_error *error) {
    const tni_segment *segment = part->values->segment;
    size_t width = tni_type_width(segment->type);
    uint32_t first = part->start / TNI_VECTOR_ROWS * TNI_VECTOR_ROWS;
    uint32_t end = part->start + part->rows;
    for (; first < end; first += TNI_VECTOR_ROWS) {
        uint32_t rows = TNI_MIN(TNI_VECTOR_ROWS, segment->rows - first), from, to;
        tni_vector view, flat;
        tni_scratch_reset(scratch);
        TNI_TRY(tni_segment_view(builder->env, segment, first, rows, scratch, &view, error));
        TNI_TRY(tni_vector_flatten(builder->env, &view, rows, scratch, &flat, error));
        from = TNI_MAX(part->start, first);
        to = TNI_MIN(end, first + rows);
        memcpy((uint8_t *)out + (part->at + (from - part->start)) * width,
               (const uint8_t *)flat.data + (from - first) * width, (to - from) * width);
        tni_append_bits(validity, part->at + (from - part->start), flat.validity, from - first,
                        to - from);
    }
    return TRUENO_OK;
}

static void tni_finish_collect_codes(const tni_builder_column *column, const tni_finish_part *part,
                                     uint32_t *out) {
    const uint32_t *codes = (const uint32_t *)part->values->data + part->start;
    const uint32_t *map =
        part->values->kind == TNI_BUILDER_CODES ? part->strings->global : column->sorted;
    const uint64_t *validity = part->values->validity;
    uint32_t i;
    for (i = 0; i < part->rows; i++) {
        bool valid = !validity || tni_bit_get(validity, part->start + i);
        out[i] = !valid ? 0 : map ? map[codes[i]] : codes[i];
    }
}

static void tni_finish_collect_strings(const tni_finish_part *part, tni_string *out) {
    const uint64_t *validity = part->values->validity;
    uint32_t i;
    if (part->values->kind == TNI_BUILDER_STRINGS) {
        memcpy(out, (const tni_string *)part->values->data + part->start, part->rows * sizeof *out);
        return;
    }
    for (i = 0; i < part->rows; i++) {
        if (validity && !tni_bit_get(validity, part->start + i)) {
            memset(&out[i], 0, sizeof out[i]);
        } else {
            uint32_t code = ((const uint32_t *)part->values->data)[part->start + i];
            out[i] = part->strings->interner.values[code];
        }
    }
}

/* A group's rows of one column side by side. */
static trueno_status tni_finish_collect(tni_table_builder *builder, const tni_builder_group *group,
                                        uint32_t field, void *values, uint64_t *validity,
                                        tni_error *error) {
    const tni_builder_column *column = &builder->columns[field];
    size_t width = tni_type_width(builder->fields[field].type);
    trueno_status status = TRUENO_OK;
    tni_scratch scratch;
    tni_finish_walk walk;
    tni_finish_part part;
    tni_scratch_init(&scratch, builder->memory);
    tni_finish_walk_start(&walk, builder, group, field);
    while (status == TRUENO_OK && tni_finish_walk_next(&walk, &part)) {
        if (part.values->kind == TNI_BUILDER_SEGMENT) {
            status = tni_finish_decode(builder, &part, values, validity, &scratch, error);
            continue;
        }
        tni_append_bits(validity, part.at, part.values->validity, part.start, part.rows);
        if (column->shared) {
            tni_finish_collect_codes(column, &part, (uint32_t *)values + part.at);
        } else if (part.strings) {
            tni_finish_collect_strings(&part, (tni_string *)values + part.at);
        } else {
            memcpy((uint8_t *)values + part.at * width,
                   (const uint8_t *)part.values->data + part.start * width, part.rows * width);
        }
    }
    tni_scratch_free(&scratch);
    return status;
}

static trueno_status tni_finish_encode(tni_table_builder *builder, uint32_t field,
                                       const void *values, const uint64_t *validity, uint32_t rows,
                                       tni_segment **out, tni_error *error) {
    const tni_builder_column *column = &builder->columns[field];
    tni_type type = builder->fields[field].type;
    if (column->shared) {
        return tni_builder_dict_segment(builder->memory, type, column->dictionary,
                                        (const uint32_t *)values, validity, rows, out, error);
    }
    return tni_segment_encode(builder->env, type, values, validity, rows, NULL, out, error);
}

/* Collect into memory of our own, then encode. */
static trueno_status tni_finish_collect_encode(tni_table_builder *builder,
                                               const tni_builder_group *group, uint32_t field,
                                               tni_segment **out, tni_error *error) {
    bool shared = builder->columns[field].shared;
    size_t width = shared ? sizeof(uint32_t) : tni_type_width(builder->fields[field].type);
    size_t bits = tni_bitmap_words(group->rows) * 8, size = bits + group->rows * width;
    uint64_t *validity = (uint64_t *)tni_alloc(builder->memory, size);
    void *values = validity + bits / 8;
    trueno_status status;
    if (!validity) {
        return tni_memory_fail(builder->memory, size, error);
    }
    memset(validity, 0, bits);
    status = tni_finish_collect(builder, group, field, values, validity, error);
    if (status == TRUENO_OK) {
        bool nulls = tni_bits_any_zero(validity, 0, group->rows);
        status = tni_finish_encode(builder, field, values, nulls ? validity : NULL, group->rows,
                                   out, error);
    }
    tni_free(builder->memory, validity, size);
    return status;
}

/* A group that is one whole block: its segment, or its values in place. *done tells. */
static trueno_status tni_finish_adopt(tni_table_builder *builder, const tni_builder_group *group,
                                      uint32_t field, tni_segment **out, bool *done,
                                      tni_error *error) {
    tni_finish_walk walk;
    tni_finish_part part;
    *done = false;
    tni_finish_walk_start(&walk, builder, group, field);
    if (!tni_finish_walk_next(&walk, &part) || part.rows != group->rows || part.start != 0) {
        return TRUENO_OK;
    }
    if (part.values->kind == TNI_BUILDER_SEGMENT && part.block->rows == group->rows) {
        *out = tni_segment_retain(part.values->segment);
        *done = true;
    } else if (part.values->kind == TNI_BUILDER_FLAT) {
        bool nulls = tni_bits_any_zero(part.values->validity, 0, part.rows);
        *done = true;
        return tni_finish_encode(builder, field, part.values->data,
                                 nulls ? part.values->validity : NULL, part.rows, out, error);
    }
    return TRUENO_OK;
}

/* Blocks are freed as soon as their last row is taken. */
static void tni_finish_release_parts(tni_table_builder *builder, const tni_builder_group *group,
                                     uint32_t field) {
    tni_finish_walk walk;
    tni_finish_part part;
    tni_finish_walk_start(&walk, builder, group, field);
    while (tni_finish_walk_next(&walk, &part)) {
        int32_t rows = (int32_t)part.rows;
        if (tni_atomic_add_i32(&part.values->left, -rows) == rows) {
            tni_builder_values_free(builder->memory, part.values);
        }
    }
}

static trueno_status tni_finish_group_task(tni_table_builder *builder, uint32_t index,
                                           tni_error *error) {
    tni_builder_group *group = &builder->groups[index / builder->field_count];
    uint32_t field = index % builder->field_count;
    tni_segment **out = &group->made->segments[field];
    bool done;
    TNI_TRY(tni_env_check(builder->env, error));
    TNI_TRY(tni_finish_adopt(builder, group, field, out, &done, error));
    if (!done) {
        TNI_TRY(tni_finish_collect_encode(builder, group, field, out, error));
    }
    tni_finish_release_parts(builder, group, field);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_table_builder_finish_task(tni_table_builder *builder, uint32_t stage,
                                                   uint32_t index, tni_error *error) {
    TNI_ASSERT(stage + 1 == builder->prepared && index < builder->tasks);
    if (stage == 0) {
        TNI_TRY(
            tni_builder_make_dictionary(builder, tni_finish_string_field(builder, index), error));
    } else {
        TNI_TRY(tni_finish_group_task(builder, index, error));
    }
    (void)tni_atomic_add_i64(&builder->tasks_done, 1);
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------------- sealing --- */

/* A segment of base, under the dictionary that has grown where it has. */
static trueno_status tni_finish_share_segment(const tni_table_builder *builder, uint32_t field,
                                              tni_segment *old, tni_segment **out,
                                              tni_error *error) {
    const tni_builder_column *column = &builder->columns[field];
    if (!column->extends || old->encoding != TNI_ENCODING_DICT) {
        *out = tni_segment_retain(old);
        return TRUENO_OK;
    }
    TNI_TRY(tni_segment_clone(old, out, error));
    if (!(*out)->buffers[3]) { /* the zone's strings are the first dictionary's: keep its bytes */
        (*out)->buffers[3] = tni_buffer_retain(old->dictionary->heap);
    }
    if (!(*out)->buffers[2]) {
        (*out)->buffers[2] = tni_buffer_retain(old->dictionary->heap2);
    }
    tni_segment_set_dictionary(*out, column->dictionary);
    return TRUENO_OK;
}

/* A kept row group of base: itself, or a copy of its shell when a dictionary has grown. */
static trueno_status tni_finish_share_group(const tni_table_builder *builder, tni_row_group *old,
                                            tni_row_group **out, tni_error *error) {
    bool extends = false;
    uint32_t c;
    for (c = 0; c < builder->field_count; c++) {
        extends = extends || builder->columns[c].extends;
    }
    if (!extends) {
        (void)tni_atomic_add_i32(&old->references, 1);
        *out = old;
        return TRUENO_OK;
    }
    TNI_TRY(tni_row_group_new(builder->memory, old->rows, old->column_count, out, error));
    (*out)->first_partition = old->first_partition;
    (*out)->last_partition = old->last_partition;
    for (c = 0; c < builder->field_count; c++) {
        trueno_status status =
            tni_finish_share_segment(builder, c, old->segments[c], &(*out)->segments[c], error);
        if (status != TRUENO_OK) {
            tni_row_group_release(*out);
            *out = NULL;
            return status;
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_finish_fill_table(tni_table_builder *builder, tni_table *table,
                                           tni_error *error) {
    size_t g;
    for (g = 0; builder->base && g < builder->kept; g++) {
        tni_row_group *group;
        TNI_TRY(tni_finish_share_group(builder, builder->base->groups[g], &group, error));
        TNI_TRY(tni_table_add_group(table, group, error));
    }
    for (g = 0; g < builder->group_count; g++) {
        tni_row_group *group = builder->groups[g].made;
        builder->groups[g].made = NULL;
        TNI_TRY(tni_table_add_group(table, group, error));
    }
    return tni_table_seal(table, error);
}

static trueno_status tni_finish_rest(tni_table_builder *builder, tni_table *base,
                                     tni_error *error) {
    uint32_t stage, count, i;
    for (stage = builder->prepared; stage < TNI_TABLE_FINISH_STAGES; stage++) {
        TNI_TRY(tni_table_builder_finish_prepare(builder, base, stage, &count, error));
        for (i = 0; i < count; i++) {
            TNI_TRY(tni_table_builder_finish_task(builder, stage, i, error));
        }
    }
    if (tni_atomic_load_i64(&builder->tasks_done) != (int64_t)builder->tasks) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "table %s: a finishing task did not run",
                        builder->name);
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_table_builder_finish(tni_table_builder *builder, tni_table *base,
                                              tni_table **out, tni_error *error) {
    tni_table *table = NULL;
    trueno_status status = tni_finish_rest(builder, base, error);
    *out = NULL;
    if (status == TRUENO_OK) {
        status = tni_table_new(builder->env, builder->name, builder->fields, builder->field_count,
                               &table, error);
    }
    if (status == TRUENO_OK) {
        table->partitioning = tni_partitioning_retain(builder->partitioning);
        status = tni_finish_fill_table(builder, table, error);
    }
    tni_table_builder_free(builder);
    if (status != TRUENO_OK) {
        tni_source_release(table ? &table->source : NULL);
        return status;
    }
    *out = table;
    return TRUENO_OK;
}
