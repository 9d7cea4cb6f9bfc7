/*
 * test_base.c - the platform, memory, errors, bitmaps and exact math of src/base.
 */
#include "base/bits.h"
#include "base/error.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/platform.h"
#include "test.h"

#include <errno.h>
#if !defined(_WIN32)
#include <sys/stat.h>
#include <unistd.h>
#endif

/* ---- errors ---- */

static void test_the_first_failure_is_kept(void) {
    tni_error error;
    tni_error_clear(&error);
    TNI_CHECK_EQ_INT(error.status, TRUENO_OK);
    TNI_CHECK_EQ_INT(tni_fail_at(&error, TRUENO_ERROR_SYNTAX, 7, "near \"%s\"", "FORM"),
                     TRUENO_ERROR_SYNTAX);
    TNI_CHECK_EQ_INT(tni_fail(&error, TRUENO_ERROR_IO, "later"), TRUENO_ERROR_IO);
    TNI_CHECK_EQ_INT(error.status, TRUENO_ERROR_SYNTAX);
    TNI_CHECK_EQ_UINT(error.position, 7);
    TNI_CHECK_TEXT(error.message, "near \"FORM\"");
    tni_error_prefix(&error, "file %d", 3);
    TNI_CHECK_TEXT(error.message, "file 3: near \"FORM\"");
    TNI_CHECK_EQ_INT(tni_fail(NULL, TRUENO_ERROR_IO, "nowhere"), TRUENO_ERROR_IO);
}

static void test_long_messages_are_cut(void) {
    tni_error error;
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    tni_error_clear(&error);
    (void)tni_fail(&error, TRUENO_ERROR_IO, "%s", text);
    TNI_CHECK_EQ_UINT(strlen(error.message), sizeof error.message - 1);
    tni_error_prefix(&error, "%s", "here");
    TNI_CHECK_EQ_UINT(strlen(error.message), sizeof error.message - 1);
    TNI_CHECK(strncmp(error.message, "here: xxx", 9) == 0);
    tni_error_prefix(&error, "%s", text);
    TNI_CHECK(strlen(error.message) < sizeof error.message);
}

/* ---- memory ---- */

static void test_sizes_do_not_wrap(void) {
    size_t out;
    TNI_CHECK(tni_size_add(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
    TNI_CHECK(!tni_size_add(SIZE_MAX, 1, &out) && out == 0);
    TNI_CHECK(tni_size_mul(0, SIZE_MAX, &out) && out == 0);
    TNI_CHECK(tni_size_mul(SIZE_MAX / 2, 2, &out) && out == SIZE_MAX - 1);
    TNI_CHECK(!tni_size_mul(SIZE_MAX / 2 + 1, 2, &out) && out == 0);
}

static void test_the_budget_holds(void) {
    tni_memory memory;
    tni_error error;
    void *a, *b;
    tni_memory_init(&memory, NULL, 1000);
    TNI_CHECK(tni_alloc(&memory, 0) == NULL);
    a = tni_alloc(&memory, 600);
    TNI_CHECK(a != NULL && ((uintptr_t)a & 63) == 0);
    TNI_CHECK(tni_alloc(&memory, 401) == NULL);
    tni_error_clear(&error);
    TNI_CHECK_EQ_INT(tni_memory_fail(&memory, 401, &error), TRUENO_ERROR_MEMORY_LIMIT);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 600);
    b = tni_alloc_zero(&memory, 400);
    TNI_CHECK(b != NULL && ((char *)b)[399] == 0);
    TNI_CHECK(tni_alloc_array(&memory, SIZE_MAX / 2, 3) == NULL);
    TNI_CHECK(tni_alloc(&memory, SIZE_MAX) == NULL);
    tni_free(&memory, b, 400);
    b = tni_alloc(&memory, 200);
    memset(b, 7, 200);
    b = tni_realloc(&memory, b, 200, 100);
    TNI_CHECK(b != NULL && ((char *)b)[99] == 7);
    TNI_CHECK(tni_realloc(&memory, b, 100, 500) == NULL); /* the old block stays */
    TNI_CHECK(((char *)b)[99] == 7);
    TNI_CHECK(tni_realloc(&memory, b, 100, 0) == NULL);
    tni_free(&memory, a, 600);
    tni_free(&memory, NULL, 5);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.peak), 1000);
}

static void *refuse(void *user, size_t size, size_t alignment) {
    (void)user;
    (void)size;
    (void)alignment;
    return NULL;
}
static void refuse_free(void *user, void *block, size_t size) {
    (void)user;
    (void)block;
    (void)size;
}

static void test_a_refusing_allocator_is_an_error(void) {
    trueno_allocator allocator;
    tni_memory memory;
    tni_error error;
    tni_buffer *buffer;
    tni_arena arena;
    void *items = NULL;
    size_t capacity = 0;
    allocator.alloc = refuse;
    allocator.free = refuse_free;
    allocator.user = NULL;
    tni_memory_init(&memory, &allocator, 0);
    TNI_CHECK(tni_alloc(&memory, 8) == NULL);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
    tni_error_clear(&error);
    TNI_CHECK_EQ_INT(tni_buffer_new(&memory, 8, &buffer, &error), TRUENO_ERROR_MEMORY);
    TNI_CHECK(buffer == NULL);
    TNI_CHECK_EQ_INT(tni_grow(&memory, &items, &capacity, 3, 8, &error), TRUENO_ERROR_MEMORY);
    TNI_CHECK(items == NULL && capacity == 0);
    tni_arena_init(&arena, &memory);
    TNI_CHECK(tni_arena_alloc(&arena, 1) == NULL && tni_arena_text(&arena, "a", 1) == NULL);
    tni_arena_free(&arena);
}

static void test_arrays_grow_by_doubling(void) {
    tni_memory memory;
    tni_error error;
    void *items = NULL;
    size_t capacity = 0, i;
    tni_memory_init(&memory, NULL, 0);
    tni_error_clear(&error);
    for (i = 0; i < 1000; i++) {
        TNI_CHECK(tni_grow(&memory, &items, &capacity, i + 1, sizeof i, &error) == TRUENO_OK);
        ((size_t *)items)[i] = i;
    }
    TNI_CHECK_EQ_UINT(capacity, 1024);
    TNI_CHECK_EQ_UINT(((size_t *)items)[500], 500);
    TNI_CHECK(tni_grow(&memory, &items, &capacity, SIZE_MAX, 8, &error) != TRUENO_OK);
    TNI_CHECK_EQ_UINT(capacity, 1024);
    tni_free(&memory, items, capacity * sizeof i);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
}

static void count_release(void *user, void *data, size_t size) {
    int *count = (int *)user;
    TNI_CHECK(data != NULL && size == 5);
    ++*count;
}

static void test_buffers_count_references(void) {
    tni_memory memory;
    tni_buffer *buffer;
    int released = 0;
    tni_memory_init(&memory, NULL, 0);
    TNI_CHECK_EQ_INT(tni_buffer_new(&memory, 100, &buffer, NULL), TRUENO_OK);
    TNI_CHECK(((uintptr_t)buffer->data & 63) == 0 && buffer->size == 100);
    memset(buffer->data, 1, 100);
    TNI_CHECK(tni_buffer_retain(buffer) == buffer);
    tni_buffer_release(buffer);
    TNI_CHECK(buffer->data[99] == 1);
    tni_buffer_release(buffer);
    TNI_CHECK_EQ_INT(tni_buffer_new(&memory, 0, &buffer, NULL), TRUENO_OK);
    TNI_CHECK(buffer->data != NULL);
    tni_buffer_release(buffer);
    TNI_CHECK_EQ_INT(tni_buffer_wrap(&memory, "abcd", 5, count_release, &released, &buffer, NULL),
                     TRUENO_OK);
    TNI_CHECK_EQ_INT(released, 0);
    tni_buffer_release(buffer);
    TNI_CHECK_EQ_INT(released, 1);
    TNI_CHECK(tni_buffer_new(&memory, SIZE_MAX - 3, &buffer, NULL) != TRUENO_OK && !buffer);
    TNI_CHECK(tni_buffer_retain(NULL) == NULL);
    tni_buffer_release(NULL);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
}

static void test_arenas_align_and_zero(void) {
    tni_memory memory;
    tni_arena arena;
    size_t i;
    bool aligned = true, zeroed = true;
    tni_memory_init(&memory, NULL, 0);
    tni_arena_init(&arena, &memory);
    for (i = 0; i < 3000; i++) {
        uint8_t *block = (uint8_t *)tni_arena_alloc(&arena, i % 70);
        uint8_t *loose = (uint8_t *)tni_arena_bytes(&arena, i % 7);
        aligned = aligned && block && loose && ((uintptr_t)block & 15) == 0;
        for (size_t b = 0; block && b < i % 70; b++) {
            zeroed = zeroed && block[b] == 0;
            block[b] = 0xff;
        }
        if (loose) {
            memset(loose, 0xff, i % 7);
        }
    }
    TNI_CHECK(aligned);
    TNI_CHECK(zeroed);
    TNI_CHECK_TEXT(tni_arena_text(&arena, "hello world", 5), "hello");
    TNI_CHECK_TEXT(tni_arena_text(&arena, NULL, 0), "");
    TNI_CHECK(tni_arena_alloc(&arena, 5u << 20) != NULL); /* larger than any usual block */
    TNI_CHECK(tni_arena_alloc(&arena, SIZE_MAX) == NULL);
    TNI_CHECK(tni_arena_text(&arena, "x", SIZE_MAX) == NULL);
    TNI_CHECK(arena.total > 5u << 20);
    tni_arena_free(&arena);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
}

/* ---- bitmaps ---- */

static void test_bitmaps_of_every_length_and_offset(void) {
    uint64_t map[5], copy[5], full[5];
    uint64_t seed = 88172645463325252u;
    size_t bits, offset, i;
    bool counts = true, copies = true, fills = true;
    for (i = 0; i < 5; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        map[i] = seed;
    }
    for (bits = 0; bits <= 200; bits++) {
        size_t count = 0;
        for (i = 0; i < bits; i++) {
            count += tni_bit_get(map, i);
        }
        counts = counts && tni_bitmap_count(map, bits) == count;
        tni_bitmap_fill(full, bits, true);
        fills = fills && tni_bitmap_count(full, bits) == bits &&
                (bits % 64 == 0 || full[bits / 64] >> (bits % 64) == 0);
        tni_bitmap_fill(full, bits, false);
        fills = fills && tni_bitmap_count(full, bits) == 0;
        for (offset = 0; offset + bits <= 320; offset += 1 + offset / 70) {
            tni_bitmap_copy(copy, map, offset, bits);
            for (i = 0; i < bits; i++) {
                copies = copies && tni_bit_get(copy, i) == tni_bit_get(map, offset + i);
            }
            copies = copies && (bits % 64 == 0 || copy[bits / 64] >> (bits % 64) == 0);
        }
    }
    TNI_CHECK(counts);
    TNI_CHECK(fills);
    TNI_CHECK(copies);
    TNI_CHECK_EQ_UINT(tni_popcount64(~UINT64_C(0)), 64);
    TNI_CHECK_EQ_UINT(tni_ctz64(UINT64_C(1) << 40), 40);
    TNI_CHECK_EQ_UINT(tni_clz64(UINT64_C(1) << 40), 23);
    TNI_CHECK_EQ_UINT(tni_low_bits(64), ~UINT64_C(0));
    TNI_CHECK_EQ_UINT(tni_low_bits(0), 0);
}

/* ---- math ---- */

static void test_rounding_is_exact_and_keeps_signs(void) {
    double inf = 1e308 * 10.0, nan = inf - inf;
    TNI_CHECK_EQ_DOUBLE(tni_floor(-0.5), -1.0);
    TNI_CHECK_EQ_DOUBLE(tni_floor(2.75), 2.0);
    TNI_CHECK_EQ_DOUBLE(tni_floor(-0.0), -0.0);
    TNI_CHECK_EQ_DOUBLE(tni_ceil(-0.5), -0.0);
    TNI_CHECK_EQ_DOUBLE(tni_ceil(2.25), 3.0);
    TNI_CHECK_EQ_DOUBLE(tni_trunc(-2.75), -2.0);
    TNI_CHECK_EQ_DOUBLE(tni_round(2.5), 3.0);
    TNI_CHECK_EQ_DOUBLE(tni_round(-2.5), -3.0);
    TNI_CHECK_EQ_DOUBLE(tni_round(0.49999999999999994), 0.0);
    TNI_CHECK_EQ_DOUBLE(tni_round(4503599627370495.5), 4503599627370496.0);
    TNI_CHECK_EQ_DOUBLE(tni_round_even(2.5), 2.0);
    TNI_CHECK_EQ_DOUBLE(tni_round_even(3.5), 4.0);
    TNI_CHECK_EQ_DOUBLE(tni_round_even(-2.5), -2.0);
    TNI_CHECK_EQ_DOUBLE(tni_round_even(-0.5), -0.0);
    TNI_CHECK_EQ_DOUBLE(tni_round_even(0.51), 1.0);
    TNI_CHECK_EQ_DOUBLE(tni_floor(1e300), 1e300);
    TNI_CHECK_EQ_DOUBLE(tni_ceil(-inf), -inf);
    TNI_CHECK_EQ_DOUBLE(tni_round(nan), nan);
    TNI_CHECK(tni_is_nan(nan) && !tni_is_finite(inf) && tni_is_finite(1e308));
}

static void test_square_roots_are_correctly_rounded(void) {
    uint64_t seed = 1;
    int i, wrong = 0;
    double inf = 1e308 * 10.0;
    TNI_CHECK_EQ_DOUBLE(tni_sqrt(2.0), 1.4142135623730951);
    TNI_CHECK_EQ_DOUBLE(tni_sqrt(-0.0), -0.0);
    TNI_CHECK_EQ_DOUBLE(tni_sqrt(5e-324), 2.2227587494850775e-162);
    TNI_CHECK_EQ_DOUBLE(tni_sqrt(1.7976931348623157e308), 1.3407807929942596e154);
    TNI_CHECK_EQ_DOUBLE(tni_sqrt(inf), inf);
    TNI_CHECK(tni_is_nan(tni_sqrt(-1.0)));
    for (i = 0; i < 20000; i++) { /* (n + half an ulp)^2 against the argument, in integers */
        double root, back;
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        root = (double)(seed >> 38); /* 26 bits: its square is exact */
        back = root * root;
        wrong += tni_sqrt(back) != root;
    }
    TNI_CHECK_EQ_INT(wrong, 0);
}

static void test_transcendental_functions_are_found(void) {
    tni_math math;
    memset(&math, 0, sizeof math);
    if (!tni_math_load(&math)) {
        TNI_SKIP("this system has no libm to open");
        return;
    }
    TNI_CHECK(tni_math_load(&math));
    TNI_CHECK_EQ_DOUBLE(math.pow(2.0, 10.0), 1024.0);
    TNI_CHECK_EQ_DOUBLE(math.log2(8.0), 3.0);
    TNI_CHECK_EQ_DOUBLE(math.fmod(7.5, 2.0), 1.5);
    TNI_CHECK_EQ_DOUBLE(math.cos(0.0), 1.0);
    tni_math_unload(&math);
    TNI_CHECK(!math.loaded && math.pow == NULL);
}

/* ---- atomics and threads ---- */

typedef struct counter {
    tni_mutex mutex;
    tni_condition condition;
    tni_atomic_i64 atomic;
    tni_atomic_i32 small;
    long guarded;
    int waiting;
    bool go;
} counter;

static void count_many(void *argument) {
    counter *c = (counter *)argument;
    int i;
    tni_mutex_lock(&c->mutex);
    c->waiting++;
    tni_condition_signal_all(&c->condition);
    while (!c->go) {
        tni_condition_wait(&c->condition, &c->mutex);
    }
    tni_mutex_unlock(&c->mutex);
    for (i = 0; i < 10000; i++) {
        int64_t seen;
        (void)tni_atomic_add_i32(&c->small, 1);
        do {
            seen = tni_atomic_load_i64(&c->atomic);
        } while (!tni_atomic_cas_i64(&c->atomic, seen, seen + (INT64_C(1) << 33)));
        tni_mutex_lock(&c->mutex);
        c->guarded++;
        tni_mutex_unlock(&c->mutex);
    }
    tni_thread_yield();
}

static void test_threads_count_together(void) {
    counter c;
    tni_thread *threads[4];
    int i, started = 0;
    memset(&c, 0, sizeof c);
    TNI_CHECK(tni_mutex_init(&c.mutex) && tni_condition_init(&c.condition));
    for (i = 0; i < 4; i++) {
        threads[i] = tni_thread_start(count_many, &c);
        started += threads[i] != NULL;
    }
    TNI_CHECK_EQ_INT(started, 4);
    tni_mutex_lock(&c.mutex);
    while (c.waiting < started) {
        tni_condition_wait(&c.condition, &c.mutex);
    }
    c.go = true;
    tni_condition_signal_all(&c.condition);
    tni_mutex_unlock(&c.mutex);
    for (i = 0; i < 4; i++) {
        if (threads[i]) {
            tni_thread_join(threads[i]);
        }
    }
    TNI_CHECK_EQ_INT(c.guarded, 40000);
    TNI_CHECK_EQ_INT(tni_atomic_load_i32(&c.small), 40000);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&c.atomic), INT64_C(40000) << 33);
    tni_condition_free(&c.condition);
    tni_mutex_free(&c.mutex);
}

static void test_atomics_return_the_old_value(void) {
    tni_atomic_i64 a;
    tni_atomic_pointer p;
    int x = 0;
    tni_atomic_store_i64(&a, INT64_MAX - 1);
    TNI_CHECK_EQ_INT(tni_atomic_add_i64(&a, 1), INT64_MAX - 1);
    TNI_CHECK(!tni_atomic_cas_i64(&a, 0, 5));
    TNI_CHECK(tni_atomic_cas_i64(&a, INT64_MAX, 5));
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&a), 5);
    tni_atomic_store_pointer(&p, &x);
    TNI_CHECK(tni_atomic_load_pointer(&p) == &x);
}

static void test_clocks_and_processors(void) {
    int64_t first = tni_clock_nanoseconds(), second = tni_clock_nanoseconds();
    TNI_CHECK(second >= first && first != 0);
    TNI_CHECK(tni_wall_microseconds() > INT64_C(1577836800000000)); /* 2020 */
    TNI_CHECK(tni_cpu_count() >= 1);
    TNI_CHECK(tni_physical_memory() > (1u << 20));
    TNI_CHECK(tni_environment("TRUENO_NO_SUCH_VARIABLE") == NULL);
    TNI_CHECK(tni_library_open("libtrueno-no-such-library.so") == NULL);
}

/* ---- files ---- */

#if !defined(_WIN32)

#define FOLDER_SIZE 400

typedef struct names {
    size_t skip; /* length of the folder before each name */
    char text[1000];
} names;

static trueno_status collect(void *user, const char *path) {
    names *n = (names *)user;
    size_t length = strlen(n->text);
    (void)snprintf(n->text + length, sizeof n->text - length, "%s%s", length ? " " : "",
                   path + n->skip);
    return strstr(path, "stop") ? TRUENO_ERROR_INTERRUPTED : TRUENO_OK;
}

static void collect_plain(void *context, const char *path) {
    (void)collect(context, path);
}

static const char *glob(const char *folder, const char *pattern, names *n) {
    char full[FOLDER_SIZE + 100];
    tni_error error;
    tni_error_clear(&error);
    n->text[0] = '\0';
    n->skip = strlen(folder) + 1;
    (void)snprintf(full, sizeof full, "%s/%s", folder, pattern);
    if (tni_files_glob(full, collect, n, &error) != TRUENO_OK) {
        return error.status == TRUENO_ERROR_IO ? "none" : "other";
    }
    return n->text;
}

static void make_file(const trueno_files *files, const char *folder, const char *name) {
    char path[FOLDER_SIZE + 100];
    void *file;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (TNI_CHECK_EQ_INT(files->open(files->user, path, TRUENO_FILE_WRITE, &file), 0)) {
        TNI_CHECK_EQ_INT(files->write(files->user, file, name, strlen(name)), 0);
        TNI_CHECK_EQ_INT(files->close(files->user, file), 0);
    }
}

static const char *const glob_folders[] = {"a", "a/deep", "a/deep/er", "b", ".hidden"};
static const char *const glob_files[] = {
    "one.csv",         "two.csv",       "three.parquet", ".dot.csv",     "x[1].csv",
    "a/1.csv",         "a/2.csv",       "b/1.csv",       "a/deep/3.csv", "b/10.txt",
    "a/deep/er/4.csv", ".hidden/5.csv", "stop"};

static void make_tree(const trueno_files *files, const char *folder) {
    char path[FOLDER_SIZE + 100];
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(glob_folders); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, glob_folders[i]);
        TNI_CHECK(mkdir(path, 0700) == 0);
    }
    for (i = 0; i < TNI_COUNT_OF(glob_files); i++) {
        make_file(files, folder, glob_files[i]);
    }
}

static void remove_tree(const trueno_files *files, const char *folder) {
    char path[FOLDER_SIZE + 100];
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(glob_files); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, glob_files[i]);
        TNI_CHECK_EQ_INT(files->remove(files->user, path), 0);
    }
    for (i = TNI_COUNT_OF(glob_folders); i-- > 0;) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, glob_folders[i]);
        TNI_CHECK(rmdir(path) == 0);
    }
    TNI_CHECK(rmdir(folder) == 0);
}

static void check_globs(const char *folder) {
    names n;
    TNI_CHECK_TEXT(glob(folder, "*.csv", &n), "one.csv two.csv x[1].csv");
    TNI_CHECK_TEXT(glob(folder, "t*", &n), "three.parquet two.csv");
    TNI_CHECK_TEXT(glob(folder, "?wo.csv", &n), "two.csv");
    TNI_CHECK_TEXT(glob(folder, "[a-oz]*.csv", &n), "one.csv");
    TNI_CHECK_TEXT(glob(folder, "[!o]*.csv", &n), "two.csv x[1].csv");
    TNI_CHECK_TEXT(glob(folder, "x[[]1].csv", &n), "x[1].csv");
    TNI_CHECK_TEXT(glob(folder, "x[1].csv", &n), "x[1].csv"); /* the literal name counts too */
    TNI_CHECK_TEXT(glob(folder, "*/1.csv", &n), "a/1.csv b/1.csv");
    TNI_CHECK_TEXT(glob(folder, "a/*", &n), "a/1.csv a/2.csv"); /* folders are not files */
    TNI_CHECK_TEXT(glob(folder, "a/**/*.csv", &n), "a/1.csv a/2.csv a/deep/3.csv a/deep/er/4.csv");
    TNI_CHECK_TEXT(glob(folder, "**/**/er/*", &n), "a/deep/er/4.csv");
    TNI_CHECK_TEXT(glob(folder, "a/**", &n), "a/1.csv a/2.csv a/deep/3.csv a/deep/er/4.csv");
    TNI_CHECK_TEXT(glob(folder, ".*", &n), ".dot.csv");
    TNI_CHECK_TEXT(glob(folder, "s*", &n), "other"); /* what visit returns is passed on */
    TNI_CHECK_TEXT(glob(folder, "*.json", &n), "none");
    TNI_CHECK_TEXT(glob(folder, "no/such/*", &n), "none");
    TNI_CHECK_TEXT(glob(folder, "*/*/*/*/*/*/*/*", &n), "none");
    TNI_CHECK_TEXT(glob(folder, "plain", &n), "plain"); /* no wildcard: passed as it is */
}

static void test_globs(void) {
    trueno_files files;
    char folder[FOLDER_SIZE], pattern[FOLDER_SIZE + 10];
    names n;
    tni_files_default(&files);
    if (!TNI_CHECK(tni_temp_path(NULL, folder, sizeof folder, NULL) == TRUENO_OK) ||
        !TNI_CHECK(mkdir(folder, 0700) == 0)) {
        return;
    }
    make_tree(&files, folder);
    check_globs(folder);
    n.text[0] = '\0';
    n.skip = strlen(folder) + 1;
    (void)snprintf(pattern, sizeof pattern, "%s/b/*", folder);
    TNI_CHECK_EQ_INT(files.list(files.user, pattern, collect_plain, &n), 0);
    TNI_CHECK_TEXT(n.text, "b/1.csv b/10.txt");
    (void)snprintf(pattern, sizeof pattern, "%s/zz*", folder);
    TNI_CHECK_EQ_INT(files.list(files.user, pattern, collect_plain, &n), ENOENT);
    remove_tree(&files, folder);
    TNI_CHECK(tni_path_has_glob("a*b") && !tni_path_has_glob("a/b.csv"));
}

static void check_answers(const trueno_files *files, void *file, uint64_t size, int64_t *stamp) {
    uint64_t got_size = 0;
    size_t done = 99;
    char data[16];
    TNI_CHECK_EQ_INT(files->size(files->user, file, &got_size), 0);
    TNI_CHECK_EQ_UINT(got_size, size);
    TNI_CHECK_EQ_INT(files->modified(files->user, file, stamp), 0);
    TNI_CHECK(*stamp > 0);
    TNI_CHECK_EQ_INT(files->read(files->user, file, 3, data, 4, &done), 0);
    TNI_CHECK(done == 4 && memcmp(data, "defg", 4) == 0);
    TNI_CHECK_EQ_INT(files->read(files->user, file, size - 2, data, 16, &done), 0);
    TNI_CHECK_EQ_UINT(done, 2);
    TNI_CHECK_EQ_INT(files->read(files->user, file, size + 5, data, 16, &done), 0);
    TNI_CHECK_EQ_UINT(done, 0);
}

static void check_reading(const trueno_files *files, const char *path, uint64_t size) {
    void *file;
    int64_t stamp = 0, mapped_stamp = 0;
    size_t done = 99;
    char data[16];
    const char *map;
    if (!TNI_CHECK_EQ_INT(files->open(files->user, path, TRUENO_FILE_READ, &file), 0)) {
        return;
    }
    check_answers(files, file, size, &stamp);
    TNI_CHECK(files->read(files->user, file, UINT64_MAX - 3, data, 16, &done) != 0);
    map = (const char *)files->map(files->user, file, size);
    TNI_CHECK(map != NULL && memcmp(map, "abc", 3) == 0);
    TNI_CHECK(files->map(files->user, file, size + 4096) == NULL);
    check_answers(files, file, size, &mapped_stamp); /* as before it was mapped */
    TNI_CHECK_EQ_INT(mapped_stamp, stamp);
    TNI_CHECK_EQ_INT(files->close(files->user, file), 0);
}

static void test_files_are_written_and_read(void) {
    trueno_files files;
    char path[FOLDER_SIZE];
    void *file = &files;
    tni_files_default(&files);
    TNI_CHECK_EQ_INT(tni_temp_path("/tmp", path, sizeof path, NULL), TRUENO_OK);
    TNI_CHECK_EQ_INT(files.open(files.user, path, TRUENO_FILE_READ, &file), ENOENT);
    TNI_CHECK(file == NULL);
    if (TNI_CHECK_EQ_INT(files.open(files.user, path, TRUENO_FILE_WRITE, &file), 0)) {
        TNI_CHECK_EQ_INT(files.write(files.user, file, "abcdef", 6), 0);
        TNI_CHECK_EQ_INT(files.write(files.user, file, "ghijkl", 6), 0);
        TNI_CHECK_EQ_INT(files.close(files.user, file), 0);
        check_reading(&files, path, 12);
    }
    TNI_CHECK_EQ_INT(files.remove(files.user, path), 0);
    TNI_CHECK_EQ_INT(files.remove(files.user, path), ENOENT);
    TNI_CHECK_EQ_INT(files.open(files.user, "/", TRUENO_FILE_READ, &file), EISDIR);
    TNI_CHECK_TEXT(tni_files_error_text(EISDIR), "it is a directory");
    TNI_CHECK(tni_temp_path("/tmp", path, 8, NULL) != TRUENO_OK);
}

static void test_a_pipe_is_read_to_its_end(void) {
    trueno_files files;
    char path[64], data[8];
    int ends[2];
    void *file;
    uint64_t size = 0;
    size_t done = 0;
    tni_files_default(&files);
    if (access("/dev/fd", F_OK) != 0 || !TNI_CHECK(pipe(ends) == 0)) {
        TNI_SKIP("no /dev/fd");
        return;
    }
    TNI_CHECK(write(ends[1], "a,b\n1,2\n", 8) == 8);
    (void)close(ends[1]);
    (void)snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    if (TNI_CHECK_EQ_INT(files.open(files.user, path, TRUENO_FILE_READ, &file), 0)) {
        TNI_CHECK(files.size(files.user, file, &size) == 0 && size == 8);
        TNI_CHECK(files.read(files.user, file, 4, data, 8, &done) == 0 && done == 4);
        TNI_CHECK(memcmp(data, "1,2\n", 4) == 0);
        TNI_CHECK(files.map(files.user, file, 8) != NULL);
        TNI_CHECK_EQ_INT(files.close(files.user, file), 0);
    }
    (void)close(ends[0]);
}

#endif

/* Blocks one directly behind the other, as an engine's allocator may hand them out. */
static uint8_t adjacent_bytes[4096];
static size_t adjacent_used, adjacent_freed;

static void *adjacent_alloc(void *user, size_t size, size_t alignment) {
    uintptr_t at = (uintptr_t)adjacent_bytes + adjacent_used;
    (void)user;
    at = (at + alignment - 1) / alignment * alignment;
    adjacent_used = at - (uintptr_t)adjacent_bytes + size;
    return adjacent_used <= sizeof adjacent_bytes ? (void *)at : NULL;
}

static void adjacent_free(void *user, void *block, size_t size) {
    (void)user;
    (void)block;
    adjacent_freed += size;
}

/* What is wrapped may lie where a buffer's own bytes would. */
static void wrapped_neighbours_are_not_the_buffers(void) {
    trueno_allocator allocator = {adjacent_alloc, adjacent_free, NULL};
    tni_memory memory;
    tni_buffer *buffer;
    void *data;
    tni_memory_init(&memory, &allocator, 0);
    adjacent_used = (64 - (uintptr_t)adjacent_bytes % 64) % 64 + 64;
    data = adjacent_bytes + adjacent_used; /* right behind the head, which comes before it */
    adjacent_used -= 64;
    TNI_CHECK(tni_buffer_wrap(&memory, data, 32, NULL, NULL, &buffer, NULL) == TRUENO_OK);
    TNI_CHECK(buffer->data == (uint8_t *)buffer + 64);
    tni_buffer_release(buffer);
    TNI_CHECK_EQ_UINT(adjacent_freed, 64);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&memory.used), 0);
}

int main(void) {
    test_the_first_failure_is_kept();
    test_long_messages_are_cut();
    test_sizes_do_not_wrap();
    test_the_budget_holds();
    test_a_refusing_allocator_is_an_error();
    test_arrays_grow_by_doubling();
    test_buffers_count_references();
    test_arenas_align_and_zero();
    test_bitmaps_of_every_length_and_offset();
    test_rounding_is_exact_and_keeps_signs();
    test_square_roots_are_correctly_rounded();
    test_transcendental_functions_are_found();
    test_threads_count_together();
    test_atomics_return_the_old_value();
    test_clocks_and_processors();
#if !defined(_WIN32)
    test_globs();
    test_files_are_written_and_read();
    test_a_pipe_is_read_to_its_end();
#endif
    wrapped_neighbours_are_not_the_buffers();
    return tni_test_report();
}
