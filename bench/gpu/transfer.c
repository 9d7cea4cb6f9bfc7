/*
 * transfer.c - times the ways in which a column reaches the GPU, each by SUM over the column.
 *
 *     gpu_transfer [rows] [--software]
 *
 * One line a way: cold (the column is uploaded and cached), streamed (it is uploaded again each
 * time, through a cache that is too small), resident. GB/s is of the column's bytes over the whole
 * wall time of the scan: filling, copying, kernel and results. Threads fill; slots are the staging
 * memory's four pieces. Every answer is checked.
 */
#include "exec/scheduler.h"
#include "gpu/scan.h"

#include <stdio.h>
#include <stdlib.h>

#define RUNS 7

static tni_memory memory;
static uint32_t row_count = 100000000, segment_count;
static bool software;
static int32_t *data;
static int64_t wanted;
static tni_segment *segments;
static const tni_segment **pointers;
static tni_gpu_layout layout;
static int wrong;

static double now_ms(void) {
    return (double)tni_clock_nanoseconds() * 1e-6;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *v, int n) {
    qsort(v, (size_t)n, sizeof *v, by_value);
    return v[n / 2];
}

static void make_column(void) {
    tni_type type = tni_type_make(TRUENO_TYPE_INTEGER);
    tni_error error;
    uint32_t i, s;
    segment_count = (row_count + TNI_SEGMENT_ROWS - 1) / TNI_SEGMENT_ROWS;
    data = (int32_t *)malloc((size_t)row_count * 4);
    segments = (tni_segment *)calloc(segment_count, sizeof *segments);
    pointers = (const tni_segment **)calloc(segment_count, sizeof *pointers);
    if (data == NULL || segments == NULL || pointers == NULL) {
        printf("out of memory\n");
        exit(1);
    }
    for (i = 0; i < row_count; i++) {
        data[i] = (int32_t)(i * 2654435761u >> 12);
        wanted += data[i];
    }
    for (s = 0; s < segment_count; s++) {
        segments[s].type = type;
        segments[s].rows = TNI_MIN(row_count - s * TNI_SEGMENT_ROWS, TNI_SEGMENT_ROWS);
        segments[s].encoding = TNI_ENCODING_PLAIN;
        segments[s].data = data + (size_t)s * TNI_SEGMENT_ROWS;
        pointers[s] = &segments[s];
    }
    tni_error_clear(&error);
    if (tni_gpu_layout_of(pointers, segment_count, &layout, &error) != TRUENO_OK) {
        printf("%s\n", error.message);
        exit(1);
    }
}

static void run_tasks(void *user, uint32_t count, void (*task)(void *context, uint32_t index),
                      void *context) {
    tni_scheduler_run((tni_scheduler *)user, count, task, context);
}

typedef struct job {
    tni_gpu_device *device;
    tni_ir_node node;
    uint32_t outputs[1];
    tni_program program;
    tni_gpu_shape shape;
    tni_gpu_code code;
    tni_gpu_table table;
    const tni_segment *const *columns[1];
    tni_arena arena;
} job;

static void start(job *j, tni_gpu_device *device) {
    tni_error error;
    memset(j, 0, sizeof *j);
    tni_error_clear(&error);
    j->device = device;
    j->node.op = TNI_IR_COLUMN;
    j->node.type = layout.type;
    j->node.predicate = TNI_IR_NONE;
    j->program.nodes = &j->node;
    j->program.outputs = j->outputs;
    j->program.count = j->program.output_count = 1;
    j->shape.columns = &layout;
    j->shape.column_count = 1;
    j->shape.values = &j->program;
    j->shape.slot_count = 1;
    j->shape.slots[0].aggregate = TNI_GPU_SUM;
    j->columns[0] = pointers;
    j->table.owner = 1;
    j->table.column_count = 1;
    j->table.columns = j->columns;
    j->table.segment_count = segment_count;
    j->table.rows = row_count;
    j->table.lasting = true;
    tni_arena_init(&j->arena, &memory);
    if (tni_gpu_emit(device->info, &j->shape, &j->arena, &j->code, &error) != TRUENO_OK) {
        printf("%s\n", error.message);
        exit(1);
    }
}

static double once(job *j, double *upload_ms) {
    tni_gpu_scan_result r;
    tni_error error;
    double begin = now_ms(), took;
    tni_error_clear(&error);
    if (tni_gpu_scan(j->device, &j->shape, &j->code, &j->table, &r, &error) != TRUENO_OK) {
        printf("%s\n", error.message);
        wrong++;
        return 0;
    }
    took = now_ms() - begin;
    if ((int64_t)r.slots[0].sum.low != wanted) {
        printf("    %lld, expected %lld\n", (long long)r.slots[0].sum.low, (long long)wanted);
        wrong++;
    }
    *upload_ms = r.upload_ms;
    tni_gpu_scan_free(j->device, &r);
    return took;
}

/* `drop`: forget the column before each run. */
static double times(job *j, bool drop, double *upload_ms) {
    double all[RUNS];
    int i;
    (void)once(j, upload_ms);
    for (i = 0; i < RUNS; i++) {
        if (drop) {
            tni_gpu_cache_drop(j->device, 1);
        }
        all[i] = once(j, upload_ms);
    }
    return median(all, RUNS);
}

static tni_gpu_device *open_one(tni_gpu *gpu, tni_error *error) {
    tni_gpu_device *device = NULL;
    tni_error_clear(error);
    if (tni_gpu_device_open(gpu, tni_gpu_best(gpu), &device, error) != TRUENO_OK) {
        printf("%s\n", error->message);
    }
    return device;
}

static bool streaming;

static void measure(const char *name, tni_gpu_transfer transfer, uint32_t threads,
                    uint64_t slot) {
    tni_gpu_options options = TNI_ZERO;
    tni_gpu *gpu = NULL;
    tni_gpu_device *device;
    tni_scheduler *scheduler = NULL;
    tni_error error;
    job j;
    double cold, streamed = 0, resident, fill, ignored, bytes = (double)row_count * 4;
    tni_error_clear(&error);
    options.software = software;
    options.transfer = transfer;
    options.staging_bytes = slot;
    options.streaming = streaming;
    if (tni_scheduler_new(&memory, NULL, threads, &scheduler, &error) != TRUENO_OK) {
        printf("%s\n", error.message);
        exit(1);
    }
    options.parallel.run = run_tasks;
    options.parallel.user = scheduler;
    options.parallel.threads = threads;
    if (tni_gpu_open(&memory, &options, &gpu, &error) != TRUENO_OK || tni_gpu_best(gpu) == NULL) {
        printf("no device\n");
        exit(0);
    }
    device = open_one(gpu, &error);
    if (device == NULL) {
        exit(1);
    }
    start(&j, device);
    cold = times(&j, true, &fill);
    resident = times(&j, false, &ignored);
    tni_gpu_cache_drop(device, 1);
    device->cache_limit = (uint64_t)1 << 20; /* nothing is kept: imports are */
    streamed = times(&j, false, &ignored);
    printf("%-9s %7u %5llu MiB %9.2f %6.1f %9.2f %9.2f %6.1f %10.3f %7.0f\n", name,
           (unsigned)threads, (unsigned long long)(slot >> 20), cold, bytes / cold * 1e-6, fill,
           streamed, bytes / streamed * 1e-6, resident, bytes / resident * 1e-6);
    tni_arena_free(&j.arena);
    tni_gpu_device_close(device);
    tni_gpu_close(gpu);
    tni_scheduler_free(scheduler);
}

int main(int argc, char **argv) {
    static const uint32_t threads[] = {1, 2, 4, 8, 16};
    static const uint32_t slots[] = {1, 2, 4, 16, 32};
    size_t i;
    int a;
    uint32_t most = tni_cpu_count();
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    for (a = 1; a < argc; a++) {
        if (strcmp(argv[a], "--software") == 0) {
            software = true;
        } else {
            row_count = (uint32_t)strtoul(argv[a], NULL, 10);
        }
    }
    tni_memory_init(&memory, NULL, UINT64_MAX);
    make_column();
    printf("%-9s %7s %9s %9s %6s %9s %9s %6s %10s %7s\n", "way", "threads", "slot", "cold ms",
           "GB/s", "fill ms", "stream ms", "GB/s", "resident ms", "GB/s");
    for (i = 0; i < TNI_COUNT_OF(threads) && (i == 0 || threads[i] <= most); i++) {
        measure("staged", TNI_GPU_TRANSFER_STAGED, threads[i], (uint64_t)8 << 20);
    }
    for (i = 0; i < TNI_COUNT_OF(slots); i++) {
        measure("staged", TNI_GPU_TRANSFER_STAGED, TNI_MIN(most, 8), (uint64_t)slots[i] << 20);
    }
    for (i = 0; i < TNI_COUNT_OF(threads) && (i == 0 || threads[i] <= most); i++) {
        measure("mapped", TNI_GPU_TRANSFER_MAPPED, threads[i], (uint64_t)8 << 20);
    }
    streaming = true; /* stores past the caches */
    for (i = 0; i < TNI_COUNT_OF(threads) && (i == 0 || threads[i] <= most); i++) {
        measure("streaming", TNI_GPU_TRANSFER_STAGED, threads[i], (uint64_t)8 << 20);
        measure("mapped nt", TNI_GPU_TRANSFER_MAPPED, threads[i], (uint64_t)8 << 20);
    }
    streaming = false;
    measure("imported", TNI_GPU_TRANSFER_IMPORTED, 1, (uint64_t)8 << 20);
    printf("%s\n", wrong ? "SOME ANSWERS ARE WRONG" : "every answer is right");
    return wrong ? 1 : 0;
}
