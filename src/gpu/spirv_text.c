/*
 * spirv_text.c - what depends on one dictionary column alone, and large sets of IN; see
 * spirv_internal.h.
 *
 * LIKE, regular expressions, comparisons, lengths, casts, any deterministic function of a text
 * column and constants has as many answers as the dictionary has entries, and one more for NULL.
 * The processor evaluates such a part of a program once an entry, through its own function tables,
 * and the kernel looks the answers up by code: nothing about text is written twice.
 *
 * Uses: exec/eval.h, plan/fuse.h, gpu/spirv_internal.h.
 */
#include "gpu/spirv_internal.h"
#include "exec/eval.h"
#include "plan/fuse.h"

#if !defined(TRUENO_NO_VULKAN)

/* Entries up to which functions of text are evaluated for a kernel: one thread does it. */
#define TNI_EMIT_TEXT_ENTRIES 262144u
#define TNI_EMIT_TEXT_MIXED                                                                        \
    (TNI_IR_NONE - 1) /* no column: the register depends on several things */

/* ------------------------------------------------------------------------------- marking --- */

/* The dictionary column that a node adds to those of its arguments. */
static bool tni_emit_text_leaf(const tni_emit *e, const tni_ir_node *node) {
    return node->op == TNI_IR_COLUMN && node->column < e->shape->column_count &&
           tni_type_is_string(node->type) && e->shape->columns[node->column].dictionary != NULL;
}

/* Can the processor evaluate the node ahead of its rows? */
static bool tni_emit_text_may(const tni_emit *e, const tni_ir_node *node) {
    tni_emit_class c;
    if (node->op == TNI_IR_CALL && (node->function->flags & TNI_FUNCTION_VOLATILE) != 0) {
        return false;
    }
    return e->shape->env != NULL && tni_emit_class_of(tni_type_physical(node->type), &c);
}

/* Which column register `i` depends on alone; NONE: constants only. False: on something else. */
static bool tni_emit_text_column(const tni_emit *e, const uint32_t *columns, uint32_t i,
                                 uint32_t *out) {
    const tni_ir_node *node = &e->program->nodes[i];
    uint32_t a, from = node->argument_count + (node->predicate != TNI_IR_NONE ? 1 : 0);
    *out = TNI_IR_NONE;
    if (node->op == TNI_IR_COLUMN) {
        *out = node->column;
        return tni_emit_text_leaf(e, node);
    }
    if (node->op == TNI_IR_CONSTANT) {
        return true;
    }
    for (a = 0; a < from; a++) {
        uint32_t r = a < node->argument_count ? node->arguments[a] : node->predicate;
        if (columns[r] == TNI_IR_NONE) {
            continue;
        }
        if (columns[r] == TNI_EMIT_TEXT_MIXED || (*out != TNI_IR_NONE && *out != columns[r])) {
            return false;
        }
        *out = columns[r];
    }
    return tni_emit_text_may(e, node);
}

static void tni_emit_text_read(tni_emit *e, uint32_t r) {
    if (e->text[r] == TNI_EMIT_TEXT_INNER) {
        e->text[r] = TNI_EMIT_TEXT_ROOT;
    }
}

TNI_FN trueno_status tni_emit_text_mark(tni_emit *e) {
    const tni_program *program = e->program;
    tni_arena *arena = e->spirv.arena;
    uint32_t *columns = (uint32_t *)tni_arena_alloc(arena, (program->count + 1) * sizeof *columns);
    uint32_t i, a;
    e->text = (uint8_t *)tni_arena_alloc(arena, program->count + 1);
    if (columns == NULL || e->text == NULL) {
        return tni_fail_memory(e->error, program->count * sizeof *columns);
    }
    for (i = 0; i < program->count; i++) {
        const tni_ir_node *node = &program->nodes[i];
        bool bare = node->op == TNI_IR_COLUMN || node->op == TNI_IR_CONSTANT;
        e->text[i] = TNI_EMIT_TEXT_NONE;
        if (!tni_emit_text_column(e, columns, i, &columns[i])) {
            columns[i] = TNI_EMIT_TEXT_MIXED;
        } else if (!bare && columns[i] != TNI_IR_NONE && node->op != TNI_IR_IS_NULL &&
                   node->op != TNI_IR_IS_NOT_NULL) {
            e->text[i] = TNI_EMIT_TEXT_INNER;
        } else if (!bare && columns[i] != TNI_IR_NONE) {
            /* IS NULL of the bare column needs its validity only */
            e->text[i] = program->nodes[node->arguments[0]].op == TNI_IR_COLUMN
                             ? TNI_EMIT_TEXT_NONE
                             : TNI_EMIT_TEXT_INNER;
        }
    }
    for (i = 0; i < program->count; i++) {
        const tni_ir_node *node = &program->nodes[i];
        for (a = 0; e->text[i] == TNI_EMIT_TEXT_NONE && a < node->argument_count; a++) {
            tni_emit_text_read(e, node->arguments[a]);
        }
        if (e->text[i] == TNI_EMIT_TEXT_NONE && node->predicate != TNI_IR_NONE) {
            tni_emit_text_read(e, node->predicate);
        }
    }
    for (i = 0; i < program->output_count; i++) {
        tni_emit_text_read(e, program->outputs[i]);
    }
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------- looking --- */

/* The part of the program that register `number` needs, of column 0; *column is that in the table.
 * *costly: there is more to do than to compare. */
static trueno_status tni_emit_text_program(tni_emit *e, uint32_t number, tni_program **out,
                                           const tni_ir_node **column, bool *costly) {
    tni_program *part = (tni_program *)tni_arena_alloc(e->spirv.arena, sizeof *part);
    uint32_t i;
    if (part == NULL) {
        return tni_fail_memory(e->error, sizeof *part);
    }
    TNI_TRY(tni_program_cut(e->program, &number, 1, e->spirv.arena, part, e->error));
    *costly = false;
    for (i = 0; i < part->count; i++) {
        tni_ir_node *node = &part->nodes[i];
        *costly = *costly || node->op == TNI_IR_CALL || node->op == TNI_IR_CAST;
    }
    *column = NULL;
    for (i = 0; i < e->program->count && *column == NULL; i++) {
        const tni_ir_node *node = &e->program->nodes[i];
        bool used = false;
        uint32_t j;
        for (j = 0; node->op == TNI_IR_COLUMN && j < part->count; j++) {
            used = used ||
                   (part->nodes[j].op == TNI_IR_COLUMN && part->nodes[j].column == node->column);
        }
        *column = used ? node : NULL;
    }
    for (i = 0; i < part->count; i++) {
        part->nodes[i].column = 0;
    }
    *out = part;
    return TRUENO_OK;
}

/* Two bits, words or 64-bit words: the value, not NULL. */
static void tni_emit_text_load(tni_emit *e, tni_emit_class c, uint32_t input, uint32_t index,
                               tni_emit_value *out) {
    tni_spirv *s = &e->spirv;
    uint32_t at, word, one = tni_spirv_u32(s, 1), zero = tni_spirv_u32(s, 0), known;
    if (c == TNI_EMIT_BOOL) {
        at = tni_emit_2(e, TNI_SPIRV_AND, TNI_EMIT_WORD, index, tni_spirv_u32(s, 15));
        at = tni_emit_2(e, TNI_SPIRV_SHIFT_LEFT, TNI_EMIT_WORD, at, one);
        word = tni_emit_2(e, TNI_SPIRV_SHIFT_RIGHT, TNI_EMIT_WORD, index, tni_spirv_u32(s, 4));
        word = tni_emit_load_word(e, input, word);
        word = tni_emit_2(e, TNI_SPIRV_SHIFT_RIGHT, TNI_EMIT_WORD, word, at);
        out->id = tni_emit_2(e, TNI_SPIRV_AND, TNI_EMIT_WORD, word, one);
        out->id = tni_emit_test(e, TNI_SPIRV_I_NOT_EQUAL, out->id, zero);
        known = tni_emit_2(e, TNI_SPIRV_AND, TNI_EMIT_WORD, word, tni_spirv_u32(s, 2));
    } else {
        at = tni_emit_2(e, TNI_SPIRV_SHIFT_LEFT, TNI_EMIT_WORD, index, one);
        out->id = c == TNI_EMIT_LONG ? tni_emit_load_long(e, input, at)
                                     : tni_emit_load_word(e, input, at);
        at = tni_emit_2(e, TNI_SPIRV_OR, TNI_EMIT_WORD, at, one);
        if (c == TNI_EMIT_LONG) {
            at = tni_emit_2(e, TNI_SPIRV_SHIFT_LEFT, TNI_EMIT_WORD, at, one);
        }
        known = tni_emit_load_word(e, input, at);
    }
    out->valid = tni_emit_test(e, TNI_SPIRV_I_NOT_EQUAL, known, zero);
}

TNI_FN trueno_status tni_emit_text_root(tni_emit *e, uint32_t number, tni_emit_value *out) {
    const tni_ir_node *node = &e->program->nodes[number], *column = NULL;
    tni_physical p = tni_type_physical(node->type);
    tni_gpu_input input = TNI_ZERO;
    tni_emit_value code;
    tni_program *part = NULL;
    tni_emit_class c;
    uint32_t binding, index;
    bool costly = false;
    if (p == TNI_PHYSICAL_STRING || !tni_emit_class_of(p, &c)) {
        return tni_emit_refuse(e, node,
                               node->op == TNI_IR_CALL ? node->function->name : "such expressions");
    }
    TNI_TRY(tni_emit_text_program(e, number, &part, &column, &costly));
    input.column = column->column;
    input.part = TNI_GPU_PART_LOOKUP;
    input.program = part;
    if (costly && e->shape->columns[input.column].dictionary->count > TNI_EMIT_TEXT_ENTRIES) {
        return tni_fail_at(e->error, TRUENO_ERROR_UNSUPPORTED, node->position,
                           "the GPU does not run functions of a column of more than %u distinct "
                           "texts",
                           (unsigned)TNI_EMIT_TEXT_ENTRIES);
    }
    TNI_TRY(tni_emit_column(e, column, &code));
    TNI_TRY(tni_emit_input(e, &input, &binding));
    index = tni_emit_2(e, TNI_SPIRV_I_ADD, TNI_EMIT_WORD, code.id, tni_spirv_u32(&e->spirv, 1));
    if (code.valid != 0) {
        index = tni_emit_select(e, TNI_EMIT_WORD, code.valid, index, tni_spirv_u32(&e->spirv, 0));
    }
    tni_emit_text_load(e, c, binding, index, out);
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------- sets of IN --- */

/* Halving: after each step the member sought, if any, is at `at` or within the next `step`. */
TNI_FN trueno_status tni_emit_search(tni_emit *e, const tni_ir_node *node, tni_physical p,
                                     uint32_t v, uint32_t *out) {
    tni_spirv *s = &e->spirv;
    tni_gpu_input input = TNI_ZERO;
    uint32_t binding, at = tni_spirv_u32(s, 0), step;
    input.part = TNI_GPU_PART_SET;
    input.node = node;
    for (input.size = 1; input.size < node->set_count; input.size *= 2) {
    }
    TNI_TRY(tni_emit_input(e, &input, &binding));
    v = tni_emit_to_long(e, p, v);
    if (p == TNI_PHYSICAL_U64) {
        v = tni_emit_2(e, TNI_SPIRV_XOR, TNI_EMIT_LONG, v, tni_spirv_u64(s, UINT64_C(1) << 63));
    }
    for (step = input.size / 2; step > 0; step /= 2) {
        uint32_t next = tni_emit_2(e, TNI_SPIRV_I_ADD, TNI_EMIT_WORD, at, tni_spirv_u32(s, step));
        uint32_t member = tni_emit_load_long(e, binding, next);
        at = tni_emit_select(e, TNI_EMIT_WORD, tni_emit_test(e, TNI_SPIRV_S_LESS_EQUAL, member, v),
                             next, at);
    }
    *out = tni_emit_test(e, TNI_SPIRV_I_EQUAL, tni_emit_load_long(e, binding, at), v);
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------- on the host --- */

TNI_FN bool tni_gpu_input_is_made(const tni_gpu_input *input) {
    return input->part >= TNI_GPU_PART_LOOKUP;
}

static tni_physical tni_gpu_made_physical(const tni_gpu_input *input) {
    return tni_type_physical(input->program->nodes[input->program->outputs[0]].type);
}

TNI_FN size_t tni_gpu_made_bytes(const tni_gpu_input *input, const tni_gpu_shape *shape) {
    size_t entries, bytes;
    tni_emit_class c;
    if (input->part == TNI_GPU_PART_SET) {
        return TNI_MAX((size_t)input->size * 8, 16u);
    }
    entries = (size_t)shape->columns[input->column].dictionary->count + 1;
    (void)tni_emit_class_of(tni_gpu_made_physical(input), &c);
    bytes = c == TNI_EMIT_BOOL ? (entries + 15) / 16 * 4 : entries * (c == TNI_EMIT_WORD ? 8 : 16);
    return (bytes + 15) / 16 * 16;
}

/* Entry `i` of a LOOKUP from a value in memory. */
static void tni_gpu_made_put(tni_physical p, const uint8_t *value, bool valid, size_t i,
                             void *out) {
    uint32_t width = tni_physical_width(p);
    uint64_t bits = 0;
    if (!valid) {
        return;
    }
    memcpy(&bits, value, width);
    if (p == TNI_PHYSICAL_BOOL) {
        ((uint32_t *)out)[i / 16] |= (bits != 0 ? 3u : 2u) << (i % 16 * 2);
        return;
    }
    if (width == 8) {
        ((uint64_t *)out)[2 * i] = bits;
        ((uint64_t *)out)[2 * i + 1] = 1;
        return;
    }
    if (tni_emit_signed(p) && width < 4) { /* words are extended */
        uint64_t sign = UINT64_C(1) << (width * 8 - 1);
        bits = (bits ^ sign) - sign;
    }
    ((uint32_t *)out)[2 * i] = (uint32_t)bits;
    ((uint32_t *)out)[2 * i + 1] = 1;
}

/* Entries [first, first + rows) of a LOOKUP, of which 0 is NULL's. */
static trueno_status tni_gpu_made_chunk(tni_evaluator *evaluator, const tni_gpu_input *input,
                                        const tni_gpu_shape *shape, size_t first, uint32_t rows,
                                        tni_string *texts, void *out, tni_error *error) {
    const tni_dictionary *dictionary = shape->columns[input->column].dictionary;
    tni_physical p = tni_gpu_made_physical(input);
    uint32_t width = tni_physical_width(p), i;
    uint64_t validity[TNI_VECTOR_WORDS];
    tni_vector column = TNI_ZERO, result = TNI_ZERO;
    tni_chunk chunk = TNI_ZERO;
    tni_bitmap_fill(validity, rows, true);
    for (i = 0; i < rows; i++) {
        if (first + i == 0) {
            memset(&texts[i], 0, sizeof texts[i]);
            tni_bit_clear(validity, i);
        } else {
            texts[i] = dictionary->values[first + i - 1];
        }
    }
    column.type = shape->columns[input->column].type;
    column.form = TNI_FORM_FLAT;
    column.data = texts;
    column.validity = validity;
    chunk.rows = chunk.active = rows;
    chunk.column_count = 1;
    chunk.columns = &column;
    TNI_TRY(tni_evaluate(evaluator, &chunk, &result, error));
    for (i = 0; i < rows; i++) {
        bool valid = !tni_vector_is_null(&result, i);
        size_t at = result.form == TNI_FORM_CONSTANT ? 0 : i;
        TNI_ASSERT(result.form == TNI_FORM_CONSTANT || result.form == TNI_FORM_FLAT);
        tni_gpu_made_put(p, valid ? (const uint8_t *)result.data + at * width : NULL, valid,
                         first + i, out);
    }
    return TRUENO_OK;
}

static trueno_status tni_gpu_made_texts(const tni_gpu_input *input, const tni_gpu_shape *shape,
                                        void *out, tni_error *error) {
    size_t entries = (size_t)shape->columns[input->column].dictionary->count + 1, first;
    size_t bytes = TNI_VECTOR_ROWS * sizeof(tni_string);
    tni_memory *memory = shape->env->memory;
    tni_evaluator *evaluator = NULL;
    tni_settings settings = TNI_ZERO;
    trueno_status status;
    tni_string *texts = (tni_string *)tni_alloc(memory, bytes);
    if (texts == NULL) {
        return tni_memory_fail(memory, bytes, error);
    }
    status = tni_evaluator_new(shape->env, shape->settings == NULL ? &settings : shape->settings,
                               input->program, &evaluator, error);
    for (first = 0; first < entries && status == TRUENO_OK; first += TNI_VECTOR_ROWS) {
        uint32_t rows = (uint32_t)TNI_MIN(entries - first, (size_t)TNI_VECTOR_ROWS);
        status = tni_gpu_made_chunk(evaluator, input, shape, first, rows, texts, out, error);
    }
    tni_evaluator_free(evaluator);
    tni_free(memory, texts, bytes);
    return status;
}

/* The set is sorted by type: so it stays. */
static void tni_gpu_made_set(const tni_gpu_input *input, int64_t *out) {
    const tni_ir_node *node = input->node;
    uint32_t i;
    for (i = 0; i < node->set_count; i++) {
        tni_physical p = tni_type_physical(node->set[i].type);
        out[i] = tni_emit_signed(p) ? node->set[i].as.integer : (int64_t)node->set[i].as.natural;
        if (p == TNI_PHYSICAL_U64) {
            out[i] = (int64_t)((uint64_t)out[i] ^ UINT64_C(1) << 63);
        }
    }
    for (; i < input->size; i++) {
        out[i] = out[i - 1];
    }
}

TNI_FN trueno_status tni_gpu_made_fill(const tni_gpu_input *input, const tni_gpu_shape *shape,
                                       void *out, tni_error *error) {
    if (input->part == TNI_GPU_PART_SET) {
        tni_gpu_made_set(input, (int64_t *)out);
        return TRUENO_OK;
    }
    return tni_gpu_made_texts(input, shape, out, error);
}

#undef TNI_EMIT_TEXT_ENTRIES
#undef TNI_EMIT_TEXT_MIXED

#endif
