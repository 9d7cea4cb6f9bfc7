/*
 * print.c - a result as a box table.
 *
 *   +-------+---------+     rows: the first and last `max_rows / 2`, three dots between
 *   |   i   |    s    |     columns: all, narrowed to 20 places where they do not fit, then the
 *   | int64 | varchar |     middle ones left out behind one column of dots
 *   +-------+---------+     footer: how many there are and are shown, when something is left out
 *   |     1 | one     |
 *   +-------+---------+
 *
 * Widths are terminal columns, not bytes. Cells show control characters as escapes and are cut
 * with an ellipsis; only the cells that will be seen are ever made.
 */
#include "db/result.h"

#define TNI_PRINT_WIDTH 120u /* when the caller says nothing */
#define TNI_PRINT_ROWS 40u
#define TNI_PRINT_NARROWEST 20u /* columns are not narrowed below */
#define TNI_PRINT_DOT_ROWS 3u

/* The pieces a box is drawn with. */
typedef struct tni_print_style {
    const char *horizontal, *vertical;
    const char *top[3], *middle[3], *bottom[3]; /* left, between, right */
    const char *dot, *ellipsis;
    uint32_t ellipsis_width;
} tni_print_style;

static const tni_print_style tni_print_unicode = {"\xe2\x94\x80",
                                                  "\xe2\x94\x82",
                                                  {"\xe2\x94\x8c", "\xe2\x94\xac", "\xe2\x94\x90"},
                                                  {"\xe2\x94\x9c", "\xe2\x94\xbc", "\xe2\x94\xa4"},
                                                  {"\xe2\x94\x94", "\xe2\x94\xb4", "\xe2\x94\x98"},
                                                  "\xc2\xb7",
                                                  "\xe2\x80\xa6",
                                                  1};
static const tni_print_style tni_print_ascii = {
    "-", "|", {"+", "+", "+"}, {"+", "+", "+"}, {"+", "+", "+"}, ".", "...", 3};

/* One piece of text ready to be shown: it ends where its width reaches the limit. */
typedef struct tni_print_cell {
    const char *text;
    uint32_t length;
    uint32_t width;
} tni_print_cell;

typedef struct tni_print_column {
    uint32_t column; /* of the result */
    uint32_t width;
    bool right; /* numbers */
    tni_print_cell name, type;
    tni_print_cell *cells; /* [shown rows] */
} tni_print_column;

typedef struct tni_print {
    trueno_result *result;
    const tni_print_style *style;
    const char *null_text;
    uint32_t width;
    uint64_t rows;        /* of the result */
    uint32_t top, bottom; /* rows shown before and after the dots */
    uint32_t column_count;
    tni_print_column *columns; /* those shown, or all while choosing */
    uint32_t left, shown;      /* columns shown; the first `left` stand before the gap */
    bool gap;                  /* columns are left out behind columns[left - 1] */
    tni_arena arena;
    tni_text scratch;
    tni_text out;
    bool failed;
} tni_print;

/* ---------------------------------------------------------------------------------- cells --- */

static void tni_print_escape(uint32_t c, tni_text *out) {
    static const char digits[] = "0123456789abcdef";
    switch (c) {
    case '\n': tni_text_add(out, "\\n"); return;
    case '\r': tni_text_add(out, "\\r"); return;
    case '\t': tni_text_add(out, "\\t"); return;
    default: break;
    }
    tni_text_add(out, "\\x");
    tni_text_char(out, digits[c >> 4 & 15]);
    tni_text_char(out, digits[c & 15]);
}

/* `length` bytes as a cell of at most `limit` columns, cut with the ellipsis when longer. */
static tni_print_cell tni_print_make_cell(tni_print *print, const char *text, size_t length,
                                          uint32_t limit) {
    tni_text *scratch = &print->scratch;
    size_t at = 0, keep = 0; /* keep: bytes that leave room for the ellipsis */
    uint32_t width = 0, keep_width = 0;
    tni_print_cell cell;
    tni_text_clear(scratch);
    while (at < length && width <= limit && scratch->length < 16 * (size_t)limit) {
        uint32_t c = tni_utf8_next((const uint8_t *)text, length, &at);
        size_t before = scratch->length;
        if (c < 32 || c == 127) {
            tni_print_escape(c, scratch);
            width += (uint32_t)(scratch->length - before);
        } else {
            uint8_t bytes[4];
            tni_text_append(scratch, bytes, tni_utf8_put(c, bytes));
            width += tni_utf8_width(c);
        }
        if (width + print->style->ellipsis_width <= limit) {
            keep = scratch->length;
            keep_width = width;
        }
    }
    if ((width > limit || at < length) && scratch->data) {
        scratch->length = keep;
        tni_text_add(scratch, print->style->ellipsis);
        width = keep_width + print->style->ellipsis_width;
    }
    cell.text = tni_arena_text(&print->arena, scratch->data ? scratch->data : "", scratch->length);
    cell.length = (uint32_t)scratch->length;
    cell.width = width;
    print->failed = print->failed || scratch->failed || !cell.text;
    return cell;
}

static tni_print_cell tni_print_value_cell(tni_print *print, uint64_t row, uint32_t column) {
    tni_type type;
    const void *value = tni_result_cell(print->result, row, column, &type);
    tni_print_cell cell;
    tni_text text;
    if (!value) {
        return tni_print_make_cell(print, print->null_text, strlen(print->null_text), print->width);
    }
    if (type.id == TRUENO_TYPE_VARCHAR) {
        const tni_string *string = (const tni_string *)value;
        return tni_print_make_cell(print, (const char *)tni_string_data(string), string->length,
                                   print->width);
    }
    tni_text_init(&text, print->result->memory);
    tni_type_print_value(type, value, &text);
    print->failed = print->failed || text.failed;
    cell = tni_print_make_cell(print, text.data ? text.data : "", text.length, print->width);
    tni_text_free(&text);
    return cell;
}

/* What stands under a column's name: int64, decimal(15,2), varchar. */
static tni_print_cell tni_print_type_cell(tni_print *print, tni_type type) {
    static const char *const numbers[] = {"int8",   "int16",  "int32",  "int64", "uint8",
                                          "uint16", "uint32", "uint64", "int128"};
    char text[40];
    size_t length, i;
    if (tni_type_is_integer(type)) {
        const char *name = numbers[type.id - TRUENO_TYPE_TINYINT];
        return tni_print_make_cell(print, name, strlen(name), print->width);
    }
    length = tni_type_print(type, text);
    for (i = 0; i < length; i++) {
        text[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
    }
    return tni_print_make_cell(print, text, length, print->width);
}

/* Fill column `c` of the result in, and give it the width it would like. */
static void tni_print_fill_column(tni_print *print, uint32_t c, tni_print_column *out) {
    uint32_t shown = print->top + print->bottom, i;
    tni_type type = print->result->rows->types[c];
    const char *name = print->result->names[c];
    out->column = c;
    out->right = tni_type_is_numeric(type);
    out->name = tni_print_make_cell(print, name, strlen(name), print->width);
    out->type = tni_print_type_cell(print, type);
    out->width = TNI_MAX(TNI_MAX(out->name.width, out->type.width), 1);
    out->cells = (tni_print_cell *)tni_arena_alloc(&print->arena, shown * sizeof *out->cells);
    if (!out->cells) {
        print->failed = true;
        return;
    }
    for (i = 0; i < shown; i++) {
        uint64_t row = i < print->top ? i : print->rows - (shown - i);
        out->cells[i] = tni_print_value_cell(print, row, c);
        out->width = TNI_MAX(out->width, out->cells[i].width);
    }
}

/* --------------------------------------------------------------------------------- layout --- */

/* Columns of the terminal taken by the box when no column is wider than `cap`. */
static uint64_t tni_print_box_width(const tni_print *print, uint32_t cap) {
    uint64_t total = 1;
    uint32_t i;
    for (i = 0; i < print->shown; i++) {
        total += TNI_MIN(print->columns[i].width, cap) + 3;
    }
    return total + (print->gap ? print->style->ellipsis_width + 3 : 0);
}

/* Narrow the widest columns until the box fits, to NARROWEST at the least. */
static void tni_print_narrow(tni_print *print) {
    uint32_t low = TNI_PRINT_NARROWEST, high = print->width, i;
    if (tni_print_box_width(print, UINT32_MAX) <= print->width) {
        return;
    }
    while (low < high) { /* the largest cap that fits */
        uint32_t middle = low + (high - low + 1) / 2;
        if (tni_print_box_width(print, middle) <= print->width) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    for (i = 0; i < print->shown; i++) {
        print->columns[i].width = TNI_MIN(print->columns[i].width, low);
    }
}

/* How many columns could stand in the box at the least: no need to look at more. */
static uint32_t tni_print_most_columns(const tni_print *print) {
    return TNI_MIN(print->column_count, print->width / 4 + 2);
}

/* Take columns from both ends in turn while they fit beside the gap. The candidates are the first
 * `head` and the last `tail` columns of the result, side by side in `columns`. */
static void tni_print_leave_out(tni_print *print, uint32_t candidates) {
    uint64_t used = 1 + print->style->ellipsis_width + 3;
    uint32_t left = 0, right = 0;
    bool more = true;
    while (more && left + right < candidates) {
        bool from_left = left <= right;
        uint32_t i = from_left ? left : candidates - 1 - right;
        uint32_t width = TNI_MIN(print->columns[i].width, TNI_PRINT_NARROWEST) + 3;
        more = used + width <= print->width || left + right == 0;
        if (more) {
            used += width;
            left += from_left ? 1u : 0u;
            right += from_left ? 0u : 1u;
        }
    }
    memmove(print->columns + left, print->columns + candidates - right,
            right * sizeof *print->columns);
    print->left = left;
    print->shown = left + right;
    print->gap = print->shown < print->column_count;
}

static void tni_print_choose_columns(tni_print *print) {
    uint32_t candidates = tni_print_most_columns(print), i;
    print->columns =
        (tni_print_column *)tni_arena_alloc(&print->arena, candidates * sizeof *print->columns);
    if (!print->columns) {
        print->failed = true;
        return;
    }
    for (i = 0; i < candidates && !print->failed; i++) {
        uint32_t head = (candidates + 1) / 2;
        uint32_t c = i < head ? i : print->column_count - (candidates - i);
        tni_print_fill_column(print, c, &print->columns[i]);
    }
    print->left = print->shown = candidates;
    if (candidates < print->column_count ||
        tni_print_box_width(print, TNI_PRINT_NARROWEST) > print->width) {
        tni_print_leave_out(print, candidates);
    }
    tni_print_narrow(print);
}

/* --------------------------------------------------------------------------------- drawing --- */

static void tni_print_repeat(tni_print *print, const char *piece, uint32_t count) {
    while (count-- > 0) {
        tni_text_add(&print->out, piece);
    }
}

static void tni_print_rule(tni_print *print, const char *const ends[3]) {
    uint32_t i;
    for (i = 0; i < print->shown; i++) {
        tni_text_add(&print->out, i ? ends[1] : ends[0]);
        tni_print_repeat(print, print->style->horizontal, print->columns[i].width + 2);
        if (print->gap && i + 1 == print->left) {
            tni_text_add(&print->out, ends[1]);
            tni_print_repeat(print, print->style->horizontal, print->style->ellipsis_width + 2);
        }
    }
    tni_text_add(&print->out, ends[2]);
    tni_text_char(&print->out, '\n');
}

/* A cell in its column: `before` blanks, the text, blanks to the end. Too wide: cut again. */
static void tni_print_put(tni_print *print, const tni_print_column *column, tni_print_cell cell,
                          int align) {
    uint32_t room, before;
    if (cell.width > column->width) {
        cell = tni_print_make_cell(print, cell.text, cell.length, column->width);
    }
    room = column->width > cell.width ? column->width - cell.width : 0;
    before = align == 0 ? room / 2 : align > 0 ? room : 0;
    tni_text_add(&print->out, print->style->vertical);
    tni_print_repeat(print, " ", before + 1);
    tni_text_append(&print->out, cell.text, cell.length);
    tni_print_repeat(print, " ", room - before + 1);
}

static void tni_print_put_gap(tni_print *print, uint32_t i, const char *text, uint32_t width) {
    if (print->gap && i + 1 == print->left) {
        uint32_t room = print->style->ellipsis_width - width;
        tni_text_add(&print->out, print->style->vertical);
        tni_print_repeat(print, " ", 1 + room / 2);
        tni_text_add(&print->out, text);
        tni_print_repeat(print, " ", 1 + room - room / 2);
    }
}

static void tni_print_end_line(tni_print *print) {
    tni_text_add(&print->out, print->style->vertical);
    tni_text_char(&print->out, '\n');
}

static void tni_print_header(tni_print *print) {
    uint32_t i;
    const tni_print_style *style = print->style;
    for (i = 0; i < print->shown; i++) {
        tni_print_put(print, &print->columns[i], print->columns[i].name, 0);
        tni_print_put_gap(print, i, style->ellipsis, style->ellipsis_width);
    }
    tni_print_end_line(print);
    for (i = 0; i < print->shown; i++) {
        tni_print_put(print, &print->columns[i], print->columns[i].type, 0);
        tni_print_put_gap(print, i, style->ellipsis, style->ellipsis_width);
    }
    tni_print_end_line(print);
}

static void tni_print_row(tni_print *print, uint32_t shown_row) {
    const tni_print_style *style = print->style;
    uint32_t i;
    for (i = 0; i < print->shown; i++) {
        const tni_print_column *column = &print->columns[i];
        tni_print_put(print, column, column->cells[shown_row], column->right ? 1 : -1);
        tni_print_put_gap(print, i, style->ellipsis, style->ellipsis_width);
    }
    tni_print_end_line(print);
}

/* The dots of left-out rows stand under the middle of the cell above, under a number's point, or
 * at its end. */
static uint32_t tni_print_dot_place(const tni_print_column *column, const tni_print_cell *above) {
    uint32_t width = TNI_MIN(above->width, column->width);
    const char *point;
    if (!column->right) {
        return width ? (width - 1) / 2 : 0;
    }
    point = (const char *)memchr(above->text, '.', above->length);
    if (point && above->width == above->length) {
        uint32_t behind = above->length - (uint32_t)(point - above->text) - 1;
        return behind < column->width ? column->width - 1 - behind : 0;
    }
    return column->width - 1;
}

static void tni_print_dots(tni_print *print) {
    uint32_t i;
    for (i = 0; i < print->shown; i++) {
        const tni_print_column *column = &print->columns[i];
        uint32_t row = print->top ? print->top - 1 : 0;
        uint32_t before = tni_print_dot_place(column, &column->cells[row]);
        tni_text_add(&print->out, print->style->vertical);
        tni_print_repeat(print, " ", before + 1);
        tni_text_add(&print->out, print->style->dot);
        tni_print_repeat(print, " ", column->width - before);
        tni_print_put_gap(print, i, print->style->dot, 1);
    }
    tni_print_end_line(print);
}

/* --------------------------------------------------------------------------------- footer --- */

static void tni_print_footer_line(tni_print *print, const char *text) {
    tni_text_add(&print->out, "  ");
    tni_text_add(&print->out, text);
    tni_text_char(&print->out, '\n');
}

static void tni_print_footer(tni_print *print) {
    char rows[48], shown[32] = "", columns[64] = "", joined[96];
    uint32_t visible = print->top + print->bottom;
    bool rows_left_out = visible < print->rows;
    uint64_t box = tni_print_box_width(print, UINT32_MAX);
    size_t left, right;
    (void)snprintf(rows, sizeof rows, "%llu row%s", (unsigned long long)print->rows,
                   print->rows == 1 ? "" : "s");
    if (rows_left_out) {
        (void)snprintf(shown, sizeof shown, "(%u shown)", visible);
    }
    if (print->gap) {
        (void)snprintf(columns, sizeof columns, "%u columns (%u shown)", print->column_count,
                       print->shown);
    } else if (print->column_count > 1) {
        (void)snprintf(columns, sizeof columns, "%u columns", print->column_count);
    }
    (void)snprintf(joined, sizeof joined, "%s%s%s", rows, *shown ? " " : "", shown);
    left = strlen(joined);
    right = strlen(columns);
    if (2 + left + (right ? right + 2 : 0) + 2 <= box) {
        tni_text_add(&print->out, "  ");
        tni_text_add(&print->out, joined);
        if (right) {
            tni_print_repeat(print, " ", (uint32_t)(box - 4 - left - right));
            tni_text_add(&print->out, columns);
        }
        tni_text_char(&print->out, '\n');
        return;
    }
    tni_print_footer_line(print, rows);
    if (*shown) {
        tni_print_footer_line(print, shown);
    }
    if (right) {
        tni_print_footer_line(print, columns);
    }
}

static void tni_print_box(tni_print *print) {
    uint32_t i;
    bool rows_left_out = print->top + print->bottom < print->rows;
    tni_print_choose_columns(print);
    if (print->failed) {
        return;
    }
    tni_print_rule(print, print->style->top);
    tni_print_header(print);
    if (print->rows) {
        tni_print_rule(print, print->style->middle);
    }
    for (i = 0; i < print->top; i++) {
        tni_print_row(print, i);
    }
    for (i = 0; rows_left_out && i < TNI_PRINT_DOT_ROWS; i++) {
        tni_print_dots(print);
    }
    for (i = 0; i < print->bottom; i++) {
        tni_print_row(print, print->top + i);
    }
    tni_print_rule(print, print->style->bottom);
    if (rows_left_out || print->gap || !print->rows) {
        tni_print_footer(print);
    }
}

/* ----------------------------------------------------------------------------------- entry --- */

static void tni_print_start(tni_print *print, trueno_result *result,
                            const trueno_print_options *options) {
    uint32_t most = options && options->max_rows ? options->max_rows : TNI_PRINT_ROWS;
    memset(print, 0, sizeof *print);
    print->result = result;
    print->style = options && options->ascii ? &tni_print_ascii : &tni_print_unicode;
    print->null_text = options && options->null_text ? options->null_text : "NULL";
    print->width = options && options->width ? options->width : TNI_PRINT_WIDTH;
    print->width = TNI_MIN(TNI_MAX(print->width, 8), 1u << 20);
    print->rows = result->rows->rows;
    print->column_count = result->rows->column_count;
    if (print->rows <= most) {
        print->top = (uint32_t)print->rows;
    } else {
        print->bottom = most / 2;
        print->top = most - print->bottom;
    }
    tni_arena_init(&print->arena, result->memory);
    tni_text_init(&print->scratch, result->memory);
    tni_text_init(&print->out, result->memory);
}

static trueno_status tni_print_flush(FILE *stream, const char *text, size_t length) {
    return fwrite(text, 1, length, stream) == length ? TRUENO_OK : TRUENO_ERROR_IO;
}

TRUENO_API trueno_status trueno_result_print_with(trueno_result *result, FILE *stream,
                                                  const trueno_print_options *options) {
    tni_print print;
    trueno_status status;
    if (!result || !stream) {
        return TRUENO_ERROR_MISUSE;
    }
    if (result->status != TRUENO_OK) {
        const char *report = trueno_result_error_report(result);
        (void)tni_print_flush(stream, report, strlen(report));
        return result->status;
    }
    if (!result->rows || !result->rows->column_count) {
        return TRUENO_OK;
    }
    tni_print_start(&print, result, options);
    tni_print_box(&print);
    status = print.failed || print.out.failed
                 ? tni_memory_cause(result->memory)
                 : tni_print_flush(stream, print.out.data, print.out.length);
    tni_text_free(&print.out);
    tni_text_free(&print.scratch);
    tni_arena_free(&print.arena);
    return status;
}

TRUENO_API trueno_status trueno_result_print(trueno_result *result, FILE *stream) {
    return trueno_result_print_with(result, stream, NULL);
}

#undef TNI_PRINT_WIDTH
#undef TNI_PRINT_ROWS
#undef TNI_PRINT_NARROWEST
#undef TNI_PRINT_DOT_ROWS
