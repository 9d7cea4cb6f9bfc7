/*
 * join.c - times the joins of the GPU backend and checks every pair.
 *
 *     gpu_join [probe rows of the large cases] [--software]
 *
 * Keys are resident; times are medians of whole runs: table, lookups, output, one submission.
 * "pairs/s" counts probe rows a second of the device's own time.
 */
#include "gpu/join.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>

#define RUNS 7

static tni_memory memory;
static tni_gpu_device *device;
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

/* Key number i of n: all different, in no order; dense in [0, n) or spread. */
static uint64_t key_of(uint64_t i, uint64_t n, bool dense, bool wide) {
    uint64_t k = dense ? i * UINT64_C(7368787) % n : (i * UINT64_C(2654435761)) & UINT32_MAX;
    return wide ? k * UINT64_C(0x9e3779b97f4a7c15) : k;
}

static void put_key(uint8_t *out, uint64_t i, uint64_t key, bool wide) {
    uint32_t word = (uint32_t)key;
    if (wide) {
        memcpy(out + i * 8, &key, 8);
    } else {
        memcpy(out + i * 4, &word, 4);
    }
}

static void put(const void *data, uint64_t bytes, tni_gpu_range *range, tni_gpu_slice *out) {
    tni_error error;
    tni_error_clear(&error);
    memset(out, 0, sizeof *out);
    if (tni_gpu_take(device, bytes, range, &error) != TRUENO_OK ||
        tni_gpu_upload_bytes(device, range, data, bytes, &error) != TRUENO_OK) {
        printf("%s\n", error.message);
        exit(1);
    }
    out->range = range;
}

static uint32_t *fetch(const tni_gpu_range *range, uint64_t count) {
    uint32_t *rows = (uint32_t *)malloc(count * 4 + 4);
    tni_gpu_batch batch;
    tni_error error;
    uint64_t at = 0;
    tni_error_clear(&error);
    if (rows == NULL || tni_gpu_download_reserve(device, count * 4, &error) != TRUENO_OK ||
        tni_gpu_batch_begin(device, &batch, &error) != TRUENO_OK) {
        printf("cannot fetch\n");
        exit(1);
    }
    tni_gpu_batch_download(&batch, range, 0, count * 4, &at);
    if (tni_gpu_batch_run(&batch, NULL) != TRUENO_OK) {
        printf("%s\n", error.message);
        exit(1);
    }
    memcpy(rows, device->download.data + at, count * 4);
    return rows;
}

/* Each probe row has `copies` partners: build rows partner, partner + distinct, ... */
static bool check(const tni_gpu_join *join, const uint32_t *partners, uint64_t distinct,
                  uint32_t copies) {
    uint32_t *probe, *build;
    uint64_t i;
    bool same = join->count == (uint64_t)join->probe.rows * copies;
    if (!same) {
        return false;
    }
    probe = fetch(&join->probe_rows, join->count);
    build = fetch(&join->build_rows, join->count);
    for (i = 0; i < join->count && same; i++) {
        same = probe[i] == i / copies &&
               build[i] == partners[i / copies] + i % copies * distinct;
    }
    free(probe);
    free(build);
    return same;
}

static void measure(uint32_t build_rows, uint32_t probe_rows, uint32_t copies, bool wide,
                    tni_gpu_join_form form) {
    static const char *const names[] = {"auto", "dense", "hashed", "partitioned"};
    uint32_t width = wide ? 8 : 4;
    uint64_t distinct = build_rows / copies, i;
    uint8_t *keys = (uint8_t *)malloc((size_t)TNI_MAX(build_rows, probe_rows) * width);
    uint32_t *partners = (uint32_t *)malloc((size_t)probe_rows * 4);
    tni_gpu_range ranges[2];
    tni_gpu_join join;
    tni_error error;
    double wall[RUNS], compute[RUNS], w, c;
    bool dense = form == TNI_GPU_JOIN_DENSE, ok = true;
    int run;
    if (keys == NULL || partners == NULL) {
        printf("out of memory\n");
        exit(1);
    }
    tni_error_clear(&error);
    memset(&join, 0, sizeof join);
    for (i = 0; i < build_rows; i++) {
        put_key(keys, i, key_of(i % distinct, distinct, dense, wide), wide);
    }
    put(keys, (uint64_t)build_rows * width, &ranges[0], &join.build.keys);
    for (i = 0; i < probe_rows; i++) {
        partners[i] = (uint32_t)(tni_hash_u64(i + 1) % distinct);
        put_key(keys, i, key_of(partners[i], distinct, dense, wide), wide);
    }
    put(keys, (uint64_t)probe_rows * width, &ranges[1], &join.probe.keys);
    free(keys);
    join.build.rows = build_rows;
    join.probe.rows = probe_rows;
    join.wide = wide;
    join.form = form;
    join.range = dense ? distinct : 0;
    join.repeated = copies > 1;
    for (run = -2; run < RUNS && ok; run++) {
        double begin = now_ms();
        ok = tni_gpu_join_run(device, &join, &error) == TRUENO_OK;
        if (!ok) {
            break;
        }
        if (run < 0) {
            ok = run == -1 || check(&join, partners, distinct, copies);
        } else {
            wall[run] = now_ms() - begin;
            compute[run] = join.compute_ms;
        }
        tni_gpu_join_free(device, &join);
    }
    if (!ok) {
        printf("%9u %9u %6u %5u  %-11s WRONG or refused: %s\n", (unsigned)build_rows,
               (unsigned)probe_rows, (unsigned)copies, (unsigned)width * 8, names[form],
               error.message);
        wrong++;
    } else {
        w = median(wall, RUNS);
        c = median(compute, RUNS);
        printf("%9u %9u %6u %5u  %-11s %9.3f %9.3f %8.2f  same pairs\n", (unsigned)build_rows,
               (unsigned)probe_rows, (unsigned)copies, (unsigned)width * 8, names[form], w, c,
               c > 0 ? probe_rows / c * 1e-6 : 0);
    }
    tni_gpu_give(device, &ranges[0]);
    tni_gpu_give(device, &ranges[1]);
    free(partners);
}

int main(int argc, char **argv) {
    tni_gpu_options options = TNI_ZERO;
    tni_gpu *gpu = NULL;
    tni_error error;
    uint32_t rows = 100000000, small;
    int i;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--software") == 0) {
            options.software = true;
        } else {
            rows = (uint32_t)strtoul(argv[i], NULL, 10);
        }
    }
    small = TNI_MIN(rows, 1000000);
    tni_error_clear(&error);
    tni_memory_init(&memory, NULL, UINT64_MAX);
    if (tni_gpu_open(&memory, &options, &gpu, &error) != TRUENO_OK || tni_gpu_best(gpu) == NULL) {
        printf("no device to measure (--software takes software devices too)\n");
        return 0;
    }
    if (tni_gpu_device_open(gpu, tni_gpu_best(gpu), &device, &error) != TRUENO_OK) {
        printf("%s\n", error.message);
        return 1;
    }
    printf("%9s %9s %6s %5s  %-11s %9s %9s %8s\n", "build", "probe", "copies", "bits", "form",
           "wall ms", "device ms", "Gpairs/s");
    measure(small, small, 1, false, TNI_GPU_JOIN_DENSE);
    measure(small, small, 1, false, TNI_GPU_JOIN_HASHED);
    measure(small, small, 1, true, TNI_GPU_JOIN_HASHED);
    measure(small, small, 1, false, TNI_GPU_JOIN_PARTITIONED);
    measure(small, small, 4, false, TNI_GPU_JOIN_HASHED);
    measure(rows / 10, rows, 1, false, TNI_GPU_JOIN_DENSE);
    measure(rows / 10, rows, 1, false, TNI_GPU_JOIN_HASHED);
    measure(rows / 10, rows, 1, true, TNI_GPU_JOIN_HASHED);
    measure(rows / 10, rows, 1, false, TNI_GPU_JOIN_PARTITIONED);
    measure(rows / 10, rows, 2, false, TNI_GPU_JOIN_HASHED);
    measure(rows, rows, 1, false, TNI_GPU_JOIN_HASHED);
    measure(rows, rows, 1, false, TNI_GPU_JOIN_PARTITIONED);
    tni_gpu_device_close(device);
    tni_gpu_close(gpu);
    printf("%s\n", wrong ? "SOME ANSWERS ARE WRONG" : "every pair is right");
    return wrong ? 1 : 0;
}
