/*
 * Kernels, batches and the primitives built of them, against plain loops, bit for bit.
 *
 * Runs on any Vulkan device, software ones included, with the validation layer when installed
 * (its report must stay empty). TRUENO_TEST_GPU=0 skips what needs a device.
 */
#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* setenv, in strict C11 */
#endif
#include "gpu_test.h"

#include "base/bits.h"
#include "gpu/primitives.h"
#include "gpu/spirv_module.h"

static tni_gpu_kernel_want want_rows(void) {
    tni_gpu_kernel_want want;
    memset(&want, 0, sizeof want);
    TNI_CHECK(tni_spirv_skeleton(device->info, "prefix_rows", &want.words, &want.word_count));
    want.binding_count = 1;
    want.bindings[0] = 1;
    return want;
}

/* Fill, dispatch, copy and download, each seeing what those before it wrote. */
static void test_batch(void) {
    const uint32_t count = 100000, none = 7;
    tni_gpu_kernel_want want = want_rows();
    tni_gpu_kernel *kernel = NULL;
    tni_gpu_range a, b;
    tni_gpu_slice slice;
    tni_gpu_batch batch;
    tni_error error;
    uint64_t at = 1, tail_at = 1;
    uint32_t push[2], i, wrong = 0, kernels_before;
    double ms = 0, compile_ms = 0;
    tni_error_clear(&error);
    TNI_CHECK(!tni_gpu_kernel_ready(device, &want));
    TNI_CHECK(tni_gpu_kernel_get(device, &want, &kernel, &compile_ms, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_kernel_ready(device, &want) && compile_ms > 0);
    kernels_before = device->kernel_count;
    TNI_CHECK(tni_gpu_kernel_get(device, &want, &kernel, NULL, &error) == TRUENO_OK);
    TNI_CHECK_EQ_UINT(device->kernel_count, kernels_before);
    TNI_CHECK(tni_gpu_take(device, (count + 64) * 4, &a, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_take(device, (count + 64) * 4, &b, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_download_reserve(device, (count + 64) * 4, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_batch_begin(device, &batch, &error) == TRUENO_OK);
    tni_gpu_batch_fill(&batch, &a, 0, (count + 64) * 4, none);
    slice.range = &a;
    slice.offset = 256;
    slice.size = 0;
    push[0] = count - 64;
    push[1] = 1000;
    tni_gpu_batch_dispatch(&batch, kernel, &slice, 1, push, sizeof push, (count + 191) / 256);
    tni_gpu_batch_copy(&batch, &a, 0, &b, 256, count * 4);
    TNI_CHECK(tni_gpu_batch_flush(&batch) == TRUENO_OK);
    tni_gpu_batch_download(&batch, &b, 256, count * 4, &at);
    tni_gpu_batch_download(&batch, &a, (uint64_t)count * 4, 256, &tail_at);
    TNI_CHECK(tni_gpu_batch_run(&batch, &ms) == TRUENO_OK);
    TNI_CHECK_EQ_UINT(at, 0);
    for (i = 0; i < count; i++) {
        uint32_t value;
        memcpy(&value, device->download.data + at + i * 4, 4);
        wrong += value != (i < 64 ? none : 1000 + i - 64);
    }
    for (i = 0; i < 64; i++) {
        uint32_t value;
        memcpy(&value, device->download.data + tail_at + i * 4, 4);
        wrong += value != none;
    }
    TNI_CHECK_EQ_UINT(wrong, 0);
    TNI_CHECK(ms > 0 || device->query_pool == 0);
    tni_gpu_give(device, &a);
    tni_gpu_give(device, &b);
}

/* More dispatches than there are descriptor sets, and more groups than one dimension holds. */
static void test_large_batch(void) {
    const uint32_t count = 70000u * 256u, rounds = 3000;
    tni_gpu_kernel_want want = want_rows();
    tni_gpu_kernel *kernel = NULL;
    tni_gpu_range range;
    tni_gpu_slice slice;
    tni_gpu_batch batch;
    tni_error error;
    uint64_t at;
    uint32_t push[2], i, wrong = 0;
    tni_error_clear(&error);
    TNI_CHECK(tni_gpu_kernel_get(device, &want, &kernel, NULL, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_take(device, (uint64_t)count * 4, &range, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_download_reserve(device, (uint64_t)count * 4, &error) == TRUENO_OK);
    slice.range = &range;
    slice.offset = 0;
    slice.size = 0;
    TNI_CHECK(tni_gpu_batch_begin(device, &batch, &error) == TRUENO_OK);
    push[0] = count;
    push[1] = 5;
    tni_gpu_batch_dispatch(&batch, kernel, &slice, 1, push, sizeof push, 70000);
    for (i = 0; i < rounds; i++) {
        slice.offset = (uint64_t)i * 256;
        push[0] = 1;
        push[1] = i;
        tni_gpu_batch_dispatch(&batch, kernel, &slice, 1, push, sizeof push, 1);
    }
    tni_gpu_batch_download(&batch, &range, 0, (uint64_t)count * 4, &at);
    TNI_CHECK(tni_gpu_batch_run(&batch, NULL) == TRUENO_OK);
    for (i = 0; i < count; i++) {
        uint32_t value;
        memcpy(&value, device->download.data + at + (size_t)i * 4, 4);
        wrong += value != (i % 64 == 0 && i / 64 < rounds ? i / 64 : i + 5);
    }
    TNI_CHECK_EQ_UINT(wrong, 0);
    tni_gpu_give(device, &range);
}

/* What lies outside is refused, and the next batch works. */
static void test_batch_errors(void) {
    tni_gpu_kernel_want want = want_rows();
    tni_gpu_kernel *kernel = NULL;
    tni_gpu_range range;
    tni_gpu_slice slice;
    tni_gpu_batch batch;
    tni_error error;
    uint32_t push[2] = {1, 0}, i;
    tni_error_clear(&error);
    TNI_CHECK(tni_gpu_kernel_get(device, &want, &kernel, NULL, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_take(device, 1024, &range, &error) == TRUENO_OK);
    slice.range = &range;
    for (i = 0; i < 4; i++) {
        tni_error_clear(&error);
        slice.offset = i == 1 ? 1024 : i == 2 ? 4 : 0;
        slice.size = i == 3 ? 2048 : 0;
        TNI_CHECK(tni_gpu_batch_begin(device, &batch, &error) == TRUENO_OK);
        if (i == 0) {
            tni_gpu_batch_fill(&batch, &range, 1020, 8, 0);
        } else {
            tni_gpu_batch_dispatch(&batch, kernel, &slice, 1, push, sizeof push, 1);
        }
        TNI_CHECK(batch.status == TRUENO_ERROR_INTERNAL);
        TNI_CHECK(tni_gpu_batch_run(&batch, NULL) == TRUENO_ERROR_INTERNAL);
    }
    TNI_CHECK(tni_gpu_batch_begin(device, &batch, &error) == TRUENO_OK);
    tni_gpu_batch_drop(&batch);
    tni_gpu_batch_drop(&batch);
    TNI_CHECK(tni_gpu_batch_begin(device, &batch, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_batch_run(&batch, NULL) == TRUENO_OK);
    want.bindings[0] = TNI_GPU_DESCRIPTORS + 1;
    TNI_CHECK(tni_gpu_kernel_get(device, &want, &kernel, NULL, &error) ==
              TRUENO_ERROR_UNSUPPORTED);
    tni_gpu_give(device, &range);
}

/* Several at a time; one more than there are lanes is refused. */
static void test_batches(void) {
    tni_gpu_range range;
    tni_gpu_batch batches[TNI_GPU_LANES + 1];
    tni_error error;
    uint64_t at[TNI_GPU_LANES];
    uint32_t i, word;
    double ms = 0;
    tni_error_clear(&error);
    TNI_CHECK(tni_gpu_take(device, 4096 * TNI_GPU_LANES, &range, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_download_reserve(device, 4096 * TNI_GPU_LANES, &error) == TRUENO_OK);
    for (i = 0; i < TNI_GPU_LANES; i++) {
        TNI_CHECK(tni_gpu_batch_begin(device, &batches[i], &error) == TRUENO_OK);
        batches[i].download_bytes = 4096 * i;
        tni_gpu_batch_fill(&batches[i], &range, 4096 * i, 4096, i + 100);
        tni_gpu_batch_download(&batches[i], &range, 4096 * i, 4096, &at[i]);
    }
    TNI_CHECK(tni_gpu_batch_begin(device, &batches[i], &error) == TRUENO_ERROR_INTERNAL);
    tni_gpu_batch_drop(&batches[i]);
    for (i = TNI_GPU_LANES; i-- > 0;) {
        TNI_CHECK(tni_gpu_batch_submit(&batches[i], 0) == TRUENO_OK);
    }
    for (i = 0; i < TNI_GPU_LANES; i++) {
        TNI_CHECK(tni_gpu_batch_wait(&batches[i], &ms) == TRUENO_OK);
        memcpy(&word, device->download.data + at[i] + 4092, 4);
        TNI_CHECK_EQ_UINT(word, i + 100);
    }
    TNI_CHECK(!device->recording);
    tni_gpu_give(device, &range);
}

/* The cache keeps 512: the longest unused go, those of the batch at hand stay. */
static void test_kernel_cache(void) {
    tni_gpu_kernel_want want = want_rows();
    tni_gpu_kernel *kernel = NULL, *first = NULL;
    tni_error error;
    uint32_t i;
    tni_error_clear(&error);
    want.constant_count = 1;
    for (i = 0; i < 530; i++) {
        want.constants[0] = i;
        TNI_CHECK(tni_gpu_kernel_get(device, &want, &kernel, NULL, &error) == TRUENO_OK);
        want.constants[0] = 0;
        TNI_CHECK(tni_gpu_kernel_get(device, &want, &kernel, NULL, &error) == TRUENO_OK);
        TNI_CHECK(i == 0 || kernel == first);
        first = kernel;
    }
    TNI_CHECK_EQ_UINT(device->kernel_count, 512);
    want.constants[0] = 1;
    TNI_CHECK(!tni_gpu_kernel_ready(device, &want));
    tni_gpu_kernels_free(device);
    TNI_CHECK_EQ_UINT(device->kernel_count, 0);
}

/* ------------------------------------------------------------------------- arrays --- */

static const uint32_t lengths[] = {0,    1,    7,    63,    64,    65,    255,    256,    257,
                                   4095, 4096, 4097, 65535, 65536, 65537, 1000003};

/* An array of the host in device memory. */
static void put(tni_gpu_scratch *scratch, const void *data, uint64_t bytes, tni_gpu_slice *out) {
    tni_error error;
    tni_error_clear(&error);
    TNI_CHECK(tni_gpu_scratch_take(scratch, bytes, out, &error) == TRUENO_OK);
    if (data != NULL && bytes > 0) {
        TNI_CHECK(tni_gpu_upload_bytes(device, out->range, data, bytes, &error) == TRUENO_OK);
        TNI_CHECK(tni_gpu_upload_wait(device, &error) == TRUENO_OK);
    }
}

static const void *fetched(uint64_t at) {
    return device->download.data + at;
}

/* ------------------------------------------------------------------------- prefix sums --- */

static void check_prefix(uint32_t count, bool wide, bool inclusive, bool in_place) {
    uint32_t width = wide ? 8 : 4, i, wrong = 0;
    uint8_t *values = (uint8_t *)malloc((size_t)count * width + 16);
    uint64_t sum = 0, at = 0;
    tni_gpu_scratch scratch;
    tni_gpu_slice in, out;
    tni_gpu_batch batch;
    tni_error error;
    tni_error_clear(&error);
    tni_gpu_scratch_init(&scratch, device);
    for (i = 0; i < count; i++) {
        uint64_t v = wide ? random_u64() : random_u64() & UINT32_MAX;
        memcpy(values + (size_t)i * width, &v, width);
    }
    put(&scratch, values, (uint64_t)count * width, &in);
    put(&scratch, NULL, (uint64_t)count * width, &out);
    out = in_place ? in : out;
    TNI_CHECK(tni_gpu_download_reserve(device, (uint64_t)count * width, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_batch_begin(device, &batch, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_prefix(&batch, &scratch, &in, &out, count, wide, inclusive) == TRUENO_OK);
    tni_gpu_batch_download(&batch, out.range, 0, (uint64_t)count * width, &at);
    TNI_CHECK(tni_gpu_batch_run(&batch, NULL) == TRUENO_OK);
    for (i = 0; i < count; i++) {
        uint64_t v = 0, got = 0;
        memcpy(&v, values + (size_t)i * width, width);
        memcpy(&got, (const uint8_t *)fetched(at) + (size_t)i * width, width);
        sum += inclusive ? v : 0;
        wrong += got != (wide ? sum : sum & UINT32_MAX);
        sum += inclusive ? 0 : v;
    }
    if (!TNI_CHECK_EQ_UINT(wrong, 0)) {
        printf("    %u elements, %s, %s\n", count, wide ? "wide" : "narrow",
               inclusive ? "inclusive" : "exclusive");
    }
    tni_gpu_scratch_free(&scratch);
    free(values);
}

static void test_prefix(void) {
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(lengths); i++) {
        check_prefix(lengths[i], i % 2 == 0, i % 4 < 2, false);
        check_prefix(lengths[i], i % 2 != 0, i % 4 < 2, true);
        check_prefix(lengths[i], i % 2 != 0, i % 4 >= 2, false);
    }
    check_prefix(10000001, false, true, false); /* parts of several tiles */
}

/* -------------------------------------------------------------------------- radix sort --- */

enum { RANDOM, SORTED, REVERSED, CONSTANT, FEW, NEARLY, HIGH_BITS, MIDDLE, ONE_ODD, DISTRIBUTIONS };

static uint64_t make_key(int distribution, uint64_t i, uint64_t n, bool wide) {
    uint64_t r = random_u64(), key = 0;
    switch (distribution) {
    case RANDOM: key = r; break;
    case SORTED: key = i * 3; break;
    case REVERSED: key = (n - i) * 5; break;
    case CONSTANT: key = UINT64_C(0x123456789abcdef0); break;
    case FEW: key = r % 5 * UINT64_C(0x1000000010000001); break;
    case NEARLY: key = r % 100 == 0 ? r : i; break;
    case HIGH_BITS: key = r << (wide ? 57 : 25); break;
    case MIDDLE: key = (r & 0x3ffu) << (wide ? 27 : 13) | 5; break; /* crosses words and bytes */
    default: key = i == n / 2 ? 0 : UINT64_MAX; break; /* last digits everywhere */
    }
    return wide ? key : key & UINT32_MAX;
}

typedef struct keyed {
    uint64_t key;
    uint32_t row, payload;
} keyed;

static int by_key(const void *a, const void *b) {
    const keyed *x = (const keyed *)a, *y = (const keyed *)b;
    return x->key != y->key ? (x->key < y->key ? -1 : 1) : x->row < y->row ? -1 : x->row > y->row;
}

typedef struct sort_case {
    bool wide, has_payload, rows, plain, exact;
    uint32_t items, parts, subgroups;
} sort_case;

static void check_sort(uint32_t count, int distribution, const sort_case *c) {
    uint32_t width = c->wide ? 8 : 4, i, wrong = 0;
    keyed *wanted = (keyed *)malloc((size_t)count * sizeof *wanted + 16);
    uint8_t *keys = (uint8_t *)malloc((size_t)count * width + 16);
    uint32_t *payload = (uint32_t *)malloc((size_t)count * 4 + 16);
    uint64_t at = 0, payload_at = 0, all = UINT64_MAX, any = 0, total = (uint64_t)count * width;
    tni_gpu_scratch scratch;
    tni_gpu_sort sort;
    tni_gpu_batch batch;
    tni_error error;
    tni_error_clear(&error);
    memset(&sort, 0, sizeof sort);
    tni_gpu_scratch_init(&scratch, device);
    for (i = 0; i < count; i++) {
        wanted[i].key = make_key(distribution, i, count, c->wide);
        wanted[i].row = i;
        wanted[i].payload = payload[i] = c->rows ? i : (uint32_t)random_u64();
        memcpy(keys + (size_t)i * width, &wanted[i].key, width);
        all &= wanted[i].key;
        any |= wanted[i].key;
    }
    put(&scratch, keys, total, &sort.keys[0]);
    put(&scratch, NULL, total, &sort.keys[1]);
    put(&scratch, c->rows ? NULL : payload, (uint64_t)count * 4, &sort.payload[0]);
    put(&scratch, NULL, (uint64_t)count * 4, &sort.payload[1]);
    sort.count = count;
    sort.wide = c->wide;
    sort.has_payload = c->has_payload;
    sort.rows = c->rows;
    sort.plain = c->plain;
    sort.items = c->items;
    sort.parts = c->parts;
    sort.subgroups = c->subgroups;
    sort.varying = UINT64_MAX;
    TNI_CHECK(tni_gpu_download_reserve(device, total + (uint64_t)count * 4 + 64, &error) ==
              TRUENO_OK);
    if (c->exact) {
        TNI_CHECK(tni_gpu_batch_begin(device, &batch, &error) == TRUENO_OK);
        TNI_CHECK(tni_gpu_varying(&batch, &scratch, &sort.keys[0], count, c->wide, &at) ==
                  TRUENO_OK);
        TNI_CHECK(tni_gpu_batch_run(&batch, NULL) == TRUENO_OK);
        sort.varying = tni_gpu_varying_bits(device, at);
        TNI_CHECK_EQ_UINT(sort.varying, count == 0 ? 0 : all ^ any);
    }
    TNI_CHECK(tni_gpu_batch_begin(device, &batch, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_sort_record(&batch, &scratch, &sort) == TRUENO_OK);
    tni_gpu_batch_download(&batch, sort.keys[sort.place].range, 0, total, &at);
    tni_gpu_batch_download(&batch, sort.payload[sort.place].range, 0, (uint64_t)count * 4,
                           &payload_at);
    TNI_CHECK(tni_gpu_batch_run(&batch, NULL) == TRUENO_OK);
    if (batch.status != TRUENO_OK) {
        printf("    %s\n", error.message);
    }
    qsort(wanted, count, sizeof *wanted, by_key);
    for (i = 0; i < count; i++) {
        uint64_t key = 0;
        uint32_t row;
        memcpy(&key, (const uint8_t *)fetched(at) + (size_t)i * width, width);
        memcpy(&row, (const uint8_t *)fetched(payload_at) + (size_t)i * 4, 4);
        wrong += key != wanted[i].key || (c->has_payload && row != wanted[i].payload);
    }
    if (!TNI_CHECK_EQ_UINT(wrong, 0)) {
        printf("    %u keys, distribution %d, wide %d, payload %d, rows %d, plain %d, items %u, "
               "%u passes\n",
               count, distribution, c->wide, c->has_payload, c->rows, c->plain, c->items,
               sort.passes);
    }
    tni_gpu_scratch_free(&scratch);
    free(wanted);
    free(keys);
    free(payload);
}

static void test_sort(void) {
    static const sort_case cases[] = {
        {false, false, false, false, false, 0, 0, 0}, {false, true, true, false, true, 0, 0, 8},
        {true, true, false, false, true, 0, 0, 0},    {true, false, false, false, false, 4, 3, 8},
        {false, true, false, true, true, 0, 0, 0},    {true, true, true, true, false, 0, 5, 0}};
    size_t i, k;
    int d;
    for (i = 0; i < TNI_COUNT_OF(lengths) - 1; i++) {
        check_sort(lengths[i], RANDOM, &cases[i % 6]);
        check_sort(lengths[i], (int)(i % DISTRIBUTIONS), &cases[(i + 1) % 6]);
    }
    for (d = 0; d < DISTRIBUTIONS; d++) {
        for (k = 0; k < TNI_COUNT_OF(cases); k++) {
            check_sort(20011, d, &cases[k]);
        }
    }
    check_sort(1000003, RANDOM, &cases[1]);
    check_sort(1000003, FEW, &cases[2]);
}

/* --------------------------------------------------------------- selection and gathers --- */

static void check_compact(uint32_t rows, uint32_t one_in, uint32_t room) {
    uint64_t bytes = tni_gpu_bitmap_bytes(rows), at = 0, values_at = 0;
    uint64_t *bits = (uint64_t *)calloc(1, (size_t)bytes + 16);
    uint32_t *values = (uint32_t *)malloc((size_t)rows * 4 + 16);
    uint32_t i, count = 0, wrong = 0, upto = 0;
    tni_gpu_scratch scratch;
    tni_gpu_compact compact;
    tni_gpu_slice in, out;
    tni_gpu_batch batch;
    tni_error error;
    tni_error_clear(&error);
    memset(&compact, 0, sizeof compact);
    for (i = 0; i < rows; i++) {
        values[i] = (uint32_t)random_u64();
        if (one_in != 0 && random_u64() % one_in == 0) {
            tni_bit_set(bits, i);
            count++;
        }
    }
    tni_gpu_scratch_init(&scratch, device);
    put(&scratch, bits, bytes, &compact.bits);
    put(&scratch, NULL, ((uint64_t)rows + 3) * 4, &compact.out);
    put(&scratch, values, (uint64_t)rows * 4, &in);
    put(&scratch, NULL, (uint64_t)rows * 4, &out);
    compact.rows = rows;
    compact.first = 0;
    compact.room = room;
    TNI_CHECK(tni_gpu_download_reserve(device, (uint64_t)rows * 8 + 256, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_batch_begin(device, &batch, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_stripes_record(&batch, &scratch, &compact.bits, rows, &compact.upto) ==
              TRUENO_OK);
    TNI_CHECK(tni_gpu_compact_record(&batch, &scratch, &compact) == TRUENO_OK);
    if (rows > 0) {
        tni_gpu_batch_download(&batch, compact.upto.range,
                               (bytes / (TNI_GPU_STRIPE_ROWS / 8) - 1) * 4, 4, &at);
    }
    TNI_CHECK(tni_gpu_batch_run(&batch, NULL) == TRUENO_OK);
    if (rows > 0) {
        memcpy(&upto, fetched(at), 4);
    }
    TNI_CHECK_EQ_UINT(upto, count);
    count = TNI_MIN(count, room);
    TNI_CHECK(tni_gpu_batch_begin(device, &batch, &error) == TRUENO_OK);
    if (count > 0) {
        TNI_CHECK(tni_gpu_gather_record(&batch, &scratch, &in, rows, &compact.out, &out, count,
                                        false) == TRUENO_OK);
    }
    tni_gpu_batch_download(&batch, compact.out.range, 0, (uint64_t)count * 4, &at);
    tni_gpu_batch_download(&batch, out.range, 0, (uint64_t)count * 4, &values_at);
    TNI_CHECK(tni_gpu_batch_run(&batch, NULL) == TRUENO_OK);
    for (i = 0, upto = 0; i < rows && upto < count; i++) {
        if (tni_bit_get(bits, i)) {
            uint32_t row, value;
            memcpy(&row, (const uint8_t *)fetched(at) + (size_t)upto * 4, 4);
            memcpy(&value, (const uint8_t *)fetched(values_at) + (size_t)upto * 4, 4);
            wrong += row != i || value != values[i];
            upto++;
        }
    }
    if (!TNI_CHECK_EQ_UINT(wrong, 0)) {
        printf("    %u rows, one in %u\n", rows, one_in);
    }
    tni_gpu_scratch_free(&scratch);
    free(bits);
    free(values);
}

static void test_compact(void) {
    static const uint32_t densities[] = {1, 2, 10, 100, 5000, 0};
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(lengths); i++) {
        check_compact(lengths[i], densities[i % 6], UINT32_MAX);
        check_compact(lengths[i], densities[(i + 1) % 3], lengths[i] / 3);
    }
}

/* ------------------------------------------------------------------------------ top-k --- */

static void check_top(uint32_t count, int distribution, bool wide, uint32_t k, bool exact) {
    uint32_t width = wide ? 8 : 4, i, wrong = 0, found;
    keyed *wanted = (keyed *)malloc((size_t)count * sizeof *wanted + 16);
    uint8_t *keys = (uint8_t *)malloc((size_t)count * width + 16);
    uint64_t at = 0, rows_at = 0, all = UINT64_MAX, any = 0;
    tni_gpu_scratch scratch;
    tni_gpu_top_k top;
    tni_gpu_batch batch;
    tni_error error;
    tni_error_clear(&error);
    memset(&top, 0, sizeof top);
    tni_gpu_scratch_init(&scratch, device);
    for (i = 0; i < count; i++) {
        wanted[i].key = make_key(distribution, i, count, wide);
        wanted[i].row = i;
        memcpy(keys + (size_t)i * width, &wanted[i].key, width);
        all &= wanted[i].key;
        any |= wanted[i].key;
    }
    put(&scratch, keys, (uint64_t)count * width, &top.keys);
    top.count = count;
    top.wide = wide;
    top.k = k;
    top.varying = exact ? all ^ any : UINT64_MAX;
    if (!TNI_CHECK(tni_gpu_top_k_run(&scratch, &top, &error) == TRUENO_OK)) {
        printf("    %s\n", error.message);
    }
    found = TNI_MIN(k, count);
    TNI_CHECK_EQ_UINT(top.found, found);
    TNI_CHECK(tni_gpu_download_reserve(device, (uint64_t)found * 12 + 64, &error) == TRUENO_OK);
    TNI_CHECK(tni_gpu_batch_begin(device, &batch, &error) == TRUENO_OK);
    tni_gpu_batch_download(&batch, top.sorted_keys.range, 0, (uint64_t)found * width, &at);
    tni_gpu_batch_download(&batch, top.sorted_rows.range, 0, (uint64_t)found * 4, &rows_at);
    TNI_CHECK(tni_gpu_batch_run(&batch, NULL) == TRUENO_OK);
    qsort(wanted, count, sizeof *wanted, by_key);
    for (i = 0; i < found; i++) {
        uint64_t key = 0;
        uint32_t row;
        memcpy(&key, (const uint8_t *)fetched(at) + (size_t)i * width, width);
        memcpy(&row, (const uint8_t *)fetched(rows_at) + (size_t)i * 4, 4);
        wrong += key != wanted[i].key || row != wanted[i].row;
    }
    if (!TNI_CHECK_EQ_UINT(wrong, 0)) {
        printf("    %u keys, distribution %d, wide %d, k %u, %u candidates\n", count,
               distribution, wide, k, top.candidates);
    }
    tni_gpu_scratch_free(&scratch);
    free(wanted);
    free(keys);
}

static void test_top(void) {
    static const uint32_t ks[] = {1, 10, 1000, 12345};
    int d;
    for (d = 0; d < DISTRIBUTIONS; d++) {
        check_top(100003, d, d % 2 == 0, ks[d % 4], d % 3 == 0);
        check_top(100003, d, d % 2 != 0, ks[(d + 1) % 4], d % 3 != 0);
    }
    check_top(0, RANDOM, false, 10, true);
    check_top(100, RANDOM, true, 0, true);
    check_top(100, FEW, true, 7, true);
    check_top(100, RANDOM, false, 1000, true);
    check_top(50000, RANDOM, false, 49999, true);
    check_top(1000003, RANDOM, true, 100, false);
}

static void test_modules(void) {
    static const char *const names[] = {
        "prefix_rows",   "prefix_reduce", "prefix_reduce_u64", "prefix_scan",  "prefix_scan_u64",
        "radix_bits",    "radix_count",   "radix_scan",        "radix_scatter",
        "radix_scatter_plain", "compact_count", "compact_rows", "compact_gather", "topk_count",
        "topk_pick", "topk_mark"};
    const uint32_t *words;
    uint32_t count;
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(names); i++) {
        TNI_CHECK(tni_spirv_skeleton(device->info, names[i], &words, &count));
        gpu_test_validate(words, count);
    }
}

int main(void) {
    if (gpu_test_open("test_gpu_primitives", UINT64_C(256) << 20, UINT64_C(128) << 20)) {
        test_modules();
        test_batch();
        test_large_batch();
        test_batches();
        test_batch_errors();
        test_kernel_cache();
        test_prefix();
        test_sort();
        test_compact();
        test_top();
        gpu_test_close();
    }
    return tni_test_report();
}
