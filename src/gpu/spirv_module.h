/*
 * spirv_module.h - words of a SPIR-V module: reading a skeleton, writing instructions, splicing.
 *
 * A module is a header of five words (magic, version, generator, bound of ids, 0) and a stream
 * of instructions, the first word of each being its length << 16 | its opcode. New code goes into
 * four places of the skeleton: capabilities and execution modes near the top, decorations before
 * the first type, types and constants before the first function, and the body of q_row in place
 * of the skeleton's. The arrays of input buffers become as long as they have to be.
 * SPIR-V 1.3, so entry points need not list what a body touches.
 */
#ifndef TNI_GPU_SPIRV_MODULE_H
#define TNI_GPU_SPIRV_MODULE_H

#include "gpu/device.h"

#if !defined(TRUENO_NO_VULKAN)

typedef enum tni_spirv_op {
    TNI_SPIRV_NAME = 5, TNI_SPIRV_EXTENSION = 10, TNI_SPIRV_IMPORT = 11, TNI_SPIRV_EXTENDED = 12,
    TNI_SPIRV_MEMORY_MODEL = 14, TNI_SPIRV_ENTRY_POINT = 15, TNI_SPIRV_EXECUTION_MODE = 16,
    TNI_SPIRV_CAPABILITY = 17, TNI_SPIRV_TYPE_VOID = 19, TNI_SPIRV_TYPE_BOOL = 20,
    TNI_SPIRV_TYPE_INT = 21, TNI_SPIRV_TYPE_FLOAT = 22, TNI_SPIRV_TYPE_VECTOR = 23,
    TNI_SPIRV_TYPE_ARRAY = 28, TNI_SPIRV_TYPE_POINTER = 32, TNI_SPIRV_TYPE_LAST = 39,
    TNI_SPIRV_TRUE = 41, TNI_SPIRV_FALSE = 42, TNI_SPIRV_CONSTANT = 43, TNI_SPIRV_FUNCTION = 54,
    TNI_SPIRV_PARAMETER = 55, TNI_SPIRV_FUNCTION_END = 56, TNI_SPIRV_VARIABLE = 59,
    TNI_SPIRV_LOAD = 61, TNI_SPIRV_STORE = 62, TNI_SPIRV_ACCESS = 65, TNI_SPIRV_DECORATE = 71,
    TNI_SPIRV_COMPOSITE = 80, TNI_SPIRV_S_TO_F = 111, TNI_SPIRV_U_TO_F = 112,
    TNI_SPIRV_U_CONVERT = 113, TNI_SPIRV_S_CONVERT = 114, TNI_SPIRV_F_CONVERT = 115,
    TNI_SPIRV_BITCAST = 124, TNI_SPIRV_I_ADD = 128, TNI_SPIRV_F_ADD = 129,
    TNI_SPIRV_I_SUB = 130, TNI_SPIRV_F_SUB = 131, TNI_SPIRV_I_MUL = 132, TNI_SPIRV_F_MUL = 133,
    TNI_SPIRV_U_DIV = 134, TNI_SPIRV_S_DIV = 135,
    TNI_SPIRV_F_DIV = 136, TNI_SPIRV_LOGICAL_EQUAL = 164, TNI_SPIRV_LOGICAL_OR = 166,
    TNI_SPIRV_LOGICAL_AND = 167, TNI_SPIRV_LOGICAL_NOT = 168, TNI_SPIRV_SELECT = 169,
    TNI_SPIRV_I_EQUAL = 170, TNI_SPIRV_I_NOT_EQUAL = 171, TNI_SPIRV_U_GREATER = 172,
    TNI_SPIRV_U_LESS = 176, TNI_SPIRV_S_LESS = 177, TNI_SPIRV_U_LESS_EQUAL = 178,
    TNI_SPIRV_S_LESS_EQUAL = 179, TNI_SPIRV_SHIFT_RIGHT = 194, TNI_SPIRV_SHIFT_SIGNED = 195,
    TNI_SPIRV_SHIFT_LEFT = 196, TNI_SPIRV_OR = 197, TNI_SPIRV_XOR = 198, TNI_SPIRV_AND = 199,
    TNI_SPIRV_BIT_NOT = 200, TNI_SPIRV_LABEL = 248, TNI_SPIRV_RETURN = 253
} tni_spirv_op;

#define TNI_SPIRV_BODY_WORDS 12288u   /* longer bodies are refused: registers would spill */
#define TNI_SPIRV_GLOBAL_WORDS 2048u
#define TNI_SPIRV_SMALL_CONSTANTS 128u

typedef struct tni_spirv_words {
    uint32_t *words;
    uint32_t count, capacity;
} tni_spirv_words;

typedef struct tni_spirv {
    tni_arena *arena;
    const uint32_t *skeleton;
    uint32_t skeleton_count;
    uint32_t bound;
    bool full;                /* something did not fit */
    bool lacking;             /* something needs a type that the skeleton lacks */
    tni_spirv_words head, modes, decorations, globals, body;
    /* ids found in the skeleton or added */
    uint32_t type_void, type_bool, type_u32, type_u64, type_f32, type_f64, type_pair;
    uint32_t pointer_u32, pointer_pair, pointer_private32;
    uint32_t pointer_literal, pointer_private64; /* 0 in skeletons without 64-bit integers */
    uint32_t pointer_push32;                     /* the words of their literals */
    uint32_t column, pairs, push, q_valid, q_error, q_value, q_row, q_row_type, row, segment;
    uint32_t column_array, pairs_array; /* the types of the input buffers */
    uint32_t column_count;     /* buffers of both; 0: as many as the skeleton has */
    uint32_t true_id, false_id, main_id;
    uint32_t extended; /* GLSL.std.450: imported there, or to be; 0 = not used */
    bool import;       /* it is to be */
    uint32_t body_begin, body_end; /* words of the skeleton that the body replaces */
    uint32_t small[TNI_SPIRV_SMALL_CONSTANTS]; /* ids of 32-bit constants; 0 = none yet */
} tni_spirv;

/* All kernels of this build, packed in trueno_db_spirv.h: how many words, and the words. */
TNI_FN size_t tni_spirv_kernel_words(void);
TNI_FN void tni_spirv_unpack_kernels(uint32_t *out);
/* The compiled kernel by name; false when this build has none. */
TNI_FN bool tni_spirv_skeleton(const tni_gpu_info *info, const char *name, const uint32_t **words,
                               uint32_t *count);
/* Read a skeleton and prepare to write. Errors: MEMORY, INTERNAL (not a skeleton of ours). */
TNI_FN trueno_status tni_spirv_begin(tni_spirv *s, tni_arena *arena, const uint32_t *words,
                                     uint32_t count, tni_error *error);
/* One result of a type from one, two or three operands. */
TNI_FN uint32_t tni_spirv_1(tni_spirv *s, tni_spirv_op op, uint32_t type, uint32_t a);
TNI_FN uint32_t tni_spirv_2(tni_spirv *s, tni_spirv_op op, uint32_t type, uint32_t a, uint32_t b);
TNI_FN uint32_t tni_spirv_3(tni_spirv *s, tni_spirv_op op, uint32_t type, uint32_t a, uint32_t b,
                            uint32_t c);
/* An instruction of GLSL.std.450 with one operand or two (0: one). */
TNI_FN uint32_t tni_spirv_extended(tni_spirv *s, uint32_t instruction, uint32_t type, uint32_t a,
                                   uint32_t b);
/* A pointer into `base` by up to three indices (0 ends them). */
TNI_FN uint32_t tni_spirv_access(tni_spirv *s, uint32_t type, uint32_t base, uint32_t a,
                                 uint32_t b, uint32_t c);
TNI_FN void tni_spirv_store(tni_spirv *s, uint32_t pointer, uint32_t value);
TNI_FN uint32_t tni_spirv_u32(tni_spirv *s, uint32_t value); /* constants */
TNI_FN uint32_t tni_spirv_u64(tni_spirv *s, uint64_t value);
TNI_FN uint32_t tni_spirv_bool(tni_spirv *s, bool value);
TNI_FN uint32_t tni_spirv_f32_type(tni_spirv *s); /* added when the skeleton lacks it */
TNI_FN void tni_spirv_no_contraction(tni_spirv *s, uint32_t id);
/* Ask for exact floats where the device offers it. */
TNI_FN void tni_spirv_float_controls(tni_spirv *s, const tni_gpu_info *info);
/* The finished module, in the arena. UNSUPPORTED when the body is too long. */
TNI_FN trueno_status tni_spirv_end(tni_spirv *s, uint32_t **words, uint32_t *count,
                                   tni_error *error);

#endif /* TRUENO_NO_VULKAN */

#endif
