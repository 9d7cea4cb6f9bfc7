/*
 * test_faults.c - what happens when memory, the disk or the limit gives out.
 *
 * A scenario is a few statements on a fresh handle whose allocator and files are ours. It runs
 * once undisturbed to learn its answer and how many allocations and file calls it makes, then
 * again and again with the n-th of them failing. Each time: a typed error with a message or the
 * very same answer, a table as before or as after, no file left half written, a handle that
 * still answers, and after trueno_close not one byte and not one file open.
 *
 * TRUENO_FAULTS=all fails every n (minutes); else some, picked by a seed that is printed and that
 * TRUENO_FAULTS=<seed> repeats. TRUENO_FAULTS_ONLY=<text> picks scenarios by name;
 * TRUENO_FAULTS_STOP=1 aborts when a block is freed with another size than it was made with.
 */
#include "base/platform.h"
#include "test.h"

#include <sys/stat.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOWNESS 4
#else
#define SLOWNESS 1
#endif

/* ------------------------------------------------------------------------ memory, files --- */

static trueno_allocator real_memory;
static trueno_files real_files;

static struct {
    tni_atomic_i64 calls, live, blocks, hits, wrong_sizes;
    int64_t fail_at; /* from 1; 0: never */
    bool fail_rest;  /* and all after it */
} heap;

#define HEAD 64u /* before each block: its size */

static void *heap_alloc(void *user, size_t size, size_t alignment) {
    int64_t call = tni_atomic_add_i64(&heap.calls, 1) + 1;
    void *block;
    (void)user;
    if (heap.fail_at > 0 && (call == heap.fail_at || (heap.fail_rest && call > heap.fail_at))) {
        tni_atomic_add_i64(&heap.hits, 1);
        return NULL;
    }
    block = real_memory.alloc(real_memory.user, size + HEAD, alignment > HEAD ? alignment : HEAD);
    if (block == NULL) {
        return NULL;
    }
    memcpy(block, &size, sizeof size);
    tni_atomic_add_i64(&heap.live, (int64_t)size);
    tni_atomic_add_i64(&heap.blocks, 1);
    return (char *)block + HEAD;
}

static void heap_free(void *user, void *block, size_t size) {
    size_t was;
    (void)user;
    if (block == NULL) {
        return;
    }
    block = (char *)block - HEAD;
    memcpy(&was, block, sizeof was);
    if (was != size) {
        tni_atomic_add_i64(&heap.wrong_sizes, 1);
        if (getenv("TRUENO_FAULTS_STOP") != NULL) {
            abort();
        }
    }
    tni_atomic_add_i64(&heap.live, -(int64_t)was);
    tni_atomic_add_i64(&heap.blocks, -1);
    real_memory.free(real_memory.user, block, size + HEAD);
}

typedef enum disk_fault {
    DISK_ERROR,      /* the call returns EIO */
    DISK_ERROR_REST, /* and so do all after it, but close and remove */
    DISK_SHORT,      /* a read gives half of what was asked */
    DISK_EMPTY,      /* a read gives nothing, as if the file had been cut */
    DISK_SHRUNK,     /* size says half of the truth */
    DISK_GROWN,      /* size says more than there is */
    DISK_FAULTS
} disk_fault;

static const char *const disk_fault_names[] = {
    "error", "errors from there on", "short read", "empty read", "shrunk", "grown"};

static struct {
    tni_atomic_i64 calls, open, hits;
    int64_t fail_at;
    disk_fault fault;
} disk;

static bool disk_fails(bool cleaning) {
    int64_t call = tni_atomic_add_i64(&disk.calls, 1) + 1;
    bool now = call == disk.fail_at;
    if (disk.fail_at == 0) {
        return false;
    }
    if (disk.fault == DISK_ERROR_REST && call > disk.fail_at && !cleaning) {
        now = true;
    }
    if (now) {
        tni_atomic_add_i64(&disk.hits, 1);
    }
    return now;
}

static int disk_open(void *user, const char *path, trueno_file_mode mode, void **file) {
    int code;
    (void)user;
    *file = NULL;
    if (disk_fails(false) && disk.fault <= DISK_ERROR_REST) {
        return 5;
    }
    code = real_files.open(real_files.user, path, mode, file);
    tni_atomic_add_i64(&disk.open, code == 0);
    return code;
}

static int disk_size(void *user, void *file, uint64_t *size) {
    bool fails = disk_fails(false);
    int code = real_files.size(real_files.user, file, size);
    (void)user;
    if (fails && disk.fault <= DISK_ERROR_REST) {
        return 5;
    }
    if (fails && disk.fault == DISK_SHRUNK) {
        *size /= 2;
    } else if (fails && disk.fault == DISK_GROWN) {
        *size += 1000;
    }
    return code;
}

static int disk_modified(void *user, void *file, int64_t *stamp) {
    (void)user;
    *stamp = 0;
    return disk_fails(false) && disk.fault <= DISK_ERROR_REST
               ? 5
               : real_files.modified(real_files.user, file, stamp);
}

static int disk_read(void *user, void *file, uint64_t offset, void *data, size_t size,
                     size_t *done) {
    bool fails = disk_fails(false);
    (void)user;
    *done = 0;
    if (fails && disk.fault <= DISK_ERROR_REST) {
        return 5;
    }
    if (fails && disk.fault == DISK_EMPTY) {
        return 0;
    }
    return real_files.read(real_files.user, file, offset, data,
                           fails && disk.fault == DISK_SHORT ? size / 2 : size, done);
}

static int disk_write(void *user, void *file, const void *data, size_t size) {
    (void)user;
    return disk_fails(false) && disk.fault <= DISK_ERROR_REST
               ? 28
               : real_files.write(real_files.user, file, data, size);
}

static const void *disk_map(void *user, void *file, uint64_t size) {
    (void)user;
    return disk_fails(false) ? NULL : real_files.map(real_files.user, file, size);
}

static int disk_close(void *user, void *file) {
    bool fails = disk_fails(true) && disk.fault <= DISK_ERROR_REST;
    int code = real_files.close(real_files.user, file);
    (void)user;
    tni_atomic_add_i64(&disk.open, -1);
    return fails ? 5 : code;
}

/* Always works: that leftovers go when the disk is ill cannot be asked for. Devices are kept from
 * whoever would remove them: that this is refused below is another test's matter. */
static int disk_remove(void *user, const char *path) {
    (void)user;
    return strncmp(path, "/dev/", 5) == 0 ? 1 : real_files.remove(real_files.user, path);
}

static int disk_replace(void *user, const char *from, const char *to) {
    (void)user;
    return disk_fails(false) && disk.fault <= DISK_ERROR_REST
               ? 5
               : real_files.replace(real_files.user, from, to);
}

static int disk_list(void *user, const char *pattern,
                     void (*visit)(void *context, const char *path), void *context) {
    (void)user;
    return disk_fails(false) && disk.fault <= DISK_ERROR_REST
               ? 5
               : real_files.list(real_files.user, pattern, visit, context);
}

/* ----------------------------------------------------------------------------- scenarios --- */

static char folder[1024]; /* '@' in SQL */

typedef struct outcome {
    trueno_status status;
    char message[1000];
    uint64_t digest;    /* of every answer so far */
    const char *broken; /* a promise that was broken */
} outcome;

static void digest_bytes(outcome *o, const void *data, size_t size) {
    const unsigned char *p = (const unsigned char *)data;
    size_t i;
    for (i = 0; i < size; i++) {
        o->digest = (o->digest ^ p[i]) * UINT64_C(0x100000001b3);
    }
}

static void digest_number(outcome *o, uint64_t v) {
    digest_bytes(o, &v, sizeof v);
}

static bool failed(outcome *o, trueno_status status, const char *message) {
    if (status == TRUENO_OK) {
        return false;
    }
    o->status = status;
    (void)snprintf(o->message, sizeof o->message, "%s", message);
    if (message[0] == '\0') {
        o->broken = "an error without a message";
    }
    return true;
}

/* The n-th line of `text` into `line`, '@' as the folder; false past the end. */
static bool next_line(const char **text, char *line, size_t size) {
    size_t n = 0;
    const char *p = *text;
    if (p == NULL || *p == '\0') {
        return false;
    }
    for (; *p != '\0' && *p != '\n'; p++) {
        if (*p == '@') {
            n += (size_t)snprintf(line + n, size - n, "%s", folder);
        } else if (n + 1 < size) {
            line[n++] = *p;
        }
    }
    line[n] = '\0';
    *text = *p == '\n' ? p + 1 : p;
    return true;
}

enum { DRAIN_CSV = 1, DRAIN_JSON = 2, DRAIN_PRINT = 4, DRAIN_ARROW = 8, DRAIN_CELLS = 16 };

static void drain_arrow(trueno_result *result, outcome *o) {
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array;
    trueno_status status;
    memset(&stream, 0x5a, sizeof stream);
    status = trueno_result_to_arrow(result, &stream);
    if (failed(o, status, trueno_status_name(status))) {
        if (stream.release != NULL) {
            o->broken = "a failed Arrow stream is not marked released";
        }
        return;
    }
    memset(&schema, 0, sizeof schema);
    if (stream.get_schema(&stream, &schema) != 0) {
        failed(o, TRUENO_ERROR_MEMORY, stream.get_last_error(&stream));
    } else {
        digest_number(o, (uint64_t)schema.n_children);
        schema.release(&schema);
    }
    while (o->status == TRUENO_OK) {
        memset(&array, 0, sizeof array);
        if (stream.get_next(&stream, &array) != 0) {
            failed(o, TRUENO_ERROR_MEMORY, stream.get_last_error(&stream));
        } else if (array.release == NULL) {
            break;
        } else {
            digest_number(o, (uint64_t)array.length);
            array.release(&array);
        }
    }
    stream.release(&stream);
}

/* Cell by cell. Texts have no way to report a failure: they are "" then, so they do not count. */
static void drain_cells(trueno_result *result, outcome *o) {
    uint64_t rows = trueno_result_row_count(result), row;
    uint32_t columns = trueno_result_column_count(result), c;
    rows = rows > 50 ? 50 : rows;
    for (c = 0; c < columns; c++) {
        trueno_batch batch;
        (void)trueno_result_batch(result, c, 0, &batch);
        for (row = 0; row < rows; row++) {
            size_t length;
            (void)trueno_get_text(result, row, c);
            (void)trueno_get_bytes(result, row, c, &length);
            (void)trueno_get_double(result, row, c);
            digest_number(o, (uint64_t)trueno_get_int64(result, row, c));
            digest_number(o, trueno_get_is_null(result, row, c));
        }
    }
    if (trueno_result_info(result) == NULL) {
        o->broken = "no info";
    }
}

static FILE *nowhere;

static void drain(trueno_result *result, unsigned how, outcome *o) {
    trueno_status status;
    char *text = (char *)&status;
    size_t length = 1;
    if (trueno_result_column_count(result) == 0) {
        return;
    }
    if (how & DRAIN_CSV) {
        status = trueno_result_to_csv(result, &text, &length);
        if (failed(o, status, trueno_status_name(status))) {
            o->broken = text != NULL ? "*out is not NULL after a failure" : o->broken;
            return;
        }
        digest_bytes(o, text, length);
        trueno_text_free(result, text, length);
    }
    if (how & DRAIN_JSON) {
        status = trueno_result_to_json(result, &text, &length);
        if (failed(o, status, trueno_status_name(status))) {
            o->broken = text != NULL ? "*out is not NULL after a failure" : o->broken;
            return;
        }
        digest_bytes(o, text, length);
        trueno_text_free(result, text, length);
    }
    if ((how & DRAIN_PRINT) && nowhere != NULL) {
        status = trueno_result_print(result, nowhere);
        if (failed(o, status, trueno_status_name(status))) {
            return;
        }
    }
    if (how & DRAIN_CELLS) {
        drain_cells(result, o);
    }
    if (how & DRAIN_ARROW) {
        drain_arrow(result, o);
    }
}

static void take(trueno_result *result, unsigned how, outcome *o) {
    trueno_status status = trueno_result_status(result);
    if (failed(o, status, trueno_result_error(result))) {
        if (trueno_result_error_report(result)[0] == '\0') {
            o->broken = "an error without a report";
        }
        if (trueno_result_row_count(result) != 0 || trueno_result_column_count(result) != 0) {
            o->broken = "a failed result has rows";
        }
        (void)trueno_result_error_position(result);
    } else {
        digest_number(o, trueno_result_rows_changed(result));
        drain(result, how, o);
    }
    trueno_result_free(result);
}

static void run_sql(trueno_db *db, const char *lines, unsigned how, outcome *o) {
    char line[4000];
    while (o->status == TRUENO_OK && next_line(&lines, line, sizeof line)) {
        take(trueno_query(db, line), how, o);
    }
}

static void run_prepared(trueno_db *db, const char *lines, unsigned how, outcome *o) {
    char line[4000];
    while (o->status == TRUENO_OK && next_line(&lines, line, sizeof line)) {
        trueno_stmt *stmt = (trueno_stmt *)(void *)line;
        uint32_t i, n;
        if (failed(o, trueno_prepare(db, line, &stmt), trueno_error(db))) {
            o->broken = stmt != NULL ? "*out is not NULL after a failure" : o->broken;
            return;
        }
        n = trueno_stmt_parameter_count(stmt);
        for (i = 1; i <= n && o->status == TRUENO_OK; i++) {
            trueno_status status = i % 4 == 1 ? trueno_bind_int64(stmt, i, 500)
                                   : i % 4 == 2
                                       ? trueno_bind_text(stmt, i, "a long text beyond twelve", 25)
                                   : i % 4 == 3 ? trueno_bind_double(stmt, i, 2.5)
                                                : trueno_bind_null(stmt, i);
            failed(o, status, trueno_error(db));
        }
        for (i = 0; i < 2 && o->status == TRUENO_OK; i++) {
            take(trueno_execute(stmt), how, o);
        }
        trueno_stmt_free(stmt);
    }
}

/* Results of one handle as tables of the same, through Arrow. */
static void run_arrow_in(trueno_db *db, const char *lines, unsigned how, outcome *o) {
    trueno_result *result = trueno_query(db, lines);
    struct ArrowArrayStream stream;
    trueno_status status = trueno_result_status(result);
    if (!failed(o, status, trueno_result_error(result))) {
        status = trueno_result_to_arrow(result, &stream);
        if (!failed(o, status, trueno_status_name(status))) {
            failed(o, trueno_register_arrow(db, "arrows", &stream), trueno_error(db));
            if (stream.release != NULL) {
                o->broken = "the stream was not moved from";
                stream.release(&stream);
            }
        }
    }
    trueno_result_free(result);
    if (o->status == TRUENO_OK) {
        run_sql(db, "SELECT count(*), sum(i), min(s), max(l) FROM arrows", how, o);
    }
}

static void run_columns(trueno_db *db, const char *lines, unsigned how, outcome *o) {
    static const int32_t numbers[5] = {1, 2, 3, 4, 5};
    static const char *const texts[5] = {"a", NULL, "a text of more than twelve", "", "b"};
    static const uint8_t valid = 0x17;
    trueno_column columns[2];
    memset(columns, 0, sizeof columns);
    columns[0].name = "i";
    columns[0].type = TRUENO_TYPE_INTEGER;
    columns[0].data = numbers;
    columns[0].validity = &valid;
    columns[1].name = "s";
    columns[1].type = TRUENO_TYPE_VARCHAR;
    columns[1].data = texts;
    if (failed(o, trueno_register_columns(db, "mine", columns, 2, 5), trueno_error(db))) {
        return;
    }
    run_sql(db, lines, how, o);
    if (o->status == TRUENO_OK) {
        failed(o, trueno_drop(db, "mine"), trueno_error(db));
    }
}

static void run_load(trueno_db *db, const char *lines, unsigned how, outcome *o) {
    char path[2000];
    (void)snprintf(path, sizeof path, "%s/t.csv", folder);
    if (failed(o, trueno_load(db, "loaded", path, "delim = ',', header = true"),
               trueno_error(db))) {
        return;
    }
    (void)snprintf(path, sizeof path, "%s/t*.parquet", folder);
    if (!failed(o, trueno_load(db, "loaded2", path, NULL), trueno_error(db))) {
        run_sql(db, lines, how, o);
    }
}

static void count_name(void *user, const char *kind, const char *name, const char *detail) {
    (void)kind, (void)name, (void)detail;
    ++*(uint64_t *)user;
}

static void run_names(trueno_db *db, const char *lines, unsigned how, outcome *o) {
    uint64_t names = 0;
    trueno_visit_names(db, count_name, &names);
    run_sql(db, lines, how, o);
}

typedef struct scenario {
    const char *name;
    const char *setup;  /* undisturbed; lines of SQL; NULL: table t */
    const char *sql;    /* disturbed; '@' is the scratch folder */
    const char *after;  /* undisturbed again: must tell the state before from the one after */
    const char *target; /* a file that is there whole or not at all */
    void (*run)(trueno_db *db, const char *lines, unsigned how, outcome *o); /* NULL: run_sql */
    unsigned how;                                                            /* DRAIN_*; 0: CSV */
    uint64_t limit;                                                          /* memory_limit */
} scenario;

#define TABLE_T                                                                                    \
    "CREATE TABLE t AS SELECT i::INTEGER AS i, (i * 7919 % 1000)::BIGINT AS b, 'name' || (i % 97)" \
    " AS s, 'a long text beyond twelve bytes ' || i AS l, CASE WHEN i % 5 = 0 THEN NULL ELSE "     \
    "i / 3.0 END::DOUBLE AS d, DATE '2020-01-01' + (i % 1000)::INTEGER AS day, (i % 100)"          \
    "::DECIMAL(10,2) AS m, i % 2 = 0 AS f FROM range(3000) r(i)"
#define COUNT_T "SELECT count(*), sum(i), sum(b), min(s), max(l), sum(m) FROM t"

static const scenario scenarios[] = {
    {"scan and filter", 0, "SELECT i, s, l, d FROM t WHERE b > 900 AND s LIKE 'name%' AND d > 5", 0,
     0, 0, DRAIN_CSV | DRAIN_CELLS, 0},
    {"constants", "",
     "SELECT 1 + 2, 'text', NULL, 1.5::DECIMAL(4,1), DATE '2024-02-29'\nVALUES "
     "(1, 'a'), (2, 'a longer text than twelve')",
     0, 0, 0, DRAIN_CSV | DRAIN_JSON | DRAIN_PRINT | DRAIN_ARROW | DRAIN_CELLS, 0},
    {"read CSV", "",
     "SELECT count(*), sum(i), min(l), max(day) FROM '@/t.csv'\nSELECT * FROM "
     "read_csv('@/t.csv', all_varchar = true) LIMIT 7",
     0, 0, 0, 0, 0},
    {"read several CSV", "", "SELECT count(*), sum(i) FROM '@/t*.csv'", 0, 0, 0, 0, 0},
    {"read Parquet", "",
     "SELECT count(*), sum(i), min(l), max(day), sum(m) FROM '@/t.parquet' "
     "WHERE f",
     0, 0, 0, 0, 0},
    {"read several Parquet", "",
     "SELECT s, count(*), sum(d) FROM '@/t*.parquet' GROUP BY s "
     "ORDER BY s",
     0, 0, 0, 0, 0},
    {"read files by the keys in their paths", "",
     "SELECT filename, year, m, max(file_row_number) FROM read_parquet("
     "'tests/data/hive/**/*.parquet', filename = true, file_row_number = true) "
     "WHERE year >= 2023 GROUP BY ALL ORDER BY ALL\n"
     "SELECT * FROM 'tests/data/hive_csv/**/*.csv' WHERE day <> '2024-01-02'",
     0, 0, 0, DRAIN_CSV | DRAIN_CELLS, 0},
    {"read files, columns by their names", "",
     "SELECT * FROM read_parquet(['tests/data/hive/year=2023/m=a/x.parquet', '@/t.parquet', "
     "'@/t2.parquet'], union_by_name = true, filename = true) WHERE i < 3 ORDER BY ALL\n"
     "SELECT count(*), min(file) > '' FROM glob(['@/t*.parquet', '@/none'])",
     0, 0, 0, 0, 0},
    {"CREATE TABLE AS from CSV", "", "CREATE TABLE n AS SELECT * FROM '@/t.csv'", "SHOW TABLES", 0,
     0, 0, 0},
    {"CREATE TABLE AS from Parquet", "",
     "CREATE TABLE n AS SELECT * FROM '@/t.parquet'\nSELECT "
     "count(*), sum(length(l)) FROM n",
     0, 0, 0, 0, 0},
    {"CREATE TABLE AS", 0,
     "CREATE TABLE n AS SELECT i, upper(l) AS u, d * 2 AS e FROM t\n"
     "SELECT sum(i), max(u), sum(e) FROM n",
     0, 0, 0, 0, 0},
    {"CREATE TABLE in partitions", 0,
     "CREATE TABLE n PARTITION BY RANGE (l) PARTITIONS 5 AS SELECT i, b, l FROM t\n"
     "INSERT INTO n SELECT i, b, upper(l) FROM t WHERE b < 20\n"
     "SELECT count(*), sum(i), max(l) FROM n",
     0, 0, 0, 0, 0},
    {"CREATE OR REPLACE TABLE in partitions", 0,
     "CREATE OR REPLACE TABLE t PARTITION BY HASH (b) AS SELECT i, b, s, l, m FROM t "
     "WHERE i < 1000",
     COUNT_T, 0, 0, 0, 0},
    {"CREATE OR REPLACE TABLE", 0,
     "CREATE OR REPLACE TABLE t AS SELECT i, b, s, l, m FROM t "
     "WHERE i < 1000",
     COUNT_T, 0, 0, 0, 0},
    {"CREATE TABLE, INSERT, DROP", "",
     "CREATE TABLE n (a INTEGER, b VARCHAR)\n"
     "INSERT INTO n VALUES (1, 'x'), (2, 'a text of more than twelve bytes')\nINSERT INTO n (b) "
     "VALUES ('z')\nSELECT * FROM n ORDER BY a\nDROP TABLE n",
     0, 0, 0, 0, 0},
    {"INSERT SELECT", 0, "INSERT INTO t SELECT * FROM t WHERE i % 3 = 0", COUNT_T, 0, 0, 0, 0},
    {"UPDATE", 0,
     "UPDATE t SET l = 'another long text for every row ' || i, b = b + 1 WHERE "
     "i % 2 = 1",
     COUNT_T, 0, 0, 0, 0},
    {"DELETE", 0, "DELETE FROM t WHERE b < 500", COUNT_T, 0, 0, 0, 0},
    {"views", 0,
     "CREATE VIEW v AS SELECT s, sum(i) AS total FROM t GROUP BY s\nSELECT * FROM v "
     "ORDER BY total DESC, s LIMIT 5\nCREATE OR REPLACE VIEW v AS SELECT 1 AS one\nSELECT * FROM "
     "v\nDROP VIEW v",
     0, 0, 0, 0, 0},
    {"ungrouped aggregates", 0,
     "SELECT count(*), count(d), sum(i), avg(d), min(l), max(s), "
     "stddev(d), first(i), bool_and(f), count(DISTINCT s) FROM t",
     0, 0, 0, 0, 0},
    {"GROUP BY, few groups", 0,
     "SELECT s, count(*), sum(i), avg(d), min(l), max(day) FROM t "
     "GROUP BY s ORDER BY s",
     0, 0, 0, 0, 0},
    {"GROUP BY, small integers", 0,
     "SELECT i % 50 AS k, count(*), sum(b), max(d) FROM t GROUP BY "
     "k ORDER BY k",
     0, 0, 0, 0, 0},
    {"GROUP BY, a group a row", 0,
     "SELECT l, i, count(*), sum(b) FROM t GROUP BY l, i ORDER BY "
     "l, i LIMIT 20",
     0, 0, 0, 0, 0},
    {"GROUP BY, grouping sets", 0,
     "SELECT s, f, count(*), sum(i), GROUPING(s, f) FROM t GROUP BY CUBE (s, f) ORDER BY ALL\n"
     "SELECT s, count(*) FROM t WHERE i < -9 GROUP BY ROLLUP (s)",
     0, 0, 0, 0, 0},
    {"bags", 0,
     "SELECT count(*), min(s) FROM (SELECT s FROM t EXCEPT ALL SELECT s FROM t WHERE f)\n"
     "SELECT * RENAME (s AS z) FROM (SELECT s FROM t INTERSECT ALL SELECT s FROM t WHERE f) "
     "ORDER BY z LIMIT 5%",
     0, 0, 0, 0, 0},
    {"GROUP BY, many groups",
     "CREATE TABLE t AS SELECT i * 7919 AS k, i % 10 AS v FROM "
     "range(40000) r(i)",
     "SELECT k % 30011 AS g, sum(v) AS total FROM t GROUP BY g ORDER BY "
     "total DESC, g LIMIT 9",
     0, 0, 0, 0, 0},
    {"median, quantile, mode", 0,
     "SELECT s, median(d), quantile_cont(i, 0.25), quantile_disc(b, "
     "0.9), mode(b) FROM t GROUP BY s ORDER BY s LIMIT 11\nSELECT median(i), mad(d) FROM t",
     0, 0, 0, 0, 0},
    {"string_agg, list aggregates", 0,
     "SELECT s, string_agg(l, ';' ORDER BY i DESC) FROM t GROUP "
     "BY s ORDER BY s LIMIT 5\nSELECT string_agg(s, ',') FROM t",
     0, 0, 0, 0, 0},
    {"count(DISTINCT)", 0,
     "SELECT s, count(DISTINCT b), count(DISTINCT l) FROM t GROUP BY s ORDER "
     "BY s",
     0, 0, 0, 0, 0},
    {"DISTINCT", 0,
     "SELECT DISTINCT s, f FROM t ORDER BY s, f\nSELECT DISTINCT l FROM t ORDER BY "
     "l LIMIT 5",
     0, 0, 0, 0, 0},
    {"HAVING, aggregate FILTER", 0,
     "SELECT day, sum(m) FILTER (WHERE f), count(*) FROM t GROUP BY "
     "day HAVING count(*) > 2 ORDER BY day LIMIT 30",
     0, 0, 0, 0, 0},
    {"sort", 0, "SELECT * FROM t ORDER BY s DESC NULLS LAST, d, i", 0, 0, 0, 0, 0},
    {"sort by text", 0, "SELECT l, i FROM t ORDER BY l DESC", 0, 0, 0, 0, 0},
    {"spilled sort",
     "CREATE TABLE t AS SELECT i, 'a long text beyond twelve bytes ' || (i * 7919 "
     "% 10007) AS l FROM range(30000) r(i)",
     "SELECT sum(n), min(l), max(l) FROM (SELECT length(l) "
     "AS n, l FROM t ORDER BY l, i LIMIT 29000)",
     0, 0, 0, 0, 4u << 20},
    {"spilled GROUP BY", "",
     "SELECT count(*), sum(n), max(m) FROM (SELECT range * 7919 % 60013 AS k, "
     "count(*) AS n, max(range) AS m FROM range(90000) GROUP BY k)",
     0, 0, 0, 0, 8u << 20},
    {"COPY TO gzip", 0, "COPY t TO '@/out.csv.gz'", 0, "out.csv.gz", 0, 0, 0},
    {"write and read gzip", 0,
     "COPY t TO '@/z.csv.gz'\nSELECT count(*), max(l) FROM "
     "'@/z.csv.gz'",
     0, 0, 0, 0, 0},
    {"primary keys",
     "CREATE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR UNIQUE)\nINSERT INTO t SELECT "
     "i, 'a text of some length ' || i FROM range(2000) r(i)",
     "INSERT INTO t SELECT i + 2000, 'another text ' || i FROM range(1000) r(i)",
     "SELECT count(*), sum(a), max(b) FROM t", 0, 0, 0, 0},
    {"an error of a key", "CREATE TABLE t (a INTEGER PRIMARY KEY)\nINSERT INTO t VALUES (1), (2)",
     "INSERT INTO t SELECT i FROM range(2, 500) r(i)", 0, 0, 0, 0, 0},
    {"top k", 0,
     "SELECT i, l FROM t ORDER BY b, l DESC LIMIT 10 OFFSET 3\nSELECT s, d FROM t "
     "ORDER BY d DESC NULLS LAST LIMIT 4",
     0, 0, 0, 0, 0},
    {"COPY TO CSV", 0, "COPY t TO '@/out.csv'", 0, "out.csv", 0, 0, 0},
    {"COPY TO JSON", 0, "COPY (SELECT * FROM t WHERE i < 2000) TO '@/out.json' (ARRAY true)", 0,
     "out.json", 0, 0, 0},
    {"COPY TO Parquet", 0, "COPY t TO '@/out.parquet'", 0, "out.parquet", 0, 0, 0},
    {"COPY TO Parquet with gzip", 0, "COPY t TO '@/out.parquet' (CODEC gzip)", 0, "out.parquet", 0,
     0, 0},
    {"COPY FROM", 0, "COPY t FROM '@/t.csv'", COUNT_T, 0, 0, 0, 0},
    {"COPY FROM Parquet", 0, "COPY t FROM '@/t.parquet' (FORMAT parquet)", COUNT_T, 0, 0, 0, 0},
    {"prepared statements", 0,
     "SELECT s, count(*) FROM t WHERE i > $1 AND l > $2 AND d > $3 GROUP "
     "BY s ORDER BY s\nSELECT coalesce($4, $2, 'x'), $1 + 1\nUPDATE t SET l = $2 WHERE i = $1",
     0, 0, run_prepared, 0, 0},
    {"EXPLAIN", 0, "EXPLAIN SELECT s, count(*) FROM t WHERE i > 5 GROUP BY s ORDER BY 2 LIMIT 3", 0,
     0, 0, DRAIN_CELLS, 0},
    {"EXPLAIN ANALYZE", 0,
     "EXPLAIN ANALYZE SELECT s, count(*) FROM t GROUP BY s ORDER BY 2 LIMIT "
     "3",
     0, 0, 0, DRAIN_PRINT, 0},
    {"SUMMARIZE", 0, "SUMMARIZE t", 0, 0, 0, DRAIN_CSV | DRAIN_PRINT, 0},
    {"SHOW, DESCRIBE, PRAGMA", 0,
     "SHOW TABLES\nDESCRIBE t\nDESCRIBE SELECT i + 1 AS a, l FROM "
     "t\nSET threads = 1\nSHOW ALL TABLES",
     0, 0, run_names, DRAIN_CELLS, 0},
    {"Arrow out", 0, "SELECT * FROM t", 0, 0, 0, DRAIN_ARROW, 0},
    {"Arrow in", 0, "SELECT * FROM t", 0, 0, run_arrow_in, DRAIN_CSV, 0},
    {"host columns", "", "SELECT i, s FROM mine ORDER BY s\nSELECT sum(i), max(s) FROM mine", 0, 0,
     run_columns, 0, 0},
    {"trueno_load", "", "SELECT count(*), sum(i) FROM loaded\nSELECT count(*), max(l) FROM loaded2",
     0, 0, run_load, 0, 0},
    {"result as JSON", 0, "SELECT * FROM t LIMIT 200", 0, 0, 0, DRAIN_JSON, 0},
    {"result printed", 0, "SELECT * FROM t", 0, 0, 0, DRAIN_PRINT, 0},
    {"result read cell by cell", 0, "SELECT * FROM t LIMIT 100", 0, 0, 0, DRAIN_CELLS, 0},
    {"string functions", 0,
     "SELECT upper(l), reverse(l), replace(l, 'long', 'rather longer'), "
     "lpad(s, 30, '*'), split_part(l, ' ', 2), repeat(s, 3), concat_ws('-', s, l), "
     "format('{} {}', s, i), printf('%08d', i), md5(s), to_base64(s::BLOB), levenshtein(s, 'x') "
     "FROM t WHERE i < 300",
     0, 0, 0, 0, 0},
    {"regular expressions", 0,
     "SELECT regexp_replace(l, '([a-z]+) ([a-z]+)', '\\2 \\1', 'g'), "
     "regexp_extract(l, '(\\d+)$', 1), regexp_matches(s, 'name[0-4]+') FROM t WHERE l ~ '.*text.*' "
     "AND regexp_matches(s, 'n.*[1-5]') AND i < 500",
     0, 0, 0, 0, 0},
    {"casts and dates", 0,
     "SELECT i::VARCHAR, (i || '.5')::DOUBLE, TRY_CAST(s AS INTEGER), "
     "strftime(day, '%A %d %B %Y'), strptime('2024-01-02', '%Y-%m-%d'), date_trunc('month', day), "
     "extract(year FROM day), m * 3, d::DECIMAL(18,4), CASE WHEN f THEN l ELSE s END FROM t WHERE "
     "i < 400",
     0, 0, 0, 0, 0},
    {"subquery in FROM", 0,
     "SELECT s, max(n) FROM (SELECT s, f, count(*) AS n FROM t GROUP BY s, "
     "f) q GROUP BY s ORDER BY s\nWITH w AS (SELECT i FROM t WHERE i < 9) SELECT sum(i) FROM w",
     0, 0, 0, 0, 0},
    {"errors of the SQL itself", 0, "SELECT nonsense FROM t", 0, 0, 0, 0, 0},
    {"a conversion error", 0, "SELECT sum(l::INTEGER) FROM t", 0, 0, 0, 0, 0},
    {"several statements", "",
     "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1), (2); SELECT "
     "sum(x) FROM a; DROP TABLE a; SELECT 7",
     0, 0, 0, 0, 0},
};

/* ------------------------------------------------------------------------------- running --- */

static uint64_t seed = 1;
static bool every;
static bool with_map;
static uint32_t threads_now = 1;

static uint64_t random_below(uint64_t n) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

static trueno_config faulty_config(const scenario *s) {
    trueno_config config;
    memset(&config, 0, sizeof config);
    config.threads = threads_now;
    config.memory_limit = s->limit;
    config.temp_directory = folder;
    config.allocator.alloc = heap_alloc;
    config.allocator.free = heap_free;
    config.files.open = disk_open;
    config.files.size = disk_size;
    config.files.modified = disk_modified;
    config.files.read = disk_read;
    config.files.write = disk_write;
    config.files.map = with_map ? disk_map : NULL;
    config.files.close = disk_close;
    config.files.remove = disk_remove;
    config.files.list = disk_list;
    config.files.replace = disk_replace;
    return config;
}

typedef struct plan { /* what is to fail */
    int64_t heap_at, disk_at;
    bool heap_rest;
    disk_fault fault;
} plan;

typedef struct trace { /* what came of it */
    outcome done;
    uint64_t after; /* digest of the state */
    int64_t heap_calls, disk_calls, hits;
    bool target; /* the file is there */
    const char *broken;
} trace;

static void disturb(const plan *p) {
    tni_atomic_store_i64(&heap.calls, 0);
    tni_atomic_store_i64(&heap.hits, 0);
    tni_atomic_store_i64(&disk.calls, 0);
    tni_atomic_store_i64(&disk.hits, 0);
    heap.fail_at = p->heap_at;
    heap.fail_rest = p->heap_rest;
    disk.fail_at = p->disk_at;
    disk.fault = p->fault;
}

static bool file_exists(const char *name) {
    char path[2000];
    void *file;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (real_files.open(real_files.user, path, TRUENO_FILE_READ, &file) != 0) {
        return false;
    }
    (void)real_files.close(real_files.user, file);
    return true;
}

static void remove_file(const char *name) {
    char path[2000];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)real_files.remove(real_files.user, path);
}

static bool answers(trueno_db *db) {
    trueno_result *result = trueno_query(db, "SELECT 42");
    bool ok = trueno_result_status(result) == TRUENO_OK && trueno_get_int64(result, 0, 0) == 42;
    trueno_result_free(result);
    return ok;
}

static void run_once(const scenario *s, const plan *p, trace *t) {
    static const plan none = {0, 0, false, DISK_ERROR};
    trueno_config config = faulty_config(s);
    trueno_db *db = NULL;
    outcome before;
    memset(t, 0, sizeof *t);
    memset(&before, 0, sizeof before);
    disturb(&none);
    if (s->target != NULL) {
        remove_file(s->target);
    }
    if (trueno_open(&config, &db) != TRUENO_OK) {
        t->broken = "the handle does not open";
        return;
    }
    run_sql(db, s->setup == NULL ? TABLE_T : s->setup, 0, &before);
    if (before.status != TRUENO_OK) {
        t->broken = "the setup fails";
        printf("%s: %s\n", s->name, before.message);
    }
    disturb(p);
    (s->run != NULL ? s->run : run_sql)(db, s->sql, s->how ? s->how : (unsigned)DRAIN_CSV,
                                        &t->done);
    t->heap_calls = tni_atomic_load_i64(&heap.calls);
    t->disk_calls = tni_atomic_load_i64(&disk.calls);
    t->hits = tni_atomic_load_i64(&heap.hits) + tni_atomic_load_i64(&disk.hits);
    disturb(&none);
    t->broken = t->done.broken != NULL ? t->done.broken : t->broken;
    if (!answers(db)) {
        t->broken = "the handle does not answer afterwards";
    }
    if (s->after != NULL) {
        outcome after;
        memset(&after, 0, sizeof after);
        run_sql(db, s->after, DRAIN_CSV, &after);
        t->after = after.digest;
        if (after.status != TRUENO_OK) {
            t->broken = "the table cannot be read afterwards";
        }
    }
    t->target = s->target != NULL && file_exists(s->target);
    if (s->target != NULL) {
        remove_file(s->target);
    }
    trueno_close(db);
    if (tni_atomic_load_i64(&heap.live) != 0 || tni_atomic_load_i64(&heap.blocks) != 0) {
        t->broken = "memory is left";
        printf("%lld bytes in %lld blocks are left\n", (long long)tni_atomic_load_i64(&heap.live),
               (long long)tni_atomic_load_i64(&heap.blocks));
        tni_atomic_store_i64(&heap.live, 0);
        tni_atomic_store_i64(&heap.blocks, 0);
    }
    if (tni_atomic_load_i64(&disk.open) != 0) {
        t->broken = "a file is left open";
        tni_atomic_store_i64(&disk.open, 0);
    }
}

static bool expected_status(uint64_t limit, trueno_status status, const plan *p,
                            const trace *clean) {
    if (status == clean->done.status || (limit > 0 && status == TRUENO_ERROR_MEMORY_LIMIT)) {
        return true;
    }
    if (p->heap_at > 0) { /* an Arrow stream's errno is all that its reader learns */
        return status == TRUENO_ERROR_MEMORY || status == TRUENO_ERROR_MEMORY_LIMIT ||
               status == TRUENO_ERROR_IO;
    }
    /* A file cut short may be malformed, a table in it may not be found, or not be of a kind. */
    return status == TRUENO_ERROR_IO || status == TRUENO_ERROR_FORMAT ||
           status == TRUENO_ERROR_CATALOG;
}

/* The state before the scenario, for those that must leave it when they fail. */
static const char *judge(const scenario *s, const plan *p, const trace *clean, uint64_t untouched,
                         const trace *t) {
    bool content = p->disk_at > 0 && p->fault >= DISK_SHORT; /* the file is another one then */
    if (t->broken != NULL) {
        return t->broken;
    }
    if (!expected_status(s->limit, t->done.status, p, clean)) {
        return "a status of another kind";
    }
    if (t->done.status == clean->done.status && t->done.digest != clean->done.digest && !content) {
        return "another answer";
    }
    if (t->hits == 0 && t->done.status != clean->done.status && threads_now == 1 && s->limit == 0) {
        return "it fails undisturbed";
    }
    if (s->after != NULL && !content &&
        t->after != (t->done.status == TRUENO_OK ? clean->after : untouched)) {
        return "the table changed halfway";
    }
    if (s->target != NULL && t->target != (t->done.status == TRUENO_OK)) {
        return t->target ? "half a file is left" : "the file is missing";
    }
    return NULL;
}

static unsigned long runs;
static uint32_t complaints;

static void check_once(const scenario *s, const plan *p, const trace *clean, uint64_t untouched) {
    trace t;
    const char *wrong;
    runs++;
    run_once(s, p, &t);
    wrong = judge(s, p, clean, untouched, &t);
    if (wrong != NULL && complaints++ < 40) {
        printf("%s, %u threads%s: %s\n    ", s->name, threads_now, with_map ? ", mapped" : "",
               wrong);
        if (p->heap_at > 0) {
            printf("allocation %lld%s of %lld fails", (long long)p->heap_at,
                   p->heap_rest ? " and all after it" : "", (long long)clean->heap_calls);
        }
        if (p->disk_at > 0) {
            printf("file call %lld of %lld: %s", (long long)p->disk_at,
                   (long long)clean->disk_calls, disk_fault_names[p->fault]);
        }
        printf("; status %s: %s\n", trueno_status_name(t.done.status), t.done.message);
    }
    TNI_CHECK(wrong == NULL);
}

/* Some of 1..count: all when `most` allows, else the first ones and others spread over the rest. */
static void each_of(const scenario *s, plan *p, int64_t *place, int64_t count, int64_t most,
                    const trace *clean, uint64_t untouched) {
    int64_t i;
    if (every || count <= most) {
        for (i = 1; i <= count; i++) {
            *place = i;
            check_once(s, p, clean, untouched);
        }
        return;
    }
    for (i = 0; i < most; i++) {
        int64_t from = 1 + count * i / most, to = 1 + count * (i + 1) / most;
        *place = from + (int64_t)random_below((uint64_t)(to - from));
        check_once(s, p, clean, untouched);
    }
}

static uint64_t state_before(const scenario *s) {
    scenario idle = *s;
    plan none;
    trace t;
    memset(&none, 0, sizeof none);
    idle.sql = "";
    idle.run = NULL;
    run_once(&idle, &none, &t);
    return t.after;
}

static bool wanted(const scenario *s) {
    const char *only = getenv("TRUENO_FAULTS_ONLY");
    return only == NULL || strstr(s->name, only) != NULL;
}

static bool learn(const scenario *s, trace *clean, uint64_t *untouched) {
    plan none;
    memset(&none, 0, sizeof none);
    run_once(s, &none, clean);
    if (s->limit > 0 && clean->done.status == TRUENO_ERROR_MEMORY_LIMIT) {
        return false; /* how much is held at once is a matter of chance */
    }
    if (!TNI_CHECK(clean->broken == NULL)) {
        printf("    %s: %s\n", s->name, clean->broken);
        return false;
    }
    if (clean->done.status != TRUENO_OK && strstr(s->name, "error") == NULL) {
        printf("    %s: %s\n", s->name, clean->done.message);
        return TNI_CHECK(clean->done.status == TRUENO_OK);
    }
    *untouched = s->after != NULL ? state_before(s) : 0;
    return true;
}

static void test_every_allocation_may_fail(int64_t most) {
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(scenarios); i++) {
        const scenario *s = &scenarios[i];
        trace clean;
        uint64_t untouched;
        plan p;
        if (!wanted(s) || !learn(s, &clean, &untouched)) {
            continue;
        }
        memset(&p, 0, sizeof p);
        each_of(s, &p, &p.heap_at, clean.heap_calls, most, &clean, untouched);
        p.heap_rest = true;
        each_of(s, &p, &p.heap_at, clean.heap_calls, most / 2, &clean, untouched);
    }
}

static void test_every_file_call_may_fail(int64_t most) {
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(scenarios); i++) {
        const scenario *s = &scenarios[i];
        trace clean;
        uint64_t untouched;
        plan p;
        int fault;
        if (!wanted(s) || !learn(s, &clean, &untouched)) {
            continue;
        }
        for (fault = 0; fault < DISK_FAULTS && clean.disk_calls > 0; fault++) {
            memset(&p, 0, sizeof p);
            p.fault = (disk_fault)fault;
            each_of(s, &p, &p.disk_at, clean.disk_calls, most, &clean, untouched);
        }
    }
}

/* ------------------------------------------------------------------------------ the rest --- */

static void test_open_survives_every_failing_allocation(void) {
    scenario s;
    plan p;
    int64_t n;
    memset(&s, 0, sizeof s);
    memset(&p, 0, sizeof p);
    for (n = 1; n < 100; n++) {
        trueno_config config = faulty_config(&s);
        trueno_db *db = (trueno_db *)(void *)&s;
        trueno_status status;
        p.heap_at = n;
        disturb(&p);
        status = trueno_open(&config, &db);
        if (tni_atomic_load_i64(&heap.hits) == 0) {
            TNI_CHECK_EQ_INT(status, TRUENO_OK);
            trueno_close(db);
            break;
        }
        TNI_CHECK(status == TRUENO_ERROR_MEMORY && db == NULL);
        TNI_CHECK_EQ_INT(tni_atomic_load_i64(&heap.live), 0);
    }
    TNI_CHECK(n > 1 && n < 100);
    p.heap_at = 0;
    disturb(&p);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&heap.live), 0);
}

static uint64_t answer_under(uint64_t limit, const char *setup, const char *sql, outcome *o) {
    trueno_config config;
    trueno_db *db;
    memset(&config, 0, sizeof config);
    memset(o, 0, sizeof *o);
    config.threads = threads_now;
    config.memory_limit = limit;
    config.temp_directory = folder;
    config.allocator.alloc = heap_alloc;
    config.allocator.free = heap_free;
    if (!TNI_CHECK_EQ_INT(trueno_open(&config, &db), TRUENO_OK)) {
        return 0;
    }
    run_sql(db, setup, DRAIN_CSV, o);
    run_sql(db, sql, DRAIN_CSV, o);
    TNI_CHECK(answers(db));
    trueno_close(db);
    if (!TNI_CHECK_EQ_INT(tni_atomic_load_i64(&heap.live), 0)) {
        printf("    %llu bytes, %s\n", (unsigned long long)limit, sql);
        tni_atomic_store_i64(&heap.live, 0);
    }
    return o->digest;
}

static void test_memory_limits_are_kept_or_named(void) {
    static const char *const setup =
        "CREATE TABLE t AS SELECT i, (i * 7919) % 50021 AS k, 'a long text beyond twelve ' || (i % "
        "20011) AS l, i / 7.0 AS d FROM range(60000) r(i)";
    static const char *const queries[] = {
        "SELECT k, count(*), sum(i), max(l) FROM t GROUP BY k ORDER BY k",
        "SELECT l, i FROM t ORDER BY l DESC, i",
        "SELECT * FROM t ORDER BY k LIMIT 50000",
        "SELECT DISTINCT l, k FROM t ORDER BY l, k",
        "SELECT i % 9 AS g, string_agg(l, '' ORDER BY i), median(d) FROM t GROUP BY g ORDER BY g",
        "SELECT i % 9 AS g, count(DISTINCT k) FROM t GROUP BY g ORDER BY g",
        "SELECT count(*), sum(i), max(l) FROM '@/t.csv'",
        "SELECT s, count(*), max(l) FROM '@/t.parquet' GROUP BY s ORDER BY s",
        "CREATE TABLE n AS SELECT l || k AS x, * FROM t\nSELECT count(*), max(x), sum(d) FROM n",
        "COPY t TO '@/limit.parquet'\nSELECT count(*), max(l) FROM '@/limit.parquet'",
    };
    static const uint32_t limits[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
    size_t q, m;
    for (q = 0; q < TNI_COUNT_OF(queries); q++) {
        bool fitted = false;
        outcome o;
        uint64_t answer = answer_under(0, setup, queries[q], &o);
        if (!TNI_CHECK_EQ_INT(o.status, TRUENO_OK)) {
            printf("    %s: %s\n", queries[q], o.message);
        }
        for (m = (SLOWNESS - 1) * (threads_now & 1); m < TNI_COUNT_OF(limits); m += SLOWNESS) {
            uint64_t got = answer_under((uint64_t)limits[m] << 20, setup, queries[q], &o);
            bool named = o.status == TRUENO_ERROR_MEMORY_LIMIT &&
                         (strstr(o.message, "memory_limit") != NULL ||
                          strcmp(o.message, trueno_status_name(o.status)) == 0); /* an export */
            if (!TNI_CHECK(o.status == TRUENO_OK ? got == answer : named)) {
                printf("    %u MiB, %u threads, %s: %s: %s\n", limits[m], threads_now, queries[q],
                       trueno_status_name(o.status), o.message);
            }
            fitted = o.status == TRUENO_OK;
        }
        TNI_CHECK(fitted); /* 64 MiB are enough for all of them */
    }
    remove_file("limit.parquet");
}

static void make_files(void) {
    trueno_db *db;
    outcome o;
    memset(&o, 0, sizeof o);
    if (!TNI_CHECK_EQ_INT(trueno_open(NULL, &db), TRUENO_OK)) {
        return;
    }
    run_sql(db,
            TABLE_T
            "\nCOPY t TO '@/t.csv'\nCOPY t TO '@/t2.csv'\nCOPY t TO '@/t.parquet'\nCOPY t TO "
            "'@/t2.parquet'",
            DRAIN_CSV, &o);
    if (!TNI_CHECK_EQ_INT(o.status, TRUENO_OK)) {
        printf("    %s\n", o.message);
    }
    trueno_close(db);
}

static trueno_status copy_status(const char *sql, char *message) {
    scenario s;
    trueno_config config;
    trueno_db *db;
    trueno_result *result;
    trueno_status status;
    memset(&s, 0, sizeof s);
    config = faulty_config(&s);
    if (trueno_open(&config, &db) != TRUENO_OK) {
        return TRUENO_ERROR_INTERNAL;
    }
    result = trueno_query(db, sql);
    status = trueno_result_status(result);
    (void)snprintf(message, 1000, "%s", trueno_result_error(result));
    trueno_result_free(result);
    TNI_CHECK(answers(db));
    trueno_close(db);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&heap.live), 0);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&disk.open), 0);
    return status;
}

static void test_a_full_disk_and_a_missing_folder(void) {
    static const char *const formats[] = {"csv", "json", "parquet"};
    char sql[3000], message[1000];
    void *file;
    bool full = real_files.open(real_files.user, "/dev/full", TRUENO_FILE_READ, &file) == 0;
    size_t i;
    if (full) {
        (void)real_files.close(real_files.user, file);
    } else {
        TNI_SKIP("this system has no /dev/full");
    }
    for (i = 0; i < TNI_COUNT_OF(formats); i++) {
        if (full) {
            (void)snprintf(sql, sizeof sql,
                           "COPY (SELECT i, i || 'x' AS s FROM range(50000) r(i)) "
                           "TO '/dev/full' (FORMAT %s)",
                           formats[i]);
            TNI_CHECK_EQ_INT(copy_status(sql, message), TRUENO_ERROR_IO);
            TNI_CHECK(strstr(message, "/dev/full") != NULL);
        }
        (void)snprintf(sql, sizeof sql, "COPY (SELECT 1 AS i) TO '%s/no/such/folder/f' (FORMAT %s)",
                       folder, formats[i]);
        TNI_CHECK_EQ_INT(copy_status(sql, message), TRUENO_ERROR_IO);
        TNI_CHECK(strstr(message, "no/such/folder") != NULL);
        (void)snprintf(sql, sizeof sql, "COPY (SELECT 1 AS i) TO '%s' (FORMAT %s)", folder,
                       formats[i]);
        TNI_CHECK_EQ_INT(copy_status(sql, message), TRUENO_ERROR_IO);
    }
}

static uint64_t file_size(const char *name) {
    char path[2000];
    void *file;
    uint64_t size = 0;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (real_files.open(real_files.user, path, TRUENO_FILE_READ, &file) == 0) {
        (void)real_files.size(real_files.user, file, &size);
        (void)real_files.close(real_files.user, file);
    }
    return size;
}

/* COPY over a file that exists: whole or untouched, whatever fails, and nothing beside it. */
static void test_an_old_file_survives_a_failing_copy(void) {
    static const char *const names[] = {"old.csv", "old.json", "old.parquet"};
    char first[3000], second[3000], message[1000];
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(names); i++) {
        static const plan none = {0, 0, false, DISK_ERROR};
        plan p;
        uint64_t old, fresh;
        int64_t n;
        trueno_status status = TRUENO_ERROR_IO;
        memset(&p, 0, sizeof p);
        (void)snprintf(first, sizeof first, "COPY (SELECT 7 AS i) TO '%s/%s'", folder, names[i]);
        (void)snprintf(second, sizeof second,
                       "COPY (SELECT i, 'text ' || i AS s FROM range(9000) r(i)) TO '%s/%s'",
                       folder, names[i]);
        disturb(&p);
        TNI_CHECK_EQ_INT(copy_status(second, message), TRUENO_OK);
        fresh = file_size(names[i]);
        TNI_CHECK_EQ_INT(copy_status(first, message), TRUENO_OK);
        old = file_size(names[i]);
        TNI_CHECK(old > 0 && fresh > old);
        for (n = 1; n < 100 && status != TRUENO_OK; n++) {
            p.disk_at = n;
            p.fault = n % 2 ? DISK_ERROR : DISK_ERROR_REST;
            disturb(&p);
            status = copy_status(second, message);
            if (tni_atomic_load_i64(&disk.hits) > 0 && status == TRUENO_OK) {
                TNI_CHECK_EQ_UINT(file_size(names[i]), fresh); /* it did without what failed */
                disturb(&none);
                (void)copy_status(first, message);
                status = TRUENO_ERROR_IO;
            } else {
                TNI_CHECK_EQ_UINT(file_size(names[i]), status == TRUENO_OK ? fresh : old);
            }
        }
        TNI_CHECK(n < 100);
        p.disk_at = 0;
        disturb(&p);
        (void)snprintf(first, sizeof first,
                       "COPY (SELECT 1 / (i - 5000), (i || 'x')::INTEGER FROM "
                       "range(9000) r(i)) TO '%s/%s'",
                       folder, names[i]);
        TNI_CHECK(copy_status(first, message) != TRUENO_OK);
        TNI_CHECK_EQ_UINT(file_size(names[i]), fresh);
        remove_file(names[i]);
    }
}

static void test_a_file_may_be_rewritten_from_itself(void) {
    char sql[3000], message[1000];
    uint64_t size;
    (void)snprintf(sql, sizeof sql, "COPY (SELECT i FROM range(5000) r(i)) TO '%s/own.csv'",
                   folder);
    TNI_CHECK_EQ_INT(copy_status(sql, message), TRUENO_OK);
    size = file_size("own.csv");
    (void)snprintf(sql, sizeof sql, "COPY (SELECT * FROM '%s/own.csv') TO '%s/own.csv'", folder,
                   folder);
    TNI_CHECK_EQ_INT(copy_status(sql, message), TRUENO_OK);
    TNI_CHECK_EQ_UINT(file_size("own.csv"), size);
    remove_file("own.csv");
}

/* What is no ordinary file is written to, and neither replaced nor removed. */
static void test_devices_and_links_stay(void) {
#if !defined(_WIN32)
    char path[2000];
    (void)snprintf(path, sizeof path, "%s/pipe", folder);
    if (TNI_CHECK(mkfifo(path, 0600) == 0)) {
        TNI_CHECK(real_files.replace(real_files.user, NULL, path) != 0);
        TNI_CHECK(real_files.remove(real_files.user, path) != 0);
        TNI_CHECK(remove(path) == 0);
    }
    TNI_CHECK(real_files.replace(real_files.user, NULL, "/dev/null") != 0);
    TNI_CHECK(real_files.replace(real_files.user, NULL, folder) != 0);
    TNI_CHECK(real_files.remove(real_files.user, folder) != 0);
#endif
}

static bool make_folder(void) {
    return tni_temp_path(NULL, folder, sizeof folder, NULL) == TRUENO_OK &&
           mkdir(folder, 0700) == 0;
}

static void remove_files(void) {
    static const char *const names[] = {"t.csv", "t2.csv", "t.parquet", "t2.parquet", "z.csv.gz"};
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(names); i++) {
        remove_file(names[i]);
    }
    TNI_CHECK(remove(folder) == 0); /* nothing else is left in it */
}

int main(void) {
    const char *how = getenv("TRUENO_FAULTS");
    trueno_db *db;
    trueno_config config;
    every = how != NULL && strcmp(how, "all") == 0;
    seed = how != NULL && !every ? strtoull(how, NULL, 10) : (uint64_t)tni_wall_microseconds();
    seed |= 1;
    printf("repeat with TRUENO_FAULTS=%llu\n", (unsigned long long)seed);
    if (!make_folder() || trueno_open(NULL, &db) != TRUENO_OK) {
        printf("no scratch folder\n");
        TNI_CHECK(false);
        return tni_test_report();
    }
    trueno_get_config(db, &config);
    real_files = config.files;
    real_memory = config.allocator;
    trueno_close(db);
    nowhere = tmpfile();
    make_files();
    test_open_survives_every_failing_allocation();
    test_every_allocation_may_fail(40 / SLOWNESS);
    test_every_file_call_may_fail(12 / SLOWNESS);
    with_map = true;
    test_every_file_call_may_fail(8 / SLOWNESS);
    threads_now = 3;
    test_every_allocation_may_fail(12 / SLOWNESS);
    test_memory_limits_are_kept_or_named();
    threads_now = 1;
    test_memory_limits_are_kept_or_named();
    test_a_full_disk_and_a_missing_folder();
    test_an_old_file_survives_a_failing_copy();
    test_a_file_may_be_rewritten_from_itself();
    test_devices_and_links_stay();
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&heap.wrong_sizes), 0); /* `free` gets the size back */
    remove_files();
    printf("%lu runs\n", runs);
    return tni_test_report();
}
