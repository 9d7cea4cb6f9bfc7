/*
 * database.h - the database handle, and one statement's way through parse, bind, run.
 *
 * A statement run (tni_session) has its own environment, arena and bind context; what statements
 * share is in trueno_db: memory account, catalogue, scheduler, settings. Queries of several
 * threads only meet in those, each safe by itself.
 */
#ifndef TNI_DB_DATABASE_H
#define TNI_DB_DATABASE_H

#include "db/result.h"
#include "gpu/accelerator.h"
#include "plan/binder.h"
#include "sql/parser.h"

struct trueno_db {
    tni_account *account;
    trueno_config config;          /* resolved */
    char *temp_directory;          /* owned copy, or NULL */
    size_t temp_directory_size;
    const tni_kernels *kernels;
    tni_catalog *catalog;
    tni_scheduler *scheduler;
    tni_accelerator *accelerator;  /* NULL: this build has none */
    tni_policy policy;
    char *pipeline_cache;          /* owned copy, or NULL */
    size_t pipeline_cache_size;
    tni_mutex mutex;               /* settings, math, error, seed */
    tni_settings settings;
    uint32_t threads;              /* SET threads */
    tni_math math;
    tni_atomic_i32 interrupted;    /* calls of trueno_interrupt: a query ends when it grows */
    tni_atomic_i64 seed;           /* counts on from setseed() */
    tni_error error;               /* of calls that return only a status */
};

struct trueno_stmt {
    trueno_db *db;
    char *sql;
    size_t length;
    tni_arena arena;               /* syntax tree and parameter names */
    tni_ast_statement *statement;
    uint32_t parameter_count;
    const char **names;            /* [parameter_count], NULL for unnamed */
    tni_value *values;             /* [parameter_count] */
    char **texts;                  /* owned bytes of bound strings */
    size_t *text_sizes;
};

typedef struct tni_session {
    trueno_db *db;
    tni_env env;
    tni_settings settings;
    tni_arena arena;
    tni_bind_context bind;
    tni_run run;
    const char *sql;               /* the whole text; positions refer to it */
    size_t length;
    const tni_value *parameters;
    uint32_t parameter_count;
    int64_t started;
    double parse_seconds, plan_seconds;
} tni_session;

TNI_FN void tni_session_begin(tni_session *session, trueno_db *db, const char *sql, size_t length);
TNI_FN void tni_session_end(tni_session *session);
/* Keep the error of a call that returns only a status for trueno_error; gives the status back. */
TNI_FN trueno_status tni_database_remember(trueno_db *db, tni_error *error, trueno_status status);
/* Run one statement into `result` (fresh from tni_result_new). */
TNI_FN trueno_status tni_session_execute(tni_session *session, const tni_ast_statement *statement,
                                         trueno_result *result, tni_error *error);
/* Parse and run all of `sql`; never NULL. */
TNI_FN trueno_result *tni_database_query(trueno_db *db, const char *sql, size_t length,
                                         const tni_value *parameters, uint32_t parameter_count);
/* Bind a query; loads what the plan needs (math). */
TNI_FN trueno_status tni_session_bind(tni_session *session, const tni_ast_query *query,
                                      tni_plan **out, tni_error *error);
/* A result of constant rows: values[row * columns + column]. */
TNI_FN trueno_status tni_session_values(tni_session *session, const char *const *names,
                                        const tni_type *types, uint32_t columns,
                                        tni_value *values, uint64_t rows, trueno_result *result,
                                        tni_error *error);
/* Run a plan into the result. */
TNI_FN trueno_status tni_session_rows(tni_session *session, const tni_plan *plan,
                                      trueno_result *result, tni_error *error);

/* statement_keys.c: the keys of a table just put in the catalogue, an index of a table, and whether
 * a table's next version keeps its keys unique */
TNI_FN trueno_status tni_create_keys(tni_session *session, const tni_ast_statement *statement,
                                     tni_error *error);
TNI_FN trueno_status tni_create_index_of(tni_session *session, const tni_ast_statement *statement,
                                         tni_table *table, tni_error *error);
TNI_FN trueno_status tni_check_unique(tni_session *session, tni_table *next, tni_error *error);
/* statement_describe.c */
TNI_FN trueno_status tni_statement_describe(tni_session *session,
                                            const tni_ast_statement *statement,
                                            trueno_result *result, tni_error *error);
TNI_FN trueno_status tni_statement_summarize(tni_session *session,
                                             const tni_ast_statement *statement,
                                             trueno_result *result, tni_error *error);
TNI_FN trueno_status tni_statement_explain(tni_session *session,
                                           const tni_ast_statement *statement,
                                           trueno_result *result, tni_error *error);
TNI_FN trueno_status tni_statement_show(tni_session *session, const tni_ast_statement *statement,
                                        trueno_result *result, tni_error *error);
/* load.c: the statement that trueno_load stands for, added to `sql` */
TNI_FN trueno_status tni_load_statement(tni_memory *memory, const char *name, const char *path,
                                        const char *text, tni_text *sql, tni_error *error);
/* statement_copy.c */
TNI_FN trueno_status tni_statement_copy(tni_session *session, const tni_ast_statement *statement,
                                        trueno_result *result, tni_error *error);
/* statement_settings.c */
TNI_FN trueno_status tni_statement_set(tni_session *session, const tni_ast_statement *statement,
                                       tni_error *error);
/* Visit settings: name, current value as text, doc line. */
TNI_FN void tni_settings_visit(trueno_db *db, bool (*visit)(void *user, const char *name,
                                                            const char *value, const char *doc),
                               void *user);

#endif
