/*
 * inflate.c - DEFLATE (RFC 1951), zlib (RFC 1950) and gzip (RFC 1952) decoding.
 *
 * Bits come from a 64-bit buffer that is refilled 7 bytes at a time while 8 input bytes remain,
 * byte by byte (then with zeros) after that; `overrun` counts the zeros, and consuming one is an
 * error. Codes are decoded by a primary table indexed with the next bits, whose entries lead to
 * subtables for longer codes.
 *
 *     entry   bits 0..7   bits to consume
 *             bits 8..15  kind: 0..13 = a length or distance with that many extra bits,
 *                         LITERAL, END, SUBTABLE (bits 0..7: its index bits), INVALID
 *             bits 16..31 literal, base, or the subtable's place
 */
#include "codec/codec.h"

#define TNI_INFLATE_LITERAL_BITS 11u
#define TNI_INFLATE_DISTANCE_BITS 8u
/* The largest tables any set of complete codes of at most 15 bits can need. */
#define TNI_INFLATE_LITERAL_ENTRIES 2400u
#define TNI_INFLATE_DISTANCE_ENTRIES 512u
#define TNI_INFLATE_MAX_MATCH 258u

#define TNI_INFLATE_KIND_LITERAL 0x40u
#define TNI_INFLATE_KIND_END 0x41u
#define TNI_INFLATE_KIND_SUBTABLE 0x42u
#define TNI_INFLATE_KIND_INVALID 0x43u

typedef struct tni_inflate_bits {
    const uint8_t *in;
    const uint8_t *end;
    uint64_t bits;
    uint32_t count;   /* valid bits in `bits` */
    uint32_t overrun; /* bytes of zeros appended past the end */
} tni_inflate_bits;

typedef struct tni_inflate_state {
    tni_inflate_bits bits;
    uint32_t literal[TNI_INFLATE_LITERAL_ENTRIES];
    uint32_t distance[TNI_INFLATE_DISTANCE_ENTRIES];
} tni_inflate_state;

/* At least 56 valid bits afterwards. */
TNI_FORCE_INLINE void tni_inflate_refill(tni_inflate_bits *s) {
    if (TNI_LIKELY(s->end - s->in >= 8)) {
        s->bits |= tni_load_le64(s->in) << s->count;
        s->in += (63 - s->count) >> 3;
        s->count |= 56;
        return;
    }
    while (s->count <= 56) {
        if (s->in < s->end) {
            s->bits |= (uint64_t)*s->in++ << s->count;
        } else {
            s->overrun++;
        }
        s->count += 8;
    }
}

TNI_FORCE_INLINE uint32_t tni_inflate_take(tni_inflate_bits *s, uint32_t n) {
    uint32_t value = (uint32_t)(s->bits & ((UINT64_C(1) << n) - 1));
    s->bits >>= n;
    s->count -= n;
    return value;
}

TNI_FORCE_INLINE bool tni_inflate_overran(const tni_inflate_bits *s) {
    return s->overrun * 8 > s->count;
}

/* The entry for a symbol without its bit count. */
static uint32_t tni_inflate_literal_entry(uint32_t symbol) {
    static const uint8_t extra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                      2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    static const uint16_t base[29] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                      15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                      67, 83, 99, 115, 131, 163, 195, 227, 258};
    if (symbol < 256) {
        return symbol << 16 | TNI_INFLATE_KIND_LITERAL << 8;
    }
    if (symbol == 256) {
        return TNI_INFLATE_KIND_END << 8;
    }
    if (symbol > 285) {
        return TNI_INFLATE_KIND_INVALID << 8;
    }
    return (uint32_t)base[symbol - 257] << 16 | (uint32_t)extra[symbol - 257] << 8;
}

static uint32_t tni_inflate_distance_entry(uint32_t symbol) {
    uint32_t extra = symbol < 4 ? 0 : symbol / 2 - 1;
    uint32_t base = symbol < 4 ? symbol + 1 : ((2 + (symbol & 1)) << extra) + 1;
    if (symbol > 29) {
        return TNI_INFLATE_KIND_INVALID << 8;
    }
    return base << 16 | extra << 8;
}

static uint32_t tni_inflate_reverse(uint32_t code, uint32_t length) {
    uint32_t reversed = 0;
    while (length--) {
        reversed = reversed << 1 | (code & 1);
        code >>= 1;
    }
    return reversed;
}

/* Codes of each length into offsets of the sorted symbols; false when over-subscribed, or
 * incomplete without being the one short code the format allows. */
static bool tni_inflate_sort(const uint8_t *lengths, uint32_t count, uint16_t *sorted,
                             uint32_t *per_length, uint32_t *used) {
    uint32_t offsets[16], i, left = 1;
    for (i = 0; i <= 15; i++) {
        per_length[i] = 0;
    }
    for (i = 0; i < count; i++) {
        per_length[lengths[i]]++;
    }
    *used = count - per_length[0];
    per_length[0] = 0;
    offsets[0] = 0;
    for (i = 1; i <= 15; i++) {
        left <<= 1;
        if (per_length[i] > left) {
            return false;
        }
        left -= per_length[i];
        offsets[i] = offsets[i - 1] + per_length[i - 1];
    }
    for (i = 0; i < count; i++) {
        if (lengths[i]) {
            sorted[offsets[lengths[i]]++] = (uint16_t)i;
        }
    }
    return left == 0 || *used == 0 || (*used == 1 && per_length[1] == 1);
}

/* Build the decoding table; false when the lengths are no valid code. */
static bool tni_inflate_build(const uint8_t *lengths, uint32_t count, uint32_t root_bits,
                              bool distances, uint32_t *table, uint32_t capacity) {
    uint16_t sorted[288];
    uint32_t per_length[16], used, i, length = 1, code = 0, next = 1u << root_bits;
    uint32_t sub_prefix = UINT32_MAX, sub_start = 0, sub_bits = 0;
    if (!tni_inflate_sort(lengths, count, sorted, per_length, &used)) {
        return false;
    }
    for (i = 0; i < (1u << root_bits); i++) {
        table[i] = TNI_INFLATE_KIND_INVALID << 8 | 1u;
    }
    for (i = 0; i < used; i++) {
        uint32_t entry, reversed, slot, end, step;
        while (per_length[length] == 0) {
            length++;
            code <<= 1;
        }
        per_length[length]--;
        entry = distances ? tni_inflate_distance_entry(sorted[i])
                          : tni_inflate_literal_entry(sorted[i]);
        reversed = tni_inflate_reverse(code++, length);
        if (length <= root_bits) {
            slot = reversed;
            end = 1u << root_bits;
            step = 1u << length;
            entry |= length;
        } else {
            uint32_t prefix = reversed & ((1u << root_bits) - 1);
            if (prefix != sub_prefix) { /* codes are in order: all of a subtable follow */
                uint32_t room = 1, have;
                sub_prefix = prefix;
                sub_start = next;
                sub_bits = length - root_bits;
                room <<= sub_bits;
                have = per_length[length] + 1;
                while (have < room && sub_bits + root_bits < 15) {
                    sub_bits++;
                    room <<= 1;
                    have = (have << 1) + per_length[sub_bits + root_bits];
                }
                next += 1u << sub_bits;
                if (next > capacity) {
                    return false;
                }
                table[prefix] = sub_start << 16 | TNI_INFLATE_KIND_SUBTABLE << 8 | sub_bits;
                for (slot = sub_start; slot < next; slot++) {
                    table[slot] = TNI_INFLATE_KIND_INVALID << 8 | 1u;
                }
            }
            slot = sub_start + (reversed >> root_bits);
            end = sub_start + (1u << sub_bits);
            step = 1u << (length - root_bits);
            entry |= length - root_bits;
        }
        for (; slot < end; slot += step) {
            table[slot] = entry;
        }
    }
    return true;
}

static bool tni_inflate_fixed_tables(tni_inflate_state *s) {
    uint8_t lengths[288];
    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    if (!tni_inflate_build(lengths, 288, TNI_INFLATE_LITERAL_BITS, false, s->literal,
                           TNI_INFLATE_LITERAL_ENTRIES)) {
        return false;
    }
    memset(lengths, 5, 32);
    return tni_inflate_build(lengths, 32, TNI_INFLATE_DISTANCE_BITS, true, s->distance,
                             TNI_INFLATE_DISTANCE_ENTRIES);
}

/* The code lengths of both alphabets, themselves run-length and Huffman coded (3.2.7). */
static const char *tni_inflate_read_lengths(tni_inflate_bits *s, const uint8_t *code_lengths,
                                            uint8_t *lengths, uint32_t total) {
    uint16_t sorted[288];
    uint32_t per_length[16], used, filled = 0;
    uint8_t lookup[128], bits_of[128];
    uint32_t i, code = 0, length = 1;
    if (!tni_inflate_sort(code_lengths, 19, sorted, per_length, &used) || used == 0) {
        return "DEFLATE: invalid code length code";
    }
    memset(bits_of, 0, sizeof bits_of);
    memset(lookup, 0, sizeof lookup);
    for (i = 0; i < used; i++) {
        uint32_t slot;
        while (per_length[length] == 0) {
            length++;
            code <<= 1;
        }
        per_length[length]--;
        for (slot = tni_inflate_reverse(code++, length); slot < 128; slot += 1u << length) {
            lookup[slot] = (uint8_t)sorted[i];
            bits_of[slot] = (uint8_t)length;
        }
    }
    while (filled < total) {
        uint32_t symbol, repeat;
        uint8_t value = 0;
        tni_inflate_refill(s);
        if (tni_inflate_overran(s)) {
            return "DEFLATE: truncated";
        }
        i = (uint32_t)(s->bits & 127);
        if (bits_of[i] == 0) {
            return "DEFLATE: invalid code length";
        }
        symbol = lookup[i];
        (void)tni_inflate_take(s, bits_of[i]);
        if (symbol < 16) {
            lengths[filled++] = (uint8_t)symbol;
            continue;
        }
        if (symbol == 16) {
            if (filled == 0) {
                return "DEFLATE: nothing to repeat";
            }
            value = lengths[filled - 1];
            repeat = 3 + tni_inflate_take(s, 2);
        } else if (symbol == 17) {
            repeat = 3 + tni_inflate_take(s, 3);
        } else {
            repeat = 11 + tni_inflate_take(s, 7);
        }
        if (repeat > total - filled) {
            return "DEFLATE: too many code lengths";
        }
        memset(lengths + filled, value, repeat);
        filled += repeat;
    }
    return NULL;
}

static const char *tni_inflate_dynamic_tables(tni_inflate_state *s) {
    static const uint8_t order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                      11, 4,  12, 3, 13, 2, 14, 1, 15};
    uint8_t code_lengths[19], lengths[288 + 32];
    uint32_t literals, distances, codes, i;
    const char *reason;
    tni_inflate_refill(&s->bits);
    literals = 257 + tni_inflate_take(&s->bits, 5);
    distances = 1 + tni_inflate_take(&s->bits, 5);
    codes = 4 + tni_inflate_take(&s->bits, 4);
    if (literals > 286) {
        return "DEFLATE: too many length symbols";
    }
    memset(code_lengths, 0, sizeof code_lengths);
    for (i = 0; i < codes; i++) {
        tni_inflate_refill(&s->bits);
        code_lengths[order[i]] = (uint8_t)tni_inflate_take(&s->bits, 3);
    }
    reason = tni_inflate_read_lengths(&s->bits, code_lengths, lengths, literals + distances);
    if (reason) {
        return reason;
    }
    if (lengths[256] == 0 ||
        !tni_inflate_build(lengths, literals, TNI_INFLATE_LITERAL_BITS, false, s->literal,
                           TNI_INFLATE_LITERAL_ENTRIES)) {
        return "DEFLATE: invalid literal code";
    }
    if (!tni_inflate_build(lengths + literals, distances, TNI_INFLATE_DISTANCE_BITS, true,
                           s->distance, TNI_INFLATE_DISTANCE_ENTRIES)) {
        return "DEFLATE: invalid distance code";
    }
    return NULL;
}

static const char *tni_inflate_stored(tni_inflate_bits *s, tni_codec_output *out) {
    uint32_t length, complement;
    const char *reason;
    size_t whole;
    (void)tni_inflate_take(s, s->count & 7);
    whole = s->count / 8; /* give unread bytes back */
    if (whole < s->overrun) {
        return "DEFLATE: truncated";
    }
    s->in -= whole - s->overrun;
    s->bits = 0;
    s->count = 0;
    s->overrun = 0;
    if (s->end - s->in < 4) {
        return "DEFLATE: truncated";
    }
    length = tni_load_le16(s->in);
    complement = tni_load_le16(s->in + 2);
    s->in += 4;
    if (length != (complement ^ 0xffffu)) {
        return "DEFLATE: stored length does not match its complement";
    }
    if ((size_t)(s->end - s->in) < length) {
        return "DEFLATE: truncated";
    }
    reason = tni_codec_reserve(out, length);
    if (reason) {
        return reason;
    }
    if (length) {
        memcpy(out->data + out->size, s->in, length);
    }
    s->in += length;
    out->size += length;
    return NULL;
}

/* The next entry of a table, subtables followed, its bits consumed. */
TNI_FORCE_INLINE uint32_t tni_inflate_symbol(tni_inflate_bits *s, const uint32_t *table,
                                             uint32_t root_bits) {
    uint32_t entry = table[s->bits & ((1u << root_bits) - 1)];
    if (TNI_UNLIKELY((entry >> 8 & 255) == TNI_INFLATE_KIND_SUBTABLE)) {
        uint32_t index = (uint32_t)(s->bits >> root_bits) & ((1u << (entry & 255)) - 1);
        (void)tni_inflate_take(s, root_bits);
        entry = table[(entry >> 16) + index];
    }
    (void)tni_inflate_take(s, entry & 255);
    return entry;
}

/* Literals and matches until the end-of-block symbol or the end of the room, which *done tells
 * apart. `start` is where history begins. One refill serves two literals (15 + 11 bits) or a match
 * (15 + 5 + 15 + 13 bits). The bit reader is a copy whose address nobody takes: stores to the
 * output cannot touch it. */
static const char *tni_inflate_run(tni_inflate_state *state, tni_codec_output *out, size_t start,
                                   bool *done) {
    const uint32_t *literal_table = state->literal, *distance_table = state->distance;
    tni_inflate_bits bits = state->bits, before;
    const char *reason = out->data ? NULL : tni_codec_reserve(out, 1);
    uint8_t *base, *to, *end;
    *done = false;
    if (reason) {
        return reason;
    }
    base = out->data + start;
    to = out->data + out->size;
    end = out->data + out->capacity;
    for (;;) {
        uint32_t entry, kind, length;
        size_t distance;
        tni_inflate_refill(&bits);
        if (TNI_UNLIKELY(bits.overrun) && tni_inflate_overran(&bits)) {
            reason = "DEFLATE: truncated";
            break;
        }
        before = bits;
        entry = tni_inflate_symbol(&bits, literal_table, TNI_INFLATE_LITERAL_BITS);
        kind = entry >> 8 & 255;
        if (kind == TNI_INFLATE_KIND_LITERAL) {
            if (TNI_UNLIKELY(to == end)) {
                bits = before; /* decode it again when there is room */
                break;
            }
            *to++ = (uint8_t)(entry >> 16);
            entry = literal_table[bits.bits & ((1u << TNI_INFLATE_LITERAL_BITS) - 1)];
            if ((entry >> 8 & 255) == TNI_INFLATE_KIND_LITERAL && to < end) {
                (void)tni_inflate_take(&bits, entry & 255);
                *to++ = (uint8_t)(entry >> 16);
            }
            continue;
        }
        if (kind == TNI_INFLATE_KIND_END) {
            *done = true;
            break;
        }
        if (kind > 13) {
            reason = "DEFLATE: invalid symbol";
            break;
        }
        length = (entry >> 16) + tni_inflate_take(&bits, kind);
        entry = tni_inflate_symbol(&bits, distance_table, TNI_INFLATE_DISTANCE_BITS);
        kind = entry >> 8 & 255;
        if (kind > 13) {
            reason = "DEFLATE: invalid distance";
            break;
        }
        distance = (entry >> 16) + tni_inflate_take(&bits, kind);
        if (distance > (size_t)(to - base)) {
            reason = "DEFLATE: match from before the start";
            break;
        }
        if (TNI_UNLIKELY(length > (size_t)(end - to))) {
            bits = before;
            break;
        }
        tni_copy_match(to, distance, length);
        to += length;
    }
    if (!reason && tni_inflate_overran(&bits)) {
        reason = "DEFLATE: truncated";
    }
    state->bits = bits;
    out->size = (size_t)(to - out->data);
    return reason;
}

static const char *tni_inflate_codes(tni_inflate_state *s, tni_codec_output *out, size_t start) {
    bool done = false;
    const char *reason = NULL;
    while (!reason && !done) {
        size_t before = out->size, capacity = out->capacity;
        reason = tni_inflate_run(s, out, start, &done);
        if (!reason && !done) {
            reason = tni_codec_reserve(out, out->memory ? TNI_INFLATE_MAX_MATCH : 1);
            if (reason && out->memory && !out->memory_failed) { /* near the limit: what is left */
                reason = out->limit > out->size ? tni_codec_reserve(out, out->limit - out->size)
                                                : reason;
            }
            if (!reason && out->size == before && out->capacity == capacity) {
                reason = "DEFLATE: more data than announced";
            }
        }
    }
    return reason;
}

TNI_FN const char *tni_inflate(const uint8_t *in, size_t in_size, size_t *used,
                               tni_codec_output *out) {
    tni_inflate_state s;
    size_t start = out->size;
    bool last = false;
    s.bits.in = in;
    s.bits.end = in + in_size;
    s.bits.bits = 0;
    s.bits.count = 0;
    s.bits.overrun = 0;
    *used = 0;
    while (!last) {
        const char *reason = NULL;
        uint32_t kind;
        tni_inflate_refill(&s.bits);
        last = tni_inflate_take(&s.bits, 1) != 0;
        kind = tni_inflate_take(&s.bits, 2);
        if (tni_inflate_overran(&s.bits)) {
            return "DEFLATE: truncated";
        }
        if (kind == 0) {
            reason = tni_inflate_stored(&s.bits, out);
        } else if (kind == 3) {
            reason = "DEFLATE: invalid block type";
        } else {
            if (kind == 2) {
                reason = tni_inflate_dynamic_tables(&s);
            } else if (!tni_inflate_fixed_tables(&s)) {
                reason = "DEFLATE: invalid fixed code";
            }
            if (!reason) {
                reason = tni_inflate_codes(&s, out, start);
            }
        }
        if (reason) {
            return reason;
        }
    }
    *used = (size_t)(s.bits.in - in) - (s.bits.count / 8 - s.bits.overrun);
    return NULL;
}

/* ---- containers ---- */

/* The length of a gzip member's header; 0 when malformed. */
static size_t tni_gzip_header(const uint8_t *in, size_t in_size) {
    size_t at = 10;
    uint32_t flags, text;
    if (in_size < 18 || in[0] != 0x1f || in[1] != 0x8b || in[2] != 8 || (in[3] & 0xe0)) {
        return 0;
    }
    flags = in[3];
    if (flags & 4u) {
        if (in_size - at < 2 || in_size - at - 2 < tni_load_le16(in + at)) {
            return 0;
        }
        at += 2u + tni_load_le16(in + at);
    }
    for (text = 8; text <= 16; text *= 2) { /* file name, comment */
        if (flags & text) {
            const void *end = at < in_size ? memchr(in + at, 0, in_size - at) : NULL;
            if (!end) {
                return 0;
            }
            at = (size_t)((const uint8_t *)end - in) + 1;
        }
    }
    if (flags & 2u) {
        at += 2;
    }
    return at < in_size ? at : 0;
}

static uint32_t tni_zlib_adler(const uint8_t *data, size_t size) {
    uint32_t a = 1, b = 0;
    while (size) {
        size_t piece = TNI_MIN(size, (size_t)5552), i;
        for (i = 0; i < piece; i++) {
            a += data[i];
            b += a;
        }
        a %= 65521u;
        b %= 65521u;
        data += piece;
        size -= piece;
    }
    return b << 16 | a;
}

static const char *tni_zlib_decode(const uint8_t *in, size_t in_size, tni_codec_output *out) {
    size_t used, start = out->size;
    const char *reason;
    uint32_t adler;
    if (in[1] & 0x20) {
        return "zlib: preset dictionary";
    }
    reason = tni_inflate(in + 2, in_size - 2, &used, out);
    if (reason) {
        return reason;
    }
    in += 2 + used;
    in_size -= 2 + used;
    if (in_size < 4) {
        return "zlib: truncated";
    }
    adler = (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
    return adler == tni_zlib_adler(out->data + start, out->size - start)
               ? NULL
               : "zlib: checksum does not match";
}

TNI_FN const char *tni_gzip_decode(const uint8_t *in, size_t in_size, tni_codec_output *out) {
    tni_crc32_table table;
    bool first = true;
    if (in_size >= 2 && (in[0] & 15) == 8 && (in[0] >> 4) <= 7 &&
        ((uint32_t)in[0] << 8 | in[1]) % 31 == 0) {
        return tni_zlib_decode(in, in_size, out);
    }
    tni_crc32_init(&table);
    while (first || (in_size >= 2 && in[0] == 0x1f && in[1] == 0x8b)) {
        size_t header = tni_gzip_header(in, in_size), used, start = out->size;
        const char *reason;
        if (!header) {
            return "gzip: malformed or truncated header";
        }
        reason = tni_inflate(in + header, in_size - header, &used, out);
        if (reason) {
            return reason;
        }
        in += header + used;
        in_size -= header + used;
        if (in_size < 8) {
            return "gzip: truncated";
        }
        if (tni_load_le32(in) != tni_crc32(&table, 0, out->data + start, out->size - start)) {
            return "gzip: checksum does not match";
        }
        if (tni_load_le32(in + 4) != (uint32_t)((out->size - start) & UINT32_MAX)) {
            return "gzip: length does not match";
        }
        in += 8;
        in_size -= 8;
        first = false;
    }
    for (; in_size; in_size--) { /* zero padding is harmless, anything else is not ours */
        if (*in++) {
            return "gzip: garbage after the last member";
        }
    }
    return NULL;
}

#undef TNI_INFLATE_LITERAL_BITS
#undef TNI_INFLATE_DISTANCE_BITS
#undef TNI_INFLATE_LITERAL_ENTRIES
#undef TNI_INFLATE_DISTANCE_ENTRIES
#undef TNI_INFLATE_MAX_MATCH
#undef TNI_INFLATE_KIND_LITERAL
#undef TNI_INFLATE_KIND_END
#undef TNI_INFLATE_KIND_SUBTABLE
#undef TNI_INFLATE_KIND_INVALID
