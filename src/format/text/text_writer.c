/*
 * text_writer.c - cells of any vector form, and files written in large pieces.
 *
 * Uses: text_writer.h, vector, memory, the host's file callbacks.
 */
#include "format/text/text_writer.h"

#include "base/bits.h"
#include "codec/codec.h"

#define TNI_TEXT_FILE_PIECE ((size_t)1 << 20)

/* ---------------------------------------------------------------------------------- cells --- */

/* base + code in the width of the column's type. */
static void tni_text_widen(const tni_vector *vector, uint32_t row, uint64_t storage[2]) {
    uint64_t value = (uint64_t)vector->base + tni_vector_code(vector, row);
    switch (tni_type_width(vector->type)) {
    case 1: {
        uint8_t v = (uint8_t)value;
        memcpy(storage, &v, 1);
        break;
    }
    case 2: {
        uint16_t v = (uint16_t)value;
        memcpy(storage, &v, 2);
        break;
    }
    case 4: {
        uint32_t v = (uint32_t)value;
        memcpy(storage, &v, 4);
        break;
    }
    default: memcpy(storage, &value, 8); break;
    }
}

TNI_FN const void *tni_text_cell(const tni_vector *vector, uint32_t row, uint64_t storage[2]) {
    if (vector->form == TNI_FORM_CONSTANT) {
        return vector->is_null ? NULL : vector->data;
    }
    if (vector->validity != NULL && !tni_bit_get(vector->validity, row)) {
        return NULL;
    }
    if (vector->form == TNI_FORM_DICT) {
        return &vector->dictionary->values[tni_vector_code(vector, row)];
    }
    if (vector->form == TNI_FORM_NARROW) {
        tni_text_widen(vector, row, storage);
        return storage;
    }
    return (const uint8_t *)vector->data + (size_t)row * tni_type_width(vector->type);
}

TNI_FN uint32_t tni_text_next_row(const tni_chunk *chunk, uint32_t row) {
    uint32_t word = row / 64;
    uint64_t bits;
    if (chunk->mask == NULL || row >= chunk->rows) {
        return TNI_MIN(row, chunk->rows);
    }
    bits = chunk->mask[word] & ~tni_low_bits(row % 64);
    while (bits == 0) {
        if (++word >= tni_bitmap_words(chunk->rows)) {
            return chunk->rows;
        }
        bits = chunk->mask[word];
    }
    return TNI_MIN(word * 64 + tni_ctz64(bits), chunk->rows);
}

/* ---------------------------------------------------------------------------------- files --- */

TNI_FN trueno_status tni_text_file_open(tni_env *env, const char *path, tni_text_file *out,
                                        tni_error *error) {
    int code;
    memset(out, 0, sizeof *out);
    tni_text_init(&out->text, env->memory);
    out->files = env->files;
    out->path = path;
    code = env->files->open(env->files->user, path, TRUENO_FILE_WRITE, &out->file);
    if (code != 0) {
        out->file = NULL;
        return tni_fail(error, TRUENO_ERROR_IO, "%s: cannot be written (%s)", path,
                        tni_files_error_text(code));
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_text_file_gzip(tni_text_file *file, tni_error *error) {
    file->gzip = (tni_gzip_encoder *)tni_alloc(file->text.memory, sizeof *file->gzip);
    if (file->gzip == NULL) {
        return tni_memory_fail(file->text.memory, sizeof *file->gzip, error);
    }
    tni_gzip_begin(file->gzip);
    return TRUENO_OK;
}

/* Replace the text by itself compressed. */
static trueno_status tni_text_file_pack(tni_text_file *file, bool last, tni_error *error) {
    tni_text packed;
    size_t bound = tni_gzip_bound(file->text.length);
    tni_text_init(&packed, file->text.memory);
    packed.data = bound == 0 ? NULL : (char *)tni_alloc(file->text.memory, bound);
    if (packed.data == NULL) {
        return tni_memory_fail(file->text.memory, bound, error);
    }
    packed.capacity = bound;
    packed.length = tni_gzip_encode(file->gzip, (const uint8_t *)file->text.data,
                                    file->text.length, last, (uint8_t *)packed.data);
    tni_text_free(&file->text);
    file->text = packed;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_text_file_flush(tni_text_file *file, bool all, tni_error *error) {
    int code;
    if (file->text.failed) {
        return tni_fail_memory(error, file->text.length);
    }
    if ((file->text.length == 0 && !(all && file->gzip != NULL)) ||
        (!all && file->text.length < TNI_TEXT_FILE_PIECE)) {
        return TRUENO_OK;
    }
    if (file->gzip != NULL) {
        TNI_TRY(tni_text_file_pack(file, all, error));
    }
    code = file->files->write(file->files->user, file->file, file->text.data, file->text.length);
    if (code != 0) {
        return tni_fail(error, TRUENO_ERROR_IO, "%s: writing failed (%s)", file->path,
                        tni_files_error_text(code));
    }
    file->written += file->text.length;
    tni_text_clear(&file->text);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_text_file_close(tni_text_file *file, bool keep, tni_error *error) {
    trueno_status status = TRUENO_OK;
    if (file->file != NULL) {
        int code;
        if (keep) {
            status = tni_text_file_flush(file, true, error);
        }
        code = file->files->close(file->files->user, file->file);
        if (code != 0 && status == TRUENO_OK) {
            status = tni_fail(error, TRUENO_ERROR_IO, "%s: closing failed (%s)", file->path,
                              tni_files_error_text(code));
        }
        file->file = NULL;
    }
    if (file->gzip != NULL) {
        tni_free(file->text.memory, file->gzip, sizeof *file->gzip);
        file->gzip = NULL;
    }
    tni_text_free(&file->text);
    return status;
}

#undef TNI_TEXT_FILE_PIECE
