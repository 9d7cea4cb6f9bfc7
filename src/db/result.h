/*
 * result.h - what a query leaves behind, and the memory account it shares with its database.
 *
 * A result owns its rows (a sealed collection), names and report, and holds a reference to the
 * account, so it stays readable after trueno_close; so do Arrow streams made from it. When even
 * the result cannot be allocated, tni_result_new gives a constant one that says so: every public
 * function accepts it.
 */
#ifndef TNI_DB_RESULT_H
#define TNI_DB_RESULT_H

#include "column/table.h"

/* The database's memory, alive until the last of database, results and exports is gone. */
typedef struct tni_account {
    tni_atomic_i32 references;
    tni_memory memory;
    tni_memory_cache cache; /* with the system's allocator */
} tni_account;

/* `allocator` as in trueno_config (may be NULL), `limit` bytes (0: none). */
TNI_FN trueno_status tni_account_new(const trueno_allocator *allocator, uint64_t limit,
                                     tni_account **out);
TNI_FN tni_account *tni_account_retain(tni_account *account);
TNI_FN void tni_account_release(tni_account *account); /* NULL is fine */

/* What a cell getter made for the caller, by column and block. */
typedef struct tni_result_cache {
    const char ***texts; /* [block][row]: NULL until asked for */
    trueno_text **views; /* [block]: strings as trueno_text */
} tni_result_cache;

struct trueno_result {
    tni_account *account; /* NULL: the constant out-of-memory result */
    tni_memory *memory;
    trueno_status status;
    uint32_t position;   /* of the error in the SQL text, or TNI_NO_POSITION */
    const char *message; /* "" when OK */
    char *sql;           /* of a failed query; NULL: none */
    size_t sql_length;
    char *report;         /* made when asked for */
    tni_arena arena;      /* names, info, and what the cell getters make */
    tni_collection *rows; /* sealed; NULL: no columns */
    const char **names;
    const char **type_names;
    tni_result_cache *cache; /* [column_count]; NULL until needed */
    uint64_t rows_changed;
    trueno_info info;
};

/* An OK result without columns. Never NULL; a NULL account gives a constant MISUSE result. */
TNI_FN trueno_result *tni_result_new(tni_account *account);
/* Make it a failed one: `error` is copied, and the SQL text for the report (may be NULL; its
 * first byte is position 0). Rows that were set are dropped. */
TNI_FN void tni_result_fail(trueno_result *result, const tni_error *error, const char *sql,
                            size_t length);
/* Give it rows, whose memory must be the account's; the reference is taken over, on failure too.
 * Names are copied. Seals the collection. */
TNI_FN trueno_status tni_result_set_rows(trueno_result *result, tni_collection *rows,
                                         const char *const *names, tni_error *error);
TNI_FN void tni_result_set_changed(trueno_result *result, uint64_t rows);
/* How it ran: everything is copied. */
TNI_FN trueno_status tni_result_set_info(trueno_result *result, const trueno_info *info,
                                         tni_error *error);

/* ---- between result.c and its siblings ---- */
TNI_FN bool tni_result_is_constant(const trueno_result *result);
/* The physical value of a cell; NULL when it is NULL or does not exist. */
TNI_FN const void *tni_result_cell(const trueno_result *result, uint64_t row, uint32_t column,
                                   tni_type *type);

#endif
