/*
 * Scans over several devices: logical devices of one driver here, as many GPUs as there are
 * elsewhere. Any split, any order of work, any device that fails: the same bits.
 */
#include "test.h"

#include "gpu_faults.h"
#include "gpu_scans.h"

#include "exec/aggregate.h"
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

/* Morsels of one partition have one home: nine of partition 4, then three of partition 5. */
static void test_partitions_have_homes(void) {
    tni_gpu_multi_report reports[DEVICES];
    uint32_t partitions[12], g, most;
    scans_table t;
    scans_shape s;
    tni_error error;
    tni_error_clear(&error);
    scans_make(&t, 12 * TNI_SEGMENT_ROWS, 51);
    TNI_CHECK(scans_shape_make(&s, &t, devices[0]->info, &memory, columns, 1, NULL, &error) ==
              TRUENO_OK);
    for (g = 0; g < 12; g++) {
        partitions[g] = g < 9 ? 4 : 5;
    }
    t.table.partitions = partitions;
    TNI_CHECK(scan(&t, &s, 2, NULL, reports) == TRUENO_OK);
    most = TNI_MAX(reports[0].morsels - reports[0].stolen + reports[1].stolen,
                   reports[1].morsels - reports[1].stolen + reports[0].stolen);
    TNI_CHECK_EQ_UINT(most, 9);
    drop(t.table.owner);
    scans_shape_free(&s);
    scans_free(&t);
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

/* ---- GROUP BY ---- */

/* SUM(DOUBLE), SUM(INT), MIN(DOUBLE), MAX(NULLABLE), COUNT(NULLABLE), COUNT(*) by one column. */
typedef struct grouping {
    scans_program values;
    tni_gpu_group_shape shape;
} grouping;

static void grouping_make(grouping *g, const scans_table *t, int key, int64_t minimum,
                          uint64_t range, bool nullable) {
    static const int inputs[] = {SCANS_DOUBLE, SCANS_INT, SCANS_NULLABLE};
    static const tni_gpu_slot slots[] = {{TNI_GPU_SUM, 0}, {TNI_GPU_SUM, 1}, {TNI_GPU_MIN, 0},
                                         {TNI_GPU_MAX, 2}, {TNI_GPU_COUNT, 2},
                                         {TNI_GPU_COUNT, TNI_IR_NONE}};
    uint32_t i;
    memset(g, 0, sizeof *g);
    for (i = 0; i < 4; i++) {
        int column = i < 3 ? inputs[i] : key;
        uint32_t node = scans_node(&g->values, TNI_IR_COLUMN, t->layouts[column].type, 0, 0, 0);
        g->values.nodes[node].column = (uint32_t)column;
        g->values.outputs[i] = node;
    }
    g->values.ir.output_count = 4;
    g->shape.shape.columns = t->layouts;
    g->shape.shape.column_count = SCANS_COLUMNS;
    g->shape.shape.values = &g->values.ir;
    g->shape.shape.slot_count = TNI_COUNT_OF(slots);
    memcpy(g->shape.shape.slots, slots, sizeof slots);
    g->shape.key_count = 1;
    g->shape.keys[0].output = 3;
    g->shape.keys[0].minimum = minimum;
    g->shape.keys[0].range = range;
    g->shape.keys[0].nullable = nullable;
}

static double float_value(const tni_gpu_float_sum *sum) {
    tni_float_state state;
    memcpy(state.limbs, sum->limbs, sizeof state.limbs);
    state.flags = sum->flags;
    state.grid = sum->grid;
    return tni_float_state_value(&state);
}

static bool same_groups(const tni_gpu_group_result *a, const tni_gpu_group_result *b,
                        uint32_t slots) {
    uint64_t g;
    uint32_t s;
    bool same = a->group_count == b->group_count && a->overflowed == b->overflowed;
    for (g = 0; g < a->group_count && same; g++) {
        same = a->keys[g] == b->keys[g] && a->rows[g] == b->rows[g];
        for (s = 0; s < slots && same; s++) {
            same = a->counts[s][g] == b->counts[s][g] &&
                   (a->bits[s] == NULL) == (b->bits[s] == NULL) &&
                   (a->sums[s] == NULL) == (b->sums[s] == NULL) &&
                   (a->floats[s] == NULL) == (b->floats[s] == NULL);
            if (same && a->bits[s] != NULL && a->counts[s][g] > 0) {
                same = a->bits[s][g] == b->bits[s][g];
            }
            if (same && a->sums[s] != NULL) {
                same = tni_i128_compare(a->sums[s][g], b->sums[s][g]) == 0;
            }
            if (same && a->floats[s] != NULL) {
                double x = float_value(&a->floats[s][g]), y = float_value(&b->floats[s][g]);
                same = memcmp(&x, &y, 8) == 0;
            }
        }
    }
    return same;
}

static void check_groups(const scans_table *t, const grouping *g, bool lose) {
    tni_gpu_group_result one, many;
    tni_gpu_group_code *code = NULL;
    tni_arena arena;
    tni_error error;
    uint32_t count;
    tni_error_clear(&error);
    tni_arena_init(&arena, &memory);
    TNI_CHECK(tni_gpu_group_emit(devices[0]->info, &g->shape, &arena, &code, &error) ==
              TRUENO_OK);
    if (!TNI_CHECK(tni_gpu_group(devices[0], &g->shape, code, &t->table, &one, &error) ==
                   TRUENO_OK)) {
        printf("    %u rows: %s\n", t->rows, error.message);
    }
    for (count = 1; count <= DEVICES; count++) {
        if (lose && count == DEVICES) {
            faults_start(9, TNI_VK_DEVICE_LOST, false);
        }
        TNI_CHECK(tni_gpu_multi_group(devices, count, &g->shape, &t->table, NULL, &many,
                                      &error) == TRUENO_OK);
        (void)faults_stop();
        if (!TNI_CHECK(same_groups(&one, &many, g->shape.shape.slot_count))) {
            printf("    %u rows over %u devices: %lu groups, expected %lu; %s\n", t->rows, count,
                   (unsigned long)many.group_count, (unsigned long)one.group_count,
                   error.message);
        }
        tni_gpu_group_free(&many);
    }
    tni_gpu_group_free(&one);
    tni_arena_free(&arena);
}

static void test_groups(void) {
    static const uint32_t lengths[] = {0, 1, 65537, 300000};
    grouping g;
    size_t i;
    uint32_t d;
    for (i = 0; i < TNI_COUNT_OF(lengths); i++) {
        scans_table t;
        scans_make(&t, lengths[i], 200 + i);
        grouping_make(&g, &t, SCANS_SMALL, -50, 100, false);
        check_groups(&t, &g, i == 3);
        for (d = 0; d < DEVICES; d++) {
            if (devices[d]->lost) {
                reopen(d);
            }
        }
        grouping_make(&g, &t, SCANS_NULLABLE, 0, 1u << 16, true);
        check_groups(&t, &g, false);
        drop(t.table.owner);
        scans_free(&t);
    }
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
        test_partitions_have_homes();
    test_stealing();
        test_failures();
        test_groups();
    }
    for (d = 0; d < DEVICES; d++) {
        tni_gpu_device_close(devices[d]);
    }
    tni_gpu_close(gpu);
    TNI_CHECK_EQ_INT(faults_alive(), 0);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    return tni_test_report();
}
