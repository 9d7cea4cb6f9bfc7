/*
 * result_text.c - cells as text, batches, and the report of an error.
 *
 * What a getter makes lives in the result's arena and is found again by column, block and row, so
 * asking twice gives the same pointer and costs no memory twice.
 */
#include "db/result.h"

#define TNI_REPORT_WIDTH 76u  /* columns of SQL shown */
#define TNI_REPORT_BEFORE 50u /* at most that many before the place */

/* ---------------------------------------------------------------------------------- cache --- */

static tni_result_cache *tni_result_cache_of(trueno_result *result, uint32_t column) {
    if (!result->cache) {
        result->cache = (tni_result_cache *)tni_arena_alloc(
            &result->arena, result->rows->column_count * sizeof *result->cache);
    }
    return result->cache ? &result->cache[column] : NULL;
}

/* The places of a block's texts; NULL: no memory. */
static const char **tni_result_texts(trueno_result *result, uint32_t column, size_t block) {
    tni_result_cache *cache = tni_result_cache_of(result, column);
    if (!cache) {
        return NULL;
    }
    if (!cache->texts) {
        cache->texts = (const char ***)tni_arena_alloc(&result->arena, result->rows->block_count *
                                                                           sizeof *cache->texts);
        if (!cache->texts) {
            return NULL;
        }
    }
    if (!cache->texts[block]) {
        cache->texts[block] = (const char **)tni_arena_alloc(
            &result->arena, result->rows->blocks[block]->rows * sizeof **cache->texts);
    }
    return cache->texts[block];
}

static trueno_text *tni_result_views(trueno_result *result, uint32_t column, size_t place) {
    tni_result_cache *cache = tni_result_cache_of(result, column);
    const tni_block *block = result->rows->blocks[place];
    const tni_string *strings = (const tni_string *)block->data[column];
    trueno_text *views;
    uint32_t i;
    if (!cache) {
        return NULL;
    }
    if (!cache->views) {
        cache->views = (trueno_text **)tni_arena_alloc(&result->arena, result->rows->block_count *
                                                                           sizeof *cache->views);
    }
    if (!cache->views || cache->views[place]) {
        return cache->views ? cache->views[place] : NULL;
    }
    views = (trueno_text *)tni_arena_alloc(&result->arena, block->rows * sizeof *views);
    for (i = 0; views && i < block->rows; i++) {
        views[i].data = (const char *)tni_string_data(&strings[i]);
        views[i].length = strings[i].length;
    }
    cache->views[place] = views;
    return views;
}

/* ---------------------------------------------------------------------------------- cells --- */

static const char *tni_result_make_text(trueno_result *result, tni_type type, const void *cell) {
    const char *copy;
    tni_text text;
    if (type.id == TRUENO_TYPE_VARCHAR) {
        const tni_string *string = (const tni_string *)cell;
        return tni_arena_text(&result->arena, (const char *)tni_string_data(string),
                              string->length);
    }
    tni_text_init(&text, result->memory);
    tni_type_print_value(type, cell, &text);
    copy = text.failed ? NULL : tni_arena_text(&result->arena, text.data, text.length);
    tni_text_free(&text);
    return copy;
}

TRUENO_API const char *trueno_get_text(trueno_result *result, uint64_t row, uint32_t column) {
    tni_type type;
    const void *cell = tni_result_cell(result, row, column, &type);
    const char **texts;
    uint32_t offset;
    if (!cell) {
        return "";
    }
    texts = tni_result_texts(result, column, tni_collection_find(result->rows, row, &offset));
    if (!texts) {
        return "";
    }
    if (!texts[offset]) {
        texts[offset] = tni_result_make_text(result, type, cell);
    }
    return texts[offset] ? texts[offset] : "";
}

TRUENO_API bool trueno_result_batch(trueno_result *result, uint32_t column, uint64_t row,
                                    trueno_batch *out) {
    const tni_block *block;
    uint32_t offset;
    size_t place;
    if (!out) {
        return false;
    }
    memset(out, 0, sizeof *out);
    if (column >= trueno_result_column_count(result)) {
        return false;
    }
    place = tni_collection_find(result->rows, row, &offset);
    if (place == SIZE_MAX) {
        return false;
    }
    block = result->rows->blocks[place];
    out->first = block->first;
    out->rows = block->rows;
    out->validity = block->validity[column];
    out->data = tni_type_is_string(result->rows->types[column])
                    ? (const void *)tni_result_views(result, column, place)
                    : block->data[column];
    return out->data != NULL;
}

/* --------------------------------------------------------------------------------- report --- */

/* The line of SQL an error lies in. */
typedef struct tni_report_line {
    const uint8_t *text;
    size_t length;
    size_t at;       /* byte of the error in it; length: behind the last */
    uint32_t number; /* from 1 */
} tni_report_line;

static void tni_report_find_line(const trueno_result *result, tni_report_line *line) {
    const char *sql = result->sql;
    size_t at = TNI_MIN((size_t)result->position, result->sql_length), start = 0, i, end;
    line->number = 1;
    for (i = 0; i < at; i++) {
        if (sql[i] == '\n') {
            line->number++;
            start = i + 1;
        }
    }
    for (end = start; end < result->sql_length && sql[end] != '\n' && sql[end] != '\r'; end++) {
    }
    line->text = (const uint8_t *)sql + start;
    line->length = end - start;
    line->at = TNI_MIN(at, end) - start;
}

/* One character as it will be shown: blanks for control characters; its columns. */
static uint32_t tni_report_next(const tni_report_line *line, size_t *at, uint32_t *width) {
    uint32_t c = tni_utf8_next(line->text, line->length, at);
    if (c < 32 || c == 127) {
        c = ' ';
    }
    *width = tni_utf8_width(c);
    return c;
}

/* Columns of bytes [from, to). */
static uint32_t tni_report_width(const tni_report_line *line, size_t from, size_t to) {
    uint32_t total = 0, width;
    while (from < to) {
        (void)tni_report_next(line, &from, &width);
        total += width;
    }
    return total;
}

/* The part of a long line around the error: [*from, *to). */
static void tni_report_window(const tni_report_line *line, size_t *from, size_t *to) {
    uint32_t before = tni_report_width(line, 0, line->at), total = 0, width;
    bool fits = tni_report_width(line, 0, line->length) <= TNI_REPORT_WIDTH;
    size_t next;
    *from = 0;
    *to = line->length;
    if (fits) {
        return;
    }
    while (before > TNI_REPORT_BEFORE) {
        (void)tni_report_next(line, from, &width);
        before -= TNI_MIN(width, before);
    }
    for (*to = *from; *to < line->length; *to = next) {
        next = *to;
        (void)tni_report_next(line, &next, &width);
        if (total + width > TNI_REPORT_WIDTH) {
            break;
        }
        total += width;
    }
}

static void tni_report_add_line(const trueno_result *result, tni_text *out) {
    tni_report_line line;
    size_t from, to, lead;
    uint32_t i, width, columns;
    tni_report_find_line(result, &line);
    tni_report_window(&line, &from, &to);
    lead = out->length;
    tni_text_format(out, "LINE %u: %s", line.number, from ? "..." : "");
    lead = out->length - lead;
    columns = (uint32_t)lead + tni_report_width(&line, from, line.at);
    while (from < to) {
        uint8_t bytes[4];
        size_t n = tni_utf8_put(tni_report_next(&line, &from, &width), bytes);
        tni_text_append(out, bytes, n);
    }
    tni_text_add(out, to < line.length ? "...\n" : "\n");
    for (i = 0; i < columns; i++) {
        tni_text_char(out, ' ');
    }
    tni_text_add(out, "^\n");
}

TRUENO_API const char *trueno_result_error_report(trueno_result *result) {
    const char *name = trueno_status_name(trueno_result_status(result));
    tni_text text;
    if (!result) {
        return "Misuse error: the result is NULL\n";
    }
    if (result->status == TRUENO_OK) {
        return "";
    }
    if (tni_result_is_constant(result)) {
        switch (result->status) {
        case TRUENO_ERROR_MEMORY: return "Out of memory error: out of memory\n";
        case TRUENO_ERROR_MISUSE: return "Misuse error: the database handle is NULL\n";
        default: return "Memory limit error: memory_limit leaves no room for a result\n";
        }
    }
    if (result->report) {
        return result->report;
    }
    tni_text_init(&text, result->memory);
    tni_text_char(&text, (char)(*name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name));
    tni_text_format(&text, "%s error: ", name + 1);
    tni_text_add(&text, result->message);
    tni_text_char(&text, '\n');
    if (result->sql && result->position != TNI_NO_POSITION) {
        tni_text_char(&text, '\n');
        tni_report_add_line(result, &text);
    }
    if (!text.failed) { /* kept at its exact size, which is how it is freed */
        result->report = (char *)tni_alloc(result->memory, text.length + 1);
        if (result->report) {
            memcpy(result->report, text.data, text.length + 1);
        }
    }
    tni_text_free(&text);
    return result->report ? result->report : result->message;
}

#undef TNI_REPORT_WIDTH
#undef TNI_REPORT_BEFORE
