/*
 * primitives_select.c - compaction, gathers and top-k of primitives.h.
 *
 * A selection is a bitmap, cut into stripes of 8,192 rows; the counts of its stripes, summed up,
 * tell each where its rows go. Top-k is a radix select from the highest digit that differs down,
 * which the device does on its own in one batch; what is left of the keys then, k and a few more,
 * is gathered and sorted in a second.
 *
 * Uses: base/, gpu/kernel.h, gpu/primitives_internal.h.
 */
#include "gpu/primitives_internal.h"
#include "base/bits.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_TOP_ENOUGH 16384u /* so many keys are sorted rather than told apart further */
#define TNI_GPU_TOP_GROUPS 2048u

static uint32_t tni_gpu_stripes(uint64_t rows) {
    return (uint32_t)((rows + TNI_GPU_STRIPE_ROWS - 1) / TNI_GPU_STRIPE_ROWS);
}

TNI_FN uint64_t tni_gpu_bitmap_bytes(uint64_t rows) {
    return (uint64_t)tni_gpu_stripes(rows) * (TNI_GPU_STRIPE_ROWS / 8);
}

TNI_FN trueno_status tni_gpu_stripes_record(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                            const tni_gpu_slice *bits, uint64_t rows,
                                            tni_gpu_slice *upto) {
    uint32_t stripes = tni_gpu_stripes(rows), words = stripes * (TNI_GPU_STRIPE_ROWS / 32);
    tni_gpu_kernel *kernel = NULL;
    tni_gpu_slice slices[2];
    TNI_GPU_STEP(batch, tni_gpu_scratch_take(scratch, (uint64_t)stripes * 4, upto, batch->error));
    TNI_GPU_STEP(batch, tni_gpu_primitive(scratch, "compact_count", 2, NULL, 0, &kernel,
                                          batch->error));
    slices[0] = tni_gpu_part_of(bits, tni_gpu_bitmap_bytes(rows));
    slices[1] = *upto;
    tni_gpu_batch_dispatch(batch, kernel, slices, 2, &words, sizeof words, stripes);
    return tni_gpu_prefix(batch, scratch, upto, upto, stripes, false, true);
}

TNI_FN trueno_status tni_gpu_compact_record(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                            const tni_gpu_compact *compact) {
    uint32_t stripes = tni_gpu_stripes(compact->rows), push[4];
    tni_gpu_kernel *kernel = NULL;
    tni_gpu_slice slices[3];
    uint64_t end = (uint64_t)compact->at + TNI_MIN(compact->room, compact->rows);
    TNI_GPU_STEP(batch, tni_gpu_fits(batch, end, 4));
    TNI_GPU_STEP(batch, tni_gpu_primitive(scratch, "compact_rows", 3, NULL, 0, &kernel,
                                          batch->error));
    slices[0] = tni_gpu_part_of(&compact->bits, tni_gpu_bitmap_bytes(compact->rows));
    slices[1] = tni_gpu_part_of(&compact->upto, (uint64_t)stripes * 4);
    slices[2] = tni_gpu_part_of(&compact->out, end * 4);
    push[0] = stripes;
    push[1] = compact->first;
    push[2] = compact->at;
    push[3] = compact->room;
    tni_gpu_batch_dispatch(batch, kernel, slices, 3, push, sizeof push, stripes);
    return batch->status;
}

TNI_FN trueno_status tni_gpu_gather_record(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                           const tni_gpu_slice *in, uint64_t in_count,
                                           const tni_gpu_slice *rows, const tni_gpu_slice *out,
                                           uint64_t count, bool wide) {
    uint32_t constant = wide ? 1 : 0, width = wide ? 8 : 4, push = (uint32_t)count;
    tni_gpu_kernel *kernel = NULL;
    tni_gpu_slice slices[3];
    TNI_GPU_STEP(batch, tni_gpu_fits(batch, TNI_MAX(count, in_count), width));
    TNI_GPU_STEP(batch, tni_gpu_primitive(scratch, "compact_gather", 3, &constant, 1, &kernel,
                                          batch->error));
    slices[0] = tni_gpu_part_of(in, in_count * width);
    slices[1] = tni_gpu_part_of(rows, count * 4);
    slices[2] = tni_gpu_part_of(out, count * width);
    tni_gpu_batch_dispatch(batch, kernel, slices, 3, &push, sizeof push,
                           (uint32_t)((count + 1023) / 1024));
    return batch->status;
}

/* ------------------------------------------------------------------------------ top-k --- */

/* kernels/topk.glsl */
typedef struct tni_gpu_top_state {
    uint32_t prefix[2], known[2];
    uint32_t left, sharing, done, unused_word;
} tni_gpu_top_state;

typedef struct tni_gpu_top_work {
    tni_gpu_scratch *scratch;
    tni_gpu_top_k *top;
    tni_error *error;
    tni_gpu_slice state, counts, below, sharing, below_upto, sharing_upto, rows;
    uint32_t room;              /* for keys that share the prefix, from rows[k] on */
    tni_gpu_top_state found;
} tni_gpu_top_work;

static trueno_status tni_gpu_top_rooms(tni_gpu_top_work *work) {
    uint64_t count = work->top->count, bitmap = tni_gpu_bitmap_bytes(count);
    uint64_t stripes = tni_gpu_stripes(count) * UINT64_C(4);
    tni_gpu_scratch *scratch = work->scratch;
    work->room = (uint32_t)TNI_MIN(TNI_MAX(TNI_GPU_TOP_ENOUGH, work->top->k), count);
    TNI_TRY(tni_gpu_scratch_take(scratch, sizeof work->found, &work->state, work->error));
    TNI_TRY(tni_gpu_scratch_take(scratch, 1024, &work->counts, work->error));
    TNI_TRY(tni_gpu_scratch_take(scratch, bitmap, &work->below, work->error));
    TNI_TRY(tni_gpu_scratch_take(scratch, bitmap, &work->sharing, work->error));
    TNI_TRY(tni_gpu_scratch_take(scratch, stripes, &work->below_upto, work->error));
    TNI_TRY(tni_gpu_scratch_take(scratch, stripes, &work->sharing_upto, work->error));
    return tni_gpu_scratch_take(scratch, ((uint64_t)work->top->k + work->room) * 4, &work->rows,
                                work->error);
}

/* From the highest bit that differs down, 8 bits a round. */
static trueno_status tni_gpu_top_rounds(tni_gpu_batch *batch, tni_gpu_top_work *work) {
    const tni_gpu_top_k *top = work->top;
    uint32_t constant = top->wide ? 1 : 0, push[4];
    uint64_t left = top->wide ? top->varying : top->varying & UINT32_MAX;
    tni_gpu_kernel *count = NULL, *pick = NULL;
    tni_gpu_slice slices[3];
    TNI_GPU_STEP(batch, tni_gpu_primitive(work->scratch, "topk_count", 3, &constant, 1, &count,
                                          batch->error));
    TNI_GPU_STEP(batch, tni_gpu_primitive(work->scratch, "topk_pick", 2, NULL, 0, &pick,
                                          batch->error));
    push[0] = (uint32_t)top->count;
    push[2] = TNI_GPU_TOP_ENOUGH;
    push[3] = tni_gpu_stripes(top->count);
    while (left != 0) {
        uint32_t high = 63 - tni_clz64(left), shift = high > 7 ? high - 7 : 0;
        push[1] = shift = shift < 32 && high >= 32 ? 32 : shift;
        slices[0] = tni_gpu_part_of(&top->keys, top->count * (top->wide ? 8 : 4));
        slices[1] = work->state;
        slices[2] = work->counts;
        tni_gpu_batch_dispatch(batch, count, slices, 3, push, sizeof push,
                               TNI_MIN(TNI_GPU_TOP_GROUPS, ((uint32_t)top->count + 2047) / 2048));
        tni_gpu_batch_dispatch(batch, pick, slices + 1, 2, push, sizeof push, 1);
        left &= (UINT64_C(1) << shift) - 1;
    }
    return batch->status;
}

static trueno_status tni_gpu_top_mark(tni_gpu_batch *batch, tni_gpu_top_work *work) {
    const tni_gpu_top_k *top = work->top;
    uint32_t constant = top->wide ? 1 : 0, stripes = tni_gpu_stripes(top->count), push[4];
    tni_gpu_kernel *mark = NULL;
    tni_gpu_slice slices[6];
    tni_gpu_compact compact;
    memset(&compact, 0, sizeof compact);
    TNI_GPU_STEP(batch, tni_gpu_primitive(work->scratch, "topk_mark", 6, &constant, 1, &mark,
                                          batch->error));
    push[0] = (uint32_t)top->count;
    push[1] = push[2] = 0;
    push[3] = stripes;
    slices[0] = tni_gpu_part_of(&top->keys, top->count * (top->wide ? 8 : 4));
    slices[1] = work->state;
    slices[2] = work->below;
    slices[3] = work->sharing;
    slices[4] = work->below_upto;
    slices[5] = work->sharing_upto;
    tni_gpu_batch_dispatch(batch, mark, slices, 6, push, sizeof push, stripes);
    (void)tni_gpu_prefix(batch, work->scratch, &work->below_upto, &work->below_upto, stripes,
                         false, true);
    (void)tni_gpu_prefix(batch, work->scratch, &work->sharing_upto, &work->sharing_upto, stripes,
                         false, true);
    compact.rows = top->count;
    compact.bits = work->below;
    compact.upto = work->below_upto;
    compact.out = work->rows;
    compact.room = top->k;
    (void)tni_gpu_compact_record(batch, work->scratch, &compact);
    compact.bits = work->sharing;
    compact.upto = work->sharing_upto;
    compact.at = top->k;
    compact.room = work->room;
    return tni_gpu_compact_record(batch, work->scratch, &compact);
}

static trueno_status tni_gpu_top_select(tni_gpu_top_work *work) {
    tni_gpu_device *device = work->scratch->device;
    tni_gpu_batch batch;
    uint64_t at = 0;
    TNI_TRY(tni_gpu_top_rooms(work));
    TNI_TRY(tni_gpu_download_reserve(device, 64, work->error));
    TNI_TRY(tni_gpu_batch_begin(device, &batch, work->error));
    tni_gpu_batch_fill(&batch, work->state.range, 0, sizeof work->found, 0);
    tni_gpu_batch_fill(&batch, work->state.range, offsetof(tni_gpu_top_state, left), 4,
                       work->top->k);
    tni_gpu_batch_fill(&batch, work->state.range, offsetof(tni_gpu_top_state, sharing), 4,
                       (uint32_t)work->top->count);
    tni_gpu_batch_fill(&batch, work->counts.range, 0, 1024, 0);
    (void)tni_gpu_top_rounds(&batch, work);
    (void)tni_gpu_top_mark(&batch, work);
    tni_gpu_batch_download(&batch, work->state.range, 0, sizeof work->found, &at);
    TNI_TRY(tni_gpu_batch_run(&batch, &work->top->compute_ms));
    memcpy(&work->found, device->download.data + at, sizeof work->found);
    return TRUENO_OK;
}

/* The candidates, `below` keys and then those that share the prefix, in order. */
static trueno_status tni_gpu_top_sort(tni_gpu_top_work *work) {
    tni_gpu_top_k *top = work->top;
    tni_gpu_scratch *scratch = work->scratch;
    uint32_t below = top->k - work->found.left, sharing = work->found.sharing;
    tni_gpu_sort sort;
    tni_gpu_batch batch;
    uint32_t i, width = top->wide ? 8 : 4;
    if (work->found.left > top->k) {
        return tni_fail(work->error, TRUENO_ERROR_INTERNAL, "a top-k of the GPU counts wrong");
    }
    sharing = TNI_MIN(sharing, work->found.done != 0 ? work->room : work->found.left);
    memset(&sort, 0, sizeof sort);
    sort.count = top->candidates = below + sharing;
    sort.wide = top->wide;
    sort.has_payload = true;
    sort.varying = top->varying;
    for (i = 0; i < 2; i++) {
        TNI_TRY(tni_gpu_scratch_take(scratch, sort.count * width, &sort.keys[i], work->error));
        TNI_TRY(tni_gpu_scratch_take(scratch, sort.count * 4, &sort.payload[i], work->error));
    }
    TNI_TRY(tni_gpu_batch_begin(scratch->device, &batch, work->error));
    tni_gpu_batch_copy(&batch, work->rows.range, 0, sort.payload[0].range, 0,
                       (uint64_t)below * 4);
    tni_gpu_batch_copy(&batch, work->rows.range, (uint64_t)top->k * 4, sort.payload[0].range,
                       (uint64_t)below * 4, (uint64_t)sharing * 4);
    (void)tni_gpu_gather_record(&batch, scratch, &top->keys, top->count, &sort.payload[0],
                                &sort.keys[0], sort.count, top->wide);
    (void)tni_gpu_sort_record(&batch, scratch, &sort);
    TNI_TRY(tni_gpu_batch_run(&batch, &top->compute_ms));
    top->sorted_keys = sort.keys[sort.place];
    top->sorted_rows = sort.payload[sort.place];
    return TRUENO_OK;
}

/* So many are wanted that a sort of all is no more work. */
static bool tni_gpu_top_is_all(const tni_gpu_top_k *top) {
    return top->k == 0 || top->count <= TNI_GPU_TOP_ENOUGH || top->k > top->count / 4;
}

static trueno_status tni_gpu_top_all(tni_gpu_scratch *scratch, tni_gpu_top_k *top,
                                     tni_error *error) {
    tni_gpu_sort sort;
    tni_gpu_batch batch;
    uint32_t i, width = top->wide ? 8 : 4;
    memset(&sort, 0, sizeof sort);
    sort.count = top->count;
    sort.wide = top->wide;
    sort.has_payload = sort.rows = true;
    sort.varying = top->varying;
    for (i = 0; i < 2; i++) {
        TNI_TRY(tni_gpu_scratch_take(scratch, sort.count * width, &sort.keys[i], error));
        TNI_TRY(tni_gpu_scratch_take(scratch, sort.count * 4, &sort.payload[i], error));
    }
    TNI_TRY(tni_gpu_batch_begin(scratch->device, &batch, error));
    tni_gpu_batch_copy(&batch, top->keys.range, top->keys.offset, sort.keys[0].range, 0,
                       sort.count * width);
    (void)tni_gpu_sort_record(&batch, scratch, &sort);
    TNI_TRY(tni_gpu_batch_run(&batch, &top->compute_ms));
    top->candidates = (uint32_t)top->count;
    top->sorted_keys = sort.keys[sort.place];
    top->sorted_rows = sort.payload[sort.place];
    return TRUENO_OK;
}

TNI_FN trueno_status tni_gpu_top_k_list(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                        tni_gpu_top_k *top) {
    tni_gpu_top_work work;
    tni_gpu_sort sort;
    memset(&work, 0, sizeof work);
    memset(&sort, 0, sizeof sort);
    work.scratch = scratch;
    work.top = top;
    sort.count = top->count;
    sort.wide = top->wide;
    sort.has_payload = true;
    sort.varying = top->varying;
    if (!tni_gpu_top_is_all(top)) {
        (void)tni_gpu_top_rounds(batch, &work);
        (void)tni_gpu_top_mark(batch, &work);
        (void)tni_gpu_gather_record(batch, scratch, &top->keys, top->count, &sort.payload[0],
                                    &sort.keys[0], sort.count, top->wide);
    }
    return tni_gpu_sort_record(batch, scratch, &sort);
}

TNI_FN trueno_status tni_gpu_top_k_run(tni_gpu_scratch *scratch, tni_gpu_top_k *top,
                                       tni_error *error) {
    tni_gpu_top_work work;
    memset(&work, 0, sizeof work);
    work.scratch = scratch;
    work.top = top;
    work.error = error;
    top->found = (uint32_t)TNI_MIN(top->k, top->count);
    if (tni_gpu_top_is_all(top)) {
        return tni_gpu_top_all(scratch, top, error);
    }
    TNI_TRY(tni_gpu_top_select(&work));
    return tni_gpu_top_sort(&work);
}

#undef TNI_GPU_TOP_ENOUGH
#undef TNI_GPU_TOP_GROUPS

#endif
