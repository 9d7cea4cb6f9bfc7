/*
 * json_writer.c - chunks as JSON objects, one a line or in an array.
 *
 * Numbers and decimals are written as they print, booleans as words, NULL as null, everything
 * else as a string. NaN and the infinities have no form in JSON: they are written as DuckDB
 * writes them (NaN, Infinity), or as null when asked.
 *
 * Uses: text_writer.h.
 */
#include "format/text/text_writer.h"

#include "base/math.h"

/* The escape of a byte below 0x20, a quote or a backslash. */
static void tni_json_write_escape(uint8_t c, tni_text *out) {
    static const char short_forms[] = "btn\0fr"; /* 0x08 to 0x0d but 0x0b */
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', '0', '0', '0', '0'};
    if (c == '"' || c == '\\') {
        text[1] = (char)c;
        tni_text_append(out, text, 2);
    } else if (c >= 8 && c <= 13 && short_forms[c - 8] != '\0') {
        text[1] = short_forms[c - 8];
        tni_text_append(out, text, 2);
    } else {
        text[4] = hex[c >> 4];
        text[5] = hex[c & 15];
        tni_text_append(out, text, 6);
    }
}

TNI_FN void tni_json_write_string(const void *data, size_t length, tni_text *out) {
    const uint8_t *p = (const uint8_t *)data;
    size_t i, from = 0;
    tni_text_char(out, '"');
    for (i = 0; i < length; i++) {
        if (p[i] < 0x20 || p[i] == '"' || p[i] == '\\') {
            tni_text_append(out, p + from, i - from);
            tni_json_write_escape(p[i], out);
            from = i + 1;
        }
    }
    if (length > from) {
        tni_text_append(out, p + from, length - from);
    }
    tni_text_char(out, '"');
}

static void tni_json_write_number(const tni_json_write_options *options, tni_type type,
                                  const void *cell, tni_text *out) {
    tni_value value;
    if (tni_type_is_float(type)) {
        value = tni_value_load(type, cell);
        if (!tni_is_finite(value.as.number)) {
            tni_text_add(out, options->nonfinite_null            ? "null"
                              : tni_is_nan(value.as.number)      ? "NaN"
                              : value.as.number < 0              ? "-Infinity"
                                                                 : "Infinity");
            return;
        }
    }
    tni_type_print_value(type, cell, out);
}

static void tni_json_write_cell(const tni_json_write_options *options, const tni_vector *vector,
                                uint32_t row, tni_text *scratch, tni_text *out) {
    uint64_t storage[2];
    const void *cell = tni_text_cell(vector, row, storage);
    if (cell == NULL || vector->type.id == TRUENO_TYPE_NULL) {
        tni_text_add(out, "null");
    } else if (vector->type.id == TRUENO_TYPE_VARCHAR) {
        tni_string s;
        memcpy(&s, cell, sizeof s);
        tni_json_write_string(tni_string_data(&s), s.length, out);
    } else if (tni_type_is_numeric(vector->type)) {
        tni_json_write_number(options, vector->type, cell, out);
    } else if (vector->type.id == TRUENO_TYPE_BOOLEAN) {
        tni_text_add(out, *(const uint8_t *)cell ? "true" : "false");
    } else {
        tni_text_clear(scratch);
        tni_type_print_value(vector->type, cell, scratch);
        tni_json_write_string(scratch->length > 0 ? scratch->data : "", scratch->length, out);
        out->failed = out->failed || scratch->failed;
    }
}

TNI_FN void tni_json_write_begin(const tni_json_write_options *options, tni_text *out) {
    if (options->array) {
        tni_text_add(out, "[\n");
    }
}

TNI_FN trueno_status tni_json_write_chunk(const tni_json_write_options *options,
                                          const char *const *names, const tni_chunk *chunk,
                                          uint64_t *rows, tni_text *out, tni_error *error) {
    tni_text scratch, keys; /* keys: `{"a":` or `,"b":` for each column */
    size_t bytes = (chunk->column_count + (size_t)1) * sizeof(size_t);
    size_t *ends = (size_t *)tni_alloc(out->memory, bytes);
    uint32_t row, c;
    if (ends == NULL) {
        return tni_memory_fail(out->memory, bytes, error);
    }
    tni_text_init(&scratch, out->memory);
    tni_text_init(&keys, out->memory);
    ends[0] = 0;
    for (c = 0; c < chunk->column_count; c++) {
        tni_text_char(&keys, c == 0 ? '{' : ',');
        tni_json_write_string(names[c], strlen(names[c]), &keys);
        tni_text_char(&keys, ':');
        ends[c + 1] = keys.length;
    }
    out->failed = out->failed || keys.failed;
    for (row = tni_text_next_row(chunk, 0); row < chunk->rows && !out->failed;
         row = tni_text_next_row(chunk, row + 1)) {
        if (options->array) {
            tni_text_add(out, *rows > 0 ? ",\n\t" : "\t");
        }
        for (c = 0; c < chunk->column_count; c++) {
            tni_text_append(out, keys.data + ends[c], ends[c + 1] - ends[c]);
            tni_json_write_cell(options, &chunk->columns[c], row, &scratch, out);
        }
        tni_text_add(out, chunk->column_count == 0 ? "{}" : "}");
        if (!options->array) {
            tni_text_char(out, '\n');
        }
        (*rows)++;
    }
    tni_text_free(&scratch);
    tni_text_free(&keys);
    tni_free(out->memory, ends, bytes);
    return out->failed ? tni_fail_memory(error, out->length) : TRUENO_OK;
}

TNI_FN void tni_json_write_end(const tni_json_write_options *options, uint64_t rows,
                               tni_text *out) {
    if (options->array) {
        tni_text_add(out, rows > 0 ? "\n]\n" : "]\n");
    }
}
