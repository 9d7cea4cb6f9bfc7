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

#include "gpu/spirv_module.h"

static tni_gpu_kernel_want want_rows(void) {
    tni_gpu_kernel_want want;
    memset(&want, 0, sizeof want);
    TNI_CHECK(tni_spirv_skeleton("prefix_rows", &want.words, &want.word_count));
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

int main(void) {
    if (gpu_test_open("test_gpu_primitives", UINT64_C(256) << 20, UINT64_C(128) << 20)) {
        tni_gpu_kernel_want want = want_rows();
        gpu_test_validate(want.words, want.word_count);
        test_batch();
        test_large_batch();
        test_batches();
        test_batch_errors();
        test_kernel_cache();
        gpu_test_close();
    }
    return tni_test_report();
}
