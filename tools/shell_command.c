/*
 * shell_command.c - the dot commands, in one table that .help prints and completion reads.
 *
 * A command is a line that begins with a dot where a statement could begin. Its arguments are
 * words, or texts in single or double quotes; double quotes know \t, \n, \\ and \".
 */
#include "shell.h"

#include <errno.h>

#if !defined(_WIN32)
#include <unistd.h>
#endif

#define SHELL_ARGUMENTS 16

typedef struct shell_call {
    shell *sh;
    const char *name;
    char *arguments[SHELL_ARGUMENTS];
    int count;
    const char *rest; /* the line behind the command's name, as typed */
} shell_call;

/* ----------------------------------------------------------------------------- helpers --- */

static const char *shell_argument(const shell_call *call, int i) {
    return i < call->count ? call->arguments[i] : NULL;
}

static bool shell_refuse(const shell_call *call, const char *what) {
    shell_error(call->sh, ".%s: %s", call->name, what);
    return false;
}

/* on, off, yes, no, 1, 0; without an argument the setting is turned round. */
static bool shell_switch(const shell_call *call, bool *setting) {
    static const char *const words[] = {"off", "no", "0", "false", "on", "yes", "1", "true"};
    const char *word = shell_argument(call, 0);
    size_t i;
    if (word == NULL) {
        *setting = !*setting;
        fprintf(stderr, "%s: %s\n", call->name, *setting ? "on" : "off");
        return true;
    }
    for (i = 0; i < 8; i++) {
        if (strcmp(word, words[i]) == 0) {
            *setting = i >= 4;
            return true;
        }
    }
    return shell_refuse(call, "on or off expected");
}

static void shell_set_text(char **place, const char *value) {
    free(*place);
    *place = value == NULL ? NULL : copy_text(value);
}

static char shell_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* LIKE with % and _, without regard to case; recursion is bounded by the % in the pattern. */
static bool shell_like(const char *s, const char *pattern, int depth) {
    for (; *pattern != '\0'; pattern++, s++) {
        if (*pattern == '%') {
            for (; depth < 64; s++) {
                if (shell_like(s, pattern + 1, depth + 1)) {
                    return true;
                }
                if (*s == '\0') {
                    return false;
                }
            }
            return false;
        }
        if (*s == '\0' || (*pattern != '_' && shell_lower(*pattern) != shell_lower(*s))) {
            return false;
        }
    }
    return *s == '\0';
}

static bool shell_same_name(const char *a, const char *b) {
    while (*a != '\0' && shell_lower(*a) == shell_lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

/* A pattern without wildcards is looked for anywhere. */
static bool shell_matches(const char *s, const char *pattern) {
    text wide = {NULL, 0, 0};
    bool found;
    if (pattern == NULL) {
        return true;
    }
    if (strchr(pattern, '%') != NULL) {
        return shell_like(s, pattern, 0);
    }
    text_format(&wide, "%%%s%%", pattern);
    found = shell_like(s, wide.data, 0);
    text_free(&wide);
    return found;
}

/* ----------------------------------------------------------------------------- catalogue --- */

/* What trueno_visit_names tells, gathered into lists. */
typedef struct shell_names {
    const char *kind;     /* the one wanted */
    const char *pattern;
    const char *table;    /* columns of this table only */
    char **items;         /* name, detail, name, detail, ... */
    size_t count, capacity;
} shell_names;

static void shell_gather(void *user, const char *kind, const char *name, const char *detail) {
    shell_names *names = (shell_names *)user;
    if (strcmp(kind, names->kind) != 0 || !shell_matches(name, names->pattern)) {
        return;
    }
    if (names->table != NULL && (strncmp(detail, names->table, strlen(names->table)) != 0 ||
                                 detail[strlen(names->table)] != ' ')) {
        return;
    }
    if (names->count + 2 > names->capacity) {
        size_t capacity = names->capacity * 2 + 32;
        char **items = (char **)shell_alloc(capacity * sizeof *items);
        if (names->count > 0) {
            memcpy(items, names->items, names->count * sizeof *items);
        }
        free(names->items);
        names->items = items;
        names->capacity = capacity;
    }
    names->items[names->count++] = copy_text(name);
    names->items[names->count++] = copy_text(detail);
}

static shell_names shell_list(shell *sh, const char *kind, const char *pattern,
                              const char *table) {
    shell_names names;
    memset(&names, 0, sizeof names);
    names.kind = kind;
    names.pattern = pattern;
    names.table = table;
    trueno_visit_names(sh->db, shell_gather, &names);
    return names;
}

static void shell_names_free(shell_names *names) {
    size_t i;
    for (i = 0; i < names->count; i++) {
        free(names->items[i]);
    }
    free(names->items);
    memset(names, 0, sizeof *names);
}

static int shell_compare_pairs(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted by name, in as many columns as fit. */
static void shell_print_names(shell *sh, const shell_names *names) {
    size_t count = names->count / 2, i, row, rows, columns, widest = 0;
    char **sorted = (char **)shell_alloc((count + 1) * sizeof *sorted);
    uint32_t width = sh->tty_out ? shell_terminal_width() : 80;
    for (i = 0; i < count; i++) {
        uint32_t w;
        sorted[i] = names->items[2 * i];
        w = shell_text_width(sorted[i], strlen(sorted[i]));
        widest = w > widest ? w : widest;
    }
    qsort(sorted, count, sizeof *sorted, shell_compare_pairs);
    columns = (width == 0 ? 80 : width) / (widest + 2);
    columns = columns == 0 ? 1 : columns;
    rows = (count + columns - 1) / columns;
    for (row = 0; row < rows; row++) {
        for (i = row; i < count; i += rows) {
            fputs(sorted[i], sh->out);
            if (i + rows < count) {
                shell_pad(sh->out, (uint32_t)(widest + 2) -
                                       shell_text_width(sorted[i], strlen(sorted[i])));
            }
        }
        fputc('\n', sh->out);
    }
    free(sorted);
}

static bool shell_do_tables(shell_call *call) {
    shell *sh = call->sh;
    shell_names names = shell_list(sh, "table", shell_argument(call, 0), NULL);
    shell_names views = shell_list(sh, "view", shell_argument(call, 0), NULL);
    size_t i;
    for (i = 0; i < views.count; i += 2) { /* one list of both */
        shell_gather(&names, "table", views.items[i], "");
    }
    shell_print_names(sh, &names);
    shell_names_free(&names);
    shell_names_free(&views);
    return true;
}

static void shell_add_table(shell *sh, const char *table, text *out) {
    shell_names columns = shell_list(sh, "column", NULL, table);
    size_t i;
    text_add(out, "CREATE TABLE ");
    shell_quote_name(out, table);
    text_char(out, '(');
    for (i = 0; i < columns.count; i += 2) {
        text_add(out, i > 0 ? ", " : "");
        shell_quote_name(out, columns.items[i]);
        text_add(out, columns.items[i + 1] + strlen(table)); /* " TYPE" */
    }
    text_add(out, ");\n");
    shell_names_free(&columns);
}

static void shell_add_view(const char *name, const char *sql, text *out) {
    if (sql[0] == 'C' || sql[0] == 'c') {
        text_add(out, sql);
    } else {
        text_add(out, "CREATE VIEW ");
        shell_quote_name(out, name);
        text_format(out, " AS %s", sql);
    }
    text_add(out, out->length > 0 && out->data[out->length - 1] == ';' ? "\n" : ";\n");
}

static bool shell_do_schema(shell_call *call) {
    shell *sh = call->sh;
    shell_names tables = shell_list(sh, "table", shell_argument(call, 0), NULL);
    shell_names views = shell_list(sh, "view", shell_argument(call, 0), NULL);
    text out = {NULL, 0, 0};
    size_t i;
    text_clear(&out);
    for (i = 0; i < tables.count; i += 2) {
        shell_add_table(sh, tables.items[i], &out);
    }
    for (i = 0; i < views.count; i += 2) {
        shell_add_view(views.items[i], views.items[i + 1], &out);
    }
    fputs(out.data, sh->out);
    text_free(&out);
    shell_names_free(&tables);
    shell_names_free(&views);
    return true;
}

/* All rows of a table as INSERT statements of up to 100 rows. */
static bool shell_dump_rows(shell *sh, const char *table) {
    text sql = {NULL, 0, 0};
    trueno_result *result;
    uint64_t rows, r;
    uint32_t columns, c;
    bool ok;
    text_add(&sql, "SELECT * FROM ");
    shell_quote_name(&sql, table);
    result = trueno_query(sh->db, sql.data);
    ok = trueno_result_status(result) == TRUENO_OK;
    if (!ok) {
        shell_error(sh, "%s", trueno_result_error(result));
    }
    rows = ok ? trueno_result_row_count(result) : 0;
    columns = trueno_result_column_count(result);
    for (r = 0; r < rows && !ferror(sh->out); r++) {
        text_clear(&sql);
        if (r % 100 == 0) {
            text_add(&sql, "INSERT INTO ");
            shell_quote_name(&sql, table);
            text_add(&sql, " VALUES\n");
        }
        for (c = 0; c < columns; c++) {
            text_add(&sql, c == 0 ? "(" : ",");
            shell_literal(&sql, result, r, c);
        }
        text_add(&sql, r + 1 == rows || r % 100 == 99 ? ");\n" : "),\n");
        (void)fwrite(sql.data, 1, sql.length, sh->out);
    }
    trueno_result_free(result);
    text_free(&sql);
    return ok;
}

static bool shell_do_dump(shell_call *call) {
    shell *sh = call->sh;
    shell_names tables = shell_list(sh, "table", shell_argument(call, 0), NULL);
    shell_names views = shell_list(sh, "view", shell_argument(call, 0), NULL);
    text out = {NULL, 0, 0};
    bool ok = true;
    size_t i;
    for (i = 0; i < tables.count && ok; i += 2) {
        text_clear(&out);
        shell_add_table(sh, tables.items[i], &out);
        fputs(out.data, sh->out);
        ok = shell_dump_rows(sh, tables.items[i]);
    }
    for (i = 0; i < views.count && ok; i += 2) {
        text_clear(&out);
        shell_add_view(views.items[i], views.items[i + 1], &out);
        fputs(out.data, sh->out);
    }
    text_free(&out);
    shell_names_free(&tables);
    shell_names_free(&views);
    return ok;
}

static bool shell_do_functions(shell_call *call) {
    shell_names names = shell_list(call->sh, "function", shell_argument(call, 0), NULL);
    size_t i;
    for (i = 0; i < names.count; i += 2) {
        const char *signature = names.items[i + 1];
        bool whole = signature[0] != '\0' && signature[0] != '(';
        fprintf(call->sh->out, "%s%s\n", whole ? "" : names.items[i], signature);
    }
    shell_names_free(&names);
    return true;
}

/* ------------------------------------------------------------------------------- output --- */

bool shell_set_mode(shell *sh, const char *name) {
    static const char *const others[][2] = {{"duckbox", "box"},   {"tsv", "tabs"},
                                            {"ascii", "table"},   {"columns", "column"},
                                            {"lines", "line"},    {"ndjson", "jsonlines"},
                                            {"jsonl", "jsonlines"}, {"md", "markdown"}};
    size_t i;
    for (i = 0; i < sizeof others / sizeof others[0]; i++) {
        name = strcmp(name, others[i][0]) == 0 ? others[i][1] : name;
    }
    for (i = 0; i < MODE_COUNT; i++) {
        if (strcmp(name, shell_mode_names[i]) == 0) {
            sh->mode = (shell_mode)i;
            return true;
        }
    }
    return false;
}

static bool shell_do_mode(shell_call *call) {
    const char *name = shell_argument(call, 0);
    size_t i;
    if (name == NULL) {
        fprintf(call->sh->out, "current output mode: %s\n", shell_mode_names[call->sh->mode]);
        return true;
    }
    if (!shell_set_mode(call->sh, name)) {
        text list = {NULL, 0, 0};
        for (i = 0; i < MODE_COUNT; i++) {
            text_format(&list, " %s", shell_mode_names[i]);
        }
        shell_error(call->sh, ".mode: %s is not one of%s", name, list.data);
        text_free(&list);
        return false;
    }
    if (call->count > 1) { /* .mode insert TABLE */
        shell_set_text(&call->sh->insert_table, call->arguments[1]);
    }
    return true;
}

static void shell_close_output(shell *sh) {
    if (sh->out != stdout) {
        (void)(sh->out_pipe ? shell_close_pipe(sh->out) : fclose(sh->out));
        sh->out = stdout;
    }
    sh->out_pipe = sh->out_once = false;
}

/* .output and .once: a file, |PROGRAM, or back to where results usually go. */
static bool shell_redirect(shell_call *call, bool once) {
    shell *sh = call->sh;
    const char *target = shell_argument(call, 0);
    FILE *out;
    shell_close_output(sh);
    if (target == NULL || strcmp(target, "stdout") == 0) {
        return !once || target != NULL ? true : shell_refuse(call, "a file expected");
    }
    if (sh->safe) {
        return shell_refuse(call, "not in safe mode");
    }
    if (target[0] == '|') {
        const char *command = strchr(call->rest, '|') + 1;
        out = shell_open_pipe(command + strspn(command, " "));
    } else {
        out = fopen(target, "wb");
    }
    if (out == NULL) {
        shell_error(sh, ".%s: cannot open %s: %s", call->name, target, strerror(errno));
        return false;
    }
    sh->out = out;
    sh->out_pipe = target[0] == '|';
    sh->out_once = once;
    return true;
}

static bool shell_do_output(shell_call *call) {
    return shell_redirect(call, false);
}

static bool shell_do_once(shell_call *call) {
    return shell_redirect(call, true);
}

static bool shell_do_headers(shell_call *call) {
    return shell_switch(call, &call->sh->headers);
}

static bool shell_do_nullvalue(shell_call *call) {
    shell_set_text(&call->sh->null_text, shell_argument(call, 0));
    return true;
}

static bool shell_do_separator(shell_call *call) {
    shell_set_text(&call->sh->column_separator, shell_argument(call, 0));
    shell_set_text(&call->sh->row_separator, shell_argument(call, 1));
    return true;
}

static bool shell_number(shell_call *call, uint32_t *out) {
    const char *word = shell_argument(call, 0);
    char *end;
    unsigned long value = word == NULL ? 0 : strtoul(word, &end, 10);
    if (word != NULL && (*word < '0' || *word > '9' || *end != '\0' || value > UINT32_MAX)) {
        return shell_refuse(call, "a number expected");
    }
    *out = (uint32_t)value;
    return true;
}

static bool shell_do_width(shell_call *call) {
    return shell_number(call, &call->sh->width);
}

static bool shell_do_maxrows(shell_call *call) {
    return shell_number(call, &call->sh->max_rows);
}

static bool shell_do_timer(shell_call *call) {
    return shell_switch(call, &call->sh->timer);
}

static bool shell_do_bail(shell_call *call) {
    return shell_switch(call, &call->sh->bail);
}

static bool shell_do_echo(shell_call *call) {
    return shell_switch(call, &call->sh->echo);
}

static bool shell_do_changes(shell_call *call) {
    return shell_switch(call, &call->sh->changes);
}

static bool shell_do_progress(shell_call *call) {
    return shell_switch(call, &call->sh->progress);
}

static bool shell_do_pager(shell_call *call) {
    const char *word = shell_argument(call, 0);
    const char *program = getenv("PAGER");
    if (call->sh->safe) {
        return shell_refuse(call, "not in safe mode");
    }
    if (word == NULL) {
        fprintf(stderr, "pager: %s\n", call->sh->pager != NULL ? call->sh->pager : "off");
    } else if (strcmp(word, "off") == 0) {
        shell_set_text(&call->sh->pager, NULL);
    } else if (strcmp(word, "on") == 0) {
        shell_set_text(&call->sh->pager, program != NULL && *program ? program : "less -SRFX");
    } else {
        shell_set_text(&call->sh->pager, call->rest);
    }
    return true;
}

static bool shell_do_prompt(shell_call *call) {
    shell_set_text(&call->sh->prompt, call->count > 0 ? call->arguments[0] : "trueno> ");
    shell_set_text(&call->sh->continuation, call->count > 1 ? call->arguments[1] : "   ...> ");
    return true;
}

static bool shell_do_print(shell_call *call) {
    int i;
    for (i = 0; i < call->count; i++) {
        fprintf(call->sh->out, "%s%s", i > 0 ? " " : "", call->arguments[i]);
    }
    fputc('\n', call->sh->out);
    return true;
}

static bool shell_do_last(shell_call *call) {
    if (call->sh->last == NULL) {
        return shell_refuse(call, "there is no result yet");
    }
    shell_print_result(call->sh, call->sh->last);
    return true;
}

static bool shell_do_chart(shell_call *call) {
    return shell_chart(call->sh, shell_argument(call, 0));
}

static const char *shell_on_off(bool on) {
    return on ? "on" : "off";
}

static bool shell_do_show(shell_call *call) {
    const shell *sh = call->sh;
    FILE *out = sh->out;
    fprintf(out, "        bail: %s\n", shell_on_off(sh->bail));
    fprintf(out, "     changes: %s\n", shell_on_off(sh->changes));
    fprintf(out, "        echo: %s\n", shell_on_off(sh->echo));
    fprintf(out, "     headers: %s\n", shell_on_off(sh->headers));
    fprintf(out, "     maxrows: %u\n", sh->max_rows);
    fprintf(out, "        mode: %s\n", shell_mode_names[sh->mode]);
    fprintf(out, "   nullvalue: %s\n", sh->null_text != NULL ? sh->null_text : "(the mode's)");
    fprintf(out, "      output: %s\n", sh->out == stdout ? "stdout" : "elsewhere");
    fprintf(out, "       pager: %s\n", sh->pager != NULL ? sh->pager : "off");
    fprintf(out, "    progress: %s\n", shell_on_off(sh->progress));
    fprintf(out, "   separator: %s\n",
            sh->column_separator != NULL ? sh->column_separator : "(the mode's)");
    fprintf(out, "       timer: %s\n", shell_on_off(sh->timer));
    fprintf(out, "       width: %u\n", sh->width);
    return true;
}

/* --------------------------------------------------------------------------- doing things --- */

static bool shell_do_read(shell_call *call) {
    const char *path = shell_argument(call, 0);
    if (path == NULL) {
        return shell_refuse(call, "a file expected");
    }
    if (call->sh->safe) {
        return shell_refuse(call, "not in safe mode");
    }
    return shell_run_file(call->sh, path);
}

/* .import FILE TABLE [--skip N]: makes the table, or adds to it when it is there. */
static bool shell_do_import(shell_call *call) {
    shell *sh = call->sh;
    const char *files[2] = {NULL, NULL}, *skip = NULL;
    text sql = {NULL, 0, 0}, quoted = {NULL, 0, 0};
    shell_names names;
    bool exists = false, ok;
    size_t i;
    int a, places = 0;
    for (a = 0; a < call->count; a++) {
        const char *word = call->arguments[a];
        if (strcmp(word, "--skip") == 0 && a + 1 < call->count) {
            skip = call->arguments[++a];
        } else if (strcmp(word, "--csv") != 0 && places < 2) {
            files[places++] = word;
        }
    }
    if (places < 2) {
        return shell_refuse(call, "FILE TABLE expected");
    }
    if (skip != NULL && skip[strspn(skip, "0123456789")] != '\0') {
        return shell_refuse(call, "--skip needs a number");
    }
    names = shell_list(sh, "table", NULL, NULL);
    for (i = 0; i < names.count; i += 2) {
        exists = exists || shell_same_name(names.items[i], files[1]);
    }
    shell_names_free(&names);
    shell_quote_text(&quoted, files[0], strlen(files[0]));
    text_add(&sql, exists ? "INSERT INTO " : "CREATE TABLE ");
    shell_quote_name(&sql, files[1]);
    text_add(&sql, exists ? " " : " AS ");
    if (skip != NULL) {
        text_format(&sql, "SELECT * FROM read_csv(%s, skip = %s)", quoted.data, skip);
    } else {
        text_format(&sql, "SELECT * FROM %s", quoted.data);
    }
    ok = shell_run_statement(sh, sql.data);
    text_free(&sql);
    text_free(&quoted);
    return ok;
}

static bool shell_do_shell(shell_call *call) {
    int status;
    if (call->sh->safe) {
        return shell_refuse(call, "not in safe mode");
    }
    if (call->rest[0] == '\0') {
        return shell_refuse(call, "a command expected");
    }
    (void)fflush(NULL);
    status = system(call->rest);
    if (status != 0) {
        fprintf(stderr, "the command failed\n");
    }
    return status == 0;
}

static bool shell_do_edit(shell_call *call) {
    const char *editor = getenv("VISUAL");
    char path[] = "/tmp/trueno_edit_XXXXXX";
    text command = {NULL, 0, 0};
    bool ok = false;
#if defined(_WIN32)
    (void)path;
    (void)editor;
    (void)command;
    return shell_refuse(call, "not on this system");
#else
    int file;
    if (!call->sh->interactive || call->sh->safe) {
        return shell_refuse(call, "only where there is a terminal, and not in safe mode");
    }
    editor = editor != NULL && *editor ? editor : getenv("EDITOR");
    editor = editor != NULL && *editor ? editor : "vi";
    file = mkstemp(path);
    if (file < 0) {
        return shell_refuse(call, strerror(errno));
    }
    (void)close(file);
    text_format(&command, "%s %s", editor, path);
    if (system(command.data) == 0) {
        ok = shell_run_file(call->sh, path);
    }
    text_free(&command);
    (void)remove(path);
    return ok;
#endif
}

static bool shell_do_log(shell_call *call) {
    shell *sh = call->sh;
    const char *path = shell_argument(call, 0);
    if (sh->log != NULL) {
        (void)fclose(sh->log);
        sh->log = NULL;
    }
    if (path == NULL || strcmp(path, "off") == 0) {
        return true;
    }
    if (sh->safe) {
        return shell_refuse(call, "not in safe mode");
    }
    sh->log = fopen(path, "ab");
    return sh->log != NULL ? true : shell_refuse(call, strerror(errno));
}

static bool shell_do_open(shell_call *call) {
    return shell_refuse(call, "databases live in memory: tables come from files by name "
                              "(FROM 'file.parquet') or .import, and leave with COPY ... TO");
}

static void shell_show_device(void *user, const trueno_device *device) {
    FILE *out = (FILE *)user;
    fprintf(out, "%s %s: %s (%llu MiB", device->used ? "*" : "-", device->name, device->reason,
            (unsigned long long)(device->memory_bytes >> 20));
    if (device->used) {
        fprintf(out, ", %llu of %llu MiB of columns held",
                (unsigned long long)(device->cached_bytes >> 20),
                (unsigned long long)(device->budget_bytes >> 20));
    }
    fprintf(out, ")\n");
}

static bool shell_do_devices(shell_call *call) {
    const char *line = trueno_devices(call->sh->db, shell_show_device, call->sh->out);
    fprintf(call->sh->out, "%s\n", line);
    return true;
}

static bool shell_do_version(shell_call *call) {
    fprintf(call->sh->out, "trueno %s\n", TRUENO_VERSION);
    return true;
}

static bool shell_do_exit(shell_call *call) {
    call->sh->quit = true;
    if (call->count > 0) {
        call->sh->exit_code = atoi(call->arguments[0]) & 255;
        call->sh->failed = false;
    }
    return true;
}

static bool shell_do_help(shell_call *call);

/* ------------------------------------------------------------------------------ dispatch --- */

typedef struct shell_entry {
    const char *name, *arguments, *help;
    bool (*run)(shell_call *call);
} shell_entry;

/* An abbreviation means the first entry it begins. */
static const shell_entry shell_entries[] = {
    {"bail", "on|off", "Stop at the first failure", shell_do_bail},
    {"changes", "on|off", "Say how many rows a statement changed", shell_do_changes},
    {"chart", "bar|line|hist", "Draw the last result", shell_do_chart},
    {"devices", "", "Devices that queries may run on", shell_do_devices},
    {"dump", "[PATTERN]", "Tables as SQL that makes them again", shell_do_dump},
    {"echo", "on|off", "Print statements before running them", shell_do_echo},
    {"edit", "", "Write statements in $VISUAL or $EDITOR", shell_do_edit},
    {"exit", "[CODE]", "Leave", shell_do_exit},
    {"functions", "[PATTERN]", "Functions and how they are called", shell_do_functions},
    {"headers", "on|off", "Column names in the output", shell_do_headers},
    {"help", "[PATTERN]", "This list", shell_do_help},
    {"import", "FILE TABLE", "Read a file into a table (--skip N: its first lines not)",
     shell_do_import},
    {"last", "", "Print the last result again", shell_do_last},
    {"log", "FILE|off", "Write down every statement", shell_do_log},
    {"maxrows", "N", "Rows of a box (0: what suits the output)", shell_do_maxrows},
    {"mode", "MODE [TABLE]", "How results look", shell_do_mode},
    {"nullvalue", "TEXT", "What NULL looks like", shell_do_nullvalue},
    {"once", "FILE", "Send the next result to a file or |PROGRAM", shell_do_once},
    {"open", "", "(databases live in memory)", shell_do_open},
    {"output", "[FILE]", "Send results to a file or |PROGRAM; alone: back", shell_do_output},
    {"pager", "on|off|PROGRAM", "Show results through a pager", shell_do_pager},
    {"print", "TEXT ...", "Print the texts", shell_do_print},
    {"progress", "on|off", "A bar while queries run", shell_do_progress},
    {"prompt", "MAIN CONTINUE", "Change the prompts", shell_do_prompt},
    {"quit", "", "Leave", shell_do_exit},
    {"read", "FILE", "Run the statements in a file", shell_do_read},
    {"schema", "[PATTERN]", "CREATE statements of tables and views", shell_do_schema},
    {"separator", "COLUMN [ROW]", "What stands between columns and behind rows",
     shell_do_separator},
    {"shell", "COMMAND", "Run a command of the system", shell_do_shell},
    {"show", "", "The settings", shell_do_show},
    {"system", "COMMAND", "Run a command of the system", shell_do_shell},
    {"tables", "[PATTERN]", "Names of tables and views", shell_do_tables},
    {"timer", "on|off", "Say how long statements take", shell_do_timer},
    {"version", "", "The version", shell_do_version},
    {"width", "N", "Columns of a box (0: what suits the output)", shell_do_width},
};
#define SHELL_ENTRIES (sizeof shell_entries / sizeof shell_entries[0])

const char *shell_command_name(unsigned index) {
    return index < SHELL_ENTRIES ? shell_entries[index].name : NULL;
}

static bool shell_do_help(shell_call *call) {
    const char *pattern = shell_argument(call, 0);
    bool any = false;
    size_t i;
    if (pattern != NULL && pattern[0] == '.') {
        pattern++;
    }
    for (i = 0; i < SHELL_ENTRIES; i++) {
        const shell_entry *entry = &shell_entries[i];
        if (shell_matches(entry->name, pattern) || shell_matches(entry->help, pattern)) {
            int used = fprintf(call->sh->out, ".%s %s", entry->name, entry->arguments);
            shell_pad(call->sh->out, used < 24 ? (uint32_t)(24 - used) : 1);
            fprintf(call->sh->out, "%s\n", entry->help);
            any = true;
        }
    }
    return any ? true : shell_refuse(call, "nothing like that");
}

/* One word of the line, unquoted, allocated; *line moves behind it. */
static char *shell_take_word(const char **line) {
    const char *p = *line;
    text word = {NULL, 0, 0};
    char quote = *p == '"' || *p == '\'' ? *p++ : '\0';
    text_clear(&word);
    while (*p != '\0' && (quote != '\0' ? *p != quote : *p != ' ' && *p != '\t')) {
        if (quote == '"' && *p == '\\' && p[1] != '\0') {
            p++;
            text_char(&word, *p == 't' ? '\t' : *p == 'n' ? '\n' : *p == 'r' ? '\r' : *p);
        } else {
            text_char(&word, *p);
        }
        p++;
    }
    p += quote != '\0' && *p == quote;
    *line = p;
    return word.data;
}

static const shell_entry *shell_find(const char *name) {
    const shell_entry *found = NULL;
    size_t i;
    for (i = 0; i < SHELL_ENTRIES; i++) {
        if (strcmp(shell_entries[i].name, name) == 0) {
            return &shell_entries[i];
        }
        if (found == NULL && name[0] != '\0' &&
            strncmp(shell_entries[i].name, name, strlen(name)) == 0) {
            found = &shell_entries[i];
        }
    }
    return found;
}

bool shell_command(shell *sh, const char *line) {
    static const char blanks[] = " \t\r\n";
    const shell_entry *entry;
    shell_call call;
    text copy = {NULL, 0, 0};
    const char *p;
    char *name;
    bool ok = false;
    memset(&call, 0, sizeof call);
    text_add(&copy, line + 1);
    while (copy.length > 0 && strchr(blanks, copy.data[copy.length - 1]) != NULL) {
        copy.data[--copy.length] = '\0';
    }
    p = copy.data;
    name = shell_take_word(&p);
    if (name[0] != '\0' && name[strlen(name) - 1] == ';') {
        name[strlen(name) - 1] = '\0'; /* a habit of the fingers */
    }
    p += strspn(p, blanks);
    call.sh = sh;
    call.rest = p;
    while (*p != '\0' && call.count < SHELL_ARGUMENTS) {
        call.arguments[call.count++] = shell_take_word(&p);
        p += strspn(p, blanks);
    }
    entry = shell_find(name);
    if (entry != NULL) {
        call.name = entry->name;
        ok = entry->run(&call);
    } else {
        shell_error(sh, "unknown command .%s; .help lists them", name);
    }
    sh->failed = sh->failed || !ok;
    while (call.count > 0) {
        free(call.arguments[--call.count]);
    }
    free(name);
    text_free(&copy);
    return ok;
}

#undef SHELL_ENTRIES
#undef SHELL_ARGUMENTS
