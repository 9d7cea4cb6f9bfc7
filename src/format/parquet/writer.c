/*
 * writer.c - writing a Parquet file: buffering rows, row groups, the footer.
 *
 * Chunks are flattened and copied into column buffers; after 122,880 rows the columns are encoded
 * and written one after the other, and their places noted for the footer. Every column is
 * OPTIONAL. Types are annotated in both ways, old and new, where both exist; local timestamps
 * only in the new way, because the old one means UTC.
 */
#include "format/parquet/parquet.h"

#include "format/parquet/writer.h"

struct tni_parquet_writer {
    tni_env *env;
    tni_memory *memory;
    tni_arena arena;       /* names, path */
    trueno_files files;
    tni_parquet_sink sink;
    tni_scratch scratch;
    tni_parquet_column_writer *columns;
    uint32_t column_count;
    uint32_t rows;         /* buffered */
    uint32_t group_rows;   /* rows of a full row group, at most TNI_PARQUET_GROUP_ROWS */
    uint64_t rows_written;
    uint32_t group_count;
    tni_text groups;       /* RowGroup structs for the footer */
    bool created; /* the file is ours to remove */
    bool finished;
    bool failed;
};

/* ---- buffering ---- */

/* Our code for entry `code` of a vector's dictionary; the translation is kept for as long as
 * vectors with the same dictionary come. */
static trueno_status tni_parquet_map_code(tni_parquet_column_writer *c, tni_memory *memory,
                                          const tni_dictionary *dictionary, uint32_t code,
                                          uint32_t *out, tni_error *error) {
    const tni_string *s = &dictionary->values[code];
    if (c->map_id != dictionary->id) {
        uint32_t i;
        tni_free(memory, c->map, c->map_count * sizeof *c->map);
        c->map_id = 0;
        c->map_count = 0;
        c->map = (uint32_t *)tni_alloc_array(memory, dictionary->count, sizeof *c->map);
        if (!c->map) {
            return tni_memory_fail(memory, dictionary->count * sizeof *c->map, error);
        }
        for (i = 0; i < dictionary->count; i++) {
            c->map[i] = UINT32_MAX;
        }
        c->map_count = dictionary->count;
        c->map_id = dictionary->id;
    }
    if (c->map[code] == UINT32_MAX) {
        TNI_TRY(tni_interner_add(&c->interner, s, tni_hash_string(s), &c->map[code], error));
    }
    *out = c->map[code];
    return TRUENO_OK;
}

static trueno_status tni_parquet_buffer_strings(tni_parquet_column_writer *c, tni_memory *memory,
                                                const tni_vector *v, const uint16_t *positions,
                                                uint32_t n, uint32_t at, tni_error *error) {
    uint32_t *codes = (uint32_t *)(void *)c->values + at, i;
    for (i = 0; i < n; i++) {
        uint32_t row = positions ? positions[i] : i;
        codes[i] = 0;
        if (v->validity && !tni_bit_get(v->validity, row)) {
            tni_bit_clear(c->validity, at + i);
            c->nulls++;
        } else if (v->form == TNI_FORM_DICT) {
            TNI_TRY(tni_parquet_map_code(c, memory, v->dictionary,
                                         (uint32_t)tni_vector_code(v, row), &codes[i], error));
        } else {
            const tni_string *s = &((const tni_string *)v->data)[row];
            TNI_TRY(tni_interner_add(&c->interner, s, tni_hash_string(s), &codes[i], error));
        }
    }
    return TRUENO_OK;
}

static void tni_parquet_buffer_fixed(tni_parquet_column_writer *c, const tni_vector *v,
                                     const uint16_t *positions, uint32_t n, uint32_t at) {
    uint32_t width = c->value_width, i;
    const uint8_t *from = (const uint8_t *)v->data;
    uint8_t *to = c->values + (size_t)at * width;
    if (!positions) {
        memcpy(to, from, (size_t)n * width);
    }
    for (i = 0; i < n && positions; i++) {
        memcpy(to + (size_t)i * width, from + (size_t)positions[i] * width, width);
    }
    for (i = 0; i < n && v->validity; i++) {
        if (!tni_bit_get(v->validity, positions ? positions[i] : i)) {
            tni_bit_clear(c->validity, at + i);
            memset(to + (size_t)i * width, 0, width);
            c->nulls++;
        }
    }
}

/* Move a vector's view `rows` rows on. `first` is a multiple of 64 or positions are given. */
static trueno_status tni_parquet_buffer_column(tni_parquet_writer *w, tni_parquet_column_writer *c,
                                               const tni_vector *vector, uint32_t rows,
                                               const uint16_t *positions, uint32_t n,
                                               tni_error *error) {
    tni_vector flat = *vector;
    bool strings = tni_type_is_string(c->out.type);
    if (!(strings && vector->form == TNI_FORM_DICT)) {
        TNI_TRY(tni_vector_flatten(w->env, vector, rows, &w->scratch, &flat, error));
    }
    if (strings) {
        return tni_parquet_buffer_strings(c, w->memory, &flat, positions, n, w->rows, error);
    }
    tni_parquet_buffer_fixed(c, &flat, positions, n, w->rows);
    return TRUENO_OK;
}

/* ---- footer ---- */

static void tni_parquet_put_struct(tni_text *out, int32_t *last, int32_t id) {
    tni_thrift_put_field(out, last, id, TNI_THRIFT_STRUCT);
}

/* An empty struct as field `id`: the members of unions. */
static void tni_parquet_put_empty(tni_text *out, int32_t *last, int32_t id) {
    tni_parquet_put_struct(out, last, id);
    tni_thrift_put_stop(out);
}

static int32_t tni_parquet_time_unit(tni_type type) {
    return type.id == TRUENO_TYPE_TIMESTAMP_MS ? 1 : type.id == TRUENO_TYPE_TIMESTAMP_NS ? 3 : 2;
}

static void tni_parquet_put_logical(tni_text *out, const tni_parquet_out *column) {
    int32_t union_last = 0, last = 0, unit = 0;
    int64_t bits = 8;
    uint8_t id = column->type.id;
    tni_parquet_put_struct(out, &union_last, column->logical);
    if (column->logical == 5) {
        tni_thrift_put_int(out, &last, 1, TNI_THRIFT_I32, column->type.scale);
        tni_thrift_put_int(out, &last, 2, TNI_THRIFT_I32, column->type.precision);
    } else if (column->logical == 7 || column->logical == 8) {
        tni_thrift_put_bool(out, &last, 1, id == TRUENO_TYPE_TIMESTAMP_TZ);
        tni_parquet_put_struct(out, &last, 2);
        tni_parquet_put_empty(out, &unit, tni_parquet_time_unit(column->type));
        tni_thrift_put_stop(out);
    } else if (column->logical == 10) {
        bool is_unsigned = id >= TRUENO_TYPE_UTINYINT && id <= TRUENO_TYPE_UBIGINT;
        bits <<= id - (is_unsigned ? TRUENO_TYPE_UTINYINT : TRUENO_TYPE_TINYINT);
        tni_thrift_put_int(out, &last, 1, TNI_THRIFT_BYTE, bits);
        tni_thrift_put_bool(out, &last, 2, !is_unsigned);
    }
    tni_thrift_put_stop(out);
    tni_thrift_put_stop(out);
}

static void tni_parquet_put_schema(tni_text *out, const tni_parquet_writer *w) {
    uint32_t i;
    int32_t last = 0;
    tni_thrift_put_bytes(out, &last, 4, "schema", 6);
    tni_thrift_put_int(out, &last, 5, TNI_THRIFT_I32, w->column_count);
    tni_thrift_put_stop(out);
    for (i = 0; i < w->column_count; i++) {
        const tni_parquet_out *column = &w->columns[i].out;
        last = 0;
        tni_thrift_put_int(out, &last, 1, TNI_THRIFT_I32, column->physical);
        if (column->physical == TNI_PARQUET_FIXED) {
            tni_thrift_put_int(out, &last, 2, TNI_THRIFT_I32, column->width);
        }
        tni_thrift_put_int(out, &last, 3, TNI_THRIFT_I32, 1);
        tni_thrift_put_bytes(out, &last, 4, column->name, strlen(column->name));
        if (column->converted >= 0) {
            tni_thrift_put_int(out, &last, 6, TNI_THRIFT_I32, column->converted);
        }
        if (column->type.id == TRUENO_TYPE_DECIMAL) {
            tni_thrift_put_int(out, &last, 7, TNI_THRIFT_I32, column->type.scale);
            tni_thrift_put_int(out, &last, 8, TNI_THRIFT_I32, column->type.precision);
        }
        if (column->logical) {
            tni_thrift_put_field(out, &last, 10, TNI_THRIFT_STRUCT);
            tni_parquet_put_logical(out, column);
        }
        tni_thrift_put_stop(out);
    }
}

/* A bound in the file's form; strings that are long make no statistics. */
static bool tni_parquet_put_bound(tni_text *out, int32_t *last, int32_t id,
                                  const tni_parquet_out *column, const tni_value *v) {
    uint8_t value[16], stored[16];
    if (tni_type_is_string(column->type)) {
        tni_thrift_put_bytes(out, last, id, tni_string_data(&v->as.string), v->as.string.length);
        return true;
    }
    tni_value_store(v, value);
    if (column->physical == TNI_PARQUET_BOOLEAN) {
        tni_thrift_put_bytes(out, last, id, value, 1);
        return true;
    }
    if (!tni_parquet_store(column, value, stored)) {
        return false;
    }
    tni_thrift_put_bytes(out, last, id, stored, column->width);
    return true;
}

static void tni_parquet_put_statistics(tni_text *out, const tni_parquet_column_writer *c,
                                       const tni_parquet_written *written) {
    int32_t last = 0;
    bool bounds = written->has_bounds;
    if (bounds && tni_type_is_string(c->out.type)) {
        bounds = written->min.as.string.length <= 256 && written->max.as.string.length <= 256;
    }
    tni_thrift_put_int(out, &last, 3, TNI_THRIFT_I64, c->nulls);
    if (bounds) {
        (void)tni_parquet_put_bound(out, &last, 5, &c->out, &written->max);
        (void)tni_parquet_put_bound(out, &last, 6, &c->out, &written->min);
        tni_thrift_put_bool(out, &last, 7, true);
        tni_thrift_put_bool(out, &last, 8, true);
    }
    tni_thrift_put_stop(out);
}

static void tni_parquet_put_list_int(tni_text *out, int32_t value) {
    tni_thrift_put_varint(out, (uint64_t)(uint32_t)value << 1); /* zigzag of a natural number */
}

static void tni_parquet_put_chunk(tni_text *out, const tni_parquet_column_writer *c, uint32_t rows,
                                  const tni_parquet_written *written) {
    bool dictionary = written->dictionary_offset != 0;
    uint64_t start = dictionary ? written->dictionary_offset : written->data_offset;
    int32_t last = 0, inner = 0;
    tni_thrift_put_int(out, &last, 2, TNI_THRIFT_I64, (int64_t)start);
    tni_parquet_put_struct(out, &last, 3);
    tni_thrift_put_int(out, &inner, 1, TNI_THRIFT_I32, c->out.physical);
    tni_thrift_put_list(out, &inner, 2, TNI_THRIFT_I32, dictionary ? 3 : 2);
    tni_parquet_put_list_int(out, TNI_PARQUET_PLAIN);
    tni_parquet_put_list_int(out, TNI_PARQUET_RLE);
    if (dictionary) {
        tni_parquet_put_list_int(out, TNI_PARQUET_RLE_DICTIONARY);
    }
    tni_thrift_put_list(out, &inner, 3, TNI_THRIFT_BINARY, 1);
    tni_thrift_put_varint(out, strlen(c->out.name));
    tni_text_add(out, c->out.name);
    tni_thrift_put_int(out, &inner, 4, TNI_THRIFT_I32, written->codec);
    tni_thrift_put_int(out, &inner, 5, TNI_THRIFT_I64, rows);
    tni_thrift_put_int(out, &inner, 6, TNI_THRIFT_I64, (int64_t)written->size);
    tni_thrift_put_int(out, &inner, 7, TNI_THRIFT_I64, (int64_t)written->compressed_size);
    tni_thrift_put_int(out, &inner, 9, TNI_THRIFT_I64, (int64_t)written->data_offset);
    if (dictionary) {
        tni_thrift_put_int(out, &inner, 11, TNI_THRIFT_I64, (int64_t)written->dictionary_offset);
    }
    tni_parquet_put_struct(out, &inner, 12);
    tni_parquet_put_statistics(out, c, written);
    tni_thrift_put_stop(out);
    tni_thrift_put_stop(out);
}

static trueno_status tni_parquet_put_footer(tni_parquet_writer *w, tni_error *error) {
    static const char creator[] = "trueno_db version " TRUENO_VERSION;
    tni_text *out = &w->sink.page;
    int32_t last = 0;
    uint32_t i;
    uint8_t tail[8];
    tni_text_clear(out);
    tni_thrift_put_int(out, &last, 1, TNI_THRIFT_I32, 1);
    tni_thrift_put_list(out, &last, 2, TNI_THRIFT_STRUCT, (size_t)w->column_count + 1);
    tni_parquet_put_schema(out, w);
    tni_thrift_put_int(out, &last, 3, TNI_THRIFT_I64, (int64_t)w->rows_written);
    tni_thrift_put_list(out, &last, 4, TNI_THRIFT_STRUCT, w->group_count);
    if (w->groups.length) {
        tni_text_append(out, w->groups.data, w->groups.length);
    }
    tni_thrift_put_bytes(out, &last, 6, creator, sizeof creator - 1);
    tni_thrift_put_list(out, &last, 7, TNI_THRIFT_STRUCT, w->column_count);
    for (i = 0; i < w->column_count; i++) { /* each in the order of its type */
        int32_t order = 0;
        tni_parquet_put_empty(out, &order, 1);
        tni_thrift_put_stop(out);
    }
    tni_thrift_put_stop(out);
    if (out->failed || w->groups.failed || out->length > UINT32_MAX) {
        return tni_memory_fail(w->memory, out->length, error);
    }
    for (i = 0; i < 4; i++) {
        tail[i] = (uint8_t)(out->length >> (8 * i));
    }
    memcpy(tail + 4, "PAR1", 4);
    TNI_TRY(tni_parquet_sink_write(&w->sink, out->data, out->length, error));
    return tni_parquet_sink_write(&w->sink, tail, 8, error);
}

/* ---- row groups ---- */

static void tni_parquet_column_clear(tni_parquet_column_writer *c, tni_memory *memory) {
    tni_interner_free(&c->interner);
    tni_interner_init(&c->interner, memory);
    c->map_id = 0; /* our codes start anew */
    c->nulls = 0;
    tni_bitmap_fill(c->validity, TNI_PARQUET_GROUP_ROWS, true);
}

static trueno_status tni_parquet_flush_group(tni_parquet_writer *w, tni_error *error) {
    int32_t last = 0;
    uint64_t start = w->sink.offset, size = 0;
    uint32_t i;
    tni_thrift_put_list(&w->groups, &last, 1, TNI_THRIFT_STRUCT, w->column_count);
    for (i = 0; i < w->column_count; i++) {
        tni_parquet_written written;
        TNI_TRY(tni_parquet_column_flush(&w->columns[i], w->rows, &w->sink, &written, error));
        tni_parquet_put_chunk(&w->groups, &w->columns[i], w->rows, &written);
        size += written.size;
        tni_parquet_column_clear(&w->columns[i], w->memory);
    }
    tni_thrift_put_int(&w->groups, &last, 2, TNI_THRIFT_I64, (int64_t)size);
    tni_thrift_put_int(&w->groups, &last, 3, TNI_THRIFT_I64, w->rows);
    tni_thrift_put_int(&w->groups, &last, 5, TNI_THRIFT_I64, (int64_t)start);
    tni_thrift_put_int(&w->groups, &last, 6, TNI_THRIFT_I64, (int64_t)(w->sink.offset - start));
    tni_thrift_put_int(&w->groups, &last, 7, TNI_THRIFT_I16,
                       (int64_t)TNI_MIN(w->group_count, (uint32_t)INT16_MAX));
    tni_thrift_put_stop(&w->groups);
    w->group_count++;
    w->rows_written += w->rows;
    w->rows = 0;
    return w->groups.failed ? tni_memory_fail(w->memory, w->groups.length, error) : TRUENO_OK;
}

static trueno_status tni_parquet_write_rows(tni_parquet_writer *w, const tni_chunk *chunk,
                                            tni_error *error) {
    uint16_t positions[TNI_VECTOR_ROWS];
    uint32_t count = chunk->rows, done = 0, i;
    bool some = chunk->mask != NULL;
    if (some) {
        count = w->env->kernels->mask_positions(chunk->mask, chunk->rows, positions);
    }
    while (done < count) {
        uint32_t n = TNI_MIN(count - done, w->group_rows - w->rows);
        if (!some && n < count) { /* split by row group: name the rows of each part */
            for (i = 0; i < count; i++) {
                positions[i] = (uint16_t)i;
            }
            some = true;
        }
        for (i = 0; i < w->column_count; i++) {
            tni_scratch_reset(&w->scratch);
            TNI_TRY(tni_parquet_buffer_column(w, &w->columns[i], &chunk->columns[i], chunk->rows,
                                              some ? positions + done : NULL, n, error));
        }
        w->rows += n;
        done += n;
        if (w->rows == w->group_rows) {
            TNI_TRY(tni_parquet_flush_group(w, error));
        }
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_parquet_writer_write_chunk(tni_parquet_writer *writer,
                                                    const tni_chunk *chunk, tni_error *error) {
    trueno_status status;
    if (writer->failed || writer->finished || chunk->column_count != writer->column_count ||
        chunk->rows > TNI_VECTOR_ROWS) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "%s: chunk does not fit the writer",
                        writer->sink.path);
    }
    status = tni_parquet_write_rows(writer, chunk, error);
    writer->failed = status != TRUENO_OK;
    return status;
}

TNI_FN trueno_status tni_parquet_writer_finish(tni_parquet_writer *writer, tni_error *error) {
    trueno_status status = TRUENO_OK;
    int code;
    if (writer->failed || writer->finished) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "%s: cannot be finished", writer->sink.path);
    }
    if (writer->rows) {
        status = tni_parquet_flush_group(writer, error);
    }
    if (status == TRUENO_OK) {
        status = tni_parquet_put_footer(writer, error);
    }
    if (status == TRUENO_OK) {
        code = writer->files.close(writer->files.user, writer->sink.handle);
        writer->sink.handle = NULL;
        if (code != 0) {
            status = tni_fail(error, TRUENO_ERROR_IO, "%s: closing failed (%s)",
                              writer->sink.path, tni_files_error_text(code));
        }
    }
    writer->finished = status == TRUENO_OK;
    writer->failed = status != TRUENO_OK;
    return status;
}

/* ---- lifetime ---- */

TNI_FN void tni_parquet_writer_free(tni_parquet_writer *writer) {
    tni_memory *memory;
    uint32_t i;
    if (!writer) {
        return;
    }
    memory = writer->memory;
    if (writer->sink.handle) {
        (void)writer->files.close(writer->files.user, writer->sink.handle);
    }
    if (!writer->finished && writer->created && writer->files.remove) {
        (void)writer->files.remove(writer->files.user, writer->sink.path);
    }
    for (i = 0; writer->columns && i < writer->column_count; i++) {
        tni_parquet_column_writer *c = &writer->columns[i];
        tni_free(memory, c->values, (size_t)TNI_PARQUET_GROUP_ROWS * c->value_width);
        tni_free(memory, c->validity, TNI_PARQUET_GROUP_ROWS / 8);
        tni_free(memory, c->map, c->map_count * sizeof *c->map);
        tni_interner_free(&c->interner);
    }
    tni_free(memory, writer->columns, writer->column_count * sizeof *writer->columns);
    tni_text_free(&writer->groups);
    tni_text_free(&writer->sink.page);
    tni_text_free(&writer->sink.header);
    tni_free(memory, writer->sink.packed, writer->sink.packed_capacity);
    tni_free(memory, writer->sink.gzip, writer->sink.gzip ? sizeof *writer->sink.gzip : 0);
    tni_scratch_free(&writer->scratch);
    tni_arena_free(&writer->arena);
    tni_free(memory, writer, sizeof *writer);
}

static trueno_status tni_parquet_make_columns(tni_parquet_writer *w, const tni_field *fields,
                                              uint32_t count, tni_error *error) {
    size_t total = 0;
    uint32_t i;
    w->columns =
        (tni_parquet_column_writer *)tni_alloc_zero(w->memory, count * sizeof *w->columns);
    if (!w->columns) {
        return tni_memory_fail(w->memory, count * sizeof *w->columns, error);
    }
    w->column_count = count;
    for (i = 0; i < count; i++) {
        tni_parquet_column_writer *c = &w->columns[i];
        const char *name = tni_arena_text(&w->arena, fields[i].name, strlen(fields[i].name));
        bool strings = tni_type_is_string(fields[i].type);
        tni_interner_init(&c->interner, w->memory);
        c->out = tni_parquet_out_type(name, fields[i].type);
        c->value_width = strings ? 4 : tni_type_width(fields[i].type);
        total = (size_t)TNI_PARQUET_GROUP_ROWS * c->value_width;
        c->values = (uint8_t *)tni_alloc(w->memory, total);
        c->validity = (uint64_t *)tni_alloc(w->memory, TNI_PARQUET_GROUP_ROWS / 8);
        if (!name || !c->values || !c->validity) {
            return tni_memory_fail(w->memory, total, error);
        }
        tni_parquet_column_clear(c, w->memory);
    }
    return TRUENO_OK;
}

static trueno_status tni_parquet_writer_open(tni_parquet_writer *w, const char *path,
                                             const tni_field *fields, uint32_t field_count,
                                             tni_error *error) {
    int code;
    if (field_count == 0 || field_count > INT32_MAX) {
        return tni_fail(error, TRUENO_ERROR_INVALID, "%s: a Parquet file needs a column", path);
    }
    TNI_TRY(tni_parquet_make_columns(w, fields, field_count, error));
    w->sink.path = tni_arena_text(&w->arena, path, strlen(path));
    if (!w->sink.path) {
        return tni_memory_fail(w->memory, strlen(path), error);
    }
    code = w->files.open(w->files.user, path, TRUENO_FILE_WRITE, &w->sink.handle);
    if (code != 0) {
        w->sink.handle = NULL;
        return tni_fail(error, TRUENO_ERROR_IO, "%s: cannot be written (%s)", path,
                        tni_files_error_text(code));
    }
    w->created = true;
    return tni_parquet_sink_write(&w->sink, "PAR1", 4, error);
}

TNI_FN void tni_parquet_writer_limit_groups(tni_parquet_writer *writer, uint64_t rows) {
    writer->group_rows = (uint32_t)TNI_MIN(TNI_MAX(rows, 1u), TNI_PARQUET_GROUP_ROWS);
}

TNI_FN bool tni_parquet_writer_codec(const char *name, uint8_t *out) {
    if (tni_name_equal(name, "snappy")) {
        *out = TNI_PARQUET_SNAPPY;
    } else if (tni_name_equal(name, "gzip")) {
        *out = TNI_PARQUET_GZIP;
    } else if (tni_name_equal(name, "uncompressed") || tni_name_equal(name, "none")) {
        *out = TNI_PARQUET_UNCOMPRESSED;
    } else {
        return false;
    }
    return true;
}

TNI_FN void tni_parquet_writer_set_codec(tni_parquet_writer *writer, uint8_t codec) {
    writer->sink.codec = codec;
}

TNI_FN trueno_status tni_parquet_writer_new(tni_env *env, const char *path,
                                            const tni_field *fields, uint32_t field_count,
                                            tni_parquet_writer **out, tni_error *error) {
    tni_parquet_writer *w = (tni_parquet_writer *)tni_alloc_zero(env->memory, sizeof *w);
    trueno_status status;
    *out = NULL;
    if (!w) {
        return tni_memory_fail(env->memory, sizeof *w, error);
    }
    w->sink.codec = TNI_PARQUET_SNAPPY;
    w->env = env;
    w->memory = env->memory;
    w->group_rows = TNI_PARQUET_GROUP_ROWS;
    w->files = *env->files;
    w->sink.files = &w->files;
    w->sink.memory = env->memory;
    tni_arena_init(&w->arena, env->memory);
    tni_scratch_init(&w->scratch, env->memory);
    tni_text_init(&w->groups, env->memory);
    tni_text_init(&w->sink.page, env->memory);
    tni_text_init(&w->sink.header, env->memory);
    status = tni_parquet_writer_open(w, path, fields, field_count, error);
    if (status != TRUENO_OK) {
        tni_parquet_writer_free(w);
        return status;
    }
    *out = w;
    return TRUENO_OK;
}
