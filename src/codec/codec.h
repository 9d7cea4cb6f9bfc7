/*
 * codec.h - the compression formats of the files we read: Snappy, LZ4, DEFLATE (raw, zlib, gzip),
 * Zstandard; CRC-32. Decoders for all, encoders for Snappy and gzip.
 *
 * A decoder works on whole inputs in memory. It returns NULL when all went well, else a static
 * sentence that says what is wrong with the input: the caller, who knows the file and the place,
 * builds the error. Output goes to a tni_codec_output: a block of fixed size, or one that grows
 * up to a limit. Every block has TNI_CODEC_PADDING writable bytes beyond its capacity, so that
 * copies may overshoot in strides instead of counting bytes.
 */
#ifndef TNI_CODEC_CODEC_H
#define TNI_CODEC_CODEC_H

#include "base/memory.h"

#define TNI_CODEC_PADDING 64u

typedef struct tni_codec_output {
    uint8_t *data;
    size_t size;        /* bytes written so far */
    size_t capacity;    /* without the padding */
    size_t limit;       /* growing: never beyond this */
    tni_memory *memory; /* growing: where from; NULL: the capacity is fixed */
    bool memory_failed; /* the reason returned was an allocation of `wanted` bytes */
    size_t wanted;
} tni_codec_output;

/* An output over memory of the caller: `capacity` bytes plus the padding. */
TNI_INLINE tni_codec_output tni_codec_output_fixed(void *data, size_t capacity) {
    tni_codec_output out = TNI_ZERO;
    out.data = (uint8_t *)data;
    out.capacity = capacity;
    out.limit = capacity;
    return out;
}
/* A growing output; free its block (data, capacity + padding bytes) with tni_codec_output_free. */
TNI_INLINE tni_codec_output tni_codec_output_growing(tni_memory *memory, size_t limit) {
    tni_codec_output out = TNI_ZERO;
    out.memory = memory;
    out.limit = limit;
    return out;
}
TNI_FN void tni_codec_output_free(tni_codec_output *out);
/* Room for `more` bytes past `size`; the reason why not, else NULL. Data may move. */
TNI_FN const char *tni_codec_reserve(tni_codec_output *out, size_t more);

/* Snappy's block format. `size` is the length its preamble must announce. */
TNI_FN bool tni_snappy_length(const uint8_t *in, size_t in_size, uint64_t *length);
TNI_FN const char *tni_snappy_decode(const uint8_t *in, size_t in_size, tni_codec_output *out);
TNI_FN size_t tni_snappy_bound(size_t size); /* room an encoded block may need; 0 on overflow */
TNI_FN size_t tni_snappy_encode(const uint8_t *in, size_t size, uint8_t *out);

/* One raw LZ4 block. */
TNI_FN const char *tni_lz4_decode(const uint8_t *in, size_t in_size, tni_codec_output *out);
/* What Parquet calls LZ4: Hadoop's framing (big-endian lengths before each block), else raw.
 * The output must come to exactly `size` bytes. */
TNI_FN const char *tni_lz4_hadoop_decode(const uint8_t *in, size_t in_size, size_t size,
                                         tni_codec_output *out);

/* DEFLATE: raw data, a zlib stream, or gzip members one after the other (zlib is recognised).
 * Checksums and lengths are verified; a stream cut short is an error. */
TNI_FN const char *tni_inflate(const uint8_t *in, size_t in_size, size_t *used,
                               tni_codec_output *out);
TNI_FN const char *tni_gzip_decode(const uint8_t *in, size_t in_size, tni_codec_output *out);

/* Text to gzip, piece by piece (deflate.c): `out` has room for tni_gzip_bound(size) bytes, which is
 * 0 when that does not fit; the result is how many were written. The last piece may be empty. */
#define TNI_GZIP_HEADS 32768u
typedef struct tni_gzip_encoder tni_gzip_encoder;
TNI_FN void tni_gzip_begin(tni_gzip_encoder *encoder);
TNI_FN size_t tni_gzip_bound(size_t size);
TNI_FN size_t tni_gzip_encode(tni_gzip_encoder *encoder, const uint8_t *in, size_t size, bool last,
                              uint8_t *out);

/* Zstandard frames one after the other, skippable ones included. Dictionaries are refused.
 * `memory` lends the decoder its tables and literals (about 170 KiB) for the call. */
TNI_FN const char *tni_zstd_decode(tni_memory *memory, const uint8_t *in, size_t in_size,
                                   tni_codec_output *out);

/* CRC-32 (IEEE 802.3, as in gzip and Parquet), eight bytes at a time. */
typedef struct tni_crc32_table {
    uint32_t entries[8][256];
} tni_crc32_table;
struct tni_gzip_encoder {
    tni_crc32_table table;
    uint32_t crc, size;
    bool begun;
    uint32_t heads[TNI_GZIP_HEADS];
};
TNI_FN void tni_crc32_init(tni_crc32_table *table);
TNI_FN uint32_t tni_crc32(const tni_crc32_table *table, uint32_t crc, const void *data,
                          size_t size);

/* ---- what the decoders share ---- */

TNI_INLINE uint16_t tni_load_le16(const uint8_t *p) {
    return (uint16_t)(p[0] | (uint32_t)p[1] << 8);
}
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
TNI_INLINE uint32_t tni_load_le32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
TNI_INLINE uint64_t tni_load_le64(const uint8_t *p) {
    return (uint64_t)tni_load_le32(p) | (uint64_t)tni_load_le32(p + 4) << 32;
}
#else
TNI_INLINE uint32_t tni_load_le32(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}
TNI_INLINE uint64_t tni_load_le64(const uint8_t *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}
#endif

TNI_INLINE void tni_copy8(uint8_t *to, const uint8_t *from) {
    uint64_t v;
    memcpy(&v, from, 8);
    memcpy(to, &v, 8);
}
TNI_INLINE void tni_copy16(uint8_t *to, const uint8_t *from) {
    uint64_t v[2];
    memcpy(v, from, 16);
    memcpy(to, v, 16);
}

/* Copy `length` bytes from `distance` bytes before `to`, which may overlap: the heart of every
 * LZ77 format. Writes up to 15 bytes beyond. A distance below 8 doubles by copying its pattern. */
TNI_INLINE void tni_copy_match(uint8_t *to, size_t distance, size_t length) {
    uint8_t *end = to + length;
    const uint8_t *from = to - distance;
    if (distance >= 16) {
        do {
            tni_copy16(to, from);
            to += 16;
            from += 16;
        } while (to < end);
        return;
    }
    if (distance == 1) {
        memset(to, *from, length);
        return;
    }
    while (distance < 8) {
        tni_copy8(to, from);
        if (length <= distance) {
            return;
        }
        to += distance;
        length -= distance;
        distance *= 2;
    }
    do {
        tni_copy8(to, from);
        to += 8;
        from += 8;
    } while (to < end);
}

#endif
