/*
 * whole.c - a column whose table was filled in small steps, as segments of 65,536 rows.
 *
 * The device numbers rows by segments that are all whole but the last. A table made by several
 * INSERTs has short ones inside; its columns are put together here, in memory of the query, and
 * kept on the device like others. Only moderate tables are worth that.
 *
 * Uses: column/.
 */
#include "gpu/accelerator_internal.h"

#if !defined(TRUENO_NO_VULKAN)

typedef struct tni_whole {
    const tni_env *env;
    tni_scratch scratch;
    uint8_t *data;
    uint64_t *validity;
    uint32_t width;
    uint64_t rows;        /* done */
    bool any_null;
    const tni_dictionary *dictionary; /* text: what the codes mean */
} tni_whole;

static void tni_whole_codes(tni_whole *whole, const tni_vector *v, uint32_t rows) {
    uint32_t *out = (uint32_t *)(void *)whole->data + whole->rows;
    uint32_t i;
    for (i = 0; i < rows; i++) {
        switch (v->code_width) {
        case 1: out[i] = ((const uint8_t *)v->data)[i]; break;
        case 2: out[i] = ((const uint16_t *)v->data)[i]; break;
        default: out[i] = ((const uint32_t *)v->data)[i]; break;
        }
    }
}

/* Append rows of a vector: codes of text, values of everything else. */
static trueno_status tni_whole_append(tni_whole *whole, const tni_vector *in, uint32_t rows,
                                      tni_error *error) {
    tni_vector v = *in;
    bool null = v.form == TNI_FORM_CONSTANT && v.is_null;
    uint32_t i;
    if (null) {
        memset(whole->data + whole->rows * whole->width, 0, (size_t)rows * whole->width);
    } else if (tni_type_is_string(v.type)) {
        if (v.form != TNI_FORM_DICT || v.dictionary != whole->dictionary) {
            return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                            "the GPU does not hold text without one dictionary for all of it");
        }
        tni_whole_codes(whole, &v, rows);
    } else if (v.form == TNI_FORM_CONSTANT) {
        tni_vector_repeat(whole->data + whole->rows * whole->width, v.data, whole->width, rows);
    } else {
        TNI_TRY(tni_vector_flatten(whole->env, in, rows, &whole->scratch, &v, error));
        memcpy(whole->data + whole->rows * whole->width, v.data, (size_t)rows * whole->width);
    }
    for (i = 0; i < rows; i++) {
        bool valid = !null && (v.form == TNI_FORM_CONSTANT || v.validity == NULL ||
                               tni_bit_get(v.validity, i));
        if (valid) {
            tni_bit_set(whole->validity, (size_t)whole->rows + i);
        }
        whole->any_null = whole->any_null || !valid;
    }
    whole->rows += rows;
    return TRUENO_OK;
}

static trueno_status tni_whole_fill(tni_whole *whole, const tni_table *table, uint32_t field,
                                    tni_error *error) {
    size_t g;
    for (g = 0; g < table->group_count; g++) {
        const tni_segment *segment = table->groups[g]->segments[field];
        uint32_t row;
        for (row = 0; row < segment->rows; row += TNI_VECTOR_ROWS) {
            uint32_t rows = TNI_MIN(segment->rows - row, TNI_VECTOR_ROWS);
            tni_vector v;
            tni_scratch_reset(&whole->scratch);
            TNI_TRY(tni_segment_view(whole->env, segment, row, rows, &whole->scratch, &v, error));
            TNI_TRY(tni_whole_append(whole, &v, rows, error));
        }
    }
    return TRUENO_OK;
}

/* Segments over the column's values. */
static trueno_status tni_whole_cut(const tni_whole *whole, tni_type type, tni_arena *arena,
                                   const tni_segment **out, tni_error *error) {
    uint64_t row;
    for (row = 0; row < whole->rows; row += TNI_SEGMENT_ROWS) {
        tni_segment *segment = (tni_segment *)tni_arena_alloc(arena, sizeof *segment);
        if (segment == NULL) {
            return tni_fail_memory(error, sizeof *segment);
        }
        segment->type = type;
        segment->rows = (uint32_t)TNI_MIN(whole->rows - row, (uint64_t)TNI_SEGMENT_ROWS);
        segment->data = whole->data + row * whole->width;
        segment->validity = whole->any_null ? whole->validity + row / 64 : NULL;
        segment->encoding = TNI_ENCODING_PLAIN;
        segment->bytes = (uint64_t)segment->rows * whole->width;
        if (whole->dictionary != NULL) {
            segment->encoding = TNI_ENCODING_DICT;
            segment->code_width = 4;
            memcpy(&segment->dictionary, &whole->dictionary, sizeof whole->dictionary);
        }
        out[row / TNI_SEGMENT_ROWS] = segment;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_acc_whole_column(const tni_env *env, tni_table *table, uint32_t field,
                                          tni_arena *arena, const tni_segment **out,
                                          tni_error *error) {
    tni_type type = table->source.fields[field].type;
    size_t rows = (size_t)table->source.rows;
    tni_whole whole;
    trueno_status status;
    memset(&whole, 0, sizeof whole);
    whole.env = env;
    whole.width = tni_type_width(type);
    if (tni_type_is_string(type)) {
        whole.width = 4;
        whole.dictionary = table->dictionaries[field];
        if (whole.dictionary == NULL) {
            return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                            "the GPU does not hold text without one dictionary for all of it");
        }
    }
    whole.data = (uint8_t *)tni_arena_alloc(arena, rows * whole.width + 8);
    whole.validity = (uint64_t *)tni_arena_alloc(arena, tni_bitmap_words(rows) * 8 + 8);
    if (whole.data == NULL || whole.validity == NULL) {
        return tni_fail_memory(error, rows * whole.width);
    }
    tni_scratch_init(&whole.scratch, env->memory);
    status = tni_whole_fill(&whole, table, field, error);
    tni_scratch_free(&whole.scratch);
    TNI_TRY(status);
    return tni_whole_cut(&whole, type, arena, out, error);
}

#endif
