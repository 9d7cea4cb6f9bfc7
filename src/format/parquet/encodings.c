/*
 * encodings.c - hybrid runs, levels and deltas: see encodings.h for the contract.
 *
 * Bit-packed values come in groups of 8, which are `width` bytes: a group is unpacked by a few
 * masked shifts of whole words (each step halves the fields and doubles their distance), straight
 * to the wanted code width, without a branch and without an intermediate array.
 */
#include "format/parquet/encodings.h"

#include "base/bits.h"

/* ---- groups of 8 values ---- */

/* `fields` values of `width` bits, adjacent, to be spread to lanes of 64 / fields bits. */
static void tni_spread_make(tni_spread *s, uint32_t width, uint32_t fields) {
    uint32_t step, count = fields, lane = 64;
    memset(s, 0, sizeof *s);
    s->fields = fields;
    for (step = 0; count > 1; step++, count /= 2, lane /= 2) {
        uint32_t half = count / 2 * width, k;
        s->shift[step] = lane / 2 - half;
        for (k = 0; k < 64; k += lane) {
            s->low[step] |= tni_low_bits(half) << k;
            s->high[step] |= tni_low_bits(half) << (k + lane / 2);
        }
    }
}

/* Eight values of width 1..8 to bytes. */
static void tni_unpack_to_u8(const tni_spread *spread, const uint8_t *in, uint32_t width,
                             uint8_t *out, size_t groups) {
    const tni_spread s = *spread;
    const uint64_t used = tni_low_bits(8 * width);
    if (width == 8) {
        memcpy(out, in, groups * 8);
        return;
    }
    for (; groups; groups--, in += width, out += 8) {
        uint64_t x = tni_load_le64(in) & used;
        x = (x & s.low[0]) | (x << s.shift[0] & s.high[0]);
        x = (x & s.low[1]) | (x << s.shift[1] & s.high[1]);
        x = (x & s.low[2]) | (x << s.shift[2] & s.high[2]);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        x = __builtin_bswap64(x);
#endif
        memcpy(out, &x, 8);
    }
}

TNI_FORCE_INLINE void tni_store_u16x4(uint16_t *out, uint64_t x) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    out[0] = (uint16_t)x;
    out[1] = (uint16_t)(x >> 16);
    out[2] = (uint16_t)(x >> 32);
    out[3] = (uint16_t)(x >> 48);
#else
    memcpy(out, &x, 8);
#endif
}

/* Eight values of width 1..16 to 16 bits, four at a time. */
static void tni_unpack_to_u16(const tni_spread *spread, const uint8_t *in, uint32_t width,
                              uint16_t *out, size_t groups) {
    const tni_spread s = *spread;
    const uint64_t used = tni_low_bits(4 * width);
    const size_t second = width / 2;
    const uint32_t odd = (width & 1) * 4;
    for (; groups; groups--, in += width, out += 8) {
        uint64_t x = tni_load_le64(in) & used, y = tni_load_le64(in + second) >> odd & used;
        x = (x & s.low[0]) | (x << s.shift[0] & s.high[0]);
        y = (y & s.low[0]) | (y << s.shift[0] & s.high[0]);
        x = (x & s.low[1]) | (x << s.shift[1] & s.high[1]);
        y = (y & s.low[1]) | (y << s.shift[1] & s.high[1]);
        tni_store_u16x4(out, x);
        tni_store_u16x4(out + 4, y);
    }
}

/* ---- hybrid runs ---- */

TNI_FN void tni_hybrid_open(tni_hybrid *h, const uint8_t *data, size_t size, uint32_t width) {
    memset(h, 0, sizeof *h);
    h->at = data;
    h->end = data + size;
    h->width = width;
}

TNI_FN void tni_hybrid_open_packed(tni_hybrid *h, const uint8_t *data, size_t size,
                                   uint32_t width) {
    uint64_t values = (uint64_t)size * 8 / width;
    tni_hybrid_open(h, data + size, 0, width);
    h->packed = data;
    h->left = (uint32_t)TNI_MIN(values, (uint64_t)UINT32_MAX);
}

static bool tni_hybrid_varint(tni_hybrid *h, uint64_t *value) {
    uint32_t shift;
    *value = 0;
    for (shift = 0; shift < 63 && h->at < h->end; shift += 7) {
        uint8_t byte = *h->at++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            return true;
        }
    }
    return false;
}

/* Bit-packed runs may be cut off in their last group: only whole values count. */
static bool tni_hybrid_packed_run(tni_hybrid *h, uint64_t groups) {
    uint64_t have = (uint64_t)(h->end - h->at), count, bytes;
    if (groups > UINT32_MAX / 8 || groups == 0) {
        return false;
    }
    count = groups * 8;
    bytes = groups * h->width;
    if (bytes > have) {
        bytes = have;
        count = have * 8 / h->width;
    }
    h->packed = h->at;
    h->position = 0;
    h->at += (size_t)bytes;
    h->left = (uint32_t)count;
    h->repeated = false;
    return count > 0;
}

/* Load the next run with values in it; false at the end or when malformed. */
static bool tni_hybrid_run(tni_hybrid *h) {
    uint64_t head;
    uint32_t bytes = (h->width + 7) / 8, i;
    while (h->left == 0) {
        if (!tni_hybrid_varint(h, &head)) {
            return false;
        }
        if (head & 1) {
            if (!tni_hybrid_packed_run(h, head >> 1)) {
                return false;
            }
            continue;
        }
        if (head >> 1 > UINT32_MAX || (size_t)(h->end - h->at) < bytes) {
            return false;
        }
        h->value = 0;
        for (i = 0; i < bytes; i++) {
            h->value |= (uint32_t)*h->at++ << (8 * i);
        }
        if (h->width < 32 && h->value >> h->width) {
            return false;
        }
        h->left = (uint32_t)(head >> 1);
        h->repeated = true;
    }
    return true;
}

static bool tni_hybrid_fill(uint32_t value, void *out, uint32_t code_width, size_t at, size_t n) {
    size_t i;
    if (code_width == 1) {
        memset((uint8_t *)out + at, (int)(value & 255), n);
        return value <= UINT8_MAX;
    }
    if (code_width == 2) {
        uint16_t *to = (uint16_t *)out + at;
        for (i = 0; i < n; i++) {
            to[i] = (uint16_t)value;
        }
        return value <= UINT16_MAX;
    }
    for (i = 0; i < n; i++) {
        ((uint32_t *)out)[at + i] = value;
    }
    return true;
}

/* A few values by hand: before the first and after the last whole group, or when the stored
 * width is larger than the codes. */
static bool tni_hybrid_slow(const tni_hybrid *h, void *out, uint32_t code_width, size_t at,
                            size_t n) {
    const uint64_t mask = tni_low_bits(h->width);
    size_t i;
    for (i = 0; i < n; i++) {
        uint64_t bit = ((uint64_t)h->position + i) * h->width;
        uint64_t value = tni_load_le64(h->packed + (size_t)(bit >> 3)) >> (bit & 7) & mask;
        if (code_width == 1) {
            if (value > UINT8_MAX) {
                return false;
            }
            ((uint8_t *)out)[at + i] = (uint8_t)value;
        } else if (code_width == 2) {
            if (value > UINT16_MAX) {
                return false;
            }
            ((uint16_t *)out)[at + i] = (uint16_t)value;
        } else {
            ((uint32_t *)out)[at + i] = (uint32_t)value;
        }
    }
    return true;
}

static bool tni_hybrid_unpack(tni_hybrid *h, const tni_kernels *kernels, void *out,
                              uint32_t code_width, size_t at, size_t n) {
    size_t lead = (8 - (h->position & 7)) & 7, groups;
    const uint8_t *from;
    bool good;
    if (h->width > 8 * code_width || n < 16) {
        return tni_hybrid_slow(h, out, code_width, at, n);
    }
    if (!tni_hybrid_slow(h, out, code_width, at, lead)) {
        return false;
    }
    groups = (n - lead) / 8;
    from = h->packed + (h->position + lead) / 8 * h->width;
    if (code_width < 4 && h->spread.fields != 8 / code_width) {
        tni_spread_make(&h->spread, h->width, 8 / code_width);
    }
    if (code_width == 1) {
        tni_unpack_to_u8(&h->spread, from, h->width, (uint8_t *)out + at + lead, groups);
    } else if (code_width == 2) {
        tni_unpack_to_u16(&h->spread, from, h->width, (uint16_t *)out + at + lead, groups);
    } else {
        kernels->unpack_u32(from, groups * 8, h->width, (uint32_t *)out + at + lead);
    }
    lead += groups * 8;
    h->position += (uint32_t)lead;
    good = tni_hybrid_slow(h, out, code_width, at + lead, n - lead);
    h->position -= (uint32_t)lead;
    return good;
}

TNI_FN size_t tni_hybrid_read(tni_hybrid *h, const tni_kernels *kernels, void *out,
                              uint32_t code_width, size_t n) {
    size_t done = 0;
    if (h->width == 0) { /* a dictionary of one entry: there may be no runs at all */
        (void)tni_hybrid_fill(0, out, code_width, 0, n);
        return n;
    }
    while (done < n) {
        size_t count;
        bool good;
        if (!tni_hybrid_run(h)) {
            return done;
        }
        count = TNI_MIN((size_t)h->left, n - done);
        good = h->repeated ? tni_hybrid_fill(h->value, out, code_width, done, count)
                           : tni_hybrid_unpack(h, kernels, out, code_width, done, count);
        if (!good) {
            return done;
        }
        h->position += (uint32_t)count;
        h->left -= (uint32_t)count;
        done += count;
    }
    return done;
}

TNI_FN size_t tni_hybrid_skip(tni_hybrid *h, size_t n) {
    size_t done = 0;
    if (h->width == 0) {
        return n;
    }
    while (done < n) {
        size_t count;
        if (!tni_hybrid_run(h)) {
            return done;
        }
        count = TNI_MIN((size_t)h->left, n - done);
        h->position += (uint32_t)count;
        h->left -= (uint32_t)count;
        done += count;
    }
    return done;
}

/* ---- levels ---- */

TNI_FN void tni_bits_append(uint64_t *bitmap, size_t offset, const uint8_t *bytes, size_t first,
                            size_t n) {
    while (n) { /* up to 57 bits a step: what one load at any bit position gives */
        size_t count = TNI_MIN(n, (size_t)57);
        uint64_t bits = tni_load_le64(bytes + first / 8) >> (first & 7) &
                        tni_low_bits((uint32_t)count);
        uint32_t shift = (uint32_t)(offset & 63);
        bitmap[offset / 64] |= bits << shift;
        if (shift + count > 64) {
            bitmap[offset / 64 + 1] |= bits >> (64 - shift);
        }
        first += count;
        offset += count;
        n -= count;
    }
}

TNI_FN void tni_bits_fill(uint64_t *bitmap, size_t offset, size_t n) {
    while (n) {
        uint32_t shift = (uint32_t)(offset & 63);
        size_t count = TNI_MIN(n, (size_t)(64 - shift));
        bitmap[offset / 64] |= tni_low_bits((uint32_t)count) << shift;
        offset += count;
        n -= count;
    }
}

static size_t tni_bits_count(const uint8_t *bytes, size_t first, size_t n) {
    size_t ones = 0;
    while (n) {
        size_t count = TNI_MIN(n, (size_t)57);
        ones += tni_popcount64(tni_load_le64(bytes + first / 8) >> (first & 7) &
                               tni_low_bits((uint32_t)count));
        first += count;
        n -= count;
    }
    return ones;
}

TNI_FN size_t tni_hybrid_bits(tni_hybrid *h, uint64_t *bitmap, size_t offset, size_t n,
                              size_t *ones) {
    size_t done = 0;
    *ones = 0;
    while (done < n) {
        size_t count;
        if (!tni_hybrid_run(h)) {
            return done;
        }
        count = TNI_MIN((size_t)h->left, n - done);
        if (!h->repeated) {
            *ones += tni_bits_count(h->packed, h->position, count);
            if (bitmap) {
                tni_bits_append(bitmap, offset + done, h->packed, h->position, count);
            }
        } else if (h->value) {
            *ones += count;
            if (bitmap) {
                tni_bits_fill(bitmap, offset + done, count);
            }
        }
        h->position += (uint32_t)count;
        h->left -= (uint32_t)count;
        done += count;
    }
    return done;
}

TNI_FN size_t tni_bit_packed_levels(const uint8_t *data, size_t size, size_t first,
                                    uint64_t *bitmap, size_t offset, size_t n, size_t *ones) {
    size_t i;
    *ones = 0;
    for (i = 0; i < n && (first + i) / 8 < size; i++) {
        bool bit = data[(first + i) / 8] >> (7 - ((first + i) & 7)) & 1;
        *ones += bit;
        if (bit && bitmap) {
            tni_bit_set(bitmap, offset + i);
        }
    }
    return i;
}

/* ---- deltas ---- */

static bool tni_delta_varint(const uint8_t **at, const uint8_t *end, uint64_t *value) {
    uint32_t shift;
    *value = 0;
    for (shift = 0; shift < 70 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        *value |= (uint64_t)(byte & 0x7f) << (shift & 63);
        if (!(byte & 0x80)) {
            return true;
        }
    }
    return false;
}

static uint64_t tni_delta_unzigzag(uint64_t v) {
    return v >> 1 ^ (0 - (v & 1));
}

TNI_FN bool tni_delta_open(tni_delta *d, const uint8_t *data, size_t size) {
    uint64_t block, miniblocks, first;
    memset(d, 0, sizeof *d);
    d->at = data;
    d->end = data + size;
    if (!tni_delta_varint(&d->at, d->end, &block) ||
        !tni_delta_varint(&d->at, d->end, &miniblocks) ||
        !tni_delta_varint(&d->at, d->end, &d->left) ||
        !tni_delta_varint(&d->at, d->end, &first)) {
        return false;
    }
    if (block == 0 || block > UINT32_MAX || miniblocks == 0 || miniblocks > block ||
        block % miniblocks || block / miniblocks % 8 || d->left > INT32_MAX) {
        return false;
    }
    d->value = tni_delta_unzigzag(first);
    d->miniblocks = (uint32_t)miniblocks;
    d->miniblock = d->miniblocks;
    d->miniblock_values = block / miniblocks;
    d->first = true;
    return true;
}

/* Move to the next miniblock: its width and packed bytes. The last one of a stream may be cut
 * off, and widths of unused ones may be anything. */
static bool tni_delta_miniblock(tni_delta *d) {
    uint64_t bytes, have;
    if (d->miniblock == d->miniblocks) {
        uint64_t min;
        if (!tni_delta_varint(&d->at, d->end, &min) ||
            (size_t)(d->end - d->at) < d->miniblocks) {
            return false;
        }
        d->min_delta = tni_delta_unzigzag(min);
        d->widths = d->at;
        d->at += d->miniblocks;
        d->miniblock = 0;
    }
    d->width = d->widths[d->miniblock++];
    if (d->width > 64) {
        return false;
    }
    d->in_miniblock = TNI_MIN(d->miniblock_values, d->left);
    bytes = d->miniblock_values / 8 * d->width;
    have = (uint64_t)(d->end - d->at);
    if (bytes > have) {
        if (have * 8 < d->in_miniblock * d->width) {
            return false;
        }
        bytes = have;
    }
    d->packed = d->at;
    d->bit = 0;
    d->at += (size_t)bytes;
    return true;
}

/* The value of `width` bits at a bit position, without reading past `end` by more than 7. */
static uint64_t tni_delta_bits(const tni_delta *d) {
    const uint8_t *p = d->packed + (size_t)(d->bit >> 3);
    uint32_t shift = (uint32_t)(d->bit & 7);
    uint64_t v = tni_load_le64(p) >> shift;
    if (shift + d->width > 64) {
        v |= (uint64_t)p[8] << (64 - shift);
    }
    return v & tni_low_bits(d->width);
}

TNI_FN size_t tni_delta_read(tni_delta *d, int64_t *out, size_t n) {
    size_t done = 0;
    n = (size_t)TNI_MIN((uint64_t)n, d->left);
    if (d->first && n) {
        out[done++] = (int64_t)d->value;
        d->first = false;
        d->left--;
    }
    while (done < n) {
        size_t count, i;
        if (d->in_miniblock == 0 && !tni_delta_miniblock(d)) {
            return done;
        }
        count = (size_t)TNI_MIN(d->in_miniblock, (uint64_t)(n - done));
        if (d->width == 0) {
            for (i = 0; i < count; i++) {
                d->value += d->min_delta;
                out[done + i] = (int64_t)d->value;
            }
        } else {
            for (i = 0; i < count; i++, d->bit += d->width) {
                d->value += d->min_delta + tni_delta_bits(d);
                out[done + i] = (int64_t)d->value;
            }
        }
        d->in_miniblock -= count;
        d->left -= count;
        done += count;
    }
    return done;
}

TNI_FN const uint8_t *tni_delta_end(const tni_delta *d) {
    tni_delta walk = *d;
    if (walk.left) {
        walk.left--;
    }
    while (walk.left) {
        if (!tni_delta_miniblock(&walk)) {
            return NULL;
        }
        walk.left -= walk.in_miniblock;
    }
    /* padding miniblocks of the last block carry no bytes */
    return walk.at;
}
