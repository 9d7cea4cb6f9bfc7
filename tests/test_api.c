/*
 * test_api.c - the public interface under several threads, stops from outside, and misuse.
 *
 * Nothing here judges speed: waits end when something has happened. What never ends runs into the
 * time limit of tests/run.sh.
 */
#include "base/platform.h"
#include "test.h"

#include <math.h>
#include <sys/stat.h>

#define ENDLESS "1000000000000" /* rows of range() that nobody waits for */

/* ------------------------------------------------------------------------------ helpers --- */

static char folder[1024];

static trueno_db *open_with(const trueno_config *config) {
    trueno_db *db = NULL;
    TNI_CHECK_EQ_INT(trueno_open(config, &db), TRUENO_OK);
    return db;
}

/* The first cell as a number, INT64_MIN after an error; threads may call it. */
static int64_t number_of(trueno_db *db, const char *sql) {
    trueno_result *result = trueno_query(db, sql);
    int64_t number =
        trueno_result_status(result) == TRUENO_OK ? trueno_get_int64(result, 0, 0) : INT64_MIN;
    trueno_result_free(result);
    return number;
}

static trueno_status status_of(trueno_db *db, const char *sql) {
    trueno_result *result = trueno_query(db, sql);
    trueno_status status = trueno_result_status(result);
    if (status != TRUENO_OK && trueno_result_error(result)[0] == '\0') {
        status = TRUENO_STATUS_COUNT; /* no status may come without a message */
    }
    trueno_result_free(result);
    return status;
}

/* Checks count in one thread only: others count what went wrong. */
typedef struct worker {
    trueno_db *db;
    uint32_t index;
    tni_atomic_i64 wrong, done;
    tni_atomic_i32 *stop;
} worker;

#define WORKERS 4

static void run_workers(trueno_db *db, void (*work)(void *worker), const char *what) {
    worker workers[WORKERS];
    tni_thread *threads[WORKERS];
    uint32_t i;
    memset(workers, 0, sizeof workers);
    for (i = 0; i < WORKERS; i++) {
        workers[i].db = db;
        workers[i].index = i;
        threads[i] = tni_thread_start(work, &workers[i]);
        TNI_CHECK(threads[i] != NULL);
    }
    for (i = 0; i < WORKERS; i++) {
        if (threads[i] != NULL) {
            tni_thread_join(threads[i]);
        }
        if (!TNI_CHECK_EQ_INT(tni_atomic_load_i64(&workers[i].wrong), 0)) {
            printf("    %s\n", what);
        }
    }
}

static void expect(worker *w, bool ok) {
    if (!ok) {
        (void)tni_atomic_add_i64(&w->wrong, 1);
    }
}

/* --------------------------------------------------------------------- threads, one handle --- */

#define TABLE_T                                                                                    \
    "CREATE OR REPLACE TABLE t AS SELECT i, i % 100 AS k, 'text number ' || (i % 1000) AS s, i / " \
    "2.0 AS d FROM range(20000) r(i)"

static const struct {
    const char *sql;
    int64_t answer;
} questions[] = {
    {"SELECT count(*) FROM t", 20000},
    {"SELECT sum(i) FROM t WHERE k = 7", 1991400},
    {"SELECT count(*) FROM (SELECT k, count(*) FROM t GROUP BY k)", 100},
    {"SELECT count(*) FROM (SELECT s, sum(d), min(i) FROM t GROUP BY s HAVING sum(d) > 0)", 1000},
    {"SELECT i FROM t ORDER BY s DESC, i LIMIT 1", 999},
    {"SELECT count(DISTINCT s) FROM t", 1000},
    {"SELECT max(n) FROM (SELECT row, length(s) AS n FROM (SELECT i AS row, s FROM t ORDER BY s, "
     "i))",
     15},
    {"SELECT count(*) FROM t WHERE regexp_matches(s, 'number 99[0-9]')", 200},
    {"SELECT median(i)::BIGINT FROM t WHERE i < 101", 50},
};

static void ask_the_same(void *user) {
    worker *w = (worker *)user;
    uint32_t i;
    for (i = 0; i < 40; i++) {
        size_t q = (i + w->index * 2) % TNI_COUNT_OF(questions);
        expect(w, number_of(w->db, questions[q].sql) == questions[q].answer);
    }
}

static void make_and_drop(void *user) {
    worker *w = (worker *)user;
    char sql[200];
    uint32_t i;
    for (i = 0; i < 25; i++) {
        trueno_status status;
        (void)snprintf(sql, sizeof sql, "CREATE TABLE own%u AS SELECT * FROM range(%u)", w->index,
                       i + 1);
        expect(w, status_of(w->db, sql) == TRUENO_OK);
        (void)snprintf(sql, sizeof sql, "INSERT INTO own%u VALUES (1), (2)", w->index);
        expect(w, status_of(w->db, sql) == TRUENO_OK);
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM own%u", w->index);
        expect(w, number_of(w->db, sql) == (int64_t)i + 3);
        (void)snprintf(sql, sizeof sql, "DROP TABLE own%u", w->index);
        expect(w, status_of(w->db, sql) == TRUENO_OK);
        /* one name for all: there or not, but never half */
        status = status_of(w->db, "CREATE OR REPLACE TABLE common AS SELECT 5 AS a FROM range(9)");
        expect(w, status == TRUENO_OK || status == TRUENO_ERROR_CATALOG);
        if (i % 2 == 0) {
            int64_t sum = number_of(w->db, "SELECT sum(a) FROM common");
            expect(w, sum == 45 || sum == INT64_MIN);
            status = status_of(w->db, "DROP TABLE IF EXISTS common");
            expect(w, status == TRUENO_OK || status == TRUENO_ERROR_CATALOG);
        }
        expect(w, number_of(w->db, questions[i % TNI_COUNT_OF(questions)].sql) ==
                      questions[i % TNI_COUNT_OF(questions)].answer);
    }
}

/* Writers of one table: each row is inserted whole, and once. */
static void insert_rows(void *user) {
    worker *w = (worker *)user;
    uint32_t i;
    for (i = 0; i < 30; i++) {
        trueno_status status;
        do { /* somebody else's change came between: said so, and repeated by whoever wants to */
            status = status_of(w->db, "INSERT INTO log SELECT 1, 'x' FROM range(10)");
        } while (status == TRUENO_ERROR_CATALOG);
        expect(w, status == TRUENO_OK);
        expect(w, number_of(w->db, "SELECT count(*) % 10 FROM log") == 0);
    }
}

static void prepare_and_run(void *user) {
    worker *w = (worker *)user;
    trueno_stmt *stmt;
    uint32_t i;
    for (i = 0; i < 4; i++) {
        uint32_t j;
        if (trueno_prepare(w->db, "SELECT count(*) FROM t WHERE k = $1 AND s >= $2", &stmt) !=
            TRUENO_OK) {
            expect(w, false);
            return;
        }
        for (j = 0; j < 10; j++) {
            trueno_result *result;
            expect(w, trueno_bind_int64(stmt, 1, (int64_t)(j + w->index)) == TRUENO_OK);
            expect(w, trueno_bind_text(stmt, 2, "text", 4) == TRUENO_OK);
            result = trueno_execute(stmt);
            expect(w, trueno_result_status(result) == TRUENO_OK);
            expect(w, trueno_get_int64(result, 0, 0) == 200);
            trueno_result_free(result);
        }
        trueno_stmt_free(stmt);
    }
}

static void look_around(void *user) {
    worker *w = (worker *)user;
    uint32_t i;
    for (i = 0; i < 12; i++) {
        trueno_config config;
        expect(w, status_of(w->db, i % 2 ? "SET threads = 2" : "SET threads = 3") == TRUENO_OK);
        trueno_get_config(w->db, &config);
        expect(w, config.threads == 2 || config.threads == 3);
        expect(w, status_of(w->db, "SHOW TABLES") == TRUENO_OK);
        expect(w, status_of(w->db, "DESCRIBE t") == TRUENO_OK);
        expect(w, status_of(w->db, "SUMMARIZE t") == TRUENO_OK);
        expect(w, status_of(w->db, "EXPLAIN ANALYZE SELECT k, sum(sqrt(d)) FROM t GROUP BY k") ==
                      TRUENO_OK);
        expect(w, status_of(w->db, "SELECT wrong FROM t") == TRUENO_ERROR_BINDER);
        expect(w, status_of(w->db, "SELECT random(), now(), sin(d) FROM t LIMIT 3") == TRUENO_OK);
    }
}

static void copy_and_read(void *user) {
    worker *w = (worker *)user;
    char sql[3000];
    uint32_t i;
    for (i = 0; i < 6; i++) {
        const char *ending = i % 2 ? "csv" : "parquet";
        (void)snprintf(sql, sizeof sql, "COPY t TO '%s/w%u.%s'", folder, w->index, ending);
        expect(w, status_of(w->db, sql) == TRUENO_OK);
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM '%s/w%u.%s' WHERE k = 3", folder,
                       w->index, ending);
        expect(w, number_of(w->db, sql) == 200);
    }
    (void)snprintf(sql, sizeof sql, "%s/w%u.csv", folder, w->index);
    (void)remove(sql);
    (void)snprintf(sql, sizeof sql, "%s/w%u.parquet", folder, w->index);
    (void)remove(sql);
}

static void test_many_threads_share_a_handle(void) {
    trueno_config config;
    trueno_db *db;
    memset(&config, 0, sizeof config);
    config.threads = 3;
    db = open_with(&config);
    TNI_CHECK_EQ_INT(status_of(db, TABLE_T), TRUENO_OK);
    TNI_CHECK_EQ_INT(status_of(db, "CREATE TABLE log (a INTEGER, b VARCHAR)"), TRUENO_OK);
    run_workers(db, ask_the_same, "the same questions");
    run_workers(db, make_and_drop, "tables made and dropped");
    run_workers(db, insert_rows, "inserts");
    TNI_CHECK_EQ_INT(number_of(db, "SELECT sum(a) FROM log"), WORKERS * 30 * 10);
    run_workers(db, prepare_and_run, "prepared statements");
    run_workers(db, look_around, "settings and descriptions");
    run_workers(db, copy_and_read, "files");
    trueno_close(db);
}

/* ------------------------------------------------------------------------- stops from outside --- */

typedef struct stopper {
    trueno_db *db;
    tni_atomic_i64 reports; /* of progress */
    tni_atomic_i32 over;
} stopper;

static bool count_report(void *user, const trueno_progress_info *info) {
    stopper *s = (stopper *)user;
    (void)info;
    (void)tni_atomic_add_i64(&s->reports, 1);
    return true;
}

/* Once the query is seen to run, interrupt it; again and again, lest it began anew. */
static void interrupt_it(void *user) {
    stopper *s = (stopper *)user;
    while (tni_atomic_load_i32(&s->over) == 0) {
        if (tni_atomic_load_i64(&s->reports) > 2) {
            trueno_interrupt(s->db);
        }
        tni_thread_yield();
    }
}

static const char *const endless[] = {
    "SELECT sum(i % 7) FROM range(" ENDLESS ") r(i)",
    "SELECT count(*) FROM range(" ENDLESS ") r(i) WHERE i % 1000 = 1001",
    "SELECT i % 5000 AS k, count(*), avg(i) FROM range(" ENDLESS ") r(i) GROUP BY k",
    "SELECT i % 50 AS k, 'x' || (i % 77) AS s, count(*) FROM range(" ENDLESS ") r(i) GROUP BY k, s",
    "SELECT i FROM range(" ENDLESS ") r(i) ORDER BY i % 1000, i LIMIT 5",
    "SELECT i, 'a text that is long enough' || i FROM range(" ENDLESS ") r(i) ORDER BY i % 1000, i",
    "SELECT DISTINCT i % 100000 FROM range(" ENDLESS ") r(i)",
    "COPY (SELECT i, i % 3 FROM range(" ENDLESS ") r(i)) TO '@/stopped.csv'",
    "COPY (SELECT i, i % 3 FROM range(" ENDLESS ") r(i)) TO '@/stopped.parquet'",
    "CREATE TABLE never AS SELECT i % 2 AS i FROM range(" ENDLESS ") r(i)",
    "INSERT INTO one SELECT i % 3 FROM range(" ENDLESS ") r(i)",
    "SELECT count(*) FROM range(" ENDLESS ") r(i) WHERE sqrt(i) + ln(i + 1) < 0",
};

static void fill_in(char *out, size_t size, const char *sql) {
    size_t n = 0;
    for (; *sql != '\0' && n + 1 < size; sql++) {
        if (*sql == '@') {
            n += (size_t)snprintf(out + n, size - n, "%s", folder);
        } else {
            out[n++] = *sql;
        }
    }
    out[n] = '\0';
}

static void check_stopped(trueno_db *db, const char *sql, trueno_status wanted) {
    if (!TNI_CHECK_EQ_INT(status_of(db, sql), wanted)) {
        printf("    %s\n", sql);
    }
    TNI_CHECK_EQ_INT(number_of(db, "SELECT 42"), 42);
    TNI_CHECK_EQ_INT(number_of(db, "SELECT count(*) FROM one"), 1);
    TNI_CHECK_EQ_INT(status_of(db, "SELECT * FROM never"), TRUENO_ERROR_CATALOG);
}

static void check_no_file(const char *name) {
    char path[2000];
    FILE *file;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rb");
    TNI_CHECK(file == NULL);
    if (file != NULL) {
        (void)fclose(file);
        (void)remove(path);
    }
}

static void test_running_queries_are_interrupted(void) {
    uint32_t threads;
    size_t i;
    for (threads = 1; threads <= 3; threads += 2) {
        trueno_config config;
        stopper s;
        memset(&config, 0, sizeof config);
        memset(&s, 0, sizeof s);
        config.threads = threads;
        config.memory_limit = 256u << 20;
        config.temp_directory = folder;
        config.progress.report = count_report;
        config.progress.user = &s;
        s.db = open_with(&config);
        TNI_CHECK_EQ_INT(status_of(s.db, "CREATE TABLE one AS SELECT 1 AS i"), TRUENO_OK);
        for (i = 0; i < TNI_COUNT_OF(endless); i++) {
            char sql[3000];
            trueno_status status;
            tni_thread *thread;
            fill_in(sql, sizeof sql, endless[i]);
            tni_atomic_store_i64(&s.reports, 0);
            tni_atomic_store_i32(&s.over, 0);
            thread = tni_thread_start(interrupt_it, &s);
            if (!TNI_CHECK(thread != NULL)) {
                break;
            }
            status = status_of(s.db, sql);
            tni_atomic_store_i32(&s.over, 1);
            tni_thread_join(thread);
            if (!TNI_CHECK_EQ_INT(status, TRUENO_ERROR_INTERRUPTED)) {
                printf("    %u threads: %s\n", threads, sql);
            }
            TNI_CHECK_EQ_INT(number_of(s.db, "SELECT count(*) FROM one"), 1);
        }
        TNI_CHECK_EQ_INT(status_of(s.db, "SELECT * FROM never"), TRUENO_ERROR_CATALOG);
        trueno_close(s.db);
        check_no_file("stopped.csv");
        check_no_file("stopped.parquet");
    }
}

/* Queries one after the other, so that the handle is never idle. */
static void ask_without_pause(void *user) {
    worker *w = (worker *)user;
    while (tni_atomic_load_i32(w->stop) == 0) {
        trueno_status status = status_of(w->db, "SELECT sum(i) FROM range(30000) r(i)");
        expect(w, status == TRUENO_OK || status == TRUENO_ERROR_INTERRUPTED);
        (void)tni_atomic_add_i64(&w->done, status == TRUENO_OK);
    }
}

static void test_an_interrupt_does_not_stop_what_comes_later(void) {
    trueno_db *db = open_with(NULL);
    worker workers[2];
    tni_thread *threads[2];
    tni_atomic_i32 stop;
    uint32_t i;
    int round;
    memset(workers, 0, sizeof workers);
    tni_atomic_store_i32(&stop, 0);
    trueno_interrupt(db); /* nothing runs: nothing happens */
    TNI_CHECK_EQ_INT(number_of(db, "SELECT 42"), 42);
    for (i = 0; i < 2; i++) {
        workers[i].db = db;
        workers[i].stop = &stop;
        threads[i] = tni_thread_start(ask_without_pause, &workers[i]);
        TNI_CHECK(threads[i] != NULL);
    }
    for (round = 0; round < 3; round++) {
        int64_t before[2];
        trueno_interrupt(db);
        for (i = 0; i < 2; i++) {
            before[i] = tni_atomic_load_i64(&workers[i].done);
        }
        for (i = 0; i < 2; i++) { /* ends only if queries succeed again */
            while (threads[i] != NULL && tni_atomic_load_i64(&workers[i].done) < before[i] + 5) {
                tni_thread_yield();
            }
        }
    }
    tni_atomic_store_i32(&stop, 1);
    for (i = 0; i < 2; i++) {
        if (threads[i] != NULL) {
            tni_thread_join(threads[i]);
        }
        TNI_CHECK_EQ_INT(tni_atomic_load_i64(&workers[i].wrong), 0);
    }
    trueno_close(db);
}

static void test_deadlines_end_queries(void) {
    trueno_config config, seen;
    trueno_db *db;
    size_t i;
    memset(&config, 0, sizeof config);
    config.threads = 2;
    config.memory_limit = 256u << 20;
    config.temp_directory = folder;
    config.deadline_seconds = 0.02;
    db = open_with(&config);
    trueno_get_config(db, &seen);
    TNI_CHECK_EQ_DOUBLE(seen.deadline_seconds, 0.02);
    while (status_of(db, "CREATE OR REPLACE TABLE one AS SELECT 1 AS i") != TRUENO_OK) {
        tni_thread_yield(); /* a machine so busy that even this takes too long */
    }
    for (i = 0; i < TNI_COUNT_OF(endless); i++) {
        char sql[3000];
        fill_in(sql, sizeof sql, endless[i]);
        if (!TNI_CHECK_EQ_INT(status_of(db, sql), TRUENO_ERROR_DEADLINE)) {
            printf("    %s\n", sql);
        }
    }
    trueno_close(db);
    check_no_file("stopped.csv");
    check_no_file("stopped.parquet");
}

/* One call of a function may make gigabytes: it looks at the clock on the way. */
static void test_deadlines_end_calls(void) {
    trueno_config config;
    trueno_db *db;
    int64_t started;
    if (sizeof(void *) < 8) {
        return;
    }
    memset(&config, 0, sizeof config);
    config.threads = 1;
    config.memory_limit = (size_t)3 << 30;
    config.deadline_seconds = 0.05;
    db = open_with(&config);
    started = tni_clock_nanoseconds();
    TNI_CHECK_EQ_INT(status_of(db, "SELECT length(lpad('a', 2000000000, 'b'))"),
                     TRUENO_ERROR_DEADLINE);
    TNI_CHECK_EQ_INT(status_of(db, "SELECT length(repeat('abc', 600000000))"),
                     TRUENO_ERROR_DEADLINE);
    TNI_CHECK(tni_clock_nanoseconds() - started < INT64_C(5000000000)); /* busy machines too */
    trueno_close(db);
}

static void test_odd_deadlines(void) {
    static const double odd[] = {-1, 1e300, 1e9, 9e8};
    trueno_config config;
    size_t i;
    memset(&config, 0, sizeof config);
    for (i = 0; i <= TNI_COUNT_OF(odd) + 1; i++) {
        trueno_db *db;
        config.deadline_seconds = i < TNI_COUNT_OF(odd)    ? odd[i]
                                  : i == TNI_COUNT_OF(odd) ? (double)INFINITY
                                                           : (double)NAN;
        db = open_with(&config);
        TNI_CHECK_EQ_INT(number_of(db, "SELECT sum(i) FROM range(10) r(i)"), 45);
        trueno_close(db);
    }
}

typedef struct progress {
    uint64_t reports, last_rows, last_bytes;
    uint64_t stop_at;
    bool sane;
} progress;

static bool follow(void *user, const trueno_progress_info *info) {
    progress *p = (progress *)user;
    p->sane = p->sane && info->rows >= p->last_rows && info->bytes >= p->last_bytes &&
              info->fraction <= 1 && info->fraction == info->fraction && info->seconds >= 0;
    p->last_rows = info->rows;
    p->last_bytes = info->bytes;
    return ++p->reports != p->stop_at;
}

static void test_progress_is_reported_and_may_stop_a_query(void) {
    trueno_config config;
    trueno_db *db;
    progress p;
    size_t i;
    memset(&config, 0, sizeof config);
    memset(&p, 0, sizeof p);
    config.threads = 3;
    config.memory_limit = 256u << 20;
    config.temp_directory = folder;
    config.progress.report = follow;
    config.progress.user = &p;
    db = open_with(&config);
    p.sane = true;
    TNI_CHECK_EQ_INT(status_of(db, "CREATE TABLE one AS SELECT 1 AS i"), TRUENO_OK);
    /* on a busy machine the other workers may leave the one that reports hardly anything to do */
    for (i = 0; i < 100 && p.reports < 4; i++) {
        p.last_rows = p.last_bytes = 0;
        TNI_CHECK_EQ_INT(number_of(db, "SELECT sum(i % 2) FROM range(2000000) r(i)"), 1000000);
    }
    TNI_CHECK(p.reports >= 4 && p.sane);
    for (i = 0; i < TNI_COUNT_OF(endless); i++) {
        char sql[3000];
        fill_in(sql, sizeof sql, endless[i]);
        memset(&p, 0, sizeof p);
        p.sane = true;
        p.stop_at = 3;
        check_stopped(db, sql, TRUENO_ERROR_INTERRUPTED);
        TNI_CHECK(p.sane || p.reports > 3); /* the queries after it start counting anew */
    }
    trueno_close(db);
    check_no_file("stopped.csv");
    check_no_file("stopped.parquet");
}

/* -------------------------------------------------------------------------- the host's jobs --- */

typedef struct job_task {
    void (*task)(void *context, uint32_t index);
    void *context;
    uint32_t index;
} job_task;

static void run_task(void *user) {
    job_task *t = (job_task *)user;
    t->task(t->context, t->index);
}

static void jobs_serial(void *user, uint32_t count, void (*task)(void *context, uint32_t index),
                        void *context) {
    uint32_t i;
    (void)tni_atomic_add_i64((tni_atomic_i64 *)user, 1);
    for (i = 0; i < count; i++) {
        task(context, i);
    }
}

static void jobs_backwards(void *user, uint32_t count, void (*task)(void *context, uint32_t index),
                           void *context) {
    (void)tni_atomic_add_i64((tni_atomic_i64 *)user, 1);
    while (count > 0) {
        task(context, --count);
    }
}

static void jobs_threads(void *user, uint32_t count, void (*task)(void *context, uint32_t index),
                         void *context) {
    job_task tasks[64];
    tni_thread *threads[64];
    uint32_t i, n = count < 64 ? count : 64;
    (void)tni_atomic_add_i64((tni_atomic_i64 *)user, 1);
    for (i = 0; i < n; i++) {
        tasks[i].task = task;
        tasks[i].context = context;
        tasks[i].index = i;
        threads[i] = i == 0 ? NULL : tni_thread_start(run_task, &tasks[i]);
    }
    for (i = 0; i < n; i++) {
        if (threads[i] == NULL) {
            run_task(&tasks[i]);
        } else {
            tni_thread_join(threads[i]);
        }
    }
    for (i = n; i < count; i++) {
        task(context, i);
    }
}

static void test_the_hosts_job_system_runs_everything(void) {
    static void (*const systems[])(void *, uint32_t, void (*)(void *, uint32_t),
                                   void *) = {jobs_serial, jobs_backwards, jobs_threads};
    static const uint32_t worker_counts[] = {0, 1, 2, 5};
    size_t s, n, q;
    for (s = 0; s < TNI_COUNT_OF(systems); s++) {
        for (n = 0; n < TNI_COUNT_OF(worker_counts); n++) {
            tni_atomic_i64 calls;
            trueno_config config, seen;
            trueno_db *db;
            memset(&config, 0, sizeof config);
            tni_atomic_store_i64(&calls, 0);
            config.jobs.parallel_for = systems[s];
            config.jobs.workers = worker_counts[n];
            config.jobs.user = &calls;
            db = open_with(&config);
            trueno_get_config(db, &seen);
            TNI_CHECK_EQ_UINT(seen.threads, worker_counts[n] == 0 ? 1 : worker_counts[n]);
            TNI_CHECK_EQ_INT(status_of(db, TABLE_T), TRUENO_OK);
            for (q = 0; q < TNI_COUNT_OF(questions); q++) {
                TNI_CHECK_EQ_INT(number_of(db, questions[q].sql), questions[q].answer);
            }
            TNI_CHECK(number_of(db, "SELECT sum(i % 3) FROM range(900000) r(i)") == 900000);
            TNI_CHECK(worker_counts[n] < 2 || tni_atomic_load_i64(&calls) > 0);
            if (s == 2 && n == 3) {
                run_workers(db, ask_the_same, "the host's jobs");
            }
            trueno_close(db);
        }
    }
}

/* ------------------------------------------------------------------------ life after closing --- */

static void test_results_outlive_the_handle(void) {
    trueno_db *db = open_with(NULL);
    trueno_result *rows, *error;
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    char *csv;
    size_t length;
    int64_t seen = 0;
    TNI_CHECK_EQ_INT(status_of(db, TABLE_T), TRUENO_OK);
    rows = trueno_query(db, "SELECT i, s FROM t ORDER BY i");
    error = trueno_query(db, "SELECT\n nothing FROM t");
    TNI_CHECK_EQ_INT(trueno_result_to_arrow(rows, &stream), TRUENO_OK);
    trueno_close(db);
    TNI_CHECK_EQ_UINT(trueno_result_row_count(rows), 20000);
    TNI_CHECK_TEXT(trueno_get_text(rows, 19999, 1), "text number 999");
    TNI_CHECK_EQ_INT(trueno_get_int64(rows, 777, 0), 777);
    if (TNI_CHECK_EQ_INT(trueno_result_to_csv(rows, &csv, &length), TRUENO_OK)) {
        TNI_CHECK(length > 200000 && memcmp(csv, "i,s\n0,text", 10) == 0);
        trueno_text_free(rows, csv, length);
    }
    TNI_CHECK_EQ_INT(trueno_result_status(error), TRUENO_ERROR_BINDER);
    TNI_CHECK(strstr(trueno_result_error_report(error), "LINE 2") != NULL);
    trueno_result_free(error);
    trueno_result_free(rows);
    while (stream.get_next(&stream, &array) == 0 && array.release != NULL) {
        seen += array.length;
        array.release(&array);
    }
    TNI_CHECK_EQ_INT(seen, 20000);
    stream.release(&stream);
}

/* ---------------------------------------------------------------------------------- misuse --- */

static void test_null_handles_are_misuse(void) {
    trueno_db *db = open_with(NULL);
    trueno_db *none = db;
    trueno_stmt *stmt = (trueno_stmt *)(void *)db;
    trueno_result *result;
    struct ArrowArrayStream stream;
    trueno_config config;
    TNI_CHECK_EQ_INT(trueno_open(NULL, NULL), TRUENO_ERROR_MISUSE);
    trueno_close(NULL);
    trueno_interrupt(NULL);
    TNI_CHECK_TEXT(trueno_error(NULL), "");
    trueno_get_config(NULL, &config);
    trueno_get_config(db, NULL);
    TNI_CHECK_EQ_INT(trueno_load(NULL, "t", "f", NULL), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_load(db, NULL, "f", NULL), TRUENO_ERROR_MISUSE);
    TNI_CHECK(trueno_error(db)[0] != '\0');
    TNI_CHECK_EQ_INT(trueno_load(db, "t", NULL, NULL), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_register_columns(NULL, "t", NULL, 0, 0), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_register_columns(db, "t", NULL, 1, 0), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_register_columns(db, NULL, NULL, 0, 0), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_register_arrow(db, "t", NULL), TRUENO_ERROR_MISUSE);
    memset(&stream, 0, sizeof stream);
    TNI_CHECK_EQ_INT(trueno_register_arrow(db, "t", &stream), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_register_arrow(NULL, "t", &stream), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_drop(NULL, "t"), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_drop(db, NULL), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_drop(db, "nothing"), TRUENO_ERROR_CATALOG);
    result = trueno_query(NULL, "SELECT 1");
    TNI_CHECK_EQ_INT(trueno_result_status(result), TRUENO_ERROR_MISUSE);
    trueno_result_free(result);
    result = trueno_query(db, NULL);
    TNI_CHECK_EQ_INT(trueno_result_status(result), TRUENO_ERROR_MISUSE);
    trueno_result_free(result);
    TNI_CHECK_EQ_INT(trueno_prepare(db, "SELECT 1", NULL), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_prepare(NULL, "SELECT 1", &stmt), TRUENO_ERROR_MISUSE);
    TNI_CHECK(stmt == NULL);
    TNI_CHECK_EQ_INT(trueno_prepare(db, NULL, &stmt), TRUENO_ERROR_MISUSE);
    TNI_CHECK(trueno_error(db)[0] != '\0');
    TNI_CHECK_EQ_INT(trueno_prepare(db, "SELECT 1; SELECT 2", &stmt), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_prepare(db, "", &stmt), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_UINT(trueno_stmt_parameter_count(NULL), 0);
    TNI_CHECK_EQ_UINT(trueno_bind_index(NULL, "a"), 0);
    TNI_CHECK_EQ_INT(trueno_bind_null(NULL, 1), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_bind_text(NULL, 1, "a", 1), TRUENO_ERROR_MISUSE);
    result = trueno_execute(NULL);
    TNI_CHECK_EQ_INT(trueno_result_status(result), TRUENO_ERROR_MISUSE);
    trueno_result_free(result);
    trueno_stmt_free(NULL);
    trueno_visit_names(NULL, NULL, NULL);
    trueno_visit_names(db, NULL, NULL);
    TNI_CHECK(!trueno_statement_complete(NULL));
    TNI_CHECK_TEXT(trueno_status_name(TRUENO_STATUS_COUNT), "unknown");
    TNI_CHECK_TEXT(trueno_type_name(TRUENO_TYPE_COUNT), "unknown");
    TNI_CHECK_EQ_INT(number_of(none, "SELECT 42"), 42);
    trueno_close(db);
}

static void test_null_results_are_misuse(void) {
    struct ArrowArrayStream stream;
    trueno_batch batch;
    char *text;
    size_t length = 7;
    TNI_CHECK_EQ_INT(trueno_result_status(NULL), TRUENO_ERROR_MISUSE);
    TNI_CHECK(trueno_result_error(NULL)[0] != '\0');
    TNI_CHECK(trueno_result_error_report(NULL)[0] != '\0');
    TNI_CHECK(trueno_result_error_position(NULL) == SIZE_MAX);
    TNI_CHECK_EQ_UINT(trueno_result_row_count(NULL), 0);
    TNI_CHECK_EQ_UINT(trueno_result_column_count(NULL), 0);
    TNI_CHECK_TEXT(trueno_result_column_name(NULL, 0), "");
    TNI_CHECK_TEXT(trueno_result_column_type_name(NULL, 0), "");
    TNI_CHECK_EQ_INT(trueno_result_column_type(NULL, 0), TRUENO_TYPE_NULL);
    TNI_CHECK_EQ_UINT(trueno_result_rows_changed(NULL), 0);
    TNI_CHECK(trueno_get_is_null(NULL, 0, 0));
    TNI_CHECK_EQ_INT(trueno_get_int64(NULL, 0, 0), 0);
    TNI_CHECK_EQ_DOUBLE(trueno_get_double(NULL, 0, 0), 0);
    TNI_CHECK(!trueno_get_bool(NULL, 0, 0));
    TNI_CHECK_TEXT(trueno_get_text(NULL, 0, 0), "");
    TNI_CHECK(trueno_get_bytes(NULL, 0, 0, &length) == NULL && length == 0);
    TNI_CHECK(trueno_get_bytes(NULL, 0, 0, NULL) == NULL);
    TNI_CHECK(!trueno_result_batch(NULL, 0, 0, &batch));
    TNI_CHECK_EQ_INT(trueno_result_print(NULL, stdout), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_result_to_csv(NULL, &text, &length), TRUENO_ERROR_MISUSE);
    TNI_CHECK(text == NULL && length == 0);
    TNI_CHECK_EQ_INT(trueno_result_to_json(NULL, &text, &length), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_result_to_arrow(NULL, &stream), TRUENO_ERROR_MISUSE);
    TNI_CHECK(stream.release == NULL);
    TNI_CHECK(trueno_result_info(NULL) != NULL);
    trueno_text_free(NULL, NULL, 0);
    trueno_result_free(NULL);
}

static void test_positions_outside_a_result(void) {
    static const uint64_t rows[] = {3, 4, UINT32_MAX, UINT64_MAX};
    static const uint32_t columns[] = {0, 1, 2, 100, UINT32_MAX};
    trueno_db *db = open_with(NULL);
    trueno_result *result = trueno_query(db, "VALUES (1, 'a'), (2, 'b'), (3, NULL)");
    size_t r, c;
    for (r = 0; r < TNI_COUNT_OF(rows); r++) {
        for (c = 0; c < TNI_COUNT_OF(columns); c++) {
            trueno_batch batch;
            size_t length = 5;
            TNI_CHECK(trueno_get_is_null(result, rows[r], columns[c]));
            TNI_CHECK_EQ_INT(trueno_get_int64(result, rows[r], columns[c]), 0);
            TNI_CHECK_EQ_DOUBLE(trueno_get_double(result, rows[r], columns[c]), 0);
            TNI_CHECK(!trueno_get_bool(result, rows[r], columns[c]));
            TNI_CHECK_TEXT(trueno_get_text(result, rows[r], columns[c]), "");
            TNI_CHECK(trueno_get_bytes(result, rows[r], columns[c], &length) == NULL);
            TNI_CHECK_EQ_UINT(length, 0);
            TNI_CHECK(!trueno_result_batch(result, columns[c], rows[r], &batch));
            TNI_CHECK(columns[c] < 2 || trueno_get_is_null(result, 0, columns[c]));
        }
    }
    TNI_CHECK(!trueno_result_batch(result, 0, 0, NULL));
    TNI_CHECK_EQ_INT(trueno_result_to_csv(result, NULL, NULL), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_result_to_arrow(result, NULL), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_result_print(result, NULL), TRUENO_ERROR_MISUSE);
    trueno_result_free(result);
    trueno_close(db);
}

static void test_bindings_out_of_place(void) {
    trueno_db *db = open_with(NULL);
    trueno_stmt *stmt;
    trueno_result *result;
    if (!TNI_CHECK_EQ_INT(trueno_prepare(db, "SELECT $1, $2", &stmt), TRUENO_OK)) {
        trueno_close(db);
        return;
    }
    TNI_CHECK_EQ_UINT(trueno_stmt_parameter_count(stmt), 2);
    TNI_CHECK_EQ_INT(trueno_bind_int64(stmt, 0, 1), TRUENO_ERROR_MISUSE);
    TNI_CHECK(strstr(trueno_error(db), "parameter") != NULL);
    TNI_CHECK_EQ_INT(trueno_bind_bool(stmt, 3, true), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_bind_double(stmt, UINT32_MAX, 1), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_bind_text(stmt, 1, NULL, 3), TRUENO_ERROR_MISUSE);
    TNI_CHECK_EQ_INT(trueno_bind_text(stmt, 1, "\xff\xfe", 2), TRUENO_ERROR_INVALID);
    TNI_CHECK(strstr(trueno_error(db), "UTF-8") != NULL);
    TNI_CHECK_EQ_INT(trueno_bind_text(stmt, 1, NULL, 0), TRUENO_OK);
    TNI_CHECK_EQ_INT(trueno_bind_blob(stmt, 2, "\xff\0\xfe", 3), TRUENO_OK);
    result = trueno_execute(stmt);
    TNI_CHECK_EQ_INT(trueno_result_status(result), TRUENO_OK);
    TNI_CHECK(!trueno_get_is_null(result, 0, 0));
    TNI_CHECK_TEXT(trueno_get_text(result, 0, 1), "\\xFF\\x00\\xFE");
    trueno_result_free(result);
    trueno_stmt_free(stmt);
    trueno_close(db);
}

static int refuse_open(void *user, const char *path, trueno_file_mode mode, void **file) {
    (void)user, (void)path, (void)mode;
    *file = NULL;
    return 2;
}
static int refuse_size(void *user, void *file, uint64_t *size) {
    (void)user, (void)file;
    *size = 0;
    return 5;
}
static int refuse_read(void *user, void *file, uint64_t offset, void *data, size_t size,
                       size_t *done) {
    (void)user, (void)file, (void)offset, (void)data, (void)size;
    *done = 0;
    return 5;
}
static int accept_close(void *user, void *file) {
    (void)user, (void)file;
    return 0;
}
static int accept_open(void *user, const char *path, trueno_file_mode mode, void **file) {
    (void)path, (void)mode;
    *file = user;
    return 0;
}

static void *plain_alloc(void *user, size_t size, size_t alignment) {
    (void)user, (void)alignment;
    return malloc(size);
}

static void test_configurations_out_of_range(void) {
    trueno_config config;
    trueno_db *db = NULL;
    int number = 0;
    memset(&config, 0, sizeof config);
    config.backend = (trueno_backend)(TRUENO_BACKEND_SPEC + 1);
    TNI_CHECK_EQ_INT(trueno_open(&config, &db), TRUENO_ERROR_MISUSE);
    TNI_CHECK(db == NULL);
    memset(&config, 0, sizeof config);
    config.allocator.alloc = plain_alloc;
    TNI_CHECK_EQ_INT(trueno_open(&config, &db), TRUENO_ERROR_MISUSE);
    memset(&config, 0, sizeof config);
    config.files.open = refuse_open;
    TNI_CHECK_EQ_INT(trueno_open(&config, &db), TRUENO_ERROR_MISUSE);
    memset(&config, 0, sizeof config);
    config.memory_limit = 1;
    TNI_CHECK(trueno_open(&config, &db) != TRUENO_OK && db == NULL);

    memset(&config, 0, sizeof config); /* no more than what must be there */
    config.files.open = refuse_open;
    config.files.size = refuse_size;
    config.files.read = refuse_read;
    config.files.close = accept_close;
    db = open_with(&config);
    TNI_CHECK_EQ_INT(status_of(db, "SELECT * FROM 'a.csv'"), TRUENO_ERROR_IO);
    TNI_CHECK_EQ_INT(status_of(db, "SELECT * FROM 'a*.csv'"), TRUENO_ERROR_UNSUPPORTED);
    TNI_CHECK_EQ_INT(status_of(db, "COPY (SELECT 1) TO 'a.csv'"), TRUENO_ERROR_IO);
    trueno_close(db);
    config.files.open = accept_open;
    config.files.user = &number;
    db = open_with(&config);
    TNI_CHECK_EQ_INT(status_of(db, "SELECT * FROM 'a.csv'"), TRUENO_ERROR_IO);
    TNI_CHECK_EQ_INT(status_of(db, "SELECT * FROM 'a.parquet'"), TRUENO_ERROR_IO);
    TNI_CHECK_EQ_INT(status_of(db, "COPY (SELECT 1) TO 'a.csv'"), TRUENO_ERROR_IO);
    TNI_CHECK_EQ_INT(status_of(db, "COPY (SELECT 1) TO 'a.parquet'"), TRUENO_ERROR_IO);
    trueno_close(db);

    memset(&config, 0, sizeof config);
    config.threads = UINT32_MAX;
    config.morsel_bytes = 1;
    config.gpu_cache_bytes = 1;
    db = open_with(&config);
    TNI_CHECK_EQ_INT(status_of(db, TABLE_T), TRUENO_OK);
    TNI_CHECK_EQ_INT(number_of(db, questions[2].sql), questions[2].answer);
    trueno_close(db);
    memset(&config, 0, sizeof config);
    config.memory_limit = UINT64_MAX;
    config.morsel_bytes = UINT64_MAX;
    config.temp_directory = "/no/such/folder";
    db = open_with(&config);
    TNI_CHECK_EQ_INT(status_of(db, TABLE_T), TRUENO_OK);
    TNI_CHECK_EQ_INT(number_of(db, questions[4].sql), questions[4].answer);
    trueno_close(db);
}

static void test_limits_are_named_errors(void) {
    trueno_config config;
    trueno_db *db;
    memset(&config, 0, sizeof config);
    config.limits.sql_bytes = 60;
    config.limits.expression_depth = 12;
    config.limits.columns = 2;
    db = open_with(&config);
    TNI_CHECK_EQ_INT(number_of(db, "SELECT 42"), 42);
    TNI_CHECK_EQ_INT(status_of(db, "SELECT 1, 2, 3"), TRUENO_ERROR_LIMIT);
    TNI_CHECK_EQ_INT(status_of(db, "SELECT ((((((((((((((((((((1))))))))))))))))))))"),
                     TRUENO_ERROR_LIMIT);
    TNI_CHECK_EQ_INT(
        status_of(db, "SELECT 1 -- a comment that makes this text longer than the sixty bytes"),
        TRUENO_ERROR_LIMIT);
    trueno_close(db);
    memset(&config, 0, sizeof config);
    config.no_file_access = true;
    db = open_with(&config);
    TNI_CHECK(status_of(db, "SELECT * FROM 'a.csv'") != TRUENO_OK);
    TNI_CHECK(status_of(db, "COPY (SELECT 1) TO '/dev/null'") != TRUENO_OK);
    TNI_CHECK(status_of(db, "SELECT * FROM read_csv('/dev/null')") != TRUENO_OK);
    trueno_close(db);
}

int main(void) {
    TNI_CHECK(tni_temp_path(NULL, folder, sizeof folder, NULL) == TRUENO_OK &&
              mkdir(folder, 0700) == 0);
    test_many_threads_share_a_handle();
    test_running_queries_are_interrupted();
    test_an_interrupt_does_not_stop_what_comes_later();
    test_deadlines_end_queries();
    test_deadlines_end_calls();
    test_odd_deadlines();
    test_progress_is_reported_and_may_stop_a_query();
    test_the_hosts_job_system_runs_everything();
    test_results_outlive_the_handle();
    test_null_handles_are_misuse();
    test_null_results_are_misuse();
    test_positions_outside_a_result();
    test_bindings_out_of_place();
    test_configurations_out_of_range();
    test_limits_are_named_errors();
    TNI_CHECK(remove(folder) == 0); /* nothing is left in it */
    return tni_test_report();
}
