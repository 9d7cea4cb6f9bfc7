/*
 * multi.c - times one GPU against several over the same resident table.
 *
 *     gpu_multi [MB = 8000] [devices] [--software]
 *
 * Every device that is usable takes part, or `devices` logical ones when fewer are there (which
 * shows the cost of splitting, not a gain). One line a shape and number of devices: cold (each
 * device uploads its part), resident (medians), GB/s over all devices, against one.
 */
#include "exec/scheduler.h"
#include "gpu/multi.h"

#include <stdio.h>
#include <stdlib.h>

#define RUNS 9
#define COLUMNS 2u
#define MOST 8u

static tni_memory memory;
static tni_gpu *gpu;
static tni_gpu_device *devices[MOST];
static tni_scheduler *scheduler;
static uint64_t row_count;
static uint32_t segment_count;
static uint8_t *data[COLUMNS];
static tni_segment *segments[COLUMNS];
static const tni_segment **pointers[COLUMNS];
static const tni_segment *const *columns[COLUMNS];
static tni_gpu_layout layouts[COLUMNS];
static int64_t wanted_sum;
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

/* A key of 0 .. 999 and a value. */
static void make_table(void) {
    uint32_t c, s;
    uint64_t i;
    tni_error error;
    segment_count = (uint32_t)((row_count + TNI_SEGMENT_ROWS - 1) / TNI_SEGMENT_ROWS);
    for (c = 0; c < COLUMNS; c++) {
        data[c] = (uint8_t *)malloc(row_count * 4);
        segments[c] = (tni_segment *)calloc(segment_count, sizeof **segments);
        pointers[c] = (const tni_segment **)calloc(segment_count, sizeof **pointers);
        if (data[c] == NULL || segments[c] == NULL || pointers[c] == NULL) {
            printf("out of memory\n");
            exit(1);
        }
    }
    for (i = 0; i < row_count; i++) {
        uint32_t word = (uint32_t)i * 2654435761u;
        int32_t key = (int32_t)(word >> 8) % 1000, value = (int32_t)(word >> 12) - 500000;
        memcpy(data[0] + i * 4, &key, 4);
        memcpy(data[1] + i * 4, &value, 4);
        wanted_sum += value;
    }
    for (c = 0; c < COLUMNS; c++) {
        for (s = 0; s < segment_count; s++) {
            uint64_t first = (uint64_t)s * TNI_SEGMENT_ROWS;
            segments[c][s].type = tni_type_make(TRUENO_TYPE_INTEGER);
            segments[c][s].rows = (uint32_t)TNI_MIN(row_count - first, TNI_SEGMENT_ROWS);
            segments[c][s].encoding = TNI_ENCODING_PLAIN;
            segments[c][s].data = data[c] + first * 4;
            pointers[c][s] = &segments[c][s];
        }
        columns[c] = pointers[c];
        tni_error_clear(&error);
        if (tni_gpu_layout_of(columns[c], segment_count, &layouts[c], &error) != TRUENO_OK) {
            printf("%s\n", error.message);
            exit(1);
        }
    }
}

static void run_tasks(void *user, uint32_t count, void (*task)(void *context, uint32_t index),
                      void *context) {
    tni_scheduler_run((tni_scheduler *)user, count, task, context);
}

static tni_ir_node nodes[COLUMNS];
static uint32_t outputs[COLUMNS];
static tni_program program;
static tni_gpu_table table;
static tni_gpu_shape scan_shape;
static tni_gpu_group_shape group_shape;

static void make_shapes(void) {
    uint32_t c;
    for (c = 0; c < COLUMNS; c++) {
        nodes[c].op = TNI_IR_COLUMN;
        nodes[c].type = layouts[c].type;
        nodes[c].predicate = TNI_IR_NONE;
        nodes[c].column = c;
        outputs[c] = c;
    }
    program.nodes = nodes;
    program.outputs = outputs;
    program.count = program.output_count = COLUMNS;
    table.owner = 1;
    table.column_count = COLUMNS;
    table.columns = columns;
    table.segment_count = segment_count;
    table.rows = row_count;
    scan_shape.columns = layouts;
    scan_shape.column_count = COLUMNS;
    scan_shape.values = &program;
    scan_shape.slot_count = 2; /* both columns */
    scan_shape.slots[0].aggregate = TNI_GPU_SUM;
    scan_shape.slots[0].output = 1;
    scan_shape.slots[1].aggregate = TNI_GPU_MAX;
    scan_shape.slots[1].output = 0;
    group_shape.shape = scan_shape;
    group_shape.shape.slot_count = 1;
    group_shape.key_count = 1;
    group_shape.keys[0].output = 0;
    group_shape.keys[0].range = 1000;
}

static double scan_once(uint32_t count) {
    tni_gpu_scan_result r;
    tni_error error;
    double begin = now_ms(), took;
    tni_error_clear(&error);
    if (tni_gpu_multi_scan(devices, count, &scan_shape, &table, NULL, &r, NULL, &error) !=
        TRUENO_OK) {
        printf("%s\n", error.message);
        wrong++;
        return 0;
    }
    took = now_ms() - begin;
    if ((int64_t)r.slots[0].sum.low != wanted_sum || (int64_t)r.slots[1].bits != 999) {
        wrong++;
    }
    tni_gpu_scan_free(devices[0], &r);
    return took;
}

static double group_once(uint32_t count) {
    tni_gpu_group_result r;
    tni_error error;
    double begin = now_ms(), took;
    int64_t sum = 0;
    uint64_t g, rows = 0;
    tni_error_clear(&error);
    if (tni_gpu_multi_group(devices, count, &group_shape, &table, NULL, &r, &error) !=
        TRUENO_OK) {
        printf("%s\n", error.message);
        wrong++;
        return 0;
    }
    took = now_ms() - begin;
    for (g = 0; g < r.group_count; g++) {
        sum += (int64_t)r.sums[0][g].low;
        rows += r.rows[g];
    }
    wrong += sum == wanted_sum && rows == row_count && r.group_count == 1000 ? 0 : 1;
    tni_gpu_group_free(&r);
    return took;
}

static void measure(const char *name, double (*once)(uint32_t count), uint32_t most) {
    double one = 0, bytes = (double)row_count * 8;
    uint32_t count, d;
    int i;
    for (count = 1; count <= most; count *= 2) {
        double all[RUNS], cold, resident;
        for (d = 0; d < most; d++) {
            tni_gpu_cache_drop(devices[d], 1);
        }
        (void)once(count); /* compiles */
        for (d = 0; d < most; d++) {
            tni_gpu_cache_drop(devices[d], 1);
        }
        cold = once(count);
        (void)once(count);
        for (i = 0; i < RUNS; i++) {
            all[i] = once(count);
        }
        resident = median(all, RUNS);
        one = count == 1 ? resident : one;
        printf("%-28s %7u %9.2f %6.1f %11.3f %7.0f %6.2fx\n", name, (unsigned)count, cold,
               bytes / cold * 1e-6, resident, bytes / resident * 1e-6, one / resident);
    }
}

/* The usable devices, each once; then the best again, up to `wanted`. */
static uint32_t open_devices(uint32_t wanted) {
    tni_error error;
    uint32_t i, n = 0;
    tni_error_clear(&error);
    for (i = 0; i < gpu->device_count && n < MOST; i++) {
        if (gpu->devices[i].usable &&
            gpu->devices[i].is_software == tni_gpu_best(gpu)->is_software &&
            tni_gpu_device_open(gpu, &gpu->devices[i], &devices[n], &error) == TRUENO_OK) {
            n++;
        }
    }
    while (n > 0 && n < wanted && n < MOST &&
           tni_gpu_device_open(gpu, tni_gpu_best(gpu), &devices[n], &error) == TRUENO_OK) {
        n++;
    }
    return n;
}

int main(int argc, char **argv) {
    tni_gpu_options options = TNI_ZERO;
    tni_error error;
    uint64_t megabytes = 8000;
    uint32_t wanted = 1, count, d;
    int i, numbers = 0;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--software") == 0) {
            options.software = true;
        } else if (numbers++ == 0) {
            megabytes = strtoull(argv[i], NULL, 10);
        } else {
            wanted = (uint32_t)strtoul(argv[i], NULL, 10);
        }
    }
    row_count = megabytes * 1000000 / 8;
    tni_error_clear(&error);
    tni_memory_init(&memory, NULL, UINT64_MAX);
    if (tni_scheduler_new(&memory, NULL, TNI_MIN(tni_cpu_count(), 16), &scheduler, &error) !=
        TRUENO_OK) {
        printf("%s\n", error.message);
        return 1;
    }
    options.parallel.run = run_tasks;
    options.parallel.user = scheduler;
    options.parallel.threads = tni_scheduler_workers(scheduler);
    if (tni_gpu_open(&memory, &options, &gpu, &error) != TRUENO_OK || tni_gpu_best(gpu) == NULL) {
        printf("no device to measure (--software takes software devices too)\n");
        return 0;
    }
    count = open_devices(wanted);
    if (count == 0) {
        printf("no device could be opened\n");
        return 1;
    }
    make_table();
    make_shapes();
    printf("%u devices, %llu MB in 2 columns\n", (unsigned)count, (unsigned long long)megabytes);
    printf("%-28s %7s %9s %6s %11s %7s %7s\n", "shape", "devices", "cold ms", "GB/s",
           "resident ms", "GB/s", "");
    measure("SUM, MAX", scan_once, count);
    measure("SUM by key of 1,000", group_once, count);
    for (d = 0; d < count; d++) {
        tni_gpu_device_close(devices[d]);
    }
    tni_gpu_close(gpu);
    tni_scheduler_free(scheduler);
    printf("%s\n", wrong ? "SOME ANSWERS ARE WRONG" : "every answer is right");
    return wrong ? 1 : 0;
}
