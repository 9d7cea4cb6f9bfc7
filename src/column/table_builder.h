/*
 * table_builder.h - what the builder's files share: rows waiting to become row groups.
 *
 * Each worker keeps a log of its own: blocks of up to 2^16 rows in the order they came, and slices
 * that say which rows of which block belong to which `order`. Finishing sorts the slices, cuts the
 * sequence into row groups and encodes those. Nothing but order and position decides where a row
 * goes, and nothing but the rows of the whole table decides how it is encoded: the table is the
 * same for any number of workers.
 *
 * With partitions, the rows of each chunk are put together by partition before they are logged, a
 * slice each, and slices are sorted by partition before all else.
 *
 * Fixed-width columns wait as flat values; a block that is one whole source row group is encoded
 * at once by the worker that filled it (adopted later if the cut falls there, decoded if not).
 * String columns wait as codes in the worker's interner, or as strings once that stops paying.
 */
#ifndef TNI_COLUMN_TABLE_BUILDER_H
#define TNI_COLUMN_TABLE_BUILDER_H

#include "column/append.h"
#include "column/table.h"

/* ---- a sketch of how many different hashes there are: the smallest of them (KMV) ---- */
#define TNI_SKETCH_SIZE 1024u
typedef struct tni_sketch {
    uint32_t count;
    uint64_t smallest[TNI_SKETCH_SIZE]; /* ascending */
} tni_sketch;
TNI_FN void tni_sketch_add_slow(tni_sketch *sketch, uint64_t hash);
TNI_INLINE void tni_sketch_add(tni_sketch *sketch, uint64_t hash) {
    if (sketch->count < TNI_SKETCH_SIZE || hash < sketch->smallest[TNI_SKETCH_SIZE - 1]) {
        tni_sketch_add_slow(sketch, hash);
    }
}
/* The number of different hashes: exact below TNI_SKETCH_SIZE, within some 3 % beyond. It depends
 * on the set of hashes alone, never on the order they came in. */
TNI_FN uint64_t tni_sketch_estimate(const tni_sketch *sketch);

/* ---- one worker's view of one string column ---- */
typedef struct tni_builder_strings {
    bool raw; /* too many distinct strings: new blocks hold them as they are */
    tni_interner interner;
    tni_arena heap; /* long strings of raw blocks */
    uint64_t rows;
    uint64_t dictionary_id; /* whose codes `remap` translates; 0 = none */
    uint32_t *remap;        /* that dictionary's code -> ours, UINT32_MAX = not yet */
    size_t remap_capacity;
    uint32_t *global;  /* [interner.count] our code -> the column's, UINT32_MAX = not yet */
    tni_sketch sketch; /* of raw strings; the interner keeps its own hashes */
} tni_builder_strings;

typedef enum tni_builder_kind {
    TNI_BUILDER_FLAT,    /* values */
    TNI_BUILDER_CODES,   /* uint32_t codes in the worker's interner */
    TNI_BUILDER_STRINGS, /* tni_string */
    TNI_BUILDER_GLOBAL,  /* uint32_t codes of the column, before they are sorted */
    TNI_BUILDER_SEGMENT  /* the whole block, encoded early */
} tni_builder_kind;

typedef struct tni_builder_values {
    uint8_t kind;
    uint32_t width;    /* bytes of a value of `data` as allocated */
    uint32_t capacity; /* rows of `data` */
    void *data;
    uint64_t *validity; /* TNI_SEGMENT_ROWS bits; NULL = no NULLs */
    tni_segment *segment;
    tni_atomic_i32 left; /* rows no finished task has taken */
} tni_builder_values;

typedef struct tni_builder_block {
    uint32_t rows;
    tni_builder_values *columns;
} tni_builder_block;

typedef struct tni_builder_slice {
    uint64_t order;
    uint32_t first_row;
    uint32_t worker, block;
    uint32_t start, rows; /* in the block */
    uint32_t partition;   /* 0 in tables without */
} tni_builder_slice;

typedef struct tni_builder_worker {
    tni_builder_block *blocks;
    size_t block_count, block_capacity;
    tni_builder_slice *slices;
    size_t slice_count, slice_capacity;
    tni_builder_strings **strings; /* [field_count], NULL for other types */
    tni_scratch scratch;
    uint32_t last_row; /* first_row of the last chunk */
} tni_builder_worker;

/* A row group to be: `rows` rows of the sorted slices, from `skip` rows into slice `first`. */
typedef struct tni_builder_group {
    size_t first;
    uint32_t skip, rows;
    tni_row_group *made;
} tni_builder_group;

/* One string column, once all rows are in. */
typedef struct tni_builder_column {
    bool shared;  /* DICT segments with one dictionary */
    bool extends; /* it is base's dictionary with entries added */
    tni_dictionary *dictionary;
    uint32_t *sorted; /* code by first appearance -> code in the dictionary, or NULL */
    uint32_t sorted_count;
} tni_builder_column;

struct tni_table_builder {
    tni_env *env;
    tni_memory *memory;
    tni_arena arena;
    const char *name;
    tni_field *fields;
    uint32_t field_count;
    uint32_t workers; /* the last, one more than asked for, takes rows of `base` */
    tni_builder_worker **worker;
    bool by_order;         /* a row group per order, at most 2^16 rows of it */
    tni_partitioning *partitioning; /* or NULL */
    tni_atomic_i32 ragged; /* an order of other than 2^16 rows was seen: encode at the end */
    /* finishing */
    uint32_t prepared;         /* stages that were prepared */
    tni_atomic_i64 tasks_done; /* of the last prepared stage */
    uint32_t tasks;
    size_t kept; /* row groups of base that stay as they are */
    tni_builder_slice *sorted;
    size_t sorted_count;
    tni_builder_group *groups;
    size_t group_count;
    tni_builder_column *columns; /* [field_count] */
    tni_table *base;
};

/* A row group for every order instead of the even cut; one worker. */
TNI_FN trueno_status tni_table_builder_new_by_order(tni_env *env, const char *name,
                                                    const tni_field *fields, uint32_t field_count,
                                                    tni_table_builder **out, tni_error *error);
TNI_FN void tni_builder_values_free(tni_memory *memory, tni_builder_values *values);
/* Add FLAT, CONSTANT or DICT strings [first, first + count) to a block's column. */
TNI_FN trueno_status tni_builder_add_strings(tni_memory *memory, tni_builder_strings *strings,
                                             tni_builder_values *values, uint32_t at,
                                             const tni_vector *vector, uint32_t first,
                                             uint32_t count, tni_error *error);
/* Whether a new block should hold strings instead of codes. */
TNI_FN bool tni_builder_strings_overflow(const tni_builder_strings *strings);
TNI_FN trueno_status tni_builder_strings_new(tni_memory *memory, tni_builder_strings **out,
                                             tni_error *error);
TNI_FN void tni_builder_strings_free(tni_memory *memory, tni_builder_strings *strings);
/* Stage 0 for one column: its shared dictionary, or the decision against one. */
TNI_FN trueno_status tni_builder_make_dictionary(tni_table_builder *builder, uint32_t field,
                                                 tni_error *error);
/* A DICT segment from codes (NULL rows: 0); `codes` is narrowed, `validity` copied. */
TNI_FN trueno_status tni_builder_dict_segment(tni_memory *memory, tni_type type,
                                              tni_dictionary *dictionary, const uint32_t *codes,
                                              const uint64_t *validity, uint32_t rows,
                                              tni_segment **out, tni_error *error);

#endif
