/*
 * trueno.c - the shell: options, reading statements, running them, signals, progress, exit code.
 *
 * Exit codes: 0 all went well, 1 some statement failed, 2 wrong usage, 130 interrupted; .exit N
 * gives N. A reader that closes the pipe early is no failure.
 */
#include "shell.h"

#include <errno.h>
#include <stdarg.h>
#include <time.h>

#if defined(_WIN32)
#include <io.h>
#define isatty _isatty
#define fileno _fileno
#define popen _popen
#define pclose _pclose
#else
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

#define SHELL_PROGRESS_DELAY 0.5
#define SHELL_DEPTH 32 /* of .read within .read */

volatile sig_atomic_t shell_interrupted;
static trueno_db *shell_running; /* what Ctrl-C stops */

/* ----------------------------------------------------------------------------- helpers --- */

static void *shell_check(void *block) {
    if (block == NULL) {
        fputs("trueno: out of memory\n", stderr);
        exit(1);
    }
    return block;
}

void *shell_alloc(size_t size) {
    return shell_check(calloc(1, size == 0 ? 1 : size));
}

char *copy_text(const char *s) {
    size_t size = strlen(s) + 1;
    return (char *)memcpy(shell_alloc(size), s, size);
}

void text_free(text *t) {
    free(t->data);
    memset(t, 0, sizeof *t);
}

static void text_reserve(text *t, size_t more) {
    if (t->capacity - t->length <= more) {
        size_t capacity = (t->length + more) * 2 + 64;
        t->data = (char *)shell_check(realloc(t->data, capacity));
        t->capacity = capacity;
    }
}

void text_clear(text *t) {
    text_reserve(t, 0);
    t->length = 0;
    t->data[0] = '\0';
}

void text_append(text *t, const char *data, size_t length) {
    text_reserve(t, length);
    if (length > 0) {
        memcpy(t->data + t->length, data, length);
    }
    t->length += length;
    t->data[t->length] = '\0';
}

void text_add(text *t, const char *s) {
    text_append(t, s, strlen(s));
}

void text_char(text *t, char c) {
    text_append(t, &c, 1);
}

void text_format(text *t, const char *format, ...) {
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length > 0) {
        text_reserve(t, (size_t)length);
        va_start(arguments, format);
        (void)vsnprintf(t->data + t->length, (size_t)length + 1, format, arguments);
        va_end(arguments);
        t->length += (size_t)length;
    }
}

void shell_error(shell *sh, const char *format, ...) {
    va_list arguments;
    (void)fflush(sh->out);
    if (sh->script != NULL) {
        fprintf(stderr, "%s:%u: ", sh->script, sh->line);
    }
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

double shell_now(void) {
#if defined(_WIN32)
    struct timespec now;
    (void)timespec_get(&now, TIME_UTC);
#else
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
#endif
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

bool shell_is_terminal(FILE *stream) {
    return isatty(fileno(stream)) != 0;
}

uint32_t shell_terminal_width(void) {
#if !defined(_WIN32)
    struct winsize size;
    if (ioctl(fileno(stdout), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
#endif
    return 0;
}

/* Programs we start see broken pipes the usual way. */
FILE *shell_open_pipe(const char *command) {
    FILE *pipe;
    (void)fflush(NULL);
#if !defined(_WIN32)
    (void)signal(SIGPIPE, SIG_DFL);
#endif
    pipe = popen(command, "w");
#if !defined(_WIN32)
    (void)signal(SIGPIPE, SIG_IGN);
#endif
    return pipe;
}

int shell_close_pipe(FILE *pipe) {
    return pclose(pipe);
}

/* ------------------------------------------------------------- signals and progress --- */

static void shell_on_interrupt(int number) {
    (void)number;
    shell_interrupted = 1;
    if (shell_running != NULL) {
        trueno_interrupt(shell_running);
    }
}

static void shell_catch_signals(void) {
#if defined(_WIN32)
    (void)signal(SIGINT, shell_on_interrupt);
#else
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = shell_on_interrupt;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL); /* no SA_RESTART: reading a line ends, too */
    (void)signal(SIGPIPE, SIG_IGN);         /* seen as a failed write */
#endif
}

static void shell_clear_progress(shell *sh) {
    if (sh->progress_shown) {
        fputs("\r\033[K", stderr);
        (void)fflush(stderr);
        sh->progress_shown = false;
    }
}

/* 1234567 as 1.2M */
static void shell_short_number(double v, char out[16]) {
    static const char units[] = " KMGTP";
    unsigned unit = 0;
    while (v >= 999.5 && unit + 1 < sizeof units - 1) {
        v /= 1000;
        unit++;
    }
    if (unit == 0) {
        (void)snprintf(out, 16, "%.0f", v);
    } else {
        (void)snprintf(out, 16, "%.1f%c", v, units[unit]);
    }
}

static void shell_draw_progress(const trueno_progress_info *info) {
    static const char *const eighths[] = {" ",  "\xe2\x96\x8f", "\xe2\x96\x8e", "\xe2\x96\x8d",
                                          "\xe2\x96\x8c", "\xe2\x96\x8b", "\xe2\x96\x8a",
                                          "\xe2\x96\x89", "\xe2\x96\x88"};
    char rows[16], rate[16];
    text line = {NULL, 0, 0};
    int i;
    shell_short_number((double)info->rows, rows);
    shell_short_number((double)info->rows / info->seconds, rate);
    text_add(&line, "\r");
    if (info->fraction >= 0) {
        int filled = (int)(info->fraction * 30 * 8 + 0.5);
        text_format(&line, "%3.0f%% \xe2\x96\x95", info->fraction * 100);
        for (i = 0; i < 30; i++) {
            int part = filled - i * 8;
            text_add(&line, eighths[part < 0 ? 0 : part > 8 ? 8 : part]);
        }
        text_add(&line, "\xe2\x96\x8f ");
    }
    text_format(&line, "%s rows, %s rows/s", rows, rate);
    if (info->fraction > 0.01) {
        text_format(&line, ", %.0f s left", info->seconds / info->fraction - info->seconds);
    }
    text_add(&line, "\033[K");
    (void)fwrite(line.data, 1, line.length, stderr);
    (void)fflush(stderr);
    text_free(&line);
}

static bool shell_on_progress(void *user, const trueno_progress_info *info) {
    shell *sh = (shell *)user;
    if (sh->progress && sh->tty_err && info->seconds >= SHELL_PROGRESS_DELAY &&
        (!sh->progress_shown || info->seconds - sh->progress_drawn >= 0.1)) {
        sh->progress_shown = true;
        sh->progress_drawn = info->seconds;
        shell_draw_progress(info);
    }
    return true;
}

/* -------------------------------------------------------------------------- statements --- */

typedef struct shell_times {
    double real, user, system;
} shell_times;

static shell_times shell_clock(void) {
    shell_times times;
    times.real = shell_now();
    times.user = times.system = 0;
#if !defined(_WIN32)
    {
        struct rusage usage;
        (void)getrusage(RUSAGE_SELF, &usage);
        times.user = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec * 1e-6;
        times.system = (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec * 1e-6;
    }
#endif
    return times;
}

static void shell_print_times(shell_times before) {
    shell_times now = shell_clock();
    fprintf(stderr, "Run Time (s): real %.3f user %.3f sys %.3f\n", now.real - before.real,
            now.user - before.user, now.system - before.system);
}

static bool shell_is_blank(const char *s) {
    return s[strspn(s, " \t\r\n\f\v;")] == '\0';
}

/* Nothing but blanks and comments. */
static bool shell_is_empty(const char *s) {
    for (;;) {
        s += strspn(s, " \t\r\n\f\v;");
        if (s[0] == '-' && s[1] == '-') {
            s += strcspn(s, "\n");
        } else if (s[0] == '/' && s[1] == '*') {
            const char *end = strstr(s + 2, "*/");
            if (end == NULL) {
                return false;
            }
            s = end + 2;
        } else {
            return *s == '\0';
        }
    }
}

/* Hand the output on; remember the first failure and do no more work after it. When the write
 * that failed was not this one, another try tells why. */
static void shell_check_output(shell *sh) {
    if ((fflush(sh->out) == 0 && !ferror(sh->out)) || sh->out != stdout || sh->write_error != 0) {
        return;
    }
    clearerr(stdout);
    errno = 0;
    if (fputc('\n', stdout) != EOF) {
        (void)fflush(stdout);
    }
    sh->write_error = errno != 0 ? errno : EIO;
    sh->quit = true;
}

static void shell_report_failure(shell *sh, trueno_result *result) {
    (void)fflush(sh->out);
    if (trueno_result_status(result) == TRUENO_ERROR_INTERRUPTED && shell_interrupted) {
        fputs("Interrupted\n", stderr);
        return;
    }
    if (sh->script != NULL) {
        fprintf(stderr, "%s:%u: ", sh->script, sh->line);
    }
    fputs(trueno_result_error_report(result), stderr);
}

bool shell_run_statement(shell *sh, const char *sql) {
    trueno_result *result;
    shell_times before;
    bool ok;
    if (shell_is_empty(sql)) {
        return true;
    }
    if (sh->echo) {
        fprintf(sh->out, "%s\n", sql);
    }
    if (sh->log != NULL) {
        fprintf(sh->log, "%s\n", sql);
        (void)fflush(sh->log);
    }
    before = shell_clock();
    shell_running = sh->db;
    if (sh->interactive) {
        shell_interrupted = 0;
    }
    result = trueno_query(sh->db, sql);
    shell_running = NULL;
    shell_clear_progress(sh);
    ok = trueno_result_status(result) == TRUENO_OK;
    if (!ok) {
        shell_report_failure(sh, result);
        sh->failed = true;
        trueno_result_free(result);
    } else if (trueno_result_column_count(result) > 0) {
        shell_print_result(sh, result);
        trueno_result_free(sh->last);
        sh->last = result;
    } else {
        if (sh->changes) {
            fprintf(sh->out, "changes: %llu\n",
                    (unsigned long long)trueno_result_rows_changed(result));
        }
        trueno_result_free(result);
    }
    if (sh->timer) {
        (void)fflush(sh->out);
        shell_print_times(before);
    }
    shell_check_output(sh);
    if (shell_interrupted && !sh->interactive) {
        sh->quit = true;
        sh->exit_code = 130;
    }
    return ok;
}

/* Skip what stands between statements, counting the lines of a script. */
static char *shell_skip(shell *sh, char *from, const char *to) {
    while (from < to || (*from != '\0' && strchr(" \t\r\n\f\v", *from) != NULL)) {
        sh->line += *from == '\n';
        from++;
    }
    return from;
}

/* Run the complete statements at the start of `pending` and take them out; `all`: the rest, too. */
static bool shell_run_pending(shell *sh, text *pending, bool all) {
    char *start = shell_skip(sh, pending->data, pending->data), *at = start;
    bool ok = true;
    while (!sh->quit && (ok || !sh->bail) && (at = strchr(at, ';')) != NULL) {
        char after = at[1];
        at[1] = '\0';
        if (trueno_statement_complete(start)) {
            ok = shell_run_statement(sh, start) && ok;
            at[1] = after;
            start = shell_skip(sh, start, at + 1);
            at = start;
        } else {
            at[1] = after;
            at++;
        }
    }
    if (all && !sh->quit && (ok || !sh->bail)) {
        ok = shell_run_statement(sh, start) && ok;
        start += strlen(start);
    }
    if (!ok && sh->bail) {
        start = pending->data + pending->length;
    }
    pending->length = (size_t)(pending->data + pending->length - start);
    memmove(pending->data, start, pending->length + 1);
    if (shell_is_blank(pending->data)) {
        text_clear(pending);
    }
    return ok;
}

/* One more line of input: a dot command when no statement is open, else part of one. */
static bool shell_take_line(shell *sh, text *pending, const char *line) {
    if (pending->length == 0 && line[0] == '.') {
        if (sh->echo) {
            fprintf(sh->out, "%s\n", line);
        }
        return shell_command(sh, line);
    }
    if (pending->length == 0 && shell_is_blank(line)) {
        return true;
    }
    if (pending->length == 0 && line[0] == '#' && line[1] == '!') {
        return true; /* a script's interpreter line */
    }
    text_add(pending, line);
    text_char(pending, '\n');
    return strchr(line, ';') == NULL ? true : shell_run_pending(sh, pending, false);
}

bool shell_run_text(shell *sh, const char *sql) {
    text pending = {NULL, 0, 0};
    bool ok = true, bail = sh->bail;
    text_clear(&pending);
    sh->bail = true; /* what stands behind a failure was meant to follow it */
    while (*sql != '\0' && ok && !sh->quit) {
        size_t length = strcspn(sql, "\n");
        text line = {NULL, 0, 0};
        text_append(&line, sql, length);
        ok = shell_take_line(sh, &pending, line.data);
        text_free(&line);
        sql += length + (sql[length] == '\n');
    }
    if (ok && !sh->quit && pending.length > 0) {
        ok = shell_run_pending(sh, &pending, true);
    }
    sh->bail = bail;
    text_free(&pending);
    return ok;
}

/* A line without its end; false at the end of the stream. */
static bool shell_read_line(FILE *stream, text *line) {
    char buffer[4096];
    bool any = false;
    text_clear(line);
    while (fgets(buffer, (int)sizeof buffer, stream) != NULL) {
        size_t length = strlen(buffer);
        any = true;
        text_append(line, buffer, length);
        if (length > 0 && buffer[length - 1] == '\n') {
            line->data[--line->length] = '\0';
            if (line->length > 0 && line->data[line->length - 1] == '\r') {
                line->data[--line->length] = '\0';
            }
            break;
        }
    }
    return any;
}

bool shell_run_stream(shell *sh, FILE *stream) {
    text pending = {NULL, 0, 0}, line = {NULL, 0, 0};
    unsigned number = 0;
    bool ok = true;
    text_clear(&pending);
    while (!sh->quit && (ok || !sh->bail) && shell_read_line(stream, &line)) {
        const char *start = line.data;
        if (number++ == 0 && strncmp(start, "\xef\xbb\xbf", 3) == 0) {
            start += 3; /* a byte order mark */
        }
        if (pending.length == 0) {
            sh->line = number;
        }
        ok = shell_take_line(sh, &pending, start) && ok;
    }
    if (!sh->quit && (ok || !sh->bail) && pending.length > 0) {
        ok = shell_run_pending(sh, &pending, true) && ok;
    }
    text_free(&pending);
    text_free(&line);
    return ok;
}

bool shell_run_file(shell *sh, const char *path) {
    const char *script = sh->script;
    unsigned line = sh->line;
    FILE *file;
    bool ok;
    if (strcmp(path, "-") == 0) {
        return shell_run_stream(sh, stdin);
    }
    if (sh->depth >= SHELL_DEPTH) {
        shell_error(sh, "files read files more than %d deep", SHELL_DEPTH);
        return false;
    }
    file = fopen(path, "rb");
    if (file == NULL) {
        shell_error(sh, "cannot open %s: %s", path, strerror(errno));
        sh->failed = true;
        return false;
    }
    sh->script = path;
    sh->line = 1;
    sh->depth++;
    ok = shell_run_stream(sh, file);
    sh->depth--;
    sh->script = script;
    sh->line = line;
    (void)fclose(file);
    return ok;
}

/* ------------------------------------------------------------------------- interactive --- */

static void shell_converse(shell *sh) {
    text pending = {NULL, 0, 0}, statement = {NULL, 0, 0};
    text_clear(&pending);
    text_clear(&statement);
    printf("trueno %s, an in-memory analytics database\nEnter .help for commands; statements end "
           "with a semicolon.\n",
           TRUENO_VERSION);
    shell_edit_start(sh);
    while (!sh->quit) {
        char *line;
        shell_interrupted = 0;
        line = shell_edit_line(sh, pending.length == 0 ? sh->prompt : sh->continuation);
        if (line == NULL && !shell_interrupted) {
            fputc('\n', stdout);
            break;
        }
        if (shell_interrupted) { /* Ctrl-C drops what was typed */
            text_clear(&pending);
            text_clear(&statement);
            free(line);
            continue;
        }
        if (statement.length > 0) {
            text_char(&statement, '\n');
        }
        text_add(&statement, line);
        (void)shell_take_line(sh, &pending, line);
        if (pending.length == 0) {
            if (!shell_is_blank(statement.data)) {
                shell_edit_remember(sh, statement.data);
            }
            text_clear(&statement);
        }
        (void)fflush(sh->out);
        free(line);
    }
    shell_edit_end(sh);
    text_free(&pending);
    text_free(&statement);
}

/* -------------------------------------------------------------------------------- main --- */

typedef struct shell_step {
    char kind;        /* 'c' SQL, 'f' file, 'd' dot command or SQL to run first */
    const char *text;
} shell_step;

static void shell_usage(FILE *out) {
    fputs("usage: trueno [OPTION ...] [SQL ...]\n"
          "\n"
          "Without SQL, -c or -f, statements come from standard input.\n"
          "\n"
          "  -c SQL            run SQL (may be repeated; stops at the first failure)\n"
          "  -f FILE           run the statements in FILE; - is standard input\n"
          "  -cmd COMMAND      run a dot command or SQL first\n"
          "  -csv -tabs -list  delimited text\n"
          "  -json -jsonlines  one array, or one object a line\n"
          "  -markdown -html   tables for documents\n"
          "  -box -table       tables for people (box is the default)\n"
          "  -column -line     plain columns, one value a line\n"
          "  -noheader         no column names (-header: with)\n"
          "  -separator TEXT   between columns of -list and -csv\n"
          "  -nullvalue TEXT   what NULL looks like\n"
          "  -bail             stop at the first failure\n"
          "  -echo             print statements before running them\n"
          "  -safe             no files, no programs\n"
          "  -threads N        most threads a query may use\n"
          "  -interactive      prompt, whatever standard input is\n"
          "  -version, -help\n"
          "\n"
          "Exit status: 0, 1 when a statement failed, 2 for wrong usage, 130 when interrupted.\n",
          out);
}

static int shell_wrong_usage(const char *what, const char *option) {
    fprintf(stderr, "trueno: %s %s\nTry trueno -help.\n", what, option);
    return 2;
}

typedef struct shell_options {
    shell_step *steps;
    int step_count;
    bool interactive;
    uint32_t threads;
} shell_options;

/* Options with a value; 0 done, 1 not one of them, -1 its value is missing. */
static int shell_value_option(shell *sh, shell_options *options, const char *name,
                              const char *value) {
    static const char *const names[] = {"c", "f", "cmd", "separator", "nullvalue", "threads"};
    size_t i;
    for (i = 0; i < sizeof names / sizeof names[0] && strcmp(name, names[i]) != 0; i++) {
    }
    if (i == sizeof names / sizeof names[0]) {
        return 1;
    }
    if (value == NULL) {
        return -1;
    }
    if (i < 3) {
        options->steps[options->step_count].kind = i == 0 ? 'c' : i == 1 ? 'f' : 'd';
        options->steps[options->step_count++].text = value;
    } else if (i == 3) {
        free(sh->column_separator);
        sh->column_separator = copy_text(value);
    } else if (i == 4) {
        free(sh->null_text);
        sh->null_text = copy_text(value);
    } else {
        options->threads = (uint32_t)strtoul(value, NULL, 10);
    }
    return 0;
}

static bool shell_flag_option(shell *sh, shell_options *options, const char *name) {
    if (strcmp(name, "noheader") == 0 || strcmp(name, "header") == 0) {
        sh->headers = name[0] == 'h';
    } else if (strcmp(name, "bail") == 0) {
        sh->bail = true;
    } else if (strcmp(name, "echo") == 0) {
        sh->echo = true;
    } else if (strcmp(name, "safe") == 0) {
        sh->safe = true;
    } else if (strcmp(name, "batch") == 0) {
        options->interactive = false;
        sh->interactive = false;
    } else if (strcmp(name, "interactive") == 0) {
        options->interactive = true;
    } else {
        return shell_set_mode(sh, name);
    }
    return true;
}

/* -1: go on; else the exit code. */
static int shell_read_options(shell *sh, shell_options *options, int argc, char **argv) {
    int i;
    for (i = 1; i < argc; i++) {
        const char *name = argv[i];
        int taken;
        if (name[0] != '-' || name[1] == '\0') {
            options->steps[options->step_count].kind = name[0] == '-' ? 'f' : 'c';
            options->steps[options->step_count++].text = name;
            continue;
        }
        name += name[1] == '-' ? 2 : 1;
        if (strcmp(name, "help") == 0 || strcmp(name, "h") == 0) {
            shell_usage(stdout);
            return 0;
        }
        if (strcmp(name, "version") == 0) {
            printf("trueno %s\n", TRUENO_VERSION);
            return 0;
        }
        taken = shell_value_option(sh, options, name, i + 1 < argc ? argv[i + 1] : NULL);
        if (taken < 0) {
            return shell_wrong_usage("a value is missing behind", argv[i]);
        }
        if (taken == 0) {
            i++;
        } else if (!shell_flag_option(sh, options, name)) {
            return shell_wrong_usage("unknown option", argv[i]);
        }
    }
    return -1;
}

static bool shell_open(shell *sh, uint32_t threads) {
    trueno_config config;
    trueno_status status;
    memset(&config, 0, sizeof config);
    config.threads = threads;
    config.no_file_access = sh->safe;
    config.progress.report = shell_on_progress;
    config.progress.user = sh;
    status = trueno_open(&config, &sh->db);
    if (status != TRUENO_OK) {
        fprintf(stderr, "trueno: cannot start: %s\n", trueno_status_name(status));
    }
    return status == TRUENO_OK;
}

static void shell_run_steps(shell *sh, const shell_options *options) {
    bool work = false;
    int i;
    for (i = 0; i < options->step_count && !sh->quit; i++) {
        const shell_step *step = &options->steps[i];
        bool ok = step->kind == 'f' ? shell_run_file(sh, step->text)
                                    : shell_run_text(sh, step->text);
        work = work || step->kind != 'd';
        if (!ok && (step->kind == 'c' || sh->bail)) {
            return;
        }
    }
    if (sh->quit || (work && !options->interactive)) {
        return;
    }
    if (sh->interactive || options->interactive) {
        sh->interactive = true;
        shell_converse(sh);
    } else {
        sh->script = "stdin";
        (void)shell_run_stream(sh, stdin);
    }
}

static void shell_close(shell *sh) {
    if (sh->out != stdout) {
        (void)(sh->out_pipe ? shell_close_pipe(sh->out) : fclose(sh->out));
        sh->out = stdout;
    }
    if (sh->log != NULL) {
        (void)fclose(sh->log);
    }
    trueno_result_free(sh->last);
    trueno_close(sh->db);
    free(sh->null_text);
    free(sh->column_separator);
    free(sh->row_separator);
    free(sh->insert_table);
    free(sh->pager);
    free(sh->prompt);
    free(sh->continuation);
}

int main(int argc, char **argv) {
    static char buffer[1 << 16];
    shell sh;
    shell_options options;
    int code;
    memset(&sh, 0, sizeof sh);
    memset(&options, 0, sizeof options);
    (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    sh.out = stdout;
    sh.headers = true;
    sh.progress = true;
    sh.tty_out = shell_is_terminal(stdout);
    sh.tty_err = shell_is_terminal(stderr);
    sh.interactive = sh.tty_out && shell_is_terminal(stdin);
    sh.prompt = copy_text("trueno> ");
    sh.continuation = copy_text("   ...> ");
    options.steps = (shell_step *)shell_alloc(((size_t)argc + 1) * sizeof *options.steps);
    code = shell_read_options(&sh, &options, argc, argv);
    if (code < 0 && !shell_open(&sh, options.threads)) {
        code = 1;
    }
    if (code < 0) {
        shell_catch_signals();
        shell_run_steps(&sh, &options);
        code = sh.exit_code != 0 ? sh.exit_code : sh.failed && !sh.interactive ? 1 : 0;
    }
    shell_close(&sh);
    free(options.steps);
    shell_check_output(&sh);
    if (sh.write_error == EPIPE) {
        return 0; /* whoever read our output has seen enough */
    }
    if (sh.write_error != 0) {
        fprintf(stderr, "trueno: cannot write: %s\n", strerror(sh.write_error));
        return 1;
    }
    return code;
}
