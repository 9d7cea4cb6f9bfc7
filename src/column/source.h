/*
 * source.h - anything that can be scanned: a table, Parquet files, CSV files, an Arrow stream.
 *
 * A source hands out morsels of up to 2^16 rows; a morsel's columns are segments, fetched one at
 * a time so that a filter can spare the others. `order` ascends with the rows' place in the
 * input and does not depend on thread count, so that ordered work gives the same answer always.
 * Protocol, from the pipeline's workers: begin once; each worker loops next / fetch / done until
 * next gives rows == 0; end once. next, fetch and done run concurrently with different `worker`
 * numbers (0 .. workers - 1).
 */
#ifndef TNI_COLUMN_SOURCE_H
#define TNI_COLUMN_SOURCE_H

#include "column/segment.h"

typedef struct tni_field {
    const char *name;
    tni_type type;
    bool not_null;
} tni_field;

/* A conjunct `column op value` a source may use to skip rows (never required to apply). */
typedef enum tni_prune_op {
    TNI_PRUNE_EQUAL, TNI_PRUNE_LESS, TNI_PRUNE_LESS_EQUAL, TNI_PRUNE_GREATER,
    TNI_PRUNE_GREATER_EQUAL, TNI_PRUNE_NOT_EQUAL, TNI_PRUNE_IS_NULL, TNI_PRUNE_IS_NOT_NULL
} tni_prune_op;

typedef struct tni_prune {
    uint32_t column;   /* of the source's fields */
    tni_prune_op op;
    tni_value value;   /* same type as the column, not NULL */
} tni_prune;

typedef struct tni_scan_request {
    const uint32_t *columns;  /* fields wanted, in the order of tni_morsel.segments */
    uint32_t column_count;    /* may be 0: only row counts matter */
    const tni_prune *prunes;  /* all must hold */
    uint32_t prune_count;
    uint32_t workers;
    uint64_t skip;            /* tables: so many row groups at the front are left out */
    const uint8_t *skip_files; /* files: not 0 leaves one out; lives until end. NULL: all */
} tni_scan_request;

typedef struct tni_source tni_source;
typedef struct tni_scan tni_scan; /* per running scan; the source's own struct */

typedef struct tni_morsel {
    uint64_t order;           /* unique in the scan */
    uint64_t first_row;       /* row number in the source, UINT64_MAX when unknown */
    uint32_t rows;            /* 0: the scan is over for this worker */
    tni_segment **segments;   /* [column_count], owned by the scan; NULL until fetched */
    void *state;              /* the scan's own */
    uint32_t file;            /* files: which one, by its path's place */
    uint64_t file_row;        /* Parquet: the first row's number in its file */
} tni_morsel;

typedef struct tni_source_ops {
    const char *kind;         /* "table", "parquet", "csv", "arrow" */
    void (*release)(tni_source *source); /* last reference gone */
    trueno_status (*begin)(tni_source *source, tni_env *env, const tni_scan_request *request,
                           tni_scan **out, tni_error *error);
    trueno_status (*next)(tni_scan *scan, uint32_t worker, tni_morsel *out, tni_error *error);
    trueno_status (*fetch)(tni_scan *scan, uint32_t worker, tni_morsel *morsel, uint32_t index,
                           tni_error *error);
    void (*done)(tni_scan *scan, uint32_t worker, tni_morsel *morsel); /* frees the segments */
    void (*end)(tni_scan *scan); /* always called after a successful begin */
    /* What is known of a field over the whole source; false when nothing is. Optional. */
    bool (*zone)(tni_source *source, uint32_t field, tni_zone *out);
    /* The one dictionary all DICT segments of a field share, or NULL. Optional. */
    const tni_dictionary *(*dictionary)(tni_source *source, uint32_t field);
} tni_source_ops;

struct tni_source {
    const tni_source_ops *ops;
    tni_atomic_i32 references;
    const char *name;         /* for messages and EXPLAIN: "hits", "events.parquet" */
    tni_field *fields;
    uint32_t field_count;
    uint64_t rows;            /* UINT64_MAX when unknown */
    uint64_t bytes;           /* estimate of the encoded size */
};

TNI_FN tni_source *tni_source_retain(tni_source *source);
TNI_FN void tni_source_release(tni_source *source); /* NULL is fine */
/* Could any row of a zone satisfy the conjunct? Shared by every source that prunes. */
TNI_FN bool tni_zone_may_match(const tni_zone *zone, tni_prune_op op, const tni_value *value);

#endif
