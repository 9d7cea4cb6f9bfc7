/*
 * dictionary.c - shared dictionaries and the interner that fills them.
 *
 * The interner is an open-addressing table of codes beside an array of strings: hashes are kept,
 * so growing never touches a string. Short strings live in their own 16 bytes, long ones in an
 * arena. Sealing moves both arrays into the dictionary, which frees them with its buffers.
 *
 * Uses: base (arena, buffers, hash).
 */
#include "column/dictionary.h"

#define TNI_INTERNER_FIRST 64u                      /* slots of a new table */
#define TNI_INTERNER_MOST (UINT32_MAX - UINT32_C(1)) /* entries; a slot holds code + 1 */

/* ---- dictionaries ---- */

/* Unique without a counter that the whole process would share: two dictionaries either live at
 * different addresses or were made at different times. */
static uint64_t tni_dictionary_make_id(const tni_dictionary *dictionary) {
    uint64_t id = tni_hash_u64((uint64_t)(uintptr_t)dictionary);
    id = tni_hash_combine(id, (uint64_t)tni_clock_nanoseconds());
    id = tni_hash_combine(id, (uint64_t)(uintptr_t)dictionary->values ^ dictionary->count);
    return id ? id : 1;
}

/* Ascending values make codes comparable; mostly the first few entries already say no. */
static bool tni_dictionary_is_sorted(const tni_string *values, uint32_t count) {
    uint32_t i;
    for (i = 1; i < count; i++) {
        if (tni_string_compare(&values[i - 1], &values[i]) > 0) {
            return false;
        }
    }
    return true;
}

TNI_FN trueno_status tni_dictionary_new(tni_memory *memory, tni_buffer *values, uint32_t count,
                                        tni_buffer *heap, bool unique, tni_dictionary **out,
                                        tni_error *error) {
    tni_dictionary *dictionary = (tni_dictionary *)tni_alloc_zero(memory, sizeof *dictionary);
    *out = NULL;
    if (!dictionary) {
        tni_buffer_release(values);
        tni_buffer_release(heap);
        return tni_memory_fail(memory, sizeof *dictionary, error);
    }
    TNI_ASSERT(count == 0 || values->size / sizeof(tni_string) >= count);
    tni_atomic_store_i32(&dictionary->references, 1);
    dictionary->memory = memory;
    dictionary->count = count;
    dictionary->unique = unique;
    dictionary->values = values ? (const tni_string *)(const void *)values->data : NULL;
    dictionary->values_buffer = values;
    dictionary->heap = heap;
    dictionary->sorted = tni_dictionary_is_sorted(dictionary->values, count);
    dictionary->id = tni_dictionary_make_id(dictionary);
    *out = dictionary;
    return TRUENO_OK;
}

TNI_FN tni_dictionary *tni_dictionary_retain(tni_dictionary *dictionary) {
    if (dictionary) {
        (void)tni_atomic_add_i32(&dictionary->references, 1);
    }
    return dictionary;
}

TNI_FN void tni_dictionary_release(tni_dictionary *dictionary) {
    if (!dictionary || tni_atomic_add_i32(&dictionary->references, -1) != 1) {
        return;
    }
    tni_buffer_release(dictionary->values_buffer);
    tni_buffer_release(dictionary->heap);
    tni_buffer_release(dictionary->heap2);
    tni_free(dictionary->memory, dictionary, sizeof *dictionary);
}

/* ---- interning ---- */

TNI_FN void tni_interner_init(tni_interner *interner, tni_memory *memory) {
    memset(interner, 0, sizeof *interner);
    interner->memory = memory;
    tni_arena_init(&interner->heap, memory);
}

TNI_FN void tni_interner_free(tni_interner *interner) {
    tni_memory *memory = interner->memory;
    size_t capacity = interner->capacity;
    tni_arena_free(&interner->heap);
    tni_free(memory, interner->values, capacity * sizeof *interner->values);
    tni_free(memory, interner->hashes, capacity * sizeof *interner->hashes);
    tni_free(memory, interner->slots, interner->slot_count * sizeof *interner->slots);
    tni_interner_init(interner, memory);
}

/* tni_string_equal for strings that mostly are equal: up to 20 bytes without a call. The first
 * four bytes are in the view; two overlapping loads cover the rest. */
TNI_FN bool tni_string_same(const tni_string *a, const tni_string *b) {
    uint64_t head_a, head_b, x[2], y[2];
    const uint8_t *p = a->tail.pointer, *q = b->tail.pointer;
    memcpy(&head_a, a, 8);
    memcpy(&head_b, b, 8);
    if (head_a != head_b) {
        return false;
    }
    if (a->length <= TNI_STRING_INLINE || p == q) {
        return a->tail.bits == b->tail.bits;
    }
    memcpy(&x[0], p + 4, 8);
    memcpy(&x[1], p + a->length - 8, 8);
    memcpy(&y[0], q + 4, 8);
    memcpy(&y[1], q + a->length - 8, 8);
    if ((x[0] ^ y[0]) | (x[1] ^ y[1])) {
        return false;
    }
    return a->length <= 20 || memcmp(p + 12, q + 12, a->length - 20) == 0;
}

/* The slot of a string: its own, or the empty one where it belongs. */
static size_t tni_interner_slot(const tni_interner *interner, const tni_string *string,
                                uint64_t hash) {
    size_t mask = interner->slot_count - 1, slot = (size_t)hash & mask;
    for (;; slot = (slot + 1) & mask) {
        uint32_t entry = interner->slots[slot];
        if (entry == 0 || (interner->hashes[entry - 1] == hash &&
                           tni_string_same(&interner->values[entry - 1], string))) {
            return slot;
        }
    }
}

static trueno_status tni_interner_grow_slots(tni_interner *interner, tni_error *error) {
    size_t wanted = interner->slot_count ? interner->slot_count * 2 : TNI_INTERNER_FIRST, bytes;
    uint32_t *slots = NULL;
    uint32_t i;
    if (tni_size_mul(wanted, sizeof *slots, &bytes)) {
        slots = (uint32_t *)tni_alloc_zero(interner->memory, bytes);
    }
    if (!slots) {
        return tni_memory_fail(interner->memory, bytes, error);
    }
    for (i = 0; i < interner->count; i++) {
        size_t slot = (size_t)interner->hashes[i] & (wanted - 1);
        while (slots[slot]) {
            slot = (slot + 1) & (wanted - 1);
        }
        slots[slot] = i + 1;
    }
    tni_free(interner->memory, interner->slots, interner->slot_count * sizeof *slots);
    interner->slots = slots;
    interner->slot_count = wanted;
    return TRUENO_OK;
}

/* Both arrays grow together: they share `capacity`, which is also what they are freed by. */
static trueno_status tni_interner_grow_values(tni_interner *interner, tni_error *error) {
    size_t wanted = interner->capacity ? interner->capacity * 2 : TNI_INTERNER_FIRST / 2;
    tni_memory *memory = interner->memory;
    tni_string *values = (tni_string *)tni_alloc_array(memory, wanted, sizeof *values);
    uint64_t *hashes = (uint64_t *)tni_alloc_array(memory, wanted, sizeof *hashes);
    if (!values || !hashes) {
        tni_free(memory, values, wanted * sizeof *values);
        tni_free(memory, hashes, wanted * sizeof *hashes);
        return tni_memory_fail(memory, wanted * sizeof *values, error);
    }
    if (interner->count) {
        memcpy(values, interner->values, interner->count * sizeof *values);
        memcpy(hashes, interner->hashes, interner->count * sizeof *hashes);
    }
    tni_free(memory, interner->values, interner->capacity * sizeof *values);
    tni_free(memory, interner->hashes, interner->capacity * sizeof *hashes);
    interner->values = values;
    interner->hashes = hashes;
    interner->capacity = wanted;
    return TRUENO_OK;
}

/* Append a string known to be new: its bytes move to the arena unless they fit inline. */
static trueno_status tni_interner_append(tni_interner *interner, const tni_string *string,
                                         uint64_t hash, tni_error *error) {
    tni_string copy = *string;
    if (string->length > TNI_STRING_INLINE) {
        void *bytes = tni_arena_bytes(&interner->heap, string->length);
        if (!bytes) {
            return tni_memory_fail(interner->memory, string->length, error);
        }
        memcpy(bytes, string->tail.pointer, string->length);
        copy = tni_string_make(bytes, string->length);
    }
    interner->values[interner->count] = copy;
    interner->hashes[interner->count] = hash;
    interner->count++;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_interner_add(tni_interner *interner, const tni_string *string,
                                      uint64_t hash, uint32_t *code, tni_error *error) {
    size_t slot;
    *code = 0;
    if ((size_t)interner->count * 3 >= interner->slot_count) { /* mostly one probe */
        TNI_TRY(tni_interner_grow_slots(interner, error));
    }
    slot = tni_interner_slot(interner, string, hash);
    if (interner->slots[slot]) {
        *code = interner->slots[slot] - 1;
        return TRUENO_OK;
    }
    if (interner->count >= TNI_INTERNER_MOST) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "dictionary: more than %lu distinct strings",
                        (unsigned long)TNI_INTERNER_MOST);
    }
    if (interner->count == interner->capacity) {
        TNI_TRY(tni_interner_grow_values(interner, error));
    }
    TNI_TRY(tni_interner_append(interner, string, hash, error));
    interner->slots[slot] = interner->count;
    *code = interner->count - 1;
    return TRUENO_OK;
}

TNI_FN bool tni_interner_find(const tni_interner *interner, const tni_string *string,
                              uint64_t hash, uint32_t *code) {
    *code = 0;
    if (interner->count) {
        uint32_t entry = interner->slots[tni_interner_slot(interner, string, hash)];
        *code = entry ? entry - 1 : 0;
        return entry != 0;
    }
    return false;
}

/* ---- sealing ---- */

typedef struct tni_interner_rank {
    uint64_t key; /* the first 8 bytes, most significant first */
    uint32_t code;
} tni_interner_rank;

static uint64_t tni_interner_key(const tni_string *string) {
    const uint8_t *bytes = tni_string_data(string);
    uint32_t length = TNI_MIN(string->length, 8u), i;
    uint64_t key = 0;
    for (i = 0; i < length; i++) {
        key |= (uint64_t)bytes[i] << (56 - 8 * i);
    }
    return key;
}

static bool tni_interner_before(const tni_string *values, const tni_interner_rank *a,
                                const tni_interner_rank *b) {
    if (a->key != b->key) {
        return a->key < b->key;
    }
    return tni_string_compare(&values[a->code], &values[b->code]) < 0;
}

/* Bottom-up merge sort of `count` ranks between two halves of one block; returns the sorted. */
static tni_interner_rank *tni_interner_sort(const tni_string *values, tni_interner_rank *from,
                                            size_t count) {
    tni_interner_rank *to = from + count;
    size_t width, i;
    for (width = 1; width < count; width *= 2) {
        tni_interner_rank *swap = from;
        for (i = 0; i < count; i += 2 * width) {
            size_t a = i, middle = TNI_MIN(i + width, count), b = middle;
            size_t end = TNI_MIN(i + 2 * width, count), k;
            for (k = i; k < end; k++) {
                bool second = a == middle ||
                              (b < end && tni_interner_before(values, &from[b], &from[a]));
                to[k] = second ? from[b++] : from[a++];
            }
        }
        from = to;
        to = swap;
    }
    return from;
}

/* Put the values in order; remap[old code] = new code, where wanted. Hashes are not moved. */
static trueno_status tni_interner_reorder(tni_interner *interner, uint32_t *remap,
                                          tni_error *error) {
    size_t count = interner->count, rank_bytes = 0, i;
    tni_string *sorted = (tni_string *)tni_alloc_array(interner->memory, interner->capacity,
                                                       sizeof *sorted);
    tni_interner_rank *ranks = NULL, *order;
    if (tni_size_mul(count, 2 * sizeof *ranks, &rank_bytes)) {
        ranks = (tni_interner_rank *)tni_alloc(interner->memory, rank_bytes);
    }
    if (!sorted || !ranks) {
        tni_free(interner->memory, sorted, interner->capacity * sizeof *sorted);
        tni_free(interner->memory, ranks, rank_bytes);
        return tni_memory_fail(interner->memory, rank_bytes, error);
    }
    for (i = 0; i < count; i++) {
        ranks[i].key = tni_interner_key(&interner->values[i]);
        ranks[i].code = (uint32_t)i;
    }
    order = tni_interner_sort(interner->values, ranks, count);
    for (i = 0; i < count; i++) {
        sorted[i] = interner->values[order[i].code];
        if (remap) {
            remap[order[i].code] = (uint32_t)i;
        }
    }
    tni_free(interner->memory, ranks, rank_bytes);
    tni_free(interner->memory, interner->values, interner->capacity * sizeof *sorted);
    interner->values = sorted;
    return TRUENO_OK;
}

static void tni_interner_free_values(void *user, void *data, size_t size) {
    tni_free((tni_memory *)user, data, size);
}

static void tni_interner_free_heap(void *user, void *data, size_t size) {
    tni_arena *heap = (tni_arena *)data;
    tni_memory *memory = (tni_memory *)user;
    tni_arena_free(heap);
    tni_free(memory, heap, size);
}

/* The arena as a buffer's owned data: freed when the dictionary goes. */
static trueno_status tni_interner_wrap_heap(tni_interner *interner, tni_buffer **out,
                                            tni_error *error) {
    tni_memory *memory = interner->memory;
    tni_arena *heap = (tni_arena *)tni_alloc(memory, sizeof *heap);
    trueno_status status;
    *out = NULL;
    if (!heap) {
        return tni_memory_fail(memory, sizeof *heap, error);
    }
    status = tni_buffer_wrap(memory, heap, sizeof *heap, tni_interner_free_heap, memory, out,
                             error);
    if (status != TRUENO_OK) {
        tni_free(memory, heap, sizeof *heap);
        return status;
    }
    *heap = interner->heap;
    tni_arena_init(&interner->heap, memory);
    return TRUENO_OK;
}

static trueno_status tni_interner_wrap(tni_interner *interner, tni_dictionary **out,
                                       tni_error *error) {
    tni_buffer *values = NULL, *heap = NULL;
    uint32_t count = interner->count;
    if (interner->capacity) {
        TNI_TRY(tni_buffer_wrap(interner->memory, interner->values,
                                interner->capacity * sizeof *interner->values,
                                tni_interner_free_values, interner->memory, &values, error));
        interner->values = NULL;
    }
    if (interner->heap.blocks) {
        trueno_status status = tni_interner_wrap_heap(interner, &heap, error);
        if (status != TRUENO_OK) {
            tni_buffer_release(values);
            return status;
        }
    }
    return tni_dictionary_new(interner->memory, values, count, heap, true, out, error);
}

TNI_FN trueno_status tni_interner_seal(tni_interner *interner, bool sort, uint32_t *remap,
                                       tni_dictionary **out, tni_error *error) {
    trueno_status status = TRUENO_OK;
    uint32_t i;
    *out = NULL;
    for (i = 0; remap && i < interner->count; i++) {
        remap[i] = i;
    }
    if (sort && interner->count > 1) {
        status = tni_interner_reorder(interner, remap, error);
    }
    if (status == TRUENO_OK) {
        status = tni_interner_wrap(interner, out, error);
    }
    tni_interner_free(interner);
    return status;
}

#undef TNI_INTERNER_FIRST
#undef TNI_INTERNER_MOST
