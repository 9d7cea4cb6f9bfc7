/*
 * convert.h - stored values to SQL values, and the loops over codes and NULLs that need no page.
 */
#ifndef TNI_FORMAT_PARQUET_CONVERT_H
#define TNI_FORMAT_PARQUET_CONVERT_H

#include "format/parquet/metadata.h"

#define TNI_PARQUET_UUID_TEXT 36u

/* Convert n stored values of leaf->stored_width bytes each. `out` takes n values of the leaf's
 * type; TO_UUID_TEXT also writes 36 bytes a value to `heap`, and TO_STRING views point into
 * `stored`. Returns NULL, or the sentence that says which value cannot be. */
TNI_FN const char *tni_parquet_convert_fixed(const tni_parquet_leaf *leaf, const uint8_t *stored,
                                             size_t n, void *out, uint8_t *heap);
/* The same for BYTE_ARRAY values whose type is not a string: DECIMAL. */
TNI_FN const char *tni_parquet_convert_bytes(const tni_parquet_leaf *leaf, const tni_string *in,
                                             size_t n, void *out);

/* out[i] = values[codes[i]]; every code is below the values' count. width: 1, 2, 4, 8, 16. */
TNI_FN void tni_parquet_gather(const void *values, uint32_t width, const void *codes,
                               uint32_t code_width, size_t n, void *out);
/* Put dense values where `validity` has bits; zeros elsewhere. `dense` has 16 bytes of slack. */
TNI_FN void tni_parquet_expand(const void *dense, uint32_t width, const uint64_t *validity,
                               size_t rows, void *out);
/* Smallest and largest of n > 0 integers of a type (unsigned types: their bits). */
TNI_FN void tni_parquet_range(const tni_kernels *kernels, tni_physical physical, const void *values,
                              size_t n, int64_t *low, int64_t *high);
/* Codes of 1 or 2 bytes: values minus base. */
TNI_FN void tni_parquet_narrow(tni_physical physical, const void *values, size_t n, int64_t base,
                               uint32_t code_width, void *out);
/* Is every code below `count`? */
TNI_FN bool tni_parquet_codes_valid(const tni_kernels *kernels, const void *codes,
                                    uint32_t code_width, size_t n, uint32_t count);

#endif
