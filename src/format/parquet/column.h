/*
 * column.h - one column of one morsel: pages in, a segment out.
 */
#ifndef TNI_FORMAT_PARQUET_COLUMN_H
#define TNI_FORMAT_PARQUET_COLUMN_H

#include "format/parquet/pages.h"

/* Decode rows [first, first + rows) of a chunk through a cursor of the calling worker. `spare` is
 * a buffer that the worker keeps for intermediate arrays (may start as NULL). */
TNI_FN trueno_status tni_parquet_read_segment(tni_env *env, tni_parquet_cursor *cursor,
                                              tni_parquet_open_chunk *chunk, tni_buffer **spare,
                                              uint64_t first, uint32_t rows, tni_segment **out,
                                              tni_error *error);

#endif
