/*
 * arrow_in.c - an Arrow stream as a table.
 *
 * Batches of some size give row groups of their own: fixed-width columns that look like ours stay
 * in Arrow's memory (PLAIN segments, which keep the batch alive by a shared count), everything
 * else is converted through a table builder with one row group per order. Small batches are
 * gathered into full row groups. A batch is released when its last segment is; the stream when
 * it has been read.
 *
 *   batch (moved) <- tni_arrow_holder <- tni_buffer, one per column in place <- segments
 *
 * Dictionary-encoded strings become DICT vectors, so that a distinct string is looked at once per
 * batch; when a batch brings the same dictionary memory as the one before, once per stream.
 */
#include "column/arrow.h"

#define TNI_ARROW_IN_PLACE 16384 /* rows from which a batch is used in place */

/* A batch somebody still reads. */
typedef struct tni_arrow_holder {
    tni_atomic_i32 references;
    tni_memory *memory;
    struct ArrowArray array;
} tni_arrow_holder;

/* The decoded dictionary of a column. */
typedef struct tni_arrow_dictionary {
    tni_arrow_holder *holder; /* keeps its memory; NULL: nothing decoded */
    tni_arrow_view view;
    tni_buffer *values;      /* [count] flat values of ours */
    tni_buffer *validity;    /* words */
    tni_dictionary *strings; /* of string values */
    uint32_t count;
} tni_arrow_dictionary;

typedef struct tni_arrow_column {
    const char *name;
    tni_arrow_format format; /* of the values */
    int index_width;         /* not 0: dictionary-encoded; negative: signed */
    tni_arrow_view view;     /* of the current batch; dictionary-encoded: the indices */
    tni_arrow_dictionary dictionary;
    tni_table_builder *builder; /* rows that could not stay in place, or NULL */
} tni_arrow_column;

typedef struct tni_arrow_reader {
    tni_env *env;
    tni_memory *memory;
    const char *name;
    struct ArrowArrayStream *stream;
    struct ArrowSchema schema;
    tni_arena arena;
    tni_arrow_column *columns;
    tni_field *fields;
    uint32_t column_count;
    tni_table *table;
    uint32_t pending; /* rows gathered for the next row group */
    uint64_t values[TNI_VECTOR_ROWS * 2];
    uint64_t validity[TNI_VECTOR_WORDS];
    uint32_t codes[TNI_VECTOR_ROWS];
} tni_arrow_reader;

/* -------------------------------------------------------------------------------- lifetime --- */

static void tni_arrow_holder_release(tni_arrow_holder *holder) {
    if (!holder || tni_atomic_add_i32(&holder->references, -1) != 1) {
        return;
    }
    if (holder->array.release) {
        holder->array.release(&holder->array);
    }
    tni_free(holder->memory, holder, sizeof *holder);
}

static tni_arrow_holder *tni_arrow_holder_retain(tni_arrow_holder *holder) {
    (void)tni_atomic_add_i32(&holder->references, 1);
    return holder;
}

static void tni_arrow_buffer_released(void *user, void *data, size_t size) {
    (void)data;
    (void)size;
    tni_arrow_holder_release((tni_arrow_holder *)user);
}

static void tni_arrow_dictionary_clear(tni_arrow_dictionary *dictionary) {
    tni_dictionary_release(dictionary->strings);
    tni_buffer_release(dictionary->values);
    tni_buffer_release(dictionary->validity);
    tni_arrow_holder_release(dictionary->holder);
    memset(dictionary, 0, sizeof *dictionary);
}

static void tni_arrow_reader_free(tni_arrow_reader *reader) {
    uint32_t c;
    for (c = 0; c < reader->column_count; c++) {
        tni_arrow_dictionary_clear(&reader->columns[c].dictionary);
        tni_table_builder_free(reader->columns[c].builder);
    }
    if (reader->schema.release) {
        reader->schema.release(&reader->schema);
    }
    if (reader->stream->release) {
        reader->stream->release(reader->stream);
        reader->stream->release = NULL;
    }
    if (reader->table) {
        tni_source_release(&reader->table->source);
    }
    tni_arena_free(&reader->arena);
    tni_free(reader->memory, reader, sizeof *reader);
}

/* The producer's own words, after a call returned an errno. */
static trueno_status tni_arrow_stream_failed(tni_arrow_reader *reader, const char *call, int code,
                                             tni_error *error) {
    const char *text =
        reader->stream->get_last_error ? reader->stream->get_last_error(reader->stream) : NULL;
    return tni_fail(error, TRUENO_ERROR_IO,
                    "table \"%s\": the Arrow stream's %s failed (%d)%s%.500s", reader->name, call,
                    code, text && *text ? ": " : "", text ? text : "");
}

/* ---------------------------------------------------------------------------------- schema --- */

static trueno_status tni_arrow_read_field(tni_arrow_reader *reader, uint32_t c, tni_error *error) {
    const struct ArrowSchema *child = reader->schema.children[c];
    tni_arrow_column *column = &reader->columns[c];
    const char *name = child && child->name ? child->name : "";
    column->name = tni_arena_text(&reader->arena, name, strlen(name));
    if (!column->name) {
        return tni_memory_fail(reader->memory, strlen(name), error);
    }
    if (!child) {
        return tni_fail(error, TRUENO_ERROR_INVALID, "table \"%s\": Arrow field %u is NULL",
                        reader->name, c);
    }
    if (child->dictionary) {
        if (!tni_arrow_parse_index(child->format, &column->index_width)) {
            return tni_fail(error, TRUENO_ERROR_INVALID,
                            "column \"%s\": Arrow dictionary indices are not integers", name);
        }
        if (child->dictionary->dictionary) {
            return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                            "column \"%s\": an Arrow dictionary of a dictionary is not supported",
                            name);
        }
        child = child->dictionary;
    }
    TNI_TRY(tni_arrow_parse_format(child->format, column->name, &column->format, error));
    reader->fields[c].name = column->name;
    reader->fields[c].type = column->format.type;
    return TRUENO_OK;
}

static trueno_status tni_arrow_read_schema(tni_arrow_reader *reader, tni_error *error) {
    const struct ArrowSchema *schema = &reader->schema;
    uint64_t limit =
        reader->env->limits && reader->env->limits->columns ? reader->env->limits->columns : 32768;
    int code = reader->stream->get_schema(reader->stream, &reader->schema);
    uint32_t c;
    if (code != 0) {
        reader->schema.release = NULL; /* must not be touched after a failure */
        return tni_arrow_stream_failed(reader, "get_schema", code, error);
    }
    if (!schema->release || !schema->format || strcmp(schema->format, "+s") != 0) {
        return tni_fail(error, TRUENO_ERROR_INVALID,
                        "table \"%s\": the Arrow stream is not one of struct batches",
                        reader->name);
    }
    if (schema->n_children < 1 || (uint64_t)schema->n_children > limit || !schema->children) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "table \"%s\": %lld Arrow fields, 1 to %llu fit",
                        reader->name, (long long)schema->n_children, (unsigned long long)limit);
    }
    reader->columns = (tni_arrow_column *)tni_arena_alloc(
        &reader->arena, (size_t)schema->n_children * sizeof *reader->columns);
    reader->fields = (tni_field *)tni_arena_alloc(&reader->arena, (size_t)schema->n_children *
                                                                      sizeof *reader->fields);
    if (!reader->columns || !reader->fields) {
        return tni_memory_fail(reader->memory, (size_t)schema->n_children * 64, error);
    }
    reader->column_count = (uint32_t)schema->n_children;
    for (c = 0; c < reader->column_count; c++) {
        TNI_TRY(tni_arrow_read_field(reader, c, error));
    }
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------- dictionaries --- */

static bool tni_arrow_same_memory(const tni_arrow_view *a, const tni_arrow_view *b) {
    return a->data == b->data && a->heap == b->heap && a->validity == b->validity &&
           a->start == b->start && a->length == b->length && !a->variadic && !b->variadic;
}

static trueno_status tni_arrow_decode_dictionary(tni_arrow_reader *reader, tni_arrow_column *column,
                                                 tni_error *error) {
    tni_arrow_dictionary *dictionary = &column->dictionary;
    size_t width = tni_type_width(column->format.type), count = dictionary->count;
    TNI_TRY(tni_buffer_new(reader->memory, count * width + 1, &dictionary->values, error));
    TNI_TRY(tni_buffer_new(reader->memory, tni_bitmap_words(count) * 8 + 8, &dictionary->validity,
                           error));
    TNI_TRY(tni_arrow_convert(reader->env, &dictionary->view, &column->format, column->name, 0,
                              dictionary->count, dictionary->values->data,
                              (uint64_t *)(void *)dictionary->validity->data, error));
    if (!tni_type_is_string(column->format.type)) {
        return TRUENO_OK;
    }
    return tni_dictionary_new(reader->memory, tni_buffer_retain(dictionary->values),
                              dictionary->count, NULL, false, &dictionary->strings, error);
}

static trueno_status tni_arrow_take_dictionary(tni_arrow_reader *reader, tni_arrow_column *column,
                                               tni_arrow_holder *holder,
                                               const struct ArrowArray *array, tni_error *error) {
    tni_arrow_view view;
    if (!array || array->length < 0 || array->length >= INT32_MAX) {
        return tni_fail(error, TRUENO_ERROR_INVALID,
                        "column \"%s\": Arrow batch without a usable dictionary", column->name);
    }
    TNI_TRY(
        tni_arrow_view_array(array, &column->format, column->name, 0, array->length, &view, error));
    if (column->dictionary.holder && tni_arrow_same_memory(&view, &column->dictionary.view)) {
        return TRUENO_OK;
    }
    tni_arrow_dictionary_clear(&column->dictionary);
    column->dictionary.holder = tni_arrow_holder_retain(holder);
    column->dictionary.view = view;
    column->dictionary.count = (uint32_t)view.length;
    return tni_arrow_decode_dictionary(reader, column, error);
}

/* Indices [first, first + count) as uint32_t; NULL rows and rows of NULL entries become NULL. */
static trueno_status tni_arrow_read_indices(tni_arrow_reader *reader, tni_arrow_column *column,
                                            int64_t first, uint32_t count, uint32_t *codes,
                                            tni_error *error) {
    const tni_arrow_dictionary *dictionary = &column->dictionary;
    const uint64_t *known = (const uint64_t *)(const void *)dictionary->validity->data;
    uint32_t width =
        (uint32_t)(column->index_width < 0 ? -column->index_width : column->index_width);
    uint32_t i;
    tni_arrow_copy_bits(column->view.validity, (uint64_t)(column->view.start + first), count,
                        reader->validity);
    for (i = 0; i < count; i++) {
        const uint8_t *at =
            column->view.data + (size_t)(column->view.start + first + (int64_t)i) * width;
        uint64_t index = 0;
        codes[i] = 0;
        if (!tni_bit_get(reader->validity, i)) {
            continue;
        }
        switch (width) {
        case 1: index = at[0]; break;
        case 2: index = (uint64_t)at[0] | (uint64_t)at[1] << 8; break;
        case 4:
            index = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
                    (uint32_t)at[3] << 24;
            break;
        default: memcpy(&index, at, 8); break;
        }
        /* a negative index of any width is at least 128 for its type, or beyond any count */
        if (index >= dictionary->count || (column->index_width < 0 && index >> (8 * width - 1))) {
            return tni_fail(error, TRUENO_ERROR_INVALID,
                            "column \"%s\", row %lld of the Arrow batch: dictionary index out of "
                            "range",
                            column->name, (long long)(first + (int64_t)i));
        }
        if (tni_bit_get(known, (size_t)index)) {
            codes[i] = (uint32_t)index;
        } else {
            tni_bit_clear(reader->validity, i);
        }
    }
    return TRUENO_OK;
}

/* -------------------------------------------------------------------------------- copying --- */

/* Rows [first, first + count) of the batch's column as a vector in the reader's buffers. */
static trueno_status tni_arrow_make_vector(tni_arrow_reader *reader, tni_arrow_column *column,
                                           int64_t first, uint32_t count, tni_vector *vector,
                                           tni_error *error) {
    tni_arrow_dictionary *dictionary = &column->dictionary;
    size_t width = tni_type_width(column->format.type), i;
    memset(vector, 0, sizeof *vector);
    vector->type = column->format.type;
    vector->form = TNI_FORM_FLAT;
    vector->data = reader->values;
    vector->validity = reader->validity;
    if (!column->index_width) {
        return tni_arrow_convert(reader->env, &column->view, &column->format, column->name, first,
                                 count, reader->values, reader->validity, error);
    }
    TNI_TRY(tni_arrow_read_indices(reader, column, first, count, reader->codes, error));
    if (dictionary->strings) {
        vector->form = TNI_FORM_DICT;
        vector->code_width = 4;
        vector->data = reader->codes;
        vector->dictionary = dictionary->strings;
        return TRUENO_OK;
    }
    for (i = 0; i < count; i++) {
        uint32_t code = reader->codes[i];
        uint8_t *to = (uint8_t *)reader->values + i * width;
        if (tni_bit_get(reader->validity, i)) {
            memcpy(to, dictionary->values->data + code * width, width);
        } else {
            memset(to, 0, width);
        }
    }
    return TRUENO_OK;
}

/* Append rows of the batch's column to its builder, as rows of the next row group. */
static trueno_status tni_arrow_copy_column(tni_arrow_reader *reader, tni_arrow_column *column,
                                           int64_t first, uint32_t count, uint32_t at,
                                           tni_error *error) {
    tni_vector vector;
    tni_chunk chunk;
    uint32_t done;
    if (!column->builder) {
        TNI_TRY(tni_table_builder_new_by_order(reader->env, reader->name,
                                               &reader->fields[column - reader->columns], 1,
                                               &column->builder, error));
    }
    memset(&chunk, 0, sizeof chunk);
    chunk.column_count = 1;
    chunk.columns = &vector;
    chunk.order = reader->table->group_count;
    for (done = 0; done < count; done += chunk.rows) {
        chunk.rows = TNI_MIN(count - done, TNI_VECTOR_ROWS);
        chunk.active = chunk.rows;
        chunk.first_row = at + done;
        TNI_TRY(tni_arrow_make_vector(reader, column, first + (int64_t)done, chunk.rows, &vector,
                                      error));
        TNI_TRY(tni_table_builder_append(column->builder, 0, &chunk, error));
    }
    return TRUENO_OK;
}

static trueno_status tni_arrow_close_pending(tni_arrow_reader *reader, tni_error *error) {
    tni_row_group *group;
    if (!reader->pending) {
        return TRUENO_OK;
    }
    TNI_TRY(
        tni_row_group_new(reader->memory, reader->pending, reader->column_count, &group, error));
    reader->pending = 0;
    return tni_table_add_group(reader->table, group, error);
}

/* A small batch: its rows join the row group being gathered. */
static trueno_status tni_arrow_gather_batch(tni_arrow_reader *reader, int64_t length,
                                            tni_error *error) {
    int64_t first = 0;
    while (first < length) {
        uint32_t room = TNI_SEGMENT_ROWS - reader->pending, c;
        uint32_t count = (uint32_t)TNI_MIN(length - first, (int64_t)room);
        for (c = 0; c < reader->column_count; c++) {
            TNI_TRY(tni_arrow_copy_column(reader, &reader->columns[c], first, count,
                                          reader->pending, error));
        }
        reader->pending += count;
        first += count;
        if (reader->pending == TNI_SEGMENT_ROWS) {
            TNI_TRY(tni_arrow_close_pending(reader, error));
        }
    }
    return TRUENO_OK;
}

/* -------------------------------------------------------------------------------- in place --- */

static bool tni_arrow_can_stay(const tni_arrow_column *column) {
    size_t width = column->format.width;
    return column->format.kind == TNI_ARROW_SAME && !column->index_width &&
           (uintptr_t)column->view.data % TNI_MIN(width, (size_t)8) == 0;
}

/* The first group's segment and those that follow it, over Arrow's values. */
static trueno_status tni_arrow_stay_column(tni_arrow_reader *reader, uint32_t c, size_t first,
                                           tni_arrow_holder *holder, tni_error *error) {
    const tni_arrow_column *column = &reader->columns[c];
    size_t width = column->format.width, length = (size_t)column->view.length, g;
    const uint8_t *data = column->view.data + (size_t)column->view.start * width;
    tni_buffer *owner = NULL, *validity = NULL;
    trueno_status status =
        tni_buffer_wrap(reader->memory, data, length * width, tni_arrow_buffer_released,
                        tni_arrow_holder_retain(holder), &owner, error);
    if (status != TRUENO_OK) {
        tni_arrow_holder_release(holder);
        return status;
    }
    if (column->view.validity) {
        status = tni_buffer_new(reader->memory, tni_bitmap_words(length) * 8, &validity, error);
        if (status == TRUENO_OK) {
            tni_arrow_copy_bits(column->view.validity, (uint64_t)column->view.start, length,
                                (uint64_t *)(void *)validity->data);
        }
    }
    for (g = first; g < reader->table->group_count && status == TRUENO_OK; g++) {
        tni_row_group *group = reader->table->groups[g];
        size_t row = (g - first) * TNI_SEGMENT_ROWS;
        status = tni_segment_in_place(reader->memory, column->format.type, group->rows,
                                      data + row * width, owner, validity, row / 64,
                                      &group->segments[c], error);
    }
    tni_buffer_release(owner);
    tni_buffer_release(validity);
    return status;
}

/* A large batch: row groups of its own. */
static trueno_status tni_arrow_place_batch(tni_arrow_reader *reader, tni_arrow_holder *holder,
                                           int64_t length, tni_error *error) {
    size_t first_group;
    int64_t first;
    uint32_t c;
    TNI_TRY(tni_arrow_close_pending(reader, error));
    first_group = reader->table->group_count;
    for (first = 0; first < length; first += TNI_SEGMENT_ROWS) {
        uint32_t rows = (uint32_t)TNI_MIN(length - first, (int64_t)TNI_SEGMENT_ROWS);
        tni_row_group *group;
        for (c = 0; c < reader->column_count; c++) {
            if (!tni_arrow_can_stay(&reader->columns[c])) {
                TNI_TRY(tni_arrow_copy_column(reader, &reader->columns[c], first, rows, 0, error));
            }
        }
        TNI_TRY(tni_row_group_new(reader->memory, rows, reader->column_count, &group, error));
        TNI_TRY(tni_table_add_group(reader->table, group, error));
    }
    for (c = 0; c < reader->column_count; c++) {
        if (tni_arrow_can_stay(&reader->columns[c])) {
            TNI_TRY(tni_arrow_stay_column(reader, c, first_group, holder, error));
        }
    }
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------------- batches --- */

static trueno_status tni_arrow_view_batch(tni_arrow_reader *reader, tni_arrow_holder *holder,
                                          tni_error *error) {
    const struct ArrowArray *batch = &holder->array;
    uint32_t c;
    if (batch->length < 0 || batch->offset < 0 || !batch->children ||
        batch->n_children != (int64_t)reader->column_count) {
        return tni_fail(error, TRUENO_ERROR_INVALID,
                        "table \"%s\": an Arrow batch does not match its schema", reader->name);
    }
    if (batch->null_count != 0 && batch->n_buffers > 0 && batch->buffers && batch->buffers[0]) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                        "table \"%s\": NULL rows of a whole Arrow struct are not supported",
                        reader->name);
    }
    for (c = 0; c < reader->column_count; c++) {
        tni_arrow_column *column = &reader->columns[c];
        const struct ArrowArray *child = batch->children[c];
        tni_arrow_format indices;
        const tni_arrow_format *format = &column->format;
        if (column->index_width) {
            memset(&indices, 0, sizeof indices);
            indices.kind = TNI_ARROW_SAME;
            indices.width = 1;
            format = &indices;
        }
        TNI_TRY(tni_arrow_view_array(child, format, column->name, batch->offset, batch->length,
                                     &column->view, error));
        if (column->index_width) {
            TNI_TRY(tni_arrow_take_dictionary(reader, column, holder, child->dictionary, error));
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_arrow_take_batch(tni_arrow_reader *reader, tni_arrow_holder *holder,
                                          tni_error *error) {
    int64_t length = holder->array.length;
    TNI_TRY(tni_env_check(reader->env, error));
    TNI_TRY(tni_arrow_view_batch(reader, holder, error));
    return length < TNI_ARROW_IN_PLACE ? tni_arrow_gather_batch(reader, length, error)
                                       : tni_arrow_place_batch(reader, holder, length, error);
}

/* *end: the stream has no more. */
static trueno_status tni_arrow_next_batch(tni_arrow_reader *reader, bool *end, tni_error *error) {
    tni_arrow_holder *holder = (tni_arrow_holder *)tni_alloc_zero(reader->memory, sizeof *holder);
    trueno_status status;
    int code;
    *end = true;
    if (!holder) {
        return tni_memory_fail(reader->memory, sizeof *holder, error);
    }
    holder->memory = reader->memory;
    tni_atomic_store_i32(&holder->references, 1);
    code = reader->stream->get_next(reader->stream, &holder->array);
    if (code != 0) {
        holder->array.release = NULL;
        tni_arrow_holder_release(holder);
        return tni_arrow_stream_failed(reader, "get_next", code, error);
    }
    *end = holder->array.release == NULL;
    status = *end ? TRUENO_OK : tni_arrow_take_batch(reader, holder, error);
    tni_arrow_holder_release(holder);
    return status;
}

/* Put the builders' segments into the groups that have none of the column yet. */
static trueno_status tni_arrow_settle_column(tni_arrow_reader *reader, uint32_t c,
                                             tni_error *error) {
    tni_table_builder *builder = reader->columns[c].builder;
    tni_table *copied;
    size_t g, next = 0;
    if (!builder) {
        return TRUENO_OK;
    }
    reader->columns[c].builder = NULL;
    TNI_TRY(tni_table_builder_finish(builder, NULL, &copied, error));
    for (g = 0; g < reader->table->group_count; g++) {
        tni_row_group *group = reader->table->groups[g];
        if (!group->segments[c]) {
            TNI_ASSERT(next < copied->group_count && copied->groups[next]->rows == group->rows);
            group->segments[c] = tni_segment_retain(copied->groups[next++]->segments[0]);
        }
    }
    tni_source_release(&copied->source);
    return TRUENO_OK;
}

static trueno_status tni_arrow_read(tni_arrow_reader *reader, tni_error *error) {
    bool end = false;
    uint32_t c;
    TNI_TRY(tni_arrow_read_schema(reader, error));
    TNI_TRY(tni_table_new(reader->env, reader->name, reader->fields, reader->column_count,
                          &reader->table, error));
    while (!end) {
        TNI_TRY(tni_arrow_next_batch(reader, &end, error));
    }
    TNI_TRY(tni_arrow_close_pending(reader, error));
    for (c = 0; c < reader->column_count; c++) {
        TNI_TRY(tni_arrow_settle_column(reader, c, error));
    }
    return tni_table_seal(reader->table, error);
}

TNI_FN trueno_status tni_table_from_arrow(tni_env *env, const char *name,
                                          struct ArrowArrayStream *stream, tni_table **out,
                                          tni_error *error) {
    tni_arrow_reader *reader;
    trueno_status status;
    *out = NULL;
    if (!stream || !stream->release) {
        return tni_fail(error, TRUENO_ERROR_MISUSE, "table \"%s\": the Arrow stream is released",
                        name);
    }
    reader = (tni_arrow_reader *)tni_alloc_zero(env->memory, sizeof *reader);
    if (!reader) {
        stream->release(stream);
        stream->release = NULL;
        return tni_memory_fail(env->memory, sizeof *reader, error);
    }
    reader->env = env;
    reader->memory = env->memory;
    reader->name = name;
    reader->stream = stream;
    tni_arena_init(&reader->arena, env->memory);
    status = tni_arrow_read(reader, error);
    if (status == TRUENO_OK) {
        *out = reader->table;
        reader->table = NULL;
    }
    tni_arrow_reader_free(reader);
    return status;
}

#undef TNI_ARROW_IN_PLACE
