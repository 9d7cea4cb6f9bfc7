/*
 * env.c - whether a running query should go on.
 */
#include "column/env.h"

TNI_FN trueno_status tni_env_check(const tni_env *env, tni_error *error) {
    if (env->interrupted && tni_atomic_load_i32(env->interrupted) != env->interrupted_before) {
        return tni_fail(error, TRUENO_ERROR_INTERRUPTED, "the query was interrupted");
    }
    if (env->deadline != INT64_MAX && tni_clock_nanoseconds() >= env->deadline) {
        return tni_fail(error, TRUENO_ERROR_DEADLINE, "the query's time limit has passed");
    }
    return TRUENO_OK;
}
