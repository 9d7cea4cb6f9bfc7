/*
 * operator_order.c - the first rows of ORDER BY ... LIMIT over filters and projections over a
 * table, on the GPU.
 *
 * The device computes keys and finds which rows come first, ties by row; the processor then reads
 * just these rows and sorts them as it would have. So every column, of any type, may be in the
 * answer, and only the keys and the filter must be what the device can compute.
 *
 * Uses: exec/operator.h, plan/fuse.h, gpu/.
 */
#include "gpu/accelerator_internal.h"

#if !defined(TRUENO_NO_VULKAN)

typedef struct tni_acc_first { /* a job of this operator */
    tni_acc_job base;
    tni_gpu_order_shape shape;
    tni_gpu_order_code *code;
    tni_gpu_order_result result;
} tni_acc_first;

/* The keys and the filter as programs over the table's columns. */
static trueno_status tni_acc_first_programs(tni_acc_first *job) {
    tni_acc_job *base = &job->base;
    uint32_t registers[TNI_GPU_SLOTS], i;
    tni_program *program;
    TNI_TRY(tni_fuse(base->plan, &base->arena, &base->fused, &base->error));
    TNI_TRY(tni_fuse_columns(&base->fused, &base->columns, &base->error));
    for (i = 0; i < base->plan->sort_key_count; i++) {
        const tni_sort_key *key = &base->plan->sort_keys[i];
        registers[i] = base->fused.outputs[key->column];
        job->shape.keys[i].output = i;
        job->shape.keys[i].descending = key->descending;
        job->shape.keys[i].nulls_first = key->nulls_first;
    }
    job->shape.key_count = i;
    job->shape.limit = base->plan->limit + base->plan->offset;
    TNI_TRY(tni_fuse_cut(&base->fused, registers, i, &base->columns, &program, &base->error));
    job->shape.shape.values = program;
    if (base->fused.filter != TNI_IR_NONE) {
        TNI_TRY(tni_fuse_cut(&base->fused, &base->fused.filter, 1, &base->columns, &program,
                             &base->error));
        job->shape.shape.filter = program;
    }
    return TRUENO_OK;
}

static trueno_status tni_acc_first_decide(tni_acc_first *job, tni_choice *choice) {
    tni_acc_job *base = &job->base;
    const tni_plan *plan = base->plan;
    tni_error ignored; /* what cannot be listed is built when it is asked for */
    tni_error_clear(&ignored);
    TNI_TRY(tni_acc_look(base));
    if (plan->sort_key_count == 0 || plan->sort_key_count > TNI_GPU_SLOTS) {
        return tni_acc_refuse(base, "the GPU does not order by none or so many keys");
    }
    base->work.kind = TNI_COST_TOP;
    base->work.keys = plan->sort_key_count;
    base->work.aggregates = 0;
    base->pass_count = 1;
    TNI_TRY(tni_acc_worth(base, choice));
    TNI_TRY(tni_acc_find_device(base));
    TNI_TRY(tni_acc_first_programs(job));
    TNI_TRY(tni_acc_data(base));
    job->shape.shape.columns = base->layouts;
    job->shape.shape.column_count = base->columns.count;
    job->shape.shape.env = base->run->env;
    job->shape.shape.settings = base->run->settings;
    TNI_TRY(tni_gpu_order_emit(base->device->info, &job->shape, &base->arena, &job->code,
                               &base->error));
    (void)tni_gpu_order_list(base->device, &job->shape, job->code, &base->data, &base->kernels,
                             &ignored);
    base->work.builds = tni_acc_missing(base);
    base->work.result_bytes = 4.0 * (double)(plan->limit + plan->offset);
    tni_acc_predict(base, choice);
    return TRUENO_OK;
}

/* Down the heap: `v` without its root. */
static void tni_acc_sift(uint32_t *v, uint64_t root, uint64_t end) {
    uint64_t child;
    while ((child = 2 * root + 1) < end) {
        uint32_t t = v[root];
        child += child + 1 < end && v[child] < v[child + 1] ? 1u : 0u;
        if (t >= v[child]) {
            return;
        }
        v[root] = v[child];
        v[child] = t;
        root = child;
    }
}

static void tni_acc_sort_rows(uint32_t *v, uint64_t count) {
    uint64_t i;
    for (i = count / 2; i-- > 0;) {
        tni_acc_sift(v, i, count);
    }
    for (i = count; i-- > 1;) {
        uint32_t t = v[0];
        v[0] = v[i];
        v[i] = t;
        tni_acc_sift(v, 0, i);
    }
}

/* Row numbers of the table, ascending, as places of its row groups. */
static trueno_status tni_acc_places(tni_acc_first *job, tni_row_place **out, uint64_t *count,
                                    tni_error *error) {
    tni_memory *memory = job->base.run->env->memory;
    const tni_table *table = job->base.table;
    uint64_t rows = job->result.row_count, i;
    size_t group = 0, room = (size_t)TNI_MAX(rows, 1u);
    tni_row_place *places = (tni_row_place *)tni_alloc_array(memory, room, sizeof *places);
    if (places == NULL) {
        return tni_memory_fail(memory, room * sizeof *places, error);
    }
    tni_acc_sort_rows(job->result.rows, rows);
    for (i = 0; i < rows; i++) {
        uint64_t row = job->result.rows[i];
        while (group + 1 < table->group_count && table->first_rows[group + 1] <= row) {
            group++;
        }
        places[i].order = group;
        places[i].row = (uint32_t)(row - table->first_rows[group]);
    }
    *out = places;
    *count = rows;
    return TRUENO_OK;
}

static trueno_status tni_acc_first_run(tni_acc_first *job, const tni_choice *choice,
                                       tni_row_place **places, uint64_t *count,
                                       tni_error *error) {
    tni_acc_job *base = &job->base;
    int64_t entered = tni_acc_enter(base);
    trueno_status status = tni_gpu_order(base->device, &job->shape, job->code, &base->data,
                                         &job->result, &base->error);
    double wall = tni_acc_leave(base, entered);
    if (status != TRUENO_OK) {
        return TRUENO_OK; /* the reason is in the job */
    }
    base->compile_ms = job->result.compile_ms;
    base->upload_ms = job->result.upload_ms;
    base->compute_ms = job->result.compute_ms;
    base->uploaded_bytes = job->result.uploaded_bytes;
    base->read_bytes = job->result.read_bytes;
    tni_acc_learn_run(base, wall);
    if (job->result.overflowed) {
        (void)tni_acc_refuse(base, "a value left the range of its type on the GPU: the processor "
                                   "says which");
    } else {
        status = tni_acc_places(job, places, count, error);
        tni_acc_report(base, choice, job->result.form, job->result.row_count, wall);
    }
    tni_gpu_order_free(&job->result);
    return status;
}

TNI_FN trueno_status tni_acc_order(tni_accelerator *accelerator, tni_run *run,
                                   const tni_plan *plan, tni_row_place **places,
                                   uint64_t *count, tni_choice *choice, tni_error *error) {
    tni_acc_first job;
    trueno_status status = TRUENO_OK;
    *places = NULL;
    *count = 0;
    TNI_TRY(tni_env_check(run->env, error));
    memset(&job, 0, sizeof job);
    tni_acc_begin(&job.base, accelerator, run, plan);
    if (tni_acc_first_decide(&job, choice) == TRUENO_OK) {
        if (choice->gpu) {
            status = tni_acc_first_run(&job, choice, places, count, error);
        } else if (job.base.work.builds > 0) {
            tni_acc_build_aside(&job.base);
        }
    }
    tni_acc_end(&job.base, choice);
    return status;
}

TNI_FN void tni_acc_choose_order(tni_accelerator *accelerator, tni_run *run,
                                 const tni_plan *plan, tni_choice *out) {
    tni_acc_first job;
    memset(&job, 0, sizeof job);
    tni_acc_begin(&job.base, accelerator, run, plan);
    job.base.asked = true;
    (void)tni_acc_first_decide(&job, out);
    tni_acc_end(&job.base, out);
}

#endif
