/*
 * bits.c - bitmap operations over whole words.
 *
 * A bitmap of n bits occupies tni_bitmap_words(n) words, and bits past n in the last word are
 * zero: every writer here keeps that, every reader here tolerates the contrary.
 */
#include "base/bits.h"

TNI_FN size_t tni_bitmap_count(const uint64_t *map, size_t bits) {
    size_t full = bits / 64, total = 0, i;
    for (i = 0; i < full; i++) {
        total += tni_popcount64(map[i]);
    }
    if (bits % 64) {
        total += tni_popcount64(map[full] & tni_low_bits((uint32_t)(bits % 64)));
    }
    return total;
}

TNI_FN void tni_bitmap_fill(uint64_t *map, size_t bits, bool value) {
    size_t words = tni_bitmap_words(bits);
    if (words == 0) {
        return;
    }
    memset(map, value ? 0xff : 0, words * sizeof *map);
    if (value && bits % 64) {
        map[words - 1] = tni_low_bits((uint32_t)(bits % 64));
    }
}

TNI_FN void tni_bitmap_copy(uint64_t *target, const uint64_t *source, size_t offset, size_t bits) {
    size_t words = tni_bitmap_words(bits), last, i;
    uint32_t shift = (uint32_t)(offset % 64);
    if (words == 0) {
        return;
    }
    source += offset / 64;
    if (shift == 0) {
        memmove(target, source, words * sizeof *target);
    } else {
        last = (shift + bits - 1) / 64; /* the last source word that holds a wanted bit */
        for (i = 0; i < words; i++) {
            uint64_t high = i < last ? source[i + 1] << (64 - shift) : 0;
            target[i] = source[i] >> shift | high;
        }
    }
    if (bits % 64) {
        target[words - 1] &= tni_low_bits((uint32_t)(bits % 64));
    }
}
