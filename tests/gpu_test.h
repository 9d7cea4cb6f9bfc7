/*
 * gpu_test.h - what the tests of the GPU share: an opened device under the validation layer, and
 * spirv-val for modules.
 *
 *     main: gpu_test_open("test_gpu_x", budget, slab) -> tests -> gpu_test_close()
 *
 * Runs on any Vulkan device, software ones included; TRUENO_TEST_GPU=0 skips what needs one. The
 * report of the validation layer must stay empty.
 */
#ifndef TNI_GPU_TEST_H
#define TNI_GPU_TEST_H

#include "test.h"

#include "gpu/kernel.h"

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
static uint64_t seed = 88172645463325252u;
static bool gpu_test_validator, gpu_test_layer;
static const char *gpu_test_name;

TNI_TEST_FN uint64_t random_u64(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * UINT64_C(0x2545f4914f6cdd1d);
}

TNI_TEST_FN void gpu_test_validate(const uint32_t *words, uint32_t count) {
    char path[96], command[192];
    FILE *f;
    if (!gpu_test_validator) {
        return;
    }
    (void)snprintf(path, sizeof path, "%s.spv", gpu_test_name);
    f = fopen(path, "wb");
    if (f == NULL) {
        return;
    }
    (void)fwrite(words, 4, count, f);
    (void)fclose(f);
    (void)snprintf(command, sizeof command, "spirv-val --target-env vulkan1.1 %s", path);
    if (!TNI_CHECK(system(command) == 0)) {
        gpu_test_validator = false;
        return;
    }
    (void)remove(path);
}

/* Turn the validation layer on when it is installed; it writes to a file. */
TNI_TEST_FN bool gpu_test_start_layer(void) {
    bool found = false;
#if !defined(_WIN32)
    tni_vk_layer layers[64];
    char path[128];
    uint32_t count = 64, i;
    FILE *f;
    if (gpu->vk.EnumerateInstanceLayerProperties == NULL ||
        gpu->vk.EnumerateInstanceLayerProperties(&count, layers) < 0) {
        return false;
    }
    for (i = 0; i < count; i++) {
        found = found || strcmp(layers[i].name, "VK_LAYER_KHRONOS_validation") == 0;
    }
    (void)snprintf(path, sizeof path, "./%s_layer.txt", gpu_test_name);
    f = found ? fopen(path, "w") : NULL;
    if (f == NULL) {
        return false;
    }
    fprintf(f,
            "khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG\n"
            "khronos_validation.report_flags = error,warn\n"
            "khronos_validation.log_filename = %s_layer.log\n",
            gpu_test_name);
    (void)fclose(f);
    (void)setenv("VK_INSTANCE_LAYERS", "VK_LAYER_KHRONOS_validation", 1);
    (void)setenv("VK_LAYER_SETTINGS_PATH", path, 1);
    (void)snprintf(path, sizeof path, "%s_layer.log", gpu_test_name);
    (void)remove(path);
#endif
    return found;
}

TNI_TEST_FN void gpu_test_check_layer(void) {
    char line[512];
    FILE *f;
    unsigned lines = 0;
    (void)snprintf(line, sizeof line, "%s_layer.log", gpu_test_name);
    f = fopen(line, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (lines++ < 20) {
            printf("    validation: %s", line);
        }
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    TNI_CHECK_EQ_UINT(lines, 0);
    (void)snprintf(line, sizeof line, "%s_layer.log", gpu_test_name);
    (void)remove(line);
    (void)snprintf(line, sizeof line, "%s_layer.txt", gpu_test_name);
    (void)remove(line);
}

TNI_TEST_FN trueno_status gpu_test_instance(uint64_t budget, uint64_t slab, tni_error *error) {
    tni_gpu_options options;
    memset(&options, 0, sizeof options);
    options.software = true;
    options.budget_bytes = budget;
    options.slab_bytes = slab;
    return tni_gpu_open(&memory, &options, &gpu, error);
}

/* A device to test on; false (and the reason is printed) without one. */
TNI_TEST_FN bool gpu_test_open(const char *name, uint64_t budget, uint64_t slab) {
    const char *wanted = getenv("TRUENO_TEST_GPU");
    char line[160];
    tni_error error;
    tni_text text;
    tni_error_clear(&error);
    gpu_test_name = name;
    tni_memory_init(&memory, NULL, UINT64_MAX);
    if (wanted != NULL && strcmp(wanted, "0") == 0) {
        TNI_SKIP("TRUENO_TEST_GPU=0");
        return false;
    }
    TNI_CHECK(gpu_test_instance(budget, slab, &error) == TRUENO_OK);
    if (tni_gpu_best(gpu) == NULL) {
        TNI_SKIP(gpu->device_count == 0 ? gpu->reason : gpu->devices[0].reason);
        tni_gpu_close(gpu);
        return false;
    }
    (void)snprintf(line, sizeof line, "spirv-val --version >%s.log 2>&1", name);
    gpu_test_validator = system(line) == 0;
    (void)snprintf(line, sizeof line, "%s.log", name);
    (void)remove(line);
    if (!gpu_test_validator) {
        TNI_SKIP("no spirv-val to check modules");
    }
    gpu_test_layer = gpu_test_start_layer();
    if (gpu_test_layer) {
        tni_gpu_close(gpu);
        TNI_CHECK(gpu_test_instance(budget, slab, &error) == TRUENO_OK);
    } else {
        TNI_SKIP("no Vulkan validation layer");
    }
    tni_text_init(&text, &memory);
    tni_gpu_describe(gpu, &text);
    printf("%s", text.data);
    tni_text_free(&text);
    if (!TNI_CHECK(tni_gpu_device_open(gpu, tni_gpu_best(gpu), &device, &error) == TRUENO_OK)) {
        printf("    %s\n", error.message);
        tni_gpu_close(gpu);
        return false;
    }
    return true;
}

TNI_TEST_FN void gpu_test_close(void) {
    tni_gpu_device_close(device);
    tni_gpu_close(gpu);
    if (gpu_test_layer) {
        gpu_test_check_layer();
    }
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
}

#endif
