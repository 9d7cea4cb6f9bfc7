/*
 * operator_aggregate.c - AGGREGATE over filters and projections over a table, on the GPU.
 *
 * A job goes through these steps, and any of them may end it with a reason, after which the
 * processor does the work:
 *
 *   is it a table, long enough to matter; which parts does the aggregate need (agg_import.h)
 *   fuse the chain's programs; parts become slots of kernels, eight a pass over the data
 *   emit the kernels; predict; choose: the device, the processor, or both at once
 *   run the passes; put their results into the aggregate operator
 *
 * Both at once: the device does the segments at the front of the table on a thread of its own, the
 * processor's own pipeline the rest; then the device's results join those of the workers, as if
 * they came from one more (tni_aggregate_share). When anything fails on either side, the processor
 * does everything again: errors are then those it reports by itself.
 *
 * Results that are exact by construction (counts, integer sums, extremes, float sums by block or
 * limb) are handed over unrounded, so the operator's own final code makes the same bits of them.
 *
 * Uses: exec/agg_import.h, plan/fuse.h, gpu/.
 */
#include "gpu/accelerator_internal.h"
#include "exec/agg_import.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_ACC_DENSE 4096.0
#define TNI_ACC_DIRECT 4194304.0
#define TNI_ACC_PASSES 8u

/* A value computed for all rows that count. */
typedef struct tni_acc_slot {
    tni_gpu_aggregate aggregate;
    uint32_t value, filter;    /* outputs of the aggregate's program, or TNI_IR_NONE */
} tni_acc_slot;

typedef struct tni_acc_pass {
    tni_gpu_group_shape group; /* .shape alone without keys */
    tni_gpu_code code;
    tni_gpu_group_code *group_code;
    tni_gpu_scan_result scan;
    tni_gpu_group_result groups;
    bool ran;
} tni_acc_pass;

typedef struct tni_acc_sums { /* a job of this operator */
    tni_acc_job base;
    tni_operator *sink;
    tni_part_list parts;
    tni_acc_slot *slots;
    uint32_t slot_count;
    uint32_t *slot_of;         /* [part] */
    tni_acc_pass *passes;      /* [base.pass_count] */
} tni_acc_sums;

/* ------------------------------------------------------------------------- is it worth it --- */

/* Groups there may be at most. */
static double tni_acc_domain(const tni_part_list *parts, double rows) {
    double domain = 1;
    uint32_t k;
    for (k = 0; k < parts->key_count; k++) {
        const tni_part_key *key = &parts->keys[k];
        domain *= key->range == 0 ? 1e19 : (double)key->range + 1;
    }
    return TNI_MIN(domain, TNI_MAX(rows, 1.0));
}

static tni_cost_kind tni_acc_kind(const tni_part_list *parts, double groups) {
    if (parts->key_count == 0) {
        return TNI_COST_SCAN;
    }
    return groups <= TNI_ACC_DENSE    ? TNI_COST_GROUP_DENSE
           : groups <= TNI_ACC_DIRECT ? TNI_COST_GROUP_DIRECT
                                      : TNI_COST_GROUP_HASH;
}

static trueno_status tni_acc_parts(tni_acc_sums *job) {
    tni_cost_work *work = &job->base.work;
    uint32_t p;
    TNI_TRY(tni_aggregate_parts(job->sink, &job->base.arena, &job->parts, &job->base.error));
    if (job->parts.key_count > TNI_GPU_KEYS) {
        return tni_acc_refuse(&job->base, "the GPU does not group by so many keys");
    }
    work->groups = tni_acc_domain(&job->parts, work->rows);
    work->kind = tni_acc_kind(&job->parts, work->groups);
    for (p = 0; p < job->parts.part_count; p++) {
        job->base.blocks = job->base.blocks || job->parts.parts[p].kind == TNI_PART_BLOCKS;
    }
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------- slots and passes --- */

static tni_gpu_aggregate tni_acc_aggregate_of(tni_part_kind kind) {
    switch (kind) {
    case TNI_PART_COUNT: return TNI_GPU_COUNT;
    case TNI_PART_MIN: return TNI_GPU_MIN;
    case TNI_PART_MAX: return TNI_GPU_MAX;
    default: return TNI_GPU_SUM;
    }
}

/* A slot for each part; every slot counts, so COUNT rides along where it can. */
static trueno_status tni_acc_slots(tni_acc_sums *job) {
    uint32_t count = job->parts.part_count, round, p, s;
    job->slots =
        (tni_acc_slot *)tni_arena_alloc(&job->base.arena, (count + 1) * sizeof *job->slots);
    job->slot_of =
        (uint32_t *)tni_arena_alloc(&job->base.arena, (count + 1) * sizeof *job->slot_of);
    if (job->slots == NULL || job->slot_of == NULL) {
        return tni_acc_short_of_memory(&job->base);
    }
    for (round = 0; round < 2; round++) {
        for (p = 0; p < count; p++) {
            const tni_part *part = &job->parts.parts[p];
            tni_gpu_aggregate aggregate = tni_acc_aggregate_of(part->kind);
            if ((aggregate == TNI_GPU_COUNT) != (round == 1)) {
                continue;
            }
            for (s = 0; s < job->slot_count; s++) {
                if (job->slots[s].value == part->value && job->slots[s].filter == part->filter &&
                    (round == 1 || job->slots[s].aggregate == aggregate)) {
                    break;
                }
            }
            job->slot_of[p] = s;
            if (s == job->slot_count) {
                job->slots[s].aggregate = aggregate;
                job->slots[s].value = part->value;
                job->slots[s].filter = part->filter;
                job->slot_count++;
            }
        }
    }
    if (job->slot_count == 0) { /* GROUP BY without aggregates: the keys alone */
        job->slots[0].aggregate = TNI_GPU_COUNT;
        job->slots[0].value = job->slots[0].filter = TNI_IR_NONE;
        job->slot_count = 1;
    }
    return TRUENO_OK;
}

/* The register that feeds a slot; TNI_IR_NONE: every row. */
static trueno_status tni_acc_register(tni_acc_sums *job, const tni_acc_slot *slot, uint32_t *out) {
    *out = slot->value == TNI_IR_NONE ? TNI_IR_NONE : job->base.fused.outputs[slot->value];
    return slot->filter == TNI_IR_NONE
               ? TRUENO_OK
               : tni_fuse_where(&job->base.fused, job->base.fused.outputs[slot->filter], *out, out,
                                &job->base.error);
}

static trueno_status tni_acc_pass_plan(tni_acc_sums *job, tni_acc_pass *pass, uint32_t first) {
    tni_gpu_shape *shape = &pass->group.shape;
    uint32_t registers[TNI_GPU_KEYS + TNI_GPU_SLOTS], count = 0, i;
    tni_program *program = NULL;
    for (i = 0; i < job->parts.key_count; i++) {
        tni_gpu_group_key *key = &pass->group.keys[i];
        key->output = count;
        key->minimum = job->parts.keys[i].minimum;
        key->range = job->parts.keys[i].range;
        key->nullable = job->parts.keys[i].nullable;
        registers[count++] = job->base.fused.outputs[job->parts.keys[i].output];
    }
    pass->group.key_count = job->parts.key_count;
    pass->group.groups_expected = (uint64_t)job->base.work.groups;
    for (i = 0; i < TNI_GPU_SLOTS && first + i < job->slot_count; i++) {
        uint32_t fed;
        TNI_TRY(tni_acc_register(job, &job->slots[first + i], &fed));
        shape->slots[i].aggregate = job->slots[first + i].aggregate;
        shape->slots[i].output = fed == TNI_IR_NONE ? TNI_IR_NONE : count;
        if (fed != TNI_IR_NONE) {
            registers[count++] = fed;
        }
    }
    shape->slot_count = i;
    if (job->base.fused.filter != TNI_IR_NONE) {
        TNI_TRY(tni_fuse_cut(&job->base.fused, &job->base.fused.filter, 1, &job->base.columns,
                             &program, &job->base.error));
        shape->filter = program;
    }
    if (count > 0) {
        TNI_TRY(tni_fuse_cut(&job->base.fused, registers, count, &job->base.columns, &program,
                             &job->base.error));
        shape->values = program;
    }
    return TRUENO_OK;
}

static trueno_status tni_acc_passes(tni_acc_sums *job) {
    uint32_t p;
    TNI_TRY(tni_fuse(job->base.plan, &job->base.arena, &job->base.fused, &job->base.error));
    TNI_TRY(tni_fuse_columns(&job->base.fused, &job->base.columns, &job->base.error));
    TNI_TRY(tni_acc_slots(job));
    job->base.pass_count = (job->slot_count + TNI_GPU_SLOTS - 1) / TNI_GPU_SLOTS;
    if (job->base.pass_count > TNI_ACC_PASSES) {
        return tni_acc_refuse(&job->base, "the GPU does not compute that many aggregates");
    }
    job->passes =
        (tni_acc_pass *)tni_arena_alloc(&job->base.arena,
                                        job->base.pass_count * sizeof *job->passes);
    if (job->passes == NULL) {
        return tni_acc_short_of_memory(&job->base);
    }
    for (p = 0; p < job->base.pass_count; p++) {
        TNI_TRY(tni_acc_pass_plan(job, &job->passes[p], p * TNI_GPU_SLOTS));
    }
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------- prediction --- */

static trueno_status tni_acc_emit(tni_acc_sums *job) {
    const tni_gpu_info *info = job->base.device->info;
    tni_gpu_kernel_want want;
    tni_error ignored; /* what cannot be listed is built when it is asked for */
    uint32_t p;
    tni_error_clear(&ignored);
    for (p = 0; p < job->base.pass_count; p++) {
        tni_acc_pass *pass = &job->passes[p];
        if (job->parts.key_count > 0) {
            TNI_TRY(tni_gpu_group_emit(info, &pass->group, &job->base.arena, &pass->group_code,
                                       &job->base.error));
            (void)tni_gpu_group_list(job->base.device, &pass->group, pass->group_code,
                                     &job->base.data, &job->base.kernels, &ignored);
            continue;
        }
        TNI_TRY(tni_gpu_emit(info, &pass->group.shape, &job->base.arena, &pass->code,
                             &job->base.error));
        tni_gpu_scan_want(&pass->code, &want);
        tni_gpu_kernel_list_add(&job->base.kernels, &want);
    }
    job->base.work.builds = tni_acc_missing(&job->base);
    return TRUENO_OK;
}

/* Bytes of results: of groups they are put together on the host when several devices have some. */
static double tni_acc_result_bytes(const tni_acc_sums *job, uint32_t devices) {
    const tni_cost_work *work = &job->base.work;
    return job->parts.key_count == 0
               ? work->rows / 4096 * 8 * job->slot_count
               : work->groups * 16 * (job->slot_count + 1) * (devices > 1 ? devices + 1 : 1);
}

/* Do the kernels of several devices save more than their groups cost on the way back? */
static bool tni_acc_groups_spread(const tni_acc_sums *job, uint32_t devices) {
    tni_acc *acc = job->base.acc;
    tni_cost_work work = job->base.work;
    tni_cost one, all;
    work.missing_bytes = 0; /* columns stay where they were brought: the same answer each time */
    work.passes = job->base.pass_count;
    work.devices = 1;
    work.result_bytes = tni_acc_result_bytes(job, 1);
    tni_mutex_lock(&acc->mutex);
    tni_cost_predict(&work, &acc->gpu_rates, &acc->cpu_rates, &one);
    work.devices = devices;
    work.result_bytes = tni_acc_result_bytes(job, devices);
    tni_cost_predict(&work, &acc->gpu_rates, &acc->cpu_rates, &all);
    tni_mutex_unlock(&acc->mutex);
    return all.gpu_ms < 0.9 * one.gpu_ms;
}

static void tni_acc_devices_of(tni_acc_sums *job) {
    uint32_t devices = tni_acc_share_of_devices(job->base.acc, job->base.work.rows);
    if (devices > 1 && job->parts.key_count > 0 && job->base.acc->options.contexts <= 1 &&
        !tni_acc_groups_spread(job, devices)) {
        devices = 1;
    }
    job->base.device_count = job->base.work.devices = devices;
    job->base.work.result_bytes = tni_acc_result_bytes(job, devices);
}

/* Segments for the device when both work; 0: one side does all. */
static uint32_t tni_acc_split_at(tni_acc_job *job, const tni_choice *choice) {
    tni_acc *acc = job->acc;
    uint32_t segments = job->data.segment_count, percent = acc->options.split, cut;
    if (job->broken || segments < 2 || acc->options.no_threads) {
        return 0;
    }
    if (percent > 0) {
        return percent >= 100 || !choice->gpu
                   ? 0
                   : TNI_MAX(TNI_MIN(segments * percent / 100, segments - 1), 1u);
    }
    if (acc->options.policy != TNI_POLICY_AUTO || acc->options.threads < 2 ||
        job->device->info->is_software) { /* which is the processor */
        return 0;
    }
    cut = tni_gpu_morsel_cut(job->device, job->layouts, job->columns.count);
    tni_mutex_lock(&acc->mutex);
    tni_cost_share(&job->work, job->resident_bytes, &acc->gpu_rates, &acc->cpu_rates,
                   (double)job->data.rows / ((double)cut * TNI_SEGMENT_ROWS),
                   choice->gpu ? job->cost.gpu_ms : job->cost.cpu_ms, &job->share);
    tni_mutex_unlock(&acc->mutex);
    return job->share.parts * cut;
}

/* From here on the job is the device's part of it, if both work. */
static void tni_acc_split(tni_acc_job *job, tni_choice *choice) {
    tni_acc *acc = job->acc;
    uint32_t segments = job->data.segment_count;
    uint64_t rows = job->data.rows;
    double image = job->work.missing_bytes + job->resident_bytes, share;
    job->split = tni_acc_split_at(job, choice);
    if (job->split == 0) {
        return;
    }
    choice->gpu = choice->shared = true;
    job->data.segment_count = job->split;
    job->data.rows = (uint64_t)job->split * TNI_SEGMENT_ROWS;
    share = (double)job->data.rows / (double)rows;
    tni_cost_part(&job->work, share, &job->work);
    job->work.missing_bytes = TNI_MAX(image * share - job->resident_bytes, 0.0);
    tni_mutex_lock(&acc->mutex);
    tni_cost_predict(&job->work, &acc->gpu_rates, &acc->cpu_rates, &job->cost);
    tni_mutex_unlock(&acc->mutex);
    choice->reason = tni_acc_text(
        job->run->arena,
        "both at once: %u of %u row groups on the GPU, %.3f ms, the others on the processor, "
        "%.3f ms; alone: %s",
        job->split, segments, job->cost.gpu_ms,
        job->share.parts > 0 ? job->share.cpu_ms : choice->cpu_ms * (1 - share), choice->reason);
}

/* Everything up to the choice. Not OK: the processor, for the reason in the job's error. */
static trueno_status tni_acc_decide(tni_acc_sums *job, tni_choice *choice) {
    uint32_t p;
    TNI_TRY(tni_acc_look(&job->base));
    TNI_TRY(tni_acc_parts(job));
    TNI_TRY(tni_acc_worth(&job->base, choice));
    TNI_TRY(tni_acc_find_device(&job->base));
    TNI_TRY(tni_acc_passes(job));
    tni_acc_devices_of(job);
    TNI_TRY(tni_acc_data(&job->base));
    for (p = 0; p < job->base.pass_count; p++) {
        job->passes[p].group.shape.columns = job->base.layouts;
        job->passes[p].group.shape.column_count = job->base.columns.count;
        job->passes[p].group.shape.env = job->base.run->env;
        job->passes[p].group.shape.settings = job->base.run->settings;
    }
    TNI_TRY(tni_acc_emit(job));
    tni_acc_predict(&job->base, choice);
    tni_acc_split(&job->base, choice);
    return TRUENO_OK;
}

/* -------------------------------------------------------------------------------- running --- */

/* Several devices run on threads of their own, if they may: NULL. */
static const tni_gpu_parallel *tni_acc_parallel(const tni_acc *acc) {
    return acc->options.no_threads ? &acc->devices[0]->parallel : NULL;
}

/* One pass over the table, by one device or by all. */
static trueno_status tni_acc_scan(tni_acc_sums *job, tni_acc_pass *pass) {
    tni_acc *acc = job->base.acc;
    return job->base.device_count <= 1
               ? tni_gpu_scan(job->base.device, &pass->group.shape, &pass->code, &job->base.data,
                              &pass->scan, &job->base.error)
               : tni_gpu_multi_scan(acc->devices, job->base.device_count, &pass->group.shape,
                                    &job->base.data, tni_acc_parallel(acc), &pass->scan, NULL,
                                    &job->base.error);
}

static trueno_status tni_acc_group(tni_acc_sums *job, tni_acc_pass *pass) {
    tni_acc *acc = job->base.acc;
    return job->base.device_count <= 1
               ? tni_gpu_group(job->base.device, &pass->group, pass->group_code, &job->base.data,
                               &pass->groups, &job->base.error)
               : tni_gpu_multi_group(acc->devices, job->base.device_count, &pass->group,
                                     &job->base.data, tni_acc_parallel(acc), &pass->groups,
                                     &job->base.error);
}

static trueno_status tni_acc_run_pass(tni_acc_sums *job, tni_acc_pass *pass) {
    bool overflowed = false;
    if (job->parts.key_count > 0) {
        tni_gpu_group_result *r = &pass->groups;
        TNI_TRY(tni_acc_group(job, pass));
        pass->ran = true;
        overflowed = r->overflowed;
        job->base.compile_ms += r->compile_ms;
        job->base.upload_ms += r->upload_ms;
        job->base.compute_ms += r->compute_ms;
        job->base.uploaded_bytes += r->uploaded_bytes;
        job->base.read_bytes += r->read_bytes;
    } else {
        tni_gpu_scan_result *r = &pass->scan;
        TNI_TRY(tni_acc_scan(job, pass));
        pass->ran = true;
        overflowed = r->overflowed;
        job->base.compile_ms += r->compile_ms;
        job->base.upload_ms += r->upload_ms;
        job->base.compute_ms += r->compute_ms;
        job->base.uploaded_bytes += r->uploaded_bytes;
        job->base.read_bytes += r->read_bytes;
    }
    return overflowed ? tni_acc_refuse(&job->base, "a value left the range of its type on the GPU: "
                                                   "the processor says which")
                      : TRUENO_OK;
}

static trueno_status tni_acc_run_passes(tni_acc_sums *job, double *wall) {
    int64_t entered = tni_acc_enter(&job->base);
    trueno_status status = TRUENO_OK;
    uint32_t p;
    for (p = 0; p < job->base.pass_count && status == TRUENO_OK; p++) {
        status = tni_acc_run_pass(job, &job->passes[p]);
    }
    *wall = tni_acc_leave(&job->base, entered);
    return status;
}

static void tni_acc_free_passes(tni_acc_sums *job) {
    uint32_t p;
    for (p = 0; p < job->base.pass_count && job->passes != NULL; p++) {
        if (!job->passes[p].ran) {
            continue;
        }
        if (job->parts.key_count > 0) {
            tni_gpu_group_free(&job->passes[p].groups);
            continue;
        }
        tni_gpu_scan_free(job->base.device_count > 1 ? job->base.acc->devices[0] : job->base.device,
                          &job->passes[p].scan);
    }
}

/* ------------------------------------------------------------------------------- results --- */

/* Arrays of one value, for results without groups. */
typedef struct tni_acc_single {
    uint64_t count, bits;
    tni_i128 sum;
} tni_acc_single;

static trueno_status tni_acc_values_scan(tni_acc_sums *job, tni_part_values *values) {
    uint32_t p;
    for (p = 0; p < job->parts.part_count; p++) {
        uint32_t slot = job->slot_of[p];
        const tni_gpu_scan_result *r = &job->passes[slot / TNI_GPU_SLOTS].scan;
        const tni_gpu_slot_result *s = &r->slots[slot % TNI_GPU_SLOTS];
        tni_acc_single *single =
            (tni_acc_single *)tni_arena_alloc(&job->base.arena, sizeof *single);
        if (single == NULL) {
            return tni_acc_short_of_memory(&job->base);
        }
        single->count = s->count;
        single->bits = s->bits;
        single->sum = s->sum;
        values[p].counts = &single->count;
        values[p].bits = &single->bits;
        values[p].sums = &single->sum;
        values[p].blocks = s->blocks;
        values[p].block_count = r->block_count;
    }
    return TRUENO_OK;
}

static trueno_status tni_acc_values_groups(tni_acc_sums *job, tni_part_values *values) {
    uint32_t p;
    for (p = 0; p < job->parts.part_count; p++) {
        uint32_t slot = job->slot_of[p], s = slot % TNI_GPU_SLOTS;
        const tni_gpu_group_result *r = &job->passes[slot / TNI_GPU_SLOTS].groups;
        values[p].counts = r->counts[s];
        values[p].bits = r->bits[s];
        values[p].sums = r->sums[s];
        values[p].limbs = r->floats[s];
    }
    return TRUENO_OK;
}

static trueno_status tni_acc_keys(tni_acc_sums *job, tni_part_import *import) {
    const tni_acc_pass *pass = &job->passes[0];
    uint64_t count = pass->groups.group_count, g;
    uint32_t keys = job->parts.key_count, k;
    const uint64_t **codes =
        (const uint64_t **)tni_arena_alloc(&job->base.arena, keys * sizeof *codes);
    const uint8_t **nulls =
        (const uint8_t **)tni_arena_alloc(&job->base.arena, keys * sizeof *nulls);
    if (codes == NULL || nulls == NULL) {
        return tni_acc_short_of_memory(&job->base);
    }
    for (k = 0; k < keys; k++) {
        uint64_t *code = (uint64_t *)tni_arena_alloc(&job->base.arena,
                                                     (size_t)TNI_MAX(count, 1u) * sizeof *code);
        uint8_t *null = (uint8_t *)tni_arena_alloc(&job->base.arena, (size_t)TNI_MAX(count, 1u));
        if (code == NULL || null == NULL) {
            return tni_acc_short_of_memory(&job->base);
        }
        for (g = 0; g < count; g++) {
            bool is_null = false;
            code[g] = tni_gpu_group_unpack(&pass->group, k, pass->groups.keys[g], &is_null);
            null[g] = is_null ? 1 : 0;
        }
        codes[k] = code;
        nulls[k] = null;
    }
    import->codes = codes;
    import->nulls = nulls;
    return TRUENO_OK;
}

/* From the passes' results to the operator. Errors of the import itself are the query's. */
static trueno_status tni_acc_import(tni_acc_sums *job, bool *done, tni_error *error) {
    tni_part_import import;
    tni_part_values *values = (tni_part_values *)tni_arena_alloc(
        &job->base.arena, TNI_MAX(job->parts.part_count, 1u) * sizeof *values);
    bool grouped = job->parts.key_count > 0;
    uint32_t p;
    memset(&import, 0, sizeof import);
    if (values == NULL) {
        (void)tni_acc_short_of_memory(&job->base);
        return TRUENO_OK;
    }
    for (p = 1; grouped && p < job->base.pass_count; p++) {
        if (job->passes[p].groups.group_count != job->passes[0].groups.group_count) {
            (void)tni_acc_refuse(&job->base, "two passes found different groups");
            return TRUENO_OK;
        }
    }
    import.parts = values;
    import.group_count = grouped ? job->passes[0].groups.group_count : 1;
    if ((grouped ? tni_acc_values_groups(job, values) : tni_acc_values_scan(job, values)) !=
            TRUENO_OK ||
        (grouped && tni_acc_keys(job, &import) != TRUENO_OK)) {
        return TRUENO_OK;
    }
    *done = true;
    return tni_aggregate_import(job->sink, &import, error);
}

/* -------------------------------------------------------------------------------- entries --- */

TNI_FN void tni_acc_choose_aggregate(tni_accelerator *accelerator, tni_run *run,
                                     const tni_plan *plan, tni_choice *out) {
    tni_acc_sums job;
    tni_driver *driver;
    memset(&job, 0, sizeof job);
    tni_acc_begin(&job.base, accelerator, run, plan);
    job.base.asked = true;
    if (tni_aggregate_new(run, plan, &job.sink, &driver, &job.base.error) == TRUENO_OK) {
        (void)tni_acc_decide(&job, out);
        driver->ops->free(driver);
        job.sink->ops->free(job.sink);
    }
    tni_acc_end(&job.base, out);
}

/* The report of what the device did. */
static void tni_acc_ran(tni_acc_sums *job, const tni_choice *choice, double wall) {
    bool grouped = job->parts.key_count > 0;
    uint64_t rows = grouped ? job->passes[0].groups.group_count : 1;
    tni_acc_report(&job->base, choice, grouped ? "group" : "aggregate", rows, wall);
}

/* A run shared by the device's thread and this one. */
typedef struct tni_acc_both {
    tni_acc_sums *job;
    tni_thread *thread;
    trueno_status status; /* of the device */
    double wall_ms;       /* likewise, and of the import */
    int64_t started;
    double cpu_ms; /* of the processor's part */
} tni_acc_both;

static void tni_acc_device_part(void *argument) {
    tni_acc_both *both = (tni_acc_both *)argument;
    both->status = tni_acc_run_passes(both->job, &both->wall_ms);
}

static void tni_acc_meet(tni_acc_both *both) {
    if (both->thread != NULL) {
        tni_thread_join(both->thread);
        both->thread = NULL;
    }
}

/* The processor's workers have done their part: the device's results join theirs. */
static trueno_status tni_acc_join(void *user, tni_error *error) {
    tni_acc_both *both = (tni_acc_both *)user;
    tni_acc_job *base = &both->job->base;
    bool done = false;
    int64_t now = tni_clock_nanoseconds();
    trueno_status status;
    both->cpu_ms = (double)(now - both->started) * 1e-6;
    tni_acc_meet(both);
    if (both->status != TRUENO_OK) {
        return tni_fail(error, both->status, "%s", base->error.message);
    }
    now = tni_clock_nanoseconds();
    status = tni_acc_import(both->job, &done, error);
    both->wall_ms += (double)(tni_clock_nanoseconds() - now) * 1e-6;
    return status != TRUENO_OK || done
               ? status
               : tni_fail(error, base->error.status, "%s", base->error.message);
}

/* What either side took corrects its rates. */
static void tni_acc_learn_both(const tni_acc_both *both) {
    tni_acc_job *base = &both->job->base;
    double rest = (double)base->table->source.rows - (double)base->data.rows;
    tni_acc_note note;
    tni_choice choice;
    tni_acc_learn_run(base, both->wall_ms);
    if (base->share.parts > 0) {
        memset(&choice, 0, sizeof choice);
        note.work = base->work;
        note.work.rows = rest;
        note.cpu_ms = base->share.cpu_ms;
        choice.work = &note;
        tni_acc_learn(&base->acc->base, &choice, both->cpu_ms);
    }
}

/* Device and processor at once. Not done: the sink is spoiled, and the job's error says why. */
static trueno_status tni_acc_run_both(tni_acc_sums *job, tni_choice *choice, bool *done,
                                      tni_error *error) {
    tni_acc_job *base = &job->base;
    tni_acc_both both;
    tni_error failed;
    trueno_status status;
    tni_error_clear(&failed);
    memset(&both, 0, sizeof both);
    both.job = job;
    both.started = tni_clock_nanoseconds();
    both.thread = tni_thread_start(tni_acc_device_part, &both);
    if (both.thread == NULL) {
        (void)tni_acc_refuse(base, "no thread for the GPU");
        return TRUENO_OK;
    }
    tni_aggregate_share(job->sink, tni_acc_join, &both);
    job->sink->choice = choice;
    status = tni_run_aggregate_input(base->run, base->plan, job->sink, base->split, &failed);
    tni_acc_meet(&both);
    *done = status == TRUENO_OK;
    choice->spoiled = !*done;
    if (status == TRUENO_ERROR_INTERRUPTED || status == TRUENO_ERROR_DEADLINE) {
        *error = failed;
        return status;
    }
    if (!*done) { /* the device's own reason, or what ended the processor's part */
        if (base->error.status == TRUENO_OK) {
            (void)tni_acc_refuse(base, failed.message);
        }
        return TRUENO_OK;
    }
    tni_acc_learn_both(&both);
    tni_acc_ran(job, choice, both.wall_ms);
    return TRUENO_OK;
}

static trueno_status tni_acc_run_sums(tni_acc_sums *job, const tni_choice *choice, bool *done,
                                      tni_error *error) {
    double wall;
    int64_t imported;
    trueno_status status;
    if (tni_acc_run_passes(job, &wall) != TRUENO_OK) {
        return TRUENO_OK; /* the reason is in the job */
    }
    imported = tni_clock_nanoseconds();
    status = tni_acc_import(job, done, error);
    wall += (double)(tni_clock_nanoseconds() - imported) * 1e-6;
    tni_acc_learn_run(&job->base, wall);
    if (*done && status == TRUENO_OK) {
        tni_acc_ran(job, choice, wall);
    }
    return status;
}

TNI_FN trueno_status tni_acc_aggregate(tni_accelerator *accelerator, tni_run *run,
                                       const tni_plan *plan, tni_operator *sink,
                                       tni_choice *choice, bool *done, tni_error *error) {
    tni_acc_sums job;
    trueno_status status = TRUENO_OK;
    *done = false;
    TNI_TRY(tni_env_check(run->env, error));
    memset(&job, 0, sizeof job);
    tni_acc_begin(&job.base, accelerator, run, plan);
    job.sink = sink;
    if (tni_acc_decide(&job, choice) == TRUENO_OK) {
        if (choice->shared) {
            status = tni_acc_run_both(&job, choice, done, error);
        } else if (choice->gpu) {
            status = tni_acc_run_sums(&job, choice, done, error);
        } else if (job.base.work.builds > 0) {
            tni_acc_build_aside(&job.base);
        }
    }
    if (status == TRUENO_OK) {
        status = tni_env_check(run->env, error);
    }
    tni_acc_free_passes(&job);
    tni_acc_end(&job.base, choice);
    return status;
}

#undef TNI_ACC_DENSE
#undef TNI_ACC_DIRECT
#undef TNI_ACC_PASSES

#endif
