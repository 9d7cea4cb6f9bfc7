/*
 * embed_engine.c - the library inside a game engine that owns memory, threads and files.
 *
 * Three tables of callbacks make the library a guest: every byte comes from the engine's counted
 * heap and goes back to it, work runs as jobs of the engine, files are read from a pack in memory,
 * log lines go to the engine's console. Limits bound what one query may take.
 *
 *     cc -O2 -I. examples/embed_engine.c -o engine -lpthread && ./engine
 */
#define TRUENO_DB_IMPLEMENTATION
#include "trueno_db.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#if !defined(_WIN32)
#include <pthread.h>
#endif

/* ---- memory: the C library's, counted; alignment by keeping the block's start in front ---- */

typedef struct engine_heap {
#if !defined(_WIN32)
    pthread_mutex_t lock;
#endif
    size_t live, peak, blocks;
} engine_heap;

static void heap_count(engine_heap *heap, size_t size, bool more) {
#if !defined(_WIN32)
    pthread_mutex_lock(&heap->lock);
#endif
    heap->live = more ? heap->live + size : heap->live - size;
    heap->blocks = more ? heap->blocks + 1 : heap->blocks - 1;
    heap->peak = heap->live > heap->peak ? heap->live : heap->peak;
#if !defined(_WIN32)
    pthread_mutex_unlock(&heap->lock);
#endif
}

static void *heap_alloc(void *user, size_t size, size_t alignment) {
    char *raw;
    uintptr_t place;
    if (size > SIZE_MAX - alignment - sizeof raw) {
        return NULL;
    }
    raw = (char *)malloc(size + alignment + sizeof raw);
    if (raw == NULL) {
        return NULL;
    }
    place = ((uintptr_t)raw + sizeof raw + alignment - 1) & ~(uintptr_t)(alignment - 1);
    memcpy((char *)place - sizeof raw, &raw, sizeof raw);
    heap_count((engine_heap *)user, size, true);
    return (void *)place;
}

static void heap_free(void *user, void *block, size_t size) {
    char *raw;
    if (block != NULL) {
        memcpy(&raw, (char *)block - sizeof raw, sizeof raw);
        free(raw);
        heap_count((engine_heap *)user, size, false);
    }
}

/* ---- jobs: a parallel loop over the engine's workers (serial on Windows, for brevity) ---- */

typedef struct engine_jobs {
    uint32_t count, next;
    void (*task)(void *context, uint32_t index);
    void *context;
#if !defined(_WIN32)
    pthread_mutex_t lock;
#endif
} engine_jobs;

static uint32_t jobs_take(engine_jobs *jobs) {
    uint32_t index;
#if !defined(_WIN32)
    pthread_mutex_lock(&jobs->lock);
#endif
    index = jobs->next < jobs->count ? jobs->next++ : UINT32_MAX;
#if !defined(_WIN32)
    pthread_mutex_unlock(&jobs->lock);
#endif
    return index;
}

static void *jobs_work(void *argument) {
    engine_jobs *jobs = (engine_jobs *)argument;
    uint32_t index;
    while ((index = jobs_take(jobs)) != UINT32_MAX) {
        jobs->task(jobs->context, index);
    }
    return NULL;
}

static void jobs_parallel_for(void *user, uint32_t count,
                              void (*task)(void *context, uint32_t index), void *context) {
    engine_jobs jobs;
    memset(&jobs, 0, sizeof jobs);
    jobs.count = count;
    jobs.task = task;
    jobs.context = context;
    ++*(uint32_t *)user;
#if defined(_WIN32)
    jobs_work(&jobs);
#else
    {
        pthread_t helper;
        bool helped;
        pthread_mutex_init(&jobs.lock, NULL);
        helped = count > 1 && pthread_create(&helper, NULL, jobs_work, &jobs) == 0;
        jobs_work(&jobs);
        if (helped) {
            pthread_join(helper, NULL);
        }
        pthread_mutex_destroy(&jobs.lock);
    }
#endif
}

/* ---- files: named texts in memory ---- */

typedef struct pack_file {
    const char *path, *text;
} pack_file;

static const pack_file pack[] = {
    {"pack/items.csv", "item,rarity,price\nsword,common,10\nbow,common,12\ncrown,rare,900\n"
                       "staff,rare,450\nstone,common,\n"},
    {"pack/loot/forest.csv", "item,drops\nsword,40\nbow,25\n"},
    {"pack/loot/castle.csv", "item,drops\nsword,10\ncrown,1\n"},
};
#define PACK_FILES (sizeof pack / sizeof pack[0])

static int pack_open(void *user, const char *path, trueno_file_mode mode, void **file) {
    size_t i;
    (void)user;
    *file = NULL;
    for (i = 0; i < PACK_FILES && mode == TRUENO_FILE_READ; i++) {
        if (strcmp(pack[i].path, path) == 0) {
            *file = (void *)(uintptr_t)&pack[i];
            return 0;
        }
    }
    return ENOENT;
}

static int pack_size(void *user, void *file, uint64_t *size) {
    (void)user;
    *size = strlen(((const pack_file *)file)->text);
    return 0;
}

static int pack_read(void *user, void *file, uint64_t offset, void *data, size_t size,
                     size_t *done) {
    const char *text = ((const pack_file *)file)->text;
    size_t length = strlen(text);
    (void)user;
    *done = 0;
    if (offset < length) {
        *done = size < length - (size_t)offset ? size : length - (size_t)offset;
        memcpy(data, text + offset, *done);
    }
    return 0;
}

static int pack_close(void *user, void *file) {
    (void)user;
    (void)file;
    return 0;
}

/* Globs: `*` at the end of the folder is all this engine needs. */
static int pack_list(void *user, const char *pattern,
                     void (*visit)(void *context, const char *path), void *context) {
    const char *star = strchr(pattern, '*');
    size_t length = star != NULL ? (size_t)(star - pattern) : strlen(pattern);
    size_t i;
    (void)user;
    for (i = 0; i < PACK_FILES; i++) {
        if (strncmp(pack[i].path, pattern, length) == 0) {
            visit(context, pack[i].path);
        }
    }
    return 0;
}

/* ---- the engine ---- */

static void console(void *user, trueno_log_level level, const char *message) {
    (void)user;
    printf("log %d: %s\n", (int)level, message);
}

static int show(trueno_db *db, const char *sql) {
    trueno_print_options plain = {0, 0, true, "-"};
    trueno_result *result = trueno_query(db, sql);
    int code = trueno_result_status(result) != TRUENO_OK;
    if (code) {
        printf("%s\n", trueno_result_error_report(result));
    } else {
        trueno_result_print_with(result, stdout, &plain);
    }
    trueno_result_free(result);
    return code;
}

int main(void) {
    engine_heap heap;
    uint32_t loops = 0;
    trueno_config config;
    trueno_db *db = NULL;
    int code;
    memset(&heap, 0, sizeof heap);
#if !defined(_WIN32)
    pthread_mutex_init(&heap.lock, NULL);
#endif
    memset(&config, 0, sizeof config);
    config.memory_limit = 64u << 20;
    config.no_spill = true;
    config.deadline_seconds = 10;
    config.allocator.alloc = heap_alloc;
    config.allocator.free = heap_free;
    config.allocator.user = &heap;
    config.jobs.parallel_for = jobs_parallel_for;
    config.jobs.workers = 2;
    config.jobs.user = &loops;
    config.files.open = pack_open;
    config.files.size = pack_size;
    config.files.read = pack_read;
    config.files.close = pack_close;
    config.files.list = pack_list;
    config.log.write = console;
    if (trueno_open(&config, &db) != TRUENO_OK) {
        return 1;
    }
    code = show(db, "SELECT rarity, count(*) AS items, avg(price) AS price "
                    "FROM 'pack/items.csv' GROUP BY rarity ORDER BY rarity");
    code |= show(db, "SELECT item, sum(drops) AS drops FROM 'pack/loot/*.csv' "
                     "GROUP BY item ORDER BY drops DESC");
    code |= show(db, "CREATE TABLE shots AS SELECT i, i % 3 AS player FROM range(1000000) AS r(i); "
                     "SELECT player, count(*) AS shots, sum(i) AS score FROM shots "
                     "GROUP BY player ORDER BY player");
    code |= !show(db, "SELECT * FROM '/etc/passwd'"); /* the engine's files are all there is */
    trueno_close(db);
    printf("jobs were used: %s; blocks left: %d; peak below the limit: %s\n",
           loops > 0 ? "yes" : "no", (int)heap.blocks,
           heap.peak > 0 && heap.peak < (64u << 20) ? "yes" : "no");
    return code || heap.blocks != 0;
}
