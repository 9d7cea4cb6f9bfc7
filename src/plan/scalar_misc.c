/*
 * scalar_misc.c - scalar functions: misc.
 *
 * Uses: base/, column/type.h, plan/function.h.
 */
#include "plan/function.h"

static const tni_function tni_misc_table[] = {
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

TNI_FN const tni_function *tni_functions_misc(void) {
    return tni_misc_table;
}
