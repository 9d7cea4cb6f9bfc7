/*
 * bind_path.c - files in FROM: paths, globs, lists of them, and the options of read_csv(...) and
 * read_parquet(...); glob(...).
 *
 * The format follows the name, then the first bytes. Globs go through the host's file callbacks;
 * their matches are sorted, so that the rows of a query have one order. What is known per file
 * (the keys in its path, its name) becomes columns of a source around the format's (files.h).
 *
 * Uses: base/, column/source.h, format/, plan/bind_internal.h.
 */
#include "plan/bind_internal.h"
#include "format/csv/csv.h"
#include "format/files.h"
#include "format/parquet/parquet.h"

typedef struct tni_path_list {
    tni_binder *binder;
    const char **items;
    uint32_t count, capacity;
    bool failed;
    bool may_be_empty; /* a glob that nothing matches is no error */
} tni_path_list;

/* What the options of a call say about columns that no file holds. */
typedef struct tni_path_columns {
    const char *filename;     /* the column's name; NULL: none */
    bool hive, no_hive;       /* asked for, forbidden; neither: when every path has the same keys */
    bool hive_as_text;        /* hive_types_autocast = false */
    bool row_number;
    bool by_name;             /* Parquet: union_by_name = true (CSV has its own) */
    uint32_t position;        /* of the option to blame */
} tni_path_columns;

typedef enum tni_path_format {
    TNI_PATH_CSV,
    TNI_PATH_PARQUET,
    TNI_PATH_JSON, /* refused */
    TNI_PATH_UNKNOWN
} tni_path_format;

static void tni_path_add(void *context, const char *path) {
    tni_path_list *list = (tni_path_list *)context;
    tni_binder *binder = list->binder;
    if (list->failed) {
        return;
    }
    if (list->count == list->capacity) {
        uint32_t capacity = TNI_MAX(list->capacity * 2, 8u);
        const char **grown = (const char **)tni_binder_alloc(binder, capacity, sizeof *grown);
        if (!grown) {
            list->failed = true;
            return;
        }
        if (list->count) {
            memcpy(grown, list->items, list->count * sizeof *grown);
        }
        list->items = grown;
        list->capacity = capacity;
    }
    list->items[list->count] = tni_arena_text(binder->arena, path, strlen(path));
    if (!list->items[list->count++]) {
        (void)tni_memory_fail(binder->arena->memory, strlen(path), binder->error);
        list->failed = true;
    }
}

static void tni_path_sort(const char **items, uint32_t count) {
    uint32_t gap, i, k;
    for (gap = count / 2; gap > 0; gap /= 2) {
        for (i = gap; i < count; i++) {
            const char *moved = items[i];
            for (k = i; k >= gap && strcmp(items[k - gap], moved) > 0; k -= gap) {
                items[k] = items[k - gap];
            }
            items[k] = moved;
        }
    }
}

static bool tni_path_fail(tni_binder *binder, trueno_status status, uint32_t position,
                          const char *path, const char *what) {
    (void)tni_fail_at(binder->error, status, position, "%s: %s", path, what);
    return false;
}

/* A path without a glob, for a list that may be empty: only when there is such a file. */
static bool tni_path_add_present(tni_path_list *list, const char *path, uint32_t position) {
    const trueno_files *files = list->binder->env->files;
    void *file = NULL;
    int code = files->open(files->user, path, TRUENO_FILE_READ, &file);
    if (code == 0) {
        (void)files->close(files->user, file);
        tni_path_add(list, path);
        return !list->failed;
    }
    return tni_files_is_absent(code) ||
           tni_path_fail(list->binder, TRUENO_ERROR_IO, position, path, tni_files_error_text(code));
}

/* Append what a path or glob means. */
static bool tni_path_expand(tni_path_list *list, const char *path, uint32_t position) {
    tni_binder *binder = list->binder;
    const trueno_files *files = binder->env->files;
    uint32_t before = list->count;
    int code;
    if (binder->env->no_file_access) {
        return tni_path_fail(binder, TRUENO_ERROR_IO, position, path,
                             "this database may not read files");
    }
    if (!tni_path_has_glob(path)) {
        if (list->may_be_empty) {
            return tni_path_add_present(list, path, position);
        }
        tni_path_add(list, path);
        return !list->failed;
    }
    if (!files->list) {
        return tni_path_fail(binder, TRUENO_ERROR_UNSUPPORTED, position, path,
                             "the host's files cannot be listed, so globs do not work");
    }
    code = files->list(files->user, path, tni_path_add, list);
    if (list->failed) {
        return false;
    }
    if (code != 0 && !tni_files_is_absent(code)) {
        return tni_path_fail(binder, TRUENO_ERROR_IO, position, path, tni_files_error_text(code));
    }
    if (list->count == before) {
        if (list->may_be_empty) {
            return true;
        }
        return tni_path_fail(binder, TRUENO_ERROR_IO, position, path, "no file matches");
    }
    tni_path_sort(list->items + before, list->count - before);
    return !list->failed;
}

/* ---- formats ---- */

static bool tni_bind_path_ends(const char *path, size_t length, const char *suffix) {
    size_t n = strlen(suffix);
    return length >= n && tni_name_equal_n(path + length - n, n, suffix, n);
}

static tni_path_format tni_path_by_name(const char *path) {
    static const char *const packed[] = {".gz", ".gzip", ".zst", ".zstd"};
    static const char *const text[] = {".csv", ".tsv", ".tab", ".txt", ".psv"};
    static const char *const parquet[] = {".parquet", ".parq", ".pq"};
    static const char *const json[] = {".json", ".jsonl", ".ndjson", ".geojson"};
    size_t length = strlen(path), i;
    for (i = 0; i < TNI_COUNT_OF(packed); i++) {
        if (tni_bind_path_ends(path, length, packed[i])) {
            length -= strlen(packed[i]);
            break;
        }
    }
    for (i = 0; i < TNI_COUNT_OF(text); i++) {
        if (tni_bind_path_ends(path, length, text[i])) {
            return TNI_PATH_CSV;
        }
    }
    for (i = 0; i < TNI_COUNT_OF(parquet); i++) {
        if (tni_bind_path_ends(path, length, parquet[i])) {
            return TNI_PATH_PARQUET;
        }
    }
    for (i = 0; i < TNI_COUNT_OF(json); i++) {
        if (tni_bind_path_ends(path, length, json[i])) {
            return TNI_PATH_JSON;
        }
    }
    return TNI_PATH_UNKNOWN;
}

/* A Parquet file begins with PAR1; everything else is taken for text. */
static tni_path_format tni_path_by_content(const tni_binder *binder, const char *path) {
    const trueno_files *files = binder->env->files;
    char magic[4] = {0, 0, 0, 0};
    size_t done = 0;
    void *file = NULL;
    if (files->open(files->user, path, TRUENO_FILE_READ, &file) != 0) {
        return TNI_PATH_CSV;
    }
    (void)files->read(files->user, file, 0, magic, sizeof magic, &done);
    (void)files->close(files->user, file);
    return done == sizeof magic && memcmp(magic, "PAR1", 4) == 0 ? TNI_PATH_PARQUET
                                                                 : TNI_PATH_CSV;
}

static trueno_status tni_path_open(tni_binder *binder, const tni_path_list *list,
                                   tni_path_format format, tni_csv_options *options,
                                   tni_source **out) {
    tni_csv_options defaults;
    if (format == TNI_PATH_UNKNOWN) {
        format = tni_path_by_name(list->items[0]);
    }
    if (format == TNI_PATH_UNKNOWN) {
        format = tni_path_by_content(binder, list->items[0]);
    }
    if (format == TNI_PATH_JSON) {
        return tni_fail(binder->error, TRUENO_ERROR_UNSUPPORTED,
                        "%s: JSON files cannot be read in this version", list->items[0]);
    }
    if (format == TNI_PATH_PARQUET) {
        return tni_parquet_open(binder->env, list->items, list->count, out, binder->error);
    }
    if (!options) {
        tni_csv_options_init(&defaults, binder->arena);
        options = &defaults;
    }
    return tni_csv_open(binder->env, list->items, list->count, options, out, binder->error);
}

static trueno_status tni_path_placed(tni_binder *binder, trueno_status status,
                                     uint32_t position) {
    if (status != TRUENO_OK && binder->error->position == TNI_NO_POSITION) {
        binder->error->position = position;
    }
    return status;
}

/* ---- columns of the files themselves ---- */

/* The paths as values, or NULL. */
static tni_value *tni_path_names(const tni_path_list *list) {
    tni_type type = tni_type_make(TRUENO_TYPE_VARCHAR);
    tni_value *values =
        (tni_value *)tni_binder_alloc(list->binder, list->count, sizeof *values);
    uint32_t i;
    for (i = 0; values && i < list->count; i++) {
        values[i] = tni_value_string(type, tni_string_c(list->items[i]));
    }
    return values;
}

static bool tni_path_hive(const tni_path_list *list, const tni_path_columns *wanted,
                          tni_file_column **out, uint32_t *count) {
    tni_binder *binder = list->binder;
    uint32_t differs;
    *out = NULL;
    *count = 0;
    if (wanted->no_hive) {
        return true;
    }
    if (!tni_hive_columns(binder->arena, list->items, list->count, !wanted->hive_as_text, out,
                          count, &differs)) {
        (void)tni_memory_fail(binder->arena->memory, list->count * sizeof(tni_value),
                              binder->error);
        return false;
    }
    if (wanted->hive && differs != UINT32_MAX) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER, wanted->position,
                          "%s: the folders of the path name other keys than those of %s",
                          list->items[differs], list->items[0]);
        return false;
    }
    return true;
}

static bool tni_path_taken(tni_binder *binder, const tni_source *source, const char *name,
                           uint32_t position) {
    uint32_t i;
    for (i = 0; i < source->field_count; i++) {
        if (tni_name_equal(source->fields[i].name, name)) {
            (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER, position,
                              "%s: the files have a column \"%s\" already", source->name, name);
            return true;
        }
    }
    return false;
}

/* Columns for all files of the list: rows' numbers, names, then the keys of the paths. */
static bool tni_path_make_columns(const tni_path_list *list, const tni_path_columns *wanted,
                                  tni_file_column **out, uint32_t *count) {
    tni_binder *binder = list->binder;
    tni_file_column *hive, *columns;
    uint32_t keys, n = 0;
    if (!tni_path_hive(list, wanted, &hive, &keys)) {
        return false;
    }
    columns = (tni_file_column *)tni_binder_alloc(binder, keys + (size_t)2, sizeof *columns);
    if (!columns) {
        return false;
    }
    if (wanted->row_number) {
        columns[n].name = "file_row_number";
        columns[n++].type = tni_type_make(TRUENO_TYPE_BIGINT);
    }
    if (wanted->filename) {
        columns[n].name = wanted->filename;
        columns[n].type = tni_type_make(TRUENO_TYPE_VARCHAR);
        columns[n].values = tni_path_names(list);
        if (!columns[n++].values) {
            return false;
        }
    }
    if (keys) {
        memcpy(columns + n, hive, keys * sizeof *columns);
    }
    *out = columns;
    *count = n + keys;
    return true;
}

/* Put columns of the files around *source, which reads `files` of the list from `first` on and is
 * let go of when that fails. */
static bool tni_path_surround(tni_binder *binder, const tni_path_columns *wanted,
                              const tni_file_column *all, uint32_t count, uint32_t first,
                              uint32_t files, tni_source **source) {
    tni_source *inner = *source;
    tni_file_column *columns;
    uint32_t i;
    if (count == 0) {
        return true;
    }
    *source = NULL;
    columns = (tni_file_column *)tni_binder_alloc(binder, count, sizeof *columns);
    if (!columns ||
        (wanted->row_number &&
         tni_path_taken(binder, inner, "file_row_number", wanted->position)) ||
        (wanted->filename && tni_path_taken(binder, inner, wanted->filename, wanted->position))) {
        tni_source_release(inner);
        return false;
    }
    for (i = 0; i < count; i++) {
        columns[i] = all[i];
        columns[i].values = all[i].values ? all[i].values + first : NULL;
    }
    return tni_files_open(binder->env, inner, files, columns, count, source, binder->error) ==
           TRUENO_OK;
}

/* All files of the list as one source, `*source`, with the columns wanted. */
static trueno_status tni_path_complete(const tni_path_list *list, const tni_path_columns *wanted,
                                       tni_source **source) {
    tni_file_column *columns = NULL;
    uint32_t count = 0;
    if (!tni_path_make_columns(list, wanted, &columns, &count)) {
        tni_source_release(*source);
        *source = NULL;
        return list->binder->error->status;
    }
    return tni_path_surround(list->binder, wanted, columns, count, 0, list->count, source)
               ? TRUENO_OK
               : list->binder->error->status;
}

TNI_FN trueno_status tni_bind_path(tni_bind_context *context, const char *path, uint32_t position,
                                   tni_source **out, tni_error *error) {
    tni_binder *binder = tni_binder_get(context, error);
    tni_path_list list;
    tni_path_columns wanted = TNI_ZERO;
    trueno_status status;
    *out = NULL;
    if (!binder) {
        return TRUENO_ERROR_MEMORY;
    }
    memset(&list, 0, sizeof list);
    list.binder = binder;
    if (!tni_path_expand(&list, path, position)) {
        return binder->error->status;
    }
    status = tni_path_open(binder, &list, TNI_PATH_UNKNOWN, NULL, out);
    if (status == TRUENO_OK) {
        status = tni_path_complete(&list, &wanted, out);
    }
    return tni_path_placed(binder, status, position);
}

/* ---- calls ---- */

/* The constants of an option: one value or a list. */
static bool tni_path_setting(tni_binder *binder, const tni_ast_expression *ast,
                             tni_csv_setting *out) {
    bool is_struct = ast->kind == TNI_AST_STRUCT, is_list = is_struct || ast->kind == TNI_AST_LIST;
    const tni_ast_expression *item = is_list ? ast->arguments : ast;
    uint32_t count = is_list ? ast->argument_count : 1, i;
    const char **keys = NULL;
    tni_value *items = (tni_value *)tni_binder_alloc(binder, count, sizeof *items);
    if (!items) {
        return false;
    }
    if (is_struct && !(keys = (const char **)tni_binder_alloc(binder, count, sizeof *keys))) {
        return false;
    }
    for (i = 0; i < count; i++, item = item->next) {
        if (is_struct) {
            keys[i] = item->alias;
        }
        if (!tni_bind_constant_value(binder, item, "an option", &items[i])) {
            return false;
        }
    }
    memset(out, 0, sizeof *out);
    out->items = items;
    out->count = count;
    out->is_list = is_list;
    out->keys = keys;
    return true;
}

static bool tni_path_add_setting(tni_path_list *list, const tni_csv_setting *setting,
                                 uint32_t position) {
    uint32_t i;
    for (i = 0; i < setting->count; i++) {
        const tni_value *value = &setting->items[i];
        const char *path;
        if (value->is_null || value->type.id != TRUENO_TYPE_VARCHAR) {
            (void)tni_fail_at(list->binder->error, TRUENO_ERROR_BINDER, position,
                              "a path or a list of paths is wanted here");
            return false;
        }
        path = tni_arena_text(list->binder->arena,
                              (const char *)tni_string_data(&value->as.string),
                              value->as.string.length);
        if (!path) {
            (void)tni_memory_fail(list->binder->arena->memory, value->as.string.length,
                                  list->binder->error);
            return false;
        }
        if (!tni_path_expand(list, path, position)) {
            return false;
        }
    }
    return true;
}

static bool tni_path_flag(tni_binder *binder, const tni_csv_setting *setting) {
    tni_value value;
    return setting->count == 1 && !setting->items[0].is_null &&
           tni_value_exact(binder, &setting->items[0], tni_type_make(TRUENO_TYPE_BOOLEAN),
                           &value) &&
           value.as.boolean;
}

/* filename = true, or the name of the column. */
static bool tni_path_filename(tni_binder *binder, const tni_csv_setting *setting,
                              const char **out) {
    const tni_value *value = &setting->items[0];
    *out = NULL;
    if (tni_path_flag(binder, setting)) {
        *out = "filename";
    } else if (setting->count == 1 && !value->is_null &&
               value->type.id == TRUENO_TYPE_VARCHAR) {
        const char *text = (const char *)tni_string_data(&value->as.string);
        if (tni_name_equal_n(text, value->as.string.length, "false", 5)) {
            return true;
        }
        *out = tni_arena_text(binder->arena, text, value->as.string.length);
        if (!*out) {
            (void)tni_memory_fail(binder->arena->memory, value->as.string.length, binder->error);
            return false;
        }
    }
    return true;
}

/* An option about the files rather than their format; *known says whether it is one. */
static bool tni_path_columns_option(tni_binder *binder, const char *name,
                                    const tni_csv_setting *setting, uint32_t position,
                                    tni_path_columns *out, bool *known) {
    bool on = tni_path_flag(binder, setting);
    *known = true;
    out->position = position;
    if (tni_name_equal(name, "filename")) {
        return tni_path_filename(binder, setting, &out->filename);
    }
    if (tni_name_equal(name, "hive_partitioning")) {
        out->hive = on;
        out->no_hive = !on;
        return true;
    }
    if (tni_name_equal(name, "hive_types_autocast")) {
        out->hive_as_text = !on;
        return true;
    }
    if (tni_name_equal(name, "hive_types")) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_UNSUPPORTED, position,
                          "option \"hive_types\" is not supported in this version: cast the "
                          "column, or write hive_types_autocast = false for VARCHAR");
        return false;
    }
    *known = false;
    return true;
}

/* An option of read_parquet. */
static bool tni_path_parquet_option(tni_binder *binder, const char *name,
                                    const tni_csv_setting *setting, uint32_t position,
                                    tni_parquet_options *options, tni_path_columns *columns) {
    bool on = tni_path_flag(binder, setting);
    if (tni_name_equal(name, "file_row_number")) {
        columns->row_number = on;
        return true;
    }
    if (tni_name_equal(name, "binary_as_string")) {
        options->binary_as_string = on;
        return true;
    }
    if (tni_name_equal(name, "union_by_name")) {
        columns->by_name = on;
        return true;
    }
    (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER, position,
                      "read_parquet has no option \"%s\"", name);
    return false;
}

typedef struct tni_path_call {
    tni_path_list list;
    tni_csv_options csv;
    tni_parquet_options parquet;
    tni_path_columns columns;
    bool is_csv;
} tni_path_call;

static bool tni_path_argument(tni_path_call *run, const tni_ast_expression *argument,
                              bool first) {
    tni_binder *binder = run->list.binder;
    uint32_t position = tni_binder_position(binder, argument->position);
    tni_csv_setting setting;
    bool known;
    if (!tni_path_setting(binder, argument, &setting)) {
        return false;
    }
    if (!argument->alias) {
        if (!first) {
            (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER, position,
                              "options are named: write name = value");
            return false;
        }
        return tni_path_add_setting(&run->list, &setting, position);
    }
    if (!tni_path_columns_option(binder, argument->alias, &setting, position, &run->columns,
                                 &known)) {
        return false;
    }
    if (known) {
        return true;
    }
    if (!run->is_csv) {
        return tni_path_parquet_option(binder, argument->alias, &setting, position,
                                       &run->parquet, &run->columns);
    }
    return tni_path_placed(binder, tni_csv_option(&run->csv, argument->alias, &setting,
                                                  binder->error),
                           position) == TRUENO_OK;
}

/* ---- union_by_name ---- */

/* Files of the list that follow one another and have the same columns. */
typedef struct tni_path_run {
    uint32_t first, count;
    tni_source *shape;     /* of its first file; the binder keeps it */
    tni_relation relation; /* all its files */
} tni_path_run;

typedef struct tni_path_union {
    tni_path_call *call;
    uint32_t position;
    tni_path_run *runs; /* [run_count] */
    uint32_t run_count;
    const char **names; /* [count] of all columns */
    tni_type *types;
    uint32_t count, capacity;
} tni_path_union;

static bool tni_path_same_shape(const tni_source *a, const tni_source *b) {
    uint32_t i;
    for (i = 0; i < TNI_MIN(a->field_count, b->field_count); i++) {
        if (!tni_name_equal(a->fields[i].name, b->fields[i].name) ||
            !tni_type_equal(a->fields[i].type, b->fields[i].type)) {
            return false;
        }
    }
    return a->field_count == b->field_count;
}

/* Look at every file, and make runs of them. */
static bool tni_path_find_runs(tni_path_union *u) {
    tni_path_list *list = &u->call->list;
    tni_binder *binder = list->binder;
    tni_path_run *run = NULL;
    uint32_t i;
    u->runs = (tni_path_run *)tni_binder_alloc(binder, list->count, sizeof *u->runs);
    if (!u->runs) {
        return false;
    }
    for (i = 0; i < list->count; i++) {
        tni_source *source;
        if (tni_parquet_open_with(binder->env, list->items + i, 1, &u->call->parquet, &source,
                                  binder->error) != TRUENO_OK) {
            return false;
        }
        if (run && tni_path_same_shape(run->shape, source)) {
            run->count++;
            tni_source_release(source);
            continue;
        }
        run = &u->runs[u->run_count++];
        run->first = i;
        run->count = 1;
        run->shape = source;
        if (!tni_bind_keep_source(binder, source)) {
            return false;
        }
    }
    return true;
}

static uint32_t tni_path_find_name(const char *const *names, uint32_t count, const char *name) {
    uint32_t i;
    for (i = 0; i < count && !tni_name_equal(names[i], name); i++) {
    }
    return i;
}

static bool tni_path_add_name(tni_path_union *u, const char *name, tni_type type) {
    tni_binder *binder = u->call->list.binder;
    uint32_t at = tni_path_find_name(u->names, u->count, name);
    if (at < u->count) {
        if (!tni_type_common(u->types[at], type, &u->types[at])) {
            u->types[at] = tni_type_make(TRUENO_TYPE_VARCHAR);
        }
        return true;
    }
    if (u->count == u->capacity) {
        uint32_t capacity = TNI_MAX(u->capacity * 2, 16u);
        const char **names = (const char **)tni_binder_alloc(binder, capacity, sizeof *names);
        tni_type *types = (tni_type *)tni_binder_alloc(binder, capacity, sizeof *types);
        if (!names || !types) {
            return false;
        }
        if (u->count) {
            memcpy(names, u->names, u->count * sizeof *names);
            memcpy(types, u->types, u->count * sizeof *types);
        }
        u->names = names;
        u->types = types;
        u->capacity = capacity;
    }
    u->names[at] = name;
    u->types[at] = type;
    u->count++;
    return true;
}

/* The columns of all runs, in the order of their first coming; then those of the files. A key
 * of the paths gives a column that it stands for its type. */
static bool tni_path_unite(tni_path_union *u, const tni_file_column *columns, uint32_t count) {
    uint32_t r, i;
    for (r = 0; r < u->run_count; r++) {
        const tni_source *shape = u->runs[r].shape;
        for (i = 0; i < shape->field_count; i++) {
            if (!tni_path_add_name(u, shape->fields[i].name, shape->fields[i].type)) {
                return false;
            }
        }
    }
    for (i = 0; i < count; i++) {
        if (!tni_path_add_name(u, columns[i].name, columns[i].type)) {
            return false;
        }
        u->types[tni_path_find_name(u->names, u->count, columns[i].name)] = columns[i].type;
    }
    return true;
}

/* The rows of a run with all columns of the union. */
static bool tni_path_bind_run(tni_path_union *u, tni_path_run *run,
                              const tni_file_column *columns, uint32_t count) {
    tni_path_list *list = &u->call->list;
    tni_binder *binder = list->binder;
    tni_relation *relation = &run->relation;
    tni_expr **exprs = (tni_expr **)tni_binder_alloc(binder, u->count, sizeof *exprs);
    tni_source *source;
    uint32_t i;
    if (!exprs ||
        tni_parquet_open_with(binder->env, list->items + run->first, run->count,
                              &u->call->parquet, &source, binder->error) != TRUENO_OK ||
        !tni_path_surround(binder, &u->call->columns, columns, count, run->first, run->count,
                           &source) ||
        !tni_bind_keep_source(binder, source) || !tni_bind_scan(binder, source, relation)) {
        return false;
    }
    for (i = 0; i < u->count; i++) {
        uint32_t at = tni_path_find_name(relation->names, relation->count, u->names[i]);
        exprs[i] = at < relation->count ? tni_expr_column(binder, relation->ids[at])
                                        : tni_expr_null(binder, u->types[i]);
        if (exprs[i] && !tni_type_equal(exprs[i]->type, u->types[i])) {
            exprs[i] = tni_expr_cast(binder, exprs[i], u->types[i], false, NULL, u->position);
        }
        if (!exprs[i]) {
            return false;
        }
    }
    relation->node = tni_node_project(binder, relation->node, exprs, u->names, u->count);
    return relation->node != NULL;
}

/* Runs [first, first + count) one after the other; halves, so that many make no deep tree. */
static tni_node *tni_path_join_runs(const tni_path_union *u, uint32_t first, uint32_t count) {
    tni_node *left, *right;
    if (count == 1) {
        return u->runs[first].relation.node;
    }
    left = tni_path_join_runs(u, first, count / 2);
    right = tni_path_join_runs(u, first + count / 2, count - count / 2);
    return left && right ? tni_union_node(u->call->list.binder, left, left->columns, right,
                                          right->columns, u->count, u->names)
                         : NULL;
}

static bool tni_path_bind_union(tni_path_call *call, uint32_t position, tni_relation *out) {
    tni_binder *binder = call->list.binder;
    tni_path_union u;
    tni_file_column *columns = NULL;
    uint32_t count = 0, i;
    memset(&u, 0, sizeof u);
    u.call = call;
    u.position = position;
    if (!tni_path_find_runs(&u) ||
        !tni_path_make_columns(&call->list, &call->columns, &columns, &count) ||
        !tni_path_unite(&u, columns, count)) {
        return false;
    }
    for (i = 0; i < u.run_count; i++) {
        if (!tni_path_bind_run(&u, &u.runs[i], columns, count)) {
            return false;
        }
    }
    if (!tni_relation_new(binder, u.count, out)) {
        return false;
    }
    out->node = tni_path_join_runs(&u, 0, u.run_count);
    for (i = 0; out->node && i < u.count; i++) {
        out->ids[i] = out->node->columns[i];
        out->names[i] = u.names[i];
    }
    return out->node != NULL;
}

TNI_FN bool tni_bind_file_call(tni_binder *binder, const tni_ast_expression *call,
                               tni_relation *out) {
    uint32_t position = tni_binder_position(binder, call->position);
    tni_path_call run;
    const tni_ast_expression *argument;
    tni_source *source = NULL;
    trueno_status status;
    memset(&run, 0, sizeof run);
    run.list.binder = binder;
    run.is_csv = tni_name_equal(call->name, "read_csv") ||
                 tni_name_equal(call->name, "read_csv_auto");
    tni_csv_options_init(&run.csv, binder->arena);
    for (argument = call->arguments; argument; argument = argument->next) {
        if (!tni_path_argument(&run, argument, argument == call->arguments)) {
            return false;
        }
    }
    if (run.list.count == 0) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER, position,
                          "%s needs a path or a list of paths", call->name);
        return false;
    }
    if (run.columns.by_name && run.list.count > 1) {
        return tni_path_bind_union(&run, position, out) ||
               tni_path_placed(binder, binder->error->status, position) == TRUENO_OK;
    }
    status = run.is_csv
                 ? tni_path_open(binder, &run.list, TNI_PATH_CSV, &run.csv, &source)
                 : tni_parquet_open_with(binder->env, run.list.items, run.list.count,
                                         &run.parquet, &source, binder->error);
    if (status == TRUENO_OK) {
        status = tni_path_complete(&run.list, &run.columns, &source);
    }
    return tni_path_placed(binder, status, position) == TRUENO_OK &&
           tni_bind_keep_source(binder, source) && tni_bind_scan(binder, source, out);
}

/* ---- glob ---- */

/* The paths as rows of one column, `file`. */
static bool tni_path_relation(const tni_path_list *list, tni_relation *out) {
    tni_binder *binder = list->binder;
    tni_node *node = tni_node_new(binder, TNI_PLAN_VALUES, NULL, 1);
    if (!node || !tni_relation_new(binder, 1, out) ||
        !tni_node_column(binder, node, 0, tni_type_make(TRUENO_TYPE_VARCHAR), "file")) {
        return false;
    }
    node->values = tni_path_names(list);
    if (!node->values) {
        return false;
    }
    node->row_count = list->count;
    node->rows = (double)list->count;
    binder->columns[node->columns[0]].not_null = true;
    out->node = node;
    out->ids[0] = node->columns[0];
    out->names[0] = "file";
    return true;
}

TNI_FN bool tni_bind_glob_call(tni_binder *binder, const tni_ast_expression *call,
                               tni_relation *out) {
    uint32_t position = tni_binder_position(binder, call->position);
    tni_path_list list;
    tni_csv_setting setting;
    memset(&list, 0, sizeof list);
    list.binder = binder;
    list.may_be_empty = true;
    if (call->argument_count != 1 || call->arguments->alias) {
        (void)tni_fail_at(binder->error, TRUENO_ERROR_BINDER, position,
                          "glob takes a pattern or a list of patterns");
        return false;
    }
    return tni_path_setting(binder, call->arguments, &setting) &&
           tni_path_add_setting(&list, &setting, position) && tni_path_relation(&list, out);
}
