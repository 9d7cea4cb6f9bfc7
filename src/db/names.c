/*
 * names.c - the version, and the public names of statuses and types from the lists in trueno.h.
 */
#include "base/core.h"

TRUENO_API const char *trueno_version(void) {
    return TRUENO_VERSION;
}

TRUENO_API const char *trueno_status_name(trueno_status status) {
    static const char *const names[] = {
#define TNI_STATUS_NAME(id, name, text) name,
        TRUENO_STATUS_LIST(TNI_STATUS_NAME)
#undef TNI_STATUS_NAME
    };
    return (size_t)status < TNI_COUNT_OF(names) ? names[(size_t)status] : "unknown";
}

TRUENO_API const char *trueno_type_name(trueno_type type) {
    static const char *const names[] = {
#define TNI_TYPE_NAME(id, name) name,
        TRUENO_TYPE_LIST(TNI_TYPE_NAME)
#undef TNI_TYPE_NAME
    };
    return (size_t)type < TNI_COUNT_OF(names) ? names[(size_t)type] : "unknown";
}
