/*
 * multi_internal.h - what multi.c (scans) and multi_group.c (GROUP BY) share.
 */
#ifndef TNI_GPU_MULTI_INTERNAL_H
#define TNI_GPU_MULTI_INTERNAL_H

#include "gpu/multi.h"

#if !defined(TRUENO_NO_VULKAN)

typedef struct tni_gpu_multi_call {
    void (*task)(void *context, uint32_t index);
    void *context;
    uint32_t index;
} tni_gpu_multi_call;

/* task(context, i) for i < count <= TNI_GPU_MULTI_DEVICES, at a time where that is possible. */
TNI_FN void tni_gpu_multi_run(const tni_gpu_parallel *parallel, uint32_t count,
                              void (*task)(void *context, uint32_t index), void *context);

#endif /* TRUENO_NO_VULKAN */

#endif
