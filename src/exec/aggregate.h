/*
 * aggregate.h - the parts of grouped and ungrouped aggregation, shared by the agg_*.c files.
 *
 * Every aggregate is reduced to a few *accumulators* (count, exact integer sum, exact float sum,
 * min, max, first, collected values); equal ones are kept once, so SUM(x), AVG(x) and COUNT(x)
 * share. Accumulators are arrays indexed by group number. Group numbers come from
 *
 *   direct   small known code domains: the group number is arithmetic on codes, nothing is hashed
 *   hash     keys packed into 64-bit words, looked up in an open-addressing table
 *
 * Strings become codes first: those of the column's shared dictionary, or a worker's own numbering
 * that finishing translates by content. So tables compare integers only; with one string key the
 * codes are the group numbers. Each worker aggregates for itself; when its table outgrows the cache
 * without reducing much it writes rows as tuples to 256 partitions by hash instead. When memory
 * gets short, a worker's groups and tuples go to a temporary file, with strings by content.
 * Partitions are built and handed on one by one, in parallel; one that does not fit is cut again
 * by further bits of the hash.
 *
 * Groups go out in the order of (hash, key), which depends neither on threads nor on memory; those
 * of direct tables in the order of their numbers.
 *
 * Float sums are exact in a window of 96 bits that hangs below a group's largest exponent (three
 * 32-bit limbs on an absolute grid), so no order of addition changes a bit; ungrouped float sums
 * use the ordered 64-lane block tree (see simd/kernels.h).
 */
#ifndef TNI_EXEC_AGGREGATE_H
#define TNI_EXEC_AGGREGATE_H

#include "exec/agg_import.h"
#include "exec/exec_internal.h"

#ifndef TNI_AGG_PARTITION_BITS
#define TNI_AGG_PARTITION_BITS 8u          /* of the hash, from the top */
#endif
#define TNI_AGG_PARTITIONS (1u << TNI_AGG_PARTITION_BITS)
#ifndef TNI_AGG_DIRECT_LIMIT /* tests set these two, to reach every mode with little data */
#define TNI_AGG_DIRECT_LIMIT (1u << 21)    /* most groups of a direct table */
#endif
#ifndef TNI_AGG_LOCAL_GROUPS
#define TNI_AGG_LOCAL_GROUPS (1u << 16)    /* groups at which a worker considers partitioning */
#endif
#define TNI_AGG_BLOCK_BYTES (32u * 1024u) /* of tuples; less where memory is scarce */
#define TNI_AGG_SLAB_BYTES (4u * 1024u * 1024u)

/* ------------------------------------------------------------------------------ keys --- */

typedef enum tni_agg_key_mode {
    TNI_KEY_DICT,   /* codes of a shared dictionary */
    TNI_KEY_RANGE,  /* integer minus a known minimum */
    TNI_KEY_WORD,   /* 64 bits as they are; floats canonical */
    TNI_KEY_WIDE,   /* 128 bits: two words */
    TNI_KEY_INTERN  /* strings through the operator's interner */
} tni_agg_key_mode;

typedef struct tni_agg_key {
    tni_type type;
    tni_agg_key_mode mode;
    const tni_dictionary *dictionary; /* DICT */
    int64_t minimum;                  /* RANGE (UBIGINT: bits) */
    uint64_t null_code;               /* DICT, RANGE, INTERN: the code of NULL */
    uint64_t stride;                  /* direct: what one code step is worth */
    uint8_t word, shift, bits;        /* hash: place of the code in the key words */
    uint8_t null_word, null_shift;    /* WORD, WIDE: place of the NULL bit */
} tni_agg_key;

/* Memory that small things are carved from. */
typedef struct tni_agg_slab {
    struct tni_agg_slab *next;
    size_t size, used;
} tni_agg_slab;

/* Strings of an INTERN key: string -> code. Codes are a worker's, or a result's, own: nothing is
 * shared while rows come in; finishing translates by content. */
typedef struct tni_agg_strings {
    tni_memory *memory;
    struct tni_agg_slab *slabs; /* bytes of long strings */
    size_t bytes;               /* of the slabs */
    tni_string *values;      /* [capacity] */
    uint64_t *hashes;        /* [capacity], of the content */
    uint32_t count, capacity;
    uint64_t *slots;         /* hash's upper half << 32 | code + 1; power of two */
    size_t slot_count;
    uint32_t slot_shift, skip_bits; /* as those of tables */
    uint32_t null_code;      /* the entry that stands for NULL (lone keys); UINT32_MAX: none */
} tni_agg_strings;

/* Per worker and string key: what dictionaries map to. */
typedef struct tni_agg_string_cache {
    tni_interner shared;         /* DICT: the shared dictionary by value */
    uint64_t dictionary;         /* INTERN: id of the dictionary `translated` is for */
    uint64_t *translated;        /* dictionary code -> hash's upper half << 32 | code; ~0: new */
    size_t translated_capacity;
    tni_string last;             /* DICT keys meeting a plain string: last look-up */
    uint64_t last_code;
    bool has_last;
} tni_agg_string_cache;

/* ---------------------------------------------------------------------- accumulators --- */

typedef enum tni_agg_class {
    TNI_CLASS_I64,    /* integers, dates, decimals <= 18 digits, as int64 */
    TNI_CLASS_F64,
    TNI_CLASS_I128,
    TNI_CLASS_STRING,
    TNI_CLASS_BYTES16 /* INTERVAL */
} tni_agg_class;

typedef enum tni_agg_kind {
    TNI_AGG_COUNT,
    TNI_AGG_SUM_I64,   /* cannot overflow by the bounds of its input */
    TNI_AGG_SUM_I128,  /* of I64 or I128 input; power 2 or TNI_POWER_PRODUCT: of products of small
                          integers */
    TNI_AGG_SUM_F64,   /* exact limbs; power 1..4: of x, x*x...; second argument: of x*y */
    TNI_AGG_MIN,
    TNI_AGG_MAX,
    TNI_AGG_FIRST,     /* by input order */
    TNI_AGG_LAST,
    TNI_AGG_BIT_AND,
    TNI_AGG_BIT_OR,
    TNI_AGG_BIT_XOR,
    TNI_AGG_ARG_MIN,   /* argument 0 where argument 1 is least; ties: first row */
    TNI_AGG_ARG_MAX,
    TNI_AGG_COLLECT    /* every value with its group and row: quantiles, mode, string_agg... */
} tni_agg_kind;

typedef struct tni_accumulator {
    tni_agg_kind kind;
    uint32_t arguments[2];   /* indices into tni_agg.inputs; TNI_IR_NONE: COUNT(*) */
    uint32_t filter;         /* index into tni_agg.inputs, or TNI_IR_NONE */
    bool exact;              /* SUM_F64: by limbs even when ungrouped (moments need every bit) */
    bool ordered_sum;        /* SUM_F64, ungrouped: by ordered blocks, not by limbs */
    uint8_t power;           /* SUM_F64: 1..4, or TNI_POWER_PRODUCT for x * y; else argument 1
                                only masks */
    bool keep_nulls;         /* FIRST, LAST: NULLs count as values */
    uint32_t feed;           /* 0: the plain rows; j: the deduplicated rows of distinct[j - 1] */
    uint32_t size;           /* bytes of a state */
    uint32_t offset;         /* of the state in a group's row */
    uint32_t collect;        /* COLLECT: index of its list */
    bool bare;               /* COLLECT: 8-byte values, rows do not matter */
    const tni_plan_aggregate *ordered; /* COLLECT with ORDER BY inside, else NULL */
    uint32_t order_inputs[4];          /* its ORDER BY values */
} tni_accumulator;

#define TNI_POWER_PRODUCT 11

/* SUM_F64; sums of x*x and x*y hold two, of the products rounded and of what rounding lost. */
typedef struct tni_float_state {
    int64_t limbs[3];        /* units of 2^(scale - 32), 2^(scale - 64), 2^(scale - 96) */
    uint32_t flags;          /* 1 NaN, 2 +inf, 4 -inf */
    uint32_t grid;           /* 0: nothing finite yet; else scale = -896 + 32 * (grid - 1) */
} tni_float_state;

/* A value with the row it came from: FIRST, LAST, ARG_MIN, ARG_MAX. */
typedef struct tni_row_state {
    uint64_t order;
    uint32_t row;
    uint8_t seen, is_null, unused[2];
    uint8_t value[16];
    uint8_t by[16];
} tni_row_state;

/* MIN and MAX of strings. */
typedef struct tni_string_state {
    tni_string value;
    uint64_t seen;
} tni_string_state;

/* One collected value. */
typedef struct tni_collected {
    uint32_t group;
    uint32_t row : 31;
    uint32_t is_null : 1;
    uint64_t order;
    uint8_t value[16];
} tni_collected;

typedef struct tni_collect_list {
    tni_collected *items;
    size_t count, capacity;
    tni_value *extra;        /* ORDER BY values: ordered->order_count an item */
    size_t extra_capacity;
    /* values of 8 bytes whose row does not matter are kept as two bare arrays instead */
    uint32_t *groups;
    uint64_t *values;
    size_t group_capacity, value_capacity;
    size_t *offsets;         /* after ..._collect_prepare: [groups + 1], values by group */
    size_t offset_count;
} tni_collect_list;

/* A distinct program output an accumulator reads. */
typedef struct tni_agg_input {
    uint32_t column;         /* of the sink's chunks */
    tni_type type;
    tni_agg_class class_id;
    bool is_filter;          /* BOOLEAN, used as a row mask */
    bool needs_data;         /* somebody reads the values, not only whether they are NULL */
    bool nullable;           /* has a validity bit in a tuple */
    uint8_t bits, shift;     /* of its value in `word`; 64: whole words */
    uint8_t valid_shift;
    uint32_t word, valid_word; /* places in a partition tuple */
} tni_agg_input;

/* ----------------------------------------------------------------------------- tables --- */

/* Groups and their states: a worker's, or a partition's. */
typedef struct tni_agg_table {
    tni_memory *memory;
    uint32_t word_count;     /* 0: direct, or a lone string key */
    uint32_t count;          /* groups (direct: the domain) */
    uint32_t capacity;       /* groups there is room for */
    uint64_t *keys;          /* [capacity * word_count] */
    uint64_t *hashes;        /* [capacity]; a lone string key has them in strings[0] */
    uint64_t *slots;         /* tag << 32 | group + 1; power of two, in the hashes' order */
    uint64_t slot_mask;
    uint32_t slot_shift;     /* (hash << skip_bits) >> slot_shift is where a group belongs */
    uint32_t skip_bits;      /* upper bits of the hash that all groups share */
    uint8_t *states;         /* a row of all accumulators' states per group */
    uint32_t state_size;     /* bytes of a row */
    uint32_t states_grown;   /* groups `states` has room for */
    uint32_t keys_grown, hashes_grown; /* the same for keys, hashes */
    uint8_t *skip;           /* [accumulator_count]: fed by an ungrouped fast path this time */
    tni_collect_list *lists; /* [collect_count] */
    tni_agg_strings *strings; /* [key_count]: INTERN keys' codes are of these */
    bool borrows_strings;    /* `strings` is another's */
    tni_arena heap;          /* strings kept by states */
    uint64_t rows;           /* rows aggregated, to judge the reduction */
} tni_agg_table;

/* Tuples of one partition. Blocks are carved from slabs. */
typedef struct tni_agg_block {
    struct tni_agg_block *next;
    uint32_t used, capacity; /* tuples */
    uint64_t *tuples;
} tni_agg_block;

typedef struct tni_agg_tuples {
    tni_agg_block *blocks[TNI_AGG_PARTITIONS]; /* the latest first */
    uint64_t counts[TNI_AGG_PARTITIONS];
    tni_agg_slab *slabs;
    size_t bytes;            /* of the slabs */
    tni_arena heap;          /* long strings of tuples */
} tni_agg_tuples;

typedef struct tni_agg_prepared {
    const void *data;        /* by class: int64_t, double, tni_i128, tni_string... */
    const uint64_t *validity; /* NULL = all; filters: rows that pass */
    void *buffer;
    uint64_t *bits;
} tni_agg_prepared;

typedef struct tni_agg_spill tni_agg_spill;

typedef struct tni_agg_worker {
    tni_agg_table table;
    bool partitioned;            /* rows become tuples */
    bool updating;               /* states are half way: no second try */
    tni_agg_tuples tuples;
    tni_agg_spill *spill;        /* NULL: nothing was written to a file */
    tni_agg_string_cache *caches; /* [key_count] */
    tni_scratch scratch;
    uint64_t *words;             /* [word_count][2,048] */
    uint64_t *hashes;            /* [2,048] */
    uint64_t *codes;             /* [2,048] */
    uint64_t *extra;             /* [2,048]: content hashes of INTERN keys, mixed */
    uint32_t *groups;            /* [2,048] */
    uint64_t *columns;           /* [tuple_words][2,048], made when tuples are first written */
    tni_agg_prepared *prepared;  /* [input_count] */
    uint64_t mask[TNI_VECTOR_WORDS];
    struct tni_block_sums *sums; /* ungrouped float sums: [accumulator_count] */
    uint64_t *ordered;           /* finishing: the table's groups by hash, see tni_agg_order */
    uint32_t ordered_count;
    uint32_t partition_starts[TNI_AGG_PARTITIONS + 1];
    uint32_t **translate;        /* finishing: [key_count] code -> result's code, or NULL */
    bool ready;
} tni_agg_worker;

/* Ordered sums of blocks of 4,096 rows, ungrouped. */
typedef struct tni_block_sum {
    uint64_t order;
    uint32_t block;
    double sum;
} tni_block_sum;

typedef struct tni_block_sums {
    double lanes[TNI_SUM_LANES];
    uint64_t order;
    uint32_t block;
    bool open;
    tni_block_sum *done;
    size_t count, capacity;
} tni_block_sums;

typedef struct tni_agg {
    tni_operator base;
    tni_run *run;
    const tni_plan *plan;
    tni_agg_key *keys;
    uint32_t key_count;
    bool direct;
    uint64_t domain;             /* direct: number of groups */
    uint32_t word_count;         /* hash */
    uint32_t interned_count;     /* INTERN keys */
    uint64_t *plain_bits;        /* [word_count] bits that are not codes of INTERN keys */
    bool lone;                   /* one INTERN key: its codes are the group numbers */
    bool keeps_strings;          /* states hold strings */
    tni_agg_strings *strings;    /* finishing: [key_count] what `translate` leads to, or NULL */
    bool same_strings;           /* finishing: one worker has everything, its codes will do */
    tni_agg_input *inputs;
    uint32_t input_count;
    tni_accumulator *accumulators;
    uint32_t accumulator_count;
    uint32_t state_size;
    uint32_t collect_count;
    double *ordered_sums;        /* [accumulator_count], after finish */
    uint32_t *outputs;           /* [aggregate_count * 6]: accumulators of each aggregate */
    uint32_t group_count_acc;    /* COUNT(*) accumulator used to tell live groups, direct mode */
    uint32_t tuple_words;
    uint32_t packed_first, packed_end; /* words of a tuple that hold several small values */
    uint32_t hash_word;          /* where the hash is in a tuple, UINT32_MAX: made from words */
    uint32_t feed_word;          /* where the feed is, in 16 bits; UINT32_MAX: there is one */
    uint8_t feed_shift;
    uint32_t row_words;          /* where order and row are in a tuple; 0 = not kept */
    tni_agg_worker *workers;
    uint32_t worker_count;
    tni_aggregate_join join;     /* not NULL: the last worker is what an import makes */
    void *join_user;
    bool by_partition;           /* after finish: partitions are built as they are emitted */
    tni_agg_table *results;      /* after finish, else: [result_count] */
    uint32_t result_count;       /* 0 or 1 */
    uint64_t *result_order;      /* of results[0], see tni_agg_order; NULL: as they are */
    bool any_order;              /* nobody cares in which order groups go out */
    uint32_t block_bytes;        /* of tuples */
    bool can_spill;
    int64_t used_before;         /* memory that others had in use when this began */
    struct tni_agg_distinct *distinct; /* inner aggregations for DISTINCT arguments */
    uint32_t distinct_count;
    uint32_t plain_feed;         /* 0, or 1 when every accumulator is fed by distinct[0] */
    tni_atomic_i32 next_unit;    /* driver: units of result groups handed out */
    uint32_t unit;               /* groups of one */
    uint32_t unit_count;
} tni_agg;

/* One DISTINCT argument list: the rows deduplicated by an inner aggregation over (keys, values),
 * then fed to the outer accumulators as feed j + 1. */
typedef struct tni_agg_distinct {
    tni_plan plan;
    tni_program program;
    uint32_t *outputs;           /* of `program` */
    tni_type *types;
    uint32_t arguments[6];       /* program outputs: the values, then what they are ordered by */
    uint32_t argument_count;
    uint32_t filter;             /* program output or TNI_IR_NONE */
    tni_operator *sink;
    tni_driver *driver;
} tni_agg_distinct;

/* strings: agg_strings.c */
TNI_FN void tni_agg_strings_init(tni_agg_strings *strings, tni_memory *memory);
TNI_FN void tni_agg_strings_free(tni_agg_strings *strings);
TNI_FN void tni_agg_strings_clear(tni_agg_strings *strings); /* keeps its arrays */
TNI_FN uint64_t tni_agg_string_hash(const tni_string *string);
/* Codes of strings (skipping those whose `validity` bit is 0); new ones are kept, with their bytes
 * unless those outlive the table (`borrow`). After a failure some may be in. */
TNI_FN trueno_status tni_agg_strings_add(tni_agg_strings *strings, const tni_string *in,
                                         const uint64_t *hashes, const uint64_t *validity,
                                         uint32_t count, bool borrow, uint32_t *codes,
                                         tni_error *error);
/* The entry that stands for NULL. */
TNI_FN trueno_status tni_agg_strings_null(tni_agg_strings *strings, uint32_t *code,
                                          tni_error *error);

/* workers and partitions: agg_partition.c */
TNI_FN trueno_status tni_agg_worker_init(tni_agg *agg, tni_agg_worker *worker, bool table,
                                         tni_error *error);
TNI_FN void tni_agg_worker_free(tni_agg *agg, tni_agg_worker *worker);
/* Aggregate the rows of a dense chunk, or write tuples when the worker is partitioned. */
TNI_FN trueno_status tni_agg_consume(tni_agg *agg, tni_agg_worker *worker, const tni_chunk *chunk,
                                     uint32_t feed, tni_error *error);
/* Did something fail for want of memory, so that files may help? */
TNI_FN bool tni_agg_short(const tni_agg *agg, trueno_status status);
/* Bytes this worker would free by writing everything to a file. */
TNI_FN size_t tni_agg_held(const tni_agg *agg, const tni_agg_worker *worker);
/* Forget groups, tuples and strings. */
TNI_FN trueno_status tni_agg_worker_reset(tni_agg *agg, tni_agg_worker *worker, tni_error *error);

/* tuples: agg_tuple.c */
TNI_FN trueno_status tni_agg_plan_tuples(tni_agg *agg, tni_error *error);
TNI_FN void tni_agg_tuples_free(tni_agg *agg, tni_agg_tuples *tuples);
/* Write the prepared rows from *from on as tuples; *from moves on, after a failure too. */
TNI_FN trueno_status tni_agg_scatter(tni_agg *agg, tni_agg_worker *worker, const tni_chunk *chunk,
                                     uint32_t feed, uint32_t *from, tni_error *error);
/* Up to TNI_VECTOR_ROWS tuples, `stride` words each, as word columns, hashes (where they are in
 * tuples) and prepared inputs of `scratch`. */
TNI_FN void tni_agg_unpack(tni_agg *agg, tni_agg_worker *scratch, const uint64_t *tuples,
                           size_t stride, uint32_t count, uint64_t *row_pairs);
TNI_FN uint32_t tni_agg_tuple_feed(const tni_agg *agg, const uint64_t *tuple);
TNI_FN bool tni_agg_tuple_valid(const tni_agg_input *input, const uint64_t *tuple);

/* temporary files: agg_spill.c */
typedef enum tni_agg_record_kind { TNI_RECORD_TUPLE, TNI_RECORD_GROUP } tni_agg_record_kind;

/* Records read back: `count` of `stride` words. A tuple: its words, then the INTERN keys as
 * strings. A group: hash, key words, INTERN keys as strings, states. Strings point into memory
 * that the next read takes. */
typedef struct tni_agg_records {
    tni_agg_record_kind kind;
    uint32_t count;
    size_t stride;
    uint64_t *words;
} tni_agg_records;

typedef struct tni_agg_reader {
    tni_agg_spill *spill;
    void *file;
    size_t segment;          /* the current one, SIZE_MAX: the partition is read */
    uint64_t offset, left;
    uint8_t *buffer;
    size_t capacity;
} tni_agg_reader;

TNI_FN trueno_status tni_agg_spill_new(tni_agg *agg, tni_agg_spill **out, tni_error *error);
TNI_FN void tni_agg_spill_free(tni_agg_spill *spill); /* removes the file; NULL is fine */
TNI_FN uint64_t tni_agg_spill_rows(const tni_agg_spill *spill, uint32_t partition);
/* Append a record to a partition; strings give the content of INTERN keys' codes. */
TNI_FN trueno_status tni_agg_spill_tuple(tni_agg_spill *spill, uint32_t partition,
                                         const uint64_t *tuple, const tni_string *keys,
                                         tni_error *error);
TNI_FN trueno_status tni_agg_spill_group(tni_agg_spill *spill, uint32_t partition, uint64_t hash,
                                         const uint64_t *words, const tni_string *keys,
                                         const uint8_t *states, tni_error *error);
/* Write what is still in buffers and give these back; with `close` it can be read then. */
TNI_FN trueno_status tni_agg_spill_flush(tni_agg_spill *spill, bool close, tni_error *error);
/* Write what waits of one partition: nothing more comes for now. */
TNI_FN trueno_status tni_agg_spill_done(tni_agg_spill *spill, uint32_t partition,
                                        tni_error *error);
TNI_FN trueno_status tni_agg_reader_open(tni_agg_reader *reader, tni_agg_spill *spill,
                                         uint32_t partition, tni_error *error);
/* count == 0: the end. */
TNI_FN trueno_status tni_agg_reader_next(tni_agg_reader *reader, tni_agg_records *out,
                                         tni_error *error);
TNI_FN void tni_agg_reader_close(tni_agg_reader *reader);

/* partitions to results: agg_build.c */
typedef trueno_status (*tni_agg_emitter)(void *context, tni_agg_table *table,
                                         const uint64_t *order, tni_error *error);
typedef struct tni_agg_builder {
    tni_agg *agg;
    tni_agg_worker scratch;      /* its table is the partition's */
    uint64_t *row_pairs;         /* [2 * TNI_VECTOR_ROWS] */
    tni_string *strings;         /* [TNI_VECTOR_ROWS], with INTERN keys */
    uint32_t *codes;             /* [TNI_VECTOR_ROWS] */
    uint32_t *numbers;           /* [TNI_VECTOR_ROWS] */
    uint64_t *order;             /* [order_capacity] */
    size_t order_capacity;
    bool any_order;              /* nobody cares: groups go out as they lie */
    tni_agg_emitter emit;
    void *context;
    uint64_t groups, inputs;     /* so far: how much rows reduce */
    tni_agg_spill *cut;          /* not NULL: records go there, cut by bits of `depth` */
    uint32_t depth;
} tni_agg_builder;

TNI_FN trueno_status tni_agg_builder_init(tni_agg_builder *builder, tni_agg *agg,
                                          tni_agg_emitter emit, void *context, tni_error *error);
TNI_FN void tni_agg_builder_free(tni_agg_builder *builder);
/* Build one partition and hand it to emit: whole, or in several tables where memory is short. */
TNI_FN trueno_status tni_agg_build_partition(tni_agg_builder *builder, uint32_t partition,
                                   tni_error *error);

/* All workers' groups, bucketed as partition 0, as one table. */
TNI_FN trueno_status tni_agg_build_all(tni_agg_builder *builder, tni_error *error);

/* the end of the input: agg_finish.c */
/* Everything a worker holds goes to its file. */
TNI_FN trueno_status tni_agg_spill_worker(tni_agg *agg, tni_agg_worker *worker, tni_error *error);
/* The content of a record's INTERN keys by the codes in its words. */
TNI_FN void tni_agg_key_strings(const tni_agg *agg, const tni_agg_table *table,
                                const uint64_t *words, uint32_t group, tni_string *out);
TNI_FN trueno_status tni_agg_finish_tables(tni_agg *agg, tni_error *error);
/* Hashes and slots of a table whose groups came with their keys alone. */
TNI_FN trueno_status tni_agg_hash_groups(tni_agg *agg, tni_agg_table *table, tni_error *error);
/* Groups in the order of (hash, key), which depends on nothing but them, as slots: the lower half
 * of an entry is group + 1. Room for count + 1 entries. */
TNI_FN void tni_agg_order(const tni_agg *agg, const tni_agg_table *table, uint64_t *order);
/* The same for a result in one table. */
TNI_FN trueno_status tni_agg_order_result(tni_agg *agg, tni_error *error);

/* The state of accumulator `acc` in group g's row, as a T. */
#define TNI_STATE(T, table, acc, g)                                                                \
    ((T *)(void *)((table)->states + (size_t)(g) * (table)->state_size + (acc)->offset))

/* A group's key words, and its row of states; NULL where there are none. */
TNI_INLINE const uint64_t *tni_agg_group_words(const tni_agg_table *table, uint32_t group) {
    return table->word_count == 0 ? NULL : table->keys + (size_t)group * table->word_count;
}

TNI_INLINE const uint8_t *tni_agg_group_states(const tni_agg_table *table, uint32_t group) {
    return table->state_size == 0 ? NULL : table->states + (size_t)group * table->state_size;
}

/* keys: agg_keys.c */
TNI_FN trueno_status tni_agg_keys_plan(tni_agg *agg, tni_error *error);
TNI_FN trueno_status tni_agg_keys_encode(tni_agg *agg, tni_agg_worker *worker,
                                         const tni_chunk *chunk, tni_error *error);
TNI_FN trueno_status tni_agg_keys_decode(tni_agg *agg, uint32_t key, const tni_agg_table *table,
                                         const uint32_t *groups, uint32_t count, void *out,
                                         uint64_t *validity);
/* Is the source column behind a program output certainly free of NULLs? */
TNI_FN bool tni_agg_never_null(const tni_agg *agg, uint32_t output);
/* Is |value| * rows of the source column behind a program output certainly below 2^62? */
TNI_FN bool tni_agg_bounded(const tni_agg *agg, uint32_t output);
TNI_FN void tni_agg_caches_free(tni_agg *agg, tni_agg_worker *worker);
/* hashes[i] of rows given as word columns (stride TNI_VECTOR_ROWS) and, with INTERN keys, what was
 * mixed from their hashes. */
TNI_FN void tni_agg_hash_words(tni_agg *agg, const uint64_t *words, const uint64_t *extra,
                               uint64_t *scratch, uint32_t rows, uint64_t *hashes);

/* tables and states: agg_table.c, agg_state.c */
TNI_FN trueno_status tni_agg_table_init(tni_agg *agg, tni_agg_table *table, uint32_t capacity,
                                        tni_error *error);
TNI_FN void tni_agg_table_free(tni_agg *agg, tni_agg_table *table);
/* Empty, with its memory kept for the next use. */
TNI_FN void tni_agg_table_clear(tni_agg *agg, tni_agg_table *table);
TNI_FN uint64_t tni_agg_group_hash(const tni_agg *agg, const tni_agg_table *table, uint32_t group);
TNI_FN size_t tni_agg_table_bytes(const tni_agg *agg, const tni_agg_table *table);
TNI_FN trueno_status tni_agg_table_reserve(tni_agg *agg, tni_agg_table *table, uint64_t groups,
                                           tni_error *error);
/* Put groups that came with keys and hashes into the slots. */
TNI_FN void tni_agg_table_index(tni_agg_table *table);
/* Group numbers of `rows` keys given as word columns of stride `stride`; new ones are added. */
TNI_FN trueno_status tni_agg_table_find(tni_agg *agg, tni_agg_table *table, const uint64_t *words,
                                        size_t stride, const uint64_t *hashes, uint32_t rows,
                                        uint32_t *groups, tni_error *error);
/* Feed prepared inputs into the states of `groups`, whose rows are fetched ahead when the states
 * outgrow the cache. */
TNI_FN trueno_status tni_agg_update(tni_agg *agg, tni_agg_table *table,
                                    const tni_agg_prepared *prepared, const uint32_t *groups,
                                    uint32_t rows, uint64_t order, uint32_t first_row,
                                    const uint16_t *positions, const uint64_t *tuple_rows,
                                    uint32_t feed, tni_error *error);
/* states[target[i]] of `into` += states[source[i]] of `from`. */
TNI_FN trueno_status tni_agg_merge(tni_agg *agg, tni_agg_table *into, const tni_agg_table *from,
                                   const uint32_t *source, const uint32_t *target, uint32_t count,
                                   tni_error *error);
/* A CONSTANT vector as FLAT rows in scratch. */
TNI_FN trueno_status tni_agg_spread(const tni_vector *in, uint32_t rows, tni_scratch *scratch,
                                    tni_vector *out, tni_error *error);
TNI_FN trueno_status tni_agg_prepare(tni_agg *agg, tni_agg_worker *worker, const tni_chunk *chunk,
                                     tni_error *error);
TNI_FN double tni_float_state_value(const tni_float_state *state);
TNI_FN void tni_merge_float(tni_float_state *into, tni_float_state s);
TNI_FN uint32_t tni_agg_class_width(tni_agg_class class_id);
/* A prepared value as a tni_value of the input's type. */
TNI_FN tni_value tni_agg_class_value(const tni_agg_input *input, const void *data);
/* Order-preserving int64 keys of doubles, NaN greatest: what MIN and MAX states hold. */
TNI_FN int64_t tni_float_key(double v);
TNI_FN double tni_float_from_key(int64_t key);

/* Direct tables: what the other workers have into `into`, which was the first one's. Collected
 * values may be in the order of their groups afterwards. agg_direct.c */
TNI_FN trueno_status tni_agg_merge_direct(tni_agg *agg, tni_agg_table *into, tni_error *error);

/* ungrouped fast paths: agg_ungrouped.c. Accumulators it took are fed already. */
TNI_FN trueno_status tni_agg_ungrouped_push(tni_agg *agg, tni_agg_worker *worker,
                                            tni_chunk *chunk, tni_error *error);
/* Counts and one ordered sum, of `column` of the scan before: what a filter can be fused with. */
TNI_FN bool tni_agg_ungrouped_takes_range(const tni_agg *agg, uint32_t column);
/* Feed the rows of a range of that column, all in one pass; false: not this vector. */
TNI_FN trueno_status tni_agg_ungrouped_push_range(tni_agg *agg, tni_agg_worker *worker,
                                                  const tni_float_range *range,
                                                  const tni_vector *v, uint32_t rows,
                                                  uint64_t order, uint32_t first_row,
                                                  uint32_t *kept, tni_error *error);
TNI_FN trueno_status tni_agg_ungrouped_finish(tni_agg *agg, tni_error *error);

/* results: agg_final.c */
TNI_FN trueno_status tni_agg_finalize(tni_agg *agg, tni_agg_table *table, uint32_t aggregate,
                                      const uint32_t *groups, uint32_t count, void *out,
                                      uint64_t *validity, tni_arena *heap, tni_error *error);
TNI_FN trueno_status tni_agg_collect_prepare(tni_agg *agg, tni_agg_table *table,
                                             tni_error *error);

#endif
