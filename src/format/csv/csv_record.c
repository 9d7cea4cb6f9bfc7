/*
 * csv_record.c - the exact reader of one record, and of one field's text.
 *
 * A state machine after RFC 4180, widened by what files in the wild hold: CR, LF and CRLF in any
 * mixture, blanks around a quoted field, a quote inside an unquoted field (an ordinary
 * character), backslash escapes, comments, delimiters of up to four bytes. It is the reference
 * that the bitmap index (csv_index.c) must agree with, and what reads whatever that leaves:
 * headers, samples, records that cross a chunk's end, irregular chunks.
 *
 * Uses: csv_parts.h, memory, text.
 */
#include "format/csv/csv_parts.h"

TNI_FN void tni_csv_dialect_finish(tni_csv_dialect *dialect) {
    memset(dialect->stop, 0, sizeof dialect->stop);
    dialect->stop[(uint8_t)'\n'] = 1;
    dialect->stop[(uint8_t)'\r'] = 1;
    dialect->stop[dialect->delimiter[0]] = 1;
    if (dialect->comment != 0) {
        dialect->stop[dialect->comment] = 1;
    }
}

/* --------------------------------------------------------------------------- field table --- */

TNI_FN void tni_csv_table_init(tni_csv_table *table, tni_memory *memory) {
    memset(table, 0, sizeof *table);
    table->memory = memory;
}

TNI_FN void tni_csv_table_free(tni_csv_table *table) {
    tni_memory *memory = table->memory;
    tni_free(memory, table->starts, table->starts_capacity * sizeof(uint32_t));
    tni_free(memory, table->ends, table->ends_capacity * sizeof(uint32_t));
    tni_free(memory, table->firsts, table->firsts_capacity * sizeof(uint32_t));
    tni_csv_table_init(table, memory);
}

TNI_FN trueno_status tni_csv_table_reserve(tni_csv_table *table, size_t fields, bool starts,
                                           tni_error *error) {
    void *ends = table->ends, *begins = table->starts;
    size_t needed = table->fields + fields;
    trueno_status status =
        tni_grow(table->memory, &ends, &table->ends_capacity, needed, sizeof(uint32_t), error);
    table->ends = (uint32_t *)ends;
    if (status == TRUENO_OK && starts) {
        status = tni_grow(table->memory, &begins, &table->starts_capacity, needed,
                          sizeof(uint32_t), error);
        table->starts = (uint32_t *)begins;
    }
    return status;
}

/* ------------------------------------------------------------------------------ the text --- */

TNI_INLINE bool tni_csv_is_newline(uint8_t c) {
    return c == '\n' || c == '\r';
}

/* First byte after the newline at `at`. */
static size_t tni_csv_past_newline(const uint8_t *text, size_t size, size_t at) {
    return at + (text[at] == '\r' && at + 1 < size && text[at + 1] == '\n' ? 2 : 1);
}

static size_t tni_csv_find_newline(const uint8_t *text, size_t size, size_t at) {
    while (at < size && !tni_csv_is_newline(text[at])) {
        at++;
    }
    return at;
}

TNI_FN size_t tni_csv_skip_line(const uint8_t *text, size_t size, size_t at) {
    at = tni_csv_find_newline(text, size, at);
    return at < size ? tni_csv_past_newline(text, size, at) : size;
}

TNI_FN size_t tni_csv_skip_blank(const tni_csv_dialect *dialect, const uint8_t *text, size_t size,
                                 size_t at) {
    while (at < size) {
        if (dialect->comment != 0 && text[at] == dialect->comment) {
            at = tni_csv_skip_line(text, size, at);
        } else if (tni_csv_is_newline(text[at]) && !dialect->blank_records) {
            at++;
        } else {
            break;
        }
    }
    return at;
}

TNI_INLINE bool tni_csv_at_delimiter(const tni_csv_dialect *dialect, const uint8_t *text,
                                     size_t size, size_t at) {
    if (text[at] != dialect->delimiter[0]) {
        return false;
    }
    return dialect->delimiter_length == 1 ||
           (size - at >= dialect->delimiter_length &&
            memcmp(text + at, dialect->delimiter, dialect->delimiter_length) == 0);
}

/* Where an unquoted field that runs on at `at` ends. */
static size_t tni_csv_field_end(const tni_csv_dialect *dialect, const uint8_t *text, size_t size,
                                size_t at) {
    for (;;) {
        while (at < size && !dialect->stop[text[at]]) {
            at++;
        }
        if (at >= size || text[at] != dialect->delimiter[0] ||
            tni_csv_at_delimiter(dialect, text, size, at)) {
            return at;
        }
        at++;
    }
}

/* Whether the field can end at `at`. */
static bool tni_csv_at_end(const tni_csv_dialect *dialect, const uint8_t *text, size_t size,
                           size_t at) {
    return at >= size || tni_csv_is_newline(text[at]) ||
           tni_csv_at_delimiter(dialect, text, size, at) ||
           (dialect->comment != 0 && text[at] == dialect->comment);
}

static size_t tni_csv_skip_blanks_before(const tni_csv_dialect *dialect, const uint8_t *text,
                                         size_t size, size_t at) {
    if (dialect->delimiter[0] != ' ') {
        while (at < size && text[at] == ' ') {
            at++;
        }
    }
    return at;
}

static void tni_csv_set_fault(tni_csv_record *record, tni_csv_fault fault, size_t at) {
    if (record->fault < 0) {
        record->fault = (int)fault;
        record->fault_at = at;
        record->fault_field = record->fields;
    }
}

/*
 * The quoted field whose opening quote is at `at`. *end: just after its closing quote; returns
 * where the field's text ends (delimiter, newline, end of text).
 */
static size_t tni_csv_quoted_end(const tni_csv_dialect *dialect, const uint8_t *text, size_t size,
                                 size_t at, size_t *end, tni_csv_record *record) {
    size_t p = at + 1, after;
    bool stray = false; /* relaxed: an odd number of quotes that are ordinary characters */
    const uint8_t quote = dialect->quote, escape = dialect->escape;
    for (;;) {
        if (escape == quote || escape == 0) {
            const void *found = p < size ? memchr(text + p, quote, size - p) : NULL;
            p = found != NULL ? (size_t)((const uint8_t *)found - text) : size;
        } else {
            while (p < size && text[p] != quote && text[p] != escape) {
                p++;
            }
        }
        if (p >= size) {
            record->open_at_end = true;
            if (!dialect->relaxed) {
                tni_csv_set_fault(record, TNI_CSV_FAULT_QUOTE, at);
            }
            *end = size;
            return size;
        }
        if (text[p] != quote) { /* an escape: the next byte is ordinary */
            p += p + 1 < size ? 2 : 1;
            continue;
        }
        if ((escape == quote || escape == 0) && p + 1 < size && text[p + 1] == quote &&
            !(stray && tni_csv_at_end(dialect, text, size, p + 2))) {
            p += 2;
            continue;
        }
        if (stray && p + 1 < size && text[p + 1] == quote) {
            p++; /* the stray quote's partner stands before the closing quote */
        }
        after = tni_csv_skip_blanks_before(dialect, text, size, p + 1);
        if (tni_csv_at_end(dialect, text, size, after)) {
            *end = p + 1;
            return after;
        }
        if (dialect->relaxed) { /* a stray quote is an ordinary character */
            p++;
            stray = !stray;
            continue;
        }
        tni_csv_set_fault(record, TNI_CSV_FAULT_QUOTE, at);
        after = tni_csv_field_end(dialect, text, size, p + 1);
        *end = after;
        return after;
    }
}

TNI_FN trueno_status tni_csv_read_record(const tni_csv_dialect *dialect, const uint8_t *text,
                                         size_t size, size_t at, tni_csv_table *table,
                                         tni_csv_record *out, tni_error *error) {
    size_t origin = (size_t)(table->base - text), start, end, p = at;
    memset(out, 0, sizeof *out);
    out->begin = at;
    out->fault = -1;
    for (;;) {
        size_t q = dialect->quote != 0 ? tni_csv_skip_blanks_before(dialect, text, size, p) : p;
        if (dialect->quote != 0 && q < size && text[q] == dialect->quote) {
            start = q;
            p = tni_csv_quoted_end(dialect, text, size, q, &end, out);
            out->quoted++;
        } else {
            start = p;
            p = tni_csv_field_end(dialect, text, size, p);
            end = p;
        }
        if (p - at > dialect->max_record) { /* offsets past it need not fit the table */
            tni_csv_set_fault(out, TNI_CSV_FAULT_TOO_LONG, at);
            out->next = tni_csv_skip_line(text, size, p);
            return TRUENO_OK;
        }
        if (table->fields == table->ends_capacity || table->fields >= table->starts_capacity) {
            TNI_TRY(tni_csv_table_reserve(table, table->fields / 2 + 16, true, error));
        }
        table->starts[table->fields] = (uint32_t)(start - origin);
        table->ends[table->fields] = (uint32_t)(end - origin);
        table->fields++;
        out->fields++;
        if (p < size && tni_csv_at_delimiter(dialect, text, size, p)) {
            p += dialect->delimiter_length;
            continue;
        }
        if (p < size && !tni_csv_is_newline(text[p])) { /* a comment to the end of the line */
            p = tni_csv_find_newline(text, size, p);
        }
        out->next = p < size ? tni_csv_past_newline(text, size, p) : size;
        return TRUENO_OK;
    }
}

/* -------------------------------------------------------------------------------- places --- */

TNI_FN uint64_t tni_csv_line_of(const uint8_t *text, size_t offset) {
    uint64_t line = 1;
    size_t i;
    for (i = 0; i < offset; i++) {
        line += text[i] == '\n' || (text[i] == '\r' && (i + 1 >= offset || text[i + 1] != '\n'));
    }
    return line;
}

TNI_FN uint64_t tni_csv_record_number(const tni_csv_dialect *dialect, tni_memory *memory,
                                      const uint8_t *text, size_t size, size_t from,
                                      size_t offset) {
    tni_csv_table table;
    uint64_t number = 0;
    tni_csv_table_init(&table, memory);
    while (from < size) {
        tni_csv_record record;
        from = tni_csv_skip_blank(dialect, text, size, from);
        if (from > offset || from >= size) {
            break;
        }
        table.fields = 0;
        table.base = text + from;
        if (tni_csv_read_record(dialect, text, size, from, &table, &record, NULL) != TRUENO_OK) {
            number = 0;
            break;
        }
        number++;
        from = record.next;
    }
    tni_csv_table_free(&table);
    return number;
}

/* --------------------------------------------------------------------------------- cells --- */

/* The text between the quotes with escapes undone. */
static bool tni_csv_unescape(const tni_csv_dialect *dialect, const uint8_t *p, size_t length,
                             tni_text *scratch) {
    const uint8_t quote = dialect->quote;
    const uint8_t escape = dialect->escape != 0 ? dialect->escape : quote;
    const uint8_t *end = p + length, *run = p;
    tni_text_clear(scratch);
    while (p < end) {
        if (*p == escape && p + 1 < end && (escape != quote || p[1] == quote)) {
            tni_text_append(scratch, run, (size_t)(p - run));
            run = p + 1;
            p += 2;
        } else if (*p == quote) { /* relaxed: a stray quote is left out, as DuckDB does */
            tni_text_append(scratch, run, (size_t)(p - run));
            run = ++p;
        } else {
            p++;
        }
    }
    tni_text_append(scratch, run, (size_t)(end - run));
    return !scratch->failed;
}

TNI_FN bool tni_csv_cell_read(const tni_csv_dialect *dialect, const uint8_t *field, size_t length,
                              tni_text *scratch, tni_csv_cell *out) {
    uint8_t escape = dialect->escape != 0 ? dialect->escape : dialect->quote;
    out->data = field;
    out->length = length;
    out->quoted = false;
    out->copied = false;
    out->missing = false;
    if (dialect->quote == 0 || length == 0 || field[0] != dialect->quote) {
        return true;
    }
    out->quoted = true;
    out->data = field + 1;
    /* relaxed, open at the end of the text: there is no closing quote to take off */
    out->length = length > 1 && field[length - 1] == dialect->quote ? length - 2 : length - 1;
    if (out->length == 0 ||
        (memchr(out->data, escape, out->length) == NULL &&
         (!dialect->relaxed || memchr(out->data, dialect->quote, out->length) == NULL))) {
        return true;
    }
    if (!tni_csv_unescape(dialect, out->data, out->length, scratch)) {
        return false;
    }
    out->data = (const uint8_t *)scratch->data;
    out->length = scratch->length;
    out->copied = true;
    return true;
}

TNI_FN const char *tni_csv_fault_text(tni_csv_fault fault) {
    switch (fault) {
    case TNI_CSV_FAULT_CAST: return "a value does not fit the type of its column";
    case TNI_CSV_FAULT_TOO_FEW: return "too few fields";
    case TNI_CSV_FAULT_TOO_MANY: return "too many fields";
    case TNI_CSV_FAULT_QUOTE: return "quotes are not closed, or text follows a closing quote";
    case TNI_CSV_FAULT_UTF8: return "text is not valid UTF-8";
    default: return "the record is too long";
    }
}
