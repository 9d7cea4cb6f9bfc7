/*
 * agg_import.h - an aggregation whose input ran elsewhere: what has to be computed for it, and
 * handing in the results.
 *
 * An aggregate operator (tni_aggregate_new) tells its parts, one an accumulator, and its keys; an
 * accelerator computes them over the same rows and imports one value a part and group. From there
 * on everything is as if the operator had seen the rows: the same final code, the same driver,
 * hence the same bits.
 */
#ifndef TNI_EXEC_AGG_IMPORT_H
#define TNI_EXEC_AGG_IMPORT_H

#include "exec/operator.h"

typedef enum tni_part_kind {
    TNI_PART_COUNT,   /* rows that count: `value` not NULL, `filter` true */
    TNI_PART_INTEGER, /* exact sum of integers */
    TNI_PART_BLOCKS,  /* float sum by blocks of 4,096 rows; without keys only */
    TNI_PART_LIMBS,   /* float sum in limbs; with keys only */
    TNI_PART_MIN,
    TNI_PART_MAX
} tni_part_kind;

typedef struct tni_part {
    tni_part_kind kind;
    uint32_t value;   /* output of the node's program; TNI_IR_NONE: every row */
    uint32_t filter;  /* BOOLEAN output; TNI_IR_NONE: none */
} tni_part;

typedef struct tni_part_key {
    uint32_t output;  /* of the node's program */
    int64_t minimum;  /* integers: subtracted, so that codes are >= 0 */
    uint64_t range;   /* codes < range; 0 = any 64-bit value. NULL has the code `range` */
    bool nullable;    /* false: there is certainly no NULL */
    const tni_dictionary *dictionary; /* text: codes are its entries */
} tni_part_key;

#define TNI_PART_LIMBS_BYTES 32u /* limbs[3], flags, grid: tni_float_state of exec/aggregate.h */

/* Values of a part, by group; only those of its kind are set. */
typedef struct tni_part_values {
    const uint64_t *counts;       /* COUNT; the others: rows that fed them */
    const tni_i128 *sums;         /* INTEGER */
    const uint64_t *bits;         /* MIN, MAX: value bits, integers widened to 64 bits by their
                                     sign; ignored where the count is 0 */
    const void *limbs;            /* LIMBS: [group] of 32 bytes */
    const double *blocks;         /* BLOCKS: of all blocks of the table, 16 a row group */
    uint64_t block_count;
} tni_part_values;

typedef struct tni_part_import {
    uint64_t group_count;         /* without keys: 1 */
    const uint64_t *const *codes; /* [key][group] */
    const uint8_t *const *nulls;  /* [key][group]: 1 = NULL, the code is ignored */
    const tni_part_values *parts; /* [part] */
} tni_part_import;

typedef struct tni_part_list {
    const tni_part *parts;
    uint32_t part_count;
    const tni_part_key *keys;
    uint32_t key_count;
} tni_part_list;

/* What `sink` needs, in the arena. UNSUPPORTED: the message says which aggregate or key only the
 * processor computes. */
TNI_FN trueno_status tni_aggregate_parts(const tni_operator *sink, tni_arena *arena,
                                         tni_part_list *out, tni_error *error);
/* Take the results; afterwards the driver gives the groups. Codes out of range are INTERNAL. */
TNI_FN trueno_status tni_aggregate_import(tni_operator *sink, const tni_part_import *import,
                                          tni_error *error);

/* When the rows that `sink` is pushed are not all there are: `join` is called once, by the thread
 * that runs the pipeline, when its workers are done. It calls tni_aggregate_import with the results
 * of the other rows, which count like those of one more worker. Its failure is the pipeline's.
 * To be called before the pipeline begins. */
typedef trueno_status (*tni_aggregate_join)(void *user, tni_error *error);
TNI_FN void tni_aggregate_share(tni_operator *sink, tni_aggregate_join join, void *user);

/* Sums of blocks, ascending, as one: the order of addition follows from the blocks' numbers. */
struct tni_block_sum;
TNI_FN double tni_combine_blocks(const struct tni_block_sum *v, size_t n);

#endif
