/*
 * amalgamate.c - joins src/ into trueno_db.h, and takes it apart again.
 *
 *     amalgamate SRC OUT           write OUT (left alone when it would not change)
 *     amalgamate --split IN DIR    write every module of IN under DIR, byte for byte as it was
 *
 * The model. src/trueno.h opens the result. Then, inside TRUENO_DB_IMPLEMENTATION, come the
 * floors from base to db, in each the .c files by path, each after the headers that it includes
 * and that did not stand yet. A module keeps every byte but its include lines, which become
 * comments: system headers are gathered at the top, before any code, with the #if around them
 * (one whose condition uses a macro of ours stays where it is); a header without an include guard is a template, copied at each place that includes it. A banner
 * before and a line after every module let a reader, grep and --split find it.
 *
 * Whatever would make the result wrong or unpleasant ends the run with the file, the line, the
 * reason and the fix. The result depends on the sources alone: no time, no path, no order of
 * directory entries.
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#if defined(_WIN32)
#include <direct.h>
#define make_folder(path) _mkdir(path)
#else
#define make_folder(path) mkdir(path, 0777)
#endif

#define COLUMNS 100
#define MAX_DEPTH 32
#define SPIRV_HEADER "trueno_db_spirv.h"

/* The order of the floors; a module may use its own floor and those before it. */
static const char *const floors[] = {"base", "simd", "column", "codec", "format",
                                     "sql",  "plan", "exec",   "gpu",   "db"};
#define FLOOR_COUNT (sizeof floors / sizeof floors[0])

/* Sources (by the start of their path; the first that fits counts) that gcc need not spend -O2 on:
 * what runs once a query or once a file at -Og, what loops over rows but seldom in a query's
 * hottest loop at -O1. Together they are most of the text, and users wait for the compiler. */
typedef struct effort {
    const char *path, *level;
} effort;
static const effort cold[] = {
    {"base/error", "Og"},
    {"base/interval", "Og"},
    {"base/memory", "O1"},
    {"base/platform", "O1"},
    {"base/strftime", "Og"},
    {"column/arrow_format", "Og"},
    {"column/arrow_in", "Og"},
    {"column/arrow_out", "Og"},
    {"column/collection", "O1"},
    {"column/dictionary", "O1"},
    {"column/table.", "Og"},
    {"column/table_builder", "Og"},
    {"column/table_", "O1"},
    {"column/type", "O1"},
    {"format/csv/csv_options", "Og"},
    {"format/csv/csv_sniff", "Og"},
    {"format/csv/csv_source", "Og"},
    {"format/csv/csv_types", "Og"},
    {"format/files", "Og"},
    {"format/hive", "Og"},
    {"format/input", "Og"},
    {"format/parquet/column", "O1"},
    {"format/parquet/metadata", "Og"},
    {"format/parquet/reader", "Og"},
    {"format/parquet/statistics", "Og"},
    {"format/parquet/thrift", "Og"},
    {"format/parquet/writer.", "Og"},
    {"format/parquet/writer_pages", "O1"},
    {"format/text/", "Og"},
    {"sql/", "Og"},
    {"plan/aggregate_table", "Og"},
    {"plan/bind", "Og"},
    {"plan/cast", "O1"},
    {"plan/catalog", "Og"},
    {"plan/cost", "Og"},
    {"plan/explain", "Og"},
    {"plan/expression", "Og"},
    {"plan/function", "Og"},
    {"plan/fuse", "Og"},
    {"plan/logical", "Og"},
    {"plan/lower", "Og"},
    {"plan/rules", "Og"},
    {"plan/regex_compile", "Og"},
    {"plan/regex_parse", "Og"},
    {"plan/scalar_date_make", "Og"},
    {"plan/scalar_encode", "Og"},
    {"plan/scalar_format", "Og"},
    {"plan/scalar_math", "O1"},
    {"plan/scalar_misc", "Og"},
    {"plan/scalar_pattern", "O1"},
    {"plan/scalar_string", "O1"},
    {"plan/scalar_text", "Og"},
    {"exec/agg_final", "O1"},
    {"exec/agg_import", "Og"},
    {"exec/agg_spill", "O1"},
    {"exec/aggregate.", "O1"},
    {"exec/eval.", "O1"},
    {"exec/eval_call", "O1"},
    {"exec/late", "Og"},
    {"exec/operators", "O1"},
    {"exec/pipeline", "Og"},
    {"exec/run", "Og"},
    {"exec/scan", "O1"},
    {"exec/scheduler", "Og"},
    {"exec/sort.", "Og"},
    {"exec/spill", "O1"},
    {"exec/top_k", "O1"},
    {"gpu/", "Og"},
    {"db/result", "O1"},
    {"db/", "Og"},
};
#define COLD_COUNT (sizeof cold / sizeof cold[0])

typedef struct text {
    char *data;
    size_t length, capacity;
} text;

typedef struct module {
    char *path; /* below src/: "base/core.h" */
    char *data;
    size_t length;
    size_t floor;
    bool header, guarded;
    bool placed, placing;
    size_t *needs; /* modules it includes, in order */
    size_t need_count;
    size_t *kept; /* pairs of lines between which system includes stay where they are */
    size_t kept_count;
} module;

/* A macro, function or type name and the place that defined it. */
typedef struct name {
    char *name;
    char kind;  /* 'm' macro, 'f' function, 't' type */
    bool local; /* a macro that its module undefines */
    const module *where;
    size_t line;
} name;

static module *modules;
static size_t module_count;
static name *names;
static size_t name_count, name_capacity;
static const char *source_folder;
static size_t complaints;

/* ---- failing, memory, text ---- */

/* Say what is wrong and how to mend it; the run goes on to find more, but fails. */
static void complain(const module *m, size_t number, const char *reason, const char *fix) {
    fprintf(stderr, "%s/%s:%lu: %s\n    fix: %s\n", source_folder, m->path, (unsigned long)number,
            reason, fix);
    complaints++;
}

/* The same where going on makes no sense. */
static void fail(const module *m, size_t number, const char *reason, const char *fix) {
    if (m) {
        complain(m, number, reason, fix);
    } else {
        fprintf(stderr, "amalgamate: %s\n    fix: %s\n", reason, fix);
    }
    exit(1);
}

static void *allocate(void *block, size_t size) {
    void *grown = realloc(block, size ? size : 1);
    if (!grown) {
        fail(NULL, 0, "out of memory", "close something");
    }
    return grown;
}

static char *copy_text(const char *start, size_t length) {
    char *copy = (char *)allocate(NULL, length + 1);
    memcpy(copy, start, length);
    copy[length] = '\0';
    return copy;
}

static void append(text *t, const void *data, size_t length) {
    if (t->capacity - t->length < length + 1) {
        t->capacity = (t->capacity + length + 4096) * 2;
        t->data = (char *)allocate(t->data, t->capacity);
    }
    memcpy(t->data + t->length, data, length);
    t->length += length;
    t->data[t->length] = '\0';
}

static void add(text *t, const char *string) {
    append(t, string, strlen(string));
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
addf(text *t, const char *format, ...) {
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    add(t, line);
}

static char *read_whole(const char *path, size_t *length) {
    FILE *f = fopen(path, "rb");
    text t = {0};
    char block[65536];
    size_t got;
    if (!f) {
        return NULL;
    }
    append(&t, "", 0);
    while ((got = fread(block, 1, sizeof block, f)) > 0) {
        append(&t, block, got);
    }
    fclose(f);
    *length = t.length;
    return t.data;
}

static void write_whole(const char *path, const char *data, size_t length) {
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, length, f) != length || fclose(f) != 0) {
        fprintf(stderr, "amalgamate: %s: %s\n", path, strerror(errno));
        exit(1);
    }
}

/* ---- finding the modules ---- */

static size_t floor_of(const char *path) {
    size_t i;
    for (i = 0; i < FLOOR_COUNT; i++) {
        size_t n = strlen(floors[i]);
        if (strncmp(path, floors[i], n) == 0 && path[n] == '/') {
            return i;
        }
    }
    return FLOOR_COUNT;
}

static bool ends_with(const char *string, const char *end) {
    size_t n = strlen(string), m = strlen(end);
    return n >= m && strcmp(string + n - m, end) == 0;
}

static void add_module(const char *path) {
    module *m;
    char full[2048];
    modules = (module *)allocate(modules, (module_count + 1) * sizeof *modules);
    m = &modules[module_count++];
    memset(m, 0, sizeof *m);
    m->path = copy_text(path, strlen(path));
    m->header = ends_with(path, ".h");
    m->floor = floor_of(path);
    (void)snprintf(full, sizeof full, "%s/%s", source_folder, path);
    m->data = read_whole(full, &m->length);
    if (!m->data) {
        fail(m, 1, "cannot be read", "check its permissions");
    }
    if (m->floor == FLOOR_COUNT && strcmp(path, "trueno.h") != 0) {
        fail(m, 1, "lies outside every floor of src/",
             "move it, or add its folder to floors[] in tools/amalgamate.c");
    }
}

static void find_modules(const char *below, int depth) {
    char full[2048], path[1024];
    DIR *folder;
    struct dirent *entry;
    (void)snprintf(full, sizeof full, "%s/%s", source_folder, below);
    folder = opendir(full);
    if (!folder || depth > 8) {
        fprintf(stderr, "amalgamate: %s: cannot be listed\n", full);
        exit(1);
    }
    while ((entry = readdir(folder)) != NULL) {
        struct stat facts;
        if (entry->d_name[0] == '.') {
            continue;
        }
        (void)snprintf(path, sizeof path, "%s%s%s", below, *below ? "/" : "", entry->d_name);
        (void)snprintf(full, sizeof full, "%s/%s", source_folder, path);
        if (stat(full, &facts) == 0 && S_ISDIR(facts.st_mode)) {
            find_modules(path, depth + 1);
        } else if (ends_with(path, ".c") || ends_with(path, ".h")) {
            add_module(path);
        }
    }
    closedir(folder);
}

/* By floor, then sources before headers, then by path. */
static int compare_modules(const void *a, const void *b) {
    const module *x = (const module *)a, *y = (const module *)b;
    if (x->floor != y->floor) {
        return x->floor < y->floor ? -1 : 1;
    }
    if (x->header != y->header) {
        return x->header ? 1 : -1;
    }
    return strcmp(x->path, y->path);
}

static size_t find_module(const char *path, size_t length) {
    size_t i;
    for (i = 0; i < module_count; i++) {
        if (strlen(modules[i].path) == length && memcmp(modules[i].path, path, length) == 0) {
            return i;
        }
    }
    return module_count;
}

/* ---- reading lines ---- */

/* A line of a module, and whether it begins inside a comment. */
typedef struct line {
    const char *start;
    size_t length; /* without the newline */
    size_t number;
    bool in_comment, continued; /* `continued`: the line before ended in a backslash */
} line;

/* Whether a comment is open after this line. */
static bool comment_after(const char *s, size_t length, bool open) {
    size_t i;
    for (i = 0; i < length; i++) {
        if (open) {
            if (s[i] == '*' && i + 1 < length && s[i + 1] == '/') {
                open = false;
                i++;
            }
        } else if (s[i] == '/' && i + 1 < length && s[i + 1] == '*') {
            open = true;
            i++;
        } else if (s[i] == '/' && i + 1 < length && s[i + 1] == '/') {
            break;
        } else if (s[i] == '"' || s[i] == '\'') {
            char quote = s[i];
            for (i++; i < length && s[i] != quote; i++) {
                i += s[i] == '\\';
            }
        }
    }
    return open;
}

/* Step to the next line; `l` starts zeroed with start NULL. */
static bool next_line(const char *data, size_t length, line *l) {
    const char *end;
    if (!l->start) {
        l->start = data;
    } else {
        l->in_comment = comment_after(l->start, l->length, l->in_comment);
        l->continued = l->length > 0 && l->start[l->length - 1] == '\\';
        l->start += l->length + 1;
    }
    if (l->start >= data + length) {
        return false;
    }
    end = (const char *)memchr(l->start, '\n', (size_t)(data + length - l->start));
    l->length = end ? (size_t)(end - l->start) : (size_t)(data + length - l->start);
    l->number++;
    return true;
}

static bool name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The word after `#word` or `#  word`, and where the rest begins; false when not a directive. */
static bool directive(const line *l, const char *word, const char **rest) {
    const char *s = l->start, *end = l->start + l->length;
    size_t n = strlen(word);
    if (l->in_comment || l->continued) {
        return false;
    }
    while (s < end && (*s == ' ' || *s == '\t')) {
        s++;
    }
    if (s == end || *s != '#') {
        return false;
    }
    for (s++; s < end && (*s == ' ' || *s == '\t'); s++) {
    }
    if ((size_t)(end - s) < n || memcmp(s, word, n) != 0 || (s + n < end && name_char(s[n]))) {
        return false;
    }
    for (s += n; s < end && (*s == ' ' || *s == '\t'); s++) {
    }
    *rest = s;
    return true;
}

/* #if, #ifdef, #ifndef: +1; #endif: -1; #else, #elif: 2; anything else: 0. */
static int conditional(const line *l) {
    const char *rest;
    if (directive(l, "if", &rest) || directive(l, "ifdef", &rest) ||
        directive(l, "ifndef", &rest)) {
        return 1;
    }
    if (directive(l, "endif", &rest)) {
        return -1;
    }
    return directive(l, "else", &rest) || directive(l, "elif", &rest) ? 2 : 0;
}

/* An include line: `quote` becomes '"' or '<'. */
static bool include_line(const line *l, char *quote, const char **path, size_t *length) {
    const char *rest, *end = l->start + l->length, *close;
    if (!directive(l, "include", &rest) || rest == end || (*rest != '"' && *rest != '<')) {
        return false;
    }
    *quote = *rest;
    *path = rest + 1;
    close = (const char *)memchr(rest + 1, *rest == '<' ? '>' : '"', (size_t)(end - rest - 1));
    if (!close) {
        return false;
    }
    *length = (size_t)(close - rest - 1);
    return true;
}

/* ---- checks on one module ---- */

static void check_bytes(const module *m) {
    line l = {0};
    if (m->length == 0 || m->data[m->length - 1] != '\n') {
        complain(m, 1, "does not end in a newline", "add one");
    }
    while (next_line(m->data, m->length, &l)) {
        size_t i;
        for (i = 0; i < l.length; i++) {
            unsigned char c = (unsigned char)l.start[i];
            if (c == '\r') {
                complain(m, l.number, "CRLF line end", "store the file with LF line ends");
            }
            if (c == '\t') {
                complain(m, l.number, "tab", "indent with four spaces");
            }
            if (c < 32 || c > 126) {
                complain(m, l.number, "a byte outside printable ASCII",
                         "write it as an escape, or in words");
            }
        }
        if (l.length > COLUMNS) {
            complain(m, l.number, "longer than 100 columns", "break the line");
        }
        if ((l.length > 12 && memcmp(l.start, "/* #include ", 12) == 0) ||
            (l.length > 5 && memcmp(l.start, "/*===", 5) == 0) ||
            (l.length > 5 && memcmp(l.start, "/*---", 5) == 0)) {
            complain(m, l.number, "a comment of the form that marks modules in trueno_db.h",
                     "word it differently: no /* #include, /*=== or /*--- at a line's start");
        }
    }
}

/* A guard is `#ifndef X` and `#define X` as the first two directives. */
static bool has_guard(const module *m) {
    line l = {0};
    const char *rest;
    bool opened = false;
    while (next_line(m->data, m->length, &l)) {
        if (opened) {
            return directive(&l, "define", &rest);
        }
        if (directive(&l, "ifndef", &rest)) {
            opened = true;
        } else if (directive(&l, "include", &rest) || directive(&l, "define", &rest) ||
                   conditional(&l)) {
            return false;
        }
    }
    return false;
}

static void find_needs(module *m) {
    line l = {0};
    while (next_line(m->data, m->length, &l)) {
        const char *path, *rest;
        size_t length, found;
        char quote;
        if (!include_line(&l, &quote, &path, &length)) {
            if (directive(&l, "include", &rest)) {
                complain(m, l.number, "an include that is neither \"...\" nor <...>",
                         "name the file; a template header may test a macro instead");
            }
            continue;
        }
        if (path + length + 1 != l.start + l.length || l.start[0] != '#') {
            complain(m, l.number, "text beside an include", "leave #include alone on its line");
        }
        if (quote == '<' ||
            (length == strlen(SPIRV_HEADER) && memcmp(path, SPIRV_HEADER, length) == 0)) {
            continue;
        }
        found = find_module(path, length);
        if (found == module_count) {
            complain(m, l.number, "unknown include",
                     "write the path below src/, as in \"base/core.h\", and check its spelling");
        }
        if (!modules[found].header) {
            complain(m, l.number, "includes a .c file",
                     "name it .h: a header without guard is a template");
        }
        if (modules[found].floor != FLOOR_COUNT && m->floor != FLOOR_COUNT &&
            modules[found].floor > m->floor) {
            complain(m, l.number, "includes a header of a higher floor",
                     "move what it needs down, or turn the dependency around with a callback");
        }
        m->needs = (size_t *)allocate(m->needs, (m->need_count + 1) * sizeof *m->needs);
        m->needs[m->need_count++] = found;
    }
}

/* ---- checks across modules: all of this becomes one translation unit ---- */

static void remember(const module *m, size_t number, char kind, const char *start, size_t length) {
    name *n;
    if (name_count == name_capacity) {
        name_capacity = name_capacity * 2 + 4096;
        names = (name *)allocate(names, name_capacity * sizeof *names);
    }
    n = &names[name_count++];
    n->name = copy_text(start, length);
    n->kind = kind;
    n->local = false;
    n->where = m;
    n->line = number;
}

static size_t word_length(const char *s, const char *end) {
    size_t n = 0;
    while (s + n < end && name_char(s[n])) {
        n++;
    }
    return n;
}

/* A macro that some #if chooses may have twins elsewhere: line 0 keeps it out of comparisons. */
static void remember_macro(const module *m, const line *l, const char *rest, bool chosen) {
    size_t length = word_length(rest, l->start + l->length);
    bool ours = length > 4 && (memcmp(rest, "TNI_", 4) == 0 || memcmp(rest, "tni_", 4) == 0);
    if (!ours && m->floor != FLOOR_COUNT && !(length > 7 && memcmp(rest, "TRUENO_", 7) == 0)) {
        complain(m, l->number, "a macro without the prefix TNI_",
                 "rename it: users see every macro");
    }
    if (ours) {
        remember(m, chosen ? 0 : l->number, 'm', rest, length);
    }
}

static void forget_macro(const module *m, const line *l, const char *rest) {
    size_t length = word_length(rest, l->start + l->length), i;
    for (i = name_count; i-- > 0 && names[i].where == m;) {
        if (names[i].kind == 'm' && strlen(names[i].name) == length &&
            memcmp(names[i].name, rest, length) == 0) {
            names[i].local = true;
        }
    }
}

/* A function definition starts at the line's first column and reaches `{` before `;`. */
static void remember_function(const module *m, const line *l) {
    const char *s = l->start, *end = m->data + m->length, *open, *scan;
    size_t n = 0;
    open = (const char *)memchr(s, '(', l->length);
    if (!open || !name_char(s[0]) || (s[0] >= '0' && s[0] <= '9')) {
        return;
    }
    while (open > s + n && name_char(open[-1 - (long)n])) {
        n++;
    }
    if (n < 5 || memcmp(open - n, "tni_", 4) != 0 || open - n == s) {
        return;
    }
    for (scan = open; scan < end && *scan != ';' && *scan != '{'; scan++) {
    }
    if (scan < end && *scan == '{') {
        remember(m, l->number, 'f', open - n, n);
    }
}

/* `static const int tni_name[...` or `... tni_name = ` in the first column. */
static void remember_data(const module *m, const line *l) {
    size_t stop = 0, n = 0;
    if (l->length < 8 || memcmp(l->start, "static ", 7) != 0) {
        return;
    }
    while (stop < l->length && !strchr("[=;(", l->start[stop])) {
        stop++;
    }
    if (stop == l->length || l->start[stop] == '(') {
        return;
    }
    while (stop > 0 && l->start[stop - 1] == ' ') {
        stop--;
    }
    while (n < stop && name_char(l->start[stop - 1 - n])) {
        n++;
    }
    remember(m, l->number, 'd', l->start + stop - n, n);
}

/* `} tni_name;` in the first column closes a typedef. */
static void remember_type(const module *m, const line *l) {
    size_t n;
    if (l->length > 4 && l->start[0] == '}' && l->start[1] == ' ') {
        n = word_length(l->start + 2, l->start + l->length);
        if (n > 4 && 2 + n < l->length && l->start[2 + n] == ';') {
            remember(m, l->number, 't', l->start + 2, n);
        }
    }
}

static void collect_names(const module *m) {
    line l = {0};
    int depth = m->header && m->guarded ? -1 : 0;
    while (next_line(m->data, m->length, &l)) {
        const char *rest;
        int step = conditional(&l);
        depth += step == 2 ? 0 : step;
        if (directive(&l, "define", &rest)) {
            remember_macro(m, &l, rest, depth > 0);
        } else if (directive(&l, "undef", &rest)) {
            forget_macro(m, &l, rest);
        } else if (!l.in_comment && !l.continued && depth <= 0) {
            remember_function(m, &l);
            remember_data(m, &l);
            remember_type(m, &l);
        }
    }
}

static int compare_names(const void *a, const void *b) {
    const name *x = (const name *)a, *y = (const name *)b;
    int order = strcmp(x->name, y->name);
    if (order == 0 && x->where != y->where) {
        order = strcmp(x->where->path, y->where->path);
    }
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static void check_names(void) {
    size_t i, j;
    qsort(names, name_count, sizeof *names, compare_names);
    for (i = 0; i < name_count; i++) {
        for (j = i + 1; j < name_count && strcmp(names[i].name, names[j].name) == 0; j++) {
            const name *a = &names[i], *b = &names[j];
            char reason[1024];
            if (a->where == b->where || a->local || b->local || a->line == 0 || b->line == 0) {
                continue;
            }
            (void)snprintf(reason, sizeof reason, "`%s` is also defined at %s/%s:%lu", b->name,
                           source_folder, a->where->path, (unsigned long)a->line);
            complain(b->where, b->line, reason,
                     b->kind == 'm' ? "#undef it at the end of its file, or rename one"
                                    : "rename one: all modules become one translation unit");
        }
    }
}

/* ---- system headers ---- */

/* Write the outermost #if group that begins at `l` with nothing but directives and system
 * includes; leaves `l` at its #endif. False when there was no include in it. */
static bool copy_group(const module *m, line *l, text *out) {
    text stack[MAX_DEPTH] = {{0}};
    bool used[MAX_DEPTH] = {false};
    int depth = 0, i;
    bool any = false;
    do {
        const char *path;
        size_t length;
        char quote;
        int step = conditional(l);
        if (step == 1 && ++depth == MAX_DEPTH) {
            fail(m, l->number, "conditionals nested too deeply", "simplify them");
        }
        if (step || (l->continued && depth && stack[depth].length && stack[depth].length >= 2 &&
                     stack[depth].data[stack[depth].length - 2] == '\\')) {
            append(&stack[depth], l->start, l->length);
            append(&stack[depth], "\n", 1);
        } else if (include_line(l, &quote, &path, &length) && quote == '<') {
            append(&stack[depth], l->start, l->length);
            append(&stack[depth], "\n", 1);
            used[depth] = true;
        }
        if (step == -1) {
            if (used[depth]) {
                append(depth == 1 ? out : &stack[depth - 1], stack[depth].data,
                       stack[depth].length);
                used[depth - 1] = true;
                any = any || depth == 1;
            }
            stack[depth].length = 0;
            used[depth] = false;
            depth--;
        }
    } while (depth > 0 && next_line(m->data, m->length, l));
    for (i = 0; i < MAX_DEPTH; i++) {
        free(stack[i].data);
    }
    return any;
}

/* System includes on the lines [first, last] of a module are not gathered. */
static void keep_lines(module *m, size_t first, size_t last) {
    m->kept = (size_t *)allocate(m->kept, (m->kept_count + 2) * sizeof *m->kept);
    m->kept[m->kept_count++] = first;
    m->kept[m->kept_count++] = last;
}

static bool is_kept(const module *m, size_t number) {
    size_t i;
    for (i = 0; i < m->kept_count; i += 2) {
        if (number >= m->kept[i] && number <= m->kept[i + 1]) {
            return true;
        }
    }
    return false;
}

static bool contains(const text *t, const char *needle) {
    return t->data && strstr(t->data, needle) != NULL;
}

/* A group whose conditions use a macro of ours must stay behind that macro's definition. */
static bool stays_in_place(const char *group) {
    const char *found = group;
    while ((found = strstr(found, "TNI_")) != NULL) {
        if (strncmp(found, "TNI_DEBUG", 9) != 0) {
            return true;
        }
        found++;
    }
    return false;
}

/* A guard's #ifndef and #endif are no condition: they are stepped over. */
static void collect_system(module *m, text *plain, text *groups) {
    line l = {0};
    bool skip_guard = m->header && m->guarded;
    while (next_line(m->data, m->length, &l)) {
        const char *path;
        size_t length;
        char quote;
        size_t first = l.number;
        int step = conditional(&l);
        if (step == 1 && skip_guard) {
            skip_guard = false;
        } else if (step == 1) {
            text group = {0};
            if (copy_group(m, &l, &group)) {
                if (stays_in_place(group.data)) {
                    keep_lines(m, first, l.number);
                } else if (!contains(groups, group.data)) {
                    append(groups, group.data, group.length);
                }
            }
            free(group.data);
        } else if (include_line(&l, &quote, &path, &length) && quote == '<') {
            char include[1024];
            (void)snprintf(include, sizeof include, "#include <%.*s>\n", (int)length, path);
            if (!contains(plain, include)) {
                add(plain, include);
            }
        }
    }
}

static int compare_strings(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sort the lines of a text. */
static void sort_lines(text *t) {
    char *lines[1024], *s;
    size_t count = 0, i;
    text sorted = {0};
    for (s = t->data ? strtok(t->data, "\n") : NULL; s && count < 1024; s = strtok(NULL, "\n")) {
        lines[count++] = s;
    }
    qsort(lines, count, sizeof *lines, compare_strings);
    for (i = 0; i < count; i++) {
        add(&sorted, lines[i]);
        add(&sorted, "\n");
    }
    free(t->data);
    *t = sorted;
}

/* ---- writing ---- */

/* base/platform_posix.c -> base_platform_posix; headers keep _h. */
static void token_of(const module *m, char *out, size_t size) {
    size_t i, n = strlen(m->path) - (m->header ? 0 : 2);
    for (i = 0; i < n && i + 1 < size; i++) {
        out[i] = name_char(m->path[i]) ? m->path[i] : '_';
    }
    out[i] = '\0';
}

/* What stands after "name.c - " in the module's first comment. */
static void title_of(const module *m, char *out, size_t size) {
    const char *base = strrchr(m->path, '/');
    const char *found, *end;
    char opening[300];
    size_t length;
    base = base ? base + 1 : m->path;
    (void)snprintf(opening, sizeof opening, "%s - ", base);
    found = strstr(m->data, opening);
    if (!found || found > m->data + 200) {
        fail(m, 1, "does not open with its name and purpose",
             "begin with a comment `name.c - what it is in a line`");
    }
    found += strlen(opening);
    end = strchr(found, '\n');
    length = end ? (size_t)(end - found) : strlen(found);
    if (length > 2 && memcmp(found + length - 2, "*/", 2) == 0) {
        length -= 2;
    }
    while (length > 0 &&
           (found[length - 1] == ' ' || found[length - 1] == '.' || found[length - 1] == ',')) {
        length--;
    }
    (void)snprintf(out, size, "%.*s", (int)length, found);
}

/* " * label: >>a >>b", wrapped. */
static void write_tokens(text *out, const char *label, const module *m, bool users) {
    size_t i, j, column = 0;
    for (i = 0; i < module_count; i++) {
        bool listed = false;
        char token[300];
        if (users) {
            for (j = 0; j < modules[i].need_count && !listed; j++) {
                listed = &modules[modules[i].needs[j]] == m;
            }
        } else {
            for (j = 0; j < m->need_count && !listed; j++) {
                listed = m->needs[j] == i && modules[i].floor != FLOOR_COUNT;
            }
        }
        if (!listed) {
            continue;
        }
        token_of(&modules[i], token, sizeof token);
        if (column == 0 || column + strlen(token) + 3 > 96) {
            addf(out, column ? "\n *    " : " * %s:", label);
            column = column ? 5 : strlen(label) + 4;
        }
        addf(out, " >>%s", token);
        column += strlen(token) + 3;
    }
    if (column) {
        add(out, "\n");
    }
}

static void write_rule(text *out, const char *open, const char *close, char fill) {
    size_t length = strlen(open) + strlen(close);
    add(out, open);
    for (; length < COLUMNS - 22; length++) {
        append(out, &fill, 1);
    }
    add(out, close);
    add(out, "\n");
}

static void write_opening(text *out, const module *m) {
    char token[300], title[300];
    token_of(m, token, sizeof token);
    title_of(m, title, sizeof title);
    add(out, "\n");
    write_rule(out, "/*", "", '=');
    addf(out, " * MARK: - %s", title);
    if (strlen(title) + strlen(token) + 14 > COLUMNS) {
        add(out, "\n *");
    }
    addf(out, " >>%s\n", token);
    addf(out, " * from src/%s\n", m->path);
    write_tokens(out, "Needs", m, false);
    write_tokens(out, "Used by", m, true);
    write_rule(out, " *", "*/", '=');
}

static void write_closing(text *out, const module *m) {
    char open[400];
    (void)snprintf(open, sizeof open, "/*--- end src/%s ", m->path);
    write_rule(out, open, "*/", '-');
}

static void write_lines(text *out, const module *m, bool system_too, int depth);

/* A template: the copy stands where the include stood. */
static void write_template(text *out, module *t, int depth) {
    if (depth > MAX_DEPTH) {
        fail(t, 1, "includes itself", "break the circle");
    }
    addf(out, "/*--- begin copy of src/%s */\n", t->path);
    write_lines(out, t, true, depth + 1);
    addf(out, "/*--- end copy of src/%s */\n", t->path);
    t->placed = true;
}

/* Every line as it is, include lines as comments. */
static void write_lines(text *out, const module *m, bool system_too, int depth) {
    line l = {0};
    while (next_line(m->data, m->length, &l)) {
        const char *path;
        size_t length, found;
        char quote;
        if (include_line(&l, &quote, &path, &length) &&
            (quote == '"' || (system_too && !is_kept(m, l.number)))) {
            found = quote == '"' ? find_module(path, length) : module_count;
            if (found < module_count && !modules[found].guarded) {
                write_template(out, &modules[found], depth);
                continue;
            }
            add(out, "/* ");
            append(out, l.start, l.length);
            add(out, " */\n");
        } else {
            append(out, l.start, l.length);
            add(out, "\n");
        }
    }
}

/* The modules in their final order. */
static size_t *order;
static size_t order_count;

static void place(module *m) {
    size_t i;
    if (m->placed) {
        return;
    }
    if (m->placing) {
        fail(m, 1, "headers include each other in a circle", "declare the struct, or split one");
    }
    m->placing = true;
    for (i = 0; i < m->need_count; i++) {
        place(&modules[m->needs[i]]);
    }
    m->placing = false;
    m->placed = true;
    if (m->floor != FLOOR_COUNT && (!m->header || m->guarded)) {
        order[order_count++] = (size_t)(m - modules);
    }
}

static void place_all(void) {
    size_t i;
    order = (size_t *)allocate(NULL, module_count * sizeof *order);
    for (i = 0; i < module_count; i++) {
        place(&modules[i]);
    }
    for (i = 0; i < module_count; i++) {
        modules[i].placed = false; /* from here on: "this template was copied somewhere" */
    }
}

static uint64_t hash_sources(void) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    size_t i, b;
    for (i = 0; i < module_count; i++) {
        const module *m = &modules[i];
        for (b = 0; b <= strlen(m->path); b++) {
            h = (h ^ (unsigned char)m->path[b]) * UINT64_C(0x100000001b3);
        }
        for (b = 0; b < m->length; b++) {
            h = (h ^ (unsigned char)m->data[b]) * UINT64_C(0x100000001b3);
        }
    }
    return h;
}

static void write_banner(text *out, const module *api) {
    const char *version = strstr(api->data, "#define TRUENO_VERSION \"");
    char number[32] = "";
    if (!version || sscanf(version, "#define TRUENO_VERSION \"%31[^\"]", number) != 1) {
        fail(api, 1, "no #define TRUENO_VERSION \"...\"", "add it");
    }
    addf(out, "/*\n * trueno_db.h %s - analytical SQL over Parquet, CSV and your own arrays.\n *\n",
         number);
    add(out,
        " * Do this in one C or C++ file of your program:\n"
        " *\n"
        " *     #define TRUENO_DB_IMPLEMENTATION\n"
        " *     #include \"trueno_db.h\"\n"
        " *\n"
        " * and include it without the define everywhere else. `cc -O2 app.c -o app` is all; an "
        "old\n"
        " * C library may want -lpthread -ldl. Before the implementation you may define\n"
        " *\n"
        " *     TRUENO_STATIC       public functions static: two copies may live in one program\n"
        " *     TRUENO_API          the attribute of public functions (visibility, dllexport)\n"
        " *     TRUENO_ASSERT(x)    checks of the library's own invariants; off by default\n"
        " *     TRUENO_NO_VULKAN    no GPU code\n"
        " *\n"
        " * Search for >>token to jump to a section; the list stands before the implementation.\n"
        " *\n"
        " * SPDX-License-Identifier: MIT (the text is at the end)\n");
    addf(out, " * Generated from src/ by tools/amalgamate.c: edit there. Sources: %016llx\n */\n",
         (unsigned long long)hash_sources());
}

static void write_contents(text *out) {
    size_t i;
    add(out, "\n/*\n"
             " * Stop here if you only want the interface: the rest is the implementation.\n"
             " *\n");
    for (i = 0; i < order_count; i++) {
        char token[300], title[300];
        const module *m = &modules[order[i]];
        token_of(m, token, sizeof token);
        title_of(m, title, sizeof title);
        addf(out, " * >>%-30s %.*s\n", token, (int)(COLUMNS - 38), title);
    }
    add(out, " */\n");
}

static void write_system(text *out) {
    text plain = {0}, groups = {0};
    size_t i;
    for (i = 0; i < order_count; i++) {
        collect_system(&modules[order[i]], &plain, &groups);
    }
    for (i = 0; i < module_count; i++) {
        if (modules[i].header && !modules[i].guarded) {
            collect_system(&modules[i], &plain, &groups);
        }
    }
    sort_lines(&plain);
    add(out, "\n/* Every system header, before any code or target attribute. */\n");
    append(out, plain.data ? plain.data : "", plain.length);
    append(out, groups.data ? groups.data : "", groups.length);
    add(out, "#if !defined(TRUENO_NO_VULKAN) && defined(__has_include)\n"
             "#if __has_include(\"" SPIRV_HEADER "\")\n"
             "#include \"" SPIRV_HEADER "\"\n"
             "#endif\n"
             "#endif\n");
    free(plain.data);
    free(groups.data);
}

static const char pragmas_before[] =
    "\n/* The host's warnings and floating-point mode come back at the end. a * b + c is two\n"
    " * roundings here, on every processor; gcc is told so only where the target could do it in\n"
    " * one, because the pragma marks every function and keeps some from being inlined. */\n"
    "#if defined(__clang__)\n"
    "#pragma clang diagnostic push\n"
    "#pragma clang diagnostic ignored \"-Wunused-function\"\n"
    "#if defined(__cplusplus)\n"
    "#pragma clang diagnostic ignored \"-Wold-style-cast\"\n"
    "#endif\n"
    "#pragma STDC FP_CONTRACT OFF\n"
    "#elif defined(__GNUC__)\n"
    "#pragma GCC diagnostic push\n"
    "#pragma GCC diagnostic ignored \"-Wunused-function\"\n"
    "#if defined(__cplusplus)\n"
    "#pragma GCC diagnostic ignored \"-Wold-style-cast\"\n"
    "#pragma GCC diagnostic ignored \"-Wuseless-cast\"\n"
    "#endif\n"
    "#pragma GCC push_options\n"
    "#if defined(__FP_FAST_FMA) || defined(__FP_FAST_FMAF)\n"
    "#pragma GCC optimize(\"fp-contract=off\")\n"
    "#endif\n"
    "#if defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__)\n"
    "#define TNI_GCC_COLD\n"
    "#endif\n"
    "#endif\n";

static const char pragmas_after[] = "\n#if defined(__clang__)\n"
                                    "#pragma STDC FP_CONTRACT DEFAULT\n"
                                    "#pragma clang diagnostic pop\n"
                                    "#elif defined(__GNUC__)\n"
                                    "#pragma GCC pop_options\n"
                                    "#pragma GCC diagnostic pop\n"
                                    "#endif\n";

static void write_undefs(text *out) {
    size_t i;
    const char *before = "";
    add(out, "\n/* No macro of ours stays behind. */\n#undef TNI_AMALGAM\n#undef TNI_GCC_COLD\n");
    for (i = 0; i < name_count; i++) { /* sorted by check_names */
        if (names[i].kind == 'm' && strcmp(names[i].name, before) != 0) {
            before = names[i].name;
            addf(out, "#undef %s\n", before);
        }
    }
}

static void write_licence(text *out) {
    char path[1024];
    size_t length = 0;
    char *licence, *l;
    (void)snprintf(path, sizeof path, "%s/../LICENSE", source_folder);
    licence = read_whole(path, &length);
    if (!licence) {
        return;
    }
    add(out, "\n/*\n");
    for (l = licence; l < licence + length;) {
        size_t n = strcspn(l, "\n");
        addf(out, " *%s%.*s\n", n ? " " : "", (int)n, l);
        l += n + 1;
    }
    add(out, " */\n");
    free(licence);
}

static void write_module(text *out, const module *m, bool system_too) {
    write_opening(out, m);
    write_lines(out, m, system_too, 0);
    write_closing(out, m);
}

/* The level a module is compiled at; NULL: the user's. */
static const char *level_of(const module *m) {
    size_t i;
    for (i = 0; i < COLD_COUNT && !m->header; i++) {
        if (strncmp(m->path, cold[i].path, strlen(cold[i].path)) == 0) {
            return cold[i].level;
        }
    }
    return NULL;
}

static void write_modules(text *out) {
    size_t i;
    const char *open = NULL;
    for (i = 0; i <= order_count; i++) {
        const char *wanted = i < order_count ? level_of(&modules[order[i]]) : NULL;
        if (wanted != open && (!wanted || !open || strcmp(wanted, open) != 0)) {
            add(out, "\n#if defined(TNI_GCC_COLD)\n");
            if (open) {
                add(out, "#pragma GCC pop_options\n");
            }
            if (wanted) {
                addf(out, "#pragma GCC push_options\n#pragma GCC optimize(\"%s\")\n", wanted);
            }
            add(out, "#endif\n");
            open = wanted;
        }
        if (i < order_count) {
            write_module(out, &modules[order[i]], true);
        }
    }
}

static void write_header(text *out) {
    const module *api = &modules[find_module("trueno.h", strlen("trueno.h"))];
    write_banner(out, api);
    write_module(out, api, false);
    write_contents(out);
    add(out, "\n#if defined(TRUENO_DB_IMPLEMENTATION) && !defined(TRUENO_DB_IMPLEMENTED)\n"
             "#define TRUENO_DB_IMPLEMENTED\n"
             "#define TNI_AMALGAM\n"
             "#if defined(__FAST_MATH__)\n"
             "#error \"trueno_db.h needs IEEE arithmetic: no -ffast-math for this file\"\n"
             "#endif\n");
    write_system(out);
    add(out, pragmas_before);
    write_modules(out);
    write_undefs(out);
    add(out, pragmas_after);
    add(out, "\n#endif /* TRUENO_DB_IMPLEMENTATION */\n");
    write_licence(out);
}

static int amalgamate(const char *src, const char *out_path) {
    text out = {0};
    size_t i, length = 0;
    char *present;
    source_folder = src;
    find_modules("", 0);
    qsort(modules, module_count, sizeof *modules, compare_modules);
    if (find_module("trueno.h", strlen("trueno.h")) == module_count) {
        fail(NULL, 0, "there is no trueno.h in the source folder", "pass the path of src/");
    }
    for (i = 0; i < module_count; i++) {
        check_bytes(&modules[i]);
        modules[i].guarded = modules[i].header && has_guard(&modules[i]);
    }
    for (i = 0; i < module_count; i++) {
        find_needs(&modules[i]);
        collect_names(&modules[i]);
    }
    check_names();
    if (complaints) {
        return 1;
    }
    place_all();
    write_header(&out);
    for (i = 0; i < module_count; i++) {
        if (modules[i].header && !modules[i].guarded && !modules[i].placed) {
            fail(&modules[i], 1, "a header without include guard that nobody includes",
                 "add #ifndef, #define and #endif, or delete the file");
        }
    }
    present = read_whole(out_path, &length);
    if (!present || length != out.length || memcmp(present, out.data, length) != 0) {
        write_whole(out_path, out.data, out.length);
    }
    return 0;
}

/* ---- taking apart ---- */

static void make_folders(char *path) {
    char *slash;
    for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)make_folder(path);
        *slash = '/';
    }
}

static void write_part(const char *folder, const char *path, const text *t) {
    char full[2048];
    if (strstr(path, "..")) {
        fail(NULL, 0, "a module path leaves its folder", "the header was edited by hand");
    }
    (void)snprintf(full, sizeof full, "%s/%s", folder, path);
    make_folders(full);
    write_whole(full, t->data ? t->data : "", t->length);
}

static bool starts(const line *l, const char *prefix, const char **rest) {
    size_t n = strlen(prefix);
    *rest = l->start + n;
    return l->length >= n && memcmp(l->start, prefix, n) == 0;
}

typedef struct part {
    char path[512];
    text body;
} part;

/* The word after a marker, up to a blank. */
static void part_begin(part *p, const line *l, const char *rest) {
    size_t n = 0;
    while (rest + n < l->start + l->length && rest[n] != ' ' && n + 1 < sizeof p->path) {
        n++;
    }
    memcpy(p->path, rest, n);
    p->path[n] = '\0';
    p->body.length = 0;
}

static int split(const char *in_path, const char *folder) {
    part stack[MAX_DEPTH];
    int depth = 0;
    size_t length = 0;
    char *data = read_whole(in_path, &length);
    line l = {0};
    bool opening = false;
    if (!data) {
        fail(NULL, 0, "the header cannot be read", "pass the path of trueno_db.h");
    }
    memset(stack, 0, sizeof stack);
    while (next_line(data, length, &l)) {
        const char *rest;
        if (depth == 0) {
            if (starts(&l, " * from src/", &rest)) {
                part_begin(&stack[0], &l, rest);
                opening = true;
            } else if (opening && starts(&l, " *====", &rest)) {
                opening = false;
                depth = 1;
            }
        } else if (starts(&l, "/*--- begin copy of src/", &rest) && depth < MAX_DEPTH) {
            part_begin(&stack[depth++], &l, rest);
        } else if (starts(&l, "/*--- end", &rest)) {
            depth--;
            write_part(folder, stack[depth].path, &stack[depth].body);
            if (depth > 0) {
                char include[600];
                (void)snprintf(include, sizeof include, "#include \"%s\"\n", stack[depth].path);
                add(&stack[depth - 1].body, include);
            }
        } else if (starts(&l, "/* #include ", &rest) && l.length > 6) {
            append(&stack[depth - 1].body, l.start + 3, l.length - 6);
            add(&stack[depth - 1].body, "\n");
        } else {
            append(&stack[depth - 1].body, l.start, l.length);
            add(&stack[depth - 1].body, "\n");
        }
    }
    for (depth = 0; depth < MAX_DEPTH; depth++) {
        free(stack[depth].body.data);
    }
    free(data);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "--split") == 0) {
        return split(argv[2], argv[3]);
    }
    if (argc == 3 && argv[1][0] != '-') {
        return amalgamate(argv[1], argv[2]);
    }
    fprintf(stderr, "usage: amalgamate SRC OUT\n       amalgamate --split HEADER FOLDER\n");
    return 2;
}
