/*
 * output.c - where decoders write (fixed or growing), and CRC-32.
 *
 * CRC-32 folds eight bytes a step through eight tables (slicing-by-8, Kounavis and Berry 2005).
 * The tables are derived at run time into a struct of the caller: 2 microseconds, no 8 KiB of
 * constants, no global.
 */
#include "codec/codec.h"

TNI_FN void tni_codec_output_free(tni_codec_output *out) {
    if (out->memory && out->data) {
        tni_free(out->memory, out->data, out->capacity + TNI_CODEC_PADDING);
    }
    out->data = NULL;
    out->size = 0;
    out->capacity = 0;
}

TNI_FN const char *tni_codec_reserve(tni_codec_output *out, size_t more) {
    size_t wanted, block;
    uint8_t *data;
    if (more <= out->capacity - out->size) {
        return NULL;
    }
    if (!out->memory) {
        return "more data than announced";
    }
    if (!tni_size_add(out->size, more, &wanted) || wanted > out->limit) {
        return "the decompressed data exceed the limit";
    }
    if (wanted < out->capacity * 2) {
        wanted = out->capacity * 2;
    }
    wanted = TNI_MIN(TNI_MAX(wanted, (size_t)65536), out->limit);
    if (!tni_size_add(wanted, TNI_CODEC_PADDING, &block)) {
        return "the decompressed data exceed the limit";
    }
    data = (uint8_t *)tni_realloc(out->memory, out->data,
                                  out->data ? out->capacity + TNI_CODEC_PADDING : 0, block);
    if (!data) {
        out->memory_failed = true;
        out->wanted = block;
        return "out of memory";
    }
    out->data = data;
    out->capacity = wanted;
    return NULL;
}

TNI_FN void tni_crc32_init(tni_crc32_table *table) {
    uint32_t i, k;
    for (i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (k = 0; k < 8; k++) {
            crc = (crc >> 1) ^ (UINT32_C(0xedb88320) & (0u - (crc & 1u)));
        }
        table->entries[0][i] = crc;
    }
    for (k = 1; k < 8; k++) {
        for (i = 0; i < 256; i++) {
            uint32_t before = table->entries[k - 1][i];
            table->entries[k][i] = (before >> 8) ^ table->entries[0][before & 255u];
        }
    }
}

TNI_FN uint32_t tni_crc32(const tni_crc32_table *table, uint32_t crc, const void *data,
                          size_t size) {
    const uint8_t *p = (const uint8_t *)data;
    const uint32_t(*t)[256] = table->entries;
    crc = ~crc;
    for (; size >= 8; size -= 8, p += 8) {
        uint64_t v = tni_load_le64(p) ^ crc;
        crc = t[7][v & 255] ^ t[6][v >> 8 & 255] ^ t[5][v >> 16 & 255] ^ t[4][v >> 24 & 255] ^
              t[3][v >> 32 & 255] ^ t[2][v >> 40 & 255] ^ t[1][v >> 48 & 255] ^ t[0][v >> 56];
    }
    while (size--) {
        crc = (crc >> 8) ^ t[0][(crc ^ *p++) & 255u];
    }
    return ~crc;
}
