/*
 * memory.c - slabs, staging and the column cache of memory.h.
 *
 * A slab's free ranges lie in one array sorted by offset; it always has room for one more than
 * there are ranges in use, so giving back cannot fail.
 *
 * Uses: base/, gpu/device.h.
 */
#include "gpu/memory.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_SLAB_BYTES (UINT64_C(256) << 20)
#define TNI_GPU_STAGING_BYTES (UINT64_C(16) << 20)
#define TNI_GPU_WAIT_NANOSECONDS UINT64_C(10000000000)

typedef struct tni_gpu_gap {
    uint64_t offset, size;
} tni_gpu_gap;

struct tni_gpu_slab {
    tni_gpu_slab *next;
    tni_vk_handle buffer, memory;
    uint64_t size, in_use;
    tni_gpu_gap *gaps; /* ascending, never touching */
    size_t gap_count, gap_capacity, range_count;
};

TNI_FN tni_vk_handle tni_gpu_range_buffer(const tni_gpu_range *range) {
    return range->slab == NULL ? 0 : range->slab->buffer;
}

/* ---------------------------------------------------------------------------- buffers --- */

/* A buffer with memory of its own; on failure both handles are 0. */
static trueno_status tni_gpu_buffer(tni_gpu_device *device, uint64_t size, uint32_t usage,
                                    uint32_t memory_type, tni_vk_handle *buffer,
                                    tni_vk_handle *memory, tni_error *error) {
    uint32_t families[2];
    tni_vk_buffer_info info = TNI_ZERO;
    tni_vk_memory_allocate allocate = TNI_ZERO;
    tni_vk_requirements needs = TNI_ZERO;
    tni_vk_result result;
    families[0] = device->info->compute_family;
    families[1] = device->info->transfer_family;
    *buffer = *memory = 0;
    info.type = TNI_VK_S_BUFFER;
    info.size = size;
    info.usage = usage;
    if (families[0] != families[1]) {
        info.sharing = TNI_VK_SHARING_CONCURRENT;
        info.family_count = 2;
        info.families = families;
    }
    result = device->vk.CreateBuffer(device->device, &info, NULL, buffer);
    if (result == TNI_VK_SUCCESS) {
        device->vk.GetBufferMemoryRequirements(device->device, *buffer, &needs);
        allocate.type = TNI_VK_S_MEMORY_ALLOCATE;
        allocate.size = needs.size;
        allocate.memory_type = memory_type;
        result = (needs.types >> memory_type & 1) == 0
                     ? TNI_VK_FEATURE_ABSENT
                     : device->vk.AllocateMemory(device->device, &allocate, NULL, memory);
        if (result == TNI_VK_SUCCESS) {
            result = device->vk.BindBufferMemory(device->device, *buffer, *memory, 0);
        } else {
            *memory = 0;
        }
    } else {
        *buffer = 0;
    }
    if (result != TNI_VK_SUCCESS) {
        device->vk.DestroyBuffer(device->device, *buffer, NULL);
        device->vk.FreeMemory(device->device, *memory, NULL);
        *buffer = *memory = 0;
    }
    return tni_gpu_check(device, result, "device memory", error);
}

static void tni_gpu_mapped_free(tni_gpu_device *device, tni_gpu_mapped *mapped) {
    device->vk.DestroyBuffer(device->device, mapped->buffer, NULL);
    device->vk.FreeMemory(device->device, mapped->memory, NULL); /* unmaps */
    memset(mapped, 0, sizeof *mapped);
}

static trueno_status tni_gpu_mapped_new(tni_gpu_device *device, uint64_t size, uint32_t usage,
                                        uint32_t memory_type, tni_gpu_mapped *out,
                                        tni_error *error) {
    void *data = NULL;
    trueno_status status;
    memset(out, 0, sizeof *out);
    TNI_TRY(tni_gpu_buffer(device, size, usage, memory_type, &out->buffer, &out->memory, error));
    status = tni_gpu_check(
        device,
        device->vk.MapMemory(device->device, out->memory, 0, TNI_VK_WHOLE, 0, &data),
        "mapping memory", error);
    if (status != TRUENO_OK) {
        tni_gpu_mapped_free(device, out);
        return status;
    }
    out->data = (uint8_t *)data;
    out->size = size;
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------ slabs --- */

static void tni_gpu_slab_free(tni_gpu_device *device, tni_gpu_slab *slab) {
    device->vk.DestroyBuffer(device->device, slab->buffer, NULL);
    device->vk.FreeMemory(device->device, slab->memory, NULL);
    device->slab_total -= slab->size;
    tni_free(device->memory, slab->gaps, slab->gap_capacity * sizeof *slab->gaps);
    tni_free(device->memory, slab, sizeof *slab);
}

static bool tni_gpu_slab_reserve(tni_gpu_device *device, tni_gpu_slab *slab) {
    void *items = slab->gaps;
    trueno_status status =
        tni_grow(device->memory, &items, &slab->gap_capacity, slab->range_count + 2,
                 sizeof *slab->gaps, NULL);
    slab->gaps = (tni_gpu_gap *)items;
    return status == TRUENO_OK;
}

static trueno_status tni_gpu_slab_add(tni_gpu_device *device, uint64_t least, tni_error *error) {
    uint64_t size = device->gpu->options.slab_bytes != 0 ? device->gpu->options.slab_bytes
                                                         : TNI_GPU_SLAB_BYTES;
    uint64_t left = device->budget > device->slab_total ? device->budget - device->slab_total : 0;
    uint64_t most = device->info->allocation_bytes != 0 ? device->info->allocation_bytes
                                                        : UINT64_C(1) << 30;
    tni_gpu_slab *slab;
    trueno_status status;
    size = TNI_MIN(TNI_MAX(size, least), TNI_MIN(left, most));
    size -= size % TNI_GPU_ALIGNMENT;
    if (size < least) {
        return tni_fail(error, TRUENO_ERROR_MEMORY_LIMIT,
                        "%lu MiB do not fit into the %lu MiB of device memory left on %s",
                        (unsigned long)(least >> 20), (unsigned long)(left >> 20),
                        device->info->name);
    }
    slab = (tni_gpu_slab *)tni_alloc_zero(device->memory, sizeof *slab);
    if (slab == NULL) {
        return tni_memory_fail(device->memory, sizeof *slab, error);
    }
    slab->size = size;
    if (!tni_gpu_slab_reserve(device, slab)) {
        tni_free(device->memory, slab, sizeof *slab);
        return tni_fail_memory(error, sizeof *slab->gaps);
    }
    status = tni_gpu_buffer(device, size,
                            TNI_VK_BUFFER_STORAGE | TNI_VK_BUFFER_TRANSFER_SOURCE |
                                TNI_VK_BUFFER_TRANSFER_TARGET,
                            device->info->device_memory, &slab->buffer, &slab->memory, error);
    device->slab_total += size;
    if (status != TRUENO_OK) {
        tni_gpu_slab_free(device, slab);
        return status;
    }
    slab->gaps[0].offset = 0;
    slab->gaps[0].size = size;
    slab->gap_count = 1;
    slab->next = device->slabs;
    device->slabs = slab;
    return TRUENO_OK;
}

static bool tni_gpu_slab_cut(tni_gpu_device *device, tni_gpu_slab *slab, uint64_t size,
                             tni_gpu_range *out) {
    size_t i;
    for (i = 0; i < slab->gap_count; i++) {
        tni_gpu_gap *gap = &slab->gaps[i];
        if (gap->size < size) {
            continue;
        }
        slab->range_count++;
        if (!tni_gpu_slab_reserve(device, slab)) {
            slab->range_count--;
            return false;
        }
        gap = &slab->gaps[i];
        out->slab = slab;
        out->offset = gap->offset;
        out->size = size;
        gap->offset += size;
        gap->size -= size;
        if (gap->size == 0) {
            memmove(gap, gap + 1, (slab->gap_count - i - 1) * sizeof *gap);
            slab->gap_count--;
        }
        slab->in_use += size;
        device->used += size;
        return true;
    }
    return false;
}

static bool tni_gpu_cut(tni_gpu_device *device, uint64_t size, tni_gpu_range *out) {
    tni_gpu_slab *slab;
    for (slab = device->slabs; slab != NULL; slab = slab->next) {
        if (tni_gpu_slab_cut(device, slab, size, out)) {
            return true;
        }
    }
    return false;
}

TNI_FN void tni_gpu_give(tni_gpu_device *device, tni_gpu_range *range) {
    tni_gpu_slab *slab = range->slab;
    tni_gpu_gap *gaps;
    size_t i = 0;
    if (slab == NULL) {
        return;
    }
    gaps = slab->gaps;
    while (i < slab->gap_count && gaps[i].offset < range->offset) {
        i++;
    }
    if (i > 0 && gaps[i - 1].offset + gaps[i - 1].size == range->offset) {
        gaps[--i].size += range->size;
    } else {
        memmove(gaps + i + 1, gaps + i, (slab->gap_count - i) * sizeof *gaps);
        gaps[i].offset = range->offset;
        gaps[i].size = range->size;
        slab->gap_count++;
    }
    if (i + 1 < slab->gap_count && gaps[i].offset + gaps[i].size == gaps[i + 1].offset) {
        gaps[i].size += gaps[i + 1].size;
        memmove(gaps + i + 1, gaps + i + 2, (slab->gap_count - i - 2) * sizeof *gaps);
        slab->gap_count--;
    }
    slab->in_use -= range->size;
    slab->range_count--;
    device->used -= range->size;
    memset(range, 0, sizeof *range);
}

/* -------------------------------------------------------------------- the column cache --- */

static void tni_gpu_cache_unlink(tni_gpu_device *device, tni_gpu_entry *entry) {
    *(entry->newer != NULL ? &entry->newer->older : &device->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &device->oldest) = entry->newer;
    entry->newer = entry->older = NULL;
}

static void tni_gpu_cache_link(tni_gpu_device *device, tni_gpu_entry *entry) {
    entry->older = device->newest;
    *(device->newest != NULL ? &device->newest->newer : &device->oldest) = entry;
    device->newest = entry;
}

static void tni_gpu_cache_remove(tni_gpu_device *device, tni_gpu_entry *entry) {
    tni_gpu_cache_unlink(device, entry);
    device->cached_bytes -= entry->range.size;
    tni_gpu_give(device, &entry->range);
    tni_free(device->memory, entry, sizeof *entry);
}

/* The longest unused column that nobody uses now goes; false when there is none. */
static bool tni_gpu_cache_evict(tni_gpu_device *device) {
    tni_gpu_entry *entry = device->oldest;
    while (entry != NULL && entry->pins > 0) {
        entry = entry->newer;
    }
    if (entry == NULL) {
        return false;
    }
    device->evictions++;
    tni_gpu_cache_remove(device, entry);
    return true;
}

/* Slabs that hold nothing make room for one of another size. */
static bool tni_gpu_slab_drop_empty(tni_gpu_device *device) {
    tni_gpu_slab **link = &device->slabs;
    bool dropped = false;
    while (*link != NULL) {
        tni_gpu_slab *slab = *link;
        if (slab->in_use == 0) {
            *link = slab->next;
            tni_gpu_slab_free(device, slab);
            dropped = true;
        } else {
            link = &slab->next;
        }
    }
    return dropped;
}

TNI_FN trueno_status tni_gpu_take(tni_gpu_device *device, uint64_t size, tni_gpu_range *out,
                                  tni_error *error) {
    tni_error failure;
    trueno_status status;
    memset(out, 0, sizeof *out);
    if (size == 0 || size > UINT64_MAX - TNI_GPU_ALIGNMENT) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "a device range of no or too many bytes");
    }
    size = (size + TNI_GPU_ALIGNMENT - 1) / TNI_GPU_ALIGNMENT * TNI_GPU_ALIGNMENT;
    for (;;) {
        if (tni_gpu_cut(device, size, out)) {
            return TRUENO_OK;
        }
        tni_error_clear(&failure);
        status = tni_gpu_slab_add(device, size, &failure);
        if (status == TRUENO_OK) {
            continue;
        }
        if (device->lost || size > device->budget ||
            (!tni_gpu_cache_evict(device) && !tni_gpu_slab_drop_empty(device))) {
            return tni_fail(error, status, "%s", failure.message);
        }
    }
}

TNI_FN tni_gpu_entry *tni_gpu_cache_find(tni_gpu_device *device, const tni_gpu_key *key) {
    tni_gpu_entry *entry;
    for (entry = device->newest; entry != NULL; entry = entry->older) {
        if (entry->key.owner == key->owner && entry->key.column == key->column &&
            entry->key.first == key->first && entry->key.segments == key->segments &&
            entry->filled) {
            tni_gpu_cache_unlink(device, entry);
            tni_gpu_cache_link(device, entry);
            entry->pins++;
            device->hits++;
            return entry;
        }
    }
    device->misses++;
    return NULL;
}

TNI_FN trueno_status tni_gpu_cache_add(tni_gpu_device *device, const tni_gpu_key *key,
                                       uint64_t size, tni_gpu_entry **out, tni_error *error) {
    tni_gpu_entry *entry = (tni_gpu_entry *)tni_alloc_zero(device->memory, sizeof *entry);
    trueno_status status;
    *out = NULL;
    if (entry == NULL) {
        return tni_memory_fail(device->memory, sizeof *entry, error);
    }
    status = tni_gpu_take(device, size, &entry->range, error);
    if (status != TRUENO_OK) {
        tni_free(device->memory, entry, sizeof *entry);
        return status;
    }
    entry->key = *key;
    entry->pins = 1;
    device->cached_bytes += entry->range.size;
    tni_gpu_cache_link(device, entry);
    *out = entry;
    return TRUENO_OK;
}

TNI_FN void tni_gpu_cache_unpin(tni_gpu_device *device, tni_gpu_entry *entry) {
    if (--entry->pins == 0 && !entry->filled) {
        tni_gpu_cache_remove(device, entry);
    }
}

TNI_FN void tni_gpu_cache_drop(tni_gpu_device *device, uint64_t owner) {
    tni_gpu_entry *entry = device->newest;
    while (entry != NULL) {
        tni_gpu_entry *next = entry->older;
        if (entry->key.owner == owner) {
            entry->filled = false;
            if (entry->pins == 0) {
                tni_gpu_cache_remove(device, entry);
            }
        }
        entry = next;
    }
}

/* ---------------------------------------------------------------------------- staging --- */

static trueno_status tni_gpu_staging_ready(tni_gpu_device *device, tni_error *error) {
    uint64_t size = device->gpu->options.staging_bytes != 0 ? device->gpu->options.staging_bytes
                                                            : TNI_GPU_STAGING_BYTES;
    uint32_t i;
    for (i = 0; i < TNI_GPU_STAGING_SLOTS; i++) {
        if (device->staging[i].data == NULL) {
            TNI_TRY(tni_gpu_mapped_new(device, size, TNI_VK_BUFFER_TRANSFER_SOURCE,
                                       device->info->upload_memory, &device->staging[i], error));
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_gpu_slot_wait(tni_gpu_device *device, uint32_t slot, tni_error *error) {
    tni_vk_result result;
    if (!device->transfer_busy[slot]) {
        return TRUENO_OK;
    }
    result = device->vk.WaitForFences(device->device, 1, &device->transfer_fences[slot], 1,
                                      TNI_GPU_WAIT_NANOSECONDS);
    TNI_TRY(tni_gpu_check(device, result, "a copy to it", error));
    device->transfer_busy[slot] = false;
    return tni_gpu_check(device,
                         device->vk.ResetFences(device->device, 1, &device->transfer_fences[slot]),
                         "resetting a fence", error);
}

static trueno_status tni_gpu_slot_send(tni_gpu_device *device, uint32_t slot,
                                       const tni_gpu_range *range, uint64_t offset, uint64_t size,
                                       tni_error *error) {
    tni_vk_commands commands = device->transfer_commands[slot];
    tni_vk_command_begin begin = TNI_ZERO;
    tni_vk_submit submit = TNI_ZERO;
    tni_vk_copy copy = TNI_ZERO;
    begin.type = TNI_VK_S_COMMAND_BEGIN;
    begin.flags = TNI_VK_COMMANDS_ONCE;
    TNI_TRY(tni_gpu_check(device, device->vk.BeginCommandBuffer(commands, &begin), "a copy to it",
                          error));
    copy.to = range->offset + offset;
    copy.size = size;
    device->vk.CmdCopyBuffer(commands, device->staging[slot].buffer, range->slab->buffer, 1,
                             &copy);
    TNI_TRY(tni_gpu_check(device, device->vk.EndCommandBuffer(commands), "a copy to it", error));
    submit.type = TNI_VK_S_SUBMIT;
    submit.command_count = 1;
    submit.commands = &commands;
    TNI_TRY(tni_gpu_check(device,
                          device->vk.QueueSubmit(device->transfer, 1, &submit,
                                                 device->transfer_fences[slot]),
                          "a copy to it", error));
    device->transfer_busy[slot] = true;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_gpu_upload(tni_gpu_device *device, const tni_gpu_range *range,
                                    uint64_t size, tni_gpu_fill fill, void *user,
                                    tni_error *error) {
    uint64_t offset = 0;
    uint32_t slot = 0;
    if (range->slab == NULL || size > range->size) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "an upload larger than its range");
    }
    TNI_TRY(tni_gpu_staging_ready(device, error));
    while (offset < size) {
        uint64_t piece = TNI_MIN(size - offset, device->staging[slot].size);
        TNI_TRY(tni_gpu_slot_wait(device, slot, error));
        TNI_TRY(fill(user, offset, device->staging[slot].data, (size_t)piece, error));
        TNI_TRY(tni_gpu_slot_send(device, slot, range, offset, piece, error));
        offset += piece;
        slot = (slot + 1) % TNI_GPU_STAGING_SLOTS;
    }
    return TRUENO_OK;
}

static trueno_status tni_gpu_fill_bytes(void *user, uint64_t offset, void *out, size_t size,
                                        tni_error *error) {
    (void)error;
    memcpy(out, (const uint8_t *)user + offset, size);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_gpu_upload_bytes(tni_gpu_device *device, const tni_gpu_range *range,
                                          const void *data, uint64_t size, tni_error *error) {
    void *user;
    memcpy(&user, &data, sizeof user); /* read only, but `user` pointers are not const */
    return tni_gpu_upload(device, range, size, tni_gpu_fill_bytes, user, error);
}

TNI_FN trueno_status tni_gpu_upload_wait(tni_gpu_device *device, tni_error *error) {
    uint32_t i;
    for (i = 0; i < TNI_GPU_STAGING_SLOTS; i++) {
        TNI_TRY(tni_gpu_slot_wait(device, i, error));
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_gpu_download_reserve(tni_gpu_device *device, uint64_t size,
                                              tni_error *error) {
    if (device->download.size >= size && device->download.data != NULL) {
        return TRUENO_OK;
    }
    tni_gpu_mapped_free(device, &device->download);
    size = TNI_MAX(size + size / 2, 65536);
    return tni_gpu_mapped_new(device, size, TNI_VK_BUFFER_TRANSFER_TARGET,
                              device->info->download_memory, &device->download, error);
}

TNI_FN void tni_gpu_memory_free(tni_gpu_device *device) {
    uint32_t i;
    while (device->newest != NULL) {
        tni_gpu_cache_remove(device, device->newest);
    }
    while (device->slabs != NULL) {
        tni_gpu_slab *slab = device->slabs;
        device->slabs = slab->next;
        tni_gpu_slab_free(device, slab);
    }
    for (i = 0; i < TNI_GPU_STAGING_SLOTS; i++) {
        tni_gpu_mapped_free(device, &device->staging[i]);
    }
    tni_gpu_mapped_free(device, &device->download);
}

#undef TNI_GPU_SLAB_BYTES
#undef TNI_GPU_STAGING_BYTES
#undef TNI_GPU_WAIT_NANOSECONDS

#endif
