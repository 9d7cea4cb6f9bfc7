/*
 * order.c - selection, ORDER BY and top-k of order.h.
 *
 *   filter  select_rows, morsel by morsel -> bitmap of the table -> row ids (compact_rows)
 *   keys    select_keys of these rows -> 64-bit keys; codes of text -> ranks (select_ranks)
 *   pack    the range of each key (radix_range) -> words to sort by (radix_pack)
 *           where bounds are known and one word holds all keys: select_words does both at once
 *   order   radix sort or top-k of positions by the words, the least significant word first
 *   rows    row ids of the positions; with `fetch`, select_keys once more for the values
 *
 * The host waits for the number of rows, for ranges, for the candidates of top-k, for the result.
 *
 * Uses: base/, column/, gpu/ (of gpu/group_internal.h the inputs of a morsel).
 */
#include "gpu/order.h"
#include "plan/fuse.h"
#include "base/bits.h"
#include "gpu/group_internal.h"
#include "gpu/primitives_internal.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_ORDER_MOST_ROWS ((UINT64_C(1) << 30) - 1)
#define TNI_GPU_ORDER_FILTER_BESIDE 2u /* buffers beside the inputs, kernels/select_rows.glsl */
#define TNI_GPU_ORDER_VALUES_BESIDE 4u /* of kernels/select_keys.glsl, select_words.glsl */
#define TNI_GPU_ORDER_SORT_BUFFERS 6u  /* most of the kernels that sort and pick */
#define TNI_GPU_ORDER_RANGES 1024u     /* workgroups that look for a key's range */
#define TNI_GPU_ORDER_WORDS 10u        /* of 64 bits: eight keys with NULLs, cut anywhere */
#define TNI_GPU_ORDER_FIELDS 16u
#define TNI_GPU_ORDER_NULL 8u          /* added to a key's number: its NULL bit */

/* The values of some outputs as 64-bit words a row. */
typedef struct tni_gpu_order_values {
    tni_gpu_code code;
    uint32_t count;
    uint32_t descending, floating, codes; /* bits; of codes: text */
    const tni_dictionary *dictionaries[TNI_GPU_SLOTS];
    const tni_ir_node *nodes[TNI_GPU_SLOTS];
    bool nullable;
} tni_gpu_order_values;

struct tni_gpu_order_code {
    tni_gpu_code filter;
    tni_gpu_order_values keys, fetch;
    tni_gpu_order_values words; /* the keys again, for select_words */
};

/* kernels/select_words.glsl */
typedef struct tni_gpu_word {
    uint64_t minimum[TNI_GPU_SLOTS], null_code[TNI_GPU_SLOTS];
    uint32_t field[TNI_GPU_SLOTS][2];
    uint32_t bits;                  /* not looked at there */
    uint32_t padding[15];
} tni_gpu_word; /* TNI_GPU_ALIGNMENT bytes */

/* kernels/radix_pack.comp */
typedef struct tni_gpu_pack {
    uint32_t count, stride, field_count, flip;
    uint64_t minimum[TNI_GPU_SLOTS];
    uint32_t fields[TNI_GPU_ORDER_FIELDS][2];
    uint32_t bits;                  /* not looked at there */
    uint32_t padding[11];
} tni_gpu_pack; /* TNI_GPU_ALIGNMENT bytes: one a word */

typedef struct tni_gpu_order_run {
    tni_gpu_device *device;
    const tni_gpu_order_shape *shape;
    const tni_gpu_order_code *code;
    const tni_gpu_table *table;
    tni_gpu_order_result *result;
    tni_error *error;
    tni_gpu_inputs inputs;          /* of the code at hand */
    tni_gpu_scratch scratch;
    uint32_t cut;                   /* segments a morsel */
    uint32_t count;                 /* rows selected */
    bool all;                       /* no filter: ids are 0, 1, 2 ... */
    tni_gpu_slice control, ids;
    uint32_t *bounds;               /* ids before each morsel and after the last */
    tni_gpu_slice keys, nulls;
    tni_gpu_slice order;            /* positions among the ids; range NULL: as they are */
    uint32_t row_count;
    tni_gpu_slice rows;             /* of the result */
    tni_gpu_pack words[TNI_GPU_ORDER_WORDS];
    uint32_t word_count;
    bool direct;                    /* one word, made by select_words */
    tni_gpu_word word;
    tni_gpu_slice packed;           /* direct: a word a row */
    bool started;                   /* the control words are clear */
} tni_gpu_order_run;

/* --------------------------------------------------------------------------- emitting --- */

static trueno_status tni_gpu_order_emit_filter(const tni_gpu_info *info,
                                               const tni_gpu_order_shape *shape,
                                               tni_arena *arena, tni_gpu_code *out,
                                               tni_error *error) {
    bool plain = !tni_gpu_has_ballots(info);
    tni_gpu_extras extras;
    tni_gpu_shape filter = shape->shape;
    memset(&extras, 0, sizeof extras);
    extras.skeleton = plain ? "select_rows_plain" : "select_rows";
    extras.skeleton_int = plain ? "select_rows_plain_int" : "select_rows_int";
    extras.beside = TNI_GPU_ORDER_FILTER_BESIDE;
    filter.values = NULL;
    filter.slot_count = 0;
    return tni_gpu_emit_into(info, &filter, &extras, arena, out, error);
}

/* Text comes as codes, in the extras; the rest as keys of MIN, in the slots. */
static trueno_status tni_gpu_order_emit_values(const tni_gpu_info *info,
                                               const tni_gpu_shape *shape,
                                               const tni_gpu_order_key *keys, uint32_t count,
                                               const char *const *skeletons, tni_arena *arena,
                                               tni_gpu_order_values *out, tni_error *error) {
    tni_gpu_extras extras;
    tni_gpu_shape values = *shape;
    tni_program *program = (tni_program *)tni_arena_alloc(arena, sizeof *program);
    uint32_t outputs[TNI_GPU_SLOTS];
    uint32_t i, text = 0;
    if (program == NULL) {
        return tni_fail_memory(error, sizeof *program);
    }
    for (i = 0; i < count; i++) {
        outputs[i] = shape->values->outputs[keys[i].output];
    }
    TNI_TRY(tni_program_cut(shape->values, outputs, count, arena, program, error));
    memset(&extras, 0, sizeof extras);
    extras.skeleton = skeletons[0];
    extras.skeleton_int = skeletons[1];
    extras.beside = TNI_GPU_ORDER_VALUES_BESIDE;
    values.filter = NULL;
    values.values = program;
    values.slot_count = out->count = count;
    for (i = 0; i < count; i++) {
        const tni_ir_node *node = &program->nodes[program->outputs[i]];
        bool is_text = tni_type_physical(node->type) == TNI_PHYSICAL_STRING;
        out->nodes[i] = node;
        values.slots[i].output = i;
        values.slots[i].aggregate = is_text ? TNI_GPU_COUNT : TNI_GPU_MIN;
        out->descending |= keys[i].descending ? 1u << i : 0;
        if (is_text) {
            out->codes |= 1u << i;
            if (node->op == TNI_IR_COLUMN && node->column < shape->column_count) {
                out->dictionaries[i] = shape->columns[node->column].dictionary;
            }
            text = i + 1;
        }
    }
    extras.count = text; /* those between are never looked at: any text will do */
    for (i = 0; i < text; i++) {
        extras.outputs[i] = (out->codes >> i & 1) != 0 ? i : text - 1;
    }
    TNI_TRY(tni_gpu_emit_into(info, &values, &extras, arena, &out->code, error));
    for (i = 0; i < count; i++) {
        bool is_float = out->code.physical[i] == TNI_PHYSICAL_F32 ||
                        out->code.physical[i] == TNI_PHYSICAL_F64;
        out->floating |= is_float && (out->codes >> i & 1) == 0 ? 1u << i : 0;
    }
    out->nullable = (out->code.never_null & ((1u << count) - 1)) != (1u << count) - 1;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_gpu_order_emit(const tni_gpu_info *info,
                                        const tni_gpu_order_shape *shape, tni_arena *arena,
                                        tni_gpu_order_code **out, tni_error *error) {
    tni_gpu_order_code *code = (tni_gpu_order_code *)tni_arena_alloc(arena, sizeof *code);
    static const char *const keys[] = {"select_keys", "select_keys_int"};
    static const char *const words[] = {"select_words", "select_words_int"};
    tni_gpu_order_key fetch[TNI_GPU_SLOTS];
    uint32_t i;
    *out = NULL;
    if (code == NULL) {
        return tni_fail_memory(error, sizeof *code);
    }
    if (shape->key_count > TNI_GPU_SLOTS || shape->fetch_count > TNI_GPU_SLOTS ||
        (shape->key_count + shape->fetch_count > 0 && shape->shape.values == NULL)) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                        "the GPU sorts by and fetches at most %u values",
                        (unsigned)TNI_GPU_SLOTS);
    }
    if (shape->shape.filter != NULL) {
        TNI_TRY(tni_gpu_order_emit_filter(info, shape, arena, &code->filter, error));
    }
    if (shape->key_count > 0) {
        TNI_TRY(tni_gpu_buffers_fit(info, TNI_GPU_ORDER_SORT_BUFFERS, error));
        TNI_TRY(tni_gpu_order_emit_values(info, &shape->shape, shape->keys, shape->key_count,
                                          keys, arena, &code->keys, error));
        TNI_TRY(tni_gpu_order_emit_values(info, &shape->shape, shape->keys, shape->key_count,
                                          words, arena, &code->words, error));
    }
    if (shape->fetch_count > 0) {
        memset(fetch, 0, sizeof fetch);
        for (i = 0; i < shape->fetch_count; i++) {
            fetch[i].output = shape->fetch[i];
        }
        TNI_TRY(tni_gpu_order_emit_values(info, &shape->shape, fetch, shape->fetch_count, keys,
                                          arena, &code->fetch, error));
        code->fetch.floating = 0; /* -0.0 comes back as it is */
    }
    *out = code;
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------- morsels --- */

/* A kernel over columns: `extra` more buffers. */
static trueno_status tni_gpu_order_kernel(tni_gpu_order_run *run, const tni_gpu_code *code,
                                          uint32_t extra, const uint32_t *constants,
                                          uint32_t constant_count, tni_gpu_kernel **out) {
    tni_gpu_kernel_want want;
    uint32_t i;
    memset(&want, 0, sizeof want);
    want.words = code->words;
    want.word_count = code->word_count;
    want.binding_count = extra + 1;
    want.bindings[0] = code->buffer_count;
    for (i = 1; i <= extra; i++) {
        want.bindings[i] = 1;
    }
    want.constant_count = constant_count;
    if (constant_count > 0) {
        memcpy(want.constants, constants, constant_count * sizeof *constants);
    }
    return tni_gpu_scratch_kernel(&run->scratch, &want, out, run->error);
}

/* One dispatch over a morsel whose inputs are resident; `beside`: the other buffers. */
static void tni_gpu_order_dispatch(tni_gpu_order_run *run, tni_gpu_batch *batch,
                                   tni_gpu_kernel *kernel, const tni_gpu_slice *beside,
                                   uint32_t extra, uint32_t rows, uint32_t blocks,
                                   uint32_t groups) {
    const tni_gpu_code *code = run->inputs.code;
    tni_gpu_slice slices[TNI_GPU_COLUMNS + TNI_GPU_ORDER_VALUES_BESIDE];
    uint8_t push[TNI_GPU_PUSH_BYTES];
    uint32_t i;
    memset(push, 0, sizeof push);
    memcpy(push, &rows, 4);
    memcpy(push + 4, &blocks, 4);
    memcpy(push + 8, code->literals, sizeof code->literals);
    for (i = 0; i < code->buffer_count; i++) { /* without inputs: one that the kernel never reads */
        slices[i] = i < code->input_count ? run->inputs.slices[i] : run->control;
    }
    memcpy(slices + i, beside, extra * sizeof *beside);
    tni_gpu_batch_dispatch(batch, kernel, slices, i + extra, push, sizeof push, groups);
}

/* The control words are 0 at first. */
static void tni_gpu_order_clear(tni_gpu_order_run *run, tni_gpu_batch *batch) {
    if (!run->started) {
        tni_gpu_batch_fill(batch, run->control.range, 0, 16, 0);
        run->started = true;
    }
}

static trueno_status tni_gpu_order_start(tni_gpu_order_run *run, const tni_gpu_code *code,
                                         const tni_gpu_shape *shape) {
    tni_gpu_inputs *inputs = &run->inputs;
    memset(inputs, 0, sizeof *inputs);
    inputs->device = run->device;
    inputs->shape = shape;
    inputs->code = code;
    inputs->table = run->table;
    inputs->error = run->error;
    return tni_gpu_inputs_start(inputs);
}

static void tni_gpu_order_stop(tni_gpu_order_run *run) {
    if (run->inputs.device != NULL) {
        tni_gpu_inputs_stop(&run->inputs);
        run->result->uploaded_bytes += run->inputs.uploaded_bytes;
        run->result->read_bytes += run->inputs.read_bytes;
        memset(&run->inputs, 0, sizeof run->inputs);
    }
}

static trueno_status tni_gpu_order_load(tni_gpu_order_run *run, uint32_t first,
                                        uint32_t segments) {
    int64_t start = tni_clock_nanoseconds();
    trueno_status status = tni_gpu_inputs_morsel(&run->inputs, first, segments);
    run->result->upload_ms += (double)(tni_clock_nanoseconds() - start) * 1e-6;
    return status;
}

static uint32_t tni_gpu_order_morsels(const tni_gpu_order_run *run) {
    return (run->table->segment_count + run->cut - 1) / run->cut;
}

static uint32_t tni_gpu_order_rows(const tni_gpu_order_run *run, uint32_t morsel) {
    uint64_t first = (uint64_t)morsel * run->cut * TNI_SEGMENT_ROWS;
    return (uint32_t)TNI_MIN(run->table->rows - first, (uint64_t)run->cut * TNI_SEGMENT_ROWS);
}

/* ------------------------------------------------------------------------- the filter --- */

static trueno_status tni_gpu_order_filter_morsel(tni_gpu_order_run *run, uint32_t morsel,
                                                 tni_gpu_kernel *kernel,
                                                 const tni_gpu_slice *bits) {
    uint32_t first = morsel * run->cut, rows = tni_gpu_order_rows(run, morsel);
    uint32_t segments = TNI_MIN(run->cut, run->table->segment_count - first);
    tni_gpu_slice beside[TNI_GPU_ORDER_FILTER_BESIDE];
    tni_gpu_batch batch;
    TNI_TRY(tni_gpu_order_load(run, first, segments));
    TNI_TRY(tni_gpu_batch_begin(run->device, &batch, run->error));
    beside[0] = run->control;
    beside[1] = *bits;
    beside[1].offset += (uint64_t)first * (TNI_SEGMENT_ROWS / 8);
    beside[1].size = tni_gpu_bitmap_bytes(rows);
    tni_gpu_order_clear(run, &batch);
    tni_gpu_order_dispatch(run, &batch, kernel, beside, TNI_GPU_ORDER_FILTER_BESIDE, rows, 0,
                           (rows + TNI_GPU_STRIPE_ROWS - 1) / TNI_GPU_STRIPE_ROWS);
    run->result->morsels++;
    return tni_gpu_batch_run(&batch, &run->result->compute_ms);
}

/* How many rows there are up to the end of each morsel, and whether one failed. */
static trueno_status tni_gpu_order_count(tni_gpu_order_run *run, const tni_gpu_slice *bits,
                                         tni_gpu_slice *upto) {
    uint32_t morsels = tni_gpu_order_morsels(run), i, failed;
    uint64_t error_at = 0, at = 0, first_at = 0;
    tni_gpu_batch batch;
    TNI_TRY(tni_gpu_download_reserve(run->device, (uint64_t)(morsels + 1) * 16, run->error));
    TNI_TRY(tni_gpu_batch_begin(run->device, &batch, run->error));
    (void)tni_gpu_stripes_record(&batch, &run->scratch, bits, run->table->rows, upto);
    tni_gpu_batch_download(&batch, run->control.range, 0, 4, &error_at);
    for (i = 0; i < morsels; i++) {
        uint64_t end = (uint64_t)i * run->cut * TNI_SEGMENT_ROWS + tni_gpu_order_rows(run, i);
        end = (end + TNI_GPU_STRIPE_ROWS - 1) / TNI_GPU_STRIPE_ROWS;
        tni_gpu_batch_download(&batch, upto->range, (end - 1) * 4, 4, &at);
        first_at = i == 0 ? at : first_at;
    }
    TNI_TRY(tni_gpu_batch_run(&batch, &run->result->compute_ms));
    memcpy(&failed, run->device->download.data + error_at, 4);
    for (i = 0; i < morsels; i++) {
        memcpy(&run->bounds[i + 1], run->device->download.data + first_at + i * UINT64_C(16), 4);
    }
    run->count = run->bounds[morsels];
    run->result->overflowed = failed != 0;
    return TRUENO_OK;
}

/* The ids of the rows that pass; only those that the result needs when nothing is sorted. */
static trueno_status tni_gpu_order_filter(tni_gpu_order_run *run) {
    uint32_t morsels = tni_gpu_order_morsels(run), i;
    tni_gpu_kernel *kernel = NULL;
    tni_gpu_slice bits;
    tni_gpu_compact compact;
    tni_gpu_batch batch;
    memset(&compact, 0, sizeof compact);
    TNI_TRY(tni_gpu_order_start(run, &run->code->filter, &run->shape->shape));
    TNI_TRY(tni_gpu_order_kernel(run, &run->code->filter, TNI_GPU_ORDER_FILTER_BESIDE, NULL, 0,
                                 &kernel));
    TNI_TRY(tni_gpu_scratch_take(&run->scratch, tni_gpu_bitmap_bytes(run->table->rows), &bits,
                                 run->error));
    for (i = 0; i < morsels; i++) {
        trueno_status status = tni_gpu_order_filter_morsel(run, i, kernel, &bits);
        tni_gpu_inputs_unpin(&run->inputs);
        TNI_TRY(status);
    }
    tni_gpu_order_stop(run);
    TNI_TRY(tni_gpu_order_count(run, &bits, &compact.upto));
    if (run->result->overflowed || run->count == 0) {
        return TRUENO_OK;
    }
    compact.room = run->shape->key_count == 0
                       ? (uint32_t)TNI_MIN(run->count, run->shape->limit)
                       : run->count;
    TNI_TRY(tni_gpu_scratch_take(&run->scratch, (uint64_t)compact.room * 4, &run->ids,
                                 run->error));
    compact.bits = bits;
    compact.out = run->ids;
    compact.rows = run->table->rows;
    TNI_TRY(tni_gpu_batch_begin(run->device, &batch, run->error));
    (void)tni_gpu_compact_record(&batch, &run->scratch, &compact);
    return tni_gpu_batch_run(&batch, &run->result->compute_ms);
}

/* -------------------------------------------------------------------- values of rows --- */

enum { TNI_GPU_ROWS_SELECTED, TNI_GPU_ROWS_ALL, TNI_GPU_ROWS_ANY }; /* MODE of select_keys */

typedef struct tni_gpu_order_job {
    const tni_gpu_order_values *values;
    uint32_t mode, count;       /* rows in all */
    tni_gpu_slice rows;         /* their ids; not with ROWS_ALL */
    tni_gpu_slice out, beside;  /* beside: NULL bits or parameters; range NULL: neither */
    uint32_t constants[6];
    tni_gpu_kernel *kernel;
} tni_gpu_order_job;

static trueno_status tni_gpu_order_job_morsel(tni_gpu_order_run *run,
                                              const tni_gpu_order_job *job, uint32_t morsel) {
    uint32_t first = morsel * run->cut, rows = tni_gpu_order_rows(run, morsel), blocks = 0;
    uint32_t segments = TNI_MIN(run->cut, run->table->segment_count - first);
    tni_gpu_slice beside[TNI_GPU_ORDER_VALUES_BESIDE];
    tni_gpu_batch batch;
    if (job->mode == TNI_GPU_ROWS_SELECTED) {
        blocks = run->bounds[morsel];
        rows = run->bounds[morsel + 1] - blocks;
    } else if (job->mode == TNI_GPU_ROWS_ANY) {
        blocks = rows;
        rows = job->count;
    }
    if (rows == 0) {
        return TRUENO_OK;
    }
    TNI_TRY(tni_gpu_order_load(run, first, segments));
    TNI_TRY(tni_gpu_batch_begin(run->device, &batch, run->error));
    tni_gpu_order_clear(run, &batch);
    tni_gpu_batch_fill(&batch, run->control.range, 4, 4, first * TNI_SEGMENT_ROWS);
    tni_gpu_batch_fill(&batch, run->control.range, 8, 4, job->count);
    beside[0] = run->control;
    beside[1] = job->mode == TNI_GPU_ROWS_ALL ? run->control : job->rows;
    beside[2] = job->out;
    beside[3] = job->beside.range != NULL ? job->beside : run->control;
    tni_gpu_order_dispatch(run, &batch, job->kernel, beside, TNI_GPU_ORDER_VALUES_BESIDE, rows,
                           blocks, (rows + 1023) / 1024);
    return tni_gpu_batch_run(&batch, &run->result->compute_ms);
}

/* The kernel of a job; `detail` means something to each. */
static trueno_status tni_gpu_order_job_kernel(tni_gpu_order_run *run, tni_gpu_order_job *job,
                                              uint32_t descending, bool detail) {
    const tni_gpu_order_values *values = job->values;
    job->constants[0] = values->count;
    job->constants[1] = job->mode;
    job->constants[2] = descending;
    job->constants[3] = values->floating;
    job->constants[4] = values->codes;
    job->constants[5] = detail ? 1 : 0;
    return tni_gpu_order_kernel(run, &values->code, TNI_GPU_ORDER_VALUES_BESIDE, job->constants, 6,
                                &job->kernel);
}

/* job->out of every row, morsel by morsel; `out`, `beside` and the kernel are there. */
static trueno_status tni_gpu_order_job_walk(tni_gpu_order_run *run, tni_gpu_order_job *job) {
    uint32_t i;
    TNI_TRY(tni_gpu_order_start(run, &job->values->code, &run->shape->shape));
    for (i = 0; i < tni_gpu_order_morsels(run); i++) {
        trueno_status status = tni_gpu_order_job_morsel(run, job, i);
        tni_gpu_inputs_unpin(&run->inputs);
        TNI_TRY(status);
    }
    tni_gpu_order_stop(run);
    return TRUENO_OK;
}

static trueno_status tni_gpu_order_holds(const tni_gpu_order_run *run, uint64_t bytes) {
    if (bytes > run->device->info->storage_range) {
        return tni_fail(run->error, TRUENO_ERROR_UNSUPPORTED,
                        "%lu MiB of keys, more than a buffer of the GPU %s holds",
                        (unsigned long)(bytes >> 20), run->device->info->name);
    }
    return TRUENO_OK;
}

static trueno_status tni_gpu_order_values_kernel(tni_gpu_order_run *run, tni_gpu_order_job *job) {
    const tni_gpu_order_values *values = job->values; /* text turns round with its ranks */
    return tni_gpu_order_job_kernel(run, job, values->descending & ~values->codes,
                                    values->nullable);
}

/* Values of `job->count` rows into job->out, [value][row], and job->beside, NULL bits. */
static trueno_status tni_gpu_order_job_run(tni_gpu_order_run *run, tni_gpu_order_job *job) {
    const tni_gpu_order_values *values = job->values;
    uint64_t bytes = (uint64_t)values->count * job->count * 8;
    TNI_TRY(tni_gpu_order_holds(run, bytes));
    TNI_TRY(tni_gpu_order_values_kernel(run, job));
    TNI_TRY(tni_gpu_scratch_take(&run->scratch, bytes, &job->out, run->error));
    if (values->nullable) {
        TNI_TRY(tni_gpu_scratch_take(&run->scratch, (uint64_t)job->count * 4, &job->beside,
                                     run->error));
    }
    return tni_gpu_order_job_walk(run, job);
}

/* ------------------------------------------------------------------------ ranks of text --- */

typedef struct tni_gpu_order_entry {
    const tni_string *text;
    uint32_t code;
} tni_gpu_order_entry;

static int tni_gpu_order_compare(const tni_gpu_order_entry *a, const tni_gpu_order_entry *b) {
    return tni_string_compare(a->text, b->text);
}

/* Merge sort, bottom up: entries and room take turns. The sorted half is returned. */
static tni_gpu_order_entry *tni_gpu_order_merge(tni_gpu_order_entry *from,
                                                tni_gpu_order_entry *to, uint32_t n) {
    uint64_t width, start;
    for (width = 1; width < n; width *= 2) {
        tni_gpu_order_entry *swap = from;
        for (start = 0; start < n; start += 2 * width) {
            uint64_t a = start, middle = TNI_MIN(start + width, n), b = middle, i;
            uint64_t end = TNI_MIN(start + 2 * width, n);
            for (i = start; i < end; i++) {
                bool left = b == end || (a < middle &&
                                         tni_gpu_order_compare(&from[a], &from[b]) <= 0);
                to[i] = left ? from[a++] : from[b++];
            }
        }
        from = to;
        to = swap;
    }
    return from;
}

/* ranks[code]: equal entries have equal ranks. */
static trueno_status tni_gpu_order_ranked(tni_memory *memory, const tni_dictionary *dictionary,
                                          uint32_t *ranks, tni_error *error) {
    uint32_t n = dictionary->count, i, rank = 0;
    size_t bytes = (size_t)n * 2 * sizeof(tni_gpu_order_entry);
    tni_gpu_order_entry *entries, *sorted;
    entries = (tni_gpu_order_entry *)tni_alloc(memory, bytes);
    if (entries == NULL) {
        return tni_memory_fail(memory, bytes, error);
    }
    for (i = 0; i < n; i++) {
        entries[i].text = &dictionary->values[i];
        entries[i].code = i;
    }
    sorted = tni_gpu_order_merge(entries, entries + n, n);
    for (i = 0; i < n; i++) {
        rank += i > 0 && tni_gpu_order_compare(&sorted[i - 1], &sorted[i]) != 0 ? 1u : 0u;
        ranks[sorted[i].code] = rank;
    }
    tni_free(memory, entries, bytes);
    return TRUENO_OK;
}

static trueno_status tni_gpu_order_ranks_kernel(tni_gpu_order_run *run, tni_gpu_kernel **out) {
    return tni_gpu_primitive(&run->scratch, "select_ranks", 2, NULL, 0, out, run->error);
}

/* Codes of key `key` become ranks, turned round where it descends. */
static trueno_status tni_gpu_order_ranks(tni_gpu_order_run *run, const tni_gpu_order_job *job,
                                         uint32_t key) {
    const tni_dictionary *dictionary = job->values->dictionaries[key];
    tni_memory *memory = run->device->memory;
    size_t bytes = (size_t)dictionary->count * 4;
    uint32_t *ranks, push[4];
    tni_gpu_kernel *kernel = NULL;
    tni_gpu_slice slices[2];
    tni_gpu_batch batch;
    trueno_status status;
    ranks = (uint32_t *)tni_alloc(memory, bytes);
    if (ranks == NULL) {
        return tni_memory_fail(memory, bytes, run->error);
    }
    status = tni_gpu_order_ranked(memory, dictionary, ranks, run->error);
    if (status == TRUENO_OK) {
        status = tni_gpu_scratch_take(&run->scratch, bytes, &slices[1], run->error);
    }
    if (status == TRUENO_OK) {
        status = tni_gpu_upload_bytes(run->device, slices[1].range, ranks, bytes, run->error);
    }
    if (status == TRUENO_OK) {
        status = tni_gpu_upload_wait(run->device, run->error);
    }
    tni_free(memory, ranks, bytes);
    TNI_TRY(status);
    TNI_TRY(tni_gpu_order_ranks_kernel(run, &kernel));
    push[0] = job->count;
    push[1] = key * job->count;
    push[2] = dictionary->count;
    push[3] = job->values->descending >> key & 1;
    slices[0] = job->out;
    TNI_TRY(tni_gpu_batch_begin(run->device, &batch, run->error));
    tni_gpu_batch_dispatch(&batch, kernel, slices, 2, push, sizeof push,
                           (job->count + 1023) / 1024);
    return tni_gpu_batch_run(&batch, &run->result->compute_ms);
}

/* The values of the rows selected. */
static void tni_gpu_order_job_selected(const tni_gpu_order_run *run,
                                       const tni_gpu_order_values *values, tni_gpu_order_job *job) {
    memset(job, 0, sizeof *job);
    job->values = values;
    job->mode = run->all ? TNI_GPU_ROWS_ALL : TNI_GPU_ROWS_SELECTED;
    job->count = run->count;
    job->rows = run->ids;
}

static bool tni_gpu_order_has_ranks(const tni_gpu_order_run *run, uint32_t key) {
    const tni_dictionary *dictionary = run->code->keys.dictionaries[key];
    return (run->code->keys.codes >> key & 1) != 0 && dictionary != NULL && dictionary->count > 0;
}

static trueno_status tni_gpu_order_keys(tni_gpu_order_run *run) {
    tni_gpu_order_job job;
    uint32_t k;
    tni_gpu_order_job_selected(run, &run->code->keys, &job);
    TNI_TRY(tni_gpu_order_job_run(run, &job));
    for (k = 0; k < run->shape->key_count; k++) {
        if (tni_gpu_order_has_ranks(run, k)) {
            TNI_TRY(tni_gpu_order_ranks(run, &job, k));
        }
    }
    run->keys = job.out;
    run->nulls = job.beside;
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------- packing --- */

static trueno_status tni_gpu_order_range_kernel(tni_gpu_order_run *run, tni_gpu_kernel **out) {
    uint32_t constant = run->code->keys.nullable ? 1 : 0;
    return tni_gpu_primitive(&run->scratch, "radix_range", 3, &constant, 1, out, run->error);
}

/* Ranges of the keys as {smallest, largest}, and whether a row failed. */
static trueno_status tni_gpu_order_ranges(tni_gpu_order_run *run, uint64_t (*ranges)[2],
                                          bool *failed) {
    uint32_t groups = TNI_MIN((run->count + 255) / 256, TNI_GPU_ORDER_RANGES), k, g, push[4];
    uint32_t keys = run->shape->key_count;
    uint64_t bytes = (uint64_t)groups * keys * 16, at = 0, error_at = 0;
    uint32_t error_word;
    tni_gpu_kernel *kernel = NULL;
    tni_gpu_slice slices[3];
    tni_gpu_batch batch;
    TNI_TRY(tni_gpu_order_range_kernel(run, &kernel));
    TNI_TRY(tni_gpu_scratch_take(&run->scratch, bytes, &slices[2], run->error));
    TNI_TRY(tni_gpu_download_reserve(run->device, bytes + 64, run->error));
    TNI_TRY(tni_gpu_batch_begin(run->device, &batch, run->error));
    slices[0] = run->keys;
    slices[1] = run->code->keys.nullable ? run->nulls : run->control;
    for (k = 0; k < keys; k++) {
        push[0] = run->count;
        push[1] = k * run->count;
        push[2] = k;
        push[3] = k * groups;
        tni_gpu_batch_dispatch(&batch, kernel, slices, 3, push, sizeof push, groups);
    }
    tni_gpu_batch_download(&batch, run->control.range, 0, 4, &error_at);
    tni_gpu_batch_download(&batch, slices[2].range, 0, bytes, &at);
    TNI_TRY(tni_gpu_batch_run(&batch, &run->result->compute_ms));
    memcpy(&error_word, run->device->download.data + error_at, 4);
    *failed = error_word != 0;
    for (k = 0; k < keys; k++) {
        ranges[k][0] = UINT64_MAX;
        ranges[k][1] = 0;
        for (g = 0; g < groups; g++) {
            uint64_t pair[2];
            memcpy(pair, run->device->download.data + at + ((uint64_t)k * groups + g) * 16, 16);
            ranges[k][0] = TNI_MIN(ranges[k][0], pair[0]);
            ranges[k][1] = TNI_MAX(ranges[k][1], pair[1]);
        }
    }
    return TRUENO_OK;
}

/* `width` bits of a key or NULL bit join the word at hand, and the next where they do not fit. */
static void tni_gpu_order_field(tni_gpu_order_run *run, uint32_t key, uint32_t width) {
    uint32_t low = 0;
    while (low < width) {
        tni_gpu_pack *word = &run->words[run->word_count - 1];
        uint32_t part = TNI_MIN(width - low, 64 - word->bits);
        if (part == 0) {
            run->word_count++;
            continue;
        }
        word->fields[word->field_count][0] = key;
        word->fields[word->field_count][1] = low | part << 8 | word->bits << 16;
        word->field_count++;
        word->bits += part;
        low += part;
    }
}

/* The last key is the least significant; a key's NULL bit stands above it. */
static void tni_gpu_order_plan(tni_gpu_order_run *run, uint64_t (*ranges)[2]) {
    uint32_t k, w, flip = 0;
    const tni_gpu_order_values *keys = &run->code->keys;
    run->word_count = 1;
    for (k = keys->count; k-- > 0;) {
        uint64_t range = ranges[k][0] > ranges[k][1] ? 0 : ranges[k][1] - ranges[k][0];
        flip |= run->shape->keys[k].nulls_first ? 1u << k : 0;
        if (range > 0) {
            tni_gpu_order_field(run, k, 64 - tni_clz64(range));
        }
        if ((keys->code.never_null >> k & 1) == 0) {
            tni_gpu_order_field(run, TNI_GPU_ORDER_NULL + k, 1);
        }
    }
    for (w = 0; w < run->word_count; w++) {
        run->words[w].count = run->words[w].stride = run->count;
        run->words[w].flip = flip;
        for (k = 0; k < keys->count; k++) {
            run->words[w].minimum[k] = ranges[k][0];
        }
    }
}

static trueno_status tni_gpu_order_pack(tni_gpu_order_run *run, tni_gpu_batch *batch,
                                        const tni_gpu_slice *parameters, uint32_t word,
                                        bool ordered, const tni_gpu_slice *order,
                                        const tni_gpu_slice *out) {
    uint32_t constants[3];
    tni_gpu_kernel *kernel = NULL;
    tni_gpu_slice slices[5];
    constants[0] = run->words[word].bits > 32 ? 1 : 0;
    constants[1] = ordered ? 1 : 0;
    constants[2] = run->code->keys.nullable ? 1 : 0;
    TNI_GPU_STEP(batch, tni_gpu_primitive(&run->scratch, "radix_pack", 5, constants, 3, &kernel,
                                          run->error));
    slices[0] = run->keys;
    slices[1] = run->code->keys.nullable ? run->nulls : run->control;
    slices[2] = ordered ? *order : run->control;
    slices[3] = *out;
    slices[4] = *parameters;
    slices[4].offset = word * sizeof(tni_gpu_pack);
    slices[4].size = sizeof(tni_gpu_pack);
    tni_gpu_batch_dispatch(batch, kernel, slices, 5, NULL, 0, (run->count + 1023) / 1024);
    return batch->status;
}

/* ----------------------------------------------------------------- words made directly --- */

/* Bounds of a plain column's integers from the zone maps of its segments. */
static bool tni_gpu_order_zones(const tni_gpu_order_run *run, const tni_ir_node *node,
                                uint64_t *minimum, uint64_t *maximum) {
    const tni_gpu_layout *layout;
    if (node->op != TNI_IR_COLUMN) {
        return false;
    }
    layout = &run->shape->shape.columns[node->column];
    *minimum = layout->minimum;
    *maximum = layout->maximum;
    return layout->bounded && *minimum <= *maximum;
}

/* Bounds of a key by its type; false for integers of 64 bits: it is worth while to look. */
static bool tni_gpu_order_type_bounds(tni_physical p, uint64_t *minimum, uint64_t *maximum) {
    const uint64_t top = UINT64_C(1) << 63;
    uint32_t bits = p == TNI_PHYSICAL_BOOL ? 1 : tni_physical_width(p) * 8;
    switch (p) {
    case TNI_PHYSICAL_I8:
    case TNI_PHYSICAL_I16:
    case TNI_PHYSICAL_I32:
        *minimum = top - (UINT64_C(1) << (bits - 1));
        *maximum = top + ((UINT64_C(1) << (bits - 1)) - 1);
        return true;
    case TNI_PHYSICAL_F32: /* from -inf to NaN */
        *minimum = top - UINT64_C(0x7f800001);
        *maximum = top + UINT64_C(0x7fffffff);
        return true;
    case TNI_PHYSICAL_F64:
        *minimum = UINT64_C(0x000fffffffffffff);
        *maximum = UINT64_MAX;
        return true;
    case TNI_PHYSICAL_BOOL:
    case TNI_PHYSICAL_U8:
    case TNI_PHYSICAL_U16:
    case TNI_PHYSICAL_U32:
        *minimum = 0;
        *maximum = (UINT64_C(1) << bits) - 1;
        return true;
    default: return false;
    }
}

static bool tni_gpu_order_bounds(const tni_gpu_order_run *run, uint32_t key, uint64_t *minimum,
                                 uint64_t *maximum) {
    const tni_gpu_order_values *words = &run->code->words;
    const tni_dictionary *dictionary = words->dictionaries[key];
    if ((words->codes >> key & 1) != 0) {
        *minimum = 0;
        *maximum = dictionary != NULL && dictionary->count > 0 ? dictionary->count - 1 : 0;
        return dictionary != NULL && dictionary->sorted && dictionary->unique;
    }
    return tni_gpu_order_zones(run, words->nodes[key], minimum, maximum) ||
           tni_gpu_order_type_bounds((tni_physical)words->code.physical[key], minimum, maximum);
}

/* Whether bounds are known of every key and all fit into one word. */
static bool tni_gpu_order_plan_word(tni_gpu_order_run *run) {
    const tni_gpu_order_values *words = &run->code->words;
    tni_gpu_word *word = &run->word;
    uint32_t k;
    for (k = words->count; k-- > 0;) {
        const tni_gpu_order_key *key = &run->shape->keys[k];
        uint64_t minimum = 0, maximum = 0, most;
        if (!tni_gpu_order_bounds(run, k, &minimum, &maximum)) {
            return false;
        }
        most = maximum - minimum;
        word->minimum[k] = key->descending ? ~maximum : minimum;
        if ((words->code.never_null >> k & 1) == 0) {
            if (most == UINT64_MAX) {
                return false;
            }
            most++;
            word->minimum[k] -= key->nulls_first ? 1 : 0; /* wraps around, as differences do */
            word->null_code[k] = key->nulls_first ? 0 : most;
        }
        word->field[k][0] = most == 0 ? 0 : 64 - tni_clz64(most);
        word->field[k][1] = word->bits;
        word->bits += word->field[k][0];
        if (word->bits > 64) {
            return false;
        }
    }
    return true;
}

static trueno_status tni_gpu_order_word(tni_gpu_order_run *run) {
    const tni_gpu_order_values *words = &run->code->words;
    uint64_t bytes = (uint64_t)run->count * (run->word.bits > 32 ? 8 : 4);
    tni_gpu_order_job job;
    TNI_TRY(tni_gpu_order_holds(run, bytes));
    tni_gpu_order_job_selected(run, words, &job);
    TNI_TRY(tni_gpu_order_job_kernel(run, &job, words->descending, run->word.bits > 32));
    TNI_TRY(tni_gpu_scratch_take(&run->scratch, bytes, &job.out, run->error));
    TNI_TRY(tni_gpu_scratch_take(&run->scratch, sizeof run->word, &job.beside, run->error));
    TNI_TRY(tni_gpu_upload_bytes(run->device, job.beside.range, &run->word, sizeof run->word,
                                 run->error));
    TNI_TRY(tni_gpu_upload_wait(run->device, run->error));
    TNI_TRY(tni_gpu_order_job_walk(run, &job));
    run->packed = job.out;
    run->direct = true;
    run->word_count = 1;
    run->words[0].bits = run->word.bits;
    return TRUENO_OK;
}

/* -------------------------------------------------------------------------- ordering --- */

static uint64_t tni_gpu_order_bits(const tni_gpu_pack *word) {
    return word->bits == 64 ? UINT64_MAX : (UINT64_C(1) << word->bits) - 1;
}

static trueno_status tni_gpu_order_top(tni_gpu_order_run *run, const tni_gpu_slice *parameters) {
    tni_gpu_top_k top;
    tni_gpu_batch batch;
    memset(&top, 0, sizeof top);
    top.count = run->count;
    top.wide = run->words[0].bits > 32;
    top.varying = tni_gpu_order_bits(&run->words[0]);
    top.k = run->row_count;
    top.keys = run->packed;
    if (!run->direct) {
        TNI_TRY(tni_gpu_scratch_take(&run->scratch, top.count * (top.wide ? 8 : 4), &top.keys,
                                     run->error));
        TNI_TRY(tni_gpu_batch_begin(run->device, &batch, run->error));
        (void)tni_gpu_order_pack(run, &batch, parameters, 0, false, NULL, &top.keys);
        TNI_TRY(tni_gpu_batch_run(&batch, &run->result->compute_ms));
    }
    TNI_TRY(tni_gpu_top_k_run(&run->scratch, &top, run->error));
    run->result->compute_ms += top.compute_ms;
    run->order = top.sorted_rows;
    run->result->form = "top-k";
    return TRUENO_OK;
}

/* Stable sorts by each word, the least significant first. */
static trueno_status tni_gpu_order_sort(tni_gpu_order_run *run, const tni_gpu_slice *parameters) {
    tni_gpu_sort sort;
    tni_gpu_batch batch;
    uint32_t i, w;
    bool wide = run->words[0].bits > 32;
    memset(&sort, 0, sizeof sort);
    sort.keys[0] = run->packed;
    for (i = 0; i < 2; i++) { /* the first word is the widest, or the only one */
        if (i == 1 || !run->direct) {
            TNI_TRY(tni_gpu_scratch_take(&run->scratch, (uint64_t)run->count * (wide ? 8 : 4),
                                         &sort.keys[i], run->error));
        }
        TNI_TRY(tni_gpu_scratch_take(&run->scratch, (uint64_t)run->count * 4, &sort.payload[i],
                                     run->error));
    }
    TNI_TRY(tni_gpu_batch_begin(run->device, &batch, run->error));
    for (w = 0; w < run->word_count; w++) {
        tni_gpu_slice order = sort.payload[sort.place];
        sort.payload[1] = sort.payload[1 - sort.place];
        sort.payload[0] = order;
        sort.count = run->count;
        sort.wide = run->words[w].bits > 32;
        sort.has_payload = true;
        sort.rows = w == 0;
        sort.varying = tni_gpu_order_bits(&run->words[w]);
        sort.place = 0;
        if (!run->direct) {
            (void)tni_gpu_order_pack(run, &batch, parameters, w, w > 0, &order, &sort.keys[0]);
        }
        (void)tni_gpu_sort_record(&batch, &run->scratch, &sort);
        run->result->passes += sort.passes;
        if (w + 1 < run->word_count) {
            (void)tni_gpu_batch_flush(&batch);
        }
    }
    TNI_TRY(tni_gpu_batch_run(&batch, &run->result->compute_ms));
    run->order = sort.payload[sort.place];
    run->result->form = "sort";
    return TRUENO_OK;
}

/* Keys of any range: look for it, then pack. */
static trueno_status tni_gpu_order_measured(tni_gpu_order_run *run, tni_gpu_slice *parameters) {
    uint64_t ranges[TNI_GPU_SLOTS][2];
    bool failed = false;
    TNI_TRY(tni_gpu_order_keys(run));
    TNI_TRY(tni_gpu_order_ranges(run, ranges, &failed));
    run->result->overflowed = run->result->overflowed || failed;
    tni_gpu_order_plan(run, ranges);
    TNI_TRY(tni_gpu_scratch_take(&run->scratch, sizeof run->words, parameters, run->error));
    TNI_TRY(tni_gpu_upload_bytes(run->device, parameters->range, run->words, sizeof run->words,
                                 run->error));
    return tni_gpu_upload_wait(run->device, run->error);
}

static trueno_status tni_gpu_order_by(tni_gpu_order_run *run) {
    tni_gpu_slice parameters;
    memset(&parameters, 0, sizeof parameters);
    if (tni_gpu_order_plan_word(run)) {
        TNI_TRY(tni_gpu_order_word(run));
    } else {
        TNI_TRY(tni_gpu_order_measured(run, &parameters));
    }
    if (run->result->overflowed) {
        return TRUENO_OK;
    }
    return run->word_count == 1 && run->row_count < run->count
               ? tni_gpu_order_top(run, &parameters)
               : tni_gpu_order_sort(run, &parameters);
}

/* --------------------------------------------------------------------------- results --- */

/* Bytes of a download in the result's arena, not zeroed first and yet aligned to 8. */
static trueno_status tni_gpu_order_keep(tni_gpu_order_run *run, uint64_t at, uint64_t bytes,
                                        void **out) {
    uint8_t *room = (uint8_t *)tni_arena_bytes(&run->result->memory, (size_t)bytes + 8);
    *out = NULL;
    if (room == NULL) {
        return tni_memory_fail(run->device->memory, (size_t)bytes, run->error);
    }
    *out = room + (8 - (uintptr_t)room % 8) % 8;
    memcpy(*out, run->device->download.data + at, (size_t)bytes);
    return TRUENO_OK;
}

/* Whether some row failed, of all that ran until the download at `at`. */
static void tni_gpu_order_judge(tni_gpu_order_run *run, uint64_t at) {
    uint32_t failed;
    memcpy(&failed, run->device->download.data + at, 4);
    run->result->overflowed = run->result->overflowed || failed != 0;
}

/* Row ids of the result, in device memory and in the arena. */
static trueno_status tni_gpu_order_final(tni_gpu_order_run *run) {
    uint64_t bytes = (uint64_t)run->row_count * 4, at = 0, failed_at = 0;
    bool gathers = run->order.range != NULL && run->ids.range != NULL;
    bool numbers = run->order.range == NULL && run->ids.range == NULL;
    void *rows = NULL;
    tni_gpu_batch batch;
    run->rows = run->order.range != NULL ? run->order : run->ids;
    if (gathers || numbers) {
        TNI_TRY(tni_gpu_scratch_take(&run->scratch, bytes, &run->rows, run->error));
    }
    TNI_TRY(tni_gpu_download_reserve(run->device, bytes + 64, run->error));
    TNI_TRY(tni_gpu_batch_begin(run->device, &batch, run->error));
    tni_gpu_order_clear(run, &batch);
    if (gathers) {
        (void)tni_gpu_gather_record(&batch, &run->scratch, &run->ids, run->count, &run->order,
                                    &run->rows, run->row_count, false);
    } else if (numbers) {
        (void)tni_gpu_row_numbers(&batch, &run->scratch, &run->rows, run->row_count, 0);
    }
    tni_gpu_batch_download(&batch, run->control.range, 0, 4, &failed_at);
    tni_gpu_batch_download(&batch, run->rows.range, run->rows.offset, bytes, &at);
    TNI_TRY(tni_gpu_batch_run(&batch, &run->result->compute_ms));
    tni_gpu_order_judge(run, failed_at);
    TNI_TRY(tni_gpu_order_keep(run, at, bytes, &rows));
    run->result->rows = (uint32_t *)rows;
    return TRUENO_OK;
}

/* Keys become bits of values. */
static void tni_gpu_order_decode(const tni_gpu_order_run *run, uint32_t f) {
    const tni_gpu_order_values *fetch = &run->code->fetch;
    const uint32_t *nulls = run->result->nulls;
    uint64_t *out = run->result->values[f];
    uint32_t i;
    for (i = 0; (fetch->codes >> f & 1) == 0 && i < run->row_count; i++) {
        bool absent = nulls != NULL && (nulls[i] >> f & 1) != 0;
        out[i] = absent ? 0 : tni_gpu_key_value((tni_physical)fetch->code.physical[f], out[i]);
    }
}

static trueno_status tni_gpu_order_fetch(tni_gpu_order_run *run) {
    const tni_gpu_order_values *fetch = &run->code->fetch;
    uint64_t bytes = (uint64_t)fetch->count * run->row_count * 8, at = 0, nulls_at = 0;
    uint64_t null_bytes = fetch->nullable ? (uint64_t)run->row_count * 4 : 0, failed_at = 0;
    tni_gpu_order_job job;
    tni_gpu_batch batch;
    void *values = NULL, *nulls = NULL;
    uint32_t f;
    memset(&job, 0, sizeof job);
    job.values = fetch;
    job.mode = TNI_GPU_ROWS_ANY;
    job.count = run->row_count;
    job.rows = run->rows;
    TNI_TRY(tni_gpu_order_job_run(run, &job));
    TNI_TRY(tni_gpu_download_reserve(run->device, bytes + null_bytes + 64, run->error));
    TNI_TRY(tni_gpu_batch_begin(run->device, &batch, run->error));
    tni_gpu_batch_download(&batch, run->control.range, 0, 4, &failed_at);
    tni_gpu_batch_download(&batch, job.out.range, 0, bytes, &at);
    if (fetch->nullable) {
        tni_gpu_batch_download(&batch, job.beside.range, 0, null_bytes, &nulls_at);
    }
    TNI_TRY(tni_gpu_batch_run(&batch, &run->result->compute_ms));
    tni_gpu_order_judge(run, failed_at);
    TNI_TRY(tni_gpu_order_keep(run, at, bytes, &values));
    if (fetch->nullable) {
        TNI_TRY(tni_gpu_order_keep(run, nulls_at, null_bytes, &nulls));
        run->result->nulls = (uint32_t *)nulls;
    }
    for (f = 0; f < fetch->count; f++) {
        run->result->values[f] = (uint64_t *)values + (size_t)f * run->row_count;
        tni_gpu_order_decode(run, f);
    }
    return TRUENO_OK;
}

static trueno_status tni_gpu_order_steps(tni_gpu_order_run *run) {
    tni_gpu_order_result *result = run->result;
    run->count = (uint32_t)run->table->rows;
    TNI_TRY(tni_gpu_scratch_take(&run->scratch, TNI_GPU_ALIGNMENT, &run->control, run->error));
    if (!run->all && run->count > 0) {
        TNI_TRY(tni_gpu_order_filter(run));
    }
    result->selected = run->count;
    run->row_count = (uint32_t)TNI_MIN(run->count, run->shape->limit);
    if (result->overflowed || run->row_count == 0) {
        return TRUENO_OK;
    }
    if (run->shape->key_count > 0) {
        TNI_TRY(tni_gpu_order_by(run));
    }
    if (!result->overflowed) {
        TNI_TRY(tni_gpu_order_final(run));
    }
    if (!result->overflowed && run->shape->fetch_count > 0) {
        TNI_TRY(tni_gpu_order_fetch(run));
    }
    result->row_count = result->overflowed ? 0 : run->row_count;
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------------- listing --- */

static trueno_status tni_gpu_order_list_filter(tni_gpu_order_run *run, tni_gpu_batch *batch) {
    tni_gpu_kernel *kernel = NULL;
    tni_gpu_slice bits;
    tni_gpu_compact compact;
    memset(&compact, 0, sizeof compact);
    memset(&bits, 0, sizeof bits);
    TNI_TRY(tni_gpu_order_kernel(run, &run->code->filter, TNI_GPU_ORDER_FILTER_BESIDE, NULL, 0,
                                 &kernel));
    (void)tni_gpu_stripes_record(batch, &run->scratch, &bits, run->table->rows, &compact.upto);
    compact.rows = run->table->rows;
    return tni_gpu_compact_record(batch, &run->scratch, &compact);
}

/* Of keys as wide as the first word; `whole`: all of them. */
static void tni_gpu_order_list_sort(tni_gpu_order_run *run, tni_gpu_batch *batch, bool whole) {
    tni_gpu_sort sort;
    tni_gpu_top_k top;
    memset(&sort, 0, sizeof sort);
    memset(&top, 0, sizeof top);
    sort.count = top.count = run->count;
    sort.wide = top.wide = run->words[0].bits > 32;
    sort.varying = top.varying = tni_gpu_order_bits(&run->words[0]);
    sort.has_payload = sort.rows = true;
    top.k = run->row_count;
    (void)(whole || run->row_count == run->count ? tni_gpu_sort_record(batch, &run->scratch, &sort)
                                                 : tni_gpu_top_k_list(batch, &run->scratch, &top));
}

/* How wide measured keys will be is not known: one word or more, the last of them narrow. */
static void tni_gpu_order_list_words(tni_gpu_order_run *run, tni_gpu_batch *batch) {
    tni_gpu_slice none;
    uint32_t i;
    memset(&none, 0, sizeof none);
    for (i = 0; i < 4; i++) {
        run->words[0].bits = i < 2 ? 64 : 32;
        (void)tni_gpu_order_pack(run, batch, &none, 0, i % 2 != 0, &none, &none);
        tni_gpu_order_list_sort(run, batch, i % 2 != 0);
    }
}

static trueno_status tni_gpu_order_list_keys(tni_gpu_order_run *run, tni_gpu_batch *batch) {
    tni_gpu_order_job job;
    tni_gpu_kernel *kernel = NULL;
    bool ranked = false;
    uint32_t k;
    if (tni_gpu_order_plan_word(run)) {
        run->words[0].bits = run->word.bits;
        tni_gpu_order_list_sort(run, batch, false);
        tni_gpu_order_job_selected(run, &run->code->words, &job);
        return tni_gpu_order_job_kernel(run, &job, run->code->words.descending,
                                        run->word.bits > 32);
    }
    tni_gpu_order_list_words(run, batch);
    tni_gpu_order_job_selected(run, &run->code->keys, &job);
    TNI_TRY(tni_gpu_order_values_kernel(run, &job));
    for (k = 0; k < run->shape->key_count && !ranked; k++) {
        ranked = tni_gpu_order_has_ranks(run, k);
    }
    if (ranked) {
        TNI_TRY(tni_gpu_order_ranks_kernel(run, &kernel));
    }
    return tni_gpu_order_range_kernel(run, &kernel);
}

TNI_FN trueno_status tni_gpu_order_list(tni_gpu_device *device, const tni_gpu_order_shape *shape,
                                        const tni_gpu_order_code *code, const tni_gpu_table *table,
                                        tni_gpu_kernel_list *list, tni_error *error) {
    tni_gpu_order_run run;
    tni_gpu_batch batch;
    tni_gpu_slice none;
    memset(&run, 0, sizeof run);
    memset(&none, 0, sizeof none);
    run.device = device;
    run.shape = shape;
    run.code = code;
    run.table = table;
    run.error = error;
    run.all = shape->shape.filter == NULL;
    run.count = (uint32_t)TNI_MIN(table->rows, TNI_GPU_ORDER_MOST_ROWS);
    run.row_count = (uint32_t)TNI_MIN(run.count, shape->limit);
    tni_gpu_scratch_init(&run.scratch, device);
    run.scratch.list = list;
    tni_gpu_batch_list(device, &batch, error);
    if (!run.all) {
        TNI_TRY(tni_gpu_order_list_filter(&run, &batch));
        TNI_TRY(tni_gpu_gather_record(&batch, &run.scratch, &none, run.count, &none, &none,
                                      run.row_count, false));
    }
    if (shape->key_count == 0) {
        return run.all ? tni_gpu_row_numbers(&batch, &run.scratch, &none, run.row_count, 0)
                       : TRUENO_OK;
    }
    return tni_gpu_order_list_keys(&run, &batch);
}

TNI_FN trueno_status tni_gpu_order(tni_gpu_device *device, const tni_gpu_order_shape *shape,
                                   const tni_gpu_order_code *code, const tni_gpu_table *table,
                                   tni_gpu_order_result *out, tni_error *error) {
    tni_gpu_order_run run;
    trueno_status status;
    memset(&run, 0, sizeof run);
    memset(out, 0, sizeof *out);
    tni_arena_init(&out->memory, device->memory);
    out->form = "selection";
    if (table->rows > TNI_GPU_ORDER_MOST_ROWS) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                        "the GPU does not sort tables of 2^30 rows and more");
    }
    run.device = device;
    run.shape = shape;
    run.code = code;
    run.table = table;
    run.result = out;
    run.error = error;
    run.all = shape->shape.filter == NULL;
    tni_mutex_lock(&device->mutex);
    tni_gpu_scratch_init(&run.scratch, device);
    run.cut = tni_gpu_morsel_cut(device, shape->shape.columns, shape->shape.column_count);
    run.bounds = (uint32_t *)tni_arena_alloc(
        &out->memory, (tni_gpu_order_morsels(&run) + 2) * sizeof *run.bounds);
    status = run.bounds == NULL ? tni_memory_fail(device->memory, sizeof *run.bounds, error)
                                : tni_gpu_order_steps(&run);
    if (status != TRUENO_OK) {
        tni_gpu_settle(device);
        (void)tni_gpu_upload_wait(device, NULL);
    }
    tni_gpu_order_stop(&run);
    out->compile_ms = run.scratch.compile_ms;
    tni_gpu_scratch_free(&run.scratch);
    tni_mutex_unlock(&device->mutex);
    if (status != TRUENO_OK) {
        tni_gpu_order_free(out);
    }
    return status;
}

TNI_FN void tni_gpu_order_free(tni_gpu_order_result *result) {
    tni_arena_free(&result->memory);
    memset(result, 0, sizeof *result);
}

#undef TNI_GPU_ORDER_MOST_ROWS
#undef TNI_GPU_ORDER_FILTER_BESIDE
#undef TNI_GPU_ORDER_VALUES_BESIDE
#undef TNI_GPU_ORDER_SORT_BUFFERS
#undef TNI_GPU_ORDER_RANGES
#undef TNI_GPU_ORDER_WORDS
#undef TNI_GPU_ORDER_FIELDS
#undef TNI_GPU_ORDER_NULL

#endif
