/*
 * accelerator.h - the GPU as the executor sees it: an accelerator of exec/operator.h, with the
 * dispatcher that decides what it takes.
 *
 * Making one touches nothing. The Vulkan loader is opened when queries have taken as long on the
 * processor as opening would, on a thread of its own while they go on; or at once when the policy
 * asks for the GPU. Whatever fails there ends in a reason, and the processor does the work.
 */
#ifndef TNI_GPU_ACCELERATOR_H
#define TNI_GPU_ACCELERATOR_H

#include "exec/operator.h"
#include "plan/cost.h"

typedef struct tni_accelerator_options {
    tni_policy policy;
    bool software;         /* software devices too */
    bool no_threads;       /* start no thread: the host has a job system */
    uint64_t cache_bytes;  /* most device memory to take */
    uint32_t threads;      /* of the processor, for predictions */
    const char *directory; /* for compiled kernels; NULL = the user's cache, "" = none; kept by the
                              caller */
    const trueno_vulkan *host; /* the host's device; outlives the accelerator; may be NULL */
    uint32_t contexts;     /* tests: open the best device so often; 0 = every device once */
    uint32_t split;        /* tests: the GPU does so many percent of each table, the processor the
                              rest; 0 = as predicted, 100 = no table is shared */
    tni_scheduler *scheduler; /* fills transfer buffers; outlives the accelerator */
} tni_accelerator_options;

TNI_FN trueno_status tni_accelerator_new(tni_memory *memory,
                                         const tni_accelerator_options *options,
                                         tni_accelerator **out, tni_error *error);
/* No query may be running. NULL is fine. */
TNI_FN void tni_accelerator_free(tni_accelerator *accelerator);
/* Look for devices and visit each. The line says what queries use, and lives as long as the
 * accelerator. */
TNI_FN const char *tni_accelerator_devices(tni_accelerator *accelerator,
                                           void (*visit)(void *user, const trueno_device *device),
                                           void *user);
/* The policy a backend asks for. */
TNI_FN tni_policy tni_accelerator_policy(trueno_backend backend);

#endif
