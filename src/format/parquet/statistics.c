/*
 * statistics.c - what column chunk statistics prove.
 *
 * Only bounds that hold for every row are passed on. The deprecated min and max were written with
 * a signed byte order by some, so they count for signed integers alone; min_value and max_value
 * count unless the footer names an order that we do not know. Text bounds may be truncated, which
 * keeps them bounds. A NaN bound says nothing; floats may hold NaN whatever the bounds are.
 * Engines index arrays with these bounds: column.c fails when integers do not keep to them.
 */
#include "format/parquet/convert.h"

/* A bound as a SQL value; false when it has none that orders like the column's values. */
static bool tni_parquet_bound(const tni_parquet_leaf *leaf, const uint8_t *data, uint32_t size,
                              tni_value *out) {
    uint64_t storage[2];
    tni_string view;
    switch ((tni_parquet_convert)leaf->convert) {
    case TNI_PARQUET_INT96_TO_TIMESTAMP:
    case TNI_PARQUET_TO_INTERVAL:
    case TNI_PARQUET_TO_UUID_TEXT:
    case TNI_PARQUET_HALF_TO_FLOAT: return false;
    case TNI_PARQUET_TO_STRING:
        *out = tni_value_string(leaf->type, tni_string_make(data, size));
        return true;
    case TNI_PARQUET_BYTES_TO_I64:
    case TNI_PARQUET_BYTES_TO_I128:
        view = tni_string_make(data, size);
        if (size == 0 || tni_parquet_convert_bytes(leaf, &view, 1, storage)) {
            return false;
        }
        *out = tni_value_load(leaf->type, storage);
        return true;
    default: break;
    }
    if (size != leaf->stored_width || tni_parquet_convert_fixed(leaf, data, 1, storage, NULL)) {
        return false;
    }
    *out = tni_value_load(leaf->type, storage);
    return !tni_type_is_float(leaf->type) || !tni_is_nan(out->as.number);
}

static bool tni_parquet_legacy_counts(const tni_parquet_leaf *leaf) {
    switch (tni_type_physical(leaf->type)) {
    case TNI_PHYSICAL_I8:
    case TNI_PHYSICAL_I16:
    case TNI_PHYSICAL_I32:
    case TNI_PHYSICAL_I64:
        return leaf->physical == TNI_PARQUET_INT32 || leaf->physical == TNI_PARQUET_INT64;
    default: return false;
    }
}

TNI_FN void tni_parquet_chunk_zone(const tni_parquet_metadata *metadata, uint32_t leaf_index,
                                   const tni_parquet_row_group *group, tni_zone *out) {
    const tni_parquet_leaf *leaf = &metadata->leaves[leaf_index];
    const tni_parquet_chunk *chunk = &group->chunks[leaf_index];
    const tni_parquet_statistics *s = &chunk->statistics;
    bool ordered = !metadata->unordered || !metadata->unordered[leaf_index];
    memset(out, 0, sizeof *out);
    out->rows = group->rows;
    out->null_count = UINT64_MAX;
    out->has_nulls = leaf->optional;
    out->has_nan = tni_type_is_float(leaf->type);
    if (!leaf->optional) {
        out->null_count = 0;
    } else if (s->null_count >= 0 && (uint64_t)s->null_count <= group->rows) {
        out->null_count = (uint64_t)s->null_count;
        out->has_nulls = s->null_count > 0;
    }
    if (s->distinct > 0 && (uint64_t)s->distinct <= group->rows) {
        out->distinct = (uint64_t)s->distinct;
    }
    if (metadata->wrong_times && leaf->type.id >= TRUENO_TYPE_DATE &&
        leaf->type.id <= TRUENO_TYPE_TIMESTAMP_TZ) {
        return;
    }
    if (!s->min || !s->max || !ordered || (s->legacy && !tni_parquet_legacy_counts(leaf))) {
        return;
    }
    out->has_bounds = tni_parquet_bound(leaf, s->min, s->min_size, &out->min) &&
                      tni_parquet_bound(leaf, s->max, s->max_size, &out->max) &&
                      tni_value_compare(&out->min, &out->max) <= 0;
    out->exact = out->has_bounds && !s->inexact && !s->legacy &&
                 !tni_type_is_string(leaf->type) && !tni_type_is_float(leaf->type);
}
