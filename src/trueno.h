/*
 * trueno.h - the public interface. This text opens trueno_db.h.
 *
 * Handles are opaque. Configuration structs are zero-initialised by the caller; zero means
 * "default". Every fallible call returns a trueno_status or an object that carries one. A
 * trueno_db may be used from several threads at once for separate queries; a trueno_stmt or
 * trueno_result belongs to one thread at a time.
 */
#ifndef TRUENO_H
#define TRUENO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TRUENO_VERSION_MAJOR 0
#define TRUENO_VERSION_MINOR 1
#define TRUENO_VERSION_PATCH 0
#define TRUENO_VERSION "0.1.0"

#if defined(TRUENO_STATIC)
#define TRUENO_API static
#elif defined(TRUENO_API)
/* the host's own export attribute */
#elif defined(_WIN32) && defined(TRUENO_BUILD_DLL)
#define TRUENO_API __declspec(dllexport)
#elif defined(__GNUC__)
#define TRUENO_API __attribute__((visibility("default")))
#else
#define TRUENO_API
#endif

#if defined(__cplusplus)
extern "C" {
#endif

/* ------------------------------------------------------------------------------ status --- */

/* id, name, what it means. One list: the enum, trueno_status_name, docs and tests read it. */
#define TRUENO_STATUS_LIST(X)                                                                      \
    X(TRUENO_OK, "ok", "no error")                                                                 \
    X(TRUENO_ERROR_MEMORY, "out of memory", "the allocator returned NULL")                         \
    X(TRUENO_ERROR_MEMORY_LIMIT, "memory limit", "memory_limit would be exceeded")                 \
    X(TRUENO_ERROR_IO, "input/output", "a file could not be opened, read or written")              \
    X(TRUENO_ERROR_FORMAT, "bad file", "a file's content is malformed or truncated")               \
    X(TRUENO_ERROR_SYNTAX, "syntax", "the SQL text does not parse")                                \
    X(TRUENO_ERROR_BINDER, "binder", "a name or type in the SQL does not resolve")                 \
    X(TRUENO_ERROR_CATALOG, "catalog", "a table or view is missing or exists already")             \
    X(TRUENO_ERROR_CONVERSION, "conversion", "a value cannot be converted to the wanted type")     \
    X(TRUENO_ERROR_OUT_OF_RANGE, "out of range", "arithmetic left the range of its type")          \
    X(TRUENO_ERROR_INVALID, "invalid input", "a value is outside what the function accepts")       \
    X(TRUENO_ERROR_CONSTRAINT, "constraint", "NOT NULL or a key was violated")                     \
    X(TRUENO_ERROR_UNSUPPORTED, "not supported", "known, but not part of this version")            \
    X(TRUENO_ERROR_LIMIT, "limit", "a configured limit was reached")                               \
    X(TRUENO_ERROR_INTERRUPTED, "interrupted", "trueno_interrupt was called")                      \
    X(TRUENO_ERROR_DEADLINE, "deadline", "the query's time limit passed")                          \
    X(TRUENO_ERROR_MISUSE, "misuse", "an argument broke the function's contract")                  \
    X(TRUENO_ERROR_INTERNAL, "internal", "a defect in this library: please report it")

typedef enum trueno_status {
#define TRUENO_STATUS_ID(id, name, text) id,
    TRUENO_STATUS_LIST(TRUENO_STATUS_ID)
#undef TRUENO_STATUS_ID
    TRUENO_STATUS_COUNT
} trueno_status;

/* ------------------------------------------------------------------------------- types --- */

/* id, SQL name. The order is stable: values are part of the interface. */
#define TRUENO_TYPE_LIST(X)                                                                        \
    X(TRUENO_TYPE_NULL, "NULL")                                                                    \
    X(TRUENO_TYPE_BOOLEAN, "BOOLEAN")                                                              \
    X(TRUENO_TYPE_TINYINT, "TINYINT")                                                              \
    X(TRUENO_TYPE_SMALLINT, "SMALLINT")                                                            \
    X(TRUENO_TYPE_INTEGER, "INTEGER")                                                              \
    X(TRUENO_TYPE_BIGINT, "BIGINT")                                                                \
    X(TRUENO_TYPE_UTINYINT, "UTINYINT")                                                            \
    X(TRUENO_TYPE_USMALLINT, "USMALLINT")                                                          \
    X(TRUENO_TYPE_UINTEGER, "UINTEGER")                                                            \
    X(TRUENO_TYPE_UBIGINT, "UBIGINT")                                                              \
    X(TRUENO_TYPE_HUGEINT, "HUGEINT")                                                              \
    X(TRUENO_TYPE_FLOAT, "FLOAT")                                                                  \
    X(TRUENO_TYPE_DOUBLE, "DOUBLE")                                                                \
    X(TRUENO_TYPE_DECIMAL, "DECIMAL")                                                              \
    X(TRUENO_TYPE_DATE, "DATE")                                                                    \
    X(TRUENO_TYPE_TIME, "TIME")                                                                    \
    X(TRUENO_TYPE_TIMESTAMP_S, "TIMESTAMP_S")                                                      \
    X(TRUENO_TYPE_TIMESTAMP_MS, "TIMESTAMP_MS")                                                    \
    X(TRUENO_TYPE_TIMESTAMP, "TIMESTAMP")                                                          \
    X(TRUENO_TYPE_TIMESTAMP_NS, "TIMESTAMP_NS")                                                    \
    X(TRUENO_TYPE_TIMESTAMP_TZ, "TIMESTAMP WITH TIME ZONE")                                        \
    X(TRUENO_TYPE_INTERVAL, "INTERVAL")                                                            \
    X(TRUENO_TYPE_VARCHAR, "VARCHAR")                                                              \
    X(TRUENO_TYPE_BLOB, "BLOB")

typedef enum trueno_type {
#define TRUENO_TYPE_ID(id, name) id,
    TRUENO_TYPE_LIST(TRUENO_TYPE_ID)
#undef TRUENO_TYPE_ID
    TRUENO_TYPE_COUNT
} trueno_type;

/* ----------------------------------------------------------------------- configuration --- */

/* Memory from the host. `alignment` is a power of two; `free` gets the size back. Thread-safe. */
typedef struct trueno_allocator {
    void *(*alloc)(void *user, size_t size, size_t alignment);
    void (*free)(void *user, void *block, size_t size);
    void *user;
} trueno_allocator;

typedef enum trueno_file_mode { TRUENO_FILE_READ, TRUENO_FILE_WRITE } trueno_file_mode;

/* Files from the host. Calls return 0 on success or an errno-like number. Thread-safe; `read`
 * may be called for one file from several threads at once. `map` may be NULL, or give a pointer
 * to the whole file that stays valid until `close`. `list` expands a glob (NULL: globs refused). */
typedef struct trueno_files {
    int (*open)(void *user, const char *path, trueno_file_mode mode, void **file);
    int (*size)(void *user, void *file, uint64_t *size);
    int (*modified)(void *user, void *file, int64_t *stamp); /* may be NULL; changes on write */
    int (*read)(void *user, void *file, uint64_t offset, void *data, size_t size, size_t *done);
    int (*write)(void *user, void *file, const void *data, size_t size); /* appends, all or error */
    const void *(*map)(void *user, void *file, uint64_t size);
    int (*close)(void *user, void *file);
    int (*remove)(void *user, const char *path);
    int (*list)(void *user, const char *pattern, void (*visit)(void *context, const char *path),
                void *context);
    void *user;
    /* Put the finished file `from` in the place of `to`; with `from` NULL only say whether that can
     * be done: 0 when `to` is an ordinary file. May be NULL: COPY then writes over an old file. */
    int (*replace)(void *user, const char *from, const char *to);
} trueno_files;

/* A job system: run task(context, i) for every i < count, on any threads, and return when all
 * are done. Calls may nest or be serial. */
typedef struct trueno_jobs {
    void (*parallel_for)(void *user, uint32_t count, void (*task)(void *context, uint32_t index),
                         void *context);
    uint32_t workers; /* how many tasks may run at once */
    void *user;
} trueno_jobs;

typedef enum trueno_log_level {
    TRUENO_LOG_ERROR,
    TRUENO_LOG_WARN,
    TRUENO_LOG_INFO
} trueno_log_level;

typedef struct trueno_log {
    void (*write)(void *user, trueno_log_level level, const char *message);
    void *user;
} trueno_log;

/* Called now and then from the thread that runs the query; return false to interrupt it. */
typedef struct trueno_progress_info {
    double fraction; /* 0..1, or below 0 when unknown */
    uint64_t rows;   /* rows read so far */
    uint64_t bytes;  /* bytes read so far */
    double seconds;  /* since the query began */
} trueno_progress_info;

typedef struct trueno_progress {
    bool (*report)(void *user, const trueno_progress_info *info);
    void *user;
} trueno_progress;

/* Bounds on what strangers may ask for. 0 = the default in brackets. */
typedef struct trueno_limits {
    uint32_t sql_bytes;        /* one SQL text [16 MiB] */
    uint32_t expression_depth; /* nesting of expressions and subqueries [1,000] */
    uint32_t columns;          /* columns of a table or result [32,768] */
    uint32_t footer_bytes;     /* a Parquet footer [256 MiB] */
    uint32_t page_bytes;       /* a decompressed Parquet page [1 GiB] */
    uint32_t record_bytes;     /* a CSV record [1 GiB] */
} trueno_limits;

typedef enum trueno_backend {
    TRUENO_BACKEND_AUTO,
    TRUENO_BACKEND_SCALAR,
    TRUENO_BACKEND_SSE,
    TRUENO_BACKEND_AVX2,
    TRUENO_BACKEND_AVX512,
    TRUENO_BACKEND_NEON,
    TRUENO_BACKEND_SIMD, /* the best vector set of this processor, never the GPU */
    TRUENO_BACKEND_GPU,  /* the GPU for all it can run, software devices too; SIMD for the rest */
    TRUENO_BACKEND_SPEC  /* the GPU when computation > 5 x transfer and bytes > 10 MB, at 32 GB/s
                            and 100 GFLOP/s: the published rule; AUTO compares predicted times */
} trueno_backend;

/* A Vulkan device of the host, used instead of one that the library would open: Vulkan 1.1 or
 * later, made with shaderInt64. Handles are VkInstance, VkPhysicalDevice, VkDevice and VkQueue;
 * they must live until trueno_close has returned. The library submits to the queue during its own
 * calls only, and never from two threads at a time; the host must not submit to it then. */
typedef struct trueno_vulkan {
    void *instance, *physical_device, *device, *queue;
    uint32_t queue_family;     /* of `queue`: it can compute */
    bool float64;              /* the device was made with shaderFloat64: DOUBLE runs there */
    bool atomic_int64;         /* ... and with shaderBufferInt64Atomics */
    void (*(*get_instance_proc_addr)(void *instance, const char *name))(void); /* NULL: none */
} trueno_vulkan;

typedef struct trueno_config {
    trueno_backend backend;    /* AUTO; the environment variable TRUENO_BACKEND (auto, gpu, simd,
                                  scalar, spec...) overrides AUTO */
    uint32_t threads;          /* 0 = one per processor */
    uint64_t memory_limit;     /* bytes; 0 = 80% of physical memory */
    uint64_t gpu_cache_bytes;  /* of each GPU; 0 = 512 MiB */
    uint64_t morsel_bytes;     /* 0 = 128 MiB */
    const char *temp_directory; /* for spilling; NULL = the system's; copied */
    bool no_file_access;       /* SQL may not name files */
    bool no_spill;             /* never write temporary files */
    double deadline_seconds;   /* per query; 0 = none */
    trueno_allocator allocator; /* alloc NULL = the C library's */
    trueno_files files;        /* open NULL = the operating system's */
    trueno_jobs jobs;          /* parallel_for NULL = own threads, started when first needed */
    trueno_log log;            /* write NULL = silent */
    trueno_progress progress;  /* report NULL = none */
    trueno_limits limits;
    const char *pipeline_cache; /* folder for compiled GPU kernels; NULL = TRUENO_PIPELINE_CACHE,
                                   else the user's cache folder; "" = none; copied. Nothing is
                                   written without a GPU at work, nor with no_file_access. */
    trueno_vulkan vulkan;      /* get_instance_proc_addr NULL = the library finds its own */
    bool relaxed;              /* the GPU may compute what it does not round as the processor does:
                                  division of floats, FLOAT arithmetic, sqrt, exp, ln, sin ...;
                                  false: such queries run on the processor. SET relaxed = true */
} trueno_config;

/* ---------------------------------------------------------------------------- database --- */

typedef struct trueno_db trueno_db;
typedef struct trueno_stmt trueno_stmt;
typedef struct trueno_result trueno_result;

/* Open an in-memory database. `config` may be NULL and is copied. *out is NULL on failure.
 * No thread is started and no device touched. Errors: MEMORY, MISUSE. */
TRUENO_API trueno_status trueno_open(const trueno_config *config, trueno_db **out);
/* Close it. Results stay readable; no query may be running. NULL is fine. */
TRUENO_API void trueno_close(trueno_db *db);
/* Make every running query of `db` end with TRUENO_ERROR_INTERRUPTED soon. Any thread. */
TRUENO_API void trueno_interrupt(trueno_db *db);
TRUENO_API const char *trueno_version(void); /* "0.1.0" */
TRUENO_API const char *trueno_status_name(trueno_status status);
TRUENO_API const char *trueno_type_name(trueno_type type);
/* The message of the last failed call on this handle that returned only a status; "" if none.
 * Valid until the next call on `db`; meant for one thread. */
TRUENO_API const char *trueno_error(const trueno_db *db);
/* The configuration in force, defaults filled in. */
TRUENO_API void trueno_get_config(const trueno_db *db, trueno_config *out);

/* ------------------------------------------------------------------------------ tables --- */

/* Read a Parquet or CSV file (or a glob) into table `name`, encoded in memory. `options` is NULL
 * or what stands in read_csv(...): "delim = ';', header = true". With "partition_by = 'k'", rows
 * lie together by column k: by hash, or "partition = 'range'"; "partitions = 16" of them. */
TRUENO_API trueno_status trueno_load(trueno_db *db, const char *name, const char *path,
                                     const char *options);

/* A column of the host's memory. */
typedef struct trueno_column {
    const char *name;
    trueno_type type;
    const void *data;          /* `rows` values; VARCHAR: const char * per row (NULL = NULL),
                                * BLOB: trueno_text per row (data NULL = NULL) */
    const uint8_t *validity;   /* NULL = no NULLs; else bit i & 7 of byte i >> 3 set = valid */
    uint8_t precision, scale;  /* DECIMAL: values are int64 (precision <= 18) or 128-bit */
} trueno_column;

/* Make host arrays a table without copying fixed-width columns: they must stay unchanged until
 * the table is dropped or replaced and no result refers to it. Text is copied. */
TRUENO_API trueno_status trueno_register_columns(trueno_db *db, const char *name,
                                                 const trueno_column *columns, uint32_t count,
                                                 uint64_t rows);
TRUENO_API trueno_status trueno_drop(trueno_db *db, const char *name);

/* -------------------------------------------------------------------------------- query --- */

/* Run SQL text. Several statements run in order; the result is the last one's, or the first
 * error. Never NULL. Free with trueno_result_free. */
TRUENO_API trueno_result *trueno_query(trueno_db *db, const char *sql);

/* Compile one statement with parameters ?, $1 or $name. On failure *out is NULL and
 * trueno_error(db) says why. */
TRUENO_API trueno_status trueno_prepare(trueno_db *db, const char *sql, trueno_stmt **out);
TRUENO_API uint32_t trueno_stmt_parameter_count(const trueno_stmt *stmt);
/* Bind parameter `index` (from 1). Text and blobs are copied. Bindings stay until replaced. */
TRUENO_API trueno_status trueno_bind_null(trueno_stmt *stmt, uint32_t index);
TRUENO_API trueno_status trueno_bind_bool(trueno_stmt *stmt, uint32_t index, bool value);
TRUENO_API trueno_status trueno_bind_int64(trueno_stmt *stmt, uint32_t index, int64_t value);
TRUENO_API trueno_status trueno_bind_double(trueno_stmt *stmt, uint32_t index, double value);
TRUENO_API trueno_status trueno_bind_text(trueno_stmt *stmt, uint32_t index, const char *text,
                                          size_t length);
TRUENO_API trueno_status trueno_bind_blob(trueno_stmt *stmt, uint32_t index, const void *data,
                                          size_t length);
TRUENO_API uint32_t trueno_bind_index(const trueno_stmt *stmt, const char *name); /* 0: none */
/* Run it with what is bound. Never NULL. May be called again. */
TRUENO_API trueno_result *trueno_execute(trueno_stmt *stmt);
TRUENO_API void trueno_stmt_free(trueno_stmt *stmt);

/* ------------------------------------------------------------------------------- result --- */

TRUENO_API trueno_status trueno_result_status(const trueno_result *result);
TRUENO_API const char *trueno_result_error(const trueno_result *result); /* "" when OK */
/* The message, the SQL line and a caret under the place, ready to print. "" when OK. */
TRUENO_API const char *trueno_result_error_report(trueno_result *result);
/* Byte offset of the error in the SQL text; SIZE_MAX when it has no place. */
TRUENO_API size_t trueno_result_error_position(const trueno_result *result);
TRUENO_API uint64_t trueno_result_row_count(const trueno_result *result);
TRUENO_API uint32_t trueno_result_column_count(const trueno_result *result);
TRUENO_API const char *trueno_result_column_name(const trueno_result *result, uint32_t column);
TRUENO_API trueno_type trueno_result_column_type(const trueno_result *result, uint32_t column);
/* The type as SQL writes it, "DECIMAL(15,2)". */
TRUENO_API const char *trueno_result_column_type_name(const trueno_result *result,
                                                      uint32_t column);
/* Rows inserted, deleted or written by the statement; 0 for queries. */
TRUENO_API uint64_t trueno_result_rows_changed(const trueno_result *result);

/* Cells. Out-of-range positions and NULLs read as 0, false, "". Numbers convert. */
TRUENO_API bool trueno_get_is_null(const trueno_result *result, uint64_t row, uint32_t column);
TRUENO_API bool trueno_get_bool(const trueno_result *result, uint64_t row, uint32_t column);
TRUENO_API int64_t trueno_get_int64(const trueno_result *result, uint64_t row, uint32_t column);
TRUENO_API double trueno_get_double(const trueno_result *result, uint64_t row, uint32_t column);
/* Any type, as the shell prints it; "" for NULL. Valid until the result is freed. */
TRUENO_API const char *trueno_get_text(trueno_result *result, uint64_t row, uint32_t column);
/* Raw bytes of VARCHAR and BLOB, which may hold NULs; NULL and *length 0 otherwise. */
TRUENO_API const void *trueno_get_bytes(const trueno_result *result, uint64_t row,
                                        uint32_t column, size_t *length);

/* A batch: rows [first, first + rows) of a column as contiguous values. */
typedef struct trueno_batch {
    uint64_t first;
    uint32_t rows;
    const void *data;          /* values by type; VARCHAR and BLOB: trueno_text per row */
    const uint64_t *validity;  /* NULL = no NULLs; else bit i & 63 of word i >> 6 set = valid */
} trueno_batch;
typedef struct trueno_text {
    const char *data;
    size_t length;
} trueno_text;
/* The batch of `column` that holds `row`; false past the end. Valid until the result is freed. */
TRUENO_API bool trueno_result_batch(trueno_result *result, uint32_t column, uint64_t row,
                                    trueno_batch *out);

typedef struct trueno_print_options {
    uint32_t width;    /* terminal columns; 0 = 120 */
    uint32_t max_rows; /* rows shown, the rest elided; 0 = 40 */
    bool ascii;        /* +-| instead of box-drawing characters */
    const char *null_text; /* NULL = "NULL" */
} trueno_print_options;
/* A box table like DuckDB's. */
TRUENO_API trueno_status trueno_result_print(trueno_result *result, FILE *stream);
TRUENO_API trueno_status trueno_result_print_with(trueno_result *result, FILE *stream,
                                                  const trueno_print_options *options);
/* Whole result as text; caller frees with trueno_text_free. *out is NULL on failure. */
TRUENO_API trueno_status trueno_result_to_csv(trueno_result *result, char **out, size_t *length);
TRUENO_API trueno_status trueno_result_to_json(trueno_result *result, char **out, size_t *length);
TRUENO_API void trueno_text_free(trueno_result *result, char *text, size_t length);
TRUENO_API void trueno_result_free(trueno_result *result); /* NULL is fine */

/* ------------------------------------------------------------------------------ insight --- */

typedef struct trueno_pipeline_info {
    const char *name;    /* "scan hits -> aggregate" */
    const char *backend; /* "avx512", "scalar", "gpu:NVIDIA H200" */
    const char *reason;  /* why that backend */
    uint64_t rows_in, rows_out, bytes_read;
    double seconds, compute_ms, transfer_ms, compile_ms;
    double predicted_cpu_ms, predicted_gpu_ms; /* below 0: not predicted */
} trueno_pipeline_info;
typedef struct trueno_info {
    uint32_t pipeline_count;
    const trueno_pipeline_info *pipelines; /* in order of execution */
    double parse_seconds, plan_seconds, run_seconds;
    uint64_t peak_memory, spilled_bytes;
    uint32_t threads;
} trueno_info;
/* How the query ran. Valid until the result is freed. */
TRUENO_API const trueno_info *trueno_result_info(const trueno_result *result);

typedef struct trueno_device {
    const char *name;        /* "NVIDIA H200" */
    const char *reason;      /* why it is or is not used */
    bool used;               /* queries may run on it */
    bool software;           /* a processor that acts as a GPU: used when asked for */
    uint64_t memory_bytes;   /* its own memory */
    uint64_t budget_bytes;   /* most of it that is taken (gpu_cache_bytes); 0 when not used */
    uint64_t cached_bytes;   /* columns that lie there now */
} trueno_device;
/* Look for GPUs and call `visit` (may be NULL) for each; texts are valid during the call. The first
 * look opens the Vulkan loader, which can take some 100 ms; queries of AUTO do so by themselves
 * once they have lasted that long. Returns one line, "queries may run on NVIDIA H200" or why they
 * run on the processor; never NULL, valid until trueno_close. TRUENO_GPU_SOFTWARE=1 in the
 * environment admits software devices. */
TRUENO_API const char *trueno_devices(trueno_db *db,
                                      void (*visit)(void *user, const trueno_device *device),
                                      void *user);

/* ------------------------------------------------------------------- Arrow C interfaces --- */

/* The structs of the Arrow C Data and C Stream interfaces, guards kept verbatim so that this
 * header lives beside other implementations. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

/* Make an Arrow stream a table. The stream is moved from (its release is NULL afterwards) and
 * read to its end now; fixed-width buffers are used in place. */
TRUENO_API trueno_status trueno_register_arrow(trueno_db *db, const char *name,
                                               struct ArrowArrayStream *stream);
/* The result as an Arrow stream that outlives the result. *out is released on failure. */
TRUENO_API trueno_status trueno_result_to_arrow(trueno_result *result,
                                                struct ArrowArrayStream *out);

/* ------------------------------------------------------------------ catalogue, functions --- */

/* For shells and completion: call `visit` for every table and view name, function, keyword or
 * setting. `kind` is "table", "view", "column" (detail: "table type"), "function" or "keyword".
 * `visit` must not use `db`: its tables are locked meanwhile. */
TRUENO_API void trueno_visit_names(trueno_db *db,
                                   void (*visit)(void *user, const char *kind, const char *name,
                                                 const char *detail),
                                   void *user);
/* True when `sql` ends in a complete statement (a semicolon outside quotes and comments). */
TRUENO_API bool trueno_statement_complete(const char *sql);

#if defined(__cplusplus)
}
#endif

#endif /* TRUENO_H */
