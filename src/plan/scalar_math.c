/*
 * scalar_math.c - scalar functions: math.
 *
 * Uses: base/, column/type.h, plan/function.h.
 */
#include "plan/function.h"

static const tni_function tni_math_table[] = {
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

TNI_FN const tni_function *tni_functions_math(void) {
    return tni_math_table;
}
