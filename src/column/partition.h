/*
 * partition.h - which rows of a table lie together: partitions of a key column.
 *
 * HASH: a row's partition is the hash of its key modulo their number; equal keys have equal
 * hashes (-0.0 and 0.0, all NaNs). RANGE: partition p holds the keys below bounds[p] that no
 * earlier one holds; bounds are chosen from the rows once, so that each has about as many, and
 * stay what they are. NULL is in partition 0 by hash, in the last one by range.
 *
 * The partitions of a table stand one behind the other, rows inside one in the order they came.
 * Row groups are cut every 65,536 rows as in other tables, for devices and the blocks of float
 * sums count on whole ones: a group knows the span of partitions it holds, mostly of one.
 */
#ifndef TNI_COLUMN_PARTITION_H
#define TNI_COLUMN_PARTITION_H

#include "column/vector.h"

#define TNI_PARTITION_MOST 256u
#define TNI_PARTITION_DEFAULT 16u
#define TNI_PARTITION_NONE UINT32_MAX

typedef enum tni_partition_kind { TNI_PARTITION_HASH, TNI_PARTITION_RANGE } tni_partition_kind;

typedef struct tni_partitioning {
    tni_atomic_i32 references;
    tni_memory *memory;
    tni_partition_kind kind;
    uint32_t field;    /* of the table */
    uint32_t count;    /* of partitions */
    tni_type type;     /* of the key */
    tni_arena arena;   /* strings of the bounds */
    tni_value *bounds; /* RANGE: [count - 1], ascending */
} tni_partitioning;

/* Is there an order and a hash of the type's values? */
TNI_FN bool tni_partition_takes(tni_type type);
/* RANGE is made with count 1: tni_table_partition_bounds gives it its bounds. */
TNI_FN trueno_status tni_partitioning_new(tni_memory *memory, tni_partition_kind kind,
                                          uint32_t field, tni_type type, uint32_t count,
                                          tni_partitioning **out, tni_error *error);
TNI_FN tni_partitioning *tni_partitioning_retain(tni_partitioning *partitioning);
TNI_FN void tni_partitioning_release(tni_partitioning *partitioning); /* NULL is fine */
/* At most `count` partitions from a sample of keys without NULLs, which is sorted in place. */
TNI_FN trueno_status tni_partitioning_choose(tni_partitioning *partitioning, uint32_t count,
                                             tni_value *sample, size_t rows, tni_error *error);
TNI_FN uint32_t tni_partition_of(const tni_partitioning *partitioning, const tni_value *value);
/* The rows of a key vector put together: positions[starts[p] .. starts[p + 1]) are those of
 * partition p, ascending. `starts` has count + 1 places. */
TNI_FN void tni_partition_split(const tni_partitioning *partitioning, const tni_vector *key,
                                uint32_t rows, uint16_t *positions, uint32_t *starts);

#endif
