/*
 * pages.c - chunks and cursors: see pages.h for the contract.
 *
 * Page headers are trusted over the footer, bounds over both: with a mapped file a chunk may run
 * up to the footer; read through callbacks, up to the size the footer states plus what old
 * writers forgot to count. A page whose rows exceed what the row group has left is an error.
 */
#include "format/parquet/pages.h"

#include <stdarg.h>
#include <stdio.h>

#define TNI_PARQUET_HEADER_MAX (16u * 1024u * 1024u) /* statistics in it may be long */
#define TNI_PARQUET_UNCOUNTED 256u /* parquet-mr before 1.2.9: dictionary headers not counted */

TNI_FN trueno_status tni_parquet_chunk_fail(const tni_parquet_open_chunk *chunk,
                                            const uint8_t *at, tni_error *error,
                                            trueno_status status, const char *format, ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (at) {
        return tni_fail(error, status, "%s: row group %lu, column \"%s\", page at byte %llu: %s",
                        chunk->file->path, (unsigned long)chunk->group, chunk->leaf->name,
                        (unsigned long long)(chunk->offset + (uint64_t)(at - chunk->begin)), text);
    }
    return tni_fail(error, status, "%s: row group %lu, column \"%s\": %s", chunk->file->path,
                    (unsigned long)chunk->group, chunk->leaf->name, text);
}

TNI_FN trueno_status tni_parquet_file_read(const tni_parquet_file *file, uint64_t offset,
                                           void *data, size_t size, tni_error *error) {
    uint8_t *to = (uint8_t *)data;
    if (offset > file->size || size > file->size - offset) {
        return tni_fail(error, TRUENO_ERROR_FORMAT, "%s: bytes %llu to %llu are past its end",
                        file->path, (unsigned long long)offset,
                        (unsigned long long)(offset + size));
    }
    if (file->map) {
        memcpy(data, file->map->data + (size_t)offset, size);
        return TRUENO_OK;
    }
    while (size) {
        size_t done = 0;
        int code = file->files.read(file->files.user, file->handle, offset, to, size, &done);
        if (code != 0 || done == 0 || done > size) {
            return tni_fail(error, TRUENO_ERROR_IO, "%s: read at byte %llu failed (%s)",
                            file->path, (unsigned long long)offset, tni_files_error_text(code));
        }
        to += done;
        offset += done;
        size -= done;
    }
    return TRUENO_OK;
}

/* ---- the bytes of a chunk ---- */

TNI_FN bool tni_parquet_chunk_init(tni_parquet_open_chunk *chunk, const tni_parquet_file *file,
                                   const tni_crc32_table *crc, uint32_t leaf, uint32_t group,
                                   bool shared) {
    memset(chunk, 0, sizeof *chunk);
    if (!tni_mutex_init(&chunk->mutex)) {
        return false;
    }
    chunk->file = file;
    chunk->crc = crc;
    chunk->leaf = &file->metadata.leaves[leaf];
    chunk->chunk = &file->metadata.groups[group].chunks[leaf];
    chunk->group = group;
    chunk->rows = file->metadata.groups[group].rows;
    tni_parquet_chunk_zone(&file->metadata, leaf, &file->metadata.groups[group], &chunk->zone);
    chunk->shared = shared;
    return true;
}

static void tni_parquet_dictionary_free(tni_parquet_dictionary *dictionary) {
    tni_buffer_release(dictionary->values);
    tni_buffer_release(dictionary->narrow);
    tni_dictionary_release(dictionary->strings);
    memset(dictionary, 0, sizeof *dictionary);
}

TNI_FN void tni_parquet_chunk_free(tni_parquet_open_chunk *chunk) {
    if (!chunk->file) {
        return;
    }
    tni_buffer_release(chunk->buffer);
    tni_buffer_release(chunk->page);
    tni_parquet_dictionary_free(&chunk->dictionary);
    tni_mutex_free(&chunk->mutex);
    memset(chunk, 0, sizeof *chunk);
}

static trueno_status tni_parquet_chunk_range(const tni_parquet_open_chunk *chunk, uint64_t *offset,
                                             uint64_t *size, tni_error *error) {
    const tni_parquet_chunk *meta = chunk->chunk;
    int64_t start = meta->data_offset;
    if (chunk->leaf->refusal) {
        return tni_parquet_chunk_fail(chunk, NULL, error, TRUENO_ERROR_UNSUPPORTED, "%s",
                                      chunk->leaf->refusal);
    }
    if (meta->encrypted || !meta->present) {
        return tni_parquet_chunk_fail(chunk, NULL, error,
                                      meta->encrypted ? TRUENO_ERROR_UNSUPPORTED
                                                      : TRUENO_ERROR_FORMAT,
                                      meta->encrypted ? "encrypted columns are not supported"
                                                      : "the footer has no metadata of it");
    }
    if (meta->external) {
        return tni_parquet_chunk_fail(chunk, NULL, error, TRUENO_ERROR_UNSUPPORTED,
                                      "column data in another file is not supported");
    }
    if (meta->dictionary_offset > 0 && meta->dictionary_offset < start) {
        start = meta->dictionary_offset;
    }
    if (start < 4 || (uint64_t)start >= chunk->file->data_end || meta->compressed_size < 0) {
        return tni_parquet_chunk_fail(chunk, NULL, error, TRUENO_ERROR_FORMAT,
                                      "its data are said to start at byte %lld", (long long)start);
    }
    *offset = (uint64_t)start;
    *size = chunk->file->data_end - *offset;
    if (!chunk->file->map) {
        uint64_t stated = (uint64_t)meta->compressed_size + TNI_PARQUET_UNCOUNTED;
        *size = TNI_MIN(*size, stated);
    }
    return TRUENO_OK;
}

/* Under the chunk's lock. */
static trueno_status tni_parquet_chunk_load(tni_env *env, tni_parquet_open_chunk *chunk,
                                            tni_error *error) {
    const tni_parquet_file *file = chunk->file;
    uint64_t offset = 0, size = 0;
    if (chunk->loaded) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_parquet_chunk_range(chunk, &offset, &size, error));
    chunk->offset = offset;
    if (file->map) {
        chunk->buffer = tni_buffer_retain(file->map);
        chunk->begin = file->map->data + (size_t)offset;
    } else {
        if (size > SIZE_MAX - TNI_CODEC_PADDING) {
            return tni_memory_fail(file->memory, SIZE_MAX, error);
        }
        tni_buffer_release(chunk->buffer); /* left by another worker's failed read */
        chunk->buffer = NULL;
        TNI_TRY(tni_buffer_new(file->memory, (size_t)size + TNI_CODEC_PADDING, &chunk->buffer,
                               error));
        chunk->begin = chunk->buffer->data;
        memset(chunk->buffer->data + (size_t)size, 0, TNI_CODEC_PADDING);
        TNI_TRY(tni_parquet_file_read(file, offset, chunk->buffer->data, (size_t)size, error));
    }
    chunk->end = chunk->begin + (size_t)size;
    chunk->loaded = true;
    (void)tni_atomic_add_i64(&env->bytes_read, chunk->chunk->compressed_size);
    return TRUENO_OK;
}

/* ---- decompression ---- */

/* The most a codec can make of a byte, so that a small page cannot claim a large buffer. */
static uint64_t tni_parquet_expansion(int32_t codec) {
    switch (codec) {
    case TNI_PARQUET_SNAPPY: return 64;
    case TNI_PARQUET_LZ4:
    case TNI_PARQUET_LZ4_RAW: return 256;
    case TNI_PARQUET_GZIP: return 1040;
    default: return 65536;
    }
}

static const char *tni_parquet_decode(const tni_parquet_open_chunk *chunk, const uint8_t *in,
                                      size_t in_size, size_t size, tni_codec_output *out) {
    switch (chunk->chunk->codec) {
    case TNI_PARQUET_SNAPPY: return tni_snappy_decode(in, in_size, out);
    case TNI_PARQUET_GZIP: return tni_gzip_decode(in, in_size, out);
    case TNI_PARQUET_LZ4: return tni_lz4_hadoop_decode(in, in_size, size, out);
    case TNI_PARQUET_LZ4_RAW: return tni_lz4_decode(in, in_size, out);
    default: return tni_zstd_decode(chunk->file->memory, in, in_size, out);
    }
}

/* Decompress `in` to exactly `size` bytes at `to`, which has the codec padding behind it. */
static trueno_status tni_parquet_decompress(const tni_parquet_open_chunk *chunk, const uint8_t *at,
                                            const uint8_t *in, size_t in_size, uint8_t *to,
                                            size_t size, tni_error *error) {
    tni_codec_output out = tni_codec_output_fixed(to, size);
    const char *reason = tni_parquet_decode(chunk, in, in_size, size, &out);
    if (reason && out.memory_failed) {
        return tni_memory_fail(chunk->file->memory, out.wanted, error);
    }
    if (!reason && out.size != size) {
        reason = "less data than announced";
    }
    return reason ? tni_parquet_chunk_fail(chunk, at, error, TRUENO_ERROR_FORMAT, "%s", reason)
                  : TRUENO_OK;
}

static trueno_status tni_parquet_check_codec(const tni_parquet_open_chunk *chunk,
                                             const uint8_t *at, tni_error *error) {
    int32_t codec = chunk->chunk->codec;
    if (codec == TNI_PARQUET_SNAPPY || codec == TNI_PARQUET_GZIP || codec == TNI_PARQUET_LZ4 ||
        codec == TNI_PARQUET_LZ4_RAW || codec == TNI_PARQUET_ZSTD ||
        codec == TNI_PARQUET_UNCOMPRESSED) {
        return TRUENO_OK;
    }
    return tni_parquet_chunk_fail(chunk, at, error, TRUENO_ERROR_UNSUPPORTED,
                                  "codec %s is not supported", tni_parquet_codec_name(codec));
}

/* Where the values of an optional column's V1 page will start when it has no NULLs: they are
 * placed so that this falls on a multiple of 8, and can then be used where they are. */
static size_t tni_parquet_shift(const tni_parquet_open_chunk *chunk,
                                const tni_parquet_page_header *header) {
    size_t prefix = 0;
    if (header->type == TNI_PARQUET_DATA_PAGE_V2) {
        prefix = header->definition_size + (size_t)header->repetition_size;
    } else if (header->type == TNI_PARQUET_DATA_PAGE && chunk->leaf->optional) {
        uint64_t run = (uint64_t)header->values << 1;
        prefix = 4 + 1 + 1;
        for (; run > 0x7f; run >>= 7) {
            prefix++;
        }
    }
    return (8 - (prefix & 7)) & 7;
}

/* Memory for a decompressed page: *reuse (may be NULL) when it fits, else fresh. */
static trueno_status tni_parquet_page_memory(tni_memory *memory, size_t size, tni_buffer **reuse,
                                             tni_buffer **out, tni_error *error) {
    tni_buffer *old = reuse ? *reuse : NULL;
    if (old && old->size >= size && old->size / 2 <= size) {
        *reuse = NULL;
        *out = old;
        return TRUENO_OK;
    }
    return tni_buffer_new(memory, size, out, error);
}

/* The page's bytes, decompressed, owned by *owner (a new reference). */
static trueno_status tni_parquet_page_bytes(const tni_env *env, const tni_parquet_open_chunk *chunk,
                                            const uint8_t *at,
                                            const tni_parquet_page_header *header,
                                            const uint8_t *body, tni_buffer **reuse,
                                            tni_buffer **owner, tni_error *error) {
    size_t levels = header->definition_size + (size_t)header->repetition_size;
    size_t shift = tni_parquet_shift(chunk, header);
    size_t size = header->size;
    tni_buffer *buffer;
    trueno_status status;
    *owner = NULL;
    if (header->size > env->limits->page_bytes) {
        return tni_parquet_chunk_fail(chunk, at, error, TRUENO_ERROR_LIMIT,
                                      "page of %lu bytes exceeds the limit of %lu",
                                      (unsigned long)header->size,
                                      (unsigned long)env->limits->page_bytes);
    }
    if (header->size / tni_parquet_expansion(chunk->chunk->codec) > header->compressed_size) {
        return tni_parquet_chunk_fail(chunk, at, error, TRUENO_ERROR_FORMAT,
                                      "%lu compressed bytes cannot hold %lu",
                                      (unsigned long)header->compressed_size,
                                      (unsigned long)header->size);
    }
    TNI_TRY(tni_parquet_page_memory(chunk->file->memory, shift + size + TNI_CODEC_PADDING, reuse,
                                    &buffer, error));
    if (levels) {
        memcpy(buffer->data + shift, body, levels);
    }
    status = TRUENO_OK;
    if (size > levels || header->compressed_size > levels) { /* an empty body has no stream */
        status = tni_parquet_decompress(chunk, at, body + levels,
                                        header->compressed_size - levels,
                                        buffer->data + shift + levels, size - levels, error);
    }
    if (status != TRUENO_OK) {
        tni_buffer_release(buffer);
        return status;
    }
    memset(buffer->data + shift + size, 0, TNI_PARQUET_SLACK);
    *owner = buffer;
    return TRUENO_OK;
}

/* Bytes of a page as they are stored, when they can be used so. */
static bool tni_parquet_page_stored(const tni_parquet_open_chunk *chunk,
                                    const tni_parquet_page_header *header) {
    return chunk->chunk->codec == TNI_PARQUET_UNCOMPRESSED ||
           (header->type == TNI_PARQUET_DATA_PAGE_V2 && !header->compressed);
}

static trueno_status tni_parquet_check_crc(const tni_parquet_open_chunk *chunk, const uint8_t *at,
                                           const tni_parquet_page_header *header,
                                           const uint8_t *body, tni_error *error) {
    if (chunk->crc && header->has_crc &&
        tni_crc32(chunk->crc, 0, body, header->compressed_size) != header->crc) {
        return tni_parquet_chunk_fail(chunk, at, error, TRUENO_ERROR_FORMAT,
                                      "the CRC does not match: the page is corrupt");
    }
    return TRUENO_OK;
}

/* Get a page's bytes ready. *owner is a new reference. */
static trueno_status tni_parquet_page_load(const tni_env *env, tni_parquet_open_chunk *chunk,
                                           const uint8_t *at,
                                           const tni_parquet_page_header *header,
                                           const uint8_t *body, tni_buffer **reuse,
                                           tni_buffer **owner, const uint8_t **data,
                                           tni_error *error) {
    *owner = NULL;
    *data = NULL;
    TNI_TRY(tni_parquet_check_codec(chunk, at, error));
    TNI_TRY(tni_parquet_check_crc(chunk, at, header, body, error));
    if (tni_parquet_page_stored(chunk, header)) {
        if (header->size > header->compressed_size) {
            return tni_parquet_chunk_fail(chunk, at, error, TRUENO_ERROR_FORMAT,
                                          "uncompressed page of %lu bytes claims %lu",
                                          (unsigned long)header->compressed_size,
                                          (unsigned long)header->size);
        }
        *owner = tni_buffer_retain(chunk->buffer);
        *data = body;
        return TRUENO_OK;
    }
    TNI_TRY(tni_parquet_page_bytes(env, chunk, at, header, body, reuse, owner, error));
    *data = (*owner)->data + tni_parquet_shift(chunk, header);
    return TRUENO_OK;
}

/* The same for a data page that other workers may want, too. */
static trueno_status tni_parquet_page_share(const tni_env *env, tni_parquet_open_chunk *chunk,
                                            const uint8_t *at,
                                            const tni_parquet_page_header *header,
                                            const uint8_t *body, tni_buffer **reuse,
                                            tni_buffer **owner, const uint8_t **data,
                                            tni_error *error) {
    trueno_status status = TRUENO_OK;
    if (!chunk->shared || tni_parquet_page_stored(chunk, header)) {
        return tni_parquet_page_load(env, chunk, at, header, body, reuse, owner, data, error);
    }
    tni_mutex_lock(&chunk->mutex);
    if (chunk->page_at == at) {
        *owner = tni_buffer_retain(chunk->page);
        *data = (*owner)->data + tni_parquet_shift(chunk, header);
    } else {
        status = tni_parquet_page_load(env, chunk, at, header, body, NULL, owner, data, error);
        if (status == TRUENO_OK) {
            tni_buffer_release(chunk->page);
            chunk->page = tni_buffer_retain(*owner);
            chunk->page_at = at;
        }
    }
    tni_mutex_unlock(&chunk->mutex);
    return status;
}

/* ---- dictionaries ---- */

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_BIG_ENDIAN__
/* tni_string_make without a branch, where 12 bytes can be read at `data`: short and long strings
 * come mixed, and a mispredicted branch costs more than both ways together. */
TNI_FORCE_INLINE void tni_parquet_make_view(const uint8_t *data, size_t length, tni_string *out) {
    static const uint64_t tail_masks[13] = {0,
                                            0,
                                            0,
                                            0,
                                            0,
                                            UINT64_C(0xff),
                                            UINT64_C(0xffff),
                                            UINT64_C(0xffffff),
                                            UINT64_C(0xffffffff),
                                            UINT64_C(0xffffffffff),
                                            UINT64_C(0xffffffffffff),
                                            UINT64_C(0xffffffffffffff),
                                            UINT64_MAX};
    static const uint32_t prefix_masks[5] = {0, 0xff, 0xffff, 0xffffff, UINT32_MAX};
    uint64_t head = (uint64_t)(tni_load_le32(data) & prefix_masks[TNI_MIN(length, (size_t)4)])
                    << 32;
    uint64_t tail = tni_load_le64(data + 4) & tail_masks[TNI_MIN(length, (size_t)12)];
    head |= (uint32_t)length;
    tail = length <= TNI_STRING_INLINE ? tail : (uint64_t)(uintptr_t)data;
    memcpy(out, &head, 8);
    memcpy((uint8_t *)out + 8, &tail, 8);
}
#else
TNI_FORCE_INLINE void tni_parquet_make_view(const uint8_t *data, size_t length, tni_string *out) {
    *out = tni_string_make(data, length);
}
#endif

TNI_FN const uint8_t *tni_parquet_byte_arrays(const uint8_t *at, const uint8_t *end, size_t n,
                                              tni_string *out) {
    size_t i = 0, length;
    for (; i < n && end - at >= 16; i++) {
        length = tni_load_le32(at);
        at += 4;
        if (TNI_UNLIKELY(length > (size_t)(end - at))) {
            return NULL;
        }
        tni_parquet_make_view(at, length, &out[i]);
        at += length;
    }
    for (; i < n; i++) {
        if (end - at < 4) {
            return NULL;
        }
        length = tni_load_le32(at);
        at += 4;
        if (length > (size_t)(end - at)) {
            return NULL;
        }
        out[i] = tni_string_make(at, length);
        at += length;
    }
    return at;
}

TNI_FN bool tni_parquet_text_valid(const tni_kernels *kernels, const uint8_t *data, size_t size,
                                   const tni_string *strings, size_t n) {
    size_t i;
    if (kernels->ascii_all(data, size)) {
        return true;
    }
    for (i = 0; i < n; i++) {
        if (!tni_utf8_valid(tni_string_data(&strings[i]), strings[i].length)) {
            return false;
        }
    }
    return true;
}

/* Are all strings different? Looked up in a table of their hashes; a large dictionary, which
 * nobody indexes arrays with, is left unproven. */
static bool tni_parquet_strings_unique(tni_memory *memory, const tni_string *strings,
                                       uint32_t count) {
    uint32_t size = 16, i;
    uint32_t *slots;
    bool unique = true;
    if (count > 65536) {
        return false;
    }
    while (size < count * 2) {
        size *= 2;
    }
    slots = (uint32_t *)tni_alloc_zero(memory, size * sizeof *slots);
    if (!slots) {
        return false;
    }
    for (i = 0; i < count && unique; i++) {
        uint32_t slot = (uint32_t)tni_hash_string(&strings[i]) & (size - 1);
        while (slots[slot] && unique) {
            unique = !tni_string_equal(&strings[slots[slot] - 1], &strings[i]);
            slot = (slot + 1) & (size - 1);
        }
        slots[slot] = i + 1;
    }
    tni_free(memory, slots, size * sizeof *slots);
    return unique;
}

/* Adopt views as the column's dictionary: `values` and `heap` are taken over. */
static trueno_status tni_parquet_adopt_strings(const tni_parquet_open_chunk *chunk,
                                               tni_buffer *values, tni_buffer *heap,
                                               tni_parquet_dictionary *out, tni_error *error) {
    tni_memory *memory = chunk->file->memory;
    bool unique = tni_parquet_strings_unique(
        memory, (const tni_string *)(const void *)values->data, out->count);
    return tni_dictionary_new(memory, values, out->count, heap, unique, &out->strings, error);
}

/* BYTE_ARRAY entries: strings, or decimals. `heap` (a reference) is taken over. */
static trueno_status tni_parquet_dictionary_bytes(const tni_env *env,
                                                  const tni_parquet_open_chunk *chunk,
                                                  const uint8_t *at, const uint8_t *data,
                                                  size_t size, tni_buffer *heap,
                                                  tni_parquet_dictionary *out, tni_error *error) {
    const tni_parquet_leaf *leaf = chunk->leaf;
    tni_memory *memory = chunk->file->memory;
    tni_buffer *views = NULL;
    const char *reason = NULL;
    trueno_status status = tni_buffer_new(
        memory, (out->count + (size_t)1) * sizeof(tni_string), &views, error);
    tni_string *strings = views ? (tni_string *)(void *)views->data : NULL;
    if (status == TRUENO_OK && !tni_parquet_byte_arrays(data, data + size, out->count, strings)) {
        reason = "the dictionary has fewer values than it claims";
    } else if (status == TRUENO_OK && leaf->text &&
               !tni_parquet_text_valid(env->kernels, data, size, strings, out->count)) {
        reason = "the dictionary holds text that is not UTF-8";
    } else if (status == TRUENO_OK && leaf->convert == TNI_PARQUET_TO_STRING) {
        return tni_parquet_adopt_strings(chunk, views, heap, out, error);
    } else if (status == TRUENO_OK) {
        status = tni_buffer_new(memory, (out->count + (size_t)1) * 16, &out->values, error);
        if (status == TRUENO_OK) {
            reason = tni_parquet_convert_bytes(leaf, strings, out->count, out->values->data);
        }
    }
    if (reason) {
        status = tni_parquet_chunk_fail(chunk, at, error, TRUENO_ERROR_FORMAT, "%s", reason);
    }
    tni_buffer_release(views);
    tni_buffer_release(heap);
    return status;
}

/* Entries of fixed width that become strings: UUID text, or views. `heap` is taken over. */
static trueno_status tni_parquet_dictionary_views(const tni_parquet_open_chunk *chunk,
                                                  const uint8_t *data, tni_buffer *heap,
                                                  tni_parquet_dictionary *out, tni_error *error) {
    tni_memory *memory = chunk->file->memory;
    tni_buffer *views = NULL, *text = NULL;
    trueno_status status = tni_buffer_new(
        memory, (out->count + (size_t)1) * sizeof(tni_string), &views, error);
    if (status == TRUENO_OK && chunk->leaf->convert == TNI_PARQUET_TO_UUID_TEXT) {
        status = tni_buffer_new(memory, (out->count + (size_t)1) * TNI_PARQUET_UUID_TEXT, &text,
                                error);
        tni_buffer_release(heap);
        heap = text;
    }
    if (status != TRUENO_OK) {
        tni_buffer_release(views);
        tni_buffer_release(heap);
        return status;
    }
    (void)tni_parquet_convert_fixed(chunk->leaf, data, out->count, views->data,
                                    text ? text->data : NULL);
    return tni_parquet_adopt_strings(chunk, views, heap, out, error);
}

static bool tni_parquet_is_wide_integer(tni_physical physical) {
    return physical == TNI_PHYSICAL_I32 || physical == TNI_PHYSICAL_I64 ||
           physical == TNI_PHYSICAL_U32 || physical == TNI_PHYSICAL_U64;
}

/* Integers: the range, and codes relative to it when one or two bytes hold them. */
static trueno_status tni_parquet_dictionary_range(const tni_env *env,
                                                  const tni_parquet_open_chunk *chunk,
                                                  tni_parquet_dictionary *out, tni_error *error) {
    tni_physical physical = tni_type_physical(chunk->leaf->type);
    uint64_t span;
    if (!tni_parquet_is_wide_integer(physical) || out->count == 0) {
        return TRUENO_OK;
    }
    if (out->count <= TNI_SEGMENT_ROWS) {
        tni_parquet_range(env->kernels, physical, out->values->data, out->count, &out->low,
                          &out->high);
        out->has_range = true;
    }
    span = (uint64_t)out->high - (uint64_t)out->low;
    if (!out->has_range || span > UINT16_MAX) {
        return TRUENO_OK;
    }
    out->narrow_width = span > UINT8_MAX ? 2 : 1;
    TNI_TRY(tni_buffer_new(chunk->file->memory, (out->count + (size_t)1) * 2, &out->narrow, error));
    tni_parquet_narrow(physical, out->values->data, out->count, out->low, out->narrow_width,
                       out->narrow->data);
    return TRUENO_OK;
}

static trueno_status tni_parquet_dictionary_fixed(const tni_env *env,
                                                  const tni_parquet_open_chunk *chunk,
                                                  const uint8_t *at, const uint8_t *data,
                                                  size_t size, tni_buffer *heap,
                                                  tni_parquet_dictionary *out, tni_error *error) {
    const tni_parquet_leaf *leaf = chunk->leaf;
    trueno_status status;
    const char *reason;
    if (leaf->physical == TNI_PARQUET_BOOLEAN || size / leaf->stored_width < out->count) {
        tni_buffer_release(heap);
        return tni_parquet_chunk_fail(chunk, at, error, TRUENO_ERROR_FORMAT,
                                      "a dictionary of %lu values in %llu bytes",
                                      (unsigned long)out->count, (unsigned long long)size);
    }
    if (tni_type_is_string(leaf->type)) {
        return tni_parquet_dictionary_views(chunk, data, heap, out, error);
    }
    status =
        tni_buffer_new(chunk->file->memory, (out->count + (size_t)1) * 16, &out->values, error);
    if (status == TRUENO_OK) {
        reason = tni_parquet_convert_fixed(leaf, data, out->count, out->values->data, NULL);
        status = reason
                     ? tni_parquet_chunk_fail(chunk, at, error, TRUENO_ERROR_FORMAT, "%s", reason)
                     : tni_parquet_dictionary_range(env, chunk, out, error);
    }
    tni_buffer_release(heap);
    return status;
}

/* Under the chunk's lock. */
static trueno_status tni_parquet_dictionary_load(const tni_env *env, tni_parquet_open_chunk *chunk,
                                                 tni_error *error) {
    const uint8_t *at = chunk->dictionary_at, *data;
    tni_parquet_dictionary *out = &chunk->dictionary;
    tni_parquet_page_header header;
    tni_buffer *heap;
    size_t used;
    if (!at || !tni_parquet_parse_page(at, (size_t)(chunk->end - at), &used, &header)) {
        return tni_parquet_chunk_fail(chunk, at, error, TRUENO_ERROR_FORMAT,
                                      "dictionary codes but no dictionary");
    }
    if (header.encoding != TNI_PARQUET_PLAIN && header.encoding != TNI_PARQUET_PLAIN_DICTIONARY) {
        return tni_parquet_chunk_fail(chunk, at, error, TRUENO_ERROR_UNSUPPORTED,
                                      "dictionary with encoding %s",
                                      tni_parquet_encoding_name(header.encoding));
    }
    TNI_TRY(tni_parquet_page_load(env, chunk, at, &header, at + used, NULL, &heap, &data, error));
    out->count = header.values;
    out->code_width = out->count <= 256 ? 1 : out->count <= 65536 ? 2 : 4;
    if (chunk->leaf->physical == TNI_PARQUET_BYTE_ARRAY) {
        if (out->count > header.size / 4) {
            tni_buffer_release(heap);
            return tni_parquet_chunk_fail(chunk, at, error, TRUENO_ERROR_FORMAT,
                                          "a dictionary of %lu values in %lu bytes",
                                          (unsigned long)out->count, (unsigned long)header.size);
        }
        return tni_parquet_dictionary_bytes(env, chunk, at, data, header.size, heap, out, error);
    }
    return tni_parquet_dictionary_fixed(env, chunk, at, data, header.size, heap, out, error);
}

TNI_FN trueno_status tni_parquet_chunk_dictionary(const tni_env *env, tni_parquet_open_chunk *chunk,
                                                  const tni_parquet_dictionary **out,
                                                  tni_error *error) {
    trueno_status status = TRUENO_OK;
    *out = &chunk->dictionary;
    tni_mutex_lock(&chunk->mutex);
    if (!chunk->dictionary_loaded) {
        status = tni_parquet_dictionary_load(env, chunk, error);
        chunk->dictionary_loaded = status == TRUENO_OK;
        if (status != TRUENO_OK) {
            tni_parquet_dictionary_free(&chunk->dictionary);
        }
    }
    tni_mutex_unlock(&chunk->mutex);
    return status;
}

/* ---- cursor ---- */

/* Let the page go; its memory is kept for the next when nobody else holds it. */
static void tni_parquet_cursor_leave(tni_parquet_cursor *c) {
    if (c->page && c->decompressed && tni_atomic_load_i32(&c->page->references) == 1) {
        tni_buffer_release(c->reuse);
        c->reuse = c->page;
    } else {
        tni_buffer_release(c->page);
    }
    c->page = NULL;
    c->opened = false;
    c->left = 0;
}

TNI_FN void tni_parquet_cursor_reset(tni_parquet_cursor *cursor) {
    tni_parquet_cursor kept = *cursor;
    tni_parquet_cursor_leave(&kept);
    memset(cursor, 0, sizeof *cursor);
    cursor->reuse = kept.reuse;
    cursor->last = kept.last;
    cursor->last_capacity = kept.last_capacity;
}

TNI_FN void tni_parquet_cursor_free(tni_parquet_cursor *cursor, tni_memory *memory) {
    tni_buffer_release(cursor->page);
    tni_buffer_release(cursor->reuse);
    tni_free(memory, cursor->last, cursor->last_capacity);
    memset(cursor, 0, sizeof *cursor);
}

/* Walk to the next data page with rows; its body is not touched. */
static trueno_status tni_parquet_cursor_next(tni_parquet_cursor *c, tni_error *error) {
    tni_parquet_open_chunk *chunk = c->chunk;
    tni_parquet_cursor_leave(c);
    while (c->left == 0) {
        size_t have = (size_t)(chunk->end - c->next), used = 0;
        c->page_at = c->next;
        if (have == 0 ||
            !tni_parquet_parse_page(c->next, TNI_MIN(have, (size_t)TNI_PARQUET_HEADER_MAX), &used,
                                    &c->header)) {
            return tni_parquet_fail(c, error, TRUENO_ERROR_FORMAT,
                                    "malformed page header, %llu rows are missing",
                                    (unsigned long long)(chunk->rows - c->row));
        }
        if (c->header.compressed_size > have - used) {
            return tni_parquet_fail(c, error, TRUENO_ERROR_FORMAT,
                                    "page of %lu bytes runs past its column chunk",
                                    (unsigned long)c->header.compressed_size);
        }
        c->body = c->next + used;
        c->next = c->body + c->header.compressed_size;
        if (c->header.type == TNI_PARQUET_DICTIONARY_PAGE) {
            tni_mutex_lock(&chunk->mutex);
            chunk->dictionary_at = chunk->dictionary_at ? chunk->dictionary_at : c->page_at;
            tni_mutex_unlock(&chunk->mutex);
        } else if (c->header.type == TNI_PARQUET_DATA_PAGE ||
                   c->header.type == TNI_PARQUET_DATA_PAGE_V2) {
            c->left = c->header.values;
        }
    }
    if (c->left > chunk->rows - c->row) {
        return tni_parquet_fail(c, error, TRUENO_ERROR_FORMAT,
                                "page claims %lu values, %llu remain", (unsigned long)c->left,
                                (unsigned long long)(chunk->rows - c->row));
    }
    return TRUENO_OK;
}

/* Find the levels at the start of the page; what follows are the values. */
static trueno_status tni_parquet_open_levels(tni_parquet_cursor *c, const uint8_t *data,
                                             size_t size, tni_error *error) {
    const tni_parquet_page_header *header = &c->header;
    size_t levels = 0, prefix = 0;
    c->has_levels = c->chunk->leaf->optional;
    c->bit_packed_levels = false;
    c->levels_taken = 0;
    if (header->type == TNI_PARQUET_DATA_PAGE_V2) {
        prefix = header->repetition_size;
        levels = header->definition_size;
        if (c->has_levels && levels == 0) {
            c->has_levels = false; /* nothing is said: every value is there */
        }
    } else if (c->has_levels && header->level_encoding == TNI_PARQUET_BIT_PACKED) {
        c->bit_packed_levels = true;
        levels = (header->values + (size_t)7) / 8;
    } else if (c->has_levels && header->level_encoding == TNI_PARQUET_RLE) {
        if (size < 4) {
            return tni_parquet_fail(c, error, TRUENO_ERROR_FORMAT, "the levels are cut off");
        }
        prefix = 4;
        levels = tni_load_le32(data);
    } else if (c->has_levels) {
        return tni_parquet_fail(c, error, TRUENO_ERROR_UNSUPPORTED, "levels with encoding %s",
                                tni_parquet_encoding_name(header->level_encoding));
    }
    if (prefix > size || levels > size - prefix) {
        return tni_parquet_fail(c, error, TRUENO_ERROR_FORMAT, "the levels run past the page");
    }
    c->level_data = data + prefix;
    c->level_size = levels;
    tni_hybrid_open(&c->levels, c->level_data, levels, 1);
    c->at = data + prefix + levels;
    c->end = data + size;
    return TRUENO_OK;
}

TNI_FN bool tni_parquet_is_dictionary(int32_t encoding) {
    return encoding == TNI_PARQUET_PLAIN_DICTIONARY || encoding == TNI_PARQUET_RLE_DICTIONARY;
}

/* Booleans in RLE have a 4-byte length in front, in V1 and V2 pages alike. */
static bool tni_parquet_open_rle(tni_parquet_cursor *c) {
    size_t size = (size_t)(c->end - c->at), length;
    if (c->chunk->leaf->physical != TNI_PARQUET_BOOLEAN) {
        return false;
    }
    if (size < 4) {
        tni_hybrid_open(&c->codes, c->at, 0, 1);
        return size == 0;
    }
    length = tni_load_le32(c->at);
    if (length > size - 4) {
        return false;
    }
    tni_hybrid_open(&c->codes, c->at + 4, length, 1);
    return true;
}

static bool tni_parquet_open_codes(tni_parquet_cursor *c) {
    uint32_t width;
    if (c->at == c->end) { /* a page of NULLs may have nothing at all */
        tni_hybrid_open(&c->codes, c->at, 0, 1);
        return true;
    }
    width = *c->at;
    if (width > 32) {
        return false;
    }
    tni_hybrid_open(&c->codes, c->at + 1, (size_t)(c->end - c->at) - 1, width);
    return true;
}

static bool tni_parquet_open_delta(tni_parquet_cursor *c) {
    uint8_t physical = c->chunk->leaf->physical;
    size_t size = (size_t)(c->end - c->at);
    if (size == 0) {
        memset(&c->delta, 0, sizeof c->delta);
        memset(&c->suffixes, 0, sizeof c->suffixes);
        return true;
    }
    if (!tni_delta_open(&c->delta, c->at, size)) {
        return false;
    }
    if (c->encoding == TNI_PARQUET_DELTA_BINARY_PACKED) {
        return physical == TNI_PARQUET_INT32 || physical == TNI_PARQUET_INT64;
    }
    if (physical < TNI_PARQUET_BYTE_ARRAY) {
        return false;
    }
    c->at = tni_delta_end(&c->delta);
    if (c->at && c->encoding == TNI_PARQUET_DELTA_BYTE_ARRAY) {
        if (!tni_delta_open(&c->suffixes, c->at, (size_t)(c->end - c->at))) {
            return false;
        }
        c->last_size = 0;
        c->at = tni_delta_end(&c->suffixes);
    }
    return c->at != NULL;
}

static bool tni_parquet_open_split(tni_parquet_cursor *c) {
    uint32_t width = c->chunk->leaf->stored_width;
    size_t size = (size_t)(c->end - c->at);
    if (width == 0 || c->chunk->leaf->physical == TNI_PARQUET_BOOLEAN || size % width) {
        return false;
    }
    c->count = size / width;
    return true;
}

static trueno_status tni_parquet_open_values(tni_parquet_cursor *c, tni_error *error) {
    bool good = true;
    c->encoding = c->header.encoding;
    c->index = 0;
    switch (c->encoding) {
    case TNI_PARQUET_PLAIN:
        if (c->chunk->leaf->physical == TNI_PARQUET_BOOLEAN) {
            tni_hybrid_open_packed(&c->codes, c->at, (size_t)(c->end - c->at), 1);
        }
        break;
    case TNI_PARQUET_PLAIN_DICTIONARY:
    case TNI_PARQUET_RLE_DICTIONARY: good = tni_parquet_open_codes(c); break;
    case TNI_PARQUET_RLE: good = tni_parquet_open_rle(c); break;
    case TNI_PARQUET_DELTA_BINARY_PACKED:
    case TNI_PARQUET_DELTA_LENGTH_BYTE_ARRAY:
    case TNI_PARQUET_DELTA_BYTE_ARRAY: good = tni_parquet_open_delta(c); break;
    case TNI_PARQUET_BYTE_STREAM_SPLIT: good = tni_parquet_open_split(c); break;
    default:
        return tni_parquet_fail(c, error, TRUENO_ERROR_UNSUPPORTED,
                                "encoding %s (%ld) is not supported",
                                tni_parquet_encoding_name(c->encoding), (long)c->encoding);
    }
    return good ? TRUENO_OK
                : tni_parquet_fail(c, error, TRUENO_ERROR_FORMAT, "malformed %s data",
                                   tni_parquet_encoding_name(c->encoding));
}

static trueno_status tni_parquet_cursor_open(const tni_env *env, tni_parquet_cursor *c,
                                             tni_error *error) {
    const uint8_t *data;
    if (c->opened) {
        return TRUENO_OK;
    }
    tni_buffer_release(c->page);
    c->page = NULL;
    TNI_TRY(tni_parquet_page_share(env, c->chunk, c->page_at, &c->header, c->body, &c->reuse,
                                   &c->page, &data, error));
    c->decompressed = !tni_parquet_page_stored(c->chunk, &c->header);
    TNI_TRY(tni_parquet_open_levels(c, data, c->header.size, error));
    TNI_TRY(tni_parquet_open_values(c, error));
    c->opened = true;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_parquet_cursor_page(const tni_env *env, tni_parquet_cursor *cursor,
                                             tni_error *error) {
    if (cursor->left == 0) {
        TNI_TRY(tni_parquet_cursor_next(cursor, error));
    }
    return tni_parquet_cursor_open(env, cursor, error);
}

TNI_FN trueno_status tni_parquet_cursor_levels(tni_parquet_cursor *cursor, uint32_t n,
                                               uint64_t *bitmap, size_t offset, uint32_t *valid,
                                               tni_error *error) {
    size_t ones = n, got = n;
    if (!cursor->has_levels) {
        if (bitmap) {
            tni_bits_fill(bitmap, offset, n);
        }
    } else if (cursor->bit_packed_levels) {
        got = tni_bit_packed_levels(cursor->level_data, cursor->level_size, cursor->levels_taken,
                                    bitmap, offset, n, &ones);
        cursor->levels_taken += n;
    } else {
        got = tni_hybrid_bits(&cursor->levels, bitmap, offset, n, &ones);
    }
    *valid = (uint32_t)ones;
    if (got != n) {
        return tni_parquet_fail(cursor, error, TRUENO_ERROR_FORMAT,
                                "malformed definition levels, or fewer than values");
    }
    cursor->left -= n;
    cursor->row += n;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_parquet_cursor_front_coded(tni_parquet_cursor *cursor, int64_t prefix,
                                                    int64_t suffix, tni_error *error) {
    size_t size;
    if (prefix < 0 || suffix < 0 || (uint64_t)prefix > cursor->last_size ||
        (uint64_t)suffix > (uint64_t)(cursor->end - cursor->at)) {
        return tni_parquet_fail(cursor, error, TRUENO_ERROR_FORMAT,
                                "DELTA_BYTE_ARRAY lengths run past the data");
    }
    size = (size_t)prefix + (size_t)suffix;
    if (size > INT32_MAX) {
        return tni_parquet_fail(cursor, error, TRUENO_ERROR_LIMIT, "a value of %llu bytes",
                                (unsigned long long)size);
    }
    if (size > cursor->last_capacity) {
        void *items = cursor->last;
        TNI_TRY(tni_grow(cursor->chunk->file->memory, &items, &cursor->last_capacity, size, 1,
                         error));
        cursor->last = (uint8_t *)items;
    }
    if (suffix) {
        memcpy(cursor->last + (size_t)prefix, cursor->at, (size_t)suffix);
    }
    cursor->at += (size_t)suffix;
    cursor->last_size = size;
    return TRUENO_OK;
}

static bool tni_parquet_skip_byte_arrays(tni_parquet_cursor *c, uint32_t n) {
    while (n--) {
        size_t length;
        if (c->end - c->at < 4) {
            return false;
        }
        length = tni_load_le32(c->at);
        c->at += 4;
        if (length > (size_t)(c->end - c->at)) {
            return false;
        }
        c->at += length;
    }
    return true;
}

/* Deltas depend on all before them: they are decoded, but go nowhere. */
static trueno_status tni_parquet_skip_deltas(tni_parquet_cursor *c, uint32_t n, bool *good,
                                             tni_error *error) {
    int64_t values[256], suffixes[256];
    *good = true;
    while (n && *good) {
        size_t count = TNI_MIN((size_t)n, TNI_COUNT_OF(values)), i;
        *good = tni_delta_read(&c->delta, values, count) == count;
        if (*good && c->encoding == TNI_PARQUET_DELTA_BYTE_ARRAY) {
            *good = tni_delta_read(&c->suffixes, suffixes, count) == count;
            for (i = 0; i < count && *good; i++) {
                TNI_TRY(tni_parquet_cursor_front_coded(c, values[i], suffixes[i], error));
            }
        } else if (*good && c->encoding == TNI_PARQUET_DELTA_LENGTH_BYTE_ARRAY) {
            for (i = 0; i < count && *good; i++) {
                *good = values[i] >= 0 && (uint64_t)values[i] <= (uint64_t)(c->end - c->at);
                c->at += *good ? (size_t)values[i] : 0;
            }
        }
        n -= (uint32_t)count;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_parquet_cursor_skip(const tni_env *env, tni_parquet_cursor *cursor,
                                             uint32_t n, tni_error *error) {
    const tni_parquet_leaf *leaf = cursor->chunk->leaf;
    bool good = true;
    (void)env;
    switch (cursor->encoding) {
    case TNI_PARQUET_PLAIN:
        if (leaf->physical == TNI_PARQUET_BYTE_ARRAY) {
            good = tni_parquet_skip_byte_arrays(cursor, n);
        } else if (leaf->physical == TNI_PARQUET_BOOLEAN) {
            good = tni_hybrid_skip(&cursor->codes, n) == n;
        } else if ((uint64_t)(cursor->end - cursor->at) / leaf->stored_width >= n) {
            cursor->at += (size_t)n * leaf->stored_width;
        } else {
            good = false;
        }
        break;
    case TNI_PARQUET_BYTE_STREAM_SPLIT: cursor->index += n; break;
    case TNI_PARQUET_DELTA_BINARY_PACKED:
    case TNI_PARQUET_DELTA_LENGTH_BYTE_ARRAY:
    case TNI_PARQUET_DELTA_BYTE_ARRAY:
        TNI_TRY(tni_parquet_skip_deltas(cursor, n, &good, error));
        break;
    default: good = tni_hybrid_skip(&cursor->codes, n) == n; break;
    }
    return good ? TRUENO_OK
                : tni_parquet_fail(cursor, error, TRUENO_ERROR_FORMAT,
                                   "the page has fewer values than it claims");
}

TNI_FN trueno_status tni_parquet_cursor_seek(tni_env *env, tni_parquet_cursor *cursor,
                                             tni_parquet_open_chunk *chunk, uint64_t row,
                                             tni_error *error) {
    if (cursor->chunk != chunk || cursor->row > row) {
        trueno_status status;
        tni_parquet_cursor_reset(cursor);
        tni_mutex_lock(&chunk->mutex);
        status = tni_parquet_chunk_load(env, chunk, error);
        tni_mutex_unlock(&chunk->mutex);
        if (status != TRUENO_OK) {
            return status;
        }
        cursor->chunk = chunk;
        cursor->next = chunk->begin;
    }
    while (cursor->row < row) {
        uint32_t count, valid;
        if (cursor->left == 0) {
            TNI_TRY(tni_parquet_cursor_next(cursor, error));
        }
        count = (uint32_t)TNI_MIN((uint64_t)cursor->left, row - cursor->row);
        if (count == cursor->left) { /* the rest of the page: no need to look inside */
            cursor->row += count;
            cursor->left = 0;
            continue;
        }
        TNI_TRY(tni_parquet_cursor_open(env, cursor, error));
        TNI_TRY(tni_parquet_cursor_levels(cursor, count, NULL, 0, &valid, error));
        TNI_TRY(tni_parquet_cursor_skip(env, cursor, valid, error));
    }
    return TRUENO_OK;
}

#undef TNI_PARQUET_HEADER_MAX
#undef TNI_PARQUET_UNCOUNTED
