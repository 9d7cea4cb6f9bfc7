/*
 * shell.h - the parts of the shell `trueno`: SQL in, results out, on the public interface alone.
 *
 * trueno.c reads options and statements and runs them; shell_output.c prints results in every
 * mode; shell_command.c knows the dot commands; shell_chart.c draws; shell_edit.c edits lines.
 * Results go to shell->out, everything else to stderr. Bars, prompts and banners need terminals.
 */
#ifndef TRUENO_SHELL_H
#define TRUENO_SHELL_H

#if !defined(_WIN32)
#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif
#if !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE 1
#endif
#if defined(__APPLE__) && !defined(_DARWIN_C_SOURCE)
#define _DARWIN_C_SOURCE 1
#endif
#endif

#include "trueno_db.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__)
#define SHELL_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define SHELL_PRINTF(f, a)
#endif

/* A growing text; out of memory ends the program, as nothing could go on. */
typedef struct text {
    char *data; /* NUL-terminated, never NULL once used */
    size_t length, capacity;
} text;

void text_free(text *t);
void text_clear(text *t);
void text_append(text *t, const char *data, size_t length);
void text_add(text *t, const char *s);
void text_char(text *t, char c);
void text_format(text *t, const char *format, ...) SHELL_PRINTF(2, 3);
char *copy_text(const char *s);
void *shell_alloc(size_t size); /* zeroed */

typedef enum shell_mode {
    MODE_BOX,
    MODE_TABLE,
    MODE_COLUMN,
    MODE_LINE,
    MODE_LIST,
    MODE_CSV,
    MODE_TABS,
    MODE_JSON,
    MODE_JSONLINES,
    MODE_MARKDOWN,
    MODE_HTML,
    MODE_INSERT,
    MODE_QUOTE,
    MODE_TRASH,
    MODE_COUNT
} shell_mode;
extern const char *const shell_mode_names[MODE_COUNT];

typedef struct shell {
    trueno_db *db;
    trueno_result *last;    /* of the last query that gave rows, for .chart and .last */
    bool interactive;       /* prompts: stdin and stdout are terminals */
    bool tty_out, tty_err;
    FILE *out;              /* results; stdout, a file or a pipe */
    bool out_pipe, out_once;
    FILE *log;
    shell_mode mode;
    bool headers;
    char *null_text;        /* NULL: the mode's own */
    char *column_separator, *row_separator; /* NULL: the mode's own */
    char *insert_table;
    uint32_t width, max_rows; /* 0: what fits the stream */
    bool timer, bail, echo, changes, progress, safe;
    char *pager;            /* NULL: none */
    char *prompt, *continuation;
    const char *script;     /* file being read, for messages; NULL: none */
    unsigned line;          /* of the current statement in it */
    bool progress_shown;
    double progress_drawn;  /* seconds into the query */
    bool quit;
    int exit_code;
    bool failed;            /* some statement failed */
    int write_error;        /* errno of the first write to stdout that failed */
    int depth;              /* of .read */
} shell;

extern volatile sig_atomic_t shell_interrupted;

/* ---- trueno.c ---- */
/* Run text: statements and, at the beginning of a line, dot commands. False: something failed. */
bool shell_run_text(shell *sh, const char *sql);
bool shell_run_file(shell *sh, const char *path);
bool shell_run_stream(shell *sh, FILE *stream);
/* One statement; prints its result. */
bool shell_run_statement(shell *sh, const char *sql);
void shell_error(shell *sh, const char *format, ...) SHELL_PRINTF(2, 3);
double shell_now(void);
bool shell_is_terminal(FILE *stream);
uint32_t shell_terminal_width(void); /* 0: unknown */
FILE *shell_open_pipe(const char *command);
int shell_close_pipe(FILE *pipe);

/* ---- shell_output.c ---- */
void shell_print_result(shell *sh, trueno_result *result);
uint32_t shell_text_width(const char *s, size_t length); /* terminal columns */
void shell_pad(FILE *out, uint32_t count);
bool shell_type_is_number(trueno_type type);
/* A cell's text without its NUL-terminated cut; "" for NULL. Valid until the result is freed. */
const char *shell_cell(trueno_result *result, uint64_t row, uint32_t column, size_t *length);
/* 'it''s' */
void shell_quote_text(text *out, const char *s, size_t length);
void shell_quote_name(text *out, const char *name);
/* A cell as an SQL literal. */
void shell_literal(text *out, trueno_result *result, uint64_t row, uint32_t column);

/* ---- shell_command.c ---- */
/* `line` begins with a dot. False: it failed. */
bool shell_command(shell *sh, const char *line);
bool shell_set_mode(shell *sh, const char *name);
/* Names of dot commands, one after another; NULL at the end. */
const char *shell_command_name(unsigned index);

/* ---- shell_chart.c ---- */
bool shell_chart(shell *sh, const char *kind);

/* ---- shell_edit.c ---- */
void shell_edit_start(shell *sh); /* history, line editing where there is a library for it */
/* A line without its newline, allocated; NULL at the end of input. */
char *shell_edit_line(shell *sh, const char *prompt);
void shell_edit_remember(shell *sh, const char *statement);
void shell_edit_end(shell *sh);

#endif
