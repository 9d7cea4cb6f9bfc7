/*
 * gpu_scans.h - tables and scans by hand, for tests of what is below the SQL layer: transfers,
 * faults, several devices.
 *
 * A table has one column of each of a few kinds; its values follow from the row number, so that
 * expected sums are simple loops.
 */
#ifndef TESTS_GPU_SCANS_H
#define TESTS_GPU_SCANS_H

#include "base/hash.h"
#include "base/int128.h"
#include "gpu/scan.h"

enum { SCANS_INT, SCANS_DOUBLE, SCANS_NULLABLE, SCANS_NARROW, SCANS_SMALL, SCANS_COLUMNS };

typedef struct scans_table {
    uint32_t rows, segment_count;
    int32_t *ints, *nullable, *small;
    double *doubles;
    uint8_t *codes;
    uint64_t *validity;
    tni_segment *segments[SCANS_COLUMNS];
    const tni_segment **pointers[SCANS_COLUMNS];
    const tni_segment *const *columns[SCANS_COLUMNS];
    tni_gpu_layout layouts[SCANS_COLUMNS];
    tni_gpu_table table;
} scans_table;

static void scans_column(scans_table *t, int c, tni_type type, uint32_t width, const void *data,
                         bool narrow, const uint64_t *validity) {
    tni_error error;
    uint32_t s;
    t->segments[c] = (tni_segment *)calloc(t->segment_count + 1, sizeof **t->segments);
    t->pointers[c] = (const tni_segment **)calloc(t->segment_count + 1, sizeof **t->pointers);
    for (s = 0; s < t->segment_count; s++) {
        tni_segment *g = &t->segments[c][s];
        uint32_t first = s * TNI_SEGMENT_ROWS;
        g->type = type;
        g->rows = TNI_MIN(t->rows - first, TNI_SEGMENT_ROWS);
        g->encoding = narrow ? TNI_ENCODING_NARROW : TNI_ENCODING_PLAIN;
        g->code_width = (uint8_t)width;
        g->base = narrow ? 1000 * (int64_t)s : 0;
        g->data = (const uint8_t *)data + (size_t)first * width;
        g->validity = validity == NULL ? NULL : validity + first / 64;
        t->pointers[c][s] = g;
    }
    t->columns[c] = t->pointers[c];
    tni_error_clear(&error);
    TNI_CHECK(tni_gpu_layout_of(t->columns[c], t->segment_count, &t->layouts[c], &error) ==
              TRUENO_OK);
    if (t->segment_count == 0) {
        t->layouts[c].type = type;
        t->layouts[c].width = (uint8_t)width;
        t->layouts[c].based = narrow;
    }
}

static void scans_make(scans_table *t, uint32_t rows, uint64_t owner) {
    uint32_t i;
    memset(t, 0, sizeof *t);
    t->rows = rows;
    t->segment_count = (rows + TNI_SEGMENT_ROWS - 1) / TNI_SEGMENT_ROWS;
    t->ints = (int32_t *)calloc(rows + 1u, 4);
    t->nullable = (int32_t *)calloc(rows + 1u, 4);
    t->small = (int32_t *)calloc(rows + 1u, 4);
    t->doubles = (double *)calloc(rows + 1u, 8);
    t->codes = (uint8_t *)calloc(rows + 1u, 1);
    t->validity = (uint64_t *)calloc(rows / 64u + 2u, 8);
    for (i = 0; i < rows; i++) {
        uint64_t h = tni_hash_u64(i + owner * 1000003);
        t->ints[i] = (int32_t)(h % 2000001) - 1000000;
        t->nullable[i] = (int32_t)(h >> 20 & 0xffff);
        t->doubles[i] = (double)(int64_t)h * 1e-9;
        t->codes[i] = (uint8_t)(h >> 40);
        t->small[i] = (int32_t)(h >> 44) % 100 - 50;
        if (h >> 50 & 3) {
            tni_bit_set(t->validity, i);
        }
    }
    scans_column(t, SCANS_INT, tni_type_make(TRUENO_TYPE_INTEGER), 4, t->ints, false, NULL);
    scans_column(t, SCANS_DOUBLE, tni_type_make(TRUENO_TYPE_DOUBLE), 8, t->doubles, false, NULL);
    scans_column(t, SCANS_NULLABLE, tni_type_make(TRUENO_TYPE_INTEGER), 4, t->nullable, false,
                 t->validity);
    scans_column(t, SCANS_NARROW, tni_type_make(TRUENO_TYPE_BIGINT), 1, t->codes, true, NULL);
    scans_column(t, SCANS_SMALL, tni_type_make(TRUENO_TYPE_INTEGER), 4, t->small, false, NULL);
    t->table.owner = owner;
    t->table.column_count = SCANS_COLUMNS;
    t->table.columns = t->columns;
    t->table.segment_count = t->segment_count;
    t->table.rows = rows;
    t->table.lasting = true;
}

static void scans_free(scans_table *t) {
    int c;
    for (c = 0; c < SCANS_COLUMNS; c++) {
        free(t->segments[c]);
        free((void *)(uintptr_t)t->pointers[c]);
    }
    free(t->ints);
    free(t->nullable);
    free(t->small);
    free(t->doubles);
    free(t->codes);
    free(t->validity);
}

/* ---- shapes: SUM of some columns, of rows whose INT is below a bound ---- */

typedef struct scans_program {
    tni_ir_node nodes[8];
    uint32_t arguments[8][2];
    uint32_t outputs[TNI_GPU_SLOTS];
    tni_program ir;
} scans_program;

typedef struct scans_shape {
    scans_program filter, values;
    tni_gpu_shape shape;
    tni_gpu_code code;
    tni_arena arena;
    int32_t below;
    bool filtered;
    int columns[TNI_GPU_SLOTS];
} scans_shape;

static uint32_t scans_node(scans_program *p, tni_ir_op op, tni_type type, uint32_t count,
                           uint32_t a, uint32_t b) {
    uint32_t r = p->ir.count++;
    p->ir.nodes = p->nodes;
    p->ir.outputs = p->outputs;
    p->nodes[r].op = (uint16_t)op;
    p->nodes[r].type = type;
    p->nodes[r].predicate = TNI_IR_NONE;
    p->nodes[r].argument_count = count;
    p->nodes[r].arguments = p->arguments[r];
    p->arguments[r][0] = a;
    p->arguments[r][1] = b;
    return r;
}

static void scans_shape_free(scans_shape *s) {
    tni_arena_free(&s->arena);
}

/* `columns`: which to sum. */
static trueno_status scans_shape_make(scans_shape *s, const scans_table *t,
                                      const tni_gpu_info *info, tni_memory *from,
                                      const int *columns, uint32_t count, const int32_t *below,
                                      tni_error *error) {
    uint32_t i, a, b;
    memset(s, 0, sizeof *s);
    for (i = 0; i < count; i++) {
        s->columns[i] = columns[i];
        a = scans_node(&s->values, TNI_IR_COLUMN, t->layouts[columns[i]].type, 0, 0, 0);
        s->values.nodes[a].column = (uint32_t)columns[i];
        s->values.outputs[i] = a;
        s->shape.slots[i].aggregate = TNI_GPU_SUM;
        s->shape.slots[i].output = i;
    }
    s->values.ir.output_count = count;
    if (below != NULL) {
        tni_type type = t->layouts[SCANS_INT].type;
        s->filtered = true;
        s->below = *below;
        a = scans_node(&s->filter, TNI_IR_COLUMN, type, 0, 0, 0);
        s->filter.nodes[a].column = SCANS_INT;
        b = scans_node(&s->filter, TNI_IR_CONSTANT, type, 0, 0, 0);
        s->filter.nodes[b].constant = tni_value_i64(type, *below);
        s->filter.outputs[0] =
            scans_node(&s->filter, TNI_IR_LESS, tni_type_make(TRUENO_TYPE_BOOLEAN), 2, a, b);
        s->filter.ir.output_count = 1;
        s->shape.filter = &s->filter.ir;
    }
    s->shape.columns = t->layouts;
    s->shape.column_count = SCANS_COLUMNS;
    s->shape.values = &s->values.ir;
    s->shape.slot_count = count;
    tni_arena_init(&s->arena, from);
    return tni_gpu_emit(info, &s->shape, &s->arena, &s->code, error);
}

/* Rows [first, first + 4096) of the doubles, added as every backend adds them. */
static double scans_block(const scans_table *t, const scans_shape *s, uint32_t first) {
    double lanes[64];
    uint32_t i, step, end = TNI_MIN(t->rows, first + 4096);
    memset(lanes, 0, sizeof lanes);
    for (i = first; i < end; i++) {
        if (!s->filtered || t->ints[i] < s->below) {
            lanes[(i - first) % 64] += t->doubles[i];
        }
    }
    for (step = 32; step > 0; step /= 2) {
        for (i = 0; i < step; i++) {
            lanes[i] += lanes[i + step];
        }
    }
    return lanes[0];
}

/* Are these the answers? */
static bool scans_right(const scans_table *t, const scans_shape *s, const tni_gpu_scan_result *r) {
    uint32_t slot, i;
    bool same = !r->overflowed;
    for (slot = 0; slot < s->shape.slot_count; slot++) {
        int64_t sum = 0;
        uint64_t count = 0;
        for (i = 0; i < t->rows; i++) {
            bool in = !s->filtered || t->ints[i] < s->below;
            in = in && (s->columns[slot] != SCANS_NULLABLE || tni_bit_get(t->validity, i));
            count += in ? 1 : 0;
            if (in && s->columns[slot] == SCANS_INT) {
                sum += t->ints[i];
            } else if (in && s->columns[slot] == SCANS_NULLABLE) {
                sum += t->nullable[i];
            } else if (in && s->columns[slot] == SCANS_NARROW) {
                sum += t->codes[i] + 1000 * (int64_t)(i / TNI_SEGMENT_ROWS);
            }
        }
        same = same && r->slots[slot].count == count;
        if (s->columns[slot] != SCANS_DOUBLE) {
            same = same && tni_i128_compare(r->slots[slot].sum, tni_i128_from_i64(sum)) == 0;
            continue;
        }
        for (i = 0; i < t->rows && same; i += 4096) {
            double block = scans_block(t, s, i);
            same = memcmp(&block, &r->slots[slot].blocks[i / 4096], 8) == 0;
        }
    }
    return same;
}

#endif
