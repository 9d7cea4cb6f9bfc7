/*
 * column.h - a table's column as the GPU keeps it.
 *
 * The segments of a morsel become one image: codes of one width for all of them, then the base of
 * each segment (NARROW columns), then the validity bitmap, each part on a 256-byte boundary. The
 * layout is chosen over all segments of the table, so that one kernel serves every morsel. Codes
 * are only widened, never decoded: NARROW and DICT columns are shipped and kept encoded.
 */
#ifndef TNI_GPU_COLUMN_H
#define TNI_GPU_COLUMN_H

#include "column/segment.h"
#include "gpu/memory.h"
#include "gpu/spirv.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_SEGMENT_BLOCKS (TNI_SEGMENT_ROWS / 4096u)

typedef struct tni_gpu_image {
    const tni_gpu_layout *layout;
    const tni_segment *const *segments;
    uint32_t segment_count;
    uint64_t rows;
    uint64_t owner; /* of the table, for arrays of the host that the device may read; 0: none */
    uint64_t values_bytes, bases_at, bases_bytes, validity_at, validity_bytes, total;
} tni_gpu_image;

/* The layout that fits every segment. UNSUPPORTED for what has no image: other string forms than
 * one dictionary, 128-bit integers, intervals, short segments in the middle. */
TNI_FN trueno_status tni_gpu_layout_of(const tni_segment *const *segments, uint32_t count,
                                       tni_gpu_layout *out, tni_error *error);
/* Segments a morsel. Every operator cuts tables so, for the cache knows columns by their cut: it
 * depends on the device alone, but for shapes that would fill more than half of its memory. */
TNI_FN uint32_t tni_gpu_morsel_cut(const tni_gpu_device *device, const tni_gpu_layout *columns,
                                   uint32_t column_count);
/* The image of consecutive segments, all but a table's last of 65,536 rows. */
TNI_FN void tni_gpu_image_of(const tni_gpu_layout *layout, const tni_segment *const *segments,
                             uint32_t count, tni_gpu_image *out);
TNI_FN trueno_status tni_gpu_image_upload(tni_gpu_device *device, const tni_gpu_image *image,
                                          const tni_gpu_range *range, tni_error *error);
/* Write bytes [offset, offset + size) of the values; offset a multiple of 524,288. */
TNI_FN void tni_gpu_image_values(const tni_gpu_image *image, uint64_t offset, void *out,
                                 size_t size);

#endif /* TRUENO_NO_VULKAN */

#endif
