/*
 * arrow_out.c - a collection as an Arrow stream, one struct batch per block.
 *
 * Fixed-width columns whose layout is Arrow's are exported in place; booleans become bits, short
 * decimals widen, strings are laid out with offsets. Every struct that leaves (stream, schema,
 * array, and each child on its own) holds a reference to the collection, so all of them outlive
 * the stream and the result, and a child may be moved out of its parent.
 *
 *   stream -> collection;  batch -> collection, child[i];  child[i] -> collection, its buffers
 */
#include "column/table.h"

#include <errno.h>

/* How a column leaves. */
typedef enum tni_export_kind {
    TNI_EXPORT_NULL,
    TNI_EXPORT_SAME,     /* in place */
    TNI_EXPORT_BITS,     /* BOOLEAN */
    TNI_EXPORT_WIDEN,    /* DECIMAL of 8 bytes to 16 */
    TNI_EXPORT_HUGEINT,  /* in place once it is known to have at most 38 digits */
    TNI_EXPORT_INTERVAL, /* microseconds to nanoseconds */
    TNI_EXPORT_STRINGS,  /* 32-bit offsets */
    TNI_EXPORT_LARGE     /* 64-bit offsets */
} tni_export_kind;

typedef struct tni_export_column {
    const char *name;
    char format[16];
    uint8_t kind;
} tni_export_column;

/* The stream's private data. */
typedef struct tni_export_stream {
    tni_collection *collection;
    tni_arena arena;
    tni_export_column *columns;
    size_t next; /* block */
    tni_error error;
} tni_export_stream;

/* ---------------------------------------------------------------------------------- schema --- */

/* A schema's private data, followed by the child pointers. */
typedef struct tni_export_schema {
    tni_collection *collection;
    size_t size; /* of this block */
    struct ArrowSchema *children;
    size_t child_count;
    char format[16];
    char *name;
} tni_export_schema;

static void tni_export_schema_release(struct ArrowSchema *schema) {
    tni_export_schema *own = (tni_export_schema *)schema->private_data;
    tni_collection *collection = own->collection;
    tni_memory *memory = collection->memory;
    size_t i;
    for (i = 0; i < own->child_count; i++) {
        if (own->children[i].release) {
            own->children[i].release(&own->children[i]);
        }
    }
    tni_free(memory, own->children, own->child_count * sizeof *own->children);
    tni_free(memory, own->name, own->name ? strlen(own->name) + 1 : 0);
    tni_free(memory, own, own->size);
    schema->release = NULL;
    tni_collection_release(collection);
}

/* Fill *out with its own copy of format and name, and room for `children` children. */
static bool tni_export_schema_make(tni_collection *collection, const char *format, const char *name,
                                   size_t children, struct ArrowSchema *out) {
    tni_memory *memory = collection->memory;
    size_t size = sizeof(tni_export_schema) + children * sizeof(struct ArrowSchema *);
    tni_export_schema *own = (tni_export_schema *)tni_alloc_zero(memory, size);
    size_t length = strlen(name), i;
    memset(out, 0, sizeof *out);
    if (!own) {
        return false;
    }
    own->collection = tni_collection_retain(collection);
    own->size = size;
    own->name = (char *)tni_alloc(memory, length + 1);
    own->children = (struct ArrowSchema *)tni_alloc_zero(memory, children * sizeof *own->children);
    own->child_count = own->children ? children : 0;
    out->release = tni_export_schema_release;
    out->private_data = own;
    if (!own->name || (children && !own->children)) {
        tni_free(memory, own->name, own->name ? length + 1 : 0);
        own->name = NULL;
        out->release(out);
        return false;
    }
    memcpy(own->name, name, length + 1);
    memcpy(own->format, format, strlen(format) + 1);
    out->format = own->format;
    out->name = own->name;
    out->flags = ARROW_FLAG_NULLABLE;
    out->n_children = (int64_t)children;
    if (children) {
        out->children = (struct ArrowSchema **)(void *)(own + 1);
        for (i = 0; i < children; i++) {
            out->children[i] = &own->children[i];
        }
    }
    return true;
}

static int tni_export_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    tni_export_stream *own = (tni_export_stream *)stream->private_data;
    uint32_t count = own->collection->column_count, c;
    tni_error_clear(&own->error);
    if (!tni_export_schema_make(own->collection, "+s", "", count, out)) {
        (void)tni_memory_fail(own->collection->memory, sizeof(tni_export_schema), &own->error);
        return ENOMEM;
    }
    out->flags = 0;
    for (c = 0; c < count; c++) {
        if (!tni_export_schema_make(own->collection, own->columns[c].format, own->columns[c].name,
                                    0, out->children[c])) {
            out->release(out);
            (void)tni_memory_fail(own->collection->memory, sizeof(tni_export_schema), &own->error);
            return ENOMEM;
        }
    }
    return 0;
}

/* ---------------------------------------------------------------------------------- arrays --- */

/* An array's private data. */
typedef struct tni_export_array {
    tni_collection *collection;
    const void *buffers[3];
    tni_buffer *owned[2];
    struct ArrowArray *children; /* [child_count], then the pointers to them */
    size_t child_count;
} tni_export_array;

static size_t tni_export_children_size(size_t count) {
    return count * (sizeof(struct ArrowArray) + sizeof(struct ArrowArray *));
}

static void tni_export_array_release(struct ArrowArray *array) {
    tni_export_array *own = (tni_export_array *)array->private_data;
    tni_collection *collection = own->collection;
    size_t i;
    for (i = 0; i < own->child_count; i++) {
        if (own->children[i].release) {
            own->children[i].release(&own->children[i]);
        }
    }
    tni_free(collection->memory, own->children, tni_export_children_size(own->child_count));
    for (i = 0; i < TNI_COUNT_OF(own->owned); i++) {
        tni_buffer_release(own->owned[i]);
    }
    tni_free(collection->memory, own, sizeof *own);
    array->release = NULL;
    tni_collection_release(collection);
}

static tni_export_array *tni_export_array_make(tni_collection *collection, uint32_t rows,
                                               int64_t buffers, struct ArrowArray *out) {
    tni_export_array *own = (tni_export_array *)tni_alloc_zero(collection->memory, sizeof *own);
    memset(out, 0, sizeof *out);
    if (own) {
        own->collection = tni_collection_retain(collection);
        out->length = rows;
        out->n_buffers = buffers;
        out->buffers = own->buffers;
        out->release = tni_export_array_release;
        out->private_data = own;
    }
    return own;
}

/* -------------------------------------------------------------------------------- columns --- */

static trueno_status tni_export_bits(const tni_collection *collection, const tni_block *block,
                                     uint32_t c, tni_export_array *own, tni_error *error) {
    const uint8_t *values = (const uint8_t *)block->data[c];
    uint8_t *bits;
    uint32_t i;
    size_t size = (block->rows + 7) / 8;
    TNI_TRY(tni_buffer_new(collection->memory, size, &own->owned[0], error));
    bits = own->owned[0]->data;
    memset(bits, 0, size);
    for (i = 0; i < block->rows; i++) {
        bits[i / 8] |= (uint8_t)((values[i] & 1) << (i % 8));
    }
    own->buffers[1] = bits;
    return TRUENO_OK;
}

static trueno_status tni_export_widen(const tni_collection *collection, const tni_block *block,
                                      uint32_t c, tni_export_array *own, tni_error *error) {
    const int64_t *values = (const int64_t *)block->data[c];
    tni_i128 *wide;
    uint32_t i;
    TNI_TRY(tni_buffer_new(collection->memory, block->rows * sizeof *wide, &own->owned[0], error));
    wide = (tni_i128 *)(void *)own->owned[0]->data;
    for (i = 0; i < block->rows; i++) {
        wide[i] = tni_i128_from_i64(values[i]);
    }
    own->buffers[1] = wide;
    return TRUENO_OK;
}

static trueno_status tni_export_hugeint(const tni_block *block, uint32_t c, const char *name,
                                        tni_export_array *own, tni_error *error) {
    const tni_i128 *values = (const tni_i128 *)block->data[c];
    tni_i128 bound = tni_i128_power10(38), low;
    uint32_t i;
    (void)tni_i128_negate(bound, &low);
    for (i = 0; i < block->rows; i++) {
        if (tni_i128_compare(values[i], bound) >= 0 || tni_i128_compare(values[i], low) <= 0) {
            return tni_fail(error, TRUENO_ERROR_OUT_OF_RANGE,
                            "column \"%s\": a HUGEINT of 39 digits has no Arrow type", name);
        }
    }
    own->buffers[1] = values;
    return TRUENO_OK;
}

/* Arrow's month_day_nano: int32 months, int32 days, int64 nanoseconds. */
static trueno_status tni_export_intervals(const tni_collection *collection, const tni_block *block,
                                          uint32_t c, const char *name, tni_export_array *own,
                                          tni_error *error) {
    const tni_interval *values = (const tni_interval *)block->data[c];
    uint8_t *out;
    uint32_t i;
    TNI_TRY(tni_buffer_new(collection->memory, block->rows * (size_t)16, &own->owned[0], error));
    out = own->owned[0]->data;
    for (i = 0; i < block->rows; i++) {
        int64_t ns;
        if (values[i].microseconds > INT64_MAX / 1000 ||
            values[i].microseconds < INT64_MIN / 1000) {
            return tni_fail(error, TRUENO_ERROR_OUT_OF_RANGE,
                            "column \"%s\": an INTERVAL does not fit Arrow's nanoseconds", name);
        }
        ns = values[i].microseconds * 1000;
        memcpy(out + i * (size_t)16, &values[i].months, 4);
        memcpy(out + i * (size_t)16 + 4, &values[i].days, 4);
        memcpy(out + i * (size_t)16 + 8, &ns, 8);
    }
    own->buffers[1] = out;
    return TRUENO_OK;
}

static uint64_t tni_export_string_bytes(const tni_block *block, uint32_t c) {
    const tni_string *values = (const tni_string *)block->data[c];
    uint64_t bytes = 0;
    uint32_t i;
    for (i = 0; i < block->rows; i++) {
        bytes += values[i].length;
    }
    return bytes;
}

static trueno_status tni_export_strings(const tni_collection *collection, const tni_block *block,
                                        uint32_t c, bool large, tni_export_array *own,
                                        tni_error *error) {
    const tni_string *values = (const tni_string *)block->data[c];
    uint64_t bytes = tni_export_string_bytes(block, c), at = 0;
    size_t width = large ? 8 : 4;
    uint8_t *heap, *offsets;
    uint32_t i;
    if (bytes > SIZE_MAX / 2) {
        return tni_memory_fail(collection->memory, SIZE_MAX, error);
    }
    TNI_TRY(tni_buffer_new(collection->memory, (block->rows + (size_t)1) * width, &own->owned[0],
                           error));
    TNI_TRY(tni_buffer_new(collection->memory, (size_t)bytes, &own->owned[1], error));
    offsets = own->owned[0]->data;
    heap = own->owned[1]->data;
    for (i = 0; i <= block->rows; i++) {
        uint32_t narrow = (uint32_t)at;
        memcpy(offsets + i * width, large ? (const void *)&at : (const void *)&narrow, width);
        if (i < block->rows && values[i].length) {
            memcpy(heap + at, tni_string_data(&values[i]), values[i].length);
            at += values[i].length;
        }
    }
    own->buffers[1] = offsets;
    own->buffers[2] = heap;
    return TRUENO_OK;
}

static trueno_status tni_export_values(const tni_export_stream *stream, const tni_block *block,
                                       uint32_t c, tni_export_array *own, tni_error *error) {
    const tni_export_column *column = &stream->columns[c];
    const tni_collection *collection = stream->collection;
    switch ((tni_export_kind)column->kind) {
    case TNI_EXPORT_NULL: break;
    case TNI_EXPORT_SAME: own->buffers[1] = block->data[c]; break;
    case TNI_EXPORT_BITS: return tni_export_bits(collection, block, c, own, error);
    case TNI_EXPORT_WIDEN: return tni_export_widen(collection, block, c, own, error);
    case TNI_EXPORT_HUGEINT: return tni_export_hugeint(block, c, column->name, own, error);
    case TNI_EXPORT_INTERVAL:
        return tni_export_intervals(collection, block, c, column->name, own, error);
    case TNI_EXPORT_STRINGS: return tni_export_strings(collection, block, c, false, own, error);
    case TNI_EXPORT_LARGE: return tni_export_strings(collection, block, c, true, own, error);
    }
    return TRUENO_OK;
}

static trueno_status tni_export_child(const tni_export_stream *stream, const tni_block *block,
                                      uint32_t c, struct ArrowArray *out, tni_error *error) {
    uint8_t kind = stream->columns[c].kind;
    int64_t buffers = kind == TNI_EXPORT_NULL                                  ? 0
                      : kind == TNI_EXPORT_STRINGS || kind == TNI_EXPORT_LARGE ? 3
                                                                               : 2;
    tni_export_array *own = tni_export_array_make(stream->collection, block->rows, buffers, out);
    if (!own) {
        return tni_memory_fail(stream->collection->memory, sizeof *own, error);
    }
    if (kind == TNI_EXPORT_NULL) {
        out->null_count = block->rows;
    } else if (block->validity[c]) {
        out->null_count =
            (int64_t)(block->rows - tni_bitmap_count(block->validity[c], block->rows));
        own->buffers[0] = out->null_count ? block->validity[c] : NULL;
    }
    return tni_export_values(stream, block, c, own, error);
}

static trueno_status tni_export_batch(const tni_export_stream *stream, const tni_block *block,
                                      struct ArrowArray *out, tni_error *error) {
    uint32_t count = stream->collection->column_count, c;
    size_t size = tni_export_children_size(count);
    tni_export_array *own = tni_export_array_make(stream->collection, block->rows, 1, out);
    if (!own) {
        return tni_memory_fail(stream->collection->memory, sizeof *own, error);
    }
    if (!count) {
        return TRUENO_OK;
    }
    own->children = (struct ArrowArray *)tni_alloc_zero(stream->collection->memory, size);
    if (!own->children) {
        return tni_memory_fail(stream->collection->memory, size, error);
    }
    own->child_count = count;
    out->n_children = count;
    out->children = (struct ArrowArray **)(void *)(own->children + count);
    for (c = 0; c < count; c++) {
        out->children[c] = &own->children[c];
        TNI_TRY(tni_export_child(stream, block, c, out->children[c], error));
    }
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------------- stream --- */

static int tni_export_errno(trueno_status status) {
    switch (status) {
    case TRUENO_ERROR_MEMORY:
    case TRUENO_ERROR_MEMORY_LIMIT: return ENOMEM;
    case TRUENO_ERROR_OUT_OF_RANGE: return ERANGE;
    default: return EINVAL;
    }
}

static int tni_export_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    tni_export_stream *own = (tni_export_stream *)stream->private_data;
    trueno_status status;
    memset(out, 0, sizeof *out);
    tni_error_clear(&own->error);
    while (own->next < own->collection->block_count &&
           own->collection->blocks[own->next]->rows == 0) {
        own->next++; /* LIMIT leaves empty blocks */
    }
    if (own->next >= own->collection->block_count) {
        return 0; /* release is NULL: the end */
    }
    status = tni_export_batch(own, own->collection->blocks[own->next], out, &own->error);
    if (status != TRUENO_OK) {
        if (out->release) {
            out->release(out);
        }
        return tni_export_errno(status);
    }
    own->next++;
    return 0;
}

static const char *tni_export_get_last_error(struct ArrowArrayStream *stream) {
    const tni_export_stream *own = (const tni_export_stream *)stream->private_data;
    return own->error.status != TRUENO_OK ? own->error.message : NULL;
}

static void tni_export_stream_release(struct ArrowArrayStream *stream) {
    tni_export_stream *own = (tni_export_stream *)stream->private_data;
    tni_collection *collection = own->collection;
    tni_arena_free(&own->arena);
    tni_free(collection->memory, own, sizeof *own);
    stream->release = NULL;
    tni_collection_release(collection);
}

/* --------------------------------------------------------------------------------- formats --- */

typedef struct tni_export_format {
    uint8_t type;
    uint8_t kind;
    char format[8];
} tni_export_format;

static const tni_export_format tni_export_formats[] = {
    {TRUENO_TYPE_NULL, TNI_EXPORT_NULL, "n"},
    {TRUENO_TYPE_BOOLEAN, TNI_EXPORT_BITS, "b"},
    {TRUENO_TYPE_TINYINT, TNI_EXPORT_SAME, "c"},
    {TRUENO_TYPE_SMALLINT, TNI_EXPORT_SAME, "s"},
    {TRUENO_TYPE_INTEGER, TNI_EXPORT_SAME, "i"},
    {TRUENO_TYPE_BIGINT, TNI_EXPORT_SAME, "l"},
    {TRUENO_TYPE_UTINYINT, TNI_EXPORT_SAME, "C"},
    {TRUENO_TYPE_USMALLINT, TNI_EXPORT_SAME, "S"},
    {TRUENO_TYPE_UINTEGER, TNI_EXPORT_SAME, "I"},
    {TRUENO_TYPE_UBIGINT, TNI_EXPORT_SAME, "L"},
    {TRUENO_TYPE_HUGEINT, TNI_EXPORT_HUGEINT, "d:38,0"},
    {TRUENO_TYPE_FLOAT, TNI_EXPORT_SAME, "f"},
    {TRUENO_TYPE_DOUBLE, TNI_EXPORT_SAME, "g"},
    {TRUENO_TYPE_DATE, TNI_EXPORT_SAME, "tdD"},
    {TRUENO_TYPE_TIME, TNI_EXPORT_SAME, "ttu"},
    {TRUENO_TYPE_TIMESTAMP_S, TNI_EXPORT_SAME, "tss:"},
    {TRUENO_TYPE_TIMESTAMP_MS, TNI_EXPORT_SAME, "tsm:"},
    {TRUENO_TYPE_TIMESTAMP, TNI_EXPORT_SAME, "tsu:"},
    {TRUENO_TYPE_TIMESTAMP_NS, TNI_EXPORT_SAME, "tsn:"},
    {TRUENO_TYPE_TIMESTAMP_TZ, TNI_EXPORT_SAME, "tsu:UTC"},
    {TRUENO_TYPE_INTERVAL, TNI_EXPORT_INTERVAL, "tin"},
    {TRUENO_TYPE_VARCHAR, TNI_EXPORT_STRINGS, "u"},
    {TRUENO_TYPE_BLOB, TNI_EXPORT_STRINGS, "z"},
};

/* Some block's strings are too long for 32-bit offsets. Heaps tell that mostly none can be. */
static bool tni_export_needs_large(const tni_collection *collection, uint32_t c) {
    uint64_t heap = collection->heap.total;
    size_t i;
    for (i = 0; i < collection->part_count; i++) {
        heap += collection->parts[i]->heap.total;
    }
    for (i = 0; i < collection->block_count && heap > INT32_MAX / TNI_VECTOR_ROWS; i++) {
        if (tni_export_string_bytes(collection->blocks[i], c) > INT32_MAX) {
            return true;
        }
    }
    return false;
}

static void tni_export_choose(const tni_collection *collection, uint32_t c,
                              tni_export_column *column) {
    tni_type type = collection->types[c];
    size_t i;
    if (type.id == TRUENO_TYPE_DECIMAL) {
        char number[24];
        size_t length = tni_print_u64(type.precision, number);
        memcpy(column->format, "d:", 2);
        memcpy(column->format + 2, number, length);
        column->format[2 + length] = ',';
        (void)tni_print_u64(type.scale, number);
        memcpy(column->format + 3 + length, number, strlen(number) + 1);
        column->kind = tni_type_width(type) == 16 ? TNI_EXPORT_SAME : TNI_EXPORT_WIDEN;
        return;
    }
    for (i = 0; i < TNI_COUNT_OF(tni_export_formats); i++) {
        if (tni_export_formats[i].type == type.id) {
            memcpy(column->format, tni_export_formats[i].format,
                   sizeof tni_export_formats[i].format);
            column->kind = tni_export_formats[i].kind;
        }
    }
    if (column->kind == TNI_EXPORT_STRINGS && tni_export_needs_large(collection, c)) {
        column->kind = TNI_EXPORT_LARGE;
        column->format[0] = type.id == TRUENO_TYPE_VARCHAR ? 'U' : 'Z';
    }
}

TNI_FN trueno_status tni_collection_to_arrow(tni_collection *collection, const char *const *names,
                                             struct ArrowArrayStream *out, tni_error *error) {
    tni_memory *memory = collection->memory;
    tni_export_stream *own = (tni_export_stream *)tni_alloc_zero(memory, sizeof *own);
    uint32_t c;
    memset(out, 0, sizeof *out);
    if (!own) {
        return tni_memory_fail(memory, sizeof *own, error);
    }
    tni_arena_init(&own->arena, memory);
    own->collection = tni_collection_retain(collection);
    out->private_data = own;
    own->columns = (tni_export_column *)tni_arena_alloc(&own->arena, collection->column_count *
                                                                         sizeof *own->columns);
    for (c = 0; own->columns && c < collection->column_count; c++) {
        own->columns[c].name = tni_arena_text(&own->arena, names[c], strlen(names[c]));
        if (!own->columns[c].name) {
            break;
        }
        tni_export_choose(collection, c, &own->columns[c]);
    }
    if (!own->columns || c < collection->column_count) {
        tni_export_stream_release(out);
        return tni_memory_fail(memory, sizeof *own, error);
    }
    out->get_schema = tni_export_get_schema;
    out->get_next = tni_export_get_next;
    out->get_last_error = tni_export_get_last_error;
    out->release = tni_export_stream_release;
    return TRUENO_OK;
}
