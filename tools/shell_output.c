/*
 * shell_output.c - a result in every mode of the shell.
 *
 * Box tables are the library's; the rest is made here, cell by cell, from the public getters.
 * On a terminal boxes fit its width and leave out middle rows; in a pipe nothing is left out.
 */
#include "shell.h"

#include <errno.h>

const char *const shell_mode_names[MODE_COUNT] = {
    "box",  "table",     "column",   "line", "list",   "csv",   "tabs",
    "json", "jsonlines", "markdown", "html", "insert", "quote", "trash"};

/* ------------------------------------------------------------------------------- cells --- */

bool shell_type_is_number(trueno_type type) {
    return type >= TRUENO_TYPE_TINYINT && type <= TRUENO_TYPE_DECIMAL;
}

const char *shell_cell(trueno_result *result, uint64_t row, uint32_t column, size_t *length) {
    const char *cell;
    if (trueno_result_column_type(result, column) == TRUENO_TYPE_VARCHAR) {
        cell = (const char *)trueno_get_bytes(result, row, column, length);
        return cell == NULL ? "" : cell;
    }
    cell = trueno_get_text(result, row, column);
    *length = strlen(cell);
    return cell;
}

/* The code point at s[0 .. length), and how many bytes it takes; bad bytes stand alone. */
static uint32_t shell_code_point(const char *s, size_t length, size_t *bytes) {
    const unsigned char *p = (const unsigned char *)s;
    uint32_t c = p[0];
    size_t more = c < 0xc0 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3, i;
    *bytes = 1;
    if (more == 0 || more >= length) {
        return c;
    }
    c &= 0x3fu >> more;
    for (i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return p[0];
        }
        c = c << 6 | (p[i] & 0x3fu);
    }
    *bytes = more + 1;
    return c;
}

/* Ranges of code points that take no column, or two. */
static const uint32_t shell_zero_wide[][2] = {
    {0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},   {0x64b, 0x65f},
    {0x6d6, 0x6dc},   {0x730, 0x74a},   {0x900, 0x902},   {0x93c, 0x93c},   {0x941, 0x948},
    {0xe31, 0xe31},   {0xe34, 0xe3a},   {0xe47, 0xe4e},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
    {0x200b, 0x200f}, {0x202a, 0x202e}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
    {0xfeff, 0xfeff}, {0xe0100, 0xe01ef}};
static const uint32_t shell_two_wide[][2] = {
    {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},
    {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

static bool shell_in_ranges(uint32_t c, const uint32_t (*ranges)[2], size_t count) {
    size_t i;
    for (i = 0; i < count; i++) {
        if (c >= ranges[i][0] && c <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}

#define SHELL_IN(c, table) shell_in_ranges(c, table, sizeof(table) / sizeof((table)[0]))

uint32_t shell_text_width(const char *s, size_t length) {
    uint32_t width = 0;
    while (length > 0) {
        size_t bytes;
        uint32_t c = shell_code_point(s, length, &bytes);
        if (c < 0x300 || !SHELL_IN(c, shell_zero_wide)) {
            width += c >= 0x1100 && SHELL_IN(c, shell_two_wide) ? 2 : 1;
        }
        s += bytes;
        length -= bytes;
    }
    return width;
}

void shell_pad(FILE *out, uint32_t count) {
    while (count-- > 0) {
        fputc(' ', out);
    }
}

/* NULL as asked for, else as the mode has it. */
static const char *shell_null(const shell *sh, const char *otherwise) {
    return sh->null_text != NULL ? sh->null_text : otherwise;
}

/* A cell for reading: NULL replaced. */
static const char *shell_shown(const shell *sh, trueno_result *result, uint64_t row,
                               uint32_t column, const char *null_text, size_t *length) {
    if (trueno_get_is_null(result, row, column)) {
        null_text = shell_null(sh, null_text);
        *length = strlen(null_text);
        return null_text;
    }
    return shell_cell(result, row, column, length);
}

static void shell_write(FILE *out, const char *s, size_t length) {
    (void)fwrite(s, 1, length, out);
}

/* ----------------------------------------------------------------- delimited text --- */

static void shell_csv_field(FILE *out, const char *s, size_t length, const char *separator) {
    size_t i, from = 0;
    bool quote = length == 0 || strstr(separator, "\"") != NULL;
    for (i = 0; i < length && !quote; i++) {
        quote = s[i] == '"' || s[i] == '\n' || s[i] == '\r' ||
                (s[i] == separator[0] && strncmp(s + i, separator, strlen(separator)) == 0);
    }
    if (!quote) {
        shell_write(out, s, length);
        return;
    }
    fputc('"', out);
    for (i = 0; i < length; i++) {
        if (s[i] == '"') {
            shell_write(out, s + from, i + 1 - from);
            from = i;
        }
    }
    shell_write(out, s + from, length - from);
    fputc('"', out);
}

static void shell_print_csv(shell *sh, trueno_result *result) {
    const char *separator = sh->column_separator != NULL ? sh->column_separator : ",";
    const char *end = sh->row_separator != NULL ? sh->row_separator : "\n";
    const char *null_text = shell_null(sh, "");
    uint32_t columns = trueno_result_column_count(result), c;
    uint64_t rows = trueno_result_row_count(result), r;
    for (c = 0; sh->headers && c < columns; c++) {
        const char *name = trueno_result_column_name(result, c);
        shell_csv_field(sh->out, name, strlen(name), separator);
        fputs(c + 1 < columns ? separator : end, sh->out);
    }
    for (r = 0; r < rows && !ferror(sh->out); r++) {
        for (c = 0; c < columns; c++) {
            size_t length;
            if (trueno_get_is_null(result, r, c)) {
                fputs(null_text, sh->out);
            } else {
                const char *cell = shell_cell(result, r, c, &length);
                shell_csv_field(sh->out, cell, length, separator);
            }
            fputs(c + 1 < columns ? separator : end, sh->out);
        }
    }
}

/* The library writes whole CSV texts faster than cells can be asked for. */
static bool shell_print_csv_whole(shell *sh, trueno_result *result) {
    size_t length, skip = 0;
    char *csv;
    if (sh->column_separator != NULL || sh->row_separator != NULL || sh->null_text != NULL ||
        trueno_result_to_csv(result, &csv, &length) != TRUENO_OK) {
        return false;
    }
    if (!sh->headers) {
        bool quoted = false;
        while (skip < length && (csv[skip] != '\n' || quoted)) {
            quoted = quoted != (csv[skip] == '"');
            skip++;
        }
        skip += skip < length;
    }
    shell_write(sh->out, csv + skip, length - skip);
    trueno_text_free(result, csv, length);
    return true;
}

/* list, tabs: no quoting. */
static void shell_print_list(shell *sh, trueno_result *result, const char *separator) {
    const char *end = sh->row_separator != NULL ? sh->row_separator : "\n";
    uint32_t columns = trueno_result_column_count(result), c;
    uint64_t rows = trueno_result_row_count(result), r;
    separator = sh->column_separator != NULL ? sh->column_separator : separator;
    for (c = 0; sh->headers && c < columns; c++) {
        fputs(trueno_result_column_name(result, c), sh->out);
        fputs(c + 1 < columns ? separator : end, sh->out);
    }
    for (r = 0; r < rows && !ferror(sh->out); r++) {
        for (c = 0; c < columns; c++) {
            size_t length;
            const char *cell = shell_shown(sh, result, r, c, "", &length);
            shell_write(sh->out, cell, length);
            fputs(c + 1 < columns ? separator : end, sh->out);
        }
    }
}

/* -------------------------------------------------------------------------------- JSON --- */

static void shell_json_string(FILE *out, const char *s, size_t length) {
    size_t i;
    fputc('"', out);
    for (i = 0; i < length; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c == '\n') {
            fputs("\\n", out);
        } else if (c < 0x20) {
            fprintf(out, "\\u%04x", c);
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

static void shell_json_cell(FILE *out, trueno_result *result, uint64_t row, uint32_t column) {
    trueno_type type = trueno_result_column_type(result, column);
    size_t length;
    const char *cell;
    if (trueno_get_is_null(result, row, column)) {
        fputs("null", out);
        return;
    }
    cell = shell_cell(result, row, column, &length);
    if (type == TRUENO_TYPE_BOOLEAN) {
        shell_write(out, cell, length);
    } else if (shell_type_is_number(type)) {
        bool finite = strpbrk(cell, "nN") == NULL; /* nan, inf */
        fputs(finite ? cell : "null", out);
    } else {
        shell_json_string(out, cell, length);
    }
}

static void shell_print_jsonlines(shell *sh, trueno_result *result) {
    uint32_t columns = trueno_result_column_count(result), c;
    uint64_t rows = trueno_result_row_count(result), r;
    for (r = 0; r < rows && !ferror(sh->out); r++) {
        for (c = 0; c < columns; c++) {
            const char *name = trueno_result_column_name(result, c);
            fputc(c == 0 ? '{' : ',', sh->out);
            shell_json_string(sh->out, name, strlen(name));
            fputc(':', sh->out);
            shell_json_cell(sh->out, result, r, c);
        }
        fputs("}\n", sh->out);
    }
}

static void shell_print_json(shell *sh, trueno_result *result) {
    size_t length;
    char *json;
    trueno_status status = trueno_result_to_json(result, &json, &length);
    if (status != TRUENO_OK) {
        shell_error(sh, "cannot write JSON: %s", trueno_status_name(status));
        sh->failed = true;
        return;
    }
    shell_write(sh->out, json, length);
    trueno_text_free(result, json, length);
}

/* ------------------------------------------------------------------------------ tables --- */

static void shell_print_box(shell *sh, trueno_result *result, bool ascii) {
    trueno_print_options options;
    bool screen = sh->tty_out && sh->out == stdout;
    memset(&options, 0, sizeof options);
    options.width = sh->width != 0 ? sh->width : screen ? shell_terminal_width() : UINT32_MAX;
    options.max_rows = sh->max_rows != 0 ? sh->max_rows : screen ? 0 : UINT32_MAX;
    options.ascii = ascii;
    options.null_text = sh->null_text;
    (void)trueno_result_print_with(result, sh->out, &options);
}

/* Widest text of each column, name included. */
static uint32_t *shell_widths(shell *sh, trueno_result *result, const char *null_text) {
    uint32_t columns = trueno_result_column_count(result), c;
    uint32_t *widths = (uint32_t *)shell_alloc(columns * sizeof *widths);
    uint64_t rows = trueno_result_row_count(result), r;
    for (c = 0; c < columns; c++) {
        const char *name = trueno_result_column_name(result, c);
        widths[c] = sh->headers ? shell_text_width(name, strlen(name)) : 0;
        for (r = 0; r < rows; r++) {
            size_t length;
            const char *cell = shell_shown(sh, result, r, c, null_text, &length);
            uint32_t width = shell_text_width(cell, length);
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    return widths;
}

static void shell_print_padded(FILE *out, const char *s, size_t length, uint32_t width,
                               bool right) {
    uint32_t have = shell_text_width(s, length);
    uint32_t pad = width > have ? width - have : 0;
    shell_pad(out, right ? pad : 0);
    shell_write(out, s, length);
    shell_pad(out, right ? 0 : pad);
}

static void shell_print_column(shell *sh, trueno_result *result) {
    uint32_t columns = trueno_result_column_count(result), c, i;
    uint64_t rows = trueno_result_row_count(result), r;
    uint32_t *widths = shell_widths(sh, result, "");
    for (c = 0; sh->headers && c < columns; c++) {
        const char *name = trueno_result_column_name(result, c);
        bool right = shell_type_is_number(trueno_result_column_type(result, c));
        bool last = c + 1 == columns;
        shell_print_padded(sh->out, name, strlen(name), last && !right ? 0 : widths[c], right);
        fputs(last ? "\n" : "  ", sh->out);
    }
    for (c = 0; sh->headers && c < columns; c++) {
        for (i = 0; i < widths[c]; i++) {
            fputc('-', sh->out);
        }
        fputs(c + 1 < columns ? "  " : "\n", sh->out);
    }
    for (r = 0; r < rows && !ferror(sh->out); r++) {
        for (c = 0; c < columns; c++) {
            size_t length;
            const char *cell = shell_shown(sh, result, r, c, "", &length);
            bool right = shell_type_is_number(trueno_result_column_type(result, c));
            bool last = c + 1 == columns;
            shell_print_padded(sh->out, cell, length, last && !right ? 0 : widths[c], right);
            fputs(last ? "\n" : "  ", sh->out);
        }
    }
    free(widths);
}

static void shell_print_lines(shell *sh, trueno_result *result) {
    uint32_t columns = trueno_result_column_count(result), c, widest = 0;
    uint64_t rows = trueno_result_row_count(result), r;
    for (c = 0; c < columns; c++) {
        const char *name = trueno_result_column_name(result, c);
        uint32_t width = shell_text_width(name, strlen(name));
        widest = width > widest ? width : widest;
    }
    for (r = 0; r < rows && !ferror(sh->out); r++) {
        if (r > 0) {
            fputc('\n', sh->out);
        }
        for (c = 0; c < columns; c++) {
            const char *name = trueno_result_column_name(result, c);
            size_t length;
            const char *cell = shell_shown(sh, result, r, c, "", &length);
            shell_print_padded(sh->out, name, strlen(name), widest, true);
            fputs(" = ", sh->out);
            shell_write(sh->out, cell, length);
            fputc('\n', sh->out);
        }
    }
}

/* What would end a cell or a row is written so that it does not. */
static void shell_markdown_cell(text *out, const char *s, size_t length) {
    size_t i;
    text_clear(out);
    for (i = 0; i < length; i++) {
        if (s[i] == '|') {
            text_add(out, "\\|");
        } else if (s[i] == '\n') {
            text_add(out, "<br>");
        } else if (s[i] != '\r') {
            text_char(out, s[i]);
        }
    }
}

static void shell_markdown_row(shell *sh, trueno_result *result, uint64_t row, bool names,
                               uint32_t *widths, bool measure) {
    uint32_t columns = trueno_result_column_count(result), c;
    text cell = {NULL, 0, 0};
    for (c = 0; c < columns; c++) {
        bool right = shell_type_is_number(trueno_result_column_type(result, c));
        const char *s = trueno_result_column_name(result, c);
        size_t length = strlen(s);
        s = names ? s : shell_shown(sh, result, row, c, "", &length);
        shell_markdown_cell(&cell, s, length);
        if (measure) {
            uint32_t width = shell_text_width(cell.data, cell.length);
            widths[c] = width > widths[c] ? width : widths[c];
            continue;
        }
        fputs("| ", sh->out);
        shell_print_padded(sh->out, cell.data, cell.length, widths[c], right);
        fputs(c + 1 < columns ? " " : " |\n", sh->out);
    }
    text_free(&cell);
}

static void shell_print_markdown(shell *sh, trueno_result *result) {
    uint32_t columns = trueno_result_column_count(result), c, i;
    uint64_t rows = trueno_result_row_count(result), r;
    uint32_t *widths = (uint32_t *)shell_alloc(columns * sizeof *widths);
    shell_markdown_row(sh, result, 0, true, widths, true);
    for (r = 0; r < rows; r++) {
        shell_markdown_row(sh, result, r, false, widths, true);
    }
    shell_markdown_row(sh, result, 0, true, widths, false); /* there is always a header */
    for (c = 0; c < columns; c++) {
        bool right = shell_type_is_number(trueno_result_column_type(result, c));
        fputs("|-", sh->out);
        for (i = 0; i < widths[c]; i++) {
            fputc('-', sh->out);
        }
        fputs(right ? ":" : "-", sh->out);
    }
    fputs("|\n", sh->out);
    for (r = 0; r < rows && !ferror(sh->out); r++) {
        shell_markdown_row(sh, result, r, false, widths, false);
    }
    free(widths);
}

static void shell_html_cell(FILE *out, const char *tag, const char *s, size_t length) {
    size_t i;
    fprintf(out, "<%s>", tag);
    for (i = 0; i < length; i++) {
        switch (s[i]) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(s[i], out);
        }
    }
    fprintf(out, "</%s>\n", tag);
}

static void shell_print_html(shell *sh, trueno_result *result) {
    uint32_t columns = trueno_result_column_count(result), c;
    uint64_t rows = trueno_result_row_count(result), r;
    if (sh->headers) {
        fputs("<tr>", sh->out);
        for (c = 0; c < columns; c++) {
            const char *name = trueno_result_column_name(result, c);
            shell_html_cell(sh->out, "th", name, strlen(name));
        }
        fputs("</tr>\n", sh->out);
    }
    for (r = 0; r < rows && !ferror(sh->out); r++) {
        fputs("<tr>", sh->out);
        for (c = 0; c < columns; c++) {
            size_t length;
            const char *cell = shell_shown(sh, result, r, c, "", &length);
            shell_html_cell(sh->out, "td", cell, length);
        }
        fputs("</tr>\n", sh->out);
    }
}

/* --------------------------------------------------------------------------------- SQL --- */

void shell_quote_text(text *out, const char *s, size_t length) {
    size_t i;
    text_char(out, '\'');
    for (i = 0; i < length; i++) {
        text_append(out, s[i] == '\'' ? "''" : &s[i], s[i] == '\'' ? 2 : 1);
    }
    text_char(out, '\'');
}

/* Quotes only where the name needs them. */
void shell_quote_name(text *out, const char *name) {
    size_t plain = strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789");
    const char *p;
    if (name[plain] == '\0' && plain > 0 && (name[0] < '0' || name[0] > '9')) {
        text_add(out, name);
        return;
    }
    text_char(out, '"');
    for (p = name; *p != '\0'; p++) {
        text_append(out, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
    }
    text_char(out, '"');
}

void shell_literal(text *out, trueno_result *result, uint64_t row, uint32_t column) {
    trueno_type type = trueno_result_column_type(result, column);
    size_t length;
    const char *cell;
    if (trueno_get_is_null(result, row, column)) {
        text_add(out, "NULL");
        return;
    }
    cell = shell_cell(result, row, column, &length);
    if (type == TRUENO_TYPE_BOOLEAN ||
        (shell_type_is_number(type) && strpbrk(cell, "nN") == NULL)) {
        text_append(out, cell, length);
        return;
    }
    shell_quote_text(out, cell, length);
    if (type != TRUENO_TYPE_VARCHAR) {
        text_format(out, "::%s", trueno_result_column_type_name(result, column));
    }
}

static void shell_print_sql(shell *sh, trueno_result *result, bool insert) {
    uint32_t columns = trueno_result_column_count(result), c;
    uint64_t rows = trueno_result_row_count(result), r;
    text line = {NULL, 0, 0};
    for (c = 0; !insert && sh->headers && c < columns; c++) {
        const char *name = trueno_result_column_name(result, c);
        text_clear(&line);
        shell_quote_text(&line, name, strlen(name));
        fputs(line.data, sh->out);
        fputs(c + 1 < columns ? "," : "\n", sh->out);
    }
    for (r = 0; r < rows && !ferror(sh->out); r++) {
        text_clear(&line);
        if (insert) {
            text_add(&line, "INSERT INTO ");
            shell_quote_name(&line, sh->insert_table != NULL ? sh->insert_table : "result");
            text_add(&line, " VALUES (");
        }
        for (c = 0; c < columns; c++) {
            text_add(&line, c > 0 ? "," : "");
            shell_literal(&line, result, r, c);
        }
        text_add(&line, insert ? ");\n" : "\n");
        shell_write(sh->out, line.data, line.length);
    }
    text_free(&line);
}

/* ------------------------------------------------------------------------------- entry --- */

/* A plan is a text of many lines: where people read, it stands as it is. */
static bool shell_print_plan(shell *sh, trueno_result *result) {
    const char *plan;
    if ((sh->mode != MODE_BOX && sh->mode != MODE_TABLE && sh->mode != MODE_COLUMN) ||
        trueno_result_column_count(result) != 2 || trueno_result_row_count(result) != 1 ||
        strcmp(trueno_result_column_name(result, 0), "explain_key") != 0 ||
        strcmp(trueno_result_column_name(result, 1), "explain_value") != 0) {
        return false;
    }
    plan = trueno_get_text(result, 0, 1);
    shell_write(sh->out, plan, strlen(plan));
    if (*plan == '\0' || plan[strlen(plan) - 1] != '\n') {
        shell_write(sh->out, "\n", 1);
    }
    return true;
}

static void shell_print_mode(shell *sh, trueno_result *result) {
    if (shell_print_plan(sh, result)) {
        return;
    }
    switch (sh->mode) {
    case MODE_TABLE: shell_print_box(sh, result, true); break;
    case MODE_COLUMN: shell_print_column(sh, result); break;
    case MODE_LINE: shell_print_lines(sh, result); break;
    case MODE_LIST: shell_print_list(sh, result, "|"); break;
    case MODE_TABS: shell_print_list(sh, result, "\t"); break;
    case MODE_CSV:
        if (!shell_print_csv_whole(sh, result)) {
            shell_print_csv(sh, result);
        }
        break;
    case MODE_JSON: shell_print_json(sh, result); break;
    case MODE_JSONLINES: shell_print_jsonlines(sh, result); break;
    case MODE_MARKDOWN: shell_print_markdown(sh, result); break;
    case MODE_HTML: shell_print_html(sh, result); break;
    case MODE_INSERT: shell_print_sql(sh, result, true); break;
    case MODE_QUOTE: shell_print_sql(sh, result, false); break;
    case MODE_TRASH: break;
    default: shell_print_box(sh, result, false); break;
    }
}

void shell_print_result(shell *sh, trueno_result *result) {
    FILE *out = sh->out;
    FILE *pager = NULL;
    if (sh->pager != NULL && sh->interactive && out == stdout) {
        pager = shell_open_pipe(sh->pager);
    }
    if (pager != NULL) {
        sh->out = pager;
    }
    shell_print_mode(sh, result);
    if (pager != NULL) {
        sh->out = out;
        (void)shell_close_pipe(pager);
    }
    if (sh->out_once) { /* one result went elsewhere */
        (void)(sh->out_pipe ? shell_close_pipe(sh->out) : fclose(sh->out));
        sh->out = stdout;
        sh->out_once = sh->out_pipe = false;
    }
}

#undef SHELL_IN
