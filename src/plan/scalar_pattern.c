/*
 * scalar_pattern.c - scalar functions: pattern.
 *
 * Uses: base/, column/type.h, plan/function.h.
 */
#include "plan/function.h"

static const tni_function tni_pattern_table[] = {
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

TNI_FN const tni_function *tni_functions_pattern(void) {
    return tni_pattern_table;
}
