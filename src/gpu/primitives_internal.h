/*
 * primitives_internal.h - what the parts of primitives.h share.
 *
 *   primitives.c         scratch memory, prefix sums, radix sort
 *   primitives_select.c  compaction, gathers, top-k
 */
#ifndef TNI_GPU_PRIMITIVES_INTERNAL_H
#define TNI_GPU_PRIMITIVES_INTERNAL_H

#include "gpu/primitives.h"

#if !defined(TRUENO_NO_VULKAN)

/* The first `bytes` of a slice, to the next multiple of 16. */
TNI_FN tni_gpu_slice tni_gpu_part_of(const tni_gpu_slice *slice, uint64_t bytes);
/* Does every element lie within one descriptor? */
TNI_FN trueno_status tni_gpu_fits(const tni_gpu_batch *batch, uint64_t count, uint32_t width);

/* What a batch does after its first failure is nothing; so are primitives. */
#define TNI_GPU_STEP(batch, call)                                                                  \
    do {                                                                                           \
        if ((batch)->status == TRUENO_OK) {                                                        \
            (batch)->status = (call);                                                              \
        }                                                                                          \
        if ((batch)->status != TRUENO_OK) {                                                        \
            return (batch)->status;                                                                \
        }                                                                                          \
    } while (0)

#endif /* TRUENO_NO_VULKAN */

#endif
