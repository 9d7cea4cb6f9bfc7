/*
 * vector.c - vectors and chunks: flattening, gathering, compaction, and their scratch memory.
 *
 * Flattening is for consumers that know no encoded form; gathering keeps the form, so that codes
 * travel instead of values. Both write to scratch blocks, which are handed out in call order and
 * therefore find a block of the right size again on the next chunk.
 *
 * Uses: simd (through env->kernels), dictionary, type.
 */
#include "column/vector.h"

/* ---- scratch ---- */

#define TNI_SCRATCH_LEAST 512u /* bytes of the smallest block */

TNI_FN void tni_scratch_init(tni_scratch *scratch, tni_memory *memory) {
    memset(scratch, 0, sizeof *scratch);
    scratch->memory = memory;
}

TNI_FN void tni_scratch_free(tni_scratch *scratch) {
    tni_memory *memory = scratch->memory;
    size_t i;
    for (i = 0; i < scratch->count; i++) {
        tni_free(memory, scratch->blocks[i], scratch->sizes[i]);
    }
    tni_free(memory, scratch->blocks, scratch->capacity * sizeof *scratch->blocks);
    tni_free(memory, scratch->sizes, scratch->capacity * sizeof *scratch->sizes);
    tni_scratch_init(scratch, memory);
}

TNI_FN void tni_scratch_reset(tni_scratch *scratch) {
    scratch->used = 0;
}

/* Room in both lists for one block more. They grow together or not at all. */
static trueno_status tni_scratch_extend(tni_scratch *scratch, tni_error *error) {
    size_t wanted = scratch->capacity ? scratch->capacity * 2 : 16;
    void **blocks;
    size_t *sizes;
    if (scratch->count < scratch->capacity) {
        return TRUENO_OK;
    }
    blocks = (void **)tni_alloc_array(scratch->memory, wanted, sizeof *blocks);
    sizes = (size_t *)tni_alloc_array(scratch->memory, wanted, sizeof *sizes);
    if (!blocks || !sizes) {
        tni_free(scratch->memory, blocks, wanted * sizeof *blocks);
        tni_free(scratch->memory, sizes, wanted * sizeof *sizes);
        return tni_memory_fail(scratch->memory, wanted * sizeof *blocks, error);
    }
    if (scratch->count) {
        memcpy(blocks, scratch->blocks, scratch->count * sizeof *blocks);
        memcpy(sizes, scratch->sizes, scratch->count * sizeof *sizes);
    }
    tni_free(scratch->memory, scratch->blocks, scratch->capacity * sizeof *blocks);
    tni_free(scratch->memory, scratch->sizes, scratch->capacity * sizeof *sizes);
    scratch->blocks = blocks;
    scratch->sizes = sizes;
    scratch->capacity = wanted;
    return TRUENO_OK;
}

TNI_FN void *tni_scratch_take(tni_scratch *scratch, size_t size, tni_error *error) {
    size_t slot = scratch->used;
    size = TNI_MAX(size, TNI_SCRATCH_LEAST);
    if (slot == scratch->count) {
        if (tni_scratch_extend(scratch, error) != TRUENO_OK) {
            return NULL;
        }
        scratch->blocks[slot] = NULL;
        scratch->sizes[slot] = 0;
        scratch->count++;
    }
    if (scratch->sizes[slot] < size) {
        tni_free(scratch->memory, scratch->blocks[slot], scratch->sizes[slot]);
        scratch->sizes[slot] = 0;
        scratch->blocks[slot] = tni_alloc(scratch->memory, size);
        if (!scratch->blocks[slot]) {
            (void)tni_memory_fail(scratch->memory, size, error);
            return NULL;
        }
        scratch->sizes[slot] = size;
    }
    scratch->used++;
    return scratch->blocks[slot];
}

/* The status of a take that failed: the error has it, when there is one. */
static trueno_status tni_scratch_status(const tni_error *error) {
    return error && error->status != TRUENO_OK ? error->status : TRUENO_ERROR_MEMORY;
}

/* Scratch for `rows` values of `width` bytes as the data of `out`; NULL: failed. */
static void *tni_vector_space(tni_scratch *scratch, uint32_t rows, uint32_t width,
                              tni_error *error) {
    return tni_scratch_take(scratch, (size_t)rows * width, error);
}

/* ---- flatten ---- */

#define TNI_CLEAR_NULLS(kind, zero)                                                                \
    for (i = 0; i < rows; i += 64) {                                                               \
        uint64_t nulls = ~validity[i / 64] & tni_low_bits(rows - i);                               \
        for (; nulls; nulls &= nulls - 1) {                                                        \
            ((kind *)data)[i + tni_ctz64(nulls)] = zero;                                           \
        }                                                                                          \
    }                                                                                              \
    break;
TNI_FN void tni_vector_clear_nulls(void *data, uint32_t width, const uint64_t *validity,
                                   uint32_t rows) {
    tni_i128 zero = tni_i128_from_i64(0);
    uint32_t i;
    if (!validity) {
        return;
    }
    switch (width) {
    case 1: TNI_CLEAR_NULLS(uint8_t, 0)
    case 2: TNI_CLEAR_NULLS(uint16_t, 0)
    case 4: TNI_CLEAR_NULLS(uint32_t, 0)
    case 8: TNI_CLEAR_NULLS(uint64_t, 0)
    default: TNI_CLEAR_NULLS(tni_i128, zero)
    }
}
#undef TNI_CLEAR_NULLS

TNI_FN void tni_vector_repeat(void *out, const void *value, uint32_t width, uint32_t count) {
    uint8_t *to = (uint8_t *)out;
    size_t total = (size_t)width * count, done = width;
    if (total == 0) {
        return;
    }
    memcpy(to, value, width);
    while (done < total) {
        size_t step = TNI_MIN(done, total - done);
        memcpy(to + done, to, step);
        done += step;
    }
}

/* base + code for the pairs of widths that have no kernel: short integers and 8-byte codes. */
#define TNI_WIDEN_RARE(name, code, type, wrap)                                                     \
    static void tni_vector_widen_##name(const void *codes, uint32_t rows, int64_t base,            \
                                        void *out) {                                               \
        const code *from = (const code *)codes;                                                    \
        type *to = (type *)out;                                                                    \
        uint32_t i;                                                                                \
        for (i = 0; i < rows; i++) {                                                               \
            to[i] = (type)((wrap)base + (wrap)from[i]);                                            \
        }                                                                                          \
    }
TNI_WIDEN_RARE(u8_u8, uint8_t, uint8_t, uint32_t)
TNI_WIDEN_RARE(u8_u16, uint8_t, uint16_t, uint32_t)
TNI_WIDEN_RARE(u16_u16, uint16_t, uint16_t, uint32_t)
TNI_WIDEN_RARE(u32_u32, uint32_t, uint32_t, uint32_t)
TNI_WIDEN_RARE(u64_u64, uint64_t, uint64_t, uint64_t)

static trueno_status tni_vector_widen(const tni_kernels *k, const tni_vector *in, uint32_t rows,
                                      void *out, tni_error *error) {
    uint32_t width = tni_type_width(in->type);
    switch (width * 16 + in->code_width) {
    case 8 * 16 + 1:
        k->widen_u8_i64((const uint8_t *)in->data, rows, in->base, (int64_t *)out);
        break;
    case 8 * 16 + 2:
        k->widen_u16_i64((const uint16_t *)in->data, rows, in->base, (int64_t *)out);
        break;
    case 8 * 16 + 4:
        k->widen_u32_i64((const uint32_t *)in->data, rows, in->base, (int64_t *)out);
        break;
    case 4 * 16 + 1:
        k->widen_u8_i32((const uint8_t *)in->data, rows, (int32_t)in->base, (int32_t *)out);
        break;
    case 4 * 16 + 2:
        k->widen_u16_i32((const uint16_t *)in->data, rows, (int32_t)in->base, (int32_t *)out);
        break;
    case 8 * 16 + 8: tni_vector_widen_u64_u64(in->data, rows, in->base, out); break;
    case 4 * 16 + 4: tni_vector_widen_u32_u32(in->data, rows, in->base, out); break;
    case 2 * 16 + 1: tni_vector_widen_u8_u16(in->data, rows, in->base, out); break;
    case 2 * 16 + 2: tni_vector_widen_u16_u16(in->data, rows, in->base, out); break;
    case 1 * 16 + 1: tni_vector_widen_u8_u8(in->data, rows, in->base, out); break;
    default:
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "vector: %u-byte codes of a %u-byte type",
                        in->code_width, width);
    }
    tni_vector_clear_nulls(out, width, in->validity, rows);
    return TRUENO_OK;
}

#define TNI_LOOK_UP(bits)                                                                          \
    static void tni_vector_look_up_##bits(const uint##bits##_t *codes, uint32_t rows,              \
                                          const tni_string *values, tni_string *out) {             \
        uint32_t i;                                                                                \
        for (i = 0; i < rows; i++) {                                                               \
            memcpy(out + i, values + codes[i], sizeof *out);                                       \
        }                                                                                          \
    }
TNI_LOOK_UP(8)
TNI_LOOK_UP(16)
TNI_LOOK_UP(32)

static void tni_vector_look_up(const tni_vector *in, uint32_t rows, tni_string *out) {
    const tni_dictionary *dictionary = in->dictionary;
    if (!dictionary || dictionary->count == 0) { /* every row is NULL */
        memset(out, 0, (size_t)rows * sizeof *out);
        return;
    }
    switch (in->code_width) {
    case 1: tni_vector_look_up_8((const uint8_t *)in->data, rows, dictionary->values, out); break;
    case 2: tni_vector_look_up_16((const uint16_t *)in->data, rows, dictionary->values, out); break;
    default: tni_vector_look_up_32((const uint32_t *)in->data, rows, dictionary->values, out);
    }
    tni_vector_clear_nulls(out, sizeof *out, in->validity, rows);
}

static trueno_status tni_vector_flatten_constant(const tni_vector *in, uint32_t rows, void *data,
                                                 tni_scratch *scratch, tni_vector *out,
                                                 tni_error *error) {
    uint32_t width = tni_type_width(in->type);
    size_t bytes = tni_bitmap_words(rows) * 8;
    uint64_t *validity;
    if (!in->is_null) {
        tni_vector_repeat(data, in->data, width, rows);
        return TRUENO_OK;
    }
    memset(data, 0, (size_t)rows * width);
    validity = (uint64_t *)tni_scratch_take(scratch, bytes, error);
    if (!validity) {
        return tni_scratch_status(error);
    }
    memset(validity, 0, bytes);
    out->validity = validity;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_vector_flatten(const tni_env *env, const tni_vector *in, uint32_t rows,
                                        tni_scratch *scratch, tni_vector *out, tni_error *error) {
    tni_vector source = *in; /* out may be in */
    void *data;
    *out = source;
    if (source.form == TNI_FORM_FLAT) {
        return TRUENO_OK;
    }
    data = tni_vector_space(scratch, rows, tni_type_width(source.type), error);
    if (!data) {
        return tni_scratch_status(error);
    }
    out->form = TNI_FORM_FLAT;
    out->code_width = 0;
    out->is_null = false;
    out->data = data;
    out->base = 0;
    out->dictionary = NULL;
    if (source.form == TNI_FORM_CONSTANT) {
        out->validity = NULL;
        return tni_vector_flatten_constant(&source, rows, data, scratch, out, error);
    }
    if (source.form == TNI_FORM_NARROW) {
        return tni_vector_widen(env->kernels, &source, rows, data, error);
    }
    tni_vector_look_up(&source, rows, (tni_string *)data);
    return TRUENO_OK;
}

/* ---- gather ---- */

TNI_FN void tni_vector_gather_values(const tni_kernels *k, const void *values, uint32_t width,
                                     const uint16_t *positions, uint32_t count, void *out) {
    uint32_t i;
    switch (width) {
    case 1: k->gather_8((const uint8_t *)values, positions, count, (uint8_t *)out); break;
    case 2: k->gather_16((const uint16_t *)values, positions, count, (uint16_t *)out); break;
    case 4: k->gather_32((const uint32_t *)values, positions, count, (uint32_t *)out); break;
    case 8: k->gather_64((const uint64_t *)values, positions, count, (uint64_t *)out); break;
    default:
        for (i = 0; i < count; i++) {
            memcpy((uint8_t *)out + (size_t)i * 16, (const uint8_t *)values + positions[i] * 16u,
                   16);
        }
    }
}

TNI_FN uint64_t *tni_vector_gather_validity(const uint64_t *validity, const uint16_t *positions,
                                            uint32_t count, tni_scratch *scratch,
                                            tni_error *error) {
    uint64_t *out = (uint64_t *)tni_scratch_take(scratch, tni_bitmap_words(count) * 8, error);
    uint32_t i, j;
    for (i = 0; out && i < count; i += 64) {
        uint32_t rows = TNI_MIN(count - i, 64u);
        uint64_t word = 0;
        for (j = 0; j < rows; j++) {
            uint32_t p = positions[i + j];
            word |= ((validity[p / 64] >> (p % 64)) & 1) << j;
        }
        out[i / 64] = word;
    }
    return out;
}

TNI_FN trueno_status tni_vector_gather(const tni_env *env, const tni_vector *in,
                                       const uint16_t *positions, uint32_t count,
                                       tni_scratch *scratch, tni_vector *out, tni_error *error) {
    tni_vector source = *in; /* out may be in */
    uint32_t width = source.form == TNI_FORM_FLAT ? tni_type_width(source.type) : source.code_width;
    void *data;
    *out = source;
    if (source.form == TNI_FORM_CONSTANT) {
        return TRUENO_OK;
    }
    data = tni_vector_space(scratch, count, width, error);
    if (!data) {
        return tni_scratch_status(error);
    }
    tni_vector_gather_values(env->kernels, source.data, width, positions, count, data);
    out->data = data;
    if (source.validity) {
        out->validity =
            tni_vector_gather_validity(source.validity, positions, count, scratch, error);
        return out->validity ? TRUENO_OK : tni_scratch_status(error);
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_chunk_compact(const tni_env *env, tni_chunk *chunk, tni_scratch *scratch,
                                       tni_error *error) {
    uint16_t *positions;
    uint32_t i, count;
    if (!chunk->mask || chunk->active == chunk->rows) {
        chunk->mask = NULL;
        chunk->active = chunk->rows;
        return TRUENO_OK;
    }
    positions = (uint16_t *)tni_scratch_take(scratch, chunk->rows * sizeof *positions, error);
    if (!positions) {
        return tni_scratch_status(error);
    }
    count = env->kernels->mask_positions(chunk->mask, chunk->rows, positions);
    TNI_ASSERT(count == chunk->active);
    for (i = 0; i < chunk->column_count; i++) {
        tni_vector *column = &chunk->columns[i];
        TNI_TRY(tni_vector_gather(env, column, positions, count, scratch, column, error));
    }
    for (i = 0; chunk->positions && i < count; i++) {
        positions[i] = chunk->positions[positions[i]];
    }
    chunk->positions = positions;
    chunk->mask = NULL;
    chunk->rows = count;
    chunk->active = count;
    return TRUENO_OK;
}

/* ---- single values ---- */

TNI_FN tni_vector tni_vector_constant(const tni_value *value, void *storage16) {
    tni_vector vector;
    memset(&vector, 0, sizeof vector);
    vector.type = value->type;
    vector.form = TNI_FORM_CONSTANT;
    vector.is_null = value->is_null;
    vector.data = storage16;
    memset(storage16, 0, 16);
    if (!value->is_null) {
        tni_value_store(value, storage16);
    }
    return vector;
}

TNI_FN bool tni_vector_is_null(const tni_vector *vector, uint32_t row) {
    if (vector->form == TNI_FORM_CONSTANT) {
        return vector->is_null;
    }
    return vector->validity && !tni_bit_get(vector->validity, row);
}

TNI_FN tni_value tni_vector_narrow_value(tni_type type, int64_t base, uint64_t code) {
    uint64_t v = (uint64_t)base + code;
    uint8_t v8 = (uint8_t)v;
    uint16_t v16 = (uint16_t)v;
    uint32_t v32 = (uint32_t)v;
    switch (tni_type_width(type)) {
    case 1: return tni_value_load(type, &v8);
    case 2: return tni_value_load(type, &v16);
    case 4: return tni_value_load(type, &v32);
    default: return tni_value_load(type, &v);
    }
}

TNI_FN tni_value tni_vector_value(const tni_vector *vector, uint32_t row) {
    size_t width = tni_type_width(vector->type);
    if (tni_vector_is_null(vector, row)) {
        return tni_value_null(vector->type);
    }
    switch (vector->form) {
    case TNI_FORM_CONSTANT: return tni_value_load(vector->type, vector->data);
    case TNI_FORM_DICT:
        return tni_value_load(vector->type,
                              vector->dictionary->values + tni_vector_code(vector, row));
    case TNI_FORM_NARROW:
        return tni_vector_narrow_value(vector->type, vector->base, tni_vector_code(vector, row));
    default:
        return tni_value_load(vector->type, (const uint8_t *)vector->data + width * row);
    }
}

#undef TNI_SCRATCH_LEAST
#undef TNI_WIDEN_RARE
#undef TNI_LOOK_UP
