/*
 * sort.h - the parts of the sort operator: rows kept columnar, keys as words, order of entries.
 *
 * Rows lie in a sealed tni_collection and are named by `row` = block << 11 | offset. An entry is
 * a row and a 64-bit word of its key; comparing words, stage by stage, compares keys:
 *
 *   stage 0          stage 1          stage 2 ...
 *   [ a | b | c.. ]  [ ..c ]          8 bytes of a string, then the next 8, ...
 *
 * Fixed-width keys are reduced to their range in the input (value - min, NULL one more state),
 * so several of them mostly share one word; what does not fit goes on in the next. A tie in a
 * stage is decided by the following one; rows equal in all stages stay in input order.
 */
#ifndef TNI_EXEC_SORT_H
#define TNI_EXEC_SORT_H

#include "exec/exec_internal.h"

#define TNI_SORT_BLOCK_BITS 11u
#define TNI_SORT_OFFSET_MASK ((UINT64_C(1) << TNI_SORT_BLOCK_BITS) - 1)

typedef struct tni_sort_entry {
    uint64_t word;
    uint64_t row;
} tni_sort_entry;

/* How the bytes of a value become an order-preserving word. */
typedef enum tni_sort_kind {
    TNI_SORT_U8,
    TNI_SORT_U16,
    TNI_SORT_U32,
    TNI_SORT_U64,
    TNI_SORT_I8,
    TNI_SORT_I16,
    TNI_SORT_I32,
    TNI_SORT_I64,
    TNI_SORT_F32,
    TNI_SORT_F64,
    TNI_SORT_HIGH,   /* 128-bit integers: two words */
    TNI_SORT_LOW,
    TNI_SORT_DAYS,   /* intervals: days with months of 30, then the rest of a day */
    TNI_SORT_REST,
    TNI_SORT_TEXT,   /* the first 8 bytes behind what all strings share */
    TNI_SORT_LENGTH, /* settles strings that differ only in trailing zero bytes */
    TNI_SORT_NULLS   /* nothing but whether it is NULL */
} tni_sort_kind;

/* A value reduced to `bits` bits: null_code for NULL, else base + (word - min) or its mirror. */
typedef struct tni_sort_field {
    uint32_t column;
    uint8_t kind;
    uint8_t bits;
    bool descending;
    bool has_nulls;
    uint8_t width;        /* bytes of a value in the collection */
    uint64_t min, max;
    uint64_t base, null_code;
    uint32_t skip;        /* TEXT: bytes all strings share */
    uint8_t spare;        /* TEXT: low bits of the word that are zero in all */
} tni_sort_field;

/* Bits of a field in a word: (value >> drop) << shift. */
typedef struct tni_sort_piece {
    tni_sort_field field;
    uint8_t drop, shift;
} tni_sort_piece;

/* A packed word of `count` pieces, or (count 0) all words of a string column. */
typedef struct tni_sort_stage {
    uint32_t first, count;
    tni_sort_field text;
    uint64_t words;       /* TEXT: how many 8-byte words the longest string has behind `skip` */
} tni_sort_stage;

/* What is known of a key column over all rows. */
typedef struct tni_sort_stats {
    bool any;             /* some row is not NULL */
    bool has_nulls;
    uint64_t min[2], max[2]; /* words; [1] for LOW and REST; strings: min[0], max[0] lengths */
    const tni_string *sample; /* strings: one of them, and how many bytes all share with it */
    uint32_t shared;
    bool trailing_zero;       /* strings: one ends with a zero byte */
} tni_sort_stats;

/* Rows by number, and how to order them. */
typedef struct tni_sorter {
    tni_env *env;
    tni_scheduler *scheduler;
    const tni_collection *rows;
    const tni_sort_key *keys;
    uint32_t key_count;
    const uint8_t **data;        /* [column * block_count + block] */
    const uint64_t **validity;
    size_t table_bytes;          /* of each of the two */
    bool *nullable;              /* [column]: some block has validity */
    tni_sort_piece *pieces;
    uint32_t piece_count;
    tni_sort_stage *stages;
    uint32_t stage_count;
    uint32_t capacity;           /* of pieces and of stages */
    tni_sort_entry *entries, *spare;
    uint64_t *starts, *first_words; /* groups of equal words; only with more than one stage */
    uint64_t count;
    uint32_t tasks;              /* pieces of the input that are sorted side by side */
    uint32_t merge_width;        /* tasks per merged run, in the current round */
    tni_atomic_i32 failed;       /* some task had to stop */
} tni_sorter;

/* ---- sort_keys.c ---- */
TNI_FN tni_sort_kind tni_sort_kind_of(tni_type type);
/* Pointer tables, statistics of the key columns, and from them pieces and stages. */
TNI_FN trueno_status tni_sorter_prepare(tni_sorter *sorter, tni_error *error);
/* Set the words of entries for `stage`; `step` counts the words of a TEXT stage. */
TNI_FN void tni_sorter_load(const tni_sorter *sorter, uint32_t stage, uint64_t step,
                            tni_sort_entry *entries, size_t count);
/* Whole keys of two rows: <0, 0, >0. */
TNI_FN int tni_sorter_compare(const tni_sorter *sorter, uint64_t a, uint64_t b);
/* The order of two values of any kind but LENGTH and NULLS, both not NULL. */
TNI_FN int tni_sort_compare_values(tni_sort_kind kind, const void *a, const void *b);
/* A word that never orders two values wrongly; equal words may hide different values. */
TNI_FN uint64_t tni_sort_word(tni_sort_kind kind, const void *value);

/* Words of `count` values in a row, mirrored when `descending`. */
TNI_FN void tni_sort_words_of(tni_sort_kind kind, const void *values, uint32_t count,
                              bool descending, uint64_t *out);

/* ---- sort_words.c ---- */
/* Stable sort by word; `spare` has room for `count` entries. False: the query must stop. */
TNI_FN bool tni_sort_words(const tni_env *env, tni_sort_entry *entries, tni_sort_entry *spare,
                           size_t count);

/* ---- sort_merge.c ---- */
/* Order the rows of a sealed collection by keys, then by position: out->entries, in order. */
TNI_FN trueno_status tni_sorter_run(tni_sorter *sorter, tni_env *env, tni_scheduler *scheduler,
                                    const tni_collection *rows, const tni_sort_key *keys,
                                    uint32_t key_count, tni_error *error);
TNI_FN void tni_sorter_free(tni_sorter *sorter);
/* Rows entries[0..count) of the columns as FLAT vectors in scratch. */
TNI_FN trueno_status tni_sorter_gather(const tni_sorter *sorter, const tni_sort_entry *entries,
                                       uint32_t count, uint32_t column_count,
                                       tni_scratch *scratch, tni_vector *out, tni_error *error);

/* ---- top_k.c ---- */
/* The first `count` rows in key order, kept per worker in bounded memory. */
typedef struct tni_top_k tni_top_k;
/* `types` and `keys` stay the caller's. With `positions`, two columns behind the others say where
 * a row stood in the input, and the caller's keys end with them. */
TNI_FN trueno_status tni_top_k_new(tni_run *run, const tni_type *types, uint32_t column_count,
                                   const tni_sort_key *keys, uint32_t key_count, bool positions,
                                   uint64_t count, uint32_t workers, tni_top_k **out,
                                   tni_error *error);
TNI_FN trueno_status tni_top_k_push(tni_top_k *top, uint32_t worker, const tni_chunk *chunk,
                                    tni_error *error);
/* All workers' candidates, sealed. */
TNI_FN trueno_status tni_top_k_take(tni_top_k *top, tni_collection **out, tni_error *error);
TNI_FN void tni_top_k_free(tni_top_k *top); /* NULL is fine */

/* For who feeds it: the column of the first key; whether no row of a zone of it is wanted; which
 * rows of a vector of it may be (false: maybe all, nothing is set). */
TNI_FN uint32_t tni_top_k_column(const tni_top_k *top);
TNI_FN bool tni_top_k_skips(const tni_top_k *top, uint32_t worker, const tni_zone *zone);
TNI_FN bool tni_top_k_filter(const tni_top_k *top, uint32_t worker, const tni_vector *column,
                             uint32_t rows, uint64_t *mask, uint32_t *active);

/* ---- sort.c ---- */
/* Would tni_sort_new keep the first rows only? */
TNI_FN bool tni_sort_is_top(const tni_run *run, const tni_plan *plan);
/* The top-k behind a sink of tni_sort_new whose pipeline has begun; NULL for any other. */
TNI_FN tni_top_k *tni_sort_top(const tni_operator *sink);
/* After the sink's pipeline: where the rows it wants stood, ascending; offset not applied. Only
 * for a top-k whose input has an order. `out` is from tni_alloc, `count` of them. */
TNI_FN trueno_status tni_sort_places(const tni_operator *sink, tni_row_place **out, uint64_t *count,
                                     tni_error *error);

#endif
