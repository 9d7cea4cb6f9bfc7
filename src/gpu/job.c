/*
 * job.c - what every operator of the accelerator goes through: is the input a table, long enough
 * to matter; its columns as the device wants them; the prediction and the choice; the report.
 *
 * A job that ends early leaves the reason in job->error, and the processor does the work.
 *
 * Uses: plan/fuse.h, plan/cost.h, gpu/.
 */
#include "gpu/accelerator_internal.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_ACC_SHORT_MS 0.08   /* on the processor: shorter than any submission */
#define TNI_ACC_WHOLE_ROWS 4194304u

TNI_FN trueno_status tni_acc_refuse(tni_acc_job *job, const char *reason) {
    return tni_fail(&job->error, TRUENO_ERROR_UNSUPPORTED, "%s", reason);
}

TNI_FN trueno_status tni_acc_short_of_memory(tni_acc_job *job) {
    return tni_fail_memory(&job->error, 0);
}

/* ------------------------------------------------------------------------- is it worth it --- */

static uint32_t tni_acc_operations(const tni_plan *plan) {
    uint32_t count = plan->program != NULL ? plan->program->count : 0;
    for (plan = plan->input; plan != NULL; plan = plan->input) {
        count += plan->kind == TNI_PLAN_PROJECT ? plan->program->count : 0;
        count += plan->filter != NULL ? plan->filter->count : 0;
    }
    return count;
}

/* The table below, and what the processor would take: quick, for most queries end here. */
TNI_FN trueno_status tni_acc_look(tni_acc_job *job) {
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
    job->known = tni_known_of(job->acc, job->table);
    if (job->known == NULL) {
        return tni_acc_short_of_memory(job);
    }
    work->rows = (double)job->table->source.rows;
    for (i = 0; i < job->scan->scan_column_count; i++) {
        work->bytes +=
            (double)tni_known_bytes(job->acc, job->known, job->table, job->scan->source_columns[i]);
    }
    work->cpu_share = tni_known_share(job->table, job->scan->prunes, job->scan->prune_count);
    work->operations = tni_acc_operations(plan);
    work->aggregates = plan->aggregate_count;
    work->keys = plan->key_count;
    work->passes = work->submissions = 1;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_acc_worth(tni_acc_job *job, tni_choice *choice) {
    tni_acc *acc = job->acc;
    tni_acc_note *note = (tni_acc_note *)tni_arena_alloc(job->run->arena, sizeof *note);
    tni_mutex_lock(&acc->mutex);
    job->cost.cpu_ms = tni_cost_predict_cpu(&job->work, &acc->cpu_rates);
    tni_mutex_unlock(&acc->mutex);
    choice->cpu_ms = job->cost.cpu_ms;
    if (note != NULL) {
        note->work = job->work;
        note->cpu_ms = job->cost.cpu_ms;
        choice->work = note;
    }
    if (acc->options.policy == TNI_POLICY_AUTO && job->cost.cpu_ms < TNI_ACC_SHORT_MS) {
        return tni_fail(&job->error, TRUENO_ERROR_UNSUPPORTED,
                        "%.3f ms on the processor: too short for a GPU", job->cost.cpu_ms);
    }
    if (acc->options.policy == TNI_POLICY_SPEC && !tni_cost_spec_rule(&job->work)) {
        return tni_acc_refuse(job, "computation is not above 5 x transfer, or 10 MB are not "
                                   "reached: the published rule");
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_acc_find_device(tni_acc_job *job) {
    const char *reason = "";
    bool force = job->acc->options.policy != TNI_POLICY_AUTO;
    job->device = tni_acc_device(job->acc, job->asked ? 0 : job->cost.cpu_ms, force, &job->arena,
                                 &reason);
    job->device_count = job->work.devices = 1;
    return job->device == NULL ? tni_acc_refuse(job, reason) : TRUENO_OK;
}

/* --------------------------------------------------------------------------------- data --- */

/* A column that is put together from short segments, for this query alone. */
static trueno_status tni_acc_broken_column(tni_acc_job *job, uint32_t field, tni_gpu_layout *layout,
                                           const tni_segment *const **out) {
    uint32_t count = job->data.segment_count;
    const tni_segment **segments =
        (const tni_segment **)tni_arena_alloc(&job->arena, (count + 1) * sizeof *segments);
    if (segments == NULL) {
        return tni_acc_short_of_memory(job);
    }
    *out = segments;
    TNI_TRY(
        tni_acc_whole_column(job->run->env, job->table, field, &job->arena, segments, &job->error));
    return tni_gpu_layout_of(segments, count, layout, &job->error);
}

static trueno_status tni_acc_column(tni_acc_job *job, uint32_t c, const tni_segment *const **out) {
    uint32_t field = job->scan->source_columns[job->columns.list[c]];
    job->fields[c] = field;
    TNI_TRY(job->broken ? tni_acc_broken_column(job, field, &job->layouts[c], out)
                        : tni_known_layout(job->acc, job->known, job->table, field,
                                           &job->layouts[c], out, &job->error));
    job->work.missing_bytes += (double)job->data.rows * job->layouts[c].width;
    return TRUENO_OK;
}

/* A table with short segments inside is put together, unless it is large, or float sums count on
 * the segments' blocks. */
static trueno_status tni_acc_whole(tni_acc_job *job) {
    if (!job->broken) {
        return TRUENO_OK;
    }
    if (job->blocks) {
        return tni_acc_refuse(job, "float sums of a table with short segments inside (CREATE "
                                   "TABLE AS makes it whole)");
    }
    if (job->data.rows > TNI_ACC_WHOLE_ROWS) {
        return tni_acc_refuse(job, "a large table with short segments inside (CREATE TABLE AS "
                                   "makes it whole)");
    }
    job->data.segment_count =
        (uint32_t)((job->data.rows + TNI_SEGMENT_ROWS - 1) / TNI_SEGMENT_ROWS);
    return TRUENO_OK;
}

/* The partition that each segment is of, for the choice of its device. */
static trueno_status tni_acc_partitions(tni_acc_job *job) {
    uint32_t count = job->data.segment_count, g;
    uint32_t *partitions =
        (uint32_t *)tni_arena_alloc(&job->arena, (count + 1) * sizeof *partitions);
    if (partitions == NULL) {
        return tni_acc_short_of_memory(job);
    }
    for (g = 0; g < count; g++) {
        partitions[g] = job->table->groups[g]->first_partition;
    }
    job->data.partitions = partitions;
    return TRUENO_OK;
}

/* Layouts and segments of the columns that the passes read. */
TNI_FN trueno_status tni_acc_data(tni_acc_job *job) {
    uint32_t count = TNI_MAX(job->columns.count, 1u), c;
    const tni_segment *const **columns =
        (const tni_segment *const **)tni_arena_alloc(&job->arena, count * sizeof *columns);
    job->layouts = (tni_gpu_layout *)tni_arena_alloc(&job->arena, count * sizeof *job->layouts);
    job->fields = (uint32_t *)tni_arena_alloc(&job->arena, count * sizeof *job->fields);
    if (columns == NULL || job->layouts == NULL || job->fields == NULL) {
        return tni_acc_short_of_memory(job);
    }
    job->data.segment_count = tni_known_segments(job->known, &job->broken);
    job->data.rows = job->table->source.rows;
    TNI_TRY(tni_acc_whole(job));
    for (c = 0; c < job->columns.count; c++) {
        TNI_TRY(tni_acc_column(job, c, &columns[c]));
    }
    job->data.owner = tni_acc_owner(job->acc, job->table, !job->asked, &job->uses);
    job->data.columns = columns;
    job->data.column_count = job->columns.count;
    job->data.numbers = job->fields;
    return job->table->partitioning != NULL && !job->broken ? tni_acc_partitions(job) : TRUENO_OK;
}

/* ---------------------------------------------------------------------------- prediction --- */

/* The texts of a choice go where they outlive the job. */
static void tni_acc_explain(const tni_acc_job *job, tni_choice *choice) {
    const tni_cost *c = &job->cost;
    tni_policy policy = job->acc->options.policy;
    choice->cpu_ms = c->cpu_ms;
    choice->gpu_ms = c->gpu_ms;
    choice->reason = tni_acc_text(
        job->run->arena,
        "GPU %.3f ms (waiting %.3f, building %.3f, transfer %.3f, kernel %.3f, results %.3f%s%s), "
        "processor %.3f ms (memory %.3f, arithmetic %.3f): %s",
        c->gpu_ms, c->submit_ms, c->build_ms, c->upload_ms, c->kernel_ms, c->download_ms,
        c->hidden_ms > 0 ? "; transfer and kernel side by side" : "",
        c->credit_ms > 0 ? "; the transfer is kept for later" : "", c->cpu_ms, c->memory_ms,
        c->arithmetic_ms,
        policy == TNI_POLICY_GPU    ? "the GPU, as configured"
        : policy == TNI_POLICY_SPEC ? "the published rule"
                                    : tni_cost_term(c, choice->gpu));
}

static uint32_t tni_acc_morsels(const tni_acc_job *job) {
    uint32_t cut = tni_gpu_morsel_cut(job->device, job->layouts, job->columns.count);
    return TNI_MAX((job->data.segment_count + cut - 1) / cut, 1u);
}

TNI_FN void tni_acc_predict(tni_acc_job *job, tni_choice *choice) {
    tni_acc *acc = job->acc;
    tni_cost_work *work = &job->work;
    uint64_t resident, most = job->device->cache_limit * job->device_count;
    double image = work->missing_bytes;
    uint32_t in_flight;
    tni_mutex_lock(&acc->mutex);
    in_flight = acc->in_flight;
    work->queue_ms = in_flight * acc->recent_ms;
    tni_mutex_unlock(&acc->mutex);
    resident = in_flight > 0 ? 0
                             : tni_acc_resident(acc, job->device_count, job->data.owner,
                                                job->fields, job->columns.count);
    if (in_flight > 0 && job->uses > 0 && image <= (double)most) {
        work->missing_bytes = 0; /* asking would wait for the device; it was there before */
    } else {
        work->missing_bytes = TNI_MAX(image - (double)resident, 0.0);
    }
    job->resident_bytes = image - work->missing_bytes;
    work->passes = job->pass_count;
    work->submissions = tni_acc_morsels(job);
    work->missed_ms = tni_acc_missed(acc, job->data.owner, 0);
    work->fits = image < (double)most;
    tni_mutex_lock(&acc->mutex);
    tni_cost_predict(work, &acc->gpu_rates, &acc->cpu_rates, &job->cost);
    tni_mutex_unlock(&acc->mutex);
    choice->gpu = tni_cost_choose(acc->options.policy, work, &job->cost);
    if (!choice->gpu && !job->asked && work->fits) {
        (void)tni_acc_missed(acc, job->data.owner,
                             job->cost.cpu_ms - job->cost.submit_ms - job->cost.kernel_ms -
                                 job->cost.download_ms);
    }
    tni_acc_explain(job, choice);
}

/* -------------------------------------------------------------------------------- running --- */

TNI_FN int64_t tni_acc_enter(tni_acc_job *job) {
    tni_mutex_lock(&job->acc->mutex);
    job->acc->in_flight++;
    tni_mutex_unlock(&job->acc->mutex);
    return tni_clock_nanoseconds();
}

TNI_FN double tni_acc_leave(tni_acc_job *job, int64_t entered) {
    double wall = (double)(tni_clock_nanoseconds() - entered) * 1e-6;
    tni_mutex_lock(&job->acc->mutex);
    job->acc->in_flight--;
    job->acc->recent_ms = wall;
    tni_mutex_unlock(&job->acc->mutex);
    return wall;
}

/* What it took corrects the rates. */
TNI_FN void tni_acc_learn_run(tni_acc_job *job, double wall_ms) {
    tni_acc *acc = job->acc;
    tni_cost_gpu *rates = &acc->gpu_rates;
    const tni_cost *cost = &job->cost;
    double rest = wall_ms - job->compile_ms - job->upload_ms - job->compute_ms;
    /* drivers compile at first runs, and kernels wait for uploads */
    bool warm = job->work.builds == 0 && job->uploaded_bytes == 0;
    tni_mutex_lock(&acc->mutex);
    if (job->compile_ms > 1 && job->work.builds > 0) {
        rates->build_ms += 0.3 * (job->compile_ms / job->work.builds - rates->build_ms);
        acc->built = true;
    }
    if (job->uploaded_bytes > 1u << 20) {
        tni_cost_learn_rate(&rates->upload, (double)job->uploaded_bytes, job->upload_ms);
    }
    tni_cost_relax(tni_cost_factor_at(acc->cpu_rates.factor[job->work.kind], job->work.rows));
    if (warm) { /* what grows with the data around the device is the kernel's in the model, too */
        double kernel = wall_ms - job->compile_ms - job->upload_ms - cost->submit_ms -
                        cost->download_ms;
        tni_cost_learn(tni_cost_factor_at(rates->factor[job->work.kind], job->work.rows),
                       cost->kernel_ms, TNI_MAX(kernel, job->compute_ms));
    }
    if (warm && rest > 0 && job->work.kind == TNI_COST_SCAN && job->work.submissions == 1) {
        tni_cost_learn(&rates->submit, rates->submit_ms * rates->submit.now,
                       rest / TNI_MAX(job->pass_count, 1u));
    }
    tni_mutex_unlock(&acc->mutex);
}

TNI_FN void tni_acc_report(tni_acc_job *job, const tni_choice *choice, const char *operation,
                           uint64_t rows_out, double wall_ms) {
    trueno_pipeline_info info;
    tni_run *run = job->run;
    memset(&info, 0, sizeof info);
    info.name = tni_acc_text(run->arena, "scan %.200s -> %s%s", job->table->source.name,
                             job->fused.filter != TNI_IR_NONE ? "filter -> " : "", operation);
    info.backend = job->device_count > 1
                       ? tni_acc_text(run->arena, "gpu:%s, %u of them", job->device->info->name,
                                      job->device_count)
                       : tni_acc_text(run->arena, "gpu:%s", job->device->info->name);
    info.reason = choice->reason;
    info.rows_in = job->data.rows;
    info.rows_out = rows_out;
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

TNI_FN void tni_acc_learn(tni_accelerator *accelerator, const tni_choice *choice,
                          double milliseconds) {
    tni_acc *acc = (tni_acc *)accelerator;
    const tni_acc_note *note = (const tni_acc_note *)choice->work;
    double start = acc->cpu_rates.start_ms;
    if (milliseconds < 2 * start) {
        return; /* starting cost as much as the work */
    }
    tni_mutex_lock(&acc->mutex);
    tni_cost_learn(tni_cost_factor_at(acc->cpu_rates.factor[note->work.kind], note->work.rows),
                   note->cpu_ms - start, milliseconds - start);
    tni_cost_relax(tni_cost_factor_at(acc->gpu_rates.factor[note->work.kind], note->work.rows));
    tni_cost_relax(&acc->gpu_rates.submit);
    tni_mutex_unlock(&acc->mutex);
}

TNI_FN void tni_acc_begin(tni_acc_job *job, tni_accelerator *accelerator, tni_run *run,
                          const tni_plan *plan) {
    memset(job, 0, sizeof *job);
    job->acc = (tni_acc *)accelerator;
    job->run = run;
    job->plan = plan;
    tni_arena_init(&job->arena, run->env->memory);
    tni_gpu_kernel_list_init(&job->kernels, job->acc->memory);
    tni_error_clear(&job->error);
}

TNI_FN void tni_acc_end(tni_acc_job *job, tni_choice *choice) {
    tni_gpu_kernel_list_free(&job->kernels);
    tni_arena_free(&job->arena);
    if (job->error.status != TRUENO_OK) {
        choice->gpu = choice->shared = false;
        choice->reason = tni_acc_text(job->run->arena, "%s", job->error.message);
    }
}

#undef TNI_ACC_SHORT_MS
#undef TNI_ACC_WHOLE_ROWS

#endif
