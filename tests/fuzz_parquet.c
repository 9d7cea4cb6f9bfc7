/*
 * fuzz_parquet.c - fuzz target: the input as a Parquet file, all columns read, and as a stream of
 * each codec. Nothing but a status may come of it, within bounded memory and time.
 *
 * Build with clang -fsanitize=fuzzer, or with tests/fuzz.c, which replays and mutates files.
 */
#include "codec/codec.h"
#include "format/parquet/parquet.h"

#include <stdlib.h>

#define FUZZ_MEMORY (256u << 20)
#define FUZZ_ROWS 300000u /* of a column: files may claim any number */

typedef struct fuzz_file {
    const uint8_t *data;
    size_t size;
} fuzz_file;

static int fuzz_open(void *user, const char *path, trueno_file_mode mode, void **file) {
    (void)path;
    *file = user;
    return mode == TRUENO_FILE_READ ? 0 : 1;
}

static int fuzz_size(void *user, void *file, uint64_t *size) {
    (void)user;
    *size = ((fuzz_file *)file)->size;
    return 0;
}

static int fuzz_read(void *user, void *file, uint64_t offset, void *data, size_t size,
                     size_t *done) {
    const fuzz_file *f = (const fuzz_file *)file;
    (void)user;
    *done = 0;
    if (offset < f->size) {
        *done = TNI_MIN(size, f->size - (size_t)offset);
        memcpy(data, f->data + (size_t)offset, *done);
    }
    return 0;
}

static const void *fuzz_map(void *user, void *file, uint64_t size) {
    (void)user;
    (void)size;
    return ((fuzz_file *)file)->data;
}

static int fuzz_close(void *user, void *file) {
    (void)user;
    (void)file;
    return 0;
}

/* Read everything through views and values, as a query would. */
static void fuzz_segment(tni_env *env, const tni_segment *segment) {
    tni_scratch scratch;
    uint32_t first;
    tni_error error;
    uint64_t sum = 0;
    tni_error_clear(&error);
    tni_scratch_init(&scratch, env->memory);
    for (first = 0; first < segment->rows; first += TNI_VECTOR_ROWS) {
        uint32_t rows = TNI_MIN(segment->rows - first, TNI_VECTOR_ROWS), i;
        tni_vector vector;
        tni_scratch_reset(&scratch);
        if (tni_segment_view(env, segment, first, rows, &scratch, &vector, &error) != TRUENO_OK) {
            break;
        }
        for (i = 0; i < rows; i += 1 + rows / 64) {
            tni_value v = tni_vector_value(&vector, i);
            if (!v.is_null && tni_type_is_string(v.type)) {
                sum += tni_hash_string(&v.as.string);
                if (v.type.id == TRUENO_TYPE_VARCHAR &&
                    !tni_utf8_valid(tni_string_data(&v.as.string), v.as.string.length)) {
                    abort(); /* VARCHAR is UTF-8 by construction */
                }
            }
        }
    }
    if (sum == 42) {
        abort(); /* keeps the reads alive */
    }
    tni_scratch_free(&scratch);
}

static void fuzz_column(tni_env *env, tni_source *source, uint32_t column, uint32_t workers,
                        uint32_t stride) {
    tni_scan_request request;
    tni_scan *scan;
    tni_error error;
    tni_morsel morsel;
    uint64_t rows = 0;
    uint32_t worker = 0, idle = 0;
    memset(&request, 0, sizeof request);
    tni_error_clear(&error);
    request.columns = &column;
    request.column_count = 1;
    request.workers = workers;
    if (source->ops->begin(source, env, &request, &scan, &error) != TRUENO_OK) {
        return;
    }
    while (idle < workers && rows < FUZZ_ROWS) {
        if (source->ops->next(scan, worker, &morsel, &error) != TRUENO_OK) {
            break;
        }
        idle = morsel.rows ? 0 : idle + 1;
        rows += morsel.rows;
        if (morsel.rows && morsel.order % stride == 0) {
            if (source->ops->fetch(scan, worker, &morsel, 0, &error) != TRUENO_OK) {
                break;
            }
            fuzz_segment(env, morsel.segments[0]);
        }
        if (morsel.rows) {
            source->ops->done(scan, worker, &morsel);
        }
        worker = (worker + 1) % workers;
    }
    source->ops->end(scan);
}

static void fuzz_reader(tni_memory *memory, const uint8_t *data, size_t size, bool mapped) {
    fuzz_file file;
    trueno_files files;
    trueno_limits limits;
    tni_env env;
    tni_error error;
    tni_source *source;
    const char *path = "fuzz.parquet";
    uint32_t i;
    memset(&files, 0, sizeof files);
    memset(&limits, 0, sizeof limits);
    memset(&env, 0, sizeof env);
    tni_error_clear(&error);
    file.data = data;
    file.size = size;
    files.open = fuzz_open;
    files.size = fuzz_size;
    files.read = fuzz_read;
    files.map = mapped ? fuzz_map : NULL;
    files.close = fuzz_close;
    files.user = &file;
    limits.columns = 32768;
    limits.footer_bytes = 256u << 20;
    limits.page_bytes = 1u << 30;
    env.memory = memory;
    env.kernels = tni_kernels_pick(TRUENO_BACKEND_AUTO);
    env.files = &files;
    env.limits = &limits;
    env.deadline = INT64_MAX;
    if (tni_parquet_open(&env, &path, 1, &source, &error) != TRUENO_OK) {
        return;
    }
    for (i = 0; i < source->field_count && i < 100; i++) {
        tni_zone zone;
        (void)source->ops->zone(source, i, &zone);
        fuzz_column(&env, source, i, 1 + (i + mapped) % 2, 1 + i % 3 / 2);
    }
    tni_source_release(source);
}

/* As compressed data: the decoders into a small block. */
static void fuzz_codecs(tni_memory *memory, const uint8_t *data, size_t size) {
    const size_t room = 70000;
    uint8_t *block = (uint8_t *)malloc(room + TNI_CODEC_PADDING);
    uint32_t which;
    for (which = 0; block && which < 5; which++) {
        tni_codec_output out = tni_codec_output_fixed(block, room);
        uint64_t length;
        size_t used;
        switch (which) {
        case 0:
            if (tni_snappy_length(data, size, &length) && length <= room) {
                (void)tni_snappy_decode(data, size, &out);
            }
            break;
        case 1: (void)tni_lz4_hadoop_decode(data, size, room, &out); break;
        case 2: (void)tni_inflate(data, size, &used, &out); break;
        case 3: (void)tni_gzip_decode(data, size, &out); break;
        default: (void)tni_zstd_decode(memory, data, size, &out); break;
        }
        if (out.size > room) {
            abort();
        }
    }
    free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tni_memory memory;
    uint8_t *copy = (uint8_t *)malloc(size ? size : 1); /* of the exact size, for sanitizers */
    if (!copy) {
        return 0;
    }
    if (size) {
        memcpy(copy, data, size);
    }
    tni_memory_init(&memory, NULL, FUZZ_MEMORY);
    fuzz_reader(&memory, copy, size, true);
    fuzz_reader(&memory, copy, size, false);
    fuzz_codecs(&memory, copy, size);
    if (tni_atomic_load_i64(&memory.used) != 0) {
        abort(); /* a leak */
    }
    free(copy);
    return 0;
}
