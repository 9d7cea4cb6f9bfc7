/*
 * agg_spill.c - groups and tuples in a temporary file, cut by partition.
 *
 * A file is chunks of one partition and kind each, in native byte order:
 *
 *   u32 kind | u32 records | u64 bytes of strings | records | strings
 *
 * Records are words: a tuple with its INTERN keys as strings behind it, or a group (hash, key
 * words, INTERN keys as strings, states). Long strings of a record lie behind the records in the
 * order in which tni_record_strings meets them; reading sets the pointers. Chunks wait in a buffer
 * per partition until it is full. The file is removed with the spill, whatever happened. One
 * thread writes; once it is closed any number may read. May use: aggregate.h, base.
 */
#include "exec/aggregate.h"

#define TNI_AGG_CHUNK_HEAD 16u
#define TNI_AGG_PATH 1024u

typedef struct tni_agg_stage {
    uint8_t *buffer;     /* head, then records */
    size_t length;       /* of both; 0: empty */
    uint32_t kind, count;
    uint8_t *heap;
    size_t heap_length, heap_capacity;
} tni_agg_stage;

typedef struct tni_agg_segment {
    uint64_t offset, bytes;
    size_t next;         /* of the same partition */
} tni_agg_segment;

struct tni_agg_spill {
    tni_agg *agg;
    char path[TNI_AGG_PATH];
    void *file;          /* while it is written */
    uint64_t bytes;      /* in the file */
    size_t stage_bytes;
    uint8_t *spare;      /* a stage's buffer that nobody uses */
    tni_string **slots;  /* [slot_count] */
    size_t slot_count;
    tni_agg_stage stages[TNI_AGG_PARTITIONS];
    uint64_t rows[TNI_AGG_PARTITIONS];
    size_t first[TNI_AGG_PARTITIONS], last[TNI_AGG_PARTITIONS];
    tni_agg_segment *segments;
    size_t segment_count, segment_capacity;
};

/* ----------------------------------------------------------------------------- records --- */

static size_t tni_record_words(const tni_agg *agg, tni_agg_record_kind kind) {
    size_t keys = (size_t)agg->interned_count * 2;
    return kind == TNI_RECORD_TUPLE ? agg->tuple_words + keys
                                    : 1 + agg->word_count + keys + agg->state_size / 8;
}

static size_t tni_record_slots(const tni_agg *agg) {
    return (size_t)agg->input_count + agg->interned_count + (size_t)agg->accumulator_count * 2;
}

static uint32_t tni_record_slot(uint64_t *words, tni_string **slots, uint32_t count) {
    tni_string *s = (tni_string *)(void *)words;
    if (s->length > TNI_STRING_INLINE) {
        slots[count++] = s;
    }
    return count;
}

static uint32_t tni_record_state_strings(const tni_agg *agg, uint8_t *states, tni_string **slots,
                                         uint32_t count) {
    uint32_t a;
    for (a = 0; a < agg->accumulator_count; a++) {
        const tni_accumulator *acc = &agg->accumulators[a];
        uint8_t *state = states + acc->offset;
        bool text = acc->arguments[0] != TNI_IR_NONE &&
                    agg->inputs[acc->arguments[0]].class_id == TNI_CLASS_STRING;
        if (text && (acc->kind == TNI_AGG_MIN || acc->kind == TNI_AGG_MAX)) {
            tni_string_state *s = (tni_string_state *)(void *)state;
            count = s->seen ? tni_record_slot((uint64_t *)(void *)&s->value, slots, count) : count;
        } else if (acc->kind == TNI_AGG_FIRST || acc->kind == TNI_AGG_LAST ||
                   acc->kind == TNI_AGG_ARG_MIN || acc->kind == TNI_AGG_ARG_MAX) {
            tni_row_state *s = (tni_row_state *)(void *)state;
            if (text && s->seen && !s->is_null) {
                count = tni_record_slot((uint64_t *)(void *)s->value, slots, count);
            }
            if (s->seen && acc->arguments[1] != TNI_IR_NONE &&
                agg->inputs[acc->arguments[1]].class_id == TNI_CLASS_STRING) {
                count = tni_record_slot((uint64_t *)(void *)s->by, slots, count);
            }
        }
    }
    return count;
}

/* The long strings of a record. */
static uint32_t tni_record_strings(const tni_agg *agg, tni_agg_record_kind kind, uint64_t *record,
                                   tni_string **slots) {
    uint64_t *keys = record + (kind == TNI_RECORD_TUPLE ? agg->tuple_words : 1 + agg->word_count);
    uint32_t count = 0, i;
    for (i = 0; kind == TNI_RECORD_TUPLE && i < agg->input_count; i++) {
        const tni_agg_input *input = &agg->inputs[i];
        if (input->needs_data && input->class_id == TNI_CLASS_STRING &&
            tni_agg_tuple_valid(input, record)) {
            count = tni_record_slot(record + input->word, slots, count);
        }
    }
    for (i = 0; i < agg->interned_count; i++) {
        count = tni_record_slot(keys + 2 * (size_t)i, slots, count);
    }
    if (kind == TNI_RECORD_GROUP && agg->keeps_strings) {
        count = tni_record_state_strings(
            agg, (uint8_t *)(void *)(keys + 2 * (size_t)agg->interned_count), slots, count);
    }
    return count;
}

/* ------------------------------------------------------------------------------ making --- */

static trueno_status tni_agg_spill_io(const tni_agg_spill *spill, const char *what, int code,
                                      tni_error *error) {
    return tni_fail(error, TRUENO_ERROR_IO, "cannot %s temporary file %s: %s", what, spill->path,
                    tni_files_error_text(code));
}

TNI_FN trueno_status tni_agg_spill_new(tni_agg *agg, tni_agg_spill **out, tni_error *error) {
    const tni_env *env = agg->run->env;
    tni_agg_spill *spill = (tni_agg_spill *)tni_alloc_zero(env->memory, sizeof *spill);
    trueno_status status;
    uint64_t share = (uint64_t)env->memory->limit / (TNI_AGG_PARTITIONS * 16) /
                     TNI_MAX(agg->worker_count, 1u);
    uint32_t p;
    int code;
    *out = NULL;
    if (spill == NULL) {
        return tni_memory_fail(env->memory, sizeof *spill, error);
    }
    spill->agg = agg;
    for (p = 0; p < TNI_AGG_PARTITIONS; p++) {
        spill->first[p] = spill->last[p] = SIZE_MAX;
    }
    spill->stage_bytes = (size_t)TNI_MAX(TNI_MIN(share, UINT64_C(65536)), UINT64_C(4096));
    spill->stage_bytes =
        TNI_MAX(spill->stage_bytes,
                TNI_AGG_CHUNK_HEAD + 8 * 4 * TNI_MAX(tni_record_words(agg, TNI_RECORD_TUPLE),
                                                     tni_record_words(agg, TNI_RECORD_GROUP)));
    spill->slot_count = tni_record_slots(agg);
    spill->slots = (tni_string **)tni_alloc_array(env->memory, spill->slot_count + 1,
                                                  sizeof *spill->slots);
    if (spill->slots == NULL) {
        tni_agg_spill_free(spill);
        return tni_memory_fail(env->memory, (spill->slot_count + 1) * sizeof *spill->slots, error);
    }
    status = tni_temp_path(env->temp_directory, spill->path, sizeof spill->path, error);
    if (status != TRUENO_OK) {
        spill->path[0] = '\0';
        tni_agg_spill_free(spill);
        return status;
    }
    code = env->files->open(env->files->user, spill->path, TRUENO_FILE_WRITE, &spill->file);
    if (code != 0) {
        spill->file = NULL;
        (void)tni_agg_spill_io(spill, "create", code, error);
        spill->path[0] = '\0';
        tni_agg_spill_free(spill);
        return TRUENO_ERROR_IO;
    }
    *out = spill;
    return TRUENO_OK;
}

static void tni_agg_stage_free(tni_agg_spill *spill, tni_agg_stage *stage) {
    tni_memory *memory = spill->agg->run->env->memory;
    tni_free(memory, stage->buffer, spill->stage_bytes);
    tni_free(memory, stage->heap, stage->heap_capacity);
    memset(stage, 0, sizeof *stage);
}

TNI_FN void tni_agg_spill_free(tni_agg_spill *spill) {
    const tni_env *env;
    uint32_t p;
    if (spill == NULL) {
        return;
    }
    env = spill->agg->run->env;
    if (spill->file != NULL) {
        (void)env->files->close(env->files->user, spill->file);
    }
    if (spill->path[0] != '\0') {
        (void)env->files->remove(env->files->user, spill->path);
    }
    for (p = 0; p < TNI_AGG_PARTITIONS; p++) {
        tni_agg_stage_free(spill, &spill->stages[p]);
    }
    tni_free(env->memory, spill->spare, spill->stage_bytes);
    tni_free(env->memory, spill->segments, spill->segment_capacity * sizeof *spill->segments);
    tni_free(env->memory, (void *)spill->slots, (spill->slot_count + 1) * sizeof *spill->slots);
    tni_free(env->memory, spill, sizeof *spill);
}

TNI_FN uint64_t tni_agg_spill_rows(const tni_agg_spill *spill, uint32_t partition) {
    return spill->rows[partition];
}

/* ----------------------------------------------------------------------------- writing --- */

static trueno_status tni_agg_spill_write(tni_agg_spill *spill, const void *data, size_t size,
                                         tni_error *error) {
    tni_env *env = spill->agg->run->env;
    int code = size == 0 ? 0 : env->files->write(env->files->user, spill->file, data, size);
    if (code != 0) {
        return tni_agg_spill_io(spill, "write", code, error);
    }
    spill->bytes += size;
    tni_atomic_add_i64(&env->spilled_bytes, (int64_t)size);
    return TRUENO_OK;
}

/* Room for one more segment, and the segment a chunk of `bytes` belongs to. */
static trueno_status tni_agg_spill_segment(tni_agg_spill *spill, uint32_t partition,
                                           uint64_t bytes, tni_error *error) {
    size_t last = spill->last[partition];
    void *items = spill->segments;
    tni_agg_segment *segment;
    trueno_status status;
    if (last != SIZE_MAX &&
        spill->segments[last].offset + spill->segments[last].bytes == spill->bytes) {
        spill->segments[last].bytes += bytes;
        return TRUENO_OK;
    }
    status = tni_grow(spill->agg->run->env->memory, &items, &spill->segment_capacity,
                      spill->segment_count + 1, sizeof *spill->segments, error);
    spill->segments = (tni_agg_segment *)items;
    TNI_TRY(status);
    segment = &spill->segments[spill->segment_count];
    segment->offset = spill->bytes;
    segment->bytes = bytes;
    segment->next = SIZE_MAX;
    if (last == SIZE_MAX) {
        spill->first[partition] = spill->segment_count;
    } else {
        spill->segments[last].next = spill->segment_count;
    }
    spill->last[partition] = spill->segment_count++;
    return TRUENO_OK;
}

static trueno_status tni_agg_stage_flush(tni_agg_spill *spill, uint32_t partition,
                                         tni_error *error) {
    tni_agg_stage *stage = &spill->stages[partition];
    uint64_t heap = stage->heap_length;
    if (stage->count == 0) {
        return TRUENO_OK;
    }
    memcpy(stage->buffer, &stage->kind, 4);
    memcpy(stage->buffer + 4, &stage->count, 4);
    memcpy(stage->buffer + 8, &heap, 8);
    TNI_TRY(tni_agg_spill_segment(spill, partition, stage->length + heap, error));
    TNI_TRY(tni_agg_spill_write(spill, stage->buffer, stage->length, error));
    TNI_TRY(tni_agg_spill_write(spill, stage->heap, stage->heap_length, error));
    stage->length = 0;
    stage->heap_length = 0;
    stage->count = 0;
    return TRUENO_OK;
}

/* A buffer for a stage: the spare one, a new one, or another stage's. */
static bool tni_agg_stage_buffer(tni_agg_spill *spill, tni_agg_stage *stage, tni_error *error) {
    tni_memory *memory = spill->agg->run->env->memory;
    uint32_t p;
    stage->buffer = spill->spare != NULL ? spill->spare
                                         : (uint8_t *)tni_alloc(memory, spill->stage_bytes);
    spill->spare = NULL;
    for (p = 0; p < TNI_AGG_PARTITIONS && stage->buffer == NULL; p++) {
        tni_agg_stage *other = &spill->stages[p];
        if (other->buffer != NULL) {
            if (tni_agg_stage_flush(spill, p, error) != TRUENO_OK) {
                return false;
            }
            stage->buffer = other->buffer;
            other->buffer = NULL;
        }
    }
    if (stage->buffer == NULL) {
        (void)tni_memory_fail(memory, spill->stage_bytes, error);
        return false;
    }
    return true;
}

/* The place of a new record; NULL: failed. */
static uint64_t *tni_agg_stage_add(tni_agg_spill *spill, uint32_t partition,
                                   tni_agg_record_kind kind, size_t words, tni_error *error) {
    tni_agg_stage *stage = &spill->stages[partition];
    if (stage->count > 0 &&
        (stage->kind != (uint32_t)kind || stage->length + words * 8 > spill->stage_bytes ||
         stage->heap_length > spill->stage_bytes) &&
        tni_agg_stage_flush(spill, partition, error) != TRUENO_OK) {
        return NULL;
    }
    if (stage->buffer == NULL && !tni_agg_stage_buffer(spill, stage, error)) {
        return NULL;
    }
    if (stage->count == 0) {
        stage->kind = (uint32_t)kind;
        stage->length = TNI_AGG_CHUNK_HEAD;
    }
    return (uint64_t *)(void *)(stage->buffer + stage->length);
}

/* The record just filled in is complete: its strings follow. */
static trueno_status tni_agg_stage_end(tni_agg_spill *spill, uint32_t partition, uint64_t *record,
                                       size_t words, tni_error *error) {
    tni_agg_stage *stage = &spill->stages[partition];
    uint32_t count = tni_record_strings(spill->agg, (tni_agg_record_kind)stage->kind, record,
                                        spill->slots);
    uint32_t i;
    for (i = 0; i < count; i++) {
        const tni_string *s = spill->slots[i];
        void *heap = stage->heap;
        trueno_status status =
            tni_grow(spill->agg->run->env->memory, &heap, &stage->heap_capacity,
                     stage->heap_length + s->length, 1, error);
        stage->heap = (uint8_t *)heap;
        TNI_TRY(status);
        memcpy(stage->heap + stage->heap_length, s->tail.pointer, s->length);
        stage->heap_length += s->length;
    }
    stage->length += words * 8;
    stage->count++;
    spill->rows[partition]++;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_agg_spill_tuple(tni_agg_spill *spill, uint32_t partition,
                                         const uint64_t *tuple, const tni_string *keys,
                                         tni_error *error) {
    const tni_agg *agg = spill->agg;
    size_t words = tni_record_words(agg, TNI_RECORD_TUPLE);
    uint64_t *record = tni_agg_stage_add(spill, partition, TNI_RECORD_TUPLE, words, error);
    if (record == NULL) {
        return error->status;
    }
    memcpy(record, tuple, agg->tuple_words * sizeof *record);
    if (agg->interned_count > 0) {
        memcpy(record + agg->tuple_words, keys, agg->interned_count * sizeof *keys);
    }
    return tni_agg_stage_end(spill, partition, record, words, error);
}

TNI_FN trueno_status tni_agg_spill_group(tni_agg_spill *spill, uint32_t partition, uint64_t hash,
                                         const uint64_t *words, const tni_string *keys,
                                         const uint8_t *states, tni_error *error) {
    const tni_agg *agg = spill->agg;
    size_t size = tni_record_words(agg, TNI_RECORD_GROUP);
    uint64_t *record = tni_agg_stage_add(spill, partition, TNI_RECORD_GROUP, size, error);
    uint64_t *to;
    if (record == NULL) {
        return error->status;
    }
    record[0] = hash;
    if (agg->word_count > 0) {
        memcpy(record + 1, words, agg->word_count * sizeof *record);
    }
    to = record + 1 + agg->word_count;
    if (agg->interned_count > 0) {
        memcpy(to, keys, agg->interned_count * sizeof *keys);
        to += 2 * (size_t)agg->interned_count;
    }
    if (agg->state_size > 0) {
        memcpy(to, states, agg->state_size);
    }
    return tni_agg_stage_end(spill, partition, record, size, error);
}

TNI_FN trueno_status tni_agg_spill_flush(tni_agg_spill *spill, bool close, tni_error *error) {
    const trueno_files *files = spill->agg->run->env->files;
    tni_memory *memory = spill->agg->run->env->memory;
    uint32_t p;
    for (p = 0; p < TNI_AGG_PARTITIONS; p++) {
        TNI_TRY(tni_agg_stage_flush(spill, p, error));
        tni_agg_stage_free(spill, &spill->stages[p]);
    }
    tni_free(memory, spill->spare, spill->stage_bytes);
    spill->spare = NULL;
    if (close && spill->file != NULL) {
        int code = files->close(files->user, spill->file);
        spill->file = NULL;
        if (code != 0) {
            return tni_agg_spill_io(spill, "write", code, error);
        }
    }
    return TRUENO_OK;
}

/* Flush one partition's stage and keep its buffer for the next. */
TNI_FN trueno_status tni_agg_spill_done(tni_agg_spill *spill, uint32_t partition,
                                        tni_error *error) {
    tni_agg_stage *stage = &spill->stages[partition];
    TNI_TRY(tni_agg_stage_flush(spill, partition, error));
    if (spill->spare == NULL) {
        spill->spare = stage->buffer;
        stage->buffer = NULL;
    }
    tni_agg_stage_free(spill, stage);
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------------- reading --- */

TNI_FN trueno_status tni_agg_reader_open(tni_agg_reader *reader, tni_agg_spill *spill,
                                         uint32_t partition, tni_error *error) {
    const trueno_files *files = spill->agg->run->env->files;
    int code;
    memset(reader, 0, sizeof *reader);
    reader->spill = spill;
    reader->segment = spill->first[partition];
    if (reader->segment == SIZE_MAX) {
        return TRUENO_OK;
    }
    reader->offset = spill->segments[reader->segment].offset;
    reader->left = spill->segments[reader->segment].bytes;
    code = files->open(files->user, spill->path, TRUENO_FILE_READ, &reader->file);
    if (code != 0) {
        reader->file = NULL;
        return tni_agg_spill_io(spill, "read", code, error);
    }
    return TRUENO_OK;
}

TNI_FN void tni_agg_reader_close(tni_agg_reader *reader) {
    const tni_env *env;
    if (reader->spill == NULL) {
        return;
    }
    env = reader->spill->agg->run->env;
    if (reader->file != NULL) {
        (void)env->files->close(env->files->user, reader->file);
    }
    tni_free(env->memory, reader->buffer, reader->capacity);
    memset(reader, 0, sizeof *reader);
}

static trueno_status tni_agg_reader_bytes(tni_agg_reader *reader, void *data, size_t size,
                                          tni_error *error) {
    const trueno_files *files = reader->spill->agg->run->env->files;
    uint8_t *to = (uint8_t *)data;
    while (size > 0) {
        size_t done = 0;
        int code = size > reader->left ? 0
                                       : files->read(files->user, reader->file, reader->offset, to,
                                                     size, &done);
        if (code != 0) {
            return tni_agg_spill_io(reader->spill, "read", code, error);
        }
        if (done == 0 || done > size) {
            return tni_fail(error, TRUENO_ERROR_IO, "temporary file %s is cut off",
                            reader->spill->path);
        }
        to += done;
        size -= done;
        reader->offset += done;
        reader->left -= done;
    }
    return TRUENO_OK;
}

/* Let the long strings of the records point behind them. */
static trueno_status tni_agg_reader_strings(tni_agg_reader *reader, const tni_agg_records *records,
                                            const uint8_t *heap, uint64_t left,
                                            tni_error *error) {
    tni_agg *agg = reader->spill->agg;
    size_t most = tni_record_slots(agg) + 1;
    tni_string **slots =
        (tni_string **)tni_alloc_array(agg->run->env->memory, most, sizeof *slots);
    bool fine = true;
    uint32_t i, j;
    if (slots == NULL) {
        return tni_memory_fail(agg->run->env->memory, most * sizeof *slots, error);
    }
    for (i = 0; i < records->count && fine; i++) {
        uint32_t count = tni_record_strings(agg, records->kind,
                                            records->words + i * records->stride, slots);
        for (j = 0; j < count && fine; j++) {
            fine = slots[j]->length <= left;
            slots[j]->tail.pointer = heap;
            heap += fine ? slots[j]->length : 0;
            left -= fine ? slots[j]->length : 0;
        }
    }
    tni_free(agg->run->env->memory, (void *)slots, most * sizeof *slots);
    return fine ? TRUENO_OK
                : tni_fail(error, TRUENO_ERROR_IO, "temporary file %s is damaged",
                           reader->spill->path);
}

TNI_FN trueno_status tni_agg_reader_next(tni_agg_reader *reader, tni_agg_records *out,
                                         tni_error *error) {
    tni_agg *agg;
    tni_memory *memory;
    uint8_t head[TNI_AGG_CHUNK_HEAD];
    uint32_t kind;
    uint64_t heap;
    size_t fixed;
    memset(out, 0, sizeof *out);
    if (reader->spill == NULL || reader->segment == SIZE_MAX) {
        return TRUENO_OK;
    }
    agg = reader->spill->agg;
    memory = agg->run->env->memory;
    if (reader->left == 0) {
        reader->segment = reader->spill->segments[reader->segment].next;
        if (reader->segment == SIZE_MAX) {
            return TRUENO_OK;
        }
        reader->offset = reader->spill->segments[reader->segment].offset;
        reader->left = reader->spill->segments[reader->segment].bytes;
    }
    TNI_TRY(tni_agg_reader_bytes(reader, head, sizeof head, error));
    memcpy(&kind, head, 4);
    memcpy(&out->count, head + 4, 4);
    memcpy(&heap, head + 8, 8);
    out->kind = kind == 0 ? TNI_RECORD_TUPLE : TNI_RECORD_GROUP;
    out->stride = tni_record_words(agg, out->kind);
    if (!tni_size_mul(out->count, out->stride * 8, &fixed) || fixed > reader->left ||
        heap > reader->left - fixed) {
        return tni_fail(error, TRUENO_ERROR_IO, "temporary file %s is damaged",
                        reader->spill->path);
    }
    if (fixed + (size_t)heap > reader->capacity) {
        tni_free(memory, reader->buffer, reader->capacity);
        reader->capacity = 0;
        reader->buffer = (uint8_t *)tni_alloc(memory, fixed + (size_t)heap);
        if (reader->buffer == NULL) {
            return tni_memory_fail(memory, fixed + (size_t)heap, error);
        }
        reader->capacity = fixed + (size_t)heap;
    }
    out->words = (uint64_t *)(void *)reader->buffer;
    TNI_TRY(tni_agg_reader_bytes(reader, reader->buffer, fixed + (size_t)heap, error));
    return heap == 0 ? TRUENO_OK
                     : tni_agg_reader_strings(reader, out, reader->buffer + fixed, heap, error);
}

#undef TNI_AGG_CHUNK_HEAD
#undef TNI_AGG_PATH
