/*
 * catalog.c - the names of tables and views.
 *
 * One mutex guards a list of entries sorted by case-folded name; a reader takes a reference under
 * it and works on the immutable version it got. A name is either a table or a view.
 *
 * Uses: base/, column/table.h.
 */
#include "plan/catalog.h"

typedef struct tni_catalog_entry {
    tni_table *table; /* one of the two is set; a reference */
    tni_view *view;
} tni_catalog_entry;

struct tni_catalog {
    tni_memory *memory;
    tni_mutex mutex;
    tni_catalog_entry *entries;
    size_t count, capacity;
};

static const char *tni_catalog_entry_name(const tni_catalog_entry *entry) {
    return entry->table ? entry->table->source.name : entry->view->name;
}

static unsigned char tni_catalog_fold(char c) {
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? (unsigned char)(u + 32) : u;
}

static int tni_catalog_compare(const char *a, const char *b) {
    while (*a && tni_catalog_fold(*a) == tni_catalog_fold(*b)) {
        a++;
        b++;
    }
    return (int)tni_catalog_fold(*a) - (int)tni_catalog_fold(*b);
}

/* Where `name` is or would be inserted; *found tells which. */
static size_t tni_catalog_search(const tni_catalog *catalog, const char *name, bool *found) {
    size_t low = 0, high = catalog->count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = tni_catalog_compare(tni_catalog_entry_name(&catalog->entries[middle]), name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void tni_catalog_entry_release(tni_catalog_entry *entry) {
    if (entry->table) {
        tni_source_release(&entry->table->source);
    }
    tni_view_release(entry->view);
}

TNI_FN trueno_status tni_catalog_new(tni_memory *memory, tni_catalog **out, tni_error *error) {
    tni_catalog *catalog = (tni_catalog *)tni_alloc_zero(memory, sizeof *catalog);
    *out = NULL;
    if (!catalog) {
        return tni_memory_fail(memory, sizeof *catalog, error);
    }
    catalog->memory = memory;
    if (!tni_mutex_init(&catalog->mutex)) {
        tni_free(memory, catalog, sizeof *catalog);
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "the system gave no mutex");
    }
    *out = catalog;
    return TRUENO_OK;
}

TNI_FN void tni_catalog_free(tni_catalog *catalog) {
    size_t i;
    if (!catalog) {
        return;
    }
    for (i = 0; i < catalog->count; i++) {
        tni_catalog_entry_release(&catalog->entries[i]);
    }
    tni_free(catalog->memory, catalog->entries, catalog->capacity * sizeof *catalog->entries);
    tni_mutex_free(&catalog->mutex);
    tni_free(catalog->memory, catalog, sizeof *catalog);
}

TNI_FN void tni_catalog_find(tni_catalog *catalog, const char *name, tni_table **table,
                             tni_view **view) {
    size_t at;
    bool found;
    *table = NULL;
    *view = NULL;
    tni_mutex_lock(&catalog->mutex);
    at = tni_catalog_search(catalog, name, &found);
    if (found && catalog->entries[at].table) {
        *table = catalog->entries[at].table;
        tni_source_retain(&(*table)->source);
    } else if (found) {
        *view = catalog->entries[at].view;
        tni_atomic_add_i32(&(*view)->references, 1);
    }
    tni_mutex_unlock(&catalog->mutex);
}

/* Put `entry` at `name` under the lock; what it replaces goes to *old. */
static trueno_status tni_catalog_place(tni_catalog *catalog, const char *name,
                                       tni_catalog_entry entry, bool replace,
                                       tni_catalog_entry *old, tni_error *error) {
    bool found;
    size_t at = tni_catalog_search(catalog, name, &found);
    void *items = catalog->entries;
    if (found) {
        bool is_view = catalog->entries[at].view != NULL;
        if (is_view != (entry.view != NULL)) {
            return tni_fail(error, TRUENO_ERROR_CATALOG, "\"%s\" already exists as a %s", name,
                            is_view ? "view" : "table");
        }
        if (!replace) {
            return tni_fail(error, TRUENO_ERROR_CATALOG, "%s \"%s\" already exists",
                            is_view ? "view" : "table", name);
        }
        *old = catalog->entries[at];
        catalog->entries[at] = entry;
        return TRUENO_OK;
    }
    TNI_TRY(tni_grow(catalog->memory, &items, &catalog->capacity, catalog->count + 1,
                     sizeof *catalog->entries, error));
    catalog->entries = (tni_catalog_entry *)items;
    memmove(catalog->entries + at + 1, catalog->entries + at,
            (catalog->count - at) * sizeof *catalog->entries);
    catalog->entries[at] = entry;
    catalog->count++;
    return TRUENO_OK;
}

TNI_FN trueno_status tni_catalog_put_table(tni_catalog *catalog, tni_table *table,
                                           tni_table *expected, bool replace, bool *stale,
                                           tni_error *error) {
    tni_catalog_entry entry, old;
    trueno_status status;
    memset(&entry, 0, sizeof entry);
    memset(&old, 0, sizeof old);
    entry.table = table;
    if (stale) {
        *stale = false;
    }
    tni_mutex_lock(&catalog->mutex);
    if (expected) {
        bool found;
        size_t at = tni_catalog_search(catalog, table->source.name, &found);
        if (!found || catalog->entries[at].table != expected) {
            tni_mutex_unlock(&catalog->mutex);
            if (stale) {
                *stale = true;
                return TRUENO_OK;
            }
            return tni_fail(error, TRUENO_ERROR_CATALOG,
                            "table \"%s\" was changed by another statement", table->source.name);
        }
    }
    status = tni_catalog_place(catalog, table->source.name, entry, replace || expected, &old,
                               error);
    tni_mutex_unlock(&catalog->mutex);
    tni_catalog_entry_release(&old);
    return status;
}

static char *tni_catalog_copy(tni_memory *memory, const char *text, size_t length) {
    char *copy = (char *)tni_alloc(memory, length + 1);
    if (copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

static void tni_catalog_text_free(tni_memory *memory, char *text) {
    if (text) {
        tni_free(memory, text, strlen(text) + 1);
    }
}

TNI_FN void tni_view_release(tni_view *view) {
    uint32_t i;
    if (!view || tni_atomic_add_i32(&view->references, -1) != 1) {
        return;
    }
    for (i = 0; view->columns && i < view->column_count; i++) {
        tni_catalog_text_free(view->memory, view->columns[i]);
    }
    tni_free(view->memory, view->columns, view->column_count * sizeof *view->columns);
    tni_catalog_text_free(view->memory, view->name);
    tni_catalog_text_free(view->memory, view->sql);
    tni_free(view->memory, view, sizeof *view);
}

static bool tni_view_fill(tni_view *view, const char *name, const char *sql, size_t sql_length,
                          const char *const *columns, uint32_t column_count) {
    uint32_t i;
    view->name = tni_catalog_copy(view->memory, name, strlen(name));
    view->sql = tni_catalog_copy(view->memory, sql, sql_length);
    if (!view->name || !view->sql) {
        return false;
    }
    if (column_count == 0) {
        return true;
    }
    view->columns =
        (char **)tni_alloc_zero(view->memory, (size_t)column_count * sizeof *view->columns);
    if (!view->columns) {
        return false;
    }
    view->column_count = column_count;
    for (i = 0; i < column_count; i++) {
        view->columns[i] = tni_catalog_copy(view->memory, columns[i], strlen(columns[i]));
        if (!view->columns[i]) {
            return false;
        }
    }
    return true;
}

TNI_FN trueno_status tni_catalog_put_view(tni_catalog *catalog, const char *name, const char *sql,
                                          size_t sql_length, const char *const *columns,
                                          uint32_t column_count, bool replace, tni_error *error) {
    tni_catalog_entry entry, old;
    trueno_status status;
    tni_view *view = (tni_view *)tni_alloc_zero(catalog->memory, sizeof *view);
    if (!view) {
        return tni_memory_fail(catalog->memory, sizeof *view, error);
    }
    view->memory = catalog->memory;
    tni_atomic_store_i32(&view->references, 1);
    if (!tni_view_fill(view, name, sql, sql_length, columns, column_count)) {
        tni_view_release(view);
        return tni_memory_fail(catalog->memory, sql_length, error);
    }
    memset(&entry, 0, sizeof entry);
    memset(&old, 0, sizeof old);
    entry.view = view;
    tni_mutex_lock(&catalog->mutex);
    status = tni_catalog_place(catalog, name, entry, replace, &old, error);
    tni_mutex_unlock(&catalog->mutex);
    if (status != TRUENO_OK) {
        tni_view_release(view);
    }
    tni_catalog_entry_release(&old);
    return status;
}

TNI_FN trueno_status tni_catalog_drop(tni_catalog *catalog, const char *name, bool view,
                                      bool if_exists, tni_error *error) {
    tni_catalog_entry old;
    trueno_status status = TRUENO_OK;
    size_t at;
    bool found;
    memset(&old, 0, sizeof old);
    tni_mutex_lock(&catalog->mutex);
    at = tni_catalog_search(catalog, name, &found);
    if (!found) {
        if (!if_exists) {
            status = tni_fail(error, TRUENO_ERROR_CATALOG, "%s \"%s\" does not exist",
                              view ? "view" : "table", name);
        }
    } else if ((catalog->entries[at].view != NULL) != view) {
        status = tni_fail(error, TRUENO_ERROR_CATALOG, "\"%s\" is a %s: use DROP %s", name,
                          view ? "table" : "view", view ? "TABLE" : "VIEW");
    } else {
        old = catalog->entries[at];
        memmove(catalog->entries + at, catalog->entries + at + 1,
                (catalog->count - at - 1) * sizeof *catalog->entries);
        catalog->count--;
    }
    tni_mutex_unlock(&catalog->mutex);
    tni_catalog_entry_release(&old);
    return status;
}

TNI_FN void tni_catalog_visit(tni_catalog *catalog,
                              void (*visit)(void *user, const tni_table *table,
                                            const tni_view *view),
                              void *user) {
    size_t i;
    tni_mutex_lock(&catalog->mutex);
    for (i = 0; i < catalog->count; i++) {
        visit(user, catalog->entries[i].table, catalog->entries[i].view);
    }
    tni_mutex_unlock(&catalog->mutex);
}

TNI_FN void tni_catalog_nearest(tni_catalog *catalog, const char *name, char *out, size_t size) {
    size_t i, length = strlen(name);
    uint32_t best = (uint32_t)TNI_MIN(length / 3 + 2, (size_t)5);
    if (size == 0) {
        return;
    }
    out[0] = '\0';
    tni_mutex_lock(&catalog->mutex);
    for (i = 0; i < catalog->count; i++) {
        const char *candidate = tni_catalog_entry_name(&catalog->entries[i]);
        uint32_t distance = tni_edit_distance(name, candidate, best);
        size_t candidate_length = strlen(candidate);
        if (distance < best && candidate_length < size) {
            best = distance;
            memcpy(out, candidate, candidate_length + 1);
        }
    }
    tni_mutex_unlock(&catalog->mutex);
}
