/*
 * csv_writer.c - chunks as CSV.
 *
 * A field is quoted when it holds the delimiter, a quote or a newline, when it would read as
 * NULL, or when it opens like a comment; the empty text is "" and NULL is nothing. Numbers are
 * only checked when the delimiter could occur in them.
 *
 * Uses: text_writer.h, datetime.
 */
#include "format/text/text_writer.h"

TNI_FN void tni_csv_write_options_init(tni_csv_write_options *options) {
    memset(options, 0, sizeof *options);
    options->delimiter[0] = ',';
    options->quote = '"';
    options->escape = '"';
    options->null_text = "";
}

/* -------------------------------------------------------------------------------- options --- */

static trueno_status tni_csv_write_text(tni_arena *arena, const char *name,
                                        const tni_value *value, const char **out,
                                        tni_error *error) {
    if (value == NULL || value->is_null || !tni_type_is_string(value->type)) {
        return tni_fail(error, TRUENO_ERROR_BINDER, "option %s: a text expected", name);
    }
    *out = tni_arena_text(arena, (const char *)tni_string_data(&value->as.string),
                          value->as.string.length);
    return *out != NULL ? TRUENO_OK : tni_fail_memory(error, value->as.string.length);
}

static trueno_status tni_csv_write_force(tni_csv_write_options *options, tni_arena *arena,
                                         const tni_csv_setting *value, tni_error *error) {
    uint32_t i;
    if (value->count == 1 && !value->is_list) {
        const char *text;
        TNI_TRY(tni_csv_write_text(arena, "force_quote", value->items, &text, error));
        if (strcmp(text, "*") == 0) {
            options->quote_all = true;
            return TRUENO_OK;
        }
    }
    options->quote_columns =
        (const char **)tni_arena_alloc(arena, TNI_MAX(value->count, 1u) * sizeof(char *));
    if (options->quote_columns == NULL) {
        return tni_fail_memory(error, value->count * sizeof(char *));
    }
    for (i = 0; i < value->count; i++) {
        TNI_TRY(tni_csv_write_text(arena, "force_quote", &value->items[i],
                                   &options->quote_columns[i], error));
    }
    options->quote_column_count = value->count;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_csv_write_option(tni_csv_write_options *options, tni_arena *arena,
                                          const char *name, const tni_csv_setting *value,
                                          tni_error *error) {
    /* what reading and writing share is parsed by the reader's table */
    static const char *const shared[] = {"delim",      "sep",         "delimiter",
                                         "quote",      "escape",      "header",
                                         "nullstr",    "null",        "dateformat",
                                         "date_format", "timestampformat", "timestamp_format"};
    tni_csv_options parsed;
    size_t i;
    if (tni_name_equal(name, "force_quote")) {
        return tni_csv_write_force(options, arena, value, error);
    }
    if (tni_name_equal(name, "compression")) {
        const char *text = "";
        TNI_TRY(tni_csv_write_text(arena, name, value->count > 0 ? value->items : NULL, &text,
                                   error));
        return tni_name_equal(text, "none") || tni_name_equal(text, "auto") ||
                       tni_name_equal(text, "uncompressed")
                   ? TRUENO_OK
                   : tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                              "option compression: writing \"%s\" is not supported", text);
    }
    for (i = 0; i < TNI_COUNT_OF(shared) && !tni_name_equal(name, shared[i]); i++) {
    }
    if (i == TNI_COUNT_OF(shared)) {
        tni_hint hint = tni_hint_of(name);
        for (i = 0; i < TNI_COUNT_OF(shared); i++) {
            tni_hint_offer(&hint, shared[i]);
        }
        tni_hint_offer(&hint, "format");
        tni_hint_offer(&hint, "compression");
        tni_hint_offer(&hint, "force_quote");
        return tni_fail(error, TRUENO_ERROR_BINDER,
                        "writing CSV has no option \"%s\"" TNI_HINT_FORMAT, name,
                        TNI_HINT_ARGUMENTS(hint));
    }
    tni_csv_options_init(&parsed, arena);
    TNI_TRY(tni_csv_option(&parsed, name, value, error));
    if (parsed.delimiter[0] != '\0') {
        memcpy(options->delimiter, parsed.delimiter, sizeof options->delimiter);
    }
    if (parsed.quote_set) {
        options->escape = options->escape == options->quote ? parsed.quote : options->escape;
        options->quote = parsed.quote;
    }
    if (parsed.escape_set) {
        options->escape = parsed.escape;
    }
    if (parsed.header != TNI_CSV_DETECT) {
        options->no_header = parsed.header == TNI_CSV_NO;
    }
    if (parsed.null_set && parsed.null_count > 0) {
        options->null_text = parsed.null_strings[0];
    }
    options->date_format = parsed.date_format ? parsed.date_format : options->date_format;
    options->timestamp_format =
        parsed.timestamp_format ? parsed.timestamp_format : options->timestamp_format;
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------------- fields --- */

static bool tni_csv_write_needs_quotes(const tni_csv_write_options *options, const char *p,
                                       size_t length) {
    size_t i;
    if (length == 0 || p[0] == '#') {
        return true;
    }
    for (i = 0; i < length; i++) {
        char c = p[i];
        if (c == options->delimiter[0] || c == options->quote || c == '\n' || c == '\r') {
            return true;
        }
    }
    return length == strlen(options->null_text) && memcmp(p, options->null_text, length) == 0;
}

static trueno_status tni_csv_write_field(const tni_csv_write_options *options, const char *p,
                                         size_t length, bool force, tni_text *out,
                                         tni_error *error) {
    char escape = options->escape != '\0' ? options->escape : options->quote;
    size_t i, from = 0;
    if (!force && !tni_csv_write_needs_quotes(options, p, length)) {
        tni_text_append(out, p, length);
        return TRUENO_OK;
    }
    if (options->quote == '\0') {
        if (length == 0 || (p[0] != '#' && memchr(p, options->delimiter[0], length) == NULL &&
                            memchr(p, '\n', length) == NULL && memchr(p, '\r', length) == NULL)) {
            tni_text_append(out, p, length);
            return TRUENO_OK;
        }
        return tni_fail(error, TRUENO_ERROR_INVALID,
                        "a value holds the delimiter or a newline, but quote is empty");
    }
    tni_text_char(out, options->quote);
    for (i = 0; i < length; i++) {
        if (p[i] == options->quote || p[i] == escape) {
            tni_text_append(out, p + from, i - from);
            tni_text_char(out, escape);
            from = i;
        }
    }
    tni_text_append(out, p + from, length - from);
    tni_text_char(out, options->quote);
    return TRUENO_OK;
}

TNI_FN void tni_csv_write_names(const tni_csv_write_options *options, const char *const *names,
                                uint32_t count, tni_text *out) {
    uint32_t i;
    for (i = 0; i < count; i++) {
        if (i > 0) {
            tni_text_add(out, options->delimiter);
        }
        /* without quotes an odd name is written as it is */
        if (tni_csv_write_field(options, names[i], strlen(names[i]), options->quote_all, out,
                                NULL) != TRUENO_OK) {
            tni_text_add(out, names[i]);
        }
    }
    tni_text_char(out, '\n');
}

/* A date or timestamp under a given form; false when the type has none. */
static trueno_status tni_csv_write_formatted(const tni_csv_write_options *options, tni_type type,
                                             const void *cell, tni_text *out, bool *done,
                                             tni_error *error) {
    tni_value value;
    *done = false;
    if (type.id == TRUENO_TYPE_DATE && options->date_format != NULL) {
        value = tni_value_load(type, cell);
        *done = true;
        return tni_format_timestamp(value.as.integer * TNI_US_PER_DAY, options->date_format,
                                    strlen(options->date_format), out, error);
    }
    if ((type.id == TRUENO_TYPE_TIMESTAMP || type.id == TRUENO_TYPE_TIMESTAMP_TZ) &&
        options->timestamp_format != NULL) {
        value = tni_value_load(type, cell);
        *done = true;
        return tni_format_timestamp(value.as.integer, options->timestamp_format,
                                    strlen(options->timestamp_format), out, error);
    }
    return TRUENO_OK;
}

/* Characters that printed numbers, dates and times may hold. */
static bool tni_csv_write_is_plain_type(const tni_csv_write_options *options, tni_type type) {
    char c = options->delimiter[0];
    bool in_values = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' ||
                     c == '.' || c == ':' || c == ' ';
    return !in_values && !tni_type_is_string(type) && options->date_format == NULL &&
           options->timestamp_format == NULL && options->null_text[0] == '\0';
}

typedef struct tni_csv_write_column {
    const tni_vector *vector;
    bool force, plain;
} tni_csv_write_column;

static trueno_status tni_csv_write_cell(const tni_csv_write_options *options,
                                        const tni_csv_write_column *column, uint32_t row,
                                        tni_text *scratch, tni_text *out, tni_error *error) {
    const tni_vector *vector = column->vector;
    uint64_t storage[2];
    const void *cell = tni_text_cell(vector, row, storage);
    bool done = false;
    if (cell == NULL) {
        tni_text_add(out, options->null_text);
        return TRUENO_OK;
    }
    if (vector->type.id == TRUENO_TYPE_VARCHAR) {
        tni_string s;
        memcpy(&s, cell, sizeof s);
        return tni_csv_write_field(options, (const char *)tni_string_data(&s), s.length,
                                   column->force, out, error);
    }
    if (column->plain && !column->force) {
        if (vector->type.id == TRUENO_TYPE_BIGINT || vector->type.id == TRUENO_TYPE_DOUBLE) {
            char digits[32];
            size_t length;
            if (vector->type.id == TRUENO_TYPE_BIGINT) {
                int64_t v;
                memcpy(&v, cell, sizeof v);
                length = tni_print_i64(v, digits);
            } else {
                double v;
                memcpy(&v, cell, sizeof v);
                length = tni_print_double(v, digits);
            }
            tni_text_append(out, digits, length);
        } else {
            tni_type_print_value(vector->type, cell, out);
        }
        return TRUENO_OK;
    }
    tni_text_clear(scratch);
    TNI_TRY(tni_csv_write_formatted(options, vector->type, cell, scratch, &done, error));
    if (!done) {
        tni_type_print_value(vector->type, cell, scratch);
    }
    if (scratch->failed) {
        return tni_fail_memory(error, 64);
    }
    return tni_csv_write_field(options, scratch->length > 0 ? scratch->data : "", scratch->length,
                               column->force, out, error);
}

static bool tni_csv_write_is_forced(const tni_csv_write_options *options, const char *name) {
    uint32_t i;
    for (i = 0; name != NULL && i < options->quote_column_count; i++) {
        if (tni_name_equal(options->quote_columns[i], name)) {
            return true;
        }
    }
    return options->quote_all;
}

TNI_FN trueno_status tni_csv_write_chunk(const tni_csv_write_options *options,
                                         const char *const *names, const tni_chunk *chunk,
                                         tni_text *out, tni_error *error) {
    size_t bytes = chunk->column_count * sizeof(tni_csv_write_column);
    tni_csv_write_column *columns;
    trueno_status status = TRUENO_OK;
    tni_text scratch;
    uint32_t row, c;
    if (chunk->column_count == 0) {
        return TRUENO_OK;
    }
    columns = (tni_csv_write_column *)tni_alloc(out->memory, bytes);
    if (columns == NULL) {
        return tni_memory_fail(out->memory, bytes, error);
    }
    tni_text_init(&scratch, out->memory);
    for (c = 0; c < chunk->column_count; c++) {
        columns[c].vector = &chunk->columns[c];
        columns[c].force = tni_csv_write_is_forced(options, names != NULL ? names[c] : NULL);
        columns[c].plain = tni_csv_write_is_plain_type(options, chunk->columns[c].type);
    }
    for (row = tni_text_next_row(chunk, 0); status == TRUENO_OK && row < chunk->rows;
         row = tni_text_next_row(chunk, row + 1)) {
        for (c = 0; status == TRUENO_OK && c < chunk->column_count; c++) {
            if (c > 0) {
                tni_text_add(out, options->delimiter);
            }
            status = tni_csv_write_cell(options, &columns[c], row, &scratch, out, error);
        }
        tni_text_char(out, '\n');
    }
    tni_text_free(&scratch);
    tni_free(out->memory, columns, bytes);
    if (status == TRUENO_OK && out->failed) {
        return tni_fail_memory(error, out->length);
    }
    return status;
}
