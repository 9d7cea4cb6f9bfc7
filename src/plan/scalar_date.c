/*
 * scalar_date.c - scalar functions: date.
 *
 * Uses: base/, column/type.h, plan/function.h.
 */
#include "plan/function.h"

static const tni_function tni_date_table[] = {
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL},
};

TNI_FN const tni_function *tni_functions_date(void) {
    return tni_date_table;
}
