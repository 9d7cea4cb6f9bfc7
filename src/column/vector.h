/*
 * vector.h - what operators pass on: chunks of up to 2,048 rows, a vector per column.
 *
 * A vector is a borrowed view: FLAT values, one CONSTANT, DICT codes with their dictionary, or
 * NARROW codes (value = base + unsigned code). Operators that know an encoded form use it; the
 * others call tni_vector_flatten. A chunk may carry a `mask` of the rows that still count;
 * consumers that want dense rows call tni_chunk_compact. Memory belongs to the producer and
 * stays valid until push() returns: keepers copy.
 *
 * (order, first_row + position) identifies a row of the input for ties and ordered sums.
 */
#ifndef TNI_COLUMN_VECTOR_H
#define TNI_COLUMN_VECTOR_H

#include "column/dictionary.h"
#include "column/env.h"
#include "column/type.h"

#define TNI_VECTOR_ROWS 2048u
#define TNI_VECTOR_WORDS (TNI_VECTOR_ROWS / 64u)

typedef enum tni_form {
    TNI_FORM_FLAT,
    TNI_FORM_CONSTANT,
    TNI_FORM_DICT,
    TNI_FORM_NARROW /* integers, DATE, TIME, TIMESTAMP, DECIMAL up to 18 digits */
} tni_form;

typedef struct tni_vector {
    tni_type type;
    uint8_t form;
    uint8_t code_width;                /* DICT, NARROW: 1, 2, 4 (NARROW also 8) */
    bool is_null;                      /* CONSTANT: the value is NULL (data may be NULL) */
    const void *data;                  /* FLAT: values; CONSTANT: one value; else codes */
    const uint64_t *validity;          /* not CONSTANT: bitmap, NULL = all valid */
    int64_t base;                      /* NARROW (UBIGINT: its bits) */
    const tni_dictionary *dictionary;  /* DICT */
} tni_vector;

typedef struct tni_chunk {
    uint32_t rows;             /* rows the vectors span */
    uint32_t active;           /* rows that count: set bits of mask, or rows */
    const uint64_t *mask;      /* NULL = every row counts */
    uint32_t column_count;
    tni_vector *columns;
    uint64_t order;            /* position of the morsel in the input; see source.h */
    uint32_t first_row;        /* row of the morsel that row 0 is */
    const uint16_t *positions; /* row i is row first_row + positions[i]; NULL: first_row + i */
} tni_chunk;

/* Scratch memory for the functions below: buffers are reused from chunk to chunk. */
typedef struct tni_scratch {
    tni_memory *memory;
    void **blocks;
    size_t *sizes;
    size_t count, capacity, used;
} tni_scratch;

TNI_FN void tni_scratch_init(tni_scratch *scratch, tni_memory *memory);
TNI_FN void tni_scratch_free(tni_scratch *scratch);
TNI_FN void tni_scratch_reset(tni_scratch *scratch); /* keeps the blocks for reuse */
TNI_FN void *tni_scratch_take(tni_scratch *scratch, size_t size, tni_error *error); /* or NULL */

/* `out` becomes the FLAT form of `in`, in scratch memory (or `in` itself when FLAT already). NULL
 * slots hold zero bytes when they had to be written. */
TNI_FN trueno_status tni_vector_flatten(const tni_env *env, const tni_vector *in, uint32_t rows,
                                        tni_scratch *scratch, tni_vector *out, tni_error *error);
/* `out` becomes rows `positions[0..count)` of `in`; forms are kept (codes are gathered). */
TNI_FN trueno_status tni_vector_gather(const tni_env *env, const tni_vector *in,
                                       const uint16_t *positions, uint32_t count,
                                       tni_scratch *scratch, tni_vector *out, tni_error *error);
/* Make the chunk dense: mask NULL, rows = active, positions set. Vectors move to scratch. */
TNI_FN trueno_status tni_chunk_compact(const tni_env *env, tni_chunk *chunk, tni_scratch *scratch,
                                       tni_error *error);
TNI_FN tni_vector tni_vector_constant(const tni_value *value, void *storage16); /* 16 bytes */
TNI_FN bool tni_vector_is_null(const tni_vector *vector, uint32_t row);
/* One value of any form. */
TNI_FN tni_value tni_vector_value(const tni_vector *vector, uint32_t row);
/* ---- pieces, also for segment.c ---- */
/* Zero the slots of NULL rows; validity may be NULL. */
TNI_FN void tni_vector_clear_nulls(void *data, uint32_t width, const uint64_t *validity,
                                   uint32_t rows);
TNI_FN void tni_vector_repeat(void *out, const void *value, uint32_t width, uint32_t count);
/* out[i] = values[positions[i]], width 1, 2, 4, 8 or 16. */
TNI_FN void tni_vector_gather_values(const tni_kernels *k, const void *values, uint32_t width,
                                     const uint16_t *positions, uint32_t count, void *out);
/* The bits of `positions` as a bitmap in scratch memory; NULL: error set. */
TNI_FN uint64_t *tni_vector_gather_validity(const uint64_t *validity, const uint16_t *positions,
                                            uint32_t count, tni_scratch *scratch,
                                            tni_error *error);
/* base + code as a value of a type that has a NARROW form. */
TNI_FN tni_value tni_vector_narrow_value(tni_type type, int64_t base, uint64_t code);
/* Code of a row of a DICT or NARROW vector. */
TNI_INLINE uint64_t tni_vector_code(const tni_vector *v, uint32_t row) {
    switch (v->code_width) {
    case 1: return ((const uint8_t *)v->data)[row];
    case 2: return ((const uint16_t *)v->data)[row];
    case 4: return ((const uint32_t *)v->data)[row];
    default: return ((const uint64_t *)v->data)[row];
    }
}

#endif
