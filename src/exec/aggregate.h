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
 * Strings become codes first (the column's shared dictionary, or one interner for the whole
 * operator), so tables compare integers only. Each worker aggregates for itself; when its table
 * outgrows the cache without reducing much it writes rows to 64 partitions by hash instead.
 * Finishing merges partition by partition, in parallel.
 *
 * Float sums are exact in a window of 96 bits that hangs below a group's largest exponent (three
 * 32-bit limbs on an absolute grid), so no order of addition changes a bit; ungrouped float sums
 * use the ordered 64-lane block tree (see simd/kernels.h).
 */
#ifndef TNI_EXEC_AGGREGATE_H
#define TNI_EXEC_AGGREGATE_H

#include "exec/operator.h"

#define TNI_AGG_PARTITIONS 64u
#ifndef TNI_AGG_DIRECT_LIMIT /* tests set these two, to reach every mode with little data */
#define TNI_AGG_DIRECT_LIMIT (1u << 21)    /* most groups of a direct table */
#endif
#ifndef TNI_AGG_LOCAL_GROUPS
#define TNI_AGG_LOCAL_GROUPS (1u << 16)    /* groups at which a worker considers partitioning */
#endif
#define TNI_AGG_BLOCK_BYTES (64u * 1024u)

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

/* Strings of INTERN keys: shared by all workers, looked up rarely (workers cache). */
typedef struct tni_agg_strings {
    tni_mutex mutex;
    tni_interner interner;
} tni_agg_strings;

/* Per worker and INTERN key: what local strings and dictionaries map to. */
typedef struct tni_agg_string_cache {
    tni_interner local;        /* FLAT strings this worker has met; DICT: the dictionary by value */
    uint32_t *local_codes;     /* local code -> operator code */
    size_t local_capacity;
    uint64_t dictionary;       /* id of the dictionary `translated` is for */
    uint32_t *translated;      /* dictionary code -> operator code, UINT32_MAX = not yet */
    size_t translated_capacity;
    tni_string last;           /* DICT keys meeting a plain string: last look-up */
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
    uint32_t word;           /* place in a partition tuple */
} tni_agg_input;

/* ----------------------------------------------------------------------------- tables --- */

/* Groups and their states: a worker's, or a partition's. */
typedef struct tni_agg_table {
    tni_memory *memory;
    uint32_t word_count;     /* 0: direct */
    uint32_t count;          /* groups (direct: the domain) */
    uint32_t capacity;       /* groups there is room for */
    uint64_t *keys;          /* [capacity * word_count] */
    uint64_t *hashes;        /* [capacity] */
    uint64_t *slots;         /* tag << 32 | group + 1; power of two */
    uint64_t slot_mask;
    uint8_t *states;         /* a row of all accumulators' states per group */
    uint32_t state_size;     /* bytes of a row */
    uint32_t states_grown;   /* groups `states` has room for */
    uint32_t keys_grown;     /* the same for keys */
    uint8_t *skip;           /* [accumulator_count]: fed by an ungrouped fast path this time */
    tni_collect_list *lists; /* [collect_count] */
    tni_arena heap;          /* strings kept by states */
    uint64_t rows;           /* rows aggregated, to judge the reduction */
} tni_agg_table;

/* One worker's rows of one partition, as tuples of words. */
typedef struct tni_agg_block {
    struct tni_agg_block *next;
    uint32_t used, capacity; /* tuples */
    uint64_t *tuples;
} tni_agg_block;

typedef struct tni_agg_prepared {
    const void *data;        /* by class: int64_t, double, tni_i128, tni_string... */
    const uint64_t *validity; /* NULL = all; filters: rows that pass */
    void *buffer;
    uint64_t *bits;
} tni_agg_prepared;

typedef struct tni_agg_worker {
    tni_agg_table table;
    bool partitioned;
    tni_agg_block *blocks[TNI_AGG_PARTITIONS];
    tni_arena tuple_heap;        /* long strings of tuples */
    tni_agg_string_cache *strings; /* [key_count] */
    tni_scratch scratch;
    uint64_t *words;             /* [word_count][2,048] */
    uint64_t *hashes;            /* [2,048] */
    uint64_t *codes;             /* [2,048] */
    uint32_t *groups;            /* [2,048] */
    tni_agg_prepared *prepared;  /* [input_count] */
    uint64_t mask[TNI_VECTOR_WORDS];
    struct tni_block_sums *sums; /* ungrouped float sums: [accumulator_count] */
    uint32_t *by_partition;      /* finishing: group numbers ordered by partition */
    uint32_t partition_starts[TNI_AGG_PARTITIONS + 1];
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
    bool has_interned;
    tni_agg_strings strings;
    bool strings_ready;
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
    uint32_t row_words;          /* where order and row are in a tuple; 0 = not kept */
    tni_agg_worker *workers;
    uint32_t worker_count;
    tni_agg_table *results;      /* [result_count] after finish */
    uint32_t result_count;
    uint32_t result_capacity;    /* tables initialised */
    tni_error *task_errors;      /* [result_count] during finish */
    struct tni_agg_distinct *distinct; /* inner aggregations for DISTINCT arguments */
    uint32_t distinct_count;
    uint32_t plain_feed;         /* 0, or 1 when every accumulator is fed by distinct[0] */
    uint32_t flag_words;         /* of a tuple: feed, then validity bits of the inputs */
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
    uint32_t arguments[2];       /* program outputs */
    uint32_t argument_count;
    uint32_t filter;             /* program output or TNI_IR_NONE */
    tni_operator *sink;
    tni_driver *driver;
} tni_agg_distinct;

/* workers and partitions: agg_partition.c */
TNI_FN trueno_status tni_agg_worker_init(tni_agg *agg, tni_agg_worker *worker, bool table,
                                         tni_error *error);
TNI_FN void tni_agg_worker_free(tni_agg *agg, tni_agg_worker *worker);
/* Find groups (words encoded) and update, or write tuples when the worker is partitioned. */
TNI_FN trueno_status tni_agg_consume(tni_agg *agg, tni_agg_worker *worker, const tni_chunk *chunk,
                                     uint32_t feed, tni_error *error);
TNI_FN trueno_status tni_agg_finish_tables(tni_agg *agg, tni_error *error);

/* The state of accumulator `acc` in group g's row, as a T. */
#define TNI_STATE(T, table, acc, g)                                                                \
    ((T *)(void *)((table)->states + (size_t)(g) * (table)->state_size + (acc)->offset))

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
TNI_FN void tni_agg_strings_free(tni_agg *agg, tni_agg_worker *worker);

/* tables and states: agg_table.c, agg_state.c */
TNI_FN trueno_status tni_agg_table_init(tni_agg *agg, tni_agg_table *table, uint32_t capacity,
                                        tni_error *error);
TNI_FN void tni_agg_table_free(tni_agg *agg, tni_agg_table *table);
TNI_FN trueno_status tni_agg_table_reserve(tni_agg *agg, tni_agg_table *table, uint64_t groups,
                                           tni_error *error);
/* Group numbers of `rows` keys given as word columns of stride `stride`; new ones are added. */
TNI_FN trueno_status tni_agg_table_find(tni_agg *agg, tni_agg_table *table, const uint64_t *words,
                                        size_t stride, const uint64_t *hashes, uint32_t rows,
                                        uint32_t *groups, tni_error *error);
/* Feed prepared inputs into the states of `groups`. */
/* Groups' rows are fetched ahead when the states outgrow the cache. */
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
TNI_FN uint32_t tni_agg_class_width(tni_agg_class class_id);
/* A prepared value as a tni_value of the input's type. */
TNI_FN tni_value tni_agg_class_value(const tni_agg_input *input, const void *data);
/* Order-preserving int64 keys of doubles, NaN greatest: what MIN and MAX states hold. */
TNI_FN int64_t tni_float_key(double v);
TNI_FN double tni_float_from_key(int64_t key);

/* ungrouped fast paths: agg_ungrouped.c. Accumulators it took are fed already. */
TNI_FN trueno_status tni_agg_ungrouped_push(tni_agg *agg, tni_agg_worker *worker,
                                            tni_chunk *chunk, tni_error *error);
TNI_FN trueno_status tni_agg_ungrouped_finish(tni_agg *agg, tni_error *error);

/* results: agg_final.c */
TNI_FN trueno_status tni_agg_finalize(tni_agg *agg, tni_agg_table *table, uint32_t aggregate,
                                      const uint32_t *groups, uint32_t count, void *out,
                                      uint64_t *validity, tni_arena *heap, tni_error *error);
TNI_FN trueno_status tni_agg_collect_prepare(tni_agg *agg, tni_agg_table *table,
                                             tni_error *error);

#endif
