/*
 * memory.c - the allocation family: budget, counted buffers, arenas.
 *
 * Every block is charged to its tni_memory before the allocator is asked, so `used` never runs
 * past the limit, not even for a moment, and never falls behind what is really held. A buffer
 * that owns its data is one block: a 64-byte head, then the bytes.
 */
#include "base/memory.h"

#define TNI_MEMORY_ALIGNMENT 64u
#define TNI_ARENA_FIRST 4096u
#define TNI_ARENA_LARGEST (1024u * 1024u)

TNI_FN bool tni_size_add(size_t a, size_t b, size_t *out) {
    bool fits = b <= SIZE_MAX - a;
    *out = fits ? a + b : 0;
    return fits;
}

TNI_FN bool tni_size_mul(size_t a, size_t b, size_t *out) {
    bool fits = a == 0 || b <= SIZE_MAX / a;
    *out = fits ? a * b : 0;
    return fits;
}

/* ---- budget ---- */

TNI_FN void tni_memory_init(tni_memory *memory, const trueno_allocator *allocator, uint64_t limit) {
    if (allocator && allocator->alloc) {
        memory->allocator = *allocator;
    } else {
        tni_allocator_default(&memory->allocator);
    }
    tni_atomic_store_i64(&memory->used, 0);
    tni_atomic_store_i64(&memory->peak, 0);
    tni_atomic_store_i64(&memory->refused, 0);
    memory->limit = limit == 0 || limit > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)limit;
    memory->cache = NULL;
}

/* ---- kept blocks ---- */

#define TNI_CACHE_SHIFT 16u /* blocks from 64 KiB */

/* Size class of a large block, eight to a power of two, and the size all its blocks have. */
static uint32_t tni_cache_class(size_t size, size_t *rounded) {
    uint32_t power = TNI_CACHE_SHIFT;
    size_t step;
    uint32_t eighth;
    while (power < 38 && (size >> power) > 1) {
        power++;
    }
    step = (size_t)1 << (power - 3);
    eighth = (uint32_t)((size - ((size_t)1 << power) + step - 1) / step);
    *rounded = ((size_t)1 << power) + eighth * step;
    return (power - TNI_CACHE_SHIFT) * 8 + eighth;
}

static bool tni_cache_takes(const tni_memory *memory, size_t size) {
    return memory->cache != NULL && size >= (size_t)1 << TNI_CACHE_SHIFT &&
           size <= SIZE_MAX / 4 >> (sizeof size == 8 ? 26 : 0); /* 64 GiB; 1 GiB of 32 bits */
}

TNI_FN void tni_memory_cache_start(tni_memory *memory, tni_memory_cache *cache) {
    memset(cache, 0, sizeof *cache);
    cache->most = memory->limit / 8;
    if (tni_mutex_init(&cache->mutex)) {
        memory->cache = cache;
    }
}

static void tni_cache_flush(tni_memory *memory) {
    tni_memory_cache *cache = memory->cache;
    void *lists[TNI_MEMORY_BINS];
    uint32_t i;
    tni_mutex_lock(&cache->mutex);
    memcpy(lists, cache->bins, sizeof lists);
    memset(cache->bins, 0, sizeof cache->bins);
    tni_atomic_store_i64(&cache->bytes, 0);
    tni_mutex_unlock(&cache->mutex);
    for (i = 0; i < TNI_MEMORY_BINS; i++) {
        while (lists[i] != NULL) {
            void *block = lists[i];
            memcpy(&lists[i], block, sizeof block);
            memory->allocator.free(memory->allocator.user, block, 0);
        }
    }
}

TNI_FN void tni_memory_cache_stop(tni_memory *memory) {
    if (memory->cache != NULL) {
        tni_cache_flush(memory);
        tni_mutex_free(&memory->cache->mutex);
        memory->cache = NULL;
    }
}

/* A kept block of the class, or NULL. */
static void *tni_cache_get(tni_memory *memory, size_t size, size_t *rounded) {
    tni_memory_cache *cache = memory->cache;
    uint32_t bin = tni_cache_class(size, rounded);
    void *block;
    tni_mutex_lock(&cache->mutex);
    block = cache->bins[bin];
    if (block != NULL) {
        memcpy(&cache->bins[bin], block, sizeof block);
        (void)tni_atomic_add_i64(&cache->bytes, -(int64_t)*rounded);
    }
    tni_mutex_unlock(&cache->mutex);
    return block;
}

/* Keep a block; false when the cache is full. */
static bool tni_cache_put(tni_memory *memory, void *block, size_t size) {
    tni_memory_cache *cache = memory->cache;
    size_t rounded;
    uint32_t bin = tni_cache_class(size, &rounded);
    bool room;
    tni_mutex_lock(&cache->mutex);
    room = tni_atomic_load_i64(&cache->bytes) + (int64_t)rounded <= cache->most;
    if (room) {
        memcpy(block, &cache->bins[bin], sizeof block);
        cache->bins[bin] = block;
        (void)tni_atomic_add_i64(&cache->bytes, (int64_t)rounded);
    }
    tni_mutex_unlock(&cache->mutex);
    return room;
}

static bool tni_memory_refuse(tni_memory *memory, size_t size) {
    uint64_t wide = size;
    tni_atomic_store_i64(&memory->refused, (int64_t)TNI_MIN(wide, (uint64_t)INT64_MAX));
    return false;
}

static bool tni_memory_charge(tni_memory *memory, size_t size) {
    int64_t amount, used, peak;
    if ((uint64_t)size > (uint64_t)memory->limit) {
        return tni_memory_refuse(memory, size);
    }
    amount = (int64_t)size;
    do {
        used = tni_atomic_load_i64(&memory->used);
        if (used > memory->limit - amount) {
            return tni_memory_refuse(memory, size);
        }
    } while (!tni_atomic_cas_i64(&memory->used, used, used + amount));
    do {
        peak = tni_atomic_load_i64(&memory->peak);
    } while (used + amount > peak && !tni_atomic_cas_i64(&memory->peak, peak, used + amount));
    return true;
}

/* A large block: kept or new. Kept ones make way when the limit or the system asks. */
static void *tni_alloc_large(tni_memory *memory, size_t size) {
    size_t rounded;
    void *block = tni_cache_get(memory, size, &rounded);
    if (block != NULL) {
        return block;
    }
    if (tni_atomic_load_i64(&memory->used) >
        memory->limit - tni_atomic_load_i64(&memory->cache->bytes)) {
        tni_cache_flush(memory);
    }
    block = memory->allocator.alloc(memory->allocator.user, rounded, TNI_MEMORY_ALIGNMENT);
    if (block == NULL) {
        tni_cache_flush(memory);
        block = memory->allocator.alloc(memory->allocator.user, rounded, TNI_MEMORY_ALIGNMENT);
    }
    return block;
}

TNI_FN void *tni_alloc(tni_memory *memory, size_t size) {
    void *block;
    if (size == 0 || !tni_memory_charge(memory, size)) {
        return NULL;
    }
    block = tni_cache_takes(memory, size)
                ? tni_alloc_large(memory, size)
                : memory->allocator.alloc(memory->allocator.user, size, TNI_MEMORY_ALIGNMENT);
    if (!block) {
        (void)tni_atomic_add_i64(&memory->used, -(int64_t)size);
        tni_atomic_store_i64(&memory->refused, -1);
    }
    return block;
}

TNI_FN void *tni_alloc_zero(tni_memory *memory, size_t size) {
    void *block = tni_alloc(memory, size);
    if (block) {
        memset(block, 0, size);
    }
    return block;
}

TNI_FN void *tni_alloc_array(tni_memory *memory, size_t count, size_t size) {
    size_t total;
    return tni_size_mul(count, size, &total) ? tni_alloc(memory, total) : NULL;
}

TNI_FN void *tni_realloc(tni_memory *memory, void *block, size_t old_size, size_t new_size) {
    void *grown;
    if (block && old_size == new_size) {
        return block;
    }
    grown = tni_alloc(memory, new_size);
    if (!grown && new_size != 0) {
        return NULL;
    }
    if (block) {
        if (grown) {
            memcpy(grown, block, TNI_MIN(old_size, new_size));
        }
        tni_free(memory, block, old_size);
    }
    return grown;
}

TNI_FN void tni_free(tni_memory *memory, void *block, size_t size) {
    if (block) {
        if (!tni_cache_takes(memory, size) || !tni_cache_put(memory, block, size)) {
            memory->allocator.free(memory->allocator.user, block, size);
        }
        (void)tni_atomic_add_i64(&memory->used, -(int64_t)size);
    }
}

TNI_FN trueno_status tni_memory_cause(const tni_memory *memory) {
    return memory->limit != INT64_MAX && tni_atomic_load_i64(&memory->refused) > 0
               ? TRUENO_ERROR_MEMORY_LIMIT
               : TRUENO_ERROR_MEMORY;
}

/* What was asked of the account may be more than what its caller asked for: an arena's block. */
TNI_FN trueno_status tni_memory_fail(tni_memory *memory, size_t size, tni_error *error) {
    int64_t refused = tni_atomic_load_i64(&memory->refused);
    if (memory->limit == INT64_MAX || refused <= 0) {
        return tni_fail_memory(error, size);
    }
    return tni_fail(error, TRUENO_ERROR_MEMORY_LIMIT,
                    "memory limit: %lld bytes more do not fit, %lld of memory_limit %lld in use",
                    (long long)refused, (long long)tni_atomic_load_i64(&memory->used),
                    (long long)memory->limit);
}

TNI_FN void tni_memory_explain(tni_memory *memory, tni_error *error) {
    if (error->status == TRUENO_ERROR_MEMORY &&
        tni_memory_cause(memory) == TRUENO_ERROR_MEMORY_LIMIT) {
        uint32_t position = error->position;
        tni_error_clear(error);
        (void)tni_memory_fail(memory, 0, error);
        error->position = position;
    }
}

TNI_FN trueno_status tni_grow(tni_memory *memory, void **items, size_t *capacity, size_t needed,
                              size_t size, tni_error *error) {
    size_t wanted, bytes;
    void *grown;
    if (needed <= *capacity) {
        return TRUENO_OK;
    }
    wanted = *capacity > SIZE_MAX / 2 ? SIZE_MAX : *capacity * 2;
    wanted = TNI_MAX(TNI_MAX(wanted, needed), 8);
    if (!tni_size_mul(wanted, size, &bytes) && !tni_size_mul(needed, size, &bytes)) {
        return tni_fail_memory(error, SIZE_MAX);
    }
    wanted = bytes / size;
    grown = tni_realloc(memory, *items, *capacity * size, bytes);
    if (!grown) {
        return tni_memory_fail(memory, bytes, error);
    }
    *items = grown;
    *capacity = wanted;
    return TRUENO_OK;
}

/* ---- buffers ---- */

#define TNI_BUFFER_HEAD ((sizeof(tni_buffer) + 63u) / 64u * 64u)

static trueno_status tni_buffer_create(tni_memory *memory, size_t block, tni_buffer **out,
                                       tni_error *error) {
    tni_buffer *buffer = (tni_buffer *)tni_alloc(memory, block);
    *out = buffer;
    if (!buffer) {
        return tni_memory_fail(memory, block, error);
    }
    memset(buffer, 0, sizeof *buffer);
    buffer->memory = memory;
    buffer->block = block;
    tni_atomic_store_i32(&buffer->references, 1);
    return TRUENO_OK;
}

TNI_FN trueno_status tni_buffer_new(tni_memory *memory, size_t size, tni_buffer **out,
                                    tni_error *error) {
    size_t block;
    *out = NULL;
    if (!tni_size_add(size, TNI_BUFFER_HEAD, &block)) {
        return tni_memory_fail(memory, size, error);
    }
    TNI_TRY(tni_buffer_create(memory, block, out, error));
    (*out)->data = (uint8_t *)*out + TNI_BUFFER_HEAD;
    (*out)->size = size;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_buffer_wrap(tni_memory *memory, const void *data, size_t size,
                                     void (*release)(void *, void *, size_t), void *user,
                                     tni_buffer **out, tni_error *error) {
    TNI_TRY(tni_buffer_create(memory, TNI_BUFFER_HEAD, out, error));
    (*out)->data = (uint8_t *)(uintptr_t)data; /* readers only: nobody writes a wrapped block */
    (*out)->size = size;
    (*out)->release = release;
    (*out)->user = user;
    return TRUENO_OK;
}

TNI_FN tni_buffer *tni_buffer_retain(tni_buffer *buffer) {
    if (buffer) {
        (void)tni_atomic_add_i32(&buffer->references, 1);
    }
    return buffer;
}

TNI_FN void tni_buffer_release(tni_buffer *buffer) {
    if (!buffer || tni_atomic_add_i32(&buffer->references, -1) != 1) {
        return;
    }
    if (buffer->release) {
        buffer->release(buffer->user, buffer->data, buffer->size);
    }
    tni_free(buffer->memory, buffer, buffer->block);
}

/* ---- arenas ---- */

struct tni_arena_block {
    tni_arena_block *older;
    size_t size;
};
#define TNI_ARENA_HEAD 64u

TNI_FN void tni_arena_init(tni_arena *arena, tni_memory *memory) {
    memset(arena, 0, sizeof *arena);
    arena->memory = memory;
}

TNI_FN void tni_arena_free(tni_arena *arena) {
    tni_arena_block *block = arena->blocks;
    while (block) {
        tni_arena_block *older = block->older;
        tni_free(arena->memory, block, block->size);
        block = older;
    }
    tni_arena_init(arena, arena->memory);
}

/* A new block with room for `size` bytes: each as large as all before it, within bounds. */
static bool tni_arena_extend(tni_arena *arena, size_t size) {
    size_t wanted = TNI_MIN(TNI_MAX(arena->total, TNI_ARENA_FIRST), TNI_ARENA_LARGEST);
    size_t needed;
    tni_arena_block *block;
    if (!tni_size_add(size, TNI_ARENA_HEAD, &needed)) {
        return false;
    }
    wanted = TNI_MAX(wanted, needed);
    block = (tni_arena_block *)tni_alloc(arena->memory, wanted);
    if (!block) {
        return false;
    }
    block->older = arena->blocks;
    block->size = wanted;
    arena->blocks = block;
    arena->next = (uint8_t *)block + TNI_ARENA_HEAD;
    arena->left = wanted - TNI_ARENA_HEAD;
    arena->total += wanted;
    return true;
}

TNI_FN void *tni_arena_bytes(tni_arena *arena, size_t size) {
    uint8_t *bytes;
    if (size == 0) {
        size = 1; /* a distinct address, so that NULL always means failure */
    }
    if (size > arena->left && !tni_arena_extend(arena, size)) {
        return NULL;
    }
    bytes = arena->next;
    arena->next += size;
    arena->left -= size;
    return bytes;
}

TNI_FN void *tni_arena_alloc(tni_arena *arena, size_t size) {
    size_t skip = (size_t)(-(uintptr_t)arena->next & 15u), rounded;
    void *block;
    if (!tni_size_add(size, 15, &rounded)) {
        return NULL;
    }
    if (skip > arena->left) {
        arena->left = 0;
    } else if (skip > 0) {
        arena->next += skip;
        arena->left -= skip;
    }
    block = tni_arena_bytes(arena, rounded & ~(size_t)15);
    if (block && size) {
        memset(block, 0, size);
    }
    return block;
}

TNI_FN char *tni_arena_text(tni_arena *arena, const char *text, size_t length) {
    char *copy = length == SIZE_MAX ? NULL : (char *)tni_arena_bytes(arena, length + 1);
    if (copy) {
        if (length) {
            memcpy(copy, text, length);
        }
        copy[length] = '\0';
    }
    return copy;
}

#undef TNI_MEMORY_ALIGNMENT
#undef TNI_ARENA_FIRST
#undef TNI_ARENA_LARGEST
#undef TNI_BUFFER_HEAD
#undef TNI_ARENA_HEAD
