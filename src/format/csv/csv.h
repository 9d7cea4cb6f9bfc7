/*
 * csv.h - CSV files as a source, and the options SQL gives for them.
 *
 * A zeroed tni_csv_options (tni_csv_options_init) means: detect everything. Options are set by
 * their SQL names, so that read_csv(...), COPY and trueno_load share one table. One detection
 * serves opening and describing: what tni_csv_describe reports is what the reader uses.
 *
 * NULL is an empty field (quoted or not, as in DuckDB; allow_quoted_nulls = false tells the two
 * apart). Records that do not have the right number of fields, and values that do not fit their
 * column, are errors with line and column unless ignore_errors or null_padding say otherwise.
 */
#ifndef TNI_FORMAT_CSV_CSV_H
#define TNI_FORMAT_CSV_CSV_H

#include "column/source.h"
#include "format/input.h"

#define TNI_CSV_MOST_NULL_STRINGS 16u

typedef enum tni_csv_choice { TNI_CSV_DETECT, TNI_CSV_NO, TNI_CSV_YES } tni_csv_choice;

typedef struct tni_csv_column {
    const char *name;  /* NULL: by position */
    const char *type;  /* as written; NULL: detect */
} tni_csv_column;

/* Strings point into `arena` (or the caller's constants) and must outlive tni_csv_open. */
typedef struct tni_csv_options {
    tni_arena *arena;
    char delimiter[5];           /* 1 to 4 bytes; "" = detect */
    uint8_t header;              /* tni_csv_choice */
    bool quote_set, escape_set, null_set, skip_set;
    char quote, escape, comment; /* 0 = none */
    uint64_t skip;               /* lines before the header */
    const char *null_strings[TNI_CSV_MOST_NULL_STRINGS]; /* with null_set; else the empty text */
    uint32_t null_count;
    const char *date_format, *timestamp_format; /* strptime forms; NULL = detect */
    char decimal_separator;      /* 0 = '.' */
    char thousands;              /* 0 = none */
    uint64_t sample_rows;        /* 0 = 20,480; UINT64_MAX = all */
    bool all_varchar, ignore_errors, null_padding, union_by_name;
    bool relaxed;                /* strict_mode = false */
    bool no_detection;           /* auto_detect = false */
    bool quoted_never_null;      /* allow_quoted_nulls = false */
    bool serial;                 /* parallel = false: chunks are cut one after the other */
    uint64_t max_record;         /* bytes; 0 = the limits' record_bytes */
    tni_input_packing packing;
    tni_input_charset charset;
    tni_csv_column *columns;     /* the whole schema */
    uint32_t column_count;
    tni_csv_column *types;       /* overrides by name or position */
    uint32_t type_count;
    const char **names;          /* overrides of the first names */
    uint32_t name_count;
    const char **not_null;       /* force_not_null: empty stays the empty text */
    uint32_t not_null_count;
    uint32_t chunk_bytes;        /* for tests: 0 = the default; any value from 64 on */
} tni_csv_options;

/* The value of an option: one item, a list, or a struct whose keys are names. */
typedef struct tni_csv_setting {
    const tni_value *items;
    const char *const *keys; /* struct: [count]; else NULL */
    uint32_t count;
    bool is_list;            /* [...] or {...} was written */
} tni_csv_setting;

TNI_FN void tni_csv_options_init(tni_csv_options *options, tni_arena *arena);
/* Set one option by its SQL name. Errors: BINDER (unknown name or bad value), UNSUPPORTED. */
TNI_FN trueno_status tni_csv_option(tni_csv_options *options, const char *name,
                                    const tni_csv_setting *value, tni_error *error);
/* The same for a single value. */
TNI_FN trueno_status tni_csv_option_value(tni_csv_options *options, const char *name,
                                          const tni_value *value, tni_error *error);
/* Visit the name of every option (for completion); false from `visit` stops. */
TNI_FN void tni_csv_option_names(bool (*visit)(void *user, const char *name), void *user);

/* One source over several files, read in the order given. */
TNI_FN trueno_status tni_csv_open(tni_env *env, const char *const *paths, uint32_t path_count,
                                  const tni_csv_options *options, tni_source **out,
                                  tni_error *error);

/* What was detected or given. */
typedef struct tni_csv_description {
    char delimiter[5];
    char quote, escape, comment; /* 0 = none */
    bool header;
    uint64_t skip;               /* lines before the header or the first record */
    uint32_t columns;            /* fields of a record */
    const char *note;            /* what detection had to leave unexplained, or NULL */
} tni_csv_description;
TNI_FN void tni_csv_describe(const tni_source *source, tni_csv_description *out);

/* Records that ignore_errors left out. The log keeps the first TNI_CSV_MOST_REJECTS faults. */
#define TNI_CSV_MOST_REJECTS 10000u
typedef enum tni_csv_fault {
    TNI_CSV_FAULT_CAST,
    TNI_CSV_FAULT_TOO_FEW,
    TNI_CSV_FAULT_TOO_MANY,
    TNI_CSV_FAULT_QUOTE, /* text after a closing quote, or no closing quote */
    TNI_CSV_FAULT_UTF8,
    TNI_CSV_FAULT_TOO_LONG
} tni_csv_fault;
typedef struct tni_csv_reject {
    uint32_t file;     /* index into the paths */
    uint32_t column;   /* field, UINT32_MAX when the whole record is meant */
    tni_csv_fault fault;
    uint64_t offset;   /* of the record in the text */
    uint64_t line;     /* physical line where the record begins, from 1 */
} tni_csv_reject;
/* Of the last scan that ended: faults in input order; *skipped counts the records left out. */
TNI_FN const tni_csv_reject *tni_csv_rejects(const tni_source *source, size_t *count,
                                             uint64_t *skipped);

#endif
