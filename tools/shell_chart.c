/*
 * shell_chart.c - .chart: the last result as bars, a line or a histogram, in block characters.
 *
 * With several columns the first names the points and the first number behind it is drawn; a
 * single column is drawn by itself. Values that are NULL or not finite are left out.
 */
#include "shell.h"

#define CHART_BARS 60      /* rows of a bar chart */
#define CHART_LABEL 24     /* columns of a label */
#define CHART_HEIGHT 12    /* rows of a line chart */
#define CHART_BINS 20

typedef struct chart {
    shell *sh;
    trueno_result *result;
    bool labelled;         /* column 0 names the points */
    uint32_t column;       /* the one drawn */
    double *values;
    uint64_t *rows;        /* where each value stands in the result */
    size_t count;
    double min, max;
    uint32_t width;        /* terminal columns */
} chart;

/* Eighths of a block, from the left. */
static const char *const chart_eighths[9] = {
    "", "\xe2\x96\x8f", "\xe2\x96\x8e", "\xe2\x96\x8d", "\xe2\x96\x8c", "\xe2\x96\x8b",
    "\xe2\x96\x8a", "\xe2\x96\x89", "\xe2\x96\x88"};
/* Quarters of a block: bit 0 upper left, 1 upper right, 2 lower left, 3 lower right. */
static const char *const chart_quarters[16] = {
    " ", "\xe2\x96\x98", "\xe2\x96\x9d", "\xe2\x96\x80", "\xe2\x96\x96", "\xe2\x96\x8c",
    "\xe2\x96\x9e", "\xe2\x96\x9b", "\xe2\x96\x97", "\xe2\x96\x9a", "\xe2\x96\x90", "\xe2\x96\x9c",
    "\xe2\x96\x84", "\xe2\x96\x99", "\xe2\x96\x9f", "\xe2\x96\x88"};

static bool chart_fail(shell *sh, const char *what) {
    shell_error(sh, ".chart: %s", what);
    return false;
}

static bool chart_pick_column(chart *c) {
    uint32_t columns = trueno_result_column_count(c->result), i;
    for (i = columns > 1 ? 1 : 0; i < columns; i++) {
        if (shell_type_is_number(trueno_result_column_type(c->result, i))) {
            c->column = i;
            c->labelled = columns > 1;
            return true;
        }
    }
    c->column = 0; /* only the first is a number */
    return columns > 0 && shell_type_is_number(trueno_result_column_type(c->result, 0));
}

static void chart_read_values(chart *c) {
    uint64_t rows = trueno_result_row_count(c->result), r;
    c->values = (double *)shell_alloc((size_t)rows * sizeof *c->values);
    c->rows = (uint64_t *)shell_alloc((size_t)rows * sizeof *c->rows);
    for (r = 0; r < rows; r++) {
        double v = trueno_get_double(c->result, r, c->column);
        if (trueno_get_is_null(c->result, r, c->column) || v - v != 0) {
            continue;
        }
        c->min = c->count == 0 || v < c->min ? v : c->min;
        c->max = c->count == 0 || v > c->max ? v : c->max;
        c->rows[c->count] = r;
        c->values[c->count++] = v;
    }
}

/* The name of a point, cut to `limit` columns. */
static void chart_label(const chart *c, uint64_t row, uint32_t limit, text *out) {
    size_t length, i;
    const char *label;
    text_clear(out);
    if (!c->labelled) {
        text_format(out, "%llu", (unsigned long long)(row + 1));
        return;
    }
    label = trueno_get_is_null(c->result, row, 0) ? "NULL" : shell_cell(c->result, row, 0, &length);
    length = trueno_get_is_null(c->result, row, 0) ? 4 : length;
    for (i = 0; i < length; i++) {
        text_char(out, (unsigned char)label[i] < 32 ? ' ' : label[i]);
    }
    if (shell_text_width(out->data, out->length) > limit) {
        while (shell_text_width(out->data, out->length) > limit - 1) {
            do { /* a whole character */
                out->length--;
            } while (out->length > 0 && (out->data[out->length] & 0xc0) == 0x80);
            out->data[out->length] = '\0';
        }
        text_add(out, "\xe2\x80\xa6");
    }
}

/* A bar from `from` to `to`, in eighths of a column. */
static void chart_bar(FILE *out, uint32_t from, uint32_t to) {
    uint32_t blank = from / 8, i;
    shell_pad(out, blank);
    for (i = blank * 8; i + 8 <= to; i += 8) {
        fputs(chart_eighths[8], out);
    }
    fputs(chart_eighths[to > i ? to - i : 0], out);
}

static void chart_draw_bars(chart *c) {
    FILE *out = c->sh->out;
    size_t shown = c->count < CHART_BARS ? c->count : CHART_BARS, i;
    double low = c->min < 0 ? c->min : 0, high = c->max > 0 ? c->max : 0;
    uint32_t labels = 0, number = 0, room;
    text label = {NULL, 0, 0};
    for (i = 0; i < shown; i++) {
        uint32_t width;
        size_t length;
        chart_label(c, c->rows[i], CHART_LABEL, &label);
        width = shell_text_width(label.data, label.length);
        labels = width > labels ? width : labels;
        (void)shell_cell(c->result, c->rows[i], c->column, &length);
        number = length > number ? (uint32_t)length : number;
    }
    room = c->width > labels + number + 14 ? c->width - labels - number - 4 : 10;
    for (i = 0; i < shown; i++) {
        double scale = high > low ? room * 8 / (high - low) : 0;
        uint32_t zero = (uint32_t)(-low * scale + 0.5) & ~7u;
        uint32_t end = (uint32_t)((c->values[i] - low) * scale + 0.5);
        size_t length;
        const char *cell = shell_cell(c->result, c->rows[i], c->column, &length);
        chart_label(c, c->rows[i], CHART_LABEL, &label);
        shell_pad(out, labels - shell_text_width(label.data, label.length));
        fprintf(out, "%s \xe2\x94\x82", label.data);
        if (c->values[i] < 0) { /* whole blocks up to the axis */
            chart_bar(out, end & ~7u, zero);
        } else {
            chart_bar(out, zero, end > zero ? end : zero);
        }
        fprintf(out, " %s\n", cell);
    }
    if (shown < c->count) {
        fprintf(out, "... and %llu more\n", (unsigned long long)(c->count - shown));
    }
    text_free(&label);
}

/* The value at a place between 0 and 1, between the points around it. */
static double chart_between(const chart *c, double place) {
    double at = place * (double)(c->count - 1);
    size_t i = (size_t)at;
    double rest = at - (double)i;
    if (i + 1 >= c->count) {
        return c->values[c->count - 1];
    }
    return c->values[i] * (1 - rest) + c->values[i + 1] * rest;
}

static void chart_draw_line(chart *c) {
    FILE *out = c->sh->out;
    uint32_t width = c->width > 32 ? c->width - 13 : 20, x, y;
    uint32_t across = 2 * width, up = 2 * CHART_HEIGHT, before = 0;
    unsigned char *dots = (unsigned char *)shell_alloc((size_t)width * CHART_HEIGHT);
    text first = {NULL, 0, 0}, last = {NULL, 0, 0};
    for (x = 0; x < across; x++) {
        double v = chart_between(c, (double)x / (across - 1));
        double part = c->max > c->min ? (v - c->min) / (c->max - c->min) : 0.5;
        uint32_t to = (uint32_t)(part * (up - 1) + 0.5), from = x == 0 ? to : before;
        for (y = from < to ? from : to; y <= (from < to ? to : from); y++) {
            uint32_t row = up - 1 - y; /* from the top */
            dots[(size_t)(row / 2) * width + x / 2] |=
                (unsigned char)(1u << ((row & 1) * 2 + (x & 1)));
        }
        before = to;
    }
    for (y = 0; y < CHART_HEIGHT; y++) {
        if (y == 0 || y == CHART_HEIGHT - 1) {
            fprintf(out, "%10.5g \xe2\x94\xa4", y == 0 ? c->max : c->min);
        } else {
            fprintf(out, "%10s \xe2\x94\x82", "");
        }
        for (x = 0; x < width; x++) {
            fputs(chart_quarters[dots[(size_t)y * width + x]], out);
        }
        fputc('\n', out);
    }
    chart_label(c, c->rows[0], CHART_LABEL, &first);
    chart_label(c, c->rows[c->count - 1], CHART_LABEL, &last);
    x = shell_text_width(first.data, first.length) + shell_text_width(last.data, last.length);
    fprintf(out, "%12s%s", "", first.data);
    shell_pad(out, width > x ? width - x : 1);
    fprintf(out, "%s\n", last.data);
    text_free(&first);
    text_free(&last);
    free(dots);
}

static void chart_draw_histogram(chart *c) {
    FILE *out = c->sh->out;
    size_t counts[CHART_BINS], bins = 1, most = 0, i;
    double span = c->max - c->min, step;
    uint32_t room = c->width > 60 ? c->width - 40 : 20;
    while (bins < CHART_BINS && bins * bins < c->count) {
        bins++;
    }
    bins = span > 0 ? bins : 1;
    step = span > 0 ? span / (double)bins : 1;
    memset(counts, 0, sizeof counts);
    for (i = 0; i < c->count; i++) {
        size_t bin = (size_t)((c->values[i] - c->min) / step);
        bin = bin < bins ? bin : bins - 1;
        counts[bin]++;
        most = counts[bin] > most ? counts[bin] : most;
    }
    for (i = 0; i < bins; i++) {
        fprintf(out, "%11.5g .. %-11.5g \xe2\x94\x82", c->min + step * (double)i,
                c->min + step * (double)(i + 1));
        chart_bar(out, 0, (uint32_t)((double)counts[i] / (double)most * room * 8 + 0.5));
        fprintf(out, " %llu\n", (unsigned long long)counts[i]);
    }
}

bool shell_chart(shell *sh, const char *kind) {
    chart c;
    bool bars = kind == NULL || strcmp(kind, "bar") == 0;
    bool line = kind != NULL && strcmp(kind, "line") == 0;
    if (!bars && !line && strcmp(kind, "hist") != 0) {
        return chart_fail(sh, "bar, line or hist expected");
    }
    if (sh->last == NULL) {
        return chart_fail(sh, "there is no result yet: run a query first");
    }
    memset(&c, 0, sizeof c);
    c.sh = sh;
    c.result = sh->last;
    c.width = sh->tty_out ? shell_terminal_width() : 80;
    c.width = sh->width != 0 ? sh->width : c.width == 0 ? 80 : c.width;
    c.width = c.width > 200 ? 200 : c.width;
    if (!chart_pick_column(&c)) {
        return chart_fail(sh, "the last result has no column of numbers");
    }
    chart_read_values(&c);
    if (c.count == 0) {
        free(c.values);
        free(c.rows);
        return chart_fail(sh, "the last result has no numbers");
    }
    fprintf(sh->out, "%s\n", trueno_result_column_name(c.result, c.column));
    if (bars) {
        chart_draw_bars(&c);
    } else if (line) {
        chart_draw_line(&c);
    } else {
        chart_draw_histogram(&c);
    }
    free(c.values);
    free(c.rows);
    return true;
}

#undef CHART_BARS
#undef CHART_LABEL
#undef CHART_HEIGHT
#undef CHART_BINS
