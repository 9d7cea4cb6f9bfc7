/*
 * table_columns.c - the host's arrays as a table.
 *
 * Fixed-width arrays stay where they are: each row group's segment is PLAIN and points into them.
 * Validity bytes become words of our own, text goes through a table builder (shared dictionary or
 * offset strings), and what the engine could not read in place (booleans other than 0 and 1,
 * addresses no typed load may use) is copied. Zones are computed when first asked for.
 */
#include "column/table_builder.h"

/* One column while its segments are made. */
typedef struct tni_host_column {
    const tni_env *env;
    const trueno_column *column;
    tni_type type;
    uint64_t rows;
    const uint8_t *data;
    tni_buffer *data_buffer; /* when the data was copied */
    tni_buffer *validity;    /* words; NULL = no NULLs */
} tni_host_column;

/* -------------------------------------------------------------------------------- checking --- */

static trueno_status tni_host_check_column(const trueno_column *column, uint64_t rows,
                                           tni_type *type, tni_error *error) {
    if (!column->name) {
        return tni_fail(error, TRUENO_ERROR_MISUSE, "a column without a name");
    }
    if ((int)column->type < 0 || column->type >= TRUENO_TYPE_COUNT) {
        return tni_fail(error, TRUENO_ERROR_MISUSE, "column \"%s\": type %d does not exist",
                        column->name, (int)column->type);
    }
    if (rows && !column->data && column->type != TRUENO_TYPE_NULL) {
        return tni_fail(error, TRUENO_ERROR_MISUSE, "column \"%s\": data is NULL", column->name);
    }
    *type = tni_type_make(column->type);
    if (column->type == TRUENO_TYPE_DECIMAL) {
        if (column->precision < 1 || column->precision > 38 || column->scale > column->precision) {
            return tni_fail(error, TRUENO_ERROR_MISUSE,
                            "column \"%s\": DECIMAL(%u,%u) does not exist", column->name,
                            column->precision, column->scale);
        }
        *type = tni_type_decimal(column->precision, column->scale);
    }
    if (rows > SIZE_MAX / 16) {
        return tni_fail(error, TRUENO_ERROR_MISUSE, "column \"%s\": too many rows", column->name);
    }
    return TRUENO_OK;
}

static trueno_status tni_host_check(const trueno_column *columns, uint32_t count, uint64_t rows,
                                    tni_field *fields, tni_error *error) {
    uint32_t c;
    for (c = 0; c < count; c++) {
        TNI_TRY(tni_host_check_column(&columns[c], rows, &fields[c].type, error));
        fields[c].name = columns[c].name;
        fields[c].not_null = false;
    }
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------------- copying --- */

/* Validity bytes as words whose tail bits are zero. */
static trueno_status tni_host_copy_validity(tni_host_column *host, tni_error *error) {
    size_t rows = (size_t)host->rows, size = tni_bitmap_words(rows) * 8, i;
    uint64_t *words;
    if (!host->column->validity || !rows) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_buffer_new(host->env->memory, size, &host->validity, error));
    words = (uint64_t *)(void *)host->validity->data;
    for (i = 0; i < rows / 64; i++) {
        const uint8_t *b = host->column->validity + i * 8;
        words[i] = (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 |
                   (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 |
                   (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
    }
    if (rows % 64) {
        words[rows / 64] = 0;
        for (i = rows / 64 * 8; i * 8 < rows; i++) {
            words[i / 8] |= (uint64_t)host->column->validity[i] << (i % 8 * 8);
        }
        words[rows / 64] &= tni_low_bits((uint32_t)(rows % 64));
    }
    return TRUENO_OK;
}

static bool tni_host_is_aligned(const tni_host_column *host) {
    size_t width = TNI_MIN(tni_type_width(host->type), 8u);
    if (host->type.id == TRUENO_TYPE_INTERVAL) {
        width = sizeof(int64_t);
    }
    return (uintptr_t)host->data % width == 0;
}

static bool tni_host_is_bytes_of_0_1(const uint8_t *bytes, size_t count) {
    size_t i, whole = count / 64 * 64;
    uint8_t any = 0;
    for (i = 0; i < whole; i += 64) {
        size_t k;
        for (k = 0; k < 64; k++) {
            any |= bytes[i + k];
        }
        if (any > 1) {
            return false;
        }
    }
    for (; i < count; i++) {
        any |= bytes[i];
    }
    return any <= 1;
}

/* Make `data` something the engine can read: in place if at all possible. */
static trueno_status tni_host_settle_data(tni_host_column *host, tni_error *error) {
    bool boolean = host->type.id == TRUENO_TYPE_BOOLEAN;
    size_t rows = (size_t)host->rows, i;
    bool in_place =
        boolean ? tni_host_is_bytes_of_0_1(host->data, rows) : tni_host_is_aligned(host);
    if (in_place || !rows) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_buffer_new(host->env->memory, rows * tni_type_width(host->type), &host->data_buffer,
                           error));
    if (boolean) {
        for (i = 0; i < rows; i++) {
            host->data_buffer->data[i] = host->data[i] != 0;
        }
    } else {
        memcpy(host->data_buffer->data, host->data, rows * tni_type_width(host->type));
    }
    host->data = host->data_buffer->data;
    return TRUENO_OK;
}

/* -------------------------------------------------------------------------------- segments --- */

static trueno_status tni_host_fixed_column(tni_host_column *host, tni_table *table, uint32_t field,
                                           tni_error *error) {
    trueno_status status = tni_host_settle_data(host, error);
    size_t width = tni_type_width(host->type), g;
    for (g = 0; g < table->group_count && status == TRUENO_OK; g++) {
        tni_row_group *group = table->groups[g];
        const uint8_t *data = host->data ? host->data + g * TNI_SEGMENT_ROWS * width : NULL;
        status = tni_segment_in_place(host->env->memory, host->type, group->rows, data,
                                      host->data_buffer, host->validity,
                                      g * (TNI_SEGMENT_ROWS / 64), &group->segments[field], error);
    }
    tni_buffer_release(host->data_buffer);
    return status;
}

/* ------------------------------------------------------------------------------------ text --- */

/* Rows [first, first + count) as views; NULL pointers are NULLs. */
static trueno_status tni_host_views(const tni_host_column *host, uint64_t first, uint32_t count,
                                    tni_string *views, uint64_t *validity, tni_error *error) {
    const uint64_t *words =
        host->validity ? (const uint64_t *)(const void *)host->validity->data : NULL;
    bool blob = host->type.id == TRUENO_TYPE_BLOB;
    uint32_t i;
    for (i = 0; i < count; i++) {
        size_t row = (size_t)first + i, length;
        const char *text = blob ? ((const trueno_text *)(const void *)host->data)[row].data
                                : ((const char *const *)(const void *)host->data)[row];
        memset(&views[i], 0, sizeof views[i]);
        if (!text || (words && !tni_bit_get(words, row))) {
            tni_bit_clear(validity, i);
            continue;
        }
        length = blob ? ((const trueno_text *)(const void *)host->data)[row].length : strlen(text);
        if (length > UINT32_MAX) {
            return tni_fail(error, TRUENO_ERROR_LIMIT,
                            "column \"%s\", row %llu: more than 4 GiB in one value",
                            host->column->name, (unsigned long long)row);
        }
        if (!blob && !tni_utf8_valid(text, length)) {
            return tni_fail(error, TRUENO_ERROR_INVALID, "column \"%s\", row %llu: not valid UTF-8",
                            host->column->name, (unsigned long long)row);
        }
        tni_bit_set(validity, i);
        views[i] = tni_string_make(text, length);
    }
    return TRUENO_OK;
}

static trueno_status tni_host_feed(const tni_host_column *host, tni_table_builder *builder,
                                   tni_error *error) {
    tni_string views[TNI_VECTOR_ROWS / 8]; /* 4 KiB of stack */
    uint64_t validity[TNI_VECTOR_WORDS / 8];
    uint64_t row = 0;
    tni_vector vector;
    tni_chunk chunk;
    memset(&vector, 0, sizeof vector);
    vector.type = host->type;
    vector.form = TNI_FORM_FLAT;
    vector.data = views;
    vector.validity = validity;
    memset(&chunk, 0, sizeof chunk);
    chunk.column_count = 1;
    chunk.columns = &vector;
    while (row < host->rows) {
        uint32_t count = (uint32_t)TNI_MIN(host->rows - row, (uint64_t)TNI_COUNT_OF(views));
        memset(validity, 0, sizeof validity);
        TNI_TRY(tni_host_views(host, row, count, views, validity, error));
        chunk.rows = count;
        chunk.active = count;
        chunk.order = row / TNI_SEGMENT_ROWS;
        chunk.first_row = (uint32_t)(row % TNI_SEGMENT_ROWS);
        if (chunk.first_row == 0) {
            TNI_TRY(tni_env_check(host->env, error));
        }
        TNI_TRY(tni_table_builder_append(builder, 0, &chunk, error));
        row += count;
    }
    return TRUENO_OK;
}

static trueno_status tni_host_text_column(tni_host_column *host, tni_env *env, tni_table *table,
                                          uint32_t field, tni_error *error) {
    tni_table_builder *builder;
    tni_table *text;
    trueno_status status;
    size_t g;
    TNI_TRY(tni_table_builder_new_by_order(env, host->column->name, &table->source.fields[field], 1,
                                           &builder, error));
    status = tni_host_feed(host, builder, error);
    if (status != TRUENO_OK) {
        tni_table_builder_free(builder);
        return status;
    }
    TNI_TRY(tni_table_builder_finish(builder, NULL, &text, error));
    for (g = 0; g < table->group_count; g++) {
        table->groups[g]->segments[field] = tni_segment_retain(text->groups[g]->segments[0]);
    }
    tni_source_release(&text->source);
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------------------- table --- */

static trueno_status tni_host_make_groups(tni_table *table, uint32_t count, uint64_t rows,
                                          tni_error *error) {
    while (rows) {
        uint32_t n = (uint32_t)TNI_MIN(rows, (uint64_t)TNI_SEGMENT_ROWS);
        tni_row_group *group;
        TNI_TRY(tni_row_group_new(table->memory, n, count, &group, error));
        TNI_TRY(tni_table_add_group(table, group, error));
        rows -= n;
    }
    return TRUENO_OK;
}

static trueno_status tni_host_fill(tni_env *env, tni_table *table, const trueno_column *columns,
                                   uint32_t count, uint64_t rows, tni_error *error) {
    uint32_t c;
    TNI_TRY(tni_host_make_groups(table, count, rows, error));
    for (c = 0; c < count; c++) {
        tni_host_column host;
        trueno_status status;
        memset(&host, 0, sizeof host);
        host.env = env;
        host.column = &columns[c];
        host.type = table->source.fields[c].type;
        host.rows = rows;
        host.data = (const uint8_t *)columns[c].data;
        TNI_TRY(tni_env_check(env, error));
        status = tni_host_copy_validity(&host, error);
        if (status == TRUENO_OK) {
            status = tni_type_is_string(host.type)
                         ? tni_host_text_column(&host, env, table, c, error)
                         : tni_host_fixed_column(&host, table, c, error);
        }
        tni_buffer_release(host.validity);
        TNI_TRY(status);
    }
    return tni_table_seal(table, error);
}

TNI_FN trueno_status tni_table_from_columns(tni_env *env, const char *name,
                                            const trueno_column *columns, uint32_t count,
                                            uint64_t rows, tni_table **out, tni_error *error) {
    size_t size = count * sizeof(tni_field);
    tni_field *fields;
    tni_table *table = NULL;
    trueno_status status;
    *out = NULL;
    if (!count || !columns) {
        return tni_fail(error, TRUENO_ERROR_MISUSE, "table \"%s\": no columns", name);
    }
    if (env->limits && env->limits->columns && count > env->limits->columns) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "table \"%s\": %u columns, the limit is %u",
                        name, count, env->limits->columns);
    }
    fields = (tni_field *)tni_alloc_zero(env->memory, size);
    if (!fields) {
        return tni_memory_fail(env->memory, size, error);
    }
    status = tni_host_check(columns, count, rows, fields, error);
    if (status == TRUENO_OK) {
        status = tni_table_new(env, name, fields, count, &table, error);
    }
    if (status == TRUENO_OK) {
        status = tni_host_fill(env, table, columns, count, rows, error);
    }
    tni_free(env->memory, fields, size);
    if (status != TRUENO_OK) {
        tni_source_release(table ? &table->source : NULL);
        return status;
    }
    *out = table;
    return TRUENO_OK;
}
