/*
 * table.h - tables in memory (a kind of source), how they are built, and result collections.
 *
 * A table is an immutable version: INSERT makes a new one that shares the old row groups, so
 * readers never wait. Row groups hold 2^16 rows but the last of each append. String columns share
 * one dictionary per table where that pays.
 *
 * Zones of columns used in place (host arrays, Arrow) are computed when the source's zone() is
 * first asked for; until then scans see the segments without bounds.
 */
#ifndef TNI_COLUMN_TABLE_H
#define TNI_COLUMN_TABLE_H

#include "column/partition.h"
#include "column/source.h"

typedef struct tni_row_group {
    tni_atomic_i32 references;
    uint32_t rows;
    uint32_t column_count;
    uint32_t first_partition, last_partition; /* of its rows; TNI_PARTITION_NONE: not told */
    tni_segment **segments;
    tni_memory *memory;
} tni_row_group;

typedef struct tni_table {
    tni_source source; /* must be first: &table->source is the scan interface */
    tni_memory *memory;
    tni_arena arena; /* names, zone strings */
    tni_row_group **groups;
    size_t group_count;
    tni_partitioning *partitioning; /* NULL: rows lie as they came */
    tni_zone *zones;               /* [field_count], over all groups; ask source.ops->zone() */
    tni_dictionary **dictionaries; /* [field_count], NULL where segments do not share one */
    uint64_t *first_rows;          /* [group_count] row number of each group's first row */
    size_t group_capacity;
    const tni_kernels *kernels; /* for late zones */
    tni_mutex late_lock;
    bool has_late_lock;
    bool *late_wanted;        /* [field_count]: some segments came without bounds */
    tni_atomic_pointer *late; /* [field_count]: tni_segment *[group_count] with zones */
    uint64_t id;              /* of copies kept elsewhere; 0: nobody keeps any */
    void *known;              /* what who keeps them has found out about the table */
    void (*forget)(void *user, struct tni_table *table); /* to be told of the end */
    void *forget_user;
} tni_table;

/* ---- assembling a table from segments somebody else made ---- */
/* A row group of `count` empty places for segments. */
TNI_FN trueno_status tni_row_group_new(tni_memory *memory, uint32_t rows, uint32_t count,
                                       tni_row_group **out, tni_error *error);
TNI_FN void tni_row_group_release(tni_row_group *group); /* NULL is fine */
/* What tells a table from other sources: source->ops. */
TNI_FN const tni_source_ops *tni_table_source_ops(void);
/* A table without rows; name and fields are copied. */
TNI_FN trueno_status tni_table_new(const tni_env *env, const char *name, const tni_field *fields,
                                   uint32_t field_count, tni_table **out, tni_error *error);
/* Add a filled row group at the end: the reference is taken over, on failure too. */
TNI_FN trueno_status tni_table_add_group(tni_table *table, tni_row_group *group, tni_error *error);
/* After the last group: number the rows, join the zones, find the shared dictionaries. */
TNI_FN trueno_status tni_table_seal(tni_table *table, tni_error *error);
/* A PLAIN segment over fixed-width values in place: `owner` (NULL: the host's memory) and
 * `validity` (bitmap words, may be NULL; the segment's first row is bit 0 of word `first_word`)
 * are retained. All NULL gives a CONSTANT. The zone says how many NULLs there are and no more. */
TNI_FN trueno_status tni_segment_in_place(tni_memory *memory, tni_type type, uint32_t rows,
                                          const void *data, tni_buffer *owner, tni_buffer *validity,
                                          size_t first_word, tni_segment **out, tni_error *error);
/* A second shell around the same buffers, to be given another zone or dictionary. */
TNI_FN trueno_status tni_segment_clone(const tni_segment *segment, tni_segment **out,
                                       tni_error *error);

/* The bounds of RANGE partitions, at most `count` of them, from the key's values in a table. */
TNI_FN trueno_status tni_table_partition_bounds(const tni_table *table, const tni_env *env,
                                                tni_partitioning *partitioning, uint32_t count,
                                                tni_error *error);

/* Build a table from rows. Workers append in parallel, each with its own number; `order` decides
 * where rows go, so the table is the same for any thread count. */
typedef struct tni_table_builder tni_table_builder;
TNI_FN trueno_status tni_table_builder_new(tni_env *env, const char *name, const tni_field *fields,
                                           uint32_t field_count, uint32_t workers,
                                           tni_table_builder **out, tni_error *error);
/* Put rows together by partition; before the first row, `partitioning` is retained. */
TNI_FN void tni_table_builder_partition(tni_table_builder *builder,
                                        tni_partitioning *partitioning);
/* Append the counting rows of a chunk (columns match the fields' types); values are copied. */
TNI_FN trueno_status tni_table_builder_append(tni_table_builder *builder, uint32_t worker,
                                              const tni_chunk *chunk, tni_error *error);
/* Seal into a table; `base` (may be NULL) is the older version whose rows come first and whose
 * row groups are shared. The builder is freed in any case. */
TNI_FN trueno_status tni_table_builder_finish(tni_table_builder *builder, tni_table *base,
                                              tni_table **out, tni_error *error);
TNI_FN void tni_table_builder_free(tni_table_builder *builder); /* give up; NULL is fine */

/* Finishing on many workers, for who has them (tni_table_builder_finish does the rest, or all):
 *   for each stage 0 .. TNI_TABLE_FINISH_STAGES - 1
 *       tni_table_builder_finish_prepare(builder, base, stage, &count)      one thread
 *       tni_table_builder_finish_task(builder, stage, i) for every i < count  any threads at once
 *   tni_table_builder_finish(builder, base)                                  one thread
 * `base` is the same in every call. After a failure: tni_table_builder_free. */
#define TNI_TABLE_FINISH_STAGES 2u /* dictionaries by column, then segments */
TNI_FN trueno_status tni_table_builder_finish_prepare(tni_table_builder *builder, tni_table *base,
                                                      uint32_t stage, uint32_t *count,
                                                      tni_error *error);
TNI_FN trueno_status tni_table_builder_finish_task(tni_table_builder *builder, uint32_t stage,
                                                   uint32_t index, tni_error *error);

/* Host arrays: fixed-width columns in place, text copied into dictionaries or offset strings. */
TNI_FN trueno_status tni_table_from_columns(tni_env *env, const char *name,
                                            const trueno_column *columns, uint32_t count,
                                            uint64_t rows, tni_table **out, tni_error *error);
/* An Arrow stream, read to its end; takes the stream over (released in any case). */
TNI_FN trueno_status tni_table_from_arrow(tni_env *env, const char *name,
                                          struct ArrowArrayStream *stream, tni_table **out,
                                          tni_error *error);

/* ---- collections: rows kept flat, for results, sorts of small inputs, VALUES ---- */
typedef struct tni_block {
    uint64_t order;
    uint32_t rows;
    uint32_t capacity;
    uint64_t first;      /* row number of row 0, set by tni_collection_seal */
    void **data;         /* [column_count] values */
    uint64_t **validity; /* [column_count], NULL = no NULLs */
} tni_block;

typedef struct tni_collection {
    tni_atomic_i32 references;
    tni_memory *memory;
    uint32_t column_count;
    tni_type *types;
    tni_block **blocks;
    size_t block_count, block_capacity;
    uint64_t rows;
    tni_arena heap;                /* string bytes */
    struct tni_collection **parts; /* merged collections whose heaps we keep alive */
    size_t part_count;
    size_t row_bytes; /* of all columns' values */
    void *keeper;     /* what must outlive the collection, given to release_keeper last */
    void (*release_keeper)(void *keeper);
} tni_collection;

TNI_FN trueno_status tni_collection_new(tni_memory *memory, const tni_type *types, uint32_t count,
                                        tni_collection **out, tni_error *error);
TNI_FN tni_collection *tni_collection_retain(tni_collection *collection);
TNI_FN void tni_collection_release(tni_collection *collection);
/* Copy the counting rows of the chunk to the end (flattened). Not thread-safe: one per worker. */
TNI_FN trueno_status tni_collection_append(tni_collection *collection, const tni_env *env,
                                           const tni_chunk *chunk, tni_scratch *scratch,
                                           tni_error *error);
/* Move all blocks of `parts` (released) into `into` and sort blocks by order (stable). */
TNI_FN trueno_status tni_collection_merge(tni_collection *into, tni_collection **parts,
                                          size_t count, tni_error *error);
/* Number the rows; needed before the calls below. */
TNI_FN void tni_collection_seal(tni_collection *collection);
/* The block's place in `blocks`; SIZE_MAX past the end. */
TNI_FN size_t tni_collection_find(const tni_collection *collection, uint64_t row, uint32_t *offset);
TNI_FN const tni_block *tni_collection_block(const tni_collection *collection, uint64_t row,
                                             uint32_t *offset); /* NULL past the end */
TNI_FN tni_value tni_collection_value(const tni_collection *collection, uint64_t row,
                                      uint32_t column);
/* Export as an Arrow stream of one struct batch per block; keeps the collection alive. */
TNI_FN trueno_status tni_collection_to_arrow(tni_collection *collection, const char *const *names,
                                             struct ArrowArrayStream *out, tni_error *error);

#endif
