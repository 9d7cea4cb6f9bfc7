/*
 * sort_keys.c - keys of rows as 64-bit words whose order is the order of the keys.
 *
 * First the key columns' ranges are measured (in parallel over blocks), then every key becomes
 * fields of just enough bits, and fields are packed into words from the most significant bit
 * down; a field that does not fit goes on in the next word. A string contributes its NULL bit,
 * then what room its first bytes find, then a stage of its own with 8 bytes a word, and last its
 * length, for strings that differ only in trailing zero bytes. NULL slots of a collection are
 * zero, so values are read before validity is looked at. May use: column.
 */
#include "exec/sort.h"

#define TNI_SORT_SIGN (UINT64_C(1) << 63)
#define TNI_SORT_STAT_ROWS 65536u /* least rows of a task that measures */

/* ---------------------------------------------------------------------------- words --- */

#define TNI_SORT_UNSIGNED(name, type)                                                              \
    TNI_INLINE uint64_t tni_sort_word_##name(const void *p) {                                      \
        type v;                                                                                    \
        memcpy(&v, p, sizeof v);                                                                   \
        return (uint64_t)v;                                                                        \
    }
#define TNI_SORT_SIGNED(name, type)                                                                \
    TNI_INLINE uint64_t tni_sort_word_##name(const void *p) {                                      \
        type v;                                                                                    \
        memcpy(&v, p, sizeof v);                                                                   \
        return (uint64_t)(int64_t)v ^ TNI_SORT_SIGN;                                               \
    }
TNI_SORT_UNSIGNED(u8, uint8_t)
TNI_SORT_UNSIGNED(u16, uint16_t)
TNI_SORT_UNSIGNED(u32, uint32_t)
TNI_SORT_UNSIGNED(u64, uint64_t)
TNI_SORT_SIGNED(i8, int8_t)
TNI_SORT_SIGNED(i16, int16_t)
TNI_SORT_SIGNED(i32, int32_t)
TNI_SORT_SIGNED(i64, int64_t)

TNI_INLINE uint64_t tni_sort_word_f32(const void *p) {
    float v;
    uint32_t bits;
    memcpy(&v, p, sizeof v);
    if (v != v) {
        return UINT32_MAX;
    }
    v = v == 0 ? 0.0f : v;
    memcpy(&bits, &v, sizeof bits);
    return (bits >> 31) != 0 ? (uint32_t)~bits : bits | (UINT32_C(1) << 31);
}

TNI_INLINE uint64_t tni_sort_word_f64(const void *p) {
    double v;
    uint64_t bits;
    memcpy(&v, p, sizeof v);
    if (v != v) {
        return UINT64_MAX;
    }
    v = v == 0 ? 0.0 : v;
    memcpy(&bits, &v, sizeof bits);
    return (bits >> 63) != 0 ? ~bits : bits | TNI_SORT_SIGN;
}

TNI_INLINE uint64_t tni_sort_word_high(const void *p) {
    tni_i128 v;
    memcpy(&v, p, sizeof v);
    return (uint64_t)v.high ^ TNI_SORT_SIGN;
}

TNI_INLINE uint64_t tni_sort_word_low(const void *p) {
    tni_i128 v;
    memcpy(&v, p, sizeof v);
    return v.low;
}

/* Whole days of an interval, and what is left of one in `rest`. */
TNI_INLINE int64_t tni_sort_days(const void *p, int64_t *rest) {
    tni_interval v;
    int64_t days;
    memcpy(&v, p, sizeof v);
    days = v.microseconds / TNI_US_PER_DAY;
    *rest = v.microseconds % TNI_US_PER_DAY;
    if (*rest < 0) {
        *rest += TNI_US_PER_DAY;
        days--;
    }
    return days + (int64_t)v.months * 30 + v.days;
}

TNI_INLINE uint64_t tni_sort_word_days(const void *p) {
    int64_t rest;
    return (uint64_t)tni_sort_days(p, &rest) ^ TNI_SORT_SIGN;
}

TNI_INLINE uint64_t tni_sort_word_rest(const void *p) {
    int64_t rest;
    (void)tni_sort_days(p, &rest);
    return (uint64_t)rest;
}

/* Eight bytes, the first most significant. */
TNI_INLINE uint64_t tni_sort_eight(const uint8_t *p) {
    return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 |
           (uint64_t)p[3] << 32 | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
           (uint64_t)p[6] << 8 | (uint64_t)p[7];
}

/* Bytes [skip, skip + 8) of a string, zero padded. Inline strings are padded where they lie. */
TNI_INLINE uint64_t tni_sort_word_bytes(const void *p, uint64_t skip) {
    const uint8_t *inlined = (const uint8_t *)p + offsetof(tni_string, bytes);
    uint8_t padded[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    tni_string s;
    memcpy(&s, p, sizeof s);
    if (s.length <= TNI_STRING_INLINE) {
        if (skip <= TNI_STRING_INLINE - 8) {
            return tni_sort_eight(inlined + skip);
        }
        return skip >= TNI_STRING_INLINE
                   ? 0
                   : tni_sort_eight(inlined + 4) << (8 * (skip - (TNI_STRING_INLINE - 8)));
    }
    if (skip >= s.length) {
        return 0;
    }
    if (s.length - skip >= 8) {
        return tni_sort_eight(s.tail.pointer + skip);
    }
    memcpy(padded, s.tail.pointer + skip, (size_t)(s.length - skip));
    return tni_sort_eight(padded);
}

TNI_INLINE uint64_t tni_sort_word_length(const void *p) {
    tni_string s;
    memcpy(&s, p, sizeof s);
    return s.length;
}

/* K(kind, suffix) for every kind that is a function of the value alone. */
#define TNI_SORT_KINDS(K)                                                                          \
    K(TNI_SORT_U8, u8) K(TNI_SORT_U16, u16) K(TNI_SORT_U32, u32) K(TNI_SORT_U64, u64)              \
    K(TNI_SORT_I8, i8) K(TNI_SORT_I16, i16) K(TNI_SORT_I32, i32) K(TNI_SORT_I64, i64)              \
    K(TNI_SORT_F32, f32) K(TNI_SORT_F64, f64) K(TNI_SORT_HIGH, high) K(TNI_SORT_LOW, low)          \
    K(TNI_SORT_DAYS, days) K(TNI_SORT_REST, rest) K(TNI_SORT_LENGTH, length)

TNI_FN tni_sort_kind tni_sort_kind_of(tni_type type) {
    switch (tni_type_physical(type)) {
    case TNI_PHYSICAL_U16: return TNI_SORT_U16;
    case TNI_PHYSICAL_U32: return TNI_SORT_U32;
    case TNI_PHYSICAL_U64: return TNI_SORT_U64;
    case TNI_PHYSICAL_I8: return TNI_SORT_I8;
    case TNI_PHYSICAL_I16: return TNI_SORT_I16;
    case TNI_PHYSICAL_I32: return TNI_SORT_I32;
    case TNI_PHYSICAL_I64: return TNI_SORT_I64;
    case TNI_PHYSICAL_I128: return TNI_SORT_HIGH;
    case TNI_PHYSICAL_F32: return TNI_SORT_F32;
    case TNI_PHYSICAL_F64: return TNI_SORT_F64;
    case TNI_PHYSICAL_STRING: return TNI_SORT_TEXT;
    case TNI_PHYSICAL_INTERVAL: return TNI_SORT_DAYS;
    default: return TNI_SORT_U8;
    }
}

TNI_FN uint64_t tni_sort_word(tni_sort_kind kind, const void *value) {
    int64_t rest, days;
    tni_i128 huge;
    switch (kind) {
#define TNI_SORT_CASE(kind, name)                                                                  \
    case kind: return tni_sort_word_##name(value);
        TNI_SORT_CASE(TNI_SORT_U8, u8)
        TNI_SORT_CASE(TNI_SORT_U16, u16)
        TNI_SORT_CASE(TNI_SORT_U32, u32)
        TNI_SORT_CASE(TNI_SORT_U64, u64)
        TNI_SORT_CASE(TNI_SORT_I8, i8)
        TNI_SORT_CASE(TNI_SORT_I16, i16)
        TNI_SORT_CASE(TNI_SORT_I32, i32)
        TNI_SORT_CASE(TNI_SORT_I64, i64)
        TNI_SORT_CASE(TNI_SORT_F32, f32)
        TNI_SORT_CASE(TNI_SORT_F64, f64)
#undef TNI_SORT_CASE
    case TNI_SORT_HIGH: /* most sums fit 64 bits: the others share the end they lie beyond */
        memcpy(&huge, value, sizeof huge);
        if (!tni_i128_fits_i64(huge)) {
            return huge.high < 0 ? 0 : UINT64_MAX;
        }
        return huge.low ^ TNI_SORT_SIGN;
    case TNI_SORT_DAYS: /* |days| < 2^38, a rest of 37 bits loses its lowest 12 */
        days = tni_sort_days(value, &rest);
        return (uint64_t)(days + (INT64_C(1) << 38)) << 25 | (uint64_t)rest >> 12;
    case TNI_SORT_TEXT: return tni_sort_word_bytes(value, 0);
    default: return 0;
    }
}

TNI_FN void tni_sort_words_of(tni_sort_kind kind, const void *values, uint32_t count,
                              bool descending, uint64_t *out) {
    const uint8_t *p = (const uint8_t *)values;
    const uint64_t flip = descending ? ~UINT64_C(0) : 0;
    uint32_t i;
    switch (kind) {
#define TNI_SORT_EACH(kind, type, name)                                                            \
    case kind:                                                                                     \
        for (i = 0; i < count; i++) {                                                              \
            out[i] = tni_sort_word_##name(p + (size_t)i * sizeof(type)) ^ flip;                    \
        }                                                                                          \
        break;
        TNI_SORT_EACH(TNI_SORT_U8, uint8_t, u8)
        TNI_SORT_EACH(TNI_SORT_U16, uint16_t, u16)
        TNI_SORT_EACH(TNI_SORT_U32, uint32_t, u32)
        TNI_SORT_EACH(TNI_SORT_U64, uint64_t, u64)
        TNI_SORT_EACH(TNI_SORT_I8, int8_t, i8)
        TNI_SORT_EACH(TNI_SORT_I16, int16_t, i16)
        TNI_SORT_EACH(TNI_SORT_I32, int32_t, i32)
        TNI_SORT_EACH(TNI_SORT_I64, int64_t, i64)
        TNI_SORT_EACH(TNI_SORT_F32, float, f32)
        TNI_SORT_EACH(TNI_SORT_F64, double, f64)
#undef TNI_SORT_EACH
    default: /* strings and 128-bit values */
        for (i = 0; i < count; i++) {
            out[i] = tni_sort_word(kind, p + (size_t)i * 16) ^ flip;
        }
    }
}

TNI_INLINE int tni_sort_order(uint64_t a, uint64_t b) {
    return a < b ? -1 : a > b;
}

TNI_FN int tni_sort_compare_values(tni_sort_kind kind, const void *a, const void *b) {
    tni_string x, y;
    int order;
    switch (kind) {
    case TNI_SORT_TEXT:
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return tni_string_compare(&x, &y);
    case TNI_SORT_HIGH:
        order = tni_sort_order(tni_sort_word_high(a), tni_sort_word_high(b));
        return order != 0 ? order : tni_sort_order(tni_sort_word_low(a), tni_sort_word_low(b));
    case TNI_SORT_DAYS:
        order = tni_sort_order(tni_sort_word_days(a), tni_sort_word_days(b));
        return order != 0 ? order : tni_sort_order(tni_sort_word_rest(a), tni_sort_word_rest(b));
    default: return tni_sort_order(tni_sort_word(kind, a), tni_sort_word(kind, b));
    }
}

TNI_FN int tni_sorter_compare(const tni_sorter *sorter, uint64_t a, uint64_t b) {
    size_t blocks = sorter->rows->block_count;
    uint64_t a_offset = a & TNI_SORT_OFFSET_MASK, b_offset = b & TNI_SORT_OFFSET_MASK;
    uint32_t i;
    for (i = 0; i < sorter->key_count; i++) {
        const tni_sort_key *key = &sorter->keys[i];
        tni_type type = sorter->rows->types[key->column];
        size_t width = tni_type_width(type);
        size_t a_block = key->column * blocks + (size_t)(a >> TNI_SORT_BLOCK_BITS);
        size_t b_block = key->column * blocks + (size_t)(b >> TNI_SORT_BLOCK_BITS);
        const uint64_t *a_valid = sorter->validity[a_block], *b_valid = sorter->validity[b_block];
        bool a_null = a_valid != NULL && !tni_bit_get(a_valid, (size_t)a_offset);
        bool b_null = b_valid != NULL && !tni_bit_get(b_valid, (size_t)b_offset);
        int order;
        if (a_null || b_null) {
            if (a_null != b_null) {
                return a_null == key->nulls_first ? -1 : 1;
            }
            continue;
        }
        order = tni_sort_compare_values(tni_sort_kind_of(type),
                                        sorter->data[a_block] + width * a_offset,
                                        sorter->data[b_block] + width * b_offset);
        if (order != 0) {
            return key->descending ? -order : order;
        }
    }
    return 0;
}

/* ----------------------------------------------------------------------- statistics --- */

static void tni_sort_stats_range(tni_sort_stats *stats, uint32_t which, uint64_t min,
                                 uint64_t max) {
    stats->min[which] = stats->any ? TNI_MIN(stats->min[which], min) : min;
    stats->max[which] = stats->any ? TNI_MAX(stats->max[which], max) : max;
}

static uint32_t tni_sort_shared_bytes(const tni_string *a, const tni_string *b, uint32_t most) {
    const uint8_t *x = tni_string_data(a), *y = tni_string_data(b);
    uint32_t i = 0;
    most = TNI_MIN(most, TNI_MIN(a->length, b->length));
    while (i < most && x[i] == y[i]) {
        i++;
    }
    return i;
}

/* One block of a string column; NULLs are empty strings here and must not count. */
static void tni_sort_measure_strings(const tni_string *strings, const uint64_t *validity,
                                     uint32_t rows, tni_sort_stats *stats) {
    uint32_t i;
    for (i = 0; i < rows; i++) {
        if (validity != NULL && !tni_bit_get(validity, i)) {
            continue;
        }
        if (!stats->any) {
            stats->sample = &strings[i];
            stats->shared = strings[i].length;
        } else if (stats->shared > 0) {
            stats->shared = tni_sort_shared_bytes(stats->sample, &strings[i], stats->shared);
        }
        tni_sort_stats_range(stats, 0, strings[i].length, strings[i].length);
        stats->trailing_zero =
            stats->trailing_zero ||
            (strings[i].length > 0 && tni_string_data(&strings[i])[strings[i].length - 1] == 0);
        stats->any = true;
    }
}

/* The range of one word of a block's values. */
static void tni_sort_measure_words(tni_sort_kind kind, const uint8_t *data, uint32_t width,
                                   const uint64_t *validity, uint32_t rows, uint64_t *min,
                                   uint64_t *max) {
    uint64_t low = UINT64_MAX, high = 0;
    uint32_t i;
    switch (kind) {
#define TNI_SORT_MEASURE(kind, name)                                                               \
    case kind:                                                                                     \
        for (i = 0; i < rows; i++) {                                                               \
            uint64_t word = tni_sort_word_##name(data + (size_t)i * width);                        \
            if (validity == NULL || tni_bit_get(validity, i)) {                                    \
                low = TNI_MIN(low, word);                                                          \
                high = TNI_MAX(high, word);                                                        \
            }                                                                                      \
        }                                                                                          \
        break;
        TNI_SORT_KINDS(TNI_SORT_MEASURE)
#undef TNI_SORT_MEASURE
    default: break;
    }
    *min = low;
    *max = high;
}

static void tni_sort_measure_block(const tni_collection *rows, const tni_block *block,
                                   uint32_t column, tni_sort_stats *stats) {
    tni_type type = rows->types[column];
    tni_sort_kind kind = tni_sort_kind_of(type);
    const uint64_t *validity = block->validity[column];
    const uint8_t *data = (const uint8_t *)block->data[column];
    size_t valid = validity == NULL ? block->rows : tni_bitmap_count(validity, block->rows);
    uint64_t min, max;
    bool pair = kind == TNI_SORT_HIGH || kind == TNI_SORT_DAYS;
    stats->has_nulls = stats->has_nulls || valid < block->rows;
    if (valid == 0) {
        return;
    }
    if (kind == TNI_SORT_TEXT) {
        tni_sort_measure_strings((const tni_string *)(const void *)data, validity, block->rows,
                                 stats);
        return;
    }
    if (pair) {
        tni_sort_kind second = kind == TNI_SORT_HIGH ? TNI_SORT_LOW : TNI_SORT_REST;
        tni_sort_measure_words(second, data, 16, validity, block->rows, &min, &max);
        tni_sort_stats_range(stats, 1, min, max);
    }
    tni_sort_measure_words(kind, data, tni_type_width(type), validity, block->rows, &min, &max);
    tni_sort_stats_range(stats, 0, min, max);
    stats->any = true;
}

static void tni_sort_stats_merge(tni_sort_stats *into, const tni_sort_stats *from) {
    into->has_nulls = into->has_nulls || from->has_nulls;
    into->trailing_zero = into->trailing_zero || from->trailing_zero;
    if (!from->any) {
        return;
    }
    if (into->any && from->sample != NULL) {
        into->shared = tni_sort_shared_bytes(into->sample, from->sample,
                                             TNI_MIN(into->shared, from->shared));
    } else {
        into->sample = from->sample;
        into->shared = from->shared;
    }
    tni_sort_stats_range(into, 0, from->min[0], from->max[0]);
    tni_sort_stats_range(into, 1, from->min[1], from->max[1]);
    into->any = true;
}

typedef struct tni_sort_measuring {
    const tni_sorter *sorter;
    tni_sort_stats *stats; /* [tasks * key_count] */
    uint32_t tasks;
} tni_sort_measuring;

static void tni_sort_measure_task(void *context, uint32_t task) {
    tni_sort_measuring *step = (tni_sort_measuring *)context;
    const tni_collection *rows = step->sorter->rows;
    size_t first = rows->block_count * task / step->tasks;
    size_t end = rows->block_count * (task + 1u) / step->tasks, b;
    uint32_t i;
    for (i = 0; i < step->sorter->key_count; i++) {
        tni_sort_stats *stats = &step->stats[(size_t)task * step->sorter->key_count + i];
        for (b = first; b < end; b++) {
            tni_sort_measure_block(rows, rows->blocks[b], step->sorter->keys[i].column, stats);
        }
    }
}

/* Statistics of all key columns, in stats[0 .. key_count). */
static void tni_sort_measure(const tni_sorter *sorter, tni_sort_stats *stats, uint32_t tasks) {
    tni_sort_measuring step;
    uint32_t i, t;
    step.sorter = sorter;
    step.stats = stats;
    step.tasks = tasks;
    tni_scheduler_run(sorter->scheduler, tasks, tni_sort_measure_task, &step);
    for (t = 1; t < tasks; t++) {
        for (i = 0; i < sorter->key_count; i++) {
            tni_sort_stats_merge(&stats[i], &stats[(size_t)t * sorter->key_count + i]);
        }
    }
}

/* -------------------------------------------------------------------------- packing --- */

static uint8_t tni_sort_bits(uint64_t range) {
    return range == 0 ? 0 : (uint8_t)(64 - tni_clz64(range));
}

/* Where the next bits go: the last stage's word, while it is a packed one with room. */
typedef struct tni_sort_packer {
    tni_sorter *sorter;
    uint32_t room; /* bits left in the last stage */
} tni_sort_packer;

static tni_sort_stage *tni_sort_new_stage(tni_sort_packer *packer) {
    tni_sort_stage *stage = &packer->sorter->stages[packer->sorter->stage_count++];
    TNI_ASSERT(packer->sorter->stage_count <= packer->sorter->capacity);
    memset(stage, 0, sizeof *stage);
    stage->first = packer->sorter->piece_count;
    packer->room = 64;
    return stage;
}

static void tni_sort_put_piece(tni_sort_packer *packer, const tni_sort_field *field, uint32_t drop,
                               uint32_t bits) {
    tni_sorter *sorter = packer->sorter;
    tni_sort_piece *piece = &sorter->pieces[sorter->piece_count++];
    TNI_ASSERT(sorter->piece_count <= sorter->capacity);
    packer->room -= bits;
    piece->field = *field;
    piece->drop = (uint8_t)drop;
    piece->shift = (uint8_t)packer->room;
    sorter->stages[sorter->stage_count - 1].count++;
}

/* All bits of a field, in this word and maybe the next. The upper bits of a word part are cut
 * by the shift: the low part of a split field must fill its word from the top. */
static void tni_sort_put_field(tni_sort_packer *packer, const tni_sort_field *field) {
    uint32_t left = field->bits;
    TNI_ASSERT(left + field->spare <= 64);
    while (left > 0) {
        uint32_t bits;
        if (packer->room == 0) {
            (void)tni_sort_new_stage(packer);
        }
        bits = TNI_MIN(left, packer->room);
        left -= bits;
        tni_sort_put_piece(packer, field, left, bits);
    }
}

/* A string. Up to eight bytes behind what all share are one field; more take what room is left
 * for a start, then stages of their own. The length comes last, where it can matter: two strings
 * with the same words differ in zero bytes at the end. */
static void tni_sort_put_text(tni_sort_packer *packer, tni_sort_field *field,
                              const tni_sort_stats *stats) {
    uint64_t bytes = stats->max[0] - stats->shared;
    field->kind = TNI_SORT_TEXT;
    field->skip = stats->shared;
    field->min = 0;
    field->max = UINT64_MAX;
    field->base = 0;
    field->null_code = 0;
    field->bits = (uint8_t)(8 * TNI_MIN(bytes, 8u));
    field->spare = (uint8_t)(64 - field->bits);
    if (bytes <= 8) {
        tni_sort_put_field(packer, field);
    } else {
        tni_sort_stage *stage;
        if (packer->room > 0 && packer->room < 64) {
            tni_sort_put_piece(packer, field, 64 - packer->room, packer->room);
        }
        stage = tni_sort_new_stage(packer);
        stage->text = *field;
        stage->words = (bytes + 7) / 8;
        packer->room = 0;
    }
    if (!stats->trailing_zero) {
        return;
    }
    field->kind = TNI_SORT_LENGTH;
    field->spare = 0;
    field->min = stats->min[0];
    field->max = stats->max[0];
    field->bits = tni_sort_bits(field->max - field->min);
    tni_sort_put_field(packer, field);
}

static void tni_sort_put_nulls(tni_sort_packer *packer, tni_sort_field field, bool nulls_first) {
    field.kind = TNI_SORT_NULLS;
    field.bits = 1;
    field.base = nulls_first ? 1 : 0;
    field.null_code = nulls_first ? 0 : 1;
    tni_sort_put_field(packer, &field);
}

/* A fixed-width word with its range; NULL becomes a state below or above it. */
static void tni_sort_put_word(tni_sort_packer *packer, tni_sort_field *field, uint64_t min,
                              uint64_t max, bool nulls, bool nulls_first) {
    uint64_t range = max - min;
    field->min = min;
    field->max = max;
    field->base = 0;
    field->null_code = 0;
    if (nulls && range == UINT64_MAX) {
        tni_sort_put_nulls(packer, *field, nulls_first);
    } else if (nulls) {
        field->base = nulls_first ? 1 : 0;
        field->null_code = nulls_first ? 0 : range + 1;
        range++;
    }
    field->bits = tni_sort_bits(range);
    tni_sort_put_field(packer, field);
}

static void tni_sort_put_key(tni_sort_packer *packer, const tni_sort_key *key,
                             const tni_sort_stats *stats) {
    tni_type type = packer->sorter->rows->types[key->column];
    tni_sort_field field;
    memset(&field, 0, sizeof field);
    field.column = key->column;
    field.kind = (uint8_t)tni_sort_kind_of(type);
    field.width = (uint8_t)tni_type_width(type);
    field.descending = key->descending;
    field.has_nulls = stats->has_nulls;
    if (!stats->any) {
        return; /* every row is NULL */
    }
    if (field.kind == TNI_SORT_TEXT) {
        if (stats->has_nulls) {
            tni_sort_put_nulls(packer, field, key->nulls_first);
        }
        tni_sort_put_text(packer, &field, stats);
        return;
    }
    tni_sort_put_word(packer, &field, stats->min[0], stats->max[0], stats->has_nulls,
                      key->nulls_first);
    if (field.kind == TNI_SORT_HIGH || field.kind == TNI_SORT_DAYS) {
        field.kind = field.kind == TNI_SORT_HIGH ? TNI_SORT_LOW : TNI_SORT_REST;
        tni_sort_put_word(packer, &field, stats->min[1], stats->max[1], false, false);
    }
}

/* -------------------------------------------------------------------------- loading --- */

/* word = (word & keep) | bits of the field, for rows anywhere in the collection. */
static void tni_sort_load_piece(const tni_sorter *sorter, const tni_sort_piece *piece,
                                uint64_t keep, tni_sort_entry *entries, size_t count) {
    const tni_sort_field *field = &piece->field;
    size_t table = field->column * sorter->rows->block_count, i;
    const uint8_t *const *data = sorter->data + table;
    const uint64_t *const *validity = sorter->validity + table;
    const uint64_t min = field->min, max = field->max, base = field->base;
    const uint32_t width = field->width, drop = piece->drop + field->spare, shift = piece->shift;
    const uint64_t skip = field->skip;
    const bool descending = field->descending, nulls = field->has_nulls;
    switch (field->kind) {
#define TNI_SORT_LOAD(kind, expression)                                                            \
    case kind:                                                                                     \
        for (i = 0; i < count; i++) {                                                              \
            uint64_t row = entries[i].row;                                                         \
            size_t block = (size_t)(row >> TNI_SORT_BLOCK_BITS);                                   \
            size_t offset = (size_t)(row & TNI_SORT_OFFSET_MASK);                                  \
            const uint8_t *p = data[block] + offset * width;                                       \
            uint64_t word = (expression);                                                          \
            word = base + (descending ? max - word : word - min);                                  \
            if (nulls && validity[block] != NULL && !tni_bit_get(validity[block], offset)) {       \
                word = field->null_code;                                                           \
            }                                                                                      \
            entries[i].word = (entries[i].word & keep) | ((word >> drop) << shift);                \
        }                                                                                          \
        break;
#define TNI_SORT_LOAD_KIND(kind, name) TNI_SORT_LOAD(kind, tni_sort_word_##name(p))
        TNI_SORT_KINDS(TNI_SORT_LOAD_KIND)
        TNI_SORT_LOAD(TNI_SORT_TEXT, tni_sort_word_bytes(p, skip))
    default: /* NULLS: `base` alone for a value */
        for (i = 0; i < count; i++) {
            uint64_t row = entries[i].row;
            const uint64_t *valid = validity[row >> TNI_SORT_BLOCK_BITS];
            bool null = valid != NULL && !tni_bit_get(valid, (size_t)(row & TNI_SORT_OFFSET_MASK));
            uint64_t word = null ? field->null_code : base;
            entries[i].word = (entries[i].word & keep) | ((word >> drop) << shift);
        }
#undef TNI_SORT_LOAD_KIND
#undef TNI_SORT_LOAD
    }
}

TNI_FN void tni_sorter_load(const tni_sorter *sorter, uint32_t stage_index, uint64_t step,
                            tni_sort_entry *entries, size_t count) {
    const tni_sort_stage *stage = &sorter->stages[stage_index];
    uint32_t i;
    if (stage->count == 0) {
        tni_sort_piece piece;
        memset(&piece, 0, sizeof piece);
        piece.field = stage->text;
        piece.field.skip = (uint32_t)TNI_MIN(stage->text.skip + 8 * step, (uint64_t)UINT32_MAX);
        tni_sort_load_piece(sorter, &piece, 0, entries, count);
        return;
    }
    for (i = 0; i < stage->count; i++) {
        tni_sort_load_piece(sorter, &sorter->pieces[stage->first + i],
                            i == 0 ? 0 : ~UINT64_C(0), entries, count);
    }
}

/* -------------------------------------------------------------------------- prepare --- */

static trueno_status tni_sorter_tables(tni_sorter *sorter, tni_error *error) {
    const tni_collection *rows = sorter->rows;
    tni_memory *memory = sorter->env->memory;
    size_t entries, b;
    uint32_t c;
    if (!tni_size_mul(rows->block_count, rows->column_count, &entries) ||
        !tni_size_mul(entries, sizeof *sorter->data, &sorter->table_bytes)) {
        return tni_memory_fail(memory, SIZE_MAX, error);
    }
    sorter->data = (const uint8_t **)tni_alloc(memory, sorter->table_bytes);
    sorter->validity = (const uint64_t **)tni_alloc(memory, sorter->table_bytes);
    sorter->nullable = (bool *)tni_alloc_zero(memory, rows->column_count);
    if (sorter->data == NULL || sorter->validity == NULL || sorter->nullable == NULL) {
        return tni_memory_fail(memory, sorter->table_bytes, error);
    }
    for (c = 0; c < rows->column_count; c++) {
        for (b = 0; b < rows->block_count; b++) {
            sorter->data[c * rows->block_count + b] = (const uint8_t *)rows->blocks[b]->data[c];
            sorter->validity[c * rows->block_count + b] = rows->blocks[b]->validity[c];
            sorter->nullable[c] = sorter->nullable[c] || rows->blocks[b]->validity[c] != NULL;
        }
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_sorter_prepare(tni_sorter *sorter, tni_error *error) {
    tni_memory *memory = sorter->env->memory;
    uint32_t tasks = (uint32_t)TNI_MIN(sorter->rows->rows / TNI_SORT_STAT_ROWS + 1,
                                       (uint64_t)tni_scheduler_workers(sorter->scheduler));
    size_t bytes = (size_t)tasks * sorter->key_count * sizeof(tni_sort_stats);
    tni_sort_packer packer;
    tni_sort_stats *stats;
    uint32_t i;
    TNI_TRY(tni_sorter_tables(sorter, error));
    sorter->capacity = 6 * sorter->key_count + 1; /* NULL bit, word, word, each maybe split */
    sorter->pieces =
        (tni_sort_piece *)tni_alloc_array(memory, sorter->capacity, sizeof *sorter->pieces);
    sorter->stages =
        (tni_sort_stage *)tni_alloc_array(memory, sorter->capacity, sizeof *sorter->stages);
    if (sorter->pieces == NULL || sorter->stages == NULL) {
        return tni_memory_fail(memory, sorter->capacity * sizeof *sorter->stages, error);
    }
    stats = (tni_sort_stats *)tni_alloc_zero(memory, bytes);
    if (stats == NULL) {
        return tni_memory_fail(memory, bytes, error);
    }
    tni_sort_measure(sorter, stats, tasks);
    packer.sorter = sorter;
    packer.room = 0;
    for (i = 0; i < sorter->key_count; i++) {
        tni_sort_put_key(&packer, &sorter->keys[i], &stats[i]);
    }
    tni_free(memory, stats, bytes);
    return TRUENO_OK;
}

#undef TNI_SORT_SIGN
#undef TNI_SORT_STAT_ROWS
#undef TNI_SORT_UNSIGNED
#undef TNI_SORT_SIGNED
#undef TNI_SORT_KINDS
