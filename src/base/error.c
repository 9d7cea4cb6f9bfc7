/*
 * error.c - failures: a status and a message, recorded once.
 *
 * The first failure of a query is the one its user reads, so a tni_error that holds a failure
 * refuses another. Messages that do not fit are cut; they are never the reason for a second error.
 */
#include "base/error.h"

#include <stdio.h>

TNI_FN void tni_error_clear(tni_error *error) {
    error->status = TRUENO_OK;
    error->position = TNI_NO_POSITION;
    error->order = 0;
    error->message[0] = '\0';
}

static void tni_error_record(tni_error *error, trueno_status status, uint32_t position,
                             const char *format, va_list arguments) TNI_PRINTF(4, 0);

static void tni_error_record(tni_error *error, trueno_status status, uint32_t position,
                             const char *format, va_list arguments) {
    if (!error || error->status != TRUENO_OK) {
        return;
    }
    error->status = status;
    error->position = position;
    if (vsnprintf(error->message, sizeof error->message, format, arguments) < 0) {
        error->message[0] = '\0';
    }
}

TNI_FN trueno_status tni_fail(tni_error *error, trueno_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    tni_error_record(error, status, TNI_NO_POSITION, format, arguments);
    va_end(arguments);
    return status;
}

TNI_FN trueno_status tni_fail_at(tni_error *error, trueno_status status, uint32_t position,
                                 const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    tni_error_record(error, status, position, format, arguments);
    va_end(arguments);
    return status;
}

TNI_FN void tni_error_prefix(tni_error *error, const char *format, ...) {
    char prefix[sizeof error->message];
    va_list arguments;
    size_t length, rest;
    int written;
    if (!error || error->status == TRUENO_OK) {
        return;
    }
    va_start(arguments, format);
    written = vsnprintf(prefix, sizeof prefix - 2, format, arguments);
    va_end(arguments);
    if (written < 0) {
        return;
    }
    length = strlen(prefix);
    memcpy(prefix + length, ": ", 2);
    length += 2;
    rest = strlen(error->message);
    if (rest > sizeof error->message - 1 - length) {
        rest = sizeof error->message - 1 - length;
    }
    memmove(error->message + length, error->message, rest);
    memcpy(error->message, prefix, length);
    error->message[length + rest] = '\0';
}

TNI_FN trueno_status tni_fail_memory(tni_error *error, size_t size) {
    return tni_fail(error, TRUENO_ERROR_MEMORY, "out of memory: an allocation of %llu bytes failed",
                    (unsigned long long)size);
}
