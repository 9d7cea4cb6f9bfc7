/*
 * spill.c - sorted runs in temporary files.
 *
 * A record, little or big endian as the machine is, unaligned:
 *
 *   u32 size | u64 order | u64 row in the morsel | NULL bits | values, key columns first
 *
 * A value that is not NULL is its bytes, or for strings a u32 length and the bytes. Order and row
 * break ties, so a merge gives the order an in-memory sort would have given. Reading keeps one
 * buffer a run; when there are more runs than buffers fit, the oldest are merged into one
 * first. Files are removed with the spill, whatever happened. May use: sort.h, base.
 */
#include "exec/spill.h"

#define TNI_SPILL_HEAD 20u             /* size, order, row */
#define TNI_SPILL_FAN_IN 128u          /* most files open at once */
#define TNI_SPILL_BUFFER_LEAST 8192u
#define TNI_SPILL_BUFFER_MOST (1024u * 1024u)
#define TNI_SPILL_PATH 1024u
#define TNI_SPILL_CHECK_ROWS 16384u

/* One file: written once, then read. */
typedef struct tni_spill_run {
    char *path;
    size_t path_size;
    uint64_t bytes;
} tni_spill_run;

typedef struct tni_spill_writer {
    void *file;
    uint8_t *buffer;
    size_t capacity, length;
    tni_spill_run run;
} tni_spill_writer;

typedef struct tni_spill_reader {
    tni_spill_run run;            /* its path is the spill's */
    void *file;
    uint8_t *buffer;
    size_t capacity, at, length;
    uint64_t offset;              /* of the file: what is read next */
    const uint8_t *record;        /* current row; NULL: the run is over */
    uint32_t size;
    uint64_t word;                /* of its first key */
    const uint8_t **values;       /* [key_count] in the record, NULL for NULL */
} tni_spill_reader;

struct tni_spill {
    tni_spill_plan plan;
    tni_memory *memory;
    uint32_t *columns;            /* [column_count] in record order: keys, then the others */
    size_t bitmap_bytes, fixed_bytes;
    tni_mutex mutex;              /* for runs */
    tni_spill_run *runs;
    size_t run_count, run_capacity;
    tni_spill_reader *readers;    /* [reader_count], from tni_spill_open on */
    uint32_t reader_count;
    uint32_t *heap;               /* readers by their current rows, least first */
    uint32_t heap_count;
    tni_arena strings;            /* of the current batch */
};

/* ---------------------------------------------------------------------------- making --- */

TNI_FN trueno_status tni_spill_new(const tni_spill_plan *plan, tni_spill **out, tni_error *error) {
    tni_memory *memory = plan->run->env->memory;
    tni_spill *spill = (tni_spill *)tni_alloc_zero(memory, sizeof *spill);
    uint32_t i, count = 0;
    bool *seen;
    *out = NULL;
    if (spill == NULL) {
        return tni_memory_fail(memory, sizeof *spill, error);
    }
    spill->plan = *plan;
    spill->memory = memory;
    spill->bitmap_bytes = ((size_t)plan->column_count + 7) / 8;
    spill->columns = (uint32_t *)tni_alloc_array(memory, plan->column_count, sizeof(uint32_t));
    seen = (bool *)tni_alloc_zero(memory, plan->column_count);
    if (spill->columns == NULL || seen == NULL || !tni_mutex_init(&spill->mutex)) {
        tni_free(memory, seen, plan->column_count);
        tni_free(memory, spill->columns, plan->column_count * sizeof(uint32_t));
        tni_free(memory, spill, sizeof *spill);
        return tni_memory_fail(memory, plan->column_count * sizeof(uint32_t), error);
    }
    for (i = 0; i < plan->key_count; i++) {
        spill->columns[count++] = plan->keys[i].column;
        seen[plan->keys[i].column] = true;
    }
    for (i = 0; i < plan->column_count; i++) {
        spill->fixed_bytes += tni_type_width(plan->types[i]);
        if (!seen[i]) {
            spill->columns[count++] = i;
        }
    }
    tni_free(memory, seen, plan->column_count);
    tni_arena_init(&spill->strings, memory);
    *out = spill;
    return TRUENO_OK;
}

static trueno_status tni_spill_io(const char *what, const char *path, int code,
                                  tni_error *error) {
    return tni_fail(error, TRUENO_ERROR_IO, "cannot %s temporary file %s: %s", what, path,
                    tni_files_error_text(code));
}

static void tni_spill_discard(tni_spill *spill, tni_spill_run *run) {
    const trueno_files *files = spill->plan.run->env->files;
    if (run->path != NULL) {
        (void)files->remove(files->user, run->path);
        tni_free(spill->memory, run->path, run->path_size);
    }
    run->path = NULL;
}

static void tni_spill_close_readers(tni_spill *spill) {
    const trueno_files *files = spill->plan.run->env->files;
    uint32_t i;
    for (i = 0; i < spill->reader_count; i++) {
        tni_spill_reader *reader = &spill->readers[i];
        if (reader->file != NULL) {
            (void)files->close(files->user, reader->file);
        }
        tni_free(spill->memory, reader->buffer, reader->capacity);
        tni_free(spill->memory, (void *)reader->values,
                 spill->plan.key_count * sizeof *reader->values);
    }
    tni_free(spill->memory, spill->readers, spill->reader_count * sizeof *spill->readers);
    tni_free(spill->memory, spill->heap, spill->reader_count * sizeof *spill->heap);
    spill->readers = NULL;
    spill->heap = NULL;
    spill->reader_count = 0;
    spill->heap_count = 0;
}

TNI_FN void tni_spill_free(tni_spill *spill) {
    size_t i;
    if (spill == NULL) {
        return;
    }
    tni_spill_close_readers(spill);
    for (i = 0; i < spill->run_count; i++) {
        tni_spill_discard(spill, &spill->runs[i]);
    }
    tni_free(spill->memory, spill->runs, spill->run_capacity * sizeof *spill->runs);
    tni_free(spill->memory, spill->columns, spill->plan.column_count * sizeof(uint32_t));
    tni_arena_free(&spill->strings);
    tni_mutex_free(&spill->mutex);
    tni_free(spill->memory, spill, sizeof *spill);
}

TNI_FN bool tni_spill_any(tni_spill *spill) {
    bool any;
    tni_mutex_lock(&spill->mutex);
    any = spill->run_count > 0;
    tni_mutex_unlock(&spill->mutex);
    return any;
}

/* --------------------------------------------------------------------------- writing --- */

/* Memory that buffers may take: half of what is left. */
static uint64_t tni_spill_memory(const tni_spill *spill) {
    int64_t used = tni_atomic_load_i64(&spill->memory->used);
    return used < spill->memory->limit ? (uint64_t)(spill->memory->limit - used) / 2 : 0;
}

/* The largest buffer memory allows right now, halving from `wanted`; NULL: not even the least. */
static uint8_t *tni_spill_buffer(tni_spill *spill, size_t wanted, size_t *capacity,
                                 tni_error *error) {
    size_t size = TNI_MAX(wanted, (size_t)TNI_SPILL_BUFFER_LEAST);
    for (;;) {
        uint8_t *buffer = (uint8_t *)tni_alloc(spill->memory, size);
        if (buffer != NULL || size / 2 < TNI_SPILL_BUFFER_LEAST) {
            *capacity = buffer != NULL ? size : 0;
            if (buffer == NULL) {
                (void)tni_memory_fail(spill->memory, size, error);
            }
            return buffer;
        }
        size /= 2;
    }
}

static trueno_status tni_spill_writer_open(tni_spill *spill, tni_spill_writer *writer,
                                           tni_error *error) {
    const tni_env *env = spill->plan.run->env;
    char path[TNI_SPILL_PATH];
    int code;
    memset(writer, 0, sizeof *writer);
    TNI_TRY(tni_temp_path(env->temp_directory, path, sizeof path, error));
    writer->buffer =
        tni_spill_buffer(spill, (size_t)TNI_MIN(tni_spill_memory(spill) / 8,
                                                (uint64_t)TNI_SPILL_BUFFER_MOST),
                         &writer->capacity, error);
    if (writer->buffer == NULL) {
        return error != NULL ? error->status : TRUENO_ERROR_MEMORY;
    }
    writer->run.path_size = strlen(path) + 1;
    writer->run.path = (char *)tni_alloc(spill->memory, writer->run.path_size);
    if (writer->run.path == NULL) {
        return tni_memory_fail(spill->memory, writer->run.path_size, error);
    }
    memcpy(writer->run.path, path, writer->run.path_size);
    code = env->files->open(env->files->user, path, TRUENO_FILE_WRITE, &writer->file);
    if (code != 0) {
        writer->file = NULL;
        return tni_spill_io("create", path, code, error);
    }
    return TRUENO_OK;
}

static trueno_status tni_spill_writer_flush(tni_spill *spill, tni_spill_writer *writer,
                                            tni_error *error) {
    tni_env *env = spill->plan.run->env;
    int code = 0;
    if (writer->length > 0) {
        code = env->files->write(env->files->user, writer->file, writer->buffer, writer->length);
    }
    if (code != 0) {
        return tni_spill_io("write", writer->run.path, code, error);
    }
    writer->run.bytes += writer->length;
    tni_atomic_add_i64(&env->spilled_bytes, (int64_t)writer->length);
    writer->length = 0;
    return TRUENO_OK;
}

/* Room for `size` bytes at the end of the buffer. */
static trueno_status tni_spill_writer_reserve(tni_spill *spill, tni_spill_writer *writer,
                                              size_t size, tni_error *error) {
    uint8_t *larger;
    if (size <= writer->capacity - writer->length) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_spill_writer_flush(spill, writer, error));
    if (size <= writer->capacity) {
        return TRUENO_OK;
    }
    larger = (uint8_t *)tni_alloc(spill->memory, size);
    if (larger == NULL) {
        return tni_memory_fail(spill->memory, size, error);
    }
    tni_free(spill->memory, writer->buffer, writer->capacity);
    writer->buffer = larger;
    writer->capacity = size;
    return TRUENO_OK;
}

/* Close the file; with `keep` it becomes a run, else it is removed. */
static trueno_status tni_spill_writer_close(tni_spill *spill, tni_spill_writer *writer, bool keep,
                                            tni_error *error) {
    const trueno_files *files = spill->plan.run->env->files;
    trueno_status status = keep ? tni_spill_writer_flush(spill, writer, error) : TRUENO_OK;
    void *runs;
    if (writer->file != NULL) {
        int code = files->close(files->user, writer->file);
        if (code != 0 && keep && status == TRUENO_OK) {
            status = tni_spill_io("write", writer->run.path, code, error);
        }
    }
    tni_free(spill->memory, writer->buffer, writer->capacity);
    if (keep && status == TRUENO_OK) {
        tni_mutex_lock(&spill->mutex);
        runs = spill->runs;
        status = tni_grow(spill->memory, &runs, &spill->run_capacity, spill->run_count + 1,
                          sizeof *spill->runs, error);
        spill->runs = (tni_spill_run *)runs;
        if (status == TRUENO_OK) {
            spill->runs[spill->run_count++] = writer->run;
            memset(&writer->run, 0, sizeof writer->run);
        }
        tni_mutex_unlock(&spill->mutex);
    }
    tni_spill_discard(spill, &writer->run);
    return status;
}

/* The most bytes the record of a row can have; strings exactly. */
static trueno_status tni_spill_bound(const tni_spill *spill, const tni_sorter *sorter,
                                     size_t block, size_t offset, size_t *out, tni_error *error) {
    size_t blocks = sorter->rows->block_count, size;
    uint32_t c;
    size = TNI_SPILL_HEAD + spill->bitmap_bytes + spill->fixed_bytes;
    for (c = 0; c < spill->plan.column_count; c++) {
        if (tni_type_is_string(spill->plan.types[c])) {
            tni_string s;
            memcpy(&s, sorter->data[c * blocks + block] + offset * sizeof s, sizeof s);
            if (!tni_size_add(size, s.length, &size)) {
                size = SIZE_MAX;
                break;
            }
        }
    }
    *out = size;
    if (size > UINT32_MAX) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "a row of more than 4 GiB cannot be spilled");
    }
    return TRUENO_OK;
}

static trueno_status tni_spill_put(tni_spill *spill, tni_spill_writer *writer,
                                   const tni_sorter *sorter, uint64_t row, uint64_t order,
                                   uint64_t number, tni_error *error) {
    size_t block = (size_t)(row >> TNI_SORT_BLOCK_BITS), blocks = sorter->rows->block_count;
    size_t offset = (size_t)(row & TNI_SORT_OFFSET_MASK), bound;
    uint8_t *record, *nulls, *to;
    uint32_t i, size;
    TNI_TRY(tni_spill_bound(spill, sorter, block, offset, &bound, error));
    TNI_TRY(tni_spill_writer_reserve(spill, writer, bound, error));
    record = writer->buffer + writer->length;
    nulls = record + TNI_SPILL_HEAD;
    to = nulls + spill->bitmap_bytes;
    memcpy(record + 4, &order, 8);
    memcpy(record + 12, &number, 8);
    memset(nulls, 0, spill->bitmap_bytes);
    for (i = 0; i < spill->plan.column_count; i++) {
        uint32_t column = spill->columns[i];
        size_t width = tni_type_width(spill->plan.types[column]);
        const uint64_t *validity = sorter->validity[column * blocks + block];
        const uint8_t *value = sorter->data[column * blocks + block] + offset * width;
        if (validity != NULL && !tni_bit_get(validity, offset)) {
            nulls[i >> 3] = (uint8_t)(nulls[i >> 3] | (1u << (i & 7)));
        } else if (tni_type_is_string(spill->plan.types[column])) {
            tni_string s;
            memcpy(&s, value, sizeof s);
            memcpy(to, &s.length, 4);
            if (s.length > 0) {
                memcpy(to + 4, tni_string_data(&s), s.length);
            }
            to += 4 + (size_t)s.length;
        } else {
            memcpy(to, value, width);
            to += width;
        }
    }
    size = (uint32_t)(to - record);
    memcpy(record, &size, 4);
    writer->length += size;
    return TRUENO_OK;
}

/* Sorted entries as a run. `numbers[block]` is the place of a block's first row in its morsel. */
static trueno_status tni_spill_write(tni_spill *spill, const tni_sorter *sorter,
                                     const uint64_t *numbers, tni_error *error) {
    uint64_t count = TNI_MIN(sorter->count, spill->plan.most_rows), i;
    tni_spill_writer writer;
    trueno_status status = tni_spill_writer_open(spill, &writer, error);
    for (i = 0; i < count && status == TRUENO_OK; i++) {
        uint64_t row = sorter->entries[i].row;
        size_t block = (size_t)(row >> TNI_SORT_BLOCK_BITS);
        status = tni_spill_put(spill, &writer, sorter, row, sorter->rows->blocks[block]->order,
                               numbers[block] + (row & TNI_SORT_OFFSET_MASK), error);
        if (status == TRUENO_OK && i % TNI_SPILL_CHECK_ROWS == 0) {
            status = tni_env_check(spill->plan.run->env, error);
        }
    }
    if (status == TRUENO_OK) {
        return tni_spill_writer_close(spill, &writer, true, error);
    }
    (void)tni_spill_writer_close(spill, &writer, false, NULL);
    return status;
}

/* Sort and write some of the blocks; `part` is a view of them. */
static trueno_status tni_spill_part(tni_spill *spill, tni_scheduler *scheduler,
                                    const tni_collection *part, const uint64_t *numbers,
                                    tni_error *error) {
    tni_sorter sorter;
    trueno_status status;
    TNI_TRY(tni_sorter_run(&sorter, spill->plan.run->env, scheduler, part, spill->plan.keys,
                           spill->plan.key_count, error));
    status = tni_spill_write(spill, &sorter, numbers, error);
    tni_sorter_free(&sorter);
    return status;
}

static void tni_spill_number(const tni_collection *rows, tni_spill_place *place,
                             uint64_t *numbers) {
    size_t b;
    for (b = 0; b < rows->block_count; b++) {
        const tni_block *block = rows->blocks[b];
        if (!place->any || place->order != block->order) {
            place->any = true;
            place->order = block->order;
            place->next = 0;
        }
        numbers[b] = place->next;
        place->next += block->rows;
    }
}

TNI_FN trueno_status tni_spill_rows(tni_spill *spill, tni_scheduler *scheduler,
                                    const tni_collection *rows, tni_spill_place *place,
                                    tni_error *error) {
    size_t first = 0, step = rows->block_count, b;
    uint64_t *numbers;
    trueno_status status = TRUENO_OK;
    if (rows->rows == 0) {
        return TRUENO_OK;
    }
    numbers = (uint64_t *)tni_alloc_array(spill->memory, rows->block_count, sizeof *numbers);
    if (numbers == NULL) {
        return tni_memory_fail(spill->memory, rows->block_count * sizeof *numbers, error);
    }
    tni_spill_number(rows, place, numbers);
    while (first < rows->block_count && status == TRUENO_OK) {
        tni_collection part = *rows;
        tni_error failure;
        tni_error_clear(&failure);
        part.blocks = rows->blocks + first;
        part.block_count = TNI_MIN(step, rows->block_count - first);
        part.rows = 0;
        for (b = 0; b < part.block_count; b++) {
            part.rows += part.blocks[b]->rows;
        }
        status = tni_spill_part(spill, scheduler, &part, numbers + first, &failure);
        if ((status == TRUENO_ERROR_MEMORY_LIMIT || status == TRUENO_ERROR_MEMORY) &&
            part.block_count > 1) {
            step = part.block_count / 2; /* less at a time needs less to sort it */
            status = TRUENO_OK;
            continue;
        }
        if (status != TRUENO_OK) {
            (void)tni_fail(error, status, "%s", failure.message);
        }
        first += part.block_count;
    }
    tni_free(spill->memory, numbers, rows->block_count * sizeof *numbers);
    return status;
}

/* --------------------------------------------------------------------------- reading --- */

static trueno_status tni_spill_damaged(const tni_spill_reader *reader, tni_error *error) {
    return tni_fail(error, TRUENO_ERROR_IO, "temporary file %s has changed", reader->run.path);
}

/* Make `wanted` bytes from `at` on available; `wanted` 0 at the end of the file. */
static trueno_status tni_spill_fill(tni_spill *spill, tni_spill_reader *reader, size_t wanted,
                                    tni_error *error) {
    const trueno_files *files = spill->plan.run->env->files;
    size_t kept = reader->length - reader->at;
    if (wanted > reader->capacity) {
        uint8_t *larger = (uint8_t *)tni_alloc(spill->memory, wanted);
        if (larger == NULL) {
            return tni_memory_fail(spill->memory, wanted, error);
        }
        memcpy(larger, reader->buffer + reader->at, kept);
        tni_free(spill->memory, reader->buffer, reader->capacity);
        reader->buffer = larger;
        reader->capacity = wanted;
    } else {
        memmove(reader->buffer, reader->buffer + reader->at, kept);
    }
    reader->at = 0;
    reader->length = kept;
    while (reader->length < wanted) {
        uint64_t left = reader->run.bytes - reader->offset;
        size_t room = reader->capacity - reader->length, done = 0;
        int code;
        if (left == 0) {
            return tni_spill_damaged(reader, error);
        }
        code = files->read(files->user, reader->file, reader->offset,
                           reader->buffer + reader->length, (size_t)TNI_MIN(left, (uint64_t)room),
                           &done);
        if (code != 0) {
            return tni_spill_io("read", reader->run.path, code, error);
        }
        if (done == 0) {
            return tni_spill_damaged(reader, error);
        }
        reader->offset += done;
        reader->length += done;
    }
    return TRUENO_OK;
}

/* Where the value behind this one begins; NULL when the record is too short for it. */
static const uint8_t *tni_spill_skip(tni_type type, const uint8_t *value, const uint8_t *end) {
    size_t left = (size_t)(end - value), size = tni_type_width(type);
    if (tni_type_is_string(type)) {
        uint32_t length;
        if (left < 4) {
            return NULL;
        }
        memcpy(&length, value, 4);
        size = 4 + (size_t)length;
    }
    return size <= left ? value + size : NULL;
}

static bool tni_spill_is_null(const uint8_t *record, uint32_t place) {
    return ((record[TNI_SPILL_HEAD + (place >> 3)] >> (place & 7)) & 1) != 0;
}

static tni_string tni_spill_string(const uint8_t *value) {
    uint32_t length;
    memcpy(&length, value, 4);
    return tni_string_make(value + 4, length);
}

/* A word that never orders two first keys wrongly. */
static uint64_t tni_spill_word(const tni_spill *spill, const uint8_t *value) {
    const tni_sort_key *key = &spill->plan.keys[0];
    tni_sort_kind kind = tni_sort_kind_of(spill->plan.types[key->column]);
    uint64_t word;
    if (value == NULL) {
        return key->nulls_first ? 0 : UINT64_MAX;
    }
    if (kind == TNI_SORT_TEXT) {
        tni_string s = tni_spill_string(value);
        word = tni_sort_word(kind, &s);
    } else {
        word = tni_sort_word(kind, value);
    }
    return key->descending ? ~word : word;
}

/* Step to the next record; reader->record is NULL when there is none. */
static trueno_status tni_spill_advance(tni_spill *spill, tni_spill_reader *reader,
                                       tni_error *error) {
    const uint8_t *value, *end;
    uint32_t i;
    reader->record = NULL;
    if (reader->at == reader->length && reader->offset == reader->run.bytes) {
        return TRUENO_OK;
    }
    if (reader->length - reader->at < 4) {
        TNI_TRY(tni_spill_fill(spill, reader, 4, error));
    }
    memcpy(&reader->size, reader->buffer + reader->at, 4);
    if (reader->size < TNI_SPILL_HEAD + spill->bitmap_bytes) {
        return tni_spill_damaged(reader, error);
    }
    if (reader->length - reader->at < reader->size) {
        TNI_TRY(tni_spill_fill(spill, reader, reader->size, error));
    }
    reader->record = reader->buffer + reader->at;
    reader->at += reader->size;
    end = reader->record + reader->size;
    value = reader->record + TNI_SPILL_HEAD + spill->bitmap_bytes;
    for (i = 0; i < spill->plan.key_count; i++) {
        reader->values[i] = NULL;
        if (!tni_spill_is_null(reader->record, i)) {
            reader->values[i] = value;
            value = tni_spill_skip(spill->plan.types[spill->columns[i]], value, end);
            if (value == NULL) {
                return tni_spill_damaged(reader, error);
            }
        }
    }
    reader->word = tni_spill_word(spill, reader->values[0]);
    return TRUENO_OK;
}

static int tni_spill_compare_key(const tni_spill *spill, uint32_t index, const uint8_t *a,
                                 const uint8_t *b) {
    const tni_sort_key *key = &spill->plan.keys[index];
    tni_type type = spill->plan.types[key->column];
    int order;
    if (a == NULL || b == NULL) {
        return (a == NULL) == (b == NULL) ? 0 : ((a == NULL) == key->nulls_first ? -1 : 1);
    }
    if (tni_type_is_string(type)) {
        tni_string x = tni_spill_string(a), y = tni_spill_string(b);
        order = tni_string_compare(&x, &y);
    } else {
        order = tni_sort_compare_values(tni_sort_kind_of(type), a, b);
    }
    return key->descending ? -order : order;
}

static bool tni_spill_before(const tni_spill *spill, uint32_t x, uint32_t y) {
    const tni_spill_reader *a = &spill->readers[x], *b = &spill->readers[y];
    uint64_t place_a[2], place_b[2];
    uint32_t i;
    if (a->word != b->word) {
        return a->word < b->word;
    }
    for (i = 0; i < spill->plan.key_count; i++) {
        int order = tni_spill_compare_key(spill, i, a->values[i], b->values[i]);
        if (order != 0) {
            return order < 0;
        }
    }
    memcpy(place_a, a->record + 4, 16);
    memcpy(place_b, b->record + 4, 16);
    return place_a[0] != place_b[0] ? place_a[0] < place_b[0] : place_a[1] < place_b[1];
}

/* ----------------------------------------------------------------------------- merge --- */

static void tni_spill_sift(tni_spill *spill, uint32_t at) {
    for (;;) {
        uint32_t child = 2 * at + 1, swap;
        if (child >= spill->heap_count) {
            return;
        }
        if (child + 1 < spill->heap_count &&
            tni_spill_before(spill, spill->heap[child + 1], spill->heap[child])) {
            child++;
        }
        if (!tni_spill_before(spill, spill->heap[child], spill->heap[at])) {
            return;
        }
        swap = spill->heap[at];
        spill->heap[at] = spill->heap[child];
        spill->heap[child] = swap;
        at = child;
    }
}

/* The reader with the least row has been read: on to its next. */
static trueno_status tni_spill_pop(tni_spill *spill, tni_error *error) {
    tni_spill_reader *reader = &spill->readers[spill->heap[0]];
    TNI_TRY(tni_spill_advance(spill, reader, error));
    if (reader->record == NULL) {
        spill->heap[0] = spill->heap[--spill->heap_count];
    }
    tni_spill_sift(spill, 0);
    return TRUENO_OK;
}

static trueno_status tni_spill_reader_open(tni_spill *spill, tni_spill_reader *reader,
                                           const tni_spill_run *run, size_t buffer,
                                           tni_error *error) {
    const trueno_files *files = spill->plan.run->env->files;
    int code;
    reader->run = *run;
    reader->values =
        (const uint8_t **)tni_alloc_array(spill->memory, spill->plan.key_count, sizeof(void *));
    if (reader->values == NULL) {
        return tni_memory_fail(spill->memory, spill->plan.key_count * sizeof(void *), error);
    }
    reader->buffer = tni_spill_buffer(spill, buffer, &reader->capacity, error);
    if (reader->buffer == NULL) {
        return error != NULL ? error->status : TRUENO_ERROR_MEMORY;
    }
    code = files->open(files->user, run->path, TRUENO_FILE_READ, &reader->file);
    if (code != 0) {
        reader->file = NULL;
        return tni_spill_io("open", run->path, code, error);
    }
    return tni_spill_advance(spill, reader, error);
}

/* How many runs are merged at once. */
static size_t tni_spill_fan_in(const tni_spill *spill) {
    uint64_t fit = tni_spill_memory(spill) / (4 * TNI_SPILL_BUFFER_LEAST);
    return (size_t)TNI_MAX(TNI_MIN(fit, (uint64_t)TNI_SPILL_FAN_IN), 2);
}

/* Readers over runs [0, count). */
static trueno_status tni_spill_start(tni_spill *spill, uint32_t count, tni_error *error) {
    size_t buffer = (size_t)TNI_MIN(tni_spill_memory(spill) / (count + 1),
                                    (uint64_t)TNI_SPILL_BUFFER_MOST);
    uint32_t i;
    tni_spill_close_readers(spill);
    spill->readers =
        (tni_spill_reader *)tni_alloc_zero(spill->memory, count * sizeof *spill->readers);
    spill->heap = (uint32_t *)tni_alloc_array(spill->memory, count, sizeof *spill->heap);
    spill->reader_count = count;
    if (spill->readers == NULL || spill->heap == NULL) {
        tni_free(spill->memory, spill->readers, count * sizeof *spill->readers);
        tni_free(spill->memory, spill->heap, count * sizeof *spill->heap);
        spill->readers = NULL;
        spill->heap = NULL;
        spill->reader_count = 0;
        return tni_memory_fail(spill->memory, count * sizeof *spill->readers, error);
    }
    for (i = 0; i < count; i++) {
        TNI_TRY(tni_spill_reader_open(spill, &spill->readers[i], &spill->runs[i], buffer, error));
        if (spill->readers[i].record != NULL) {
            spill->heap[spill->heap_count++] = i;
        }
    }
    for (i = spill->heap_count / 2; i-- > 0;) {
        tni_spill_sift(spill, i);
    }
    return TRUENO_OK;
}

/* All rows of the open readers into one run. */
static trueno_status tni_spill_combine(tni_spill *spill, tni_error *error) {
    tni_spill_writer writer;
    trueno_status status = tni_spill_writer_open(spill, &writer, error);
    uint64_t rows = 0;
    while (status == TRUENO_OK && spill->heap_count > 0 && rows < spill->plan.most_rows) {
        const tni_spill_reader *reader = &spill->readers[spill->heap[0]];
        status = tni_spill_writer_reserve(spill, &writer, reader->size, error);
        if (status == TRUENO_OK) {
            memcpy(writer.buffer + writer.length, reader->record, reader->size);
            writer.length += reader->size;
            status = tni_spill_pop(spill, error);
        }
        if (status == TRUENO_OK && rows++ % TNI_SPILL_CHECK_ROWS == 0) {
            status = tni_env_check(spill->plan.run->env, error);
        }
    }
    if (status == TRUENO_OK) {
        return tni_spill_writer_close(spill, &writer, true, error);
    }
    (void)tni_spill_writer_close(spill, &writer, false, NULL);
    return status;
}

/* Take the merged runs [0, count) away, after their rows became the last run. */
static void tni_spill_drop(tni_spill *spill, size_t count) {
    size_t i;
    tni_spill_close_readers(spill);
    for (i = 0; i < count; i++) {
        tni_spill_discard(spill, &spill->runs[i]);
    }
    spill->run_count -= count;
    memmove(spill->runs, spill->runs + count, spill->run_count * sizeof *spill->runs);
}

TNI_FN trueno_status tni_spill_open(tni_spill *spill, tni_error *error) {
    for (;;) {
        size_t fan_in = tni_spill_fan_in(spill), count = spill->run_count;
        if (count <= fan_in) {
            return tni_spill_start(spill, (uint32_t)count, error);
        }
        /* never more than it takes to get down to the fan-in: large runs move seldom */
        count = TNI_MIN(fan_in, count - fan_in + 1);
        TNI_TRY(tni_spill_start(spill, (uint32_t)count, error));
        TNI_TRY(tni_spill_combine(spill, error));
        tni_spill_drop(spill, count);
    }
}

/* ------------------------------------------------------------------------------ rows --- */

/* One value into slot `row` of a FLAT vector. */
static trueno_status tni_spill_take(tni_spill *spill, tni_type type, const uint8_t *value,
                                    uint32_t row, void *data, tni_error *error) {
    uint32_t width = tni_type_width(type);
    if (tni_type_is_string(type)) {
        tni_string s = tni_spill_string(value);
        if (s.length > TNI_STRING_INLINE) {
            void *bytes = tni_arena_bytes(&spill->strings, s.length);
            if (bytes == NULL) {
                return tni_memory_fail(spill->memory, s.length, error);
            }
            memcpy(bytes, s.tail.pointer, s.length);
            s = tni_string_make(bytes, s.length);
        }
        ((tni_string *)data)[row] = s;
        return TRUENO_OK;
    }
    memcpy((uint8_t *)data + (size_t)row * width, value, width);
    return TRUENO_OK;
}

static trueno_status tni_spill_decode(tni_spill *spill, const tni_spill_reader *reader,
                                      uint32_t row, void *const *data, uint64_t *const *validity,
                                      tni_error *error) {
    const uint8_t *value = reader->record + TNI_SPILL_HEAD + spill->bitmap_bytes;
    const uint8_t *end = reader->record + reader->size;
    uint32_t i;
    for (i = 0; i < spill->plan.column_count; i++) {
        uint32_t column = spill->columns[i];
        tni_type type = spill->plan.types[column];
        const uint8_t *next;
        if (tni_spill_is_null(reader->record, i)) {
            tni_bit_clear(validity[column], row);
            memset((uint8_t *)data[column] + (size_t)row * tni_type_width(type), 0,
                   tni_type_width(type));
            continue;
        }
        next = tni_spill_skip(type, value, end);
        if (next == NULL) {
            return tni_spill_damaged(reader, error);
        }
        TNI_TRY(tni_spill_take(spill, type, value, row, data[column], error));
        value = next;
    }
    return TRUENO_OK;
}

/* Empty vectors for `rows` rows, and lists of where their values go. */
static trueno_status tni_spill_vectors(tni_spill *spill, uint32_t rows, tni_scratch *scratch,
                                       tni_vector *out, void ***data, uint64_t ***validity,
                                       tni_error *error) {
    uint32_t columns = spill->plan.column_count, c;
    *data = (void **)tni_scratch_take(scratch, columns * sizeof(void *), error);
    *validity = (uint64_t **)tni_scratch_take(scratch, columns * sizeof(uint64_t *), error);
    for (c = 0; *data != NULL && *validity != NULL && c < columns; c++) {
        size_t bytes = (size_t)rows * tni_type_width(spill->plan.types[c]);
        (*data)[c] = tni_scratch_take(scratch, bytes, error);
        (*validity)[c] = (uint64_t *)tni_scratch_take(scratch, TNI_VECTOR_WORDS * 8, error);
        if ((*data)[c] == NULL || (*validity)[c] == NULL) {
            return error != NULL ? error->status : TRUENO_ERROR_MEMORY;
        }
        tni_bitmap_fill((*validity)[c], rows, true);
        memset(&out[c], 0, sizeof out[c]);
        out[c].type = spill->plan.types[c];
        out[c].data = (*data)[c];
        out[c].validity = (*validity)[c];
    }
    if (*data == NULL || *validity == NULL) {
        return error != NULL ? error->status : TRUENO_ERROR_MEMORY;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_spill_next(tni_spill *spill, uint32_t most, tni_scratch *scratch,
                                    tni_vector *out, uint32_t *count, tni_error *error) {
    void **data = NULL;
    uint64_t **validity = NULL;
    uint32_t rows = 0;
    *count = 0;
    tni_arena_free(&spill->strings);
    if (out != NULL) {
        TNI_TRY(tni_spill_vectors(spill, most, scratch, out, &data, &validity, error));
    }
    while (rows < most && spill->heap_count > 0) {
        if (out != NULL) {
            TNI_TRY(tni_spill_decode(spill, &spill->readers[spill->heap[0]], rows, data, validity,
                                     error));
        }
        rows++;
        TNI_TRY(tni_spill_pop(spill, error));
    }
    *count = rows;
    return TRUENO_OK;
}

#undef TNI_SPILL_HEAD
#undef TNI_SPILL_FAN_IN
#undef TNI_SPILL_BUFFER_LEAST
#undef TNI_SPILL_BUFFER_MOST
#undef TNI_SPILL_PATH
#undef TNI_SPILL_CHECK_ROWS
