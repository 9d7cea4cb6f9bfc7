/*
 * error.h - how a failure travels: a status plus a message built where the facts are known.
 *
 * A tni_error lives with the query (one per worker while a pipeline runs; the first failing
 * morsel in input order wins). tni_fail fills it once: a later failure never overwrites an
 * earlier one. Positions are byte offsets into the SQL text.
 */
#ifndef TNI_BASE_ERROR_H
#define TNI_BASE_ERROR_H

#include "base/core.h"

#include <stdarg.h>

#define TNI_NO_POSITION UINT32_MAX

typedef struct tni_error {
    trueno_status status;
    uint32_t position; /* byte offset in the SQL text, or TNI_NO_POSITION */
    uint64_t order;    /* place of the failing morsel in the input: the earliest failure wins */
    char message[1000];
} tni_error;

TNI_FN void tni_error_clear(tni_error *error);
/* Record a failure (printf-style) and return its status. `error` may be NULL. */
TNI_FN trueno_status tni_fail(tni_error *error, trueno_status status, const char *format, ...)
    TNI_PRINTF(3, 4);
TNI_FN trueno_status tni_fail_at(tni_error *error, trueno_status status, uint32_t position,
                                 const char *format, ...) TNI_PRINTF(4, 5);
/* Put "text: " before the message of a failure that has happened. */
TNI_FN void tni_error_prefix(tni_error *error, const char *format, ...) TNI_PRINTF(2, 3);
/* The standard text for a failed allocation of `size` bytes. */
TNI_FN trueno_status tni_fail_memory(tni_error *error, size_t size);

#endif
