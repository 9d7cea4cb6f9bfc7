/*
 * metadata.h - what a Parquet file says of itself: schema, row groups, column chunks, pages.
 *
 * Parsing is strict in lengths (nothing is read past the footer, counts are checked) and lenient
 * in everything optional (unknown fields, types and annotations are skipped). The footer's bytes
 * stay in memory: statistics point into them. A leaf that this reader cannot turn into a SQL
 * column stays listed with a `refusal`, the reason that fetching it gives.
 */
#ifndef TNI_FORMAT_PARQUET_METADATA_H
#define TNI_FORMAT_PARQUET_METADATA_H

#include "column/source.h"
#include "format/parquet/thrift.h"

typedef enum tni_parquet_physical {
    TNI_PARQUET_BOOLEAN,
    TNI_PARQUET_INT32,
    TNI_PARQUET_INT64,
    TNI_PARQUET_INT96,
    TNI_PARQUET_FLOAT,
    TNI_PARQUET_DOUBLE,
    TNI_PARQUET_BYTE_ARRAY,
    TNI_PARQUET_FIXED
} tni_parquet_physical;

typedef enum tni_parquet_codec {
    TNI_PARQUET_UNCOMPRESSED,
    TNI_PARQUET_SNAPPY,
    TNI_PARQUET_GZIP,
    TNI_PARQUET_LZO,
    TNI_PARQUET_BROTLI,
    TNI_PARQUET_LZ4,
    TNI_PARQUET_ZSTD,
    TNI_PARQUET_LZ4_RAW
} tni_parquet_codec;

typedef enum tni_parquet_encoding {
    TNI_PARQUET_PLAIN = 0,
    TNI_PARQUET_PLAIN_DICTIONARY = 2,
    TNI_PARQUET_RLE = 3,
    TNI_PARQUET_BIT_PACKED = 4,
    TNI_PARQUET_DELTA_BINARY_PACKED = 5,
    TNI_PARQUET_DELTA_LENGTH_BYTE_ARRAY = 6,
    TNI_PARQUET_DELTA_BYTE_ARRAY = 7,
    TNI_PARQUET_RLE_DICTIONARY = 8,
    TNI_PARQUET_BYTE_STREAM_SPLIT = 9
} tni_parquet_encoding;

typedef enum tni_parquet_page_type {
    TNI_PARQUET_DATA_PAGE = 0,
    TNI_PARQUET_INDEX_PAGE = 1,
    TNI_PARQUET_DICTIONARY_PAGE = 2,
    TNI_PARQUET_DATA_PAGE_V2 = 3
} tni_parquet_page_type;

/* How a stored value becomes a SQL value; see convert.c. */
typedef enum tni_parquet_convert {
    TNI_PARQUET_TO_SAME,        /* 1, 4 or 8 bytes, as they are */
    TNI_PARQUET_TO_I8,          /* INT32, low byte */
    TNI_PARQUET_TO_I16,         /* INT32, low two bytes */
    TNI_PARQUET_TO_I64,         /* INT32, sign extended */
    TNI_PARQUET_TO_I64_TIMES,   /* INT32 or INT64 milliseconds to microseconds */
    TNI_PARQUET_TO_I64_DIVIDED, /* INT64 nanoseconds to microseconds, rounded down */
    TNI_PARQUET_TO_I128,        /* INT32 or INT64, sign extended */
    TNI_PARQUET_INT96_TO_TIMESTAMP,
    TNI_PARQUET_BYTES_TO_I64,   /* big-endian two's complement, any length */
    TNI_PARQUET_BYTES_TO_I128,
    TNI_PARQUET_HALF_TO_FLOAT,
    TNI_PARQUET_TO_INTERVAL,
    TNI_PARQUET_TO_UUID_TEXT,
    TNI_PARQUET_TO_STRING       /* BYTE_ARRAY and FIXED: views */
} tni_parquet_convert;

typedef struct tni_parquet_leaf {
    const char *name;        /* of the top-level field; NUL-terminated */
    const char *refusal;     /* why its values cannot be read; NULL = they can */
    tni_type type;
    uint8_t physical;        /* tni_parquet_physical */
    uint8_t convert;         /* tni_parquet_convert */
    bool optional;           /* has definition levels of 0 and 1 */
    bool text;               /* must be valid UTF-8 */
    uint32_t stored_width;   /* bytes of a stored value; 0 for BYTE_ARRAY */
} tni_parquet_leaf;

typedef struct tni_parquet_statistics {
    const uint8_t *min, *max; /* NULL = absent; little-endian as in PLAIN, no length prefix */
    uint32_t min_size, max_size;
    int64_t null_count;       /* -1 = absent */
    int64_t distinct;         /* -1 = absent */
    bool legacy;              /* from the deprecated min and max */
    bool inexact;             /* said to be no value of the column */
} tni_parquet_statistics;

typedef struct tni_parquet_chunk {
    int64_t data_offset;
    int64_t dictionary_offset; /* 0 = not stated */
    int64_t compressed_size;
    int64_t values;            /* as claimed, NULLs included */
    tni_parquet_statistics statistics;
    int32_t codec;
    bool present;              /* has metadata that we could read */
    bool encrypted;
    bool external;             /* in another file */
} tni_parquet_chunk;

typedef struct tni_parquet_row_group {
    uint64_t rows;
    tni_parquet_chunk *chunks; /* [leaf_count], in schema order */
} tni_parquet_row_group;

typedef struct tni_parquet_field { /* a child of the schema's root */
    const char *name;
    tni_type type;
    uint32_t leaf;            /* its only leaf when readable */
    const char *refusal;      /* nested: why */
    bool optional;
} tni_parquet_field;

typedef struct tni_parquet_metadata {
    tni_parquet_leaf *leaves;
    uint32_t leaf_count;
    tni_parquet_field *fields;
    uint32_t field_count;
    tni_parquet_row_group *groups;
    uint32_t group_count;
    uint64_t rows;
    uint8_t *unordered;       /* [leaf_count], 1 = its column order is unknown; NULL = none */
    bool wrong_times; /* written by Parquet.Net before 5: bounds of times are in local time */
} tni_parquet_metadata;

typedef struct tni_parquet_page_header {
    int32_t type;
    uint32_t size;            /* decompressed */
    uint32_t compressed_size;
    bool has_crc;
    uint32_t crc;
    uint32_t values;          /* NULLs included */
    int32_t encoding;
    int32_t level_encoding;   /* V1 definition levels */
    uint32_t nulls;           /* V2 */
    uint32_t rows;            /* V2 */
    uint32_t definition_size; /* V2: bytes of levels, never compressed */
    uint32_t repetition_size;
    bool compressed;          /* V2 */
} tni_parquet_page_header;

/* Parse a footer (without its length and magic). Everything is allocated in `arena`. */
TNI_FN trueno_status tni_parquet_parse_footer(tni_arena *arena, const uint8_t *data, size_t size,
                                              bool binary_as_string, uint32_t max_columns,
                                              tni_parquet_metadata *out, tni_error *error);
/* Parse a page header at `data`; *used is its length. False when malformed. */
TNI_FN bool tni_parquet_parse_page(const uint8_t *data, size_t size, size_t *used,
                                   tni_parquet_page_header *out);
TNI_FN const char *tni_parquet_codec_name(int32_t codec);
TNI_FN const char *tni_parquet_encoding_name(int32_t encoding);

/* What the statistics of a column chunk prove about its rows. */
TNI_FN void tni_parquet_chunk_zone(const tni_parquet_metadata *metadata, uint32_t leaf,
                                   const tni_parquet_row_group *group, tni_zone *out);

#endif
