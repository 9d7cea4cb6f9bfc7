/*
 * scalar_string.c - scalar functions: string.
 *
 * Uses: base/, column/type.h, plan/function.h.
 */
#include "plan/function.h"

static const tni_function tni_string_table[] = {
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

TNI_FN const tni_function *tni_functions_string(void) {
    return tni_string_table;
}
