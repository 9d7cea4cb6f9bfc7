/* catalog.h - tables and views by name (case-insensitive), safe for several threads. */
#ifndef TNI_PLAN_CATALOG_H
#define TNI_PLAN_CATALOG_H

#include "column/table.h"
#include "sql/ast.h"

typedef struct tni_view {
    tni_atomic_i32 references;
    tni_memory *memory;
    char *name;
    char *sql;             /* the SELECT text */
    char **columns;        /* aliases, may be NULL */
    uint32_t column_count;
} tni_view;

typedef struct tni_catalog tni_catalog;

TNI_FN trueno_status tni_catalog_new(tni_memory *memory, tni_catalog **out, tni_error *error);
TNI_FN void tni_catalog_free(tni_catalog *catalog);
/* A new reference to the table or the view of that name; both NULL when there is none. */
TNI_FN void tni_catalog_find(tni_catalog *catalog, const char *name, tni_table **table,
                             tni_view **view);
/* Put a table (reference taken over on success) under its source name. `expected` non-NULL:
 * only if that version is still current (INSERT); else nothing changes, *stale = true, OK is
 * returned, the reference stays the caller's, and the caller retries. */
TNI_FN trueno_status tni_catalog_put_table(tni_catalog *catalog, tni_table *table,
                                           tni_table *expected, bool replace, bool *stale,
                                           tni_error *error);
TNI_FN trueno_status tni_catalog_put_view(tni_catalog *catalog, const char *name, const char *sql,
                                          size_t sql_length, const char *const *columns,
                                          uint32_t column_count, bool replace, tni_error *error);
TNI_FN trueno_status tni_catalog_drop(tni_catalog *catalog, const char *name, bool view,
                                      bool if_exists, tni_error *error);
/* An index: its name ("" none, NULL a key of CREATE TABLE), what it covers as SQL, and the query
 * that gives a row when it is not unique, "" when it need not be. It goes with its table. */
TNI_FN trueno_status tni_catalog_put_index(tni_catalog *catalog, const char *name,
                                           const char *table, const char *keys, const char *query,
                                           tni_error *error);
TNI_FN bool tni_catalog_has_index(tni_catalog *catalog, const char *name);
TNI_FN trueno_status tni_catalog_drop_index(tni_catalog *catalog, const char *name, bool if_exists,
                                            tni_error *error);
/* Unique key number `which` of the table, copied; *keys NULL when there are fewer. */
TNI_FN trueno_status tni_catalog_unique_key(tni_catalog *catalog, const char *table,
                                            uint32_t which, tni_arena *arena, const char **keys,
                                            const char **query, tni_error *error);
TNI_FN void tni_view_release(tni_view *view);
/* Visit names in alphabetical order, under the catalogue's lock. */
TNI_FN void tni_catalog_visit(tni_catalog *catalog,
                              void (*visit)(void *user, const tni_table *table,
                                            const tni_view *view),
                              void *user);
/* The existing name nearest to `name` for a hint; "" when none is near. */
TNI_FN void tni_catalog_nearest(tni_catalog *catalog, const char *name, char *out, size_t size);

#endif
