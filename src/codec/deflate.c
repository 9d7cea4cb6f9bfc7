/*
 * deflate.c - a DEFLATE encoder (RFC 1951) in gzip's framing (RFC 1952), for COPY TO.
 *
 * Text comes in pieces. Each piece becomes one block with the fixed Huffman codes, its repetitions
 * found through a table of the last place of every hash of four bytes, then an empty stored block,
 * which ends on a byte: so nothing but the checksum and the length lives from piece to piece. CSV
 * comes to about half its size; a table of codes of its own would take another quarter off, at
 * twice the code.
 *
 * Uses: codec/codec.h.
 */
#include "base/bits.h"
#include "codec/codec.h"

#define TNI_DEFLATE_MIN 4u
#define TNI_DEFLATE_MAX 258u
#define TNI_DEFLATE_WINDOW 32768u

typedef struct tni_deflate_bits {
    uint8_t *out;
    uint64_t bits;
    uint32_t count;
} tni_deflate_bits;

TNI_INLINE void tni_deflate_put(tni_deflate_bits *b, uint32_t value, uint32_t count) {
    b->bits |= (uint64_t)value << b->count;
    b->count += count;
    while (b->count >= 8) {
        *b->out++ = (uint8_t)b->bits;
        b->bits >>= 8;
        b->count -= 8;
    }
}

/* Huffman codes go in from their highest bit. */
TNI_INLINE void tni_deflate_put_code(tni_deflate_bits *b, uint32_t code, uint32_t count) {
    uint32_t turned = 0, i;
    for (i = 0; i < count; i++) {
        turned |= (code >> i & 1u) << (count - 1 - i);
    }
    tni_deflate_put(b, turned, count);
}

/* A literal, the end of the block (256) or a length (257 to 285): section 3.2.6. */
static void tni_deflate_symbol(tni_deflate_bits *b, uint32_t symbol) {
    if (symbol < 144) {
        tni_deflate_put_code(b, 0x30 + symbol, 8);
    } else if (symbol < 256) {
        tni_deflate_put_code(b, 0x190 + symbol - 144, 9);
    } else if (symbol < 280) {
        tni_deflate_put_code(b, symbol - 256, 7);
    } else {
        tni_deflate_put_code(b, 0xc0 + symbol - 280, 8);
    }
}

static void tni_deflate_match(tni_deflate_bits *b, uint32_t length, uint32_t distance) {
    uint32_t n = length - 3, d = distance - 1, extra;
    if (length == TNI_DEFLATE_MAX) {
        tni_deflate_symbol(b, 285);
    } else if (n < 8) {
        tni_deflate_symbol(b, 257 + n);
    } else {
        extra = 61 - tni_clz64(n); /* four symbols for each power of two */
        tni_deflate_symbol(b, 257 + 4 * extra + (n >> extra));
        tni_deflate_put(b, n & ((1u << extra) - 1), extra);
    }
    if (d < 4) {
        tni_deflate_put_code(b, d, 5);
    } else {
        extra = 62 - tni_clz64(d); /* two symbols for each power of two */
        tni_deflate_put_code(b, 2 * extra + (d >> extra), 5);
        tni_deflate_put(b, d & ((1u << extra) - 1), extra);
    }
}

TNI_FN void tni_gzip_begin(tni_gzip_encoder *encoder) {
    tni_crc32_init(&encoder->table);
    encoder->crc = 0;
    encoder->size = 0;
    encoder->begun = false;
}

TNI_FN size_t tni_gzip_bound(size_t size) {
    size_t more = size / 8 + 64; /* nine bits a literal at most, header, blocks, trailer */
    return size > SIZE_MAX - more ? 0 : size + more;
}

static uint32_t tni_deflate_length(const uint8_t *a, const uint8_t *b, size_t left) {
    uint32_t most = (uint32_t)TNI_MIN(left, (size_t)TNI_DEFLATE_MAX), n = 0;
    while (n < most && a[n] == b[n]) {
        n++;
    }
    return n;
}

/* Positions in `heads` are from 1: 0 is none. Pieces are below 2^32 bytes. */
static void tni_deflate_block(uint32_t *heads, const uint8_t *in, size_t size,
                              tni_deflate_bits *b) {
    size_t at = 0;
    memset(heads, 0, TNI_GZIP_HEADS * sizeof *heads);
    tni_deflate_put(b, 2, 3); /* not the last, fixed codes */
    while (at < size) {
        uint32_t hash, length = 0;
        size_t before = 0;
        if (size - at >= TNI_DEFLATE_MIN) {
            hash = (tni_load_le32(in + at) * UINT32_C(2654435761)) >> 17;
            before = heads[hash];
            heads[hash] = (uint32_t)at + 1;
        }
        if (before != 0 && at - (before - 1) <= TNI_DEFLATE_WINDOW) {
            length = tni_deflate_length(in + before - 1, in + at, size - at);
        }
        if (length < TNI_DEFLATE_MIN) {
            tni_deflate_symbol(b, in[at++]);
            continue;
        }
        tni_deflate_match(b, length, (uint32_t)(at - (before - 1)));
        at += length;
    }
    tni_deflate_symbol(b, 256);
}

static void tni_deflate_le32(tni_deflate_bits *b, uint32_t value) {
    tni_deflate_put(b, value & 0xffff, 16);
    tni_deflate_put(b, value >> 16, 16);
}

TNI_FN size_t tni_gzip_encode(tni_gzip_encoder *encoder, const uint8_t *in, size_t size, bool last,
                              uint8_t *out) {
    static const uint8_t header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    tni_deflate_bits b;
    b.out = out;
    b.bits = 0;
    b.count = 0;
    if (!encoder->begun) {
        memcpy(b.out, header, sizeof header);
        b.out += sizeof header;
        encoder->begun = true;
    }
    if (size > 0) {
        encoder->crc = tni_crc32(&encoder->table, encoder->crc, in, size);
        encoder->size += (uint32_t)size; /* modulo 2^32, as the format has it */
        tni_deflate_block(encoder->heads, in, size, &b);
    }
    tni_deflate_put(&b, last ? 1 : 0, 3); /* stored, empty: up to a byte, then its length */
    tni_deflate_put(&b, 0, (8 - b.count) % 8);
    tni_deflate_le32(&b, UINT32_C(0xffff0000));
    if (last) {
        tni_deflate_le32(&b, encoder->crc);
        tni_deflate_le32(&b, encoder->size);
    }
    return (size_t)(b.out - out);
}

#undef TNI_DEFLATE_MIN
#undef TNI_DEFLATE_MAX
#undef TNI_DEFLATE_WINDOW
