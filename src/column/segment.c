/*
 * segment.c - segments: lifetime, and reading them as vectors.
 *
 * A view is the segment's own memory wherever the encoding is also a vector form. A view starts
 * at a multiple of 2,048 rows, hence at a whole validity word. Run-length segments and offset
 * strings are expanded into scratch memory. A constant with NULLs in the view becomes NARROW
 * codes that are all 0, or flat values for types without that form.
 *
 * Uses: vector, dictionary, simd through env->kernels.
 */
#include "column/segment.h"

/* ---- lifetime ---- */

TNI_FN trueno_status tni_segment_new(tni_memory *memory, tni_type type, uint32_t rows,
                                     tni_segment **out, tni_error *error) {
    tni_segment *segment;
    *out = NULL;
    if (rows > TNI_SEGMENT_ROWS) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "segment: %lu rows, at most %lu fit",
                        (unsigned long)rows, (unsigned long)TNI_SEGMENT_ROWS);
    }
    segment = (tni_segment *)tni_alloc_zero(memory, sizeof *segment);
    if (!segment) {
        return tni_memory_fail(memory, sizeof *segment, error);
    }
    tni_atomic_store_i32(&segment->references, 1);
    segment->memory = memory;
    segment->type = type;
    segment->rows = rows;
    *out = segment;
    return TRUENO_OK;
}

TNI_FN tni_segment *tni_segment_retain(tni_segment *segment) {
    if (segment) {
        (void)tni_atomic_add_i32(&segment->references, 1);
    }
    return segment;
}

TNI_FN void tni_segment_release(tni_segment *segment) {
    size_t i;
    if (!segment || tni_atomic_add_i32(&segment->references, -1) != 1) {
        return;
    }
    for (i = 0; i < TNI_COUNT_OF(segment->buffers); i++) {
        tni_buffer_release(segment->buffers[i]);
    }
    tni_dictionary_release(segment->dictionary);
    tni_free(segment->memory, segment, sizeof *segment);
}

TNI_FN void tni_segment_set_dictionary(tni_segment *segment, tni_dictionary *dictionary) {
    tni_dictionary *old = segment->dictionary;
    segment->dictionary = tni_dictionary_retain(dictionary);
    tni_dictionary_release(old);
}

/* ---- parts of a segment ---- */

/* Set bits of `validity` among rows [first, first + rows); first is a multiple of 64. */
static uint32_t tni_segment_valid_rows(const tni_segment *segment, uint32_t first,
                                       uint32_t rows) {
    if (!segment->validity) {
        return rows;
    }
    return (uint32_t)tni_bitmap_count(segment->validity + first / 64, rows);
}

static trueno_status tni_segment_no_scratch(const tni_error *error) {
    return error && error->status != TRUENO_OK ? error->status : TRUENO_ERROR_MEMORY;
}

TNI_FN bool tni_type_has_narrow(tni_type type) {
    switch (tni_type_physical(type)) {
    case TNI_PHYSICAL_I8:
    case TNI_PHYSICAL_I16:
    case TNI_PHYSICAL_I32:
    case TNI_PHYSICAL_I64:
    case TNI_PHYSICAL_U8:
    case TNI_PHYSICAL_U16:
    case TNI_PHYSICAL_U32:
    case TNI_PHYSICAL_U64: return true;
    default: return false;
    }
}

/* The run that holds `row`. */
static uint32_t tni_segment_run_of(const tni_segment *segment, uint32_t row) {
    uint32_t low = 0, high = segment->run_count - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (segment->run_ends[middle] <= row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* tni_string_make without a branch on the length of short strings: 16 bytes are loaded where the
 * heap has them, and those beyond the end cleared. */
static tni_string tni_segment_make_string(const tni_segment *segment, uint64_t from,
                                          uint32_t length) {
    const uint8_t *p = segment->heap + from;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (length <= TNI_STRING_INLINE && segment->heap_size - from >= 16) {
        tni_string s;
        uint64_t low, high;
        memcpy(&low, p, 8);
        memcpy(&high, p + 8, 8);
        low &= tni_low_bits(length * 8);
        high &= length > 8 ? tni_low_bits((length - 8) * 8) : 0;
        s.length = length;
        memcpy(s.bytes, &low, 4);
        s.tail.bits = low >> 32 | high << 32;
        return s;
    }
#endif
    return tni_string_make(p, length);
}

/* String `row` of a PLAIN string segment, whatever its layout. */
TNI_FN tni_string tni_segment_string(const tni_segment *segment, uint32_t row) {
    uint64_t from, to;
    if (segment->strings == TNI_STRINGS_VIEWS) {
        return ((const tni_string *)segment->data)[row];
    }
    if (segment->strings == TNI_STRINGS_OFFSETS32) {
        const uint32_t *offsets = (const uint32_t *)segment->data;
        from = offsets[row];
        to = offsets[row + 1];
    } else {
        const uint64_t *offsets = (const uint64_t *)segment->data;
        from = offsets[row];
        to = offsets[row + 1];
    }
    if (from > to || to > segment->heap_size || to - from > UINT32_MAX) {
        return tni_string_make(NULL, 0); /* readers check offsets; a hole must not crash us */
    }
    return tni_segment_make_string(segment, from, (uint32_t)(to - from));
}

/* A flat vector of the segment's type over `data`, no validity yet. */
static void tni_segment_flat(const tni_segment *segment, const void *data, tni_vector *out) {
    memset(out, 0, sizeof *out);
    out->type = segment->type;
    out->form = TNI_FORM_FLAT;
    out->data = data;
}

/* ---- constants ---- */

static void tni_segment_view_constant(const tni_segment *segment, bool is_null, tni_vector *out) {
    static const uint64_t zero[2] = {0, 0}; /* a NULL has a value to read as well */
    tni_segment_flat(segment, segment->data ? segment->data : (const void *)zero, out);
    out->form = TNI_FORM_CONSTANT;
    out->is_null = is_null || !segment->data;
}

/* A constant beside NULLs, for `rows` rows under `validity`. */
static trueno_status tni_segment_view_patchy(const tni_segment *segment, uint32_t rows,
                                             const uint64_t *validity, tni_scratch *scratch,
                                             tni_vector *out, tni_error *error) {
    uint32_t width = tni_type_width(segment->type);
    bool narrow = tni_type_has_narrow(segment->type);
    void *data = tni_scratch_take(scratch, (size_t)rows * (narrow ? 1 : width), error);
    if (!data) {
        return tni_segment_no_scratch(error);
    }
    tni_segment_flat(segment, data, out);
    out->validity = validity;
    if (narrow) {
        memset(data, 0, rows);
        out->form = TNI_FORM_NARROW;
        out->code_width = 1;
        out->base = segment->constant.as.integer;
    } else {
        tni_vector_repeat(data, segment->data, width, rows);
        tni_vector_clear_nulls(data, width, validity, rows);
    }
    return TRUENO_OK;
}

/* ---- views ---- */

/* `count` copies of a value of `width` bytes. Runs are short, so no call for one. */
TNI_FORCE_INLINE void tni_segment_repeat(uint8_t *out, const uint8_t *value, uint32_t width,
                                         uint32_t count) {
    uint32_t i;
    for (i = 0; i < count; i++) {
        memcpy(out + (size_t)i * width, value, width);
    }
}

/* One loop over runs per width, so that the copies are stores. */
#define TNI_SEGMENT_EXPAND(W)                                                                      \
    for (; row < end; row = stop, run++) {                                                         \
        stop = TNI_MIN(segment->run_ends[run], end);                                               \
        tni_segment_repeat(to, (const uint8_t *)segment->data + (size_t)run * (W), W, stop - row); \
        to += (size_t)(stop - row) * (W);                                                          \
    }

static void tni_segment_expand_runs(const tni_segment *segment, uint32_t first, uint32_t rows,
                                    void *out) {
    uint32_t width = tni_type_width(segment->type), run = tni_segment_run_of(segment, first);
    uint32_t row = first, end = first + rows, stop;
    uint8_t *to = (uint8_t *)out;
    switch (width) {
    case 1:
        TNI_SEGMENT_EXPAND(1)
        break;
    case 2:
        TNI_SEGMENT_EXPAND(2)
        break;
    case 4:
        TNI_SEGMENT_EXPAND(4)
        break;
    case 8:
        TNI_SEGMENT_EXPAND(8)
        break;
    default:
        TNI_SEGMENT_EXPAND(width)
        break;
    }
}
#undef TNI_SEGMENT_EXPAND

/* Runs whose values differ by less than 256 become one-byte codes: an eighth of the bytes, and
 * what reads them has kernels for codes. */
static bool tni_segment_runs_are_narrow(const tni_segment *segment) {
    const tni_zone *zone = &segment->zone;
    return segment->encoding == TNI_ENCODING_RLE && zone->has_bounds &&
           tni_type_has_narrow(segment->type) &&
           (uint64_t)zone->max.as.integer - (uint64_t)zone->min.as.integer < 256;
}

static trueno_status tni_segment_view_codes(const tni_segment *segment, uint32_t first,
                                            uint32_t rows, tni_scratch *scratch, tni_vector *out,
                                            tni_error *error) {
    uint32_t width = tni_type_width(segment->type), run = tni_segment_run_of(segment, first);
    uint32_t row = first, end = first + rows, stop;
    uint8_t *codes = (uint8_t *)tni_scratch_take(scratch, rows, error), *to = codes;
    if (!codes) {
        return tni_segment_no_scratch(error);
    }
    for (; row < end; row = stop, run++) {
        /* the low byte of the difference is the difference: NULL runs of any value are harmless */
        const uint8_t *low = (const uint8_t *)segment->data + (size_t)run * width;
        stop = TNI_MIN(segment->run_ends[run], end);
        memset(to, (uint8_t)(*low - (uint8_t)segment->zone.min.as.integer), stop - row);
        to += stop - row;
    }
    tni_segment_flat(segment, codes, out);
    out->validity = segment->validity ? segment->validity + first / 64 : NULL;
    out->form = TNI_FORM_NARROW;
    out->code_width = 1;
    out->base = segment->zone.min.as.integer;
    return TRUENO_OK;
}

/* Flat values in scratch memory: runs, or strings held by offsets. */
static trueno_status tni_segment_view_expanded(const tni_segment *segment, uint32_t first,
                                               uint32_t rows, tni_scratch *scratch,
                                               tni_vector *out, tni_error *error) {
    uint32_t width = tni_type_width(segment->type), i;
    void *data = tni_scratch_take(scratch, (size_t)rows * width, error);
    if (!data) {
        return tni_segment_no_scratch(error);
    }
    tni_segment_flat(segment, data, out);
    out->validity = segment->validity ? segment->validity + first / 64 : NULL;
    if (segment->encoding == TNI_ENCODING_RLE) {
        tni_segment_expand_runs(segment, first, rows, data);
    } else {
        for (i = 0; i < rows; i++) {
            ((tni_string *)data)[i] = tni_segment_string(segment, first + i);
        }
    }
    tni_vector_clear_nulls(data, width, out->validity, rows);
    return TRUENO_OK;
}

static bool tni_segment_must_expand(const tni_segment *segment) {
    return segment->encoding == TNI_ENCODING_RLE ||
           (segment->encoding == TNI_ENCODING_PLAIN && tni_type_is_string(segment->type) &&
            segment->strings != TNI_STRINGS_VIEWS);
}

/* The segment's own memory from row `first` on, as a vector: NARROW, DICT, PLAIN in place. */
static void tni_segment_view_direct(const tni_segment *segment, uint32_t first, tni_vector *out) {
    uint32_t width = tni_type_width(segment->type);
    tni_segment_flat(segment, NULL, out);
    out->validity = segment->validity ? segment->validity + first / 64 : NULL;
    if (segment->encoding != TNI_ENCODING_PLAIN) {
        width = segment->code_width;
        out->form = segment->encoding == TNI_ENCODING_DICT ? TNI_FORM_DICT : TNI_FORM_NARROW;
        out->code_width = segment->code_width;
        out->base = segment->base;
        out->dictionary = segment->dictionary;
    }
    out->data = (const uint8_t *)segment->data + (size_t)first * width;
}

TNI_FN trueno_status tni_segment_view(const tni_env *env, const tni_segment *segment,
                                      uint32_t first, uint32_t rows, tni_scratch *scratch,
                                      tni_vector *out, tni_error *error) {
    (void)env;
    TNI_ASSERT(first % 64 == 0 && first <= segment->rows && rows <= segment->rows - first);
    if (segment->encoding == TNI_ENCODING_CONSTANT) {
        uint32_t valid = tni_segment_valid_rows(segment, first, rows);
        if (valid == 0 || valid == rows || !segment->data) {
            tni_segment_view_constant(segment, valid == 0 && rows > 0, out);
            return TRUENO_OK;
        }
        return tni_segment_view_patchy(segment, rows, segment->validity + first / 64, scratch,
                                       out, error);
    }
    if (rows && tni_segment_runs_are_narrow(segment)) {
        return tni_segment_view_codes(segment, first, rows, scratch, out, error);
    }
    if (rows && tni_segment_must_expand(segment)) {
        return tni_segment_view_expanded(segment, first, rows, scratch, out, error);
    }
    tni_segment_view_direct(segment, first, out);
    return TRUENO_OK;
}

/* ---- gathers ---- */

/* Rows come mostly in order: try the current run before searching. */
static void tni_segment_gather_runs(const tni_segment *segment, uint32_t first,
                                    const uint16_t *positions, uint32_t count, void *out) {
    uint32_t width = tni_type_width(segment->type), run = 0, i;
    for (i = 0; i < count; i++) {
        uint32_t row = first + positions[i];
        if (row >= segment->run_ends[run] || (run && row < segment->run_ends[run - 1])) {
            run = tni_segment_run_of(segment, row);
        }
        memcpy((uint8_t *)out + (size_t)i * width,
               (const uint8_t *)segment->data + (size_t)run * width, width);
    }
}

static trueno_status tni_segment_gather_expanded(const tni_segment *segment, uint32_t first,
                                                 const uint16_t *positions, uint32_t count,
                                                 const uint64_t *validity, tni_scratch *scratch,
                                                 tni_vector *out, tni_error *error) {
    uint32_t width = tni_type_width(segment->type), i;
    void *data = tni_scratch_take(scratch, (size_t)count * width, error);
    if (!data) {
        return tni_segment_no_scratch(error);
    }
    tni_segment_flat(segment, data, out);
    out->validity = validity;
    if (segment->encoding == TNI_ENCODING_RLE) {
        tni_segment_gather_runs(segment, first, positions, count, data);
    } else {
        for (i = 0; i < count; i++) {
            ((tni_string *)data)[i] = tni_segment_string(segment, first + positions[i]);
        }
    }
    tni_vector_clear_nulls(data, width, validity, count);
    return TRUENO_OK;
}

static trueno_status tni_segment_gather_constant(const tni_segment *segment, uint32_t count,
                                                 const uint64_t *validity, tni_scratch *scratch,
                                                 tni_vector *out, tni_error *error) {
    size_t valid = validity ? tni_bitmap_count(validity, count) : count;
    if (valid == count || valid == 0 || !segment->data) {
        tni_segment_view_constant(segment, valid == 0 && count > 0, out);
        return TRUENO_OK;
    }
    return tni_segment_view_patchy(segment, count, validity, scratch, out, error);
}

TNI_FN trueno_status tni_segment_gather(const tni_env *env, const tni_segment *segment,
                                        uint32_t first, const uint16_t *positions, uint32_t count,
                                        tni_scratch *scratch, tni_vector *out, tni_error *error) {
    bool constant = segment->encoding == TNI_ENCODING_CONSTANT;
    tni_vector direct;
    if (constant || tni_segment_must_expand(segment)) {
        const uint64_t *validity = NULL;
        if (segment->validity && count) {
            validity = tni_vector_gather_validity(segment->validity + first / 64, positions,
                                                  count, scratch, error);
            if (!validity) {
                return tni_segment_no_scratch(error);
            }
        }
        return constant ? tni_segment_gather_constant(segment, count, validity, scratch, out, error)
                        : tni_segment_gather_expanded(segment, first, positions, count, validity,
                                                      scratch, out, error);
    }
    tni_segment_view_direct(segment, first, &direct);
    return tni_vector_gather(env, &direct, positions, count, scratch, out, error);
}
