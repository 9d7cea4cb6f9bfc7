/*
 * fuzz_csv.c - any bytes as a CSV file.
 *
 * Beyond not crashing: whatever the chunk size and whether bitmaps or the state machine cut the
 * records, the outcome must be the same, all rows and cells or an error. The detector runs on
 * the bytes as they are; fixed dialects reach what detection would avoid.
 */
#include "format/csv/csv.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct contents {
    const uint8_t *data;
    size_t size;
} contents;

static int fuzz_open(void *user, const char *path, trueno_file_mode mode, void **file) {
    (void)path;
    (void)mode;
    *file = user;
    return 0;
}

static int fuzz_size(void *user, void *file, uint64_t *size) {
    (void)user;
    *size = ((contents *)file)->size;
    return 0;
}

static int fuzz_read(void *user, void *file, uint64_t offset, void *data, size_t size,
                     size_t *done) {
    const contents *c = (const contents *)file;
    (void)user;
    *done = TNI_MIN(size, c->size - (size_t)offset);
    memcpy(data, c->data + offset, *done);
    return 0;
}

static int fuzz_close(void *user, void *file) {
    (void)user;
    (void)file;
    return 0;
}

typedef struct outcome {
    bool failed;
    uint64_t rows, hash, skipped;
    char message[200];
} outcome;

static void hash_bytes(uint64_t *hash, const void *data, size_t size) {
    const uint8_t *p = (const uint8_t *)data;
    size_t i;
    for (i = 0; i < size; i++) {
        *hash = (*hash ^ p[i]) * UINT64_C(0x100000001b3);
    }
}

/* Morsels come in order when one thread takes turns for all workers, but for waiting chunks. */
static trueno_status hash_morsel(tni_env *env, tni_source *source, tni_scan *scan, uint32_t w,
                                 tni_morsel *morsel, uint64_t *hashes, tni_error *error) {
    tni_scratch scratch;
    trueno_status status = TRUENO_OK;
    uint32_t c, row, i;
    tni_scratch_init(&scratch, env->memory);
    for (c = 0; c < source->field_count && status == TRUENO_OK; c++) {
        status = source->ops->fetch(scan, w, morsel, c, error);
        for (row = 0; status == TRUENO_OK && row < morsel->rows; row += TNI_VECTOR_ROWS) {
            uint32_t n = TNI_MIN(morsel->rows - row, TNI_VECTOR_ROWS);
            tni_vector vector;
            tni_scratch_reset(&scratch);
            status = tni_segment_view(env, morsel->segments[c], row, n, &scratch, &vector, error);
            for (i = 0; status == TRUENO_OK && i < n; i++) {
                tni_value value = tni_vector_value(&vector, i);
                hash_bytes(&hashes[c], &value.is_null, 1);
                if (value.is_null) {
                    continue;
                }
                if (value.type.id == TRUENO_TYPE_VARCHAR) {
                    hash_bytes(&hashes[c], tni_string_data(&value.as.string),
                               value.as.string.length);
                    hash_bytes(&hashes[c], &value.as.string.length, 4);
                } else {
                    uint8_t bytes[16] = {0};
                    tni_value_store(&value, bytes);
                    hash_bytes(&hashes[c], bytes, tni_type_width(value.type));
                }
            }
        }
    }
    tni_scratch_free(&scratch);
    return status;
}

static void read_all(tni_env *env, const tni_csv_options *options, uint32_t workers,
                     outcome *out) {
    static const char *const path = "fuzz.csv";
    tni_source *source;
    tni_scan *scan;
    tni_error error;
    tni_scan_request request;
    trueno_status status;
    uint32_t *columns, c, w = 0, over = 0;
    uint64_t *hashes;
    size_t rejects;
    memset(out, 0, sizeof *out);
    tni_error_clear(&error);
    status = tni_csv_open(env, &path, 1, options, &source, &error);
    if (status != TRUENO_OK) {
        out->failed = true;
        (void)snprintf(out->message, sizeof out->message, "%.190s", error.message);
        return;
    }
    columns = (uint32_t *)calloc(source->field_count + 1, sizeof *columns);
    hashes = (uint64_t *)calloc(source->field_count + 1, sizeof *hashes);
    for (c = 0; c < source->field_count; c++) {
        columns[c] = c;
        hashes[c] = UINT64_C(0xcbf29ce484222325);
    }
    memset(&request, 0, sizeof request);
    request.columns = columns;
    request.column_count = source->field_count;
    request.workers = workers;
    status = source->ops->begin(source, env, &request, &scan, &error);
    while (status == TRUENO_OK && over < workers) {
        tni_morsel morsel;
        status = source->ops->next(scan, w, &morsel, &error);
        if (status == TRUENO_OK && morsel.rows > 0) {
            over = 0;
            out->rows += morsel.rows;
            status = hash_morsel(env, source, scan, w, &morsel, hashes, &error);
            source->ops->done(scan, w, &morsel);
        } else {
            over++;
        }
        w = (w + 1) % workers;
    }
    source->ops->end(scan);
    out->failed = status != TRUENO_OK;
    (void)snprintf(out->message, sizeof out->message, "%.190s", error.message);
    for (c = 0; c < source->field_count; c++) {
        hash_bytes(&out->hash, &hashes[c], sizeof hashes[c]);
    }
    (void)tni_csv_rejects(source, &rejects, &out->skipped);
    free(columns);
    free(hashes);
    tni_source_release(source);
}

static void compare(tni_env *env, tni_csv_options *options, const char *what) {
    static const uint32_t chunks[] = {64, 71, 256};
    outcome reference, other;
    size_t k;
    options->chunk_bytes = 0;
    options->serial = true; /* the state machine alone */
    read_all(env, options, 1, &reference);
    options->serial = false;
    for (k = 0; k <= TNI_COUNT_OF(chunks); k++) {
        options->chunk_bytes = k == 0 ? 0 : chunks[k - 1];
        read_all(env, options, k == 0 ? 1 : 3, &other);
        if (other.failed != reference.failed ||
            (!other.failed && (other.rows != reference.rows || other.hash != reference.hash ||
                               other.skipped != reference.skipped))) {
            fprintf(stderr,
                    "%s, chunks of %u: failed %d, %llu rows, %llu skipped (%s); state machine: "
                    "failed %d, %llu rows, %llu skipped (%s)\n",
                    what, (unsigned)options->chunk_bytes, other.failed,
                    (unsigned long long)other.rows, (unsigned long long)other.skipped,
                    other.message, reference.failed, (unsigned long long)reference.rows,
                    (unsigned long long)reference.skipped, reference.message);
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    trueno_allocator allocator;
    tni_memory memory;
    trueno_limits limits;
    trueno_files files;
    contents file;
    tni_env env;
    tni_csv_options options;
    tni_arena arena;
    file.data = data;
    file.size = size;
    tni_allocator_default(&allocator);
    tni_memory_init(&memory, &allocator, (uint64_t)1 << 30);
    memset(&files, 0, sizeof files);
    files.open = fuzz_open;
    files.size = fuzz_size;
    files.read = fuzz_read;
    files.close = fuzz_close;
    files.user = &file;
    memset(&limits, 0, sizeof limits);
    memset(&env, 0, sizeof env);
    env.memory = &memory;
    env.kernels = tni_kernels_pick(TRUENO_BACKEND_AUTO);
    env.files = &files;
    env.limits = &limits;
    env.threads = 1;
    env.deadline = INT64_MAX;

    tni_arena_init(&arena, &memory);
    tni_csv_options_init(&options, &arena);
    compare(&env, &options, "detected");
    options.ignore_errors = true;
    compare(&env, &options, "detected, ignore_errors");
    options.delimiter[0] = ',';
    options.quote_set = options.escape_set = true;
    options.quote = options.escape = '"';
    options.all_varchar = true;
    compare(&env, &options, "comma, ignore_errors");
    options.ignore_errors = false;
    options.null_padding = true;
    options.relaxed = true;
    compare(&env, &options, "comma, relaxed, null_padding");
    options.escape = '\\';
    options.comment = '#';
    compare(&env, &options, "backslash, comments");
    tni_arena_free(&arena);
    if (tni_atomic_load_i64(&memory.used) != 0) {
        fprintf(stderr, "%lld bytes are still allocated\n",
                (long long)tni_atomic_load_i64(&memory.used));
        abort();
    }
    return 0;
}
