/*
 * Scans over several devices: logical devices of one driver here, as many GPUs as there are
 * elsewhere. Any split, any order of work, any device that fails: the same bits.
 */
#include "test.h"

#include "gpu_faults.h"
#include "gpu_scans.h"

#include "gpu/multi.h"

/* Drivers keep a little to their end; what is ours is counted by `memory`. */
#if defined(__SANITIZE_ADDRESS__)
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) {
    return 1;
}
#endif

#define DEVICES 3u

static tni_memory memory;
static tni_gpu *gpu;
static tni_gpu_device *devices[DEVICES];
static const int columns[] = {SCANS_INT, SCANS_DOUBLE, SCANS_NULLABLE, SCANS_NARROW};

static bool open_devices(void) {
    tni_gpu_options options;
    tni_error error;
    uint32_t d;
    memset(&options, 0, sizeof options);
    tni_error_clear(&error);
    options.software = true;
    options.budget_bytes = 24u << 20; /* morsels of one segment */
    options.slab_bytes = 4u << 20;
    options.intercept = faults_intercept;
    TNI_CHECK(tni_gpu_open(&memory, &options, &gpu, &error) == TRUENO_OK);
    if (tni_gpu_best(gpu) == NULL) {
        TNI_SKIP(gpu->device_count == 0 ? gpu->reason : gpu->devices[0].reason);
        return false;
    }
    for (d = 0; d < DEVICES; d++) {
        TNI_CHECK(tni_gpu_device_open(gpu, tni_gpu_best(gpu), &devices[d], &error) == TRUENO_OK);
    }
    return true;
}

static void reopen(uint32_t d) {
    tni_error error;
    tni_error_clear(&error);
    tni_gpu_device_close(devices[d]);
    TNI_CHECK(tni_gpu_device_open(gpu, tni_gpu_best(gpu), &devices[d], &error) == TRUENO_OK);
}

/* One call after the other. */
static void procession(void *user, uint32_t count, void (*task)(void *context, uint32_t index),
                       void *context) {
    uint32_t i;
    (void)user;
    for (i = count; i-- > 0;) {
        task(context, i);
    }
}

static trueno_status scan(const scans_table *t, const scans_shape *s, uint32_t count,
                          const tni_gpu_parallel *parallel, tni_gpu_multi_report *reports) {
    tni_gpu_scan_result result;
    tni_error error;
    trueno_status status;
    uint32_t d, morsels = 0;
    tni_error_clear(&error);
    status = tni_gpu_multi_scan(devices, count, &s->shape, &t->table, parallel, &result, reports,
                                &error);
    if (status != TRUENO_OK) {
        TNI_CHECK(error.message[0] != '\0');
        return status;
    }
    TNI_CHECK(scans_right(t, s, &result));
    for (d = 0; d < count; d++) {
        morsels += reports[d].morsels;
    }
    TNI_CHECK_EQ_UINT(morsels, result.morsels);
    TNI_CHECK_EQ_UINT(morsels, t->segment_count);
    tni_gpu_scan_free(devices[0], &result);
    return status;
}

static void drop(uint64_t owner) {
    uint32_t d;
    for (d = 0; d < DEVICES; d++) {
        tni_gpu_cache_drop(devices[d], owner);
    }
}

/* Every length over one, two and three devices, fresh and again. */
static void test_splits(void) {
    static const uint32_t lengths[] = {0,      1,      4097,   65535, 65536,
                                       65537, 131073, 700000};
    tni_gpu_multi_report reports[DEVICES];
    tni_gpu_parallel one;
    size_t i;
    uint32_t count, round;
    int32_t below = 1000;
    memset(&one, 0, sizeof one);
    one.run = procession;
    for (i = 0; i < TNI_COUNT_OF(lengths); i++) {
        scans_table t;
        scans_shape s;
        tni_error error;
        tni_error_clear(&error);
        scans_make(&t, lengths[i], 100 + i);
        TNI_CHECK(scans_shape_make(&s, &t, devices[0]->info, &memory, columns, 4,
                                   i % 2 == 0 ? &below : NULL, &error) == TRUENO_OK);
        for (count = 1; count <= DEVICES; count++) {
            for (round = 0; round < 2; round++) {
                TNI_CHECK(scan(&t, &s, count, round == 0 ? NULL : &one, reports) == TRUENO_OK);
            }
            drop(t.table.owner);
        }
        scans_shape_free(&s);
        scans_free(&t);
    }
}

/* Resident morsels are worked on at home; a device that is slow loses some. */
static void test_stealing(void) {
    tni_gpu_multi_report reports[DEVICES];
    scans_table t;
    scans_shape s;
    tni_error error;
    tni_gpu_parallel one;
    uint64_t hits[2];
    tni_error_clear(&error);
    scans_make(&t, 12 * TNI_SEGMENT_ROWS, 50);
    TNI_CHECK(scans_shape_make(&s, &t, devices[0]->info, &memory, columns, 1, NULL, &error) ==
              TRUENO_OK);
    memset(&one, 0, sizeof one); /* device 1 first, then device 0 */
    one.run = procession;
    devices[0]->upload_rate = devices[0]->scan_rate = 1e12; /* fast, against one that crawls */
    devices[1]->upload_rate = devices[1]->scan_rate = 1;
    TNI_CHECK(scan(&t, &s, 2, &one, reports) == TRUENO_OK);
    TNI_CHECK_EQ_UINT(reports[1].stolen, 0); /* what it would need is longer */
    TNI_CHECK_EQ_UINT(reports[1].morsels, 6);
    hits[0] = devices[0]->hits;
    hits[1] = devices[1]->hits;
    devices[0]->upload_rate = devices[1]->upload_rate = 1;
    devices[0]->scan_rate = devices[1]->scan_rate = 1e12;
    TNI_CHECK(scan(&t, &s, 2, NULL, reports) == TRUENO_OK);
    TNI_CHECK_EQ_UINT(reports[0].morsels, 6);
    TNI_CHECK_EQ_UINT(reports[1].morsels, 6);
    TNI_CHECK_EQ_UINT(reports[0].stolen + reports[1].stolen, 0);
    TNI_CHECK_EQ_UINT(devices[0]->hits, hits[0] + 6);
    TNI_CHECK_EQ_UINT(devices[1]->hits, hits[1] + 6);
    drop(t.table.owner);
    devices[0]->scan_rate = devices[0]->upload_rate = 1;
    devices[1]->scan_rate = devices[1]->upload_rate = 1e12;
    TNI_CHECK(scan(&t, &s, 2, &one, reports) == TRUENO_OK);
    TNI_CHECK_EQ_UINT(reports[1].stolen, 6); /* it comes first, and takes all */
    TNI_CHECK_EQ_UINT(reports[0].morsels, 0);
    drop(t.table.owner);
    scans_shape_free(&s);
    scans_free(&t);
}

/* A device is lost at each call: the others do its part. All lost: a clean error. */
static void test_failures(void) {
    tni_gpu_multi_report reports[DEVICES];
    scans_table t;
    scans_shape s;
    tni_error error;
    uint32_t d, lost;
    long n, failures = 0;
    bool hit = true;
    tni_error_clear(&error);
    scans_make(&t, 6 * TNI_SEGMENT_ROWS + 99, 60);
    TNI_CHECK(scans_shape_make(&s, &t, devices[0]->info, &memory, columns, 2, NULL, &error) ==
              TRUENO_OK);
    for (n = 0; hit && n < 200; n += 3) {
        drop(t.table.owner);
        faults_start(n, TNI_VK_DEVICE_LOST, false);
        TNI_CHECK(scan(&t, &s, DEVICES, NULL, reports) == TRUENO_OK);
        hit = faults_stop();
        for (d = 0, lost = 0; d < DEVICES; d++) {
            lost += devices[d]->lost ? 1 : 0;
            TNI_CHECK(devices[d]->lost == reports[d].failed);
            if (devices[d]->lost) {
                reopen(d);
            }
        }
        TNI_CHECK(lost <= (hit ? 1u : 0u)); /* timestamps may fail without harm */
        failures += lost;
    }
    TNI_CHECK(failures > 10);
    drop(t.table.owner);
    faults_start(5, TNI_VK_DEVICE_LOST, true);
    TNI_CHECK(scan(&t, &s, DEVICES, NULL, reports) == TRUENO_ERROR_UNSUPPORTED);
    (void)faults_stop();
    for (d = 0; d < DEVICES; d++) {
        TNI_CHECK(devices[d]->lost);
        reopen(d);
    }
    TNI_CHECK(scan(&t, &s, DEVICES, NULL, reports) == TRUENO_OK);
    drop(t.table.owner);
    scans_shape_free(&s);
    scans_free(&t);
}

int main(void) {
    const char *wanted = getenv("TRUENO_TEST_GPU");
    uint32_t d;
    tni_memory_init(&memory, NULL, UINT64_MAX);
    if (wanted != NULL && strcmp(wanted, "0") == 0) {
        TNI_SKIP("TRUENO_TEST_GPU=0");
        return tni_test_report();
    }
    if (open_devices()) {
        test_splits();
        test_stealing();
        test_failures();
    }
    for (d = 0; d < DEVICES; d++) {
        tni_gpu_device_close(devices[d]);
    }
    tni_gpu_close(gpu);
    TNI_CHECK_EQ_INT(faults_alive(), 0);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    return tni_test_report();
}
