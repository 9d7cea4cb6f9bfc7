/*
 * arrow.h - what reading Arrow is made of: formats, one array as the engine sees it, conversion.
 *
 * Nothing of an Arrow struct is trusted further than its own interface allows: lengths, offsets,
 * buffer counts, dictionary indices, string offsets and UTF-8 are checked; buffer sizes cannot be,
 * for the interface does not carry them.
 */
#ifndef TNI_COLUMN_ARROW_H
#define TNI_COLUMN_ARROW_H

#include "column/table_builder.h"

/* How values lie in Arrow memory, as far as it differs in what has to be done. */
typedef enum tni_arrow_kind {
    TNI_ARROW_NULL,
    TNI_ARROW_SAME,        /* fixed width, as ours: in place when aligned */
    TNI_ARROW_BITS,        /* bool */
    TNI_ARROW_HALF,        /* float16 */
    TNI_ARROW_DAYS_MS,     /* date64 */
    TNI_ARROW_SCALED,      /* TIME, TIMESTAMP_TZ in another unit than microseconds */
    TNI_ARROW_DURATION,    /* to INTERVAL */
    TNI_ARROW_MONTHS,      /* interval tiM */
    TNI_ARROW_DAYS_TIME,   /* interval tiD: int32 days, int32 milliseconds */
    TNI_ARROW_MONTHS_DAYS, /* interval tin: int32 months, int32 days, int64 nanoseconds */
    TNI_ARROW_DECIMAL,     /* 4, 8 or 16 bytes, to another width */
    TNI_ARROW_OFFSETS32,   /* utf8, binary */
    TNI_ARROW_OFFSETS64,   /* large_utf8, large_binary */
    TNI_ARROW_VIEWS,       /* utf8_view, binary_view */
    TNI_ARROW_FIXED_BYTES  /* fixed_size_binary */
} tni_arrow_kind;

typedef struct tni_arrow_format {
    tni_arrow_kind kind;
    tni_type type;    /* ours */
    uint32_t width;   /* bytes of a value in Arrow memory; 0 where it has none */
    int64_t multiply; /* SCALED, DURATION: microseconds = value * multiply / divide */
    int64_t divide;
} tni_arrow_format;

/* What a format string means. UNSUPPORTED names the Arrow type. `column` is for the message. */
TNI_FN trueno_status tni_arrow_parse_format(const char *format, const char *column,
                                            tni_arrow_format *out, tni_error *error);
/* The bytes of a dictionary index (negative: signed); false when the format is no integer. */
TNI_FN bool tni_arrow_parse_index(const char *format, int *width);

/* An array checked against its format. Row i is element start + i of the buffers. */
typedef struct tni_arrow_view {
    const uint8_t *validity; /* NULL = no NULLs; bit of row i: start + i */
    const uint8_t *data;     /* values, offsets or views */
    const uint8_t *heap;     /* OFFSETS32/64 */
    const void *const *variadic;
    const uint8_t *variadic_sizes; /* int64 each, perhaps unaligned */
    int64_t variadic_count;
    int64_t start, length;
} tni_arrow_view;

/* `parent_offset` and `length`: of the struct the array is a child of; offset 0 and the array's
 * own length for a dictionary. */
TNI_FN trueno_status tni_arrow_view_array(const struct ArrowArray *array,
                                          const tni_arrow_format *format, const char *column,
                                          int64_t parent_offset, int64_t length,
                                          tni_arrow_view *out, tni_error *error);
/* Rows [first, first + count) as flat values of ours at `values`, and their validity bits from
 * bit 0 of `validity` (written in any case). Strings are views of Arrow's memory. */
TNI_FN trueno_status tni_arrow_convert(const tni_env *env, const tni_arrow_view *view,
                                       const tni_arrow_format *format, const char *column,
                                       int64_t first, uint32_t count, void *values,
                                       uint64_t *validity, tni_error *error);
/* Bits [from, from + count) of bytes, to bit 0 of `out` on; tail bits of the last word are zero.
 * `bits` NULL: ones. */
TNI_FN void tni_arrow_copy_bits(const uint8_t *bits, uint64_t from, size_t count, uint64_t *out);

#endif
