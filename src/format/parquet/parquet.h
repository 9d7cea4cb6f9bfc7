/*
 * parquet.h - Parquet files as a source, and writing them.
 *
 * Reading: flat columns of every physical and logical type, all encodings but ALP, all codecs but
 * BROTLI and LZO, data pages V1 and V2. Nested columns stay listed; only fetching one fails.
 * Row groups that the statistics rule out are not read; columns that nobody fetches are not
 * decompressed. Writing: row groups of 122,880 rows, Snappy (or gzip, or nothing), dictionaries
 * where they pay.
 */
#ifndef TNI_FORMAT_PARQUET_PARQUET_H
#define TNI_FORMAT_PARQUET_PARQUET_H

#include "column/source.h"

typedef struct tni_parquet_options {
    bool binary_as_string; /* BYTE_ARRAY without annotation is VARCHAR, not BLOB */
    bool skip_crc;         /* do not verify page checksums */
} tni_parquet_options;

/* Open one or several files as one source, rows in the order of the paths. The files must have
 * the same columns: names and types, by position. `env` is needed for this call only, but what
 * its memory and files point to must outlive the source. Errors: IO, FORMAT, UNSUPPORTED
 * (encrypted footer), LIMIT, MEMORY, and BINDER when the files' columns differ. */
TNI_FN trueno_status tni_parquet_open(tni_env *env, const char *const *paths, uint32_t path_count,
                                      tni_source **out, tni_error *error);
TNI_FN trueno_status tni_parquet_open_with(tni_env *env, const char *const *paths,
                                           uint32_t path_count, const tni_parquet_options *options,
                                           tni_source **out, tni_error *error);

/* Write a file. Chunks arrive in row order; their columns match `fields`. `finish` writes what is
 * buffered and the footer; without it the file is removed by `free`. Not thread-safe. */
typedef struct tni_parquet_writer tni_parquet_writer;
TNI_FN trueno_status tni_parquet_writer_new(tni_env *env, const char *path,
                                            const tni_field *fields, uint32_t field_count,
                                            tni_parquet_writer **out, tni_error *error);
/* Row groups of `rows` rows, 1 to what is the rule without: more counts as that. */
TNI_FN void tni_parquet_writer_limit_groups(tni_parquet_writer *writer, uint64_t rows);
/* How pages are compressed, before the first chunk: "snappy" (the rule), "gzip", "uncompressed" or
 * "none", in any case of letters. False: no such encoder. */
TNI_FN bool tni_parquet_writer_codec(const char *name, uint8_t *out);
TNI_FN void tni_parquet_writer_set_codec(tni_parquet_writer *writer, uint8_t codec);
TNI_FN trueno_status tni_parquet_writer_write_chunk(tni_parquet_writer *writer,
                                                    const tni_chunk *chunk, tni_error *error);
TNI_FN trueno_status tni_parquet_writer_finish(tni_parquet_writer *writer, tni_error *error);
TNI_FN void tni_parquet_writer_free(tni_parquet_writer *writer); /* NULL is fine */

#endif
