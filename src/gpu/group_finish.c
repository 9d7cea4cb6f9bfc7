/*
 * group_finish.c - from a table of groups to arrays of results; see group_internal.h.
 *
 * Tables by index are compacted in order. Of hash tables the keys and places of the groups are
 * sorted, then results are gathered in that order. Small tables are finished
 * together with the last morsel, and as much as the table could hold comes back; of large ones the
 * number of groups comes back first, then exactly their results.
 *
 * Results that fill more than a megabyte stay where the device wrote them: the download buffer is
 * lent to the result and comes back when that is freed.
 *
 * Uses: base/, gpu/.
 */
#include "gpu/group_internal.h"
#include "gpu/spirv_module.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_GROUP_TILE 1024u      /* rows of a table a workgroup */
#define TNI_GPU_GROUP_SORT_TILE 2048u /* pairs that one workgroup sorts */
#define TNI_GPU_GROUP_LEND (UINT64_C(1) << 20)

/* ------------------------------------------------------------------------------- steps --- */

static trueno_status tni_gpu_group_skeleton(const tni_gpu_group_run *run, const char *name,
                                            tni_gpu_kernel_want *want) {
    memset(want, 0, sizeof *want);
    if (!tni_spirv_skeleton(run->device->info, name, &want->words, &want->word_count)) {
        return tni_fail(run->error, TRUENO_ERROR_UNSUPPORTED,
                        "this build has no GPU kernels (trueno_db_spirv.h was not there)");
    }
    return TRUENO_OK;
}

/* Only what a step looks at, so that queries share what they can. */
static void tni_gpu_group_step_constants(const tni_gpu_group_run *run, uint32_t step,
                                         tni_gpu_kernel_want *want) {
    bool rows = step == TNI_GPU_GROUP_COUNT || step == TNI_GPU_GROUP_PAIRS;
    bool slots = step == TNI_GPU_GROUP_REBASE || step == TNI_GPU_GROUP_EMIT ||
                 step == TNI_GPU_GROUP_GATHER;
    if (slots) {
        tni_gpu_group_constants(run, 0, want);
        want->constants[19] = 0;
        want->constants[22] = run->row.physicals;
    } else if (rows) {
        want->constants[17] = run->row.stride;
        want->constants[18] = run->row.key_words;
    } else {
        want->constants[17] = 2;
    }
    want->constants[21] = step;
    want->constant_count = 23;
}

static void tni_gpu_group_dispatch(tni_gpu_group_run *run, tni_gpu_batch *batch, uint32_t step,
                                   const uint32_t *push, uint32_t push_words, uint32_t groups) {
    const tni_gpu_range *ranges[TNI_GPU_GROUP_FINISH_BUFFERS];
    tni_gpu_slice slices[TNI_GPU_GROUP_FINISH_BUFFERS];
    tni_gpu_kernel_want want;
    tni_gpu_kernel *kernel;
    uint32_t i;
    if (batch->status == TRUENO_OK) {
        batch->status = tni_gpu_group_skeleton(run, "group_finish", &want);
    }
    if (batch->status != TRUENO_OK) {
        return;
    }
    ranges[0] = &run->rows;
    ranges[1] = &run->control;
    ranges[2] = &run->tiles;
    ranges[3] = &run->out;
    ranges[4] = &run->pairs[0];
    ranges[5] = &run->pairs[1];
    memset(slices, 0, sizeof slices);
    want.binding_count = TNI_GPU_GROUP_FINISH_BUFFERS;
    for (i = 0; i < TNI_GPU_GROUP_FINISH_BUFFERS; i++) {
        want.bindings[i] = 1;
        slices[i].range = ranges[i]->slab != NULL ? ranges[i] : &run->control;
    }
    tni_gpu_group_step_constants(run, step, &want);
    batch->status = tni_gpu_scratch_kernel(&run->scratch, &want, &kernel, run->error);
    if (batch->status == TRUENO_OK) {
        tni_gpu_batch_dispatch(batch, kernel, slices, TNI_GPU_GROUP_FINISH_BUFFERS, push,
                               push_words * 4, groups);
    }
}

TNI_FN void tni_gpu_group_step(tni_gpu_group_run *run, tni_gpu_batch *batch, uint32_t step,
                               uint32_t n, uint32_t groups) {
    uint32_t push[2];
    push[0] = (uint32_t)run->table_rows;
    push[1] = n;
    tni_gpu_group_dispatch(run, batch, step, push, 2, groups);
}

TNI_FN void tni_gpu_group_setup(tni_gpu_group_run *run, tni_gpu_batch *batch) {
    uint32_t words[TNI_GPU_CONTROL_BASES], push[32], i, at;
    uint32_t used = TNI_GPU_CONTROL_FIELDS + run->shape->key_count * 6;
    memset(words, 0, sizeof words);
    words[TNI_GPU_CONTROL_MASK] = (uint32_t)(run->table_rows - 1);
    words[TNI_GPU_CONTROL_PROBES] = (uint32_t)TNI_MIN(run->table_rows, 128);
    words[TNI_GPU_CONTROL_ROWS] = (uint32_t)run->table_rows;
    words[TNI_GPU_CONTROL_CELLS] = run->shared_cells;
    words[TNI_GPU_CONTROL_REPLICAS] = run->replicas;
    words[TNI_GPU_CONTROL_SHIFT] = run->shift;
    for (i = 0; i < TNI_GPU_SLOTS && run->row.positions == TNI_GPU_GROUP_ALL_POSITIONS; i++) {
        words[TNI_GPU_CONTROL_GRIDS + i] = 61; /* the highest there is */
    }
    for (i = 0; i < run->shape->key_count; i++) {
        memcpy(words + TNI_GPU_CONTROL_FIELDS + i * 6, &run->fields[i], sizeof run->fields[i]);
    }
    for (at = 0; at < used; at += 30) {
        uint32_t count = TNI_MIN(used - at, 30);
        push[0] = at;
        push[1] = count;
        memcpy(push + 2, words + at, count * sizeof *push);
        tni_gpu_group_dispatch(run, batch, TNI_GPU_GROUP_SETUP, push, count + 2, 1);
    }
}

/* ------------------------------------------------------------------------------ closing --- */

static uint64_t tni_gpu_group_out_bytes(const tni_gpu_group_run *run, uint64_t groups) {
    return groups * run->row.units * 8;
}

static uint32_t tni_gpu_group_tiles(const tni_gpu_group_run *run) {
    return (uint32_t)((run->table_rows + TNI_GPU_GROUP_TILE - 1) / TNI_GPU_GROUP_TILE);
}

TNI_FN trueno_status tni_gpu_group_close_reserve(tni_gpu_group_run *run) {
    uint64_t out = tni_gpu_group_out_bytes(run, run->table_rows);
    TNI_TRY(tni_gpu_take(run->device, (uint64_t)tni_gpu_group_tiles(run) * 4, &run->tiles,
                         run->error));
    if (run->small) {
        TNI_TRY(tni_gpu_take(run->device, out, &run->out, run->error));
    }
    return tni_gpu_download_reserve(run->device, 64 + (run->small ? out : 0), run->error);
}

TNI_FN void tni_gpu_group_close(tni_gpu_group_run *run, tni_gpu_batch *batch) {
    uint32_t tiles = tni_gpu_group_tiles(run);
    uint64_t at;
    tni_gpu_group_step(run, batch, TNI_GPU_GROUP_COUNT, 0, tiles);
    tni_gpu_group_step(run, batch, TNI_GPU_GROUP_SCAN, 0, 1);
    if (run->small) {
        tni_gpu_group_step(run, batch, TNI_GPU_GROUP_EMIT, (uint32_t)run->table_rows, tiles);
    }
    tni_gpu_batch_download(batch, &run->control, 0, sizeof run->words, &at);
    if (run->small) {
        tni_gpu_batch_download(batch, &run->out, 0,
                               tni_gpu_group_out_bytes(run, run->table_rows), &run->out_at);
    }
}

TNI_FN void tni_gpu_group_read_control(tni_gpu_group_run *run) {
    memcpy(run->words, run->device->download.data, sizeof run->words);
}

/* ------------------------------------------------------------------------------ sorting --- */

/* Sort few pairs in one dispatch. */
static void tni_gpu_group_sort_tile(tni_gpu_group_run *run, tni_gpu_batch *batch, uint32_t n,
                                    uint32_t bits) {
    tni_gpu_slice slices[4];
    tni_gpu_kernel_want want;
    tni_gpu_kernel *kernel;
    uint32_t push[2], i;
    if (batch->status == TRUENO_OK) {
        batch->status = tni_gpu_group_skeleton(run, "group_sort_tile", &want);
    }
    if (batch->status != TRUENO_OK) {
        return;
    }
    memset(slices, 0, sizeof slices);
    want.binding_count = 4;
    for (i = 0; i < 4; i++) {
        want.bindings[i] = 1;
        slices[i].range = &run->pairs[i];
    }
    push[0] = n;
    push[1] = bits;
    batch->status = tni_gpu_scratch_kernel(&run->scratch, &want, &kernel, run->error);
    if (batch->status == TRUENO_OK) {
        tni_gpu_batch_dispatch(batch, kernel, slices, 4, push, sizeof push, 1);
    }
}

/* Sort the pairs; afterwards they are pairs[0] and [1]. */
static void tni_gpu_group_sort(tni_gpu_group_run *run, tni_gpu_batch *batch, uint32_t n) {
    uint32_t bits = (run->key_bits + 3) / 4 * 4, i;
    tni_gpu_sort sort;
    memset(&sort, 0, sizeof sort);
    if (n <= TNI_GPU_GROUP_SORT_TILE) {
        tni_gpu_group_sort_tile(run, batch, n, bits);
        sort.place = bits / 4 % 2;
    } else {
        sort.count = n;
        sort.wide = sort.has_payload = true;
        sort.varying = run->key_bits == 64 ? UINT64_MAX : (UINT64_C(1) << run->key_bits) - 1;
        for (i = 0; i < 2; i++) {
            sort.keys[i].range = &run->pairs[i * 2];
            sort.payload[i].range = &run->pairs[i * 2 + 1];
        }
        (void)tni_gpu_sort_record(batch, &run->scratch, &sort);
    }
    for (i = 0; i < 2 && sort.place == 1; i++) {
        tni_gpu_range range = run->pairs[i];
        run->pairs[i] = run->pairs[i + 2];
        run->pairs[i + 2] = range;
    }
}

static trueno_status tni_gpu_group_take_pairs(tni_gpu_group_run *run, uint32_t n) {
    uint32_t i;
    for (i = 0; i < 4; i++) {
        TNI_TRY(tni_gpu_take(run->device, (uint64_t)n * (i % 2 == 0 ? 8 : 4), &run->pairs[i],
                             run->error));
    }
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------- collecting --- */

TNI_FN void tni_gpu_group_finish(tni_gpu_group_run *run, tni_gpu_batch *batch, uint32_t n) {
    bool hash = run->row.key_words > 0;
    tni_gpu_group_step(run, batch, hash ? TNI_GPU_GROUP_PAIRS : TNI_GPU_GROUP_EMIT, n,
                       tni_gpu_group_tiles(run));
    if (hash) {
        tni_gpu_group_sort(run, batch, n);
        tni_gpu_group_step(run, batch, TNI_GPU_GROUP_GATHER, n, (n + 255) / 256);
    }
}

/* The results of a large table. */
static trueno_status tni_gpu_group_fetch(tni_gpu_group_run *run, uint32_t n) {
    uint64_t bytes = tni_gpu_group_out_bytes(run, n);
    tni_gpu_batch batch;
    uint64_t at;
    if (bytes > run->device->info->storage_range) {
        return tni_fail(run->error, TRUENO_ERROR_MEMORY_LIMIT,
                        "%lu groups fill more than one buffer of the GPU %s", (unsigned long)n,
                        run->device->info->name);
    }
    TNI_TRY(tni_gpu_take(run->device, bytes, &run->out, run->error));
    if (run->row.key_words > 0) {
        TNI_TRY(tni_gpu_group_take_pairs(run, n));
    }
    TNI_TRY(tni_gpu_download_reserve(run->device, 64 + bytes, run->error));
    TNI_TRY(tni_gpu_batch_begin(run->device, &batch, run->error));
    tni_gpu_group_finish(run, &batch, n);
    tni_gpu_batch_download(&batch, &run->control, 0, sizeof run->words, &at);
    tni_gpu_batch_download(&batch, &run->out, 0, bytes, &run->out_at);
    TNI_TRY(tni_gpu_batch_run(&batch, &run->result->compute_ms));
    tni_gpu_group_read_control(run);
    return TRUENO_OK;
}

/* Point the result's arrays into `data`, arrays of `n` groups each. */
static void tni_gpu_group_point(tni_gpu_group_run *run, uint8_t *data, uint64_t n) {
    const tni_gpu_code *code = &run->code->code;
    tni_gpu_group_result *out = run->result;
    uint32_t s;
    out->keys = (uint64_t *)(void *)data;
    out->rows = out->keys + n;
    data += n * 16;
    for (s = 0; s < run->shape->shape.slot_count; s++) {
        uint32_t kind = code->kinds[s];
        out->counts[s] = out->rows;
        if ((code->never_null >> s & 1) == 0) {
            out->counts[s] = (uint64_t *)(void *)data;
            data += n * 8;
        }
        if (kind == TNI_GPU_KIND_MIN || kind == TNI_GPU_KIND_MAX) {
            out->bits[s] = (uint64_t *)(void *)data;
            data += n * 8;
        } else if (kind == TNI_GPU_KIND_SUM_F64) {
            out->floats[s] = (tni_gpu_float_sum *)(void *)data;
            data += n * sizeof(tni_gpu_float_sum);
        } else if (kind != TNI_GPU_KIND_COUNT) {
            out->sums[s] = (tni_i128 *)(void *)data;
            data += n * sizeof(tni_i128);
        }
    }
}

TNI_FN trueno_status tni_gpu_group_collect(tni_gpu_group_run *run) {
    tni_gpu_device *device = run->device;
    tni_gpu_group_result *out = run->result;
    uint32_t groups = run->words[TNI_GPU_CONTROL_GROUPS];
    uint64_t n = run->small ? run->table_rows : groups, bytes;
    uint8_t *data = device->download.data + run->out_at;
    if (!run->small && groups > 0) {
        TNI_TRY(tni_gpu_group_fetch(run, groups));
        data = device->download.data + run->out_at;
    }
    if (run->words[TNI_GPU_CONTROL_LOST] != 0 || groups == 0) {
        return TRUENO_OK;
    }
    bytes = tni_gpu_group_out_bytes(run, n);
    if (bytes > TNI_GPU_GROUP_LEND) {
        out->lent = device->download;
        out->device = device;
        memset(&device->download, 0, sizeof device->download);
    } else {
        uint8_t *copy = (uint8_t *)tni_arena_alloc(&out->memory, (size_t)bytes);
        if (copy == NULL) {
            return tni_memory_fail(device->memory, (size_t)bytes, run->error);
        }
        memcpy(copy, data, (size_t)bytes);
        data = copy;
    }
    out->group_count = groups;
    tni_gpu_group_point(run, data, n);
    return TRUENO_OK;
}

TNI_FN void tni_gpu_group_free(tni_gpu_group_result *result) {
    tni_gpu_device *device = result->device;
    if (result->lent.data != NULL) {
        tni_mutex_lock(&device->mutex);
        if (device->download.size < result->lent.size) { /* the larger one stays */
            tni_gpu_mapped smaller = device->download;
            device->download = result->lent;
            result->lent = smaller;
        }
        device->vk.DestroyBuffer(device->device, result->lent.buffer, NULL);
        device->vk.FreeMemory(device->device, result->lent.memory, NULL); /* unmaps */
        tni_mutex_unlock(&device->mutex);
    }
    tni_arena_free(&result->memory);
    memset(result, 0, sizeof *result);
}

#undef TNI_GPU_GROUP_TILE
#undef TNI_GPU_GROUP_SORT_TILE
#undef TNI_GPU_GROUP_LEND

#endif
