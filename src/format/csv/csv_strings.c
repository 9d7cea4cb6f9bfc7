/*
 * csv_strings.c - string fields to dictionary codes or views.
 *
 * A worker keeps a dictionary per string column from chunk to chunk: after the first chunks a
 * repetitive column only looks its strings up, and all its segments share one tni_dictionary, so
 * that operators reuse what they computed per entry. Entries never move within a buffer: a sealed
 * dictionary covers the first `count` of them, later entries go behind. A column whose strings
 * rarely repeat gives the dictionary up for good; its segments are views into the text (zero
 * copy), only escaped strings are written out.
 *
 * Uses: csv_parts.h, hash, codec.h (loads), bits.
 */
#include "format/csv/csv_parts.h"

#include "base/bits.h"
#include "base/hash.h"
#include "codec/codec.h"

#define TNI_CSV_DICTIONARY_MOST 65536u
#define TNI_CSV_DICTIONARY_TRIAL 2048u /* entries before the share of new ones counts */

/* ------------------------------------------------------------------------- the dictionary --- */

TNI_FN void tni_csv_strings_init(tni_csv_strings *strings, tni_memory *memory) {
    memset(strings, 0, sizeof *strings);
    strings->memory = memory;
}

TNI_FN void tni_csv_strings_free(tni_csv_strings *strings) {
    tni_buffer_release(strings->values);
    tni_buffer_release(strings->heap);
    tni_dictionary_release(strings->sealed);
    tni_free(strings->memory, strings->slots, strings->slot_count * sizeof(uint32_t));
    tni_free(strings->memory, strings->codes, TNI_SEGMENT_ROWS * sizeof(uint16_t));
    tni_csv_strings_init(strings, strings->memory);
}

static tni_string *tni_csv_entries(const tni_csv_strings *strings) {
    return (tni_string *)(void *)strings->values->data;
}

/* A string as two machine words, the form in which it is hashed and compared: the bytes of a
 * tni_string, never stored in pieces and read back whole. */
typedef struct tni_csv_key {
    uint64_t head, tail;
} tni_csv_key;

TNI_FORCE_INLINE tni_csv_key tni_csv_key_of(const tni_string *s) {
    tni_csv_key key;
    memcpy(&key, s, sizeof key);
    return key;
}

TNI_FORCE_INLINE uint64_t tni_csv_key_hash(tni_csv_key key, uint32_t length) {
    uint64_t high, low;
    if (TNI_UNLIKELY(length > TNI_STRING_INLINE)) {
        tni_string s;
        memcpy(&s, &key, sizeof s);
        key.tail = tni_hash_bytes(s.tail.pointer, length);
    }
    low = tni_multiply_wide(key.head ^ UINT64_C(0x9e3779b97f4a7c15),
                            key.tail ^ UINT64_C(0xff51afd7ed558ccd), &high);
    return low ^ high;
}

/* Room for one more entry of `length` bytes: new, larger buffers with the same entries. The old
 * buffers live on in the dictionaries sealed over them. */
static trueno_status tni_csv_strings_grow(tni_csv_strings *strings, size_t length,
                                          tni_error *error) {
    uint32_t capacity = strings->count < strings->capacity ? strings->capacity
                        : strings->capacity == 0           ? 512
                                                           : strings->capacity * 2;
    size_t old = strings->heap != NULL ? strings->heap->size : 0, room;
    tni_buffer *values, *heap;
    tni_string *entries;
    uint32_t i;
    if (!tni_size_add(old * 2 + 4096, length, &room)) {
        return tni_memory_fail(strings->memory, length, error);
    }
    TNI_TRY(tni_buffer_new(strings->memory, capacity * sizeof(tni_string), &values, error));
    if (tni_buffer_new(strings->memory, room, &heap, error) != TRUENO_OK) {
        tni_buffer_release(values);
        return tni_memory_fail(strings->memory, room, error);
    }
    entries = (tni_string *)(void *)values->data;
    if (strings->count > 0) {
        memcpy(entries, strings->values->data, strings->count * sizeof(tni_string));
    }
    if (strings->heap_used > 0) {
        memcpy(heap->data, strings->heap->data, strings->heap_used);
    }
    for (i = 0; i < strings->count; i++) {
        if (entries[i].length > TNI_STRING_INLINE) {
            entries[i].tail.pointer =
                heap->data + (entries[i].tail.pointer - strings->heap->data);
        }
    }
    tni_buffer_release(strings->values);
    tni_buffer_release(strings->heap);
    strings->values = values;
    strings->heap = heap;
    strings->capacity = capacity;
    return TRUENO_OK;
}

static trueno_status tni_csv_strings_rehash(tni_csv_strings *strings, tni_error *error) {
    uint32_t count = strings->slot_count == 0 ? 1024 : strings->slot_count * 2, i;
    uint32_t *slots =
        (uint32_t *)tni_alloc_zero(strings->memory, count * sizeof(uint32_t));
    if (slots == NULL) {
        return tni_memory_fail(strings->memory, count * sizeof(uint32_t), error);
    }
    for (i = 0; i < strings->count; i++) {
        const tni_string *entry = &tni_csv_entries(strings)[i];
        uint64_t hash = tni_csv_key_hash(tni_csv_key_of(entry), entry->length);
        uint32_t at = (uint32_t)hash & (count - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (count - 1);
        }
        slots[at] = i + 1;
    }
    tni_free(strings->memory, strings->slots, strings->slot_count * sizeof(uint32_t));
    strings->slots = slots;
    strings->slot_count = count;
    return TRUENO_OK;
}

/* Add a string that is not there. */
static trueno_status tni_csv_strings_insert(tni_csv_strings *strings, tni_string s, uint64_t hash,
                                            uint32_t *code, tni_error *error) {
    uint32_t at;
    size_t length = s.length > TNI_STRING_INLINE ? s.length : 0;
    size_t left = strings->heap != NULL ? strings->heap->size - strings->heap_used : 0;
    if (strings->count == strings->capacity || length > left) {
        TNI_TRY(tni_csv_strings_grow(strings, length, error));
    }
    if (strings->count * 4 >= strings->slot_count) {
        TNI_TRY(tni_csv_strings_rehash(strings, error));
    }
    if (length > 0) {
        uint8_t *to = strings->heap->data + strings->heap_used;
        memcpy(to, s.tail.pointer, length);
        s.tail.pointer = to;
        strings->heap_used += length;
    }
    at = (uint32_t)hash & (strings->slot_count - 1);
    while (strings->slots[at] != 0) {
        at = (at + 1) & (strings->slot_count - 1);
    }
    tni_csv_entries(strings)[strings->count] = s;
    *code = strings->count++;
    strings->slots[at] = *code + 1;
    return TRUENO_OK;
}

TNI_FORCE_INLINE bool tni_csv_strings_find(const tni_csv_strings *strings, tni_csv_key key,
                                           uint32_t length, uint64_t hash, uint32_t *code) {
    uint32_t mask = strings->slot_count - 1, at = (uint32_t)hash & mask, slot;
    const tni_string *entries;
    if (TNI_UNLIKELY(strings->slot_count == 0)) {
        return false;
    }
    entries = tni_csv_entries(strings);
    while ((slot = strings->slots[at]) != 0) {
        tni_csv_key entry = tni_csv_key_of(&entries[slot - 1]);
        *code = slot - 1;
        if (TNI_LIKELY(entry.head == key.head)) {
            if (TNI_LIKELY(entry.tail == key.tail)) {
                return true;
            }
            if (length > TNI_STRING_INLINE) {
                tni_string s;
                memcpy(&s, &key, sizeof s);
                if (memcmp(s.tail.pointer, entries[slot - 1].tail.pointer, length) == 0) {
                    return true;
                }
            }
        }
        at = (at + 1) & mask;
    }
    return false;
}

static trueno_status tni_csv_strings_seal(tni_csv_strings *strings, tni_error *error) {
    tni_dictionary *dictionary;
    if (strings->sealed != NULL && strings->sealed_count == strings->count) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_dictionary_new(strings->memory, tni_buffer_retain(strings->values),
                               strings->count, tni_buffer_retain(strings->heap), true,
                               &dictionary, error));
    tni_dictionary_release(strings->sealed);
    strings->sealed = dictionary;
    strings->sealed_count = strings->count;
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------- one field --- */

/* The string of the `length` bytes at `p`, 12 of which can be read. */
TNI_FORCE_INLINE tni_csv_key tni_csv_key_load(const uint8_t *p, uint32_t length) {
    tni_csv_key key;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    tni_string s = tni_string_make(p, length);
    memcpy(&key, &s, sizeof key);
#else
    static const uint64_t heads[TNI_STRING_INLINE + 1] = {
        0x0,        0xff,       0xffff,     0xffffff,   0xffffffff, 0xffffffff, 0xffffffff,
        0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
    static const uint64_t tails[TNI_STRING_INLINE + 1] = {
        0,
        0,
        0,
        0,
        0,
        0xff,
        0xffff,
        0xffffff,
        0xffffffff,
        UINT64_C(0xffffffffff),
        UINT64_C(0xffffffffffff),
        UINT64_C(0xffffffffffffff),
        UINT64_C(0xffffffffffffffff)};
    if (TNI_LIKELY(length <= TNI_STRING_INLINE)) {
        key.head = (tni_load_le32(p) & heads[length]) << 32 | length;
        key.tail = tni_load_le64(p + 4) & tails[length];
    } else {
        tni_string s;
        s.tail.bits = 0; /* a 32-bit pointer leaves the rest zero */
        s.tail.pointer = p;
        key.head = (uint64_t)tni_load_le32(p) << 32 | length;
        key.tail = s.tail.bits;
    }
#endif
    return key;
}

typedef enum tni_csv_got { TNI_CSV_GOT_STRING, TNI_CSV_GOT_NULL, TNI_CSV_GOT_FAULT } tni_csv_got;

typedef struct tni_csv_string_work {
    const tni_csv_view *view;
    const tni_csv_format *format;
    tni_csv_cursor cursor;
    uint32_t quote; /* 256: none */
    bool plain;     /* unquoted fields with text are valid strings, none of them NULL */
    bool plain_quoted; /* likewise quoted fields without a quote inside */
    bool copied;    /* the last string lies in scratch */
    uint64_t *validity;
    uint32_t nulls;
    tni_csv_fault fault;
} tni_csv_string_work;

static TNI_NOINLINE tni_csv_got tni_csv_string_general(tni_csv_string_work *work, uint32_t start,
                                                       uint32_t end, tni_string *out) {
    const tni_csv_view *view = work->view;
    tni_csv_cell cell;
    work->copied = false;
    if (start > end) {
        return TNI_CSV_GOT_NULL;
    }
    if (!tni_csv_cell_read(view->dialect, view->table->base + start, end - start, view->scratch,
                           &cell)) {
        work->fault = TNI_CSV_FAULT_TOO_LONG;
        return TNI_CSV_GOT_FAULT;
    }
    if (tni_csv_is_null(view->rules, work->format, &cell)) {
        return TNI_CSV_GOT_NULL;
    }
    if (!view->utf8 && !tni_utf8_valid(cell.data, cell.length)) {
        work->fault = TNI_CSV_FAULT_UTF8;
        return TNI_CSV_GOT_FAULT;
    }
    work->copied = cell.copied;
    *out = tni_string_make(cell.data, cell.length);
    return TNI_CSV_GOT_STRING;
}

/* Whether `byte` is among the `length` bytes at `p`; 13 can be read whatever the length. */
TNI_FORCE_INLINE bool tni_csv_has_byte(const uint8_t *p, uint32_t length, uint8_t byte) {
    uint64_t pattern = UINT64_C(0x0101010101010101) * byte, head, tail;
    if (length > TNI_STRING_INLINE) {
        return memchr(p, byte, length) != NULL;
    }
    head = tni_load_le64(p) ^ pattern;
    tail = tni_load_le64(p + 5) ^ pattern;
    head = (head - UINT64_C(0x0101010101010101)) & ~head & UINT64_C(0x8080808080808080);
    tail = (tail - UINT64_C(0x0101010101010101)) & ~tail & UINT64_C(0x8080808080808080);
    /* the lowest set bit is exact; where it lies past the end, there is none before */
    if (head != 0) {
        return tni_ctz64(head) / 8 < length;
    }
    return tail != 0 && tni_ctz64(tail) / 8 + 5 < length;
}

/* The next field as a string. */
TNI_FORCE_INLINE tni_csv_got tni_csv_string_next(tni_csv_string_work *work, uint32_t row,
                                                 tni_csv_key *out, uint32_t *out_length) {
    const tni_csv_view *view = work->view;
    uint32_t start = *work->cursor.starts + work->cursor.bias, end = *work->cursor.ends;
    const uint8_t *p = view->table->base + start;
    int32_t length = (int32_t)(end - start);
    tni_csv_got got;
    tni_string s;
    work->cursor.starts += work->cursor.start_step;
    work->cursor.ends += work->cursor.end_step;
    if (TNI_LIKELY(length > 0 && work->plain && view->text_end - p >= 12 && *p != work->quote)) {
        *out = tni_csv_key_load(p, (uint32_t)length);
        *out_length = (uint32_t)length;
        return TNI_CSV_GOT_STRING;
    }
    if (length > 2 && work->plain_quoted && view->text_end - p >= 14 &&
        p[length - 1] == work->quote &&
        !tni_csv_has_byte(p + 1, (uint32_t)length - 2, (uint8_t)work->quote)) {
        *out = tni_csv_key_load(p + 1, (uint32_t)length - 2);
        *out_length = (uint32_t)length - 2;
        return TNI_CSV_GOT_STRING;
    }
    got = tni_csv_string_general(work, start, end, &s);
    if (got == TNI_CSV_GOT_NULL) {
        tni_bit_clear(work->validity, row);
        work->nulls++;
        memset(&s, 0, sizeof s);
    }
    if (got != TNI_CSV_GOT_FAULT) {
        *out = tni_csv_key_of(&s);
        *out_length = s.length;
    }
    return got;
}

/* ---------------------------------------------------------------------------------- codes --- */

/* Codes of all rows into strings->codes; *done false: the dictionary was given up. */
static trueno_status tni_csv_codes(tni_csv_string_work *work, tni_csv_strings *strings,
                                   uint32_t rows, bool *done, uint32_t *stopped,
                                   tni_error *error) {
    uint32_t row;
    *done = true;
    for (row = 0; row < rows; row++) {
        tni_csv_key key;
        uint32_t code = 0, length;
        uint64_t hash;
        tni_csv_got got = tni_csv_string_next(work, row, &key, &length);
        if (TNI_LIKELY(got == TNI_CSV_GOT_STRING)) {
            hash = tni_csv_key_hash(key, length);
            if (TNI_UNLIKELY(!tni_csv_strings_find(strings, key, length, hash, &code))) {
                tni_string s;
                if (strings->count == TNI_CSV_DICTIONARY_MOST ||
                    (strings->count >= TNI_CSV_DICTIONARY_TRIAL &&
                     strings->count > (strings->rows + row) / 4)) {
                    *done = false;
                    return TRUENO_OK;
                }
                memcpy(&s, &key, sizeof s);
                TNI_TRY(tni_csv_strings_insert(strings, s, hash, &code, error));
            }
        } else if (got == TNI_CSV_GOT_FAULT) {
            *stopped = row;
            return TRUENO_ERROR_CONVERSION;
        }
        strings->codes[row] = (uint16_t)code;
    }
    strings->rows += rows;
    return TRUENO_OK;
}

static trueno_status tni_csv_codes_segment(tni_csv_strings *strings, tni_segment *segment,
                                           tni_error *error) {
    uint32_t rows = segment->rows, i, width = strings->count <= 256 ? 1 : 2;
    TNI_TRY(tni_csv_strings_seal(strings, error));
    TNI_TRY(tni_buffer_new(strings->memory, (size_t)rows * width, &segment->buffers[0], error));
    if (width == 1) {
        uint8_t *codes = segment->buffers[0]->data;
        for (i = 0; i < rows; i++) {
            codes[i] = (uint8_t)strings->codes[i];
        }
    } else {
        memcpy(segment->buffers[0]->data, strings->codes, (size_t)rows * width);
    }
    segment->encoding = TNI_ENCODING_DICT;
    segment->code_width = (uint8_t)width;
    segment->data = segment->buffers[0]->data;
    segment->dictionary = tni_dictionary_retain(strings->sealed);
    segment->bytes += (uint64_t)rows * width;
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------------- views --- */

/* Bytes of the next `rows` fields: what unescaping them can need at most. */
static size_t tni_csv_rest_bytes(const tni_csv_string_work *work, uint32_t rows) {
    tni_csv_cursor at = work->cursor;
    size_t total = 0;
    uint32_t i;
    for (i = 0; i < rows; i++) {
        uint32_t start = *at.starts + at.bias, end = *at.ends;
        total += end > start ? end - start : 0;
        at.starts += at.start_step;
        at.ends += at.end_step;
    }
    return total;
}

/* Keep a string that lies in scratch. */
static trueno_status tni_csv_keep_string(const tni_csv_string_work *work, uint32_t left,
                                         tni_buffer **heap, size_t *used, tni_string *s,
                                         tni_error *error) {
    if (s->length <= TNI_STRING_INLINE) {
        return TRUENO_OK;
    }
    if (*heap == NULL) {
        TNI_TRY(tni_buffer_new(work->view->env->memory, s->length + tni_csv_rest_bytes(work, left),
                               heap, error));
    }
    memcpy((*heap)->data + *used, s->tail.pointer, s->length);
    s->tail.pointer = (*heap)->data + *used;
    *used += s->length;
    return TRUENO_OK;
}

static trueno_status tni_csv_views(tni_csv_string_work *work, tni_segment *segment,
                                   uint32_t *stopped, tni_error *error) {
    const tni_csv_view *view = work->view;
    uint32_t rows = segment->rows, row;
    tni_string *values;
    size_t used = 0;
    TNI_TRY(tni_buffer_new(view->env->memory, rows * sizeof(tni_string), &segment->buffers[0],
                           error));
    values = (tni_string *)(void *)segment->buffers[0]->data;
    for (row = 0; row < rows; row++) {
        tni_csv_key key = {0, 0};
        uint32_t length;
        tni_csv_got got;
        work->copied = false;
        got = tni_csv_string_next(work, row, &key, &length);
        memcpy(values + row, &key, sizeof key);
        if (TNI_UNLIKELY(got == TNI_CSV_GOT_FAULT)) {
            *stopped = row;
            return TRUENO_ERROR_CONVERSION;
        }
        if (TNI_UNLIKELY(work->copied) && got == TNI_CSV_GOT_STRING) {
            TNI_TRY(tni_csv_keep_string(work, rows - row - 1, &segment->buffers[3], &used,
                                        values + row, error));
        }
    }
    segment->encoding = TNI_ENCODING_PLAIN;
    segment->strings = TNI_STRINGS_VIEWS;
    segment->data = values;
    segment->buffers[2] = tni_buffer_retain(view->input);
    segment->bytes += rows * sizeof(tni_string) + used;
    return TRUENO_OK;
}

/* -------------------------------------------------------------------------------- a column --- */

static void tni_csv_string_begin(tni_csv_string_work *work, const tni_csv_view *view,
                                 const tni_csv_format *format, uint32_t column, uint32_t first,
                                 uint32_t rows, uint64_t *validity) {
    work->view = view;
    work->format = format;
    work->cursor = tni_csv_cursor_make(view->table, column, first);
    work->quote = view->dialect->quote != 0 ? view->dialect->quote : 256;
    work->plain = view->utf8 && (view->rules->only_empty || view->rules->null_count == 0 ||
                                 format->not_null);
    work->plain_quoted = work->plain && work->quote != 256 &&
                         (view->dialect->escape == 0 ||
                          view->dialect->escape == view->dialect->quote);
    work->copied = false;
    work->validity = validity;
    work->nulls = 0;
    work->fault = TNI_CSV_FAULT_CAST;
    memset(validity, 0xff, tni_bitmap_words(rows) * sizeof(uint64_t));
}

static trueno_status tni_csv_string_segment(tni_csv_string_work *work, tni_csv_strings *strings,
                                            uint32_t column, uint32_t first,
                                            tni_segment *segment, uint32_t *stopped,
                                            tni_error *error) {
    uint32_t rows = segment->rows;
    bool done = false;
    if (!strings->given_up) {
        TNI_TRY(tni_csv_codes(work, strings, rows, &done, stopped, error));
        if (!done) {
            tni_csv_strings_free(strings);
            strings->given_up = true;
            tni_csv_string_begin(work, work->view, work->format, column, first, rows,
                                 work->validity);
        }
    }
    if (!done) {
        TNI_TRY(tni_csv_views(work, segment, stopped, error));
    }
    if (work->nulls == rows) {
        tni_csv_all_null(segment);
        return TRUENO_OK;
    }
    if (done) {
        TNI_TRY(tni_csv_codes_segment(strings, segment, error));
    }
    return tni_csv_set_validity(segment, work->validity, work->nulls, error);
}

TNI_FN trueno_status tni_csv_convert_strings(const tni_csv_view *view, uint32_t column,
                                             const tni_csv_format *format,
                                             tni_csv_strings *strings, uint32_t first,
                                             uint32_t rows, tni_segment **out,
                                             tni_csv_stop *stop, tni_error *error) {
    uint64_t validity[TNI_SEGMENT_ROWS / 64];
    tni_csv_string_work work;
    tni_segment *segment;
    uint32_t stopped = 0;
    trueno_status status;
    *out = NULL;
    if (!strings->given_up && strings->codes == NULL) {
        strings->codes =
            (uint16_t *)tni_alloc(strings->memory, TNI_SEGMENT_ROWS * sizeof(uint16_t));
        if (strings->codes == NULL) {
            return tni_memory_fail(strings->memory, TNI_SEGMENT_ROWS * sizeof(uint16_t), error);
        }
    }
    TNI_TRY(tni_segment_new(view->env->memory, format->type, rows, &segment, error));
    tni_csv_string_begin(&work, view, format, column, first, rows, validity);
    status = tni_csv_string_segment(&work, strings, column, first, segment, &stopped, error);
    if (status != TRUENO_OK) {
        tni_segment_release(segment);
        stop->record = first + stopped;
        stop->column = column;
        stop->fault = work.fault;
        return status;
    }
    *out = segment;
    return TRUENO_OK;
}

#undef TNI_CSV_DICTIONARY_MOST
#undef TNI_CSV_DICTIONARY_TRIAL
