/*
 * accelerator.c - life of an accelerator: when a device is opened, what is remembered of tables,
 * kernels built aside, and the report of devices.
 *
 * Opening takes 100 to 300 ms, so it waits until queries that a GPU could have taken have cost as
 * much on the processor; then a thread opens it while they go on. What a short query needs from
 * here is a comparison of two numbers. Locks: mutex before the device's, never the other way.
 *
 * Uses: exec/operator.h, plan/cost.h, gpu/.
 */
#include "gpu/accelerator_internal.h"

#include <stdarg.h>
#include <stdio.h>

TNI_FN tni_policy tni_accelerator_policy(trueno_backend backend) {
    switch (backend) {
    case TRUENO_BACKEND_AUTO: return TNI_POLICY_AUTO;
    case TRUENO_BACKEND_GPU: return TNI_POLICY_GPU;
    case TRUENO_BACKEND_SPEC: return TNI_POLICY_SPEC;
    default: return TNI_POLICY_CPU;
    }
}

#if !defined(TRUENO_NO_VULKAN)

#define TNI_ACC_OPEN_MS 300.0        /* what opening is taken to cost */
#define TNI_ACC_HOST_OPEN_MS 3000.0  /* without a thread for it */
#define TNI_ACC_MANY_ROWS 16e6        /* fewer are not worth a second device */
#define TNI_ACC_PROBE_BYTES (UINT64_C(8) << 20)
#define TNI_ACC_PROBE_MS 3.0

static void tni_acc_choose(tni_accelerator *accelerator, tni_run *run, const tni_plan *plan,
                           tni_choice *out) {
    memset(out, 0, sizeof *out);
    out->cpu_ms = out->gpu_ms = -1;
    if (plan->kind == TNI_PLAN_AGGREGATE) {
        tni_acc_choose_aggregate(accelerator, run, plan, out);
    } else {
        tni_acc_choose_order(accelerator, run, plan, out);
    }
}

static const tni_accelerator_ops tni_acc_ops = {tni_acc_choose, tni_acc_aggregate, tni_acc_order,
                                                tni_acc_learn};

TNI_FN const char *tni_acc_text(tni_arena *arena, const char *format, ...) {
    char text[640];
    const char *copy;
    va_list list;
    int length;
    va_start(list, format);
    length = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (length < 0) {
        return "";
    }
    copy = tni_arena_text(arena, text, TNI_MIN((size_t)length, sizeof text - 1));
    return copy == NULL ? "" : copy;
}

/* ---------------------------------------------------------------------- measuring rates --- */

static double tni_acc_since(int64_t start) {
    return (double)(tni_clock_nanoseconds() - start) * 1e-6;
}

/* One batch: fills and copies of `bytes` in device memory, and a small download. */
static bool tni_acc_probe_batch(tni_gpu_device *device, const tni_gpu_range *from,
                                const tni_gpu_range *to, uint64_t bytes, double *wall,
                                double *compute) {
    tni_gpu_batch batch;
    tni_error ignored;
    uint64_t at;
    int64_t start = tni_clock_nanoseconds();
    tni_error_clear(&ignored);
    *compute = 0;
    if (tni_gpu_batch_begin(device, &batch, &ignored) != TRUENO_OK) {
        return false;
    }
    if (bytes > 0) {
        tni_gpu_batch_copy(&batch, from, 0, to, 0, bytes);
    }
    tni_gpu_batch_fill(&batch, to, 0, 256, 0);
    tni_gpu_batch_download(&batch, to, 0, 256, &at);
    if (tni_gpu_batch_run(&batch, compute) != TRUENO_OK) {
        return false;
    }
    *wall = tni_acc_since(start);
    return true;
}

static void tni_acc_probe_rates(tni_gpu_device *device, const tni_gpu_range *from,
                                const tni_gpu_range *to, tni_cost_gpu *rates) {
    const uint64_t bytes = TNI_ACC_PROBE_BYTES;
    double wall = 0, compute = 0, empty = 1e9;
    uint8_t *data;
    int64_t start;
    int i;
    start = tni_clock_nanoseconds();
    for (i = 0; i < 3 || tni_acc_since(start) < TNI_ACC_PROBE_MS; i++) { /* it may have slept */
        if (!tni_acc_probe_batch(device, from, to, 0, &wall, &compute)) {
            return;
        }
        empty = TNI_MIN(empty, wall);
    }
    rates->submit_ms = empty;
    if (tni_acc_probe_batch(device, from, to, bytes, &wall, &compute) &&
        tni_acc_probe_batch(device, from, to, bytes, &wall, &compute)) {
        wall = compute > 0 ? compute : wall - empty;
        if (wall > 0) {
            rates->memory = 2 * (double)bytes / wall;
        }
    }
    data = (uint8_t *)tni_alloc_zero(device->memory, (size_t)bytes);
    if (data == NULL) {
        return;
    }
    for (i = 0; i < 2; i++) { /* the first makes the staging buffers */
        start = tni_clock_nanoseconds();
        if (tni_gpu_upload_bytes(device, from, data, bytes, NULL) == TRUENO_OK &&
            tni_gpu_upload_wait(device, NULL) == TRUENO_OK) {
            wall = tni_acc_since(start);
            rates->upload = wall > 0 ? (double)bytes / wall : rates->upload;
        }
    }
    rates->download = rates->upload / 2;
    tni_free(device->memory, data, (size_t)bytes);
}

/* A few milliseconds of measurements, once a device. */
static void tni_acc_calibrate(tni_gpu_device *device, tni_cost_gpu *rates) {
    tni_gpu_range from, to;
    tni_error ignored;
    tni_error_clear(&ignored);
    tni_cost_gpu_default(rates);
    tni_mutex_lock(&device->mutex);
    memset(&to, 0, sizeof to);
    if (tni_gpu_take(device, TNI_ACC_PROBE_BYTES, &from, &ignored) == TRUENO_OK &&
        tni_gpu_take(device, TNI_ACC_PROBE_BYTES, &to, &ignored) == TRUENO_OK &&
        tni_gpu_download_reserve(device, 4096, &ignored) == TRUENO_OK) {
        tni_acc_probe_rates(device, &from, &to, rates);
    }
    tni_gpu_give(device, &to);
    tni_gpu_give(device, &from);
    tni_mutex_unlock(&device->mutex);
    if (device->info->is_software) { /* arithmetic at the processor's rate, on all its threads */
        rates->rows = 40e6;
        rates->build_ms = 100;
    }
}

/* ------------------------------------------------------------------------------ opening --- */

static void tni_acc_tasks(void *user, uint32_t count,
                          void (*task)(void *context, uint32_t index), void *context) {
    tni_scheduler_run((tni_scheduler *)user, count, task, context);
}

/* Open the other devices that are as real as the first. */
static uint32_t tni_acc_open_others(tni_acc *acc, tni_gpu *gpu, tni_gpu_device **devices) {
    uint32_t wanted = acc->options.contexts, count = 1, i;
    for (i = 0; wanted == 0 && i < gpu->device_count && count < TNI_GPU_MULTI_DEVICES; i++) {
        const tni_gpu_info *info = &gpu->devices[i];
        tni_error ignored;
        tni_error_clear(&ignored);
        if (info->usable && !info->is_software && info != devices[0]->info &&
            info->kind == devices[0]->info->kind &&
            tni_gpu_device_open(gpu, info, &devices[count], &ignored) == TRUENO_OK) {
            count++;
        }
    }
    for (; count < TNI_MIN(wanted, TNI_GPU_MULTI_DEVICES); count++) {
        tni_error ignored;
        tni_error_clear(&ignored);
        if (tni_gpu_device_open(gpu, devices[0]->info, &devices[count], &ignored) != TRUENO_OK) {
            break;
        }
    }
    return count;
}

TNI_FN uint32_t tni_acc_share_of_devices(const tni_acc *acc, double rows) {
    return acc->options.contexts > 1 || rows >= TNI_ACC_MANY_ROWS ? acc->device_count : 1;
}

/* Find and open the best device; what there is afterwards is in `acc`. Called by one thread. */
static void tni_acc_open(tni_acc *acc) {
    tni_gpu_options options;
    tni_gpu *gpu = NULL;
    tni_gpu_device *device = NULL;
    tni_gpu_device *devices[TNI_GPU_MULTI_DEVICES];
    uint32_t count = 0;
    const tni_gpu_info *info;
    tni_cost_gpu rates;
    tni_error error;
    tni_error_clear(&error);
    tni_cost_gpu_default(&rates);
    memset(&options, 0, sizeof options);
    options.software = acc->options.software;
    options.cache_bytes = acc->options.cache_bytes;
    options.host = acc->options.host;
    options.software = options.software || options.host != NULL;
    if (acc->options.scheduler != NULL) {
        options.parallel.run = tni_acc_tasks;
        options.parallel.user = acc->options.scheduler;
        options.parallel.threads = tni_scheduler_workers(acc->options.scheduler);
    }
    if (tni_gpu_open(acc->memory, &options, &gpu, &error) == TRUENO_OK) {
        info = tni_gpu_best(gpu);
        if (info == NULL) {
            (void)tni_fail(&error, TRUENO_ERROR_UNSUPPORTED, "%s",
                           gpu->device_count == 0 ? gpu->reason : gpu->devices[0].reason);
        } else if (tni_gpu_device_open(gpu, info, &device, &error) == TRUENO_OK) {
            tni_pipeline_cache_load(device, acc->options.directory);
            tni_acc_calibrate(device, &rates);
            devices[0] = device;
            count = tni_acc_open_others(acc, gpu, devices);
        }
    }
    tni_mutex_lock(&acc->mutex);
    if (count > 0) {
        memcpy(acc->devices, devices, count * sizeof *devices);
    }
    acc->device_count = count;
    acc->gpu = gpu;
    acc->device = device;
    acc->gpu_rates = rates;
    acc->state = device != NULL ? TNI_ACC_READY : TNI_ACC_NONE;
    (void)snprintf(acc->reason, sizeof acc->reason, "no GPU: %.200s", error.message);
    tni_condition_signal_all(&acc->changed);
    tni_mutex_unlock(&acc->mutex);
}

static void tni_acc_opener(void *argument) {
    tni_acc_open((tni_acc *)argument);
}

/* Open now, or wait for who is opening. The mutex is held, given up meanwhile. */
static void tni_acc_open_here(tni_acc *acc) {
    if (acc->state == TNI_ACC_UNTRIED) {
        acc->state = TNI_ACC_OPENING;
        tni_mutex_unlock(&acc->mutex);
        tni_acc_open(acc);
        tni_mutex_lock(&acc->mutex);
    }
    while (acc->state == TNI_ACC_OPENING) {
        tni_condition_wait(&acc->changed, &acc->mutex);
    }
}

/* A wish for a GPU: once there were enough of them, one is opened. The mutex is held. */
static void tni_acc_wish(tni_acc *acc, double cpu_ms) {
    acc->wish_ms += cpu_ms;
    if (acc->state != TNI_ACC_UNTRIED) {
        return;
    }
    if (acc->options.no_threads) {
        if (acc->wish_ms > TNI_ACC_HOST_OPEN_MS) {
            tni_acc_open_here(acc);
        }
        return;
    }
    if (acc->wish_ms > TNI_ACC_OPEN_MS) {
        acc->state = TNI_ACC_OPENING;
        acc->opener = tni_thread_start(tni_acc_opener, acc);
        if (acc->opener == NULL) {
            acc->state = TNI_ACC_NONE;
            (void)snprintf(acc->reason, sizeof acc->reason, "no GPU: no thread to open it");
        }
    }
}

TNI_FN tni_gpu_device *tni_acc_device(tni_acc *acc, double cpu_ms, bool force, tni_arena *arena,
                                      const char **reason) {
    tni_gpu_device *device = NULL;
    uint32_t i;
    tni_mutex_lock(&acc->mutex);
    if (force) {
        tni_acc_open_here(acc);
    } else {
        tni_acc_wish(acc, cpu_ms);
    }
    switch (acc->state) {
    case TNI_ACC_READY:
        for (i = 0; i < acc->device_count && acc->device->lost; i++) {
            acc->device = acc->devices[i]; /* another one, if any is left */
        }
        device = acc->device;
        if (device->lost) {
            *reason = tni_acc_text(arena, "the GPU %s was lost", device->info->name);
            device = NULL;
        }
        break;
    case TNI_ACC_NONE: *reason = tni_acc_text(arena, "%s", acc->reason); break;
    case TNI_ACC_OPENING: *reason = "a GPU is being looked for meanwhile"; break;
    default:
        *reason = tni_acc_text(arena,
                               "%.3f ms on the processor; a GPU is looked for when such queries "
                               "have taken %.0f ms (%.0f so far)",
                               cpu_ms, TNI_ACC_OPEN_MS, acc->wish_ms);
    }
    tni_mutex_unlock(&acc->mutex);
    return device;
}

/* ------------------------------------------------------------------------ tables, kernels --- */

TNI_FN uint64_t tni_acc_owner(tni_acc *acc, tni_table *table, bool count, uint32_t *uses) {
    tni_acc_table *entry = NULL;
    uint64_t owner;
    uint32_t i;
    tni_mutex_lock(&acc->mutex);
    if (table->id == 0) { /* unique without a counter that the whole process would share */
        owner = tni_hash_u64((uint64_t)(uintptr_t)table);
        owner = tni_hash_combine(owner, (uint64_t)tni_clock_nanoseconds());
        table->id = owner | 1;
    }
    owner = table->id;
    for (i = 0; i < TNI_ACC_TABLES && entry == NULL; i++) {
        entry = acc->tables[i].owner == owner ? &acc->tables[i] : NULL;
    }
    if (entry == NULL) {
        entry = &acc->tables[acc->table_next++ % TNI_ACC_TABLES];
        entry->owner = owner;
        entry->uses = 0;
        entry->missed_ms = 0;
    }
    *uses = entry->uses;
    entry->uses += count ? 1 : 0;
    tni_mutex_unlock(&acc->mutex);
    return owner;
}

TNI_FN double tni_acc_missed(tni_acc *acc, uint64_t owner, double more) {
    double missed = 0;
    uint32_t i;
    tni_mutex_lock(&acc->mutex);
    for (i = 0; i < TNI_ACC_TABLES; i++) {
        if (acc->tables[i].owner == owner) {
            missed = acc->tables[i].missed_ms;
            acc->tables[i].missed_ms += TNI_MAX(more, 0);
            break;
        }
    }
    tni_mutex_unlock(&acc->mutex);
    return missed;
}

static uint64_t tni_acc_resident_on(tni_gpu_device *device, uint64_t owner,
                                    const uint32_t *fields, uint32_t count) {
    const tni_gpu_entry *entry;
    uint64_t bytes = 0;
    uint32_t i;
    tni_mutex_lock(&device->mutex);
    for (entry = device->newest; entry != NULL; entry = entry->older) {
        for (i = 0; i < count && entry->filled && entry->key.owner == owner; i++) {
            bytes += entry->key.column == fields[i] ? entry->range.size : 0;
        }
    }
    tni_mutex_unlock(&device->mutex);
    return bytes;
}

TNI_FN uint64_t tni_acc_resident(tni_acc *acc, uint32_t devices, uint64_t owner,
                                 const uint32_t *fields, uint32_t count) {
    uint64_t bytes = 0;
    uint32_t i;
    if (devices <= 1) {
        return tni_acc_resident_on(acc->device, owner, fields, count);
    }
    for (i = 0; i < devices; i++) {
        bytes += tni_acc_resident_on(acc->devices[i], owner, fields, count);
    }
    return bytes;
}

TNI_FN uint32_t tni_acc_missing(const tni_acc_job *job) {
    uint32_t most = 0, d;
    if (job->device_count <= 1) {
        return tni_gpu_kernel_list_missing(job->device, &job->kernels);
    }
    for (d = 0; d < job->device_count; d++) {
        uint32_t missing = tni_gpu_kernel_list_missing(job->acc->devices[d], &job->kernels);
        most = TNI_MAX(most, missing);
    }
    return most;
}

typedef struct tni_acc_build {
    tni_acc *acc;
    tni_gpu_device *devices[TNI_GPU_MULTI_DEVICES];
    uint32_t device_count;
    tni_gpu_kernel_list kernels;
} tni_acc_build;

static void tni_acc_build_free(tni_acc_build *build) {
    tni_gpu_kernel_list_free(&build->kernels);
    tni_free(build->acc->memory, build, sizeof *build);
}

/* One kernel for every device. False: the accelerator closes. */
static bool tni_acc_build_one(tni_acc_build *build, const tni_gpu_kernel_want *want) {
    tni_acc *acc = build->acc;
    bool goes_on = true;
    uint32_t d;
    for (d = 0; d < build->device_count && goes_on; d++) {
        tni_error ignored;
        trueno_status status;
        double ms = 0;
        tni_error_clear(&ignored);
        status = tni_gpu_kernel_aside(build->devices[d], want, &ms, &ignored);
        tni_mutex_lock(&acc->mutex);
        acc->built = acc->built || (status == TRUENO_OK && ms > 0);
        if (status == TRUENO_OK && ms > 0) {
            acc->gpu_rates.build_ms += 0.3 * (ms - acc->gpu_rates.build_ms);
        }
        goes_on = !acc->closing;
        tni_mutex_unlock(&acc->mutex);
    }
    return goes_on;
}

static void tni_acc_builder(void *argument) {
    tni_acc_build *build = (tni_acc_build *)argument;
    tni_acc *acc = build->acc;
    uint32_t i = 0;
    while (i < build->kernels.count && tni_acc_build_one(build, &build->kernels.wants[i])) {
        i++;
    }
    tni_acc_build_free(build);
    tni_mutex_lock(&acc->mutex);
    acc->building = false;
    tni_mutex_unlock(&acc->mutex);
}

/* The thread's order, with the job's kernels; NULL when memory is short. */
static tni_acc_build *tni_acc_build_new(tni_acc_job *job) {
    tni_acc *acc = job->acc;
    tni_acc_build *build = (tni_acc_build *)tni_alloc_zero(acc->memory, sizeof *build);
    if (build == NULL) {
        return NULL;
    }
    build->acc = acc;
    build->device_count = TNI_MAX(job->device_count, 1u);
    if (build->device_count == 1) {
        build->devices[0] = job->device;
    } else {
        memcpy(build->devices, acc->devices, build->device_count * sizeof *build->devices);
    }
    build->kernels = job->kernels;
    tni_gpu_kernel_list_init(&job->kernels, acc->memory);
    if (!tni_gpu_kernel_list_keep(&build->kernels)) {
        tni_acc_build_free(build);
        return NULL;
    }
    return build;
}

TNI_FN void tni_acc_build_aside(tni_acc_job *job) {
    tni_acc *acc = job->acc;
    tni_acc_build *build;
    tni_thread *previous;
    tni_mutex_lock(&acc->mutex);
    if (acc->building || acc->options.no_threads) {
        tni_mutex_unlock(&acc->mutex);
        return;
    }
    acc->building = true;
    previous = acc->builder;
    acc->builder = NULL;
    tni_mutex_unlock(&acc->mutex);
    if (previous != NULL) {
        tni_thread_join(previous); /* it is over, or about to be */
    }
    build = tni_acc_build_new(job);
    tni_mutex_lock(&acc->mutex);
    acc->builder = build == NULL ? NULL : tni_thread_start(tni_acc_builder, build);
    if (acc->builder == NULL) {
        acc->building = false;
        if (build != NULL) {
            tni_acc_build_free(build);
        }
    }
    tni_mutex_unlock(&acc->mutex);
}

/* --------------------------------------------------------------------------- life, report --- */

TNI_FN trueno_status tni_accelerator_new(tni_memory *memory,
                                         const tni_accelerator_options *options,
                                         tni_accelerator **out, tni_error *error) {
    tni_acc *acc = (tni_acc *)tni_alloc_zero(memory, sizeof *acc);
    *out = NULL;
    if (acc == NULL) {
        return tni_memory_fail(memory, sizeof *acc, error);
    }
    acc->base.ops = &tni_acc_ops;
    acc->memory = memory;
    acc->options = *options;
    tni_cost_gpu_default(&acc->gpu_rates);
    tni_cost_cpu_default(&acc->cpu_rates, options->threads);
    if (!tni_mutex_init(&acc->mutex)) {
        tni_free(memory, acc, sizeof *acc);
        return tni_fail(error, TRUENO_ERROR_MEMORY, "cannot create a mutex");
    }
    if (!tni_condition_init(&acc->changed)) {
        tni_mutex_free(&acc->mutex);
        tni_free(memory, acc, sizeof *acc);
        return tni_fail(error, TRUENO_ERROR_MEMORY, "cannot create a condition");
    }
    *out = &acc->base;
    return TRUENO_OK;
}

TNI_FN void tni_accelerator_free(tni_accelerator *accelerator) {
    tni_acc *acc = (tni_acc *)accelerator;
    uint32_t i;
    if (acc == NULL) {
        return;
    }
    if (acc->opener != NULL) {
        tni_thread_join(acc->opener);
    }
    tni_mutex_lock(&acc->mutex);
    acc->closing = true;
    tni_mutex_unlock(&acc->mutex);
    if (acc->builder != NULL) {
        tni_thread_join(acc->builder);
    }
    if (acc->device != NULL && acc->built && !acc->device->lost) {
        tni_mutex_lock(&acc->device->mutex);
        tni_pipeline_cache_save(acc->device, acc->options.directory);
        tni_mutex_unlock(&acc->device->mutex);
    }
    for (i = 0; i < acc->device_count; i++) {
        tni_gpu_device_close(acc->devices[i]);
    }
    tni_gpu_close(acc->gpu);
    tni_condition_free(&acc->changed);
    tni_mutex_free(&acc->mutex);
    tni_free(acc->memory, acc, sizeof *acc);
}

static void tni_acc_visit_one(const tni_acc *acc, const tni_gpu_info *info,
                              void (*visit)(void *user, const trueno_device *device),
                              void *user) {
    trueno_device device;
    uint32_t i;
    memset(&device, 0, sizeof device);
    device.name = info->name;
    device.reason = info->reason;
    device.software = info->is_software;
    device.memory_bytes = info->heap_bytes;
    for (i = 0; i < acc->device_count; i++) {
        tni_gpu_device *opened = acc->devices[i];
        if (opened->info != info) {
            continue;
        }
        device.used = !opened->lost;
        device.reason = opened->lost ? "lost: the driver gave it up" : info->reason;
        tni_mutex_lock(&opened->mutex);
        device.budget_bytes += opened->cache_limit;
        device.cached_bytes += opened->cached_bytes;
        tni_mutex_unlock(&opened->mutex);
    }
    if (info->usable && device.budget_bytes == 0) {
        device.reason = acc->device != NULL ? "another device is used" : acc->reason;
    }
    visit(user, &device);
}

TNI_FN const char *tni_accelerator_devices(tni_accelerator *accelerator,
                                           void (*visit)(void *user, const trueno_device *device),
                                           void *user) {
    tni_acc *acc = (tni_acc *)accelerator;
    uint32_t i;
    tni_mutex_lock(&acc->mutex);
    tni_acc_open_here(acc);
    if (acc->state == TNI_ACC_READY && acc->device->lost) {
        (void)snprintf(acc->line, sizeof acc->line, "the GPU %s was lost: queries run on the "
                       "processor", acc->device->info->name);
    } else if (acc->state == TNI_ACC_READY && acc->options.policy == TNI_POLICY_CPU) {
        (void)snprintf(acc->line, sizeof acc->line, "queries run on the processor, as configured");
    } else if (acc->state == TNI_ACC_READY) {
        (void)snprintf(acc->line, sizeof acc->line, "queries may run on %s%s",
                       acc->device->info->name,
                       acc->device_count > 1 ? ", large tables on all devices in use" : "");
    } else {
        (void)snprintf(acc->line, sizeof acc->line, "%s", acc->reason);
    }
    tni_mutex_unlock(&acc->mutex);
    for (i = 0; visit != NULL && acc->gpu != NULL && i < acc->gpu->device_count; i++) {
        tni_acc_visit_one(acc, &acc->gpu->devices[i], visit, user);
    }
    return acc->line;
}

#undef TNI_ACC_OPEN_MS
#undef TNI_ACC_HOST_OPEN_MS
#undef TNI_ACC_MANY_ROWS
#undef TNI_ACC_PROBE_BYTES
#undef TNI_ACC_PROBE_MS

#else /* TRUENO_NO_VULKAN */

TNI_FN trueno_status tni_accelerator_new(tni_memory *memory,
                                         const tni_accelerator_options *options,
                                         tni_accelerator **out, tni_error *error) {
    (void)memory;
    (void)options;
    (void)error;
    *out = NULL;
    return TRUENO_OK;
}

TNI_FN void tni_accelerator_free(tni_accelerator *accelerator) {
    (void)accelerator;
}

TNI_FN const char *tni_accelerator_devices(tni_accelerator *accelerator,
                                           void (*visit)(void *user, const trueno_device *device),
                                           void *user) {
    (void)accelerator;
    (void)visit;
    (void)user;
    return "no GPU: built with TRUENO_NO_VULKAN";
}

#endif
