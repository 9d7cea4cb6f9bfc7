/*
 * Every failure that a driver can report, at every call, while a device is opened and while tables
 * are scanned: the answer is right or the error is clean, nothing leaks, and the device works again
 * unless it was lost. Failing host memory is tried in the same way.
 *
 * The same for every way columns reach the device, which are also tested without faults, with
 * threads that fill, and with scans larger than the cache.
 */
#include "test.h"

#include "gpu_faults.h"
#include "gpu_scans.h"

/* Drivers keep a little to their end; what is ours is counted by `memory`. */
#if defined(__SANITIZE_ADDRESS__)
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) {
    return 1;
}
#endif

static tni_memory memory;
static tni_gpu *gpu;
static tni_gpu_device *device;
static tni_gpu_options options;

static const tni_vk_result kinds[] = {TNI_VK_DEVICE_LOST, TNI_VK_OUT_OF_DEVICE_MEMORY,
                                      TNI_VK_OUT_OF_HOST_MEMORY, TNI_VK_TIMEOUT};

static bool is_clean(trueno_status status) {
    return status == TRUENO_ERROR_UNSUPPORTED || status == TRUENO_ERROR_MEMORY_LIMIT ||
           status == TRUENO_ERROR_MEMORY;
}

static trueno_status open_all(tni_error *error) {
    tni_error_clear(error);
    gpu = NULL;
    device = NULL;
    TNI_TRY(tni_gpu_open(&memory, &options, &gpu, error));
    if (tni_gpu_best(gpu) == NULL) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "no device");
    }
    return tni_gpu_device_open(gpu, tni_gpu_best(gpu), &device, error);
}

static void close_all(void) {
    tni_gpu_device_close(device);
    tni_gpu_close(gpu);
    device = NULL;
    gpu = NULL;
}

/* --------------------------------------------------------------------------- opening --- */

static void test_opening(void) {
    tni_error error;
    size_t k;
    long n, calls;
    for (k = 0; k < TNI_COUNT_OF(kinds); k++) {
        bool hit = true;
        for (n = 0; hit && n < 300; n++) {
            trueno_status status;
            faults_start(n, kinds[k], k == 0);
            status = open_all(&error);
            calls = (long)tni_atomic_load_i64(&faults.calls);
            hit = faults_stop();
            TNI_CHECK(status == TRUENO_OK || is_clean(status));
            TNI_CHECK(hit == (n < calls));
            close_all();
            if (!TNI_CHECK_EQ_INT(faults_alive(), 0)) {
                printf("    after %s at call %ld\n", faults.hit, n);
            }
            TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
        }
        TNI_CHECK(n > 10 && n < 300);
    }
}

/* --------------------------------------------------------------------------- scanning --- */

typedef struct fault_case {
    const char *name;
    int columns[4];
    uint32_t count;
    bool filtered;
    bool cold;      /* kernels are built anew each time */
    bool copied;    /* staged */
} fault_case;

static trueno_status scan(const scans_table *t, const scans_shape *s, bool *right,
                          tni_error *error) {
    tni_gpu_scan_result result;
    trueno_status status;
    tni_error_clear(error);
    status = tni_gpu_scan(device, &s->shape, &s->code, &t->table, &result, error);
    *right = status != TRUENO_OK || scans_right(t, s, &result);
    tni_gpu_scan_free(device, &result);
    return status;
}

static void reopen(void) {
    tni_error error;
    tni_gpu_device_close(device);
    TNI_CHECK_EQ_INT(faults_alive(), 1); /* the instance */
    tni_error_clear(&error);
    if (!TNI_CHECK(tni_gpu_device_open(gpu, tni_gpu_best(gpu), &device, &error) == TRUENO_OK)) {
        printf("    %s\n", error.message);
        exit(tni_test_report());
    }
}

/* One scan with a fault; then one without, which must succeed. True when the fault was met. */
static bool try_fault(const fault_case *c, const scans_table *t, const scans_shape *s, long n,
                      tni_vk_result kind, bool sticky) {
    tni_error error;
    trueno_status status;
    bool right, hit;
    int64_t used;
    tni_gpu_cache_drop(device, t->table.owner);
    if (c->cold) {
        tni_gpu_kernels_free(device);
    }
    faults_start(n, kind, sticky);
    status = scan(t, s, &right, &error);
    hit = faults_stop();
    if (!TNI_CHECK(right) || !TNI_CHECK(status == TRUENO_OK || is_clean(status)) ||
        !TNI_CHECK(status == TRUENO_OK || error.message[0] != '\0')) {
        printf("    %s: %d at call %ld, %s: %s\n", c->name, (int)kind, n, faults.hit,
               error.message);
    }
    TNI_CHECK(!device->lost || status != TRUENO_OK || !hit);
    if (device->lost) {
        TNI_CHECK(scan(t, s, &right, &error) == TRUENO_ERROR_UNSUPPORTED);
        reopen();
    }
    used = tni_atomic_load_i64(&memory.used);
    status = scan(t, s, &right, &error);
    if (!TNI_CHECK(status == TRUENO_OK && right)) {
        printf("    %s: after %d at call %ld, %s: %s\n", c->name, (int)kind, n, faults.hit,
               error.message);
        reopen();
    }
    tni_gpu_cache_drop(device, t->table.owner);
    TNI_CHECK_EQ_UINT(device->used, 0);
    TNI_CHECK(tni_atomic_load_i64(&memory.used) < used + 4096 * 64);
    return hit;
}

static void test_scan_faults(const fault_case *c, uint32_t rows) {
    scans_table t;
    scans_shape s;
    tni_error error;
    int32_t below = 0;
    size_t k;
    long n = 0;
    options.transfer = c->copied ? TNI_GPU_TRANSFER_STAGED : TNI_GPU_TRANSFER_AUTO;
    TNI_CHECK(open_all(&error) == TRUENO_OK);
    scans_make(&t, rows, 1);
    TNI_CHECK(scans_shape_make(&s, &t, device->info, &memory, c->columns, c->count,
                               c->filtered ? &below : NULL, &error) == TRUENO_OK);
    for (k = 0; k < TNI_COUNT_OF(kinds); k++) {
        /* a timeout is a lost device to us: each fourth call of the long cases */
        long step = kinds[k] == TNI_VK_TIMEOUT && c->count > 1 ? 4 : 1;
        for (n = 0; try_fault(c, &t, &s, n, kinds[k], k == 0); n += step) {
            continue;
        }
        TNI_CHECK(n > 4);
    }
    scans_shape_free(&s);
    scans_free(&t);
    close_all();
    TNI_CHECK_EQ_INT(faults_alive(), 0);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    printf("    %s: %ld calls\n", c->name, n);
}

static void test_scanning(void) {
    static const fault_case cases[] = {
        {"sum of integers, staged", {SCANS_INT, 0, 0, 0}, 1, false, false, true},
        {"sum of integers, new kernel", {SCANS_INT, 0, 0, 0}, 1, false, true, false},
        {"four columns, filtered, staged",
         {SCANS_INT, SCANS_DOUBLE, SCANS_NULLABLE, SCANS_NARROW}, 4, true, false, true},
        {"two columns, mapped", {SCANS_DOUBLE, SCANS_NULLABLE, 0, 0}, 2, false, false, false},
    };
    size_t i;
    options.budget_bytes = 16u << 20; /* morsels of one segment */
    options.slab_bytes = 1u << 20;
    options.staging_bytes = 1u << 19;
    for (i = 0; i < TNI_COUNT_OF(cases); i++) {
        test_scan_faults(&cases[i], i == 1 ? 1000 : 2 * TNI_SEGMENT_ROWS + 5000);
    }
}

/* ------------------------------------------------------------------------ host memory --- */

static long allocations, fail_at;

static void *limited_allocate(void *user, size_t size, size_t alignment) {
    (void)user;
    return allocations++ == fail_at ? NULL
                                    : aligned_alloc(alignment, (size + alignment - 1) / alignment *
                                                                   alignment);
}

static void limited_free(void *user, void *block, size_t size) {
    (void)user;
    (void)size;
    free(block);
}

/* The n-th allocation of our own fails. */
static void test_host_memory(void) {
    static const int columns[] = {SCANS_INT, SCANS_DOUBLE};
    tni_memory usual = memory;
    trueno_allocator allocator;
    trueno_status status;
    scans_table t;
    scans_shape s;
    tni_error error;
    bool right;
    long n;
    memset(&allocator, 0, sizeof allocator);
    allocator.alloc = limited_allocate;
    allocator.free = limited_free;
    options.transfer = TNI_GPU_TRANSFER_STAGED;
    fail_at = -1;
    tni_memory_init(&memory, &allocator, UINT64_MAX);
    scans_make(&t, TNI_SEGMENT_ROWS + 77, 1);
    for (n = 0, right = true; n < 500; n++) {
        allocations = 0;
        fail_at = n;
        status = open_all(&error);
        if (status == TRUENO_OK) {
            status = scans_shape_make(&s, &t, device->info, &memory, columns, 2, NULL, &error);
            if (status == TRUENO_OK) {
                status = scan(&t, &s, &right, &error);
            }
            scans_shape_free(&s);
        }
        TNI_CHECK(right && (status == TRUENO_OK || is_clean(status)));
        close_all();
        TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
        if (allocations <= n) {
            break;
        }
    }
    TNI_CHECK(n > 10 && n < 500);
    TNI_CHECK_EQ_INT(faults_alive(), 0);
    scans_free(&t);
    memory = usual;
}

/* ------------------------------------------------------------------------- transfers --- */

typedef struct crew_task {
    void (*task)(void *context, uint32_t index);
    void *context;
    uint32_t index;
} crew_task;

static void crew_run(void *argument) {
    crew_task *t = (crew_task *)argument;
    t->task(t->context, t->index);
}

/* Threads as a scheduler has them. */
static void crew(void *user, uint32_t count, void (*task)(void *context, uint32_t index),
                 void *context) {
    crew_task tasks[8];
    tni_thread *threads[8];
    uint32_t i;
    *(uint32_t *)user += 1;
    for (i = 1; i < count && i < 8; i++) {
        tasks[i].task = task;
        tasks[i].context = context;
        tasks[i].index = i;
        threads[i] = tni_thread_start(crew_run, &tasks[i]);
    }
    task(context, 0);
    for (i = 1; i < count && i < 8; i++) {
        tni_thread_join(threads[i]);
    }
}

/* Calls one after the other, as a host may make them. */
static void procession(void *user, uint32_t count, void (*task)(void *context, uint32_t index),
                       void *context) {
    uint32_t i;
    *(uint32_t *)user += 1;
    for (i = 0; i < count; i++) {
        task(context, i);
    }
}

/* Every way of transfer, alone and with helpers, fresh and again: the same right answers. */
static void test_transfers(void) {
    static const tni_gpu_transfer modes[] = {TNI_GPU_TRANSFER_STAGED, TNI_GPU_TRANSFER_MAPPED,
                                             TNI_GPU_TRANSFER_IMPORTED};
    static const int columns[] = {SCANS_INT, SCANS_DOUBLE, SCANS_NULLABLE, SCANS_NARROW};
    const uint32_t rows = 40 * TNI_SEGMENT_ROWS + 12345;
    scans_table t;
    scans_shape s;
    tni_error error;
    size_t m;
    uint32_t helpers, calls, round;
    bool right;
    options.budget_bytes = UINT64_C(512) << 20;
    options.slab_bytes = 64u << 20;
    options.staging_bytes = 2u << 20;
    scans_make(&t, rows, 7);
    for (m = 0; m < TNI_COUNT_OF(modes); m++) {
        for (helpers = 0; helpers < 3; helpers++) {
            calls = 0;
            options.transfer = modes[m];
            options.parallel.run = helpers == 0 ? NULL : helpers == 1 ? crew : procession;
            options.parallel.user = &calls;
            options.parallel.threads = 4;
            options.streaming = helpers == 1;
            TNI_CHECK(open_all(&error) == TRUENO_OK);
            TNI_CHECK(scans_shape_make(&s, &t, device->info, &memory, columns, 4, NULL, &error) ==
                      TRUENO_OK);
            for (round = 0; round < 2; round++) {
                TNI_CHECK(scan(&t, &s, &right, &error) == TRUENO_OK && right);
            }
            TNI_CHECK(helpers == 0 || calls > 0);
            TNI_CHECK(device->hits > 0 && device->evictions == 0);
            TNI_CHECK(device->transfer_mode == modes[m] || device->info->import_alignment == 0);
            TNI_CHECK((device->imported_bytes > 0) ==
                      (device->transfer_mode == TNI_GPU_TRANSFER_IMPORTED));
            tni_gpu_cache_drop(device, t.table.owner);
            TNI_CHECK_EQ_UINT(device->imported_bytes, 0);
            TNI_CHECK_EQ_UINT(device->used, 0);
            scans_shape_free(&s);
            close_all();
            TNI_CHECK_EQ_INT(faults_alive(), 0);
        }
    }
    memset(&options.parallel, 0, sizeof options.parallel);
    options.streaming = false;
    scans_free(&t);
}

/* Morsels that are resident share submissions, but for the first; whatever call fails then, none is
 * lost or counted twice. */
static void test_together(void) {
    static const int columns[] = {SCANS_INT, SCANS_DOUBLE, SCANS_NULLABLE};
    scans_table t;
    scans_shape s;
    tni_error error;
    trueno_status status;
    uint64_t before;
    bool right, hit = true;
    long at;
    options.budget_bytes = 32u << 20; /* morsels of two segments */
    options.slab_bytes = 4u << 20;
    options.transfer = TNI_GPU_TRANSFER_STAGED;
    TNI_CHECK(open_all(&error) == TRUENO_OK);
    scans_make(&t, 19 * TNI_SEGMENT_ROWS + 100, 9);
    TNI_CHECK(scans_shape_make(&s, &t, device->info, &memory, columns, 3, NULL, &error) ==
              TRUENO_OK);
    TNI_CHECK(scan(&t, &s, &right, &error) == TRUENO_OK && right);
    before = device->batch;
    TNI_CHECK(scan(&t, &s, &right, &error) == TRUENO_OK && right);
    TNI_CHECK_EQ_UINT(device->batch - before, 4); /* 1, 4, 4 and 1 morsels */
    for (at = 0; hit; at++) {
        faults_start(at, TNI_VK_OUT_OF_DEVICE_MEMORY, false);
        status = scan(&t, &s, &right, &error);
        hit = faults_stop();
        TNI_CHECK(status != TRUENO_OK || right);
        TNI_CHECK(scan(&t, &s, &right, &error) == TRUENO_OK && right);
        TNI_CHECK_EQ_UINT(device->used, device->cached_bytes);
    }
    TNI_CHECK(at > 20);
    scans_shape_free(&s);
    scans_free(&t);
    close_all();
}

/* A scan larger than the cache takes what room there is and drives nobody out, until what is there
 * has not been used for long. */
static void test_admission(void) {
    static const int columns[] = {SCANS_INT};
    scans_table small, large;
    scans_shape s, l;
    tni_error error;
    bool right;
    uint32_t i;
    uint64_t hits;
    options.budget_bytes = 8u << 20; /* 6 MiB for the cache */
    options.slab_bytes = 4u << 20;
    options.transfer = TNI_GPU_TRANSFER_STAGED;
    TNI_CHECK(open_all(&error) == TRUENO_OK);
    scans_make(&small, 8 * TNI_SEGMENT_ROWS, 1);
    scans_make(&large, 40 * TNI_SEGMENT_ROWS, 2);
    TNI_CHECK(scans_shape_make(&s, &small, device->info, &memory, columns, 1, NULL, &error) ==
              TRUENO_OK);
    TNI_CHECK(scans_shape_make(&l, &large, device->info, &memory, columns, 1, NULL, &error) ==
              TRUENO_OK);
    TNI_CHECK(scan(&small, &s, &right, &error) == TRUENO_OK && right);
    TNI_CHECK(scan(&large, &l, &right, &error) == TRUENO_OK && right);
    TNI_CHECK_EQ_UINT(device->evictions, 0);
    TNI_CHECK(device->cached_bytes <= device->cache_limit);
    TNI_CHECK(device->cached_bytes > device->cache_limit / 2);
    hits = device->hits;
    TNI_CHECK(scan(&small, &s, &right, &error) == TRUENO_OK && right);
    TNI_CHECK_EQ_UINT(device->hits, hits + 8);
    hits = device->hits;
    TNI_CHECK(scan(&large, &l, &right, &error) == TRUENO_OK && right);
    TNI_CHECK(device->hits > hits + 8); /* the part that was kept */
    for (i = 0; i < 40; i++) {
        TNI_CHECK(scan(&large, &l, &right, &error) == TRUENO_OK && right);
    }
    TNI_CHECK_EQ_UINT(device->evictions, 8); /* the small table, long unused */
    scans_shape_free(&s);
    scans_shape_free(&l);
    scans_free(&small);
    scans_free(&large);
    close_all();
}

int main(void) {
    const char *wanted = getenv("TRUENO_TEST_GPU");
    tni_error error;
    trueno_status status;
    tni_memory_init(&memory, NULL, UINT64_MAX);
    if (wanted != NULL && strcmp(wanted, "0") == 0) {
        TNI_SKIP("TRUENO_TEST_GPU=0");
        return tni_test_report();
    }
    memset(&options, 0, sizeof options);
    options.software = true;
    options.budget_bytes = 64u << 20;
    options.intercept = faults_intercept;
    status = open_all(&error);
    if (status != TRUENO_OK) {
        TNI_SKIP(gpu == NULL || gpu->device_count == 0 ? error.message : gpu->devices[0].reason);
        close_all();
        return tni_test_report();
    }
    close_all();
    test_opening();
    test_transfers();
    test_admission();
    test_together();
    test_scanning();
    test_host_memory();
    TNI_CHECK_EQ_INT(faults_alive(), 0);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    return tni_test_report();
}
