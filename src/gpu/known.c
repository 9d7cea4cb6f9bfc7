/*
 * known.c - what the accelerator remembers of a table: how many segments there are, the bytes of
 * its columns, and their layouts on the device.
 *
 * A table never changes, but may have ten thousand segments a column: looking at each of them takes
 * longer than a kernel over all their rows. So that is done once a table and column, when first
 * asked for; later queries find it here. It is kept at the table (tni_table.known), eight bytes a
 * segment and column asked for, and goes with it. The accelerator's mutex guards what is filled in;
 * what was filled in does not change.
 *
 * Uses: column/table.h, gpu/column.h.
 */
#include "gpu/accelerator_internal.h"

#include <stdio.h>

#if !defined(TRUENO_NO_VULKAN)

#define TNI_KNOWN_SAMPLES 256u /* row groups whose zones stand for all */

/* A column: bytes when measured, the rest when laid. */
typedef struct tni_known_column {
    bool measured, laid;
    uint64_t bytes;
    tni_gpu_layout layout;
    const tni_segment **segments; /* [tni_known.segment_count]; NULL: `refusal` says why */
    char refusal[120];
} tni_known_column;

struct tni_known {
    uint32_t field_count;
    uint32_t segment_count;    /* without empty ones at the end */
    bool broken;               /* short ones stand inside */
    tni_known_column *columns; /* [field_count] */
};

static void tni_known_free(tni_acc *acc, tni_known *known) {
    uint32_t f;
    for (f = 0; known->columns != NULL && f < known->field_count; f++) {
        tni_free(acc->memory, known->columns[f].segments,
                 known->segment_count * sizeof *known->columns[f].segments);
    }
    tni_free(acc->memory, known->columns, known->field_count * sizeof *known->columns);
    tni_free(acc->memory, known, sizeof *known);
}

static tni_known *tni_known_new(tni_acc *acc, const tni_table *table) {
    tni_known *known = (tni_known *)tni_alloc_zero(acc->memory, sizeof *known);
    uint32_t g;
    if (known == NULL) {
        return NULL;
    }
    known->field_count = table->source.field_count;
    known->columns = (tni_known_column *)tni_alloc_zero(acc->memory, known->field_count *
                                                                         sizeof *known->columns);
    if (known->columns == NULL) {
        tni_known_free(acc, known);
        return NULL;
    }
    known->segment_count = (uint32_t)table->group_count;
    while (known->segment_count > 0 && table->groups[known->segment_count - 1]->rows == 0) {
        known->segment_count--;
    }
    for (g = 0; g + 1 < known->segment_count && !known->broken; g++) {
        known->broken = table->groups[g]->rows != TNI_SEGMENT_ROWS;
    }
    return known;
}

/* The end of a table: the devices' copies and what is known of it go. */
static void tni_known_forget(void *user, tni_table *table) {
    tni_acc *acc = (tni_acc *)user;
    uint32_t count, i;
    tni_mutex_lock(&acc->mutex);
    count = acc->state == TNI_ACC_READY && table->id != 0 ? acc->device_count : 0;
    tni_mutex_unlock(&acc->mutex);
    for (i = 0; i < count; i++) {
        tni_mutex_lock(&acc->devices[i]->mutex);
        tni_gpu_cache_drop(acc->devices[i], table->id);
        tni_mutex_unlock(&acc->devices[i]->mutex);
    }
    if (table->known != NULL) {
        tni_known_free(acc, (tni_known *)table->known);
    }
}

TNI_FN tni_known *tni_known_of(tni_acc *acc, tni_table *table) {
    tni_known *known;
    tni_mutex_lock(&acc->mutex);
    if (table->known == NULL) {
        table->known = tni_known_new(acc, table);
        table->forget_user = acc;
        table->forget = tni_known_forget;
    }
    known = (tni_known *)table->known;
    tni_mutex_unlock(&acc->mutex);
    return known;
}

TNI_FN uint32_t tni_known_segments(const tni_known *known, bool *broken) {
    *broken = known->broken;
    return known->segment_count;
}

TNI_FN uint64_t tni_known_bytes(tni_acc *acc, tni_known *known, const tni_table *table,
                                uint32_t field) {
    tni_known_column *column = &known->columns[field];
    uint64_t bytes = 0;
    size_t g;
    tni_mutex_lock(&acc->mutex);
    if (!column->measured) {
        for (g = 0; g < table->group_count; g++) {
            bytes += table->groups[g]->segments[field]->bytes;
        }
        column->bytes = bytes;
        column->measured = true;
    }
    bytes = column->bytes;
    tni_mutex_unlock(&acc->mutex);
    return bytes;
}

/* False: out of memory. A table without this column's kind of segments is known, too. */
static bool tni_known_lay(tni_acc *acc, const tni_known *known, const tni_table *table,
                          uint32_t field, tni_known_column *column) {
    size_t bytes = known->segment_count * sizeof *column->segments;
    const tni_segment **segments = (const tni_segment **)tni_alloc(acc->memory, bytes);
    tni_error refusal;
    uint32_t g;
    if (segments == NULL) {
        return false;
    }
    for (g = 0; g < known->segment_count; g++) {
        segments[g] = table->groups[g]->segments[field];
    }
    tni_error_clear(&refusal);
    if (tni_gpu_layout_of(segments, known->segment_count, &column->layout, &refusal) != TRUENO_OK) {
        (void)snprintf(column->refusal, sizeof column->refusal, "%.119s", refusal.message);
        tni_free(acc->memory, segments, bytes);
        segments = NULL;
    }
    column->segments = segments;
    column->laid = true;
    return true;
}

TNI_FN trueno_status tni_known_layout(tni_acc *acc, tni_known *known, const tni_table *table,
                                      uint32_t field, tni_gpu_layout *layout,
                                      const tni_segment *const **segments, tni_error *error) {
    tni_known_column *column = &known->columns[field];
    bool laid;
    tni_mutex_lock(&acc->mutex);
    laid = column->laid || tni_known_lay(acc, known, table, field, column);
    tni_mutex_unlock(&acc->mutex);
    if (!laid) {
        return tni_fail_memory(error, known->segment_count * sizeof *column->segments);
    }
    if (column->segments == NULL) {
        return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "%s", column->refusal);
    }
    *layout = column->layout;
    *segments = column->segments;
    return TRUENO_OK;
}

TNI_FN double tni_known_share(const tni_table *table, const tni_prune *prunes, uint32_t count) {
    size_t samples = TNI_MIN(table->group_count, TNI_KNOWN_SAMPLES), s;
    uint64_t rows = 0, left = 0;
    uint32_t i;
    for (s = 0; s < samples && count > 0; s++) {
        const tni_row_group *group = table->groups[s * table->group_count / samples];
        bool may = true;
        for (i = 0; i < count && may; i++) {
            may = tni_zone_may_match(&group->segments[prunes[i].column]->zone, prunes[i].op,
                                     &prunes[i].value);
        }
        rows += group->rows;
        left += may ? group->rows : 0;
    }
    return rows == 0 ? 1 : (double)left / (double)rows;
}

#undef TNI_KNOWN_SAMPLES

#endif
