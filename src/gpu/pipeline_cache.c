/*
 * pipeline_cache.c - compiled kernels kept between processes: a file for each device, driver and
 * version of this library.
 *
 *   "TNIPIPE1" | bytes of data, u64 | hash of data, u64 | data as the driver gave it
 *
 * A file that is not exactly that, or whose own header names another device, is ignored; so is
 * every failure to read or write one. Written only by who built kernels.
 *
 * Uses: base/, gpu/device.h.
 */
#include "gpu/accelerator_internal.h"

#include <stdio.h>

#if !defined(TRUENO_NO_VULKAN)

#define TNI_PIPELINE_HEADER 24u
#define TNI_PIPELINE_MOST (UINT64_C(64) << 20)
#define TNI_PIPELINE_PATH 1024u

/* The file's path; false: none is kept. */
static bool tni_pipeline_path(const tni_gpu_device *device, const char *directory, char *out) {
    static const char hex[] = "0123456789abcdef";
    const char *home = directory, *below = "";
    char uuid[33];
    int length;
    uint32_t i;
    if (home == NULL) {
        home = tni_environment("TRUENO_PIPELINE_CACHE");
        if (home != NULL && strcmp(home, "off") == 0) {
            return false;
        }
    }
    if (home == NULL) {
        home = tni_environment("XDG_CACHE_HOME");
    }
    if (home == NULL || (home[0] == '\0' && directory == NULL)) {
        home = tni_environment("LOCALAPPDATA");
    }
    if (home == NULL) {
        home = tni_environment("HOME");
        below = "/.cache";
    }
    if (home == NULL || home[0] == '\0') {
        return false;
    }
    for (i = 0; i < 16; i++) {
        uuid[2 * i] = hex[device->info->uuid[i] >> 4];
        uuid[2 * i + 1] = hex[device->info->uuid[i] & 15];
    }
    uuid[32] = '\0';
    length = snprintf(out, TNI_PIPELINE_PATH, "%s%s/trueno-%s-%x-%s.pipelines", home, below, uuid,
                      (unsigned)device->info->driver_version, TRUENO_VERSION);
    return length > 0 && length < (int)TNI_PIPELINE_PATH;
}

static uint64_t tni_pipeline_u64(const uint8_t *at) {
    uint64_t v;
    memcpy(&v, at, sizeof v);
    return v;
}

/* Is this a file of ours, with data for this device? The data begins with what Vulkan prescribes:
 * bytes, version 1, vendor, device, uuid. */
static bool tni_pipeline_valid(const tni_gpu_device *device, const uint8_t *file, uint64_t size) {
    uint32_t words[4];
    const uint8_t *data = file + TNI_PIPELINE_HEADER;
    if (size < TNI_PIPELINE_HEADER + 32 || memcmp(file, "TNIPIPE1", 8) != 0 ||
        tni_pipeline_u64(file + 8) != size - TNI_PIPELINE_HEADER ||
        tni_pipeline_u64(file + 16) !=
            tni_hash_bytes(data, (size_t)(size - TNI_PIPELINE_HEADER))) {
        return false;
    }
    memcpy(words, data, sizeof words);
    return words[0] >= 32 && words[1] == 1 && words[2] == device->info->vendor &&
           words[3] == device->info->device && memcmp(data + 16, device->info->uuid, 16) == 0;
}

/* The whole file in memory of `*size` bytes, or NULL. */
static uint8_t *tni_pipeline_read(tni_memory *memory, const char *path, uint64_t *size) {
    trueno_files files;
    void *file;
    uint8_t *data = NULL;
    size_t done = 0;
    *size = 0;
    tni_files_default(&files);
    if (files.open(files.user, path, TRUENO_FILE_READ, &file) != 0) {
        return NULL;
    }
    if (files.size(files.user, file, size) == 0 && *size > 0 && *size <= TNI_PIPELINE_MOST) {
        data = (uint8_t *)tni_alloc(memory, (size_t)*size);
    }
    if (data != NULL &&
        (files.read(files.user, file, 0, data, (size_t)*size, &done) != 0 || done != *size)) {
        tni_free(memory, data, (size_t)*size);
        data = NULL;
    }
    (void)files.close(files.user, file);
    return data;
}

TNI_FN void tni_pipeline_cache_load(tni_gpu_device *device, const char *directory) {
    char path[TNI_PIPELINE_PATH];
    uint64_t size;
    uint8_t *file;
    if (!tni_pipeline_path(device, directory, path)) {
        return;
    }
    file = tni_pipeline_read(device->memory, path, &size);
    if (file == NULL) {
        return;
    }
    if (tni_pipeline_valid(device, file, size)) {
        tni_vk_blob_info info = TNI_ZERO;
        tni_vk_handle loaded = 0;
        info.type = TNI_VK_S_PIPELINE_CACHE;
        info.size = (size_t)(size - TNI_PIPELINE_HEADER);
        info.data = file + TNI_PIPELINE_HEADER;
        if (device->vk.CreatePipelineCache(device->device, &info, NULL, &loaded) ==
            TNI_VK_SUCCESS) {
            device->vk.DestroyPipelineCache(device->device, device->pipeline_cache, NULL);
            device->pipeline_cache = loaded;
        }
    }
    tni_free(device->memory, file, (size_t)size);
}

static void tni_pipeline_write(const char *path, const uint8_t *file, size_t size) {
    trueno_files files;
    void *out;
    bool fine;
    tni_files_default(&files);
    if (files.open(files.user, path, TRUENO_FILE_WRITE, &out) != 0) {
        return;
    }
    fine = files.write(files.user, out, file, size) == 0;
    fine = files.close(files.user, out) == 0 && fine;
    if (!fine) {
        (void)files.remove(files.user, path);
    }
}

TNI_FN void tni_pipeline_cache_save(tni_gpu_device *device, const char *directory) {
    char path[TNI_PIPELINE_PATH];
    size_t size = 0, total;
    uint8_t *file;
    uint64_t field;
    if (!tni_pipeline_path(device, directory, path) ||
        device->vk.GetPipelineCacheData(device->device, device->pipeline_cache, &size, NULL) !=
            TNI_VK_SUCCESS ||
        size == 0 || size > TNI_PIPELINE_MOST) {
        return;
    }
    total = size + TNI_PIPELINE_HEADER;
    file = (uint8_t *)tni_alloc(device->memory, total);
    if (file == NULL) {
        return;
    }
    if (device->vk.GetPipelineCacheData(device->device, device->pipeline_cache, &size,
                                        file + TNI_PIPELINE_HEADER) == TNI_VK_SUCCESS &&
        size + TNI_PIPELINE_HEADER <= total) {
        memcpy(file, "TNIPIPE1", 8);
        field = size;
        memcpy(file + 8, &field, 8);
        field = tni_hash_bytes(file + TNI_PIPELINE_HEADER, size);
        memcpy(file + 16, &field, 8);
        tni_pipeline_write(path, file, size + TNI_PIPELINE_HEADER);
    }
    tni_free(device->memory, file, total);
}

#undef TNI_PIPELINE_HEADER
#undef TNI_PIPELINE_MOST
#undef TNI_PIPELINE_PATH

#endif
