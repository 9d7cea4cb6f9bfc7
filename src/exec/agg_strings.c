/*
 * agg_strings.c - strings to codes, a vector at a time.
 *
 * A table of strings with slots as in agg_table.c: the hash's upper half beside code + 1, placed
 * by the hash's upper bits, so that walking the slots meets the strings in the order of their
 * hashes. Slots, entries and bytes are fetched ahead: with many strings each of the three is a
 * cache miss, and so they overlap.
 */
#include "exec/aggregate.h"

#define TNI_STRINGS_AHEAD 16u  /* rows */
#define TNI_STRINGS_NEAR 8192u /* slots that stay in the cache without help */

static void tni_strings_forget(tni_agg_strings *strings) {
    while (strings->slabs != NULL) {
        tni_agg_slab *slab = strings->slabs;
        strings->slabs = slab->next;
        tni_free(strings->memory, slab, slab->size);
    }
    strings->bytes = 0;
}

TNI_FN void tni_agg_strings_init(tni_agg_strings *strings, tni_memory *memory) {
    memset(strings, 0, sizeof *strings);
    strings->memory = memory;
    strings->null_code = UINT32_MAX;
}

TNI_FN void tni_agg_strings_free(tni_agg_strings *strings) {
    tni_memory *memory = strings->memory;
    uint32_t skip = strings->skip_bits;
    if (memory == NULL) {
        return;
    }
    tni_free(memory, strings->values, (size_t)strings->capacity * sizeof *strings->values);
    tni_free(memory, strings->hashes, (size_t)strings->capacity * sizeof *strings->hashes);
    tni_free(memory, strings->slots, strings->slot_count * sizeof *strings->slots);
    tni_strings_forget(strings);
    tni_agg_strings_init(strings, memory);
    strings->skip_bits = skip;
}

TNI_FN void tni_agg_strings_clear(tni_agg_strings *strings) {
    if (strings->count > 0) {
        memset(strings->slots, 0, strings->slot_count * sizeof *strings->slots);
    }
    strings->count = 0;
    strings->null_code = UINT32_MAX;
    tni_strings_forget(strings);
}

/* Equal strings have equal views when short, so those are hashed as two words. */
TNI_FN uint64_t tni_agg_string_hash(const tni_string *string) {
    uint64_t head;
    if (string->length > TNI_STRING_INLINE) {
        return tni_hash_bytes(string->tail.pointer, string->length);
    }
    memcpy(&head, string, 8);
    return tni_hash_u64(head * UINT64_C(0x9fb21c651e98df25) ^ string->tail.bits);
}

static uint64_t tni_strings_home(const tni_agg_strings *strings, uint64_t hash) {
    return (hash << strings->skip_bits) >> strings->slot_shift;
}

static void tni_strings_fill(tni_agg_strings *strings) {
    uint64_t mask = strings->slot_count - 1;
    uint32_t code;
    memset(strings->slots, 0, strings->slot_count * sizeof *strings->slots);
    for (code = 0; code < strings->count; code++) {
        uint64_t hash = strings->hashes[code], at = tni_strings_home(strings, hash);
        if (code == strings->null_code) {
            continue;
        }
        while (strings->slots[at] != 0) {
            at = (at + 1) & mask;
        }
        strings->slots[at] = (hash >> 32 << 32) | (code + 1);
    }
}

static trueno_status tni_strings_grow_slots(tni_agg_strings *strings, uint64_t wanted,
                                            tni_error *error) {
    size_t slots = TNI_MAX(strings->slot_count, 64u);
    uint64_t *grown;
    while (slots < wanted * 2) {
        slots *= 2;
    }
    if (slots == strings->slot_count) {
        return TRUENO_OK;
    }
    grown = (uint64_t *)tni_alloc_array(strings->memory, slots, sizeof *grown);
    if (grown == NULL) {
        return tni_memory_fail(strings->memory, slots * sizeof *grown, error);
    }
    tni_free(strings->memory, strings->slots, strings->slot_count * sizeof *grown);
    strings->slots = grown;
    strings->slot_count = slots;
    strings->slot_shift = 64 - tni_ctz64(slots);
    tni_strings_fill(strings);
    return TRUENO_OK;
}

static trueno_status tni_strings_reserve(tni_agg_strings *strings, uint64_t wanted,
                                         tni_error *error) {
    uint64_t capacity = TNI_MAX(strings->capacity, 32u);
    tni_string *values;
    uint64_t *hashes;
    if (wanted > UINT32_MAX - 2) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "more than 2^32 strings in a GROUP BY key");
    }
    if (wanted > strings->capacity) {
        while (capacity < wanted) {
            capacity *= 2;
        }
        capacity = TNI_MIN(capacity, UINT32_MAX - 1);
        values = (tni_string *)tni_alloc_array(strings->memory, (size_t)capacity, sizeof *values);
        hashes = (uint64_t *)tni_alloc_array(strings->memory, (size_t)capacity, sizeof *hashes);
        if (values == NULL || hashes == NULL) {
            tni_free(strings->memory, values, (size_t)capacity * sizeof *values);
            tni_free(strings->memory, hashes, (size_t)capacity * sizeof *hashes);
            return tni_memory_fail(strings->memory, (size_t)capacity * sizeof *values, error);
        }
        if (strings->count > 0) {
            memcpy(values, strings->values, strings->count * sizeof *values);
            memcpy(hashes, strings->hashes, strings->count * sizeof *hashes);
        }
        tni_free(strings->memory, strings->values, strings->capacity * sizeof *values);
        tni_free(strings->memory, strings->hashes, strings->capacity * sizeof *hashes);
        strings->values = values;
        strings->hashes = hashes;
        strings->capacity = (uint32_t)capacity;
    }
    return tni_strings_grow_slots(strings, wanted, error);
}

TNI_FORCE_INLINE bool tni_strings_same(const tni_string *a, const tni_string *b) {
    uint64_t x, y;
    memcpy(&x, a, 8);
    memcpy(&y, b, 8);
    if (x != y) {
        return false;
    }
    return a->tail.bits == b->tail.bits || (a->length > TNI_STRING_INLINE && tni_string_same(a, b));
}

/* What a row's look-up will touch first: its slot, then, once that is near, the entry. */
static void tni_strings_fetch(const tni_agg_strings *strings, const uint64_t *hashes,
                              uint32_t count) {
    uint32_t i;
    for (i = 0; i < count; i++) {
        TNI_PREFETCH(&strings->slots[tni_strings_home(strings, hashes[i])]);
    }
    for (i = 0; i < count; i++) {
        uint64_t slot = strings->slots[tni_strings_home(strings, hashes[i])];
        if (slot != 0 && slot >> 32 == hashes[i] >> 32) {
            TNI_PREFETCH(&strings->values[(uint32_t)slot - 1]);
        }
    }
}

/* And then the bytes of a long string. */
static void tni_strings_fetch_bytes(const tni_agg_strings *strings, uint64_t hash) {
    uint64_t slot = strings->slots[tni_strings_home(strings, hash)];
    if (slot != 0 && slot >> 32 == hash >> 32) {
        const tni_string *s = &strings->values[(uint32_t)slot - 1];
        if (s->length > TNI_STRING_INLINE) {
            TNI_PREFETCH(s->tail.pointer);
            TNI_PREFETCH(s->tail.pointer + s->length - 1);
        }
    }
}

/* Room for the bytes of a string; NULL: failed. Slabs grow large, for fewer pages. */
static uint8_t *tni_strings_room(tni_agg_strings *strings, size_t size, tni_error *error) {
    tni_agg_slab *slab = strings->slabs;
    uint8_t *out;
    if (slab == NULL || slab->size - slab->used < size) {
        size_t wanted = TNI_MIN(strings->bytes, (size_t)TNI_AGG_SLAB_BYTES);
        wanted = TNI_MAX(TNI_MAX(wanted, size + sizeof *slab), (size_t)4096);
        slab = (tni_agg_slab *)tni_alloc(strings->memory, wanted);
        if (slab == NULL) {
            (void)tni_memory_fail(strings->memory, wanted, error);
            return NULL;
        }
        slab->size = wanted;
        slab->used = sizeof *slab;
        slab->next = strings->slabs;
        strings->slabs = slab;
        strings->bytes += wanted;
    }
    out = (uint8_t *)slab + slab->used;
    slab->used += size;
    return out;
}

static trueno_status tni_strings_insert(tni_agg_strings *strings, const tni_string *string,
                                        uint64_t hash, uint64_t at, bool borrow,
                                        tni_error *error) {
    tni_string kept = *string;
    if (kept.length > TNI_STRING_INLINE && !borrow) {
        uint8_t *bytes = tni_strings_room(strings, kept.length, error);
        if (bytes == NULL) {
            return error->status;
        }
        memcpy(bytes, kept.tail.pointer, kept.length);
        kept.tail.pointer = bytes;
    }
    strings->values[strings->count] = kept;
    strings->hashes[strings->count] = hash;
    strings->count++;
    strings->slots[at] = (hash >> 32 << 32) | strings->count;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_agg_strings_add(tni_agg_strings *strings, const tni_string *in,
                                         const uint64_t *hashes, const uint64_t *validity,
                                         uint32_t count, bool borrow, uint32_t *codes,
                                         tni_error *error) {
    uint64_t mask;
    bool far;
    uint32_t i;
    TNI_TRY(tni_strings_reserve(strings, (uint64_t)strings->count + count, error));
    mask = strings->slot_count - 1;
    far = strings->slot_count > TNI_STRINGS_NEAR;
    if (far) {
        tni_strings_fetch(strings, hashes, count);
    }
    for (i = 0; i < count; i++) {
        uint64_t hash = hashes[i], at = tni_strings_home(strings, hash), slot;
        if (far && i + TNI_STRINGS_AHEAD < count) {
            tni_strings_fetch_bytes(strings, hashes[i + TNI_STRINGS_AHEAD]);
        }
        if (validity != NULL && !tni_bit_get(validity, i)) {
            continue;
        }
        while ((slot = strings->slots[at]) != 0 &&
               (slot >> 32 != hash >> 32 ||
                !tni_strings_same(&strings->values[(uint32_t)slot - 1], &in[i]))) {
            at = (at + 1) & mask;
        }
        if (slot == 0) {
            TNI_TRY(tni_strings_insert(strings, &in[i], hash, at, borrow, error));
            slot = strings->count;
        }
        codes[i] = (uint32_t)slot - 1;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_agg_strings_null(tni_agg_strings *strings, uint32_t *code,
                                          tni_error *error) {
    if (strings->null_code == UINT32_MAX) {
        TNI_TRY(tni_strings_reserve(strings, (uint64_t)strings->count + 1, error));
        strings->null_code = strings->count++;
        memset(&strings->values[strings->null_code], 0, sizeof *strings->values);
        strings->hashes[strings->null_code] = TNI_HASH_NULL;
    }
    *code = strings->null_code;
    return TRUENO_OK;
}

#undef TNI_STRINGS_AHEAD
#undef TNI_STRINGS_NEAR
