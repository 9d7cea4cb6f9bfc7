/*
 * memory.c - slabs, uploads and the column cache of memory.h.
 *
 * A slab's free ranges lie in one array sorted by offset; it always has room for one more than
 * there are ranges in use, so giving back cannot fail.
 *
 * An upload is cut into pieces of a staging slot and these into chunks, which threads take in
 * order. Whoever takes a slot's first chunk waits for the copy that used it before; whoever fills
 * its last chunk submits it. A thread waits only for chunks taken earlier, which other threads have
 * at hand, so one thread alone never waits for itself.
 *
 *   slot: sent(g) --copy done--> ready(g + 1) --chunks filled--> sent(g + 1)
 *
 * Uses: base/, gpu/device.h.
 */
#include "gpu/memory.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_SLAB_BYTES (UINT64_C(256) << 20)
#define TNI_GPU_STAGING_BYTES (UINT64_C(8) << 20)
#define TNI_GPU_CHUNK_BYTES (UINT64_C(512) << 10) /* whole segments of every width */
#define TNI_GPU_SHARE_BYTES (UINT64_C(2) << 20)   /* an upload from here on is worth sharing */
#define TNI_GPU_IMPORT_BYTES (UINT64_C(1) << 20)  /* and from here on worth an import */
#define TNI_GPU_STALE_SCANS 16u  /* columns unused for so long may go for what only passes */
#define TNI_GPU_WAIT_NANOSECONDS UINT64_C(10000000000)

typedef struct tni_gpu_gap {
    uint64_t offset, size;
} tni_gpu_gap;

struct tni_gpu_slab {
    tni_gpu_slab *next;
    tni_vk_handle buffer, memory;
    uint8_t *data;     /* mapped, when device memory is written directly */
    uint64_t size, in_use;
    tni_gpu_gap *gaps; /* ascending, never touching */
    size_t gap_count, gap_capacity, range_count;
};

TNI_FN tni_vk_handle tni_gpu_range_buffer(const tni_gpu_range *range) {
    return range->slab == NULL ? 0 : range->slab->buffer;
}

/* ---------------------------------------------------------------------------- buffers --- */

/* A buffer with memory of its own; on failure both handles are 0. `host` not NULL: that memory of
 * the process, whole pages, instead of new memory. */
static trueno_status tni_gpu_buffer(tni_gpu_device *device, uint64_t size, uint32_t usage,
                                    uint32_t memory_type, void *host, tni_vk_handle *buffer,
                                    tni_vk_handle *memory, tni_error *error) {
    uint32_t families[2];
    bool unsettled = device->unsettled;
    trueno_status status;
    tni_vk_buffer_info info = TNI_ZERO;
    tni_vk_memory_allocate allocate = TNI_ZERO;
    tni_vk_external_buffer external = TNI_ZERO;
    tni_vk_import_host import = TNI_ZERO;
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
    if (host != NULL) {
        external.type = TNI_VK_S_EXTERNAL_BUFFER;
        external.kinds = TNI_VK_EXTERNAL_HOST;
        info.next = &external;
        import.type = TNI_VK_S_IMPORT_HOST;
        import.kind = TNI_VK_EXTERNAL_HOST;
        import.pointer = host;
        allocate.next = &import;
    }
    result = device->vk.CreateBuffer(device->device, &info, NULL, buffer);
    if (result == TNI_VK_SUCCESS) {
        device->vk.GetBufferMemoryRequirements(device->device, *buffer, &needs);
        allocate.type = TNI_VK_S_MEMORY_ALLOCATE;
        allocate.size = host != NULL ? size : needs.size;
        allocate.memory_type = memory_type;
        result = (needs.types >> memory_type & 1) == 0 || (host != NULL && needs.size > size)
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
    status = tni_gpu_check(device, result, "device memory", error);
    device->unsettled = unsettled; /* nothing was under way */
    return status;
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
    TNI_TRY(tni_gpu_buffer(device, size, usage, memory_type, NULL, &out->buffer, &out->memory,
                           error));
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

static trueno_status tni_gpu_slab_memory(tni_gpu_device *device, tni_gpu_slab *slab,
                                         tni_error *error) {
    bool mapped = device->transfer_mode == TNI_GPU_TRANSFER_MAPPED;
    void *data = NULL;
    TNI_TRY(tni_gpu_buffer(device, slab->size,
                           TNI_VK_BUFFER_STORAGE | TNI_VK_BUFFER_TRANSFER_SOURCE |
                               TNI_VK_BUFFER_TRANSFER_TARGET,
                           mapped ? device->info->shared_memory : device->info->device_memory,
                           NULL, &slab->buffer, &slab->memory, error));
    if (mapped) {
        TNI_TRY(tni_gpu_check(device,
                              device->vk.MapMemory(device->device, slab->memory, 0, TNI_VK_WHOLE,
                                                   0, &data),
                              "mapping memory", error));
        slab->data = (uint8_t *)data;
    }
    return TRUENO_OK;
}

/* Bytes of device memory that the driver would still give, where it says (VK_EXT_memory_budget):
 * other processes use the device too. */
static uint64_t tni_gpu_driver_room(const tni_gpu_device *device) {
    tni_vk_memory_properties2 properties = TNI_ZERO;
    tni_vk_memory_budget budget = TNI_ZERO;
    uint32_t heap = device->info->heap;
    if (!device->info->memory_budget) {
        return UINT64_MAX;
    }
    budget.type = TNI_VK_S_MEMORY_BUDGET;
    properties.type = TNI_VK_S_MEMORY_PROPERTIES2;
    properties.next = &budget;
    device->gpu->vk.GetPhysicalDeviceMemoryProperties2(device->info->physical, &properties);
    return budget.budget[heap] - TNI_MIN(budget.usage[heap], budget.budget[heap]);
}

static trueno_status tni_gpu_slab_add(tni_gpu_device *device, uint64_t least, tni_error *error) {
    uint64_t size = device->gpu->options.slab_bytes != 0 ? device->gpu->options.slab_bytes
                                                         : TNI_GPU_SLAB_BYTES;
    uint64_t left = TNI_MIN(tni_gpu_driver_room(device),
                            device->budget - TNI_MIN(device->slab_total, device->budget));
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
    status = tni_gpu_slab_memory(device, slab, error);
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

/* The longest unused column that nobody uses now goes; false when there is none. `stale`: only one
 * that no recent scan used. */
static bool tni_gpu_cache_evict(tni_gpu_device *device, bool stale) {
    tni_gpu_entry *entry = device->oldest;
    while (entry != NULL && entry->pins > 0) {
        entry = entry->newer;
    }
    if (entry == NULL || (stale && device->scans - entry->scan < TNI_GPU_STALE_SCANS)) {
        return false;
    }
    device->evictions++;
    tni_gpu_cache_remove(device, entry);
    return true;
}

/* Whether a column of `size` bytes joins the cache: what is there makes room, unless the scan at
 * hand would drive out everything and be driven out by its own end. */
static bool tni_gpu_cache_admit(tni_gpu_device *device, uint64_t size) {
    while (size <= device->cache_limit && device->cached_bytes > device->cache_limit - size) {
        if (!tni_gpu_cache_evict(device, device->passing)) {
            return false;
        }
    }
    return size <= device->cache_limit;
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
            (!tni_gpu_cache_evict(device, false) && !tni_gpu_slab_drop_empty(device))) {
            return tni_fail(error, status, "%s", failure.message);
        }
    }
}

static tni_gpu_entry *tni_gpu_cache_look(const tni_gpu_device *device, const tni_gpu_key *key) {
    tni_gpu_entry *entry;
    for (entry = device->newest; entry != NULL; entry = entry->older) {
        if (entry->key.owner == key->owner && entry->key.column == key->column &&
            entry->key.first == key->first && entry->key.segments == key->segments &&
            entry->filled) {
            return entry;
        }
    }
    return NULL;
}

TNI_FN bool tni_gpu_cache_has(tni_gpu_device *device, const tni_gpu_key *key) {
    bool found;
    tni_mutex_lock(&device->mutex);
    found = tni_gpu_cache_look(device, key) != NULL;
    tni_mutex_unlock(&device->mutex);
    return found;
}

TNI_FN tni_gpu_entry *tni_gpu_cache_find(tni_gpu_device *device, const tni_gpu_key *key) {
    tni_gpu_entry *entry = tni_gpu_cache_look(device, key);
    if (entry == NULL) {
        device->misses++;
        return NULL;
    }
    tni_gpu_cache_unlink(device, entry);
    tni_gpu_cache_link(device, entry);
    entry->pins++;
    entry->scan = device->scans;
    device->hits++;
    return entry;
}

TNI_FN trueno_status tni_gpu_cache_add(tni_gpu_device *device, const tni_gpu_key *key,
                                       uint64_t size, tni_gpu_entry **out, tni_error *error) {
    tni_gpu_entry *entry = (tni_gpu_entry *)tni_alloc_zero(device->memory, sizeof *entry);
    trueno_status status;
    *out = NULL;
    if (entry == NULL) {
        return tni_memory_fail(device->memory, sizeof *entry, error);
    }
    entry->passing = !tni_gpu_cache_admit(device, size);
    status = tni_gpu_take(device, size, &entry->range, error);
    if (status != TRUENO_OK) {
        tni_free(device->memory, entry, sizeof *entry);
        return status;
    }
    entry->key = *key;
    entry->pins = 1;
    entry->scan = device->scans;
    if (!entry->passing) {
        device->cached_bytes += entry->range.size;
        tni_gpu_cache_link(device, entry);
    }
    *out = entry;
    return TRUENO_OK;
}

TNI_FN void tni_gpu_cache_unpin(tni_gpu_device *device, tni_gpu_entry *entry) {
    if (--entry->pins > 0) {
        return;
    }
    if (entry->passing) {
        tni_gpu_give(device, &entry->range);
        tni_free(device->memory, entry, sizeof *entry);
    } else if (!entry->filled) {
        tni_gpu_cache_remove(device, entry);
    }
}

TNI_FN void tni_gpu_cache_scan(tni_gpu_device *device, uint64_t bytes) {
    device->scans++;
    device->passing = bytes > device->cache_limit;
}

TNI_FN void tni_gpu_cache_drop(tni_gpu_device *device, uint64_t owner) {
    tni_gpu_entry *entry = device->newest;
    tni_gpu_imports_drop(device, owner);
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

static uint64_t tni_gpu_staging_bytes(const tni_gpu_device *device) {
    uint64_t size = device->gpu->options.staging_bytes;
    size = size != 0 ? size : TNI_GPU_STAGING_BYTES;
    return TNI_MAX(size / TNI_GPU_CHUNK_BYTES, 1) * TNI_GPU_CHUNK_BYTES;
}

static trueno_status tni_gpu_staging_ready(tni_gpu_device *device, tni_error *error) {
    uint32_t i;
    for (i = 0; i < TNI_GPU_STAGING_SLOTS; i++) {
        if (device->staging[i].data == NULL) {
            TNI_TRY(tni_gpu_mapped_new(device, tni_gpu_staging_bytes(device),
                                       TNI_VK_BUFFER_TRANSFER_SOURCE, device->info->upload_memory,
                                       &device->staging[i], error));
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

/* Copy from a buffer of the host's memory; the slot lends its commands and fence. */
static trueno_status tni_gpu_slot_copy(tni_gpu_device *device, uint32_t slot, tni_vk_handle from,
                                       uint64_t from_offset, const tni_gpu_range *range,
                                       uint64_t offset, uint64_t size, tni_error *error) {
    tni_vk_commands commands = device->transfer_commands[slot];
    tni_vk_command_begin begin = TNI_ZERO;
    tni_vk_submit submit = TNI_ZERO;
    tni_vk_copy copy = TNI_ZERO;
    begin.type = TNI_VK_S_COMMAND_BEGIN;
    begin.flags = TNI_VK_COMMANDS_ONCE;
    TNI_TRY(tni_gpu_check(device, device->vk.BeginCommandBuffer(commands, &begin), "a copy to it",
                          error));
    copy.from = from_offset;
    copy.to = range->offset + offset;
    copy.size = size;
    device->vk.CmdCopyBuffer(commands, from, range->slab->buffer, 1, &copy);
    TNI_TRY(tni_gpu_check(device, device->vk.EndCommandBuffer(commands), "a copy to it", error));
    submit.type = TNI_VK_S_SUBMIT;
    submit.command_count = 1;
    submit.commands = &commands;
    TNI_TRY(tni_gpu_check(device,
                          device->vk.QueueSubmit(device->transfer, 1, &submit,
                                                 device->transfer_fences[slot]),
                          "a copy to it", error));
    device->transfer_busy[slot] = device->transfer_dirty = true;
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------- uploads --- */

typedef struct tni_gpu_filling {
    tni_gpu_device *device;
    const tni_gpu_range *range;
    uint64_t size;
    tni_gpu_fill fill;
    void *user;
    uint32_t chunks, slot_chunks;  /* in all; a slot holds */
    uint32_t first_slot;
    tni_atomic_i32 next, failed;
    tni_atomic_i32 filled[TNI_GPU_STAGING_SLOTS]; /* chunks of the piece at hand */
    tni_atomic_i32 ready[TNI_GPU_STAGING_SLOTS], sent[TNI_GPU_STAGING_SLOTS]; /* pieces so far */
    trueno_status status;          /* under the transfer mutex */
    tni_error error;
} tni_gpu_filling;

static void tni_gpu_filling_fail(tni_gpu_filling *filling, trueno_status status,
                                 const tni_error *error) {
    tni_mutex_lock(&filling->device->transfer_mutex);
    if (filling->status == TRUENO_OK) {
        filling->status = status;
        filling->error = *error;
    }
    tni_mutex_unlock(&filling->device->transfer_mutex);
    tni_atomic_store_i32(&filling->failed, 1);
}

/* False when some thread failed first. */
static bool tni_gpu_filling_await(tni_gpu_filling *filling, const tni_atomic_i32 *counter,
                                  int32_t least) {
    while (tni_atomic_load_i32(counter) < least) {
        if (tni_atomic_load_i32(&filling->failed) != 0) {
            return false;
        }
        tni_thread_yield();
    }
    return true;
}

/* The slot of a piece, free to be filled. */
static bool tni_gpu_filling_slot(tni_gpu_filling *filling, uint32_t piece, bool first,
                                 uint32_t slot) {
    int32_t round = (int32_t)(piece / TNI_GPU_STAGING_SLOTS);
    tni_error error;
    trueno_status status;
    if (!first) {
        return tni_gpu_filling_await(filling, &filling->ready[slot], round + 1);
    }
    if (!tni_gpu_filling_await(filling, &filling->sent[slot], round)) {
        return false;
    }
    tni_error_clear(&error);
    status = tni_gpu_slot_wait(filling->device, slot, &error);
    if (status != TRUENO_OK) {
        tni_gpu_filling_fail(filling, status, &error);
        return false;
    }
    tni_atomic_store_i32(&filling->filled[slot], 0);
    tni_atomic_store_i32(&filling->ready[slot], round + 1);
    return true;
}

static void tni_gpu_filling_send(tni_gpu_filling *filling, uint32_t piece, uint32_t slot,
                                 uint64_t offset, uint64_t size) {
    tni_gpu_device *device = filling->device;
    trueno_status status;
    tni_error error;
    tni_error_clear(&error);
    tni_mutex_lock(&device->transfer_mutex);
    status = tni_gpu_slot_copy(device, slot, device->staging[slot].buffer, 0, filling->range,
                               offset, size, &error);
    tni_mutex_unlock(&device->transfer_mutex);
    if (status != TRUENO_OK) {
        tni_gpu_filling_fail(filling, status, &error);
        return;
    }
    tni_atomic_store_i32(&filling->sent[slot], (int32_t)(piece / TNI_GPU_STAGING_SLOTS) + 1);
}

/* False when it is over for this thread. */
static bool tni_gpu_filling_chunk(tni_gpu_filling *filling, uint32_t chunk) {
    uint32_t piece = chunk / filling->slot_chunks, within = chunk % filling->slot_chunks;
    uint32_t slot = (filling->first_slot + piece) % TNI_GPU_STAGING_SLOTS;
    uint32_t whole = TNI_MIN(filling->slot_chunks, filling->chunks - piece * filling->slot_chunks);
    uint64_t offset = (uint64_t)chunk * TNI_GPU_CHUNK_BYTES;
    uint64_t size = TNI_MIN(TNI_GPU_CHUNK_BYTES, filling->size - offset);
    uint64_t start = (uint64_t)piece * filling->slot_chunks * TNI_GPU_CHUNK_BYTES;
    uint8_t *out = filling->range->slab->data;
    tni_error error;
    trueno_status status;
    bool staged = out == NULL;
    if (staged && !tni_gpu_filling_slot(filling, piece, within == 0, slot)) {
        return false;
    }
    out = staged ? filling->device->staging[slot].data + within * TNI_GPU_CHUNK_BYTES
                 : out + filling->range->offset + offset;
    tni_error_clear(&error);
    status = filling->fill(filling->user, offset, out, (size_t)size, &error);
    if (status != TRUENO_OK) {
        tni_gpu_filling_fail(filling, status, &error);
        return false;
    }
    if (staged &&
        (uint32_t)tni_atomic_add_i32(&filling->filled[slot], 1) + 1 == whole) {
        tni_gpu_filling_send(filling, piece, slot, start,
                             TNI_MIN(filling->size - start,
                                     filling->slot_chunks * TNI_GPU_CHUNK_BYTES));
    }
    return true;
}

static void tni_gpu_filling_task(void *context, uint32_t index) {
    tni_gpu_filling *filling = (tni_gpu_filling *)context;
    (void)index;
    while (tni_atomic_load_i32(&filling->failed) == 0) {
        uint32_t chunk = (uint32_t)tni_atomic_add_i32(&filling->next, 1);
        if (chunk >= filling->chunks || !tni_gpu_filling_chunk(filling, chunk)) {
            return;
        }
    }
}

TNI_FN trueno_status tni_gpu_upload(tni_gpu_device *device, const tni_gpu_range *range,
                                    uint64_t size, tni_gpu_fill fill, void *user,
                                    tni_error *error) {
    const tni_gpu_parallel *parallel = &device->parallel;
    tni_gpu_filling filling;
    uint64_t chunks = (size + TNI_GPU_CHUNK_BYTES - 1) / TNI_GPU_CHUNK_BYTES;
    if (range->slab == NULL || size > range->size || chunks > INT32_MAX / 2) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "an upload larger than its range");
    }
    if (device->lost) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "the GPU %s was lost",
                        device->info->name);
    }
    if (range->slab->data == NULL) {
        TNI_TRY(tni_gpu_staging_ready(device, error));
    }
    memset(&filling, 0, sizeof filling);
    filling.device = device;
    filling.range = range;
    filling.size = size;
    filling.fill = fill;
    filling.user = user;
    filling.chunks = (uint32_t)chunks;
    filling.slot_chunks = (uint32_t)(tni_gpu_staging_bytes(device) / TNI_GPU_CHUNK_BYTES);
    filling.first_slot = device->transfer_next;
    if (parallel->run != NULL && parallel->threads > 1 && size >= TNI_GPU_SHARE_BYTES) {
        parallel->run(parallel->user, TNI_MIN(parallel->threads, filling.chunks),
                      tni_gpu_filling_task, &filling);
    } else {
        tni_gpu_filling_task(&filling, 0);
    }
    device->transfer_next =
        (filling.first_slot + (filling.chunks + filling.slot_chunks - 1) / filling.slot_chunks) %
        TNI_GPU_STAGING_SLOTS;
    if (filling.status != TRUENO_OK) {
        tni_gpu_settle(device);
        return tni_fail(error, filling.status, "%s", filling.error.message);
    }
    return TRUENO_OK;
}

/* Stores that leave the caches alone: what is written here is read by the device alone. */
static void tni_gpu_stream(uint8_t *out, const uint8_t *in, size_t size) {
#if defined(__SSE2__)
    size_t head = (size_t)(-(uintptr_t)out & 15), i;
    head = TNI_MIN(head, size);
    memcpy(out, in, head);
    for (i = head; i + 64 <= size; i += 64) {
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(in + i));
        __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(in + i + 16));
        __m128i c = _mm_loadu_si128((const __m128i *)(const void *)(in + i + 32));
        __m128i d = _mm_loadu_si128((const __m128i *)(const void *)(in + i + 48));
        _mm_stream_si128((__m128i *)(void *)(out + i), a);
        _mm_stream_si128((__m128i *)(void *)(out + i + 16), b);
        _mm_stream_si128((__m128i *)(void *)(out + i + 32), c);
        _mm_stream_si128((__m128i *)(void *)(out + i + 48), d);
    }
    _mm_sfence();
    memcpy(out + i, in + i, size - i);
#else
    memcpy(out, in, size);
#endif
}

static trueno_status tni_gpu_fill_stream(void *user, uint64_t offset, void *out, size_t size,
                                         tni_error *error) {
    (void)error;
    tni_gpu_stream((uint8_t *)out, (const uint8_t *)user + offset, size);
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
    return tni_gpu_upload(device, range, size,
                          device->gpu->options.streaming ? tni_gpu_fill_stream
                                                         : tni_gpu_fill_bytes,
                          user, error);
}

TNI_FN trueno_status tni_gpu_upload_wait(tni_gpu_device *device, tni_error *error) {
    uint32_t i;
    for (i = 0; i < TNI_GPU_STAGING_SLOTS; i++) {
        TNI_TRY(tni_gpu_slot_wait(device, i, error));
    }
    device->transfer_dirty = false;
    return TRUENO_OK;
}

/* Batches take the semaphores in turn; there are as many as batches at a time, so that one is not
 * signalled again before the batch that waited for it is over. */
TNI_FN trueno_status tni_gpu_upload_signal(tni_gpu_device *device, tni_vk_handle *out,
                                           tni_error *error) {
    tni_vk_submit submit = TNI_ZERO;
    tni_vk_handle *semaphore = &device->uploaded[device->uploaded_next];
    *out = 0;
    if (!device->transfer_dirty) {
        return TRUENO_OK;
    }
    submit.type = TNI_VK_S_SUBMIT;
    submit.signal_count = 1;
    submit.signals = semaphore;
    TNI_TRY(tni_gpu_check(device, device->vk.QueueSubmit(device->transfer, 1, &submit, 0),
                          "a copy to it", error));
    device->uploaded_next = (device->uploaded_next + 1) % TNI_GPU_LANES;
    device->transfer_dirty = false;
    *out = *semaphore;
    return TRUENO_OK;
}

/* ------------------------------------------------------------- memory of the host's own --- */

struct tni_gpu_import {
    tni_gpu_import *next;
    uint64_t owner;
    const uint8_t *start; /* whole pages */
    uint64_t size;
    tni_vk_handle buffer, memory;
};

static void tni_gpu_import_free(tni_gpu_device *device, tni_gpu_import *import) {
    device->vk.DestroyBuffer(device->device, import->buffer, NULL);
    device->vk.FreeMemory(device->device, import->memory, NULL);
    device->imported_bytes -= import->size;
    tni_free(device->memory, import, sizeof *import);
}

static void tni_gpu_imports_free(tni_gpu_device *device) {
    while (device->imports != NULL) {
        tni_gpu_import *import = device->imports;
        device->imports = import->next;
        tni_gpu_import_free(device, import);
    }
}

TNI_FN void tni_gpu_imports_drop(tni_gpu_device *device, uint64_t owner) {
    tni_gpu_import **link = &device->imports;
    bool waited = false;
    while (*link != NULL) {
        tni_gpu_import *import = *link;
        if (import->owner != owner) {
            link = &import->next;
            continue;
        }
        if (!waited && tni_gpu_upload_wait(device, NULL) != TRUENO_OK) {
            tni_gpu_settle(device);
        }
        waited = true;
        *link = import->next;
        tni_gpu_import_free(device, import);
    }
}

/* A memory type through which the device reads these pages. */
static bool tni_gpu_import_type(tni_gpu_device *device, const void *pages, uint32_t *out) {
    tni_vk_host_pointer types = TNI_ZERO;
    uint32_t i;
    types.type = TNI_VK_S_HOST_POINTER;
    if (device->vk.GetMemoryHostPointerPropertiesEXT == NULL ||
        device->vk.GetMemoryHostPointerPropertiesEXT(device->device, TNI_VK_EXTERNAL_HOST, pages,
                                                     &types) != TNI_VK_SUCCESS) {
        return false;
    }
    for (i = 0; i < 32; i++) {
        if ((types.types >> i & 1) != 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* The import that holds these bytes, found or made; NULL when the driver does not take them. */
static tni_gpu_import *tni_gpu_import_get(tni_gpu_device *device, uint64_t owner,
                                          const uint8_t *data, uint64_t size) {
    uint64_t page = device->info->import_alignment;
    const uint8_t *start = data - (uintptr_t)data % page;
    uint64_t whole = ((uint64_t)(data - start) + size + page - 1) / page * page;
    tni_gpu_import *import;
    uint32_t type = 0;
    void *pages;
    for (import = device->imports; import != NULL; import = import->next) {
        if (import->owner == owner && import->start <= start &&
            (uint64_t)(start - import->start) + whole <= import->size) {
            return import;
        }
    }
    memcpy(&pages, &start, sizeof pages);
    if (whole > device->import_limit || whole > device->info->allocation_bytes ||
        !tni_gpu_import_type(device, pages, &type)) {
        return NULL;
    }
    if (device->imported_bytes > device->import_limit - whole) {
        if (tni_gpu_upload_wait(device, NULL) != TRUENO_OK) {
            return NULL;
        }
        tni_gpu_imports_free(device);
    }
    import = (tni_gpu_import *)tni_alloc_zero(device->memory, sizeof *import);
    if (import == NULL) {
        return NULL;
    }
    if (tni_gpu_buffer(device, whole, TNI_VK_BUFFER_TRANSFER_SOURCE, type, pages,
                       &import->buffer, &import->memory, NULL) != TRUENO_OK) {
        tni_free(device->memory, import, sizeof *import);
        return NULL;
    }
    import->owner = owner;
    import->start = start;
    import->size = whole;
    import->next = device->imports;
    device->imports = import;
    device->imported_bytes += whole;
    return import;
}

TNI_FN trueno_status tni_gpu_upload_host(tni_gpu_device *device, const tni_gpu_range *range,
                                         uint64_t owner, const void *data, uint64_t size,
                                         tni_error *error) {
    tni_gpu_import *import = NULL;
    trueno_status status;
    uint32_t slot = device->transfer_next;
    if (range->slab == NULL || size > range->size) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "an upload larger than its range");
    }
    if (device->transfer_mode == TNI_GPU_TRANSFER_IMPORTED && size >= TNI_GPU_IMPORT_BYTES &&
        !device->lost) {
        import = tni_gpu_import_get(device, owner, (const uint8_t *)data, size);
    }
    if (import == NULL) {
        return tni_gpu_upload_bytes(device, range, data, size, error);
    }
    status = tni_gpu_slot_wait(device, slot, error);
    if (status == TRUENO_OK) {
        status = tni_gpu_slot_copy(device, slot, import->buffer,
                                   (uint64_t)((const uint8_t *)data - import->start), range, 0,
                                   size, error);
    }
    device->transfer_next = (slot + 1) % TNI_GPU_STAGING_SLOTS;
    if (status != TRUENO_OK) {
        tni_gpu_settle(device);
    }
    return status;
}

/* --------------------------------------------------------------------------- the rest --- */

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
    tni_gpu_imports_free(device);
    for (i = 0; i < TNI_GPU_STAGING_SLOTS; i++) {
        tni_gpu_mapped_free(device, &device->staging[i]);
    }
    tni_gpu_mapped_free(device, &device->download);
}

#undef TNI_GPU_SLAB_BYTES
#undef TNI_GPU_STAGING_BYTES
#undef TNI_GPU_CHUNK_BYTES
#undef TNI_GPU_SHARE_BYTES
#undef TNI_GPU_IMPORT_BYTES
#undef TNI_GPU_STALE_SCANS
#undef TNI_GPU_WAIT_NANOSECONDS

#endif
