/*
 * slt.c - runs sqllogictest scripts through the public interface.
 *
 * usage: slt [--set name=value] [--threads N] [--skip-unsupported] [--except FILE:LINE] [-v]
 *            FILE|FOLDER|FILE:LINE ...
 *
 * Each file has a database of its own. Records are separated by blank lines:
 *
 *   statement ok | statement error
 *   query TYPES [nosort|rowsort|valuesort] [label]
 *   skipif ENGINE | onlyif ENGINE (ours is `trueno`), hash-threshold N, halt
 *   require PATH        leaves the rest of the file out when PATH is missing
 *
 * Types: I prints an integer (a fraction is cut off), R prints %.3f, T prints what the shell
 * prints. NULL is `NULL`, an empty text `(empty)`, a control character `@`. Expected values stand
 * one a line, or one row a line with tabs between. `N values hashing to MD5` stands for long
 * results. Behind the `----` of a `statement error` each line must occur in
 * `status at OFFSET: message`. $SHARED and $TEMP in the SQL are folders.
 *
 * With --skip-unsupported a query refused for a whole feature (joins, subqueries, set operations,
 * windows) counts as skipped, as does what reads a view that was refused. --except FILE:LINE
 * skips a record whose answer differs on purpose (FILE: the end of a path). FILE:LINE runs every statement of the file and judges that query.
 * -v prints a line for every file, and every failure instead of the first hundred. The last line
 * printed is `N passed, N failed, N skipped`.
 */
#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif
#include "trueno.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLT_TEXT_MAX (64u << 20)

/* ------------------------------------------------------------------------------ memory --- */

static void *slt_grow(void *block, size_t size) {
    void *p = realloc(block, size);
    if (p == NULL) {
        fprintf(stderr, "slt: out of memory\n");
        exit(2);
    }
    return p;
}

static char *slt_copy(const char *text, size_t length) {
    char *p = (char *)slt_grow(NULL, length + 1);
    memcpy(p, text, length);
    p[length] = 0;
    return p;
}

typedef struct slt_list {
    char **items;
    size_t count, room;
} slt_list;

static void slt_add(slt_list *list, char *text) {
    if (list->count == list->room) {
        list->room = list->room ? list->room * 2 : 64;
        list->items = (char **)slt_grow(list->items, list->room * sizeof *list->items);
    }
    list->items[list->count++] = text;
}

static void slt_clear(slt_list *list) {
    size_t i;
    for (i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
    memset(list, 0, sizeof *list);
}

typedef struct slt_buffer {
    char *data;
    size_t length, room;
} slt_buffer;

static void slt_append(slt_buffer *b, const char *text, size_t length) {
    if (b->length + length + 1 > b->room) {
        b->room = (b->length + length + 1) * 2;
        b->data = (char *)slt_grow(b->data, b->room);
    }
    memcpy(b->data + b->length, text, length);
    b->length += length;
    b->data[b->length] = 0;
}

/* --------------------------------------------------------------------------------- md5 --- */

typedef struct slt_md5 {
    uint32_t state[4];
    uint64_t length;
    unsigned char block[64];
} slt_md5;

static uint32_t slt_md5_round(uint32_t i, uint32_t b, uint32_t c, uint32_t d, uint32_t *word) {
    switch (i >> 4) {
    case 0: *word = i; return (b & c) | (~b & d);
    case 1: *word = (5 * i + 1) & 15; return (d & b) | (~d & c);
    case 2: *word = (3 * i + 5) & 15; return b ^ c ^ d;
    default: *word = (7 * i) & 15; return c ^ (b | ~d);
    }
}

/* RFC 1321's constants: floor(2^32 * |sin(i + 1)|). */
static const uint32_t slt_md5_sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
static const unsigned char slt_md5_shifts[16] = {7, 12, 17, 22, 5, 9,  14, 20,
                                                 4, 11, 16, 23, 6, 10, 15, 21};

static void slt_md5_block(slt_md5 *md5) {
    uint32_t w[16], a = md5->state[0], b = md5->state[1], c = md5->state[2], d = md5->state[3], i;
    for (i = 0; i < 16; i++) {
        const unsigned char *p = md5->block + i * 4;
        w[i] = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    }
    for (i = 0; i < 64; i++) {
        uint32_t word, f = slt_md5_round(i, b, c, d, &word);
        unsigned shift = slt_md5_shifts[(i >> 4) * 4 + (i & 3)];
        uint32_t sum = a + f + slt_md5_sines[i] + w[word];
        a = d;
        d = c;
        c = b;
        b += sum << shift | sum >> (32 - shift);
    }
    md5->state[0] += a;
    md5->state[1] += b;
    md5->state[2] += c;
    md5->state[3] += d;
}

static void slt_md5_start(slt_md5 *md5) {
    static const uint32_t start[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    memcpy(md5->state, start, sizeof start);
    md5->length = 0;
}

static void slt_md5_add(slt_md5 *md5, const char *text, size_t length) {
    size_t i;
    for (i = 0; i < length; i++) {
        md5->block[md5->length++ & 63] = (unsigned char)text[i];
        if ((md5->length & 63) == 0) {
            slt_md5_block(md5);
        }
    }
}

static void slt_md5_end(slt_md5 *md5, char out[33]) {
    uint64_t bits = md5->length * 8;
    int i;
    slt_md5_add(md5, "\x80", 1);
    while ((md5->length & 63) != 56) {
        slt_md5_add(md5, "", 1);
    }
    for (i = 0; i < 8; i++) {
        char byte = (char)(unsigned char)(bits >> (8 * i));
        slt_md5_add(md5, &byte, 1);
    }
    for (i = 0; i < 16; i++) {
        snprintf(out + i * 2, 3, "%02x", (md5->state[i >> 2] >> (8 * (i & 3))) & 255);
    }
}

/* -------------------------------------------------------------------------- the runner --- */

typedef struct slt_run {
    slt_list settings; /* "name = value" */
    slt_list except;   /* "FILE:LINE" */
    uint32_t threads;
    bool skip_unsupported, verbose;
    const char *shared;
    char temp[64];
    const char *program;
    unsigned long passed, failed, skipped;
    unsigned shown;    /* failures printed */
} slt_run;

typedef struct slt_script {
    slt_run *run;
    trueno_db *db;
    const char *path;
    slt_list lines;
    size_t at;
    size_t only;       /* line of the one query to judge, 0 = all */
    bool halted;
    slt_list labels;   /* "label md5" */
    slt_list refused;  /* views that do not exist because of --skip-unsupported */
} slt_script;

static void slt_fail(slt_script *s, size_t line, const char *sql, const char *what,
                     const char *wanted, const char *got) {
    s->run->failed++;
    if (s->run->shown++ >= 100 && !s->run->verbose) {
        return;
    }
    printf("%s:%zu: %s\n", s->path, line, what);
    printf("    %.2000s\n", sql);
    if (wanted != NULL) {
        printf("    expected: %.2000s\n", wanted);
    }
    if (got != NULL) {
        printf("    got:      %.2000s\n", got);
    }
    printf("    repeat: %s", s->run->program);
    {
        size_t i;
        for (i = 0; i < s->run->settings.count; i++) {
            printf(" --set '%s'", s->run->settings.items[i]);
        }
    }
    if (s->run->threads) {
        printf(" --threads %u", s->run->threads);
    }
    printf(" %s:%zu\n", s->path, line);
}

/* $SHARED and $TEMP become folders. */
static char *slt_expand(const slt_run *run, const char *sql) {
    slt_buffer b = {NULL, 0, 0};
    slt_append(&b, "", 0);
    while (*sql) {
        if (strncmp(sql, "$SHARED", 7) == 0) {
            slt_append(&b, run->shared, strlen(run->shared));
            sql += 7;
        } else if (strncmp(sql, "$TEMP", 5) == 0) {
            slt_append(&b, run->temp, strlen(run->temp));
            sql += 5;
        } else {
            slt_append(&b, sql++, 1);
        }
    }
    return b.data;
}

static const char *slt_line(const slt_script *s) {
    return s->at < s->lines.count ? s->lines.items[s->at] : NULL;
}

/* SQL up to a blank line or `----`. */
static char *slt_read_sql(slt_script *s) {
    slt_buffer b = {NULL, 0, 0};
    char *expanded;
    const char *line;
    slt_append(&b, "", 0);
    while ((line = slt_line(s)) != NULL && *line && strcmp(line, "----") != 0) {
        if (b.length) {
            slt_append(&b, "\n", 1);
        }
        slt_append(&b, line, strlen(line));
        s->at++;
    }
    expanded = slt_expand(s->run, b.data);
    free(b.data);
    return expanded;
}

/* What stands behind `----`, up to a blank line. */
static void slt_read_expected(slt_script *s, slt_list *out, bool split) {
    const char *line;
    memset(out, 0, sizeof *out);
    line = slt_line(s);
    if (line == NULL || strcmp(line, "----") != 0) {
        return;
    }
    for (s->at++; (line = slt_line(s)) != NULL && *line; s->at++) {
        const char *end;
        while (split && (end = strchr(line, '\t')) != NULL) {
            slt_add(out, slt_copy(line, (size_t)(end - line)));
            line = end + 1;
        }
        slt_add(out, slt_copy(line, strlen(line)));
    }
}

/* Features that this version refuses as a whole. */
static bool slt_feature_refused(const trueno_result *r) {
    static const char *const features[] = {"join", "JOIN", "subquer", "Subquer", "EXISTS",
                                           "UNION", "EXCEPT", "INTERSECT", "set operation",
                                           "indow", "FROM lists", "several tables"};
    size_t i;
    if (trueno_result_status(r) != TRUENO_ERROR_UNSUPPORTED) {
        return false;
    }
    for (i = 0; i < sizeof features / sizeof features[0]; i++) {
        if (strstr(trueno_result_error(r), features[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Remember the view that a refused CREATE VIEW would have made. */
static void slt_remember_refused(slt_script *s, const char *sql) {
    char name[128];
    if (sscanf(sql, "CREATE VIEW %127s", name) == 1) {
        slt_add(&s->refused, slt_copy(name, strlen(name)));
    }
}

/* The statement failed for a feature that this version lacks, or for a view that used one. */
static bool slt_excused(slt_script *s, const char *sql, const trueno_result *r) {
    bool excused = slt_feature_refused(r);
    size_t i;
    if (!s->run->skip_unsupported) {
        return false;
    }
    for (i = 0; !excused && trueno_result_status(r) == TRUENO_ERROR_CATALOG &&
                i < s->refused.count;
         i++) {
        excused = strstr(trueno_result_error(r), s->refused.items[i]) != NULL;
    }
    if (excused) {
        slt_remember_refused(s, sql);
    }
    return excused;
}

static bool slt_is_except(const slt_script *s, size_t line) {
    char here[1024];
    size_t i, length, wanted;
    snprintf(here, sizeof here, "%s:%zu", s->path, line);
    length = strlen(here);
    for (i = 0; i < s->run->except.count; i++) {
        wanted = strlen(s->run->except.items[i]);
        if (wanted <= length && strcmp(here + length - wanted, s->run->except.items[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void slt_describe_error(const trueno_result *r, slt_buffer *out) {
    char place[32] = "";
    size_t at = trueno_result_error_position(r);
    const char *status = trueno_status_name(trueno_result_status(r));
    const char *message = trueno_result_error(r);
    if (at != SIZE_MAX) {
        snprintf(place, sizeof place, " at %zu", at);
    }
    slt_append(out, status, strlen(status));
    slt_append(out, place, strlen(place));
    slt_append(out, ": ", 2);
    slt_append(out, message, strlen(message));
}

static void slt_statement(slt_script *s, bool wants_error, bool skip) {
    size_t line = s->at, i;
    char *sql;
    slt_list expected;
    trueno_result *r;
    slt_buffer message = {NULL, 0, 0};
    s->at++;
    sql = slt_read_sql(s);
    slt_read_expected(s, &expected, false);
    if (skip || slt_is_except(s, line)) {
        s->run->skipped += !skip;
        free(sql);
        slt_clear(&expected);
        return;
    }
    r = trueno_query(s->db, sql);
    slt_describe_error(r, &message);
    if (trueno_result_status(r) == TRUENO_OK) {
        if (wants_error) {
            slt_fail(s, line, sql, "the statement succeeded, an error was expected",
                     expected.count ? expected.items[0] : NULL, NULL);
        } else {
            s->run->passed++;
        }
    } else if (slt_excused(s, sql, r)) {
        s->run->skipped++;
    } else if (!wants_error) {
        slt_fail(s, line, sql, "the statement failed", NULL, message.data);
    } else {
        for (i = 0; i < expected.count && strstr(message.data, expected.items[i]) != NULL; i++) {
        }
        if (i < expected.count) {
            slt_fail(s, line, sql, "another error", expected.items[i], message.data);
        } else {
            s->run->passed++;
        }
    }
    trueno_result_free(r);
    slt_clear(&expected);
    free(sql);
    free(message.data);
}

/* ------------------------------------------------------------------------------ queries --- */

static char *slt_cell(trueno_result *r, uint64_t row, uint32_t column, char type) {
    char number[400];
    char *text, *p;
    if (trueno_get_is_null(r, row, column)) {
        return slt_copy("NULL", 4);
    }
    if (type == 'I') {
        trueno_type stored = trueno_result_column_type(r, column);
        double value = trueno_get_double(r, row, column);
        bool fraction = stored == TRUENO_TYPE_FLOAT || stored == TRUENO_TYPE_DOUBLE ||
                        stored == TRUENO_TYPE_DECIMAL;
        snprintf(number, sizeof number, "%" PRId64,
                 fraction && value > -9e18 && value < 9e18 ? (int64_t)value
                                                           : trueno_get_int64(r, row, column));
        return slt_copy(number, strlen(number));
    }
    if (type == 'R') {
        snprintf(number, sizeof number, "%.3f", trueno_get_double(r, row, column));
        return slt_copy(number, strlen(number));
    }
    text = (char *)(uintptr_t)trueno_get_text(r, row, column);
    if (*text == 0) {
        return slt_copy("(empty)", 7);
    }
    text = slt_copy(text, strlen(text));
    for (p = text; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            *p = '@';
        }
    }
    return text;
}

/* qsort has no context, so rows carry their own width. */
typedef struct slt_row {
    char **cells;
    uint32_t columns;
} slt_row;

static int slt_compare_rows(const void *a, const void *b) {
    const slt_row *x = (const slt_row *)a, *y = (const slt_row *)b;
    uint32_t i;
    for (i = 0; i < x->columns; i++) {
        int c = strcmp(x->cells[i], y->cells[i]);
        if (c) {
            return c;
        }
    }
    return 0;
}

static int slt_compare_values(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void slt_sort_rows(slt_list *values, uint32_t columns) {
    size_t rows = values->count / columns, i;
    slt_row *index = (slt_row *)slt_grow(NULL, (rows + 1) * sizeof *index);
    char **sorted = (char **)slt_grow(NULL, (values->count + 1) * sizeof *sorted);
    for (i = 0; i < rows; i++) {
        index[i].cells = values->items + i * columns;
        index[i].columns = columns;
    }
    qsort(index, rows, sizeof *index, slt_compare_rows);
    for (i = 0; i < rows; i++) {
        memcpy(sorted + i * columns, index[i].cells, columns * sizeof *sorted);
    }
    free(values->items);
    free(index);
    values->items = sorted;
    values->room = values->count + 1;
}

static void slt_values(trueno_result *r, const char *types, const char *sort, slt_list *out) {
    uint32_t columns = trueno_result_column_count(r), c;
    uint64_t rows = trueno_result_row_count(r), row;
    memset(out, 0, sizeof *out);
    for (row = 0; row < rows; row++) {
        for (c = 0; c < columns; c++) {
            slt_add(out, slt_cell(r, row, c, types[c]));
        }
    }
    if (strcmp(sort, "rowsort") == 0 && columns) {
        slt_sort_rows(out, columns);
    } else if (strcmp(sort, "valuesort") == 0 && out->count) {
        qsort(out->items, out->count, sizeof *out->items, slt_compare_values);
    }
}

static void slt_hash(const slt_list *values, char out[33]) {
    slt_md5 md5;
    size_t i;
    slt_md5_start(&md5);
    for (i = 0; i < values->count; i++) {
        slt_md5_add(&md5, values->items[i], strlen(values->items[i]));
        slt_md5_add(&md5, "\n", 1);
    }
    slt_md5_end(&md5, out);
}

static char *slt_join(const slt_list *values, uint32_t columns) {
    slt_buffer b = {NULL, 0, 0};
    size_t i;
    slt_append(&b, "", 0);
    for (i = 0; i < values->count && b.length < 4000; i++) {
        if (i) {
            slt_append(&b, i % columns ? "\t" : "\n              ", i % columns ? 1 : 15);
        }
        slt_append(&b, values->items[i], strlen(values->items[i]));
    }
    return b.data;
}

/* Queries of one label have one answer. */
static bool slt_label_agrees(slt_script *s, const char *label, const char *hash) {
    size_t i, length = strlen(label);
    slt_buffer b = {NULL, 0, 0};
    for (i = 0; i < s->labels.count; i++) {
        const char *known = s->labels.items[i];
        if (strncmp(known, label, length) == 0 && known[length] == ' ') {
            return strcmp(known + length + 1, hash) == 0;
        }
    }
    slt_append(&b, label, length);
    slt_append(&b, " ", 1);
    slt_append(&b, hash, strlen(hash));
    slt_add(&s->labels, b.data);
    return true;
}

static bool slt_same_list(const slt_list *a, const slt_list *b) {
    size_t i;
    if (a->count != b->count) {
        return false;
    }
    for (i = 0; i < a->count && strcmp(a->items[i], b->items[i]) == 0; i++) {
    }
    return i == a->count;
}

static void slt_judge(slt_script *s, size_t line, const char *sql, trueno_result *r,
                      const char *types, const char *sort, const char *label,
                      const slt_list *expected, bool has_expected) {
    slt_list values;
    char hash[33], summary[80];
    bool same;
    char *wanted, *got;
    uint32_t columns = trueno_result_column_count(r);
    if (columns != strlen(types)) {
        snprintf(summary, sizeof summary, "%u columns", columns);
        slt_fail(s, line, sql, "another number of columns", types, summary);
        return;
    }
    slt_values(r, types, sort, &values);
    slt_hash(&values, hash);
    snprintf(summary, sizeof summary, "%zu values hashing to %s", values.count, hash);
    same = !has_expected || slt_same_list(&values, expected) ||
           (expected->count == 1 && strcmp(expected->items[0], summary) == 0);
    if (!same) {
        wanted = slt_join(expected, columns);
        got = slt_join(&values, columns);
        slt_fail(s, line, sql, "another result", wanted,
                 expected->count == 1 && strstr(expected->items[0], " values hashing to ")
                     ? summary
                     : got);
        free(wanted);
        free(got);
    } else if (*label && !slt_label_agrees(s, label, hash)) {
        slt_fail(s, line, sql, "another result than the queries before with this label", label,
                 summary);
    } else {
        s->run->passed++;
    }
    slt_clear(&values);
}

static void slt_query(slt_script *s, const char *head, bool skip) {
    size_t line = s->at;
    char types[1024] = "", sort[32] = "nosort", label[128] = "";
    char *sql;
    slt_list expected;
    bool has_expected;
    trueno_result *r;
    int words = sscanf(head, "query %1023s %31s %127s", types, sort, label);
    (void)words;
    s->at++;
    sql = slt_read_sql(s);
    has_expected = slt_line(s) != NULL && strcmp(slt_line(s), "----") == 0;
    slt_read_expected(s, &expected, types[0] && types[1]);
    if (!skip && slt_is_except(s, line)) {
        s->run->skipped++;
    } else if (!skip && (s->only == 0 || s->only == line)) {
        r = trueno_query(s->db, sql);
        if (trueno_result_status(r) == TRUENO_OK) {
            slt_judge(s, line, sql, r, types, sort, label, &expected, has_expected);
        } else if (slt_excused(s, sql, r)) {
            s->run->skipped++;
        } else {
            slt_buffer message = {NULL, 0, 0};
            slt_describe_error(r, &message);
            slt_fail(s, line, sql, "the query failed", NULL, message.data);
            free(message.data);
        }
        trueno_result_free(r);
    }
    free(sql);
    slt_clear(&expected);
}

/* ------------------------------------------------------------------------------ scripts --- */

static bool slt_starts(const char *line, const char *word) {
    size_t n = strlen(word);
    return strncmp(line, word, n) == 0 && (line[n] == 0 || line[n] == ' ' || line[n] == '\t');
}

/* The engine behind `skipif ` or `onlyif ` is ours. */
static bool slt_is_ours(const char *line) {
    char engine[64] = "";
    return sscanf(line, "%*s %63s", engine) == 1 && strcmp(engine, "trueno") == 0;
}

static void slt_require(slt_script *s, const char *line) {
    char *path = slt_expand(s->run, line + strlen("require "));
    struct stat info;
    if (stat(path, &info) != 0) {
        printf("%s: skipped: %s is missing\n", s->path, path);
        s->run->skipped++;
        s->halted = true;
    }
    free(path);
}

static void slt_record(slt_script *s) {
    bool skip = false;
    const char *line;
    for (; (line = slt_line(s)) != NULL && *line; s->at++) {
        if (*line == '#' || slt_starts(line, "hash-threshold")) {
            continue;
        } else if (slt_starts(line, "skipif")) {
            skip |= slt_is_ours(line);
        } else if (slt_starts(line, "onlyif")) {
            skip |= !slt_is_ours(line);
        } else if (slt_starts(line, "halt")) {
            s->halted |= !skip;
        } else if (slt_starts(line, "require")) {
            slt_require(s, line);
        } else if (slt_starts(line, "statement")) {
            slt_statement(s, strstr(line, "error") != NULL, skip);
            return;
        } else if (slt_starts(line, "query")) {
            slt_query(s, line, skip);
            return;
        } else {
            slt_fail(s, s->at, line, "not a record", NULL, NULL);
        }
    }
}

static bool slt_read_lines(const char *path, slt_list *lines) {
    FILE *file = fopen(path, "rb");
    slt_buffer b = {NULL, 0, 0};
    char block[65536];
    char *at, *end;
    size_t n;
    if (file == NULL) {
        return false;
    }
    slt_append(&b, "", 0);
    while ((n = fread(block, 1, sizeof block, file)) > 0 && b.length < SLT_TEXT_MAX) {
        slt_append(&b, block, n);
    }
    fclose(file);
    slt_add(lines, slt_copy("", 0)); /* lines count from 1 */
    for (at = b.data; *at; at = end + (*end != 0)) {
        size_t length = strcspn(at, "\n");
        end = at + length;
        length -= length && at[length - 1] == '\r';
        slt_add(lines, slt_copy(at, length));
    }
    free(b.data);
    return true;
}

static trueno_db *slt_open(const slt_run *run) {
    trueno_config config;
    trueno_db *db;
    size_t i;
    memset(&config, 0, sizeof config);
    config.threads = run->threads;
    if (trueno_open(&config, &db) != TRUENO_OK) {
        return NULL;
    }
    for (i = 0; i < run->settings.count; i++) {
        char sql[256];
        trueno_result *r;
        snprintf(sql, sizeof sql, "SET %s", run->settings.items[i]);
        r = trueno_query(db, sql);
        if (trueno_result_status(r) != TRUENO_OK) {
            printf("%s: %s\n", sql, trueno_result_error(r));
            trueno_result_free(r);
            trueno_close(db);
            return NULL;
        }
        trueno_result_free(r);
    }
    return db;
}

static void slt_file(slt_run *run, const char *path, size_t only) {
    slt_script s;
    unsigned long passed = run->passed, failed = run->failed, skipped = run->skipped;
    memset(&s, 0, sizeof s);
    s.run = run;
    s.path = path;
    s.only = only;
    s.at = 1;
    if (!slt_read_lines(path, &s.lines)) {
        printf("%s: cannot be read\n", path);
        run->failed++;
    } else if ((s.db = slt_open(run)) == NULL) {
        printf("%s: the database does not open\n", path);
        run->failed++;
    } else {
        while (s.at < s.lines.count && !s.halted) {
            slt_record(&s);
            s.at += slt_line(&s) != NULL && *slt_line(&s) == 0;
        }
    }
    trueno_close(s.db);
    slt_clear(&s.lines);
    slt_clear(&s.labels);
    slt_clear(&s.refused);
    if (run->verbose) {
        printf("%s: %lu passed, %lu failed, %lu skipped\n", path, run->passed - passed,
               run->failed - failed, run->skipped - skipped);
        fflush(stdout);
    }
}

static void slt_path(slt_run *run, const char *path, int depth);

static void slt_folder(slt_run *run, const char *path, int depth) {
    DIR *folder = opendir(path);
    struct dirent *entry;
    slt_list names;
    size_t i;
    memset(&names, 0, sizeof names);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.') {
            slt_buffer b = {NULL, 0, 0};
            slt_append(&b, path, strlen(path));
            slt_append(&b, "/", 1);
            slt_append(&b, entry->d_name, strlen(entry->d_name));
            slt_add(&names, b.data);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    if (names.count) {
        qsort(names.items, names.count, sizeof *names.items, slt_compare_values);
    }
    for (i = 0; i < names.count; i++) {
        slt_path(run, names.items[i], depth + 1);
    }
    slt_clear(&names);
}

static void slt_path(slt_run *run, const char *path, int depth) {
    struct stat info;
    const char *colon = strrchr(path, ':');
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        if (depth < 16) {
            slt_folder(run, path, depth);
        }
    } else if (colon != NULL && strtoul(colon + 1, NULL, 10) > 0) {
        char *file = slt_copy(path, (size_t)(colon - path));
        slt_file(run, file, strtoul(colon + 1, NULL, 10));
        free(file);
    } else {
        slt_file(run, path, 0);
    }
}

/* The scratch folder is flat: scripts write files, no folders. */
static void slt_remove_temp(const slt_run *run) {
    DIR *folder = opendir(run->temp);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.') {
            char path[400];
            snprintf(path, sizeof path, "%s/%s", run->temp, entry->d_name);
            remove(path);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    rmdir(run->temp);
}

int main(int argc, char **argv) {
    slt_run run;
    int i;
    memset(&run, 0, sizeof run);
    run.program = argv[0];
    run.shared = getenv("TRUENO_SHARED");
    if (run.shared == NULL || !*run.shared) {
        run.shared = "../shared";
    }
    strcpy(run.temp, "/tmp/trueno_slt_XXXXXX");
    if (mkdtemp(run.temp) == NULL) {
        fprintf(stderr, "slt: no scratch folder in /tmp\n");
        return 2;
    }
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--set") == 0 && i + 1 < argc) {
            slt_add(&run.settings, slt_copy(argv[i + 1], strlen(argv[i + 1])));
            i++;
        } else if (strcmp(argv[i], "--except") == 0 && i + 1 < argc) {
            slt_add(&run.except, slt_copy(argv[i + 1], strlen(argv[i + 1])));
            i++;
        } else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
            run.threads = (uint32_t)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--skip-unsupported") == 0) {
            run.skip_unsupported = true;
        } else if (strcmp(argv[i], "-v") == 0) {
            run.verbose = true;
        } else {
            slt_path(&run, argv[i], 0);
        }
    }
    slt_remove_temp(&run);
    slt_clear(&run.settings);
    slt_clear(&run.except);
    printf("%lu passed, %lu failed, %lu skipped\n", run.passed, run.failed, run.skipped);
    return run.failed ? 1 : 0;
}
