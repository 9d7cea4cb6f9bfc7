/*
 * text_find.h - finding bytes in bytes, and codepoints in UTF-8, for strings of any length.
 */
#ifndef TNI_PLAN_TEXT_FIND_H
#define TNI_PLAN_TEXT_FIND_H

#include "base/bits.h"
#include "base/text.h"

#define TNI_FIND_NONE SIZE_MAX

/* Offset of the first `needle` in `text`, TNI_FIND_NONE when there is none. An empty needle is
 * found at 0. */
TNI_FN size_t tni_find(const uint8_t *text, size_t length, const uint8_t *needle,
                       size_t needle_length);
/* The same for ASCII text in any case; `needle` is lower case. */
TNI_FN size_t tni_find_folded(const uint8_t *text, size_t length, const uint8_t *needle,
                              size_t needle_length);
/* Equal but for ASCII case; `lower` is lower case. */
TNI_FN bool tni_equal_folded(const uint8_t *text, const uint8_t *lower, size_t length);

/* True when no byte has its high bit set. */
TNI_INLINE bool tni_is_ascii(const uint8_t *data, size_t length) {
    uint64_t high = 0, v;
    size_t i = 0;
    for (; length - i >= 8; i += 8) {
        memcpy(&v, data + i, 8);
        high |= v;
    }
    for (; i < length; i++) {
        high |= (uint64_t)data[i] << 56 | data[i];
    }
    return (high & UINT64_C(0x8080808080808080)) == 0;
}

/* The offset `count` codepoints after `from`, at most `length`. */
TNI_FN size_t tni_utf8_skip(const uint8_t *data, size_t length, size_t from, uint64_t count);
/* The offset `count` codepoints before the end. */
TNI_FN size_t tni_utf8_skip_back(const uint8_t *data, size_t length, uint64_t count);

#endif
