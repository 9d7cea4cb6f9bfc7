/*
 * database.c - opening, closing, running text: the public functions of a database handle.
 *
 * Nothing happens at open but bookkeeping: no thread, no device, no file. Errors of calls that
 * return a status stay readable through trueno_error.
 */
#include "db/database.h"

#include "plan/function.h"

#include <errno.h>
#include <stdlib.h>

#define TNI_MOST_THREADS 4096u
#define TNI_LONGEST_DEADLINE 1e9 /* seconds; beyond it there is none */

/* ---------------------------------------------------------------------- configuration --- */

static void tni_limits_resolve(trueno_limits *limits) {
    if (limits->sql_bytes == 0) {
        limits->sql_bytes = 16u << 20;
    }
    if (limits->expression_depth == 0) {
        limits->expression_depth = 1000;
    }
    if (limits->columns == 0) {
        limits->columns = 32768;
    }
    if (limits->footer_bytes == 0) {
        limits->footer_bytes = 256u << 20;
    }
    if (limits->page_bytes == 0) {
        limits->page_bytes = 1u << 30;
    }
    if (limits->record_bytes == 0) {
        limits->record_bytes = 1u << 30;
    }
}

/* For hosts whose files are only read. */
static int tni_files_no_write(void *user, void *file, const void *data, size_t size) {
    (void)user, (void)file, (void)data, (void)size;
    return ENOSYS;
}

static bool tni_config_valid(const trueno_config *config) {
    const trueno_files *files = &config->files;
    return (config->allocator.alloc == NULL) == (config->allocator.free == NULL) &&
           (int)config->backend >= 0 && config->backend <= TRUENO_BACKEND_SPEC &&
           (files->open == NULL ||
            (files->size != NULL && files->read != NULL && files->close != NULL));
}

static void tni_config_resolve(trueno_config *config) {
    if (config->threads == 0) {
        config->threads =
            config->jobs.parallel_for != NULL ? TNI_MAX(config->jobs.workers, 1u) : tni_cpu_count();
    }
    config->threads = TNI_MIN(config->threads, TNI_MOST_THREADS);
    if (config->memory_limit == 0) {
        uint64_t physical = tni_physical_memory();
        config->memory_limit = physical / 10 * 8;
    }
    if (config->gpu_cache_bytes == 0) {
        config->gpu_cache_bytes = UINT64_C(512) << 20;
    }
    if (config->morsel_bytes == 0) {
        config->morsel_bytes = UINT64_C(128) << 20;
    }
    if (config->files.open == NULL) {
        tni_files_default(&config->files);
    }
    if (config->files.write == NULL) {
        config->files.write = tni_files_no_write;
    }
    tni_limits_resolve(&config->limits);
}

/* What the configuration and the environment say of GPUs. Nothing is opened. */
static trueno_status tni_database_accelerator(trueno_db *db, tni_error *error) {
    const char *wish = tni_environment("TRUENO_BACKEND");
    const char *software = tni_environment("TRUENO_GPU_SOFTWARE");
    const char *contexts = tni_environment("TRUENO_GPU_CONTEXTS"); /* these two for tests */
    const char *split = tni_environment("TRUENO_GPU_SPLIT");
    trueno_backend backend = db->config.backend;
    tni_accelerator_options options;
    if (backend == TRUENO_BACKEND_AUTO && wish != NULL) {
        (void)tni_backend_by_name(wish, &backend); /* misspelt: refused with the kernels */
    }
    db->policy = tni_accelerator_policy(backend);
    memset(&options, 0, sizeof options);
    options.policy = db->policy;
    options.software = backend == TRUENO_BACKEND_GPU || (software != NULL && software[0] == '1');
    options.no_threads = db->config.jobs.parallel_for != NULL;
    options.cache_bytes = db->config.gpu_cache_bytes;
    options.threads = db->config.threads;
    options.directory = db->config.no_file_access ? "" : db->config.pipeline_cache;
    options.contexts = contexts == NULL ? 0 : (uint32_t)(contexts[0] - '0') % 10;
    options.split = split == NULL ? 0 : (uint32_t)TNI_MIN(strtoul(split, NULL, 10), 100ul);
    options.scheduler = db->scheduler;
    options.host = db->config.vulkan.get_instance_proc_addr != NULL ? &db->config.vulkan : NULL;
    return tni_accelerator_new(&db->account->memory, &options, &db->accelerator, error);
}

/* A copy of a text of the configuration, NULL for NULL. */
static trueno_status tni_database_keep(trueno_db *db, const char **text, char **copy,
                                       size_t *size) {
    if (*text == NULL) {
        return TRUENO_OK;
    }
    *size = strlen(*text) + 1;
    *copy = (char *)tni_alloc(&db->account->memory, *size);
    if (*copy == NULL) {
        return TRUENO_ERROR_MEMORY;
    }
    memcpy(*copy, *text, *size);
    *text = *copy;
    return TRUENO_OK;
}

static trueno_status tni_database_parts(trueno_db *db) {
    tni_memory *memory = &db->account->memory;
    tni_error ignored;
    tni_error_clear(&ignored);
    TNI_TRY(tni_database_keep(db, &db->config.temp_directory, &db->temp_directory,
                              &db->temp_directory_size));
    TNI_TRY(tni_database_keep(db, &db->config.pipeline_cache, &db->pipeline_cache,
                              &db->pipeline_cache_size));
    TNI_TRY(tni_catalog_new(memory, &db->catalog, &ignored));
    TNI_TRY(tni_scheduler_new(memory, &db->config.jobs, db->config.threads, &db->scheduler,
                              &ignored));
    return tni_database_accelerator(db, &ignored);
}

TRUENO_API trueno_status trueno_open(const trueno_config *config, trueno_db **out) {
    trueno_config resolved;
    tni_account *account;
    trueno_db *db;
    trueno_status status;
    if (out == NULL) {
        return TRUENO_ERROR_MISUSE;
    }
    *out = NULL;
    memset(&resolved, 0, sizeof resolved);
    if (config != NULL) {
        resolved = *config;
    }
    if (!tni_config_valid(&resolved)) {
        return TRUENO_ERROR_MISUSE;
    }
    tni_config_resolve(&resolved);
    status = tni_account_new(&resolved.allocator, resolved.memory_limit, &account);
    if (status != TRUENO_OK) {
        return status;
    }
    db = (trueno_db *)tni_alloc_zero(&account->memory, sizeof *db);
    if (db == NULL) {
        tni_account_release(account);
        return TRUENO_ERROR_MEMORY;
    }
    db->account = account;
    db->config = resolved;
    db->threads = resolved.threads;
    db->settings.relaxed = resolved.relaxed;
    db->config.allocator = account->memory.allocator;
    tni_atomic_store_i64(&db->seed, (int64_t)tni_hash_u64((uint64_t)tni_wall_microseconds() ^
                                                          (uint64_t)(uintptr_t)db));
    db->kernels = tni_kernels_pick(resolved.backend);
    tni_error_clear(&db->error);
    if (!tni_mutex_init(&db->mutex)) {
        tni_free(&account->memory, db, sizeof *db);
        tni_account_release(account);
        return TRUENO_ERROR_MEMORY;
    }
    status = db->kernels == NULL ? TRUENO_ERROR_UNSUPPORTED : tni_database_parts(db);
    if (status != TRUENO_OK) {
        trueno_close(db);
        return status;
    }
    *out = db;
    return TRUENO_OK;
}

TRUENO_API void trueno_close(trueno_db *db) {
    tni_account *account;
    if (db == NULL) {
        return;
    }
    account = db->account;
    tni_catalog_free(db->catalog); /* tables tell the accelerator that they go */
    tni_accelerator_free(db->accelerator);
    tni_scheduler_free(db->scheduler);
    tni_math_unload(&db->math);
    tni_mutex_free(&db->mutex);
    tni_free(&account->memory, db->temp_directory, db->temp_directory_size);
    tni_free(&account->memory, db->pipeline_cache, db->pipeline_cache_size);
    tni_free(&account->memory, db, sizeof *db);
    tni_account_release(account);
}

TRUENO_API void trueno_interrupt(trueno_db *db) {
    if (db != NULL) {
        (void)tni_atomic_add_i32(&db->interrupted, 1);
    }
}

TRUENO_API const char *trueno_error(const trueno_db *db) {
    return db == NULL ? "" : db->error.message;
}

TRUENO_API const char *trueno_devices(trueno_db *db,
                                      void (*visit)(void *user, const trueno_device *device),
                                      void *user) {
    return db == NULL ? "" : tni_accelerator_devices(db->accelerator, visit, user);
}

TRUENO_API void trueno_get_config(const trueno_db *db, trueno_config *out) {
    if (out == NULL) {
        return;
    }
    memset(out, 0, sizeof *out);
    if (db != NULL) {
        *out = db->config;
        out->threads = db->threads;
    }
}

/* --------------------------------------------------------------------------- sessions --- */

TNI_FN void tni_session_begin(tni_session *session, trueno_db *db, const char *sql, size_t length) {
    tni_memory *memory = &db->account->memory;
    memset(session, 0, sizeof *session);
    session->db = db;
    session->sql = sql;
    session->length = length;
    session->started = tni_clock_nanoseconds();
    tni_mutex_lock(&db->mutex);
    session->settings = db->settings;
    session->settings.random_seed = tni_hash_u64((uint64_t)tni_atomic_add_i64(&db->seed, 1));
    session->settings.seed = &db->seed;
    session->env.threads = db->threads;
    tni_mutex_unlock(&db->mutex);
    session->settings.now = tni_wall_microseconds();
    session->env.memory = memory;
    session->env.kernels = db->kernels;
    session->env.files = &db->config.files;
    session->env.limits = &db->config.limits;
    session->env.math = &db->math;
    session->env.log = &db->config.log;
    session->env.temp_directory = db->config.temp_directory;
    session->env.no_file_access = db->config.no_file_access;
    session->env.no_spill = db->config.no_spill;
    session->env.interrupted = &db->interrupted;
    session->env.interrupted_before = tni_atomic_load_i32(&db->interrupted);
    session->env.deadline = INT64_MAX;
    if (db->config.deadline_seconds > 0 && db->config.deadline_seconds < TNI_LONGEST_DEADLINE) {
        session->env.deadline = session->started + (int64_t)(db->config.deadline_seconds * 1e9);
    }
    tni_arena_init(&session->arena, memory);
    tni_bind_context_init(&session->bind, &session->env, &session->arena, db->catalog,
                          &session->settings);
    session->run.env = &session->env;
    session->run.scheduler = db->scheduler;
    session->run.settings = &session->settings;
    session->run.arena = &session->arena;
    session->run.progress = &db->config.progress;
    session->run.started = session->started;
    session->run.accelerator = db->policy == TNI_POLICY_CPU ? NULL : db->accelerator;
    session->run.cpu_reason =
        db->policy == TNI_POLICY_CPU ? "the processor, as configured"
        : db->accelerator == NULL    ? "this build has no GPU backend"
                                     : "the GPU takes aggregates over tables in memory";
}

TNI_FN void tni_session_end(tni_session *session) {
    tni_bind_context_release(&session->bind);
    tni_arena_free(&session->arena);
}

/* The libm table, once some plan needs it. */
static trueno_status tni_session_math(tni_session *session, tni_error *error) {
    trueno_db *db = session->db;
    bool fine = true;
    if (!session->bind.needs_math) {
        return TRUENO_OK;
    }
    tni_mutex_lock(&db->mutex);
    if (!db->math.loaded) {
        fine = tni_math_load(&db->math);
    }
    tni_mutex_unlock(&db->mutex);
    return fine ? TRUENO_OK
                : tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                           "this system has no math library that could be opened");
}

TNI_FN trueno_status tni_session_bind(tni_session *session, const tni_ast_query *query,
                                      tni_plan **out, tni_error *error) {
    int64_t before = tni_clock_nanoseconds();
    TNI_TRY(tni_bind_query(&session->bind, query, out, error));
    TNI_TRY(tni_session_math(session, error));
    session->plan_seconds += (double)(tni_clock_nanoseconds() - before) * 1e-9;
    return TRUENO_OK;
}

/* Put the report of what ran into the result. */
static trueno_status tni_session_report(tni_session *session, trueno_result *result,
                                        tni_error *error) {
    trueno_info info;
    memset(&info, 0, sizeof info);
    info.pipeline_count = session->run.pipeline_count;
    info.pipelines = session->run.pipelines;
    info.parse_seconds = session->parse_seconds;
    info.plan_seconds = session->plan_seconds;
    info.run_seconds = (double)(tni_clock_nanoseconds() - session->started) * 1e-9;
    info.peak_memory = (uint64_t)tni_atomic_load_i64(&session->env.memory->peak);
    info.spilled_bytes = (uint64_t)tni_atomic_load_i64(&session->env.spilled_bytes);
    info.threads = session->env.threads;
    return tni_result_set_info(result, &info, error);
}

/* Column names in the order of a plan's output. */
static trueno_status tni_session_set_rows(const tni_plan *plan, tni_collection *rows,
                                          trueno_result *result, tni_error *error) {
    return tni_result_set_rows(result, rows, plan->names, error);
}

TNI_FN trueno_status tni_session_rows(tni_session *session, const tni_plan *plan,
                                      trueno_result *result, tni_error *error) {
    tni_collection *rows;
    TNI_TRY(tni_run_collect(&session->run, plan, &rows, error));
    TNI_TRY(tni_session_set_rows(plan, rows, result, error));
    return tni_session_report(session, result, error);
}

TNI_FN trueno_status tni_session_values(tni_session *session, const char *const *names,
                                        const tni_type *types, uint32_t columns, tni_value *values,
                                        uint64_t rows, trueno_result *result, tni_error *error) {
    tni_plan *plan = (tni_plan *)tni_arena_alloc(&session->arena, sizeof *plan);
    tni_type *copy = (tni_type *)tni_arena_alloc(&session->arena, columns * sizeof *copy);
    tni_collection *collection;
    if (plan == NULL || copy == NULL) {
        return tni_memory_fail(session->env.memory, sizeof *plan, error);
    }
    memcpy(copy, types, columns * sizeof *copy);
    plan->kind = TNI_PLAN_VALUES;
    plan->column_count = columns;
    plan->types = copy;
    plan->values = values;
    plan->row_count = rows;
    TNI_TRY(tni_run_collect(&session->run, plan, &collection, error));
    return tni_result_set_rows(result, collection, names, error);
}

/* --------------------------------------------------------------------------- running --- */

static void tni_session_fail(tni_session *session, trueno_result *result, tni_error *error) {
    if (error->status == TRUENO_OK) {
        (void)tni_fail(error, TRUENO_ERROR_INTERNAL, "failed without a message");
    }
    tni_memory_explain(session->env.memory, error);
    tni_result_fail(result, error, session->sql, session->length);
}

TNI_FN trueno_result *tni_database_query(trueno_db *db, const char *sql, size_t length,
                                         const tni_value *parameters, uint32_t parameter_count) {
    trueno_result *result = tni_result_new(db->account);
    tni_session parse;
    tni_ast_statement *statement = NULL;
    tni_error error;
    trueno_status status;
    int64_t before = tni_clock_nanoseconds();
    double parse_seconds;
    tni_error_clear(&error);
    tni_session_begin(&parse, db, sql, length);
    if (length > db->config.limits.sql_bytes) {
        status = tni_fail(&error, TRUENO_ERROR_LIMIT, "the SQL text has %zu bytes, the limit is %u",
                          length, db->config.limits.sql_bytes);
    } else {
        status = tni_parse(&parse.arena, sql, length, db->config.limits.expression_depth,
                           &statement, &error);
    }
    parse_seconds = (double)(tni_clock_nanoseconds() - before) * 1e-9;
    for (; status == TRUENO_OK && statement != NULL; statement = statement->next) {
        tni_session session;
        trueno_result_free(result);
        result = tni_result_new(db->account);
        tni_session_begin(&session, db, sql, length);
        session.env.interrupted_before = parse.env.interrupted_before; /* not between statements */
        session.parse_seconds = parse_seconds;
        session.parameters = session.bind.parameters = parameters;
        session.parameter_count = session.bind.parameter_count = parameter_count;
        if (tni_result_is_constant(result)) { /* nobody could be told of a success */
            status = tni_memory_fail(&db->account->memory, sizeof *result, &error);
        } else if (parameters == NULL && statement->parameter_count > 0) {
            status =
                tni_fail_at(&error, TRUENO_ERROR_BINDER, statement->position,
                            "the statement has %u parameters: use trueno_prepare and bind them",
                            statement->parameter_count);
        } else {
            status = tni_session_execute(&session, statement, result, &error);
        }
        tni_session_end(&session);
    }
    if (status != TRUENO_OK) {
        tni_session_fail(&parse, result, &error);
    }
    tni_session_end(&parse);
    return result;
}

TRUENO_API trueno_result *trueno_query(trueno_db *db, const char *sql) {
    if (db == NULL || sql == NULL) {
        trueno_result *result = tni_result_new(db == NULL ? NULL : db->account);
        tni_error error;
        tni_error_clear(&error);
        (void)tni_fail(&error, TRUENO_ERROR_MISUSE, "trueno_query needs a database and SQL text");
        tni_result_fail(result, &error, NULL, 0);
        return result;
    }
    return tni_database_query(db, sql, strlen(sql), NULL, 0);
}

/* ----------------------------------------------------------------------------- tables --- */

TNI_FN trueno_status tni_database_remember(trueno_db *db, tni_error *error,
                                           trueno_status status) {
    tni_memory_explain(&db->account->memory, error);
    tni_mutex_lock(&db->mutex);
    db->error = *error;
    tni_mutex_unlock(&db->mutex);
    return status == TRUENO_OK ? TRUENO_OK : error->status;
}

/* Run a table-making call under a session; records the error on the handle. */
static trueno_status tni_database_done(trueno_db *db, tni_session *session, tni_error *error,
                                       trueno_status status) {
    tni_session_end(session);
    return tni_database_remember(db, error, status);
}

static trueno_status tni_database_put(trueno_db *db, tni_table *table, tni_error *error) {
    bool stale;
    trueno_status status = tni_catalog_put_table(db->catalog, table, NULL, true, &stale, error);
    if (status != TRUENO_OK) {
        tni_source_release(&table->source);
    }
    return status;
}

TRUENO_API trueno_status trueno_register_columns(trueno_db *db, const char *name,
                                                 const trueno_column *columns, uint32_t count,
                                                 uint64_t rows) {
    tni_session session;
    tni_error error;
    tni_table *table;
    trueno_status status;
    if (db == NULL) {
        return TRUENO_ERROR_MISUSE;
    }
    tni_error_clear(&error);
    tni_session_begin(&session, db, "", 0);
    if (name == NULL || name[0] == '\0' || columns == NULL || count == 0) {
        status = tni_fail(&error, TRUENO_ERROR_MISUSE, "a table needs a name and columns");
    } else {
        status = tni_table_from_columns(&session.env, name, columns, count, rows, &table, &error);
        if (status == TRUENO_OK) {
            status = tni_database_put(db, table, &error);
        }
    }
    return tni_database_done(db, &session, &error, status);
}

TRUENO_API trueno_status trueno_register_arrow(trueno_db *db, const char *name,
                                               struct ArrowArrayStream *stream) {
    tni_session session;
    tni_error error;
    tni_table *table;
    trueno_status status;
    if (db == NULL) {
        return TRUENO_ERROR_MISUSE;
    }
    tni_error_clear(&error);
    tni_session_begin(&session, db, "", 0);
    if (name == NULL || name[0] == '\0' || stream == NULL || stream->release == NULL) {
        status = tni_fail(&error, TRUENO_ERROR_MISUSE, "a table needs a name and a live stream");
    } else {
        status = tni_table_from_arrow(&session.env, name, stream, &table, &error);
        if (status == TRUENO_OK) {
            status = tni_database_put(db, table, &error);
        }
    }
    return tni_database_done(db, &session, &error, status);
}

TRUENO_API trueno_status trueno_drop(trueno_db *db, const char *name) {
    tni_session session;
    tni_error error;
    tni_table *table = NULL;
    tni_view *view = NULL;
    trueno_status status;
    if (db == NULL) {
        return TRUENO_ERROR_MISUSE;
    }
    tni_error_clear(&error);
    tni_session_begin(&session, db, "", 0);
    if (name == NULL) {
        status = tni_fail(&error, TRUENO_ERROR_MISUSE, "a name is needed");
    } else {
        bool is_view;
        tni_catalog_find(db->catalog, name, &table, &view);
        is_view = view != NULL;
        if (table != NULL) {
            tni_source_release(&table->source);
        }
        tni_view_release(view);
        status = tni_catalog_drop(db->catalog, name, is_view, false, &error);
    }
    return tni_database_done(db, &session, &error, status);
}

TRUENO_API trueno_status trueno_load(trueno_db *db, const char *name, const char *path,
                                     const char *options) {
    tni_text sql;
    trueno_result *result;
    tni_error error;
    trueno_status status;
    if (db == NULL) {
        return TRUENO_ERROR_MISUSE;
    }
    tni_error_clear(&error);
    if (name == NULL || name[0] == '\0' || path == NULL) {
        status = tni_fail(&error, TRUENO_ERROR_MISUSE, "a table needs a name and a path");
        return tni_database_remember(db, &error, status);
    }
    tni_text_init(&sql, &db->account->memory);
    status = tni_load_statement(&db->account->memory, name, path, options, &sql, &error);
    if (status != TRUENO_OK) {
        tni_text_free(&sql);
        return tni_database_remember(db, &error, status);
    }
    result = tni_database_query(db, sql.data, sql.length, NULL, 0);
    status = trueno_result_status(result);
    if (status != TRUENO_OK) {
        (void)tni_fail(&error, status, "%s", trueno_result_error(result));
    }
    trueno_result_free(result);
    tni_text_free(&sql);
    return tni_database_remember(db, &error, status);
}

/* -------------------------------------------------------------------------- catalogue --- */

typedef struct tni_name_visitor {
    void (*visit)(void *user, const char *kind, const char *name, const char *detail);
    void *user;
} tni_name_visitor;

static void tni_visit_table(void *user, const tni_table *table, const tni_view *view) {
    const tni_name_visitor *v = (const tni_name_visitor *)user;
    uint32_t i;
    if (view != NULL) {
        v->visit(v->user, "view", view->name, view->sql);
        return;
    }
    v->visit(v->user, "table", table->source.name, "");
    for (i = 0; i < table->source.field_count; i++) {
        char detail[256];
        char type[40];
        size_t n = strlen(table->source.name);
        (void)tni_type_print(table->source.fields[i].type, type);
        n = TNI_MIN(n, sizeof detail - sizeof type - 2);
        memcpy(detail, table->source.name, n);
        detail[n] = ' ';
        memcpy(detail + n + 1, type, strlen(type) + 1);
        v->visit(v->user, "column", table->source.fields[i].name, detail);
    }
}

static bool tni_visit_function(void *user, const tni_function *function) {
    const tni_name_visitor *v = (const tni_name_visitor *)user;
    if ((function->flags & TNI_FUNCTION_HIDDEN) == 0) {
        v->visit(v->user, "function", function->name, function->signature);
    }
    return true;
}

TRUENO_API void trueno_visit_names(trueno_db *db,
                                   void (*visit)(void *user, const char *kind, const char *name,
                                                 const char *detail),
                                   void *user) {
    tni_name_visitor visitor;
    const tni_aggregate_function *aggregate;
    uint32_t i;
    if (db == NULL || visit == NULL) {
        return;
    }
    visitor.visit = visit;
    visitor.user = user;
    tni_catalog_visit(db->catalog, tni_visit_table, &visitor);
    tni_function_visit(tni_visit_function, &visitor);
    for (aggregate = tni_aggregate_functions(); aggregate->name != NULL; aggregate++) {
        visit(user, "function", aggregate->name, aggregate->signature);
    }
    for (i = 0; tni_keyword_at(i) != NULL; i++) {
        visit(user, "keyword", tni_keyword_at(i), "");
    }
}

TRUENO_API bool trueno_statement_complete(const char *sql) {
    return sql != NULL && tni_statement_complete(sql, strlen(sql));
}

#undef TNI_MOST_THREADS
#undef TNI_LONGEST_DEADLINE
