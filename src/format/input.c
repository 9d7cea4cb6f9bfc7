/*
 * input.c - whole text files: map or read, unpack, decode.
 *
 * Three steps, each of which may replace the block before it: the file's bytes, the unpacked
 * bytes, the UTF-8 text. A plain UTF-8 file that can be mapped takes none of them: its text is
 * the mapping. An unfinished or damaged compressed stream is an error, never fewer rows.
 *
 * Uses: memory, text, codec, the host's file callbacks.
 */
#include "format/input.h"

#include "codec/codec.h"

#define TNI_INPUT_READ_STEP ((size_t)64 << 20)
#define TNI_INPUT_UNPACKED_LIMIT ((size_t)-1 / 4)

/* --------------------------------------------------------------------------- the file --- */

/* An open file whose mapping a tni_buffer keeps alive. */
typedef struct tni_input_mapping {
    trueno_files callbacks; /* a copy: the host's struct may be gone before the last reader */
    void *file;
    tni_memory *memory;
} tni_input_mapping;

static void tni_input_unmap(void *user, void *data, size_t size) {
    tni_input_mapping *mapping = (tni_input_mapping *)user;
    (void)data;
    (void)size;
    (void)mapping->callbacks.close(mapping->callbacks.user, mapping->file);
    tni_free(mapping->memory, mapping, sizeof *mapping);
}

static trueno_status tni_input_map(tni_env *env, void *file, const void *data, size_t size,
                                   tni_buffer **out, tni_error *error) {
    tni_input_mapping *mapping =
        (tni_input_mapping *)tni_alloc_zero(env->memory, sizeof(tni_input_mapping));
    trueno_status status;
    if (mapping == NULL) {
        return tni_memory_fail(env->memory, sizeof(tni_input_mapping), error);
    }
    mapping->callbacks = *env->files;
    mapping->file = file;
    mapping->memory = env->memory;
    status = tni_buffer_wrap(env->memory, data, size, tni_input_unmap, mapping, out, error);
    if (status != TRUENO_OK) {
        tni_free(env->memory, mapping, sizeof *mapping);
    }
    return status;
}

static trueno_status tni_input_read(tni_env *env, const char *path, void *file, size_t size,
                                    tni_buffer **out, tni_error *error) {
    const trueno_files *files = env->files;
    size_t at = 0;
    TNI_TRY(tni_buffer_new(env->memory, size, out, error));
    while (at < size) {
        size_t done = 0, step = TNI_MIN(size - at, TNI_INPUT_READ_STEP);
        int code = files->read(files->user, file, at, (*out)->data + at, step, &done);
        trueno_status status = TRUENO_OK;
        if (code != 0) {
            status = tni_fail(error, TRUENO_ERROR_IO, "%s: reading failed (%s)", path,
                              tni_files_error_text(code));
        } else if (done == 0 || done > step) {
            status = tni_fail(error, TRUENO_ERROR_IO, "%s: the file shrank while it was read",
                              path);
        } else {
            status = tni_env_check(env, error);
        }
        if (status != TRUENO_OK) {
            tni_buffer_release(*out);
            *out = NULL;
            return status;
        }
        at += done;
    }
    return TRUENO_OK;
}

/* The file's bytes. The file is closed unless a mapping owns it. */
static trueno_status tni_input_load(tni_env *env, const char *path, tni_buffer **out,
                                    tni_error *error) {
    const trueno_files *files = env->files;
    void *file = NULL;
    uint64_t size = 0;
    const void *data = NULL;
    trueno_status status;
    int code = files->open(files->user, path, TRUENO_FILE_READ, &file);
    *out = NULL;
    if (code != 0) {
        return tni_fail(error, TRUENO_ERROR_IO, "%s: cannot be opened (%s)", path,
                        tni_files_error_text(code));
    }
    code = files->size(files->user, file, &size);
    if (code != 0) {
        status = tni_fail(error, TRUENO_ERROR_IO, "%s: no size (%s)", path,
                          tni_files_error_text(code));
    } else if (size > SIZE_MAX / 2) {
        status = tni_fail(error, TRUENO_ERROR_LIMIT, "%s: too large for this machine", path);
    } else if (size > 0 && files->map != NULL &&
               (data = files->map(files->user, file, size)) != NULL) {
        status = tni_input_map(env, file, data, (size_t)size, out, error);
        if (status == TRUENO_OK) {
            return status;
        }
    } else {
        status = tni_input_read(env, path, file, (size_t)size, out, error);
    }
    files->close(files->user, file);
    return status;
}

/* ----------------------------------------------------------------------------- unpacking --- */

static bool tni_input_name_ends(const char *path, const char *ending) {
    size_t length = strlen(path), tail = strlen(ending);
    return length >= tail && tni_name_equal(path + length - tail, ending);
}

static bool tni_input_is_gzip(const uint8_t *p, size_t n) {
    return n >= 3 && p[0] == 0x1f && p[1] == 0x8b && p[2] == 8;
}

static bool tni_input_is_zstd(const uint8_t *p, size_t n) {
    if (n < 4) {
        return false;
    }
    /* a frame, or a skippable frame before it */
    return (p[0] == 0x28 && p[1] == 0xb5 && p[2] == 0x2f && p[3] == 0xfd) ||
           ((p[0] & 0xf0) == 0x50 && p[1] == 0x2a && p[2] == 0x4d && p[3] == 0x18);
}

/* What to undo. The magic decides; a plain text named .gz is read as the text that it is. */
static trueno_status tni_input_packing_of(const char *path, tni_input_packing wanted,
                                          const uint8_t *p, size_t n, tni_input_packing *out,
                                          tni_error *error) {
    bool gzip = tni_input_is_gzip(p, n), zstd = tni_input_is_zstd(p, n);
    *out = gzip ? TNI_INPUT_PACKING_GZIP : zstd ? TNI_INPUT_PACKING_ZSTD : TNI_INPUT_PACKING_NONE;
    if (wanted == TNI_INPUT_PACKING_NONE) {
        *out = TNI_INPUT_PACKING_NONE;
    } else if (wanted == TNI_INPUT_PACKING_GZIP && !gzip) {
        return tni_fail(error, TRUENO_ERROR_FORMAT,
                        "%s: compression = 'gzip', but the file has no gzip header", path);
    } else if (wanted == TNI_INPUT_PACKING_ZSTD && !zstd) {
        return tni_fail(error, TRUENO_ERROR_FORMAT,
                        "%s: compression = 'zstd', but the file has no zstd header", path);
    } else if (n > 0 && n < 18 && !gzip && tni_input_name_ends(path, ".gz") && p[0] == 0x1f) {
        return tni_fail(error, TRUENO_ERROR_FORMAT, "%s: the gzip file is cut off", path);
    } else if (n >= 3 && p[0] == 'B' && p[1] == 'Z' && p[2] == 'h' &&
               tni_input_name_ends(path, ".bz2")) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "%s: bzip2 is not supported", path);
    } else if (n >= 6 && memcmp(p, "\xfd" "7zXZ", 6) == 0) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "%s: xz is not supported", path);
    }
    return TRUENO_OK;
}

static void tni_input_free_block(void *user, void *data, size_t size) {
    tni_codec_output *output = (tni_codec_output *)user;
    tni_memory *memory = output->memory;
    (void)data;
    (void)size;
    tni_codec_output_free(output);
    tni_free(memory, output, sizeof *output);
}

/* Replace `*block` by what it holds unpacked. */
static trueno_status tni_input_unpack(tni_env *env, const char *path, tni_input_packing packing,
                                      tni_buffer **block, tni_error *error) {
    tni_buffer *packed = *block, *plain = NULL;
    tni_codec_output *output =
        (tni_codec_output *)tni_alloc(env->memory, sizeof(tni_codec_output));
    const char *problem;
    trueno_status status = TRUENO_OK;
    if (output == NULL) {
        return tni_memory_fail(env->memory, sizeof(tni_codec_output), error);
    }
    *output = tni_codec_output_growing(env->memory, TNI_INPUT_UNPACKED_LIMIT);
    if (packing == TNI_INPUT_PACKING_GZIP) {
        problem = tni_gzip_decode(packed->data, packed->size, output);
    } else {
        problem = tni_zstd_decode(env->memory, packed->data, packed->size, output);
    }
    if (problem != NULL) {
        status = output->memory_failed
                     ? tni_memory_fail(env->memory, output->wanted, error)
                     : tni_fail(error, TRUENO_ERROR_FORMAT, "%s: %s", path, problem);
    } else {
        /* an empty stream has no block: a wrap of NULL and size 0 is fine */
        status = tni_buffer_wrap(env->memory, output->data, output->size, tni_input_free_block,
                                 output, &plain, error);
    }
    if (status != TRUENO_OK) {
        tni_codec_output_free(output);
        tni_free(env->memory, output, sizeof *output);
        return status;
    }
    tni_buffer_release(packed);
    *block = plain;
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------ decoding --- */

/* Windows-1252 where it differs from ISO 8859-1; 0 = no character. */
static const uint16_t tni_input_cp1252_c1[32] = {
    0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0, 0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178};

static size_t tni_input_line_at(const uint8_t *text, size_t offset) {
    size_t line = 1, i;
    for (i = 0; i < offset; i++) {
        line += text[i] == '\n';
    }
    return line;
}

static trueno_status tni_input_from_latin(const char *path, const uint8_t *in, size_t size,
                                          bool cp1252, uint8_t *out, size_t *written,
                                          tni_error *error) {
    size_t i, at = 0;
    for (i = 0; i < size; i++) {
        uint32_t c = in[i];
        if (c < 0x80) {
            out[at++] = (uint8_t)c;
            continue;
        }
        if (cp1252 && c < 0xa0) {
            c = tni_input_cp1252_c1[c - 0x80];
            if (c == 0) {
                return tni_fail(error, TRUENO_ERROR_FORMAT,
                                "%s: line %lu: byte 0x%02x is no character of windows-1252", path,
                                (unsigned long)tni_input_line_at(in, i), in[i]);
            }
        }
        at += tni_utf8_put(c, out + at);
    }
    *written = at;
    return TRUENO_OK;
}

static uint32_t tni_input_unit(const uint8_t *p, bool big) {
    return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static trueno_status tni_input_from_utf16(const char *path, const uint8_t *in, size_t size,
                                          bool big, uint8_t *out, size_t *written,
                                          tni_error *error) {
    size_t i = 0, at = 0, line = 1;
    while (i + 1 < size) {
        uint32_t c = tni_input_unit(in + i, big);
        i += 2;
        line += c == '\n';
        if (c >= 0xd800 && c < 0xe000) {
            uint32_t low = c < 0xdc00 && i + 1 < size ? tni_input_unit(in + i, big) : 0;
            if (low < 0xdc00 || low > 0xdfff) {
                return tni_fail(error, TRUENO_ERROR_FORMAT,
                                "%s: line %lu: half a surrogate pair in UTF-16 text", path,
                                (unsigned long)line);
            }
            i += 2;
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        }
        at += tni_utf8_put(c, out + at);
    }
    if (i < size) {
        return tni_fail(error, TRUENO_ERROR_FORMAT, "%s: UTF-16 text of an odd number of bytes",
                        path);
    }
    *written = at;
    return TRUENO_OK;
}

/* UTF-16 without a mark: the side on which the first characters have their zero bytes. */
static bool tni_input_utf16_is_big(const uint8_t *p, size_t n) {
    size_t i, big = 0, little = 0;
    for (i = 0; i + 1 < n && i < 512; i += 2) {
        big += p[i] == 0;
        little += p[i + 1] == 0;
    }
    return big > little;
}

/* Text full of zero bytes on one side of each pair is UTF-16 without a mark. */
static bool tni_input_looks_utf16(const uint8_t *p, size_t n) {
    size_t i, zeros[2] = {0, 0};
    n = TNI_MIN(n, 1024);
    for (i = 0; i < n; i++) {
        zeros[i & 1] += p[i] == 0;
    }
    return n >= 8 && (zeros[0] + zeros[1]) * 3 >= n &&
           (zeros[0] > zeros[1] * 8 || zeros[1] > zeros[0] * 8);
}

/* Make the input's text UTF-8 without a mark. */
static trueno_status tni_input_decode(tni_env *env, const char *path, tni_input_charset charset,
                                      tni_input *input, tni_error *error) {
    const uint8_t *p = input->text;
    size_t n = input->size, written = 0, room;
    bool big = n >= 2 && p[0] == 0xfe && p[1] == 0xff;
    bool little = n >= 2 && p[0] == 0xff && p[1] == 0xfe;
    bool utf16 = big || little || charset == TNI_INPUT_UTF16;
    tni_buffer *text = NULL;
    trueno_status status;
    if (n >= 3 && p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf) {
        input->text += 3;
        input->size -= 3;
        return TRUENO_OK;
    }
    if (big || little) {
        p += 2;
        n -= 2;
    } else if (charset == TNI_INPUT_UTF8) {
        return !tni_input_looks_utf16(p, n)
                   ? TRUENO_OK
                   : tni_fail(error, TRUENO_ERROR_FORMAT,
                              "%s: line 1: this looks like UTF-16 without a byte order mark; set "
                              "encoding = 'utf-16'",
                              path);
    } else if (utf16) {
        big = tni_input_utf16_is_big(p, n);
    }
    /* two bytes of UTF-16 become three of UTF-8 at most, one Latin byte becomes three */
    if (!tni_size_mul(n, 3, &room)) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "%s: too large to decode", path);
    }
    room = (utf16 ? room / 2 : room) + 4;
    TNI_TRY(tni_buffer_new(env->memory, room, &text, error));
    status = utf16 ? tni_input_from_utf16(path, p, n, big, text->data, &written, error)
                   : tni_input_from_latin(path, p, n, charset == TNI_INPUT_CP1252, text->data,
                                          &written, error);
    if (status != TRUENO_OK) {
        tni_buffer_release(text);
        return status;
    }
    tni_buffer_release(input->buffer);
    input->buffer = text;
    input->text = text->data;
    input->size = written;
    return TRUENO_OK;
}

/* -------------------------------------------------------------------------- the functions --- */

TNI_FN trueno_status tni_input_open(tni_env *env, const char *path, tni_input_packing packing,
                                    tni_input_charset charset, tni_input *out, tni_error *error) {
    tni_input input = TNI_ZERO;
    tni_input_packing found;
    trueno_status status;
    memset(out, 0, sizeof *out);
    TNI_TRY(tni_input_load(env, path, &input.buffer, error));
    input.file_bytes = input.buffer->size;
    status = tni_input_packing_of(path, packing, input.buffer->data, input.buffer->size, &found,
                                  error);
    if (status == TRUENO_OK && found != TNI_INPUT_PACKING_NONE) {
        status = tni_input_unpack(env, path, found, &input.buffer, error);
    }
    if (status == TRUENO_OK) {
        input.text = input.buffer->data;
        input.size = input.buffer->size;
        status = tni_input_decode(env, path, charset, &input, error);
    }
    if (status != TRUENO_OK) {
        tni_buffer_release(input.buffer);
        return status;
    }
    *out = input;
    return TRUENO_OK;
}

TNI_FN void tni_input_close(tni_input *input) {
    tni_buffer_release(input->buffer);
    memset(input, 0, sizeof *input);
}

typedef struct tni_input_name {
    const char *name;
    uint8_t value;
} tni_input_name;

static bool tni_input_find(const tni_input_name *names, size_t count, const char *name,
                           size_t length, uint8_t *out) {
    size_t i;
    for (i = 0; i < count; i++) {
        if (tni_name_equal_n(names[i].name, strlen(names[i].name), name, length)) {
            *out = names[i].value;
            return true;
        }
    }
    return false;
}

TNI_FN bool tni_input_packing_by_name(const char *name, size_t length, tni_input_packing *out) {
    static const tni_input_name names[] = {
        {"auto", TNI_INPUT_PACKING_AUTO},         {"auto_detect", TNI_INPUT_PACKING_AUTO},
        {"none", TNI_INPUT_PACKING_NONE},         {"uncompressed", TNI_INPUT_PACKING_NONE},
        {"gzip", TNI_INPUT_PACKING_GZIP},         {"gz", TNI_INPUT_PACKING_GZIP},
        {"zstd", TNI_INPUT_PACKING_ZSTD},
    };
    uint8_t value = 0;
    bool found = tni_input_find(names, TNI_COUNT_OF(names), name, length, &value);
    *out = (tni_input_packing)value;
    return found;
}

TNI_FN bool tni_input_charset_by_name(const char *name, size_t length, tni_input_charset *out) {
    static const tni_input_name names[] = {
        {"utf-8", TNI_INPUT_UTF8},        {"utf8", TNI_INPUT_UTF8},
        {"utf-16", TNI_INPUT_UTF16},      {"utf16", TNI_INPUT_UTF16},
        {"latin-1", TNI_INPUT_LATIN1},    {"latin1", TNI_INPUT_LATIN1},
        {"iso-8859-1", TNI_INPUT_LATIN1}, {"iso8859-1", TNI_INPUT_LATIN1},
        {"ascii", TNI_INPUT_UTF8},        {"us-ascii", TNI_INPUT_UTF8},
        {"cp1252", TNI_INPUT_CP1252},     {"windows-1252", TNI_INPUT_CP1252},
    };
    uint8_t value = 0;
    bool found = tni_input_find(names, TNI_COUNT_OF(names), name, length, &value);
    *out = (tni_input_charset)value;
    return found;
}

#undef TNI_INPUT_READ_STEP
#undef TNI_INPUT_UNPACKED_LIMIT
