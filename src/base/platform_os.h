/*
 * platform_os.h - what platform.c needs from platform_posix.c or platform_windows.c.
 *
 * Private to these three files. Paths are UTF-8; errors are errno values on both systems.
 */
#ifndef TNI_BASE_PLATFORM_OS_H
#define TNI_BASE_PLATFORM_OS_H

#include "base/platform.h"

/* The longest path that globs and temporary names build. */
#define TNI_OS_PATH 4096u

typedef enum tni_os_kind { TNI_OS_FILE, TNI_OS_FOLDER, TNI_OS_LINK, TNI_OS_UNKNOWN } tni_os_kind;

/* Call `visit` for each entry of a folder except "." and ".."; false stops. 0 or errno. */
TNI_FN int tni_os_list_folder(const char *path,
                              bool (*visit)(void *user, const char *name, tni_os_kind kind),
                              void *user);
TNI_FN bool tni_os_exists(const char *path);
TNI_FN bool tni_os_is_folder(const char *path);
TNI_FN const char *tni_os_temp_folder(void);
TNI_FN uint64_t tni_os_process(void);
/* Blocks from the C library. Large ones are given to huge pages where the system has them. */
TNI_FN void *tni_os_alloc(size_t size, size_t alignment);
TNI_FN void tni_os_free(void *block);
/* The file calls of trueno_files, all but `list`. */
TNI_FN void tni_os_files(trueno_files *out);

#endif
