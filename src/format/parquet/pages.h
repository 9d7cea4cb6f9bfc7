/*
 * pages.h - files, the chunks of an open row group, and a cursor over a chunk's pages.
 *
 * A tni_parquet_open_chunk is one column of one row group while it is scanned: its bytes, its
 * dictionary (loaded once, under the chunk's lock) and the page last decompressed, which workers
 * on different pieces of the row group share. A cursor belongs to one worker: it walks the page
 * headers, skips pages whose rows nobody wants without decompressing them, and reads levels and
 * values of the others piecemeal.
 */
#ifndef TNI_FORMAT_PARQUET_PAGES_H
#define TNI_FORMAT_PARQUET_PAGES_H

#include "format/parquet/convert.h"
#include "format/parquet/encodings.h"

typedef struct tni_parquet_file {
    const char *path;
    tni_memory *memory;
    trueno_files files;
    void *handle;      /* NULL once `map` owns it */
    uint64_t size;
    uint64_t data_end; /* where the footer starts */
    tni_buffer *map;   /* the whole file, or NULL: read through `files` */
    tni_buffer *footer;
    tni_parquet_metadata metadata;
} tni_parquet_file;

typedef struct tni_parquet_dictionary {
    uint32_t count;
    uint8_t code_width;        /* of decoded codes: 1, 2 or 4 bytes */
    tni_dictionary *strings;   /* VARCHAR and BLOB */
    tni_buffer *values;        /* other types: SQL values */
    tni_buffer *narrow;        /* integers of a small range: value - base by code, or NULL */
    uint8_t narrow_width;
    bool has_range;            /* integers: low and high */
    int64_t low, high;
} tni_parquet_dictionary;

typedef struct tni_parquet_open_chunk {
    tni_mutex mutex;
    const tni_parquet_file *file;
    const tni_parquet_leaf *leaf;
    const tni_parquet_chunk *chunk;
    const tni_crc32_table *crc;
    uint32_t group;            /* number in the file, for messages */
    uint64_t rows;
    tni_zone zone;             /* what the statistics claim */
    bool shared;               /* several workers may read it: keep the decompressed page */
    bool loaded;
    tni_buffer *buffer;        /* owns [begin, end): the map, or what was read */
    const uint8_t *begin, *end;
    uint64_t offset;           /* of `begin` in the file */
    const uint8_t *dictionary_at; /* its page header, NULL until seen */
    bool dictionary_loaded;
    tni_parquet_dictionary dictionary;
    const uint8_t *page_at;    /* the page that `page` holds */
    tni_buffer *page;
} tni_parquet_open_chunk;

typedef struct tni_parquet_cursor {
    tni_parquet_open_chunk *chunk; /* NULL: not placed */
    const uint8_t *next;       /* the next page header */
    uint64_t row;              /* of the chunk: the next row to read */
    /* the current page */
    const uint8_t *page_at;    /* its header */
    const uint8_t *body;
    tni_parquet_page_header header;
    uint32_t left;             /* rows left in it */
    bool opened;               /* decompressed, streams below are set */
    bool decompressed;         /* `page` is memory of its own, not the file's */
    tni_buffer *page;          /* owns the values' bytes */
    tni_buffer *reuse;         /* the last page's memory, when nobody else holds it */
    bool has_levels;
    bool bit_packed_levels;
    const uint8_t *level_data;
    size_t level_size;
    uint32_t levels_taken;
    tni_hybrid levels;
    int32_t encoding;
    const uint8_t *at;         /* PLAIN and byte arrays: the next value */
    const uint8_t *end;
    uint64_t index;            /* BYTE_STREAM_SPLIT: values taken */
    uint64_t count;            /* BYTE_STREAM_SPLIT: values of the page */
    tni_hybrid codes;
    tni_delta delta;           /* integers, lengths, or prefix lengths */
    tni_delta suffixes;
    uint8_t *last;             /* DELTA_BYTE_ARRAY: the previous value */
    size_t last_size, last_capacity;
} tni_parquet_cursor;

TNI_FN trueno_status tni_parquet_file_read(const tni_parquet_file *file, uint64_t offset,
                                           void *data, size_t size, tni_error *error);

/* Prepare a chunk; nothing is read yet. False when no lock can be had. */
TNI_FN bool tni_parquet_chunk_init(tni_parquet_open_chunk *chunk, const tni_parquet_file *file,
                                   const tni_crc32_table *crc, uint32_t leaf, uint32_t group,
                                   bool shared);
TNI_FN void tni_parquet_chunk_free(tni_parquet_open_chunk *chunk);
/* The chunk's dictionary, loaded now if need be. */
TNI_FN trueno_status tni_parquet_chunk_dictionary(const tni_env *env, tni_parquet_open_chunk *chunk,
                                                  const tni_parquet_dictionary **out,
                                                  tni_error *error);

/* Place a cursor at `row` of a chunk: forward from where it is, or from the start. Pages in
 * between are not decompressed. */
TNI_FN trueno_status tni_parquet_cursor_seek(tni_env *env, tni_parquet_cursor *cursor,
                                             tni_parquet_open_chunk *chunk, uint64_t row,
                                             tni_error *error);
/* Make sure that the current page has rows left and is open. */
TNI_FN trueno_status tni_parquet_cursor_page(const tni_env *env, tni_parquet_cursor *cursor,
                                             tni_error *error);
/* Take n rows (at most `left`) of the page: how many hold values. Bits go to `bitmap` (zeroed,
 * may be NULL) at `offset`. The values must be read or skipped next. */
TNI_FN trueno_status tni_parquet_cursor_levels(tni_parquet_cursor *cursor, uint32_t n,
                                               uint64_t *bitmap, size_t offset, uint32_t *valid,
                                               tni_error *error);
/* Skip n values of the current page. */
TNI_FN trueno_status tni_parquet_cursor_skip(const tni_env *env, tni_parquet_cursor *cursor,
                                             uint32_t n, tni_error *error);
TNI_FN void tni_parquet_cursor_reset(tni_parquet_cursor *cursor); /* forget the chunk */
TNI_FN void tni_parquet_cursor_free(tni_parquet_cursor *cursor, tni_memory *memory);

/* The next value of a DELTA_BYTE_ARRAY stream, into cursor->last. */
TNI_FN trueno_status tni_parquet_cursor_front_coded(tni_parquet_cursor *cursor, int64_t prefix,
                                                    int64_t suffix, tni_error *error);
/* Views of n length-prefixed values; NULL when they run past `end`, else where they stop. */
TNI_FN const uint8_t *tni_parquet_byte_arrays(const uint8_t *at, const uint8_t *end, size_t n,
                                              tni_string *out);
/* Are n strings, all inside [data, data + size), valid UTF-8? */
TNI_FN bool tni_parquet_text_valid(const tni_kernels *kernels, const uint8_t *data, size_t size,
                                   const tni_string *strings, size_t n);
TNI_FN bool tni_parquet_is_dictionary(int32_t encoding);

/* Record a failure with the file, row group, column and page that it happened in. */
TNI_FN trueno_status tni_parquet_chunk_fail(const tni_parquet_open_chunk *chunk,
                                            const uint8_t *at, tni_error *error,
                                            trueno_status status, const char *format, ...)
    TNI_PRINTF(5, 6);
#define tni_parquet_fail(cursor, error, status, ...)                                               \
    tni_parquet_chunk_fail((cursor)->chunk, (cursor)->page_at, error, status, __VA_ARGS__)

#endif
