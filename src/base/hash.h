/*
 * hash.h - 64-bit hashing of values and bytes. Fixed seeds: answers never depend on a hash, but
 * reproducibility of a run does. Integers use a multiply-xorshift finaliser (after Stafford's
 * mix13); bytes use 128-bit folded multiplication over 16-byte strides.
 */
#ifndef TNI_BASE_HASH_H
#define TNI_BASE_HASH_H

#include "base/text.h"

TNI_FORCE_INLINE uint64_t tni_hash_u64(uint64_t v) {
    v ^= v >> 30;
    v *= UINT64_C(0xbf58476d1ce4e5b9);
    v ^= v >> 27;
    v *= UINT64_C(0x94d049bb133111eb);
    v ^= v >> 31;
    return v;
}

TNI_FORCE_INLINE uint64_t tni_hash_combine(uint64_t a, uint64_t b) {
    return tni_hash_u64(a ^ (b + UINT64_C(0x9e3779b97f4a7c15) + (a << 6) + (a >> 2)));
}

TNI_FN uint64_t tni_hash_bytes(const void *data, size_t length);
TNI_FORCE_INLINE uint64_t tni_hash_string(const tni_string *s) {
    return tni_hash_bytes(tni_string_data(s), s->length);
}
#define TNI_HASH_NULL UINT64_C(0x7fb5d329728ea185)

#endif
