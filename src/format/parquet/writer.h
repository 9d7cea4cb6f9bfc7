/*
 * writer.h - one column of a row group on its way into a file.
 *
 * Values are buffered in SQL form: fixed widths in an array, strings as codes of an interner.
 * When the row group is full, tni_parquet_column_flush encodes them to pages.
 */
#ifndef TNI_FORMAT_PARQUET_WRITER_H
#define TNI_FORMAT_PARQUET_WRITER_H

#include "codec/codec.h"
#include "format/parquet/metadata.h"

#define TNI_PARQUET_GROUP_ROWS 122880u

typedef struct tni_parquet_out { /* what a column is in the file */
    const char *name;
    tni_type type;
    uint8_t physical;      /* tni_parquet_physical */
    uint32_t width;        /* bytes of a stored value; 0 for BYTE_ARRAY, BOOLEAN */
    int32_t converted;     /* ConvertedType, -1 = none */
    int32_t logical;       /* field of the LogicalType union, 0 = none */
} tni_parquet_out;

typedef struct tni_parquet_column_writer {
    tni_parquet_out out;
    uint32_t value_width;  /* in memory; strings: 4 (codes) */
    uint8_t *values;       /* [TNI_PARQUET_GROUP_ROWS], NULLs included (zeros) */
    uint64_t *validity;
    uint32_t nulls;
    tni_interner interner; /* strings of the row group */
    uint64_t map_id;       /* dictionary whose codes `map` translates to ours */
    uint32_t *map;
    uint32_t map_count;
} tni_parquet_column_writer;

/* What a flushed chunk needs in the footer. */
typedef struct tni_parquet_written {
    uint64_t dictionary_offset; /* 0 = none */
    uint64_t data_offset;
    uint64_t compressed_size, size;
    bool plain;                 /* some page is PLAIN */
    uint8_t codec;              /* the sink's */
    tni_value min, max;         /* has_bounds; strings point into the interner */
    bool has_bounds;
} tni_parquet_written;

/* Where pages go. */
typedef struct tni_parquet_sink {
    const trueno_files *files;
    void *handle;
    const char *path;
    uint64_t offset;
    tni_memory *memory;
    tni_text page;         /* uncompressed content, reused */
    tni_text header;
    uint8_t codec;         /* tni_parquet_codec */
    tni_gzip_encoder *gzip; /* NULL until needed */
    uint8_t *packed;
    size_t packed_capacity;
} tni_parquet_sink;

TNI_FN trueno_status tni_parquet_sink_write(tni_parquet_sink *sink, const void *data, size_t size,
                                            tni_error *error);
/* Which physical and logical type a SQL type is written as. */
TNI_FN tni_parquet_out tni_parquet_out_type(const char *name, tni_type type);
/* Store one SQL value (`in`, not a string) in the file's form. False when it does not fit. */
TNI_FN bool tni_parquet_store(const tni_parquet_out *out, const void *in, uint8_t *to);
/* Encode `rows` buffered rows as one column chunk. */
TNI_FN trueno_status tni_parquet_column_flush(tni_parquet_column_writer *column, uint32_t rows,
                                              tni_parquet_sink *sink, tni_parquet_written *written,
                                              tni_error *error);

#endif
