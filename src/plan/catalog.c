/*
 * catalog.c - the names of tables and views.
 *
 * One mutex guards a list of entries sorted by case-folded name; a reader takes a reference under
 * it and works on the immutable version it got. A name is either a table or a view. Indexes have
 * names of their own and are dropped with their table.
 *
 * Uses: base/, column/table.h.
 */
#include "plan/catalog.h"

typedef struct tni_catalog_entry {
    tni_table *table; /* one of the two is set; a reference */
    tni_view *view;
} tni_catalog_entry;

/* One allocation: the struct, then its four texts. */
typedef struct tni_catalog_index {
    size_t size;
    const char *name; /* NULL: a key */
    const char *table, *keys, *query;
} tni_catalog_index;

struct tni_catalog {
    tni_memory *memory;
    tni_mutex mutex;
    tni_catalog_entry *entries;
    size_t count, capacity;
    tni_catalog_index **indexes;
    size_t index_count, index_capacity;
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

/* ---- indexes: the caller holds the lock ---- */

static tni_catalog_index *tni_catalog_find_index(const tni_catalog *catalog, const char *name) {
    size_t i;
    for (i = 0; i < catalog->index_count; i++) {
        const char *other = catalog->indexes[i]->name;
        if (other && other[0] && tni_catalog_compare(other, name) == 0) {
            return catalog->indexes[i];
        }
    }
    return NULL;
}

/* Forget the index, or all those of a table. */
static void tni_catalog_forget(tni_catalog *catalog, const tni_catalog_index *index,
                               const char *table) {
    size_t i, kept = 0;
    for (i = 0; i < catalog->index_count; i++) {
        tni_catalog_index *at = catalog->indexes[i];
        if (at == index || (table && tni_catalog_compare(at->table, table) == 0)) {
            tni_free(catalog->memory, at, at->size);
        } else {
            catalog->indexes[kept++] = at;
        }
    }
    catalog->index_count = kept;
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
    for (i = 0; i < catalog->index_count; i++) {
        tni_free(catalog->memory, catalog->indexes[i], catalog->indexes[i]->size);
    }
    tni_free(catalog->memory, catalog->indexes,
             catalog->index_capacity * sizeof *catalog->indexes);
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
    if (status == TRUENO_OK && !expected) {
        tni_catalog_forget(catalog, NULL, table->source.name); /* those of what was replaced */
    }
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
            tni_hint hint = tni_hint_of(name);
            for (at = 0; at < catalog->count; at++) {
                tni_hint_offer(&hint, tni_catalog_entry_name(&catalog->entries[at]));
            }
            status = tni_fail(error, TRUENO_ERROR_CATALOG,
                              "%s \"%s\" does not exist" TNI_HINT_FORMAT,
                              view ? "view" : "table", name, TNI_HINT_ARGUMENTS(hint));
        }
    } else if ((catalog->entries[at].view != NULL) != view) {
        status = tni_fail(error, TRUENO_ERROR_CATALOG, "\"%s\" is a %s: use DROP %s", name,
                          view ? "table" : "view", view ? "TABLE" : "VIEW");
    } else {
        old = catalog->entries[at];
        memmove(catalog->entries + at, catalog->entries + at + 1,
                (catalog->count - at - 1) * sizeof *catalog->entries);
        catalog->count--;
        tni_catalog_forget(catalog, NULL, name);
    }
    tni_mutex_unlock(&catalog->mutex);
    tni_catalog_entry_release(&old);
    return status;
}

static tni_catalog_index *tni_catalog_index_new(tni_memory *memory, const char *const texts[4]) {
    tni_catalog_index *index;
    size_t size = sizeof *index, lengths[4], i;
    char *at;
    for (i = 0; i < 4; i++) {
        lengths[i] = texts[i] ? strlen(texts[i]) + 1 : 0;
        if (!tni_size_add(size, lengths[i], &size)) {
            return NULL;
        }
    }
    index = (tni_catalog_index *)tni_alloc_zero(memory, size);
    if (!index) {
        return NULL;
    }
    index->size = size;
    at = (char *)(index + 1);
    index->name = texts[0] ? at : NULL;
    index->table = at + lengths[0];
    index->keys = index->table + lengths[1];
    index->query = index->keys + lengths[2];
    for (i = 0; i < 4; i++) {
        if (texts[i]) {
            memcpy(at, texts[i], lengths[i]);
        }
        at += lengths[i];
    }
    return index;
}

/* Under the lock; the index is taken over on success. */
static trueno_status tni_catalog_add_index(tni_catalog *catalog, tni_catalog_index *index,
                                           tni_error *error) {
    void *items = catalog->indexes;
    trueno_status status;
    bool found;
    size_t at = tni_catalog_search(catalog, index->table, &found);
    if (!found || !catalog->entries[at].table) {
        return tni_fail(error, TRUENO_ERROR_CATALOG, "table \"%s\" does not exist", index->table);
    }
    if (index->name && index->name[0] && tni_catalog_find_index(catalog, index->name)) {
        return tni_fail(error, TRUENO_ERROR_CATALOG,
                        "index \"%s\" exists already (IF NOT EXISTS keeps it)", index->name);
    }
    status = tni_grow(catalog->memory, &items, &catalog->index_capacity, catalog->index_count + 1,
                      sizeof *catalog->indexes, error);
    catalog->indexes = (tni_catalog_index **)items;
    if (status == TRUENO_OK) {
        catalog->indexes[catalog->index_count++] = index;
    }
    return status;
}

TNI_FN trueno_status tni_catalog_put_index(tni_catalog *catalog, const char *name,
                                           const char *table, const char *keys, const char *query,
                                           tni_error *error) {
    const char *texts[4];
    tni_catalog_index *index;
    trueno_status status;
    texts[0] = name;
    texts[1] = table;
    texts[2] = keys;
    texts[3] = query ? query : "";
    index = tni_catalog_index_new(catalog->memory, texts);
    if (!index) {
        return tni_memory_fail(catalog->memory, sizeof *index, error);
    }
    tni_mutex_lock(&catalog->mutex);
    status = tni_catalog_add_index(catalog, index, error);
    tni_mutex_unlock(&catalog->mutex);
    if (status != TRUENO_OK) {
        tni_free(catalog->memory, index, index->size);
    }
    return status;
}

TNI_FN bool tni_catalog_has_index(tni_catalog *catalog, const char *name) {
    bool found;
    tni_mutex_lock(&catalog->mutex);
    found = tni_catalog_find_index(catalog, name) != NULL;
    tni_mutex_unlock(&catalog->mutex);
    return found;
}

TNI_FN trueno_status tni_catalog_drop_index(tni_catalog *catalog, const char *name, bool if_exists,
                                            tni_error *error) {
    tni_catalog_index *index;
    tni_mutex_lock(&catalog->mutex);
    index = tni_catalog_find_index(catalog, name);
    if (index) {
        tni_catalog_forget(catalog, index, NULL);
    }
    tni_mutex_unlock(&catalog->mutex);
    return index || if_exists
               ? TRUENO_OK
               : tni_fail(error, TRUENO_ERROR_CATALOG, "index \"%s\" does not exist", name);
}

TNI_FN trueno_status tni_catalog_unique_key(tni_catalog *catalog, const char *table,
                                            uint32_t which, tni_arena *arena, const char **keys,
                                            const char **query, tni_error *error) {
    const tni_catalog_index *index = NULL;
    size_t i, length = 0;
    *keys = *query = NULL;
    tni_mutex_lock(&catalog->mutex);
    for (i = 0; i < catalog->index_count; i++) {
        index = catalog->indexes[i];
        if (index->query[0] && tni_catalog_compare(index->table, table) == 0 && which-- == 0) {
            length = strlen(index->query) + strlen(index->keys);
            *keys = tni_arena_text(arena, index->keys, strlen(index->keys));
            *query = tni_arena_text(arena, index->query, strlen(index->query));
            break;
        }
    }
    tni_mutex_unlock(&catalog->mutex);
    return length == 0 || (*keys && *query) ? TRUENO_OK
                                            : tni_memory_fail(arena->memory, length, error);
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
