/*
 * spirv_module.c - reading skeletons, writing instructions, splicing; see spirv_module.h.
 *
 * Scalar and pointer types may stand only once in a module, so they are looked up; constants may
 * repeat. The skeleton's own calls of q_row keep working because the new body keeps the ids of
 * the function, its type and its parameters.
 *
 * Uses: base/, gpu/device.h, trueno_db_spirv.h.
 */
#include "gpu/spirv_module.h"

#if !defined(TRUENO_NO_VULKAN)

#include "trueno_db_spirv.h"

enum {
    TNI_SPIRV_PRIVATE = 6, TNI_SPIRV_PUSH = 9, TNI_SPIRV_STORAGE = 12, /* storage classes */
    TNI_SPIRV_INLINE = 1, TNI_SPIRV_NO_CONTRACTION = 42,
    TNI_SPIRV_CAN_DENORMALS = 4464, TNI_SPIRV_CAN_ZERO_INF_NAN = 4466,
    TNI_SPIRV_CAN_ROUND_EVEN = 4467, TNI_SPIRV_MODE_DENORMALS = 4459,
    TNI_SPIRV_MODE_ZERO_INF_NAN = 4461, TNI_SPIRV_MODE_ROUND_EVEN = 4462
};


/* ---- the kernels of this build ---- */

TNI_FN size_t tni_spirv_kernel_words(void) {
    size_t words = 0;
#if defined(TRUENO_DB_SPIRV_H)
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(tni_spirv_modules); i++) {
        words += tni_spirv_modules[i].count;
    }
#endif
    return words;
}

/* tools/embed_spirv.c packs */
TNI_FN void tni_spirv_unpack_kernels(uint32_t *out) {
#if defined(TRUENO_DB_SPIRV_H)
    size_t i;
    uint32_t w;
    for (i = 0; i < TNI_COUNT_OF(tni_spirv_modules); i++) {
        const uint32_t *packed = tni_spirv_modules[i].packed;
        size_t place = 0;
        for (w = 0; w < tni_spirv_modules[i].count; w++) {
            uint32_t byte, word = 0, shift = 0;
            do {
                byte = packed[place / 4] >> (place % 4 * 8) & 255;
                word |= (byte & 127) << shift;
                shift += 7;
                place++;
            } while (byte > 127);
            *out++ = word;
        }
    }
#else
    (void)out;
#endif
}

TNI_FN bool tni_spirv_skeleton(const tni_gpu_info *info, const char *name, const uint32_t **words,
                               uint32_t *count) {
#if defined(TRUENO_DB_SPIRV_H)
    const uint32_t *at = info->kernels;
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(tni_spirv_modules); i++) {
        if (strcmp(tni_spirv_modules[i].name, name) == 0) {
            *words = at;
            *count = tni_spirv_modules[i].count;
            return at != NULL;
        }
        at += at != NULL ? tni_spirv_modules[i].count : 0;
    }
#else
    (void)info;
    (void)name;
#endif
    *words = NULL;
    *count = 0;
    return false;
}

/* ---------------------------------------------------------------------------- reading --- */

/* Names begin with `prefix`; strings in modules are little-endian words whatever the machine. */
static bool tni_spirv_named(const uint32_t *text, uint32_t words, const char *prefix) {
    uint32_t i;
    for (i = 0; prefix[i] != '\0'; i++) {
        if (i / 4 >= words || (text[i / 4] >> (i % 4 * 8) & 255) != (uint8_t)prefix[i]) {
            return false;
        }
    }
    return i / 4 < words && ((text[i / 4] >> (i % 4 * 8) & 255) == 0 || prefix[i - 1] == '(');
}

static void tni_spirv_read_name(tni_spirv *s, const uint32_t *at, uint32_t length) {
    const char *names[] = {"column", "pairs", "push", "q_valid", "q_error", "q_value", "q_row(",
                           "main"};
    uint32_t *ids[8];
    size_t i;
    ids[0] = &s->column;
    ids[1] = &s->pairs;
    ids[2] = &s->push;
    ids[3] = &s->q_valid;
    ids[4] = &s->q_error;
    ids[5] = &s->q_value;
    ids[6] = &s->q_row;
    ids[7] = &s->main_id;
    for (i = 0; i < TNI_COUNT_OF(names); i++) {
        if (tni_spirv_named(at + 2, length - 2, names[i])) {
            *ids[i] = at[1];
        }
    }
}

static void tni_spirv_read_pointer(tni_spirv *s, const uint32_t *at) {
    uint32_t class_of = at[2], type = at[3];
    if (class_of == TNI_SPIRV_STORAGE && type == s->type_u32) {
        s->pointer_u32 = at[1];
    } else if (class_of == TNI_SPIRV_STORAGE && type == s->type_pair) {
        s->pointer_pair = at[1];
    } else if (class_of == TNI_SPIRV_PUSH && type == s->type_u64) {
        s->pointer_literal = at[1];
    } else if (class_of == TNI_SPIRV_PUSH && type == s->type_u32) {
        s->pointer_push32 = at[1];
    } else if (class_of == TNI_SPIRV_PRIVATE && type == s->type_u32) {
        s->pointer_private32 = at[1];
    } else if (class_of == TNI_SPIRV_PRIVATE && type == s->type_u64) {
        s->pointer_private64 = at[1];
    }
}

static void tni_spirv_read_type(tni_spirv *s, const uint32_t *at, uint32_t op) {
    switch (op) {
    case TNI_SPIRV_TYPE_VOID: s->type_void = at[1]; break;
    case TNI_SPIRV_TYPE_BOOL: s->type_bool = at[1]; break;
    case TNI_SPIRV_TYPE_INT:
        if (at[3] == 0) {
            *(at[2] == 64 ? &s->type_u64 : &s->type_u32) = at[1];
        }
        break;
    case TNI_SPIRV_TYPE_FLOAT: *(at[2] == 64 ? &s->type_f64 : &s->type_f32) = at[1]; break;
    case TNI_SPIRV_TYPE_VECTOR:
        if (at[2] == s->type_u32 && at[3] == 2) {
            s->type_pair = at[1];
        }
        break;
    case TNI_SPIRV_TYPE_POINTER: tni_spirv_read_pointer(s, at); break;
    default: break;
    }
}

static void tni_spirv_read_function(tni_spirv *s, const uint32_t *at, uint32_t op,
                                    uint32_t place, uint32_t length) {
    if (op == TNI_SPIRV_FUNCTION && at[2] == s->q_row) {
        s->body_begin = place;
        s->q_row_type = at[4];
    } else if (op == TNI_SPIRV_PARAMETER && s->body_begin != 0 && s->body_end == 0) {
        *(s->row == 0 ? &s->row : &s->segment) = at[2];
    } else if (op == TNI_SPIRV_FUNCTION_END && s->body_begin != 0 && s->body_end == 0) {
        s->body_end = place + length;
    }
}

static bool tni_spirv_read(tni_spirv *s) {
    uint32_t place = 5, length, op;
    while (place < s->skeleton_count) {
        const uint32_t *at = s->skeleton + place;
        length = at[0] >> 16;
        op = at[0] & 65535;
        if (length == 0 || length > s->skeleton_count - place) {
            return false;
        }
        if (op == TNI_SPIRV_IMPORT) { /* skeletons import nothing else */
            s->extended = at[1];
        } else if (op == TNI_SPIRV_NAME && length > 2) {
            tni_spirv_read_name(s, at, length);
        } else if (op >= TNI_SPIRV_TYPE_VOID && op <= TNI_SPIRV_TYPE_LAST) {
            tni_spirv_read_type(s, at, op);
        } else if (op >= TNI_SPIRV_FUNCTION && op <= TNI_SPIRV_FUNCTION_END) {
            tni_spirv_read_function(s, at, op, place, length);
        }
        place += length;
    }
    return s->body_end != 0 && s->segment != 0 && s->column != 0 && s->pairs != 0 && s->push != 0 &&
           s->q_valid != 0 && s->q_error != 0 && s->q_value != 0 && s->pointer_u32 != 0 &&
           s->pointer_pair != 0 && s->pointer_push32 != 0 && s->pointer_private32 != 0 &&
           s->main_id != 0 && s->type_bool != 0 && s->type_void != 0 &&
           (s->type_u64 == 0 || (s->pointer_literal != 0 && s->pointer_private64 != 0));
}

/* The operands of the instruction `op` whose result, at `at`, is `id`; NULL without one. */
static const uint32_t *tni_spirv_find(const tni_spirv *s, uint32_t op, uint32_t at, uint32_t id) {
    uint32_t place = 5;
    while (place < s->skeleton_count) {
        const uint32_t *words = s->skeleton + place;
        if ((words[0] & 65535) == op && words[at] == id) {
            return words;
        }
        place += words[0] >> 16;
    }
    return NULL;
}

/* The array type of a variable; 0: it is none. */
static uint32_t tni_spirv_array_of(const tni_spirv *s, uint32_t variable) {
    const uint32_t *at = tni_spirv_find(s, TNI_SPIRV_VARIABLE, 2, variable);
    at = at == NULL ? NULL : tni_spirv_find(s, TNI_SPIRV_TYPE_POINTER, 1, at[1]);
    at = at == NULL ? NULL : tni_spirv_find(s, TNI_SPIRV_TYPE_ARRAY, 1, at[3]);
    return at == NULL ? 0 : at[1];
}

/* ---------------------------------------------------------------------------- writing --- */

static bool tni_spirv_room(tni_spirv *s, tni_spirv_words *out, uint32_t capacity) {
    out->words = (uint32_t *)tni_arena_bytes(s->arena, capacity * sizeof *out->words);
    out->count = 0;
    out->capacity = capacity;
    return out->words != NULL;
}

TNI_FN trueno_status tni_spirv_begin(tni_spirv *s, tni_arena *arena, const uint32_t *words,
                                     uint32_t count, tni_error *error) {
    memset(s, 0, sizeof *s);
    s->arena = arena;
    s->skeleton = words;
    s->skeleton_count = count;
    if (count < 6 || words[0] != 0x07230203u || !tni_spirv_read(s)) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "a GPU kernel is no skeleton");
    }
    s->column_array = tni_spirv_array_of(s, s->column);
    s->pairs_array = tni_spirv_array_of(s, s->pairs);
    if (s->column_array == 0 || s->pairs_array == 0) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "a GPU kernel without input buffers");
    }
    s->bound = words[3];
    if (!tni_spirv_room(s, &s->head, 64) || !tni_spirv_room(s, &s->modes, 64) ||
        !tni_spirv_room(s, &s->decorations, 512) ||
        !tni_spirv_room(s, &s->globals, TNI_SPIRV_GLOBAL_WORDS) ||
        !tni_spirv_room(s, &s->body, TNI_SPIRV_BODY_WORDS)) {
        return tni_fail_memory(error, TNI_SPIRV_BODY_WORDS * sizeof(uint32_t));
    }
    return TRUENO_OK;
}

static void tni_spirv_put(tni_spirv *s, tni_spirv_words *out, uint32_t op, const uint32_t *operands,
                          uint32_t count) {
    if (out->capacity - out->count < count + 1) {
        s->full = true;
        return;
    }
    out->words[out->count] = (count + 1) << 16 | op;
    memcpy(out->words + out->count + 1, operands, count * sizeof *operands);
    out->count += count + 1;
}

static uint32_t tni_spirv_result(tni_spirv *s, tni_spirv_op op, uint32_t type,
                                 const uint32_t *operands, uint32_t count) {
    uint32_t words[6], id = s->bound++;
    s->lacking = s->lacking || type == 0;
    words[0] = type;
    words[1] = id;
    memcpy(words + 2, operands, count * sizeof *operands);
    tni_spirv_put(s, &s->body, op, words, count + 2);
    return id;
}

TNI_FN uint32_t tni_spirv_1(tni_spirv *s, tni_spirv_op op, uint32_t type, uint32_t a) {
    return tni_spirv_result(s, op, type, &a, 1);
}

TNI_FN uint32_t tni_spirv_2(tni_spirv *s, tni_spirv_op op, uint32_t type, uint32_t a, uint32_t b) {
    uint32_t operands[2];
    operands[0] = a;
    operands[1] = b;
    return tni_spirv_result(s, op, type, operands, 2);
}

TNI_FN uint32_t tni_spirv_3(tni_spirv *s, tni_spirv_op op, uint32_t type, uint32_t a, uint32_t b,
                            uint32_t c) {
    uint32_t operands[3];
    operands[0] = a;
    operands[1] = b;
    operands[2] = c;
    return tni_spirv_result(s, op, type, operands, 3);
}

TNI_FN uint32_t tni_spirv_extended(tni_spirv *s, uint32_t instruction, uint32_t type, uint32_t a,
                                   uint32_t b) {
    uint32_t operands[4];
    if (s->extended == 0) {
        s->extended = s->bound++;
        s->import = true;
    }
    operands[0] = s->extended;
    operands[1] = instruction;
    operands[2] = a;
    operands[3] = b;
    return tni_spirv_result(s, TNI_SPIRV_EXTENDED, type, operands, b == 0 ? 3 : 4);
}

TNI_FN uint32_t tni_spirv_access(tni_spirv *s, uint32_t type, uint32_t base, uint32_t a, uint32_t b,
                                 uint32_t c) {
    uint32_t operands[4];
    operands[0] = base;
    operands[1] = a;
    operands[2] = b;
    operands[3] = c;
    return tni_spirv_result(s, TNI_SPIRV_ACCESS, type, operands, b == 0 ? 2 : c == 0 ? 3 : 4);
}

TNI_FN void tni_spirv_store(tni_spirv *s, uint32_t pointer, uint32_t value) {
    uint32_t operands[2];
    operands[0] = pointer;
    operands[1] = value;
    tni_spirv_put(s, &s->body, TNI_SPIRV_STORE, operands, 2);
}

TNI_FN uint32_t tni_spirv_u32(tni_spirv *s, uint32_t value) {
    uint32_t operands[3];
    if (value < TNI_SPIRV_SMALL_CONSTANTS && s->small[value] != 0) {
        return s->small[value];
    }
    operands[0] = s->type_u32;
    operands[1] = s->bound++;
    operands[2] = value;
    tni_spirv_put(s, &s->globals, TNI_SPIRV_CONSTANT, operands, 3);
    if (value < TNI_SPIRV_SMALL_CONSTANTS) {
        s->small[value] = operands[1];
    }
    return operands[1];
}

TNI_FN uint32_t tni_spirv_u64(tni_spirv *s, uint64_t value) {
    uint32_t operands[4];
    s->lacking = s->lacking || s->type_u64 == 0;
    operands[0] = s->type_u64;
    operands[1] = s->bound++;
    operands[2] = (uint32_t)value;
    operands[3] = (uint32_t)(value >> 32);
    tni_spirv_put(s, &s->globals, TNI_SPIRV_CONSTANT, operands, 4);
    return operands[1];
}

TNI_FN uint32_t tni_spirv_bool(tni_spirv *s, bool value) {
    uint32_t *id = value ? &s->true_id : &s->false_id;
    if (*id == 0) {
        uint32_t operands[2];
        operands[0] = s->type_bool;
        operands[1] = *id = s->bound++;
        tni_spirv_put(s, &s->globals, value ? TNI_SPIRV_TRUE : TNI_SPIRV_FALSE, operands, 2);
    }
    return *id;
}

TNI_FN uint32_t tni_spirv_f32_type(tni_spirv *s) {
    if (s->type_f32 == 0) {
        uint32_t operands[2];
        operands[0] = s->type_f32 = s->bound++;
        operands[1] = 32;
        tni_spirv_put(s, &s->globals, TNI_SPIRV_TYPE_FLOAT, operands, 2);
    }
    return s->type_f32;
}

TNI_FN void tni_spirv_no_contraction(tni_spirv *s, uint32_t id) {
    uint32_t operands[2];
    operands[0] = id;
    operands[1] = TNI_SPIRV_NO_CONTRACTION;
    tni_spirv_put(s, &s->decorations, TNI_SPIRV_DECORATE, operands, 2);
}

static void tni_spirv_mode(tni_spirv *s, uint32_t capability, uint32_t mode, uint32_t width) {
    uint32_t operands[3];
    operands[0] = s->main_id;
    operands[1] = mode;
    operands[2] = width;
    if (capability != 0) {
        tni_spirv_put(s, &s->head, TNI_SPIRV_CAPABILITY, &capability, 1);
    }
    tni_spirv_put(s, &s->modes, TNI_SPIRV_EXECUTION_MODE, operands, 3);
}

TNI_FN void tni_spirv_float_controls(tni_spirv *s, const tni_gpu_info *info) {
    if (s->type_f64 == 0) {
        return;
    }
    if (info->denormals) {
        tni_spirv_mode(s, TNI_SPIRV_CAN_DENORMALS, TNI_SPIRV_MODE_DENORMALS, 64);
    }
    if (info->denormals_f32 && s->type_f32 != 0) {
        tni_spirv_mode(s, info->denormals ? 0 : TNI_SPIRV_CAN_DENORMALS, TNI_SPIRV_MODE_DENORMALS,
                       32);
    }
    if (info->zero_inf_nan) {
        tni_spirv_mode(s, TNI_SPIRV_CAN_ZERO_INF_NAN, TNI_SPIRV_MODE_ZERO_INF_NAN, 64);
    }
    if (info->round_to_even) {
        tni_spirv_mode(s, TNI_SPIRV_CAN_ROUND_EVEN, TNI_SPIRV_MODE_ROUND_EVEN, 64);
    }
    if (s->head.count > 0) {
        /* "SPV_KHR_float_controls", after the capabilities */
        static const uint32_t name[] = {0x5f565053u, 0x5f52484bu, 0x616f6c66u,
                                        0x6f635f74u, 0x6f72746eu, 0x0000736cu};
        tni_spirv_put(s, &s->head, TNI_SPIRV_EXTENSION, name, TNI_COUNT_OF(name));
    }
}

/* --------------------------------------------------------------------------- splicing --- */

static void tni_spirv_copy(uint32_t **to, const uint32_t *from, uint32_t count) {
    memcpy(*to, from, count * sizeof *from);
    *to += count;
}

/* "GLSL.std.450", where the skeleton lacks it: before the memory model. */
static void tni_spirv_import(const tni_spirv *s, uint32_t **to) {
    uint32_t words[6] = {6u << 16 | TNI_SPIRV_IMPORT, 0, 0x4c534c47u, 0x6474732eu, 0x3035342eu, 0};
    words[1] = s->extended;
    if (s->import) {
        tni_spirv_copy(to, words, 6);
    }
}

static void tni_spirv_body(tni_spirv *s, uint32_t **to) {
    uint32_t words[13];
    words[0] = 5u << 16 | TNI_SPIRV_FUNCTION;
    words[1] = s->type_void;
    words[2] = s->q_row;
    words[3] = TNI_SPIRV_INLINE;
    words[4] = s->q_row_type;
    words[5] = 3u << 16 | TNI_SPIRV_PARAMETER;
    words[6] = s->type_u32;
    words[7] = s->row;
    words[8] = 3u << 16 | TNI_SPIRV_PARAMETER;
    words[9] = s->type_u32;
    words[10] = s->segment;
    words[11] = 2u << 16 | TNI_SPIRV_LABEL;
    words[12] = s->bound++;
    tni_spirv_copy(to, words, 13);
    tni_spirv_copy(to, s->body.words, s->body.count);
    words[0] = 1u << 16 | TNI_SPIRV_RETURN;
    words[1] = 1u << 16 | TNI_SPIRV_FUNCTION_END;
    tni_spirv_copy(to, words, 2);
}

/* The body of the old q_row may have names: they go with it. Its parameters stay. */
static bool tni_spirv_stale_name(const tni_spirv *s, uint32_t id) {
    uint32_t place = s->body_begin;
    while (place < s->body_end) {
        const uint32_t *at = s->skeleton + place;
        uint32_t op = at[0] & 65535, length = at[0] >> 16;
        if (op != TNI_SPIRV_FUNCTION && op != TNI_SPIRV_PARAMETER && length > 2 && at[2] == id &&
            op != TNI_SPIRV_STORE) {
            return true;
        }
        place += length;
    }
    return false;
}

/* An instruction of the skeleton; arrays of input buffers get a length of their own, for that of
 * the skeleton may be in use elsewhere. */
static void tni_spirv_keep(tni_spirv *s, const uint32_t *at, uint32_t *length_id, uint32_t **to) {
    uint32_t words[4], length = at[0] >> 16;
    if (s->column_count == 0 || (at[0] & 65535) != TNI_SPIRV_TYPE_ARRAY ||
        (at[1] != s->column_array && at[1] != s->pairs_array)) {
        tni_spirv_copy(to, at, length);
        return;
    }
    if (*length_id == 0) {
        words[0] = 4u << 16 | TNI_SPIRV_CONSTANT;
        words[1] = s->type_u32;
        words[2] = *length_id = s->bound++;
        words[3] = s->column_count;
        tni_spirv_copy(to, words, 4);
    }
    memcpy(words, at, sizeof words);
    words[3] = *length_id;
    tni_spirv_copy(to, words, 4);
}

TNI_FN trueno_status tni_spirv_end(tni_spirv *s, uint32_t **words, uint32_t *count,
                                   tni_error *error) {
    size_t total = (size_t)s->skeleton_count + s->head.count + s->modes.count +
                   s->decorations.count + s->globals.count + s->body.count + 32;
    bool types = false, functions = false, headed = false;
    uint32_t place = 5, modes_after = 0, length_id = 0;
    uint32_t *to;
    if (s->full) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED,
                        "the GPU does not run expressions this long");
    }
    *words = to = (uint32_t *)tni_arena_bytes(s->arena, total * sizeof *to);
    if (to == NULL) {
        return tni_fail_memory(error, total * sizeof *to);
    }
    tni_spirv_copy(&to, s->skeleton, 5);
    while (place < s->skeleton_count) {
        const uint32_t *at = s->skeleton + place;
        uint32_t op = at[0] & 65535, length = at[0] >> 16;
        if (!headed && op != TNI_SPIRV_CAPABILITY) {
            headed = true;
            tni_spirv_copy(&to, s->head.words, s->head.count);
        }
        if (op == TNI_SPIRV_MEMORY_MODEL) {
            tni_spirv_import(s, &to);
        }
        if (!types && op >= TNI_SPIRV_TYPE_VOID && op <= TNI_SPIRV_TYPE_LAST) {
            types = true;
            tni_spirv_copy(&to, s->decorations.words, s->decorations.count);
        }
        if (!functions && op == TNI_SPIRV_FUNCTION) {
            functions = true;
            tni_spirv_copy(&to, s->globals.words, s->globals.count);
        }
        if (place == s->body_begin) {
            tni_spirv_body(s, &to);
            place = s->body_end;
            continue;
        }
        if (op != TNI_SPIRV_NAME || !tni_spirv_stale_name(s, at[1])) {
            tni_spirv_keep(s, at, &length_id, &to);
        }
        if (op == TNI_SPIRV_EXECUTION_MODE && modes_after++ == 0) {
            tni_spirv_copy(&to, s->modes.words, s->modes.count);
        }
        place += length;
    }
    (*words)[3] = s->bound;
    *count = (uint32_t)(to - *words);
    return TRUENO_OK;
}

#endif
