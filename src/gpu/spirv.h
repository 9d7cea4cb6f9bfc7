/*
 * spirv.h - from the expression IR to a SPIR-V module: the body of q_row is emitted and spliced
 * into a skeleton kernel.
 *
 * The result depends on the shape of the query alone: literals go to push constants and
 * dictionary predicates to bitmaps, so that one module, and one pipeline, serves every query of a
 * shape. What cannot be emitted with the exact result of the CPU is refused by name
 * (UNSUPPORTED): the caller then uses the CPU. `settings->relaxed` allows what Vulkan rounds less
 * well: division of floats, FLOAT arithmetic, roots, powers, trigonometry.
 *
 * An overflow raises a flag, not an error: the CPU repeats the query and reports it in full.
 */
#ifndef TNI_GPU_SPIRV_H
#define TNI_GPU_SPIRV_H

#include "gpu/device.h"
#include "plan/ir.h"

#if !defined(TRUENO_NO_VULKAN)

/* How an input column lies in device memory. */
typedef struct tni_gpu_layout {
    tni_type type;
    uint8_t width;      /* bytes of a value or code: 1, 2, 4 or 8 */
    bool based;         /* NARROW: value = base of the row's segment + unsigned code */
    bool nullable;      /* there is a validity bitmap */
    const tni_dictionary *dictionary; /* VARCHAR and BLOB: what the codes mean */
    bool bounded;       /* integers: zone maps bound every value, as keys of MIN and MAX */
    uint64_t minimum, maximum;
} tni_gpu_layout;

typedef enum tni_gpu_aggregate {
    TNI_GPU_COUNT,      /* rows whose value is not NULL */
    TNI_GPU_SUM,        /* and their count: AVG is this */
    TNI_GPU_MIN,
    TNI_GPU_MAX
} tni_gpu_aggregate;

typedef struct tni_gpu_slot {
    tni_gpu_aggregate aggregate;
    uint32_t output;    /* of `values`; TNI_IR_NONE: COUNT(*) */
} tni_gpu_slot;

/* One pass over a table: rows for which output 0 of `filter` is true feed the slots with outputs
 * of `values`. IR column numbers index `columns`. Either program may be NULL. */
typedef struct tni_gpu_shape {
    const tni_gpu_layout *columns;
    uint32_t column_count;
    const tni_program *filter, *values;
    uint32_t slot_count;
    tni_gpu_slot slots[TNI_GPU_SLOTS];
    const tni_env *env;           /* to evaluate functions of text; NULL: they are refused */
    const tni_settings *settings; /* NULL: the defaults */
} tni_gpu_shape;

#define TNI_GPU_EXTRAS 8u   /* see tni_gpu_extras */
#define TNI_GPU_PASSES 31u

/* Kinds of slots, as kernels/scan_aggregate.glsl numbers them. */
enum {
    TNI_GPU_KIND_NONE, TNI_GPU_KIND_COUNT, TNI_GPU_KIND_SUM_SMALL, TNI_GPU_KIND_SUM_I64,
    TNI_GPU_KIND_SUM_U64, TNI_GPU_KIND_MIN, TNI_GPU_KIND_MAX, TNI_GPU_KIND_SUM_F64
};

typedef enum tni_gpu_part {
    TNI_GPU_PART_VALUES,
    TNI_GPU_PART_BASES,    /* int64 a segment */
    TNI_GPU_PART_VALIDITY,
    /* made by the processor for each run; see tni_gpu_made_fill */
    TNI_GPU_PART_LOOKUP, /* what `program` gives for each dictionary entry */
    TNI_GPU_PART_SET     /* the members of an IN, sorted */
} tni_gpu_part;

typedef struct tni_gpu_input { /* what a descriptor must point to */
    uint32_t column;
    tni_gpu_part part;
    const tni_program *program; /* LOOKUP: of column 0, the text, to one output */
    const tni_ir_node *node;    /* SET */
    uint32_t size;              /* SET: entries, a power of two */
} tni_gpu_input;

typedef struct tni_gpu_code {
    uint32_t *words;         /* in the arena */
    uint32_t word_count;
    uint64_t hash;           /* of the words and kinds */
    uint32_t kinds[TNI_GPU_SLOTS];
    uint8_t physical[TNI_GPU_SLOTS]; /* tni_physical of the slot's value */
    uint64_t literals[TNI_GPU_LITERALS];
    uint32_t literal_count;
    tni_gpu_input inputs[TNI_GPU_COLUMNS];
    uint32_t input_count;
    uint32_t buffer_count;   /* of the kernel's array of them, the first of which are the inputs */
    bool narrow;             /* the device has no 64-bit integers: keys have 32 bits */
    uint32_t never_null;     /* bit s: every row that passes the filter feeds slot s */
    uint8_t key_physical[TNI_GPU_EXTRAS];
} tni_gpu_code;

/* What another skeleton than scan_aggregate wants of q_row: beside the slots the values of
 * outputs, each as a 64-bit integer (codes of text, 0 or 1 of BOOLEAN) in q_value[TNI_GPU_SLOTS +
 * k], with bit TNI_GPU_SLOTS + k of q_valid where the row passes the filter and the value is not
 * NULL; bit TNI_GPU_PASSES of q_valid where the row passes. */
typedef struct tni_gpu_extras {
    const char *skeleton;     /* of devices with 64-bit floats */
    const char *skeleton_int; /* of those without */
    uint32_t beside;          /* buffers that it takes beside the inputs */
    bool spare;               /* one more in the array of inputs, where the device can */
    uint32_t count;
    uint32_t outputs[TNI_GPU_EXTRAS];
} tni_gpu_extras;

/* UNSUPPORTED: the message says what the GPU cannot do. */
TNI_FN trueno_status tni_gpu_emit(const tni_gpu_info *info, const tni_gpu_shape *shape,
                                  tni_arena *arena, tni_gpu_code *out, tni_error *error);

/* The same for another skeleton. */
TNI_FN trueno_status tni_gpu_emit_into(const tni_gpu_info *info, const tni_gpu_shape *shape,
                                       const tni_gpu_extras *extras, tni_arena *arena,
                                       tni_gpu_code *out, tni_error *error);

/* Is the input made by the processor for each run, instead of a part of a column? */
TNI_FN bool tni_gpu_input_is_made(const tni_gpu_input *input);

/* Bytes of a made input, and its contents; `out` is zero.
 *
 *   LOOKUP   entry 0 is NULL's, entry i + 1 that of code i; each
 *            BOOLEAN          2 bits: the value, not NULL
 *            up to 32 bits    2 words: the value, not NULL
 *            64 bits          2 words of 64 bits: the value, not NULL
 *   SET      64-bit integers, unsigned ones with the top bit flipped, ascending; the last repeats
 *
 * Errors: MEMORY; UNSUPPORTED, when an entry that no row may ask for cannot be evaluated. */
TNI_FN size_t tni_gpu_made_bytes(const tni_gpu_input *input, const tni_gpu_shape *shape);
TNI_FN trueno_status tni_gpu_made_fill(const tni_gpu_input *input, const tni_gpu_shape *shape,
                                       void *out, tni_error *error);

/* A key of 32 bits (tni_gpu_code.narrow) as the one of 64 bits that it stands for. */
TNI_FN uint64_t tni_gpu_key_widen(tni_physical physical, uint32_t key);

/* Order-preserving key of MIN and MAX back to the value's bits (as int64, uint64, or the bits of
 * a float or double; NaN canonical). */
TNI_FN uint64_t tni_gpu_key_value(tni_physical physical, uint64_t key);

#endif /* TRUENO_NO_VULKAN */

#endif
