/*
 * source.c - references to sources, and what a zone map can rule out.
 *
 * A zone answers "could any of these rows match?"; every doubt (no bounds, other types, NaN or
 * infinity outside the bounds) answers yes.
 */
#include "column/source.h"

TNI_FN tni_source *tni_source_retain(tni_source *source) {
    if (source) {
        (void)tni_atomic_add_i32(&source->references, 1);
    }
    return source;
}

TNI_FN void tni_source_release(tni_source *source) {
    if (source && tni_atomic_add_i32(&source->references, -1) == 1) {
        source->ops->release(source);
    }
}

static bool tni_zone_all_null(const tni_zone *zone) {
    return zone->null_count != UINT64_MAX && zone->null_count >= zone->rows;
}

static bool tni_zone_value_is_finite(const tni_value *value) {
    return !tni_type_is_float(value->type) || tni_is_finite(value->as.number);
}

TNI_FN bool tni_zone_may_match(const tni_zone *zone, tni_prune_op op, const tni_value *value) {
    int low, high; /* the value against min and max */
    if (op == TNI_PRUNE_IS_NULL) {
        return zone->has_nulls && zone->null_count != 0;
    }
    if (tni_zone_all_null(zone)) {
        return false;
    }
    if (op == TNI_PRUNE_IS_NOT_NULL || !zone->has_bounds || !value || value->is_null ||
        !tni_type_equal(zone->min.type, value->type)) {
        return true;
    }
    if (zone->has_nan && !(op == TNI_PRUNE_EQUAL && tni_zone_value_is_finite(value))) {
        return true;
    }
    low = tni_value_compare(value, &zone->min);
    high = tni_value_compare(value, &zone->max);
    switch (op) {
    case TNI_PRUNE_EQUAL: return low >= 0 && high <= 0;
    case TNI_PRUNE_LESS: return low > 0;
    case TNI_PRUNE_LESS_EQUAL: return low >= 0;
    case TNI_PRUNE_GREATER: return high < 0;
    case TNI_PRUNE_GREATER_EQUAL: return high <= 0;
    case TNI_PRUNE_NOT_EQUAL: return low != 0 || high != 0;
    case TNI_PRUNE_IS_NULL:
    case TNI_PRUNE_IS_NOT_NULL: break;
    }
    return true;
}
