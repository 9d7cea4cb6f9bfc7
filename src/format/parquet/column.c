/*
 * column.c - decoding the rows of a morsel into a segment.
 *
 * First all pages that overlap the morsel are read: definition levels become the validity bitmap,
 * values are collected densely (without gaps for NULLs) in one of three ways:
 *
 *   CODES   dictionary codes, while every page so far was dictionary coded
 *   VALUES  SQL values, converted; codes collected before are looked up
 *   PLACE   the values lie in one page exactly as SQL has them: a pointer to them
 *
 * Then the dense array is made a segment: codes stay DICT for strings, integers of a small range
 * become NARROW or CONSTANT, gaps for NULLs are opened last, at the narrow width.
 */
#include "format/parquet/column.h"

#define TNI_PARQUET_STEP 1024u /* values decoded at a time where a detour is needed */
#define TNI_PARQUET_SLOP 64u   /* bytes behind arrays that loops may touch */

typedef enum tni_parquet_kind {
    TNI_PARQUET_NOTHING_YET,
    TNI_PARQUET_CODES,
    TNI_PARQUET_VALUES,
    TNI_PARQUET_PLACE
} tni_parquet_kind;

/* Buffers that string views point into, kept alive by one buffer. */
typedef struct tni_parquet_owners {
    tni_memory *memory;
    tni_buffer **items;
    size_t count, capacity;
} tni_parquet_owners;

typedef struct tni_parquet_collect {
    tni_env *env;
    tni_parquet_cursor *cursor;
    const tni_parquet_leaf *leaf;
    tni_memory *memory;
    tni_buffer **spare;
    uint32_t rows;
    uint32_t value_width;      /* of SQL values */
    tni_buffer *validity;      /* bitmap; NULL while the column is REQUIRED */
    uint32_t valid;            /* dense values so far */
    tni_parquet_kind kind;
    tni_buffer *dense;         /* codes or values */
    const uint8_t *place;
    tni_buffer *place_owner;
    const tni_parquet_dictionary *dictionary; /* of the codes */
    tni_parquet_owners owners; /* VALUES that are strings */
} tni_parquet_collect;

/* ---- owners ---- */

static void tni_parquet_owners_free(tni_parquet_owners *owners) {
    size_t i;
    for (i = 0; i < owners->count; i++) {
        tni_buffer_release(owners->items[i]);
    }
    tni_free(owners->memory, owners->items, owners->capacity * sizeof *owners->items);
    owners->items = NULL;
    owners->count = 0;
    owners->capacity = 0;
}

static void tni_parquet_owners_release(void *user, void *data, size_t size) {
    tni_parquet_owners *owners = (tni_parquet_owners *)user;
    (void)data;
    (void)size;
    tni_parquet_owners_free(owners);
    tni_free(owners->memory, owners, sizeof *owners);
}

static trueno_status tni_parquet_owners_add(tni_parquet_owners *owners, tni_buffer *buffer,
                                            tni_error *error) {
    void *items = owners->items;
    if (!buffer || (owners->count && owners->items[owners->count - 1] == buffer)) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_grow(owners->memory, &items, &owners->capacity, owners->count + 1,
                     sizeof *owners->items, error));
    owners->items = (tni_buffer **)items;
    owners->items[owners->count++] = tni_buffer_retain(buffer);
    return TRUENO_OK;
}

/* One buffer that keeps all of them; *out is NULL when there are none. */
static trueno_status tni_parquet_owners_wrap(tni_parquet_owners *owners, tni_buffer **out,
                                             tni_error *error) {
    tni_parquet_owners *kept;
    trueno_status status;
    *out = NULL;
    if (owners->count <= 1) {
        *out = owners->count ? tni_buffer_retain(owners->items[0]) : NULL;
        return TRUENO_OK;
    }
    kept = (tni_parquet_owners *)tni_alloc(owners->memory, sizeof *kept);
    if (!kept) {
        return tni_memory_fail(owners->memory, sizeof *kept, error);
    }
    status = tni_buffer_wrap(owners->memory, kept, sizeof *kept, tni_parquet_owners_release, kept,
                             out, error);
    if (status != TRUENO_OK) {
        tni_free(owners->memory, kept, sizeof *kept);
        return status;
    }
    *kept = *owners;
    owners->items = NULL;
    owners->count = 0;
    owners->capacity = 0;
    return TRUENO_OK;
}

/* ---- buffers ---- */

/* A buffer of at least `size` bytes: the worker's spare one when it is large enough and free. */
static trueno_status tni_parquet_take(tni_parquet_collect *c, size_t size, tni_buffer **out,
                                      tni_error *error) {
    tni_buffer *spare = *c->spare;
    size += TNI_PARQUET_SLOP;
    if (spare && spare->size >= size && spare->size / 4 <= size) {
        *c->spare = NULL;
        *out = spare;
        return TRUENO_OK;
    }
    return tni_buffer_new(c->memory, size, out, error);
}

/* Give a buffer that nobody else holds back to the worker. */
static void tni_parquet_give(tni_parquet_collect *c, tni_buffer *buffer) {
    if (!buffer || tni_atomic_load_i32(&buffer->references) != 1 || buffer->release ||
        (*c->spare && (*c->spare)->size >= buffer->size)) {
        tni_buffer_release(buffer);
        return;
    }
    tni_buffer_release(*c->spare);
    *c->spare = buffer;
}

static void tni_parquet_collect_free(tni_parquet_collect *c) {
    tni_parquet_give(c, c->dense);
    tni_buffer_release(c->validity);
    tni_buffer_release(c->place_owner);
    tni_parquet_owners_free(&c->owners);
    c->dense = NULL;
    c->validity = NULL;
    c->place_owner = NULL;
}

static uint8_t *tni_parquet_dense_at(tni_parquet_collect *c) {
    return c->dense->data + (size_t)c->valid * c->value_width;
}

static trueno_status tni_parquet_short(tni_parquet_collect *c, tni_error *error) {
    return tni_parquet_fail(c->cursor, error, TRUENO_ERROR_FORMAT,
                            "the page has fewer values than it claims");
}

/* ---- from codes or a place to values ---- */

static const void *tni_parquet_dictionary_values(const tni_parquet_dictionary *dictionary) {
    return dictionary->strings ? (const void *)dictionary->strings->values
                               : (const void *)dictionary->values->data;
}

/* Look codes up: `out` gets n SQL values. */
static trueno_status tni_parquet_look_up(tni_parquet_collect *c, const void *codes, uint32_t n,
                                         uint8_t *out, tni_error *error) {
    const tni_parquet_dictionary *d = c->dictionary;
    tni_parquet_gather(tni_parquet_dictionary_values(d), c->value_width, codes, d->code_width, n,
                       out);
    if (d->strings) {
        TNI_TRY(tni_parquet_owners_add(&c->owners, d->strings->heap, error));
        TNI_TRY(tni_parquet_owners_add(&c->owners, d->strings->heap2, error));
    }
    return TRUENO_OK;
}

static trueno_status tni_parquet_to_values(tni_parquet_collect *c, tni_error *error) {
    tni_buffer *values;
    trueno_status status;
    if (c->kind == TNI_PARQUET_VALUES) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_parquet_take(c, (size_t)c->rows * c->value_width, &values, error));
    status = TRUENO_OK;
    if (c->kind == TNI_PARQUET_CODES) {
        status = tni_parquet_look_up(c, c->dense->data, c->valid, values->data, error);
    } else if (c->kind == TNI_PARQUET_PLACE) {
        memcpy(values->data, c->place, (size_t)c->valid * c->value_width);
        tni_buffer_release(c->place_owner);
        c->place_owner = NULL;
    }
    tni_parquet_give(c, c->dense);
    c->dense = values;
    c->kind = TNI_PARQUET_VALUES;
    return status;
}

/* ---- reading values page by page ---- */

static trueno_status tni_parquet_append_codes(tni_parquet_collect *c, uint32_t n,
                                              tni_error *error) {
    tni_parquet_cursor *cursor = c->cursor;
    const tni_kernels *kernels = c->env->kernels;
    const tni_parquet_dictionary *d;
    tni_buffer *codes = NULL;
    trueno_status status = TRUENO_OK;
    uint8_t *at;
    uint32_t width;
    if (n == 0) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_parquet_chunk_dictionary(c->env, cursor->chunk, &d, error));
    width = d->code_width;
    c->dictionary = d;
    if (c->kind == TNI_PARQUET_NOTHING_YET) {
        TNI_TRY(tni_parquet_take(c, (size_t)c->rows * width, &c->dense, error));
        c->kind = TNI_PARQUET_CODES;
    }
    if (c->kind == TNI_PARQUET_CODES) {
        at = c->dense->data + (size_t)c->valid * width;
    } else {
        TNI_TRY(tni_parquet_to_values(c, error));
        TNI_TRY(tni_parquet_take(c, (size_t)n * width, &codes, error));
        at = codes->data;
    }
    if (tni_hybrid_read(&cursor->codes, kernels, at, width, n) != n) {
        status = tni_parquet_fail(cursor, error, TRUENO_ERROR_FORMAT,
                                  "malformed dictionary codes, or fewer than values");
    } else if (!tni_parquet_codes_valid(kernels, at, width, n, d->count)) {
        status = tni_parquet_fail(cursor, error, TRUENO_ERROR_FORMAT,
                                  "a code is beyond the dictionary of %lu values",
                                  (unsigned long)d->count);
    } else if (c->kind == TNI_PARQUET_VALUES) {
        status = tni_parquet_look_up(c, at, n, tni_parquet_dense_at(c), error);
    }
    if (codes) {
        tni_parquet_give(c, codes);
    }
    return status;
}

/* Convert n stored values and append them. `heap_owner` (may be NULL) holds what views point
 * into. */
static trueno_status tni_parquet_append_stored(tni_parquet_collect *c, const uint8_t *stored,
                                               uint32_t n, tni_buffer *heap_owner,
                                               tni_error *error) {
    const tni_parquet_leaf *leaf = c->leaf;
    tni_buffer *text = NULL;
    const char *reason;
    if (leaf->convert == TNI_PARQUET_TO_UUID_TEXT) {
        TNI_TRY(tni_buffer_new(c->memory, (size_t)n * TNI_PARQUET_UUID_TEXT + 1, &text, error));
    }
    reason = tni_parquet_convert_fixed(leaf, stored, n, tni_parquet_dense_at(c),
                                       text ? text->data : NULL);
    if (leaf->text && !reason &&
        !tni_parquet_text_valid(c->env->kernels, stored, (size_t)n * leaf->stored_width,
                                (const tni_string *)(const void *)tni_parquet_dense_at(c), n)) {
        reason = "text that is not UTF-8";
    }
    if (reason) {
        tni_buffer_release(text);
        return tni_parquet_fail(c->cursor, error, TRUENO_ERROR_FORMAT, "%s", reason);
    }
    if (text || leaf->convert == TNI_PARQUET_TO_STRING) {
        trueno_status status =
            tni_parquet_owners_add(&c->owners, text ? text : heap_owner, error);
        tni_buffer_release(text);
        return status;
    }
    return TRUENO_OK;
}

/* May the values be used where they are? Then they are not moved at all. */
static bool tni_parquet_in_place(const tni_parquet_collect *c, uint32_t n) {
    return c->kind == TNI_PARQUET_NOTHING_YET && n == c->rows &&
           c->leaf->convert == TNI_PARQUET_TO_SAME &&
           c->leaf->physical != TNI_PARQUET_BOOLEAN &&
           ((uintptr_t)c->cursor->at & (c->value_width - 1)) == 0;
}

static trueno_status tni_parquet_append_fixed(tni_parquet_collect *c, uint32_t n,
                                              tni_error *error) {
    tni_parquet_cursor *cursor = c->cursor;
    const uint8_t *at = cursor->at;
    uint32_t width = c->leaf->stored_width;
    if ((uint64_t)(cursor->end - at) / width < n) {
        return tni_parquet_short(c, error);
    }
    cursor->at += (size_t)n * width;
    if (tni_parquet_in_place(c, n)) {
        c->kind = TNI_PARQUET_PLACE;
        c->place = at;
        c->place_owner = tni_buffer_retain(cursor->page);
        return TRUENO_OK;
    }
    TNI_TRY(tni_parquet_to_values(c, error));
    return tni_parquet_append_stored(c, at, n, cursor->page, error);
}

/* n views become values: strings as they are, decimals converted. */
static trueno_status tni_parquet_append_views(tni_parquet_collect *c, const tni_string *views,
                                              const uint8_t *data, size_t size, uint32_t n,
                                              tni_error *error) {
    const char *reason = NULL;
    if (c->leaf->text && !tni_parquet_text_valid(c->env->kernels, data, size, views, n)) {
        reason = "text that is not UTF-8";
    } else if (c->leaf->convert != TNI_PARQUET_TO_STRING) {
        reason = tni_parquet_convert_bytes(c->leaf, views, n, tni_parquet_dense_at(c));
    }
    return reason ? tni_parquet_fail(c->cursor, error, TRUENO_ERROR_FORMAT, "%s", reason)
                  : TRUENO_OK;
}

/* PLAIN byte arrays: views straight into the dense array, or decimals by way of a few views. */
static trueno_status tni_parquet_append_byte_arrays(tni_parquet_collect *c, uint32_t n,
                                                    tni_error *error) {
    tni_parquet_cursor *cursor = c->cursor;
    const uint8_t *start = cursor->at;
    uint32_t done = 0;
    TNI_TRY(tni_parquet_to_values(c, error));
    if (c->leaf->convert == TNI_PARQUET_TO_STRING) {
        tni_string *views = (tni_string *)(void *)tni_parquet_dense_at(c);
        cursor->at = tni_parquet_byte_arrays(start, cursor->end, n, views);
        if (!cursor->at) {
            cursor->at = cursor->end;
            return tni_parquet_short(c, error);
        }
        TNI_TRY(tni_parquet_append_views(c, views, start, (size_t)(cursor->at - start), n, error));
        return tni_parquet_owners_add(&c->owners, cursor->page, error);
    }
    while (done < n) {
        tni_string views[TNI_PARQUET_STEP / 4];
        uint32_t count = TNI_MIN(n - done, (uint32_t)TNI_COUNT_OF(views));
        const char *reason;
        cursor->at = tni_parquet_byte_arrays(cursor->at, cursor->end, count, views);
        if (!cursor->at) {
            cursor->at = cursor->end;
            return tni_parquet_short(c, error);
        }
        reason = tni_parquet_convert_bytes(c->leaf, views, count,
                                           tni_parquet_dense_at(c) + (size_t)done * c->value_width);
        if (reason) {
            return tni_parquet_fail(cursor, error, TRUENO_ERROR_FORMAT, "%s", reason);
        }
        done += count;
    }
    return TRUENO_OK;
}

static trueno_status tni_parquet_append_booleans(tni_parquet_collect *c, uint32_t n,
                                                 tni_error *error) {
    tni_parquet_cursor *cursor = c->cursor;
    TNI_TRY(tni_parquet_to_values(c, error));
    if (tni_hybrid_read(&cursor->codes, c->env->kernels, tni_parquet_dense_at(c), 1, n) != n) {
        return tni_parquet_short(c, error);
    }
    return TRUENO_OK;
}

static trueno_status tni_parquet_append_deltas(tni_parquet_collect *c, uint32_t n,
                                               tni_error *error) {
    uint32_t done = 0, first = c->valid;
    trueno_status status = TRUENO_OK;
    TNI_TRY(tni_parquet_to_values(c, error));
    while (done < n && status == TRUENO_OK) {
        int64_t wide[TNI_PARQUET_STEP];
        uint32_t narrow[TNI_PARQUET_STEP];
        uint32_t count = TNI_MIN(n - done, TNI_PARQUET_STEP), i;
        if (tni_delta_read(&c->cursor->delta, wide, count) != count) {
            status = tni_parquet_short(c, error);
            break;
        }
        for (i = 0; i < count && c->leaf->stored_width == 4; i++) {
            narrow[i] = (uint32_t)((uint64_t)wide[i] & UINT32_MAX);
        }
        status = tni_parquet_append_stored(c,
                                           c->leaf->stored_width == 4
                                               ? (const uint8_t *)(const void *)narrow
                                               : (const uint8_t *)(const void *)wide,
                                           count, NULL, error);
        c->valid += count;
        done += count;
    }
    c->valid = first; /* the caller counts */
    return status;
}

static trueno_status tni_parquet_append_split(tni_parquet_collect *c, uint32_t n,
                                              tni_error *error) {
    tni_parquet_cursor *cursor = c->cursor;
    uint32_t width = c->leaf->stored_width, b;
    size_t i;
    tni_buffer *joined;
    trueno_status status;
    if (cursor->index > cursor->count || n > cursor->count - cursor->index) {
        return tni_parquet_short(c, error);
    }
    TNI_TRY(tni_parquet_to_values(c, error));
    TNI_TRY(tni_buffer_new(c->memory, (size_t)n * width + 1, &joined, error));
    for (b = 0; b < width; b++) {
        const uint8_t *from = cursor->at + (size_t)(cursor->count * b + cursor->index);
        uint8_t *to = joined->data + b;
        for (i = 0; i < n; i++) {
            to[i * width] = from[i];
        }
    }
    cursor->index += n;
    status = tni_parquet_append_stored(c, joined->data, n, joined, error);
    tni_buffer_release(joined);
    return status;
}

/* DELTA_LENGTH_BYTE_ARRAY: lengths first, then all bytes in a row. */
static trueno_status tni_parquet_append_lengths(tni_parquet_collect *c, uint32_t n,
                                                tni_error *error) {
    tni_parquet_cursor *cursor = c->cursor;
    uint32_t done = 0, first = c->valid;
    trueno_status status = TRUENO_OK;
    TNI_TRY(tni_parquet_to_values(c, error));
    while (done < n && status == TRUENO_OK) {
        int64_t lengths[TNI_PARQUET_STEP / 4];
        tni_string views[TNI_PARQUET_STEP / 4];
        uint32_t count = TNI_MIN(n - done, (uint32_t)TNI_COUNT_OF(views)), i;
        const uint8_t *start = cursor->at;
        if (tni_delta_read(&cursor->delta, lengths, count) != count) {
            return tni_parquet_short(c, error);
        }
        for (i = 0; i < count; i++) {
            if (lengths[i] < 0 || (uint64_t)lengths[i] > (uint64_t)(cursor->end - cursor->at)) {
                return tni_parquet_short(c, error);
            }
            views[i] = tni_string_make(cursor->at, (size_t)lengths[i]);
            cursor->at += (size_t)lengths[i];
        }
        status = tni_parquet_append_views(c, views, start, (size_t)(cursor->at - start), count,
                                          error);
        if (status == TRUENO_OK && c->leaf->convert == TNI_PARQUET_TO_STRING) {
            memcpy(tni_parquet_dense_at(c), views, count * sizeof *views);
        }
        c->valid += count;
        done += count;
    }
    c->valid = first;
    return status == TRUENO_OK ? tni_parquet_owners_add(&c->owners, cursor->page, error) : status;
}

/* DELTA_BYTE_ARRAY: each value shares a prefix with the one before. A batch is written to memory
 * of its own: fixed-width values side by side, others behind each other with views. */
static trueno_status tni_parquet_front_coded_batch(tni_parquet_collect *c, uint32_t count,
                                                   tni_text *heap, uint64_t *ends,
                                                   tni_error *error) {
    tni_parquet_cursor *cursor = c->cursor;
    int64_t prefixes[TNI_PARQUET_STEP / 4], suffixes[TNI_PARQUET_STEP / 4];
    uint32_t i;
    if (tni_delta_read(&cursor->delta, prefixes, count) != count ||
        tni_delta_read(&cursor->suffixes, suffixes, count) != count) {
        return tni_parquet_short(c, error);
    }
    for (i = 0; i < count; i++) {
        TNI_TRY(tni_parquet_cursor_front_coded(cursor, prefixes[i], suffixes[i], error));
        if (c->leaf->stored_width && cursor->last_size != c->leaf->stored_width) {
            return tni_parquet_fail(cursor, error, TRUENO_ERROR_FORMAT,
                                    "a value of %llu bytes in a column of %lu",
                                    (unsigned long long)cursor->last_size,
                                    (unsigned long)c->leaf->stored_width);
        }
        if (cursor->last_size) {
            tni_text_append(heap, cursor->last, cursor->last_size);
        }
        ends[i] = heap->length;
    }
    return heap->failed ? tni_memory_fail(c->memory, heap->length, error) : TRUENO_OK;
}

/* Hand the bytes of a text builder over to a buffer. */
static void tni_parquet_text_release(void *user, void *data, size_t size) {
    tni_free((tni_memory *)user, data, size);
}

static trueno_status tni_parquet_text_buffer(tni_text *text, tni_buffer **out, tni_error *error) {
    trueno_status status = tni_buffer_wrap(text->memory, text->data, text->capacity,
                                           tni_parquet_text_release, text->memory, out, error);
    if (status != TRUENO_OK) {
        tni_text_free(text);
    }
    return status;
}

static trueno_status tni_parquet_append_front_coded(tni_parquet_collect *c, uint32_t n,
                                                    tni_error *error) {
    uint32_t done = 0, first = c->valid, i;
    trueno_status status = TRUENO_OK;
    TNI_TRY(tni_parquet_to_values(c, error));
    while (done < n && status == TRUENO_OK) {
        uint64_t ends[TNI_PARQUET_STEP / 4];
        tni_string views[TNI_PARQUET_STEP / 4];
        uint32_t count = TNI_MIN(n - done, (uint32_t)TNI_COUNT_OF(views));
        tni_buffer *owner = NULL;
        tni_text heap;
        tni_text_init(&heap, c->memory);
        ends[count - 1] = 0; /* the batch fills it, which gcc does not see */
        status = tni_parquet_front_coded_batch(c, count, &heap, ends, error);
        if (status != TRUENO_OK) {
            tni_text_free(&heap);
            break;
        }
        if (heap.data) {
            status = tni_parquet_text_buffer(&heap, &owner, error);
        }
        for (i = 0; i < count && status == TRUENO_OK; i++) {
            uint64_t from = i ? ends[i - 1] : 0;
            views[i] = tni_string_make(owner ? owner->data + (size_t)from : NULL,
                                       (size_t)(ends[i] - from));
        }
        if (status == TRUENO_OK && c->leaf->stored_width) {
            status = tni_parquet_append_stored(c, owner ? owner->data : NULL, count, owner, error);
        } else if (status == TRUENO_OK) {
            status = tni_parquet_append_views(c, views, owner ? owner->data : NULL,
                                              (size_t)ends[count - 1], count, error);
            if (status == TRUENO_OK && c->leaf->convert == TNI_PARQUET_TO_STRING) {
                memcpy(tni_parquet_dense_at(c), views, count * sizeof *views);
                status = tni_parquet_owners_add(&c->owners, owner, error);
            }
        }
        tni_buffer_release(owner);
        c->valid += count;
        done += count;
    }
    c->valid = first;
    return status;
}

/* Append the next n values of the open page. */
static trueno_status tni_parquet_append(tni_parquet_collect *c, uint32_t n, tni_error *error) {
    int32_t encoding = c->cursor->encoding;
    if (tni_parquet_is_dictionary(encoding)) {
        return tni_parquet_append_codes(c, n, error);
    }
    if (n == 0) {
        return TRUENO_OK;
    }
    switch (encoding) {
    case TNI_PARQUET_DELTA_BINARY_PACKED: return tni_parquet_append_deltas(c, n, error);
    case TNI_PARQUET_DELTA_LENGTH_BYTE_ARRAY:
        return c->leaf->physical == TNI_PARQUET_BYTE_ARRAY
                   ? tni_parquet_append_lengths(c, n, error)
                   : tni_parquet_fail(c->cursor, error, TRUENO_ERROR_FORMAT,
                                      "DELTA_LENGTH_BYTE_ARRAY in a column of fixed width");
    case TNI_PARQUET_DELTA_BYTE_ARRAY: return tni_parquet_append_front_coded(c, n, error);
    case TNI_PARQUET_BYTE_STREAM_SPLIT: return tni_parquet_append_split(c, n, error);
    default: break;
    }
    if (c->leaf->physical == TNI_PARQUET_BOOLEAN) {
        return tni_parquet_append_booleans(c, n, error);
    }
    return c->leaf->physical == TNI_PARQUET_BYTE_ARRAY ? tni_parquet_append_byte_arrays(c, n, error)
                                                       : tni_parquet_append_fixed(c, n, error);
}

static trueno_status tni_parquet_collect_rows(tni_parquet_collect *c, tni_error *error) {
    uint32_t done = 0;
    if (c->leaf->optional) {
        size_t bytes = (tni_bitmap_words(c->rows) + 1) * sizeof(uint64_t);
        TNI_TRY(tni_buffer_new(c->memory, bytes, &c->validity, error));
        memset(c->validity->data, 0, bytes);
    }
    while (done < c->rows) {
        uint32_t count, valid;
        TNI_TRY(tni_parquet_cursor_page(c->env, c->cursor, error));
        count = TNI_MIN(c->cursor->left, c->rows - done);
        TNI_TRY(tni_parquet_cursor_levels(
            c->cursor, count, c->validity ? (uint64_t *)(void *)c->validity->data : NULL, done,
            &valid, error));
        TNI_TRY(tni_parquet_append(c, valid, error));
        c->valid += valid;
        done += count;
    }
    return TRUENO_OK;
}

/* ---- making the segment ---- */

static const uint64_t *tni_parquet_bitmap(const tni_parquet_collect *c) {
    return (const uint64_t *)(const void *)c->validity->data;
}

/* Give the segment its data: dense elements of `width` bytes, gaps opened for NULLs. `buffer` is
 * taken over. */
static trueno_status tni_parquet_set_data(tni_parquet_collect *c, tni_segment *segment,
                                          tni_buffer *buffer, const uint8_t *data, uint32_t width,
                                          tni_error *error) {
    tni_buffer *spread;
    trueno_status status;
    segment->bytes += (uint64_t)c->rows * width;
    if (c->valid == c->rows) {
        segment->buffers[0] = buffer;
        segment->data = data;
        return TRUENO_OK;
    }
    status = tni_parquet_take(c, (size_t)c->rows * width, &spread, error);
    if (status != TRUENO_OK) {
        tni_buffer_release(buffer);
        return status;
    }
    tni_parquet_expand(data, width, tni_parquet_bitmap(c), c->rows, spread->data);
    tni_parquet_give(c, buffer);
    segment->buffers[0] = spread;
    segment->data = spread->data;
    return TRUENO_OK;
}

static tni_value tni_parquet_integer(tni_type type, int64_t v) {
    tni_value value = tni_value_null(type);
    tni_physical physical = tni_type_physical(type);
    value.is_null = false;
    if (physical == TNI_PHYSICAL_BOOL) {
        value.as.boolean = v != 0;
    } else if (physical >= TNI_PHYSICAL_U8 && physical <= TNI_PHYSICAL_U64) {
        value.as.natural = (uint64_t)v;
    } else {
        value.as.integer = v;
    }
    return value;
}

static void tni_parquet_set_bounds(tni_segment *segment, int64_t low, int64_t high, bool exact) {
    segment->zone.has_bounds = true;
    segment->zone.exact = exact;
    segment->zone.min = tni_parquet_integer(segment->type, low);
    segment->zone.max = tni_parquet_integer(segment->type, high);
}

/* Do the segment's bounds keep to what the statistics of the chunk claim? */
static bool tni_parquet_within_claim(const tni_parquet_collect *c, const tni_segment *segment) {
    const tni_zone *claim = &c->cursor->chunk->zone;
    return !claim->has_bounds || !segment->zone.has_bounds ||
           (tni_value_compare(&segment->zone.min, &claim->min) >= 0 &&
            tni_value_compare(&segment->zone.max, &claim->max) <= 0);
}

static trueno_status tni_parquet_lying(const tni_parquet_collect *c, tni_error *error) {
    return tni_parquet_chunk_fail(c->cursor->chunk, NULL, error, TRUENO_ERROR_FORMAT,
                                  "values outside the bounds that its statistics claim");
}

static trueno_status tni_parquet_finish_constant(tni_parquet_collect *c, tni_segment *segment,
                                                 int64_t v, tni_error *error) {
    tni_buffer *one;
    TNI_TRY(tni_buffer_new(c->memory, 16, &one, error));
    segment->encoding = TNI_ENCODING_CONSTANT;
    segment->constant = tni_parquet_integer(segment->type, v);
    tni_value_store(&segment->constant, one->data);
    segment->buffers[0] = one;
    segment->data = one->data;
    segment->bytes += 16;
    return TRUENO_OK;
}

static bool tni_parquet_is_integer(tni_physical physical) {
    return physical <= TNI_PHYSICAL_U64;
}

/* Integers: CONSTANT, NARROW codes when they are half as wide or less, or PLAIN. */
static trueno_status tni_parquet_finish_integers(tni_parquet_collect *c, tni_segment *segment,
                                                 const uint8_t *data, tni_physical physical,
                                                 bool *done, tni_error *error) {
    int64_t low, high;
    uint64_t span;
    uint32_t width;
    tni_buffer *codes;
    *done = true;
    tni_parquet_range(c->env->kernels, physical, data, c->valid, &low, &high);
    tni_parquet_set_bounds(segment, low, high, true);
    if (!tni_parquet_within_claim(c, segment)) {
        return tni_parquet_lying(c, error);
    }
    span = (uint64_t)high - (uint64_t)low;
    if (span == 0) {
        return tni_parquet_finish_constant(c, segment, low, error);
    }
    if (span > UINT16_MAX || c->value_width < 4) {
        *done = false;
        return TRUENO_OK;
    }
    width = span > UINT8_MAX ? 2 : 1;
    TNI_TRY(tni_buffer_new(c->memory, (size_t)c->valid * width + TNI_PARQUET_SLOP, &codes, error));
    tni_parquet_narrow(physical, data, c->valid, low, width, codes->data);
    segment->encoding = TNI_ENCODING_NARROW;
    segment->code_width = (uint8_t)width;
    segment->base = low;
    return tni_parquet_set_data(c, segment, codes, codes->data, width, error);
}

/* Dictionary codes of integers: codes relative to the smallest value, by one more look-up. Not
 * all entries need be in use: only when the dictionary exceeds the claimed bounds is it worth to
 * see which are. */
static trueno_status tni_parquet_finish_narrow_codes(tni_parquet_collect *c, tni_segment *segment,
                                                     tni_error *error) {
    const tni_parquet_dictionary *d = c->dictionary;
    uint32_t width = d->narrow_width;
    int64_t low, high;
    tni_buffer *codes;
    tni_parquet_set_bounds(segment, d->low, d->high, false);
    TNI_TRY(tni_buffer_new(c->memory, (size_t)c->valid * width + TNI_PARQUET_SLOP, &codes, error));
    tni_parquet_gather(d->narrow->data, width, c->dense->data, d->code_width, c->valid,
                       codes->data);
    if (!tni_parquet_within_claim(c, segment)) {
        tni_parquet_range(c->env->kernels, width == 1 ? TNI_PHYSICAL_U8 : TNI_PHYSICAL_U16,
                          codes->data, c->valid, &low, &high);
        tni_parquet_set_bounds(segment, (int64_t)((uint64_t)d->low + (uint64_t)low),
                               (int64_t)((uint64_t)d->low + (uint64_t)high), true);
        if (!tni_parquet_within_claim(c, segment)) {
            tni_buffer_release(codes);
            return tni_parquet_lying(c, error);
        }
    }
    if (d->low == d->high) {
        tni_buffer_release(codes);
        return tni_parquet_finish_constant(c, segment, d->low, error);
    }
    segment->encoding = TNI_ENCODING_NARROW;
    segment->code_width = (uint8_t)width;
    segment->base = d->low;
    return tni_parquet_set_data(c, segment, codes, codes->data, width, error);
}

static trueno_status tni_parquet_finish_values(tni_parquet_collect *c, tni_segment *segment,
                                               tni_error *error) {
    tni_physical physical = tni_type_physical(segment->type);
    bool place = c->kind == TNI_PARQUET_PLACE, done;
    const uint8_t *data = place ? c->place : c->dense->data;
    tni_buffer *buffer;
    if (tni_parquet_is_integer(physical)) {
        TNI_TRY(tni_parquet_finish_integers(c, segment, data, physical, &done, error));
        if (done) {
            return TRUENO_OK;
        }
    }
    segment->encoding = TNI_ENCODING_PLAIN;
    segment->strings = TNI_STRINGS_VIEWS;
    if (physical == TNI_PHYSICAL_STRING) {
        TNI_TRY(tni_parquet_owners_wrap(&c->owners, &segment->buffers[2], error));
    }
    buffer = place ? c->place_owner : c->dense;
    c->place_owner = NULL;
    c->dense = NULL;
    return tni_parquet_set_data(c, segment, buffer, data, c->value_width, error);
}

static trueno_status tni_parquet_finish_codes(tni_parquet_collect *c, tni_segment *segment,
                                              tni_error *error) {
    const tni_parquet_dictionary *d = c->dictionary;
    tni_buffer *codes = c->dense;
    if (d->narrow) {
        return tni_parquet_finish_narrow_codes(c, segment, error);
    }
    if (!d->strings) {
        TNI_TRY(tni_parquet_to_values(c, error));
        if (d->has_range) {
            tni_parquet_set_bounds(segment, d->low, d->high, false);
        }
        if (tni_parquet_is_integer(tni_type_physical(segment->type)) &&
            (!d->has_range || !tni_parquet_within_claim(c, segment))) {
            return tni_parquet_finish_values(c, segment, error);
        }
        codes = c->dense;
        c->dense = NULL;
        segment->encoding = TNI_ENCODING_PLAIN;
        return tni_parquet_set_data(c, segment, codes, codes->data, c->value_width, error);
    }
    c->dense = NULL;
    segment->encoding = TNI_ENCODING_DICT;
    segment->code_width = d->code_width;
    segment->zone.distinct = d->count;
    tni_segment_set_dictionary(segment, d->strings);
    return tni_parquet_set_data(c, segment, codes, codes->data, d->code_width, error);
}

/* Engines rely on what the statistics claim of NULLs, too. */
static trueno_status tni_parquet_check_nulls(const tni_parquet_collect *c, tni_error *error) {
    const tni_zone *claim = &c->cursor->chunk->zone;
    if (c->valid < c->rows && !claim->has_nulls) {
        return tni_parquet_chunk_fail(c->cursor->chunk, NULL, error, TRUENO_ERROR_FORMAT,
                                      "NULLs where its statistics claim none");
    }
    if (c->valid > 0 && claim->null_count == claim->rows) {
        return tni_parquet_chunk_fail(c->cursor->chunk, NULL, error, TRUENO_ERROR_FORMAT,
                                      "values where its statistics claim only NULLs");
    }
    return TRUENO_OK;
}

static trueno_status tni_parquet_finish(tni_parquet_collect *c, tni_segment *segment,
                                        tni_error *error) {
    segment->zone.rows = c->rows;
    segment->zone.null_count = c->rows - c->valid;
    segment->zone.has_nulls = c->valid < c->rows;
    segment->zone.has_nan = tni_type_is_float(segment->type);
    segment->constant = tni_value_null(segment->type);
    TNI_TRY(tni_parquet_check_nulls(c, error));
    if (c->valid == 0) {
        segment->encoding = TNI_ENCODING_CONSTANT;
        return TRUENO_OK;
    }
    TNI_TRY(c->kind == TNI_PARQUET_CODES ? tni_parquet_finish_codes(c, segment, error)
                                         : tni_parquet_finish_values(c, segment, error));
    if (c->valid < c->rows) {
        segment->validity = tni_parquet_bitmap(c);
        segment->buffers[1] = c->validity;
        segment->bytes += c->validity->size;
        c->validity = NULL;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_parquet_read_segment(tni_env *env, tni_parquet_cursor *cursor,
                                              tni_parquet_open_chunk *chunk, tni_buffer **spare,
                                              uint64_t first, uint32_t rows, tni_segment **out,
                                              tni_error *error) {
    tni_parquet_collect c;
    trueno_status status;
    *out = NULL;
    memset(&c, 0, sizeof c);
    c.env = env;
    c.cursor = cursor;
    c.leaf = chunk->leaf;
    c.memory = chunk->file->memory;
    c.spare = spare;
    c.rows = rows;
    c.value_width = tni_type_width(chunk->leaf->type);
    c.owners.memory = c.memory;
    TNI_TRY(tni_parquet_cursor_seek(env, cursor, chunk, first, error));
    TNI_TRY(tni_segment_new(c.memory, chunk->leaf->type, rows, out, error));
    status = tni_parquet_collect_rows(&c, error);
    if (status == TRUENO_OK) {
        status = tni_parquet_finish(&c, *out, error);
    }
    tni_parquet_collect_free(&c);
    if (status != TRUENO_OK) {
        tni_segment_release(*out);
        *out = NULL;
    }
    return status;
}

#undef TNI_PARQUET_STEP
#undef TNI_PARQUET_SLOP
