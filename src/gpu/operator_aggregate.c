/*
 * operator_aggregate.c - AGGREGATE over filters and projections over a table, on the GPU.
 *
 * A job goes through these steps, and any of them may end it with a reason, after which the
 * processor does the work:
 *
 *   is it a table, long enough to matter; which parts does the aggregate need (agg_import.h)
 *   fuse the chain's programs; parts become slots of kernels, eight a pass over the data
 *   emit the kernels; predict; choose
 *   run the passes; put their results into the aggregate operator
 *
 * Results that are exact by construction (counts, integer sums, extremes, float sums by block or
 * limb) are handed over unrounded, so the operator's own final code makes the same bits of them.
 *
 * Uses: exec/agg_import.h, plan/fuse.h, gpu/.
 */
#include "gpu/accelerator_internal.h"
#include "exec/agg_import.h"
#include "plan/fuse.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_ACC_SHORT_MS 0.08   /* on the processor: shorter than any submission */
#define TNI_ACC_DENSE 4096.0
#define TNI_ACC_DIRECT 4194304.0
#define TNI_ACC_PASSES 8u
#define TNI_ACC_WHOLE_ROWS 4194304u

/* A value computed for all rows that count. */
typedef struct tni_acc_slot {
    tni_gpu_aggregate aggregate;
    uint32_t value, filter;    /* outputs of the aggregate's program, or TNI_IR_NONE */
} tni_acc_slot;

/* What choose() leaves for learn(). */
typedef struct tni_acc_note {
    tni_cost_work work;
    double cpu_ms;
} tni_acc_note;

typedef struct tni_acc_pass {
    tni_gpu_group_shape group; /* .shape alone without keys */
    tni_gpu_code code;
    tni_gpu_group_code *group_code;
    tni_gpu_scan_result scan;
    tni_gpu_group_result groups;
    bool ran;
} tni_acc_pass;

typedef struct tni_acc_job {
    tni_acc *acc;
    tni_run *run;
    bool asked;                /* only what would be: nothing counts */
    const tni_plan *plan, *scan;
    tni_operator *sink;
    tni_table *table;
    tni_arena arena;
    tni_error error;           /* why not; never the query's */
    tni_part_list parts;
    tni_fused fused;
    tni_fused_columns columns;
    tni_acc_slot *slots;
    uint32_t slot_count;
    uint32_t *slot_of;         /* [part] */
    tni_acc_pass *passes;
    uint32_t pass_count;
    tni_gpu_device *device;
    tni_gpu_table data;
    tni_gpu_layout *layouts;
    uint32_t *fields;          /* [columns.count] of the table */
    bool broken;               /* the table has short segments inside */
    uint64_t hash;             /* of the shape */
    uint32_t uses;
    tni_cost_work work;
    tni_cost cost;
    double compile_ms, upload_ms, compute_ms;
    uint64_t uploaded_bytes, read_bytes;
} tni_acc_job;

static trueno_status tni_acc_refuse(tni_acc_job *job, const char *reason) {
    return tni_fail(&job->error, TRUENO_ERROR_UNSUPPORTED, "%s", reason);
}

static trueno_status tni_acc_short_of_memory(tni_acc_job *job) {
    return tni_fail_memory(&job->error, 0);
}

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

static uint64_t tni_acc_field_bytes(const tni_table *table, uint32_t field) {
    uint64_t bytes = 0;
    size_t g;
    for (g = 0; g < table->group_count; g++) {
        bytes += table->groups[g]->segments[field]->bytes;
    }
    return bytes;
}

/* The part of the rows that the zone maps leave to the processor; the device reads all. */
static double tni_acc_share(const tni_table *table, const tni_plan *scan) {
    uint64_t rows = 0;
    size_t g;
    uint32_t i;
    if (scan->prune_count == 0) {
        return 1;
    }
    for (g = 0; g < table->group_count; g++) {
        const tni_row_group *group = table->groups[g];
        bool may = true;
        for (i = 0; i < scan->prune_count && may; i++) {
            const tni_prune *prune = &scan->prunes[i];
            may = tni_zone_may_match(&group->segments[prune->column]->zone, prune->op,
                                     &prune->value);
        }
        rows += may ? group->rows : 0;
    }
    return (double)rows / (double)table->source.rows;
}

static uint32_t tni_acc_operations(const tni_plan *plan) {
    uint32_t count = plan->program != NULL ? plan->program->count : 0;
    for (plan = plan->input; plan != NULL; plan = plan->input) {
        count += plan->kind == TNI_PLAN_PROJECT ? plan->program->count : 0;
        count += plan->filter != NULL ? plan->filter->count : 0;
    }
    return count;
}

/* The table below, and what the processor would take; nothing is allocated before that. */
static trueno_status tni_acc_look(tni_acc_job *job) {
    const tni_plan *plan = job->plan;
    tni_cost_work *work = &job->work;
    uint32_t i;
    job->scan = tni_fuse_scan(plan->input);
    if (job->acc->options.policy == TNI_POLICY_CPU) {
        return tni_acc_refuse(job, "the processor, as configured");
    }
    if (job->scan == NULL) {
        return tni_acc_refuse(job, "its input is not a table");
    }
    if (job->scan->source->ops != tni_table_source_ops()) {
        return tni_fail(&job->error, TRUENO_ERROR_UNSUPPORTED,
                        "the GPU reads tables in memory, this is %s",
                        job->scan->source->ops->kind);
    }
    job->table = (tni_table *)job->scan->source;
    if (job->table->source.rows == 0) {
        return tni_acc_refuse(job, "the table is empty");
    }
    work->rows = (double)job->table->source.rows;
    for (i = 0; i < job->scan->scan_column_count; i++) {
        work->bytes += (double)tni_acc_field_bytes(job->table, job->scan->source_columns[i]);
    }
    work->cpu_share = tni_acc_share(job->table, job->scan);
    work->operations = tni_acc_operations(plan);
    work->aggregates = plan->aggregate_count;
    work->keys = plan->key_count;
    work->passes = work->submissions = 1;
    return TRUENO_OK;
}

static trueno_status tni_acc_parts(tni_acc_job *job) {
    tni_cost_work *work = &job->work;
    TNI_TRY(tni_aggregate_parts(job->sink, &job->arena, &job->parts, &job->error));
    if (job->parts.key_count > TNI_GPU_KEYS) {
        return tni_acc_refuse(job, "the GPU does not group by so many keys");
    }
    work->groups = tni_acc_domain(&job->parts, work->rows);
    work->kind = tni_acc_kind(&job->parts, work->groups);
    tni_mutex_lock(&job->acc->mutex);
    job->cost.cpu_ms = tni_cost_predict_cpu(work, &job->acc->cpu_rates);
    tni_mutex_unlock(&job->acc->mutex);
    if (job->acc->options.policy == TNI_POLICY_AUTO && job->cost.cpu_ms < TNI_ACC_SHORT_MS) {
        return tni_fail(&job->error, TRUENO_ERROR_UNSUPPORTED,
                        "%.3f ms on the processor: too short for a GPU", job->cost.cpu_ms);
    }
    if (job->acc->options.policy == TNI_POLICY_SPEC && !tni_cost_spec_rule(work)) {
        return tni_acc_refuse(job, "computation is not above 5 x transfer, or 10 MB are not "
                                   "reached: the published rule");
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
static trueno_status tni_acc_slots(tni_acc_job *job) {
    uint32_t count = job->parts.part_count, round, p, s;
    job->slots = (tni_acc_slot *)tni_arena_alloc(&job->arena, (count + 1) * sizeof *job->slots);
    job->slot_of =
        (uint32_t *)tni_arena_alloc(&job->arena, (count + 1) * sizeof *job->slot_of);
    if (job->slots == NULL || job->slot_of == NULL) {
        return tni_acc_short_of_memory(job);
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
static trueno_status tni_acc_register(tni_acc_job *job, const tni_acc_slot *slot, uint32_t *out) {
    *out = slot->value == TNI_IR_NONE ? TNI_IR_NONE : job->fused.outputs[slot->value];
    return slot->filter == TNI_IR_NONE
               ? TRUENO_OK
               : tni_fuse_where(&job->fused, job->fused.outputs[slot->filter], *out, out,
                                &job->error);
}

static trueno_status tni_acc_pass_plan(tni_acc_job *job, tni_acc_pass *pass, uint32_t first) {
    tni_gpu_shape *shape = &pass->group.shape;
    uint32_t registers[TNI_GPU_KEYS + TNI_GPU_SLOTS], count = 0, i;
    tni_program *program;
    for (i = 0; i < job->parts.key_count; i++) {
        tni_gpu_group_key *key = &pass->group.keys[i];
        key->output = count;
        key->minimum = job->parts.keys[i].minimum;
        key->range = job->parts.keys[i].range;
        key->nullable = job->parts.keys[i].nullable;
        registers[count++] = job->fused.outputs[job->parts.keys[i].output];
    }
    pass->group.key_count = job->parts.key_count;
    pass->group.groups_expected = (uint64_t)job->work.groups;
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
    if (job->fused.filter != TNI_IR_NONE) {
        TNI_TRY(tni_fuse_cut(&job->fused, &job->fused.filter, 1, &job->columns, &program,
                             &job->error));
        shape->filter = program;
    }
    if (count > 0) {
        TNI_TRY(tni_fuse_cut(&job->fused, registers, count, &job->columns, &program,
                             &job->error));
        shape->values = program;
    }
    return TRUENO_OK;
}

static trueno_status tni_acc_passes(tni_acc_job *job) {
    uint32_t p;
    TNI_TRY(tni_fuse(job->plan, &job->arena, &job->fused, &job->error));
    TNI_TRY(tni_fuse_columns(&job->fused, &job->columns, &job->error));
    TNI_TRY(tni_acc_slots(job));
    job->pass_count = (job->slot_count + TNI_GPU_SLOTS - 1) / TNI_GPU_SLOTS;
    if (job->pass_count > TNI_ACC_PASSES) {
        return tni_acc_refuse(job, "the GPU does not compute that many aggregates");
    }
    job->passes =
        (tni_acc_pass *)tni_arena_alloc(&job->arena, job->pass_count * sizeof *job->passes);
    if (job->passes == NULL) {
        return tni_acc_short_of_memory(job);
    }
    for (p = 0; p < job->pass_count; p++) {
        TNI_TRY(tni_acc_pass_plan(job, &job->passes[p], p * TNI_GPU_SLOTS));
    }
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------------- data --- */

static trueno_status tni_acc_column(tni_acc_job *job, uint32_t c, const tni_segment ***out) {
    uint32_t field = job->scan->source_columns[job->columns.list[c]];
    uint32_t count = job->data.segment_count, g;
    const tni_segment **segments =
        (const tni_segment **)tni_arena_alloc(&job->arena, (count + 1) * sizeof *segments);
    if (segments == NULL) {
        return tni_acc_short_of_memory(job);
    }
    for (g = 0; g < count && !job->broken; g++) {
        segments[g] = job->table->groups[g]->segments[field];
    }
    if (job->broken) {
        TNI_TRY(tni_acc_whole_column(job->run->env, job->table, field, &job->arena, segments,
                                     &job->error));
    }
    job->fields[c] = field;
    *out = segments;
    TNI_TRY(tni_gpu_layout_of(segments, count, &job->layouts[c], &job->error));
    job->work.missing_bytes += (double)job->data.rows * job->layouts[c].width;
    return TRUENO_OK;
}

/* A table with short segments inside is put together, unless it is large, or float sums count on
 * the segments' blocks. */
static trueno_status tni_acc_whole(tni_acc_job *job) {
    uint32_t p;
    if (!job->broken) {
        return TRUENO_OK;
    }
    for (p = 0; p < job->parts.part_count; p++) {
        if (job->parts.parts[p].kind == TNI_PART_BLOCKS) {
            return tni_acc_refuse(job, "float sums of a table with short segments inside (CREATE "
                                       "TABLE AS makes it whole)");
        }
    }
    if (job->data.rows > TNI_ACC_WHOLE_ROWS) {
        return tni_acc_refuse(job, "a large table with short segments inside (CREATE TABLE AS "
                                   "makes it whole)");
    }
    job->data.segment_count =
        (uint32_t)((job->data.rows + TNI_SEGMENT_ROWS - 1) / TNI_SEGMENT_ROWS);
    return TRUENO_OK;
}

/* Layouts and segments of the columns that the passes read. */
static trueno_status tni_acc_data(tni_acc_job *job) {
    uint32_t count = TNI_MAX(job->columns.count, 1u), c, p;
    const tni_segment ***columns =
        (const tni_segment ***)tni_arena_alloc(&job->arena, count * sizeof *columns);
    job->layouts = (tni_gpu_layout *)tni_arena_alloc(&job->arena, count * sizeof *job->layouts);
    job->fields = (uint32_t *)tni_arena_alloc(&job->arena, count * sizeof *job->fields);
    if (columns == NULL || job->layouts == NULL || job->fields == NULL) {
        return tni_acc_short_of_memory(job);
    }
    job->data.segment_count = (uint32_t)job->table->group_count;
    while (job->data.segment_count > 0 &&
           job->table->groups[job->data.segment_count - 1]->rows == 0) {
        job->data.segment_count--;
    }
    for (c = 0; c + 1 < job->data.segment_count; c++) {
        job->broken = job->broken || job->table->groups[c]->rows != TNI_SEGMENT_ROWS;
    }
    job->data.rows = job->table->source.rows;
    TNI_TRY(tni_acc_whole(job));
    for (c = 0; c < job->columns.count; c++) {
        TNI_TRY(tni_acc_column(job, c, &columns[c]));
    }
    job->data.owner = tni_acc_owner(job->acc, job->table, !job->asked, &job->uses);
    job->data.columns = (const tni_segment *const *const *)columns;
    job->data.column_count = job->columns.count;
    job->data.numbers = job->fields;
    for (p = 0; p < job->pass_count; p++) {
        job->passes[p].group.shape.columns = job->layouts;
        job->passes[p].group.shape.column_count = job->columns.count;
    }
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------- prediction --- */

static uint64_t tni_acc_hash_program(uint64_t hash, const tni_program *program) {
    uint32_t i, a;
    for (i = 0; program != NULL && i < program->count; i++) {
        const tni_ir_node *node = &program->nodes[i];
        hash = tni_hash_combine(hash, (uint64_t)node->op << 32 | node->column);
        hash = tni_hash_combine(hash, (uint64_t)node->type.id << 32 | node->type.scale);
        hash = tni_hash_combine(hash, (uint64_t)(uintptr_t)node->function);
        for (a = 0; a < node->argument_count; a++) {
            hash = tni_hash_combine(hash, node->arguments[a]);
        }
    }
    return hash;
}

/* What decides about the kernels of a grouped shape, near enough to tell new ones. */
static uint64_t tni_acc_hash_pass(const tni_acc_job *job, const tni_acc_pass *pass) {
    const tni_gpu_shape *shape = &pass->group.shape;
    uint64_t hash = tni_hash_combine(job->work.kind, shape->slot_count);
    uint32_t i;
    hash = tni_acc_hash_program(hash, shape->filter);
    hash = tni_acc_hash_program(hash, shape->values);
    for (i = 0; i < shape->slot_count; i++) {
        hash = tni_hash_combine(hash, (uint64_t)shape->slots[i].aggregate << 32 |
                                          shape->slots[i].output);
    }
    for (i = 0; i < shape->column_count; i++) {
        const tni_gpu_layout *layout = &shape->columns[i];
        hash = tni_hash_combine(hash, (uint64_t)layout->width << 2 | (uint64_t)layout->based << 1 |
                                          (uint64_t)layout->nullable);
    }
    return hash;
}

static trueno_status tni_acc_emit(tni_acc_job *job) {
    const tni_gpu_info *info = job->device->info;
    tni_cost_work *work = &job->work;
    uint32_t p;
    for (p = 0; p < job->pass_count; p++) {
        tni_acc_pass *pass = &job->passes[p];
        if (job->parts.key_count > 0) {
            TNI_TRY(tni_gpu_group_emit(info, &pass->group, &job->arena, &pass->group_code,
                                       &job->error));
            job->hash = tni_acc_hash_pass(job, pass);
            work->builds += tni_acc_shape_known(job->acc, job->hash) ? 0u : 2u;
            continue;
        }
        TNI_TRY(tni_gpu_emit(info, &pass->group.shape, &job->arena, &pass->code, &job->error));
        work->builds += tni_acc_scan_ready(job->acc, &pass->code) ? 0u : 1u;
    }
    return TRUENO_OK;
}

/* The texts of a choice go where they outlive the job. */
static void tni_acc_explain(const tni_acc_job *job, tni_choice *choice) {
    const tni_cost *c = &job->cost;
    tni_policy policy = job->acc->options.policy;
    choice->cpu_ms = c->cpu_ms;
    choice->gpu_ms = c->gpu_ms;
    choice->reason = tni_acc_text(
        job->run->arena,
        "GPU %.3f ms (waiting %.3f, building %.3f, transfer %.3f, kernel %.3f, results %.3f%s), "
        "processor %.3f ms (memory %.3f, arithmetic %.3f): %s",
        c->gpu_ms, c->submit_ms, c->build_ms, c->upload_ms, c->kernel_ms, c->download_ms,
        c->credit_ms > 0 ? "; the transfer is kept for later" : "", c->cpu_ms, c->memory_ms,
        c->arithmetic_ms,
        policy == TNI_POLICY_GPU    ? "the GPU, as configured"
        : policy == TNI_POLICY_SPEC ? "the published rule"
                                    : tni_cost_term(c, choice->gpu));
}

static void tni_acc_predict(tni_acc_job *job, tni_choice *choice) {
    tni_acc *acc = job->acc;
    tni_cost_work *work = &job->work;
    uint64_t resident, most = job->device->budget;
    double image = work->missing_bytes;
    uint32_t in_flight;
    tni_mutex_lock(&acc->mutex);
    in_flight = acc->in_flight;
    work->queue_ms = in_flight * acc->recent_ms;
    tni_mutex_unlock(&acc->mutex);
    resident = in_flight > 0 ? 0
                             : tni_acc_resident(acc, job->data.owner, job->fields,
                                                job->columns.count);
    if (in_flight > 0 && job->uses > 0 && image <= (double)most) {
        work->missing_bytes = 0; /* asking would wait for the device; it was there before */
    } else {
        work->missing_bytes = TNI_MAX(image - (double)resident, 0.0);
    }
    work->passes = job->pass_count;
    work->submissions = 1 + (uint32_t)(image / (128.0 * 1048576));
    work->result_bytes = work->kind == TNI_COST_SCAN
                             ? work->rows / 4096 * 8 * job->slot_count
                             : work->groups * 16 * (job->slot_count + 1);
    work->reuse = job->uses;
    work->fits = image < (double)most;
    tni_mutex_lock(&acc->mutex);
    tni_cost_predict(work, &acc->gpu_rates, &acc->cpu_rates, &job->cost);
    tni_mutex_unlock(&acc->mutex);
    choice->gpu = tni_cost_choose(acc->options.policy, work, &job->cost);
    tni_acc_explain(job, choice);
}

/* Everything up to the choice. Not OK: the processor, for the reason in job->error. */
static trueno_status tni_acc_decide(tni_acc_job *job, tni_choice *choice) {
    const char *reason = "";
    tni_acc_note *note;
    bool force = job->acc->options.policy != TNI_POLICY_AUTO;
    TNI_TRY(tni_acc_look(job));
    TNI_TRY(tni_acc_parts(job));
    choice->cpu_ms = job->cost.cpu_ms;
    note = (tni_acc_note *)tni_arena_alloc(job->run->arena, sizeof *note);
    if (note != NULL) {
        note->work = job->work;
        note->cpu_ms = job->cost.cpu_ms;
        choice->work = note;
    }
    job->device = tni_acc_device(job->acc, job->asked ? 0 : job->cost.cpu_ms, force, &job->arena,
                                 &reason);
    if (job->device == NULL) {
        return tni_acc_refuse(job, reason);
    }
    TNI_TRY(tni_acc_passes(job));
    TNI_TRY(tni_acc_data(job));
    TNI_TRY(tni_acc_emit(job));
    tni_acc_predict(job, choice);
    return TRUENO_OK;
}

/* -------------------------------------------------------------------------------- running --- */

static trueno_status tni_acc_run_pass(tni_acc_job *job, tni_acc_pass *pass) {
    bool overflowed = false;
    if (job->parts.key_count > 0) {
        tni_gpu_group_result *r = &pass->groups;
        TNI_TRY(tni_gpu_group(job->device, &pass->group, pass->group_code, &job->data, r,
                              &job->error));
        pass->ran = true;
        overflowed = r->overflowed;
        job->compile_ms += r->compile_ms;
        job->upload_ms += r->upload_ms;
        job->compute_ms += r->compute_ms;
        job->uploaded_bytes += r->uploaded_bytes;
        job->read_bytes += r->read_bytes;
    } else {
        tni_gpu_scan_result *r = &pass->scan;
        TNI_TRY(tni_gpu_scan(job->device, &pass->group.shape, &pass->code, &job->data, r,
                             &job->error));
        pass->ran = true;
        overflowed = r->overflowed;
        job->compile_ms += r->compile_ms;
        job->upload_ms += r->upload_ms;
        job->compute_ms += r->compute_ms;
        job->uploaded_bytes += r->uploaded_bytes;
        job->read_bytes += r->read_bytes;
    }
    return overflowed ? tni_acc_refuse(job, "a value left the range of its type on the GPU: the "
                                            "processor says which")
                      : TRUENO_OK;
}

static trueno_status tni_acc_run_passes(tni_acc_job *job) {
    tni_acc *acc = job->acc;
    int64_t start = tni_clock_nanoseconds();
    trueno_status status = TRUENO_OK;
    uint32_t p;
    tni_mutex_lock(&acc->mutex);
    acc->in_flight++;
    tni_mutex_unlock(&acc->mutex);
    for (p = 0; p < job->pass_count && status == TRUENO_OK; p++) {
        status = tni_acc_run_pass(job, &job->passes[p]);
    }
    tni_mutex_lock(&acc->mutex);
    acc->in_flight--;
    acc->recent_ms = (double)(tni_clock_nanoseconds() - start) * 1e-6;
    tni_mutex_unlock(&acc->mutex);
    return status;
}

static void tni_acc_free_passes(tni_acc_job *job) {
    uint32_t p;
    for (p = 0; p < job->pass_count && job->passes != NULL; p++) {
        if (!job->passes[p].ran) {
            continue;
        }
        if (job->parts.key_count > 0) {
            tni_gpu_group_free(&job->passes[p].groups);
            continue;
        }
        tni_gpu_scan_free(job->device, &job->passes[p].scan);
    }
}

/* What it took corrects the rates. */
static void tni_acc_learn_run(tni_acc_job *job, double wall_ms) {
    tni_acc *acc = job->acc;
    tni_cost_gpu *rates = &acc->gpu_rates;
    double rest = wall_ms - job->compile_ms - job->upload_ms - job->compute_ms;
    tni_mutex_lock(&acc->mutex);
    if (job->compile_ms > 1 && job->work.builds > 0) {
        rates->build_ms += 0.3 * (job->compile_ms / job->work.builds - rates->build_ms);
        acc->built = true;
    }
    if (job->uploaded_bytes > 1u << 20) {
        tni_cost_learn_rate(&rates->upload, (double)job->uploaded_bytes, job->upload_ms);
    }
    if (job->compute_ms > 0 && job->work.builds == 0) { /* drivers may compile when first run */
        tni_cost_learn(&rates->factor[job->work.kind], job->cost.kernel_ms, job->compute_ms);
    }
    if (rest > 0 && job->work.kind == TNI_COST_SCAN && job->work.submissions == 1 &&
        job->work.builds == 0) {
        rates->submit_ms += 0.1 * (rest / job->pass_count - rates->submit_ms);
    }
    tni_mutex_unlock(&acc->mutex);
    if (job->parts.key_count > 0) {
        uint32_t p;
        for (p = 0; p < job->pass_count; p++) {
            tni_acc_shape_learn(acc, tni_acc_hash_pass(job, &job->passes[p]));
        }
    }
}

/* ------------------------------------------------------------------------------- results --- */

/* Arrays of one value, for results without groups. */
typedef struct tni_acc_single {
    uint64_t count, bits;
    tni_i128 sum;
} tni_acc_single;

static trueno_status tni_acc_values_scan(tni_acc_job *job, tni_part_values *values) {
    uint32_t p;
    for (p = 0; p < job->parts.part_count; p++) {
        uint32_t slot = job->slot_of[p];
        const tni_gpu_scan_result *r = &job->passes[slot / TNI_GPU_SLOTS].scan;
        const tni_gpu_slot_result *s = &r->slots[slot % TNI_GPU_SLOTS];
        tni_acc_single *single =
            (tni_acc_single *)tni_arena_alloc(&job->arena, sizeof *single);
        if (single == NULL) {
            return tni_acc_short_of_memory(job);
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

static trueno_status tni_acc_values_groups(tni_acc_job *job, tni_part_values *values) {
    uint64_t count = job->passes[0].groups.group_count, g;
    uint32_t p;
    for (p = 0; p < job->parts.part_count; p++) {
        uint32_t slot = job->slot_of[p], s = slot % TNI_GPU_SLOTS;
        const tni_gpu_group_result *r = &job->passes[slot / TNI_GPU_SLOTS].groups;
        const tni_gpu_float_sum *floats = r->floats[s];
        values[p].counts = r->counts[s];
        values[p].bits = r->bits[s];
        values[p].sums = r->sums[s];
        if (job->parts.parts[p].kind == TNI_PART_LIMBS) {
            tni_part_limbs *limbs = (tni_part_limbs *)tni_arena_alloc(
                &job->arena, (size_t)TNI_MAX(count, 1u) * sizeof *limbs);
            if (limbs == NULL) {
                return tni_acc_short_of_memory(job);
            }
            for (g = 0; g < count; g++) {
                memcpy(limbs[g].limbs, floats[g].limbs, sizeof limbs[g].limbs);
                limbs[g].flags = floats[g].flags;
                limbs[g].grid = floats[g].grid;
            }
            values[p].limbs = limbs;
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_acc_keys(tni_acc_job *job, tni_part_import *import) {
    const tni_acc_pass *pass = &job->passes[0];
    uint64_t count = pass->groups.group_count, g;
    uint32_t keys = job->parts.key_count, k;
    const uint64_t **codes =
        (const uint64_t **)tni_arena_alloc(&job->arena, keys * sizeof *codes);
    const uint8_t **nulls = (const uint8_t **)tni_arena_alloc(&job->arena, keys * sizeof *nulls);
    if (codes == NULL || nulls == NULL) {
        return tni_acc_short_of_memory(job);
    }
    for (k = 0; k < keys; k++) {
        uint64_t *code = (uint64_t *)tni_arena_alloc(&job->arena,
                                                     (size_t)TNI_MAX(count, 1u) * sizeof *code);
        uint8_t *null = (uint8_t *)tni_arena_alloc(&job->arena, (size_t)TNI_MAX(count, 1u));
        if (code == NULL || null == NULL) {
            return tni_acc_short_of_memory(job);
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
static trueno_status tni_acc_import(tni_acc_job *job, bool *done, tni_error *error) {
    tni_part_import import;
    tni_part_values *values = (tni_part_values *)tni_arena_alloc(
        &job->arena, TNI_MAX(job->parts.part_count, 1u) * sizeof *values);
    bool grouped = job->parts.key_count > 0;
    uint32_t p;
    memset(&import, 0, sizeof import);
    if (values == NULL) {
        (void)tni_acc_short_of_memory(job);
        return TRUENO_OK;
    }
    for (p = 1; grouped && p < job->pass_count; p++) {
        if (job->passes[p].groups.group_count != job->passes[0].groups.group_count) {
            (void)tni_acc_refuse(job, "two passes found different groups");
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

static void tni_acc_report(tni_acc_job *job, const tni_choice *choice, double wall_ms) {
    trueno_pipeline_info info;
    tni_run *run = job->run;
    memset(&info, 0, sizeof info);
    info.name = tni_acc_text(run->arena, "scan %.200s -> %s%s", job->table->source.name,
                             job->fused.filter != TNI_IR_NONE ? "filter -> " : "",
                             job->parts.key_count == 0 ? "aggregate" : "group");
    info.backend = tni_acc_text(run->arena, "gpu:%s", job->device->info->name);
    info.reason = choice->reason;
    info.rows_in = job->table->source.rows;
    info.rows_out =
        job->parts.key_count == 0 ? 1 : job->passes[0].groups.group_count;
    info.bytes_read = job->read_bytes;
    info.seconds = wall_ms * 1e-3;
    info.compute_ms = job->compute_ms;
    info.transfer_ms = job->upload_ms;
    info.compile_ms = job->compile_ms;
    info.predicted_cpu_ms = choice->cpu_ms;
    info.predicted_gpu_ms = choice->gpu_ms;
    tni_run_report(run, &info);
    tni_atomic_add_i64(&run->env->rows_read, (int64_t)info.rows_in);
    tni_atomic_add_i64(&run->env->bytes_read, (int64_t)info.bytes_read);
}

/* -------------------------------------------------------------------------------- entries --- */

static void tni_acc_begin(tni_acc_job *job, tni_accelerator *accelerator, tni_run *run,
                          const tni_plan *plan, tni_operator *sink) {
    memset(job, 0, sizeof *job);
    job->acc = (tni_acc *)accelerator;
    job->run = run;
    job->plan = plan;
    job->sink = sink;
    tni_arena_init(&job->arena, run->env->memory);
    tni_error_clear(&job->error);
}

static void tni_acc_end(tni_acc_job *job, tni_choice *choice) {
    tni_acc_free_passes(job);
    tni_arena_free(&job->arena);
    if (job->error.status != TRUENO_OK) {
        choice->gpu = false;
        choice->reason = tni_acc_text(job->run->arena, "%s", job->error.message);
    }
}

TNI_FN void tni_acc_choose(tni_accelerator *accelerator, tni_run *run, const tni_plan *plan,
                           tni_choice *out) {
    tni_acc_job job;
    tni_operator *sink;
    tni_driver *driver;
    memset(out, 0, sizeof *out);
    out->cpu_ms = out->gpu_ms = -1;
    tni_acc_begin(&job, accelerator, run, plan, NULL);
    job.asked = true;
    if (tni_aggregate_new(run, plan, &sink, &driver, &job.error) == TRUENO_OK) {
        job.sink = sink;
        (void)tni_acc_decide(&job, out);
        driver->ops->free(driver);
        sink->ops->free(sink);
    }
    tni_acc_end(&job, out);
}

TNI_FN trueno_status tni_acc_aggregate(tni_accelerator *accelerator, tni_run *run,
                                       const tni_plan *plan, tni_operator *sink,
                                       tni_choice *choice, bool *done, tni_error *error) {
    tni_acc_job job;
    trueno_status status = TRUENO_OK;
    *done = false;
    TNI_TRY(tni_env_check(run->env, error));
    tni_acc_begin(&job, accelerator, run, plan, sink);
    if (tni_acc_decide(&job, choice) == TRUENO_OK) {
        if (choice->gpu) {
            int64_t start = tni_clock_nanoseconds();
            if (tni_acc_run_passes(&job) == TRUENO_OK) {
                double wall = (double)(tni_clock_nanoseconds() - start) * 1e-6;
                tni_acc_learn_run(&job, wall);
                status = tni_acc_import(&job, done, error);
                if (*done && status == TRUENO_OK) {
                    tni_acc_report(&job, choice, wall);
                }
            }
        } else if (job.parts.key_count == 0 && job.cost.build_ms > 0) {
            tni_acc_build_aside(job.acc, &job.passes[0].code);
        } else if (job.cost.build_ms > 0) { /* the second query of a shape has it built */
            tni_acc_shape_learn(job.acc, job.hash);
        }
    }
    if (status == TRUENO_OK) {
        status = tni_env_check(run->env, error);
    }
    tni_acc_end(&job, choice);
    return status;
}

TNI_FN void tni_acc_learn(tni_accelerator *accelerator, const tni_choice *choice,
                          double milliseconds) {
    tni_acc *acc = (tni_acc *)accelerator;
    const tni_acc_note *note = (const tni_acc_note *)choice->work;
    if (note->work.rows < 1e5) {
        return; /* starting costs more than the work */
    }
    tni_mutex_lock(&acc->mutex);
    tni_cost_learn(&acc->cpu_rates.factor[note->work.kind], note->cpu_ms, milliseconds);
    tni_mutex_unlock(&acc->mutex);
}

#undef TNI_ACC_SHORT_MS
#undef TNI_ACC_DENSE
#undef TNI_ACC_DIRECT
#undef TNI_ACC_PASSES
#undef TNI_ACC_WHOLE_ROWS

#endif
