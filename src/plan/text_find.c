/*
 * text_find.c - finding bytes in bytes.
 *
 * A candidate is a place where the needle's first and last byte both match; 16 places are tested
 * at once, and only candidates are compared in full (after W. Mula, "SIMD-friendly algorithms for
 * substring searching"). Texts are mostly short: the last block overlaps the one before it, so
 * that no place is tested byte by byte unless there are fewer than sixteen. Texts made to match
 * almost everywhere would cost length times needle: after too much wasted work the search goes
 * over to the two-way algorithm (M. Crochemore, D. Perrin, "Two-way string-matching", 1991),
 * which is linear and needs no memory.
 *
 * Uses: base/.
 */
#include "plan/text_find.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#define TNI_FIND_SSE2 1
#elif defined(__aarch64__)
#include <arm_neon.h>
#define TNI_FIND_NEON 1
#endif

/* Places among text[at .. at + 15] where both bytes match, as a mask of 16 (or 64 / 4) bits. */
#if defined(TNI_FIND_SSE2)
#define TNI_FIND_BLOCK 16u
#define TNI_FIND_SHIFT 0
TNI_FORCE_INLINE uint64_t tni_find_mask(const uint8_t *first, const uint8_t *last, uint8_t a,
                                        uint8_t b) {
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)first);
    __m128i y = _mm_loadu_si128((const __m128i *)(const void *)last);
    x = _mm_cmpeq_epi8(x, _mm_set1_epi8((char)a));
    y = _mm_cmpeq_epi8(y, _mm_set1_epi8((char)b));
    return (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_and_si128(x, y));
}
#elif defined(TNI_FIND_NEON)
#define TNI_FIND_BLOCK 16u
#define TNI_FIND_SHIFT 2
TNI_FORCE_INLINE uint64_t tni_find_mask(const uint8_t *first, const uint8_t *last, uint8_t a,
                                        uint8_t b) {
    uint8x16_t x = vceqq_u8(vld1q_u8(first), vdupq_n_u8(a));
    uint8x16_t y = vceqq_u8(vld1q_u8(last), vdupq_n_u8(b));
    uint8x8_t narrow = vshrn_n_u16(vreinterpretq_u16_u8(vandq_u8(x, y)), 4);
    return vget_lane_u64(vreinterpret_u64_u8(narrow), 0) & UINT64_C(0x1111111111111111);
}
#else
#define TNI_FIND_BLOCK 8u
#define TNI_FIND_SHIFT 3
TNI_FORCE_INLINE uint64_t tni_find_load(const uint8_t *p) {
    uint64_t v = 0;
    uint32_t i;
    for (i = 0; i < 8; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}
/* Bit 8 i set when byte i is zero, exactly: no carry leaves a byte. */
TNI_FORCE_INLINE uint64_t tni_find_zeros(uint64_t v) {
    uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    return (~(((v & low) + low) | v | low)) >> 7;
}
TNI_FORCE_INLINE uint64_t tni_find_mask(const uint8_t *first, const uint8_t *last, uint8_t a,
                                        uint8_t b) {
    uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t x = tni_find_load(first) ^ ones * a, y = tni_find_load(last) ^ ones * b;
    return tni_find_zeros(x) & tni_find_zeros(y);
}
#endif

/* ----------------------------------------------------------------- linear, constant space --- */

TNI_FORCE_INLINE uint8_t tni_find_lower(uint8_t c) {
    return (uint8_t)(c | ((uint8_t)(c - 'A') < 26 ? 0x20 : 0));
}

/* The position before the needle's greatest suffix (in one of both orders), and its period. */
static int64_t tni_find_suffix(const uint8_t *x, int64_t m, bool reversed, int64_t *period) {
    int64_t suffix = -1, j = 0, k = 1, p = 1;
    while (j + k < m) {
        uint8_t a = x[j + k], b = x[suffix + k];
        if (a == b) {
            if (k != p) {
                k++;
            } else {
                j += p;
                k = 1;
            }
        } else if (reversed ? a > b : a < b) {
            j += k;
            k = 1;
            p = j - suffix;
        } else {
            suffix = j;
            j++;
            k = p = 1;
        }
    }
    *period = p;
    return suffix;
}

/* With `folded`, upper case letters of the text count as lower case ones. */
static size_t tni_find_two_way(const uint8_t *text, size_t length, const uint8_t *x, size_t n,
                               bool folded) {
    int64_t m = (int64_t)n, places = (int64_t)length - m, j = 0, i, p, q, memory = -1;
    int64_t cut = tni_find_suffix(x, m, false, &p), other = tni_find_suffix(x, m, true, &q);
    bool periodic;
    if (other > cut) {
        cut = other;
        p = q;
    }
    periodic = cut + 1 + p <= m && memcmp(x, x + p, (size_t)(cut + 1)) == 0;
    if (!periodic) {
        p = TNI_MAX(cut + 1, m - cut - 1) + 1;
    }
    while (j <= places) {
        const uint8_t *y = text + j;
        for (i = TNI_MAX(cut, memory) + 1; i < m; i++) {
            if (x[i] != (folded ? tni_find_lower(y[i]) : y[i])) {
                break;
            }
        }
        if (i < m) {
            j += i - cut;
            memory = -1;
            continue;
        }
        for (i = cut; i > memory; i--) {
            if (x[i] != (folded ? tni_find_lower(y[i]) : y[i])) {
                break;
            }
        }
        if (i <= memory) {
            return (size_t)j;
        }
        j += p;
        memory = periodic ? m - p - 1 : -1;
    }
    return TNI_FIND_NONE;
}

/* ------------------------------------------------------------------------- the usual search --- */

static size_t tni_find_few(const uint8_t *text, size_t places, const uint8_t *needle, size_t n) {
    uint8_t first = needle[0], last = needle[n - 1];
    size_t i;
    for (i = 0; i < places; i++) {
        if (text[i] == first && text[i + n - 1] == last &&
            (n <= 2 || memcmp(text + i + 1, needle + 1, n - 2) == 0)) {
            return i;
        }
    }
    return TNI_FIND_NONE;
}

TNI_FN size_t tni_find(const uint8_t *text, size_t length, const uint8_t *needle,
                       size_t needle_length) {
    size_t n = needle_length, places, at = 0, wasted = 0;
    uint8_t first, last;
    if (n == 0) {
        return 0;
    }
    if (n > length) {
        return TNI_FIND_NONE;
    }
    places = length - n + 1;
    if (places < TNI_FIND_BLOCK) {
        return tni_find_few(text, places, needle, n);
    }
    first = needle[0];
    last = needle[n - 1];
    for (;;) {
        uint64_t mask = tni_find_mask(text + at, text + at + n - 1, first, last);
        while (mask != 0) {
            size_t place = at + (tni_ctz64(mask) >> TNI_FIND_SHIFT);
            if (n <= 2 || memcmp(text + place + 1, needle + 1, n - 2) == 0) {
                return place;
            }
            wasted += n;
            mask &= mask - 1;
        }
        if (at + TNI_FIND_BLOCK == places) {
            return TNI_FIND_NONE;
        }
        if (wasted > 4 * length) {
            size_t found = tni_find_two_way(text + at, length - at, needle, n, false);
            return found == TNI_FIND_NONE ? found : at + found;
        }
        at = TNI_MIN(at + TNI_FIND_BLOCK, places - TNI_FIND_BLOCK);
    }
}

/* ------------------------------------------------------------------------------- any case --- */

TNI_FN bool tni_equal_folded(const uint8_t *text, const uint8_t *lower, size_t length) {
    size_t i;
    for (i = 0; i < length; i++) {
        if (tni_find_lower(text[i]) != lower[i]) {
            return false;
        }
    }
    return true;
}

#if defined(TNI_FIND_SSE2) || defined(TNI_FIND_NEON)

/* Either case of the first and the last byte. */
TNI_FORCE_INLINE uint64_t tni_find_mask_folded(const uint8_t *first, const uint8_t *last,
                                               const uint8_t *cases) {
    return tni_find_mask(first, last, cases[0], cases[2]) |
           tni_find_mask(first, last, cases[1], cases[2]) |
           tni_find_mask(first, last, cases[0], cases[3]) |
           tni_find_mask(first, last, cases[1], cases[3]);
}

TNI_FN size_t tni_find_folded(const uint8_t *text, size_t length, const uint8_t *needle,
                              size_t needle_length) {
    size_t n = needle_length, places, at = 0, wasted = 0;
    uint8_t cases[4];
    if (n == 0) {
        return 0;
    }
    if (n > length) {
        return TNI_FIND_NONE;
    }
    places = length - n + 1;
    cases[0] = needle[0];
    cases[1] = (uint8_t)(cases[0] - ((uint8_t)(cases[0] - 'a') < 26 ? 0x20 : 0));
    cases[2] = needle[n - 1];
    cases[3] = (uint8_t)(cases[2] - ((uint8_t)(cases[2] - 'a') < 26 ? 0x20 : 0));
    while (places >= TNI_FIND_BLOCK) {
        uint64_t mask = tni_find_mask_folded(text + at, text + at + n - 1, cases);
        while (mask != 0) {
            size_t place = at + (tni_ctz64(mask) >> TNI_FIND_SHIFT);
            if (tni_equal_folded(text + place, needle, n)) {
                return place;
            }
            wasted += n;
            mask &= mask - 1;
        }
        if (at + TNI_FIND_BLOCK == places) {
            return TNI_FIND_NONE;
        }
        if (wasted > 4 * length) {
            size_t found = tni_find_two_way(text + at, length - at, needle, n, true);
            return found == TNI_FIND_NONE ? found : at + found;
        }
        at = TNI_MIN(at + TNI_FIND_BLOCK, places - TNI_FIND_BLOCK);
    }
    for (; at < places; at++) {
        if (tni_equal_folded(text + at, needle, n)) {
            return at;
        }
    }
    return TNI_FIND_NONE;
}

#else

TNI_FN size_t tni_find_folded(const uint8_t *text, size_t length, const uint8_t *needle,
                              size_t needle_length) {
    if (needle_length == 0) {
        return 0;
    }
    return needle_length > length
               ? TNI_FIND_NONE
               : tni_find_two_way(text, length, needle, needle_length, true);
}

#endif

/* ------------------------------------------------------------------------------ codepoints --- */

TNI_FN size_t tni_utf8_skip(const uint8_t *data, size_t length, size_t from, uint64_t count) {
    size_t i = from;
    uint64_t v;
    while (count >= 8 && length - i >= 8) {
        memcpy(&v, data + i, 8);
        if ((v & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
        i += 8;
        count -= 8;
    }
    while (count > 0 && i < length) {
        i++;
        while (i < length && (data[i] & 0xc0) == 0x80) {
            i++;
        }
        count--;
    }
    return i;
}

TNI_FN size_t tni_utf8_skip_back(const uint8_t *data, size_t length, uint64_t count) {
    size_t i = length;
    while (count > 0 && i > 0) {
        i--;
        while (i > 0 && (data[i] & 0xc0) == 0x80) {
            i--;
        }
        count--;
    }
    return i;
}

#undef TNI_FIND_SSE2
#undef TNI_FIND_NEON
#undef TNI_FIND_BLOCK
#undef TNI_FIND_SHIFT
