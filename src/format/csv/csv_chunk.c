/*
 * csv_chunk.c - the records of a chunk, each with the right number of fields.
 *
 * Three steps: find the field ends (by bitmaps, or record by record), prove that every record
 * has `columns` fields, else rebuild the table record by record: one spare empty field at the
 * end is ignored, missing ones are padded when allowed, anything else is a fault. A fault ends
 * the read with line and record number, or is logged and the record left out.
 *
 * Uses: csv_parts.h, bits.
 */
#include "format/csv/csv_parts.h"

#include "base/bits.h"

TNI_FN void tni_csv_chunk_init(tni_csv_chunk *chunk, tni_memory *memory) {
    memset(chunk, 0, sizeof *chunk);
    tni_csv_index_init(&chunk->index, memory);
    tni_csv_table_init(&chunk->table, memory);
    tni_csv_table_init(&chunk->spare, memory);
}

TNI_FN void tni_csv_chunk_free(tni_csv_chunk *chunk) {
    tni_csv_index_free(&chunk->index);
    tni_csv_table_free(&chunk->table);
    tni_csv_table_free(&chunk->spare);
}

/* --------------------------------------------------------------------------------- faults --- */

TNI_FN void tni_csv_log_fault(tni_csv_fault_log *log, const tni_csv_place *place, size_t offset,
                              uint32_t column, tni_csv_fault fault) {
    void *items = log->items;
    tni_csv_reject *reject;
    if (log->count >= TNI_CSV_MOST_REJECTS) {
        return;
    }
    /* out of memory: the log is short, the rows are still right */
    if (tni_grow(log->memory, &items, &log->capacity, log->count + 1, sizeof *log->items, NULL) !=
        TRUENO_OK) {
        return;
    }
    log->items = (tni_csv_reject *)items;
    reject = &log->items[log->count++];
    reject->file = place->file;
    reject->column = column;
    reject->fault = fault;
    reject->offset = offset;
    reject->line = 0; /* counted when the scan ends */
}

/* "line 12" and ", record 11" of a place. Counting records of a huge file is not worth it. */
static void tni_csv_numbers(const tni_csv_place *place, size_t offset, uint64_t *line,
                            uint64_t *record) {
    *line = tni_csv_line_of(place->text, offset);
    *record = offset - place->header_start > ((size_t)256 << 20)
                  ? 0
                  : tni_csv_record_number(place->dialect, place->memory, place->text, place->size,
                                          place->header_start, offset);
}

TNI_FN trueno_status tni_csv_fail_record(const tni_csv_place *place, size_t offset,
                                         tni_csv_fault fault, uint32_t found, uint32_t expected,
                                         size_t fault_at, tni_error *error) {
    uint64_t line, record;
    trueno_status status = TRUENO_ERROR_FORMAT;
    if (fault == TNI_CSV_FAULT_QUOTE) {
        line = tni_csv_line_of(place->text, fault_at);
        return tni_fail(error, status,
                        "%s: line %llu: a quoted field that begins here is not closed, or text "
                        "follows its closing quote; check quote and escape, or set "
                        "strict_mode = false to keep stray quotes",
                        place->path, (unsigned long long)line);
    }
    tni_csv_numbers(place, offset, &line, &record);
    if (fault == TNI_CSV_FAULT_TOO_LONG) {
        return tni_fail(error, TRUENO_ERROR_LIMIT,
                        "%s: line %llu: the record that begins here is longer than "
                        "max_line_size = %llu bytes",
                        place->path, (unsigned long long)line,
                        (unsigned long long)place->dialect->max_record);
    }
    return tni_fail(error, status,
                    "%s: line %llu: expected %u field%s, found %u (record %llu); %s, "
                    "ignore_errors = true leaves such records out",
                    place->path, (unsigned long long)line, expected, expected == 1 ? "" : "s",
                    found, (unsigned long long)record,
                    found < expected ? "null_padding = true fills short records"
                                     : "check delim and quote");
}

/* The text of a field for a message: printable, shortened. */
static void tni_csv_excerpt(const uint8_t *p, size_t length, char out[64]) {
    size_t i, n = TNI_MIN(length, 40);
    while (n > 0 && n < length && (p[n] & 0xc0) == 0x80) {
        n--;
    }
    for (i = 0; i < n; i++) {
        out[i] = p[i] < 0x20 ? ' ' : (char)p[i];
    }
    memcpy(out + n, n < length ? "..." : "", n < length ? 4 : 1);
}

TNI_FN trueno_status tni_csv_fail_value(const tni_csv_place *place, const tni_csv_table *table,
                                        const tni_csv_stop *stop, const char *column_name,
                                        tni_type type, bool sniffed, tni_error *error) {
    uint32_t start, end;
    uint64_t line, record;
    char text[64], name[40];
    size_t offset;
    tni_csv_field(table, stop->record, stop->column, &start, &end);
    offset = (size_t)(table->base - place->text) + start;
    tni_csv_numbers(place, offset, &line, &record);
    if (stop->fault == TNI_CSV_FAULT_UTF8) {
        return tni_fail(error, TRUENO_ERROR_FORMAT,
                        "%s: line %llu, column \"%s\": the text is not valid UTF-8 (record %llu); "
                        "set encoding = 'latin-1', 'cp1252' or 'utf-16' if that is what it is",
                        place->path, (unsigned long long)line, column_name,
                        (unsigned long long)record);
    }
    tni_csv_excerpt(table->base + start, end - start, text);
    tni_type_print(type, name);
    if (!sniffed) {
        return tni_fail(error, TRUENO_ERROR_CONVERSION,
                        "%s: line %llu, column \"%s\": cannot convert \"%s\" to %s (record %llu); "
                        "give another type, a nullstr, or ignore_errors = true",
                        place->path, (unsigned long long)line, column_name, text, name,
                        (unsigned long long)record);
    }
    return tni_fail(error, TRUENO_ERROR_CONVERSION,
                    "%s: line %llu, column \"%s\": cannot convert \"%s\" to %s (record %llu); the "
                    "type was detected on a sample: set types = {'%s': 'VARCHAR'}, sample_size = "
                    "-1, a nullstr, or ignore_errors = true",
                    place->path, (unsigned long long)line, column_name, text, name,
                    (unsigned long long)record, column_name);
}

/* -------------------------------------------------------------------- records by scanning --- */

static trueno_status tni_csv_push_last(tni_csv_chunk *chunk, tni_error *error) {
    tni_csv_index *index = &chunk->index;
    void *lasts = index->lasts;
    if (chunk->table.records == index->lasts_capacity) {
        trueno_status status =
            tni_grow(index->memory, &lasts, &index->lasts_capacity,
                     index->lasts_capacity * 2 + 256, sizeof(uint32_t), error);
        index->lasts = (uint32_t *)lasts;
        if (status != TRUENO_OK) {
            return status;
        }
    }
    index->lasts[chunk->table.records++] = (uint32_t)(chunk->table.fields - 1);
    return TRUENO_OK;
}

/* Records that begin in [at, end) appended to the table, explicit layout. */
static trueno_status tni_csv_scan_records(tni_csv_chunk *chunk, const tni_csv_place *place,
                                          size_t at, size_t end, size_t *next,
                                          tni_error *error) {
    tni_csv_table *table = &chunk->table;
    while (at < end) {
        tni_csv_record record;
        at = tni_csv_skip_blank(place->dialect, place->text, place->size, at);
        if (at >= end) {
            break;
        }
        TNI_TRY(tni_csv_read_record(place->dialect, place->text, place->size, at, table, &record,
                                    error));
        at = record.next;
        if (record.fault >= 0) {
            if (chunk->log == NULL) {
                return tni_csv_fail_record(place, record.begin, (tni_csv_fault)record.fault,
                                           record.fields, chunk->columns, record.fault_at, error);
            }
            tni_csv_log_fault(chunk->log, place, record.begin,
                              TNI_MIN(record.fault_field, chunk->columns - 1),
                              (tni_csv_fault)record.fault);
            chunk->log->skipped++;
            table->fields -= record.fields;
            continue;
        }
        TNI_TRY(tni_csv_push_last(chunk, error));
    }
    *next = at;
    return TRUENO_OK;
}

/* Where record r begins in the plain layout: past the newline bytes before it. */
TNI_INLINE uint32_t tni_csv_after_newline(const uint8_t *base, uint32_t end, bool blank_records) {
    uint32_t at = end + 1;
    if (blank_records) {
        return at + (base[end] == '\r' && base[at] == '\n' ? 1u : 0u);
    }
    while (base[at] == '\n' || base[at] == '\r') {
        at++;
    }
    return at;
}

/* Give the first `records` records, in the plain layout, starts of their own. */
static trueno_status tni_csv_make_starts(tni_csv_chunk *chunk, uint32_t records, uint32_t first,
                                         bool blank_records, tni_error *error) {
    tni_csv_table *table = &chunk->table;
    const uint32_t *lasts = chunk->index.lasts;
    uint32_t r, i = 0;
    TNI_TRY(tni_csv_table_reserve(table, 0, true, error));
    for (r = 0; r < records; r++) {
        table->starts[i] = first;
        for (i++; i <= lasts[r]; i++) {
            table->starts[i] = table->ends[i - 1] + 1;
        }
        if (r + 1 < records) {
            first = tni_csv_after_newline(table->base, table->ends[lasts[r]], blank_records);
        }
    }
    table->has_starts = true;
    return TRUENO_OK;
}

/* Whether the fields that the state machine added obey the plain layout. */
static bool tni_csv_tail_is_plain(const tni_csv_table *table, size_t from) {
    size_t i;
    for (i = from + 1; i < table->fields; i++) {
        if (table->starts[i] != table->ends[i - 1] + 1) {
            return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------------------- the shape --- */

/* All records have `stride` fields. */
static bool tni_csv_all_have(const uint32_t *lasts, uint32_t records, uint32_t stride) {
    uint32_t r, wrong = 0;
    for (r = 0; r < records; r++) {
        wrong |= lasts[r] ^ ((r + 1) * stride - 1);
    }
    return wrong == 0;
}

/* The field after the wanted ones is empty in every record. */
static bool tni_csv_spare_is_empty(const tni_csv_table *table, uint32_t stride) {
    uint32_t r;
    for (r = 0; r < table->records; r++) {
        size_t at = (size_t)r * stride + stride - 1;
        if (table->has_starts ? table->starts[at] != table->ends[at]
                              : table->ends[at] != table->ends[at - 1] + 1) {
            return false;
        }
    }
    return true;
}

static trueno_status tni_csv_set_firsts(tni_csv_table *table, uint32_t first, bool blank_records,
                                        tni_error *error) {
    void *firsts = table->firsts;
    trueno_status status = tni_grow(table->memory, &firsts, &table->firsts_capacity,
                                    table->records, sizeof(uint32_t), error);
    uint32_t r;
    table->firsts = (uint32_t *)firsts;
    if (status != TRUENO_OK || table->records == 0) {
        return status;
    }
    table->firsts[0] = first;
    for (r = 1; r < table->records; r++) {
        table->firsts[r] = tni_csv_after_newline(
            table->base, table->ends[(size_t)r * table->stride - 1], blank_records);
    }
    return TRUENO_OK;
}

/* A record of another width: false when it has to go. */
static trueno_status tni_csv_mend_record(tni_csv_chunk *chunk, const tni_csv_place *place,
                                         uint32_t from, uint32_t count, bool *keep,
                                         tni_error *error) {
    const tni_csv_table *table = &chunk->table;
    uint32_t columns = chunk->columns;
    size_t offset = (size_t)(table->base - place->text) + table->starts[from];
    tni_csv_fault fault = count > columns ? TNI_CSV_FAULT_TOO_MANY : TNI_CSV_FAULT_TOO_FEW;
    *keep = count == columns || (count < columns && chunk->null_padding) ||
            (count == columns + 1 && table->starts[from + columns] == table->ends[from + columns]);
    if (*keep) {
        return TRUENO_OK;
    }
    if (chunk->log == NULL) {
        return tni_csv_fail_record(place, offset, fault, count, columns, offset, error);
    }
    chunk->log->skipped++;
    if (fault == TNI_CSV_FAULT_TOO_MANY) {
        tni_csv_log_fault(chunk->log, place, offset, UINT32_MAX, fault);
    } else {
        uint32_t c;
        for (c = count; c < columns; c++) {
            tni_csv_log_fault(chunk->log, place, offset, c, fault);
        }
    }
    return TRUENO_OK;
}

/* Rebuild the table, explicit layout, with exactly `columns` fields a record. */
static trueno_status tni_csv_rebuild(tni_csv_chunk *chunk, const tni_csv_place *place,
                                     tni_error *error) {
    tni_csv_table *table = &chunk->table, *to = &chunk->spare, swap;
    const uint32_t *lasts = chunk->index.lasts;
    uint32_t r, from = 0, columns = chunk->columns;
    size_t total;
    to->fields = 0;
    to->records = 0;
    to->base = table->base;
    if (!tni_size_mul(table->records, columns, &total)) {
        return tni_fail_memory(error, SIZE_MAX);
    }
    TNI_TRY(tni_csv_table_reserve(to, total, true, error));
    for (r = 0; r < table->records; r++) {
        uint32_t count = lasts[r] + 1 - from, c;
        bool keep;
        TNI_TRY(tni_csv_mend_record(chunk, place, from, count, &keep, error));
        if (keep) {
            for (c = 0; c < columns; c++) {
                to->starts[to->fields + c] = c < count ? table->starts[from + c] : 1;
                to->ends[to->fields + c] = c < count ? table->ends[from + c] : 0;
            }
            to->fields += columns;
            to->records++;
        }
        from = lasts[r] + 1;
    }
    to->stride = columns;
    to->has_starts = true;
    swap = *table;
    *table = *to;
    *to = swap;
    return TRUENO_OK;
}

static trueno_status tni_csv_shape_table(tni_csv_chunk *chunk, const tni_csv_place *place,
                                         uint32_t first, uint32_t plain_records,
                                         tni_error *error) {
    tni_csv_table *table = &chunk->table;
    const uint32_t *lasts = chunk->index.lasts;
    bool blanks = place->dialect->blank_records;
    uint32_t width = table->records > 0 ? lasts[0] + 1 : chunk->columns;
    if ((width == chunk->columns || width == chunk->columns + 1) &&
        (uint64_t)table->records * width < UINT32_MAX &&
        tni_csv_all_have(lasts, table->records, width) &&
        (width == chunk->columns || tni_csv_spare_is_empty(table, width))) {
        table->stride = width;
        return table->has_starts ? TRUENO_OK : tni_csv_set_firsts(table, first, blanks, error);
    }
    if (!table->has_starts) {
        TNI_TRY(tni_csv_make_starts(chunk, plain_records, first, blanks, error));
    }
    return tni_csv_rebuild(chunk, place, error);
}

/* ----------------------------------------------------------------------------- the function --- */

TNI_FN trueno_status tni_csv_chunk_parse(tni_csv_chunk *chunk, const tni_csv_place *place,
                                         bool scan, size_t begin, size_t end, size_t from,
                                         size_t *next, tni_error *error) {
    tni_csv_table *table = &chunk->table;
    bool blanks = place->dialect->blank_records;
    uint32_t first, plain;
    size_t rest;
    table->has_starts = scan;
    table->records = 0;
    table->fields = 0;
    table->base = place->text + begin;
    *next = from;
    if (scan) {
        TNI_TRY(tni_csv_scan_records(chunk, place, from, end, next, error));
        return tni_csv_shape_table(chunk, place, 0, 0, error);
    }
    if (blanks && from > 0 && place->text[from] == '\n' && place->text[from - 1] == '\r') {
        from++; /* the chunk before ended within a CRLF */
        *next = from;
        if (from >= end) {
            return tni_csv_shape_table(chunk, place, 0, 0, error);
        }
    }
    TNI_TRY(tni_csv_index_extract(&chunk->index, place->dialect, place->text, begin,
                                  place->size, from, table, &rest, error));
    first = (uint32_t)(tni_csv_skip_blank(place->dialect, place->text, place->size, from) - begin);
    plain = table->records;
    *next = rest;
    if (rest < end) { /* the record that crosses the end */
        size_t fields = table->fields;
        TNI_TRY(tni_csv_scan_records(chunk, place, rest, end, next, error));
        if (table->records > plain &&
            table->starts[fields] ==
                tni_csv_skip_blank(place->dialect, place->text, place->size, rest) - begin &&
            tni_csv_tail_is_plain(table, fields)) {
            if (plain == 0) {
                first = table->starts[fields];
            }
            plain = table->records;
        } else if (table->records > plain) {
            TNI_TRY(tni_csv_make_starts(chunk, plain, first, blanks, error));
        }
    }
    return tni_csv_shape_table(chunk, place, first, plain, error);
}

TNI_FN trueno_status tni_csv_chunk_drop(tni_csv_chunk *chunk, const uint64_t *bad,
                                        tni_error *error) {
    tni_csv_table *table = &chunk->table, *to = &chunk->spare, swap;
    uint32_t r, c, columns = chunk->columns;
    to->fields = 0;
    to->records = 0;
    to->base = table->base;
    TNI_TRY(tni_csv_table_reserve(to, (size_t)table->records * columns, true, error));
    for (r = 0; r < table->records; r++) {
        if (!tni_bit_get(bad, r)) {
            for (c = 0; c < columns; c++) {
                tni_csv_field(table, r, c, &to->starts[to->fields + c],
                              &to->ends[to->fields + c]);
            }
            to->fields += columns;
            to->records++;
        }
    }
    to->stride = columns;
    to->has_starts = true;
    swap = *table;
    *table = *to;
    *to = swap;
    return TRUENO_OK;
}
