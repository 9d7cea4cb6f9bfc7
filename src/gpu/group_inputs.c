/*
 * group_inputs.c - the columns that emitted code reads, resident for one morsel; see
 * group_internal.h.
 *
 * Uses: base/, column/, gpu/.
 */
#include "gpu/group_internal.h"

#if !defined(TRUENO_NO_VULKAN)

static const tni_gpu_layout *tni_gpu_inputs_layout(const tni_gpu_inputs *inputs, uint32_t input) {
    return &inputs->shape->columns[inputs->code->inputs[input].column];
}

static trueno_status tni_gpu_inputs_lookup(tni_gpu_inputs *inputs, uint32_t i) {
    const tni_gpu_input *input = &inputs->code->inputs[i];
    tni_memory *memory = inputs->device->memory;
    size_t bytes = tni_gpu_made_bytes(input, inputs->shape);
    uint64_t *bits = (uint64_t *)tni_alloc_zero(memory, bytes);
    trueno_status status;
    if (bits == NULL) {
        return tni_memory_fail(memory, bytes, inputs->error);
    }
    status = tni_gpu_made_fill(input, inputs->shape, bits, inputs->error);
    if (status == TRUENO_OK) {
        status = tni_gpu_take(inputs->device, bytes, &inputs->lookups[i], inputs->error);
    }
    if (status == TRUENO_OK) {
        status =
            tni_gpu_upload_bytes(inputs->device, &inputs->lookups[i], bits, bytes, inputs->error);
    }
    tni_free(memory, bits, bytes);
    return status;
}

/* Bytes that the columns take as images of the whole table. */
static uint64_t tni_gpu_inputs_bytes(const tni_gpu_inputs *inputs) {
    uint64_t sum = 0;
    uint32_t i;
    for (i = 0; i < inputs->code->input_count; i++) {
        const tni_gpu_input *input = &inputs->code->inputs[i];
        tni_gpu_image image;
        if (input->part == TNI_GPU_PART_VALUES) {
            tni_gpu_image_of(tni_gpu_inputs_layout(inputs, i),
                             inputs->table->columns[input->column],
                             inputs->table->segment_count, &image);
            sum += image.total;
        }
    }
    return sum;
}

TNI_FN trueno_status tni_gpu_inputs_start(tni_gpu_inputs *inputs) {
    uint32_t i;
    tni_gpu_cache_scan(inputs->device, tni_gpu_inputs_bytes(inputs));
    for (i = 0; i < inputs->code->input_count; i++) {
        if (tni_gpu_input_is_made(&inputs->code->inputs[i])) {
            TNI_TRY(tni_gpu_inputs_lookup(inputs, i));
        }
    }
    return TRUENO_OK;
}

TNI_FN void tni_gpu_inputs_land(tni_gpu_inputs *inputs, uint32_t flight) {
    tni_gpu_entry **pinned = inputs->pinned[flight];
    uint32_t i;
    for (i = 0; i < TNI_GPU_COLUMNS; i++) {
        if (pinned[i] != NULL) {
            tni_gpu_cache_unpin(inputs->device, pinned[i]);
            pinned[i] = NULL;
        }
    }
}

TNI_FN void tni_gpu_inputs_unpin(tni_gpu_inputs *inputs) {
    tni_gpu_inputs_land(inputs, inputs->flight);
}

TNI_FN void tni_gpu_inputs_stop(tni_gpu_inputs *inputs) {
    uint32_t i;
    for (i = 0; i < TNI_GPU_GROUP_FLIGHTS; i++) {
        tni_gpu_inputs_land(inputs, i);
    }
    for (i = 0; i < TNI_GPU_COLUMNS; i++) {
        tni_gpu_give(inputs->device, &inputs->lookups[i]);
    }
}

/* The column of an input, in device memory or on its way, and pinned. */
static trueno_status tni_gpu_inputs_column(tni_gpu_inputs *inputs, uint32_t input,
                                           const tni_gpu_image *image, uint32_t first) {
    uint32_t column = inputs->code->inputs[input].column;
    tni_gpu_entry *entry;
    tni_gpu_key key;
    key.owner = inputs->table->owner;
    key.column = inputs->table->numbers != NULL ? inputs->table->numbers[column] : column;
    key.first = inputs->table->first_segment + first;
    key.segments = image->segment_count;
    entry = tni_gpu_cache_find(inputs->device, &key);
    if (entry == NULL) {
        TNI_TRY(tni_gpu_cache_add(inputs->device, &key, image->total, &entry, inputs->error));
        inputs->pinned[inputs->flight][input] = entry;
        TNI_TRY(tni_gpu_image_upload(inputs->device, image, &entry->range, inputs->error));
        entry->filled = true;
        inputs->uploaded_bytes += image->total;
    }
    inputs->pinned[inputs->flight][input] = entry;
    return TRUENO_OK;
}

static void tni_gpu_inputs_bind(tni_gpu_inputs *inputs, uint32_t input,
                                const tni_gpu_range *range, uint64_t at, uint64_t size) {
    inputs->slices[input].range = range;
    inputs->slices[input].offset = at;
    inputs->slices[input].size = (size + 15) / 16 * 16;
    inputs->read_bytes += size;
}

TNI_FN trueno_status tni_gpu_inputs_morsel(tni_gpu_inputs *inputs, uint32_t first,
                                           uint32_t segments) {
    tni_gpu_entry **pinned = inputs->pinned[inputs->flight];
    uint32_t i, j;
    for (i = 0; i < inputs->code->input_count; i++) {
        const tni_gpu_input *input = &inputs->code->inputs[i];
        tni_gpu_image image;
        tni_gpu_entry *entry = NULL;
        if (tni_gpu_input_is_made(input)) {
            tni_gpu_inputs_bind(inputs, i, &inputs->lookups[i], 0, inputs->lookups[i].size);
            continue;
        }
        tni_gpu_image_of(tni_gpu_inputs_layout(inputs, i),
                         inputs->table->columns[input->column] + first, segments, &image);
        image.owner = inputs->table->lasting ? inputs->table->owner : 0;
        for (j = 0; j < i && entry == NULL; j++) {
            if (pinned[j] != NULL && inputs->code->inputs[j].column == input->column) {
                entry = pinned[j];
            }
        }
        if (entry == NULL) {
            TNI_TRY(tni_gpu_inputs_column(inputs, i, &image, first));
            entry = pinned[i];
        }
        switch (input->part) {
        case TNI_GPU_PART_BASES:
            tni_gpu_inputs_bind(inputs, i, &entry->range, image.bases_at, image.bases_bytes);
            break;
        case TNI_GPU_PART_VALIDITY:
            tni_gpu_inputs_bind(inputs, i, &entry->range, image.validity_at,
                                image.validity_bytes);
            break;
        default:
            tni_gpu_inputs_bind(inputs, i, &entry->range, 0, image.values_bytes + 8);
        }
    }
    return TRUENO_OK;
}

#endif
