/*
 * memory.h - the one allocation family: hook, budget, buffers, arenas.
 *
 * Every byte goes through a tni_memory: the host's allocator callbacks plus an atomic count
 * checked against memory_limit. All blocks are 64-byte aligned, so kernels may use aligned
 * loads at their start. Callers pass the size back on free. NULL means out of memory or over
 * the limit; tni_memory_fail() turns that into the right error. Thread-safe.
 */
#ifndef TNI_BASE_MEMORY_H
#define TNI_BASE_MEMORY_H

#include "base/error.h"
#include "base/platform.h"

#define TNI_MEMORY_BINS 192u

/* Large blocks of the system's allocator are kept for the next query when they are freed: getting
 * pages afresh costs more than filling them. They count against the limit and go first when it
 * presses. A host's own allocator sees every call instead. */
typedef struct tni_memory_cache {
    tni_mutex mutex;
    bool enabled;
    void *bins[TNI_MEMORY_BINS]; /* free blocks by size class, linked through their first word */
    tni_atomic_i64 bytes;
    int64_t most;
} tni_memory_cache;

typedef struct tni_memory {
    trueno_allocator allocator;
    tni_atomic_i64 used;
    tni_atomic_i64 peak;
    int64_t limit; /* bytes; INT64_MAX = none */
    tni_atomic_i64 refused; /* by the limit, latest: its size; -1: the allocator refused; 0: none */
    tni_memory_cache *cache; /* NULL: none */
} tni_memory;

TNI_FN void tni_memory_init(tni_memory *memory, const trueno_allocator *allocator, uint64_t limit);
/* Start keeping freed large blocks in `cache`, which lives as long as `memory`. */
TNI_FN void tni_memory_cache_start(tni_memory *memory, tni_memory_cache *cache);
/* Give all kept blocks back and stop. */
TNI_FN void tni_memory_cache_stop(tni_memory *memory);
TNI_FN void *tni_alloc(tni_memory *memory, size_t size);      /* uninitialised; size 0 -> NULL */
TNI_FN void *tni_alloc_zero(tni_memory *memory, size_t size); /* zeroed */
TNI_FN void *tni_alloc_array(tni_memory *memory, size_t count, size_t size); /* overflow-checked */
TNI_FN void *tni_realloc(tni_memory *memory, void *block, size_t old_size, size_t new_size);
TNI_FN void tni_free(tni_memory *memory, void *block, size_t size); /* NULL is fine */
/* The error for a NULL just returned for `size` bytes: names the limit when that was the cause. */
TNI_FN trueno_status tni_memory_fail(tni_memory *memory, size_t size, tni_error *error);
/* MEMORY or MEMORY_LIMIT: which of the two the latest NULL was. */
TNI_FN trueno_status tni_memory_cause(const tni_memory *memory);
/* Make an "out of memory" that did not know of the limit name it, when that was the cause. */
TNI_FN void tni_memory_explain(tni_memory *memory, tni_error *error);

/* Checked size arithmetic: false on overflow, *out set to 0. */
TNI_FN bool tni_size_add(size_t a, size_t b, size_t *out);
TNI_FN bool tni_size_mul(size_t a, size_t b, size_t *out);

/* Grow `*items` (capacity `*capacity` elements of `size`) to hold `needed`; doubling. */
TNI_FN trueno_status tni_grow(tni_memory *memory, void **items, size_t *capacity, size_t needed,
                              size_t size, tni_error *error);

/* A reference-counted block, ours or somebody else's. Data never moves. */
typedef struct tni_buffer {
    tni_atomic_i32 references;
    tni_memory *memory;
    uint8_t *data;
    size_t size;
    void (*release)(void *user, void *data, size_t size); /* NULL: nothing to call */
    void *user;
    size_t block; /* bytes of the head and of what lies behind it */
} tni_buffer;

TNI_FN trueno_status tni_buffer_new(tni_memory *memory, size_t size, tni_buffer **out,
                                    tni_error *error);
TNI_FN trueno_status tni_buffer_wrap(tni_memory *memory, const void *data, size_t size,
                                     void (*release)(void *, void *, size_t), void *user,
                                     tni_buffer **out, tni_error *error);
TNI_FN tni_buffer *tni_buffer_retain(tni_buffer *buffer); /* NULL passes through */
TNI_FN void tni_buffer_release(tni_buffer *buffer);       /* NULL is fine */

/* Bump allocator: plans, syntax trees, string heaps. Freed as a whole. Not thread-safe. */
typedef struct tni_arena_block tni_arena_block;
typedef struct tni_arena {
    tni_memory *memory;
    tni_arena_block *blocks;
    uint8_t *next;
    size_t left;
    size_t total;
} tni_arena;

TNI_FN void tni_arena_init(tni_arena *arena, tni_memory *memory);
TNI_FN void tni_arena_free(tni_arena *arena);
TNI_FN void *tni_arena_alloc(tni_arena *arena, size_t size);  /* 16-byte aligned, zeroed; NULL */
TNI_FN void *tni_arena_bytes(tni_arena *arena, size_t size);  /* unaligned, uninitialised; NULL */
TNI_FN char *tni_arena_text(tni_arena *arena, const char *text, size_t length); /* NUL-terminated */

#endif
