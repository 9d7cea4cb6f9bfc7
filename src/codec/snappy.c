/*
 * snappy.c - the Snappy block format: decoder and encoder.
 *
 * A block is the uncompressed length (varint) and elements: a literal, or a copy of `length`
 * bytes from `offset` bytes back. The low two bits of the tag tell which. The decoder copies in
 * strides of 16 bytes beyond the end of an element (the output is padded); the encoder is greedy
 * with one hash table of 4-byte sequences per 64 KiB fragment, so that offsets fit two bytes.
 *
 *     tag  xxxxxx00  literal, length xxxxxx + 1, or 60..63: length in 1..4 more bytes
 *          oooLLL01  copy of 4 + LLL bytes, offset ooo:next byte
 *          xxxxxx10  copy of xxxxxx + 1 bytes, offset in two bytes
 *          xxxxxx11  the same, offset in four
 */
#include "codec/codec.h"

#define TNI_SNAPPY_FRAGMENT 65536u
#define TNI_SNAPPY_HASH_BITS 13u

/* Parse the preamble; NULL when it is malformed, else where the elements start. */
static const uint8_t *tni_snappy_preamble(const uint8_t *in, size_t in_size, uint64_t *length) {
    uint32_t shift;
    *length = 0;
    for (shift = 0; shift < 35 && in_size; shift += 7, in_size--) {
        uint8_t byte = *in++;
        *length |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            return *length <= UINT32_MAX ? in : NULL;
        }
    }
    return NULL;
}

TNI_FN bool tni_snappy_length(const uint8_t *in, size_t in_size, uint64_t *length) {
    return tni_snappy_preamble(in, in_size, length) != NULL;
}

/* A literal whose length is not in the tag alone, or near an end. Returns its end in the input. */
static const uint8_t *tni_snappy_literal(const uint8_t *in, const uint8_t *in_end, uint32_t tag,
                                         uint8_t *to, size_t room, size_t *copied) {
    size_t length = (tag >> 2) + 1u;
    if (length > 60) {
        uint32_t bytes = (uint32_t)length - 60u, i, value = 0;
        if ((size_t)(in_end - in) < bytes) {
            return NULL;
        }
        for (i = 0; i < bytes; i++) {
            value |= (uint32_t)in[i] << (8 * i);
        }
        in += bytes;
        length = (size_t)value + 1u;
        if (length == 0) {
            return NULL;
        }
    }
    if (length > (size_t)(in_end - in) || length > room) {
        return NULL;
    }
    memcpy(to, in, length);
    *copied = length;
    return in + length;
}

TNI_FN const char *tni_snappy_decode(const uint8_t *in, size_t in_size, tni_codec_output *out) {
    static const uint8_t operand_bytes[4] = {0, 1, 2, 4};
    const uint8_t *in_end = in + in_size;
    uint64_t announced;
    const char *reason;
    uint8_t *to, *start, *end;
    in = tni_snappy_preamble(in, in_size, &announced);
    if (!in) {
        return "Snappy: malformed length";
    }
    if (announced > SIZE_MAX / 2) {
        return "Snappy: announced length too large";
    }
    reason = tni_codec_reserve(out, (size_t)announced);
    if (reason) {
        return reason;
    }
    start = out->data + out->size;
    to = start;
    end = start + (size_t)announced;
    while (in < in_end) {
        uint32_t tag = *in++, kind = tag & 3u;
        size_t length, offset;
        if (kind == 0) {
            size_t short_length = (tag >> 2) + 1u;
            if (short_length <= 16 && in_end - in >= 16 && short_length <= (size_t)(end - to)) {
                tni_copy16(to, in);
                in += short_length;
                to += short_length;
                continue;
            }
            in = tni_snappy_literal(in, in_end, tag, to, (size_t)(end - to), &length);
            if (!in) {
                return "Snappy: literal runs past the end";
            }
            to += length;
            continue;
        }
        if ((size_t)(in_end - in) < operand_bytes[kind]) {
            return "Snappy: truncated copy";
        }
        length = (tag >> 2) + 1u;
        if (kind == 1) {
            length = 4u + (tag >> 2 & 7u);
            offset = (size_t)(tag >> 5) << 8 | in[0];
        } else if (kind == 2) {
            offset = tni_load_le16(in);
        } else {
            offset = tni_load_le32(in);
        }
        in += operand_bytes[kind];
        if (offset - 1u >= (size_t)(to - start)) {
            return "Snappy: copy from before the start";
        }
        if (length > (size_t)(end - to)) {
            return "Snappy: copy runs past the end";
        }
        tni_copy_match(to, offset, length);
        to += length;
    }
    if (to != end) {
        return "Snappy: less data than announced";
    }
    out->size += (size_t)announced;
    return NULL;
}

/* ---- encoder ---- */

TNI_FN size_t tni_snappy_bound(size_t size) {
    size_t extra = size / 6 + 32;
    return size <= UINT32_MAX && size <= SIZE_MAX - extra ? size + extra : 0;
}

static uint8_t *tni_snappy_put_literal(uint8_t *to, const uint8_t *from, size_t length) {
    size_t n = length - 1;
    if (n < 60) {
        *to++ = (uint8_t)(n << 2);
    } else {
        uint8_t *tag = to++;
        uint32_t bytes = 0;
        while (n) {
            *to++ = (uint8_t)n;
            n >>= 8;
            bytes++;
        }
        *tag = (uint8_t)((59u + bytes) << 2);
    }
    memcpy(to, from, length);
    return to + length;
}

/* Copies are at most 64 bytes long; the last piece is kept at 4 or more for the short form. */
static uint8_t *tni_snappy_put_copy(uint8_t *to, size_t offset, size_t length) {
    while (length > 0) {
        size_t piece = length > 67 ? 64 : length > 64 ? 60 : length;
        if (piece >= 4 && piece < 12 && offset < 2048) {
            *to++ = (uint8_t)(1u | (piece - 4) << 2 | (offset >> 8) << 5);
            *to++ = (uint8_t)offset;
        } else {
            *to++ = (uint8_t)(2u | (piece - 1) << 2);
            *to++ = (uint8_t)offset;
            *to++ = (uint8_t)(offset >> 8);
        }
        length -= piece;
    }
    return to;
}

static size_t tni_snappy_match_length(const uint8_t *a, const uint8_t *b, const uint8_t *b_end) {
    const uint8_t *start = b;
    while (b_end - b >= 8) {
        uint64_t difference = tni_load_le64(a) ^ tni_load_le64(b);
        if (difference) {
            while (!(difference & 255)) {
                difference >>= 8;
                b++;
            }
            return (size_t)(b - start);
        }
        a += 8;
        b += 8;
    }
    while (b < b_end && *a == *b) {
        a++;
        b++;
    }
    return (size_t)(b - start);
}

/* One fragment. After 32 misses the search steps over 2 bytes, after 64 over 3, and so on, so
 * that data without matches costs little. */
static uint8_t *tni_snappy_fragment(const uint8_t *in, size_t size, uint16_t *table, uint8_t *to) {
    const uint8_t *next_literal = in, *p = in + 1;
    const uint8_t *end = in + size, *search_end = size >= 16 ? end - 15 : in;
    uint32_t misses = 32;
    memset(table, 0, sizeof(uint16_t) << TNI_SNAPPY_HASH_BITS);
    while (p < search_end) {
        uint32_t word = tni_load_le32(p);
        uint32_t hash = (word * UINT32_C(0x1e35a7bd)) >> (32 - TNI_SNAPPY_HASH_BITS);
        const uint8_t *candidate = in + table[hash];
        table[hash] = (uint16_t)(p - in);
        if (tni_load_le32(candidate) != word || candidate == p) {
            p += misses++ >> 5;
            continue;
        }
        misses = 32;
        if (p > next_literal) {
            to = tni_snappy_put_literal(to, next_literal, (size_t)(p - next_literal));
        }
        {
            size_t length = 4 + tni_snappy_match_length(candidate + 4, p + 4, end);
            to = tni_snappy_put_copy(to, (size_t)(p - candidate), length);
            p += length;
            next_literal = p;
        }
        if (p < search_end) { /* remember a position inside the match, too */
            uint32_t inner = tni_load_le32(p - 1);
            table[(inner * UINT32_C(0x1e35a7bd)) >> (32 - TNI_SNAPPY_HASH_BITS)] =
                (uint16_t)(p - 1 - in);
        }
    }
    if (next_literal < end) {
        to = tni_snappy_put_literal(to, next_literal, (size_t)(end - next_literal));
    }
    return to;
}

TNI_FN size_t tni_snappy_encode(const uint8_t *in, size_t size, uint8_t *out) {
    uint16_t table[1u << TNI_SNAPPY_HASH_BITS];
    uint8_t *to = out;
    size_t left = size;
    do {
        *to++ = (uint8_t)((left & 0x7f) | (left > 0x7f ? 0x80u : 0u));
        left >>= 7;
    } while (left);
    while (size) {
        size_t piece = TNI_MIN(size, (size_t)TNI_SNAPPY_FRAGMENT);
        to = tni_snappy_fragment(in, piece, table, to);
        in += piece;
        size -= piece;
    }
    return (size_t)(to - out);
}

#undef TNI_SNAPPY_FRAGMENT
#undef TNI_SNAPPY_HASH_BITS
