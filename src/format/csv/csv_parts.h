/*
 * csv_parts.h - what the CSV reader's files share: dialect, field table, cells, columns.
 *
 * A chunk of text becomes a field table: for record r and field c the bytes from `start` to
 * `end`, relative to `base`. In the plain layout a field starts one byte after the field before
 * it ends, so that ends alone are stored; the explicit layout stores both (multi-byte
 * delimiters, blanks before quotes, missing fields: start 1, end 0).
 */
#ifndef TNI_FORMAT_CSV_CSV_PARTS_H
#define TNI_FORMAT_CSV_CSV_PARTS_H

#include "format/csv/csv.h"

typedef struct tni_csv_dialect {
    uint8_t delimiter[4];
    uint8_t delimiter_length;
    uint8_t quote, escape, comment; /* 0 = none; escape == quote: quotes are doubled */
    bool relaxed;
    bool blank_records;  /* one column: a blank line is a record with an empty field */
    uint32_t max_record; /* bytes */
    uint8_t stop[256];   /* 1: may end an unquoted field */
} tni_csv_dialect;

TNI_FN void tni_csv_dialect_finish(tni_csv_dialect *dialect); /* fills `stop` */

typedef struct tni_csv_table {
    tni_memory *memory;
    const uint8_t *base;
    uint32_t *starts;  /* explicit layout: [fields] */
    uint32_t *ends;    /* [fields], field c of record r at r * stride + c */
    uint32_t *firsts;  /* [records] start of field 0 (plain layout) */
    size_t starts_capacity, ends_capacity, firsts_capacity;
    size_t fields;     /* stored so far */
    uint32_t records;
    uint32_t stride;
    bool has_starts;
} tni_csv_table;

TNI_FN void tni_csv_table_init(tni_csv_table *table, tni_memory *memory);
TNI_FN void tni_csv_table_free(tni_csv_table *table);
/* Room for `fields` more ends (and starts when the layout has them). */
TNI_FN trueno_status tni_csv_table_reserve(tni_csv_table *table, size_t fields, bool starts,
                                           tni_error *error);

/* One record read by the state machine. Offsets are absolute in the text. */
typedef struct tni_csv_record {
    size_t begin;
    size_t next;       /* first byte after the record and its newline */
    uint32_t fields;   /* appended to the table */
    uint32_t quoted;   /* of them quoted */
    int fault;         /* -1: none; else a tni_csv_fault */
    size_t fault_at;
    uint32_t fault_field;
    bool open_at_end;  /* the text ended inside quotes */
} tni_csv_record;

/* Move over blank lines and comment lines; returns the start of a record or `size`. */
TNI_FN size_t tni_csv_skip_blank(const tni_csv_dialect *dialect, const uint8_t *text, size_t size,
                                 size_t at);
/* Read the record at `at` (< size); its fields go to the end of `table` in explicit layout. */
TNI_FN trueno_status tni_csv_read_record(const tni_csv_dialect *dialect, const uint8_t *text,
                                         size_t size, size_t at, tni_csv_table *table,
                                         tni_csv_record *out, tni_error *error);
TNI_FN size_t tni_csv_skip_line(const uint8_t *text, size_t size, size_t at);
/* Physical line (from 1) that holds byte `offset`. */
TNI_FN uint64_t tni_csv_line_of(const uint8_t *text, size_t offset);
/* Number of the record (from 1, header included) that begins at or holds `offset`. */
TNI_FN uint64_t tni_csv_record_number(const tni_csv_dialect *dialect, tni_memory *memory,
                                      const uint8_t *text, size_t size, size_t from,
                                      size_t offset);

/* A field's text: quotes removed, escapes undone (into `scratch` when there are any). */
typedef struct tni_csv_cell {
    const uint8_t *data;
    size_t length;
    bool quoted;
    bool copied;  /* data lies in scratch */
    bool missing;
} tni_csv_cell;
TNI_FN bool tni_csv_cell_read(const tni_csv_dialect *dialect, const uint8_t *field, size_t length,
                              tni_text *scratch, tni_csv_cell *out);

/* ---- columns ---- */

typedef enum tni_csv_date_order {
    TNI_CSV_DATE_YMD, /* ISO, with '-', '/' or '.' between */
    TNI_CSV_DATE_DMY,
    TNI_CSV_DATE_MDY
} tni_csv_date_order;

typedef struct tni_csv_format {
    tni_type type;
    uint8_t date_order;
    bool not_null;           /* force_not_null */
    const char *date_format; /* strptime form of DATE and TIMESTAMP values, or NULL */
} tni_csv_format;

/* What conversion needs beside the format of a column. */
typedef struct tni_csv_rules {
    const char *const *null_strings;
    uint32_t null_count;
    bool empty_is_null;     /* one of the null strings is empty */
    bool only_empty;        /* it is the only one */
    bool quoted_never_null;
    char decimal_separator; /* '.' or ',' */
    char thousands;         /* 0 = none */
    bool fast;              /* plain digits are never NULL words and need no rewriting */
} tni_csv_rules;

TNI_FN bool tni_csv_is_null(const tni_csv_rules *rules, const tni_csv_format *format,
                            const tni_csv_cell *cell);
/* Text to the physical form of a type (not VARCHAR). False when it does not fit. */
TNI_FN bool tni_csv_cast(const tni_csv_rules *rules, const tni_csv_format *format,
                         const uint8_t *text, size_t length, tni_text *scratch, void *out);
TNI_FN bool tni_csv_parse_date(const char *text, size_t length, uint8_t order, int32_t *out);
/* With decimal_separator and thousands replaced; NULL when the text is no such number. */
TNI_FN bool tni_csv_plain_number(const tni_csv_rules *rules, const uint8_t *text, size_t length,
                                 tni_text *scratch, const char **out, size_t *out_length);

/* ---- shape: what detection finds ---- */

typedef struct tni_csv_shape {
    tni_csv_dialect dialect;
    bool header;
    uint64_t skip;         /* lines */
    size_t data_start;     /* offset of the first record after the header */
    size_t header_start;   /* offset of the header, or of the first record */
    uint32_t columns;
    const char **names;    /* [columns] */
    tni_csv_format *formats; /* [columns] */
    const char *note;
} tni_csv_shape;

/* Detect what the options leave open. Memory comes from `arena`. */
TNI_FN trueno_status tni_csv_sniff(tni_env *env, const tni_csv_options *options,
                                   const char *path, const tni_input *input, tni_arena *arena,
                                   tni_csv_shape *out, tni_error *error);
/* Another file of the same dialect: its names (header only) and where its records start. */
TNI_FN trueno_status tni_csv_sniff_header(tni_env *env, const tni_csv_shape *like,
                                          const char *path, const tni_input *input,
                                          tni_arena *arena, tni_csv_shape *out, tni_error *error);
TNI_FN void tni_csv_rules_make(const tni_csv_options *options, tni_csv_rules *out);
/* A type name such as "DECIMAL(10, 2)"; false when unknown. */
TNI_FN bool tni_csv_type_parse(const char *name, tni_type *out);
TNI_FN const char *tni_csv_fault_text(tni_csv_fault fault);

/* ---- strings: dictionaries that persist from chunk to chunk of a worker ---- */

typedef struct tni_csv_strings {
    tni_memory *memory;
    tni_buffer *values;     /* tni_string[capacity]; entries [0, count) never change */
    tni_buffer *heap;       /* bytes of the long ones */
    size_t heap_used;
    uint32_t count, capacity;
    uint32_t *slots;        /* code + 1; power of two */
    uint32_t slot_count;
    uint16_t *codes;        /* [TNI_SEGMENT_ROWS] of the segment under way */
    uint64_t rows;          /* looked up so far */
    bool given_up;
    tni_dictionary *sealed; /* over the first `sealed_count` entries */
    uint32_t sealed_count;
} tni_csv_strings;

/* Strings as codes or views; see tni_csv_convert. */
struct tni_csv_view;
struct tni_csv_stop;
TNI_FN trueno_status tni_csv_convert_strings(const struct tni_csv_view *view, uint32_t column,
                                             const tni_csv_format *format,
                                             tni_csv_strings *strings, uint32_t first,
                                             uint32_t rows, tni_segment **out,
                                             struct tni_csv_stop *stop, tni_error *error);
TNI_FN void tni_csv_strings_init(tni_csv_strings *strings, tni_memory *memory);
TNI_FN void tni_csv_strings_free(tni_csv_strings *strings);

/* ---- a chunk under way ---- */

typedef struct tni_csv_view {
    const tni_csv_dialect *dialect;
    const tni_csv_rules *rules;
    const tni_csv_table *table;
    tni_buffer *input;       /* owner of the text */
    const uint8_t *text_end; /* end of the file's text */
    bool ascii, utf8;        /* the chunk's records, known valid */
    tni_text *scratch;
    tni_env *env;
} tni_csv_view;

/* Where conversion stopped. */
typedef struct tni_csv_stop {
    uint32_t record;  /* of the table */
    uint32_t column;
    tni_csv_fault fault;
} tni_csv_stop;

/* Field `column` of records [first, first + rows) as a segment. CONVERSION or FORMAT with *stop
 * set and no message when a value does not fit: the caller, who knows the file, reports it. */
TNI_FN trueno_status tni_csv_convert(const tni_csv_view *view, uint32_t column,
                                     const tni_csv_format *format, tni_csv_strings *strings,
                                     uint32_t first, uint32_t rows, tni_segment **out,
                                     tni_csv_stop *stop, tni_error *error);
/* Give a segment its NULLs: bits of `validity` past the rows are ignored. */
TNI_FN trueno_status tni_csv_set_validity(tni_segment *segment, const uint64_t *validity,
                                          uint32_t nulls, tni_error *error);
TNI_FN void tni_csv_all_null(tni_segment *segment); /* make it one NULL for all its rows */
/* Does the value fit? For ignore_errors. */
TNI_FN bool tni_csv_fits(const tni_csv_view *view, uint32_t record, uint32_t column,
                         const tni_csv_format *format, tni_csv_fault *fault);

/* The fields of one column, record after record. */
typedef struct tni_csv_cursor {
    const uint32_t *starts, *ends;
    size_t start_step, end_step;
    uint32_t bias; /* added to starts */
} tni_csv_cursor;

TNI_INLINE tni_csv_cursor tni_csv_cursor_make(const tni_csv_table *t, uint32_t column,
                                              uint32_t first) {
    tni_csv_cursor c;
    size_t at = (size_t)first * t->stride + column;
    c.ends = t->ends + at;
    c.end_step = t->stride;
    c.start_step = t->stride;
    c.bias = 0;
    if (t->has_starts) {
        c.starts = t->starts + at;
    } else if (column == 0) {
        c.starts = t->firsts + first;
        c.start_step = 1;
    } else {
        c.starts = t->ends + at - 1;
        c.bias = 1;
    }
    return c;
}

TNI_INLINE void tni_csv_field(const tni_csv_table *t, uint32_t record, uint32_t column,
                              uint32_t *start, uint32_t *end) {
    size_t at = (size_t)record * t->stride + column;
    *end = t->ends[at];
    if (t->has_starts) {
        *start = t->starts[at];
    } else {
        *start = column == 0 ? t->firsts[record] : t->ends[at - 1] + 1;
    }
}

/* ---- the structural index ---- */

typedef struct tni_csv_index {
    tni_memory *memory;
    uint64_t *delimiters, *quotes, *newlines; /* [blocks] */
    size_t blocks, capacity;
    uint32_t *lasts;     /* per record, index of its last field in ends */
    size_t lasts_capacity;
} tni_csv_index;

TNI_FN void tni_csv_index_init(tni_csv_index *index, tni_memory *memory);
TNI_FN void tni_csv_index_free(tni_csv_index *index);
/* Bitmaps of text[begin, end). Bits past `end` are zero. */
TNI_FN trueno_status tni_csv_index_build(tni_csv_index *index, const tni_env *env,
                                         const tni_csv_dialect *dialect, const uint8_t *text,
                                         size_t begin, size_t end, tni_error *error);

/* What a chunk does to the quote state, for each state it may start in. */
typedef struct tni_csv_summary {
    bool odd;         /* an odd number of quotes */
    bool irregular[2]; /* started outside / inside quotes: some quote is not where RFC 4180 puts
                          it, so parity does not decide */
} tni_csv_summary;
/* `from`: first byte that counts (absolute). */
TNI_FN tni_csv_summary tni_csv_index_summary(const tni_csv_index *index,
                                             const tni_csv_dialect *dialect, const uint8_t *text,
                                             size_t begin, size_t end, size_t size, size_t from);
/* First newline outside quotes at or after `from`, `end` when there is none. */
TNI_FN size_t tni_csv_index_first_newline(const tni_csv_index *index, size_t begin, size_t end,
                                          bool inside);
/* Field ends of the records that begin at `from` or later and end in the chunk; plain layout.
 * *rest: where the first record begins that does not end there. */
TNI_FN trueno_status tni_csv_index_extract(tni_csv_index *index, const tni_csv_dialect *dialect,
                                           const uint8_t *text, size_t begin, size_t size,
                                           size_t from, tni_csv_table *table, size_t *rest,
                                           tni_error *error);

/* ---- a chunk of text to a field table ---- */

/* Where a chunk lies, for messages. */
typedef struct tni_csv_place {
    const char *path;
    const uint8_t *text;
    size_t size;
    size_t header_start;   /* records are counted from here */
    const tni_csv_dialect *dialect;
    const tni_field *fields; /* of the source; NULL: unnamed */
    uint32_t file;
    tni_memory *memory;
} tni_csv_place;

/* Faults of one worker, unordered. */
typedef struct tni_csv_fault_log {
    tni_memory *memory;
    tni_csv_reject *items;
    size_t count, capacity;
    uint64_t skipped; /* records */
} tni_csv_fault_log;

TNI_FN void tni_csv_log_fault(tni_csv_fault_log *log, const tni_csv_place *place, size_t offset,
                              uint32_t column, tni_csv_fault fault);
/* "file: line 12: ..." for a fault of the record at `offset`. */
TNI_FN trueno_status tni_csv_fail_record(const tni_csv_place *place, size_t offset,
                                         tni_csv_fault fault, uint32_t found, uint32_t expected,
                                         size_t fault_at, tni_error *error);
TNI_FN trueno_status tni_csv_fail_value(const tni_csv_place *place, const tni_csv_table *table,
                                        const tni_csv_stop *stop, const char *column_name,
                                        tni_type type, bool sniffed, tni_error *error);

typedef struct tni_csv_chunk {
    tni_csv_index index;
    tni_csv_table table, spare;
    tni_csv_fault_log *log; /* faults are skipped and logged; NULL: the first is an error */
    uint32_t columns;
    bool null_padding;
    size_t faults_dropped;
} tni_csv_chunk;

TNI_FN void tni_csv_chunk_init(tni_csv_chunk *chunk, tni_memory *memory);
TNI_FN void tni_csv_chunk_free(tni_csv_chunk *chunk);
/* Records that begin in [from, end), by the index (already built over [begin, end)) or, when
 * `scan`, by the state machine. chunk->table holds them with `columns` fields each; *next is
 * where the first record after them begins. */
TNI_FN trueno_status tni_csv_chunk_parse(tni_csv_chunk *chunk, const tni_csv_place *place,
                                         bool scan, size_t begin, size_t end, size_t from,
                                         size_t *next, tni_error *error);
/* Leave out the records whose bit in `bad` is set. */
TNI_FN trueno_status tni_csv_chunk_drop(tni_csv_chunk *chunk, const uint64_t *bad,
                                        tni_error *error);

#endif
