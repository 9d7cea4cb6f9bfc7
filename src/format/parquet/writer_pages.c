/*
 * writer_pages.c - encoding a buffered column: dictionary or PLAIN, data pages V1, Snappy.
 *
 * A dictionary is written when codes and entries together are clearly smaller than the plain
 * values; it is given up early when the first rows have too many different values. Pages hold as
 * many rows as the pieces that our reader cuts a row group into, so that a morsel is one page.
 */
#include "format/parquet/writer.h"

#define TNI_PARQUET_PAGE_BYTES (64u << 20) /* a page of long strings ends early */
#define TNI_PARQUET_TRIAL_ROWS 2048u       /* rows after which a hopeless dictionary is dropped */

/* ---- types ---- */

static tni_parquet_out tni_parquet_out_make(const char *name, tni_type type,
                                            tni_parquet_physical physical, uint32_t width,
                                            int32_t converted, int32_t logical) {
    tni_parquet_out out;
    out.name = name;
    out.type = type;
    out.physical = (uint8_t)physical;
    out.width = width;
    out.converted = converted;
    out.logical = logical;
    return out;
}

TNI_FN tni_parquet_out tni_parquet_out_type(const char *name, tni_type type) {
    static const struct {
        uint8_t physical, width;
        int8_t converted, logical;
    } table[TRUENO_TYPE_COUNT] = {
        {TNI_PARQUET_INT32, 4, -1, 11},      /* NULL: UNKNOWN */
        {TNI_PARQUET_BOOLEAN, 0, -1, 0},     /* BOOLEAN */
        {TNI_PARQUET_INT32, 4, 15, 10},      /* TINYINT */
        {TNI_PARQUET_INT32, 4, 16, 10},      /* SMALLINT */
        {TNI_PARQUET_INT32, 4, 17, 10},      /* INTEGER */
        {TNI_PARQUET_INT64, 8, 18, 10},      /* BIGINT */
        {TNI_PARQUET_INT32, 4, 11, 10},      /* UTINYINT */
        {TNI_PARQUET_INT32, 4, 12, 10},      /* USMALLINT */
        {TNI_PARQUET_INT32, 4, 13, 10},      /* UINTEGER */
        {TNI_PARQUET_INT64, 8, 14, 10},      /* UBIGINT */
        {TNI_PARQUET_DOUBLE, 8, -1, 0},      /* HUGEINT */
        {TNI_PARQUET_FLOAT, 4, -1, 0},       /* FLOAT */
        {TNI_PARQUET_DOUBLE, 8, -1, 0},      /* DOUBLE */
        {TNI_PARQUET_FIXED, 16, 5, 5},       /* DECIMAL: see below */
        {TNI_PARQUET_INT32, 4, 6, 6},        /* DATE */
        {TNI_PARQUET_INT64, 8, -1, 7},       /* TIME */
        {TNI_PARQUET_INT64, 8, -1, 8},       /* TIMESTAMP_S: microseconds */
        {TNI_PARQUET_INT64, 8, -1, 8},       /* TIMESTAMP_MS */
        {TNI_PARQUET_INT64, 8, -1, 8},       /* TIMESTAMP */
        {TNI_PARQUET_INT64, 8, -1, 8},       /* TIMESTAMP_NS */
        {TNI_PARQUET_INT64, 8, 10, 8},       /* TIMESTAMP_TZ */
        {TNI_PARQUET_FIXED, 12, 21, 0},      /* INTERVAL */
        {TNI_PARQUET_BYTE_ARRAY, 0, 0, 1},   /* VARCHAR */
        {TNI_PARQUET_BYTE_ARRAY, 0, -1, 0}}; /* BLOB */
    uint8_t id = type.id < TRUENO_TYPE_COUNT ? type.id : (uint8_t)TRUENO_TYPE_BLOB;
    if (id == TRUENO_TYPE_DECIMAL && type.precision <= 9) {
        return tni_parquet_out_make(name, type, TNI_PARQUET_INT32, 4, 5, 5);
    }
    if (id == TRUENO_TYPE_DECIMAL && type.precision <= 18) {
        return tni_parquet_out_make(name, type, TNI_PARQUET_INT64, 8, 5, 5);
    }
    return tni_parquet_out_make(name, type, (tni_parquet_physical)table[id].physical,
                                table[id].width, table[id].converted, table[id].logical);
}

static void tni_parquet_put_le(uint8_t *to, uint64_t v, uint32_t bytes) {
    uint32_t i;
    for (i = 0; i < bytes; i++) {
        to[i] = (uint8_t)(v >> (8 * i));
    }
}

static bool tni_parquet_store_interval(const void *in, uint8_t *to) {
    tni_interval v;
    int64_t ms;
    memcpy(&v, in, sizeof v);
    ms = v.microseconds / 1000;
    if (v.months < 0 || v.days < 0 || ms < 0 || ms > (int64_t)UINT32_MAX) {
        return false;
    }
    tni_parquet_put_le(to, (uint64_t)v.months, 4);
    tni_parquet_put_le(to + 4, (uint64_t)v.days, 4);
    tni_parquet_put_le(to + 8, (uint64_t)ms, 4);
    return true;
}

static bool tni_parquet_store_huge(const tni_parquet_out *out, const void *in, uint8_t *to) {
    tni_i128 v;
    uint32_t i;
    uint64_t bits;
    memcpy(&v, in, sizeof v);
    if (out->type.id == TRUENO_TYPE_HUGEINT) {
        double d = tni_i128_to_double(v);
        memcpy(&bits, &d, 8);
        tni_parquet_put_le(to, bits, 8);
        return true;
    }
    for (i = 0; i < 8; i++) { /* big-endian */
        to[i] = (uint8_t)((uint64_t)v.high >> (56 - 8 * i));
        to[8 + i] = (uint8_t)(v.low >> (56 - 8 * i));
    }
    return true;
}

TNI_FN bool tni_parquet_store(const tni_parquet_out *out, const void *in, uint8_t *to) {
    tni_value v;
    uint64_t bits = 0;
    tni_physical physical = tni_type_physical(out->type);
    if (physical == TNI_PHYSICAL_INTERVAL) {
        return tni_parquet_store_interval(in, to);
    }
    if (physical == TNI_PHYSICAL_I128) {
        return tni_parquet_store_huge(out, in, to);
    }
    if (physical == TNI_PHYSICAL_F32 || physical == TNI_PHYSICAL_F64) {
        uint32_t single = 0;
        if (out->width == 4) {
            memcpy(&single, in, 4);
            bits = single;
        } else {
            memcpy(&bits, in, 8);
        }
        tni_parquet_put_le(to, bits, out->width);
        return true;
    }
    v = tni_value_load(out->type, in);
    bits = physical >= TNI_PHYSICAL_U8 && physical <= TNI_PHYSICAL_U64 ? v.as.natural
                                                                       : (uint64_t)v.as.integer;
    if (out->type.id == TRUENO_TYPE_TIMESTAMP_S) {
        if (v.as.integer > INT64_MAX / 1000000 || v.as.integer < INT64_MIN / 1000000) {
            return false;
        }
        bits = (uint64_t)(v.as.integer * 1000000);
    }
    tni_parquet_put_le(to, bits, out->width);
    return true;
}

/* ---- dictionary choice ---- */

/* A column's dictionary for the row group: codes per valid row, and the entries' bytes. */
typedef struct tni_parquet_codes {
    uint32_t *codes;     /* [rows], NULL rows are 0 */
    uint32_t *entries;   /* row of each entry's first appearance (not strings) */
    uint32_t count;
    uint32_t rows;       /* allocated */
    bool used;
} tni_parquet_codes;

static bool tni_parquet_row_valid(const tni_parquet_column_writer *c, uint32_t row) {
    return c->nulls == 0 || tni_bit_get(c->validity, row);
}

/* A value of up to 16 bytes as two words, so that comparing and hashing take no loop. */
typedef struct tni_parquet_key {
    uint64_t low, high;
} tni_parquet_key;

TNI_FORCE_INLINE tni_parquet_key tni_parquet_row_key(const uint8_t *values, uint32_t width,
                                                     uint32_t row) {
    const uint8_t *value = values + (size_t)row * width;
    tni_parquet_key key;
    key.high = 0;
    if (width == 8) {
        key.low = tni_load_le64(value);
    } else if (width == 4) {
        key.low = tni_load_le32(value);
    } else if (width == 16) {
        key.low = tni_load_le64(value);
        key.high = tni_load_le64(value + 8);
    } else {
        key.low = width == 2 ? tni_load_le16(value) : *value;
    }
    return key;
}

static uint32_t tni_parquet_code_bits(uint32_t count) {
    uint32_t bits = 1;
    while (bits < 32 && (UINT64_C(1) << bits) < count) {
        bits++;
    }
    return bits;
}

/* Codes for fixed-width values by a hash table of first appearances. codes->used stays false when
 * a dictionary would not pay. */
static void tni_parquet_find_codes(const tni_parquet_column_writer *c, uint32_t rows,
                                   uint32_t *slots, uint32_t slot_count,
                                   tni_parquet_codes *codes) {
    uint32_t width = c->value_width, row, most = rows / 4;
    uint64_t bytes;
    for (row = 0; row < rows; row++) {
        tni_parquet_key key = tni_parquet_row_key(c->values, width, row), other;
        uint32_t slot;
        if (!tni_parquet_row_valid(c, row)) {
            codes->codes[row] = 0;
            continue;
        }
        slot = (uint32_t)tni_hash_u64(key.low ^ tni_hash_u64(key.high)) & (slot_count - 1);
        while (slots[slot]) {
            other = tni_parquet_row_key(c->values, width, codes->entries[slots[slot] - 1]);
            if (other.low == key.low && other.high == key.high) {
                break;
            }
            slot = (slot + 1) & (slot_count - 1);
        }
        if (!slots[slot]) {
            if (codes->count >= most || (row < TNI_PARQUET_TRIAL_ROWS &&
                                         codes->count >= TNI_PARQUET_TRIAL_ROWS / 2)) {
                return;
            }
            codes->entries[codes->count] = row;
            slots[slot] = ++codes->count;
        }
        codes->codes[row] = slots[slot] - 1;
    }
    bytes = (uint64_t)rows * tni_parquet_code_bits(codes->count) / 8 +
            (uint64_t)codes->count * c->out.width;
    codes->used = codes->count > 0 && bytes * 4 < (uint64_t)rows * c->out.width * 3;
}

static void tni_parquet_codes_free(tni_memory *memory, tni_parquet_codes *codes) {
    tni_free(memory, codes->codes, codes->rows * sizeof *codes->codes);
    tni_free(memory, codes->entries, codes->rows * sizeof *codes->entries);
    codes->codes = NULL;
    codes->entries = NULL;
}

static trueno_status tni_parquet_make_codes(const tni_parquet_column_writer *c, uint32_t rows,
                                            tni_memory *memory, tni_parquet_codes *codes,
                                            tni_error *error) {
    uint32_t slot_count = 1024;
    uint32_t *slots;
    if (rows < 16 || c->out.physical == TNI_PARQUET_BOOLEAN) {
        return TRUENO_OK;
    }
    while (slot_count < rows) {
        slot_count *= 2;
    }
    codes->rows = rows;
    codes->codes = (uint32_t *)tni_alloc_array(memory, rows, sizeof *codes->codes);
    codes->entries = (uint32_t *)tni_alloc_array(memory, rows, sizeof *codes->entries);
    slots = (uint32_t *)tni_alloc_zero(memory, slot_count * sizeof *slots);
    if (!codes->codes || !codes->entries || !slots) {
        tni_free(memory, slots, slot_count * sizeof *slots);
        return tni_memory_fail(memory, slot_count * sizeof *slots, error);
    }
    tni_parquet_find_codes(c, rows, slots, slot_count, codes);
    tni_free(memory, slots, slot_count * sizeof *slots);
    return TRUENO_OK;
}

/* Strings are interned already: is the dictionary smaller than the strings in a row? */
static bool tni_parquet_strings_pay(const tni_parquet_column_writer *c, uint32_t rows) {
    const uint32_t *codes = (const uint32_t *)(const void *)c->values;
    uint64_t plain = 0, entries = 0;
    uint32_t i;
    for (i = 0; i < rows; i++) {
        plain +=
            tni_parquet_row_valid(c, i) ? 4 + (uint64_t)c->interner.values[codes[i]].length : 0;
    }
    for (i = 0; i < c->interner.count; i++) {
        entries += 4 + (uint64_t)c->interner.values[i].length;
    }
    entries += (uint64_t)rows * tni_parquet_code_bits(c->interner.count) / 8;
    return c->interner.count > 0 && entries * 4 < plain * 3 && entries < TNI_PARQUET_PAGE_BYTES;
}

/* ---- runs ---- */

static void tni_parquet_put_u32(tni_text *out, uint32_t v) {
    uint8_t bytes[4];
    tni_parquet_put_le(bytes, v, 4);
    tni_text_append(out, bytes, 4);
}

static void tni_parquet_put_run(tni_text *out, uint32_t value, uint32_t n, uint32_t bits) {
    uint8_t bytes[4];
    tni_thrift_put_varint(out, (uint64_t)n << 1);
    tni_parquet_put_le(bytes, value, 4);
    tni_text_append(out, bytes, (bits + 7) / 8);
}

/* n values (padded with zeros to a multiple of 8) as one bit-packed run. A group of 8 is `bits`
 * bytes. */
static void tni_parquet_put_packed(tni_text *out, const uint32_t *values, uint32_t n,
                                   uint32_t bits) {
    uint8_t bytes[512];
    uint32_t groups = (n + 7) / 8, i, k, held = 0, filled = 0;
    uint64_t word = 0;
    tni_thrift_put_varint(out, (uint64_t)groups << 1 | 1);
    for (i = 0; i < groups; i++) {
        if (filled + bits + 8 > sizeof bytes) {
            tni_text_append(out, bytes, filled);
            filled = 0;
        }
        for (k = 8 * i; k < 8 * i + 8; k++) {
            word |= (uint64_t)(k < n ? values[k] : 0) << held;
            for (held += bits; held >= 8; held -= 8, word >>= 8) {
                bytes[filled++] = (uint8_t)(word & 255);
            }
        }
    }
    tni_text_append(out, bytes, filled);
}

/* Hybrid runs: a value repeated 16 times or more is a run, everything between is bit-packed in
 * groups of 8, filled up from the run that follows. */
static void tni_parquet_put_codes(tni_text *out, const uint32_t *codes, uint32_t n, uint32_t bits) {
    uint32_t start = 0, at = 0;
    while (at < n) {
        uint32_t run = 1, fill;
        while (at + run < n && codes[at + run] == codes[at]) {
            run++;
        }
        fill = (8 - ((at - start) & 7)) & 7;
        if (run < fill + 16) {
            at += run;
            continue;
        }
        if (at + fill > start) {
            tni_parquet_put_packed(out, codes + start, at + fill - start, bits);
        }
        tni_parquet_put_run(out, codes[at], run - fill, bits);
        at += run;
        start = at;
    }
    if (n > start) {
        tni_parquet_put_packed(out, codes + start, n - start, bits);
    }
}

/* Definition levels of rows [first, first + n). *valid is how many values follow. */
static void tni_parquet_put_levels(const tni_parquet_column_writer *c, uint32_t first, uint32_t n,
                                   tni_text *out, uint32_t *valid) {
    size_t at = out->length;
    uint32_t i, k;
    *valid = n;
    tni_parquet_put_u32(out, 0);
    for (i = 0; c->nulls && i < n; i++) {
        *valid -= !tni_bit_get(c->validity, first + i);
    }
    if (*valid == n || *valid == 0) {
        tni_parquet_put_run(out, *valid != 0, n, 1);
    } else {
        tni_thrift_put_varint(out, (uint64_t)((n + 7) / 8) << 1 | 1);
        for (i = 0; i < n; i += 8) {
            uint32_t byte = 0;
            for (k = 0; k < 8 && i + k < n; k++) {
                byte |= (uint32_t)tni_bit_get(c->validity, first + i + k) << k;
            }
            tni_text_char(out, (char)(uint8_t)byte);
        }
    }
    if (!out->failed) {
        tni_parquet_put_le((uint8_t *)(void *)(out->data + at), out->length - at - 4, 4);
    }
}

/* ---- pages ---- */

TNI_FN trueno_status tni_parquet_sink_write(tni_parquet_sink *sink, const void *data, size_t size,
                                            tni_error *error) {
    int code = size ? sink->files->write(sink->files->user, sink->handle, data, size) : 0;
    if (code != 0) {
        return tni_fail(error, TRUENO_ERROR_IO, "%s: write at byte %llu failed (%s)",
                        sink->path, (unsigned long long)sink->offset, tni_files_error_text(code));
    }
    sink->offset += size;
    return TRUENO_OK;
}

static void tni_parquet_put_page_header(tni_text *out, bool dictionary, size_t size, size_t packed,
                                        uint32_t values, tni_parquet_encoding encoding) {
    int32_t last = 0, inner = 0;
    tni_text_clear(out);
    tni_thrift_put_int(out, &last, 1, TNI_THRIFT_I32,
                       dictionary ? TNI_PARQUET_DICTIONARY_PAGE : TNI_PARQUET_DATA_PAGE);
    tni_thrift_put_int(out, &last, 2, TNI_THRIFT_I32, (int64_t)size);
    tni_thrift_put_int(out, &last, 3, TNI_THRIFT_I32, (int64_t)packed);
    tni_thrift_put_field(out, &last, dictionary ? 7 : 5, TNI_THRIFT_STRUCT);
    tni_thrift_put_int(out, &inner, 1, TNI_THRIFT_I32, values);
    tni_thrift_put_int(out, &inner, 2, TNI_THRIFT_I32, encoding);
    if (!dictionary) {
        tni_thrift_put_int(out, &inner, 3, TNI_THRIFT_I32, TNI_PARQUET_RLE);
        tni_thrift_put_int(out, &inner, 4, TNI_THRIFT_I32, TNI_PARQUET_RLE);
    }
    tni_thrift_put_stop(out);
    tni_thrift_put_stop(out);
}

/* Room an encoded page may need; 0 on overflow. */
static size_t tni_parquet_pack_bound(const tni_parquet_sink *sink) {
    switch (sink->codec) {
    case TNI_PARQUET_GZIP: return tni_gzip_bound(sink->page.length);
    case TNI_PARQUET_UNCOMPRESSED: return sink->page.length + 1;
    default: return tni_snappy_bound(sink->page.length);
    }
}

/* The page as the file has it: `*out` and its size. */
static trueno_status tni_parquet_pack(tni_parquet_sink *sink, const void **out, size_t *size,
                                      tni_error *error) {
    const uint8_t *page = (const uint8_t *)(const void *)sink->page.data;
    size_t bound = tni_parquet_pack_bound(sink);
    void *items = sink->packed;
    if (sink->page.length > INT32_MAX || bound > INT32_MAX || bound == 0) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "%s: a value of %llu bytes is too large",
                        sink->path, (unsigned long long)sink->page.length);
    }
    *out = page;
    *size = sink->page.length;
    if (sink->codec == TNI_PARQUET_UNCOMPRESSED) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_grow(sink->memory, &items, &sink->packed_capacity, bound, 1, error));
    sink->packed = (uint8_t *)items;
    *out = sink->packed;
    if (sink->codec == TNI_PARQUET_SNAPPY) {
        *size = tni_snappy_encode(page, sink->page.length, sink->packed);
        return TRUENO_OK;
    }
    if (!sink->gzip) {
        sink->gzip = (tni_gzip_encoder *)tni_alloc(sink->memory, sizeof *sink->gzip);
        if (!sink->gzip) {
            return tni_memory_fail(sink->memory, sizeof *sink->gzip, error);
        }
    }
    tni_gzip_begin(sink->gzip);
    *size = tni_gzip_encode(sink->gzip, page, sink->page.length, true, sink->packed);
    return TRUENO_OK;
}

/* Compress and write what sink->page holds. */
static trueno_status tni_parquet_put_page(tni_parquet_sink *sink, bool dictionary, uint32_t values,
                                          tni_parquet_encoding encoding,
                                          tni_parquet_written *written, tni_error *error) {
    const void *data = NULL;
    size_t packed = 0;
    if (sink->page.failed) {
        return tni_memory_fail(sink->memory, sink->page.length, error);
    }
    TNI_TRY(tni_parquet_pack(sink, &data, &packed, error));
    tni_parquet_put_page_header(&sink->header, dictionary, sink->page.length, packed, values,
                                encoding);
    if (sink->header.failed) {
        return tni_memory_fail(sink->memory, 64, error);
    }
    TNI_TRY(tni_parquet_sink_write(sink, sink->header.data, sink->header.length, error));
    TNI_TRY(tni_parquet_sink_write(sink, data, packed, error));
    written->codec = sink->codec;
    written->compressed_size += sink->header.length + packed;
    written->size += sink->header.length + sink->page.length;
    return TRUENO_OK;
}

static trueno_status tni_parquet_misfit(const tni_parquet_column_writer *c, tni_error *error) {
    return tni_fail(error, TRUENO_ERROR_OUT_OF_RANGE,
                    "column \"%s\": a value cannot be represented in a Parquet file", c->out.name);
}

static void tni_parquet_put_string(tni_text *out, const tni_string *s) {
    tni_parquet_put_u32(out, s->length);
    if (s->length) {
        tni_text_append(out, tni_string_data(s), s->length);
    }
}

static trueno_status tni_parquet_put_stored(const tni_parquet_column_writer *c, uint32_t row,
                                            tni_text *out, tni_error *error) {
    uint8_t stored[16];
    if (!tni_parquet_store(&c->out, c->values + (size_t)row * c->value_width, stored)) {
        return tni_parquet_misfit(c, error);
    }
    tni_text_append(out, stored, c->out.width);
    return TRUENO_OK;
}

/* Values that are stored as they lie in memory: runs of valid rows at once. */
static void tni_parquet_put_same(const tni_parquet_column_writer *c, uint32_t first, uint32_t end,
                                 tni_text *out) {
    uint32_t width = c->value_width, row = first;
    while (row < end) {
        uint32_t start;
        while (row < end && !tni_parquet_row_valid(c, row)) {
            row++;
        }
        start = row;
        row = c->nulls == 0 ? end : row;
        while (row < end && tni_parquet_row_valid(c, row)) {
            row++;
        }
        tni_text_append(out, c->values + (size_t)start * width, (size_t)(row - start) * width);
    }
}

/* PLAIN values of rows [first, end). */
static trueno_status tni_parquet_put_plain(const tni_parquet_column_writer *c, uint32_t first,
                                           uint32_t end, tni_text *out, tni_error *error) {
    const uint32_t *codes = (const uint32_t *)(const void *)c->values;
    uint32_t row, bit = 0, byte = 0;
    bool same = c->out.width == c->value_width && c->out.physical != TNI_PARQUET_FIXED &&
                c->out.type.id != TRUENO_TYPE_TIMESTAMP_S;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    same = false;
#endif
    if (same) {
        tni_parquet_put_same(c, first, end, out);
        return TRUENO_OK;
    }
    for (row = first; row < end; row++) {
        if (!tni_parquet_row_valid(c, row)) {
            continue;
        }
        if (c->out.physical == TNI_PARQUET_BYTE_ARRAY) {
            tni_parquet_put_string(out, &c->interner.values[codes[row]]);
        } else if (c->out.physical == TNI_PARQUET_BOOLEAN) {
            byte |= (uint32_t)(c->values[row] & 1) << bit;
            if (++bit == 8) {
                tni_text_char(out, (char)(uint8_t)byte);
                bit = 0;
                byte = 0;
            }
        } else {
            TNI_TRY(tni_parquet_put_stored(c, row, out, error));
        }
    }
    if (bit) {
        tni_text_char(out, (char)(uint8_t)byte);
    }
    return TRUENO_OK;
}

static trueno_status tni_parquet_put_dictionary(const tni_parquet_column_writer *c,
                                                const tni_parquet_codes *codes,
                                                tni_parquet_sink *sink,
                                                tni_parquet_written *written, tni_error *error) {
    uint32_t i, count = tni_type_is_string(c->out.type) ? c->interner.count : codes->count;
    tni_text_clear(&sink->page);
    for (i = 0; i < count; i++) {
        if (tni_type_is_string(c->out.type)) {
            tni_parquet_put_string(&sink->page, &c->interner.values[i]);
        } else {
            TNI_TRY(tni_parquet_put_stored(c, codes->entries[i], &sink->page, error));
        }
    }
    written->dictionary_offset = sink->offset;
    return tni_parquet_put_page(sink, true, count, TNI_PARQUET_PLAIN, written, error);
}

/* The row where a page that starts at `first` ends. */
static uint32_t tni_parquet_page_end(const tni_parquet_column_writer *c, uint32_t first,
                                     uint32_t rows, uint32_t page_rows) {
    const uint32_t *codes = (const uint32_t *)(const void *)c->values;
    uint32_t end = TNI_MIN(first + page_rows, rows), row;
    uint64_t bytes = 0;
    if (c->out.physical != TNI_PARQUET_BYTE_ARRAY) {
        return end;
    }
    for (row = first; row < end; row++) {
        bytes += tni_parquet_row_valid(c, row) ? 4 + c->interner.values[codes[row]].length : 0;
        if (bytes > TNI_PARQUET_PAGE_BYTES && row > first) {
            return row;
        }
    }
    return end;
}

static trueno_status tni_parquet_put_code_page(const tni_parquet_column_writer *c,
                                               const uint32_t *codes, uint32_t count,
                                               uint32_t first, uint32_t end, uint32_t valid,
                                               tni_parquet_sink *sink, tni_error *error) {
    uint32_t bits = tni_parquet_code_bits(count), row, n = 0;
    uint32_t *dense;
    tni_text_char(&sink->page, (char)(uint8_t)bits);
    if (valid == end - first) {
        tni_parquet_put_codes(&sink->page, codes + first, valid, bits);
        return TRUENO_OK;
    }
    dense = (uint32_t *)tni_alloc_array(sink->memory, valid + (size_t)1, sizeof *dense);
    if (!dense) {
        return tni_memory_fail(sink->memory, valid * sizeof *dense, error);
    }
    for (row = first; row < end; row++) {
        if (tni_bit_get(c->validity, row)) {
            dense[n++] = codes[row];
        }
    }
    tni_parquet_put_codes(&sink->page, dense, n, bits);
    tni_free(sink->memory, dense, (valid + (size_t)1) * sizeof *dense);
    return TRUENO_OK;
}

/* ---- statistics ---- */

#define TNI_PARQUET_BOUNDS(name, value)                                                            \
    static bool name(const tni_parquet_column_writer *c, uint32_t rows, void *low, void *high) {   \
        const value *v = (const value *)(const void *)c->values;                                   \
        value a = 0, b = 0;                                                                        \
        bool any = false;                                                                          \
        uint32_t row;                                                                              \
        for (row = 0; row < rows; row++) {                                                         \
            if (!tni_parquet_row_valid(c, row) || v[row] != v[row]) { /* NaN */                    \
                continue;                                                                          \
            }                                                                                      \
            a = !any || v[row] < a ? v[row] : a;                                                   \
            b = !any || v[row] > b ? v[row] : b;                                                   \
            any = true;                                                                            \
        }                                                                                          \
        memcpy(low, &a, sizeof a);                                                                 \
        memcpy(high, &b, sizeof b);                                                                \
        return any;                                                                                \
    }
TNI_PARQUET_BOUNDS(tni_parquet_bounds_i8, int8_t)
TNI_PARQUET_BOUNDS(tni_parquet_bounds_u8, uint8_t)
TNI_PARQUET_BOUNDS(tni_parquet_bounds_i16, int16_t)
TNI_PARQUET_BOUNDS(tni_parquet_bounds_u16, uint16_t)
TNI_PARQUET_BOUNDS(tni_parquet_bounds_i32, int32_t)
TNI_PARQUET_BOUNDS(tni_parquet_bounds_u32, uint32_t)
TNI_PARQUET_BOUNDS(tni_parquet_bounds_i64, int64_t)
TNI_PARQUET_BOUNDS(tni_parquet_bounds_u64, uint64_t)
TNI_PARQUET_BOUNDS(tni_parquet_bounds_f32, float)
TNI_PARQUET_BOUNDS(tni_parquet_bounds_f64, double)

static bool tni_parquet_bounds_i128(const tni_parquet_column_writer *c, uint32_t rows, void *low,
                                    void *high) {
    const tni_i128 *v = (const tni_i128 *)(const void *)c->values;
    tni_i128 a = tni_i128_from_i64(0), b = a;
    bool any = false;
    uint32_t row;
    for (row = 0; row < rows; row++) {
        if (tni_parquet_row_valid(c, row)) {
            a = !any || tni_i128_compare(v[row], a) < 0 ? v[row] : a;
            b = !any || tni_i128_compare(v[row], b) > 0 ? v[row] : b;
            any = true;
        }
    }
    memcpy(low, &a, sizeof a);
    memcpy(high, &b, sizeof b);
    return any;
}

/* Every entry of the interner is in use. */
static bool tni_parquet_bounds_strings(const tni_parquet_column_writer *c, void *low, void *high) {
    const tni_string *v = c->interner.values;
    tni_string a = tni_string_make(NULL, 0), b = a;
    uint32_t i;
    for (i = 0; i < c->interner.count; i++) {
        a = i == 0 || tni_string_compare(&v[i], &a) < 0 ? v[i] : a;
        b = i == 0 || tni_string_compare(&v[i], &b) > 0 ? v[i] : b;
    }
    memcpy(low, &a, sizeof a);
    memcpy(high, &b, sizeof b);
    return c->interner.count > 0;
}

static bool tni_parquet_bounds(const tni_parquet_column_writer *c, uint32_t rows, void *low,
                               void *high) {
    switch (tni_type_physical(c->out.type)) {
    case TNI_PHYSICAL_BOOL:
    case TNI_PHYSICAL_U8: return tni_parquet_bounds_u8(c, rows, low, high);
    case TNI_PHYSICAL_I8: return tni_parquet_bounds_i8(c, rows, low, high);
    case TNI_PHYSICAL_I16: return tni_parquet_bounds_i16(c, rows, low, high);
    case TNI_PHYSICAL_U16: return tni_parquet_bounds_u16(c, rows, low, high);
    case TNI_PHYSICAL_I32: return tni_parquet_bounds_i32(c, rows, low, high);
    case TNI_PHYSICAL_U32: return tni_parquet_bounds_u32(c, rows, low, high);
    case TNI_PHYSICAL_I64: return tni_parquet_bounds_i64(c, rows, low, high);
    case TNI_PHYSICAL_U64: return tni_parquet_bounds_u64(c, rows, low, high);
    case TNI_PHYSICAL_F32: return tni_parquet_bounds_f32(c, rows, low, high);
    case TNI_PHYSICAL_F64: return tni_parquet_bounds_f64(c, rows, low, high);
    case TNI_PHYSICAL_I128: return tni_parquet_bounds_i128(c, rows, low, high);
    case TNI_PHYSICAL_STRING: return tni_parquet_bounds_strings(c, low, high);
    default: return false;
    }
}

/* Statistics; intervals have no order in the format, HUGEINT is rounded to DOUBLE. */
static void tni_parquet_find_bounds(const tni_parquet_column_writer *c, uint32_t rows,
                                    tni_parquet_written *written) {
    tni_i128 low, high; /* storage for a value of any type */
    if (c->out.type.id == TRUENO_TYPE_INTERVAL || c->out.type.id == TRUENO_TYPE_NULL ||
        c->out.type.id == TRUENO_TYPE_HUGEINT || !tni_parquet_bounds(c, rows, &low, &high)) {
        return;
    }
    written->has_bounds = true;
    written->min = tni_value_load(c->out.type, &low);
    written->max = tni_value_load(c->out.type, &high);
    if (tni_type_is_float(c->out.type)) { /* zeros of both signs lie inside */
        written->min.as.number = written->min.as.number == 0.0 ? -0.0 : written->min.as.number;
        written->max.as.number = written->max.as.number == 0.0 ? 0.0 : written->max.as.number;
    }
}

#undef TNI_PARQUET_BOUNDS

/* ---- a chunk ---- */

static trueno_status tni_parquet_put_pages(tni_parquet_column_writer *c, uint32_t rows,
                                           const uint32_t *codes, uint32_t count,
                                           tni_parquet_sink *sink, tni_parquet_written *written,
                                           tni_error *error) {
    uint32_t pieces = (rows + TNI_SEGMENT_ROWS - 1) / TNI_SEGMENT_ROWS, first = 0;
    uint32_t page_rows = ((rows + pieces - 1) / pieces + 4095) / 4096 * 4096;
    written->plain = codes == NULL;
    written->data_offset = sink->offset;
    while (first < rows) {
        uint32_t end = codes ? TNI_MIN(first + page_rows, rows)
                             : tni_parquet_page_end(c, first, rows, page_rows);
        uint32_t valid;
        tni_text_clear(&sink->page);
        tni_parquet_put_levels(c, first, end - first, &sink->page, &valid);
        TNI_TRY(codes ? tni_parquet_put_code_page(c, codes, count, first, end, valid, sink, error)
                      : tni_parquet_put_plain(c, first, end, &sink->page, error));
        TNI_TRY(tni_parquet_put_page(sink, false, end - first,
                                     codes ? TNI_PARQUET_RLE_DICTIONARY : TNI_PARQUET_PLAIN,
                                     written, error));
        first = end;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_parquet_column_flush(tni_parquet_column_writer *column, uint32_t rows,
                                              tni_parquet_sink *sink, tni_parquet_written *written,
                                              tni_error *error) {
    bool strings = tni_type_is_string(column->out.type);
    tni_parquet_codes codes;
    trueno_status status = TRUENO_OK;
    memset(&codes, 0, sizeof codes);
    memset(written, 0, sizeof *written);
    if (strings) {
        codes.used = tni_parquet_strings_pay(column, rows);
    } else {
        status = tni_parquet_make_codes(column, rows, sink->memory, &codes, error);
    }
    if (status == TRUENO_OK && codes.used) {
        status = tni_parquet_put_dictionary(column, &codes, sink, written, error);
    }
    if (status == TRUENO_OK) {
        const uint32_t *used =
            strings ? (const uint32_t *)(const void *)column->values : codes.codes;
        status = tni_parquet_put_pages(column, rows, codes.used ? used : NULL,
                                       strings ? column->interner.count : codes.count, sink,
                                       written, error);
    }
    tni_parquet_codes_free(sink->memory, &codes);
    if (status == TRUENO_OK) {
        tni_parquet_find_bounds(column, rows, written);
    }
    return status;
}

#undef TNI_PARQUET_PAGE_BYTES
#undef TNI_PARQUET_TRIAL_ROWS
