/*
 * multi.h - one table over several GPUs.
 *
 * Every morsel of a table has a home device, the same each time, so that the devices' caches hold
 * different parts of it. A device works through the morsels at home first; then it takes from the
 * end of the list of whichever device has the most left to do, where bringing the columns over
 * takes less time than waiting. Partial results do not depend on who computed them: integers add,
 * bounds compare, float sums stand block by block.
 *
 * A device that fails gives its morsels to the others; only when none is left the whole fails.
 * Devices are separate: nothing is copied between them.
 */
#ifndef TNI_GPU_MULTI_H
#define TNI_GPU_MULTI_H

#include "gpu/group.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_MULTI_DEVICES 16u

typedef struct tni_gpu_multi_report { /* of one device */
    uint32_t morsels, stolen;
    bool failed;
} tni_gpu_multi_report;

/* As tni_gpu_scan over devices[0 .. count); results are freed with tni_gpu_scan_free on
 * devices[0]. `parallel` runs one task a device (NULL: threads of its own); `reports` may be NULL.
 * Times in `out` are those of the slowest device. */
TNI_FN trueno_status tni_gpu_multi_scan(tni_gpu_device *const *devices, uint32_t count,
                                        const tni_gpu_shape *shape, const tni_gpu_table *table,
                                        const tni_gpu_parallel *parallel,
                                        tni_gpu_scan_result *out, tni_gpu_multi_report *reports,
                                        tni_error *error);

/* As tni_gpu_group: each device groups a stretch of the table, and groups of equal keys are put
 * together; a stretch whose device fails is done by another. Freed with tni_gpu_group_free. */
TNI_FN trueno_status tni_gpu_multi_group(tni_gpu_device *const *devices, uint32_t count,
                                         const tni_gpu_group_shape *shape,
                                         const tni_gpu_table *table,
                                         const tni_gpu_parallel *parallel,
                                         tni_gpu_group_result *out, tni_error *error);

#endif /* TRUENO_NO_VULKAN */

#endif
