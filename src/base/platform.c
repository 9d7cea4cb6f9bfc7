/*
 * platform.c - the part of the platform that is the same everywhere: atomics, the default
 * allocator, globs, temporary names, error texts.
 *
 * Atomics are compiler builtins (gcc and clang, MinGW too) or MSVC's Interlocked intrinsics.
 * A glob is matched folder by folder: the pattern is cut at its separators, a part without
 * wildcards is only appended, `**` stands for any number of folders (links are not followed, so
 * there are no cycles), and names that begin with a dot must be asked for. Matches are sorted.
 */
#include "base/platform.h"
#include "base/platform_os.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#endif

/* ---- atomics ---- */

#if defined(_MSC_VER) && !defined(__clang__)

TNI_FN int32_t tni_atomic_load_i32(const tni_atomic_i32 *a) {
    return (int32_t)_InterlockedCompareExchange((volatile long *)&a->value, 0, 0);
}
TNI_FN void tni_atomic_store_i32(tni_atomic_i32 *a, int32_t value) {
    _InterlockedExchange((volatile long *)&a->value, value);
}
TNI_FN int32_t tni_atomic_add_i32(tni_atomic_i32 *a, int32_t value) {
    return (int32_t)_InterlockedExchangeAdd((volatile long *)&a->value, value);
}
TNI_FN bool tni_atomic_cas_i32(tni_atomic_i32 *a, int32_t expected, int32_t desired) {
    return _InterlockedCompareExchange((volatile long *)&a->value, desired, expected) == expected;
}
TNI_FN int64_t tni_atomic_load_i64(const tni_atomic_i64 *a) {
    return _InterlockedCompareExchange64((volatile long long *)&a->value, 0, 0);
}
TNI_FN bool tni_atomic_cas_i64(tni_atomic_i64 *a, int64_t expected, int64_t desired) {
    return _InterlockedCompareExchange64(&a->value, desired, expected) == expected;
}
TNI_FN void tni_atomic_store_i64(tni_atomic_i64 *a, int64_t value) {
    while (!tni_atomic_cas_i64(a, a->value, value)) {
    }
}
TNI_FN int64_t tni_atomic_add_i64(tni_atomic_i64 *a, int64_t value) {
    int64_t old;
    do {
        old = a->value;
    } while (!tni_atomic_cas_i64(a, old, old + value));
    return old;
}
TNI_FN void *tni_atomic_load_pointer(const tni_atomic_pointer *a) {
    return _InterlockedCompareExchangePointer((void *volatile *)&a->value, NULL, NULL);
}
TNI_FN void tni_atomic_store_pointer(tni_atomic_pointer *a, void *value) {
    _InterlockedExchangePointer(&a->value, value);
}

#else

TNI_FN int32_t tni_atomic_load_i32(const tni_atomic_i32 *a) {
    return __atomic_load_n(&a->value, __ATOMIC_SEQ_CST);
}
TNI_FN void tni_atomic_store_i32(tni_atomic_i32 *a, int32_t value) {
    __atomic_store_n(&a->value, value, __ATOMIC_SEQ_CST);
}
TNI_FN int32_t tni_atomic_add_i32(tni_atomic_i32 *a, int32_t value) {
    return __atomic_fetch_add(&a->value, value, __ATOMIC_SEQ_CST);
}
TNI_FN bool tni_atomic_cas_i32(tni_atomic_i32 *a, int32_t expected, int32_t desired) {
    return __atomic_compare_exchange_n(&a->value, &expected, desired, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}
TNI_FN int64_t tni_atomic_load_i64(const tni_atomic_i64 *a) {
    return __atomic_load_n(&a->value, __ATOMIC_SEQ_CST);
}
TNI_FN void tni_atomic_store_i64(tni_atomic_i64 *a, int64_t value) {
    __atomic_store_n(&a->value, value, __ATOMIC_SEQ_CST);
}
TNI_FN int64_t tni_atomic_add_i64(tni_atomic_i64 *a, int64_t value) {
    return __atomic_fetch_add(&a->value, value, __ATOMIC_SEQ_CST);
}
TNI_FN bool tni_atomic_cas_i64(tni_atomic_i64 *a, int64_t expected, int64_t desired) {
    return __atomic_compare_exchange_n(&a->value, &expected, desired, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}
TNI_FN void *tni_atomic_load_pointer(const tni_atomic_pointer *a) {
    return __atomic_load_n(&a->value, __ATOMIC_SEQ_CST);
}
TNI_FN void tni_atomic_store_pointer(tni_atomic_pointer *a, void *value) {
    __atomic_store_n(&a->value, value, __ATOMIC_SEQ_CST);
}

#endif

/* ---- the default allocator and files ---- */

static void *tni_platform_alloc(void *user, size_t size, size_t alignment) {
    (void)user;
    return tni_os_alloc(size, alignment);
}

static void tni_platform_free(void *user, void *block, size_t size) {
    (void)user;
    (void)size;
    tni_os_free(block);
}

TNI_FN void tni_allocator_default(trueno_allocator *out) {
    out->alloc = tni_platform_alloc;
    out->free = tni_platform_free;
    out->user = NULL;
}

TNI_FN const char *tni_environment(const char *name) {
    return getenv(name);
}

TNI_FN const char *tni_files_error_text(int code) {
    switch (code) {
    case 0: return "no error";
    case ENOENT: return "no such file or directory";
    case ENOTDIR: return "a part of the path is not a directory";
    case EISDIR: return "it is a directory";
    case EACCES: return "permission denied";
    case EPERM: return "operation not permitted";
    case EEXIST: return "it exists already";
    case EMFILE: return "this process has too many files open";
    case ENFILE: return "the system has too many files open";
    case ENOSPC: return "no space left on the device";
    case EROFS: return "the file system is read-only";
    case EFBIG: return "the file is too large";
    case ENOMEM: return "out of memory";
    case ENAMETOOLONG: return "the path is too long";
    case EINVAL: return "invalid path or argument";
    case EPIPE: return "the other end is closed";
    case EIO: return "input/output error";
    default: return "the system reported an error";
    }
}

TNI_FN bool tni_files_is_absent(int code) {
    return code == ENOENT || code == ENOTDIR;
}

/* ---- globs ---- */

#if defined(_WIN32)
#define TNI_GLOB_SEPARATOR(c) ((c) == '/' || (c) == '\\')
#else
#define TNI_GLOB_SEPARATOR(c) ((c) == '/')
#endif
#define TNI_GLOB_DEPTH 64u /* folders below the start of the pattern */

typedef struct tni_glob {
    char **paths;
    size_t count, capacity;
    int error; /* errno of the first failure */
} tni_glob;

/* One step of the walk: `path` so far, `pattern` still to match. */
typedef struct tni_glob_step {
    tni_glob *glob;
    char *path; /* TNI_OS_PATH bytes, shared by the whole walk; each level appends and cuts */
    size_t length;
    const char *part; /* the part that names are matched against */
    size_t part_length;
    const char *rest; /* what follows it, "" when it is the last */
    uint32_t depth;
} tni_glob_step;

TNI_FN bool tni_path_has_glob(const char *path) {
    return strpbrk(path, "*?[") != NULL;
}

/* [abc], [a-z], [!a]: *used is the length of the set, 0 when the bracket never closes. */
static bool tni_glob_set(const char *set, size_t length, char c, size_t *used) {
    size_t i = 1, first;
    bool negated = i < length && (set[i] == '!' || set[i] == '^');
    bool found = false;
    i += negated;
    first = i;
    for (; i < length && (set[i] != ']' || i == first); i++) {
        unsigned char low = (unsigned char)set[i], high = low;
        if (i + 2 < length && set[i + 1] == '-' && set[i + 2] != ']') {
            high = (unsigned char)set[i + 2];
            i += 2;
        }
        found = found || ((unsigned char)c >= low && (unsigned char)c <= high);
    }
    *used = i < length ? i + 1 : 0;
    return found != negated;
}

/* Does `name` match a pattern part? A star remembers where it stood: no recursion, no blow-up. */
static bool tni_glob_match(const char *pattern, size_t length, const char *name) {
    size_t p = 0, star = SIZE_MAX;
    const char *resume = NULL;
    if (name[0] == '.' && !(length > 0 && pattern[0] == '.')) {
        return false;
    }
    while (*name) {
        size_t used = 1;
        bool fits = false;
        if (p < length && pattern[p] == '*') {
            star = ++p;
            resume = name;
            continue;
        }
        if (p < length && pattern[p] == '[') {
            fits = tni_glob_set(pattern + p, length - p, *name, &used);
            if (used == 0) { /* an unclosed bracket is an ordinary character */
                fits = *name == '[';
                used = 1;
            }
        } else if (p < length) {
            fits = pattern[p] == '?' || pattern[p] == *name;
        }
        if (fits) {
            p += used;
            name++;
        } else if (star != SIZE_MAX) {
            p = star;
            name = ++resume;
        } else {
            return false;
        }
    }
    while (p < length && pattern[p] == '*') {
        p++;
    }
    return p == length;
}

static void tni_glob_add(tni_glob *glob, const char *path, size_t length) {
    char *copy;
    if (glob->count == glob->capacity) {
        size_t capacity = glob->capacity ? glob->capacity * 2 : 64;
        char **paths = capacity > SIZE_MAX / 2 / sizeof *paths
                           ? NULL
                           : (char **)tni_os_alloc(capacity * sizeof *paths, sizeof(void *));
        if (!paths) {
            glob->error = ENOMEM;
            return;
        }
        if (glob->count) {
            memcpy(paths, glob->paths, glob->count * sizeof *paths);
        }
        tni_os_free(glob->paths);
        glob->paths = paths;
        glob->capacity = capacity;
    }
    copy = (char *)tni_os_alloc(length + 1, sizeof(void *));
    if (!copy) {
        glob->error = ENOMEM;
        return;
    }
    memcpy(copy, path, length);
    copy[length] = '\0';
    glob->paths[glob->count++] = copy;
}

static void tni_glob_free(tni_glob *glob) {
    size_t i;
    for (i = 0; i < glob->count; i++) {
        tni_os_free(glob->paths[i]);
    }
    tni_os_free(glob->paths);
}

/* Append to the shared path; false (and the old length kept) when it would not fit. */
static bool tni_glob_append(char *path, size_t *length, const char *text, size_t size) {
    if (size >= TNI_OS_PATH - *length) {
        return false;
    }
    memcpy(path + *length, text, size);
    *length += size;
    path[*length] = '\0';
    return true;
}

static void tni_glob_walk(tni_glob *glob, char *path, size_t length, const char *pattern,
                          uint32_t depth);

static bool tni_glob_entry(void *user, const char *name, tni_os_kind kind) {
    tni_glob_step *step = (tni_glob_step *)user;
    size_t length = step->length;
    bool any_depth = step->part_length == 2 && memcmp(step->part, "**", 2) == 0;
    if (any_depth ? name[0] == '.' : !tni_glob_match(step->part, step->part_length, name)) {
        return true;
    }
    if (!tni_glob_append(step->path, &length, name, strlen(name))) {
        return true; /* a name this long cannot be opened either */
    }
    if (any_depth) {
        bool enter =
            kind == TNI_OS_FOLDER || (kind == TNI_OS_UNKNOWN && tni_os_is_folder(step->path));
        if (enter && tni_glob_append(step->path, &length, "/", 1)) {
            tni_glob_walk(step->glob, step->path, length, step->part, step->depth + 1);
        }
    } else if (*step->rest == '\0') {
        bool folder =
            kind == TNI_OS_FOLDER || (kind != TNI_OS_FILE && tni_os_is_folder(step->path));
        if (!folder) {
            tni_glob_add(step->glob, step->path, length);
        }
    } else if (kind != TNI_OS_FILE && tni_glob_append(step->path, &length, "/", 1)) {
        tni_glob_walk(step->glob, step->path, length, step->rest, step->depth + 1);
    }
    step->path[step->length] = '\0';
    return step->glob->error == 0;
}

/* Match `pattern` below `path` (empty, or ending in a separator). Depth is bounded. */
static void tni_glob_walk(tni_glob *glob, char *path, size_t length, const char *pattern,
                          uint32_t depth) {
    tni_glob_step step;
    size_t part = 0;
    bool wild = false;
    int code;
    if (depth > TNI_GLOB_DEPTH || glob->error) {
        return;
    }
    for (;; part++) { /* literal parts, separators included, move to the path */
        if (pattern[part] == '\0' || TNI_GLOB_SEPARATOR(pattern[part])) {
            size_t whole = part + (pattern[part] != '\0');
            if (wild) {
                break;
            }
            if (!tni_glob_append(path, &length, pattern, whole)) {
                glob->error = ENAMETOOLONG;
                return;
            }
            if (pattern[part] == '\0') {
                if (tni_os_exists(path)) {
                    tni_glob_add(glob, path, length);
                }
                return;
            }
            pattern += whole;
            part = (size_t)-1;
        } else {
            wild = wild || strchr("*?[", pattern[part]) != NULL;
        }
    }
    step.glob = glob;
    step.path = path;
    step.length = length;
    step.part = pattern;
    step.part_length = part;
    step.rest = pattern + part;
    while (TNI_GLOB_SEPARATOR(*step.rest)) {
        step.rest++;
    }
    step.depth = depth;
    if (part == 2 && memcmp(pattern, "**", 2) == 0) { /* no folder at all, then one or more */
        tni_glob_walk(glob, path, length, *step.rest ? step.rest : "*", depth + 1);
        path[length] = '\0';
    }
    code = tni_os_list_folder(length ? path : ".", tni_glob_entry, &step);
    if (code == ENOMEM || code == EMFILE || code == ENFILE) {
        glob->error = code; /* an incomplete answer; a folder we may not read just has no match */
    }
}

/* Heap sort: in place, no worst case, no allocation. */
static void tni_glob_sift(char **paths, size_t root, size_t count) {
    while (2 * root + 1 < count) {
        size_t child = 2 * root + 1;
        char *swap;
        child += child + 1 < count && strcmp(paths[child], paths[child + 1]) < 0;
        if (strcmp(paths[root], paths[child]) >= 0) {
            return;
        }
        swap = paths[root];
        paths[root] = paths[child];
        paths[child] = swap;
        root = child;
    }
}

static void tni_glob_sort(char **paths, size_t count) {
    size_t i;
    for (i = count / 2; i-- > 0;) {
        tni_glob_sift(paths, i, count);
    }
    for (i = count; i-- > 1;) {
        char *swap = paths[0];
        paths[0] = paths[i];
        paths[i] = swap;
        tni_glob_sift(paths, 0, i);
    }
}

/* Fill `glob` with the sorted matches; a file whose very name is the pattern counts as a match. */
static int tni_glob_expand(tni_glob *glob, const char *pattern) {
    char *path = (char *)tni_os_alloc(TNI_OS_PATH, sizeof(void *));
    memset(glob, 0, sizeof *glob);
    if (!path) {
        return ENOMEM;
    }
    path[0] = '\0';
    tni_glob_walk(glob, path, 0, pattern, 0);
    tni_os_free(path);
    if (!glob->error && glob->count == 0 && tni_os_exists(pattern)) {
        tni_glob_add(glob, pattern, strlen(pattern));
    }
    tni_glob_sort(glob->paths, glob->count);
    return glob->error;
}

/* Two stars in one pattern can meet the same file twice: equal neighbours are one match. */
static bool tni_glob_repeats(const tni_glob *glob, size_t i) {
    return i > 0 && strcmp(glob->paths[i], glob->paths[i - 1]) == 0;
}

TNI_FN trueno_status tni_files_glob(const char *pattern,
                                    trueno_status (*visit)(void *user, const char *path),
                                    void *user, tni_error *error) {
    tni_glob glob;
    trueno_status status = TRUENO_OK;
    size_t i;
    int code;
    if (!tni_path_has_glob(pattern)) {
        return visit(user, pattern);
    }
    code = tni_glob_expand(&glob, pattern);
    if (code) {
        status = tni_fail(error, code == ENOMEM ? TRUENO_ERROR_MEMORY : TRUENO_ERROR_IO,
                          "%s: cannot list the files: %s", pattern, tni_files_error_text(code));
    } else if (glob.count == 0) {
        status = tni_fail(error, TRUENO_ERROR_IO, "%s: no files match this pattern", pattern);
    }
    for (i = 0; i < glob.count && status == TRUENO_OK; i++) {
        if (!tni_glob_repeats(&glob, i)) {
            status = visit(user, glob.paths[i]);
        }
    }
    tni_glob_free(&glob);
    return status;
}

static int tni_platform_list(void *user, const char *pattern,
                             void (*visit)(void *context, const char *path), void *context) {
    tni_glob glob;
    size_t i;
    int code = tni_glob_expand(&glob, pattern);
    (void)user;
    for (i = 0; i < glob.count && !code; i++) {
        if (!tni_glob_repeats(&glob, i)) {
            visit(context, glob.paths[i]);
        }
    }
    if (!code && glob.count == 0) {
        code = ENOENT;
    }
    tni_glob_free(&glob);
    return code;
}

TNI_FN void tni_files_default(trueno_files *out) {
    tni_os_files(out);
    out->list = tni_platform_list;
    out->user = NULL;
}

/* ---- temporary names ---- */

TNI_FN trueno_status tni_temp_path(const char *directory, char *out, size_t size,
                                   tni_error *error) {
    uint64_t now = (uint64_t)tni_clock_nanoseconds();
    uint64_t place = (uint64_t)(uintptr_t)&now; /* tells threads apart */
    const char *folder = directory && *directory ? directory : tni_os_temp_folder();
    uint32_t attempt;
    for (attempt = 0; attempt < 100; attempt++) {
        int written = snprintf(out, size, "%s/trueno-%llx-%llx-%x.tmp", folder,
                               (unsigned long long)tni_os_process(),
                               (unsigned long long)(now ^ place << 20), attempt);
        if (written < 0 || (size_t)written >= size) {
            break;
        }
        if (!tni_os_exists(out)) {
            return TRUENO_OK;
        }
    }
    if (size) {
        out[0] = '\0';
    }
    return tni_fail(error, TRUENO_ERROR_IO, "%s: no name for a temporary file", folder);
}

#undef TNI_GLOB_SEPARATOR
#undef TNI_GLOB_DEPTH
