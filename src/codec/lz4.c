/*
 * lz4.c - LZ4 blocks, raw and in Hadoop's framing.
 *
 * A block is a series of sequences: a token (high nibble: literal length, low nibble: match
 * length - 4; 15 means more bytes follow), the literals, a two-byte offset. The last sequence
 * ends after its literals. Parquet's LZ4_RAW is one such block; its older LZ4 was written by
 * Hadoop as [uncompressed length][compressed length][block]..., both lengths big-endian, and by
 * others as one raw block: the framing is tried first and must fit exactly.
 */
#include "codec/codec.h"

/* Add the bytes that continue a nibble of 15. False at the end of the input. */
static bool tni_lz4_extend(const uint8_t **in, const uint8_t *end, size_t *length) {
    uint8_t byte;
    do {
        if (*in == end || *length > SIZE_MAX - 255) {
            return false;
        }
        byte = *(*in)++;
        *length += byte;
    } while (byte == 255);
    return true;
}

TNI_FN const char *tni_lz4_decode(const uint8_t *in, size_t in_size, tni_codec_output *out) {
    const uint8_t *in_end = in + in_size;
    uint8_t *start = out->data + out->size, *to = start, *end = out->data + out->capacity;
    if (in_size == 0) {
        return "LZ4: empty block";
    }
    while (in < in_end) {
        uint32_t token = *in++;
        size_t length = token >> 4, offset;
        if (length <= 14 && in_end - in >= 18 && (size_t)(end - to) >= length) {
            tni_copy16(to, in);
        } else {
            if (length == 15 && !tni_lz4_extend(&in, in_end, &length)) {
                return "LZ4: truncated length";
            }
            if (length > (size_t)(in_end - in) || length > (size_t)(end - to)) {
                return "LZ4: literal runs past the end";
            }
            if (length) {
                memcpy(to, in, length);
            }
        }
        in += length;
        to += length;
        if (in == in_end) {
            break;
        }
        if (in_end - in < 2) {
            return "LZ4: truncated offset";
        }
        offset = tni_load_le16(in);
        in += 2;
        length = (token & 15u) + 4u;
        if (length == 19 && !tni_lz4_extend(&in, in_end, &length)) {
            return "LZ4: truncated length";
        }
        if (offset - 1u >= (size_t)(to - start)) {
            return "LZ4: match from before the start";
        }
        if (length > (size_t)(end - to)) {
            return "LZ4: match runs past the end";
        }
        tni_copy_match(to, offset, length);
        to += length;
    }
    out->size += (size_t)(to - start);
    return NULL;
}

static size_t tni_lz4_be32(const uint8_t *p) {
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* Hadoop's framing. A frame of `uncompressed` bytes may hold several [compressed][block]. */
static bool tni_lz4_framed(const uint8_t *in, size_t in_size, size_t size,
                           tni_codec_output *out) {
    size_t first = out->size;
    while (in_size) {
        size_t frame, frame_start = out->size;
        if (in_size < 8) {
            return false;
        }
        frame = tni_lz4_be32(in);
        in += 4;
        in_size -= 4;
        if (frame > size - (out->size - first)) {
            return false;
        }
        while (out->size - frame_start < frame) {
            size_t block;
            if (in_size < 4) {
                return false;
            }
            block = tni_lz4_be32(in);
            in += 4;
            in_size -= 4;
            if (block > in_size || block == 0 || tni_lz4_decode(in, block, out)) {
                return false;
            }
            in += block;
            in_size -= block;
        }
        if (out->size - frame_start != frame) {
            return false;
        }
    }
    return out->size - first == size;
}

TNI_FN const char *tni_lz4_hadoop_decode(const uint8_t *in, size_t in_size, size_t size,
                                         tni_codec_output *out) {
    size_t first = out->size;
    const char *reason = tni_codec_reserve(out, size);
    if (reason) {
        return reason;
    }
    if (tni_lz4_framed(in, in_size, size, out)) {
        return NULL;
    }
    out->size = first;
    reason = tni_lz4_decode(in, in_size, out);
    if (!reason && out->size - first != size) {
        reason = "LZ4: less data than announced";
    }
    return reason;
}
