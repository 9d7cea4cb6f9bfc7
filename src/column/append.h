/*
 * append.h - rows of flat vectors added to flat memory: what collections and the table builder
 * share. NULL slots are zeroed on the way, so nothing uninitialised or dangling is ever kept.
 */
#ifndef TNI_COLUMN_APPEND_H
#define TNI_COLUMN_APPEND_H

#include "column/vector.h"

/* Copy bits [first, first + count) of `source` (NULL: ones) to bits [at, at + count) of `target`;
 * other bits of `target` stay. */
TNI_FN void tni_append_bits(uint64_t *target, size_t at, const uint64_t *source, size_t first,
                            size_t count);
/* Whether any of bits [first, first + count) is zero; NULL: no. */
TNI_FN bool tni_bits_any_zero(const uint64_t *source, size_t first, size_t count);
/* Zero the values whose bit in [at, at + count) is zero: value i is at values + i * width. */
TNI_FN void tni_append_zero_nulls(void *values, size_t width, const uint64_t *validity, size_t at,
                                  size_t count);
/* The chunk dense, in a copy that leaves the caller's vectors alone (scratch holds them). */
TNI_FN trueno_status tni_append_dense(const tni_env *env, const tni_chunk *chunk,
                                      tni_scratch *scratch, tni_chunk *out, tni_error *error);
/* Move the bytes of long strings [0, count) into `heap`; NULL slots must be zero. With `repeats`,
 * equal pointers are copied once. */
TNI_FN trueno_status tni_append_own_strings(tni_arena *heap, tni_string *strings, size_t count,
                                            bool repeats, tni_error *error);

/* Stable sort by (major, minor); `spare` holds `count` keys too. */
typedef struct tni_row_key {
    uint64_t major, minor;
    size_t item;
} tni_row_key;
TNI_FN void tni_row_keys_sort(tni_row_key *keys, tni_row_key *spare, size_t count);

#endif
