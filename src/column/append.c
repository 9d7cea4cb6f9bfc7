/*
 * append.c - rows of flat vectors added to flat memory.
 */
#include "column/append.h"

#include "base/hash.h"

#define TNI_APPEND_SEEN 64u /* source pointers remembered within one call */

/* Up to 64 bits of `source` from bit `first`; never touches a word without wanted bits. */
static uint64_t tni_append_load_bits(const uint64_t *source, size_t first, uint32_t count) {
    size_t word = first >> 6;
    uint32_t shift = (uint32_t)(first & 63);
    uint64_t bits = source[word] >> shift;
    if (shift && shift + count > 64) {
        bits |= source[word + 1] << (64 - shift);
    }
    return bits & tni_low_bits(count);
}

TNI_FN void tni_append_bits(uint64_t *target, size_t at, const uint64_t *source, size_t first,
                            size_t count) {
    while (count) {
        uint32_t shift = (uint32_t)(at & 63);
        uint32_t n = (uint32_t)TNI_MIN(count, (size_t)(64 - shift));
        uint64_t bits = source ? tni_append_load_bits(source, first, n) : tni_low_bits(n);
        uint64_t *word = target + (at >> 6);
        *word = (*word & ~(tni_low_bits(n) << shift)) | bits << shift;
        at += n;
        first += n;
        count -= n;
    }
}

TNI_FN bool tni_bits_any_zero(const uint64_t *source, size_t first, size_t count) {
    if (!source) {
        return false;
    }
    while (count) {
        uint32_t n = (uint32_t)TNI_MIN(count, (size_t)64);
        if (tni_append_load_bits(source, first, n) != tni_low_bits(n)) {
            return true;
        }
        first += n;
        count -= n;
    }
    return false;
}

TNI_FN void tni_append_zero_nulls(void *values, size_t width, const uint64_t *validity, size_t at,
                                  size_t count) {
    while (count) {
        uint32_t n = (uint32_t)TNI_MIN(count, (size_t)64);
        uint64_t nulls = ~tni_append_load_bits(validity, at, n) & tni_low_bits(n);
        while (nulls) {
            memset((uint8_t *)values + (at + tni_ctz64(nulls)) * width, 0, width);
            nulls &= nulls - 1;
        }
        at += n;
        count -= n;
    }
}

TNI_FN trueno_status tni_append_dense(const tni_env *env, const tni_chunk *chunk,
                                      tni_scratch *scratch, tni_chunk *out, tni_error *error) {
    *out = *chunk;
    if (!chunk->mask) {
        return TRUENO_OK;
    }
    if (chunk->column_count) {
        size_t size = chunk->column_count * sizeof *chunk->columns;
        out->columns = (tni_vector *)tni_scratch_take(scratch, size, error);
        if (!out->columns) {
            return error ? error->status : TRUENO_ERROR_MEMORY;
        }
        memcpy(out->columns, chunk->columns, size);
    }
    return tni_chunk_compact(env, out, scratch, error);
}

/* One copy per distinct pointer, as far as a small direct-mapped memory reaches. */
static trueno_status tni_append_own_repeats(tni_arena *heap, tni_string *strings, size_t count,
                                            tni_error *error) {
    tni_string seen[TNI_APPEND_SEEN]; /* as they came */
    const uint8_t *copies[TNI_APPEND_SEEN];
    size_t i;
    memset(seen, 0, sizeof seen);
    for (i = 0; i < count; i++) {
        tni_string *s = &strings[i];
        size_t slot;
        if (s->length <= TNI_STRING_INLINE) {
            continue;
        }
        slot = (size_t)(tni_hash_u64((uint64_t)(uintptr_t)s->tail.pointer) % TNI_APPEND_SEEN);
        if (seen[slot].tail.pointer != s->tail.pointer || seen[slot].length != s->length) {
            uint8_t *copy = (uint8_t *)tni_arena_bytes(heap, s->length);
            if (!copy) {
                return tni_memory_fail(heap->memory, s->length, error);
            }
            memcpy(copy, s->tail.pointer, s->length);
            seen[slot] = *s;
            copies[slot] = copy;
        }
        s->tail.pointer = copies[slot];
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_append_own_strings(tni_arena *heap, tni_string *strings, size_t count,
                                            bool repeats, tni_error *error) {
    size_t total = 0, i;
    uint8_t *bytes;
    if (repeats) {
        return tni_append_own_repeats(heap, strings, count, error);
    }
    for (i = 0; i < count; i++) {
        size_t length = strings[i].length > TNI_STRING_INLINE ? strings[i].length : 0;
        if (!tni_size_add(total, length, &total)) {
            return tni_memory_fail(heap->memory, SIZE_MAX, error);
        }
    }
    if (!total) {
        return TRUENO_OK;
    }
    bytes = (uint8_t *)tni_arena_bytes(heap, total);
    if (!bytes) {
        return tni_memory_fail(heap->memory, total, error);
    }
    for (i = 0; i < count; i++) {
        tni_string *s = &strings[i];
        if (s->length > TNI_STRING_INLINE) {
            memcpy(bytes, s->tail.pointer, s->length);
            s->tail.pointer = bytes;
            bytes += s->length;
        }
    }
    return TRUENO_OK;
}

/* Bottom-up merge sort: stable, no recursion. */
TNI_FN void tni_row_keys_sort(tni_row_key *keys, tni_row_key *spare, size_t count) {
    tni_row_key *from = keys, *to = spare;
    size_t width, i;
    for (width = 1; width < count; width *= 2) {
        tni_row_key *swap = from;
        for (i = 0; i < count; i += 2 * width) {
            size_t a = i, middle = TNI_MIN(i + width, count), b = middle;
            size_t end = TNI_MIN(i + 2 * width, count), k = i;
            while (k < end) {
                bool left = a < middle &&
                            (b >= end || from[a].major < from[b].major ||
                             (from[a].major == from[b].major && from[a].minor <= from[b].minor));
                to[k++] = left ? from[a++] : from[b++];
            }
        }
        from = to;
        to = swap;
    }
    if (from != keys) {
        memcpy(keys, from, count * sizeof *keys);
    }
}

#undef TNI_APPEND_SEEN
