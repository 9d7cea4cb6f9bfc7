/*
 * fuse.h - a chain of FILTER and PROJECT over a SCAN as one expression over the scan's columns.
 *
 * Devices run filter and values of a whole pipeline in one kernel. The programs of the chain are
 * put together into one straight line, from which programs of just what some outputs need are cut.
 * A filter above a calculation that may fail is refused: below it rows may fail that the fused
 * program would never look at.
 */
#ifndef TNI_PLAN_FUSE_H
#define TNI_PLAN_FUSE_H

#include "plan/plan.h"

typedef struct tni_fused {
    tni_arena *arena;
    const tni_plan *scan;
    tni_ir_node *nodes;        /* register i = nodes[i]; columns are those of the scan */
    uint32_t count, capacity;
    uint32_t filter;           /* register: rows that count; TNI_IR_NONE: all */
    uint32_t *outputs;         /* registers of the outermost program's outputs */
    uint32_t output_count;
} tni_fused;

/* Columns that programs cut from a fused chain read: program column i is scan column list[i]. */
typedef struct tni_fused_columns {
    uint32_t *list;            /* [scan_column_count] */
    uint32_t *places;          /* [scan_column_count]: place in `list`, TNI_IR_NONE = none */
    uint32_t count;
} tni_fused_columns;

/* The SCAN below a chain of FILTER and PROJECT, or NULL. */
TNI_FN const tni_plan *tni_fuse_scan(const tni_plan *plan);
/* The chain below `plan` (a node with a program: AGGREGATE, PROJECT) and its program. `plan` NULL
 * program: the columns of its input. UNSUPPORTED: the message says why not. */
TNI_FN trueno_status tni_fuse(const tni_plan *plan, tni_arena *arena, tni_fused *out,
                              tni_error *error);
/* A register that is `value` where `filter` is true and NULL elsewhere; `value` TNI_IR_NONE: some
 * value that is not NULL. */
TNI_FN trueno_status tni_fuse_where(tni_fused *fused, uint32_t filter, uint32_t value,
                                    uint32_t *out, tni_error *error);
TNI_FN trueno_status tni_fuse_columns(const tni_fused *fused, tni_fused_columns *out,
                                      tni_error *error);
/* The program of some registers, in that order; its columns are added to `columns`. */
TNI_FN trueno_status tni_fuse_cut(const tni_fused *fused, const uint32_t *registers,
                                  uint32_t count, tni_fused_columns *columns, tni_program **out,
                                  tni_error *error);

/* The nodes of `from` that some registers need, alone; output i is registers[i]. Nobody waits for
 * columns that only others read. */
TNI_FN trueno_status tni_program_cut(const tni_program *from, const uint32_t *registers,
                                     uint32_t count, tni_arena *arena, tni_program *out,
                                     tni_error *error);

#endif
