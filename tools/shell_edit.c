/*
 * shell_edit.c - lines from a terminal: editing, history, completion.
 *
 * Editing is the system's readline, or libedit, opened at run time; without either, or when
 * input is no terminal, lines are read as they come. The history is kept here: whole statements,
 * at most 2,000, in $TRUENO_HISTORY or ~/.trueno_history, one a line with newlines as \n.
 * Completion offers tables, columns, functions, keywords, dot commands and, within quotes, files.
 */
#include "shell.h"

#include <errno.h>

#define EDIT_HISTORY 2000

#if defined(_WIN32)
#define EDIT_LIBRARY 0
#else
#define EDIT_LIBRARY 1
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

typedef char *(*edit_generator)(const char *word, int state);

/* What is used of the library; NULL where it has no such thing. */
typedef struct edit_library {
    void *handle;
    char *(*readline)(const char *prompt);
    void (*add_history)(const char *line);
    char **(*completion_matches)(const char *word, edit_generator generator);
    char ***attempted_completion; /* points to a function pointer, seen as a pointer */
    const char **word_breaks;
    char **line_buffer;
    int *completion_over;
    void (*check_signals)(void);
    int (**read_key)(FILE *stream);
} edit_library;

static edit_library edit;
static shell *edit_shell;
static char **edit_history;
static size_t edit_history_count;
static char *edit_history_path;

/* ------------------------------------------------------------------------------ history --- */

static void edit_history_add(char *statement) {
    if (edit_history == NULL) {
        edit_history = (char **)shell_alloc(EDIT_HISTORY * sizeof *edit_history);
    }
    if (edit_history_count == EDIT_HISTORY) {
        free(edit_history[0]);
        memmove(edit_history, edit_history + 1, (EDIT_HISTORY - 1) * sizeof *edit_history);
        edit_history_count--;
    }
    edit_history[edit_history_count++] = statement;
    if (edit.add_history != NULL) {
        edit.add_history(statement);
    }
}

static void edit_history_read(void) {
    FILE *file = edit_history_path == NULL ? NULL : fopen(edit_history_path, "rb");
    text line = {NULL, 0, 0};
    int c;
    text_clear(&line);
    while (file != NULL && (c = fgetc(file)) != EOF) {
        if (c == '\n') {
            if (line.length > 0) {
                edit_history_add(copy_text(line.data));
            }
            text_clear(&line);
        } else if (c == '\\') {
            c = fgetc(file);
            text_char(&line, c == 'n' ? '\n' : (char)c);
        } else {
            text_char(&line, (char)c);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    text_free(&line);
}

/* Written anew as a whole, for its owner only. */
static void edit_history_write(void) {
    FILE *file;
    size_t i;
    if (edit_history_path == NULL || edit_history_count == 0) {
        return;
    }
#if EDIT_LIBRARY
    {
        int descriptor = open(edit_history_path, O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
        file = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    }
#else
    file = fopen(edit_history_path, "wb");
#endif
    if (file == NULL) {
        return; /* a history that cannot be kept is no reason to complain */
    }
    for (i = 0; i < edit_history_count; i++) {
        const char *s;
        for (s = edit_history[i]; *s != '\0'; s++) {
            if (*s == '\n' || *s == '\\') {
                fputc('\\', file);
            }
            fputc(*s == '\n' ? 'n' : *s, file);
        }
        fputc('\n', file);
    }
    (void)fclose(file);
}

static void edit_history_find(void) {
    const char *path = getenv("TRUENO_HISTORY"), *home = getenv("HOME");
    text full = {NULL, 0, 0};
    if (path != NULL) {
        edit_history_path = *path != '\0' ? copy_text(path) : NULL; /* empty: keep none */
    } else if (home != NULL && *home != '\0') {
        text_format(&full, "%s/.trueno_history", home);
        edit_history_path = full.data;
    }
}

/* --------------------------------------------------------------------------- completion --- */

typedef struct edit_matches {
    const char *word;
    size_t length;
    char **items;
    size_t count, capacity, next;
} edit_matches;

static edit_matches edit_found;

static char edit_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static char edit_upper(char c) {
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static bool edit_begins(const char *s, const char *word, size_t length) {
    size_t i;
    for (i = 0; i < length; i++) {
        if (s[i] == '\0' || edit_lower(s[i]) != edit_lower(word[i])) {
            return false;
        }
    }
    return true;
}

static void edit_match(const char *name, bool as_typed) {
    edit_matches *found = &edit_found;
    char *copy, *p;
    size_t i;
    if (!edit_begins(name, found->word, found->length)) {
        return;
    }
    copy = copy_text(name);
    if (as_typed && found->length > 0) { /* keywords in the case that was begun */
        bool upper = found->word[0] >= 'A' && found->word[0] <= 'Z';
        for (p = copy; *p != '\0'; p++) {
            *p = upper ? edit_upper(*p) : edit_lower(*p);
        }
    }
    for (i = 0; i < found->count; i++) {
        if (strcmp(found->items[i], copy) == 0) {
            free(copy);
            return;
        }
    }
    if (found->count == found->capacity) {
        size_t capacity = found->capacity * 2 + 64;
        char **items = (char **)realloc(found->items, capacity * sizeof *items);
        if (items == NULL) {
            free(copy);
            return;
        }
        found->items = items;
        found->capacity = capacity;
    }
    found->items[found->count++] = copy;
}

static void edit_visit(void *user, const char *kind, const char *name, const char *detail) {
    (void)user;
    (void)detail;
    edit_match(name, strcmp(kind, "keyword") == 0 || strcmp(kind, "function") == 0);
}

/* The library frees what it is given. */
static char *edit_generate(const char *word, int state) {
    (void)word;
    if (state == 0) {
        edit_found.next = 0;
    }
    return edit_found.next < edit_found.count ? edit_found.items[edit_found.next++] : NULL;
}

static char **edit_complete(const char *word, int start, int end) {
    const char *line = edit.line_buffer != NULL ? *edit.line_buffer : "";
    unsigned i;
    int at;
    bool quoted = false;
    (void)end;
    for (at = 0; at < start && line[at] != '\0'; at++) {
        quoted = quoted != (line[at] == '\'');
    }
    if (quoted || (line[0] == '.' && start > 0)) {
        return NULL; /* the library's own: files */
    }
    if (edit.completion_over != NULL) {
        *edit.completion_over = 1;
    }
    edit_found.count = 0;
    edit_found.word = word;
    edit_found.length = strlen(word);
    if (line[0] == '.') {
        for (i = 0; shell_command_name(i) != NULL; i++) {
            text name = {NULL, 0, 0};
            text_format(&name, ".%s", shell_command_name(i));
            edit_match(name.data, false);
            text_free(&name);
        }
    } else {
        trueno_visit_names(edit_shell->db, edit_visit, NULL);
    }
    return edit_found.count == 0 ? NULL : edit.completion_matches(word, edit_generate);
}

/* ------------------------------------------------------------------------------ library --- */

#if EDIT_LIBRARY

/* Reads a key. Ctrl-C ends the line as if it had been entered; the caller drops it. */
static int edit_read_key(FILE *stream) {
    unsigned char c;
    for (;;) {
        ssize_t got = read(fileno(stream), &c, 1);
        if (got == 1) {
            return c;
        }
        if (got == 0 || errno != EINTR) {
            return EOF;
        }
        edit.check_signals(); /* the library's handlers come first, then ours */
        if (shell_interrupted) {
            return '\n';
        }
    }
}

static void *edit_symbol(const char *name) {
    return dlsym(edit.handle, name);
}

/* Function pointers and object pointers convert by way of their bytes. */
#define EDIT_FUNCTION(place, name)                                                                 \
    do {                                                                                           \
        void *symbol = edit_symbol(name);                                                          \
        memcpy(&(place), &symbol, sizeof symbol);                                                  \
    } while (0)

static void edit_open_library(void) {
    static const char *const names[] = {"libreadline.so.8", "libreadline.so.7", "libreadline.so",
                                        "libedit.so.2",     "libedit.so.0",     "libedit.so",
                                        "libedit.3.dylib",  "libedit.dylib"};
    size_t i;
    for (i = 0; i < sizeof names / sizeof names[0] && edit.handle == NULL; i++) {
        edit.handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    }
    if (edit.handle == NULL) {
        return;
    }
    EDIT_FUNCTION(edit.readline, "readline");
    EDIT_FUNCTION(edit.add_history, "add_history");
    EDIT_FUNCTION(edit.completion_matches, "rl_completion_matches");
    edit.attempted_completion = (char ***)edit_symbol("rl_attempted_completion_function");
    edit.word_breaks = (const char **)edit_symbol("rl_completer_word_break_characters");
    edit.line_buffer = (char **)edit_symbol("rl_line_buffer");
    edit.completion_over = (int *)edit_symbol("rl_attempted_completion_over");
    EDIT_FUNCTION(edit.check_signals, "rl_check_signals");
    EDIT_FUNCTION(edit.read_key, "rl_getc_function");
    if (edit.check_signals != NULL && edit.read_key != NULL) {
        *edit.read_key = edit_read_key;
    }
    if (edit.word_breaks != NULL) {
        *edit.word_breaks = " \t\n()+-*/%,;=<>'\"";
    }
    if (edit.attempted_completion != NULL && edit.completion_matches != NULL) {
        char **(*complete)(const char *, int, int) = edit_complete;
        memcpy((void *)edit.attempted_completion, &complete, sizeof complete);
    }
}

#undef EDIT_FUNCTION

#endif

/* -------------------------------------------------------------------------------- entry --- */

void shell_edit_start(shell *sh) {
    const char *terminal = getenv("TERM");
    edit_shell = sh;
#if EDIT_LIBRARY
    if (shell_is_terminal(stdin) && (terminal == NULL || strcmp(terminal, "dumb") != 0)) {
        edit_open_library();
    }
#else
    (void)terminal;
#endif
    edit_history_find();
    edit_history_read();
}

char *shell_edit_line(shell *sh, const char *prompt) {
    char buffer[4096];
    text line = {NULL, 0, 0};
    (void)sh;
    (void)fflush(stdout);
    if (edit.readline != NULL) {
        return edit.readline(prompt);
    }
    fputs(prompt, stdout);
    (void)fflush(stdout);
    while (fgets(buffer, (int)sizeof buffer, stdin) != NULL) {
        size_t length = strlen(buffer);
        text_append(&line, buffer, length);
        if (length > 0 && buffer[length - 1] == '\n') {
            line.data[--line.length] = '\0';
            break;
        }
    }
    if (line.data == NULL && ferror(stdin) && errno == EINTR) {
        clearerr(stdin);
        fputc('\n', stdout);
    }
    return line.data;
}

void shell_edit_remember(shell *sh, const char *statement) {
    size_t length = strlen(statement);
    (void)sh;
    while (length > 0 && strchr(" \t\r\n", statement[length - 1]) != NULL) {
        length--;
    }
    if (length > 0 && statement[0] != ' ' && /* a blank in front keeps a line to oneself */
        (edit_history_count == 0 || strlen(edit_history[edit_history_count - 1]) != length ||
         memcmp(edit_history[edit_history_count - 1], statement, length) != 0)) {
        char *copy = copy_text(statement);
        copy[length] = '\0';
        edit_history_add(copy);
    }
}

void shell_edit_end(shell *sh) {
    size_t i;
    (void)sh;
    edit_history_write();
    for (i = 0; i < edit_history_count; i++) {
        free(edit_history[i]);
    }
    free(edit_history);
    free(edit_history_path);
    free(edit_found.items);
    edit_history = NULL;
    edit_history_count = 0;
    edit_history_path = NULL;
    edit_found.items = NULL;
}

#undef EDIT_HISTORY
#undef EDIT_LIBRARY
