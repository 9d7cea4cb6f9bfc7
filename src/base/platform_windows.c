/*
 * platform_windows.c - threads, files, time and dynamic libraries on Windows.
 *
 * <windows.h> would hand its macros (min, GetObject, near, ...) to every program that includes
 * trueno_db.h, so the few kernel32 functions used here are declared by hand, with the types that
 * windows.h gives them: both may stand in one translation unit, in either order. Structures are
 * our own mirrors of the documented layouts. Paths are UTF-8 and become UTF-16 at the border.
 */
#include "base/platform.h"
#include "base/platform_os.h"

#if defined(_WIN32)

#include <errno.h>
#include <malloc.h>

#if defined(__cplusplus)
extern "C" {
#endif
struct _SECURITY_ATTRIBUTES;
struct _OVERLAPPED;
struct _FILETIME;
struct _RTL_SRWLOCK;
struct _RTL_CONDITION_VARIABLE;
struct _WIN32_FIND_DATAW;
struct _MEMORYSTATUSEX;
struct HINSTANCE__;
union _LARGE_INTEGER;

#if !defined(_WINDOWS_) && !defined(_WINDOWS_H)
#define TNI_WINDOWS_FN __declspec(dllimport)
#define TNI_WINDOWS_CALL __stdcall
TNI_WINDOWS_FN void *TNI_WINDOWS_CALL CreateFileW(const wchar_t *, unsigned long, unsigned long,
                                                  struct _SECURITY_ATTRIBUTES *, unsigned long,
                                                  unsigned long, void *);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL CloseHandle(void *);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL ReadFile(void *, void *, unsigned long, unsigned long *,
                                             struct _OVERLAPPED *);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL WriteFile(void *, const void *, unsigned long, unsigned long *,
                                              struct _OVERLAPPED *);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL GetFileTime(void *, struct _FILETIME *, struct _FILETIME *,
                                                struct _FILETIME *);
TNI_WINDOWS_FN unsigned long TNI_WINDOWS_CALL GetFileSize(void *, unsigned long *);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL DeleteFileW(const wchar_t *);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL MoveFileExW(const wchar_t *, const wchar_t *, unsigned long);
TNI_WINDOWS_FN unsigned long TNI_WINDOWS_CALL GetFileAttributesW(const wchar_t *);
TNI_WINDOWS_FN void *TNI_WINDOWS_CALL CreateFileMappingW(void *, struct _SECURITY_ATTRIBUTES *,
                                                         unsigned long, unsigned long,
                                                         unsigned long, const wchar_t *);
TNI_WINDOWS_FN void *TNI_WINDOWS_CALL MapViewOfFile(void *, unsigned long, unsigned long,
                                                    unsigned long, size_t);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL UnmapViewOfFile(const void *);
TNI_WINDOWS_FN void *TNI_WINDOWS_CALL FindFirstFileW(const wchar_t *, struct _WIN32_FIND_DATAW *);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL FindNextFileW(void *, struct _WIN32_FIND_DATAW *);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL FindClose(void *);
TNI_WINDOWS_FN unsigned long TNI_WINDOWS_CALL GetLastError(void);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL MultiByteToWideChar(unsigned int, unsigned long, const char *,
                                                        int, wchar_t *, int);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL WideCharToMultiByte(unsigned int, unsigned long,
                                                        const wchar_t *, int, char *, int,
                                                        const char *, int *);
TNI_WINDOWS_FN void TNI_WINDOWS_CALL InitializeSRWLock(struct _RTL_SRWLOCK *);
TNI_WINDOWS_FN void TNI_WINDOWS_CALL AcquireSRWLockExclusive(struct _RTL_SRWLOCK *);
TNI_WINDOWS_FN void TNI_WINDOWS_CALL ReleaseSRWLockExclusive(struct _RTL_SRWLOCK *);
TNI_WINDOWS_FN void TNI_WINDOWS_CALL InitializeConditionVariable(struct _RTL_CONDITION_VARIABLE *);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL SleepConditionVariableSRW(struct _RTL_CONDITION_VARIABLE *,
                                                              struct _RTL_SRWLOCK *, unsigned long,
                                                              unsigned long);
TNI_WINDOWS_FN void TNI_WINDOWS_CALL WakeAllConditionVariable(struct _RTL_CONDITION_VARIABLE *);
TNI_WINDOWS_FN void *TNI_WINDOWS_CALL CreateThread(struct _SECURITY_ATTRIBUTES *, size_t,
                                                   unsigned long(TNI_WINDOWS_CALL *)(void *),
                                                   void *, unsigned long, unsigned long *);
TNI_WINDOWS_FN unsigned long TNI_WINDOWS_CALL WaitForSingleObject(void *, unsigned long);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL SwitchToThread(void);
TNI_WINDOWS_FN unsigned long TNI_WINDOWS_CALL GetActiveProcessorCount(unsigned short);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL QueryPerformanceCounter(union _LARGE_INTEGER *);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL QueryPerformanceFrequency(union _LARGE_INTEGER *);
TNI_WINDOWS_FN void TNI_WINDOWS_CALL GetSystemTimeAsFileTime(struct _FILETIME *);
TNI_WINDOWS_FN struct HINSTANCE__ *TNI_WINDOWS_CALL LoadLibraryW(const wchar_t *);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL FreeLibrary(struct HINSTANCE__ *);
TNI_WINDOWS_FN unsigned long TNI_WINDOWS_CALL GetCurrentProcessId(void);
TNI_WINDOWS_FN int TNI_WINDOWS_CALL GlobalMemoryStatusEx(struct _MEMORYSTATUSEX *);
#else
#define TNI_WINDOWS_CALL __stdcall
#endif
/* GetProcAddress returns FARPROC, whose definition differs with STRICT: bound by name instead. */
#if defined(__GNUC__)
#if defined(__i386__)
extern void *__stdcall tni_windows_symbol(void *library,
                                          const char *name) __asm__("_GetProcAddress@8");
#else
extern void *__stdcall tni_windows_symbol(void *library,
                                          const char *name) __asm__("GetProcAddress");
#endif
#else
typedef long long(__stdcall *tni_windows_procedure)(void);
__declspec(dllimport) tni_windows_procedure
    __stdcall GetProcAddress(struct HINSTANCE__ *, const char *);
#endif
#if defined(__cplusplus)
}
#endif

#define TNI_WINDOWS_INVALID ((void *)(intptr_t)-1)
#define TNI_WINDOWS_UTF8 65001u
#define TNI_WINDOWS_FOREVER 0xffffffffu
#define TNI_WINDOWS_NO_ATTRIBUTES 0xffffffffu
#define TNI_WINDOWS_FOLDER 0x10u
#define TNI_WINDOWS_REPARSE 0x400u
#define TNI_WINDOWS_PATH 4096

typedef struct tni_windows_overlapped { /* OVERLAPPED */
    uintptr_t internal[2];
    uint32_t offset_low, offset_high;
    void *event;
} tni_windows_overlapped;

typedef struct tni_windows_found { /* WIN32_FIND_DATAW */
    uint32_t attributes;
    uint32_t times[6];
    uint32_t size_high, size_low;
    uint32_t reserved[2];
    wchar_t name[260];
    wchar_t short_name[14];
} tni_windows_found;

typedef struct tni_windows_memory { /* MEMORYSTATUSEX */
    uint32_t size, load;
    uint64_t total, available, rest[5];
} tni_windows_memory;

/* ---- memory ---- */

TNI_FN void *tni_os_alloc(size_t size, size_t alignment) {
    return _aligned_malloc(size, alignment);
}

TNI_FN void tni_os_free(void *block) {
    _aligned_free(block);
}

TNI_FN uint64_t tni_physical_memory(void) {
    tni_windows_memory memory;
    memset(&memory, 0, sizeof memory);
    memory.size = (uint32_t)sizeof memory;
    return GlobalMemoryStatusEx((struct _MEMORYSTATUSEX *)&memory) ? memory.total : 0;
}

/* ---- threads ---- */

struct tni_thread {
    void *handle;
    void (*function)(void *);
    void *argument;
};

TNI_FN bool tni_mutex_init(tni_mutex *mutex) {
    InitializeSRWLock((struct _RTL_SRWLOCK *)(void *)mutex);
    return true;
}
TNI_FN void tni_mutex_free(tni_mutex *mutex) {
    (void)mutex;
}
TNI_FN void tni_mutex_lock(tni_mutex *mutex) {
    AcquireSRWLockExclusive((struct _RTL_SRWLOCK *)(void *)mutex);
}
TNI_FN void tni_mutex_unlock(tni_mutex *mutex) {
    ReleaseSRWLockExclusive((struct _RTL_SRWLOCK *)(void *)mutex);
}
TNI_FN bool tni_condition_init(tni_condition *condition) {
    InitializeConditionVariable((struct _RTL_CONDITION_VARIABLE *)(void *)condition);
    return true;
}
TNI_FN void tni_condition_free(tni_condition *condition) {
    (void)condition;
}
TNI_FN void tni_condition_wait(tni_condition *condition, tni_mutex *mutex) {
    (void)SleepConditionVariableSRW((struct _RTL_CONDITION_VARIABLE *)(void *)condition,
                                    (struct _RTL_SRWLOCK *)(void *)mutex, TNI_WINDOWS_FOREVER, 0);
}
TNI_FN void tni_condition_signal_all(tni_condition *condition) {
    WakeAllConditionVariable((struct _RTL_CONDITION_VARIABLE *)(void *)condition);
}

static unsigned long TNI_WINDOWS_CALL tni_windows_thread_main(void *user) {
    tni_thread *thread = (tni_thread *)user;
    thread->function(thread->argument);
    return 0;
}

TNI_FN tni_thread *tni_thread_start(void (*function)(void *), void *argument) {
    tni_thread *thread = (tni_thread *)tni_os_alloc(sizeof *thread, sizeof(void *));
    if (!thread) {
        return NULL;
    }
    thread->function = function;
    thread->argument = argument;
    thread->handle = CreateThread(NULL, 2048u * 1024u, tni_windows_thread_main, thread, 0, NULL);
    if (!thread->handle) {
        tni_os_free(thread);
        return NULL;
    }
    return thread;
}

TNI_FN void tni_thread_join(tni_thread *thread) {
    (void)WaitForSingleObject(thread->handle, TNI_WINDOWS_FOREVER);
    (void)CloseHandle(thread->handle);
    tni_os_free(thread);
}

TNI_FN void tni_thread_yield(void) {
    (void)SwitchToThread();
}

TNI_FN uint32_t tni_cpu_count(void) {
    unsigned long count = GetActiveProcessorCount(0xffff /* every group */);
    return count > 0 && count < 65536 ? (uint32_t)count : 1;
}

/* ---- time ---- */

TNI_FN int64_t tni_clock_nanoseconds(void) {
    int64_t ticks = 0, rate = 0;
    (void)QueryPerformanceFrequency((union _LARGE_INTEGER *)(void *)&rate);
    (void)QueryPerformanceCounter((union _LARGE_INTEGER *)(void *)&ticks);
    if (rate <= 0) {
        return 0;
    }
    return ticks / rate * 1000000000 + ticks % rate * 1000000000 / rate;
}

TNI_FN int64_t tni_wall_microseconds(void) {
    uint32_t parts[2] = {0, 0}; /* 100 ns since 1601 */
    GetSystemTimeAsFileTime((struct _FILETIME *)(void *)parts);
    return (int64_t)(((uint64_t)parts[1] << 32 | parts[0]) / 10) - INT64_C(11644473600000000);
}

/* ---- paths ---- */

/* 0, or errno. `suffix` is appended: "\\*" lists a folder. */
static int tni_windows_widen(const char *path, const wchar_t *suffix, wchar_t *out) {
    int i = 0, length = MultiByteToWideChar(TNI_WINDOWS_UTF8, 8 /* refuse bad UTF-8 */, path, -1,
                                            out, TNI_WINDOWS_PATH - 4);
    if (length <= 0) {
        out[0] = 0;
        return EINVAL;
    }
    for (length--; suffix[i]; i++) {
        out[length++] = suffix[i];
    }
    out[length] = 0;
    return 0;
}

static int tni_windows_error(void) {
    switch (GetLastError()) {
    case 2:
    case 3:
    case 15:
    case 123:
    case 161: return ENOENT;
    case 4: return EMFILE;
    case 5:
    case 32:
    case 33: return EACCES;
    case 8:
    case 14: return ENOMEM;
    case 38: return 0; /* end of file */
    case 39:
    case 112: return ENOSPC;
    case 80:
    case 183: return EEXIST;
    case 109: return EPIPE;
    case 206: return ENAMETOOLONG;
    default: return EIO;
    }
}

static unsigned long tni_windows_attributes(const char *path) {
    wchar_t wide[TNI_WINDOWS_PATH];
    return tni_windows_widen(path, L"", wide) ? TNI_WINDOWS_NO_ATTRIBUTES
                                              : GetFileAttributesW(wide);
}

TNI_FN bool tni_os_exists(const char *path) {
    return tni_windows_attributes(path) != TNI_WINDOWS_NO_ATTRIBUTES;
}

TNI_FN bool tni_os_is_folder(const char *path) {
    unsigned long attributes = tni_windows_attributes(path);
    return attributes != TNI_WINDOWS_NO_ATTRIBUTES && (attributes & TNI_WINDOWS_FOLDER);
}

TNI_FN const char *tni_os_temp_folder(void) {
    const char *folder = tni_environment("TEMP");
    return folder && *folder ? folder : "C:/Windows/Temp";
}

TNI_FN uint64_t tni_os_process(void) {
    return GetCurrentProcessId();
}

/* ---- dynamic libraries ---- */

TNI_FN void *tni_library_open(const char *name) {
    wchar_t wide[TNI_WINDOWS_PATH];
    return tni_windows_widen(name, L"", wide) ? NULL : (void *)LoadLibraryW(wide);
}

TNI_FN void *tni_library_symbol(void *library, const char *name) {
#if defined(__GNUC__)
    return tni_windows_symbol(library, name);
#else
    tni_windows_procedure found = GetProcAddress((struct HINSTANCE__ *)library, name);
    void *out;
    memcpy(&out, &found, sizeof out);
    return out;
#endif
}

TNI_FN void tni_library_close(void *library) {
    (void)FreeLibrary((struct HINSTANCE__ *)library);
}

/* ---- files ---- */

typedef struct tni_windows_file {
    void *handle;
    void *mapping;
    const void *view;
    uint64_t view_size;
} tni_windows_file;

static int tni_windows_file_close(void *user, void *file_pointer) {
    tni_windows_file *file = (tni_windows_file *)file_pointer;
    int code = 0;
    (void)user;
    if (file->view) {
        (void)UnmapViewOfFile(file->view);
    }
    if (file->mapping) {
        (void)CloseHandle(file->mapping);
    }
    if (!CloseHandle(file->handle)) {
        code = tni_windows_error();
    }
    tni_os_free(file);
    return code;
}

static int tni_windows_file_open(void *user, const char *path, trueno_file_mode mode, void **out) {
    bool writing = mode == TRUENO_FILE_WRITE;
    wchar_t wide[TNI_WINDOWS_PATH];
    tni_windows_file *file;
    int code = tni_windows_widen(path, L"", wide);
    *out = NULL;
    (void)user;
    if (code) {
        return code;
    }
    if (tni_os_is_folder(path)) {
        return EISDIR;
    }
    file = (tni_windows_file *)tni_os_alloc(sizeof *file, sizeof(void *));
    if (!file) {
        return ENOMEM;
    }
    memset(file, 0, sizeof *file);
    /* GENERIC_WRITE or _READ; others may read, write and delete; CREATE_ALWAYS or OPEN_EXISTING */
    file->handle = CreateFileW(wide, writing ? 0x40000000u : 0x80000000u, 7, NULL, writing ? 2 : 3,
                               0x80, NULL);
    if (file->handle == TNI_WINDOWS_INVALID) {
        code = tni_windows_error();
        tni_os_free(file);
        return code ? code : EIO;
    }
    *out = file;
    return 0;
}

static int tni_windows_file_size(void *user, void *file_pointer, uint64_t *size) {
    tni_windows_file *file = (tni_windows_file *)file_pointer;
    unsigned long high = 0, low = GetFileSize(file->handle, &high);
    (void)user;
    *size = 0;
    if (low == 0xffffffffu && GetLastError() != 0) {
        return tni_windows_error();
    }
    *size = (uint64_t)high << 32 | low;
    return 0;
}

static int tni_windows_file_modified(void *user, void *file_pointer, int64_t *stamp) {
    tni_windows_file *file = (tni_windows_file *)file_pointer;
    uint32_t parts[2] = {0, 0};
    (void)user;
    *stamp = 0;
    if (!GetFileTime(file->handle, NULL, NULL, (struct _FILETIME *)(void *)parts)) {
        return tni_windows_error();
    }
    *stamp = (int64_t)((uint64_t)parts[1] << 32 | parts[0]);
    return 0;
}

static int tni_windows_file_read(void *user, void *file_pointer, uint64_t offset, void *data,
                                 size_t size, size_t *done) {
    tni_windows_file *file = (tni_windows_file *)file_pointer;
    (void)user;
    *done = 0;
    if (offset > (uint64_t)INT64_MAX || size > (uint64_t)INT64_MAX - offset) {
        return EINVAL;
    }
    while (*done < size) {
        tni_windows_overlapped at;
        unsigned long got = 0;
        memset(&at, 0, sizeof at);
        at.offset_low = (uint32_t)(offset + *done);
        at.offset_high = (uint32_t)((offset + *done) >> 32);
        if (!ReadFile(file->handle, (uint8_t *)data + *done,
                      (unsigned long)TNI_MIN(size - *done, (size_t)1 << 30), &got,
                      (struct _OVERLAPPED *)(void *)&at)) {
            return tni_windows_error();
        }
        if (got == 0) {
            return 0;
        }
        *done += got;
    }
    return 0;
}

static int tni_windows_file_write(void *user, void *file_pointer, const void *data, size_t size) {
    tni_windows_file *file = (tni_windows_file *)file_pointer;
    const uint8_t *bytes = (const uint8_t *)data;
    (void)user;
    while (size > 0) {
        unsigned long put = 0;
        if (!WriteFile(file->handle, bytes, (unsigned long)TNI_MIN(size, (size_t)1 << 30), &put,
                       NULL)) {
            int code = tni_windows_error();
            return code ? code : EIO;
        }
        bytes += put;
        size -= put;
    }
    return 0;
}

static const void *tni_windows_file_map(void *user, void *file_pointer, uint64_t size) {
    tni_windows_file *file = (tni_windows_file *)file_pointer;
    uint64_t now;
    (void)user;
    if (file->view) {
        return size <= file->view_size ? file->view : NULL;
    }
    if (size == 0 || size > SIZE_MAX / 2 || tni_windows_file_size(user, file, &now) != 0 ||
        now < size) {
        return NULL;
    }
    if (!file->mapping) {
        file->mapping = CreateFileMappingW(file->handle, NULL, 2 /* PAGE_READONLY */, 0, 0, NULL);
    }
    if (file->mapping) {
        file->view = MapViewOfFile(file->mapping, 4 /* FILE_MAP_READ */, 0, 0, (size_t)size);
        file->view_size = size;
    }
    return file->view;
}

static int tni_windows_file_remove(void *user, const char *path) {
    wchar_t wide[TNI_WINDOWS_PATH];
    int code = tni_windows_widen(path, L"", wide);
    (void)user;
    if (!code && !DeleteFileW(wide)) {
        code = tni_windows_error();
    }
    return code;
}

static int tni_windows_file_replace(void *user, const char *from, const char *to) {
    wchar_t wide[TNI_WINDOWS_PATH], wide_to[TNI_WINDOWS_PATH];
    unsigned long attributes = tni_windows_attributes(to);
    int code;
    (void)user;
    if (attributes == TNI_WINDOWS_NO_ATTRIBUTES) {
        return ENOENT;
    }
    if (attributes & (TNI_WINDOWS_FOLDER | TNI_WINDOWS_REPARSE | 1u /* read-only */)) {
        return EACCES;
    }
    if (!from) {
        return 0;
    }
    code = tni_windows_widen(from, L"", wide);
    code = code ? code : tni_windows_widen(to, L"", wide_to);
    if (!code && !MoveFileExW(wide, wide_to, 1 /* over an old file */)) {
        code = tni_windows_error();
    }
    return code;
}

TNI_FN void tni_os_files(trueno_files *out) {
    memset(out, 0, sizeof *out);
    out->open = tni_windows_file_open;
    out->size = tni_windows_file_size;
    out->modified = tni_windows_file_modified;
    out->read = tni_windows_file_read;
    out->write = tni_windows_file_write;
    out->map = tni_windows_file_map;
    out->close = tni_windows_file_close;
    out->remove = tni_windows_file_remove;
    out->replace = tni_windows_file_replace;
}

/* ---- folders ---- */

static tni_os_kind tni_windows_kind(uint32_t attributes) {
    if (attributes & TNI_WINDOWS_REPARSE) {
        return TNI_OS_LINK;
    }
    return attributes & TNI_WINDOWS_FOLDER ? TNI_OS_FOLDER : TNI_OS_FILE;
}

TNI_FN int tni_os_list_folder(const char *path,
                              bool (*visit)(void *user, const char *name, tni_os_kind kind),
                              void *user) {
    wchar_t wide[TNI_WINDOWS_PATH];
    tni_windows_found found;
    void *search;
    bool more;
    int code = tni_windows_widen(path, L"\\*", wide);
    if (code) {
        return code;
    }
    search = FindFirstFileW(wide, (struct _WIN32_FIND_DATAW *)(void *)&found);
    if (search == TNI_WINDOWS_INVALID) {
        return tni_windows_error();
    }
    do {
        char name[260 * 3 + 1];
        more = true;
        if (WideCharToMultiByte(TNI_WINDOWS_UTF8, 0, found.name, -1, name, (int)sizeof name, NULL,
                                NULL) > 0 &&
            strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            more = visit(user, name, tni_windows_kind(found.attributes));
        }
    } while (more && FindNextFileW(search, (struct _WIN32_FIND_DATAW *)(void *)&found));
    (void)FindClose(search);
    return 0;
}

#undef TNI_WINDOWS_FN
#undef TNI_WINDOWS_CALL
#undef TNI_WINDOWS_INVALID
#undef TNI_WINDOWS_UTF8
#undef TNI_WINDOWS_FOREVER
#undef TNI_WINDOWS_NO_ATTRIBUTES
#undef TNI_WINDOWS_FOLDER
#undef TNI_WINDOWS_REPARSE
#undef TNI_WINDOWS_PATH

#else
typedef int tni_windows_unused;
#endif
