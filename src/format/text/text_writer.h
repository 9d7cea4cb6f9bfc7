/*
 * text_writer.h - chunks to text: CSV and JSON, for COPY TO and for results.
 *
 * A printer appends to a tni_text; a tni_text_file writes such a text to a file in large pieces.
 * Values print as the shell prints them, so that what is written reads back as the same value.
 */
#ifndef TNI_FORMAT_TEXT_TEXT_WRITER_H
#define TNI_FORMAT_TEXT_TEXT_WRITER_H

#include "column/vector.h"
#include "format/csv/csv.h"

/* ---- CSV: RFC 4180 ---- */

/* Zeroed, then tni_csv_write_options_init: comma, quotes doubled, NULL is the empty field. */
typedef struct tni_csv_write_options {
    char delimiter[5];
    char quote, escape;           /* quote 0: never quote (a field that needs it is an error) */
    bool no_header;               /* for the caller: names are passed only when false */
    const char *null_text;
    const char *date_format, *timestamp_format; /* strftime forms; NULL = ISO */
    bool quote_all;
    const char **quote_columns;   /* force_quote: names */
    uint32_t quote_column_count;
} tni_csv_write_options;

TNI_FN void tni_csv_write_options_init(tni_csv_write_options *options);
/* Set an option of COPY TO by its SQL name; texts are kept in `arena`. */
TNI_FN trueno_status tni_csv_write_option(tni_csv_write_options *options, tni_arena *arena,
                                          const char *name, const tni_csv_setting *value,
                                          tni_error *error);
/* The header line. */
TNI_FN void tni_csv_write_names(const tni_csv_write_options *options, const char *const *names,
                                uint32_t count, tni_text *out);
/* The counting rows of a chunk. `names` serve force_quote and may be NULL without it. */
TNI_FN trueno_status tni_csv_write_chunk(const tni_csv_write_options *options,
                                         const char *const *names, const tni_chunk *chunk,
                                         tni_text *out, tni_error *error);

/* ---- JSON ---- */

typedef struct tni_json_write_options {
    bool array;         /* [ {...}, ... ] instead of one object a line */
    bool nonfinite_null; /* NaN and infinities as null instead of NaN, Infinity, -Infinity */
} tni_json_write_options;

TNI_FN void tni_json_write_begin(const tni_json_write_options *options, tni_text *out);
/* The counting rows; *rows counts them over all chunks (start with 0). */
TNI_FN trueno_status tni_json_write_chunk(const tni_json_write_options *options,
                                          const char *const *names, const tni_chunk *chunk,
                                          uint64_t *rows, tni_text *out, tni_error *error);
TNI_FN void tni_json_write_end(const tni_json_write_options *options, uint64_t rows,
                               tni_text *out);
TNI_FN void tni_json_write_string(const void *data, size_t length, tni_text *out); /* quoted */

/* ---- what the printers share ---- */

/* The value of a row in its physical form, NULL for NULL. `storage`: 16 bytes for codes. */
TNI_FN const void *tni_text_cell(const tni_vector *vector, uint32_t row, uint64_t storage[2]);
/* Rows that count, in order: the next one at or after `row`, chunk->rows at the end. */
TNI_FN uint32_t tni_text_next_row(const tni_chunk *chunk, uint32_t row);

/* ---- a file written in large pieces ---- */

typedef struct tni_text_file {
    const trueno_files *files;
    void *file;
    const char *path;   /* borrowed */
    tni_text text;      /* append here, then call tni_text_file_flush */
    uint64_t written;
    struct tni_gzip_encoder *gzip; /* NULL: the text as it is */
} tni_text_file;

TNI_FN trueno_status tni_text_file_open(tni_env *env, const char *path, tni_text_file *out,
                                        tni_error *error);
/* From here on the file is compressed; nothing has been written to it yet. */
TNI_FN trueno_status tni_text_file_gzip(tni_text_file *file, tni_error *error);
/* Write what has gathered: when it is a megabyte, or `all`, which ends a compressed file. */
TNI_FN trueno_status tni_text_file_flush(tni_text_file *file, bool all, tni_error *error);
/* Flush (when `keep`), close and free; the first failure is the result. */
TNI_FN trueno_status tni_text_file_close(tni_text_file *file, bool keep, tni_error *error);

#endif
