/*
 * bits.c - bitmap operations over whole words.
 *
 * A bitmap of n bits occupies tni_bitmap_words(n) words, and bits past n in the last word are
 * zero: every writer here keeps that, every reader here tolerates the contrary.
 */
#include "base/bits.h"

/* Set bits of up to 31 words: counted byte by byte, eight at most in each, and the bytes added up
 * once. Without an instruction for it, a compiler calls a function for every word. */
static size_t tni_bitmap_count_few(const uint64_t *map, size_t words) {
    const uint64_t twos = UINT64_C(0x5555555555555555), fours = UINT64_C(0x3333333333333333);
    const uint64_t bytes = UINT64_C(0x0f0f0f0f0f0f0f0f), pairs = UINT64_C(0x00ff00ff00ff00ff);
    uint64_t sums = 0;
    size_t i;
    for (i = 0; i < words; i++) {
        uint64_t v = map[i] - ((map[i] >> 1) & twos);
        v = (v & fours) + ((v >> 2) & fours);
        sums += (v + (v >> 4)) & bytes;
    }
    sums = (sums & pairs) + ((sums >> 8) & pairs);
    return (size_t)((sums * UINT64_C(0x0001000100010001)) >> 48);
}

TNI_FN size_t tni_bitmap_count(const uint64_t *map, size_t bits) {
    size_t full = bits / 64, total = 0, i;
    for (i = 0; i < full; i += 31) {
        total += tni_bitmap_count_few(map + i, full - i < 31 ? full - i : 31);
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
