/*
 * platform_posix.c - threads, files, time and dynamic libraries on POSIX systems.
 *
 * In the amalgam the host may have included system headers already, under -std=c11 and without
 * any feature macro, so that <time.h> and friends hide half of POSIX. glibc's hidden functions
 * are therefore declared here under names of our own that are bound to the real symbols; this
 * also gives 64-bit file offsets on 32-bit systems without touching _FILE_OFFSET_BITS. Other
 * C libraries show what is needed. Every call that a signal can interrupt is repeated.
 */
#include "base/platform.h"
#include "base/platform_os.h"

#if !defined(_WIN32)

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#if defined(__GLIBC__)

#if defined(__cplusplus)
extern "C" {
#endif
typedef struct tni_posix_entry { /* struct dirent64 */
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[256];
} tni_posix_entry;
extern int tni_posix_open(const char *path, int flags, ...) __asm__("open64");
extern ssize_t tni_posix_pread(int fd, void *data, size_t size, int64_t at) __asm__("pread64");
extern int64_t tni_posix_seek(int fd, int64_t at, int whence) __asm__("lseek64");
extern tni_posix_entry *tni_posix_readdir(DIR *folder) __asm__("readdir64");
extern ssize_t tni_posix_readlink(const char *path, char *out, size_t size) __asm__("readlink");
extern int tni_posix_affinity(int pid, size_t size, void *mask) __asm__("sched_getaffinity");
extern int tni_posix_madvise(void *start, size_t size, int advice) __asm__("madvise");
extern int tni_posix_align(void **out, size_t alignment, size_t size) __asm__("posix_memalign");
#if !defined(CLOCK_MONOTONIC)
typedef struct tni_posix_time {
    long tv_sec, tv_nsec;
} tni_posix_time;
extern int tni_posix_clock(int clock, tni_posix_time *out) __asm__("clock_gettime");
#endif
#if defined(__cplusplus)
}
#endif
#define TNI_POSIX_ENTRY_NAME(entry) ((entry)->name)
#define TNI_POSIX_ENTRY_TYPE(entry) ((entry)->type)

#else

typedef struct dirent tni_posix_entry;
#define tni_posix_open open
#define tni_posix_pread(fd, data, size, at) pread(fd, data, size, (off_t)(at))
#define tni_posix_seek(fd, at, whence) (int64_t) lseek(fd, (off_t)(at), whence)
#define tni_posix_readdir readdir
#define tni_posix_readlink readlink
#define tni_posix_align posix_memalign
#define TNI_POSIX_ENTRY_NAME(entry) ((entry)->d_name)
#if defined(__linux__) || defined(__APPLE__) || defined(__FreeBSD__)
#define TNI_POSIX_ENTRY_TYPE(entry) ((entry)->d_type)
#else
#define TNI_POSIX_ENTRY_TYPE(entry) 0
#endif

#endif

#if defined(CLOCK_MONOTONIC)
typedef struct timespec tni_posix_time;
#define TNI_POSIX_WALL CLOCK_REALTIME
#define TNI_POSIX_MONOTONIC CLOCK_MONOTONIC
#define tni_posix_clock clock_gettime
#else
#define TNI_POSIX_WALL 0
#define TNI_POSIX_MONOTONIC 1
#endif

#define TNI_POSIX_STACK (2048u * 1024u)
#define TNI_POSIX_LARGEST_READ ((size_t)1 << 30) /* macOS refuses 2 GiB and more at once */
#define TNI_POSIX_HUGE_PAGE ((size_t)2 << 20)

/* ---- memory ---- */

TNI_FN void *tni_os_alloc(size_t size, size_t alignment) {
    void *block = NULL;
    bool huge = size >= 2 * TNI_POSIX_HUGE_PAGE;
    if (alignment < sizeof(void *)) {
        alignment = sizeof(void *);
    }
#if defined(__linux__) && defined(__GLIBC__)
    if (huge) {
        alignment = TNI_MAX(alignment, TNI_POSIX_HUGE_PAGE);
    }
#endif
    if (tni_posix_align(&block, alignment, size) != 0) {
        return NULL;
    }
#if defined(__linux__) && defined(__GLIBC__)
    if (huge) { /* fewer page faults and TLB misses; a refusal costs nothing */
        (void)tni_posix_madvise(block, size, 14 /* MADV_HUGEPAGE */);
    }
#endif
    (void)huge;
    return block;
}

TNI_FN void tni_os_free(void *block) {
    free(block);
}

/* The first number in a small system file such as cpu.max; false when absent or "max". */
static bool tni_posix_read_numbers(const char *path, uint64_t *first, uint64_t *second) {
    char text[64];
    size_t i = 0, n;
    uint64_t *targets[2];
    int t, fd = tni_posix_open(path, O_RDONLY);
    ssize_t got;
    if (fd < 0) {
        return false;
    }
    got = read(fd, text, sizeof text);
    (void)close(fd);
    n = got > 0 ? (size_t)got : 0;
    targets[0] = first;
    targets[1] = second;
    for (t = 0; t < 2; t++) {
        uint64_t v = 0;
        bool any = false;
        for (; i < n && text[i] >= '0' && text[i] <= '9' && v < UINT64_MAX / 16; i++) {
            v = v * 10 + (uint64_t)(text[i] - '0');
            any = true;
        }
        if (!any && t == 0) {
            return false;
        }
        *targets[t] = v;
        i += i < n && text[i] == ' ';
    }
    return true;
}

TNI_FN uint64_t tni_physical_memory(void) {
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    uint64_t bytes = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
    uint64_t limit, unused;
    if ((tni_posix_read_numbers("/sys/fs/cgroup/memory.max", &limit, &unused) ||
         tni_posix_read_numbers("/sys/fs/cgroup/memory/memory.limit_in_bytes", &limit, &unused)) &&
        limit > 0 && (bytes == 0 || limit < bytes)) {
        bytes = limit;
    }
    return bytes;
}

/* ---- threads ---- */

typedef char tni_posix_mutex_fits[sizeof(pthread_mutex_t) <= sizeof(tni_mutex) ? 1 : -1];
typedef char tni_posix_condition_fits[sizeof(pthread_cond_t) <= sizeof(tni_condition) ? 1 : -1];

struct tni_thread {
    pthread_t id;
    void (*function)(void *);
    void *argument;
};

TNI_FN bool tni_mutex_init(tni_mutex *mutex) {
    return pthread_mutex_init((pthread_mutex_t *)(void *)mutex, NULL) == 0;
}
TNI_FN void tni_mutex_free(tni_mutex *mutex) {
    (void)pthread_mutex_destroy((pthread_mutex_t *)(void *)mutex);
}
TNI_FN void tni_mutex_lock(tni_mutex *mutex) {
    (void)pthread_mutex_lock((pthread_mutex_t *)(void *)mutex);
}
TNI_FN void tni_mutex_unlock(tni_mutex *mutex) {
    (void)pthread_mutex_unlock((pthread_mutex_t *)(void *)mutex);
}
TNI_FN bool tni_condition_init(tni_condition *condition) {
    return pthread_cond_init((pthread_cond_t *)(void *)condition, NULL) == 0;
}
TNI_FN void tni_condition_free(tni_condition *condition) {
    (void)pthread_cond_destroy((pthread_cond_t *)(void *)condition);
}
TNI_FN void tni_condition_wait(tni_condition *condition, tni_mutex *mutex) {
    (void)pthread_cond_wait((pthread_cond_t *)(void *)condition, (pthread_mutex_t *)(void *)mutex);
}
TNI_FN void tni_condition_signal_all(tni_condition *condition) {
    (void)pthread_cond_broadcast((pthread_cond_t *)(void *)condition);
}

#if defined(__cplusplus)
extern "C" {
#endif
static void *tni_posix_thread_main(void *user) {
    tni_thread *thread = (tni_thread *)user;
    thread->function(thread->argument);
    return NULL;
}
#if defined(__cplusplus)
}
#endif

/* Signals meant for the host are to be handled on its own threads: ours start with all blocked. */
static int tni_posix_create(tni_thread *thread, const pthread_attr_t *attributes) {
    int code;
#if defined(SIG_SETMASK)
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
#endif
    code = pthread_create(&thread->id, attributes, tni_posix_thread_main, thread);
#if defined(SIG_SETMASK)
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
#endif
    return code;
}

TNI_FN tni_thread *tni_thread_start(void (*function)(void *), void *argument) {
    pthread_attr_t attributes;
    tni_thread *thread = (tni_thread *)tni_os_alloc(sizeof *thread, sizeof(void *));
    int code;
    if (!thread) {
        return NULL;
    }
    thread->function = function;
    thread->argument = argument;
    code = pthread_attr_init(&attributes);
    if (code == 0) {
        (void)pthread_attr_setstacksize(&attributes, TNI_POSIX_STACK);
        code = tni_posix_create(thread, &attributes);
        (void)pthread_attr_destroy(&attributes);
    }
    if (code != 0) {
        tni_os_free(thread);
        return NULL;
    }
    return thread;
}

TNI_FN void tni_thread_join(tni_thread *thread) {
    (void)pthread_join(thread->id, NULL);
    tni_os_free(thread);
}

TNI_FN void tni_thread_yield(void) {
    (void)sched_yield();
}

static uint32_t tni_posix_processors(void) {
    long online;
#if defined(__GLIBC__) && defined(__linux__)
    uint8_t mask[1024]; /* 8,192 processors */
    memset(mask, 0, sizeof mask);
    if (tni_posix_affinity(0, sizeof mask, mask) == 0) {
        uint32_t count = 0;
        size_t i;
        for (i = 0; i < sizeof mask; i++) {
            uint32_t byte = mask[i];
            for (; byte; byte &= byte - 1) {
                count++;
            }
        }
        if (count) {
            return count;
        }
    }
#endif
    online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 && online < 65536 ? (uint32_t)online : 1;
}

TNI_FN uint32_t tni_cpu_count(void) {
    uint32_t count = tni_posix_processors();
#if defined(__linux__)
    uint64_t quota, period, unused;
    bool limited =
        tni_posix_read_numbers("/sys/fs/cgroup/cpu.max", &quota, &period) ||
        (tni_posix_read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", &quota, &unused) &&
         tni_posix_read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_period_us", &period, &unused));
    if (limited && period > 0 && quota > 0 && (quota - 1) / period + 1 < count) {
        count = (uint32_t)((quota - 1) / period + 1); /* a container's share, rounded up */
    }
#endif
    return count;
}

/* ---- time ---- */

TNI_FN int64_t tni_clock_nanoseconds(void) {
    tni_posix_time now;
    if (tni_posix_clock(TNI_POSIX_MONOTONIC, &now) != 0) {
        return 0;
    }
    return (int64_t)now.tv_sec * 1000000000 + (int64_t)now.tv_nsec;
}

TNI_FN int64_t tni_wall_microseconds(void) {
    tni_posix_time now;
    if (tni_posix_clock(TNI_POSIX_WALL, &now) != 0) {
        return 0;
    }
    return (int64_t)now.tv_sec * 1000000 + (int64_t)now.tv_nsec / 1000;
}

/* ---- dynamic libraries ---- */

TNI_FN void *tni_library_open(const char *name) {
    return dlopen(name, RTLD_NOW | RTLD_LOCAL);
}
TNI_FN void *tni_library_symbol(void *library, const char *name) {
    return dlsym(library, name);
}
TNI_FN void tni_library_close(void *library) {
    (void)dlclose(library);
}

/* ---- files ---- */

/* An open file. What cannot be read at an offset (a pipe) is held in `spool` instead. */
typedef struct tni_posix_file {
    int fd;
    bool spooled;
    void *map; /* NULL until asked for; then the file may be closed (fd is -1) */
    size_t map_size;
    int64_t stamp; /* of a closed file */
    uint8_t *spool;
    size_t spool_size;
} tni_posix_file;

static ssize_t tni_posix_read_at(int fd, void *data, size_t size, uint64_t offset) {
    ssize_t got;
    do {
        got = tni_posix_pread(fd, data, TNI_MIN(size, TNI_POSIX_LARGEST_READ), (int64_t)offset);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* Read a pipe to its end. */
static int tni_posix_spool(tni_posix_file *file) {
    size_t capacity = 0;
    for (;;) {
        ssize_t got;
        if (file->spool_size == capacity) {
            size_t larger = capacity ? capacity * 2 : 65536;
            uint8_t *grown = larger > capacity ? (uint8_t *)tni_os_alloc(larger, 64) : NULL;
            if (!grown) {
                return ENOMEM;
            }
            if (file->spool_size) {
                memcpy(grown, file->spool, file->spool_size);
            }
            tni_os_free(file->spool);
            file->spool = grown;
            capacity = larger;
        }
        got = read(file->fd, file->spool + file->spool_size,
                   TNI_MIN(capacity - file->spool_size, TNI_POSIX_LARGEST_READ));
        if (got == 0) {
            file->spooled = true;
            return 0;
        }
        if (got > 0) {
            file->spool_size += (size_t)got;
        } else if (errno != EINTR) {
            return errno;
        }
    }
}

static int tni_posix_file_close(void *user, void *file_pointer) {
    tni_posix_file *file = (tni_posix_file *)file_pointer;
    int code = 0;
    (void)user;
    if (file->map) {
        (void)munmap(file->map, file->map_size);
    }
    if (file->fd >= 0 && close(file->fd) != 0 && errno != EINTR) {
        code = errno; /* the place where a full or remote disk reports a lost write */
    }
    tni_os_free(file->spool);
    tni_os_free(file);
    return code;
}

static int tni_posix_file_open(void *user, const char *path, trueno_file_mode mode, void **out) {
    int flags = mode == TRUENO_FILE_WRITE ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY;
    int code = 0;
    uint8_t byte;
    tni_posix_file *file;
    *out = NULL;
    (void)user;
    file = (tni_posix_file *)tni_os_alloc(sizeof *file, sizeof(void *));
    if (!file) {
        return ENOMEM;
    }
    memset(file, 0, sizeof *file);
#if defined(O_CLOEXEC)
    flags |= O_CLOEXEC;
#endif
    do {
        file->fd = tni_posix_open(path, flags, 0666);
    } while (file->fd < 0 && errno == EINTR);
    if (file->fd < 0) {
        code = errno;
    } else {
#if !defined(O_CLOEXEC)
        (void)fcntl(file->fd, F_SETFD, FD_CLOEXEC);
#endif
        /* A directory opens like a file; the first read tells, and it tells pipes apart too. */
        if (mode == TRUENO_FILE_READ && tni_posix_read_at(file->fd, &byte, 1, 0) < 0) {
            code = errno == ESPIPE ? tni_posix_spool(file) : errno;
        }
    }
    if (code) {
        (void)tni_posix_file_close(NULL, file);
        return code;
    }
    *out = file;
    return 0;
}

static int tni_posix_file_size(void *user, void *file_pointer, uint64_t *size) {
    tni_posix_file *file = (tni_posix_file *)file_pointer;
    int64_t end;
    (void)user;
    *size = file->fd < 0 ? file->map_size : file->spool_size;
    if (file->spooled || file->fd < 0) {
        return 0;
    }
    end = tni_posix_seek(file->fd, 0, SEEK_END);
    if (end < 0) {
        return errno;
    }
    *size = (uint64_t)end;
    return 0;
}

static int tni_posix_file_modified(void *user, void *file_pointer, int64_t *stamp) {
    tni_posix_file *file = (tni_posix_file *)file_pointer;
    struct stat facts;
    (void)user;
    *stamp = file->stamp;
    if (file->fd < 0) {
        return 0;
    }
    if (fstat(file->fd, &facts) != 0) {
        /* 32-bit struct stat and a large file or inode number: the size must do as the stamp */
        uint64_t size = 0;
        int code = errno == EOVERFLOW ? tni_posix_file_size(user, file, &size) : errno;
        *stamp = code ? 0 : (int64_t)size;
        return code;
    }
    *stamp = (int64_t)facts.st_mtime * 1000000000;
#if defined(__APPLE__)
    *stamp += (int64_t)facts.st_mtimespec.tv_nsec;
#elif defined(st_mtime)
    *stamp += (int64_t)facts.st_mtim.tv_nsec;
#elif defined(__GLIBC__)
    *stamp += (int64_t)facts.st_mtimensec;
#endif
    return 0;
}

static int tni_posix_file_read(void *user, void *file_pointer, uint64_t offset, void *data,
                               size_t size, size_t *done) {
    tni_posix_file *file = (tni_posix_file *)file_pointer;
    const uint8_t *held = file->spooled ? file->spool : (const uint8_t *)file->map;
    size_t held_size = file->spooled ? file->spool_size : file->map_size;
    (void)user;
    *done = 0;
    if (file->spooled || file->fd < 0) {
        if (offset < held_size) {
            *done = TNI_MIN(size, held_size - (size_t)offset);
            memcpy(data, held + (size_t)offset, *done);
        }
        return 0;
    }
    if (offset > (uint64_t)INT64_MAX || size > (uint64_t)INT64_MAX - offset) {
        return EINVAL;
    }
    while (*done < size) {
        ssize_t got =
            tni_posix_read_at(file->fd, (uint8_t *)data + *done, size - *done, offset + *done);
        if (got < 0) {
            return errno;
        }
        if (got == 0) {
            return 0;
        }
        *done += (size_t)got;
    }
    return 0;
}

static int tni_posix_file_write(void *user, void *file_pointer, const void *data, size_t size) {
    tni_posix_file *file = (tni_posix_file *)file_pointer;
    const uint8_t *bytes = (const uint8_t *)data;
    (void)user;
    while (size > 0) {
        ssize_t put = write(file->fd, bytes, TNI_MIN(size, TNI_POSIX_LARGEST_READ));
        if (put < 0) {
            if (errno == EINTR) {
                continue;
            }
            return errno;
        }
        bytes += put;
        size -= (size_t)put;
    }
    return 0;
}

/* A mapping outlives its descriptor, of which a process has but a thousand or so: a query over
 * more files keeps none of those it has mapped whole. */
static void tni_posix_file_spare(tni_posix_file *file) {
    int64_t stamp;
    if (tni_posix_file_modified(NULL, file, &stamp) == 0) {
        (void)close(file->fd); /* read only: nothing is lost whatever it says */
        file->fd = -1;
        file->stamp = stamp;
    }
}

static const void *tni_posix_file_map(void *user, void *file_pointer, uint64_t size) {
    tni_posix_file *file = (tni_posix_file *)file_pointer;
    uint64_t now;
    (void)user;
    if (file->spooled) {
        return size <= file->spool_size ? file->spool : NULL;
    }
    if (file->map) {
        return size <= file->map_size ? file->map : NULL;
    }
    if (size == 0 || size > SIZE_MAX / 2 || tni_posix_file_size(user, file, &now) != 0 ||
        now < size) {
        return NULL;
    }
    file->map = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, file->fd, 0);
    if (file->map == MAP_FAILED) {
        file->map = NULL;
        return NULL;
    }
    file->map_size = (size_t)size;
    if (now == size) {
        tni_posix_file_spare(file);
    }
    return file->map;
}

static bool tni_posix_is_link(const char *path) {
    char byte;
    return tni_posix_readlink(path, &byte, 1) >= 0;
}

/* Ordinary files only: what wrote to /dev/full or through a link must not take these away. */
static int tni_posix_file_remove(void *user, const char *path) {
    struct stat facts;
    (void)user;
    if (stat(path, &facts) != 0) {
        if (errno != EOVERFLOW) {
            return errno;
        }
    } else if (!S_ISREG(facts.st_mode) || tni_posix_is_link(path)) {
        return EPERM;
    }
    return unlink(path) == 0 ? 0 : errno;
}

/* A new file takes the name: not where that would be seen, as with links and other owners. */
static int tni_posix_file_replace(void *user, const char *from, const char *to) {
    struct stat facts;
    (void)user;
    if (tni_posix_is_link(to)) {
        return EPERM;
    }
    if (stat(to, &facts) != 0 || access(to, W_OK) != 0) {
        return errno;
    }
    if (!S_ISREG(facts.st_mode) || facts.st_nlink > 1 || facts.st_uid != geteuid()) {
        return EPERM;
    }
    if (!from) {
        return 0;
    }
    (void)chmod(from, facts.st_mode & 0777);
    return rename(from, to) == 0 ? 0 : errno;
}

TNI_FN void tni_os_files(trueno_files *out) {
    memset(out, 0, sizeof *out);
    out->open = tni_posix_file_open;
    out->size = tni_posix_file_size;
    out->modified = tni_posix_file_modified;
    out->read = tni_posix_file_read;
    out->write = tni_posix_file_write;
    out->map = tni_posix_file_map;
    out->close = tni_posix_file_close;
    out->remove = tni_posix_file_remove;
    out->replace = tni_posix_file_replace;
}

/* ---- folders ---- */

static tni_os_kind tni_posix_kind(unsigned type) {
    switch (type) { /* DT_*: the same numbers on Linux, macOS and the BSDs */
    case 4: return TNI_OS_FOLDER;
    case 8: return TNI_OS_FILE;
    case 10: return TNI_OS_LINK;
    default: return TNI_OS_UNKNOWN;
    }
}

TNI_FN int tni_os_list_folder(const char *path,
                              bool (*visit)(void *user, const char *name, tni_os_kind kind),
                              void *user) {
    DIR *folder = opendir(path);
    int code = 0;
    if (!folder) {
        return errno;
    }
    for (;;) {
        tni_posix_entry *entry;
        const char *name;
        errno = 0;
        entry = tni_posix_readdir(folder);
        if (!entry) {
            code = errno;
            break;
        }
        name = TNI_POSIX_ENTRY_NAME(entry);
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
            !visit(user, name, tni_posix_kind(TNI_POSIX_ENTRY_TYPE(entry)))) {
            break;
        }
    }
    (void)closedir(folder);
    return code;
}

TNI_FN bool tni_os_exists(const char *path) {
    return access(path, F_OK) == 0;
}

TNI_FN bool tni_os_is_folder(const char *path) {
    DIR *folder = opendir(path);
    if (!folder) {
        return errno == EACCES; /* either way it is nothing to read */
    }
    (void)closedir(folder);
    return true;
}

TNI_FN const char *tni_os_temp_folder(void) {
    const char *folder = tni_environment("TMPDIR");
    return folder && *folder ? folder : "/tmp";
}

TNI_FN uint64_t tni_os_process(void) {
    return (uint64_t)getpid();
}

#undef TNI_POSIX_ENTRY_NAME
#undef TNI_POSIX_ENTRY_TYPE
#undef TNI_POSIX_WALL
#undef TNI_POSIX_MONOTONIC
#undef TNI_POSIX_STACK
#undef TNI_POSIX_LARGEST_READ
#undef TNI_POSIX_HUGE_PAGE
#undef tni_posix_open
#undef tni_posix_pread
#undef tni_posix_seek
#undef tni_posix_readdir
#undef tni_posix_align
#undef tni_posix_clock

#else
typedef int tni_posix_unused;
#endif
