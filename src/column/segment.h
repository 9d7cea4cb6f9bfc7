/*
 * segment.h - up to 2^16 rows of one column in their narrowest form.
 *
 *   CONSTANT  one value for every valid row          data: 1 value (NULL when all are NULL)
 *   NARROW    frame of reference, value = base + code data: unsigned codes of code_width bytes
 *   DICT      codes into a dictionary                 data: unsigned codes of code_width bytes
 *   RLE       run ends and run values                 data: values, run_ends: uint32_t[run_count]
 *   PLAIN     values as they are                      data: values; strings: `strings` says how
 *
 * NARROW serves integers, DATE, TIME, TIMESTAMP and DECIMAL up to 18 digits. Segments are
 * immutable and reference-counted; buffers may belong to a mapped file or to the host. Codes of
 * NULL rows are readable (0). Validity starts at bit 0 of `validity`.
 */
#ifndef TNI_COLUMN_SEGMENT_H
#define TNI_COLUMN_SEGMENT_H

#include "column/vector.h"

#define TNI_SEGMENT_ROWS 65536u

typedef enum tni_encoding {
    TNI_ENCODING_CONSTANT,
    TNI_ENCODING_NARROW,
    TNI_ENCODING_DICT,
    TNI_ENCODING_RLE,
    TNI_ENCODING_PLAIN
} tni_encoding;

/* How a PLAIN string segment holds its strings. Offsets: rows + 1 of them into `heap`. */
typedef enum tni_string_layout {
    TNI_STRINGS_VIEWS,     /* data: tni_string[rows] */
    TNI_STRINGS_OFFSETS32, /* data: uint32_t[rows + 1] */
    TNI_STRINGS_OFFSETS64  /* data: uint64_t[rows + 1] */
} tni_string_layout;

/* What is known of a column, a segment or a file chunk. Bounds hold for every valid row. */
typedef struct tni_zone {
    bool has_bounds;      /* min and max are set (never for an all-NULL segment) */
    bool exact;           /* some row equals min, some row equals max */
    bool has_nan;         /* floats: NaN or infinity may be present outside the bounds */
    bool has_nulls;       /* may hold NULLs; false = certainly none */
    bool sorted;          /* ascending */
    uint64_t rows;
    uint64_t null_count;  /* UINT64_MAX = unknown */
    uint64_t distinct;    /* estimate, 0 = unknown */
    tni_value min, max;   /* strings point into memory that lives as long as the owner */
} tni_zone;

typedef struct tni_segment {
    tni_atomic_i32 references;
    tni_memory *memory;
    tni_type type;
    uint8_t encoding;
    uint8_t code_width;
    uint8_t strings;           /* tni_string_layout */
    uint32_t rows;
    const void *data;
    const uint64_t *validity;  /* NULL = no NULLs */
    const uint8_t *heap;       /* OFFSETS32/64: the bytes */
    uint64_t heap_size;
    const uint32_t *run_ends;  /* RLE: ascending, last = rows */
    uint32_t run_count;
    int64_t base;              /* NARROW */
    tni_dictionary *dictionary; /* DICT: a reference */
    tni_zone zone;
    tni_buffer *buffers[4];    /* owners of data, validity, heap, runs; NULL where unused */
    tni_value constant;        /* CONSTANT: the value (strings point into a buffer) */
    uint64_t bytes;            /* encoded size, for the cost model and reports */
} tni_segment;

TNI_FN tni_segment *tni_segment_retain(tni_segment *segment);
TNI_FN void tni_segment_release(tni_segment *segment); /* NULL is fine */
/* An empty shell (references 1, everything else zero) to be filled in by a reader. */
TNI_FN trueno_status tni_segment_new(tni_memory *memory, tni_type type, uint32_t rows,
                                     tni_segment **out, tni_error *error);

/* Choose the smallest encoding for FLAT values and build the segment, zone map included.
 * `values`: rows * width bytes (strings: tni_string views, copied); validity may be NULL. With an
 * `interner`, strings become codes in it (the caller seals it later and calls
 * tni_segment_set_dictionary); without, strings get a dictionary of their own when that is
 * smaller. */
TNI_FN trueno_status tni_segment_encode(const tni_env *env, tni_type type, const void *values,
                                        const uint64_t *validity, uint32_t rows,
                                        tni_interner *interner, tni_segment **out,
                                        tni_error *error);
TNI_FN void tni_segment_set_dictionary(tni_segment *segment, tni_dictionary *dictionary);
/* Compute the zone of a segment whose reader did not know it (PLAIN host arrays...). */
TNI_FN void tni_segment_compute_zone(const tni_env *env, tni_segment *segment);

/* A view of rows [first, first + rows) as a vector; first is a multiple of 2,048, rows <= 2,048.
 * NARROW, DICT, CONSTANT and fixed-width PLAIN need no copy; RLE and offset strings use scratch. */
TNI_FN trueno_status tni_segment_view(const tni_env *env, const tni_segment *segment,
                                      uint32_t first, uint32_t rows, tni_scratch *scratch,
                                      tni_vector *out, tni_error *error);
/* Only rows first + positions[i]: what a column costs when a filter left few rows. */
TNI_FN trueno_status tni_segment_gather(const tni_env *env, const tni_segment *segment,
                                        uint32_t first, const uint16_t *positions, uint32_t count,
                                        tni_scratch *scratch, tni_vector *out, tni_error *error);

/* Does the type have a NARROW form? */
TNI_FN bool tni_type_has_narrow(tni_type type);
/* String `row` of a PLAIN string segment, whatever its layout. */
TNI_FN tni_string tni_segment_string(const tni_segment *segment, uint32_t row);

#endif
