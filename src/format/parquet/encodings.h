/*
 * encodings.h - streams of encoded values inside a page: RLE/bit-packed hybrid, delta, levels.
 *
 * Each stream is a small struct over the page's bytes, opened once and read piecemeal, so that a
 * page can span morsels and rows can be skipped without being decoded. Reads return how many
 * values there were: fewer than asked means the data ran out or are malformed. The bytes behind
 * a stream must be followed by TNI_PARQUET_SLACK readable bytes.
 */
#ifndef TNI_FORMAT_PARQUET_ENCODINGS_H
#define TNI_FORMAT_PARQUET_ENCODINGS_H

#include "codec/codec.h"
#include "simd/kernels.h"

#define TNI_PARQUET_SLACK 8u

/* Masks that spread adjacent bit fields to lanes of a word, half as many fields a step. */
typedef struct tni_spread {
    uint64_t low[3], high[3]; /* what stays, what has moved */
    uint32_t shift[3];
    uint32_t fields;          /* per word: 8, 4, or 0 when not made yet */
} tni_spread;

/* RLE/bit-packed hybrid: dictionary codes, levels, booleans. */
typedef struct tni_hybrid {
    const uint8_t *at;  /* the next run header */
    const uint8_t *end;
    const uint8_t *packed; /* bit-packed run: its values */
    uint32_t width;     /* bits of a value, 0..32 */
    uint32_t left;      /* values left in the current run */
    uint32_t position;  /* bit-packed run: values taken */
    uint32_t value;     /* repeated run */
    bool repeated;
    tni_spread spread;
} tni_hybrid;

TNI_FN void tni_hybrid_open(tni_hybrid *h, const uint8_t *data, size_t size, uint32_t width);
/* Values without run headers: one bit-packed run of all the bytes. */
TNI_FN void tni_hybrid_open_packed(tni_hybrid *h, const uint8_t *data, size_t size,
                                   uint32_t width);
/* Write n codes of `code_width` (1, 2, 4) bytes. Values that do not fit the code width, or a
 * stream that ends early, cut the count short. */
TNI_FN size_t tni_hybrid_read(tni_hybrid *h, const tni_kernels *kernels, void *out,
                              uint32_t code_width, size_t n);
TNI_FN size_t tni_hybrid_skip(tni_hybrid *h, size_t n);
/* Levels of width 1: append n bits at bit `offset` of a zeroed bitmap (NULL: only count).
 * *ones is the number of set bits. */
TNI_FN size_t tni_hybrid_bits(tni_hybrid *h, uint64_t *bitmap, size_t offset, size_t n,
                              size_t *ones);
/* The deprecated BIT_PACKED levels of width 1: most significant bit first. */
TNI_FN size_t tni_bit_packed_levels(const uint8_t *data, size_t size, size_t first,
                                    uint64_t *bitmap, size_t offset, size_t n, size_t *ones);

/* Append bits [first, first + n) of `bytes` (least significant first) at bit `offset`. */
TNI_FN void tni_bits_append(uint64_t *bitmap, size_t offset, const uint8_t *bytes, size_t first,
                            size_t n);
TNI_FN void tni_bits_fill(uint64_t *bitmap, size_t offset, size_t n);

/* DELTA_BINARY_PACKED integers; arithmetic wraps at 64 bits, the caller truncates. */
typedef struct tni_delta {
    const uint8_t *at;
    const uint8_t *end;
    uint64_t left;        /* values left in the stream */
    uint64_t value;       /* the previous one */
    uint64_t min_delta;
    uint64_t miniblock_values;
    uint32_t miniblocks;
    uint32_t miniblock;   /* the next of the block; == miniblocks: a new block follows */
    const uint8_t *widths;
    uint64_t in_miniblock; /* values left in the current one */
    uint64_t bit;          /* position of the next value in it */
    uint32_t width;
    const uint8_t *packed;
    bool first;
} tni_delta;

TNI_FN bool tni_delta_open(tni_delta *d, const uint8_t *data, size_t size);
TNI_FN size_t tni_delta_read(tni_delta *d, int64_t *out, size_t n);
/* The end of the stream, found without decoding it; NULL when it is malformed. `d` is fresh. */
TNI_FN const uint8_t *tni_delta_end(const tni_delta *d);

#endif
