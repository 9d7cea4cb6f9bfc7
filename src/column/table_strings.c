/*
 * table_strings.c - string columns of the table builder: interning, the shared dictionary.
 *
 * A worker turns strings into codes of its own interner; codes of an incoming dictionary are
 * translated once per entry. When distinct strings abound it keeps the strings instead. After the
 * last row the column's distinct strings are counted with a sketch that is a function of the set
 * alone, and few enough of them become one dictionary: sorted when small, else in order of first
 * appearance by row. Whatever a worker saw first never shows.
 */
#include "column/table_builder.h"

#define TNI_STRINGS_UNSEEN UINT32_MAX
#define TNI_STRINGS_SMALL 65536u     /* dictionaries up to here are always made, and sorted */
#define TNI_STRINGS_LARGEST 4194304u /* none beyond */

/* ---------------------------------------------------------------------------------- sketch --- */

TNI_FN void tni_sketch_add_slow(tni_sketch *sketch, uint64_t hash) {
    uint32_t low = 0, high = sketch->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sketch->smallest[middle] < hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < sketch->count && sketch->smallest[low] == hash) {
        return;
    }
    if (sketch->count < TNI_SKETCH_SIZE) {
        sketch->count++;
    }
    memmove(sketch->smallest + low + 1, sketch->smallest + low,
            (sketch->count - 1 - low) * sizeof hash);
    sketch->smallest[low] = hash;
}

TNI_FN uint64_t tni_sketch_estimate(const tni_sketch *sketch) {
    double kth;
    if (sketch->count < TNI_SKETCH_SIZE) {
        return sketch->count;
    }
    kth = (double)sketch->smallest[TNI_SKETCH_SIZE - 1] + 1.0;
    return (uint64_t)((double)(TNI_SKETCH_SIZE - 1) * (18446744073709551616.0 / kth));
}

/* -------------------------------------------------------------------------------- a worker --- */

TNI_FN trueno_status tni_builder_strings_new(tni_memory *memory, tni_builder_strings **out,
                                             tni_error *error) {
    *out = (tni_builder_strings *)tni_alloc_zero(memory, sizeof **out);
    if (!*out) {
        return tni_memory_fail(memory, sizeof **out, error);
    }
    tni_interner_init(&(*out)->interner, memory);
    tni_arena_init(&(*out)->heap, memory);
    return TRUENO_OK;
}

TNI_FN void tni_builder_strings_free(tni_memory *memory, tni_builder_strings *strings) {
    if (!strings) {
        return;
    }
    tni_free(memory, strings->global, strings->interner.count * sizeof(uint32_t));
    tni_free(memory, strings->remap, strings->remap_capacity * sizeof(uint32_t));
    tni_interner_free(&strings->interner);
    tni_arena_free(&strings->heap);
    tni_free(memory, strings, sizeof *strings);
}

TNI_FN bool tni_builder_strings_overflow(const tni_builder_strings *strings) {
    uint32_t count = strings->interner.count;
    return count >= TNI_STRINGS_LARGEST ||
           (count >= TNI_STRINGS_SMALL && count > strings->rows / 2);
}

static bool tni_strings_valid(const tni_vector *vector, uint32_t row) {
    return !vector->validity || tni_bit_get(vector->validity, row);
}

/* Get `remap` ready for the codes of a dictionary. */
static trueno_status tni_strings_use_dictionary(tni_memory *memory, tni_builder_strings *strings,
                                                const tni_dictionary *dictionary,
                                                tni_error *error) {
    if (strings->dictionary_id == dictionary->id) {
        return TRUENO_OK;
    }
    strings->dictionary_id = 0;
    if (dictionary->count > strings->remap_capacity) {
        size_t size = (size_t)dictionary->count * sizeof *strings->remap;
        tni_free(memory, strings->remap, strings->remap_capacity * sizeof *strings->remap);
        strings->remap_capacity = 0;
        strings->remap = (uint32_t *)tni_alloc(memory, size);
        if (!strings->remap) {
            return tni_memory_fail(memory, size, error);
        }
        strings->remap_capacity = dictionary->count;
    }
    if (dictionary->count) {
        memset(strings->remap, 0xff, (size_t)dictionary->count * sizeof *strings->remap);
    }
    strings->dictionary_id = dictionary->id;
    return TRUENO_OK;
}

static trueno_status tni_strings_code(tni_builder_strings *strings, const tni_string *string,
                                      uint32_t *code, tni_error *error) {
    return tni_interner_add(&strings->interner, string, tni_hash_string(string), code, error);
}

static trueno_status tni_strings_add_dict_codes(tni_builder_strings *strings, uint32_t *out,
                                                const tni_vector *vector, uint32_t first,
                                                uint32_t count, tni_error *error) {
    uint32_t i;
    for (i = 0; i < count; i++) {
        uint32_t code;
        if (!tni_strings_valid(vector, first + i)) {
            out[i] = 0;
            continue;
        }
        code = (uint32_t)tni_vector_code(vector, first + i);
        if (strings->remap[code] == TNI_STRINGS_UNSEEN) {
            TNI_TRY(tni_strings_code(strings, &vector->dictionary->values[code],
                                     &strings->remap[code], error));
        }
        out[i] = strings->remap[code];
    }
    return TRUENO_OK;
}

static trueno_status tni_strings_add_flat_codes(tni_builder_strings *strings, uint32_t *out,
                                                const tni_vector *vector, uint32_t first,
                                                uint32_t count, tni_error *error) {
    const tni_string *in = (const tni_string *)vector->data;
    uint32_t i;
    for (i = 0; i < count; i++) {
        out[i] = 0;
        if (tni_strings_valid(vector, first + i)) {
            TNI_TRY(tni_strings_code(strings, &in[first + i], &out[i], error));
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_strings_add_constant_codes(tni_builder_strings *strings, uint32_t *out,
                                                    const tni_vector *vector, uint32_t count,
                                                    tni_error *error) {
    uint32_t code = 0, i;
    if (!vector->is_null) {
        tni_string string;
        memcpy(&string, vector->data, sizeof string);
        TNI_TRY(tni_strings_code(strings, &string, &code, error));
    }
    for (i = 0; i < count; i++) {
        out[i] = code;
    }
    return TRUENO_OK;
}

/* The strings of any form as views, NULLs zero; their hashes go to the sketch. */
static void tni_strings_add_views(tni_builder_strings *strings, tni_string *out,
                                  const tni_vector *vector, uint32_t first, uint32_t count) {
    bool dict = vector->form == TNI_FORM_DICT, constant = vector->form == TNI_FORM_CONSTANT;
    uint32_t i;
    for (i = 0; i < count; i++) {
        uint32_t at = constant ? 0 : first + i;
        uint32_t code = dict ? (uint32_t)tni_vector_code(vector, at) : at;
        if (constant ? vector->is_null : !tni_strings_valid(vector, at)) {
            memset(&out[i], 0, sizeof out[i]);
            continue;
        }
        out[i] = dict ? vector->dictionary->values[code] : ((const tni_string *)vector->data)[code];
        if (dict && strings->remap[code] != TNI_STRINGS_UNSEEN) {
            continue; /* its hash is known */
        }
        if (!constant || i == 0) {
            tni_sketch_add(&strings->sketch, tni_hash_string(&out[i]));
        }
        if (dict) {
            strings->remap[code] = 0;
        }
    }
}

TNI_FN trueno_status tni_builder_add_strings(tni_memory *memory, tni_builder_strings *strings,
                                             tni_builder_values *values, uint32_t at,
                                             const tni_vector *vector, uint32_t first,
                                             uint32_t count, tni_error *error) {
    strings->rows += count;
    if (vector->form == TNI_FORM_DICT) {
        TNI_TRY(tni_strings_use_dictionary(memory, strings, vector->dictionary, error));
    }
    if (values->kind == TNI_BUILDER_STRINGS) {
        tni_string *out = (tni_string *)values->data + at;
        tni_strings_add_views(strings, out, vector, first, count);
        return tni_append_own_strings(&strings->heap, out, count, vector->form != TNI_FORM_FLAT,
                                      error);
    }
    {
        uint32_t *out = (uint32_t *)values->data + at;
        switch ((tni_form)vector->form) {
        case TNI_FORM_DICT:
            return tni_strings_add_dict_codes(strings, out, vector, first, count, error);
        case TNI_FORM_CONSTANT:
            return tni_strings_add_constant_codes(strings, out, vector, count, error);
        case TNI_FORM_FLAT:
        case TNI_FORM_NARROW: break;
        }
        return tni_strings_add_flat_codes(strings, out, vector, first, count, error);
    }
}

/* -------------------------------------------------------------------------- the dictionary --- */

/* What making a column's dictionary works on. */
typedef struct tni_strings_merge {
    tni_table_builder *builder;
    uint32_t field;
    tni_interner all;
    uint64_t unmapped; /* interned strings of workers that have no global code yet */
    bool raw_blocks;
} tni_strings_merge;

static tni_builder_strings *tni_strings_of(const tni_table_builder *builder, uint32_t worker,
                                           uint32_t field) {
    return builder->worker[worker] ? builder->worker[worker]->strings[field] : NULL;
}

static bool tni_strings_worth_sharing(const tni_table_builder *builder, uint32_t field,
                                      tni_sketch *sketch) {
    uint64_t rows = 0, distinct;
    uint32_t w, i;
    memset(sketch, 0, sizeof *sketch);
    for (w = 0; w < builder->workers; w++) {
        const tni_builder_strings *strings = tni_strings_of(builder, w, field);
        if (!strings) {
            continue;
        }
        rows += strings->rows;
        for (i = 0; i < strings->interner.count; i++) {
            tni_sketch_add(sketch, strings->interner.hashes[i]);
        }
        for (i = 0; i < strings->sketch.count; i++) {
            tni_sketch_add(sketch, strings->sketch.smallest[i]);
        }
    }
    distinct = tni_sketch_estimate(sketch);
    return distinct <= TNI_STRINGS_SMALL ||
           (distinct <= rows / 2 && distinct < TNI_STRINGS_LARGEST);
}

static trueno_status tni_strings_merge_start(tni_strings_merge *merge, tni_error *error) {
    tni_table_builder *builder = merge->builder;
    uint32_t w;
    size_t b;
    for (w = 0; w < builder->workers; w++) {
        tni_builder_strings *strings = tni_strings_of(builder, w, merge->field);
        size_t size = strings ? (size_t)strings->interner.count * sizeof(uint32_t) : 0;
        if (!strings) {
            continue;
        }
        if (size) {
            if (!strings->global) {
                strings->global = (uint32_t *)tni_alloc(builder->memory, size);
            }
            if (!strings->global) {
                return tni_memory_fail(builder->memory, size, error);
            }
            memset(strings->global, 0xff, size);
        }
        merge->unmapped += strings->interner.count;
        for (b = 0; b < builder->worker[w]->block_count; b++) {
            uint8_t kind = builder->worker[w]->blocks[b].columns[merge->field].kind;
            merge->raw_blocks = merge->raw_blocks || kind == TNI_BUILDER_STRINGS;
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_strings_map(tni_strings_merge *merge, tni_builder_strings *strings,
                                     uint32_t code, tni_error *error) {
    merge->unmapped--;
    return tni_interner_add(&merge->all, &strings->interner.values[code],
                            strings->interner.hashes[code], &strings->global[code], error);
}

/* All workers' strings, in no order that means anything: for dictionaries that get sorted. */
static trueno_status tni_strings_merge_sets(tni_strings_merge *merge, tni_error *error) {
    uint32_t w, i;
    for (w = 0; w < merge->builder->workers; w++) {
        tni_builder_strings *strings = tni_strings_of(merge->builder, w, merge->field);
        for (i = 0; strings && i < strings->interner.count; i++) {
            TNI_TRY(tni_strings_map(merge, strings, i, error));
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_strings_walk_codes(tni_strings_merge *merge,
                                            const tni_builder_slice *slice,
                                            const tni_builder_values *values, tni_error *error) {
    tni_builder_strings *strings = tni_strings_of(merge->builder, slice->worker, merge->field);
    const uint32_t *codes = (const uint32_t *)values->data;
    uint32_t i, end = slice->start + slice->rows;
    for (i = slice->start; i < end; i++) {
        if ((!values->validity || tni_bit_get(values->validity, i)) &&
            strings->global[codes[i]] == TNI_STRINGS_UNSEEN) {
            TNI_TRY(tni_strings_map(merge, strings, codes[i], error));
        }
    }
    return TRUENO_OK;
}

/* Strings become global codes in place: code i lies before string i, which was read already. A
 * block's slices come one by one, so the block changes kind when all are done. */
static trueno_status tni_strings_walk_raw(tni_strings_merge *merge, const tni_builder_slice *slice,
                                          const tni_builder_values *values, tni_error *error) {
    tni_string *strings = (tni_string *)values->data;
    uint32_t i, end = slice->start + slice->rows;
    for (i = slice->start; i < end; i++) {
        uint32_t code = 0;
        if (!values->validity || tni_bit_get(values->validity, i)) {
            TNI_TRY(tni_interner_add(&merge->all, &strings[i], tni_hash_string(&strings[i]), &code,
                                     error));
        }
        memset(&strings[i], 0, sizeof strings[i]);
        strings[i].length = code;
    }
    return TRUENO_OK;
}

/* All rows in their final order: codes by first appearance. */
static trueno_status tni_strings_merge_rows(tni_strings_merge *merge, tni_error *error) {
    tni_table_builder *builder = merge->builder;
    size_t s;
    for (s = 0; s < builder->sorted_count && (merge->unmapped || merge->raw_blocks); s++) {
        const tni_builder_slice *slice = &builder->sorted[s];
        tni_builder_block *block = &builder->worker[slice->worker]->blocks[slice->block];
        tni_builder_values *values = &block->columns[merge->field];
        if (values->kind == TNI_BUILDER_CODES) {
            TNI_TRY(tni_strings_walk_codes(merge, slice, values, error));
        } else {
            TNI_TRY(tni_strings_walk_raw(merge, slice, values, error));
        }
    }
    return TRUENO_OK;
}

/* Raw blocks whose strings have become codes (in `length`) are packed to plain codes. */
static void tni_strings_pack_raw(tni_strings_merge *merge) {
    tni_table_builder *builder = merge->builder;
    uint32_t w, i;
    size_t b;
    for (w = 0; w < builder->workers; w++) {
        for (b = 0; builder->worker[w] && b < builder->worker[w]->block_count; b++) {
            tni_builder_block *block = &builder->worker[w]->blocks[b];
            tni_builder_values *values = &block->columns[merge->field];
            if (values->kind != TNI_BUILDER_STRINGS) {
                continue;
            }
            for (i = 0; i < block->rows; i++) {
                uint32_t code = ((const tni_string *)values->data)[i].length;
                memcpy((uint8_t *)values->data + (size_t)i * 4, &code, 4);
            }
            values->kind = TNI_BUILDER_GLOBAL;
        }
    }
}

/* Free what only the workers' own codes needed; fold the sort into the translations. */
static void tni_strings_settle(tni_strings_merge *merge, const uint32_t *sorted) {
    tni_table_builder *builder = merge->builder;
    uint32_t w, i;
    for (w = 0; w < builder->workers; w++) {
        tni_builder_strings *strings = tni_strings_of(builder, w, merge->field);
        if (!strings) {
            continue;
        }
        for (i = 0; sorted && i < strings->interner.count; i++) {
            if (strings->global[i] != TNI_STRINGS_UNSEEN) {
                strings->global[i] = sorted[strings->global[i]];
            }
        }
        tni_free(builder->memory, strings->remap, strings->remap_capacity * sizeof *strings->remap);
        strings->remap = NULL;
        strings->remap_capacity = 0;
        strings->dictionary_id = 0;
        tni_arena_free(&strings->heap);
    }
}

static trueno_status tni_strings_seal(tni_strings_merge *merge, tni_dictionary *base,
                                      tni_error *error) {
    tni_builder_column *column = &merge->builder->columns[merge->field];
    bool sort = !base && merge->all.count <= TNI_STRINGS_SMALL;
    size_t size = (size_t)merge->all.count * sizeof(uint32_t);
    tni_strings_pack_raw(merge);
    if (base && merge->all.count == base->count) {
        column->dictionary = tni_dictionary_retain(base);
    } else {
        if (sort && size) {
            column->sorted = (uint32_t *)tni_alloc(merge->builder->memory, size);
            if (!column->sorted) {
                return tni_memory_fail(merge->builder->memory, size, error);
            }
            column->sorted_count = merge->all.count;
        }
        TNI_TRY(tni_interner_seal(&merge->all, sort, column->sorted, &column->dictionary, error));
        column->extends = base != NULL;
    }
    tni_strings_settle(merge, column->sorted);
    column->shared = true;
    return TRUENO_OK;
}

/* The codes of `base` first, as they are: its segments keep theirs. */
static trueno_status tni_strings_seed(tni_strings_merge *merge, const tni_dictionary *base,
                                      tni_error *error) {
    uint32_t i, code;
    for (i = 0; i < base->count; i++) {
        TNI_TRY(tni_interner_add(&merge->all, &base->values[i], tni_hash_string(&base->values[i]),
                                 &code, error));
    }
    return TRUENO_OK;
}

static trueno_status tni_strings_merge_all(tni_strings_merge *merge, tni_dictionary *base, bool few,
                                           tni_error *error) {
    TNI_TRY(tni_strings_merge_start(merge, error));
    if (base) {
        TNI_TRY(tni_strings_seed(merge, base, error));
        if (merge->all.count != base->count) { /* equal entries: its codes cannot be extended */
            tni_interner_free(&merge->all);
            tni_interner_init(&merge->all, merge->builder->memory);
            base = NULL;
        }
    }
    if (few && !base && !merge->raw_blocks) {
        TNI_TRY(tni_strings_merge_sets(merge, error));
        if (merge->all.count <= TNI_STRINGS_SMALL) {
            return tni_strings_seal(merge, NULL, error);
        }
        tni_interner_free(&merge->all); /* not sorted after all: order matters */
        tni_interner_init(&merge->all, merge->builder->memory);
        merge->unmapped = 0;
        TNI_TRY(tni_strings_merge_start(merge, error));
    }
    TNI_TRY(tni_strings_merge_rows(merge, error));
    return tni_strings_seal(merge, base, error);
}

/* The dictionary the kept row groups of `base` share, when new rows may join it. */
static tni_dictionary *tni_strings_base_dictionary(const tni_table_builder *builder, uint32_t field,
                                                   uint64_t rows) {
    tni_dictionary *dictionary = builder->kept ? builder->base->dictionaries[field] : NULL;
    bool worth =
        dictionary && (dictionary->count <= TNI_STRINGS_SMALL || dictionary->count / 4 <= rows);
    return worth ? dictionary : NULL;
}

TNI_FN trueno_status tni_builder_make_dictionary(tni_table_builder *builder, uint32_t field,
                                                 tni_error *error) {
    tni_strings_merge merge;
    tni_sketch *sketch;
    uint64_t rows = 0;
    size_t s;
    trueno_status status;
    bool share;
    sketch = (tni_sketch *)tni_alloc(builder->memory, sizeof *sketch);
    if (!sketch) {
        return tni_memory_fail(builder->memory, sizeof *sketch, error);
    }
    share = tni_strings_worth_sharing(builder, field, sketch);
    memset(&merge, 0, sizeof merge);
    merge.builder = builder;
    merge.field = field;
    for (s = 0; s < builder->sorted_count; s++) {
        rows += builder->sorted[s].rows;
    }
    if (!share) {
        tni_free(builder->memory, sketch, sizeof *sketch);
        return TRUENO_OK;
    }
    tni_interner_init(&merge.all, builder->memory);
    status = tni_strings_merge_all(&merge, tni_strings_base_dictionary(builder, field, rows),
                                   tni_sketch_estimate(sketch) <= TNI_STRINGS_SMALL, error);
    tni_interner_free(&merge.all);
    tni_free(builder->memory, sketch, sizeof *sketch);
    return status;
}

/* ------------------------------------------------------------------------------- a segment --- */

static void tni_dict_narrow(const uint32_t *codes, uint32_t rows, uint32_t width, void *out) {
    uint32_t i;
    if (width == 1) {
        for (i = 0; i < rows; i++) {
            ((uint8_t *)out)[i] = (uint8_t)codes[i];
        }
    } else if (width == 2) {
        for (i = 0; i < rows; i++) {
            ((uint16_t *)out)[i] = (uint16_t)codes[i];
        }
    } else {
        memcpy(out, codes, (size_t)rows * 4);
    }
}

typedef struct tni_dict_facts {
    uint32_t low, high, smallest, largest, nulls, distinct; /* codes; smallest, largest by value */
    bool any, sorted;
} tni_dict_facts;

/* One pass over the rows; `seen` has a bit per code. Strings are compared once per code. */
static void tni_dict_scan(const tni_dictionary *dictionary, const uint32_t *codes,
                          const uint64_t *validity, uint32_t rows, uint64_t *seen,
                          tni_dict_facts *facts) {
    uint32_t i, last = 0;
    memset(facts, 0, sizeof *facts);
    facts->sorted = dictionary->sorted;
    for (i = 0; i < rows; i++) {
        uint32_t code = codes[i];
        if (validity && !tni_bit_get(validity, i)) {
            facts->nulls++;
            continue;
        }
        facts->sorted = facts->sorted && code >= last;
        last = code;
        if (tni_bit_get(seen, code)) {
            continue;
        }
        tni_bit_set(seen, code);
        facts->distinct++;
        if (!facts->any) {
            facts->any = true;
            facts->low = facts->high = facts->smallest = facts->largest = code;
            continue;
        }
        facts->low = TNI_MIN(facts->low, code);
        facts->high = TNI_MAX(facts->high, code);
        if (!dictionary->sorted) {
            const tni_string *values = dictionary->values;
            if (tni_string_compare(&values[code], &values[facts->smallest]) < 0) {
                facts->smallest = code;
            } else if (tni_string_compare(&values[code], &values[facts->largest]) > 0) {
                facts->largest = code;
            }
        }
    }
    if (dictionary->sorted) {
        facts->smallest = facts->low;
        facts->largest = facts->high;
    }
    facts->sorted = facts->sorted && !facts->nulls;
}

static void tni_dict_fill_zone(tni_segment *segment, const tni_dict_facts *facts) {
    tni_zone *zone = &segment->zone;
    zone->rows = segment->rows;
    zone->null_count = facts->nulls;
    zone->has_nulls = facts->nulls != 0;
    zone->distinct = facts->distinct;
    zone->sorted = facts->sorted;
    zone->exact = facts->any;
    zone->has_bounds = facts->any;
    if (facts->any) {
        zone->min = tni_value_string(segment->type, segment->dictionary->values[facts->smallest]);
        zone->max = tni_value_string(segment->type, segment->dictionary->values[facts->largest]);
    }
}

static trueno_status tni_dict_fill(tni_memory *memory, tni_segment *segment, const uint32_t *codes,
                                   const uint64_t *validity, const tni_dict_facts *facts,
                                   tni_error *error) {
    size_t words = tni_bitmap_words(segment->rows);
    segment->zone.rows = segment->rows;
    if (facts->nulls) {
        TNI_TRY(tni_buffer_new(memory, words * 8, &segment->buffers[1], error));
        tni_bitmap_copy((uint64_t *)(void *)segment->buffers[1]->data, validity, 0, segment->rows);
        segment->validity = (const uint64_t *)(const void *)segment->buffers[1]->data;
        segment->bytes += words * 8;
    }
    tni_dict_fill_zone(segment, facts);
    if (!facts->any) {
        segment->encoding = TNI_ENCODING_CONSTANT;
        segment->constant = tni_value_null(segment->type);
        return TRUENO_OK;
    }
    segment->encoding = TNI_ENCODING_DICT;
    segment->code_width = facts->high <= UINT8_MAX ? 1 : facts->high <= UINT16_MAX ? 2 : 4;
    segment->bytes += (uint64_t)segment->rows * segment->code_width;
    TNI_TRY(tni_buffer_new(memory, (size_t)segment->rows * segment->code_width,
                           &segment->buffers[0], error));
    tni_dict_narrow(codes, segment->rows, segment->code_width, segment->buffers[0]->data);
    segment->data = segment->buffers[0]->data;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_builder_dict_segment(tni_memory *memory, tni_type type,
                                              tni_dictionary *dictionary, const uint32_t *codes,
                                              const uint64_t *validity, uint32_t rows,
                                              tni_segment **out, tni_error *error) {
    size_t seen_size = tni_bitmap_words((size_t)dictionary->count + 1) * 8;
    uint64_t *seen = (uint64_t *)tni_alloc_zero(memory, seen_size);
    tni_dict_facts facts;
    trueno_status status;
    *out = NULL;
    if (!seen) {
        return tni_memory_fail(memory, seen_size, error);
    }
    tni_dict_scan(dictionary, codes, validity, rows, seen, &facts);
    tni_free(memory, seen, seen_size);
    TNI_TRY(tni_segment_new(memory, type, rows, out, error));
    (*out)->dictionary = tni_dictionary_retain(dictionary);
    status = tni_dict_fill(memory, *out, codes, validity, &facts, error);
    if (status != TRUENO_OK) {
        tni_segment_release(*out);
        *out = NULL;
    }
    return status;
}

#undef TNI_STRINGS_UNSEEN
#undef TNI_STRINGS_SMALL
#undef TNI_STRINGS_LARGEST
