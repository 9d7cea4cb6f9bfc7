/* bits.h - bit counting and bitmaps (bit i of word i / 64; 1 = valid or selected). */
#ifndef TNI_BASE_BITS_H
#define TNI_BASE_BITS_H

#include "base/core.h"

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
TNI_FORCE_INLINE uint32_t tni_popcount64(uint64_t v) {
    v = v - ((v >> 1) & UINT64_C(0x5555555555555555));
    v = (v & UINT64_C(0x3333333333333333)) + ((v >> 2) & UINT64_C(0x3333333333333333));
    v = (v + (v >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)((v * UINT64_C(0x0101010101010101)) >> 56);
}
TNI_FORCE_INLINE uint32_t tni_ctz64(uint64_t v) { /* v != 0 */
    uint32_t n = 0;
    while (!(v & 1)) {
        v >>= 1;
        n++;
    }
    return n;
}
TNI_FORCE_INLINE uint32_t tni_clz64(uint64_t v) { /* v != 0 */
    uint32_t n = 0;
    while (!(v >> 63)) {
        v <<= 1;
        n++;
    }
    return n;
}
#else
TNI_FORCE_INLINE uint32_t tni_popcount64(uint64_t v) {
    return (uint32_t)__builtin_popcountll(v);
}
TNI_FORCE_INLINE uint32_t tni_ctz64(uint64_t v) { /* v != 0 */
    return (uint32_t)__builtin_ctzll(v);
}
TNI_FORCE_INLINE uint32_t tni_clz64(uint64_t v) { /* v != 0 */
    return (uint32_t)__builtin_clzll(v);
}
#endif

TNI_FORCE_INLINE size_t tni_bitmap_words(size_t bits) {
    return bits / 64 + (bits % 64 != 0);
}
TNI_FORCE_INLINE bool tni_bit_get(const uint64_t *map, size_t i) {
    return (map[i >> 6] >> (i & 63)) & 1;
}
TNI_FORCE_INLINE void tni_bit_set(uint64_t *map, size_t i) {
    map[i >> 6] |= UINT64_C(1) << (i & 63);
}
TNI_FORCE_INLINE void tni_bit_clear(uint64_t *map, size_t i) {
    map[i >> 6] &= ~(UINT64_C(1) << (i & 63));
}
/* Mask of the low n bits, n <= 64. */
TNI_FORCE_INLINE uint64_t tni_low_bits(uint32_t n) {
    return n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}
TNI_FN size_t tni_bitmap_count(const uint64_t *map, size_t bits);
TNI_FN void tni_bitmap_fill(uint64_t *map, size_t bits, bool value); /* tail bits are cleared */
/* Copy `bits` bits from `source` starting at bit `offset` to bit 0 of `target`; tail cleared. */
TNI_FN void tni_bitmap_copy(uint64_t *target, const uint64_t *source, size_t offset, size_t bits);

#endif
