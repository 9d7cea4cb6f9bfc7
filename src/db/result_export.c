/*
 * result_export.c - a whole result as CSV or JSON text.
 *
 * Blocks are shown to the text writers as chunks of flat vectors. The text is cut to its exact
 * size, which is what trueno_text_free gives back to the account.
 */
#include "db/result.h"
#include "format/text/text_writer.h"

typedef trueno_status tni_result_writer(void *state, const trueno_result *result,
                                        const tni_chunk *chunk, tni_text *out, tni_error *error);

static void tni_result_block_chunk(const trueno_result *result, const tni_block *block,
                                   tni_vector *vectors, tni_chunk *chunk) {
    uint32_t c;
    memset(chunk, 0, sizeof *chunk);
    chunk->rows = block->rows;
    chunk->active = block->rows;
    chunk->column_count = result->rows->column_count;
    chunk->columns = vectors;
    for (c = 0; c < chunk->column_count; c++) {
        memset(&vectors[c], 0, sizeof vectors[c]);
        vectors[c].type = result->rows->types[c];
        vectors[c].form = TNI_FORM_FLAT;
        vectors[c].data = block->data[c];
        vectors[c].validity = block->validity[c];
    }
}

static trueno_status tni_result_write_blocks(const trueno_result *result, tni_result_writer *writer,
                                             void *state, tni_text *out, tni_error *error) {
    size_t size = (size_t)result->rows->column_count * sizeof(tni_vector) + 1, b;
    tni_vector *vectors = (tni_vector *)tni_alloc(result->memory, size);
    trueno_status status = TRUENO_OK;
    if (!vectors) {
        return tni_memory_cause(result->memory);
    }
    for (b = 0; b < result->rows->block_count && status == TRUENO_OK; b++) {
        tni_chunk chunk;
        tni_result_block_chunk(result, result->rows->blocks[b], vectors, &chunk);
        status = writer(state, result, &chunk, out, error);
    }
    tni_free(result->memory, vectors, size);
    return status;
}

/* Hand the text over, cut to size; it is freed here when that is not to be. */
static trueno_status tni_result_give_text(trueno_result *result, trueno_status status,
                                          tni_text *text, char **out, size_t *length) {
    char *cut = NULL;
    if ((status == TRUENO_OK && text->failed) || status == TRUENO_ERROR_MEMORY) {
        status = tni_memory_cause(result->memory);
    }
    if (status == TRUENO_OK) {
        cut = (char *)tni_alloc(result->memory, text->length + 1);
        if (cut) {
            memcpy(cut, text->data ? text->data : "", text->length);
            cut[text->length] = '\0';
            *out = cut;
            *length = text->length;
        } else {
            status = tni_memory_cause(result->memory);
        }
    }
    tni_text_free(text);
    return status;
}

static trueno_status tni_result_check_export(const trueno_result *result, char **out,
                                             size_t *length) {
    if (!out || !length) {
        return TRUENO_ERROR_MISUSE;
    }
    *out = NULL;
    *length = 0;
    if (trueno_result_status(result) != TRUENO_OK) {
        return trueno_result_status(result);
    }
    return result->rows ? TRUENO_OK : TRUENO_ERROR_MISUSE;
}

static trueno_status tni_result_write_csv(void *state, const trueno_result *result,
                                          const tni_chunk *chunk, tni_text *out, tni_error *error) {
    const tni_csv_write_options *options = (const tni_csv_write_options *)state;
    return tni_csv_write_chunk(options, result->names, chunk, out, error);
}

TRUENO_API trueno_status trueno_result_to_csv(trueno_result *result, char **out, size_t *length) {
    tni_csv_write_options options;
    tni_error error;
    tni_text text;
    trueno_status status;
    TNI_TRY(tni_result_check_export(result, out, length));
    tni_error_clear(&error);
    tni_text_init(&text, result->memory);
    tni_csv_write_options_init(&options);
    tni_csv_write_names(&options, result->names, result->rows->column_count, &text);
    status = tni_result_write_blocks(result, tni_result_write_csv, &options, &text, &error);
    return tni_result_give_text(result, status, &text, out, length);
}

typedef struct tni_result_json {
    tni_json_write_options options;
    uint64_t rows;
} tni_result_json;

static trueno_status tni_result_write_json(void *state, const trueno_result *result,
                                           const tni_chunk *chunk, tni_text *out,
                                           tni_error *error) {
    tni_result_json *json = (tni_result_json *)state;
    return tni_json_write_chunk(&json->options, result->names, chunk, &json->rows, out, error);
}

TRUENO_API trueno_status trueno_result_to_json(trueno_result *result, char **out, size_t *length) {
    tni_result_json json;
    tni_error error;
    tni_text text;
    trueno_status status;
    TNI_TRY(tni_result_check_export(result, out, length));
    memset(&json, 0, sizeof json);
    json.options.array = true;
    json.options.nonfinite_null = true; /* any JSON parser reads it back */
    tni_error_clear(&error);
    tni_text_init(&text, result->memory);
    tni_json_write_begin(&json.options, &text);
    status = tni_result_write_blocks(result, tni_result_write_json, &json, &text, &error);
    tni_json_write_end(&json.options, json.rows, &text);
    return tni_result_give_text(result, status, &text, out, length);
}

TRUENO_API void trueno_text_free(trueno_result *result, char *text, size_t length) {
    if (text && result) {
        tni_free(result->memory, text, length + 1);
    }
}
