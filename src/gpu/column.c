/*
 * column.c - segments to images; see column.h.
 *
 * Uses: base/, column/segment.h, gpu/memory.h.
 */
#include "gpu/column.h"

#if !defined(TRUENO_NO_VULKAN)

/* Of the widest columns: a kernel reads it in a tenth of a millisecond or less, a bus brings it in
 * five. */
#define TNI_GPU_MORSEL_BYTES (UINT64_C(256) << 20)

/* ----------------------------------------------------------------------------- layout --- */

static bool tni_gpu_narrow_type(tni_physical p) {
    return p >= TNI_PHYSICAL_I8 && p <= TNI_PHYSICAL_U64;
}

static uint64_t tni_gpu_zone_key(const tni_value *value, tni_physical p) {
    return p <= TNI_PHYSICAL_I64 ? (uint64_t)value->as.integer ^ UINT64_C(1) << 63
                                 : value->as.natural;
}

/* The range of a column of integers grows by a segment's, or is unknown. */
static void tni_gpu_layout_bound(const tni_segment *segment, tni_physical p,
                                 tni_gpu_layout *layout) {
    const tni_zone *zone = &segment->zone;
    if (!zone->has_bounds) {
        bool empty = zone->rows == segment->rows && zone->null_count == zone->rows;
        layout->bounded = layout->bounded && empty;
        return;
    }
    layout->minimum = TNI_MIN(layout->minimum, tni_gpu_zone_key(&zone->min, p));
    layout->maximum = TNI_MAX(layout->maximum, tni_gpu_zone_key(&zone->max, p));
}

static trueno_status tni_gpu_layout_add(const tni_segment *segment, tni_gpu_layout *layout,
                                        tni_error *error) {
    tni_physical p = tni_type_physical(segment->type);
    uint8_t width = (uint8_t)tni_physical_width(p);
    char type[40];
    if (p == TNI_PHYSICAL_I128 || p == TNI_PHYSICAL_INTERVAL) {
        (void)tni_type_print(segment->type, type);
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "the GPU does not hold columns of %s",
                        type);
    }
    if (p == TNI_PHYSICAL_STRING) {
        if (segment->encoding != TNI_ENCODING_DICT || segment->dictionary == NULL ||
            (layout->dictionary != NULL && layout->dictionary != segment->dictionary)) {
            return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                            "the GPU does not hold text without one dictionary for all of it");
        }
        layout->dictionary = segment->dictionary;
        width = segment->code_width;
    } else if (segment->encoding == TNI_ENCODING_DICT) {
        (void)tni_type_print(segment->type, type);
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                        "the GPU does not hold dictionaries of %s", type);
    } else if (segment->encoding == TNI_ENCODING_NARROW) {
        layout->based = true;
        width = segment->code_width;
    } else if (segment->encoding == TNI_ENCODING_CONSTANT && tni_gpu_narrow_type(p)) {
        layout->based = true;
        width = 1;
    }
    layout->width = TNI_MAX(layout->width, width);
    layout->nullable = layout->nullable || segment->validity != NULL ||
                       (segment->encoding == TNI_ENCODING_CONSTANT && segment->constant.is_null);
    if (tni_gpu_narrow_type(p)) {
        tni_gpu_layout_bound(segment, p, layout);
    } else {
        layout->bounded = false;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_gpu_layout_of(const tni_segment *const *segments, uint32_t count,
                                       tni_gpu_layout *out, tni_error *error) {
    uint32_t i;
    memset(out, 0, sizeof *out);
    out->bounded = true;
    out->minimum = UINT64_MAX;
    for (i = 0; i < count; i++) {
        if (i + 1 < count && segments[i]->rows != TNI_SEGMENT_ROWS) {
            return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                            "the GPU does not hold tables with short segments inside");
        }
        out->type = segments[i]->type;
        TNI_TRY(tni_gpu_layout_add(segments[i], out, error));
    }
    return TRUENO_OK;
}

static uint64_t tni_gpu_align(uint64_t size) {
    return (size + TNI_GPU_ALIGNMENT - 1) / TNI_GPU_ALIGNMENT * TNI_GPU_ALIGNMENT;
}

TNI_FN uint32_t tni_gpu_morsel_cut(const tni_gpu_device *device, const tni_gpu_layout *columns,
                                   uint32_t column_count) {
    const uint64_t widest = (uint64_t)TNI_SEGMENT_ROWS * 8;
    uint64_t most = TNI_MIN(TNI_GPU_MORSEL_BYTES, device->info->storage_range) - 4096;
    uint64_t segments = TNI_MIN(most, device->budget / 32) / widest, bytes = 0;
    uint32_t i;
    for (i = 0; i < column_count; i++) {
        bytes += (uint64_t)TNI_SEGMENT_ROWS * columns[i].width;
    }
    /* two morsels at a time */
    while (segments > 1 && segments * bytes > device->budget / 4) {
        segments /= 2;
    }
    return (uint32_t)TNI_MAX(segments, 1);
}

TNI_FN void tni_gpu_image_of(const tni_gpu_layout *layout, const tni_segment *const *segments,
                             uint32_t count, tni_gpu_image *out) {
    memset(out, 0, sizeof *out);
    out->layout = layout;
    out->segments = segments;
    out->segment_count = count;
    if (count > 0) {
        out->rows = (uint64_t)(count - 1) * TNI_SEGMENT_ROWS + segments[count - 1]->rows;
    }
    out->values_bytes = out->rows * layout->width;
    out->bases_at = tni_gpu_align(out->values_bytes + 8); /* kernels read whole words */
    out->bases_bytes = layout->based ? (uint64_t)count * 8 : 0;
    out->validity_at = out->bases_at + tni_gpu_align(out->bases_bytes);
    out->validity_bytes = layout->nullable ? (out->rows + 63) / 64 * 8 : 0;
    out->total = out->validity_at + tni_gpu_align(out->validity_bytes);
}

/* ------------------------------------------------------------------------------ values --- */

static void tni_gpu_put_code(uint8_t *out, uint32_t width, size_t row, uint64_t code) {
    uint16_t half = (uint16_t)code;
    uint32_t word = (uint32_t)code;
    switch (width) {
    case 1: out[row] = (uint8_t)code; break;
    case 2: memcpy(out + row * 2, &half, 2); break;
    case 4: memcpy(out + row * 4, &word, 4); break;
    default: memcpy(out + row * 8, &code, 8); break;
    }
}

static uint64_t tni_gpu_get_code(const uint8_t *in, uint32_t width, size_t row) {
    uint16_t half;
    uint32_t word;
    uint64_t code;
    switch (width) {
    case 1: return in[row];
    case 2: memcpy(&half, in + row * 2, 2); return half;
    case 4: memcpy(&word, in + row * 4, 4); return word;
    default: memcpy(&code, in + row * 8, 8); return code;
    }
}

/* Narrow signed values stand in a based column as unsigned codes above the least value. */
static uint64_t tni_gpu_bias(const tni_gpu_layout *layout) {
    tni_physical p = tni_type_physical(layout->type);
    if (!layout->based) {
        return 0;
    }
    return p == TNI_PHYSICAL_I8 ? 128 : p == TNI_PHYSICAL_I16 ? 32768 : 0;
}

static void tni_gpu_segment_values(const tni_gpu_layout *layout, const tni_segment *segment,
                                   uint8_t *out) {
    uint32_t from = segment->encoding == TNI_ENCODING_NARROW ||
                            segment->encoding == TNI_ENCODING_DICT
                        ? segment->code_width
                        : tni_type_width(segment->type);
    const uint8_t *in = (const uint8_t *)segment->data;
    uint64_t bias = segment->encoding == TNI_ENCODING_PLAIN ||
                            segment->encoding == TNI_ENCODING_RLE
                        ? tni_gpu_bias(layout)
                        : 0;
    uint32_t i, run = 0;
    if (segment->encoding == TNI_ENCODING_CONSTANT) {
        if (layout->based || segment->constant.is_null) {
            memset(out, 0, (size_t)segment->rows * layout->width);
        } else {
            uint8_t value[16];
            tni_value_store(&segment->constant, value);
            tni_vector_repeat(out, value, layout->width, segment->rows);
        }
        return;
    }
    if (segment->encoding == TNI_ENCODING_RLE) {
        for (i = 0; i < segment->rows; i++) {
            run += segment->run_ends[run] == i ? 1 : 0;
            tni_gpu_put_code(out, layout->width, i, tni_gpu_get_code(in, from, run) + bias);
        }
        return;
    }
    if (from == layout->width && bias == 0) {
        memcpy(out, in, (size_t)segment->rows * from);
        return;
    }
    for (i = 0; i < segment->rows; i++) {
        tni_gpu_put_code(out, layout->width, i, tni_gpu_get_code(in, from, i) + bias);
    }
}

TNI_FN void tni_gpu_image_values(const tni_gpu_image *image, uint64_t offset, void *out,
                                 size_t size) {
    uint64_t stride = (uint64_t)TNI_SEGMENT_ROWS * image->layout->width;
    uint64_t s = offset / stride;
    uint8_t *to = (uint8_t *)out, *end = to + size;
    while (to < end && s < image->segment_count) {
        const tni_segment *segment = image->segments[s++];
        tni_gpu_segment_values(image->layout, segment, to);
        to += (size_t)segment->rows * image->layout->width;
    }
}

static trueno_status tni_gpu_fill_values(void *user, uint64_t offset, void *out, size_t size,
                                         tni_error *error) {
    (void)error;
    tni_gpu_image_values((const tni_gpu_image *)user, offset, out, size);
    return TRUENO_OK;
}

static trueno_status tni_gpu_fill_bases(void *user, uint64_t offset, void *out, size_t size,
                                        tni_error *error) {
    const tni_gpu_image *image = (const tni_gpu_image *)user;
    size_t first = (size_t)(offset / 8), i;
    (void)error;
    for (i = 0; i < size / 8; i++) {
        const tni_segment *segment = image->segments[first + i];
        int64_t base = segment->encoding == TNI_ENCODING_NARROW
                           ? segment->base
                           : -(int64_t)tni_gpu_bias(image->layout);
        if (segment->encoding == TNI_ENCODING_CONSTANT) {
            base = segment->constant.is_null ? 0 : segment->constant.as.integer;
        }
        memcpy((uint8_t *)out + i * 8, &base, 8);
    }
    return TRUENO_OK;
}

static trueno_status tni_gpu_fill_validity(void *user, uint64_t offset, void *out, size_t size,
                                           tni_error *error) {
    const tni_gpu_image *image = (const tni_gpu_image *)user;
    size_t s = (size_t)(offset / (TNI_SEGMENT_ROWS / 8));
    uint8_t *to = (uint8_t *)out, *end = to + size;
    (void)error;
    while (to < end && s < image->segment_count) {
        const tni_segment *segment = image->segments[s++];
        size_t bytes = tni_bitmap_words(segment->rows) * 8;
        if (segment->validity != NULL) {
            memcpy(to, segment->validity, bytes);
        } else {
            memset(to,
                   segment->encoding == TNI_ENCODING_CONSTANT && segment->constant.is_null ? 0
                                                                                           : 255,
                   bytes);
        }
        to += bytes;
    }
    return TRUENO_OK;
}

/* The values as they already lie, one behind the other, or NULL. */
static const void *tni_gpu_image_array(const tni_gpu_image *image) {
    const tni_gpu_layout *layout = image->layout;
    uint32_t i;
    if (image->segment_count == 0 || image->owner == 0 || layout->based ||
        tni_type_width(layout->type) != layout->width) {
        return NULL;
    }
    for (i = 0; i < image->segment_count; i++) {
        const tni_segment *segment = image->segments[i];
        if (segment->encoding != TNI_ENCODING_PLAIN || segment->data == NULL ||
            (const uint8_t *)segment->data !=
                (const uint8_t *)image->segments[0]->data +
                    (size_t)i * TNI_SEGMENT_ROWS * layout->width) {
            return NULL;
        }
    }
    return image->segments[0]->data;
}

TNI_FN trueno_status tni_gpu_image_upload(tni_gpu_device *device, const tni_gpu_image *image,
                                          const tni_gpu_range *range, tni_error *error) {
    tni_gpu_range part = *range;
    tni_gpu_image copy = *image; /* fills take no const */
    const void *array = tni_gpu_image_array(image);
    if (range->size < image->total) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "a column image larger than its range");
    }
    TNI_TRY(array != NULL
                ? tni_gpu_upload_host(device, &part, image->owner, array, image->values_bytes,
                                      error)
                : tni_gpu_upload(device, &part, image->values_bytes, tni_gpu_fill_values, &copy,
                                 error));
    part.offset = range->offset + image->bases_at;
    part.size = range->size - image->bases_at;
    TNI_TRY(tni_gpu_upload(device, &part, image->bases_bytes, tni_gpu_fill_bases, &copy, error));
    part.offset = range->offset + image->validity_at;
    part.size = range->size - image->validity_at;
    return tni_gpu_upload(device, &part, image->validity_bytes, tni_gpu_fill_validity, &copy,
                          error);
}

#undef TNI_GPU_MORSEL_BYTES

#endif
