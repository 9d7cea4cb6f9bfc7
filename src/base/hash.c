/*
 * hash.c - hashing of byte strings by folded multiplication.
 *
 * fold(a, b) is the 128-bit product of a and b with its halves xored. Up to 16 bytes are two
 * (overlapping) loads and two folds; longer input is eaten 16 bytes a fold, or 48 in three
 * independent lanes. The value depends on the bytes and the length only: loads are little
 * endian on every machine and the portable product gives the same bits.
 *
 * Uses: int128.h for the wide product.
 */
#include "base/hash.h"

#define TNI_HASH_K0 UINT64_C(0xa0761d6478bd642f)
#define TNI_HASH_K1 UINT64_C(0xe7037ed1a0b428db)
#define TNI_HASH_K2 UINT64_C(0x8ebc6af09c88c6e3)
#define TNI_HASH_K3 UINT64_C(0x589965cc75374cc3)

TNI_FORCE_INLINE uint64_t tni_hash_fold(uint64_t a, uint64_t b) {
    uint64_t high, low = tni_multiply_wide(a, b, &high);
    return low ^ high;
}

TNI_FORCE_INLINE uint64_t tni_hash_load8(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

TNI_FORCE_INLINE uint64_t tni_hash_load4(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, 4);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap32(v);
#endif
    return v;
}

static uint64_t tni_hash_long(const uint8_t *p, size_t length, uint64_t seed) {
    const uint8_t *last = p + length - 16;
    size_t left = length;
    if (left > 48) {
        uint64_t lane1 = seed, lane2 = seed;
        do {
            seed = tni_hash_fold(tni_hash_load8(p) ^ TNI_HASH_K1, tni_hash_load8(p + 8) ^ seed);
            lane1 =
                tni_hash_fold(tni_hash_load8(p + 16) ^ TNI_HASH_K2, tni_hash_load8(p + 24) ^ lane1);
            lane2 =
                tni_hash_fold(tni_hash_load8(p + 32) ^ TNI_HASH_K3, tni_hash_load8(p + 40) ^ lane2);
            p += 48;
            left -= 48;
        } while (left > 48);
        seed ^= lane1 ^ lane2;
    }
    while (left > 16) {
        seed = tni_hash_fold(tni_hash_load8(p) ^ TNI_HASH_K1, tni_hash_load8(p + 8) ^ seed);
        p += 16;
        left -= 16;
    }
    return tni_hash_fold(
        TNI_HASH_K1 ^ (uint64_t)length,
        tni_hash_fold(tni_hash_load8(last) ^ TNI_HASH_K1, tni_hash_load8(last + 8) ^ seed));
}

TNI_FN uint64_t tni_hash_bytes(const void *data, size_t length) {
    const uint8_t *p = (const uint8_t *)data;
    uint64_t a = 0, b = 0;
    if (length > 16) {
        return tni_hash_long(p, length, TNI_HASH_K0);
    }
    if (length >= 8) {
        a = tni_hash_load8(p);
        b = tni_hash_load8(p + length - 8);
    } else if (length >= 4) {
        a = tni_hash_load4(p);
        b = tni_hash_load4(p + length - 4);
    } else if (length > 0) {
        a = ((uint64_t)p[0] << 16) | ((uint64_t)p[length >> 1] << 8) | p[length - 1];
    }
    return tni_hash_fold(TNI_HASH_K1 ^ (uint64_t)length,
                         tni_hash_fold(a ^ TNI_HASH_K1, b ^ TNI_HASH_K0));
}

#undef TNI_HASH_K0
#undef TNI_HASH_K1
#undef TNI_HASH_K2
#undef TNI_HASH_K3
