/*
 * primitives.c - scratch memory, prefix sums and the radix sort of primitives.h.
 *
 * Everything is reduce-then-scan: workgroups own parts of the array, leave what the others need
 * to know in memory, and a later dispatch reads it. No workgroup ever waits for another, so
 * nothing depends on what a device promises about progress.
 *
 * Uses: base/, gpu/kernel.h, gpu/spirv_module.h (kernels by name).
 */
#include "gpu/primitives_internal.h"
#include "base/bits.h"
#include "gpu/spirv_module.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_PREFIX_TILE 4096u  /* 32-bit elements; kernels/prefix.glsl */
#define TNI_GPU_PREFIX_PARTS 2048u
#define TNI_GPU_DIGITS 256u
#define TNI_GPU_SORT_PARTS 2048u
#define TNI_GPU_MOST_KEYS (UINT64_C(1) << 30)
#define TNI_GPU_VENDOR_INTEL 0x8086u

/* ---------------------------------------------------------------------------- scratch --- */

TNI_FN void tni_gpu_scratch_init(tni_gpu_scratch *scratch, tni_gpu_device *device) {
    memset(scratch, 0, sizeof *scratch);
    scratch->device = device;
}

TNI_FN trueno_status tni_gpu_scratch_take(tni_gpu_scratch *scratch, uint64_t size,
                                          tni_gpu_slice *out, tni_error *error) {
    tni_gpu_range *range = &scratch->ranges[scratch->count];
    memset(out, 0, sizeof *out);
    if (scratch->list != NULL) {
        out->range = range;
        return TRUENO_OK;
    }
    if (scratch->count == TNI_GPU_SCRATCH) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "a GPU batch with too many buffers");
    }
    TNI_TRY(tni_gpu_take(scratch->device, TNI_MAX(size, 16), range, error));
    scratch->count++;
    out->range = range;
    return TRUENO_OK;
}

TNI_FN void tni_gpu_scratch_free(tni_gpu_scratch *scratch) {
    while (scratch->count > 0) {
        tni_gpu_give(scratch->device, &scratch->ranges[--scratch->count]);
    }
}

TNI_FN trueno_status tni_gpu_scratch_kernel(tni_gpu_scratch *scratch,
                                            const tni_gpu_kernel_want *want, tni_gpu_kernel **out,
                                            tni_error *error) {
    *out = NULL;
    if (scratch->list != NULL) {
        tni_gpu_kernel_list_add(scratch->list, want);
        return TRUENO_OK;
    }
    return tni_gpu_kernel_get(scratch->device, want, out, &scratch->compile_ms, error);
}

TNI_FN trueno_status tni_gpu_primitive(tni_gpu_scratch *scratch, const char *name,
                                       uint32_t binding_count, const uint32_t *constants,
                                       uint32_t constant_count, tni_gpu_kernel **out,
                                       tni_error *error) {
    tni_gpu_kernel_want want = TNI_ZERO;
    uint32_t i;
    *out = NULL;
    if (!tni_spirv_skeleton(scratch->device->info, name, &want.words, &want.word_count)) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                        "this build has no GPU kernels (trueno_db_spirv.h was not there)");
    }
    want.binding_count = TNI_MIN(binding_count, TNI_GPU_BINDINGS);
    for (i = 0; i < want.binding_count; i++) {
        want.bindings[i] = 1;
    }
    want.constant_count = TNI_MIN(constant_count, TNI_GPU_CONSTANTS);
    if (constant_count > 0) {
        memcpy(want.constants, constants, want.constant_count * sizeof *constants);
    }
    return tni_gpu_scratch_kernel(scratch, &want, out, error);
}

TNI_FN tni_gpu_slice tni_gpu_part_of(const tni_gpu_slice *slice, uint64_t bytes) {
    tni_gpu_slice part = *slice;
    part.size = (TNI_MAX(bytes, 1) + 15) / 16 * 16;
    return part;
}

TNI_FN trueno_status tni_gpu_fits(const tni_gpu_batch *batch, uint64_t count, uint32_t width) {
    uint64_t most = batch->device->info->storage_range;
    if (count >= TNI_GPU_MOST_KEYS || count * width + 16 > most) {
        return tni_fail(batch->error, TRUENO_ERROR_UNSUPPORTED,
                        "%lu elements of %u bytes, more than a buffer of the GPU %s holds",
                        (unsigned long)count, (unsigned)width, batch->device->info->name);
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------ prefix sums --- */

TNI_FN trueno_status tni_gpu_row_numbers(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                         const tni_gpu_slice *out, uint32_t count,
                                         uint32_t first) {
    tni_gpu_kernel *kernel = NULL;
    tni_gpu_slice slice = tni_gpu_part_of(out, (uint64_t)count * 4);
    uint32_t push[2];
    push[0] = count;
    push[1] = first;
    if (count == 0) {
        return batch->status;
    }
    TNI_GPU_STEP(batch, tni_gpu_fits(batch, count, 4));
    TNI_GPU_STEP(batch,
                 tni_gpu_primitive(scratch, "prefix_rows", 1, NULL, 0, &kernel, batch->error));
    tni_gpu_batch_dispatch(batch, kernel, &slice, 1, push, sizeof push, (count + 1023) / 1024);
    return batch->status;
}

TNI_FN trueno_status tni_gpu_prefix(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                    const tni_gpu_slice *in, const tni_gpu_slice *out,
                                    uint64_t count, bool wide, bool inclusive) {
    uint32_t width = wide ? 8 : 4, tile = wide ? TNI_GPU_PREFIX_TILE / 2 : TNI_GPU_PREFIX_TILE;
    uint32_t tiles, parts, part_tiles, constant = inclusive ? 1 : 0, push[3];
    tni_gpu_kernel *reduce = NULL, *scan = NULL;
    tni_gpu_slice slices[3];
    if (count == 0) {
        return batch->status;
    }
    TNI_GPU_STEP(batch, tni_gpu_fits(batch, count, width));
    TNI_GPU_STEP(batch, tni_gpu_primitive(scratch, wide ? "prefix_reduce_u64" : "prefix_reduce", 2,
                                          NULL, 0, &reduce, batch->error));
    TNI_GPU_STEP(batch, tni_gpu_primitive(scratch, wide ? "prefix_scan_u64" : "prefix_scan", 3,
                                          &constant, 1, &scan, batch->error));
    tiles = (uint32_t)((count + tile - 1) / tile);
    part_tiles = (tiles + TNI_GPU_PREFIX_PARTS - 1) / TNI_GPU_PREFIX_PARTS;
    parts = (tiles + part_tiles - 1) / part_tiles;
    TNI_GPU_STEP(batch, tni_gpu_scratch_take(scratch, (uint64_t)parts * width, &slices[1],
                                             batch->error));
    slices[0] = tni_gpu_part_of(in, count * width);
    slices[2] = tni_gpu_part_of(out, count * width);
    push[0] = (uint32_t)count;
    push[1] = part_tiles;
    push[2] = parts;
    tni_gpu_batch_dispatch(batch, reduce, slices, 2, push, sizeof push, parts);
    tni_gpu_batch_dispatch(batch, scan, slices, 3, push, sizeof push, parts);
    return batch->status;
}

/* ------------------------------------------------------------------------- radix sort --- */

TNI_FN trueno_status tni_gpu_varying(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                     const tni_gpu_slice *keys, uint64_t count, bool wide,
                                     uint64_t *at) {
    uint32_t constant = wide ? 1 : 0, push, width = wide ? 8 : 4;
    tni_gpu_kernel *kernel = NULL;
    tni_gpu_slice slices[2];
    *at = 0;
    TNI_GPU_STEP(batch, tni_gpu_fits(batch, count, width));
    TNI_GPU_STEP(batch, tni_gpu_primitive(scratch, "radix_bits", 2, &constant, 1, &kernel,
                                          batch->error));
    TNI_GPU_STEP(batch, tni_gpu_scratch_take(scratch, 16, &slices[1], batch->error));
    push = (uint32_t)count;
    slices[0] = tni_gpu_part_of(keys, count * width);
    tni_gpu_batch_fill(batch, slices[1].range, 0, 8, count == 0 ? 0 : UINT32_MAX);
    tni_gpu_batch_fill(batch, slices[1].range, 8, 8, 0);
    if (count > 0) {
        tni_gpu_batch_dispatch(batch, kernel, slices, 2, &push, sizeof push,
                               (uint32_t)TNI_MIN((count + 4095) / 4096, 2048));
    }
    tni_gpu_batch_download(batch, slices[1].range, 0, 16, at);
    return batch->status;
}

TNI_FN uint64_t tni_gpu_varying_bits(const tni_gpu_device *device, uint64_t at) {
    uint64_t all, any;
    memcpy(&all, device->download.data + at, 8);
    memcpy(&any, device->download.data + at + 8, 8);
    return all ^ any;
}

/* How a sort is cut, and its kernels. */
typedef struct tni_gpu_sort_plan {
    bool plain;
    uint32_t subgroups, threads, items, tile, parts, part_keys;
    tni_gpu_kernel *count, *scan, *scatter;
    tni_gpu_slice counts, totals;
} tni_gpu_sort_plan;

/* Intel's drivers choose the width of subgroups kernel by kernel. */
TNI_FN bool tni_gpu_has_ballots(const tni_gpu_info *info) {
    const uint32_t needed = TNI_VK_SUBGROUP_BASIC | TNI_VK_SUBGROUP_BALLOT;
    uint32_t lanes = info->subgroup_size;
    return (info->subgroup_operations & needed) == needed && info->vendor != TNI_GPU_VENDOR_INTEL &&
           (lanes == 8 || lanes == 16 || lanes == 32 || lanes == 64);
}

/* Large tiles write long runs and have few of them open at a time, which the second-level cache
 * must hold until they are whole: with 8 subgroups and a payload a pass took four times as long
 * on an H200 as its bytes explain. */
static uint32_t tni_gpu_sort_subgroups(const tni_gpu_info *info, const tni_gpu_sort *sort,
                                       bool plain) {
    uint32_t wanted = sort->subgroups != 0 ? sort->subgroups : 16;
    uint32_t words = TNI_MAX(16 * TNI_GPU_DIGITS, 16 * info->subgroup_size * 8);
    bool fits = 16 * info->subgroup_size <= TNI_MIN(info->group_threads, 512) &&
                (words + 3 * TNI_GPU_DIGITS) * 4 <= info->shared_bytes;
    return plain || wanted < 16 || !fits ? 8 : 16;
}

static void tni_gpu_sort_cut(const tni_gpu_info *info, const tni_gpu_sort *sort,
                             tni_gpu_sort_plan *plan) {
    uint32_t room = info->shared_bytes / 4 - 4 * TNI_GPU_DIGITS, tiles, part_tiles, parts;
    plan->plain = sort->plain || !tni_gpu_has_ballots(info);
    plan->subgroups = tni_gpu_sort_subgroups(info, sort, plan->plain);
    plan->threads = plan->plain ? 256 : plan->subgroups * info->subgroup_size;
    plan->items = sort->items != 0 ? sort->items : sort->wide ? 8 : 16;
    plan->items = TNI_MAX(TNI_MIN(plan->items, room / plan->threads), 4);
    plan->tile = plan->threads * plan->items;
    tiles = (uint32_t)((sort->count + plan->tile - 1) / plan->tile);
    parts = sort->parts != 0 ? sort->parts : TNI_GPU_SORT_PARTS;
    part_tiles = (tiles + parts - 1) / parts;
    plan->part_keys = part_tiles * plan->tile;
    plan->parts = (tiles + part_tiles - 1) / part_tiles;
}

static trueno_status tni_gpu_sort_prepare(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                          const tni_gpu_sort *sort, tni_gpu_sort_plan *plan) {
    uint32_t constants[7], wide = sort->wide ? 1 : 0;
    tni_error *error = batch->error;
    tni_gpu_sort_cut(batch->device->info, sort, plan);
    constants[0] = plan->threads;
    constants[1] = plan->items;
    constants[2] = wide;
    constants[3] = sort->has_payload ? 1 : 0;
    constants[4] = TNI_MAX(plan->tile, plan->subgroups * TNI_GPU_DIGITS);
    constants[5] = sort->wide ? plan->items : 1;
    constants[6] = plan->subgroups;
    TNI_TRY(tni_gpu_primitive(scratch, "radix_count", 2, &wide, 1, &plan->count, error));
    TNI_TRY(tni_gpu_primitive(scratch, "radix_scan", 2, NULL, 0, &plan->scan, error));
    TNI_TRY(tni_gpu_primitive(scratch, plan->plain ? "radix_scatter_plain" : "radix_scatter", 6,
                              constants, 7, &plan->scatter, error));
    TNI_TRY(tni_gpu_scratch_take(scratch, (uint64_t)plan->parts * TNI_GPU_DIGITS * 4,
                                 &plan->counts, error));
    return tni_gpu_scratch_take(scratch, TNI_GPU_DIGITS * 4, &plan->totals, error);
}

static void tni_gpu_sort_pass(tni_gpu_batch *batch, const tni_gpu_sort_plan *plan,
                              const tni_gpu_sort *sort, uint32_t shift, bool rows) {
    uint64_t key_bytes = sort->count * (sort->wide ? 8 : 4), from = sort->place;
    tni_gpu_slice slices[6];
    uint32_t push[5];
    push[0] = (uint32_t)sort->count;
    push[1] = plan->part_keys;
    push[2] = plan->parts;
    push[3] = shift;
    push[4] = rows ? 1 : 0;
    slices[0] = tni_gpu_part_of(&sort->keys[from], key_bytes);
    slices[1] = plan->counts;
    tni_gpu_batch_dispatch(batch, plan->count, slices, 2, push, sizeof push, plan->parts);
    slices[0] = plan->counts;
    slices[1] = plan->totals;
    tni_gpu_batch_dispatch(batch, plan->scan, slices, 2, push, sizeof push, TNI_GPU_DIGITS);
    slices[0] = tni_gpu_part_of(&sort->keys[from], key_bytes);
    slices[1] = tni_gpu_part_of(&sort->keys[1 - from], key_bytes);
    slices[2] = slices[3] = plan->totals; /* without a payload nothing is read or written there */
    if (sort->has_payload) {
        slices[2] = rows ? plan->totals : tni_gpu_part_of(&sort->payload[from], sort->count * 4);
        slices[3] = tni_gpu_part_of(&sort->payload[1 - from], sort->count * 4);
    }
    slices[4] = plan->counts;
    slices[5] = plan->totals;
    tni_gpu_batch_dispatch(batch, plan->scatter, slices, 6, push, sizeof push, plan->parts);
}

TNI_FN trueno_status tni_gpu_sort_record(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                         tni_gpu_sort *sort) {
    uint64_t left = sort->wide ? sort->varying : sort->varying & UINT32_MAX;
    tni_gpu_sort_plan plan;
    sort->place = sort->passes = 0;
    memset(&plan, 0, sizeof plan);
    if (sort->count < 2) {
        left = 0;
    }
    TNI_GPU_STEP(batch, tni_gpu_fits(batch, sort->count, sort->wide ? 8 : 4));
    if (left == 0) {
        return sort->has_payload && sort->rows
                   ? tni_gpu_row_numbers(batch, scratch, &sort->payload[0],
                                         (uint32_t)sort->count, 0)
                   : batch->status;
    }
    TNI_GPU_STEP(batch, tni_gpu_sort_prepare(batch, scratch, sort, &plan));
    while (left != 0) { /* the lowest bits that differ, at most 8 neighbours */
        uint32_t shift = (uint32_t)tni_ctz64(left), top = sort->wide ? 56 : 24;
        if (sort->wide && shift < 32 && shift > 24) {
            shift = 24; /* a digit lies in one of the two words */
        }
        shift = TNI_MIN(shift, top);
        tni_gpu_sort_pass(batch, &plan, sort, shift, sort->rows && sort->passes == 0);
        left &= ~(UINT64_C(255) << shift);
        sort->place = 1 - sort->place;
        sort->passes++;
    }
    return batch->status;
}

#undef TNI_GPU_PREFIX_TILE
#undef TNI_GPU_PREFIX_PARTS
#undef TNI_GPU_DIGITS
#undef TNI_GPU_SORT_PARTS
#undef TNI_GPU_MOST_KEYS
#undef TNI_GPU_VENDOR_INTEL

#endif
