/*
 * zstd.c - Zstandard decoding (RFC 8878).
 *
 * A frame is blocks: raw, one repeated byte, or compressed. A compressed block is literals (raw,
 * repeated, or Huffman coded in one or four streams) and sequences (literal length, offset,
 * match length) coded by three interleaved FSE states. Bit streams of both are read backwards
 * from a final 1 bit. Tables and repeat offsets live on from block to block of a frame.
 *
 * Bit reader: `bits` holds 8 bytes that end where the unread part of the stream ends; `used`
 * counts the bits taken from its top. Reading past the start gives used > 64, found out at the
 * end of each stream, when everything must have been used exactly. All loads stay inside the
 * stream, or inside the padded copy of one shorter than 8 bytes.
 */
#include "codec/codec.h"

#define TNI_ZSTD_BLOCK 131072u
#define TNI_ZSTD_HUFFMAN_BITS 11u
#define TNI_ZSTD_LL_BITS 9u
#define TNI_ZSTD_ML_BITS 9u
#define TNI_ZSTD_OF_BITS 8u

typedef struct tni_zstd_fse { /* a state: what it means and how to leave it */
    uint32_t base;      /* of the value */
    uint8_t extra_bits; /* added to it */
    uint8_t bits;       /* next state = next + that many bits */
    uint16_t next;
} tni_zstd_fse;

typedef struct tni_zstd_context {
    const char *reason;
    uint32_t repeat[3];
    uint32_t huffman_bits; /* 0: no table yet */
    uint32_t ll_log, ml_log, of_log;
    bool ll_ready, ml_ready, of_ready;
    tni_zstd_fse ll[1u << TNI_ZSTD_LL_BITS];
    tni_zstd_fse ml[1u << TNI_ZSTD_ML_BITS];
    tni_zstd_fse of[1u << TNI_ZSTD_OF_BITS];
    uint16_t huffman[1u << TNI_ZSTD_HUFFMAN_BITS]; /* symbol | length << 8 */
    const uint8_t *literals;
    size_t literal_count;
    uint8_t literal_buffer[TNI_ZSTD_BLOCK + TNI_CODEC_PADDING];
} tni_zstd_context;

static bool tni_zstd_wrong(tni_zstd_context *c, const char *reason) {
    c->reason = reason;
    return false;
}

static uint32_t tni_zstd_log2(uint32_t v) { /* v != 0 */
    uint32_t log = 0;
    while (v >>= 1) {
        log++;
    }
    return log;
}

/* ---- backward bit reader ---- */

typedef struct tni_zstd_bits {
    uint64_t bits;
    uint32_t used;
    const uint8_t *at;
    const uint8_t *start;
} tni_zstd_bits;

static bool tni_zstd_bits_open(tni_zstd_bits *b, const uint8_t *in, size_t size) {
    if (size == 0 || in[size - 1] == 0) {
        return false;
    }
    b->start = in;
    b->used = 8 - tni_zstd_log2(in[size - 1]);
    if (size >= 8) {
        b->at = in + size - 8;
        b->bits = tni_load_le64(b->at);
    } else {
        uint8_t padded[8] = {0, 0, 0, 0, 0, 0, 0, 0};
        memcpy(padded, in, size);
        b->at = in;
        b->bits = tni_load_le64(padded);
        b->used += (uint32_t)(8 - size) * 8;
    }
    return true;
}

/* At least 57 unread bits afterwards, unless the start is near. */
TNI_FORCE_INLINE void tni_zstd_bits_reload(tni_zstd_bits *b) {
    size_t bytes = b->used >> 3;
    if (TNI_LIKELY((size_t)(b->at - b->start) >= bytes)) {
        b->at -= bytes;
        b->used &= 7;
    } else if (b->at == b->start || b->used > 64) {
        return;
    } else {
        bytes = (size_t)(b->at - b->start);
        b->at = b->start;
        b->used -= (uint32_t)bytes * 8;
    }
    b->bits = tni_load_le64(b->at);
}

TNI_FORCE_INLINE uint64_t tni_zstd_bits_peek(const tni_zstd_bits *b, uint32_t n) {
    return (b->bits << (b->used & 63)) >> 1 >> ((63 - n) & 63);
}

TNI_FORCE_INLINE uint32_t tni_zstd_bits_take(tni_zstd_bits *b, uint32_t n) {
    uint64_t value = tni_zstd_bits_peek(b, n);
    b->used += n;
    return (uint32_t)value;
}

TNI_FORCE_INLINE bool tni_zstd_bits_done(const tni_zstd_bits *b) {
    return b->at == b->start && b->used == 64;
}

/* ---- FSE tables ---- */

/* Read a normalised distribution (4.1.1) into counts (-1: "less than one"). Returns the bytes
 * it took, 0 when malformed. */
static size_t tni_zstd_read_counts(const uint8_t *in, size_t size, uint32_t max_log,
                                   uint32_t max_symbols, int16_t *counts, uint32_t *symbols,
                                   uint32_t *log) {
    uint64_t position = 4; /* in bits */
    int32_t remaining, threshold;
    uint32_t symbol = 0, bits;
    uint8_t head[8];
    bool zero = false;
    if (size == 0) {
        return 0;
    }
    *log = (in[0] & 15u) + 5u;
    if (*log > max_log) {
        return 0;
    }
    remaining = (1 << *log) + 1;
    threshold = 1 << *log;
    bits = *log + 1;
    while (remaining > 1 && symbol < max_symbols) {
        size_t byte = (size_t)(position >> 3), have = byte < size ? size - byte : 0;
        uint32_t window;
        int32_t count, largest;
        memset(head, 0, sizeof head);
        memcpy(head, in + (have ? byte : 0), TNI_MIN(have, (size_t)4));
        window = tni_load_le32(head) >> (position & 7);
        if (zero) { /* two bits: how many more symbols have none; 3 goes on */
            uint32_t more = window & 3;
            position += 2;
            symbol += more;
            zero = more == 3;
            if (have == 0) {
                return 0;
            }
            continue;
        }
        largest = 2 * threshold - 1 - remaining;
        if ((int32_t)(window & (uint32_t)(threshold - 1)) < largest) {
            count = (int32_t)(window & (uint32_t)(threshold - 1));
            position += bits - 1;
        } else {
            count = (int32_t)(window & (uint32_t)(2 * threshold - 1));
            if (count >= threshold) {
                count -= largest;
            }
            position += bits;
        }
        count--;
        remaining -= count < 0 ? -count : count;
        counts[symbol++] = (int16_t)count;
        zero = count == 0;
        while (remaining < threshold && threshold > 1) {
            bits--;
            threshold >>= 1;
        }
    }
    if (remaining != 1 || symbol > max_symbols || position > (uint64_t)size * 8) {
        return 0;
    }
    *symbols = symbol;
    return (size_t)((position + 7) >> 3);
}

/* Spread symbols over the states (4.1.1); `next` and `bits` of each state. `base` temporarily
 * holds the symbol. */
static bool tni_zstd_build(const int16_t *counts, uint32_t symbols, uint32_t log,
                           tni_zstd_fse *table) {
    uint32_t size = 1u << log, high = size, position = 0, i;
    uint32_t step = (size >> 1) + (size >> 3) + 3;
    uint16_t next[256];
    for (i = 0; i < symbols; i++) {
        next[i] = (uint16_t)(counts[i] < 0 ? 1 : counts[i]);
        if (counts[i] < 0) {
            table[--high].base = i;
        }
    }
    for (i = 0; i < symbols; i++) {
        int32_t k;
        for (k = 0; k < counts[i]; k++) {
            table[position].base = i;
            do {
                position = (position + step) & (size - 1);
            } while (position >= high);
        }
    }
    if (position != 0) {
        return false;
    }
    for (i = 0; i < size; i++) {
        uint32_t state = next[table[i].base]++;
        uint32_t bits = log - tni_zstd_log2(state);
        table[i].bits = (uint8_t)bits;
        table[i].next = (uint16_t)((state << bits) - size);
    }
    return true;
}

/* ---- Huffman coded literals ---- */

/* Weights coded by two FSE states that take turns (4.2.1.2). Returns how many, 0 on error. */
static uint32_t tni_zstd_fse_weights(const uint8_t *in, size_t size, uint8_t *weights) {
    tni_zstd_fse table[64];
    int16_t counts[16];
    uint32_t symbols, log, count = 0, a, b;
    tni_zstd_bits bits;
    size_t used;
    memset(counts, 0, sizeof counts);
    used = tni_zstd_read_counts(in, size, 6, 13, counts, &symbols, &log);
    if (!used || used >= size || !tni_zstd_build(counts, symbols, log, table) ||
        !tni_zstd_bits_open(&bits, in + used, size - used)) {
        return 0;
    }
    a = tni_zstd_bits_take(&bits, log);
    b = tni_zstd_bits_take(&bits, log);
    if (bits.used > 64) {
        return 0;
    }
    while (count < 254) {
        uint32_t swap;
        tni_zstd_bits_reload(&bits);
        weights[count++] = (uint8_t)table[a].base;
        if (bits.used + table[a].bits > 64) { /* a cannot move on: b is the last */
            weights[count++] = (uint8_t)table[b].base;
            return count;
        }
        swap = table[a].next + tni_zstd_bits_take(&bits, table[a].bits);
        a = b;
        b = swap;
    }
    return 0;
}

/* Read the tree description (4.2.1) and build the table. Returns its size, 0 when malformed. */
static size_t tni_zstd_read_tree(tni_zstd_context *c, const uint8_t *in, size_t size) {
    uint8_t weights[256];
    uint32_t start[TNI_ZSTD_HUFFMAN_BITS + 2], count, i, total = 0, bits, left, place = 0;
    size_t used;
    memset(weights, 0, sizeof weights);
    if (size == 0) {
        return 0;
    }
    if (in[0] >= 128) {
        count = in[0] - 127u;
        used = 1 + (count + 1) / 2;
        if (used > size) {
            return 0;
        }
        for (i = 0; i < count; i++) {
            weights[i] = i & 1 ? in[1 + i / 2] & 15u : in[1 + i / 2] >> 4;
        }
    } else {
        used = 1 + (size_t)in[0];
        if (used > size) {
            return 0;
        }
        count = tni_zstd_fse_weights(in + 1, in[0], weights);
        if (count == 0) {
            return 0;
        }
    }
    memset(start, 0, sizeof start);
    for (i = 0; i < count; i++) {
        if (weights[i] > TNI_ZSTD_HUFFMAN_BITS) {
            return 0;
        }
        total += weights[i] ? 1u << (weights[i] - 1) : 0;
    }
    if (total == 0) {
        return 0;
    }
    bits = tni_zstd_log2(total) + 1; /* the last weight fills up to a power of two */
    left = (1u << bits) - total;
    if (bits > TNI_ZSTD_HUFFMAN_BITS || (left & (left - 1))) {
        return 0;
    }
    weights[count++] = (uint8_t)(tni_zstd_log2(left) + 1);
    for (i = 0; i < count; i++) {
        start[weights[i]]++;
    }
    for (i = 1; i <= bits; i++) { /* long codes (small weights) come first */
        uint32_t entries = start[i] << (i - 1);
        start[i] = place;
        place += entries;
    }
    for (i = 0; i < count; i++) {
        uint32_t weight = weights[i], entry, k;
        if (weight == 0) {
            continue;
        }
        entry = i | (bits + 1 - weight) << 8;
        for (k = 0; k < 1u << (weight - 1); k++) {
            c->huffman[start[weight] + k] = (uint16_t)entry;
        }
        start[weight] += 1u << (weight - 1);
    }
    c->huffman_bits = bits;
    return used;
}

TNI_FORCE_INLINE uint8_t tni_zstd_literal(const uint16_t *table, uint32_t log,
                                          tni_zstd_bits *bits) {
    uint32_t entry = table[tni_zstd_bits_peek(bits, log)];
    bits->used += entry >> 8;
    return (uint8_t)entry;
}

/* The rest of one stream, symbol by symbol; true when it ends with its last bit. */
static bool tni_zstd_stream_tail(const uint16_t *table, uint32_t log, tni_zstd_bits *bits,
                                 uint8_t *to, const uint8_t *end) {
    while (to < end) {
        tni_zstd_bits_reload(bits);
        if (bits->used >= 64) {
            return false;
        }
        *to++ = tni_zstd_literal(table, log, bits);
    }
    tni_zstd_bits_reload(bits);
    return tni_zstd_bits_done(bits);
}

static bool tni_zstd_one_stream(const tni_zstd_context *c, const uint8_t *in, size_t size,
                                uint8_t *to, size_t count) {
    const uint8_t *end = to + count;
    uint32_t log = c->huffman_bits;
    tni_zstd_bits opened, bits;
    if (!tni_zstd_bits_open(&opened, in, size)) {
        return false;
    }
    bits = opened;
    while (end - to >= 5) { /* 5 x 11 bits fit one reload */
        tni_zstd_bits_reload(&bits);
        if (bits.used > 7) {
            break;
        }
        to[0] = tni_zstd_literal(c->huffman, log, &bits);
        to[1] = tni_zstd_literal(c->huffman, log, &bits);
        to[2] = tni_zstd_literal(c->huffman, log, &bits);
        to[3] = tni_zstd_literal(c->huffman, log, &bits);
        to[4] = tni_zstd_literal(c->huffman, log, &bits);
        to += 5;
    }
    opened = bits;
    return tni_zstd_stream_tail(c->huffman, log, &opened, to, end);
}

/* Five symbols of a stream. */
TNI_FORCE_INLINE void tni_zstd_literal5(const uint16_t *table, uint32_t log, tni_zstd_bits *bits,
                                        uint8_t *to) {
    to[0] = tni_zstd_literal(table, log, bits);
    to[1] = tni_zstd_literal(table, log, bits);
    to[2] = tni_zstd_literal(table, log, bits);
    to[3] = tni_zstd_literal(table, log, bits);
    to[4] = tni_zstd_literal(table, log, bits);
}

/* Where all four streams can go on together, five symbols a round, so that their latencies
 * overlap. `left` is what the shortest of them, the last, has to give. The readers are copied to
 * locals whose address nobody takes: stores to the output cannot touch them. */
static size_t tni_zstd_four_together(const uint16_t *table, uint32_t log, tni_zstd_bits *streams,
                                     uint8_t *to, size_t quarter, size_t left) {
    tni_zstd_bits b0 = streams[0], b1 = streams[1], b2 = streams[2], b3 = streams[3];
    size_t done = 0;
    while (left - done >= 5) {
        tni_zstd_bits_reload(&b0);
        tni_zstd_bits_reload(&b1);
        tni_zstd_bits_reload(&b2);
        tni_zstd_bits_reload(&b3);
        if ((b0.used | b1.used | b2.used | b3.used) > 7) {
            break;
        }
        tni_zstd_literal5(table, log, &b0, to);
        tni_zstd_literal5(table, log, &b1, to + quarter);
        tni_zstd_literal5(table, log, &b2, to + 2 * quarter);
        tni_zstd_literal5(table, log, &b3, to + 3 * quarter);
        to += 5;
        done += 5;
    }
    streams[0] = b0;
    streams[1] = b1;
    streams[2] = b2;
    streams[3] = b3;
    return done;
}

static bool tni_zstd_four_streams(const tni_zstd_context *c, const uint8_t *in, size_t size,
                                  uint8_t *to, size_t count) {
    uint32_t log = c->huffman_bits, k;
    size_t quarter = (count + 3) / 4, at = 6, sizes[4], done;
    tni_zstd_bits streams[4];
    if (size < 10 || quarter * 3 > count) {
        return false;
    }
    sizes[0] = tni_load_le16(in);
    sizes[1] = tni_load_le16(in + 2);
    sizes[2] = tni_load_le16(in + 4);
    if (sizes[0] + sizes[1] + sizes[2] > size - 6) {
        return false;
    }
    sizes[3] = size - 6 - sizes[0] - sizes[1] - sizes[2];
    for (k = 0; k < 4; at += sizes[k++]) {
        if (!tni_zstd_bits_open(&streams[k], in + at, sizes[k])) {
            return false;
        }
    }
    done = tni_zstd_four_together(c->huffman, log, streams, to, quarter, count - 3 * quarter);
    for (k = 0; k < 4; k++) {
        uint8_t *end = k == 3 ? to + count : to + (k + 1) * quarter;
        if (!tni_zstd_stream_tail(c->huffman, log, &streams[k], to + k * quarter + done, end)) {
            return false;
        }
    }
    return true;
}

static bool tni_zstd_huffman_literals(tni_zstd_context *c, const uint8_t *in, size_t size,
                                      bool has_tree, bool four) {
    bool good;
    if (has_tree) {
        size_t tree = tni_zstd_read_tree(c, in, size);
        if (!tree) {
            return tni_zstd_wrong(c, "Zstandard: malformed Huffman tree");
        }
        in += tree;
        size -= tree;
    }
    if (!c->huffman_bits) {
        return tni_zstd_wrong(c, "Zstandard: no Huffman tree to reuse");
    }
    good = four ? tni_zstd_four_streams(c, in, size, c->literal_buffer, c->literal_count)
                : tni_zstd_one_stream(c, in, size, c->literal_buffer, c->literal_count);
    c->literals = c->literal_buffer;
    return good ? true : tni_zstd_wrong(c, "Zstandard: malformed literals");
}

/* The literals section (3.1.1.3.1); moves *in past it. */
static bool tni_zstd_literals(tni_zstd_context *c, const uint8_t **in, const uint8_t *end) {
    const uint8_t *p = *in;
    size_t have = (size_t)(end - p), header, packed = 0;
    uint32_t type, format;
    uint64_t head;
    uint8_t first[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    if (have < 1) {
        return tni_zstd_wrong(c, "Zstandard: truncated block");
    }
    memcpy(first, p, TNI_MIN(have, (size_t)5));
    head = tni_load_le64(first);
    type = p[0] & 3u;
    format = p[0] >> 2 & 3u;
    if (type < 2) {
        static const uint8_t header_bytes[4] = {1, 2, 1, 3};
        header = header_bytes[format];
        c->literal_count = (size_t)(head >> (format & 1 ? 4 : 3)) &
                           (((size_t)1 << (format == 1 ? 12 : format == 3 ? 20 : 5)) - 1);
        packed = type == 0 ? c->literal_count : 1;
    } else {
        uint32_t bits = format < 2 ? 10 : format == 2 ? 14 : 18;
        header = format < 2 ? 3 : format == 2 ? 4 : 5;
        c->literal_count = (size_t)(head >> 4) & (((size_t)1 << bits) - 1);
        packed = (size_t)(head >> (4 + bits)) & (((size_t)1 << bits) - 1);
    }
    if (header > have || packed > have - header || c->literal_count > TNI_ZSTD_BLOCK) {
        return tni_zstd_wrong(c, "Zstandard: literals run past the block");
    }
    p += header;
    *in = p + packed;
    if (type == 0) {
        c->literals = p; /* copied in strides of 16 only where that many bytes follow */
        if ((size_t)(end - p) < c->literal_count + 16) {
            memcpy(c->literal_buffer, p, c->literal_count);
            c->literals = c->literal_buffer;
        }
        return true;
    }
    if (type == 1) {
        memset(c->literal_buffer, *p, c->literal_count);
        c->literals = c->literal_buffer;
        return true;
    }
    return tni_zstd_huffman_literals(c, p, packed, type == 2, format != 0);
}

/* ---- sequences ---- */

static const uint8_t tni_zstd_ll_extra[36] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,
                                              0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3,  3,
                                              4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint32_t tni_zstd_ll_base[36] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,   10,  11,  12,   13,   14,   15,    16,    18,
    20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536};
static const uint8_t tni_zstd_ml_extra[53] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0, 0,
    0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint32_t tni_zstd_ml_base[53] = {
    3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,  17,  18,  19,   20,
    21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34,  35,  37,  39,   41,
    43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539};

/* Which value a code means. */
typedef enum tni_zstd_kind { TNI_ZSTD_LITERALS, TNI_ZSTD_OFFSET, TNI_ZSTD_MATCH } tni_zstd_kind;

/* Replace the symbol in `base` by its meaning; false when the symbol does not exist. */
static bool tni_zstd_resolve(tni_zstd_fse *table, uint32_t log, tni_zstd_kind kind) {
    uint32_t i;
    for (i = 0; i < 1u << log; i++) {
        uint32_t symbol = table[i].base;
        if (kind == TNI_ZSTD_OFFSET) {
            if (symbol > 31) {
                return false;
            }
            table[i].base = UINT32_C(1) << symbol;
            table[i].extra_bits = (uint8_t)symbol;
        } else {
            bool literals = kind == TNI_ZSTD_LITERALS;
            if (symbol > (literals ? 35u : 52u)) {
                return false;
            }
            table[i].base = literals ? tni_zstd_ll_base[symbol] : tni_zstd_ml_base[symbol];
            table[i].extra_bits =
                literals ? tni_zstd_ll_extra[symbol] : tni_zstd_ml_extra[symbol];
        }
    }
    return true;
}

/* The distributions used when a block has none of its own (3.1.1.3.2.2). */
static uint32_t tni_zstd_predefined(tni_zstd_kind kind, int16_t *counts, uint32_t *log) {
    static const int8_t ll[36] = {4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1,  2,  2,
                                  2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1};
    static const int8_t of[29] = {1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1,  1,  1,  1, 1,
                                  1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1};
    static const int8_t ml[53] = {1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1,  1,  1,  1,  1,
                                  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  1,  1,  1,  1,
                                  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1};
    const int8_t *from = kind == TNI_ZSTD_LITERALS ? ll : kind == TNI_ZSTD_OFFSET ? of : ml;
    uint32_t count = kind == TNI_ZSTD_LITERALS ? 36 : kind == TNI_ZSTD_OFFSET ? 29 : 53, i;
    *log = kind == TNI_ZSTD_OFFSET ? 5 : 6;
    for (i = 0; i < count; i++) {
        counts[i] = from[i];
    }
    return count;
}

/* Get one of the three tables ready as `mode` says; moves *in past its description. */
static bool tni_zstd_table(uint32_t mode, tni_zstd_kind kind, const uint8_t **in,
                           const uint8_t *end, tni_zstd_fse *table, uint32_t *log, bool *ready) {
    int16_t counts[64];
    uint32_t symbols, max_log = kind == TNI_ZSTD_OFFSET ? TNI_ZSTD_OF_BITS : TNI_ZSTD_LL_BITS;
    size_t used;
    if (mode == 3) {
        return *ready;
    }
    *ready = true;
    if (mode == 1) {
        if (*in == end) {
            return false;
        }
        *log = 0;
        table[0].base = *(*in)++;
        table[0].bits = 0;
        table[0].next = 0;
        return tni_zstd_resolve(table, 0, kind);
    }
    memset(counts, 0, sizeof counts);
    if (mode == 0) {
        symbols = tni_zstd_predefined(kind, counts, log);
    } else {
        used = tni_zstd_read_counts(*in, (size_t)(end - *in), max_log, 64, counts, &symbols, log);
        if (!used) {
            return false;
        }
        *in += used;
    }
    return tni_zstd_build(counts, symbols, *log, table) && tni_zstd_resolve(table, *log, kind);
}

/* The offset of a sequence, repeat offsets taken into account (3.1.1.5); 0 is an error. */
TNI_FORCE_INLINE uint32_t tni_zstd_offset(uint32_t *repeat, uint32_t value, uint32_t literals) {
    uint32_t offset, which;
    if (TNI_LIKELY(value > 3)) {
        offset = value - 3;
        repeat[2] = repeat[1];
        repeat[1] = repeat[0];
        repeat[0] = offset;
        return offset;
    }
    which = value - 1 + (literals == 0);
    if (which == 0) {
        return repeat[0];
    }
    offset = which == 3 ? repeat[0] - 1 : repeat[which];
    if (which != 1) {
        repeat[2] = repeat[1];
    }
    repeat[1] = repeat[0];
    repeat[0] = offset;
    return offset;
}

/* Decode and execute `count` sequences. `start` is the first byte of the frame's content. */
static bool tni_zstd_run(tni_zstd_context *c, const uint8_t *in, size_t size, uint32_t count,
                         tni_codec_output *out, size_t start) {
    tni_zstd_bits opened, bits;
    uint32_t repeat[3]; /* locals whose address does not escape: stores cannot touch them */
    const uint8_t *literal = c->literals, *literal_end = literal + c->literal_count;
    uint8_t *base = out->data + start, *to = out->data + out->size;
    uint8_t *end = out->data + out->capacity;
    uint32_t ll, of, ml;
    if (!tni_zstd_bits_open(&opened, in, size)) {
        return tni_zstd_wrong(c, "Zstandard: malformed sequences");
    }
    bits = opened;
    repeat[0] = c->repeat[0];
    repeat[1] = c->repeat[1];
    repeat[2] = c->repeat[2];
    ll = tni_zstd_bits_take(&bits, c->ll_log);
    of = tni_zstd_bits_take(&bits, c->of_log);
    ml = tni_zstd_bits_take(&bits, c->ml_log);
    while (count--) {
        const tni_zstd_fse *l = &c->ll[ll], *o = &c->of[of], *m = &c->ml[ml];
        uint32_t literals, match, offset;
        tni_zstd_bits_reload(&bits);
        offset = o->base + tni_zstd_bits_take(&bits, o->extra_bits);
        if (l->extra_bits + m->extra_bits + o->extra_bits > 30) {
            tni_zstd_bits_reload(&bits);
        }
        match = m->base + tni_zstd_bits_take(&bits, m->extra_bits);
        literals = l->base + tni_zstd_bits_take(&bits, l->extra_bits);
        if (count) {
            tni_zstd_bits_reload(&bits);
            ll = l->next + tni_zstd_bits_take(&bits, l->bits);
            ml = m->next + tni_zstd_bits_take(&bits, m->bits);
            of = o->next + tni_zstd_bits_take(&bits, o->bits);
        }
        if (TNI_UNLIKELY(bits.used > 64)) {
            return tni_zstd_wrong(c, "Zstandard: sequences run short");
        }
        offset = tni_zstd_offset(repeat, offset, literals);
        if (literals > (size_t)(literal_end - literal)) {
            return tni_zstd_wrong(c, "Zstandard: literals run short");
        }
        if ((size_t)literals + match > (size_t)(end - to)) {
            return tni_zstd_wrong(c, "Zstandard: more data than announced");
        }
        if (literals <= 16) {
            tni_copy16(to, literal);
        } else {
            memcpy(to, literal, literals);
        }
        literal += literals;
        to += literals;
        if (offset - 1u >= (size_t)(to - base)) {
            return tni_zstd_wrong(c, "Zstandard: match from before the start");
        }
        tni_copy_match(to, offset, match);
        to += match;
    }
    tni_zstd_bits_reload(&bits);
    if (!tni_zstd_bits_done(&bits)) {
        return tni_zstd_wrong(c, "Zstandard: sequences do not end their block");
    }
    memcpy(c->repeat, repeat, sizeof repeat);
    c->literal_count = (size_t)(literal_end - literal);
    c->literals = literal;
    out->size = (size_t)(to - out->data);
    return true;
}

static bool tni_zstd_sequences(tni_zstd_context *c, const uint8_t *in, const uint8_t *end,
                               tni_codec_output *out, size_t start) {
    uint32_t count, modes;
    if (in == end) {
        return tni_zstd_wrong(c, "Zstandard: truncated block");
    }
    count = *in++;
    if (count >= 128) {
        uint32_t more = count == 255 ? 2 : 1;
        if ((size_t)(end - in) < more) {
            return tni_zstd_wrong(c, "Zstandard: truncated block");
        }
        count = more == 2 ? in[0] + ((uint32_t)in[1] << 8) + 0x7f00u
                          : ((count - 128u) << 8) + in[0];
        in += more;
    }
    if (count == 0) {
        return in == end ? true : tni_zstd_wrong(c, "Zstandard: bytes after the block");
    }
    if (in == end) {
        return tni_zstd_wrong(c, "Zstandard: truncated block");
    }
    modes = *in++;
    if ((modes & 3) ||
        !tni_zstd_table(modes >> 6, TNI_ZSTD_LITERALS, &in, end, c->ll, &c->ll_log,
                        &c->ll_ready) ||
        !tni_zstd_table(modes >> 4 & 3, TNI_ZSTD_OFFSET, &in, end, c->of, &c->of_log,
                        &c->of_ready) ||
        !tni_zstd_table(modes >> 2 & 3, TNI_ZSTD_MATCH, &in, end, c->ml, &c->ml_log,
                        &c->ml_ready)) {
        return tni_zstd_wrong(c, "Zstandard: malformed sequence tables");
    }
    return tni_zstd_run(c, in, (size_t)(end - in), count, out, start);
}

/* ---- blocks and frames ---- */

static bool tni_zstd_reserve(tni_zstd_context *c, tni_codec_output *out, size_t more) {
    const char *reason = tni_codec_reserve(out, more);
    return reason ? tni_zstd_wrong(c, reason) : true;
}

static bool tni_zstd_compressed(tni_zstd_context *c, const uint8_t *in, size_t size,
                                tni_codec_output *out, size_t start) {
    const uint8_t *end = in + size;
    if (out->memory && !tni_zstd_reserve(c, out, TNI_MIN((size_t)TNI_ZSTD_BLOCK,
                                                         out->limit - out->size))) {
        return false;
    }
    if (!tni_zstd_literals(c, &in, end) || !tni_zstd_sequences(c, in, end, out, start) ||
        !tni_zstd_reserve(c, out, c->literal_count)) {
        return false;
    }
    if (c->literal_count) {
        memcpy(out->data + out->size, c->literals, c->literal_count);
    }
    out->size += c->literal_count;
    return true;
}

static uint64_t tni_zstd_rotate(uint64_t v, uint32_t n) {
    return v << n | v >> (64 - n);
}

/* XXH64 with seed 0, whose low half is the frame's checksum. */
static uint64_t tni_zstd_xxh64(const uint8_t *p, size_t size) {
    const uint64_t p1 = UINT64_C(11400714785074694791), p2 = UINT64_C(14029467366897019727);
    const uint64_t p3 = UINT64_C(1609587929392839161), p4 = UINT64_C(9650029242287828579);
    const uint64_t p5 = UINT64_C(2870177450012600261);
    uint64_t hash, total = size;
    if (size >= 32) {
        uint64_t lanes[4];
        uint32_t i;
        lanes[0] = p1 + p2;
        lanes[1] = p2;
        lanes[2] = 0;
        lanes[3] = 0 - p1;
        for (; size >= 32; size -= 32) {
            for (i = 0; i < 4; i++, p += 8) {
                lanes[i] = tni_zstd_rotate(lanes[i] + tni_load_le64(p) * p2, 31) * p1;
            }
        }
        hash = tni_zstd_rotate(lanes[0], 1) + tni_zstd_rotate(lanes[1], 7) +
               tni_zstd_rotate(lanes[2], 12) + tni_zstd_rotate(lanes[3], 18);
        for (i = 0; i < 4; i++) {
            hash = (hash ^ tni_zstd_rotate(lanes[i] * p2, 31) * p1) * p1 + p4;
        }
    } else {
        hash = p5;
    }
    hash += total;
    for (; size >= 8; size -= 8, p += 8) {
        hash ^= tni_zstd_rotate(tni_load_le64(p) * p2, 31) * p1;
        hash = tni_zstd_rotate(hash, 27) * p1 + p4;
    }
    for (; size >= 4; size -= 4, p += 4) {
        hash = tni_zstd_rotate(hash ^ tni_load_le32(p) * p1, 23) * p2 + p3;
    }
    while (size--) {
        hash = tni_zstd_rotate(hash ^ *p++ * p5, 11) * p1;
    }
    hash = (hash ^ hash >> 33) * p2;
    hash = (hash ^ hash >> 29) * p3;
    return hash ^ hash >> 32;
}

/* One block: 3 bytes of header (last, type, size) and its content. */
static bool tni_zstd_block(tni_zstd_context *c, const uint8_t **in, const uint8_t *end,
                           tni_codec_output *out, size_t start, bool *last) {
    uint32_t head, type;
    size_t size;
    const uint8_t *p = *in;
    if (end - p < 3) {
        return tni_zstd_wrong(c, "Zstandard: truncated frame");
    }
    head = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
    p += 3;
    *last = head & 1;
    type = head >> 1 & 3;
    size = head >> 3;
    if (type == 3 || size > TNI_ZSTD_BLOCK) {
        return tni_zstd_wrong(c, "Zstandard: malformed block");
    }
    if ((size_t)(end - p) < (type == 1 ? 1 : size)) {
        return tni_zstd_wrong(c, "Zstandard: truncated frame");
    }
    *in = p + (type == 1 ? 1 : size);
    if (type == 2) {
        return tni_zstd_compressed(c, p, size, out, start);
    }
    if (!tni_zstd_reserve(c, out, size)) {
        return false;
    }
    if (size) {
        if (type == 0) {
            memcpy(out->data + out->size, p, size);
        } else {
            memset(out->data + out->size, *p, size);
        }
    }
    out->size += size;
    return true;
}

/* The frame header after the magic (3.1.1.1). *content is UINT64_MAX when not stated. */
static bool tni_zstd_header(tni_zstd_context *c, const uint8_t **in, const uint8_t *end,
                            uint64_t *content, bool *checksum) {
    static const uint8_t dictionary_bytes[4] = {0, 1, 2, 4};
    const uint8_t *p = *in;
    uint32_t flags, id_bytes, size_bytes, i;
    bool single;
    if (p == end) {
        return tni_zstd_wrong(c, "Zstandard: truncated frame");
    }
    flags = *p++;
    single = (flags & 32u) != 0;
    *checksum = (flags & 4u) != 0;
    id_bytes = dictionary_bytes[flags & 3u];
    size_bytes = flags >> 6 ? 1u << (flags >> 6) : single ? 1 : 0;
    if (flags & 8u) {
        return tni_zstd_wrong(c, "Zstandard: reserved bit set");
    }
    if ((size_t)(end - p) < (single ? 0u : 1u) + id_bytes + size_bytes) {
        return tni_zstd_wrong(c, "Zstandard: truncated frame");
    }
    p += single ? 0 : 1; /* the window only matters to streaming decoders */
    for (i = 0; i < id_bytes; i++) {
        if (*p++) {
            return tni_zstd_wrong(c, "Zstandard: needs a dictionary");
        }
    }
    *content = size_bytes ? 0 : UINT64_MAX;
    for (i = 0; i < size_bytes; i++) {
        *content |= (uint64_t)*p++ << (8 * i);
    }
    *content += size_bytes == 2 ? 256 : 0;
    *in = p;
    return true;
}

static bool tni_zstd_frame(tni_zstd_context *c, const uint8_t **in, const uint8_t *end,
                           tni_codec_output *out) {
    size_t start = out->size;
    uint64_t content;
    bool checksum, last = false;
    if (!tni_zstd_header(c, in, end, &content, &checksum)) {
        return false;
    }
    if (content != UINT64_MAX && content > out->limit - out->size) {
        return tni_zstd_wrong(c, "Zstandard: more data than announced");
    }
    c->repeat[0] = 1;
    c->repeat[1] = 4;
    c->repeat[2] = 8;
    c->huffman_bits = 0;
    c->ll_ready = false;
    c->ml_ready = false;
    c->of_ready = false;
    while (!last) {
        if (!tni_zstd_block(c, in, end, out, start, &last)) {
            return false;
        }
    }
    if (content != UINT64_MAX && out->size - start != content) {
        return tni_zstd_wrong(c, "Zstandard: less data than announced");
    }
    if (checksum) {
        if (end - *in < 4) {
            return tni_zstd_wrong(c, "Zstandard: truncated frame");
        }
        if (tni_load_le32(*in) !=
            (uint32_t)(tni_zstd_xxh64(out->data + start, out->size - start) & UINT32_MAX)) {
            return tni_zstd_wrong(c, "Zstandard: checksum does not match");
        }
        *in += 4;
    }
    return true;
}

static bool tni_zstd_frames(tni_zstd_context *c, const uint8_t *in, size_t in_size,
                            tni_codec_output *out) {
    const uint8_t *end = in + in_size;
    if (in == end) {
        return tni_zstd_wrong(c, "Zstandard: empty input");
    }
    while (in < end) {
        uint32_t magic;
        if (end - in < 4) {
            return tni_zstd_wrong(c, "Zstandard: truncated frame");
        }
        magic = tni_load_le32(in);
        in += 4;
        if (magic == UINT32_C(0xfd2fb528)) {
            if (!tni_zstd_frame(c, &in, end, out)) {
                return false;
            }
        } else if ((magic & UINT32_C(0xfffffff0)) == UINT32_C(0x184d2a50)) {
            if (end - in < 4 || (size_t)(end - in - 4) < tni_load_le32(in)) {
                return tni_zstd_wrong(c, "Zstandard: truncated frame");
            }
            in += 4 + (size_t)tni_load_le32(in);
        } else {
            return tni_zstd_wrong(c, "Zstandard: not a frame");
        }
    }
    return true;
}

TNI_FN const char *tni_zstd_decode(tni_memory *memory, const uint8_t *in, size_t in_size,
                                   tni_codec_output *out) {
    const char *reason = NULL;
    tni_zstd_context *c = (tni_zstd_context *)tni_alloc(memory, sizeof *c);
    if (!c) {
        out->memory_failed = true;
        out->wanted = sizeof *c;
        return "out of memory";
    }
    if (!tni_zstd_frames(c, in, in_size, out)) {
        reason = c->reason;
    }
    tni_free(memory, c, sizeof *c);
    return reason;
}

#undef TNI_ZSTD_BLOCK
#undef TNI_ZSTD_HUFFMAN_BITS
#undef TNI_ZSTD_LL_BITS
#undef TNI_ZSTD_ML_BITS
#undef TNI_ZSTD_OF_BITS
